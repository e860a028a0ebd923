//! The stages of `run`, in order, each with its blocks and its share of the time.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::analysis::AGAIN;
use crate::models::TICKS;
use crate::record::{Runner, Stage};
use crate::session::{self, Job, Plan, Session};
use crate::{Failure, interrupt, programs, progress, pyperformance, timeline};

/// Every stage in the order in which it runs, with its name for `--only`.
pub const STAGES: &[(&str, Stage)] = &[
    ("noise", Stage::Noise),
    ("single", Stage::Single),
    ("pyperformance", Stage::Pyperformance),
    ("io", Stage::Io),
    ("timeline", Stage::Timeline),
    ("scaling", Stage::Scaling),
    ("startup", Stage::Startup),
    ("instructions", Stage::Instructions),
];

/// Blocks of a stage, and how long it may take in relation to the others: in seconds, where all stages of `run` have 36
/// minutes, and those of `--quick` a bit over 4 and a half.
fn share(stage: Stage, quick: bool) -> (u32, u64) {
    match (stage, quick) {
        (Stage::Noise, false) => (6, 150),
        (Stage::Noise, true) => (2, 30),
        (Stage::Single, false) => (20, 660),
        (Stage::Single, true) => (5, 60),
        (Stage::Pyperformance, false) => (20, 420),
        (Stage::Pyperformance, true) => (5, 45),
        (Stage::Io, false) => (8, 480),
        (Stage::Io, true) => (4, 65),
        (Stage::Timeline, _) => (1, 10),
        (Stage::Scaling, false) => (7, 240),
        (Stage::Scaling, true) => (2, 35),
        (Stage::Startup, false) => (40, 60),
        (Stage::Startup, true) => (10, 10),
        (Stage::Instructions, false) => (2, 150),
        (Stage::Instructions, true) => (1, 30),
    }
}

/// Runs the stages that were chosen; those whose benchmark's name does not contain `filter` are left out.
///
/// # Errors
/// Programs cannot be found, or the result cannot be written.
pub fn run(
    session: &mut Session,
    root: &Path,
    chosen: &[Stage],
    filter: Option<&str>,
) -> Result<(), Failure> {
    let mut left: Vec<(&str, Stage)> =
        STAGES.iter().filter(|(_, stage)| chosen.contains(stage)).copied().collect();
    let quick = session.record.settings.quick;
    tell_plan(session, &left);
    while !left.is_empty() && !interrupt::requested() {
        // What a stage leaves of its time is shared by those after it.
        let seconds: u64 = left.iter().map(|&(_, stage)| share(stage, quick).1).sum();
        let (name, stage) = left.remove(0);
        let part = share(stage, quick).1 as f64 / seconds as f64;
        let now = Instant::now();
        let end = now + session.end.saturating_duration_since(now).mul_f64(part);
        run_stage(session, root, (name, stage), filter, end)?;
    }
    Ok(())
}

/// Says which stages there are and what each may take.
fn tell_plan(session: &Session, chosen: &[(&str, Stage)]) {
    let settings = &session.record.settings;
    let seconds: u64 = chosen.iter().map(|&(_, stage)| share(stage, settings.quick).1).sum();
    let parts = chosen.iter().map(|&(name, stage)| {
        let part = share(stage, settings.quick).1 as f64 / seconds as f64;
        format!("{name} {}", progress::minutes(settings.measuring().mul_f64(part)))
    });
    session.progress.say(&format!("at most: {}", parts.collect::<Vec<_>>().join(", ")));
}

fn run_stage(
    session: &mut Session,
    root: &Path,
    (name, stage): (&str, Stage),
    filter: Option<&str>,
    end: Instant,
) -> Result<(), Failure> {
    if stage == Stage::Instructions && !valgrind_answers() {
        session.note("instructions: valgrind is not installed, so none were counted".to_owned());
        return Ok(());
    }
    if stage == Stage::Timeline {
        if filter.is_none_or(|text| programs::MIXED.contains(text)) {
            session.progress.stage("timeline: one run for each build of ungil");
            timeline::record(session, root);
        }
        return Ok(());
    }
    let quick = session.record.settings.quick;
    let mut jobs = jobs(root, stage, quick, session.record.machine.cores)?;
    jobs.retain(|job| filter.is_none_or(|text| job.benchmark.contains(text)));
    if jobs.is_empty() {
        session.note(format!("{name}: no benchmark's name contains {:?}", filter.unwrap_or_default()));
        return Ok(());
    }
    let runners = runners(session, stage);
    let blocks = session.record.settings.blocks.unwrap_or(share(stage, quick).0);
    let count = session::runs_of(&jobs, &runners);
    session.progress.stage(&format!("{name}: up to {blocks} blocks of {count} runs"));
    session.run(Plan { stage, blocks, end }, &jobs, &runners)
}

fn jobs(root: &Path, stage: Stage, quick: bool, cores: usize) -> Result<Vec<Job>, Failure> {
    match stage {
        Stage::Noise => {
            let mut jobs = programs::single(root, true)?;
            jobs.retain(|job| job.pin);
            Ok(jobs)
        }
        Stage::Single => programs::single(root, quick),
        Stage::Pyperformance => Ok(pyperformance::jobs(root, &pyperformance::fetch(root)?, quick)),
        Stage::Io => programs::io(root, quick),
        // Recorded, not measured in blocks.
        Stage::Timeline => Ok(Vec::new()),
        Stage::Scaling => programs::scaling(root, quick, cores),
        Stage::Startup => Ok(programs::startup()),
        Stage::Instructions => Ok(programs::counted(root, quick)),
    }
}

/// Who takes part: all (the GIL by ticks in the second clause only), but for A/A the first one twice; instructions are counted for builds of ungil only, since a
/// peer's command may be a script that starts the interpreter.
fn runners(session: &Session, stage: Stage) -> Vec<Runner> {
    let all = &session.record.runners;
    match stage {
        Stage::Noise => {
            let again = Runner { name: AGAIN.to_owned(), ..all[0].clone() };
            vec![all[0].clone(), again]
        }
        Stage::Instructions => all
            .iter()
            .filter(|runner| runner.version.contains("ungil") && runner.name != TICKS)
            .cloned()
            .collect(),
        Stage::Io => all.clone(),
        _ => all.iter().filter(|runner| runner.name != TICKS).cloned().collect(),
    }
}

fn valgrind_answers() -> bool {
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    valgrind.status().is_ok_and(|status| status.success())
}
