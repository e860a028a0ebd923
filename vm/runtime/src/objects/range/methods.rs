//! The methods of `range`.

use super::{PyRange, RANGE_OPS, big, iter, new_range};
use crate::objects::construct::{check_count, comparisons, no_keywords, readonly};
use crate::objects::slice::{PySlice, has_index};
use crate::objects::str::StrBuf;
use crate::objects::{repr, tuple};
use crate::prelude::*;

/// An exact int from an index.
fn bound(cx: &mut Cx, v: Ref<'_>) -> R {
    if v.value().is_int() {
        return Ok(v.own(cx));
    }
    let index = cx.index(v)?;
    Ok(crate::objects::int::to_exact(cx, index))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    no_keywords(cx, a, Builtin::Range, "range")?;
    range_of(cx, a.varargs(cx, 1))
}

/// `range(*args)`.
///
/// # Errors
/// `TypeError` for a wrong number of arguments or one that is no index; `ValueError` if the step is zero.
pub fn range_of(cx: &mut Cx, args: &[Ref<'_>]) -> R {
    check_count(cx, args.len(), "range", 1, 3)?;
    let (start, stop, step) = match *args {
        [stop] => (cx.int(0), bound(cx, stop)?, cx.int(1)),
        [start, stop] => (bound(cx, start)?, bound(cx, stop)?, cx.int(1)),
        [start, stop, step] => (bound(cx, start)?, bound(cx, stop)?, bound(cx, step)?),
        _ => return Err(crate::object::unreachable_err(cx, "range without arguments")),
    };
    new_range(cx, start, stop, step)
}

fn range_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyRange = a.this();
    let mut text = StrBuf::with_capacity(32);
    text.push_ascii(b"range(");
    repr::push_repr(cx, &mut text, this.start())?;
    text.push_ascii(b", ");
    repr::push_repr(cx, &mut text, this.stop())?;
    if this.step().value().as_int() != Some(1) {
        text.push_ascii(b", ");
        repr::push_repr(cx, &mut text, this.step())?;
    }
    text.push_ascii(b")");
    Ok(text.finish(cx))
}

fn len(cx: &mut Cx, a: Args<'_>) -> R {
    let length = a.this::<PyRange>().length();
    match crate::objects::int::to_i64(cx, length) {
        Some(_) => Ok(length.own(cx)),
        None => Err(cx.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

pub(crate) fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyRange = a.this();
    let key = a.get(1);
    if let (Some(i), Some(range)) = (key.value().as_int(), this.small()) {
        let at = if i < 0 { i + range.len } else { i };
        if (0..range.len).contains(&at) {
            return Ok(cx.int(range.start + at * range.step));
        }
        return Err(cx.index_error("range object index out of range"));
    }
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        return get_slice(cx, this, slice);
    }
    if !has_index(cx, key) {
        let name = cx.type_name(key);
        return Err(cx.type_error(format!("range indices must be integers or slices, not {name}")));
    }
    let index = cx.index(key)?;
    match big::get(cx, this, index.r())? {
        Some(item) => Ok(item),
        None => Err(cx.index_error("range object index out of range")),
    }
}

fn get_slice(cx: &mut Cx, range: &PyRange, slice: &PySlice) -> R {
    let plain = |v: Ref<'_>| v.value().is_none() || v.value().is_int();
    let Some(small) =
        range.small().filter(|_| plain(slice.start()) && plain(slice.stop()) && plain(slice.step()))
    else {
        return big::slice(cx, range, slice);
    };
    let within = slice.range_in(cx, small.len as usize)?;
    let place = |i: isize| small.start + i as i64 * small.step;
    match small.step.checked_mul(within.step as i64) {
        Some(step) => new_range(cx, cx.int(place(within.start)), cx.int(place(within.stop)), cx.int(step)),
        None => big::slice(cx, range, slice),
    }
}

/// Whether the value is an int or bool of the exact class, for which membership is arithmetic.
fn is_plain_int(cx: &Cx, v: Ref<'_>) -> bool {
    cx.is_exactly(v, Builtin::Int) || v.value().as_bool().is_some()
}

/// The index of a value that is an exact int or bool.
fn position_of_int(cx: &mut Cx, range: &PyRange, v: Ref<'_>) -> R<Option<Obj>> {
    let int = v.value().as_int().or(v.value().as_bool().map(i64::from));
    let (Some(i), Some(small)) = (int, range.small()) else { return big::position(cx, range, v) };
    let offset = i - small.start;
    if offset % small.step != 0 || !(0..small.len).contains(&(offset / small.step)) {
        return Ok(None);
    }
    Ok(Some(cx.int(offset / small.step)))
}

/// How often a value of any class is in the range, and where first: by comparing all items.
fn search(cx: &mut Cx, range: Ref<'_>, v: Ref<'_>, stop_at_first: bool) -> R<(i64, Option<i64>)> {
    let (mut i, mut n, mut first) = (0, 0, None);
    cx.for_each(range, |cx, item| {
        if cx.equal(item.r(), v)? {
            n += 1;
            first = first.or(Some(i));
        }
        i += 1;
        Ok(!(stop_at_first && first.is_some()))
    })?;
    Ok((n, first))
}

pub(crate) fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let found = if is_plain_int(cx, a.get(1)) {
        position_of_int(cx, a.this(), a.get(1))?.is_some()
    } else {
        search(cx, a.get(0), a.get(1), true)?.1.is_some()
    };
    Ok(cx.bool(found))
}

fn count(cx: &mut Cx, a: Args<'_>) -> R {
    let n = if is_plain_int(cx, a.get(1)) {
        position_of_int(cx, a.this(), a.get(1))?.is_some() as i64
    } else {
        search(cx, a.get(0), a.get(1), false)?.0
    };
    Ok(cx.int(n))
}

fn index(cx: &mut Cx, a: Args<'_>) -> R {
    if is_plain_int(cx, a.get(1)) {
        return match position_of_int(cx, a.this(), a.get(1))? {
            Some(i) => Ok(i),
            None => Err(cx.value_error("range.index(x): x not in range")),
        };
    }
    match search(cx, a.get(0), a.get(1), true)?.1 {
        Some(i) => Ok(cx.int(i)),
        None => Err(cx.value_error("sequence.index(x): x not in sequence")),
    }
}

/// What decides equality and hash: the length, the first item unless empty, the step unless there is one item.
fn identity<'a>(range: &'a PyRange) -> [Ref<'a>; 3] {
    let none = Ref::immediate(Value::NONE);
    match range.length().value().as_int() {
        Some(0) => [range.length(), none, none],
        Some(1) => [range.length(), range.start(), none],
        _ => [range.length(), range.start(), range.step()],
    }
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let Some(other) = a.get(1).downcast::<PyRange>(cx) else { return Ok(cx.not_implemented()) };
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return Ok(cx.not_implemented());
    }
    let mut equal = true;
    for (x, y) in identity(a.this()).into_iter().zip(identity(other)) {
        equal = equal && cx.equal(x, y)?;
    }
    Ok(cx.bool(equal == (op == CompareOp::Eq)))
}

fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let mut state = tuple::ItemHash::default();
    for part in identity(a.this()) {
        state.add(cx.hash(part)?);
    }
    Ok(cx.int(state.finish(3)))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyRange = a.this();
    let parts = [this.start(), this.stop(), this.step()].iter().map(|v| v.own(cx)).collect();
    let parts = cx.tuple(parts);
    let class = cx.builtin(Builtin::Range).as_ref().own(cx);
    Ok(cx.tuple(vec![class, parts]))
}

fn truth(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(a.this::<PyRange>().length().value().as_int() != Some(0)))
}

/// Declares the type and its iterators.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Range, "range", &RANGE_OPS, size_of::<PyRange>(), true);
    iter::declare(cx);
}

/// Fills the type and its iterators.
pub fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Range, Some(Builtin::Object), class_flag::SEQUENCE);
    b.doc(
        cx,
        "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\nThe ints from start (0 unless given) \
         to before stop, in steps of step (1 unless given).",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(cx, &comparisons!(compare));
    b.specials(
        cx,
        &[
            (Special::Repr, Full(range_repr)),
            (Special::Hash, Full(hash)),
            (Special::Bool, Leaf(truth)),
            (Special::Len, Full(len)),
            (Special::GetItem, Full(getitem)),
            (Special::Contains, Full(contains)),
            (Special::Iter, Leaf(|cx, a| Ok(iter::new_range_iter(cx, a.this())))),
            (Special::Reversed, Full(|cx, a| iter::new_reversed_iter(cx, a.this()))),
            (Special::Reduce, Full(reduce)),
        ],
    );
    b.methods(
        cx,
        &[("count", "($self, object, /)", Full(count)), ("index", "($self, object, /)", Full(index))],
    );
    b.getset(cx, "start", Leaf(|cx, a| Ok(a.this::<PyRange>().start().own(cx))), Some(Full(readonly)));
    b.getset(cx, "stop", Leaf(|cx, a| Ok(a.this::<PyRange>().stop().own(cx))), Some(Full(readonly)));
    b.getset(cx, "step", Leaf(|cx, a| Ok(a.this::<PyRange>().step().own(cx))), Some(Full(readonly)));
    iter::init(cx);
}
