//! Arithmetic on immediates.

use crate::Value;
use crate::interp::slow;
use ungil_gc::{INT_BASE, INT_TAG};

/// Both words are ints: the tag bits of both are all ones.
#[inline(always)]
fn ints(a: Value, b: Value) -> bool {
    a.0 & b.0 >= INT_TAG
}

/// An int handler, then a float one, then everything else. What is no float becomes a NaN, and so the result does: one
/// question tells whether operands and result are plain floats.
macro_rules! arithmetic {
    ($name:ident, $mixed:ident, |$x:ident, $y:ident| $int:expr, |$f:ident, $g:ident| $float:expr) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                let ($x, $y) = (*regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
                if ints($x, $y) {
                    let result: Option<Value> = $int;
                    if let Some(v) = result {
                        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
                    }
                    return slow::arith::binary::run(ip, regs, cx, t);
                }
                let ($f, $g) = ($x.float_or_nan(), $y.float_or_nan());
                let result: Option<f64> = $float;
                if let Some(v) = result && !v.is_nan() {
                    finish!(ip.add(2), regs, cx, t, fa!(*ip), Value::from_number(v))
                }
                $mixed::<SOLO>(ip, regs, cx, t)
            }
        }

        handler! {
            /// One int and one float.
            #[inline(never)]
            fn $mixed(ip, regs, cx, t) {
                let (a, b) = (*regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
                let pair = match (a.is_int(), b.is_int()) {
                    (true, false) if b.is_float() => Some((a.int() as f64, b.float())),
                    (false, true) if a.is_float() => Some((a.float(), b.int() as f64)),
                    _ => None,
                };
                if let Some(($f, $g)) = pair {
                    let result: Option<f64> = $float;
                    // A NaN is brought into its canonical form on the slow path.
                    if let Some(v) = result && !v.is_nan() {
                        finish!(ip.add(2), regs, cx, t, fa!(*ip), Value::from_number(v))
                    }
                }
                slow::arith::binary::run(ip, regs, cx, t)
            }
        }
    };
}

/// The sum of two int words if it is one: the bias makes "the tag survived" the overflow check.
#[inline(always)]
fn sum(x: Value, y: Value) -> Option<Value> {
    let word = x.0.wrapping_add(y.0.wrapping_sub(INT_BASE));
    (word >= INT_TAG).then_some(Value(word))
}

#[inline(always)]
fn difference(x: Value, y: Value) -> Option<Value> {
    let word = x.0.wrapping_sub(y.0.wrapping_sub(INT_BASE));
    (word >= INT_TAG).then_some(Value(word))
}

#[inline(always)]
fn product(x: i64, y: i64) -> Option<Value> {
    Value::from_int(x.checked_mul(y)?)
}

/// Quotient rounded down, and remainder with the divisor's sign.
#[inline(always)]
fn floor_division(x: i64, y: i64) -> (i64, i64) {
    let (q, r) = (x / y, x % y);
    if r != 0 && (r ^ y) < 0 { (q - 1, r + y) } else { (q, r) }
}

arithmetic!(add, add_mixed, |x, y| sum(x, y), |f, g| Some(f + g));
arithmetic!(sub, sub_mixed, |x, y| difference(x, y), |f, g| Some(f - g));
arithmetic!(mul, mul_mixed, |x, y| product(x.int(), y.int()), |f, g| Some(f * g));
arithmetic!(
    true_div,
    true_div_mixed,
    |x, y| if y.int() != 0 { Some(Value::from_number(x.int() as f64 / y.int() as f64)) } else { None },
    |f, g| if g != 0.0 { Some(f / g) } else { None }
);
arithmetic!(
    floor_div,
    floor_div_mixed,
    |x, y| if y.int() != 0 { Value::from_int(floor_division(x.int(), y.int()).0) } else { None },
    |_f, _g| None
);
arithmetic!(
    modulo,
    modulo_mixed,
    |x, y| if y.int() != 0 { Value::from_int(floor_division(x.int(), y.int()).1) } else { None },
    |_f, _g| None
);

/// The power of two immediate numbers, if it is one; `UNDEF` for the rest, errors among it.
#[inline(never)]
fn power(a: Value, b: Value) -> Value {
    if a.is_int() && b.is_int() {
        let exponent = u32::try_from(b.int()).ok();
        return exponent
            .and_then(|n| a.int().checked_pow(n))
            .and_then(Value::from_int)
            .unwrap_or(Value::UNDEF);
    }
    let number = |v: Value| if v.is_int() { Some(v.int() as f64) } else { v.as_float() };
    let (Some(x), Some(y)) = (number(a), number(b)) else { return Value::UNDEF };
    // Zero has no negative powers, and what is negative has real ones only for whole exponents.
    if x > 0.0 || (x != 0.0 && y.floor() == y) {
        let result = x.powf(y);
        if result.is_finite() {
            return Value::from_number(result);
        }
    }
    Value::UNDEF
}

handler! {
    pub fn pow(ip, regs, cx, t) {
        let v = power(*regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
        if v.is_undef() {
            return slow::arith::binary::run(ip, regs, cx, t);
        }
        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
    }
}

/// Bit operations: ints only.
macro_rules! bitwise {
    ($name:ident, |$x:ident, $y:ident| $int:expr) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                let ($x, $y) = (*regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
                if ints($x, $y) {
                    let result: Option<Value> = $int;
                    if let Some(v) = result {
                        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
                    }
                }
                slow::arith::binary::run(ip, regs, cx, t)
            }
        }
    };
}

bitwise!(and, |x, y| Some(Value::from_int_unchecked(x.int() & y.int())));
bitwise!(or, |x, y| Some(Value::from_int_unchecked(x.int() | y.int())));
bitwise!(xor, |x, y| Some(Value::from_int_unchecked(x.int() ^ y.int())));
bitwise!(shl, |x, y| shifted_left(x.int(), y.int()));
bitwise!(shr, |x, y| if y.int() >= 0 { Some(shifted_right(x.int(), y.int())) } else { None });

#[inline(always)]
fn shifted_left(x: i64, by: i64) -> Option<Value> {
    // What is shifted out must be copies of the sign.
    let fits = (0..14).contains(&by) || (0..49).contains(&by) && x >> (49 - by) == x >> 63;
    if fits { Value::from_int(x << by) } else { None }
}

#[inline(always)]
fn shifted_right(x: i64, by: i64) -> Value {
    Value::from_int_unchecked(x >> by.min(63))
}

/// An int and an immediate operand.
macro_rules! immediate {
    ($name:ident, |$x:ident, $y:ident| $int:expr, |$f:ident, $g:ident| $float:expr) => {
        handler! {
            pub fn $name(ip, regs, cx, t) {
                let $x = *regs.add(fb!(*ip));
                let $y = fc_signed!(*ip);
                if $x.is_int() {
                    let result: Option<Value> = $int;
                    if let Some(v) = result {
                        finish!(ip.add(1), regs, cx, t, fa!(*ip), v)
                    }
                } else {
                    let ($f, $g) = ($x.float_or_nan(), $y as f64);
                    let result: Option<f64> = $float;
                    if let Some(v) = result && !v.is_nan() {
                        finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::from_number(v))
                    }
                }
                slow::arith::binary_imm::run(ip, regs, cx, t)
            }
        }
    };
}

#[inline(always)]
fn tagged(word: u64) -> Option<Value> {
    (word >= INT_TAG).then_some(Value(word))
}

immediate!(add_imm, |x, y| tagged(x.0.wrapping_add(y as u64)), |f, g| Some(f + g));
immediate!(sub_imm, |x, y| tagged(x.0.wrapping_sub(y as u64)), |f, g| Some(f - g));
immediate!(mul_imm, |x, y| product(x.int(), y), |f, g| Some(f * g));
immediate!(
    floor_div_imm,
    |x, y| if y != 0 { Value::from_int(floor_division(x.int(), y).0) } else { None },
    |_f, _g| None
);
immediate!(
    mod_imm,
    |x, y| if y != 0 { Value::from_int(floor_division(x.int(), y).1) } else { None },
    |_f, _g| None
);
immediate!(shl_imm, |x, y| shifted_left(x.int(), y), |_f, _g| None);
immediate!(shr_imm, |x, y| if y >= 0 { Some(shifted_right(x.int(), y)) } else { None }, |_f, _g| None);
immediate!(and_imm, |x, y| Some(Value::from_int_unchecked(x.int() & y)), |_f, _g| None);

handler! {
    pub fn neg(ip, regs, cx, t) {
        let v = *regs.add(fb!(*ip));
        if v.is_float() {
            finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::from_float(-v.float()))
        }
        if v.is_int() && let Some(v) = Value::from_int(-v.int()) {
            finish!(ip.add(1), regs, cx, t, fa!(*ip), v)
        }
        slow::arith::unary::run(ip, regs, cx, t)
    }
}

/// Truth of an immediate, `None` for a pointer.
#[inline(always)]
pub(super) fn immediate_truth(v: Value) -> Option<bool> {
    if v.is_ptr() {
        return None;
    }
    Some(match v {
        Value::TRUE => true,
        Value::FALSE | Value::NONE => false,
        v if v.is_int() => v.0 != INT_BASE,
        v if v.is_float() => v.float() != 0.0,
        Value::NOT_IMPLEMENTED => return None,
        _ => true,
    })
}

handler! {
    pub fn not(ip, regs, cx, t) {
        match immediate_truth(*regs.add(fb!(*ip))) {
            Some(b) => finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::from_bool(!b)),
            None => slow::arith::unary::run(ip, regs, cx, t),
        }
    }
}

handler! {
    pub fn to_bool(ip, regs, cx, t) {
        match immediate_truth(*regs.add(fb!(*ip))) {
            Some(b) => finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::from_bool(b)),
            None => slow::arith::unary::run(ip, regs, cx, t),
        }
    }
}
