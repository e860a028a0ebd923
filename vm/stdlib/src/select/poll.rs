//! `select.poll`: a table of file descriptors, and waiting for them. The table is behind a mutex that is held only to look at it or
//! to change it, never during a wait.

use super::timeout_arg;
use crate::os::{self, Deadline};
use crate::posix::class_of;
use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicBool, Mutex, MutexGuard, Ordering};
use ungil_runtime::SharedValue;
use ungil_runtime::objects::int;
use ungil_runtime::prelude::*;

#[repr(C)]
struct PyPoll {
    h: Header,
    /// File descriptors with their events, in the order in which they were registered.
    table: Mutex<Vec<(i32, i16)>>,
    busy: AtomicBool,
}

static POLL_OPS: TypeOps = TypeOps {
    name: "poll",
    size: |_| size_of::<PyPoll>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called once, with an object that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyPoll>() };
        drop(std::mem::take(&mut *this.table()));
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyPoll {
    const OPS: &'static TypeOps = &POLL_OPS;
}

static CLASS: OnceLock<SharedValue> = OnceLock::new();

impl PyPoll {
    fn table(&self) -> MutexGuard<'_, Vec<(i32, i16)>> {
        self.table.lock().unwrap_or_else(|p| p.into_inner())
    }
}

pub fn new(cx: &mut Cx, _: Args<'_>) -> R {
    let class = class_of(cx, &CLASS);
    match PyType::from_ref(class.r(), cx) {
        Some(class) => {
            cx.alloc_for(class, |h| PyPoll { h, table: Mutex::default(), busy: AtomicBool::new(false) })
        }
        None => Err(cx.system_error("select.poll is not ready")),
    }
}

/// A mask of events.
fn events_arg(cx: &mut Cx, v: Ref<'_>) -> R<i16> {
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(n) if n < 0 => Err(cx.value_error("Cannot convert negative int")),
        Some(n) => match u16::try_from(n) {
            Ok(n) => Ok(n as i16),
            Err(_) => Err(cx.overflow_error("Python int too large for C unsigned short")),
        },
        None if int::is_negative(cx, index.r()) => Err(cx.value_error("Cannot convert negative int")),
        None => Err(cx.overflow_error("Python int too large to convert to C unsigned long")),
    }
}

fn register(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(1))?;
    let events = match a.opt(2) {
        Some(v) => events_arg(cx, v)?,
        None => libc::POLLIN | libc::POLLPRI | libc::POLLOUT,
    };
    let mut table = a.this::<PyPoll>().table();
    match table.iter_mut().find(|entry| entry.0 == fd) {
        Some(entry) => entry.1 = events,
        None => table.push((fd, events)),
    }
    Ok(cx.none())
}

fn modify(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(1))?;
    let events = events_arg(cx, a.get(2))?;
    let known = match a.this::<PyPoll>().table().iter_mut().find(|entry| entry.0 == fd) {
        Some(entry) => {
            entry.1 = events;
            true
        }
        None => false,
    };
    if known { Ok(cx.none()) } else { Err(os::error(cx, libc::ENOENT)) }
}

fn unregister(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(1))?;
    let known = {
        let mut table = a.this::<PyPoll>().table();
        let place = table.iter().position(|entry| entry.0 == fd);
        place.map(|i| table.remove(i)).is_some()
    };
    if known {
        return Ok(cx.none());
    }
    let key = cx.int(fd as i64);
    Err(cx.key_error(key.r()))
}

/// Clears the mark of a running call.
struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        // ORD: release, with the acquire of the next call.
        self.0.store(false, Ordering::Release);
    }
}

fn poll(cx: &mut Cx, a: Args<'_>) -> R {
    // The argument is in milliseconds, and may have a fraction.
    let deadline = match a.opt_not_none(1) {
        None => Deadline::never(),
        Some(v) => match millis_arg(cx, v)? {
            n if n < 0 => Deadline::never(),
            nanos => Deadline::after(nanos),
        },
    };
    let this = a.this::<PyPoll>();
    // ORD: acquire, with the release when the call ends.
    if this.busy.swap(true, Ordering::Acquire) {
        return Err(cx.runtime_error("concurrent poll() invocation"));
    }
    let _busy = Busy(&this.busy);
    let mut fds: Vec<libc::pollfd> =
        this.table().iter().map(|&(fd, events)| libc::pollfd { fd, events, revents: 0 }).collect();
    let (first, n) = (fds.as_mut_ptr(), fds.len() as libc::nfds_t);
    // SAFETY: as many entries as said.
    let result = os::retry(cx, || os::checked(unsafe { libc::poll(first, n, deadline.millis()) }))?;
    os::done(cx, result)?;
    let ready = fds.iter().filter(|entry| entry.revents != 0);
    let ready =
        ready.map(|entry| cx.tuple(vec![cx.int(entry.fd as i64), cx.int(entry.revents as u16 as i64)]));
    let ready = ready.collect();
    Ok(cx.list(ready))
}

/// Milliseconds as nanoseconds.
fn millis_arg(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    if cx.is_instance_of(v, Builtin::Float) {
        let millis = cx.to_f64(v)?;
        if millis.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        if millis.abs() > i32::MAX as f64 {
            return Err(cx.overflow_error("timeout is too large"));
        }
        return Ok((millis * 1e6).ceil() as i64);
    }
    timeout_arg(cx, Some(v)).map_err(|err| match cx.is_error(&err, Builtin::TypeError) {
        true => cx.type_error("timeout must be an integer or None"),
        false => err,
    })?;
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(n) if n <= i32::MAX as i64 => Ok(n.saturating_mul(1_000_000)),
        _ => Err(cx.overflow_error("timeout is too large")),
    }
}

/// Makes the type.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyPoll>();
    let mut t = TypeBuilder::native_type(cx, "select.poll", &POLL_OPS, size, false, flags);
    t.method(cx, "register", "($self, fd, eventmask=<unrepresentable>, /)", Full(register))
        .method(cx, "modify", "($self, fd, eventmask, /)", Full(modify))
        .method(cx, "unregister", "($self, fd, /)", Full(unregister))
        .method(cx, "poll", "($self, timeout=None, /)", Full(poll));
    let class = t.class().as_ref().own(cx);
    let _ = CLASS.set(SharedValue::new(class));
}
