//! `_io`: files, buffers and text streams.
//!
//! - `base.rs`: `_IOBase` and the abstract classes under it; `file.rs`: `FileIO`; `fd.rs`: system calls on descriptors
//! - `buffered/`: `BufferedReader`, `BufferedWriter`, `BufferedRandom`, `BufferedRWPair`
//! - `text/`: `TextIOWrapper`; `newline.rs`: translation of line ends, `IncrementalNewlineDecoder`
//! - `bytes_io.rs`, `string_io.rs`: streams in memory; `open.rs`: `open` and its kin; `std_streams.rs`: `sys.stdout` and
//!   the others, and what is flushed at exit
//! - `lock.rs`: the lock that buffered and text streams hold while they call what is below them
//!
//! Streams in memory are guarded by their object locks, for moments only. Buffered and text streams have a lock of
//! their own (`lock.rs`), which may be held while Python runs and while the thread is detached in a system call.

mod base;
mod buffered;
mod bytes_io;
mod fd;
mod file;
mod lock;
mod newline;
mod open;
mod std_streams;
mod string_io;
mod text;

pub use fd::os_error;
pub use std_streams::{finish, install, settle_encodings};

use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::class::Shape;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// Bytes in a buffer unless something better is known.
const DEFAULT_BUFFER_SIZE: usize = 128 * 1024;

/// The module's classes.
struct Classes {
    raw_base: &'static PyType,
    buffered_base: &'static PyType,
    text_base: &'static PyType,
    file: &'static PyType,
    reader: &'static PyType,
    writer: &'static PyType,
    random: &'static PyType,
    bytes_io: &'static PyType,
    bytes_io_buffer: &'static PyType,
    string_io: &'static PyType,
    text: &'static PyType,
    unsupported: SharedValue,
}

static CLASSES: OnceLock<Classes> = OnceLock::new();

fn classes() -> &'static Classes {
    match CLASSES.get() {
        Some(classes) => classes,
        None => ungil_gc::fatal("a stream was used before `_io` was made"),
    }
}

/// What classes of streams have in common.
const STREAM_FLAGS: u32 = class_flag::BASETYPE | class_flag::HAS_DICT | class_flag::HAS_WEAKREF;

/// The class of an object that is being destroyed.
///
/// # Safety
/// `h` is a live object, and the calling thread has a context.
unsafe fn class_of_header(h: *mut Header) -> *const PyType {
    // SAFETY: shapes of the runtime are `Shape`s.
    unsafe { (*Mutator::current().shape(h).cast::<Shape>()).class }
}

/// `io.UnsupportedOperation`.
#[cold]
fn unsupported(cx: &mut Cx, message: &str) -> Err {
    let message = cx.str(message);
    match cx.call(classes().unsupported.get(), &[message.r()]) {
        Ok(exception) => Err { 0: exception },
        Err(err) => err,
    }
}

/// `ValueError` for a stream that is closed, as most classes have it.
#[cold]
fn closed_error(cx: &mut Cx) -> Err {
    cx.value_error("I/O operation on closed file.")
}

/// A `Py_ssize_t` argument.
fn ssize(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    if let Some(i) = v.value().as_int() {
        return Ok(i as isize);
    }
    let index = cx.index(v)?;
    match ungil_runtime::objects::int::to_i64(cx, index.r()) {
        Some(i) => Ok(i as isize),
        None => Err(cx.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// A C `int` argument.
fn c_int(cx: &mut Cx, v: Ref<'_>) -> R<i32> {
    let index = cx.index(v)?;
    match ungil_runtime::objects::int::to_i64(cx, index.r()).map(i32::try_from) {
        Some(Ok(i)) => Ok(i),
        _ => Err(cx.overflow_error("Python int too large to convert to C int")),
    }
}

/// An `off_t` argument.
fn offset(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    if let Some(i) = v.value().as_int() {
        return Ok(i);
    }
    let index = cx.index(v)?;
    match ungil_runtime::objects::int::to_i64(cx, index.r()) {
        Some(i) => Ok(i),
        None => Err(cx.overflow_error("int too big to convert")),
    }
}

/// An optional count at place `i`: `None` and negative numbers mean all, and so does a missing one.
fn size_arg(cx: &mut Cx, a: Args<'_>, i: usize) -> R<Option<usize>> {
    let Some(v) = a.opt_not_none(i) else { return Ok(None) };
    if let Some(n) = v.value().as_int() {
        return Ok(usize::try_from(n).ok());
    }
    if cx.class_of(v).special(cx, Special::Index).is_none() {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("argument should be integer or None, not '{name}'")));
    }
    Ok(usize::try_from(ssize(cx, v)?).ok())
}

/// A truth value at place `i`, `default` if it is missing.
fn flag_arg(cx: &mut Cx, a: Args<'_>, i: usize, default: bool) -> R<bool> {
    match a.opt(i) {
        Some(v) => cx.truth(v),
        None => Ok(default),
    }
}

/// An argument that is a string or `None`, for `what` as messages have it ("open() argument 'encoding'").
fn text_arg<'a>(cx: &mut Cx, v: Option<Ref<'a>>, what: &str) -> R<Option<&'a PyStr>> {
    let Some(v) = v.filter(|v| !v.value().is_none()) else { return Ok(None) };
    match v.downcast::<PyStr>(cx) {
        Some(s) => Ok(Some(s)),
        None => {
            let got = cx.type_name(v);
            Err(cx.type_error(format!("{what} must be str or None, not {got}")))
        }
    }
}

/// The number of writable bytes of a buffer argument.
fn writable_len(cx: &mut Cx, v: Ref<'_>, function: &str) -> R<usize> {
    use ungil_runtime::objects::buffer;
    match buffer::writable_len(cx, v) {
        Err(err) if cx.is_error(&err, Builtin::TypeError) => {
            let got = if v.value().is_none() { "None".to_string() } else { cx.type_name(v) };
            Err(cx
                .type_error(format!("{function}() argument must be read-write bytes-like object, not {got}")))
        }
        result => result,
    }
}

/// Whether a stream says that it is closed.
fn is_closed(cx: &mut Cx, stream: Ref<'_>) -> R<bool> {
    let closed = cx.get_attr_str(stream, "closed")?;
    cx.truth(closed.r())
}

/// Makes `first` the context of `second`, which was raised while `first` was being dealt with.
fn chain(cx: &mut Cx, first: Err, second: Err) -> Err {
    use ungil_runtime::objects::exception::PyException;
    if let Some(e) = second.exception().downcast::<PyException>(cx)
        && !first.exception().is(second.exception())
    {
        e.context.set(&e.h, cx, first.exception().own(cx));
    }
    second
}

/// The result of two steps that are both taken; the second one's exception has the first one's as its context.
fn both<T>(cx: &mut Cx, first: R<()>, second: R<T>) -> R<T> {
    match (first, second) {
        (Err(first), Err(second)) => Err(chain(cx, first, second)),
        (Err(first), Ok(_)) => Err(first),
        (Ok(()), second) => second,
    }
}

/// Issues a `ResourceWarning` about an object that nobody closed, unless nobody could see it.
fn warn_unclosed(cx: &mut Cx, source: Ref<'_>) -> R<()> {
    let text = format!("unclosed file {}", cx.repr_string(source)?);
    warn_resource(cx, &text, source)
}

/// A `ResourceWarning` about `source`, which nobody has closed.
///
/// # Errors
/// What the warning raises, but for itself as an exception.
pub fn warn_resource(cx: &mut Cx, text: &str, source: Ref<'_>) -> R<()> {
    let name = cx.vm.names.warnings.get();
    let warnings = match cx.modules().get_str(cx, name) {
        Some(module) => module,
        // The filters that are there without any option ignore these warnings.
        None if cx.vm.config.warn_options.is_empty() => return Ok(()),
        None => ungil_runtime::import::import_module(cx, "warnings")?,
    };
    let text = cx.str(text);
    let category = cx.builtin(Builtin::ResourceWarning).as_ref();
    let warn = cx.get_attr_str(warnings.r(), "warn")?;
    let level = cx.int(1);
    match cx.call_kw(warn.r(), &[text.r(), category, level.r()], &[("source", source)]) {
        Err(err) if cx.is_error(&err, Builtin::Warning) => {
            ungil_runtime::traceback::unraisable(cx, err, "Exception ignored in", source);
            Ok(())
        }
        result => result.map(drop),
    }
}

/// `__getstate__` of streams that stand for something outside the program.
fn cannot_pickle(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.class_of(a.get(0)).name();
    Err(cx.type_error(format!("cannot pickle '{name}' instances")))
}

/// Calls the method of what a stream stands on.
fn delegate(cx: &mut Cx, to: &Obj, method: &str) -> R {
    cx.call_method(to.r(), method, &[])
}

/// The `repr` of a stream with its name, as `<_io.BufferedReader name='x'>`; `extra` is put behind it.
fn repr_with_name(cx: &mut Cx, stream: Ref<'_>, extra: &str) -> R {
    let class = cx.type_name(stream);
    let name = cx.get_attr_str(stream, "name");
    let name = match name {
        Err(err) if cx.is_error(&err, Builtin::ValueError) => None,
        result => cx.catch(result, Builtin::AttributeError)?,
    };
    let Some(name) = name else { return Ok(cx.str(&format!("<{class}{extra}>"))) };
    let id = stream.value().0;
    if cx.thread_state.repr_stack.borrow().contains(&id) {
        return Err(cx.runtime_error(format!("reentrant call inside {class}.__repr__")));
    }
    cx.thread_state.repr_stack.borrow_mut().push(id);
    let shown = cx.repr_string(name.r());
    cx.thread_state.repr_stack.borrow_mut().pop();
    Ok(cx.str(&format!("<{class} name={}{extra}>", shown?)))
}

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    (
        "open",
        "($module, /, file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)",
        Full(open::open),
    ),
    ("open_code", "($module, /, path)", Full(open::open_code)),
    ("text_encoding", "($module, encoding, stacklevel=2, /)", Full(open::text_encoding)),
];

/// `io.UnsupportedOperation`, a class with two bases.
fn make_unsupported(cx: &mut Cx) -> R {
    let name = cx.str("UnsupportedOperation");
    let bases = [Builtin::OSError, Builtin::ValueError].map(|b| cx.builtin(b).as_ref().own(cx));
    let bases = cx.tuple(bases.into());
    let namespace = ungil_runtime::objects::dict::PyDict::new(cx);
    let (key, module) = (cx.str("__module__"), cx.str("io"));
    cx.set_item(namespace.r(), key.r(), module.r())?;
    let meta = cx.builtin(Builtin::Type).as_ref();
    cx.call(meta, &[name.r(), bases.r(), namespace.r()])
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let size = cx.int(DEFAULT_BUFFER_SIZE as i64);
    add(cx, module, "DEFAULT_BUFFER_SIZE", size);
    let unsupported = make_unsupported(cx)?;
    let blocking = cx.builtin(Builtin::BlockingIOError).as_ref().own(cx);
    add(cx, module, "BlockingIOError", blocking);
    add(cx, module, "UnsupportedOperation", unsupported.clone());
    let unsupported = SharedValue::new(unsupported);
    let base = base::make(cx);
    let pair = buffered::make_pair(cx, base.buffered);
    let newline_decoder = newline::make(cx);
    let made = CLASSES.get_or_init(|| Classes {
        raw_base: base.raw,
        buffered_base: base.buffered,
        text_base: base.text,
        file: file::make(cx, base.raw),
        reader: buffered::make(cx, base.buffered, buffered::Kind::Reader),
        writer: buffered::make(cx, base.buffered, buffered::Kind::Writer),
        random: buffered::make(cx, base.buffered, buffered::Kind::Random),
        bytes_io: bytes_io::make(cx, base.buffered),
        bytes_io_buffer: bytes_io::make_buffer(cx),
        string_io: string_io::make(cx, base.text),
        text: text::make(cx, base.text),
        unsupported,
    });
    for class in [
        base.root,
        made.raw_base,
        made.buffered_base,
        made.text_base,
        made.file,
        made.reader,
        made.writer,
        made.random,
        pair,
        made.bytes_io,
        made.bytes_io_buffer,
        made.string_io,
        made.text,
        newline_decoder,
    ] {
        add(cx, module, &class.name(), class.as_ref().own(cx));
    }
    Ok(())
}
