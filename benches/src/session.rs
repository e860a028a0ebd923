//! Schedules a stage: blocks in which every runner runs every benchmark once, in shuffled order.
//!
//! The order of benchmarks is drawn for each block. For each benchmark the order of runners is drawn for an even block
//! and turned round in the odd one after it (ABBA), so that a drift of the machine's speed hits all alike. The result
//! is written after each block. A benchmark that failed under a runner is not tried again in that stage.
//!
//! A stage has a time at which it ends, whatever it has done: no benchmark begins that would probably end later, and a run
//! that the whole session's end cuts short does not count. What was left out is told, and stands in the result as a gap.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::process::{self, Outcome, shorten};
use crate::progress::Progress;
use crate::record::{Measured, Record, Runner, Sample, Stage, Usage};
use crate::stats::Rng;
use crate::{Failure, interrupt, models};

/// How many blocks a stage begins at least while it has time.
const FEWEST_BLOCKS: u32 = 2;

/// One benchmark of a stage.
#[derive(Clone, Debug)]
pub struct Job {
    pub benchmark: String,
    pub threads: u32,
    /// What comes after the runner's command.
    pub args: Vec<String>,
    /// Whether it stays on one core.
    pub pin: bool,
    /// What its output is.
    pub output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Text, the same under every runner.
    Text,
    /// Its last line is a `Measured`.
    Measured,
    /// Text; it runs under callgrind, which tells instructions.
    Counted,
}

/// The blocks of a stage.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub stage: Stage,
    pub blocks: u32,
    /// No block begins that would probably end later, nor any benchmark of the first ones.
    pub end: Instant,
}

/// A run in progress.
#[derive(Debug)]
pub struct Session {
    pub record: Record,
    pub file: PathBuf,
    pub progress: Progress,
    pub started: Instant,
    /// When all stages have ended.
    pub end: Instant,
    /// Runs that are not tried again.
    failed: HashSet<(Stage, String, u32, String)>,
}

/// What one run gave.
struct Run {
    sample: Sample,
    /// What must be the same under every runner.
    result: Option<String>,
}

impl Session {
    pub fn new(record: Record, file: PathBuf, progress: Progress) -> Session {
        let started = Instant::now();
        let end = started + record.settings.measuring();
        Session { record, file, progress, started, end, failed: HashSet::new() }
    }

    /// Runs a stage; ends early on Ctrl-C, which `interrupt` then tells.
    ///
    /// # Errors
    /// The result cannot be written.
    pub fn run(&mut self, plan: Plan, jobs: &[Job], runners: &[Runner]) -> Result<(), Failure> {
        let mut longest = Duration::ZERO;
        for block in 0..plan.blocks {
            if block >= FEWEST_BLOCKS && Instant::now() + longest > plan.end {
                let note = format!("{:?}: time was left for {block} of {} blocks", plan.stage, plan.blocks);
                self.note(note);
                break;
            }
            let block_begun = Instant::now();
            let done = self.run_block(plan, block, jobs, runners);
            longest = longest.max(block_begun.elapsed());
            if done < jobs.len() && !interrupt::requested() {
                self.leave_out(plan, block, done, jobs, runners);
            }
            self.save()?;
            if done < jobs.len() {
                break;
            }
        }
        self.progress.clear();
        Ok(())
    }

    /// Tells that a block was cut short; what has not run at all becomes a gap in the result.
    fn leave_out(&mut self, plan: Plan, block: u32, done: usize, jobs: &[Job], runners: &[Runner]) {
        let stage = plan.stage;
        self.note(format!(
            "{stage:?}: time was left for {done} of {} benchmarks of block {}",
            jobs.len(),
            block + 1
        ));
        let ran: HashSet<(String, u32)> =
            self.record.of_stage(stage).map(|sample| (sample.benchmark.clone(), sample.threads)).collect();
        for job in jobs.iter().filter(|job| !ran.contains(&(job.benchmark.clone(), job.threads))) {
            for runner in runners.iter().filter(|runner| models::takes_part(&runner.name, &job.benchmark)) {
                let mut sample = Sample::new(stage, &job.benchmark, job.threads, &runner.name, block);
                sample.error = Some("left out: no time was left".to_owned());
                self.record.samples.push(sample);
            }
        }
    }

    pub fn note(&mut self, text: String) {
        self.progress.say(&text);
        self.record.notes.push(text);
    }

    /// Writes what has been measured so far.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&mut self) -> Result<(), Failure> {
        self.record.seconds = self.started.elapsed().as_secs_f64();
        self.record.save(&self.file)
    }

    /// Runs a block; how many benchmarks it has come to before its end or an interruption.
    fn run_block(&mut self, plan: Plan, block: u32, jobs: &[Job], runners: &[Runner]) -> usize {
        let (mut longest, mut ran) = (Duration::ZERO, 0);
        let total = runs_of(jobs, runners);
        let seed = self.record.settings.seed;
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        Rng::for_purpose(seed, &format!("{:?} block {block}", plan.stage)).shuffle(&mut order);
        for (done, &index) in order.iter().enumerate() {
            let job = &jobs[index];
            let begun = Instant::now();
            if begun + longest > plan.end {
                return done;
            }
            let mut runs = self.run_job(plan, block, job, runners, (ran + 1, total));
            ran += runs_of(std::slice::from_ref(job), runners);
            longest = longest.max(begun.elapsed());
            compare_results(&mut runs, runners);
            self.keep(runs, job);
            if interrupt::requested() || Instant::now() >= self.end {
                return done;
            }
        }
        order.len()
    }

    /// How long a run may take, and whether that is less than `--time-limit` says.
    pub fn limit(&self) -> (Duration, bool) {
        let limit = Duration::from_secs(self.record.settings.time_limit);
        let left = self.end.saturating_duration_since(Instant::now());
        (limit.min(left), left < limit)
    }

    /// Runs a benchmark under every runner; under fewer if the run is interrupted. `steps` are the number of the first of
    /// these runs and of all runs in the block.
    fn run_job(
        &self,
        plan: Plan,
        block: u32,
        job: &Job,
        runners: &[Runner],
        steps: (usize, usize),
    ) -> Vec<Run> {
        let mut runs = Vec::new();
        for which in runner_order(self.record.settings.seed, plan.stage, job, block, runners.len()) {
            let runner = &runners[which];
            let key = (plan.stage, job.benchmark.clone(), job.threads, runner.name.clone());
            if self.failed.contains(&key) || !models::takes_part(&runner.name, &job.benchmark) {
                continue;
            }
            let text = format!("block {}/{} {} under {}", block + 1, plan.blocks, label(job), runner.name);
            self.progress.step(steps.0 + runs.len(), steps.1, &text);
            match self.run_once(plan.stage, block, job, runner) {
                Some(run) => runs.push(run),
                None => break,
            }
        }
        runs
    }

    /// Stores the samples and remembers what failed.
    fn keep(&mut self, runs: Vec<Run>, job: &Job) {
        for Run { sample, .. } in runs {
            if let Some(error) = &sample.error {
                self.progress.say(&format!("{} under {}: {error}", label(job), sample.runner));
                let key = (sample.stage, sample.benchmark.clone(), sample.threads, sample.runner.clone());
                self.failed.insert(key);
            }
            self.record.samples.push(sample);
        }
    }

    /// Runs a benchmark once; `None` if the run was interrupted, or the session's end has come.
    fn run_once(&self, stage: Stage, block: u32, job: &Job, runner: &Runner) -> Option<Run> {
        let settings = &self.record.settings;
        let mut command = runner.command.clone();
        if job.output == Output::Counted {
            let wrapper = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
            command.splice(0..0, wrapper.map(str::to_owned));
        }
        let mut sample = Sample::new(stage, &job.benchmark, job.threads, &runner.name, block);
        let pin = settings.pinned.filter(|_| job.pin);
        let mut result = None;
        let (limit, is_cut) = self.limit();
        match process::run(&command, &job.args, pin, limit) {
            Ok(Outcome::Interrupted) => return None,
            Ok(Outcome::TimedOut) if is_cut => return None,
            Ok(Outcome::TimedOut) => sample.error = Some(format!("killed after {} s", settings.time_limit)),
            Err(error) => sample.error = Some(format!("cannot run {}: {error}", command.join(" "))),
            Ok(Outcome::Ended(ended)) => {
                sample.usage = Some(ended.usage);
                sample.error = ended.failure();
                if sample.error.is_none() {
                    result = read_output(job.output, &ended.stdout, &ended.stderr, &mut sample);
                }
            }
        }
        Some(Run { sample, result })
    }
}

/// Fills in what the output tells; gives what must be the same under every runner.
fn read_output(kind: Output, stdout: &str, stderr: &str, sample: &mut Sample) -> Option<String> {
    match kind {
        Output::Text => Some(stdout.to_owned()),
        Output::Measured => {
            let line = stdout.lines().last().unwrap_or_default();
            match serde_json::from_str::<Measured>(line) {
                Ok(mut measured) => {
                    let result = measured.result.take();
                    sample.measured = Some(measured);
                    result
                }
                Err(error) => {
                    sample.error =
                        Some(format!("its last line is no measurement ({error}): {}", shorten(line, 80)));
                    None
                }
            }
        }
        Output::Counted => {
            sample.instructions = collected(stderr);
            // Times under an emulator mean nothing.
            sample.usage = sample.usage.map(|usage| Usage { peak_rss_kib: 0, ..usage });
            if sample.instructions.is_none() {
                sample.error = Some("callgrind told no count".to_owned());
            }
            Some(stdout.to_owned())
        }
    }
}

/// The count in callgrind's last words.
fn collected(stderr: &str) -> Option<u64> {
    let (_, count) = stderr.lines().rev().find_map(|line| line.split_once("Collected :"))?;
    count.split_whitespace().next()?.parse().ok()
}

/// How many runs a block has.
pub fn runs_of(jobs: &[Job], runners: &[Runner]) -> usize {
    jobs.iter()
        .map(|job| runners.iter().filter(|runner| models::takes_part(&runner.name, &job.benchmark)).count())
        .sum()
}

fn label(job: &Job) -> String {
    if job.threads > 1 {
        format!("{} with {} threads", job.benchmark, job.threads)
    } else {
        job.benchmark.clone()
    }
}

/// The order in which a benchmark's runners run in a block.
fn runner_order(seed: u64, stage: Stage, job: &Job, block: u32, count: usize) -> Vec<usize> {
    let purpose = format!("{stage:?} {} {} pair {}", job.benchmark, job.threads, block / 2);
    let mut order: Vec<usize> = (0..count).collect();
    Rng::for_purpose(seed, &purpose).shuffle(&mut order);
    if block % 2 == 1 {
        order.reverse();
    }
    order
}

/// Marks runs whose result is not that of the first runner with one.
fn compare_results(runs: &mut [Run], runners: &[Runner]) {
    let first = runners
        .iter()
        .find_map(|runner| runs.iter().find(|run| run.sample.runner == runner.name && run.result.is_some()))
        .map(|run| (run.sample.runner.clone(), run.result.clone().unwrap_or_default()));
    let Some((reference, expected)) = first else { return };
    for run in runs {
        if let Some(result) = &run.result
            && *result != expected
        {
            run.sample.error = Some(difference(&reference, &expected, result));
        }
    }
}

fn difference(reference: &str, expected: &str, got: &str) -> String {
    let mut pairs = expected.lines().zip(got.lines()).enumerate();
    match pairs.find(|(_, (a, b))| a != b) {
        Some((index, (a, b))) => {
            format!("line {} is {:?}, under {reference} {:?}", index + 1, shorten(b, 40), shorten(a, 40))
        }
        None => {
            format!("prints {} lines, under {reference} {}", got.lines().count(), expected.lines().count())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(runner: &str, result: Option<&str>) -> Run {
        let sample = Sample::new(Stage::Single, "fib", 1, runner, 0);
        Run { sample, result: result.map(str::to_owned) }
    }

    fn runner(name: &str) -> Runner {
        Runner { name: name.to_owned(), command: Vec::new(), version: String::new(), header_bytes: None }
    }

    #[test]
    fn another_output_is_an_error() {
        let mut runs =
            [run("gil", Some("1\n3\n")), run("default", Some("1\n2\n")), run("peer", Some("1\n2\n"))];
        compare_results(&mut runs, &[runner("default"), runner("gil"), runner("peer")]);
        assert_eq!(runs[0].sample.error.as_deref(), Some("line 2 is \"3\", under default \"2\""));
        assert!(runs[1].sample.error.is_none() && runs[2].sample.error.is_none());
        let mut runs = [run("default", None), run("gil", Some("1\n")), run("peer", Some("1\n2\n"))];
        compare_results(&mut runs, &[runner("default"), runner("gil"), runner("peer")]);
        assert_eq!(runs[2].sample.error.as_deref(), Some("prints 2 lines, under gil 1"));
    }

    #[test]
    fn odd_blocks_turn_the_order_round() {
        let job = Job {
            benchmark: "fib".to_owned(),
            threads: 1,
            args: Vec::new(),
            pin: true,
            output: Output::Text,
        };
        let mut seen = HashSet::new();
        for pair in 0..20 {
            let even = runner_order(5, Stage::Single, &job, pair * 2, 3);
            let mut odd = runner_order(5, Stage::Single, &job, pair * 2 + 1, 3);
            odd.reverse();
            assert_eq!(even, odd);
            seen.insert(even);
        }
        assert!(seen.len() > 3, "{seen:?}");
    }

    #[test]
    fn reads_the_count_of_callgrind() {
        let text =
            "==1== Events    : Ir\n==1== Collected : 17721079\n==1== \n==1== I   refs:      17,721,079\n";
        assert_eq!(collected(text), Some(17_721_079));
        assert_eq!(collected("nothing"), None);
    }
}
