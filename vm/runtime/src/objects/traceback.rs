//! Traceback objects.

use crate::interp::frame::Frame;
use crate::objects::code::PyCode;
use crate::objects::exception::PyException;
use crate::objects::frame::{self, PyFrame};
use crate::objects::generator::PyGenerator;
use crate::prelude::*;
use std::cell::Cell;

/// An entry of a traceback.
#[repr(C)]
pub struct PyTraceback {
    pub h: Header,
    /// The entry further in; empty at the innermost.
    pub next: Slot,
    pub frame: Slot,
    /// Word index of the instruction.
    pub last: Cell<usize>,
    pub line: Cell<u32>,
}

unsafe fn traceback_size(_: *mut Header) -> usize {
    size_of::<PyTraceback>()
}

unsafe fn traceback_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a traceback.
    unsafe {
        let t = &*h.cast::<PyTraceback>();
        visit(t.next.peek());
        visit(t.frame.peek());
    }
}

unsafe fn traceback_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a traceback that nobody else reaches.
    unsafe {
        let t = &*h.cast::<PyTraceback>();
        t.next.clear(m);
        t.frame.clear(m);
    }
}

pub static TRACEBACK_OPS: TypeOps = TypeOps {
    name: "traceback",
    size: traceback_size,
    trace: Some(traceback_trace),
    drop_fields: Some(traceback_drop),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyTraceback {
    const OPS: &'static TypeOps = &TRACEBACK_OPS;
}

fn new_traceback(cx: &Cx, next: Option<Obj>, frame: Obj, last: usize, line: u32) -> Obj {
    cx.alloc(Builtin::Traceback, |h| PyTraceback {
        h,
        next: next.map_or_else(Slot::empty, Slot::new),
        frame: Slot::new(frame),
        last: Cell::new(last),
        line: Cell::new(line),
    })
}

/// Puts an entry for a frame, at the instruction with word index `at`, in front of the exception's traceback.
pub fn add_entry(cx: &mut Cx, err: &Err, frame: Frame, at: usize) {
    let line = frame.code().position(at).line;
    let object = frame::of(cx, frame);
    push(cx, err, object, at, line);
}

/// The same for a generator that never ran.
pub fn add_entry_for_generator(cx: &mut Cx, err: &Err, generator: Ref<'_>, at: usize) {
    let Some(g) = generator.downcast::<PyGenerator>(cx) else { return };
    let line = g.code().head.first_line;
    if let Ok(object) = crate::objects::generator::frame_object(cx, generator) {
        push(cx, err, object, at, line);
    }
}

fn push(cx: &mut Cx, err: &Err, frame: Obj, at: usize, line: u32) {
    let Some(e) = err.exception().downcast::<PyException>(cx) else { return };
    let next = e.traceback.get(&e.h, cx);
    let entry = new_traceback(cx, next, frame, at, line);
    e.traceback.set(&e.h, cx, entry);
}

/// The loops of a generator expression have raised in the frame of its caller: an entry for the frame that it would have
/// had takes the place of the outermost one, or goes behind that if the exception leaves the caller, too.
pub fn put_generator(cx: &mut Cx, exception: &Obj, caller: Frame, code: &'static PyCode, ends_here: bool) {
    let Some(e) = exception.downcast::<PyException>(cx) else { return };
    let Some(outermost) = e.traceback.get(&e.h, cx) else { return };
    let Some(t) = outermost.downcast::<PyTraceback>(cx) else { return };
    let raised = caller.code().position(t.last.get());
    let at = code.positions(cx).iter().position(|p| *p == raised).unwrap_or_default();
    let frame = frame::of_code(cx, code, ref_of(caller.function().globals_unchecked()).own(cx), at);
    let entry = new_traceback(cx, t.next.get(&t.h, cx), frame, at, raised.line);
    if ends_here {
        e.traceback.set(&e.h, cx, entry);
        return;
    }
    let now = caller.code().offset_of(cx.ip.get());
    let line = caller.code().position(now).line;
    let outer = new_traceback(cx, Some(entry), frame::of(cx, caller), now, line);
    e.traceback.set(&e.h, cx, outer);
}

/// Where in a frame an exception came up: the word index of the instruction, if its outermost entry is of this frame.
pub fn raised_at(cx: &Cx, err: &Err, frame: Value) -> Option<usize> {
    let e = err.exception().downcast::<PyException>(cx)?;
    let outermost = e.traceback.get(&e.h, cx)?;
    let t = outermost.downcast::<PyTraceback>(cx)?;
    (t.frame.peek() == frame).then(|| t.last.get())
}

impl PyTraceback {
    /// The frame object.
    pub fn frame(&self) -> &PyFrame {
        // SAFETY: set for good when the entry is made.
        unsafe { Ref::from_value(self.frame.peek()).cast_unchecked::<PyFrame>() }
    }
}

/// The entries of a traceback from the outermost inwards.
pub fn entries(cx: &Cx, traceback: Option<Obj>) -> Vec<Obj> {
    let mut found = Vec::new();
    let mut at = traceback;
    while let Some(entry) = at {
        let Some(t) = entry.downcast::<PyTraceback>(cx) else { break };
        at = t.next.get(&t.h, cx);
        found.push(entry);
    }
    found
}

/// Makes an exception's traceback consist of these entries of it, outermost first.
pub fn relink(cx: &Cx, e: &PyException, entries: &[&Obj]) {
    let mut next: Option<Obj> = None;
    for entry in entries.iter().rev() {
        let Some(t) = entry.downcast::<PyTraceback>(cx) else { return };
        match next.take() {
            Some(next) => t.next.set(&t.h, cx, next),
            None => drop(t.next.take(&t.h, cx)),
        }
        next = Some((*entry).clone());
    }
    match next {
        Some(outermost) => e.traceback.set(&e.h, cx, outermost),
        None => drop(e.traceback.take(&e.h, cx)),
    }
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Traceback, "traceback", &TRACEBACK_OPS, size_of::<PyTraceback>(), true);
}

fn traceback_new(cx: &mut Cx, a: Args<'_>) -> R {
    let next = match a.get(1) {
        v if v.value().is_none() => None,
        v if v.downcast::<PyTraceback>(cx).is_some() => Some(v.own(cx)),
        v => {
            let name = cx.type_name(v);
            return Err(cx.type_error(format!("expected traceback object or None, got '{name}'")));
        }
    };
    if a.get(2).downcast::<PyFrame>(cx).is_none() {
        let name = cx.type_name(a.get(2));
        return Err(cx.type_error(format!("traceback() argument 'tb_frame' must be frame, not {name}")));
    }
    let (last, line) = (cx.to_i64(a.get(3))?, cx.to_i64(a.get(4))?);
    Ok(new_traceback(cx, next, a.get(2).own(cx), (last / 2).max(0) as usize, line.max(0) as u32))
}

fn tb_next(cx: &mut Cx, a: Args<'_>) -> R {
    let t = a.this::<PyTraceback>();
    Ok(t.next.get(&t.h, cx).unwrap_or_else(|| cx.none()))
}

fn set_tb_next(cx: &mut Cx, a: Args<'_>) -> R {
    let t = a.this::<PyTraceback>();
    let Some(v) = a.opt(1) else { return Err(cx.type_error("can't delete tb_next attribute")) };
    if v.value().is_none() {
        drop(t.next.take(&t.h, cx));
        return Ok(cx.none());
    }
    if v.downcast::<PyTraceback>(cx).is_none() {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("expected traceback object or None, got '{name}'")));
    }
    if entries(cx, Some(v.own(cx))).iter().any(|e| e.r().is(a.get(0))) {
        return Err(cx.value_error("traceback loop detected"));
    }
    t.next.set(&t.h, cx, v.own(cx));
    Ok(cx.none())
}

/// The attributes that are not those of every object.
fn traceback_dir(cx: &mut Cx, _: Args<'_>) -> R {
    let names = ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"].map(|name| cx.str(name));
    Ok(cx.list(names.into()))
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::Traceback, Some(Builtin::Object), 0);
    t.constructor(cx, "($cls, tb_next, tb_frame, tb_lasti, tb_lineno)", Full(traceback_new))
        .special(cx, Special::Dir, Full(traceback_dir))
        .getset(cx, "tb_next", Full(tb_next), Some(Full(set_tb_next)))
        .getset(cx, "tb_frame", Full(|cx, a| Ok(ref_of(a.this::<PyTraceback>().frame()).own(cx))), None)
        .getset(cx, "tb_lasti", Full(|cx, a| Ok(cx.int(2 * a.this::<PyTraceback>().last.get() as i64))), None)
        .getset(cx, "tb_lineno", Full(|cx, a| Ok(cx.int(a.this::<PyTraceback>().line.get() as i64))), None);
}
