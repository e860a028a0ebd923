//! What the metaclasses of C types have in common: `c_int * 3`, `from_address`, `from_buffer` and the like.

use super::info::{info_of_type, required};
use super::{Own, array, codes, data, keep_class, library, param, raw};
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::memoryview::PyMemoryView;
use ungil_runtime::prelude::*;

/// The class that a method of a metaclass was called on.
pub fn this(cx: &mut Cx, a: Args<'_>) -> R<&'static PyType> {
    PyType::from_ref(a.get(0), cx).ok_or_else(|| cx.type_error("not a class"))
}

fn from_address(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    match codes::address(cx, a.get(1)) {
        Some(address) => data::new_at(cx, class, address as *mut u8),
        None => Err(cx.type_error("integer expected")),
    }
}

/// Whether an object of `size` bytes fits behind `offset` in a buffer.
fn check_room(cx: &mut Cx, len: usize, offset: isize, size: usize) -> R<usize> {
    let Ok(offset) = usize::try_from(offset) else {
        return Err(cx.value_error("offset cannot be negative"));
    };
    if len.checked_sub(offset).is_none_or(|left| size > left) {
        let needed = size.saturating_add(offset);
        let message = format!("Buffer size too small ({len} instead of at least {needed} bytes)");
        return Err(cx.value_error(message));
    }
    Ok(offset)
}

fn offset(cx: &mut Cx, v: Option<Ref<'_>>) -> R<isize> {
    v.map_or(Ok(0), |v| cx.index_isize(v, Builtin::OverflowError))
}

fn from_buffer(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    let size = required(cx, class)?.facts().size;
    let offset = offset(cx, a.opt(2))?;
    let view = buffer::view_of(cx, a.get(1))?;
    for (name, wanted, message) in [
        ("readonly", false, "underlying buffer is not writable"),
        ("c_contiguous", true, "underlying buffer is not C contiguous"),
    ] {
        let found = cx.get_attr_str(view.r(), name)?;
        if cx.truth(found.r())? != wanted {
            return Err(cx.type_error(message));
        }
    }
    let Some(payload) = view.downcast::<PyMemoryView>(cx) else {
        return Err(buffer::not_bytes_like(cx, a.get(1)));
    };
    let (start, len) = payload.write_with(cx, |bytes| (bytes.as_mut_ptr(), bytes.len()))?;
    let offset = check_room(cx, len, offset, size)?;
    // The view keeps the memory in place.
    let made = data::new_at(cx, class, start.wrapping_add(offset))?;
    data::keep(cx, made.r(), -1, view)?;
    Ok(made)
}

fn from_buffer_copy(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    let size = required(cx, class)?.facts().size;
    let offset = offset(cx, a.opt(2))?;
    let bytes = buffer::bytes_of(cx, a.get(1))?;
    let offset = check_room(cx, bytes.len(), offset, size)?;
    data::new_copy(cx, class, bytes[offset..].as_ptr())
}

fn in_dll(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    let name = library::name(cx, a.get(2), "in_dll() argument 2 must be str, not ")?;
    let handle = library::handle_of(cx, a.get(1))?;
    match library::find(handle, &name, "symbol") {
        Ok(address) => data::new_at(cx, class, address),
        Err(why) => Err(cx.value_error(why)),
    }
}

fn from_param(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    param::convert_for(cx, class, a.get(1))
}

/// `c_int * n`.
fn repeat(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    if !ungil_runtime::objects::slice::has_index(cx, a.get(1)) {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("can't multiply sequence by non-int of type '{got}'")));
    }
    let n = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    let Ok(n) = usize::try_from(n) else {
        return Err(cx.value_error(format!("Array length must be >= 0, not {n}")));
    };
    array::type_of(cx, class, n)
}

fn get_pointer_type(cx: &mut Cx, a: Args<'_>) -> R {
    let shown = cx.repr_string(a.get(0))?;
    let Some(info) = info_of_type(cx, a.get(0)) else {
        return Err(cx.type_error(format!("{shown} must have storage info")));
    };
    match info.pointer_type.get(&info.h, cx) {
        Some(class) => Ok(class),
        None => {
            let message = format!("{shown} has no attribute '__pointer_type__'");
            Err(cx.error(Builtin::AttributeError, &message))
        }
    }
}

fn set_pointer_type(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(info) = info_of_type(cx, a.get(0)) else {
        let shown = cx.repr_string(a.get(0))?;
        return Err(cx.type_error(format!("{shown} must have storage info")));
    };
    match a.opt(1) {
        Some(class) => info.pointer_type.set(&info.h, cx, class.own(cx)),
        None => drop(info.pointer_type.take(&info.h, cx)),
    }
    Ok(cx.none())
}

/// A metaclass under the common one, with what all have.
pub fn new_meta(cx: &mut Cx, meta: &'static PyType, name: &str, init: NativeFn) -> TypeBuilder {
    let mut t = TypeBuilder::native_subtype(cx, name, meta, 0, class_flag::BASETYPE);
    t.special(cx, Special::Init, init)
        .method(cx, "from_param", "($self, value, /)", Full(from_param))
        .method(cx, "from_address", "($self, value, /)", Full(from_address))
        .method(cx, "from_buffer", "($self, obj, offset=0, /)", Full(from_buffer))
        .method(cx, "from_buffer_copy", "($self, buffer, offset=0, /)", Full(from_buffer_copy))
        .method(cx, "in_dll", "($self, dll, name, /)", Full(in_dll));
    t
}

/// `CType_Type`, the common base.
pub fn init(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::BASETYPE;
    let base = cx.builtin(Builtin::Type);
    let mut t = TypeBuilder::native_subtype(cx, "_ctypes.CType_Type", base, 0, flags);
    t.special(cx, Special::Mul, Full(repeat)).special(cx, Special::RMul, Full(repeat)).getset(
        cx,
        "__pointer_type__",
        Full(get_pointer_type),
        Some(Full(set_pointer_type)),
    );
    keep_class(Own::Meta, t.class());
    t.class()
}

/// `type.__init__` has nothing to do; subclasses of the metaclasses call ours with what `type()` takes.
pub fn class_attr(cx: &mut Cx, class: &'static PyType, name: &str) -> R<Option<Obj>> {
    super::attr(cx, class.as_ref(), name)
}

/// The bytes of an object.
pub fn contents(data: &data::PyCData) -> Vec<u8> {
    let (start, size) = data.memory();
    raw::bytes(start, size)
}
