//! Calls of Python functions; `method.rs` has calls of what a class holds, `native.rs` those of natives.

pub(super) mod method;
mod native;

use super::{construct, count_down, count_up, count_up_quick, end_drop};
use crate::bind_python;
use crate::class::Builtin;
use crate::interp::frame::Frame;
use crate::interp::{Exit, Table, slow};
use crate::objects::function::PyFunction;
use crate::objects::method::PyBoundMethod;
use crate::objects::tuple::PyTuple;
use crate::{Cx, Ref, RefExt, Value};
use ungil_bytecode::{Op, WINDOW_HEADER};

pub(super) use method::{call_method, call_method_kw};
pub(super) use native::{call_native_function, call_super_native, end_native_call, result_word};

const FUNCTION: u32 = (Builtin::Function as u32) << 1;
const NATIVE_FUNCTION: u32 = (Builtin::NativeFunction as u32) << 1;
const TYPE: u32 = (Builtin::Type as u32) << 1;
const BOUND_METHOD: u32 = (Builtin::BoundMethod as u32) << 1;
const METHOD_DESCRIPTOR: u32 = (Builtin::MethodDescriptor as u32) << 1;
const WRAPPER_DESCRIPTOR: u32 = (Builtin::WrapperDescriptor as u32) << 1;

/// Empties the locals from `from` on, of `count`.
#[inline(always)]
pub(super) unsafe fn empty_from(regs: *mut Value, from: usize, count: usize) {
    let (mut at, end) = (regs.add(from), regs.add(count));
    while at < end {
        // One by one: they are few, doing it by vectors would take longer to set up.
        at.write_volatile(Value::UNDEF);
        at = at.add(1);
    }
}

/// Pushes the frame of a function that takes its arguments as they stand and goes on in it. Arguments are in place
/// behind the header of `window`, which holds the function.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(crate) unsafe fn push_simple<const SOLO: bool>(
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
    let new = frame.0;
    empty_from(new, args, function.local_count());
    goto!(function.entry(), new, cx, t)
}

/// Whether a frame of the function fits on the stack and within the recursion limit, and nobody asks for anything.
#[inline(always)]
pub(super) unsafe fn may_push<const SOLO: bool>(
    function: &PyFunction,
    window: *mut Value,
    cx: *mut Cx,
) -> bool {
    (*cx).stack.fits(window.add(WINDOW_HEADER + function.register_count()))
        && (*cx).recursion_left.get() > 0
        && !(*cx).is_wanted()
}

handler! {
    pub fn call(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let callee = *window.add(2);
        if callee.is_ptr() && (*callee.ptr()).shape_word() == FUNCTION {
            let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
            let args = fc!(*ip);
            if function.simple_args() == args && may_push::<SOLO>(function, window, cx) {
                return push_simple::<SOLO>(ip, ip.add(2), regs, window, function, args, cx, t);
            }
            return call_with_defaults::<SOLO>(ip, regs, cx, t);
        } else if callee.is_ptr() && (*callee.ptr()).shape_word() == NATIVE_FUNCTION {
            return call_native_function::<SOLO>(ip, regs, cx, t, window);
        } else if callee.is_ptr() && (*callee.ptr()).shape_word() == BOUND_METHOD {
            return call_bound::<SOLO>(ip, regs, cx, t, window);
        } else if callee.is_ptr() && (*callee.ptr()).shape_word() == TYPE {
            return construct::call_class::<SOLO>(ip, regs, cx, t);
        } else if callee.is_ptr() && (*callee.ptr()).shape_word() == METHOD_DESCRIPTOR {
            return call_native_function::<SOLO>(ip, regs, cx, t, window);
        }
        slow::call::call::run(ip, regs, cx, t)
    }
}

/// Fills the parameters behind `args` arguments with their defaults, if the function takes positional ones only and only
/// such are missing; whether it was done.
#[inline(always)]
unsafe fn fill_defaults<const SOLO: bool>(
    function: &PyFunction,
    first: *mut Value,
    args: usize,
    cx: *mut Cx,
) -> bool {
    let total = function.simple_args();
    // Others may give the function other defaults.
    let defaults = if SOLO { function.defaults.peek() } else { function.defaults.peek_shared() };
    if total > MOST_WITH_DEFAULTS || args >= total || !defaults.is_ptr() {
        return false;
    }
    let defaults = Ref::from_value(defaults).cast_unchecked::<PyTuple>().items();
    if args + defaults.len() < total {
        return false;
    }
    let (mut to, end) = (first.add(args), first.add(total));
    let mut from = defaults.as_ptr().add(args + defaults.len() - total).cast::<Value>();
    while to != end {
        let v = *from;
        if v.is_ptr() {
            count_up::<SOLO>(v, cx);
        }
        // As in `empty_from`.
        to.write_volatile(v);
        (from, to) = (from.add(1), to.add(1));
    }
    true
}

/// More parameters than this are left to the slow path; it tells them from "not to be filled here" too.
const MOST_WITH_DEFAULTS: usize = 255;

/// Completes `given` positional arguments from `first` on to what the function's parameters take: how many there are then, or 0
/// if that is not so simple, and nothing has been done.
#[inline(always)]
unsafe fn sort_positional(cx: &Cx, function: &PyFunction, first: *mut Value, given: usize) -> usize {
    if bind_python::sort_positional(cx, function, first, given) {
        function.code().parameters.count()
    } else {
        0
    }
}

handler! {
    /// A call of a Python function that does not take the arguments as they stand.
    #[inline(never)]
    fn call_with_defaults(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let function = Ref::from_value(*window.add(2)).cast_unchecked::<PyFunction>();
        if may_push::<SOLO>(function, window, cx) {
            if fill_defaults::<SOLO>(function, window.add(WINDOW_HEADER), fc!(*ip), cx) {
                return push_filled::<SOLO>(ip, regs, cx, t);
            }
            return call_sorting::<SOLO>(ip, regs, cx, t);
        }
        slow::call::call::run(ip, regs, cx, t)
    }
}

handler! {
    /// Pushes the frame of the function in the window, whose parameters are complete. Apart, so that filling them and pushing
    /// both do with the registers that need no saving.
    #[inline(never)]
    fn push_filled(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let function = Ref::from_value(*window.add(2)).cast_unchecked::<PyFunction>();
        let next = ip.add(2 + (*ip as u8 == Op::CallMethod as u8) as usize);
        push_simple::<SOLO>(ip, next, regs, window, function, function.simple_args(), cx, t)
    }
}

handler! {
    /// As [`call_with_defaults`], of a function that takes more than positional arguments.
    #[inline(never)]
    fn call_sorting(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let function = Ref::from_value(*window.add(2)).cast_unchecked::<PyFunction>();
        let args = sort_positional(&*cx, function, window.add(WINDOW_HEADER), fc!(*ip));
        if args == 0 {
            return slow::call::call::run(ip, regs, cx, t);
        }
        push_simple::<SOLO>(ip, ip.add(2), regs, window, function, args, cx, t)
    }
}

handler! {
    /// A call with names.
    pub fn call_kw(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let callee = *window.add(2);
        if callee.is_ptr() && (*callee.ptr()).shape_word() == FUNCTION {
            let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
            if may_push::<SOLO>(function, window, cx) {
                let args = sort_window(cx, function, window, fc!(*ip));
                if args != 0 {
                    return push_simple::<SOLO>(ip, ip.add(2), regs, window, function, args, cx, t);
                }
            }
        }
        slow::call::call_kw::run(ip, regs, cx, t)
    }
}

/// Sorts the `given` arguments in a window, whose extra slot holds the names of the last ones, into the parameters of a
/// function, and drops the names: how many arguments there are then, or 0 if that is not so simple, and nothing has been done.
#[inline(never)]
unsafe fn sort_window(cx: *mut Cx, function: &PyFunction, window: *mut Value, given: usize) -> usize {
    let names = *window.add(3);
    let tuple = Ref::from_value(names).cast_unchecked::<PyTuple>();
    if !bind_python::sort_named(&*cx, function, window.add(WINDOW_HEADER), given, tuple.items()) {
        return 0;
    }
    *window.add(3) = Value::UNDEF;
    (*cx).drop_value(names);
    function.code().parameters.count()
}

/// A call of a bound method: its object goes in front of the arguments, its function takes its place. `window` is the
/// instruction's, or the one behind it.
#[inline(never)]
unsafe fn call_bound<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    let method = *window.add(2);
    // Both are set for good when the method is made.
    let bound = Ref::from_value(method).cast_unchecked::<PyBoundMethod>();
    let (callee, this) = (bound.function.peek(), bound.this.peek());
    if !callee.is_ptr() || (*callee.ptr()).shape_word() != FUNCTION {
        return slow::call::call_window(ip, regs, cx, t, window);
    }
    let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
    let args = fc!(*ip);
    if function.simple_args() != args + 1 || !may_push::<SOLO>(function, window, cx) {
        return slow::call::call_window(ip, regs, cx, t, window);
    }
    if !count_up_quick::<SOLO>(callee, cx) {
        return call_bound_counting::<SOLO>(ip, regs, cx, t, window, false);
    }
    if this.is_ptr() && !count_up_quick::<SOLO>(this, cx) {
        return call_bound_counting::<SOLO>(ip, regs, cx, t, window, true);
    }
    push_bound::<SOLO>(ip, regs, cx, t, window)
}

/// As [`call_bound`] where the object of the method, or the function as well unless it is `counted`, is not counted so quickly.
#[inline(never)]
unsafe fn call_bound_counting<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
    counted: bool,
) -> Exit {
    let bound = Ref::from_value(*window.add(2)).cast_unchecked::<PyBoundMethod>();
    if !counted {
        count_up::<SOLO>(bound.function.peek(), cx);
    }
    let this = bound.this.peek();
    if this.is_ptr() {
        count_up::<SOLO>(this, cx);
    }
    push_bound::<SOLO>(ip, regs, cx, t, window)
}

/// Puts function and object of the bound method in the window in place, which have been counted, drops the method, and pushes the
/// frame.
#[inline(always)]
unsafe fn push_bound<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    let method = *window.add(2);
    let bound = Ref::from_value(method).cast_unchecked::<PyBoundMethod>();
    let (callee, this) = (bound.function.peek(), bound.this.peek());
    let (first, mut at) = (window.add(WINDOW_HEADER), window.add(WINDOW_HEADER + fc!(*ip)));
    while at > first {
        // As in `empty_from`.
        at.write_volatile(*at.sub(1));
        at = at.sub(1);
    }
    *first = this;
    *window.add(2) = callee;
    if count_down::<SOLO>(method, cx) {
        return end_bound::<SOLO>(ip, regs, cx, t, window, method);
    }
    push_unbound::<SOLO>(ip, regs, cx, t, window)
}

/// As [`push_bound`] where the method has been counted down and must be dropped with [`end_drop`].
#[inline(never)]
unsafe fn end_bound<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
    method: Value,
) -> Exit {
    // Its end may queue what runs later; nothing runs here.
    end_drop::<SOLO>(method, cx);
    push_unbound::<SOLO>(ip, regs, cx, t, window)
}

/// Pushes the frame of the function in the window, behind which there is an argument more than the call gives.
#[inline(always)]
unsafe fn push_unbound<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    let function = Ref::from_value(*window.add(2)).cast_unchecked::<PyFunction>();
    let next = ip.add(2 + (*ip as u8 == Op::CallMethod as u8) as usize);
    push_simple::<SOLO>(ip, next, regs, window, function, fc!(*ip) + 1, cx, t)
}
