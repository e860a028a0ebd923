//! `select.epoll`: the system's own table of file descriptors. The object holds the file descriptor of it, or -1 once closed.

use super::timeout_arg;
use crate::os::{self, Deadline, quick};
use ungil_locks::primitive::{AtomicI32, Ordering};
use ungil_runtime::objects::int;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

#[repr(C)]
struct PyEpoll {
    h: Header,
    fd: AtomicI32,
}

static EPOLL_OPS: TypeOps = TypeOps {
    name: "epoll",
    size: |_| size_of::<PyEpoll>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called once, with an object that nobody reaches any more.
        unsafe { &*h.cast::<PyEpoll>() }.close();
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyEpoll {
    const OPS: &'static TypeOps = &EPOLL_OPS;
}

/// The most events that one wait gives, unless told otherwise.
const EVENTS: usize = 1023;

impl PyEpoll {
    fn fd(&self) -> i32 {
        // ORD: relaxed; a number.
        self.fd.load(Ordering::Relaxed)
    }

    fn close(&self) {
        // ORD: as in `fd`; only one thread gets the number.
        let fd = self.fd.swap(-1, Ordering::Relaxed);
        if fd >= 0 {
            // SAFETY: ours, and nobody else closes it.
            unsafe { libc::close(fd) };
        }
    }

    fn open_fd(&self, cx: &mut Cx) -> R<i32> {
        match self.fd() {
            -1 => Err(cx.value_error("I/O operation on closed epoll object")),
            fd => Ok(fd),
        }
    }
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("not a class")) };
    let size = os::c_int_or(cx, a.opt(1), -1)?;
    let flags = os::c_int_or(cx, a.opt(2), 0)?;
    if size != -1 && size <= 0 {
        return Err(cx.value_error("negative sizehint"));
    }
    if flags != 0 && flags != libc::EPOLL_CLOEXEC {
        return Err(cx.error(Builtin::OSError, "invalid flags"));
    }
    let fd = os::number(cx, quick!(libc::epoll_create1(libc::EPOLL_CLOEXEC)))? as i32;
    cx.alloc_for(class, |h| PyEpoll { h, fd: AtomicI32::new(fd) })
}

fn fromfd(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("not a class")) };
    let fd = os::c_int(cx, a.get(1))?;
    cx.alloc_for(class, |h| PyEpoll { h, fd: AtomicI32::new(fd) })
}

/// A mask of events, of which all 32 bits may be used.
fn events_arg(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(n) => Ok(n as u32),
        None => Err(cx.overflow_error("Python int too large to convert to C unsigned int")),
    }
}

fn control(cx: &mut Cx, a: Args<'_>, operation: i32, events: u32) -> R {
    let epoll = a.this::<PyEpoll>().open_fd(cx)?;
    let fd = os::fileno(cx, a.get(1))?;
    let mut event = libc::epoll_event { events, u64: fd as u64 };
    os::done(cx, quick!(libc::epoll_ctl(epoll, operation, fd, &mut event)))
}

fn register(cx: &mut Cx, a: Args<'_>) -> R {
    let default = (libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLOUT) as u32;
    let events = a.opt(2).map_or(Ok(default), |v| events_arg(cx, v))?;
    control(cx, a, libc::EPOLL_CTL_ADD, events)
}

fn modify(cx: &mut Cx, a: Args<'_>) -> R {
    let events = events_arg(cx, a.get(2))?;
    control(cx, a, libc::EPOLL_CTL_MOD, events)
}

fn unregister(cx: &mut Cx, a: Args<'_>) -> R {
    control(cx, a, libc::EPOLL_CTL_DEL, 0)
}

fn poll(cx: &mut Cx, a: Args<'_>) -> R {
    let epoll = a.this::<PyEpoll>().open_fd(cx)?;
    let timeout = match timeout_arg(cx, a.opt(1)) {
        Err(err) if cx.is_error(&err, Builtin::TypeError) => {
            return Err(cx.type_error("timeout must be an integer or None"));
        }
        result => result?,
    };
    let deadline = match timeout {
        Some(nanos) if nanos >= 0 => Deadline::after(nanos),
        _ => Deadline::never(),
    };
    if timeout.is_some_and(|nanos| nanos / 1_000_000 > i32::MAX as i64) {
        return Err(cx.overflow_error("timeout is too large"));
    }
    let most = os::c_int_or(cx, a.opt(2), -1)?;
    let most = match most {
        -1 => EVENTS,
        n if n < 1 => {
            return Err(cx.value_error(format!("maxevents must be greater than 0, got {n}")));
        }
        n => n as usize,
    };
    let mut events: Vec<libc::epoll_event> = Vec::new();
    if events.try_reserve_exact(most).is_err() {
        return Err(cx.memory_error());
    }
    let first = events.as_mut_ptr();
    let result = os::retry(cx, || {
        // SAFETY: room for as many as said.
        os::checked(unsafe { libc::epoll_wait(epoll, first, most as i32, deadline.millis()) })
    })?;
    let n = os::number(cx, result)?;
    // SAFETY: so many were written.
    unsafe { events.set_len(n as usize) };
    let ready = events
        .iter()
        .map(|e| {
            let (fd, events) = (e.u64 as i32, e.events);
            cx.tuple(vec![cx.int(fd as i64), cx.int(events as i64)])
        })
        .collect();
    Ok(cx.list(ready))
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyEpoll>().close();
    Ok(cx.none())
}

fn enter(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyEpoll>().open_fd(cx)?;
    Ok(a.get(0).own(cx))
}

/// Makes the type.
pub fn init(cx: &mut Cx, module: &Obj) {
    let size = size_of::<PyEpoll>();
    let mut t = TypeBuilder::native_type(cx, "select.epoll", &EPOLL_OPS, size, false, 0);
    t.constructor(cx, "($cls, sizehint=-1, flags=0)", Full(new))
        .class_method(cx, "fromfd", "($cls, fd, /)", Full(fromfd))
        .method(cx, "register", "($self, /, fd, eventmask=<unrepresentable>)", Full(register))
        .method(cx, "modify", "($self, /, fd, eventmask)", Full(modify))
        .method(cx, "unregister", "($self, /, fd)", Full(unregister))
        .method(cx, "poll", "($self, /, timeout=None, maxevents=-1)", Full(poll))
        .method(cx, "close", "($self, /)", Full(close))
        .method(
            cx,
            "fileno",
            "($self, /)",
            Full(|cx, a| {
                let fd = a.this::<PyEpoll>().open_fd(cx)?;
                Ok(cx.int(fd as i64))
            }),
        )
        .special(cx, Special::Enter, Full(enter))
        .method(cx, "__exit__", "($self, exc_type=None, exc_value=None, exc_tb=None, /)", Full(close))
        .getset(cx, "closed", Leaf(|cx, a| Ok(cx.bool(a.this::<PyEpoll>().fd() < 0))), None)
        .doc(cx, "A table of file descriptors in the system, and waiting for their events.");
    let class = t.class().as_ref().own(cx);
    add(cx, module, "epoll", class);
}
