//! Finding and loading modules.

use super::cache::{self, Stamp};
use crate::objects::code::{self, PyCode};
use crate::objects::exception::PyException;
use crate::objects::str::PyStr;
use crate::objects::{function, module};
use crate::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A module's source and where it is.
pub struct Source {
    /// The text, if it is at hand; otherwise it is in the file, or in the embedded library.
    pub bytes: Option<Vec<u8>>,
    pub filename: String,
    /// What its compiled form is known by; nothing if there is none.
    pub stamp: Option<Stamp>,
    /// Directories of a package, empty for a plain module.
    pub search: Option<Vec<String>>,
}

impl Source {
    /// The text.
    ///
    /// # Errors
    /// `OSError`.
    pub fn read(&self, cx: &mut Cx) -> R<Vec<u8>> {
        let at_hand = self.bytes.clone();
        if let Some(bytes) = at_hand.or_else(|| embedded(self.filename.strip_prefix(FROZEN)?)) {
            return Ok(bytes);
        }
        let read = cx.detached(|| std::fs::read(&self.filename));
        read.map_err(|error| {
            let number = error.raw_os_error().unwrap_or(libc::EIO) as i64;
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text).to_string();
            let args = vec![cx.int(number), cx.str(&text), cx.str(&self.filename)];
            crate::new_error(cx, crate::objects::exception::class_for_errno(number), args)
        })
    }
}

/// The embedded library, by the paths of its files ("json/decoder.py").
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedLibrary {
    pub has: fn(&str) -> bool,
    pub source: fn(&str) -> Option<Vec<u8>>,
    /// The compiled file, packed.
    pub code: fn(&str) -> Option<&'static [u8]>,
}

static EMBEDDED: OnceLock<EmbeddedLibrary> = OnceLock::new();
/// What paths of embedded modules begin with.
const FROZEN: &str = "<frozen>/";

/// Gives the VM its embedded library.
pub fn set_embedded(library: EmbeddedLibrary) {
    // A second call would only repeat the first.
    let _ = EMBEDDED.set(library);
}

/// A file of the embedded library.
pub fn embedded(path: &str) -> Option<Vec<u8>> {
    EMBEDDED.get().and_then(|library| (library.source)(path))
}

/// Whether the embedded library has a file.
pub fn has_embedded(path: &str) -> bool {
    EMBEDDED.get().is_some_and(|library| (library.has)(path))
}

/// The compiled form of an embedded module, by its file name.
pub fn embedded_code(filename: &str) -> Option<&'static [u8]> {
    (EMBEDDED.get()?.code)(filename.strip_prefix(FROZEN)?)
}

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

fn load(cx: &mut Cx, name: &str, parent: Option<&Obj>) -> R {
    if let Some(found) = super::importlib::load_through_meta_path(cx, name)? {
        return Ok(found);
    }
    let native = cx
        .vm
        .native_modules
        .lock()
        .unwrap_or_else(|p| p.into_inner())
        .iter()
        .find(|m| m.0 == name)
        .map(|m| m.1);
    if let Some(init) = native {
        let made = module::new_module(cx, name);
        register(cx, name, &made)?;
        if let Err(err) = init(cx, &made) {
            forget(cx, name);
            return Err(err);
        }
        return Ok(made);
    }
    let Some(source) = find(cx, name, parent)? else {
        let search = search_path(cx, parent)?;
        if let Some(found) = super::importlib::load_through_hooks(cx, name, &search)? {
            return Ok(found);
        }
        return Err(not_found(cx, name, &format!("No module named '{name}'")));
    };
    let made = module::new_module(cx, name);
    let package = match (&source.search, name.rsplit_once('.')) {
        (Some(_), _) => name.to_string(),
        (None, Some((package, _))) => package.to_string(),
        (None, None) => String::new(),
    };
    set_text(cx, &made, "__file__", &source.filename)?;
    set_text(cx, &made, "__package__", &package)?;
    if let Some(search) = &source.search {
        let items = search.iter().map(|s| cx.str(s)).collect();
        let list = cx.list(items);
        cx.set_attr(made.r(), cx.vm.names.path.get(), list)?;
    }
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

/// The source of a module, without loading it; for `-m` and tools.
///
/// # Errors
/// What reading `sys.path` raises.
pub fn find_spec_source(cx: &mut Cx, name: &str) -> R<Option<Source>> {
    let parent = match name.rsplit_once('.') {
        Some((package, _)) => Some(import_module(cx, package)?),
        None => None,
    };
    find(cx, name, parent.as_ref())
}

/// Where modules are looked for: the package's `__path__`, or `sys.path`.
fn search_path(cx: &mut Cx, parent: Option<&Obj>) -> R<Vec<String>> {
    let entries = match parent {
        Some(parent) => {
            let path = cx.get_attr(parent.r(), cx.vm.names.path.get())?;
            cx.collect(path.r())?
        }
        None => {
            let path = cx.sys_dict().get_str(cx, cx.vm.names.sys_path.get());
            match path {
                Some(path) => cx.collect(path.r())?,
                None => Vec::new(),
            }
        }
    };
    Ok(entries.iter().map(|entry| cx.text_of(entry.r())).collect())
}

/// A module of the library in one of its directories ("<frozen>/json"), or at its top ("<frozen>/").
pub fn find_library(cx: &mut Cx, entry: &str, name: &str) -> Option<Source> {
    let inner = entry.strip_prefix(FROZEN)?;
    if inner.is_empty() && !cx.vm.config.stdlib_dir.is_empty() {
        let directory = cx.vm.config.stdlib_dir.clone();
        return cx.detached(|| find_in(&directory, name));
    }
    let directory = if inner.is_empty() { String::new() } else { format!("{inner}/") };
    find_embedded(&directory, name)
}

fn find(cx: &mut Cx, name: &str, parent: Option<&Obj>) -> R<Option<Source>> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let search = search_path(cx, parent)?;
    if parent.is_none() && !cx.vm.config.stdlib_dir.is_empty() {
        let directory = cx.vm.config.stdlib_dir.clone();
        if let Some(source) = cx.detached(|| find_in(&directory, last)) {
            return Ok(Some(source));
        }
    } else if parent.is_none()
        && let Some(source) = find_embedded("", last)
    {
        return Ok(Some(source));
    }
    for entry in &search {
        let found = match entry.strip_prefix(FROZEN) {
            Some(inner) => find_embedded(&format!("{inner}/"), last),
            None => cx.detached(|| find_in(entry, last)),
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn find_embedded(directory: &str, name: &str) -> Option<Source> {
    let source =
        |path: &str, search| Source { bytes: None, filename: format!("{FROZEN}{path}"), stamp: None, search };
    let package = format!("{directory}{name}/__init__.py");
    if has_embedded(&package) {
        return Some(source(&package, Some(vec![format!("{FROZEN}{directory}{name}")])));
    }
    let plain = format!("{directory}{name}.py");
    has_embedded(&plain).then(|| source(&plain, None))
}

fn find_in(directory: &str, name: &str) -> Option<Source> {
    let base = if directory.is_empty() { PathBuf::from(".") } else { PathBuf::from(directory) };
    let text = |p: &Path| p.to_string_lossy().into_owned();
    let package = base.join(name);
    let init = package.join("__init__.py");
    if let Some(stamp) = Stamp::of_file(&init) {
        let search = Some(vec![text(&package)]);
        return Some(Source { bytes: None, filename: text(&init), stamp: Some(stamp), search });
    }
    let plain = base.join(format!("{name}.py"));
    if let Some(stamp) = Stamp::of_file(&plain) {
        return Some(Source { bytes: None, filename: text(&plain), stamp: Some(stamp), search: None });
    }
    package.is_dir().then(|| Source {
        bytes: Some(Vec::new()),
        filename: String::new(),
        stamp: None,
        search: Some(vec![text(&package)]),
    })
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
