//! `tee`: several iterators over one.
//!
//! The items that were taken from the source are in a chain of blocks. Each iterator holds the block that it is in, so
//! blocks that all iterators have passed are freed. One thread at a time takes items from the source; another one that
//! wants to meanwhile gets CPython's `RuntimeError`, since the source may be waiting for that very thread. An iterator
//! goes on from its place in one step, so threads that share it get each item once.

use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicBool, AtomicUsize, Ordering};
use ungil_runtime::objects::iter::{NativeIter, fixed, next_inner};
use ungil_runtime::objects::sync::{Field, locked};
use ungil_runtime::objects::{construct, tuple};
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// Items of a block.
const BLOCK: usize = 56;

/// What all iterators of one `tee` share.
#[repr(C)]
struct PyTeeSource {
    h: Header,
    iterator: Slot,
    /// Whether an item is being taken.
    busy: AtomicBool,
}

// SAFETY: `repr(C)`, header first; objects with these operations are made with this payload.
unsafe impl Object for PyTeeSource {
    const OPS: &'static TypeOps = &SOURCE_OPS;
}

static SOURCE_OPS: TypeOps = TypeOps {
    name: "itertools._tee_source",
    size: |_| size_of::<PyTeeSource>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a source.
        visit(unsafe { (*h.cast::<PyTeeSource>()).iterator.peek() });
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: the object is this thread's alone.
        unsafe { (*h.cast::<PyTeeSource>()).iterator.clear(m) };
    }),
    needs_finalizer: |_| false,
};

/// A block of items.
#[repr(C)]
struct PyTeeBlock {
    h: Header,
    source: Slot,
    next: Slot,
    /// How many items there are.
    filled: Field<AtomicUsize>,
    items: [Slot; BLOCK],
}

// SAFETY: `repr(C)`, header first; objects with these operations are made with this payload.
unsafe impl Object for PyTeeBlock {
    const OPS: &'static TypeOps = &BLOCK_OPS;
}

static BLOCK_OPS: TypeOps = TypeOps {
    name: "itertools._tee_dataobject",
    size: |_| size_of::<PyTeeBlock>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a block.
        let this = unsafe { &*h.cast::<PyTeeBlock>() };
        let slots = [&this.source, &this.next].into_iter().chain(&this.items);
        slots.filter(|slot| !slot.is_empty()).for_each(|slot| visit(slot.peek()));
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: the object is this thread's alone.
        let this = unsafe { &*h.cast::<PyTeeBlock>() };
        // The items are dropped before the blocks behind.
        [&this.source, &this.next].into_iter().chain(this.items.iter().rev()).for_each(|slot| slot.clear(m));
    }),
    needs_finalizer: |_| false,
};

/// One of the iterators.
#[repr(C)]
pub(super) struct PyTee {
    h: Header,
    block: Slot,
    index: Field<AtomicUsize>,
}

slot_ops!(TEE_OPS, PyTee, "itertools._tee", block);

/// The types of iterator, block and source.
static TYPES: OnceLock<[&'static PyType; 3]> = OnceLock::new();

fn types(cx: &mut Cx) -> R<[&'static PyType; 3]> {
    match TYPES.get() {
        Some(types) => Ok(*types),
        None => Err(cx.system_error("itertools is not initialised")),
    }
}

fn new_block(cx: &mut Cx, source: Obj) -> R {
    let [_, class, _] = types(cx)?;
    cx.alloc_for::<PyTeeBlock>(class, |h| PyTeeBlock {
        h,
        source: Slot::new(source),
        next: Slot::empty(),
        filled: Field::<AtomicUsize>::new(0),
        items: [const { Slot::empty() }; BLOCK],
    })
}

impl PyTeeBlock {
    fn known(&self, cx: &Cx, i: usize) -> Option<Obj> {
        locked(cx, &self.h, || if i < self.filled.get() { self.items[i].get_locked(cx) } else { None })
    }

    /// The item at a place, which is taken from the source if it is the next one.
    fn item(&self, cx: &mut Cx, i: usize) -> R<Option<Obj>> {
        if let Some(item) = self.known(cx, i) {
            return Ok(Some(item));
        }
        // SAFETY: set to a source when the block is made.
        let source: &PyTeeSource = unsafe { fixed(&self.source).cast_unchecked() };
        // ORD: acquire, with the release below: what was taken before is seen.
        if source.busy.swap(true, Ordering::Acquire) {
            return Err(cx.runtime_error("cannot re-enter the tee iterator"));
        }
        let item = self.take(cx, source, i);
        // ORD: release, with the acquire above.
        source.busy.store(false, Ordering::Release);
        item
    }

    /// As [`PyTeeBlock::item`]; nobody else takes items from the source.
    fn take(&self, cx: &mut Cx, source: &PyTeeSource, i: usize) -> R<Option<Obj>> {
        // Another thread may have taken it before this one's turn.
        if let Some(item) = self.known(cx, i) {
            return Ok(Some(item));
        }
        let Some(item) = next_inner(cx, fixed(&source.iterator))? else { return Ok(None) };
        let copy = item.clone();
        locked(cx, &self.h, || {
            self.items[i].replace_locked(&self.h, copy);
            self.filled.set(i + 1);
        });
        Ok(Some(item))
    }

    /// The block behind.
    fn next(&self, cx: &mut Cx) -> R {
        if let Some(next) = self.next.get(&self.h, cx) {
            return Ok(next);
        }
        let source = fixed(&self.source).own(cx);
        let new = new_block(cx, source)?;
        // Another thread may have been faster.
        let (next, spare) = locked(cx, &self.h, || match self.next.get_locked(cx) {
            Some(next) => (next, Some(new)),
            None => {
                let next = new.r().own(cx);
                self.next.replace_locked(&self.h, new);
                (next, None)
            }
        });
        drop(spare);
        Ok(next)
    }
}

impl PyTee {
    fn place(&self, cx: &Cx) -> Option<(Obj, usize)> {
        locked(cx, &self.h, || Some((self.block.get_locked(cx)?, self.index.get())))
    }

    /// Moves from one place to another, unless the iterator has left it.
    fn go(&self, cx: &Cx, from: (&Obj, usize), to: Option<Obj>, index: usize) -> bool {
        let (moved, old) = locked(cx, &self.h, || {
            if self.block.peek() != from.0.value() || self.index.get() != from.1 {
                return (false, to);
            }
            self.index.set(index);
            (true, to.and_then(|block| self.block.replace_locked(&self.h, block)))
        });
        drop(old);
        moved
    }
}

impl NativeIter for PyTee {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        loop {
            let Some((block, index)) = self.place(cx) else { return Ok(None) };
            // SAFETY: the slot holds blocks alone.
            let payload: &PyTeeBlock = unsafe { block.cast_unchecked() };
            if index == BLOCK {
                let next = payload.next(cx)?;
                self.go(cx, (&block, index), Some(next), 0);
                continue;
            }
            let Some(item) = payload.item(cx, index)? else { return Ok(None) };
            if self.go(cx, (&block, index), None, index + 1) {
                return Ok(Some(item));
            }
        }
    }
}

/// An iterator over the iterable: one at the same place if that is a `tee` iterator itself.
fn new_tee(cx: &mut Cx, iterable: Ref<'_>) -> R {
    let iterator = cx.iter(iterable)?;
    let [class, _, source_class] = types(cx)?;
    let (block, index) = match iterator.downcast::<PyTee>(cx) {
        Some(tee) => match tee.place(cx) {
            Some(place) => place,
            None => return Err(cx.system_error("a tee without items")),
        },
        None => {
            let source = cx.alloc_for::<PyTeeSource>(source_class, |h| PyTeeSource {
                h,
                iterator: Slot::new(iterator),
                busy: AtomicBool::new(false),
            })?;
            (new_block(cx, source)?, 0)
        }
    };
    cx.alloc_for::<PyTee>(class, |h| PyTee {
        h,
        block: Slot::new(block),
        index: Field::<AtomicUsize>::new(index),
    })
}

/// `tee(iterable, n)`.
pub(super) fn tee(cx: &mut Cx, a: Args<'_>) -> R {
    let n = match a.opt(1) {
        Some(n) => super::ssize(cx, n)?,
        None => 2,
    };
    let Ok(n) = usize::try_from(n) else { return Err(cx.value_error("n must be >= 0")) };
    let mut all = Vec::new();
    if all.try_reserve_exact(n).is_err() {
        return Err(cx.memory_error());
    }
    if n > 0 {
        all.push(new_tee(cx, a.get(0))?);
    }
    while all.len() < n {
        let copy = new_tee(cx, all[0].r())?;
        all.push(copy);
    }
    Ok(tuple::new_tuple(cx, all))
}

fn construct_tee(cx: &mut Cx, a: Args<'_>) -> R {
    let args = construct::positional_only(cx, a, "_tee", 1, 1)?;
    new_tee(cx, args[0])
}

pub(super) fn init(cx: &mut Cx) -> Vec<&'static PyType> {
    let size = size_of::<PyTee>();
    let flags = class_flag::HAS_WEAKREF;
    let mut b = TypeBuilder::native_type(cx, "itertools._tee", &TEE_OPS, size, true, flags);
    b.doc(cx, "One of several iterators over the same items.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct_tee));
    b.method(cx, "__copy__", "($self, /)", Full(|cx, a| new_tee(cx, a.get(0))));
    b.iterator::<PyTee>(cx);
    let hidden = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyTeeBlock>();
    let block = TypeBuilder::native_type(cx, "itertools._tee_dataobject", &BLOCK_OPS, size, true, hidden);
    let size = size_of::<PyTeeSource>();
    let source = TypeBuilder::native_type(cx, "itertools._tee_source", &SOURCE_OPS, size, true, hidden);
    TYPES.get_or_init(|| [b.class(), block.class(), source.class()]);
    vec![b.class(), block.class()]
}
