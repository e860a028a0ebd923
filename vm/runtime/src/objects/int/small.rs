//! Operators on numbers whose classes are known: what the interpreter's handlers fall back on when both operands are
//! immediates but the fast path does not serve (overflow, a mix of kinds, errors), or exact ints on the heap.
//!
//! No Python runs here; what a result needs beyond that is an allocation.

use super::num::{Int, IntRef, Trouble};
use super::{new_int, view_exact};
use crate::prelude::*;
use std::cmp::Ordering;

/// A number in a word.
#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Bool(bool),
    Float(f64),
}

use Number::{Bool, Float};

impl Number {
    #[inline]
    fn of(v: Value) -> Option<Number> {
        match v {
            _ if v.is_int() => Some(Number::Int(v.int())),
            _ if v.is_float() => Some(Float(v.float())),
            _ => v.as_bool().map(Bool),
        }
    }

    /// The int that it is; `None` for a float.
    fn whole(self) -> Option<i64> {
        match self {
            Number::Int(i) => Some(i),
            Bool(b) => Some(b as i64),
            Float(_) => None,
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Int(i) => i as f64,
            Bool(b) => b as u8 as f64,
            Float(x) => x,
        }
    }
}

/// `a op b` for immediates; `None` unless both are ints, bools or floats that know the operator.
pub fn binary_small(cx: &mut Cx, op: BinaryOp, a: Value, b: Value) -> Option<R> {
    let (x, y) = (Number::of(a)?, Number::of(b)?);
    if let (Bool(p), Bool(q)) = (x, y) {
        match op {
            BinaryOp::And => return Some(Ok(cx.bool(p & q))),
            BinaryOp::Or => return Some(Ok(cx.bool(p | q))),
            BinaryOp::Xor => return Some(Ok(cx.bool(p ^ q))),
            _ => {}
        }
    }
    match (x.whole(), y.whole()) {
        (Some(i), Some(j)) => binary_int(cx, op, IntRef::Word(i as i128), IntRef::Word(j as i128)),
        _ => binary_float(cx, op, x.float(), y.float()),
    }
}

/// `a op b` for ints of exactly the class `int`, on the heap or not; `None` for anything else.
#[inline]
pub fn binary_exact(cx: &mut Cx, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> Option<R> {
    binary_int(cx, op, view_exact(a)?, view_exact(b)?)
}

/// `a op b` of an int of exactly the class `int`, on the heap or not, and a float; `None` for anything else, and for what
/// raises.
#[inline]
pub fn binary_with_float(cx: &Cx, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> Option<Obj> {
    let (x, y) = match (a.value().as_float(), b.value().as_float()) {
        (None, Some(y)) => (view_exact(a)?.to_f64().ok()?, y),
        (Some(x), None) => (x, view_exact(b)?.to_f64().ok()?),
        _ => return None,
    };
    match op {
        BinaryOp::Add => Some(cx.float(x + y)),
        BinaryOp::Sub => Some(cx.float(x - y)),
        BinaryOp::Mul => Some(cx.float(x * y)),
        BinaryOp::TrueDiv if y != 0.0 => Some(cx.float(x / y)),
        _ => None,
    }
}

/// `a op b` for the values of ints; `None` if ints do not know the operator.
pub(super) fn binary_int(cx: &mut Cx, op: BinaryOp, a: IntRef<'_>, b: IntRef<'_>) -> Option<R> {
    if let (BinaryOp::FloorDiv | BinaryOp::DivMod, IntRef::Big(_), IntRef::Big(_)) = (op, a, b) {
        return Some(divide_big(cx, op, a, b));
    }
    let result = match op {
        BinaryOp::Add => Ok(a.add(b)),
        BinaryOp::Sub => Ok(a.sub(b)),
        BinaryOp::Mul => a.mul(b),
        BinaryOp::FloorDiv => a.floor_div(b),
        BinaryOp::Mod => a.modulo(b),
        BinaryOp::Shl => a.shl(b),
        BinaryOp::Shr => a.shr(b),
        BinaryOp::And => Ok(a.bit_and(b)),
        BinaryOp::Or => Ok(a.bit_or(b)),
        BinaryOp::Xor => Ok(a.bit_xor(b)),
        BinaryOp::MatMul => return None,
        BinaryOp::Pow => return Some(int_pow(cx, a, b)),
        BinaryOp::TrueDiv => {
            return Some(match a.true_div(b) {
                Ok(x) => Ok(cx.float(x)),
                Err(why) => Err(trouble(cx, why)),
            });
        }
        BinaryOp::DivMod => return Some(div_mod(cx, a, b)),
    };
    Some(int_result(cx, result))
}

fn div_mod(cx: &mut Cx, a: IntRef<'_>, b: IntRef<'_>) -> R {
    match a.div_mod(b) {
        Ok((q, r)) => Ok(pair(cx, q, r)),
        Err(why) => Err(trouble(cx, why)),
    }
}

/// `a // b` or `divmod(a, b)` of two that exceed machine words: `_pylong` may have a say.
#[inline(never)]
fn divide_big(cx: &mut Cx, op: BinaryOp, a: IntRef<'_>, b: IntRef<'_>) -> R {
    let given = super::pylong::div_mod(cx, a, b)?;
    match (given, op) {
        (Some((q, r)), BinaryOp::DivMod) => Ok(pair(cx, q, r)),
        (Some((q, _)), _) => Ok(new_int(cx, q)),
        (None, BinaryOp::DivMod) => div_mod(cx, a, b),
        (None, _) => int_result(cx, a.floor_div(b)),
    }
}

fn pair(cx: &Cx, a: Int, b: Int) -> Obj {
    let items = vec![new_int(cx, a), new_int(cx, b)];
    cx.tuple(items)
}

/// An int object from a result.
///
/// # Errors
/// The exception that the [`Trouble`] stands for.
pub(crate) fn int_result(cx: &mut Cx, result: Result<Int, Trouble>) -> R {
    match result {
        Ok(n) => Ok(new_int(cx, n)),
        Err(why) => Err(trouble(cx, why)),
    }
}

/// The exception that a [`Trouble`] stands for.
#[cold]
pub fn trouble(cx: &mut Cx, why: Trouble) -> Err {
    match why {
        Trouble::ZeroDivision => cx.zero_division("division by zero"),
        Trouble::NegativeShift => cx.value_error("negative shift count"),
        Trouble::TooManyDigits => cx.overflow_error("too many digits in integer"),
        Trouble::NoMemory => cx.memory_error(),
        Trouble::TooLargeForFloat => cx.overflow_error("int too large to convert to float"),
        Trouble::QuotientTooLarge => cx.overflow_error("integer division result too large for a float"),
    }
}

/// `a ** b`; a float if `b` is negative.
fn int_pow(cx: &mut Cx, a: IntRef<'_>, b: IntRef<'_>) -> R {
    if !b.is_negative() {
        return int_result(cx, a.pow(b));
    }
    match (a.to_f64(), b.to_f64()) {
        (Ok(x), Ok(y)) => float_pow(cx, x, y),
        (Err(why), _) | (_, Err(why)) => Err(trouble(cx, why)),
    }
}

/// `a op b` for floats; `None` if floats do not know the operator.
pub fn binary_float(cx: &mut Cx, op: BinaryOp, a: f64, b: f64) -> Option<R> {
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::TrueDiv | BinaryOp::FloorDiv | BinaryOp::Mod | BinaryOp::DivMod if b == 0.0 => {
            return Some(Err(trouble(cx, Trouble::ZeroDivision)));
        }
        BinaryOp::TrueDiv => a / b,
        BinaryOp::FloorDiv => float_div_mod(a, b).0,
        BinaryOp::Mod => float_mod(a, b),
        BinaryOp::DivMod => {
            let (q, r) = float_div_mod(a, b);
            let items = vec![cx.float(q), cx.float(r)];
            return Some(Ok(cx.tuple(items)));
        }
        BinaryOp::Pow => return Some(float_pow(cx, a, b)),
        _ => return None,
    };
    Some(Ok(cx.float(result)))
}

/// `a % b`, `b` not zero: the sign is the divisor's.
#[inline]
pub fn float_mod(a: f64, b: f64) -> f64 {
    let rest = a % b;
    match rest == 0.0 {
        true => 0f64.copysign(b),
        false if (b < 0.0) != (rest < 0.0) => rest + b,
        false => rest,
    }
}

/// `divmod(a, b)`, `b` not zero.
fn float_div_mod(a: f64, b: f64) -> (f64, f64) {
    let rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != 0.0 && (b < 0.0) != (rest < 0.0) {
        quotient -= 1.0;
    }
    let floor = if quotient != 0.0 {
        let floor = quotient.floor();
        if quotient - floor > 0.5 { floor + 1.0 } else { floor }
    } else {
        0f64.copysign(a / b)
    };
    (floor, float_mod(a, b))
}

/// `a ** b`; complex if `a` is negative and `b` has a fraction.
fn float_pow(cx: &mut Cx, a: f64, b: f64) -> R {
    if a == 0.0 && b < 0.0 && b.is_finite() {
        return Err(cx.zero_division("zero to a negative power"));
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b.floor() != b {
        return crate::objects::complex::pow_parts(cx, (a, 0.0), (b, 0.0));
    }
    let result = a.powf(b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(range_error(cx));
    }
    Ok(cx.float(result))
}

/// `OverflowError` of the C library's wording.
pub(crate) fn range_error(cx: &mut Cx) -> Err {
    const ERANGE: i64 = 34;
    let arguments = [cx.int(ERANGE), cx.str("Numerical result out of range")];
    crate::err::Raised(crate::objects::exception::new_exception(cx, Builtin::OverflowError, arguments))
}

/// The order of two immediates. `None` unless both are ints, bools or floats; then `None` again if they are unordered,
/// since one is not a number.
#[inline]
pub fn compare_small(a: Value, b: Value) -> Option<Option<Ordering>> {
    let (x, y) = (Number::of(a)?, Number::of(b)?);
    Some(match (x.whole(), y.whole()) {
        (Some(i), Some(j)) => Some(i.cmp(&j)),
        (Some(i), None) => IntRef::Word(i as i128).cmp_float(y.float()),
        (None, Some(j)) => IntRef::Word(j as i128).cmp_float(x.float()).map(Ordering::reverse),
        (None, None) => x.float().partial_cmp(&y.float()),
    })
}

/// As [`compare_small`] for exact ints on the heap or not, and floats.
pub fn compare_exact(a: Ref<'_>, b: Ref<'_>) -> Option<Option<Ordering>> {
    if !a.value().is_ptr() && !b.value().is_ptr() {
        return compare_small(a.value(), b.value());
    }
    match (view_exact(a), view_exact(b)) {
        (Some(x), Some(y)) => Some(Some(x.cmp(y))),
        (Some(x), None) => b.value().as_float().map(|y| x.cmp_float(y)),
        (None, Some(y)) => a.value().as_float().map(|x| y.cmp_float(x).map(Ordering::reverse)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_division_has_pythons_signs() {
        let same = |(a, b): (f64, f64), (x, y): (f64, f64)| {
            assert_eq!((a.to_bits(), b.to_bits()), (x.to_bits(), y.to_bits()));
        };
        same(float_div_mod(-1.0, f64::INFINITY), (-1.0, f64::INFINITY));
        same(float_div_mod(-0.0, 1.0), (-0.0, 0.0));
        same(float_div_mod(5.0, -3.0), (-2.0, -1.0));
        same(float_div_mod(0.0, -1.0), (-0.0, -0.0));
        same(float_div_mod(1.0, 0.1), (9.0, 0.09999999999999995));
    }

    #[test]
    fn immediates_compare_by_value() {
        let int = |i| Value::from_int(i).unwrap();
        assert_eq!(compare_small(int(1), Value::TRUE), Some(Some(Ordering::Equal)));
        assert_eq!(compare_small(int(1), Value::from_float(1.5)), Some(Some(Ordering::Less)));
        assert_eq!(compare_small(Value::from_float(f64::NAN), int(1)), Some(None));
        assert_eq!(compare_small(Value::NONE, int(1)), None);
    }
}
