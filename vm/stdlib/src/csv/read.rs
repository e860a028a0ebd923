//! `reader`: lines of text in, rows out.
//!
//! The states are those of CPython's reader, so that damaged tables give the same rows.

use super::dialect::{self, PyDialect};
use super::{ERROR, FIELD_LIMIT, quote};
use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicUsize, Ordering};
use ungil_runtime::objects::iter::{NativeIter, fixed, next_inner};
use ungil_runtime::objects::str::{PyStr, code_points, new_wtf8};
use ungil_runtime::objects::sync::{Field, slot_ops};
use ungil_runtime::prelude::*;

#[repr(C)]
pub(super) struct PyReader {
    h: Header,
    lines: Slot,
    dialect: Slot,
    line_count: Field<AtomicUsize>,
}

slot_ops!(READER_OPS, PyReader, "_csv.reader", lines, dialect);

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    StartRecord,
    StartField,
    Escaped,
    InField,
    InQuoted,
    EscapedInQuoted,
    QuoteInQuoted,
    EatNewline,
    AfterEscapedNewline,
}

/// One row while it is read.
struct Row<'d> {
    dialect: &'d PyDialect,
    state: State,
    fields: Vec<Obj>,
    field: Vec<u8>,
    chars: i64,
    unquoted: bool,
    limit: i64,
}

const CR: u32 = 13;
const LF: u32 = 10;

/// What does not fit: the message.
type Step = Result<(), String>;

impl Row<'_> {
    fn push(&mut self, c: u32) -> Step {
        if self.chars >= self.limit {
            return Err(format!("field larger than field limit ({})", self.limit));
        }
        code_points::push(&mut self.field, c);
        self.chars += 1;
        Ok(())
    }

    /// Ends a field. Numbers are made of strings, so that no Python runs.
    fn save(&mut self, cx: &mut Cx) -> R<()> {
        let (quoting, is_empty) = (self.dialect.quoting, self.field.is_empty());
        let bare = self.unquoted;
        let value = if bare && is_empty && matches!(quoting, quote::NOTNULL | quote::STRINGS) {
            cx.none()
        } else {
            let text = new_wtf8(cx, &self.field);
            match bare && !is_empty && matches!(quoting, quote::NONNUMERIC | quote::STRINGS) {
                true => cx.call(cx.builtin(Builtin::Float).as_ref(), &[text.r()])?,
                false => text,
            }
        };
        self.field.clear();
        self.chars = 0;
        self.fields.push(value);
        Ok(())
    }

    fn wrong(&self, cx: &mut Cx, step: Step) -> R<()> {
        step.map_err(|message| ERROR.error(cx, message))
    }

    /// Ends a field, and the row with it at the end of a line.
    fn end_field(&mut self, cx: &mut Cx, c: Option<u32>) -> R<()> {
        self.save(cx)?;
        self.state = match c {
            None => State::StartRecord,
            Some(CR | LF) => State::EatNewline,
            Some(_) => State::StartField,
        };
        Ok(())
    }

    /// Takes a character in, or the end of a line.
    fn take(&mut self, cx: &mut Cx, c: Option<u32>) -> R<()> {
        let d = self.dialect;
        let ends = matches!(c, None | Some(CR | LF));
        let escapes = c.is_some() && c == d.escape;
        let quotes = c.is_some() && c == d.quote && d.quoting != quote::NONE;
        let separates = c == Some(d.delimiter);
        if self.state == State::StartRecord {
            match c {
                None => return Ok(()),
                Some(CR | LF) => {
                    self.state = State::EatNewline;
                    return Ok(());
                }
                Some(_) => self.state = State::StartField,
            }
        }
        if self.state == State::AfterEscapedNewline {
            if c.is_none() {
                return Ok(());
            }
            self.state = State::InField;
        }
        match self.state {
            State::StartField => {
                self.unquoted = true;
                if ends {
                    return self.end_field(cx, c);
                } else if quotes {
                    self.unquoted = false;
                    self.state = State::InQuoted;
                } else if escapes {
                    self.state = State::Escaped;
                } else if c == Some(b' '.into()) && d.skip_space {
                } else if separates {
                    return self.end_field(cx, c);
                } else {
                    self.state = State::InField;
                    let step = self.push(c.unwrap_or(LF));
                    return self.wrong(cx, step);
                }
            }
            State::Escaped => {
                self.state =
                    if matches!(c, Some(CR | LF)) { State::AfterEscapedNewline } else { State::InField };
                let step = self.push(c.unwrap_or(LF));
                return self.wrong(cx, step);
            }
            State::InField => {
                if ends || separates {
                    return self.end_field(cx, c);
                } else if escapes {
                    self.state = State::Escaped;
                } else {
                    let step = self.push(c.unwrap_or(LF));
                    return self.wrong(cx, step);
                }
            }
            State::InQuoted => match c {
                None => {}
                Some(_) if escapes => self.state = State::EscapedInQuoted,
                Some(_) if quotes => {
                    self.state = if d.double_quote { State::QuoteInQuoted } else { State::InField };
                }
                Some(c) => {
                    let step = self.push(c);
                    return self.wrong(cx, step);
                }
            },
            State::EscapedInQuoted => {
                self.state = State::InQuoted;
                let step = self.push(c.unwrap_or(LF));
                return self.wrong(cx, step);
            }
            State::QuoteInQuoted => {
                if let (true, Some(c)) = (quotes, c) {
                    self.state = State::InQuoted;
                    let step = self.push(c);
                    return self.wrong(cx, step);
                } else if separates || ends {
                    return self.end_field(cx, c);
                } else if let (false, Some(c)) = (d.strict, c) {
                    self.state = State::InField;
                    let step = self.push(c);
                    return self.wrong(cx, step);
                }
                let name = |c: u32| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER);
                let (delimiter, quote) = (name(d.delimiter), name(d.quote.unwrap_or(b'"'.into())));
                return Err(ERROR.error(cx, format!("'{delimiter}' expected after '{quote}'")));
            }
            State::EatNewline => match c {
                Some(CR | LF) => {}
                None => self.state = State::StartRecord,
                Some(_) => {
                    let message = "new-line character seen in unquoted field - do you need to open the file with newline=''?";
                    return Err(ERROR.error(cx, message));
                }
            },
            State::StartRecord | State::AfterEscapedNewline => {}
        }
        Ok(())
    }
}

impl NativeIter for PyReader {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        // SAFETY: set to a dialect when the object is made.
        let dialect: &PyDialect = unsafe { fixed(&self.dialect).cast_unchecked() };
        let mut row = Row {
            dialect,
            state: State::StartRecord,
            fields: Vec::new(),
            field: Vec::new(),
            chars: 0,
            unquoted: true,
            // ORD: relaxed; a setting.
            limit: FIELD_LIMIT.load(Ordering::Relaxed),
        };
        loop {
            let Some(line) = next_inner(cx, fixed(&self.lines))? else {
                if row.field.is_empty() && row.state != State::InQuoted {
                    return Ok(None);
                }
                if dialect.strict {
                    return Err(ERROR.error(cx, "unexpected end of data"));
                }
                row.save(cx)?;
                break;
            };
            let Some(text) = line.downcast::<PyStr>(cx) else {
                let got = cx.type_name(line.r());
                let message = format!(
                    "iterator should return strings, not {got} (the file should be opened in text mode)"
                );
                return Err(ERROR.error(cx, message));
            };
            self.line_count.add(1);
            for c in text.code_points() {
                row.take(cx, Some(c))?;
            }
            row.take(cx, None)?;
            if row.state == State::StartRecord {
                break;
            }
            cx.poll()?;
        }
        Ok(Some(cx.list(row.fields)))
    }
}

/// `reader(iterable, dialect='excel', **parameters)`.
pub(super) fn reader(cx: &mut Cx, a: Args<'_>) -> R {
    let (lines, base, keywords) = super::with_dialect(cx, a, "reader")?;
    let lines = cx.iter(lines)?;
    let dialect = dialect::of(cx, base, keywords)?;
    let class = class(cx);
    cx.alloc_for(class, |h| PyReader {
        h,
        lines: Slot::new(lines),
        dialect: Slot::new(dialect),
        line_count: Field::<AtomicUsize>::new(0),
    })
}

pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = CLASS.get() {
        return class;
    }
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let mut t = TypeBuilder::native_type(cx, "_csv.reader", &READER_OPS, size_of::<PyReader>(), true, flags);
    t.doc(cx, "Gives the rows of a table, as lists of strings, out of lines of text.")
        .iterator::<PyReader>(cx)
        .member(cx, "dialect", Leaf(|cx, a| Ok(fixed(&a.this::<PyReader>().dialect).own(cx))))
        .member(cx, "line_num", Leaf(|cx, a| Ok(cx.int(a.this::<PyReader>().line_count.get() as i64))));
    CLASS.get_or_init(|| t.class())
}
