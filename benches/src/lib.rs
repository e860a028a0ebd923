//! The instrument that compares concurrency models of ungil and other interpreters (`benches/README.md`).
//!
//! It does not link the VM: every measurement is a fresh process (`process`), scheduled in shuffled blocks (`session`)
//! by the stages of a run (`stages`). What was measured is a `record::Record`, every raw sample of it; all figures are
//! computed from that (`analysis`, `stats`), shown on the terminal (`table`, `compare`) and drawn (`html`).
//!
//! One thread; nothing else of the machine should be running.

pub mod analysis;
pub mod cli;
pub mod compare;
pub mod html;
pub mod interrupt;
pub mod machine;
pub mod models;
pub mod process;
pub mod programs;
pub mod progress;
pub mod pyperformance;
pub mod record;
pub mod session;
pub mod stages;
pub mod stats;
pub mod table;
pub mod timeline;

/// What can go wrong outside a measured program; the text is for the person at the terminal.
pub type Failure = String;
