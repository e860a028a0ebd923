//! Slow paths: handlers that may allocate, run Python, or fail. Reached by tail calls from `handlers/`, or directly by
//! dispatch for instructions that have no fast path.

// Every function here is a handler, whose contract `interp/mod.rs` states once for all of them.
#![allow(unsafe_op_in_unsafe_fn, clippy::missing_safety_doc)]

#[macro_use]
mod macros;
pub mod arith;
pub mod attr;
pub mod build;
pub mod call;
pub mod compare;
pub mod except;
pub mod generator;
pub mod item;
pub mod iterate;
pub mod names;
pub mod operator;
pub mod patterns;
pub mod super_;
pub mod types;

use super::{Exit, Next, Table, unwind};
use crate::{Cx, Obj, Ref, Value};

/// A register as a borrowed operand.
#[inline(always)]
pub(super) unsafe fn operand<'a>(regs: *mut Value, index: usize) -> Ref<'a> {
    Ref::from_value(*regs.add(index))
}

/// A register's value, moved out or counted as the consume flag in `bit` says.
#[inline(always)]
pub(super) unsafe fn take(word: u64, bit: u64, regs: *mut Value, index: usize, cx: *mut Cx) -> Obj {
    let v = *regs.add(index);
    if word & bit != 0 {
        *regs.add(index) = Value::UNDEF;
        return Obj::from_owned(v);
    }
    Obj::from_borrowed(v, &*cx)
}

/// Moves a temporary out.
#[inline(always)]
pub(super) unsafe fn take_temp(regs: *mut Value, index: usize) -> Option<Obj> {
    let v = std::mem::replace(&mut *regs.add(index), Value::UNDEF);
    if v.is_undef() { None } else { Some(Obj::from_owned(v)) }
}

/// Drops the operands that the instruction consumes.
#[inline(always)]
pub(super) unsafe fn consume(word: u64, regs: *mut Value, cx: *mut Cx) {
    if word & 0x700 == 0 {
        return;
    }
    for (bit, index) in [(0x100, fa!(word)), (0x200, fb!(word)), (0x400, fc!(word))] {
        if word & bit != 0 {
            let v = std::mem::replace(&mut *regs.add(index), Value::UNDEF);
            (*cx).drop_value(v);
        }
    }
}

/// Writes a result register, dropping what it held.
#[inline(always)]
pub(super) unsafe fn put(regs: *mut Value, index: usize, v: Obj, cx: *mut Cx) {
    let old = std::mem::replace(&mut *regs.add(index), v.into_value());
    (*cx).drop_value(old);
}

slow_path! {
    /// Answers a raised check word, then goes on at `ip`.
    pub fn poll(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        match (*cx).safepoint() {
            Ok(()) => resume_at(ip, regs, cx, t),
            Err(err) => unwind::raise(ip, regs, cx, t, err),
        }
    }
}

slow_path! {
    /// Runs what waits to be finalized, then goes on at `ip`.
    pub fn pending_then(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        crate::finalize::run_pending(&mut *cx);
        Next::at(ip, regs)
    }
}

/// Drops two values, then goes on at `ip`.
#[inline(never)]
pub unsafe fn drop_two(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    a: Value,
    b: Value,
) -> Exit {
    (*cx).drop_value(a);
    (*cx).drop_value(b);
    super::handlers::resume_at(ip, regs, cx, t)
}

/// Goes on at `ip`, after running what waits to be finalized.
#[inline(always)]
pub(crate) unsafe fn resume_at(ip: *const u64, regs: *mut Value, cx: *mut Cx, _t: *const Table) -> Next {
    if (*cx).has_pending() {
        enter!(ip, regs, cx);
        crate::finalize::run_pending(&mut *cx);
    }
    Next::at(ip, regs)
}

/// Words of an instruction, by its opcode.
#[inline(always)]
pub(super) fn words(word: u64) -> usize {
    // SAFETY: verified code holds valid opcodes only.
    unsafe { ungil_bytecode::Op::from_u8(word as u8).unwrap_unchecked() }.words()
}

/// Calls a closure: a scope that `?` can leave.
#[inline(always)]
pub(super) fn attempt<T>(f: impl FnOnce() -> crate::R<T>) -> crate::R<T> {
    f()
}
