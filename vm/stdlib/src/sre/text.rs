//! Characters in the text: one byte each, or generalised UTF-8.
//!
//! `WIDE` says which; ASCII text counts as bytes. Places are byte offsets, always at the beginning of a character.

use super::chars::{Fold, is_word};
use super::codes::Place;
use super::program::{Program, Unit};
use memchr::{memchr, memchr2, memrchr};
use ungil_runtime::objects::str::code_points::{self, is_start};

/// The text up to the place where it ends for the matcher.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a, const WIDE: bool>(pub &'a [u8]);

impl<const WIDE: bool> Text<'_, WIDE> {
    #[inline(always)]
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// The character at `pos` and its width.
    #[inline(always)]
    fn next(self, pos: usize) -> Option<(u32, usize)> {
        let &b = self.0.get(pos)?;
        if !WIDE || b < 0x80 {
            return Some((b as u32, 1));
        }
        Some(code_points::decode_first(&self.0[pos..]))
    }

    /// Where the character in front of `pos` begins; there is one.
    #[inline(always)]
    pub fn before(self, pos: usize) -> usize {
        let mut at = pos - 1;
        while WIDE && at > 0 && !is_start(self.0[at]) {
            at -= 1;
        }
        at
    }

    /// Where the character behind the one at `pos` begins.
    #[inline(always)]
    pub fn after(self, pos: usize) -> usize {
        if WIDE { pos + self.0.get(pos).map_or(1, |&b| code_points::width_of_first(b)) } else { pos + 1 }
    }

    /// The place `n` characters before `pos`, if there are as many.
    pub fn back(self, pos: usize, n: usize) -> Option<usize> {
        if !WIDE || n > pos {
            return pos.checked_sub(n);
        }
        let mut at = pos;
        for _ in 0..n {
            if at == 0 {
                return None;
            }
            at = self.before(at);
        }
        Some(at)
    }

    fn is_word_at(self, pos: usize, fold: Fold) -> bool {
        self.next(pos).is_some_and(|(c, _)| is_word(fold, c))
    }

    fn is_boundary(self, pos: usize, fold: Fold) -> bool {
        let before = pos > 0 && self.is_word_at(self.before(pos), fold);
        before != self.is_word_at(pos, fold)
    }

    /// Whether the place is of this kind.
    #[inline(always)]
    pub fn is_at(self, pos: usize, place: Place) -> bool {
        match place {
            Place::Beginning | Place::BeginningString => pos == 0,
            Place::BeginningLine => pos == 0 || self.0[pos - 1] == b'\n',
            Place::End => pos == self.len() || pos + 1 == self.len() && self.0[pos] == b'\n',
            Place::EndLine => pos == self.len() || self.0[pos] == b'\n',
            Place::EndString => pos == self.len(),
            Place::Boundary => self.is_boundary(pos, Fold::Ascii),
            Place::NonBoundary => !self.is_boundary(pos, Fold::Ascii),
            Place::LocBoundary => self.is_boundary(pos, Fold::Locale),
            Place::LocNonBoundary => !self.is_boundary(pos, Fold::Locale),
            Place::UniBoundary => self.is_boundary(pos, Fold::Unicode),
            Place::UniNonBoundary => !self.is_boundary(pos, Fold::Unicode),
        }
    }

    /// The place behind the character at `pos` if the unit matches it.
    #[inline(always)]
    pub fn step(self, program: &Program, unit: Unit, pos: usize) -> Option<usize> {
        let (c, width) = self.next(pos)?;
        let fits = match unit {
            Unit::All => true,
            Unit::Any => c != b'\n' as u32,
            Unit::Char(x) => c == x,
            Unit::Set(i) => program.sets[i as usize].contains(c),
        };
        fits.then_some(pos + width)
    }

    /// The place behind exactly `n` characters that the unit matches.
    pub fn step_times(self, program: &Program, unit: Unit, mut pos: usize, n: u32) -> Option<usize> {
        // No character takes less than a byte.
        if n as usize > self.len() - pos {
            return None;
        }
        for _ in 0..n {
            pos = self.step(program, unit, pos)?;
        }
        Some(pos)
    }

    /// The place behind as many characters as the unit matches, `n` at most.
    pub fn run(self, program: &Program, unit: Unit, pos: usize, n: usize) -> usize {
        let left = self.len() - pos;
        if WIDE && n < left {
            return self.run_counted(program, unit, pos, n);
        }
        let end = pos + left.min(n);
        match unit {
            Unit::All => end,
            Unit::Any => memchr(b'\n', &self.0[pos..end]).map_or(end, |i| pos + i),
            Unit::Char(c @ 0..0x80) => self.run_while(pos, end, |b| b as u32 == c),
            Unit::Char(c) if !WIDE => self.run_while(pos, end, |b| b as u32 == c),
            Unit::Char(_) => self.run_counted(program, unit, pos, n),
            Unit::Set(i) => {
                let set = &program.sets[i as usize];
                if set.is_local() {
                    return self.run_counted(program, unit, pos, n);
                }
                let low = set.low();
                if !WIDE {
                    return self.run_while(pos, end, |b| low.has(b));
                }
                let mut at = pos;
                loop {
                    at = self.run_while(at, end, |b| b < 0x80 && low.has(b));
                    match self.next(at) {
                        Some((c, width)) if c >= 0x80 && set.contains(c) => at += width,
                        _ => return at,
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn run_while(self, pos: usize, end: usize, fits: impl Fn(u8) -> bool) -> usize {
        self.0[pos..end].iter().position(|&b| !fits(b)).map_or(end, |i| pos + i)
    }

    fn run_counted(self, program: &Program, unit: Unit, mut pos: usize, n: usize) -> usize {
        for _ in 0..n {
            match self.step(program, unit, pos) {
                Some(next) => pos = next,
                None => break,
            }
        }
        pos
    }

    /// The last place from `low` to `high` where the byte is.
    pub fn last_byte(self, b: u8, low: usize, high: usize) -> Option<usize> {
        let end = (high + 1).min(self.len());
        memrchr(b, &self.0[low..end]).map(|i| low + i)
    }

    /// For a unit that is `All` or `Any`: the first place from `pos` on where the byte is, if the unit matches all before.
    pub fn next_byte(self, b: u8, pos: usize, unit: Unit) -> Option<usize> {
        match unit {
            Unit::All => memchr(b, &self.0[pos..]).map(|i| pos + i),
            _ => memchr2(b, b'\n', &self.0[pos..]).map(|i| pos + i).filter(|&i| self.0[i] == b),
        }
    }

    /// The place behind text like that from `start` to `end` at `pos`.
    pub fn repeat(self, fold: Fold, (start, end): (usize, usize), pos: usize) -> Option<usize> {
        if fold == Fold::Exact {
            return self.0[pos..].starts_with(&self.0[start..end]).then(|| pos + end - start);
        }
        let (mut at, mut pos) = (start, pos);
        while at < end {
            let ((a, a_width), (b, b_width)) = (self.next(at)?, self.next(pos)?);
            if fold.lower(a) != fold.lower(b) {
                return None;
            }
            at += a_width;
            pos += b_width;
        }
        Some(pos)
    }
}
