//! The end of the program: finalizers of what is still alive run, once, while modules and all else are still there for
//! them to use, as CPython's last collection does it.
//!
//! Called by the main thread when no other thread runs any more. Nothing is freed: the process ends.

use crate::prelude::*;
use ungil_gc::{flag, shape_flag};
use ungil_locks::primitive::Ordering;

/// Runs the finalizers of all objects that have one: instances of Python classes, suspended generators and coroutines that
/// never ran. Those of `first` come first, in that order. False if there are other threads, whose objects are in use.
pub fn finalize_all(cx: &mut Cx, first: &[Obj]) -> bool {
    let Some(mut found) = unfinalized(cx) else { return false };
    let place = |obj: &Obj| first.iter().position(|known| known.r().is(obj.r())).unwrap_or(first.len());
    found.sort_by_cached_key(place);
    for obj in found {
        // A finalizer may have run another one's.
        if obj.r().header().is_some_and(|h| !h.has_flag(flag::FINALIZED)) {
            obj.r().header().inspect(|h| h.set_flag(flag::FINALIZED));
            crate::finalize::finalize(cx, obj);
            cx.run_pending();
        }
    }
    true
}

/// `None` if there are other threads.
fn unfinalized(cx: &Cx) -> Option<Vec<Obj>> {
    let stopped = cx.mutator().stop_the_world();
    if cx.vm.positions_stw().len() > 1 {
        return None;
    }
    let mut found = Vec::new();
    // SAFETY: the world is stopped, and nothing is allocated or freed.
    unsafe {
        cx.space.pool.walk_stw(|h| {
            let shape = cx.shape_of(&*h);
            // ORD: relaxed; the world is stopped.
            if shape.head.flags.load(Ordering::Relaxed) & shape_flag::FINALIZER != 0
                && ((*h).is_immortal() || (*h).ref_count() > 0)
                && !(*h).has_flag(flag::FINALIZED)
                && is_for_python(cx, h)
                && (shape.head.ops.needs_finalizer)(h)
            {
                found.push(Value::from_ptr(h));
            }
        });
    }
    drop(stopped);
    // SAFETY: alive: there is no other thread that could have let go of them.
    Some(found.into_iter().map(|v| unsafe { Obj::from_borrowed(v, cx) }).collect())
}

/// Whether the finalizer runs Python: files and sockets of the standard library are flushed and closed elsewhere.
///
/// # Safety
/// `h` is alive.
unsafe fn is_for_python(cx: &Cx, h: *mut Header) -> bool {
    // SAFETY: as the caller promises.
    let obj = unsafe { Ref::from_value(Value::from_ptr(h)) };
    cx.class_of(obj).is_heap()
        || [Builtin::Generator, Builtin::Coroutine].iter().any(|&kind| cx.is_exactly(obj, kind))
}
