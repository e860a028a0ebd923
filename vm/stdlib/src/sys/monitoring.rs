//! `sys.monitoring`: which tools there are and what they want to hear of.
//!
//! The interpreter reports no events. So tools may register themselves and their callbacks, but switching events on is
//! an error: a debugger or profiler must not believe that nothing happens.
//!
//! All state is in two dicts, which have locks of their own: the names of the tools by number, and the callbacks by
//! the number of tool and event.

use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::code::PyCode;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::{add, add_functions, new_module};
use ungil_runtime::prelude::*;

/// Numbers that tools may have.
const TOOLS: i64 = 6;

const IDS: &[(&str, i64)] =
    &[("DEBUGGER_ID", 0), ("COVERAGE_ID", 1), ("PROFILER_ID", 2), ("OPTIMIZER_ID", 5)];

const EVENTS: &[(&str, i64)] = &[
    ("PY_START", 1),
    ("PY_RESUME", 2),
    ("PY_RETURN", 4),
    ("PY_YIELD", 8),
    ("CALL", 16),
    ("LINE", 32),
    ("INSTRUCTION", 64),
    ("JUMP", 128),
    ("BRANCH_LEFT", 256),
    ("BRANCH_RIGHT", 512),
    ("STOP_ITERATION", 1024),
    ("RAISE", 2048),
    ("EXCEPTION_HANDLED", 4096),
    ("PY_UNWIND", 8192),
    ("PY_THROW", 16384),
    ("RERAISE", 32768),
    ("C_RETURN", 65536),
    ("C_RAISE", 131_072),
    ("BRANCH", 262_144),
    ("NO_EVENTS", 0),
];

/// The bits of all events.
const ALL: i64 = (1 << 19) - 1;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("use_tool_id", "($module, tool_id, name, /)", Full(use_tool_id)),
    ("clear_tool_id", "($module, tool_id, /)", Full(clear_tool_id)),
    ("free_tool_id", "($module, tool_id, /)", Full(free_tool_id)),
    ("get_tool", "($module, tool_id, /)", Full(get_tool)),
    ("register_callback", "($module, tool_id, event, func, /)", Full(register_callback)),
    ("get_events", "($module, tool_id, /)", Full(get_events)),
    ("set_events", "($module, tool_id, event_set, /)", Full(|cx, a| set_events(cx, a, a.get(1)))),
    ("get_local_events", "($module, tool_id, code, /)", Full(get_local_events)),
    ("set_local_events", "($module, tool_id, code, event_set, /)", Full(set_local_events)),
    ("restart_events", "($module, /)", Leaf(|cx, _| Ok(cx.none()))),
    ("_all_events", "($module, /)", Leaf(|cx, _| Ok(PyDict::new(cx)))),
];

static NAMES: OnceLock<SharedValue> = OnceLock::new();
static CALLBACKS: OnceLock<SharedValue> = OnceLock::new();

fn dict(cx: &Cx, which: &'static OnceLock<SharedValue>) -> &'static PyDict {
    let dict = which.get_or_init(|| SharedValue::new(PyDict::new(cx))).get();
    // SAFETY: made as a dict.
    unsafe { dict.cast_unchecked() }
}

/// The number of a tool.
fn tool(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    let id = cx.to_i64(v)?;
    match (0..TOOLS).contains(&id) {
        true => Ok(id),
        false => Err(cx.value_error(format!("invalid tool {id} (must be between 0 and {})", TOOLS - 1))),
    }
}

/// The number of a tool that is in use.
fn used_tool(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    let id = tool(cx, v)?;
    let key = cx.int(id);
    match dict(cx, &NAMES).get(cx, key.r())? {
        Some(_) => Ok(id),
        None => Err(cx.value_error(format!("tool {id} is not in use"))),
    }
}

fn use_tool_id(cx: &mut Cx, a: Args<'_>) -> R {
    let id = tool(cx, a.get(0))?;
    if !cx.is_instance_of(a.get(1), Builtin::Str) {
        return Err(cx.value_error("tool name must be a str"));
    }
    let key = cx.int(id);
    let (_, used) = dict(cx, &NAMES).set_default(cx, key.r(), a.get(1))?;
    if used { Err(cx.value_error(format!("tool {id} is already in use"))) } else { Ok(cx.none()) }
}

fn forget_callbacks(cx: &mut Cx, id: i64) -> R<()> {
    for &(_, event) in EVENTS {
        let key = callback_key(cx, id, event);
        dict(cx, &CALLBACKS).remove(cx, key.r())?;
    }
    Ok(())
}

fn clear_tool_id(cx: &mut Cx, a: Args<'_>) -> R {
    let id = tool(cx, a.get(0))?;
    forget_callbacks(cx, id)?;
    Ok(cx.none())
}

fn free_tool_id(cx: &mut Cx, a: Args<'_>) -> R {
    let id = tool(cx, a.get(0))?;
    forget_callbacks(cx, id)?;
    let key = cx.int(id);
    dict(cx, &NAMES).remove(cx, key.r())?;
    Ok(cx.none())
}

fn get_tool(cx: &mut Cx, a: Args<'_>) -> R {
    let id = tool(cx, a.get(0))?;
    let key = cx.int(id);
    let name = dict(cx, &NAMES).get(cx, key.r())?;
    Ok(name.unwrap_or_else(|| cx.none()))
}

fn callback_key(cx: &Cx, id: i64, event: i64) -> Obj {
    cx.int(event * TOOLS + id)
}

/// Gives the callback that was there before.
fn register_callback(cx: &mut Cx, a: Args<'_>) -> R {
    let id = tool(cx, a.get(0))?;
    let event = cx.to_i64(a.get(1))?;
    if event.count_ones() != 1 {
        return Err(cx.value_error("The callback can only be set for one event at a time"));
    }
    if !(0..=ALL).contains(&event) {
        return Err(cx.value_error(format!("invalid event {event}")));
    }
    let key = callback_key(cx, id, event);
    let old = dict(cx, &CALLBACKS).remove(cx, key.r())?;
    if !a.get(2).value().is_none() {
        let callback = a.get(2).own(cx);
        dict(cx, &CALLBACKS).set(cx, key, callback)?;
    }
    Ok(old.unwrap_or_else(|| cx.none()))
}

fn get_events(cx: &mut Cx, a: Args<'_>) -> R {
    tool(cx, a.get(0))?;
    Ok(cx.int(0))
}

fn set_events(cx: &mut Cx, a: Args<'_>, events: Ref<'_>) -> R {
    let id = tool(cx, a.get(0))?;
    let events = cx.to_i64(events)?;
    if !(0..=ALL).contains(&events) {
        return Err(cx.value_error(format!("invalid event set {:#x}", events as u32)));
    }
    let id = cx.int(id);
    used_tool(cx, id.r())?;
    match events {
        0 => Ok(cx.none()),
        _ => Err(cx.error(Builtin::NotImplementedError, "this interpreter does not report events")),
    }
}

fn check_code(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    match v.downcast::<PyCode>(cx) {
        Some(_) => Ok(()),
        None => Err(cx.type_error("code must be a code object")),
    }
}

fn get_local_events(cx: &mut Cx, a: Args<'_>) -> R {
    check_code(cx, a.get(1))?;
    tool(cx, a.get(0))?;
    Ok(cx.int(0))
}

fn set_local_events(cx: &mut Cx, a: Args<'_>) -> R {
    check_code(cx, a.get(1))?;
    set_events(cx, a, a.get(2))
}

/// Adds the module as an attribute of `sys`.
///
/// # Errors
/// What making objects raises.
pub(super) fn add_to(cx: &mut Cx, sys: &Obj) -> R<()> {
    let module = new_module(cx, "monitoring");
    add_functions(cx, &module, FUNCTIONS);
    for &(name, id) in IDS {
        let id = cx.int(id);
        add(cx, &module, name, id);
    }
    for name in ["DISABLE", "MISSING"] {
        let mark = cx.call(cx.builtin(Builtin::Object).as_ref(), &[])?;
        add(cx, &module, name, mark);
    }
    let values: Vec<(&str, Obj)> = EVENTS.iter().map(|&(name, bit)| (name, cx.int(bit))).collect();
    let named: Vec<(&str, Ref<'_>)> = values.iter().map(|(name, bit)| (*name, bit.r())).collect();
    let events = cx.call_kw(cx.builtin(Builtin::SimpleNamespace).as_ref(), &[], &named)?;
    add(cx, &module, "events", events);
    add(cx, sys, "monitoring", module);
    Ok(())
}
