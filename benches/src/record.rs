//! The result of a run as it is written to JSON: the machine, the settings, and every raw sample.
//!
//! Figures that are computed from samples (`analysis::Summary`) are written beside them for other tools, and computed
//! anew when a file is read, so the samples alone decide.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::analysis::Summary;
use crate::timeline::Recording;

/// Raised when a file of an older layout could no longer be read.
pub const FORMAT: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub format: u32,
    /// When the run began, UTC.
    pub started: String,
    /// How long the run has taken.
    pub seconds: f64,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    pub machine: Machine,
    pub settings: Settings,
    /// The first is what the others are compared with.
    pub runners: Vec<Runner>,
    /// What the reader must know: stages left out and why.
    pub notes: Vec<String>,
    pub samples: Vec<Sample>,
    /// Who runs, waits or blocks when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timelines: Vec<Recording>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_kib: Option<u64>,
    pub kernel: String,
    /// The load average of one minute when the run began.
    pub load: Option<f64>,
    pub governor: Option<String>,
    /// Of the sources that the runner was started in; a program named by `--default` may be older.
    pub commit: String,
    pub rustc: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    pub quick: bool,
    pub seed: u64,
    pub blocks: Option<u32>,
    /// "Does not decrease" is claimed if the mean's upper bound is under this.
    pub margin: f64,
    /// No single benchmark may be slower than this.
    pub guard: f64,
    pub metric: Metric,
    /// Seconds after which a run is killed.
    pub time_limit: u64,
    /// The core that programs with one thread are pinned to.
    pub pinned: Option<usize>,
    /// In which the whole run ends; `None`: as long as `--quick` and its absence say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
}

impl Settings {
    /// Those of a command line without options; nothing is pinned.
    pub fn usual() -> Settings {
        Settings {
            quick: false,
            seed: 1,
            blocks: None,
            margin: 1.01,
            guard: 1.05,
            metric: Metric::Cpu,
            time_limit: 60,
            pinned: None,
            minutes: None,
        }
    }

    /// What the whole run may take, the models' builds not counted.
    pub fn limit(&self) -> Duration {
        let minutes = self.minutes.unwrap_or(if self.quick { 5.0 } else { 40.0 });
        Duration::from_secs_f64(minutes * 60.0)
    }

    /// What all stages may take: the rest is for the last run to end, and for the tables and the page.
    pub fn measuring(&self) -> Duration {
        self.limit().mul_f64(0.95)
    }
}

/// Which time the first clause compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// User and system time of the process.
    Cpu,
    /// Time on the clock.
    Wall,
}

/// A program that runs Python: a build of ungil, or a peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Runner {
    pub name: String,
    pub command: Vec<String>,
    /// `sys.version`.
    pub version: String,
    /// The size of an object without anything in it, as the program tells it.
    pub header_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// One build against itself: what the machine can tell apart.
    Noise,
    /// The first clause: `benches/programs`.
    Single,
    /// The first clause over pyperformance's pure-Python programs.
    Pyperformance,
    /// The second clause: `benches/io`.
    Io,
    /// Who runs, waits or blocks when; has no samples.
    Timeline,
    /// More threads, same work: `benches/scaling`.
    Scaling,
    Startup,
    /// Instructions counted by callgrind.
    Instructions,
}

/// One run of one program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    pub stage: Stage,
    pub benchmark: String,
    pub threads: u32,
    pub runner: String,
    pub block: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Why the run does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What the program itself measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<u64>,
}

impl Sample {
    /// A run of which nothing is known yet.
    pub fn new(stage: Stage, benchmark: &str, threads: u32, runner: &str, block: u32) -> Sample {
        Sample {
            stage,
            benchmark: benchmark.to_owned(),
            threads,
            runner: runner.to_owned(),
            block,
            usage: None,
            error: None,
            measured: None,
            instructions: None,
        }
    }

    /// The time that the first clause compares, in seconds: the measured part's where the program tells it, else that
    /// of the whole process.
    pub fn time(&self, metric: Metric) -> Option<f64> {
        match self.measured.as_ref().and_then(|measured| Some((measured.seconds, measured.cpu_seconds?))) {
            Some((_, cpu)) if metric == Metric::Cpu => Some(cpu),
            Some((wall, _)) => Some(wall),
            None => Some(self.usage?.time(metric)),
        }
    }
}

/// What the kernel says of a process that has ended. Times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    pub wall: f64,
    pub user: f64,
    pub system: f64,
    pub peak_rss_kib: u64,
}

impl Usage {
    /// The time that the first clause compares, in seconds.
    pub fn time(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Cpu => self.user + self.system,
            Metric::Wall => self.wall,
        }
    }
}

/// The JSON line that programs of `benches/io`, `benches/scaling` and `benches/pyperformance` print last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Time on the clock for the measured part.
    pub seconds: f64,
    /// User and system time of the measured part, where the program tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
    /// What must be the same for every interpreter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u64>,
    /// Operations per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<f64>,
    /// Work that a CPU-bound thread beside the others did, per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_rate: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

/// How long single operations took, in nanoseconds; percentiles are exact.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Latency {
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
    /// Pairs of an upper bound and how many operations lie between it and the bound before.
    pub histogram: Vec<(u64, u64)>,
}

impl Record {
    /// A record without runners and samples.
    pub fn new(started: String, machine: Machine, settings: Settings) -> Record {
        Record {
            format: FORMAT,
            started,
            seconds: 0.0,
            interrupted: false,
            machine,
            settings,
            runners: Vec::new(),
            notes: Vec::new(),
            samples: Vec::new(),
            timelines: Vec::new(),
            summary: None,
        }
    }

    /// Reads a file that a run has written.
    ///
    /// # Errors
    /// The file cannot be read, is no such file, or has a newer layout.
    pub fn load(path: &Path) -> Result<Record, Failure> {
        let text = fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let record: Record = serde_json::from_str(&text)
            .map_err(|e| format!("{} is not a result of `run`: {e}", path.display()))?;
        if record.format != FORMAT {
            return Err(format!(
                "{} has format {}, this program reads {FORMAT}",
                path.display(),
                record.format
            ));
        }
        Ok(record)
    }

    /// Writes the file anew; a reader sees the old or the new one, never a part.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn save(&self, path: &Path) -> Result<(), Failure> {
        let text =
            serde_json::to_string(self).map_err(|e| format!("cannot write the result as JSON: {e}"))?;
        write_whole(path, &text)
    }

    pub fn runner(&self, name: &str) -> Option<&Runner> {
        self.runners.iter().find(|runner| runner.name == name)
    }

    /// The samples of a stage, failed ones too.
    pub fn of_stage(&self, stage: Stage) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| sample.stage == stage)
    }
}

/// Writes `text` to a file beside `path` and puts it in its place.
///
/// # Errors
/// The folder cannot be written to.
pub fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let cannot = |e: std::io::Error| format!("cannot write {}: {e}", path.display());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    fs::write(&partial, text).map_err(cannot)?;
    fs::rename(&partial, path).map_err(cannot)
}
