//! Runs one test module under one interpreter, in as many processes as it takes: a process that dies or hangs in a case
//! is followed by another one for the cases after it.
//!
//! Called from the table's worker threads. Everything a process leaves running is killed with its process group.

use crate::results::{Results, Status};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const RUNNER: &str = include_str!("runner.py");
const POLL: Duration = Duration::from_millis(100);

/// How to run a module.
pub struct Job<'a> {
    pub program: &'a Path,
    /// `None`: the interpreter's own.
    pub stdlib: Option<&'a Path>,
    pub module: &'a str,
    /// Whether to run what is marked as a detail of CPython.
    pub details: bool,
    pub limit: Duration,
    /// Holds the results, the log and the working folder.
    pub folder: &'a Path,
}

/// Runs all cases of the module; `progress` is called now and then.
pub fn run(job: &Job<'_>, progress: &mut dyn FnMut(&Results)) -> std::io::Result<Results> {
    fs::create_dir_all(job.folder)?;
    let results_file = job.folder.join(format!("{}.results", job.module));
    let log = File::create(log_file(job))?;
    File::create(&results_file)?;
    let scratch = job.folder.join(format!("{}.scratch", job.module));
    loop {
        // A new folder each time: a process that died may have left files that the next one trips over.
        let _ = fs::remove_dir_all(&scratch);
        fs::create_dir_all(&scratch)?;
        let before = Results::read(&results_file)?.started();
        let end = one_process(job, &results_file, &scratch, &log, progress)?;
        let results = Results::read(&results_file)?;
        let How::Died(why) = end else {
            let _ = fs::remove_dir_all(&scratch);
            return Ok(results);
        };
        let mut lines = format!("died\t{why}\n");
        if let Some(case) = results.running() {
            lines += &format!("end\t{case}\t{}\t{why}\n", Status::Failed.name());
        }
        File::options().append(true).open(&results_file)?.write_all(lines.as_bytes())?;
        if results.started() == before {
            return Results::read(&results_file);
        }
    }
}

enum How {
    Ended,
    /// By a signal, an abort, the time limit, or before its end.
    Died(String),
}

fn one_process(
    job: &Job<'_>,
    results_file: &Path,
    scratch: &Path,
    log: &File,
    progress: &mut dyn FnMut(&Results),
) -> std::io::Result<How> {
    let mut command = Command::new(job.program);
    command.args(["-c", RUNNER]).args([results_file.as_os_str(), OsStr::new(job.module)]);
    if job.details {
        command.arg("details");
    }
    command.current_dir(scratch).env("TMPDIR", scratch).env_remove("UNGIL_STDLIB").env_remove("PYTHONPATH");
    if let Some(stdlib) = job.stdlib {
        command.env("UNGIL_STDLIB", stdlib);
    }
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?).process_group(0);
    let mut child = command.spawn()?;
    let (mut size, mut moved) = (0, Instant::now());
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let now = fs::metadata(results_file)?.len();
        if now != size {
            (size, moved) = (now, Instant::now());
            progress(&Results::read(results_file)?);
        }
        if moved.elapsed() > job.limit {
            kill_group(&mut child);
            return Ok(How::Died(format!("killed after {} s", job.limit.as_secs())));
        }
        thread::sleep(POLL);
    };
    kill_group(&mut child);
    Ok(how(status, &log_file(job)))
}

fn how(status: ExitStatus, log: &Path) -> How {
    match (status.code(), status.signal()) {
        (Some(0), _) => How::Ended,
        (Some(code), _) => How::Died(format!("the process ended with status {code}: {}", last_line(log))),
        (None, Some(signal)) => How::Died(format!("the process was killed by signal {signal}")),
        (None, None) => How::Died("the process ended strangely".to_owned()),
    }
}

fn log_file(job: &Job<'_>) -> PathBuf {
    job.folder.join(format!("{}.log", job.module))
}

/// What the process said last: the exception, when it could not even import the module.
fn last_line(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().last().unwrap_or_default().replace('\t', " ")
}

/// Ends the child, if it runs, and all that it started.
fn kill_group(child: &mut Child) {
    // Nothing may be left of the group: then `kill` says so, which is as good.
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    let _ = child.wait();
}

/// What CPython makes of a module: kept beside the results, and run again when its program changes.
pub fn oracle(job: &Job<'_>, progress: &mut dyn FnMut(&Results)) -> std::io::Result<Results> {
    let kept: PathBuf = job.folder.join(format!("{}.kept", job.module));
    let changed = fs::metadata(job.program)?.modified()?;
    let key = format!("{} {changed:?} {}", job.program.display(), RUNNER.len());
    if fs::read_to_string(&kept).is_ok_and(|text| text == key) {
        return Results::read(&job.folder.join(format!("{}.results", job.module)));
    }
    let results = run(job, progress)?;
    fs::write(&kept, key)?;
    Ok(results)
}
