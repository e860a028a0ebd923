//! Start-up of the number types with what the interpreter itself needs of them: operators, comparison,
//! hashing, texts, plain construction. Their full sets of methods belong to their own files.

use crate::objects::complex::{COMPLEX_OPS, PyComplex};
use crate::objects::float::{FLOAT_OPS, PyFloat, value_of};
use crate::objects::int::{self, INT_OPS, PyInt};
use crate::objects::str::PyStr;
use crate::prelude::*;

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Int, "int", &INT_OPS, size_of::<PyInt>(), false);
    TypeBuilder::declare(cx, Builtin::Bool, "bool", &INT_OPS, size_of::<PyInt>(), false);
    TypeBuilder::declare(cx, Builtin::Float, "float", &FLOAT_OPS, size_of::<PyFloat>(), false);
    TypeBuilder::declare(cx, Builtin::Complex, "complex", &COMPLEX_OPS, size_of::<PyComplex>(), false);
}

/// The exact number behind an instance of a subclass or a bool.
fn exact(cx: &Cx, v: Ref<'_>) -> Option<Obj> {
    if let Some(b) = v.value().as_bool() {
        return Some(cx.int(b as i64));
    }
    if let Some(x) = value_of(cx, v) {
        return Some(cx.float(x));
    }
    int::view(cx, v)?;
    Some(int::to_exact(cx, v.own(cx)))
}

fn operate(cx: &mut Cx, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> R {
    let (Some(x), Some(y)) = (exact(cx, a), exact(cx, b)) else { return Ok(cx.not_implemented()) };
    if let Some(result) = int::binary_small(cx, op, x.value(), y.value()) {
        return result;
    }
    if let Some(result) = int::binary_exact(cx, op, x.r(), y.r()) {
        return result;
    }
    if x.value().is_float() || y.value().is_float() {
        let (x, y) = (cx.to_f64(x.r())?, cx.to_f64(y.r())?);
        if let Some(result) = int::binary_float(cx, op, x, y) {
            return result;
        }
    }
    Ok(cx.not_implemented())
}

macro_rules! operators {
    ($($op:ident),*) => {
        &[
            $(
                (BinaryOp::$op, Full(|cx, a| operate(cx, BinaryOp::$op, a.get(0), a.get(1))), Full(|cx, a| operate(cx, BinaryOp::$op, a.get(1), a.get(0)))),
            )*
        ]
    };
}

const OPERATORS: &[(BinaryOp, NativeFn, NativeFn)] =
    operators!(Add, Sub, Mul, TrueDiv, FloorDiv, Mod, DivMod, Pow, Shl, Shr, And, Or, Xor);

fn order(cx: &Cx, a: Args<'_>, op: CompareOp) -> R {
    let (Some(x), Some(y)) = (exact(cx, a.get(0)), exact(cx, a.get(1))) else {
        return Ok(cx.not_implemented());
    };
    Ok(match int::compare_exact(x.r(), y.r()) {
        Some(Some(ordering)) => cx.bool(op.holds(ordering)),
        Some(None) => cx.bool(op == CompareOp::Ne),
        None => cx.not_implemented(),
    })
}

fn number_hash(cx: &mut Cx, a: Args<'_>) -> R {
    let v = exact(cx, a.get(0)).unwrap_or_else(|| cx.none());
    let hash = crate::objects::hash::known_hash(cx, v.r()).unwrap_or(0);
    Ok(cx.int(hash))
}

fn number_bool(cx: &mut Cx, a: Args<'_>) -> R {
    let v = exact(cx, a.get(0)).unwrap_or_else(|| cx.none());
    let zero = v.value().as_int() == Some(0) || v.value().as_float() == Some(0.0);
    Ok(cx.bool(!zero))
}

fn negate(cx: &mut Cx, a: Args<'_>) -> R {
    let v = exact(cx, a.get(0)).unwrap_or_else(|| cx.none());
    match v.value().as_float() {
        Some(x) => Ok(cx.float(-x)),
        None => operate(cx, BinaryOp::Sub, Ref::immediate(Value::from_int_unchecked(0)), v.r()),
    }
}

fn absolute(cx: &mut Cx, a: Args<'_>) -> R {
    let v = exact(cx, a.get(0)).unwrap_or_else(|| cx.none());
    match v.value().as_float() {
        Some(x) => Ok(cx.float(x.abs())),
        None if int::is_negative(cx, v.r()) => negate(cx, a),
        None => Ok(v),
    }
}

fn number_repr(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(b) = a.get(0).value().as_bool() {
        return Ok(cx.str(if b { "True" } else { "False" }));
    }
    let text = match value_of(cx, a.get(0)) {
        Some(x) => float_repr(x),
        None => int::repr_string(cx, a.get(0)),
    };
    Ok(cx.str(&text))
}

/// The shortest text that reads back as the float, in Python's notation.
pub fn float_repr(x: f64) -> String {
    if x.is_nan() {
        return "nan".into();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.into();
    }
    let text = format!("{x:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{x}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn number_format(cx: &mut Cx, a: Args<'_>) -> R {
    let spec = cx.text_of(a.get(1));
    if spec.is_empty() {
        return cx.to_str(a.get(0));
    }
    let v = exact(cx, a.get(0)).unwrap_or_else(|| cx.none());
    let Some(parts) = Parts::parse(&spec) else {
        let name = cx.type_name(a.get(0));
        return Err(cx.value_error(format!("Invalid format specifier '{spec}' for object of type '{name}'")));
    };
    let text = match parts.kind {
        'd' | 'n' | 'x' | 'X' | 'o' | 'b' | 'c' | ' ' if !v.value().is_float() => parts.int_text(cx, v.r()),
        _ => {
            let x = cx.to_f64(v.r())?;
            parts.float_text(x)
        }
    };
    match text {
        Some(text) => Ok(cx.str(&parts.pad(text))),
        None => {
            let (kind, name) = (parts.kind, cx.type_name(a.get(0)));
            Err(cx.value_error(format!("Unknown format code '{kind}' for object of type '{name}'")))
        }
    }
}

/// A format specification for numbers.
struct Parts {
    fill: char,
    align: char,
    sign: char,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: char,
}

impl Parts {
    fn parse(spec: &str) -> Option<Parts> {
        let chars: Vec<char> = spec.chars().collect();
        let mut p = Parts {
            fill: ' ',
            align: '>',
            sign: '-',
            alternate: false,
            width: 0,
            grouping: None,
            precision: None,
            kind: ' ',
        };
        let mut i = 0;
        let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '=' | '^'));
        let mut aligned = false;
        if is_align(chars.get(1)) {
            (p.fill, p.align, i, aligned) = (chars[0], chars[1], 2, true);
        } else if is_align(chars.first()) {
            (p.align, i, aligned) = (chars[0], 1, true);
        }
        if let Some(&c @ ('+' | '-' | ' ')) = chars.get(i) {
            p.sign = c;
            i += 1;
        }
        if chars.get(i) == Some(&'#') {
            p.alternate = true;
            i += 1;
        }
        if chars.get(i) == Some(&'0') {
            if !aligned {
                (p.fill, p.align) = ('0', '=');
            }
            i += 1;
        }
        let number = |i: &mut usize| {
            let start = *i;
            while chars.get(*i).is_some_and(char::is_ascii_digit) {
                *i += 1;
            }
            chars[start..*i].iter().collect::<String>().parse::<usize>().ok()
        };
        p.width = number(&mut i).unwrap_or(0);
        if let Some(&c @ (',' | '_')) = chars.get(i) {
            p.grouping = Some(c);
            i += 1;
        }
        if chars.get(i) == Some(&'.') {
            i += 1;
            p.precision = Some(number(&mut i)?);
        }
        if let Some(&c) = chars.get(i) {
            p.kind = c;
            i += 1;
        }
        (i == chars.len()).then_some(p)
    }

    fn signed(&self, negative: bool, magnitude: String) -> String {
        match (negative, self.sign) {
            (true, _) => format!("-{magnitude}"),
            (false, '+') => format!("+{magnitude}"),
            (false, ' ') => format!(" {magnitude}"),
            _ => magnitude,
        }
    }

    fn grouped(&self, digits: &str, every: usize) -> String {
        let Some(mark) = self.grouping else { return digits.to_string() };
        let n = digits.len();
        digits
            .chars()
            .enumerate()
            .flat_map(|(i, c)| {
                ((i > 0 && (n - i).is_multiple_of(every)).then_some(mark)).into_iter().chain([c])
            })
            .collect()
    }

    fn int_text(&self, cx: &Cx, v: Ref<'_>) -> Option<String> {
        let n = int::to_bigint(cx, v)?;
        let negative = n.sign() == num_bigint::Sign::Minus;
        let magnitude = n.magnitude();
        let (digits, prefix, every) = match self.kind {
            'd' | 'n' | ' ' => (magnitude.to_str_radix(10), "", 3),
            'x' => (magnitude.to_str_radix(16), "0x", 4),
            'X' => (magnitude.to_str_radix(16).to_uppercase(), "0X", 4),
            'o' => (magnitude.to_str_radix(8), "0o", 4),
            'b' => (magnitude.to_str_radix(2), "0b", 4),
            'c' => return u32::try_from(magnitude).ok().and_then(char::from_u32).map(String::from),
            _ => return None,
        };
        let prefix = if self.alternate { prefix } else { "" };
        Some(self.signed(negative, format!("{prefix}{}", self.grouped(&digits, every))))
    }

    fn float_text(&self, x: f64) -> Option<String> {
        let precision = self.precision.unwrap_or(6);
        let m = x.abs();
        let text = match self.kind {
            _ if !m.is_finite() => float_repr(m),
            'f' | 'F' => format!("{m:.precision$}"),
            '%' => format!("{:.precision$}%", m * 100.0),
            'e' | 'E' => exponent_form(m, precision),
            'g' | 'G' | 'n' => general_form(m, precision.max(1), self.alternate),
            ' ' if self.precision.is_none() => float_repr(m),
            ' ' => {
                let text = general_form(m, precision.max(1), false);
                if text.contains(['.', 'e']) { text } else { text + ".0" }
            }
            _ => return None,
        };
        let text = if self.kind.is_uppercase() { text.to_uppercase() } else { text };
        let (whole, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        Some(self.signed(x.is_sign_negative() && !x.is_nan(), format!("{}{rest}", self.grouped(whole, 3))))
    }

    fn pad(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        let fill = |n: usize| std::iter::repeat_n(self.fill, n).collect::<String>();
        match self.align {
            '<' => text + &fill(missing),
            '^' => format!("{}{text}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => {
                let head = text.len() - text.trim_start_matches(['-', '+', ' ']).len();
                format!("{}{}{}", &text[..head], fill(missing), &text[head..])
            }
            _ => fill(missing) + &text,
        }
    }
}

fn exponent_form(m: f64, precision: usize) -> String {
    let text = format!("{m:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn general_form(m: f64, precision: usize, alternate: bool) -> String {
    let text = exponent_form(m, precision - 1);
    let exponent: i32 = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let strip = |digits: &str| match digits.contains('.') && !alternate {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => digits.to_string(),
    };
    if exponent < -4 || exponent >= precision as i32 {
        let (digits, rest) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{rest}", strip(digits));
    }
    let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
    strip(&format!("{m:.decimals$}"))
}

fn add_operators(cx: &mut Cx, t: &mut TypeBuilder, float: bool) {
    for &(op, forward, reflected) in OPERATORS {
        let bitwise =
            matches!(op, BinaryOp::Shl | BinaryOp::Shr | BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
        if float && bitwise {
            continue;
        }
        let (f, r, _) = op.specials();
        t.special(cx, f, forward).special(cx, r, reflected);
    }
    t.specials(
        cx,
        &[
            (Special::Lt, Leaf(|cx, a| order(cx, a, CompareOp::Lt))),
            (Special::Le, Leaf(|cx, a| order(cx, a, CompareOp::Le))),
            (Special::Eq, Leaf(|cx, a| order(cx, a, CompareOp::Eq))),
            (Special::Ne, Leaf(|cx, a| order(cx, a, CompareOp::Ne))),
            (Special::Gt, Leaf(|cx, a| order(cx, a, CompareOp::Gt))),
            (Special::Ge, Leaf(|cx, a| order(cx, a, CompareOp::Ge))),
            (Special::Hash, Full(number_hash)),
            (Special::Bool, Full(number_bool)),
            (Special::Neg, Full(negate)),
            (Special::Pos, Full(|cx, a| Ok(exact(cx, a.get(0)).unwrap_or_else(|| cx.none())))),
            (Special::Abs, Full(absolute)),
            (Special::Repr, Full(number_repr)),
            (Special::Format, Full(number_format)),
            (
                Special::Float,
                Full(|cx, a| {
                    let x = cx.to_f64(a.get(0))?;
                    Ok(cx.float(x))
                }),
            ),
        ],
    );
}

fn int_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let n = int_value(cx, a)?;
    if std::ptr::eq(class, cx.builtin(Builtin::Int)) {
        return Ok(n);
    }
    match int::view(cx, n.r()).map(|v| v.to_int()) {
        Some(n) => int::new_int_of(cx, class, n),
        None => Ok(n),
    }
}

fn int_value(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt(1) else { return Ok(cx.int(0)) };
    if let Some(s) = v.downcast::<PyStr>(cx) {
        let base = match a.opt(2) {
            Some(base) => cx.to_i64(base)? as u32,
            None => 10,
        };
        let text = s.to_string_lossy();
        let clean = text.trim().replace('_', "");
        return match num_bigint::BigInt::parse_bytes(clean.as_bytes(), base) {
            Some(n) => Ok(int::new_big(cx, n)),
            None => {
                let shown = cx.repr_string(v)?;
                Err(cx.value_error(format!("invalid literal for int() with base {base}: {shown}")))
            }
        };
    }
    if let Some(x) = value_of(cx, v) {
        if !x.is_finite() {
            return Err(if x.is_nan() {
                cx.value_error("cannot convert float NaN to integer")
            } else {
                cx.overflow_error("cannot convert float infinity to integer")
            });
        }
        return Ok(match num_traits::FromPrimitive::from_f64(x.trunc()) {
            Some(n) => int::new_big(cx, n),
            None => cx.int(0),
        });
    }
    if let Some(n) = exact(cx, v) {
        return Ok(n);
    }
    for special in [Special::Int, Special::Index] {
        if let Some(n) = cx.try_special(special, v, &[])? {
            return Ok(n);
        }
    }
    let name = cx.type_name(v);
    Err(cx.type_error(format!(
        "int() argument must be a string, a bytes-like object or a real number, not '{name}'"
    )))
}

fn float_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let x = match a.opt(1) {
        None => 0.0,
        Some(v) => match v.downcast::<PyStr>(cx) {
            Some(s) => {
                let text = s.to_string_lossy();
                match text.trim().replace('_', "").parse::<f64>() {
                    Ok(x) => x,
                    Err(_) => {
                        let shown = cx.repr_string(v)?;
                        return Err(cx.value_error(format!("could not convert string to float: {shown}")));
                    }
                }
            }
            None => cx.to_f64(v)?,
        },
    };
    crate::objects::float::new_float_of(cx, class, x)
}

fn float_round(cx: &mut Cx, a: Args<'_>) -> R {
    let x = value_of(cx, a.get(0)).unwrap_or(0.0);
    match a.opt_not_none(1) {
        None => {
            let rounded = cx.float(x.round_ties_even());
            int_new(cx, Args::of(&[cx.builtin(Builtin::Int).as_ref().own(cx), rounded]))
        }
        Some(digits) => {
            let digits = cx.to_i64(digits)?;
            let text = format!("{x:.*}", digits.clamp(0, 300) as usize);
            Ok(cx.float(text.parse().unwrap_or(x)))
        }
    }
}

fn bool_new(cx: &mut Cx, a: Args<'_>) -> R {
    let b = match a.opt(1) {
        Some(v) => cx.truth(v)?,
        None => false,
    };
    Ok(cx.bool(b))
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::MATCH_SELF;
    let mut t = TypeBuilder::new(cx, Builtin::Int, Some(Builtin::Object), flags);
    add_operators(cx, &mut t, false);
    t.constructor(cx, "($cls, x=0, /, base=10)", Full(int_new))
        .special(
            cx,
            Special::Invert,
            Full(|cx, a| operate(cx, BinaryOp::Sub, Ref::immediate(Value::from_int_unchecked(-1)), a.get(0))),
        )
        .special(cx, Special::Int, Full(|cx, a| Ok(exact(cx, a.get(0)).unwrap_or_else(|| cx.none()))))
        .special(cx, Special::Index, Full(|cx, a| Ok(exact(cx, a.get(0)).unwrap_or_else(|| cx.none()))))
        .special(cx, Special::Round, Full(|cx, a| Ok(exact(cx, a.get(0)).unwrap_or_else(|| cx.none()))));
    let mut t = TypeBuilder::new(cx, Builtin::Bool, Some(Builtin::Int), class_flag::MATCH_SELF);
    t.constructor(cx, "($cls, object=False, /)", Full(bool_new)).special(
        cx,
        Special::Repr,
        Full(number_repr),
    );
    let mut t = TypeBuilder::new(cx, Builtin::Float, Some(Builtin::Object), flags);
    add_operators(cx, &mut t, true);
    t.constructor(cx, "($cls, x=0, /)", Full(float_new)).special(cx, Special::Round, Full(float_round));
    TypeBuilder::new(cx, Builtin::Complex, Some(Builtin::Object), flags);
}
