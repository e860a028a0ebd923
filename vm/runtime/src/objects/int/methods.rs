//! The class `int`: its other methods, and start-up.

use super::num::IntRef;
use super::{INT_OPS, PyInt, binary, boolean, bytes, new, new_int, text, view};
use crate::objects::{hash, number_format, str};
use crate::prelude::*;

/// The value of the receiver. The descriptor has checked that it is an int.
fn this<'a>(cx: &Cx, a: Args<'a>) -> IntRef<'a> {
    match view(cx, a.get(0)) {
        Some(n) => n,
        None => ungil_gc::fatal("a method of int was called on something else"),
    }
}

/// The receiver as an exact int.
fn itself(cx: &Cx, a: Args<'_>) -> R {
    if a.get(0).value().is_int() || cx.is_exactly(a.get(0), Builtin::Int) {
        return Ok(a.get(0).own(cx));
    }
    Ok(new_int(cx, this(cx, a).to_int()))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let n = this(cx, a);
    let text = text::decimal(cx, n)?;
    Ok(str::new_ascii(cx, text.as_bytes()))
}

fn bit_count(cx: &Cx, a: Args<'_>) -> R {
    let ones = match this(cx, a) {
        IntRef::Word(w) => w.unsigned_abs().count_ones() as u64,
        IntRef::Big(b) => b.magnitude().count_ones(),
    };
    Ok(cx.int_u64(ones))
}

fn as_integer_ratio(cx: &Cx, a: Args<'_>) -> R {
    let items = vec![itself(cx, a)?, cx.int(1)];
    Ok(cx.tuple(items))
}

/// The size that CPython would report: digits of 30 bits behind a header.
fn sizeof(cx: &Cx, a: Args<'_>) -> R {
    let digits = this(cx, a).bits().div_ceil(30).max(1);
    Ok(cx.int_u64(24 + 4 * digits))
}

fn to_float(cx: &mut Cx, a: Args<'_>) -> R {
    match this(cx, a).to_f64() {
        Ok(x) => Ok(cx.float(x)),
        Err(why) => Err(super::trouble(cx, why)),
    }
}

fn negate(cx: &Cx, a: Args<'_>) -> R {
    Ok(new_int(cx, this(cx, a).neg()))
}

/// Declares `int` and `bool`.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Int, "int", &INT_OPS, size_of::<PyInt>(), false);
    TypeBuilder::declare(cx, Builtin::Bool, "bool", &INT_OPS, size_of::<PyInt>(), false);
}

/// Fills `int` and `bool`.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::MATCH_SELF;
    let mut b = TypeBuilder::new(cx, Builtin::Int, Some(Builtin::Object), flags);
    b.doc(
        cx,
        "int(x=0, /)\nint(x, base=10)\n\nA whole number of any size.\n\nA number is cut off towards zero. A string or bytes \
         object is read as digits in the base, which is 2 to 36,\nor 0 for the base that a prefix such as 0x names.\n\n>>> int('0x1f', base=0)\n31",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(new::construct));
    b.specials(cx, binary::OPERATORS);
    b.specials(cx, binary::COMPARISONS);
    special_methods(cx, &mut b);
    methods(cx, &mut b);
    boolean::init(cx);
}

fn special_methods(cx: &mut Cx, b: &mut TypeBuilder) {
    b.specials(
        cx,
        &[
            (Special::Pow, Full(binary::pow)),
            (Special::RPow, Full(binary::rpow)),
            (Special::Repr, Full(repr)),
            (Special::Hash, Leaf(|cx, a| Ok(cx.int(hash::hash_int(this(cx, a)))))),
            (Special::Neg, Leaf(negate)),
            (Special::Pos, Leaf(itself)),
            (Special::Abs, Leaf(|cx, a| Ok(new_int(cx, this(cx, a).abs())))),
            (Special::Bool, Leaf(|cx, a| Ok(cx.bool(!this(cx, a).is_zero())))),
            (Special::Invert, Leaf(|cx, a| Ok(new_int(cx, this(cx, a).invert())))),
            (Special::Int, Leaf(itself)),
            (Special::Index, Leaf(itself)),
            (Special::Float, Full(to_float)),
            (Special::Trunc, Leaf(itself)),
            (Special::Floor, Leaf(itself)),
            (Special::Ceil, Leaf(itself)),
            (Special::Round, Full(binary::round)),
            (Special::Format, Full(number_format::format_int)),
            (Special::Sizeof, Leaf(sizeof)),
        ],
    );
}

fn methods(cx: &mut Cx, b: &mut TypeBuilder) {
    b.methods(
        cx,
        &[
            ("conjugate", "($self, /)", Leaf(itself)),
            ("bit_length", "($self, /)", Leaf(|cx, a| Ok(cx.int_u64(this(cx, a).bits())))),
            ("bit_count", "($self, /)", Leaf(bit_count)),
            ("to_bytes", "($self, /, length=1, byteorder='big', *, signed=False)", Full(bytes::to_bytes)),
            ("as_integer_ratio", "($self, /)", Leaf(as_integer_ratio)),
            ("is_integer", "($self, /)", Leaf(|cx, _| Ok(cx.bool(true)))),
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
    b.class_method(
        cx,
        "from_bytes",
        "($type, /, bytes, byteorder='big', *, signed=False)",
        Full(bytes::from_bytes),
    );
    b.getset(cx, "real", Leaf(itself), None);
    b.getset(cx, "imag", Leaf(|cx, _| Ok(cx.int(0))), None);
    b.getset(cx, "numerator", Leaf(itself), None);
    b.getset(cx, "denominator", Leaf(|cx, _| Ok(cx.int(1))), None);
}
