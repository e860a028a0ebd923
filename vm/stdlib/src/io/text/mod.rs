//! `TextIOWrapper`: text over a stream of bytes.
//!
//! - `mod.rs`: the layout, its lock, setting up; `codec.rs`: encoding and decoding; `read.rs`, `write.rs`: the two directions;
//!   `place.rs`: positions; `attrs.rs`: attributes and `reconfigure`; `methods.rs`: the class
//!
//! UTF-8, ASCII and Latin-1 are decoded and encoded here; other encodings go through their incremental codecs. Text is
//! kept as generalised UTF-8, the form that strings have.
//!
//! Everything is guarded by the stream's lock, which is held while the stream below is called. Its owner may come back
//! meanwhile (a signal handler that prints): it finds the state whole, since it is only touched in short borrows.

mod attrs;
mod codec;
mod methods;
mod place;
mod read;
mod write;

pub use methods::make;
pub use write::write_text;

use super::lock::{Held, IoLock};
use super::newline::{Newline, Translator};
use super::{buffered, classes, file, unsupported};
use codec::Codec;
use std::cell::UnsafeCell;
use std::sync::Arc;
use ungil_locks::primitive::{AtomicBool, AtomicU8, Ordering::Relaxed};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// Bytes that are asked for, or kept until they are written, at a time.
const CHUNK: usize = 8192;

/// Values of [`PyText::stage`].
mod stage {
    pub const RAW: u8 = 0;
    pub const READY: u8 = 1;
    pub const DETACHED: u8 = 2;
}

/// A `TextIOWrapper`.
// ORD: accesses to the atomics are relaxed: each is a word of its own, and `lock` orders what belongs together.
#[repr(C)]
pub struct PyText {
    pub h: Header,
    buffer: Slot,
    encoding: Slot,
    errors: Slot,
    /// Incremental codecs of encodings that are not known here.
    encoder: Slot,
    decoder: Slot,
    /// The file at the bottom, if it and what is between are of classes known here: to ask whether it is closed.
    file: Slot,
    /// Whether the class is `TextIOWrapper` itself.
    exact: bool,
    stage: AtomicU8,
    finalizing: AtomicBool,
    /// `close()` has come to its end.
    closed: AtomicBool,
    lock: IoLock,
    state: UnsafeCell<State>,
}

/// What the lock guards.
struct State {
    codec: Codec,
    /// The error handler, `None` for "strict".
    errors: Option<Arc<str>>,
    newline: Newline,
    /// What finds line ends of all kinds, if they are to be found.
    translator: Option<Translator>,
    can_encode: bool,
    can_decode: bool,
    line_buffering: bool,
    write_through: bool,
    has_read1: bool,
    seekable: bool,
    /// Whether `tell` may be asked: not while the stream is iterated over.
    telling: bool,
    chunk: usize,
    /// Bytes to be written.
    pending: Vec<u8>,
    /// Text decoded, of which `used` bytes have been given out.
    decoded: Vec<u8>,
    used: usize,
    /// Whether there is decoded text, all given out or not.
    has_decoded: bool,
    /// Bytes that the decoder holds back.
    held_back: Vec<u8>,
    /// Where the decoder was before the decoded text: its flags, and the bytes that the text was made of.
    snapshot: Option<(i64, Vec<u8>)>,
    /// Bytes a character in the last chunk.
    ratio: f64,
}

impl Default for State {
    fn default() -> State {
        State {
            codec: Codec::Utf8,
            errors: None,
            newline: Newline::Default,
            translator: None,
            can_encode: false,
            can_decode: false,
            line_buffering: false,
            write_through: false,
            has_read1: false,
            seekable: false,
            telling: false,
            chunk: CHUNK,
            pending: Vec::new(),
            decoded: Vec::new(),
            used: 0,
            has_decoded: false,
            held_back: Vec::new(),
            snapshot: None,
            ratio: 0.0,
        }
    }
}

impl State {
    /// Decoded text that has not been given out.
    fn rest(&self) -> &[u8] {
        &self.decoded[self.used..]
    }

    fn set_decoded(&mut self, text: Vec<u8>) {
        (self.decoded, self.used, self.has_decoded) = (text, 0, true);
    }

    /// Forgets decoded text and where it came from.
    fn forget_decoded(&mut self) {
        self.decoded.clear();
        (self.used, self.has_decoded) = (0, false);
        self.snapshot = None;
    }

    fn set_newline(&mut self, newline: Newline) {
        self.newline = newline;
        self.translator = newline.is_universal().then(|| Translator::new(newline == Newline::Default));
    }
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a text stream that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyText>() };
    for slot in this.slots() {
        if !slot.is_empty() {
            visit(slot.peek());
        }
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the object is this thread's alone, and is never used again; what is left owns nothing.
    unsafe {
        let this = &mut *h.cast::<PyText>();
        for slot in this.slots() {
            slot.clear(m);
        }
        drop(std::mem::take(this.state.get_mut()));
        drop(std::mem::take(&mut this.lock));
    }
}

unsafe fn needs_finalizer(h: *mut Header) -> bool {
    // SAFETY: the object is a text stream, and the thread has a context.
    unsafe {
        let this = &*h.cast::<PyText>();
        ungil_runtime::finalize::has_del(h) && !(this.exact && this.closed.load(Relaxed))
    }
}

static TEXT_OPS: TypeOps = TypeOps {
    name: "TextIOWrapper",
    size: |_| size_of::<PyText>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyText {
    const OPS: &'static TypeOps = &TEXT_OPS;
}

impl PyText {
    fn new(h: Header, exact: bool) -> PyText {
        PyText {
            h,
            buffer: Slot::empty(),
            encoding: Slot::empty(),
            errors: Slot::empty(),
            encoder: Slot::empty(),
            decoder: Slot::empty(),
            file: Slot::empty(),
            exact,
            stage: AtomicU8::new(stage::RAW),
            finalizing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            lock: IoLock::default(),
            state: UnsafeCell::default(),
        }
    }

    fn slots(&self) -> [&Slot; 6] {
        [&self.buffer, &self.encoding, &self.errors, &self.encoder, &self.decoder, &self.file]
    }

    /// Runs `f` with the state; it must not run Python.
    #[inline(always)]
    fn state<T>(&self, _held: &Held<'_>, f: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: the lock is held, so no other thread is here, and `f` cannot come here again.
        f(unsafe { &mut *self.state.get() })
    }

    /// The stream below.
    fn buffer(&self, cx: &mut Cx) -> R {
        let stage = self.stage.load(Relaxed);
        if stage == stage::READY
            && let Some(buffer) = self.buffer.get(&self.h, cx)
        {
            return Ok(buffer);
        }
        Err(cx.value_error(match stage {
            stage::DETACHED => "underlying buffer has been detached",
            _ => "I/O operation on uninitialized object",
        }))
    }

    /// `ValueError` if the stream is closed.
    #[inline]
    fn check_open(&self, cx: &mut Cx) -> R<()> {
        if self.stage.load(Relaxed) != stage::READY {
            self.buffer(cx)?;
        }
        if !self.exact {
            return super::base::check_closed(cx, ref_of(self));
        }
        if self.file.is_empty() {
            let buffer = self.buffer(cx)?;
            return if super::is_closed(cx, buffer.r())? { Err(super::closed_error(cx)) } else { Ok(()) };
        }
        // SAFETY: the slot holds a `FileIO`, and changes under the lock only, which the caller holds.
        match unsafe { Ref::from_value(self.file.peek()).cast_unchecked::<file::PyFile>() }.is_closed() {
            true => Err(super::closed_error(cx)),
            false => Ok(()),
        }
    }

    /// The lock of a stream that is open.
    #[inline]
    fn enter(&self, cx: &mut Cx) -> R<Held<'_>> {
        let held = self.lock.take_nested(cx)?;
        self.check_open(cx)?;
        Ok(held)
    }
}

/// The file at the bottom of streams of exact classes.
fn file_below(cx: &mut Cx, buffer: &Obj) -> Option<Obj> {
    let raw = match buffered::exact(cx, buffer.r()) {
        Some(_) => cx.get_attr_str(buffer.r(), "raw").ok()?,
        None => buffer.clone(),
    };
    file::exact(cx, raw.r()).is_some().then_some(raw)
}

/// How a stream is set up.
pub struct Options<'a> {
    pub encoding: Option<Ref<'a>>,
    pub errors: Option<Ref<'a>>,
    pub newline: Newline,
    pub line_buffering: bool,
    pub write_through: bool,
}

/// The `newline` argument, for `what` as messages have it.
pub fn newline_arg(cx: &mut Cx, v: Option<Ref<'_>>, what: &str) -> R<Newline> {
    let text = super::text_arg(cx, v, what)?;
    match Newline::of(text.map(PyStr::as_bytes)) {
        Some(newline) => Ok(newline),
        None => {
            let shown = text.map(PyStr::to_string_lossy).unwrap_or_default();
            Err(cx.value_error(format!("illegal newline value: {shown}")))
        }
    }
}

/// The encoding of text that says nothing of its own.
pub fn default_encoding(cx: &Cx) -> Obj {
    match cx.vm.config.utf8_mode {
        true => cx.str("utf-8"),
        false => cx.str(&cx.vm.config.locale_encoding),
    }
}

/// The name of an error handler as the state keeps it.
fn shared_errors(cx: &Cx, errors: &Obj) -> Option<Arc<str>> {
    let name = cx.text_of(errors.r());
    (name != "strict").then(|| Arc::from(name))
}

fn ask(cx: &mut Cx, v: &Obj, method: &str) -> R<bool> {
    let answer = cx.call_method(v.r(), method, &[])?;
    cx.truth(answer.r())
}

/// Sets a stream up on `buffer`: what `__init__` does.
fn set_up(cx: &mut Cx, this: &PyText, buffer: &Obj, options: &Options<'_>) -> R<()> {
    this.stage.store(stage::RAW, Relaxed);
    let encoding = match options.encoding {
        Some(v) if cx.text_of(v) != "locale" => v.own(cx),
        Some(_) => cx.str(&cx.vm.config.locale_encoding),
        None => default_encoding(cx),
    };
    let errors = options.errors.map_or_else(|| cx.str("strict"), |v| v.own(cx));
    let codec = Codec::find(cx, &encoding)?;
    let mut state = State {
        line_buffering: options.line_buffering,
        write_through: options.write_through,
        errors: shared_errors(cx, &errors),
        ..State::default()
    };
    state.set_newline(options.newline);
    state.can_decode = ask(cx, buffer, "readable")?;
    state.can_encode = ask(cx, buffer, "writable")?;
    let coders = codec.coders(cx, &errors, state.can_encode, state.can_decode)?;
    state.codec = codec.codec;
    state.seekable = ask(cx, buffer, "seekable")?;
    state.telling = state.seekable;
    let name = ungil_runtime::objects::str::intern(cx, "read1");
    state.has_read1 =
        buffered::exact(cx, buffer.r()).is_some() || cx.get_attr_opt(buffer.r(), name.get())?.is_some();
    let in_the_middle = state.seekable && state.can_encode && {
        let at = cx.call_method(buffer.r(), "tell", &[])?;
        cx.truth(at.r())?
    };
    let file = file_below(cx, buffer);
    let held = this.lock.take_nested(cx)?;
    let old = this.state(&held, |place| std::mem::replace(place, state));
    drop(old);
    this.buffer.set(&this.h, cx, buffer.clone());
    this.encoding.set(&this.h, cx, encoding);
    this.errors.set(&this.h, cx, errors);
    match file {
        Some(file) => this.file.set(&this.h, cx, file),
        None => drop(this.file.take(&this.h, cx)),
    }
    this.set_coders(cx, coders);
    this.closed.store(false, Relaxed);
    if in_the_middle {
        this.reset_encoder(cx, false)?;
    }
    this.stage.store(stage::READY, Relaxed);
    Ok(())
}

/// A new exact stream.
pub fn create(cx: &mut Cx, buffer: &Obj, options: &Options<'_>) -> R {
    let made = cx.alloc_for(classes().text, |h| PyText::new(h, true))?;
    // SAFETY: just made.
    set_up(cx, unsafe { made.cast_unchecked() }, buffer, options)?;
    Ok(made)
}

/// The payload of an exact `TextIOWrapper`.
#[inline]
fn exact<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a PyText> {
    v.downcast::<PyText>(cx).filter(|this| this.exact)
}

fn not_readable(cx: &mut Cx) -> Err {
    unsupported(cx, "not readable")
}

/// The name of an encoding as its codec has it.
///
/// # Errors
/// `LookupError`.
pub fn codec_name(cx: &mut Cx, name: &str) -> R {
    Codec::canonical_name(cx, name)
}

/// Whether an object is a stream of text that was set up.
pub fn is_stream(cx: &Cx, v: Ref<'_>) -> bool {
    v.downcast::<PyText>(cx).is_some_and(|this| this.stage.load(Relaxed) == stage::READY)
}
