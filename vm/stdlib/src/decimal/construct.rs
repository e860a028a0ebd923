//! Decimals from other objects: exactly, as the constructor makes them, or rounded, as contexts do.

use super::context::PyContext;
use super::num::limbs::{self, NoMemory, Res};
use super::num::{Ctx, Dec, power, signal, text};
use super::number::{self, PyDecimal, context_argument, new_decimal, new_of, payload};
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::int::text::{ascii_digits, trim};
use ungil_runtime::objects::int::{self, IntRef};
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// The `TypeError` for an object that is no number here.
#[cold]
pub fn not_supported(cx: &mut Cx, v: Ref<'_>) -> Err {
    let name = cx.type_name(v);
    cx.type_error(format!("conversion from {name} to Decimal is not supported"))
}

/// What may find no memory.
pub fn or_memory_error<T>(cx: &mut Cx, result: Res<T>) -> R<T> {
    result.map_err(|NoMemory| cx.memory_error())
}

/// An int, exactly; `None` for other objects.
pub fn from_int(cx: &mut Cx, v: Ref<'_>) -> R<Option<Dec>> {
    let Some(n) = int::view(cx, v) else { return Ok(None) };
    match n {
        IntRef::Word(w) => Ok(Some(Dec::from_i128(w))),
        IntRef::Big(big) => {
            let long = big.bits() > 1 << 16;
            let limbs = match long {
                true => cx.detached(|| power::from_big(big.magnitude())),
                false => power::from_big(big.magnitude()),
            };
            let limbs = or_memory_error(cx, limbs)?;
            Ok(Some(Dec::from_limbs(n.is_negative(), limbs, 0)))
        }
    }
}

/// A float, exactly.
pub fn from_f64(x: f64) -> Res<Dec> {
    let negative = x.is_sign_negative();
    if x.is_nan() {
        return Ok(Dec::nan());
    }
    if x.is_infinite() {
        return Ok(Dec::infinity(negative));
    }
    let bits = x.abs().to_bits();
    let (mantissa, exponent) = match bits >> 52 {
        0 => (bits, -1074),
        e => ((bits & ((1 << 52) - 1)) | 1 << 52, e as i64 - 1075),
    };
    if mantissa == 0 {
        return Ok(Dec::zero(negative, 0));
    }
    // As few digits as there can be: an odd mantissa.
    let zeros = mantissa.trailing_zeros() as i64;
    let (mantissa, exponent) = if exponent < 0 {
        let shift = zeros.min(-exponent);
        (mantissa >> shift, exponent + shift)
    } else {
        (mantissa, exponent)
    };
    let mut digits = limbs::room(64)?;
    let (start, n) = limbs::split(mantissa as u128);
    digits.extend_from_slice(&start[..n]);
    // m 2^e is an integer, or m 5^-e with the exponent e.
    let (factor, mut times) = if exponent >= 0 { (2u64, exponent) } else { (5, -exponent) };
    while times > 0 {
        let now = times.min(27);
        let carry = limbs::mul_word(&mut digits, factor.pow(now as u32), 0);
        if carry > 0 {
            digits.push(carry);
        }
        times -= now;
    }
    Ok(Dec::from_limbs(negative, digits, exponent.min(0)))
}

/// The text of a number in ASCII. `lenient`: without white space around it and underscores in it.
fn ascii(text: &PyStr, lenient: bool) -> Vec<u8> {
    let converted = if text.is_ascii() { text.as_bytes().to_vec() } else { ascii_digits(text.as_bytes()) };
    if !lenient {
        return converted;
    }
    trim(&converted).iter().copied().filter(|&c| c != b'_').collect()
}

/// A number from text, exactly.
fn from_text_exactly(text: &PyStr, status: &mut u32) -> Dec {
    let parse = |bytes: &[u8], status: &mut u32| {
        let d = text::parse(bytes, &Ctx::MAX, status);
        if *status == 0 { text::exact(d, status) } else { d }
    };
    match text.is_ascii() && text.as_bytes().iter().all(|c| c.is_ascii_alphanumeric() || b".+-".contains(c)) {
        true => parse(text.as_bytes(), status),
        false => parse(&ascii(text, true), status),
    }
}

/// A number from sign, digits and exponent.
fn from_parts(cx: &mut Cx, parts: &[Ref<'_>], exactly: bool, status: &mut u32) -> R<Dec> {
    let &[sign, digits, exponent] = parts else {
        return Err(cx.value_error("argument must be a sequence of length 3"));
    };
    let negative = match int::view(cx, sign).and_then(|n| n.to_i64()) {
        Some(sign @ (0 | 1)) => sign == 1,
        _ => return Err(cx.value_error("sign must be an integer with the value 0 or 1")),
    };
    let mut text = vec![if negative { b'-' } else { b'+' }];
    let kind = exponent.downcast::<PyStr>(cx).map(PyStr::to_string_lossy);
    let power = match kind.as_deref() {
        Some("F") => return Ok(Dec::infinity(negative)),
        Some("n") => Err("NaN"),
        Some("N") => Err("sNaN"),
        Some(_) => {
            return Err(cx.value_error("string argument in the third position must be 'F', 'n' or 'N'"));
        }
        None => match int::view(cx, exponent) {
            None => return Err(cx.value_error("exponent must be an integer")),
            Some(n) => match n.to_i64() {
                Some(power) => Ok(power),
                None => return Err(cx.overflow_error("Python int too large to convert to C ssize_t")),
            },
        },
    };
    text.extend(power.err().unwrap_or_default().as_bytes());
    push_digits(cx, digits, &mut text)?;
    if let Ok(power) = power {
        // Without digits it is a zero.
        if text.len() == 1 {
            text.push(b'0');
        }
        text.extend(format!("E{power}").as_bytes());
    }
    let d = text::parse(&text, &Ctx::MAX, status);
    Ok(if exactly && *status == 0 { text::exact(d, status) } else { d })
}

fn push_digits(cx: &mut Cx, digits: Ref<'_>, text: &mut Vec<u8>) -> R<()> {
    let is_sequence = digits.downcast::<PyTuple>(cx).is_some() || digits.downcast::<PyList>(cx).is_some();
    let items = if is_sequence { cx.collect(digits)? } else { Vec::new() };
    for item in &items {
        match int::view(cx, item.r()).and_then(|n| n.to_i64()) {
            Some(digit @ 0..=9) => text.push(b'0' + digit as u8),
            _ => return Err(cx.value_error("coefficient must be a tuple of digits")),
        }
    }
    if is_sequence { Ok(()) } else { Err(cx.value_error("coefficient must be a tuple of digits")) }
}

/// A number from any object that can be one. `exactly`, or rounded to the context.
fn from_object(cx: &mut Cx, v: Ref<'_>, context: &PyContext, exactly: bool) -> R<Dec> {
    let c = context.settings();
    let mut status = 0;
    let d = if let Some(d) = payload(cx, v) {
        // A NaN whose payload is too long is no operand of the context.
        if !exactly && d.is_nan() && d.digits() > c.prec - c.clamp as i64 && !d.coef.is_zero() {
            Dec::failed(&mut status, signal::CONVERSION_SYNTAX)
        } else {
            d.clone()
        }
    } else if let Some(text) = v.downcast::<PyStr>(cx) {
        match exactly {
            true => from_text_exactly(text, &mut status),
            false => text::parse(&ascii(text, false), &c, &mut status),
        }
    } else if let Some(d) = from_int(cx, v)? {
        d
    } else if v.downcast::<PyTuple>(cx).is_some() || v.downcast::<PyList>(cx).is_some() {
        let parts = cx.collect(v)?;
        let parts: Vec<Ref<'_>> = parts.iter().map(|part| part.r()).collect();
        from_parts(cx, &parts, exactly, &mut status)?
    } else if cx.is_instance_of(v, Builtin::Float) {
        let x = cx.to_f64(v)?;
        context.signal(cx, signal::FLOAT_OPERATION)?;
        let result = from_f64(x);
        or_memory_error(cx, result)?
    } else {
        return Err(not_supported(cx, v));
    };
    let d = if exactly || status != 0 { d } else { d.finish(&c, &mut status) };
    // What an exact conversion cannot do is invalid; nothing else is reported.
    context.signal(cx, if exactly { status & signal::ERRORS } else { status })?;
    Ok(d)
}

/// `Context.create_decimal(num)`.
pub fn create(cx: &mut Cx, v: Ref<'_>, context: &PyContext) -> R {
    let d = from_object(cx, v, context, false)?;
    new_decimal(cx, d)
}

/// `class(value, context)`.
fn construct_value(
    cx: &mut Cx,
    class: &'static PyType,
    value: Option<Ref<'_>>,
    context: Option<Ref<'_>>,
) -> R {
    let Some(value) = value else {
        context_argument(cx, context)?;
        return new_of(cx, class, Dec::zero(false, 0));
    };
    let is_base = std::ptr::eq(class, number::class(cx));
    // The quick ways, for which the context does not matter.
    if context.is_none() {
        if let Some(i) = value.value().as_int() {
            return new_of(cx, class, Dec::from_i128(i as i128));
        }
        if is_base && std::ptr::eq(cx.class_of(value), class) {
            return Ok(value.own(cx));
        }
    }
    let context = context_argument(cx, context)?;
    // SAFETY: checked.
    let context: &PyContext = unsafe { context.cast_unchecked() };
    if is_base && std::ptr::eq(cx.class_of(value), class) {
        return Ok(value.own(cx));
    }
    let d = from_object(cx, value, context, true)?;
    new_of(cx, class, d)
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    construct_value(cx, class, a.opt(1), a.opt_not_none(2))
}

/// A float or an int, exactly.
fn from_float_or_int(cx: &mut Cx, v: Ref<'_>) -> R<Dec> {
    if let Some(d) = from_int(cx, v)? {
        return Ok(d);
    }
    if !cx.is_instance_of(v, Builtin::Float) {
        return Err(cx.type_error("argument must be int or float"));
    }
    let result = from_f64(cx.to_f64(v)?);
    or_memory_error(cx, result)
}

/// The number as an instance of the class that a class method was called on.
fn as_class(cx: &mut Cx, class: Ref<'_>, d: Dec) -> R {
    let made = new_decimal(cx, d)?;
    if class.is(number::class(cx).as_ref()) {
        return Ok(made);
    }
    cx.call(class, &[made.r()])
}

fn from_float(cx: &mut Cx, a: Args<'_>) -> R {
    let d = from_float_or_int(cx, a.get(1))?;
    as_class(cx, a.get(0), d)
}

fn from_number(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(1);
    let d = match payload(cx, v) {
        Some(d) => d.clone(),
        None if from_int_or_float(cx, v) => from_float_or_int(cx, v)?,
        None => return Err(not_supported(cx, v)),
    };
    as_class(cx, a.get(0), d)
}

fn from_int_or_float(cx: &Cx, v: Ref<'_>) -> bool {
    int::view(cx, v).is_some() || cx.is_instance_of(v, Builtin::Float)
}

/// `Context.create_decimal_from_float(f)`.
pub fn create_from_float(cx: &mut Cx, v: Ref<'_>, context: &PyContext) -> R {
    let d = from_float_or_int(cx, v)?;
    let mut status = 0;
    let d = d.finish(&context.settings(), &mut status);
    context.signal(cx, status)?;
    new_decimal(cx, d)
}

/// Adds the constructors to the type.
pub fn add_to(cx: &mut Cx, t: &mut TypeBuilder) {
    t.constructor(cx, "($type, value=\"0\", context=None)", Full(construct));
    t.quick(|cx, class, args| match args.refs() {
        [] => Some(new_of(cx, class, Dec::zero(false, 0))),
        &[value] => Some(construct_value(cx, class, Some(value), None)),
        _ => None,
    });
    t.class_method(cx, "from_float", "($type, f, /)", Full(from_float));
    t.class_method(cx, "from_number", "($type, number, /)", Full(from_number));
    let itself: NativeFn = Leaf(|cx, a| Ok(a.get(0).own(cx)));
    t.method(cx, "__copy__", "($self, /)", itself);
    t.method(cx, "__deepcopy__", "($self, memo, /)", itself);
    t.method(
        cx,
        "__sizeof__",
        "($self, /)",
        Leaf(|cx, a| {
            let limbs = match &a.this::<PyDecimal>().d.coef {
                super::num::dec::Coef::Short(_) => 0,
                super::num::dec::Coef::Long(limbs) => limbs.len(),
            };
            Ok(cx.int((size_of::<PyDecimal>() + 8 * limbs) as i64))
        }),
    );
}
