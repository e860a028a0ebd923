//! Calling C functions through libffi.
//!
//! The thread is detached while the function runs, so that others go on and the world can be stopped; what the arguments refer
//! to is kept meanwhile. Functions of the Python API (`PyDLL`) run attached. `errno` of such calls is a thread's own: it is
//! exchanged with the C library's right before and after the call.

use super::data::{self, data_of, is_own_simple};
use super::info::{info_of_object, info_of_type};
use super::param::{Argument, argument};
use super::{ARGUMENT_ERROR, callargs, codes, function, natives};
use crate::os;
use libffi_sys::{ffi_cif, ffi_type};
use std::cell::Cell;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

thread_local! {
    /// What `get_errno` gives.
    static ERRNO: Cell<i32> = const { Cell::new(0) };
}

/// Exchanges the thread's `errno` of ctypes with that of the C library.
pub fn swap_errno() {
    // SAFETY: the place of this thread's number.
    unsafe {
        let place = libc::__errno_location();
        *place = ERRNO.replace(*place);
    }
}

pub fn get_errno(cx: &Cx, _: Args<'_>) -> R {
    Ok(cx.int(i64::from(ERRNO.get())))
}

pub fn set_errno(cx: &mut Cx, a: Args<'_>) -> R {
    let new = os::c_int(cx, a.get(0))?;
    Ok(cx.int(i64::from(ERRNO.replace(new))))
}

/// `call_function(address, arguments)`.
pub fn call_function(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(address) = codes::address(cx, a.get(0)) else {
        return Err(cx.type_error("an integer is required"));
    };
    let Some(args) = a.get(1).downcast::<PyTuple>(cx) else {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("argument 2 must be tuple, not {got}")));
    };
    let how = How { flags: function::CDECL, converters: &[], restype: None, checker: None };
    invoke(cx, address as usize, args.items(), &how)
}

/// How a function is called.
pub struct How<'a> {
    pub flags: u32,
    /// The `from_param` of the first arguments' types.
    pub converters: &'a [Ref<'a>],
    pub restype: Option<Ref<'a>>,
    pub checker: Option<Ref<'a>>,
}

/// A call of a function pointer; the last arguments are those that the tuple names.
pub fn call(cx: &mut Cx, f: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    let Some((data, info)) = data_of(cx, f).zip(info_of_object(cx, f)) else {
        return Err(cx.type_error("not a function pointer"));
    };
    let flags = info.facts().flags;
    let manner = function::manner(cx, data, info);
    let names = names.map_or(&[][..], PyTuple::items);
    let (positional, named) = args.refs().split_at(args.len() - names.len());
    let built = match (&manner.flags, &manner.argtypes) {
        (Some(flags), Some(types)) => {
            let types = cx.collect(types.r())?;
            match flags.downcast::<PyTuple>(cx).filter(|_| !types.is_empty()) {
                Some(flags) => {
                    let keywords = PyDict::new(cx);
                    for (name, value) in names.iter().zip(named) {
                        cx.set_item(keywords.r(), *name, *value)?;
                    }
                    let keywords = keywords.downcast::<PyDict>(cx);
                    Some(callargs::build(cx, flags.items(), &types, positional, keywords)?)
                }
                None => None,
            }
        }
        _ => None,
    };
    let built_args: Vec<Ref<'_>> = built.iter().flat_map(|built| built.args.iter().map(Obj::r)).collect();
    let given = if built.is_some() { &built_args[..] } else { positional };
    let converters = manner.converters.as_ref().and_then(|c| c.downcast::<PyTuple>(cx));
    let converters = converters.map_or(&[][..], PyTuple::items);
    let (required, actual) = (converters.len(), given.len());
    let is_c = flags & function::CDECL != 0;
    if required > actual || (!is_c && required != actual && manner.converters.is_some()) {
        let (least, s) = (if is_c { "at least " } else { "" }, if required == 1 { "" } else { "s" });
        let message = format!("this function takes {least}{required} argument{s} ({actual} given)");
        return Err(cx.type_error(message));
    }
    let restype = manner.restype.as_ref().map(Obj::r);
    let checker = manner.checker.as_ref().map(Obj::r);
    let how = How { flags, converters, restype, checker };
    let result = invoke(cx, data.pointer() as usize, given, &how)?;
    let result = match &manner.errcheck {
        Some(check) => {
            let all = given.iter().map(|v| v.own(cx)).collect();
            let all = cx.tuple(all);
            let checked = cx.call(check.r(), &[result.r(), f, all.r()])?;
            if !checked.r().is(all.r()) {
                return Ok(checked);
            }
            result
        }
        None => result,
    };
    match built {
        Some(built) => callargs::result(cx, built, result),
        None => Ok(result),
    }
}

/// The arguments as C values.
fn arguments(cx: &mut Cx, args: &[Ref<'_>], converters: &[Ref<'_>]) -> R<Vec<Argument>> {
    let mut converted = Vec::with_capacity(args.len());
    for (i, &arg) in args.iter().enumerate() {
        let result = match converters.get(i) {
            Some(&converter) => match cx.call(converter, &[arg]) {
                Ok(made) => argument(cx, made.r(), i + 1).map(|mut argument| {
                    argument.keep.get_or_insert(made);
                    argument
                }),
                Err(err) => Err(err),
            },
            None => argument(cx, arg, i + 1),
        };
        match result {
            Ok(argument) => converted.push(argument),
            Err(err) => {
                let text = data::extended_text(cx, &err, &format!("argument {}: ", i + 1));
                return Err(ARGUMENT_ERROR.error(cx, text));
            }
        }
    }
    Ok(converted)
}

/// Calls the function at an address.
///
/// # Errors
/// `ctypes.ArgumentError`, or what conversions and checks raise.
pub fn invoke(cx: &mut Cx, address: usize, args: &[Ref<'_>], how: &How<'_>) -> R {
    let (n, most) = (args.len(), function::MAX_ARGUMENTS);
    if n > most {
        return Err(ARGUMENT_ERROR.error(cx, format!("too many arguments ({n}), maximum is {most}")));
    }
    if address == 0 {
        return Err(cx.value_error("attempt to call a NULL function pointer"));
    }
    let mut args = arguments(cx, args, how.converters)?;
    let of_result = how.restype.and_then(|restype| info_of_type(cx, restype)).map(|info| info.facts());
    let rtype = of_result.map_or(&raw mut libffi_sys::ffi_type_sint32, |facts| facts.ffi());
    // libffi writes a whole word at least.
    let mut result = vec![0u64; of_result.map_or(1, |facts| facts.size.div_ceil(8).max(2))];
    let mut types: Vec<*mut ffi_type> = args.iter().map(|arg| arg.ffi).collect();
    let mut values: Vec<*mut libc::c_void> = args.iter_mut().map(|arg| arg.value.address().cast()).collect();
    let mut cif = ffi_cif::default();
    let abi = libffi_sys::ffi_abi_FFI_DEFAULT_ABI;
    // SAFETY: the types live as long as the classes, and as many as it is told there are.
    let status = unsafe { libffi_sys::ffi_prep_cif(&mut cif, abi, n as u32, rtype, types.as_mut_ptr()) };
    if status != libffi_sys::ffi_status_FFI_OK {
        return Err(cx.runtime_error("ffi_prep_cif failed"));
    }
    let own_errno = how.flags & function::USE_ERRNO != 0;
    let mut run = || {
        if own_errno {
            swap_errno();
        }
        // SAFETY: what is called, and with what, is the program's matter, as in C; values and result have room for their types.
        unsafe {
            let f = std::mem::transmute::<usize, unsafe extern "C" fn()>(address);
            libffi_sys::ffi_call(&mut cif, Some(f), result.as_mut_ptr().cast(), values.as_mut_ptr());
        }
        if own_errno {
            swap_errno();
        }
    };
    if how.flags & function::PYTHON_API != 0 {
        run();
        natives::take_error()?;
    } else {
        cx.detached(run);
    }
    let outcome = outcome(cx, how, result.as_mut_ptr().cast());
    // Not before: the result may be an address in what an argument refers to.
    drop(args);
    outcome
}

/// The Python object for a result.
fn outcome(cx: &mut Cx, how: &How<'_>, at: *mut u8) -> R {
    let int = i64::from(super::raw::read::<i32>(at));
    let Some(restype) = how.restype else { return Ok(cx.int(int)) };
    if restype.value().is_none() {
        return Ok(cx.none());
    }
    let class = PyType::from_ref(restype, cx);
    let Some((class, info)) = class.zip(info_of_type(cx, restype)) else {
        let int = cx.int(int);
        return cx.call(restype, &[int.r()]);
    };
    let facts = info.facts();
    let result = match facts.code {
        0 => data::new_copy(cx, class, at)?,
        _ if is_own_simple(cx, class) => data::new_copy(cx, class, at)?,
        b'O' => {
            let object = codes::get(cx, b'O', false, at)?;
            // SAFETY: the function has given the reference to its caller, who has another one now.
            drop(unsafe { Obj::from_owned(Value(super::raw::read(at))) });
            object
        }
        code => codes::get(cx, code, facts.swapped, at)?,
    };
    match how.checker {
        Some(checker) => cx.call(checker, &[result.r()]),
        None => Ok(result),
    }
}
