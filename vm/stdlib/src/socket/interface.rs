//! Network interfaces, by number and by name; the name of the host itself.

use super::plain_error;
use crate::os::{self, quick};
use crate::posix::Table;
use std::ffi::{CStr, CString};
use ungil_runtime::objects::int;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[
    ("if_nameindex", "($module, /)", Full(if_nameindex)),
    ("if_nametoindex", "($module, oname, /)", Full(if_nametoindex)),
    ("if_indextoname", "($module, if_index, /)", Full(if_indextoname)),
    ("gethostname", "($module, /)", Full(gethostname)),
    ("sethostname", "($module, name, /)", Full(sethostname)),
];

/// The name of the interface with a number.
pub fn name_of(index: u32) -> Option<String> {
    let mut name = [0 as libc::c_char; libc::IF_NAMESIZE];
    // SAFETY: room for a name, which ends with a zero.
    unsafe {
        let found = libc::if_indextoname(index, name.as_mut_ptr());
        if found.is_null() { None } else { Some(CStr::from_ptr(found).to_string_lossy().into_owned()) }
    }
}

/// The number of the interface with a name; the system's error if there is none.
pub fn index_of(name: &CStr) -> Result<u32, i32> {
    // SAFETY: the name ends with a zero.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(os::errno()),
        index => Ok(index),
    }
}

fn if_nameindex(cx: &mut Cx, _: Args<'_>) -> R {
    // SAFETY: no arguments.
    let first = unsafe { libc::if_nameindex() };
    if first.is_null() {
        return Err(os::error(cx, os::errno()));
    }
    let mut found = Vec::new();
    let mut at = first;
    // SAFETY: entries follow one another up to one without a name, and live until they are given back.
    unsafe {
        while !(*at).if_name.is_null() {
            let name = os::fs_decode(cx, CStr::from_ptr((*at).if_name).to_bytes());
            found.push(cx.tuple(vec![cx.int((*at).if_index as i64), name]));
            at = at.add(1);
        }
        libc::if_freenameindex(first);
    }
    Ok(cx.list(found))
}

fn if_nametoindex(cx: &mut Cx, a: Args<'_>) -> R {
    let name = os::fs_text(cx, a.get(0))?;
    match index_of(&name) {
        Ok(index) => Ok(cx.int(index as i64)),
        Err(0) => Err(plain_error(cx, "no interface with this name")),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn if_indextoname(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.index(a.get(0))?;
    if int::is_negative(cx, index.r()) {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    let Some(index) = int::to_i64(cx, index.r()).and_then(|n| u32::try_from(n).ok()) else {
        return Err(cx.overflow_error("Python int too large for C unsigned int"));
    };
    match name_of(index) {
        Some(name) => Ok(cx.str(&name)),
        None => Err(os::error(cx, os::errno())),
    }
}

fn gethostname(cx: &mut Cx, _: Args<'_>) -> R {
    let mut name = [0 as libc::c_char; 1024];
    os::done(cx, quick!(libc::gethostname(name.as_mut_ptr(), name.len() - 1)))?;
    // SAFETY: the last byte is a zero in any case.
    Ok(os::fs_decode(cx, unsafe { CStr::from_ptr(name.as_ptr()) }.to_bytes()))
}

fn sethostname(cx: &mut Cx, a: Args<'_>) -> R {
    let name: CString = os::fs_text(cx, a.get(0))?;
    let len = name.as_bytes().len();
    os::done(cx, quick!(libc::sethostname(name.as_ptr(), len)))
}
