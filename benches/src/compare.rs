//! Two results side by side: for each benchmark and runner the medians of both and their ratio.
//!
//! The two were measured at different times, so blocks are not paired: the interval comes from drawing the blocks of
//! each by themselves. A ratio over 1 means that the second result is worse.

use std::fmt::Write as _;

use crate::analysis::{self, Measure};
use crate::record::{Record, Stage};
use crate::stats::{self, Interval, Rng};
use crate::table;

#[derive(Debug)]
pub struct Comparison {
    /// The two files with what they describe.
    pub sides: [String; 2],
    /// Differences between the two that make them hard to compare.
    pub warnings: Vec<String>,
    pub sections: Vec<Section>,
}

#[derive(Debug)]
pub struct Section {
    pub stage: Stage,
    pub measure: Measure,
    pub runner: String,
    pub rows: Vec<Row>,
    /// Geometric mean of the ratios.
    pub mean: Option<Interval>,
}

#[derive(Debug)]
pub struct Row {
    pub name: String,
    pub a: Option<f64>,
    pub b: Option<f64>,
    /// b over a.
    pub ratio: Option<Interval>,
}

/// Sets two results side by side; each comes with its file's name.
pub fn compare(a: (&str, &Record), b: (&str, &Record)) -> Comparison {
    let side = |(file, record): (&str, &Record)| {
        format!("{file}: {}, commit {}, {}", record.started, record.machine.commit, record.machine.cpu)
    };
    let mut sections = Vec::new();
    for &(stage, measure) in analysis::KINDS {
        let levels = [analysis::levels(a.1, stage, measure), analysis::levels(b.1, stage, measure)];
        for runner in &a.1.runners {
            if b.1.runner(&runner.name).is_some() {
                sections.extend(section(&levels, stage, measure, &runner.name, a.1.settings.seed));
            }
        }
    }
    Comparison { sides: [side(a), side(b)], warnings: warnings(a.1, b.1), sections }
}

fn warnings(a: &Record, b: &Record) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut differ = |what: &str, a: String, b: String| {
        if a != b {
            warnings.push(format!("{what} differs: {a} and {b}"));
        }
    };
    differ("the size of the programs (--quick)", a.settings.quick.to_string(), b.settings.quick.to_string());
    differ("the metric", format!("{:?}", a.settings.metric), format!("{:?}", b.settings.metric));
    differ("the CPU", a.machine.cpu.clone(), b.machine.cpu.clone());
    differ("the number of cores", a.machine.cores.to_string(), b.machine.cores.to_string());
    let names =
        |record: &Record| record.runners.iter().map(|r| r.name.clone()).collect::<Vec<_>>().join(", ");
    differ("the list of runners", names(a), names(b));
    warnings
}

fn section(
    levels: &[analysis::Levels; 2],
    stage: Stage,
    measure: Measure,
    runner: &str,
    seed: u64,
) -> Option<Section> {
    let mut rng = Rng::for_purpose(seed, &format!("{stage:?} {measure:?} {runner}"));
    let mut keys: Vec<&(String, u32)> = levels.iter().flat_map(|levels| levels.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut rows = Vec::new();
    let mut ratios = Vec::new();
    for key in keys {
        let [a, b] = [0, 1].map(|side| levels[side].get(key).and_then(|runners| runners.get(runner)));
        if a.is_none() && b.is_none() {
            continue;
        }
        let ratio = a.zip(b).and_then(|(a, b)| stats::ratio_interval(b, a, &mut rng));
        ratios.extend(ratio.map(|ratio| vec![ratio.estimate]));
        let middle = |values: Option<&Vec<f64>>| values.map(|values| stats::median(values));
        rows.push(Row {
            name: table::benchmark_name(&key.0, key.1, stage),
            a: middle(a),
            b: middle(b),
            ratio,
        });
    }
    if rows.is_empty() {
        return None;
    }
    let mean = stats::geometric_mean(&ratios, &mut rng);
    Some(Section { stage, measure, runner: runner.to_owned(), rows, mean })
}

/// What a section is about.
pub fn heading(section: &Section) -> String {
    format!("{:?}: {}, {}", section.stage, section.measure.title(), section.runner)
}

/// The comparison as text for the terminal.
pub fn render(comparison: &Comparison) -> String {
    let mut text = format!("A  {}\nB  {}\n", comparison.sides[0], comparison.sides[1]);
    // Writing to a String cannot fail, here and below.
    for warning in &comparison.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    for section in &comparison.sections {
        let _ = write_section(&mut text, section);
    }
    if comparison.sections.is_empty() {
        text.push_str("the two have no benchmark in common\n");
    }
    text
}

fn write_section(text: &mut String, section: &Section) -> std::fmt::Result {
    writeln!(text, "\n{}", heading(section))?;
    writeln!(text, "  {:<28} {:>12} {:>12}   B / A", "", "A", "B")?;
    let shown =
        |value: Option<f64>| value.map_or("-".to_owned(), |value| table::quantity(section.measure, value));
    for row in &section.rows {
        let ratio = row.ratio.map_or("-".to_owned(), table::interval);
        writeln!(text, "  {:<28} {:>12} {:>12}   {ratio}", row.name, shown(row.a), shown(row.b))?;
    }
    match section.mean {
        Some(mean) => {
            writeln!(text, "  {:<28} {:>12} {:>12}   {}", "geometric mean", "", "", table::interval(mean))
        }
        None => Ok(()),
    }
}
