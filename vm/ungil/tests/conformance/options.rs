//! The conformance table's command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub const HELP: &str = "\
usage: cargo test --release -p ungil --test conformance -- [OPTION ...] [MODULE ...]

Runs modules of CPython's own test suite, each in a process of its own, and prints how many of their cases were run,
passed, failed and were skipped. A skip that CPython itself does not make counts as failed. Without a MODULE
(test_dict, ...) all of the table's run. The exit status is 0 when at least 95 % of each module's cases pass and no
process died, otherwise 1; 2 for a wrong command line.

  --stdlib DIR     the standard library with its `test` package, such as PEERS/lib/python3.14
                   (default: the environment variable UNGIL_STDLIB)
  --oracle PATH    the CPython 3.14 that says which cases it skips itself (default: python3.14 beside that `lib`);
                   its run is kept in the target folder
  --program PATH   the interpreter to run (default: the ungil of this build)
  --limit SECONDS  a case that takes longer is killed with its process, fails, and the rest goes on (default: 180)
  --jobs N         how many modules run at a time (default: 1)
  --as-is          leaves it to the tests to skip what they mark as an implementation detail of CPython, as
                   `-m unittest` does: all of that counts as failed then. Otherwise such cases are run
  --failures       lists each case that failed, with the reason, below its module
";

pub struct Options {
    pub stdlib: PathBuf,
    /// `None`: there is no CPython to ask, so no skip is forgiven.
    pub oracle: Option<PathBuf>,
    pub program: PathBuf,
    pub limit: Duration,
    pub jobs: usize,
    pub details: bool,
    pub failures: bool,
    /// Empty: all.
    pub modules: Vec<String>,
}

pub enum Command {
    Help,
    Run(Options),
}

/// `Err`: what is wrong with the command line, as text for the user.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut arguments = arguments;
    let mut stdlib = std::env::var_os("UNGIL_STDLIB").map(PathBuf::from);
    let mut oracle = None;
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_ungil"));
    let mut limit = Duration::from_secs(180);
    let mut jobs = 1;
    let (mut details, mut failures) = (true, false);
    let mut modules = Vec::new();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy().into_owned();
        let mut value = || arguments.next().ok_or_else(|| format!("{text} needs a value"));
        match text.as_str() {
            "-h" | "--help" => return Ok(Command::Help),
            "--stdlib" => stdlib = Some(value()?.into()),
            "--oracle" => oracle = Some(PathBuf::from(value()?)),
            "--program" => program = value()?.into(),
            "--limit" => limit = Duration::from_secs(number(&text, value()?)?),
            "--jobs" => jobs = number(&text, value()?)?.try_into().map_err(|_| "--jobs is too large")?,
            "--as-is" => details = false,
            "--failures" => failures = true,
            _ if text.starts_with('-') => return Err(format!("unknown option {text}")),
            _ => modules.push(text.trim_start_matches("test.").to_owned()),
        }
    }
    let stdlib = stdlib
        .ok_or("the folder of the standard library is missing: give --stdlib DIR or set UNGIL_STDLIB")?;
    let stdlib = absolute(&stdlib)?;
    let package = stdlib.join("test/support/__init__.py");
    if !package.is_file() {
        return Err(format!(
            "{} does not exist: {} has no `test` package",
            package.display(),
            stdlib.display()
        ));
    }
    let oracle = match oracle {
        Some(path) if !path.is_file() => return Err(format!("{} does not exist", path.display())),
        Some(path) => Some(absolute(&path)?),
        None => stdlib.ancestors().nth(2).map(|peers| peers.join("python3.14")).filter(|path| path.is_file()),
    };
    if !program.is_file() {
        return Err(format!("{} does not exist", program.display()));
    }
    Ok(Command::Run(Options {
        stdlib,
        oracle,
        program: absolute(&program)?,
        limit,
        jobs,
        details,
        failures,
        modules,
    }))
}

fn number(option: &str, value: OsString) -> Result<u64, String> {
    let text = value.to_string_lossy();
    text.parse()
        .ok()
        .filter(|&number| number > 0)
        .ok_or_else(|| format!("{option} needs a number, not {text}"))
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}
