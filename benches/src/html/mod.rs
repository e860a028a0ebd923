//! The page of a result: one self-contained HTML file with plots as SVG and the figures beside them.
//!
//! Everything drawn comes from `analysis`, so a page made anew by `report` is the same. `svg` draws, `plots` chooses
//! what is drawn.

mod plots;
mod svg;
mod timeline;

use std::fmt::Write as _;

use crate::analysis::{Comparison, Guard, Measure, Summary};
use crate::compare;
use crate::record::{Metric, Record, Stage};
use crate::table;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:1060px;margin:2em auto;padding:0 1em;color:#222;\
background:#fff}h1{font-size:1.6em}h2{margin-top:2em;border-bottom:1px solid #ccc;font-size:1.25em}\
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}td,th{padding:2px 10px;text-align:right;\
border-bottom:1px solid #eee}td:first-child,th:first-child{text-align:left}.bad{color:#b00020;font-weight:600}\
.note{color:#666}svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#333}\
.grid{display:flex;flex-wrap:wrap;gap:10px}details{margin:.6em 0}.verdict{font-weight:600}";

/// `text` as it may stand in HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn document(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\n\
         <body>\n<h1>{title}</h1>\n{body}</body></html>\n"
    )
}

/// The page of one result.
pub fn page(record: &Record, summary: &Summary) -> String {
    let mut body = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = write_head(&mut body, record);
    for group in groups(summary) {
        let _ = write_group(&mut body, record, &group);
    }
    let _ = plots::write_io(&mut body, record);
    let _ = timeline::write(&mut body, record);
    let _ = plots::write_scaling(&mut body, record, summary);
    let _ = write_errors(&mut body, record);
    document("ungil: what removing the GIL costs", &body)
}

fn write_head(body: &mut String, record: &Record) -> std::fmt::Result {
    let machine = &record.machine;
    let memory = machine.memory_kib.map_or(String::new(), |kib| format!(", {} GiB", kib / (1024 * 1024)));
    let load = machine.load.map_or(String::new(), |load| format!(", load {load}"));
    let governor =
        machine.governor.as_ref().map_or(String::new(), |governor| format!(", governor {governor}"));
    let text = format!(
        "{} · {}, {} cores{memory}, kernel {}{load}{governor} · commit {} · {}",
        record.started, machine.cpu, machine.cores, machine.kernel, machine.commit, machine.rustc
    );
    writeln!(body, "<p class=\"note\">{}</p>", escape(&text))?;
    let settings = &record.settings;
    let text = format!(
        "{}seed {}, margin {}, guard {}, {} time, {:.0} s in all. A ratio over 1 speaks against the first of the two; bars \
         are 95 % intervals of a bootstrap over blocks (means: over benchmarks and blocks); guards are Holm-adjusted.",
        if settings.quick { "--quick: small sizes and few blocks; " } else { "" },
        settings.seed,
        settings.margin,
        settings.guard,
        if settings.metric == Metric::Cpu { "CPU" } else { "wall" },
        record.seconds
    );
    writeln!(body, "<p class=\"note\">{}</p>", escape(&text))?;
    if record.interrupted {
        writeln!(body, "<p class=\"bad\">The run was interrupted; this is what it had measured.</p>")?;
    }
    for note in &record.notes {
        writeln!(body, "<p class=\"note\">Note: {}</p>", escape(note))?;
    }
    writeln!(body, "<table><tr><th>runner</th><th>version</th><th>object header</th></tr>")?;
    for (index, runner) in record.runners.iter().enumerate() {
        let header = runner.header_bytes.map_or("not told".to_owned(), |bytes| format!("{bytes} bytes"));
        let (name, version) = (escape(&runner.name), escape(&runner.version));
        let colour = svg::colour(index);
        writeln!(
            body,
            "<tr><td><span style=\"color:{colour}\">■</span> {name}</td><td>{version}</td><td>{header}</td></tr>"
        )?;
    }
    writeln!(body, "</table>")
}

/// Comparisons of one stage and measure, which are drawn side by side.
fn groups(summary: &Summary) -> Vec<Vec<&Comparison>> {
    let mut groups: Vec<Vec<&Comparison>> = Vec::new();
    for comparison in &summary.comparisons {
        match groups.iter_mut().find(|g| g[0].stage == comparison.stage && g[0].measure == comparison.measure)
        {
            Some(group) => group.push(comparison),
            None => groups.push(vec![comparison]),
        }
    }
    groups
}

fn write_group(body: &mut String, record: &Record, group: &[&Comparison]) -> std::fmt::Result {
    let first = group[0];
    let title = table::heading(first, record.settings.metric);
    let title = title.rsplit_once(", ").map_or(title.as_str(), |(title, _)| title);
    writeln!(body, "<h2>{}</h2>", escape(title))?;
    for comparison in group {
        let (margin, guard) = (record.settings.margin, record.settings.guard);
        let mean = comparison.mean.map_or("–".to_owned(), table::interval);
        let names = format!("{} / {}", comparison.of, comparison.over);
        writeln!(body, "<p><b>{}</b>: geometric mean <b>{mean}</b>", escape(&names))?;
        if let Some(mean) = comparison.mean_of_all {
            writeln!(body, " (with programs that start threads, marked *: {})", table::interval(mean))?;
        }
        if comparison.stage != Stage::Noise {
            writeln!(
                body,
                "<br><span class=\"verdict\">{}</span>",
                escape(&comparison.verdict(margin, guard))
            )?;
        }
        writeln!(body, "</p>")?;
    }
    body.push_str(&plots::forest(record, group));
    writeln!(body, "<details><summary>figures</summary>")?;
    for comparison in group {
        write_rows(body, comparison)?;
    }
    if first.stage != Stage::Noise {
        write_levels(body, record, first.stage, first.measure)?;
    }
    writeln!(body, "</details>")
}

fn write_rows(body: &mut String, comparison: &Comparison) -> std::fmt::Result {
    let names = escape(&format!("{} / {}", comparison.of, comparison.over));
    writeln!(
        body,
        "<table><tr><th>{names}</th><th>ratio</th><th>95 % interval</th><th>blocks</th><th>p over guard</th>\
         <th>p under guard</th><th>guard</th></tr>"
    )?;
    for row in &comparison.rows {
        let name = escape(&table::benchmark_name(&row.benchmark, row.threads, comparison.stage));
        let mark = if row.counts { "" } else { " *" };
        let Some(ratio) = row.ratio else {
            let error = escape(row.error.as_deref().unwrap_or("no value"));
            writeln!(body, "<tr><td>{name}{mark}</td><td class=\"bad\" colspan=\"6\">{error}</td></tr>")?;
            continue;
        };
        let (class, guard) = match row.guard {
            Guard::Over => (" class=\"bad\"", "over"),
            Guard::Under => ("", "under"),
            Guard::Unsure => ("", "unsure"),
        };
        writeln!(
            body,
            "<tr><td>{name}{mark}</td><td>{}</td><td>{} .. {}</td><td>{}</td><td>{:.3}</td><td>{:.3}</td>\
             <td{class}>{guard}</td></tr>",
            table::figure(ratio.estimate),
            table::figure(ratio.low),
            table::figure(ratio.high),
            row.blocks,
            row.p_above,
            row.p_below
        )?;
    }
    writeln!(body, "</table>")
}

/// The medians of each runner.
fn write_levels(body: &mut String, record: &Record, stage: Stage, measure: Measure) -> std::fmt::Result {
    writeln!(body, "<table><tr><th>median</th>")?;
    for runner in &record.runners {
        writeln!(body, "<th>{}</th>", escape(&runner.name))?;
    }
    writeln!(body, "</tr>")?;
    for ((benchmark, threads), runners) in crate::analysis::levels(record, stage, measure) {
        write!(body, "<tr><td>{}</td>", escape(&table::benchmark_name(&benchmark, threads, stage)))?;
        for runner in &record.runners {
            let shown = runners
                .get(&runner.name)
                .map(|values| table::quantity(measure, crate::stats::median(values)));
            write!(body, "<td>{}</td>", shown.as_deref().unwrap_or("–"))?;
        }
        writeln!(body, "</tr>")?;
    }
    writeln!(body, "</table>")
}

fn write_errors(body: &mut String, record: &Record) -> std::fmt::Result {
    let failed: Vec<_> = record.samples.iter().filter(|sample| sample.error.is_some()).collect();
    if failed.is_empty() {
        return Ok(());
    }
    writeln!(
        body,
        "<h2>Runs that do not count</h2><table><tr><th>benchmark</th><th>runner</th><th>why</th></tr>"
    )?;
    for sample in failed {
        let name = escape(&table::benchmark_name(&sample.benchmark, sample.threads, sample.stage));
        let (runner, error) = (escape(&sample.runner), escape(sample.error.as_deref().unwrap_or_default()));
        writeln!(body, "<tr><td>{name}</td><td>{runner}</td><td class=\"bad\">{error}</td></tr>")?;
    }
    writeln!(body, "</table>")
}

/// The page of two results side by side.
pub fn compare_page(comparison: &compare::Comparison) -> String {
    let mut body = String::new();
    for (name, side) in ["A", "B"].iter().zip(&comparison.sides) {
        let _ = writeln!(body, "<p class=\"note\"><b>{name}</b> {}</p>", escape(side));
    }
    for warning in &comparison.warnings {
        let _ = writeln!(body, "<p class=\"bad\">{}</p>", escape(warning));
    }
    for section in &comparison.sections {
        let _ = write_section(&mut body, section);
    }
    document("ungil: two results side by side", &body)
}

fn write_section(body: &mut String, section: &compare::Section) -> std::fmt::Result {
    writeln!(body, "<h2>{}</h2>", escape(&compare::heading(section)))?;
    if let Some(mean) = section.mean {
        writeln!(body, "<p>B / A, geometric mean <b>{}</b></p>", table::interval(mean))?;
    }
    body.push_str(&plots::section_forest(section));
    writeln!(body, "<details><summary>figures</summary><table>")?;
    writeln!(body, "<tr><th></th><th>A</th><th>B</th><th>B / A, 95 % interval</th></tr>")?;
    let shown =
        |value: Option<f64>| value.map_or("–".to_owned(), |value| table::quantity(section.measure, value));
    for row in &section.rows {
        let ratio = row.ratio.map_or("–".to_owned(), table::interval);
        let name = escape(&row.name);
        writeln!(
            body,
            "<tr><td>{name}</td><td>{}</td><td>{}</td><td>{ratio}</td></tr>",
            shown(row.a),
            shown(row.b)
        )?;
    }
    writeln!(body, "</table></details>")
}
