//! `weakref.proxy`: objects that pass every operation on to the target of a weak reference while it is alive.

use super::{PyWeakRef, class_text, make};
use crate::objects::{float, int, native};
use crate::prelude::*;

/// `weakref.proxy(target, callback)`.
///
/// # Errors
/// `TypeError` if the object cannot be weakly referenced.
pub fn proxy_to(cx: &mut Cx, target: Ref<'_>, callback: Option<Ref<'_>>) -> R {
    let callable = cx.class_of(target).special(cx, Special::Call).is_some();
    let which = if callable { Builtin::WeakCallableProxy } else { Builtin::WeakProxy };
    make(cx, cx.builtin(which), target, callback)
}

fn gone(cx: &mut Cx) -> Err {
    cx.error(Builtin::ReferenceError, "weakly-referenced object no longer exists")
}

/// The target of the proxy that a method was called on.
fn this(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyWeakRef>().target(cx) {
        Some(target) => Ok(target),
        None => Err(gone(cx)),
    }
}

/// An operand: what a proxy stands for, anything else itself.
fn operand(cx: &mut Cx, v: Ref<'_>) -> R {
    let is_proxy = cx.is_exactly(v, Builtin::WeakProxy) || cx.is_exactly(v, Builtin::WeakCallableProxy);
    match v.downcast::<PyWeakRef>(cx).filter(|_| is_proxy) {
        None => Ok(v.own(cx)),
        Some(proxy) => match proxy.target(cx) {
            Some(target) => Ok(target),
            None => Err(gone(cx)),
        },
    }
}

fn binary(cx: &mut Cx, op: BinaryOp, x: Ref<'_>, y: Ref<'_>) -> R {
    let (x, y) = (operand(cx, x)?, operand(cx, y)?);
    cx.binary(op, x.r(), y.r())
}

/// `x ** y`, with a modulus if one is given.
fn power(cx: &mut Cx, x: Ref<'_>, y: Ref<'_>, modulus: Option<Ref<'_>>) -> R {
    let Some(modulus) = modulus else { return binary(cx, BinaryOp::Pow, x, y) };
    let (x, y, modulus) = (operand(cx, x)?, operand(cx, y)?, operand(cx, modulus)?);
    let pow = crate::objects::iter::builtin_named(cx, "pow")?;
    cx.call(pow.r(), &[x.r(), y.r(), modulus.r()])
}

fn in_place(cx: &mut Cx, op: BinaryOp, a: Args<'_>) -> R {
    let (x, y) = (operand(cx, a.get(0))?, operand(cx, a.get(1))?);
    cx.binary_in_place(op, x.r(), y.r())
}

fn unary(cx: &mut Cx, op: UnaryOp, a: Args<'_>) -> R {
    let target = this(cx, a)?;
    cx.unary(op, target.r())
}

fn compare(cx: &mut Cx, op: CompareOp, a: Args<'_>) -> R {
    let (x, y) = (operand(cx, a.get(0))?, operand(cx, a.get(1))?);
    cx.compare(op, x.r(), y.r())
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let at = a.get(0).value().0;
    Ok(match a.this::<PyWeakRef>().target(cx) {
        Some(target) => {
            let class = class_text(cx, cx.class_of(target.r()));
            let to = target.value().0;
            cx.str(&format!("<weakproxy at {at:#x}; to '{class}' at {to:#x}>"))
        }
        None => cx.str(&format!("<weakproxy at {at:#x}; dead>")),
    })
}

fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let target = this(cx, a)?;
    if cx.class_of(target.r()).special(cx, Special::Next).is_none() {
        let name = cx.type_name(target.r());
        return Err(cx.type_error(format!("Weakref proxy referenced a non-iterator '{name}' object")));
    }
    match cx.next(target.r())? {
        Some(item) => Ok(item),
        None => Err(cx.stop_iteration()),
    }
}

fn set_attr(cx: &mut Cx, a: Args<'_>) -> R {
    let target = this(cx, a)?;
    let value = a.get(2).own(cx);
    cx.set_attr(target.r(), a.get(1), value)?;
    Ok(cx.none())
}

fn set_item(cx: &mut Cx, a: Args<'_>) -> R {
    let target = this(cx, a)?;
    cx.set_item(target.r(), a.get(1), a.get(2))?;
    Ok(cx.none())
}

fn call(cx: &mut Cx, a: Args<'_>) -> R {
    let target = this(cx, a)?;
    native::spread(cx, target.r(), a.get(1), a.opt(2))
}

macro_rules! on_target {
    (|$cx:ident, $target:ident, $a:ident| $body:expr) => {
        Full(|$cx, $a| {
            let target = this($cx, $a)?;
            let $target = target.r();
            $body
        })
    };
}

const COMMON: &[(Special, NativeFn)] = &[
    (Special::Repr, Full(repr)),
    (Special::Str, on_target!(|cx, v, a| cx.to_str(v))),
    (Special::GetAttribute, on_target!(|cx, v, a| cx.get_attr(v, a.get(1)))),
    (Special::SetAttr, Full(set_attr)),
    (Special::DelAttr, on_target!(|cx, v, a| cx.del_attr(v, a.get(1)).map(|()| cx.none()))),
    (Special::Bool, on_target!(|cx, v, a| cx.truth(v).map(|b| cx.bool(b)))),
    (Special::Int, on_target!(|cx, v, a| int::int_of(cx, v))),
    (Special::Float, on_target!(|cx, v, a| float::float_of(cx, v))),
    (Special::Index, on_target!(|cx, v, a| cx.index(v))),
    (Special::Iter, on_target!(|cx, v, a| cx.iter(v))),
    (Special::Next, Full(next)),
    (Special::Len, on_target!(|cx, v, a| cx.len(v).map(|n| cx.int(n as i64)))),
    (Special::GetItem, on_target!(|cx, v, a| cx.get_item(v, a.get(1)))),
    (Special::SetItem, Full(set_item)),
    (Special::DelItem, on_target!(|cx, v, a| cx.del_item(v, a.get(1)).map(|()| cx.none()))),
    (Special::Contains, on_target!(|cx, v, a| cx.contains(v, a.get(1)).map(|b| cx.bool(b)))),
    (Special::Bytes, on_target!(|cx, v, a| cx.call_method(v, "__bytes__", &[]))),
    (Special::Reversed, on_target!(|cx, v, a| cx.call_method(v, "__reversed__", &[]))),
    (Special::Neg, Full(|cx, a| unary(cx, UnaryOp::Neg, a))),
    (Special::Pos, Full(|cx, a| unary(cx, UnaryOp::Pos, a))),
    (Special::Abs, Full(|cx, a| unary(cx, UnaryOp::Abs, a))),
    (Special::Invert, Full(|cx, a| unary(cx, UnaryOp::Invert, a))),
    (Special::Lt, Full(|cx, a| compare(cx, CompareOp::Lt, a))),
    (Special::Le, Full(|cx, a| compare(cx, CompareOp::Le, a))),
    (Special::Eq, Full(|cx, a| compare(cx, CompareOp::Eq, a))),
    (Special::Ne, Full(|cx, a| compare(cx, CompareOp::Ne, a))),
    (Special::Gt, Full(|cx, a| compare(cx, CompareOp::Gt, a))),
    (Special::Ge, Full(|cx, a| compare(cx, CompareOp::Ge, a))),
    (Special::Pow, Full(|cx, a| power(cx, a.get(0), a.get(1), a.opt_not_none(2)))),
    (Special::RPow, Full(|cx, a| power(cx, a.get(1), a.get(0), a.opt_not_none(2)))),
    (Special::IPow, Full(|cx, a| in_place(cx, BinaryOp::Pow, a))),
    (Special::DivMod, Full(|cx, a| binary(cx, BinaryOp::DivMod, a.get(0), a.get(1)))),
    (Special::RDivMod, Full(|cx, a| binary(cx, BinaryOp::DivMod, a.get(1), a.get(0)))),
];

/// The three methods of a binary operator.
macro_rules! operators {
    ($($op:ident $forward:ident $reflected:ident $in_place:ident,)*) => {
        const OPERATORS: &[(Special, NativeFn)] = &[$(
            (Special::$forward, Full(|cx, a| binary(cx, BinaryOp::$op, a.get(0), a.get(1)))),
            (Special::$reflected, Full(|cx, a| binary(cx, BinaryOp::$op, a.get(1), a.get(0)))),
            (Special::$in_place, Full(|cx, a| in_place(cx, BinaryOp::$op, a))),
        )*];
    };
}

operators! {
    Add Add RAdd IAdd, Sub Sub RSub ISub, Mul Mul RMul IMul, MatMul MatMul RMatMul IMatMul, TrueDiv TrueDiv RTrueDiv ITrueDiv,
    FloorDiv FloorDiv RFloorDiv IFloorDiv, Mod Mod RMod IMod, Shl Shl RShl IShl, Shr Shr RShr IShr, And And RAnd IAnd,
    Or Or ROr IOr, Xor Xor RXor IXor,
}

pub(super) fn init(cx: &mut Cx) {
    for which in [Builtin::WeakProxy, Builtin::WeakCallableProxy] {
        let mut b = TypeBuilder::new(cx, which, Some(Builtin::Object), class_flag::DISALLOW_INSTANTIATION);
        b.specials(cx, COMMON);
        b.specials(cx, OPERATORS);
        b.attr(cx, "__hash__", Obj::immediate(Value::NONE));
        if which == Builtin::WeakCallableProxy {
            b.special(cx, Special::Call, Full(call));
        }
    }
}
