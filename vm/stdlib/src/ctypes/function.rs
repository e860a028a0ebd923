//! `CFuncPtr`: addresses of C functions, made from a library's symbol, a number, or a Python callable.

use super::data::{self, PyCData, data_of};
use super::info::{Facts, Kind, PyInfo, info_of, info_of_object, info_of_type, set_info};
use super::meta::{self, this};
use super::{
    ARGUMENT_ERROR, Own, attr, call, callback, class_named, codes, is_callable, keep_class, library,
};
use super::{natives, own_attr, raw};
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

pub const CDECL: u32 = 1;
pub const PYTHON_API: u32 = 4;
pub const USE_ERRNO: u32 = 8;
pub const USE_LAST_ERROR: u32 = 16;
pub const MAX_ARGUMENTS: usize = 1024;

/// What a function pointer has of its own, in the place of what its type says. Guarded by the lock of the object.
#[repr(C)]
pub struct PyDetails {
    pub h: Header,
    pub argtypes: Slot,
    pub converters: Slot,
    pub restype: Slot,
    pub checker: Slot,
    pub errcheck: Slot,
    pub flags: Slot,
}

ungil_runtime::slot_ops!(
    DETAILS_OPS,
    PyDetails,
    "_ctypes.details",
    argtypes,
    converters,
    restype,
    checker,
    errcheck,
    flags
);

/// The details of a function pointer, made if there are none.
fn details(cx: &mut Cx, data: &PyCData) -> R {
    if let Some(known) = data.details.get(&data.h, cx) {
        return Ok(known);
    }
    let made = cx.alloc_for(class_named(Own::Details), |h| PyDetails {
        h,
        argtypes: Slot::empty(),
        converters: Slot::empty(),
        restype: Slot::empty(),
        checker: Slot::empty(),
        errcheck: Slot::empty(),
        flags: Slot::empty(),
    })?;
    Ok(locked(cx, &data.h, || match data.details.get_locked(cx) {
        Some(known) => known,
        None => {
            data.details.replace_locked(&data.h, made.clone());
            made
        }
    }))
}

/// What a call goes by: of the function, or else of its type.
pub struct Manner {
    pub argtypes: Option<Obj>,
    pub converters: Option<Obj>,
    pub restype: Option<Obj>,
    pub checker: Option<Obj>,
    pub errcheck: Option<Obj>,
    /// Directions, names and defaults of the parameters.
    pub flags: Option<Obj>,
}

/// How a function pointer is called.
pub fn manner(cx: &Cx, data: &PyCData, info: &PyInfo) -> Manner {
    let of_type = |slot: &Slot| slot.get(&info.h, cx);
    let own = data.details.get(&data.h, cx);
    let Some(own) = own.as_ref().and_then(|own| own.downcast::<PyDetails>(cx)) else {
        return Manner {
            argtypes: of_type(&info.argtypes),
            converters: of_type(&info.converters),
            restype: of_type(&info.restype),
            checker: of_type(&info.checker),
            errcheck: None,
            flags: None,
        };
    };
    // Converters belong to the types, a check to the type of the result: both are read at once.
    let [argtypes, converters, restype, checker, errcheck, flags] = locked(cx, &own.h, || {
        [&own.argtypes, &own.converters, &own.restype, &own.checker, &own.errcheck, &own.flags]
            .map(|slot| slot.get_locked(cx))
    });
    Manner {
        argtypes: argtypes.or_else(|| of_type(&info.argtypes)),
        converters: converters.or_else(|| of_type(&info.converters)),
        restype: restype.or_else(|| of_type(&info.restype)),
        checker: checker.or_else(|| of_type(&info.checker)),
        errcheck,
        flags,
    }
}

/// The methods that convert arguments of these types, and the types as a tuple.
fn converters(cx: &mut Cx, types: Ref<'_>) -> R {
    let items = match cx.collect(types) {
        Ok(items) => items,
        Err(_) => return Err(cx.type_error("_argtypes_ must be a sequence of types")),
    };
    let n = items.len();
    if n > MAX_ARGUMENTS {
        let message = format!("_argtypes_ has too many arguments ({n}), maximum is {MAX_ARGUMENTS}");
        return Err(ARGUMENT_ERROR.error(cx, message));
    }
    let mut found = Vec::with_capacity(n);
    for (i, item) in items.iter().enumerate() {
        match attr(cx, item.r(), "from_param")? {
            Some(converter) => found.push(converter),
            None => {
                let message = format!("item {} in _argtypes_ has no from_param method", i + 1);
                return Err(cx.type_error(message));
            }
        }
    }
    Ok(cx.tuple(found))
}

/// The check of results that a type of results has.
fn checker(cx: &mut Cx, restype: Ref<'_>, name: &str) -> R<Option<Obj>> {
    let is_type = info_of_type(cx, restype).is_some();
    if !restype.value().is_none() && !is_type && !is_callable(cx, restype) {
        return Err(cx.type_error(format!("{name} must be a type, a callable, or None")));
    }
    attr(cx, restype, "_check_retval_")
}

fn init_class(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    let flags = own_attr(cx, class, "_flags_").and_then(|flags| codes::address(cx, flags.r()));
    let Some(flags) = flags else {
        return Err(cx.type_error("class must define _flags_ which must be an integer"));
    };
    let format = Some("X{}".into());
    let facts = Facts { flags: flags as u32, format, ..Facts::pointer(Kind::Function) };
    let info = set_info(cx, class, facts, None)?;
    if let Some(types) = own_attr(cx, class, "_argtypes_") {
        let converters = converters(cx, types.r())?;
        info.argtypes.set(&info.h, cx, types);
        info.converters.set(&info.h, cx, converters);
    }
    if let Some(restype) = own_attr(cx, class, "_restype_") {
        if let Some(checker) = checker(cx, restype.r(), "_restype_")? {
            info.checker.set(&info.h, cx, checker);
        }
        info.restype.set(&info.h, cx, restype);
    }
    Ok(cx.none())
}

fn set_slot(cx: &Cx, own: &PyDetails, slot: &Slot, value: Option<Obj>) {
    match value {
        Some(value) => slot.set(&own.h, cx, value),
        None => drop(slot.take(&own.h, cx)),
    }
}

/// Sets two of the details at once.
fn set_details(cx: &mut Cx, v: Ref<'_>, set: impl FnOnce(&Cx, &PyDetails)) -> R {
    let Some(data) = data_of(cx, v) else { return Err(cx.type_error("not a function pointer")) };
    let details = details(cx, data)?;
    if let Some(own) = details.downcast::<PyDetails>(cx) {
        set(cx, own);
    }
    Ok(cx.none())
}

/// Stores into two slots under one hold of the lock; what was there ends afterwards.
fn set_pair(cx: &Cx, own: &PyDetails, slots: [&Slot; 2], values: [Option<Obj>; 2]) {
    let [first, second] = values;
    let old = locked(cx, &own.h, || {
        let put = |slot: &Slot, value: Option<Obj>| match value {
            Some(value) => slot.replace_locked(&own.h, value),
            None => slot.take_locked(),
        };
        [put(slots[0], first), put(slots[1], second)]
    });
    drop(old);
}

fn set_errcheck(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(value) = a.opt(1)
        && !is_callable(cx, value)
    {
        return Err(cx.type_error("the errcheck attribute must be callable"));
    }
    let value = a.opt(1).map(|value| value.own(cx));
    set_details(cx, a.get(0), |cx, own| set_slot(cx, own, &own.errcheck, value))
}

fn set_restype(cx: &mut Cx, a: Args<'_>) -> R {
    let (checker, value) = match a.opt(1) {
        Some(value) => (checker(cx, value, "restype")?, Some(value.own(cx))),
        None => (None, None),
    };
    set_details(cx, a.get(0), |cx, own| {
        set_pair(cx, own, [&own.restype, &own.checker], [value, checker]);
    })
}

/// The flags of its parameters that a function pointer was made with.
fn own_flags(cx: &Cx, data: &PyCData) -> Option<Obj> {
    let details = data.details.get(&data.h, cx)?;
    let own = details.downcast::<PyDetails>(cx)?;
    own.flags.get(&own.h, cx)
}

fn set_argtypes(cx: &mut Cx, a: Args<'_>) -> R {
    let (types, converters) = match a.opt_not_none(1) {
        Some(types) => {
            let converters = converters(cx, types)?;
            let flags = own_flags(cx, a.this::<PyCData>());
            if let Some(flags) = flags {
                check_flags(cx, types, flags.r())?;
            }
            (Some(types.own(cx)), Some(converters))
        }
        None => (None, None),
    };
    set_details(cx, a.get(0), |cx, own| {
        set_pair(cx, own, [&own.argtypes, &own.converters], [types, converters]);
    })
}

fn get(cx: &mut Cx, a: Args<'_>, part: fn(Manner) -> Option<Obj>) -> R {
    let Some(info) = info_of_object(cx, a.get(0)) else { return Ok(cx.none()) };
    let found = part(manner(cx, a.this::<PyCData>(), info));
    Ok(found.unwrap_or_else(|| cx.none()))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    let args = a.varargs(cx, 1);
    let Some(&first) = args.first() else { return data::new(cx, class) };
    if let Some(spec) = first.downcast::<PyTuple>(cx) {
        return from_library(cx, class, spec.items(), &args[1..]);
    }
    if args.len() > 1 {
        let n = args.len();
        return Err(cx.type_error(format!("function takes exactly 1 argument ({n} given)")));
    }
    if let Some(address) = codes::address(cx, first) {
        let made = data::new(cx, class)?;
        if let Some(data) = data_of(cx, made.r()) {
            raw::write(data.start(), address);
        }
        return Ok(made);
    }
    if !is_callable(cx, first) {
        return Err(cx.type_error("argument must be callable or integer function address"));
    }
    let Some(info) = info_of(cx, class).filter(|info| !info.argtypes.is_empty()) else {
        return Err(cx.type_error("cannot construct instance of this class: no argtypes"));
    };
    let (thunk, address) = callback::new(cx, first, info)?;
    let made = data::new(cx, class)?;
    if let Some(data) = data_of(cx, made.r()) {
        raw::write(data.start(), address);
    }
    data::keep(cx, made.r(), 0, thunk)?;
    Ok(made)
}

fn from_library(cx: &mut Cx, class: &'static PyType, spec: &[Ref<'_>], rest: &[Ref<'_>]) -> R {
    let &[name, dll] = spec else { return Err(cx.type_error("illegal func_spec argument")) };
    let name = library::name(cx, name, "function name must be string, bytes object or integer")?;
    let handle = library::handle_of(cx, dll)?;
    let address = match library::find(handle, &name, "function") {
        Ok(address) => address,
        Err(why) => {
            let of_python = info_of(cx, class).is_some_and(|info| info.facts().flags & PYTHON_API != 0)
                && (name.to_bytes().starts_with(b"Py") || name.to_bytes().starts_with(b"_Py"));
            match natives::of_api(name.to_bytes()).filter(|_| of_python) {
                Some(address) => address,
                None if of_python => {
                    let why = format!("{why} (there is no C interface of Python here)");
                    return Err(cx.error(Builtin::AttributeError, &why));
                }
                None => return Err(cx.error(Builtin::AttributeError, &why)),
            }
        }
    };
    let flags = rest.first().filter(|flags| !flags.value().is_none());
    let types = info_of(cx, class).and_then(|info| info.argtypes.get(&info.h, cx));
    if let (Some(flags), Some(types)) = (flags, types) {
        check_flags(cx, types.r(), *flags)?;
    }
    let made = data::new(cx, class)?;
    if let Some(data) = data_of(cx, made.r()) {
        raw::write(data.start(), address);
    }
    data::keep(cx, made.r(), 0, dll.own(cx))?;
    if let Some(flags) = flags {
        let flags = flags.own(cx);
        set_details(cx, made.r(), |cx, own| set_slot(cx, own, &own.flags, Some(flags)))?;
    }
    Ok(made)
}

/// Refuses flags of parameters that do not go with the types.
fn check_flags(cx: &mut Cx, types: Ref<'_>, flags: Ref<'_>) -> R<()> {
    let types = cx.collect(types)?;
    let Some(flags) = flags.downcast::<PyTuple>(cx) else {
        return Err(cx.type_error("paramflags must be a tuple or None"));
    };
    if flags.len() != types.len() {
        return Err(cx.value_error("paramflags must have the same length as argtypes"));
    }
    for (i, (item, class)) in flags.items().iter().zip(&types).enumerate() {
        let parts = item.downcast::<PyTuple>(cx).map_or(&[][..], PyTuple::items);
        let flag = parts.first().and_then(|flag| codes::address(cx, *flag));
        let name_fits =
            parts.get(1).is_none_or(|name| name.value().is_none() || cx.is_instance_of(*name, Builtin::Str));
        let Some(flag) = flag.filter(|_| name_fits && parts.len() <= 3) else {
            return Err(cx.type_error("paramflags must be a sequence of (int [,string [,value]]) tuples"));
        };
        match flag & 7 {
            0 | 1 | 3 | 5 => {}
            2 => check_out_type(cx, class.r(), i + 1)?,
            _ => return Err(cx.type_error(format!("paramflag value {flag} not supported"))),
        }
    }
    Ok(())
}

/// Refuses types of results that are given by reference.
fn check_out_type(cx: &mut Cx, class: Ref<'_>, number: usize) -> R<()> {
    let fits = info_of_type(cx, class).is_some_and(|info| match info.facts().kind {
        Kind::Pointer | Kind::Array => true,
        _ => b"PzZ".contains(&info.facts().code),
    });
    if fits {
        return Ok(());
    }
    let name = PyType::from_ref(class, cx).map_or_else(|| cx.type_name(class), PyType::name);
    Err(cx.type_error(format!("'out' parameter {number} must be a pointer type, not {name}")))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let (name, at) = (cx.class_of(a.get(0)).name(), a.get(0).value().0);
    Ok(cx.str(&format!("<{name} object at {at:#x}>")))
}

fn truth(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(!a.this::<PyCData>().pointer().is_null()))
}

pub fn init(cx: &mut Cx, meta: &'static PyType, base: &'static PyType) -> &'static PyType {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyDetails>();
    let t = TypeBuilder::native_type(cx, "_ctypes.details", &DETAILS_OPS, size, true, flags);
    keep_class(Own::Details, t.class());
    let t = meta::new_meta(cx, meta, "_ctypes.PyCFuncPtrType", Full(init_class));
    let own_meta = t.class();
    keep_class(Own::MetaFunction, own_meta);
    let layout = (base.ops, base.payload_size);
    let flags = class_flag::BASETYPE;
    let mut t = TypeBuilder::native_of(cx, own_meta, "_ctypes.CFuncPtr", Some(base), layout, flags);
    t.doc(cx, "Function Pointer")
        .constructor(cx, "($type, *args, **kwargs)", Full(construct))
        .special(cx, Special::Repr, Full(repr))
        .special(cx, Special::Bool, Leaf(truth))
        .callable(cx, call::call)
        .getset(cx, "errcheck", Full(|cx, a| get(cx, a, |m| m.errcheck)), Some(Full(set_errcheck)))
        .getset(cx, "restype", Full(|cx, a| get(cx, a, |m| m.restype)), Some(Full(set_restype)))
        .getset(cx, "argtypes", Full(|cx, a| get(cx, a, |m| m.argtypes)), Some(Full(set_argtypes)));
    t.class()
}
