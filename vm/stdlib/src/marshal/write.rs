//! Values to bytes.

use super::code::to_bytes;
use super::{FLAG_REF, MAX_DEPTH};
use num_bigint::Sign;
use num_traits::ToPrimitive;
use std::collections::HashMap;
use ungil_runtime::flag;
use ungil_runtime::objects::buffer::{bytes_of, is_bytes_like};
use ungil_runtime::objects::code::PyCode;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::int::to_bigint;
use ungil_runtime::objects::slice::PySlice;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// Bytes being written.
struct Writer {
    out: Vec<u8>,
    version: i64,
    allow_code: bool,
    depth: usize,
    /// Numbers of the objects that can be referred to, by address.
    known: HashMap<u64, u32>,
    /// Keeps those objects alive, so that no other gets their address.
    kept: Vec<Obj>,
}

/// The bytes of a value.
///
/// # Errors
/// `ValueError` for what has no such form.
pub fn dump(cx: &mut Cx, v: Ref<'_>, version: i64, allow_code: bool) -> R<Vec<u8>> {
    let mut writer =
        Writer { out: Vec::new(), version, allow_code, depth: 0, known: HashMap::new(), kept: Vec::new() };
    writer.object(cx, v)?;
    Ok(writer.out)
}

fn unmarshallable(cx: &mut Cx) -> Err {
    cx.value_error("unmarshallable object")
}

impl Writer {
    fn size(&mut self, cx: &mut Cx, n: usize) -> R<()> {
        match i32::try_from(n) {
            Ok(n) => {
                self.out.extend(n.to_le_bytes());
                Ok(())
            }
            Err(_) => Err(unmarshallable(cx)),
        }
    }

    /// A type code that may be referred to; true if the object was written before and this is a reference to it.
    fn code(&mut self, cx: &Cx, code: u8, v: Ref<'_>) -> bool {
        if self.version < 3 {
            self.out.push(code);
            return false;
        }
        if let Some(&number) = self.known.get(&v.value().0) {
            self.out.push(b'r');
            self.out.extend(number.to_le_bytes());
            return true;
        }
        self.known.insert(v.value().0, self.known.len() as u32);
        self.kept.push(v.own(cx));
        self.out.push(code | FLAG_REF);
        false
    }

    fn object(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH || cx.native_stack_low() {
            return Err(cx.value_error("object too deeply nested to marshal"));
        }
        self.any(cx, v)?;
        self.depth -= 1;
        Ok(())
    }

    fn any(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        let constant = match v.value() {
            Value::NONE => Some(b'N'),
            Value::TRUE => Some(b'T'),
            Value::FALSE => Some(b'F'),
            Value::ELLIPSIS => Some(b'.'),
            _ if v.is(cx.builtin(Builtin::StopIteration).as_ref()) => Some(b'S'),
            _ => None,
        };
        if let Some(code) = constant {
            self.out.push(code);
            return Ok(());
        }
        if cx.is_exactly(v, Builtin::Int) {
            return self.int(cx, v);
        }
        if let Some(x) = v.value().as_float() {
            self.out.push(b'g');
            self.out.extend(x.to_le_bytes());
            return Ok(());
        }
        if cx.is_exactly(v, Builtin::Complex) {
            self.out.push(b'y');
            for part in ["real", "imag"] {
                let part = cx.get_attr_str(v, part)?;
                let x = cx.to_f64(part.r())?;
                self.out.extend(x.to_le_bytes());
            }
            return Ok(());
        }
        if cx.is_exactly(v, Builtin::Str) {
            return self.text(cx, v);
        }
        self.container(cx, v)
    }

    /// Ints beyond 32 bits are written in digits of 15 bits, their number signed as the int is.
    fn int(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        let Some(big) = to_bigint(cx, v) else { return Err(unmarshallable(cx)) };
        if let Some(small) = big.to_i32() {
            self.out.push(b'i');
            self.out.extend(small.to_le_bytes());
            return Ok(());
        }
        let digits = big.magnitude().to_radix_le(1 << 8);
        let mut packed: Vec<u16> = Vec::new();
        let (mut word, mut bits) = (0u32, 0);
        for byte in digits {
            word |= u32::from(byte) << bits;
            bits += 8;
            if bits >= 15 {
                packed.push((word & 0x7fff) as u16);
                word >>= 15;
                bits -= 15;
            }
        }
        packed.push(word as u16);
        while packed.last() == Some(&0) {
            packed.pop();
        }
        let Ok(n) = i32::try_from(packed.len()) else { return Err(unmarshallable(cx)) };
        self.out.push(b'l');
        self.out.extend((if big.sign() == Sign::Minus { -n } else { n }).to_le_bytes());
        self.out.extend(packed.iter().flat_map(|digit| digit.to_le_bytes()));
        Ok(())
    }

    fn text(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        let bytes = v.downcast::<PyStr>(cx).map(|s| s.as_bytes().to_vec()).unwrap_or_default();
        let ascii = self.version >= 4 && bytes.is_ascii();
        let interned = self.version >= 3 && v.header().is_some_and(|h| h.has_flag(flag::INTERNED));
        let code = match (ascii, interned) {
            (true, false) if bytes.len() < 256 => b'z',
            (true, true) if bytes.len() < 256 => b'Z',
            (true, false) => b'a',
            (true, true) => b'A',
            (false, false) => b'u',
            (false, true) => b't',
        };
        if self.code(cx, code, v) {
            return Ok(());
        }
        match code {
            b'z' | b'Z' => self.out.push(bytes.len() as u8),
            _ => self.size(cx, bytes.len())?,
        }
        self.out.extend(bytes);
        Ok(())
    }

    fn items(&mut self, cx: &mut Cx, items: &[Obj]) -> R<()> {
        self.size(cx, items.len())?;
        items.iter().try_for_each(|item| self.object(cx, item.r()))
    }

    fn container(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        const KINDS: [(Builtin, u8); 4] =
            [(Builtin::Tuple, b'('), (Builtin::List, b'['), (Builtin::Set, b'<'), (Builtin::FrozenSet, b'>')];
        if let Some(&(_, code)) = KINDS.iter().find(|(kind, _)| cx.is_exactly(v, *kind)) {
            let items = cx.collect(v)?;
            let small = code == b'(' && self.version >= 4 && items.len() < 256;
            if self.code(cx, if small { b')' } else { code }, v) {
                return Ok(());
            }
            if small {
                self.out.push(items.len() as u8);
                return items.iter().try_for_each(|item| self.object(cx, item.r()));
            }
            return self.items(cx, &items);
        }
        if cx.is_exactly(v, Builtin::Dict) {
            let pairs = v.downcast::<PyDict>(cx).map(|d| d.items(cx)).unwrap_or_default();
            if self.code(cx, b'{', v) {
                return Ok(());
            }
            for (key, value) in pairs {
                self.object(cx, key.r())?;
                self.object(cx, value.r())?;
            }
            self.out.push(b'0');
            return Ok(());
        }
        if v.downcast::<PySlice>(cx).is_some() && self.version >= 5 {
            if !self.code(cx, b':', v) {
                for part in ["start", "stop", "step"] {
                    let part = cx.get_attr_str(v, part)?;
                    self.object(cx, part.r())?;
                }
            }
            return Ok(());
        }
        if let Some(code) = v.downcast::<PyCode>(cx) {
            return self.unit(cx, v, code);
        }
        if !is_bytes_like(cx, v) {
            return Err(unmarshallable(cx));
        }
        let bytes = bytes_of(cx, v)?.into_owned();
        if !self.code(cx, b's', v) {
            self.size(cx, bytes.len())?;
            self.out.extend(bytes);
        }
        Ok(())
    }

    /// See `code.rs`.
    fn unit(&mut self, cx: &mut Cx, v: Ref<'_>, code: &PyCode) -> R<()> {
        if !self.allow_code {
            return Err(cx.value_error("marshalling code objects is disallowed"));
        }
        if self.code(cx, b'c', v) {
            return Ok(());
        }
        self.object(cx, code.filename.get())?;
        let consts = code.linked(cx).consts.iter().map(|c| c.get().own(cx)).collect();
        let consts = cx.tuple(consts);
        self.object(cx, consts.r())?;
        let bytes = to_bytes(code);
        self.size(cx, bytes.len())?;
        self.out.extend(bytes);
        Ok(())
    }
}
