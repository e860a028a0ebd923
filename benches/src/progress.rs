//! One line on the terminal that tells how far a run is; nothing when stderr is no terminal but for whole stages.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::process::shorten;

#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    quiet: bool,
    started: Instant,
    /// In which the run ends.
    limit: Duration,
}

impl Progress {
    pub fn new(quiet: bool, limit: Duration) -> Progress {
        Progress { terminal: stderr().is_terminal(), quiet, started: Instant::now(), limit }
    }

    /// A stage begins.
    pub fn stage(&self, text: &str) {
        self.say(text);
    }

    /// A line that stays.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.clear();
            eprintln!("[{}] {text}", self.elapsed());
        }
    }

    /// What runs now; overwritten by the next.
    pub fn step(&self, done: usize, total: usize, text: &str) {
        if self.terminal && !self.quiet {
            let line = format!("[{}] {done}/{total} {text}", self.elapsed());
            eprint!("\r\x1b[2K{}", shorten(&line, 78));
            // A terminal that is gone is no reason to stop measuring.
            let _ = stderr().flush();
        }
    }

    pub fn clear(&self) {
        if self.terminal && !self.quiet {
            eprint!("\r\x1b[2K");
        }
    }

    fn elapsed(&self) -> String {
        format!("{} of {}", minutes(self.started.elapsed()), minutes(self.limit))
    }
}

/// A time as minutes and seconds.
pub fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
