//! Which loop and which task a thread runs, and all tasks that are not done.
//!
//! Running ones are the thread's own state. Tasks stand in lists, one for each thread that makes some, so that threads
//! do not wait for each other: bare addresses, since being listed keeps no task alive. A task leaves its list when it is done
//! and at its end, before its memory is used for something else; the list's mutex orders that against who looks at the
//! list, and tasks are marked as objects with weak references, so that counting one up fails if it is dead. To look at
//! what another thread has, the world is stopped.

use super::future::PENDING;
use super::python::{GET_LOOP, LOOP, LOOP_POLICY, WEAK_SET};
use super::task::{PyTask, as_task};
use std::sync::OnceLock;
use ungil_gc::flag;
use ungil_locks::primitive::Mutex;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::set::{PySet, new_set};
use ungil_runtime::prelude::*;

/// The tasks that a thread has made. Never freed: threads that come later use the lists of those that have ended.
pub struct TaskList {
    tasks: Mutex<Vec<*mut PyTask>>,
    /// Whether a thread has it; written with [`LISTS`] locked.
    taken: Mutex<bool>,
}

// SAFETY: the addresses are used under the mutex, and as the module's head says.
unsafe impl Send for TaskList {}
// SAFETY: as above.
unsafe impl Sync for TaskList {}

static LISTS: Mutex<Vec<&'static TaskList>> = Mutex::new(Vec::new());

/// A thread's list; given back when the thread ends.
struct Own(&'static TaskList);

impl Drop for Own {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(|p| p.into_inner()) = false;
    }
}

fn own_list() -> &'static TaskList {
    thread_local! {
        static OWN: Own = Own(take_list());
    }
    // A thread that is ending has none any more.
    OWN.try_with(|own| own.0).unwrap_or_else(|_| take_list())
}

fn take_list() -> &'static TaskList {
    let mut lists = LISTS.lock().unwrap_or_else(|p| p.into_inner());
    let free = lists.iter().copied().find(|list| {
        let mut taken = list.taken.lock().unwrap_or_else(|p| p.into_inner());
        !std::mem::replace(&mut *taken, true)
    });
    free.unwrap_or_else(|| {
        let made: &'static TaskList =
            Box::leak(Box::new(TaskList { tasks: Mutex::new(Vec::new()), taken: Mutex::new(true) }));
        lists.push(made);
        made
    })
}

/// Lists a task.
pub fn list(task: &PyTask) {
    let list = own_list();
    let mut tasks = list.tasks.lock().unwrap_or_else(|p| p.into_inner());
    if task.list.get().is_null() {
        task.future.h.set_flag(flag::WEAKLY_REFERENCED);
        task.place.set(tasks.len());
        tasks.push(std::ptr::from_ref(task).cast_mut());
        task.list.set(std::ptr::from_ref(list).cast_mut());
    }
}

/// Takes a task out of its list, if it is in one.
pub fn unlist(task: &PyTask) {
    // SAFETY: lists are never freed.
    let Some(list) = (unsafe { task.list.get().as_ref() }) else { return };
    let mut tasks = list.tasks.lock().unwrap_or_else(|p| p.into_inner());
    let (place, me) = (task.place.get(), std::ptr::from_ref(task).cast_mut());
    // Another thread may have done it meanwhile.
    if tasks.get(place) != Some(&me) || task.list.get().is_null() {
        return;
    }
    tasks.swap_remove(place);
    if let Some(&moved) = tasks.get(place) {
        // SAFETY: listed tasks are there until they have been taken out.
        unsafe { (*moved).place.set(place) };
    }
    task.list.set(std::ptr::null_mut());
}

/// The loop that the calling thread runs.
pub fn running_loop(cx: &Cx) -> Option<Obj> {
    cx.thread_state.running_loop.borrow().clone()
}

fn running_task(cx: &Cx) -> Option<Obj> {
    cx.thread_state.running_task.borrow().clone()
}

fn is_running_loop(cx: &Cx, event_loop: Ref<'_>) -> bool {
    cx.thread_state.running_loop.borrow().as_ref().is_some_and(|running| running.r().is(event_loop))
}

/// The running loop, or the one that the policy has for the thread.
///
/// # Errors
/// What the policy raises.
pub fn event_loop(cx: &mut Cx) -> R {
    if let Some(running) = running_loop(cx) {
        return Ok(running);
    }
    let policy = LOOP_POLICY.call(cx, &[])?;
    cx.call_method(policy.r(), "get_event_loop", &[])
}

pub fn get_running_loop_or_none(cx: &Cx, _: Args<'_>) -> R {
    Ok(running_loop(cx).unwrap_or_else(|| cx.none()))
}

pub fn get_running_loop(cx: &mut Cx, _: Args<'_>) -> R {
    running_loop(cx).ok_or_else(|| cx.runtime_error("no running event loop"))
}

pub fn get_event_loop(cx: &mut Cx, _: Args<'_>) -> R {
    event_loop(cx)
}

pub fn set_running_loop(cx: &mut Cx, a: Args<'_>) -> R {
    let new = a.opt_not_none(0).map(|event_loop| event_loop.own(cx));
    let old = cx.thread_state.running_loop.replace(new);
    drop(old);
    Ok(cx.none())
}

#[cold]
fn not_running(cx: &mut Cx, event_loop: Ref<'_>) -> Err {
    match cx.repr_string(event_loop) {
        Ok(text) => cx.runtime_error(format!("loop {text} is not the running loop")),
        Err(err) => err,
    }
}

/// Makes a task the one that the thread runs.
///
/// # Errors
/// `RuntimeError` if the loop does not run here, or another task does.
pub fn enter(cx: &mut Cx, event_loop: Ref<'_>, task: Ref<'_>) -> R<()> {
    if !is_running_loop(cx, event_loop) {
        return Err(not_running(cx, event_loop));
    }
    if let Some(other) = running_task(cx) {
        let (task, other) = (cx.repr_string(task)?, cx.repr_string(other.r())?);
        let message = format!("Cannot enter into task {task} while another task {other} is being executed.");
        return Err(cx.runtime_error(message));
    }
    let task = task.own(cx);
    *cx.thread_state.running_task.borrow_mut() = Some(task);
    Ok(())
}

/// Ends what [`enter`] began.
///
/// # Errors
/// `RuntimeError` if the loop does not run here, or not the task.
pub fn leave(cx: &mut Cx, event_loop: Ref<'_>, task: Ref<'_>) -> R<()> {
    if !is_running_loop(cx, event_loop) {
        return Err(not_running(cx, event_loop));
    }
    let now = cx.thread_state.running_task.take();
    if !now.as_ref().is_some_and(|now| now.r().is(task)) {
        let shown = now.clone().unwrap_or_else(|| cx.none());
        *cx.thread_state.running_task.borrow_mut() = now;
        let (task, shown) = (cx.repr_string(task)?, cx.repr_string(shown.r())?);
        let message = format!("Invalid attempt to leave task {task} while task {shown} is entered.");
        return Err(cx.runtime_error(message));
    }
    Ok(())
}

/// Makes a task the running one, or none; gives the one that was.
///
/// # Errors
/// `RuntimeError` if the loop does not run here.
pub fn swap(cx: &mut Cx, event_loop: Ref<'_>, task: Option<Obj>) -> R<Option<Obj>> {
    if !is_running_loop(cx, event_loop) {
        return Err(not_running(cx, event_loop));
    }
    Ok(cx.thread_state.running_task.replace(task))
}

pub fn enter_task(cx: &mut Cx, a: Args<'_>) -> R {
    enter(cx, a.get(0), a.get(1))?;
    Ok(cx.none())
}

pub fn leave_task(cx: &mut Cx, a: Args<'_>) -> R {
    leave(cx, a.get(0), a.get(1))?;
    Ok(cx.none())
}

pub fn swap_current_task(cx: &mut Cx, a: Args<'_>) -> R {
    let task = a.opt_not_none(1).map(|task| task.own(cx));
    Ok(swap(cx, a.get(0), task)?.unwrap_or_else(|| cx.none()))
}

/// The loop that was given, or the running one.
fn loop_argument(cx: &mut Cx, v: Option<Ref<'_>>) -> R {
    match v.filter(|v| !v.value().is_none()) {
        Some(event_loop) => Ok(event_loop.own(cx)),
        None => running_loop(cx).ok_or_else(|| cx.runtime_error("no running event loop")),
    }
}

pub fn current_task(cx: &mut Cx, a: Args<'_>) -> R {
    let event_loop = loop_argument(cx, a.opt(0))?;
    if is_running_loop(cx, event_loop.r()) {
        return Ok(running_task(cx).unwrap_or_else(|| cx.none()));
    }
    let found = cx.with_threads_stopped(|cx, threads| {
        threads.iter().find_map(|thread| {
            let running = thread.running_loop.borrow();
            running.as_ref().filter(|running| running.r().is(event_loop.r()))?;
            let task = thread.running_task.borrow();
            // Published here, since its own thread cannot.
            task.as_ref().map(|task| {
                cx.publish(task.value());
                task.r().own(cx)
            })
        })
    });
    Ok(found.unwrap_or_else(|| cx.none()))
}

/// The listed tasks of a loop.
fn listed(cx: &mut Cx, event_loop: Ref<'_>) -> Vec<Obj> {
    let mine = own_list();
    let others = {
        let lists = LISTS.lock().unwrap_or_else(|p| p.into_inner());
        let empty = |list: &TaskList| list.tasks.lock().unwrap_or_else(|p| p.into_inner()).is_empty();
        lists.iter().any(|list| !std::ptr::eq(*list, mine) && !empty(list))
    };
    if !others {
        return of_list(cx, mine, event_loop, |_, _| {});
    }
    let event_loop = event_loop.own(cx);
    cx.with_threads_stopped(|cx, _| {
        let lists = LISTS.lock().unwrap_or_else(|p| p.into_inner()).clone();
        lists
            .into_iter()
            .flat_map(|list| of_list(cx, list, event_loop.r(), |cx, task| cx.publish(task)))
            .collect()
    })
}

/// The tasks in a list that belong to the loop and are not done. `share` is called with those that are counted.
fn of_list(cx: &Cx, list: &TaskList, event_loop: Ref<'_>, share: impl Fn(&Cx, Value)) -> Vec<Obj> {
    let tasks = list.tasks.lock().unwrap_or_else(|p| p.into_inner());
    let mut found = Vec::new();
    for &task in tasks.iter() {
        // SAFETY: a listed task's memory is its own until it has been taken out, for which the mutex is needed.
        unsafe {
            let future = &(*task).future;
            if future.event_loop.peek() != event_loop.value() || future.state.get() != PENDING {
                continue;
            }
            share(cx, Value::from_ptr(task));
            if future.h.try_increment(cx) {
                found.push(Obj::from_owned(Value::from_ptr(task)));
            }
        }
    }
    found
}

/// Tasks of other classes: those that are scheduled, weakly, and those that have not been suspended yet.
static SCHEDULED: OnceLock<SharedValue> = OnceLock::new();
static EAGER: OnceLock<SharedValue> = OnceLock::new();

fn scheduled(cx: &mut Cx) -> R<Ref<'static>> {
    if let Some(known) = SCHEDULED.get() {
        return Ok(known.get());
    }
    let made = WEAK_SET.call(cx, &[])?;
    Ok(SCHEDULED.get_or_init(|| SharedValue::new(made)).get())
}

fn eager(cx: &Cx) -> Ref<'static> {
    EAGER.get_or_init(|| SharedValue::new(PySet::new(cx))).get()
}

pub fn all_tasks(cx: &mut Cx, a: Args<'_>) -> R {
    let event_loop = loop_argument(cx, a.opt(0))?;
    let mut candidates = match eager(cx).downcast::<PySet>(cx) {
        Some(set) => set.snapshot(cx),
        None => Vec::new(),
    };
    if let Some(scheduled) = SCHEDULED.get() {
        candidates.extend(cx.collect(scheduled.get())?);
    }
    let mut found = Vec::new();
    for task in candidates {
        let done = cx.call_method(task.r(), "done", &[])?;
        if !cx.truth(done.r())? && loop_of(cx, task.r())?.r().is(event_loop.r()) {
            found.push(task);
        }
    }
    found.extend(listed(cx, event_loop.r()));
    new_set(cx, found)
}

/// The loop of anything that is like a future.
///
/// # Errors
/// What asking for it raises.
pub fn loop_of(cx: &mut Cx, future: Ref<'_>) -> R {
    if let Some(known) = super::future::as_future(cx, future) {
        return known.owner(cx);
    }
    match cx.get_attr_opt(future, GET_LOOP.get(cx))? {
        Some(get_loop) => cx.call(get_loop.r(), &[]),
        None => cx.get_attr(future, LOOP.get(cx)),
    }
}

pub fn register_task(cx: &mut Cx, a: Args<'_>) -> R {
    match as_task(cx, a.get(0)) {
        Some(task) => list(task),
        None => {
            let scheduled = scheduled(cx)?;
            cx.call_method(scheduled, "add", &[a.get(0)])?;
        }
    }
    Ok(cx.none())
}

pub fn unregister_task(cx: &mut Cx, a: Args<'_>) -> R {
    match as_task(cx, a.get(0)) {
        Some(task) => unlist(task),
        None => {
            let scheduled = scheduled(cx)?;
            cx.call_method(scheduled, "discard", &[a.get(0)])?;
        }
    }
    Ok(cx.none())
}

pub fn register_eager_task(cx: &mut Cx, a: Args<'_>) -> R {
    let (set, task) = (eager(cx), a.get(0).own(cx));
    ungil_runtime::objects::set::add(cx, set, task)?;
    Ok(cx.none())
}

pub fn unregister_eager_task(cx: &mut Cx, a: Args<'_>) -> R {
    let set = eager(cx);
    cx.call_method(set, "discard", &[a.get(0)])?;
    Ok(cx.none())
}
