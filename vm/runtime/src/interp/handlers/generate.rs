//! Resuming generators and suspending them where nothing but their registers is at stake: no frame object, no exception
//! being handled on either side, no other thread that could resume the same one. All else is `slow/generator.rs`.

use super::end_drop;
use super::moves::{drop_then, resume_at};
use super::{count_down, count_up};
use crate::class::Builtin;
use crate::interp::Exit;
use crate::interp::frame::{ENTRY, Frame, GENERATOR};
use crate::interp::slow;
use crate::objects::generator::{PyGenerator, state};
use crate::{Cx, Ref, RefExt, Value};
use ungil_bytecode::{Op, WINDOW_HEADER};

const GENERATOR_SHAPE: u32 = (Builtin::Generator as u32) << 1;
const COROUTINE_SHAPE: u32 = (Builtin::Coroutine as u32) << 1;

/// Whether the generator can be resumed by moving its registers alone, above the frame that ends at `top`.
#[inline(always)]
unsafe fn is_simple<const SOLO: bool>(g: &PyGenerator, top: *mut Value, cx: *mut Cx) -> bool {
    g.state() <= state::SUSPENDED
        && (SOLO || (*cx).is_exclusive(&g.h))
        && !(*cx).handled.get().is_ptr()
        && g.has_registers_only()
        && (*cx).recursion_left.get() > 0
        && (*cx).stack.fits(top.add(g.count() + WINDOW_HEADER + 1))
}

/// Puts the generator's frame on the stack at `top`. `v` is what its `yield` gives, if it is at one. Where it goes on.
#[inline(always)]
unsafe fn resume<const SOLO: bool>(
    generator: Value,
    top: *mut Value,
    call_ip: *const u64,
    caller: *mut Value,
    next: *const u64,
    cx: *mut Cx,
    v: Value,
) -> (*const u64, *mut Value) {
    let g = Ref::from_value(generator).cast_unchecked::<PyGenerator>();
    count_up::<SOLO>(generator, cx);
    *top = generator;
    let window = top.add(1);
    // Borrowed: the generator, which the frame owns, keeps its function.
    *window.add(2) = g.function.peek();
    let frame = Frame::link(window, call_ip, caller, GENERATOR, next);
    g.copy_registers_to(frame.0);
    g.outer_handled.set((*cx).handled.get());
    (*cx).recursion_left.set((*cx).recursion_left.get() - 1);
    let ip = g.ip.get();
    if g.start_exclusive() == state::CREATED {
        return (ip, frame.0);
    }
    *frame.0.add(fa!(*ip)) = v;
    (ip.add(1), frame.0)
}

handler! {
    /// The step of a loop over a generator.
    #[inline(never)]
    pub fn for_iter_generator(ip, regs, cx, t) {
        let generator = *regs.add(fb!(*ip));
        let top = Frame(regs).top();
        if !is_simple::<SOLO>(Ref::from_value(generator).cast_unchecked::<PyGenerator>(), top, cx) {
            return slow::iterate::for_iter_generator::run(ip, regs, cx, t);
        }
        let (ip, regs) = resume::<SOLO>(generator, top, ip, regs, ip.add(2), cx, Value::NONE);
        goto!(ip, regs, cx, t)
    }
}

handler! {
    pub fn send(ip, regs, cx, t) {
        let word = *ip;
        let iterator = *regs.add(fa!(word) + 1);
        if !iterator.is_ptr() {
            return slow::generator::send::run(ip, regs, cx, t);
        }
        let shape = (*iterator.ptr()).shape_word();
        if shape != GENERATOR_SHAPE && shape != COROUTINE_SHAPE {
            return slow::generator::send::run(ip, regs, cx, t);
        }
        let g = Ref::from_value(iterator).cast_unchecked::<PyGenerator>();
        let source = regs.add(fb!(word));
        let v = *source;
        let top = Frame(regs).top();
        if !is_simple::<SOLO>(g, top, cx) || (!v.is_none() && g.state() == state::CREATED) {
            return slow::generator::send::run(ip, regs, cx, t);
        }
        if v.is_ptr() {
            if word & 0x200 != 0 {
                *source = Value::UNDEF;
            } else {
                count_or_prepare!(v, ip, regs, cx, t);
            }
        }
        let (ip, regs) = resume::<SOLO>(iterator, top, ip, regs, ip.add(1), cx, v);
        goto!(ip, regs, cx, t)
    }
}

handler! {
    pub fn yield_(ip, regs, cx, t) {
        let word = *ip;
        let generator = *regs.sub(5);
        let g = Ref::from_value(generator).cast_unchecked::<PyGenerator>();
        if !(SOLO || (*cx).is_exclusive(&g.h))
            || (*cx).handled.get().is_ptr()
            || g.outer_handled.get().is_ptr()
            || g.h.is_published()
            || (*regs.sub(1)).is_ptr()
        {
            return slow::generator::yield_::run(ip, regs, cx, t);
        }
        let source = regs.add(fb!(word));
        let v = *source;
        if v.is_ptr() {
            if word & 0x200 != 0 {
                *source = Value::UNDEF;
            } else {
                count_or_prepare!(v, ip, regs, cx, t);
            }
        }
        let frame = Frame(regs);
        let (kind, call_ip, caller) = (frame.kind(), frame.call_ip(), frame.caller());
        g.move_registers_from(frame);
        *regs.sub(2) = Value::UNDEF;
        *regs.sub(5) = Value::UNDEF;
        g.ip.set(ip);
        g.outer_handled.set(Value::UNDEF);
        g.suspend_exclusive();
        (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
        if count_down::<SOLO>(generator, cx) {
            return yield_last::<SOLO>(call_ip, caller, cx, v, generator, kind & ENTRY != 0);
        }
        if kind & ENTRY != 0 {
            return v.0;
        }
        let call = *call_ip;
        let words = if call as u8 == Op::ForIter as u8 { 2 } else { 1 };
        let slot = caller.add(fa!(call));
        let old = *slot;
        *slot = v;
        let next = call_ip.add(words);
        if old.is_ptr() {
            return drop_then::<SOLO>(next, caller, cx, t, old);
        }
        goto!(next, caller, cx, t)
    }
}

/// Delivers what a generator has given after its frame's reference to it turned out to be the last one, or one that is not
/// dropped so quickly. Its end may queue what runs later.
#[inline(never)]
unsafe fn yield_last<const SOLO: bool>(
    call_ip: *const u64,
    caller: *mut Value,
    cx: *mut Cx,
    v: Value,
    generator: Value,
    is_entry: bool,
) -> Exit {
    end_drop::<SOLO>(generator, cx);
    if is_entry {
        return v.0;
    }
    let words = if *call_ip as u8 == Op::ForIter as u8 { 2 } else { 1 };
    let slot = caller.add(fa!(*call_ip));
    let old = std::mem::replace(&mut *slot, v);
    (*cx).drop_value(old);
    resume_at(call_ip.add(words), caller, cx, super::table(&*cx))
}
