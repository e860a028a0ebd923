//! `_weakref`: the types of weak references, and what `weakref.py` asks about them.

use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::weakref;
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("getweakrefcount", "($module, object, /)", Leaf(count)),
    ("getweakrefs", "($module, object, /)", Leaf(|cx, a| Ok(cx.list(weakref::all_references(cx, a.get(0)))))),
    ("_remove_dead_weakref", "($module, dct, key, /)", Full(remove_dead)),
    ("proxy", "($module, object, callback=None, /)", Full(|cx, a| weakref::proxy_to(cx, a.get(0), a.opt(1)))),
];

fn count(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.int(weakref::all_references(cx, a.get(0)).len() as i64))
}

/// Removes the key from the dict if its value is a dead weak reference.
fn remove_dead(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(dict) = a.get(0).downcast::<PyDict>(cx) else {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("_remove_dead_weakref() argument 1 must be dict, not {got}")));
    };
    let mut failed = false;
    dict.remove_if(cx, a.get(1), |cx, value| {
        let dead = weakref::is_dead(cx, value);
        failed = dead.is_none();
        dead == Some(true)
    })?;
    if failed { Err(cx.type_error("not a weakref")) } else { Ok(cx.none()) }
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for (name, which) in [
        ("ref", Builtin::WeakRef),
        ("ReferenceType", Builtin::WeakRef),
        ("ProxyType", Builtin::WeakProxy),
        ("CallableProxyType", Builtin::WeakCallableProxy),
    ] {
        let class = cx.builtin(which).as_ref().own(cx);
        add(cx, module, name, class);
    }
    Ok(())
}
