//! What Python sees of code objects.

use super::code::{CODE_OPS, PyCode};
use crate::prelude::*;
use ungil_bytecode::flags;

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Code, "code", &CODE_OPS, size_of::<PyCode>(), false);
}

fn this<'a>(a: Args<'a>) -> &'a PyCode {
    a.this::<PyCode>()
}

fn texts<'s>(cx: &Cx, names: impl Iterator<Item = &'s str>) -> R {
    let names = names.map(|n| crate::objects::str::intern(cx, n).get().own(cx)).collect();
    Ok(cx.tuple(names))
}

/// Names of locals as CPython counts them: without the namespace register and without cells that are no parameters.
fn var_names(cx: &mut Cx, code: &PyCode) -> Vec<&'static str> {
    let (head, cells) = (&code.head, &code.linked(cx).cell_registers);
    let locals = head.local_names.iter().enumerate().skip(head.has_namespace as usize);
    let seen = locals.filter(|&(i, name)| {
        let is_param = i < param_count(code);
        is_param || !(cells.contains(&(i as u16)) || name.starts_with('.'))
    });
    seen.map(|(_, name)| name).collect()
}

fn param_count(code: &PyCode) -> usize {
    let unit = &code.head;
    (unit.arg_count + unit.keyword_only_count) as usize
        + (unit.flags & flags::VARARGS != 0) as usize
        + (unit.flags & flags::VARKEYWORDS != 0) as usize
}

fn consts(cx: &mut Cx, a: Args<'_>) -> R {
    let items = this(a).linked(cx).consts.iter().map(|c| c.get().own(cx)).collect();
    Ok(cx.tuple(items))
}

fn co_code(cx: &mut Cx, a: Args<'_>) -> R {
    let words = this(a).linked(cx).code.unpack().unwrap_or_default();
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    Ok(crate::objects::bytes::new_bytes(cx, &bytes))
}

fn co_linetable(cx: &mut Cx, a: Args<'_>) -> R {
    let code = this(a);
    let table = super::line_table::encode(code.positions(cx), code.head.first_line);
    Ok(crate::objects::bytes::new_bytes(cx, &table))
}

fn position_tuple(cx: &Cx, p: ungil_bytecode::Position) -> Obj {
    let number = |n: u32, known: bool| if known { cx.int(n as i64) } else { cx.none() };
    let known = p.line != 0;
    let columns = known && !cx.vm.config.no_debug_ranges;
    let end = if columns { p.end_line } else { p.line };
    let parts =
        [number(p.line, known), number(end, known), number(p.column, columns), number(p.end_column, columns)];
    cx.tuple(parts.into())
}

fn co_positions(cx: &mut Cx, a: Args<'_>) -> R {
    let items = this(a).positions(cx).iter().map(|&p| position_tuple(cx, p)).collect();
    let list = cx.list(items);
    cx.iter(list.r())
}

/// Ranges of offsets with their lines; an offset is two bytes a word, as `co_lasti` counts.
fn co_lines(cx: &mut Cx, a: Args<'_>) -> R {
    let positions = this(a).positions(cx);
    let mut items = Vec::new();
    let mut start = 0;
    for i in 1..=positions.len() {
        if i == positions.len() || positions[i].line != positions[start].line {
            let line = positions[start].line;
            let line = if line == 0 { cx.none() } else { cx.int(line as i64) };
            let range = vec![cx.int(2 * start as i64), cx.int(2 * i as i64), line];
            items.push(cx.tuple(range));
            start = i;
        }
    }
    let list = cx.list(items);
    cx.iter(list.r())
}

fn code_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let code = this(a);
    let (name, file, line) = (code.head.name, code.file(), code.head.first_line);
    Ok(cx.str(&format!("<code object {name} at {:#x}, file \"{file}\", line {line}>", a.get(0).value().0)))
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION | class_flag::HAS_WEAKREF;
    let mut t = TypeBuilder::new(cx, Builtin::Code, Some(Builtin::Object), flags);
    t.getset(cx, "co_name", Full(|cx, a| Ok(this(a).name.get().own(cx))), None)
        .getset(cx, "co_qualname", Full(|cx, a| Ok(this(a).qualname.get().own(cx))), None)
        .getset(cx, "co_filename", Full(|cx, a| Ok(this(a).filename.get().own(cx))), None)
        .getset(cx, "co_firstlineno", Full(|cx, a| Ok(cx.int(this(a).head.first_line as i64))), None)
        .getset(cx, "co_flags", Full(|cx, a| Ok(cx.int(this(a).head.flags as i64))), None)
        .getset(cx, "co_argcount", Full(|cx, a| Ok(cx.int(this(a).head.arg_count as i64))), None)
        .getset(
            cx,
            "co_posonlyargcount",
            Full(|cx, a| Ok(cx.int(this(a).head.positional_only_count as i64))),
            None,
        )
        .getset(
            cx,
            "co_kwonlyargcount",
            Full(|cx, a| Ok(cx.int(this(a).head.keyword_only_count as i64))),
            None,
        )
        .getset(
            cx,
            "co_nlocals",
            Full(|cx, a| {
                let n = var_names(cx, this(a)).len();
                Ok(cx.int(n as i64))
            }),
            None,
        )
        .getset(cx, "co_stacksize", Full(|cx, a| Ok(cx.int(this(a).head.register_count as i64))), None)
        .getset(
            cx,
            "co_varnames",
            Full(|cx, a| {
                let names = var_names(cx, this(a));
                texts(cx, names.into_iter())
            }),
            None,
        )
        .getset(
            cx,
            "co_cellvars",
            Full(|cx, a| {
                let names: Vec<&str> = this(a).head.local_names.iter().collect();
                let cells = &this(a).linked(cx).cell_registers;
                texts(cx, cells.iter().filter_map(|&r| names.get(r as usize).copied()))
            }),
            None,
        )
        .getset(cx, "co_freevars", Full(|cx, a| texts(cx, this(a).head.free_names.iter())), None)
        .getset(
            cx,
            "co_names",
            Full(|cx, a| {
                let names = this(a).linked(cx).names.iter().map(|n| n.get().own(cx)).collect();
                Ok(cx.tuple(names))
            }),
            None,
        )
        .getset(cx, "co_consts", Full(consts), None)
        .getset(cx, "co_code", Full(co_code), None)
        .getset(cx, "co_linetable", Full(co_linetable), None)
        .method(cx, "co_positions", "($self, /)", Full(co_positions))
        .method(cx, "replace", super::code_replace::SIGNATURE, Full(super::code_replace::replace))
        .method(cx, "__replace__", super::code_replace::SIGNATURE, Full(super::code_replace::replace))
        .method(cx, "co_lines", "($self, /)", Full(co_lines))
        .special(cx, Special::Eq, Full(super::code_compare::eq))
        .special(cx, Special::Hash, Full(super::code_compare::hash))
        .special(cx, Special::Repr, Full(code_repr));
}
