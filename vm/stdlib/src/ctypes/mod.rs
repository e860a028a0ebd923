//! `_ctypes`: memory of C types, and C functions.
//!
//! - `info.rs`: what is known of a type; `data.rs`: objects that are memory; `raw.rs`, `codes.rs`, `long_double.rs`: values in
//!   memory
//! - `meta.rs`: what the metaclasses have in common; `simple.rs`, `array.rs`, `pointer.rs`, `structure.rs` (`field.rs`),
//!   `function.rs`: a kind of type each, with its metaclass
//! - `param.rs`: Python objects as arguments; `call.rs`: calling (`callargs.rs`: by the flags of parameters); `callback.rs`: being
//!   called; `library.rs`: shared libraries; `natives.rs`: functions that Python calls as C ones
//!
//! Memory that programs reach by addresses is theirs. What is ours (references, lengths, where blocks are) is guarded by
//! the locks of the objects. A thread is detached while a C function runs, unless that is of the Python API.

mod array;
mod call;
mod callargs;
mod callback;
mod codes;
mod data;
mod field;
mod function;
mod info;
mod library;
mod long_double;
mod meta;
mod natives;
mod param;
mod pointer;
mod raw;
mod simple;
mod structure;

use crate::exceptions::Class;
use std::sync::OnceLock;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::intern;
use ungil_runtime::prelude::*;

static ARGUMENT_ERROR: Class = Class::new();

/// The classes of the module. Made once.
#[derive(Clone, Copy)]
enum Own {
    Simple,
    Array,
    Field,
    Param,
    MetaArray,
    MetaSimple,
    Details,
    Thunk,
    Memory,
    MetaPointer,
    MetaFunction,
    Meta,
}

static CLASSES: [OnceLock<&'static PyType>; 12] = [const { OnceLock::new() }; 12];

/// One of the module's classes.
fn class_named(which: Own) -> &'static PyType {
    match CLASSES[which as usize].get() {
        Some(class) => class,
        None => ungil_gc::fatal("a class of ctypes was used before it was made"),
    }
}

fn keep_class(which: Own, class: &'static PyType) {
    CLASSES[which as usize].get_or_init(|| class);
}

/// An attribute of an object, if it has it.
fn attr(cx: &mut Cx, v: Ref<'_>, name: &str) -> R<Option<Obj>> {
    let name = intern(cx, name);
    cx.get_attr_opt(v, name.get())
}

/// What is in the class's own dict.
fn own_attr(cx: &Cx, class: &PyType, name: &str) -> Option<Obj> {
    let name = intern(cx, name);
    class.dict(cx).get_str(cx, name.get())
}

fn is_callable(cx: &Cx, v: Ref<'_>) -> bool {
    cx.class_of(v).special(cx, Special::Call).is_some_and(|call| !call.value().is_none())
}

fn size_of_object(cx: &mut Cx, a: Args<'_>) -> R {
    let size = match (info::info_of_type(cx, a.get(0)), data::data_of(cx, a.get(0))) {
        (Some(info), _) => info.facts().size,
        (None, Some(data)) => data.memory().1,
        (None, None) => return Err(cx.type_error("this type has no size")),
    };
    Ok(cx.int(size as i64))
}

fn alignment(cx: &mut Cx, a: Args<'_>) -> R {
    match info::info_of_type(cx, a.get(0)).or_else(|| info::info_of_object(cx, a.get(0))) {
        Some(info) => Ok(cx.int(info.facts().align as i64)),
        None => Err(cx.type_error("no alignment info")),
    }
}

fn address_of(cx: &mut Cx, a: Args<'_>) -> R {
    match data::data_of(cx, a.get(0)) {
        Some(data) => Ok(cx.int_u64(data.start() as u64)),
        None => {
            let got = cx.type_name(a.get(0));
            Err(cx.type_error(format!("addressof() argument must be _ctypes._CData, not {got}")))
        }
    }
}

fn buffer_info(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(info) = info::info_of_type(cx, a.get(0)).or_else(|| info::info_of_object(cx, a.get(0))) else {
        return Err(cx.type_error("not a ctypes type or object"));
    };
    let facts = info.facts();
    let format = facts.format.as_ref().map_or_else(|| cx.none(), |format| cx.str(format));
    let shape = facts.shape.iter().map(|&n| cx.int(n as i64)).collect();
    let (dimensions, shape) = (cx.int(facts.shape.len() as i64), cx.tuple(shape));
    Ok(cx.tuple(vec![format, dimensions, shape]))
}

fn object_at(cx: &mut Cx, a: Args<'_>) -> R {
    match codes::address(cx, a.get(0)) {
        Some(0) => Err(cx.value_error("PyObject is NULL")),
        // SAFETY: the program says that there is an object, as in C.
        Some(address) => Ok(unsafe { Obj::from_borrowed(Value(address), cx) }),
        None => Err(cx.type_error("an integer is required")),
    }
}

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("sizeof", "($module, obj, /)", Full(size_of_object)),
    ("alignment", "($module, obj, /)", Full(alignment)),
    ("addressof", "($module, obj, /)", Full(address_of)),
    ("byref", "($module, obj, offset=0, /)", Full(param::byref_function)),
    ("resize", "($module, obj, size, /)", Full(data::resize)),
    ("buffer_info", "($module, obj, /)", Full(buffer_info)),
    ("_unpickle", "($module, typ, state, /)", Full(data::unpickle)),
    ("get_errno", "($module, /)", Leaf(call::get_errno)),
    ("set_errno", "($module, value, /)", Full(call::set_errno)),
    ("call_function", "($module, func, arguments, /)", Full(call::call_function)),
    ("call_cdeclfunction", "($module, func, arguments, /)", Full(call::call_function)),
    ("dlopen", "($module, name, flag=2, /)", Full(library::open)),
    ("dlsym", "($module, handle, name, /)", Full(library::symbol)),
    ("dlclose", "($module, handle, /)", Full(library::close)),
    ("dllist", "($module, /)", Full(library::list)),
    ("PyObj_FromPtr", "($module, address, /)", Full(object_at)),
];

const CONSTANTS: &[(&str, i64)] = &[
    ("FUNCFLAG_CDECL", function::CDECL as i64),
    ("FUNCFLAG_PYTHONAPI", function::PYTHON_API as i64),
    ("FUNCFLAG_USE_ERRNO", function::USE_ERRNO as i64),
    ("FUNCFLAG_USE_LASTERROR", function::USE_LAST_ERROR as i64),
    ("RTLD_LOCAL", libc::RTLD_LOCAL as i64),
    ("RTLD_GLOBAL", libc::RTLD_GLOBAL as i64),
    ("CTYPES_MAX_ARGCOUNT", function::MAX_ARGUMENTS as i64),
    ("SIZEOF_TIME_T", size_of::<libc::time_t>() as i64),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    info::init(cx);
    param::init(cx);
    natives::init(cx);
    callback::init(cx);
    let meta = meta::init(cx);
    let data = data::init(cx, meta);
    let classes = [
        ("Structure", structure::init(cx, meta, data, false)),
        ("Union", structure::init(cx, meta, data, true)),
        ("_Pointer", pointer::init(cx, meta, data)),
        ("Array", array::init(cx, meta, data)),
        ("_SimpleCData", simple::init(cx, meta, data)),
        ("CFuncPtr", function::init(cx, meta, data)),
        ("CField", field::init(cx)),
    ];
    for (name, class) in classes {
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
    ARGUMENT_ERROR.init(cx, module, "ctypes", "ArgumentError", Builtin::Exception)?;
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in CONSTANTS.iter().chain(&natives::addresses()) {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    let version = cx.str("1.1.0");
    add(cx, module, "__version__", version);
    let doc = cx.str("Create and manipulate C compatible data types in Python.");
    add(cx, module, "__doc__", doc);
    let unpickle = cx.get_attr_str(module.r(), "_unpickle")?;
    data::UNPICKLE.get_or_init(|| ungil_runtime::SharedValue::new(unpickle));
    Ok(())
}
