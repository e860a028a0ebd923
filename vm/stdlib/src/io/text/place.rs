//! Positions in text. A position is an opaque number: where the bytes are that the text there is decoded from, and, if
//! the decoder cannot begin exactly there, what to do to get it there.

use super::codec::Codec;
use super::{Held, PyText};
use crate::io::{buffered, c_int, offset, unsupported};
use ungil_runtime::objects::bytes::{PyBytes, try_new_bytes};
use ungil_runtime::objects::str::code_points;
use ungil_runtime::prelude::*;

/// What a position says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cookie {
    /// Where the stream below goes.
    start: i64,
    /// The decoder's flags there.
    flags: i32,
    /// Bytes to be decoded from there on.
    feed: i32,
    /// Characters of that text to be skipped.
    skip: i32,
    /// Whether the decoder has to be told that nothing follows.
    end: bool,
}

/// Bytes of a position's number.
const COOKIE: usize = 8 + 3 * 4 + 1;

impl Cookie {
    fn pack(self, cx: &mut Cx) -> R {
        if self == (Cookie { start: self.start, ..Cookie::default() }) {
            return Ok(cx.int(self.start));
        }
        let mut bytes = Vec::with_capacity(COOKIE);
        bytes.extend(self.start.to_le_bytes());
        [self.flags, self.feed, self.skip].iter().for_each(|n| bytes.extend(n.to_le_bytes()));
        bytes.push(self.end as u8);
        let (bytes, order) = (try_new_bytes(cx, &bytes)?, cx.str("little"));
        let class = cx.builtin(Builtin::Int).as_ref();
        cx.call_method(class, "from_bytes", &[bytes.r(), order.r()])
    }

    fn unpack(cx: &mut Cx, v: &Obj) -> R<Cookie> {
        if let Some(start) = v.value().as_int() {
            return Ok(Cookie { start, ..Cookie::default() });
        }
        let number = cx.call(cx.builtin(Builtin::Int).as_ref(), &[v.r()])?;
        let (len, order) = (cx.int(COOKIE as i64), cx.str("little"));
        let packed = cx.call_method(number.r(), "to_bytes", &[len.r(), order.r()])?;
        let bytes = packed.downcast::<PyBytes>(cx).map(PyBytes::as_bytes).unwrap_or_default();
        let word = |at: usize| bytes.get(at..at + 4).map_or([0; 4], |b| [b[0], b[1], b[2], b[3]]);
        let (low, high) = (u32::from_le_bytes(word(0)) as i64, i32::from_le_bytes(word(4)) as i64);
        Ok(Cookie {
            start: high << 32 | low,
            flags: i32::from_le_bytes(word(8)),
            feed: i32::from_le_bytes(word(12)),
            skip: i32::from_le_bytes(word(16)),
            end: bytes.last().is_some_and(|&b| b != 0),
        })
    }
}

/// Tells the stream below to go somewhere, and where that is.
fn seek_buffer(cx: &mut Cx, buffer: &Obj, to: i64, whence: i32) -> R<Obj> {
    let (to, whence) = (cx.int(to), cx.int(whence as i64));
    cx.call_method(buffer.r(), "seek", &[to.r(), whence.r()])
}

fn tell_buffer(cx: &mut Cx, buffer: &Obj) -> R<i64> {
    if let Some(buffered) = buffered::exact(cx, buffer.r()) {
        return buffered.tell(cx);
    }
    let at = cx.call_method(buffer.r(), "tell", &[])?;
    offset(cx, at.r())
}

impl PyText {
    /// Takes the decoder to a position's beginning.
    fn decoder_to(&self, cx: &mut Cx, held: &Held<'_>, cookie: &Cookie) -> R<()> {
        // Some decoders have states that say less than a fresh start.
        if cookie.start == 0 && cookie.flags == 0 {
            return self.reset_decoder(cx, held);
        }
        self.set_decoder_state(cx, held, &[], cookie.flags as i64)
    }

    fn chars(&self, cx: &mut Cx, held: &Held<'_>, input: &[u8], last: bool) -> R<usize> {
        Ok(code_points::count(&self.decode(cx, held, input.to_vec(), last)?))
    }

    /// `tell()`.
    fn tell(&self, cx: &mut Cx) -> R {
        let held = self.enter(cx)?;
        let buffer = self.buffer(cx)?;
        let (seekable, telling) = self.state(&held, |s| (s.seekable, s.telling));
        if !seekable {
            return Err(unsupported(cx, "underlying stream is not seekable"));
        }
        if !telling {
            return Err(cx.error(Builtin::OSError, "telling position disabled by next() call"));
        }
        self.write_pending(cx, &held)?;
        cx.call_method(ref_of(self), "flush", &[])?;
        let start = tell_buffer(cx, &buffer)?;
        let snapshot = self.state(&held, |s| match (&s.snapshot, s.can_decode) {
            (Some((flags, input)), true) => {
                let plain = *flags == 0 && s.codec != Codec::Other && input.starts_with(&s.decoded[..s.used]);
                let chars = if plain { 0 } else { code_points::count(&s.decoded[..s.used]) };
                Some((*flags, input.clone(), s.used, chars, plain))
            }
            _ => None,
        });
        let Some((flags, input, used, chars, plain)) = snapshot else { return Ok(cx.int(start)) };
        let mut cookie =
            Cookie { start: start - input.len() as i64, flags: flags as i32, ..Cookie::default() };
        if plain {
            // The text given out is its own encoding: the place is known without decoding again.
            cookie.start += used as i64;
            return cookie.pack(cx);
        }
        if used == 0 {
            return cookie.pack(cx);
        }
        let (bytes, flags) = self.decoder_state(cx, &held)?;
        let found = self.reconstruct(cx, &held, &mut cookie, &input, chars);
        let restored = self.set_decoder_state(cx, &held, &bytes, flags);
        crate::io::both(cx, found, restored)?;
        cookie.pack(cx)
    }

    /// Finds a place from which the decoder gives `chars` characters of `input`, as near as can be.
    fn reconstruct(
        &self,
        cx: &mut Cx,
        held: &Held<'_>,
        cookie: &mut Cookie,
        input: &[u8],
        chars: usize,
    ) -> R<()> {
        let mut left = chars;
        let ratio = self.state(held, |s| s.ratio);
        let mut skip = ((ratio * left as f64) as usize).min(input.len());
        let mut back = 1;
        while skip > 0 {
            self.decoder_to(cx, held, cookie)?;
            let decoded = self.chars(cx, held, &input[..skip], false)?;
            if decoded > left {
                skip = skip.saturating_sub(back);
                back *= 2;
                continue;
            }
            let (bytes, flags) = self.decoder_state(cx, held)?;
            if bytes.is_empty() {
                cookie.flags = flags as i32;
                left -= decoded;
                break;
            }
            skip = skip.saturating_sub(bytes.len());
            back = 1;
        }
        if skip == 0 {
            self.decoder_to(cx, held, cookie)?;
        }
        cookie.start += skip as i64;
        cookie.skip = left as i32;
        if left == 0 {
            return Ok(());
        }
        self.step(cx, held, cookie, &input[skip..], left)
    }

    /// Feeds the decoder byte by byte until it has given `left` characters.
    fn step(&self, cx: &mut Cx, held: &Held<'_>, cookie: &mut Cookie, input: &[u8], left: usize) -> R<()> {
        let (mut left, mut decoded) = (left, 0);
        for byte in input {
            decoded += self.chars(cx, held, std::slice::from_ref(byte), false)?;
            cookie.feed += 1;
            let (bytes, flags) = self.decoder_state(cx, held)?;
            if bytes.is_empty() && decoded <= left {
                // Nothing is held back: a place to begin at.
                cookie.start += cookie.feed as i64;
                left -= decoded;
                (cookie.flags, cookie.feed, decoded) = (flags as i32, 0, 0);
            }
            cookie.skip = left as i32;
            if decoded >= left {
                return Ok(());
            }
        }
        decoded += self.chars(cx, held, &[], true)?;
        cookie.end = true;
        if decoded < left {
            return Err(cx.error(Builtin::OSError, "can't reconstruct logical file position"));
        }
        Ok(())
    }

    /// Goes to a position.
    fn seek_to(&self, cx: &mut Cx, held: &Held<'_>, buffer: &Obj, cookie: Cookie) -> R<()> {
        seek_buffer(cx, buffer, cookie.start, libc::SEEK_SET)?;
        self.state(held, |s| s.forget_decoded());
        let can_decode = self.state(held, |s| s.can_decode);
        if can_decode {
            self.decoder_to(cx, held, &cookie)?;
        }
        if cookie.skip > 0 {
            let n = cx.int(cookie.feed as i64);
            let input = cx.call_method(buffer.r(), "read", &[n.r()])?;
            let Some(bytes) = input.downcast::<PyBytes>(cx) else {
                let got = cx.type_name(input.r());
                return Err(cx.type_error(format!(
                    "underlying read() should have returned a bytes object, not '{got}'"
                )));
            };
            let bytes = bytes.as_bytes().to_vec();
            let decoded = self.decode(cx, held, bytes.clone(), cookie.end)?;
            let enough = code_points::count(&decoded) >= cookie.skip as usize;
            self.state(held, |s| {
                s.snapshot = Some((cookie.flags as i64, bytes));
                s.set_decoded(decoded);
                if enough {
                    s.used = code_points::advance(&s.decoded, 0, cookie.skip as usize);
                }
            });
            if !enough {
                return Err(cx.error(Builtin::OSError, "can't restore logical file position"));
            }
        } else if can_decode {
            self.state(held, |s| s.snapshot = Some((cookie.flags as i64, Vec::new())));
        }
        self.reset_encoder(cx, cookie.start == 0 && cookie.flags == 0)
    }
}

pub(super) fn tell(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyText>().tell(cx)
}

pub(super) fn seek(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    let whence = a.opt(2).map_or(Ok(0), |v| c_int(cx, v))?;
    let held = this.enter(cx)?;
    let buffer = this.buffer(cx)?;
    if !this.state(&held, |s| s.seekable) {
        return Err(unsupported(cx, "underlying stream is not seekable"));
    }
    let mut target = a.get(1).own(cx);
    let zero = cx.int(0);
    match whence {
        libc::SEEK_CUR => {
            if !cx.equal(target.r(), zero.r())? {
                return Err(unsupported(cx, "can't do nonzero cur-relative seeks"));
            }
            // Going to where it is brings the stream below there, too.
            target = cx.call_method(a.get(0), "tell", &[])?;
        }
        libc::SEEK_END => {
            if !cx.equal(target.r(), zero.r())? {
                return Err(unsupported(cx, "can't do nonzero end-relative seeks"));
            }
            cx.call_method(a.get(0), "flush", &[])?;
            this.state(&held, |s| s.forget_decoded());
            if this.state(&held, |s| s.can_decode) {
                this.reset_decoder(cx, &held)?;
            }
            let at = seek_buffer(cx, &buffer, 0, libc::SEEK_END)?;
            let at_start = cx.equal(at.r(), zero.r())?;
            this.reset_encoder(cx, at_start)?;
            return Ok(at);
        }
        libc::SEEK_SET => {}
        _ => return Err(cx.value_error(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
    }
    if cx.compare_bool(CompareOp::Lt, target.r(), zero.r())? {
        let shown = cx.repr_string(target.r())?;
        return Err(cx.value_error(format!("negative seek position {shown}")));
    }
    cx.call_method(a.get(0), "flush", &[])?;
    let cookie = Cookie::unpack(cx, &target)?;
    this.seek_to(cx, &held, &buffer, cookie)?;
    Ok(target)
}

pub(super) fn truncate(cx: &mut Cx, a: Args<'_>) -> R {
    let buffer = a.this::<PyText>().buffer(cx)?;
    cx.call_method(a.get(0), "flush", &[])?;
    let size = a.opt(1).unwrap_or(Ref::immediate(Value::NONE));
    cx.call_method(buffer.r(), "truncate", &[size])
}
