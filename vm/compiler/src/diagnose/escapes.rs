//! Escape sequences in string literals that cannot be decoded, in the words of Python's codecs.

use super::engine::{Engine, Node, TOKEN};
use crate::errors::Fault;
use ruff_text_size::{TextRange, TextSize};
use std::rc::Rc;

/// Checks the literals of an implicit concatenation.
pub(crate) fn check(engine: &Engine<'_>, parts: &Node) -> Result<(), Fault> {
    for part in parts.kids.iter().filter(|part| part.kind == TOKEN) {
        let token = engine.tokens.all[part.start];
        let text = engine.token_text(token);
        let Some(quote) = text.find(['\'', '"']) else { continue };
        let prefix = text[..quote].to_ascii_lowercase();
        if prefix.contains('r') {
            continue;
        }
        let size =
            if text[quote..].starts_with("'''") || text[quote..].starts_with("\"\"\"") { 3 } else { 1 };
        let body = &text[quote + size..text.len() - size];
        if let Some(what) = if prefix.contains('b') { bytes_error(body) } else { text_error(body) } {
            let range = TextRange::new(TextSize::new(token.start as u32), TextSize::new(token.end as u32));
            return Err(Fault::syntax(what, range));
        }
    }
    Ok(())
}

/// Checks the literal parts of an f-string or t-string.
pub(crate) fn check_formatted(engine: &Engine<'_>, kids: &[Rc<Node>]) -> Result<(), Fault> {
    let Some(first) = kids.first().filter(|first| first.kind == TOKEN) else { return Ok(()) };
    let opening = engine.token_text(engine.tokens.all[first.start]);
    if opening.contains(['r', 'R']) {
        return Ok(());
    }
    let middles = kids.iter().flat_map(|kid| &kid.kids).filter(|kid| kid.kind == TOKEN);
    for middle in middles {
        let token = engine.tokens.all[middle.start];
        if let Some(what) = text_error(engine.token_text(token)) {
            let range = TextRange::new(TextSize::new(token.start as u32), TextSize::new(token.end as u32));
            return Err(Fault::syntax(what, range));
        }
    }
    Ok(())
}

/// The codec's complaint about the text between the quotes.
pub(crate) fn text_error(body: &str) -> Option<String> {
    let bytes = body.as_bytes();
    let mut at = 0;
    // The codec counts positions in a form where characters beyond ASCII are ten bytes each.
    let mut position = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            let size = body[at..].chars().next().map_or(1, char::len_utf8);
            position += if size == 1 { 1 } else { 10 };
            at += size;
            continue;
        }
        let next = *bytes.get(at + 1)?;
        let wanted = match next {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            b'N' => {
                let (size, problem) = named_character(&body[at..]);
                if let Some(problem) = problem {
                    return Some(unicode_error(position, position + size, problem));
                }
                at += size;
                position += size;
                continue;
            }
            _ => {
                let size = 1 + body[at + 1..].chars().next().map_or(1, char::len_utf8);
                at += size;
                position += size;
                continue;
            }
        };
        let digits = bytes[at + 2..].iter().take(wanted).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits < wanted {
            let shape = match next {
                b'x' => "\\xXX",
                b'u' => "\\uXXXX",
                _ => "\\UXXXXXXXX",
            };
            return Some(unicode_error(
                position,
                position + 2 + digits,
                &format!("truncated {shape} escape"),
            ));
        }
        if next == b'U' && u32::from_str_radix(&body[at + 2..at + 10], 16).is_ok_and(|code| code > 0x10_FFFF)
        {
            return Some(unicode_error(position, position + 10, "illegal Unicode character"));
        }
        at += 2 + wanted;
        position += 2 + wanted;
    }
    None
}

/// Size of a `\N{...}` escape, and what is wrong with it.
fn named_character(text: &str) -> (usize, Option<&'static str>) {
    if !text[2..].starts_with('{') {
        return (2, Some("malformed \\N character escape"));
    }
    match text.find('}') {
        None => (text.len(), Some("malformed \\N character escape")),
        Some(3) => (4, Some("malformed \\N character escape")),
        Some(end) if unicode_names2::character(&text[3..end]).is_none() => {
            (end + 1, Some("unknown Unicode character name"))
        }
        Some(end) => (end + 1, None),
    }
}

fn unicode_error(from: usize, to: usize, problem: &str) -> String {
    let place = if to - from == 1 {
        format!("byte 0x5c in position {from}")
    } else {
        format!("bytes in position {from}-{}", to - 1)
    };
    format!("(unicode error) 'unicodeescape' codec can't decode {place}: {problem}")
}

fn bytes_error(body: &str) -> Option<String> {
    let bytes = body.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        if bytes.get(at + 1) == Some(&b'x') {
            let digits = bytes[at + 2..].iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).count();
            if digits < 2 {
                return Some(format!("(value error) invalid \\x escape at position {at}"));
            }
        }
        at += 2;
    }
    None
}
