//! From lines of source to tokens, as CPython's tokenizer makes them for the library's `tokenize`.
//!
//! The text is taken in line by line, whenever a token needs more of it. Within f-strings the lexer has two modes: of
//! literal text (`strings.rs`) and of expressions, which are like other source.

use super::numbers;
use super::strings::Nested;
use super::token::{self, operator};
use ungil_runtime::objects::str::unicode;
use ungil_runtime::prelude::*;

/// Deepest indentation and deepest nesting of brackets.
const MAX_INDENT: usize = 100;
const MAX_LEVEL: usize = 200;
/// Columns from one tab stop to the next.
const TAB_SIZE: usize = 8;

/// A token: its kind and its place in the text.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: i64,
    pub start: usize,
    pub end: usize,
}

/// What is wrong with the source.
#[derive(Debug)]
pub enum Problem {
    /// A `SyntaxError`: the message, the line by number, and the columns of its place.
    Syntax { message: String, line: usize, column: usize, end: usize },
    /// An error of the class that concerns the whole line.
    Line { class: Builtin, message: &'static str, line: usize },
    /// The source ends too early; the column.
    End { column: usize },
    /// Reading it has failed.
    Raised(Err),
}

impl From<Err> for Problem {
    fn from(err: Err) -> Problem {
        Problem::Raised(err)
    }
}

pub type Lexed<T> = Result<T, Problem>;

/// Gives the next line, `None` at the end.
pub type ReadLine<'r> = dyn FnMut(&mut Cx) -> R<Option<String>> + 'r;

/// See the module's head.
pub struct Lexer {
    /// All lines read so far, each with its newline.
    pub text: Vec<char>,
    /// Where each line begins.
    pub lines: Vec<usize>,
    /// The last line had no newline of its own.
    pub newline_added: bool,
    at_end: bool,
    pub pos: usize,
    /// Where the token begins that is being read.
    pub start: usize,
    /// Comments and empty lines are tokens, and much is let through that is not the language.
    pub extra: bool,
    at_line_start: bool,
    blank_line: bool,
    /// Columns of the indentations, counted with tabs of eight and of one.
    indents: Vec<(usize, usize)>,
    /// Indents, or as a negative number dedents, that are to be given out.
    pending: isize,
    /// Open brackets and where they are.
    pub brackets: Vec<(char, usize)>,
    /// f-strings around the place.
    pub nested: Vec<Nested>,
    pub finished: bool,
}

impl Lexer {
    pub fn new(extra: bool) -> Lexer {
        Lexer {
            text: Vec::new(),
            lines: Vec::new(),
            newline_added: false,
            at_end: false,
            pos: 0,
            start: 0,
            extra,
            at_line_start: true,
            blank_line: false,
            indents: vec![(0, 0)],
            pending: 0,
            brackets: Vec::new(),
            nested: Vec::new(),
            finished: false,
        }
    }

    /// The character `n` behind the place, if its line has been read.
    pub fn peek(&self, n: usize) -> Option<char> {
        self.text.get(self.pos + n).copied()
    }

    /// Whether there is a character at the place, reading another line if need be.
    pub fn more(&mut self, cx: &mut Cx, read: &mut ReadLine<'_>) -> Lexed<bool> {
        if self.pos < self.text.len() {
            return Ok(true);
        }
        if self.at_end {
            return Ok(false);
        }
        let line = read(cx)?.filter(|line| !line.is_empty());
        let Some(line) = line else {
            self.at_end = true;
            return Ok(false);
        };
        // The mark of UTF-8 at the front is no part of the source.
        let line = if self.lines.is_empty() { line.trim_start_matches('\u{feff}').to_string() } else { line };
        self.lines.push(self.text.len());
        if let Some(n) = line.find('\0') {
            let column = 0;
            self.text.extend(line[..n].chars().chain(['\n']));
            let message = "source code cannot contain null bytes".into();
            return Err(Problem::Syntax { message, line: self.lines.len(), column, end: column });
        }
        self.text.extend(line.chars());
        if !line.ends_with('\n') {
            self.text.push('\n');
            self.newline_added = true;
        }
        Ok(true)
    }

    /// The number of the line at a place, from 1 on, and the column there.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|&start| start <= at).max(1);
        (line, at - self.lines.get(line - 1).copied().unwrap_or(0))
    }

    /// A `SyntaxError` that ends at the place.
    pub fn error<T>(&self, message: impl Into<String>) -> Lexed<T> {
        self.error_at(self.pos.saturating_sub(1), message)
    }

    /// A `SyntaxError` at the character `at`.
    pub fn error_at<T>(&self, at: usize, message: impl Into<String>) -> Lexed<T> {
        let (line, column) = self.position(at);
        Err(Problem::Syntax { message: message.into(), line, column: column + 1, end: column + 1 })
    }

    /// An error of the line that is being read.
    fn line_error<T>(&self, class: Builtin, message: &'static str) -> Lexed<T> {
        Err(Problem::Line { class, message, line: self.position(self.pos).0 })
    }

    pub fn token(&self, kind: i64) -> Token {
        Token { kind, start: self.start, end: self.pos }
    }

    /// The next token.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn next(&mut self, cx: &mut Cx, read: &mut ReadLine<'_>) -> Lexed<Token> {
        if self.nested.last().is_some_and(|nested| nested.in_text)
            && let Some(token) = self.nested_text(cx, read)?
        {
            return Ok(token);
        }
        loop {
            if self.at_line_start {
                self.at_line_start = false;
                self.indentation(cx, read)?;
            }
            if self.pending != 0 {
                return Ok(self.take_pending());
            }
            if let Some(token) = self.plain(cx, read)? {
                return Ok(token);
            }
        }
    }

    fn take_pending(&mut self) -> Token {
        if self.pending < 0 {
            self.pending += 1;
            return Token { kind: token::DEDENT, start: self.pos, end: self.pos };
        }
        self.pending -= 1;
        let (line, _) = self.position(self.pos);
        Token { kind: token::INDENT, start: self.lines[line - 1], end: self.pos }
    }

    /// Measures the indentation of a line.
    fn indentation(&mut self, cx: &mut Cx, read: &mut ReadLine<'_>) -> Lexed<()> {
        let (mut column, mut other, mut continued) = (0, 0, None);
        self.blank_line = false;
        loop {
            if !self.more(cx, read)? {
                break;
            }
            match self.text[self.pos] {
                ' ' => (column, other) = (column + 1, other + 1),
                '\t' => (column, other) = ((column / TAB_SIZE + 1) * TAB_SIZE, other + 1),
                '\x0c' => (column, other) = (0, 0),
                '\\' => {
                    // What is in front of the first continued line counts.
                    continued.get_or_insert((column, other));
                    self.continuation(cx, read)?;
                    continue;
                }
                _ => break,
            }
            self.pos += 1;
        }
        let at_end = self.pos >= self.text.len();
        let first = self.peek(0);
        if !at_end && (first == Some('\n') || first == Some('#') || self.peek_newline() > 0) {
            self.blank_line = true;
            return Ok(());
        }
        if !self.brackets.is_empty() {
            return Ok(());
        }
        let here = if at_end { (0, 0) } else { continued.unwrap_or((column, other)) };
        self.compare_indentation(here)
    }

    fn compare_indentation(&mut self, (column, other): (usize, usize)) -> Lexed<()> {
        const INCONSISTENT: &str = "inconsistent use of tabs and spaces in indentation";
        let &(top, top_other) = self.indents.last().unwrap_or(&(0, 0));
        if column > top {
            if self.indents.len() >= MAX_INDENT {
                return self.line_error(Builtin::IndentationError, "too many levels of indentation");
            }
            if other <= top_other {
                return self.line_error(Builtin::TabError, INCONSISTENT);
            }
            self.indents.push((column, other));
            self.pending += 1;
            return Ok(());
        }
        while self.indents.last().is_some_and(|indent| column < indent.0) {
            self.indents.pop();
            self.pending -= 1;
        }
        let &(top, top_other) = self.indents.last().unwrap_or(&(0, 0));
        if column != top {
            const UNMATCHED: &str = "unindent does not match any outer indentation level";
            return self.line_error(Builtin::IndentationError, UNMATCHED);
        }
        if other != top_other {
            return self.line_error(Builtin::TabError, INCONSISTENT);
        }
        Ok(())
    }

    /// Characters that the newline at the place takes, 0 if there is none.
    pub fn peek_newline(&self) -> usize {
        match (self.peek(0), self.peek(1)) {
            (Some('\n'), _) => 1,
            (Some('\r'), Some('\n')) => 2,
            _ => 0,
        }
    }

    /// Takes a backslash and the newline behind it.
    fn continuation(&mut self, cx: &mut Cx, read: &mut ReadLine<'_>) -> Lexed<()> {
        self.pos += 1;
        match self.peek_newline() {
            0 => {
                const MESSAGE: &str = "unexpected character after line continuation character";
                self.line_error(Builtin::SyntaxError, MESSAGE)
            }
            n => {
                self.pos += n;
                if self.more(cx, read)? {
                    return Ok(());
                }
                let line = self.lines.last().copied().unwrap_or(0);
                Err(Problem::End { column: self.text.len() - line })
            }
        }
    }

    /// A token of plain source; `None` if a line has ended that is none.
    fn plain(&mut self, cx: &mut Cx, read: &mut ReadLine<'_>) -> Lexed<Option<Token>> {
        loop {
            while matches!(self.peek(0), Some(' ' | '\t' | '\x0c')) {
                self.pos += 1;
            }
            self.start = self.pos;
            if !self.more(cx, read)? {
                return self.end().map(Some);
            }
            let c = self.text[self.pos];
            if c == '#' {
                let length = self.text[self.pos..].iter().position(|&c| c == '\n').unwrap_or(0);
                self.pos += length;
                if self.pos > self.start && self.text[self.pos - 1] == '\r' {
                    self.pos -= 1;
                }
                if self.extra {
                    return Ok(Some(self.token(token::COMMENT)));
                }
            } else if self.peek_newline() > 0 {
                return Ok(self.newline());
            } else if c == '\\' {
                self.continuation(cx, read)?;
            } else if let Some(token) = self.name(cx, read)? {
                return Ok(Some(token));
            } else if c.is_ascii_digit() || c == '.' && self.peek(1).is_some_and(|c| c.is_ascii_digit()) {
                numbers::number(self)?;
                return Ok(Some(self.token(token::NUMBER)));
            } else if c == '"' || c == '\'' {
                return self.string(cx, read).map(Some);
            } else {
                return self.operator().map(Some);
            }
        }
    }

    fn end(&mut self) -> Lexed<Token> {
        if !self.brackets.is_empty() {
            return Err(Problem::End { column: 0 });
        }
        self.finished = true;
        Ok(self.token(token::ENDMARKER))
    }

    fn newline(&mut self) -> Option<Token> {
        self.pos += self.peek_newline();
        self.at_line_start = true;
        let kind = match self.blank_line || !self.brackets.is_empty() {
            true => token::NL,
            false => token::NEWLINE,
        };
        self.blank_line = false;
        (self.extra || kind == token::NEWLINE).then(|| self.token(kind))
    }

    /// A name, or a string with a prefix; `None` if there is neither.
    fn name(&mut self, cx: &mut Cx, read: &mut ReadLine<'_>) -> Lexed<Option<Token>> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
        let first = self.text[self.pos];
        if !is_part(first) || first.is_ascii_digit() {
            return Ok(None);
        }
        let length = self.text[self.pos..].iter().take_while(|&&c| is_part(c)).count();
        let name = &self.text[self.pos..self.pos + length];
        let prefix: String = name.iter().take(3).map(char::to_ascii_lowercase).collect();
        let quoted = matches!(self.peek(length), Some('"' | '\''));
        if quoted && length < 3 && matches!(prefix.as_str(), "b" | "r" | "u" | "br" | "rb") {
            self.pos += length;
            return self.string(cx, read).map(Some);
        }
        if quoted && length < 3 && matches!(prefix.as_str(), "f" | "t" | "fr" | "rf" | "tr" | "rt") {
            self.pos += length;
            return self.nested_start(cx, read, &prefix).map(Some);
        }
        self.check_name(length)?;
        self.pos += length;
        Ok(Some(self.token(token::NAME)))
    }

    /// Looks for characters in a name that may not be in one.
    fn check_name(&mut self, length: usize) -> Lexed<()> {
        for i in 0..length {
            let c = self.text[self.pos + i];
            let fits = match i {
                0 => unicode::is_identifier_start(c as u32) || c == '_',
                _ => unicode::is_identifier_part(c as u32),
            };
            if !fits {
                return self.bad_character(self.pos + i);
            }
        }
        Ok(())
    }

    fn bad_character(&self, at: usize) -> Lexed<()> {
        let c = self.text[at];
        let message = match unicode::is_printable(c as u32) {
            true => format!("invalid character '{c}' (U+{:04X})", c as u32),
            false => format!("invalid non-printable character U+{:04X}", c as u32),
        };
        self.error_at(at, message)
    }

    fn operator(&mut self) -> Lexed<Token> {
        let c = self.text[self.pos];
        if !unicode::is_printable(c as u32) {
            self.bad_character(self.pos)?;
        }
        if self.begins_format_spec(c) {
            self.pos += 1;
            let kind = if self.extra { token::OP } else { token::COLON };
            return Ok(self.token(kind));
        }
        let (length, kind) = operator(&self.text[self.pos..]);
        self.pos += length;
        match c {
            '(' | '[' | '{' => self.open(c)?,
            ')' | ']' | '}' => self.close(c)?,
            _ => {}
        }
        Ok(self.token(if self.extra { token::OP } else { kind }))
    }

    fn open(&mut self, c: char) -> Lexed<()> {
        if self.brackets.len() >= MAX_LEVEL {
            return self.error("too many nested parentheses");
        }
        self.brackets.push((c, self.start));
        if let Some(nested) = self.nested.last_mut() {
            nested.depth += 1;
        }
        Ok(())
    }

    fn close(&mut self, c: char) -> Lexed<()> {
        if let Some(nested) = self.nested.last().filter(|nested| nested.depth == 0) {
            let letter = nested.letter;
            return match c {
                '}' => self.error(format!("{letter}-string: single '}}' is not allowed")),
                _ => self.error(format!("{letter}-string: unmatched '{c}'")),
            };
        }
        let opened = self.brackets.pop();
        if !self.extra {
            self.check_close(c, opened)?;
        }
        self.end_expression(c);
        Ok(())
    }

    fn check_close(&mut self, c: char, opened: Option<(char, usize)>) -> Lexed<()> {
        let Some((open, at)) = opened else { return self.error(format!("unmatched '{c}'")) };
        if matches!((open, c), ('(', ')') | ('[', ']') | ('{', '}')) {
            return Ok(());
        }
        let line = self.position(at).0;
        let mut message = format!("closing parenthesis '{c}' does not match opening parenthesis '{open}'");
        if line != self.position(self.start).0 {
            message.push_str(&format!(" on line {line}"));
        }
        self.error(message)
    }
}
