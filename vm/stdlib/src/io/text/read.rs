//! Reading.

use super::{Held, PyText, not_readable};
use crate::io::base::call_again;
use crate::io::buffered;
use crate::io::newline::LineEnd;
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::str::{PyStr, code_points, empty_str, try_new_wtf8};
use ungil_runtime::prelude::*;

fn text(cx: &mut Cx, bytes: &[u8]) -> R {
    if bytes.is_empty() { Ok(empty_str(cx)) } else { try_new_wtf8(cx, bytes) }
}

impl PyText {
    /// Bytes from the stream below.
    fn fetch(&self, cx: &mut Cx, held: &Held<'_>, buffer: &Obj, n: usize) -> R<Vec<u8>> {
        if let Some(buffered) = buffered::exact(cx, buffer.r()) {
            if !buffered.reads() {
                return Err(crate::io::unsupported(cx, "read1"));
            }
            return buffered.read1(cx, Some(n));
        }
        let method = if self.state(held, |s| s.has_read1) { "read1" } else { "read" };
        let n = cx.int(n.min(i64::MAX as usize) as i64);
        let chunk = call_again(cx, buffer.r(), method, &[n.r()])?;
        match bytes_of(cx, chunk.r()) {
            Ok(bytes) => Ok(bytes.into_owned()),
            Err(err) if cx.is_error(&err, Builtin::TypeError) => {
                let got = cx.type_name(chunk.r());
                Err(cx.type_error(format!(
                    "underlying {method}() should have returned a bytes-like object, not '{got}'"
                )))
            }
            Err(err) => Err(err),
        }
    }

    /// Replaces the decoded text by what the next bytes give; false at the end. `hint`: characters wanted.
    fn read_chunk(&self, cx: &mut Cx, held: &Held<'_>, hint: usize) -> R<bool> {
        let (can, telling, n) = self.state(held, |s| {
            let wanted = if hint > 0 { (s.ratio.max(1.0) * hint as f64) as usize } else { 0 };
            (s.can_decode, s.telling, s.chunk.max(wanted))
        });
        if !can {
            return Err(not_readable(cx));
        }
        let before = if telling { Some(self.decoder_state(cx, held)?) } else { None };
        let buffer = self.buffer(cx)?;
        let input = self.fetch(cx, held, &buffer, n)?;
        let (len, end) = (input.len(), input.is_empty());
        let snapshot = before.map(|(mut bytes, flags)| {
            bytes.extend_from_slice(&input);
            (flags, bytes)
        });
        let decoded = self.decode(cx, held, input, end)?;
        let chars = code_points::count(&decoded);
        self.state(held, |s| {
            s.set_decoded(decoded);
            s.ratio = if chars > 0 { len as f64 / chars as f64 } else { 0.0 };
            if snapshot.is_some() {
                s.snapshot = snapshot;
            }
        });
        Ok(!end)
    }

    /// `read(n)`; everything for `None`.
    pub(super) fn read(&self, cx: &mut Cx, n: Option<usize>) -> R {
        let held = self.enter(cx)?;
        if !self.state(&held, |s| s.can_decode) {
            return Err(not_readable(cx));
        }
        self.write_pending(cx, &held)?;
        let Some(n) = n else { return self.read_all(cx, &held) };
        let mut out = Vec::new();
        let mut left = n;
        loop {
            self.state(&held, |s| {
                let to = code_points::advance(&s.decoded, s.used, left).min(s.decoded.len());
                let part = &s.decoded[s.used..to];
                left -= code_points::count(part);
                out.extend_from_slice(part);
                s.used = to;
            });
            if left == 0 || !self.read_chunk(cx, &held, left)? {
                break;
            }
        }
        if left > 0 {
            // Decoding the end may have given some text still.
            self.state(&held, |s| {
                let to = code_points::advance(&s.decoded, s.used, left).min(s.decoded.len());
                out.extend_from_slice(&s.decoded[s.used..to]);
                s.used = to;
            });
        }
        text(cx, &out)
    }

    fn read_all(&self, cx: &mut Cx, held: &Held<'_>) -> R {
        let buffer = self.buffer(cx)?;
        let data = match buffered::exact(cx, buffer.r()) {
            Some(buffered) if buffered.reads() => buffered.read(cx, None)?,
            _ => {
                let data = cx.call_method(buffer.r(), "read", &[])?;
                match data.value().is_none() {
                    true => None,
                    false => Some(bytes_of(cx, data.r())?.into_owned()),
                }
            }
        };
        let Some(data) = data else {
            return Err(cx.error(Builtin::BlockingIOError, "Read returned None."));
        };
        let decoded = self.decode(cx, held, data, true)?;
        let all = self.state(held, |s| {
            let all = match s.rest() {
                [] => decoded,
                rest => [rest, &decoded].concat(),
            };
            s.forget_decoded();
            all
        });
        text(cx, &all)
    }

    /// A line with its end, cut after `limit` characters.
    pub(super) fn read_line(&self, cx: &mut Cx, held: &Held<'_>, limit: usize) -> R {
        let (can, pending) = self.state(held, |s| (s.can_decode, !s.pending.is_empty()));
        if pending {
            self.write_pending(cx, held)?;
        }
        if !can {
            return Err(not_readable(cx));
        }
        let mut line: Vec<u8> = Vec::new();
        let mut left = limit;
        loop {
            let (whole, done) = self.state(held, |s| {
                let (n, done) = line_part(s.newline.line_end(), &line, s.rest(), &mut left);
                let part = &s.decoded[s.used..s.used + n];
                s.used += n;
                if done && line.is_empty() && !part.is_empty() {
                    // The usual case: the line lies in the chunk as a whole.
                    return (Some(ungil_runtime::objects::str::new_wtf8(cx, part)), true);
                }
                line.extend_from_slice(part);
                (None, done)
            });
            if let Some(whole) = whole {
                return Ok(whole);
            }
            if done {
                return text(cx, &line);
            }
            if !self.read_chunk(cx, held, 0)? && self.state(held, |s| s.rest().is_empty()) {
                self.state(held, |s| s.forget_decoded());
                return text(cx, &line);
            }
        }
    }
}

/// How much of `rest` belongs to the line that begins with `line`, and whether that completes it. `left`: characters
/// that the line may still get, or `usize::MAX`.
fn line_part(end: LineEnd, line: &[u8], rest: &[u8], left: &mut usize) -> (usize, bool) {
    let split = end == LineEnd::CrLf && line.last() == Some(&b'\r') && rest.first() == Some(&b'\n');
    let found = if split { Some(1) } else { end.find(rest) };
    let n = found.unwrap_or(rest.len());
    if *left == usize::MAX {
        return (n, found.is_some());
    }
    let cut = code_points::advance(rest, 0, *left);
    let n = n.min(cut);
    *left -= code_points::count(&rest[..n]);
    (n, found.is_some_and(|at| at <= n) || *left == 0)
}

/// `__next__`.
pub(super) fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    let line = if super::exact(cx, a.get(0)).is_some() {
        let held = this.enter(cx)?;
        this.state(&held, |s| s.telling = false);
        this.read_line(cx, &held, usize::MAX)?
    } else {
        this.buffer(cx)?;
        {
            let held = this.lock.take_nested(cx)?;
            this.state(&held, |s| s.telling = false);
        }
        cx.call_method(a.get(0), "readline", &[])?
    };
    match line.downcast::<PyStr>(cx) {
        Some(s) if !s.is_empty() => Ok(line),
        Some(_) => {
            let held = this.lock.take_nested(cx)?;
            this.state(&held, |s| {
                s.snapshot = None;
                s.telling = s.seekable;
            });
            Err(cx.stop_iteration())
        }
        None => {
            let got = cx.type_name(line.r());
            let message = format!("readline() should have returned a str object, not '{got}'");
            Err(cx.error(Builtin::OSError, &message))
        }
    }
}
