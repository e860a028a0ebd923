//! Finding the first match in a text: the places that are worth trying, then the matcher.

use super::engine::Machine;
use super::program::{Program, Start};
use super::scratch::{NOWHERE, Scratch};
use memchr::{memchr, memchr3};
use ungil_runtime::prelude::*;

/// Where a match may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// At the place where the search starts.
    Match,
    /// From there to the end of the text.
    FullMatch,
    /// Anywhere behind it.
    Search,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    pub mode: Mode,
    /// A byte offset.
    pub from: usize,
    /// The match must not be the empty text at `from`.
    pub must_advance: bool,
}

/// Runs a program on a text, of which `text` is the part up to where it ends for the matcher. `is_wide` says that it is
/// generalised UTF-8 that is not ASCII. Gives beginning and end of the match; groups are in the scratch memory.
///
/// # Errors
/// `MemoryError`, or what a signal handler raises.
pub fn execute(
    cx: &mut Cx,
    program: &Program,
    text: &[u8],
    is_wide: bool,
    task: Task,
    scratch: &mut Scratch,
) -> R<Option<(usize, usize)>> {
    if task.from > text.len() || text.len() - task.from < program.min_width {
        return Ok(None);
    }
    match is_wide {
        true => Machine::<true>::new(program, text, scratch).execute(cx, task),
        false => Machine::<false>::new(program, text, scratch).execute(cx, task),
    }
}

impl<const WIDE: bool> Machine<'_, WIDE> {
    fn execute(&mut self, cx: &mut Cx, task: Task) -> R<Option<(usize, usize)>> {
        self.to_end = task.mode == Mode::FullMatch;
        self.not_at = if task.must_advance { task.from } else { NOWHERE };
        match task.mode {
            Mode::Search => self.search(cx, task.from),
            Mode::Match | Mode::FullMatch => {
                let end = self.run(cx, task.from)?;
                Ok(end.map(|end| (task.from, end)))
            }
        }
    }

    fn search(&mut self, cx: &mut Cx, from: usize) -> R<Option<(usize, usize)>> {
        let mut pos = from;
        while let Some(at) = self.next_place(pos) {
            if let Start::Needle { whole: true, len, .. } = self.program.start {
                return Ok(Some((at, at + len)));
            }
            if let Some(end) = self.run(cx, at)? {
                return Ok(Some((at, end)));
            }
            self.tick(cx)?;
            if at == self.text.len() {
                break;
            }
            pos = self.text.after(at);
        }
        Ok(None)
    }

    /// The first place from `pos` on that is worth trying.
    #[inline]
    fn next_place(&self, pos: usize) -> Option<usize> {
        let rest = &self.text.0[pos..];
        if rest.len() < self.program.min_width {
            return None;
        }
        let found = match &self.program.start {
            Start::Anywhere => Some(0),
            Start::Beginning => (pos == 0).then_some(0),
            Start::Lines if pos == 0 || self.text.0[pos - 1] == b'\n' => Some(0),
            Start::Lines => memchr(b'\n', rest).map(|i| i + 1),
            Start::Needle { finder, .. } => finder.find(rest),
            &Start::Few([a, b, _]) if a == b => memchr(a, rest),
            &Start::Few([a, b, c]) => memchr3(a, b, c, rest),
            Start::Bytes(bytes) => rest.iter().position(|&b| bytes.has(b)),
        };
        found.map(|i| pos + i)
    }
}
