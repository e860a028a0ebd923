//! The embedded Python part of the standard library: finds and unpacks a file, or its compiled form, by its path.

use crate::resident;
use ungil_runtime::import::EmbeddedLibrary;

/// What the VM imports from.
pub const LIBRARY: EmbeddedLibrary = EmbeddedLibrary {
    has: |path| entry(path).is_some(),
    source: embedded,
    code: embedded_code,
    was_read: |part| {
        if CODE.as_ptr_range().contains(&part.as_ptr()) {
            resident::was_read(CODE, part);
        }
    },
};

/// A line for each file, in the order of their paths.
static INDEX: &str = include_str!(concat!(env!("OUT_DIR"), "/index.txt"));
/// Where each line begins, in four bytes, the lowest first.
static LINES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lines.bin"));
static SOURCES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sources.bin"));
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

/// Looks in the text itself: a table would be memory that every program pays for.
fn entry(path: &str) -> Option<Entry> {
    let (lines, _) = LINES.as_chunks::<4>();
    let line = |at: &[u8; 4]| INDEX.get(u32::from_le_bytes(*at) as usize..).unwrap_or_default();
    // What follows a path in its line is a tab, which is less than all that paths have.
    let is_before = |line: &[u8]| line.get(..path.len()).unwrap_or(line) < path.as_bytes();
    let place = lines.partition_point(|at| is_before(line(at).as_bytes()));
    let mut numbers =
        line(lines.get(place)?).strip_prefix(path)?.strip_prefix('\t')?.lines().next()?.split('\t');
    let mut number = || numbers.next()?.parse().ok();
    Some(Entry {
        start: number()?,
        packed: number()?,
        size: number()?,
        code_start: number()?,
        code_size: number()?,
    })
}

fn paths() -> impl Iterator<Item = &'static str> {
    INDEX.lines().filter_map(|line| line.split_once('\t')).map(|(path, _)| path)
}

/// The contents of a file of the library ("json/decoder.py").
pub fn embedded(path: &str) -> Option<Vec<u8>> {
    let entry = entry(path)?;
    let packed = SOURCES.get(entry.start..entry.start + entry.packed)?;
    lz4_flex::decompress(packed, entry.size).ok()
}

/// The compiled form of a file, as the bytecode's `pack` gives it. What nothing reads is never brought into memory.
pub fn embedded_code(path: &str) -> Option<&'static [u8]> {
    let entry = entry(path).filter(|entry| entry.code_size > 0)?;
    CODE.get(entry.code_start..entry.code_start + entry.code_size)
}

/// Top-level modules of the library.
pub fn module_names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = paths()
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
    let mut found: Vec<_> = paths()
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
