//! `zlib.Decompress`, what `decompressobj` gives, and `zlib._ZlibDecompressor`, which keeps its input until it is asked for more.

use super::stream::{Failure, Step, Stream};
use super::{cannot_pickle, dictionary_arg, failure, guarded, refused, zlib_error};
use crate::os;
use libz_rs_sys as z;
use std::sync::{Arc, OnceLock, PoisonError};
use ungil_locks::primitive::{Mutex, MutexGuard};
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{new_bytes, try_new_bytes};
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

/// What both types guard.
#[derive(Default)]
struct State {
    /// Nothing once the object is gone.
    stream: Option<Stream>,
    ended: bool,
    /// What followed the end of the stream. Whoever asks for it looks at it in place.
    unused: Arc<Vec<u8>>,
    /// What there was no room for.
    tail: Vec<u8>,
    needs_input: bool,
}

#[repr(C)]
struct PyDecompress {
    h: Header,
    state: Mutex<State>,
}

static DECOMPRESS_OPS: TypeOps = TypeOps {
    name: "Decompress",
    size: |_| size_of::<PyDecompress>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called once, with an object that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyDecompress>() };
        drop(std::mem::take(&mut *this.state()));
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyDecompress {
    const OPS: &'static TypeOps = &DECOMPRESS_OPS;
}

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

impl PyDecompress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn run(&mut self, input: &[u8], flush: i32, limit: usize, out: &mut Vec<u8>) -> Result<Step, Failure> {
        match &mut self.stream {
            Some(stream) => stream.run(input, flush, limit, out),
            None => Err(Failure::Zlib(z::Z_STREAM_ERROR, None)),
        }
    }

    /// As `Decompress` keeps what is left of its input.
    fn keep_rest(&mut self, rest: &[u8], step: Step) {
        self.ended |= step.ended;
        if step.ended {
            Arc::make_mut(&mut self.unused).extend_from_slice(rest);
            self.tail.clear();
        } else {
            self.tail = rest.to_vec();
        }
    }
}

/// A new object around a stream of its own.
fn make(cx: &mut Cx, class: &PyType, wbits: i32, dictionary: Vec<u8>) -> R {
    let stream = Stream::inflate(wbits, dictionary).map_err(|code| refused(cx, code))?;
    let state = State { stream: Some(stream), needs_input: true, ..State::default() };
    cx.alloc_for(class, |h| PyDecompress { h, state: Mutex::new(state) })
}

/// `decompressobj(wbits, zdict)`.
pub fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let wbits = os::c_int_or(cx, a.opt(0), 15)?;
    let dictionary = a.opt(1).map_or(Ok(Vec::new()), |v| dictionary_arg(cx, v, true))?;
    match CLASS.get() {
        Some(class) => make(cx, class, wbits, dictionary),
        None => Err(cx.system_error("zlib is not initialised")),
    }
}

fn finish(cx: &mut Cx, result: Result<Vec<u8>, Failure>, what: &str) -> R {
    match result {
        Ok(out) => try_new_bytes(cx, &out),
        Err(why) => Err(failure(cx, why, what)),
    }
}

fn decompress(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::steady_bytes_of(cx, a.get(1))?;
    let data: &[u8] = &data;
    let limit = match a.opt(2) {
        Some(v) => os::size(cx, v)?,
        None => 0,
    };
    let limit = match usize::try_from(limit) {
        Ok(0) => usize::MAX,
        Ok(n) => n,
        Err(_) => return Err(cx.value_error("max_length must be non-negative")),
    };
    let result = guarded(cx, &a.this::<PyDecompress>().state, |state| {
        let mut out = Vec::new();
        if state.ended {
            Arc::make_mut(&mut state.unused).extend_from_slice(data);
            return Ok(out);
        }
        let step = state.run(data, z::Z_SYNC_FLUSH, limit, &mut out)?;
        state.keep_rest(&data[step.used..], step);
        Ok(out)
    });
    finish(cx, result, "while decompressing data")
}

fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(len) = a.opt(1)
        && os::size(cx, len)? <= 0
    {
        return Err(cx.value_error("length must be greater than zero"));
    }
    let result = guarded(cx, &a.this::<PyDecompress>().state, |state| {
        let mut out = Vec::new();
        if state.ended {
            return Ok(out);
        }
        let tail = std::mem::take(&mut state.tail);
        let step = state.run(&tail, z::Z_FINISH, usize::MAX, &mut out)?;
        state.keep_rest(&tail[step.used..], step);
        Ok(out)
    });
    finish(cx, result, "while flushing")
}

fn copy(cx: &mut Cx, a: Args<'_>) -> R {
    let copied = guarded(cx, &a.this::<PyDecompress>().state, |state| match &state.stream {
        Some(stream) if !state.ended => stream.copy().map(|stream| State {
            stream: Some(stream),
            ended: state.ended,
            unused: state.unused.clone(),
            tail: state.tail.clone(),
            needs_input: state.needs_input,
        }),
        _ => Err(z::Z_STREAM_ERROR),
    });
    let class = cx.class_of(a.get(0));
    match copied {
        Ok(state) => cx.alloc_for(class, |h| PyDecompress { h, state: Mutex::new(state) }),
        Err(z::Z_STREAM_ERROR) => Err(cx.value_error("Inconsistent stream state")),
        Err(z::Z_MEM_ERROR) => Err(cx.memory_error()),
        Err(code) => Err(zlib_error(cx, code, None, "while copying decompression object")),
    }
}

/// Runs `f` with the state for an attribute.
fn look<T: Send>(cx: &mut Cx, a: Args<'_>, f: impl FnOnce(&State) -> T) -> T {
    guarded(cx, &a.this::<PyDecompress>().state, |state| f(state))
}

fn eof(cx: &mut Cx, a: Args<'_>) -> R {
    let ended = look(cx, a, |state| state.ended);
    Ok(cx.bool(ended))
}

fn unused_data(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = look(cx, a, |state| state.unused.clone());
    Ok(new_bytes(cx, &bytes))
}

fn unconsumed_tail(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = look(cx, a, |state| state.tail.clone());
    Ok(new_bytes(cx, &bytes))
}

fn needs_input(cx: &mut Cx, a: Args<'_>) -> R {
    let needs = look(cx, a, |state| state.needs_input);
    Ok(cx.bool(needs))
}

fn new_buffered(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("not a class")) };
    let wbits = os::c_int_or(cx, a.opt(1), 15)?;
    let dictionary = a.opt(2).map_or(Ok(Vec::new()), |v| dictionary_arg(cx, v, true))?;
    make(cx, class, wbits, dictionary)
}

fn decompress_buffered(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::bytes_of(cx, a.get(1))?;
    let limit = match a.opt(2) {
        Some(v) => os::size(cx, v)?,
        None => -1,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let result = guarded(cx, &a.this::<PyDecompress>().state, |state| {
        if state.ended {
            return Ok(None);
        }
        let mut input = std::mem::take(&mut state.tail);
        let input = if input.is_empty() {
            &*data
        } else {
            input.extend_from_slice(&data);
            &input
        };
        let mut out = Vec::new();
        let step = state.run(input, z::Z_SYNC_FLUSH, limit, &mut out)?;
        let rest = &input[step.used..];
        state.ended = step.ended;
        match step.ended {
            true => state.unused = Arc::new(rest.to_vec()),
            false => state.tail = rest.to_vec(),
        }
        // What is ready inside the stream comes first.
        state.needs_input = !step.ended && rest.is_empty() && out.len() < limit;
        Ok(Some(out))
    });
    match result {
        Ok(None) => Err(cx.error(Builtin::EOFError, "End of stream already reached")),
        Ok(Some(out)) => try_new_bytes(cx, &out),
        Err(why) => Err(failure(cx, why, "while decompressing data")),
    }
}

/// Makes the types.
pub fn init(cx: &mut Cx, module: &Obj) {
    let size = size_of::<PyDecompress>();
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let mut t = TypeBuilder::native_type(cx, "zlib.Decompress", &DECOMPRESS_OPS, size, false, flags);
    t.method(cx, "decompress", "($self, data, /, max_length=0)", Full(decompress))
        .method(cx, "flush", "($self, length=16384, /)", Full(flush))
        .method(cx, "copy", "($self, /)", Full(copy))
        .method(cx, "__copy__", "($self, /)", Full(copy))
        .method(cx, "__deepcopy__", "($self, memo, /)", Full(copy))
        .method(cx, "__reduce__", "($self, /)", Full(cannot_pickle))
        .getset(cx, "eof", Full(eof), None)
        .getset(cx, "unused_data", Full(unused_data), None)
        .getset(cx, "unconsumed_tail", Full(unconsumed_tail), None);
    CLASS.get_or_init(|| t.class());
    let mut t = TypeBuilder::native_type(cx, "zlib._ZlibDecompressor", &DECOMPRESS_OPS, size, false, 0);
    t.doc(cx, "Decompresses, and keeps the input that it has no room for the output of.")
        .constructor(cx, "($type, wbits=15, zdict=b'')", Full(new_buffered))
        .method(cx, "decompress", "($self, /, data, max_length=-1)", Full(decompress_buffered))
        .method(cx, "__reduce__", "($self, /)", Full(cannot_pickle))
        .getset(cx, "eof", Full(eof), None)
        .getset(cx, "unused_data", Full(unused_data), None)
        .getset(cx, "needs_input", Full(needs_input), None);
    let class = t.class().as_ref().own(cx);
    add(cx, module, "_ZlibDecompressor", class);
}
