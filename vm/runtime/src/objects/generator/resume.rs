//! Suspending and resuming.

use super::chain::{Place, fold};
use super::{PyGenerator, state};
use crate::interp::frame::{ENTRY, Frame, GENERATOR};
use crate::interp::handlers::table;
use crate::interp::resume_at;
use crate::interp::{FAILED, Next, Table, run, unwind};
use crate::objects::exception::{chain_context, stop_value};
use crate::prelude::*;
use ungil_bytecode::Op;
use ungil_locks::primitive::Ordering;

/// What resuming came to.
pub enum Outcome {
    Yielded(Obj),
    Returned(Obj),
}

/// How a generator goes on.
enum Resume {
    /// The pending `yield` gives this.
    Value(Value),
    /// The pending `yield` raises this.
    Throw(Err),
    /// What the pending `yield from` delegates to gets this thrown into it first.
    ThrowInto(Obj, Err),
}

/// Takes the right to run the generator.
#[inline]
pub(super) fn claim(cx: &Cx, g: &PyGenerator) -> Result<u8, u8> {
    let now = g.state();
    if now > state::SUSPENDED {
        return Err(now);
    }
    if !g.frame.is_empty() && now == state::CREATED && frame_is_cleared(cx, g) {
        g.finish();
        return Err(state::FINISHED);
    }
    if cx.is_exclusive(&g.h) {
        return Ok(g.start_exclusive());
    }
    // ORD: acquire, to see the registers; the loser reads nothing.
    g.state.compare_exchange(now, state::RUNNING, Ordering::Acquire, Ordering::Relaxed)
}

/// Whether somebody has cleared the frame of a generator that has not begun: there is nothing left that could run.
#[cold]
fn frame_is_cleared(cx: &Cx, g: &PyGenerator) -> bool {
    let object = g.frame.get(&g.h, cx);
    object.is_some_and(|f| f.downcast::<crate::objects::frame::PyFrame>(cx).is_some_and(|f| f.is_cleared()))
}

/// Whether resuming by the interpreter loop itself is possible: it is not running, not finished, and there is room.
#[inline]
pub fn may_resume_inline(cx: &Cx, g: &PyGenerator) -> bool {
    matches!(g.state(), state::CREATED | state::SUSPENDED) && cx.recursion_left.get() > 0 && has_room(cx, g)
}

#[inline]
fn has_room(cx: &Cx, g: &PyGenerator) -> bool {
    cx.stack.ensure(run::stack_top(cx).wrapping_add(g.words_on_stack()))
}

/// Copies the generator's registers onto the stack above the frame that resumes it.
#[inline]
unsafe fn push(
    cx: &Cx,
    generator: Ref<'_>,
    call_ip: *const u64,
    caller: *mut Value,
    kind: u64,
    next: *const u64,
) -> Frame {
    // SAFETY: the caller has claimed the generator and made room.
    unsafe {
        let g = generator.cast_unchecked::<PyGenerator>();
        let base = run::stack_top(cx);
        *base = generator.own(cx).into_value();
        let window = base.add(1);
        // Borrowed: the generator, which the frame owns, keeps its function.
        *window.add(2) = g.function.peek();
        let frame = Frame::link(window, call_ip, caller, kind | GENERATOR, next);
        g.copy_registers_to::<true>(frame.0);
        if !g.frame.is_empty()
            && let Some(object) = g.frame.take(&g.h, cx)
        {
            crate::objects::frame::resumed(cx, &object, frame);
            frame.set_object(object.into_value());
        }
        enter_handled(cx, g);
        frame
    }
}

/// What the generator was handling when it was suspended becomes what the thread is handling; what that was is kept.
#[inline]
unsafe fn enter_handled(cx: &Cx, g: &PyGenerator) {
    let outer = cx.handled.get();
    g.outer_handled.set(outer);
    if !g.handled.is_empty()
        && let Some(own) = g.handled.take(&g.h, cx)
    {
        cx.handled.set(own.into_value());
    } else if outer.is_ptr() {
        // The generator sees what its resumer handles, and owns that sight of its own.
        // SAFETY: the context owned it until now.
        cx.handled.set(unsafe { Ref::from_value(outer) }.own(cx).into_value());
    }
}

/// Gives the resumer back what it was handling; what the generator handles itself is kept with it.
#[inline]
unsafe fn restore_handled(cx: &Cx, g: &PyGenerator, keep: bool) {
    let outer = g.outer_handled.replace(Value::UNDEF);
    let own = cx.handled.replace(outer);
    if !own.is_ptr() {
        return;
    }
    // SAFETY: `handled` owned it.
    let own = unsafe { Obj::from_owned(own) };
    if keep && g.handling.get() > 0 {
        g.handled.set(&g.h, cx, own);
    }
}

/// Resumes the generator in the present interpreter loop: the instruction at `call_ip` (`ForIter`, `Send`) gets the result.
///
/// # Safety
/// The handlers' contract; `may_resume_inline` has said yes.
#[inline]
pub unsafe fn resume_inline(
    call_ip: *const u64,
    next: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    generator: Ref<'_>,
    v: Value,
) -> Next {
    // SAFETY: as the caller promises.
    unsafe {
        let g = generator.cast_unchecked::<PyGenerator>();
        let before = match claim(&*cx, g) {
            Ok(before) => before,
            Err(now) => {
                (*cx).drop_value(v);
                let err = refused(&mut *cx, generator, now);
                return unwind::raise(call_ip, regs, cx, t, err);
            }
        };
        let frame = push(&*cx, generator, call_ip, regs, 0, next);
        (*cx).recursion_left.set((*cx).recursion_left.get() - 1);
        Next::at(start(g, before, frame, v), frame.0)
    }
}

/// Delivers the sent value; where to go on.
#[inline]
unsafe fn start(g: &PyGenerator, before: u8, frame: Frame, v: Value) -> *const u64 {
    let ip = g.ip.get();
    if before == state::CREATED {
        return ip;
    }
    // SAFETY: a suspended generator's ip is at a `Yield`, whose result register is empty.
    unsafe {
        *frame.0.add((*ip >> 16) as u16 as usize) = v;
        ip.add(1)
    }
}

fn kind_name(g: &PyGenerator) -> &'static str {
    match g.h.shape_id() {
        id if id == Builtin::Coroutine as u32 => "coroutine",
        id if id == Builtin::AsyncGen as u32 => "asynchronous generator",
        _ => "generator",
    }
}

/// Why a generator could not be claimed, as an exception.
fn refused(cx: &mut Cx, generator: Ref<'_>, now: u8) -> Err {
    // SAFETY: callers pass generators.
    let g = unsafe { generator.cast_unchecked::<PyGenerator>() };
    if now == state::FINISHED {
        if g.h.shape_id() == Builtin::Coroutine as u32 {
            return cx.runtime_error("cannot reuse already awaited coroutine");
        }
        if g.h.shape_id() == Builtin::AsyncGen as u32 {
            return cx.error_bare(Builtin::StopAsyncIteration);
        }
        return cx.stop_iteration();
    }
    let kind = kind_name(g);
    cx.value_error(format!("{kind} already executing"))
}

/// Suspends the frame at the `Yield` at `ip`, handing `v` to whoever resumed it.
///
/// # Safety
/// The handlers' contract; the frame is a generator's.
#[inline]
pub unsafe fn suspend(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Next {
    // SAFETY: as the caller promises.
    unsafe {
        let frame = Frame(regs);
        let (kind, call_ip, caller) = (frame.kind(), frame.call_ip(), frame.caller());
        let generator = std::mem::replace(&mut *regs.sub(5), Value::UNDEF);
        let g = Ref::from_value(generator).cast_unchecked::<PyGenerator>();
        g.take_registers_from(frame, ip);
        if let Some(object) = frame.object() {
            frame.set_object(Value::UNDEF);
            let object = Obj::from_owned(object);
            crate::objects::frame::suspended(&*cx, &object, g, ip);
            g.frame.set(&g.h, &*cx, object);
        }
        *regs.sub(2) = Value::UNDEF;
        g.ip.set(ip);
        restore_handled(&*cx, g, true);
        (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
        g.suspend();
        (*cx).drop_value(generator);
        if kind & ENTRY != 0 {
            return Next::exit(v.0);
        }
        deliver(call_ip, caller, cx, t, v)
    }
}

/// Gives a yielded value to the `ForIter` or `Send` that resumed the generator.
#[inline]
unsafe fn deliver(call_ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Next {
    // SAFETY: the handlers' contract.
    unsafe {
        let word = *call_ip;
        let slot = regs.add((word >> 16) as u16 as usize);
        let old = std::mem::replace(&mut *slot, v);
        (*cx).drop_value(old);
        let words = if word as u8 == Op::ForIter as u8 { 2 } else { 1 };
        resume_at(call_ip.add(words), regs, cx, t)
    }
}

/// Ends a generator's frame with a return value.
///
/// # Safety
/// The handlers' contract; the frame is a generator's.
pub unsafe fn returned(frame: Frame, cx: *mut Cx, t: *const Table, result: Obj) -> Next {
    // SAFETY: as the caller promises.
    unsafe {
        let (kind, call_ip, caller) = (frame.kind(), frame.call_ip(), frame.caller());
        unwind::pop(&mut *cx, frame, frame.code().local_count());
        finished_by_exception(&mut *cx, frame);
        if kind & ENTRY != 0 {
            (*cx).generator_returned.set(true);
            return Next::exit(result.into_value().0);
        }
        let word = *call_ip;
        if word as u8 == Op::ForIter as u8 {
            drop(result);
            return crate::interp::for_iter_end::next(call_ip, caller, cx, t);
        }
        end_send(call_ip, caller, cx, t, result)
    }
}

/// Ends the delegation of a `Send`: its result is `v`, its iterator is dropped, the jump taken.
pub(crate) unsafe fn end_send(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Obj,
) -> Next {
    // SAFETY: the handlers' contract.
    unsafe {
        let word = *ip;
        let a = (word >> 16) as u16 as usize;
        let iterator = std::mem::replace(&mut *regs.add(a + 1), Value::UNDEF);
        let old = std::mem::replace(&mut *regs.add(a), v.into_value());
        (*cx).drop_value(old);
        (*cx).drop_value(iterator);
        resume_at(ip.add(1).offset((word as i64 >> 48) as isize), regs, cx, t)
    }
}

/// Marks the generator of a frame that has been popped as finished and lets go of it.
pub fn finished_by_exception(cx: &mut Cx, frame: Frame) {
    // SAFETY: a generator's frame owns its generator in the word below its header.
    unsafe {
        let generator = Obj::from_owned(std::mem::replace(&mut *frame.0.sub(5), Value::UNDEF));
        let g: &PyGenerator = generator.cast_unchecked();
        restore_handled(cx, g, false);
        g.finish();
    }
}

/// What a generator that a native has resumed has given. Its state does not tell: once it is suspended, other threads may resume
/// it, to its end even.
#[inline(always)]
fn outcome(cx: &Cx, v: Obj) -> Outcome {
    match cx.generator_returned.take() {
        true => Outcome::Returned(v),
        false => Outcome::Yielded(v),
    }
}

/// Where a generator goes on whose frame is complete. What is to be done at a safepoint is done in it first: a signal that came
/// before it was resumed is noticed in the innermost generator of a chain (bpo-30039).
#[inline(always)]
unsafe fn enter(cx: &mut Cx, g: &PyGenerator, frame: Frame, entry: *const u64) -> Next {
    if !cx.thread.check.is_raised() {
        return Next::at(entry, frame.0);
    }
    // SAFETY: as the caller promises.
    unsafe { enter_safely(cx, g, frame, entry) }
}

#[cold]
#[inline(never)]
unsafe fn enter_safely(cx: &mut Cx, g: &PyGenerator, frame: Frame, entry: *const u64) -> Next {
    let ip = g.ip.get();
    cx.regs.set(frame.0);
    cx.ip.set(ip);
    match cx.safepoint() {
        Ok(()) => Next::at(entry, frame.0),
        // SAFETY: the frame is complete, and stands at an instruction of the generator.
        Err(err) => unsafe { unwind::raise(ip, frame.0, cx, table(cx), err) },
    }
}

/// Resumes from a native. The value that is sent is used up in any case.
fn resume(cx: &mut Cx, generator: Ref<'_>, how: Resume) -> R<Outcome> {
    // SAFETY: callers pass generators.
    let g = unsafe { generator.cast_unchecked::<PyGenerator>() };
    let before = match claim(cx, g) {
        Ok(before) => before,
        Err(now) => {
            if let Resume::Value(v) = how {
                cx.drop_value(v);
                if now == state::FINISHED && g.h.shape_id() == Builtin::Generator as u32 {
                    return Ok(Outcome::Returned(cx.none()));
                }
            }
            return Err(refused(cx, generator, now));
        }
    };
    if cx.recursion_left.get() <= 0 || cx.native_stack_low() || !has_room(cx, g) {
        // ORD: release, as in `PyGenerator::suspend`.
        g.state.store(before, Ordering::Release);
        if let Resume::Value(v) = how {
            cx.drop_value(v);
        }
        return Err(cx.recursion_error(""));
    }
    let (outer_regs, outer_ip) = (cx.regs.get(), cx.ip.get());
    // SAFETY: claimed, and there is room; the frame is complete when it is entered.
    let exit = unsafe {
        let frame = push(cx, generator, outer_ip, outer_regs, ENTRY, std::ptr::null());
        cx.recursion_left.set(cx.recursion_left.get() - 1);
        match how {
            Resume::Value(v) => {
                let entry = start(g, before, frame, v);
                let next = enter(cx, g, frame, entry);
                run::go_on(next, cx)
            }
            Resume::Throw(err) => {
                let next = unwind::raise(g.ip.get(), frame.0, cx, table(cx), err);
                run::go_on(next, cx)
            }
            Resume::ThrowInto(inner, err) => {
                let ip = g.ip.get();
                cx.regs.set(frame.0);
                cx.ip.set(ip);
                // What this generator handles itself is no context of what goes past it.
                let outer = g.outer_handled.get();
                let lent = if outer.is_ptr() { Ref::from_value(outer).own(cx).into_value() } else { outer };
                let own = cx.handled.replace(lent);
                let result = throw_at(cx, inner.r(), err);
                let lent = cx.handled.replace(own);
                cx.drop_value(lent);
                let next = match result {
                    Ok(Outcome::Yielded(v)) => suspend(ip, frame.0, cx, table(cx), v.into_value()),
                    Ok(Outcome::Returned(v)) => end_send(send_of(ip), frame.0, cx, table(cx), v),
                    Err(err) => {
                        chain_context(cx, err.exception());
                        unwind::raise(ip, frame.0, cx, table(cx), err)
                    }
                };
                run::go_on(next, cx)
            }
        }
    };
    cx.regs.set(outer_regs);
    cx.ip.set(outer_ip);
    if exit == FAILED {
        return Err(run::take_raised(cx));
    }
    // SAFETY: the handlers return an owned value.
    let v = unsafe { Obj::from_owned(Value(exit)) };
    Ok(outcome(cx, v))
}

/// The `Send` that a delegating `Yield` belongs to: the target of the jump behind it.
pub(super) unsafe fn send_of(yield_ip: *const u64) -> *const u64 {
    // SAFETY: the compiler puts a backward jump to the `Send` behind every delegating `Yield`.
    unsafe {
        let jump = yield_ip.add(1);
        jump.add(1).offset((*jump as i64 >> 32) as isize)
    }
}

/// `generator.send(v)`.
///
/// # Errors
/// What the generator raises; `TypeError` for a value sent to one that has not started.
pub fn send(cx: &mut Cx, generator: Ref<'_>, v: Obj) -> R<Outcome> {
    // SAFETY: callers pass generators.
    let g = unsafe { generator.cast_unchecked::<PyGenerator>() };
    if g.state() == state::CREATED && !v.value().is_none() {
        let kind = match kind_name(g) {
            "asynchronous generator" => "async generator",
            kind => kind,
        };
        return Err(cx.type_error(format!("can't send non-None value to a just-started {kind}")));
    }
    if g.state() == state::FINISHED {
        return match g.h.shape_id() == Builtin::Generator as u32 {
            true => Ok(Outcome::Returned(cx.none())),
            false => Err(refused(cx, generator, state::FINISHED)),
        };
    }
    let word = v.into_value();
    if is_simple(cx, g) {
        return step(cx, generator, g, word);
    }
    resume(cx, generator, Resume::Value(word))
}

/// Whether [`step`] may resume the generator.
#[inline(always)]
fn is_simple(cx: &Cx, g: &PyGenerator) -> bool {
    g.state() <= state::SUSPENDED
        && cx.is_exclusive(&g.h)
        && !cx.handled.get().is_ptr()
        && g.has_registers_only()
        && cx.recursion_left.get() > 0
        && !cx.native_stack_low()
        && has_room(cx, g)
}

/// Resumes a generator that is nothing but registers ([`is_simple`]), as the handlers do, in a loop of its own. Its `yield` gives
/// `v`, which it owns from then on; a new one is resumed with `None`.
#[inline]
fn step(cx: &mut Cx, generator: Ref<'_>, g: &PyGenerator, v: Value) -> R<Outcome> {
    let (outer_regs, outer_ip) = (cx.regs.get(), cx.ip.get());
    // SAFETY: the caller has looked at all that could be in the way; the frame is complete when it is entered.
    let exit = unsafe {
        let base = run::stack_top(cx);
        let Place { generator: innermost, base, kind } = match g.may_wait() {
            true => fold(cx, generator, base),
            false => Place { generator: generator.value(), base, kind: GENERATOR },
        };
        let inner: &PyGenerator = Ref::from_value(innermost).cast_unchecked();
        *base = ref_of(inner).own(cx).into_value();
        let window = base.add(1);
        // Borrowed: the generator, which the frame owns, keeps its function.
        *window.add(2) = inner.function.peek();
        let frame = Frame::link(window, outer_ip, outer_regs, ENTRY | kind, std::ptr::null());
        inner.copy_registers_to::<true>(frame.0);
        inner.outer_handled.set(cx.handled.get());
        cx.recursion_left.set(cx.recursion_left.get() - 1);
        let before = inner.start_exclusive();
        let entry = start(inner, before, frame, v);
        let next = enter(cx, inner, frame, entry);
        run::go_on(next, cx)
    };
    cx.regs.set(outer_regs);
    cx.ip.set(outer_ip);
    if exit == FAILED {
        return Err(run::take_raised(cx));
    }
    // SAFETY: the handlers return an owned value.
    let v = unsafe { Obj::from_owned(Value(exit)) };
    Ok(outcome(cx, v))
}

/// The next item of an exact generator, `None` at its end.
///
/// # Errors
/// What the generator raises.
pub fn next_of(cx: &mut Cx, generator: Ref<'_>) -> R<Option<Obj>> {
    // SAFETY: callers pass generators.
    let g = unsafe { generator.cast_unchecked::<PyGenerator>() };
    if g.state() == state::FINISHED {
        return Ok(None);
    }
    let outcome = match is_simple(cx, g) {
        true => step(cx, generator, g, Value::NONE),
        false => resume(cx, generator, Resume::Value(Value::NONE)),
    };
    Ok(match outcome? {
        Outcome::Yielded(v) => Some(v),
        Outcome::Returned(_) => None,
    })
}

/// `generator.throw(exception)`: into what it delegates to first.
///
/// # Errors
/// What comes out of it.
pub fn throw(cx: &mut Cx, generator: Ref<'_>, err: Err) -> R<Outcome> {
    // SAFETY: callers pass generators.
    let g = unsafe { generator.cast_unchecked::<PyGenerator>() };
    if let Some(inner) = g.delegating_to(cx) {
        return resume(cx, generator, Resume::ThrowInto(inner, err));
    }
    match g.state() {
        state::FINISHED if g.h.shape_id() == Builtin::Coroutine as u32 => {
            Err(cx.runtime_error("cannot reuse already awaited coroutine"))
        }
        state::FINISHED => Err(err),
        state::CREATED => {
            // It never runs.
            g.finish();
            let at = g.code().offset_of(g.ip.get());
            crate::objects::traceback::add_entry_for_generator(cx, &err, generator, at);
            end_quietly(cx, g);
            Err(err)
        }
        _ => resume(cx, generator, Resume::Throw(err)),
    }
}

/// Throws into what a generator delegates to, whose frame is on the stack.
fn throw_at(cx: &mut Cx, inner: Ref<'_>, err: Err) -> R<Outcome> {
    if cx.is_error(&err, Builtin::GeneratorExit) {
        return match close_any(cx, inner) {
            Ok(()) => Err(err),
            Err(other) => Err(other),
        };
    }
    if inner.downcast::<PyGenerator>(cx).is_some() && !is_async_gen(cx, inner) {
        return throw(cx, inner, err);
    }
    let Some(method) = cx.get_attr_opt(inner, cx.vm.names.throw.get())? else { return Err(err) };
    let result = cx.call(method.r(), &[err.exception()]);
    as_outcome(cx, result)
}

fn is_async_gen(cx: &Cx, v: Ref<'_>) -> bool {
    cx.is_exactly(v, Builtin::AsyncGen)
}

/// Turns `StopIteration` into a returned value.
fn as_outcome(cx: &mut Cx, result: R) -> R<Outcome> {
    match result {
        Ok(v) => Ok(Outcome::Yielded(v)),
        Err(err) if cx.is_error(&err, Builtin::StopIteration) => {
            Ok(Outcome::Returned(stop_value(cx, err.exception())))
        }
        Err(err) => Err(err),
    }
}

/// One step of `yield from` or `await`: sends `v` to any iterator.
///
/// # Errors
/// What it raises but `StopIteration`.
pub fn delegate(cx: &mut Cx, iterator: Ref<'_>, v: Obj) -> R<Outcome> {
    if iterator.downcast::<PyGenerator>(cx).is_some() && !is_async_gen(cx, iterator) {
        return send(cx, iterator, v);
    }
    if let Some(hook) = cx.class_of(iterator).send.get() {
        return hook(cx, iterator, v);
    }
    if v.value().is_none() {
        // `next_value` keeps the value of a `StopIteration`.
        let class = cx.class_of(iterator);
        if let Some(method) = class.special(cx, Special::Next) {
            let result = cx.call_special(method, iterator, &[]);
            return as_outcome(cx, result);
        }
        let name = cx.type_name(iterator);
        return Err(cx.type_error(format!("'{name}' object is not an iterator")));
    }
    let result = cx.call_method(iterator, "send", &[v.r()]);
    as_outcome(cx, result)
}

/// Closes any iterator: a generator, or what has a `close` method.
fn close_any(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    if v.downcast::<PyGenerator>(cx).is_some() && !is_async_gen(cx, v) {
        return close(cx, v).map(drop);
    }
    match cx.get_attr_opt(v, cx.vm.names.close.get())? {
        Some(method) => cx.call(method.r(), &[]).map(drop),
        None => Ok(()),
    }
}

/// Ends a generator that has been claimed and has not begun, or for which [`PyGenerator::may_end_quietly`] said yes before.
fn end_quietly(cx: &Cx, g: &PyGenerator) {
    drop(g.frame.take(&g.h, cx));
    let stored = g.live.replace(0) as usize;
    g.finish();
    for i in (0..stored).rev() {
        // SAFETY: the stored registers own what they hold; nobody looks at those of a finished generator.
        cx.drop_value(unsafe { *g.registers().add(i) });
    }
}

/// `generator.close()`: the value that it returns instead of ending with `GeneratorExit`.
///
/// # Errors
/// `RuntimeError` if it yields, or what else it raises.
pub fn close(cx: &mut Cx, generator: Ref<'_>) -> R {
    // SAFETY: callers pass generators.
    let g = unsafe { generator.cast_unchecked::<PyGenerator>() };
    match g.state() {
        state::FINISHED => return Ok(cx.none()),
        state::CREATED => {
            // It never runs.
            if claim(cx, g).is_ok() {
                end_quietly(cx, g);
            }
            return Ok(cx.none());
        }
        _ => {}
    }
    if g.may_end_quietly() && claim(cx, g).is_ok() {
        end_quietly(cx, g);
        return Ok(cx.none());
    }
    let exit = cx.error_bare(Builtin::GeneratorExit);
    match throw(cx, generator, exit) {
        Ok(Outcome::Yielded(_)) => {
            let kind = match kind_name(g) {
                "asynchronous generator" => "async generator",
                kind => kind,
            };
            Err(cx.runtime_error(format!("{kind} ignored GeneratorExit")))
        }
        Ok(Outcome::Returned(v)) => Ok(v),
        Err(err)
            if cx.is_error(&err, Builtin::GeneratorExit) || cx.is_error(&err, Builtin::StopIteration) =>
        {
            Ok(cx.none())
        }
        Err(err) => Err(err),
    }
}
