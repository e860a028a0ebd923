//! Chains of delegation: a generator that is suspended in a `yield from` or `await` of another generator, and so on.
//!
//! Resuming the outermost resumes the innermost at once, on behalf of whoever resumed the outermost. The others *wait*
//! ([`state::WAITING`]): they count as running, but their registers stay where they are. Their frames have room on the
//! stack, below that of the innermost, which is of a kind of its own (`frame::CHAINED`) and has the header that the outermost's
//! frame would have. Suspending goes back the same way. Nothing else knows of such frames: whoever asks for the header of
//! one makes the frame of the generator that waits for it first ([`unfold`]), which then is the chained one, until there is none.
//!
//! ```text
//! outermost's resumer | the outermost, owned; empty | ... | empty | the innermost, owned; header; registers
//! ```
//! What the generators that wait hold keeps all but the outermost alive. None of them is published: if one is while it waits, so
//! is the innermost (PUB-1), and one that is published suspends the long way, which asks for the header.

use super::resume::send_of;
use super::{PyGenerator, delegates, state};
use crate::interp::frame::{CHAINED, ENTRY, Frame, GENERATOR};
use crate::prelude::*;
use std::cell::Cell;
use ungil_bytecode::{Op, WINDOW_HEADER};
use ungil_locks::primitive::Ordering;

/// Words below a generator's registers: the header, and the reference to the generator.
const BELOW: usize = WINDOW_HEADER + 1;

const GENERATOR_SHAPE: u32 = (Builtin::Generator as u32) << 1;
const COROUTINE_SHAPE: u32 = (Builtin::Coroutine as u32) << 1;

impl PyGenerator {
    /// Whether it is suspended where it delegates, or new and at an instruction that looks so: [`fold`] will know.
    #[inline(always)]
    pub(crate) fn may_wait(&self) -> bool {
        // SAFETY: where it goes on is an instruction.
        delegates(unsafe { *self.ip.get() })
    }

    /// The generator that it delegates to, if that is all that resuming it would resume.
    #[inline(always)]
    fn next_in_chain(&self) -> Option<&PyGenerator> {
        if self.state() != state::SUSPENDED || !self.may_wait() {
            return None;
        }
        // SAFETY: a suspended generator's registers are stored, and behind the result of a delegating `Yield` is the iterator.
        let inner = unsafe { *self.registers().add((*self.ip.get() >> 16) as u16 as usize + 1) };
        if !inner.is_ptr() {
            return None;
        }
        // SAFETY: an object, and then a generator.
        unsafe {
            let shape = (*inner.ptr()).shape_word();
            if shape != GENERATOR_SHAPE && shape != COROUTINE_SHAPE {
                return None;
            }
            let inner = &*inner.ptr().cast::<PyGenerator>();
            (inner.state() == state::SUSPENDED && inner.has_registers_only()).then_some(inner)
        }
    }
}

/// What is to be resumed, where, and of which kind its frame is.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub generator: Value,
    /// Where the stack takes the reference to it, which its header and its registers follow.
    pub base: *mut Value,
    pub kind: u64,
}

/// Lets a generator that is about to be resumed at `base`, and what it delegates to, wait as far as possible. What is to be
/// resumed in its place.
///
/// # Safety
/// The generator may be resumed there and then with its registers alone.
#[inline(always)]
pub(crate) unsafe fn fold(cx: &Cx, outermost: Ref<'_>, base: *mut Value) -> Place {
    // SAFETY: the caller passes a generator. The stack has room for what is looked at.
    unsafe {
        let mut g = outermost.cast_unchecked::<PyGenerator>();
        let (mut at, mut left) = (base, cx.recursion_left.get());
        if cx.tracing.is_reporting() {
            return Place { generator: outermost.value(), base, kind: GENERATOR };
        }
        while let Some(inner) = g.next_in_chain() {
            let above = at.add(BELOW + g.count());
            if left <= 1 || !cx.stack.fits(above.add(inner.words_on_stack())) {
                break;
            }
            // ORD: relaxed; it is confined.
            g.state.store(state::WAITING, Ordering::Relaxed);
            inner.waiting.set(g);
            (g, at, left) = (inner, above, left - 1);
        }
        if at == base {
            return Place { generator: outermost.value(), base, kind: GENERATOR };
        }
        cx.recursion_left.set(left);
        *base = outermost.own(cx).into_value();
        Place { generator: ref_of(g).value(), base: at, kind: CHAINED }
    }
}

/// Suspends what waits for a generator, which has just been suspended itself and whose registers were at `regs`. Gives the
/// reference to the outermost that its frame would have owned.
///
/// # Safety
/// The frame was a chained one, and the generators are confined.
#[inline(always)]
pub(crate) unsafe fn suspend_waiting(cx: *mut Cx, innermost: &PyGenerator, regs: *mut Value) -> Value {
    // SAFETY: as the caller promises; those that wait are alive.
    unsafe {
        let mut at = regs.sub(BELOW);
        let mut g = innermost;
        let mut left = (*cx).recursion_left.get();
        while let Some(outer) = g.waiting.replace(std::ptr::null()).as_ref() {
            outer.suspend();
            at = at.sub(BELOW + outer.count());
            left += 1;
            g = outer;
        }
        (*cx).recursion_left.set(left);
        std::mem::replace(&mut *at, Value::UNDEF)
    }
}

/// Makes the frame of the generator that waits for the innermost one, whose frame is then like any other.
#[cold]
#[inline(never)]
pub(crate) fn unfold(frame: Frame) {
    let m = Mutator::current();
    // SAFETY: a chained frame is the innermost generator's, and there is room below for those of the generators that wait.
    unsafe {
        let innermost = &*(*frame.0.sub(BELOW)).ptr().cast::<PyGenerator>();
        let Some(g) = innermost.waiting.replace(std::ptr::null()).as_ref() else {
            ungil_gc::fatal("a chained frame without a generator that waits")
        };
        let is_outermost = g.waiting.get().is_null();
        let (kind, call_ip, caller) = frame.header_unchecked();
        let regs = frame.0.sub(BELOW + g.count());
        if !is_outermost {
            *regs.sub(BELOW) = ref_of(g).own(m).into_value();
        }
        *regs.sub(2) = g.function.peek();
        let entered = kind & ENTRY;
        let next = match entered {
            ENTRY => std::ptr::null(),
            _ => call_ip.add(if *call_ip as u8 == Op::ForIter as u8 { 2 } else { 1 }),
        };
        let kind = if is_outermost { GENERATOR } else { CHAINED };
        Frame::link(regs.sub(WINDOW_HEADER), call_ip, caller, kind | entered, next);
        for i in 0..g.live.get() as usize {
            *regs.add(i) = *g.registers().add(i);
        }
        g.outer_handled.set(Value::UNDEF);
        // ORD: relaxed; whoever is not this thread has stopped the world.
        g.state.store(state::RUNNING, Ordering::Relaxed);
        let send = send_of(g.ip.get());
        let object = frame.object();
        Frame::link(frame.0.sub(WINDOW_HEADER), send, regs, GENERATOR, send.add(1));
        if let Some(object) = object {
            frame.set_object(object);
        }
    }
}

/// The generator that waits for another one.
pub(super) type Waiting = Cell<*const PyGenerator>;
