//! The operations of `Context`: those of `Decimal` with operands that may be ints.

use super::construct;
use super::context::PyContext;
use super::methods::{PREDICATES, copy_sign, fma_in, number_class, to_integral_in};
use super::num::{Dec, basic, compare, exp_log, logic, power, quantum, text};
use super::number::{Binary, Cost, Unary, binary_in, new_decimal, operand_or_error, payload, unary_in};
use super::operators::{div_mod_in, pow_mod_in};
use ungil_runtime::prelude::*;

#[inline(always)]
fn unary(cx: &mut Cx, a: Args<'_>, f: Unary, cost: Cost) -> R {
    let x = operand_or_error(cx, a.get(1))?;
    unary_in(cx, a.this(), x.get(), f, cost)
}

#[inline(always)]
fn binary(cx: &mut Cx, a: Args<'_>, f: Binary, cost: Cost) -> R {
    let x = operand_or_error(cx, a.get(1))?;
    let y = operand_or_error(cx, a.get(2))?;
    binary_in(cx, a.this(), x.get(), y.get(), f, cost)
}

macro_rules! unaries {
    ($($name:literal $f:path, $cost:ident;)*) => {
        &[$(($name, "($self, x, /)", Full(|cx, a| unary(cx, a, $f, Cost::$cost)))),*]
    };
}

macro_rules! binaries {
    ($($name:literal $f:path, $cost:ident;)*) => {
        &[$(($name, "($self, x, y, /)", Full(|cx, a| binary(cx, a, $f, Cost::$cost)))),*]
    };
}

type Table = &'static [(&'static str, &'static str, NativeFn)];

const UNARIES: Table = unaries! {
    "abs" basic::abs, Operands;
    "exp" exp_log::exp, Precision;
    "ln" exp_log::ln, Precision;
    "log10" exp_log::log10, Precision;
    "logb" quantum::logb, Operands;
    "logical_invert" logic::invert, Precision;
    "minus" basic::minus, Operands;
    "next_minus" quantum::next_minus, Precision;
    "next_plus" quantum::next_plus, Precision;
    "normalize" basic::reduce, Operands;
    "plus" basic::plus, Operands;
    "sqrt" basic::square_root, Precision;
};

const BINARIES: Table = binaries! {
    "add" basic::add, Operands;
    "compare" compare::compare, Operands;
    "compare_signal" compare::compare_signal, Operands;
    "divide" basic::div, Precision;
    "divide_int" basic::div_int, Operands;
    "logical_and" logic::and, Operands;
    "logical_or" logic::or, Operands;
    "logical_xor" logic::xor, Operands;
    "max" compare::max, Operands;
    "max_mag" compare::max_mag, Operands;
    "min" compare::min, Operands;
    "min_mag" compare::min_mag, Operands;
    "multiply" basic::mul, Operands;
    "next_toward" quantum::next_toward, Precision;
    "quantize" quantum::quantize, Operands;
    "remainder" basic::rem, Operands;
    "remainder_near" basic::rem_near, Operands;
    "rotate" logic::rotate, Operands;
    "scaleb" quantum::scaleb, Operands;
    "shift" logic::shift, Operands;
    "subtract" basic::sub, Operands;
};

/// `(self, x, y)` where the context does not matter.
fn free(cx: &mut Cx, a: Args<'_>, f: fn(&Dec, &Dec) -> Dec) -> R {
    let x = operand_or_error(cx, a.get(1))?;
    let y = operand_or_error(cx, a.get(2))?;
    new_decimal(cx, f(x.get(), y.get()))
}

/// A method that gives an operand with another sign, or itself.
fn copied(cx: &mut Cx, a: Args<'_>, f: fn(Dec) -> Dec) -> R {
    let x = operand_or_error(cx, a.get(1))?;
    new_decimal(cx, f(x.get().clone()))
}

fn predicate(cx: &mut Cx, a: Args<'_>, f: fn(&Dec) -> bool) -> R {
    let x = operand_or_error(cx, a.get(1))?;
    Ok(cx.bool(f(x.get())))
}

fn in_range(cx: &mut Cx, a: Args<'_>, f: fn(&Dec, i64) -> bool) -> R {
    let x = operand_or_error(cx, a.get(1))?;
    Ok(cx.bool(f(x.get(), a.this::<PyContext>().settings().emin)))
}

fn to_string(cx: &mut Cx, a: Args<'_>, engineering: bool) -> R {
    let x = operand_or_error(cx, a.get(1))?;
    let text = text::to_text(x.get(), engineering, a.this::<PyContext>().capitals());
    Ok(cx.str(&text))
}

fn to_integral(cx: &mut Cx, a: Args<'_>, exact: bool) -> R {
    let x = operand_or_error(cx, a.get(1))?;
    let context = a.this::<PyContext>();
    to_integral_in(cx, context, x.get(), &context.settings(), exact)
}

fn power_method(cx: &mut Cx, a: Args<'_>) -> R {
    let x = operand_or_error(cx, a.get(1))?;
    let y = operand_or_error(cx, a.get(2))?;
    match a.opt_not_none(3) {
        None => binary_in(cx, a.this(), x.get(), y.get(), power::pow, Cost::Precision),
        Some(modulus) => {
            let modulus = operand_or_error(cx, modulus)?;
            pow_mod_in(cx, a.this(), x.get(), y.get(), modulus.get())
        }
    }
}

fn check_decimal(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    match payload(cx, v) {
        Some(_) => Ok(()),
        None => Err(cx.type_error("argument must be a Decimal")),
    }
}

const OTHERS: Table = &[
    (
        "divmod",
        "($self, x, y, /)",
        Full(|cx, a| {
            let x = operand_or_error(cx, a.get(1))?;
            let y = operand_or_error(cx, a.get(2))?;
            div_mod_in(cx, a.this(), x.get(), y.get())
        }),
    ),
    (
        "fma",
        "($self, x, y, z, /)",
        Full(|cx, a| {
            let x = operand_or_error(cx, a.get(1))?;
            let y = operand_or_error(cx, a.get(2))?;
            let z = operand_or_error(cx, a.get(3))?;
            fma_in(cx, a.this(), x.get(), y.get(), z.get())
        }),
    ),
    ("power", "($self, /, a, b, modulo=None)", Full(power_method)),
    ("compare_total", "($self, x, y, /)", Full(|cx, a| free(cx, a, compare::compare_total))),
    ("compare_total_mag", "($self, x, y, /)", Full(|cx, a| free(cx, a, compare::compare_total_mag))),
    ("copy_sign", "($self, x, y, /)", Full(|cx, a| free(cx, a, copy_sign))),
    (
        "same_quantum",
        "($self, x, y, /)",
        Full(|cx, a| {
            let x = operand_or_error(cx, a.get(1))?;
            let y = operand_or_error(cx, a.get(2))?;
            Ok(cx.bool(quantum::same_quantum(x.get(), y.get())))
        }),
    ),
    ("copy_abs", "($self, x, /)", Full(|cx, a| copied(cx, a, Dec::abs))),
    ("copy_negate", "($self, x, /)", Full(|cx, a| copied(cx, a, Dec::negated))),
    ("copy_decimal", "($self, x, /)", Full(copy_decimal)),
    ("is_normal", "($self, x, /)", Full(|cx, a| in_range(cx, a, Dec::is_normal))),
    ("is_subnormal", "($self, x, /)", Full(|cx, a| in_range(cx, a, Dec::is_subnormal))),
    (
        "number_class",
        "($self, x, /)",
        Full(|cx, a| {
            let x = operand_or_error(cx, a.get(1))?;
            Ok(cx.str(number_class(x.get(), &a.this::<PyContext>().settings())))
        }),
    ),
    (
        "canonical",
        "($self, x, /)",
        Full(|cx, a| {
            check_decimal(cx, a.get(1))?;
            Ok(a.get(1).own(cx))
        }),
    ),
    (
        "is_canonical",
        "($self, x, /)",
        Full(|cx, a| {
            check_decimal(cx, a.get(1))?;
            Ok(cx.bool(true))
        }),
    ),
    ("to_sci_string", "($self, x, /)", Full(|cx, a| to_string(cx, a, false))),
    ("to_eng_string", "($self, x, /)", Full(|cx, a| to_string(cx, a, true))),
    ("to_integral", "($self, x, /)", Full(|cx, a| to_integral(cx, a, false))),
    ("to_integral_value", "($self, x, /)", Full(|cx, a| to_integral(cx, a, false))),
    ("to_integral_exact", "($self, x, /)", Full(|cx, a| to_integral(cx, a, true))),
    (
        "_apply",
        "($self, object, /)",
        Full(|cx, a| unary(cx, a, |d, c, s| d.clone().finish(c, s), Cost::Operands)),
    ),
    (
        "create_decimal",
        "($self, num=\"0\", /)",
        Full(|cx, a| match a.opt(1) {
            Some(v) => construct::create(cx, v, a.this()),
            None => new_decimal(cx, Dec::zero(false, 0)),
        }),
    ),
    (
        "create_decimal_from_float",
        "($self, f, /)",
        Full(|cx, a| construct::create_from_float(cx, a.get(1), a.this())),
    ),
];

/// The operand itself if it is a number already.
fn copy_decimal(cx: &mut Cx, a: Args<'_>) -> R {
    if payload(cx, a.get(1)).is_some() {
        return Ok(a.get(1).own(cx));
    }
    copied(cx, a, |d| d)
}

/// Natives of the predicates, each a function of its own; the first is `is_canonical`, which wants a `Decimal`.
macro_rules! predicates {
    ($($i:literal)*) => {
        [$((PREDICATES[$i].0, Full(|cx, a| predicate(cx, a, PREDICATES[$i].1)))),*]
    };
}

/// Adds the methods to the type.
pub fn add_to(cx: &mut Cx, t: &mut TypeBuilder) {
    t.methods(cx, UNARIES).methods(cx, BINARIES).methods(cx, OTHERS);
    let predicates: [(&'static str, NativeFn); 7] = predicates!(1 2 3 4 5 6 7);
    for (name, f) in predicates {
        t.method(cx, name, "($self, x, /)", f);
    }
}
