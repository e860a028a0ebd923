//! Template strings (PEP 750): not there yet. What needs them says so.

use crate::prelude::*;

/// An `Interpolation`.
///
/// # Errors
/// `NotImplementedError`.
pub fn new_interpolation(cx: &mut Cx, _value: Obj, _text: Obj, _conversion: usize, _spec: Option<Obj>) -> R {
    Err(cx.error(Builtin::NotImplementedError, "template strings are not supported yet"))
}

/// A `Template`.
///
/// # Errors
/// `NotImplementedError`.
pub fn new_template(cx: &mut Cx, _strings: Obj, _parts: Obj) -> R {
    Err(cx.error(Builtin::NotImplementedError, "template strings are not supported yet"))
}
