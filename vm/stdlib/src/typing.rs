//! `_typing`: the built-in part of `typing`.

use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::typevar::no_default;
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] =
    &[("_idfunc", "($module, x, /)", Leaf(|cx, a| Ok(a.get(0).own(cx))))];

const TYPES: &[(&str, Builtin)] = &[
    ("TypeVar", Builtin::TypeVar),
    ("ParamSpec", Builtin::ParamSpec),
    ("ParamSpecArgs", Builtin::ParamSpecArgs),
    ("ParamSpecKwargs", Builtin::ParamSpecKwargs),
    ("TypeVarTuple", Builtin::TypeVarTuple),
    ("TypeAliasType", Builtin::TypeAliasType),
    ("Generic", Builtin::Generic),
    ("Union", Builtin::UnionType),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, which) in TYPES {
        let class = cx.builtin(which).as_ref().own(cx);
        add(cx, module, name, class);
    }
    let value = no_default(cx);
    add(cx, module, "NoDefault", value);
    Ok(())
}
