//! `_Pointer`: addresses of objects of one type.

use super::data::{self, PyCData, data_of};
use super::info::{Facts, Kind, PyInfo, class_in, info_of_object, info_of_type, required, set_info};
use super::meta::{self, this};
use super::{Own, array, codes, is_callable, keep_class, own_attr, param, raw};
use ungil_runtime::objects::slice::{PySlice, has_index};
use ungil_runtime::objects::str::intern;
use ungil_runtime::prelude::*;

/// Says what a type of pointers points to.
fn set_item_type(cx: &mut Cx, class: &'static PyType, info: &PyInfo, item: Ref<'_>) -> R<()> {
    if PyType::from_ref(item, cx).is_none() {
        return Err(cx.type_error("_type_ must be a type"));
    }
    let Some(inner) = info_of_type(cx, item) else {
        let shown = cx.repr_string(item)?;
        return Err(cx.type_error(format!("{shown} must have storage info")));
    };
    info.item.set(&info.h, cx, item.own(cx));
    if inner.pointer_type.get(&inner.h, cx).is_none() {
        inner.pointer_type.set(&inner.h, cx, class.as_ref().own(cx));
    }
    Ok(())
}

fn format_of(item: &Facts) -> String {
    let format = item.format.as_deref().unwrap_or("B");
    if item.shape.is_empty() {
        return format!("&{format}");
    }
    let shape: Vec<String> = item.shape.iter().map(usize::to_string).collect();
    format!("&({}){format}", shape.join(","))
}

fn init_class(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    let item = own_attr(cx, class, "_type_");
    let inner = item.as_ref().and_then(|item| info_of_type(cx, item.r()));
    let format = inner.map(|inner| format_of(inner.facts()));
    let info = set_info(cx, class, Facts { format, ..Facts::pointer(Kind::Pointer) }, None)?;
    if let Some(item) = item {
        set_item_type(cx, class, info, item.r())?;
    }
    Ok(cx.none())
}

fn set_type(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    let info = required(cx, class)?;
    set_item_type(cx, class, info, a.get(1))?;
    let name = intern(cx, "_type_");
    class.set_attr(cx, name.get(), a.get(1).own(cx))?;
    Ok(cx.none())
}

fn from_param(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    param::convert_pointer(cx, class, a.get(1))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    match super::info::info_of(cx, class).filter(|info| !info.item.is_empty()) {
        Some(_) => data::new(cx, class),
        None => Err(cx.type_error("Cannot create instance: has no _type_")),
    }
}

/// What an instance points to, and the type of it.
fn target(cx: &mut Cx, v: Ref<'_>) -> R<(&'static PyType, *mut u8)> {
    let at = data_of(cx, v).map_or(std::ptr::null_mut(), PyCData::pointer);
    if at.is_null() {
        return Err(cx.value_error("NULL pointer access"));
    }
    match info_of_object(cx, v).and_then(|info| class_in(cx, info, &info.item)) {
        Some(class) => Ok((class, at)),
        None => Err(cx.type_error("Cannot create instance: has no _type_")),
    }
}

fn get_at(cx: &mut Cx, v: Ref<'_>, i: isize) -> R {
    let (class, at) = target(cx, v)?;
    let facts = required(cx, class)?.facts();
    let offset = i.wrapping_mul(facts.size as isize);
    if facts.code == 0 || facts.points() || data::is_own_simple(cx, class) {
        return data::get(cx, class, v, i as usize, at.wrapping_offset(offset));
    }
    // The pointer may have been set anew since; what it leads to now is there until it has been copied.
    let pointer = data_of(cx, v).map(PyCData::start);
    let bytes = data::while_kept(cx, v, || {
        let at = pointer.map_or(at, |pointer| raw::read(pointer));
        (!at.is_null()).then(|| raw::bytes(at.wrapping_offset(offset), facts.size))
    });
    match bytes {
        Some(bytes) => codes::get(cx, facts.code, facts.swapped, bytes.as_ptr()),
        None => Err(cx.value_error("NULL pointer access")),
    }
}

fn get_contents(cx: &mut Cx, a: Args<'_>) -> R {
    let (class, at) = target(cx, a.get(0))?;
    data::new_part(cx, class, a.get(0), 0, at)
}

fn set_contents(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(value) = a.opt(1) else {
        return Err(cx.type_error("Pointer does not support item deletion"));
    };
    let item = info_of_object(cx, a.get(0)).and_then(|info| class_in(cx, info, &info.item));
    let Some(item) = item else { return Err(cx.type_error("Cannot create instance: has no _type_")) };
    let fits = cx.is_instance(value, item.as_ref())?;
    let Some(data) = data_of(cx, value).filter(|_| fits || param::is_data(cx, value)) else {
        let (wanted, got) = (item.name(), cx.type_name(value));
        return Err(cx.type_error(format!("expected {wanted} instead of {got}")));
    };
    let at = a.this::<PyCData>().start();
    // The object pointed to, and what that keeps alive.
    data::keep_and(cx, a.get(0), 1, value.own(cx), || raw::write(at, data.start()))?;
    let kept = data::kept(cx, value);
    data::keep(cx, a.get(0), 0, kept)?;
    Ok(cx.none())
}

fn init_instance(cx: &mut Cx, a: Args<'_>) -> R {
    match a.varargs(cx, 1) {
        [] => Ok(cx.none()),
        &[value] => set_contents(cx, Args::of(&[a.get(0).own(cx), value.own(cx)])),
        all => {
            let n = all.len();
            Err(cx.type_error(format!("POINTER expected at most 1 argument, got {n}")))
        }
    }
}

/// The places that a slice names: a pointer has no length, so its ends must be given.
fn places(cx: &mut Cx, slice: &PySlice) -> R<(isize, isize, usize)> {
    let bound = |cx: &mut Cx, v: Ref<'_>| cx.index_isize(v, Builtin::ValueError);
    let step = if slice.step().value().is_none() { 1 } else { bound(cx, slice.step())? };
    if step == 0 {
        return Err(cx.value_error("slice step cannot be zero"));
    }
    let start = match slice.start().value().is_none() {
        true if step < 0 => return Err(cx.value_error("slice start is required for step < 0")),
        true => 0,
        false => bound(cx, slice.start())?,
    };
    if slice.stop().value().is_none() {
        return Err(cx.value_error("slice stop is required"));
    }
    let stop = bound(cx, slice.stop())?;
    let count = match step > 0 {
        true if start < stop => (stop - start - 1) / step + 1,
        false if start > stop => (stop - start + 1) / step + 1,
        _ => 0,
    };
    Ok((start, step, count as usize))
}

fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    if has_index(cx, a.get(1)) {
        let i = cx.index_isize(a.get(1), Builtin::IndexError)?;
        return get_at(cx, a.get(0), i);
    }
    let Some(slice) = a.get(1).downcast::<PySlice>(cx) else {
        return Err(cx.type_error("Pointer indices must be integer"));
    };
    let (start, step, count) = places(cx, slice)?;
    let indices = (0..count as isize).map(|n| start + n * step);
    let item = info_of_object(cx, a.get(0)).and_then(|info| class_in(cx, info, &info.item));
    match array::text_code(cx, item) {
        0 => {
            let mut items = Vec::with_capacity(count);
            for i in indices {
                items.push(get_at(cx, a.get(0), i)?);
            }
            Ok(cx.list(items))
        }
        code => array::text_at(cx, code, a.this::<PyCData>().pointer(), indices),
    }
}

fn set_item(cx: &mut Cx, a: Args<'_>) -> R {
    if !has_index(cx, a.get(1)) {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("'{got}' object does not support slice assignment")));
    }
    let i = cx.index_isize(a.get(1), Builtin::IndexError)?;
    let (class, at) = target(cx, a.get(0))?;
    let size = required(cx, class)?.facts().size as isize;
    let at = at.wrapping_offset(i.wrapping_mul(size));
    data::set(cx, a.get(0), class, a.get(2), i as usize, at)?;
    Ok(cx.none())
}

fn delete_item(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.type_error("Pointer does not support item deletion"))
}

fn truth(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(!a.this::<PyCData>().pointer().is_null()))
}

/// `cast`: an object of the pointer type `class` with an address, which keeps alive what `src` does.
///
/// # Errors
/// `TypeError`.
pub fn cast(cx: &mut Cx, address: *mut u8, src: Ref<'_>, class: Ref<'_>) -> R {
    let is_meta = cx.class_of(class).is_subclass(super::class_named(Own::Meta), cx);
    if !is_meta {
        return Err(cx.type_error("cast() argument 2 must be a pointer type"));
    }
    let fits = info_of_type(cx, class).is_some_and(|info| match info.facts().kind {
        Kind::Pointer | Kind::Function => true,
        Kind::Simple => b"zPZO".contains(&info.facts().code),
        _ => false,
    });
    if !fits || !is_callable(cx, class) {
        let name = PyType::from_ref(class, cx).map_or_else(String::new, PyType::name);
        return Err(cx.type_error(format!("cast() argument 2 must be a pointer type, not {name}")));
    }
    let made = cx.call(class, &[])?;
    if data_of(cx, src).is_some() {
        let kept = data::kept_dict(cx, src);
        data::set_kept(cx, made.r(), kept.clone());
        if cx.is_exactly(kept.r(), Builtin::Dict) {
            let key = cx.int_u64(src.value().0 & 0xffff_ffff_ffff);
            cx.set_item(kept.r(), key.r(), src)?;
        }
    }
    if let Some(data) = data_of(cx, made.r()) {
        raw::write(data.start(), address);
    }
    Ok(made)
}

pub fn init(cx: &mut Cx, meta: &'static PyType, base: &'static PyType) -> &'static PyType {
    let mut t = meta::new_meta(cx, meta, "_ctypes.PyCPointerType", Full(init_class));
    t.method(cx, "from_param", "($self, value, /)", Full(from_param)).method(
        cx,
        "set_type",
        "($self, type, /)",
        Full(set_type),
    );
    let own_meta = t.class();
    keep_class(Own::MetaPointer, own_meta);
    let layout = (base.ops, base.payload_size);
    let flags = class_flag::BASETYPE;
    let mut t = TypeBuilder::native_of(cx, own_meta, "_ctypes._Pointer", Some(base), layout, flags);
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct))
        .special(cx, Special::Init, Full(init_instance))
        .special(cx, Special::Bool, Leaf(truth))
        .special(cx, Special::GetItem, Full(get_item))
        .special(cx, Special::SetItem, Full(set_item))
        .special(cx, Special::DelItem, Full(delete_item))
        .getset(cx, "contents", Full(get_contents), Some(Full(set_contents)));
    t.class()
}
