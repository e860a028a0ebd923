//! What a pattern is translated into: instructions for the matcher, with what is known about them in advance.
//!
//! Immutable once made, and shared by all threads.

use super::chars::{ByteSet, Fold, Set};
use super::codes::Place;
use memchr::memmem::Finder;

/// Number of an instruction.
pub type Pc = u32;

/// Number of a set in [`Program::firsts`]: the bytes that what follows may begin with.
pub type First = u32;

/// Nothing is known about the first byte; there may be none.
pub const ANY_FIRST: First = u32::MAX;

/// A single character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// All but a newline.
    Any,
    All,
    Char(u32),
    /// A set by number.
    Set(u32),
}

/// A number of times; `max` is `u32::MAX` for any number.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub min: u32,
    pub max: u32,
}

impl Times {
    /// How many more than `min` there may be.
    pub fn extra(self) -> usize {
        match self.max {
            u32::MAX => usize::MAX,
            max => (max - self.min) as usize,
        }
    }

    /// Whether there may be another one behind `n`.
    pub fn allows_more(self, n: usize) -> bool {
        self.max == u32::MAX || n < self.max as usize
    }
}

/// An instruction. Where nothing else is said, the next one follows.
#[derive(Clone, Copy, Debug)]
pub enum Inst {
    Fail,
    /// The end of the pattern.
    Success,
    /// One byte.
    Byte(u8),
    /// Several bytes: a part of [`Program::bytes`].
    Bytes {
        start: u32,
        len: u32,
    },
    One(Unit),
    At(Place),
    /// Sets an end of a group.
    Mark(u32),
    Jump(Pc),
    /// One of several ways: a number in [`Program::branches`].
    Branch(u32),
    /// Characters, as many as possible first.
    Greedy {
        unit: Unit,
        times: Times,
        first: First,
    },
    /// Characters, as few as possible first.
    Lazy {
        unit: Unit,
        times: Times,
        first: First,
    },
    /// Characters, as many as possible for good.
    Possessive {
        unit: Unit,
        times: Times,
    },
    /// Begins a loop; goes to its `Until`.
    Loop {
        counter: u32,
        until: Pc,
    },
    /// Decides whether the loop's body is run again, preferring that.
    MaxUntil {
        counter: u32,
        times: Times,
        body: Pc,
        body_first: First,
        first: First,
    },
    /// As `MaxUntil`, preferring to go on; behind it is a `MinMore`, then what follows the loop.
    MinUntil {
        counter: u32,
        min: u32,
        body: Pc,
        first: First,
    },
    MinMore {
        counter: u32,
        times: Times,
        body: Pc,
    },
    /// Begins a loop that gives nothing back; `PossessiveLoop` follows.
    PossessiveStart {
        guard: u32,
    },
    /// Decides whether the body, which follows, is run again.
    PossessiveLoop {
        guard: u32,
        times: Times,
        after: Pc,
    },
    PossessiveEnd {
        guard: u32,
        again: Pc,
    },
    AtomicStart {
        guard: u32,
    },
    AtomicEnd {
        guard: u32,
    },
    /// Looks ahead, or `back` characters behind.
    AssertStart {
        guard: u32,
        back: u32,
        after: Pc,
    },
    AssertEnd {
        guard: u32,
    },
    AssertNotStart {
        guard: u32,
        back: u32,
        after: Pc,
    },
    AssertNotEnd {
        guard: u32,
    },
    GroupRef {
        group: u32,
        fold: Fold,
    },
    /// Goes to `otherwise` unless the group has matched.
    GroupExists {
        group: u32,
        otherwise: Pc,
    },
}

/// A way of a branch.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    pub pc: Pc,
    pub first: First,
}

/// The bytes that something may begin with.
#[derive(Clone, Copy, Debug)]
pub struct FirstSet {
    pub bytes: ByteSet,
    /// The only one, if there is only one.
    pub single: Option<u8>,
}

/// How a search finds places that are worth trying.
#[derive(Debug)]
pub enum Start {
    /// Every place.
    Anywhere,
    /// Only the beginning of the text.
    Beginning,
    /// The beginnings of lines.
    Lines,
    /// Where this text is. If it is the whole pattern, its place is the match.
    Needle { finder: Box<Finder<'static>>, len: usize, whole: bool },
    /// Where one of up to three bytes is.
    Few([u8; 3]),
    /// Where one of these bytes is.
    Bytes(ByteSet),
}

/// See the module's head.
#[derive(Debug)]
pub struct Program {
    pub insts: Vec<Inst>,
    pub bytes: Vec<u8>,
    pub sets: Vec<Set>,
    pub branches: Vec<Vec<Way>>,
    pub firsts: Vec<FirstSet>,
    pub groups: usize,
    /// Loops that count.
    pub counters: usize,
    /// Places that remember how far to go back.
    pub guards: usize,
    /// Fewest characters that a match has.
    pub min_width: usize,
    pub start: Start,
    /// Whether the text is generalised UTF-8; bytes else.
    pub is_text: bool,
}
