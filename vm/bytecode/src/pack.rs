//! Units as bytes, for caches of compiled modules, and back.
//!
//! The bytes are trusted no further than their shape: [`unpack`] gives `None` for what is cut off or malformed, and who
//! reads a cache compares a checksum first. File names are left out: a module may have been moved.

use crate::{CodeUnit, Const, ExceptionEntry, Position};

/// Constants within each other at most.
const MAX_DEPTH: usize = 500;

/// The unit as bytes.
pub fn pack(unit: &CodeUnit) -> Vec<u8> {
    let mut out = Vec::new();
    put_unit(&mut out, unit);
    out
}

/// The unit that was packed, of a file of this name; `None` for other bytes.
pub fn unpack(bytes: &[u8], filename: &str) -> Option<CodeUnit> {
    let mut input = Input { rest: bytes, filename, depth: 0 };
    let unit = input.unit()?;
    input.rest.is_empty().then_some(unit)
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn put_signed(out: &mut Vec<u8>, n: i64) {
    put(out, (n << 1 ^ n >> 63) as u64);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_texts(out: &mut Vec<u8>, texts: &[String]) {
    put(out, texts.len() as u64);
    texts.iter().for_each(|text| put_bytes(out, text.as_bytes()));
}

fn put_unit(out: &mut Vec<u8>, unit: &CodeUnit) {
    put_bytes(out, unit.name.as_bytes());
    put_bytes(out, unit.qualname.as_bytes());
    let numbers = [
        unit.first_line,
        unit.flags,
        unit.arg_count,
        unit.positional_only_count,
        unit.keyword_only_count,
        unit.has_namespace as u32,
        unit.register_count,
    ];
    numbers.iter().for_each(|&n| put(out, n.into()));
    [&unit.local_names, &unit.free_names, &unit.names].iter().for_each(|texts| put_texts(out, texts));
    put(out, unit.cell_registers.len() as u64);
    unit.cell_registers.iter().for_each(|&r| put(out, r.into()));
    put(out, unit.consts.len() as u64);
    unit.consts.iter().for_each(|c| put_const(out, c));
    put(out, unit.code.len() as u64);
    unit.code.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    put_positions(out, &unit.positions);
    put(out, unit.exceptions.len() as u64);
    for e in &unit.exceptions {
        [e.start, e.end, e.target, e.register.into()].iter().for_each(|&n| put(out, n.into()));
    }
}

/// Runs of words with the same position, each: length, line after the one before, lines, columns.
fn put_positions(out: &mut Vec<u8>, positions: &[Position]) {
    put(out, positions.len() as u64);
    let mut line = 0i64;
    for run in positions.chunk_by(|a, b| a == b) {
        let p = run[0];
        put(out, run.len() as u64);
        put_signed(out, i64::from(p.line) - line);
        put_signed(out, i64::from(p.end_line) - i64::from(p.line));
        put(out, p.column.into());
        put_signed(out, i64::from(p.end_column) - i64::from(p.column));
        line = p.line.into();
    }
}

/// The first byte of a constant.
mod tag {
    pub const NONE: u8 = 0;
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const ELLIPSIS: u8 = 3;
    pub const INT: u8 = 4;
    pub const POSITIVE: u8 = 5;
    pub const NEGATIVE: u8 = 6;
    pub const FLOAT: u8 = 7;
    pub const COMPLEX: u8 = 8;
    pub const STR: u8 = 9;
    pub const BYTES: u8 = 10;
    pub const TUPLE: u8 = 11;
    pub const FROZEN_SET: u8 = 12;
    pub const SLICE: u8 = 13;
    pub const CODE: u8 = 14;
}

fn put_const(out: &mut Vec<u8>, constant: &Const) {
    let items = |out: &mut Vec<u8>, tag: u8, items: &[Const]| {
        out.push(tag);
        put(out, items.len() as u64);
        items.iter().for_each(|item| put_const(out, item));
    };
    match constant {
        Const::None => out.push(tag::NONE),
        Const::True => out.push(tag::TRUE),
        Const::False => out.push(tag::FALSE),
        Const::Ellipsis => out.push(tag::ELLIPSIS),
        Const::Int(i) => {
            out.push(tag::INT);
            put_signed(out, *i);
        }
        Const::BigInt { negative, limbs } => {
            out.push(if *negative { tag::NEGATIVE } else { tag::POSITIVE });
            put(out, limbs.len() as u64);
            limbs.iter().for_each(|limb| out.extend_from_slice(&limb.to_le_bytes()));
        }
        Const::Float(x) => {
            out.push(tag::FLOAT);
            out.extend_from_slice(&x.to_bits().to_le_bytes());
        }
        Const::Complex { real, imag } => {
            out.push(tag::COMPLEX);
            [real, imag].iter().for_each(|x| out.extend_from_slice(&x.to_bits().to_le_bytes()));
        }
        Const::Str(text) => {
            out.push(tag::STR);
            put_bytes(out, text);
        }
        Const::Bytes(data) => {
            out.push(tag::BYTES);
            put_bytes(out, data);
        }
        Const::Tuple(parts) => items(out, tag::TUPLE, parts),
        Const::FrozenSet(parts) => items(out, tag::FROZEN_SET, parts),
        Const::Slice(parts) => items(out, tag::SLICE, &parts[..]),
        Const::Code(unit) => {
            out.push(tag::CODE);
            put_unit(out, unit);
        }
    }
}

/// Bytes being read.
struct Input<'a> {
    rest: &'a [u8],
    filename: &'a str,
    depth: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    #[inline]
    fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(first.into());
        }
        let (mut n, mut shift) = (u64::from(first & 0x7f), 7);
        loop {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(n);
            }
            shift += 7;
        }
    }

    #[inline]
    fn signed(&mut self) -> Option<i64> {
        let n = self.number()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    fn word(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    /// A count of things of at least a byte each.
    fn count(&mut self) -> Option<usize> {
        let n = usize::try_from(self.number()?).ok()?;
        (n <= self.rest.len()).then_some(n)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let n = self.count()?;
        self.take(n)
    }

    fn text(&mut self) -> Option<String> {
        std::str::from_utf8(self.bytes()?).ok().map(str::to_owned)
    }

    fn many<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let n = self.count()?;
        let mut all = Vec::with_capacity(n);
        for _ in 0..n {
            all.push(one(self)?);
        }
        Some(all)
    }

    fn double(&mut self) -> Option<f64> {
        let bytes = self.take(8)?.try_into().ok()?;
        Some(f64::from_bits(u64::from_le_bytes(bytes)))
    }

    fn unit(&mut self) -> Option<CodeUnit> {
        let (name, qualname) = (self.text()?, self.text()?);
        let mut unit = CodeUnit {
            name,
            qualname,
            filename: self.filename.to_owned(),
            first_line: self.word()?,
            flags: self.word()?,
            arg_count: self.word()?,
            positional_only_count: self.word()?,
            keyword_only_count: self.word()?,
            has_namespace: self.word()? != 0,
            register_count: self.word()?,
            ..CodeUnit::default()
        };
        unit.local_names = self.many(Self::text)?;
        unit.free_names = self.many(Self::text)?;
        unit.names = self.many(Self::text)?;
        unit.cell_registers = self.many(|input| input.word()?.try_into().ok())?;
        unit.consts = self.many(Self::constant)?;
        let words = self.count()?;
        let code = self.take(words.checked_mul(8)?)?;
        unit.code = code.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        unit.positions = self.positions(words)?;
        unit.exceptions = self.many(|input| {
            Some(ExceptionEntry {
                start: input.word()?,
                end: input.word()?,
                target: input.word()?,
                register: input.word()?.try_into().ok()?,
            })
        })?;
        Some(unit)
    }

    fn positions(&mut self, words: usize) -> Option<Vec<Position>> {
        if self.number()? != words as u64 {
            return None;
        }
        let mut positions = Vec::with_capacity(words);
        let mut line = 0i64;
        while positions.len() < words {
            let run =
                usize::try_from(self.number()?).ok().filter(|&n| n > 0 && n <= words - positions.len())?;
            line += self.signed()?;
            let end_line = line.checked_add(self.signed()?)?;
            let column = self.number()?;
            let end_column = i64::try_from(column).ok()?.checked_add(self.signed()?)?;
            let position = Position {
                line: line.try_into().ok()?,
                end_line: end_line.try_into().ok()?,
                column: column.try_into().ok()?,
                end_column: end_column.try_into().ok()?,
            };
            positions.resize(positions.len() + run, position);
        }
        Some(positions)
    }

    fn constant(&mut self) -> Option<Const> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let constant = match self.byte()? {
            tag::NONE => Const::None,
            tag::TRUE => Const::True,
            tag::FALSE => Const::False,
            tag::ELLIPSIS => Const::Ellipsis,
            tag::INT => Const::Int(self.signed()?),
            tag @ (tag::POSITIVE | tag::NEGATIVE) => {
                let n = self.count()?;
                let bytes = self.take(n.checked_mul(4)?)?;
                let limbs = bytes.as_chunks::<4>().0.iter().map(|limb| u32::from_le_bytes(*limb)).collect();
                Const::BigInt { negative: tag == tag::NEGATIVE, limbs }
            }
            tag::FLOAT => Const::Float(self.double()?),
            tag::COMPLEX => Const::Complex { real: self.double()?, imag: self.double()? },
            tag::STR => Const::Str(self.bytes()?.to_vec()),
            tag::BYTES => Const::Bytes(self.bytes()?.to_vec()),
            tag::TUPLE => Const::Tuple(self.many(Self::constant)?),
            tag::FROZEN_SET => Const::FrozenSet(self.many(Self::constant)?),
            tag::SLICE => {
                let parts: Box<[Const; 3]> = self.many(Self::constant)?.try_into().ok()?;
                Const::Slice(parts)
            }
            tag::CODE => Const::Code(Box::new(self.unit()?)),
            _ => return None,
        };
        self.depth -= 1;
        Some(constant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> CodeUnit {
        let position = |line, column| Position { line, end_line: line + 1, column, end_column: column / 2 };
        let inner = CodeUnit {
            name: "f".into(),
            code: vec![7],
            positions: vec![position(0, 0)],
            ..CodeUnit::default()
        };
        let big = Const::BigInt { negative: true, limbs: vec![1, u32::MAX] };
        let tuple =
            Const::Tuple(vec![Const::Int(i64::MIN), Const::Float(-0.0), Const::Str(vec![0xed, 0xa0, 0x80])]);
        let slice = Const::Slice(Box::new([Const::None, Const::Int(-3), Const::Ellipsis]));
        CodeUnit {
            name: "<module>".into(),
            qualname: "<module>".into(),
            filename: "here.py".into(),
            first_line: 1,
            flags: 0x400_0000,
            has_namespace: true,
            local_names: vec!["a".into(), "ä".into()],
            names: vec!["print".into()],
            cell_registers: vec![1, 65535],
            register_count: 300,
            consts: vec![big, tuple, slice, Const::Code(Box::new(inner)), Const::Bytes(vec![0; 200])],
            code: vec![1, u64::MAX, 3],
            positions: vec![position(5, 4), position(5, 4), position(2, 400)],
            exceptions: vec![ExceptionEntry { start: 0, end: 2, target: 2, register: 9 }],
            ..CodeUnit::default()
        }
    }

    #[test]
    fn a_unit_comes_back_and_gets_its_file() {
        let mut unit = sample();
        let bytes = pack(&unit);
        let back = unpack(&bytes, "there.py").unwrap();
        unit.filename = "there.py".into();
        if let Const::Code(inner) = &mut unit.consts[3] {
            inner.filename = "there.py".into();
        }
        assert_eq!(format!("{back:?}"), format!("{unit:?}"));
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_nothing() {
        let mut bytes = pack(&sample());
        for n in 0..bytes.len() {
            assert!(unpack(&bytes[..n], "").is_none(), "{n}");
        }
        bytes.push(0);
        assert!(unpack(&bytes, "").is_none());
    }
}
