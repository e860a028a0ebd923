//! Raising: finds the handler, unwinding frames on the way.

// The functions here share the handlers' contract, which `interp/mod.rs` states once for all.
#![allow(unsafe_op_in_unsafe_fn)]

use super::frame::{Frame, GENERATOR, is_entry};
use super::{FAILED, Next, Table, tracing};
use crate::objects::exception::{PyException, chain_context};
use crate::objects::{generator, traceback};
use crate::{Cx, Err, ObjExt, Value};

/// Raises an exception at the instruction `ip`, and goes on at its handler or leaves the loop.
///
/// # Safety
/// The handlers' contract.
#[cold]
#[inline(never)]
pub unsafe fn raise(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table, err: Err) -> Next {
    let fresh = err.0.downcast::<PyException>(&*cx).is_some_and(|e| e.traceback.is_empty());
    if fresh {
        chain_context(&*cx, err.exception());
    }
    unwind(ip, regs, cx, t, err, true)
}

/// As [`raise`], without an entry in the traceback for the present frame (`RERAISE`).
///
/// # Safety
/// The handlers' contract.
pub unsafe fn reraise(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table, err: Err) -> Next {
    unwind(ip, regs, cx, t, err, false)
}

unsafe fn unwind(
    mut ip: *const u64,
    mut regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    mut err: Err,
    mut add_entry: bool,
) -> Next {
    loop {
        (*cx).ip.set(ip);
        (*cx).regs.set(regs);
        let frame = Frame(regs);
        let code = frame.code();
        let at = code.offset_of(ip);
        if add_entry {
            traceback::add_entry(&mut *cx, &err, frame, at);
        }
        let again = !std::mem::replace(&mut add_entry, true);
        let reporting = (*cx).tracing.is_reporting();
        if reporting && let Err(other) = tracing::raised(&mut *cx, frame, ip, &err, again) {
            err = other;
            traceback::add_entry(&mut *cx, &err, frame, at);
        }
        let entry =
            code.running().exceptions.iter().find(|e| (e.start as usize) <= at && at < e.end as usize);
        if let Some(entry) = entry {
            if reporting && let Err(other) = tracing::handled(&mut *cx, frame, entry.target as usize, &err) {
                err = other;
            }
            for i in entry.register as usize..code.register_count() {
                clear_register(regs.add(i), &*cx);
            }
            *regs.add(entry.register as usize) = err.0.into_value();
            let target = code.entry().add(entry.target as usize);
            return super::resume_at(target, regs, cx, t);
        }
        if again
            && code.position(at).line == 0
            && let Some(object) = frame.object()
        {
            // The frame is left where the exception came up, not where clean-up that stands for no source ends.
            if let Some(at) = traceback::raised_at(&*cx, &err, object) {
                (*cx).ip.set(code.entry().add(at));
            }
        }
        if reporting && let Err(other) = tracing::unwound(&mut *cx, frame, ip, &err) {
            err = other;
        }
        let kind = frame.kind();
        let (call_ip, caller) = (frame.call_ip(), frame.caller());
        pop(&mut *cx, frame, code.register_count());
        if kind & GENERATOR != 0 {
            generator::finished_by_exception(&mut *cx, frame);
        }
        if is_entry(kind) {
            (*cx).raised.set(err.0.into_value());
            return Next::exit(FAILED);
        }
        (ip, regs) = (call_ip, caller);
    }
}

unsafe fn clear_register(register: *mut Value, cx: &Cx) {
    let v = *register;
    if v.is_ptr() {
        *register = Value::UNDEF;
        cx.drop_value(v);
    } else {
        *register = Value::UNDEF;
    }
}

/// Ends a frame: its locals go to its frame object if it has one, else they are dropped with the temporaries below `end`;
/// then the function, unless it is borrowed. The registers are left without references.
///
/// # Safety
/// The frame is the innermost one and is not run any more; no register from `end` on holds a reference.
pub unsafe fn pop(cx: &mut Cx, frame: Frame, end: usize) {
    if let Some(object) = frame.object() {
        crate::objects::frame::take_locals(cx, frame, object);
        frame.set_object(Value::UNDEF);
    }
    let mut at = frame.0.add(end);
    while at > frame.0 {
        at = at.sub(1);
        let v = *at;
        if v.is_ptr() {
            *at = Value::UNDEF;
            cx.drop_value(v);
        }
    }
    if frame.borrows_function() {
        *frame.0.sub(2) = Value::UNDEF;
    } else {
        clear_register(frame.0.sub(2), cx);
    }
    cx.recursion_left.set(cx.recursion_left.get() + 1);
}

/// The exception that an asynchronous exception means: an instance, or a class to be called.
pub fn instantiate_or_keep(cx: &mut Cx, v: crate::Obj) -> Err {
    if cx.is_instance_of(v.r(), crate::class::Builtin::BaseException) {
        return crate::err::Raised(v);
    }
    match cx.call(v.r(), &[]) {
        Ok(made) if cx.is_instance_of(made.r(), crate::class::Builtin::BaseException) => {
            crate::err::Raised(made)
        }
        Ok(_) => cx.type_error("exceptions must derive from BaseException"),
        Err(err) => err,
    }
}
