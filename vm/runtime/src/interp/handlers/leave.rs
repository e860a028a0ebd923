//! Returning from Python functions.

use super::generate::leave_generator;
use super::moves::{conclude, drop_then};
use super::{construct, count_down};
use crate::interp::frame::{self, Frame};
use crate::interp::{Exit, Table, slow};
use crate::objects::function::PyFunction;
use crate::{Cx, Ref, RefExt, Value};

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
            frame::GENERATOR => return leave_generator::<SOLO>(regs, cx, t, v),
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
