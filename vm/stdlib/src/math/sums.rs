//! `fsum`, `prod` and `sumprod`.

use super::exact::{Partials, Triple};
use ungil_runtime::objects::int;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("fsum", "($module, seq, /)", Full(fsum)),
    ("prod", "($module, iterable, /, *, start=1)", Full(prod)),
    ("sumprod", "($module, p, q, /)", Full(sumprod)),
];

fn fsum(cx: &mut Cx, a: Args<'_>) -> R {
    let iterator = cx.iter(a.get(0))?;
    let mut partials = Partials::default();
    // Infinities and NaNs are added apart: `infinities` tells whether they cancel.
    let (mut special, mut infinities) = (0.0, 0.0);
    while let Some(item) = cx.next(iterator.r())? {
        let x = cx.to_f64(item.r())?;
        drop(item);
        if partials.add(x).is_none() {
            continue;
        }
        if x.is_finite() {
            return Err(cx.overflow_error("intermediate overflow in fsum"));
        }
        if x.is_infinite() {
            infinities += x;
        }
        special += x;
        partials.clear();
    }
    if special != 0.0 {
        if infinities.is_nan() {
            return Err(cx.value_error("-inf + inf in fsum"));
        }
        return Ok(cx.float(special));
    }
    Ok(cx.float(partials.total()))
}

fn prod(cx: &mut Cx, a: Args<'_>) -> R {
    let iterator = cx.iter(a.get(0))?;
    let mut result = match a.opt(1) {
        Some(start) => start.own(cx),
        None => cx.int(1),
    };
    while let Some(item) = cx.next(iterator.r())? {
        result = multiply(cx, result, item)?;
        cx.poll()?;
    }
    Ok(result)
}

/// `a * b`, quickly for immediates.
#[inline(always)]
fn multiply(cx: &mut Cx, a: Obj, b: Obj) -> R {
    let (x, y) = (a.value(), b.value());
    if let (Some(x), Some(y)) = (x.as_float(), y.as_float()) {
        return Ok(cx.float(x * y));
    }
    if let (Some(x), Some(y)) = (x.as_int(), y.as_int())
        && let Some(product) = x.checked_mul(y)
    {
        return Ok(cx.int(product));
    }
    cx.binary(BinaryOp::Mul, a.r(), b.r())
}

/// A sum of products under way: of ints and of floats apart, as long as there are only these.
struct Sum {
    total: Obj,
    ints: Option<i64>,
    floats: Option<Triple>,
}

impl Sum {
    /// Adds what the ints have come to, which end here.
    fn end_ints(&mut self, cx: &mut Cx) -> R<()> {
        match self.ints.take() {
            None | Some(0) => Ok(()),
            Some(n) => {
                let n = cx.int(n);
                self.add(cx, n)
            }
        }
    }

    /// As [`Sum::end_ints`] for floats; `used` tells whether there were any.
    fn end_floats(&mut self, cx: &mut Cx, used: bool) -> R<()> {
        match self.floats.take() {
            Some(sum) if used => {
                let x = cx.float(sum.to_f64());
                self.add(cx, x)
            }
            _ => Ok(()),
        }
    }

    fn add(&mut self, cx: &mut Cx, v: Obj) -> R<()> {
        self.total = cx.binary(BinaryOp::Add, self.total.r(), v.r())?;
        Ok(())
    }
}

/// The two as floats, if one is a float and the other a float, an int or a bool.
fn floats(cx: &Cx, p: Ref<'_>, q: Ref<'_>) -> Option<(f64, f64)> {
    let (x, y) = (p.value().as_float(), q.value().as_float());
    let other = |v: Ref<'_>| match v.value().as_bool() {
        Some(b) => Some(b as u8 as f64),
        None if cx.is_exactly(v, Builtin::Int) => int::view(cx, v)?.to_f64().ok(),
        None => None,
    };
    match (x, y) {
        (Some(x), Some(y)) => Some((x, y)),
        (Some(x), None) => Some((x, other(q)?)),
        (None, Some(y)) => Some((other(p)?, y)),
        (None, None) => None,
    }
}

/// `ints + p * q` for ints of machine size.
fn add_int_product(cx: &Cx, ints: i64, p: Ref<'_>, q: Ref<'_>) -> Option<i64> {
    if !cx.is_exactly(p, Builtin::Int) || !cx.is_exactly(q, Builtin::Int) {
        return None;
    }
    ints.checked_add(int::to_i64(cx, p)?.checked_mul(int::to_i64(cx, q)?)?)
}

fn sumprod(cx: &mut Cx, a: Args<'_>) -> R {
    let (ps, qs) = (cx.iter(a.get(0))?, cx.iter(a.get(1))?);
    let mut sum = Sum { total: cx.int(0), ints: Some(0), floats: Some(Triple::default()) };
    let mut floats_used = false;
    loop {
        let (p, q) = match (cx.next(ps.r())?, cx.next(qs.r())?) {
            (Some(p), Some(q)) => (p, q),
            (None, None) => break,
            _ => return Err(cx.value_error("Inputs are not the same length")),
        };
        cx.poll()?;
        if let Some(ints) = sum.ints {
            if let Some(next) = add_int_product(cx, ints, p.r(), q.r()) {
                sum.ints = Some(next);
                continue;
            }
            sum.end_ints(cx)?;
        }
        if let Some(so_far) = sum.floats {
            if let Some((x, y)) = floats(cx, p.r(), q.r()) {
                let next = so_far.add_product(x, y);
                if next.is_finite() {
                    (sum.floats, floats_used) = (Some(next), true);
                    continue;
                }
            }
            sum.end_floats(cx, floats_used)?;
        }
        let product = cx.binary(BinaryOp::Mul, p.r(), q.r())?;
        sum.add(cx, product)?;
    }
    sum.end_ints(cx)?;
    sum.end_floats(cx, floats_used)?;
    Ok(sum.total)
}
