//! The loop of decoders: good stretches are appended, bad ones handled.

use super::handler::{Handler, Problem, on_decode_error};
use crate::objects::str::StrBuf;
use crate::prelude::*;

/// What a codec finds at a place of its input.
pub(super) enum Step {
    /// So many bytes have been decoded and appended.
    Good(usize),
    /// Bytes from here on, so many, cannot be decoded.
    Bad(usize, &'static str),
    /// The rest is the beginning of something whose end has not come yet.
    Partial(&'static str),
}

/// Text and the number of bytes that it was made of.
pub(super) type Decoded = (Obj, usize);

/// Decodes all of `data` by `step`, which is given the rest and appends. `last`: no more will come, so a partial end is bad.
///
/// # Errors
/// `UnicodeDecodeError`, or what a handler raises.
pub(super) fn run(
    cx: &mut Cx,
    data: &[u8],
    encoding: &str,
    errors: &str,
    last: bool,
    mut step: impl FnMut(&mut StrBuf, &[u8]) -> Step,
) -> R<Decoded> {
    let mut out = StrBuf::default();
    if !out.reserve(data.len()) {
        return Err(cx.memory_error());
    }
    let (mut at, mut handler) = (0, None);
    while at < data.len() {
        let (n, reason) = match step(&mut out, &data[at..]) {
            Step::Good(n) => {
                at += n;
                continue;
            }
            Step::Bad(n, reason) => (n, reason),
            Step::Partial(reason) if last => (data.len() - at, reason),
            Step::Partial(_) => break,
        };
        let handler = match &mut handler {
            Some(handler) => handler,
            none => none.insert(Handler::find(cx, errors)?),
        };
        let problem = Problem { encoding, start: at, end: at + n, reason };
        at = on_decode_error(cx, handler, &mut out, data, problem)?;
        cx.poll()?;
    }
    Ok((out.finish(cx), at))
}
