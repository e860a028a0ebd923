//! `_pylong`: CPython's Python code for huge ints, which programs may replace.
//!
//! CPython calls three functions of that module from certain sizes on. Here the arithmetic behind `int` does their work
//! up to [`FASTER`] times these sizes, and the module is not imported for it; beyond, its algorithms win. Whatever a
//! program has put in the place of a function is called from CPython's sizes on: anything that is no function with the
//! module's own globals.
//!
//! Called by `text.rs`, `new.rs` and `small.rs` with numbers far beyond a machine word. Runs Python; no locks.

use super::num::{Int, IntRef};
use super::text::Digits;
use super::{new_int, view};
use crate::objects::function::PyFunction;
use crate::objects::module::PyModule;
use crate::objects::str::{PyStr, intern};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// Bits of a digit of CPython's, in which it measures ints.
const DIGIT: u64 = 30;
/// Ints of more digits are shown by `int_to_decimal_string`.
const SHOWN: u64 = 1000;
/// Texts of more decimal digits are read by `int_from_string`.
const READ: u64 = 6000;
/// Divisors of more digits are divided by with `int_divmod`, if the dividend has [`MORE`] digits more.
const DIVISOR: u64 = 300;
const MORE: u64 = 150;
/// From so many times these sizes on, the module's own functions beat the arithmetic here, import and all.
const FASTER: u64 = 64;

/// The function of `_pylong` to call for a number: what a program has put there, or the module's own for a `huge` one.
#[cold]
fn function(cx: &mut Cx, name: &str, huge: bool) -> R<Option<Obj>> {
    if huge {
        let module = crate::import::import_module(cx, "_pylong")?;
        return cx.get_attr_str(module.r(), name).map(Some);
    }
    let key = intern(cx, "_pylong");
    let Some(module) = cx.modules().get_str(cx, key.get()) else { return Ok(None) };
    let found = cx.get_attr_str(module.r(), name)?;
    Ok(if is_own(cx, &module, &found) { None } else { Some(found) })
}

/// Whether it is a function that the module itself defines.
fn is_own(cx: &Cx, module: &Obj, found: &Obj) -> bool {
    let Some(function) = found.downcast::<PyFunction>(cx) else { return false };
    let namespace = module.downcast::<PyModule>(cx).and_then(|m| m.dict_ref(cx));
    match (function.globals.get(&function.h, cx), namespace) {
        (Some(globals), Some(namespace)) => globals.value() == ref_of(namespace).value(),
        _ => false,
    }
}

/// Decimal digits with a sign, if it is not the VM that makes them.
///
/// # Errors
/// What the function raises; `TypeError` if it gives anything but text in ASCII.
pub(super) fn decimal(cx: &mut Cx, n: IntRef<'_>) -> R<Option<String>> {
    let digits = n.bits().div_ceil(DIGIT);
    if digits <= SHOWN {
        return Ok(None);
    }
    let huge = digits > SHOWN * FASTER;
    let Some(function) = function(cx, "int_to_decimal_string", huge)? else { return Ok(None) };
    let number = new_int(cx, n.to_int());
    let text = cx.call(function.r(), &[number.r()])?;
    match text.downcast::<PyStr>(cx).filter(|s| s.is_ascii()) {
        Some(s) => Ok(Some(String::from_utf8_lossy(s.as_bytes()).into_owned())),
        None => Err(cx.type_error("_pylong.int_to_decimal_string did not return a str")),
    }
}

/// The number that decimal digits are, if it is not the VM that reads them.
///
/// # Errors
/// What the function raises; `TypeError` if it gives no int.
pub(super) fn read(cx: &mut Cx, digits: &Digits<'_>) -> R<Option<Int>> {
    let count = digits.count() as u64;
    if digits.radix != 10 || count <= READ {
        return Ok(None);
    }
    let huge = count > READ * FASTER;
    let Some(function) = function(cx, "int_from_string", huge)? else { return Ok(None) };
    let text = crate::objects::str::new_ascii(cx, digits.text);
    let number = cx.call(function.r(), &[text.r()])?;
    match view(cx, number.r()) {
        Some(n) if digits.negative => Ok(Some(n.neg())),
        Some(n) => Ok(Some(n.to_int())),
        None => Err(cx.type_error("_pylong.int_from_string did not return an int")),
    }
}

/// Quotient and remainder, if it is not the VM that computes them.
///
/// # Errors
/// What the function raises; `ValueError` if it does not give two ints.
pub(super) fn div_mod(cx: &mut Cx, a: IntRef<'_>, b: IntRef<'_>) -> R<Option<(Int, Int)>> {
    let (dividend, divisor) = (a.bits().div_ceil(DIGIT), b.bits().div_ceil(DIGIT));
    if divisor <= DIVISOR || dividend <= divisor + MORE {
        return Ok(None);
    }
    let huge = divisor > DIVISOR * FASTER && dividend > divisor + MORE * FASTER;
    let Some(function) = function(cx, "int_divmod", huge)? else { return Ok(None) };
    let numbers = [new_int(cx, a.to_int()), new_int(cx, b.to_int())];
    let result = cx.call(function.r(), &[numbers[0].r(), numbers[1].r()])?;
    let Some(&[q, r]) = result.downcast::<PyTuple>(cx).map(PyTuple::items) else {
        return Err(cx.value_error("tuple of length 2 is required from int_divmod()"));
    };
    match (view(cx, q), view(cx, r)) {
        (Some(q), Some(r)) => Ok(Some((q.to_int(), r.to_int()))),
        _ => Err(cx.value_error("tuple of int is required from int_divmod()")),
    }
}
