//! `Decimal`: the type, and how operations on the payloads become natives.

use super::context::PyContext;
use super::num::{Ctx, Dec};
use super::{construct, convert, current, formatting, methods, operators};
use std::sync::OnceLock;
use ungil_runtime::prelude::*;

/// A number.
#[repr(C)]
pub struct PyDecimal {
    h: Header,
    pub d: Dec,
}

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyDecimal {
    const OPS: &'static TypeOps = &DECIMAL_OPS;
}

static DECIMAL_OPS: TypeOps = TypeOps {
    name: "decimal.Decimal",
    size: |_| size_of::<PyDecimal>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: the object is a decimal and this thread's alone.
        unsafe { (*h.cast::<PyDecimal>()).d.coef = super::num::dec::Coef::short(0) };
    }),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// Limbs of operands or result from which on other threads are not kept waiting.
const LONG: i64 = 1000;

/// The number behind an object that is one.
#[inline(always)]
pub fn payload<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a Dec> {
    v.downcast::<PyDecimal>(cx).map(|this| &this.d)
}

/// A new number.
#[inline]
pub fn new_decimal(cx: &mut Cx, d: Dec) -> R {
    let class = class(cx);
    cx.alloc_for(class, |h| PyDecimal { h, d })
}

/// A new number of a class that derives from `Decimal`, or is that.
pub fn new_of(cx: &mut Cx, class: &PyType, d: Dec) -> R {
    cx.alloc_for(class, |h| PyDecimal { h, d })
}

/// An operand: a `Decimal`, or an int turned into one.
pub enum Operand<'a> {
    Borrowed(&'a Dec),
    Own(Dec),
}

impl Operand<'_> {
    #[inline(always)]
    pub fn get(&self) -> &Dec {
        match self {
            Operand::Borrowed(d) => d,
            Operand::Own(d) => d,
        }
    }
}

/// The operand behind an object, if it can be one.
#[inline]
pub fn operand<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Option<Operand<'a>>> {
    if let Some(d) = payload(cx, v) {
        return Ok(Some(Operand::Borrowed(d)));
    }
    if let Some(i) = v.value().as_int() {
        return Ok(Some(Operand::Own(Dec::from_i128(i as i128))));
    }
    Ok(construct::from_int(cx, v)?.map(Operand::Own))
}

/// As [`operand`].
///
/// # Errors
/// `TypeError` for any other object.
pub fn operand_or_error<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Operand<'a>> {
    match operand(cx, v)? {
        Some(operand) => Ok(operand),
        None => Err(construct::not_supported(cx, v)),
    }
}

/// Runs an operation, detached if the operands or the precision, as far as it counts, are long.
#[inline(always)]
pub fn run<T>(cx: &mut Cx, operands: &[&Dec], prec: i64, f: impl FnOnce() -> T) -> T {
    let is_long = |d: &&Dec| match &d.coef {
        super::num::dec::Coef::Short(_) => false,
        super::num::dec::Coef::Long(limbs) => limbs.len() as i64 > LONG,
    };
    if prec > LONG * super::num::limbs::LIMB as i64 || operands.iter().any(is_long) {
        return cx.detached(f);
    }
    f()
}

pub type Unary = fn(&Dec, &Ctx, &mut u32) -> Dec;
pub type Binary = fn(&Dec, &Dec, &Ctx, &mut u32) -> Dec;

/// Which operations work on as many digits as the precision has, however few the operands have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    Operands,
    Precision,
}

impl Cost {
    #[inline(always)]
    fn prec(self, c: &Ctx) -> i64 {
        if self == Cost::Precision { c.prec } else { 0 }
    }
}

/// The result of an operation with one operand, in a context.
#[inline(always)]
pub fn unary_in(cx: &mut Cx, context: &PyContext, a: &Dec, f: Unary, cost: Cost) -> R {
    let c = context.settings();
    let mut status = 0;
    let result = run(cx, &[a], cost.prec(&c), || f(a, &c, &mut status));
    context.signal(cx, status)?;
    new_decimal(cx, result)
}

/// The result of an operation with two operands, in a context.
#[inline(always)]
pub fn binary_in(cx: &mut Cx, context: &PyContext, a: &Dec, b: &Dec, f: Binary, cost: Cost) -> R {
    let c = context.settings();
    let mut status = 0;
    let result = run(cx, &[a, b], cost.prec(&c), || f(a, b, &c, &mut status));
    context.signal(cx, status)?;
    new_decimal(cx, result)
}

/// The context that a method was given, or the current one.
pub fn context_argument(cx: &mut Cx, v: Option<Ref<'_>>) -> R {
    match v {
        None => current::current(cx),
        Some(v) if v.value().is_none() => current::current(cx),
        Some(v) if v.downcast::<PyContext>(cx).is_some() => Ok(v.own(cx)),
        Some(_) => Err(cx.type_error("optional argument must be a context")),
    }
}

/// The class.
#[inline]
pub fn class(cx: &mut Cx) -> &'static PyType {
    match CLASS.get() {
        Some(class) => class,
        None => make_class(cx),
    }
}

#[cold]
fn make_class(cx: &mut Cx) -> &'static PyType {
    let (name, size) = ("decimal.Decimal", size_of::<PyDecimal>());
    let flags = class_flag::BASETYPE | class_flag::IMMUTABLE;
    let mut t = TypeBuilder::native_type(cx, name, &DECIMAL_OPS, size, false, flags);
    t.doc(
        cx,
        "A decimal number, made of an int, a string, a tuple, a float or another Decimal; 0 if nothing is given.\n\nThe \
         context does not round it; it only says whether an invalid value is an error.",
    );
    t.text_signature("(value=\"0\", context=None)");
    construct::add_to(cx, &mut t);
    operators::add_to(cx, &mut t);
    methods::add_to(cx, &mut t);
    convert::add_to(cx, &mut t);
    formatting::add_to(cx, &mut t);
    CLASS.get_or_init(|| t.class())
}
