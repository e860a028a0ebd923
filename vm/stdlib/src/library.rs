//! The embedded Python part of the standard library: finds and unpacks a file, or its compiled form, by its path.

use std::collections::HashMap;
use std::sync::OnceLock;
use ungil_runtime::import::EmbeddedLibrary;

/// What the VM imports from.
pub const LIBRARY: EmbeddedLibrary =
    EmbeddedLibrary { has: |path| index().contains_key(path), source: embedded, code: embedded_code };

static ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.bin"));
/// Compiled forms, apart from the sources, which are seldom read: so fewer pages are.
static CODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/code.bin"));

/// A file of the library.
struct Entry {
    start: usize,
    packed: usize,
    size: usize,
    code_start: usize,
    /// 0 if there is no compiled form.
    code_size: usize,
}

fn index() -> &'static HashMap<&'static str, Entry> {
    static INDEX: OnceLock<HashMap<&'static str, Entry>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let end = ARCHIVE.windows(2).position(|pair| pair == b"\n\n").unwrap_or(0);
        let text = std::str::from_utf8(&ARCHIVE[..end]).unwrap_or_default();
        let (mut start, mut code_start) = (end + 2, 0);
        let mut entries = HashMap::new();
        for line in text.lines() {
            let Some((path, numbers)) = line.split_once('\t') else { continue };
            let mut numbers = numbers.split('\t').map(|n| n.parse().unwrap_or(0));
            let mut number = || numbers.next().unwrap_or(0);
            let (packed, size) = (number(), number());
            let code_size = number();
            entries.insert(path, Entry { start, packed, size, code_start, code_size });
            start += packed;
            code_start += code_size;
        }
        entries
    })
}

/// The contents of a file of the library ("json/decoder.py").
pub fn embedded(path: &str) -> Option<Vec<u8>> {
    let entry = index().get(path)?;
    let packed = ARCHIVE.get(entry.start..entry.start + entry.packed)?;
    lz4_flex::decompress(packed, entry.size).ok()
}

/// The compiled form of a file, as the bytecode's `pack` gives it. What nothing reads is never brought into memory.
pub fn embedded_code(path: &str) -> Option<&'static [u8]> {
    let entry = index().get(path).filter(|entry| entry.code_size > 0)?;
    CODE.get(entry.code_start..entry.code_start + entry.code_size)
}

/// Top-level modules of the library.
pub fn module_names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = index()
        .keys()
        .filter_map(|path| match path.split_once('/') {
            Some((package, "__init__.py")) => Some(package),
            Some(_) => None,
            None => path.strip_suffix(".py"),
        })
        .collect();
    names.sort_unstable();
    names
}

/// The modules in a directory of the library ("json"), and whether they are packages.
pub fn modules_in(directory: &str) -> Vec<(&'static str, bool)> {
    let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
    let mut found: Vec<_> = index()
        .keys()
        .filter_map(|path| path.strip_prefix(prefix.as_str()))
        .filter_map(|rest| match rest.split_once('/') {
            Some((package, "__init__.py")) => Some((package, true)),
            Some(_) => None,
            None => rest.strip_suffix(".py").filter(|name| *name != "__init__").map(|name| (name, false)),
        })
        .collect();
    found.sort_unstable();
    found
}
