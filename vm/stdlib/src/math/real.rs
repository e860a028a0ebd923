//! Functions of floats.
//!
//! What C computes is checked afterwards as the C standard's Annex F allows: a result that is not a number although the
//! argument was one is a domain error, an infinite one from a finite argument an overflow (or a pole).

use super::gamma::{gamma, lgamma};
use super::libm;
use ungil_runtime::objects::float::text;
use ungil_runtime::objects::int;
use ungil_runtime::prelude::*;

/// `OverflowError` for results that are too large.
#[cold]
fn range_error(cx: &mut Cx) -> Err {
    cx.overflow_error("math range error")
}

/// `ValueError` where a function is not defined.
#[cold]
fn domain_error(cx: &mut Cx) -> Err {
    cx.value_error("math domain error")
}

/// `ValueError` that says what was expected, and the argument.
#[cold]
pub(super) fn expected(cx: &mut Cx, what: &str, x: f64) -> Err {
    let shown = text::repr(x);
    cx.value_error(format!("expected {what}, got {shown}"))
}

/// A function of one argument. `domain` says what arguments it takes, for the message; `overflows` whether an infinite
/// result is one that is too large (else it is a pole).
#[inline(always)]
fn unary(cx: &mut Cx, a: Args<'_>, f: impl Fn(f64) -> f64, domain: &str, overflows: bool) -> R {
    let v = a.get(0).value();
    let x = if v.is_float() { v.float() } else { cx.to_f64(a.get(0))? };
    let y = f(x);
    if y.is_finite() {
        return Ok(cx.float(y));
    }
    not_finite(cx, x, y, domain, overflows)
}

#[cold]
fn not_finite(cx: &mut Cx, x: f64, y: f64, domain: &str, overflows: bool) -> R {
    if y.is_nan() && !x.is_nan() {
        return Err(expected(cx, domain, x));
    }
    if y.is_infinite() && x.is_finite() {
        return Err(if overflows { range_error(cx) } else { expected(cx, domain, x) });
    }
    Ok(cx.float(y))
}

macro_rules! unary {
    ($(($name:literal, $f:expr, $domain:literal, $overflows:literal),)*) => {
        &[$((
            $name,
            "($module, x, /)",
            Full(|cx, a| unary(cx, a, $f, $domain, $overflows)),
        ),)*]
    };
}

/// Functions of one argument.
pub const FUNCTIONS: &[(&str, &str, NativeFn)] = unary! {
    ("acos", f64::acos, "a number in range from -1 up to 1", false),
    ("acosh", |x| libm::acosh(x), "argument value not less than 1", false),
    ("asin", f64::asin, "a number in range from -1 up to 1", false),
    ("asinh", |x| libm::asinh(x), "a number", false),
    ("atan", f64::atan, "a number", false),
    ("atanh", |x| libm::atanh(x), "a number between -1 and 1", false),
    ("cbrt", f64::cbrt, "a number", false),
    ("cos", f64::cos, "a finite input", false),
    ("cosh", f64::cosh, "a number", true),
    ("degrees", |x| x * (180.0 / std::f64::consts::PI), "a number", true),
    ("erf", |x| libm::erf(x), "a number", false),
    ("erfc", |x| libm::erfc(x), "a number", false),
    ("exp", f64::exp, "a number", true),
    ("exp2", f64::exp2, "a number", true),
    ("expm1", f64::exp_m1, "a number", true),
    ("fabs", f64::abs, "a number", false),
    ("gamma", gamma, "a noninteger or positive integer", true),
    ("lgamma", lgamma, "a noninteger or positive integer", true),
    ("log1p", f64::ln_1p, "argument value > -1", false),
    ("radians", |x| x * (std::f64::consts::PI / 180.0), "a number", false),
    ("sin", f64::sin, "a finite input", false),
    ("sinh", f64::sinh, "a number", true),
    ("sqrt", f64::sqrt, "a nonnegative input", false),
    ("tan", f64::tan, "a finite input", false),
    ("tanh", f64::tanh, "a number", false),
};

/// Functions of several arguments or results, and tests.
pub const OTHERS: &[(&str, &str, NativeFn)] = &[
    ("atan2", "($module, y, x, /)", Full(|cx, a| binary(cx, a, f64::atan2))),
    ("copysign", "($module, x, y, /)", Full(|cx, a| binary(cx, a, f64::copysign))),
    ("fma", "($module, x, y, z, /)", Full(fma)),
    ("fmod", "($module, x, y, /)", Full(fmod)),
    ("frexp", "($module, x, /)", Full(frexp)),
    ("isclose", "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", Full(isclose)),
    ("isfinite", "($module, x, /)", Full(|cx, a| test(cx, a, f64::is_finite))),
    ("isinf", "($module, x, /)", Full(|cx, a| test(cx, a, f64::is_infinite))),
    ("isnan", "($module, x, /)", Full(|cx, a| test(cx, a, f64::is_nan))),
    ("ldexp", "($module, x, i, /)", Full(ldexp)),
    ("modf", "($module, x, /)", Full(modf)),
    ("nextafter", "($module, x, y, /, *, steps=None)", Full(nextafter)),
    ("pow", "($module, x, y, /)", Full(pow)),
    ("remainder", "($module, x, y, /)", Full(remainder)),
    ("ulp", "($module, x, /)", Full(ulp)),
];

fn two(cx: &mut Cx, a: Args<'_>) -> R<(f64, f64)> {
    Ok((cx.to_f64(a.get(0))?, cx.to_f64(a.get(1))?))
}

#[inline(always)]
fn binary(cx: &mut Cx, a: Args<'_>, f: fn(f64, f64) -> f64) -> R {
    let (x, y) = two(cx, a)?;
    Ok(cx.float(f(x, y)))
}

#[inline(always)]
fn test(cx: &mut Cx, a: Args<'_>, f: fn(f64) -> bool) -> R {
    let x = cx.to_f64(a.get(0))?;
    Ok(cx.bool(f(x)))
}

fn fma(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = two(cx, a)?;
    let z = cx.to_f64(a.get(2))?;
    let r = x.mul_add(y, z);
    if r.is_nan() && !x.is_nan() && !y.is_nan() && !z.is_nan() {
        return Err(cx.value_error("invalid operation in fma"));
    }
    if r.is_infinite() && x.is_finite() && y.is_finite() && z.is_finite() {
        return Err(cx.overflow_error("overflow in fma"));
    }
    Ok(cx.float(r))
}

fn fmod(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = two(cx, a)?;
    let r = if y.is_infinite() && x.is_finite() { x } else { x % y };
    if r.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain_error(cx));
    }
    Ok(cx.float(r))
}

fn remainder(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = two(cx, a)?;
    let r = libm::remainder(x, y);
    if r.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain_error(cx));
    }
    Ok(cx.float(r))
}

fn frexp(cx: &mut Cx, a: Args<'_>) -> R {
    let x = cx.to_f64(a.get(0))?;
    let (m, e) = libm::frexp(x);
    let parts = vec![cx.float(m), cx.int(e as i64)];
    Ok(cx.tuple(parts))
}

fn modf(cx: &mut Cx, a: Args<'_>) -> R {
    let x = cx.to_f64(a.get(0))?;
    let whole = x.trunc();
    let fraction = if x.is_infinite() { 0.0 } else { x - whole };
    let parts = vec![cx.float(fraction.copysign(x)), cx.float(whole)];
    Ok(cx.tuple(parts))
}

fn ldexp(cx: &mut Cx, a: Args<'_>) -> R {
    let x = cx.to_f64(a.get(0))?;
    let Some(exponent) = int::view(cx, a.get(1)) else {
        return Err(cx.type_error("Expected an int as second argument to ldexp."));
    };
    let limit = if exponent.is_negative() { i64::MIN } else { i64::MAX };
    let exponent = exponent.to_i64().unwrap_or(limit);
    if x == 0.0 || !x.is_finite() {
        return Ok(cx.float(x));
    }
    let r = libm::ldexp(x, exponent);
    if r.is_infinite() {
        return Err(range_error(cx));
    }
    Ok(cx.float(r))
}

fn pow(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = two(cx, a)?;
    let r = x.powf(y);
    if r.is_finite() || !x.is_finite() || !y.is_finite() {
        return Ok(cx.float(r));
    }
    // Of finite arguments: a root of a negative number, a power of zero, or too large.
    Err(if r.is_nan() || x == 0.0 { domain_error(cx) } else { range_error(cx) })
}

fn isclose(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = two(cx, a)?;
    let mut tolerance = |i: usize, default: f64| match a.opt(i) {
        Some(v) => cx.to_f64(v),
        None => Ok(default),
    };
    let (relative, absolute) = (tolerance(2, 1e-9)?, tolerance(3, 0.0)?);
    if relative < 0.0 || absolute < 0.0 {
        return Err(cx.value_error("tolerances must be non-negative"));
    }
    let close = x == y || {
        let difference = (x - y).abs();
        x.is_finite()
            && y.is_finite()
            && (difference <= (relative * y).abs()
                || difference <= (relative * x).abs()
                || difference <= absolute)
    };
    Ok(cx.bool(close))
}

fn ulp(cx: &mut Cx, a: Args<'_>) -> R {
    let x = cx.to_f64(a.get(0))?.abs();
    let r = match x {
        x if !x.is_finite() => x,
        f64::MAX => x - libm::nextafter(x, 0.0),
        _ => libm::nextafter(x, f64::INFINITY) - x,
    };
    Ok(cx.float(r))
}

fn nextafter(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = two(cx, a)?;
    let Some(steps) = a.opt_not_none(2) else { return Ok(cx.float(libm::nextafter(x, y))) };
    let steps = cx.index(steps)?;
    let steps = match int::view(cx, steps.r()) {
        Some(n) if n.is_negative() => return Err(cx.value_error("steps must be a non-negative integer")),
        Some(int::IntRef::Word(w)) => u64::try_from(w).unwrap_or(u64::MAX),
        _ => u64::MAX,
    };
    Ok(cx.float(walk(x, y, steps)))
}

/// The float that is `steps` floats from `x` towards `y`.
fn walk(x: f64, y: f64, steps: u64) -> f64 {
    if steps == 0 || x.is_nan() {
        return x;
    }
    if y.is_nan() || x == y {
        return y;
    }
    // Places on the line of floats: both zeros are place 0, and neighbours differ by 1.
    let place = |x: f64| {
        let size = (x.to_bits() & (u64::MAX >> 1)) as i64;
        if x.is_sign_negative() { -size } else { size }
    };
    let (from, to) = (place(x), place(y));
    if from.abs_diff(to) <= steps {
        return y;
    }
    let steps = steps as i64;
    let at = if to > from { from + steps } else { from - steps };
    let size = f64::from_bits(at.unsigned_abs());
    if at < 0 || (at == 0 && x.is_sign_negative()) { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walking_crosses_zero_and_stops_at_the_goal() {
        assert_eq!(walk(1.0, 2.0, 1), 1.0 + f64::EPSILON);
        assert_eq!(walk(5e-324, -1.0, 2), -5e-324);
        assert_eq!(walk(5e-324, -1.0, 1).to_bits(), 0);
        assert_eq!(walk(-5e-324, 1.0, 1).to_bits(), (-0.0f64).to_bits());
        assert_eq!(walk(0.0, f64::INFINITY, u64::MAX), f64::INFINITY);
        assert_eq!(walk(f64::NEG_INFINITY, f64::INFINITY, 1), -f64::MAX);
        assert_eq!(walk(2.0, 3.0, 0), 2.0);
        assert!(walk(2.0, f64::NAN, 3).is_nan());
    }
}
