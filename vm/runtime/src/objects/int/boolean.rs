//! `bool`: the two constants, and what `bool` does unlike `int`.

use super::small::binary_int;
use super::view;
use crate::objects::construct::{no_keywords, positional};
use crate::prelude::*;

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    no_keywords(cx, a, Builtin::Bool, "bool")?;
    let truth = match *positional(cx, a, "bool", 0, 1)? {
        [v] => cx.truth(v)?,
        _ => false,
    };
    Ok(cx.bool(truth))
}

/// A bool if both are bools, else what ints give.
fn bitwise(cx: &mut Cx, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> R {
    if let (Some(x), Some(y)) = (a.value().as_bool(), b.value().as_bool()) {
        return Ok(cx.bool(match op {
            BinaryOp::And => x & y,
            BinaryOp::Or => x | y,
            _ => x ^ y,
        }));
    }
    let (Some(x), Some(y)) = (view(cx, a), view(cx, b)) else { return Ok(cx.not_implemented()) };
    match binary_int(cx, op, x, y) {
        Some(result) => result,
        None => Ok(cx.not_implemented()),
    }
}

macro_rules! operators {
    ($($op:ident $reflected:ident,)*) => {
        &[$(
            (Special::$op, Full(|cx, a| bitwise(cx, BinaryOp::$op, a.get(0), a.get(1)))),
            (Special::$reflected, Full(|cx, a| bitwise(cx, BinaryOp::$op, a.get(1), a.get(0)))),
        )*]
    };
}

const OPERATORS: &[(Special, NativeFn)] = operators! { And RAnd, Xor RXor, Or ROr, };

fn invert(cx: &mut Cx, a: Args<'_>) -> R {
    const MESSAGE: &str = "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. \
        This returns the bitwise inversion of the underlying int object and is usually not what you expect from \
        negating a bool. Use the 'not' operator for boolean negation or ~int(x) if you really want the bitwise \
        inversion of the underlying int.";
    crate::traceback::warn(cx, Builtin::DeprecationWarning, MESSAGE)?;
    let i = a.get(0).value() == Value::TRUE;
    Ok(cx.int(!(i as i64)))
}

/// Fills the type.
pub(super) fn init(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Bool, Some(Builtin::Int), class_flag::MATCH_SELF);
    b.doc(
        cx,
        "bool(object=False, /)\n--\n\nTrue if the argument counts as true, else False.\n\nThe only instances are True and \
         False, and the class cannot be derived from.",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(cx, OPERATORS);
    b.special(cx, Special::Invert, Full(invert));
    b.special(
        cx,
        Special::Repr,
        Leaf(|cx, a| Ok(cx.str(if a.get(0).value() == Value::TRUE { "True" } else { "False" }))),
    );
}
