//! The class `complex`: operators and methods.

use super::arith;
use super::{COMPLEX_OPS, Parts, PyComplex, as_parts, new, new_complex, pow_parts, text};
use crate::objects::float::value_of;
use crate::objects::int::{self, IntRef};
use crate::objects::{hash, number_format, str};
use crate::prelude::*;

fn this(a: Args<'_>) -> Parts {
    let c = a.this::<PyComplex>();
    (c.real, c.imag)
}

/// An operand: mixed arithmetic treats a real number as one, not as a complex number with a zero part.
#[derive(Clone, Copy)]
enum Operand {
    Complex(Parts),
    Real(f64),
}

impl Operand {
    fn parts(self) -> Parts {
        match self {
            Operand::Complex(parts) => parts,
            Operand::Real(x) => (x, 0.0),
        }
    }
}

fn operand(cx: &mut Cx, v: Ref<'_>) -> R<Option<Operand>> {
    if let Some(c) = v.downcast::<PyComplex>(cx) {
        return Ok(Some(Operand::Complex((c.real, c.imag))));
    }
    if let Some(x) = value_of(cx, v) {
        return Ok(Some(Operand::Real(x)));
    }
    match int::view(cx, v).map(IntRef::to_f64) {
        None => Ok(None),
        Some(Ok(x)) => Ok(Some(Operand::Real(x))),
        Some(Err(why)) => Err(int::trouble(cx, why)),
    }
}

fn operate(cx: &mut Cx, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> R {
    use Operand::{Complex, Real};
    let (Some(x), Some(y)) = (operand(cx, a)?, operand(cx, b)?) else { return Ok(cx.not_implemented()) };
    let (real, imag) = match (op, x, y) {
        (BinaryOp::Pow, x, y) => return pow_parts(cx, x.parts(), y.parts()),
        (BinaryOp::Add, Complex(a), Real(b)) | (BinaryOp::Add, Real(b), Complex(a)) => (a.0 + b, a.1),
        (BinaryOp::Add, x, y) => arith::add(x.parts(), y.parts()),
        (BinaryOp::Sub, Complex(a), Real(b)) => (a.0 - b, a.1),
        (BinaryOp::Sub, Real(a), Complex(b)) => (a - b.0, -b.1),
        (BinaryOp::Sub, x, y) => arith::sub(x.parts(), y.parts()),
        (BinaryOp::Mul, Complex(a), Real(b)) | (BinaryOp::Mul, Real(b), Complex(a)) => (a.0 * b, a.1 * b),
        (BinaryOp::Mul, x, y) => arith::mul(x.parts(), y.parts()),
        (_, x, y) => match quotient(x, y) {
            Some(parts) => parts,
            None => return Err(cx.zero_division("division by zero")),
        },
    };
    Ok(new_complex(cx, real, imag))
}

fn quotient(x: Operand, y: Operand) -> Option<Parts> {
    match (x, y) {
        (_, Operand::Real(0.0)) => None,
        (Operand::Complex(a), Operand::Real(b)) => Some((a.0 / b, a.1 / b)),
        (Operand::Real(a), Operand::Complex(b)) => arith::div_real(a, b),
        (x, y) => arith::div(x.parts(), y.parts()),
    }
}

macro_rules! operators {
    ($($op:ident $reflected:ident,)*) => {
        &[$(
            (Special::$op, Full(|cx, a| operate(cx, BinaryOp::$op, a.get(0), a.get(1)))),
            (Special::$reflected, Full(|cx, a| operate(cx, BinaryOp::$op, a.get(1), a.get(0)))),
        )*]
    };
}

const OPERATORS: &[(Special, NativeFn)] = operators! { Add RAdd, Sub RSub, Mul RMul, TrueDiv RTrueDiv, };

fn power(cx: &mut Cx, base: Ref<'_>, exponent: Ref<'_>, modulus: Option<Ref<'_>>) -> R {
    let known = operand(cx, base)?.is_some() && operand(cx, exponent)?.is_some();
    if known && modulus.is_some() {
        return Err(cx.value_error("complex modulo"));
    }
    operate(cx, BinaryOp::Pow, base, exponent)
}

/// Complex numbers have no order.
fn compare(cx: &Cx, a: Args<'_>, equal: bool) -> R {
    let (real, imag) = this(a);
    let other = a.get(1);
    let same = if let Some(c) = other.downcast::<PyComplex>(cx) {
        real == c.real && imag == c.imag
    } else if let Some(x) = value_of(cx, other) {
        real == x && imag == 0.0
    } else if let Some(n) = int::view(cx, other) {
        imag == 0.0 && n.cmp_float(real) == Some(std::cmp::Ordering::Equal)
    } else {
        return Ok(cx.not_implemented());
    };
    Ok(cx.bool(same == equal))
}

fn absolute(cx: &mut Cx, a: Args<'_>) -> R {
    let (real, imag) = this(a);
    let length = real.hypot(imag);
    if length.is_infinite() && real.is_finite() && imag.is_finite() {
        return Err(cx.overflow_error("absolute value too large"));
    }
    Ok(cx.float(length))
}

fn from_number(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(1);
    let exact = a.get(0).is(cx.builtin(Builtin::Complex).as_ref());
    if exact && cx.is_exactly(v, Builtin::Complex) {
        return Ok(v.own(cx));
    }
    let (real, imag) = as_parts(cx, v)?;
    let made = new_complex(cx, real, imag);
    if exact { Ok(made) } else { cx.call(a.get(0), &[made.r()]) }
}

/// The receiver as an exact complex number.
fn itself(cx: &Cx, a: Args<'_>) -> R {
    if cx.is_exactly(a.get(0), Builtin::Complex) {
        return Ok(a.get(0).own(cx));
    }
    let (real, imag) = this(a);
    Ok(new_complex(cx, real, imag))
}

/// Declares the type.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Complex, "complex", &COMPLEX_OPS, size_of::<PyComplex>(), false);
}

/// Fills the type.
pub fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Complex, Some(Builtin::Object), class_flag::BASETYPE);
    b.doc(
        cx,
        "complex(real=0, imag=0)\n--\n\nA complex number, from its parts, from another number, or from text such as '1+2j'.",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(new::construct));
    b.specials(cx, OPERATORS);
    b.specials(
        cx,
        &[
            (Special::Pow, Full(|cx, a| power(cx, a.get(0), a.get(1), a.opt_not_none(2)))),
            (Special::RPow, Full(|cx, a| power(cx, a.get(1), a.get(0), a.opt_not_none(2)))),
            (Special::Eq, Leaf(|cx, a| compare(cx, a, true))),
            (Special::Ne, Leaf(|cx, a| compare(cx, a, false))),
            (Special::Lt, Leaf(|cx, _| Ok(cx.not_implemented()))),
            (Special::Le, Leaf(|cx, _| Ok(cx.not_implemented()))),
            (Special::Gt, Leaf(|cx, _| Ok(cx.not_implemented()))),
            (Special::Ge, Leaf(|cx, _| Ok(cx.not_implemented()))),
            (Special::Repr, Leaf(|cx, a| Ok(str::new_ascii(cx, text::repr(this(a)).as_bytes())))),
            (Special::Hash, Leaf(|cx, a| Ok(cx.int(hash::hash_complex(this(a).0, this(a).1))))),
            (Special::Neg, Leaf(|cx, a| Ok(new_complex(cx, -this(a).0, -this(a).1)))),
            (Special::Pos, Leaf(itself)),
            (Special::Abs, Full(absolute)),
            (Special::Bool, Leaf(|cx, a| Ok(cx.bool(this(a) != (0.0, 0.0))))),
            (Special::Complex, Leaf(itself)),
            (Special::Format, Full(number_format::format_complex)),
        ],
    );
    b.methods(
        cx,
        &[
            ("conjugate", "($self, /)", Leaf(|cx, a| Ok(new_complex(cx, this(a).0, -this(a).1)))),
            (
                "__getnewargs__",
                "($self, /)",
                Leaf(|cx, a| {
                    let items = vec![cx.float(this(a).0), cx.float(this(a).1)];
                    Ok(cx.tuple(items))
                }),
            ),
        ],
    );
    b.class_method(cx, "from_number", "($type, number, /)", Full(from_number));
    b.member(cx, "real", Leaf(|cx, a| Ok(cx.float(this(a).0))));
    b.member(cx, "imag", Leaf(|cx, a| Ok(cx.float(this(a).1))));
}
