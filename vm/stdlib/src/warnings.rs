//! `_warnings`: issuing warnings. `warnings` adds filters and shows what is to be shown.
//!
//! The filters are a list that Python changes; they are read without a lock, a snapshot at a time. A registry remembers
//! which warnings a module has issued, and is cleared when the filters have changed since (`VERSION`).

use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicI64, Ordering};
use ungil_runtime::SharedValue;
use ungil_runtime::interp::frame::{Frame, Frames};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::{PyStr, intern};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::traceback::{source_line, write_stderr};

/// What the module keeps.
struct State {
    filters: SharedValue,
    once: SharedValue,
    lock: SharedValue,
    /// The context variable of `catch_warnings`.
    context: SharedValue,
}

static STATE: OnceLock<State> = OnceLock::new();
/// Counts changes of the filters.
static VERSION: AtomicI64 = AtomicI64::new(0);

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    (
        "warn",
        "($module, /, message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=<unrepresentable>)",
        Full(warn),
    ),
    (
        "warn_explicit",
        "($module, /, message, category, filename, lineno, module=<unrepresentable>, registry=None, module_globals=None, source=None)",
        Full(warn_explicit),
    ),
    ("_filters_mutated_lock_held", "($module, /)", Leaf(filters_mutated)),
    ("_acquire_lock", "($module, /)", Full(|cx, _| lock_method(cx, "acquire"))),
    ("_release_lock", "($module, /)", Full(|cx, _| lock_method(cx, "release"))),
];

/// A warning on its way.
struct Issue {
    category: Obj,
    message: Obj,
    filename: Obj,
    line: i64,
    module: Obj,
    registry: Obj,
    source: Option<Obj>,
}

fn filters_mutated(cx: &Cx, _: Args<'_>) -> R {
    // ORD: relaxed; a number that registries are compared with.
    VERSION.fetch_add(1, Ordering::Relaxed);
    Ok(cx.none())
}

fn lock_method(cx: &mut Cx, name: &str) -> R {
    let Some(state) = STATE.get() else { return Ok(cx.none()) };
    cx.call_method(state.lock.get(), name, &[])?;
    Ok(cx.none())
}

/// The class of a warning: of the message if that is one, else as given.
fn category_of(cx: &mut Cx, message: Ref<'_>, given: Option<Ref<'_>>) -> R {
    if cx.is_instance_of(message, Builtin::Warning) {
        return Ok(cx.class_of(message).as_ref().own(cx));
    }
    let Some(given) = given.filter(|c| !c.value().is_none()) else {
        return Ok(cx.builtin(Builtin::UserWarning).as_ref().own(cx));
    };
    let class = PyType::from_ref(given, cx);
    if class.is_some_and(|class| class.is_subclass(cx.builtin(Builtin::Warning), cx)) {
        return Ok(given.own(cx));
    }
    let got = match class {
        Some(class) => format!("class '{}'", class.name()),
        None => format!("'{}'", cx.type_name(given)),
    };
    Err(cx.type_error(format!("category must be a Warning subclass, not {got}")))
}

fn is_internal(filename: &str) -> bool {
    filename.contains("importlib") && filename.contains("_bootstrap")
}

/// The frame that a warning is about, with the line it is at.
fn frame_at(cx: &Cx, level: i64, skip: &[String]) -> Option<(Frame, u32)> {
    let (regs, ip) = cx.position();
    let mut frames = Frames::from(regs, ip).map(|(frame, at)| {
        let code = frame.code();
        (frame, code.position(code.offset_of(at)).line)
    });
    let mut now = frames.next()?;
    let name = |frame: Frame| frame.code().file().to_owned();
    let external = level > 0 && !is_internal(&name(now.0));
    for _ in 1..level.max(1) {
        now = frames.next()?;
        while external
            && (is_internal(&name(now.0)) || skip.iter().any(|prefix| name(now.0).starts_with(prefix)))
        {
            now = frames.next()?;
        }
    }
    Some(now)
}

fn warn(cx: &mut Cx, a: Args<'_>) -> R {
    let category = category_of(cx, a.get(0), a.opt(1))?;
    let mut level = match a.opt(2) {
        Some(level) => cx.to_i64(level)?,
        None => 1,
    };
    let mut skip = Vec::new();
    if let Some(prefixes) = a.opt(4) {
        let Some(prefixes) = prefixes.downcast::<PyTuple>(cx) else {
            let got = cx.type_name(prefixes);
            let message = format!("warn() argument 'skip_file_prefixes' must be tuple, not {got}");
            return Err(cx.type_error(message));
        };
        for prefix in prefixes.items() {
            if !cx.is_instance_of(*prefix, Builtin::Str) {
                let got = cx.type_name(*prefix);
                let message = format!("Found non-str '{got}' in skip_file_prefixes.");
                return Err(cx.type_error(message));
            }
            skip.push(cx.text_of(*prefix));
        }
        if !skip.is_empty() {
            level = level.max(2);
        }
    }
    let (globals, filename, line) = match frame_at(cx, level, &skip) {
        Some((frame, line)) => {
            let globals = ref_of(frame.function().globals_unchecked()).own(cx);
            (globals, frame.code().filename.get().own(cx), i64::from(line))
        }
        None => (ref_of(cx.sys_dict()).own(cx), cx.str("<sys>"), 0),
    };
    let registry = registry_of(cx, &globals)?;
    let key = cx.vm.names.name.get();
    let name = globals.downcast::<PyDict>(cx).and_then(|g| g.get_str(cx, key));
    let module =
        name.filter(|n| cx.is_instance_of(n.r(), Builtin::Str)).unwrap_or_else(|| cx.str("<string>"));
    let (message, source) = (a.get(0).own(cx), a.opt_not_none(3).map(|s| s.own(cx)));
    issue(cx, Issue { category, message, filename, line, module, registry, source })
}

/// `__warningregistry__` of a module's globals.
fn registry_of(cx: &mut Cx, globals: &Obj) -> R {
    let key = intern(cx, "__warningregistry__");
    let Some(globals) = globals.downcast::<PyDict>(cx) else { return Ok(cx.none()) };
    let new = PyDict::new(cx);
    globals.set_default(cx, key.get(), new.r()).map(|(registry, _)| registry)
}

fn warn_explicit(cx: &mut Cx, a: Args<'_>) -> R {
    let category = category_of(cx, a.get(0), Some(a.get(1)))?;
    let line = cx.to_i64(a.get(3))?;
    let registry = a.opt(5).map_or_else(|| cx.none(), |r| r.own(cx));
    if !registry.value().is_none() && registry.downcast::<PyDict>(cx).is_none() {
        let got = cx.type_name(registry.r());
        return Err(cx.type_error(format!("'registry' must be a dict or None, not {got}")));
    }
    let module = match a.opt_not_none(4) {
        Some(module) => module.own(cx),
        None => {
            let name = cx.text_of(a.get(2));
            let name = name.strip_suffix(".py").unwrap_or(&name);
            cx.str(if name.is_empty() { "<unknown>" } else { name })
        }
    };
    let (message, filename) = (a.get(0).own(cx), a.get(2).own(cx));
    let source = a.opt_not_none(7).map(|s| s.own(cx));
    issue(cx, Issue { category, message, filename, line, module, registry, source })
}

/// Whether the registry knows the key; with `set` it does from now on.
fn already_warned(cx: &mut Cx, registry: &Obj, key: &Obj, set: bool) -> R<bool> {
    let Some(registry) = registry.downcast::<PyDict>(cx) else { return Ok(false) };
    let name = intern(cx, "version");
    // ORD: relaxed; see `filters_mutated`.
    let version = VERSION.load(Ordering::Relaxed);
    let known = registry.get_str(cx, name.get()).and_then(|v| v.value().as_int());
    if known != Some(version) {
        registry.clear(cx);
        registry.set_str(cx, name.get(), cx.int(version));
    } else if let Some(seen) = registry.get(cx, key.r())?
        && cx.truth(seen.r())?
    {
        return Ok(true);
    }
    if set {
        registry.set(cx, key.clone(), Obj::immediate(Value::TRUE))?;
    }
    Ok(false)
}

/// An attribute of the module `warnings`, if that is loaded.
fn of_warnings(cx: &mut Cx, name: &str) -> R<Option<Obj>> {
    let module = cx.modules().get_str(cx, cx.vm.names.warnings.get());
    let name = intern(cx, name);
    match module {
        Some(module) => cx.get_attr_opt(module.r(), name.get()),
        None => Ok(None),
    }
}

/// Whether a filter's text or pattern admits a text.
fn admits(cx: &mut Cx, filter: Ref<'_>, text: Ref<'_>) -> R<bool> {
    if filter.value().is_none() {
        return Ok(true);
    }
    if cx.is_exactly(filter, Builtin::Str) {
        return cx.equal(filter, text);
    }
    let found = cx.call_method(filter, "match", &[text])?;
    cx.truth(found.r())
}

fn action_in(cx: &mut Cx, filters: Ref<'_>, issue: &Issue, text: Ref<'_>) -> R<Option<Obj>> {
    for filter in cx.collect(filters)? {
        let parts = filter.downcast::<PyTuple>(cx).map(|t| t.snapshot(cx)).unwrap_or_default();
        let [action, message, category, module, line] = parts.as_slice() else {
            let shown = cx.repr_string(filter.r())?;
            return Err(cx.value_error(format!("warnings.filters item {shown} isn't a 5-tuple")));
        };
        let line = cx.to_i64(line.r())?;
        if (line == 0 || line == issue.line)
            && cx.is_subclass(issue.category.r(), category.r())?
            && admits(cx, message.r(), text)?
            && admits(cx, module.r(), issue.module.r())?
        {
            return Ok(Some(action.clone()));
        }
    }
    Ok(None)
}

/// What is to be done: the first filter that admits the warning says it.
fn action_for(cx: &mut Cx, issue: &Issue, text: Ref<'_>) -> R<String> {
    let Some(state) = STATE.get() else { return Ok("default".into()) };
    let none = Ref::immediate(Value::NONE);
    let context = cx.call_method(state.context.get(), "get", &[none])?;
    let filters = match context.value().is_none() {
        false => cx.get_attr_str(context.r(), "_filters")?,
        true => match of_warnings(cx, "filters")? {
            Some(filters) => filters,
            None => state.filters.get().own(cx),
        },
    };
    if let Some(action) = action_in(cx, filters.r(), issue, text)? {
        return cx.str_string(action.r());
    }
    match of_warnings(cx, "defaultaction")? {
        Some(action) => cx.str_string(action.r()),
        None => Ok("default".into()),
    }
}

fn issue(cx: &mut Cx, mut issue: Issue) -> R {
    let text = match cx.is_instance_of(issue.message.r(), Builtin::Warning) {
        true => cx.to_str(issue.message.r())?,
        false => {
            let text = std::mem::replace(&mut issue.message, cx.none());
            issue.message = cx.call(issue.category.r(), &[text.r()])?;
            text
        }
    };
    let line = cx.int(issue.line);
    let key = cx.tuple(vec![text.clone(), issue.category.clone(), line]);
    let registry = issue.registry.clone();
    if already_warned(cx, &registry, &key, false)? {
        return Ok(cx.none());
    }
    let action = action_for(cx, &issue, text.r())?;
    let plain = cx.tuple(vec![text.clone(), issue.category.clone()]);
    match action.as_str() {
        "error" => return Err(ungil_runtime::raise_object(issue.message)),
        "ignore" => return Ok(cx.none()),
        "always" | "all" => {}
        "once" => {
            let once = match of_warnings(cx, "onceregistry")? {
                Some(once) => once,
                None => STATE.get().map_or_else(|| cx.none(), |s| s.once.get().own(cx)),
            };
            remember(cx, &registry, &key)?;
            let place = if registry.value().is_none() { once } else { registry };
            if already_warned(cx, &place, &plain, true)? {
                return Ok(cx.none());
            }
        }
        "module" => {
            remember(cx, &registry, &key)?;
            if already_warned(cx, &registry, &plain, true)? {
                return Ok(cx.none());
            }
        }
        "default" => remember(cx, &registry, &key)?,
        other => {
            return Err(cx.runtime_error(format!("Unrecognized action ('{other}') in warnings.filters")));
        }
    }
    show(cx, &issue, text.r())?;
    Ok(cx.none())
}

fn remember(cx: &mut Cx, registry: &Obj, key: &Obj) -> R<()> {
    match registry.downcast::<PyDict>(cx) {
        Some(registry) => registry.set(cx, key.clone(), Obj::immediate(Value::TRUE)),
        None => Ok(()),
    }
}

/// Shows a warning: `warnings._showwarnmsg` does it, or if that module is not loaded, a plain text.
fn show(cx: &mut Cx, issue: &Issue, text: Ref<'_>) -> R<()> {
    if issue.source.is_some() {
        ungil_runtime::import::import_module(cx, "warnings")?;
    }
    let line = cx.int(issue.line);
    if let (Some(show), Some(class)) = (of_warnings(cx, "_showwarnmsg")?, of_warnings(cx, "WarningMessage")?)
    {
        let (none, source) = (cx.none(), issue.source.clone().unwrap_or_else(|| cx.none()));
        let message = cx.call(
            class.r(),
            &[
                issue.message.r(),
                issue.category.r(),
                issue.filename.r(),
                line.r(),
                none.r(),
                none.r(),
                source.r(),
            ],
        )?;
        return cx.call(show.r(), &[message.r()]).map(drop);
    }
    let filename = cx.text_of(issue.filename.r());
    let category = PyType::from_ref(issue.category.r(), cx).map(|c| c.name()).unwrap_or_default();
    let text = text.downcast::<PyStr>(cx).map(|s| s.to_string_lossy()).unwrap_or_default();
    let mut shown = format!("{filename}:{}: {category}: {text}\n", issue.line);
    if let Some(source) = source_line(cx, &filename, issue.line) {
        shown += &format!("  {}\n", source.trim());
    }
    write_stderr(cx, &shown);
    Ok(())
}

/// The filters that there are unless the program is told otherwise.
fn default_filters(cx: &Cx) -> Obj {
    let filter = |action: &str, category: Builtin, module: Option<&str>| {
        let module = module.map_or_else(|| cx.none(), |m| cx.str(m));
        let category = cx.builtin(category).as_ref().own(cx);
        cx.tuple(vec![cx.str(action), cx.none(), category, module, cx.int(0)])
    };
    cx.list(vec![
        filter("default", Builtin::DeprecationWarning, Some("__main__")),
        filter("ignore", Builtin::DeprecationWarning, None),
        filter("ignore", Builtin::PendingDeprecationWarning, None),
        filter("ignore", Builtin::ImportWarning, None),
        filter("ignore", Builtin::ResourceWarning, None),
    ])
}

fn make_state(cx: &mut Cx) -> R<State> {
    let thread = ungil_runtime::import::import_module(cx, "_thread")?;
    let lock = SharedValue::new(cx.call_method(thread.r(), "RLock", &[])?);
    let contexts = ungil_runtime::import::import_module(cx, "_contextvars")?;
    let name = cx.str("warnings_context");
    let context = SharedValue::new(cx.call_method(contexts.r(), "ContextVar", &[name.r()])?);
    let filters = SharedValue::new(default_filters(cx));
    Ok(State { filters, once: SharedValue::new(PyDict::new(cx)), lock, context })
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let made = make_state(cx)?;
    let state = STATE.get_or_init(|| made);
    for (name, value) in
        [("filters", state.filters), ("_onceregistry", state.once), ("_warnings_context", state.context)]
    {
        add(cx, module, name, value.get().own(cx));
    }
    let action = cx.str("default");
    add(cx, module, "_defaultaction", action);
    Ok(())
}
