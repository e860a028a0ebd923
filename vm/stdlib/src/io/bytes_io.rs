//! `BytesIO`: bytes in memory as a stream, and `_BytesIOBuffer`, through which `getbuffer()` shows them.
//!
//! The object's lock guards storage and position. While views of the storage exist it neither moves nor changes its
//! length. Bytes that a view writes are guarded by the lock of the `_BytesIOBuffer` only: who writes through a view while
//! another thread reads the stream may find a mixture, as with shared memory anywhere, and nothing worse.

use super::{STREAM_FLAGS, c_int, class_of_header, classes, size_arg, ssize};
use std::cell::UnsafeCell;
use ungil_runtime::objects::buffer::{self, BufferOps, View, bytes_of, copy_into};
use ungil_runtime::objects::bytes::{empty_bytes, try_new_bytes};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// A `BytesIO`.
#[repr(C)]
pub struct PyBytesIo {
    pub h: Header,
    state: UnsafeCell<State>,
}

#[derive(Default)]
struct State {
    data: Vec<u8>,
    pos: usize,
    /// Views of the data.
    exports: usize,
    closed: bool,
}

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: the object is this thread's alone; what is left owns no memory.
    drop(std::mem::take(unsafe { (*h.cast::<PyBytesIo>()).state.get_mut() }));
}

unsafe fn needs_finalizer(h: *mut Header) -> bool {
    // SAFETY: the object is alive, and the thread has a context. Nothing depends on the closing of an exact one.
    unsafe { ungil_runtime::finalize::has_del(h) && !std::ptr::eq(class_of_header(h), classes().bytes_io) }
}

static BYTES_IO_OPS: TypeOps = TypeOps {
    name: "BytesIO",
    size: |_| size_of::<PyBytesIo>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyBytesIo {
    const OPS: &'static TypeOps = &BYTES_IO_OPS;
}

/// Why something could not be done.
enum Refusal {
    Closed,
    Exported,
    NoMemory,
    TooLong,
}

impl Refusal {
    #[cold]
    fn raise(self, cx: &mut Cx) -> Err {
        match self {
            Refusal::Closed => super::closed_error(cx),
            Refusal::Exported => {
                cx.error(Builtin::BufferError, "Existing exports of data: object cannot be re-sized")
            }
            Refusal::NoMemory => cx.memory_error(),
            Refusal::TooLong => cx.overflow_error("new buffer size too large"),
        }
    }
}

impl PyBytesIo {
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: the lock is held.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }

    /// Runs `f` unless the stream is closed.
    fn open<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut State) -> Result<T, Refusal>) -> R<T> {
        let result = self.with(cx, |state| if state.closed { Err(Refusal::Closed) } else { f(state) });
        result.map_err(|refusal| refusal.raise(cx))
    }
}

impl State {
    /// At most `n` bytes from the position on, which moves behind them.
    fn take(&mut self, n: usize) -> &[u8] {
        let from = self.pos.min(self.data.len());
        let to = from + n.min(self.data.len() - from);
        if to > from {
            self.pos = to;
        }
        &self.data[from..to]
    }

    fn line_len(&self, limit: usize) -> usize {
        let rest = &self.data[self.pos.min(self.data.len())..];
        let rest = &rest[..rest.len().min(limit)];
        memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.exports > 0 {
            return Err(Refusal::Exported);
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let end = self.pos.checked_add(bytes.len()).filter(|&end| end <= isize::MAX as usize);
        let end = end.ok_or(Refusal::TooLong)?;
        if end > self.data.len() {
            self.data.try_reserve(end - self.data.len()).map_err(|_| Refusal::NoMemory)?;
            if self.pos >= self.data.len() {
                self.data.resize(self.pos, 0);
                self.data.extend_from_slice(bytes);
                self.pos = end;
                return Ok(());
            }
            self.data.resize(end, 0);
        }
        self.data[self.pos..end].copy_from_slice(bytes);
        self.pos = end;
        Ok(())
    }
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    cx.alloc_for(class, |h| PyBytesIo { h, state: UnsafeCell::default() })
}

/// Replaces contents and position.
fn reset(cx: &mut Cx, this: &PyBytesIo, data: Vec<u8>) -> R<()> {
    let old = this.with(cx, |state| {
        if state.exports > 0 {
            return Err(Refusal::Exported);
        }
        (state.pos, state.closed) = (0, false);
        Ok(std::mem::replace(&mut state.data, data))
    });
    old.map(drop).map_err(|refusal| refusal.raise(cx))
}

fn init(cx: &mut Cx, a: Args<'_>) -> R {
    let data = match a.opt_not_none(1) {
        Some(initial) => bytes_of(cx, initial)?.into_owned(),
        None => Vec::new(),
    };
    reset(cx, a.this(), data)?;
    Ok(cx.none())
}

/// A new `bytes` of what `f` says is to be given out.
fn give(cx: &mut Cx, a: Args<'_>, f: impl FnOnce(&mut State) -> Vec<u8>) -> R {
    let data = a.this::<PyBytesIo>().open(cx, |state| Ok(f(state)))?;
    if data.is_empty() { Ok(empty_bytes(cx)) } else { try_new_bytes(cx, &data) }
}

fn read(cx: &mut Cx, a: Args<'_>) -> R {
    let n = size_arg(cx, a, 1)?.unwrap_or(usize::MAX);
    give(cx, a, |state| state.take(n).to_vec())
}

fn readline(cx: &mut Cx, a: Args<'_>) -> R {
    let limit = size_arg(cx, a, 1)?.unwrap_or(usize::MAX);
    give(cx, a, |state| {
        let n = state.line_len(limit);
        state.take(n).to_vec()
    })
}

fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let line = readline(cx, Args::new(&a.values()[..1]))?;
    if cx.len(line.r())? == 0 { Err(cx.stop_iteration()) } else { Ok(line) }
}

fn readlines(cx: &mut Cx, a: Args<'_>) -> R {
    let hint = size_arg(cx, a, 1)?.filter(|&n| n > 0).unwrap_or(usize::MAX);
    let lines: Vec<Vec<u8>> = a.this::<PyBytesIo>().open(cx, |state| {
        let (mut lines, mut total) = (Vec::new(), 0);
        while total < hint && state.pos < state.data.len() {
            let n = state.line_len(usize::MAX);
            lines.push(state.take(n).to_vec());
            total += n;
        }
        Ok(lines)
    })?;
    let mut items = Vec::with_capacity(lines.len());
    for line in lines {
        items.push(try_new_bytes(cx, &line)?);
    }
    Ok(cx.list(items))
}

fn readinto(cx: &mut Cx, a: Args<'_>) -> R {
    let len = super::writable_len(cx, a.get(1), "readinto")?;
    let data = a.this::<PyBytesIo>().open(cx, |state| Ok(state.take(len).to_vec()))?;
    let n = copy_into(cx, a.get(1), 0, &data)?;
    Ok(cx.int(n as i64))
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBytesIo>();
    this.open(cx, |state| if state.exports > 0 { Err(Refusal::Exported) } else { Ok(()) })?;
    let bytes = bytes_of(cx, a.get(1))?;
    this.open(cx, |state| state.write(&bytes))?;
    Ok(cx.int(bytes.len() as i64))
}

fn writelines(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyBytesIo>().open(cx, |_| Ok(()))?;
    cx.for_each(a.get(1), |cx, line| {
        write(cx, Args::of(&[a.get(0).own(cx), line]))?;
        Ok(true)
    })?;
    Ok(cx.none())
}

fn seek(cx: &mut Cx, a: Args<'_>) -> R {
    let to = ssize(cx, a.get(1))?;
    let whence = a.opt(2).map_or(Ok(0), |v| c_int(cx, v))?;
    let this = a.this::<PyBytesIo>();
    this.open(cx, |_| Ok(()))?;
    if whence == 0 && to < 0 {
        return Err(cx.value_error(format!("negative seek value {to}")));
    }
    if !(0..=2).contains(&whence) {
        return Err(cx.value_error(format!("invalid whence ({whence}, should be 0, 1 or 2)")));
    }
    let at = this.open(cx, |state| {
        let base = [0, state.pos, state.data.len()][whence as usize] as isize;
        Ok(base.checked_add(to).map(|at| {
            state.pos = at.max(0) as usize;
            state.pos
        }))
    })?;
    match at {
        Some(at) => Ok(cx.int(at as i64)),
        None => Err(cx.overflow_error("new position too large")),
    }
}

fn tell(cx: &mut Cx, a: Args<'_>) -> R {
    let at = a.this::<PyBytesIo>().open(cx, |state| Ok(state.pos))?;
    Ok(cx.int(at as i64))
}

fn truncate(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBytesIo>();
    this.open(cx, |state| if state.exports > 0 { Err(Refusal::Exported) } else { Ok(()) })?;
    let size = match a.opt_not_none(1) {
        Some(size) => ssize(cx, size)?,
        None => this.open(cx, |state| Ok(state.pos))? as isize,
    };
    let Ok(n) = usize::try_from(size) else {
        return Err(cx.value_error(format!("negative size value {size}")));
    };
    this.open(cx, |state| {
        if state.exports > 0 {
            return Err(Refusal::Exported);
        }
        state.data.truncate(n);
        Ok(())
    })?;
    Ok(cx.int(size as i64))
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let old = a.this::<PyBytesIo>().with(cx, |state| {
        if state.exports > 0 {
            return Err(Refusal::Exported);
        }
        state.closed = true;
        Ok(std::mem::take(&mut state.data))
    });
    old.map(drop).map_err(|refusal| refusal.raise(cx))?;
    Ok(cx.none())
}

fn check(cx: &mut Cx, a: Args<'_>, answer: Value) -> R {
    a.this::<PyBytesIo>().open(cx, |_| Ok(()))?;
    Ok(Obj::immediate(answer))
}

fn enter_iteration(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyBytesIo>().open(cx, |_| Ok(()))?;
    Ok(a.get(0).own(cx))
}

fn getstate(cx: &mut Cx, a: Args<'_>) -> R {
    let (data, pos) = a.this::<PyBytesIo>().open(cx, |state| Ok((state.data.clone(), state.pos)))?;
    let data = try_new_bytes(cx, &data)?;
    let dict = super::string_io::dict_copy(cx, a.get(0))?;
    Ok(cx.tuple(vec![data, cx.int(pos as i64), dict]))
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0)).name();
    let items = a.get(1).downcast::<PyTuple>(cx).map_or(&[][..], PyTuple::items);
    if items.len() < 3 {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("{class}.__setstate__ argument should be 3-tuple, got {got}")));
    }
    let data = bytes_of(cx, items[0])?.into_owned();
    reset(cx, a.this(), data)?;
    if !cx.is_instance_of(items[1], Builtin::Int) {
        let got = cx.type_name(items[1]);
        return Err(cx.type_error(format!("second item of state must be an integer, not {got}")));
    }
    let pos = ssize(cx, items[1])?;
    let Ok(pos) = usize::try_from(pos) else {
        return Err(cx.value_error("position value cannot be negative"));
    };
    a.this::<PyBytesIo>().with(cx, |state| state.pos = pos);
    super::string_io::update_dict(cx, a.get(0), items[2], "third")?;
    Ok(cx.none())
}

fn sizeof(cx: &mut Cx, a: Args<'_>) -> R {
    let room = a.this::<PyBytesIo>().with(cx, |state| state.data.capacity());
    Ok(cx.int((size_of::<PyBytesIo>() + room) as i64))
}

fn getbuffer(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyBytesIo>().open(cx, |_| Ok(()))?;
    let source = Slot::new(a.get(0).own(cx));
    let made = cx.alloc_for(classes().bytes_io_buffer, |h| PyBuffer { h, source })?;
    buffer::view_of(cx, made.r())
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__init__", "($self, initial_bytes=b'')", Full(init)),
    ("read", "($self, size=-1, /)", Full(read)),
    ("read1", "($self, size=-1, /)", Full(read)),
    ("readline", "($self, size=-1, /)", Full(readline)),
    ("readlines", "($self, size=None, /)", Full(readlines)),
    ("readinto", "($self, buffer, /)", Full(readinto)),
    ("write", "($self, b, /)", Full(write)),
    ("writelines", "($self, lines, /)", Full(writelines)),
    ("seek", "($self, pos, whence=0, /)", Full(seek)),
    ("tell", "($self, /)", Full(tell)),
    ("truncate", "($self, size=None, /)", Full(truncate)),
    ("getvalue", "($self, /)", Full(|cx, a| give(cx, a, |state| state.data.clone()))),
    ("getbuffer", "($self, /)", Full(getbuffer)),
    ("close", "($self, /)", Full(close)),
    ("flush", "($self, /)", Full(|cx, a| check(cx, a, Value::NONE))),
    ("isatty", "($self, /)", Full(|cx, a| check(cx, a, Value::FALSE))),
    ("readable", "($self, /)", Full(|cx, a| check(cx, a, Value::TRUE))),
    ("writable", "($self, /)", Full(|cx, a| check(cx, a, Value::TRUE))),
    ("seekable", "($self, /)", Full(|cx, a| check(cx, a, Value::TRUE))),
    ("__getstate__", "($self, /)", Full(getstate)),
    ("__setstate__", "($self, object, /)", Full(setstate)),
    ("__sizeof__", "($self, /)", Full(sizeof)),
];

/// Makes the class.
pub fn make(cx: &mut Cx, above: &'static PyType) -> &'static PyType {
    let size = size_of::<PyBytesIo>();
    let mut t = TypeBuilder::native_derived(cx, "_io.BytesIO", above, &BYTES_IO_OPS, size, STREAM_FLAGS);
    t.doc(cx, "Bytes in memory as a stream.")
        .constructor(cx, "($type, *args, **kwargs)", Full(new))
        .methods(cx, METHODS)
        .specials(cx, &[(Special::Iter, Full(enter_iteration)), (Special::Next, Full(next))])
        .getset(
            cx,
            "closed",
            Leaf(|cx, a| {
                let closed = a.this::<PyBytesIo>().with(cx, |state| state.closed);
                Ok(cx.bool(closed))
            }),
            None,
        );
    t.class()
}

/// A `_BytesIOBuffer`: the memory of a `BytesIO`.
#[repr(C)]
pub struct PyBuffer {
    pub h: Header,
    source: Slot,
}

ungil_runtime::slot_ops!(BUFFER_OPS, PyBuffer, "_BytesIOBuffer", source);

static EXPORTS: BufferOps = BufferOps { export, release };

fn export(cx: &mut Cx, v: Ref<'_>) -> R<View> {
    let source = v.downcast::<PyBuffer>(cx).and_then(|b| b.source.get(&b.h, cx));
    let Some(source) = source else { return Err(buffer::not_bytes_like(cx, v)) };
    // SAFETY: set for good when the object was made, to a `BytesIO`.
    let stream = unsafe { source.cast_unchecked::<PyBytesIo>() };
    let (start, len) = stream.with(cx, |state| {
        state.exports += 1;
        (state.data.as_mut_ptr(), state.data.len())
    });
    Ok(View::of_bytes(start, len, false))
}

fn release(m: &Mutator, v: Ref<'_>) {
    // SAFETY: only called for what `export` has exported; the source is set for good.
    let (buffer, stream) = unsafe {
        let buffer = v.cast_unchecked::<PyBuffer>();
        if buffer.source.is_empty() {
            // The collector has cleared the buffer: its stream goes with it.
            return;
        }
        (buffer, Ref::from_value(buffer.source.peek()).cast_unchecked::<PyBytesIo>())
    };
    let _ = buffer;
    let less = || {
        // SAFETY: the lock is held, or everything is this thread's.
        unsafe { (*stream.state.get()).exports -= 1 };
    };
    if m.is_exclusive(&stream.h) {
        return less();
    }
    stream.h.lock.lock(&m.world);
    less();
    stream.h.lock.unlock(&m.world);
}

/// Makes the class of buffers.
pub fn make_buffer(cx: &mut Cx) -> &'static PyType {
    buffer::register(&BUFFER_OPS, &EXPORTS);
    let size = size_of::<PyBuffer>();
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let mut t = TypeBuilder::native_type(cx, "_io._BytesIOBuffer", &BUFFER_OPS, size, true, flags);
    t.method(cx, "__buffer__", "($self, flags, /)", Full(|cx, a| buffer::view_of(cx, a.get(0)))).method(
        cx,
        "__release_buffer__",
        "($self, buffer, /)",
        Full(|cx, a| cx.call_method(a.get(1), "release", &[])),
    );
    t.class()
}

/// The dict of an instance; for the state of streams.
pub fn as_dict<'a>(cx: &Cx, v: &'a Obj) -> Option<&'a PyDict> {
    v.downcast::<PyDict>(cx)
}
