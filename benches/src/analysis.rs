//! Computes every figure that is shown from the raw samples: ratios with intervals, guards, medians, speed-ups.
//!
//! A quantity is turned so that a greater one is worse (`Measure`), so a ratio over 1 always speaks against the runner in
//! the numerator. Ratios are taken within a block, where both ran one after the other. A benchmark without a ratio stays
//! in its list with the reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::{Metric, Record, Sample, Stage};
use crate::stats::{self, Interval, Rng};
use crate::{models, programs};

/// The name under which the first runner runs a second time in `Stage::Noise`.
pub const AGAIN: &str = "again";
/// Chance of error of a guard's verdict, over all benchmarks of a comparison.
const SIGNIFICANCE: f64 = 0.05;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Time,
    Memory,
    /// Time for one operation: the inverse of the throughput.
    TimePerOperation,
    /// The 99th percentile of latency.
    P99,
    /// Time that a CPU-bound thread beside the others needs for its work.
    CpuWork,
    Instructions,
}

impl Measure {
    pub fn title(self) -> &'static str {
        match self {
            Measure::Time => "time",
            Measure::Memory => "peak memory",
            Measure::TimePerOperation => "time per operation (1/throughput)",
            Measure::P99 => "99th percentile of latency",
            Measure::CpuWork => "time of the CPU-bound thread's work",
            Measure::Instructions => "instructions",
        }
    }

    /// The quantity of one run, greater is worse. `None` if the run failed or has no such quantity.
    pub fn of(self, sample: &Sample, metric: Metric) -> Option<f64> {
        if sample.error.is_some() {
            return None;
        }
        let measured = sample.measured.as_ref();
        let value = match self {
            Measure::Time => sample.time(metric)?,
            Measure::Memory => sample.usage?.peak_rss_kib as f64,
            Measure::TimePerOperation => 1.0 / measured?.throughput?,
            Measure::P99 => measured?.latency.as_ref()?.p99 as f64 * 1e-9,
            Measure::CpuWork => 1.0 / measured?.cpu_rate?,
            Measure::Instructions => sample.instructions? as f64,
        };
        (value.is_finite() && value > 0.0).then_some(value)
    }
}

/// All that is computed from a record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    pub comparisons: Vec<Comparison>,
    pub curves: Vec<Curve>,
}

/// One runner against another over the benchmarks of a stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    pub stage: Stage,
    pub measure: Measure,
    pub of: String,
    pub over: String,
    /// The geometric mean over the rows that count.
    pub mean: Option<Interval>,
    /// The same over all rows, where some do not count.
    pub mean_of_all: Option<Interval>,
    pub rows: Vec<Row>,
}

/// One benchmark of a comparison.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    pub benchmark: String,
    pub threads: u32,
    /// Whether it is part of `Comparison::mean`.
    pub counts: bool,
    pub ratio: Option<Interval>,
    pub blocks: usize,
    /// Holm-adjusted: the chance to see this if the ratio were at most the guard, or at least the guard.
    pub p_above: f64,
    pub p_below: f64,
    pub guard: Guard,
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Guard {
    /// Shown to be over the guard.
    Over,
    /// Shown to be under it.
    Under,
    /// The samples cannot tell.
    Unsure,
}

/// Speed-ups of one program under one runner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Curve {
    pub benchmark: String,
    pub runner: String,
    /// Numbers of threads, and how many times faster than one thread.
    pub points: Vec<(u32, Interval)>,
}

/// Values of one measure by benchmark and threads, then by runner, in the order of blocks.
pub type Levels = BTreeMap<(String, u32), BTreeMap<String, Vec<f64>>>;

/// What is compared, in the order in which results show it.
pub const KINDS: &[(Stage, Measure)] = &[
    (Stage::Single, Measure::Time),
    (Stage::Pyperformance, Measure::Time),
    (Stage::Instructions, Measure::Instructions),
    (Stage::Io, Measure::TimePerOperation),
    (Stage::Io, Measure::P99),
    (Stage::Io, Measure::CpuWork),
    (Stage::Single, Measure::Memory),
    (Stage::Pyperformance, Measure::Memory),
    (Stage::Startup, Measure::Time),
];

/// Computes everything from the samples.
pub fn summarize(record: &Record) -> Summary {
    let mut comparisons = Vec::new();
    let Some(first) = record.runners.first() else { return Summary { comparisons, curves: Vec::new() } };
    comparisons.extend(compare(record, Stage::Noise, Measure::Time, AGAIN, &first.name));
    for &(stage, measure) in KINDS {
        for other in &record.runners[1..] {
            comparisons.extend(compare(record, stage, measure, &first.name, &other.name));
        }
    }
    Summary { comparisons, curves: curves(record) }
}

/// Compares two runners; `None` if the stage has no run of one of them.
pub fn compare(record: &Record, stage: Stage, measure: Measure, of: &str, over: &str) -> Option<Comparison> {
    let mut by_benchmark: BTreeMap<(&str, u32), Vec<&Sample>> = BTreeMap::new();
    let both_take_part = |benchmark: &str| [of, over].iter().all(|name| models::takes_part(name, benchmark));
    let of_either = |sample: &&Sample| sample.runner == of || sample.runner == over;
    let samples = record.of_stage(stage).filter(of_either).filter(|sample| both_take_part(&sample.benchmark));
    for sample in samples {
        by_benchmark.entry((&sample.benchmark, sample.threads)).or_default().push(sample);
    }
    if [of, over].iter().any(|name| !record.of_stage(stage).any(|sample| sample.runner == *name)) {
        return None;
    }
    let purpose = format!("{stage:?} {measure:?} {of} {over}");
    let mut rng = Rng::for_purpose(record.settings.seed, &purpose);
    let metric = record.settings.metric;
    let mut rows = Vec::new();
    let mut ratios = Vec::new();
    for ((benchmark, threads), samples) in by_benchmark {
        let found = block_ratios(&samples, measure, metric, of, over);
        let error =
            samples.iter().find_map(|s| s.error.as_ref().map(|error| format!("{}: {error}", s.runner)));
        // Not every program has a CPU-bound thread; one that failed is a gap in the other measures.
        let measured = samples.iter().any(|sample| measure.of(sample, metric).is_some());
        if !measured && (measure == Measure::CpuWork || error.is_none()) {
            continue;
        }
        let found = if error.is_some() { Vec::new() } else { found };
        let error =
            error.or_else(|| found.is_empty().then(|| "never run under both in one block".to_owned()));
        rows.push(Row {
            benchmark: benchmark.to_owned(),
            threads,
            counts: stage != Stage::Single || !programs::is_threaded(benchmark),
            ratio: stats::median_interval(&found, &mut rng),
            blocks: found.len(),
            p_above: 1.0,
            p_below: 1.0,
            guard: Guard::Unsure,
            error,
        });
        ratios.push(found);
    }
    if rows.is_empty() {
        return None;
    }
    judge(&mut rows, &ratios, measure, record.settings.guard);
    let counting: Vec<Vec<f64>> =
        rows.iter().zip(&ratios).filter(|(row, _)| row.counts).map(|(_, ratios)| ratios.clone()).collect();
    let mean = stats::geometric_mean(&counting, &mut rng);
    let some_do_not_count = counting.len() < rows.len();
    let mean_of_all = if some_do_not_count { stats::geometric_mean(&ratios, &mut rng) } else { None };
    Some(Comparison { stage, measure, of: of.to_owned(), over: over.to_owned(), mean, mean_of_all, rows })
}

/// The ratios of the blocks in which both runs gave a value.
fn block_ratios(samples: &[&Sample], measure: Measure, metric: Metric, of: &str, over: &str) -> Vec<f64> {
    let mut blocks: BTreeMap<u32, (Option<f64>, Option<f64>)> = BTreeMap::new();
    for sample in samples {
        let pair = blocks.entry(sample.block).or_default();
        let value = measure.of(sample, metric);
        if sample.runner == of {
            pair.0 = value;
        } else if sample.runner == over {
            pair.1 = value;
        }
    }
    blocks.values().filter_map(|&(a, b)| Some(a? / b?)).collect()
}

/// Counted instructions have no noise, so a single count decides.
fn judge(rows: &mut [Row], ratios: &[Vec<f64>], measure: Measure, guard: f64) {
    let counted = measure == Measure::Instructions;
    let ratios: Vec<Vec<f64>> =
        ratios.iter().map(|r| if counted && r.len() == 1 { vec![r[0]; 2] } else { r.clone() }).collect();
    let adjusted =
        |p: fn(&[f64], f64) -> f64| stats::holm(&ratios.iter().map(|r| p(r, guard)).collect::<Vec<_>>());
    let (above, below) = (adjusted(stats::p_above), adjusted(stats::p_below));
    for ((row, above), below) in rows.iter_mut().zip(above).zip(below) {
        row.p_above = above;
        row.p_below = below;
        row.guard = match (above < SIGNIFICANCE, below < SIGNIFICANCE) {
            (true, _) => Guard::Over,
            (_, true) => Guard::Under,
            _ => Guard::Unsure,
        };
    }
}

impl Comparison {
    /// How many benchmarks have no ratio.
    pub fn gaps(&self) -> usize {
        self.rows.iter().filter(|row| row.ratio.is_none()).count()
    }

    /// What the comparison shows, in a sentence.
    pub fn verdict(&self, margin: f64, guard: f64) -> String {
        let Some(mean) = self.mean else { return "nothing could be compared".to_owned() };
        let mut text = if mean.high < margin {
            format!("{} is not worse: the upper bound {:.3} is under {margin}", self.of, mean.high)
        } else if mean.low > margin {
            format!("{} is worse: the lower bound {:.3} is over {margin}", self.of, mean.low)
        } else {
            format!(
                "not shown that {} is not worse: the upper bound {:.3} is not under {margin}",
                self.of, mean.high
            )
        };
        let over = self.rows.iter().filter(|row| row.guard == Guard::Over).count();
        if over > 0 {
            text.push_str(&format!("; {over} of {} over the guard of {guard}", self.rows.len()));
        }
        let gaps = self.gaps();
        if gaps > 0 {
            text.push_str(&format!("; NOT a result: {gaps} of {} could not be compared", self.rows.len()));
        }
        text
    }
}

/// The values of a measure in a stage.
pub fn levels(record: &Record, stage: Stage, measure: Measure) -> Levels {
    let mut levels = Levels::new();
    for sample in record.of_stage(stage) {
        if let Some(value) = measure.of(sample, record.settings.metric) {
            let runners = levels.entry((sample.benchmark.clone(), sample.threads)).or_default();
            runners.entry(sample.runner.clone()).or_default().push(value);
        }
    }
    levels
}

/// For each runner and number of threads the geometric mean of the speed-ups.
pub fn mean_speedups(summary: &Summary) -> Vec<(String, u32, f64)> {
    let mut logs: BTreeMap<(&str, u32), Vec<f64>> = BTreeMap::new();
    for curve in &summary.curves {
        for (threads, speedup) in curve.points.iter().filter(|(threads, _)| *threads > 1) {
            logs.entry((&curve.runner, *threads)).or_default().push(speedup.estimate.ln());
        }
    }
    let mean = |logs: &[f64]| (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    logs.iter().map(|((runner, threads), logs)| ((*runner).to_owned(), *threads, mean(logs))).collect()
}

fn curves(record: &Record) -> Vec<Curve> {
    // By benchmark and runner: for each block the seconds by threads.
    type ByBlock = BTreeMap<u32, BTreeMap<u32, f64>>;
    let mut seconds: BTreeMap<(&str, &str), ByBlock> = BTreeMap::new();
    for sample in record.of_stage(Stage::Scaling).filter(|sample| sample.error.is_none()) {
        if let Some(measured) = &sample.measured {
            let blocks = seconds.entry((&sample.benchmark, &sample.runner)).or_default();
            blocks.entry(sample.block).or_default().insert(sample.threads, measured.seconds);
        }
    }
    let mut rng = Rng::for_purpose(record.settings.seed, "curves");
    let mut curves = Vec::new();
    for ((benchmark, runner), blocks) in seconds {
        let mut by_threads: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for block in blocks.values() {
            let Some(one) = block.get(&1) else { continue };
            for (&threads, seconds) in block {
                by_threads.entry(threads).or_default().push(one / seconds);
            }
        }
        let points = by_threads
            .into_iter()
            .filter_map(|(threads, speedups)| Some((threads, stats::median_interval(&speedups, &mut rng)?)))
            .collect();
        curves.push(Curve { benchmark: benchmark.to_owned(), runner: runner.to_owned(), points });
    }
    curves
}
