//! The classes.

use super::place::{seek, tell, truncate};
use super::{BUFFERED_OPS, Kind, PyBuffered, close, set_up, stage};
use crate::io::{
    DEFAULT_BUFFER_SIZE, STREAM_FLAGS, cannot_pickle, classes, delegate, flag_arg, repr_with_name, size_arg,
    ssize, writable_len,
};
use ungil_locks::primitive::Ordering::Relaxed;
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::{PyBytes, empty_bytes, try_new_bytes};
use ungil_runtime::prelude::*;

fn new<const KIND: u8>(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let kind = [Kind::Reader, Kind::Writer, Kind::Random][KIND as usize];
    let c = classes();
    let exact = [c.reader, c.writer, c.random].iter().any(|&known| std::ptr::eq(known, class));
    cx.alloc_for(class, |h| PyBuffered::new(h, kind, exact))
}

fn init(cx: &mut Cx, a: Args<'_>) -> R {
    let size = match a.opt(2) {
        Some(size) => ssize(cx, size)?,
        None => DEFAULT_BUFFER_SIZE as isize,
    };
    set_up(cx, a.this(), a.get(1), size)?;
    Ok(cx.none())
}

fn bytes(cx: &mut Cx, data: &[u8]) -> R {
    if data.is_empty() { Ok(empty_bytes(cx)) } else { try_new_bytes(cx, data) }
}

fn read(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBuffered>();
    this.raw(cx)?;
    let n = match a.opt_not_none(1) {
        Some(v) if v.value().as_int().is_none_or(|n| n < -1) => {
            if size_arg(cx, a, 1)?.is_none() && ssize(cx, v)? < -1 {
                return Err(cx.value_error("read length must be non-negative or -1"));
            }
            size_arg(cx, a, 1)?
        }
        _ => size_arg(cx, a, 1)?,
    };
    match this.read(cx, n)? {
        Some(data) => bytes(cx, &data),
        None => Ok(cx.none()),
    }
}

fn read1(cx: &mut Cx, a: Args<'_>) -> R {
    let n = match a.opt(1) {
        Some(v) => usize::try_from(ssize(cx, v)?).ok(),
        None => None,
    };
    let data = a.this::<PyBuffered>().read1(cx, n)?;
    bytes(cx, &data)
}

fn readinto_any(cx: &mut Cx, a: Args<'_>, once: bool) -> R {
    let this = a.this::<PyBuffered>();
    let len = writable_len(cx, a.get(1), if once { "readinto1" } else { "readinto" })?;
    let (held, raw) = this.enter(cx)?;
    this.check_open(cx, &held, raw, "readinto of closed file")?;
    Ok(match this.read_into(cx, &held, raw, a.get(1), len, once)? {
        Some(n) => cx.int(n as i64),
        None => cx.none(),
    })
}

fn peek(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBuffered>();
    if let Some(n) = a.opt(1) {
        ssize(cx, n)?;
    }
    let (held, raw) = this.enter(cx)?;
    this.check_open(cx, &held, raw, "peek of closed file")?;
    let data = this.peek(cx, &held, raw)?;
    bytes(cx, &data)
}

fn readline(cx: &mut Cx, a: Args<'_>) -> R {
    let limit = size_arg(cx, a, 1)?.unwrap_or(usize::MAX);
    a.this::<PyBuffered>().read_line(cx, limit)
}

fn next(cx: &mut Cx, a: Args<'_>) -> R {
    if super::exact(cx, a.get(0)).is_some() {
        let line = a.this::<PyBuffered>().read_line(cx, usize::MAX)?;
        let empty = line.downcast::<PyBytes>(cx).is_none_or(PyBytes::is_empty);
        return if empty { Err(cx.stop_iteration()) } else { Ok(line) };
    }
    let line = cx.call_method(a.get(0), "readline", &[])?;
    match line.downcast::<PyBytes>(cx) {
        Some(bytes) if bytes.is_empty() => Err(cx.stop_iteration()),
        Some(_) => Ok(line),
        None => {
            let got = cx.type_name(line.r());
            let message = format!("readline() should have returned a bytes object, not '{got}'");
            Err(cx.error(Builtin::OSError, &message))
        }
    }
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let data = bytes_of(cx, a.get(1))?;
    let n = a.this::<PyBuffered>().write(cx, &data)?;
    Ok(cx.int(n as i64))
}

pub(super) fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBuffered>();
    if this.kind == Kind::Reader {
        let raw = this.raw(cx)?;
        return delegate(cx, &raw, "flush");
    }
    this.flush(cx)?;
    Ok(cx.none())
}

fn detach(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBuffered>();
    this.raw(cx)?;
    cx.call_method(a.get(0), "flush", &[])?;
    let _held = this.lock(cx)?;
    let raw = this.raw(cx)?;
    this.stage.store(stage::DETACHED, Relaxed);
    drop(this.raw.take(&this.h, cx));
    Ok(raw)
}

fn closed(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBuffered>();
    let raw = this.raw(cx)?;
    match crate::io::file::exact(cx, raw.r()) {
        Some(file) => Ok(cx.bool(file.is_closed())),
        None => cx.get_attr_str(raw.r(), "closed"),
    }
}

fn of_raw(cx: &mut Cx, a: Args<'_>, name: &str) -> R {
    let raw = a.this::<PyBuffered>().raw(cx)?;
    cx.get_attr_str(raw.r(), name)
}

fn by_raw(cx: &mut Cx, a: Args<'_>, method: &str) -> R {
    let raw = a.this::<PyBuffered>().raw(cx)?;
    delegate(cx, &raw, method)
}

fn sizeof(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBuffered>();
    let held = this.lock(cx)?;
    let size = this.buffers(&held, |b| b.size);
    Ok(cx.int((size_of::<PyBuffered>() + size) as i64))
}

const COMMON: &[(&str, &str, NativeFn)] = &[
    ("__init__", "($self, raw, buffer_size=DEFAULT_BUFFER_SIZE)", Full(init)),
    ("close", "($self, /)", Full(close)),
    ("detach", "($self, /)", Full(detach)),
    ("flush", "($self, /)", Full(flush)),
    ("seekable", "($self, /)", Full(|cx, a| by_raw(cx, a, "seekable"))),
    ("fileno", "($self, /)", Full(|cx, a| by_raw(cx, a, "fileno"))),
    ("isatty", "($self, /)", Full(|cx, a| by_raw(cx, a, "isatty"))),
    (
        "_dealloc_warn",
        "($self, source, /)",
        Full(|cx, a| {
            super::warn_unclosed(cx, a.this(), a.get(1));
            Ok(cx.none())
        }),
    ),
    ("seek", "($self, target, whence=0, /)", Full(seek)),
    ("tell", "($self, /)", Full(tell)),
    ("truncate", "($self, pos=None, /)", Full(truncate)),
    ("__sizeof__", "($self, /)", Full(sizeof)),
    ("__getstate__", "($self, /)", Full(cannot_pickle)),
];

const READING: &[(&str, &str, NativeFn)] = &[
    ("readable", "($self, /)", Full(|cx, a| by_raw(cx, a, "readable"))),
    ("read", "($self, size=-1, /)", Full(read)),
    ("peek", "($self, size=0, /)", Full(peek)),
    ("read1", "($self, size=-1, /)", Full(read1)),
    ("readinto", "($self, buffer, /)", Full(|cx, a| readinto_any(cx, a, false))),
    ("readinto1", "($self, buffer, /)", Full(|cx, a| readinto_any(cx, a, true))),
    ("readline", "($self, size=-1, /)", Full(readline)),
    ("__next__", "($self, /)", Full(next)),
];

const WRITING: &[(&str, &str, NativeFn)] = &[
    ("writable", "($self, /)", Full(|cx, a| by_raw(cx, a, "writable"))),
    ("write", "($self, buffer, /)", Full(write)),
];

/// Makes one of the classes.
pub fn make(cx: &mut Cx, above: &'static PyType, kind: Kind) -> &'static PyType {
    let (name, doc, construct): (_, _, fn(&mut Cx, Args<'_>) -> R) = match kind {
        Kind::Reader => ("_io.BufferedReader", "A buffer for reading from a raw stream.", new::<0>),
        Kind::Writer => ("_io.BufferedWriter", "A buffer for writing to a raw stream.", new::<1>),
        Kind::Random => (
            "_io.BufferedRandom",
            "A buffer for reading from and writing to a raw stream with positions.",
            new::<2>,
        ),
    };
    let size = size_of::<PyBuffered>();
    let mut t = TypeBuilder::native_derived(cx, name, above, &BUFFERED_OPS, size, STREAM_FLAGS);
    t.doc(cx, doc).constructor(cx, "($type, *args, **kwargs)", Full(construct)).methods(cx, COMMON);
    if kind.reads() {
        t.methods(cx, READING);
    }
    if kind.writes() {
        t.methods(cx, WRITING);
    }
    t.special(cx, Special::Repr, Full(|cx, a| repr_with_name(cx, a.get(0), "")))
        .getset(cx, "closed", Full(closed), None)
        .getset(cx, "name", Full(|cx, a| of_raw(cx, a, "name")), None)
        .getset(cx, "mode", Full(|cx, a| of_raw(cx, a, "mode")), None)
        .getset(
            cx,
            "raw",
            Full(|cx, a| {
                let this = a.this::<PyBuffered>();
                Ok(this.raw.get(&this.h, cx).unwrap_or_else(|| cx.none()))
            }),
            None,
        )
        .getset(
            cx,
            "_finalizing",
            Leaf(|cx, a| Ok(cx.bool(a.this::<PyBuffered>().finalizing.load(Relaxed)))),
            Some(Full(|cx, a| {
                let on = flag_arg(cx, a, 1, false)?;
                a.this::<PyBuffered>().finalizing.store(on, Relaxed);
                Ok(cx.none())
            })),
        );
    t.class()
}

/// The class of exact readers, for those who make streams.
pub(super) fn reader() -> &'static PyType {
    classes().reader
}

/// The class of exact writers.
pub(super) fn writer() -> &'static PyType {
    classes().writer
}
