//! UTF-8.

use super::decoder::{Step, run};
use super::encoder::Encoder;
use crate::objects::bytes::try_new_bytes;
use crate::objects::str::code_points::{self, is_surrogate};
use crate::objects::str::{PyStr, StrBuf, try_new_wtf8};
use crate::prelude::*;

/// Text and the number of bytes used; unless `last`, an incomplete end is left.
///
/// # Errors
/// `UnicodeDecodeError`, or what the handler raises.
pub fn decode(cx: &mut Cx, data: &[u8], errors: &str, last: bool) -> R<(Obj, usize)> {
    match std::str::from_utf8(data) {
        Ok(_) => Ok((try_new_wtf8(cx, data)?, data.len())),
        Err(_) => run(cx, data, "utf-8", errors, last, step),
    }
}

fn step(out: &mut StrBuf, rest: &[u8]) -> Step {
    let err = match std::str::from_utf8(rest) {
        Ok(text) => {
            out.push_wtf8(text);
            return Step::Good(rest.len());
        }
        Err(err) => err,
    };
    if err.valid_up_to() > 0 {
        out.push_wtf8(&rest[..err.valid_up_to()]);
        return Step::Good(err.valid_up_to());
    }
    match (err.error_len(), rest[0]) {
        (None, _) => Step::Partial("unexpected end of data"),
        (Some(n), 0xc2..0xf5) => Step::Bad(n, "invalid continuation byte"),
        (Some(n), _) => Step::Bad(n, "invalid start byte"),
    }
}

/// # Errors
/// `UnicodeEncodeError` for lone surrogates, or what the handler raises.
pub fn encode(cx: &mut Cx, s: &PyStr, errors: &str) -> R {
    if s.is_ascii() || !code_points::has_surrogates(s.as_bytes()) {
        return try_new_bytes(cx, s.as_bytes());
    }
    let put = |_: &mut Cx, out: &mut Vec<u8>, c: u32| {
        let good = !is_surrogate(c);
        if good {
            code_points::push(out, c);
        }
        Ok(good)
    };
    let mut encoder = Encoder { name: "utf-8", reason: "surrogates not allowed", put, runs: true, unit: 1 };
    encoder.run(cx, s, errors, Vec::new())
}
