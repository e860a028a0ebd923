//! A thread that Python has not started: it gets its context when it calls Python, and gives it up right after.

use std::sync::PoisonError;
use std::thread::JoinHandle;
use ungil_gc::Shared;
use ungil_locks::primitive::Mutex;
use ungil_runtime::Vm;
use ungil_runtime::prelude::*;

/// The thread that `call_in_temporary_c_thread(..., False)` has started.
static THREAD: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);

fn take() -> Option<JoinHandle<()>> {
    THREAD.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn run(vm: &'static Vm, callback: Shared) {
    let mut cx = Cx::new(vm);
    cx.mutator().attach();
    let callback = callback.into_obj();
    if let Err(err) = cx.call(callback.r(), &[]) {
        ungil_runtime::traceback::display(&mut cx, err.exception());
    }
    drop(callback);
    crate::thread::end_of_foreign_thread(&mut cx);
    cx.mutator().detach();
}

/// `call_in_temporary_c_thread(callback, wait=True)`.
pub(super) fn call(cx: &mut Cx, a: Args<'_>) -> R {
    let wait = a.opt(1).map_or(Ok(true), |wait| cx.truth(wait))?;
    cx.begin_threads();
    let (vm, callback) = (cx.vm, Shared::publish(a.get(0).own(cx)));
    let started = std::thread::Builder::new().stack_size(16 << 20).spawn(move || {
        ungil_runtime::interp::stack::set_native_stack_size(16 << 20);
        run(vm, callback);
    });
    let Ok(thread) = started else {
        return Err(cx.runtime_error("can't start new thread"));
    };
    let earlier = THREAD.lock().unwrap_or_else(PoisonError::into_inner).replace(thread);
    if let Some(earlier) = earlier {
        // A panic there has been reported.
        let _ = cx.detached(|| earlier.join());
    }
    if wait { join(cx, a) } else { Ok(cx.none()) }
}

/// `join_temporary_c_thread()`.
pub(super) fn join(cx: &mut Cx, _: Args<'_>) -> R {
    if let Some(thread) = take() {
        // A panic there has been reported.
        let _ = cx.detached(|| thread.join());
    }
    Ok(cx.none())
}
