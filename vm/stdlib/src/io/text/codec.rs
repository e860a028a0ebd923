//! Encoding and decoding of streams of text.

use super::{Held, PyText};
use ungil_runtime::objects::bytes::{PyBytes, try_new_bytes};
use ungil_runtime::objects::codec::{self, registry, single, utf8};
use ungil_runtime::objects::str::{PyStr, code_points, try_new_wtf8};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// How text becomes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Utf8,
    Ascii,
    Latin1,
    /// By objects of Python.
    Other,
}

/// A codec that was looked up.
pub struct Found {
    pub codec: Codec,
    /// The `CodecInfo` of an encoding that is not known here.
    info: Option<Obj>,
}

/// The incremental encoder and decoder of an encoding that is not known here.
#[derive(Default)]
pub struct Coders {
    encoder: Option<Obj>,
    decoder: Option<Obj>,
}

impl Codec {
    /// The codec of a name if it is one of those written here.
    pub fn known(name: &str) -> Option<Codec> {
        Some(match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" => Codec::Utf8,
            "ascii" | "us-ascii" => Codec::Ascii,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Codec::Latin1,
            _ => return None,
        })
    }

    /// The codec of a name.
    ///
    /// # Errors
    /// `LookupError`.
    pub fn find(cx: &mut Cx, encoding: &Obj) -> R<Found> {
        let name = cx.text_of(encoding.r());
        if let Some(codec) = Codec::known(&name) {
            return Ok(Found { codec, info: None });
        }
        if name.contains('\0') {
            return Err(cx.value_error("embedded null character"));
        }
        let info = registry::lookup(cx, &name)?;
        if !cx.is_exactly(info.r(), Builtin::Tuple) {
            let is_text = cx.get_attr_str(info.r(), "_is_text_encoding");
            if let Some(is_text) = cx.catch(is_text, Builtin::AttributeError)?
                && !cx.truth(is_text.r())?
            {
                let message = format!("'{name}' is not a text encoding");
                return Err(cx.error(Builtin::LookupError, &message));
            }
        }
        Ok(Found { codec: Codec::Other, info: Some(info) })
    }

    /// The name of the encoding as its codec has it.
    ///
    /// # Errors
    /// `LookupError`.
    pub fn canonical_name(cx: &mut Cx, name: &str) -> R {
        match Codec::known(name) {
            Some(Codec::Utf8) => Ok(cx.str("utf-8")),
            Some(Codec::Ascii) => Ok(cx.str("ascii")),
            Some(Codec::Latin1) => Ok(cx.str("iso8859-1")),
            _ => {
                let info = registry::lookup(cx, name)?;
                cx.get_attr_str(info.r(), "name")
            }
        }
    }
}

impl Found {
    /// Makes the encoder and the decoder that are needed.
    pub fn coders(&self, cx: &mut Cx, errors: &Obj, encode: bool, decode: bool) -> R<Coders> {
        let mut coders = Coders::default();
        let Some(info) = &self.info else { return Ok(coders) };
        if encode {
            let class = cx.get_attr_str(info.r(), "incrementalencoder")?;
            coders.encoder = Some(cx.call(class.r(), &[errors.r()])?);
        }
        if decode {
            let class = cx.get_attr_str(info.r(), "incrementaldecoder")?;
            coders.decoder = Some(cx.call(class.r(), &[errors.r()])?);
        }
        Ok(coders)
    }
}

/// The text that a decoder has given.
fn text_of(cx: &mut Cx, v: &Obj) -> R<Vec<u8>> {
    match v.downcast::<PyStr>(cx) {
        Some(s) => Ok(s.as_bytes().to_vec()),
        None => {
            let got = cx.type_name(v.r());
            Err(cx.type_error(format!("decoder should return a string result, not '{got}'")))
        }
    }
}

impl PyText {
    pub(super) fn set_coders(&self, cx: &mut Cx, coders: Coders) {
        for (slot, coder) in [(&self.encoder, coders.encoder), (&self.decoder, coders.decoder)] {
            match coder {
                Some(coder) => slot.set(&self.h, cx, coder),
                None => drop(slot.take(&self.h, cx)),
            }
        }
    }

    fn coder(&self, cx: &mut Cx, slot: &Slot) -> R {
        match slot.get(&self.h, cx) {
            Some(coder) => Ok(coder),
            None => Err(cx.value_error("I/O operation on uninitialized object")),
        }
    }

    /// Bytes for text that is not simply its own encoding.
    pub(super) fn encode(&self, cx: &mut Cx, held: &Held<'_>, text: &[u8]) -> R<Vec<u8>> {
        let (codec, errors) = self.state(held, |s| (s.codec, s.errors.clone()));
        let errors = errors.as_deref().unwrap_or("strict");
        let text = try_new_wtf8(cx, text)?;
        let bytes = match codec {
            Codec::Utf8 => codec::encode(cx, text.r(), "utf-8", errors)?,
            Codec::Ascii => codec::encode(cx, text.r(), "ascii", errors)?,
            Codec::Latin1 => codec::encode(cx, text.r(), "latin-1", errors)?,
            Codec::Other => {
                let encoder = self.coder(cx, &self.encoder)?;
                cx.call_method(encoder.r(), "encode", &[text.r()])?
            }
        };
        match bytes.downcast::<PyBytes>(cx) {
            Some(bytes) => Ok(bytes.as_bytes().to_vec()),
            None => {
                let got = cx.type_name(bytes.r());
                Err(cx.type_error(format!("encoder should return a bytes object, not '{got}'")))
            }
        }
    }

    /// Text for more bytes. `last`: no more will come.
    pub(super) fn decode(&self, cx: &mut Cx, held: &Held<'_>, input: Vec<u8>, last: bool) -> R<Vec<u8>> {
        let (codec, errors, held_back) =
            self.state(held, |s| (s.codec, s.errors.clone(), std::mem::take(&mut s.held_back)));
        let text = if codec == Codec::Other {
            let decoder = self.coder(cx, &self.decoder)?;
            let (bytes, flag) = (try_new_bytes(cx, &input)?, cx.bool(last));
            let text = cx.call_method(decoder.r(), "decode", &[bytes.r(), flag.r()])?;
            text_of(cx, &text)?
        } else {
            let data = match held_back.is_empty() {
                true => input,
                false => [&held_back[..], &input].concat(),
            };
            match decode_known(cx, codec, data, errors.as_deref().unwrap_or("strict"), last) {
                Ok((text, left)) => {
                    self.state(held, |s| s.held_back = left);
                    text
                }
                Err(err) => {
                    self.state(held, |s| s.held_back = held_back);
                    return Err(err);
                }
            }
        };
        Ok(self.state(held, |s| match &mut s.translator {
            None => text,
            Some(translator) => translator.feed_owned(text, last),
        }))
    }

    /// What the decoder holds back, and its flags.
    pub(super) fn decoder_state(&self, cx: &mut Cx, held: &Held<'_>) -> R<(Vec<u8>, i64)> {
        let (codec, held_back, pending) =
            self.state(held, |s| (s.codec, s.held_back.clone(), s.translator.map(|t| t.pending)));
        let (held_back, mut flags) = if codec == Codec::Other {
            let decoder = self.coder(cx, &self.decoder)?;
            let state = cx.call_method(decoder.r(), "getstate", &[])?;
            let Some(&[buffer, flags]) = state.downcast::<PyTuple>(cx).map(PyTuple::items) else {
                return Err(cx.type_error("illegal decoder state"));
            };
            let Some(buffer) = buffer.downcast::<PyBytes>(cx) else {
                let got = cx.type_name(buffer);
                return Err(cx.type_error(format!(
                    "illegal decoder state: the first item should be a bytes object, not '{got}'"
                )));
            };
            (buffer.as_bytes().to_vec(), cx.to_i64(flags)?)
        } else {
            (held_back, 0)
        };
        if let Some(pending) = pending {
            flags = flags.wrapping_shl(1) | pending as i64;
        }
        Ok((held_back, flags))
    }

    /// Takes the decoder back to a state.
    pub(super) fn set_decoder_state(&self, cx: &mut Cx, held: &Held<'_>, bytes: &[u8], flags: i64) -> R<()> {
        let (codec, flags) = self.state(held, |s| {
            let mut flags = flags;
            if let Some(translator) = &mut s.translator {
                translator.pending = flags & 1 != 0;
                flags >>= 1;
            }
            if s.codec != Codec::Other {
                s.held_back = bytes.to_vec();
            }
            (s.codec, flags)
        });
        if codec == Codec::Other {
            let decoder = self.coder(cx, &self.decoder)?;
            let state = vec![try_new_bytes(cx, bytes)?, cx.int(flags)];
            let state = cx.tuple(state);
            cx.call_method(decoder.r(), "setstate", &[state.r()])?;
        }
        Ok(())
    }

    /// Takes the decoder back to its beginning.
    pub(super) fn reset_decoder(&self, cx: &mut Cx, held: &Held<'_>) -> R<()> {
        let codec = self.state(held, |s| {
            s.held_back.clear();
            if let Some(translator) = &mut s.translator {
                (translator.pending, translator.seen) = (false, 0);
            }
            s.codec
        });
        if codec == Codec::Other
            && let Some(decoder) = self.decoder.get(&self.h, cx)
        {
            cx.call_method(decoder.r(), "reset", &[])?;
        }
        Ok(())
    }

    /// Tells an encoder that may begin with a mark whether it is at the beginning.
    pub(super) fn reset_encoder(&self, cx: &mut Cx, at_start: bool) -> R<()> {
        let Some(encoder) = self.encoder.get(&self.h, cx) else { return Ok(()) };
        if at_start {
            return cx.call_method(encoder.r(), "reset", &[]).map(drop);
        }
        let zero = cx.int(0);
        cx.call_method(encoder.r(), "setstate", &[zero.r()]).map(drop)
    }
}

/// Decodes by a codec written here: the text, and what is held back.
fn decode_known(
    cx: &mut Cx,
    codec: Codec,
    mut data: Vec<u8>,
    errors: &str,
    last: bool,
) -> R<(Vec<u8>, Vec<u8>)> {
    let (text, used) = match codec {
        Codec::Utf8 => match std::str::from_utf8(&data) {
            Ok(_) => return Ok((data, Vec::new())),
            Err(err) if err.error_len().is_none() && !last => {
                let left = data.split_off(err.valid_up_to());
                return Ok((data, left));
            }
            Err(_) => utf8::decode(cx, &data, errors, last)?,
        },
        _ if data.is_ascii() => return Ok((data, Vec::new())),
        Codec::Ascii => single::decode_ascii(cx, &data, errors)?,
        _ => {
            let mut text = Vec::with_capacity(data.len() + data.len() / 2);
            data.iter().for_each(|&b| code_points::push(&mut text, b as u32));
            return Ok((text, Vec::new()));
        }
    };
    let text = text_of(cx, &text)?;
    Ok((text, data.split_off(used.min(data.len()))))
}
