//! `cmath`: functions of complex numbers.
//!
//! What they compute is the C library's, whose special values and branch cuts are those of the C standard's Annex G; the
//! errors are Python's: where Annex G raises "invalid" or "divide-by-zero", and where a result is too large. Stateless: no locks.

use ungil_runtime::objects::complex::{Parts, as_parts, new_complex};
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// `double _Complex`, which the ABIs that Rust knows pass like this struct.
#[repr(C)]
#[derive(Clone, Copy)]
struct C {
    re: f64,
    im: f64,
}

unsafe extern "C" {
    safe fn cacos(z: C) -> C;
    safe fn cacosh(z: C) -> C;
    safe fn casin(z: C) -> C;
    safe fn casinh(z: C) -> C;
    safe fn catan(z: C) -> C;
    safe fn catanh(z: C) -> C;
    safe fn ccos(z: C) -> C;
    safe fn ccosh(z: C) -> C;
    safe fn cexp(z: C) -> C;
    safe fn clog(z: C) -> C;
    safe fn csin(z: C) -> C;
    safe fn csinh(z: C) -> C;
    safe fn csqrt(z: C) -> C;
    safe fn ctan(z: C) -> C;
    safe fn ctanh(z: C) -> C;
}

/// Functions from a complex number to another, with the arguments that they are not defined for.
macro_rules! unary {
    ($(($name:literal, $f:expr, $undefined:expr),)*) => {
        &[$((
            $name,
            "($module, z, /)",
            Full(|cx, a| unary(cx, a, |z| $f(z), $undefined)),
        ),)*]
    };
}

const FUNCTIONS: &[(&str, &str, NativeFn)] = unary! {
    ("acos", cacos, |_| false),
    ("acosh", cacosh, |_| false),
    ("asin", casin, |_| false),
    ("asinh", casinh, |_| false),
    ("atan", catan, |z| z.re == 0.0 && z.im.abs() == 1.0),
    ("atanh", catanh, |z| z.im == 0.0 && z.re.abs() == 1.0),
    ("cos", ccos, |z| z.re.is_infinite() && !z.im.is_nan()),
    ("cosh", ccosh, |z| z.im.is_infinite() && !z.re.is_nan()),
    ("exp", cexp, |z| z.im.is_infinite() && !z.re.is_nan() && z.re != f64::NEG_INFINITY),
    ("log10", log10, is_zero),
    ("sin", csin, |z| z.re.is_infinite() && !z.im.is_nan()),
    ("sinh", csinh, |z| z.im.is_infinite() && !z.re.is_nan()),
    ("sqrt", csqrt, |_| false),
    ("tan", ctan, |z| z.re.is_infinite() && z.im.is_finite()),
    ("tanh", ctanh, |z| z.im.is_infinite() && z.re.is_finite()),
};

const OTHERS: &[(&str, &str, NativeFn)] = &[
    ("isclose", "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", Full(isclose)),
    ("isfinite", "($module, z, /)", Full(|cx, a| test(cx, a, |z| z.re.is_finite() && z.im.is_finite()))),
    ("isinf", "($module, z, /)", Full(|cx, a| test(cx, a, |z| z.re.is_infinite() || z.im.is_infinite()))),
    ("isnan", "($module, z, /)", Full(|cx, a| test(cx, a, |z| z.re.is_nan() || z.im.is_nan()))),
    ("log", "($module, z, base=<unrepresentable>, /)", Full(log)),
    ("phase", "($module, z, /)", Full(phase)),
    ("polar", "($module, z, /)", Full(polar)),
    ("rect", "($module, r, phi, /)", Full(rect)),
];

impl C {
    fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }

    fn has_infinity(self) -> bool {
        self.re.is_infinite() || self.im.is_infinite()
    }
}

fn is_zero(z: C) -> bool {
    z.re == 0.0 && z.im == 0.0
}

fn log10(z: C) -> C {
    let w = clog(z);
    C { re: w.re / std::f64::consts::LN_10, im: w.im / std::f64::consts::LN_10 }
}

#[cold]
fn domain_error(cx: &mut Cx) -> Err {
    cx.value_error("math domain error")
}

#[cold]
fn range_error(cx: &mut Cx) -> Err {
    cx.overflow_error("math range error")
}

fn argument(cx: &mut Cx, v: Ref<'_>) -> R<C> {
    let (re, im): Parts = as_parts(cx, v)?;
    Ok(C { re, im })
}

fn result(cx: &Cx, z: C) -> Obj {
    new_complex(cx, z.re, z.im)
}

#[inline(always)]
fn unary(cx: &mut Cx, a: Args<'_>, f: impl Fn(C) -> C, undefined: impl Fn(C) -> bool) -> R {
    let z = argument(cx, a.get(0))?;
    if undefined(z) {
        return Err(domain_error(cx));
    }
    let w = f(z);
    if w.has_infinity() && z.is_finite() {
        return Err(range_error(cx));
    }
    Ok(result(cx, w))
}

fn test(cx: &mut Cx, a: Args<'_>, f: fn(C) -> bool) -> R {
    let z = argument(cx, a.get(0))?;
    Ok(cx.bool(f(z)))
}

fn log(cx: &mut Cx, a: Args<'_>) -> R {
    let z = argument(cx, a.get(0))?;
    let base = a.opt(1).map(|base| argument(cx, base)).transpose()?;
    if is_zero(z) || base.is_some_and(is_zero) {
        return Err(domain_error(cx));
    }
    let above = clog(z);
    let Some(base) = base else { return Ok(result(cx, above)) };
    let below = clog(base);
    match ungil_runtime::objects::complex::arith::div((above.re, above.im), (below.re, below.im)) {
        Some((re, im)) => Ok(new_complex(cx, re, im)),
        None => Err(domain_error(cx)),
    }
}

fn phase(cx: &mut Cx, a: Args<'_>) -> R {
    let z = argument(cx, a.get(0))?;
    Ok(cx.float(z.im.atan2(z.re)))
}

fn polar(cx: &mut Cx, a: Args<'_>) -> R {
    let z = argument(cx, a.get(0))?;
    let r = z.re.hypot(z.im);
    if r.is_infinite() && z.is_finite() {
        return Err(range_error(cx));
    }
    let parts = vec![cx.float(r), cx.float(z.im.atan2(z.re))];
    Ok(cx.tuple(parts))
}

fn rect(cx: &mut Cx, a: Args<'_>) -> R {
    let (r, phi) = (cx.to_f64(a.get(0))?, cx.to_f64(a.get(1))?);
    if phi.is_infinite() && r != 0.0 && !r.is_nan() {
        return Err(domain_error(cx));
    }
    let (re, im) = match (r, phi) {
        // On the axis: an infinite length times zero is zero here.
        (_, 0.0) => (r, if r.is_nan() || r.is_infinite() { phi.copysign(phi * r.signum()) } else { r * phi }),
        (0.0, _) if !phi.is_finite() => (0.0, 0.0),
        (_, phi) if r.is_infinite() && phi.is_nan() => (r.abs(), phi),
        _ => (r * phi.cos(), r * phi.sin()),
    };
    Ok(new_complex(cx, re, im))
}

fn isclose(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = (argument(cx, a.get(0))?, argument(cx, a.get(1))?);
    let mut tolerance = |i: usize, default: f64| match a.opt(i) {
        Some(v) => cx.to_f64(v),
        None => Ok(default),
    };
    let (relative, absolute) = (tolerance(2, 1e-9)?, tolerance(3, 0.0)?);
    if relative < 0.0 || absolute < 0.0 {
        return Err(cx.value_error("tolerances must be non-negative"));
    }
    let equal = x.re == y.re && x.im == y.im;
    let close = equal || {
        let size = |z: C| z.re.hypot(z.im);
        let difference = size(C { re: x.re - y.re, im: x.im - y.im });
        !x.has_infinity()
            && !y.has_infinity()
            && (difference <= relative * size(y)
                || difference <= relative * size(x)
                || difference <= absolute)
    };
    Ok(cx.bool(close))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    add_functions(cx, module, OTHERS);
    use std::f64::consts;
    for (name, x) in [
        ("pi", consts::PI),
        ("e", consts::E),
        ("tau", consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ] {
        let x = cx.float(x);
        add(cx, module, name, x);
    }
    for (name, x) in [("infj", f64::INFINITY), ("nanj", f64::NAN)] {
        let z = new_complex(cx, 0.0, x);
        add(cx, module, name, z);
    }
    Ok(())
}
