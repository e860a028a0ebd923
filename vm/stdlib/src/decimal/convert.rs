//! Decimals as other objects: ints, floats, fractions, tuples, texts, hashes.

use super::construct::or_memory_error;
use super::current::{self, current};
use super::num::limbs::{self, NoMemory, Res};
use super::num::{Dec, Kind, Round, power, quantum, text};
use super::number::{PyDecimal, new_decimal};
use super::state;
use num_bigint::{BigInt, BigUint, Sign};
use ungil_runtime::objects::hash::{INFINITY, MODULUS};
use ungil_runtime::objects::int;
use ungil_runtime::objects::str::new_ascii;
use ungil_runtime::prelude::*;

fn this<'a>(a: Args<'a>) -> &'a Dec {
    &a.this::<PyDecimal>().d
}

/// Whether there is memory for a binary number of so many decimal digits.
fn check_room(digits: i64) -> Res<()> {
    if digits > 1 << 22 {
        limbs::room(usize::try_from(digits / 4).map_err(|_| NoMemory)?)?;
    }
    Ok(())
}

/// The integer that a finite number is with its fraction rounded off.
fn to_big(d: &Dec, round: Round) -> Res<BigInt> {
    let mut status = 0;
    let whole = if d.exp < 0 { d.rescaled(0, round, &mut status)? } else { d.clone() };
    check_room(whole.digits().saturating_add(whole.exp))?;
    let mut n = power::to_big(&whole.coef.limbs());
    if whole.exp > 0 && !whole.coef.is_zero() {
        n *= BigUint::from(10u8).pow(whole.exp as u32);
    }
    Ok(BigInt::from_biguint(if whole.negative { Sign::Minus } else { Sign::Plus }, n))
}

/// An int from a number.
fn to_int(cx: &mut Cx, d: &Dec, round: Round) -> R {
    if d.is_nan() {
        return Err(cx.value_error("cannot convert NaN to integer"));
    }
    if d.is_infinite() {
        return Err(cx.overflow_error("cannot convert Infinity to integer"));
    }
    if d.exp <= 0
        && let Some(x) = d.coef.get()
        && let Ok(x) = i128::try_from(x)
        && let Ok(d) = Dec::short(d.negative, x as u128, d.exp).rescaled(0, round, &mut 0)
        && let Some(x) = d.coef.get()
    {
        let x = x as i128;
        return Ok(int::new_word(cx, if d.negative { -x } else { x }));
    }
    let size = d.digits().saturating_add(d.exp);
    let big = match size > 10_000 {
        true => cx.detached(|| to_big(d, round)),
        false => to_big(d, round),
    };
    let big = or_memory_error(cx, big)?;
    Ok(int::new_int(cx, big.into()))
}

/// The value as a float.
fn to_f64(cx: &mut Cx, d: &Dec) -> R<f64> {
    Ok(match d.kind {
        Kind::Signaling => return Err(cx.value_error("cannot convert signaling NaN to float")),
        Kind::Quiet => f64::NAN.copysign(if d.negative { -1.0 } else { 1.0 }),
        _ => text::to_text(d, false, true).parse().unwrap_or(f64::NAN),
    })
}

fn as_float(cx: &mut Cx, a: Args<'_>) -> R {
    let x = to_f64(cx, this(a))?;
    Ok(cx.float(x))
}

fn as_complex(cx: &mut Cx, a: Args<'_>) -> R {
    let x = as_float(cx, a)?;
    cx.call(cx.builtin(Builtin::Complex).as_ref(), &[x.r()])
}

/// `round(d)`, `round(d, n)`.
fn round(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(places) = a.opt_not_none(1) else { return to_int(cx, this(a), Round::HalfEven) };
    if int::view(cx, places).is_none() {
        return Err(cx.type_error("optional arg must be an integer"));
    }
    let Some(places) = int::to_i64(cx, places) else {
        return Err(cx.overflow_error("Python int too large to convert to C ssize_t"));
    };
    let context = current(cx)?;
    let context = current::view(&context);
    let quantum = Dec::short(false, 1, places.checked_neg().unwrap_or(i64::MAX));
    let mut status = 0;
    let result = quantum::quantize(this(a), &quantum, &context.settings(), &mut status);
    context.signal(cx, status)?;
    new_decimal(cx, result)
}

fn as_tuple(cx: &mut Cx, a: Args<'_>) -> R {
    let d = this(a);
    let exponent = match d.kind {
        Kind::Finite => cx.int(d.exp),
        Kind::Infinite => cx.str("F"),
        Kind::Quiet => cx.str("n"),
        Kind::Signaling => cx.str("N"),
    };
    let digits = match d.is_nan() && d.coef.is_zero() {
        true => Vec::new(),
        false => text::digits_text(&d.coef),
    };
    let digits = digits.iter().map(|digit| cx.int((digit - b'0') as i64)).collect();
    let (sign, digits) = (cx.int(d.negative as i64), cx.tuple(digits));
    cx.call(state().decimal_tuple.get(), &[sign.r(), digits.r(), exponent.r()])
}

/// Numerator and denominator of a finite number, in lowest terms.
fn ratio(d: &Dec) -> Res<(BigInt, BigUint)> {
    let sign = if d.negative { Sign::Minus } else { Sign::Plus };
    if d.exp >= 0 || d.coef.is_zero() {
        return Ok((to_big(d, Round::Down)?, BigUint::from(1u8)));
    }
    let zeros = (d.trailing_zeros() as i64).min(-d.exp);
    let d = d.rescaled(d.exp + zeros, Round::Down, &mut 0)?;
    let places = d.exp.unsigned_abs();
    check_room(places.min(i64::MAX as u64) as i64)?;
    let mut n = power::to_big(&d.coef.limbs());
    let twos = n.trailing_zeros().unwrap_or(0).min(places);
    n >>= twos;
    let (mut fives, five) = (0, BigUint::from(5u8));
    while fives < places && (&n % &five) == BigUint::default() {
        n /= &five;
        fives += 1;
    }
    let denominator = five.pow((places - fives) as u32) << (places - twos);
    Ok((BigInt::from_biguint(sign, n), denominator))
}

/// The ints that [`ratio`] gives.
fn ratio_objects(cx: &mut Cx, d: &Dec) -> R<(Obj, Obj)> {
    let size = d.digits().saturating_add(d.exp.saturating_abs());
    let result = if size > 10_000 { cx.detached(|| ratio(d)) } else { ratio(d) };
    let (n, denominator) = or_memory_error(cx, result)?;
    let denominator = BigInt::from(denominator);
    Ok((int::new_int(cx, n.into()), int::new_int(cx, denominator.into())))
}

fn as_integer_ratio(cx: &mut Cx, a: Args<'_>) -> R {
    let d = this(a);
    if d.is_nan() {
        return Err(cx.value_error("cannot convert NaN to integer ratio"));
    }
    if d.is_infinite() {
        return Err(cx.overflow_error("cannot convert Infinity to integer ratio"));
    }
    let (n, denominator) = ratio_objects(cx, d)?;
    Ok(cx.tuple(vec![n, denominator]))
}

fn mul_mod(a: u64, b: u64) -> u64 {
    (a as u128 * b as u128 % MODULUS as u128) as u64
}

fn pow_mod(mut a: u64, mut e: u64) -> u64 {
    let mut result = 1;
    while e > 0 {
        if e & 1 == 1 {
            result = mul_mod(result, a);
        }
        a = mul_mod(a, a);
        e >>= 1;
    }
    result
}

/// The hash, which equals that of any other number with the same value.
fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let d = this(a);
    let hash = match d.kind {
        Kind::Signaling => return Err(cx.type_error("Cannot hash a signaling NaN value")),
        Kind::Quiet => {
            let method = cx.builtin(Builtin::Object).special(cx, Special::Hash);
            return match method {
                Some(method) => cx.call_special(method, a.get(0), &[]),
                None => Ok(cx.int(0)),
            };
        }
        Kind::Infinite if d.negative => -INFINITY,
        Kind::Infinite => INFINITY,
        Kind::Finite => {
            let fold = |rest: u64, limb: &u64| {
                ((rest as u128 * limbs::BASE as u128 + *limb as u128) % MODULUS as u128) as u64
            };
            let rest = d.coef.limbs().iter().rev().fold(0, fold);
            // The inverse of ten is its power of the modulus less two; its order divides the modulus less one.
            let e = d.exp.unsigned_abs() % (MODULUS - 1);
            let e = if d.exp < 0 && e != 0 { MODULUS - 1 - e } else { e };
            let hash = mul_mod(rest, pow_mod(10, e)) as i64;
            let hash = if d.negative { -hash } else { hash };
            if hash == -1 { -2 } else { hash }
        }
    };
    Ok(cx.int(hash))
}

/// The text that `str` gives.
fn string(cx: &mut Cx, d: &Dec) -> R<String> {
    let context = current(cx)?;
    let capitals = current::view(&context).capitals();
    Ok(text::to_text(d, false, capitals))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let text = string(cx, this(a))?;
    Ok(cx.str(&format!("Decimal('{text}')")))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let text = string(cx, this(a))?;
    let (class, text) = (cx.class_of(a.get(0)).as_ref().own(cx), cx.str(&text));
    let args = cx.tuple(vec![text]);
    Ok(cx.tuple(vec![class, args]))
}

/// Adds the methods to the type.
pub fn add_to(cx: &mut Cx, t: &mut TypeBuilder) {
    t.specials(
        cx,
        &[
            (Special::Int, Full(|cx, a| to_int(cx, this(a), Round::Down))),
            (Special::Float, Full(as_float)),
            (Special::Complex, Full(as_complex)),
            (Special::Trunc, Full(|cx, a| to_int(cx, this(a), Round::Down))),
            (Special::Floor, Full(|cx, a| to_int(cx, this(a), Round::Floor))),
            (Special::Ceil, Full(|cx, a| to_int(cx, this(a), Round::Ceiling))),
            (Special::Round, Full(round)),
            (Special::Hash, Full(hash)),
            (Special::Repr, Full(repr)),
            (
                Special::Str,
                Full(|cx, a| {
                    let d = this(a);
                    // Most numbers are short enough for a buffer, and have no exponent to show.
                    let mut buffer = [0; 48];
                    if let Some(start) = text::plain_text(d, &mut buffer) {
                        return Ok(new_ascii(cx, &buffer[start..]));
                    }
                    let text = string(cx, d)?;
                    Ok(new_ascii(cx, text.as_bytes()))
                }),
            ),
            (Special::Reduce, Full(reduce)),
            (Special::Bool, Leaf(|cx, a| Ok(cx.bool(!this(a).is_zero())))),
        ],
    );
    t.method(cx, "as_tuple", "($self, /)", Full(as_tuple));
    t.method(cx, "as_integer_ratio", "($self, /)", Full(as_integer_ratio));
    t.method(
        cx,
        "to_eng_string",
        "($self, /, context=None)",
        Full(|cx, a| {
            let context = super::number::context_argument(cx, a.opt(1))?;
            let text = text::to_text(this(a), true, current::view(&context).capitals());
            Ok(cx.str(&text))
        }),
    );
}
