//! The class `float`: constructor, operators, methods.

use super::hex::{self, Unreadable};
use super::{FLOAT_OPS, PyFloat, from_method, new_float_of, text, value_of};
use crate::objects::construct::{class_argument, no_keywords, positional};
use crate::objects::int::{self, Int, IntRef, binary_float, new};
use crate::objects::str::args::expect_str;
use crate::objects::str::float_text::scaled;
use crate::objects::str::{self, PyStr};
use crate::objects::{buffer, hash, number_format};
use crate::prelude::*;
use num_bigint::BigInt;
use num_integer::Integer;

/// The value of the receiver. The descriptor has checked that it is a float.
fn this(cx: &Cx, a: Args<'_>) -> f64 {
    value_of(cx, a.get(0)).unwrap_or_default()
}

/// The receiver as an exact float.
fn itself(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.float(this(cx, a)))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    no_keywords(cx, a, Builtin::Float, "float")?;
    let x = match *positional(cx, a, "float", 0, 1)? {
        [v] => value_from(cx, v)?,
        _ => 0.0,
    };
    let class = class_argument(cx, a);
    new_float_of(cx, class, x)
}

/// `float(v)`.
///
/// # Errors
/// `TypeError`, `ValueError`, `OverflowError`, or what the methods of `v` raise.
#[inline]
pub fn float_of(cx: &mut Cx, v: Ref<'_>) -> R {
    let x = value_from(cx, v)?;
    Ok(cx.float(x))
}

fn value_from(cx: &mut Cx, v: Ref<'_>) -> R<f64> {
    match v.value() {
        w if w.is_float() => return Ok(w.float()),
        w if w.is_int() => return Ok(w.int() as f64),
        _ => {}
    }
    if let Some(s) = v.downcast::<PyStr>(cx)
        && (cx.is_exactly(v, Builtin::Str) || cx.class_of(v).special(cx, Special::Float).is_none())
    {
        return match text::parse(s.as_bytes()) {
            Some(x) => Ok(x),
            None => Err(not_a_float(cx, v)),
        };
    }
    if let Some(x) = from_method(cx, v)? {
        return Ok(x);
    }
    if buffer::is_bytes_like(cx, v) {
        let bytes = buffer::bytes_of(cx, v)?.into_owned();
        if let Some(x) = text::parse_ascii(int::text::trim(&bytes)) {
            return Ok(x);
        }
        return Err(not_a_float(cx, v));
    }
    let name = cx.type_name(v);
    Err(cx.type_error(format!("float() argument must be a string or a real number, not '{name}'")))
}

#[cold]
fn not_a_float(cx: &mut Cx, v: Ref<'_>) -> Err {
    match cx.repr_string(v) {
        Ok(shown) => cx.value_error(format!("could not convert string to float: {shown}")),
        Err(err) => err,
    }
}

/// The operand as a float, if it is a float or an int.
fn operand(cx: &mut Cx, v: Ref<'_>) -> R<Option<f64>> {
    if let Some(x) = value_of(cx, v) {
        return Ok(Some(x));
    }
    match int::view(cx, v).map(IntRef::to_f64) {
        None => Ok(None),
        Some(Ok(x)) => Ok(Some(x)),
        Some(Err(why)) => Err(int::trouble(cx, why)),
    }
}

fn operate(cx: &mut Cx, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> R {
    let (Some(x), Some(y)) = (operand(cx, a)?, operand(cx, b)?) else { return Ok(cx.not_implemented()) };
    match binary_float(cx, op, x, y) {
        Some(result) => result,
        None => Ok(cx.not_implemented()),
    }
}

fn float_hash(cx: &Cx, a: Args<'_>) -> R {
    let x = this(cx, a);
    Ok(cx.int(if x.is_nan() { hash::hash_identity(a.get(0).value()) } else { hash::hash_float(x) }))
}

macro_rules! operators {
    ($($op:ident $reflected:ident,)*) => {
        &[$(
            (Special::$op, Full(|cx, a| operate(cx, BinaryOp::$op, a.get(0), a.get(1)))),
            (Special::$reflected, Full(|cx, a| operate(cx, BinaryOp::$op, a.get(1), a.get(0)))),
        )*]
    };
}

const OPERATORS: &[(Special, NativeFn)] = operators! {
    Add RAdd, Sub RSub, Mul RMul, Mod RMod, DivMod RDivMod, FloorDiv RFloorDiv, TrueDiv RTrueDiv,
};

fn power(cx: &mut Cx, base: Ref<'_>, exponent: Ref<'_>, modulus: Option<Ref<'_>>) -> R {
    if modulus.is_some() {
        return Err(cx.type_error("pow() 3rd argument not allowed unless all arguments are integers"));
    }
    operate(cx, BinaryOp::Pow, base, exponent)
}

fn compare(cx: &Cx, a: Args<'_>, op: CompareOp) -> R {
    let (x, other) = (this(cx, a), a.get(1));
    let order = match value_of(cx, other) {
        Some(y) => x.partial_cmp(&y),
        None => match int::view(cx, other) {
            Some(n) => n.cmp_float(x).map(std::cmp::Ordering::reverse),
            None => return Ok(cx.not_implemented()),
        },
    };
    // What is not a number is unequal to everything, and neither less nor greater.
    Ok(cx.bool(order.map_or(op == CompareOp::Ne, |order| op.holds(order))))
}

const COMPARISONS: &[(Special, NativeFn)] = &[
    (Special::Lt, Leaf(|cx, a| compare(cx, a, CompareOp::Lt))),
    (Special::Le, Leaf(|cx, a| compare(cx, a, CompareOp::Le))),
    (Special::Eq, Leaf(|cx, a| compare(cx, a, CompareOp::Eq))),
    (Special::Ne, Leaf(|cx, a| compare(cx, a, CompareOp::Ne))),
    (Special::Gt, Leaf(|cx, a| compare(cx, a, CompareOp::Gt))),
    (Special::Ge, Leaf(|cx, a| compare(cx, a, CompareOp::Ge))),
];

/// `round(x, digits)`, correctly rounded in decimal, half to even.
fn round(cx: &mut Cx, a: Args<'_>) -> R {
    let x = this(cx, a);
    let Some(digits) = a.opt_not_none(1) else { return new::from_float(cx, x.round_ties_even()) };
    let digits = cx.index_clamped(digits)?;
    // Beyond these a float has no digits, or is less than half a unit.
    const MOST: isize = 323;
    const LEAST: isize = -308;
    if !x.is_finite() || x == 0.0 || digits > MOST {
        return Ok(cx.float(x));
    }
    if digits < LEAST {
        return Ok(cx.float(0.0 * x));
    }
    if digits >= 0 {
        let near = digits as usize;
        // Both parts are exact, so the division rounds once, as reading the digits would.
        const EXACT: u128 = 1 << 53;
        if let Some(n) = scaled(x.abs(), near).filter(|&n| n < EXACT) {
            return Ok(cx.float((n as f64 / 10f64.powi(digits as i32)).copysign(x)));
        }
        return Ok(cx.float(format!("{x:.near$}").parse().unwrap_or(x)));
    }
    match round_left(x.abs(), digits.unsigned_abs() as u32) {
        Some(rounded) => Ok(cx.float(rounded.copysign(x))),
        None => Err(cx.overflow_error("rounded value too large to represent")),
    }
}

/// The multiple of a power of ten nearest to `x`, which is not negative.
fn round_left(x: f64, zeros: u32) -> Option<f64> {
    let unit = BigInt::from(10).pow(zeros);
    let whole = int::num::from_f64(x.trunc()).into_big();
    let (mut quotient, rest) = whole.div_rem(&unit);
    let up = match (rest * 2u32).cmp(&unit) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => x.fract() > 0.0 || quotient.is_odd(),
    };
    quotient += up as u32;
    Int::from(quotient * unit).r().to_f64().ok()
}

fn as_integer_ratio(cx: &mut Cx, a: Args<'_>) -> R {
    let x = this(cx, a);
    if x.is_infinite() {
        return Err(cx.overflow_error("cannot convert Infinity to integer ratio"));
    }
    if x.is_nan() {
        return Err(cx.value_error("cannot convert NaN to integer ratio"));
    }
    let (numerator, denominator) = ratio(x);
    let items = vec![int::new_int(cx, numerator), int::new_int(cx, denominator)];
    Ok(cx.tuple(items))
}

/// A finite float as a fraction in lowest terms.
fn ratio(x: f64) -> (Int, Int) {
    let bits = x.abs().to_bits();
    let (mut mantissa, mut exponent) = match bits >> 52 {
        0 => (bits as i64, -1074),
        e => (((bits & ((1 << 52) - 1)) | 1 << 52) as i64, e as i64 - 1075),
    };
    if mantissa == 0 {
        return (Int::Word(0), Int::Word(1));
    }
    let zeros = mantissa.trailing_zeros();
    mantissa >>= zeros;
    exponent += zeros as i64;
    let numerator = if x < 0.0 { -mantissa } else { mantissa };
    match exponent {
        0.. => ((BigInt::from(numerator) << exponent).into(), Int::Word(1)),
        _ => (Int::from(numerator), (BigInt::from(1) << -exponent).into()),
    }
}

fn fromhex(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(s) = a.get(1).downcast::<PyStr>(cx) else {
        return Err(cx.type_error("bad argument type for built-in operation"));
    };
    match hex::parse(s.as_bytes()) {
        Ok(x) => for_class(cx, a, x),
        Err(Unreadable::Invalid) => Err(cx.value_error("invalid hexadecimal floating-point string")),
        Err(Unreadable::TooLarge) => {
            Err(cx.overflow_error("hexadecimal value too large to represent as a float"))
        }
    }
}

/// A float from a class method: subclasses are called with it.
fn for_class(cx: &mut Cx, a: Args<'_>, x: f64) -> R {
    let float = cx.float(x);
    match a.get(0).is(cx.builtin(Builtin::Float).as_ref()) {
        true => Ok(float),
        false => cx.call(a.get(0), &[float.r()]),
    }
}

fn from_number(cx: &mut Cx, a: Args<'_>) -> R {
    let x = cx.to_f64(a.get(1))?;
    for_class(cx, a, x)
}

fn getformat(cx: &mut Cx, a: Args<'_>) -> R {
    let kind = expect_str(cx, a.get(1), "__getformat__() argument")?;
    match kind.as_bytes() {
        b"double" | b"float" if cfg!(target_endian = "little") => Ok(cx.str("IEEE, little-endian")),
        b"double" | b"float" => Ok(cx.str("IEEE, big-endian")),
        _ => Err(cx.value_error("__getformat__() argument 1 must be 'double' or 'float'")),
    }
}

/// Declares the type.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Float, "float", &FLOAT_OPS, size_of::<PyFloat>(), false);
}

/// Fills the type.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::MATCH_SELF;
    let mut b = TypeBuilder::new(cx, Builtin::Float, Some(Builtin::Object), flags);
    b.doc(cx, "float(x=0, /)\n--\n\nA floating-point number, from a number or from text.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(cx, OPERATORS);
    b.specials(cx, COMPARISONS);
    special_methods(cx, &mut b);
    methods(cx, &mut b);
}

fn special_methods(cx: &mut Cx, b: &mut TypeBuilder) {
    b.specials(
        cx,
        &[
            (Special::Pow, Full(|cx, a| power(cx, a.get(0), a.get(1), a.opt_not_none(2)))),
            (Special::RPow, Full(|cx, a| power(cx, a.get(1), a.get(0), a.opt_not_none(2)))),
            (Special::Repr, Leaf(|cx, a| Ok(str::new_ascii(cx, text::repr(this(cx, a)).as_bytes())))),
            (Special::Hash, Leaf(float_hash)),
            (Special::Neg, Leaf(|cx, a| Ok(cx.float(-this(cx, a))))),
            (Special::Pos, Leaf(itself)),
            (Special::Abs, Leaf(|cx, a| Ok(cx.float(this(cx, a).abs())))),
            (Special::Bool, Leaf(|cx, a| Ok(cx.bool(this(cx, a) != 0.0)))),
            (Special::Int, Full(|cx, a| new::from_float_object(cx, a, f64::trunc))),
            (Special::Float, Leaf(itself)),
            (Special::Trunc, Full(|cx, a| new::from_float_object(cx, a, f64::trunc))),
            (Special::Floor, Full(|cx, a| new::from_float_object(cx, a, f64::floor))),
            (Special::Ceil, Full(|cx, a| new::from_float_object(cx, a, f64::ceil))),
            (Special::Round, Full(round)),
            (Special::Format, Full(number_format::format_float)),
        ],
    );
}

fn methods(cx: &mut Cx, b: &mut TypeBuilder) {
    b.methods(
        cx,
        &[
            ("conjugate", "($self, /)", Leaf(itself)),
            ("as_integer_ratio", "($self, /)", Full(as_integer_ratio)),
            ("hex", "($self, /)", Leaf(|cx, a| Ok(cx.str(&hex::show(this(cx, a)))))),
            (
                "is_integer",
                "($self, /)",
                Leaf(|cx, a| {
                    let x = this(cx, a);
                    Ok(cx.bool(x.is_finite() && x.floor() == x))
                }),
            ),
            (
                "__getnewargs__",
                "($self, /)",
                Leaf(|cx, a| {
                    let items = vec![itself(cx, a)?];
                    Ok(cx.tuple(items))
                }),
            ),
        ],
    );
    b.class_method(cx, "fromhex", "($type, string, /)", Full(fromhex));
    b.class_method(cx, "from_number", "($type, number, /)", Full(from_number));
    b.class_method(cx, "__getformat__", "($type, typestr, /)", Full(getformat));
    b.getset(cx, "real", Leaf(itself), None);
    b.getset(cx, "imag", Leaf(|cx, _| Ok(cx.float(0.0))), None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_to_the_left_is_exact() {
        assert_eq!(round_left(1234.5678, 2), Some(1200.0));
        assert_eq!(round_left(25.0, 1), Some(20.0));
        assert_eq!(round_left(25.5, 1), Some(30.0));
        assert_eq!(round_left(1e22, 21), Some(1e22));
        assert_eq!(round_left(f64::MAX, 308), None);
        assert_eq!(round_left(3.0, 300), Some(0.0));
    }

    #[test]
    fn ratios_are_in_lowest_terms() {
        assert_eq!(ratio(0.1), (Int::Word(3602879701896397), Int::Word(36028797018963968)));
        assert_eq!(ratio(-2.5), (Int::Word(-5), Int::Word(2)));
        assert_eq!(ratio(-0.0), (Int::Word(0), Int::Word(1)));
        assert_eq!(ratio(1e22), (Int::Word(10i128.pow(22)), Int::Word(1)));
    }
}
