//! Which programs a stage runs, and with which sizes.
//!
//! The folders are read, so a new program takes part at once; the tables here only know sizes for `--quick` and what
//! starts threads.

use std::fs;
use std::path::Path;

use crate::Failure;
use crate::session::{Job, Output};

/// Arguments under `--quick`: about half of what the programs do by themselves. Others run as they are.
const QUICK_SIZES: &[(&str, &str)] = &[
    ("binary_trees", "14"),
    ("closures", "1000000"),
    ("comprehensions", "1000000"),
    ("countdown", "10000000"),
    ("deltablue", "12000"),
    ("dict_work", "500000"),
    ("exceptions", "700000"),
    ("fib", "34"),
    ("generator_pipeline", "2000000"),
    ("io_threads", "8000"),
    ("list_append_sum", "4000000"),
    ("mandelbrot", "200"),
    ("method_calls", "1200000"),
    ("nbody", "150000"),
    ("nqueens", "11"),
    ("queue_threads", "30000"),
    ("raytrace", "280"),
    ("richards", "20"),
    ("sieve", "6000000"),
    ("small_instances", "2500000"),
    ("sorting", "60000"),
    ("spectral_norm", "280"),
    ("string_work", "200000"),
];

/// What callgrind, which is fifty times slower, runs.
const COUNTED_SIZES: &[(&str, &str)] = &[
    ("binary_trees", "9"),
    ("closures", "20000"),
    ("deltablue", "400"),
    ("dict_work", "10000"),
    ("exceptions", "10000"),
    ("fannkuch", "7"),
    ("fib", "20"),
    ("generator_pipeline", "40000"),
    ("method_calls", "20000"),
    ("nbody", "3000"),
    ("richards", "1"),
    ("sorting", "2000"),
    ("string_work", "5000"),
];

/// How many of them `--quick` counts.
const COUNTED_QUICK: usize = 5;

/// Programs of `benches/programs` that start threads: listed with the others, but no part of the mean for one thread.
const THREADED: &[&str] = &["countdown", "io_threads", "queue_threads"];

/// What every program takes besides its size, so that its output is the same each time.
const EXTRA: &[(&str, &str)] = &[("countdown", "--quiet")];

/// Programs of `benches/scaling` that are none of its measurements: one runs others, one prints a table of its own.
const NO_SPLIT: &[&str] = &["copies", "sharing"];

/// How often a program of `benches/programs` is run as independent pieces, to be shared among threads.
const COPIES: u32 = 12;

/// Sizes of one such piece.
const COPY_SIZES: &[(&str, &str)] = &[
    ("bigint", "1000"),
    ("binary_trees", "10"),
    ("closures", "100000"),
    ("comprehensions", "100000"),
    ("deltablue", "1500"),
    ("dict_work", "50000"),
    ("exceptions", "80000"),
    ("fannkuch", "8"),
    ("fib", "28"),
    ("generator_pipeline", "250000"),
    ("list_append_sum", "500000"),
    ("mandelbrot", "120"),
    ("method_calls", "120000"),
    ("nbody", "15000"),
    ("nqueens", "10"),
    ("raytrace", "80"),
    ("richards", "2"),
    ("sieve", "600000"),
    ("small_instances", "300000"),
    ("sorting", "6000"),
    ("spectral_norm", "130"),
    ("string_work", "20000"),
];

/// The threads that the second clause is measured with.
const IO_THREADS: &[u32] = &[1, 4, 16, 64];

/// The program of the second clause that has a thread which computes beside those that wait.
pub const MIXED: &str = "mixed";

pub fn is_threaded(program: &str) -> bool {
    THREADED.contains(&program)
}

fn find<'a>(table: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    table.iter().find(|(program, _)| *program == name).map(|(_, value)| *value)
}

/// The names of the Python programs in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            entry.ok()?.file_name().into_string().ok()?.strip_suffix(".py").map(str::to_owned)
        })
        .collect();
    names.sort();
    if names.is_empty() {
        return Err(format!("{} has no programs", folder.display()));
    }
    Ok(names)
}

fn script(folder: &Path, name: &str) -> String {
    folder.join(name).with_extension("py").to_string_lossy().into_owned()
}

/// The first clause: all programs of `benches/programs`.
///
/// # Errors
/// The folder cannot be read.
pub fn single(root: &Path, quick: bool) -> Result<Vec<Job>, Failure> {
    let folder = root.join("benches/programs");
    let job = |name: String| {
        let mut args = vec![script(&folder, &name)];
        args.extend(find(QUICK_SIZES, &name).filter(|_| quick).map(str::to_owned));
        args.extend(find(EXTRA, &name).map(str::to_owned));
        Job { pin: !is_threaded(&name), benchmark: name, threads: 1, args, output: Output::Text }
    };
    Ok(names(&folder)?.into_iter().map(job).collect())
}

/// The second clause: each program of `benches/io` with each number of threads. Files that other programs import begin
/// with an underscore.
///
/// # Errors
/// The folder cannot be read.
pub fn io(root: &Path, quick: bool) -> Result<Vec<Job>, Failure> {
    let folder = root.join("benches/io");
    let seconds = if quick { "0.3" } else { "1.0" };
    let mut jobs = Vec::new();
    for name in names(&folder)?.into_iter().filter(|name| !name.starts_with('_')) {
        for &threads in IO_THREADS {
            let args = vec![script(&folder, &name), threads.to_string(), seconds.to_owned()];
            jobs.push(Job { benchmark: name.clone(), threads, args, pin: false, output: Output::Measured });
        }
    }
    Ok(jobs)
}

/// Numbers of threads up to the machine's cores: 1, 2, 4, ... and the cores themselves.
pub fn thread_counts(cores: usize) -> Vec<u32> {
    let cores = u32::try_from(cores).unwrap_or(u32::MAX).max(2);
    let mut counts: Vec<u32> =
        std::iter::successors(Some(1), |n: &u32| n.checked_mul(2)).take_while(|&n| n < cores).collect();
    counts.push(cores);
    counts
}

/// Scaling: programs that split one task, and the programs of `benches/programs` run as independent pieces.
///
/// # Errors
/// The folder cannot be read.
pub fn scaling(root: &Path, quick: bool, cores: usize) -> Result<Vec<Job>, Failure> {
    let folder = root.join("benches/scaling");
    let mut programs: Vec<(String, Vec<String>)> = Vec::new();
    for name in names(&folder)?
        .into_iter()
        .filter(|name| !name.starts_with('_') && !NO_SPLIT.contains(&name.as_str()))
    {
        let size = if quick { "quick" } else { "full" };
        programs.push((format!("split {name}"), vec![script(&folder, &name), size.to_owned()]));
    }
    for (name, size) in COPY_SIZES {
        // A few pieces are enough to see whether something is wrong.
        let copies = if quick { COPIES / 3 } else { COPIES };
        let copies_args = [script(&folder, "copies"), name.to_string(), size.to_string(), copies.to_string()];
        programs.push((format!("copies of {name}"), copies_args.to_vec()));
    }
    let mut jobs = Vec::new();
    for (benchmark, args) in programs {
        for threads in thread_counts(cores) {
            let mut args = args.clone();
            args.insert(1, threads.to_string());
            jobs.push(Job {
                benchmark: benchmark.clone(),
                threads,
                args,
                pin: false,
                output: Output::Measured,
            });
        }
    }
    Ok(jobs)
}

/// Start-up: nothing at all, and with imports that programs have.
pub fn startup() -> Vec<Job> {
    let imports = "import collections, json, os, re, sys, threading";
    [("nothing", "pass"), ("imports", imports)]
        .map(|(name, code)| Job {
            benchmark: name.to_owned(),
            threads: 1,
            args: vec!["-c".to_owned(), code.to_owned()],
            pin: true,
            output: Output::Text,
        })
        .to_vec()
}

/// What is run under callgrind.
pub fn counted(root: &Path, quick: bool) -> Vec<Job> {
    let folder = root.join("benches/programs");
    let count = if quick { COUNTED_QUICK } else { COUNTED_SIZES.len() };
    let job = |(name, size): &(&str, &str)| Job {
        benchmark: (*name).to_owned(),
        threads: 1,
        args: vec![script(&folder, name), (*size).to_owned()],
        pin: true,
        output: Output::Counted,
    };
    COUNTED_SIZES.iter().rev().take(count).map(job).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_takes_part_and_the_tables_name_only_programs() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let programs = names(&root.join("benches/programs")).expect("the folder is there");
        let jobs = single(&root, true).expect("the folder is there");
        assert_eq!(jobs.iter().map(|job| job.benchmark.clone()).collect::<Vec<_>>(), programs);
        for (name, _) in QUICK_SIZES.iter().chain(COUNTED_SIZES).chain(COPY_SIZES) {
            assert!(programs.iter().any(|program| program == name), "{name}");
        }
    }

    #[test]
    fn threads_go_up_to_the_cores() {
        assert_eq!(thread_counts(1), [1, 2]);
        assert_eq!(thread_counts(2), [1, 2]);
        assert_eq!(thread_counts(6), [1, 2, 4, 6]);
        assert_eq!(thread_counts(8), [1, 2, 4, 8]);
    }
}
