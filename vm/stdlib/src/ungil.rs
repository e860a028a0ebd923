//! `_ungil`: what tests want to know of the VM itself: states and counts of objects, counters, and how to force what
//! otherwise happens some time.
//!
//! Counts and states are what they are at the moment; a thread that asks about an object that others use gets a snapshot.

use std::io::Write;
use ungil_locks::stats::{self, Counts, SITES, Stat};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::add_functions;
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("collect", "($module, /)", Full(collect)),
    ("counts", "($module, obj, /)", Leaf(counts)),
    ("model", "($module, /)", Leaf(|cx, _| Ok(cx.str(ungil_locks::model::NAME)))),
    ("quiesce", "($module, /)", Full(quiesce)),
    ("state", "($module, obj, /)", Leaf(state)),
    ("stats", "($module, /)", Leaf(statistics)),
];

/// The variable that names the file for the counters at the end.
const VARIABLE: &str = "UNGIL_STATS";

/// "immediate", "immortal", "hub", "published" or "confined".
fn state(cx: &Cx, a: Args<'_>) -> R {
    let name = match a.get(0).header() {
        None => "immediate",
        Some(h) if h.is_immortal() => "immortal",
        Some(h) if h.is_hub() => "hub",
        Some(h) if h.is_published() => "published",
        Some(_) => "confined",
    };
    Ok(cx.str(name))
}

/// The references to an object as its header has them: their number, and what the model keeps besides. None for a value
/// that is never counted.
fn counts(cx: &Cx, a: Args<'_>) -> R {
    match a.get(0).header() {
        None => Ok(cx.none()),
        Some(h) => Ok(record(cx, h.counts())),
    }
}

/// A point at which this thread borrows nothing, as in a busy loop: it answers what others ask, and what has waited for
/// such a point is done.
fn quiesce(cx: &mut Cx, _: Args<'_>) -> R {
    cx.safepoint()?;
    cx.run_pending();
    Ok(cx.none())
}

/// A collection of cycles, without the callbacks of `gc`; how many unreachable objects there were.
fn collect(cx: &mut Cx, _: Args<'_>) -> R {
    let found = ungil_runtime::collection::run_full(cx);
    Ok(cx.int(found as i64))
}

/// The counters of all threads together, and of each; None in a build without them.
fn statistics(cx: &Cx, _: Args<'_>) -> R {
    let Some((sum, each)) = stats::report() else { return Ok(cx.none()) };
    let threads = each.iter().map(|counts| report(cx, counts)).collect();
    let made = report(cx, &sum);
    if let Some(dict) = made.downcast::<PyDict>(cx) {
        dict.set_str(cx, cx.str("model").r(), cx.str(ungil_locks::model::NAME));
        dict.set_str(cx, cx.str("threads").r(), cx.list(threads));
    }
    Ok(made)
}

fn report(cx: &Cx, counts: &Counts) -> Obj {
    let numbers = Stat::ALL.iter().zip(&counts.numbers).map(|(stat, &n)| (stat.name(), n as i64));
    let made = record(cx, numbers);
    if let Some(dict) = made.downcast::<PyDict>(cx) {
        for kind in SITES {
            let lines = counts.sites.iter().filter(|(name, ..)| *name == kind);
            let lines = record(cx, lines.map(|(_, line, n)| (line.as_str(), *n as i64)));
            dict.set_str(cx, cx.str(kind).r(), lines);
        }
    }
    made
}

fn record<'a>(cx: &Cx, entries: impl IntoIterator<Item = (&'a str, i64)>) -> Obj {
    let made = PyDict::new(cx);
    if let Some(dict) = made.downcast::<PyDict>(cx) {
        for (name, n) in entries {
            dict.set_str(cx, cx.str(name).r(), cx.int(n));
        }
    }
    made
}

/// At the end of the program: writes the counters as JSON to the file that `UNGIL_STATS` names, if it is set.
pub fn write_stats() {
    let Some(file) = std::env::var_os(VARIABLE).filter(|file| !file.is_empty()) else { return };
    let written = match stats::report() {
        None => Err("the program was built without the feature `stats`".to_owned()),
        Some((sum, each)) => {
            let threads: Vec<String> = each.iter().map(Counts::to_json).collect();
            let text = format!(
                "{{\"model\": \"{}\", \"total\": {}, \"threads\": [{}]}}\n",
                ungil_locks::model::NAME,
                sum.to_json(),
                threads.join(", ")
            );
            std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))
        }
    };
    if let Err(why) = written {
        eprintln!("ungil: {VARIABLE}: {why}");
    }
}

/// At the end of the program: writes what each thread did and when to the file of `-X timeline=FILE`, if it was given.
pub fn write_timeline(cx: &Cx) {
    let Some(file) = &cx.vm.config.timeline else { return };
    if !cx.world.records_timeline() {
        return;
    }
    let written = std::fs::File::create(file).and_then(|file| {
        let mut out = std::io::BufWriter::new(file);
        cx.world.write_timeline(&mut out)?;
        out.flush()
    });
    if let Err(error) = written {
        // There is nobody else to tell.
        let _ = writeln!(std::io::stderr(), "ungil: -X timeline: {file}: {error}");
    }
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    Ok(())
}
