//! Generators, coroutines and asynchronous generators: suspended frames.
//!
//! A suspended frame's registers live in the generator object. Resuming copies them onto the value stack above the
//! frame that resumes, suspending copies them back: all of them are counted references either way, so the collector
//! sees them in one place or the other (PUB-5); the words that stay behind in a running generator count for nothing. Who runs a generator is decided by a compare-and-swap on its state; the
//! loser gets `ValueError`.
//!
//! - `mod.rs`: the object, suspending and resuming; `methods.rs`: what Python sees of generators and coroutines
//! - `chain.rs`: generators that delegate to others, and are resumed and suspended without their frames
//! - `async_gen.rs`: the awaitables of asynchronous generators

mod chain;
mod methods;
mod resume;
pub(crate) use chain::{Place, fold, suspend_waiting, unfold};
use resume::claim;
pub(crate) use resume::end_send;

pub use methods::{declare, frame_object, init, thrown, warn_of_three_arguments};
pub use resume::{
    Outcome, close, delegate, finished_by_exception, may_resume_inline, next_of, resume_inline, returned,
    send, suspend, throw,
};

use crate::interp::frame::Frame;
use crate::objects::function::PyFunction;
use crate::prelude::*;
use std::cell::{Cell, UnsafeCell};
use ungil_bytecode::{DELEGATES, Op, WINDOW_HEADER, flags};
use ungil_locks::primitive::{AtomicU8, Ordering};

/// Values of [`PyGenerator::state`].
pub mod state {
    pub const CREATED: u8 = 0;
    pub const SUSPENDED: u8 = 1;
    pub const RUNNING: u8 = 2;
    pub const FINISHED: u8 = 3;
    /// It runs, and waits for what it delegates to: its registers are stored.
    pub const WAITING: u8 = 4;
}

/// See the module's head. The registers follow the struct.
#[repr(C)]
pub struct PyGenerator {
    pub h: Header,
    pub state: AtomicU8,
    /// An asynchronous generator's: one of its awaitables is under way.
    pub running_async: Cell<bool>,
    pub closed: Cell<bool>,
    pub hooks_inited: Cell<bool>,
    count: u32,
    /// Registers that are stored, from the first on, while it is not running; the others hold nothing.
    live: Cell<u32>,
    /// Where it goes on: the `Yield` it is suspended at, or the first instruction of its body.
    pub ip: Cell<*const u64>,
    pub function: Slot,
    /// `__name__` and `__qualname__`; empty if they are those of the code.
    pub(crate) name: Slot,
    pub(crate) qualname: Slot,
    /// The exception that the generator is handling while suspended.
    handled: Slot,
    /// The frame object, if one was made.
    pub frame: Slot,
    /// `cr_origin`, or the finalizer hook of an asynchronous generator.
    pub extra: Slot,
    /// `except` clauses of its own that it is in.
    pub(crate) handling: Cell<u32>,
    /// What the resumer was handling, while running.
    pub(crate) outer_handled: Cell<Value>,
    /// The generator that delegates to this one and waits; null if there is none.
    waiting: chain::Waiting,
    registers: [UnsafeCell<Value>; 0],
}

/// Where fields are, for those who read generators without trusting that they are some.
pub(crate) const FUNCTION_OFFSET: usize = std::mem::offset_of!(PyGenerator, function);
pub(crate) const IP_OFFSET: usize = std::mem::offset_of!(PyGenerator, ip);
pub(crate) const WAITING_OFFSET: usize = std::mem::offset_of!(PyGenerator, waiting);

impl PyGenerator {
    fn slots(&self) -> [&Slot; 6] {
        [&self.function, &self.name, &self.qualname, &self.handled, &self.frame, &self.extra]
    }

    /// The registers as they were when it left the stack.
    #[inline(always)]
    fn registers(&self) -> *mut Value {
        self.registers.as_ptr().cast_mut().cast()
    }

    #[inline(always)]
    pub fn state(&self) -> u8 {
        // ORD: acquire: whoever resumes sees the registers that the last one stored.
        self.state.load(Ordering::Acquire)
    }

    /// Registers of its frame, or more.
    #[inline(always)]
    pub(crate) fn count(&self) -> usize {
        self.count as usize
    }

    /// Whether a frame of it needs nothing but its registers: there is no frame object, and it handles no exception. The
    /// caller is exclusive.
    #[inline(always)]
    pub(crate) fn has_registers_only(&self) -> bool {
        self.handled.is_empty() && self.frame.is_empty()
    }

    /// Words of the value stack that resuming needs above the frame that resumes: the reference to the generator, the header,
    /// the registers, and those that are copied with them.
    #[inline(always)]
    pub(crate) fn words_on_stack(&self) -> usize {
        self.count() + WINDOW_HEADER + 2
    }

    /// Whether more registers are stored than are copied [`AT_ONCE`].
    #[inline(always)]
    pub(crate) fn keeps_many(&self) -> bool {
        self.live.get() as usize > AT_ONCE
    }

    /// Copies the registers that are stored to a frame, which owns them from then on.
    ///
    /// # Safety
    /// The generator is suspended or new and becomes a running one; the stack has room for [`PyGenerator::words_on_stack`].
    /// `MANY` if it [keeps many](PyGenerator::keeps_many).
    #[inline(always)]
    pub(crate) unsafe fn copy_registers_to<const MANY: bool>(&self, to: *mut Value) {
        let from = self.registers();
        // SAFETY: as the caller promises; what goes with the registers that are stored is no reference.
        unsafe {
            copy_some(from, to);
            if MANY {
                let live = self.live.get() as usize;
                let mut i = AT_ONCE;
                while i < live {
                    copy_pair(from.add(i), to.add(i));
                    i += 2;
                }
            }
        }
    }

    /// Moves the registers that the `Yield` at `ip` keeps off the stack, published if the generator is.
    ///
    /// # Safety
    /// The frame is that of this generator, which is running.
    pub(crate) unsafe fn take_registers_from(&self, frame: Frame, ip: *const u64) {
        // SAFETY: as the caller promises.
        unsafe {
            if self.h.is_published() {
                publish_registers(frame, kept(*ip));
            }
            self.move_registers_from::<true>(frame, kept(*ip));
        }
    }

    /// As [`PyGenerator::take_registers_from`] for one that is not published, and `live` registers.
    ///
    /// # Safety
    /// As there; the registers from `live` on are empty. Without `MANY`, they are [`AT_ONCE`] at most.
    #[inline(always)]
    pub(crate) unsafe fn move_registers_from<const MANY: bool>(&self, frame: Frame, live: usize) {
        debug_assert!(MANY || live <= AT_ONCE);
        self.live.set(live as u32);
        let (from, to) = (frame.0, self.registers());
        // SAFETY: a frame has its registers.
        debug_assert!((live..self.code().register_count()).all(|i| unsafe { !(*from.add(i)).is_ptr() }));
        // SAFETY: the generator has room for as many as are copied. The words behind the registers that it keeps are empty
        // registers, or lie above the innermost frame, where the stack is filled: they are no references.
        unsafe {
            copy_some(from, to);
            clear_some(from);
            if MANY {
                let mut i = AT_ONCE;
                while i < live {
                    copy_pair(from.add(i), to.add(i));
                    // Volatile for the reason that `copy_pair` has.
                    from.add(i).write_volatile(Value::UNDEF);
                    from.add(i + 1).write_volatile(Value::UNDEF);
                    i += 2;
                }
            }
        }
    }

    /// As [`PyGenerator::move_registers_from`] for a new generator, above whose frame the stack need not be filled.
    ///
    /// # Safety
    /// As there.
    unsafe fn take_first_registers(&self, frame: Frame, live: usize) {
        self.live.set(live as u32);
        for i in 0..live.next_multiple_of(2).max(AT_ONCE) {
            // SAFETY: a frame has its registers, and the generator has room for as many.
            unsafe {
                let v = if i < live { frame.0.add(i).replace(Value::UNDEF) } else { Value::UNDEF };
                self.registers().add(i).write(v);
            }
        }
    }

    /// Marks it as running without a race, and gives the state before: the caller is exclusive.
    #[inline(always)]
    pub(crate) fn start_exclusive(&self) -> u8 {
        let before = self.state();
        // ORD: relaxed; there is nobody to race with.
        self.state.store(state::RUNNING, Ordering::Relaxed);
        before
    }

    /// Marks it as suspended.
    #[inline(always)]
    pub(crate) fn suspend(&self) {
        // ORD: release: the next to resume sees the registers.
        self.state.store(state::SUSPENDED, Ordering::Release);
    }

    /// Marks it as finished.
    #[inline(always)]
    pub(crate) fn finish(&self) {
        // ORD: release, as in `suspend`.
        self.state.store(state::FINISHED, Ordering::Release);
    }

    /// Whether somebody has resumed it, and it has neither suspended nor ended since.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.state(), state::RUNNING | state::WAITING)
    }

    /// How many registers are stored: none while it runs without waiting, and at its end.
    fn stored(&self) -> usize {
        match self.state() {
            state::CREATED | state::SUSPENDED | state::WAITING => self.live.get() as usize,
            _ => 0,
        }
    }

    /// The function that it runs.
    #[inline]
    pub fn function(&self) -> &PyFunction {
        // SAFETY: the slot holds a function from birth to end.
        unsafe { Ref::from_value(self.function.peek()).cast_unchecked::<PyFunction>() }
    }

    /// `__name__`.
    pub(crate) fn name(&self, cx: &Cx) -> Obj {
        self.name.get(&self.h, cx).unwrap_or_else(|| self.code().name.get().own(cx))
    }

    /// `__qualname__`.
    pub(crate) fn qualname(&self, cx: &Cx) -> Obj {
        self.qualname.get(&self.h, cx).unwrap_or_else(|| self.code().qualname.get().own(cx))
    }

    /// The code that it runs.
    pub fn code(&self) -> &'static crate::objects::code::PyCode {
        self.function().code()
    }

    /// The register that a suspended `yield from` or `await` delegates to, if it does; only while suspended.
    pub fn delegating_to(&self, cx: &Cx) -> Option<Obj> {
        if self.state() != state::SUSPENDED {
            return None;
        }
        // SAFETY: a suspended generator's ip is at a `Yield`.
        let word = unsafe { *self.ip.get() };
        if !delegates(word) {
            return None;
        }
        let register = (word >> 16) as u16 as usize + 1;
        // SAFETY: verified code; the registers are stored.
        Some(unsafe { Obj::from_borrowed(*self.registers().add(register), cx) })
    }

    /// Whether closing it where it is suspended would run none of its code: nothing there handles `GeneratorExit`, it delegates
    /// to nothing, and nobody looks at its frame.
    pub(crate) fn may_end_quietly(&self) -> bool {
        if self.state() != state::SUSPENDED || h_is(self, Builtin::AsyncGen) || !self.has_registers_only() {
            return false;
        }
        // SAFETY: a suspended generator's ip is at a `Yield`.
        if delegates(unsafe { *self.ip.get() }) {
            return false;
        }
        let code = self.code();
        let at = code.offset_of(self.ip.get());
        let entry =
            code.running().exceptions.iter().find(|e| (e.start as usize) <= at && at < e.end as usize);
        // What turns `StopIteration` into `RuntimeError` lets all else pass.
        // SAFETY: targets of handlers are instructions of the code.
        entry.is_none_or(
            |e| unsafe { *code.entry().add(e.target as usize) } as u8 == Op::StopIterationError as u8,
        )
    }

    /// Takes a local out of the registers of a generator that does not run, for its frame object to keep.
    pub(crate) fn take_local(&self, i: usize) -> Option<Obj> {
        if i >= self.live.get() as usize {
            return None;
        }
        // SAFETY: stored registers own valid values; this one holds nothing from now on.
        let v = unsafe { std::mem::replace(&mut *self.registers().add(i), Value::UNDEF) };
        // SAFETY: as above.
        (!v.is_undef()).then(|| unsafe { Obj::from_owned(v) })
    }
}

/// Whether a `Yield` hands on what another iterator has given.
#[inline(always)]
fn delegates(word: u64) -> bool {
    word >> 8 & u64::from(DELEGATES) != 0
}

/// How many registers a `Yield` keeps: temporaries above them are empty.
#[inline(always)]
pub(crate) fn kept(word: u64) -> usize {
    (word >> 48) as usize
}

/// So many registers are copied whether they are in use or not: most generators keep no more.
pub(crate) const AT_ONCE: usize = 4;

/// Copies [`AT_ONCE`] words.
#[inline(always)]
unsafe fn copy_some(from: *mut Value, to: *mut Value) {
    // SAFETY: as the caller promises.
    unsafe { to.cast::<[Value; AT_ONCE]>().write(from.cast::<[Value; AT_ONCE]>().read()) };
}

/// Empties as many.
#[inline(always)]
unsafe fn clear_some(at: *mut Value) {
    // SAFETY: as the caller promises.
    unsafe { at.cast::<[Value; AT_ONCE]>().write([Value::UNDEF; AT_ONCE]) };
}

/// Copies two words, and no more: what compilers make of a loop over plain copies takes longer to begin than to do.
#[inline(always)]
unsafe fn copy_pair(from: *mut Value, to: *mut Value) {
    // SAFETY: as the caller promises.
    unsafe {
        let pair = [from.read_volatile(), from.add(1).read_volatile()];
        *to = pair[0];
        *to.add(1) = pair[1];
    }
}

/// Bytes of a generator with so many registers; those behind the first few are copied two at a time.
#[inline(always)]
fn size_with(count: usize) -> usize {
    size_of::<PyGenerator>() + 8 * count.next_multiple_of(2)
}

unsafe fn generator_size(h: *mut Header) -> usize {
    // SAFETY: called with a generator.
    size_with(unsafe { (*h.cast::<PyGenerator>()).count } as usize)
}

unsafe fn generator_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a generator.
    unsafe {
        let g = &*h.cast::<PyGenerator>();
        g.slots().iter().for_each(|slot| visit(slot.peek()));
        (0..g.stored()).for_each(|i| visit(*g.registers().add(i)));
    }
}

unsafe fn generator_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a generator that nobody else reaches.
    unsafe {
        let g = &*h.cast::<PyGenerator>();
        let stored = g.stored();
        // ORD: relaxed; nobody else reaches it.
        g.state.store(state::FINISHED, Ordering::Relaxed);
        // Destruction by worklist takes the latest first: the last local goes first, as when a frame ends.
        for i in 0..stored {
            m.drop_value(*g.registers().add(i));
        }
        g.slots().iter().for_each(|slot| slot.clear(m));
    }
}

/// A suspended generator must be closed before it is freed; a coroutine that never ran must be reported.
unsafe fn generator_needs_finalizer(h: *mut Header) -> bool {
    // SAFETY: called with a generator.
    let g = unsafe { &*h.cast::<PyGenerator>() };
    match g.state() {
        state::SUSPENDED => !g.may_end_quietly(),
        state::CREATED => h_is(g, Builtin::Coroutine),
        _ => false,
    }
}

fn h_is(g: &PyGenerator, which: Builtin) -> bool {
    g.h.shape_id() == which as u32
}

pub static GENERATOR_OPS: TypeOps = TypeOps {
    name: "generator",
    size: generator_size,
    trace: Some(generator_trace),
    drop_fields: Some(generator_drop),
    needs_finalizer: generator_needs_finalizer,
};

// SAFETY: `repr(C)` with the header first; coroutines and asynchronous generators share the layout.
unsafe impl Object for PyGenerator {
    const OPS: &'static TypeOps = &GENERATOR_OPS;
}

/// Makes the generator of the frame at `frame`, which goes on at `ip`, moving its registers and its function into it.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// The frame is the innermost one; afterwards it holds nothing any more.
pub unsafe fn from_frame(cx: &mut Cx, frame: Frame, ip: *const u64) -> R {
    let code = frame.code();
    let which = match code.head.flags {
        f if f & flags::COROUTINE != 0 => Builtin::Coroutine,
        f if f & flags::ASYNC_GENERATOR != 0 => Builtin::AsyncGen,
        _ => Builtin::Generator,
    };
    let count = code.register_count().max(AT_ONCE);
    let p = cx.mutator().allocate(size_with(count)).cast::<PyGenerator>();
    if p.is_null() {
        return Err(cx.memory_error());
    }
    let f = frame.function();
    // The frame is at its first instruction: there are no temporaries.
    let live = f.local_count();
    let extra = match cx.thread_state.origin_depth.get() {
        depth if depth > 0 && which == Builtin::Coroutine => Slot::new(methods::origin(cx, frame)),
        _ => Slot::empty(),
    };
    // SAFETY: fresh memory of the right size; the frame's registers are moved out of the stack.
    unsafe {
        p.write(PyGenerator {
            h: Header::new(which as u32),
            state: AtomicU8::new(state::CREATED),
            running_async: Cell::new(false),
            closed: Cell::new(false),
            hooks_inited: Cell::new(false),
            count: count as u32,
            live: Cell::new(0),
            ip: Cell::new(ip),
            name: own_name(cx, f, &f.name),
            qualname: own_name(cx, f, &f.qualname),
            function: Slot::new(match frame.borrows_function() {
                true => Obj::from_borrowed(*frame.0.sub(2), cx),
                false => Obj::from_owned(*frame.0.sub(2)),
            }),
            handled: Slot::empty(),
            frame: Slot::empty(),
            extra,
            handling: Cell::new(0),
            outer_handled: Cell::new(Value::UNDEF),
            waiting: Cell::new(std::ptr::null()),
            registers: [],
        });
        *frame.0.sub(2) = Value::UNDEF;
        (*p).take_first_registers(frame, live);
        Ok(Obj::from_owned(Value::from_ptr(p)))
    }
}

/// What a new generator keeps as its name: nothing, while the function has the name of its code.
#[inline(always)]
fn own_name(cx: &Cx, f: &PyFunction, name: &Slot) -> Slot {
    if name.is_empty() {
        return Slot::empty();
    }
    name.get(&f.h, cx).map_or_else(Slot::empty, Slot::new)
}

/// Ends a generator whose frame has just ended and to which there is no reference any more, if it holds nothing but its
/// function; whether it was so.
///
/// # Safety
/// The caller owned the last reference.
#[inline(always)]
pub(crate) unsafe fn end_finished(cx: &Cx, generator: Value) -> bool {
    // SAFETY: as the caller promises: nobody else reaches it. It is finished, so it needs no finalizer.
    unsafe {
        let g = &*generator.ptr().cast::<PyGenerator>();
        if g.h.has_flag(crate::flag::WEAKLY_REFERENCED | crate::flag::DYING)
            || !g.slots()[1..].iter().all(|slot| slot.is_empty())
        {
            return false;
        }
        let m = cx.mutator();
        g.function.clear(m);
        m.free_emptied(generator.ptr(), size_with(g.count()));
        true
    }
}

/// Closes a suspended generator that is about to be freed. False if the object is none.
pub fn finalize(cx: &mut Cx, obj: &Obj) -> bool {
    let Some(g) = obj.downcast::<PyGenerator>(cx) else { return false };
    if h_is(g, Builtin::AsyncGen) && methods::call_finalizer_hook(cx, obj.r()) {
        return true;
    }
    if h_is(g, Builtin::Coroutine) && g.state() == state::CREATED {
        methods::warn_never_awaited(cx, obj.r());
        return true;
    }
    if let Err(err) = close(cx, obj.r()) {
        crate::traceback::unraisable(cx, err, "Exception ignored while closing generator", obj.r());
    }
    true
}

/// PUB-5: what a published generator keeps when it suspends is published, since any thread may resume it.
///
/// # Safety
/// The frame has so many registers.
#[cold]
#[inline(never)]
unsafe fn publish_registers(frame: Frame, live: usize) {
    let m = Mutator::current();
    for i in 0..live {
        // SAFETY: as the caller promises.
        m.publish(unsafe { *frame.0.add(i) });
    }
}
