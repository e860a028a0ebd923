//! The loop of encoders: code points are put one by one, runs that cannot be are handled.

use super::handler::{Handler, Problem, Replacement, on_encode_error};
use crate::objects::bytes::try_new_bytes;
use crate::objects::str::PyStr;
use crate::objects::str::code_points::CodePoints;
use crate::prelude::*;

/// What an encoder is.
pub(super) struct Encoder<'a, F> {
    pub name: &'a str,
    pub reason: &'a str,
    /// Appends the code point, or says that it cannot be encoded. May run Python.
    pub put: F,
    /// Neighbouring code points that cannot be encoded are one error.
    pub runs: bool,
    /// Bytes of an encoded unit, which handlers' bytes must fill.
    pub unit: usize,
}

impl<F: FnMut(&mut Cx, &mut Vec<u8>, u32) -> R<bool>> Encoder<'_, F> {
    /// Encodes the whole text, behind what `out` has already.
    ///
    /// # Errors
    /// `UnicodeEncodeError`, or what a handler raises.
    pub(super) fn run(&mut self, cx: &mut Cx, s: &PyStr, errors: &str, mut out: Vec<u8>) -> R {
        if out.try_reserve(s.char_len() * self.unit).is_err() {
            return Err(cx.memory_error());
        }
        let (mut at, mut handler) = (0, None);
        let mut rest = s.code_points();
        while let Some(c) = rest.next() {
            if (self.put)(cx, &mut out, c)? {
                at += 1;
                continue;
            }
            let handler = match &mut handler {
                Some(handler) => handler,
                none => none.insert(Handler::find(cx, errors)?),
            };
            let problem = Problem {
                encoding: self.name,
                start: at,
                end: at + self.bad(cx, &rest)?,
                reason: self.reason,
            };
            let (replacement, next) = on_encode_error(cx, handler, s, problem)?;
            match replacement {
                Replacement::Bytes(bytes) if bytes.len() % self.unit == 0 => out.extend(bytes),
                Replacement::Bytes(_) => return Err(problem.encode_error(cx, s)),
                Replacement::Text(chars) => {
                    for c in chars {
                        if !(self.put)(cx, &mut out, c)? {
                            return Err(problem.encode_error(cx, s));
                        }
                    }
                }
            }
            at = next;
            rest = CodePoints::new(&s.as_bytes()[s.byte_offset(at)..]);
            cx.poll()?;
        }
        try_new_bytes(cx, &out)
    }

    /// Code points in the run of bad ones, of which the first has been taken already.
    fn bad(&mut self, cx: &mut Cx, rest: &CodePoints<'_>) -> R<usize> {
        let (mut sink, mut n) = (Vec::new(), 1);
        if self.runs {
            for c in rest.clone() {
                if (self.put)(cx, &mut sink, c)? {
                    break;
                }
                n += 1;
            }
        }
        Ok(n)
    }
}
