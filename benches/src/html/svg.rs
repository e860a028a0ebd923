//! Draws two kinds of picture as SVG: ratios with their intervals in rows, and lines over an axis.

use std::fmt::Write as _;

use super::escape;
use crate::stats::Interval;
use crate::table;

const COLOURS: [&str; 8] =
    ["#0b6fb8", "#d1495b", "#2e8b57", "#8a5cb8", "#c77c11", "#17808a", "#7a5230", "#555555"];

/// The colour of the runner with this number.
pub fn colour(index: usize) -> &'static str {
    COLOURS[index % COLOURS.len()]
}

/// One mark of a row: a ratio, or why there is none.
pub struct Mark {
    pub colour: &'static str,
    /// What is compared, shown when the mouse is over the mark.
    pub about: String,
    pub value: Result<Interval, String>,
}

pub struct ForestRow {
    pub name: String,
    pub marks: Vec<Mark>,
}

/// Ratios on a logarithmic axis, one row for each benchmark; `lines` are drawn dashed.
pub fn forest(rows: &[ForestRow], lines: &[f64]) -> String {
    const LEFT: f64 = 210.0;
    const WIDTH: f64 = 560.0;
    const STEP: f64 = 15.0;
    let intervals = || rows.iter().flat_map(|row| &row.marks).filter_map(|mark| mark.value.as_ref().ok());
    let low = intervals().map(|i| i.low).chain(lines.iter().copied()).fold(0.97, f64::min) / 1.01;
    let high = intervals().map(|i| i.high).chain(lines.iter().copied()).fold(1.03, f64::max) * 1.01;
    let x = |value: f64| LEFT + WIDTH * (value.ln() - low.ln()) / (high.ln() - low.ln());
    let marks: usize = rows.iter().map(|row| row.marks.len().max(1)).sum();
    let height = 24.0 + STEP * marks as f64 + 4.0 * rows.len() as f64;
    let mut svg = open(1000.0, height + 24.0);
    for tick in ratio_ticks(low, high) {
        let at = x(tick);
        push(
            &mut svg,
            format_args!(
                "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"20\" y2=\"{height:.0}\" stroke=\"#e4e4e4\"/>"
            ),
        );
        push(&mut svg, format_args!("<text x=\"{at:.1}\" y=\"14\" text-anchor=\"middle\">{tick}</text>"));
    }
    for (index, &line) in lines.iter().enumerate() {
        let (at, dash) = (x(line), if index == 0 { "" } else { " stroke-dasharray=\"4 3\"" });
        push(
            &mut svg,
            format_args!(
                "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"20\" y2=\"{height:.0}\" stroke=\"#777\"{dash}><title>{line}</title></line>"
            ),
        );
    }
    let mut y = 30.0;
    for row in rows {
        push(
            &mut svg,
            format_args!(
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                escape(&row.name)
            ),
        );
        for mark in &row.marks {
            draw_mark(&mut svg, mark, y, x, LEFT + WIDTH + 10.0);
            y += STEP;
        }
        y += 4.0;
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_mark(svg: &mut String, mark: &Mark, y: f64, x: impl Fn(f64) -> f64, text_at: f64) {
    let (colour, about) = (mark.colour, escape(&mark.about));
    match &mark.value {
        Ok(interval) => {
            let (low, middle, high) = (x(interval.low), x(interval.estimate), x(interval.high));
            let figures = table::interval(*interval);
            push(
                svg,
                format_args!(
                    "<g><title>{about}: {figures}</title><line x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" \
                     stroke=\"{colour}\" stroke-width=\"2\"/><circle cx=\"{middle:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\
                     <text x=\"{text_at:.0}\" y=\"{:.1}\">{figures}</text></g>",
                    y + 4.0
                ),
            );
        }
        Err(error) => {
            let shown = escape(&crate::process::shorten(error, 34));
            let full = escape(error);
            push(
                svg,
                format_args!(
                    "<g><title>{about}: {full}</title><text x=\"{text_at:.0}\" y=\"{:.1}\" style=\"fill:#b00020\">{shown}</text></g>",
                    y + 4.0
                ),
            );
        }
    }
}

fn ratio_ticks(low: f64, high: f64) -> Vec<f64> {
    const CANDIDATES: [&[f64]; 3] = [
        &[0.8, 0.85, 0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1, 1.15, 1.2, 1.3],
        &[0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0],
        &[0.001, 0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0, 1000.0, 10000.0],
    ];
    let spread = high / low;
    let chosen = if spread < 1.6 {
        0
    } else if spread < 12.0 {
        1
    } else {
        2
    };
    CANDIDATES[chosen].iter().copied().filter(|tick| (low..=high).contains(tick)).collect()
}

/// A line of a chart; values must be above 0 where the axis is logarithmic.
pub struct Series {
    pub name: String,
    pub colour: &'static str,
    pub dashed: bool,
    pub points: Vec<Point>,
}

pub struct Point {
    pub x: f64,
    pub y: f64,
    /// A bar from one value to another.
    pub bar: Option<(f64, f64)>,
}

pub struct Chart {
    pub title: String,
    pub log_x: bool,
    pub log_y: bool,
    /// Whether each point gets a dot with its figures.
    pub dots: bool,
    pub x_ticks: Vec<(f64, String)>,
    pub y_ticks: Vec<(f64, String)>,
    pub series: Vec<Series>,
}

/// How a value becomes a place.
struct Axis {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, log: bool, from: f64, to: f64) -> Axis {
        let (mut low, mut high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if !log {
            low = 0.0;
            high *= 1.05;
        }
        if !(low.is_finite() && high > low) {
            (low, high) = if low.is_finite() && low > 0.0 { (low / 1.5, low * 1.5) } else { (0.0, 1.0) };
        }
        Axis { low, high, log, from, to }
    }

    fn at(&self, value: f64) -> f64 {
        let share = if self.log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + (self.to - self.from) * share
    }

    fn holds(&self, value: f64) -> bool {
        value >= self.low * 0.999 && value <= self.high * 1.001
    }
}

impl Chart {
    /// A small picture; several stand beside each other.
    pub fn draw(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let xs = points().map(|p| p.x).chain(self.x_ticks.iter().map(|t| t.0).filter(|_| self.dots));
        let x = Axis::over(xs, self.log_x, 58.0, 318.0);
        let ys = points().flat_map(|p| [p.y, p.bar.map_or(p.y, |b| b.0), p.bar.map_or(p.y, |b| b.1)]);
        let y = Axis::over(ys, self.log_y, 190.0, 28.0);
        let mut svg = open(330.0, 226.0);
        push(
            &mut svg,
            format_args!("<text x=\"58\" y=\"16\" style=\"font-weight:600\">{}</text>", escape(&self.title)),
        );
        self.draw_axes(&mut svg, &x, &y);
        for series in &self.series {
            draw_series(&mut svg, series, self.dots, &x, &y);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn draw_axes(&self, svg: &mut String, x: &Axis, y: &Axis) {
        for (value, text) in self.x_ticks.iter().filter(|(value, _)| x.holds(*value)) {
            let at = x.at(*value);
            push(
                svg,
                format_args!("<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"28\" y2=\"190\" stroke=\"#e8e8e8\"/>"),
            );
            push(
                svg,
                format_args!("<text x=\"{at:.1}\" y=\"206\" text-anchor=\"middle\">{}</text>", escape(text)),
            );
        }
        for (value, text) in self.y_ticks.iter().filter(|(value, _)| y.holds(*value)) {
            let at = y.at(*value);
            push(
                svg,
                format_args!("<line x1=\"58\" x2=\"318\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#e8e8e8\"/>"),
            );
            push(
                svg,
                format_args!(
                    "<text x=\"53\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                    at + 4.0,
                    escape(text)
                ),
            );
        }
    }
}

fn draw_series(svg: &mut String, series: &Series, dots: bool, x: &Axis, y: &Axis) {
    let path: Vec<String> =
        series.points.iter().map(|p| format!("{:.1},{:.1}", x.at(p.x), y.at(p.y))).collect();
    let (colour, name) = (series.colour, escape(&series.name));
    let dash = if series.dashed { " stroke-dasharray=\"4 3\"" } else { "" };
    push(
        svg,
        format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"{dash}><title>{name}</title></polyline>",
            path.join(" ")
        ),
    );
    if !dots || series.dashed {
        return;
    }
    for point in &series.points {
        let (px, py) = (x.at(point.x), y.at(point.y));
        if let Some((low, high)) = point.bar {
            let (low, high) = (y.at(low), y.at(high));
            push(
                svg,
                format_args!(
                    "<line x1=\"{px:.1}\" x2=\"{px:.1}\" y1=\"{low:.1}\" y2=\"{high:.1}\" stroke=\"{colour}\"/>"
                ),
            );
        }
        let figure = table::figure(point.y);
        push(
            svg,
            format_args!(
                "<circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"3.2\" fill=\"{colour}\"><title>{name}, {}: {figure}</title></circle>",
                point.x
            ),
        );
    }
}

fn open(width: f64, height: f64) -> String {
    format!(
        "<svg viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\">\n"
    )
}

fn push(svg: &mut String, element: std::fmt::Arguments) {
    // Writing to a String cannot fail.
    let _ = writeln!(svg, "{element}");
}
