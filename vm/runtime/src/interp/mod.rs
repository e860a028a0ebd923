//! The interpreter: frames on a value stack, one handler a bytecode instruction.
//!
//! A handler is a function `(ip, registers, context, table)` that ends in a call of the next handler. Optimised
//! builds compile these calls to jumps, so the native stack does not grow; every other call in a handler is in tail
//! position too or inlined (see `design/interpreter.md`). Python-to-Python calls push a frame on the value stack and
//! go on in the same loop.
//!
//! - `stack.rs`: the value stack and the native stack's limit; `frame.rs`: layout of a frame
//! - `handlers/`: the fast paths, `slow/`: what they hand over to
//! - `tracing/`: reporting what runs to hooks
//! - `cache.rs`: inline caches, `recent.rs`: what natives have of them; `unwind.rs`: raising; `run.rs`: entering from natives; `events.rs`: safepoints' duties
//!
//! # Safety of handlers
//! All handlers share one contract: `ip` points at an instruction of verified code of the function in the frame
//! that `regs` belongs to, `cx` is the attached thread's context, `table` is the one of [`handlers::table`]. Every register of the frame
//! holds a valid value: an immediate or an owned reference. What a consumed register held is gone from it.

#[macro_use]
mod macros;
pub mod cache;
pub mod events;
pub mod frame;
pub mod handlers;
pub(crate) mod recent;
pub mod run;
pub(crate) mod slow;
pub mod stack;
pub mod tracing;
pub mod unwind;

pub use slow::except::exception_matches;
pub(crate) use slow::iterate::for_iter_end;
pub(crate) use slow::resume_at;

use crate::{Cx, Value};

/// What the interpreter returns: the word of a value, or [`FAILED`] with the exception in `cx`.
pub type Exit = u64;

/// No value has this word.
pub const FAILED: Exit = 0;

/// Where a slow path goes on: an instruction and the registers of its frame; or, with a null `ip`, what the loop
/// returns, in place of `regs`. Slow paths do not dispatch themselves: what they keep on the native stack would turn
/// the jump to the next handler into a call.
#[derive(Clone, Copy)]
pub struct Next {
    pub ip: *const u64,
    pub regs: *mut Value,
}

impl Next {
    /// Goes on at an instruction.
    #[inline(always)]
    pub fn at(ip: *const u64, regs: *mut Value) -> Next {
        Next { ip, regs }
    }

    /// Leaves the loop.
    #[inline(always)]
    pub fn exit(word: Exit) -> Next {
        Next { ip: std::ptr::null(), regs: word as *mut Value }
    }
}

/// See the module's head.
pub type Handler = unsafe fn(*const u64, *mut Value, *mut Cx, *const Table) -> Exit;

/// The handlers by opcode.
#[repr(transparent)]
pub struct Table(pub [Handler; 256]);
