//! From the code that `re/_compiler.py` makes to a [`Program`].
//!
//! The code may come from anywhere (`_sre.compile` is a function of Python), so everything about it is checked: what is
//! made never leads the matcher out of the program. Called by `_sre.compile`; pure.

use super::analyse;
use super::chars::{Fold, Item, Set};
use super::codes::{Category, INFO_LITERAL, INFO_PREFIX, Op, Place};
use super::program::{ANY_FIRST, Inst, Pc, Program, Start, Times, Unit, Way};
use memchr::memmem::Finder;
use ungil_runtime::objects::str::code_points;

/// The code is not what the compiler makes.
#[derive(Clone, Copy, Debug)]
pub struct Invalid;

type Checked<T> = Result<T, Invalid>;

/// Deepest nesting of groups: what the recursion of this file can take on the smallest native stack.
const MAX_DEPTH: u32 = 1000;

/// Translates the code of a pattern with so many groups, for text or for bytes.
///
/// # Errors
/// [`Invalid`].
pub fn translate(code: &[u32], groups: usize, is_text: bool) -> Checked<Program> {
    let program = Program {
        insts: Vec::new(),
        bytes: Vec::new(),
        sets: Vec::new(),
        branches: Vec::new(),
        firsts: Vec::new(),
        groups,
        counters: 0,
        guards: 0,
        min_width: 0,
        start: Start::Anywhere,
        is_text,
    };
    let n = code.len();
    let places = vec![Pc::MAX; n + 1];
    let mut t =
        Translator { code, program, places, is_target: vec![false; n + 1], fixups: Vec::new(), depth: 0 };
    let begin = t.info()?;
    if t.op(n.wrapping_sub(1))? != Op::Success {
        return Err(Invalid);
    }
    t.region(begin, n - 1)?;
    t.emit_at(n - 1, Inst::Success);
    t.resolve()?;
    let mut program = t.program;
    analyse::analyse(&mut program);
    Ok(program)
}

struct Translator<'a> {
    code: &'a [u32],
    program: Program,
    /// The instruction for each word of code that begins one.
    places: Vec<Pc>,
    /// Words that jumps lead to.
    is_target: Vec<bool>,
    /// Instructions with a jump to a word of code, to be made one to an instruction.
    fixups: Vec<(usize, usize)>,
    depth: u32,
}

impl Translator<'_> {
    fn word(&self, at: usize) -> Checked<u32> {
        self.code.get(at).copied().ok_or(Invalid)
    }

    fn op(&self, at: usize) -> Checked<Op> {
        Op::from_code(self.word(at)?).ok_or(Invalid)
    }

    /// The word that the one at `at` leads to, which is behind it and not behind `end`.
    fn target(&self, at: usize, end: usize) -> Checked<usize> {
        let to = at.checked_add(self.word(at)? as usize).ok_or(Invalid)?;
        if to > at && to <= end { Ok(to) } else { Err(Invalid) }
    }

    fn emit(&mut self, inst: Inst) -> Pc {
        self.program.insts.push(inst);
        self.here() - 1
    }

    /// Emits what a word of code is for.
    fn emit_at(&mut self, at: usize, inst: Inst) -> Pc {
        self.places[at] = self.here();
        self.emit(inst)
    }

    fn here(&self) -> Pc {
        self.program.insts.len() as Pc
    }

    fn new_guard(&mut self) -> u32 {
        self.program.guards += 1;
        self.program.guards as u32 - 1
    }

    fn set(&mut self, items: Vec<Item>, fold: Fold) -> Unit {
        self.program.sets.push(Set::new(items, fold));
        Unit::Set(self.program.sets.len() as u32 - 1)
    }

    /// Takes in the info block, if there is one; gives where the pattern begins.
    fn info(&mut self) -> Checked<usize> {
        if self.op(0)? != Op::Info {
            return Ok(0);
        }
        let end = self.target(1, self.code.len())?;
        let flags = self.word(2)?;
        self.program.min_width = self.word(3)? as usize;
        if flags & INFO_PREFIX != 0 {
            let len = self.word(5)? as usize;
            let prefix = 7usize.checked_add(len).and_then(|to| self.code.get(7..to)).ok_or(Invalid)?;
            let mut needle = Vec::new();
            let fits = prefix.iter().all(|&c| push_char(&mut needle, c, self.program.is_text));
            if fits && !needle.is_empty() {
                let finder = Box::new(Finder::new(&needle).into_owned());
                let whole = flags & INFO_LITERAL != 0;
                self.program.start = Start::Needle { finder, len: needle.len(), whole };
            }
        }
        Ok(end)
    }

    /// Translates the words from `at` to `end`, which are whole operations.
    fn region(&mut self, mut at: usize, end: usize) -> Checked<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Invalid);
        }
        while at < end {
            at = self.operation(at, end)?;
        }
        self.depth -= 1;
        if at == end { Ok(()) } else { Err(Invalid) }
    }

    /// Translates one operation; gives where the next one begins.
    fn operation(&mut self, at: usize, end: usize) -> Checked<usize> {
        let op = self.op(at)?;
        if op == Op::Literal {
            return self.literal(at);
        }
        self.places[at] = self.here();
        if let Some((unit, next)) = self.unit(at)? {
            self.emit(Inst::One(unit));
            return Ok(next);
        }
        match op {
            Op::Failure => self.emit(Inst::Fail),
            Op::At => {
                let place = Place::from_code(self.word(at + 1)?).ok_or(Invalid)?;
                self.emit(Inst::At(place))
            }
            Op::Mark => {
                let mark = self.word(at + 1)?;
                if mark as usize >= 2 * self.program.groups {
                    return Err(Invalid);
                }
                self.emit(Inst::Mark(mark))
            }
            Op::Jump => {
                let to = self.target(at + 1, self.code.len() - 1)?;
                self.jump(to, Inst::Jump(0))
            }
            Op::GroupRef => self.group_ref(at, Fold::Exact)?,
            Op::GroupRefIgnore => self.group_ref(at, Fold::Ascii)?,
            Op::GroupRefLocIgnore => self.group_ref(at, Fold::Locale)?,
            Op::GroupRefUniIgnore => self.group_ref(at, Fold::Unicode)?,
            Op::GroupRefExists => {
                let (group, to) = (self.group(at + 1)?, self.group_exists_target(at)?);
                self.jump(to, Inst::GroupExists { group, otherwise: 0 });
                return Ok(at + 3);
            }
            _ => return self.block(op, at, end),
        };
        Ok(if op == Op::Failure { at + 1 } else { at + 2 })
    }

    fn group(&self, at: usize) -> Checked<u32> {
        let group = self.word(at)?;
        if (group as usize) < self.program.groups { Ok(group) } else { Err(Invalid) }
    }

    fn group_ref(&mut self, at: usize, fold: Fold) -> Checked<Pc> {
        let group = self.group(at + 1)?;
        Ok(self.emit(Inst::GroupRef { group, fold }))
    }

    fn group_exists_target(&self, at: usize) -> Checked<usize> {
        let to = (at + 1).checked_add(self.word(at + 2)? as usize).ok_or(Invalid)?;
        if to >= at + 3 && to < self.code.len() { Ok(to) } else { Err(Invalid) }
    }

    /// Emits a jump to a word of code.
    fn jump(&mut self, to: usize, inst: Inst) -> Pc {
        self.is_target[to] = true;
        self.fixups.push((self.program.insts.len(), to));
        self.emit(inst)
    }

    /// Translates an operation with a body of its own.
    fn block(&mut self, op: Op, at: usize, end: usize) -> Checked<usize> {
        if op == Op::Branch {
            return self.branch(at + 1, end);
        }
        let close = self.target(at + 1, end)?;
        match op {
            Op::Info => return Ok(close),
            Op::RepeatOne | Op::MinRepeatOne | Op::PossessiveRepeatOne => {
                self.repeat_one(op, at, close)?;
                return Ok(close);
            }
            Op::Repeat => self.repeat(at, close)?,
            Op::PossessiveRepeat => self.possessive_repeat(at, close)?,
            // The skips of these lead behind their ends.
            Op::AtomicGroup => {
                let guard = self.new_guard();
                self.emit(Inst::AtomicStart { guard });
                self.body(at + 2, close - 1)?;
                self.emit_at(close - 1, Inst::AtomicEnd { guard });
                return Ok(close);
            }
            Op::Assert | Op::AssertNot => {
                self.assertion(op, at, close)?;
                return Ok(close);
            }
            _ => return Err(Invalid),
        }
        Ok(close + 1)
    }

    /// Translates a body that ends with `Success` at `close`.
    fn body(&mut self, at: usize, close: usize) -> Checked<()> {
        if self.op(close)? != Op::Success {
            return Err(Invalid);
        }
        self.region(at, close)
    }

    fn assertion(&mut self, op: Op, at: usize, after: usize) -> Checked<()> {
        let (guard, back, start) = (self.new_guard(), self.word(at + 2)?, self.here() as usize);
        self.emit(Inst::Fail);
        self.body(at + 3, after - 1)?;
        let (first, last) = match op {
            Op::Assert => {
                let after = self.here() + 1;
                (Inst::AssertStart { guard, back, after }, Inst::AssertEnd { guard })
            }
            _ => {
                let after = self.here() + 1;
                (Inst::AssertNotStart { guard, back, after }, Inst::AssertNotEnd { guard })
            }
        };
        self.program.insts[start] = first;
        self.emit_at(after - 1, last);
        Ok(())
    }

    fn times(&self, at: usize) -> Checked<Times> {
        let times = Times { min: self.word(at)?, max: self.word(at + 1)? };
        if times.min <= times.max { Ok(times) } else { Err(Invalid) }
    }

    fn repeat_one(&mut self, op: Op, at: usize, close: usize) -> Checked<()> {
        let times = self.times(at + 2)?;
        let Some((unit, next)) = self.unit(at + 4)? else { return Err(Invalid) };
        if next + 1 != close || self.op(next)? != Op::Success {
            return Err(Invalid);
        }
        self.emit(match op {
            Op::RepeatOne => Inst::Greedy { unit, times, first: ANY_FIRST },
            Op::MinRepeatOne => Inst::Lazy { unit, times, first: ANY_FIRST },
            _ => Inst::Possessive { unit, times },
        });
        Ok(())
    }

    fn repeat(&mut self, at: usize, until: usize) -> Checked<()> {
        let times = self.times(at + 2)?;
        let counter = self.program.counters as u32;
        self.program.counters += 1;
        let start = self.emit(Inst::Fail) as usize;
        let body = self.here();
        self.region(at + 4, until)?;
        let first = ANY_FIRST;
        let end = match self.op(until)? {
            Op::MaxUntil => {
                self.emit_at(until, Inst::MaxUntil { counter, times, body, body_first: first, first })
            }
            Op::MinUntil => {
                let end = self.emit_at(until, Inst::MinUntil { counter, min: times.min, body, first });
                self.emit(Inst::MinMore { counter, times, body });
                end
            }
            _ => return Err(Invalid),
        };
        self.program.insts[start] = Inst::Loop { counter, until: end };
        Ok(())
    }

    fn possessive_repeat(&mut self, at: usize, close: usize) -> Checked<()> {
        let (times, guard) = (self.times(at + 2)?, self.new_guard());
        self.emit(Inst::PossessiveStart { guard });
        let again = self.emit(Inst::Fail);
        self.body(at + 4, close)?;
        let after = self.here() + 1;
        self.program.insts[again as usize] = Inst::PossessiveLoop { guard, times, after };
        self.emit_at(close, Inst::PossessiveEnd { guard, again });
        Ok(())
    }

    /// Translates the ways of a branch; `at` is the first one's skip.
    fn branch(&mut self, mut at: usize, end: usize) -> Checked<usize> {
        let number = self.program.branches.len();
        self.program.branches.push(Vec::new());
        self.emit(Inst::Branch(number as u32));
        while self.word(at)? != 0 {
            let next = self.target(at, end)?;
            // At the end of each way is a jump behind the branch.
            let jump = next.checked_sub(2).filter(|&jump| jump > at).ok_or(Invalid)?;
            if self.op(jump)? != Op::Jump {
                return Err(Invalid);
            }
            let pc = self.here();
            self.program.branches[number].push(Way { pc, first: ANY_FIRST });
            self.region(at + 1, next)?;
            at = next;
        }
        if at < end && !self.program.branches[number].is_empty() { Ok(at + 1) } else { Err(Invalid) }
    }

    /// Translates a literal together with those that follow it.
    fn literal(&mut self, mut at: usize) -> Checked<usize> {
        self.places[at] = self.here();
        let start = self.program.bytes.len();
        loop {
            let c = self.word(at + 1)?;
            let mark = self.program.bytes.len();
            if !push_char(&mut self.program.bytes, c, self.program.is_text) {
                // No such character exists.
                self.program.bytes.truncate(mark);
                self.literal_run(start);
                self.emit(Inst::Fail);
                return Ok(at + 2);
            }
            at += 2;
            if self.is_target[at.min(self.code.len())] || self.op(at)? != Op::Literal {
                break;
            }
        }
        self.literal_run(start);
        Ok(at)
    }

    /// Emits the test for the bytes from `start` on.
    fn literal_run(&mut self, start: usize) {
        match self.program.bytes[start..] {
            [] => {}
            [b] => {
                self.program.bytes.truncate(start);
                self.emit(Inst::Byte(b));
            }
            [..] => {
                let len = (self.program.bytes.len() - start) as u32;
                self.emit(Inst::Bytes { start: start as u32, len });
            }
        }
    }

    /// An operation that stands for one character, and where the next one begins; `None` for other operations.
    fn unit(&mut self, at: usize) -> Checked<Option<(Unit, usize)>> {
        let op = self.op(at)?;
        let fold = match op {
            Op::LiteralIgnore | Op::NotLiteralIgnore | Op::InIgnore => Fold::Ascii,
            Op::LiteralLocIgnore | Op::NotLiteralLocIgnore | Op::InLocIgnore => Fold::Locale,
            Op::LiteralUniIgnore | Op::NotLiteralUniIgnore | Op::InUniIgnore => Fold::Unicode,
            _ => Fold::Exact,
        };
        Ok(Some(match op {
            Op::Any => (Unit::Any, at + 1),
            Op::AnyAll => (Unit::All, at + 1),
            Op::Literal => (Unit::Char(self.word(at + 1)?), at + 2),
            Op::LiteralIgnore | Op::LiteralLocIgnore | Op::LiteralUniIgnore => {
                let items = vec![Item::Char(self.word(at + 1)?)];
                (self.set(items, fold), at + 2)
            }
            Op::NotLiteral | Op::NotLiteralIgnore | Op::NotLiteralLocIgnore | Op::NotLiteralUniIgnore => {
                let items = vec![Item::Negate, Item::Char(self.word(at + 1)?)];
                (self.set(items, fold), at + 2)
            }
            Op::Category => (self.set(vec![self.category(at + 1)?], fold), at + 2),
            Op::In | Op::InIgnore | Op::InLocIgnore | Op::InUniIgnore => {
                let close = self.target(at + 1, self.code.len())?;
                let items = self.items(at + 2, close)?;
                (self.set(items, fold), close)
            }
            _ => return Ok(None),
        }))
    }

    fn category(&self, at: usize) -> Checked<Item> {
        Category::from_code(self.word(at)?).map(Item::Category).ok_or(Invalid)
    }

    /// The items of a set, which ends with `Failure` in front of `close`.
    fn items(&self, mut at: usize, close: usize) -> Checked<Vec<Item>> {
        let mut items = Vec::new();
        while at < close {
            let (item, len) = match self.op(at)? {
                Op::Failure if at + 1 == close => return Ok(items),
                Op::Negate => (Item::Negate, 1),
                Op::Literal => (Item::Char(self.word(at + 1)?), 2),
                Op::Range => (Item::Range(self.word(at + 1)?, self.word(at + 2)?), 3),
                Op::RangeUniIgnore => (Item::RangeIgnore(self.word(at + 1)?, self.word(at + 2)?), 3),
                Op::Category => (self.category(at + 1)?, 2),
                Op::Charset => {
                    let words = self.code.get(at + 1..at + 9).ok_or(Invalid)?;
                    let mut bits = Box::new([0; 8]);
                    bits.copy_from_slice(words);
                    (Item::Bits(bits), 9)
                }
                Op::BigCharset => self.big_set(at)?,
                _ => return Err(Invalid),
            };
            items.push(item);
            at += len;
        }
        Err(Invalid)
    }

    fn big_set(&self, at: usize) -> Checked<(Item, usize)> {
        let count = self.word(at + 1)? as usize;
        let mut blocks = Box::new([0; 256]);
        let words = self.code.get(at + 2..at + 66).ok_or(Invalid)?;
        for (to, word) in blocks.chunks_exact_mut(4).zip(words) {
            to.copy_from_slice(&word.to_ne_bytes());
        }
        if count > 256 || blocks.iter().any(|&block| block as usize >= count) {
            return Err(Invalid);
        }
        let bits = self.code.get(at + 66..at + 66 + count * 8).ok_or(Invalid)?;
        Ok((Item::BigBits(blocks, bits.into()), 66 + count * 8))
    }

    /// Makes jumps to words of code jumps to instructions.
    fn resolve(&mut self) -> Checked<()> {
        for &(i, to) in &self.fixups {
            let to = self.places[to];
            if to == Pc::MAX || to as usize <= i {
                return Err(Invalid);
            }
            match &mut self.program.insts[i] {
                Inst::Jump(pc) | Inst::GroupExists { otherwise: pc, .. } => *pc = to,
                _ => return Err(Invalid),
            }
        }
        Ok(())
    }
}

/// Appends a character as the text has it; false if the text cannot have it.
fn push_char(to: &mut Vec<u8>, c: u32, is_text: bool) -> bool {
    match c {
        0..0x100 if !is_text => to.push(c as u8),
        0..0x11_0000 if is_text => code_points::push(to, c),
        _ => return false,
    }
    true
}
