//! `zlib.Compress`, what `compressobj` gives.

use super::stream::{Failure, Settings, Stream};
use super::{cannot_pickle, dictionary_arg, failure, guarded, refused, zlib_error};
use crate::os;
use libz_rs_sys as z;
use std::sync::{OnceLock, PoisonError};
use ungil_locks::primitive::Mutex;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{empty_bytes, try_new_bytes};
use ungil_runtime::prelude::*;

#[repr(C)]
struct PyCompress {
    h: Header,
    /// Nothing once the end was written.
    stream: Mutex<Option<Stream>>,
}

static COMPRESS_OPS: TypeOps = TypeOps {
    name: "Compress",
    size: |_| size_of::<PyCompress>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called once, with an object that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyCompress>() };
        drop(this.stream.lock().unwrap_or_else(PoisonError::into_inner).take());
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyCompress {
    const OPS: &'static TypeOps = &COMPRESS_OPS;
}

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

fn make(cx: &mut Cx, stream: Stream) -> R {
    match CLASS.get() {
        Some(class) => cx.alloc_for(class, |h| PyCompress { h, stream: Mutex::new(Some(stream)) }),
        None => Err(cx.system_error("zlib is not initialised")),
    }
}

/// `compressobj(level, method, wbits, memLevel, strategy, zdict)`.
pub fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let settings = Settings {
        level: os::c_int_or(cx, a.opt(0), -1)?,
        method: os::c_int_or(cx, a.opt(1), 8)?,
        wbits: os::c_int_or(cx, a.opt(2), 15)?,
        memory: os::c_int_or(cx, a.opt(3), 8)?,
        strategy: os::c_int_or(cx, a.opt(4), 0)?,
    };
    let dictionary = a.opt(5).map(|v| dictionary_arg(cx, v, false)).transpose()?;
    let mut stream = Stream::deflate(settings).map_err(|code| refused(cx, code))?;
    if let Some(dictionary) = dictionary
        && stream.set_dictionary(&dictionary).is_err()
    {
        return Err(cx.value_error("Invalid dictionary"));
    }
    make(cx, stream)
}

/// What calls of a stream that has ended come to.
const ENDED: Failure = Failure::Zlib(z::Z_STREAM_ERROR, None);

fn compress(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::bytes_of(cx, a.get(1))?;
    let result = guarded(cx, &a.this::<PyCompress>().stream, |stream| {
        let mut out = Vec::new();
        let stream = stream.as_mut().ok_or(ENDED)?;
        stream.run(&data, z::Z_NO_FLUSH, usize::MAX, &mut out).map(|_| out)
    });
    match result {
        Ok(out) => try_new_bytes(cx, &out),
        Err(why) => Err(failure(cx, why, "while compressing data")),
    }
}

fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    let mode = os::c_int_or(cx, a.opt(1), z::Z_FINISH)?;
    if mode == z::Z_NO_FLUSH {
        return Ok(empty_bytes(cx));
    }
    let result = guarded(cx, &a.this::<PyCompress>().stream, |place| {
        let mut out = Vec::new();
        let stream = place.as_mut().ok_or(ENDED)?;
        let step = stream.run(&[], mode, usize::MAX, &mut out)?;
        if step.ended && mode == z::Z_FINISH {
            *place = None;
        }
        Ok(out)
    });
    match result {
        Ok(out) => try_new_bytes(cx, &out),
        Err(why) => Err(failure(cx, why, "while flushing")),
    }
}

fn copy(cx: &mut Cx, a: Args<'_>) -> R {
    let copied = guarded(cx, &a.this::<PyCompress>().stream, |stream| stream.as_ref().map(Stream::copy));
    match copied {
        Some(Ok(stream)) => make(cx, stream),
        None | Some(Err(z::Z_STREAM_ERROR)) => Err(cx.value_error("Inconsistent stream state")),
        Some(Err(z::Z_MEM_ERROR)) => Err(cx.memory_error()),
        Some(Err(code)) => Err(zlib_error(cx, code, None, "while copying compression object")),
    }
}

/// Makes the type.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyCompress>();
    let mut t = TypeBuilder::native_type(cx, "zlib.Compress", &COMPRESS_OPS, size, false, flags);
    t.method(cx, "compress", "($self, data, /)", Full(compress))
        .method(cx, "flush", "($self, mode=4, /)", Full(flush))
        .method(cx, "copy", "($self, /)", Full(copy))
        .method(cx, "__copy__", "($self, /)", Full(copy))
        .method(cx, "__deepcopy__", "($self, memo, /)", Full(copy))
        .method(cx, "__reduce__", "($self, /)", Full(cannot_pickle));
    CLASS.get_or_init(|| t.class());
}
