//! System calls on file descriptors: detached while they may block, started again after signals.

use ungil_runtime::prelude::*;

/// Most bytes that one system call is asked for, as in CPython.
const MAX_BYTES: usize = i32::MAX as usize;

/// An `OSError` for an error of the system, of the subclass that goes with its number.
pub fn os_error(cx: &mut Cx, error: &std::io::Error) -> Err {
    os_error_about(cx, error, None)
}

/// As [`os_error`], about a file.
pub fn os_error_about(cx: &mut Cx, error: &std::io::Error, filename: Option<Ref<'_>>) -> Err {
    let number = error.raw_os_error().unwrap_or(libc::EIO);
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text).to_string();
    let class = ungil_runtime::objects::exception::class_for_errno(number as i64);
    let mut args = vec![cx.int(number as i64), cx.str(&text)];
    args.extend(filename.map(|f| f.own(cx)));
    ungil_runtime::new_error(cx, class, args)
}

/// The error of the system call that has just failed.
pub fn last_error(cx: &mut Cx) -> Err {
    os_error(cx, &std::io::Error::last_os_error())
}

/// Runs a system call detached, again after each signal; its result if that is not negative.
///
/// # Errors
/// What a signal handler raises. The inner error is the system's.
pub fn retry(cx: &mut Cx, mut call: impl FnMut() -> isize) -> R<std::io::Result<usize>> {
    loop {
        let (result, error) = cx.detached(|| {
            let result = call();
            (result, std::io::Error::last_os_error())
        });
        if result >= 0 {
            return Ok(Ok(result as usize));
        }
        if error.raw_os_error() != Some(libc::EINTR) {
            return Ok(Err(error));
        }
        cx.safepoint()?;
    }
}

/// Turns "would block" into `None`.
fn unless_blocked(cx: &mut Cx, result: std::io::Result<usize>) -> R<Option<usize>> {
    match result {
        Ok(n) => Ok(Some(n)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN)) => Ok(None),
        Err(error) => Err(os_error(cx, &error)),
    }
}

/// `read(2)`: the number of bytes read, 0 at the end; `None` if there is nothing yet.
///
/// # Errors
/// `OSError`, or what a signal handler raises.
pub fn read(cx: &mut Cx, fd: i32, into: &mut [u8]) -> R<Option<usize>> {
    let (start, len) = (into.as_mut_ptr(), into.len().min(MAX_BYTES));
    // SAFETY: the memory is the caller's alone.
    let result = retry(cx, || unsafe { libc::read(fd, start.cast(), len) })?;
    unless_blocked(cx, result)
}

/// `write(2)`: the number of bytes written; `None` if there is no room yet.
///
/// # Errors
/// As [`read`].
pub fn write(cx: &mut Cx, fd: i32, data: &[u8]) -> R<Option<usize>> {
    let (start, len) = (data.as_ptr(), data.len().min(MAX_BYTES));
    // SAFETY: nobody changes the bytes meanwhile.
    let result = retry(cx, || unsafe { libc::write(fd, start.cast(), len) })?;
    unless_blocked(cx, result)
}

/// `lseek(2)`.
pub fn seek(cx: &mut Cx, fd: i32, to: i64, whence: i32) -> std::io::Result<i64> {
    // SAFETY: the call takes any numbers.
    match cx.detached(|| (unsafe { libc::lseek(fd, to, whence) }, std::io::Error::last_os_error())) {
        (at, error) if at < 0 => Err(error),
        (at, _) => Ok(at),
    }
}

/// `fstat(2)`.
pub fn stat(cx: &mut Cx, fd: i32) -> std::io::Result<libc::stat> {
    // SAFETY: all zeros are a valid value.
    let mut found: libc::stat = unsafe { std::mem::zeroed() };
    let place = &raw mut found;
    // SAFETY: the struct is ours.
    match cx.detached(|| (unsafe { libc::fstat(fd, place) }, std::io::Error::last_os_error())) {
        (0, _) => Ok(found),
        (_, error) => Err(error),
    }
}

/// `isatty(3)`.
pub fn is_terminal(cx: &mut Cx, fd: i32) -> bool {
    // SAFETY: the call takes any number.
    cx.detached(|| unsafe { libc::isatty(fd) }) == 1
}
