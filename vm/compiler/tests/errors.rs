//! Compares what is said about wrong sources with what CPython says: `tests/errors/sources.txt` and `expected.txt`
//! (recorded by `record.py` there).

use std::fmt::Write;
use ungil_compiler::{Mode, Options, compile};

/// Reads a string literal as Python's `ascii()` writes it.
fn unquote(literal: &str) -> String {
    let inner = &literal[1..literal.len() - 1];
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let kind = chars.next().expect("an escape");
        let digits = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            'n' | 't' | 'r' => {
                out.push(match kind {
                    'n' => '\n',
                    't' => '\t',
                    _ => '\r',
                });
                continue;
            }
            other => {
                out.push(other);
                continue;
            }
        };
        let hex: String = chars.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&hex, 16).expect("hexadecimal digits");
        out.push(char::from_u32(code).expect("a character"));
    }
    out
}

fn outcome(mode: &str, source: &str) -> (String, String) {
    let mode = match mode {
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        _ => Mode::Exec,
    };
    match compile(source, "<source>", mode, &Options::default()) {
        Ok(_) => ("ok".into(), String::new()),
        Err(e) => {
            let place = format!("{:?} {} {} {} {}", e.kind, e.line, e.offset, e.end_line, e.end_offset);
            (place, e.message)
        }
    }
}

#[test]
fn errors_are_those_of_cpython() {
    let sources = include_str!("errors/sources.txt").lines();
    let expected = include_str!("errors/expected.txt").lines();
    let mut wrong = String::new();
    let (mut count, mut differing) = (0, 0);
    for (source, expected) in sources.zip(expected) {
        let (mode, literal) = source.split_once(' ').expect("a mode and a literal");
        let (place, message) = match expected.split_once(['\'', '"']) {
            None => (expected, String::new()),
            Some((place, _)) => (place.trim_end(), unquote(&expected[place.len()..])),
        };
        let found = outcome(mode, &unquote(literal));
        count += 1;
        if (found.0.as_str(), found.1.as_str()) != (place, message.as_str()) {
            differing += 1;
            let _ = writeln!(
                wrong,
                "{literal} ({mode})\n  CPython: {place} {message}\n  here:    {} {}",
                found.0, found.1
            );
        }
    }
    assert!(count > 400, "only {count} sources");
    assert!(differing == 0, "{differing} of {count} differ:\n{wrong}");
}
