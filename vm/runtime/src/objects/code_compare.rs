//! Code objects are equal if they do the same under the same name: instructions, lines, names and constants, those with
//! their types. Where they come from does not matter. Nothing here changes after linking, so no locks are needed.

use super::code::PyCode;
use super::slice::PySlice;
use super::tuple::PyTuple;
use crate::SharedValue;
use crate::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};

/// `code.__eq__`.
pub fn eq(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(other) = a.get(1).downcast::<PyCode>(cx) else { return Ok(cx.not_implemented()) };
    let same = equal(cx, a.this(), other)?;
    Ok(cx.bool(same))
}

fn equal(cx: &mut Cx, a: &PyCode, b: &PyCode) -> R<bool> {
    let (x, y) = (&a.head, &b.head);
    let (left, right) = (a.linked(cx), b.linked(cx));
    let interned = |a: &[SharedValue], b: &[SharedValue]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.get().is(b.get()))
    };
    let same = x.name == y.name
        && (x.arg_count, x.positional_only_count, x.keyword_only_count)
            == (y.arg_count, y.positional_only_count, y.keyword_only_count)
        && (x.flags, x.first_line, x.has_namespace, x.register_count)
            == (y.flags, y.first_line, y.has_namespace, y.register_count)
        && (x.local_names, x.free_names) == (y.local_names, y.free_names)
        && left.code == right.code
        && interned(&left.names, &right.names)
        && left.cell_registers == right.cell_registers
        && left.positions == right.positions
        && left.exceptions == right.exceptions
        && left.consts.len() == right.consts.len();
    if !same {
        return Ok(false);
    }
    for (x, y) in left.consts.iter().zip(&right.consts) {
        if !equal_constants(cx, x.get(), y.get())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether two constants are equal and of the same types: 1 is neither `True` nor 1.0, and 0.0 is not -0.0.
fn equal_constants(cx: &mut Cx, a: Ref<'_>, b: Ref<'_>) -> R<bool> {
    if a.is(b) {
        return Ok(true);
    }
    if !std::ptr::eq(cx.class_of(a), cx.class_of(b)) {
        return Ok(false);
    }
    if let (Some(x), Some(y)) = (a.value().as_float(), b.value().as_float()) {
        return Ok(x.to_bits() == y.to_bits());
    }
    if let (Some(x), Some(y)) = (a.downcast::<PyCode>(cx), b.downcast::<PyCode>(cx)) {
        return cx.recursing(" in comparison", |cx| equal(cx, x, y));
    }
    if let (Some(x), Some(y)) = (a.downcast::<PyTuple>(cx), b.downcast::<PyTuple>(cx)) {
        return cx.recursing(" in comparison", |cx| {
            for (x, y) in x.items().iter().zip(y.items()) {
                if !equal_constants(cx, *x, *y)? {
                    return Ok(false);
                }
            }
            Ok(x.len() == y.len())
        });
    }
    if cx.is_exactly(a, Builtin::Complex) || a.downcast::<PySlice>(cx).is_some() {
        return Ok(cx.repr_string(a)? == cx.repr_string(b)?);
    }
    cx.equal(a, b)
}

/// `code.__hash__`.
pub fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let code = a.this::<PyCode>();
    let head = &code.head;
    let mut hasher = DefaultHasher::new();
    (head.name, head.arg_count, head.flags, head.first_line, code.linked(cx).code).hash(&mut hasher);
    Ok(cx.int((hasher.finish() >> 17) as i64))
}
