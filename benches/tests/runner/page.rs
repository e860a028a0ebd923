//! Opens the page in a browser and reads what is drawn: each mark of a plot stands where the JSON says.
//!
//! Needs a headless Chromium, so it runs only where it is asked for:
//! `cargo test -p ungil-benches page -- --ignored`. `UNGIL_BROWSER` names one that is not in the path.
//!
//! A script that is put into a copy of the page asks the browser for the places of marks and of the axes' lines, in
//! pixels; the lines and the figures beside them are the scale on which the JSON's values are looked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use ungil_benches::record::{Record, Sample, Stage, Usage};
use ungil_benches::{analysis, html, table};

use super::{measured, record};

/// Gives for every picture its words and its marks with their places in pixels.
const SCRIPT: &str = r#"<script>
addEventListener("load", () => {
  const place = (element) => {
    const box = element.getBoundingClientRect();
    return {x: box.left + box.width / 2, y: box.top + box.height / 2, upright: box.height > box.width};
  };
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
  const pictures = [...document.querySelectorAll("svg")].map((svg) => ({
    words: [...svg.querySelectorAll("text")].map((text) => {
      // A figure of an axis comes after its line.
      const line = text.previousElementSibling;
      return {text: text.textContent, line: line?.tagName === "line" ? place(line) : null, ...place(text)};
    }),
    marks: [...svg.querySelectorAll("circle")].map((circle) => {
      const title = circle.querySelector("title") ?? circle.parentElement.querySelector("title");
      const bar = circle.parentElement.tagName === "g" ? circle.parentElement.querySelector("line") : null;
      return {text: title.textContent, bar: bar ? bar.getBoundingClientRect().width : null, ...place(circle)};
    }),
  }));
  const found = document.createElement("pre");
  found.id = "found";
  found.textContent = JSON.stringify(pictures);
  document.body.replaceChildren(found);
});
</script>"#;

#[derive(Debug, Deserialize)]
struct Picture {
    words: Vec<Thing>,
    marks: Vec<Thing>,
}

#[derive(Debug, Deserialize)]
struct Thing {
    text: String,
    x: f64,
    y: f64,
    /// The width of a mark's interval.
    #[serde(default)]
    bar: Option<f64>,
    /// An axis' line beside its figure.
    #[serde(default)]
    line: Option<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    x: f64,
    y: f64,
    upright: bool,
}

fn browser() -> PathBuf {
    if let Some(named) = std::env::var_os("UNGIL_BROWSER") {
        return named.into();
    }
    let names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    found
        .into_iter()
        .find(|path| path.is_file())
        .expect("no Chromium is in the path; UNGIL_BROWSER names one")
}

/// What the browser makes of the page.
fn open(page: &str) -> Vec<Picture> {
    let folder = std::env::temp_dir().join(format!("ungil-benches-page-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the temporary folder can be written");
    let file = folder.join("page.html");
    fs::write(&file, page.replace("</body>", &format!("{SCRIPT}</body>")))
        .expect("the folder can be written");
    let mut command = Command::new(browser());
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
    let output = command
        .arg(format!("file://{}", file.display()))
        .stderr(Stdio::null())
        .output()
        .expect("the browser starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    fs::remove_dir_all(&folder).expect("it is ours");
    let found = text.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (json, _) = found.unwrap_or_else(|| panic!("the page's script did not run: {text:.2000}"));
    let json = json.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&json).expect("the script writes JSON")
}

/// Four runners with ratios from a third to two, throughput over threads, and speed-ups.
fn four_runners() -> Record {
    let names = ["default", "gil", "pep703", "gilectomy"];
    let mut record = record(&names);
    for (place, name) in names.iter().enumerate() {
        for block in 0..8 {
            let wobble = 1.0 + 0.03 * f64::from((block * 7 + place as u32 * 3) % 5);
            for (index, benchmark) in ["fib", "nbody", "richards"].iter().enumerate() {
                let seconds = (1.0 + place as f64 * 0.35 * index as f64) * wobble;
                let usage = Usage { wall: seconds, user: seconds, system: 0.0, peak_rss_kib: 30_000 };
                record.samples.push(Sample {
                    usage: Some(usage),
                    ..Sample::new(Stage::Single, benchmark, 1, name, block)
                });
            }
            for threads in [1, 4, 16] {
                let rate = 900.0 * wobble * (1.0 + place as f64) * f64::from(threads).sqrt();
                let run = measured(1.0, rate, 50_000);
                record.samples.push(Sample {
                    measured: Some(run),
                    ..Sample::new(Stage::Io, "pipes", threads, name, block)
                });
            }
            for threads in [1, 2] {
                let seconds = 2.0 * wobble / f64::from(threads).powf(1.0 - place as f64 * 0.3);
                let run = measured(seconds, 1.0, 1000);
                record.samples.push(Sample {
                    measured: Some(run),
                    ..Sample::new(Stage::Scaling, "split", threads, name, block)
                });
            }
        }
    }
    record.summary = Some(analysis::summarize(&record));
    record
}

/// An axis by its outermost lines: from a value to a pixel.
fn scale(picture: &Picture, upright: bool, log: bool) -> impl Fn(f64) -> f64 {
    let figure = |word: &Thing| {
        let line = word.line.as_ref().filter(|line| line.upright == upright)?;
        Some((if upright { line.x } else { line.y }, number(&word.text)?))
    };
    let mut figures: Vec<(f64, f64)> = picture.words.iter().filter_map(figure).collect();
    figures.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(figures.len() >= 2 && figures[0].0 < figures[figures.len() - 1].0, "no axis: {figures:?}");
    let (first, last) = (figures[0], figures[figures.len() - 1]);
    let on_scale = move |value: f64| if log { value.ln() } else { value };
    move |value| {
        let share = (on_scale(value) - on_scale(first.1)) / (on_scale(last.1) - on_scale(first.1));
        first.0 + (last.0 - first.0) * share
    }
}

fn number(text: &str) -> Option<f64> {
    text.strip_suffix('k').map_or_else(|| text.parse().ok(), |text| Some(text.parse::<f64>().ok()? * 1000.0))
}

/// Pictures are written to a tenth of a pixel.
fn near(drawn: f64, told: f64, about: &str) {
    assert!((drawn - told).abs() < 0.4, "{about}: drawn at {drawn}, by the JSON it should be at {told}");
}

/// Ratios stand on the logarithmic axis above them, their rows beside the benchmark's name.
fn check_forest(picture: &Picture, comparisons: &[&analysis::Comparison]) {
    let x = scale(picture, true, true);
    let mut left = picture.marks.len();
    for comparison in comparisons {
        let rows = comparison.rows.iter().map(|row| (row.benchmark.clone(), row.threads, row.ratio));
        let mean = ("geometric mean".to_owned(), 1, comparison.mean);
        for (benchmark, threads, ratio) in rows.chain([mean]) {
            let ratio = ratio.expect("every run is well");
            let name = match benchmark.as_str() {
                "geometric mean" => benchmark,
                _ => table::benchmark_name(&benchmark, threads, comparison.stage),
            };
            let about = format!("{} / {}: {}", comparison.of, comparison.over, table::interval(ratio));
            let row = picture.words.iter().find(|word| word.text == name).expect("the row's name is drawn");
            // A row holds a mark for each comparison, one under the other.
            let beside = |mark: &&Thing| mark.y > row.y - 12.0 && mark.y < row.y + 15.0 * 3.0;
            let mark = picture.marks.iter().filter(beside).find(|mark| mark.text == about);
            let mark = mark.unwrap_or_else(|| panic!("{name}: no mark {about}: {picture:?}"));
            near(mark.x, x(ratio.estimate), &about);
            near(mark.bar.expect("a ratio has its interval"), x(ratio.high) - x(ratio.low), &about);
            left -= 1;
        }
    }
    assert_eq!(left, 0, "a mark that the JSON does not have");
}

/// A chart's dots, by runner and threads, against what they should be.
fn check_chart(picture: &Picture, told: &BTreeMap<(String, u32), f64>) {
    let (x, y) = (scale(picture, true, true), scale(picture, false, false));
    assert_eq!(picture.marks.len(), told.len());
    for mark in &picture.marks {
        let (runner, rest) = mark.text.split_once(", ").expect("runner, threads: value");
        let threads: u32 =
            rest.split_once(':').and_then(|(threads, _)| threads.parse().ok()).expect("threads");
        near(mark.x, x(f64::from(threads)), &mark.text);
        near(mark.y, y(told[&(runner.to_owned(), threads)]), &mark.text);
    }
}

fn read_back(path: &Path) -> Record {
    let record = Record::load(path).expect("what was written can be read");
    fs::remove_file(path).expect("it is ours");
    record
}

#[test]
#[ignore = "needs a headless Chromium"]
fn every_mark_stands_where_the_json_says() {
    let path = std::env::temp_dir().join(format!("ungil-benches-page-{}.json", std::process::id()));
    four_runners().save(&path).expect("the temporary folder can be written");
    let record = read_back(&path);
    let summary = record.summary.clone().expect("it was written");
    let pictures = open(&html::page(&record, &analysis::summarize(&record)));
    let titled = |title: &str| {
        pictures.iter().find(|picture| picture.words.first().is_some_and(|word| word.text == title))
    };

    let mut groups: Vec<Vec<&analysis::Comparison>> = Vec::new();
    for comparison in &summary.comparisons {
        match groups.iter_mut().find(|g| (g[0].stage, g[0].measure) == (comparison.stage, comparison.measure))
        {
            Some(group) => group.push(comparison),
            None => groups.push(vec![comparison]),
        }
    }
    assert_eq!(groups.len(), 4);
    // The page draws them first, in the same order.
    for (picture, group) in pictures.iter().zip(&groups) {
        check_forest(picture, group);
    }

    let levels = analysis::levels(&record, Stage::Io, analysis::Measure::TimePerOperation);
    let rates = levels.iter().flat_map(|((_, threads), runners)| {
        runners.iter().map(|(name, values)| {
            let median = ungil_benches::stats::median(values);
            ((name.clone(), *threads), 1.0 / median)
        })
    });
    check_chart(titled("pipes").expect("throughput is drawn"), &rates.collect());

    let speedups = summary.curves.iter().flat_map(|curve| {
        curve.points.iter().map(|(threads, speedup)| ((curve.runner.clone(), *threads), speedup.estimate))
    });
    check_chart(titled("split").expect("speed-ups are drawn"), &speedups.collect());
}
