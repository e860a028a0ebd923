//! Collections as programs see them: numbers by generation, `gc.callbacks`, `gc.garbage`, and what `gc.set_debug()` has
//! printed.
//!
//! Every collection goes through [`run`], asked for or due. The collector itself is `ungil_gc::cycle`; `finalize.rs` is
//! what it calls. All numbers are atomics that nothing depends on; no locks.

use crate::objects::dict::PyDict;
use crate::objects::list::PyList;
use crate::objects::str::intern;
use crate::prelude::*;
use std::time::Instant;
use ungil_gc::cycle::{self, Found, GENERATIONS};
use ungil_locks::primitive::{AtomicI64, AtomicUsize, Ordering};

/// Flags of `gc.set_debug()`.
pub mod debug {
    pub const STATS: i64 = 1;
    pub const COLLECTABLE: i64 = 2;
    pub const UNCOLLECTABLE: i64 = 4;
    pub const SAVEALL: i64 = 32;
}

/// The collections of one generation.
#[derive(Default)]
pub struct Numbers {
    pub collections: AtomicUsize,
    pub collected: AtomicUsize,
    pub uncollectable: AtomicUsize,
}

/// What the VM knows about its collections.
#[derive(Default)]
pub struct Collections {
    pub debug: AtomicI64,
    pub generations: [Numbers; GENERATIONS],
    /// By generation: collections of the one below since the last one of it.
    pub since: [AtomicUsize; GENERATIONS],
}

impl Collections {
    /// Whether a flag of `gc.set_debug()` is on.
    pub fn has_debug(&self, flag: i64) -> bool {
        // ORD: relaxed; a setting.
        self.debug.load(Ordering::Relaxed) & flag != 0
    }

    fn count(&self, generation: usize, found: Found) {
        let numbers = &self.generations[generation];
        // ORD: relaxed; numbers to be shown.
        numbers.collections.fetch_add(1, Ordering::Relaxed);
        numbers.collected.fetch_add(found.collected, Ordering::Relaxed);
        numbers.uncollectable.fetch_add(found.uncollectable, Ordering::Relaxed);
        self.since[..=generation].iter().for_each(|n| n.store(0, Ordering::Relaxed));
        if let Some(above) = self.since.get(generation + 1) {
            above.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A collection of a generation; the number of unreachable objects found. None while another one is under way.
pub fn run(cx: &mut Cx, generation: u8) -> usize {
    crate::finalize::clear_stack();
    observed(cx, generation)
}

/// As [`run`], of everything.
pub fn run_full(cx: &mut Cx) -> usize {
    run(cx, cycle::OLDEST)
}

/// In a frame of its own, made after the stack has been cleared.
#[inline(never)]
fn observed(cx: &mut Cx, generation: u8) -> usize {
    if cx.space.collector.is_collecting() {
        return 0;
    }
    call_callbacks(cx, "start", generation, Found::default());
    let begin = cx.vm.collections.has_debug(debug::STATS).then(|| announce(cx, generation));
    let found = crate::finalize::collect(cx, generation);
    if let Some(begin) = begin {
        let seconds = begin.elapsed().as_secs_f64();
        let Found { collected, uncollectable } = found;
        let unreachable = collected + uncollectable;
        let text = format!(
            "gc: done, {unreachable} unreachable, {uncollectable} uncollectable, {seconds:.4}s elapsed\n"
        );
        crate::traceback::write_stderr(cx, &text);
    }
    cx.vm.collections.count(generation as usize, found);
    call_callbacks(cx, "stop", generation, found);
    found.collected + found.uncollectable
}

/// `DEBUG_STATS` before a collection; when it began.
fn announce(cx: &mut Cx, generation: u8) -> Instant {
    let [young, middle, old, frozen] = cycle::census(cx);
    let text = format!(
        "gc: collecting generation {generation}...\n\
         gc: objects in each generation: {young} {middle} {old}\n\
         gc: objects in permanent generation: {frozen}\n"
    );
    crate::traceback::write_stderr(cx, &text);
    Instant::now()
}

/// A list of the module `gc`, if that has been imported.
fn list_of_module(cx: &mut Cx, name: &str) -> Option<Obj> {
    let key = intern(cx, "gc");
    let module = cx.modules().get_str(cx, key.get())?;
    cx.get_attr_str(module.r(), name).ok().filter(|list| list.downcast::<PyList>(cx).is_some())
}

/// Calls what is in `gc.callbacks`; what they raise is reported.
fn call_callbacks(cx: &mut Cx, phase: &str, generation: u8, found: Found) {
    let Some(callbacks) = list_of_module(cx, "callbacks") else { return };
    let Some(callbacks) = callbacks.downcast::<PyList>(cx).map(|list| list.snapshot(cx)) else { return };
    for callback in callbacks {
        let info = record(
            cx,
            &[
                ("generation", generation as usize),
                ("collected", found.collected),
                ("uncollectable", found.uncollectable),
            ],
        );
        let phase = cx.str(phase);
        if let Err(err) = cx.call(callback.r(), &[phase.r(), info.r()]) {
            let what = "Exception ignored while calling GC callback";
            crate::traceback::unraisable(cx, err, what, callback.r());
        }
    }
}

/// A dict of numbers.
pub fn record(cx: &mut Cx, entries: &[(&str, usize)]) -> Obj {
    let made = PyDict::new(cx);
    if let Some(dict) = made.downcast::<PyDict>(cx) {
        for &(name, n) in entries {
            dict.set_str(cx, intern(cx, name).get(), cx.int(n as i64));
        }
    }
    made
}

/// A line each about what has been found.
pub(crate) fn show(cx: &mut Cx, what: &str, objects: &[Obj]) {
    for obj in objects {
        let h = obj.value().ptr();
        // SAFETY: the reference keeps it alive.
        if unsafe { (*h).has_flag(ungil_gc::flag::PART) } {
            continue;
        }
        let class = cx.class_of(obj.r());
        let text = format!("gc: {what} <{} {h:p}>\n", class.tp_name());
        crate::traceback::write_stderr(cx, &text);
    }
}

/// Appends to `gc.garbage`.
pub(crate) fn keep_as_garbage(cx: &mut Cx, objects: Vec<Obj>) {
    if crate::import::import_module(cx, "gc").is_err() {
        return;
    }
    let Some(list) = list_of_module(cx, "garbage") else { return };
    let Some(list) = list.downcast::<PyList>(cx) else { return };
    for obj in objects {
        list.append(cx, obj);
    }
}

/// At the program's end: what is in `gc.garbage`, as a `ResourceWarning`.
pub fn warn_of_garbage(cx: &mut Cx) {
    if cx.vm.collections.has_debug(debug::SAVEALL) {
        return;
    }
    let Some(garbage) = list_of_module(cx, "garbage") else { return };
    let count = garbage.downcast::<PyList>(cx).map_or(0, PyList::len);
    if count == 0 {
        return;
    }
    let listed = cx.vm.collections.has_debug(debug::UNCOLLECTABLE);
    let hint = if listed { "" } else { "; use gc.set_debug(gc.DEBUG_UNCOLLECTABLE) to list them" };
    let text = cx.str(&format!("gc: {count} uncollectable objects at shutdown{hint}"));
    let (name, line) = (cx.str("gc"), cx.int(0));
    let category = cx.builtin(Builtin::ResourceWarning).as_ref();
    let _ = crate::import::import_module(cx, "warnings").and_then(|warnings| {
        let arguments = [text.r(), category, name.r(), line.r(), name.r()];
        cx.call_method(warnings.r(), "warn_explicit", &arguments)
    });
    if listed && let Ok(shown) = cx.repr_string(garbage.r()) {
        crate::traceback::write_stderr(cx, &format!("      {shown}\n"));
    }
}
