//! The class.

use super::{Options, PyText, TEXT_OPS, attrs, exact, newline_arg, place, read, set_up, stage};
use crate::io::{STREAM_FLAGS, both, cannot_pickle, classes, delegate, flag_arg, size_arg, ssize, text_arg};
use ungil_locks::primitive::Ordering::Relaxed;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let exact = std::ptr::eq(class, classes().text);
    cx.alloc_for(class, |h| PyText::new(h, exact))
}

fn init(cx: &mut Cx, a: Args<'_>) -> R {
    text_arg(cx, a.opt(2), "TextIOWrapper() argument 'encoding'")?;
    text_arg(cx, a.opt(3), "TextIOWrapper() argument 'errors'")?;
    let options = Options {
        encoding: a.opt_not_none(2),
        errors: a.opt_not_none(3),
        newline: newline_arg(cx, a.opt(4), "TextIOWrapper() argument 'newline'")?,
        line_buffering: flag_arg(cx, a, 5, false)?,
        write_through: flag_arg(cx, a, 6, false)?,
    };
    let buffer = a.get(1).own(cx);
    set_up(cx, a.this(), &buffer, &options)?;
    Ok(cx.none())
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(text) = a.get(1).downcast::<PyStr>(cx) else {
        let got = if a.get(1).value().is_none() { "None".to_string() } else { cx.type_name(a.get(1)) };
        return Err(cx.type_error(format!("write() argument must be str, not {got}")));
    };
    a.this::<PyText>().write(cx, text.as_bytes())?;
    Ok(cx.int(text.char_len() as i64))
}

fn read_text(cx: &mut Cx, a: Args<'_>) -> R {
    let n = size_arg(cx, a, 1)?;
    a.this::<PyText>().read(cx, n)
}

fn readline(cx: &mut Cx, a: Args<'_>) -> R {
    let limit = match a.opt(1) {
        Some(v) => usize::try_from(ssize(cx, v)?).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let this = a.this::<PyText>();
    let held = this.enter(cx)?;
    this.read_line(cx, &held, limit)
}

fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyText>().flush(cx)?;
    Ok(cx.none())
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    let buffer = this.buffer(cx)?;
    let closed = attrs::of_buffer(cx, a, "closed")?;
    if cx.truth(closed.r())? {
        this.closed.store(true, Relaxed);
        return Ok(cx.none());
    }
    if this.finalizing.load(Relaxed) {
        // As in CPython: streams below that know nothing of it are left alone.
        let _ = cx.call_method(buffer.r(), "_dealloc_warn", &[a.get(0)]);
    }
    let flushed = match exact(cx, a.get(0)) {
        Some(this) => this.flush(cx),
        None => cx.call_method(a.get(0), "flush", &[]).map(drop),
    };
    let closed = cx.call_method(buffer.r(), "close", &[]);
    this.closed.store(closed.is_ok(), Relaxed);
    both(cx, flushed, closed)
}

fn detach(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    this.buffer(cx)?;
    cx.call_method(a.get(0), "flush", &[])?;
    let _held = this.lock.take_nested(cx)?;
    let buffer = this.buffer(cx)?;
    this.stage.store(stage::DETACHED, Relaxed);
    drop(this.buffer.take(&this.h, cx));
    drop(this.file.take(&this.h, cx));
    Ok(buffer)
}

fn by_buffer(cx: &mut Cx, a: Args<'_>, method: &str) -> R {
    let buffer = a.this::<PyText>().buffer(cx)?;
    delegate(cx, &buffer, method)
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    (
        "__init__",
        "($self, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)",
        Full(init),
    ),
    (
        "reconfigure",
        "($self, /, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)",
        Full(attrs::reconfigure),
    ),
    ("detach", "($self, /)", Full(detach)),
    ("write", "($self, text, /)", Full(write)),
    ("read", "($self, size=-1, /)", Full(read_text)),
    ("readline", "($self, size=-1, /)", Full(readline)),
    ("flush", "($self, /)", Full(flush)),
    ("close", "($self, /)", Full(close)),
    ("fileno", "($self, /)", Full(|cx, a| by_buffer(cx, a, "fileno"))),
    ("seekable", "($self, /)", Full(|cx, a| by_buffer(cx, a, "seekable"))),
    ("readable", "($self, /)", Full(|cx, a| by_buffer(cx, a, "readable"))),
    ("writable", "($self, /)", Full(|cx, a| by_buffer(cx, a, "writable"))),
    ("isatty", "($self, /)", Full(|cx, a| by_buffer(cx, a, "isatty"))),
    ("seek", "($self, cookie, whence=os.SEEK_SET, /)", Full(place::seek)),
    ("tell", "($self, /)", Full(place::tell)),
    ("truncate", "($self, pos=None, /)", Full(place::truncate)),
    ("__next__", "($self, /)", Full(read::next)),
    ("__getstate__", "($self, /)", Full(cannot_pickle)),
];

/// Makes the class.
pub fn make(cx: &mut Cx, above: &'static PyType) -> &'static PyType {
    let size = size_of::<PyText>();
    let mut t = TypeBuilder::native_derived(cx, "_io.TextIOWrapper", above, &TEXT_OPS, size, STREAM_FLAGS);
    t.doc(cx, "Text over a stream of bytes.")
        .constructor(cx, "($type, *args, **kwargs)", Full(new))
        .methods(cx, METHODS);
    attrs::add(cx, &mut t);
    t.class()
}
