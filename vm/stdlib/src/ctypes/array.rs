//! `Array`: a row of items of one type. Rows of characters are strings too.

use super::data::{self, PyCData, data_of};
use super::info::{Facts, Kind, class_in, info_of, info_of_object, required, set_info};
use super::meta::{self, contents, this};
use super::{Own, class_named, codes, keep_class, raw};
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::int;
use ungil_runtime::objects::slice::{PySlice, adjust, has_index};
use ungil_runtime::objects::str::{PyStr, empty_str};
use ungil_runtime::prelude::*;

/// Array types of one type of which the dead ones are forgotten together.
const MANY_TYPES: usize = 64;

/// The type of arrays of `length` items, always the same one as long as it is in use.
///
/// # Errors
/// `TypeError`, `OverflowError`, or what making a class raises.
pub fn type_of(cx: &mut Cx, item: &'static PyType, length: usize) -> R {
    let key = cx.int(length as i64);
    let cache = match info_of(cx, item) {
        Some(info) => match info.arrays.get(&info.h, cx) {
            Some(cache) => Some(cache),
            None => {
                let fresh = PyDict::new(cx);
                info.arrays.set(&info.h, cx, fresh.clone());
                Some(fresh)
            }
        },
        None => None,
    };
    let known = match cache.as_ref().and_then(|cache| cache.downcast::<PyDict>(cx)) {
        Some(dict) => dict.get(cx, key.r())?,
        None => None,
    };
    if let Some(known) = known {
        let class = cx.call(known.r(), &[])?;
        if !class.value().is_none() {
            return Ok(class);
        }
    }
    let namespace = PyDict::new(cx);
    for (name, value) in [("_length_", key.clone()), ("_type_", item.as_ref().own(cx))] {
        let name = cx.str(name);
        cx.set_item(namespace.r(), name.r(), value.r())?;
    }
    let name = cx.str(&format!("{}_Array_{length}", item.name()));
    let bases = vec![class_named(Own::Array).as_ref().own(cx)];
    let bases = cx.tuple(bases);
    let made = cx.call(class_named(Own::MetaArray).as_ref(), &[name.r(), bases.r(), namespace.r()])?;
    if let Some(dict) = cache.as_ref().and_then(|cache| cache.downcast::<PyDict>(cx)) {
        if dict.len() >= MANY_TYPES && dict.len().is_power_of_two() {
            forget_dead(cx, dict)?;
        }
        let reference = cx.call(cx.builtin(Builtin::WeakRef).as_ref(), &[made.r()])?;
        dict.set(cx, key, reference)?;
    }
    Ok(made)
}

fn forget_dead(cx: &mut Cx, dict: &PyDict) -> R<()> {
    for (key, reference) in dict.items(cx) {
        if cx.call(reference.r(), &[])?.value().is_none() {
            dict.remove(cx, key.r())?;
        }
    }
    Ok(())
}

/// The length that a new class names.
fn length(cx: &mut Cx, class: &'static PyType) -> R<usize> {
    let Some(given) = meta::class_attr(cx, class, "_length_")? else {
        return Err(cx.error(Builtin::AttributeError, "class must define a '_length_' attribute"));
    };
    if !cx.is_instance_of(given.r(), Builtin::Int) {
        return Err(cx.type_error("The '_length_' attribute must be an integer"));
    }
    if int::is_negative(cx, given.r()) {
        return Err(cx.value_error("The '_length_' attribute must not be negative"));
    }
    let length = int::to_i64(cx, given.r()).and_then(|n| usize::try_from(n).ok());
    length.ok_or_else(|| cx.overflow_error("The '_length_' attribute is too large"))
}

fn init_class(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    let length = length(cx, class)?;
    let Some(item) = meta::class_attr(cx, class, "_type_")? else {
        return Err(cx.error(Builtin::AttributeError, "class must define a '_type_' attribute"));
    };
    let Some(inner) = super::info::info_of_type(cx, item.r()) else {
        return Err(cx.type_error("_type_ must have storage info"));
    };
    let inner = inner.facts();
    let size = inner.size.checked_mul(length).filter(|&size| size <= isize::MAX as usize);
    let Some(size) = size else { return Err(cx.overflow_error("array too large")) };
    let mut facts = Facts {
        length,
        has_pointer: inner.points(),
        format: inner.format.clone(),
        shape: [length].into_iter().chain(inner.shape.iter().copied()).collect(),
        ..Facts::new(Kind::Array, size, inner.align)
    };
    if inner.size > 0 && size <= 64 {
        (0..length).for_each(|i| facts.add_leaves(inner, i * inner.size));
    }
    let code = inner.code;
    set_info(cx, class, facts, Some(item))?;
    let mut t = TypeBuilder::extend(class);
    match code {
        b'c' => {
            t.getset(cx, "raw", Full(get_raw), Some(Full(set_raw)));
            t.getset(cx, "value", Full(get_bytes), Some(Full(set_bytes)));
        }
        b'u' => drop(t.getset(cx, "value", Full(get_text), Some(Full(set_text)))),
        _ => {}
    }
    Ok(cx.none())
}

fn get_raw(cx: &mut Cx, a: Args<'_>) -> R {
    let all = contents(a.this::<PyCData>());
    Ok(new_bytes(cx, &all))
}

fn set_raw(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(value) = a.opt(1) else {
        return Err(cx.error(Builtin::AttributeError, "cannot delete attribute"));
    };
    let bytes = buffer::bytes_of(cx, value)?;
    let (start, size) = a.this::<PyCData>().memory();
    if bytes.len() > size {
        return Err(cx.value_error("byte string too long"));
    }
    raw::copy(bytes.as_ptr(), start, bytes.len());
    Ok(cx.none())
}

fn get_bytes(cx: &mut Cx, a: Args<'_>) -> R {
    let (start, size) = a.this::<PyCData>().memory();
    let all = raw::bytes(start, raw::length(start, size));
    Ok(new_bytes(cx, &all))
}

fn set_bytes(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(value) = a.opt(1) else { return Err(cx.type_error("can't delete attribute")) };
    let Some(bytes) = value.downcast::<PyBytes>(cx) else {
        let got = cx.type_name(value);
        return Err(cx.type_error(format!("bytes expected instead of {got} instance")));
    };
    let (start, size) = a.this::<PyCData>().memory();
    if bytes.len() > size {
        return Err(cx.value_error("byte string too long"));
    }
    put_bytes(bytes.as_bytes(), start, size);
    Ok(cx.none())
}

/// Copies characters, and a zero if there is room.
pub fn put_bytes(bytes: &[u8], start: *mut u8, size: usize) {
    raw::copy(bytes.as_ptr(), start, bytes.len());
    if bytes.len() < size {
        raw::write(start.wrapping_add(bytes.len()), 0u8);
    }
}

/// Copies wide characters, and a zero if there is room.
pub fn put_text(s: &PyStr, start: *mut u8, size: usize) {
    let wide = codes::wide_of(s);
    let n = wide.len().min(size / 4);
    raw::copy(wide.as_ptr().cast(), start, 4 * n);
}

fn get_text(cx: &mut Cx, a: Args<'_>) -> R {
    let (start, size) = a.this::<PyCData>().memory();
    let wide = raw::wide(start, raw::wide_length(start, size / 4));
    codes::text_of_wide(cx, &wide)
}

fn set_text(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(value) = a.opt(1) else { return Err(cx.type_error("can't delete attribute")) };
    let Some(s) = value.downcast::<PyStr>(cx) else {
        let got = cx.type_name(value);
        return Err(cx.type_error(format!("unicode string expected instead of {got} instance")));
    };
    let (start, size) = a.this::<PyCData>().memory();
    if s.char_len() > size / 4 {
        return Err(cx.value_error("string too long"));
    }
    put_text(s, start, size);
    Ok(cx.none())
}

fn init_instance(cx: &mut Cx, a: Args<'_>) -> R {
    for (i, value) in a.varargs(cx, 1).iter().enumerate() {
        set_at(cx, a.get(0), i as isize, *value)?;
    }
    Ok(cx.none())
}

/// The type of the items, and where the item of an index is.
fn place(cx: &mut Cx, v: Ref<'_>, i: isize) -> R<(&'static PyType, usize, *mut u8)> {
    if let Some((data, info)) = data_of(cx, v).zip(info_of_object(cx, v))
        && let Some(index) = usize::try_from(i).ok().filter(|&i| i < data.length())
        && let Some(class) = class_in(cx, info, &info.item)
    {
        let size = required(cx, class)?.facts().size;
        return Ok((class, index, data.start().wrapping_add(index * size)));
    }
    Err(cx.index_error("invalid index"))
}

fn get_at(cx: &mut Cx, v: Ref<'_>, i: isize) -> R {
    let (class, index, at) = place(cx, v, i)?;
    data::get(cx, class, v, index, at)
}

fn set_at(cx: &mut Cx, v: Ref<'_>, i: isize, value: Ref<'_>) -> R<()> {
    let (class, index, at) = place(cx, v, i)?;
    data::set(cx, v, class, value, index, at)
}

/// The index that an object means, if it is one.
fn index(cx: &mut Cx, v: Ref<'_>, length: usize) -> R<Option<isize>> {
    if !has_index(cx, v) {
        return Ok(None);
    }
    let i = cx.index_isize(v, Builtin::IndexError)?;
    Ok(Some(if i < 0 { i + length as isize } else { i }))
}

/// The letter of the items that make a row a string.
pub fn text_code(cx: &Cx, class: Option<&'static PyType>) -> u8 {
    let code = class.and_then(|class| info_of(cx, class)).map_or(0, |info| info.facts().code);
    if code == b'c' || code == b'u' { code } else { 0 }
}

/// The characters at places from an address on.
///
/// # Errors
/// `ValueError` for what is no character.
pub fn text_at(cx: &mut Cx, code: u8, start: *mut u8, places: impl Iterator<Item = isize>) -> R {
    if code == b'c' {
        let all: Vec<u8> = places.map(|i| raw::read(start.wrapping_offset(i))).collect();
        return Ok(new_bytes(cx, &all));
    }
    let all: Vec<u32> = places.map(|i| raw::read(start.wrapping_offset(4 * i))).collect();
    if all.is_empty() { Ok(empty_str(cx)) } else { codes::text_of_wide(cx, &all) }
}

fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    let data = a.this::<PyCData>();
    if let Some(i) = index(cx, a.get(1), data.length())? {
        return get_at(cx, a.get(0), i);
    }
    let Some(slice) = a.get(1).downcast::<PySlice>(cx) else {
        return Err(cx.type_error("indices must be integers"));
    };
    let parts = slice.unpack(cx)?;
    let range = adjust(data.length(), parts);
    let item = info_of_object(cx, a.get(0)).and_then(|info| class_in(cx, info, &info.item));
    match text_code(cx, item) {
        0 => {
            let mut items = Vec::with_capacity(range.count);
            for i in range.indices() {
                items.push(get_at(cx, a.get(0), i as isize)?);
            }
            Ok(cx.list(items))
        }
        code => text_at(cx, code, data.start(), range.indices().map(|i| i as isize)),
    }
}

fn set_item(cx: &mut Cx, a: Args<'_>) -> R {
    let data = a.this::<PyCData>();
    if let Some(i) = index(cx, a.get(1), data.length())? {
        set_at(cx, a.get(0), i, a.get(2))?;
        return Ok(cx.none());
    }
    let Some(slice) = a.get(1).downcast::<PySlice>(cx) else {
        return Err(cx.type_error("indices must be integer"));
    };
    let parts = slice.unpack(cx)?;
    let range = adjust(data.length(), parts);
    if cx.len(a.get(2))? != range.count {
        return Err(cx.value_error("Can only assign sequence of same size"));
    }
    for (n, i) in range.indices().enumerate() {
        let n = cx.int(n as i64);
        let value = cx.get_item(a.get(2), n.r())?;
        set_at(cx, a.get(0), i as isize, value.r())?;
    }
    Ok(cx.none())
}

fn delete_item(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.type_error("Array does not support item deletion"))
}

pub fn init(cx: &mut Cx, meta: &'static PyType, base: &'static PyType) -> &'static PyType {
    let t = meta::new_meta(cx, meta, "_ctypes.PyCArrayType", Full(init_class));
    let own_meta = t.class();
    keep_class(Own::MetaArray, own_meta);
    let layout = (base.ops, base.payload_size);
    let flags = class_flag::BASETYPE;
    let mut t = TypeBuilder::native_of(cx, own_meta, "_ctypes.Array", Some(base), layout, flags);
    t.doc(
        cx,
        "Abstract base class of arrays.\n\nThe types of arrays are made by multiplying a C type with a number.",
    )
    .constructor(cx, "($type, *args, **kwargs)", Full(data::construct))
    .special(cx, Special::Init, Full(init_instance))
    .special(cx, Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<PyCData>().length() as i64))))
    .special(cx, Special::GetItem, Full(get_item))
    .special(cx, Special::SetItem, Full(set_item))
    .special(cx, Special::DelItem, Full(delete_item))
    .class_method(
        cx,
        "__class_getitem__",
        "($cls, item, /)",
        Full(|cx, a| Ok(ungil_runtime::objects::generic_alias::new_generic_alias(cx, a.get(0), a.get(1)))),
    );
    keep_class(Own::Array, t.class());
    t.class()
}
