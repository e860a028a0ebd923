//! The methods of `Decimal` that are operations of the specification, and predicates.

use super::context::{PyContext, round_of};
use super::current;
use super::num::{Ctx, Dec, Kind, basic, compare, exp_log, logic, quantum};
use super::number::{
    Binary, Cost, PyDecimal, Unary, binary_in, context_argument, new_decimal, operand_or_error, run, unary_in,
};
use ungil_runtime::prelude::*;

fn this<'a>(a: Args<'a>) -> &'a Dec {
    &a.this::<PyDecimal>().d
}

/// A method `(self, context=None)`.
#[inline(always)]
fn unary(cx: &mut Cx, a: Args<'_>, f: Unary, cost: Cost) -> R {
    let context = context_argument(cx, a.opt(1))?;
    unary_in(cx, current::view(&context), this(a), f, cost)
}

/// A method `(self, other, context=None)`.
#[inline(always)]
fn binary(cx: &mut Cx, a: Args<'_>, f: Binary) -> R {
    let context = context_argument(cx, a.opt(2))?;
    let other = operand_or_error(cx, a.get(1))?;
    binary_in(cx, current::view(&context), this(a), other.get(), f, Cost::Operands)
}

fn fma(cx: &mut Cx, a: Args<'_>) -> R {
    let context = context_argument(cx, a.opt(3))?;
    let (other, third) = (operand_or_error(cx, a.get(1))?, operand_or_error(cx, a.get(2))?);
    fma_in(cx, current::view(&context), this(a), other.get(), third.get())
}

/// `a * b + d` in a context.
pub fn fma_in(cx: &mut Cx, context: &PyContext, a: &Dec, b: &Dec, d: &Dec) -> R {
    let c = context.settings();
    let mut status = 0;
    let result = run(cx, &[a, b, d], 0, || basic::fma(a, b, d, &c, &mut status));
    context.signal(cx, status)?;
    new_decimal(cx, result)
}

/// The settings with the way of rounding that a method was given.
fn with_rounding(cx: &mut Cx, context: &PyContext, rounding: Option<Ref<'_>>) -> R<Ctx> {
    let mut c = context.settings();
    if let Some(rounding) = rounding {
        c.round = round_of(cx, rounding)?;
    }
    Ok(c)
}

fn quantize(cx: &mut Cx, a: Args<'_>) -> R {
    let context = context_argument(cx, a.opt(3))?;
    let context = current::view(&context);
    let c = with_rounding(cx, context, a.opt_not_none(2))?;
    let exp = operand_or_error(cx, a.get(1))?;
    let (d, exp) = (this(a), exp.get());
    let mut status = 0;
    let result = run(cx, &[d], 0, || quantum::quantize(d, exp, &c, &mut status));
    context.signal(cx, status)?;
    new_decimal(cx, result)
}

fn to_integral(cx: &mut Cx, a: Args<'_>, exact: bool) -> R {
    let context = context_argument(cx, a.opt(2))?;
    let context = current::view(&context);
    let c = with_rounding(cx, context, a.opt_not_none(1))?;
    to_integral_in(cx, context, this(a), &c, exact)
}

/// The number rounded to an integer; only the exact form signals that something was rounded off.
pub fn to_integral_in(cx: &mut Cx, context: &PyContext, d: &Dec, c: &Ctx, exact: bool) -> R {
    use super::num::signal::{INEXACT, ROUNDED};
    let mut status = 0;
    let result = run(cx, &[d], 0, || quantum::to_integral(d, c.round, c, &mut status));
    context.signal(cx, if exact { status } else { status & !(INEXACT | ROUNDED) })?;
    new_decimal(cx, result)
}

/// What kind of number it is, by the specification's names.
pub fn number_class(d: &Dec, c: &Ctx) -> &'static str {
    let signed = |positive, negative| if d.negative { negative } else { positive };
    match d.kind {
        Kind::Quiet => "NaN",
        Kind::Signaling => "sNaN",
        Kind::Infinite => signed("+Infinity", "-Infinity"),
        Kind::Finite if d.is_zero() => signed("+Zero", "-Zero"),
        Kind::Finite if d.is_normal(c.emin) => signed("+Normal", "-Normal"),
        Kind::Finite => signed("+Subnormal", "-Subnormal"),
    }
}

/// A predicate that needs no context.
type Predicate = fn(&Dec) -> bool;

/// The predicates that need none.
pub const PREDICATES: &[(&str, Predicate)] = &[
    ("is_canonical", |_| true),
    ("is_finite", |d| d.is_finite()),
    ("is_infinite", |d| d.is_infinite()),
    ("is_nan", |d| d.is_nan()),
    ("is_qnan", |d| d.kind == Kind::Quiet),
    ("is_signed", |d| d.negative),
    ("is_snan", |d| d.is_snan()),
    ("is_zero", |d| d.is_zero()),
];

/// Natives of the predicates, each a function of its own.
macro_rules! predicates {
    ($($i:literal)*) => {
        [$(Leaf(|cx, a| Ok(cx.bool(PREDICATES[$i].1(this(a)))))),*]
    };
}

/// A predicate `(self, context=None)`.
fn in_range(cx: &mut Cx, a: Args<'_>, f: fn(&Dec, i64) -> bool) -> R {
    let context = context_argument(cx, a.opt(1))?;
    let emin = current::view(&context).settings().emin;
    Ok(cx.bool(f(this(a), emin)))
}

/// `(self, other, context=None)` where the context does not matter.
fn free(cx: &mut Cx, a: Args<'_>, f: fn(&Dec, &Dec) -> Dec) -> R {
    context_argument(cx, a.opt(2))?;
    let other = operand_or_error(cx, a.get(1))?;
    new_decimal(cx, f(this(a), other.get()))
}

macro_rules! unaries {
    ($($name:literal $f:path, $cost:ident;)*) => {
        &[$(($name, "($self, /, context=None)", Full(|cx, a| unary(cx, a, $f, Cost::$cost)))),*]
    };
}

macro_rules! binaries {
    ($($name:literal $f:path;)*) => {
        &[$(($name, "($self, /, other, context=None)", Full(|cx, a| binary(cx, a, $f)))),*]
    };
}

type Table = &'static [(&'static str, &'static str, NativeFn)];

const UNARIES: Table = unaries! {
    "exp" exp_log::exp, Precision;
    "ln" exp_log::ln, Precision;
    "log10" exp_log::log10, Precision;
    "sqrt" basic::square_root, Precision;
    "normalize" basic::reduce, Operands;
    "logb" quantum::logb, Operands;
    "logical_invert" logic::invert, Precision;
    "next_minus" quantum::next_minus, Precision;
    "next_plus" quantum::next_plus, Precision;
};

const BINARIES: Table = binaries! {
    "compare" compare::compare;
    "compare_signal" compare::compare_signal;
    "max" compare::max;
    "max_mag" compare::max_mag;
    "min" compare::min;
    "min_mag" compare::min_mag;
    "next_toward" quantum::next_toward;
    "remainder_near" basic::rem_near;
    "logical_and" logic::and;
    "logical_or" logic::or;
    "logical_xor" logic::xor;
    "rotate" logic::rotate;
    "scaleb" quantum::scaleb;
    "shift" logic::shift;
};

/// A number with the sign of another.
pub fn copy_sign(a: &Dec, b: &Dec) -> Dec {
    a.clone().with_sign(b.negative)
}

const OTHERS: Table = &[
    ("fma", "($self, /, other, third, context=None)", Full(fma)),
    ("quantize", "($self, /, exp, rounding=None, context=None)", Full(quantize)),
    ("to_integral", "($self, /, rounding=None, context=None)", Full(|cx, a| to_integral(cx, a, false))),
    ("to_integral_value", "($self, /, rounding=None, context=None)", Full(|cx, a| to_integral(cx, a, false))),
    ("to_integral_exact", "($self, /, rounding=None, context=None)", Full(|cx, a| to_integral(cx, a, true))),
    ("compare_total", "($self, /, other, context=None)", Full(|cx, a| free(cx, a, compare::compare_total))),
    (
        "compare_total_mag",
        "($self, /, other, context=None)",
        Full(|cx, a| free(cx, a, compare::compare_total_mag)),
    ),
    ("copy_sign", "($self, /, other, context=None)", Full(|cx, a| free(cx, a, copy_sign))),
    (
        "same_quantum",
        "($self, /, other, context=None)",
        Full(|cx, a| {
            context_argument(cx, a.opt(2))?;
            let other = operand_or_error(cx, a.get(1))?;
            Ok(cx.bool(quantum::same_quantum(this(a), other.get())))
        }),
    ),
    ("is_normal", "($self, /, context=None)", Full(|cx, a| in_range(cx, a, Dec::is_normal))),
    ("is_subnormal", "($self, /, context=None)", Full(|cx, a| in_range(cx, a, Dec::is_subnormal))),
    (
        "number_class",
        "($self, /, context=None)",
        Full(|cx, a| {
            let context = context_argument(cx, a.opt(1))?;
            Ok(cx.str(number_class(this(a), &current::view(&context).settings())))
        }),
    ),
    ("copy_abs", "($self, /)", Full(|cx, a| new_decimal(cx, this(a).clone().abs()))),
    ("copy_negate", "($self, /)", Full(|cx, a| new_decimal(cx, this(a).clone().negated()))),
    ("canonical", "($self, /)", Leaf(|cx, a| Ok(a.get(0).own(cx)))),
    ("conjugate", "($self, /)", Leaf(|cx, a| Ok(a.get(0).own(cx)))),
    ("radix", "($self, /)", Full(|cx, _| new_decimal(cx, Dec::short(false, 10, 0)))),
    (
        "adjusted",
        "($self, /)",
        Leaf(|cx, a| {
            let d = this(a);
            Ok(cx.int(if d.is_finite() { d.adjusted() } else { 0 }))
        }),
    ),
];

/// Adds the methods to the type.
pub fn add_to(cx: &mut Cx, t: &mut TypeBuilder) {
    t.methods(cx, UNARIES).methods(cx, BINARIES).methods(cx, OTHERS);
    for (&(name, _), f) in PREDICATES.iter().zip(predicates!(0 1 2 3 4 5 6 7)) {
        t.method(cx, name, "($self, /)", f);
    }
    t.getset(cx, "real", Leaf(|cx, a| Ok(a.get(0).own(cx))), None);
    t.getset(cx, "imag", Full(|cx, _| new_decimal(cx, Dec::zero(false, 0))), None);
}
