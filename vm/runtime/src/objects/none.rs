//! The types of `None`, `Ellipsis` and `NotImplemented`.

use crate::objects::object::OBJECT_OPS;
use crate::prelude::*;

const TYPES: [(Builtin, &str); 3] = [
    (Builtin::NoneType, "NoneType"),
    (Builtin::EllipsisType, "ellipsis"),
    (Builtin::NotImplementedType, "NotImplementedType"),
];

pub fn declare(cx: &Cx) {
    for (which, name) in TYPES {
        TypeBuilder::declare(cx, which, name, &OBJECT_OPS, 16, false);
    }
}

pub fn init(cx: &mut Cx) {
    for (which, _) in TYPES {
        let mut t = TypeBuilder::new(cx, which, Some(Builtin::Object), 0);
        t.special(
            cx,
            Special::Repr,
            Leaf(|cx, a| {
                Ok(cx.str(match a.get(0).value() {
                    Value::NONE => "None",
                    Value::ELLIPSIS => "Ellipsis",
                    _ => "NotImplemented",
                }))
            }),
        )
        .constructor(
            cx,
            "($cls, /, *args, **kwargs)",
            Full(|cx, a| {
                if !a.varargs(cx, 1).is_empty() || a.varkw(cx, 2).is_some_and(|k| !k.is_empty()) {
                    let name = PyType::from_ref(a.get(0), cx).map(|c| c.name()).unwrap_or_default();
                    return Err(cx.type_error(format!("{name} takes no arguments")));
                }
                let is = |which| a.get(0).is(cx.builtin(which).as_ref());
                let v = match () {
                    () if is(Builtin::NoneType) => Value::NONE,
                    () if is(Builtin::EllipsisType) => Value::ELLIPSIS,
                    () => Value::NOT_IMPLEMENTED,
                };
                Ok(Obj::immediate(v))
            }),
        );
        match which {
            Builtin::NoneType => {
                t.special(cx, Special::Bool, Leaf(|cx, _| Ok(cx.bool(false))));
            }
            Builtin::NotImplementedType => {
                t.special(
                    cx,
                    Special::Bool,
                    Full(
                        |cx, _| Err(cx.type_error("NotImplemented should not be used in a boolean context")),
                    ),
                );
            }
            _ => {}
        }
    }
}
