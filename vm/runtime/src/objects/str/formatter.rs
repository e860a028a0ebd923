//! The module `_string`: how `str.format` parses templates and names, for `string.Formatter`.
//!
//! The iterators that the parsers give are over tuples made at once, so errors in a template are raised by the call.

use super::args::expect_str;
use super::format::{Pieces, Step, as_index, split_name};
use super::{empty_str, new_wtf8};
use crate::objects::module::add_functions;
use crate::prelude::*;

/// Fills the module.
///
/// # Errors
/// None now.
pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(
        cx,
        module,
        &[
            ("formatter_parser", "($module, object, /)", Full(parser)),
            ("formatter_field_name_split", "($module, object, /)", Full(field_name_split)),
        ],
    );
    Ok(())
}

/// `(literal, field name, format spec, conversion)` for each piece.
fn parser(cx: &mut Cx, a: Args<'_>) -> R {
    let template = expect_str(cx, a.get(0), "expected str, got")?;
    let mut pieces = Pieces::new(template.as_bytes());
    let mut found = Vec::new();
    loop {
        let (literal, field) = match pieces.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(message) => return Err(cx.value_error(message)),
        };
        let literal = new_wtf8(cx, literal);
        let parts = match field {
            None => vec![literal, cx.none(), cx.none(), cx.none()],
            Some(field) => {
                let (name, spec) = (new_wtf8(cx, field.name), new_wtf8(cx, field.spec));
                let conversion = field.conversion.map_or_else(|| cx.none(), |c| super::new_char(cx, c));
                vec![literal, name, spec, conversion]
            }
        };
        found.push(cx.tuple(parts));
    }
    let found = cx.tuple(found);
    cx.iter(found.r())
}

/// The first part of a field's name, and an iterator over `(is attribute, name or index)` for the rest.
fn field_name_split(cx: &mut Cx, a: Args<'_>) -> R {
    let name = expect_str(cx, a.get(0), "expected str, got")?;
    let (first, mut steps) = split_name(name.as_bytes());
    let mut rest = Vec::new();
    while let Some(step) = steps.next_step().map_err(|message| cx.value_error(message))? {
        let (is_attribute, part) = match step {
            Step::Attribute(name) => (true, new_wtf8(cx, name)),
            Step::Key(key) => (false, index_or_text(cx, key)?),
        };
        rest.push(cx.tuple(vec![cx.bool(is_attribute), part]));
    }
    let first = if first.is_empty() { empty_str(cx) } else { index_or_text(cx, first)? };
    let rest = cx.tuple(rest);
    let rest = cx.iter(rest.r())?;
    Ok(cx.tuple(vec![first, rest]))
}

fn index_or_text(cx: &mut Cx, text: &[u8]) -> R {
    match as_index(text).map_err(|message| cx.value_error(message))? {
        Some(i) => Ok(cx.int(i as i64)),
        None => Ok(new_wtf8(cx, text)),
    }
}
