//! Writing. Encoded text is kept until there is a chunk of it, the stream is flushed, or, in streams that are buffered
//! by lines, a line is complete.

use super::codec::Codec;
use super::{Held, PyText, State};
use crate::io::base::call_again;
use crate::io::{buffered, file, unsupported};
use ungil_runtime::objects::bytes::try_new_bytes;
use ungil_runtime::objects::str::code_points;
use ungil_runtime::prelude::*;

/// What is to be done after text has been kept.
#[derive(Clone, Copy, Default)]
struct Due {
    /// Write what is kept to the stream below.
    write: bool,
    /// Flush that stream then.
    flush: bool,
}

impl State {
    /// Whether the text is its own encoding.
    fn is_plain(&self, text: &[u8]) -> bool {
        match self.codec {
            Codec::Utf8 => text.is_ascii() || !code_points::has_surrogates(text),
            Codec::Ascii | Codec::Latin1 => text.is_ascii(),
            Codec::Other => false,
        }
    }

    /// Keeps encoded text.
    fn keep(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    fn due(&self, line: bool) -> Due {
        let flush = self.line_buffering && line;
        Due { write: flush || self.write_through || self.pending.len() >= self.chunk, flush }
    }

    /// Reading starts anew behind what is written.
    fn written(&mut self) -> bool {
        if self.has_decoded || self.snapshot.is_some() {
            self.forget_decoded();
        }
        self.can_decode
    }
}

impl PyText {
    /// Gives what is kept to the stream below.
    pub(super) fn write_pending(&self, cx: &mut Cx, held: &Held<'_>) -> R<()> {
        let mut bytes = self.state(held, |s| std::mem::take(&mut s.pending));
        if bytes.is_empty() {
            return Ok(());
        }
        let buffer = self.buffer(cx)?;
        let result = match buffered::exact(cx, buffer.r()) {
            Some(buffered) if buffered.writes() => buffered.write(cx, &bytes).map(drop),
            _ => match file::exact(cx, buffer.r()) {
                Some(file) => file.write(cx, &bytes).map(drop),
                None => {
                    let object = try_new_bytes(cx, &bytes)?;
                    call_again(cx, buffer.r(), "write", &[object.r()]).map(drop)
                }
            },
        };
        bytes.clear();
        self.state(held, |s| {
            if s.pending.capacity() == 0 {
                s.pending = bytes;
            }
        });
        result
    }

    fn flush_buffer(&self, cx: &mut Cx, buffer: &Obj) -> R<()> {
        match buffered::exact(cx, buffer.r()) {
            Some(buffered) if buffered.writes() => buffered.flush(cx),
            _ if file::exact(cx, buffer.r()).is_some() => Ok(()),
            _ => cx.call_method(buffer.r(), "flush", &[]).map(drop),
        }
    }

    /// `flush()`.
    pub(super) fn flush(&self, cx: &mut Cx) -> R<()> {
        let held = self.enter(cx)?;
        self.state(&held, |s| s.telling = s.seekable);
        self.write_pending(cx, &held)?;
        let buffer = self.buffer(cx)?;
        drop(held);
        match buffered::exact(cx, buffer.r()) {
            Some(buffered) if buffered.writes() => buffered.flush(cx),
            _ => cx.call_method(buffer.r(), "flush", &[]).map(drop),
        }
    }

    /// `write(text)`.
    pub(super) fn write(&self, cx: &mut Cx, text: &[u8]) -> R<()> {
        let held = self.enter(cx)?;
        let (can, lines, written) =
            self.state(&held, |s| (s.can_encode, s.line_buffering, s.newline.written()));
        if !can {
            return Err(unsupported(cx, "not writable"));
        }
        let line = lines && memchr::memchr2(b'\n', b'\r', text).is_some();
        let translated =
            if written.is_some() { self.state(&held, |s| s.newline.translated(text)) } else { None };
        let text = translated.as_deref().unwrap_or(text);
        let encoded = match self.state(&held, |s| s.is_plain(text)) {
            true => None,
            false => Some(self.encode(cx, &held, text)?),
        };
        let bytes = encoded.as_deref().unwrap_or(text);
        if self.state(&held, |s| !s.pending.is_empty() && s.pending.len() + bytes.len() > s.chunk) {
            self.write_pending(cx, &held)?;
        }
        let due = self.state(&held, |s| {
            s.keep(bytes);
            s.due(line)
        });
        if due.write {
            self.write_pending(cx, &held)?;
        }
        if due.flush {
            let buffer = self.buffer(cx)?;
            self.flush_buffer(cx, &buffer)?;
        }
        if self.state(&held, State::written) {
            self.reset_decoder(cx, &held)?;
        }
        Ok(())
    }
}

/// Writes to an exact stream, for `print`: no object is made of the text. False if `stream` is none; `None` only asks.
pub fn write_text(cx: &mut Cx, stream: Ref<'_>, text: Option<&[u8]>) -> R<bool> {
    let Some(this) = super::exact(cx, stream) else { return Ok(false) };
    if let Some(text) = text {
        this.write(cx, text)?;
    }
    Ok(true)
}
