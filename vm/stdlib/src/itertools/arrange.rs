//! `permutations`, `combinations`, `combinations_with_replacement`: choices of `r` items from a pool.
//!
//! The algorithms are those of the equivalents in the documentation of Python's `itertools`.

use super::ssize;
use std::cell::UnsafeCell;
use ungil_runtime::objects::construct;
use ungil_runtime::objects::iter::{NativeIter, fixed};
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::{PyTuple, new_tuple_with, tuple_from};
use ungil_runtime::prelude::*;

/// Most items that a choice may have: more do not fit any memory.
const MAX_CHOICE: usize = 1 << 32;

/// What is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Permutations,
    Combinations,
    WithReplacement,
}

/// Any of the three.
#[repr(C)]
pub(super) struct PyArrange {
    h: Header,
    /// A tuple.
    pool: Slot,
    kind: Kind,
    state: UnsafeCell<State>,
}

/// Where it is; guarded by the object's lock.
#[derive(Default)]
struct State {
    /// Items of the pool. For permutations all of them, of which the first `r` are the choice, otherwise `r`.
    indices: Vec<usize>,
    /// For permutations: how many changes each place still has.
    cycles: Vec<usize>,
    started: bool,
    stopped: bool,
}

// SAFETY: `repr(C)`, header first; objects with these operations are made with this payload.
unsafe impl Object for PyArrange {
    const OPS: &'static TypeOps = &ARRANGE_OPS;
}

static ARRANGE_OPS: TypeOps = TypeOps {
    name: "itertools.permutations",
    size: |_| size_of::<PyArrange>(),
    trace: Some(|h, visit| {
        // SAFETY: called with an object of these types.
        visit(unsafe { (*h.cast::<PyArrange>()).pool.peek() });
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: the object is this thread's alone.
        let this = unsafe { &mut *h.cast::<PyArrange>() };
        this.pool.clear(m);
        *this.state.get_mut() = State::default();
    }),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

impl State {
    fn new(kind: Kind, n: usize, r: usize) -> Option<State> {
        let reserved = |len: usize| {
            let mut v = Vec::new();
            (len <= MAX_CHOICE && v.try_reserve_exact(len).is_ok()).then_some(v)
        };
        let stopped = if kind == Kind::WithReplacement { n == 0 && r > 0 } else { r > n };
        let mut state = State { started: false, stopped, ..State::default() };
        if r > MAX_CHOICE {
            return None;
        }
        if !stopped {
            let places = if kind == Kind::Permutations { n } else { r };
            state.indices = reserved(places)?;
            match kind {
                Kind::WithReplacement => state.indices.resize(r, 0),
                _ => state.indices.extend(0..places),
            }
            if kind == Kind::Permutations {
                state.cycles = reserved(r)?;
                state.cycles.extend((0..r).map(|i| n - i));
            }
        }
        Some(state)
    }

    /// Goes to the next choice of a pool of `n`; false at the end.
    fn advance(&mut self, kind: Kind, n: usize) -> bool {
        if self.stopped {
            return false;
        }
        if !self.started {
            self.started = true;
            return true;
        }
        let found = match kind {
            Kind::Permutations => self.permute(n),
            Kind::Combinations => self.combine(n),
            Kind::WithReplacement => self.combine_again(n),
        };
        self.stopped = !found;
        found
    }

    fn permute(&mut self, n: usize) -> bool {
        for i in (0..self.cycles.len()).rev() {
            self.cycles[i] -= 1;
            if self.cycles[i] > 0 {
                self.indices.swap(i, n - self.cycles[i]);
                return true;
            }
            self.indices[i..].rotate_left(1);
            self.cycles[i] = n - i;
        }
        false
    }

    fn combine(&mut self, n: usize) -> bool {
        let r = self.indices.len();
        let Some(i) = (0..r).rev().find(|&i| self.indices[i] != i + n - r) else { return false };
        let first = self.indices[i] + 1;
        self.indices[i..].iter_mut().enumerate().for_each(|(j, index)| *index = first + j);
        true
    }

    fn combine_again(&mut self, n: usize) -> bool {
        let Some(i) = self.indices.iter().rposition(|&index| index != n - 1) else { return false };
        let index = self.indices[i] + 1;
        self.indices[i..].fill(index);
        true
    }

    /// Items of a choice.
    fn len(&self, kind: Kind) -> usize {
        if kind == Kind::Permutations { self.cycles.len() } else { self.indices.len() }
    }
}

impl NativeIter for PyArrange {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let cx = &*cx;
        // SAFETY: set to a tuple when the object is made.
        let pool: &PyTuple = unsafe { fixed(&self.pool).cast_unchecked() };
        Ok(locked(cx, &self.h, || {
            // SAFETY: the lock is held.
            let state = unsafe { &mut *self.state.get() };
            let more = state.advance(self.kind, pool.len());
            more.then(|| new_tuple_with(cx, state.len(self.kind), |i| pool.items()[state.indices[i]]))
        }))
    }
}

fn make(cx: &mut Cx, class: &PyType, a: Args<'_>, kind: Kind) -> R {
    let pool = tuple_from(cx, a.get(1))?;
    let n = pool.downcast::<PyTuple>(cx).map_or(0, PyTuple::len);
    let r = match a.opt(2) {
        None => n as isize,
        Some(r) if kind == Kind::Permutations && r.value().is_none() => n as isize,
        Some(r) if kind == Kind::Permutations && !cx.is_instance_of(r, Builtin::Int) => {
            return Err(cx.type_error("Expected int as r"));
        }
        Some(r) => ssize(cx, r)?,
    };
    let Ok(r) = usize::try_from(r) else { return Err(cx.value_error("r must be non-negative")) };
    let Some(state) = State::new(kind, n, r) else { return Err(cx.memory_error()) };
    let state = UnsafeCell::new(state);
    cx.alloc_for::<PyArrange>(class, |h| PyArrange { h, pool: Slot::new(pool), kind, state })
}

fn sizeof(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyArrange = a.this();
    let places = locked(cx, &this.h, || {
        // SAFETY: the lock is held.
        let state = unsafe { &*this.state.get() };
        state.indices.capacity() + state.cycles.capacity()
    });
    Ok(cx.int((size_of::<PyArrange>() + places * size_of::<usize>()) as i64))
}

macro_rules! kind {
    ($cx:ident, $kind:ident, $name:literal, $signature:literal, $min:literal, $doc:literal) => {{
        let (size, flags) = (size_of::<PyArrange>(), class_flag::BASETYPE);
        let name = concat!("itertools.", $name);
        let mut b = TypeBuilder::native_type($cx, name, &ARRANGE_OPS, size, true, flags);
        b.doc($cx, $doc);
        b.constructor(
            $cx,
            $signature,
            Full(|cx, a| make(cx, construct::class_argument(cx, a), a, Kind::$kind)),
        );
        b.quick(|cx, class, args| {
            let mut window = [class.as_ref().value(), Value::UNDEF, Value::UNDEF];
            (($min..=2).contains(&args.len())).then(|| {
                window[1..=args.len()].copy_from_slice(args.values());
                make(cx, class, Args::new(&window), Kind::$kind)
            })
        });
        b.special($cx, Special::Sizeof, Leaf(sizeof));
        b.iterator::<PyArrange>($cx);
        b.class()
    }};
}

pub(super) fn init(cx: &mut Cx) -> Vec<&'static PyType> {
    vec![
        kind!(
            cx,
            Permutations,
            "permutations",
            "($type, /, iterable, r=None)",
            1,
            "Tuples of r items (all, if r is not given) in every order."
        ),
        kind!(
            cx,
            Combinations,
            "combinations",
            "($type, /, iterable, r)",
            2,
            "Tuples of r items in the order of the iterable, every item at most once."
        ),
        kind!(
            cx,
            WithReplacement,
            "combinations_with_replacement",
            "($type, /, iterable, r)",
            2,
            "Tuples of r items in the order of the iterable, every item as often as one likes."
        ),
    ]
}
