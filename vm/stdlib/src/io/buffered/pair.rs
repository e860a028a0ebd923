//! `BufferedRWPair`: a reader and a writer as one stream.

use super::methods::{reader, writer};
use crate::io::{DEFAULT_BUFFER_SIZE, STREAM_FLAGS, base, ssize};
use ungil_runtime::prelude::*;

/// A `BufferedRWPair`; both slots are empty until `__init__` has come to its end.
#[repr(C)]
pub struct PyPair {
    pub h: Header,
    reader: Slot,
    writer: Slot,
}

ungil_runtime::slot_ops!(PAIR_OPS, PyPair, "BufferedRWPair", reader, writer);

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    cx.alloc_for(class, |h| PyPair { h, reader: Slot::empty(), writer: Slot::empty() })
}

fn init(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyPair>();
    let size = match a.opt(3) {
        Some(size) => ssize(cx, size)?,
        None => DEFAULT_BUFFER_SIZE as isize,
    };
    base::check_readable(cx, a.get(1))?;
    base::check_writable(cx, a.get(2))?;
    let size = cx.int(size as i64);
    let r = cx.call(reader().as_ref(), &[a.get(1), size.r()])?;
    let w = cx.call(writer().as_ref(), &[a.get(2), size.r()])?;
    this.reader.set(&this.h, cx, r);
    this.writer.set(&this.h, cx, w);
    Ok(cx.none())
}

/// Calls a method of one of the two.
fn forward(cx: &mut Cx, a: Args<'_>, which: fn(&PyPair) -> &Slot, method: &str) -> R {
    let this = a.this::<PyPair>();
    let Some(to) = which(this).get(&this.h, cx) else {
        return Err(cx.value_error("I/O operation on uninitialized object"));
    };
    cx.call_method(to.r(), method, a.varargs(cx, 1))
}

fn plain(cx: &mut Cx, a: Args<'_>, which: fn(&PyPair) -> &Slot, method: &str) -> R {
    let args = [a.get(0).own(cx), cx.tuple(Vec::new())];
    forward(cx, Args::of(&args), which, method)
}

fn of_reader(p: &PyPair) -> &Slot {
    &p.reader
}

fn of_writer(p: &PyPair) -> &Slot {
    &p.writer
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let first = plain(cx, a, of_writer, "close").map(drop);
    let second = plain(cx, a, of_reader, "close");
    crate::io::both(cx, first, second)
}

fn isatty(cx: &mut Cx, a: Args<'_>) -> R {
    let answer = plain(cx, a, of_writer, "isatty")?;
    if answer.value() != Value::FALSE { Ok(answer) } else { plain(cx, a, of_reader, "isatty") }
}

fn closed(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyPair>();
    match this.writer.get(&this.h, cx) {
        Some(writer) => cx.get_attr_str(writer.r(), "closed"),
        None => Err(cx.runtime_error("the BufferedRWPair object is being garbage-collected")),
    }
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__init__", "($self, reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)", Full(init)),
    ("read", "($self, /, *args)", Full(|cx, a| forward(cx, a, of_reader, "read"))),
    ("peek", "($self, /, *args)", Full(|cx, a| forward(cx, a, of_reader, "peek"))),
    ("read1", "($self, /, *args)", Full(|cx, a| forward(cx, a, of_reader, "read1"))),
    ("readinto", "($self, /, *args)", Full(|cx, a| forward(cx, a, of_reader, "readinto"))),
    ("readinto1", "($self, /, *args)", Full(|cx, a| forward(cx, a, of_reader, "readinto1"))),
    ("write", "($self, /, *args)", Full(|cx, a| forward(cx, a, of_writer, "write"))),
    ("flush", "($self, /)", Full(|cx, a| plain(cx, a, of_writer, "flush"))),
    ("readable", "($self, /)", Full(|cx, a| plain(cx, a, of_reader, "readable"))),
    ("writable", "($self, /)", Full(|cx, a| plain(cx, a, of_writer, "writable"))),
    ("close", "($self, /)", Full(close)),
    ("isatty", "($self, /)", Full(isatty)),
];

/// Makes the class.
pub fn make_pair(cx: &mut Cx, above: &'static PyType) -> &'static PyType {
    let size = size_of::<PyPair>();
    let mut t = TypeBuilder::native_derived(cx, "_io.BufferedRWPair", above, &PAIR_OPS, size, STREAM_FLAGS);
    t.doc(cx, "A buffer for reading from one raw stream and a buffer for writing to another one.")
        .constructor(cx, "($type, *args, **kwargs)", Full(new))
        .methods(cx, METHODS)
        .getset(cx, "closed", Full(closed), None);
    t.class()
}
