//! The attributes that an instance keeps in itself: what may be done to them while others look at them without its lock.
//!
//! An instance has an area of slots. The first one is for a dict, each of the others for the attribute whose name the
//! instance's shape gives it. A reader compares the shape with the one for which it knows the slot, then looks into the slot
//! ([`Slot::peek_shared`]); in between another thread may have given the instance another shape. What the reader finds is right all
//! the same, as of an instance that others may be reading
//!
//! - a slot serves one name only. Names are added, after their value; only the last one may be without a value for a while;
//! - when the attributes go over to a dict, the slots are emptied, and the dict is complete before it comes into its slot.
//!
//! So a reader finds an attribute's value, or nothing, and then looks again under the lock. Slots serve other names only of an
//! instance that is exclusively one thread's: another one that comes waits for a safepoint of this one, and compares the
//! shape anew. Used by `vm/runtime/src/ops/{deleted,instance_dict}.rs`; who writes holds the lock, or owns the instance.

use crate::{Header, Mutator, Obj, Slot};
use ungil_locks::primitive::Weakened;
use ungil_locks::weaken::Step;

/// Whether the slots of an instance may come to serve other names, until this thread's next safepoint.
#[inline]
pub fn may_rearrange(m: &Mutator, h: &Header) -> bool {
    m.is_exclusive(h) || Weakened::current().skips(Step::SlotServesOneName)
}

/// Moves the values down to the first slots, in their order, and gives the instance the shape that says so. It is one that
/// [`may_rearrange`] has allowed for.
pub fn move_down(h: &Header, slots: &[Slot], shape: u32) {
    let filled = slots.iter().filter(|slot| !slot.is_empty());
    // What is looked at next lies behind what has been exchanged.
    for (slot, free) in filled.zip(slots) {
        if !std::ptr::eq(slot, free) {
            free.swap_locked(slot);
        }
    }
    h.set_shape_id(shape);
}

/// Lets an instance's attributes go over to a dict: `put` enters the value of the slot with a number, in their order. The
/// instance has the dict's shape then. The caller holds the instance's lock, and nobody else knows the dict.
pub fn go_over(
    h: &Header,
    slots: &[Slot],
    mut put: impl FnMut(usize, Obj),
    (dict_slot, dict): (&Slot, Obj),
    shape: u32,
) {
    for (i, slot) in slots.iter().enumerate() {
        if let Some(v) = slot.take_locked() {
            put(i, v);
        }
    }
    drop(dict_slot.replace_locked(h, dict));
    h.set_shape_id(shape);
}
