//! Runs one program to its end and says what it used: times, peak memory, output.
//!
//! Called by `session` for each sample. Output goes to unlinked files, so that nothing runs beside the program but the
//! program. The child has its own process group, which is killed as a whole at the time limit or on Ctrl-C.
//!
//! The kernel hands the runner's own peak size to a child that it starts; `record` keeps samples small so that it
//! stays under any interpreter's.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::interrupt;
use crate::record::Usage;

/// How a program ended.
#[derive(Debug)]
pub enum Outcome {
    Ended(Ended),
    /// Killed because it took longer than allowed.
    TimedOut,
    /// Killed because the run is to end.
    Interrupted,
}

#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub usage: Usage,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Why the run does not count, if it failed: how it ended and the last line it wrote to stderr.
    pub fn failure(&self) -> Option<String> {
        if self.status.success() {
            return None;
        }
        let how = match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("killed by signal {signal}"),
            (None, None) => "ended in an unknown way".to_owned(),
        };
        match self.stderr.lines().rev().find(|line| !line.trim().is_empty()) {
            Some(line) => Some(format!("{how}: {}", shorten(line.trim(), 160))),
            None => Some(how),
        }
    }
}

/// At most `limit` characters of `text`.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Runs `command` with `args`; `pin` is the core it may run on.
///
/// # Errors
/// The program cannot be started.
pub fn run(command: &[String], args: &[String], pin: Option<usize>, limit: Duration) -> io::Result<Outcome> {
    let (program, first) = command.split_first().ok_or_else(|| io::Error::other("an empty command"))?;
    let (mut stdout, mut stderr) = (scratch_file()?, scratch_file()?);
    let mut prepared = Command::new(program);
    prepared
        .args(first)
        .args(args)
        .stdin(Stdio::null())
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?)
        .process_group(0);
    clean_environment(&mut prepared);

    let affinity = pin.and_then(pin_to);
    let start = Instant::now();
    let spawned = prepared.spawn();
    if let Some(before) = affinity {
        set_affinity(&before);
    }
    let child = spawned?;
    let pid = child.id() as libc::pid_t;
    if let Some(unfinished) = wait_until_ended(pid, start + limit) {
        kill_group(pid);
        reap(pid)?;
        return Ok(unfinished);
    }
    let wall = start.elapsed().as_secs_f64();
    let (status, mut usage) = reap(pid)?;
    usage.wall = wall;
    // What the program left running would disturb the next one.
    kill_group(pid);
    Ok(Outcome::Ended(Ended {
        status,
        usage,
        stdout: read_back(&mut stdout)?,
        stderr: read_back(&mut stderr)?,
    }))
}

/// The same for every interpreter: no options from outside, and strings hash alike in each run.
fn clean_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PYTHON") || text.starts_with("UNGIL") {
            command.env_remove(&name);
        }
    }
    command.env("PYTHONHASHSEED", "0").env("PYTHONDONTWRITEBYTECODE", "1").env("LC_ALL", "C.UTF-8");
}

/// A file that has no name any more; it is gone when it is closed.
fn scratch_file() -> io::Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    // ORD: only uniqueness is asked for.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("ungil-benches-{}-{number}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

fn read_back(file: &mut File) -> io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Waits without reaping. Gives what happened instead if the process did not end by itself.
fn wait_until_ended(pid: libc::pid_t, deadline: Instant) -> Option<Outcome> {
    // SAFETY: the call takes plain numbers and gives a new descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as libc::c_int;
    let unfinished = loop {
        if fd >= 0 {
            let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
            // SAFETY: one initialised `pollfd`, as the count says.
            unsafe { libc::poll(&raw mut poll, 1, 100) };
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
        if has_ended(pid) {
            break None;
        }
        if interrupt::requested() {
            break Some(Outcome::Interrupted);
        }
        if Instant::now() >= deadline {
            break Some(Outcome::TimedOut);
        }
    };
    if fd >= 0 {
        // SAFETY: the descriptor was opened above and is used by nothing else.
        unsafe { libc::close(fd) };
    }
    unfinished
}

fn has_ended(pid: libc::pid_t) -> bool {
    // SAFETY: all zeros is a valid `siginfo_t`.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `info` is a place for one result.
    let result = unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, &raw mut info, flags) };
    // SAFETY: `waitid` fills the field, or leaves its zero when the child still runs.
    result != 0 || unsafe { info.si_pid() } == pid
}

fn reap(pid: libc::pid_t) -> io::Result<(ExitStatus, Usage)> {
    let mut status = 0;
    // SAFETY: all zeros is a valid `rusage`.
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both are places for one result each; `pid` is our child, not yet reaped.
        let result = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut used) };
        if result == pid {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    let usage = Usage {
        wall: 0.0,
        user: seconds(used.ru_utime),
        system: seconds(used.ru_stime),
        peak_rss_kib: used.ru_maxrss as u64,
    };
    Ok((ExitStatus::from_raw(status), usage))
}

fn kill_group(pid: libc::pid_t) {
    // SAFETY: the call takes plain numbers. The group is the child's own; it fails if nobody is in it any more.
    unsafe { libc::kill(-pid, libc::SIGKILL) };
}

/// Lets this thread, and so what it starts, run on one core. Gives what was allowed before.
fn pin_to(core: usize) -> Option<libc::cpu_set_t> {
    let before = affinity()?;
    // SAFETY: all zeros is the empty set.
    let mut one: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    if core >= libc::CPU_SETSIZE as usize {
        return None;
    }
    // SAFETY: the core's number is within the set.
    unsafe { libc::CPU_SET(core, &mut one) };
    set_affinity(&one).then_some(before)
}

fn affinity() -> Option<libc::cpu_set_t> {
    // SAFETY: all zeros is the empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` has the size that is passed.
    let result = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set) };
    (result == 0).then_some(set)
}

fn set_affinity(set: &libc::cpu_set_t) -> bool {
    // SAFETY: `set` has the size that is passed.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set) == 0 }
}

/// The cores that this process may run on.
pub fn allowed_cores() -> Vec<usize> {
    let Some(set) = affinity() else { return Vec::new() };
    // SAFETY: the numbers are within the set.
    (0..libc::CPU_SETSIZE as usize).filter(|&core| unsafe { libc::CPU_ISSET(core, &set) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Outcome {
        run(&["/bin/sh".to_owned(), "-c".to_owned()], &[script.to_owned()], None, limit).expect("sh runs")
    }

    #[test]
    fn tells_output_status_and_use() {
        let Outcome::Ended(ended) =
            shell("echo out; echo first >&2; echo last >&2; exit 3", Duration::from_secs(20))
        else {
            panic!("did not end")
        };
        assert_eq!(ended.stdout, "out\n");
        assert_eq!(ended.failure().as_deref(), Some("exit status 3: last"));
        assert!(ended.usage.wall > 0.0 && ended.usage.peak_rss_kib > 0);
    }

    #[test]
    fn kills_at_the_limit_with_what_the_program_started() {
        let start = Instant::now();
        assert!(matches!(shell("sleep 60 & sleep 60", Duration::from_millis(200)), Outcome::TimedOut));
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_missing_program_is_an_error() {
        assert!(run(&["/no/such/program".to_owned()], &[], None, Duration::from_secs(1)).is_err());
    }
}
