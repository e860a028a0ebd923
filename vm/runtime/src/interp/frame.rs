//! Layout of a frame on the value stack.
//!
//! ```text
//! regs[-4]  raw: address of the caller's call instruction
//! regs[-3]  raw: the caller's registers, with the kind of the frame in the low three bits
//! regs[-2]  the function, owned; borrowed in a generator's frame, and in those that run a special method of a class
//! regs[-1]  raw: the caller's next instruction; or the frame object, owned, if one was made
//! regs[0..] locals, then temporaries
//! ```
//! The kind ENTRY may meet GENERATOR or CHAINED in one frame, the others stand alone. A frame of kind INIT runs `__init__` for a call of a
//! class; the new instance is in `regs[-5]`. That is where a generator's frame has its generator.

use crate::objects::code::PyCode;
use crate::objects::function::PyFunction;
use crate::objects::generator::PyGenerator;
use crate::{Ref, RefExt, Value};
use ungil_bytecode::WINDOW_HEADER;

/// Entered from a native: returning leaves the interpreter loop.
pub const ENTRY: u64 = 1;
/// Runs `__init__`: its result must be `None`, the call's result is in `regs[-5]`.
pub const INIT: u64 = 2;
/// Registers belong to a generator; suspending and returning go back to who resumed it.
pub const GENERATOR: u64 = 4;
/// Runs the method of an instance for a binary operator: if it gives `NotImplemented`, the right operand is asked.
pub const OPERATOR: u64 = ENTRY | INIT;
/// A generator's, for which others wait that have been resumed and delegate to it (`objects/generator/chain.rs`).
pub const CHAINED: u64 = GENERATOR | INIT;
/// The bits of `regs[-3]` that are the kind.
pub(crate) const KINDS: u64 = 7;

/// Whether the end of a frame of this kind leaves the interpreter loop.
#[inline(always)]
pub fn is_entry(kind: u64) -> bool {
    kind & (ENTRY | INIT) == ENTRY
}

/// A view of a frame by its registers.
#[derive(Clone, Copy)]
pub struct Frame(pub *mut Value);

impl Frame {
    #[inline(always)]
    fn word(self, i: isize) -> *mut Value {
        // SAFETY: a frame has its header in front of its registers.
        unsafe { self.0.offset(i) }
    }

    /// Makes sure that the frame below is there, so that the header is that of this frame alone.
    #[inline(always)]
    fn settle(self) {
        if self.header_unchecked().0 & CHAINED == CHAINED {
            crate::objects::generator::unfold(self);
        }
    }

    /// Kind, call instruction and caller as they stand there: a chained frame's are not its own.
    #[inline(always)]
    pub(crate) fn header_unchecked(self) -> (u64, *const u64, *mut Value) {
        // SAFETY: see the module's head.
        let (call_ip, caller) = unsafe { ((*self.word(-4)).as_raw(), (*self.word(-3)).as_raw()) };
        (caller & KINDS, call_ip as *const u64, (caller & !KINDS) as *mut Value)
    }

    /// The call instruction that made the frame, null for an ENTRY frame.
    #[inline(always)]
    pub fn call_ip(self) -> *const u64 {
        self.settle();
        self.header_unchecked().1
    }

    /// The registers of the caller's frame: for an ENTRY frame, those of the frame below, null if there is none.
    #[inline(always)]
    pub fn caller(self) -> *mut Value {
        self.settle();
        self.header_unchecked().2
    }

    /// The kind, which is never CHAINED: what asks for it wants to go on below.
    #[inline(always)]
    pub fn kind(self) -> u64 {
        self.settle();
        self.header_unchecked().0
    }

    #[inline(always)]
    pub fn function<'a>(self) -> &'a PyFunction {
        // SAFETY: the function lives as long as the frame.
        unsafe { Ref::from_value(*self.word(-2)).cast_unchecked::<PyFunction>() }
    }

    #[inline(always)]
    pub fn code(self) -> &'static PyCode {
        self.function().code()
    }

    /// Makes it a frame of another function with the same code; what was there.
    pub(crate) fn set_function(self, v: Value) -> Value {
        // SAFETY: see the module's head.
        unsafe { std::mem::replace(&mut *self.word(-2), v) }
    }

    /// Whether the function is kept by somebody else: by the generator; or it is a hub, since a class has resolved a special
    /// method to it, and the collector looks for such in the stacks of values.
    #[inline(always)]
    pub fn borrows_function(self) -> bool {
        self.header_unchecked().0 & (GENERATOR | INIT) != 0
    }

    /// The frame object, if one was made: an owned reference in the header.
    #[inline(always)]
    pub fn object(self) -> Option<Value> {
        // SAFETY: see the module's head.
        let v = unsafe { *self.word(-1) };
        v.is_ptr().then_some(v)
    }

    pub fn set_object(self, v: Value) {
        // SAFETY: see the module's head; what was there was raw.
        unsafe { *self.word(-1) = v };
    }

    /// The generator that the registers belong to, if they do.
    #[inline(always)]
    pub fn generator<'a>(self) -> Option<&'a PyGenerator> {
        // SAFETY: under the header of such a frame is its generator, which it owns while it runs.
        (self.header_unchecked().0 & GENERATOR != 0)
            .then(|| unsafe { Ref::from_value(*self.word(-5)).cast_unchecked::<PyGenerator>() })
    }

    /// Where a frame that a native pushes above this one begins (its header).
    #[inline(always)]
    pub fn top(self) -> *mut Value {
        // SAFETY: within the stack, or at most at its end.
        unsafe { self.0.add(self.function().register_count()) }
    }

    /// Writes the header of a frame whose window starts at `window`; the function is in place already.
    ///
    /// # Safety
    /// The window has room for the header.
    #[inline(always)]
    pub unsafe fn link(
        window: *mut Value,
        call_ip: *const u64,
        caller: *mut Value,
        kind: u64,
        next: *const u64,
    ) -> Frame {
        // SAFETY: as the caller promises.
        unsafe {
            *window = Value::raw(call_ip as u64);
            *window.add(1) = Value::raw(caller as u64 | kind);
            *window.add(3) = Value::raw(next as u64);
            Frame(window.add(WINDOW_HEADER))
        }
    }
}

/// The frames of a thread from the innermost outwards, each with the instruction it is at.
pub struct Frames {
    next: *mut Value,
    ip: *const u64,
}

impl Frames {
    /// The frames below and including the one with these registers, which is at `ip`.
    pub fn from(regs: *mut Value, ip: *const u64) -> Frames {
        Frames { next: regs, ip }
    }
}

impl Iterator for Frames {
    type Item = (Frame, *const u64);

    fn next(&mut self) -> Option<(Frame, *const u64)> {
        if self.next.is_null() {
            return None;
        }
        let frame = Frame(self.next);
        let at = self.ip;
        self.next = frame.caller();
        self.ip = frame.call_ip();
        Some((frame, at))
    }
}
