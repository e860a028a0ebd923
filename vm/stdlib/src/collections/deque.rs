//! `collections.deque`: the object and what its methods and iterators stand on.
//!
//! The items are in a ring, guarded by the object's lock together with the bound and a number that every change of the
//! items' places counts up, by which iterators and searches notice changes. What leaves the deque is dropped after
//! the unlock.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

/// A deque.
#[repr(C)]
pub(super) struct PyDeque {
    pub h: Header,
    ring: UnsafeCell<Ring>,
}

/// What the lock guards.
pub(super) struct Ring {
    items: VecDeque<Slot>,
    pub max_len: Option<usize>,
    /// Counts changes.
    pub state: u64,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyDeque {
    const OPS: &'static TypeOps = &DEQUE_OPS;
}

pub(super) static DEQUE_OPS: TypeOps = TypeOps {
    name: "collections.deque",
    size: |_| size_of::<PyDeque>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a deque that nobody changes meanwhile.
    let ring = unsafe { &*(*h.cast::<PyDeque>()).ring.get() };
    ring.items.iter().for_each(|slot| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the deque is this thread's alone.
    let ring = unsafe { &mut *(*h.cast::<PyDeque>()).ring.get() };
    // Destruction by worklist takes the latest first: the first item goes first, as in CPython.
    for slot in std::mem::take(&mut ring.items).into_iter().rev() {
        slot.clear(m);
    }
}

/// An end of a deque.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Left,
    Right,
}

impl PyDeque {
    pub(super) fn empty(h: Header) -> PyDeque {
        let ring = Ring { items: VecDeque::new(), max_len: None, state: 0 };
        PyDeque { h, ring: UnsafeCell::new(ring) }
    }

    /// Runs `f` with the contents, the lock held. `f` runs no Python and drops no object.
    #[inline(always)]
    pub(super) fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut Ring) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.ring.get() }))
    }

    /// The contents.
    ///
    /// # Safety
    /// The caller holds the lock, or everything is exclusively its thread's.
    pub(super) unsafe fn ring_locked(&self) -> &Ring {
        // SAFETY: as the caller promises.
        unsafe { &*self.ring.get() }
    }

    pub(super) fn len(&self, cx: &Cx) -> usize {
        self.with(cx, |ring| ring.items.len())
    }

    pub(super) fn max_len(&self, cx: &Cx) -> Option<usize> {
        self.with(cx, |ring| ring.max_len)
    }

    /// Adds an item at one end; what a bounded deque loses for it at the other one is dropped.
    ///
    /// # Errors
    /// `MemoryError`.
    #[inline]
    pub(super) fn push(&self, cx: &mut Cx, end: End, v: Obj) -> R<()> {
        let lost = self.with(cx, |ring| {
            if !ring.reserve(cx) {
                return Err(v);
            }
            let slot = Slot::empty();
            slot.replace_locked(&self.h, v);
            match end {
                End::Left => ring.items.push_front(slot),
                End::Right => ring.items.push_back(slot),
            }
            ring.state += 1;
            let too_long = ring.max_len.is_some_and(|max| ring.items.len() > max);
            Ok(if too_long { ring.take(if end == End::Left { End::Right } else { End::Left }) } else { None })
        });
        match lost {
            Ok(lost) => {
                drop(lost);
                Ok(())
            }
            Err(v) => {
                drop(v);
                Err(cx.memory_error())
            }
        }
    }

    /// Counted copies of all items.
    pub(super) fn snapshot(&self, cx: &Cx) -> Vec<Obj> {
        self.with(cx, |ring| ring.items.iter().filter_map(|slot| slot.get_locked(cx)).collect())
    }

    /// Replaces the contents; nothing is added that is beyond the bound.
    pub(super) fn replace_all(&self, cx: &Cx, items: Vec<Obj>) {
        let mut new: VecDeque<Slot> = VecDeque::with_capacity(items.len());
        for v in items {
            let slot = Slot::empty();
            slot.replace_locked(&self.h, v);
            new.push_back(slot);
        }
        let old = self.with(cx, |ring| {
            ring.state += 1;
            std::mem::replace(&mut ring.items, new)
        });
        old.into_iter().for_each(|slot| drop(slot.take_locked()));
    }
}

impl Ring {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The items' places in memory, for its size.
    pub(super) fn capacity(&self) -> usize {
        self.items.capacity()
    }

    /// Makes room for one more item. False if there is no memory.
    #[inline]
    fn reserve(&mut self, cx: &Cx) -> bool {
        let capacity = self.items.capacity();
        if self.items.len() < capacity {
            return true;
        }
        if self.items.try_reserve(1).is_err() {
            return false;
        }
        cx.add_debt((self.items.capacity() - capacity) * size_of::<Slot>());
        true
    }

    /// The item at a place.
    #[inline]
    pub(super) fn get(&self, cx: &Cx, i: usize) -> Option<Obj> {
        self.items.get(i)?.get_locked(cx)
    }

    /// Replaces the item at a place, which is there.
    pub(super) fn set(&mut self, h: &Header, i: usize, v: Obj) -> Option<Obj> {
        self.items[i].replace_locked(h, v)
    }

    /// Takes the item at one end.
    #[inline]
    pub(super) fn take(&mut self, end: End) -> Option<Obj> {
        let slot = match end {
            End::Left => self.items.pop_front(),
            End::Right => self.items.pop_back(),
        }?;
        self.state += 1;
        slot.take_locked()
    }

    /// Takes the item at a place.
    pub(super) fn remove(&mut self, i: usize) -> Option<Obj> {
        let slot = self.items.remove(i)?;
        self.state += 1;
        slot.take_locked()
    }

    /// Inserts in front of a place; gives the item back if there is no memory.
    pub(super) fn insert(&mut self, cx: &Cx, h: &Header, i: usize, v: Obj) -> Result<(), Obj> {
        if !self.reserve(cx) {
            return Err(v);
        }
        let slot = Slot::empty();
        slot.replace_locked(h, v);
        self.items.insert(i, slot);
        self.state += 1;
        Ok(())
    }

    /// Moves every item `n` places to the right, those at the end to the front.
    pub(super) fn rotate(&mut self, n: isize) {
        let len = self.items.len();
        if len > 1 {
            self.items.rotate_right(n.rem_euclid(len as isize) as usize);
            self.state += 1;
        }
    }

    pub(super) fn reverse(&mut self) {
        self.items.make_contiguous().reverse();
    }

    /// Repeats the contents `n` times (at least once), of which a bounded deque keeps the end. False if there is no
    /// memory.
    pub(super) fn repeat(&mut self, cx: &Cx, h: &Header, n: usize) -> bool {
        let len = self.items.len();
        let Some(total) = len.checked_mul(n).filter(|&total| total <= isize::MAX as usize / 8) else {
            return false;
        };
        // What a bounded deque keeps: the last items, and the first of them is some way into the contents.
        let kept = self.max_len.map_or(total, |max| total.min(max));
        let capacity = self.items.capacity();
        if len == 0 || kept == len {
            self.state += 1;
            return true;
        }
        if kept > capacity && self.items.try_reserve(kept - len).is_err() {
            return false;
        }
        cx.add_debt((self.items.capacity() - capacity) * size_of::<Slot>());
        // The contents are the end of the result; in front of them go their predecessors in the cycle.
        for i in (0..kept - len).map(|i| len - 1 - i % len) {
            // The place of item `i` has moved by what was put in front meanwhile.
            let added = self.items.len() - len;
            if let Some(v) = self.items.get(added + i).and_then(|slot| slot.get_locked(cx)) {
                let slot = Slot::empty();
                slot.replace_locked(h, v);
                self.items.push_front(slot);
            }
        }
        self.state += 1;
        true
    }
}
