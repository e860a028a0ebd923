//! What all modules over the operating system share: errors as exceptions, calls that are interrupted by signals, paths,
//! and arguments with CPython's checks and messages.
//!
//! A call that may block runs detached. If a signal interrupts it, the handlers run and the call is made again (PEP 475).

use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::exception::class_for_errno;
use ungil_runtime::objects::str::{PyStr, code_points, new_wtf8};
use ungil_runtime::objects::{codec, int};
use ungil_runtime::prelude::*;

/// The number that the last failed call of this thread left.
pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// The result of a C function that says -1 for an error.
pub fn checked(result: impl Into<i64>) -> Result<i64, i32> {
    match result.into() {
        -1 => Err(errno()),
        n => Ok(n),
    }
}

/// Runs a system call detached, again whenever a signal interrupts it.
///
/// # Errors
/// What a signal handler raises.
pub fn retry<T>(cx: &mut Cx, mut call: impl FnMut() -> Result<T, i32>) -> R<Result<T, i32>> {
    loop {
        match cx.detached(&mut call) {
            Err(libc::EINTR) => cx.safepoint()?,
            result => return Ok(result),
        }
    }
}

/// Makes a C call that says -1 for an error, detached, again whenever a signal interrupts it; gives `Result<i64, i32>`. The
/// arguments are plain values, or pointers to what lives through the expression.
macro_rules! syscall {
    ($cx:expr, $call:expr) => {
        $crate::os::retry($cx, || {
            // SAFETY: the user of the macro passes values, and pointers to memory that lives through the call.
            $crate::os::checked(unsafe { $call })
        })?
    };
}
pub(crate) use syscall;

/// As [`syscall`], for calls that do not block: the thread stays attached, signals do not interrupt.
macro_rules! quick {
    ($call:expr) => {{
        // SAFETY: as in `syscall`.
        $crate::os::checked(unsafe { $call })
    }};
}
pub(crate) use quick;

/// The system's text for an error number.
pub fn strerror(number: i32) -> String {
    let mut buffer = [0 as libc::c_char; 256];
    // SAFETY: the buffer is ours, and ends with a zero whatever the call does.
    let text = unsafe {
        libc::strerror_r(number, buffer.as_mut_ptr(), buffer.len() - 1);
        CStr::from_ptr(buffer.as_ptr())
    };
    let text = text.to_string_lossy();
    // The XSI variant leaves the buffer alone for unknown numbers on some systems.
    if text.is_empty() { format!("Unknown error {number}") } else { text.into_owned() }
}

/// An `OSError` for an error number.
pub fn error(cx: &mut Cx, number: i32) -> Err {
    let text = if number == 0 { "Error".to_string() } else { strerror(number) };
    let args = vec![cx.int(number as i64), cx.str(&text)];
    ungil_runtime::new_error(cx, class_for_errno(number as i64), args)
}

/// An `OSError` about a file.
pub fn error_for(cx: &mut Cx, number: i32, filename: Ref<'_>) -> Err {
    let args = vec![cx.int(number as i64), cx.str(&strerror(number)), filename.own(cx)];
    ungil_runtime::new_error(cx, class_for_errno(number as i64), args)
}

/// An `OSError` about two files.
pub fn error_for_two(cx: &mut Cx, number: i32, from: Ref<'_>, to: Ref<'_>) -> Err {
    let text = cx.str(&strerror(number));
    let args = vec![cx.int(number as i64), text, from.own(cx), cx.none(), to.own(cx)];
    ungil_runtime::new_error(cx, class_for_errno(number as i64), args)
}

/// `None`, or the error as an exception.
pub fn done(cx: &mut Cx, result: Result<i64, i32>) -> R {
    match result {
        Ok(_) => Ok(cx.none()),
        Err(number) => Err(error(cx, number)),
    }
}

/// The number, or the error as an exception.
pub fn number(cx: &mut Cx, result: Result<i64, i32>) -> R<i64> {
    result.map_err(|e| error(cx, e))
}

/// The number as an int, or the error as an exception.
pub fn int_result(cx: &mut Cx, result: Result<i64, i32>) -> R {
    let n = number(cx, result)?;
    Ok(cx.int(n))
}

/// A file name of the system as a string: what is not UTF-8 becomes lone surrogates (PEP 383).
pub fn fs_decode(cx: &Cx, bytes: &[u8]) -> Obj {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return cx.str(text);
    }
    let mut out = Vec::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for &b in chunk.invalid() {
            code_points::push(&mut out, 0xdc00 + b as u32);
        }
    }
    new_wtf8(cx, &out)
}

/// A string as a file name of the system, the inverse of [`fs_decode`].
///
/// # Errors
/// `UnicodeEncodeError` for other lone surrogates.
pub fn fs_encode(cx: &mut Cx, s: &PyStr) -> R<Vec<u8>> {
    if s.as_str().is_some() {
        return Ok(s.as_bytes().to_vec());
    }
    let encoded = codec::encode(cx, ref_of(s), "utf-8", "surrogateescape")?;
    Ok(encoded.downcast::<PyBytes>(cx).map(|b| b.as_bytes().to_vec()).unwrap_or_default())
}

/// `os.fspath(v)`: a string or bytes object.
///
/// # Errors
/// `TypeError`, or what `__fspath__` raises.
pub fn fspath(cx: &mut Cx, v: Ref<'_>) -> R {
    match fspath_opt(cx, v)? {
        Some(path) => Ok(path),
        None => {
            let got = cx.type_name(v);
            Err(cx.type_error(format!("expected str, bytes or os.PathLike object, not {got}")))
        }
    }
}

/// As [`fspath`], `None` for what is no path.
pub fn fspath_opt(cx: &mut Cx, v: Ref<'_>) -> R<Option<Obj>> {
    if is_text(cx, v) {
        return Ok(Some(v.own(cx)));
    }
    let Some(path) = cx.try_special(Special::Fspath, v, &[])? else { return Ok(None) };
    if is_text(cx, path.r()) {
        return Ok(Some(path));
    }
    let (class, got) = (cx.type_name(v), cx.type_name(path.r()));
    Err(cx.type_error(format!("expected {class}.__fspath__() to return str or bytes, not {got}")))
}

fn is_text(cx: &Cx, v: Ref<'_>) -> bool {
    v.downcast::<PyStr>(cx).is_some() || v.downcast::<PyBytes>(cx).is_some()
}

/// The bytes of a string or bytes object as a file name.
///
/// # Errors
/// As [`fs_encode`].
pub fn text_bytes(cx: &mut Cx, v: Ref<'_>) -> R<Vec<u8>> {
    match (v.downcast::<PyStr>(cx), v.downcast::<PyBytes>(cx)) {
        (Some(s), _) => fs_encode(cx, s),
        (_, Some(b)) => Ok(b.as_bytes().to_vec()),
        _ => Ok(Vec::new()),
    }
}

/// A string, bytes or path-like argument as C text (`PyUnicode_FSConverter`).
///
/// # Errors
/// `TypeError`, `ValueError` ("embedded null byte"), or what `__fspath__` raises.
pub fn fs_text(cx: &mut Cx, v: Ref<'_>) -> R<CString> {
    let path = fspath(cx, v)?;
    let bytes = text_bytes(cx, path.r())?;
    CString::new(bytes).map_err(|_| cx.value_error("embedded null byte"))
}

/// Where a path argument points.
#[derive(Debug)]
pub enum Place {
    Name(CString),
    Fd(i32),
}

/// A path argument.
#[derive(Debug)]
pub struct Path {
    pub place: Place,
    /// As exceptions show it: `None` if it was left out.
    pub object: Obj,
    /// Results are bytes.
    pub is_bytes: bool,
}

impl Path {
    /// The C text; empty for a file descriptor.
    pub fn ptr(&self) -> *const libc::c_char {
        match &self.place {
            Place::Name(name) => name.as_ptr(),
            Place::Fd(_) => c"".as_ptr(),
        }
    }

    pub fn fd(&self) -> Option<i32> {
        match self.place {
            Place::Fd(fd) => Some(fd),
            Place::Name(_) => None,
        }
    }

    /// `None`, or the error as an exception about this path.
    pub fn done(&self, cx: &mut Cx, result: Result<i64, i32>) -> R {
        match result {
            Ok(_) => Ok(cx.none()),
            Err(number) => Err(self.error(cx, number)),
        }
    }

    pub fn error(&self, cx: &mut Cx, number: i32) -> Err {
        match self.object.value().is_none() {
            true => error(cx, number),
            false => error_for(cx, number, self.object.r()),
        }
    }

    /// A name that was found there, of the path's own kind.
    pub fn name_object(&self, cx: &Cx, name: &[u8]) -> Obj {
        if self.is_bytes { new_bytes(cx, name) } else { fs_decode(cx, name) }
    }
}

/// What a path argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    Name,
    NameOrFd,
    /// Also nothing, which is the current directory.
    NameFdOrNone,
}

/// A path argument of a function, for messages with the names of both.
///
/// # Errors
/// `TypeError` ("stat: path should be string, bytes, os.PathLike or integer, not float"), `ValueError`, or what
/// `__fspath__` raises.
pub fn path_arg(cx: &mut Cx, v: Option<Ref<'_>>, function: &str, name: &str, accept: Accept) -> R<Path> {
    let v = match v {
        Some(v) if accept != Accept::NameFdOrNone || !v.value().is_none() => v,
        _ => {
            let place = Place::Name(c".".into());
            return Ok(Path { place, object: cx.none(), is_bytes: false });
        }
    };
    if accept != Accept::Name && !is_text(cx, v) && is_index(cx, v) {
        let fd = fd_in_range(cx, v)?;
        return Ok(Path { place: Place::Fd(fd), object: v.own(cx), is_bytes: false });
    }
    let Some(object) = fspath_opt(cx, v)? else {
        let kinds = match accept {
            Accept::Name => "string, bytes or os.PathLike",
            Accept::NameOrFd => "string, bytes, os.PathLike or integer",
            Accept::NameFdOrNone => "string, bytes, os.PathLike, integer or None",
        };
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("{function}: {name} should be {kinds}, not {got}")));
    };
    let is_bytes = object.downcast::<PyBytes>(cx).is_some();
    let bytes = text_bytes(cx, object.r())?;
    match CString::new(bytes) {
        Ok(text) => Ok(Path { place: Place::Name(text), object, is_bytes }),
        Err(_) => Err(cx.value_error(format!("{function}: embedded null character in {name}"))),
    }
}

fn is_index(cx: &Cx, v: Ref<'_>) -> bool {
    cx.is_instance_of(v, Builtin::Int) || cx.class_of(v).special(cx, Special::Index).is_some()
}

fn fd_in_range(cx: &mut Cx, v: Ref<'_>) -> R<i32> {
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()).and_then(|n| i32::try_from(n).ok()) {
        Some(fd) => Ok(fd),
        None if int::is_negative(cx, index.r()) => Err(cx.overflow_error("fd is less than minimum")),
        None => Err(cx.overflow_error("fd is greater than maximum")),
    }
}

/// A `dir_fd` argument.
///
/// # Errors
/// `TypeError`, `OverflowError`.
pub fn dir_fd(cx: &mut Cx, v: Option<Ref<'_>>) -> R<i32> {
    match v {
        None => Ok(libc::AT_FDCWD),
        Some(v) if v.value().is_none() => Ok(libc::AT_FDCWD),
        Some(v) if is_index(cx, v) => fd_in_range(cx, v),
        Some(v) => {
            let got = cx.type_name(v);
            Err(cx.type_error(format!("argument should be integer or None, not {got}")))
        }
    }
}

/// A C `int` argument.
///
/// # Errors
/// `TypeError`, `OverflowError`.
pub fn c_int(cx: &mut Cx, v: Ref<'_>) -> R<i32> {
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(n) => {
            i32::try_from(n).map_err(|_| cx.overflow_error("Python int too large to convert to C int"))
        }
        None => Err(cx.overflow_error("Python int too large to convert to C int")),
    }
}

/// A C `long` argument.
///
/// # Errors
/// `TypeError`, `OverflowError`.
pub fn c_long(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(n) => Ok(n),
        None => Err(cx.overflow_error("Python int too large to convert to C long")),
    }
}

/// A C `int` argument that may be left out.
///
/// # Errors
/// As [`c_int`].
pub fn c_int_or(cx: &mut Cx, v: Option<Ref<'_>>, default: i32) -> R<i32> {
    v.map_or(Ok(default), |v| c_int(cx, v))
}

/// A `bool` argument that may be left out: the truth of any object.
///
/// # Errors
/// What `__bool__` raises.
pub fn flag_or(cx: &mut Cx, v: Option<Ref<'_>>, default: bool) -> R<bool> {
    v.map_or(Ok(default), |v| cx.truth(v))
}

/// A `Py_ssize_t` argument.
///
/// # Errors
/// `TypeError`, `OverflowError`.
pub fn size(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(n) => Ok(n as isize),
        None => Err(cx.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// A file descriptor, or an object with `fileno()` (`PyObject_AsFileDescriptor`).
///
/// # Errors
/// `TypeError`, `ValueError`, `OverflowError`, or what `fileno()` raises.
pub fn fileno(cx: &mut Cx, v: Ref<'_>) -> R<i32> {
    let fd = if cx.is_instance_of(v, Builtin::Int) {
        c_int(cx, v)?
    } else {
        let name = cx.str("fileno");
        let name = ungil_runtime::objects::str::intern_obj(cx, name);
        let Some(method) = cx.get_attr_opt(v, name.r())? else {
            return Err(cx.type_error("argument must be an int, or have a fileno() method."));
        };
        let fd = cx.call(method.r(), &[])?;
        if !cx.is_instance_of(fd.r(), Builtin::Int) {
            return Err(cx.type_error("fileno() returned a non-integer"));
        }
        c_int(cx, fd.r())?
    };
    if fd < 0 {
        return Err(cx.value_error(format!("file descriptor cannot be a negative integer ({fd})")));
    }
    Ok(fd)
}

/// A user or group id: -1 stands for the largest.
///
/// # Errors
/// `TypeError`, `OverflowError`.
pub fn user_or_group(cx: &mut Cx, v: Ref<'_>, what: &str) -> R<u32> {
    if !is_index(cx, v) {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("{what} should be integer, not {got}")));
    }
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(-1) => Ok(u32::MAX),
        Some(n) if n >= 0 && n <= u32::MAX as i64 => Ok(n as u32),
        // So CPython says for all that fit into a C long.
        Some(_) => Err(cx.overflow_error(format!("{what} is less than minimum"))),
        None if int::is_negative(cx, index.r()) => {
            Err(cx.overflow_error(format!("{what} is less than minimum")))
        }
        None => Err(cx.overflow_error(format!("{what} is greater than maximum"))),
    }
}

/// A time span in seconds, as an int or a float, rounded up to whole nanoseconds as CPython's time-outs are.
///
/// # Errors
/// `TypeError`, `ValueError` for NaN, `OverflowError`.
pub fn nanoseconds(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    if cx.is_instance_of(v, Builtin::Float) {
        let seconds = cx.to_f64(v)?;
        if seconds.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        let nanos = (seconds.abs() * 1e9).ceil().copysign(seconds);
        if !(-9.223372036854775e18..9.223372036854775e18).contains(&nanos) {
            return Err(cx.overflow_error("timestamp out of range for C PyTime_t"));
        }
        return Ok(nanos as i64);
    }
    if !is_index(cx, v) {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("'{got}' object cannot be interpreted as an integer or float")));
    }
    let seconds = cx.index(v)?;
    match int::to_i64(cx, seconds.r()).and_then(|n| n.checked_mul(1_000_000_000)) {
        Some(nanos) => Ok(nanos),
        None => Err(cx.overflow_error("timestamp out of range for C PyTime_t")),
    }
}

/// When a wait ends; `None` for never.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// A wait of so many nanoseconds from now on; negative ones are over at once.
    pub fn after(nanos: i64) -> Deadline {
        Deadline(Instant::now().checked_add(Duration::from_nanos(nanos.max(0) as u64)))
    }

    pub fn never() -> Deadline {
        Deadline(None)
    }

    /// What is left, `None` if there is no end.
    pub fn left(&self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// What is left in milliseconds rounded up, as `poll` takes it: -1 for ever.
    pub fn millis(&self) -> i32 {
        match self.left() {
            None => -1,
            Some(left) => left.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i32,
        }
    }

    pub fn timespec(&self) -> Option<libc::timespec> {
        self.left().map(|left| libc::timespec {
            tv_sec: left.as_secs().min(i64::MAX as u64) as i64,
            tv_nsec: left.subsec_nanos() as i64,
        })
    }
}

/// A new exception class of a module: `full_name` with the module in front.
///
/// # Errors
/// What making a class raises.
pub fn new_exception_class(cx: &mut Cx, full_name: &str, base: &'static PyType) -> R {
    let (module, name) = full_name.rsplit_once('.').unwrap_or(("builtins", full_name));
    let namespace = ungil_runtime::objects::dict::PyDict::new(cx);
    let module = cx.str(module);
    let key = cx.vm.names.module.get();
    cx.set_item(namespace.r(), key, module.r())?;
    let (name, bases) = (cx.str(name), cx.tuple(vec![base.as_ref().own(cx)]));
    let meta = cx.builtin(Builtin::Type);
    ungil_runtime::objects::type_::new_class(cx, meta, name.r(), bases.r(), namespace.r(), None)
}
