//! A program with one thread executes no atomic read-modify-write and takes no lock once it is under way.
//!
//! Needs a build with the feature `stats`, which counts them where the VM's atomics and locks are made; each count names
//! its line of source. `steady/measure.py` says what the steady state is: a run of a larger size needs no more of them than
//! one of a smaller size. Every program of `benches/programs` that needs one thread is run, at the size of
//! `expected/sizes.txt` and about twice that much work. Two threads need neither to read and call what they share
//! (`steady/shared.py`).

#![cfg(feature = "stats")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs that start threads, or processes.
const WITH_THREADS: [&str; 3] = ["countdown", "io_threads", "queue_threads"];

/// Programs whose work grows fast with their size: one more is enough.
const STEEP: [&str; 4] = ["binary_trees", "fannkuch", "fib", "nqueens"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/programs")
}

/// What a program needs for the larger size, a line each.
fn measure(program: &Path, sizes: [u64; 2]) -> Vec<String> {
    let program = program.to_str().expect("paths here are texts");
    lines_of("measure.py", &[program, &sizes[0].to_string(), &sizes[1].to_string()])
}

/// What two threads need for these uses of `benches/scaling/sharing.py`, a line each.
fn measure_shared(uses: &[&str]) -> Vec<String> {
    let sharing = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/scaling/sharing.py");
    let sharing = sharing.to_str().expect("paths here are texts");
    lines_of("shared.py", &[&[sharing], uses].concat())
}

/// What one of the programs beside this file prints.
fn lines_of(measuring: &str, args: &[&str]) -> Vec<String> {
    let measuring = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/steady").join(measuring);
    let ungil = std::env::var_os("UNGIL_TEST_PROGRAM").unwrap_or(env!("CARGO_BIN_EXE_ungil").into());
    let mut run = Command::new(ungil);
    // The same tables in each run.
    run.env("PYTHONHASHSEED", "0").arg(measuring).args(args);
    let run = run.output();
    let output = run.expect("the program can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| !line.is_empty())
        .map(String::from)
        .collect()
}

#[test]
fn one_thread_needs_no_atomics_and_no_locks() {
    let sizes = std::fs::read_to_string(folder().join("expected/sizes.txt")).expect("the sizes are there");
    let mut failures = String::new();
    for line in sizes.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let name = words.next().expect("sizes.txt has a name in each line");
        if WITH_THREADS.contains(&name) {
            continue;
        }
        let size: u64 = words.next().and_then(|size| size.parse().ok()).expect("a size follows the name");
        let larger = if STEEP.contains(&name) { size + 1 } else { size * 2 };
        for line in measure(&folder().join(format!("{name}.py")), [size, larger]) {
            failures += &format!("{name}: {line}\n");
        }
    }
    assert!(failures.is_empty(), "atomics or locks in the steady state:\n{failures}");
}

/// The test above must see what it looks for.
#[test]
fn what_needs_atomics_is_seen() {
    let found = measure(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/steady/uses_a_lock.py"), [10, 20]);
    assert!(found.iter().any(|line| line.starts_with("rmw_sites: locks/src/raw_lock.rs")), "{found:?}");
    let found = measure(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/steady/two_threads.py"),
        [20_000, 200_000],
    );
    for counter in ["counts_atomic", "object_locks_fast"] {
        assert!(found.iter().any(|line| line.starts_with(counter)), "{counter} is not among {found:?}");
    }
}

/// What two threads do with one object that neither changes.
const SHARED: [&str; 15] = [
    "dict_of_words",
    "dict_of_ints",
    "dict_get",
    "list_item",
    "list_of_ints",
    "instance",
    "instance_int",
    "class_attribute",
    "module_global",
    "closure",
    "call_function",
    "call_bound_method",
    "call_method",
    "call_native",
    "iterate_list",
];

#[test]
fn two_threads_read_without_atomics_and_locks() {
    let found = measure_shared(&SHARED);
    assert!(found.is_empty(), "atomics or locks in the steady state:\n{}", found.join("\n"));
}

/// The test above must see what it looks for.
#[test]
fn locks_of_writers_are_seen() {
    let found = measure_shared(&["write_dict", "write_list"]);
    for wanted in ["write_dict: object_locks", "write_list: object_locks"] {
        assert!(found.iter().any(|line| line.starts_with(wanted)), "{wanted} is not among {found:?}");
    }
}
