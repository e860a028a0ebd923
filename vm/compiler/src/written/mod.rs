//! Trees of `ast` back to source text: `compile()` of a tree parses what is written here.
//!
//! The text is not for people: each expression stands in parentheses, all that is no plain ASCII letter in a string is
//! escaped, and what has no literal of its own (a tuple as a constant, infinity) is a `0` whose value [`Places`] knows. Where
//! the nodes stand is what they say themselves, which [`Places`] keeps by the ranges of the text.
//!
//! - `statements.rs`, `expressions.rs`, `patterns.rs`: nodes as text; `names.rs`: names that no source could have

mod expressions;
mod names;
mod patterns;
mod statements;

pub(crate) use names::rename;

use crate::tree::Node;
use ruff_text_size::{TextRange, TextSize};
use std::collections::{BTreeMap, HashMap};
use ungil_bytecode::{Const, Position};

/// What a text that was written from a tree does not say itself.
#[derive(Default)]
pub(crate) struct Places {
    ranges: HashMap<(u32, u32), Position>,
    /// Lines and columns by the offsets at which nodes start and end.
    starts: BTreeMap<u32, (u32, u32)>,
    ends: BTreeMap<u32, (u32, u32)>,
    /// Values by the offset of the literal that stands for them.
    constants: HashMap<u32, Const>,
    /// Texts of interpolations by the offset of their brace.
    interpolations: HashMap<u32, String>,
}

impl Places {
    fn add(&mut self, range: (u32, u32), place: Position) {
        self.ranges.entry(range).or_insert(place);
        self.starts.entry(range.0).or_insert((place.line, place.column));
        self.ends.insert(range.1, (place.end_line, place.end_column));
    }

    /// Line from 1 and column in bytes from 0 of what starts at an offset or is the next to start.
    pub fn start(&self, offset: TextSize) -> (u32, u32) {
        let at = offset.to_u32();
        let next = self.starts.range(at..).next();
        next.or_else(|| self.starts.range(..at).next_back()).map_or((1, 0), |(_, place)| *place)
    }

    pub fn position(&self, range: TextRange) -> Position {
        let (start, end) = (range.start().to_u32(), range.end().to_u32());
        if let Some(known) = self.ranges.get(&(start, end)) {
            return *known;
        }
        let (line, column) = self.start(range.start());
        let last = self.ends.range(..=end).next_back().map(|(_, place)| *place);
        let (end_line, end_column) = last.filter(|last| *last >= (line, column)).unwrap_or((line, column));
        Position { line, end_line, column, end_column }
    }

    /// An offset of the text on a line of the tree.
    pub fn offset_of_line(&self, line: u32) -> u32 {
        self.starts.iter().find(|(_, place)| place.0 == line).map_or(0, |(at, _)| *at)
    }

    pub fn constant(&self, literal: TextRange) -> Option<&Const> {
        self.constants.get(&literal.start().to_u32())
    }

    pub fn interpolation(&self, element: TextRange) -> Option<&String> {
        self.interpolations.get(&element.start().to_u32())
    }
}

/// A tree as text.
pub(crate) struct Written {
    pub text: String,
    pub places: Places,
    /// What names of the text stand for.
    pub names: HashMap<String, String>,
}

/// Writes a tree: a `Module`, an `Expression` or an `Interactive`.
pub(crate) fn write(tree: &Node) -> Written {
    let mut writer = Writer::default();
    match tree.class {
        "Expression" => writer.expr(tree.field("body")),
        _ => {
            for stmt in tree.field("body").items() {
                writer.statement(stmt);
            }
            writer.text.push('\n');
        }
    }
    Written { text: writer.text, places: writer.places, names: writer.names }
}

#[derive(Default)]
struct Writer {
    text: String,
    places: Places,
    /// Stand-ins by name, and names by stand-in.
    stand_ins: HashMap<String, String>,
    names: HashMap<String, String>,
    depth: usize,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn offset(&self) -> u32 {
        self.text.len() as u32
    }

    /// Writes what a node consists of, and keeps where the node stands.
    fn placed(&mut self, node: &Node, write: impl FnOnce(&mut Self)) {
        let start = self.offset();
        write(self);
        if let Some(place) = node.place {
            let end = self.offset();
            self.places.add((start, end), place);
        }
    }

    /// Writes items with something between them.
    fn separated<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        separator: &str,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.put(separator);
            }
            write(self, item);
        }
    }
}
