//! Describes the machine and the sources that a run measured; what cannot be read stays empty.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::process;
use crate::record::Machine;

/// Describes this machine; `root` is the folder of the workspace.
pub fn describe(root: &Path) -> Machine {
    Machine {
        cpu: field("/proc/cpuinfo", "model name").unwrap_or_default(),
        cores: process::allowed_cores().len().max(1),
        memory_kib: field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok()),
        kernel: line("/proc/sys/kernel/osrelease").unwrap_or_default(),
        load: line("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
        governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        commit: commit(root),
        rustc: output(Command::new("rustc").arg("--version")).unwrap_or_default(),
    }
}

fn line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// The first `name : value` of a file of such lines.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let (_, value) =
        text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| output(Command::new("git").arg("-C").arg(root).args(arguments));
    let Some(mut commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return String::new() };
    if git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty()) {
        commit.push_str(" with changes");
    }
    commit
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The time, UTC, as `2026-01-31 23:59:59`.
pub fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    format_time(seconds)
}

/// Howard Hinnant's `civil_from_days`, for times after 1970.
fn format_time(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::format_time;

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(format_time(0), "1970-01-01 00:00:00");
        assert_eq!(format_time(951_826_154), "2000-02-29 12:09:14");
        assert_eq!(format_time(4_102_444_799), "2099-12-31 23:59:59");
    }
}
