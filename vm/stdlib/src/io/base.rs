//! `_IOBase` and the abstract classes that stand on it: what a stream can do through nothing but its own methods.
//!
//! Their instances have no payload; subclasses written in Python keep their state in their dicts. Every call of another
//! method is a call of Python, so there is nothing here to guard.

use super::{DEFAULT_BUFFER_SIZE, STREAM_FLAGS, closed_error, size_arg, ssize, unsupported, writable_len};
use ungil_runtime::objects::buffer::copy_into;
use ungil_runtime::objects::bytes::{PyBytes, empty_bytes, new_bytearray, try_new_bytes};
use ungil_runtime::objects::object::{OBJECT_OPS, PyObject, add_dict};
use ungil_runtime::prelude::*;

/// The four classes.
pub struct Bases {
    pub root: &'static PyType,
    pub raw: &'static PyType,
    pub buffered: &'static PyType,
    pub text: &'static PyType,
}

/// Where `close()` leaves its mark.
const CLOSED: &str = "__IOBase_closed";

/// Runs a method again as long as a signal interrupts it.
pub fn call_again(cx: &mut Cx, v: Ref<'_>, method: &str, args: &[Ref<'_>]) -> R {
    loop {
        match cx.call_method(v, method, args) {
            Err(err) if is_interruption(cx, &err) => cx.safepoint()?,
            result => return result,
        }
    }
}

fn is_interruption(cx: &mut Cx, err: &Err) -> bool {
    if !cx.is_error(err, Builtin::OSError) {
        return false;
    }
    let number = cx.get_attr(err.exception(), cx.vm.names.errno.get());
    number.is_ok_and(|n| n.value().as_int() == Some(libc::EINTR as i64))
}

/// `ValueError` if the stream has an attribute `closed` that is true.
pub fn check_closed(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    let name = ungil_runtime::objects::str::intern(cx, "closed");
    match cx.get_attr_opt(v, name.get())? {
        Some(closed) if cx.truth(closed.r())? => Err(closed_error(cx)),
        _ => Ok(()),
    }
}

/// `UnsupportedOperation` unless a method like `readable` gives `True`.
fn check_ability(cx: &mut Cx, v: Ref<'_>, method: &str) -> R<()> {
    if cx.call_method(v, method, &[])?.value() == Value::TRUE {
        return Ok(());
    }
    Err(unsupported(cx, &format!("File or stream is not {method}.")))
}

pub fn check_readable(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    check_ability(cx, v, "readable")
}

pub fn check_writable(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    check_ability(cx, v, "writable")
}

pub fn check_seekable(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    check_ability(cx, v, "seekable")
}

fn has_mark(cx: &mut Cx, v: Ref<'_>) -> R<bool> {
    let name = ungil_runtime::objects::str::intern(cx, CLOSED);
    Ok(cx.get_attr_opt(v, name.get())?.is_some())
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    if has_mark(cx, a.get(0))? {
        return Ok(cx.none());
    }
    let flushed = cx.call_method(a.get(0), "flush", &[]).map(drop);
    let marked = mark_closed(cx, a.get(0));
    super::both(cx, flushed, marked)?;
    Ok(cx.none())
}

/// Leaves the mark of a closed stream.
pub fn mark_closed(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    let name = ungil_runtime::objects::str::intern(cx, CLOSED);
    let yes = cx.bool(true);
    cx.set_attr(v, name.get(), yes)
}

fn get_closed(cx: &mut Cx, a: Args<'_>) -> R {
    let closed = has_mark(cx, a.get(0))?;
    Ok(cx.bool(closed))
}

fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    if has_mark(cx, a.get(0))? {
        return Err(closed_error(cx));
    }
    Ok(cx.none())
}

/// `__del__`: closes a stream that is still open. Its exceptions are reported, not raised.
fn finalize(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.get(0);
    let closed = super::is_closed(cx, this);
    // A stream that cannot say whether it is closed was never set up.
    if let Ok(false) = closed {
        let name = ungil_runtime::objects::str::intern(cx, "_finalizing");
        let yes = cx.bool(true);
        // Only the classes written here look at it.
        let _ = cx.set_attr(this, name.get(), yes);
        if let Err(err) = cx.call_method(this, "close", &[]) {
            ungil_runtime::traceback::unraisable(cx, err, "Exception ignored while finalizing file", this);
        }
    }
    Ok(cx.none())
}

fn check_and_self(cx: &mut Cx, a: Args<'_>, check: fn(&mut Cx, Ref<'_>) -> R<()>) -> R {
    check(cx, a.get(0))?;
    Ok(cx.bool(true))
}

fn enter(cx: &mut Cx, a: Args<'_>) -> R {
    check_closed(cx, a.get(0))?;
    Ok(a.get(0).own(cx))
}

fn exit(cx: &mut Cx, a: Args<'_>) -> R {
    cx.call_method(a.get(0), "close", &[])
}

fn tell(cx: &mut Cx, a: Args<'_>) -> R {
    let (zero, one) = (cx.int(0), cx.int(1));
    cx.call_method(a.get(0), "seek", &[zero.r(), one.r()])
}

fn isatty(cx: &mut Cx, a: Args<'_>) -> R {
    check_closed(cx, a.get(0))?;
    Ok(cx.bool(false))
}

/// The bytes that a method has given.
fn expect_bytes<'a>(cx: &mut Cx, v: &'a Obj, method: &str) -> R<&'a [u8]> {
    match v.downcast::<PyBytes>(cx) {
        Some(bytes) => Ok(bytes.as_bytes()),
        None => {
            let got = cx.type_name(v.r());
            let message = format!("{method}() should have returned a bytes object, not '{got}'");
            Err(cx.error(Builtin::OSError, &message))
        }
    }
}

/// How many bytes may be read at once without going beyond the end of the line, by `peek`.
fn until_line_end(cx: &mut Cx, this: Ref<'_>, peek: &Obj, limit: usize) -> R<usize> {
    let one = cx.int(1);
    let ahead = loop {
        match cx.call(peek.r(), &[one.r()]) {
            Err(err) if is_interruption(cx, &err) => cx.safepoint()?,
            result => break result?,
        }
    };
    let _ = this;
    let ahead = expect_bytes(cx, &ahead, "peek")?;
    let ahead = &ahead[..ahead.len().min(limit)];
    Ok(memchr::memchr(b'\n', ahead).map_or(ahead.len(), |at| at + 1).max(1))
}

fn readline(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.get(0);
    let limit = size_arg(cx, a, 1)?.unwrap_or(usize::MAX);
    let name = ungil_runtime::objects::str::intern(cx, "peek");
    let peek = cx.get_attr_opt(this, name.get())?;
    let mut line = Vec::new();
    while line.len() < limit {
        let n = match &peek {
            Some(peek) => until_line_end(cx, this, peek, limit - line.len())?,
            None => 1,
        };
        let n = cx.int(n as i64);
        let chunk = call_again(cx, this, "read", &[n.r()])?;
        let chunk = expect_bytes(cx, &chunk, "read")?;
        line.extend_from_slice(chunk);
        if chunk.is_empty() || chunk.ends_with(b"\n") {
            break;
        }
    }
    try_new_bytes(cx, &line)
}

/// The next line of a stream by its `readline`; `StopIteration` at the end.
fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let line = cx.call_method(a.get(0), "readline", &[])?;
    match cx.len(line.r())? {
        0 => Err(cx.stop_iteration()),
        _ => Ok(line),
    }
}

fn iter(cx: &mut Cx, a: Args<'_>) -> R {
    enter(cx, a)
}

fn readlines(cx: &mut Cx, a: Args<'_>) -> R {
    let hint = match a.opt_not_none(1) {
        Some(_) => size_arg(cx, a, 1)?.filter(|&n| n > 0),
        None => None,
    };
    let Some(hint) = hint else {
        let lines = cx.collect(a.get(0))?;
        return Ok(cx.list(lines));
    };
    let (mut lines, mut total) = (Vec::new(), 0);
    let iterator = cx.iter(a.get(0))?;
    while let Some(line) = cx.next(iterator.r())? {
        let n = cx.len(line.r())?;
        lines.push(line);
        total += n;
        if total > hint {
            break;
        }
    }
    Ok(cx.list(lines))
}

fn writelines(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.get(0);
    check_closed(cx, this)?;
    cx.for_each(a.get(1), |cx, line| {
        call_again(cx, this, "write", &[line.r()])?;
        Ok(true)
    })?;
    Ok(cx.none())
}

/// A method that an abstract class has only to say that it does not work.
macro_rules! refuse {
    ($name:literal) => {
        Full(|cx, _| Err(unsupported(cx, $name)))
    };
}

fn make_root(cx: &mut Cx) -> &'static PyType {
    let object = cx.builtin(Builtin::Object);
    let size = size_of::<PyObject>();
    let mut t = TypeBuilder::native_derived(cx, "_io._IOBase", object, &OBJECT_OPS, size, STREAM_FLAGS);
    t.doc(cx, "What all streams have in common.")
        .methods(
            cx,
            &[
                ("seek", "($self, offset, whence=os.SEEK_SET, /)", refuse!("seek")),
                ("tell", "($self, /)", Full(tell)),
                ("truncate", "($self, size=None, /)", refuse!("truncate")),
                ("flush", "($self, /)", Full(flush)),
                ("close", "($self, /)", Full(close)),
                ("seekable", "($self, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
                ("readable", "($self, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
                ("writable", "($self, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
                (
                    "_checkClosed",
                    "($self, /)",
                    Full(|cx, a| {
                        check_closed(cx, a.get(0))?;
                        Ok(cx.none())
                    }),
                ),
                ("_checkSeekable", "($self, /)", Full(|cx, a| check_and_self(cx, a, check_seekable))),
                ("_checkReadable", "($self, /)", Full(|cx, a| check_and_self(cx, a, check_readable))),
                ("_checkWritable", "($self, /)", Full(|cx, a| check_and_self(cx, a, check_writable))),
                ("fileno", "($self, /)", refuse!("fileno")),
                ("isatty", "($self, /)", Full(isatty)),
                ("__enter__", "($self, /)", Full(enter)),
                ("__exit__", "($self, /, *args)", Full(exit)),
                ("readline", "($self, size=-1, /)", Full(readline)),
                ("readlines", "($self, hint=-1, /)", Full(readlines)),
                ("writelines", "($self, lines, /)", Full(writelines)),
                ("__del__", "($self, /)", Full(finalize)),
            ],
        )
        .specials(cx, &[(Special::Iter, Full(iter)), (Special::Next, Full(next))])
        .getset(cx, "closed", Full(get_closed), None);
    let class = t.class();
    if add_dict(cx, class).is_err() {
        ungil_gc::fatal("a built-in type cannot be filled");
    }
    class
}

/// `read` of raw streams, by `readinto` and `readall`.
fn raw_read(cx: &mut Cx, a: Args<'_>) -> R {
    let n = match a.opt(1) {
        Some(v) => ssize(cx, v)?,
        None => -1,
    };
    let Ok(n) = usize::try_from(n) else { return cx.call_method(a.get(0), "readall", &[]) };
    let mut storage = Vec::new();
    if storage.try_reserve_exact(n).is_err() {
        return Err(cx.memory_error());
    }
    storage.resize(n, 0);
    let array = new_bytearray(cx, storage);
    let got = cx.call_method(a.get(0), "readinto", &[array.r()])?;
    if got.value().is_none() {
        return Ok(got);
    }
    let filled = ssize(cx, got.r())?;
    if filled < 0 || filled as usize > n {
        return Err(cx.value_error(format!("readinto returned {filled} outside buffer size {n}")));
    }
    let data = ungil_runtime::objects::buffer::bytes_of(cx, array.r())?;
    try_new_bytes(cx, &data[..data.len().min(filled as usize)])
}

/// `readall` of raw streams, by `read`.
pub fn raw_readall(cx: &mut Cx, this: Ref<'_>) -> R {
    let mut all = Vec::new();
    let mut anything = false;
    let size = cx.int(DEFAULT_BUFFER_SIZE as i64);
    loop {
        let chunk = call_again(cx, this, "read", &[size.r()])?;
        if chunk.value().is_none() {
            if anything {
                break;
            }
            return Ok(chunk);
        }
        let Some(bytes) = chunk.downcast::<PyBytes>(cx) else {
            return Err(cx.type_error("read() should return bytes"));
        };
        if bytes.is_empty() {
            break;
        }
        anything = true;
        if all.try_reserve(bytes.len()).is_err() {
            return Err(cx.memory_error());
        }
        all.extend_from_slice(bytes.as_bytes());
    }
    if all.is_empty() { Ok(empty_bytes(cx)) } else { try_new_bytes(cx, &all) }
}

/// `readinto` and `readinto1` of buffered streams, by `read` and `read1`.
fn buffered_readinto(cx: &mut Cx, a: Args<'_>, method: &str, by: &str) -> R {
    let len = writable_len(cx, a.get(1), method)?;
    let n = cx.int(len as i64);
    let data = cx.call_method(a.get(0), by, &[n.r()])?;
    let Some(bytes) = data.downcast::<PyBytes>(cx) else {
        return Err(cx.type_error("read() should return bytes"));
    };
    if bytes.len() > len {
        let got = bytes.len();
        return Err(
            cx.value_error(format!("read() returned too much data: {len} bytes requested, {got} returned"))
        );
    }
    let n = copy_into(cx, a.get(1), 0, bytes.as_bytes())?;
    Ok(cx.int(n as i64))
}

fn not_implemented(cx: &mut Cx, _: Args<'_>) -> R {
    Err(ungil_runtime::new_error(cx, Builtin::NotImplementedError, Vec::new()))
}

/// Makes the four classes.
pub fn make(cx: &mut Cx) -> Bases {
    let root = make_root(cx);
    let derive = |cx: &mut Cx, name: &str, doc: &str, methods: &[(&'static str, &'static str, NativeFn)]| {
        let size = size_of::<PyObject>();
        let mut t = TypeBuilder::native_derived(cx, name, root, &OBJECT_OPS, size, STREAM_FLAGS);
        t.doc(cx, doc).methods(cx, methods).class()
    };
    let raw = derive(
        cx,
        "_io._RawIOBase",
        "What unbuffered streams of bytes have in common.",
        &[
            ("read", "($self, size=-1, /)", Full(raw_read)),
            ("readall", "($self, /)", Full(|cx, a| raw_readall(cx, a.get(0)))),
            ("readinto", "($self, /, *args)", Full(not_implemented)),
            ("write", "($self, /, *args)", Full(not_implemented)),
        ],
    );
    let buffered = derive(
        cx,
        "_io._BufferedIOBase",
        "What buffered streams of bytes have in common.",
        &[
            ("detach", "($self, /)", refuse!("detach")),
            ("read", "($self, size=-1, /)", refuse!("read")),
            ("read1", "($self, size=-1, /)", refuse!("read1")),
            ("readinto", "($self, buffer, /)", Full(|cx, a| buffered_readinto(cx, a, "readinto", "read"))),
            ("readinto1", "($self, buffer, /)", Full(|cx, a| buffered_readinto(cx, a, "readinto1", "read1"))),
            ("write", "($self, b, /)", refuse!("write")),
        ],
    );
    let size = size_of::<PyObject>();
    let mut t = TypeBuilder::native_derived(cx, "_io._TextIOBase", root, &OBJECT_OPS, size, STREAM_FLAGS);
    t.doc(cx, "What streams of text have in common.").methods(
        cx,
        &[
            ("detach", "($self, /)", refuse!("detach")),
            ("read", "($self, size=-1, /)", refuse!("read")),
            ("readline", "($self, size=-1, /)", refuse!("readline")),
            ("write", "($self, s, /)", refuse!("write")),
        ],
    );
    for name in ["encoding", "newlines", "errors"] {
        t.getset(cx, name, Leaf(|cx, _| Ok(cx.none())), None);
    }
    Bases { root, raw, buffered, text: t.class() }
}
