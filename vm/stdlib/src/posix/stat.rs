//! `posix`: what the system knows about files: the `stat` family, access, modes, owners, times.

use super::{Table, class_of};
use crate::os::{self, Accept, Place, syscall};
use std::mem::zeroed;
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::int;
use ungil_runtime::objects::namespace::{Record, record_of};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[
    ("stat", "($module, /, path, *, dir_fd=None, follow_symlinks=True)", Full(stat)),
    ("lstat", "($module, /, path, *, dir_fd=None)", Full(lstat)),
    ("fstat", "($module, /, fd)", Full(fstat)),
    ("statvfs", "($module, /, path)", Full(statvfs)),
    ("fstatvfs", "($module, fd, /)", Full(statvfs)),
    (
        "access",
        "($module, /, path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)",
        Full(access),
    ),
    ("chmod", "($module, /, path, mode, *, dir_fd=None, follow_symlinks=(os.name != 'nt'))", Full(chmod)),
    ("fchmod", "($module, /, fd, mode)", Full(fchmod)),
    ("chown", "($module, /, path, uid, gid, *, dir_fd=None, follow_symlinks=True)", Full(chown)),
    ("lchown", "($module, /, path, uid, gid)", Full(lchown)),
    ("fchown", "($module, /, fd, uid, gid)", Full(fchown)),
    (
        "utime",
        "($module, /, path, times=None, *, ns=<unrepresentable>, dir_fd=None, follow_symlinks=True)",
        Full(utime),
    ),
];

static STAT_RESULT: OnceLock<SharedValue> = OnceLock::new();
static STATVFS_RESULT: OnceLock<SharedValue> = OnceLock::new();

/// Makes the classes of results.
pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let record = Record::new(
        "os.stat_result",
        "What stat(), fstat() and lstat() tell about a file.\n\nAs a tuple it has mode, inode, device, links, user, group, size and three times in\nseconds; all else has names only.",
        &[
            ("st_mode", "protection bits"),
            ("st_ino", "inode"),
            ("st_dev", "device"),
            ("st_nlink", "number of hard links"),
            ("st_uid", "user ID of owner"),
            ("st_gid", "group ID of owner"),
            ("st_size", "total size, in bytes"),
            ("st_atime", "time of last access"),
            ("st_mtime", "time of last modification"),
            ("st_ctime", "time of last change"),
            ("st_atime_ns", "time of last access in nanoseconds"),
            ("st_mtime_ns", "time of last modification in nanoseconds"),
            ("st_ctime_ns", "time of last change in nanoseconds"),
            ("st_blksize", "blocksize for filesystem I/O"),
            ("st_blocks", "number of blocks allocated"),
            ("st_rdev", "device type (if inode device)"),
        ],
    );
    super::add_class(cx, module, "stat_result", record.with_sequence(10).with_unnamed(3), &STAT_RESULT)?;
    let names = [
        "f_bsize",
        "f_frsize",
        "f_blocks",
        "f_bfree",
        "f_bavail",
        "f_files",
        "f_ffree",
        "f_favail",
        "f_flag",
        "f_namemax",
        "f_fsid",
    ];
    let fields = names.map(|name| (name, ""));
    let record =
        Record::new("os.statvfs_result", "What statvfs() and fstatvfs() tell about a file system.", &fields);
    super::add_class(cx, module, "statvfs_result", record.with_sequence(10), &STATVFS_RESULT)
}

/// A `stat_result` of what the system has filled in.
pub fn result_of(cx: &mut Cx, st: &libc::stat) -> R {
    let mut values = vec![
        cx.int(st.st_mode as i64),
        cx.int_u64(st.st_ino),
        cx.int_u64(st.st_dev),
        cx.int_u64(st.st_nlink),
        cx.int(st.st_uid as i64),
        cx.int(st.st_gid as i64),
        cx.int(st.st_size),
    ];
    let times =
        [(st.st_atime, st.st_atime_nsec), (st.st_mtime, st.st_mtime_nsec), (st.st_ctime, st.st_ctime_nsec)];
    values.extend(times.iter().map(|t| cx.int(t.0)));
    values.extend(times.iter().map(|t| cx.float(t.0 as f64 + 1e-9 * t.1 as f64)));
    values.extend(times.iter().map(|t| int::new_word(cx, t.0 as i128 * 1_000_000_000 + t.1 as i128)));
    values.extend([cx.int(st.st_blksize), cx.int(st.st_blocks), cx.int_u64(st.st_rdev)]);
    let class = class_of(cx, &STAT_RESULT);
    record_of(cx, &class, values)
}

/// The mode and more of a file by name.
pub fn stat_at(cx: &mut Cx, dir: i32, path: &os::Path, follow: bool) -> R<Result<libc::stat, i32>> {
    // SAFETY: plain numbers.
    let mut st: libc::stat = unsafe { zeroed() };
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let result = match path.place {
        Place::Fd(fd) => syscall!(cx, libc::fstat(fd, &mut st)),
        Place::Name(ref name) => syscall!(cx, libc::fstatat(dir, name.as_ptr(), &mut st, flags)),
    };
    Ok(result.map(|_| st))
}

fn stat(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "stat", "path", Accept::NameOrFd)?;
    let dir = os::dir_fd(cx, a.opt(1))?;
    let follow = os::flag_or(cx, a.opt(2), true)?;
    check_combination(cx, "stat", &path, dir, follow)?;
    match stat_at(cx, dir, &path, follow)? {
        Ok(st) => result_of(cx, &st),
        Err(number) => Err(path.error(cx, number)),
    }
}

/// Refuses what makes no sense for a file descriptor.
fn check_combination(cx: &mut Cx, function: &str, path: &os::Path, dir: i32, follow: bool) -> R<()> {
    if path.fd().is_none() {
        return Ok(());
    }
    if dir != libc::AT_FDCWD {
        return Err(cx.value_error(format!("{function}: can't specify dir_fd without matching path")));
    }
    if !follow {
        return Err(cx.value_error(format!("{function}: cannot use fd and follow_symlinks together")));
    }
    Ok(())
}

fn lstat(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "lstat", "path", Accept::Name)?;
    let dir = os::dir_fd(cx, a.opt(1))?;
    match stat_at(cx, dir, &path, false)? {
        Ok(st) => result_of(cx, &st),
        Err(number) => Err(path.error(cx, number)),
    }
}

fn fstat(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    // SAFETY: plain numbers.
    let mut st: libc::stat = unsafe { zeroed() };
    match syscall!(cx, libc::fstat(fd, &mut st)) {
        Ok(_) => result_of(cx, &st),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn statvfs(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "statvfs", "path", Accept::NameOrFd)?;
    // SAFETY: plain numbers.
    let mut st: libc::statvfs = unsafe { zeroed() };
    let result = match path.place {
        Place::Fd(fd) => syscall!(cx, libc::fstatvfs(fd, &mut st)),
        Place::Name(ref name) => syscall!(cx, libc::statvfs(name.as_ptr(), &mut st)),
    };
    path.done(cx, result)?;
    let numbers = [
        st.f_bsize,
        st.f_frsize,
        st.f_blocks,
        st.f_bfree,
        st.f_bavail,
        st.f_files,
        st.f_ffree,
        st.f_favail,
        st.f_flag,
        st.f_namemax,
        st.f_fsid,
    ];
    let values = numbers.iter().map(|&n| cx.int_u64(n)).collect();
    let class = class_of(cx, &STATVFS_RESULT);
    record_of(cx, &class, values)
}

fn access(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "access", "path", Accept::Name)?;
    let mode = os::c_int(cx, a.get(1))?;
    let dir = os::dir_fd(cx, a.opt(2))?;
    let mut flags = 0;
    if os::flag_or(cx, a.opt(3), false)? {
        flags |= libc::AT_EACCESS;
    }
    if !os::flag_or(cx, a.opt(4), true)? {
        flags |= libc::AT_SYMLINK_NOFOLLOW;
    }
    let result = syscall!(cx, libc::faccessat(dir, path.ptr(), mode, flags));
    Ok(cx.bool(result.is_ok()))
}

fn chmod(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "chmod", "path", Accept::NameOrFd)?;
    let mode = os::c_int(cx, a.get(1))? as libc::mode_t;
    let dir = os::dir_fd(cx, a.opt(2))?;
    let follow = os::flag_or(cx, a.opt(3), true)?;
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let result = match path.fd() {
        Some(fd) => syscall!(cx, libc::fchmod(fd, mode)),
        None => syscall!(cx, libc::fchmodat(dir, path.ptr(), mode, flags)),
    };
    if !follow && matches!(result, Err(libc::ENOTSUP)) {
        if dir != libc::AT_FDCWD {
            return Err(cx.value_error("chmod: cannot use dir_fd and follow_symlinks together"));
        }
        let text = "chmod: follow_symlinks unavailable on this platform";
        return Err(cx.error(Builtin::NotImplementedError, text));
    }
    path.done(cx, result)
}

fn fchmod(cx: &mut Cx, a: Args<'_>) -> R {
    let (fd, mode) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let result = syscall!(cx, libc::fchmod(fd, mode as libc::mode_t));
    os::done(cx, result)
}

fn chown(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "chown", "path", Accept::NameOrFd)?;
    let (uid, gid) = (os::user_or_group(cx, a.get(1), "uid")?, os::user_or_group(cx, a.get(2), "gid")?);
    let dir = os::dir_fd(cx, a.opt(3))?;
    let follow = os::flag_or(cx, a.opt(4), true)?;
    check_combination(cx, "chown", &path, dir, follow)?;
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let result = match path.fd() {
        Some(fd) => syscall!(cx, libc::fchown(fd, uid, gid)),
        None => syscall!(cx, libc::fchownat(dir, path.ptr(), uid, gid, flags)),
    };
    path.done(cx, result)
}

fn lchown(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "lchown", "path", Accept::Name)?;
    let (uid, gid) = (os::user_or_group(cx, a.get(1), "uid")?, os::user_or_group(cx, a.get(2), "gid")?);
    let result = syscall!(cx, libc::lchown(path.ptr(), uid, gid));
    path.done(cx, result)
}

fn fchown(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let (uid, gid) = (os::user_or_group(cx, a.get(1), "uid")?, os::user_or_group(cx, a.get(2), "gid")?);
    let result = syscall!(cx, libc::fchown(fd, uid, gid));
    os::done(cx, result)
}

fn utime(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "utime", "path", Accept::NameOrFd)?;
    let (times, ns) = (a.opt_not_none(1), a.opt(2));
    let dir = os::dir_fd(cx, a.opt(3))?;
    let follow = os::flag_or(cx, a.opt(4), true)?;
    let specs = match (times, ns) {
        (Some(_), Some(_)) => {
            return Err(cx.value_error("utime: you may specify either 'times' or 'ns' but not both"));
        }
        (Some(times), None) => {
            let message = "utime: 'times' must be either a tuple of two ints or None";
            let (access, change) = two(cx, times, message)?;
            [seconds(cx, access.r())?, seconds(cx, change.r())?]
        }
        (None, Some(ns)) => {
            let (access, change) = two(cx, ns, "utime: 'ns' must be a tuple of two ints")?;
            [from_nanos(cx, access.r())?, from_nanos(cx, change.r())?]
        }
        (None, None) => [libc::timespec { tv_sec: 0, tv_nsec: libc::UTIME_NOW }; 2],
    };
    check_combination(cx, "utime", &path, dir, follow)?;
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let result = match path.fd() {
        Some(fd) => syscall!(cx, libc::futimens(fd, specs.as_ptr())),
        None => syscall!(cx, libc::utimensat(dir, path.ptr(), specs.as_ptr(), flags)),
    };
    path.done(cx, result)
}

fn two(cx: &mut Cx, v: Ref<'_>, message: &str) -> R<(Obj, Obj)> {
    match v.downcast::<PyTuple>(cx).map(|t| t.items()) {
        Some([a, b]) => Ok((a.own(cx), b.own(cx))),
        _ => Err(cx.type_error(message)),
    }
}

/// A time as an int or a float, rounded down.
fn seconds(cx: &mut Cx, v: Ref<'_>) -> R<libc::timespec> {
    if cx.is_instance_of(v, Builtin::Float) {
        let x = cx.to_f64(v)?;
        if x.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        let (mut whole, mut nanos) = (x.trunc(), (x.fract() * 1e9).floor());
        if nanos < 0.0 {
            (whole, nanos) = (whole - 1.0, nanos + 1e9);
        }
        if !(-9.2e18..9.2e18).contains(&whole) {
            return Err(cx.overflow_error("timestamp out of range for platform time_t"));
        }
        return Ok(libc::timespec { tv_sec: whole as i64, tv_nsec: nanos as i64 });
    }
    if !cx.is_instance_of(v, Builtin::Int) && cx.class_of(v).special(cx, Special::Index).is_none() {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("argument must be int or float, not {got}")));
    }
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(tv_sec) => Ok(libc::timespec { tv_sec, tv_nsec: 0 }),
        None => Err(cx.overflow_error("timestamp out of range for platform time_t")),
    }
}

fn from_nanos(cx: &mut Cx, v: Ref<'_>) -> R<libc::timespec> {
    let billion = cx.int(1_000_000_000);
    let whole = cx.binary(BinaryOp::FloorDiv, v, billion.r())?;
    let rest = cx.binary(BinaryOp::Mod, v, billion.r())?;
    let tv_nsec = cx.to_i64(rest.r())?;
    match int::to_i64(cx, whole.r()) {
        Some(tv_sec) => Ok(libc::timespec { tv_sec, tv_nsec }),
        None => Err(cx.overflow_error("timestamp out of range for platform time_t")),
    }
}
