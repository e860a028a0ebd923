//! Bytes to values. Nothing is believed of the data: sizes are checked against what is there.

use super::code::from_bytes;
use super::{FLAG_REF, MAX_DEPTH};
use num_bigint::{BigInt, BigUint, Sign};
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::complex::new_complex;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::int::{Int, new_int};
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::set::{PySet, new_frozenset};
use ungil_runtime::objects::str::{intern_obj, new_wtf8};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// Where the bytes come from.
pub enum Input {
    Bytes(Vec<u8>),
    /// A file with `read(n)`.
    File(Obj),
}

/// A value being read.
struct Reader {
    input: Input,
    at: usize,
    allow_code: bool,
    depth: usize,
    /// What references mean; a place is reserved before the parts of an object are read.
    refs: Vec<Option<Obj>>,
}

/// The value at the beginning of the input.
///
/// # Errors
/// `EOFError`, `ValueError`, `TypeError` for what is no such data; what reading a file raises.
pub fn load(cx: &mut Cx, input: Input, allow_code: bool) -> R {
    let mut reader = Reader { input, at: 0, allow_code, depth: 0, refs: Vec::new() };
    match reader.object(cx)? {
        Some(v) => Ok(v),
        None => Err(cx.type_error("NULL object in marshal data for object")),
    }
}

fn bad(cx: &mut Cx, what: &str) -> Err {
    cx.value_error(format!("bad marshal data ({what})"))
}

impl Reader {
    fn take(&mut self, cx: &mut Cx, n: usize) -> R<Vec<u8>> {
        match &self.input {
            Input::Bytes(bytes) => match bytes.get(self.at..).and_then(|rest| rest.get(..n)) {
                Some(part) => {
                    self.at += n;
                    Ok(part.to_vec())
                }
                None => Err(cx.error(Builtin::EOFError, "marshal data too short")),
            },
            Input::File(file) => {
                let (file, n_obj) = (file.clone(), cx.int(n as i64));
                let got = cx.call_method(file.r(), "read", &[n_obj.r()])?;
                let got = bytes_of(cx, got.r())?.into_owned();
                if got.len() == n {
                    return Ok(got);
                }
                Err(cx.error(Builtin::EOFError, "marshal data too short"))
            }
        }
    }

    fn byte(&mut self, cx: &mut Cx) -> R<usize> {
        self.take(cx, 1).map(|b| usize::from(b[0]))
    }

    fn word(&mut self, cx: &mut Cx) -> R<i32> {
        let bytes = self.take(cx, 4)?;
        Ok(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn size(&mut self, cx: &mut Cx, what: &str) -> R<usize> {
        let n = self.word(cx)?;
        usize::try_from(n).map_err(|_| bad(cx, &format!("{what} size out of range")))
    }

    fn float(&mut self, cx: &mut Cx) -> R<f64> {
        let bytes = self.take(cx, 8)?;
        let mut word = [0; 8];
        word.copy_from_slice(&bytes);
        Ok(f64::from_le_bytes(word))
    }

    fn float_text(&mut self, cx: &mut Cx) -> R<f64> {
        let n = self.byte(cx)?;
        let text = self.take(cx, n)?;
        let text = new_wtf8(cx, String::from_utf8_lossy(&text).as_bytes());
        let made = cx.call(cx.builtin(Builtin::Float).as_ref(), &[text.r()])?;
        cx.to_f64(made.r())
    }

    /// An object; `None` for the mark that ends dicts.
    fn object(&mut self, cx: &mut Cx) -> R<Option<Obj>> {
        let code = match self.take(cx, 1) {
            Ok(code) => code[0],
            Err(err) if cx.is_error(&err, Builtin::EOFError) => {
                return Err(cx.error(Builtin::EOFError, "EOF read where object expected"));
            }
            Err(err) => return Err(err),
        };
        self.depth += 1;
        if self.depth > MAX_DEPTH || cx.native_stack_low() {
            return Err(cx.value_error("recursion limit exceeded"));
        }
        let place = (code & FLAG_REF != 0).then(|| {
            self.refs.push(None);
            self.refs.len() - 1
        });
        let made = self.of_type(cx, code & !FLAG_REF, place)?;
        if let Some(place) = place {
            self.refs[place] = made.clone();
        }
        self.depth -= 1;
        Ok(made)
    }

    fn part(&mut self, cx: &mut Cx, of: &str) -> R {
        match self.object(cx)? {
            Some(v) => Ok(v),
            None => Err(cx.type_error(format!("NULL object in marshal data for {of}"))),
        }
    }

    fn parts(&mut self, cx: &mut Cx, n: usize, of: &str) -> R<Vec<Obj>> {
        let mut items = Vec::new();
        for _ in 0..n {
            items.push(self.part(cx, of)?);
        }
        Ok(items)
    }

    fn of_type(&mut self, cx: &mut Cx, code: u8, place: Option<usize>) -> R<Option<Obj>> {
        Ok(Some(match code {
            b'0' => return Ok(None),
            b'N' => cx.none(),
            b'F' => cx.bool(false),
            b'T' => cx.bool(true),
            b'.' => Obj::immediate(Value::ELLIPSIS),
            b'S' => cx.builtin(Builtin::StopIteration).as_ref().own(cx),
            b'i' => {
                let n = self.word(cx)?;
                cx.int(n.into())
            }
            b'l' => self.long(cx)?,
            b'f' => {
                let x = self.float_text(cx)?;
                cx.float(x)
            }
            b'g' => {
                let x = self.float(cx)?;
                cx.float(x)
            }
            b'x' => {
                let (re, im) = (self.float_text(cx)?, self.float_text(cx)?);
                new_complex(cx, re, im)
            }
            b'y' => {
                let (re, im) = (self.float(cx)?, self.float(cx)?);
                new_complex(cx, re, im)
            }
            b's' => {
                let n = self.size(cx, "bytes object")?;
                let bytes = self.take(cx, n)?;
                new_bytes(cx, &bytes)
            }
            b'a' | b'A' | b'z' | b'Z' | b'u' | b't' => self.text(cx, code)?,
            b'r' => {
                let n = self.word(cx)?;
                let known = usize::try_from(n).ok().and_then(|n| self.refs.get(n).cloned().flatten());
                known.ok_or_else(|| bad(cx, "invalid reference"))?
            }
            _ => return self.container(cx, code, place).map(Some),
        }))
    }

    fn text(&mut self, cx: &mut Cx, code: u8) -> R {
        let n = match code {
            b'z' | b'Z' => self.byte(cx)?,
            _ => self.size(cx, "string")?,
        };
        let bytes = self.take(cx, n)?;
        let made = match std::str::from_utf8(&bytes) {
            Ok(text) => cx.str(text),
            Err(_) => {
                // Lone surrogates, which are written as they are, or rubbish.
                let bytes = new_bytes(cx, &bytes);
                let (codec, errors) = (cx.str("utf-8"), cx.str("surrogatepass"));
                cx.call_method(bytes.r(), "decode", &[codec.r(), errors.r()])?
            }
        };
        Ok(if matches!(code, b'A' | b'Z' | b't') { intern_obj(cx, made) } else { made })
    }

    fn long(&mut self, cx: &mut Cx) -> R {
        let n = self.word(cx)?;
        let count = n.unsigned_abs() as usize;
        if n == i32::MIN {
            return Err(bad(cx, "long size out of range"));
        }
        // Fifteen bits of each two bytes, packed.
        let (mut packed, mut bits, mut waiting) = (Vec::new(), 0u32, 0);
        for i in 0..count {
            let bytes = self.take(cx, 2)?;
            let digit = u16::from_le_bytes([bytes[0], bytes[1]]);
            if digit > 0x7fff {
                return Err(bad(cx, "digit out of range in long"));
            }
            if i + 1 == count && digit == 0 {
                return Err(bad(cx, "unnormalized long data"));
            }
            bits |= u32::from(digit) << waiting;
            waiting += 15;
            while waiting >= 8 {
                packed.push(bits as u8);
                (bits, waiting) = (bits >> 8, waiting - 8);
            }
        }
        packed.push(bits as u8);
        let magnitude = BigUint::from_bytes_le(&packed);
        let sign = if n < 0 { Sign::Minus } else { Sign::Plus };
        let big = BigInt::from_biguint(sign, magnitude);
        Ok(new_int(cx, Int::from(big)))
    }

    fn container(&mut self, cx: &mut Cx, code: u8, place: Option<usize>) -> R {
        match code {
            b'(' | b')' => {
                let n = if code == b')' { self.byte(cx)? } else { self.size(cx, "tuple")? };
                let items = self.parts(cx, n, "tuple")?;
                Ok(cx.tuple(items))
            }
            b'[' => {
                let n = self.size(cx, "list")?;
                let list = cx.list(Vec::new());
                self.reserve(place, &list);
                for _ in 0..n {
                    let item = self.part(cx, "list")?;
                    if let Some(list) = list.downcast::<PyList>(cx) {
                        list.append(cx, item);
                    }
                }
                Ok(list)
            }
            b'{' => {
                let dict = PyDict::new(cx);
                self.reserve(place, &dict);
                while let Some(key) = self.object(cx)? {
                    let Some(value) = self.object(cx)? else { break };
                    if let Some(dict) = dict.downcast::<PyDict>(cx) {
                        dict.set(cx, key, value)?;
                    }
                }
                Ok(dict)
            }
            b'<' => {
                let n = self.size(cx, "set")?;
                let set = PySet::new(cx);
                self.reserve(place, &set);
                for _ in 0..n {
                    let item = self.part(cx, "set")?;
                    if let Some(set) = set.downcast::<PySet>(cx) {
                        set.add(cx, item)?;
                    }
                }
                Ok(set)
            }
            b'>' => {
                let n = self.size(cx, "set")?;
                let items = self.parts(cx, n, "set")?;
                new_frozenset(cx, items)
            }
            b':' => {
                let parts = self.parts(cx, 3, "slice")?;
                let parts: Vec<Ref<'_>> = parts.iter().map(|p| p.r()).collect();
                cx.call(cx.builtin(Builtin::Slice).as_ref(), &parts)
            }
            b'c' => self.code(cx),
            _ => Err(bad(cx, "unknown type code")),
        }
    }

    fn code(&mut self, cx: &mut Cx) -> R {
        if !self.allow_code {
            return Err(cx.value_error("unmarshalling code objects is disallowed"));
        }
        let filename = self.part(cx, "code")?;
        let consts = self.part(cx, "code")?;
        let n = self.size(cx, "code object")?;
        let bytes = self.take(cx, n)?;
        let filename = cx.text_of(filename.r());
        let made =
            consts.downcast::<PyTuple>(cx).and_then(|consts| from_bytes(cx, &bytes, &filename, consts));
        made.ok_or_else(|| bad(cx, "code of another version"))
    }

    /// A container may refer to itself: it is known before its parts are read.
    fn reserve(&mut self, place: Option<usize>, v: &Obj) {
        if let Some(place) = place {
            self.refs[place] = Some(v.clone());
        }
    }
}
