//! `complex(...)`: the constructor and the conversions behind it.

use super::{Parts, PyComplex, new_complex_of, text};
use crate::objects::construct::class_argument;
use crate::objects::float::{from_method, value_of};
use crate::objects::int;
use crate::objects::str::PyStr;
use crate::prelude::*;

/// `complex.__new__` with the window of a `($cls, *args, **kwargs)` native.
pub(super) fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    let args = a.varargs(cx, 1);
    let named = a.varkw(cx, 2).map(|kw| kw.items(cx)).unwrap_or_default();
    let given = args.len() + named.len();
    if given > 2 {
        return Err(cx.type_error(format!("complex() takes at most 2 arguments ({given} given)")));
    }
    if let ([v], true) = (args, named.is_empty()) {
        if cx.is_exactly(*v, Builtin::Complex) && std::ptr::eq(class, cx.builtin(Builtin::Complex)) {
            return Ok(v.own(cx));
        }
        let parts = from_one(cx, *v)?;
        return new_complex_of(cx, class, parts);
    }
    let (mut real, mut imag) = (args.first().map(|v| v.own(cx)), args.get(1).map(|v| v.own(cx)));
    for (key, v) in named {
        let name = cx.text_of(key.r());
        let (place, position) = match name.as_str() {
            "real" => (&mut real, 1),
            "imag" => (&mut imag, 2),
            _ => return Err(cx.type_error(format!("complex() got an unexpected keyword argument '{name}'"))),
        };
        if place.replace(v).is_some() {
            return Err(cx.type_error(format!(
                "argument for complex() given by name ('{name}') and position ({position})"
            )));
        }
    }
    let parts = from_two(cx, real, imag)?;
    new_complex_of(cx, class, parts)
}

/// The parts that one argument stands for.
fn from_one(cx: &mut Cx, v: Ref<'_>) -> R<Parts> {
    if let Some(s) = v.downcast::<PyStr>(cx) {
        return match text::parse(s.as_bytes()) {
            Some(parts) => Ok(parts),
            None => Err(cx.value_error("complex() arg is a malformed string")),
        };
    }
    match as_parts_opt(cx, v)? {
        Some(parts) => Ok(parts),
        None => {
            let name = cx.type_name(v);
            Err(cx.type_error(format!("complex() argument must be a string or a number, not {name}")))
        }
    }
}

/// `real + imag * 1j`, where either may be missing.
fn from_two(cx: &mut Cx, real: Option<Obj>, imag: Option<Obj>) -> R<Parts> {
    let mut parts = match real {
        None => (0.0, 0.0),
        Some(v) => part(cx, v.r(), "real", true)?,
    };
    if let Some(v) = imag {
        let (x, y) = part(cx, v.r(), "imag", false)?;
        if y != 0.0 {
            parts.0 -= y;
        }
        // A zero must not lose the sign of the other part.
        parts.1 = if parts.1 == 0.0 { x } else { parts.1 + x };
    }
    Ok(parts)
}

/// One of two arguments: a number; complex ones are taken with a warning.
fn part(cx: &mut Cx, v: Ref<'_>, name: &str, by_method: bool) -> R<Parts> {
    let number = match cx.is_instance_of(v, Builtin::Str) {
        true => None,
        false if by_method || v.downcast::<PyComplex>(cx).is_some() => as_parts_opt(cx, v)?,
        false => real_of(cx, v)?.map(|x| (x, 0.0)),
    };
    let class = cx.type_name(v);
    let Some(parts) = number else {
        return Err(cx.type_error(format!("complex() argument '{name}' must be a real number, not {class}")));
    };
    if cx.class_of(v).special(cx, Special::Complex).is_some() {
        let message = format!("complex() argument '{name}' must be a real number, not {class}");
        crate::traceback::warn(cx, Builtin::DeprecationWarning, &message)?;
    }
    Ok(parts)
}

/// A float from a number that is not complex.
fn real_of(cx: &mut Cx, v: Ref<'_>) -> R<Option<f64>> {
    match v.value() {
        w if w.is_int() => return Ok(Some(w.int() as f64)),
        w if w.is_float() => return Ok(Some(w.float())),
        _ => {}
    }
    if let Some(x) = value_of(cx, v) {
        return Ok(Some(x));
    }
    match int::view_exact(v).map(|n| n.to_f64()) {
        Some(Ok(x)) => Ok(Some(x)),
        Some(Err(why)) => Err(int::trouble(cx, why)),
        None => from_method(cx, v),
    }
}

/// The parts of any number: `__complex__`, `__float__`, `__index__`; `None` if it is none.
fn as_parts_opt(cx: &mut Cx, v: Ref<'_>) -> R<Option<Parts>> {
    if cx.is_exactly(v, Builtin::Complex)
        && let Some(c) = v.downcast::<PyComplex>(cx)
    {
        return Ok(Some((c.real, c.imag)));
    }
    if let Some(result) = cx.try_special(Special::Complex, v, &[])? {
        let Some(c) = result.downcast::<PyComplex>(cx) else {
            let got = cx.type_name(result.r());
            return Err(cx.type_error(format!("__complex__ returned non-complex (type {got})")));
        };
        let parts = (c.real, c.imag);
        if !cx.is_exactly(result.r(), Builtin::Complex) {
            let got = cx.type_name(result.r());
            let message = format!(
                "__complex__ returned non-complex (type {got}).  The ability to return an instance of a strict subclass \
                 of complex is deprecated, and may not be supported in a future version of Python."
            );
            crate::traceback::warn(cx, Builtin::DeprecationWarning, &message)?;
        }
        return Ok(Some(parts));
    }
    Ok(real_of(cx, v)?.map(|x| (x, 0.0)))
}

/// The parts of any number.
///
/// # Errors
/// `TypeError` ("must be real number, not x"), or what its methods raise.
pub fn as_parts(cx: &mut Cx, v: Ref<'_>) -> R<Parts> {
    match as_parts_opt(cx, v)? {
        Some(parts) => Ok(parts),
        None => {
            let name = cx.type_name(v);
            Err(cx.type_error(format!("must be real number, not {name}")))
        }
    }
}
