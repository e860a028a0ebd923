//! Functions, aggregates, window functions and collations that are written in Python.
//!
//! The library keeps a [`Callee`] for each: the number under which the connection has the callable. It calls back only while
//! some thread is in it on behalf of the connection, which is alive then.

use super::connection::PyConnection;
use super::database::{Database, outside, with_python};
use super::errors::{OPERATIONAL, raise_from};
use super::statement::c_text;
use crate::os;
use libsqlite3_sys as ffi;
use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use ungil_runtime::objects::buffer::{bytes_of, is_bytes_like};
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::int;
use ungil_runtime::objects::str::{PyStr, new_str};
use ungil_runtime::prelude::*;

static TRACEBACKS: AtomicBool = AtomicBool::new(false);

/// What a connection's callbacks call, and the aggregates that are being made, by number.
#[derive(Default)]
pub(super) struct Callbacks {
    pub known: HashMap<u64, Slot>,
    next: u64,
}

/// What the library gives back when it calls.
pub(super) struct Callee {
    connection: *const PyConnection,
    db: Weak<Database>,
    id: u64,
}

impl Drop for Callee {
    fn drop(&mut self) {
        if let Some(db) = self.db.upgrade() {
            db.give_up(self.id);
        }
    }
}

impl Callee {
    pub(super) fn new(cx: &Cx, connection: &PyConnection, db: &Arc<Database>, callable: Obj) -> Box<Callee> {
        let id = keep(cx, connection, callable);
        Box::new(Callee { connection, db: Arc::downgrade(db), id })
    }

    fn connection(&self) -> &PyConnection {
        // SAFETY: alive while the library works for it; see the module's head.
        unsafe { &*self.connection }
    }

    /// What is to be called.
    pub(super) fn callable(&self, cx: &Cx) -> Option<Obj> {
        kept(cx, self.connection(), self.id)
    }
}

fn keep(cx: &Cx, connection: &PyConnection, v: Obj) -> u64 {
    connection.with_callbacks(cx, |callbacks| {
        callbacks.next += 1;
        let slot = Slot::empty();
        slot.replace_locked(&connection.h, v);
        callbacks.known.insert(callbacks.next, slot);
        callbacks.next
    })
}

fn kept(cx: &Cx, connection: &PyConnection, id: u64) -> Option<Obj> {
    connection.with_callbacks(cx, |callbacks| callbacks.known.get(&id)?.get_locked(cx))
}

fn forget(cx: &Cx, connection: &PyConnection, id: u64) {
    let slot = connection.with_callbacks(cx, |callbacks| callbacks.known.remove(&id));
    drop(slot.and_then(|slot| slot.take_locked()));
}

/// Drops what the library has given up.
pub(super) fn forget_gone(cx: &Cx, connection: &PyConnection, db: &Database) {
    for id in db.take_gone() {
        forget(cx, connection, id);
    }
}

pub(super) fn enable_tracebacks(cx: &mut Cx, a: Args<'_>) -> R {
    let on = cx.truth(a.get(0))?;
    // ORD: relaxed; a setting.
    TRACEBACKS.store(on, Ordering::Relaxed);
    Ok(cx.none())
}

/// Reports an exception of a callback, which nobody can catch, or forgets it.
pub(super) fn report(cx: &mut Cx, err: Err, callee: &Callee) {
    // ORD: relaxed; a setting.
    if TRACEBACKS.load(Ordering::Relaxed) {
        let callable = callee.callable(cx).unwrap_or_else(|| cx.none());
        ungil_runtime::traceback::unraisable(cx, err, "Exception ignored on sqlite3 callback", callable.r());
    }
}

/// Makes an exception the result of a function.
fn fail(cx: &mut Cx, context: *mut ffi::sqlite3_context, err: Err, callee: &Callee, what: &str) {
    // SAFETY: the context of the call that is being served; the text is copied.
    unsafe {
        if cx.is_error(&err, Builtin::MemoryError) {
            ffi::sqlite3_result_error_nomem(context);
        } else if cx.is_error(&err, Builtin::OverflowError) {
            ffi::sqlite3_result_error_toobig(context);
        } else {
            ffi::sqlite3_result_error(context, what.as_ptr().cast(), what.len() as c_int);
        }
    }
    report(cx, err, callee);
}

/// The arguments of a call.
///
/// # Safety
/// There are `count` values.
unsafe fn arguments(cx: &mut Cx, count: c_int, values: *mut *mut ffi::sqlite3_value) -> R<Vec<Obj>> {
    let mut made = Vec::with_capacity(count.max(0) as usize);
    for i in 0..count.max(0) as usize {
        // SAFETY: as the caller promises; bytes are copied at once.
        unsafe {
            let value = *values.add(i);
            let bytes = |p: *const u8| {
                let len = ffi::sqlite3_value_bytes(value) as usize;
                if p.is_null() { &[][..] } else { std::slice::from_raw_parts(p, len) }
            };
            made.push(match ffi::sqlite3_value_type(value) {
                ffi::SQLITE_INTEGER => cx.int(ffi::sqlite3_value_int64(value)),
                ffi::SQLITE_FLOAT => cx.float(ffi::sqlite3_value_double(value)),
                ffi::SQLITE_TEXT => {
                    let text = bytes(ffi::sqlite3_value_text(value));
                    match std::str::from_utf8(text) {
                        Ok(text) => new_str(cx, text),
                        Err(_) => {
                            let bytes = new_bytes(cx, text);
                            cx.call_method(bytes.r(), "decode", &[])?
                        }
                    }
                }
                ffi::SQLITE_BLOB => new_bytes(cx, bytes(ffi::sqlite3_value_blob(value).cast())),
                _ => cx.none(),
            });
        }
    }
    Ok(made)
}

/// Gives the library a result.
fn give(cx: &mut Cx, context: *mut ffi::sqlite3_context, v: Ref<'_>) -> R<()> {
    // SAFETY: the context of the call that is being served; texts and blobs are copied.
    unsafe {
        if v.value().is_none() {
            ffi::sqlite3_result_null(context);
        } else if cx.is_instance_of(v, Builtin::Int) {
            match int::to_i64(cx, v) {
                Some(i) => ffi::sqlite3_result_int64(context, i),
                None => return Err(cx.overflow_error("Python int too large to convert to SQLite INTEGER")),
            }
        } else if cx.is_instance_of(v, Builtin::Float) {
            let x = cx.to_f64(v)?;
            ffi::sqlite3_result_double(context, x);
        } else if let Some(text) = v.downcast::<PyStr>(cx) {
            let Some(text) = text.as_str() else {
                return cx.call_method(v, "encode", &[]).map(drop);
            };
            ffi::sqlite3_result_text64(
                context,
                text.as_ptr().cast(),
                text.len() as u64,
                ffi::SQLITE_TRANSIENT(),
                ffi::SQLITE_UTF8 as u8,
            );
        } else if is_bytes_like(cx, v) {
            let bytes = bytes_of(cx, v)?;
            match bytes.is_empty() {
                true => drop(ffi::sqlite3_result_zeroblob64(context, 0)),
                false => ffi::sqlite3_result_blob64(
                    context,
                    bytes.as_ptr().cast(),
                    bytes.len() as u64,
                    ffi::SQLITE_TRANSIENT(),
                ),
            }
        } else {
            let got = cx.type_name(v);
            let message = format!("User-defined functions cannot return '{got}' values to SQLite");
            return Err(super::errors::PROGRAMMING.error(cx, message));
        }
    }
    Ok(())
}

/// The callee of a function's context.
///
/// # Safety
/// The context belongs to a function that was made here.
unsafe fn callee<'a>(context: *mut ffi::sqlite3_context) -> &'a Callee {
    // SAFETY: as the caller promises.
    unsafe { &*ffi::sqlite3_user_data(context).cast::<Callee>() }
}

unsafe extern "C" fn drop_callee(p: *mut c_void) {
    // SAFETY: made with `Box::into_raw`, and given up by the library.
    drop(unsafe { Box::from_raw(p.cast::<Callee>()) });
}

unsafe extern "C" fn call_function(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    with_python(|cx| {
        // SAFETY: called by the library with a context of a function made here.
        let callee = unsafe { callee(context) };
        // SAFETY: as above.
        let result = unsafe { arguments(cx, count, values) }.and_then(|args| {
            let Some(callable) = callee.callable(cx) else { return Ok(cx.none()) };
            let args: Vec<Ref<'_>> = args.iter().map(|arg| arg.r()).collect();
            cx.call(callable.r(), &args)
        });
        if let Err(err) = result.and_then(|v| give(cx, context, v.r())) {
            fail(cx, context, err, callee, "user-defined function raised exception");
        }
    });
}

/// The number of the aggregate that is being made, or 0.
///
/// # Safety
/// The context belongs to an aggregate.
unsafe fn instance_place<'a>(context: *mut ffi::sqlite3_context, make: bool) -> Option<&'a mut u64> {
    let size = if make { size_of::<u64>() } else { 0 };
    // SAFETY: as the caller promises; the library gives zeroed memory for a word, or null.
    unsafe { ffi::sqlite3_aggregate_context(context, size as c_int).cast::<u64>().as_mut() }
}

/// Calls a method of an aggregate.
fn call_instance(
    cx: &mut Cx,
    context: *mut ffi::sqlite3_context,
    callee: &Callee,
    instance: &Obj,
    name: &str,
    args: &[Obj],
) -> Option<Obj> {
    let text = cx.str(name);
    let method = match cx.get_attr(instance.r(), text.r()) {
        Ok(method) => method,
        Err(err) => {
            let missing = cx.is_error(&err, Builtin::AttributeError);
            let how = if missing { "not defined" } else { "raised error" };
            fail(cx, context, err, callee, &format!("user-defined aggregate's '{name}' method {how}"));
            return None;
        }
    };
    let args: Vec<Ref<'_>> = args.iter().map(|arg| arg.r()).collect();
    match cx.call(method.r(), &args) {
        Ok(result) => Some(result),
        Err(err) => {
            fail(cx, context, err, callee, &format!("user-defined aggregate's '{name}' method raised error"));
            None
        }
    }
}

fn step_or_inverse(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
    method: &str,
) {
    with_python(|cx| {
        // SAFETY: called by the library with a context of an aggregate made here.
        let (callee, place) = unsafe { (callee(context), instance_place(context, true)) };
        let Some(place) = place else { return };
        let connection = callee.connection();
        if *place == 0 {
            let Some(class) = callee.callable(cx) else { return };
            match cx.call(class.r(), &[]) {
                Ok(made) => *place = keep(cx, connection, made),
                Err(err) => {
                    let what = "user-defined aggregate's '__init__' method raised error";
                    return fail(cx, context, err, callee, what);
                }
            }
        }
        let Some(instance) = kept(cx, connection, *place) else { return };
        // SAFETY: as above.
        match unsafe { arguments(cx, count, values) } {
            Ok(args) => drop(call_instance(cx, context, callee, &instance, method, &args)),
            Err(err) => {
                let what = format!("user-defined aggregate's '{method}' method raised error");
                fail(cx, context, err, callee, &what);
            }
        }
    });
}

unsafe extern "C" fn call_step(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    step_or_inverse(context, count, values, "step");
}

unsafe extern "C" fn call_inverse(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    step_or_inverse(context, count, values, "inverse");
}

/// The result of an aggregate, now or at its end.
fn result_of(context: *mut ffi::sqlite3_context, method: &str, ends: bool) {
    // SAFETY: called by the library with a context of an aggregate made here.
    let (callee, place) = unsafe { (callee(context), instance_place(context, false)) };
    let Some(place) = place.filter(|place| **place != 0) else { return };
    let id = *place;
    let done = with_python(|cx| {
        let connection = callee.connection();
        let Some(instance) = kept(cx, connection, id) else { return };
        if let Some(result) = call_instance(cx, context, callee, &instance, method, &[])
            && let Err(err) = give(cx, context, result.r())
        {
            let what = format!("user-defined aggregate's '{method}' method raised error");
            fail(cx, context, err, callee, &what);
        }
        if ends {
            forget(cx, connection, id);
        }
    });
    if done.is_none()
        && ends
        && let Some(db) = callee.db.upgrade()
    {
        db.give_up(id);
    }
}

unsafe extern "C" fn call_finalize(context: *mut ffi::sqlite3_context) {
    result_of(context, "finalize", true);
}

unsafe extern "C" fn call_value(context: *mut ffi::sqlite3_context) {
    result_of(context, "value", false);
}

unsafe extern "C" fn call_collation(
    data: *mut c_void,
    len1: c_int,
    text1: *const c_void,
    len2: c_int,
    text2: *const c_void,
) -> c_int {
    let result = with_python(|cx| {
        // SAFETY: registered with a callee; the texts have these lengths.
        let (callee, texts) = unsafe {
            let text = |p: *const c_void, len: c_int| {
                if p.is_null() {
                    &[][..]
                } else {
                    std::slice::from_raw_parts(p.cast::<u8>(), len.max(0) as usize)
                }
            };
            (&*data.cast::<Callee>(), [text(text1, len1), text(text2, len2)])
        };
        let texts = texts.map(|text| cx.str(&String::from_utf8_lossy(text)));
        let Some(callable) = callee.callable(cx) else { return 0 };
        let result = cx.call(callable.r(), &[texts[0].r(), texts[1].r()]);
        match result.and_then(|v| order(cx, v.r())) {
            Ok(order) => order,
            Err(err) => {
                report(cx, err, callee);
                0
            }
        }
    });
    result.unwrap_or(0)
}

/// The sign of a number of any size.
fn order(cx: &mut Cx, v: Ref<'_>) -> R<c_int> {
    let v = cx.index(v)?;
    Ok(match int::to_i64(cx, v.r()) {
        Some(n) => n.signum() as c_int,
        None if int::is_negative(cx, v.r()) => -1,
        None => 1,
    })
}

/// What the library gets for a callable: a callee, or null.
fn user_data(cx: &Cx, connection: &PyConnection, db: &Arc<Database>, callable: Ref<'_>) -> *mut c_void {
    match callable.value().is_none() {
        true => std::ptr::null_mut(),
        false => Box::into_raw(Callee::new(cx, connection, db, callable.own(cx))).cast(),
    }
}

/// Registers a function; the library frees the callee if that fails.
#[allow(clippy::too_many_arguments)]
fn register(
    cx: &mut Cx,
    db: &Database,
    name: &CString,
    count: c_int,
    flags: c_int,
    data: *mut c_void,
    aggregate: bool,
    window: bool,
) -> c_int {
    let some = !data.is_null();
    let destroy: Option<unsafe extern "C" fn(*mut c_void)> = if some { Some(drop_callee) } else { None };
    let _held = db.lock(cx);
    outside(cx, || {
        let flags = flags | ffi::SQLITE_UTF8;
        // SAFETY: the lock is held, the name ends with zero, and the callbacks fit the callee.
        unsafe {
            if window {
                return ffi::sqlite3_create_window_function(
                    db.handle(),
                    name.as_ptr(),
                    count,
                    flags,
                    data,
                    if some { Some(call_step) } else { None },
                    if some { Some(call_finalize) } else { None },
                    if some { Some(call_value) } else { None },
                    if some { Some(call_inverse) } else { None },
                    destroy,
                );
            }
            ffi::sqlite3_create_function_v2(
                db.handle(),
                name.as_ptr(),
                count,
                flags,
                data,
                if some && !aggregate { Some(call_function) } else { None },
                if some && aggregate { Some(call_step) } else { None },
                if some && aggregate { Some(call_finalize) } else { None },
                destroy,
            )
        }
    })
}

/// Checks a number of arguments.
fn check_count(cx: &mut Cx, db: &Database, count: c_int, name: &str) -> R<()> {
    let held = db.lock(cx);
    // SAFETY: open, and the lock is held. A negative value only asks.
    let limit = unsafe { ffi::sqlite3_limit(db.handle(), ffi::SQLITE_LIMIT_FUNCTION_ARG, -1) };
    drop(held);
    if count < -1 || count > limit {
        let message = format!("'{name}' must be between -1 and {limit}, not {count}");
        return Err(super::errors::PROGRAMMING.error(cx, message));
    }
    Ok(())
}

fn create_function(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    let name = c_text(cx, a.get(1), "create_function() argument 'name'")?;
    let count = os::c_int(cx, a.get(2))?;
    let deterministic = a.opt(4).map_or(Ok(false), |v| cx.truth(v))?;
    let db = this.usable(cx)?;
    check_count(cx, &db, count, "narg")?;
    let data = user_data(cx, this, &db, a.get(3));
    let flags = if deterministic { ffi::SQLITE_DETERMINISTIC } else { 0 };
    match register(cx, &db, &name, count, flags, data, false, false) {
        ffi::SQLITE_OK => Ok(cx.none()),
        _ => Err(OPERATIONAL.error(cx, "Error creating function")),
    }
}

fn create_aggregate(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    let name = c_text(cx, a.get(1), "create_aggregate() argument 'name'")?;
    let count = os::c_int(cx, a.get(2))?;
    let db = this.usable(cx)?;
    check_count(cx, &db, count, "n_arg")?;
    let data = user_data(cx, this, &db, a.get(3));
    match register(cx, &db, &name, count, 0, data, true, false) {
        ffi::SQLITE_OK => Ok(cx.none()),
        _ => Err(OPERATIONAL.error(cx, "Error creating aggregate")),
    }
}

fn create_window_function(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    let name = c_text(cx, a.get(1), "create_window_function() argument 1")?;
    let count = os::c_int(cx, a.get(2))?;
    let db = this.usable(cx)?;
    check_count(cx, &db, count, "num_params")?;
    let data = user_data(cx, this, &db, a.get(3));
    match register(cx, &db, &name, count, 0, data, true, true) {
        ffi::SQLITE_OK => Ok(cx.none()),
        _ => Err(raise_from(cx, &db)),
    }
}

fn create_collation(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    let name = c_text(cx, a.get(1), "create_collation() argument 1")?;
    let db = this.usable(cx)?;
    if !a.get(2).value().is_none() && cx.class_of(a.get(2)).special(cx, Special::Call).is_none() {
        return Err(cx.type_error("parameter must be callable"));
    }
    let data = user_data(cx, this, &db, a.get(2));
    let some = !data.is_null();
    let _held = db.lock(cx);
    // SAFETY: the lock is held, the name ends with zero, and the callback fits the callee.
    let code = outside(cx, || unsafe {
        ffi::sqlite3_create_collation_v2(
            db.handle(),
            name.as_ptr().cast::<c_char>(),
            ffi::SQLITE_UTF8,
            data,
            if some { Some(call_collation) } else { None },
            if some { Some(drop_callee) } else { None },
        )
    });
    if code == ffi::SQLITE_OK {
        return Ok(cx.none());
    }
    if some {
        // This function alone leaves that to its caller.
        // SAFETY: made above, and not the library's.
        unsafe { drop_callee(data) };
    }
    Err(raise_from(cx, &db))
}

pub(super) const METHODS: &[(&str, &str, NativeFn)] = &[
    ("create_aggregate", "($self, /, name, n_arg, aggregate_class)", Full(create_aggregate)),
    ("create_collation", "($self, name, callback, /)", Full(create_collation)),
    ("create_function", "($self, /, name, narg, func, *, deterministic=False)", Full(create_function)),
    ("create_window_function", "($self, name, num_params, aggregate_class, /)", Full(create_window_function)),
];
