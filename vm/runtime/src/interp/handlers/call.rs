//! Calls of Python functions, and returning.

use super::moves::drop_then;
use crate::class::Builtin;
use crate::interp::frame::{self, Frame};
use crate::interp::{Exit, Table, cache, slow};
use crate::objects::function::PyFunction;
use crate::{Cx, Ref, RefExt, Value};
use ungil_bytecode::WINDOW_HEADER;

const FUNCTION: u32 = (Builtin::Function as u32) << 1;

/// Pushes the frame of a function that takes its arguments as they stand and goes on in it. Arguments are in place
/// behind the header of `window`, which holds the function.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(crate) unsafe fn push_simple(
    call_ip: *const u64,
    next: *const u64,
    regs: *mut Value,
    window: *mut Value,
    function: &PyFunction,
    args: usize,
    cx: *mut Cx,
    t: *const Table,
) -> Exit {
    let frame = Frame::link(window, call_ip, regs, 0, next);
    let left = (*cx).recursion_left.get() - 1;
    (*cx).recursion_left.set(left);
    let mut i = args;
    while i < function.local_count() {
        *frame.0.add(i) = Value::UNDEF;
        i += 1;
    }
    let new = frame.0;
    goto!(function.entry(), new, cx, t)
}

/// Whether a frame of the function fits on the stack and within the recursion limit, and nobody asks for anything.
#[inline(always)]
unsafe fn may_push(function: &PyFunction, window: *mut Value, cx: *mut Cx) -> bool {
    (*cx).stack.fits(window.add(WINDOW_HEADER + function.register_count()))
        && (*cx).recursion_left.get() > 0
        && !(*cx).is_wanted()
}

handler! {
    pub fn call(ip, regs, cx, t) {
        let word = *ip;
        let window = regs.add(fb!(word));
        let callee = *window.add(2);
        if callee.is_ptr() && (*callee.ptr()).shape_word() == FUNCTION {
            let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
            let args = fc!(word);
            if function.simple_args() == args && may_push(function, window, cx) {
                return push_simple(ip, ip.add(2), regs, window, function, args, cx, t);
            }
        }
        slow::call::call::run(ip, regs, cx, t)
    }
}

handler! {
    pub fn call_method(ip, regs, cx, t) {
        let word = *ip;
        let window = regs.add(fb!(word));
        let receiver = *window.add(WINDOW_HEADER);
        let cached = cache::load(ip.add(2));
        if receiver.is_ptr()
            && (*cx).is_exclusive()
            && cached as u32 == (*receiver.ptr()).shape_word()
            && cache::kind(cached) == cache::METHOD
        {
            let callee = (*cx).vm.cells.peek(cache::payload(cached));
            if callee.is_ptr() && (*callee.ptr()).shape_word() == FUNCTION {
                let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
                let args = fc!(word) + 1;
                if function.simple_args() == args && may_push(function, window, cx) {
                    (*callee.ptr()).increment((*cx).mutator());
                    *window.add(2) = callee;
                    return push_simple(ip, ip.add(3), regs, window, function, args, cx, t);
                }
            }
        }
        slow::call::call_method::run(ip, regs, cx, t)
    }
}

handler! {
    pub fn return_(ip, regs, cx, t) {
        let word = *ip;
        let source = regs.add(fa!(word));
        let v = *source;
        // A local is moved out: the frame ends here.
        *source = Value::UNDEF;
        leave(regs, cx, t, v)
    }
}

handler! { pub fn return_none(_ip, regs, cx, t) { leave(regs, cx, t, Value::NONE) } }

/// Ends a plain frame: drops its locals and its function, and delivers `v` to the caller.
#[inline(always)]
unsafe fn leave(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    let link = (*regs.sub(3)).as_raw();
    let extra = *regs.sub(1);
    let callee = *regs.sub(2);
    let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
    if link & (frame::ENTRY | frame::INIT | frame::GENERATOR) != 0 || extra.is_ptr() {
        return slow::call::leave(regs, cx, t, v);
    }
    let locals = function.local_count();
    let mut i = 0;
    while i < locals {
        let local = *regs.add(i);
        if local.is_ptr() {
            *regs.add(i) = Value::UNDEF;
            if (*local.ptr()).decrement((*cx).mutator()) {
                return slow::call::leave_destroying(regs, cx, t, v, local);
            }
        }
        i += 1;
    }
    *regs.sub(2) = Value::UNDEF;
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    let call_ip = (*regs.sub(4)).as_raw() as *const u64;
    let next = extra.as_raw() as *const u64;
    let caller = link as *mut Value;
    let slot = caller.add(fa!(*call_ip));
    let old = *slot;
    *slot = v;
    if (*callee.ptr()).decrement((*cx).mutator()) {
        return slow::call::function_ended(next, caller, cx, t, callee, old);
    }
    if old.is_ptr() {
        return drop_then(next, caller, cx, t, old);
    }
    goto!(next, caller, cx, t)
}
