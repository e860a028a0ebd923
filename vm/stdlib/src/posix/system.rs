//! `posix`: the environment, the machine, terminals and configuration.

use super::{Table, class_of};
use crate::os::{self, quick, syscall};
use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::int;
use ungil_runtime::objects::namespace::{Record, record_of};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[
    ("_create_environ", "($module, /)", Full(|cx, _| Ok(environ(cx)))),
    ("putenv", "($module, name, value, /)", Full(putenv)),
    ("unsetenv", "($module, name, /)", Full(unsetenv)),
    ("uname", "($module, /)", Full(uname)),
    ("times", "($module, /)", Full(times)),
    ("getloadavg", "($module, /)", Full(getloadavg)),
    ("cpu_count", "($module, /)", Full(cpu_count)),
    ("urandom", "($module, size, /)", Full(urandom)),
    ("getrandom", "($module, /, size, flags=0)", Full(getrandom)),
    ("strerror", "($module, code, /)", Full(strerror)),
    ("sysconf", "($module, name, /)", Full(sysconf)),
    ("confstr", "($module, name, /)", Full(confstr)),
    ("umask", "($module, mask, /)", Full(umask)),
    ("major", "($module, device, /)", Full(|cx, a| device_part(cx, a, major_of))),
    ("minor", "($module, device, /)", Full(|cx, a| device_part(cx, a, minor_of))),
    ("makedev", "($module, major, minor, /)", Full(makedev)),
    ("device_encoding", "($module, /, fd)", Full(device_encoding)),
    ("get_terminal_size", "($module, fd=<unrepresentable>, /)", Full(get_terminal_size)),
    ("ctermid", "($module, /)", Leaf(|cx, _| Ok(cx.str("/dev/tty")))),
    ("ttyname", "($module, fd, /)", Full(ttyname)),
    ("ptsname", "($module, fd, /)", Full(ptsname)),
    ("posix_openpt", "($module, oflag, /)", Full(posix_openpt)),
    ("grantpt", "($module, fd, /)", Full(grantpt)),
    ("unlockpt", "($module, fd, /)", Full(unlockpt)),
    ("openpty", "($module, /)", Full(openpty)),
    ("login_tty", "($module, fd, /)", Full(login_tty)),
    ("tcgetpgrp", "($module, fd, /)", Full(tcgetpgrp)),
    ("tcsetpgrp", "($module, fd, pgid, /)", Full(tcsetpgrp)),
];

static UNAME_RESULT: OnceLock<SharedValue> = OnceLock::new();
static TIMES_RESULT: OnceLock<SharedValue> = OnceLock::new();
static TERMINAL_SIZE: OnceLock<SharedValue> = OnceLock::new();

/// Makes the classes of results and the dicts of names.
pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let record = Record::new(
        "posix.uname_result",
        "What uname() tells about the system: also a tuple of its five parts.",
        &[
            ("sysname", "operating system name"),
            ("nodename", "name of machine on network (implementation-defined)"),
            ("release", "operating system release"),
            ("version", "operating system version"),
            ("machine", "hardware identifier"),
        ],
    );
    super::add_class(cx, module, "uname_result", record, &UNAME_RESULT)?;
    let record = Record::new(
        "posix.times_result",
        "Processor times in seconds, as times() gives them: also a tuple of its five parts.",
        &[
            ("user", "user time"),
            ("system", "system time"),
            ("children_user", "user time of children"),
            ("children_system", "system time of children"),
            ("elapsed", "elapsed time since an arbitrary point in the past"),
        ],
    );
    super::add_class(cx, module, "times_result", record, &TIMES_RESULT)?;
    let record = Record::new(
        "os.terminal_size",
        "Columns and lines of a terminal window.",
        &[
            ("columns", "width of the terminal window in characters"),
            ("lines", "height of the terminal window in characters"),
        ],
    );
    super::add_class(cx, module, "terminal_size", record, &TERMINAL_SIZE)?;
    for (name, table) in [
        ("confstr_names", super::names::CONFSTR),
        ("sysconf_names", super::names::SYSCONF),
        ("pathconf_names", super::names::PATHCONF),
    ] {
        let dict = PyDict::new(cx);
        for (key, n) in table {
            let key = cx.str(key);
            if let Some(dict) = dict.downcast::<PyDict>(cx) {
                dict.set_str(cx, key.r(), cx.int(*n));
            }
        }
        ungil_runtime::objects::module::add(cx, module, name, dict);
    }
    let environ = environ(cx);
    ungil_runtime::objects::module::add(cx, module, "environ", environ);
    Ok(())
}

/// The environment as a dict of bytes.
fn environ(cx: &mut Cx) -> Obj {
    let made = PyDict::new(cx);
    for (name, value) in std::env::vars_os() {
        let (name, value) = (new_bytes(cx, &name.into_vec()), new_bytes(cx, &value.into_vec()));
        if let Some(dict) = made.downcast::<PyDict>(cx) {
            // Bytes hash without running Python; the first of several entries counts.
            let _ = dict.set_default(cx, name.r(), value.r());
        }
    }
    made
}

fn putenv(cx: &mut Cx, a: Args<'_>) -> R {
    let (name, value) = (os::fs_text(cx, a.get(0))?, os::fs_text(cx, a.get(1))?);
    if name.as_bytes().contains(&b'=') {
        return Err(cx.value_error("illegal environment variable name"));
    }
    if name.is_empty() {
        return Err(os::error(cx, libc::EINVAL));
    }
    // SAFETY: the standard library's lock guards the environment from its other functions; C code of this process that
    // reads it at the same time is as badly off as under CPython.
    unsafe { std::env::set_var(OsStr::from_bytes(name.as_bytes()), OsStr::from_bytes(value.as_bytes())) };
    Ok(cx.none())
}

fn unsetenv(cx: &mut Cx, a: Args<'_>) -> R {
    let name = os::fs_text(cx, a.get(0))?;
    if name.is_empty() || name.as_bytes().contains(&b'=') {
        return Err(os::error(cx, libc::EINVAL));
    }
    // SAFETY: as in `putenv`.
    unsafe { std::env::remove_var(OsStr::from_bytes(name.as_bytes())) };
    Ok(cx.none())
}

/// The text in a field of a C struct.
fn field_text(cx: &Cx, field: &[libc::c_char]) -> Obj {
    let bytes: Vec<u8> = field.iter().take_while(|&&c| c != 0).map(|&c| c as u8).collect();
    os::fs_decode(cx, &bytes)
}

fn uname(cx: &mut Cx, _: Args<'_>) -> R {
    // SAFETY: plain bytes.
    let mut u: libc::utsname = unsafe { std::mem::zeroed() };
    os::done(cx, quick!(libc::uname(&mut u)))?;
    let values = [&u.sysname, &u.nodename, &u.release, &u.version, &u.machine];
    let values = values.iter().map(|field| field_text(cx, &field[..])).collect();
    let class = class_of(cx, &UNAME_RESULT);
    record_of(cx, &class, values)
}

fn times(cx: &mut Cx, _: Args<'_>) -> R {
    // SAFETY: plain numbers.
    let mut t: libc::tms = unsafe { std::mem::zeroed() };
    // SAFETY: the struct is ours.
    let (elapsed, per_second) = unsafe { (libc::times(&mut t), libc::sysconf(libc::_SC_CLK_TCK)) };
    let ticks = [t.tms_utime, t.tms_stime, t.tms_cutime, t.tms_cstime, elapsed];
    let values = ticks.iter().map(|&n| cx.float(n as f64 / per_second as f64)).collect();
    let class = class_of(cx, &TIMES_RESULT);
    record_of(cx, &class, values)
}

fn getloadavg(cx: &mut Cx, _: Args<'_>) -> R {
    let mut loads = [0.0; 3];
    // SAFETY: room for three.
    if unsafe { libc::getloadavg(loads.as_mut_ptr(), 3) } != 3 {
        return Err(cx.error(Builtin::OSError, "Load averages are unobtainable"));
    }
    Ok(cx.tuple(loads.iter().map(|&x| cx.float(x)).collect()))
}

fn cpu_count(cx: &mut Cx, _: Args<'_>) -> R {
    if let Some(n) = crate::sys::cpu_count_config(cx) {
        return Ok(cx.int(n));
    }
    // SAFETY: takes a number.
    let n = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    Ok(if n > 0 { cx.int(n) } else { cx.none() })
}

/// Fills a buffer with random bytes; gives how many the system gave.
fn random(cx: &mut Cx, size: isize, flags: u32, all: bool) -> R {
    let mut buffer = Vec::new();
    if buffer.try_reserve_exact(size as usize).is_err() {
        return Err(cx.memory_error());
    }
    buffer.resize(size as usize, 0u8);
    let mut filled = 0;
    while filled < buffer.len() {
        let (to, n) = (buffer[filled..].as_mut_ptr(), buffer.len() - filled);
        match syscall!(cx, libc::getrandom(to.cast(), n, flags) as i64) {
            Ok(n) => filled += n as usize,
            Err(number) => return Err(os::error(cx, number)),
        }
        if !all {
            break;
        }
    }
    Ok(new_bytes(cx, &buffer[..filled]))
}

fn urandom(cx: &mut Cx, a: Args<'_>) -> R {
    let size = os::size(cx, a.get(0))?;
    if size < 0 {
        return Err(cx.value_error("negative argument not allowed"));
    }
    random(cx, size, 0, true)
}

fn getrandom(cx: &mut Cx, a: Args<'_>) -> R {
    let size = os::size(cx, a.get(0))?;
    let flags = os::c_int_or(cx, a.opt(1), 0)?;
    if size < 0 {
        return Err(os::error(cx, libc::EINVAL));
    }
    random(cx, size, flags as u32, false)
}

fn strerror(cx: &mut Cx, a: Args<'_>) -> R {
    let number = os::c_int(cx, a.get(0))?;
    Ok(cx.str(&os::strerror(number)))
}

/// The number for a configuration name that is a string or a number already.
pub fn configuration_name(cx: &mut Cx, v: Ref<'_>, table: &[(&str, i64)]) -> R<i32> {
    if let Some(s) = v.downcast::<PyStr>(cx) {
        let found = table.iter().find(|(name, _)| name.as_bytes() == s.as_bytes());
        return match found {
            Some(&(_, n)) => Ok(n as i32),
            None => Err(cx.value_error("unrecognized configuration name")),
        };
    }
    if !cx.is_instance_of(v, Builtin::Int) && cx.class_of(v).special(cx, Special::Index).is_none() {
        return Err(cx.type_error("configuration names must be strings or integers"));
    }
    os::c_int(cx, v)
}

fn sysconf(cx: &mut Cx, a: Args<'_>) -> R {
    let name = configuration_name(cx, a.get(0), super::names::SYSCONF)?;
    // SAFETY: takes a number; `errno` tells an error from "no limit".
    let result = unsafe {
        *libc::__errno_location() = 0;
        libc::sysconf(name)
    };
    match os::errno() {
        number if result == -1 && number != 0 => Err(os::error(cx, number)),
        _ => Ok(cx.int(result)),
    }
}

fn confstr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = configuration_name(cx, a.get(0), super::names::CONFSTR)?;
    // SAFETY: asks for the length first; then the buffer is as long as said.
    let len = unsafe {
        *libc::__errno_location() = 0;
        libc::confstr(name, std::ptr::null_mut(), 0)
    };
    if len == 0 {
        let number = os::errno();
        return if number != 0 { Err(os::error(cx, number)) } else { Ok(cx.none()) };
    }
    let mut buffer = vec![0u8; len + 1];
    // SAFETY: as above.
    unsafe { libc::confstr(name, buffer.as_mut_ptr().cast(), len) };
    let text = CStr::from_bytes_until_nul(&buffer).map(CStr::to_bytes).unwrap_or_default();
    Ok(os::fs_decode(cx, text))
}

fn umask(cx: &mut Cx, a: Args<'_>) -> R {
    let mask = os::c_int(cx, a.get(0))?;
    // SAFETY: takes a number.
    let old = unsafe { libc::umask(mask as libc::mode_t) };
    Ok(cx.int(old as i64))
}

fn major_of(device: u64) -> u32 {
    libc::major(device)
}

fn minor_of(device: u64) -> u32 {
    libc::minor(device)
}

/// A device number; -1 stands for "none".
fn device_arg(cx: &mut Cx, v: Ref<'_>) -> R<Option<u64>> {
    let index = cx.index(v)?;
    if int::to_i64(cx, index.r()) == Some(-1) {
        return Ok(None);
    }
    let big = int::to_bigint(cx, index.r());
    match big.and_then(|n| u64::try_from(n).ok()) {
        Some(n) => Ok(Some(n)),
        None if int::is_negative(cx, index.r()) => {
            Err(cx.overflow_error("can't convert negative int to unsigned"))
        }
        None => Err(cx.overflow_error("int too big to convert")),
    }
}

fn device_part(cx: &mut Cx, a: Args<'_>, part: fn(u64) -> u32) -> R {
    match device_arg(cx, a.get(0))? {
        Some(device) => Ok(cx.int(part(device) as i64)),
        None => Ok(cx.int(-1)),
    }
}

fn makedev(cx: &mut Cx, a: Args<'_>) -> R {
    let (major, minor) = (device_arg(cx, a.get(0))?, device_arg(cx, a.get(1))?);
    if major.is_none() && minor.is_none() {
        return Ok(cx.int(-1));
    }
    let part = |n: Option<u64>| n.unwrap_or(u64::MAX) as u32;
    Ok(cx.int_u64(libc::makedev(part(major), part(minor))))
}

fn device_encoding(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    // SAFETY: takes a number.
    let terminal = unsafe { libc::isatty(fd) } == 1;
    Ok(if terminal { cx.str("utf-8") } else { cx.none() })
}

fn get_terminal_size(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int_or(cx, a.opt(0), 1)?;
    // SAFETY: plain numbers.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    os::done(cx, quick!(libc::ioctl(fd, libc::TIOCGWINSZ, &mut size)))?;
    let values = vec![cx.int(size.ws_col as i64), cx.int(size.ws_row as i64)];
    let class = class_of(cx, &TERMINAL_SIZE);
    record_of(cx, &class, values)
}

/// The name that a call writes into a buffer; it gives the error number itself.
fn terminal_name(cx: &mut Cx, call: impl FnOnce(*mut libc::c_char, usize) -> i32) -> R {
    let mut buffer = [0u8; 1024];
    match call(buffer.as_mut_ptr().cast(), buffer.len() - 1) {
        0 => {
            let text = CStr::from_bytes_until_nul(&buffer).map(CStr::to_bytes).unwrap_or_default();
            Ok(os::fs_decode(cx, text))
        }
        number => Err(os::error(cx, number)),
    }
}

fn ttyname(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    // SAFETY: the buffer has this room.
    terminal_name(cx, |to, n| unsafe { libc::ttyname_r(fd, to, n) })
}

fn ptsname(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    // SAFETY: the buffer has this room.
    terminal_name(cx, |to, n| match unsafe { libc::ptsname_r(fd, to, n) } {
        0 => 0,
        -1 => os::errno(),
        number => number,
    })
}

fn posix_openpt(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = os::c_int(cx, a.get(0))? | libc::O_CLOEXEC;
    os::int_result(cx, quick!(libc::posix_openpt(flags)))
}

fn grantpt(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    os::done(cx, quick!(libc::grantpt(fd)))
}

fn unlockpt(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    os::done(cx, quick!(libc::unlockpt(fd)))
}

fn openpty(cx: &mut Cx, _: Args<'_>) -> R {
    let (mut main, mut other) = (0, 0);
    let null = std::ptr::null_mut();
    os::done(cx, quick!(libc::openpty(&mut main, &mut other, null, std::ptr::null(), std::ptr::null())))?;
    for fd in [main, other] {
        os::done(cx, quick!(libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC)))?;
    }
    Ok(cx.tuple(vec![cx.int(main as i64), cx.int(other as i64)]))
}

fn login_tty(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    os::done(cx, quick!(libc::login_tty(fd)))
}

fn tcgetpgrp(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    os::int_result(cx, quick!(libc::tcgetpgrp(fd)))
}

fn tcsetpgrp(cx: &mut Cx, a: Args<'_>) -> R {
    let (fd, group) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    os::done(cx, quick!(libc::tcsetpgrp(fd, group)))
}
