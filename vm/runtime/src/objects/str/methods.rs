//! The type `str`: its constructor, special methods, and the table of all methods.

use super::new::exact;
use super::{
    PyStr, STR_OPS, args, case, compare, format, iter, pad, percent, search, slice, split, translate,
};
use crate::objects::bytes::PyBytes;
use crate::objects::construct::class_argument;
use crate::objects::list::PyList;
use crate::prelude::*;

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("join", "($self, iterable, /)", Full(join)),
    ("encode", "($self, /, encoding='utf-8', errors='strict')", Full(encode)),
    ("translate", "($self, table, /)", Full(translate::translate)),
    ("format", "($self, /, *args, **kwargs)", Full(format::format)),
    ("format_map", "($self, mapping, /)", Full(format::format_map)),
    ("__format__", "($self, format_spec, /)", Full(format::dunder_format)),
    ("__getnewargs__", "($self, /)", Full(get_new_args)),
    ("__sizeof__", "($self, /)", Leaf(size_of_object)),
];

const SPECIALS: &[(Special, NativeFn)] = &[
    (Special::Repr, Leaf(|cx, a| Ok(super::repr::repr(cx, a.this())))),
    (Special::Str, Full(|cx, a| exact(cx, a.this()))),
    (Special::Hash, Leaf(|cx, a| Ok(cx.int(a.this::<PyStr>().hash(cx))))),
    (Special::Lt, Leaf(|cx, a| order(cx, a, CompareOp::Lt))),
    (Special::Le, Leaf(|cx, a| order(cx, a, CompareOp::Le))),
    (Special::Eq, Leaf(|cx, a| order(cx, a, CompareOp::Eq))),
    (Special::Ne, Leaf(|cx, a| order(cx, a, CompareOp::Ne))),
    (Special::Gt, Leaf(|cx, a| order(cx, a, CompareOp::Gt))),
    (Special::Ge, Leaf(|cx, a| order(cx, a, CompareOp::Ge))),
    (Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<PyStr>().char_len as i64)))),
    (Special::GetItem, Full(slice::get_item)),
    (Special::Contains, Full(slice::contains)),
    (Special::Iter, Leaf(|cx, a| Ok(iter::new_str_iter(cx, a.this())))),
    (Special::Add, Full(add)),
    (Special::Mul, Full(multiply)),
    (Special::RMul, Full(multiply)),
    (Special::Mod, Full(modulo)),
    (Special::RMod, Full(reflected_modulo)),
];

const DOC: &str = "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\n\
    Text. Of an object it is what __str__() gives, or __repr__() if there is none; of something with\n\
    a buffer of bytes, if an encoding or an error handler is given, it is the decoded contents.\n\
    The encoding is 'utf-8' and the error handler 'strict' unless others are named.";

/// Declares the type and its iterator.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Str, "str", &STR_OPS, 0, false);
    iter::declare(cx);
}

/// Fills the type and its iterator.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::MATCH_SELF;
    let mut b = TypeBuilder::new(cx, Builtin::Str, Some(Builtin::Object), flags);
    b.doc(cx, DOC);
    b.constructor(cx, "($type, object='', encoding='utf-8', errors='strict')", Full(construct));
    b.specials(cx, SPECIALS);
    for table in [METHODS, search::METHODS, split::METHODS, case::METHODS, pad::METHODS] {
        b.methods(cx, table);
    }
    b.static_method(
        cx,
        "maketrans",
        "(x, y=<unrepresentable>, z=<unrepresentable>, /)",
        Full(translate::maketrans),
    );
    iter::init(cx);
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    let text = match (a.opt(1), a.opt(2), a.opt(3)) {
        (None, ..) => super::empty_str(cx),
        (Some(v), None, None) => cx.to_str(v)?,
        (Some(v), encoding, errors) => decode(cx, v, encoding, errors)?,
    };
    if std::ptr::eq(class, cx.builtin(Builtin::Str)) {
        return Ok(text);
    }
    match text.downcast::<PyStr>(cx) {
        Some(s) => super::new_str_of(cx, class, s),
        None => Err(cx.system_error("str() of something else")),
    }
}

/// Whether an argument is missing or names UTF-8 as it is mostly written.
fn is_utf8(cx: &Cx, v: Option<Ref<'_>>) -> bool {
    let Some(v) = v else { return true };
    let name = v.downcast::<PyStr>(cx).map_or(&b""[..], PyStr::as_bytes);
    matches!(name, b"utf-8" | b"utf8" | b"UTF-8")
}

/// Whether an argument is missing or may name an error handler, which nobody looks up as long as there is no error.
fn may_be_handler(cx: &Cx, v: Option<Ref<'_>>) -> bool {
    v.is_none_or(|v| v.downcast::<PyStr>(cx).is_some_and(|name| !name.as_bytes().contains(&0)))
}

/// Decodes an exact `bytes` that is flawless UTF-8, if that is what the arguments ask for.
pub(crate) fn decode_plainly(
    cx: &mut Cx,
    v: Ref<'_>,
    encoding: Option<Ref<'_>>,
    errors: Option<Ref<'_>>,
) -> Option<R> {
    if !cx.is_exactly(v, Builtin::Bytes) || !is_utf8(cx, encoding) || !may_be_handler(cx, errors) {
        return None;
    }
    let bytes = v.downcast::<PyBytes>(cx)?.as_bytes();
    if bytes.is_ascii() && bytes.len() < SMALL_TEXT {
        return Some(Ok(super::new_wtf8_with_len(cx, bytes, bytes.len())));
    }
    std::str::from_utf8(bytes).ok()?;
    Some(super::try_new_wtf8(cx, bytes))
}

/// Texts of fewer bytes are made without asking whether there is memory for them.
const SMALL_TEXT: usize = 1 << 16;

/// `str(v, encoding, errors)`.
fn decode(cx: &mut Cx, v: Ref<'_>, encoding: Option<Ref<'_>>, errors: Option<Ref<'_>>) -> R {
    if let Some(text) = decode_plainly(cx, v, encoding, errors) {
        return text;
    }
    let encoding = encoding_argument(cx, encoding, "str() argument 'encoding'", "utf-8")?;
    let errors = encoding_argument(cx, errors, "str() argument 'errors'", "strict")?;
    if v.downcast::<PyStr>(cx).is_some() {
        return Err(cx.type_error("decoding str is not supported"));
    }
    if !crate::objects::buffer::is_bytes_like(cx, v) {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("decoding to str: need a bytes-like object, {name} found")));
    }
    crate::objects::codec::decode_object(cx, v, &encoding, &errors)
}

/// The name of an encoding or error handler.
///
/// # Errors
/// `TypeError`, `ValueError` ("embedded null character").
pub(crate) fn encoding_argument(cx: &mut Cx, v: Option<Ref<'_>>, what: &str, default: &str) -> R<String> {
    let Some(v) = v else { return Ok(default.to_string()) };
    let name = args::expect_str(cx, v, what)?;
    if name.as_bytes().contains(&0) {
        return Err(cx.value_error("embedded null character"));
    }
    Ok(name.to_string_lossy())
}

fn encode(cx: &mut Cx, a: Args<'_>) -> R {
    let text = a.this::<PyStr>();
    if is_utf8(cx, a.opt(1))
        && may_be_handler(cx, a.opt(2))
        && (text.is_ascii() || !super::code_points::has_surrogates(text.as_bytes()))
    {
        return crate::objects::bytes::try_new_bytes(cx, text.as_bytes());
    }
    let encoding = encoding_argument(cx, a.opt(1), "encode() argument 'encoding'", "utf-8")?;
    let errors = encoding_argument(cx, a.opt(2), "encode() argument 'errors'", "strict")?;
    crate::objects::codec::encode(cx, a.get(0), &encoding, &errors)
}

fn order(cx: &Cx, a: Args<'_>, op: CompareOp) -> R {
    let s = a.this::<PyStr>();
    let Some(other) = a.get(1).downcast::<PyStr>(cx) else { return Ok(cx.not_implemented()) };
    let holds = match op {
        CompareOp::Eq => s.same_text(other),
        CompareOp::Ne => !s.same_text(other),
        _ => op.holds(compare(s, other)),
    };
    Ok(cx.bool(holds))
}

fn add(cx: &mut Cx, a: Args<'_>) -> R {
    match a.get(1).downcast::<PyStr>(cx) {
        Some(other) => super::concat(cx, a.this(), other),
        None => Ok(cx.not_implemented()),
    }
}

fn multiply(cx: &mut Cx, a: Args<'_>) -> R {
    let times = a.get(1);
    if cx.class_of(times).special(cx, Special::Index).is_none() {
        return Ok(cx.not_implemented());
    }
    let n = cx.index_isize(times, Builtin::OverflowError)?;
    super::repeat(cx, a.this(), n.max(0) as usize)
}

fn modulo(cx: &mut Cx, a: Args<'_>) -> R {
    percent::format(cx, a.this(), a.get(1))
}

fn reflected_modulo(cx: &mut Cx, a: Args<'_>) -> R {
    match a.get(1).downcast::<PyStr>(cx) {
        Some(template) => percent::format(cx, template, a.get(0)),
        None => Ok(cx.not_implemented()),
    }
}

fn join(cx: &mut Cx, a: Args<'_>) -> R {
    let (sep, iterable) = (a.this::<PyStr>(), a.get(1));
    if let Some(tuple) = iterable.downcast::<crate::objects::tuple::PyTuple>(cx)
        && cx.is_exactly(iterable, Builtin::Tuple)
    {
        return super::join(cx, sep, tuple.items());
    }
    if cx.is_exactly(iterable, Builtin::List)
        && let Some(list) = iterable.downcast::<PyList>(cx)
        && cx.is_exclusive(&list.h)
        && let Some(result) = join_list(cx, sep, list)
    {
        return result;
    }
    let items = match cx.collect(iterable) {
        Ok(items) => items,
        Err(err) if cx.is_error(&err, Builtin::TypeError) && !is_iterable(cx, iterable) => {
            return Err(cx.type_error("can only join an iterable"));
        }
        Err(err) => return Err(err),
    };
    super::join(cx, sep, args::refs(&items))
}

/// Joins a list's items where they are, if all are strings. The thread is exclusive, and nothing here runs Python.
fn join_list(cx: &mut Cx, sep: &PyStr, list: &PyList) -> Option<R> {
    let slots = list.slots();
    // SAFETY: filled slots are words like references; nobody changes the list until `join` has copied the texts.
    let items: &[Ref<'_>] = unsafe { std::slice::from_raw_parts(slots.as_ptr().cast(), slots.len()) };
    items.iter().all(|v| v.downcast::<PyStr>(cx).is_some()).then(|| super::join(cx, sep, items))
}

fn is_iterable(cx: &Cx, v: Ref<'_>) -> bool {
    let class = cx.class_of(v);
    class.special(cx, Special::Iter).is_some_and(|m| !m.value().is_none())
        || class.special(cx, Special::GetItem).is_some()
}

fn get_new_args(cx: &mut Cx, a: Args<'_>) -> R {
    let s = super::try_new_wtf8(cx, a.this::<PyStr>().as_bytes())?;
    Ok(cx.tuple(vec![s]))
}

fn size_of_object(cx: &Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    Ok(cx.int(super::payload_for(s.byte_len, s.char_len) as i64))
}
