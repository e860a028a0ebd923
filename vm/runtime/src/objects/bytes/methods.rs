//! The type `bytes`, and what both types have beyond the tables of the other files.

use super::sequence::{ByteSeq, same};
use super::{
    BYTES_OPS, PyBytes, array, array_methods, case, change, construct, find, hex, iter, percent, split,
};
use crate::objects::buffer::{bytes_of, is_bytes_like};
use crate::objects::construct::{class_argument, comparisons};
use crate::objects::slice::{PySlice, SliceRange};
use crate::objects::str::methods::encoding_argument;
use crate::objects::str::repr::bytes_literal;
use crate::prelude::*;

const DOC: &str = "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\n\
    bytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\n\
    bytes(int) -> bytes object of size given by the parameter initialized with null bytes\n\
    bytes() -> empty bytes object\n\nAn immutable sequence of ints from 0 to 255.";

/// Declares the types `bytes` and `bytearray` and their iterators.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Bytes, "bytes", &BYTES_OPS, 0, false);
    let size = size_of::<array::PyByteArray>();
    TypeBuilder::declare(cx, Builtin::ByteArray, "bytearray", &array::BYTEARRAY_OPS, size, false);
    iter::declare(cx);
}

/// Fills them.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::MATCH_SELF;
    let mut b = TypeBuilder::new(cx, Builtin::Bytes, Some(Builtin::Object), flags);
    b.doc(cx, DOC);
    b.constructor(cx, "($type, source=b'', encoding='utf-8', errors='strict')", Full(construct_bytes));
    b.specials(cx, &comparisons!(compare));
    b.specials(
        cx,
        &[
            (Special::Hash, Leaf(|cx, a| Ok(cx.int(a.this::<PyBytes>().hash(cx))))),
            (Special::GetItem, Full(get_item)),
            (Special::Iter, Leaf(|cx, a| Ok(iter::new_bytes_iter(cx, a.this())))),
            (Special::Repr, Leaf(repr)),
            (Special::Str, Full(str)),
            (Special::Bytes, Full(|cx, a| same::<PyBytes>(cx, a.this()))),
        ],
    );
    b.method(cx, "__getnewargs__", "($self, /)", Full(get_new_args));
    b.method(cx, "__sizeof__", "($self, /)", Leaf(size_of_object));
    fill_common::<PyBytes>(cx, &mut b);
    array_methods::init(cx);
    iter::init(cx);
}

/// The methods that both types have.
pub(super) fn fill_common<T: ByteSeq>(cx: &mut Cx, b: &mut TypeBuilder) {
    b.methods(cx, &find::methods::<T>());
    b.methods(cx, &split::methods::<T>());
    b.methods(cx, &case::methods::<T>());
    b.methods(cx, &change::methods::<T>());
    b.specials(
        cx,
        &[
            (Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<T>().contents(cx, <[u8]>::len) as i64)))),
            (Special::Contains, Full(contains::<T>)),
            (Special::Add, Full(change::add::<T>)),
            (Special::Mul, Full(change::multiply::<T>)),
            (Special::RMul, Full(change::multiply::<T>)),
            (Special::Mod, Full(percent::modulo::<T>)),
            (Special::RMod, Full(percent::reflected_modulo::<T>)),
            (Special::Buffer, Full(crate::objects::memoryview::dunder_buffer)),
        ],
    );
    b.method(cx, "hex", "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", Full(hex::hex::<T>));
    b.method(cx, "decode", "($self, /, encoding='utf-8', errors='strict')", Full(decode));
    b.class_method(cx, "fromhex", "($type, string, /)", Full(hex::from_hex::<T>));
    b.static_method(cx, "maketrans", "(frm, to, /)", Full(change::maketrans));
}

fn construct_bytes(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    let exact = std::ptr::eq(class, cx.builtin(Builtin::Bytes));
    if let (Some(v), None, None) = (a.opt(1), a.opt(2), a.opt(3)) {
        if exact && cx.is_exactly(v, Builtin::Bytes) {
            return Ok(v.own(cx));
        }
        if cx.class_of(v).special(cx, Special::Bytes).is_some() {
            let made = super::from_object(cx, v)?;
            return match (exact, made.downcast::<PyBytes>(cx)) {
                (false, Some(bytes)) => super::new_bytes_of(cx, class, bytes.as_bytes()),
                _ => Ok(made),
            };
        }
    }
    let contents = construct::contents(cx, a, 1, &construct::BYTES)?;
    super::new_bytes_of(cx, class, &contents)
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let Some(other) = a.get(1).downcast::<PyBytes>(cx) else { return Ok(cx.not_implemented()) };
    let (x, y) = (a.this::<PyBytes>().as_bytes(), other.as_bytes());
    Ok(cx.bool(match op {
        CompareOp::Eq => x == y,
        CompareOp::Ne => x != y,
        _ => op.holds(x.cmp(y)),
    }))
}

/// The bytes at the places of a range that was clipped to them.
///
/// # Errors
/// `MemoryError`.
pub(crate) fn range_of(cx: &mut Cx, bytes: &PyBytes, range: SliceRange) -> R {
    if range.step == 1 && range.count == bytes.len() {
        return same(cx, bytes);
    }
    if range.step == 1 || range.count == 0 {
        let from = range.start as usize;
        return super::try_new_bytes(cx, bytes.as_bytes().get(from..from + range.count).unwrap_or_default());
    }
    let mut out = change::reserved(cx, range.count)?;
    out.extend(range.indices().map(|i| bytes.as_bytes()[i]));
    super::try_new_bytes(cx, &out)
}

pub(crate) fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    let (bytes, key) = (a.this::<PyBytes>(), a.get(1));
    if let Some(slice) = key.downcast::<PySlice>(cx) {
        let range = slice.range_in(cx, bytes.len())?;
        return range_of(cx, bytes, range);
    }
    let i = index(cx, key, "byte")?;
    let at = if i < 0 { i.wrapping_add(bytes.len() as isize) } else { i } as usize;
    match bytes.as_bytes().get(at) {
        Some(&b) => Ok(cx.int(b as i64)),
        None => Err(cx.index_error("index out of range")),
    }
}

/// An index, for messages of the type `what`.
///
/// # Errors
/// `TypeError` ("byte indices must be integers or slices, not str"), `IndexError`.
pub(super) fn index(cx: &mut Cx, key: Ref<'_>, what: &str) -> R<isize> {
    if let Some(i) = key.value().as_int() {
        return Ok(i as isize);
    }
    if cx.class_of(key).special(cx, Special::Index).is_none() {
        let name = cx.type_name(key);
        return Err(cx.type_error(format!("{what} indices must be integers or slices, not {name}")));
    }
    cx.index_isize(key, Builtin::IndexError)
}

fn contains<T: ByteSeq>(cx: &mut Cx, a: Args<'_>) -> R {
    let (this, item) = (a.this::<T>(), a.get(1));
    let found = if !is_bytes_like(cx, item) && cx.class_of(item).special(cx, Special::Index).is_some() {
        let b = this.held(cx, |cx| find::byte_value(cx, item))?;
        this.contents(cx, |all| memchr::memchr(b, all).is_some())
    } else {
        let sub = this.held(cx, |cx| bytes_of(cx, item))?;
        this.contents(cx, |all| super::search::find(all, &sub).is_some())
    };
    Ok(cx.bool(found))
}

fn repr(cx: &Cx, a: Args<'_>) -> R {
    let text = bytes_literal(a.this::<PyBytes>().as_bytes());
    Ok(crate::objects::str::new_ascii(cx, &text))
}

/// `str(b)`, of which `-b` warns.
pub(super) fn str(cx: &mut Cx, a: Args<'_>) -> R {
    warn_of_str(cx, a.get(0))?;
    cx.repr(a.get(0))
}

fn warn_of_str(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    if cx.vm.config.bytes_warning == 0 {
        return Ok(());
    }
    let name = cx.type_name(v);
    let message = cx.str(&format!("str() on a {name} instance"));
    let category = cx.builtin(Builtin::BytesWarning).as_ref();
    let warnings = crate::import::import_module(cx, "warnings")?;
    cx.call_method(warnings.r(), "warn", &[message.r(), category]).map(drop)
}

fn decode(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(text) = crate::objects::str::decode_plainly(cx, a.get(0), a.opt(1), a.opt(2)) {
        return text;
    }
    let encoding = encoding_argument(cx, a.opt(1), "decode() argument 'encoding'", "utf-8")?;
    let errors = encoding_argument(cx, a.opt(2), "decode() argument 'errors'", "strict")?;
    crate::objects::codec::decode_object(cx, a.get(0), &encoding, &errors)
}

fn get_new_args(cx: &mut Cx, a: Args<'_>) -> R {
    let copy = super::try_new_bytes(cx, a.this::<PyBytes>().as_bytes())?;
    Ok(cx.tuple(vec![copy]))
}

fn size_of_object(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.int((super::DATA_OFFSET + a.this::<PyBytes>().len()) as i64))
}
