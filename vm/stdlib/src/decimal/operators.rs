//! The special methods of `Decimal` for arithmetic and comparison.

use super::current::{self, current};
use super::num::{Dec, basic, compare, power, signal};
use super::number::{
    Binary, Cost, Operand, PyDecimal, Unary, binary_in, new_decimal, operand, payload, run, unary_in,
};
use super::{construct, state};
use std::cmp::Ordering;
use ungil_runtime::class::NumberHooks;
use ungil_runtime::prelude::*;

/// `a op b`, or `NotImplemented`.
#[inline(always)]
fn binary(cx: &mut Cx, a: Ref<'_>, b: Ref<'_>, f: Binary, cost: Cost) -> R {
    let context = current(cx)?;
    let Some(a) = operand(cx, a)? else { return Ok(cx.not_implemented()) };
    let Some(b) = operand(cx, b)? else { return Ok(cx.not_implemented()) };
    binary_in(cx, current::view(&context), a.get(), b.get(), f, cost)
}

#[inline(always)]
fn unary(cx: &mut Cx, a: Args<'_>, f: Unary) -> R {
    let context = current(cx)?;
    unary_in(cx, current::view(&context), &a.this::<PyDecimal>().d, f, Cost::Operands)
}

fn div_mod(cx: &mut Cx, a: Ref<'_>, b: Ref<'_>) -> R {
    let context = current(cx)?;
    let Some(a) = operand(cx, a)? else { return Ok(cx.not_implemented()) };
    let Some(b) = operand(cx, b)? else { return Ok(cx.not_implemented()) };
    div_mod_in(cx, current::view(&context), a.get(), b.get())
}

/// `divmod` in a context.
pub fn div_mod_in(cx: &mut Cx, context: &super::context::PyContext, a: &Dec, b: &Dec) -> R {
    let c = context.settings();
    let mut status = 0;
    let (quotient, rest) = run(cx, &[a, b], c.prec, || basic::div_mod(a, b, &c, &mut status));
    context.signal(cx, status)?;
    let (quotient, rest) = (new_decimal(cx, quotient)?, new_decimal(cx, rest)?);
    Ok(cx.tuple(vec![quotient, rest]))
}

fn pow(cx: &mut Cx, a: Ref<'_>, b: Ref<'_>, modulus: Option<Ref<'_>>) -> R {
    let context = current(cx)?;
    let context = current::view(&context);
    let Some(a) = operand(cx, a)? else { return Ok(cx.not_implemented()) };
    let Some(b) = operand(cx, b)? else { return Ok(cx.not_implemented()) };
    let Some(modulus) = modulus else {
        return binary_in(cx, context, a.get(), b.get(), power::pow, Cost::Precision);
    };
    let Some(modulus) = operand(cx, modulus)? else { return Ok(cx.not_implemented()) };
    pow_mod_in(cx, context, a.get(), b.get(), modulus.get())
}

/// `pow(a, b, modulus)` where only the modulus may be a `Decimal`.
pub fn pow_by_modulus(cx: &mut Cx, a: Ref<'_>, b: Ref<'_>, modulus: Ref<'_>) -> R<Option<Obj>> {
    if payload(cx, modulus).is_none() {
        return Ok(None);
    }
    let result = pow(cx, a, b, Some(modulus))?;
    Ok(Some(result).filter(|result| result.value() != Value::NOT_IMPLEMENTED))
}

/// `pow(a, b, modulus)` in a context.
pub fn pow_mod_in(cx: &mut Cx, context: &super::context::PyContext, a: &Dec, b: &Dec, modulus: &Dec) -> R {
    let c = context.settings();
    let mut status = 0;
    let result = cx.detached(|| power::pow_mod(a, b, modulus, &c, &mut status));
    context.signal(cx, status)?;
    new_decimal(cx, result)
}

/// What a comparison with some other object compares.
enum Comparable<'a> {
    /// Two numbers.
    Direct(Operand<'a>),
    /// The product with a denominator, and a numerator.
    Scaled(Dec, Dec),
    No,
}

/// The float as an operand; that a float is compared is signalled, but only ordering is an error.
fn float_operand<'a>(cx: &mut Cx, x: f64, op: CompareOp) -> R<Comparable<'a>> {
    let context = current(cx)?;
    let context = current::view(&context);
    match op {
        CompareOp::Eq | CompareOp::Ne => context.words.add_flags(signal::FLOAT_OPERATION),
        _ => context.signal(cx, signal::FLOAT_OPERATION)?,
    }
    let d = construct::from_f64(x);
    Ok(Comparable::Direct(Operand::Own(construct::or_memory_error(cx, d)?)))
}

fn comparable<'a>(cx: &mut Cx, d: &Dec, v: Ref<'a>, op: CompareOp) -> R<Comparable<'a>> {
    if let Some(operand) = operand(cx, v)? {
        return Ok(Comparable::Direct(operand));
    }
    if cx.is_instance_of(v, Builtin::Float) {
        let x = cx.to_f64(v)?;
        return float_operand(cx, x, op);
    }
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    if cx.is_instance_of(v, Builtin::Complex) {
        let (real, imag) = (cx.get_attr_str(v, "real")?, cx.get_attr_str(v, "imag")?);
        if !equality || cx.to_f64(imag.r())? != 0.0 {
            return Ok(Comparable::No);
        }
        let x = cx.to_f64(real.r())?;
        return float_operand(cx, x, op);
    }
    if cx.is_instance(v, state().rational.get())? {
        let (numerator, denominator) = (cx.get_attr_str(v, "numerator")?, cx.get_attr_str(v, "denominator")?);
        let numerator = operand_of_int(cx, numerator.r())?;
        let denominator = operand_of_int(cx, denominator.r())?;
        return Ok(match (numerator, denominator) {
            (Some(n), Some(_)) if d.is_special() => Comparable::Direct(Operand::Own(n)),
            (Some(n), Some(q)) => {
                // Nothing is rounded, whatever the size.
                let product = basic::mul(d, &q, &WIDEST, &mut 0);
                Comparable::Scaled(product, n)
            }
            _ => Comparable::No,
        });
    }
    Ok(Comparable::No)
}

/// The context in which products are exact.
const WIDEST: super::num::Ctx = super::num::Ctx::MAX;

fn operand_of_int(cx: &mut Cx, v: Ref<'_>) -> R<Option<Dec>> {
    Ok(operand(cx, v)?.map(|operand| operand.get().clone()))
}

fn compare_op(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let d = &a.this::<PyDecimal>().d;
    let other = match payload(cx, a.get(1)) {
        Some(other) => Comparable::Direct(Operand::Borrowed(other)),
        None => comparable(cx, d, a.get(1), op)?,
    };
    match other {
        Comparable::Direct(other) => compare_with(cx, d, other.get(), op).map(|holds| cx.bool(holds)),
        Comparable::Scaled(product, numerator) => {
            compare_with(cx, &product, &numerator, op).map(|holds| cx.bool(holds))
        }
        Comparable::No => Ok(cx.not_implemented()),
    }
}

fn compare_with(cx: &mut Cx, a: &Dec, b: &Dec, op: CompareOp) -> R<bool> {
    if !a.is_nan() && !b.is_nan() {
        let order: Ordering = compare::compare_values(a, b);
        return Ok(op.holds(order));
    }
    // NaNs are not in order with anything, and signaling ones not to be compared at all.
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    if !equality || a.is_snan() || b.is_snan() {
        let context = current(cx)?;
        current::view(&context).signal(cx, signal::INVALID_OPERATION)?;
    }
    Ok(op == CompareOp::Ne)
}

/// What the interpreter calls for two decimals, or one and an int, instead of the special methods.
static HOOKS: NumberHooks = NumberHooks {
    binary: |cx, op, a, b| {
        Some(match op {
            BinaryOp::Add => binary(cx, a, b, basic::add, Cost::Operands),
            BinaryOp::Sub => binary(cx, a, b, basic::sub, Cost::Operands),
            BinaryOp::Mul => binary(cx, a, b, basic::mul, Cost::Operands),
            BinaryOp::TrueDiv => binary(cx, a, b, basic::div, Cost::Precision),
            BinaryOp::FloorDiv => binary(cx, a, b, basic::div_int, Cost::Operands),
            BinaryOp::Mod => binary(cx, a, b, basic::rem, Cost::Operands),
            _ => return None,
        })
    },
    compare: |cx, op, a, b| {
        if let (Some(a), Some(b)) = (payload(cx, a), payload(cx, b)) {
            return Some(compare_with(cx, a, b, op));
        }
        let own = |i: Option<i64>| Dec::from_i128(i.unwrap_or_default() as i128);
        Some(match payload(cx, a) {
            Some(a) => compare_with(cx, a, &own(b.value().as_int()), op),
            None => compare_with(cx, &own(a.value().as_int()), payload(cx, b)?, op),
        })
    },
};

/// A binary operator and its reflection.
macro_rules! operator {
    ($f:path, $cost:ident, $forward:ident, $reflected:ident) => {
        [
            (Special::$forward, Full(|cx, a| binary(cx, a.get(0), a.get(1), $f, Cost::$cost))),
            (Special::$reflected, Full(|cx, a| binary(cx, a.get(1), a.get(0), $f, Cost::$cost))),
        ]
    };
}

/// Adds the methods to the type.
pub fn add_to(cx: &mut Cx, t: &mut TypeBuilder) {
    t.number(&HOOKS);
    t.specials(cx, &operator!(basic::add, Operands, Add, RAdd));
    t.specials(cx, &operator!(basic::sub, Operands, Sub, RSub));
    t.specials(cx, &operator!(basic::mul, Operands, Mul, RMul));
    t.specials(cx, &operator!(basic::div, Precision, TrueDiv, RTrueDiv));
    t.specials(cx, &operator!(basic::div_int, Operands, FloorDiv, RFloorDiv));
    t.specials(cx, &operator!(basic::rem, Operands, Mod, RMod));
    t.specials(
        cx,
        &[
            (Special::DivMod, Full(|cx, a| div_mod(cx, a.get(0), a.get(1)))),
            (Special::RDivMod, Full(|cx, a| div_mod(cx, a.get(1), a.get(0)))),
            (Special::Pow, Full(|cx, a| pow(cx, a.get(0), a.get(1), a.opt_not_none(2)))),
            (Special::RPow, Full(|cx, a| pow(cx, a.get(1), a.get(0), a.opt_not_none(2)))),
            (Special::Neg, Full(|cx, a| unary(cx, a, basic::minus))),
            (Special::Pos, Full(|cx, a| unary(cx, a, basic::plus))),
            (Special::Abs, Full(|cx, a| unary(cx, a, basic::abs))),
        ],
    );
    t.specials(cx, &ungil_runtime::objects::construct::comparisons!(compare_op));
}
