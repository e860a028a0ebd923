//! Reporting what runs: `sys.settrace`, `sys.setprofile` and `sys.monitoring`.
//!
//! A thread that reports dispatches through a table of its own, every entry of which is [`step`]: it reports what is due
//! before the instruction and then runs the instruction's own handler. The table is chosen where the one of solo threads is
//! (`Mutator::dispatch`), so threads that report nothing pay nothing.
//!
//! Every frame of a reporting thread has a frame object, which remembers what has been reported ([`Reported`]). While a hook
//! runs its thread reports nothing. Other threads are asked to begin or end by a bit of their check word.
//!
//! - `events.rs`: what is reported before an instruction, and of exceptions; `calls.rs`: which native an instruction calls

mod calls;
mod events;

pub(crate) use events::{handled, raised, unwound};

use super::{Exit, Next, Table, handlers};
use crate::interp::frame::Frames;
use crate::objects::code::PyCode;
use crate::objects::frame::{self, PyFrame};
use crate::prelude::*;
use std::cell::{Cell, RefCell};
use std::sync::{OnceLock, PoisonError};
use ungil_bytecode::Op;
use ungil_gc::Shared;
use ungil_locks::primitive::{AtomicU32, Mutex, Ordering};

/// A bit of the check word, one of the VM's: the thread is to see what it has to report.
pub const CHECK: u32 = 1 << 16;

/// The events of `sys.monitoring`, with CPython's numbers.
pub mod event {
    pub const PY_START: u32 = 1;
    pub const PY_RESUME: u32 = 1 << 1;
    pub const PY_RETURN: u32 = 1 << 2;
    pub const PY_YIELD: u32 = 1 << 3;
    pub const CALL: u32 = 1 << 4;
    pub const LINE: u32 = 1 << 5;
    pub const INSTRUCTION: u32 = 1 << 6;
    pub const JUMP: u32 = 1 << 7;
    pub const BRANCH_LEFT: u32 = 1 << 8;
    pub const BRANCH_RIGHT: u32 = 1 << 9;
    pub const STOP_ITERATION: u32 = 1 << 10;
    pub const RAISE: u32 = 1 << 11;
    pub const EXCEPTION_HANDLED: u32 = 1 << 12;
    pub const PY_UNWIND: u32 = 1 << 13;
    pub const PY_THROW: u32 = 1 << 14;
    pub const RERAISE: u32 = 1 << 15;
    pub const C_RETURN: u32 = 1 << 16;
    pub const C_RAISE: u32 = 1 << 17;
    /// Both kinds of branches, for callbacks that do not tell them apart.
    pub const BRANCH: u32 = 1 << 18;
}

/// Tells the tools that have asked for it of an event: its bit, the code, and what the callback gets behind the code.
pub type Monitor = fn(&mut Cx, u32, &'static PyCode, &[Ref<'_>]) -> R<()>;

/// What the whole VM knows of it.
#[derive(Default)]
pub struct Monitoring {
    /// The events that some tool wants to hear of.
    wanted: AtomicU32,
    pub monitor: OnceLock<Monitor>,
}

/// Which of the two hooks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// `sys.settrace`.
    Trace,
    /// `sys.setprofile`.
    Profile,
}

/// A thread's own part.
#[derive(Default)]
pub struct State {
    hooks: [RefCell<Option<Obj>>; 2],
    /// How many hooks are running.
    busy: Cell<u32>,
    on: Cell<bool>,
    /// What other threads want the hooks to be: `None` within to end them.
    requests: Mutex<[Option<Option<Shared>>; 2]>,
}

impl State {
    /// Whether the thread reports events just now.
    #[inline]
    pub(crate) fn is_reporting(&self) -> bool {
        self.on.get() && self.busy.get() == 0
    }

    /// Whether a hook is running.
    pub(crate) fn is_in_hook(&self) -> bool {
        self.on.get() && self.busy.get() != 0
    }
}

/// What has been reported of a frame: kept in its frame object, used by the thread that runs the frame.
#[derive(Default)]
pub struct Reported {
    /// Whether its beginning has been, or may not be.
    begun: Cell<bool>,
    /// The line reported last; 0 for none.
    line: Cell<u32>,
    /// Word index of the instruction looked at last, plus 1; 0 for none.
    at: Cell<u32>,
    /// The line that the frame shows instead of its instruction's; 0 for none.
    pub shown: Cell<u32>,
    /// Word index of a branch whose outcome is to be reported, plus 1.
    branch: Cell<u32>,
}

impl Reported {
    /// The frame has been suspended: its next beginning is reported anew.
    pub fn suspend(&self) {
        self.begun.set(false);
    }

    /// The frame was there, at a line, before anything was to be reported.
    fn forgo(&self, line: u32) {
        self.begun.set(true);
        self.line.set(line);
        self.at.set(0);
        self.branch.set(0);
    }
}

/// The function that `sys.settrace` or `sys.setprofile` was given.
pub fn hook(cx: &Cx, which: Hook) -> Option<Obj> {
    cx.tracing.hooks[which as usize].borrow().as_ref().map(|f| f.r().own(cx))
}

/// `sys.settrace`, `sys.setprofile`.
pub fn set_hook(cx: &mut Cx, which: Hook, function: Option<Obj>) {
    let old = cx.tracing.hooks[which as usize].replace(function);
    drop(old);
    refresh(cx);
}

/// As [`set_hook`], for all threads: the others at their next safepoint.
pub fn set_hook_everywhere(cx: &mut Cx, which: Hook, function: Option<Obj>) {
    let mut replaced = Vec::new();
    cx.for_other_contexts(|other| {
        let request = function.as_ref().map(|f| Shared::publish(f.clone()));
        let mut requests = other.tracing.requests.lock().unwrap_or_else(PoisonError::into_inner);
        replaced.extend(requests[which as usize].replace(request).flatten());
        drop(requests);
        other.thread.raise_check(CHECK);
    });
    for old in replaced {
        drop(old.into_obj());
    }
    set_hook(cx, which, function);
}

/// Says which events tools want to hear of, all together, from all threads.
pub fn set_monitored(cx: &mut Cx, events: u32) {
    // ORD: relaxed; the check word orders.
    cx.vm.monitoring.wanted.store(events, Ordering::Relaxed);
    cx.for_other_contexts(|other| other.thread.raise_check(CHECK));
    refresh(cx);
}

/// Answers [`CHECK`].
pub(crate) fn answer(cx: &mut Cx) {
    let mut requests = cx.tracing.requests.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = std::mem::take(&mut *requests);
    drop(requests);
    for (which, request) in [Hook::Trace, Hook::Profile].into_iter().zip(taken) {
        if let Some(function) = request {
            let old = cx.tracing.hooks[which as usize].replace(function.map(Shared::into_obj));
            drop(old);
        }
    }
    refresh(cx);
}

/// The thread gives its hooks up.
pub fn end_of_thread(cx: &mut Cx) {
    answer(cx);
    set_hook(cx, Hook::Trace, None);
    set_hook(cx, Hook::Profile, None);
}

/// Chooses the table anew after what the thread has to report has changed.
pub(crate) fn refresh(cx: &Cx) {
    let state = &cx.tracing;
    let has_hook = state.hooks.iter().any(|hook| hook.borrow().is_some());
    // ORD: relaxed; the check word orders.
    let on = has_hook || cx.vm.monitoring.wanted.load(Ordering::Relaxed) != 0;
    if on && !state.on.get() {
        let (regs, ip) = cx.position();
        for (frame, ip) in Frames::from(regs, ip) {
            let code = frame.code();
            let object = frame::of(cx, frame);
            if let Some(f) = object.downcast::<PyFrame>(cx) {
                f.reported.forgo(code.position(code.offset_of(ip)).line);
                drop(f.native.take(&f.h, cx));
            }
        }
    }
    state.on.set(on);
    choose(cx);
}

fn choose(cx: &Cx) {
    cx.mutator().set_dispatch(handlers::choices(cx.tracing.is_reporting()));
}

/// Runs a hook, or something else of which nothing is to be reported.
fn quietly<T>(cx: &mut Cx, f: impl FnOnce(&mut Cx) -> T) -> T {
    cx.tracing.busy.set(cx.tracing.busy.get() + 1);
    choose(cx);
    let result = f(cx);
    cx.tracing.busy.set(cx.tracing.busy.get() - 1);
    choose(cx);
    result
}

/// Runs what a hook wants reported although it runs itself (`sys.call_tracing`).
pub fn call_reporting<T>(cx: &mut Cx, f: impl FnOnce(&mut Cx) -> T) -> T {
    let busy = cx.tracing.busy.replace(0);
    choose(cx);
    let result = f(cx);
    cx.tracing.busy.set(busy);
    choose(cx);
    result
}

/// The handler of every instruction in a thread that reports.
///
/// # Safety
/// The handlers' contract.
pub(crate) unsafe fn step(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Exit {
    // SAFETY: as the caller promises.
    unsafe {
        let next: Next = events::before(ip, regs, cx, t);
        if next.ip != ip {
            follow!(next, cx);
        }
        let own = handlers::own_table(&*cx);
        // What a `JumpFor` jumps to is reported too.
        let op = match *ip as u8 {
            op if op == Op::JumpFor as u8 => Op::JumpBack,
            // Something may run before the next instruction: nothing is lent to that.
            op => Op::from_u8(op).map_or(Op::Nop, Op::counting),
        };
        ((*own).0[op as usize])(ip, regs, cx, handlers::table(&*cx))
    }
}
