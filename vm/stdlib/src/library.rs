//! The embedded Python part of the standard library: finds and unpacks a file by its path.

use std::collections::HashMap;
use std::sync::OnceLock;

static ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.bin"));

struct Entry {
    start: usize,
    packed: usize,
    size: usize,
}

fn index() -> &'static HashMap<&'static str, Entry> {
    static INDEX: OnceLock<HashMap<&'static str, Entry>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let end = ARCHIVE.windows(2).position(|pair| pair == b"\n\n").unwrap_or(0);
        let text = std::str::from_utf8(&ARCHIVE[..end]).unwrap_or_default();
        let mut start = end + 2;
        let mut entries = HashMap::new();
        for line in text.lines() {
            let mut fields = line.split('\t');
            let (Some(path), Some(packed), Some(size)) = (fields.next(), fields.next(), fields.next()) else {
                continue;
            };
            let (Ok(packed), Ok(size)) = (packed.parse(), size.parse()) else { continue };
            entries.insert(path, Entry { start, packed, size });
            start += packed;
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
