//! How objects of classes that say nothing themselves are copied and pickled: `object.__reduce_ex__`, `__reduce__`,
//! `__getstate__`.
//!
//! From protocol 2 on a copy is made by `copyreg.__newobj__` and given the state; before that by `copyreg._reduce_ex`.
//! An object whose payload its class keeps to itself has nothing to be made from again: it cannot be pickled.

use crate::objects::dict::PyDict;
use crate::objects::list::PyList;
use crate::objects::module::PyModule;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// `object.__getstate__()`.
pub fn getstate(cx: &mut Cx, a: Args<'_>) -> R {
    default_state(cx, a.get(0), false)
}

/// `object.__reduce__()`.
pub fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    reduce_by(cx, a.get(0), 0)
}

/// `object.__reduce_ex__(protocol)`.
pub fn reduce_ex(cx: &mut Cx, a: Args<'_>) -> R {
    let protocol = cx.to_i64(a.get(1))?;
    if !cx.class_of(a.get(0)).same_special(cx, cx.builtin(Builtin::Object), Special::Reduce) {
        let own = cx.get_attr(a.get(0), cx.vm.names.reduce.get())?;
        return cx.call(own.r(), &[]);
    }
    reduce_by(cx, a.get(0), protocol)
}

fn reduce_by(cx: &mut Cx, v: Ref<'_>, protocol: i64) -> R {
    if protocol >= 2 {
        return reduce_to_call(cx, v);
    }
    let (module, protocol) = (crate::import::import_module(cx, "copyreg")?, cx.int(protocol));
    cx.call_method(module.r(), "_reduce_ex", &[v, protocol.r()])
}

/// What `__new__` needs beside the class.
enum NewArgs {
    None,
    Positional(Vec<Obj>),
    Named(Obj, Obj),
}

/// `(copyreg.__newobj__, (class, ...), state, items, pairs)`.
fn reduce_to_call(cx: &mut Cx, v: Ref<'_>) -> R {
    let class = cx.class_of(v);
    if class.has_flag(class_flag::DISALLOW_INSTANTIATION) {
        return Err(unpicklable(cx, class));
    }
    let module = crate::import::import_interned(cx, cx.vm.names.copyreg.get())?;
    let given = new_arguments(cx, v)?;
    let is_list = cx.is_instance_of(v, Builtin::List);
    let is_dict = cx.is_instance_of(v, Builtin::Dict);
    let is_known = is_list || is_dict || !matches!(given, NewArgs::None);
    let class_object = class.as_ref().own(cx);
    let (name, args) = match given {
        NewArgs::None => (&cx.vm.names.newobj, vec![class_object]),
        NewArgs::Positional(args) => {
            (&cx.vm.names.newobj, std::iter::once(class_object).chain(args).collect())
        }
        NewArgs::Named(args, named) => (&cx.vm.names.newobj_ex, vec![class_object, args, named]),
    };
    let (new, args) = (attr_of_module(cx, module.r(), name.get())?, cx.tuple(args));
    let state = match class.same_special(cx, cx.builtin(Builtin::Object), Special::GetState) {
        true => default_state(cx, v, !is_known)?,
        false => cx.call_method(v, "__getstate__", &[])?,
    };
    let items = if is_list { cx.iter(v)? } else { cx.none() };
    let pairs = match is_dict {
        true => {
            let pairs = cx.call_method(v, "items", &[])?;
            cx.iter(pairs.r())?
        }
        false => cx.none(),
    };
    Ok(cx.tuple(vec![new, args, state, items, pairs]))
}

/// An attribute of what was imported, which is a plain module as a rule.
fn attr_of_module(cx: &mut Cx, module: Ref<'_>, name: Ref<'_>) -> R {
    if cx.is_exactly(module, Builtin::Module)
        && let Some(v) = module.downcast::<PyModule>(cx).and_then(|m| m.dict_ref(cx)?.get_str(cx, name))
    {
        return Ok(v);
    }
    cx.get_attr(module, name)
}

fn unpicklable(cx: &mut Cx, class: &PyType) -> Err {
    let name = class.tp_name();
    cx.type_error(format!("cannot pickle '{name}' object"))
}

/// A method of the object's class, bound; what the object itself has under that name does not count.
fn of_class(cx: &mut Cx, v: Ref<'_>, name: Ref<'_>) -> R<Option<Obj>> {
    let found = cx.class_of(v).lookup(cx, name);
    found.map(|f| cx.bind_special(f.r(), v)).transpose()
}

/// What `__getnewargs_ex__` or `__getnewargs__` gives.
fn new_arguments(cx: &mut Cx, v: Ref<'_>) -> R<NewArgs> {
    if let Some(f) = of_class(cx, v, cx.vm.names.getnewargs_ex.get())? {
        let result = cx.call(f.r(), &[])?;
        return named_arguments(cx, result.r());
    }
    let Some(f) = of_class(cx, v, cx.vm.names.getnewargs.get())? else { return Ok(NewArgs::None) };
    let result = cx.call(f.r(), &[])?;
    match result.downcast::<PyTuple>(cx) {
        Some(args) => Ok(NewArgs::Positional(args.snapshot(cx))),
        None => {
            let got = cx.type_name(result.r());
            Err(cx.type_error(format!("__getnewargs__ should return a tuple, not '{got}'")))
        }
    }
}

fn named_arguments(cx: &mut Cx, result: Ref<'_>) -> R<NewArgs> {
    const WHO: &str = "__getnewargs_ex__";
    let Some(parts) = result.downcast::<PyTuple>(cx) else {
        let got = cx.type_name(result);
        return Err(cx.type_error(format!("{WHO} should return a tuple, not '{got}'")));
    };
    let &[args, named] = parts.items() else {
        let n = parts.len();
        return Err(cx.value_error(format!("{WHO} should return a tuple of length 2, not {n}")));
    };
    let Some(tuple) = args.downcast::<PyTuple>(cx) else {
        let got = cx.type_name(args);
        return Err(
            cx.type_error(format!("first item of the tuple returned by {WHO} must be a tuple, not '{got}'"))
        );
    };
    let Some(dict) = named.downcast::<PyDict>(cx) else {
        let got = cx.type_name(named);
        return Err(
            cx.type_error(format!("second item of the tuple returned by {WHO} must be a dict, not '{got}'"))
        );
    };
    Ok(match dict.is_empty() {
        true => NewArgs::Positional(tuple.snapshot(cx)),
        false => NewArgs::Named(args.own(cx), named.own(cx)),
    })
}

/// The dict, or a pair of it and the values of slots; `None` if there is neither. `required`: the copy is made from the
/// class and this alone.
fn default_state(cx: &mut Cx, v: Ref<'_>, required: bool) -> R {
    let class = cx.class_of(v);
    if required {
        check_layout(cx, class)?;
    }
    let mut state = cx.none();
    if class.has_flag(class_flag::HAS_DICT)
        && let Some(dict) = cx.get_attr_opt(v, cx.vm.names.dict.get())?
        && cx.truth(dict.r())?
    {
        state = dict;
    }
    let slots = slot_values(cx, v, class)?;
    Ok(match slots {
        Some(slots) => cx.tuple(vec![state, slots]),
        None => state,
    })
}

/// Whether instances consist of nothing but attributes.
fn check_layout(cx: &mut Cx, class: &'static PyType) -> R<()> {
    let (memory, code) = (cx.builtin(Builtin::MemoryView), cx.builtin(Builtin::Code));
    if std::ptr::eq(class, memory) || std::ptr::eq(class, code) {
        let name = class.tp_name();
        return Err(cx.type_error(format!("cannot pickle {name} objects")));
    }
    match std::ptr::eq(class.ops, cx.builtin(Builtin::Object).ops) {
        true => Ok(()),
        false => Err(unpicklable(cx, class)),
    }
}

/// A dict of the slots that have values; `None` if none has.
fn slot_values(cx: &mut Cx, v: Ref<'_>, class: &'static PyType) -> R<Option<Obj>> {
    if class.slot_count == 0 && class.dict(cx).get_str(cx, cx.vm.names.slotnames.get()).is_none() {
        return Ok(None);
    }
    let module = crate::import::import_module(cx, "copyreg")?;
    let names = cx.call_method(module.r(), "_slotnames", &[class.as_ref()])?;
    let Some(names) = names.downcast::<PyList>(cx).map(|names| names.snapshot(cx)) else { return Ok(None) };
    let values = PyDict::new(cx);
    for name in names {
        if let Some(value) = cx.get_attr_opt(v, name.r())? {
            cx.set_item(values.r(), name.r(), value.r())?;
        }
    }
    Ok(cx.truth(values.r())?.then_some(values))
}
