//! What is reported when. The order of events is CPython's: the end of a native call, the beginning of a frame, a line, an
//! instruction, then what the instruction is about to do.

use super::event;
use super::{Hook, calls, hook, quietly, set_hook};
use crate::interp::frame::{Frame, GENERATOR};
use crate::interp::{Next, Table, unwind};
use crate::objects::code::PyCode;
use crate::objects::exception::PyException;
use crate::objects::frame::{self, PyFrame};
use crate::prelude::*;
use ungil_bytecode::{Op, flags};
use ungil_locks::primitive::Ordering;

/// A frame about which something is reported.
struct Place<'a> {
    object: &'a Obj,
    f: &'a PyFrame,
    code: &'static PyCode,
    at: usize,
}

/// Whether some tool wants to hear of an event.
fn monitored(cx: &Cx, events: u32) -> bool {
    // ORD: relaxed; the check word orders.
    cx.vm.monitoring.wanted.load(Ordering::Relaxed) & events != 0
}

fn monitor(cx: &mut Cx, which: u32, code: &'static PyCode, args: &[Ref<'_>]) -> R<()> {
    if !monitored(cx, which) {
        return Ok(());
    }
    match cx.vm.monitoring.monitor.get() {
        Some(&monitor) => quietly(cx, |cx| monitor(cx, which, code, args)),
        None => Ok(()),
    }
}

impl Place<'_> {
    /// The offset that tools are told.
    fn offset(&self) -> Value {
        Value::from_int_unchecked(2 * self.at as i64)
    }

    fn monitor(&self, cx: &mut Cx, which: u32, more: &[Ref<'_>]) -> R<()> {
        if !monitored(cx, which) {
            return Ok(());
        }
        let mut args = vec![Ref::immediate(self.offset())];
        args.extend_from_slice(more);
        monitor(cx, which, self.code, &args)
    }

    /// Calls the function of `sys.settrace`, or the frame's own.
    fn trace(&self, cx: &mut Cx, name: &str, arg: Ref<'_>) -> R<()> {
        let Some(global) = hook(cx, Hook::Trace) else { return Ok(()) };
        let f = self.f;
        let callback = if name == "call" { Some(global) } else { f.trace.get(&f.h, cx) };
        let Some(callback) = callback else { return Ok(()) };
        match self.call(cx, &callback, name, arg) {
            Ok(result) if result.value().is_none() => Ok(()),
            Ok(result) => {
                f.trace.set(&f.h, cx, result);
                Ok(())
            }
            Err(err) => {
                set_hook(cx, Hook::Trace, None);
                drop(f.trace.take(&f.h, cx));
                Err(err)
            }
        }
    }

    /// Calls the function of `sys.setprofile`.
    fn profile(&self, cx: &mut Cx, name: &str, arg: Ref<'_>) -> R<()> {
        let Some(callback) = hook(cx, Hook::Profile) else { return Ok(()) };
        match self.call(cx, &callback, name, arg) {
            Ok(_) => Ok(()),
            Err(err) => {
                set_hook(cx, Hook::Profile, None);
                Err(err)
            }
        }
    }

    fn call(&self, cx: &mut Cx, callback: &Obj, name: &str, arg: Ref<'_>) -> R {
        let name = crate::objects::str::intern(cx, name);
        let shown = &self.f.reported.shown;
        // An instruction that stands for no source, such as the return at the end, belongs to the line before it.
        let stand_in = shown.get() == 0 && self.code.position(self.at).line == 0;
        if stand_in {
            shown.set(self.f.reported.line.get());
        }
        let result = quietly(cx, |cx| cx.call(callback.r(), &[self.object.r(), name.get(), arg]));
        if stand_in {
            shown.set(0);
        }
        result
    }

    /// The frame begins, or goes on behind the `yield` at a word index.
    fn begin(&self, cx: &mut Cx, yielded: Option<usize>) -> R<()> {
        let reported = &self.f.reported;
        reported.at.set(0);
        reported.branch.set(0);
        let line = yielded.map(|at| self.code.position(at).line);
        // What is left of the line of the `yield` is no new one.
        reported.line.set(line.unwrap_or(0));
        reported.shown.set(line.unwrap_or(self.code.head.first_line));
        let none = Ref::immediate(Value::NONE);
        let result = self.trace(cx, "call", none).and_then(|()| self.profile(cx, "call", none));
        reported.shown.set(0);
        result
    }

    /// A line begins where the instruction is of another one than that reported last, or has been jumped back to.
    fn line(&self, cx: &mut Cx, op: Op, earlier: u32) -> R<()> {
        let line = self.code.position(self.at).line;
        let reported = &self.f.reported;
        let back = (self.at as u32) < earlier;
        let new = line != reported.line.get();
        if line == 0 || is_silent(op) || !(new || back) {
            return Ok(());
        }
        reported.line.set(line);
        // ORD: relaxed; it says nothing about anything else.
        if self.f.trace_lines.load(Ordering::Relaxed) {
            self.trace(cx, "line", Ref::immediate(Value::NONE))?;
        }
        // Tools are not told of a line that is jumped back to from itself.
        if new && monitored(cx, event::LINE) {
            monitor(cx, event::LINE, self.code, &[Ref::immediate(Value::from_int_unchecked(line.into()))])?;
        }
        Ok(())
    }

    fn instruction(&self, cx: &mut Cx) -> R<()> {
        // ORD: as in `line`.
        if self.f.trace_opcodes.load(Ordering::Relaxed) {
            self.trace(cx, "opcode", Ref::immediate(Value::NONE))?;
        }
        self.monitor(cx, event::INSTRUCTION, &[])
    }

    /// What the instruction is about to do.
    fn action(&self, cx: &mut Cx, op: Op, ip: *const u64, regs: *mut Value) -> R<()> {
        match op {
            Op::Return | Op::ReturnNone | Op::Yield => {
                // SAFETY: the registers are this frame's, and nothing changes them meanwhile.
                let v = unsafe { calls::left_with(op, ip, regs) };
                // SAFETY: the register owns it.
                let v = unsafe { Obj::from_borrowed(v, cx) };
                self.trace(cx, "return", v.r())?;
                self.profile(cx, "return", v.r())?;
                let which = if op == Op::Yield { event::PY_YIELD } else { event::PY_RETURN };
                self.monitor(cx, which, &[v.r()])
            }
            Op::Jump | Op::JumpBack | Op::JumpFor if monitored(cx, event::JUMP) => {
                // SAFETY: the instruction is this frame's.
                let target = unsafe { self.at as i64 + 1 + wide!(*ip) as i64 };
                self.monitor(cx, event::JUMP, &[Ref::immediate(Value::from_int_unchecked(2 * target))])
            }
            _ if calls::is_branch(op) => {
                self.f.reported.branch.set(self.at as u32 + 1);
                Ok(())
            }
            _ => self.native_call(cx, op, ip, regs),
        }
    }

    fn native_call(&self, cx: &mut Cx, op: Op, ip: *const u64, regs: *mut Value) -> R<()> {
        let profiled = hook(cx, Hook::Profile).is_some();
        if !profiled && !monitored(cx, event::CALL) {
            return Ok(());
        }
        // SAFETY: the instruction and the registers are this frame's.
        let Some((callee, first)) = (unsafe { calls::callee(cx, op, ip, regs) }) else { return Ok(()) };
        let args: Vec<Ref<'_>> =
            [Some(&callee), first.as_ref()].into_iter().flatten().map(|v| v.r()).collect();
        self.monitor(cx, event::CALL, &args)?;
        if let Some(native) = calls::as_native(cx, &callee, first.as_ref()) {
            if profiled {
                self.profile(cx, "c_call", native.r())?;
            }
            self.f.native.set(&self.f.h, cx, native);
        }
        Ok(())
    }

    /// The native that was called last has returned.
    fn native_returned(&self, cx: &mut Cx) -> R<()> {
        let Some(native) = self.f.native.take(&self.f.h, cx) else { return Ok(()) };
        self.profile(cx, "c_return", native.r())?;
        self.monitor(cx, event::C_RETURN, &[native.r()])
    }

    /// Where the branch before has gone.
    fn branched(&self, cx: &mut Cx) -> R<()> {
        let branch = self.f.reported.branch.replace(0);
        if branch == 0 || !monitored(cx, event::BRANCH_LEFT | event::BRANCH_RIGHT) {
            return Ok(());
        }
        let from = branch as usize - 1;
        let behind = from + self.code.running().compiled(from).map_or(1, |branch| branch.op.words());
        let which = if self.at == behind { event::BRANCH_LEFT } else { event::BRANCH_RIGHT };
        let place = Place { at: from, ..*self };
        place.monitor(cx, which, &[Ref::immediate(self.offset())])
    }
}

/// Instructions with which no line begins: cells are made before a function begins, a jump belongs to what was before it.
fn is_silent(op: Op) -> bool {
    matches!(op, Op::MakeCell | Op::Jump | Op::JumpBack | Op::JumpFor)
}

/// Reports what is due before the instruction at `ip`: goes on there, or where an exception of a hook is handled.
///
/// # Safety
/// The handlers' contract.
pub(super) unsafe fn before(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Next {
    // SAFETY: as the caller promises.
    unsafe {
        if !(*cx).tracing.is_reporting() || *ip as u8 == Op::Link as u8 {
            return Next::at(ip, regs);
        }
        let frame = Frame(regs);
        let code = frame.code();
        let kinds = flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR;
        if code.head.flags & kinds != 0 && frame.kind() & GENERATOR == 0 {
            // Nothing runs but what makes the generator.
            return Next::at(ip, regs);
        }
        (*cx).ip.set(ip);
        (*cx).regs.set(regs);
        match report(&mut *cx, frame, ip) {
            Ok(()) => Next::at(ip, regs),
            Err(err) => unwind::raise(ip, regs, cx, t, err),
        }
    }
}

fn report(cx: &mut Cx, frame: Frame, ip: *const u64) -> R<()> {
    let object = frame::of(cx, frame);
    let Some(f) = object.downcast::<PyFrame>(cx) else { return Ok(()) };
    let code = frame.code();
    let place = Place { object: &object, f, code, at: code.offset_of(ip) };
    let reported = &f.reported;
    let begun = reported.begun.replace(true);
    if begun && reported.at.get() == place.at as u32 + 1 {
        // The same instruction once more, after a safepoint.
        return Ok(());
    }
    // SAFETY: `ip` is at an instruction of the frame.
    let Some(op) = Op::from_u8(unsafe { *ip } as u8) else { return Ok(()) };
    if begun {
        place.native_returned(cx)?;
        place.branched(cx)?;
    } else {
        let resumed = frame.kind() & GENERATOR != 0 && has_yielded(code, place.at);
        place.begin(cx, resumed.then(|| place.at - 1))?;
        place.monitor(cx, if resumed { event::PY_RESUME } else { event::PY_START }, &[])?;
    }
    let earlier = reported.at.replace(place.at as u32 + 1).saturating_sub(1);
    place.line(cx, op, earlier)?;
    place.instruction(cx)?;
    place.action(cx, op, ip, frame.0)
}

/// Whether the instruction before is the `yield` at which a generator was suspended.
fn has_yielded(code: &PyCode, at: usize) -> bool {
    // The word before may be an inline cache, so what it was compiled as counts.
    at.checked_sub(1)
        .and_then(|at| code.running().code.get(at))
        .is_some_and(|word| word as u8 == Op::Yield as u8)
}

/// An exception has come up in a frame, or through it; `again` if a clause raises it once more.
pub(crate) fn raised(cx: &mut Cx, frame: Frame, ip: *const u64, err: &Err, again: bool) -> R<()> {
    let object = frame::of(cx, frame);
    let Some(f) = object.downcast::<PyFrame>(cx) else { return Ok(()) };
    let code = frame.code();
    let place = Place { object: &object, f, code, at: code.offset_of(ip) };
    if !f.reported.begun.replace(true) {
        // SAFETY: `ip` is at an instruction of the frame.
        let suspended = unsafe { *ip } as u8 == Op::Yield as u8;
        place.begin(cx, suspended.then_some(place.at))?;
        place.monitor(cx, event::PY_THROW, &[err.exception()])?;
    }
    if let Some(native) = f.native.take(&f.h, cx) {
        place.profile(cx, "c_exception", native.r())?;
        place.monitor(cx, event::C_RAISE, &[native.r()])?;
    }
    f.reported.branch.set(0);
    if again {
        return place.monitor(cx, event::RERAISE, &[err.exception()]);
    }
    if hook(cx, Hook::Trace).is_some() {
        let exception = err.exception();
        let class = cx.class_of(exception).as_ref().own(cx);
        let traceback = exception.downcast::<PyException>(cx).and_then(|e| e.traceback.get(&e.h, cx));
        let parts = vec![class, exception.own(cx), traceback.unwrap_or_else(|| cx.none())];
        let arg = cx.tuple(parts);
        place.trace(cx, "exception", arg.r())?;
    }
    place.monitor(cx, event::RAISE, &[err.exception()])
}

/// The exception goes on at a handler of the frame, at the instruction with this word index.
pub(crate) fn handled(cx: &mut Cx, frame: Frame, target: usize, err: &Err) -> R<()> {
    let object = frame::of(cx, frame);
    let Some(f) = object.downcast::<PyFrame>(cx) else { return Ok(()) };
    let place = Place { object: &object, f, code: frame.code(), at: target };
    place.monitor(cx, event::EXCEPTION_HANDLED, &[err.exception()])
}

/// The exception ends the frame.
pub(crate) fn unwound(cx: &mut Cx, frame: Frame, ip: *const u64, err: &Err) -> R<()> {
    let object = frame::of(cx, frame);
    let Some(f) = object.downcast::<PyFrame>(cx) else { return Ok(()) };
    let code = frame.code();
    let place = Place { object: &object, f, code, at: code.offset_of(ip) };
    let none = Ref::immediate(Value::NONE);
    place.trace(cx, "return", none)?;
    place.profile(cx, "return", none)?;
    place.monitor(cx, event::PY_UNWIND, &[err.exception()])
}
