//! Printing exceptions as CPython does, warnings, and exceptions that cannot be raised.
//!
//! - `print.rs`: the text of an exception with its chain; `carets.rs`: what to underline in a source line
//! - `sample.rs`: frames of threads that cannot be asked
//! - `unraisable.rs`: exceptions that nobody can catch

mod carets;
mod print;
pub mod sample;
mod unraisable;

pub use print::{display, format_entries, format_exception, format_value, print_exception, source_line};
pub use unraisable::{unraisable, unraisable_args_class, unraisable_hook, unraisable_without_object};

use crate::objects::exception::PyException;
use crate::prelude::*;

/// Writes text to `sys.stderr`, or to the process's standard error if there is no such attribute yet. What goes wrong
/// there cannot be told anybody.
pub fn write_stderr(cx: &mut Cx, text: &str) {
    match cx.sys_dict().get_str(cx, cx.vm.names.stderr.get()) {
        Some(stream) if stream.value().is_none() => {}
        Some(stream) => {
            let text = cx.str(text);
            let _ = cx
                .call_method(stream.r(), "write", &[text.r()])
                .and_then(|_| cx.call_method(stream.r(), "flush", &[]));
        }
        None => {
            use std::io::Write;
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }
}

/// Issues a warning through `_warnings.warn`; prints it if that module cannot be imported.
///
/// # Errors
/// The warning itself, if a filter turns it into an exception.
pub fn warn(cx: &mut Cx, category: Builtin, message: &str) -> R<()> {
    let text = cx.str(message);
    if let Ok(module) = crate::import::import_module(cx, "_warnings") {
        let class = cx.builtin(category).as_ref();
        return cx.call_method(module.r(), "warn", &[text.r(), class]).map(drop);
    }
    let class = cx.builtin(category).name();
    write_stderr(cx, &format!("{class}: {message}\n"));
    Ok(())
}

/// The candidate nearest to `wrong`, by the rules of `traceback._compute_suggestion_error`.
pub fn suggestion(wrong: &str, candidates: &[String]) -> Option<String> {
    const MAX_CANDIDATES: usize = 750;
    const MAX_LENGTH: usize = 40;
    if candidates.len() > MAX_CANDIDATES || wrong.len() > MAX_LENGTH {
        return None;
    }
    let mut best: Option<(usize, &String)> = None;
    for candidate in candidates {
        if candidate == wrong {
            continue;
        }
        let mut limit = (candidate.chars().count() + wrong.chars().count() + 3) * MOVE_COST / 6;
        if let Some((cost, _)) = best {
            limit = limit.min(cost - 1);
        }
        let cost = edit_cost(wrong, candidate);
        if cost <= limit && best.is_none_or(|(top, _)| cost < top) {
            best = Some((cost, candidate));
        }
    }
    best.map(|(_, name)| name.clone())
}

const MOVE_COST: usize = 2;
const CASE_COST: usize = 1;

/// Edit distance in which a change of case costs half.
fn edit_cost(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).map(|i| i * MOVE_COST).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (i + 1) * MOVE_COST;
        for (j, y) in b.iter().enumerate() {
            let change = match x == y {
                true => 0,
                false if x.to_lowercase().eq(y.to_lowercase()) => CASE_COST,
                false => MOVE_COST,
            };
            let next = (diagonal + change).min(row[j] + MOVE_COST).min(row[j + 1] + MOVE_COST);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

/// The "Did you mean" part of an uncaught exception's message, empty if there is none.
fn hint(cx: &mut Cx, exception: Ref<'_>) -> String {
    let Some(e) = exception.downcast::<PyException>(cx) else { return String::new() };
    let Some(wrong) = e.fields[0].get(&e.h, cx).filter(|n| cx.is_exactly(n.r(), Builtin::Str)) else {
        return String::new();
    };
    let wrong = cx.text_of(wrong.r());
    let mut candidates = Vec::new();
    if cx.is_instance_of(exception, Builtin::AttributeError) {
        let Some(obj) = e.fields[1].get(&e.h, cx) else { return String::new() };
        if let Ok(Some(names)) = cx.try_special(Special::Dir, obj.r(), &[])
            && let Ok(names) = cx.collect(names.r())
        {
            candidates = names.iter().map(|n| cx.text_of(n.r())).collect();
        }
    } else if cx.is_instance_of(exception, Builtin::NameError) {
        candidates = names_in_reach(cx, e);
    } else if cx.is_instance_of(exception, Builtin::ImportError) {
        return import_hint(cx, e);
    } else {
        return String::new();
    }
    if !wrong.starts_with('_') {
        candidates.retain(|c| !c.starts_with('_'));
    }
    match suggestion(&wrong, &candidates) {
        Some(name) => format!(". Did you mean: '{name}'?"),
        None if cx.is_instance_of(exception, Builtin::NameError) && is_standard_module(&wrong) => {
            format!(". Did you forget to import '{wrong}'?")
        }
        None => String::new(),
    }
}

fn is_standard_module(name: &str) -> bool {
    crate::import::has_embedded(&format!("{name}.py"))
        || crate::import::has_embedded(&format!("{name}/__init__.py"))
        || ["sys", "time", "math", "itertools", "gc", "errno", "marshal", "atexit"].contains(&name)
}

fn import_hint(cx: &mut Cx, e: &PyException) -> String {
    let (Some(module), Some(wrong)) = (e.fields[0].get(&e.h, cx), e.fields[3].get(&e.h, cx)) else {
        return String::new();
    };
    let Some(module) = cx.modules().get_str(cx, module.r()) else { return String::new() };
    let Ok(Some(names)) = cx.try_special(Special::Dir, module.r(), &[]) else { return String::new() };
    let Ok(names) = cx.collect(names.r()) else { return String::new() };
    let names: Vec<String> = names.iter().map(|n| cx.text_of(n.r())).collect();
    let wrong = cx.text_of(wrong.r());
    suggestion(&wrong, &names).map(|name| format!(". Did you mean: '{name}'?")).unwrap_or_default()
}

/// Locals, globals and builtins of the frame in which the exception was raised.
fn names_in_reach(cx: &mut Cx, e: &PyException) -> Vec<String> {
    let entries = crate::objects::traceback::entries(cx, e.traceback.get(&e.h, cx));
    let Some(last) = entries.last() else { return Vec::new() };
    let Some(entry) = last.downcast::<crate::objects::traceback::PyTraceback>(cx) else { return Vec::new() };
    let frame = entry.frame();
    let mut names: Vec<String> = frame.locals(cx).iter().map(|(name, _)| cx.text_of(*name)).collect();
    for dict in [frame.function().globals_unchecked(), frame.function().builtins_unchecked()] {
        names.extend(dict.keys(cx).iter().map(|k| cx.text_of(k.r())));
    }
    names
}
