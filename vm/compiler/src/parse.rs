//! From text to syntax tree: calls the parser and turns its complaints into CPython's.

use crate::Mode;
use crate::errors::{Fault, Res};
use crate::source::Source;
use ruff_python_ast::{Mod, PythonVersion};
use ruff_python_parser::{ParseOptions, parse_unchecked};

/// Parses a source.
pub(crate) fn parse(source: &Source, mode: Mode) -> Res<Mod> {
    let parser_mode = match mode {
        Mode::Exec | Mode::Single => ruff_python_parser::Mode::Module,
        Mode::Eval => ruff_python_parser::Mode::Expression,
    };
    let options = ParseOptions::from(parser_mode).with_target_version(PythonVersion::PY314);
    let text = if mode == Mode::Eval { source.text.trim_start_matches([' ', '\t']) } else { &source.text };
    let parsed = parse_unchecked(text, options);
    if let Some(error) = parsed.errors().first() {
        let own = Fault::syntax(error.error.to_string(), error.location);
        return Err(crate::diagnose::explain(text, mode).unwrap_or(own));
    }
    if let Some(error) = parsed.unsupported_syntax_errors().first() {
        let own = Fault::syntax("invalid syntax", error.range);
        return Err(crate::diagnose::explain(text, mode).unwrap_or(own));
    }
    Ok(parsed.into_syntax())
}

/// Runs with a stack that is deep enough to let go of a deep tree.
pub(crate) fn with_deep_stack<T>(source: &Source, tree: Mod, work: impl FnOnce(&Mod) -> T) -> T {
    if source.text.len() < 20_000 {
        return work(&tree);
    }
    stacker::maybe_grow(64 << 20, 256 << 20, move || work(&tree))
}
