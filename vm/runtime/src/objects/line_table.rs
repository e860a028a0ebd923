//! `co_linetable`: the places of a code object's instructions as CPython writes them (`InternalDocs/code_objects.md`),
//! a unit for each word of the instructions.
//!
//! Plain data; used by the attribute and by `code.replace`.

use ungil_bytecode::Position;

const LONG: u8 = 14;
const NO_COLUMNS: u8 = 13;
const ONE_LINE: std::ops::RangeInclusive<u8> = 10..=12;
const NOWHERE: u8 = 15;
/// An entry is about so many units at most.
const MAX_UNITS: usize = 8;

/// The table of places of a code object that begins on a line.
pub fn encode(positions: &[Position], first_line: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = i64::from(first_line);
    for run in positions.chunk_by(|a, b| a == b).flat_map(|run| run.chunks(MAX_UNITS)) {
        let place = run[0];
        let code = if place.line == 0 { NOWHERE } else { LONG };
        out.push(0x80 | code << 3 | (run.len() - 1) as u8);
        if place.line != 0 {
            put_signed(&mut out, i64::from(place.line) - line);
            put(&mut out, place.end_line.saturating_sub(place.line).into());
            put(&mut out, u64::from(place.column) + 1);
            put(&mut out, u64::from(place.end_column) + 1);
            line = place.line.into();
        }
    }
    out
}

/// The places of `units` units; what a table does not tell is nowhere.
pub fn decode(table: &[u8], first_line: u32, units: usize) -> Vec<Position> {
    let mut reader = Reader { rest: table, line: first_line.into() };
    let mut out = Vec::with_capacity(units);
    while out.len() < units
        && let Some((count, place)) = reader.entry()
    {
        out.resize((out.len() + count).min(units), place);
    }
    out.resize(units, Position::default());
    out
}

fn put(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x40 {
        out.push(0x40 | (v & 0x3f) as u8);
        v >>= 6;
    }
    out.push(v as u8);
}

fn put_signed(out: &mut Vec<u8>, v: i64) {
    put(out, v.unsigned_abs() << 1 | u64::from(v < 0));
}

struct Reader<'a> {
    rest: &'a [u8],
    line: i64,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn number(&mut self) -> Option<u64> {
        let (mut v, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            v |= u64::from(byte & 0x3f).checked_shl(shift).unwrap_or(0);
            if byte & 0x40 == 0 {
                return Some(v);
            }
            shift += 6;
        }
    }

    /// Goes on by a number of lines that is written with its sign.
    fn go(&mut self) -> Option<()> {
        let v = self.number()?;
        let by = (v >> 1) as i64;
        self.line = self.line.saturating_add(if v & 1 == 1 { -by } else { by });
        Some(())
    }

    fn place(&self, lines: u64, column: u32, end_column: u32) -> Position {
        let line = u32::try_from(self.line).unwrap_or(0);
        Position { line, end_line: line.saturating_add(lines as u32), column, end_column }
    }

    /// How many units the next entry is about, and where they are.
    fn entry(&mut self) -> Option<(usize, Position)> {
        let first = self.byte()?;
        let count = usize::from(first & 7) + 1;
        let code = first >> 3 & 15;
        let place = match code {
            NOWHERE => Position::default(),
            LONG => {
                self.go()?;
                let lines = self.number()?;
                let (column, end) = (self.number()?, self.number()?);
                self.place(lines, column.saturating_sub(1) as u32, end.saturating_sub(1) as u32)
            }
            NO_COLUMNS => {
                self.go()?;
                self.place(0, 0, 0)
            }
            _ if ONE_LINE.contains(&code) => {
                self.line = self.line.saturating_add(i64::from(code - ONE_LINE.start()));
                let (column, end) = (self.byte()?, self.byte()?);
                self.place(0, column.into(), end.into())
            }
            _ => {
                let second = self.byte()?;
                let column = u32::from(code) << 3 | u32::from(second >> 4 & 7);
                self.place(0, column, column + u32::from(second & 15))
            }
        };
        Some((count, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let place = |line, end_line, column, end_column| Position { line, end_line, column, end_column };
        let mut places = vec![place(7, 7, 0, 5); 11];
        places.extend([place(0, 0, 0, 0), place(3, 900, 1, 100_000), place(70_000, 70_000, 4, 9)]);
        assert_eq!(decode(&encode(&places, 7), 7, places.len()), places);
    }

    #[test]
    fn short_forms_and_damaged_tables() {
        // Column 2 to 5 on the line itself, then 1 to 4 on the next one, then a line without columns.
        let table = [0x80, 0x23, 0x80 | 11 << 3, 1, 4, 0x80 | 13 << 3 | 1, 2];
        let found: Vec<_> = decode(&table, 5, 5).iter().map(|p| (p.line, p.column, p.end_column)).collect();
        assert_eq!(found, [(5, 2, 5), (6, 1, 4), (7, 0, 0), (7, 0, 0), (0, 0, 0)]);
        assert_eq!(decode(&[0xf0, 0x7f, 0xff], 1, 2), [Position::default(); 2]);
    }
}
