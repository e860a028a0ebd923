//! `select`: waiting for many files at once. `poll.rs` and `epoll.rs` have the objects of their names.

mod epoll;
mod poll;

use crate::os::{self, Deadline};
use crate::posix::Table;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: Table = &[
    ("select", "($module, rlist, wlist, xlist, timeout=None, /)", Full(select)),
    ("poll", "($module, /)", Full(poll::new)),
];

const CONSTANTS: &[(&str, i64)] = &[
    ("EPOLLERR", 0x008),
    ("EPOLLET", 1 << 31),
    ("EPOLLEXCLUSIVE", 1 << 28),
    ("EPOLLHUP", 0x010),
    ("EPOLLIN", 0x001),
    ("EPOLLMSG", 0x400),
    ("EPOLLONESHOT", 1 << 30),
    ("EPOLLOUT", 0x004),
    ("EPOLLPRI", 0x002),
    ("EPOLLRDBAND", 0x080),
    ("EPOLLRDHUP", 0x2000),
    ("EPOLLRDNORM", 0x040),
    ("EPOLLWAKEUP", 1 << 29),
    ("EPOLLWRBAND", 0x200),
    ("EPOLLWRNORM", 0x100),
    ("EPOLL_CLOEXEC", libc::EPOLL_CLOEXEC as i64),
    ("PIPE_BUF", libc::PIPE_BUF as i64),
    ("POLLERR", 0x008),
    ("POLLHUP", 0x010),
    ("POLLIN", 0x001),
    ("POLLMSG", 0x400),
    ("POLLNVAL", 0x020),
    ("POLLOUT", 0x004),
    ("POLLPRI", 0x002),
    ("POLLRDBAND", 0x080),
    ("POLLRDHUP", 0x2000),
    ("POLLRDNORM", 0x040),
    ("POLLWRBAND", 0x200),
    ("POLLWRNORM", 0x100),
];

/// A time-out in seconds that may be left out.
fn timeout_arg(cx: &mut Cx, v: Option<Ref<'_>>) -> R<Option<i64>> {
    let Some(v) = v.filter(|v| !v.value().is_none()) else { return Ok(None) };
    if !cx.is_instance_of(v, Builtin::Float)
        && !cx.is_instance_of(v, Builtin::Int)
        && cx.class_of(v).special(cx, Special::Index).is_none()
    {
        return Err(cx.type_error("timeout must be a float or None"));
    }
    os::nanoseconds(cx, v).map(Some)
}

/// One of the three lists: the objects, their file descriptors, and the set for the system.
struct Watched {
    objects: Vec<Obj>,
    fds: Vec<i32>,
    set: libc::fd_set,
}

fn watched(cx: &mut Cx, v: Ref<'_>) -> R<Watched> {
    let items = cx.collect(v);
    let Some(objects) = cx.catch(items, Builtin::TypeError)? else {
        return Err(cx.type_error("arguments 1-3 must be sequences"));
    };
    // SAFETY: an empty set is all zero.
    let mut set = unsafe { std::mem::zeroed() };
    let mut fds = Vec::with_capacity(objects.len());
    for object in &objects {
        let fd = os::fileno(cx, object.r())?;
        if fd as usize >= libc::FD_SETSIZE {
            return Err(cx.value_error("filedescriptor out of range in select()"));
        }
        // SAFETY: in range.
        unsafe { libc::FD_SET(fd, &mut set) };
        fds.push(fd);
    }
    Ok(Watched { objects, fds, set })
}

impl Watched {
    /// The objects whose file descriptors are in a set that the system has left.
    fn ready(self, cx: &Cx, left: &libc::fd_set) -> Obj {
        let ready = self.objects.into_iter().zip(&self.fds);
        // SAFETY: in range.
        let ready = ready.filter(|&(_, &fd)| unsafe { libc::FD_ISSET(fd, left) });
        cx.list(ready.map(|(object, _)| object).collect())
    }
}

fn select(cx: &mut Cx, a: Args<'_>) -> R {
    let timeout = timeout_arg(cx, a.opt(3))?;
    if timeout.is_some_and(|t| t < 0) {
        return Err(cx.value_error("timeout must be non-negative"));
    }
    let deadline = timeout.map_or(Deadline::never(), Deadline::after);
    let lists = [watched(cx, a.get(0))?, watched(cx, a.get(1))?, watched(cx, a.get(2))?];
    let most = lists.iter().flat_map(|l| &l.fds).max().map_or(0, |fd| fd + 1);
    let mut sets = [lists[0].set, lists[1].set, lists[2].set];
    let result = os::retry(cx, || {
        // An interrupted call leaves the sets in any state.
        sets = [lists[0].set, lists[1].set, lists[2].set];
        let [read, write, except] = &mut sets;
        let mut left = deadline.left().map(|left| libc::timeval {
            tv_sec: left.as_secs() as i64,
            tv_usec: left.subsec_nanos().div_ceil(1000) as i64,
        });
        if let Some(t) = left.as_mut()
            && t.tv_usec >= 1_000_000
        {
            (t.tv_sec, t.tv_usec) = (t.tv_sec + 1, 0);
        }
        let left = left.as_mut().map_or(std::ptr::null_mut(), |t| t as *mut libc::timeval);
        // SAFETY: sets and time of ours.
        os::checked(unsafe { libc::select(most, read, write, except, left) })
    })?;
    os::done(cx, result)?;
    let [reads, writes, excepts] = lists;
    let ready = vec![reads.ready(cx, &sets[0]), writes.ready(cx, &sets[1]), excepts.ready(cx, &sets[2])];
    Ok(cx.tuple(ready))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in CONSTANTS {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    let error = cx.builtin(Builtin::OSError).as_ref().own(cx);
    add(cx, module, "error", error);
    poll::init(cx);
    epoll::init(cx, module);
    Ok(())
}
