//! Source text with its line table: byte offsets of the parser to lines and columns, and back to text for error messages.
//!
//! Used by every stage of the compiler; plain data, no threads.

use crate::errors::{Warning, WarningKind};
use crate::written::Places;
use ruff_text_size::{TextRange, TextSize};
use ungil_bytecode::Position;

/// A source text with `\n` line ends only.
pub(crate) struct Source {
    pub text: String,
    line_starts: Vec<u32>,
    /// For a text that was written from a tree: where its nodes stand.
    pub places: Option<Places>,
}

impl Source {
    /// Takes the text over, translating `\r\n` and `\r` to `\n` as CPython's tokenizer does before it looks at anything.
    pub fn new(text: &str) -> Self {
        let text = if text.contains('\r') {
            text.replace("\r\n", "\n").replace('\r', "\n")
        } else {
            text.to_owned()
        };
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect();
        Self { text, line_starts, places: None }
    }

    /// A text that was written from a tree.
    pub fn written(text: String, places: Places) -> Self {
        Self { places: Some(places), ..Self::new(&text) }
    }

    /// Line of an offset, from 1.
    pub fn line(&self, offset: TextSize) -> u32 {
        if let Some(places) = &self.places {
            return places.start(offset).0;
        }
        self.line_starts.partition_point(|start| *start <= offset.to_u32()) as u32
    }

    /// Offset at which a line (from 1) starts.
    pub fn line_start(&self, line: u32) -> u32 {
        if let Some(places) = &self.places {
            return places.offset_of_line(line);
        }
        self.line_starts.get(line as usize - 1).copied().unwrap_or(self.text.len() as u32)
    }

    /// Text of a line (from 1) without its newline.
    pub fn line_text(&self, line: u32) -> &str {
        let start = self.line_start(line) as usize;
        let rest = &self.text[start..];
        rest.find('\n').map_or(rest, |end| &rest[..end])
    }

    /// Line from 1 and column in UTF-8 bytes from 0.
    pub fn line_column(&self, offset: TextSize) -> (u32, u32) {
        if let Some(places) = &self.places {
            return places.start(offset);
        }
        let line = self.line(offset);
        (line, offset.to_u32() - self.line_start(line))
    }

    /// Column of an offset in characters, from 1, as `SyntaxError.offset` counts.
    pub fn char_column(&self, offset: TextSize) -> (u32, u32) {
        let (line, column) = self.line_column(offset);
        let start = self.line_start(line) as usize;
        // The newline that the tokenizer puts behind the last line is not in the text.
        let end = start + column as usize;
        let known = end.min(self.text.len());
        let beyond = end - known;
        (line, (self.text[start.min(known)..known].chars().count() + beyond) as u32 + 1)
    }

    /// As `char_column` for the end of a range that is not empty.
    pub fn char_end(&self, offset: TextSize) -> (u32, u32) {
        let at = offset.to_usize();
        match self.text.as_bytes().get(at - 1) {
            Some(b'\n') | None => {
                let (line, column) = self.char_column(TextSize::new(at as u32 - 1));
                (line, column + 1)
            }
            Some(_) => self.char_column(offset),
        }
    }

    /// Where a node stands, for the table of positions.
    pub fn position(&self, range: TextRange) -> Position {
        if let Some(places) = &self.places {
            return places.position(range);
        }
        let (line, column) = self.line_column(range.start());
        let (end_line, end_column) = self.line_column(range.end());
        Position { line, end_line, column, end_column }
    }

    /// A `SyntaxWarning` about a piece of the text.
    pub fn warning(&self, message: String, range: TextRange) -> Warning {
        let ((line, offset), (end_line, end_offset)) = match &self.places {
            Some(places) => {
                let place = places.position(range);
                ((place.line, place.column + 1), (place.end_line, place.end_column + 1))
            }
            None => (self.char_column(range.start()), self.char_column(range.end())),
        };
        Warning {
            kind: WarningKind::SyntaxWarning,
            message,
            error: None,
            text: None,
            line,
            offset,
            end_line,
            end_offset,
        }
    }
}
