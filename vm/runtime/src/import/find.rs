//! Where modules are: in the embedded library or the folder that replaces it, and in the folders of `sys.path`.
//!
//! The library is an entry of `sys.path` behind the program's folder and `PYTHONPATH`, as CPython's is: what stands before it
//! hides its modules. Exempt are those that CPython has loaded, or holds frozen, before it sets `sys.path[0]`.

use super::cache::Stamp;
use crate::Config;
use crate::prelude::*;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A module's source and where it is.
pub struct Source {
    /// The file, perhaps of the embedded library.
    pub filename: String,
    /// What its compiled form is known by; nothing if there is none.
    pub stamp: Option<Stamp>,
    /// Directories of a package, empty for a plain module.
    pub search: Option<Vec<String>>,
}

impl Source {
    /// What the module's code calls its file (`co_filename`).
    pub fn code_filename(&self, config: &Config) -> String {
        let folder = library_entry(&config.stdlib_dir);
        let inner = self.filename.strip_prefix(&folder).map(|rest| rest.trim_start_matches('/'));
        match inner.filter(|inner| CODE_IS_FROZEN.contains(inner)) {
            Some(inner) => format!("<frozen {}>", inner.trim_end_matches(".py").replace('/', ".")),
            None => self.filename.clone(),
        }
    }

    /// The text.
    ///
    /// # Errors
    /// `OSError`.
    pub fn read(&self, cx: &mut Cx) -> R<Vec<u8>> {
        if let Some(bytes) = in_embedded(&self.filename).and_then(embedded) {
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
    /// Told of each part of a compiled file that has been read.
    pub was_read: fn(&'static [u8]),
}

static EMBEDDED: OnceLock<EmbeddedLibrary> = OnceLock::new();
/// The embedded library's entry of `sys.path`, with which the paths of its files begin.
pub const EMBEDDED_ROOT: &str = "<frozen>";

/// What a path means within the embedded library; empty at its root.
pub fn in_embedded(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(EMBEDDED_ROOT)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Modules that CPython finds before it looks at `sys.path`.
const BEFORE_PATH: [&str; 16] = [
    "__hello__",
    "__phello__",
    "_collections_abc",
    "_sitebuiltins",
    "abc",
    "codecs",
    "encodings",
    "genericpath",
    "io",
    "ntpath",
    "os",
    "posixpath",
    "runpy",
    "site",
    "stat",
    "zipimport",
];

/// Files of the library whose code says that it is frozen, so that tracebacks show no lines of it. CPython has more of them,
/// but finds their sources beside the program.
const CODE_IS_FROZEN: [&str; 4] = ["importlib/machinery.py", "importlib/util.py", "runpy.py", "zipimport.py"];

/// Natives that are files beside the library in CPython, so that what stands before it on `sys.path` hides them, too.
const LATE_NATIVES: [&str; 4] = ["mmap", "resource", "termios", "xxsubtype"];

/// Whether a native module is looked for only where the path has nothing of its name.
pub(super) fn is_late_native(name: &str) -> bool {
    LATE_NATIVES.contains(&name)
}

/// Whether a top-level module of the library is found whatever stands on `sys.path`.
pub fn is_before_path(name: &str) -> bool {
    BEFORE_PATH.contains(&name)
}

/// The entry of `sys.path` that stands for the library: `folder` if one replaces the embedded library.
pub fn library_entry(folder: &str) -> String {
    if folder.is_empty() { EMBEDDED_ROOT.to_string() } else { folder.to_string() }
}

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
    (EMBEDDED.get()?.code)(in_embedded(filename)?)
}

/// Says that a part of some packed code has been read.
pub fn was_read(packed: &'static [u8]) {
    if let Some(library) = EMBEDDED.get() {
        (library.was_read)(packed);
    }
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

/// A module of the library in one of its directories ("<frozen>/json"), or at its top ("<frozen>").
pub fn find_library(cx: &mut Cx, entry: &str, name: &str) -> Option<Source> {
    let inner = in_embedded(entry)?;
    if inner.is_empty() && !cx.vm.config.stdlib_dir.is_empty() {
        let directory = cx.vm.config.stdlib_dir.clone();
        return match cx.detached(|| find_in(&directory, name)) {
            Place::Module(source) => Some(source),
            _ => None,
        };
    }
    let directory = if inner.is_empty() { String::new() } else { format!("{inner}/") };
    find_embedded(&directory, name)
}

/// What the search for a module has come to.
pub(super) enum Found {
    Module(Source),
    /// A namespace package, an archive on the path, or something else that only `importlib` and its hooks can read.
    OnlyImportlib,
    Nothing,
}

/// Looks for a module in the package `parent`, or on `sys.path`.
///
/// # Errors
/// What reading the path raises.
pub(super) fn find(cx: &mut Cx, name: &str, parent: Option<&Obj>) -> R<Found> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let search = search_path(cx, parent)?;
    if parent.is_none()
        && is_before_path(last)
        && let Some(source) = find_library(cx, EMBEDDED_ROOT, last)
    {
        return Ok(Found::Module(source));
    }
    let library = library_entry(&cx.vm.config.stdlib_dir);
    let mut library_seen = parent.is_some();
    let mut is_namespace = false;
    for entry in &search {
        if *entry == library {
            library_seen = true;
            if is_late_native(last) && parent.is_none() {
                return Ok(Found::Nothing);
            }
        }
        let place = match in_embedded(entry) {
            Some(_) => find_library(cx, entry, last).map_or(Place::Nothing, Place::Module),
            None => cx.detached(|| find_in(entry, last)),
        };
        match place {
            Place::Module(source) => return Ok(Found::Module(source)),
            Place::Portion => is_namespace = true,
            Place::NoFolder => return Ok(Found::OnlyImportlib),
            Place::Nothing => {}
        }
    }
    // A program that has put other entries in the place of all there were has not meant to lose the library.
    if !library_seen && let Some(source) = find_library(cx, EMBEDDED_ROOT, last) {
        return Ok(Found::Module(source));
    }
    Ok(if is_namespace { Found::OnlyImportlib } else { Found::Nothing })
}

fn find_embedded(directory: &str, name: &str) -> Option<Source> {
    let shown = |path: &str| format!("{EMBEDDED_ROOT}/{path}");
    let source = |path: &str, search| Source { filename: shown(path), stamp: None, search };
    let package = format!("{directory}{name}/__init__.py");
    if has_embedded(&package) {
        return Some(source(&package, Some(vec![shown(&format!("{directory}{name}"))])));
    }
    let plain = format!("{directory}{name}.py");
    has_embedded(&plain).then(|| source(&plain, None))
}

/// What a folder has by a module's name.
enum Place {
    Module(Source),
    /// A folder without `__init__.py`: a namespace package's portion (PEP 420), if there is no module further on.
    Portion,
    /// The entry is a file.
    NoFolder,
    Nothing,
}

fn find_in(directory: &str, name: &str) -> Place {
    if name.contains('/') {
        return Place::Nothing;
    }
    let base = match directory {
        "" => std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        _ => PathBuf::from(directory),
    };
    let text = |p: &Path| p.to_string_lossy().into_owned();
    let package = base.join(name);
    let has_folder = match std::fs::metadata(&package) {
        Ok(meta) => meta.is_dir(),
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Place::NoFolder,
        Err(_) => false,
    };
    let init = package.join("__init__.py");
    if has_folder && let Some(stamp) = Stamp::of_file(&init) {
        let search = Some(vec![text(&package)]);
        return Place::Module(Source { filename: text(&init), stamp: Some(stamp), search });
    }
    let plain = base.join(format!("{name}.py"));
    if let Some(stamp) = Stamp::of_file(&plain) {
        let filename = text(&plain);
        return Place::Module(Source { filename, stamp: Some(stamp), search: None });
    }
    if has_folder { Place::Portion } else { Place::Nothing }
}
