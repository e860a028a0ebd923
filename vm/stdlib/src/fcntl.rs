//! `fcntl`: control of file descriptors and devices, file locks.

use crate::os::{self, syscall};
use crate::posix::Table;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::int;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

const FUNCTIONS: Table = &[
    ("fcntl", "($module, fd, cmd, arg=0, /)", Full(fcntl)),
    ("ioctl", "($module, fd, request, arg=0, mutate_flag=True, /)", Full(ioctl)),
    ("flock", "($module, fd, operation, /)", Full(flock)),
    ("lockf", "($module, fd, cmd, len=0, start=0, whence=0, /)", Full(lockf)),
];

/// The largest argument that is copied.
const MOST: usize = 1024;

/// The bytes of a string or bytes-like argument in a buffer that the call may write to beyond its end.
fn buffer_arg(cx: &mut Cx, v: Ref<'_>, function: &str) -> R<(Vec<u8>, usize)> {
    let data = match v.downcast::<PyStr>(cx) {
        Some(s) => s.as_bytes().to_vec(),
        None => buffer::bytes_of(cx, v)?.into_owned(),
    };
    if data.len() > MOST {
        return Err(cx.value_error(format!("{function} argument 3 is too long")));
    }
    let len = data.len();
    let mut room = data;
    room.resize(MOST + 64, 0);
    Ok((room, len))
}

/// An integer argument as a C `int`, whatever its sign.
fn masked_int(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(n) => Ok(n as i32 as i64),
        None => Err(cx.overflow_error("Python int too large to convert to C int")),
    }
}

fn is_int(cx: &Cx, v: Ref<'_>) -> bool {
    cx.is_instance_of(v, Builtin::Int) || cx.class_of(v).special(cx, Special::Index).is_some()
}

fn fcntl(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let command = os::c_int(cx, a.get(1))?;
    let Some(arg) = a.opt(2) else {
        let result = syscall!(cx, libc::fcntl(fd, command, 0));
        return os::int_result(cx, result);
    };
    if is_int(cx, arg) {
        let n = masked_int(cx, arg)?;
        let result = syscall!(cx, libc::fcntl(fd, command, n as libc::c_int));
        return os::int_result(cx, result);
    }
    if arg.downcast::<PyStr>(cx).is_none() && !buffer::is_bytes_like(cx, arg) {
        let got = cx.type_name(arg);
        return Err(cx.type_error(format!(
            "fcntl() argument 3 must be an integer, a bytes-like object, or a string, not {got}"
        )));
    }
    let (mut room, len) = buffer_arg(cx, arg, "fcntl")?;
    let result = syscall!(cx, libc::fcntl(fd, command, room.as_mut_ptr()));
    os::done(cx, result)?;
    Ok(new_bytes(cx, &room[..len]))
}

fn ioctl(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let request = cx.index(a.get(1))?;
    let request = match int::to_i64(cx, request.r()) {
        Some(n) => n as libc::c_ulong,
        None => return Err(cx.overflow_error("Python int too large to convert to C unsigned long")),
    };
    let Some(arg) = a.opt(2) else {
        let result = syscall!(cx, libc::ioctl(fd, request, 0));
        return os::int_result(cx, result);
    };
    if is_int(cx, arg) {
        let n = masked_int(cx, arg)?;
        let result = syscall!(cx, libc::ioctl(fd, request, n as libc::c_int));
        return os::int_result(cx, result);
    }
    let is_text = arg.downcast::<PyStr>(cx).is_some();
    if !is_text && !buffer::is_bytes_like(cx, arg) {
        let got = cx.type_name(arg);
        return Err(cx.type_error(format!(
            "ioctl() argument 3 must be an integer, a bytes-like object, or a string, not {got}"
        )));
    }
    let fixed = is_text || arg.downcast::<PyBytes>(cx).is_some();
    let mutate = os::flag_or(cx, a.opt(3), true)?;
    let target = if fixed || !mutate { None } else { buffer::writable_len(cx, arg).ok() };
    let (mut room, len) = match target {
        // A writable buffer of any size is written back.
        Some(len) => {
            let mut data = buffer::bytes_of(cx, arg)?.into_owned();
            data.resize(len.max(MOST) + 64, 0);
            (data, len)
        }
        None => buffer_arg(cx, arg, "ioctl")?,
    };
    let result = syscall!(cx, libc::ioctl(fd, request, room.as_mut_ptr()));
    if target.is_some() {
        buffer::copy_into(cx, arg, 0, &room[..len])?;
        return os::int_result(cx, result);
    }
    os::done(cx, result)?;
    Ok(new_bytes(cx, &room[..len]))
}

fn flock(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let operation = os::c_int(cx, a.get(1))?;
    let result = syscall!(cx, libc::flock(fd, operation));
    os::done(cx, result)
}

fn lockf(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let command = os::c_int(cx, a.get(1))?;
    let kind = match command {
        libc::LOCK_UN => libc::F_UNLCK,
        c if c & libc::LOCK_SH != 0 => libc::F_RDLCK,
        c if c & libc::LOCK_EX != 0 => libc::F_WRLCK,
        _ => return Err(cx.value_error("unrecognized lockf argument")),
    };
    // SAFETY: plain numbers.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as i16;
    if let Some(len) = a.opt(2) {
        lock.l_len = cx.to_i64(len)?;
    }
    if let Some(start) = a.opt(3) {
        lock.l_start = cx.to_i64(start)?;
    }
    lock.l_whence = os::c_int_or(cx, a.opt(4), 0)? as i16;
    let how = if command & libc::LOCK_NB != 0 { libc::F_SETLK } else { libc::F_SETLKW };
    let result = syscall!(cx, libc::fcntl(fd, how, &lock));
    os::done(cx, result)
}

/// As Linux on 64-bit machines has them.
const CONSTANTS: &[(&str, i64)] = &[
    ("DN_ACCESS", 1),
    ("DN_ATTRIB", 32),
    ("DN_CREATE", 4),
    ("DN_DELETE", 8),
    ("DN_MODIFY", 2),
    ("DN_MULTISHOT", 2147483648),
    ("DN_RENAME", 16),
    ("FASYNC", 8192),
    ("FD_CLOEXEC", 1),
    ("FICLONE", 1074041865),
    ("FICLONERANGE", 1075876877),
    ("F_ADD_SEALS", 1033),
    ("F_DUPFD", 0),
    ("F_DUPFD_CLOEXEC", 1030),
    ("F_DUPFD_QUERY", 1027),
    ("F_EXLCK", 4),
    ("F_GETFD", 1),
    ("F_GETFL", 3),
    ("F_GETLEASE", 1025),
    ("F_GETLK", 5),
    ("F_GETLK64", 5),
    ("F_GETOWN", 9),
    ("F_GETOWN_EX", 16),
    ("F_GETPIPE_SZ", 1032),
    ("F_GETSIG", 11),
    ("F_GET_FILE_RW_HINT", 1037),
    ("F_GET_RW_HINT", 1035),
    ("F_GET_SEALS", 1034),
    ("F_NOTIFY", 1026),
    ("F_OFD_GETLK", 36),
    ("F_OFD_SETLK", 37),
    ("F_OFD_SETLKW", 38),
    ("F_OWNER_PGRP", 2),
    ("F_OWNER_PID", 1),
    ("F_OWNER_TID", 0),
    ("F_RDLCK", 0),
    ("F_SEAL_FUTURE_WRITE", 16),
    ("F_SEAL_GROW", 4),
    ("F_SEAL_SEAL", 1),
    ("F_SEAL_SHRINK", 2),
    ("F_SEAL_WRITE", 8),
    ("F_SETFD", 2),
    ("F_SETFL", 4),
    ("F_SETLEASE", 1024),
    ("F_SETLK", 6),
    ("F_SETLK64", 6),
    ("F_SETLKW", 7),
    ("F_SETLKW64", 7),
    ("F_SETOWN", 8),
    ("F_SETOWN_EX", 15),
    ("F_SETPIPE_SZ", 1031),
    ("F_SETSIG", 10),
    ("F_SET_FILE_RW_HINT", 1038),
    ("F_SET_RW_HINT", 1036),
    ("F_SHLCK", 8),
    ("F_UNLCK", 2),
    ("F_WRLCK", 1),
    ("LOCK_EX", 2),
    ("LOCK_MAND", 32),
    ("LOCK_NB", 4),
    ("LOCK_READ", 64),
    ("LOCK_RW", 192),
    ("LOCK_SH", 1),
    ("LOCK_UN", 8),
    ("LOCK_WRITE", 128),
    ("RWH_WRITE_LIFE_EXTREME", 5),
    ("RWH_WRITE_LIFE_LONG", 4),
    ("RWH_WRITE_LIFE_MEDIUM", 3),
    ("RWH_WRITE_LIFE_NONE", 1),
    ("RWH_WRITE_LIFE_NOT_SET", 0),
    ("RWH_WRITE_LIFE_SHORT", 2),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in CONSTANTS {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    Ok(())
}
