//! `_thread._ThreadHandle`: what other threads know of one that was started, and waiting for its end.
//!
//! The state is shared between the handle object, the thread itself, and the list of threads that the end of the
//! program waits for. Its mutexes are leaves: nothing that can block runs under them.

use super::{acquire, ident, timeout};
use std::sync::{Arc, PoisonError, Weak};
use ungil_locks::RawLock;
use ungil_locks::primitive::{AtomicU64, Mutex, MutexGuard, Ordering};
use ungil_runtime::prelude::*;

/// How far a thread has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    NotStarted,
    Starting,
    Running,
    Done,
}

/// What is known of a thread.
#[derive(Debug)]
pub(super) struct ThreadHandle {
    stage: Mutex<Stage>,
    ident: AtomicU64,
    /// Held from the beginning until the thread is done: who wants to wait for that takes it and gives it back.
    done: RawLock,
}

impl ThreadHandle {
    pub(super) fn new(stage: Stage, ident: u64) -> Arc<ThreadHandle> {
        let handle =
            ThreadHandle { stage: Mutex::new(stage), ident: AtomicU64::new(ident), done: RawLock::new() };
        handle.done.try_acquire();
        let handle = Arc::new(handle);
        let mut all = lock(&ALL);
        if all.len() == all.capacity() {
            all.retain(|handle| handle.strong_count() > 0);
        }
        all.push(Arc::downgrade(&handle));
        drop(all);
        handle
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ident(&self) -> u64 {
        // ORD: relaxed; a number that is set before anybody can wait for the thread.
        self.ident.load(Ordering::Relaxed)
    }

    fn is_done(&self) -> bool {
        *self.stage() == Stage::Done
    }

    /// Claims the handle for a thread about to be started; false if it has one.
    pub(super) fn begin(&self) -> bool {
        let mut stage = self.stage();
        let fresh = *stage == Stage::NotStarted;
        if fresh {
            *stage = Stage::Starting;
        }
        fresh
    }

    /// The thread could not be started.
    pub(super) fn give_up(&self) {
        *self.stage() = Stage::NotStarted;
    }

    /// The thread runs; called by itself and by who started it, whoever comes first.
    pub(super) fn set_running(&self, ident: u64) {
        let mut stage = self.stage();
        if *stage == Stage::Starting {
            // ORD: relaxed; under the mutex.
            self.ident.store(ident, Ordering::Relaxed);
            *stage = Stage::Running;
        }
    }

    /// The thread is done: who waits goes on.
    pub(super) fn set_done(&self) {
        let before = std::mem::replace(&mut *self.stage(), Stage::Done);
        if before != Stage::Done {
            self.done.release();
        }
    }

    /// Waits until the thread is done; `wait` as in [`acquire`].
    fn wait(&self, cx: &mut Cx, wait: Option<std::time::Duration>) -> R<bool> {
        let done = acquire(cx, &self.done, wait)?;
        if done {
            self.done.release();
        }
        Ok(done)
    }
}

/// All handles, and some that are gone.
static ALL: Mutex<Vec<Weak<ThreadHandle>>> = Mutex::new(Vec::new());
/// The threads that the end of the program waits for.
static AWAITED: Mutex<Vec<Arc<ThreadHandle>>> = Mutex::new(Vec::new());
/// The ident of the main thread.
static MAIN: AtomicU64 = AtomicU64::new(0);

fn lock<T>(list: &'static Mutex<T>) -> MutexGuard<'static, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

fn awaited() -> MutexGuard<'static, Vec<Arc<ThreadHandle>>> {
    lock(&AWAITED)
}

/// The end of the program waits for this thread.
pub(super) fn await_at_exit(handle: &Arc<ThreadHandle>) {
    let mut list = awaited();
    list.retain(|h| !h.is_done());
    list.push(handle.clone());
}

pub(super) fn main_ident() -> u64 {
    // ORD: relaxed; set before any other thread is started.
    MAIN.load(Ordering::Relaxed)
}

/// `_shutdown()`: waits for every thread that is not a daemon.
pub(super) fn shutdown(cx: &mut Cx, _: Args<'_>) -> R {
    loop {
        let next = awaited().iter().find(|h| h.ident() != ident() && !h.is_done()).cloned();
        match next {
            Some(handle) => handle.wait(cx, None)?,
            None => return Ok(cx.none()),
        };
    }
}

/// In the child of a fork, whose thread is the main thread from now on: all others are gone.
///
/// # Safety
/// This is the child of a fork, and no other thread has been started since.
pub unsafe fn after_fork_child() {
    // ORD: relaxed; there is no other thread.
    MAIN.store(ident(), Ordering::Relaxed);
    super::start::forget_others();
    // The mutexes may have been held by a thread that does not exist here.
    if let Ok(mut list) = AWAITED.try_lock() {
        list.clear();
    }
    let Ok(all) = ALL.try_lock() else { return };
    // Daemons and the thread that was the main one are among them.
    for handle in all.iter().filter_map(Weak::upgrade) {
        let Ok(mut stage) = handle.stage.try_lock() else { continue };
        if *stage == Stage::NotStarted || handle.ident() == ident() {
            continue;
        }
        *stage = Stage::Done;
        drop(stage);
        // SAFETY: as the caller promises.
        unsafe { handle.done.at_fork_reinit() };
    }
}

/// The handle as Python sees it.
#[repr(C)]
pub(super) struct PyThreadHandle {
    h: Header,
    pub(super) state: Arc<ThreadHandle>,
}

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: called once, with an object that nobody reaches any more.
    unsafe { std::ptr::drop_in_place(&raw mut (*h.cast::<PyThreadHandle>()).state) };
}

static HANDLE_OPS: TypeOps = TypeOps {
    name: "_ThreadHandle",
    size: |_| size_of::<PyThreadHandle>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyThreadHandle {
    const OPS: &'static TypeOps = &HANDLE_OPS;
}

static CLASS: std::sync::OnceLock<&'static PyType> = std::sync::OnceLock::new();

/// A new handle object.
pub(super) fn new(cx: &mut Cx, stage: Stage, ident: u64) -> R {
    let class = CLASS.get().expect("the module makes its types first");
    cx.alloc_for(class, |h| PyThreadHandle { h, state: ThreadHandle::new(stage, ident) })
}

/// `_make_thread_handle(ident)`: of a thread that was not started by this module.
pub(super) fn make(cx: &mut Cx, a: Args<'_>) -> R {
    if !cx.is_instance_of(a.get(0), Builtin::Int) {
        return Err(cx.type_error("ident must be an integer"));
    }
    let ident = cx.to_i64(a.get(0))?;
    new(cx, Stage::Running, ident as u64)
}

fn join(cx: &mut Cx, a: Args<'_>) -> R {
    let wait = timeout(cx, a.opt(1))?;
    let handle = a.this::<PyThreadHandle>().state.clone();
    let stage = *handle.stage();
    match stage {
        Stage::NotStarted => return Err(cx.error(Builtin::RuntimeError, "thread not started")),
        Stage::Done => return Ok(cx.none()),
        Stage::Running if handle.ident() == ident() => {
            return Err(cx.error(Builtin::RuntimeError, "Cannot join current thread"));
        }
        // It will never run again: the wait would have no end.
        _ if cx.world.is_finalizing() => {
            let message = "cannot join thread at interpreter shutdown";
            return Err(cx.error(Builtin::PythonFinalizationError, message));
        }
        _ => {}
    }
    handle.wait(cx, wait)?;
    Ok(cx.none())
}

fn set_done(cx: &mut Cx, a: Args<'_>) -> R {
    let handle = &a.this::<PyThreadHandle>().state;
    if *handle.stage() == Stage::NotStarted {
        return Err(cx.error(Builtin::RuntimeError, "thread not started"));
    }
    handle.set_done();
    Ok(cx.none())
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let ident = a.this::<PyThreadHandle>().state.ident();
    Ok(cx.str(&format!("<_thread._ThreadHandle object: ident={ident}>")))
}

/// Makes the type, and notes who the main thread is.
pub(super) fn init(cx: &mut Cx) -> &'static PyType {
    // ORD: relaxed; the module may be loaded by another thread only after the main one was noted at start-up.
    let _ = MAIN.compare_exchange(0, ident(), Ordering::Relaxed, Ordering::Relaxed);
    let size = size_of::<PyThreadHandle>();
    let flags = class_flag::HAS_WEAKREF;
    let mut t = TypeBuilder::native_type(cx, "_thread._ThreadHandle", &HANDLE_OPS, size, false, flags);
    let class = t.class();
    CLASS.get_or_init(|| class);
    t.constructor(cx, "($type, *args, **kwargs)", Full(|cx, _| new(cx, Stage::NotStarted, 0)))
        .special(cx, Special::Repr, Full(repr))
        .method(cx, "join", "($self, timeout=None, /)", Full(join))
        .method(cx, "_set_done", "($self, /)", Full(set_done))
        .method(
            cx,
            "is_done",
            "($self, /)",
            Leaf(|cx, a| Ok(cx.bool(a.this::<PyThreadHandle>().state.is_done()))),
        )
        .getset(cx, "ident", Leaf(|cx, a| Ok(cx.int(a.this::<PyThreadHandle>().state.ident() as i64))), None);
    class
}
