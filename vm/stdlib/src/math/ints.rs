//! Functions whose results are whole numbers.

use super::choose;
use super::gcd::gcd;
use ungil_runtime::objects::float;
use ungil_runtime::objects::int::{self, Int, IntRef, new_int, trouble};
use ungil_runtime::prelude::*;

pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("ceil", "($module, x, /)", Full(|cx, a| round(cx, a, f64::ceil, Special::Ceil))),
    ("floor", "($module, x, /)", Full(|cx, a| round(cx, a, f64::floor, Special::Floor))),
    ("trunc", "($module, x, /)", Full(trunc)),
    ("comb", "($module, n, k, /)", Full(choose::comb)),
    ("perm", "($module, n, k=None, /)", Full(choose::perm)),
    ("factorial", "($module, n, /)", Full(choose::factorial)),
    ("gcd", "($module, /, *integers)", Full(gcd_of_all)),
    ("lcm", "($module, /, *integers)", Full(lcm_of_all)),
    ("isqrt", "($module, n, /)", Full(isqrt)),
];

/// The whole number that a float was rounded to.
#[inline(always)]
fn whole(cx: &mut Cx, x: f64) -> R {
    // Well inside the range of immediates.
    const SMALL: f64 = (1u64 << 48) as f64;
    if x.abs() < SMALL { Ok(cx.int(x as i64)) } else { int::from_float(cx, x) }
}

#[inline(always)]
fn round(cx: &mut Cx, a: Args<'_>, f: fn(f64) -> f64, special: Special) -> R {
    let v = a.get(0).value();
    if v.is_float() {
        return whole(cx, f(v.float()));
    }
    if v.is_int() {
        return Ok(Obj::immediate(v));
    }
    if let Some(rounded) = cx.try_special(special, a.get(0), &[])? {
        return Ok(rounded);
    }
    let x = float::as_f64(cx, a.get(0))?;
    whole(cx, f(x))
}

fn trunc(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(0).value();
    if v.is_float() {
        return whole(cx, v.float().trunc());
    }
    if let Some(truncated) = cx.try_special(Special::Trunc, a.get(0), &[])? {
        return Ok(truncated);
    }
    let name = cx.type_name(a.get(0));
    Err(cx.type_error(format!("type {name} doesn't define __trunc__ method")))
}

/// The value of an index.
pub(super) fn value(cx: &mut Cx, v: Ref<'_>) -> R<Int> {
    if let Some(i) = v.value().as_int() {
        return Ok(i.into());
    }
    let index = cx.index(v)?;
    Ok(int::view(cx, index.r()).map_or(Int::Word(0), IntRef::to_int))
}

/// Folds all arguments, converting each.
fn fold(cx: &mut Cx, a: Args<'_>, start: i64, f: impl Fn(&mut Cx, Int, Int) -> R<Int>) -> R {
    let mut result = Int::from(start);
    for v in a.varargs(cx, 0) {
        let n = value(cx, *v)?;
        result = f(cx, result, n)?;
    }
    Ok(new_int(cx, result))
}

fn gcd_of_all(cx: &mut Cx, a: Args<'_>) -> R {
    fold(cx, a, 0, |_, x, y| Ok(gcd(x.r(), y.r())))
}

fn lcm_of_all(cx: &mut Cx, a: Args<'_>) -> R {
    fold(cx, a, 1, |cx, x, y| {
        if x.is_zero() || y.is_zero() {
            return Ok(Int::Word(0));
        }
        let divisor = gcd(x.r(), y.r());
        let multiple = x.r().floor_div(divisor.r()).and_then(|part| part.r().mul(y.r()));
        multiple.map(|m| m.r().abs()).map_err(|why| trouble(cx, why))
    })
}

fn isqrt(cx: &mut Cx, a: Args<'_>) -> R {
    let n = value(cx, a.get(0))?;
    if n.r().is_negative() {
        return Err(cx.value_error("isqrt() argument must be nonnegative"));
    }
    Ok(match n {
        Int::Word(w) => new_int(cx, Int::Word(w.isqrt())),
        Int::Big(big) => int::new_big(cx, big.sqrt()),
    })
}
