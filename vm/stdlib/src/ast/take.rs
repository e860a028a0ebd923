//! From objects of the classes of `ast` to the compiler's syntax trees, for `compile()` of a tree.
//!
//! Any attribute may be anything, and getting it may run Python; what is taken is plain data.

use super::{GRAMMAR, PLACE_ORDER, Places, Sum, classes, parse};
use num_bigint::Sign;
use std::collections::HashMap;
use std::sync::OnceLock;
use ungil_bytecode::{Const, Position};
use ungil_compiler::{Field, Node};
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::complex::PyComplex;
use ungil_runtime::objects::int::to_bigint;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::set::PySet;
use ungil_runtime::objects::str::{PyStr, intern};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// A variant: its sum, its name and its fields.
struct Variant {
    sum: &'static Sum,
    name: &'static str,
    fields: Vec<super::Field>,
}

/// The variants by the address of their class.
static VARIANTS: OnceLock<HashMap<usize, Variant>> = OnceLock::new();

fn variants(cx: &mut Cx) -> R<&'static HashMap<usize, Variant>> {
    let classes = classes(cx)?;
    Ok(VARIANTS.get_or_init(|| {
        let mut made = HashMap::new();
        for sum in GRAMMAR {
            for variant in sum.variants {
                let (name, fields) = parse(variant);
                let class: *const PyType = classes[name];
                made.insert(class as usize, Variant { sum, name, fields });
            }
        }
        made
    }))
}

/// The tree of an object, or none if it is no object of the classes of `ast`.
///
/// # Errors
/// `TypeError` or `ValueError` for a tree that is none, or what getting its attributes raises.
pub fn take_tree(cx: &mut Cx, object: Ref<'_>) -> R<Option<Node>> {
    let ast = classes(cx)?["AST"];
    if !cx.class_of(object).is_subclass(ast, cx) {
        return Ok(None);
    }
    take(cx, object, "mod").map(Some)
}

/// As [`take_tree`], with all that makes the tree one that can be compiled.
///
/// # Errors
/// As for [`take_tree`].
pub fn checked_tree(cx: &mut Cx, object: Ref<'_>) -> R<Option<Node>> {
    let Some(tree) = take_tree(cx, object)? else { return Ok(None) };
    match super::validate::check(&tree) {
        Ok(()) => Ok(Some(tree)),
        Err(super::validate::Fault::Value(text)) => Err(cx.value_error(text)),
        Err(super::validate::Fault::Type(text)) => Err(cx.type_error(text)),
    }
}

/// The node of an object that must be of a class under `kind`.
fn take(cx: &mut Cx, object: Ref<'_>, kind: &str) -> R<Node> {
    let variants = variants(cx)?;
    let found =
        cx.class_of(object).mro().iter().find_map(|class| variants.get(&(*class as *const PyType as usize)));
    let Some(variant) = found.filter(|variant| variant.sum.name == kind) else {
        // As CPython, which looks for a place before it looks at the class.
        if GRAMMAR.iter().any(|sum| sum.name == kind && sum.places != Places::None) {
            take_place(cx, object, kind)?;
        }
        let shown = cx.repr_string(object)?;
        return Err(cx.type_error(format!("expected some sort of {kind}, but got {shown}")));
    };
    let mut fields = Vec::with_capacity(variant.fields.len());
    for field in &variant.fields {
        let value = cx.get_attr_opt(object, intern(cx, field.name).get())?;
        let taken = cx.recursing(" during ast construction", |cx| {
            take_field(cx, variant.name, field, value.as_ref())
        })?;
        fields.push((field.name, taken));
    }
    let place = match variant.sum.places {
        Places::None => None,
        _ => Some(take_place(cx, object, variant.sum.name)?),
    };
    Ok(Node { class: variant.name, place, fields })
}

fn missing(cx: &mut Cx, name: &str, of: &str) -> Err {
    cx.type_error(format!("required field \"{name}\" missing from {of}"))
}

fn take_field(cx: &mut Cx, class: &str, field: &super::Field, value: Option<&Obj>) -> R<Field> {
    match (field.shape, value) {
        (Some('*'), None) => Ok(Field::List(Vec::new())),
        (Some('*'), Some(list)) => {
            if !cx.is_instance_of(list.r(), Builtin::List) {
                let (name, got) = (field.name, cx.type_name(list.r()));
                return Err(cx.type_error(format!("{class} field \"{name}\" must be a list, not a {got}")));
            }
            take_list(cx, class, field, list)
        }
        (Some(_), None) => Ok(Field::Nothing),
        (Some(_), Some(v)) if v.value().is_none() => Ok(Field::Nothing),
        (_, None) if field.kind == "expr_context" => {
            Ok(Field::Node(Box::new(Node { class: "Load", place: None, fields: Vec::new() })))
        }
        (_, None) => Err(missing(cx, field.name, class)),
        (_, Some(v)) => take_value(cx, field.kind, v.r()),
    }
}

fn take_list(cx: &mut Cx, class: &str, field: &super::Field, list: &Obj) -> R<Field> {
    let payload: &PyList = list.downcast(cx).expect("looked at by the caller");
    let length = payload.len();
    let mut items = Vec::with_capacity(length);
    for item in payload.snapshot(cx) {
        // Keys of dicts and defaults may be missing.
        let may_miss = matches!(field.name, "keys" | "kw_defaults") && field.kind == "expr";
        items.push(
            match item.value().is_none() && (may_miss || field.kind == "expr" || field.kind == "stmt") {
                true => Field::Nothing,
                false => take_value(cx, field.kind, item.r())?,
            },
        );
        if payload.len() != length {
            let name = field.name;
            return Err(cx.runtime_error(format!("{class} field \"{name}\" changed size during iteration")));
        }
    }
    Ok(Field::List(items))
}

fn take_value(cx: &mut Cx, kind: &str, v: Ref<'_>) -> R<Field> {
    Ok(match kind {
        "identifier" => match cx.is_exactly(v, Builtin::Str) {
            true => Field::Name(cx.text_of(v)),
            false => return Err(cx.type_error("AST identifier must be of type str")),
        },
        "string" => match cx.is_exactly(v, Builtin::Str) || cx.is_exactly(v, Builtin::Bytes) {
            true => Field::Constant(constant(cx, v)?),
            false => return Err(cx.type_error("AST string must be of type str")),
        },
        "int" => match v.value().as_int().or_else(|| v.value().as_bool().map(i64::from)) {
            Some(n) => Field::Int(n),
            None => {
                let shown = cx.repr_string(v)?;
                return Err(cx.value_error(format!("invalid integer value: {shown}")));
            }
        },
        "constant" => Field::Constant(constant(cx, v)?),
        kind => Field::Node(Box::new(take(cx, v, kind)?)),
    })
}

/// The value of a `Constant`.
fn constant(cx: &mut Cx, v: Ref<'_>) -> R<Const> {
    let value = v.value();
    if value.is_none() {
        return Ok(Const::None);
    }
    if value == Value::ELLIPSIS {
        return Ok(Const::Ellipsis);
    }
    if let Some(b) = value.as_bool() {
        return Ok(if b { Const::True } else { Const::False });
    }
    if let Some(n) = value.as_int() {
        return Ok(Const::Int(n));
    }
    if let Some(x) = value.as_float() {
        return Ok(Const::Float(x));
    }
    if cx.is_exactly(v, Builtin::Int)
        && let Some(big) = to_bigint(cx, v)
    {
        let (sign, limbs) = big.to_u32_digits();
        return Ok(Const::BigInt { negative: sign == Sign::Minus, limbs });
    }
    if cx.is_exactly(v, Builtin::Str)
        && let Some(text) = v.downcast::<PyStr>(cx)
    {
        return Ok(Const::Str(text.as_bytes().to_vec()));
    }
    if cx.is_exactly(v, Builtin::Bytes)
        && let Some(bytes) = v.downcast::<PyBytes>(cx)
    {
        return Ok(Const::Bytes(bytes.as_bytes().to_vec()));
    }
    if cx.is_exactly(v, Builtin::Complex)
        && let Some(z) = v.downcast::<PyComplex>(cx)
    {
        return Ok(Const::Complex { real: z.real, imag: z.imag });
    }
    let (items, is_set) = if cx.is_exactly(v, Builtin::Tuple) {
        (v.downcast::<PyTuple>(cx).map(|t| t.items().iter().map(|i| i.own(cx)).collect::<Vec<_>>()), false)
    } else if cx.is_exactly(v, Builtin::FrozenSet) {
        (v.downcast::<PySet>(cx).map(|_| cx.collect(v)).transpose()?, true)
    } else {
        (None, false)
    };
    let Some(items) = items else {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("got an invalid type in Constant: {got}")));
    };
    let mut made = Vec::with_capacity(items.len());
    for item in items {
        made.push(cx.recursing(" during ast construction", |cx| constant(cx, item.r()))?);
    }
    Ok(if is_set { Const::FrozenSet(made) } else { Const::Tuple(made) })
}

/// Where a node says that it stands.
fn take_place(cx: &mut Cx, object: Ref<'_>, sum: &str) -> R<Position> {
    let mut numbers = [0i64; 4];
    for (i, name) in PLACE_ORDER.into_iter().enumerate() {
        let value = cx.get_attr_opt(object, intern(cx, name).get())?;
        numbers[i] = match value {
            Some(v) if i >= 2 && v.value().is_none() => numbers[i - 2],
            None if i >= 2 => numbers[i - 2],
            None => return Err(missing(cx, name, sum)),
            Some(v) => match take_value(cx, "int", v.r())? {
                Field::Int(n) => n,
                _ => 0,
            },
        };
    }
    let [line, column, end_line, end_column] = numbers;
    if line > end_line {
        return Err(cx.value_error(format!("AST node line range ({line}, {end_line}) is not valid")));
    }
    if (line < 0 && end_line != line) || (column < 0 && column != end_column) {
        return Err(cx.value_error(format!(
            "AST node column range ({column}, {end_column}) for line range ({line}, {end_line}) is not valid"
        )));
    }
    if line == end_line && column > end_column {
        return Err(cx.value_error(format!("line {line}, column {column}-{end_column} is not a valid range")));
    }
    let [line, column, end_line, end_column] = numbers.map(|n| u32::try_from(n).unwrap_or_default());
    Ok(Position { line, end_line, column, end_column })
}
