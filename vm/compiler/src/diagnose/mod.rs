//! Explains a source that the parser rejected, in CPython's words and at CPython's place.
//!
//! The parser that compiles is made for speed and recovery, and its complaints are its own. So a rejected source is
//! looked at again: `tokens` splits it as CPython's tokenizer does, with its errors; `engine` runs the grammar of
//! `grammar.txt` over the tokens; if that fails too, it runs once more with rules that recognise common mistakes. This
//! is the procedure of CPython's `_PyPegen_run_parser`. Runs only for wrong sources, so it need not be fast.

mod actions;
mod engine;
mod escapes;
mod identifiers;
mod notation;
mod numbers;
mod tokens;

use crate::Mode;
use crate::errors::{ErrorKind, Fault, FaultEnd};
use engine::Engine;
use ruff_text_size::{TextRange, TextSize};
use tokens::{Kind, Tokenizer, Tokens};

/// Why a source is wrong; `None` if nothing is found to be.
pub(crate) fn explain(text: &str, mode: Mode) -> Option<Fault> {
    let mut text = text.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let tokens = Tokenizer::run(&text);
    let grammar = notation::grammar();
    let start = grammar.rule(match mode {
        Mode::Exec => "file",
        Mode::Eval => "eval",
        Mode::Single => "interactive",
    });
    let mut engine = Engine::new(grammar, &text, &tokens);
    let first_line =
        |fill: usize| line_of(&text, tokens.all.get(fill.max(1) - 1).map_or(0, |token| token.start));
    match engine.rule(start) {
        Ok(Some(_)) => return None,
        Err(fault) => {
            return Some(prefer_tokenizer(fault, &tokens, &text, first_line(engine.fill), engine.fill));
        }
        Ok(None) => {}
    }
    let last = engine.fill;
    engine.explain();
    if let Err(fault) = engine.rule(start) {
        return Some(prefer_tokenizer(fault, &tokens, &text, first_line(engine.fill), engine.fill));
    }
    let token = *tokens.all.get(last.max(1) - 1)?;
    let indentation =
        |what: &str| Fault { kind: ErrorKind::IndentationError, ..actions::at_token(token, what) };
    match token.kind {
        Kind::Indent => return Some(indentation("unexpected indent")),
        Kind::Dedent => return Some(indentation("unexpected unindent")),
        _ => {}
    }
    let fault = actions::at_token(token, "invalid syntax");
    Some(prefer_tokenizer(fault, &tokens, &text, first_line(engine.fill), engine.fill))
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count()
}

/// An error of the tokenizer further on counts for more than one of the parser.
fn prefer_tokenizer(fault: Fault, tokens: &Tokens, text: &str, line: usize, _fill: usize) -> Fault {
    if let Some(error) = &tokens.error {
        return error.clone();
    }
    match tokens.open.last() {
        Some(&(_, place)) if line > line_of(text, place) => never_closed(tokens),
        _ => fault,
    }
}

/// What a parser that wants more tokens than there are is told.
fn end_fault(tokens: &Tokens, text: &str) -> Fault {
    if let Some(error) = &tokens.error {
        return error.clone();
    }
    if tokens.open.is_empty() {
        let end = TextRange::empty(TextSize::new(text.len() as u32));
        return Fault::syntax("unexpected EOF while parsing", end);
    }
    never_closed(tokens)
}

fn never_closed(tokens: &Tokens) -> Fault {
    let (bracket, place) = tokens.open[tokens.open.len() - 1];
    let what = format!("'{}' was never closed", char::from(bracket));
    Fault::new(ErrorKind::IncompleteInput, what, TextRange::empty(TextSize::new(place as u32)))
        .ending(FaultEnd::Zero)
}
