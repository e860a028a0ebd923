//! Number literals for the lexer.

use super::lexer::{Lexed, Lexer, Problem};

/// Takes a number at the place.
///
/// # Errors
/// `SyntaxError` for what looks like a number and is none.
pub fn number(lexer: &mut Lexer) -> Lexed<()> {
    let second = lexer.peek(1).map(|c| c.to_ascii_lowercase());
    let radix = match (lexer.peek(0), second) {
        (Some('0'), Some('x')) => Some((16, "hexadecimal")),
        (Some('0'), Some('o')) => Some((8, "octal")),
        (Some('0'), Some('b')) => Some((2, "binary")),
        _ => None,
    };
    match radix {
        Some((radix, name)) => with_radix(lexer, radix, name),
        None => decimal(lexer),
    }
}

fn is_digit(c: Option<char>, radix: u32) -> bool {
    c.is_some_and(|c| c.is_digit(radix))
}

fn with_radix(lexer: &mut Lexer, radix: u32, name: &str) -> Lexed<()> {
    lexer.pos += 2;
    loop {
        if lexer.peek(0) == Some('_') {
            lexer.pos += 1;
        }
        if !is_digit(lexer.peek(0), radix) {
            check_digit(lexer, name)?;
            return lexer.error(format!("invalid {name} literal"));
        }
        while is_digit(lexer.peek(0), radix) {
            lexer.pos += 1;
        }
        if lexer.peek(0) != Some('_') {
            break;
        }
    }
    check_digit(lexer, name)?;
    check_end(lexer, name)
}

/// Complains of a decimal digit that the radix does not have.
fn check_digit(lexer: &mut Lexer, name: &str) -> Lexed<()> {
    match lexer.peek(0) {
        Some(c) if c.is_ascii_digit() => {
            lexer.pos += 1;
            lexer.error(format!("invalid digit '{c}' in {name} literal"))
        }
        _ => Ok(()),
    }
}

/// Takes decimal digits, with single underscores between them.
fn digits(lexer: &mut Lexer) -> Lexed<()> {
    loop {
        while is_digit(lexer.peek(0), 10) {
            lexer.pos += 1;
        }
        if lexer.peek(0) != Some('_') {
            return Ok(());
        }
        lexer.pos += 1;
        if !is_digit(lexer.peek(0), 10) {
            return lexer.error("invalid decimal literal");
        }
    }
}

fn decimal(lexer: &mut Lexer) -> Lexed<()> {
    let start = lexer.pos;
    let leading_zero = lexer.peek(0) == Some('0');
    if lexer.peek(0) != Some('.') {
        digits(lexer)?;
    }
    let whole = lexer.pos;
    let mut is_int = true;
    if lexer.peek(0) == Some('.') {
        is_int = false;
        lexer.pos += 1;
        if is_digit(lexer.peek(0), 10) {
            digits(lexer)?;
        }
    }
    if matches!(lexer.peek(0), Some('e' | 'E')) {
        let sign = matches!(lexer.peek(1), Some('+' | '-')) as usize;
        if is_digit(lexer.peek(1 + sign), 10) {
            is_int = false;
            lexer.pos += 1 + sign;
            digits(lexer)?;
        } else if sign == 1 {
            lexer.pos += 2;
            return lexer.error("invalid decimal literal");
        }
    }
    if matches!(lexer.peek(0), Some('j' | 'J')) {
        lexer.pos += 1;
        return check_end(lexer, "imaginary");
    }
    let digits = &lexer.text[start..whole];
    let zeros = digits.iter().take_while(|&&c| c == '0' || c == '_').count();
    if is_int && leading_zero && zeros < digits.len() && !lexer.extra {
        let message = "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers";
        let (line, column) = lexer.position(start);
        return Err(Problem::Syntax {
            message: message.into(),
            line,
            column: column + 1,
            end: column + zeros + 1,
        });
    }
    check_end(lexer, "decimal")
}

/// Complains of a name right behind a number, unless it is a keyword that may be there.
fn check_end(lexer: &mut Lexer, name: &str) -> Lexed<()> {
    if lexer.extra {
        return Ok(());
    }
    let rest = &lexer.text[lexer.pos..];
    let word: String =
        rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_' || !c.is_ascii()).collect();
    let keywords = ["and", "else", "for", "if", "in", "is", "or", "not"];
    if word.is_empty() || keywords.iter().any(|keyword| word.starts_with(keyword)) {
        return Ok(());
    }
    lexer.error(format!("invalid {name} literal"))
}
