//! Attributes that are deleted from instances which keep them in themselves.
//!
//! An instance's attributes are in the order in which they were set, and the slots of its shape are in that order. So a
//! name whose attribute was deleted must not keep its slot for long: set again, it would be at its old place and not the
//! last. What is deleted last is most often set again next (`del self.x; self.x = ...`), so the last name of a shape may be
//! without a value: `flag::HOLE` says so, and the name goes before another one is added. Any other name goes at once:
//!
//! - an instance that is exclusively this thread's gets the shape of the names that are left, and their values move down.
//!   Nobody looks at it meanwhile, and the shape's id says which name a slot serves;
//! - one that others may be reading without its lock keeps all slots for their names: its attributes move into a dict;
//! - so do those of a class that has very many shapes already, as every order of the names would be one more.

use super::instance_dict::to_dict_mode;
use crate::class::Shape;
use crate::{Cx, Header, Obj, Ref, Slot, flag};
use ungil_gc::attrs::{may_rearrange, move_down};

/// Takes out an attribute that the instance keeps in itself. `None` if it has none, or if its attributes are in a dict (now).
pub(super) fn take_inline(cx: &Cx, obj: Ref<'_>, h: &Header, name: Ref<'static>) -> Option<Obj> {
    let exclusive = cx.is_exclusive(h);
    if !exclusive {
        h.lock.lock(&cx.world);
    }
    let shape = cx.shape_of(h);
    let slots = slots_of(shape, obj);
    let at = shape.names.iter().position(|&n| n == name.value().0 as usize);
    let mut needs_dict = false;
    let old = match at.filter(|&i| !slots[i].is_empty()) {
        None => None,
        Some(i) if i + 1 == slots.len() => {
            if !h.has_flag(flag::HOLE) {
                h.set_flag(flag::HOLE);
            }
            slots[i].take_locked()
        }
        Some(i) => {
            let next = may_rearrange(cx, h).then(|| shape_of_rest(cx, shape, slots, i)).flatten();
            needs_dict = next.is_none();
            next.and_then(|next| {
                let old = slots[i].take_locked();
                move_down(h, slots, next.head.id);
                h.clear_flag(flag::HOLE);
                old
            })
        }
    };
    if !exclusive {
        h.lock.unlock(&cx.world);
    }
    if needs_dict {
        to_dict_mode(cx, obj, true);
    }
    old
}

/// Lets the last name of an instance's shape go if it has no value, as another name is to come after it.
pub(super) fn close_hole(cx: &Cx, obj: Ref<'_>, h: &Header) {
    let exclusive = cx.is_exclusive(h);
    if !exclusive {
        h.lock.lock(&cx.world);
    }
    let shape = cx.shape_of(h);
    let slots = slots_of(shape, obj);
    let mut needs_dict = false;
    match slots.last() {
        Some(last) if last.is_empty() => {
            let next =
                may_rearrange(cx, h).then(|| shape_of_rest(cx, shape, slots, slots.len() - 1)).flatten();
            needs_dict = next.is_none();
            if let Some(next) = next {
                h.set_shape_id(next.head.id);
                h.clear_flag(flag::HOLE);
            }
        }
        _ => h.clear_flag(flag::HOLE),
    }
    if !exclusive {
        h.lock.unlock(&cx.world);
    }
    if needs_dict {
        to_dict_mode(cx, obj, true);
    }
}

/// The slots of the shape's names, in their order. The caller looks at them under the instance's lock, or owns it.
fn slots_of<'t>(shape: &Shape, obj: Ref<'t>) -> &'t [Slot] {
    if shape.names.is_empty() {
        return &[];
    }
    // SAFETY: the object is alive for `'t`, the shape is the object's, and its area does not move.
    let area: &'t [Slot] = unsafe { shape.head.attr_area(obj.value().ptr()) };
    let first = 1 + shape.first as usize;
    &area[first..first + shape.names.len()]
}

/// The shape of the names that have a value, without the one at `gone`.
fn shape_of_rest(cx: &Cx, shape: &'static Shape, slots: &[Slot], gone: usize) -> Option<&'static Shape> {
    let names = shape.names.iter().zip(slots).enumerate();
    let left = names.filter(|&(i, (_, slot))| i != gone && !slot.is_empty());
    shape.of_names(cx, left.map(|(_, (&name, _))| name))
}
