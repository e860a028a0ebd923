//! `_bz2`: compression with the Rust version of the bzip2 library.
//!
//! A stream object's state is behind a mutex, held while it works; it works detached, and who finds the mutex taken waits
//! detached.

use crate::os;
use bzip2::{Action, Compress, Compression, Decompress, Status};
use std::sync::PoisonError;
use ungil_locks::primitive::Mutex;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{new_bytes, try_new_bytes};
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

/// Room that is made for output at a time.
const STEP: usize = 32 * 1024;

/// Why the library did not go on.
enum Failure {
    /// The input is no bzip2 stream.
    Data,
    Memory,
    /// It was flushed before; the text says what was tried.
    Flushed(&'static str),
    /// All was decompressed before.
    Ended,
}

fn raise(cx: &mut Cx, why: Failure) -> Err {
    match why {
        Failure::Data => cx.error(Builtin::OSError, "Invalid data stream"),
        Failure::Memory => cx.memory_error(),
        Failure::Flushed(text) => cx.value_error(text),
        Failure::Ended => cx.error(Builtin::EOFError, "End of stream already reached"),
    }
}

/// Makes room for some more output, but not for more than `limit` bytes in all.
fn make_room(out: &mut Vec<u8>, limit: usize) -> Result<(), Failure> {
    let more = STEP.max(out.len()).min(limit - out.len());
    out.try_reserve_exact(more).map_err(|_| Failure::Memory)
}

#[repr(C)]
struct PyCompressor {
    h: Header,
    /// Nothing once it is flushed.
    stream: Mutex<Option<Compress>>,
}

static COMPRESSOR_OPS: TypeOps = TypeOps {
    name: "BZ2Compressor",
    size: |_| size_of::<PyCompressor>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called with a compressor that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyCompressor>() };
        drop(this.stream.lock().unwrap_or_else(PoisonError::into_inner).take());
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyCompressor {
    const OPS: &'static TypeOps = &COMPRESSOR_OPS;
}

fn new_compressor(cx: &mut Cx, a: Args<'_>) -> R {
    let level = os::c_int_or(cx, a.opt(1), 9)?;
    let level = match u32::try_from(level) {
        Ok(level @ 1..=9) => level,
        _ => return Err(cx.value_error("compresslevel must be between 1 and 9")),
    };
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("not a class")) };
    let stream = Mutex::new(Some(Compress::new(Compression::new(level), 0)));
    cx.alloc_for(class, |h| PyCompressor { h, stream })
}

/// Feeds the stream until it has taken all of the input, or for `Finish` until it has given all of its output.
fn run(stream: &mut Compress, mut input: &[u8], action: Action) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let finish = matches!(action, Action::Finish);
    while finish || !input.is_empty() {
        make_room(&mut out, usize::MAX)?;
        let before = stream.total_in();
        let status = stream.compress_vec(input, &mut out, action).map_err(|_| Failure::Data)?;
        input = &input[(stream.total_in() - before) as usize..];
        if matches!(status, Status::StreamEnd) {
            break;
        }
    }
    Ok(out)
}

fn finish(cx: &mut Cx, result: Result<Vec<u8>, Failure>) -> R {
    match result {
        Ok(out) => try_new_bytes(cx, &out),
        Err(why) => Err(raise(cx, why)),
    }
}

fn compress(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::bytes_of(cx, a.get(1))?;
    let this = a.this::<PyCompressor>();
    let result = cx.detached(|| match &mut *this.stream.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(stream) => run(stream, &data, Action::Run),
        None => Err(Failure::Flushed("Compressor has been flushed")),
    });
    finish(cx, result)
}

fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyCompressor>();
    let result = cx.detached(|| match this.stream.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(mut stream) => run(&mut stream, &[], Action::Finish),
        None => Err(Failure::Flushed("Repeated call to flush()")),
    });
    finish(cx, result)
}

/// What a decompressor guards.
struct State {
    /// Nothing once the stream has ended, or the object is gone.
    stream: Option<Decompress>,
    /// Input that there was no room for the output of.
    tail: Vec<u8>,
    /// What followed the end of the stream.
    unused: Vec<u8>,
    needs_input: bool,
}

#[repr(C)]
struct PyDecompressor {
    h: Header,
    state: Mutex<State>,
}

static DECOMPRESSOR_OPS: TypeOps = TypeOps {
    name: "BZ2Decompressor",
    size: |_| size_of::<PyDecompressor>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called with a decompressor that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyDecompressor>() };
        let mut state = this.state.lock().unwrap_or_else(PoisonError::into_inner);
        drop((state.stream.take(), std::mem::take(&mut state.tail), std::mem::take(&mut state.unused)));
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyDecompressor {
    const OPS: &'static TypeOps = &DECOMPRESSOR_OPS;
}

fn new_decompressor(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("not a class")) };
    let stream = Some(Decompress::new(false));
    let state = State { stream, tail: Vec::new(), unused: Vec::new(), needs_input: true };
    cx.alloc_for(class, |h| PyDecompressor { h, state: Mutex::new(state) })
}

impl State {
    fn decompress(&mut self, data: &[u8], limit: usize) -> Result<Vec<u8>, Failure> {
        let Some(stream) = &mut self.stream else { return Err(Failure::Ended) };
        let mut kept = std::mem::take(&mut self.tail);
        kept.extend_from_slice(data);
        let (mut input, mut out, mut ended) = (&kept[..], Vec::new(), false);
        while !ended && out.len() < limit {
            make_room(&mut out, limit)?;
            let (before, made) = (stream.total_in(), out.len());
            let status = stream.decompress_vec(input, &mut out).map_err(|_| Failure::Data)?;
            input = &input[(stream.total_in() - before) as usize..];
            ended = matches!(status, Status::StreamEnd);
            if input.is_empty() && (out.len() == made || out.len() < out.capacity()) {
                break;
            }
        }
        match ended {
            true => (self.unused, self.stream) = (input.to_vec(), None),
            false => self.tail = input.to_vec(),
        }
        // What is ready inside the stream comes first.
        self.needs_input = !ended && self.tail.is_empty() && out.len() < limit;
        Ok(out)
    }
}

fn decompress(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::bytes_of(cx, a.get(1))?;
    let limit = match a.opt(2) {
        Some(v) => os::size(cx, v)?,
        None => -1,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let this = a.this::<PyDecompressor>();
    let result =
        cx.detached(|| this.state.lock().unwrap_or_else(PoisonError::into_inner).decompress(&data, limit));
    finish(cx, result)
}

/// Runs `f` with the state for an attribute.
fn look<T>(cx: &mut Cx, a: Args<'_>, f: impl FnOnce(&State) -> T) -> T {
    let this = a.this::<PyDecompressor>();
    cx.detached(|| f(&this.state.lock().unwrap_or_else(PoisonError::into_inner)))
}

fn eof(cx: &mut Cx, a: Args<'_>) -> R {
    let ended = look(cx, a, |state| state.stream.is_none());
    Ok(cx.bool(ended))
}

fn needs_input(cx: &mut Cx, a: Args<'_>) -> R {
    let needs = look(cx, a, |state| state.needs_input);
    Ok(cx.bool(needs))
}

fn unused_data(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = look(cx, a, |state| state.unused.clone());
    Ok(new_bytes(cx, &bytes))
}

fn cannot_pickle(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.class_of(a.get(0)).tp_name();
    Err(cx.type_error(format!("cannot pickle '{name}' object")))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let size = size_of::<PyCompressor>();
    let mut t = TypeBuilder::native_type(cx, "_bz2.BZ2Compressor", &COMPRESSOR_OPS, size, false, 0);
    t.doc(cx, "Compresses data piece by piece.")
        .constructor(cx, "($type, compresslevel=9, /)", Full(new_compressor))
        .method(cx, "compress", "($self, data, /)", Full(compress))
        .method(cx, "flush", "($self, /)", Full(flush))
        .method(cx, "__reduce__", "($self, /)", Full(cannot_pickle));
    let class = t.class().as_ref().own(cx);
    add(cx, module, "BZ2Compressor", class);
    let size = size_of::<PyDecompressor>();
    let mut t = TypeBuilder::native_type(cx, "_bz2.BZ2Decompressor", &DECOMPRESSOR_OPS, size, false, 0);
    t.doc(cx, "Decompresses data piece by piece.")
        .constructor(cx, "($type)", Full(new_decompressor))
        .method(cx, "decompress", "($self, /, data, max_length=-1)", Full(decompress))
        .method(cx, "__reduce__", "($self, /)", Full(cannot_pickle))
        .getset(cx, "eof", Full(eof), None)
        .getset(cx, "needs_input", Full(needs_input), None)
        .getset(cx, "unused_data", Full(unused_data), None);
    let class = t.class().as_ref().own(cx);
    add(cx, module, "BZ2Decompressor", class);
    Ok(())
}
