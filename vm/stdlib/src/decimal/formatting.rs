//! `Decimal.__format__`: the specification from its text, the locale's or the caller's separators.

use super::current::{self, current};
use super::num::format::{Bad, Spec, format};
use super::number::PyDecimal;
use ungil_runtime::import::import_module;
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// A separator out of the dict that overrides them.
fn separator(cx: &mut Cx, dict: Ref<'_>, key: &str) -> R<Option<String>> {
    let name = cx.str(key);
    let Some(value) = cx.get_item_opt(dict, name.r())? else { return Ok(None) };
    match value.downcast::<PyStr>(cx).and_then(|text| text.as_str().map(str::to_string)) {
        Some(text) => Ok(Some(text)),
        None => Err(cx.type_error("optional arg must be a dict")),
    }
}

/// Point, separator and grouping from the second argument of `__format__`.
fn apply_override(cx: &mut Cx, spec: &mut Spec, dict: Ref<'_>) -> R<()> {
    if cx.as_dict(dict).is_none() {
        return Err(cx.type_error("optional argument must be a dict"));
    }
    if let Some(point) = separator(cx, dict, "decimal_point")? {
        spec.point = point;
    }
    if let Some(text) = separator(cx, dict, "thousands_sep")? {
        spec.separator = text;
    }
    if let Some(text) = separator(cx, dict, "grouping")? {
        spec.grouping = text.bytes().collect();
        spec.grouping.push(0);
    }
    // Lengths are signed in C.
    let negative = spec.grouping.iter().any(|&length| length > 127);
    if spec.point.chars().count() != 1 || spec.separator.chars().count() > 1 || negative {
        return Err(cx.value_error("invalid override dict"));
    }
    Ok(())
}

/// Point, separator and grouping of the locale.
fn apply_locale(cx: &mut Cx, spec: &mut Spec) -> R<()> {
    let locale = import_module(cx, "_locale")?;
    let conventions = cx.call_method(locale.r(), "localeconv", &[])?;
    if let Some(point) = separator(cx, conventions.r(), "decimal_point")? {
        spec.point = point;
    }
    if let Some(text) = separator(cx, conventions.r(), "thousands_sep")? {
        spec.separator = text;
    }
    let key = cx.str("grouping");
    if let Some(grouping) = cx.get_item_opt(conventions.r(), key.r())? {
        spec.grouping.clear();
        for length in cx.collect(grouping.r())? {
            spec.grouping.push(cx.to_i64(length.r())?.clamp(0, 127) as u8);
        }
        spec.grouping.push(0);
    }
    Ok(())
}

/// The text of a specification.
fn text_of_spec(cx: &mut Cx, v: Ref<'_>) -> R<String> {
    let Some(text) = v.downcast::<PyStr>(cx) else { return Err(cx.type_error("format arg must be str")) };
    if let Some(text) = text.as_str() {
        return Ok(text.to_string());
    }
    // Raises the error of what cannot be encoded.
    let encoded = cx.call_method(v, "encode", &[])?;
    match encoded.downcast::<PyBytes>(cx) {
        Some(_) => Ok(text.to_string_lossy()),
        None => Err(cx.type_error("format arg must be str")),
    }
}

fn format_method(cx: &mut Cx, a: Args<'_>) -> R {
    let text = text_of_spec(cx, a.get(1))?;
    let context = current(cx)?;
    let context = current::view(&context);
    let mut spec = match Spec::parse(&text) {
        Ok(spec) => spec,
        Err(Bad::Syntax) => return Err(cx.value_error("invalid format string")),
        Err(Bad::Large) => {
            return Err(cx.overflow_error("cannot fit 'int' into an index-sized integer"));
        }
    };
    if spec.local {
        if text.ends_with('N') {
            warn_of_capital(cx)?;
        }
        spec.separator.clear();
        if a.opt(2).is_none() {
            apply_locale(cx, &mut spec)?;
        }
    }
    if let Some(dict) = a.opt(2) {
        apply_override(cx, &mut spec, dict)?;
    }
    let mut status = 0;
    let round = context.settings().round;
    let text = format(&a.this::<PyDecimal>().d, &spec, round, context.capitals(), &mut status);
    context.signal(cx, status)?;
    Ok(cx.str(&text.unwrap_or_default()))
}

fn warn_of_capital(cx: &mut Cx) -> R<()> {
    let warnings = import_module(cx, "warnings")?;
    let message = cx.str("Format specifier 'N' is deprecated and slated for removal in Python 3.18");
    let class = cx.builtin(Builtin::DeprecationWarning).as_ref();
    cx.call_method(warnings.r(), "warn", &[message.r(), class]).map(drop)
}

/// Adds the method to the type.
pub fn add_to(cx: &mut Cx, t: &mut TypeBuilder) {
    t.method(cx, "__format__", "($self, fmtarg, override=<unrepresentable>, /)", Full(format_method));
}
