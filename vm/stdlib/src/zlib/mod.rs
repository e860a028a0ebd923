//! `zlib`: compression with the Rust version of the library of that name.
//!
//! A stream object's state is behind a mutex, held while it works; it works detached, and who finds the mutex taken waits
//! detached. `stream.rs` wraps the library; `compress.rs` and `decompress.rs` have the objects.

mod compress;
mod decompress;
mod stream;

use crate::os;
use crate::posix::Table;
use libz_rs_sys as z;
use std::sync::{OnceLock, PoisonError};
use stream::{Failure, Settings, Stream};
use ungil_locks::primitive::Mutex;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::try_new_bytes;
use ungil_runtime::objects::int;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// `zlib.error`.
static ERROR: OnceLock<SharedValue> = OnceLock::new();

const FUNCTIONS: Table = &[
    ("adler32", "($module, data, value=1, /)", Full(adler32)),
    ("crc32", "($module, data, value=0, /)", Full(crc32)),
    ("compress", "($module, data, /, level=-1, wbits=15)", Full(compress)),
    ("decompress", "($module, data, /, wbits=15, bufsize=16384)", Full(decompress)),
    (
        "compressobj",
        "($module, /, level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=<unrepresentable>)",
        Full(compress::new),
    ),
    ("decompressobj", "($module, /, wbits=15, zdict=b'')", Full(decompress::new)),
];

const CONSTANTS: &[(&str, i64)] = &[
    ("DEFLATED", 8),
    ("DEF_BUF_SIZE", 16384),
    ("DEF_MEM_LEVEL", 8),
    ("MAX_WBITS", 15),
    ("Z_BEST_COMPRESSION", 9),
    ("Z_BEST_SPEED", 1),
    ("Z_BLOCK", 5),
    ("Z_DEFAULT_COMPRESSION", -1),
    ("Z_DEFAULT_STRATEGY", 0),
    ("Z_FILTERED", 1),
    ("Z_FINISH", 4),
    ("Z_FIXED", 4),
    ("Z_FULL_FLUSH", 3),
    ("Z_HUFFMAN_ONLY", 2),
    ("Z_NO_COMPRESSION", 0),
    ("Z_NO_FLUSH", 0),
    ("Z_PARTIAL_FLUSH", 1),
    ("Z_RLE", 3),
    ("Z_SYNC_FLUSH", 2),
    ("Z_TREES", 6),
];

/// A `zlib.error` about something that was going on ("while decompressing data").
fn zlib_error(cx: &mut Cx, code: i32, text: Option<String>, what: &str) -> Err {
    let text = text.or_else(|| {
        let text = match code {
            z::Z_BUF_ERROR => "incomplete or truncated stream",
            z::Z_STREAM_ERROR => "inconsistent stream state",
            z::Z_DATA_ERROR => "invalid input data",
            _ => return None,
        };
        Some(text.into())
    });
    match text {
        Some(text) => plain_error(cx, &format!("Error {code} {what}: {text}")),
        None => plain_error(cx, &format!("Error {code} {what}")),
    }
}

fn plain_error(cx: &mut Cx, text: &str) -> Err {
    match ERROR.get() {
        Some(class) => cx.error_of(class.get(), text),
        None => cx.system_error(text),
    }
}

fn failure(cx: &mut Cx, failure: Failure, what: &str) -> Err {
    match failure {
        Failure::Zlib(code, text) => zlib_error(cx, code, text, what),
        Failure::Dictionary(code, text) => zlib_error(cx, code, text, "while setting zdict"),
        Failure::Memory => cx.memory_error(),
    }
}

/// What making a stream object raises.
fn refused(cx: &mut Cx, code: i32) -> Err {
    match code {
        z::Z_MEM_ERROR => cx.memory_error(),
        z::Z_STREAM_ERROR => cx.value_error("Invalid initialization option"),
        code => zlib_error(cx, code, None, "while creating the object"),
    }
}

/// The 32 bits of a checksum to go on from.
fn checksum_arg(cx: &mut Cx, v: Option<Ref<'_>>, default: u32) -> R<u32> {
    let Some(v) = v else { return Ok(default) };
    let index = cx.index(v)?;
    let low = int::to_bigint(cx, index.r()).map(|n| {
        let bytes = n.to_signed_bytes_le();
        let filler = if n.sign() == num_bigint::Sign::Minus { 255 } else { 0 };
        let byte = |i: usize| bytes.get(i).copied().unwrap_or(filler);
        u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)])
    });
    Ok(low.unwrap_or(default))
}

/// Inputs of more bytes than this are computed detached.
const LONG: usize = 5 * 1024;

fn adler32(cx: &mut Cx, a: Args<'_>) -> R {
    let start = checksum_arg(cx, a.opt(1), 1)?;
    let data = buffer::bytes_of(cx, a.get(0))?;
    let compute = || {
        data.chunks(u32::MAX as usize).fold(start as u64, |sum, part| {
            // SAFETY: so many bytes.
            unsafe { z::adler32(sum, part.as_ptr(), part.len() as u32) }
        })
    };
    let sum = if data.len() > LONG { cx.detached(compute) } else { compute() };
    Ok(cx.int(sum as u32 as i64))
}

fn crc32(cx: &mut Cx, a: Args<'_>) -> R {
    let start = checksum_arg(cx, a.opt(1), 0)?;
    let data = buffer::bytes_of(cx, a.get(0))?;
    let compute = || {
        let mut hasher = crc32fast::Hasher::new_with_initial(start);
        hasher.update(&data);
        hasher.finalize()
    };
    let sum = if data.len() > LONG { cx.detached(compute) } else { compute() };
    Ok(cx.int(sum as i64))
}

fn compress(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::bytes_of(cx, a.get(0))?;
    let (level, wbits) = (os::c_int_or(cx, a.opt(1), -1)?, os::c_int_or(cx, a.opt(2), 15)?);
    let result = cx.detached(|| {
        let settings = Settings { level, method: 8, wbits, memory: 8, strategy: 0 };
        let mut out = Vec::new();
        let result = Stream::deflate(settings);
        result.map(|mut stream| stream.run(&data, z::Z_FINISH, usize::MAX, &mut out).map(|_| out))
    });
    match result {
        Ok(Ok(out)) => try_new_bytes(cx, &out),
        Ok(Err(why)) => Err(failure(cx, why, "while compressing data")),
        Err(z::Z_MEM_ERROR) => Err(cx.memory_error()),
        Err(_) => Err(plain_error(cx, "Bad compression level")),
    }
}

fn decompress(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::bytes_of(cx, a.get(0))?;
    let wbits = os::c_int_or(cx, a.opt(1), 15)?;
    if let Some(size) = a.opt(2)
        && os::size(cx, size)? < 0
    {
        return Err(cx.value_error("bufsize must be non-negative"));
    }
    let result = cx.detached(|| {
        let mut out = Vec::new();
        let mut stream = Stream::inflate(wbits, Vec::new())?;
        Ok(stream.run(&data, z::Z_SYNC_FLUSH, usize::MAX, &mut out).map(|step| (step, out)))
    });
    match result {
        Ok(Ok((step, out))) if step.ended => try_new_bytes(cx, &out),
        Ok(Ok(_)) => Err(zlib_error(cx, z::Z_BUF_ERROR, None, "while decompressing data")),
        Ok(Err(why)) => Err(failure(cx, why, "while decompressing data")),
        Err(z::Z_MEM_ERROR) => Err(cx.memory_error()),
        Err(code) => Err(zlib_error(cx, code, None, "while preparing to decompress data")),
    }
}

/// Runs `f` with a guarded state, detached.
fn guarded<S, T: Send>(cx: &mut Cx, state: &Mutex<S>, f: impl FnOnce(&mut S) -> T) -> T {
    cx.detached(|| f(&mut state.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// A copy of a dictionary argument.
fn dictionary_arg(cx: &mut Cx, v: Ref<'_>, check: bool) -> R<Vec<u8>> {
    if check && !buffer::is_bytes_like(cx, v) {
        return Err(cx.type_error("zdict argument must support the buffer protocol"));
    }
    Ok(buffer::bytes_of(cx, v)?.into_owned())
}

/// `__reduce__` of streams.
fn cannot_pickle(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.class_of(a.get(0)).tp_name();
    Err(cx.type_error(format!("cannot pickle '{name}' object")))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in CONSTANTS {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    for name in ["ZLIB_VERSION", "ZLIB_RUNTIME_VERSION", "__version__"] {
        let text = cx.str(if name == "__version__" { "1.0" } else { "1.3.1" });
        add(cx, module, name, text);
    }
    let base = cx.builtin(Builtin::Exception);
    let error = os::new_exception_class(cx, "zlib.error", base)?;
    let _ = ERROR.set(SharedValue::new(error.clone()));
    add(cx, module, "error", error);
    compress::init(cx);
    decompress::init(cx, module);
    Ok(())
}
