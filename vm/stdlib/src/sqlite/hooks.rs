//! What a connection reports while it works: what statements do (authorizer), that they go on (progress), and which run (trace).

use super::connection::PyConnection;
use super::database::{outside, with_python};
use super::errors::raise_from;
use super::functions::{Callee, report};
use crate::os;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use ungil_runtime::prelude::*;

const AUTHORIZER: usize = 0;
const PROGRESS: usize = 1;
const TRACE: usize = 2;

type Authorize = unsafe extern "C" fn(
    *mut c_void,
    c_int,
    *const c_char,
    *const c_char,
    *const c_char,
    *const c_char,
) -> c_int;

/// A text of the library, or `None`.
///
/// # Safety
/// Null, or a text that ends with zero.
unsafe fn text(cx: &Cx, p: *const c_char) -> Obj {
    match p.is_null() {
        true => cx.none(),
        // SAFETY: as the caller promises.
        false => cx.str(&unsafe { CStr::from_ptr(p) }.to_string_lossy()),
    }
}

unsafe extern "C" fn authorize(
    data: *mut c_void,
    action: c_int,
    first: *const c_char,
    second: *const c_char,
    database: *const c_char,
    trigger: *const c_char,
) -> c_int {
    let answer = with_python(|cx| {
        // SAFETY: set with a callee that lives as long as the hook; the texts are the library's.
        let (callee, texts) =
            unsafe { (&*data.cast::<Callee>(), [first, second, database, trigger].map(|p| text(cx, p))) };
        let callable = callee.callable(cx)?;
        let action = cx.int(action.into());
        let [first, second, database, trigger] = &texts;
        let args = [action.r(), first.r(), second.r(), database.r(), trigger.r()];
        let result =
            cx.call(callable.r(), &args).and_then(|v| match cx.is_instance_of(v.r(), Builtin::Int) {
                true => os::c_int(cx, v.r()),
                false => Ok(ffi::SQLITE_DENY),
            });
        match result {
            Ok(answer) => Some(answer),
            Err(err) => {
                report(cx, err, callee);
                Some(ffi::SQLITE_DENY)
            }
        }
    });
    answer.flatten().unwrap_or(ffi::SQLITE_DENY)
}

unsafe extern "C" fn progress(data: *mut c_void) -> c_int {
    let stops = with_python(|cx| {
        // SAFETY: set with a callee that lives as long as the hook.
        let callee = unsafe { &*data.cast::<Callee>() };
        let Some(callable) = callee.callable(cx) else { return false };
        match cx.call(callable.r(), &[]).and_then(|v| cx.truth(v.r())) {
            Ok(stops) => stops,
            Err(err) => {
                report(cx, err, callee);
                true
            }
        }
    });
    stops.unwrap_or(false).into()
}

unsafe extern "C" fn trace(_: c_uint, data: *mut c_void, statement: *mut c_void, _: *mut c_void) -> c_int {
    with_python(|cx| {
        // SAFETY: set with a callee that lives as long as the hook; for the event asked for, the third is the statement.
        let callee = unsafe { &*data.cast::<Callee>() };
        let Some(callable) = callee.callable(cx) else { return };
        // SAFETY: as above; the expanded text is freed as the library asks for.
        let sql = unsafe {
            let expanded = ffi::sqlite3_expanded_sql(statement.cast());
            if expanded.is_null() {
                let err =
                    super::errors::DATA.error(cx, "Expanded SQL string exceeds the maximum string length");
                report(cx, err, callee);
                text(cx, ffi::sqlite3_sql(statement.cast()))
            } else {
                let sql = text(cx, expanded);
                ffi::sqlite3_free(expanded.cast());
                sql
            }
        };
        if let Err(err) = cx.call(callable.r(), &[sql.r()]) {
            report(cx, err, callee);
        }
    });
    0
}

/// Sets a hook: `set` tells the library, with the callee or null.
fn hook(
    cx: &mut Cx,
    this: &PyConnection,
    which: usize,
    callable: Ref<'_>,
    set: impl FnOnce(*mut ffi::sqlite3, *mut c_void) -> c_int,
) -> R {
    let db = this.usable(cx)?;
    let callee = match callable.value().is_none() {
        true => None,
        false => Some(Callee::new(cx, this, &db, callable.own(cx))),
    };
    let data = callee
        .as_ref()
        .map_or(std::ptr::null_mut(), |callee| std::ptr::from_ref(&**callee).cast_mut().cast());
    let _held = db.lock(cx);
    let code = outside(cx, || set(db.handle(), data));
    if code != ffi::SQLITE_OK {
        return Err(raise_from(cx, &db));
    }
    drop(this.keep_hook(which, callee));
    Ok(cx.none())
}

fn set_authorizer(cx: &mut Cx, a: Args<'_>) -> R {
    hook(cx, a.this(), AUTHORIZER, a.get(1), |db, data| {
        let f: Option<Authorize> = if data.is_null() { None } else { Some(authorize) };
        // SAFETY: called with the lock held; the callee lasts until the hook is replaced.
        unsafe { ffi::sqlite3_set_authorizer(db, f, data) }
    })
}

fn set_progress(cx: &mut Cx, a: Args<'_>) -> R {
    let n = os::c_int(cx, a.get(2))?;
    hook(cx, a.this(), PROGRESS, a.get(1), |db, data| {
        let f: Option<unsafe extern "C" fn(*mut c_void) -> c_int> =
            if data.is_null() { None } else { Some(progress) };
        // SAFETY: called with the lock held; the callee lasts until the hook is replaced.
        unsafe { ffi::sqlite3_progress_handler(db, n, f, data) };
        ffi::SQLITE_OK
    })
}

fn set_trace(cx: &mut Cx, a: Args<'_>) -> R {
    hook(cx, a.this(), TRACE, a.get(1), |db, data| {
        let f: Option<unsafe extern "C" fn(c_uint, *mut c_void, *mut c_void, *mut c_void) -> c_int> =
            if data.is_null() { None } else { Some(trace) };
        let events = if data.is_null() { 0 } else { ffi::SQLITE_TRACE_STMT as c_uint };
        // SAFETY: called with the lock held; the callee lasts until the hook is replaced.
        unsafe { ffi::sqlite3_trace_v2(db, events, f, data) }
    })
}

pub(super) const METHODS: &[(&str, &str, NativeFn)] = &[
    ("set_authorizer", "($self, /, authorizer_callback)", Full(set_authorizer)),
    ("set_progress_handler", "($self, /, progress_handler, n)", Full(set_progress)),
    ("set_trace_callback", "($self, /, trace_callback)", Full(set_trace)),
];
