//! The memory of a match while it runs: where groups are, counters, and the way back.
//!
//! A thread keeps one for its next match, so that matching allocates nothing once it is warm.

use std::cell::Cell;

/// No place in the text.
pub const NOWHERE: usize = usize::MAX;

/// How to go on when everything since has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// At `pc` and `pos`.
    Resume,
    /// With way number `limit` or a later one of the branch at `pc`.
    Branch,
    /// With fewer characters for the repeat at `pc`: behind `pos` or before it, not before `limit`.
    Greedy,
    /// With more characters for the repeat at `pc`: behind `pos` and `limit` more at most.
    Lazy,
}

/// A point to go back to.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    pub kind: Kind,
    pub pc: u32,
    pub pos: usize,
    pub limit: usize,
    /// Changes to slots before this one stay.
    pub trail: usize,
}

/// What an atomic group, an assertion or a possessive repeat remembers while its body runs. The body is never entered
/// again before it has ended, and nothing goes back into it then, so this needs no undoing.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Choices there were at the beginning.
    pub height: usize,
    pub pos: usize,
    pub count: usize,
}

/// See the module's head.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Ends of groups, then the number of the last group that has ended, then two words for each counter.
    pub slots: Vec<usize>,
    pub choices: Vec<Choice>,
    /// Slots changed since there was a choice, and what they held.
    pub trail: Vec<(u32, usize)>,
    pub guards: Vec<Guard>,
}

/// Most memory that is kept for the next match, in elements.
const KEPT: usize = 4096;

thread_local! {
    static FREE: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

impl Scratch {
    /// The thread's own, or a new one if that is in use.
    pub fn take() -> Box<Scratch> {
        FREE.take().unwrap_or_default()
    }

    /// Keeps it for the next match.
    pub fn give_back(mut self: Box<Self>) {
        if self.choices.capacity() > KEPT {
            self.choices = Vec::new();
        }
        if self.trail.capacity() > KEPT {
            self.trail = Vec::new();
        }
        FREE.set(Some(self));
    }

    /// Beginning and end of a group, if it has matched; of the whole match nothing is known here.
    pub fn group(&self, group: usize) -> Option<(usize, usize)> {
        let (start, end) = (self.slots[2 * group], self.slots[2 * group + 1]);
        (start != NOWHERE && end != NOWHERE && start <= end).then_some((start, end))
    }
}
