//! `_testcapi`: what of CPython's module for testing its C interface is about objects and not about C.
//!
//! CPython's own tests ask it for the limits of C's types, to print exceptions the way the interpreter does it by itself, for
//! threads that Python has not started, and for objects of native types with certain properties.
//!
//! - `errors.rs`: raising, matching and printing exceptions; `config.rs`: how the program was started
//! - `threads.rs`: threads that the module `_thread` does not know; `types.rs`: native types
//! - `members.rs`: types whose attributes are numbers of C

mod config;
mod errors;
mod members;
mod threads;
mod types;

use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("config_get", "($module, name, /)", Full(config::get)),
    ("config_names", "($module, /)", Full(config::names)),
    ("err_givenexceptionmatches", "($module, exc, given, /)", Full(errors::matches)),
    ("exception_print", "($module, exc, legacy=0, /)", Full(errors::print_exception)),
    (
        "make_exception_with_doc",
        "($module, /, name, doc=None, base=None, dict=None)",
        Full(errors::make_class),
    ),
    ("raise_SIGINT_then_send_None", "($module, gen, /)", Full(errors::interrupt_and_send)),
    ("raise_exception", "($module, exc, num_args, /)", Full(errors::raise)),
    ("raise_memoryerror", "($module, /)", Full(|cx, _| Err(cx.memory_error()))),
    ("traceback_print", "($module, traceback, file, /)", Full(errors::print_traceback)),
    ("call_in_temporary_c_thread", "($module, callback, wait=True, /)", Full(threads::call)),
    ("join_temporary_c_thread", "($module, /)", Full(threads::join)),
    ("bad_get", "($module, descr, obj, cls, /)", Full(types::bad_get)),
    ("create_cfunction", "($module, /)", Full(types::create_function)),
    ("with_tp_del", "($module, cls, /)", Full(types::with_tp_del)),
    ("test_with_docstring", "($module, /)", Leaf(|cx, _| Ok(cx.none()))),
];

/// The limits of C's types where `long` and pointers have 64 bits.
const LIMITS: &[(&str, i128)] = &[
    ("CHAR_MAX", i8::MAX as i128),
    ("CHAR_MIN", i8::MIN as i128),
    ("SHRT_MAX", i16::MAX as i128),
    ("SHRT_MIN", i16::MIN as i128),
    ("INT_MAX", i32::MAX as i128),
    ("INT_MIN", i32::MIN as i128),
    ("LONG_MAX", i64::MAX as i128),
    ("LONG_MIN", i64::MIN as i128),
    ("LLONG_MAX", i64::MAX as i128),
    ("LLONG_MIN", i64::MIN as i128),
    ("PY_SSIZE_T_MAX", isize::MAX as i128),
    ("PY_SSIZE_T_MIN", isize::MIN as i128),
    ("UCHAR_MAX", u8::MAX as i128),
    ("USHRT_MAX", u16::MAX as i128),
    ("UINT_MAX", u32::MAX as i128),
    ("ULONG_MAX", u64::MAX as i128),
    ("ULLONG_MAX", u64::MAX as i128),
    ("SIZE_MAX", usize::MAX as i128),
    ("INT32_MAX", i32::MAX as i128),
    ("INT32_MIN", i32::MIN as i128),
    ("INT64_MAX", i64::MAX as i128),
    ("INT64_MIN", i64::MIN as i128),
    ("UINT32_MAX", u32::MAX as i128),
    ("UINT64_MAX", u64::MAX as i128),
    ("SIZEOF_VOID_P", size_of::<*const u8>() as i128),
    ("SIZEOF_WCHAR_T", size_of::<libc::wchar_t>() as i128),
    ("SIZEOF_TIME_T", size_of::<libc::time_t>() as i128),
    ("SIZEOF_PID_T", size_of::<libc::pid_t>() as i128),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in LIMITS {
        let n = ungil_runtime::objects::int::new_word(cx, n);
        add(cx, module, name, n);
    }
    let floats = [
        ("FLT_MAX", f32::MAX as f64),
        ("FLT_MIN", f32::MIN_POSITIVE as f64),
        ("DBL_MAX", f64::MAX),
        ("DBL_MIN", f64::MIN_POSITIVE),
    ];
    for (name, x) in floats {
        let x = cx.float(x);
        add(cx, module, name, x);
    }
    // The allocators that CPython may be built with.
    for name in ["WITH_PYMALLOC", "WITH_MIMALLOC", "nan_msb_is_signaling"] {
        let no = cx.bool(false);
        add(cx, module, name, no);
    }
    errors::add_to(cx, module)?;
    types::add_to(cx, module);
    members::add_to(cx, module);
    Ok(())
}
