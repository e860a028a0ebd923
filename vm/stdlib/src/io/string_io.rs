//! `StringIO`: text in memory as a stream.
//!
//! The text is kept as generalised UTF-8, with the position both in characters and in bytes, so that reading and
//! writing along need no counting. The object's lock guards all of it.

use super::bytes_io::as_dict;
use super::newline::{Newline, Translator};
use super::{STREAM_FLAGS, c_int, class_of_header, classes, size_arg, ssize};
use std::cell::UnsafeCell;
use ungil_runtime::objects::str::{PyStr, code_points, empty_str, try_new_wtf8};
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// A `StringIO`.
#[repr(C)]
pub struct PyStringIo {
    pub h: Header,
    state: UnsafeCell<State>,
}

struct State {
    text: Vec<u8>,
    /// Characters of the text.
    len: usize,
    /// The position in characters, which may be beyond the end.
    pos: usize,
    /// The position in bytes, at most the end.
    at: usize,
    newline: Newline,
    universal: Option<Translator>,
    ready: bool,
    closed: bool,
}

impl Default for State {
    fn default() -> State {
        State {
            text: Vec::new(),
            len: 0,
            pos: 0,
            at: 0,
            newline: Newline::Lf,
            universal: None,
            ready: false,
            closed: false,
        }
    }
}

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: the object is this thread's alone; what is left owns no memory.
    drop(std::mem::take(unsafe { (*h.cast::<PyStringIo>()).state.get_mut() }));
}

unsafe fn needs_finalizer(h: *mut Header) -> bool {
    // SAFETY: the object is alive, and the thread has a context. Nothing depends on the closing of an exact one.
    unsafe { ungil_runtime::finalize::has_del(h) && !std::ptr::eq(class_of_header(h), classes().string_io) }
}

static STRING_IO_OPS: TypeOps = TypeOps {
    name: "StringIO",
    size: |_| size_of::<PyStringIo>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyStringIo {
    const OPS: &'static TypeOps = &STRING_IO_OPS;
}

impl State {
    /// The bytes that `n` characters from `self.at` on take.
    fn width(&self, n: usize) -> usize {
        let rest = &self.text[self.at..];
        if self.len == self.text.len() || n >= rest.len() {
            return n.min(rest.len());
        }
        code_points::advance(&self.text, self.at, n).min(self.text.len()) - self.at
    }

    fn move_to(&mut self, pos: usize) {
        self.pos = pos;
        self.at = if pos >= self.len { self.text.len() } else { 0 };
        if pos < self.len {
            self.at = self.width(pos);
        }
    }

    /// Gives out so many bytes; the position moves behind them.
    fn take(&mut self, width: usize) -> &[u8] {
        let from = self.at;
        self.at += width;
        let taken = &self.text[from..self.at];
        self.pos += code_points::count(taken);
        taken
    }

    fn line_width(&self, limit: usize) -> usize {
        let rest = &self.text[self.at..];
        let end = self.newline.line_end().find(rest).unwrap_or(rest.len());
        if limit >= end { end } else { end.min(self.width(limit)) }
    }

    /// Puts text at the position, over what is there. False if there is no memory.
    fn put(&mut self, text: &[u8]) -> bool {
        let chars = code_points::count(text);
        let gap = self.pos.saturating_sub(self.len);
        if self.text.try_reserve(gap.saturating_add(text.len())).is_err() {
            return false;
        }
        if gap > 0 {
            self.text.resize(self.text.len() + gap, 0);
            (self.len, self.at) = (self.pos, self.text.len());
        }
        if self.at == self.text.len() {
            self.text.extend_from_slice(text);
            self.len += chars;
        } else {
            let over = self.width(chars);
            let replaced = code_points::count(&self.text[self.at..self.at + over]);
            self.text.splice(self.at..self.at + over, text.iter().copied());
            self.len += chars - replaced;
        }
        self.pos += chars;
        self.at += text.len();
        true
    }

    /// As [`State::put`], with line ends as the stream has them.
    fn write(&mut self, text: &[u8]) -> bool {
        let mut decoded = Vec::new();
        let mut text = text;
        if let Some(translator) = &mut self.universal {
            translator.feed(text, true, &mut decoded);
            text = &decoded;
        }
        match self.newline.translated(text) {
            Some(translated) => self.put(&translated),
            None => self.put(text),
        }
    }
}

impl PyStringIo {
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: the lock is held.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }

    /// Runs `f` if the stream is set up and open.
    fn open<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut State) -> T) -> R<T> {
        let result = self.with(cx, |state| match (state.ready, state.closed) {
            (true, false) => Ok(f(state)),
            (ready, _) => Err(ready),
        });
        result.map_err(|ready| {
            cx.value_error(if ready {
                "I/O operation on closed file"
            } else {
                "I/O operation on uninitialized object"
            })
        })
    }
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    cx.alloc_for(class, |h| PyStringIo { h, state: UnsafeCell::default() })
}

/// The `newline` argument.
fn newline_arg(cx: &mut Cx, v: Ref<'_>) -> R<Newline> {
    let text = super::text_arg(cx, Some(v), "newline");
    let text = match text {
        Ok(text) => text,
        Err(_) => {
            let got = cx.type_name(v);
            return Err(cx.type_error(format!("newline must be str or None, not {got}")));
        }
    };
    match Newline::of(text.map(PyStr::as_bytes)) {
        Some(newline) => Ok(newline),
        None => {
            let shown = cx.repr_string(v)?;
            Err(cx.value_error(format!("illegal newline value: {shown}")))
        }
    }
}

/// Sets the stream up; `translate` says whether the initial text's line ends are translated as written ones are.
fn set_up(
    cx: &mut Cx,
    this: &PyStringIo,
    initial: Option<&PyStr>,
    newline: Newline,
    translate: bool,
) -> R<()> {
    let mut state = State { newline, ready: true, ..State::default() };
    state.universal = newline.is_universal().then(|| Translator::new(newline == Newline::Default));
    let initial = initial.map_or(&[][..], PyStr::as_bytes);
    let fits = if translate { state.write(initial) } else { state.put(initial) };
    if !fits {
        return Err(cx.memory_error());
    }
    state.move_to(0);
    let old = this.with(cx, |place| std::mem::replace(place, state));
    drop(old);
    Ok(())
}

fn init(cx: &mut Cx, a: Args<'_>) -> R {
    let newline = match a.opt(2) {
        Some(v) => newline_arg(cx, v)?,
        None => Newline::Lf,
    };
    let initial = match a.opt_not_none(1) {
        None => None,
        Some(v) => match v.downcast::<PyStr>(cx) {
            Some(s) => Some(s),
            None => {
                let got = cx.type_name(v);
                return Err(cx.type_error(format!("initial_value must be str or None, not {got}")));
            }
        },
    };
    set_up(cx, a.this(), initial, newline, true)?;
    Ok(cx.none())
}

fn text(cx: &mut Cx, bytes: &[u8]) -> R {
    if bytes.is_empty() { Ok(empty_str(cx)) } else { try_new_wtf8(cx, bytes) }
}

fn read(cx: &mut Cx, a: Args<'_>) -> R {
    let n = size_arg(cx, a, 1)?.unwrap_or(usize::MAX);
    let taken = a.this::<PyStringIo>().open(cx, |state| {
        let width = state.width(n);
        state.take(width).to_vec()
    })?;
    text(cx, &taken)
}

fn readline(cx: &mut Cx, a: Args<'_>) -> R {
    let limit = size_arg(cx, a, 1)?.unwrap_or(usize::MAX);
    let line = a.this::<PyStringIo>().open(cx, |state| {
        let width = state.line_width(limit);
        state.take(width).to_vec()
    })?;
    text(cx, &line)
}

fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let line = if std::ptr::eq(cx.class_of(a.get(0)), classes().string_io) {
        readline(cx, Args::new(&a.values()[..1]))?
    } else {
        let line = cx.call_method(a.get(0), "readline", &[])?;
        if line.downcast::<PyStr>(cx).is_none() {
            let got = cx.type_name(line.r());
            let message = format!("readline() should have returned a str object, not '{got}'");
            return Err(cx.error(Builtin::OSError, &message));
        }
        line
    };
    if cx.len(line.r())? == 0 { Err(cx.stop_iteration()) } else { Ok(line) }
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyStringIo>();
    this.open(cx, |_| ())?;
    let Some(s) = a.get(1).downcast::<PyStr>(cx) else {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("string argument expected, got '{got}'")));
    };
    if !s.is_empty() && !this.open(cx, |state| state.write(s.as_bytes()))? {
        return Err(cx.memory_error());
    }
    Ok(cx.int(s.char_len() as i64))
}

fn seek(cx: &mut Cx, a: Args<'_>) -> R {
    let to = ssize(cx, a.get(1))?;
    let whence = a.opt(2).map_or(Ok(0), |v| c_int(cx, v))?;
    let this = a.this::<PyStringIo>();
    this.open(cx, |_| ())?;
    if !(0..=2).contains(&whence) {
        return Err(cx.value_error(format!("Invalid whence ({whence}, should be 0, 1 or 2)")));
    }
    if to < 0 && whence == 0 {
        return Err(cx.value_error(format!("Negative seek position {to}")));
    }
    if whence != 0 && to != 0 {
        return Err(cx.error(Builtin::OSError, "Can't do nonzero cur-relative seeks"));
    }
    let at = this.open(cx, |state| {
        match whence {
            0 => state.move_to(to as usize),
            2 => state.move_to(state.len),
            _ => {}
        }
        state.pos
    })?;
    Ok(cx.int(at as i64))
}

fn tell(cx: &mut Cx, a: Args<'_>) -> R {
    let at = a.this::<PyStringIo>().open(cx, |state| state.pos)?;
    Ok(cx.int(at as i64))
}

fn truncate(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyStringIo>();
    let pos = this.open(cx, |state| state.pos)?;
    let size = match a.opt_not_none(1) {
        Some(size) => ssize(cx, size)?,
        None => pos as isize,
    };
    let Ok(n) = usize::try_from(size) else {
        return Err(cx.value_error(format!("Negative size value {size}")));
    };
    this.open(cx, |state| {
        if n < state.len {
            let pos = state.pos;
            state.move_to(n);
            state.text.truncate(state.at);
            state.len = n;
            state.move_to(pos);
        }
    })?;
    Ok(cx.int(size as i64))
}

fn getvalue(cx: &mut Cx, a: Args<'_>) -> R {
    let all = a.this::<PyStringIo>().open(cx, |state| state.text.clone())?;
    text(cx, &all)
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let old = a.this::<PyStringIo>().with(cx, |state| {
        state.closed = true;
        (state.len, state.pos, state.at) = (0, 0, 0);
        std::mem::take(&mut state.text)
    });
    drop(old);
    Ok(cx.none())
}

fn check(cx: &mut Cx, a: Args<'_>, answer: Value) -> R {
    a.this::<PyStringIo>().open(cx, |_| ())?;
    Ok(Obj::immediate(answer))
}

/// A copy of an instance's dict, `None` if it is empty.
pub fn dict_copy(cx: &mut Cx, v: Ref<'_>) -> R {
    let dict = cx.get_attr(v, cx.vm.names.dict.get())?;
    Ok(match as_dict(cx, &dict) {
        Some(d) if !d.is_empty() => d.copy(cx),
        _ => cx.none(),
    })
}

/// Adds the dict of a state to an instance's dict.
pub fn update_dict(cx: &mut Cx, v: Ref<'_>, state: Ref<'_>, place: &str) -> R<()> {
    if state.value().is_none() {
        return Ok(());
    }
    if !cx.is_instance_of(state, Builtin::Dict) {
        let got = cx.type_name(state);
        return Err(cx.type_error(format!("{place} item of state should be a dict, got a {got}")));
    }
    let dict = cx.get_attr(v, cx.vm.names.dict.get())?;
    cx.call_method(dict.r(), "update", &[state]).map(drop)
}

fn getstate(cx: &mut Cx, a: Args<'_>) -> R {
    let value = getvalue(cx, a)?;
    let (newline, pos) = a.this::<PyStringIo>().open(cx, |state| (state.newline, state.pos))?;
    let newline = newline.text().map_or_else(|| cx.none(), |t| cx.str(t));
    let dict = dict_copy(cx, a.get(0))?;
    Ok(cx.tuple(vec![value, newline, cx.int(pos as i64), dict]))
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyStringIo>();
    if this.with(cx, |state| state.closed) {
        return Err(cx.value_error("I/O operation on closed file"));
    }
    let class = cx.class_of(a.get(0)).name();
    let items = a.get(1).downcast::<PyTuple>(cx).map_or(&[][..], PyTuple::items);
    if items.len() < 4 {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("{class}.__setstate__ argument should be 4-tuple, got {got}")));
    }
    let newline = newline_arg(cx, items[1])?;
    let value = match (items[0].downcast::<PyStr>(cx), items[0].value().is_none()) {
        (None, false) => {
            let got = cx.type_name(items[0]);
            return Err(cx.type_error(format!("initial_value must be str or None, not {got}")));
        }
        (value, _) => value,
    };
    set_up(cx, this, value, newline, false)?;
    if !cx.is_instance_of(items[2], Builtin::Int) {
        let got = cx.type_name(items[2]);
        return Err(cx.type_error(format!("third item of state must be an integer, got '{got}'")));
    }
    let Ok(pos) = usize::try_from(ssize(cx, items[2])?) else {
        return Err(cx.value_error("position value cannot be negative"));
    };
    this.with(cx, |state| state.move_to(pos));
    update_dict(cx, a.get(0), items[3], "fourth")?;
    Ok(cx.none())
}

fn newlines(cx: &mut Cx, a: Args<'_>) -> R {
    let translator = a.this::<PyStringIo>().open(cx, |state| state.universal)?;
    Ok(translator.map_or_else(|| cx.none(), |t| t.newlines(cx)))
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__init__", "($self, initial_value='', newline='\\n')", Full(init)),
    ("read", "($self, size=-1, /)", Full(read)),
    ("readline", "($self, size=-1, /)", Full(readline)),
    ("write", "($self, s, /)", Full(write)),
    ("seek", "($self, pos, whence=0, /)", Full(seek)),
    ("tell", "($self, /)", Full(tell)),
    ("truncate", "($self, pos=None, /)", Full(truncate)),
    ("getvalue", "($self, /)", Full(getvalue)),
    ("close", "($self, /)", Full(close)),
    ("readable", "($self, /)", Full(|cx, a| check(cx, a, Value::TRUE))),
    ("writable", "($self, /)", Full(|cx, a| check(cx, a, Value::TRUE))),
    ("seekable", "($self, /)", Full(|cx, a| check(cx, a, Value::TRUE))),
    ("__getstate__", "($self, /)", Full(getstate)),
    ("__setstate__", "($self, state, /)", Full(setstate)),
    ("__next__", "($self, /)", Full(next)),
];

/// Makes the class.
pub fn make(cx: &mut Cx, above: &'static PyType) -> &'static PyType {
    let size = size_of::<PyStringIo>();
    let mut t = TypeBuilder::native_derived(cx, "_io.StringIO", above, &STRING_IO_OPS, size, STREAM_FLAGS);
    t.doc(cx, "Text in memory as a stream.")
        .constructor(cx, "($type, *args, **kwargs)", Full(new))
        .methods(cx, METHODS)
        .getset(
            cx,
            "closed",
            Full(|cx, a| {
                let (ready, closed) = a.this::<PyStringIo>().with(cx, |state| (state.ready, state.closed));
                match ready || closed {
                    true => Ok(cx.bool(closed)),
                    false => Err(cx.value_error("I/O operation on uninitialized object")),
                }
            }),
            None,
        )
        .getset(cx, "newlines", Full(newlines), None)
        .getset(cx, "line_buffering", Full(|cx, a| check(cx, a, Value::FALSE)), None);
    t.class()
}
