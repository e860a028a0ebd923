//! `count`, `cycle`, `repeat`.

use super::{named_type, positional_type, ssize};
use std::cell::Cell;
use ungil_locks::primitive::{AtomicI64, AtomicUsize};
use ungil_runtime::objects::iter::{NativeIter, fixed, next_inner};
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::sync::{Field, locked};
use ungil_runtime::objects::{construct, int};
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// `count(start, step)`: with machine words as long as they do, then with Python numbers.
#[repr(C)]
pub(super) struct PyCount {
    h: Header,
    number: Field<AtomicI64>,
    by: i64,
    /// The number once words do not do; empty before.
    large: Slot,
    /// The step that goes with it.
    large_step: Slot,
    /// The step is the int 1, which `repr` leaves out.
    by_one: Cell<bool>,
}

slot_ops!(COUNT_OPS, PyCount, "itertools.count", large, large_step);

/// What the next number is counted with.
enum Counted {
    Word(i64),
    /// The next number would be too large.
    LastWord(i64),
    Number(Obj, Obj),
}

impl PyCount {
    /// Takes a word, or looks at the number.
    fn take(&self, cx: &Cx) -> Counted {
        locked(cx, &self.h, || {
            if let (Some(n), Some(step)) = (self.large.get_locked(cx), self.large_step.get_locked(cx)) {
                return Counted::Number(n, step);
            }
            let n = self.number.get();
            match n.checked_add(self.by) {
                Some(next) => {
                    self.number.set(next);
                    Counted::Word(n)
                }
                None => Counted::LastWord(n),
            }
        })
    }

    /// Goes over from words to numbers.
    fn grow(&self, cx: &Cx, n: i64) {
        let (n, step) = (cx.int(n), cx.int(self.by));
        let old = locked(cx, &self.h, || match self.large.is_empty() {
            true => {
                Ok((self.large.replace_locked(&self.h, n), self.large_step.replace_locked(&self.h, step)))
            }
            false => Err((n, step)),
        });
        drop(old);
    }
}

impl NativeIter for PyCount {
    #[inline]
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        loop {
            let (n, step) = match self.take(cx) {
                Counted::Word(n) => return Ok(Some(cx.int(n))),
                Counted::LastWord(n) => {
                    self.grow(cx, n);
                    continue;
                }
                Counted::Number(n, step) => (n, step),
            };
            let next = cx.binary(BinaryOp::Add, n.r(), step.r())?;
            // The addition may have run Python, and that have counted.
            let old = locked(cx, &self.h, || match self.large.peek() == n.value() {
                true => self.large.replace_locked(&self.h, next),
                false => None,
            });
            if old.is_some() {
                return Ok(Some(n));
            }
            cx.poll()?;
        }
    }
}

/// Whether CPython's `PyNumber_Check` holds.
fn is_number(cx: &Cx, v: Ref<'_>) -> bool {
    let class = cx.class_of(v);
    [Special::Index, Special::Int, Special::Float].iter().any(|&s| class.special(cx, s).is_some())
        || cx.is_instance_of(v, Builtin::Complex)
}

fn make_count(cx: &mut Cx, class: &PyType, a: Args<'_>) -> R {
    for v in [a.opt(1), a.opt(2)].into_iter().flatten() {
        if !is_number(cx, v) {
            return Err(cx.type_error("a number is required"));
        }
    }
    let word = |v: Option<Ref<'_>>, default: i64| match v {
        None => Some(default),
        Some(v) if cx.is_instance_of(v, Builtin::Int) => int::to_i64(cx, v),
        Some(_) => None,
    };
    let (start, step) = (word(a.opt(1), 0), word(a.opt(2), 1));
    let exact = |v: Option<Ref<'_>>| v.is_none_or(|v| cx.is_exactly(v, Builtin::Int));
    let by_one = step == Some(1);
    // Instances of subclasses of int come out as they went in, unless the step is 1.
    let words = start.zip(step).filter(|_| by_one || (exact(a.opt(1)) && exact(a.opt(2))));
    let own = |v: Option<Ref<'_>>, default: i64| v.map_or_else(|| cx.int(default), |v| v.own(cx));
    let (large, large_step) = match words {
        Some(_) => (Slot::empty(), Slot::empty()),
        None => (Slot::new(own(a.opt(1), 0)), Slot::new(own(a.opt(2), 1))),
    };
    let (start, by) = words.unwrap_or((0, 0));
    cx.alloc_for::<PyCount>(class, |h| PyCount {
        h,
        number: Field::<AtomicI64>::new(start),
        by,
        large,
        large_step,
        by_one: Cell::new(by_one),
    })
}

fn count_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyCount = a.this();
    let (n, step) = locked(cx, &this.h, || match this.large.get_locked(cx) {
        Some(n) => (Ok(n), this.large_step.get_locked(cx)),
        None => (Err(this.number.get()), None),
    });
    let n = n.unwrap_or_else(|word| cx.int(word));
    let step = step.unwrap_or_else(|| cx.int(this.by));
    let (name, n) = (cx.class_of(a.get(0)).name(), cx.repr_string(n.r())?);
    if this.by_one.get() {
        return Ok(cx.str(&format!("{name}({n})")));
    }
    let step = cx.repr_string(step.r())?;
    Ok(cx.str(&format!("{name}({n}, {step})")))
}

/// `cycle(iterable)`.
#[repr(C)]
pub(super) struct PyCycle {
    h: Header,
    /// Empty once all items are known.
    iterator: Slot,
    /// A list of the items seen.
    saved: Slot,
    index: Field<AtomicUsize>,
}

slot_ops!(CYCLE_OPS, PyCycle, "itertools.cycle", iterator, saved);

impl NativeIter for PyCycle {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        // SAFETY: set to a list when the object is made.
        let saved: &PyList = unsafe { fixed(&self.saved).cast_unchecked() };
        if let Some(iterator) = self.iterator.get(&self.h, cx) {
            if let Some(item) = next_inner(cx, iterator.r())? {
                if saved.try_append(cx, item.clone()).is_err() {
                    return Err(cx.memory_error());
                }
                return Ok(Some(item));
            }
            drop(self.iterator.take(&self.h, cx));
        }
        let len = saved.len();
        if len == 0 {
            return Ok(None);
        }
        let index = locked(cx, &self.h, || {
            let index = self.index.get();
            self.index.set(if index + 1 >= len { 0 } else { index + 1 });
            index
        });
        Ok(saved.get(cx, index))
    }
}

fn make_cycle(cx: &mut Cx, class: &PyType, args: &[Ref<'_>]) -> R {
    let iterator = cx.iter(args[0])?;
    let saved = cx.list(Vec::new());
    cx.alloc_for::<PyCycle>(class, |h| PyCycle {
        h,
        iterator: Slot::new(iterator),
        saved: Slot::new(saved),
        index: Field::<AtomicUsize>::new(0),
    })
}

/// `repeat(object, times)`.
#[repr(C)]
pub(super) struct PyRepeat {
    h: Header,
    element: Slot,
    /// -1 for ever.
    left: Field<AtomicI64>,
}

slot_ops!(REPEAT_OPS, PyRepeat, "itertools.repeat", element);

impl NativeIter for PyRepeat {
    #[inline]
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let more = locked(cx, &self.h, || {
            let left = self.left.get();
            if left > 0 {
                self.left.set(left - 1);
            }
            left != 0
        });
        Ok(more.then(|| fixed(&self.element).own(cx)))
    }
}

fn make_repeat(cx: &mut Cx, class: &PyType, a: Args<'_>) -> R {
    let left = match a.opt(2) {
        Some(times) => ssize(cx, times)?.max(0) as i64,
        None => -1,
    };
    let element = a.get(1).own(cx);
    cx.alloc_for::<PyRepeat>(class, |h| PyRepeat {
        h,
        element: Slot::new(element),
        left: Field::<AtomicI64>::new(left),
    })
}

fn repeat_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyRepeat = a.this();
    let (name, element) = (cx.class_of(a.get(0)).name(), cx.repr_string(fixed(&this.element))?);
    Ok(cx.str(&match this.left.get() {
        -1 => format!("{name}({element})"),
        left => format!("{name}({element}, {left})"),
    }))
}

fn repeat_hint(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyRepeat>().left.get() {
        -1 => Err(cx.type_error("len() of unsized object")),
        left => Ok(cx.int(left)),
    }
}

pub(super) fn init(cx: &mut Cx) -> Vec<&'static PyType> {
    let mut count = named_type!(
        cx,
        PyCount,
        COUNT_OPS,
        "count",
        "($type, /, start=0, step=1)",
        0..=2,
        make_count,
        "start, start + step, start + 2 * step, and so on without an end."
    );
    count.special(cx, Special::Repr, Full(count_repr));
    let cycle = positional_type!(
        cx,
        PyCycle,
        CYCLE_OPS,
        "cycle",
        1..=1,
        make_cycle,
        "The items of the iterable, then the same again, without an end."
    );
    let mut repeat = named_type!(
        cx,
        PyRepeat,
        REPEAT_OPS,
        "repeat",
        "($type, /, object, times=<unrepresentable>)",
        1..=2,
        make_repeat,
        "The object as many times as said, or without an end."
    );
    repeat.special(cx, Special::Repr, Full(repeat_repr));
    repeat.special(cx, Special::LengthHint, Full(repeat_hint));
    vec![count.class(), cycle.class(), repeat.class()]
}
