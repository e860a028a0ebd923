//! The life of a thread: its start, its context, what it calls, and its end.

use super::handle::{self, PyThreadHandle, Stage, ThreadHandle};
use super::ident;
use std::os::unix::thread::JoinHandleExt;
use std::sync::{Arc, PoisonError};
use ungil_gc::Shared;
use ungil_locks::primitive::{AtomicUsize, Mutex, Ordering};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::{Vm, interp};

/// Native stack of a new thread in bytes of address space, unless `stack_size()` was told otherwise.
const STACK: usize = 16 << 20;
/// What a thread's native stack has beyond that for the deepest Rust frames between two looks at what is left of it, and for raising
/// the error. Address space as well, so that it does not depend on how small a stack is asked for.
const RESERVE: usize = 4 << 20;
/// The least that `stack_size()` accepts.
const MIN_STACK: i64 = 53248;

/// What `stack_size()` was told; 0 for the default.
static STACK_SIZE: AtomicUsize = AtomicUsize::new(0);
/// Threads started here and not done.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// The number of threads that were started by this module and run.
pub(super) fn running() -> usize {
    // ORD: relaxed; a number for people.
    RUNNING.load(Ordering::Relaxed)
}

/// In the child of a fork: the other threads are gone.
pub(super) fn forget_others() {
    // ORD: relaxed; there is no other thread.
    RUNNING.store(0, Ordering::Relaxed);
}

/// `stack_size([size])`: the old size; sets that of threads started later.
pub(super) fn stack_size(cx: &mut Cx, a: Args<'_>) -> R {
    // ORD: relaxed; a setting.
    let old = STACK_SIZE.load(Ordering::Relaxed);
    if let Some(size) = a.opt(0) {
        let size = cx.to_i64(size)?;
        if size != 0 && size < MIN_STACK {
            return Err(cx.value_error(format!("size must be at least {MIN_STACK} bytes")));
        }
        STACK_SIZE.store(size as usize, Ordering::Relaxed);
    }
    Ok(cx.int(old as i64))
}

/// What a new thread is to call.
struct Task {
    function: Shared,
    args: Shared,
    kwargs: Option<Shared>,
}

/// `start_new_thread(function, args[, kwargs])`.
pub(super) fn start_new_thread(cx: &mut Cx, a: Args<'_>) -> R {
    if !is_callable(cx, a.get(0)) {
        return Err(cx.type_error("first arg must be callable"));
    }
    if !cx.is_instance_of(a.get(1), Builtin::Tuple) {
        return Err(cx.type_error("2nd arg must be a tuple"));
    }
    let kwargs = match a.opt(2) {
        Some(kwargs) if !cx.is_instance_of(kwargs, Builtin::Dict) => {
            return Err(cx.type_error("optional 3rd arg must be a dictionary"));
        }
        Some(kwargs) => Some(Shared::publish(cx.call_method(kwargs, "copy", &[])?)),
        None => None,
    };
    let task =
        Task { function: Shared::publish(a.get(0).own(cx)), args: Shared::publish(a.get(1).own(cx)), kwargs };
    let handle = ThreadHandle::new(Stage::NotStarted, 0);
    let ident = spawn(cx, task, handle, true)?;
    Ok(cx.int(ident as i64))
}

/// `start_joinable_thread(function, handle=None, daemon=True)`.
pub(super) fn start_joinable_thread(cx: &mut Cx, a: Args<'_>) -> R {
    if !is_callable(cx, a.get(0)) {
        return Err(cx.type_error("thread function must be callable"));
    }
    let made = match a.opt_not_none(1) {
        Some(given) => given.own(cx),
        None => handle::new(cx, Stage::NotStarted, 0)?,
    };
    let Some(handle) = made.r().downcast::<PyThreadHandle>(cx) else {
        return Err(cx.type_error("'handle' must be a _ThreadHandle"));
    };
    let daemon = a.opt(2).map_or(Ok(true), |d| cx.truth(d))?;
    let function = Shared::publish(a.get(0).own(cx));
    let no_args = cx.tuple(Vec::new());
    let task = Task { function, args: Shared::publish(no_args), kwargs: None };
    let state = handle.state.clone();
    spawn(cx, task, state, daemon)?;
    Ok(made)
}

fn is_callable(cx: &mut Cx, f: Ref<'_>) -> bool {
    cx.class_of(f).special(cx, Special::Call).is_some()
}

/// Starts an OS thread that does the task; its ident.
fn spawn(cx: &mut Cx, task: Task, handle: Arc<ThreadHandle>, daemon: bool) -> R<u64> {
    if cx.world.is_finalizing() {
        drop_task(task);
        return Err(
            cx.error(Builtin::PythonFinalizationError, "can't create new thread at interpreter shutdown")
        );
    }
    if !handle.begin() {
        drop_task(task);
        return Err(cx.error(Builtin::RuntimeError, "thread already started"));
    }
    // ORD: relaxed; a setting.
    let stack = match STACK_SIZE.load(Ordering::Relaxed) {
        0 => STACK,
        size => size,
    };
    cx.begin_threads();
    // The closure is lost if there is no thread; the task must not be.
    let parcel = Arc::new(Mutex::new(Some(task)));
    let (vm, theirs, own) = (cx.vm, parcel.clone(), handle.clone());
    // ORD: relaxed; a number for people.
    RUNNING.fetch_add(1, Ordering::Relaxed);
    let started = std::thread::Builder::new().stack_size(stack.saturating_add(RESERVE)).spawn(move || {
        interp::stack::set_native_stack_use(stack);
        let task = theirs.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            live(vm, task, &own);
        }
    });
    match started {
        Ok(thread) => {
            let ident = thread.as_pthread_t();
            handle.set_running(ident);
            // Not too late: who starts a thread that is no daemon is awaited itself, or is the one that waits.
            if !daemon {
                handle::await_at_exit(&handle);
            }
            Ok(ident)
        }
        Err(_) => {
            // ORD: as above.
            RUNNING.fetch_sub(1, Ordering::Relaxed);
            handle.give_up();
            if let Some(task) = parcel.lock().unwrap_or_else(PoisonError::into_inner).take() {
                drop_task(task);
            }
            Err(cx.error(Builtin::RuntimeError, "can't start new thread"))
        }
    }
}

/// Gives up what a task refers to, on an attached thread.
fn drop_task(task: Task) {
    drop(task.function.into_obj());
    drop(task.args.into_obj());
    drop(task.kwargs.map(Shared::into_obj));
}

/// Runs `f` in a context for this thread, which has none, and ends that again: for threads that C code has started.
pub fn visit(vm: &'static Vm, f: impl FnOnce(&mut Cx)) {
    let mut cx = Cx::new(vm);
    cx.mutator().attach();
    f(&mut cx);
    end(&mut cx);
    leave(cx);
}

/// Detaches for good.
fn leave(mut cx: Box<Cx>) {
    cx.mutator().detach();
    // The last references that detaching gives up may be to objects with finalizers.
    while cx.mutator().has_pending() {
        cx.mutator().attach();
        cx.run_pending();
        cx.mutator().detach();
    }
    cx.mutator().give_up();
}

/// All of a thread's life.
fn live(vm: &'static Vm, task: Task, handle: &ThreadHandle) {
    handle.set_running(ident());
    let _addressee = crate::signal::Addressee::here();
    let mut cx = Cx::new(vm);
    cx.mutator().attach();
    work(&mut cx, task);
    end(&mut cx);
    leave(cx);
    // ORD: relaxed; a number for people.
    let _ = RUNNING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
    handle.set_done();
}

/// Gives up what the thread has for itself.
pub fn end(cx: &mut Cx) {
    ungil_runtime::interp::tracing::end_of_thread(cx);
    super::local::end_of_thread(cx);
    let values = std::mem::take(&mut *cx.thread_state.values.borrow_mut());
    drop(values);
    drop(cx.thread_state.decimal_context.take());
    drop([
        cx.thread_state.context.take(),
        cx.thread_state.running_loop.take(),
        cx.thread_state.running_task.take(),
    ]);
    drop(cx.thread_state.asyncgen_hooks.take());
    cx.run_pending();
}

/// Calls the task's function and reports what it raises.
fn work(cx: &mut Cx, task: Task) {
    let function = task.function.into_obj();
    let args = task.args.into_obj();
    let kwargs = task.kwargs.map(Shared::into_obj);
    let result = call(cx, &function, &args, kwargs.as_ref());
    drop((args, kwargs));
    if let Err(err) = result
        && !cx.is_error(&err, Builtin::SystemExit)
    {
        ungil_runtime::traceback::unraisable(cx, err, "Exception ignored in thread started by", function.r());
    }
    drop(function);
    cx.run_pending();
}

fn call(cx: &mut Cx, function: &Obj, args: &Obj, kwargs: Option<&Obj>) -> R {
    let positional: &[Ref<'_>] = args.r().downcast::<PyTuple>(cx).map_or(&[], |t| t.items());
    let Some(kwargs) = kwargs.and_then(|kw| kw.r().downcast::<PyDict>(cx)) else {
        return cx.call(function.r(), positional);
    };
    let pairs = kwargs.items(cx);
    let mut named = Vec::with_capacity(pairs.len());
    for (name, value) in &pairs {
        if !cx.is_instance_of(name.r(), Builtin::Str) {
            return Err(cx.type_error("keywords must be strings"));
        }
        named.push((cx.text_of(name.r()), value.r()));
    }
    let named: Vec<(&str, Ref<'_>)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    cx.call_kw(function.r(), positional, &named)
}
