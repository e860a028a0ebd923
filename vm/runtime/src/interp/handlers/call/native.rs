//! Calls of natives: functions, and methods of built-in types.

use super::{METHOD_DESCRIPTOR, WRAPPER_DESCRIPTOR};
use crate::interp::frame::Frame;
use crate::interp::handlers::{count_down, drop_then, drop_value, end_drop, table};
use crate::interp::{Exit, FAILED, Table, slow};
use crate::native::{Args, Arity, NativeFn};
use crate::objects::native::PyNative;
use crate::{Cx, R, Ref, RefExt, Value};
use ungil_bytecode::{Op, WINDOW_HEADER};

/// A call of a function of a module, or of a method bound to an object of a built-in type. `window` is the
/// instruction's, or the one behind it if a method call turned out to call what an attribute held.
#[inline(never)]
pub(in crate::interp::handlers) unsafe fn call_native_function<const SOLO: bool>(
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
    _t: *const Table,
    window: *mut Value,
    short: fn(&Cx, Args<'_>) -> Value,
) -> Exit {
    let v = short(&*cx, Args::from_raw(window.add(WINDOW_HEADER), fc!(*ip)));
    if v.is_undef() {
        return leave_shortcut::<SOLO>(ip, regs, cx, table(&*cx), window);
    }
    end_complete::<SOLO>(ip, regs, cx, window.add(2), window.add(WINDOW_HEADER + fc!(*ip)), v)
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
    let native = Ref::from_value(*window.add(2)).cast_unchecked::<PyNative>();
    let this = native.this.peek();
    // Constructors check the class that they are given, methods the object.
    if !native.owner.is_null() && (this.is_undef() || native.is_constructor()) {
        if !native.suits(&*cx, Args::from_raw(window.add(WINDOW_HEADER), fc!(*ip))) {
            return slow::call::call_window(ip, regs, cx, t, window);
        }
        return call_native_in_full::<SOLO>(ip, regs, cx, t, window);
    }
    let hidden = !this.is_undef() && native.def.takes_self();
    if hidden && let NativeFn::Shortcut(short, _) = native.def.f {
        return call_bound_shortcut::<SOLO>(ip, regs, cx, t, window, short);
    }
    call_bound_in_full::<SOLO>(ip, regs, cx, t, window, hidden)
}

/// Calls the shortcut of a native that is bound to the first argument.
#[inline(never)]
unsafe fn call_bound_shortcut<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    _t: *const Table,
    window: *mut Value,
    short: fn(&Cx, Args<'_>) -> Value,
) -> Exit {
    // As in `call_bound_in_full`.
    let first = window.add(WINDOW_HEADER - 1);
    *first = Ref::from_value(*window.add(2)).cast_unchecked::<PyNative>().this.peek();
    let v = short(&*cx, Args::from_raw(first, fc!(*ip) + 1));
    *window.add(WINDOW_HEADER - 1) = Value::UNDEF;
    if v.is_undef() {
        return leave_bound_shortcut::<SOLO>(ip, regs, cx, table(&*cx), window);
    }
    end_complete::<SOLO>(ip, regs, cx, window.add(2), window.add(WINDOW_HEADER + fc!(*ip)), v)
}

#[inline(never)]
unsafe fn leave_bound_shortcut<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    call_bound_in_full::<SOLO>(ip, regs, cx, t, window, true)
}

/// As [`call_bound_native`] without the native's shortcut. The object goes in front of the arguments if it is `hidden`.
#[inline(always)]
unsafe fn call_bound_in_full<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
    hidden: bool,
) -> Exit {
    let native = Ref::from_value(*window.add(2)).cast_unchecked::<PyNative>();
    let this = native.this.peek();
    let mut first = window.add(WINDOW_HEADER);
    let mut given = fc!(*ip);
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

/// A call of a method of a built-in type on an instance for which it was cached.
#[inline(never)]
pub(super) unsafe fn call_native_method<const SOLO: bool>(
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
    _t: *const Table,
    callee: Value,
    short: fn(&Cx, Args<'_>) -> Value,
) -> Exit {
    let v = short(&*cx, Args::from_raw(regs.add(fb!(*ip) + WINDOW_HEADER), fc!(*ip) + 1));
    if v.is_undef() {
        return leave_method_shortcut::<SOLO>(ip, regs, cx, table(&*cx), callee);
    }
    let first = regs.add(fb!(*ip) + WINDOW_HEADER);
    end_complete::<SOLO>(ip, regs, cx, first, first.add(fc!(*ip) + 1), v)
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
    let window = regs.add(fb!(*ip));
    let native = Ref::from_value(callee).cast_unchecked::<PyNative>();
    let (first, given) = (window.add(WINDOW_HEADER), fc!(*ip) + 1);
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
    let native = Ref::from_value(callee).cast_unchecked::<PyNative>();
    (*cx).regs.set(regs);
    (*cx).ip.set(ip);
    let result = call_plain_native(cx, native, regs.add(fb!(*ip) + WINDOW_HEADER), fc!(*ip) + 1);
    if result == SORT {
        return slow::call::call_method::run(ip, regs, cx, t);
    }
    end_native_call(ip, regs, cx, result)
}

/// A call of what `super` has found for an object, if that is a method of a built-in type.
#[inline(never)]
pub(in crate::interp::handlers) unsafe fn call_super_native<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
) -> Exit {
    let window = regs.add(fb!(*ip));
    let callee = *window.add(2);
    let (first, given) = (window.add(WINDOW_HEADER), fc!(*ip) + 1);
    if !is_descriptor(callee) {
        return slow::call::call_super::run(ip, regs, cx, t);
    }
    let native = Ref::from_value(callee).cast_unchecked::<PyNative>();
    if !native.suits(&*cx, Args::from_raw(first, given)) {
        return slow::call::call_super::run(ip, regs, cx, t);
    }
    let count = complete(native, regs, first, given);
    if count != INCOMPLETE {
        return call_complete::<SOLO>(ip, regs, cx, native, window.add(2), first, given, count, false);
    }
    call_other_super(ip, regs, cx, t)
}

/// As [`call_super_native`] where the arguments are not complete.
#[inline(never)]
unsafe fn call_other_super(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Exit {
    let window = regs.add(fb!(*ip));
    let native = Ref::from_value(*window.add(2)).cast_unchecked::<PyNative>();
    (*cx).regs.set(regs);
    (*cx).ip.set(ip);
    let result = call_plain_native(cx, native, window.add(WINDOW_HEADER), fc!(*ip) + 1);
    if result == SORT {
        return slow::call::call_super::run(ip, regs, cx, t);
    }
    end_native_call(ip, regs, cx, result)
}

/// Whether a callable is a method or a special method of a built-in type.
#[inline(always)]
unsafe fn is_descriptor(callee: Value) -> bool {
    let shape_word = (*callee.ptr()).shape_word();
    shape_word == METHOD_DESCRIPTOR || shape_word == WRAPPER_DESCRIPTOR
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

/// Ends such a call: drops the values from `at` to `end` and delivers the result. Nothing here is a call that comes back, so
/// that the result stays in a register.
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
            if count_down::<SOLO>(dropped, cx) {
                return end_destroying::<SOLO>(ip, regs, cx, at, end, v);
            }
            *at = Value::UNDEF;
        }
        at = at.add(1);
    }
    let next = ip.add(2 + (*ip as u8 == Op::CallMethod as u8) as usize);
    let slot = regs.add(fa!(*ip));
    let old = *slot;
    *slot = v;
    let t = table(&*cx);
    if (*cx).has_pending() {
        return slow::drop_two(next, regs, cx, t, old, Value::UNDEF);
    }
    if old.is_ptr() {
        return drop_then::<SOLO>(next, regs, cx, t, old);
    }
    goto!(next, regs, cx, t)
}

/// As [`end_complete`] where the value at `at` has been counted down and must be dropped with [`end_drop`].
#[inline(never)]
unsafe fn end_destroying<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    mut at: *mut Value,
    end: *mut Value,
    v: Value,
) -> Exit {
    let dropped = std::mem::replace(&mut *at, Value::UNDEF);
    end_drop::<SOLO>(dropped, cx);
    at = at.add(1);
    while at < end {
        let dropped = std::mem::replace(&mut *at, Value::UNDEF);
        drop_value::<SOLO>(dropped, cx);
        at = at.add(1);
    }
    end_complete::<SOLO>(ip, regs, cx, end, end, v)
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
    // All of it is written: what collections found in the rest would keep classes alive.
    let mut copy = [Value::UNDEF; Arity::MAX_WINDOW];
    for (i, place) in copy.iter_mut().enumerate().take(given) {
        *place = *first.add(i);
    }
    let window = native.def.arity().window();
    result_word(cx, native.def.f.call(&mut *cx, Args::from_raw(copy.as_ptr(), window)))
}

#[inline(always)]
pub(in crate::interp::handlers) unsafe fn result_word(cx: *mut Cx, result: R) -> u64 {
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
pub(in crate::interp::handlers) unsafe fn end_native_call(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    result: u64,
) -> Exit {
    let t = table(&*cx);
    if result == FAILED {
        return slow::call::native_failed(ip, regs, cx, t);
    }
    // The receiver of a method is the first argument; the instruction of one that is looked up is one word longer.
    let is_method = (*ip as u8 == Op::CallMethod as u8) as usize;
    let is_super = (*ip as u8 == Op::CallSuper as u8) as usize;
    let window = regs.add(fb!(*ip));
    let end = window.add(WINDOW_HEADER + fc!(*ip) + is_method + is_super);
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
    let slot = regs.add(fa!(*ip));
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
