//! `writer`: rows in, text out.

use super::dialect::{self, PyDialect};
use super::{ERROR, quote};
use std::sync::OnceLock;
use ungil_runtime::objects::iter::fixed;
use ungil_runtime::objects::str::{PyStr, code_points, new_wtf8};
use ungil_runtime::objects::sync::slot_ops;
use ungil_runtime::prelude::*;

#[repr(C)]
pub(super) struct PyWriter {
    h: Header,
    /// The `write` of the file.
    write: Slot,
    dialect: Slot,
}

slot_ops!(WRITER_OPS, PyWriter, "_csv.writer", write, dialect);

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// A row while it is written.
struct Line<'d> {
    dialect: &'d PyDialect,
    text: Vec<u8>,
    fields: usize,
}

/// Whether a value counts as a number (`PyNumber_Check`).
fn is_number(cx: &Cx, v: Ref<'_>) -> bool {
    let class = cx.class_of(v);
    [Special::Index, Special::Int, Special::Float].iter().any(|which| class.special(cx, *which).is_some())
        || cx.is_instance_of(v, Builtin::Complex)
}

impl Line<'_> {
    /// Appends a field: its text, none for `None`; `quoted` if it is to be quoted whatever is in it.
    fn push(&mut self, cx: &mut Cx, text: Option<&PyStr>, mut quoted: bool) -> R<()> {
        let d = self.dialect;
        let mut field = Vec::new();
        if let Some(text) = text {
            for c in text.code_points() {
                if self.is_special(c) && self.needs_escape(c, &mut quoted, &mut field) {
                    let Some(escape) = d.escape else {
                        return Err(ERROR.error(cx, "need to escape, but no escapechar set"));
                    };
                    code_points::push(&mut field, escape);
                }
                code_points::push(&mut field, c);
            }
        }
        if text.is_none_or(|text| text.is_empty()) && d.delimiter == u32::from(b' ') && d.skip_space {
            let bare = text.is_none() && matches!(d.quoting, quote::STRINGS | quote::NOTNULL);
            if d.quoting == quote::NONE || bare {
                let message =
                    "empty field must be quoted if delimiter is a space and skipinitialspace is true";
                return Err(ERROR.error(cx, message));
            }
            quoted = true;
        }
        if self.fields > 0 {
            code_points::push(&mut self.text, d.delimiter);
        }
        self.fields += 1;
        let quote = d.quote.filter(|_| quoted);
        for part in [quote, None, quote].iter().enumerate() {
            match part {
                (1, _) => self.text.extend_from_slice(&field),
                (_, Some(quote)) => code_points::push(&mut self.text, *quote),
                _ => {}
            }
        }
        Ok(())
    }

    fn is_special(&self, c: u32) -> bool {
        let d = self.dialect;
        c == d.delimiter
            || Some(c) == d.escape
            || Some(c) == d.quote
            || c == 10
            || c == 13
            || d.terminator().code_points().any(|t| t == c)
    }

    /// Whether a special character gets the escape character in front; else the field is quoted, and a quote doubled.
    fn needs_escape(&self, c: u32, quoted: &mut bool, field: &mut Vec<u8>) -> bool {
        let d = self.dialect;
        if d.quoting == quote::NONE {
            return true;
        }
        let mut escape = false;
        if Some(c) == d.quote {
            if d.double_quote {
                code_points::push(field, c);
            } else {
                escape = true;
            }
        } else if Some(c) == d.escape {
            escape = true;
        }
        *quoted |= !escape;
        escape
    }
}

/// The text of a row, with the end of the line.
fn line(cx: &mut Cx, dialect: &PyDialect, row: Ref<'_>) -> R {
    let fields = match cx.iter(row) {
        Ok(fields) => fields,
        Err(err) if cx.is_error(&err, Builtin::TypeError) => {
            let got = cx.type_name(row);
            return Err(ERROR.error(cx, format!("iterable expected, not {got}")));
        }
        Err(err) => return Err(err),
    };
    let mut line = Line { dialect, text: Vec::new(), fields: 0 };
    let mut last_is_null = false;
    while let Some(field) = cx.next(fields.r())? {
        let is_null = field.value().is_none();
        let quoted = match dialect.quoting {
            quote::NONNUMERIC => !is_number(cx, field.r()),
            quote::ALL => true,
            quote::STRINGS => cx.is_instance_of(field.r(), Builtin::Str),
            quote::NOTNULL => !is_null,
            _ => false,
        };
        last_is_null = is_null;
        if is_null {
            line.push(cx, None, quoted)?;
            continue;
        }
        let text = cx.to_str(field.r())?;
        let text = text.downcast::<PyStr>(cx);
        line.push(cx, text, quoted)?;
    }
    if line.fields > 0 && line.text.is_empty() {
        let bare = last_is_null && matches!(dialect.quoting, quote::STRINGS | quote::NOTNULL);
        if dialect.quoting == quote::NONE || bare {
            return Err(ERROR.error(cx, "single empty field record must be quoted"));
        }
        line.fields = 0;
        line.push(cx, None, true)?;
    }
    line.text.extend_from_slice(dialect.terminator().as_bytes());
    Ok(new_wtf8(cx, &line.text))
}

fn write_row(cx: &mut Cx, a: Args<'_>, row: Ref<'_>) -> R {
    let this = a.this::<PyWriter>();
    // SAFETY: set to a dialect when the object is made.
    let dialect: &PyDialect = unsafe { fixed(&this.dialect).cast_unchecked() };
    let text = line(cx, dialect, row)?;
    cx.call(fixed(&this.write), &[text.r()])
}

fn write_rows(cx: &mut Cx, a: Args<'_>) -> R {
    let rows = cx.iter(a.get(1))?;
    while let Some(row) = cx.next(rows.r())? {
        write_row(cx, a, row.r())?;
    }
    Ok(cx.none())
}

/// `writer(fileobj, dialect='excel', **parameters)`.
pub(super) fn writer(cx: &mut Cx, a: Args<'_>) -> R {
    let (file, base, keywords) = super::with_dialect(cx, a, "writer")?;
    let dialect = dialect::of(cx, base, keywords)?;
    let write = cx.get_attr_str(file, "write");
    let write = cx.catch(write, Builtin::AttributeError)?;
    let Some(write) = write.filter(|write| cx.class_of(write.r()).special(cx, Special::Call).is_some())
    else {
        return Err(cx.type_error("argument 1 must have a \"write\" method"));
    };
    let class = class(cx);
    cx.alloc_for(class, |h| PyWriter { h, write: Slot::new(write), dialect: Slot::new(dialect) })
}

pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = CLASS.get() {
        return class;
    }
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let mut t = TypeBuilder::native_type(cx, "_csv.writer", &WRITER_OPS, size_of::<PyWriter>(), true, flags);
    t.doc(cx, "Writes rows to a file, each as a line of text.")
        .method(cx, "writerow", "($self, row, /)", Full(|cx, a| write_row(cx, a, a.get(1))))
        .method(cx, "writerows", "($self, rows, /)", Full(write_rows))
        .member(cx, "dialect", Leaf(|cx, a| Ok(fixed(&a.this::<PyWriter>().dialect).own(cx))));
    CLASS.get_or_init(|| t.class())
}
