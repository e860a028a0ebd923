//! Making classes: `type.__new__` and `__build_class__`.

use super::link::{best_base, lasting, set_place};
use super::member::new_member;
use crate::objects::cell::PyCell;
use crate::objects::dict::PyDict;
use crate::objects::function::PyFunction;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// `__build_class__(func, name, *bases, metaclass=..., **kwargs)`.
///
/// # Errors
/// What the class body, the metaclass or hooks raise.
pub fn build_class(cx: &mut Cx, body: Ref<'_>, name: Ref<'_>, bases: Ref<'_>, kwargs: Obj) -> R {
    if body.downcast::<PyFunction>(cx).is_none() {
        return Err(cx.type_error("__build_class__: func must be a function"));
    }
    let original = bases.own(cx);
    let bases = resolve_bases(cx, original.r())?;
    let keywords: &PyDict = kwargs.downcast(cx).expect("a dict of keyword arguments");
    let explicit = keywords.remove_str(cx, cx.vm.names.metaclass.get());
    let items = bases.downcast::<PyTuple>(cx).expect("a tuple").items();
    let mut meta = match explicit {
        Some(meta) => meta,
        None => match items.first() {
            Some(first) => cx.class_of(*first).as_ref().own(cx),
            None => cx.builtin(Builtin::Type).as_ref().own(cx),
        },
    };
    if let Some(class) = PyType::from_ref(meta.r(), cx) {
        meta = winner(cx, class, items)?.as_ref().own(cx);
    }
    let namespace = prepare(cx, meta.r(), name, bases.r(), &kwargs)?;
    let f = body.own(cx);
    let cell = crate::interp::run::call_function(cx, f.r(), [namespace.clone()].into_iter())?;
    if !bases.r().is(original.r()) {
        let key = cx.vm.names.orig_bases.get();
        cx.set_item(namespace.r(), key, original.r())?;
    }
    let class =
        crate::objects::native::spread_with(cx, meta.r(), &[name, bases.r(), namespace.r()], &kwargs)?;
    if let Some(cell) = cell.downcast::<PyCell>(cx)
        && PyType::from_ref(class.r(), cx).is_some()
    {
        match cell.get(cx) {
            Some(known) if known.r().is(class.r()) => {}
            Some(known) => {
                let (name, known, got) =
                    (cx.repr_string(name)?, cx.repr_string(known.r())?, cx.repr_string(class.r())?);
                return Err(cx.type_error(format!("__class__ set to {known} defining {name} as {got}")));
            }
            None => {
                let name = cx.repr_string(name)?;
                let got = cx.repr_string(class.r())?;
                return Err(cx.runtime_error(format!(
                    "__class__ not set defining {name} as {got}. Was __classcell__ propagated to type.__new__?"
                )));
            }
        }
    }
    Ok(class)
}

/// Bases with `__mro_entries__` replaced by what it gives (PEP 560).
fn resolve_bases(cx: &mut Cx, bases: Ref<'_>) -> R {
    let items = bases.downcast::<PyTuple>(cx).expect("a tuple").items();
    let mut resolved = Vec::with_capacity(items.len());
    let mut changed = false;
    for &base in items {
        let hook = match PyType::from_ref(base, cx) {
            Some(_) => None,
            None => cx.get_attr_opt(base, cx.special_name(Special::MroEntries))?,
        };
        let Some(hook) = hook else {
            resolved.push(base.own(cx));
            continue;
        };
        let entries = cx.call(hook.r(), &[bases])?;
        let Some(entries) = entries.downcast::<PyTuple>(cx) else {
            return Err(cx.type_error("__mro_entries__ must return a tuple"));
        };
        resolved.extend(entries.items().iter().map(|e| e.own(cx)));
        changed = true;
    }
    Ok(if changed { cx.tuple(resolved) } else { bases.own(cx) })
}

/// The most derived metaclass of a class with these bases.
pub(super) fn winner(cx: &mut Cx, meta: &'static PyType, bases: &[Ref<'_>]) -> R<&'static PyType> {
    let mut winner = meta;
    for &base in bases {
        let class = cx.class_of(base);
        if winner.is_subclass(class, cx) {
            continue;
        }
        if class.is_subclass(winner, cx) {
            winner = class;
            continue;
        }
        return Err(cx.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
        ));
    }
    Ok(winner)
}

fn prepare(cx: &mut Cx, meta: Ref<'_>, name: Ref<'_>, bases: Ref<'_>, kwargs: &Obj) -> R {
    let Some(hook) = cx.get_attr_opt(meta, cx.special_name(Special::Prepare))? else {
        return Ok(PyDict::new(cx));
    };
    let namespace = crate::objects::native::spread_with(cx, hook.r(), &[name, bases], kwargs)?;
    if cx.class_of(namespace.r()).special(cx, Special::GetItem).is_none() {
        let (meta, got) = (
            PyType::from_ref(meta, cx).map_or_else(|| "<metaclass>".to_string(), |m| m.name()),
            cx.type_name(namespace.r()),
        );
        return Err(cx.type_error(format!("{meta}.__prepare__() must return a mapping, not {got}")));
    }
    Ok(namespace)
}

/// `type.__new__(metaclass, name, bases, namespace, **kwargs)`.
///
/// # Errors
/// `TypeError`, `ValueError`, or what hooks raise.
pub fn new_class(
    cx: &mut Cx,
    meta: &'static PyType,
    name: Ref<'_>,
    bases: Ref<'_>,
    namespace: Ref<'_>,
    kwargs: Option<&Obj>,
) -> R {
    let items = bases.downcast::<PyTuple>(cx).map_or(&[][..], |t| t.items());
    let meta = winner(cx, meta, items)?;
    let mut base_classes = Vec::with_capacity(items.len());
    for &base in items {
        let Some(class) = PyType::from_ref(base, cx) else {
            return Err(cx.type_error("bases must be types"));
        };
        if class.has_flag(class_flag::INCOMPLETE) {
            let name = class.tp_name();
            return Err(cx.type_error(format!("Cannot extend an incomplete type '{name}'")));
        }
        if !class.has_flag(class_flag::BASETYPE) {
            let name = class.tp_name();
            return Err(cx.type_error(format!("type '{name}' is not an acceptable base type")));
        }
        base_classes.push(class);
    }
    if base_classes.is_empty() {
        base_classes.push(cx.builtin(Builtin::Object));
    }
    for (i, class) in base_classes.iter().enumerate() {
        if base_classes[..i].iter().any(|c| std::ptr::eq(*c, *class)) {
            let name = class.name();
            return Err(cx.type_error(format!("duplicate base class {name}")));
        }
    }
    let best = best_base(cx, &base_classes)?;
    let own_order = cx.class_of(namespace);
    let dict = match namespace.downcast::<PyDict>(cx) {
        Some(dict) if own_order.same_special(cx, cx.builtin(Builtin::Dict), Special::Iter) => dict.copy(cx),
        _ => {
            let dict = PyDict::new(cx);
            dict.downcast::<PyDict>(cx).expect("just made").update_from(cx, namespace)?;
            dict
        }
    };
    let text = super::attrs::checked_name(cx, name)?;
    warn_of_keys(cx, &dict, &text)?;
    let slots = declared_slots(cx, &dict, &text)?;
    if let Some(slots) = &slots {
        check_slots(cx, best, slots)?;
    }
    let (class, owned) = allocate(cx, meta, text, best, slots.as_ref());
    let cell = prepare_dict(cx, class, &dict, name)?;
    class.dict.set(&class.h, cx, lasting(cx, class, dict.clone()));
    fill_class_cell(cx, class, cell)?;
    let mro = super::bases::order(cx, class, &base_classes)?;
    class.clear_flag(class_flag::INCOMPLETE);
    set_place(cx, class, &base_classes, Some(best), mro, dict);
    // A tuple of another class stays what it is.
    if !items.is_empty() && !cx.is_exactly(bases, Builtin::Tuple) {
        class.bases.set(&class.h, cx, lasting(cx, class, bases.own(cx)));
    }
    if !std::ptr::eq(meta, cx.builtin(Builtin::Type)) {
        class.note_in_order(class.mro(), cx);
    }
    // A metaclass's `mro()` may have looked at the class before it was in its place.
    class.forget_everything(cx);
    class.refresh_has_del(cx);
    if class.has_flag(class_flag::HAS_DICT) && !best.has_flag(class_flag::HAS_DICT) {
        crate::objects::object::add_dict(cx, class)?;
    }
    if class.has_flag(class_flag::HAS_WEAKREF) && !best.has_flag(class_flag::HAS_WEAKREF) {
        crate::objects::weakref::add_attribute(cx, class)?;
    }
    add_members(cx, class, best, slots)?;
    call_set_name(cx, class)?;
    call_init_subclass(cx, class, kwargs)?;
    Ok(owned)
}

/// Gives the methods of a class body their `__class__`.
fn fill_class_cell(cx: &mut Cx, class: &'static PyType, cell: Option<Obj>) -> R<()> {
    let Some(cell) = cell else { return Ok(()) };
    let Some(payload) = cell.downcast::<PyCell>(cx) else {
        let got = cx.type_name(cell.r());
        return Err(cx.type_error(format!("type.__new__ expected a nonlocal cell, not a '{got}'")));
    };
    payload.set(cx, Some(class.as_ref().own(cx)));
    Ok(())
}

/// Warns of keys that no attribute can have.
fn warn_of_keys(cx: &mut Cx, dict: &Obj, class_name: &str) -> R<()> {
    let payload: &PyDict = dict.downcast(cx).expect("the namespace");
    if payload.has_only_str() {
        return Ok(());
    }
    if payload.keys(cx).iter().all(|key| cx.is_instance_of(key.r(), Builtin::Str)) {
        return Ok(());
    }
    let text = format!("non-string key in the __dict__ of class {class_name}");
    crate::traceback::warn(cx, Builtin::RuntimeWarning, &text)
}

/// The names in `__slots__`, mangled; `None` if the class has none.
fn declared_slots(cx: &mut Cx, dict: &Obj, class_name: &str) -> R<Option<Vec<String>>> {
    let payload: &PyDict = dict.downcast(cx).expect("the namespace");
    let Some(slots) = payload.get_str(cx, cx.vm.names.slots.get()) else { return Ok(None) };
    let items = match cx.is_instance_of(slots.r(), Builtin::Str) {
        true => vec![slots],
        false => cx.collect(slots.r())?,
    };
    let mut names = Vec::new();
    for item in items {
        if !cx.is_instance_of(item.r(), Builtin::Str) {
            let got = cx.type_name(item.r());
            return Err(cx.type_error(format!("__slots__ items must be strings, not '{got}'")));
        }
        let name = cx.text_of(item.r());
        if payload.get_str(cx, item.r()).is_some()
            && !["__qualname__", "__classcell__", "__classdictcell__"].contains(&name.as_str())
        {
            return Err(cx.value_error(format!("'{name}' in __slots__ conflicts with class variable")));
        }
        let is_identifier = cx.call_method(item.r(), "isidentifier", &[])?;
        if !cx.truth(is_identifier.r())? {
            return Err(cx.type_error("__slots__ must be identifiers"));
        }
        let private = name.starts_with("__") && !name.ends_with("__");
        let owner = class_name.trim_start_matches('_');
        names.push(if private && !owner.is_empty() { format!("_{owner}{name}") } else { name });
    }
    Ok(Some(names))
}

/// Whether instances of a class vary in size in CPython: they have no room for slots there.
fn is_var_sized(cx: &Cx, class: &PyType) -> bool {
    [Builtin::Tuple, Builtin::Int, Builtin::Bytes, Builtin::Type]
        .iter()
        .any(|&builtin| class.is_subclass(cx.builtin(builtin), cx))
}

/// Refuses slots that the base has no room for, or has already.
fn check_slots(cx: &mut Cx, best: &'static PyType, slots: &[String]) -> R<()> {
    if !slots.is_empty() && is_var_sized(cx, best) {
        let base = best.name();
        return Err(cx.type_error(format!("nonempty __slots__ not supported for subtype of '{base}'")));
    }
    for (name, flag, what) in [
        ("__dict__", class_flag::HAS_DICT, "we already got one"),
        ("__weakref__", class_flag::HAS_WEAKREF, "we already got one"),
    ] {
        let times = slots.iter().filter(|slot| *slot == name).count();
        if times > 1 || (times == 1 && best.has_flag(flag)) {
            return Err(cx.type_error(format!("{name} slot disallowed: {what}")));
        }
    }
    Ok(())
}

fn allocate(
    cx: &Cx,
    meta: &'static PyType,
    name: String,
    best: &'static PyType,
    slots: Option<&Vec<String>>,
) -> (&'static PyType, Obj) {
    let mut flags = class_flag::HEAP | class_flag::BASETYPE;
    let own = slots.map_or(&[][..], |s| s);
    if !best.has_layout::<PyType>() && (slots.is_none() || own.iter().any(|s| s == "__dict__")) {
        flags |= class_flag::HAS_DICT;
    }
    // Objects whose size varies in CPython have no room for weak references there.
    if (slots.is_none() && !is_var_sized(cx, best)) || own.iter().any(|s| s == "__weakref__") {
        flags |= class_flag::HAS_WEAKREF;
    }
    let named = own.iter().filter(|s| *s != "__dict__" && *s != "__weakref__").count() as u32;
    PyType::allocate_freeable(cx, meta, name, best, flags, best.slot_count + named)
}

/// Fills in what a class dict must have; gives the `__classcell__`.
fn prepare_dict(cx: &mut Cx, class: &'static PyType, dict: &Obj, name: Ref<'_>) -> R<Option<Obj>> {
    let payload: &PyDict = dict.downcast(cx).expect("the namespace");
    let names = &cx.vm.names;
    let qualname = match payload.remove_str(cx, names.qualname.get()) {
        Some(q) if cx.is_instance_of(q.r(), Builtin::Str) => q,
        Some(q) => {
            let got = cx.type_name(q.r());
            return Err(cx.type_error(format!("type __qualname__ must be a str, not {got}")));
        }
        None => name.own(cx),
    };
    class.qualname.set(&class.h, cx, qualname);
    if payload.get_str(cx, names.module.get()).is_none() {
        let regs = cx.regs.get();
        if !regs.is_null() {
            let globals = crate::interp::frame::Frame(regs).function().globals_unchecked();
            if let Some(module) = globals.get_str(cx, names.name.get()) {
                payload.set_str(cx, names.module.get(), module);
            }
        }
    }
    for special in [Special::InitSubclass, Special::ClassGetItem] {
        let key = cx.special_name(special);
        if let Some(f) = payload.get_str(cx, key).filter(|f| cx.is_exactly(f.r(), Builtin::Function)) {
            payload.set_str(cx, key, crate::objects::method::new_class_method(cx, f));
        }
    }
    let key = cx.special_name(Special::New);
    if let Some(f) = payload.get_str(cx, key).filter(|f| cx.is_exactly(f.r(), Builtin::Function)) {
        payload.set_str(cx, key, crate::objects::method::new_static_method(cx, f));
    }
    let has = |special| payload.get_str(cx, cx.special_name(special)).is_some();
    if has(Special::Eq) && !has(Special::Hash) {
        payload.set_str(cx, cx.special_name(Special::Hash), cx.none());
    }
    match payload.get_str(cx, names.doc.get()) {
        None => payload.set_str(cx, names.doc.get(), cx.none()),
        Some(doc) if cx.is_instance_of(doc.r(), Builtin::Str) => super::attrs::check_encodable(cx, doc.r())?,
        Some(_) => {}
    }
    // What annotations are looked up in, which the compiler has given to them already: no attribute of the class.
    if let Some(cell) = payload.remove_str(cx, names.classdictcell.get())
        && !cx.is_exactly(cell.r(), Builtin::Cell)
    {
        let got = cx.type_name(cell.r());
        return Err(cx.type_error(format!("__classdictcell__ must be a nonlocal cell, not <class '{got}'>")));
    }
    Ok(payload.remove_str(cx, names.classcell.get()))
}

fn add_members(
    cx: &mut Cx,
    class: &'static PyType,
    best: &'static PyType,
    slots: Option<Vec<String>>,
) -> R<()> {
    let mut index = best.slot_count;
    let mut names = slots.unwrap_or_default();
    // In an order of their own, so that classes with the same slots have the same layout.
    names.sort_unstable();
    for name in names {
        if name == "__dict__" || name == "__weakref__" {
            continue;
        }
        let key = crate::objects::str::intern(cx, &name);
        let member = new_member(cx, class, key.get().own(cx), index);
        class.set_attr(cx, key.get(), member)?;
        index += 1;
    }
    Ok(())
}

fn call_set_name(cx: &mut Cx, class: &'static PyType) -> R<()> {
    for (key, value) in class.dict(cx).items(cx) {
        let kind = cx.class_of(value.r());
        if kind.special(cx, Special::SetName).is_none() {
            continue;
        }
        let result = cx.try_special(Special::SetName, value.r(), &[class.as_ref(), key.r()]);
        if let Err(err) = result {
            let note = format!(
                "Error calling __set_name__ on '{}' instance {} in '{}'",
                kind.name(),
                cx.repr_string(key.r())?,
                class.name()
            );
            let note = cx.str(&note);
            cx.call_method(err.exception(), "add_note", &[note.r()])?;
            return Err(err);
        }
    }
    Ok(())
}

fn call_init_subclass(cx: &mut Cx, class: &'static PyType, kwargs: Option<&Obj>) -> R<()> {
    let name = cx.special_name(Special::InitSubclass);
    let found = class.mro().iter().skip(1).find_map(|c| c.dict(cx).get_str(cx, name));
    if !class.mro().iter().any(|c| std::ptr::eq(*c, class)) {
        let name = class.name();
        return Err(cx.type_error(format!(
            "super(type, obj): obj (type {name}) is not an instance or subtype of type ({name})."
        )));
    }
    let Some(found) = found else { return Ok(()) };
    let bound = match cx.class_of(found.r()).special(cx, Special::Get) {
        Some(get) => cx.call_get(get, found.r(), Ref::immediate(Value::NONE), class.as_ref())?,
        None => found,
    };
    let empty = PyDict::new(cx);
    let kwargs = kwargs.unwrap_or(&empty);
    crate::objects::native::spread_with(cx, bound.r(), &[], kwargs).map(drop)
}
