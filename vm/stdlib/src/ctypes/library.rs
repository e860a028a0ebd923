//! Shared libraries: loading, symbols, which are loaded.

use super::codes;
use crate::os;
use std::ffi::{CStr, CString};
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// What the dynamic linker says went wrong last in this thread.
fn last_error() -> Option<String> {
    // SAFETY: the text stays until the thread's next call.
    unsafe {
        let text = libc::dlerror();
        (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
    }
}

/// The address of a symbol, or why there is none.
pub fn find(handle: usize, name: &CStr, what: &str) -> Result<*mut u8, String> {
    last_error();
    // SAFETY: whether the handle is one is the program's matter, as in C.
    let address = unsafe { libc::dlsym(handle as *mut libc::c_void, name.as_ptr()) };
    if !address.is_null() {
        return Ok(address.cast());
    }
    Err(last_error().unwrap_or_else(|| format!("{what} '{}' not found", name.to_string_lossy())))
}

/// The name of a symbol.
///
/// # Errors
/// `TypeError` with the message, `ValueError` for a name with a zero in it.
pub fn name(cx: &mut Cx, v: Ref<'_>, message: &str) -> R<CString> {
    let bytes = match (v.downcast::<PyStr>(cx), v.downcast::<PyBytes>(cx)) {
        (Some(s), _) => s.as_bytes(),
        (_, Some(bytes)) => bytes.as_bytes(),
        // A message that ends so goes on with the type.
        _ if message.ends_with(' ') => {
            let got = cx.type_name(v);
            return Err(cx.type_error(format!("{message}{got}")));
        }
        _ => return Err(cx.type_error(message)),
    };
    CString::new(bytes).map_err(|_| cx.value_error("embedded null character"))
}

/// The handle of an object that stands for a library.
///
/// # Errors
/// `TypeError`, or that it has no `_handle`.
pub fn handle_of(cx: &mut Cx, library: Ref<'_>) -> R<usize> {
    let handle = cx.get_attr_str(library, "_handle")?;
    match codes::address(cx, handle.r()) {
        Some(handle) => Ok(handle as usize),
        None => Err(cx.type_error("the _handle attribute of the second argument must be an integer")),
    }
}

/// `dlopen(name, flag=RTLD_NOW | RTLD_LOCAL)`: a handle. The library's own start-up code runs detached.
pub fn open(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = os::c_int_or(cx, a.opt(1), libc::RTLD_NOW)? | libc::RTLD_NOW;
    let name = match a.get(0).value().is_none() {
        true => None,
        false => {
            let path = os::fspath(cx, a.get(0))?;
            Some(os::fs_text(cx, path.r())?)
        }
    };
    let pointer = name.as_ref().map_or(std::ptr::null(), |name| name.as_ptr());
    let result = cx.detached(|| {
        // SAFETY: a text with a zero at its end, or none.
        let handle = unsafe { libc::dlopen(pointer, flags) };
        if handle.is_null() { Err(last_error()) } else { Ok(handle as usize) }
    });
    match result {
        Ok(handle) => Ok(cx.int_u64(handle as u64)),
        Err(why) => {
            let why = why.unwrap_or_else(|| "dlopen() error".into());
            Err(cx.error(Builtin::OSError, &why))
        }
    }
}

fn handle(cx: &mut Cx, v: Ref<'_>) -> R<usize> {
    match codes::address(cx, v) {
        Some(handle) => Ok(handle as usize),
        None => {
            let got = cx.type_name(v);
            Err(cx.type_error(format!("'{got}' object cannot be interpreted as an integer")))
        }
    }
}

/// `dlsym(handle, name)`: an address.
pub fn symbol(cx: &mut Cx, a: Args<'_>) -> R {
    let handle = handle(cx, a.get(0))?;
    let name = name(cx, a.get(1), "dlsym() argument 2 must be str, not ")?;
    match find(handle, &name, "symbol") {
        Ok(address) => Ok(cx.int_u64(address as u64)),
        Err(why) => Err(cx.error(Builtin::OSError, &why)),
    }
}

/// `dlclose(handle)`.
pub fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let handle = handle(cx, a.get(0))?;
    let why = cx.detached(|| {
        // SAFETY: whether the handle is one is the program's matter, as in C.
        match unsafe { libc::dlclose(handle as *mut libc::c_void) } {
            0 => None,
            _ => Some(last_error().unwrap_or_default()),
        }
    });
    match why {
        None => Ok(cx.none()),
        Some(why) => Err(cx.error(Builtin::OSError, &why)),
    }
}

unsafe extern "C" fn note(
    info: *mut libc::dl_phdr_info,
    _: libc::size_t,
    names: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: called by `dl_iterate_phdr` with a library and what `list` gave.
    unsafe {
        let names = &mut *names.cast::<Vec<Vec<u8>>>();
        if !(*info).dlpi_name.is_null() {
            names.push(CStr::from_ptr((*info).dlpi_name).to_bytes().to_vec());
        }
    }
    0
}

/// `dllist()`: the names of the loaded libraries.
pub fn list(cx: &mut Cx, _: Args<'_>) -> R {
    let mut names: Vec<Vec<u8>> = Vec::new();
    // SAFETY: the list outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut names).cast()) };
    let names = names.iter().map(|name| os::fs_decode(cx, name)).collect();
    Ok(cx.list(names))
}
