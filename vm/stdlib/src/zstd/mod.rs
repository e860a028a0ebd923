//! `_zstd`: compression with the Zstandard library, whose C source is part of the program.
//!
//! A stream object's state is behind a mutex, held while it works; it works detached, and who finds the mutex taken waits
//! detached. Dictionaries do not change: contexts share their contents.

mod training;

use crate::exceptions::Class;
use crate::os;
use std::ffi::CStr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use ungil_runtime::SharedValue;
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::{new_bytes, try_new_bytes};
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::int;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use zstd_sys as ffi;

static ERROR: Class = Class::new();
static DICT: OnceLock<&'static PyType> = OnceLock::new();
/// The classes of parameters: of compression, of decompression.
static TYPES: Mutex<[Option<SharedValue>; 2]> = Mutex::new([None, None]);

const CONTINUE: i32 = 0;
const FLUSH_BLOCK: i32 = 1;
const FLUSH_FRAME: i32 = 2;
/// Room that is made for output at a time.
const STEP: usize = 32 * 1024;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    (
        "finalize_dict",
        "($module, custom_dict_bytes, samples_bytes, samples_sizes, dict_size, compression_level, /)",
        Full(training::finalize_dict),
    ),
    ("get_frame_info", "($module, /, frame_buffer)", Full(frame_info)),
    ("get_frame_size", "($module, /, frame_buffer)", Full(frame_size)),
    ("get_param_bounds", "($module, /, parameter, is_compress)", Full(param_bounds)),
    ("set_parameter_types", "($module, /, c_parameter_type, d_parameter_type)", Full(set_parameter_types)),
    ("train_dict", "($module, samples_bytes, samples_sizes, dict_size, /)", Full(training::train_dict)),
];

/// Parameters with their names: of compression, of decompression.
const PARAMETERS: [&[(&str, i32)]; 2] = [
    &[
        ("compression_level", 100),
        ("window_log", 101),
        ("hash_log", 102),
        ("chain_log", 103),
        ("search_log", 104),
        ("min_match", 105),
        ("target_length", 106),
        ("strategy", 107),
        ("enable_long_distance_matching", 160),
        ("ldm_hash_log", 161),
        ("ldm_min_match", 162),
        ("ldm_bucket_size_log", 163),
        ("ldm_hash_rate_log", 164),
        ("content_size_flag", 200),
        ("checksum_flag", 201),
        ("dict_id_flag", 202),
        ("nb_workers", 400),
        ("job_size", 401),
        ("overlap_log", 402),
    ],
    &[("window_log_max", 100)],
];

/// Constants of the module but for the parameters.
const CONSTANTS: &[(&str, i64)] = &[
    ("ZSTD_CLEVEL_DEFAULT", 3),
    ("ZSTD_DStreamOutSize", 131_072),
    ("ZSTD_fast", 1),
    ("ZSTD_dfast", 2),
    ("ZSTD_greedy", 3),
    ("ZSTD_lazy", 4),
    ("ZSTD_lazy2", 5),
    ("ZSTD_btlazy2", 6),
    ("ZSTD_btopt", 7),
    ("ZSTD_btultra", 8),
    ("ZSTD_btultra2", 9),
    ("ZSTD_c_compressionLevel", 100),
    ("ZSTD_c_windowLog", 101),
    ("ZSTD_c_hashLog", 102),
    ("ZSTD_c_chainLog", 103),
    ("ZSTD_c_searchLog", 104),
    ("ZSTD_c_minMatch", 105),
    ("ZSTD_c_targetLength", 106),
    ("ZSTD_c_strategy", 107),
    ("ZSTD_c_enableLongDistanceMatching", 160),
    ("ZSTD_c_ldmHashLog", 161),
    ("ZSTD_c_ldmMinMatch", 162),
    ("ZSTD_c_ldmBucketSizeLog", 163),
    ("ZSTD_c_ldmHashRateLog", 164),
    ("ZSTD_c_contentSizeFlag", 200),
    ("ZSTD_c_checksumFlag", 201),
    ("ZSTD_c_dictIDFlag", 202),
    ("ZSTD_c_nbWorkers", 400),
    ("ZSTD_c_jobSize", 401),
    ("ZSTD_c_overlapLog", 402),
    ("ZSTD_d_windowLogMax", 100),
];

/// The text of an error code of the library.
fn error_text(code: usize) -> String {
    // SAFETY: gives a constant text for every number.
    unsafe { CStr::from_ptr(ffi::ZSTD_getErrorName(code)) }.to_string_lossy().into_owned()
}

fn is_error(code: usize) -> bool {
    // SAFETY: knows every number.
    unsafe { ffi::ZSTD_isError(code) != 0 }
}

#[cold]
fn raise(cx: &mut Cx, what: &str, code: usize) -> Err {
    if code == 0 {
        // Nothing but what could not be made.
        let message = format!("Failed to create a {what} instance from Zstandard dictionary content.");
        return ERROR.error(cx, message);
    }
    ERROR.error(cx, format!("{what}: {}", error_text(code)))
}

/// A parameter of the library by its number, which any number may be.
fn c_parameter(number: i32) -> ffi::ZSTD_cParameter {
    // SAFETY: an enumeration of C, which the library looks at as a number; only numbers that it knows come here.
    unsafe { std::mem::transmute::<i32, ffi::ZSTD_cParameter>(number) }
}

fn d_parameter(number: i32) -> ffi::ZSTD_dParameter {
    // SAFETY: as above.
    unsafe { std::mem::transmute::<i32, ffi::ZSTD_dParameter>(number) }
}

/// The least and the greatest value of a parameter, if there is one with the number.
fn bounds(compress: bool, number: i32) -> Option<(i32, i32)> {
    let known = PARAMETERS[usize::from(!compress)].iter().any(|&(_, known)| known == number);
    if !known {
        return None;
    }
    // SAFETY: known numbers.
    let bounds = unsafe {
        match compress {
            true => ffi::ZSTD_cParam_getBounds(c_parameter(number)),
            false => ffi::ZSTD_dParam_getBounds(d_parameter(number)),
        }
    };
    (!is_error(bounds.error)).then_some((bounds.lowerBound, bounds.upperBound))
}

fn param_bounds(cx: &mut Cx, a: Args<'_>) -> R {
    let number = os::c_int(cx, a.get(0))?;
    let compress = cx.truth(a.get(1))?;
    match bounds(compress, number) {
        Some((low, high)) => Ok(cx.tuple(vec![cx.int(low.into()), cx.int(high.into())])),
        None => {
            let what = if compress { "compression" } else { "decompression" };
            let message = format!("Unable to get zstd {what} parameter bounds: Unsupported parameter");
            Err(ERROR.error(cx, message))
        }
    }
}

fn set_parameter_types(cx: &mut Cx, a: Args<'_>) -> R {
    for (i, name) in ["c_parameter_type", "d_parameter_type"].iter().enumerate() {
        if PyType::from_ref(a.get(i), cx).is_none() {
            let got = cx.type_name(a.get(i));
            let message = format!("set_parameter_types() argument '{name}' must be type, not {got}");
            return Err(cx.type_error(message));
        }
    }
    let new = [a.get(0), a.get(1)].map(|v| Some(SharedValue::new(v.own(cx))));
    *TYPES.lock().unwrap_or_else(PoisonError::into_inner) = new;
    Ok(cx.none())
}

/// Whether an object is a parameter of compression (0) or of decompression (1) by its class.
fn is_of_type(cx: &Cx, v: Ref<'_>, which: usize) -> bool {
    let class = TYPES.lock().unwrap_or_else(PoisonError::into_inner)[which];
    class.is_some_and(|class| cx.class_of(v).as_ref().is(class.get()))
}

/// The options of a context: numbers of parameters with their values.
fn options(cx: &mut Cx, v: Option<Ref<'_>>, compress: bool) -> R<Vec<(i32, i32)>> {
    let Some(v) = v else { return Ok(Vec::new()) };
    let (what, kind, other) = match compress {
        true => ("ZstdCompressor", "compression", "DecompressionParameter"),
        false => ("ZstdDecompressor", "decompression", "CompressionParameter"),
    };
    let Some(dict) = cx.as_dict(v) else {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("{what}() argument 'options' must be dict, not {got}")));
    };
    let mut made = Vec::new();
    for (key, value) in dict.items(cx) {
        if is_of_type(cx, key.r(), usize::from(compress)) {
            let message = format!("{kind} options dictionary key must not be a {other} attribute");
            return Err(cx.type_error(message));
        }
        let number = os::c_int(cx, key.r())?;
        let value = os::c_int(cx, value.r())?;
        let name = PARAMETERS[usize::from(!compress)].iter().find(|(_, known)| *known == number);
        let Some((name, _)) = name else {
            let message = format!("invalid {kind} parameter 'unknown parameter (key {number})'");
            return Err(cx.value_error(message));
        };
        if number == 100 && compress {
            check_level(cx, value)?;
        }
        let Some((low, high)) = bounds(compress, number) else {
            return Err(cx.value_error(format!("invalid {kind} parameter '{name}'")));
        };
        // Without threads of its own the library takes their number for a wish.
        let wish = compress && (400..=402).contains(&number);
        let allowed = (low..=high).contains(&value) || wish || value == 0 && compress;
        if !allowed {
            return Err(cx.value_error(format!(
                "{kind} parameter '{name}' received an illegal value {value}; the valid range is [{low}, {high}]"
            )));
        }
        made.push((number, if wish { value.clamp(low, high) } else { value }));
    }
    Ok(made)
}

fn check_level(cx: &mut Cx, level: i32) -> R<()> {
    // SAFETY: no preconditions.
    let (low, high) = unsafe { (ffi::ZSTD_minCLevel(), ffi::ZSTD_maxCLevel()) };
    if (low..=high).contains(&level) {
        return Ok(());
    }
    let message = format!("illegal compression level {level}; the valid range is [{low}, {high}]");
    Err(cx.value_error(message))
}

/// A dictionary.
#[repr(C)]
struct PyZstdDict {
    h: Header,
    content: Mutex<Option<Arc<Vec<u8>>>>,
    id: u32,
}

static DICT_OPS: TypeOps = TypeOps {
    name: "compression.zstd.ZstdDict",
    size: |_| size_of::<PyZstdDict>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called with a dictionary that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyZstdDict>() };
        drop(this.content.lock().unwrap_or_else(PoisonError::into_inner).take());
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyZstdDict {
    const OPS: &'static TypeOps = &DICT_OPS;
}

impl PyZstdDict {
    fn content(&self) -> Arc<Vec<u8>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }
}

fn new_dict(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 2);
    let [content] = *args else {
        let got = args.len();
        let message = format!("ZstdDict() takes exactly 1 positional argument ({got} given)");
        return Err(cx.type_error(message));
    };
    let is_raw = a.opt(1).map_or(Ok(false), |v| cx.truth(v))?;
    let content = bytes_of(cx, content)?.into_owned();
    if content.len() < 8 {
        let message = "Zstandard dictionary content too short (must have at least eight bytes)";
        return Err(cx.value_error(message));
    }
    // SAFETY: there are so many bytes.
    let id = unsafe { ffi::ZDICT_getDictID(content.as_ptr().cast(), content.len()) };
    if id == 0 && !is_raw {
        return Err(cx.value_error("invalid Zstandard dictionary"));
    }
    let class = class_argument(cx, a);
    let content = Mutex::new(Some(Arc::new(content)));
    cx.alloc_for::<PyZstdDict>(class, |h| PyZstdDict { h, content, id })
}

/// How a dictionary is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Digested,
    Undigested,
    Prefix,
}

/// The dictionary that an argument names, and how it is to be used.
fn dictionary(cx: &mut Cx, v: Option<Ref<'_>>, standard: Use) -> R<Option<(Arc<Vec<u8>>, Use)>> {
    let Some(v) = v else { return Ok(None) };
    if let Some(dict) = v.downcast::<PyZstdDict>(cx) {
        return Ok(Some((dict.content(), standard)));
    }
    if let Some(pair) = v.downcast::<PyTuple>(cx)
        && let [dict, how] = pair.items()
        && let Some(dict) = dict.downcast::<PyZstdDict>(cx)
        && cx.is_instance_of(*how, Builtin::Int)
    {
        let how = match os::c_int(cx, *how)? {
            0 => Some(Use::Digested),
            1 => Some(Use::Undigested),
            2 => Some(Use::Prefix),
            _ => None,
        };
        if let Some(how) = how {
            return Ok(Some((dict.content(), how)));
        }
    }
    Err(cx.type_error("zstd_dict argument should be a ZstdDict object."))
}

/// A context that compresses. What it refers to is freed after it.
struct Compressor {
    context: *mut ffi::ZSTD_CCtx,
    digested: *mut ffi::ZSTD_CDict,
    _content: Option<Arc<Vec<u8>>>,
}

// SAFETY: the library's objects belong to it, and it is used under a mutex.
unsafe impl Send for Compressor {}

impl Drop for Compressor {
    fn drop(&mut self) {
        // SAFETY: made by the library, or null, which the functions know; not used any more.
        unsafe {
            ffi::ZSTD_freeCCtx(self.context);
            ffi::ZSTD_freeCDict(self.digested);
        }
    }
}

#[repr(C)]
struct PyCompressor {
    h: Header,
    stream: Mutex<Option<Compressor>>,
    last_mode: AtomicI32,
}

static COMPRESSOR_OPS: TypeOps = TypeOps {
    name: "compression.zstd.ZstdCompressor",
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
    let (level, given, dict) = (a.opt_not_none(1), a.opt_not_none(2), a.opt_not_none(3));
    if level.is_some() && given.is_some() {
        return Err(cx.type_error("Only one of level or options should be used."));
    }
    let mut settings = options(cx, given, true)?;
    if let Some(level) = level {
        if !cx.is_instance_of(level, Builtin::Int) {
            return Err(cx.type_error("invalid type for level, expected int"));
        }
        let Some(level) = int::to_i64(cx, level).and_then(|n| i32::try_from(n).ok()) else {
            // SAFETY: no preconditions.
            let (low, high) = unsafe { (ffi::ZSTD_minCLevel(), ffi::ZSTD_maxCLevel()) };
            let message = format!("illegal compression level; the valid range is [{low}, {high}]");
            return Err(cx.value_error(message));
        };
        check_level(cx, level)?;
        settings.push((100, level));
    }
    let dict = dictionary(cx, dict, Use::Undigested)?;
    let stream = cx.detached(|| open_compressor(&settings, dict));
    let stream = match stream {
        Ok(stream) => stream,
        Err((what, code)) => return Err(raise(cx, what, code)),
    };
    let class = class_argument(cx, a);
    cx.alloc_for::<PyCompressor>(class, |h| PyCompressor {
        h,
        stream: Mutex::new(Some(stream)),
        last_mode: AtomicI32::new(FLUSH_FRAME),
    })
}

type Dictionary = Option<(Arc<Vec<u8>>, Use)>;
type Failure = (&'static str, usize);

fn open_compressor(settings: &[(i32, i32)], dict: Dictionary) -> Result<Compressor, Failure> {
    // SAFETY: no preconditions.
    let context = unsafe { ffi::ZSTD_createCCtx() };
    let mut made = Compressor { context, digested: std::ptr::null_mut(), _content: None };
    if context.is_null() {
        return Err(("ZSTD_CCtx", 0));
    }
    let (mut level, mut threads) = (3, false);
    for &(number, value) in settings {
        threads |= number == 400 && value != 0;
        // SAFETY: the context is there; only known numbers come here.
        let code = unsafe { ffi::ZSTD_CCtx_setParameter(context, c_parameter(number), value) };
        if is_error(code) {
            return Err(("Unable to set zstd compression level", code));
        }
        if number == 100 {
            level = value;
        }
    }
    let Some((content, how)) = dict else { return Ok(made) };
    // Threads of the context may still work when it is freed: what it owns goes before they end, what is ours after that.
    let how = if threads && how == Use::Undigested { Use::Digested } else { how };
    let (p, len) = (content.as_ptr().cast(), content.len());
    // SAFETY: the context is there, and so many bytes, which are kept as long as the context is.
    let code = unsafe {
        match how {
            Use::Digested => {
                made.digested = ffi::ZSTD_createCDict(p, len, level);
                if made.digested.is_null() {
                    return Err(("ZSTD_CDict", 0));
                }
                ffi::ZSTD_CCtx_refCDict(context, made.digested)
            }
            Use::Undigested => ffi::ZSTD_CCtx_loadDictionary(context, p, len),
            Use::Prefix => ffi::ZSTD_CCtx_refPrefix(context, p, len),
        }
    };
    made._content = Some(content);
    if is_error(code) {
        return Err(("Unable to load Zstandard dictionary or prefix for compression", code));
    }
    Ok(made)
}

/// Feeds a context; all that it gives.
fn run(stream: &mut Compressor, data: &[u8], mode: i32) -> Result<Vec<u8>, usize> {
    let directive = match mode {
        CONTINUE => ffi::ZSTD_EndDirective::ZSTD_e_continue,
        FLUSH_BLOCK => ffi::ZSTD_EndDirective::ZSTD_e_flush,
        _ => ffi::ZSTD_EndDirective::ZSTD_e_end,
    };
    let mut out: Vec<u8> = Vec::new();
    let mut input = ffi::ZSTD_inBuffer { src: data.as_ptr().cast(), size: data.len(), pos: 0 };
    loop {
        if out.try_reserve(STEP.max(out.len())).is_err() {
            return Err(usize::MAX - 63);
        }
        let room = out.spare_capacity_mut();
        let mut output = ffi::ZSTD_outBuffer { dst: room.as_mut_ptr().cast(), size: room.len(), pos: 0 };
        // SAFETY: the context is there; both buffers are as they say.
        let left = unsafe { ffi::ZSTD_compressStream2(stream.context, &mut output, &mut input, directive) };
        let (made, full) = (output.pos, output.pos == output.size);
        // SAFETY: so many bytes were written behind the contents.
        unsafe { out.set_len(out.len() + made) };
        if is_error(left) {
            return Err(left);
        }
        let done = if mode == CONTINUE { input.pos == input.size && !full } else { left == 0 };
        if done {
            return Ok(out);
        }
    }
}

fn compress_with(cx: &mut Cx, this: &PyCompressor, data: &[u8], mode: i32) -> R {
    let result = cx.detached(|| {
        let mut stream = this.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stream) = stream.as_mut() else { return Ok(Vec::new()) };
        let result = run(stream, data, mode);
        let after = match result {
            Ok(_) => mode,
            Err(_) => {
                // SAFETY: the context is there.
                unsafe {
                    ffi::ZSTD_CCtx_reset(stream.context, ffi::ZSTD_ResetDirective::ZSTD_reset_session_only)
                };
                FLUSH_FRAME
            }
        };
        // ORD: relaxed; the mutex orders, and others want no more than a snapshot.
        this.last_mode.store(after, Ordering::Relaxed);
        result
    });
    match result {
        Ok(out) => try_new_bytes(cx, &out),
        Err(code) if code == usize::MAX - 63 => Err(cx.memory_error()),
        Err(code) => Err(raise(cx, "Unable to compress Zstandard data", code)),
    }
}

fn compress(cx: &mut Cx, a: Args<'_>) -> R {
    let data = bytes_of(cx, a.get(1))?;
    let mode = os::c_int_or(cx, a.opt(2), CONTINUE)?;
    if !(CONTINUE..=FLUSH_FRAME).contains(&mode) {
        return Err(cx.value_error(
            "mode argument wrong value, it should be one of ZstdCompressor.CONTINUE, ZstdCompressor.FLUSH_BLOCK, \
             ZstdCompressor.FLUSH_FRAME.",
        ));
    }
    compress_with(cx, a.this(), &data, mode)
}

fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    let mode = os::c_int_or(cx, a.opt(1), FLUSH_FRAME)?;
    if mode != FLUSH_FRAME && mode != FLUSH_BLOCK {
        return Err(cx.value_error(
            "mode argument wrong value, it should be ZstdCompressor.FLUSH_FRAME or ZstdCompressor.FLUSH_BLOCK.",
        ));
    }
    compress_with(cx, a.this(), &[], mode)
}

fn set_pledged(cx: &mut Cx, a: Args<'_>) -> R {
    const UNKNOWN: u64 = u64::MAX;
    let v = a.get(1);
    let size = if v.value().is_none() {
        UNKNOWN
    } else if !cx.is_instance_of(v, Builtin::Int) {
        return Err(cx.type_error("an integer is required"));
    } else {
        let size = int::to_bigint(cx, v).and_then(|n| u64::try_from(n).ok()).filter(|&n| n < UNKNOWN - 1);
        match size {
            Some(size) => size,
            None => {
                let message = format!("size argument should be a positive int less than {}", UNKNOWN - 1);
                return Err(cx.value_error(message));
            }
        }
    };
    let this: &PyCompressor = a.this();
    let result = cx.detached(|| {
        let mut stream = this.stream.lock().unwrap_or_else(PoisonError::into_inner);
        // ORD: relaxed; the mutex orders.
        if this.last_mode.load(Ordering::Relaxed) != FLUSH_FRAME {
            return None;
        }
        // SAFETY: the context is there.
        stream.as_mut().map(|stream| unsafe { ffi::ZSTD_CCtx_setPledgedSrcSize(stream.context, size) })
    });
    match result {
        None => {
            Err(cx
                .value_error("set_pledged_input_size() method must be called when last_mode == FLUSH_FRAME"))
        }
        Some(code) if is_error(code) => {
            Err(raise(cx, "Unable to set pledged uncompressed content size", code))
        }
        Some(_) => Ok(cx.none()),
    }
}

/// A context that decompresses one frame.
struct Decompressor {
    context: *mut ffi::ZSTD_DCtx,
    digested: *mut ffi::ZSTD_DDict,
    _content: Option<Arc<Vec<u8>>>,
    /// Input that there was no room for the output of, or what followed the frame.
    tail: Vec<u8>,
    needs_input: bool,
    ended: bool,
}

// SAFETY: the library's objects belong to it, and it is used under a mutex.
unsafe impl Send for Decompressor {}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: made by the library, or null, which the functions know; not used any more.
        unsafe {
            ffi::ZSTD_freeDCtx(self.context);
            ffi::ZSTD_freeDDict(self.digested);
        }
    }
}

#[repr(C)]
struct PyDecompressor {
    h: Header,
    stream: Mutex<Option<Box<Decompressor>>>,
    /// `unused_data`, once it has been asked for.
    unused: Slot,
}

static DECOMPRESSOR_OPS: TypeOps = TypeOps {
    name: "compression.zstd.ZstdDecompressor",
    size: |_| size_of::<PyDecompressor>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a decompressor.
        visit(unsafe { &*h.cast::<PyDecompressor>() }.unused.peek());
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: called with a decompressor that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyDecompressor>() };
        drop(this.stream.lock().unwrap_or_else(PoisonError::into_inner).take());
        this.unused.clear(m);
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyDecompressor {
    const OPS: &'static TypeOps = &DECOMPRESSOR_OPS;
}

fn new_decompressor(cx: &mut Cx, a: Args<'_>) -> R {
    let dict = dictionary(cx, a.opt_not_none(1), Use::Digested)?;
    let settings = options(cx, a.opt_not_none(2), false)?;
    let stream = cx.detached(|| open_decompressor(&settings, dict));
    let stream = match stream {
        Ok(stream) => stream,
        Err((what, code)) => return Err(raise(cx, what, code)),
    };
    let class = class_argument(cx, a);
    cx.alloc_for::<PyDecompressor>(class, |h| PyDecompressor {
        h,
        stream: Mutex::new(Some(Box::new(stream))),
        unused: Slot::empty(),
    })
}

fn open_decompressor(settings: &[(i32, i32)], dict: Dictionary) -> Result<Decompressor, Failure> {
    // SAFETY: no preconditions.
    let context = unsafe { ffi::ZSTD_createDCtx() };
    let mut made = Decompressor {
        context,
        digested: std::ptr::null_mut(),
        _content: None,
        tail: Vec::new(),
        needs_input: true,
        ended: false,
    };
    if context.is_null() {
        return Err(("ZSTD_DCtx", 0));
    }
    for &(number, value) in settings {
        // SAFETY: the context is there; only known numbers come here.
        let code = unsafe { ffi::ZSTD_DCtx_setParameter(context, d_parameter(number), value) };
        if is_error(code) {
            return Err(("Unable to set zstd decompression parameter", code));
        }
    }
    let Some((content, how)) = dict else { return Ok(made) };
    let (p, len) = (content.as_ptr().cast(), content.len());
    // SAFETY: the context is there, and so many bytes, which are kept as long as the context is.
    let code = unsafe {
        match how {
            Use::Digested => {
                made.digested = ffi::ZSTD_createDDict(p, len);
                if made.digested.is_null() {
                    return Err(("ZSTD_DDict", 0));
                }
                ffi::ZSTD_DCtx_refDDict(context, made.digested)
            }
            Use::Undigested => ffi::ZSTD_DCtx_loadDictionary(context, p, len),
            Use::Prefix => ffi::ZSTD_DCtx_refPrefix(context, p, len),
        }
    };
    made._content = Some(content);
    if is_error(code) {
        return Err(("Unable to load Zstandard dictionary or prefix for decompression", code));
    }
    Ok(made)
}

/// Why nothing was decompressed.
enum Trouble {
    Ended,
    Memory,
    Library(usize),
}

impl Decompressor {
    fn run(&mut self, data: &[u8], limit: usize) -> Result<Vec<u8>, Trouble> {
        if self.ended {
            return Err(Trouble::Ended);
        }
        let mut kept = std::mem::take(&mut self.tail);
        let all = match kept.is_empty() {
            true => data,
            false => {
                kept.extend_from_slice(data);
                &kept
            }
        };
        let mut input = ffi::ZSTD_inBuffer { src: all.as_ptr().cast(), size: all.len(), pos: 0 };
        let mut out: Vec<u8> = Vec::new();
        loop {
            let more = STEP.max(out.len()).min(limit - out.len());
            out.try_reserve(more).map_err(|_| Trouble::Memory)?;
            let left = limit - out.len();
            let room = out.spare_capacity_mut();
            let size = room.len().min(left);
            let mut output = ffi::ZSTD_outBuffer { dst: room.as_mut_ptr().cast(), size, pos: 0 };
            // SAFETY: the context is there; both buffers are as they say.
            let left = unsafe { ffi::ZSTD_decompressStream(self.context, &mut output, &mut input) };
            let (made, full) = (output.pos, output.pos == output.size);
            // SAFETY: so many bytes were written behind the contents.
            unsafe { out.set_len(out.len() + made) };
            if is_error(left) {
                // SAFETY: the context is there.
                unsafe {
                    ffi::ZSTD_DCtx_reset(self.context, ffi::ZSTD_ResetDirective::ZSTD_reset_session_only)
                };
                self.needs_input = true;
                return Err(Trouble::Library(left));
            }
            if left == 0 {
                self.ended = true;
                self.needs_input = false;
                break;
            }
            if out.len() >= limit {
                self.needs_input = false;
                break;
            }
            if input.pos == input.size && !full {
                self.needs_input = true;
                break;
            }
        }
        self.tail = all[input.pos..].to_vec();
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
    let result = cx.detached(|| match this.stream.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        Some(stream) => stream.run(&data, limit),
        None => Err(Trouble::Ended),
    });
    match result {
        Ok(out) => try_new_bytes(cx, &out),
        Err(Trouble::Ended) => Err(cx.error(Builtin::EOFError, "Already at the end of a Zstandard frame.")),
        Err(Trouble::Memory) => Err(cx.memory_error()),
        Err(Trouble::Library(code)) => Err(raise(cx, "Unable to decompress Zstandard data", code)),
    }
}

/// Runs `f` with the state for an attribute.
fn look<T: Default>(cx: &mut Cx, a: Args<'_>, f: impl FnOnce(&Decompressor) -> T) -> T {
    let this: &PyDecompressor = a.this();
    cx.detached(|| {
        let stream = this.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.as_ref().map(|stream| f(stream)).unwrap_or_default()
    })
}

fn eof(cx: &mut Cx, a: Args<'_>) -> R {
    let ended = look(cx, a, |stream| stream.ended);
    Ok(cx.bool(ended))
}

fn needs_input(cx: &mut Cx, a: Args<'_>) -> R {
    let needs = look(cx, a, |stream| stream.needs_input);
    Ok(cx.bool(needs))
}

fn unused_data(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyDecompressor = a.this();
    if let Some(known) = this.unused.get(&this.h, cx) {
        return Ok(known);
    }
    let tail = look(cx, a, |stream| stream.ended.then(|| stream.tail.clone()));
    let Some(tail) = tail else { return Ok(new_bytes(cx, b"")) };
    let made = new_bytes(cx, &tail);
    this.unused.set(&this.h, cx, made.clone());
    Ok(made)
}

fn frame_info(cx: &mut Cx, a: Args<'_>) -> R {
    let data = bytes_of(cx, a.get(0))?;
    // SAFETY: there are so many bytes.
    let (size, id) = unsafe {
        let p = data.as_ptr().cast();
        (ffi::ZSTD_getFrameContentSize(p, data.len()), ffi::ZSTD_getDictID_fromFrame(p, data.len()))
    };
    const UNKNOWN: u64 = u64::MAX;
    let size = match size {
        UNKNOWN => cx.none(),
        size if size == UNKNOWN - 1 => {
            return Err(ERROR.error(
                cx,
                "Error when getting information from the header of a Zstandard frame. Ensure the frame_buffer argument \
                 starts from the beginning of a frame, and its length is not less than the frame header (6~18 bytes).",
            ));
        }
        size => cx.int_u64(size),
    };
    Ok(cx.tuple(vec![size, cx.int(id.into())]))
}

fn frame_size(cx: &mut Cx, a: Args<'_>) -> R {
    let data = bytes_of(cx, a.get(0))?;
    // SAFETY: there are so many bytes.
    let size = unsafe { ffi::ZSTD_findFrameCompressedSize(data.as_ptr().cast(), data.len()) };
    if is_error(size) {
        let text = error_text(size);
        return Err(ERROR.error(
            cx,
            format!(
                "Error when finding the compressed size of a Zstandard frame. Ensure the frame_buffer argument starts from \
                 the beginning of a frame, and its length is not less than this complete frame. Zstd error message: {text}."
            ),
        ));
    }
    Ok(cx.int(size as i64))
}

fn cannot_pickle(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.class_of(a.get(0)).tp_name();
    Err(cx.type_error(format!("cannot pickle '{name}' object")))
}

fn dict_class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = DICT.get() {
        return class;
    }
    let (name, size) = ("compression.zstd.ZstdDict", size_of::<PyZstdDict>());
    let mut t = TypeBuilder::native_type(cx, name, &DICT_OPS, size, false, class_flag::BASETYPE);
    t.doc(cx, "A dictionary, which compresses small pieces of data better.");
    t.constructor(cx, "($type, /, *args, is_raw=False)", Full(new_dict));
    let len = Leaf(|cx: &Cx, a: Args<'_>| Ok(cx.int(a.this::<PyZstdDict>().content().len() as i64)));
    t.special(cx, Special::Len, len);
    t.special(
        cx,
        Special::Repr,
        Leaf(|cx, a| {
            let this: &PyZstdDict = a.this();
            Ok(cx.str(&format!("<ZstdDict dict_id={} dict_size={}>", this.id, this.content().len())))
        }),
    );
    t.method(cx, "__reduce__", "($self, /)", Full(cannot_pickle));
    t.member(cx, "dict_id", Leaf(|cx, a| Ok(cx.int(a.this::<PyZstdDict>().id.into()))));
    t.getset(cx, "dict_content", Leaf(|cx, a| Ok(new_bytes(cx, &a.this::<PyZstdDict>().content()))), None);
    t.getset(cx, "as_digested_dict", Leaf(|cx, a| Ok(cx.tuple(vec![a.get(0).own(cx), cx.int(0)]))), None);
    t.getset(cx, "as_undigested_dict", Leaf(|cx, a| Ok(cx.tuple(vec![a.get(0).own(cx), cx.int(1)]))), None);
    t.getset(cx, "as_prefix", Leaf(|cx, a| Ok(cx.tuple(vec![a.get(0).own(cx), cx.int(2)]))), None);
    DICT.get_or_init(|| t.class())
}

fn compressor_class(cx: &mut Cx) -> &'static PyType {
    let (name, size) = ("compression.zstd.ZstdCompressor", size_of::<PyCompressor>());
    let mut t = TypeBuilder::native_type(cx, name, &COMPRESSOR_OPS, size, false, class_flag::BASETYPE);
    t.doc(cx, "Compresses data piece by piece.");
    t.constructor(cx, "($type, /, level=None, options=None, zstd_dict=None)", Full(new_compressor));
    for (name, mode) in [("CONTINUE", CONTINUE), ("FLUSH_BLOCK", FLUSH_BLOCK), ("FLUSH_FRAME", FLUSH_FRAME)] {
        let mode = cx.int(mode.into());
        t.attr(cx, name, mode);
    }
    t.method(cx, "compress", "($self, /, data, mode=ZstdCompressor.CONTINUE)", Full(compress));
    t.method(cx, "flush", "($self, /, mode=ZstdCompressor.FLUSH_FRAME)", Full(flush));
    t.method(cx, "set_pledged_input_size", "($self, size, /)", Full(set_pledged));
    t.method(cx, "__reduce__", "($self, /)", Full(cannot_pickle));
    // ORD: relaxed; a snapshot.
    let last = Leaf(|cx: &Cx, a: Args<'_>| {
        Ok(cx.int(a.this::<PyCompressor>().last_mode.load(Ordering::Relaxed).into()))
    });
    t.member(cx, "last_mode", last);
    t.class()
}

fn decompressor_class(cx: &mut Cx) -> &'static PyType {
    let (name, size) = ("compression.zstd.ZstdDecompressor", size_of::<PyDecompressor>());
    let mut t = TypeBuilder::native_type(cx, name, &DECOMPRESSOR_OPS, size, true, class_flag::BASETYPE);
    t.doc(cx, "Decompresses a frame piece by piece.");
    t.constructor(cx, "($type, /, zstd_dict=None, options=None)", Full(new_decompressor));
    t.method(cx, "decompress", "($self, /, data, max_length=-1)", Full(decompress));
    t.method(cx, "__reduce__", "($self, /)", Full(cannot_pickle));
    t.member(cx, "eof", Full(eof));
    t.member(cx, "needs_input", Full(needs_input));
    t.getset(cx, "unused_data", Full(unused_data), None);
    t.class()
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    ERROR.init(cx, module, "compression.zstd", "ZstdError", Builtin::Exception)?;
    for (name, class) in [
        ("ZstdDict", dict_class(cx)),
        ("ZstdCompressor", compressor_class(cx)),
        ("ZstdDecompressor", decompressor_class(cx)),
    ] {
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
    for &(name, value) in CONSTANTS {
        let value = cx.int(value);
        add(cx, module, name, value);
    }
    // SAFETY: no preconditions; a constant text.
    let (number, text) = unsafe {
        let text = CStr::from_ptr(ffi::ZSTD_versionString()).to_string_lossy().into_owned();
        (ffi::ZSTD_versionNumber(), text)
    };
    let (number, text) = (cx.int(number.into()), cx.str(&text));
    add(cx, module, "zstd_version_number", number);
    add(cx, module, "zstd_version", text);
    Ok(())
}
