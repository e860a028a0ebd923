//! Loading modules, one thread each.

use super::cache;
use super::find::{Found, Source, find, is_late_native};
use crate::SharedValue;
use crate::objects::code::{self, PyCode};
use crate::objects::exception::PyException;
use crate::objects::str::PyStr;
use crate::objects::{function, module};
use crate::prelude::*;
use std::sync::OnceLock;

fn thread_key(cx: &Cx) -> u64 {
    cx.thread.id()
}

/// Whether a module is being loaded just now.
pub fn is_initializing(cx: &Cx, name: &str) -> bool {
    cx.vm.importing.lock().unwrap_or_else(|p| p.into_inner()).contains_key(name)
}

/// As [`import_module`] for an interned name that has no parents.
///
/// # Errors
/// As for [`import_module`].
pub fn import_interned(cx: &mut Cx, name: Ref<'_>) -> R {
    if let Some(found) = cx.modules().get_str(cx, name)
        && !found.value().is_none()
        && cx.vm.importing.lock().unwrap_or_else(|p| p.into_inner()).is_empty()
    {
        return Ok(found);
    }
    let text = name.downcast::<PyStr>(cx).map(|s| s.to_string_lossy()).unwrap_or_default();
    import_module(cx, &text)
}

/// The module with this absolute name, imported if need be, parents first.
///
/// # Errors
/// `ModuleNotFoundError`, or what the module's code raises.
pub fn import_module(cx: &mut Cx, name: &str) -> R {
    let key = cx.str(name);
    if let Some(found) = cx.modules().get_str(cx, key.r()) {
        if found.value().is_none() {
            let message = format!("import of {name} halted; None in sys.modules");
            return Err(not_found(cx, name, &message));
        }
        wait_until_loaded(cx, name);
        // It is gone if the thread that was loading it has failed.
        if let Some(found) = cx.modules().get_str(cx, key.r()) {
            return Ok(found);
        }
    }
    import_before(cx, name)?;
    let mut parent = None;
    if let Some((package, _)) = name.rsplit_once('.') {
        let module = import_module(cx, package)?;
        if let Some(found) = cx.modules().get_str(cx, key.r()) {
            return Ok(found);
        }
        if cx.get_attr_opt(module.r(), cx.vm.names.path.get())?.is_none() {
            let message = format!("No module named '{name}'; '{package}' is not a package");
            return Err(not_found(cx, name, &message));
        }
        parent = Some(module);
    }
    let claimed = loop {
        let claimed = begin(cx, name);
        // Another thread has loaded it, perhaps between the look above and the claim, or we are in a circle with it.
        if let Some(found) = cx.modules().get_str(cx, key.r()) {
            if claimed {
                end(cx, name);
            }
            return Ok(found);
        }
        // If another thread has failed to load it, it is this one's turn; not if both wait for each other.
        if claimed || is_initializing(cx, name) {
            break claimed;
        }
    };
    let result = load(cx, name, parent.as_ref());
    if claimed {
        end(cx, name);
    }
    let module = result?;
    if let (Some(parent), Some((_, last))) = (parent, name.rsplit_once('.')) {
        let last = crate::objects::str::intern(cx, last);
        cx.set_attr(parent.r(), last.get(), module.clone())?;
    }
    Ok(module)
}

/// Imports what CPython has imported before any program begins, where a module counts on that: `genericpath` imports `os`,
/// which reaches for what `genericpath` has yet to define.
fn import_before(cx: &mut Cx, name: &str) -> R<()> {
    const OS: &str = "os";
    if name == "genericpath" && cx.modules().get_str(cx, cx.str(OS).r()).is_none() {
        import_module(cx, OS)?;
    }
    Ok(())
}

/// Claims the loading of a module. False if another thread has it: waits for it, unless that thread waits for us.
fn begin(cx: &mut Cx, name: &str) -> bool {
    let me = thread_key(cx);
    let mut importing = cx.vm.importing.lock().unwrap_or_else(|p| p.into_inner());
    if let std::collections::hash_map::Entry::Vacant(entry) = importing.entry(name.to_string()) {
        entry.insert(me);
        return true;
    }
    drop(importing);
    wait_until_loaded(cx, name);
    false
}

fn end(cx: &Cx, name: &str) {
    cx.vm.importing.lock().unwrap_or_else(|p| p.into_inner()).remove(name);
}

/// Waits, detached, while another thread loads the module; not if that thread, directly or not, waits for this one.
fn wait_until_loaded(cx: &mut Cx, name: &str) {
    if cx.vm.importing.lock().unwrap_or_else(|p| p.into_inner()).is_empty() {
        return;
    }
    let me = thread_key(cx);
    loop {
        {
            let importing = cx.vm.importing.lock().unwrap_or_else(|p| p.into_inner());
            let mut waits = cx.vm.import_waits.lock().unwrap_or_else(|p| p.into_inner());
            waits.remove(&me);
            let Some(&owner) = importing.get(name) else { return };
            let mut at = owner;
            for _ in 0..waits.len() + 1 {
                if at == me {
                    return;
                }
                let Some(next) = waits.get(&at).and_then(|wanted| importing.get(wanted)) else { break };
                at = *next;
            }
            if owner == me {
                return;
            }
            waits.insert(me, name.to_string());
        }
        cx.detached(|| std::thread::sleep(std::time::Duration::from_micros(200)));
    }
}

fn not_found(cx: &mut Cx, name: &str, message: &str) -> Err {
    let err = cx.error(Builtin::ModuleNotFoundError, message);
    if let Some(e) = err.exception().downcast::<PyException>(cx) {
        let name = cx.str(name);
        e.fields[0].set(&e.h, cx, name);
    }
    err
}

fn load_native(cx: &mut Cx, name: &str) -> R<Option<Obj>> {
    let natives = cx.vm.native_modules.lock().unwrap_or_else(|p| p.into_inner());
    let init = natives.iter().find(|m| m.0 == name).map(|m| m.1);
    drop(natives);
    let Some(init) = init else { return Ok(None) };
    let made = module::new_module(cx, name);
    module::leave_spec_open(cx, &made);
    register(cx, name, &made)?;
    if let Err(err) = init(cx, &made) {
        forget(cx, name);
        return Err(err);
    }
    Ok(Some(made))
}

fn load(cx: &mut Cx, name: &str, parent: Option<&Obj>) -> R {
    if let Some(found) = super::importlib::load_through_meta_path(cx, name)? {
        return Ok(found);
    }
    if !is_late_native(name)
        && let Some(made) = load_native(cx, name)?
    {
        return Ok(made);
    }
    let source = match find(cx, name, parent)? {
        Found::Module(source) => source,
        other => {
            if let Some(made) = load_native(cx, name)? {
                return Ok(made);
            }
            let only_importlib = matches!(other, Found::OnlyImportlib);
            return match super::importlib::load_through_hooks(cx, name, only_importlib)? {
                Some(found) => Ok(found),
                None => Err(not_found(cx, name, &format!("No module named '{name}'"))),
            };
        }
    };
    let made = module::new_module(cx, name);
    let package = match (&source.search, name.rsplit_once('.')) {
        (Some(_), _) => name.to_string(),
        (None, Some((package, _))) => package.to_string(),
        (None, None) => String::new(),
    };
    if !source.filename.is_empty() {
        set_text(cx, &made, "__file__", &source.filename)?;
    }
    if let Some(place) = source.stamp.and_then(|_| cache::place_of(cx, &source.filename)) {
        set_text(cx, &made, "__cached__", &place.to_string_lossy())?;
    }
    set_text(cx, &made, "__package__", &package)?;
    if let Some(search) = &source.search {
        let items = search.iter().map(|s| cx.str(s)).collect();
        let list = cx.list(items);
        cx.set_attr(made.r(), cx.vm.names.path.get(), list)?;
    }
    module::leave_spec_open(cx, &made);
    let spec = super::importlib::add_spec(cx, &made, name, &source.filename, source.search.as_deref())?;
    register(cx, name, &made)?;
    let result = execute(cx, &made, &source);
    if let Some(spec) = spec {
        super::importlib::set_initializing(cx, &spec, false)?;
    }
    if let Err(err) = result {
        forget(cx, name);
        return Err(err);
    }
    if name == "linecache" {
        register_command(cx, &made)?;
    }
    // A module may have put something else in its own place.
    let key = cx.str(name);
    Ok(cx.modules().get_str(cx, key.r()).unwrap_or(made))
}

fn register(cx: &mut Cx, name: &str, module: &Obj) -> R<()> {
    let key = crate::objects::str::intern(cx, name);
    cx.modules().set(cx, key.get().own(cx), module.clone())
}

fn forget(cx: &Cx, name: &str) {
    let key = cx.str(name);
    drop(cx.modules().remove_str(cx, key.r()));
}

fn set_text(cx: &mut Cx, module: &Obj, name: &str, text: &str) -> R<()> {
    let (name, text) = (crate::objects::str::intern(cx, name), cx.str(text));
    cx.set_attr(module.r(), name.get(), text)
}

fn execute(cx: &mut Cx, module: &Obj, source: &Source) -> R<()> {
    let dict = cx.get_attr(module.r(), cx.vm.names.dict.get())?;
    let name = cx.vm.names.builtins.get();
    let builtins = ref_of(cx.builtins()).own(cx);
    cx.set_item(dict.r(), name, builtins.r())?;
    let code = cache::code_of(cx, source)?;
    run_code(cx, code, dict, None).map(drop)
}

/// The code that `-c` runs, and its text.
static COMMAND: OnceLock<(SharedValue, String)> = OnceLock::new();

/// Runs what `-c` gives.
///
/// # Errors
/// As for [`run_source`].
pub fn run_command(cx: &mut Cx, source: &[u8], globals: Obj) -> R {
    let unit = crate::builtins::compile::compile_script(cx, source, "<string>")?;
    let code = code::link(cx, &unit);
    // It is run once.
    let _ = COMMAND.set((SharedValue::new(code.as_obj()), String::from_utf8_lossy(source).into_owned()));
    run_code(cx, code, globals, None)
}

/// Tells `linecache` the lines of `-c`, as CPython does before it runs them; here when a program, or the report of an exception,
/// first asks for lines.
fn register_command(cx: &mut Cx, linecache: &Obj) -> R<()> {
    let Some((code, text)) = COMMAND.get() else { return Ok(()) };
    let (text, name) = (cx.str(text), cx.str("<string>"));
    cx.call_method(linecache.r(), "_register_code", &[code.get(), text.r(), name.r()]).map(drop)
}

/// Compiles source text as the program itself and runs it with these globals.
///
/// # Errors
/// `SyntaxError`, or what the code raises.
pub fn run_source(cx: &mut Cx, source: &[u8], filename: &str, globals: Obj) -> R {
    let unit = crate::builtins::compile::compile_script(cx, source, filename)?;
    let code = code::link(cx, &unit);
    run_code(cx, code, globals, None)
}

/// Runs code that has a namespace: `globals`, or `locals` on top of them.
///
/// # Errors
/// What the code raises.
pub fn run_code(cx: &mut Cx, code: &'static PyCode, globals: Obj, locals: Option<Obj>) -> R {
    let f = function::new_function(cx, code, globals);
    let namespace = locals.unwrap_or_else(|| cx.none());
    crate::interp::run::call_function(cx, f.r(), [namespace].into_iter())
}

static KEPT: ungil_locks::primitive::Mutex<Vec<(String, Vec<u8>)>> =
    ungil_locks::primitive::Mutex::new(Vec::new());
/// Sources kept at most, oldest dropped first.
const MAX_KEPT: usize = 64;

/// Keeps source text that is in no file (`-c`), for tracebacks.
pub fn keep_source(filename: &str, source: &[u8]) {
    let mut kept = KEPT.lock().unwrap_or_else(|p| p.into_inner());
    kept.retain(|(name, _)| name != filename);
    if kept.len() >= MAX_KEPT {
        kept.remove(0);
    }
    kept.push((filename.to_string(), source.to_vec()));
}

/// Source text that was kept.
pub fn kept_source(filename: &str) -> Option<Vec<u8>> {
    let kept = KEPT.lock().unwrap_or_else(|p| p.into_inner());
    kept.iter().find(|(name, _)| name == filename).map(|(_, source)| source.clone())
}
