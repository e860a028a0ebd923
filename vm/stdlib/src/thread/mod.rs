//! `_thread`: starting threads, waiting for them, locks and thread-local objects; `threading` stands on it.
//!
//! - `lock.rs`, `rlock.rs`: the two kinds of lock; `local.rs`: `_local`
//! - `handle.rs`: what other threads know of one that was started; `start.rs`: the life of a thread
//! - `hook.rs`: the report of an exception that ends a thread
//!
//! Waits are detached and interruptible: signal handlers run, and the wait goes on for what is left of its time.

mod handle;
mod hook;
mod local;
mod lock;
mod rlock;
mod start;

pub use handle::after_fork_child;
pub use start::{end as end_of_foreign_thread, visit};

use std::time::{Duration, Instant};
use ungil_locks::{AcquireResult, RawLock};
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// The longest time-out, in seconds: the nanoseconds of CPython's `PyTime_t`.
pub const TIMEOUT_MAX: f64 = 9_223_372_036.0;
/// The most bytes that Linux keeps of a thread's name.
const NAME_MAX: usize = 15;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("start_new_thread", "($module, function, args, kwargs={}, /)", Full(start::start_new_thread)),
    ("start_new", "($module, function, args, kwargs={}, /)", Full(start::start_new_thread)),
    (
        "start_joinable_thread",
        "($module, /, function, handle=None, daemon=True)",
        Full(start::start_joinable_thread),
    ),
    ("daemon_threads_allowed", "($module, /)", Leaf(|cx, _| Ok(cx.bool(true)))),
    ("allocate_lock", "($module, /)", Full(lock::allocate)),
    ("allocate", "($module, /)", Full(lock::allocate)),
    ("exit", "($module, /)", Full(exit)),
    ("exit_thread", "($module, /)", Full(exit)),
    ("get_ident", "($module, /)", Leaf(|cx, _| Ok(cx.int(ident() as i64)))),
    ("get_native_id", "($module, /)", Leaf(native_id)),
    ("stack_size", "($module, size=0, /)", Full(start::stack_size)),
    ("set_name", "($module, /, name)", Full(set_name)),
    ("_get_name", "($module, /)", Full(get_name)),
    ("_count", "($module, /)", Leaf(|cx, _| Ok(cx.int(start::running() as i64)))),
    ("_excepthook", "($module, args, /)", Full(hook::excepthook)),
    ("_get_main_thread_ident", "($module, /)", Leaf(|cx, _| Ok(cx.int(handle::main_ident() as i64)))),
    ("_is_main_interpreter", "($module, /)", Leaf(|cx, _| Ok(cx.bool(true)))),
    ("_make_thread_handle", "($module, ident, /)", Full(handle::make)),
    ("interrupt_main", "($module, signum=signal.SIGINT, /)", Full(crate::signal::interrupt_main)),
    ("_shutdown", "($module, /)", Full(handle::shutdown)),
];

pub use ungil_runtime::cx::current_ident as ident;

fn native_id(cx: &Cx, _: Args<'_>) -> R {
    // SAFETY: no preconditions.
    Ok(cx.int(unsafe { libc::gettid() } as i64))
}

fn exit(cx: &mut Cx, _: Args<'_>) -> R {
    Err(ungil_runtime::new_error(cx, Builtin::SystemExit, Vec::new()))
}

fn set_name(cx: &mut Cx, a: Args<'_>) -> R {
    if !cx.is_instance_of(a.get(0), Builtin::Str) {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("set_name() argument 'name' must be str, not {got}")));
    }
    let name = cx.text_of(a.get(0));
    // The system cuts off bytes, not characters.
    let end = name.find('\0').unwrap_or(name.len()).min(NAME_MAX);
    let mut bytes = name.as_bytes()[..end].to_vec();
    bytes.push(0);
    // SAFETY: a text of at most 16 bytes that ends with a zero.
    unsafe { libc::prctl(libc::PR_SET_NAME, bytes.as_ptr()) };
    Ok(cx.none())
}

fn get_name(cx: &mut Cx, _: Args<'_>) -> R {
    let mut bytes = [0u8; NAME_MAX + 1];
    // SAFETY: the call writes at most 16 bytes.
    unsafe { libc::prctl(libc::PR_GET_NAME, bytes.as_mut_ptr()) };
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(NAME_MAX);
    Ok(crate::os::fs_decode(cx, &bytes[..end]))
}

/// A time-out in seconds: negative and `None` mean for ever.
///
/// # Errors
/// `TypeError`, `ValueError` and `OverflowError` of CPython's wording.
pub fn timeout(cx: &mut Cx, seconds: Option<Ref<'_>>) -> R<Option<Duration>> {
    let Some(seconds) = seconds.filter(|s| !s.value().is_none()) else { return Ok(None) };
    if !cx.is_instance_of(seconds, Builtin::Float) && !cx.is_instance_of(seconds, Builtin::Int) {
        let class = cx.class_of(seconds);
        if class.special(cx, Special::Index).is_none() {
            let got = cx.type_name(seconds);
            return Err(cx.type_error(format!("'{got}' object cannot be interpreted as an integer or float")));
        }
    }
    let s = cx.to_f64(seconds)?;
    if s.is_nan() {
        return Err(cx.value_error("Invalid value NaN (not a number)"));
    }
    if s.abs() > 9_223_372_036.854_775 {
        return Err(cx.overflow_error("timestamp out of range for C PyTime_t"));
    }
    Ok((s >= 0.0).then(|| Duration::from_secs_f64(s)))
}

/// The arguments of `acquire(blocking=True, timeout=-1)`: how long to wait at most, `None` for ever.
///
/// # Errors
/// As [`timeout`], and a time-out with a non-blocking call.
pub fn acquire_args(cx: &mut Cx, blocking: Option<Ref<'_>>, seconds: Option<Ref<'_>>) -> R<Option<Duration>> {
    let blocking = blocking.map_or(Ok(true), |b| cx.truth(b))?;
    let forever = match seconds {
        Some(s) => cx.to_f64(s).is_ok_and(|s| s == -1.0),
        None => true,
    };
    if !blocking {
        return match forever {
            true => Ok(Some(Duration::ZERO)),
            false => Err(cx.value_error("can't specify a timeout for a non-blocking call")),
        };
    }
    let wait = timeout(cx, seconds)?;
    match (wait, forever) {
        (None, false) => Err(cx.value_error("timeout value must be a non-negative number")),
        (Some(wait), _) if wait.as_secs_f64() > TIMEOUT_MAX => {
            Err(cx.overflow_error("timeout value is too large"))
        }
        _ => Ok(wait),
    }
}

/// Takes a lock, detached while it waits; false if the time was up.
///
/// # Errors
/// What a signal handler raises meanwhile.
pub fn acquire(cx: &mut Cx, lock: &RawLock, wait: Option<Duration>) -> R<bool> {
    if lock.try_acquire() {
        return Ok(true);
    }
    cx.rest();
    // A time beyond what the clock counts is for ever.
    let end = wait.and_then(|wait| Instant::now().checked_add(wait));
    loop {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(lock.try_acquire());
        }
        let thread = cx.thread.clone();
        match cx.detached(|| lock.acquire_interruptible(left, &thread)) {
            AcquireResult::Acquired => return Ok(true),
            AcquireResult::TimedOut => return Ok(false),
            AcquireResult::Interrupted => cx.safepoint()?,
        }
    }
}

/// Declares what every type of the module shares: it is named without `__new__` arguments and may be weakly referenced.
pub(crate) fn add_type(cx: &mut Cx, module: &Obj, name: &'static str, class: &'static PyType) {
    let class = class.as_ref().own(cx);
    add(cx, module, name, class);
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let lock = lock::init(cx);
    add_type(cx, module, "lock", lock);
    add_type(cx, module, "LockType", lock);
    let rlock = rlock::init(cx);
    add_type(cx, module, "RLock", rlock);
    let handle = handle::init(cx);
    add_type(cx, module, "_ThreadHandle", handle);
    let local = local::init(cx);
    add_type(cx, module, "_local", local);
    hook::init(cx, module)?;
    let error = cx.builtin(Builtin::RuntimeError).as_ref().own(cx);
    add(cx, module, "error", error);
    let max = cx.float(TIMEOUT_MAX);
    add(cx, module, "TIMEOUT_MAX", max);
    let max = cx.int(NAME_MAX as i64);
    add(cx, module, "_NAME_MAXLEN", max);
    Ok(())
}
