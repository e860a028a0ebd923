//! What Python sees of functions: attributes, `repr`, binding.

use super::function::{PyFunction, new_function};
use crate::objects::cell::PyCell;
use crate::objects::code::PyCode;
use crate::objects::dict::PyDict;
use crate::objects::method::new_bound_method;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// What a slot holds, or `None`.
fn get_slot(cx: &Cx, f: &PyFunction, slot: &Slot) -> R {
    Ok(slot.get(&f.h, cx).unwrap_or_else(|| cx.none()))
}

fn this<'a>(a: Args<'a>) -> &'a PyFunction {
    a.this::<PyFunction>()
}

fn set_text(cx: &mut Cx, a: Args<'_>, slot: &Slot, name: &str) -> R {
    match a.opt(1).filter(|v| cx.is_instance_of(*v, Builtin::Str)) {
        Some(v) => slot.set(&this(a).h, cx, v.own(cx)),
        None => return Err(cx.type_error(format!("{name} must be set to a string object"))),
    }
    Ok(cx.none())
}

/// Sets a slot to a value of a class, or empties it for `None` and `del`.
fn set_checked(cx: &mut Cx, a: Args<'_>, slot: &Slot, class: Builtin, message: &str) -> R {
    match a.opt_not_none(1) {
        None => drop(slot.take(&this(a).h, cx)),
        Some(v) if cx.is_instance_of(v, class) => slot.set(&this(a).h, cx, v.own(cx)),
        Some(_) => return Err(cx.type_error(message)),
    }
    Ok(cx.none())
}

fn set_dict(cx: &mut Cx, a: Args<'_>) -> R {
    match a.opt(1) {
        None => return Err(cx.type_error("cannot delete __dict__")),
        Some(v) if cx.is_instance_of(v, Builtin::Dict) => this(a).dict.set(&this(a).h, cx, v.own(cx)),
        Some(v) => {
            let found = cx.type_name(v);
            let message = format!("__dict__ must be set to a dictionary, not a '{found}'");
            return Err(cx.type_error(message));
        }
    }
    Ok(cx.none())
}

fn set_any(cx: &mut Cx, a: Args<'_>, slot: &Slot) -> R {
    match a.opt(1) {
        None => drop(slot.take(&this(a).h, cx)),
        Some(v) => slot.set(&this(a).h, cx, v.own(cx)),
    }
    Ok(cx.none())
}

fn set_code(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(code) = a.opt(1).and_then(|v| v.downcast::<PyCode>(cx)) else {
        return Err(cx.type_error("__code__ must be set to a code object"));
    };
    let (own, other) = (this(a).code().free_names.len(), code.free_names.len());
    if own != other {
        let name = cx.text_of(this(a).name(cx).r());
        return Err(
            cx.value_error(format!("{name}() requires a code object with {own} free vars, not {other}"))
        );
    }
    // SAFETY: code objects are immortal.
    super::function_code::replace(cx, this(a), unsafe { &*(code as *const PyCode) });
    Ok(cx.none())
}

/// `__annotations__`, computed by `__annotate__` when first asked for (PEP 649).
fn get_annotations(cx: &mut Cx, a: Args<'_>) -> R {
    let f = this(a);
    if let Some(known) = f.annotations.get(&f.h, cx) {
        return Ok(known);
    }
    let annotate = f.annotate.get(&f.h, cx).filter(|v| !v.value().is_none());
    let made = match annotate {
        None => PyDict::new(cx),
        Some(annotate) => {
            let made = cx.call(annotate.r(), &[Ref::immediate(Value::from_int_unchecked(1))])?;
            if !cx.is_instance_of(made.r(), Builtin::Dict) {
                let got = cx.type_name(made.r());
                return Err(cx.type_error(format!("__annotate__() must return a dict, not {got}")));
            }
            made
        }
    };
    f.annotations.set(&f.h, cx, made.clone());
    Ok(made)
}

fn set_annotations(cx: &mut Cx, a: Args<'_>) -> R {
    let result = set_checked(
        cx,
        a,
        &this(a).annotations,
        Builtin::Dict,
        "__annotations__ must be set to a dict object",
    );
    if result.is_ok() {
        drop(this(a).annotate.take(&this(a).h, cx));
    }
    result
}

fn set_annotate(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt(1) else { return Err(cx.type_error("__annotate__ cannot be deleted")) };
    if !v.value().is_none() && cx.class_of(v).special(cx, Special::Call).is_none() {
        return Err(cx.type_error("__annotate__ must be callable or None"));
    }
    this(a).annotate.set(&this(a).h, cx, v.own(cx));
    drop(this(a).annotations.take(&this(a).h, cx));
    Ok(cx.none())
}

fn get_dict(cx: &mut Cx, a: Args<'_>) -> R {
    let f = this(a);
    if let Some(dict) = f.dict.get(&f.h, cx) {
        return Ok(dict);
    }
    let dict = PyDict::new(cx);
    f.dict.set(&f.h, cx, dict.clone());
    Ok(dict)
}

fn get_type_params(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(this(a).type_params.get(&this(a).h, cx).unwrap_or_else(|| cx.tuple(Vec::new())))
}

fn function_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.text_of(this(a).qualname(cx).r());
    Ok(cx.str(&format!("<function {name} at {:#x}>", a.get(0).value().0)))
}

fn function_get(cx: &mut Cx, a: Args<'_>) -> R {
    match a.opt_not_none(1) {
        None => Ok(a.get(0).own(cx)),
        Some(instance) => Ok(new_bound_method(cx, a.get(0).own(cx), instance.own(cx))),
    }
}

fn function_call(cx: &mut Cx, a: Args<'_>) -> R {
    let positional: Vec<Value> = a.varargs(cx, 1).iter().map(|v| v.value()).collect();
    let (keys, named): (Vec<Obj>, Vec<Obj>) = match a.varkw(cx, 2) {
        Some(kwargs) => kwargs.items(cx).into_iter().unzip(),
        None => (Vec::new(), Vec::new()),
    };
    let all: Vec<Value> = positional.into_iter().chain(named.iter().map(|v| v.value())).collect();
    let keys = cx.tuple(keys);
    let names = keys.downcast::<PyTuple>(cx).filter(|t| !t.items().is_empty());
    cx.call_values(a.get(0), &all, names)
}

/// `types.FunctionType(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)`.
fn function_new(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(code) = a.get(1).downcast::<PyCode>(cx) else {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("function() argument 'code' must be code, not {got}")));
    };
    if a.get(2).downcast::<PyDict>(cx).is_none() {
        let got = cx.type_name(a.get(2));
        return Err(cx.type_error(format!("function() argument 'globals' must be dict, not {got}")));
    }
    for (at, which, name, kind) in [
        (4, Builtin::Tuple, "defaults", "tuple"),
        (5, Builtin::Tuple, "closure", "tuple"),
        (6, Builtin::Dict, "kwdefaults", "dict"),
    ] {
        if a.opt_not_none(at).is_some_and(|v| !cx.is_instance_of(v, which)) {
            return Err(cx.type_error(format!("arg {at} ({name}) must be None or {kind}")));
        }
    }
    if a.opt_not_none(3).is_some_and(|v| !cx.is_instance_of(v, Builtin::Str)) {
        return Err(cx.type_error("arg 3 (name) must be None or string"));
    }
    // SAFETY: code objects are immortal.
    let made = new_function(cx, unsafe { &*(code as *const PyCode) }, a.get(2).own(cx));
    let f: &PyFunction = made.downcast(cx).expect("just made");
    if let Some(name) = a.opt_not_none(3) {
        f.name.set(&f.h, cx, name.own(cx));
    }
    let closure = a.opt_not_none(5).and_then(|c| c.downcast::<PyTuple>(cx)).map_or(&[][..], |t| t.items());
    if closure.len() != code.free_names.len() {
        let (n, got) = (code.free_names.len(), closure.len());
        let name = code.head.name;
        return Err(cx.value_error(format!("{name} requires closure of length {n}, not {got}")));
    }
    if closure.iter().any(|c| c.downcast::<PyCell>(cx).is_none()) {
        return Err(cx.type_error("arg 5 (closure) expected cell"));
    }
    for (i, slot) in [(4, &f.defaults), (5, &f.closure), (6, &f.kwdefaults)] {
        if let Some(v) = a.opt_not_none(i) {
            slot.set(&f.h, cx, v.own(cx));
        }
    }
    Ok(made)
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::HAS_DICT | class_flag::HAS_WEAKREF | class_flag::METHOD_DESCRIPTOR;
    let mut t = TypeBuilder::new(cx, Builtin::Function, Some(Builtin::Object), flags);
    t.constructor(
        cx,
        "($cls, code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
        Full(function_new),
    )
    .getset(cx, "__code__", Full(|cx, a| Ok(ref_of(this(a).code()).own(cx))), Some(Full(set_code)))
    .member(cx, "__globals__", Full(|cx, a| get_slot(cx, this(a), &this(a).globals)))
    .member(cx, "__builtins__", Full(|cx, a| get_slot(cx, this(a), &this(a).builtins)))
    .member(cx, "__closure__", Full(|cx, a| get_slot(cx, this(a), &this(a).closure)))
    .getset(
        cx,
        "__defaults__",
        Full(|cx, a| get_slot(cx, this(a), &this(a).defaults)),
        Some(Full(|cx, a| {
            set_checked(
                cx,
                a,
                &this(a).defaults,
                Builtin::Tuple,
                "__defaults__ must be set to a tuple object",
            )
        })),
    )
    .getset(
        cx,
        "__kwdefaults__",
        Full(|cx, a| get_slot(cx, this(a), &this(a).kwdefaults)),
        Some(Full(|cx, a| {
            set_checked(
                cx,
                a,
                &this(a).kwdefaults,
                Builtin::Dict,
                "__kwdefaults__ must be set to a dict object",
            )
        })),
    )
    .getset(
        cx,
        "__name__",
        Full(|cx, a| Ok(this(a).name(cx))),
        Some(Full(|cx, a| set_text(cx, a, &this(a).name, "__name__"))),
    )
    .getset(
        cx,
        "__qualname__",
        Full(|cx, a| Ok(this(a).qualname(cx))),
        Some(Full(|cx, a| set_text(cx, a, &this(a).qualname, "__qualname__"))),
    )
    .getset(
        cx,
        "__module__",
        Full(|cx, a| get_slot(cx, this(a), &this(a).module)),
        Some(Full(|cx, a| set_any(cx, a, &this(a).module))),
    )
    .getset(
        cx,
        "__doc__",
        Full(|cx, a| Ok(this(a).doc(cx))),
        Some(Full(|cx, a| {
            let doc = a.opt(1).map_or_else(|| cx.none(), |v| v.own(cx));
            this(a).doc.set(&this(a).h, cx, doc);
            Ok(cx.none())
        })),
    )
    .getset(cx, "__dict__", Full(get_dict), Some(Full(set_dict)))
    .getset(cx, "__annotations__", Full(get_annotations), Some(Full(set_annotations)))
    .getset(
        cx,
        "__annotate__",
        Full(|cx, a| get_slot(cx, this(a), &this(a).annotate)),
        Some(Full(set_annotate)),
    )
    .getset(
        cx,
        "__type_params__",
        Full(get_type_params),
        Some(Full(|cx, a| {
            set_checked(cx, a, &this(a).type_params, Builtin::Tuple, "__type_params__ must be set to a tuple")
        })),
    )
    .specials(
        cx,
        &[
            (Special::Repr, Full(function_repr)),
            (Special::Get, Full(function_get)),
            (Special::Call, Full(function_call)),
        ],
    );
}
