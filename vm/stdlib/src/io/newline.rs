//! Line ends: how they are recognised and translated when text is read, and `IncrementalNewlineDecoder`.
//!
//! [`Translator`] is plain data, guarded by the lock of the stream that it is part of. The decoder's is guarded by the
//! object's lock; the decoder that it stands on is called without it.

use super::flag_arg;
use std::cell::UnsafeCell;
use ungil_runtime::objects::bytes::empty_bytes;
use ungil_runtime::objects::str::{PyStr, try_new_wtf8};
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// Bits of [`Translator::seen`].
const CR: u8 = 1;
const LF: u8 = 2;
const CRLF: u8 = 4;

/// Recognises `\n`, `\r` and `\r\n` in text that comes in pieces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Translator {
    /// Whether `\r` and `\r\n` become `\n`.
    pub translate: bool,
    /// A `\r` was the last of the text so far: whether a `\n` follows is not known yet, so it was held back.
    pub pending: bool,
    /// Kinds of line ends seen.
    pub seen: u8,
}

impl Translator {
    pub fn new(translate: bool) -> Translator {
        Translator { translate, ..Translator::default() }
    }

    /// Appends what becomes of a piece of text. `last`: nothing will follow.
    pub fn feed(&mut self, text: &[u8], last: bool, out: &mut Vec<u8>) {
        let from = out.len();
        if self.pending && (last || !text.is_empty()) {
            out.push(b'\r');
            self.pending = false;
        }
        out.extend_from_slice(text);
        if !last && out.len() > from && out.last() == Some(&b'\r') {
            out.pop();
            self.pending = true;
        }
        let Some(first) = memchr::memchr(b'\r', &out[from..]) else {
            if self.seen & LF == 0 && memchr::memchr(b'\n', &out[from..]).is_some() {
                self.seen |= LF;
            }
            return;
        };
        if !self.translate {
            self.note(&out[from..]);
            return;
        }
        if memchr::memchr(b'\n', &out[from..from + first]).is_some() {
            self.seen |= LF;
        }
        self.translate_in_place(out, from + first);
    }

    /// What becomes of a piece of text.
    pub fn feed_owned(&mut self, text: Vec<u8>, last: bool) -> Vec<u8> {
        if !self.pending && memchr::memchr(b'\r', &text).is_none() {
            if self.seen & LF == 0 && memchr::memchr(b'\n', &text).is_some() {
                self.seen |= LF;
            }
            return text;
        }
        let mut out = Vec::with_capacity(text.len() + 1);
        self.feed(&text, last, &mut out);
        out
    }

    /// Notes the kinds of line ends in text.
    fn note(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(n) = memchr::memchr2(b'\n', b'\r', &text[at..]) {
            at += n + 1;
            match (text[at - 1], text.get(at)) {
                (b'\n', _) => self.seen |= LF,
                (_, Some(b'\n')) => {
                    self.seen |= CRLF;
                    at += 1;
                }
                _ => self.seen |= CR,
            }
        }
    }

    /// Makes every line end from `from` on, where a `\r` is, a `\n`.
    fn translate_in_place(&mut self, text: &mut Vec<u8>, from: usize) {
        let (mut to, mut at) = (from, from);
        while at < text.len() {
            let b = text[at];
            at += 1;
            if b == b'\r' {
                match text.get(at) {
                    Some(b'\n') => {
                        self.seen |= CRLF;
                        at += 1;
                    }
                    _ => self.seen |= CR,
                }
            } else if b == b'\n' {
                self.seen |= LF;
            }
            text[to] = if b == b'\r' { b'\n' } else { b };
            to += 1;
        }
        text.truncate(to);
    }

    /// `newlines`: the kinds of line ends seen.
    pub fn newlines(&self, cx: &Cx) -> Obj {
        let all: Vec<Obj> = [(CR, "\r"), (LF, "\n"), (CRLF, "\r\n")]
            .iter()
            .filter(|(bit, _)| self.seen & bit != 0)
            .map(|(_, text)| cx.str(text))
            .collect();
        match all.len() {
            0 => cx.none(),
            1 => all.into_iter().next().unwrap_or_else(|| cx.none()),
            _ => cx.tuple(all),
        }
    }
}

/// Where the next line end of text is, behind it: by the conventions of universal newlines (any of the three kinds),
/// or one particular kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`, `\r` and `\r\n`.
    Any,
    Lf,
    Cr,
    CrLf,
}

impl LineEnd {
    /// The place behind the first line end in `text`.
    pub fn find(self, text: &[u8]) -> Option<usize> {
        match self {
            LineEnd::Lf => memchr::memchr(b'\n', text).map(|at| at + 1),
            LineEnd::Cr => memchr::memchr(b'\r', text).map(|at| at + 1),
            LineEnd::Any => {
                let at = memchr::memchr2(b'\n', b'\r', text)?;
                let pair = text[at] == b'\r' && text.get(at + 1) == Some(&b'\n');
                Some(at + 1 + pair as usize)
            }
            LineEnd::CrLf => memchr::memmem::find(text, b"\r\n").map(|at| at + 2),
        }
    }
}

/// The `newline` argument of text streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newline {
    /// `None`: universal, translated.
    Default,
    /// `''`: universal, as it is.
    Empty,
    Lf,
    Cr,
    CrLf,
}

impl Newline {
    /// By the argument's text.
    pub fn of(text: Option<&[u8]>) -> Option<Newline> {
        Some(match text {
            None => Newline::Default,
            Some(b"") => Newline::Empty,
            Some(b"\n") => Newline::Lf,
            Some(b"\r") => Newline::Cr,
            Some(b"\r\n") => Newline::CrLf,
            Some(_) => return None,
        })
    }

    /// The argument's text.
    pub fn text(self) -> Option<&'static str> {
        match self {
            Newline::Default => None,
            Newline::Empty => Some(""),
            Newline::Lf => Some("\n"),
            Newline::Cr => Some("\r"),
            Newline::CrLf => Some("\r\n"),
        }
    }

    /// Whether all kinds of line ends are recognised when text is read.
    pub fn is_universal(self) -> bool {
        matches!(self, Newline::Default | Newline::Empty)
    }

    /// What ends a line when text is read.
    pub fn line_end(self) -> LineEnd {
        match self {
            Newline::Default | Newline::Lf => LineEnd::Lf,
            Newline::Empty => LineEnd::Any,
            Newline::Cr => LineEnd::Cr,
            Newline::CrLf => LineEnd::CrLf,
        }
    }

    /// What is written for `\n`, if it is something else.
    pub fn written(self) -> Option<&'static [u8]> {
        match self {
            Newline::Cr => Some(b"\r"),
            Newline::CrLf => Some(b"\r\n"),
            _ => None,
        }
    }

    /// Text with its line ends as they are to be written; `None` if it stays as it is.
    pub fn translated(self, text: &[u8]) -> Option<Vec<u8>> {
        let to = self.written()?;
        memchr::memchr(b'\n', text)?;
        let mut out = Vec::with_capacity(text.len() + 16);
        for (i, line) in text.split(|&b| b == b'\n').enumerate() {
            if i > 0 {
                out.extend_from_slice(to);
            }
            out.extend_from_slice(line);
        }
        Some(out)
    }
}

/// An `IncrementalNewlineDecoder`.
#[repr(C)]
pub struct PyNewlineDecoder {
    pub h: Header,
    /// The decoder that it stands on, or `None`; empty until `__init__`.
    decoder: Slot,
    state: UnsafeCell<Translator>,
}

ungil_runtime::slot_ops!(DECODER_OPS, PyNewlineDecoder, "IncrementalNewlineDecoder", decoder);

impl PyNewlineDecoder {
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut Translator) -> T) -> T {
        // SAFETY: the lock is held.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }

    /// The decoder below, `None` if there is none.
    fn below(&self, cx: &mut Cx) -> R<Option<Obj>> {
        match self.decoder.get(&self.h, cx) {
            Some(decoder) if decoder.value().is_none() => Ok(None),
            Some(decoder) => Ok(Some(decoder)),
            None => Err(cx.value_error("IncrementalNewlineDecoder.__init__() not called")),
        }
    }
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    cx.alloc_for(class, |h| PyNewlineDecoder { h, decoder: Slot::empty(), state: UnsafeCell::default() })
}

fn init(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyNewlineDecoder>();
    let translate = cx.truth(a.get(2))?;
    this.decoder.set(&this.h, cx, a.get(1).own(cx));
    this.with(cx, |state| *state = Translator::new(translate));
    Ok(cx.none())
}

fn decode(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyNewlineDecoder>();
    let last = flag_arg(cx, a, 2, false)?;
    let text = match this.below(cx)? {
        Some(decoder) => {
            let flag = cx.bool(last);
            cx.call_method(decoder.r(), "decode", &[a.get(1), flag.r()])?
        }
        None => a.get(1).own(cx),
    };
    let Some(s) = text.downcast::<PyStr>(cx) else {
        let got = cx.type_name(text.r());
        return Err(cx.type_error(format!("decoder should return a string result, not '{got}'")));
    };
    let mut out = Vec::with_capacity(s.byte_len() + 1);
    this.with(cx, |state| state.feed(s.as_bytes(), last, &mut out));
    if out == s.as_bytes() && cx.is_exactly(text.r(), Builtin::Str) {
        return Ok(text);
    }
    try_new_wtf8(cx, &out)
}

fn getstate(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyNewlineDecoder>();
    let (buffer, flag) = match this.below(cx)? {
        None => (empty_bytes(cx), 0),
        Some(decoder) => {
            let state = cx.call_method(decoder.r(), "getstate", &[])?;
            let Some(&[buffer, flag]) = state.downcast::<PyTuple>(cx).map(PyTuple::items) else {
                return Err(cx.type_error("illegal decoder state"));
            };
            (buffer.own(cx), cx.to_i64(flag)?)
        }
    };
    let pending = this.with(cx, |state| state.pending);
    Ok(cx.tuple(vec![buffer, cx.int(flag.wrapping_shl(1) | pending as i64)]))
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyNewlineDecoder>();
    let below = this.below(cx)?;
    let items = a.get(1).downcast::<PyTuple>(cx).map(PyTuple::items);
    let Some(items) = items else {
        return Err(cx.type_error("state argument must be a tuple"));
    };
    let &[buffer, flag] = items else {
        return Err(cx.type_error("setstate(): illegal state argument"));
    };
    let flag = cx.to_i64(flag)?;
    this.with(cx, |state| state.pending = flag & 1 != 0);
    if let Some(decoder) = below {
        let state = cx.tuple(vec![buffer.own(cx), cx.int(flag >> 1)]);
        return cx.call_method(decoder.r(), "setstate", &[state.r()]);
    }
    Ok(cx.none())
}

fn reset(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyNewlineDecoder>();
    let below = this.below(cx)?;
    this.with(cx, |state| (state.pending, state.seen) = (false, 0));
    match below {
        Some(decoder) => cx.call_method(decoder.r(), "reset", &[]),
        None => Ok(cx.none()),
    }
}

fn newlines(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyNewlineDecoder>();
    this.below(cx)?;
    let state = this.with(cx, |state| *state);
    Ok(state.newlines(cx))
}

/// Makes the class.
pub fn make(cx: &mut Cx) -> &'static PyType {
    let mut t = TypeBuilder::native_type(
        cx,
        "_io.IncrementalNewlineDecoder",
        &DECODER_OPS,
        size_of::<PyNewlineDecoder>(),
        true,
        class_flag::BASETYPE,
    );
    t.doc(cx, "A decoder that recognises all kinds of line ends, and may translate them, in what another one gives.")
        .constructor(cx, "($type, *args, **kwargs)", Full(new))
        .methods(
            cx,
            &[
                ("__init__", "($self, decoder, translate, errors='strict')", Full(init)),
                ("decode", "($self, /, input, final=False)", Full(decode)),
                ("getstate", "($self, /)", Full(getstate)),
                ("setstate", "($self, state, /)", Full(setstate)),
                ("reset", "($self, /)", Full(reset)),
            ],
        )
        .getset(cx, "newlines", Full(newlines), None);
    t.class()
}
