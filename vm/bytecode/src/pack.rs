//! Units as bytes, for caches of compiled modules, and back.
//!
//! A packed unit has a [`Head`], which is what a function that is never called needs of its code, and a [`Body`], which can
//! be read later. The units among the constants of a body are as packed as the unit itself.
//!
//! The bytes are trusted no further than their shape: what is cut off or malformed gives `None`, and who reads a cache
//! compares a checksum first. File names are left out: a module may have been moved.

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
    unit(Head::of(bytes)?, filename, 0)
}

/// What can be said of a packed unit without reading its body. The fields are those of [`CodeUnit`].
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    pub name: &'a str,
    pub qualname: &'a str,
    pub first_line: u32,
    pub flags: u32,
    pub arg_count: u32,
    pub positional_only_count: u32,
    pub keyword_only_count: u32,
    pub has_namespace: bool,
    pub register_count: u32,
    pub local_names: Texts<'a>,
    pub free_names: Texts<'a>,
    body: &'a [u8],
}

impl<'a> Head<'a> {
    /// Of bytes that are a packed unit; `None` for others.
    pub fn of(bytes: &'a [u8]) -> Option<Head<'a>> {
        let mut input = Input { rest: bytes, depth: 0 };
        let head = input.head()?;
        input.rest.is_empty().then_some(head)
    }

    /// The rest of the unit, as it is packed.
    pub fn packed_body(&self) -> &'a [u8] {
        self.body
    }

    /// Reads the rest of the unit.
    pub fn body(&self) -> Option<Body<'a>> {
        let mut input = Input { rest: self.body, depth: 0 };
        let names = input.texts()?;
        let cell_registers = input.many(|input| input.word()?.try_into().ok())?;
        let consts = input.many(Input::constant)?;
        let exceptions = input.many(|input| {
            Some(ExceptionEntry {
                start: input.word()?,
                end: input.word()?,
                target: input.word()?,
                register: input.word()?.try_into().ok()?,
            })
        })?;
        let count = input.count()?;
        let code = Words { count, bytes: input.bytes()? };
        Some(Body { names, cell_registers, consts, exceptions, code, positions: input.rest })
    }

    /// The unit but for its constants; `None` if the bytes are something else.
    pub fn without_consts(&self, filename: &str) -> Option<CodeUnit> {
        self.with(self.body()?, Vec::new(), filename)
    }

    fn with(&self, body: Body<'_>, consts: Vec<Const>, filename: &str) -> Option<CodeUnit> {
        let owned = |texts: Texts<'_>| texts.iter().map(str::to_owned).collect();
        Some(CodeUnit {
            name: self.name.to_owned(),
            qualname: self.qualname.to_owned(),
            filename: filename.to_owned(),
            first_line: self.first_line,
            flags: self.flags,
            arg_count: self.arg_count,
            positional_only_count: self.positional_only_count,
            keyword_only_count: self.keyword_only_count,
            has_namespace: self.has_namespace,
            register_count: self.register_count,
            local_names: owned(self.local_names),
            free_names: owned(self.free_names),
            names: owned(body.names),
            cell_registers: body.cell_registers,
            consts,
            code: body.code.unpack()?.into(),
            positions: unpack_positions(body.positions, body.code.len())?,
            exceptions: body.exceptions,
        })
    }
}

/// The rest of a packed unit. The fields are those of [`CodeUnit`].
#[derive(Clone, Debug)]
pub struct Body<'a> {
    pub names: Texts<'a>,
    pub cell_registers: Vec<u16>,
    pub consts: Vec<Const<Head<'a>>>,
    pub exceptions: Vec<ExceptionEntry>,
    pub code: Words<'a>,
    /// For [`unpack_positions`].
    pub positions: &'a [u8],
}

/// The positions of so many words; `None` if the bytes are something else.
pub fn unpack_positions(bytes: &[u8], words: usize) -> Option<Vec<Position>> {
    let mut input = Input { rest: bytes, depth: 0 };
    let mut positions = Vec::with_capacity(words);
    let mut position = Position::default();
    while positions.len() < words {
        let length = input.run(&mut position)?;
        if length == 0 || length > words - positions.len() {
            return None;
        }
        positions.resize(positions.len() + length, position);
    }
    input.rest.is_empty().then_some(positions)
}

/// The position of one word, without allocating.
pub fn unpack_position(bytes: &[u8], at: usize) -> Option<Position> {
    let mut input = Input { rest: bytes, depth: 0 };
    let (mut end, mut position) = (0usize, Position::default());
    loop {
        end = end.checked_add(input.run(&mut position)?)?;
        if at < end {
            return Some(position);
        }
    }
}

/// Packed instructions. Most bytes of most words are zero, as are all words of inline caches: a word is a byte that says which
/// of its bytes are not, and then these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Words<'a> {
    count: usize,
    bytes: &'a [u8],
}

impl Words<'_> {
    /// How many they are, if the bytes are words.
    #[inline]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The word at an index, which takes time as the words before it do; `None` behind the end.
    pub fn get(&self, at: usize) -> Option<u64> {
        let mut input = Input { rest: self.bytes, depth: 0 };
        for _ in 0..at {
            input.sparse()?;
        }
        input.sparse()
    }

    /// All of them; `None` if the bytes are something else.
    pub fn unpack(&self) -> Option<Box<[u64]>> {
        let mut input = Input { rest: self.bytes, depth: 0 };
        let mut words = Vec::with_capacity(self.count);
        for _ in 0..self.count {
            words.push(input.sparse()?);
        }
        input.rest.is_empty().then(|| words.into())
    }
}

fn put_words(out: &mut Vec<u8>, words: &[u64]) {
    put(out, words.len() as u64);
    let mut packed = Vec::with_capacity(words.len() * 4);
    for bytes in words.iter().map(|word| word.to_le_bytes()) {
        packed.push(bytes.iter().rev().fold(0, |mask, &byte| mask << 1 | u8::from(byte != 0)));
        packed.extend(bytes.iter().filter(|&&byte| byte != 0));
    }
    put_bytes(out, &packed);
}

/// Several packed texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Texts<'a> {
    count: usize,
    bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    /// How many they are.
    #[inline]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        let mut input = Input { rest: self.bytes, depth: 0 };
        // Their lengths were looked at when they were read.
        (0..self.count).map(move |_| input.text().unwrap_or_default())
    }
}

fn unit(head: Head<'_>, filename: &str, depth: usize) -> Option<CodeUnit> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut body = head.body()?;
    let packed = std::mem::take(&mut body.consts);
    let consts = packed.into_iter().map(|c| whole(c, filename, depth)).collect::<Option<_>>()?;
    head.with(body, consts, filename)
}

/// The constant with its units unpacked.
fn whole(constant: Const<Head<'_>>, filename: &str, depth: usize) -> Option<Const> {
    let all =
        |parts: Vec<_>| parts.into_iter().map(|c| whole(c, filename, depth)).collect::<Option<Vec<_>>>();
    Some(match constant {
        Const::None => Const::None,
        Const::True => Const::True,
        Const::False => Const::False,
        Const::Ellipsis => Const::Ellipsis,
        Const::Int(i) => Const::Int(i),
        Const::BigInt { negative, limbs } => Const::BigInt { negative, limbs },
        Const::Float(x) => Const::Float(x),
        Const::Complex { real, imag } => Const::Complex { real, imag },
        Const::Str(text) => Const::Str(text),
        Const::Bytes(data) => Const::Bytes(data),
        Const::Tuple(parts) => Const::Tuple(all(parts)?),
        Const::FrozenSet(parts) => Const::FrozenSet(all(parts)?),
        Const::Slice(parts) => Const::Slice(all(Vec::from(parts as Box<[_]>))?.try_into().ok()?),
        Const::Code(head) => Const::Code(Box::new(unit(head, filename, depth + 1)?)),
    })
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
    put_texts(out, &unit.local_names);
    put_texts(out, &unit.free_names);
    let mut body = Vec::new();
    put_body(&mut body, unit);
    put_bytes(out, &body);
}

fn put_body(out: &mut Vec<u8>, unit: &CodeUnit) {
    put_texts(out, &unit.names);
    put(out, unit.cell_registers.len() as u64);
    unit.cell_registers.iter().for_each(|&r| put(out, r.into()));
    put(out, unit.consts.len() as u64);
    unit.consts.iter().for_each(|c| put_const(out, c));
    put(out, unit.exceptions.len() as u64);
    for e in &unit.exceptions {
        [e.start, e.end, e.target, e.register.into()].iter().for_each(|&n| put(out, n.into()));
    }
    put_words(out, &unit.code);
    put_positions(out, &unit.positions);
}

/// The first byte of a run of words with the same position says what follows and what does not: most runs are short, on the line
/// of the one before or the next, and many begin or end where that one does.
mod run {
    /// The length; if it is this much, it follows.
    pub const LENGTH: u8 = 7;
    pub const NEXT_LINE: u8 = 1 << 3;
    /// The distance from the line before follows.
    pub const OTHER_LINE: u8 = 1 << 4;
    /// The number of lines follows.
    pub const LINES: u8 = 1 << 5;
    /// The column follows.
    pub const COLUMN: u8 = 1 << 6;
    /// The distance of the last column from the first follows.
    pub const END_COLUMN: u8 = 1 << 7;
}

fn put_positions(out: &mut Vec<u8>, positions: &[Position]) {
    let mut before = Position::default();
    for words in positions.chunk_by(|a, b| a == b) {
        let p = words[0];
        let down = i64::from(p.line) - i64::from(before.line);
        let lines = i64::from(p.end_line) - i64::from(p.line);
        let mut first = words.len().min(run::LENGTH.into()) as u8;
        first |= match down {
            0 => 0,
            1 => run::NEXT_LINE,
            _ => run::OTHER_LINE,
        };
        let differing = [
            (lines != 0, run::LINES),
            (p.column != before.column, run::COLUMN),
            (p.end_column != before.end_column, run::END_COLUMN),
        ];
        first |= differing.iter().filter(|(differs, _)| *differs).fold(0, |bits, (_, bit)| bits | bit);
        out.push(first);
        if first & run::LENGTH == run::LENGTH {
            put(out, words.len() as u64);
        }
        if first & run::OTHER_LINE != 0 {
            put_signed(out, down);
        }
        if first & run::LINES != 0 {
            put_signed(out, lines);
        }
        if first & run::COLUMN != 0 {
            put(out, p.column.into());
        }
        if first & run::END_COLUMN != 0 {
            put_signed(out, i64::from(p.end_column) - i64::from(p.column));
        }
        before = p;
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

fn moved(from: u32, by: i64) -> Option<u32> {
    i64::from(from).checked_add(by)?.try_into().ok()
}

/// Bytes being read.
struct Input<'a> {
    rest: &'a [u8],
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

    /// A word of [`Words`].
    #[inline]
    fn sparse(&mut self) -> Option<u64> {
        let (mut left, mut word) = (self.byte()?, 0);
        while left != 0 {
            word |= u64::from(self.byte()?) << (8 * left.trailing_zeros());
            left &= left - 1;
        }
        Some(word)
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

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn texts(&mut self) -> Option<Texts<'a>> {
        let count = self.count()?;
        let start = self.rest;
        for _ in 0..count {
            self.bytes()?;
        }
        Some(Texts { count, bytes: &start[..start.len() - self.rest.len()] })
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

    fn head(&mut self) -> Option<Head<'a>> {
        Some(Head {
            name: self.text()?,
            qualname: self.text()?,
            first_line: self.word()?,
            flags: self.word()?,
            arg_count: self.word()?,
            positional_only_count: self.word()?,
            keyword_only_count: self.word()?,
            has_namespace: self.word()? != 0,
            register_count: self.word()?,
            local_names: self.texts()?,
            free_names: self.texts()?,
            body: self.bytes()?,
        })
    }

    /// How many words a run has; `position` becomes theirs from that of the run before.
    fn run(&mut self, position: &mut Position) -> Option<usize> {
        let first = self.byte()?;
        let has = |bit| first & bit != 0;
        let length = match first & run::LENGTH {
            run::LENGTH => usize::try_from(self.number()?).ok()?,
            length => length.into(),
        };
        let down = if has(run::OTHER_LINE) { self.signed()? } else { has(run::NEXT_LINE).into() };
        position.line = moved(position.line, down)?;
        position.end_line = moved(position.line, if has(run::LINES) { self.signed()? } else { 0 })?;
        if has(run::COLUMN) {
            position.column = self.word()?;
        }
        if has(run::END_COLUMN) {
            position.end_column = moved(position.column, self.signed()?)?;
        }
        Some(length)
    }

    fn constant(&mut self) -> Option<Const<Head<'a>>> {
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
                let parts: Box<[Const<Head<'a>>; 3]> = self.many(Self::constant)?.try_into().ok()?;
                Const::Slice(parts)
            }
            tag::CODE => Const::Code(self.head()?),
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
            code: vec![1 << 56 | 0xff00, u64::MAX, 0],
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
    fn a_head_says_what_calls_ask_and_leaves_the_rest_packed() {
        let unit = sample();
        let bytes = pack(&unit);
        let head = Head::of(&bytes).unwrap();
        assert_eq!((head.name, head.register_count, head.has_namespace), ("<module>", 300, true));
        assert_eq!(head.local_names.iter().collect::<Vec<_>>(), unit.local_names);
        let body = head.body().unwrap();
        let Const::Code(inner) = &body.consts[3] else { panic!("{:?}", body.consts[3]) };
        assert_eq!(*inner.body().unwrap().code.unpack().unwrap(), [7]);
        let found: Vec<_> = (0..3).map(|at| unpack_position(body.positions, at).unwrap()).collect();
        assert_eq!(found, unit.positions);
        assert_eq!(unpack_position(body.positions, 3), None);
        let found: Vec<_> = (0..4).map(|at| body.code.get(at)).collect();
        assert_eq!(found, [Some(unit.code[0]), Some(u64::MAX), Some(0), None]);
    }

    #[test]
    fn positions_of_all_kinds_come_back() {
        let steps = [-3, 0, 1, 2, 1000];
        let mut positions = vec![Position::default(); 6];
        for (i, step) in steps.iter().flat_map(|down| steps.map(|lines| (down, lines))).enumerate() {
            let before = positions[positions.len() - 1];
            let line = (i64::from(before.line) + step.0).max(1) as u32;
            let end_line = (i64::from(line) + step.1).max(0) as u32;
            for (column, end_column) in
                [(0, 0), (before.column, 90 + i as u32), (200, before.end_column), (7, 3)]
            {
                let position = Position { line, end_line, column, end_column };
                positions.extend(std::iter::repeat_n(position, 1 + i % 9));
            }
        }
        let mut bytes = Vec::new();
        put_positions(&mut bytes, &positions);
        assert_eq!(unpack_positions(&bytes, positions.len()).unwrap(), positions);
        assert_eq!(unpack_position(&bytes, 100), Some(positions[100]));
        assert_eq!(unpack_positions(&bytes, positions.len() - 1), None);
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
