//! `posix`: file descriptors: opening, reading and writing, positions, pipes, flags, copying between files.

use super::Table;
use crate::os::{self, Accept, quick, syscall};
use std::ffi::CString;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[
    ("open", "($module, /, path, flags, mode=511, *, dir_fd=None)", Full(open)),
    ("close", "($module, /, fd)", Full(close)),
    ("closerange", "($module, fd_low, fd_high, /)", Full(closerange)),
    ("read", "($module, fd, length, /)", Full(read)),
    ("readinto", "($module, fd, buffer, /)", Full(readinto)),
    ("write", "($module, fd, data, /)", Full(write)),
    ("pread", "($module, fd, length, offset, /)", Full(pread)),
    ("pwrite", "($module, fd, buffer, offset, /)", Full(pwrite)),
    ("readv", "($module, fd, buffers, /)", Full(readv)),
    ("writev", "($module, fd, buffers, /)", Full(writev)),
    ("preadv", "($module, fd, buffers, offset, flags=0, /)", Full(preadv)),
    ("pwritev", "($module, fd, buffers, offset, flags=0, /)", Full(pwritev)),
    ("lseek", "($module, fd, position, whence, /)", Full(lseek)),
    ("ftruncate", "($module, fd, length, /)", Full(ftruncate)),
    ("fsync", "($module, /, fd)", Full(fsync)),
    ("fdatasync", "($module, /, fd)", Full(fdatasync)),
    ("sync", "($module, /)", Full(sync)),
    ("dup", "($module, fd, /)", Full(dup)),
    ("dup2", "($module, /, fd, fd2, inheritable=True)", Full(dup2)),
    ("pipe", "($module, /)", Full(|cx, _| pipe_with(cx, libc::O_CLOEXEC))),
    ("pipe2", "($module, flags, /)", Full(pipe2)),
    ("isatty", "($module, fd, /)", Full(isatty)),
    ("lockf", "($module, fd, command, length, /)", Full(lockf)),
    ("get_blocking", "($module, fd, /)", Full(get_blocking)),
    ("set_blocking", "($module, fd, blocking, /)", Full(set_blocking)),
    ("get_inheritable", "($module, fd, /)", Full(get_inheritable)),
    ("set_inheritable", "($module, fd, inheritable, /)", Full(set_inheritable)),
    ("sendfile", "($module, /, out_fd, in_fd, offset, count)", Full(sendfile)),
    (
        "copy_file_range",
        "($module, /, src, dst, count, offset_src=None, offset_dst=None)",
        Full(copy_file_range),
    ),
    ("splice", "($module, /, src, dst, count, offset_src=None, offset_dst=None, flags=0)", Full(splice)),
    ("posix_fadvise", "($module, fd, offset, length, advice, /)", Full(posix_fadvise)),
    ("posix_fallocate", "($module, fd, offset, length, /)", Full(posix_fallocate)),
    ("memfd_create", "($module, /, name, flags=MFD_CLOEXEC)", Full(memfd_create)),
    ("eventfd", "($module, /, initval, flags=EFD_CLOEXEC)", Full(eventfd)),
    ("eventfd_read", "($module, /, fd)", Full(eventfd_read)),
    ("eventfd_write", "($module, /, fd, value)", Full(eventfd_write)),
];

/// What one read or write may move at most: the system's own limit.
const MOST: usize = 0x7fff_f000;

fn open(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "open", "path", Accept::Name)?;
    let flags = os::c_int(cx, a.get(1))? | libc::O_CLOEXEC;
    let mode = os::c_int_or(cx, a.opt(2), 0o777)?;
    let dir = os::dir_fd(cx, a.opt(3))?;
    match syscall!(cx, libc::openat(dir, path.ptr(), flags, mode)) {
        Ok(fd) => Ok(cx.int(fd)),
        Err(number) => Err(path.error(cx, number)),
    }
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    // Not made again when interrupted: the descriptor is closed nevertheless.
    // SAFETY: a number.
    match cx.detached(|| os::checked(unsafe { libc::close(fd) })) {
        Err(number) if number != libc::EINTR => Err(os::error(cx, number)),
        _ => Ok(cx.none()),
    }
}

fn closerange(cx: &mut Cx, a: Args<'_>) -> R {
    let (low, high) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    cx.detached(|| close_range(low, high));
    Ok(cx.none())
}

/// Closes the descriptors from `low` up to but without `high`, whatever is behind them.
pub fn close_range(low: i32, high: i32) {
    let low = low.max(0);
    if high <= low {
        return;
    }
    // SAFETY: numbers.
    unsafe {
        if libc::syscall(libc::SYS_close_range, low as u32, (high - 1) as u32, 0) == 0 {
            return;
        }
        for fd in low..high {
            libc::close(fd);
        }
    }
}

/// A buffer for at most `length` bytes; a negative length is what the system calls invalid.
fn room(cx: &mut Cx, length: isize) -> R<Vec<u8>> {
    let Ok(length) = usize::try_from(length) else { return Err(os::error(cx, libc::EINVAL)) };
    let mut buffer = Vec::new();
    match buffer.try_reserve_exact(length.min(MOST)) {
        Ok(()) => Ok(buffer),
        Err(_) => Err(cx.memory_error()),
    }
}

/// Fills a buffer by a call that says how much it has written.
fn fill(
    cx: &mut Cx,
    mut buffer: Vec<u8>,
    mut call: impl FnMut(*mut libc::c_void, usize) -> i64,
) -> R<Vec<u8>> {
    let (to, room) = (buffer.as_mut_ptr().cast(), buffer.capacity().min(MOST));
    match os::retry(cx, || os::checked(call(to, room)))? {
        Ok(n) => {
            // SAFETY: the call has written so many bytes.
            unsafe { buffer.set_len(n as usize) };
            Ok(buffer)
        }
        Err(number) => Err(os::error(cx, number)),
    }
}

fn read(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let length = os::size(cx, a.get(1))?;
    let want = length.max(0) as usize;
    let buffer = room(cx, length)?;
    // SAFETY: the buffer has this room.
    let data = fill(cx, buffer, |to, room| unsafe { libc::read(fd, to, room.min(want)) as i64 })?;
    Ok(new_bytes(cx, &data))
}

fn pread(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let length = os::size(cx, a.get(1))?;
    let offset = cx.to_i64(a.get(2))?;
    let want = length.max(0) as usize;
    let buffer = room(cx, length)?;
    // SAFETY: the buffer has this room.
    let data = fill(cx, buffer, |to, room| unsafe { libc::pread(fd, to, room.min(want), offset) as i64 })?;
    Ok(new_bytes(cx, &data))
}

fn readinto(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    if fd < 0 {
        return Err(cx.value_error("negative file descriptor"));
    }
    let want = buffer::writable_len(cx, a.get(1))?;
    let room = room(cx, want as isize)?;
    // SAFETY: the buffer has this room.
    let data = fill(cx, room, |to, room| unsafe { libc::read(fd, to, room.min(want)) as i64 })?;
    let n = buffer::copy_into(cx, a.get(1), 0, &data)?;
    Ok(cx.int(n as i64))
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let data = buffer::bytes_of(cx, a.get(1))?;
    let (from, n) = (data.as_ptr().cast(), data.len().min(MOST));
    let result = syscall!(cx, libc::write(fd, from, n) as i64);
    os::int_result(cx, result)
}

fn pwrite(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let data = buffer::bytes_of(cx, a.get(1))?;
    let offset = cx.to_i64(a.get(2))?;
    let (from, n) = (data.as_ptr().cast(), data.len().min(MOST));
    let result = syscall!(cx, libc::pwrite(fd, from, n, offset) as i64);
    os::int_result(cx, result)
}

fn sequence(cx: &mut Cx, v: Ref<'_>, message: &str) -> R<Vec<Obj>> {
    let is_sequence = v.downcast::<PyList>(cx).is_some()
        || v.downcast::<PyTuple>(cx).is_some()
        || cx.class_of(v).special(cx, Special::GetItem).is_some();
    if !is_sequence {
        return Err(cx.type_error(message));
    }
    cx.collect(v)
}

/// Reads into several writable objects one after the other.
fn scatter(cx: &mut Cx, targets: &[Obj], mut call: impl FnMut(*const libc::iovec, i32) -> i64) -> R {
    let mut buffers = Vec::with_capacity(targets.len());
    for target in targets {
        if !buffer::is_bytes_like(cx, target.r()) {
            return Err(buffer::not_bytes_like(cx, target.r()));
        }
        let want = buffer::writable_len(cx, target.r())?;
        let mut buffer = room(cx, want as isize)?;
        buffer.resize(want.min(MOST), 0);
        buffers.push(buffer);
    }
    let vectors: Vec<libc::iovec> = buffers
        .iter_mut()
        .map(|b| libc::iovec { iov_base: b.as_mut_ptr().cast(), iov_len: b.len() })
        .collect();
    let (first, count) = (vectors.as_ptr(), vectors.len() as i32);
    let result = os::retry(cx, || os::checked(call(first, count)))?;
    let total = os::number(cx, result)?;
    let mut left = total as usize;
    for (target, buffer) in targets.iter().zip(&buffers) {
        let n = left.min(buffer.len());
        if n == 0 {
            break;
        }
        buffer::copy_into(cx, target.r(), 0, &buffer[..n])?;
        left -= n;
    }
    Ok(cx.int(total))
}

/// Writes several bytes-like objects one after the other.
fn gather(cx: &mut Cx, sources: &[Obj], mut call: impl FnMut(*const libc::iovec, i32) -> i64) -> R {
    let mut parts = Vec::with_capacity(sources.len());
    for source in sources {
        parts.push(buffer::bytes_of(cx, source.r())?);
    }
    let vectors: Vec<libc::iovec> = parts
        .iter()
        .map(|b| libc::iovec { iov_base: b.as_ptr().cast_mut().cast(), iov_len: b.len() })
        .collect();
    let (first, count) = (vectors.as_ptr(), vectors.len() as i32);
    let result = os::retry(cx, || os::checked(call(first, count)))?;
    os::int_result(cx, result)
}

fn readv(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let targets = sequence(cx, a.get(1), "readv() arg 2 must be a sequence")?;
    // SAFETY: the vectors name buffers with that room.
    scatter(cx, &targets, |first, n| unsafe { libc::readv(fd, first, n) as i64 })
}

fn preadv(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let targets = sequence(cx, a.get(1), "preadv2() arg 2 must be a sequence")?;
    let offset = cx.to_i64(a.get(2))?;
    let flags = os::c_int_or(cx, a.opt(3), 0)?;
    // SAFETY: the vectors name buffers with that room.
    scatter(cx, &targets, |first, n| unsafe { libc::preadv2(fd, first, n, offset, flags) as i64 })
}

fn writev(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let sources = sequence(cx, a.get(1), "writev() arg 2 must be a sequence")?;
    // SAFETY: the vectors name bytes that live on.
    gather(cx, &sources, |first, n| unsafe { libc::writev(fd, first, n) as i64 })
}

fn pwritev(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let sources = sequence(cx, a.get(1), "pwritev() arg 2 must be a sequence")?;
    let offset = cx.to_i64(a.get(2))?;
    let flags = os::c_int_or(cx, a.opt(3), 0)?;
    // SAFETY: the vectors name bytes that live on.
    gather(cx, &sources, |first, n| unsafe { libc::pwritev2(fd, first, n, offset, flags) as i64 })
}

fn lseek(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let position = cx.to_i64(a.get(1))?;
    let whence = os::c_int(cx, a.get(2))?;
    let result = syscall!(cx, libc::lseek(fd, position, whence));
    os::int_result(cx, result)
}

fn ftruncate(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let length = cx.to_i64(a.get(1))?;
    let result = syscall!(cx, libc::ftruncate(fd, length));
    os::done(cx, result)
}

fn fsync(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let result = syscall!(cx, libc::fsync(fd));
    os::done(cx, result)
}

fn fdatasync(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let result = syscall!(cx, libc::fdatasync(fd));
    os::done(cx, result)
}

fn sync(cx: &mut Cx, _: Args<'_>) -> R {
    // SAFETY: takes nothing.
    cx.detached(|| unsafe { libc::sync() });
    Ok(cx.none())
}

fn dup(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let result = quick!(libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0));
    os::int_result(cx, result)
}

fn dup2(cx: &mut Cx, a: Args<'_>) -> R {
    let (fd, to) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let inheritable = os::flag_or(cx, a.opt(2), true)?;
    if fd < 0 || to < 0 {
        return Err(os::error(cx, libc::EBADF));
    }
    let result = match inheritable || fd == to {
        true => syscall!(cx, libc::dup2(fd, to)),
        false => syscall!(cx, libc::dup3(fd, to, libc::O_CLOEXEC)),
    };
    if fd == to && !inheritable && result.is_ok() {
        os::done(cx, quick!(libc::fcntl(to, libc::F_SETFD, libc::FD_CLOEXEC)))?;
    }
    os::int_result(cx, result)
}

fn pipe_with(cx: &mut Cx, flags: i32) -> R {
    let mut ends = [0; 2];
    let result = quick!(libc::pipe2(ends.as_mut_ptr(), flags));
    os::done(cx, result)?;
    Ok(cx.tuple(vec![cx.int(ends[0] as i64), cx.int(ends[1] as i64)]))
}

fn pipe2(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = os::c_int(cx, a.get(0))?;
    pipe_with(cx, flags)
}

fn isatty(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    // SAFETY: a number.
    let answer = cx.detached(|| unsafe { libc::isatty(fd) });
    Ok(cx.bool(answer == 1))
}

fn lockf(cx: &mut Cx, a: Args<'_>) -> R {
    let (fd, command) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let length = cx.to_i64(a.get(2))?;
    let result = syscall!(cx, libc::lockf(fd, command, length));
    os::done(cx, result)
}

fn get_blocking(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let flags = os::number(cx, quick!(libc::fcntl(fd, libc::F_GETFL)))?;
    Ok(cx.bool(flags as i32 & libc::O_NONBLOCK == 0))
}

fn set_blocking(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let blocking = cx.truth(a.get(1))?;
    let old = os::number(cx, quick!(libc::fcntl(fd, libc::F_GETFL)))? as i32;
    let new = if blocking { old & !libc::O_NONBLOCK } else { old | libc::O_NONBLOCK };
    os::done(cx, quick!(libc::fcntl(fd, libc::F_SETFL, new)))
}

fn get_inheritable(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let flags = os::number(cx, quick!(libc::fcntl(fd, libc::F_GETFD)))?;
    Ok(cx.bool(flags as i32 & libc::FD_CLOEXEC == 0))
}

fn set_inheritable(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let inheritable = os::c_int(cx, a.get(1))? != 0;
    let old = os::number(cx, quick!(libc::fcntl(fd, libc::F_GETFD)))? as i32;
    let new = if inheritable { old & !libc::FD_CLOEXEC } else { old | libc::FD_CLOEXEC };
    os::done(cx, quick!(libc::fcntl(fd, libc::F_SETFD, new)))
}

fn sendfile(cx: &mut Cx, a: Args<'_>) -> R {
    let (to, from) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let mut offset = match a.opt_not_none(2) {
        Some(offset) => Some(cx.to_i64(offset)?),
        None => None,
    };
    let count = os::size(cx, a.get(3))?;
    if count < 0 {
        return Err(os::error(cx, libc::EINVAL));
    }
    let place = offset.as_mut().map_or(std::ptr::null_mut(), |o| o as *mut i64);
    let result = syscall!(cx, libc::sendfile(to, from, place, count as usize) as i64);
    os::int_result(cx, result)
}

/// The places in two files that may be left out.
fn offsets(cx: &mut Cx, a: Args<'_>) -> R<(Option<i64>, Option<i64>)> {
    let mut out = [None, None];
    for (i, place) in out.iter_mut().enumerate() {
        if let Some(v) = a.opt_not_none(3 + i) {
            *place = Some(cx.to_i64(v)?);
        }
    }
    Ok((out[0], out[1]))
}

fn pointer(offset: &mut Option<i64>) -> *mut i64 {
    offset.as_mut().map_or(std::ptr::null_mut(), |o| o as *mut i64)
}

fn copy_file_range(cx: &mut Cx, a: Args<'_>) -> R {
    let (src, dst) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let count = os::size(cx, a.get(2))?;
    let (mut from, mut to) = offsets(cx, a)?;
    if count < 0 {
        return Err(cx.value_error("negative value for 'count' not allowed"));
    }
    let (from, to) = (pointer(&mut from), pointer(&mut to));
    let result = syscall!(cx, libc::copy_file_range(src, from, dst, to, count as usize, 0) as i64);
    os::int_result(cx, result)
}

fn splice(cx: &mut Cx, a: Args<'_>) -> R {
    let (src, dst) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let count = os::size(cx, a.get(2))?;
    let (mut from, mut to) = offsets(cx, a)?;
    let flags = os::c_int_or(cx, a.opt(5), 0)? as u32;
    if count < 0 {
        return Err(cx.value_error("negative value for 'count' not allowed"));
    }
    let (from, to) = (pointer(&mut from), pointer(&mut to));
    let result = syscall!(cx, libc::splice(src, from, dst, to, count as usize, flags) as i64);
    os::int_result(cx, result)
}

/// The calls that give the error number themselves.
fn numbered(cx: &mut Cx, mut call: impl FnMut() -> i32) -> R {
    let result = os::retry(cx, || match call() {
        0 => Ok(0),
        number => Err(number),
    })?;
    os::done(cx, result)
}

fn posix_fadvise(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let (offset, length) = (cx.to_i64(a.get(1))?, cx.to_i64(a.get(2))?);
    let advice = os::c_int(cx, a.get(3))?;
    // SAFETY: numbers.
    numbered(cx, || unsafe { libc::posix_fadvise(fd, offset, length, advice) })
}

fn posix_fallocate(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let (offset, length) = (cx.to_i64(a.get(1))?, cx.to_i64(a.get(2))?);
    // SAFETY: numbers.
    numbered(cx, || unsafe { libc::posix_fallocate(fd, offset, length) })
}

fn memfd_create(cx: &mut Cx, a: Args<'_>) -> R {
    let name: CString = os::fs_text(cx, a.get(0))?;
    let flags = match a.opt(1) {
        Some(flags) => cx.to_i64(flags)? as u32,
        None => libc::MFD_CLOEXEC,
    };
    let result = syscall!(cx, libc::memfd_create(name.as_ptr(), flags));
    os::int_result(cx, result)
}

fn eventfd(cx: &mut Cx, a: Args<'_>) -> R {
    let initial = cx.to_i64(a.get(0))?;
    let Ok(initial) = u32::try_from(initial) else {
        return Err(cx.overflow_error("Python int too large for C unsigned int"));
    };
    let flags = os::c_int_or(cx, a.opt(1), libc::EFD_CLOEXEC)?;
    os::int_result(cx, quick!(libc::eventfd(initial, flags)))
}

fn eventfd_read(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let mut value = 0u64;
    let result = syscall!(cx, libc::read(fd, (&raw mut value).cast(), 8) as i64);
    os::done(cx, result)?;
    Ok(cx.int_u64(value))
}

fn eventfd_write(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let value = cx.index(a.get(1))?;
    let value = ungil_runtime::objects::int::to_bigint(cx, value.r()).and_then(|n| u64::try_from(n).ok());
    let Some(value) = value else {
        return Err(cx.overflow_error("Python int too large to convert to C unsigned long long"));
    };
    let result = syscall!(cx, libc::write(fd, (&raw const value).cast(), 8) as i64);
    os::done(cx, result)
}
