//! The type `bytearray`: its constructor, and the methods that change it.

use super::array::{BYTEARRAY_OPS, Exported, PyByteArray, new_bytearray};
use super::construct::{self, ints};
use super::methods::{fill_common, str};
use super::{array_slices, change, find, iter};
use crate::objects::buffer::{bytes_of, is_bytes_like};
use crate::objects::construct::{class_argument, comparisons};
use crate::objects::str::PyStr;
use crate::objects::str::args::ssize;
use crate::objects::str::repr::array_literal;
use crate::prelude::*;

const DOC: &str = "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\n\
    bytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\n\
    bytearray(int) -> bytes array of size given by the parameter initialized with null bytes\n\
    bytearray() -> empty bytes array\n\nA mutable sequence of ints from 0 to 255.";

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("append", "($self, item, /)", Full(append)),
    ("extend", "($self, iterable_of_ints, /)", Full(extend)),
    ("insert", "($self, index, item, /)", Full(insert)),
    ("pop", "($self, index=-1, /)", Full(pop)),
    ("remove", "($self, value, /)", Full(remove)),
    ("clear", "($self, /)", Full(clear)),
    ("copy", "($self, /)", Leaf(|cx, a| Ok(new_bytearray(cx, a.this::<PyByteArray>().snapshot(cx))))),
    ("reverse", "($self, /)", Leaf(reverse)),
    ("resize", "($self, size, /)", Full(resize)),
    ("__alloc__", "($self, /)", Leaf(alloc)),
    ("__sizeof__", "($self, /)", Leaf(size_of_object)),
    ("__reduce__", "($self, /)", Full(|cx, a| reduce(cx, a.get(0), 2))),
    ("__reduce_ex__", "($self, proto=0, /)", Full(reduce_ex)),
    ("__release_buffer__", "($self, buffer, /)", Full(crate::objects::memoryview::dunder_release_buffer)),
];

pub(super) fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::MATCH_SELF;
    let mut b = TypeBuilder::new(cx, Builtin::ByteArray, Some(Builtin::Object), flags);
    b.doc(cx, DOC);
    b.constructor(cx, "($type, *args, **kwargs)", Full(make));
    b.method(cx, "__init__", "($self, source=b'', encoding='utf-8', errors='strict')", Full(init_array));
    b.attr(cx, "__hash__", Obj::immediate(Value::NONE));
    b.specials(cx, &comparisons!(compare));
    b.specials(
        cx,
        &[
            (Special::GetItem, Full(array_slices::get_item)),
            (Special::SetItem, Full(array_slices::set_item)),
            (Special::DelItem, Full(array_slices::delete_item)),
            (Special::Iter, Leaf(|cx, a| Ok(iter::new_bytearray_iter(cx, a.this())))),
            (Special::Repr, Full(repr)),
            (Special::Str, Full(str)),
            (Special::IAdd, Full(add_in_place)),
            (Special::IMul, Full(multiply_in_place)),
        ],
    );
    b.methods(cx, METHODS);
    fill_common::<PyByteArray>(cx, &mut b);
}

/// An empty one; `__init__` fills it.
fn make(cx: &mut Cx, a: Args<'_>) -> R {
    debug_assert!(std::ptr::eq(PyByteArray::OPS, &BYTEARRAY_OPS));
    let class = class_argument(cx, a);
    cx.alloc_for(class, |h| PyByteArray::with(h, Vec::new()))
}

fn init_array(cx: &mut Cx, a: Args<'_>) -> R {
    change_length(cx, a.this(), |storage| *storage = Vec::new())?;
    let contents = construct::contents(cx, a, 1, &construct::BYTEARRAY)?;
    change_length(cx, a.this(), |storage| *storage = contents)?;
    Ok(cx.none())
}

/// Changes the storage, or raises if it is exported.
pub(super) fn change_length<T>(cx: &mut Cx, array: &PyByteArray, f: impl FnOnce(&mut Vec<u8>) -> T) -> R<T> {
    match array.resize(cx, f) {
        Ok(result) => Ok(result),
        Err(Exported) => Err(PyByteArray::exported_error(cx)),
    }
}

/// As [`change_length`], where `f` says whether there was memory.
pub(super) fn grow(cx: &mut Cx, array: &PyByteArray, f: impl FnOnce(&mut Vec<u8>) -> bool) -> R<()> {
    match change_length(cx, array, f)? {
        true => Ok(()),
        false => Err(cx.memory_error()),
    }
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let other = a.get(1);
    if !is_bytes_like(cx, other) {
        return Ok(cx.not_implemented());
    }
    let other = bytes_of(cx, other)?;
    let ordering = a.this::<PyByteArray>().read(cx, |all| all.cmp(&other));
    Ok(cx.bool(op.holds(ordering)))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let full = cx.type_name(a.get(0));
    let name = full.rsplit('.').next().unwrap_or(&full);
    let literal = array_literal(&a.this::<PyByteArray>().snapshot(cx));
    Ok(cx.str(&format!("{name}({literal})")))
}

fn append(cx: &mut Cx, a: Args<'_>) -> R {
    let b = find::byte_value(cx, a.get(1))?;
    grow(cx, a.this(), |storage| {
        let room = storage.try_reserve(1).is_ok();
        if room {
            storage.push(b);
        }
        room
    })?;
    Ok(cx.none())
}

/// Adds bytes at the end.
fn append_all(cx: &mut Cx, array: &PyByteArray, added: &[u8]) -> R<()> {
    if added.is_empty() {
        return Ok(());
    }
    grow(cx, array, |storage| {
        let room = storage.try_reserve(added.len()).is_ok();
        if room {
            storage.extend_from_slice(added);
        }
        room
    })
}

fn extend(cx: &mut Cx, a: Args<'_>) -> R {
    let (array, source) = (a.this::<PyByteArray>(), a.get(1));
    let added = if is_bytes_like(cx, source) {
        bytes_of(cx, source)?.into_owned()
    } else if source.downcast::<PyStr>(cx).is_some() {
        return Err(cx.type_error("expected iterable of integers; got: 'str'"));
    } else {
        let class = cx.class_of(source);
        if class.special(cx, Special::Iter).is_none() && class.special(cx, Special::GetItem).is_none() {
            let name = cx.type_name(source);
            return Err(cx.type_error(format!("can't extend bytearray with {name}")));
        }
        ints(cx, source, construct::BYTEARRAY.range)?
    };
    append_all(cx, array, &added)?;
    Ok(cx.none())
}

fn insert(cx: &mut Cx, a: Args<'_>) -> R {
    let index = ssize(cx, a.get(1))?;
    let b = find::byte_value(cx, a.get(2))?;
    grow(cx, a.this(), |storage| {
        let len = storage.len();
        let at = if index < 0 { len.saturating_sub(index.unsigned_abs()) } else { len.min(index as usize) };
        let room = storage.try_reserve(1).is_ok();
        if room {
            storage.insert(at, b);
        }
        room
    })?;
    Ok(cx.none())
}

fn pop(cx: &mut Cx, a: Args<'_>) -> R {
    let index = match a.opt(1) {
        Some(v) => ssize(cx, v)?,
        None => -1,
    };
    let array = a.this::<PyByteArray>();
    let place = |len: usize| if index < 0 { index.wrapping_add(len as isize) } else { index } as usize;
    match array.read(cx, |all| (all.is_empty(), place(all.len()) < all.len())) {
        (true, _) => return Err(cx.index_error("pop from empty bytearray")),
        (_, false) => return Err(cx.index_error("pop index out of range")),
        _ => {}
    }
    let popped = change_length(cx, array, |storage| {
        let at = place(storage.len());
        (at < storage.len()).then(|| storage.remove(at))
    })?;
    match popped {
        Some(b) => Ok(cx.int(b as i64)),
        None => Err(cx.index_error("pop index out of range")),
    }
}

fn remove(cx: &mut Cx, a: Args<'_>) -> R {
    let b = find::byte_value(cx, a.get(1))?;
    let array = a.this::<PyByteArray>();
    let missing = |cx: &mut Cx| Err(cx.value_error("value not found in bytearray"));
    if array.read(cx, |all| memchr::memchr(b, all).is_none()) {
        return missing(cx);
    }
    let removed =
        change_length(cx, array, |storage| memchr::memchr(b, storage).map(|at| storage.remove(at)))?;
    if removed.is_none() { missing(cx) } else { Ok(cx.none()) }
}

fn clear(cx: &mut Cx, a: Args<'_>) -> R {
    change_length(cx, a.this(), |storage| *storage = Vec::new())?;
    Ok(cx.none())
}

fn reverse(cx: &Cx, a: Args<'_>) -> R {
    a.this::<PyByteArray>().write(cx, |all| all.reverse());
    Ok(cx.none())
}

fn resize(cx: &mut Cx, a: Args<'_>) -> R {
    let size = cx.index_isize(a.get(1), Builtin::IndexError)?;
    let Ok(len) = usize::try_from(size) else {
        return Err(cx.value_error(format!("Can only resize to positive sizes, got {size}")));
    };
    if a.this::<PyByteArray>().len(cx) == len {
        return Ok(cx.none());
    }
    grow(cx, a.this(), |storage| {
        let room = storage.try_reserve(len.saturating_sub(storage.len())).is_ok();
        if room {
            storage.resize(len, 0);
        }
        room
    })?;
    Ok(cx.none())
}

fn add_in_place(cx: &mut Cx, a: Args<'_>) -> R {
    let other = a.get(1);
    if !is_bytes_like(cx, other) {
        let (found, name) = (cx.type_name(other), cx.type_name(a.get(0)));
        return Err(cx.type_error(format!("can't concat {found} to {name}")));
    }
    let other = bytes_of(cx, other)?;
    append_all(cx, a.this(), &other)?;
    Ok(a.get(0).own(cx))
}

fn multiply_in_place(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(n) = change::times(cx, a.get(1))? else { return Ok(cx.not_implemented()) };
    if n != 1 {
        grow(cx, a.this(), |storage| {
            let once = storage.clone();
            storage.clear();
            let room = once.len().checked_mul(n).is_some_and(|len| storage.try_reserve(len).is_ok());
            if room {
                change::repeat_into(storage, &once, n);
            } else {
                *storage = once;
            }
            room
        })?;
    }
    Ok(a.get(0).own(cx))
}

fn alloc(cx: &Cx, a: Args<'_>) -> R {
    // CPython keeps one more byte than the contents, unless there are none.
    let capacity = a.this::<PyByteArray>().capacity(cx);
    Ok(cx.int(if capacity == 0 { 0 } else { capacity as i64 + 1 }))
}

fn size_of_object(cx: &Cx, a: Args<'_>) -> R {
    let size = size_of::<PyByteArray>() + a.this::<PyByteArray>().capacity(cx);
    Ok(cx.int(size as i64))
}

fn reduce_ex(cx: &mut Cx, a: Args<'_>) -> R {
    let protocol = match a.opt(1) {
        Some(v) => cx.to_i64(v)?,
        None => 0,
    };
    reduce(cx, a.get(0), protocol)
}

fn reduce(cx: &mut Cx, v: Ref<'_>, protocol: i64) -> R {
    let contents = bytes_of(cx, v)?;
    let args = if protocol < 3 {
        let text = crate::objects::codec::single::decode_latin1(cx, &contents)?;
        let encoding = cx.str("latin-1");
        vec![text, encoding]
    } else if contents.is_empty() {
        Vec::new()
    } else {
        vec![super::try_new_bytes(cx, &contents)?]
    };
    let state = cx.call_method(v, "__getstate__", &[])?;
    let (class, args) = (cx.class_of(v).as_ref().own(cx), cx.tuple(args));
    Ok(cx.tuple(vec![class, args, state]))
}
