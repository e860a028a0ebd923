//! How the calls of a socket wait.
//!
//! A socket with a time-out is non-blocking for the system: its calls wait with `poll` first. One without a time-out blocks in
//! the call itself. Either way the thread is detached, and a signal runs its handlers and starts the call again.

use super::object::PySocket;
use crate::os::{self, Deadline};
use ungil_runtime::prelude::*;

/// Waits for events of a file descriptor; false if the time is over. Without one the call that follows says so.
///
/// # Errors
/// The system's, and what a signal handler raises.
pub fn wait_for(cx: &mut Cx, fd: i32, events: i16, deadline: &Deadline) -> R<bool> {
    if fd < 0 {
        return Ok(true);
    }
    let mut entry = libc::pollfd { fd, events, revents: 0 };
    let place = &raw mut entry;
    // SAFETY: one entry, which lives through the call.
    let result = os::retry(cx, || os::checked(unsafe { libc::poll(place, 1, deadline.millis()) }))?;
    Ok(os::number(cx, result)? > 0)
}

/// `TimeoutError("timed out")`.
#[cold]
pub fn timed_out(cx: &mut Cx) -> Err {
    cx.error(Builtin::TimeoutError, "timed out")
}

/// When the calls of a socket give up, if it has a time-out.
pub fn limit_of(socket: &PySocket) -> Option<Deadline> {
    match socket.timeout() {
        nanos if nanos > 0 => Some(Deadline::after(nanos)),
        _ => None,
    }
}

/// Makes a call with the socket's file descriptor, which waits for `events` at most as long as the socket's time-out says.
///
/// # Errors
/// `TimeoutError`, what a signal handler raises; the inner error is the system's.
pub fn attempt(
    cx: &mut Cx,
    socket: &PySocket,
    events: i16,
    call: impl FnMut(i32) -> Result<i64, i32>,
) -> R<Result<i64, i32>> {
    let limit = limit_of(socket);
    attempt_until(cx, socket, events, limit, call)
}

/// As [`attempt`], for one of several calls that have one limit together.
///
/// # Errors
/// As there.
pub fn attempt_until(
    cx: &mut Cx,
    socket: &PySocket,
    events: i16,
    limit: Option<Deadline>,
    mut call: impl FnMut(i32) -> Result<i64, i32>,
) -> R<Result<i64, i32>> {
    loop {
        if let Some(deadline) = &limit
            && !wait_for(cx, socket.fd(), events, deadline)?
        {
            return Err(timed_out(cx));
        }
        // Another thread may close the socket meanwhile: then the number is none of the system's.
        let result = os::retry(cx, || call(socket.fd()))?;
        match result {
            // Somebody else was quicker.
            Err(libc::EAGAIN) if limit.is_some() => continue,
            result => return Ok(result),
        }
    }
}

/// As [`attempt`], with the system's error as an exception.
///
/// # Errors
/// As there, and `OSError`.
pub fn run(cx: &mut Cx, socket: &PySocket, events: i16, call: impl FnMut(i32) -> Result<i64, i32>) -> R<i64> {
    let result = attempt(cx, socket, events, call)?;
    os::number(cx, result)
}
