//! Finalizers, weak-reference callbacks, and collections: the Python that the end of objects runs.

use crate::collection::{self, debug};
use crate::objects::str::intern;
use crate::objects::type_;
use crate::prelude::*;
use std::ops::Range;
use ungil_gc::{Pending, WeakCell, cycle};

/// Whether the object's class has a `__del__`: the `needs_finalizer` of layouts that users derive from.
///
/// # Safety
/// `h` is a live object, and the calling thread has a context.
pub unsafe fn has_del(h: *mut Header) -> bool {
    let m = Mutator::current();
    // SAFETY: shapes of the runtime are `Shape`s; classes that natives know are kept by the collector.
    unsafe {
        let shape = m.shape(h).cast::<crate::class::Shape>();
        let class = &*(*shape).class;
        // A class without the method is resolved to "none" once; resolving needs no context but the mutator's.
        class.has_flag(class_flag::HAS_DEL | class_flag::HAS_TP_DEL)
    }
}

/// Runs everything that waits on the dying queue. Exceptions are reported through `sys.unraisablehook`.
#[cold]
#[inline(never)]
pub fn run_pending(cx: &mut Cx) {
    while cx.has_pending() {
        for pending in cx.take_pending() {
            // The finalizer must not see, or lose, the exception that its thread is handling.
            match pending {
                Pending::Finalize(obj) => finalize(cx, obj),
                Pending::WeakCallback(cell) => weak_callback(cx, cell),
            }
        }
    }
}

pub(crate) fn finalize(cx: &mut Cx, obj: Obj) {
    if crate::objects::generator::finalize(cx, &obj) {
        return;
    }
    let class = cx.class_of(obj.r());
    if let Some(method) = class.special(cx, Special::Del)
        && let Err(err) = cx.call_special(method, obj.r(), &[])
    {
        crate::traceback::unraisable(cx, err, "Exception ignored while calling deallocator", method);
    }
    if class.has_flag(class_flag::HAS_TP_DEL) {
        end_in_the_old_way(cx, &obj);
    }
}

/// Calls `__tp_del__`, which takes the place of a finalizer as there were before PEP 442: of one that runs each time that
/// the object is about to end.
#[cold]
fn end_in_the_old_way(cx: &mut Cx, obj: &Obj) {
    let name = intern(cx, "__tp_del__");
    let Some(method) = cx.class_of(obj.r()).lookup(cx, name.get()) else { return };
    if let Err(err) = cx.call(method.r(), &[obj.r()]) {
        crate::traceback::unraisable(cx, err, "Exception ignored while calling deallocator", method.r());
    }
    if let Some(h) = obj.r().header()
        && h.ref_count() > 1
    {
        h.clear_flag(ungil_gc::flag::FINALIZED);
    }
}

fn weak_callback(cx: &mut Cx, cell: Obj) {
    // SAFETY: only weak references are queued this way.
    let payload = unsafe { &*cell.value().ptr().cast::<WeakCell>() };
    let Some(callback) = payload.callback.take(&payload.header, cx) else { return };
    if let Err(err) = cx.call(callback.r(), &[cell.r()]) {
        crate::traceback::unraisable(
            cx,
            err,
            "Exception ignored while calling weakref callback",
            callback.r(),
        );
    }
}

/// What the collector asks of the runtime.
struct Runtime {
    cx: *mut Cx,
}

impl cycle::Collection for Runtime {
    fn run_pending(&mut self) {
        // SAFETY: see `collect`.
        run_pending(unsafe { &mut *self.cx });
    }

    fn any_uncollectable(&self) -> bool {
        crate::class::any_has_tp_del()
    }

    unsafe fn is_uncollectable(&self, h: *mut Header) -> bool {
        // SAFETY: as the caller promises; shapes of the runtime are `Shape`s, and a live object's class is alive.
        unsafe {
            let shape = Mutator::current().shape(h).cast::<crate::class::Shape>();
            (*(*shape).class).has_flag(class_flag::HAS_TP_DEL)
        }
    }

    fn watches(&self) -> bool {
        // SAFETY: as in `extents`.
        let collections = unsafe { &(*self.cx).vm.collections };
        collections.has_debug(debug::COLLECTABLE) || collections.has_debug(debug::SAVEALL)
    }

    fn found(&mut self, garbage: &[Obj]) {
        // SAFETY: as in `run_pending`.
        let cx = unsafe { &mut *self.cx };
        if cx.vm.collections.has_debug(debug::COLLECTABLE) {
            collection::show(cx, "collectable", garbage);
        }
    }

    fn stays(&mut self, mut uncollectable: Vec<Obj>) {
        // SAFETY: as in `run_pending`.
        let cx = unsafe { &mut *self.cx };
        if cx.vm.collections.has_debug(debug::UNCOLLECTABLE) {
            collection::show(cx, "uncollectable", &uncollectable);
        }
        if !cx.vm.collections.has_debug(debug::SAVEALL) {
            uncollectable.retain(|obj| cx.class_of(obj.r()).has_flag(class_flag::HAS_TP_DEL));
        }
        collection::keep_as_garbage(cx, uncollectable);
    }

    fn saves(&self) -> bool {
        // SAFETY: as in `extents`.
        unsafe { (*self.cx).vm.collections.has_debug(debug::SAVEALL) }
    }

    fn save(&mut self, garbage: Vec<Obj>) {
        // SAFETY: as in `run_pending`.
        collection::keep_as_garbage(unsafe { &mut *self.cx }, garbage);
    }

    unsafe fn stack_words_stw(&self, visit: &mut dyn FnMut(usize)) {
        // SAFETY: as in `extents`.
        unsafe { (*self.cx).stack_words_stw(visit) };
    }

    unsafe fn extents(&self, hub: *mut Header, visit: &mut dyn FnMut(Range<usize>)) {
        // SAFETY: as the caller promises; for the context see `collect`.
        unsafe { type_::extents(&*self.cx, hub, visit) };
    }

    unsafe fn forget_stw(&mut self, hubs: &[*mut Header]) {
        // SAFETY: as in `extents`.
        unsafe { type_::forget_stw(&*self.cx, hubs) };
    }

    unsafe fn release(&mut self, hubs: &[*mut Header]) {
        // SAFETY: as in `extents`.
        unsafe { type_::release(&*self.cx, hubs) };
    }
}

/// Overwrites what earlier calls have left below this on the native stack. The frames of the collector's functions would
/// contain it, and it would keep alive what it happens to name.
#[inline(never)]
pub fn clear_stack() {
    std::hint::black_box([0u64; 512]);
}

/// A collection of a generation, for [`collection::run`].
pub(crate) fn collect(cx: &mut Cx, generation: u8) -> cycle::Found {
    clear_stack();
    let context: *mut Cx = cx;
    let m: *const Mutator = cx.mutator();
    // SAFETY: the collector calls back between its phases only, when it holds no view of the mutator that running
    // Python could invalidate: every field of it is a cell of its own thread.
    cycle::collect(unsafe { &*m }, &mut Runtime { cx: context }, generation)
}
