//! The result as text for the terminal.

use std::fmt::Write as _;

use crate::analysis::{self, Comparison, Guard, Measure, Summary};
use crate::record::{Metric, Record, Stage};
use crate::stats::Interval;

/// `1.234  1.200 .. 1.300`
pub fn interval(interval: Interval) -> String {
    format!("{}  {} .. {}", figure(interval.estimate), figure(interval.low), figure(interval.high))
}

/// A ratio as all tables and pages show it.
pub fn figure(ratio: f64) -> String {
    if ratio < 100.0 { format!("{ratio:.3}") } else { format!("{ratio:.0}") }
}

/// A time in seconds, in the unit that suits it.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.1} µs", s * 1e6),
    }
}

/// A value of a measure, as people read it.
pub fn quantity(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Time | Measure::P99 => duration(value),
        Measure::Memory => format!("{:.1} MiB", value / 1024.0),
        Measure::TimePerOperation => format!("{:.0}/s", 1.0 / value),
        Measure::CpuWork => format!("{:.3e}/s", 1.0 / value),
        Measure::Instructions => format!("{:.1} M", value / 1e6),
    }
}

/// What is compared with what, for a heading.
pub fn heading(comparison: &Comparison, metric: Metric) -> String {
    let stage = match comparison.stage {
        Stage::Noise => "A/A, one build against itself: the machine's resolution",
        Stage::Single => "First clause, one thread",
        Stage::Pyperformance => "First clause, pyperformance",
        Stage::Io => "Second clause, I/O-bound threads",
        Stage::Timeline => "Timeline",
        Stage::Scaling => "Scaling",
        Stage::Startup => "Start-up",
        Stage::Instructions => "Instructions by callgrind",
    };
    let measure = match (comparison.measure, metric) {
        (Measure::Time, Metric::Cpu) => "CPU time",
        (Measure::Time, Metric::Wall) => "wall time",
        (measure, _) => measure.title(),
    };
    format!("{stage}: {measure}, {} / {}", comparison.of, comparison.over)
}

pub fn benchmark_name(benchmark: &str, threads: u32, stage: Stage) -> String {
    if stage == Stage::Io || stage == Stage::Scaling {
        format!("{benchmark} ×{threads}")
    } else {
        benchmark.to_owned()
    }
}

/// The whole result.
pub fn render(record: &Record, summary: &Summary) -> String {
    let mut text = String::new();
    for comparison in &summary.comparisons {
        // Writing to a String cannot fail, here and below.
        let _ = write_comparison(&mut text, record, comparison);
    }
    let _ = write_curves(&mut text, record, summary);
    let _ = write_headers(&mut text, record);
    let _ = write_short(&mut text, record, summary);
    for note in &record.notes {
        let _ = writeln!(text, "note: {note}");
    }
    if record.interrupted {
        let _ = writeln!(text, "note: the run was interrupted; this is what it had measured");
    }
    text
}

fn write_comparison(text: &mut String, record: &Record, comparison: &Comparison) -> std::fmt::Result {
    writeln!(text, "{}", heading(comparison, record.settings.metric))?;
    for row in &comparison.rows {
        let name = benchmark_name(&row.benchmark, row.threads, comparison.stage);
        let mark = if row.counts { ' ' } else { '*' };
        match (&row.ratio, &row.error) {
            (Some(ratio), _) => {
                let guard = match row.guard {
                    Guard::Over => format!("OVER {} (p {:.3})", record.settings.guard, row.p_above),
                    Guard::Under => String::new(),
                    Guard::Unsure => format!("? (p {:.3})", row.p_below),
                };
                writeln!(text, "  {name:<28}{mark} {}  {guard}", interval(*ratio))?;
            }
            (None, error) => {
                writeln!(text, "  {name:<28}{mark} ERROR {}", error.as_deref().unwrap_or("no value"))?
            }
        }
    }
    if let Some(mean) = comparison.mean {
        writeln!(text, "  {:<29} {}", "geometric mean", interval(mean))?;
    }
    if let Some(mean) = comparison.mean_of_all {
        writeln!(text, "  {:<29} {}   (* start threads)", "with those marked *", interval(mean))?;
    }
    if comparison.stage != Stage::Noise {
        writeln!(text, "  {}", comparison.verdict(record.settings.margin, record.settings.guard))?;
    }
    writeln!(text)
}

fn write_curves(text: &mut String, record: &Record, summary: &Summary) -> std::fmt::Result {
    if summary.curves.is_empty() {
        return Ok(());
    }
    writeln!(text, "Scaling: how many times faster than one thread")?;
    for curve in &summary.curves {
        let points: Vec<String> = curve
            .points
            .iter()
            .map(|(threads, speedup)| format!("×{threads} {:.2}", speedup.estimate))
            .collect();
        writeln!(text, "  {:<29} {:<12} {}", curve.benchmark, curve.runner, points.join("  "))?;
    }
    for sample in record.of_stage(Stage::Scaling).filter(|sample| sample.error.is_some()) {
        let error = sample.error.as_deref().unwrap_or_default();
        writeln!(text, "  {:<29} {:<12} ERROR ×{} {error}", sample.benchmark, sample.runner, sample.threads)?;
    }
    writeln!(text)
}

/// The means alone, at the end, where they are seen first.
fn write_short(text: &mut String, record: &Record, summary: &Summary) -> std::fmt::Result {
    writeln!(text, "In short (geometric means; over 1 speaks against the first of the two)")?;
    for comparison in &summary.comparisons {
        let mean = comparison.mean.map_or("nothing could be compared".to_owned(), interval);
        let gaps = match comparison.gaps() {
            0 => String::new(),
            gaps => format!("   NOT a result: {gaps} of {} could not be compared", comparison.rows.len()),
        };
        writeln!(text, "  {:<82} {mean}{gaps}", heading(comparison, record.settings.metric))?;
    }
    for (runner, threads, speedup) in analysis::mean_speedups(summary) {
        writeln!(
            text,
            "  {:<82} {}",
            format!("Scaling: {threads} threads over one, {runner}"),
            figure(speedup)
        )?;
    }
    writeln!(text)
}

fn write_headers(text: &mut String, record: &Record) -> std::fmt::Result {
    let sizes: Vec<String> = record
        .runners
        .iter()
        .filter_map(|runner| Some(format!("{} {} bytes", runner.name, runner.header_bytes?)))
        .collect();
    if sizes.is_empty() {
        return Ok(());
    }
    writeln!(text, "Object header (as the program tells): {}\n", sizes.join(", "))
}
