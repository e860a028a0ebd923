//! The tokenizer of the second look: CPython's tokens, and CPython's complaints about characters, numbers, strings,
//! indentation and brackets.
//!
//! It stops at the first complaint; the parser meets it when it gets that far.

use super::numbers;
use crate::errors::{ErrorKind, Fault, FaultEnd};
use ruff_text_size::{TextRange, TextSize};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Number,
    String,
    Op,
    Newline,
    Indent,
    Dedent,
    End,
    FStringStart,
    FStringMiddle,
    FStringEnd,
    TStringStart,
    TStringMiddle,
    TStringEnd,
}

/// A token; `start` and `end` are byte offsets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// Open brackets around it.
    pub level: usize,
    /// Stands for something that is not in the text: the end of a line or of the source.
    pub is_virtual: bool,
}

/// Tokens up to the end or up to the first error.
pub(crate) struct Tokens {
    pub all: Vec<Token>,
    pub error: Option<Fault>,
    /// The error is inside an f-string, and does not count for more than one of the parser.
    pub error_in_string: bool,
    /// The last line had no newline, and none is thought to be there.
    pub unended: bool,
    /// The error is that the source ends.
    pub at_end: bool,
    /// Brackets that are open at the end, outermost first: character and place.
    pub open: Vec<(u8, usize)>,
}

const MAX_LEVEL: usize = 200;
const MAX_INDENT: usize = 100;

/// An f-string or t-string that is being read.
struct Mode {
    quote: u8,
    triple: bool,
    raw: bool,
    is_template: bool,
    start: usize,
    /// Number of open brackets at each open `{`, innermost last.
    fields: Vec<usize>,
    /// For each open field: whether its format spec has begun.
    in_spec: Vec<bool>,
}

pub(crate) struct Tokenizer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
    open: Vec<(u8, usize)>,
    indents: Vec<(usize, usize)>,
    modes: Vec<Mode>,
    /// Where the comment at the end of the line begins; the newline behind it is thought to begin there.
    comment: Option<usize>,
}

type Lex<T = ()> = Result<T, Fault>;

/// An error that the tokenizer reports at a single column: the character before `at`.
pub(crate) fn fault_before(text: &str, message: String, at: usize) -> Fault {
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = text[line_start..at].char_indices().next_back().map_or(at, |(index, _)| line_start + index);
    fault_at(message, before)
}

pub(crate) fn fault_at(message: String, at: usize) -> Fault {
    let place = TextRange::empty(TextSize::new(at as u32));
    Fault::new(ErrorKind::SyntaxError, message, place).ending(FaultEnd::Start)
}

impl<'a> Tokenizer<'a> {
    /// Tokens of a text that ends in a newline.
    pub fn run(text: &'a str) -> Tokens {
        let mut tokenizer = Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            tokens: Vec::new(),
            open: Vec::new(),
            indents: vec![(0, 0)],
            modes: Vec::new(),
            comment: None,
        };
        let error = tokenizer.all().err();
        let error_in_string = !tokenizer.modes.is_empty();
        let at_end = tokenizer.at >= text.len();
        Tokens { all: tokenizer.tokens, error, error_in_string, at_end, unended: false, open: tokenizer.open }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let level = self.open.len();
        self.tokens.push(Token { kind, start, end, level, is_virtual: false });
    }

    fn all(&mut self) -> Lex {
        let mut at_line_start = true;
        loop {
            if at_line_start && self.modes.is_empty() && self.indentation()? {
                continue;
            }
            at_line_start = false;
            if self
                .modes
                .last()
                .is_some_and(|mode| mode.fields.is_empty() || mode.in_spec.last() == Some(&true))
            {
                self.middle()?;
                continue;
            }
            self.skip_blanks()?;
            if self.at >= self.bytes.len() {
                self.end();
                return Ok(());
            }
            if self.bytes[self.at] == b'\n' {
                if self.open.is_empty() {
                    if self.tokens.last().is_some_and(|token| !matches!(token.kind, Kind::Newline)) {
                        let start = self.comment.unwrap_or(self.at);
                        self.push(Kind::Newline, start, self.at + 1);
                    }
                    at_line_start = true;
                }
                self.at += 1;
                continue;
            }
            self.token()?;
        }
    }

    /// At the end of the text; brackets that are still open are for the parser to report.
    fn end(&mut self) {
        if !self.open.is_empty() {
            return;
        }
        let end = self.bytes.len();
        while self.indents.len() > 1 {
            self.indents.pop();
            self.push(Kind::Dedent, end, end);
        }
        self.push(Kind::End, end, end);
    }

    /// Measures a line's indentation; true if the line is blank and was skipped.
    fn indentation(&mut self) -> Lex<bool> {
        let (mut column, mut alternative) = (0, 0);
        let start = self.at;
        // Of a line that is continued right away, the blanks before the backslash count, if there are any.
        let mut continued = 0;
        loop {
            match self.peek(0) {
                b' ' => (column, alternative) = (column + 1, alternative + 1),
                b'\t' => (column, alternative) = ((column / 8 + 1) * 8, alternative + 1),
                b'\x0c' => (column, alternative) = (0, 0),
                b'\\' if self.peek(1) == b'\n' => {
                    continued = if continued == 0 { column } else { continued };
                    self.at += 2;
                    if self.at >= self.bytes.len() {
                        return Err(self.ends_in_backslash());
                    }
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        if continued != 0 {
            (column, alternative) = (continued, continued);
        }
        match self.bytes.get(self.at) {
            None => return Ok(false),
            Some(b'#') => {
                while self.at < self.bytes.len() && self.bytes[self.at] != b'\n' {
                    self.at += 1;
                }
                self.at += 1;
                return Ok(self.at <= self.bytes.len());
            }
            Some(b'\n') => {
                self.at += 1;
                return Ok(true);
            }
            _ => {}
        }
        if !self.open.is_empty() {
            return Ok(false);
        }
        let (top, top_alternative) = self.indents[self.indents.len() - 1];
        let line_end = self.text[self.at..].find('\n').map_or(self.bytes.len(), |end| self.at + end);
        if column == top {
            if alternative != top_alternative {
                return Err(self.tab_error(start));
            }
        } else if column > top {
            if self.indents.len() >= MAX_INDENT {
                let place = TextRange::empty(TextSize::new(start as u32));
                return Err(Fault::new(ErrorKind::IndentationError, "too many levels of indentation", place)
                    .ending(FaultEnd::Zero));
            }
            if alternative <= top_alternative {
                return Err(self.tab_error(start));
            }
            self.indents.push((column, alternative));
            self.push(Kind::Indent, start, self.at);
        } else {
            while self.indents.len() > 1 && column < self.indents[self.indents.len() - 1].0 {
                self.indents.pop();
                self.push(Kind::Dedent, self.at, self.at);
            }
            let (top, top_alternative) = self.indents[self.indents.len() - 1];
            if column != top {
                let place = TextRange::empty(TextSize::new(line_end as u32));
                let what = "unindent does not match any outer indentation level";
                return Err(Fault::new(ErrorKind::IndentationError, what, place).ending(FaultEnd::Minus));
            }
            if alternative != top_alternative {
                return Err(self.tab_error(start));
            }
        }
        Ok(false)
    }

    fn tab_error(&self, line_start: usize) -> Fault {
        let place = TextRange::empty(TextSize::new(line_start as u32));
        Fault::new(ErrorKind::TabError, "inconsistent use of tabs and spaces in indentation", place)
            .ending(FaultEnd::Zero)
    }

    /// A backslash that continues the last line.
    fn ends_in_backslash(&self) -> Fault {
        if let Some(&bracket) = self.open.last() {
            return super::never_closed(bracket);
        }
        let place = TextRange::empty(TextSize::new(self.at as u32 - 1));
        Fault::syntax("unexpected EOF while parsing", place).ending(FaultEnd::Minus)
    }

    /// Spaces, comments and continued lines.
    fn skip_blanks(&mut self) -> Lex {
        self.comment = None;
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\x0c' => self.at += 1,
                b'#' => {
                    self.comment = Some(self.at);
                    while self.at < self.bytes.len() && self.bytes[self.at] != b'\n' {
                        self.at += 1;
                    }
                }
                b'\\' if self.at < self.bytes.len() => {
                    if self.peek(1) != b'\n' {
                        let place = TextRange::empty(TextSize::new(self.at as u32 + 1));
                        let what = "unexpected character after line continuation character";
                        return Err(Fault::syntax(what, place).ending(FaultEnd::Zero));
                    }
                    self.at += 2;
                    if self.at >= self.bytes.len() {
                        return Err(self.ends_in_backslash());
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn token(&mut self) -> Lex {
        let start = self.at;
        let c = self.bytes[start];
        if c.is_ascii_alphabetic() || c == b'_' || c >= 0x80 {
            return self.name();
        }
        if c.is_ascii_digit() || (c == b'.' && self.peek(1).is_ascii_digit()) {
            let end = numbers::scan(self.text, start)?;
            self.at = end;
            self.push(Kind::Number, start, end);
            return Ok(());
        }
        match c {
            b'\'' | b'"' => self.string(start, start),
            b'(' | b'[' | b'{' => self.open_bracket(c),
            b')' | b']' | b'}' => self.close_bracket(c),
            _ => self.operator(c),
        }
    }

    fn name(&mut self) -> Lex {
        let start = self.at;
        while self.at < self.bytes.len() {
            let c = self.bytes[self.at];
            if c.is_ascii_alphanumeric() || c == b'_' || c >= 0x80 {
                self.at += 1;
            } else {
                break;
            }
        }
        let word = &self.text[start..self.at];
        if matches!(self.peek(0), b'\'' | b'"') && is_prefix(word) {
            self.check_prefix(word, start)?;
            return self.string(start, self.at);
        }
        super::identifiers::check(self.text, start, self.at)?;
        self.push(Kind::Name, start, self.at);
        Ok(())
    }

    fn check_prefix(&self, word: &str, start: usize) -> Lex {
        let has = |c: char| word.contains(c) || word.contains(c.to_ascii_uppercase());
        for (a, b) in [('u', 'b'), ('u', 'r'), ('u', 'f'), ('u', 't'), ('b', 'f'), ('b', 't'), ('f', 't')] {
            if has(a) && has(b) {
                let what = format!("'{a}' and '{b}' prefixes are incompatible");
                let range = TextRange::new(TextSize::new(start as u32), TextSize::new(self.at as u32));
                return Err(Fault::syntax(what, range));
            }
        }
        Ok(())
    }

    /// A string; `start` is that of its prefix, `quote_at` that of its quote.
    fn string(&mut self, start: usize, quote_at: usize) -> Lex {
        let prefix = self.text[start..quote_at].to_ascii_lowercase();
        let quote = self.bytes[quote_at];
        let triple =
            self.bytes.get(quote_at + 1) == Some(&quote) && self.bytes.get(quote_at + 2) == Some(&quote);
        self.at = quote_at + if triple { 3 } else { 1 };
        if prefix.contains(['f', 't']) {
            let is_template = prefix.contains('t');
            let raw = prefix.contains('r');
            self.push(if is_template { Kind::TStringStart } else { Kind::FStringStart }, start, self.at);
            self.modes.push(Mode { quote, triple, raw, is_template, start, fields: vec![], in_spec: vec![] });
            return Ok(());
        }
        let mut escaped_quote = false;
        loop {
            match self.bytes.get(self.at) {
                Some(b'\\') => {
                    escaped_quote |= self.bytes.get(self.at + 1) == Some(&quote);
                    self.at += 2;
                }
                Some(b'\n') if !triple => {
                    return Err(self.unterminated(start, triple, escaped_quote, "string"));
                }
                None => return Err(self.unterminated(start, triple, escaped_quote, "string")),
                Some(&c) if c == quote => {
                    let closes = !triple
                        || (self.bytes.get(self.at + 1) == Some(&quote)
                            && self.bytes.get(self.at + 2) == Some(&quote));
                    self.at += if triple && closes { 3 } else { 1 };
                    if closes {
                        self.push(Kind::String, start, self.at);
                        return Ok(());
                    }
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn unterminated(&self, start: usize, triple: bool, escaped_quote: bool, what: &str) -> Fault {
        // A quote inside a field that could have ended the string around it: the field was not closed.
        if let Some(mode) = self.modes.last()
            && what == "string"
            && mode.quote == self.bytes[self.text[start..].find(['\'', '"']).map_or(start, |at| start + at)]
            && mode.triple == triple
        {
            let letter = if mode.is_template { 't' } else { 'f' };
            return fault_at(format!("{letter}-string: expecting '}}'"), start);
        }
        let until = self.at.min(self.bytes.len());
        // The newline that was added at the end of the text is no line of its own.
        let newlines = self.bytes[..until].iter().filter(|byte| **byte == b'\n').count();
        let line = if triple || until == self.bytes.len() { newlines.max(1) } else { newlines + 1 };
        let quotes = if triple { "triple-quoted " } else { "" };
        let hint = if escaped_quote && !triple { "; perhaps you escaped the end quote?" } else { "" };
        fault_at(format!("unterminated {quotes}{what} literal (detected at line {line}){hint}"), start)
    }

    /// The text of an f-string up to the next field or its end; in a format spec, up to the end of that.
    fn middle(&mut self) -> Lex {
        let mode = self.modes.last().expect("inside a string");
        let (quote, triple, raw, template, start) =
            (mode.quote, mode.triple, mode.raw, mode.is_template, mode.start);
        let in_spec = !mode.fields.is_empty();
        let (middle, end_kind) = if template {
            (Kind::TStringMiddle, Kind::TStringEnd)
        } else {
            (Kind::FStringMiddle, Kind::FStringEnd)
        };
        let text_start = self.at;
        let letter = if template { 't' } else { 'f' };
        loop {
            let Some(&c) = self.bytes.get(self.at) else {
                return Err(self.unterminated(start, triple, false, &format!("{letter}-string")));
            };
            let at_quote = c == quote
                && (!triple
                    || (self.bytes.get(self.at + 1) == Some(&quote)
                        && self.bytes.get(self.at + 2) == Some(&quote)));
            if at_quote {
                if self.at > text_start {
                    self.push(middle, text_start, self.at);
                }
                if in_spec {
                    // The quote ends the string although a field is open.
                    let fields = &mut self.modes.last_mut().expect("inside a string").in_spec;
                    *fields.last_mut().expect("in a field") = false;
                }
                let size = if triple { 3 } else { 1 };
                self.push(end_kind, self.at, self.at + size);
                self.at += size;
                self.modes.pop();
                return Ok(());
            }
            match c {
                b'\n' if !triple && in_spec => {
                    let what = format!(
                        "{letter}-string: newlines are not allowed in format specifiers for single quoted {letter}-strings"
                    );
                    return Err(fault_at(what, self.at));
                }
                b'\n' if !triple => {
                    return Err(self.unterminated(start, triple, false, &format!("{letter}-string")));
                }
                b'{' if self.peek(1) == b'{' && !in_spec => self.at += 2,
                b'{' => {
                    if self.at > text_start {
                        self.push(middle, text_start, self.at);
                    }
                    return self.open_bracket(b'{').map(|()| {
                        let depth = self.open.len();
                        let mode = self.modes.last_mut().expect("inside a string");
                        mode.fields.push(depth);
                        mode.in_spec.push(false);
                    });
                }
                b'}' if in_spec => {
                    // What ends a spec is a token even if it is empty.
                    self.push(middle, text_start, self.at);
                    *self.modes.last_mut().expect("inside").in_spec.last_mut().expect("in a field") = false;
                    return Ok(());
                }
                b'}' if self.peek(1) == b'}' => self.at += 2,
                b'}' => {
                    let what = format!("{letter}-string: single '}}' is not allowed");
                    return Err(fault_before(self.text, what, self.at + 1));
                }
                b'\\' if !raw && self.peek(1) == b'N' && self.peek(2) == b'{' => {
                    let rest = &self.text[self.at..];
                    let end = rest.find(['}', '\n', char::from(quote)]);
                    self.at += end.filter(|&end| rest.as_bytes()[end] == b'}').map_or(3, |end| end + 1);
                }
                b'\\' => {
                    self.at += 1;
                    if !matches!(self.peek(0), b'{' | b'}') && self.at < self.bytes.len() {
                        self.at += 1;
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    fn open_bracket(&mut self, c: u8) -> Lex {
        if self.open.len() >= MAX_LEVEL {
            return Err(fault_before(self.text, "too many nested parentheses".into(), self.at + 1));
        }
        let at = self.at;
        self.at += 1;
        self.push(Kind::Op, at, at + 1);
        self.open.push((c, at));
        Ok(())
    }

    fn close_bracket(&mut self, c: u8) -> Lex {
        let at = self.at;
        let inside_field = self.modes.last().and_then(|mode| mode.fields.last().copied());
        let Some(&(opening, place)) = self.open.last() else {
            return Err(fault_before(self.text, format!("unmatched '{}'", char::from(c)), at + 1));
        };
        let matches = matches!((opening, c), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
        if !matches {
            // In a field, a bracket that was not opened there.
            if let (Some(depth), Some(mode)) = (inside_field, self.modes.last())
                && depth == self.open.len()
            {
                let letter = if mode.is_template { 't' } else { 'f' };
                return Err(fault_before(
                    self.text,
                    format!("{letter}-string: unmatched '{}'", char::from(c)),
                    at + 1,
                ));
            }
            let (a, b) = (char::from(c), char::from(opening));
            let line = |at: usize| self.bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            let what = if line(place) == line(at) {
                format!("closing parenthesis '{a}' does not match opening parenthesis '{b}'")
            } else {
                format!(
                    "closing parenthesis '{a}' does not match opening parenthesis '{b}' on line {}",
                    line(place)
                )
            };
            return Err(fault_before(self.text, what, at + 1));
        }
        self.open.pop();
        self.at += 1;
        self.push(Kind::Op, at, at + 1);
        if inside_field == Some(self.open.len() + 1) {
            let mode = self.modes.last_mut().expect("inside a string");
            mode.fields.pop();
            mode.in_spec.pop();
        }
        Ok(())
    }

    fn operator(&mut self, c: u8) -> Lex {
        const OPERATORS: [&str; 43] = [
            "**=", "//=", "<<=", ">>=", "...", "<>", "!=", "==", "<=", ">=", "->", ":=", "+=", "-=", "*=",
            "/=", "%=", "&=", "|=", "^=", "@=", "**", "//", "<<", ">>", "+", "-", "*", "/", "%", "&", "|",
            "^", "~", "<", ">", "=", ".", ",", ";", ":", "@", "!",
        ];
        let start = self.at;
        // In a field of an f-string `:` begins the format spec, and `!=` is told from a conversion.
        if let Some(mode) = self.modes.last_mut()
            && mode.fields.last() == Some(&self.open.len())
        {
            if c == b':' {
                *mode.in_spec.last_mut().expect("in a field") = true;
                self.at += 1;
                self.push(Kind::Op, start, start + 1);
                return Ok(());
            }
            if c == b'!' && self.peek(1) != b'=' {
                self.at += 1;
                self.push(Kind::Op, start, start + 1);
                return Ok(());
            }
        }
        let rest = &self.text[start..];
        match OPERATORS.iter().find(|op| rest.starts_with(**op)) {
            Some(op) => {
                self.at += op.len();
                self.push(Kind::Op, start, self.at);
                Ok(())
            }
            None => {
                let what = if c.is_ascii_control() {
                    format!("invalid non-printable character U+{:04X}", c)
                } else if matches!(c, b'$' | b'?' | b'`') {
                    // These are tokens that no rule knows.
                    self.at += 1;
                    self.push(Kind::Op, start, self.at);
                    return Ok(());
                } else {
                    format!("invalid character '{}' (U+{:04X})", char::from(c), c)
                };
                Err(fault_before(self.text, what, start + 1))
            }
        }
    }
}

/// Letters that may stand before a quote, in any combination (wrong ones are complained about).
fn is_prefix(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let mut letters: Vec<char> = lower.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() == lower.len() && letters.iter().all(|c| matches!(c, 'b' | 'f' | 'r' | 't' | 'u'))
}
