//! Warnings that come from tokens: escape sequences that mean nothing, numbers run into keywords.

use crate::errors::Warning;
use crate::source::Source;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::{TextRange, TextSize};

/// Looks through the tokens of a source that was parsed.
pub(crate) fn warnings(source: &Source, tokens: &Tokens) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut previous: Option<(TokenKind, TextRange)> = None;
    for token in tokens {
        let (kind, range) = token.as_tuple();
        match kind {
            TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle => {
                let text = &source.text[range];
                if text.contains('\\') && !token.string_flags().is_some_and(|flags| flags.is_raw_string()) {
                    escapes(source, range, kind == TokenKind::String, &mut found);
                }
            }
            _ => {}
        }
        if let Some((number, before)) = previous
            && before.end() == range.start()
            && kind.is_keyword()
        {
            run_into_keyword(source, number, before, &mut found);
        }
        previous =
            matches!(kind, TokenKind::Int | TokenKind::Float | TokenKind::Complex).then_some((kind, range));
    }
    found
}

fn run_into_keyword(source: &Source, kind: TokenKind, number: TextRange, found: &mut Vec<Warning>) {
    let text = source.text[number].to_ascii_lowercase();
    let name = match kind {
        TokenKind::Complex => "imaginary",
        _ if text.starts_with("0x") => "hexadecimal",
        _ if text.starts_with("0o") => "octal",
        _ if text.starts_with("0b") => "binary",
        _ => "decimal",
    };
    let last = TextRange::empty(number.end() - TextSize::new(1));
    let text = Some(format!("{}\n", source.line_text(source.line(last.start()))));
    found.push(Warning { text, ..source.warning(format!("invalid {name} literal"), last) });
}

/// Backslashes in front of a character that needs none, and octal escapes beyond a byte.
fn escapes(source: &Source, range: TextRange, whole_literal: bool, found: &mut Vec<Warning>) {
    let text = &source.text[range];
    let mut is_bytes = false;
    let mut at = 0;
    if whole_literal {
        let quote = text.find(['\'', '"']).unwrap_or(0);
        is_bytes = text[..quote].contains(['b', 'B']);
        at = quote;
    }
    while let Some(next) = text[at..].find('\\') {
        let start = at + next;
        let Some(c) = text[start + 1..].chars().next() else {
            // The text before a field of an f-string.
            if source.text[range.end().to_usize()..].starts_with('{') {
                let place = range.start() + TextSize::new(start as u32);
                found.push(invalid(source, "{", "escape sequence", place));
            }
            return;
        };
        at = start + 1 + c.len_utf8();
        let octal = octal_escape(&text[start + 1..]);
        let known = matches!(c, '\n' | '\\' | '\'' | '"' | 'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | 'x')
            || (!is_bytes && matches!(c, 'N' | 'u' | 'U'));
        let shown = match octal {
            Some((digits, value)) if value > 0o377 => digits,
            Some(_) => continue,
            None if known => continue,
            None => &text[start + 1..at],
        };
        let what = if octal.is_some() { "octal escape sequence" } else { "escape sequence" };
        found.push(invalid(source, shown, what, range.start() + TextSize::new(start as u32)));
    }
}

/// The warning about a backslash at a place and what follows it.
fn invalid(source: &Source, shown: &str, what: &str, place: TextSize) -> Warning {
    let (fault, advice) = (
        format!("\"\\{shown}\" is an invalid {what}."),
        format!("Did you mean \"\\\\{shown}\"? A raw string is also an option."),
    );
    let message = format!("{fault} Such sequences will not work in the future. {advice}");
    let end = place + TextSize::new(1 + shown.len() as u32);
    Warning {
        error: Some(format!("{fault} {advice}")),
        text: Some(format!("{}\n", source.line_text(source.line(place)))),
        ..source.warning(message, TextRange::new(place, end))
    }
}

/// The digits of an octal escape and its value.
fn octal_escape(text: &str) -> Option<(&str, u32)> {
    let digits = text.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    (digits > 0).then(|| (&text[..digits], u32::from_str_radix(&text[..digits], 8).unwrap_or(0)))
}
