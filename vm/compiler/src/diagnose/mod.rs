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
use crate::errors::{ErrorKind, Fault, FaultEnd, Res};
use engine::Engine;
use ruff_text_size::{TextRange, TextSize};
use tokens::{Kind, Tokenizer, Tokens};

/// Why a source is wrong; `None` if nothing is found to be.
pub(crate) fn explain(text: &str, mode: Mode) -> Option<Fault> {
    let mut reached = Reached::default();
    let mut fault = explain_inner(text, mode, &mut reached)?;
    // Expressions get no newline at their end, so what follows the backslash is not one.
    if mode == Mode::Eval && text.ends_with('\\') && fault.message == "unexpected EOF while parsing" {
        let end = TextRange::empty(TextSize::new(text.len() as u32 - 1));
        fault = Fault::syntax("unexpected character after line continuation character", end)
            .ending(FaultEnd::Zero);
    }
    let line = fault.range.map_or(0, |range| line_of(text, range.start().to_usize().min(text.len())));
    // Only of modules is the last line completed by a newline.
    let is_unended = mode != Mode::Exec && !text.ends_with('\n') && line == line_of(text, text.len());
    // A bracket that stays open is noticed at the end.
    let is_open = fault.kind == ErrorKind::SyntaxError && fault.end == FaultEnd::Zero;
    let seen = if is_open { text.lines().count().max(1) - 1 } else { reached.line };
    let bare_line = fault.bare_line || line < seen || is_unended;
    Some(Fault { in_bytes: false, incomplete: reached.end, bare_line, ..fault })
}

/// How the error begins that a quote which its line does not close brings; more lines would not mend it.
const UNENDED_LINE: &str = "unterminated string literal";

/// Whether the source is wrong since a line does not close a quote, nor goes on in the next one.
fn is_unended_line(tokens: &Tokens, text: &str) -> bool {
    let error = tokens.error.as_ref();
    error.is_some_and(|error| error.message.starts_with(UNENDED_LINE)) && !text.ends_with("\\\n")
}

/// What a right interactive source lacks if no newline ends its last line. The end of the source stands for one: that of the
/// last statement of a block on the line of its `:`, so that the block itself has none; an indented block ends there, unless
/// the end `implies_dedent` no more.
pub(crate) fn check_ended(text: &str, implies_dedent: bool) -> Option<Fault> {
    const COMPOUND: [&str; 9] = ["if", "for", "while", "with", "try", "def", "class", "async", "@"];
    if text.ends_with('\n') {
        return None;
    }
    let mut ended = text.to_owned();
    ended.push('\n');
    let tokens = Tokenizer::run(&ended).all;
    let word = |token: &tokens::Token| ended.get(token.start..token.end).unwrap_or_default();
    let is_written = |token: &tokens::Token| !matches!(token.kind, Kind::Newline | Kind::Dedent | Kind::End);
    let last = tokens.iter().rposition(is_written)?;
    let is_compound =
        tokens.iter().find(|token| is_written(token)).is_some_and(|t| COMPOUND.contains(&word(t)));
    let indented = tokens[..last].iter().map(|token| match token.kind {
        Kind::Indent => 1,
        Kind::Dedent => -1,
        _ => 0,
    });
    let whole = if indented.sum::<i32>() > 0 { implies_dedent } else { !is_compound };
    let end = TextRange::empty(TextSize::new(text.len() as u32));
    (!whole).then(|| Fault { incomplete: true, ..Fault::syntax("invalid syntax", end) })
}

/// How far the parser came.
#[derive(Default)]
struct Reached {
    /// It came to the end of the source before it met an error.
    end: bool,
    /// The line, from 0, of the last token it had seen.
    line: usize,
}

fn explain_inner(text: &str, mode: Mode, reached: &mut Reached) -> Option<Fault> {
    if text.is_empty() {
        let fault = Fault::nowhere(ErrorKind::SyntaxError, "invalid syntax");
        return Some(fault.ending(FaultEnd::Empty));
    }
    let mut text = text.to_owned();
    let added_newline = !text.ends_with('\n');
    if added_newline {
        text.push('\n');
    }
    let tokens = tokenize(&text, mode, added_newline);
    let grammar = notation::grammar();
    let start = grammar.rule(match mode {
        Mode::Exec => "file",
        Mode::Eval => "eval",
        Mode::Single => "interactive",
    });
    let mut engine = Engine::new(grammar, &text, &tokens);
    let last_line =
        |fill: usize| line_of(&text, tokens.all.get(fill.max(1) - 1).map_or(0, |token| token.start));
    let first = engine.rule(start);
    reached.line = last_line(engine.fill);
    reached.end = match tokens.all.get(engine.fill.max(1) - 1) {
        Some(_) if engine.fill == tokens.all.len() && (tokens.error.is_none() || first.is_err()) => tokens
            .error
            .as_ref()
            .is_none_or(|error| tokens.at_end && !error.message.starts_with(UNENDED_LINE)),
        // A newline that is there is not the end.
        Some(token) => {
            token.kind == Kind::End
                || token.is_virtual
                || token.kind != Kind::Newline && token.start + 1 >= text.len()
        }
        None => tokens.error.is_none() || tokens.at_end && !is_unended_line(&tokens, &text),
    };
    match first {
        Ok(Some(_)) if mode == Mode::Single && more_than_one(&engine) => {
            let what = "multiple statements found while compiling a single statement";
            return Some(actions::last_token(&engine, what));
        }
        Ok(Some(_)) => return None,
        Err(fault) => return Some(prefer_tokenizer(fault, &tokens, &text, last_line(engine.fill))),
        Ok(None) => {}
    }
    let last = engine.fill;
    engine.explain();
    let second = engine.rule(start);
    reached.line = last_line(engine.fill);
    if let Err(fault) = second {
        return Some(prefer_tokenizer(fault, &tokens, &text, last_line(engine.fill)));
    }
    let token = *tokens.all.get(last.max(1) - 1)?;
    let indentation = |what: &str| Fault {
        kind: ErrorKind::IndentationError,
        ..actions::last_token_at(&engine, last, what)
    };
    match token.kind {
        Kind::Indent => return Some(indentation("unexpected indent")),
        Kind::Dedent => return Some(indentation("unexpected unindent")),
        _ => {}
    }
    let fault = actions::at_token(token, "invalid syntax");
    Some(prefer_tokenizer(fault, &tokens, &text, last_line(engine.fill)))
}

/// Only for modules does CPython complete the last line; elsewhere its end is a token without a place.
fn tokenize(text: &str, mode: Mode, added_newline: bool) -> Tokens {
    let mut tokens = Tokenizer::run(text);
    if mode == Mode::Exec {
        // The end is on the last line that there is.
        for token in tokens.all.iter_mut().filter(|token| token.kind == Kind::End) {
            token.start = token.start.min(text.len() - 1);
        }
        return tokens;
    }
    tokens.unended = added_newline;
    if mode == Mode::Single
        && let Some(end) = tokens.all.pop_if(|token| token.kind == Kind::End)
    {
        // The end of interactive input also ends its last line.
        tokens.all.push(tokens::Token {
            kind: Kind::Newline,
            is_virtual: true,
            start: text.len() - 1,
            ..end
        });
        tokens.all.push(end);
    }
    for token in &mut tokens.all {
        let is_end = token.kind == Kind::End;
        if is_end || (added_newline && token.kind == Kind::Newline && token.end == text.len()) {
            token.is_virtual = true;
            token.start = token.start.min(text.len() - 1);
        }
    }
    tokens
}

/// Whether anything but blank lines and comments follows the statement.
fn more_than_one(engine: &Engine<'_>) -> bool {
    let rest = &engine.tokens.all[engine.mark.min(engine.tokens.all.len())..];
    rest.iter().any(|token| !matches!(token.kind, Kind::Newline | Kind::Dedent | Kind::End))
        || engine.tokens.error.is_some()
}

/// Brackets or blocks nested more deeply than CPython's tokenizer allows. A rough count comes first, so that ordinary
/// sources are not tokenized twice.
pub(crate) fn check_depth(text: &str) -> Option<Fault> {
    const BRACKETS: i32 = 200;
    const COLUMNS: usize = 99;
    let (mut depth, mut deepest) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    let indented =
        |line: &str| line.len() > COLUMNS && line[..COLUMNS].bytes().all(|byte| matches!(byte, b' ' | b'\t'));
    if deepest <= BRACKETS
        && !text.lines().any(|line| line.is_char_boundary(COLUMNS.min(line.len())) && indented(line))
    {
        return None;
    }
    let mut text = text.to_owned();
    text.push('\n');
    let error = Tokenizer::run(&text).error?;
    let too_deep =
        matches!(error.message.as_str(), "too many nested parentheses" | "too many levels of indentation");
    too_deep.then_some(Fault { in_bytes: false, ..error })
}

/// Indentation that depends on the width of a tab; the parser does not mind it.
pub(crate) fn check_tabs(text: &str) -> Option<Fault> {
    let mixes = |line: &str| {
        let indentation = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        indentation.contains('\t')
    };
    if !text.contains('\t') || !text.lines().any(mixes) {
        return None;
    }
    let mut text = text.to_owned();
    text.push('\n');
    let error = Tokenizer::run(&text).error.filter(|fault| fault.kind == ErrorKind::TabError)?;
    Some(Fault { in_bytes: false, ..error })
}

/// What is wrong with an interactive source that the parser takes for a module.
pub(crate) fn check_single(text: &str) -> Option<Fault> {
    explain(text, Mode::Single)
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count()
}

/// An error of the tokenizer further on counts for more than one of the parser.
fn prefer_tokenizer(fault: Fault, tokens: &Tokens, text: &str, line: usize) -> Fault {
    if let Some(error) = &tokens.error {
        return if tokens.error_in_string { fault } else { of_tokenizer(error) };
    }
    match tokens.open.last() {
        Some(&open) if line > line_of(text, open.1) => never_closed(open),
        _ => fault,
    }
}

/// What a parser that wants more tokens than there are is told.
fn end_fault(tokens: &Tokens, text: &str) -> Fault {
    if let Some(error) = &tokens.error {
        return of_tokenizer(error);
    }
    match tokens.open.last() {
        Some(&open) => never_closed(open),
        None => {
            let end = TextRange::empty(TextSize::new(text.len() as u32));
            Fault::syntax("unexpected EOF while parsing", end)
        }
    }
}

/// Errors of the tokenizer show the line without its newline, those about indentation excepted.
fn of_tokenizer(error: &Fault) -> Fault {
    let of_parser = ["unexpected EOF", "unexpected character after line", "too many levels"]
        .iter()
        .any(|start| error.message.starts_with(start));
    Fault { bare_line: error.kind == ErrorKind::SyntaxError && !of_parser, ..error.clone() }
}

/// A bracket that stays open, and its place.
fn never_closed((bracket, place): (u8, usize)) -> Fault {
    let what = format!("'{}' was never closed", char::from(bracket));
    let range = TextRange::empty(TextSize::new(place as u32));
    Fault::new(ErrorKind::SyntaxError, what, range).ending(FaultEnd::Zero)
}

/// Under `from __future__ import barry_as_FLUFL` (PEP 401): the text with `!=` for each `<>`, which is as long.
///
/// # Errors
/// `!=` is not allowed then.
pub(crate) fn without_diamonds(text: &str) -> Res<Option<String>> {
    const FEATURE: &str = "barry_as_FLUFL";
    if !text.contains(FEATURE) {
        return Ok(None);
    }
    let mut complete = text.to_owned();
    complete.push('\n');
    let tokens = Tokenizer::run(&complete).all;
    let word = |at: usize| tokens.get(at).map(|token| &complete[token.start..token.end]);
    let is_import = |at: usize| {
        let first = tokens[..at].iter().rposition(|token| token.kind == Kind::Newline).map_or(0, |at| at + 1);
        (0..3).map(|n| word(first + n)).eq(["from", "__future__", "import"].map(Some))
    };
    let import = (0..tokens.len()).find(|&at| word(at) == Some(FEATURE) && is_import(at));
    let Some(import) = import else { return Ok(None) };
    let mut text = text.to_owned();
    for token in tokens[import..].iter().filter(|token| token.kind == Kind::Op) {
        match &complete[token.start..token.end] {
            "<>" => text.replace_range(token.start..token.end, "!="),
            "!=" => {
                let range =
                    TextRange::new(TextSize::new(token.start as u32), TextSize::new(token.end as u32));
                let fault = Fault::syntax("with Barry as BDFL, use '<>' instead of '!='", range);
                return Err(Fault { in_bytes: false, ..fault });
            }
            _ => {}
        }
    }
    Ok(Some(text))
}
