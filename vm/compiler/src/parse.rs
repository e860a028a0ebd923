//! From text to syntax tree: calls the parser and turns its complaints into CPython's.

use crate::Mode;
use crate::errors::{Fault, Res, Warning};
use crate::source::Source;
use ruff_python_ast::{Mod, PythonVersion};
use ruff_python_parser::{ParseOptions, parse_unchecked};

/// Parses a source.
pub(crate) fn parse(source: &Source, mode: Mode) -> Res<(Mod, Vec<Warning>)> {
    let parser_mode = match mode {
        Mode::Exec | Mode::Single => ruff_python_parser::Mode::Module,
        Mode::Eval => ruff_python_parser::Mode::Expression,
    };
    let options = ParseOptions::from(parser_mode).with_target_version(PythonVersion::PY314);
    let text = &source.text;
    if let Some(fault) = crate::diagnose::check_depth(text) {
        return Err(fault);
    }
    // The parser takes a byte order mark for granted, which decoding has removed from files.
    if text.starts_with('\u{FEFF}')
        && let Some(fault) = crate::diagnose::explain(text, mode)
    {
        return Err(fault);
    }
    if mode == Mode::Eval
        && text.starts_with([' ', '\t'])
        && let Some(fault) = crate::diagnose::explain(text, mode)
    {
        return Err(fault);
    }
    let parsed = parse_unchecked(text, options);
    if let Some(error) = parsed.errors().first() {
        let own = Fault::syntax("invalid syntax", error.location);
        return Err(crate::diagnose::explain(text, mode).unwrap_or(own));
    }
    if let Some(error) = parsed.unsupported_syntax_errors().first() {
        let own = Fault::syntax("invalid syntax", error.range);
        return Err(crate::diagnose::explain(text, mode).unwrap_or(own));
    }
    if let Some(fault) = crate::diagnose::check_tabs(text) {
        return Err(fault);
    }
    let warnings = crate::escapes::warnings(source, parsed.tokens());
    let tree = parsed.into_syntax();
    if mode == Mode::Single
        && !is_one_simple_statement(&tree)
        && let Some(fault) = crate::diagnose::check_single(text)
    {
        return Err(fault);
    }
    Ok((tree, warnings))
}

/// The common case of interactive input, which needs no closer look.
fn is_one_simple_statement(tree: &Mod) -> bool {
    let Mod::Module(module) = tree else { return false };
    module.body.len() == 1 && !ruff_python_ast::helpers::is_compound_statement(&module.body[0])
}
