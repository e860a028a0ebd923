//! Type parameters and type aliases: not there yet. What needs them says so.

use crate::prelude::*;

fn unsupported(cx: &mut Cx, what: &str) -> R {
    Err(cx.error(Builtin::NotImplementedError, &format!("{what} are not supported yet")))
}

/// `TypeVar`, `ParamSpec` or `TypeVarTuple` (kind 0, 1, 2) of a type parameter list.
///
/// # Errors
/// `NotImplementedError`.
pub fn new_parameter(cx: &mut Cx, _name: Ref<'_>, _kind: usize) -> R {
    unsupported(cx, "type parameters")
}

/// A `TypeVar` with a lazy bound or constraints.
///
/// # Errors
/// `NotImplementedError`.
pub fn new_bounded(cx: &mut Cx, _name: Ref<'_>, _compute: Obj, _constraints: bool) -> R {
    unsupported(cx, "type parameters")
}

/// Sets the lazy default of a type parameter.
///
/// # Errors
/// `NotImplementedError`.
pub fn set_default(cx: &mut Cx, _parameter: Ref<'_>, _compute: Obj) -> R<()> {
    unsupported(cx, "defaults of type parameters").map(drop)
}

/// A type alias.
///
/// # Errors
/// `NotImplementedError`.
pub fn new_alias(cx: &mut Cx, _name: Obj, _params: Obj, _compute: Obj) -> R {
    unsupported(cx, "type aliases")
}

/// `Generic[*params]`.
///
/// # Errors
/// `NotImplementedError`.
pub fn subscript_generic(cx: &mut Cx, _params: Ref<'_>) -> R {
    unsupported(cx, "generic classes with type parameters")
}
