//! State that is a thread's own: asynchronous exceptions, and what native modules keep per thread.

use crate::{Cx, Err, Obj};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::PoisonError;
use ungil_gc::Shared;
use ungil_locks::check;
use ungil_locks::primitive::Mutex;

/// See the module's head.
#[derive(Default)]
pub struct ThreadData {
    /// Values by a name that the owning module chooses; dropped when the thread ends.
    pub values: RefCell<HashMap<&'static str, Obj>>,
    /// Objects whose `repr` is being computed (recursive containers).
    pub repr_stack: RefCell<Vec<u64>>,
    /// The context of context variables that is current; made when it is first asked for. Dropped when the thread ends, as what
    /// follows.
    pub context: RefCell<Option<Obj>>,
    /// The event loop that the thread runs, and the task of it.
    pub running_loop: RefCell<Option<Obj>>,
    pub running_task: RefCell<Option<Obj>>,
    /// What `sys.set_asyncgen_hooks` has set: the hook for the first iteration, and the finalizer.
    pub asyncgen_hooks: RefCell<[Option<Obj>; 2]>,
    /// Memory for what is received from sockets: taken out while it is used.
    pub scratch: Cell<Vec<u8>>,
    /// Frames that a new coroutine remembers of where it was made.
    pub origin_depth: Cell<usize>,
    /// Counts the changes of context variables and of the current context that this thread makes.
    pub context_version: Cell<u64>,
    /// The decimal context that was current last, and at which version; dropped when the thread ends.
    pub decimal_context: RefCell<Option<(u64, Obj)>>,
}

/// Exceptions that threads have been sent (`PyThreadState_SetAsyncExc`), by thread id.
pub type AsyncExceptions = Mutex<HashMap<u64, Shared>>;

/// Takes the exception that was sent to this thread.
pub fn take_async_exception(cx: &mut Cx) -> Option<Err> {
    let id = cx.thread.id();
    let mut pending = cx.vm.async_exceptions.lock().unwrap_or_else(|p| p.into_inner());
    let shared = pending.remove(&id)?;
    drop(pending);
    let exception = shared.into_obj();
    Some(crate::interp::unwind::instantiate_or_keep(cx, exception))
}

/// Sends an exception, or its class, to the thread that Python knows by this number, which raises it at a safepoint; without an
/// exception, takes one back that it has not raised. Whether there is such a thread.
pub fn send_async_exception(cx: &Cx, ident: u64, exception: Option<Obj>) -> bool {
    let contexts = cx.vm.contexts.lock().unwrap_or_else(PoisonError::into_inner);
    let found = contexts.iter().find(|entry| entry.ident == ident);
    // SAFETY: the entry is there, so the context is; what is taken of it is shared by all threads.
    let Some(thread) = found.map(|entry| unsafe { &*entry.cx }.thread.clone()) else { return false };
    drop(contexts);
    let sent = exception.map(Shared::publish);
    let is_sent = sent.is_some();
    let mut pending = cx.vm.async_exceptions.lock().unwrap_or_else(PoisonError::into_inner);
    let old = match sent {
        Some(sent) => pending.insert(thread.id(), sent),
        None => pending.remove(&thread.id()),
    };
    drop(pending);
    if is_sent {
        thread.raise_check(check::ASYNC_EXC);
    }
    drop(old.map(Shared::into_obj));
    true
}
