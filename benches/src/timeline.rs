//! Recordings of who runs, waits or blocks when: `io/mixed.py` under every build of ungil, with `-X timeline=FILE`.
//!
//! Each recording is cut to a few milliseconds in the middle, and those to as many steps as a picture has room for: a
//! step is what the thread did for most of it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::process::{self, Outcome};
use crate::programs::MIXED;
use crate::record::Runner;
use crate::session::Session;

/// How much is shown, and in how many steps, in microseconds.
const WINDOW: f64 = 25_000.0;
const STEPS: usize = 2_000;
/// How long before the end of the recording the window begins: a program's end looks like no other part of it.
const BEFORE_END: f64 = 200_000.0;
/// Pairs of threads over pipes beside the one that computes, and seconds.
const ARGUMENTS: [&str; 2] = ["2", "0.4"];

/// What the threads of one program did in a few milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recording {
    pub runner: String,
    pub benchmark: String,
    /// Microseconds that are shown.
    pub window: f64,
    pub lanes: Vec<Lane>,
}

/// One thread: what it did, each with its start and its length in microseconds from the window's beginning.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lane {
    pub thread: u64,
    pub spans: Vec<(f64, f64, String)>,
}

#[derive(Deserialize)]
struct Trace {
    #[serde(rename = "traceEvents")]
    events: Vec<Event>,
}

/// An entry of Chrome's trace format; what names a thread has no times.
#[derive(Deserialize)]
struct Event {
    tid: u64,
    name: String,
    ts: Option<f64>,
    dur: Option<f64>,
}

/// Cuts a trace.
///
/// # Errors
/// It is no JSON in Chrome's format, or empty.
pub fn cut(runner: &str, benchmark: &str, trace: &str) -> Result<Recording, String> {
    let trace: Trace =
        serde_json::from_str(trace).map_err(|e| format!("its timeline cannot be read: {e}"))?;
    let times: Vec<(u64, f64, f64, &str)> = trace
        .events
        .iter()
        .filter_map(|event| Some((event.tid, event.ts?, event.ts? + event.dur?, event.name.as_str())))
        .collect();
    let end = times.iter().map(|time| time.2).fold(0.0, f64::max);
    let from = (end - BEFORE_END).max(0.0);
    let mut lanes: BTreeMap<u64, Vec<BTreeMap<&str, f64>>> = BTreeMap::new();
    for (thread, start, until, name) in times {
        let (start, until) = (start.max(from) - from, until.min(from + WINDOW) - from);
        if start < until {
            let steps = lanes.entry(thread).or_insert_with(|| vec![BTreeMap::new(); STEPS]);
            share_out(steps, start, until, name);
        }
    }
    if lanes.is_empty() {
        return Err("its timeline is empty".to_owned());
    }
    let lanes = lanes.into_iter().map(|(thread, steps)| Lane { thread, spans: join(&steps) }).collect();
    Ok(Recording { runner: runner.to_owned(), benchmark: benchmark.to_owned(), window: WINDOW, lanes })
}

/// Adds the time from `start` to `until` to the steps that it covers.
fn share_out<'a>(steps: &mut [BTreeMap<&'a str, f64>], start: f64, until: f64, name: &'a str) {
    let width = WINDOW / STEPS as f64;
    for (index, step) in steps.iter_mut().enumerate().skip((start / width) as usize) {
        let (low, high) = (index as f64 * width, (index + 1) as f64 * width);
        if low >= until {
            break;
        }
        *step.entry(name).or_default() += until.min(high) - start.max(low);
    }
}

/// What took most of each step, equal neighbours joined.
fn join(steps: &[BTreeMap<&str, f64>]) -> Vec<(f64, f64, String)> {
    let width = WINDOW / STEPS as f64;
    let mut spans: Vec<(f64, f64, String)> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let Some((name, _)) = step.iter().max_by(|a, b| a.1.total_cmp(b.1)) else { continue };
        let start = index as f64 * width;
        match spans.last_mut() {
            Some(last) if last.2 == *name && start - (last.0 + last.1) < width / 2.0 => last.1 += width,
            _ => spans.push((start, width, (*name).to_owned())),
        }
    }
    spans
}

/// Records under every build of ungil, the GIL by ticks among them.
pub fn record(session: &mut Session, root: &Path) {
    let script = root.join("benches/io/mixed.py").to_string_lossy().into_owned();
    let builds: Vec<Runner> =
        session.record.runners.iter().filter(|runner| runner.version.contains("ungil")).cloned().collect();
    for runner in builds {
        match record_one(session, &runner, &script) {
            Ok(recording) => session.record.timelines.push(recording),
            Err(error) => session.note(format!("timeline: {}: {error}", runner.name)),
        }
    }
}

fn record_one(session: &Session, runner: &Runner, script: &str) -> Result<Recording, String> {
    let file = std::env::temp_dir().join(format!("ungil-benches-timeline-{}.json", std::process::id()));
    let mut args = vec!["-X".to_owned(), format!("timeline={}", file.display()), script.to_owned()];
    args.extend(ARGUMENTS.map(str::to_owned));
    let (limit, _) = session.limit();
    let failure = match process::run(&runner.command, &args, None, limit) {
        Ok(Outcome::Ended(ended)) => ended.failure(),
        Ok(Outcome::TimedOut) => Some("did not end in time".to_owned()),
        Ok(Outcome::Interrupted) => Some("interrupted".to_owned()),
        Err(error) => Some(format!("cannot run {}: {error}", runner.command.join(" "))),
    };
    let trace = std::fs::read_to_string(&file);
    // What is not there need not be removed.
    let _ = std::fs::remove_file(&file);
    if let Some(failure) = failure {
        return Err(failure);
    }
    cut(&runner.name, MIXED, &trace.map_err(|_| "it records no timeline".to_owned())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_cut_to_its_window_and_to_what_took_most_of_each_step() {
        let event = |tid: u64, ts: f64, dur: f64, name: &str| {
            format!("{{\"ph\": \"X\", \"tid\": {tid}, \"ts\": {ts}, \"dur\": {dur}, \"name\": \"{name}\"}}")
        };
        // The window is from 100,000 to 125,000, its steps have 12.5.
        let events = [
            "{\"ph\": \"M\", \"tid\": 1, \"name\": \"thread_name\"}".to_owned(),
            event(1, 0.0, 101_250.0, "runs"),
            event(1, 101_250.0, 3.0, "waits"),
            event(1, 101_253.0, 198_747.0, "runs"),
            event(2, 100_100.0, 1_000.0, "blocks"),
            event(2, 101_100.0, 1_000.0, "runs"),
        ];
        let trace = format!("{{\"traceEvents\": [{}]}}", events.join(","));
        let recording = cut("gil", "mixed", &trace).expect("well formed");
        let spans: Vec<_> = recording.lanes.iter().map(|lane| (lane.thread, lane.spans.clone())).collect();
        let own = |text: &str| text.to_owned();
        assert_eq!(
            spans,
            [
                (1, vec![(0.0, 25_000.0, own("runs"))]),
                (2, vec![(100.0, 1_000.0, own("blocks")), (1_100.0, 1_000.0, own("runs"))]),
            ]
        );
        assert!(cut("gil", "mixed", "{\"traceEvents\": []}").is_err_and(|e| e.contains("empty")));
        assert!(cut("gil", "mixed", "").is_err_and(|e| e.contains("cannot be read")));
    }
}
