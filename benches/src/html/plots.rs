//! Chooses what the page draws: ratios by benchmark, throughput and latency by threads, speed-ups.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape;
use super::svg::{self, Chart, ForestRow, Mark, Point, Series};
use crate::analysis::{self, Comparison, Measure, Summary};
use crate::compare::Section;
use crate::record::{Record, Stage};
use crate::{stats, table};

/// The place of a runner in the list, which gives its colour.
fn place(record: &Record, runner: &str) -> usize {
    record.runners.iter().position(|r| r.name == runner).unwrap_or(record.runners.len())
}

/// All comparisons of a group in one picture: a row for each benchmark, a mark for each comparison.
pub fn forest(record: &Record, group: &[&Comparison]) -> String {
    let mut rows: Vec<ForestRow> = Vec::new();
    let mut means = Vec::new();
    for comparison in group {
        let about = format!("{} / {}", comparison.of, comparison.over);
        let colour = svg::colour(place(record, &comparison.over));
        for row in &comparison.rows {
            let mut name = table::benchmark_name(&row.benchmark, row.threads, comparison.stage);
            if !row.counts {
                name.push_str(" *");
            }
            let value = row.ratio.ok_or_else(|| row.error.clone().unwrap_or_default());
            let mark = Mark { colour, about: about.clone(), value };
            match rows.iter_mut().find(|known| known.name == name) {
                Some(known) => known.marks.push(mark),
                None => rows.push(ForestRow { name, marks: vec![mark] }),
            }
        }
        let value = comparison.mean.ok_or_else(|| "no mean".to_owned());
        means.push(Mark { colour, about, value });
    }
    rows.push(ForestRow { name: "geometric mean".to_owned(), marks: means });
    let mut text = String::from("<p class=\"note\">");
    for comparison in group {
        let colour = svg::colour(place(record, &comparison.over));
        let names = escape(&format!("{} / {}", comparison.of, comparison.over));
        // Writing to a String cannot fail.
        let _ = write!(text, "<span style=\"color:{colour}\">●</span> {names} &nbsp; ");
    }
    text.push_str("</p>\n");
    text.push_str(&svg::forest(&rows, &[1.0, record.settings.margin, record.settings.guard]));
    text
}

/// The ratios of a section of two results side by side.
pub fn section_forest(section: &Section) -> String {
    let row = |row: &crate::compare::Row| {
        let value = row.ratio.ok_or_else(|| "only in one".to_owned());
        ForestRow {
            name: row.name.clone(),
            marks: vec![Mark { colour: svg::colour(0), about: "B / A".to_owned(), value }],
        }
    };
    svg::forest(&section.rows.iter().map(row).collect::<Vec<_>>(), &[1.0])
}

/// The runners' names in their colours.
fn legend(record: &Record) -> String {
    let mut text = String::from("<p class=\"note\">");
    for (index, runner) in record.runners.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<span style=\"color:{}\">■</span> {} &nbsp; ",
            svg::colour(index),
            escape(&runner.name)
        );
    }
    text.push_str("</p>\n");
    text
}

/// Throughput by threads, and how latencies are distributed.
pub fn write_io(body: &mut String, record: &Record) -> std::fmt::Result {
    let levels = analysis::levels(record, Stage::Io, Measure::TimePerOperation);
    if levels.is_empty() {
        return Ok(());
    }
    writeln!(body, "<h2>Operations per second by threads</h2>{}<div class=\"grid\">", legend(record))?;
    let mut cases: Vec<&String> = levels.keys().map(|(case, _)| case).collect();
    cases.dedup();
    for case in cases {
        body.push_str(&throughput_chart(record, &levels, case).draw());
    }
    writeln!(
        body,
        "</div><h2>Latency: the share of operations that take longer</h2>{}<div class=\"grid\">",
        legend(record)
    )?;
    for (case, threads) in levels.keys() {
        body.push_str(&latency_chart(record, case, *threads).draw());
    }
    writeln!(body, "</div>")
}

fn throughput_chart(record: &Record, levels: &analysis::Levels, case: &str) -> Chart {
    let mut series = Vec::new();
    let mut ticks: Vec<(f64, String)> = Vec::new();
    for (index, runner) in record.runners.iter().enumerate() {
        let mut points = Vec::new();
        for ((_, threads), runners) in levels.iter().filter(|((name, _), _)| name == case) {
            let Some(values) = runners.get(&runner.name) else { continue };
            points.push(Point { x: f64::from(*threads), y: 1.0 / stats::median(values), bar: None });
            ticks.push((f64::from(*threads), threads.to_string()));
        }
        series.push(Series { name: runner.name.clone(), colour: svg::colour(index), dashed: false, points });
    }
    let highest = series.iter().flat_map(|s| &s.points).map(|p| p.y).fold(0.0, f64::max);
    let y_ticks = even_ticks(highest).into_iter().map(|tick| (tick, thousands(tick))).collect();
    Chart {
        title: case.to_owned(),
        log_x: true,
        log_y: false,
        dots: true,
        x_ticks: unique(ticks),
        y_ticks,
        series,
    }
}

fn unique(mut ticks: Vec<(f64, String)>) -> Vec<(f64, String)> {
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    ticks.dedup_by(|a, b| a.0 == b.0);
    ticks
}

/// Round values from 0 to `highest`.
fn even_ticks(highest: f64) -> Vec<f64> {
    if highest <= 0.0 {
        return vec![0.0];
    }
    let unit = 10f64.powf(highest.log10().floor());
    let step = [0.2, 0.5, 1.0, 2.0]
        .iter()
        .map(|s| s * unit)
        .find(|step| highest / step <= 6.0)
        .unwrap_or(2.0 * unit);
    (0..=(highest / step) as u32).map(|i| f64::from(i) * step).collect()
}

fn thousands(value: f64) -> String {
    if value >= 10_000.0 { format!("{:.0}k", value / 1000.0) } else { format!("{value:.0}") }
}

fn latency_chart(record: &Record, case: &str, threads: u32) -> Chart {
    let mut series = Vec::new();
    for (index, runner) in record.runners.iter().enumerate() {
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        let samples = record.of_stage(Stage::Io).filter(|sample| {
            sample.error.is_none()
                && sample.benchmark == case
                && sample.threads == threads
                && sample.runner == runner.name
        });
        for latency in samples.filter_map(|sample| sample.measured.as_ref()?.latency.as_ref()) {
            for &(bound, count) in &latency.histogram {
                *counts.entry(bound).or_default() += count;
            }
        }
        let points = share_above(&counts);
        series.push(Series { name: runner.name.clone(), colour: svg::colour(index), dashed: false, points });
    }
    let ticks =
        |list: &[(f64, &str)]| list.iter().map(|(value, text)| (*value, (*text).to_owned())).collect();
    Chart {
        title: format!("{case} ×{threads}"),
        log_x: true,
        log_y: true,
        dots: false,
        x_ticks: ticks(&[
            (1e-6, "1µs"),
            (1e-5, "10µs"),
            (1e-4, "0.1ms"),
            (1e-3, "1ms"),
            (1e-2, "10ms"),
            (0.1, "0.1s"),
            (1.0, "1s"),
        ]),
        y_ticks: ticks(&[
            (1.0, "100%"),
            (0.1, "10%"),
            (0.01, "1%"),
            (1e-3, "0.1%"),
            (1e-4, "0.01%"),
            (1e-5, "0.001%"),
        ]),
        series,
    }
}

/// For each bound in seconds the share of operations above it, as long as there are any.
fn share_above(counts: &BTreeMap<u64, u64>) -> Vec<Point> {
    let total: u64 = counts.values().sum();
    let mut above = total;
    let mut points = Vec::new();
    for (&bound, count) in counts {
        points.push(Point { x: bound as f64 * 1e-9, y: above as f64 / total as f64, bar: None });
        above -= count;
    }
    points
}

/// Speed-ups by threads.
pub fn write_scaling(body: &mut String, record: &Record, summary: &Summary) -> std::fmt::Result {
    if summary.curves.is_empty() {
        return Ok(());
    }
    writeln!(body, "<h2>Scaling: how many times faster than one thread</h2>{}", legend(record))?;
    for (runner, threads, speedup) in analysis::mean_speedups(summary) {
        let (runner, speedup) = (escape(&runner), table::figure(speedup));
        writeln!(body, "<p><b>{runner}</b>, {threads} threads: geometric mean <b>{speedup}</b></p>")?;
    }
    writeln!(body, "<div class=\"grid\">")?;
    let mut names: Vec<&String> = summary.curves.iter().map(|curve| &curve.benchmark).collect();
    names.dedup();
    for name in names {
        body.push_str(&scaling_chart(record, summary, name).draw());
    }
    writeln!(
        body,
        "</div><details><summary>figures</summary><table><tr><th></th><th>runner</th><th>speed-up</th></tr>"
    )?;
    for curve in &summary.curves {
        let points: Vec<String> = curve
            .points
            .iter()
            .map(|(threads, speedup)| format!("×{threads}: {}", table::interval(*speedup)))
            .collect();
        let (name, runner) = (escape(&curve.benchmark), escape(&curve.runner));
        writeln!(body, "<tr><td>{name}</td><td>{runner}</td><td>{}</td></tr>", points.join("; "))?;
    }
    writeln!(body, "</table></details>")
}

fn scaling_chart(record: &Record, summary: &Summary, name: &str) -> Chart {
    let mut series = Vec::new();
    let mut ticks = Vec::new();
    for curve in summary.curves.iter().filter(|curve| curve.benchmark == name) {
        let point = |(threads, speedup): &(u32, stats::Interval)| {
            ticks.push((f64::from(*threads), threads.to_string()));
            Point { x: f64::from(*threads), y: speedup.estimate, bar: Some((speedup.low, speedup.high)) }
        };
        let points = curve.points.iter().map(point).collect();
        let colour = svg::colour(place(record, &curve.runner));
        series.push(Series { name: curve.runner.clone(), colour, dashed: false, points });
    }
    let ticks = unique(ticks);
    let ideal = ticks.iter().map(|(threads, _)| Point { x: *threads, y: *threads, bar: None }).collect();
    series.push(Series {
        name: "as many times as threads".to_owned(),
        colour: "#999",
        dashed: true,
        points: ideal,
    });
    let highest = series.iter().flat_map(|s| &s.points).map(|p| p.y).fold(0.0, f64::max);
    let y_ticks = even_ticks(highest).into_iter().map(|tick| (tick, format!("{tick:.1}"))).collect();
    Chart { title: name.to_owned(), log_x: true, log_y: false, dots: true, x_ticks: ticks, y_ticks, series }
}
