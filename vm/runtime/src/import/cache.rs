//! Compiled modules in files beside their sources: `__pycache__/NAME.ungil-314.pyc`.
//!
//! A file says which compiler made it, and the time and the size of the source; what does not agree, is damaged or cannot be
//! read is as if it were not there. It is written under another name and then renamed, so that nobody sees half of one; that
//! it cannot be written is no error. `sys.dont_write_bytecode` and `sys.pycache_prefix` do what they do in CPython.
//!
//! Modules of the embedded library are compiled when the program is built, and embedded as their sources are.

use super::find::{Source, embedded_code};
use crate::objects::code::{self, PyCode};
use crate::prelude::*;
use std::path::{Path, PathBuf};
use ungil_locks::primitive::{AtomicU32, Ordering};

/// What a source looked like when it was compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// In nanoseconds since 1970.
    pub time: u64,
    pub size: u64,
}

impl Stamp {
    /// Of a file; `None` if there is no such file.
    pub fn of_file(path: &Path) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let meta = std::fs::metadata(path).ok().filter(|meta| meta.is_file())?;
        let time = meta.mtime().wrapping_mul(1_000_000_000).wrapping_add(meta.mtime_nsec()) as u64;
        Some(Stamp { time, size: meta.len() })
    }
}

/// Words in front of the packed unit: compiler, time, size, checksum.
const HEADER: usize = 32;

/// Tells damaged bytes from whole ones: eight at a time, each step invertible.
fn checksum(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = bytes.as_chunks::<8>();
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(FACTOR).rotate_left(29);
    let sum = words.iter().fold(bytes.len() as u64, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    rest.iter().fold(sum, |sum, &byte| mix(sum, byte.into()))
}

fn header(stamp: Stamp, packed: &[u8]) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let words = [ungil_compiler::ID, stamp.time, stamp.size, checksum(packed)];
    for (to, word) in header.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    header
}

/// The text of an attribute of `sys`, if it is one.
fn sys_text(cx: &mut Cx, name: &str) -> Option<String> {
    let name = crate::objects::str::intern(cx, name);
    let value = cx.sys_dict().get_str(cx, name.get())?;
    value.downcast::<crate::objects::str::PyStr>(cx).map(|s| s.to_string_lossy())
}

/// Where the compiled form of a file is; `None` if nowhere.
pub fn place_of(cx: &mut Cx, filename: &str) -> Option<PathBuf> {
    let prefix = sys_text(cx, "pycache_prefix").map(PathBuf::from);
    let tag = match cx.vm.config.optimize {
        0 => "ungil-314.pyc".to_string(),
        level => format!("ungil-314.opt-{level}.pyc"),
    };
    let source = Path::new(filename);
    let name = format!("{}.{tag}", source.file_stem()?.to_str()?);
    let folder = source.parent()?;
    Some(match prefix {
        Some(prefix) => {
            let folder = std::path::absolute(folder).ok()?;
            prefix.join(folder.strip_prefix("/").unwrap_or(&folder)).join(name)
        }
        None => folder.join("__pycache__").join(name),
    })
}

/// The packed unit of a file, which stays: code is immortal.
fn read(place: &Path, stamp: Stamp) -> Option<&'static [u8]> {
    let bytes = std::fs::read(place).ok()?;
    let (found, packed) = bytes.split_at_checked(HEADER)?;
    if found != header(stamp, packed) || ungil_bytecode::Head::of(packed).is_none() {
        return None;
    }
    Some(&Vec::leak(bytes)[HEADER..])
}

/// Numbers the files that are being written.
static WRITTEN: AtomicU32 = AtomicU32::new(0);

fn write(place: &Path, stamp: Stamp, packed: &[u8]) -> Option<()> {
    let folder = place.parent()?;
    // Only the last folder is made beside a source; under a prefix all are.
    match folder.ends_with("__pycache__") {
        true => drop(std::fs::create_dir(folder)),
        false => std::fs::create_dir_all(folder).ok()?,
    }
    // ORD: relaxed; only that numbers differ matters.
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let mut name = place.file_name()?.to_os_string();
    name.push(format!(".{}.{number}", std::process::id()));
    let temporary = place.with_file_name(name);
    let bytes = [&header(stamp, packed)[..], packed].concat();
    let written = std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, place));
    if written.is_err() {
        // What is left of it is of no use.
        let _ = std::fs::remove_file(&temporary);
    }
    written.ok()
}

/// The compiled form of a module: as it was kept, or compiled now and kept.
///
/// # Errors
/// `OSError` if the source cannot be read, `SyntaxError` and its kin.
pub fn code_of(cx: &mut Cx, source: &Source) -> R<&'static PyCode> {
    if cx.vm.config.optimize == 0
        && let Some(code) = embedded_code(&source.filename).and_then(|packed| unpacked(cx, packed, source))
    {
        return Ok(code);
    }
    let place = source.stamp.and_then(|stamp| Some((place_of(cx, &source.filename)?, stamp)));
    if let Some((place, stamp)) = &place
        && let Some(packed) = cx.detached(|| read(place, *stamp))
        && let Some(code) = unpacked(cx, packed, source)
    {
        return Ok(code);
    }
    let bytes = source.read(cx)?;
    let mode = ungil_compiler::Mode::Exec;
    let unit = crate::builtins::compile::compile_bytes(cx, &bytes, &source.filename, mode)?;
    let packed = Vec::leak(ungil_bytecode::pack(&unit));
    if let Some((place, stamp)) = place
        && may_write(cx)?
    {
        cx.detached(|| write(&place, stamp, packed));
    }
    unpacked(cx, packed, source).ok_or_else(|| cx.system_error("a unit that cannot be unpacked"))
}

fn unpacked(cx: &Cx, packed: &'static [u8], source: &Source) -> Option<&'static PyCode> {
    code::of_packed(cx, packed, &source.code_filename(&cx.vm.config))
}

/// What `sys.dont_write_bytecode` says.
fn may_write(cx: &mut Cx) -> R<bool> {
    let name = crate::objects::str::intern(cx, "dont_write_bytecode");
    match cx.sys_dict().get_str(cx, name.get()) {
        Some(value) => Ok(!cx.truth(value.r())?),
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_byte_changes_the_checksum() {
        let bytes: Vec<u8> = (0..100).collect();
        let sum = checksum(&bytes);
        for i in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[i] ^= 1;
            assert_ne!(checksum(&changed), sum, "{i}");
        }
        assert_ne!(checksum(&bytes[..99]), sum);
    }
}
