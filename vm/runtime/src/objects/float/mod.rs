//! `float`: exact floats are always immediates; on the heap are instances of subclasses alone.
//!
//! Floats never change once they are made, so nothing here takes a lock.
//!
//! - `methods.rs`: the class; `text.rs`: floats as text and back; `hex.rs`: hexadecimal notation

mod hex;
mod methods;
pub mod text;

pub use methods::{declare, float_of, init};

use crate::objects::int;
use crate::prelude::*;

/// An instance of a subclass of `float`.
#[repr(C)]
pub struct PyFloat {
    pub h: Header,
    pub value: f64,
}

// SAFETY: `repr(C)`, header first; instances of all subclasses are made here with this payload.
unsafe impl Object for PyFloat {
    const OPS: &'static TypeOps = &FLOAT_OPS;
}

pub static FLOAT_OPS: TypeOps = TypeOps {
    name: "float",
    size: |_| size_of::<PyFloat>(),
    trace: None,
    drop_fields: None,
    needs_finalizer: crate::finalize::has_del,
};

/// An instance of `float` or of a class that derives from it.
///
/// # Errors
/// `MemoryError`.
pub fn new_float_of(cx: &mut Cx, class: &PyType, value: f64) -> R {
    if std::ptr::eq(class, cx.builtin(Builtin::Float)) {
        return Ok(cx.float(value));
    }
    cx.alloc_for::<PyFloat>(class, |h| PyFloat { h, value })
}

/// The value of a float of any class; `None` if the object is no float.
#[inline]
pub fn value_of(cx: &Cx, v: Ref<'_>) -> Option<f64> {
    match v.value().as_float() {
        Some(x) => Some(x),
        None => v.downcast::<PyFloat>(cx).map(|f| f.value),
    }
}

/// The object as a C `double`: a float, else by `__float__`, else by `__index__`.
///
/// # Errors
/// `TypeError` ("must be real number, not x"), `OverflowError`, or what the methods raise.
pub fn as_f64(cx: &mut Cx, v: Ref<'_>) -> R<f64> {
    if let Some(x) = value_of(cx, v) {
        return Ok(x);
    }
    if let Some(n) = int::view_exact(v) {
        return n.to_f64().map_err(|why| int::trouble(cx, why));
    }
    if let Some(b) = v.value().as_bool() {
        return Ok(b as u8 as f64);
    }
    match from_method(cx, v)? {
        Some(x) => Ok(x),
        None => {
            let name = cx.type_name(v);
            Err(cx.type_error(format!("must be real number, not {name}")))
        }
    }
}

/// By `__float__` or `__index__`; `None` if there is neither.
pub(crate) fn from_method(cx: &mut Cx, v: Ref<'_>) -> R<Option<f64>> {
    if let Some(result) = cx.try_special(Special::Float, v, &[])? {
        if result.value().is_float() {
            return Ok(Some(result.value().float()));
        }
        return match value_of(cx, result.r()) {
            Some(x) => {
                let (name, got) = (cx.type_name(v), cx.type_name(result.r()));
                let message = format!(
                    "{name}.__float__ returned non-float (type {got}).  The ability to return an instance of a strict \
                     subclass of float is deprecated, and may not be supported in a future version of Python."
                );
                crate::traceback::warn(cx, Builtin::DeprecationWarning, &message)?;
                Ok(Some(x))
            }
            None => {
                let (name, got) = (cx.type_name(v), cx.type_name(result.r()));
                Err(cx.type_error(format!("{name}.__float__ returned non-float (type {got})")))
            }
        };
    }
    if cx.class_of(v).special(cx, Special::Index).is_none() {
        return Ok(None);
    }
    let index = cx.index(v)?;
    match int::view(cx, index.r()).map(|n| n.to_f64()) {
        Some(Ok(x)) => Ok(Some(x)),
        Some(Err(why)) => Err(int::trouble(cx, why)),
        None => Ok(None),
    }
}
