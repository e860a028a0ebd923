//! Returning from Python functions.

use super::generate::leave_generator;
use super::moves::{conclude, conclude_unit, drop_then};
use super::{construct, count_down, end_drop};
use crate::interp::frame::{self, Frame};
use crate::interp::slow::operator::is_comparing_jump;
use crate::interp::{Exit, Table, slow};
use crate::objects::function::PyFunction;
use crate::{Cx, Ref, RefExt, Value};
use ungil_bytecode::Op;
use ungil_gc::model::PUBLISHES;

handler! {
    pub fn return_(ip, regs, cx, t) {
        let source = regs.add(fa!(*ip));
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
    if (*regs.sub(3)).as_raw() & (frame::ENTRY | frame::INIT | frame::GENERATOR) != 0 {
        return leave_other::<SOLO>(regs, cx, t, v);
    }
    if (*regs.sub(1)).is_ptr() {
        return leave_other::<SOLO>(regs, cx, t, v);
    }
    if !SOLO && PUBLISHES {
        return leave_confined(regs, cx, t, v);
    }
    leave_plain::<SOLO>(regs, cx, t, v)
}

/// Ends a plain frame, whatever its locals are.
#[inline(always)]
unsafe fn leave_plain<const SOLO: bool>(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    let local = drop_locals::<SOLO>(regs, cx);
    if !local.is_undef() {
        return slow::call::leave_destroying::<SOLO>(regs, cx, t, v, local);
    }
    let callee = *regs.sub(2);
    deliver::<SOLO>(regs, cx, t, v, callee, || count_down::<SOLO>(callee, cx))
}

/// Goes on ending a plain frame whose thread is not alone. Its locals are confined, or the thread has counted them for itself, and
/// its function is confined or a hub: whatever else there is goes to [`leave_shared`], since counting it would take more
/// registers than need no saving.
#[inline(always)]
unsafe fn leave_confined(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    let function = Ref::from_value(*regs.sub(2)).cast_unchecked::<PyFunction>();
    let mut left = function.local_count();
    while left != 0 {
        let at = regs.add(left - 1);
        let local = *at;
        if local.is_ptr() {
            if (*local.ptr()).is_published() {
                std::hint::cold_path();
                if !(*local.ptr()).count_down_noted((*cx).mutator()) {
                    return leave_shared(regs, cx, t, v);
                }
                *at = Value::UNDEF;
            } else {
                *at = Value::UNDEF;
                if (*local.ptr()).count_down_confined() {
                    return slow::call::leave_destroying::<false>(regs, cx, t, v, local);
                }
            }
        }
        left -= 1;
    }
    let callee = *regs.sub(2);
    if (*callee.ptr()).count_lasting((*cx).mutator(), -1) {
        return deliver::<false>(regs, cx, t, v, callee, || false);
    }
    if (*callee.ptr()).is_published() {
        return leave_shared(regs, cx, t, v);
    }
    deliver::<false>(regs, cx, t, v, callee, || (*callee.ptr()).count_down_confined())
}

/// As [`leave_confined`], whatever the locals are.
#[inline(never)]
unsafe fn leave_shared(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    leave_plain::<false>(regs, cx, t, v)
}

/// Delivers `v` to the caller of a frame whose locals are gone, and counts its function down.
#[inline(always)]
unsafe fn deliver<const SOLO: bool>(
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
    callee: Value,
    count_down: impl FnOnce() -> bool,
) -> Exit {
    // Read here, not before the locals are dropped: so many words would not fit into the registers that need no saving.
    *regs.sub(2) = Value::UNDEF;
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    let call_ip = (*regs.sub(4)).as_raw() as *const u64;
    let next = regs.sub(1).read_volatile().as_raw() as *const u64;
    let caller = regs.sub(3).read_volatile().as_raw() as *mut Value;
    let slot = caller.add(fa!(*call_ip));
    let old = *slot;
    *slot = v;
    if count_down() {
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
            frame::ENTRY => return leave_entered::<SOLO>(regs, cx, t, v),
            frame::INIT if v.is_none() => return construct::leave_init::<SOLO>(regs, cx, t),
            frame::OPERATOR if v != Value::NOT_IMPLEMENTED => {
                let word = *frame.call_ip();
                if !is_comparing_jump(word as u8) {
                    return leave_operator::<SOLO>(regs, cx, t, v);
                }
                if v.as_bool().is_some() && (fc_signed!(word) >= 0 || !(*cx).is_wanted()) {
                    return leave_comparing_jump::<SOLO>(regs, cx, t, v);
                }
            }
            frame::GENERATOR => return leave_generator::<SOLO>(regs, cx, t, v),
            _ => (),
        }
    }
    slow::call::leave(regs, cx, t, v)
}

/// Ends a frame that a native has entered: `v` is what it gets.
#[inline(always)]
unsafe fn leave_entered<const SOLO: bool>(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    let local = drop_locals::<SOLO>(regs, cx);
    if !local.is_undef() {
        return slow::call::leave_destroying::<SOLO>(regs, cx, t, v, local);
    }
    let callee = *regs.sub(2);
    *regs.sub(2) = Value::UNDEF;
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    if count_down::<SOLO>(callee, cx) {
        return entered_function_ended::<SOLO>(cx, v, callee);
    }
    v.0
}

/// The function that a native has called may be gone.
#[inline(never)]
unsafe fn entered_function_ended<const SOLO: bool>(cx: *mut Cx, v: Value, callee: Value) -> Exit {
    end_drop::<SOLO>(callee, cx);
    v.0
}

/// Ends a frame of kind OPERATOR: `v` is the result of the instruction, which consumes its operands now.
#[inline(always)]
unsafe fn leave_operator<const SOLO: bool>(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    let local = drop_locals::<SOLO>(regs, cx);
    if !local.is_undef() {
        return slow::call::leave_destroying::<SOLO>(regs, cx, t, v, local);
    }
    let (_, call_ip, caller) = Frame(regs).header_unchecked();
    let next = (*regs.sub(1)).as_raw() as *const u64;
    // The function was borrowed.
    *regs.sub(2) = Value::UNDEF;
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    conclude::<SOLO>(next, caller, cx, t, *call_ip, v)
}

/// As [`leave_operator`] for a jump on a comparison of two registers, where `v` is a bool.
#[inline(always)]
unsafe fn leave_comparing_jump<const SOLO: bool>(
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
) -> Exit {
    let local = drop_locals::<SOLO>(regs, cx);
    if !local.is_undef() {
        return slow::call::leave_destroying::<SOLO>(regs, cx, t, v, local);
    }
    let (_, call_ip, caller) = Frame(regs).header_unchecked();
    let word = *call_ip;
    let next = (*regs.sub(1)).as_raw() as *const u64;
    *regs.sub(2) = Value::UNDEF;
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    let negated = word as u8 >= Op::JumpNotLt as u8;
    let offset = if (v == Value::TRUE) != negated { fc_signed!(word) as isize } else { 0 };
    conclude_unit::<SOLO>(next.offset(offset), caller, cx, t, word & !0x400)
}

/// Drops the locals of a frame, the last one first. One that is not dropped so quickly is given, its count taken off, and
/// those before it are left; else `UNDEF`.
#[inline(always)]
unsafe fn drop_locals<const SOLO: bool>(regs: *mut Value, cx: *mut Cx) -> Value {
    let function = Ref::from_value(*regs.sub(2)).cast_unchecked::<PyFunction>();
    let mut left = function.local_count();
    while left != 0 {
        let at = regs.add(left - 1);
        let local = *at;
        if local.is_ptr() {
            *at = Value::UNDEF;
            if count_down::<SOLO>(local, cx) {
                return local;
            }
        }
        left -= 1;
    }
    Value::UNDEF
}
