//! Draws who runs, waits or blocks when: a lane for each thread, a picture for each recording.

use std::fmt::Write as _;

use super::escape;
use crate::record::Record;
use crate::timeline::Recording;

/// The colours of what a thread does, by the names in the recording.
const COLOURS: &[(&str, &str)] = &[
    ("runs", "#2e8b57"),
    ("waits for the GIL", "#d1495b"),
    ("waits to attach", "#e8963e"),
    ("waits for a lock", "#8a5cb8"),
    ("stands still", "#444"),
    ("stops the world", "#0b6fb8"),
    ("blocks", "#dcdcdc"),
    ("not recorded", "#fff3b0"),
];
const LEFT: f64 = 80.0;
const WIDTH: f64 = 900.0;
const LANE: f64 = 18.0;

/// All recordings with their legend.
pub fn write(body: &mut String, record: &Record) -> std::fmt::Result {
    if record.timelines.is_empty() {
        return Ok(());
    }
    writeln!(body, "<h2>Who runs when: a thread that computes (1) beside threads over pipes</h2>")?;
    write!(body, "<p class=\"note\">")?;
    for (name, colour) in COLOURS {
        write!(body, "<span style=\"color:{colour}\">■</span> {name} &nbsp; ")?;
    }
    writeln!(body, "</p>")?;
    for recording in &record.timelines {
        write_one(body, recording)?;
    }
    Ok(())
}

fn write_one(body: &mut String, recording: &Recording) -> std::fmt::Result {
    let height = 26.0 + LANE * recording.lanes.len() as f64 + 18.0;
    writeln!(
        body,
        "<svg viewBox=\"0 0 1000 {height:.0}\" width=\"1000\" height=\"{height:.0}\" role=\"img\">\n\
         <text x=\"{LEFT}\" y=\"16\" style=\"font-weight:600\">{}, {}</text>",
        escape(&recording.runner),
        escape(&recording.benchmark)
    )?;
    for (index, lane) in recording.lanes.iter().enumerate() {
        let y = 24.0 + LANE * index as f64;
        let middle = y + LANE - 6.0;
        writeln!(
            body,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">thread {}</text>",
            LEFT - 8.0,
            lane.thread
        )?;
        // One path for each colour: a rectangle for each span would make the page large.
        for (name, colour) in COLOURS {
            let mut path = String::new();
            for (start, length, _) in lane.spans.iter().filter(|(_, _, what)| what == name) {
                let (x, width) = (LEFT + start / recording.window * WIDTH, length / recording.window * WIDTH);
                write!(path, "M{x:.2} {y}h{width:.2}v{}h-{width:.2}z", LANE - 4.0)?;
            }
            if !path.is_empty() {
                writeln!(body, "<path d=\"{path}\" fill=\"{colour}\"><title>{name}</title></path>")?;
            }
        }
    }
    let bottom = height - 4.0;
    for tick in 0..=5 {
        let share = f64::from(tick) / 5.0;
        let (x, ms) = (LEFT + share * WIDTH, share * recording.window / 1000.0);
        writeln!(body, "<text x=\"{x:.1}\" y=\"{bottom}\" text-anchor=\"middle\">{ms:.0} ms</text>")?;
    }
    writeln!(body, "</svg>")
}
