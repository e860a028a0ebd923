//! Frame objects: what `sys._getframe()`, tracebacks and `gi_frame` show of a frame.
//!
//! Made when somebody asks. While the frame runs, the object points at its registers and reads them only on the frame's
//! own thread; another thread gets what was there when the frame last left its registers. When the frame ends, its locals
//! move here (PUB-4).

use crate::interp::frame::{Frame, GENERATOR};
use crate::interp::tracing::Reported;
use crate::objects::cell::PyCell;
use crate::objects::code::PyCode;
use crate::objects::dict::PyDict;
use crate::objects::function::PyFunction;
use crate::objects::generator::{PyGenerator, state};
use crate::objects::list::PyList;
use crate::prelude::*;
use std::cell::Cell;
use ungil_locks::primitive::{AtomicBool, Ordering};

/// Cells of class bodies and modules that are no variables of the program.
const CLASS_CELLS: [&str; 3] = ["__class__", "__classdict__", "__conditional_annotations__"];

/// See [`PyFrame::waiting`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    No,
    /// The generator has not begun.
    ToBegin,
    /// It has not begun, and its locals are gone: it never will.
    Cleared,
    /// It is suspended at a `yield`.
    Suspended,
}

/// See the module's head.
#[repr(C)]
pub struct PyFrame {
    pub h: Header,
    /// Registers while the frame is on the stack of thread `thread`; null afterwards.
    live: Cell<*mut Value>,
    thread: Cell<u64>,
    /// What the frame runs; its function may have been given other code since.
    code: &'static PyCode,
    /// Whether it is the frame of a generator that is not running; its locals are here then.
    waiting: Cell<Waiting>,
    /// What a tracer wants to hear of: lines, instructions.
    pub trace_lines: AtomicBool,
    pub trace_opcodes: AtomicBool,
    /// Word index of the instruction it is at, when it is not live.
    last: Cell<u32>,
    /// Locals that there is room for.
    count: u32,
    pub function: Slot,
    pub back: Slot,
    pub trace: Slot,
    /// What hooks have been told of the frame.
    pub(crate) reported: Reported,
    /// The native that the frame calls, if profilers have been told of it.
    pub(crate) native: Slot,
    /// Names set through `f_locals` that are no variables of the function: a dict.
    pub extra: Slot,
    /// Values that `f_locals` has pushed out of the registers of the running frame: a list.
    displaced: Slot,
    /// The locals' values after the frame has ended; cells stay cells.
    locals: [Slot; 0],
}

impl PyFrame {
    fn slots(&self) -> impl Iterator<Item = &Slot> {
        [&self.function, &self.back, &self.trace, &self.native, &self.extra, &self.displaced]
            .into_iter()
            .chain(self.kept())
    }

    /// What the frame has left behind.
    fn kept(&self) -> &[Slot] {
        // SAFETY: that many slots follow the fields, initialised when the object was made.
        unsafe { std::slice::from_raw_parts(self.locals.as_ptr(), self.count as usize) }
    }
}

unsafe fn frame_size(h: *mut Header) -> usize {
    // SAFETY: called with a frame object.
    size_of::<PyFrame>() + 8 * unsafe { (*h.cast::<PyFrame>()).count } as usize
}

unsafe fn frame_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a frame object.
    unsafe { (*h.cast::<PyFrame>()).slots().for_each(|slot| visit(slot.peek())) }
}

unsafe fn frame_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a frame object that nobody else reaches.
    unsafe { m.clear_slots((*h.cast::<PyFrame>()).slots()) }
}

pub static FRAME_OPS: TypeOps = TypeOps {
    name: "frame",
    size: frame_size,
    trace: Some(frame_trace),
    drop_fields: Some(frame_drop),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyFrame {
    const OPS: &'static TypeOps = &FRAME_OPS;
}

/// The frame object of a frame on this thread's stack, made if there is none.
pub fn of(cx: &Cx, frame: Frame) -> Obj {
    if let Some(v) = frame.object() {
        // SAFETY: the frame's header owns the object.
        return unsafe { Obj::from_borrowed(v, cx) };
    }
    let object = make(cx, frame.0, frame.function(), 0);
    frame.set_object(object.clone().into_value());
    object
}

/// What the frames of another thread are like just now, innermost first: objects that are not tied to the frames.
///
/// # Safety
/// The world is stopped; `regs` and `ip` are of the other thread's innermost frame.
pub unsafe fn snapshot(cx: &Cx, regs: *mut Value, ip: *const u64) -> Option<Obj> {
    let frames: Vec<_> = crate::interp::frame::Frames::from(regs, ip).collect();
    let mut back: Option<Obj> = None;
    for (frame, at) in frames.into_iter().rev() {
        cx.publish(ref_of(frame.function()).value());
        let made = make(cx, std::ptr::null_mut(), frame.function(), frame.code().offset_of(at));
        if let Some(f) = made.downcast::<PyFrame>(cx) {
            for (i, slot) in f.kept().iter().enumerate() {
                // SAFETY: the frame's registers are valid while its thread stands still.
                let local = unsafe { *frame.0.add(i) };
                if !local.is_undef() {
                    cx.publish(local);
                    // SAFETY: as above.
                    slot.set(&f.h, cx, unsafe { Obj::from_borrowed(local, cx) });
                }
            }
            if let Some(back) = back.take() {
                f.back.set(&f.h, cx, back);
            }
        }
        back = Some(made);
    }
    back
}

/// The frame object of a generator that is not on the stack; `claimed` is the state that it was in before the caller
/// claimed it, if it could.
pub fn for_generator(cx: &Cx, g: &PyGenerator, claimed: Option<u8>) -> Obj {
    let made = make(cx, std::ptr::null_mut(), g.function(), g.code().offset_of(g.ip.get()));
    if let Some(f) = made.downcast::<PyFrame>(cx) {
        let waiting = match claimed {
            Some(state::CREATED) => Waiting::ToBegin,
            Some(_) => Waiting::Suspended,
            None => return made,
        };
        f.waiting.set(waiting);
        f.take_over(cx, g);
    }
    made
}

/// The frame object of code that has no frame of its own, at the word index `last`.
pub fn of_code(cx: &Cx, code: &'static PyCode, globals: Obj, last: usize) -> Obj {
    let function = crate::objects::function::new_function(cx, code, globals);
    // SAFETY: made as a function just now.
    make(cx, std::ptr::null_mut(), unsafe { function.cast_unchecked() }, last)
}

fn make(cx: &Cx, live: *mut Value, function: &PyFunction, last: usize) -> Obj {
    let count = function.code().local_count();
    let p = cx.mutator().allocate(size_of::<PyFrame>() + 8 * count).cast::<PyFrame>();
    if p.is_null() {
        std::alloc::handle_alloc_error(std::alloc::Layout::new::<PyFrame>());
    }
    // SAFETY: fresh memory with room for the fields and the locals.
    unsafe {
        p.write(PyFrame {
            h: Header::new(Builtin::Frame as u32),
            live: Cell::new(live),
            thread: Cell::new(cx.thread.id()),
            waiting: Cell::new(Waiting::No),
            trace_lines: AtomicBool::new(true),
            trace_opcodes: AtomicBool::new(false),
            code: function.code(),
            last: Cell::new(last as u32),
            count: count as u32,
            function: Slot::new(ref_of(function).own(cx)),
            back: Slot::empty(),
            trace: Slot::empty(),
            reported: Reported::default(),
            native: Slot::empty(),
            extra: Slot::empty(),
            displaced: Slot::empty(),
            locals: [],
        });
        for i in 0..count {
            (&raw mut (*p).locals).cast::<Slot>().add(i).write(Slot::empty());
        }
        Obj::from_owned(Value::from_ptr(p))
    }
}

/// The locals of a frame that ends move into its frame object, whose reference the frame gives up.
///
/// # Safety
/// The frame is the innermost one of this thread; `object` is its frame object, owned.
pub unsafe fn take_locals(cx: &Cx, frame: Frame, object: Value) {
    // SAFETY: as the caller promises.
    unsafe {
        let owned = Obj::from_owned(object);
        let f: &PyFrame = owned.cast_unchecked();
        let code = frame.code();
        // Nobody but this frame and whoever shares its life refers to the object: it need not keep the locals.
        if !(*object.ptr()).is_unique((*cx).mutator()) {
            let exclusive = cx.is_exclusive(&f.h);
            if !exclusive {
                f.h.lock.lock(&cx.world);
            }
            for (i, slot) in f.kept().iter().enumerate() {
                // What was there is nothing: the frame ends once.
                let v = Obj::from_owned(std::mem::replace(&mut *frame.0.add(i), Value::UNDEF));
                std::mem::forget(slot.replace_locked(&f.h, v));
            }
            if !exclusive {
                f.h.lock.unlock(&cx.world);
            }
        }
        // A generator's frame is called from wherever it goes on, and from nowhere when it has ended.
        let has_caller = !frame.caller().is_null() && frame.kind() & GENERATOR == 0;
        if has_caller && (*object.ptr()).ref_count() > 1 {
            f.back.set(&f.h, cx, of(cx, Frame(frame.caller())));
        }
        if f.live.get() == frame.0 {
            let words = code.linked_already().map_or(0, |linked| linked.words().len());
            f.last.set(code.offset_of(cx.ip.get()).min(words.saturating_sub(1)) as u32);
            f.live.set(std::ptr::null_mut());
        }
    }
}

/// The generator's frame has left the stack: its frame object keeps its locals until it goes on.
pub fn suspended(cx: &Cx, object: &Obj, g: &PyGenerator, ip: *const u64) {
    let Some(f) = object.downcast::<PyFrame>(cx) else { return };
    f.last.set(f.code().offset_of(ip) as u32);
    f.live.set(std::ptr::null_mut());
    f.waiting.set(Waiting::Suspended);
    f.reported.suspend();
    f.take_over(cx, g);
}

/// The generator's frame is on the stack again: it gets its locals back.
///
/// # Safety
/// The frame is the generator's, complete but for its locals.
pub unsafe fn resumed(cx: &Cx, object: &Obj, frame: Frame) {
    let Some(f) = object.downcast::<PyFrame>(cx) else { return };
    f.waiting.set(Waiting::No);
    f.thread.set(cx.thread.id());
    f.live.set(frame.0);
    for (i, slot) in f.kept().iter().enumerate() {
        if let Some(v) = slot.take(&f.h, cx) {
            // SAFETY: a local's register, which holds nothing.
            unsafe { *frame.0.add(i) = v.into_value() };
        }
    }
}

impl PyFrame {
    /// Takes the locals of a generator that is not running.
    fn take_over(&self, cx: &Cx, g: &PyGenerator) {
        for (i, slot) in self.kept().iter().enumerate() {
            if let Some(v) = g.take_local(i) {
                slot.set(&self.h, cx, v);
            }
        }
    }

    /// Whether it is the frame of a generator that never began and never will.
    pub fn is_cleared(&self) -> bool {
        self.waiting.get() == Waiting::Cleared
    }

    pub fn function(&self) -> &PyFunction {
        // SAFETY: set for good when the object is made.
        unsafe { Ref::from_value(self.function.peek()).cast_unchecked::<PyFunction>() }
    }

    pub fn code(&self) -> &'static PyCode {
        self.code
    }

    /// The running frame, if it is on the stack of the calling thread.
    pub fn running(&self, cx: &Cx) -> Option<Frame> {
        let live = self.live.get();
        (!live.is_null() && self.thread.get() == cx.thread.id()).then_some(Frame(live))
    }

    /// Word index of the instruction that the frame is at.
    pub fn last_instruction(&self, cx: &Cx) -> usize {
        let Some(own) = self.running(cx) else { return self.last.get() as usize };
        let frames = crate::interp::frame::Frames::from(cx.regs.get(), cx.ip.get());
        for (frame, ip) in frames {
            if frame.0 == own.0 {
                return self.code().offset_of(ip);
            }
        }
        self.last.get() as usize
    }

    /// The line that the frame is at.
    pub fn line(&self, cx: &Cx) -> u32 {
        let shown = self.reported.shown.get();
        if shown != 0 {
            return shown;
        }
        self.code().position(self.last_instruction(cx)).line
    }

    /// Names and values of the bound locals, free variables included.
    pub fn locals(&self, cx: &Cx) -> Vec<(Ref<'static>, Obj)> {
        let code = self.code();
        let mut found = Vec::new();
        let mut add = |name: Ref<'static>, v: Value| {
            // The variables of a generator expression that runs in its caller are none of the caller's.
            if v.is_undef() || cx.text_of(name).strip_prefix('.').is_some_and(|rest| rest != "0") {
                return;
            }
            // SAFETY: a register of a frame of this thread, or owned by the caller.
            let v = unsafe { Obj::from_borrowed(v, cx) };
            match v.downcast::<PyCell>(cx) {
                Some(cell) => found.extend(cell.get(cx).map(|contents| (name, contents))),
                None => found.push((name, v)),
            }
        };
        let first = code.head.has_namespace as usize;
        if let Some(frame) = self.running(cx) {
            for i in first..code.local_count() {
                // SAFETY: a local of a frame of this thread.
                add(code.local_names(cx)[i].get(), unsafe { *frame.0.add(i) });
            }
        } else {
            for (i, slot) in self.kept().iter().enumerate().skip(first) {
                if let Some(v) = slot.get(&self.h, cx) {
                    add(code.local_names(cx)[i].get(), v.value());
                }
            }
        }
        for (i, name) in code.free_names.iter().enumerate() {
            if let Some(v) = self.function().free_cell(i).get(cx) {
                found.push((name.get(), v));
            }
        }
        found
    }

    /// Whether the function has a variable of this name.
    pub fn is_local(&self, cx: &Cx, name: &str) -> bool {
        let code = self.code();
        code.local_names(cx).iter().chain(&code.free_names).any(|known| cx.text_of(known.get()) == name)
    }

    /// Gives a variable of the function a value; false if it has none of this name.
    pub fn set_local(&self, cx: &Cx, name: &str, value: Obj) -> bool {
        let code = self.code();
        if let Some(i) = code.free_names.iter().position(|known| cx.text_of(known.get()) == name) {
            self.function().free_cell(i).set(cx, Some(value));
            return true;
        }
        let Some(i) = code.local_names(cx).iter().position(|known| cx.text_of(known.get()) == name) else {
            return false;
        };
        let Some(frame) = self.running(cx) else {
            let slot = &self.kept()[i];
            match slot.get(&self.h, cx).as_ref().and_then(|v| v.downcast::<PyCell>(cx)) {
                Some(cell) => cell.set(cx, Some(value)),
                None => slot.set(&self.h, cx, value),
            }
            return true;
        };
        // SAFETY: a local of a frame of this thread.
        let register = unsafe { &mut *frame.0.add(i) };
        // SAFETY: as above; the register keeps it alive.
        let cell = (!register.is_undef()).then(|| unsafe { Obj::from_borrowed(*register, cx) });
        if let Some(cell) = cell.as_ref().and_then(|v| v.downcast::<PyCell>(cx)) {
            cell.set(cx, Some(value));
            return true;
        }
        let old = std::mem::replace(register, value.into_value());
        if old.is_ptr() {
            // The instructions of the frame may be using it.
            // SAFETY: the register owned it.
            let old = unsafe { Obj::from_owned(old) };
            let list = match self.displaced.get(&self.h, cx) {
                Some(list) => list,
                None => {
                    let made = cx.list(Vec::new());
                    self.displaced.set(&self.h, cx, made.clone());
                    made
                }
            };
            list.downcast::<PyList>(cx).expect("made as a list").append(cx, old);
        }
        true
    }

    /// What the names of a module or class body are kept in.
    fn namespace(&self, cx: &Cx) -> Obj {
        let own = match self.running(cx) {
            // SAFETY: register 0 of a frame of this thread.
            Some(frame) => Some(unsafe { Obj::from_borrowed(*frame.0, cx) }),
            None => self.kept().first().and_then(|slot| slot.get(&self.h, cx)),
        };
        match own.filter(|n| !n.value().is_none() && !n.value().is_undef()) {
            Some(namespace) => namespace,
            None => ref_of(self.function().globals_unchecked()).own(cx),
        }
    }

    /// `f_locals` and `locals()`: the namespace of a module or class body, or a fresh dict of the locals.
    pub fn locals_dict(&self, cx: &mut Cx) -> R {
        let mut locals = self.locals(cx);
        if self.code().head.has_namespace {
            // Variables of comprehensions that are running are all that there is then.
            let free = &self.code().free_names;
            locals.retain(|(name, _)| {
                !CLASS_CELLS.contains(&cx.text_of(*name).as_str()) && !free.iter().any(|f| f.get().is(*name))
            });
            if locals.is_empty() {
                return Ok(self.namespace(cx));
            }
        }
        let dict = PyDict::new(cx);
        for (name, v) in locals {
            dict.downcast::<PyDict>(cx).expect("just made").set(cx, name.own(cx), v)?;
        }
        Ok(dict)
    }
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Frame, "frame", &FRAME_OPS, size_of::<PyFrame>(), true);
}

fn f_locals(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyFrame>();
    match this.code().head.has_namespace {
        true => this.locals_dict(cx),
        false => super::frame_locals::new_frame_locals(cx, a.get(0)),
    }
}

fn f_back(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyFrame>();
    if let Some(frame) = this.running(cx) {
        let caller = frame.caller();
        if caller.is_null() {
            return Ok(cx.none());
        }
        return Ok(of(cx, Frame(caller)));
    }
    Ok(this.back.get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

/// Code that stands for no source has no line.
/// No frame goes on elsewhere than it was: debuggers show this error when they are asked to jump.
fn set_f_lineno(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(line) = a.opt(1) else {
        return Err(
            cx.error(Builtin::AttributeError, "attribute 'f_lineno' of 'frame' objects cannot be deleted")
        );
    };
    if !cx.is_exactly(line, Builtin::Int) {
        return Err(cx.value_error("lineno must be an integer"));
    }
    if !cx.tracing.is_in_hook() {
        return Err(cx.value_error("f_lineno can only be set in a trace function"));
    }
    Err(cx.value_error("f_lineno can't be set: there are no jumps to other lines"))
}

fn f_lineno(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(match a.this::<PyFrame>().line(cx) {
        0 => cx.none(),
        line => cx.int(line.into()),
    })
}

fn switch(cx: &Cx, on: &AtomicBool) -> R {
    // ORD: relaxed; it says nothing about anything else.
    Ok(cx.bool(on.load(Ordering::Relaxed)))
}

fn set_switch(cx: &mut Cx, a: Args<'_>, on: &AtomicBool) -> R {
    let Some(value) = a.opt(1).and_then(|v| v.value().as_bool()) else {
        return Err(match a.opt(1) {
            Some(_) => cx.type_error("attribute value type must be bool"),
            None => cx.type_error("can't delete numeric/char attribute"),
        });
    };
    // ORD: as in `switch`.
    on.store(value, Ordering::Relaxed);
    Ok(cx.none())
}

fn f_trace(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyFrame>();
    Ok(this.trace.get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

fn set_f_trace(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyFrame>();
    match a.opt_not_none(1) {
        Some(v) => this.trace.set(&this.h, cx, v.own(cx)),
        None => drop(this.trace.take(&this.h, cx)),
    }
    Ok(cx.none())
}

fn frame_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyFrame>();
    let (code, line) = (this.code(), this.line(cx));
    let file = cx.repr_string(code.filename.get())?;
    let at = a.get(0).value().0;
    Ok(cx.str(&format!("<frame at {at:#x}, file {file}, line {line}, code {}>", code.head.name)))
}

fn frame_clear(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyFrame>();
    if !this.live.get().is_null() {
        return Err(cx.runtime_error("cannot clear an executing frame"));
    }
    match this.waiting.get() {
        Waiting::Suspended => return Err(cx.runtime_error("cannot clear a suspended frame")),
        Waiting::ToBegin => this.waiting.set(Waiting::Cleared),
        Waiting::No | Waiting::Cleared => {}
    }
    this.kept().iter().for_each(|slot| drop(slot.take(&this.h, cx)));
    Ok(cx.none())
}

pub fn init(cx: &mut Cx) {
    let mut t =
        TypeBuilder::new(cx, Builtin::Frame, Some(Builtin::Object), class_flag::DISALLOW_INSTANTIATION);
    t.getset(cx, "f_back", Full(f_back), None)
        .getset(cx, "f_code", Full(|cx, a| Ok(ref_of(a.this::<PyFrame>().code()).own(cx))), None)
        .getset(
            cx,
            "f_globals",
            Full(|cx, a| Ok(ref_of(a.this::<PyFrame>().function().globals_unchecked()).own(cx))),
            None,
        )
        .getset(
            cx,
            "f_builtins",
            Full(|cx, a| Ok(ref_of(a.this::<PyFrame>().function().builtins_unchecked()).own(cx))),
            None,
        )
        .getset(cx, "f_locals", Full(f_locals), None)
        .getset(cx, "f_lineno", Full(f_lineno), Some(Full(set_f_lineno)))
        .getset(
            cx,
            "f_lasti",
            Full(|cx, a| Ok(cx.int(2 * a.this::<PyFrame>().last_instruction(cx) as i64))),
            None,
        )
        .getset(cx, "f_trace", Full(f_trace), Some(Full(set_f_trace)))
        .getset(
            cx,
            "f_trace_lines",
            Leaf(|cx, a| switch(cx, &a.this::<PyFrame>().trace_lines)),
            Some(Full(|cx, a| set_switch(cx, a, &a.this::<PyFrame>().trace_lines))),
        )
        .getset(
            cx,
            "f_trace_opcodes",
            Leaf(|cx, a| switch(cx, &a.this::<PyFrame>().trace_opcodes)),
            Some(Full(|cx, a| set_switch(cx, a, &a.this::<PyFrame>().trace_opcodes))),
        )
        .method(cx, "clear", "($self, /)", Full(frame_clear))
        .special(cx, Special::Repr, Full(frame_repr));
}
