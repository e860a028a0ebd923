//! `_lzma`: compression with the library liblzma, whose C source is part of the program.
//!
//! A stream object's state is behind a mutex, held while it works; it works detached, and who finds the mutex taken waits
//! detached.

use crate::exceptions::Class;
use crate::os;
use liblzma_sys as ffi;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::{new_bytes, try_new_bytes};
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::int;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

static ERROR: Class = Class::new();

/// Room that is made for output at a time.
const STEP: usize = 32 * 1024;

const FORMAT_AUTO: i32 = 0;
const FORMAT_XZ: i32 = 1;
const FORMAT_ALONE: i32 = 2;
const FORMAT_RAW: i32 = 3;
const CHECK_UNKNOWN: u32 = 16;
const PRESET_DEFAULT: u32 = 6;

const FILTER_LZMA1: u64 = 0x4000_0000_0000_0001;
const FILTER_LZMA2: u64 = 0x21;
const FILTER_DELTA: u64 = 3;
/// Ends a chain of filters.
const FILTER_END: u64 = u64::MAX;
/// Filters of machine code.
const BCJ: std::ops::RangeInclusive<u64> = 4..=9;

const CONSTANTS: &[(&str, i64)] = &[
    ("FORMAT_AUTO", FORMAT_AUTO as i64),
    ("FORMAT_XZ", FORMAT_XZ as i64),
    ("FORMAT_ALONE", FORMAT_ALONE as i64),
    ("FORMAT_RAW", FORMAT_RAW as i64),
    ("CHECK_NONE", 0),
    ("CHECK_CRC32", 1),
    ("CHECK_CRC64", 4),
    ("CHECK_SHA256", 10),
    ("CHECK_ID_MAX", 15),
    ("CHECK_UNKNOWN", CHECK_UNKNOWN as i64),
    ("FILTER_LZMA1", FILTER_LZMA1 as i64),
    ("FILTER_LZMA2", FILTER_LZMA2 as i64),
    ("FILTER_DELTA", FILTER_DELTA as i64),
    ("FILTER_X86", 4),
    ("FILTER_POWERPC", 5),
    ("FILTER_IA64", 6),
    ("FILTER_ARM", 7),
    ("FILTER_ARMTHUMB", 8),
    ("FILTER_SPARC", 9),
    ("MF_HC3", 3),
    ("MF_HC4", 4),
    ("MF_BT2", 18),
    ("MF_BT3", 19),
    ("MF_BT4", 20),
    ("MODE_FAST", 1),
    ("MODE_NORMAL", 2),
    ("PRESET_DEFAULT", PRESET_DEFAULT as i64),
    ("PRESET_EXTREME", 1 << 31),
];

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("_decode_filter_properties", "($module, filter_id, encoded_props, /)", Full(decode_properties)),
    ("_encode_filter_properties", "($module, filter, /)", Full(encode_properties)),
    ("is_check_supported", "($module, check_id, /)", Full(is_check_supported)),
];

/// What a code of the library means; none if it is no error.
fn failure(cx: &mut Cx, code: ffi::lzma_ret) -> Option<Err> {
    let text = match code {
        // All is well, the end, or news of the check.
        0 | 1 | 2 | 4 => return None,
        3 => "Unsupported integrity check",
        5 => return Some(cx.memory_error()),
        6 => "Memory usage limit exceeded",
        7 => "Input format not supported by decoder",
        8 => "Invalid or unsupported options",
        9 => "Corrupt input data",
        10 => "Insufficient buffer space",
        11 => "Internal error",
        _ => return Some(ERROR.error(cx, format!("Unrecognized error from liblzma: {code}"))),
    };
    Some(ERROR.error(cx, text))
}

const STREAM_END: u32 = 1;
const NO_CHECK: u32 = 2;
const GET_CHECK: u32 = 4;
const MEM_ERROR: u32 = 5;
const BUF_ERROR: u32 = 10;

/// A number of `bits` bits without a sign, for `what` as messages call its type.
fn unsigned(cx: &mut Cx, v: Ref<'_>, max: u64, what: &str) -> R<u64> {
    let index = cx.index(v)?;
    if int::is_negative(cx, index.r()) {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    let n = int::to_bigint(cx, index.r()).and_then(|n| u64::try_from(n).ok()).filter(|&n| n <= max);
    n.ok_or_else(|| cx.overflow_error(format!("Python int too large for C {what}")))
}

fn uint32(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    unsigned(cx, v, u32::MAX.into(), "uint32_t").map(|n| n as u32)
}

/// What the library is told of a filter.
enum Options {
    Lzma(Box<ffi::lzma_options_lzma>),
    Delta(Box<ffi::lzma_options_delta>),
    Bcj(Box<ffi::lzma_options_bcj>),
}

impl Options {
    fn pointer(&mut self) -> *mut c_void {
        match self {
            Options::Lzma(options) => (&raw mut **options).cast(),
            Options::Delta(options) => (&raw mut **options).cast(),
            Options::Bcj(options) => (&raw mut **options).cast(),
        }
    }
}

/// A chain of filters, with what the library is told of them.
struct Chain {
    options: Vec<(u64, Options)>,
}

impl Chain {
    /// The chain as the library takes it, valid while this one is there.
    fn filters(&mut self) -> Vec<ffi::lzma_filter> {
        let end = ffi::lzma_filter { id: FILTER_END, options: std::ptr::null_mut() };
        let filters = self.options.iter_mut().map(|(id, options)| {
            let options = options.pointer();
            ffi::lzma_filter { id: *id, options }
        });
        filters.chain([end]).collect()
    }
}

/// The numbers of a filter's dict by their names; anything else is an error of that kind of filter.
fn numbers<const N: usize>(cx: &mut Cx, spec: Ref<'_>, names: [&str; N], kind: &str) -> R<[Option<u32>; N]> {
    let mut found = [None; N];
    let wrong = |cx: &mut Cx| cx.value_error(format!("Invalid filter specifier for {kind} filter"));
    let Some(dict) = cx.as_dict(spec) else { return Err(wrong(cx)) };
    for (key, value) in dict.items(cx) {
        let key = cx.text_of(key.r());
        if key == "id" || key == "preset" && kind == "LZMA" {
            continue;
        }
        let Some(i) = names.iter().position(|&name| name == key) else { return Err(wrong(cx)) };
        let Ok(number) = uint32(cx, value.r()) else { return Err(wrong(cx)) };
        found[i] = Some(number);
    }
    Ok(found)
}

fn filter(cx: &mut Cx, spec: Ref<'_>) -> R<(u64, Options)> {
    if cx.class_of(spec).special(cx, Special::GetItem).is_none() {
        return Err(cx.type_error("Filter specifier must be a dict or dict-like object"));
    }
    let name = cx.str("id");
    let id = cx.get_item(spec, name.r());
    let Some(id) = cx.catch(id, Builtin::LookupError)? else {
        return Err(cx.value_error("Filter specifier must have an \"id\" entry"));
    };
    let id = unsigned(cx, id.r(), u64::MAX, "lzma_vli")?;
    Ok((
        id,
        match id {
            FILTER_LZMA1 | FILTER_LZMA2 => lzma_options(cx, spec)?,
            FILTER_DELTA => {
                let [dist] = numbers(cx, spec, ["dist"], "delta")?;
                // SAFETY: numbers and pointers, which may be zero.
                let mut options: ffi::lzma_options_delta = unsafe { std::mem::zeroed() };
                options.dist = dist.unwrap_or(1);
                Options::Delta(Box::new(options))
            }
            id if BCJ.contains(&id) => {
                let [start] = numbers(cx, spec, ["start_offset"], "BCJ")?;
                // SAFETY: a number.
                let mut options: ffi::lzma_options_bcj = unsafe { std::mem::zeroed() };
                options.start_offset = start.unwrap_or(0);
                Options::Bcj(Box::new(options))
            }
            id => return Err(cx.value_error(format!("Invalid filter ID: {id}"))),
        },
    ))
}

fn preset(cx: &mut Cx, level: u32) -> R<Box<ffi::lzma_options_lzma>> {
    // SAFETY: numbers and pointers, which may be zero; the function fills them.
    let (options, refused) = unsafe {
        let mut options: Box<ffi::lzma_options_lzma> = Box::new(std::mem::zeroed());
        let refused = ffi::lzma_lzma_preset(&mut *options, level);
        (options, refused)
    };
    match refused {
        0 => Ok(options),
        _ => Err(ERROR.error(cx, format!("Invalid compression preset: {level}"))),
    }
}

fn lzma_options(cx: &mut Cx, spec: Ref<'_>) -> R<Options> {
    let name = cx.str("preset");
    let level = cx.get_item(spec, name.r());
    let level = match cx.catch(level, Builtin::LookupError)? {
        Some(level) => uint32(cx, level.r())?,
        None => PRESET_DEFAULT,
    };
    let mut options = preset(cx, level)?;
    let names = ["dict_size", "lc", "lp", "pb", "mode", "nice_len", "mf", "depth"];
    let found = numbers(cx, spec, names, "LZMA")?;
    let [dict_size, lc, lp, pb, mode, nice_len, mf, depth] = found;
    let set = |to: &mut u32, n: Option<u32>| *to = n.unwrap_or(*to);
    set(&mut options.dict_size, dict_size);
    set(&mut options.lc, lc);
    set(&mut options.lp, lp);
    set(&mut options.pb, pb);
    set(&mut options.nice_len, nice_len);
    set(&mut options.depth, depth);
    options.mode = mode.map_or(options.mode, |n| n as _);
    options.mf = mf.map_or(options.mf, |n| n as _);
    Ok(Options::Lzma(options))
}

fn chain(cx: &mut Cx, specs: Ref<'_>) -> R<Chain> {
    let count = cx.len(specs)?;
    if cx.as_dict(specs).is_some() {
        return Err(cx.type_error("dict is not a sequence"));
    }
    if count > 4 {
        return Err(cx.value_error("Too many filters - liblzma supports a maximum of 4"));
    }
    let mut options = Vec::new();
    for i in 0..count {
        let i = cx.int(i as i64);
        let spec = cx.get_item(specs, i.r())?;
        options.push(filter(cx, spec.r())?);
    }
    Ok(Chain { options })
}

/// A stream of the library, boxed since it must stay where it is.
struct Stream(Box<ffi::lzma_stream>);

// SAFETY: the library's memory belongs to the stream, which is used under a mutex.
unsafe impl Send for Stream {}

impl Stream {
    fn new() -> Stream {
        // SAFETY: all zero is how streams begin.
        Stream(Box::new(unsafe { std::mem::zeroed() }))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: begun, or all zero, which the function knows.
        unsafe { ffi::lzma_end(&mut *self.0) };
    }
}

/// Makes room for some more output, but not for more than `limit` bytes in all.
fn make_room(out: &mut Vec<u8>, limit: usize) -> bool {
    let more = STEP.max(out.len()).min(limit - out.len());
    out.try_reserve_exact(more).is_ok()
}

/// One step of the library: takes input and adds to `out`, which stays within `limit` bytes.
fn code(
    stream: &mut ffi::lzma_stream,
    input: &mut &[u8],
    out: &mut Vec<u8>,
    limit: usize,
    action: ffi::lzma_action,
) -> u32 {
    stream.next_in = input.as_ptr();
    stream.avail_in = input.len();
    let left = limit - out.len();
    let room = out.spare_capacity_mut();
    let size = room.len().min(left);
    stream.next_out = room.as_mut_ptr().cast();
    stream.avail_out = size;
    // SAFETY: the stream has begun; input and room are there.
    let result = unsafe { ffi::lzma_code(stream, action) };
    let made = size - stream.avail_out;
    // SAFETY: so many bytes were written behind the contents.
    unsafe { out.set_len(out.len() + made) };
    *input = &input[input.len() - stream.avail_in..];
    result
}

#[repr(C)]
struct PyCompressor {
    h: Header,
    /// Nothing once it is flushed.
    stream: Mutex<Option<Stream>>,
}

static COMPRESSOR_OPS: TypeOps = TypeOps {
    name: "_lzma.LZMACompressor",
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
    let format = os::c_int_or(cx, a.opt(1), FORMAT_XZ)?;
    let check = os::c_int_or(cx, a.opt(2), -1)?;
    let (level, specs) = (a.opt_not_none(3), a.opt_not_none(4));
    if level.is_some() && specs.is_some() {
        return Err(cx.value_error("Cannot specify both preset and filter chain"));
    }
    let level = match level {
        Some(level) => uint32(cx, level)?,
        None => PRESET_DEFAULT,
    };
    if format != FORMAT_XZ && check != -1 && check != 0 {
        return Err(cx.value_error("Integrity checks are only supported by FORMAT_XZ"));
    }
    let mut filters = match specs {
        Some(specs) if (FORMAT_XZ..=FORMAT_RAW).contains(&format) => Some(chain(cx, specs)?),
        _ => None,
    };
    let mut stream = Stream::new();
    // SAFETY: the stream is all zero, and what the filters point to is there; the library copies it.
    let result = unsafe {
        match (format, &mut filters) {
            (FORMAT_XZ, filters) => {
                let check = if check == -1 { 4 } else { check };
                match filters {
                    None => ffi::lzma_easy_encoder(&mut *stream.0, level, check as _),
                    Some(chain) => {
                        ffi::lzma_stream_encoder(&mut *stream.0, chain.filters().as_ptr(), check as _)
                    }
                }
            }
            (FORMAT_ALONE, None) => {
                let options = preset(cx, level)?;
                ffi::lzma_alone_encoder(&mut *stream.0, &*options)
            }
            (FORMAT_ALONE, Some(chain)) => match &chain.options[..] {
                [(FILTER_LZMA1, Options::Lzma(options))] => {
                    ffi::lzma_alone_encoder(&mut *stream.0, &**options)
                }
                _ => {
                    let message = "Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter";
                    return Err(cx.value_error(message));
                }
            },
            (FORMAT_RAW, None) => return Err(cx.value_error("Must specify filters for FORMAT_RAW")),
            (FORMAT_RAW, Some(chain)) => ffi::lzma_raw_encoder(&mut *stream.0, chain.filters().as_ptr()),
            _ => return Err(cx.value_error(format!("Invalid container format: {format}"))),
        }
    };
    if let Some(err) = failure(cx, result) {
        return Err(err);
    }
    let (class, stream) = (class_argument(cx, a), Mutex::new(Some(stream)));
    cx.alloc_for::<PyCompressor>(class, |h| PyCompressor { h, stream })
}

/// Feeds a stream until it has taken all of the input, or, at the end, given all of its output.
fn run(stream: &mut Stream, mut input: &[u8], ends: bool) -> Result<Vec<u8>, u32> {
    let mut out = Vec::new();
    let action = if ends { ffi::lzma_action_LZMA_FINISH } else { ffi::lzma_action_LZMA_RUN };
    loop {
        if !make_room(&mut out, usize::MAX) {
            return Err(MEM_ERROR);
        }
        let nothing = !ends && input.is_empty();
        let result = code(&mut stream.0, &mut input, &mut out, usize::MAX, action);
        let full = out.len() == out.capacity();
        match result {
            0 if ends || !input.is_empty() || full => {}
            0 | STREAM_END => return Ok(out),
            BUF_ERROR if nothing || (!ends && input.is_empty()) => return Ok(out),
            other => return Err(other),
        }
    }
}

fn finish(cx: &mut Cx, result: Result<Vec<u8>, u32>) -> R {
    match result {
        Ok(out) => try_new_bytes(cx, &out),
        Err(code) => {
            let err = failure(cx, code as _);
            Err(err.unwrap_or_else(|| ERROR.error(cx, "Internal error")))
        }
    }
}

fn compress(cx: &mut Cx, a: Args<'_>) -> R {
    let data = bytes_of(cx, a.get(1))?;
    let this: &PyCompressor = a.this();
    let result = cx.detached(|| {
        let mut stream = this.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.as_mut().map(|stream| run(stream, &data, false))
    });
    match result {
        Some(result) => finish(cx, result),
        None => Err(cx.value_error("Compressor has been flushed")),
    }
}

fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyCompressor = a.this();
    let result = cx.detached(|| {
        let stream = this.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        stream.map(|mut stream| run(&mut stream, &[], true))
    });
    match result {
        Some(result) => finish(cx, result),
        None => Err(cx.value_error("Repeated call to flush()")),
    }
}

/// What a decompressor guards.
struct State {
    stream: Option<Stream>,
    /// Input that there was no room for the output of, or what followed the stream.
    tail: Vec<u8>,
    check: u32,
    ended: bool,
    needs_input: bool,
}

#[repr(C)]
struct PyDecompressor {
    h: Header,
    state: Mutex<State>,
}

static DECOMPRESSOR_OPS: TypeOps = TypeOps {
    name: "_lzma.LZMADecompressor",
    size: |_| size_of::<PyDecompressor>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called with a decompressor that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyDecompressor>() };
        let mut state = this.state.lock().unwrap_or_else(PoisonError::into_inner);
        drop((state.stream.take(), std::mem::take(&mut state.tail)));
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyDecompressor {
    const OPS: &'static TypeOps = &DECOMPRESSOR_OPS;
}

fn new_decompressor(cx: &mut Cx, a: Args<'_>) -> R {
    let format = os::c_int_or(cx, a.opt(1), FORMAT_AUTO)?;
    let (limit, specs) = (a.opt_not_none(2), a.opt_not_none(3));
    let limit = match limit {
        Some(_) if format == FORMAT_RAW => {
            return Err(cx.value_error("Cannot specify memory limit with FORMAT_RAW"));
        }
        Some(limit) => unsigned(cx, limit, u64::MAX, "uint64_t")?,
        None => u64::MAX,
    };
    let mut filters = match specs {
        None if format == FORMAT_RAW => {
            return Err(cx.value_error("Must specify filters for FORMAT_RAW"));
        }
        Some(_) if format != FORMAT_RAW => {
            return Err(cx.value_error("Cannot specify filters except with FORMAT_RAW"));
        }
        Some(specs) => Some(chain(cx, specs)?),
        None => None,
    };
    let mut stream = Stream::new();
    let flags = ffi::LZMA_TELL_ANY_CHECK | ffi::LZMA_TELL_NO_CHECK;
    // SAFETY: the stream is all zero, and what the filters point to is there; the library copies it.
    let (result, check) = unsafe {
        match (format, &mut filters) {
            (FORMAT_AUTO, _) => (ffi::lzma_auto_decoder(&mut *stream.0, limit, flags), CHECK_UNKNOWN),
            (FORMAT_XZ, _) => (ffi::lzma_stream_decoder(&mut *stream.0, limit, flags), CHECK_UNKNOWN),
            (FORMAT_ALONE, _) => (ffi::lzma_alone_decoder(&mut *stream.0, limit), 0),
            (FORMAT_RAW, Some(chain)) => (ffi::lzma_raw_decoder(&mut *stream.0, chain.filters().as_ptr()), 0),
            _ => return Err(cx.value_error(format!("Invalid container format: {format}"))),
        }
    };
    if let Some(err) = failure(cx, result) {
        return Err(err);
    }
    let state = State { stream: Some(stream), tail: Vec::new(), check, ended: false, needs_input: true };
    let class = class_argument(cx, a);
    cx.alloc_for::<PyDecompressor>(class, |h| PyDecompressor { h, state: Mutex::new(state) })
}

impl State {
    /// Decompresses; the code of the library if it fails, 0 if the stream has ended before.
    fn run(&mut self, data: &[u8], limit: usize) -> Result<Vec<u8>, u32> {
        let Some(stream) = self.stream.as_mut().filter(|_| !self.ended) else { return Err(0) };
        let mut kept = std::mem::take(&mut self.tail);
        let mut input = match kept.is_empty() {
            true => data,
            false => {
                kept.extend_from_slice(data);
                &kept[..]
            }
        };
        let mut out = Vec::new();
        self.needs_input = true;
        loop {
            if !make_room(&mut out, limit) {
                return Err(MEM_ERROR);
            }
            let result = code(&mut stream.0, &mut input, &mut out, limit, ffi::lzma_action_LZMA_RUN);
            let full = out.len() == out.capacity() || out.len() == limit;
            match result {
                NO_CHECK | GET_CHECK => {
                    // SAFETY: the stream has just told that there is one to ask for.
                    self.check = unsafe { ffi::lzma_get_check(&*stream.0) };
                    continue;
                }
                STREAM_END => {
                    self.ended = true;
                    self.needs_input = false;
                    break;
                }
                0 | BUF_ERROR => {}
                other => return Err(other),
            }
            if full && out.len() < limit {
                continue;
            }
            if full {
                self.needs_input = false;
                break;
            }
            if input.is_empty() {
                break;
            }
        }
        self.tail = input.to_vec();
        Ok(out)
    }
}

fn decompress(cx: &mut Cx, a: Args<'_>) -> R {
    let data = bytes_of(cx, a.get(1))?;
    let limit = match a.opt(2) {
        Some(v) => os::size(cx, v)?,
        None => -1,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let this: &PyDecompressor = a.this();
    let result = cx.detached(|| this.state.lock().unwrap_or_else(PoisonError::into_inner).run(&data, limit));
    match result {
        Err(0) => Err(cx.error(Builtin::EOFError, "Already at end of stream")),
        result => finish(cx, result),
    }
}

/// Runs `f` with the state for an attribute.
fn look<T>(cx: &mut Cx, a: Args<'_>, f: impl FnOnce(&State) -> T) -> T {
    let this: &PyDecompressor = a.this();
    cx.detached(|| f(&this.state.lock().unwrap_or_else(PoisonError::into_inner)))
}

fn check(cx: &mut Cx, a: Args<'_>) -> R {
    let check = look(cx, a, |state| state.check);
    Ok(cx.int(check.into()))
}

fn eof(cx: &mut Cx, a: Args<'_>) -> R {
    let ended = look(cx, a, |state| state.ended);
    Ok(cx.bool(ended))
}

fn needs_input(cx: &mut Cx, a: Args<'_>) -> R {
    let needs = look(cx, a, |state| state.needs_input);
    Ok(cx.bool(needs))
}

fn unused_data(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = look(cx, a, |state| if state.ended { state.tail.clone() } else { Vec::new() });
    Ok(new_bytes(cx, &bytes))
}

fn is_check_supported(cx: &mut Cx, a: Args<'_>) -> R {
    let check = os::c_int(cx, a.get(0))?;
    // SAFETY: knows every number.
    Ok(cx.bool(unsafe { ffi::lzma_check_is_supported(check as _) } != 0))
}

fn encode_properties(cx: &mut Cx, a: Args<'_>) -> R {
    let mut chain = Chain { options: vec![filter(cx, a.get(0))?] };
    let filters = chain.filters();
    let mut size = 0;
    // SAFETY: what the filter points to is there.
    let result = unsafe { ffi::lzma_properties_size(&mut size, filters.as_ptr()) };
    if let Some(err) = failure(cx, result) {
        return Err(err);
    }
    let mut bytes = vec![0; size as usize];
    // SAFETY: as above, and there is room for so many bytes.
    let result = unsafe { ffi::lzma_properties_encode(filters.as_ptr(), bytes.as_mut_ptr()) };
    match failure(cx, result) {
        Some(err) => Err(err),
        None => Ok(new_bytes(cx, &bytes)),
    }
}

fn decode_properties(cx: &mut Cx, a: Args<'_>) -> R {
    let id = unsigned(cx, a.get(0), u64::MAX, "lzma_vli")?;
    let bytes = bytes_of(cx, a.get(1))?;
    let mut filter = ffi::lzma_filter { id, options: std::ptr::null_mut() };
    // SAFETY: there are so many bytes; the options are made by the library with `malloc`.
    let result =
        unsafe { ffi::lzma_properties_decode(&mut filter, std::ptr::null(), bytes.as_ptr(), bytes.len()) };
    if let Some(err) = failure(cx, result) {
        return Err(err);
    }
    let mut found: Vec<(&str, u32)> = Vec::new();
    // SAFETY: options of the kind that the filter has, or null; freed after they are read.
    unsafe {
        match id {
            FILTER_LZMA1 | FILTER_LZMA2 => {
                if let Some(o) = filter.options.cast::<ffi::lzma_options_lzma>().as_ref() {
                    if id == FILTER_LZMA1 {
                        found.extend([("lc", o.lc), ("lp", o.lp), ("pb", o.pb)]);
                    }
                    found.push(("dict_size", o.dict_size));
                }
            }
            FILTER_DELTA => {
                if let Some(o) = filter.options.cast::<ffi::lzma_options_delta>().as_ref() {
                    found.push(("dist", o.dist));
                }
            }
            id if BCJ.contains(&id) => {
                if let Some(o) = filter.options.cast::<ffi::lzma_options_bcj>().as_ref() {
                    found.push(("start_offset", o.start_offset));
                }
            }
            _ => {}
        }
        libc::free(filter.options);
    }
    let made = PyDict::new(cx);
    if let Some(dict) = made.downcast::<PyDict>(cx) {
        let name = cx.str("id");
        let id = cx.int_u64(id);
        dict.set(cx, name, id)?;
        for (name, value) in found {
            let (name, value) = (cx.str(name), cx.int(value.into()));
            dict.set(cx, name, value)?;
        }
    }
    Ok(made)
}

fn cannot_pickle(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.class_of(a.get(0)).tp_name();
    Err(cx.type_error(format!("cannot pickle '{name}' object")))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    ERROR.init(cx, module, "_lzma", "LZMAError", Builtin::Exception)?;
    for &(name, value) in CONSTANTS {
        let value = cx.int(value);
        add(cx, module, name, value);
    }
    let size = size_of::<PyCompressor>();
    let mut t = TypeBuilder::native_type(cx, "_lzma.LZMACompressor", &COMPRESSOR_OPS, size, false, 0);
    t.doc(cx, "Compresses data piece by piece.")
        .constructor(cx, "($type, format=1, check=-1, preset=None, filters=None)", Full(new_compressor))
        .method(cx, "compress", "($self, data, /)", Full(compress))
        .method(cx, "flush", "($self, /)", Full(flush))
        .method(cx, "__reduce__", "($self, /)", Full(cannot_pickle));
    let class = t.class().as_ref().own(cx);
    add(cx, module, "LZMACompressor", class);
    let size = size_of::<PyDecompressor>();
    let mut t = TypeBuilder::native_type(cx, "_lzma.LZMADecompressor", &DECOMPRESSOR_OPS, size, false, 0);
    t.doc(cx, "Decompresses data piece by piece.")
        .constructor(cx, "($type, format=0, memlimit=None, filters=None)", Full(new_decompressor))
        .method(cx, "decompress", "($self, /, data, max_length=-1)", Full(decompress))
        .method(cx, "__reduce__", "($self, /)", Full(cannot_pickle));
    t.member(cx, "check", Full(check));
    t.member(cx, "eof", Full(eof));
    t.member(cx, "needs_input", Full(needs_input));
    t.member(cx, "unused_data", Full(unused_data));
    let class = t.class().as_ref().own(cx);
    add(cx, module, "LZMADecompressor", class);
    Ok(())
}
