//! pyperformance's pure-Python benchmarks: where they come from, which ones run, and how often each loops.
//!
//! The package is downloaded by pip on first use into `target/`, checked against the hash in
//! `benches/pyperformance/requirements.txt`, and never changed. Its programs run as they are under the small `pyperf` of
//! `benches/pyperformance`, one process for each sample, as all other programs do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;
use crate::session::{Job, Output};

const VERSION: &str = "1.14.0";

/// A program, its arguments, and for each benchmark in it the number of loops of one value: a quarter of a second or so
/// for CPython 3.15, which each of them takes about as long as the others in their program.
struct Program {
    name: &'static str,
    args: &'static [&'static str],
    loops: &'static [(&'static str, u32)],
}

const fn plain(name: &'static str, loops: &'static [(&'static str, u32)]) -> Program {
    Program { name, args: &[], loops }
}

const PROGRAMS: &[Program] = &[
    plain("nbody", &[("nbody", 4)]),
    plain("fannkuch", &[("fannkuch", 1)]),
    plain("richards", &[("richards", 6)]),
    plain("deltablue", &[("deltablue", 75)]),
    plain("float", &[("float", 4)]),
    plain("chaos", &[("chaos", 7)]),
    plain("nqueens", &[("nqueens", 5)]),
    plain("spectral_norm", &[("spectral_norm", 4)]),
    plain("raytrace", &[("raytrace", 1)]),
    plain("pidigits", &[("pidigits", 1)]),
    plain("generators", &[("generators", 6)]),
    plain("comprehensions", &[("comprehensions", 18_000)]),
    plain("json_dumps", &[("json_dumps", 27)]),
    plain("json_loads", &[("json_loads", 600)]),
    plain("regex_compile", &[("regex_compile", 3)]),
    plain("deepcopy", &[("deepcopy", 300), ("deepcopy_reduce", 30_000), ("deepcopy_memo", 3_000)]),
    plain("logging", &[("logging_format", 900), ("logging_simple", 1_800), ("logging_silent", 130_000)]),
    Program { name: "pickle", args: &["--pure-python", "pickle"], loops: &[("pickle_pure_python", 43)] },
    plain("unpack_sequence", &[("unpack_sequence", 12_000)]),
    plain("coroutines", &[("coroutines", 11)]),
];

/// Values of a process after the one that warms up.
const VALUES: u32 = 3;
const QUICK_VALUES: u32 = 1;
/// Under `--quick` a value has this many times fewer loops.
const QUICK_SHARE: u32 = 2;

/// The downloaded package; pip is asked for it if it is not there.
///
/// # Errors
/// There is no pip, or it fails: no network, or another hash.
pub fn fetch(root: &Path) -> Result<PathBuf, Failure> {
    let folder = root.join("target").join(format!("pyperformance-{VERSION}"));
    let benchmarks = folder.join("pyperformance/data-files/benchmarks");
    if benchmarks.is_dir() {
        return Ok(benchmarks);
    }
    eprintln!("downloading pyperformance {VERSION} into {}", folder.display());
    // Whoever is interrupted leaves no half of it.
    let partial = folder.with_extension("partial");
    let _ = std::fs::remove_dir_all(&partial);
    install(&root.join("benches/pyperformance/requirements.txt"), &partial).map_err(|reason| {
        format!(
            "pyperformance {VERSION} cannot be had by pip: {reason}\n(without network: leave the stage out with --only, \
             or unpack the package into {})",
            folder.display()
        )
    })?;
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::rename(&partial, &folder).map_err(|e| format!("cannot write {}: {e}", folder.display()))?;
    if benchmarks.is_dir() { Ok(benchmarks) } else { Err(format!("{} is not there", benchmarks.display())) }
}

/// Lets the first pip that can be started unpack what `requirements` names into `folder`.
fn install(requirements: &Path, folder: &Path) -> Result<(), Failure> {
    for pip in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
        let mut command = Command::new(pip[0]);
        command.args(&pip[1..]).args(["install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        command.args(["--no-deps", "--only-binary", ":all:", "--no-compile", "--require-hashes"]);
        command.arg("--target").arg(folder).arg("--requirement").arg(requirements).stdin(Stdio::null());
        let Ok(output) = command.output() else { continue };
        if output.status.success() {
            return Ok(());
        }
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        if errors.contains("No module named pip") {
            continue;
        }
        let last = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it failed");
        return Err(last.trim().to_owned());
    }
    Err("there is no pip (python3 -m pip, pip3, pip)".to_owned())
}

/// The stage's jobs; `benchmarks` is the folder that `fetch` gave.
pub fn jobs(root: &Path, benchmarks: &Path, quick: bool) -> Vec<Job> {
    let driver = root.join("benches/pyperformance/run.py").to_string_lossy().into_owned();
    let job = |program: &Program| {
        let script = benchmarks.join(format!("bm_{}", program.name)).join("run_benchmark.py");
        let share = if quick { QUICK_SHARE } else { 1 };
        let loops: Vec<String> =
            program.loops.iter().map(|(name, loops)| format!("{name}={}", (loops / share).max(1))).collect();
        let values = if quick { QUICK_VALUES } else { VALUES };
        let mut args = vec![driver.clone(), script.to_string_lossy().into_owned(), values.to_string()];
        args.push(loops.join(","));
        args.extend(program.args.iter().map(|&arg| arg.to_owned()));
        Job { benchmark: program.name.to_owned(), threads: 1, args, pin: true, output: Output::Measured }
    };
    PROGRAMS.iter().map(job).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sizes_run_every_benchmark_and_quick_does_less() {
        let (root, packaged) = (Path::new("/root"), Path::new("/packaged"));
        let loops = |quick| {
            let jobs = jobs(root, packaged, quick);
            assert_eq!(jobs.len(), 20);
            jobs.iter().map(|job| job.args[3].clone()).collect::<Vec<_>>()
        };
        for (full, quick) in loops(false).iter().zip(loops(true)) {
            let counts = |text: &str| {
                text.split(',')
                    .map(|part| {
                        part.split_once('=').and_then(|(_, n)| n.parse::<u32>().ok()).expect("a number")
                    })
                    .collect::<Vec<_>>()
            };
            let (full, quick) = (counts(full), counts(&quick));
            assert_eq!(full.len(), quick.len());
            assert!(full.iter().zip(&quick).all(|(full, quick)| (1..=*full).contains(quick)));
        }
    }
}
