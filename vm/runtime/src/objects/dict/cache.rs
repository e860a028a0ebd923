//! Positions of string keys, for inline caches of globals, modules and classes.
//!
//! A cache keeps the `keys_id` of a dict and the number of an entry. As long as the dict has that id, the entry holds
//! that key; values are replaced in place without a new id. Ids are given on demand from a counter of the process and
//! never again; when the counter is used up, dicts get none and caches stay empty.

use super::PyDict;
use super::access::drop_in;
use super::key::str_hash;
use crate::objects::sync::locked;
use crate::prelude::*;
use ungil_locks::primitive::{AtomicU32, Ordering};

static NEXT_KEYS_ID: AtomicU32 = AtomicU32::new(1);

impl PyDict {
    /// The id of the present set of keys; 0 if it has none.
    #[inline(always)]
    pub fn keys_id(&self) -> u32 {
        self.keys_id.get()
    }

    /// As [`PyDict::keys_id`], giving one if there is none. 0 only if all are used up.
    pub fn ensure_keys_id(&self, cx: &Cx) -> u32 {
        locked(cx, &self.h, || {
            if self.keys_id.get() == 0 {
                // ORD: relaxed; only uniqueness matters. 0 stays for good once the counter is used up.
                let id = NEXT_KEYS_ID
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_add(1))
                    .unwrap_or(0);
                self.keys_id.give(id);
            }
            self.keys_id.get()
        })
    }

    /// The number of the entry of a string key.
    pub fn entry_index_str(&self, cx: &Cx, name: Ref<'_>) -> Option<u32> {
        let hash = str_hash(cx, name);
        locked(cx, &self.h, || self.find_str(cx, name, hash))
    }

    /// The value of an entry. The caller has compared the id and no other thread can change the dict's keys, or it
    /// does not matter which of the dict's values it gets; see [`PyDict::value_if_keys`].
    #[inline]
    pub fn value_at(&self, cx: &Cx, index: u32) -> Option<Obj> {
        locked(cx, &self.h, || {
            if index < self.filled.get() { self.entry(index).value.get_locked(cx) } else { None }
        })
    }

    /// The value of an entry if the dict still has the keys that the id names, as one step.
    #[inline]
    pub fn value_if_keys(&self, cx: &Cx, keys_id: u32, index: u32) -> Option<Obj> {
        locked(cx, &self.h, || {
            if self.keys_id.get() != keys_id || index >= self.filled.get() {
                return None;
            }
            self.entry(index).value.get_locked(cx)
        })
    }

    /// The slot of an entry, for a thread that is exclusive and has just compared the id.
    #[inline(always)]
    pub fn value_slot_unlocked(&self, index: u32) -> &Slot {
        &self.entry(index).value
    }

    /// The value of an entry if the dict still has the keys that the id names, borrowed until the thread is quiescent; `UNDEF`
    /// otherwise. Takes no lock and writes nothing: the memory of a published table stays until then, and what is read counts
    /// only if the id is still there.
    #[inline]
    pub fn shared_value(&self, keys_id: u32, index: u32) -> Value {
        // SAFETY: the table that the id goes with has an entry of this number; its memory is there as said above.
        unsafe {
            self.keys_id.read(keys_id, || &raw const (*self.entries.get().wrapping_add(index as usize)).value)
        }
    }

    /// As [`PyDict::shared_value`] where `slot` gives the address of the entry's value that was kept with the id.
    ///
    /// # Safety
    /// It is that address whenever the dict has that id.
    #[inline(always)]
    pub unsafe fn shared_value_at(&self, keys_id: u32, slot: impl FnOnce() -> *const Slot) -> Value {
        // SAFETY: as the caller promises; the memory of a table stays until the thread is quiescent.
        unsafe { self.keys_id.read_at(keys_id, slot) }
    }

    /// Replaces the value of an entry if the dict still has the keys that the id names.
    ///
    /// # Errors
    /// The value, if it has not.
    #[inline]
    pub fn replace_at(&self, cx: &Cx, keys_id: u32, index: u32, value: Obj) -> Result<(), Obj> {
        let old = locked(cx, &self.h, || {
            if keys_id == 0 || self.keys_id.get() != keys_id || index >= self.filled.get() {
                return Err(value);
            }
            Ok(self.entry(index).value.replace_locked(&self.h, value))
        })?;
        drop_in(cx, old);
        Ok(())
    }
}
