//! Calls of methods.

use super::native::{call_native_function, call_native_method};
use super::{BOUND_METHOD, FUNCTION, METHOD_DESCRIPTOR, NATIVE_FUNCTION, WRAPPER_DESCRIPTOR};
use super::{call_bound, fill_defaults, may_push, push_filled, push_simple, sort_positional, sort_window};
use crate::interp::handlers::{attr, count_up, drop_value};
use crate::interp::{Exit, Table, cache, slow};
use crate::objects::function::PyFunction;
use crate::ops::binds_plainly;
use crate::{Cx, Ref, RefExt, Value};
use ungil_bytecode::WINDOW_HEADER;

/// Whether what a class's cell holds may be used without counting it first. Other threads may empty the cell, but once
/// there are any, functions are made hubs when they enter a cell.
#[inline(always)]
pub(in crate::interp::handlers) unsafe fn may_borrow_method<const SOLO: bool>(callee: Value) -> bool {
    SOLO || (*callee.ptr()).is_lasting()
}

/// Counts one reference more to what a class's cell holds, if [`may_borrow_method`] allows to use it; whether it was done. What
/// a cell has held can be looked at until the thread is quiescent.
#[inline(always)]
#[must_use]
pub(in crate::interp::handlers) unsafe fn count_method<const SOLO: bool>(callee: Value, cx: *mut Cx) -> bool {
    let m = (*cx).mutator();
    if !SOLO {
        return (*callee.ptr()).count_lasting(m, 1);
    }
    (*callee.ptr()).increment_solo(m);
    true
}

handler! {
    pub fn call_method(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let receiver = *window.add(WINDOW_HEADER);
        let cached = cache::load(ip.add(2));
        if receiver.is_ptr()
            && let Some(cell) = cache::payload_for(cached, (*receiver.ptr()).shape_word(), cache::METHOD)
        {
            let callee = (*cx).vm.cells.peek(cell);
            if !callee.is_ptr() {
                return slow::call::call_method::run(ip, regs, cx, t);
            }
            if (*callee.ptr()).shape_word() == FUNCTION {
                let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
                let args = fc!(*ip) + 1;
                if function.simple_args() == args && may_push::<SOLO>(function, window, cx) {
                    if !count_method::<SOLO>(callee, cx) {
                        return slow::call::call_method::run(ip, regs, cx, t);
                    }
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
    /// A call of a method with names.
    pub fn call_method_kw(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let receiver = *window.add(WINDOW_HEADER);
        let cached = cache::load(ip.add(2));
        if receiver.is_ptr()
            && let Some(cell) = cache::payload_for(cached, (*receiver.ptr()).shape_word(), cache::METHOD)
        {
            let callee = (*cx).vm.cells.peek(cell);
            if callee.is_ptr()
                && may_borrow_method::<SOLO>(callee)
                && (*callee.ptr()).shape_word() == FUNCTION
            {
                let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
                if may_push::<SOLO>(function, window, cx) {
                    let args = sort_window(cx, function, window, fc!(*ip) + 1);
                    if args != 0 {
                        let _ = count_method::<SOLO>(callee, cx);
                        *window.add(2) = callee;
                        return push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t);
                    }
                }
            }
        }
        slow::call::call_method_kw::run(ip, regs, cx, t)
    }
}

/// As `call_with_defaults` for the function of a method call, which the class's cell holds. What [`may_borrow_method`] says of it
/// is not known yet.
#[inline(never)]
unsafe fn call_method_with_defaults<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
) -> Exit {
    let window = regs.add(fb!(*ip));
    let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
    if may_borrow_method::<SOLO>(callee) && may_push::<SOLO>(function, window, cx) {
        if fill_defaults::<SOLO>(function, window.add(WINDOW_HEADER), fc!(*ip) + 1, cx) {
            let _ = count_method::<SOLO>(callee, cx);
            *window.add(2) = callee;
            return push_filled::<SOLO>(ip, regs, cx, t);
        }
        return call_method_sorting::<SOLO>(ip, regs, cx, t, callee);
    }
    slow::call::call_method::run(ip, regs, cx, t)
}

/// As `call_sorting` for the function of a method call, which may be borrowed.
#[inline(never)]
unsafe fn call_method_sorting<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    callee: Value,
) -> Exit {
    let window = regs.add(fb!(*ip));
    let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
    let args = sort_positional(&*cx, function, window.add(WINDOW_HEADER), fc!(*ip) + 1);
    if args == 0 {
        return slow::call::call_method::run(ip, regs, cx, t);
    }
    let _ = count_method::<SOLO>(callee, cx);
    *window.add(2) = callee;
    push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t)
}

handler! {
    /// A method of an instance of another shape than the site's, or something that an attribute holds.
    #[inline(never)]
    fn call_method_other(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
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
        if attr::by_shape(cached) {
            cached = attr::applicable(ip.add(2), name, (*receiver.ptr()).shape_word(), cx);
        }
        let is_method = match cache::kind(cached) {
            cache::METHOD => true,
            // A method of the class, unless the instance has an attribute of that name, which nobody may be giving it.
            cache::IN_DICT if SOLO => {
                cache::payload(cached) != cache::NO_CELL
                    && attr::own_in_dict::<SOLO>(receiver, name, cx).is_undef()
                    && (*cx).vm.cells.peek(cache::payload(cached)).is_ptr()
                    && binds_plainly(&*cx, Ref::from_value((*cx).vm.cells.peek(cache::payload(cached))))
            }
            _ => false,
        };
        if !is_method {
            return call_held_method::<SOLO>(ip, regs, cx, t, cached);
        }
        let callee = (*cx).vm.cells.peek(cache::payload(cached));
        if !callee.is_ptr() {
            return slow::call::call_method::run(ip, regs, cx, t);
        }
        if (*callee.ptr()).shape_word() == FUNCTION {
            let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
            let args = fc!(*ip) + 1;
            if function.simple_args() == args && may_push::<SOLO>(function, window, cx) {
                if !count_method::<SOLO>(callee, cx) {
                    return slow::call::call_method::run(ip, regs, cx, t);
                }
                *window.add(2) = callee;
                return push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t);
            }
            return call_method_with_defaults::<SOLO>(ip, regs, cx, t, callee);
        } else if (*callee.ptr()).shape_word() == METHOD_DESCRIPTOR {
            return call_native_method::<SOLO>(ip, regs, cx, t, callee);
        }
        slow::call::call_method::run(ip, regs, cx, t)
    }
}

/// Calls what is no method of an instance: a class method, or what an attribute holds. For kinds that go by shape, `cached`
/// applies to the receiver.
#[inline(never)]
unsafe fn call_held_method<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    cached: u64,
) -> Exit {
    let receiver = *regs.add(fb!(*ip) + WINDOW_HEADER);
    let name = attr::name_word(regs, *ip.add(1) as u32 as usize);
    if SOLO {
        let (function, class) = attr::cached_class_method::<SOLO>(cached, receiver, name, cx);
        if function.is_ptr() {
            return call_class_method::<SOLO>(ip, regs, cx, t, function, class);
        }
    }
    let mut held = attr::cached_value::<SOLO>(cached, receiver, name, cx);
    if held.is_undef() && !attr::is_known(cached) {
        held = attr::recent_value::<SOLO>(ip.add(2), receiver, name, cx);
    }
    call_held::<SOLO>(ip, regs, cx, t, held)
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
    let window = regs.add(fb!(*ip));
    let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
    let args = fc!(*ip) + 1;
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
    let window = regs.add(fb!(*ip)).add(1);
    count_up::<SOLO>(callee, cx);
    *window.add(2) = callee;
    // Its end may queue what runs later; nothing runs here.
    let receiver = std::mem::replace(&mut *window.add(3), Value::UNDEF);
    drop_value::<SOLO>(receiver, cx);
    if (*callee.ptr()).shape_word() == FUNCTION {
        let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
        let args = fc!(*ip);
        if function.simple_args() == args && may_push::<SOLO>(function, window, cx) {
            return push_simple::<SOLO>(ip, ip.add(3), regs, window, function, args, cx, t);
        }
    } else if matches!((*callee.ptr()).shape_word(), NATIVE_FUNCTION | METHOD_DESCRIPTOR | WRAPPER_DESCRIPTOR)
    {
        return call_native_function::<SOLO>(ip, regs, cx, t, window);
    } else if (*callee.ptr()).shape_word() == BOUND_METHOD {
        return call_bound::<SOLO>(ip, regs, cx, t, window);
    }
    slow::call::call_window(ip, regs, cx, t, window)
}
