//! Resuming generators and suspending them where nothing but their registers is at stake: no frame object, no exception
//! being handled on either side, no other thread that could resume the same one. All else is `slow/generator.rs`. What delegates is
//! passed over where it can be (`objects/generator/chain.rs`).

use super::end_drop;
use super::moves::{drop_then, resume_at};
use super::{count_down, count_down_own, count_up_own, drop_value};
use crate::class::Builtin;
use crate::interp::frame::{CHAINED, ENTRY, Frame, GENERATOR};
use crate::interp::slow;
use crate::interp::{Exit, FAILED, Table};
use crate::objects::generator::{self, AT_ONCE, Place, PyGenerator, kept, state};
use crate::{Cx, Ref, RefExt, Value};
use ungil_bytecode::Op;

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
        && (*cx).stack.fits(top.add(g.words_on_stack()))
}

/// Puts the frame of a generator that the thread is exclusive to on the stack. `v` is what its `yield` gives, if it is at one. Where it goes on.
#[inline(always)]
unsafe fn resume<const SOLO: bool, const MANY: bool>(
    place: Place,
    call_ip: *const u64,
    caller: *mut Value,
    next: *const u64,
    cx: *mut Cx,
    v: Value,
) -> (*const u64, *mut Value) {
    let Place { generator, base, kind } = place;
    let g = Ref::from_value(generator).cast_unchecked::<PyGenerator>();
    count_up_own::<SOLO>(generator, cx);
    *base = generator;
    let window = base.add(1);
    // Borrowed: the generator, which the frame owns, keeps its function.
    *window.add(2) = g.function.peek();
    let frame = Frame::link(window, call_ip, caller, kind, next);
    g.copy_registers_to::<MANY>(frame.0);
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
        let g = Ref::from_value(generator).cast_unchecked::<PyGenerator>();
        let top = Frame(regs).top();
        if !is_simple::<SOLO>(g, top, cx) {
            return slow::iterate::for_iter_generator::run(ip, regs, cx, t);
        }
        if g.may_wait() {
            return resume_innermost::<SOLO>(ip, regs, cx, t, generator, Value::NONE);
        }
        if g.keeps_many() {
            return for_iter_many::<SOLO>(ip, regs, cx, t);
        }
        let (ip, regs) = resume::<SOLO, false>(Place { generator, base: top, kind: GENERATOR }, ip, regs, ip.add(2), cx, Value::NONE);
        goto!(ip, regs, cx, t)
    }
}

handler! {
    /// As [`for_iter_generator`] for one that is simple and keeps many registers.
    #[inline(never)]
    fn for_iter_many(ip, regs, cx, t) {
        let generator = *regs.add(fb!(*ip));
        let top = Frame(regs).top();
        let (ip, regs) = resume::<SOLO, true>(Place { generator, base: top, kind: GENERATOR }, ip, regs, ip.add(2), cx, Value::NONE);
        goto!(ip, regs, cx, t)
    }
}

/// Resumes a generator by the `ForIter` or `Send` at `ip`, or rather the last one of those that it and they delegate to, which
/// gets `v`.
#[inline(never)]
unsafe fn resume_innermost<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    generator: Value,
    v: Value,
) -> Exit {
    let place = generator::fold(&*cx, Ref::from_value(generator), Frame(regs).top());
    let next = ip.add(if *ip as u8 == Op::ForIter as u8 { 2 } else { 1 });
    let (ip, regs) = resume::<SOLO, true>(place, ip, regs, next, cx, v);
    goto!(ip, regs, cx, t)
}

handler! {
    pub fn send(ip, regs, cx, t) {
        send_to::<SOLO, false>(ip, regs, cx, t)
    }
}

handler! {
    #[inline(never)]
    fn send_many(ip, regs, cx, t) {
        send_to::<SOLO, true>(ip, regs, cx, t)
    }
}

/// `Send` to an iterator, which keeps many registers or delegates if `MANY`.
#[inline(always)]
unsafe fn send_to<const SOLO: bool, const MANY: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
) -> Exit {
    let iterator = *regs.add(fa!(*ip) + 1);
    if !iterator.is_ptr() {
        return slow::generator::send::run(ip, regs, cx, t);
    }
    let shape = (*iterator.ptr()).shape_word();
    if shape != GENERATOR_SHAPE && shape != COROUTINE_SHAPE {
        return slow::generator::send::run(ip, regs, cx, t);
    }
    let g = Ref::from_value(iterator).cast_unchecked::<PyGenerator>();
    let source = regs.add(fb!(*ip));
    let v = *source;
    let top = Frame(regs).top();
    if !is_simple::<SOLO>(g, top, cx) || (!v.is_none() && g.state() == state::CREATED) {
        return slow::generator::send::run(ip, regs, cx, t);
    }
    if !MANY && (g.keeps_many() || g.may_wait()) {
        return send_many::<SOLO>(ip, regs, cx, t);
    }
    if v.is_ptr() {
        if flags!(*ip) & 0x200 != 0 {
            *source = Value::UNDEF;
        } else {
            count_or_prepare!(v, ip, regs, cx, t);
        }
    }
    if MANY && g.may_wait() {
        return resume_innermost::<SOLO>(ip, regs, cx, t, iterator, v);
    }
    let (ip, regs) = resume::<SOLO, MANY>(
        Place { generator: iterator, base: top, kind: GENERATOR },
        ip,
        regs,
        ip.add(1),
        cx,
        v,
    );
    goto!(ip, regs, cx, t)
}

handler! {
    pub fn yield_(ip, regs, cx, t) {
        suspend::<SOLO, false>(ip, regs, cx, t)
    }
}

handler! {
    #[inline(never)]
    fn yield_many(ip, regs, cx, t) {
        suspend::<SOLO, true>(ip, regs, cx, t)
    }
}

/// `Yield`, where many registers are kept if `MANY`.
#[inline(always)]
unsafe fn suspend<const SOLO: bool, const MANY: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
) -> Exit {
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
    if !MANY && kept(*ip) > AT_ONCE {
        return yield_many::<SOLO>(ip, regs, cx, t);
    }
    let source = regs.add(fb!(*ip));
    let v = *source;
    if v.is_ptr() {
        if flags!(*ip) & 0x200 != 0 {
            *source = Value::UNDEF;
        } else {
            count_or_prepare!(v, ip, regs, cx, t);
        }
    }
    let frame = Frame(regs);
    g.move_registers_from::<MANY>(frame, kept(*ip));
    g.ip.set(ip);
    g.suspend();
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    *regs.sub(2) = Value::UNDEF;
    *regs.sub(5) = Value::UNDEF;
    // Read only now, so that the machine's registers suffice.
    let (kind, call_ip, caller) = frame.header_unchecked();
    if kind != GENERATOR {
        return yield_beyond::<SOLO>(regs, cx, t, v, generator);
    }
    let next = (*regs.sub(1)).as_raw() as *const u64;
    if count_down_own::<SOLO>(generator, cx) {
        return yield_last::<SOLO>(call_ip, caller, cx, v, generator, false);
    }
    finish!(next, caller, cx, t, fa!(*call_ip), v)
}

/// Delivers what a generator has given to whoever resumed it, past those that have delegated to it, or to a native. Only the
/// header of its frame is left.
#[inline(never)]
unsafe fn yield_beyond<const SOLO: bool>(
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
    generator: Value,
) -> Exit {
    let (kind, call_ip, caller) = Frame(regs).header_unchecked();
    let next = (*regs.sub(1)).as_raw() as *const u64;
    let mut owned = generator;
    if kind & CHAINED == CHAINED {
        let g = Ref::from_value(generator).cast_unchecked::<PyGenerator>();
        owned = generator::suspend_waiting(cx, g, regs);
        // What waited has a reference of its own.
        drop_value::<SOLO>(generator, cx);
    }
    if count_down::<SOLO>(owned, cx) {
        return yield_last::<SOLO>(call_ip, caller, cx, v, owned, kind & ENTRY != 0);
    }
    if kind & ENTRY != 0 {
        return v.0;
    }
    finish!(next, caller, cx, t, fa!(*call_ip), v)
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

handler! {
    /// Makes the generator of a frame that has just been pushed.
    pub fn return_generator(ip, regs, cx, t) {
        let frame = Frame(regs);
        let (kind, call_ip, caller) = frame.header_unchecked();
        if kind != 0 || frame.object().is_some() {
            return slow::generator::return_generator::run(ip, regs, cx, t);
        }
        let next = (*regs.sub(1)).as_raw() as *const u64;
        (*cx).regs.set(regs);
        (*cx).ip.set(ip);
        let generator = make(cx, frame, ip.add(1));
        if generator == FAILED {
            return slow::generator::return_generator::run(ip, regs, cx, t);
        }
        (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
        finish!(next, caller, cx, t, fa!(*call_ip), Value(generator))
    }
}

/// The generator of a frame, or [`FAILED`] if there is no memory, and nothing has been done.
#[inline(never)]
unsafe fn make(cx: *mut Cx, frame: Frame, ip: *const u64) -> u64 {
    generator::from_frame(&mut *cx, frame, ip).map_or(FAILED, |made| made.into_value().0)
}

handler! {
    /// A coroutine that has not begun is its own iterator.
    pub fn get_awaitable(ip, regs, cx, t) {
        let source = regs.add(fb!(*ip));
        let v = *source;
        if !v.is_ptr()
            || (*v.ptr()).shape_word() != COROUTINE_SHAPE
            || Ref::from_value(v).cast_unchecked::<PyGenerator>().state() != state::CREATED
        {
            return slow::generator::get_awaitable::run(ip, regs, cx, t);
        }
        keep::<SOLO>(ip, regs, cx, t, source, v)
    }
}

handler! {
    /// A generator is its own iterator.
    pub fn get_yield_from_iter(ip, regs, cx, t) {
        let source = regs.add(fb!(*ip));
        let v = *source;
        if !v.is_ptr() || (*v.ptr()).shape_word() != GENERATOR_SHAPE {
            return slow::generator::get_yield_from_iter::run(ip, regs, cx, t);
        }
        keep::<SOLO>(ip, regs, cx, t, source, v)
    }
}

/// Ends an instruction whose result is its operand `v`, which is a pointer and lies in `source`.
#[inline(always)]
unsafe fn keep<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    source: *mut Value,
    v: Value,
) -> Exit {
    if flags!(*ip) & 0x200 != 0 {
        *source = Value::UNDEF;
    } else {
        count_or_prepare!(v, ip, regs, cx, t);
    }
    finish!(ip.add(1), regs, cx, t, fa!(*ip), v)
}

/// Ends the frame of a generator that is resumed by an instruction, has no frame object and handles no exception: drops its
/// locals, and delivers `v` to the `Send`, or ends the loop.
#[inline(never)]
pub(super) unsafe fn leave_generator<const SOLO: bool>(
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
) -> Exit {
    let generator = *regs.sub(5);
    let g = Ref::from_value(generator).cast_unchecked::<PyGenerator>();
    let (_, call_ip, caller) = Frame(regs).header_unchecked();
    let call = *call_ip;
    let is_loop = call as u8 == Op::ForIter as u8;
    debug_assert!(is_loop || call as u8 == Op::Send as u8);
    if (*cx).handled.get().is_ptr() || g.outer_handled.get().is_ptr() || is_loop && v.is_ptr() {
        return slow::call::leave(regs, cx, t, v);
    }
    // The last local goes first, as in CPython.
    let mut at = regs.add(g.function().local_count());
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
    *regs.sub(5) = Value::UNDEF;
    g.finish();
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    // Whoever resumes it has a reference of its own.
    drop_value::<SOLO>(generator, cx);
    if is_loop {
        return slow::iterate::for_iter_end::run(call_ip, caller, cx, t);
    }
    let slot = caller.add(fa!(call));
    let old = std::mem::replace(&mut *slot, v);
    drop_value::<SOLO>(old, cx);
    let iterator = std::mem::replace(&mut *slot.add(1), Value::UNDEF);
    let next = call_ip.add(1).offset(fc_signed!(call) as isize);
    if SOLO {
        if count_down::<SOLO>(iterator, cx) && !generator::end_finished(&*cx, iterator) {
            end_drop::<SOLO>(iterator, cx);
        }
        return resume_at(next, caller, cx, t);
    }
    drop_then::<SOLO>(next, caller, cx, t, iterator)
}
