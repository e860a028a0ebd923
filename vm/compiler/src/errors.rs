//! What the compiler reports: errors and warnings, with the fields of CPython's `SyntaxError`.

use crate::source::Source;
use ruff_text_size::{TextRange, TextSize};

/// Which exception an error becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    SyntaxError,
    /// Input that may go on, for those who ask to be told.
    IncompleteInput,
    IndentationError,
    TabError,
    RecursionError,
    MemoryError,
    ValueError,
    /// Undecodable source passed as bytes.
    UnicodeDecodeError,
}

/// An error that stops the compilation.
#[derive(Clone, Debug)]
pub struct CompileError {
    pub kind: ErrorKind,
    pub message: String,
    pub filename: String,
    /// From 1; 0 if there is no place.
    pub line: u32,
    /// In characters from 1; 0 if there is no place, -1 as CPython counts for some tokenizer errors.
    pub offset: i32,
    pub end_line: u32,
    pub end_offset: i32,
    /// The source line, if the error is the parser's.
    pub text: Option<String>,
    /// Where, by line and column, the last statement before a plain "invalid syntax" starts; 0 if there is none.
    pub last_statement: Option<(u32, u32)>,
    /// The source ended too early: with more input it might be right (an interactive console asks for more).
    pub incomplete: bool,
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, line {})", self.message, self.filename, self.line)
    }
}

impl std::error::Error for CompileError {}

/// Category of a [`Warning`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    SyntaxWarning,
    DeprecationWarning,
}

/// A warning; compilation went on. If warnings are errors, it becomes a `SyntaxError` at the same place.
#[derive(Clone, Debug)]
pub struct Warning {
    pub kind: WarningKind,
    pub message: String,
    /// What the `SyntaxError` says, if it is not the same.
    pub error: Option<String>,
    /// The source line with its newline, of warnings of the tokenizer.
    pub text: Option<String>,
    /// From 1.
    pub line: u32,
    /// In characters from 1.
    pub offset: u32,
    pub end_line: u32,
    pub end_offset: u32,
}

/// An error inside the compiler, before it is given its place in the text.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub kind: ErrorKind,
    pub message: String,
    pub range: Option<TextRange>,
    /// Some of CPython's errors name only where they start: then the end equals the start, or is absent (-1, 0).
    pub end: FaultEnd,
    /// Where the last statement before it starts, of errors that may come from a misspelled keyword.
    pub last_statement: Option<Option<TextSize>>,
    /// The line is shown without its newline: the tokenizer had gone on to another line, or had failed.
    pub bare_line: bool,
    /// Columns count bytes: CPython converts them to characters for the parser's errors only.
    pub in_bytes: bool,
    pub incomplete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultEnd {
    Range,
    /// Ends where it starts.
    Start,
    /// The column as counted from 0, and no end: errors at indentation.
    Raw,
    /// Both columns 0: a token that is not in the text.
    Unplaced,
    /// `end_offset` 0 on the same line.
    Zero,
    /// There is no source to have a place in.
    Empty,
    /// `end_offset` -1, as the tokenizer's errors have it.
    Minus,
}

pub(crate) type Res<T = ()> = Result<T, Fault>;

impl Fault {
    pub fn new(kind: ErrorKind, message: impl Into<String>, range: TextRange) -> Self {
        Self {
            kind,
            message: message.into(),
            range: Some(range),
            end: FaultEnd::Range,
            last_statement: None,
            bare_line: false,
            in_bytes: true,
            incomplete: false,
        }
    }

    pub fn syntax(message: impl Into<String>, range: TextRange) -> Self {
        Self::new(ErrorKind::SyntaxError, message, range)
    }

    pub fn nowhere(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            range: None,
            end: FaultEnd::Range,
            last_statement: None,
            bare_line: false,
            in_bytes: true,
            incomplete: false,
        }
    }

    pub fn ending(mut self, end: FaultEnd) -> Self {
        self.end = end;
        self
    }

    /// The public error.
    pub fn locate(self, source: &Source, filename: &str) -> CompileError {
        let mut error = CompileError {
            kind: self.kind,
            message: self.message,
            filename: filename.to_owned(),
            line: 0,
            offset: 0,
            end_line: 0,
            end_offset: 0,
            text: None,
            last_statement: self.last_statement.map(|at| at.map_or((0, 0), |at| source.line_column(at))),
            incomplete: self.incomplete,
        };
        if let (Some(range), Some(places)) = (self.range, &source.places) {
            let place = places.position(range);
            (error.line, error.offset) = (place.line, place.column as i32 + 1);
            (error.end_line, error.end_offset) = (place.end_line, place.end_column as i32 + 1);
        } else if let Some(range) = self.range {
            let (line, mut column) = source.char_column(range.start());
            // An end behind a newline belongs to the line that the newline ends.
            let (end_line, end_column) =
                if range.is_empty() { (line, column) } else { source.char_end(range.end()) };
            let mut end_column = end_column;
            if self.in_bytes {
                column = source.line_column(range.start()).1 + 1;
                end_column = range.end().to_u32().saturating_sub(source.line_start(end_line)) + 1;
            }
            // CPython looks for the end's column in the text of the first line.
            if !self.in_bytes && end_line != line {
                end_column = end_column.min(source.line_text(line).chars().count() as u32 + 1);
            }
            error.line = line;
            error.offset = column as i32;
            (error.end_line, error.end_offset) = match self.end {
                FaultEnd::Range => (end_line, end_column as i32),
                FaultEnd::Start => (line, column as i32),
                FaultEnd::Raw => {
                    error.offset -= 1;
                    (line, -1)
                }
                FaultEnd::Unplaced => {
                    error.offset = 0;
                    (line, 0)
                }
                FaultEnd::Zero | FaultEnd::Empty => (line, 0),
                FaultEnd::Minus => (line, -1),
            };
            // The compiler's errors show what is in the file, if there is one; the caller knows.
            if !self.in_bytes {
                let newline = if self.bare_line { "" } else { "\n" };
                error.text = Some(format!("{}{newline}", source.line_text(line)));
            }
        } else if self.end == FaultEnd::Empty {
            error.text = Some(String::new());
        }
        error
    }
}
