//! `sys.monitoring`: which tools there are, what they want to hear of, and telling them.
//!
//! Names of tools and callbacks are in two dicts, which have locks of their own: the names by number, and the callbacks by
//! the number of tool and event. Which events are wanted of which code is behind a mutex under which no Python runs; the
//! runtime knows the union of all that is wanted, and asks [`tell`].

use std::collections::{HashMap, HashSet};
use std::sync::{OnceLock, PoisonError};
use ungil_locks::primitive::{Mutex, MutexGuard};
use ungil_runtime::SharedValue;
use ungil_runtime::interp::tracing::{event, set_monitored};
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
/// Events that belong to a place in code, so that they can be wanted, or switched off, for it alone.
const LOCAL: i64 = (1 << 11) - 1;
/// What comes with [`event::CALL`].
const AFTER_CALL: u32 = event::C_RETURN | event::C_RAISE;

/// What tools want to hear of.
#[derive(Default)]
struct Wanted {
    everywhere: [u32; TOOLS as usize],
    /// By the address of the code, which lives for ever.
    in_code: HashMap<usize, [u32; TOOLS as usize]>,
    /// What callbacks have switched off: tool, event, code, and the offset or line.
    off: HashSet<(usize, u32, usize, i64)>,
}

static WANTED: Mutex<Option<Wanted>> = Mutex::new(None);

fn with_wanted<T>(f: impl FnOnce(&mut Wanted) -> T) -> T {
    let mut guard: MutexGuard<'_, _> = WANTED.lock().unwrap_or_else(PoisonError::into_inner);
    f(guard.get_or_insert_default())
}

fn address(code: &PyCode) -> usize {
    code as *const PyCode as usize
}

impl Wanted {
    fn of(&self, tool: usize, code: usize) -> u32 {
        let events = self.everywhere[tool] | self.in_code.get(&code).map_or(0, |events| events[tool]);
        if events & event::CALL != 0 { events | AFTER_CALL } else { events }
    }

    fn all(&self) -> u32 {
        let lists = std::iter::once(&self.everywhere).chain(self.in_code.values());
        let events = lists.flatten().fold(0, |all, events| all | events);
        if events & event::CALL != 0 { events | AFTER_CALL } else { events }
    }
}

/// Changes what is wanted, and says so to all threads.
fn change(cx: &mut Cx, f: impl FnOnce(&mut Wanted)) {
    let all = with_wanted(|wanted| {
        f(wanted);
        wanted.all()
    });
    set_monitored(cx, all);
}

/// Calls the callbacks for an event: `args` are what they get behind the code.
fn tell(cx: &mut Cx, which: u32, code: &'static PyCode, args: &[Ref<'_>]) -> R<()> {
    let key = address(code);
    let place = args.first().and_then(|v| v.value().as_int()).unwrap_or(-1);
    let tools = with_wanted(|wanted| {
        let is_on = |tool: usize| {
            wanted.of(tool, key) & which != 0 && !wanted.off.contains(&(tool, which, key, place))
        };
        std::array::from_fn::<bool, { TOOLS as usize }, _>(is_on)
    });
    let code = code.as_obj();
    let mut all = vec![code.r()];
    all.extend_from_slice(args);
    // A call without arguments: the offset and the callable are all that there is.
    if which & (AFTER_CALL | event::CALL) != 0
        && args.len() == 2
        && let Some(missing) = MISSING.get()
    {
        all.push(missing.get());
    }
    for tool in (0..TOOLS).filter(|&tool| tools[tool as usize]) {
        let branches = event::BRANCH_LEFT | event::BRANCH_RIGHT;
        let both = if which & branches != 0 { event::BRANCH } else { which };
        let events = if both == which { vec![which] } else { vec![which, both] };
        for event in events {
            let slot = callback_key(cx, tool, event.into());
            let Some(callback) = dict(cx, &CALLBACKS).get(cx, slot.r())? else { continue };
            let result = cx.call(callback.r(), &all)?;
            if DISABLE.get().is_some_and(|disable| disable.get().is(result.r())) {
                disable(cx, tool, which, key, place)?;
            }
        }
    }
    Ok(())
}

/// A callback wants to hear no more of this event at this place.
fn disable(cx: &mut Cx, tool: i64, which: u32, code: usize, place: i64) -> R<()> {
    if i64::from(which) & LOCAL != 0 {
        with_wanted(|wanted| wanted.off.insert((tool as usize, which, code, place)));
        return Ok(());
    }
    let slot = callback_key(cx, tool, which.into());
    dict(cx, &CALLBACKS).remove(cx, slot.r())?;
    let name = EVENTS.iter().find(|(_, bit)| *bit == i64::from(which)).map_or("", |(name, _)| name);
    Err(cx.value_error(format!("Cannot disable {name} events. Callback removed.")))
}

static DISABLE: OnceLock<SharedValue> = OnceLock::new();
static MISSING: OnceLock<SharedValue> = OnceLock::new();

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("use_tool_id", "($module, tool_id, name, /)", Full(use_tool_id)),
    ("clear_tool_id", "($module, tool_id, /)", Full(clear_tool_id)),
    ("free_tool_id", "($module, tool_id, /)", Full(free_tool_id)),
    ("get_tool", "($module, tool_id, /)", Full(get_tool)),
    ("register_callback", "($module, tool_id, event, func, /)", Full(register_callback)),
    ("get_events", "($module, tool_id, /)", Full(get_events)),
    ("set_events", "($module, tool_id, event_set, /)", Full(set_events)),
    ("get_local_events", "($module, tool_id, code, /)", Full(get_local_events)),
    ("set_local_events", "($module, tool_id, code, event_set, /)", Full(set_local_events)),
    ("restart_events", "($module, /)", Full(restart_events)),
    ("_all_events", "($module, /)", Full(all_events)),
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
    change(cx, |wanted| {
        wanted.everywhere[id as usize] = 0;
        wanted.in_code.values_mut().for_each(|events| events[id as usize] = 0);
        wanted.in_code.retain(|_, events| *events != [0; TOOLS as usize]);
        wanted.off.retain(|&(tool, ..)| tool != id as usize);
    });
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
    let id = tool(cx, a.get(0))?;
    let events = with_wanted(|wanted| wanted.everywhere[id as usize]);
    Ok(cx.int(events.into()))
}

/// A set of events out of an argument, as it is kept.
fn event_set(cx: &mut Cx, events: Ref<'_>, possible: i64, what: &str) -> R<u32> {
    let given = cx.to_i64(events)?;
    if !(0..=ALL).contains(&given) {
        return Err(cx.value_error(format!("invalid {what} {:#x}", given as u32)));
    }
    let mut events = given as u32;
    if events & AFTER_CALL != 0 && events & (AFTER_CALL | event::CALL) != AFTER_CALL | event::CALL {
        return Err(cx.value_error("cannot set C_RETURN or C_RAISE events independently"));
    }
    events &= !AFTER_CALL;
    if events & event::BRANCH != 0 {
        events = events & !event::BRANCH | event::BRANCH_LEFT | event::BRANCH_RIGHT;
    }
    if i64::from(events) & !possible != 0 {
        return Err(cx.value_error(format!("invalid {what} {:#x}", given as u32)));
    }
    Ok(events)
}

fn set_events(cx: &mut Cx, a: Args<'_>) -> R {
    let id = tool(cx, a.get(0))? as usize;
    let events = event_set(cx, a.get(1), ALL, "event set")?;
    used_tool(cx, a.get(0))?;
    change(cx, |wanted| wanted.everywhere[id] = events);
    Ok(cx.none())
}

fn check_code(cx: &mut Cx, v: Ref<'_>) -> R<usize> {
    match v.downcast::<PyCode>(cx) {
        Some(code) => Ok(address(code)),
        None => Err(cx.type_error("code must be a code object")),
    }
}

fn get_local_events(cx: &mut Cx, a: Args<'_>) -> R {
    let code = check_code(cx, a.get(1))?;
    let id = used_tool(cx, a.get(0))? as usize;
    let events = with_wanted(|wanted| wanted.in_code.get(&code).map_or(0, |events| events[id]));
    Ok(cx.int(events.into()))
}

fn set_local_events(cx: &mut Cx, a: Args<'_>) -> R {
    let code = check_code(cx, a.get(1))?;
    let id = used_tool(cx, a.get(0))? as usize;
    let events = event_set(cx, a.get(2), LOCAL, "local event set")?;
    change(cx, |wanted| {
        let of_code = wanted.in_code.entry(code).or_default();
        of_code[id] = events;
        if *of_code == [0; TOOLS as usize] {
            wanted.in_code.remove(&code);
        }
    });
    Ok(cx.none())
}

/// What callbacks have switched off is on again.
fn restart_events(cx: &mut Cx, _: Args<'_>) -> R {
    with_wanted(|wanted| wanted.off.clear());
    Ok(cx.none())
}

/// The tools, as bits, that want to hear of each event everywhere.
fn all_events(cx: &mut Cx, _: Args<'_>) -> R {
    let lists = with_wanted(|wanted| wanted.everywhere);
    let found = PyDict::new(cx);
    for &(name, bit) in EVENTS {
        let tools = (0..TOOLS).filter(|&tool| i64::from(lists[tool as usize]) & bit != 0);
        let tools = tools.fold(0, |bits, tool| bits | 1 << tool);
        if tools != 0 {
            let (name, tools) = (cx.str(name), cx.int(tools));
            cx.set_item(found.r(), name.r(), tools.r())?;
        }
    }
    Ok(found)
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
    for (name, kept) in [("DISABLE", &DISABLE), ("MISSING", &MISSING)] {
        let mark = SharedValue::new(cx.call(cx.builtin(Builtin::Object).as_ref(), &[])?);
        let mark = kept.get_or_init(|| mark).get().own(cx);
        add(cx, &module, name, mark);
    }
    cx.vm.monitoring.monitor.get_or_init(|| tell);
    let values: Vec<(&str, Obj)> = EVENTS.iter().map(|&(name, bit)| (name, cx.int(bit))).collect();
    let named: Vec<(&str, Ref<'_>)> = values.iter().map(|(name, bit)| (*name, bit.r())).collect();
    let events = cx.call_kw(cx.builtin(Builtin::SimpleNamespace).as_ref(), &[], &named)?;
    add(cx, &module, "events", events);
    add(cx, sys, "monitoring", module);
    Ok(())
}
