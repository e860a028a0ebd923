//! Calls of Python functions, and returning.

use super::moves::{conclude, drop_then};
use super::{attr, construct};
use super::{count_down, count_up, drop_value};
use crate::bind_python;
use crate::class::Builtin;
use crate::interp::frame::{self, Frame};
use crate::interp::{Exit, FAILED, Table, cache, slow};
use crate::native::{Args, Arity, NativeFn};
use crate::objects::function::PyFunction;
use crate::objects::method::PyBoundMethod;
use crate::objects::native::PyNative;
use crate::objects::tuple::PyTuple;
use crate::ops::binds_plainly;
use crate::{Cx, R, Ref, RefExt, Value};
use std::mem::MaybeUninit;
use ungil_bytecode::{Op, WINDOW_HEADER};

const FUNCTION: u32 = (Builtin::Function as u32) << 1;
const NATIVE_FUNCTION: u32 = (Builtin::NativeFunction as u32) << 1;
const TYPE: u32 = (Builtin::Type as u32) << 1;
const BOUND_METHOD: u32 = (Builtin::BoundMethod as u32) << 1;
const METHOD_DESCRIPTOR: u32 = (Builtin::MethodDescriptor as u32) << 1;

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
        let word = *ip;
        let window = regs.add(fb!(word));
        let callee = *window.add(2);
        if callee.is_ptr() && (*callee.ptr()).shape_word() == FUNCTION {
            let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
            let args = fc!(word);
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
        }
        slow::call::call::run(ip, regs, cx, t)
    }
}

/// Fills the parameters behind `args` arguments with their defaults, if the function takes positional ones only and only
/// such are missing; how many there are then, else 0.
#[inline(always)]
unsafe fn fill_defaults<const SOLO: bool>(
    function: &PyFunction,
    first: *mut Value,
    args: usize,
    cx: *mut Cx,
) -> usize {
    let total = function.simple_args();
    let defaults = function.defaults.peek();
    // Others may give the function other defaults.
    if total > MOST_WITH_DEFAULTS
        || args >= total
        || !defaults.is_ptr()
        || !(SOLO || (*cx).is_exclusive(&function.h))
    {
        return 0;
    }
    let defaults = Ref::from_value(defaults).cast_unchecked::<PyTuple>().items();
    if args + defaults.len() < total {
        return 0;
    }
    let mut i = args;
    while i < total {
        let v = defaults.get_unchecked(i + defaults.len() - total).value();
        if v.is_ptr() {
            count_up::<SOLO>(v, cx);
        }
        *first.add(i) = v;
        i += 1;
    }
    total
}

/// More parameters than this are left to the slow path; it tells them from "not to be filled here" too.
const MOST_WITH_DEFAULTS: usize = 255;

handler! {
    /// A call of a Python function that does not take the arguments as they stand.
    #[inline(never)]
    fn call_with_defaults(ip, regs, cx, t) {
        let word = *ip;
        let window = regs.add(fb!(word));
        let function = Ref::from_value(*window.add(2)).cast_unchecked::<PyFunction>();
        if may_push::<SOLO>(function, window, cx) {
            let args = fill_defaults::<SOLO>(function, window.add(WINDOW_HEADER), fc!(word), cx);
            if args != 0 {
                return push_simple::<SOLO>(ip, ip.add(2), regs, window, function, args, cx, t);
            }
            if bind_python::sort_positional(&*cx, function, window.add(WINDOW_HEADER), fc!(word)) {
                let args = function.code().parameters.count();
                return push_simple::<SOLO>(ip, ip.add(2), regs, window, function, args, cx, t);
            }
        }
        slow::call::call::run(ip, regs, cx, t)
    }
}

handler! {
    /// A call with names.
    pub fn call_kw(ip, regs, cx, t) {
        let word = *ip;
        let window = regs.add(fb!(word));
        let callee = *window.add(2);
        if callee.is_ptr() && (*callee.ptr()).shape_word() == FUNCTION {
            let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
            if may_push::<SOLO>(function, window, cx) && sort_window(cx, function, window, fc!(word)) {
                let args = function.code().parameters.count();
                return push_simple::<SOLO>(ip, ip.add(2), regs, window, function, args, cx, t);
            }
        }
        slow::call::call_kw::run(ip, regs, cx, t)
    }
}

handler! {
    /// A call of a method with names.
    pub fn call_method_kw(ip, regs, cx, t) {
        let word = *ip;
        let window = regs.add(fb!(word));
        let receiver = *window.add(WINDOW_HEADER);
        let cached = cache::load(ip.add(2));
        if receiver.is_ptr()
            && let Some(cell) = cache::payload_for(cached, (*receiver.ptr()).shape_word(), cache::METHOD)
        {
            let callee = (*cx).vm.cells.peek(cell);
            if callee.is_ptr()
                && may_borrow_method::<SOLO>(callee, cx)
                && (*callee.ptr()).shape_word() == FUNCTION
            {
                let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
                if may_push::<SOLO>(function, window, cx) && sort_window(cx, function, window, fc!(word) + 1) {
                    count_up::<SOLO>(callee, cx);
                    *window.add(2) = callee;
                    let args = function.code().parameters.count();
                    return push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t);
                }
            }
        }
        slow::call::call_method_kw::run(ip, regs, cx, t)
    }
}

/// Sorts the `given` arguments in a window, whose extra slot holds the names of the last ones, into the parameters of a
/// function, and drops the names; false if that is not so simple, and nothing has been done.
#[inline(never)]
unsafe fn sort_window(cx: *mut Cx, function: &PyFunction, window: *mut Value, given: usize) -> bool {
    let names = *window.add(3);
    let tuple = Ref::from_value(names).cast_unchecked::<PyTuple>();
    let sorted = bind_python::sort_named(&*cx, function, window.add(WINDOW_HEADER), given, tuple.items());
    if sorted {
        *window.add(3) = Value::UNDEF;
        (*cx).drop_value(names);
    }
    sorted
}

/// As `call_with_defaults` for the function of a method call, which the class's cell holds.
#[inline(never)]
unsafe fn call_method_with_defaults<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
) -> Exit {
    let word = *ip;
    let window = regs.add(fb!(word));
    let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
    if may_push::<SOLO>(function, window, cx) {
        let args = fill_defaults::<SOLO>(function, window.add(WINDOW_HEADER), fc!(word) + 1, cx);
        if args != 0 {
            count_up::<SOLO>(callee, cx);
            *window.add(2) = callee;
            return push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t);
        }
        if bind_python::sort_positional(&*cx, function, window.add(WINDOW_HEADER), fc!(word) + 1) {
            count_up::<SOLO>(callee, cx);
            *window.add(2) = callee;
            let args = function.code().parameters.count();
            return push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t);
        }
    }
    slow::call::call_method::run(ip, regs, cx, t)
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
    let word = *ip;
    let method = *window.add(2);
    // Both are set for good when the method is made.
    let bound = Ref::from_value(method).cast_unchecked::<PyBoundMethod>();
    let (callee, this) = (bound.function.peek(), bound.this.peek());
    if !callee.is_ptr() || (*callee.ptr()).shape_word() != FUNCTION {
        return slow::call::call_window(ip, regs, cx, t, window);
    }
    let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
    let args = fc!(word);
    if function.simple_args() != args + 1 || !may_push::<SOLO>(function, window, cx) {
        return slow::call::call_window(ip, regs, cx, t, window);
    }
    count_up::<SOLO>(callee, cx);
    if this.is_ptr() {
        count_up::<SOLO>(this, cx);
    }
    let first = window.add(WINDOW_HEADER);
    let mut i = args;
    while i > 0 {
        *first.add(i) = *first.add(i - 1);
        i -= 1;
    }
    *first = this;
    *window.add(2) = callee;
    // Its end may queue what runs later; nothing runs here.
    drop_value::<SOLO>(method, cx);
    let next = ip.add(2 + (word as u8 == Op::CallMethod as u8) as usize);
    push_simple::<SOLO>(ip, next, regs, window, function, args + 1, cx, t)
}

/// A call of a function of a module, or of a method bound to an object of a built-in type. `window` is the
/// instruction's, or the one behind it if a method call turned out to call what an attribute held.
#[inline(never)]
unsafe fn call_native_function<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    let native = Ref::from_value(*window.add(2)).cast_unchecked::<PyNative>();
    if !native.owner.is_null() || !native.this.peek().is_undef() {
        return call_bound_native::<SOLO>(ip, regs, cx, t, window);
    }
    if let NativeFn::Shortcut(short, _) = native.def.f {
        return call_shortcut::<SOLO>(ip, regs, cx, t, window, short);
    }
    call_native_in_full::<SOLO>(ip, regs, cx, t, window)
}

/// As [`call_native_function`] for a native that is bound to nothing, without its shortcut.
#[inline(always)]
unsafe fn call_native_in_full<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    let native = Ref::from_value(*window.add(2)).cast_unchecked::<PyNative>();
    let (first, given) = (window.add(WINDOW_HEADER), fc!(*ip));
    let count = complete(native, regs, first, given);
    if count != INCOMPLETE {
        return call_complete::<SOLO>(ip, regs, cx, native, window.add(2), first, given, count, false);
    }
    call_other_native(ip, regs, cx, t, window)
}

/// Calls the shortcut of a function of a module.
#[inline(never)]
unsafe fn call_shortcut<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
    short: fn(&Cx, Args<'_>) -> Value,
) -> Exit {
    let (first, given) = (window.add(WINDOW_HEADER), fc!(*ip));
    let v = short(&*cx, Args::from_raw(first, given));
    if v.is_undef() {
        return leave_shortcut::<SOLO>(ip, regs, cx, t, window);
    }
    end_complete::<SOLO>(ip, regs, cx, window.add(2), first.add(given), v)
}

#[inline(never)]
unsafe fn leave_shortcut<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    call_native_in_full::<SOLO>(ip, regs, cx, t, window)
}

/// As [`call_native_function`] where the arguments are not complete.
#[inline(never)]
unsafe fn call_other_native(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    let native = Ref::from_value(*window.add(2)).cast_unchecked::<PyNative>();
    (*cx).regs.set(regs);
    (*cx).ip.set(ip);
    let result = call_plain_native(cx, native, window.add(WINDOW_HEADER), fc!(*ip));
    if result == SORT {
        return slow::call::call_window(ip, regs, cx, t, window);
    }
    end_native_call(ip, regs, cx, result)
}

/// As [`call_native_function`] for a native that is bound to something.
#[inline(never)]
unsafe fn call_bound_native<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    let word = *ip;
    let native = Ref::from_value(*window.add(2)).cast_unchecked::<PyNative>();
    let this = native.this.peek();
    // Constructors check the class that they are given.
    if !native.owner.is_null() && (this.is_undef() || native.is_constructor()) {
        return slow::call::call_window(ip, regs, cx, t, window);
    }
    let hidden = !this.is_undef() && native.def.takes_self();
    let mut first = window.add(WINDOW_HEADER);
    let mut given = fc!(word);
    if hidden {
        // The extra slot lies in front of the first argument. The callable keeps what is put there alive.
        first = first.sub(1);
        given += 1;
        *first = this;
    }
    let count = if hidden { complete(native, regs, first, given) } else { INCOMPLETE };
    if count != INCOMPLETE {
        return call_complete::<SOLO>(ip, regs, cx, native, first.sub(1), first, given, count, true);
    }
    call_other_bound(ip, regs, cx, t, window, hidden)
}

/// As [`call_bound_native`] where the arguments are not complete. The object has been put in front of them if it is `hidden`.
#[inline(never)]
unsafe fn call_other_bound(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
    hidden: bool,
) -> Exit {
    let native = Ref::from_value(*window.add(2)).cast_unchecked::<PyNative>();
    let first = window.add(WINDOW_HEADER - hidden as usize);
    (*cx).regs.set(regs);
    (*cx).ip.set(ip);
    let result = call_plain_native(cx, native, first, fc!(*ip) + hidden as usize);
    if hidden {
        *first = Value::UNDEF;
    }
    if result == SORT {
        return slow::call::call_window(ip, regs, cx, t, window);
    }
    end_native_call(ip, regs, cx, result)
}

/// What [`complete`] gives if the arguments need sorting.
const INCOMPLETE: usize = usize::MAX;

/// Completes `given` positional arguments from `first` on where they stand, by leaving optional ones empty: how many the
/// native takes.
#[inline(always)]
unsafe fn complete(native: &PyNative, regs: *mut Value, first: *mut Value, given: usize) -> usize {
    let arity = native.def.arity();
    if !arity.admits(given) {
        return INCOMPLETE;
    }
    let count = arity.window();
    if given < count {
        // What lies beyond the caller's registers is overwritten by the frames that the native pushes.
        if first.add(count) > Frame(regs).top() {
            return INCOMPLETE;
        }
        let mut i = given;
        while i < count {
            // One by one: they are few.
            first.add(i).write_volatile(Value::UNDEF);
            i += 1;
        }
    }
    count
}

/// Calls a native whose arguments are complete, and drops the values from `from` to the last one given. What lies in front of
/// the arguments is emptied first if the call has put it there (`lent`).
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn call_complete<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    native: &PyNative,
    from: *mut Value,
    first: *mut Value,
    given: usize,
    count: usize,
    lent: bool,
) -> Exit {
    (*cx).regs.set(regs);
    (*cx).ip.set(ip);
    // A plain word at once: what has a destructor would keep a native frame.
    let result = result_word(cx, native.def.f.call(&mut *cx, Args::from_raw(first, count)));
    if lent {
        *first = Value::UNDEF;
    }
    if result == FAILED || SOLO && !(*cx).owns_everything() {
        return end_native_call(ip, regs, cx, result);
    }
    end_complete::<SOLO>(ip, regs, cx, from, first.add(given), Value(result))
}

/// Ends such a call: drops the values from `at` to `end` and delivers the result.
#[inline(always)]
unsafe fn end_complete<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    mut at: *mut Value,
    end: *mut Value,
    v: Value,
) -> Exit {
    while at < end {
        let dropped = *at;
        if dropped.is_ptr() {
            *at = Value::UNDEF;
            drop_value::<SOLO>(dropped, cx);
        }
        at = at.add(1);
    }
    let word = *ip;
    let next = ip.add(2 + (word as u8 == Op::CallMethod as u8) as usize);
    let slot = regs.add(fa!(word));
    let old = *slot;
    *slot = v;
    if old.is_ptr() {
        drop_value::<SOLO>(old, cx);
    }
    if (*cx).has_pending() {
        let t = super::table(&*cx);
        return slow::pending_then::run(next, regs, cx, t);
    }
    goto_anew!(next, regs, cx)
}

/// What [`call_plain_native`] gives if the arguments need sorting: no value's word, and nothing has been done.
const SORT: u64 = 1;

/// Calls a native with `given` values from `first` on if they need no sorting: the word of its result, [`FAILED`] with
/// the exception in the context, or [`SORT`]. Registers behind the arguments of a call are free.
#[inline(always)]
unsafe fn call_plain_native(cx: *mut Cx, native: &PyNative, first: *mut Value, given: usize) -> u64 {
    let arity = native.def.arity();
    if !arity.admits(given) || (*cx).is_wanted() {
        return call_varied(cx, native, first, given);
    }
    if given != arity.window() {
        return call_padded(cx, native, first, given);
    }
    result_word(cx, native.def.f.call(&mut *cx, Args::from_raw(first, given)))
}

/// As [`call_plain_native`] where optional arguments are missing.
#[inline(never)]
unsafe fn call_padded(cx: *mut Cx, native: &PyNative, first: *mut Value, given: usize) -> u64 {
    let window = native.def.arity().window();
    // What lies beyond the caller's registers is overwritten by the frames that the native pushes.
    if first.add(window) > Frame((*cx).regs.get()).top() {
        return call_copied(cx, native, first, given);
    }
    for i in given..window {
        *first.add(i) = Value::UNDEF;
    }
    result_word(cx, native.def.f.call(&mut *cx, Args::from_raw(first, window)))
}

/// As [`call_padded`] where the padding does not fit behind the arguments.
#[inline(never)]
unsafe fn call_copied(cx: *mut Cx, native: &PyNative, first: *mut Value, given: usize) -> u64 {
    let mut copy = [const { MaybeUninit::<Value>::uninit() }; Arity::MAX_WINDOW];
    let window = native.def.arity().window();
    for (i, place) in copy.iter_mut().enumerate().take(window) {
        place.write(if i < given { *first.add(i) } else { Value::UNDEF });
    }
    result_word(cx, native.def.f.call(&mut *cx, Args::from_raw(copy.as_ptr().cast(), window)))
}

#[inline(always)]
pub(super) unsafe fn result_word(cx: *mut Cx, result: R) -> u64 {
    match result {
        Ok(v) => v.into_value().0,
        Err(err) => {
            (*cx).raised.set(err.0.into_value());
            FAILED
        }
    }
}

/// As [`call_plain_native`] for a native that takes any number of arguments.
#[inline(never)]
unsafe fn call_varied(cx: *mut Cx, native: &PyNative, first: *mut Value, given: usize) -> u64 {
    if (*cx).is_wanted() {
        return SORT;
    }
    match native.def.f.call_given(&mut *cx, Args::from_raw(first, given)) {
        Some(result) => result_word(cx, result),
        None => SORT,
    }
}

/// Ends a call of a native: drops callable and arguments, delivers the result. The thread may be solo no more.
#[inline(never)]
pub(super) unsafe fn end_native_call(ip: *const u64, regs: *mut Value, cx: *mut Cx, result: u64) -> Exit {
    let word = *ip;
    let t = super::table(&*cx);
    if result == FAILED {
        return slow::call::native_failed(ip, regs, cx, t);
    }
    // The receiver of a method is the first argument; its instruction is one word longer.
    let is_method = (word as u8 == Op::CallMethod as u8) as usize;
    let window = regs.add(fb!(word));
    let end = window.add(WINDOW_HEADER + fc!(word) + is_method);
    let mut at = window.add(2);
    while at < end {
        let v = *at;
        if v.is_ptr() {
            *at = Value::UNDEF;
            (*cx).drop_value(v);
        }
        at = at.add(1);
    }
    let next = ip.add(2 + is_method);
    let slot = regs.add(fa!(word));
    let old = *slot;
    *slot = Value(result);
    if old.is_ptr() {
        (*cx).drop_value(old);
    }
    if (*cx).has_pending() {
        return slow::pending_then::run(next, regs, cx, t);
    }
    goto_anew!(next, regs, cx)
}

/// Whether what a class's cell holds may be used without counting it first. Other threads may empty the cell, but once
/// there are any, functions are made hubs when they enter a cell.
#[inline(always)]
unsafe fn may_borrow_method<const SOLO: bool>(callee: Value, cx: *mut Cx) -> bool {
    (SOLO || (*cx).owns_everything()) || (*callee.ptr()).is_lasting()
}

handler! {
    pub fn call_method(ip, regs, cx, t) {
        let word = *ip;
        let window = regs.add(fb!(word));
        let receiver = *window.add(WINDOW_HEADER);
        let cached = cache::load(ip.add(2));
        if receiver.is_ptr()
            && let Some(cell) = cache::payload_for(cached, (*receiver.ptr()).shape_word(), cache::METHOD)
        {
            let callee = (*cx).vm.cells.peek(cell);
            if !callee.is_ptr() || !may_borrow_method::<SOLO>(callee, cx) {
                return slow::call::call_method::run(ip, regs, cx, t);
            }
            if (*callee.ptr()).shape_word() == FUNCTION {
                let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
                let args = fc!(word) + 1;
                if function.simple_args() == args && may_push::<SOLO>(function, window, cx) {
                    count_or_prepare!(callee, ip, regs, cx, t);
                    *window.add(2) = callee;
                    return push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t);
                }
                return call_method_with_defaults::<SOLO>(ip, regs, cx, t, callee);
            } else if (*callee.ptr()).shape_word() == METHOD_DESCRIPTOR {
                return call_native_method::<SOLO>(ip, regs, cx, t, callee);
            }
            return slow::call::call_method::run(ip, regs, cx, t);
        }
        call_method_other::<SOLO>(ip, regs, cx, t)
    }
}

handler! {
    /// A method of an instance of another shape than the site's, or something that an attribute holds.
    #[inline(never)]
    fn call_method_other(ip, regs, cx, t) {
        let word = *ip;
        let window = regs.add(fb!(word));
        let receiver = *window.add(WINDOW_HEADER);
        let mut cached = cache::load(ip.add(2));
        if !receiver.is_ptr() {
            if let Some(cell) = cache::payload_for(cached, cache::immediate_shape(receiver), cache::METHOD) {
                let callee = (*cx).vm.cells.peek(cell);
                if callee.is_ptr() && (*callee.ptr()).shape_word() == METHOD_DESCRIPTOR {
                    return call_native_method::<SOLO>(ip, regs, cx, t, callee);
                }
            }
            return slow::call::call_method::run(ip, regs, cx, t);
        }
        let name = attr::name_word(regs, *ip.add(1) as u32 as usize);
        if !(SOLO || (*cx).owns_everything()) {
            return call_shared_method::<SOLO>(ip, regs, cx, t);
        }
        if attr::by_shape(cached) {
            cached = attr::applicable(ip.add(2), name, (*receiver.ptr()).shape_word(), cx);
        }
        let is_method = match cache::kind(cached) {
            cache::METHOD => true,
            // A method of the class, unless the instance has an attribute of that name.
            cache::IN_DICT => {
                cache::payload(cached) != cache::NO_CELL
                    && attr::own_in_dict::<SOLO>(receiver, name, cx).is_undef()
                    && (*cx).vm.cells.peek(cache::payload(cached)).is_ptr()
                    && binds_plainly(&*cx, Ref::from_value((*cx).vm.cells.peek(cache::payload(cached))))
            }
            _ => false,
        };
        if !is_method {
            let (function, class) = attr::cached_class_method::<SOLO>(cached, receiver, name, cx);
            if function.is_ptr() {
                return call_class_method::<SOLO>(ip, regs, cx, t, function, class);
            }
            return call_held::<SOLO>(ip, regs, cx, t, attr::cached_value::<SOLO>(cached, receiver, name, cx));
        }
        let callee = (*cx).vm.cells.peek(cache::payload(cached));
        if callee.is_ptr() && (*callee.ptr()).shape_word() == FUNCTION {
            let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
            let args = fc!(word) + 1;
            if function.simple_args() == args && may_push::<SOLO>(function, window, cx) {
                count_or_prepare!(callee, ip, regs, cx, t);
                *window.add(2) = callee;
                return push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t);
            }
        } else if callee.is_ptr() && (*callee.ptr()).shape_word() == METHOD_DESCRIPTOR {
            return call_native_method::<SOLO>(ip, regs, cx, t, callee);
        }
        slow::call::call_method::run(ip, regs, cx, t)
    }
}

handler! {
    /// As `call_method_other` where other threads run: methods that may be used uncounted.
    #[inline(never)]
    fn call_shared_method(ip, regs, cx, t) {
        let word = *ip;
        let window = regs.add(fb!(word));
        let receiver = *window.add(WINDOW_HEADER);
        let v = attr::module_value(cache::load(ip.add(2)), receiver);
        if v.is_ptr() {
            return call_held::<SOLO>(ip, regs, cx, t, v);
        }
        let name = attr::name_word(regs, *ip.add(1) as u32 as usize);
        let cached = attr::applicable(ip.add(2), name, (*receiver.ptr()).shape_word(), cx);
        if cached == 0
            || cache::kind(cached) != cache::METHOD
            || cached as u32 != (*receiver.ptr()).shape_word()
        {
            return slow::call::call_method::run(ip, regs, cx, t);
        }
        let callee = (*cx).vm.cells.peek(cache::payload(cached));
        if !callee.is_ptr() || !may_borrow_method::<SOLO>(callee, cx) || (*callee.ptr()).shape_word() != FUNCTION {
            return slow::call::call_method::run(ip, regs, cx, t);
        }
        let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
        let args = fc!(word) + 1;
        if function.simple_args() != args || !may_push::<SOLO>(function, window, cx) {
            return slow::call::call_method::run(ip, regs, cx, t);
        }
        count_or_prepare!(callee, ip, regs, cx, t);
        *window.add(2) = callee;
        push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t)
    }
}

/// Calls the function of a class method: the class takes the receiver's place.
#[inline(always)]
unsafe fn call_class_method<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
    class: Value,
) -> Exit {
    let word = *ip;
    let window = regs.add(fb!(word));
    let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
    let args = fc!(word) + 1;
    if function.simple_args() != args || !may_push::<SOLO>(function, window, cx) {
        return slow::call::call_method::run(ip, regs, cx, t);
    }
    count_up::<SOLO>(callee, cx);
    *window.add(2) = callee;
    (*class.ptr()).increment((*cx).mutator());
    // The receiver's end may queue what runs later; nothing runs here.
    let receiver = std::mem::replace(&mut *window.add(WINDOW_HEADER), class);
    drop_value::<SOLO>(receiver, cx);
    push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t)
}

/// Calls what the receiver's attribute holds (`UNDEF` if that is not known): it takes the receiver's place, the window
/// slides by one.
#[inline(always)]
unsafe fn call_held<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
) -> Exit {
    if !callee.is_ptr() {
        return slow::call::call_method::run(ip, regs, cx, t);
    }
    let word = *ip;
    let window = regs.add(fb!(word)).add(1);
    count_up::<SOLO>(callee, cx);
    *window.add(2) = callee;
    // Its end may queue what runs later; nothing runs here.
    let receiver = std::mem::replace(&mut *window.add(3), Value::UNDEF);
    drop_value::<SOLO>(receiver, cx);
    if (*callee.ptr()).shape_word() == FUNCTION {
        let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
        let args = fc!(word);
        if function.simple_args() == args && may_push::<SOLO>(function, window, cx) {
            return push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t);
        }
    } else if (*callee.ptr()).shape_word() == NATIVE_FUNCTION {
        return call_native_function::<SOLO>(ip, regs, cx, t, window);
    } else if (*callee.ptr()).shape_word() == BOUND_METHOD {
        return call_bound::<SOLO>(ip, regs, cx, t, window);
    }
    slow::call::call_window(ip, regs, cx, t, window)
}

/// A call of a method of a built-in type on an instance for which it was cached.
#[inline(never)]
unsafe fn call_native_method<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
) -> Exit {
    // Methods of built-in types are immortal.
    let native = Ref::from_value(callee).cast_unchecked::<PyNative>();
    if let NativeFn::Shortcut(short, _) = native.def.f {
        return call_method_shortcut::<SOLO>(ip, regs, cx, t, callee, short);
    }
    call_method_in_full::<SOLO>(ip, regs, cx, t, callee)
}

/// Calls the shortcut of a method.
#[inline(never)]
unsafe fn call_method_shortcut<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
    short: fn(&Cx, Args<'_>) -> Value,
) -> Exit {
    let word = *ip;
    let (first, given) = (regs.add(fb!(word) + WINDOW_HEADER), fc!(word) + 1);
    let v = short(&*cx, Args::from_raw(first, given));
    if v.is_undef() {
        return leave_method_shortcut::<SOLO>(ip, regs, cx, t, callee);
    }
    end_complete::<SOLO>(ip, regs, cx, first, first.add(given), v)
}

#[inline(never)]
unsafe fn leave_method_shortcut<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
) -> Exit {
    call_method_in_full::<SOLO>(ip, regs, cx, t, callee)
}

/// As [`call_native_method`] without the native's shortcut.
#[inline(always)]
unsafe fn call_method_in_full<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
) -> Exit {
    let word = *ip;
    let window = regs.add(fb!(word));
    let native = Ref::from_value(callee).cast_unchecked::<PyNative>();
    let (first, given) = (window.add(WINDOW_HEADER), fc!(word) + 1);
    let count = complete(native, regs, first, given);
    if count != INCOMPLETE {
        return call_complete::<SOLO>(ip, regs, cx, native, first, first, given, count, false);
    }
    call_other_method(ip, regs, cx, t, callee)
}

/// As [`call_native_method`] where the arguments are not complete.
#[inline(never)]
unsafe fn call_other_method(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
) -> Exit {
    let word = *ip;
    let native = Ref::from_value(callee).cast_unchecked::<PyNative>();
    (*cx).regs.set(regs);
    (*cx).ip.set(ip);
    let result = call_plain_native(cx, native, regs.add(fb!(word) + WINDOW_HEADER), fc!(word) + 1);
    if result == SORT {
        return slow::call::call_method::run(ip, regs, cx, t);
    }
    end_native_call(ip, regs, cx, result)
}

handler! {
    pub fn return_(ip, regs, cx, t) {
        let word = *ip;
        let source = regs.add(fa!(word));
        let v = *source;
        // A local is moved out: the frame ends here.
        *source = Value::UNDEF;
        leave::<SOLO>(regs, cx, t, v)
    }
}

handler! { pub fn return_none(_ip, regs, cx, t) { leave::<SOLO>(regs, cx, t, Value::NONE) } }

/// Ends a plain frame: drops its locals and its function, and delivers `v` to the caller.
#[inline(always)]
pub(crate) unsafe fn leave<const SOLO: bool>(
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
) -> Exit {
    let link = (*regs.sub(3)).as_raw();
    let extra = *regs.sub(1);
    let callee = *regs.sub(2);
    let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
    if link & (frame::ENTRY | frame::INIT | frame::GENERATOR) != 0 || extra.is_ptr() {
        return leave_other::<SOLO>(regs, cx, t, v);
    }
    // The last local goes first, as in CPython.
    let mut at = regs.add(function.local_count());
    while at > regs {
        at = at.sub(1);
        let local = *at;
        if local.is_ptr() {
            *at = Value::UNDEF;
            if count_down::<SOLO>(local, cx) {
                return slow::call::leave_destroying::<SOLO>(regs, cx, t, v, local);
            }
        }
    }
    *regs.sub(2) = Value::UNDEF;
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    let call_ip = (*regs.sub(4)).as_raw() as *const u64;
    let next = extra.as_raw() as *const u64;
    let caller = link as *mut Value;
    let slot = caller.add(fa!(*call_ip));
    let old = *slot;
    *slot = v;
    if count_down::<SOLO>(callee, cx) {
        return slow::call::function_ended::<SOLO>(next, caller, cx, t, callee, old);
    }
    if old.is_ptr() {
        return drop_then::<SOLO>(next, caller, cx, t, old);
    }
    goto!(next, caller, cx, t)
}

/// Ends a frame that is not plain.
#[inline(never)]
unsafe fn leave_other<const SOLO: bool>(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    let frame = Frame(regs);
    if frame.object().is_none() {
        match frame.kind() {
            frame::INIT if v.is_none() => return construct::leave_init::<SOLO>(regs, cx, t),
            frame::OPERATOR if v != Value::NOT_IMPLEMENTED => return leave_operator::<SOLO>(regs, cx, t, v),
            _ => (),
        }
    }
    slow::call::leave(regs, cx, t, v)
}

/// Ends a frame of kind OPERATOR: `v` is the result of the instruction, which consumes its operands now.
#[inline(always)]
unsafe fn leave_operator<const SOLO: bool>(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    let callee = *regs.sub(2);
    let mut at = regs.add(Ref::from_value(callee).cast_unchecked::<PyFunction>().local_count());
    while at > regs {
        at = at.sub(1);
        let local = *at;
        if local.is_ptr() {
            *at = Value::UNDEF;
            if count_down::<SOLO>(local, cx) {
                return slow::call::leave_destroying::<SOLO>(regs, cx, t, v, local);
            }
        }
    }
    let (call_ip, caller) = (Frame(regs).call_ip(), Frame(regs).caller());
    let next = (*regs.sub(1)).as_raw() as *const u64;
    *regs.sub(2) = Value::UNDEF;
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    // The function was borrowed.
    conclude::<SOLO>(next, caller, cx, t, *call_ip, v)
}
