//! The conformance table: how many cases of CPython's own tests pass.
//!
//!     cargo test --release -p ungil --test conformance -- --stdlib DIR [MODULE ...]
//!
//! A test target without a harness, so that cargo builds the program first; `cargo test` alone leaves it out, as it
//! takes minutes and needs CPython's `test` package. `--help` tells the options. Each module runs in processes of its
//! own (`process.rs`), a small Python program writes down what becomes of each case (`runner.py`), and the same run
//! under CPython says which skips are fair (`results.rs`).

mod options;
mod process;
mod results;

use options::{Command, Options};
use process::Job;
use results::{Results, Row};
use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The modules of the table.
const MODULES: &[&str] = &[
    "test_grammar",
    "test_syntax",
    "test_exceptions",
    "test_generators",
    "test_coroutines",
    "test_asyncgen",
    "test_scope",
    "test_class",
    "test_descr",
    "test_super",
    "test_metaclass",
    "test_dict",
    "test_list",
    "test_tuple",
    "test_set",
    "test_int",
    "test_long",
    "test_float",
    "test_str",
    "test_bytes",
    "test_fstring",
    "test_tstring",
    "test_format",
    "test_slice",
    "test_range",
    "test_iter",
    "test_itertools",
    "test_functools",
    "test_collections",
    "test_patma",
    "test_with",
    "test_contextlib",
    "test_dataclasses",
    "test_enum",
    "test_types",
    "test_operator",
    "test_math",
    "test_struct",
    "test_json",
    "test_re",
    "test_random",
    "test_heapq",
    "test_bisect",
    "test_copy",
    "test_weakref",
    "test_gc",
    "test_thread",
    "test_threading",
    "test_threading_local",
    "test_queue",
    "test_builtin",
    "test_traceback",
    "test_free_threading",
];

fn main() -> ExitCode {
    results::self_check();
    match options::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", options::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Run(options)) => table(&options),
        Err(why) => {
            eprintln!("conformance: {why}\n--help tells the options");
            ExitCode::from(2)
        }
    }
}

/// Runs the modules and prints their rows, in order, as soon as they are known.
fn table(options: &Options) -> ExitCode {
    let modules: Vec<&str> = match &options.modules[..] {
        [] => MODULES.to_vec(),
        chosen => chosen.iter().map(String::as_str).collect(),
    };
    if options.oracle.is_none() {
        eprintln!("conformance: no CPython beside {}: every skip counts as failed", options.stdlib.display());
    }
    let width = modules.iter().map(|name| name.len()).max().unwrap_or(0);
    println!(
        "{:width$}  {:>5} {:>6} {:>6} {:>7} {:>7}",
        "module", "run", "passed", "failed", "skipped", "percent"
    );
    let waiting: Mutex<VecDeque<usize>> = Mutex::new((0..modules.len()).collect());
    let state = Mutex::new(State { rows: modules.iter().map(|_| None).collect(), printed: 0 });
    std::thread::scope(|scope| {
        for _ in 0..options.jobs {
            scope.spawn(|| {
                loop {
                    let Some(index) = lock(&waiting).pop_front() else { break };
                    let row = module(options, modules[index]);
                    let mut state = lock(&state);
                    state.rows[index] = Some(row);
                    state.print(&modules, width, options.failures);
                }
            });
        }
    });
    let rows: Vec<Row> = lock(&state).rows.drain(..).flatten().collect();
    let total = Row {
        passed: rows.iter().map(|row| row.passed).sum(),
        skipped: rows.iter().map(|row| row.skipped).sum(),
        ..Row::default()
    };
    let failed: usize = rows.iter().map(|row| row.failed.len()).sum();
    let run = total.passed + failed;
    let percent = if run == 0 { 0.0 } else { 100.0 * total.passed as f64 / run as f64 };
    println!(
        "{:width$}  {run:>5} {:>6} {failed:>6} {:>7} {percent:>7.2}",
        "total", total.passed, total.skipped
    );
    if rows.iter().all(Row::good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct State {
    rows: Vec<Option<Row>>,
    printed: usize,
}

impl State {
    fn print(&mut self, modules: &[&str], width: usize, failures: bool) {
        clear_progress();
        while let Some(Some(row)) = self.rows.get(self.printed) {
            let (name, failed) = (modules[self.printed], row.failed.len());
            let mark = if row.good() { "" } else { "  <" };
            println!(
                "{name:width$}  {:>5} {:>6} {failed:>6} {:>7} {:>7.2}{mark}",
                row.run(),
                row.passed,
                row.skipped,
                row.percent()
            );
            for why in &row.died {
                println!("    died: {why}");
            }
            if failures {
                print_failures(row);
            }
            self.printed += 1;
        }
    }
}

/// Each case with its reason; what could not even be loaded as one line.
fn print_failures(row: &Row) {
    let absent = row.failed.values().filter(|why| *why == results::ABSENT).count();
    for (case, why) in row.failed.iter().filter(|(_, why)| *why != results::ABSENT) {
        println!("    {case}: {why}");
    }
    if absent > 0 {
        println!("    {absent} cases that CPython has: {}", results::ABSENT);
    }
}

/// Runs one module under the program, and under CPython where that has not been done before.
fn module(options: &Options, name: &str) -> Row {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    let mut show = |results: &Results| {
        progress(&format!(
            "{name}: {}/{} {}",
            results.started(),
            results.planned(),
            results.running().unwrap_or("")
        ));
    };
    let (ours, theirs) = (base.join("ungil"), base.join("cpython"));
    let job = Job {
        program: &options.program,
        stdlib: Some(&options.stdlib),
        module: name,
        details: options.details,
        limit: options.limit,
        folder: &ours,
    };
    let oracle = options.oracle.as_deref().map(|program| {
        process::oracle(&Job { program, stdlib: None, details: false, folder: &theirs, ..job }, &mut show)
    });
    let ours = process::run(&job, &mut show);
    match (ours, oracle.transpose()) {
        (Ok(ours), Ok(oracle)) => results::judge(&ours, oracle.as_ref()),
        (Err(why), _) | (_, Err(why)) => {
            Row { failed: [(name.to_owned(), why.to_string())].into(), ..Row::default() }
        }
    }
}

/// One line on a terminal, overwritten by the next.
fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        let text: String = text.chars().take(100).collect();
        eprint!("\r\x1b[K{text}");
        let _ = std::io::stderr().flush();
    }
}

fn clear_progress() {
    progress("");
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
