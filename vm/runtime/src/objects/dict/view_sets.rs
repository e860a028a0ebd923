//! Views of keys and items as sets: comparison, `&`, `|`, `-`, `^`, `isdisjoint`.

use super::views::PyDictView;
use crate::objects::construct::comparisons;
use crate::objects::set::{PySet, set_from};
use crate::prelude::*;

/// Adds the methods to the type of a set-like view.
pub(super) fn fill(cx: &mut Cx, b: &mut TypeBuilder) {
    b.attr(cx, "__hash__", Obj::immediate(Value::NONE));
    b.specials(cx, &comparisons!(compare));
    b.specials(
        cx,
        &[
            (Special::Contains, Full(contains)),
            (Special::And, Full(|cx, a| intersection(cx, a.get(0), a.get(1)))),
            (Special::RAnd, Full(|cx, a| intersection(cx, a.get(0), a.get(1)))),
            (Special::Or, Full(|cx, a| union(cx, a.get(0), a.get(1)))),
            (Special::ROr, Full(|cx, a| union(cx, a.get(1), a.get(0)))),
            (Special::Sub, Full(|cx, a| difference(cx, a.get(0), a.get(1)))),
            (Special::RSub, Full(|cx, a| difference(cx, a.get(1), a.get(0)))),
            (Special::Xor, Full(|cx, a| symmetric_difference(cx, a.get(0), a.get(1)))),
            (Special::RXor, Full(|cx, a| symmetric_difference(cx, a.get(1), a.get(0)))),
        ],
    );
    b.method(cx, "isdisjoint", "($self, object, /)", Full(isdisjoint));
}

/// The size of a set or set-like view, for which comparison and swapping of operands are defined.
fn set_like_len(cx: &Cx, v: Ref<'_>) -> Option<usize> {
    if let Some(set) = v.downcast::<PySet>(cx) {
        return Some(set.len());
    }
    let view = v.downcast::<PyDictView>(cx).filter(|view| view.is_set_like())?;
    Some(view.dict().len())
}

fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let found = a.this::<PyDictView>().contains(cx, a.get(1))?;
    Ok(cx.bool(found))
}

/// Whether every item of `inner` is in `outer`.
fn all_in(cx: &mut Cx, inner: Ref<'_>, outer: Ref<'_>) -> R<bool> {
    let mut all = true;
    cx.for_each(inner, |cx, item| {
        all = cx.contains(outer, item.r())?;
        Ok(all)
    })?;
    Ok(all)
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let (this, other) = (a.get(0), a.get(1));
    let Some(len_other) = set_like_len(cx, other) else { return Ok(cx.not_implemented()) };
    let len = a.this::<PyDictView>().dict().len();
    let result = match op {
        CompareOp::Eq => len == len_other && all_in(cx, this, other)?,
        CompareOp::Ne => !(len == len_other && all_in(cx, this, other)?),
        CompareOp::Lt => len < len_other && all_in(cx, this, other)?,
        CompareOp::Le => len <= len_other && all_in(cx, this, other)?,
        CompareOp::Gt => len > len_other && all_in(cx, other, this)?,
        CompareOp::Ge => len >= len_other && all_in(cx, other, this)?,
    };
    Ok(cx.bool(result))
}

fn isdisjoint(cx: &mut Cx, a: Args<'_>) -> R {
    let (mut this, mut other) = (a.get(0), a.get(1));
    let len = a.this::<PyDictView>().dict().len();
    if this.is(other) {
        return Ok(cx.bool(len == 0));
    }
    if set_like_len(cx, other).is_some_and(|n| n > len) {
        std::mem::swap(&mut this, &mut other);
    }
    let mut disjoint = true;
    cx.for_each(other, |cx, item| {
        disjoint = !cx.contains(this, item.r())?;
        Ok(disjoint)
    })?;
    Ok(cx.bool(disjoint))
}

/// `view & other`: the shorter one is walked if both have a size.
fn intersection(cx: &mut Cx, view: Ref<'_>, other: Ref<'_>) -> R {
    let (mut walked, mut asked) = (other, view);
    if let (Some(a), Some(b)) = (set_like_len(cx, view), set_like_len(cx, other))
        && b > a
    {
        std::mem::swap(&mut walked, &mut asked);
    }
    let result = PySet::new(cx);
    let set: &PySet = result.downcast(cx).expect("made as a set");
    cx.for_each(walked, |cx, item| {
        if cx.contains(asked, item.r())? {
            set.add(cx, item)?;
        }
        Ok(true)
    })?;
    Ok(result)
}

/// A new set of the left operand's items, changed by `change` with the right operand.
fn from_left(
    cx: &mut Cx,
    left: Ref<'_>,
    right: Ref<'_>,
    change: impl FnOnce(&PySet, &mut Cx, Ref<'_>) -> R<()>,
) -> R {
    let result = set_from(cx, left)?;
    change(result.downcast(cx).expect("made as a set"), cx, right)?;
    Ok(result)
}

fn union(cx: &mut Cx, left: Ref<'_>, right: Ref<'_>) -> R {
    from_left(cx, left, right, |set, cx, other| set.update_from(cx, other))
}

fn difference(cx: &mut Cx, left: Ref<'_>, right: Ref<'_>) -> R {
    from_left(cx, left, right, |set, cx, other| set.remove_all(cx, other))
}

fn symmetric_difference(cx: &mut Cx, left: Ref<'_>, right: Ref<'_>) -> R {
    from_left(cx, left, right, |set, cx, other| set.toggle_all(cx, other))
}
