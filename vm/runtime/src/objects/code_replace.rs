//! `code.replace`: a copy of a code object that differs in some attributes.
//!
//! The instructions are the VM's own and trust the unit around them (its registers, its parameters), so what a caller may
//! change is what they do not depend on: names, lines, flags that are notes. Anything else may only be given as it is.

use super::bytes::PyBytes;
use super::code::{PyCode, link_with};
use super::line_table;
use crate::prelude::*;
use ungil_bytecode::{CodeUnit, flags};

/// The parameters, in the order of the window behind `self`.
const NAMES: [&str; 18] = [
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_firstlineno",
    "co_code",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_filename",
    "co_name",
    "co_qualname",
    "co_linetable",
    "co_exceptiontable",
];

/// The text signature of [`replace`].
pub const SIGNATURE: &str = "($self, /, *, co_argcount=<unrepresentable>, co_posonlyargcount=<unrepresentable>, \
co_kwonlyargcount=<unrepresentable>, co_nlocals=<unrepresentable>, co_stacksize=<unrepresentable>, \
co_flags=<unrepresentable>, co_firstlineno=<unrepresentable>, co_code=<unrepresentable>, \
co_consts=<unrepresentable>, co_names=<unrepresentable>, co_varnames=<unrepresentable>, \
co_freevars=<unrepresentable>, co_cellvars=<unrepresentable>, co_filename=<unrepresentable>, \
co_name=<unrepresentable>, co_qualname=<unrepresentable>, co_linetable=<unrepresentable>, \
co_exceptiontable=<unrepresentable>)";

/// Flags that calls and generators rely on.
const FIXED_FLAGS: u32 = flags::OPTIMIZED
    | flags::NEWLOCALS
    | flags::VARARGS
    | flags::VARKEYWORDS
    | flags::GENERATOR
    | flags::COROUTINE
    | flags::ASYNC_GENERATOR;

/// `code.replace(**changes)`.
pub fn replace(cx: &mut Cx, a: Args<'_>) -> R {
    let code = a.this::<PyCode>();
    let mut unit = code.unit();
    for (i, name) in NAMES.iter().enumerate() {
        if let Some(value) = a.opt(i + 1) {
            change(cx, a.get(0), &mut unit, name, value)?;
        }
    }
    Ok({
        let consts = code.linked(cx).consts.clone();
        link_with(cx, unit, consts)
    }
    .as_obj())
}

fn change(cx: &mut Cx, code: Ref<'_>, unit: &mut CodeUnit, name: &str, value: Ref<'_>) -> R<()> {
    match name {
        "co_flags" => {
            let wanted = cx.index_isize(value, Builtin::OverflowError)? as u32;
            if (wanted ^ unit.flags) & FIXED_FLAGS != 0 {
                return Err(cx.value_error("code: co_flags cannot change how the code is called"));
            }
            unit.flags = wanted;
        }
        "co_firstlineno" => {
            let line = cx.index_isize(value, Builtin::OverflowError)? as i64;
            if !(0..=i64::from(i32::MAX)).contains(&line) {
                return Err(cx.value_error("co_firstlineno must be a positive integer"));
            }
            move_lines(unit, line - i64::from(unit.first_line));
            unit.first_line = line as u32;
        }
        "co_filename" => unit.filename = text(cx, name, value)?,
        "co_name" => unit.name = text(cx, name, value)?,
        "co_qualname" => unit.qualname = text(cx, name, value)?,
        "co_linetable" => {
            let Some(table) = value.downcast::<PyBytes>(cx) else {
                let got = cx.type_name(value);
                let message = format!("replace() argument 'co_linetable' must be bytes, not {got}");
                return Err(cx.type_error(message));
            };
            unit.positions = line_table::decode(table.as_bytes(), unit.first_line, unit.code.len());
        }
        "co_exceptiontable" => {}
        _ => {
            let own = cx.get_attr_str(code, name)?;
            if !cx.equal(own.r(), value)? {
                return Err(cx.value_error(format!("code: {name} cannot be replaced")));
            }
        }
    }
    Ok(())
}

fn move_lines(unit: &mut CodeUnit, by: i64) {
    for position in unit.positions.iter_mut().filter(|position| position.line != 0) {
        position.line = (i64::from(position.line) + by).max(0) as u32;
        position.end_line = (i64::from(position.end_line) + by).max(0) as u32;
    }
}

fn text(cx: &mut Cx, name: &str, value: Ref<'_>) -> R<String> {
    if value.downcast::<crate::objects::str::PyStr>(cx).is_none() {
        let got = cx.type_name(value);
        return Err(cx.type_error(format!("replace() argument '{name}' must be str, not {got}")));
    }
    Ok(cx.text_of(value))
}
