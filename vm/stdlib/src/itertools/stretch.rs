//! `islice`, `pairwise`, `batched`, `accumulate`.

use super::{named_type, next_in, positional_type, ssize};
use ungil_locks::primitive::AtomicUsize;
use ungil_runtime::objects::construct;
use ungil_runtime::objects::iter::{NativeIter, fixed, next_inner};
use ungil_runtime::objects::sync::{Field, locked};
use ungil_runtime::objects::tuple::{new_tuple, new_tuple_from_array};
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// Stands for `None` as the end of an `islice`.
const NO_STOP: usize = usize::MAX;

/// `islice(iterable, start, stop, step)`.
#[repr(C)]
pub(super) struct PyISlice {
    h: Header,
    /// Empty at the end.
    iterator: Slot,
    /// Number of the next item to give.
    next: Field<AtomicUsize>,
    /// Items taken from the iterator.
    taken: Field<AtomicUsize>,
    stop: usize,
    step: usize,
}

slot_ops!(ISLICE_OPS, PyISlice, "itertools.islice", iterator);

impl NativeIter for PyISlice {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(iterator) = self.iterator.get(&self.h, cx) else { return Ok(None) };
        loop {
            // Which item it will be is decided before the iterator runs.
            let (number, wanted) = locked(cx, &self.h, || {
                let (number, next) = (self.taken.get(), self.next.get());
                if number >= self.stop && number >= next {
                    return (NO_STOP, false);
                }
                self.taken.set(number + 1);
                let wanted = number >= next;
                if wanted {
                    self.next.set(next.saturating_add(self.step).min(self.stop));
                }
                (number, wanted)
            });
            let item = if number == NO_STOP { Ok(None) } else { next_inner(cx, iterator.r()) };
            match item {
                Ok(Some(item)) if wanted => return Ok(Some(item)),
                Ok(Some(_)) => cx.poll()?,
                end => {
                    drop(self.iterator.take(&self.h, cx));
                    return end;
                }
            }
        }
    }
}

/// A bound that is an int of at least 0; `Ok(None)` for anything else but `None`, for which it is `default`.
fn bound(cx: &mut Cx, v: Ref<'_>, default: usize) -> R<Result<usize, isize>> {
    if v.value().is_none() {
        return Ok(Ok(default));
    }
    // Whatever goes wrong, the argument is not what it should be.
    let n = cx.index_isize(v, Builtin::OverflowError).unwrap_or(-1);
    Ok(usize::try_from(n).map_err(|_| n))
}

fn make_islice(cx: &mut Cx, class: &PyType, args: &[Ref<'_>]) -> R {
    const STOP: &str = "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    const INDICES: &str = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    let none = Ref::immediate(Value::NONE);
    let (start, stop, step) = match *args {
        [_, stop] => (none, stop, none),
        [_, start, stop] => (start, stop, none),
        [_, start, stop, step, ..] => (start, stop, step),
        _ => (none, none, none),
    };
    let start = bound(cx, start, 0)?;
    let stop = match bound(cx, stop, NO_STOP)? {
        Err(-1) => return Err(cx.value_error(STOP)),
        other => other,
    };
    let (Ok(start), Ok(stop)) = (start, stop) else { return Err(cx.value_error(INDICES)) };
    let step = bound(cx, step, 1)?;
    let Some(step) = step.ok().filter(|&step| step > 0) else {
        return Err(cx.value_error("Step for islice() must be a positive integer or None."));
    };
    let iterator = cx.iter(args[0])?;
    cx.alloc_for::<PyISlice>(class, |h| PyISlice {
        h,
        iterator: Slot::new(iterator),
        next: Field::<AtomicUsize>::new(start),
        taken: Field::<AtomicUsize>::new(0),
        stop,
        step,
    })
}

/// `pairwise(iterable)`.
#[repr(C)]
pub(super) struct PyPairwise {
    h: Header,
    /// Empty at the end.
    iterator: Slot,
    /// The latest item.
    old: Slot,
}

slot_ops!(PAIRWISE_OPS, PyPairwise, "itertools.pairwise", iterator, old);

impl NativeIter for PyPairwise {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let old = match self.old.get(&self.h, cx) {
            Some(old) => old,
            None => {
                let Some(first) = next_in(cx, &self.h, &self.iterator)? else { return Ok(None) };
                self.old.set(&self.h, cx, first.clone());
                first
            }
        };
        let new = match next_in(cx, &self.h, &self.iterator) {
            Ok(Some(new)) => new,
            end => {
                drop(self.old.take(&self.h, cx));
                return end;
            }
        };
        self.old.set(&self.h, cx, new.clone());
        Ok(Some(new_tuple_from_array(cx, [old, new])))
    }
}

fn make_pairwise(cx: &mut Cx, class: &PyType, args: &[Ref<'_>]) -> R {
    let iterator = cx.iter(args[0])?;
    cx.alloc_for::<PyPairwise>(class, |h| PyPairwise { h, iterator: Slot::new(iterator), old: Slot::empty() })
}

/// `batched(iterable, n, strict)`.
#[repr(C)]
pub(super) struct PyBatched {
    h: Header,
    /// Empty at the end.
    iterator: Slot,
    size: usize,
    strict: bool,
}

slot_ops!(BATCHED_OPS, PyBatched, "itertools.batched", iterator);

impl NativeIter for PyBatched {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(iterator) = self.iterator.get(&self.h, cx) else { return Ok(None) };
        let mut items = Vec::with_capacity(self.size.min(1 << 10));
        while items.len() < self.size {
            match next_inner(cx, iterator.r()) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => {
                    drop(self.iterator.take(&self.h, cx));
                    break;
                }
                Err(err) => {
                    drop(self.iterator.take(&self.h, cx));
                    return Err(err);
                }
            }
            cx.poll()?;
        }
        if items.is_empty() {
            return Ok(None);
        }
        if self.strict && items.len() < self.size {
            return Err(cx.value_error("batched(): incomplete batch"));
        }
        Ok(Some(new_tuple(cx, items)))
    }
}

fn make_batched(cx: &mut Cx, class: &PyType, a: Args<'_>) -> R {
    let size = ssize(cx, a.get(2))?;
    let strict = match a.opt(3) {
        Some(strict) => cx.truth(strict)?,
        None => false,
    };
    let Some(size) = usize::try_from(size).ok().filter(|&n| n > 0) else {
        return Err(cx.value_error("n must be at least one"));
    };
    let iterator = cx.iter(a.get(1))?;
    cx.alloc_for::<PyBatched>(class, |h| PyBatched { h, iterator: Slot::new(iterator), size, strict })
}

/// `accumulate(iterable, func, initial)`.
#[repr(C)]
pub(super) struct PyAccumulate {
    h: Header,
    iterator: Slot,
    /// `None`: addition.
    function: Slot,
    /// Empty before the first item.
    total: Slot,
    /// Empty once given, or if there was none.
    initial: Slot,
}

slot_ops!(ACCUMULATE_OPS, PyAccumulate, "itertools.accumulate", iterator, function, total, initial);

impl NativeIter for PyAccumulate {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        if !self.initial.is_empty()
            && let Some(initial) = self.initial.take(&self.h, cx)
        {
            self.total.set(&self.h, cx, initial.clone());
            return Ok(Some(initial));
        }
        let Some(item) = next_inner(cx, fixed(&self.iterator))? else { return Ok(None) };
        let function = fixed(&self.function);
        let new = match self.total.get(&self.h, cx) {
            None => item,
            Some(total) if function.value().is_none() => cx.binary(BinaryOp::Add, total.r(), item.r())?,
            Some(total) => cx.call(function, &[total.r(), item.r()])?,
        };
        self.total.set(&self.h, cx, new.clone());
        Ok(Some(new))
    }
}

fn make_accumulate(cx: &mut Cx, class: &PyType, a: Args<'_>) -> R {
    let iterator = cx.iter(a.get(1))?;
    let function = a.opt(2).map_or_else(|| cx.none(), |f| f.own(cx));
    let initial = a.opt_not_none(3).map_or_else(Slot::empty, |v| Slot::new(v.own(cx)));
    cx.alloc_for::<PyAccumulate>(class, |h| PyAccumulate {
        h,
        iterator: Slot::new(iterator),
        function: Slot::new(function),
        total: Slot::empty(),
        initial,
    })
}

pub(super) fn init(cx: &mut Cx) -> Vec<&'static PyType> {
    let islice = positional_type!(
        cx,
        PyISlice,
        ISLICE_OPS,
        "islice",
        2..=4,
        make_islice,
        "islice(iterable, stop) or islice(iterable, start, stop, step=1): the items with these numbers.\n\nAs slicing a \
         list, but without negative numbers, and without keeping what was passed."
    );
    let pairwise = positional_type!(
        cx,
        PyPairwise,
        PAIRWISE_OPS,
        "pairwise",
        1..=1,
        make_pairwise,
        "Pairs of neighbours: first and second item, second and third, and so on."
    );
    let batched = named_type!(
        cx,
        PyBatched,
        BATCHED_OPS,
        "batched",
        "($type, /, iterable, n, *, strict=False)",
        2..=2,
        make_batched,
        "Tuples of n items each. The last one may be shorter, which is an error if strict is true."
    );
    let accumulate = named_type!(
        cx,
        PyAccumulate,
        ACCUMULATE_OPS,
        "accumulate",
        "($type, /, iterable, func=None, *, initial=None)",
        1..=2,
        make_accumulate,
        "The sums (or what func of two makes of them) of the items up to each one."
    );
    [islice, pairwise, batched, accumulate].iter().map(TypeBuilder::class).collect()
}
