//! What can be known about a program in advance: which bytes a part of it begins with.
//!
//! From that follows which ways of a branch and which ends of a repeat are not worth trying, which repeats need give
//! nothing back, and where a search has to look. Pure; called once per program.

use super::chars::ByteSet;
use super::codes::Place;
use super::program::{ANY_FIRST, First, FirstSet, Inst, Pc, Program, Start, Unit, Way};

/// Most instructions that are looked at to answer one question.
const FUEL: u32 = 200;

/// Fills in what the translation has left open.
pub fn analyse(program: &mut Program) {
    for pc in (0..program.insts.len()).rev() {
        let next = pc as Pc + 1;
        match program.insts[pc] {
            Inst::Greedy { unit, times, .. } => {
                let Some(tail) = first_of(program, next) else { continue };
                program.insts[pc] = match bytes_of(program, unit).meets(&tail) {
                    // No character that the repeat could give back begins what follows.
                    false => Inst::Possessive { unit, times },
                    true => Inst::Greedy { unit, times, first: keep(program, tail) },
                };
            }
            Inst::Lazy { unit, times, .. } => {
                let first = known_first(program, next);
                program.insts[pc] = Inst::Lazy { unit, times, first };
            }
            Inst::MaxUntil { counter, times, body, .. } => {
                let (body_first, first) = (known_first(program, body), known_first(program, next));
                program.insts[pc] = Inst::MaxUntil { counter, times, body, body_first, first };
            }
            Inst::MinUntil { counter, min, body, .. } => {
                let first = known_first(program, next + 1);
                program.insts[pc] = Inst::MinUntil { counter, min, body, first };
            }
            Inst::Branch(number) => {
                for i in 0..program.branches[number as usize].len() {
                    let pc = program.branches[number as usize][i].pc;
                    let first = known_first(program, pc);
                    program.branches[number as usize][i] = Way { pc, first };
                }
            }
            _ => {}
        }
    }
    if let Start::Anywhere = program.start {
        program.start = start_of(program);
    }
}

/// How a search for a program without a literal prefix goes.
fn start_of(program: &Program) -> Start {
    match program.insts[0] {
        Inst::At(Place::Beginning | Place::BeginningString) => return Start::Beginning,
        Inst::At(Place::BeginningLine) => return Start::Lines,
        _ => {}
    }
    let Some(bytes) = first_of(program, 0) else { return Start::Anywhere };
    let mut all = bytes.iter();
    match (bytes.len(), all.next(), all.next(), all.next()) {
        (1, Some(a), ..) => Start::Few([a; 3]),
        (2, Some(a), Some(b), _) => Start::Few([a, b, b]),
        (3, Some(a), Some(b), Some(c)) => Start::Few([a, b, c]),
        _ => Start::Bytes(bytes),
    }
}

fn known_first(program: &mut Program, pc: Pc) -> First {
    match first_of(program, pc) {
        Some(bytes) => keep(program, bytes),
        None => ANY_FIRST,
    }
}

fn keep(program: &mut Program, bytes: ByteSet) -> First {
    if let Some(i) = program.firsts.iter().position(|known| known.bytes == bytes) {
        return i as First;
    }
    let single = bytes.iter().next().filter(|_| bytes.len() == 1);
    program.firsts.push(FirstSet { bytes, single });
    program.firsts.len() as First - 1
}

/// The bytes that a match from `pc` on may begin with; `None` if it may be empty, or if it takes too long to find out.
fn first_of(program: &Program, pc: Pc) -> Option<ByteSet> {
    let mut fuel = FUEL;
    first(program, pc, &mut fuel)
}

fn first(program: &Program, mut pc: Pc, fuel: &mut u32) -> Option<ByteSet> {
    loop {
        *fuel = fuel.checked_sub(1)?;
        let next = pc + 1;
        pc = match *program.insts.get(pc as usize)? {
            Inst::Fail => return Some(ByteSet::default()),
            Inst::Byte(b) => return Some(ByteSet::of(b)),
            Inst::Bytes { start, .. } => return Some(ByteSet::of(program.bytes[start as usize])),
            Inst::One(unit) => return Some(bytes_of(program, unit)),
            Inst::Greedy { unit, times, .. }
            | Inst::Lazy { unit, times, .. }
            | Inst::Possessive { unit, times } => {
                let bytes = bytes_of(program, unit);
                return match (times.min, times.max) {
                    (1.., _) => Some(bytes),
                    (0, 0) => first(program, next, fuel),
                    (0, _) => Some(bytes.union(&first(program, next, fuel)?)),
                };
            }
            Inst::Branch(number) => {
                let ways = &program.branches[number as usize];
                let mut all = ByteSet::default();
                for way in ways {
                    all = all.union(&first(program, way.pc, fuel)?);
                }
                return Some(all);
            }
            Inst::GroupExists { otherwise, .. } => {
                return Some(first(program, next, fuel)?.union(&first(program, otherwise, fuel)?));
            }
            Inst::MaxUntil { times, .. } if times.max == 0 => next,
            // Where a loop begins its body is what comes first; where it has been entered that may be left out.
            Inst::MaxUntil { body, .. } => {
                return Some(first(program, body, fuel)?.union(&first(program, next, fuel)?));
            }
            Inst::MinUntil { body, .. } => {
                return Some(first(program, body, fuel)?.union(&first(program, next + 1, fuel)?));
            }
            Inst::PossessiveLoop { times, after, .. } => {
                let body = first(program, next, fuel)?;
                return if times.min > 0 {
                    Some(body)
                } else {
                    Some(body.union(&first(program, after, fuel)?))
                };
            }
            Inst::Loop { until, .. } => match program.insts[until as usize] {
                Inst::MaxUntil { times, body, .. } if times.min > 0 => body,
                Inst::MinUntil { min: 1.., body, .. } => body,
                _ => until,
            },
            Inst::Mark(_) | Inst::At(_) | Inst::PossessiveStart { .. } | Inst::AtomicStart { .. } => next,
            // What an assertion looks at is a condition more.
            Inst::AssertStart { after, .. } | Inst::AssertNotStart { after, .. } => after,
            Inst::Jump(to) => to,
            // What is inside is chosen for good, whatever follows.
            Inst::AtomicEnd { .. }
            | Inst::PossessiveEnd { .. }
            | Inst::Success
            | Inst::GroupRef { .. }
            | Inst::MinMore { .. }
            | Inst::AssertEnd { .. }
            | Inst::AssertNotEnd { .. } => return None,
        };
    }
}

/// The bytes that a character begins with.
fn bytes_of(program: &Program, unit: Unit) -> ByteSet {
    let mut bytes = match unit {
        Unit::All => ByteSet::ALL,
        Unit::Any => {
            let mut bytes = ByteSet::ALL;
            bytes.remove(b'\n');
            bytes
        }
        Unit::Char(c) if program.is_text => {
            return match c {
                0..0x11_0000 => {
                    let mut buffer = [0; 4];
                    ByteSet::of(ungil_runtime::objects::str::code_points::encode(c, &mut buffer)[0])
                }
                _ => ByteSet::default(),
            };
        }
        Unit::Char(c) => return u8::try_from(c).map(ByteSet::of).unwrap_or_default(),
        Unit::Set(i) => {
            let set = &program.sets[i as usize];
            if set.is_local() {
                ByteSet::ALL
            } else if program.is_text && set.has_beyond_ascii() {
                ByteSet([set.low().0[0], set.low().0[1], u64::MAX, u64::MAX])
            } else {
                *set.low()
            }
        }
    };
    if program.is_text {
        // Nothing begins in the middle of a character.
        (0x80..0xc2).for_each(|b| bytes.remove(b));
    }
    bytes
}
