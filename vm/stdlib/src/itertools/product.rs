//! `product`.

use super::ssize;
use std::cell::UnsafeCell;
use ungil_runtime::objects::construct;
use ungil_runtime::objects::iter::{NativeIter, fixed};
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::{PyTuple, new_tuple, new_tuple_with, tuple_from};
use ungil_runtime::prelude::*;

/// Most pools that an instance may have: more do not fit any memory.
const MAX_POOLS: usize = 1 << 32;

/// `product(*iterables, repeat=1)`.
#[repr(C)]
pub(super) struct PyProduct {
    h: Header,
    /// A tuple of tuples, which stand for `repeat` times as many.
    pools: Slot,
    state: UnsafeCell<State>,
}

/// Where it is; guarded by the object's lock.
struct State {
    /// An index for each pool.
    indices: Vec<usize>,
    started: bool,
    stopped: bool,
}

// SAFETY: `repr(C)`, header first; objects with these operations are made with this payload.
unsafe impl Object for PyProduct {
    const OPS: &'static TypeOps = &PRODUCT_OPS;
}

static PRODUCT_OPS: TypeOps = TypeOps {
    name: "itertools.product",
    size: |_| size_of::<PyProduct>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a product.
        visit(unsafe { (*h.cast::<PyProduct>()).pools.peek() });
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: the object is this thread's alone.
        let this = unsafe { &mut *h.cast::<PyProduct>() };
        this.pools.clear(m);
        this.state.get_mut().indices = Vec::new();
    }),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

impl PyProduct {
    /// The pool of a place.
    fn pool(&self, place: usize) -> &PyTuple {
        // SAFETY: set to a tuple of tuples when the object is made.
        unsafe {
            let pools = fixed(&self.pools).cast_unchecked::<PyTuple>().items();
            pools[place % pools.len()].cast_unchecked()
        }
    }
}

impl State {
    /// Goes to the next combination; false at the end. `len` gives the lengths of the pools.
    fn advance(&mut self, len: impl Fn(usize) -> usize) -> bool {
        if self.stopped {
            return false;
        }
        if !self.started {
            self.started = true;
            self.stopped = (0..self.indices.len()).any(|i| len(i) == 0);
            return !self.stopped;
        }
        for (i, index) in self.indices.iter_mut().enumerate().rev() {
            *index += 1;
            if *index < len(i) {
                return true;
            }
            *index = 0;
        }
        self.stopped = true;
        false
    }
}

impl NativeIter for PyProduct {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let cx = &*cx;
        Ok(locked(cx, &self.h, || {
            // SAFETY: the lock is held.
            let state = unsafe { &mut *self.state.get() };
            if !state.advance(|i| self.pool(i).len()) {
                return None;
            }
            let item = |i: usize| self.pool(i).items()[state.indices[i]];
            Some(new_tuple_with(cx, state.indices.len(), item))
        }))
    }
}

fn make(cx: &mut Cx, class: &PyType, iterables: &[Ref<'_>], repeat: isize) -> R {
    let Ok(repeat) = usize::try_from(repeat) else {
        return Err(cx.value_error("repeat argument cannot be negative"));
    };
    let count = match iterables.len().checked_mul(repeat) {
        Some(n) if n <= isize::MAX as usize => n,
        _ => return Err(cx.overflow_error("repeat argument too large")),
    };
    let mut indices = Vec::new();
    if count > MAX_POOLS || indices.try_reserve_exact(count).is_err() {
        return Err(cx.memory_error());
    }
    indices.resize(count, 0);
    let mut pools = Vec::with_capacity(iterables.len());
    if repeat > 0 {
        for &v in iterables {
            pools.push(tuple_from(cx, v)?);
        }
    }
    let pools = new_tuple(cx, pools);
    let state = UnsafeCell::new(State { indices, started: false, stopped: false });
    cx.alloc_for::<PyProduct>(class, |h| PyProduct { h, pools: Slot::new(pools), state })
}

fn construct_product(cx: &mut Cx, a: Args<'_>) -> R {
    let repeat = match a.opt(1) {
        Some(repeat) => ssize(cx, repeat)?,
        None => 1,
    };
    make(cx, construct::class_argument(cx, a), a.varargs(cx, 2), repeat)
}

fn sizeof(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyProduct = a.this();
    // SAFETY: the lock is held.
    let places = locked(cx, &this.h, || unsafe { (*this.state.get()).indices.capacity() });
    Ok(cx.int((size_of::<PyProduct>() + places * size_of::<usize>()) as i64))
}

pub(super) fn init(cx: &mut Cx) -> Vec<&'static PyType> {
    let size = size_of::<PyProduct>();
    let flags = class_flag::BASETYPE;
    let mut b = TypeBuilder::native_type(cx, "itertools.product", &PRODUCT_OPS, size, true, flags);
    b.doc(
        cx,
        "Tuples of an item of each iterable, in all combinations: the last place changes fastest.\n\nWith repeat, the \
         iterables count that many times.",
    );
    b.constructor(cx, "($type, /, *iterables, repeat=1)", Full(construct_product));
    b.quick(|cx, class, args| Some(make(cx, class, args.refs(), 1)));
    b.special(cx, Special::Sizeof, Leaf(sizeof));
    b.iterator::<PyProduct>(cx);
    vec![b.class()]
}
