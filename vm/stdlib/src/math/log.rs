//! Logarithms, of ints of any size too.

use super::real::expected;
use ungil_runtime::objects::int::{self, IntRef};
use ungil_runtime::prelude::*;

pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("log", "($module, x, base=<unrepresentable>, /)", Full(log)),
    ("log2", "($module, x, /)", Full(|cx, a| of_any(cx, a.get(0), f64::log2).map(|y| cx.float(y)))),
    ("log10", "($module, x, /)", Full(|cx, a| of_any(cx, a.get(0), f64::log10).map(|y| cx.float(y)))),
];

fn log(cx: &mut Cx, a: Args<'_>) -> R {
    let above = of_any(cx, a.get(0), f64::ln)?;
    let Some(base) = a.opt(1) else { return Ok(cx.float(above)) };
    let below = of_any(cx, base, f64::ln)?;
    if below == 0.0 {
        return Err(cx.zero_division("division by zero"));
    }
    Ok(cx.float(above / below))
}

/// `f(v)`, `f` being a logarithm.
#[inline(always)]
fn of_any(cx: &mut Cx, v: Ref<'_>, f: fn(f64) -> f64) -> R<f64> {
    let w = v.value();
    let x = match w.as_float() {
        Some(x) => x,
        None => match int::view(cx, v) {
            Some(n) => return of_int(cx, n, f),
            None => cx.to_f64(v)?,
        },
    };
    if x > 0.0 || x.is_nan() {
        return Ok(f(x));
    }
    Err(expected(cx, "a positive input", x))
}

fn of_int(cx: &mut Cx, n: IntRef<'_>, f: fn(f64) -> f64) -> R<f64> {
    if n.is_negative() || n.is_zero() {
        return Err(cx.value_error("expected a positive input"));
    }
    if let Ok(x) = n.to_f64() {
        return Ok(f(x));
    }
    // n = m * 2 ** bits, and logarithms of products are sums.
    let bits = n.bits();
    let top =
        n.shr(IntRef::Word(bits as i128 - 120)).ok().and_then(|top| top.r().to_f64().ok()).unwrap_or(1.0);
    let mantissa = top * 2f64.powi(-120);
    Ok(f(mantissa) + f(2.0) * bits as f64)
}
