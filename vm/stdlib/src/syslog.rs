//! `syslog`: messages for the system's log. The system keeps the settings of the process; a mutex guards them and what they
//! refer to. It is held detached, since writing to the log may wait.

use crate::os;
use std::ffi::CString;
use std::sync::{Mutex, PoisonError};
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// The name that messages begin with, which the system does not copy; none while the log is closed.
static OPEN: Mutex<Option<CString>> = Mutex::new(None);

const CONSTANTS: &[(&str, i32)] = &[
    ("LOG_EMERG", libc::LOG_EMERG),
    ("LOG_ALERT", libc::LOG_ALERT),
    ("LOG_CRIT", libc::LOG_CRIT),
    ("LOG_ERR", libc::LOG_ERR),
    ("LOG_WARNING", libc::LOG_WARNING),
    ("LOG_NOTICE", libc::LOG_NOTICE),
    ("LOG_INFO", libc::LOG_INFO),
    ("LOG_DEBUG", libc::LOG_DEBUG),
    ("LOG_PID", libc::LOG_PID),
    ("LOG_CONS", libc::LOG_CONS),
    ("LOG_NDELAY", libc::LOG_NDELAY),
    ("LOG_ODELAY", libc::LOG_ODELAY),
    ("LOG_NOWAIT", libc::LOG_NOWAIT),
    ("LOG_PERROR", libc::LOG_PERROR),
    ("LOG_KERN", libc::LOG_KERN),
    ("LOG_USER", libc::LOG_USER),
    ("LOG_MAIL", libc::LOG_MAIL),
    ("LOG_DAEMON", libc::LOG_DAEMON),
    ("LOG_AUTH", libc::LOG_AUTH),
    ("LOG_LPR", libc::LOG_LPR),
    ("LOG_NEWS", libc::LOG_NEWS),
    ("LOG_UUCP", libc::LOG_UUCP),
    ("LOG_CRON", 9 << 3),
    ("LOG_AUTHPRIV", 10 << 3),
    ("LOG_FTP", 11 << 3),
    ("LOG_SYSLOG", libc::LOG_SYSLOG),
    ("LOG_LOCAL0", libc::LOG_LOCAL0),
    ("LOG_LOCAL1", libc::LOG_LOCAL1),
    ("LOG_LOCAL2", libc::LOG_LOCAL2),
    ("LOG_LOCAL3", libc::LOG_LOCAL3),
    ("LOG_LOCAL4", libc::LOG_LOCAL4),
    ("LOG_LOCAL5", libc::LOG_LOCAL5),
    ("LOG_LOCAL6", libc::LOG_LOCAL6),
    ("LOG_LOCAL7", libc::LOG_LOCAL7),
];

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("openlog", "($module, /, ident=<unrepresentable>, logoption=0, facility=LOG_USER)", Full(open_log)),
    ("syslog", "($module, /, *args)", Full(write)),
    ("closelog", "($module, /)", Full(close)),
    ("setlogmask", "($module, maskpri, /)", Full(set_mask)),
    ("LOG_MASK", "($module, pri, /)", Full(|cx, a| mask(cx, a, 0))),
    ("LOG_UPTO", "($module, pri, /)", Full(|cx, a| mask(cx, a, 1))),
];

/// A text for the system, which ends with zero.
fn text(cx: &mut Cx, v: Ref<'_>) -> R<CString> {
    let Some(text) = v.downcast::<PyStr>(cx).and_then(|s| s.as_str()) else {
        cx.call_method(v, "encode", &[])?;
        return Err(cx.value_error("surrogates not allowed"));
    };
    CString::new(text).map_err(|_| cx.value_error("embedded null character"))
}

/// The program's name, by default what messages begin with.
fn program(cx: &mut Cx) -> Option<CString> {
    let name = cx.str("argv");
    let argv = cx.sys_dict().get_str(cx, name.r())?;
    let first = argv.downcast::<PyList>(cx)?.get(cx, 0)?;
    let first = cx.text_of(first.r());
    let last = first.rsplit('/').next().unwrap_or("");
    CString::new(last).ok().filter(|name| !name.is_empty())
}

/// Opens the log; the old name is let go of when the system has the new one.
fn open_with(cx: &mut Cx, name: Option<CString>, options: i32, facility: i32) {
    cx.detached(|| {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name.unwrap_or_default();
        let p = if name.is_empty() { std::ptr::null() } else { name.as_ptr() };
        // SAFETY: the text ends with zero, and is kept until the next one is known.
        unsafe { libc::openlog(p, options, facility) };
        *open = Some(name);
    });
}

fn open_log(cx: &mut Cx, a: Args<'_>) -> R {
    let name = match a.opt(0) {
        Some(v) if v.downcast::<PyStr>(cx).is_none() => {
            let got = if v.value().is_none() { "None".into() } else { cx.type_name(v) };
            return Err(cx.type_error(format!("openlog() argument 'ident' must be str, not {got}")));
        }
        Some(v) => Some(text(cx, v)?),
        None => program(cx),
    };
    let options = os::c_int_or(cx, a.opt(1), 0)?;
    let facility = os::c_int_or(cx, a.opt(2), libc::LOG_USER)?;
    open_with(cx, name, options, facility);
    Ok(cx.none())
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 0);
    let (priority, message, place) = match *args {
        [message] => (libc::LOG_INFO, message, 1),
        [priority, message] => (os::c_int(cx, priority)?, message, 2),
        _ => return Err(cx.type_error("syslog.syslog requires 1 to 2 arguments")),
    };
    if message.downcast::<PyStr>(cx).is_none() {
        let got = if message.value().is_none() { "None".into() } else { cx.type_name(message) };
        return Err(cx.type_error(format!("syslog() argument {place} must be str, not {got}")));
    }
    let message = text(cx, message)?;
    let closed = cx.detached(|| OPEN.lock().unwrap_or_else(PoisonError::into_inner).is_none());
    if closed {
        let name = program(cx);
        open_with(cx, name, 0, libc::LOG_USER);
    }
    cx.detached(|| {
        let _open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: both texts end with zero, and the first takes one text.
        unsafe { libc::syslog(priority, c"%s".as_ptr(), message.as_ptr()) };
    });
    Ok(cx.none())
}

fn close(cx: &mut Cx, _: Args<'_>) -> R {
    cx.detached(|| {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_some() {
            // SAFETY: no preconditions.
            unsafe { libc::closelog() };
            *open = None;
        }
    });
    Ok(cx.none())
}

fn set_mask(cx: &mut Cx, a: Args<'_>) -> R {
    let mask = os::c_int(cx, a.get(0))?;
    // SAFETY: knows every number.
    let old = cx.detached(|| unsafe { libc::setlogmask(mask) });
    Ok(cx.int(old.into()))
}

/// The bit of a priority, or (`up_to` 1) those of all up to it; as in C only the low bits of the number count.
fn mask(cx: &mut Cx, a: Args<'_>, up_to: u32) -> R {
    let priority = cx.to_i64(a.get(0))? as u32;
    let bit = 1i32.wrapping_shl(priority.wrapping_add(up_to));
    Ok(cx.int(bit.wrapping_sub(up_to as i32).into()))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, value) in CONSTANTS {
        let value = cx.int(value.into());
        add(cx, module, name, value);
    }
    Ok(())
}
