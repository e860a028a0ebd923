//! From text to syntax tree: calls the parser and turns its complaints into CPython's.

use crate::Mode;
use crate::errors::{Fault, Res, Warning};
use crate::source::Source;
use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{Mod, PythonVersion, Stmt};
use ruff_python_parser::{ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};
use std::collections::HashMap;

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
    let replaced = crate::diagnose::without_diamonds(text)?;
    let parsed = parse_unchecked(replaced.as_deref().unwrap_or(text), options);
    if let Some(error) = parsed.errors().first() {
        let own = Fault::syntax("invalid syntax", error.location);
        let mut fault = crate::diagnose::explain(text, mode).unwrap_or(own);
        if fault.message == "invalid syntax" || fault.message.contains("Perhaps you forgot a comma") {
            let before = fault.range.map_or(TextSize::new(0), |range| range.start());
            fault.last_statement = Some(last_statement(parsed.syntax(), parsed.tokens(), text, before));
        }
        return Err(fault);
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

/// Parses a text that was written from a tree.
pub(crate) fn parse_written(source: &Source, mode: Mode, names: &HashMap<String, String>) -> Res<Mod> {
    let parser_mode = match mode {
        Mode::Exec | Mode::Single => ruff_python_parser::Mode::Module,
        Mode::Eval => ruff_python_parser::Mode::Expression,
    };
    let options = ParseOptions::from(parser_mode).with_target_version(PythonVersion::PY314);
    let parsed = parse_unchecked(&source.text, options);
    if let Some(error) = parsed.errors().first() {
        return Err(Fault::syntax(misplaced(&source.text, error.location), error.location));
    }
    let mut tree = parsed.into_syntax();
    crate::written::rename(&mut tree, names);
    Ok(tree)
}

/// What is wrong with a tree that no source has.
fn misplaced(text: &str, at: TextRange) -> &'static str {
    let rest = text.get(at.start().to_usize()..).unwrap_or_default();
    match rest.starts_with('*') {
        true => "can't use starred expression here",
        false => "invalid syntax",
    }
}

/// Where the last statement that ends as a statement must, before a place, starts.
fn last_statement(tree: &Mod, tokens: &Tokens, text: &str, before: TextSize) -> Option<TextSize> {
    struct Finder<'a> {
        text: &'a str,
        tokens: &'a Tokens,
        before: TextSize,
        found: Option<TextRange>,
    }
    impl<'a> StatementVisitor<'a> for Finder<'_> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            let range = stmt.range();
            let rest = self.text[range.end().to_usize()..].trim_start_matches([' ', '\t']);
            let ends = rest.is_empty() || rest.starts_with(['\n', ';', '#']);
            let is_last = self.found.is_none_or(|found| range.end() > found.end());
            if ends && range.end() <= self.before && is_last && !is_inside_brackets(self.tokens, range.end())
            {
                self.found = Some(range);
            }
            walk_stmt(self, stmt);
        }
    }
    let mut finder = Finder { text, tokens, before, found: None };
    if let Mod::Module(module) = tree {
        finder.visit_body(&module.body);
    }
    finder.found.map(|range| range.start())
}

/// Whether a bracket is open behind a place: the parser closes statements there to go on.
fn is_inside_brackets(tokens: &Tokens, place: TextSize) -> bool {
    use TokenKind::{Lbrace, Lpar, Lsqb, Rbrace, Rpar, Rsqb};
    let before = tokens.iter().take_while(|token| token.end() <= place);
    let depth: i32 = before
        .map(|token| match token.kind() {
            Lpar | Lsqb | Lbrace => 1,
            Rpar | Rsqb | Rbrace => -1,
            _ => 0,
        })
        .sum();
    depth > 0
}

/// The common case of interactive input, which needs no closer look.
fn is_one_simple_statement(tree: &Mod) -> bool {
    let Mod::Module(module) = tree else { return false };
    module.body.len() == 1 && !ruff_python_ast::helpers::is_compound_statement(&module.body[0])
}
