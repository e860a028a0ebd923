//! The matcher: a backtracking machine over a [`Program`].
//!
//! All its state is in a [`Scratch`]: the points to go back to, and the changes to undo on the way, so it does not recurse
//! and a match may be as deep as memory allows. It looks now and then whether its thread is wanted (a signal, a
//! collection, other threads); what it reads, the program and the text, does not change meanwhile.

use super::program::{ANY_FIRST, First, Inst, Pc, Program, Times, Unit};
use super::scratch::{Choice, Guard, Kind, NOWHERE, Scratch};
use super::text::Text;
use ungil_runtime::prelude::*;

/// Steps back, or iterations of loops, between two looks at whether the thread is wanted.
const PATIENCE: u32 = 4096;

/// See the module's head.
pub struct Machine<'a, const WIDE: bool> {
    pub program: &'a Program,
    pub text: Text<'a, WIDE>,
    pub scratch: &'a mut Scratch,
    /// A match has to end where the text ends.
    pub to_end: bool,
    /// Where a match must not end.
    pub not_at: usize,
    patience: u32,
}

impl<'a, const WIDE: bool> Machine<'a, WIDE> {
    pub fn new(program: &'a Program, text: &'a [u8], scratch: &'a mut Scratch) -> Self {
        let guard = Guard { height: 0, pos: 0, count: 0 };
        scratch.guards.clear();
        scratch.guards.resize(program.guards, guard);
        scratch.slots.clear();
        scratch.slots.resize(2 * program.groups + 1 + 2 * program.counters, NOWHERE);
        Machine { program, text: Text(text), scratch, to_end: false, not_at: NOWHERE, patience: PATIENCE }
    }

    /// Looks whether the thread is wanted, now and then.
    ///
    /// # Errors
    /// What a signal handler raises.
    #[inline(always)]
    pub fn tick(&mut self, cx: &mut Cx) -> R<()> {
        self.patience -= 1;
        if self.patience == 0 {
            self.patience = PATIENCE;
            return cx.poll();
        }
        Ok(())
    }

    /// Matches at a place; gives the end. Groups are in the scratch memory then.
    ///
    /// # Errors
    /// `MemoryError`, or what a signal handler raises.
    pub fn run(&mut self, cx: &mut Cx, start: usize) -> R<Option<usize>> {
        let groups = 2 * self.program.groups + 1;
        self.scratch.slots[..groups].fill(NOWHERE);
        self.scratch.choices.clear();
        self.scratch.trail.clear();
        let (program, text) = (self.program, self.text);
        let (mut pc, mut pos) = (0, start);
        loop {
            // Where to go on, `None` if this has failed.
            let next = match program.insts[pc as usize] {
                Inst::Byte(b) => (text.0.get(pos) == Some(&b)).then(|| (pc + 1, pos + 1)),
                Inst::Bytes { start, len } => {
                    let wanted = &program.bytes[start as usize..(start + len) as usize];
                    text.0[pos..].starts_with(wanted).then(|| (pc + 1, pos + len as usize))
                }
                Inst::One(unit) => text.step(program, unit, pos).map(|next| (pc + 1, next)),
                Inst::At(place) => text.is_at(pos, place).then_some((pc + 1, pos)),
                Inst::Mark(mark) => {
                    self.mark(cx, mark, pos)?;
                    Some((pc + 1, pos))
                }
                Inst::Jump(to) => Some((to, pos)),
                Inst::Branch(_) => self.branch(cx, pc, 0, pos)?.map(|to| (to, pos)),
                Inst::Greedy { unit, times, first } => {
                    self.greedy(cx, pc, unit, times, first, pos)?.map(|at| (pc + 1, at))
                }
                Inst::Lazy { unit, times, first } => {
                    self.lazy(cx, pc, unit, times, first, pos)?.map(|at| (pc + 1, at))
                }
                Inst::Possessive { unit, times } => text
                    .step_times(program, unit, pos, times.min)
                    .map(|low| (pc + 1, text.run(program, unit, low, times.extra()))),
                Inst::Loop { counter, until } => {
                    let slot = self.counter(counter);
                    self.set(cx, slot, 0)?;
                    self.set(cx, slot + 1, NOWHERE)?;
                    Some((until, pos))
                }
                Inst::MaxUntil { counter, times, body, body_first, first } => {
                    self.tick(cx)?;
                    let tail = pc + 1;
                    Some((self.max_until(cx, counter, times, (body, body_first), (tail, first), pos)?, pos))
                }
                Inst::MinUntil { counter, min, body, first } => {
                    self.tick(cx)?;
                    Some((self.min_until(cx, pc, counter, min, (body, first), pos)?, pos))
                }
                Inst::MinMore { counter, times, body } => {
                    let slot = self.counter(counter);
                    let (n, last) = (self.scratch.slots[slot], self.scratch.slots[slot + 1]);
                    if times.allows_more(n) && pos != last {
                        self.set(cx, slot, n + 1)?;
                        self.set(cx, slot + 1, pos)?;
                        Some((body, pos))
                    } else {
                        None
                    }
                }
                Inst::PossessiveStart { guard } => {
                    let guard = &mut self.scratch.guards[guard as usize];
                    (guard.count, guard.pos) = (0, NOWHERE);
                    Some((pc + 1, pos))
                }
                Inst::PossessiveLoop { guard, times, after } => {
                    self.tick(cx)?;
                    Some((self.possessive(cx, pc, guard, times, after, pos)?, pos))
                }
                Inst::PossessiveEnd { guard, again } => {
                    self.cut(guard);
                    self.scratch.guards[guard as usize].count += 1;
                    Some((again, pos))
                }
                Inst::AtomicStart { guard } => {
                    self.guard(guard, pos);
                    Some((pc + 1, pos))
                }
                Inst::AtomicEnd { guard } => {
                    self.cut(guard);
                    Some((pc + 1, pos))
                }
                Inst::AssertStart { guard, back, .. } => text.back(pos, back as usize).map(|at| {
                    self.guard(guard, pos);
                    (pc + 1, at)
                }),
                Inst::AssertEnd { guard } => {
                    self.cut(guard);
                    Some((pc + 1, self.scratch.guards[guard as usize].pos))
                }
                Inst::AssertNotStart { guard, back, after } => match text.back(pos, back as usize) {
                    Some(at) => {
                        self.guard(guard, pos);
                        self.choose(cx, Kind::Resume, after, pos, 0)?;
                        Some((pc + 1, at))
                    }
                    None => Some((after, pos)),
                },
                Inst::AssertNotEnd { guard } => {
                    self.cut(guard);
                    None
                }
                Inst::GroupRef { group, fold } => self
                    .scratch
                    .group(group as usize)
                    .and_then(|span| text.repeat(fold, span, pos))
                    .map(|at| (pc + 1, at)),
                Inst::GroupExists { group, otherwise } => match self.scratch.group(group as usize) {
                    Some(_) => Some((pc + 1, pos)),
                    None => Some((otherwise, pos)),
                },
                Inst::Success => {
                    if (!self.to_end || pos == text.len()) && pos != self.not_at {
                        return Ok(Some(pos));
                    }
                    None
                }
                Inst::Fail => None,
            };
            (pc, pos) = match next {
                Some(next) => next,
                None => match self.go_back(cx)? {
                    Some(next) => next,
                    None => return Ok(None),
                },
            };
        }
    }

    /// Where the counter's slots begin.
    fn counter(&self, counter: u32) -> usize {
        2 * self.program.groups + 1 + 2 * counter as usize
    }

    /// Changes a slot, so that it is undone on the way back.
    #[inline(always)]
    fn set(&mut self, cx: &mut Cx, slot: usize, value: usize) -> R<()> {
        let old = std::mem::replace(&mut self.scratch.slots[slot], value);
        if !self.scratch.choices.is_empty() {
            let trail = &mut self.scratch.trail;
            if trail.len() == trail.capacity() && trail.try_reserve(trail.len().max(64)).is_err() {
                return Err(cx.memory_error());
            }
            trail.push((slot as u32, old));
        }
        Ok(())
    }

    #[inline(always)]
    fn mark(&mut self, cx: &mut Cx, mark: u32, pos: usize) -> R<()> {
        self.set(cx, mark as usize, pos)?;
        if mark & 1 != 0 {
            self.set(cx, 2 * self.program.groups, mark as usize / 2 + 1)?;
        }
        Ok(())
    }

    /// Adds a point to go back to.
    #[inline(always)]
    fn choose(&mut self, cx: &mut Cx, kind: Kind, pc: Pc, pos: usize, limit: usize) -> R<()> {
        let trail = self.scratch.trail.len();
        let choices = &mut self.scratch.choices;
        if choices.len() == choices.capacity() && choices.try_reserve(choices.len().max(64)).is_err() {
            return Err(cx.memory_error());
        }
        choices.push(Choice { kind, pc, pos, limit, trail });
        Ok(())
    }

    /// Begins a body that nothing goes back into.
    fn guard(&mut self, guard: u32, pos: usize) {
        let height = self.scratch.choices.len();
        self.scratch.guards[guard as usize] = Guard { height, pos, count: 0 };
    }

    /// Gives up the choices made since the guarded body began.
    fn cut(&mut self, guard: u32) {
        self.scratch.choices.truncate(self.scratch.guards[guard as usize].height);
    }

    /// Whether what begins so may begin at `pos`.
    #[inline(always)]
    fn may_begin(&self, first: First, pos: usize) -> bool {
        first == ANY_FIRST
            || self.text.0.get(pos).is_some_and(|&b| self.program.firsts[first as usize].bytes.has(b))
    }

    /// The first way of a branch from number `from` on that may match.
    #[inline]
    fn branch(&mut self, cx: &mut Cx, pc: Pc, from: usize, pos: usize) -> R<Option<Pc>> {
        let Inst::Branch(number) = self.program.insts[pc as usize] else { return Ok(None) };
        let ways = &self.program.branches[number as usize];
        let viable = |from: usize| {
            (from..ways.len()).find(|&i| self.may_begin(ways[i].first, pos)).unwrap_or(ways.len())
        };
        let this = viable(from);
        let Some(way) = ways.get(this) else { return Ok(None) };
        let other = viable(this + 1);
        if other < ways.len() {
            self.choose(cx, Kind::Branch, pc, pos, other)?;
        }
        Ok(Some(way.pc))
    }

    #[inline]
    fn greedy(
        &mut self,
        cx: &mut Cx,
        pc: Pc,
        unit: Unit,
        times: Times,
        first: First,
        pos: usize,
    ) -> R<Option<usize>> {
        let Some(low) = self.text.step_times(self.program, unit, pos, times.min) else { return Ok(None) };
        let high = self.text.run(self.program, unit, low, times.extra());
        let Some(at) = self.last_end(first, low, high) else { return Ok(None) };
        if at > low {
            let before = self.text.before(at);
            self.choose(cx, Kind::Greedy, pc, before, low)?;
        }
        Ok(Some(at))
    }

    /// The last place from `low` to `high` where what follows may begin.
    #[inline]
    fn last_end(&self, first: First, low: usize, high: usize) -> Option<usize> {
        if first == ANY_FIRST {
            return Some(high);
        }
        let first = &self.program.firsts[first as usize];
        if let Some(b) = first.single {
            return self.text.last_byte(b, low, high);
        }
        let end = (high + 1).min(self.text.len());
        self.text.0[low..end].iter().rposition(|&b| first.bytes.has(b)).map(|i| low + i)
    }

    #[inline]
    fn lazy(
        &mut self,
        cx: &mut Cx,
        pc: Pc,
        unit: Unit,
        times: Times,
        first: First,
        pos: usize,
    ) -> R<Option<usize>> {
        let Some(low) = self.text.step_times(self.program, unit, pos, times.min) else { return Ok(None) };
        let Some((at, left)) = self.next_end(unit, first, low, times.extra()) else { return Ok(None) };
        if left > 0 {
            self.choose(cx, Kind::Lazy, pc, at, left)?;
        }
        Ok(Some(at))
    }

    /// The first place from `pos` on where what follows may begin, with the unit up to `left` times before it; and how
    /// many more times it may be.
    fn next_end(&self, unit: Unit, first: First, mut pos: usize, mut left: usize) -> Option<(usize, usize)> {
        if first == ANY_FIRST {
            return Some((pos, left));
        }
        let set = &self.program.firsts[first as usize];
        if let (Some(b), usize::MAX, Unit::All | Unit::Any) = (set.single, left, unit) {
            return self.text.next_byte(b, pos, unit).map(|at| (at, left));
        }
        loop {
            if set.bytes.has(*self.text.0.get(pos)?) {
                return Some((pos, left));
            }
            if left == 0 {
                return None;
            }
            pos = self.text.step(self.program, unit, pos)?;
            left -= (left != usize::MAX) as usize;
        }
    }

    #[inline]
    fn max_until(
        &mut self,
        cx: &mut Cx,
        counter: u32,
        times: Times,
        (body, body_first): (Pc, First),
        (tail, first): (Pc, First),
        pos: usize,
    ) -> R<Pc> {
        let slot = self.counter(counter);
        let (n, last) = (self.scratch.slots[slot], self.scratch.slots[slot + 1]);
        if n < times.min as usize {
            self.set(cx, slot, n + 1)?;
            return Ok(body);
        }
        if !times.allows_more(n) || pos == last || !self.may_begin(body_first, pos) {
            return Ok(tail);
        }
        if self.may_begin(first, pos) {
            self.choose(cx, Kind::Resume, tail, pos, 0)?;
        }
        self.set(cx, slot, n + 1)?;
        self.set(cx, slot + 1, pos)?;
        Ok(body)
    }

    #[inline]
    fn min_until(
        &mut self,
        cx: &mut Cx,
        pc: Pc,
        counter: u32,
        min: u32,
        (body, first): (Pc, First),
        pos: usize,
    ) -> R<Pc> {
        let slot = self.counter(counter);
        let n = self.scratch.slots[slot];
        if n < min as usize {
            self.set(cx, slot, n + 1)?;
            return Ok(body);
        }
        if !self.may_begin(first, pos) {
            return Ok(pc + 1);
        }
        self.choose(cx, Kind::Resume, pc + 1, pos, 0)?;
        Ok(pc + 2)
    }

    #[inline]
    fn possessive(&mut self, cx: &mut Cx, pc: Pc, guard: u32, times: Times, after: Pc, pos: usize) -> R<Pc> {
        let height = self.scratch.choices.len();
        let guard = &mut self.scratch.guards[guard as usize];
        guard.height = height;
        if guard.count < times.min as usize {
            return Ok(pc + 1);
        }
        if !times.allows_more(guard.count) || guard.pos == pos {
            return Ok(after);
        }
        guard.pos = pos;
        self.choose(cx, Kind::Resume, after, pos, 0)?;
        Ok(pc + 1)
    }

    /// Goes back to the last choice that has something left: where to go on.
    fn go_back(&mut self, cx: &mut Cx) -> R<Option<(Pc, usize)>> {
        loop {
            self.tick(cx)?;
            let Some(&choice) = self.scratch.choices.last() else { return Ok(None) };
            let Choice { kind, pc, pos, limit, trail } = choice;
            while self.scratch.trail.len() > trail
                && let Some((slot, old)) = self.scratch.trail.pop()
            {
                self.scratch.slots[slot as usize] = old;
            }
            self.scratch.choices.pop();
            match (kind, self.program.insts[pc as usize]) {
                (Kind::Resume, _) => return Ok(Some((pc, pos))),
                (Kind::Branch, _) => {
                    if let Some(to) = self.branch(cx, pc, limit, pos)? {
                        return Ok(Some((to, pos)));
                    }
                }
                (Kind::Greedy, Inst::Greedy { first, .. }) => {
                    if let Some(at) = self.last_end(first, limit, pos) {
                        if at > limit {
                            let before = self.text.before(at);
                            self.choose(cx, Kind::Greedy, pc, before, limit)?;
                        }
                        return Ok(Some((pc + 1, at)));
                    }
                }
                (Kind::Lazy, Inst::Lazy { unit, first, .. }) => {
                    let left = if limit == usize::MAX { limit } else { limit - 1 };
                    let next = self.text.step(self.program, unit, pos);
                    if let Some((at, left)) = next.and_then(|next| self.next_end(unit, first, next, left)) {
                        if left > 0 {
                            self.choose(cx, Kind::Lazy, pc, at, left)?;
                        }
                        return Ok(Some((pc + 1, at)));
                    }
                }
                // Choices are made for instructions of their kind.
                _ => {}
            }
        }
    }
}
