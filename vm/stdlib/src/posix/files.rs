//! `posix`: files by name: making, renaming, linking, removing, listing; the working directory; extended attributes.

use super::Table;
use crate::os::{self, Accept, Path, Place, quick, syscall};
use std::ffi::CStr;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[
    ("mkdir", "($module, /, path, mode=511, *, dir_fd=None)", Full(mkdir)),
    ("rmdir", "($module, /, path, *, dir_fd=None)", Full(|cx, a| remove(cx, a, "rmdir", libc::AT_REMOVEDIR))),
    ("unlink", "($module, /, path, *, dir_fd=None)", Full(|cx, a| remove(cx, a, "unlink", 0))),
    ("remove", "($module, /, path, *, dir_fd=None)", Full(|cx, a| remove(cx, a, "remove", 0))),
    (
        "rename",
        "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
        Full(|cx, a| rename(cx, a, "rename")),
    ),
    (
        "replace",
        "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
        Full(|cx, a| rename(cx, a, "replace")),
    ),
    (
        "link",
        "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=(os.name != 'nt'))",
        Full(link),
    ),
    ("symlink", "($module, /, src, dst, target_is_directory=False, *, dir_fd=None)", Full(symlink)),
    ("readlink", "($module, /, path, *, dir_fd=None)", Full(readlink)),
    ("mkfifo", "($module, /, path, mode=438, *, dir_fd=None)", Full(mkfifo)),
    ("mknod", "($module, /, path, mode=384, device=0, *, dir_fd=None)", Full(mknod)),
    ("truncate", "($module, /, path, length)", Full(truncate)),
    ("chdir", "($module, /, path)", Full(chdir)),
    ("fchdir", "($module, /, fd)", Full(fchdir)),
    ("chroot", "($module, /, path)", Full(chroot)),
    ("getcwd", "($module, /)", Full(|cx, _| getcwd(cx, false))),
    ("getcwdb", "($module, /)", Full(|cx, _| getcwd(cx, true))),
    ("listdir", "($module, /, path=None)", Full(listdir)),
    ("pathconf", "($module, /, path, name)", Full(pathconf)),
    ("fpathconf", "($module, fd, name, /)", Full(pathconf)),
    ("getxattr", "($module, /, path, attribute, *, follow_symlinks=True)", Full(getxattr)),
    ("setxattr", "($module, /, path, attribute, value, flags=0, *, follow_symlinks=True)", Full(setxattr)),
    ("removexattr", "($module, /, path, attribute, *, follow_symlinks=True)", Full(removexattr)),
    ("listxattr", "($module, /, path=None, *, follow_symlinks=True)", Full(listxattr)),
];

fn mkdir(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "mkdir", "path", Accept::Name)?;
    let mode = os::c_int_or(cx, a.opt(1), 0o777)? as libc::mode_t;
    let dir = os::dir_fd(cx, a.opt(2))?;
    let result = syscall!(cx, libc::mkdirat(dir, path.ptr(), mode));
    path.done(cx, result)
}

fn remove(cx: &mut Cx, a: Args<'_>, function: &str, flags: i32) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), function, "path", Accept::Name)?;
    let dir = os::dir_fd(cx, a.opt(1))?;
    let result = syscall!(cx, libc::unlinkat(dir, path.ptr(), flags));
    path.done(cx, result)
}

fn two_paths(cx: &mut Cx, a: Args<'_>, function: &str) -> R<(Path, Path)> {
    let src = os::path_arg(cx, Some(a.get(0)), function, "src", Accept::Name)?;
    let dst = os::path_arg(cx, Some(a.get(1)), function, "dst", Accept::Name)?;
    Ok((src, dst))
}

fn done_two(cx: &mut Cx, result: Result<i64, i32>, src: &Path, dst: &Path) -> R {
    match result {
        Ok(_) => Ok(cx.none()),
        Err(number) => Err(os::error_for_two(cx, number, src.object.r(), dst.object.r())),
    }
}

fn rename(cx: &mut Cx, a: Args<'_>, function: &str) -> R {
    let (src, dst) = two_paths(cx, a, function)?;
    let (from, to) = (os::dir_fd(cx, a.opt(2))?, os::dir_fd(cx, a.opt(3))?);
    let result = syscall!(cx, libc::renameat(from, src.ptr(), to, dst.ptr()));
    done_two(cx, result, &src, &dst)
}

fn link(cx: &mut Cx, a: Args<'_>) -> R {
    let (src, dst) = two_paths(cx, a, "link")?;
    let (from, to) = (os::dir_fd(cx, a.opt(2))?, os::dir_fd(cx, a.opt(3))?);
    // Not given, the system's own choice is taken: links are not followed.
    let follow = os::flag_or(cx, a.opt(4), false)?;
    let flags = if follow { libc::AT_SYMLINK_FOLLOW } else { 0 };
    let result = syscall!(cx, libc::linkat(from, src.ptr(), to, dst.ptr(), flags));
    done_two(cx, result, &src, &dst)
}

fn symlink(cx: &mut Cx, a: Args<'_>) -> R {
    let (src, dst) = two_paths(cx, a, "symlink")?;
    os::flag_or(cx, a.opt(2), false)?;
    let dir = os::dir_fd(cx, a.opt(3))?;
    let result = syscall!(cx, libc::symlinkat(src.ptr(), dir, dst.ptr()));
    done_two(cx, result, &src, &dst)
}

fn readlink(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "readlink", "path", Accept::Name)?;
    let dir = os::dir_fd(cx, a.opt(1))?;
    let mut buffer = vec![0u8; libc::PATH_MAX as usize + 1];
    let (to, len) = (buffer.as_mut_ptr().cast(), buffer.len() - 1);
    match syscall!(cx, libc::readlinkat(dir, path.ptr(), to, len) as i64) {
        Ok(n) => Ok(path.name_object(cx, &buffer[..n as usize])),
        Err(number) => Err(path.error(cx, number)),
    }
}

fn mkfifo(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "mkfifo", "path", Accept::Name)?;
    let mode = os::c_int_or(cx, a.opt(1), 0o666)? as libc::mode_t;
    let dir = os::dir_fd(cx, a.opt(2))?;
    let result = syscall!(cx, libc::mkfifoat(dir, path.ptr(), mode));
    os::done(cx, result)
}

fn mknod(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "mknod", "path", Accept::Name)?;
    let mode = os::c_int_or(cx, a.opt(1), 0o600)? as libc::mode_t;
    let device = match a.opt(2) {
        Some(device) => cx.to_i64(device)? as libc::dev_t,
        None => 0,
    };
    let dir = os::dir_fd(cx, a.opt(3))?;
    let result = syscall!(cx, libc::mknodat(dir, path.ptr(), mode, device));
    os::done(cx, result)
}

fn truncate(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "truncate", "path", Accept::NameOrFd)?;
    let length = cx.to_i64(a.get(1))?;
    match path.fd() {
        Some(fd) => {
            let result = syscall!(cx, libc::ftruncate(fd, length));
            os::done(cx, result)
        }
        None => {
            let result = syscall!(cx, libc::truncate(path.ptr(), length));
            path.done(cx, result)
        }
    }
}

fn chdir(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "chdir", "path", Accept::NameOrFd)?;
    let result = match path.fd() {
        Some(fd) => syscall!(cx, libc::fchdir(fd)),
        None => syscall!(cx, libc::chdir(path.ptr())),
    };
    path.done(cx, result)
}

fn fchdir(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let result = syscall!(cx, libc::fchdir(fd));
    os::done(cx, result)
}

fn chroot(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "chroot", "path", Accept::Name)?;
    let result = syscall!(cx, libc::chroot(path.ptr()));
    path.done(cx, result)
}

fn getcwd(cx: &mut Cx, as_bytes: bool) -> R {
    let mut buffer = vec![0u8; libc::PATH_MAX as usize + 1];
    let got = cx.detached(|| {
        // SAFETY: the buffer is ours and as long as said.
        let p = unsafe { libc::getcwd(buffer.as_mut_ptr().cast(), buffer.len()) };
        if p.is_null() { Err(os::errno()) } else { Ok(()) }
    });
    if let Err(number) = got {
        return Err(os::error(cx, number));
    }
    let path = CStr::from_bytes_until_nul(&buffer).map(CStr::to_bytes).unwrap_or_default();
    Ok(if as_bytes { new_bytes(cx, path) } else { os::fs_decode(cx, path) })
}

/// An open directory; closed when dropped. Used by one thread at a time.
#[derive(Debug)]
pub struct Directory(*mut libc::DIR);

/// A name in a directory, and what the system says about it at once.
#[derive(Debug)]
pub struct Entry {
    pub name: Vec<u8>,
    pub inode: u64,
    pub kind: u8,
}

impl Directory {
    /// Opens it; a file descriptor is duplicated, and read from its beginning.
    pub fn open(path: &Path) -> Result<Directory, i32> {
        // SAFETY: a C string that lives through the call, or a file descriptor that is our own.
        let p = unsafe {
            match &path.place {
                Place::Name(name) => libc::opendir(name.as_ptr()),
                Place::Fd(fd) => {
                    let copy = os::checked(libc::fcntl(*fd, libc::F_DUPFD_CLOEXEC, 0))? as i32;
                    let p = libc::fdopendir(copy);
                    if p.is_null() {
                        let number = os::errno();
                        libc::close(copy);
                        return Err(number);
                    }
                    libc::rewinddir(p);
                    p
                }
            }
        };
        if p.is_null() { Err(os::errno()) } else { Ok(Directory(p)) }
    }

    /// The next name but `.` and `..`, `None` at the end.
    pub fn next(&mut self) -> Result<Option<Entry>, i32> {
        loop {
            // SAFETY: the stream is open and this thread's; the entry is valid until the next call; `errno` tells an
            // error from the end.
            let entry = unsafe {
                *libc::__errno_location() = 0;
                let entry = libc::readdir(self.0);
                if entry.is_null() {
                    let number = os::errno();
                    return if number == 0 { Ok(None) } else { Err(number) };
                }
                let name = CStr::from_ptr((*entry).d_name.as_ptr()).to_bytes().to_vec();
                Entry { name, inode: (*entry).d_ino, kind: (*entry).d_type }
            };
            if entry.name != b"." && entry.name != b".." {
                return Ok(Some(entry));
            }
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // SAFETY: open, and not used any more. Rewound, since a duplicate shares the place with its original.
        unsafe {
            libc::rewinddir(self.0);
            libc::closedir(self.0);
        }
    }
}

fn listdir(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, a.opt(0), "listdir", "path", Accept::NameFdOrNone)?;
    let names = cx.detached(|| {
        let mut directory = Directory::open(&path)?;
        let mut names = Vec::new();
        while let Some(entry) = directory.next()? {
            names.push(entry.name);
        }
        Ok(names)
    });
    match names {
        Ok(names) => {
            let names = names.iter().map(|name| path.name_object(cx, name)).collect();
            Ok(cx.list(names))
        }
        Err(number) if path.fd().is_some() => Err(os::error(cx, number)),
        Err(number) => Err(path.error(cx, number)),
    }
}

fn pathconf(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "pathconf", "path", Accept::NameOrFd)?;
    let name = super::system::configuration_name(cx, a.get(1), super::names::PATHCONF)?;
    // SAFETY: a C string that lives through the call; `errno` tells an error from "no limit".
    let result = unsafe {
        *libc::__errno_location() = 0;
        match path.fd() {
            Some(fd) => libc::fpathconf(fd, name),
            None => libc::pathconf(path.ptr(), name),
        }
    };
    match os::errno() {
        number if result == -1 && number != 0 => Err(path.error(cx, number)),
        _ => Ok(cx.int(result)),
    }
}

/// Path and attribute name of the functions for extended attributes.
fn attribute_args(cx: &mut Cx, a: Args<'_>, function: &str, follow: usize) -> R<(Path, Path, bool)> {
    let path = os::path_arg(cx, Some(a.get(0)), function, "path", Accept::NameOrFd)?;
    let name = os::path_arg(cx, Some(a.get(1)), function, "attribute", Accept::Name)?;
    let follow = os::flag_or(cx, a.opt(follow), true)?;
    check_follow(cx, function, &path, follow)?;
    Ok((path, name, follow))
}

fn check_follow(cx: &mut Cx, function: &str, path: &Path, follow: bool) -> R<()> {
    match path.fd().is_some() && !follow {
        true => Err(cx.value_error(format!("{function}: cannot use fd and follow_symlinks together"))),
        false => Ok(()),
    }
}

/// Reads into a buffer that grows until the value fits.
fn read_growing(
    cx: &mut Cx,
    path: &Path,
    mut read: impl FnMut(*mut u8, usize) -> Result<i64, i32>,
) -> R<Vec<u8>> {
    for size in [128, 65536 << 4] {
        let mut buffer = vec![0u8; size];
        match cx.detached(|| read(buffer.as_mut_ptr(), size)) {
            Ok(n) => {
                buffer.truncate(n as usize);
                return Ok(buffer);
            }
            Err(libc::ERANGE) => {}
            Err(number) => return Err(path.error(cx, number)),
        }
    }
    Err(path.error(cx, libc::ERANGE))
}

fn getxattr(cx: &mut Cx, a: Args<'_>) -> R {
    let (path, name, follow) = attribute_args(cx, a, "getxattr", 2)?;
    let value = read_growing(cx, &path, |to, n| match (path.fd(), follow) {
        (Some(fd), _) => quick!(libc::fgetxattr(fd, name.ptr(), to.cast(), n) as i64),
        (None, true) => quick!(libc::getxattr(path.ptr(), name.ptr(), to.cast(), n) as i64),
        (None, false) => quick!(libc::lgetxattr(path.ptr(), name.ptr(), to.cast(), n) as i64),
    })?;
    Ok(new_bytes(cx, &value))
}

fn setxattr(cx: &mut Cx, a: Args<'_>) -> R {
    let (path, name, follow) = attribute_args(cx, a, "setxattr", 4)?;
    let value = buffer::bytes_of(cx, a.get(2))?;
    let flags = os::c_int_or(cx, a.opt(3), 0)?;
    let (from, n) = (value.as_ptr().cast(), value.len());
    let result = match (path.fd(), follow) {
        (Some(fd), _) => syscall!(cx, libc::fsetxattr(fd, name.ptr(), from, n, flags)),
        (None, true) => syscall!(cx, libc::setxattr(path.ptr(), name.ptr(), from, n, flags)),
        (None, false) => syscall!(cx, libc::lsetxattr(path.ptr(), name.ptr(), from, n, flags)),
    };
    path.done(cx, result)
}

fn removexattr(cx: &mut Cx, a: Args<'_>) -> R {
    let (path, name, follow) = attribute_args(cx, a, "removexattr", 2)?;
    let result = match (path.fd(), follow) {
        (Some(fd), _) => syscall!(cx, libc::fremovexattr(fd, name.ptr())),
        (None, true) => syscall!(cx, libc::removexattr(path.ptr(), name.ptr())),
        (None, false) => syscall!(cx, libc::lremovexattr(path.ptr(), name.ptr())),
    };
    path.done(cx, result)
}

fn listxattr(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, a.opt(0), "listxattr", "path", Accept::NameFdOrNone)?;
    let follow = os::flag_or(cx, a.opt(1), true)?;
    check_follow(cx, "listxattr", &path, follow)?;
    let names = read_growing(cx, &path, |to, n| match (path.fd(), follow) {
        (Some(fd), _) => quick!(libc::flistxattr(fd, to.cast(), n) as i64),
        (None, true) => quick!(libc::listxattr(path.ptr(), to.cast(), n) as i64),
        (None, false) => quick!(libc::llistxattr(path.ptr(), to.cast(), n) as i64),
    })?;
    let names = names.split(|&b| b == 0).filter(|n| !n.is_empty()).map(|n| os::fs_decode(cx, n)).collect();
    Ok(cx.list(names))
}
