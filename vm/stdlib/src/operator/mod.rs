//! `_operator`: the operators as functions, and in `getters.rs` itemgetter, attrgetter and methodcaller.

mod getters;

use ungil_runtime::objects::buffer::{bytes_of, is_bytes_like};
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::native::spread;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// A table of functions of so many parameters: name, and a body that takes the context and the arguments.
macro_rules! functions {
    ($table:ident, $signature:literal, $call:expr, $($name:literal $op:expr,)*) => {
        const $table: &[(&str, &str, NativeFn)] =
            &[$(($name, $signature, Full(|cx, a| { $call(cx, $op, a) })),)*];
    };
}

functions! {
    BINARY, "($module, a, b, /)", |cx: &mut Cx, op, a: Args<'_>| cx.binary(op, a.get(0), a.get(1)),
    "add" BinaryOp::Add, "sub" BinaryOp::Sub, "mul" BinaryOp::Mul, "matmul" BinaryOp::MatMul,
    "truediv" BinaryOp::TrueDiv, "floordiv" BinaryOp::FloorDiv, "mod" BinaryOp::Mod, "pow" BinaryOp::Pow,
    "lshift" BinaryOp::Shl, "rshift" BinaryOp::Shr, "and_" BinaryOp::And, "or_" BinaryOp::Or, "xor" BinaryOp::Xor,
}

functions! {
    IN_PLACE, "($module, a, b, /)", |cx: &mut Cx, op, a: Args<'_>| cx.binary_in_place(op, a.get(0), a.get(1)),
    "iadd" BinaryOp::Add, "isub" BinaryOp::Sub, "imul" BinaryOp::Mul, "imatmul" BinaryOp::MatMul,
    "itruediv" BinaryOp::TrueDiv, "ifloordiv" BinaryOp::FloorDiv, "imod" BinaryOp::Mod, "ipow" BinaryOp::Pow,
    "ilshift" BinaryOp::Shl, "irshift" BinaryOp::Shr, "iand" BinaryOp::And, "ior" BinaryOp::Or, "ixor" BinaryOp::Xor,
}

functions! {
    COMPARE, "($module, a, b, /)", |cx: &mut Cx, op, a: Args<'_>| cx.compare(op, a.get(0), a.get(1)),
    "lt" CompareOp::Lt, "le" CompareOp::Le, "eq" CompareOp::Eq, "ne" CompareOp::Ne, "gt" CompareOp::Gt,
    "ge" CompareOp::Ge,
}

functions! {
    UNARY, "($module, a, /)", |cx: &mut Cx, op, a: Args<'_>| cx.unary(op, a.get(0)),
    "neg" UnaryOp::Neg, "pos" UnaryOp::Pos, "abs" UnaryOp::Abs, "inv" UnaryOp::Invert, "invert" UnaryOp::Invert,
}

const OTHERS: &[(&str, &str, NativeFn)] = &[
    ("truth", "($module, a, /)", Full(|cx, a| cx.truth(a.get(0)).map(|b| cx.bool(b)))),
    ("not_", "($module, a, /)", Full(|cx, a| cx.truth(a.get(0)).map(|b| cx.bool(!b)))),
    ("is_", "($module, a, b, /)", Leaf(|cx, a| Ok(cx.bool(a.get(0).is(a.get(1)))))),
    ("is_not", "($module, a, b, /)", Leaf(|cx, a| Ok(cx.bool(!a.get(0).is(a.get(1)))))),
    ("is_none", "($module, a, /)", Leaf(|cx, a| Ok(cx.bool(a.get(0).value().is_none())))),
    ("is_not_none", "($module, a, /)", Leaf(|cx, a| Ok(cx.bool(!a.get(0).value().is_none())))),
    ("index", "($module, a, /)", Full(|cx, a| cx.index(a.get(0)))),
    ("concat", "($module, a, b, /)", Full(|cx, a| concat(cx, a, false))),
    ("iconcat", "($module, a, b, /)", Full(|cx, a| concat(cx, a, true))),
    ("contains", "($module, a, b, /)", Full(|cx, a| cx.contains(a.get(0), a.get(1)).map(|b| cx.bool(b)))),
    ("countOf", "($module, a, b, /)", Full(count_of)),
    ("indexOf", "($module, a, b, /)", Full(index_of)),
    ("getitem", "($module, a, b, /)", Full(|cx, a| cx.get_item(a.get(0), a.get(1)))),
    ("setitem", "($module, a, b, c, /)", Full(set_item)),
    ("delitem", "($module, a, b, /)", Full(|cx, a| cx.del_item(a.get(0), a.get(1)).map(|()| cx.none()))),
    ("length_hint", "($module, obj, default=0, /)", Full(length_hint)),
    ("call", "($module, obj, /, *args, **kwargs)", Full(|cx, a| spread(cx, a.get(0), a.get(1), a.opt(2)))),
    ("_compare_digest", "($module, a, b, /)", Full(compare_digest)),
];

fn set_item(cx: &mut Cx, a: Args<'_>) -> R {
    cx.set_item(a.get(0), a.get(1), a.get(2))?;
    Ok(cx.none())
}

/// `a + b` for sequences alone.
fn concat(cx: &mut Cx, a: Args<'_>, in_place: bool) -> R {
    let class = cx.class_of(a.get(0));
    let adds =
        class.special(cx, Special::Add).is_some() || (in_place && class.special(cx, Special::IAdd).is_some());
    let is_sequence = adds && class.special(cx, Special::GetItem).is_some();
    if !is_sequence {
        let name = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("'{name}' object can't be concatenated")));
    }
    match in_place {
        true => cx.binary_in_place(BinaryOp::Add, a.get(0), a.get(1)),
        false => cx.binary(BinaryOp::Add, a.get(0), a.get(1)),
    }
}

/// An iterator over the argument of a search.
fn iter_for_search(cx: &mut Cx, v: Ref<'_>) -> R {
    match cx.iter(v) {
        Err(err) if cx.is_error(&err, Builtin::TypeError) => {
            let name = cx.type_name(v);
            Err(cx.type_error(format!("argument of type '{name}' is not iterable")))
        }
        other => other,
    }
}

fn count_of(cx: &mut Cx, a: Args<'_>) -> R {
    let iterator = iter_for_search(cx, a.get(0))?;
    let mut n = 0;
    while let Some(item) = cx.next(iterator.r())? {
        n += cx.equal(item.r(), a.get(1))? as i64;
        cx.poll()?;
    }
    Ok(cx.int(n))
}

fn index_of(cx: &mut Cx, a: Args<'_>) -> R {
    let iterator = iter_for_search(cx, a.get(0))?;
    let mut i = 0;
    while let Some(item) = cx.next(iterator.r())? {
        if cx.equal(item.r(), a.get(1))? {
            return Ok(cx.int(i));
        }
        i += 1;
        cx.poll()?;
    }
    Err(cx.value_error("sequence.index(x): x not in sequence"))
}

fn length_hint(cx: &mut Cx, a: Args<'_>) -> R {
    // No length is as large as this: it says that there is no hint, since the default may be negative.
    const NONE: usize = usize::MAX;
    let default = match a.opt(1) {
        Some(v) => cx.index_isize(v, Builtin::OverflowError)?,
        None => 0,
    };
    match cx.length_hint(a.get(0), NONE)? {
        NONE => Ok(cx.int(default as i64)),
        n => Ok(cx.int(n as i64)),
    }
}

/// Compares texts or bytes in a time that depends on their length alone.
pub fn compare_digest(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = (a.get(0), a.get(1));
    if let (Some(x), Some(y)) = (x.downcast::<PyStr>(cx), y.downcast::<PyStr>(cx)) {
        if !x.is_ascii() || !y.is_ascii() {
            return Err(cx.type_error("comparing strings with non-ASCII characters is not supported"));
        }
        return Ok(cx.bool(same_bytes(x.as_bytes(), y.as_bytes())));
    }
    if !is_bytes_like(cx, x) && !is_bytes_like(cx, y) {
        let (x, y) = (cx.type_name(x), cx.type_name(y));
        return Err(
            cx.type_error(format!("unsupported operand types(s) or combination of types: '{x}' and '{y}'"))
        );
    }
    let (x, y) = (bytes_of(cx, x)?, bytes_of(cx, y)?);
    Ok(cx.bool(same_bytes(&x, &y)))
}

fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    // The optimiser must not find out that one difference decides.
    let differences = a.iter().zip(b).fold(0, |all, (x, y)| std::hint::black_box(all | (x ^ y)));
    a.len() == b.len() && differences == 0
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    for table in [BINARY, IN_PLACE, COMPARE, UNARY, OTHERS] {
        add_functions(cx, module, table);
    }
    for class in getters::init(cx) {
        let name = class.name();
        add(cx, module, &name, class.as_ref().own(cx));
    }
    Ok(())
}
