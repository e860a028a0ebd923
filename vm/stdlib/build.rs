//! Packs the Python part of the standard library into two files that the binary embeds: the sources, and their compiled forms.
//!
//! Format of the first: for each file a line `path\tcompressed length\toriginal length\tlength of its code`, an empty line, then
//! the compressed sources one after the other. The second is the code of all files, as it is used in place; the length of
//! what cannot be compiled is 0.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};
use ungil_compiler::{Mode, Options};

/// Folders that nothing at run time needs.
const LEFT_OUT: &[&str] =
    &["test", "tests", "idlelib", "lib2to3", "ensurepip", "turtledemo", "tkinter", "__pycache__"];

fn main() {
    let root = Path::new(rustpython_pylib::LIB_PATH);
    let mut files = Vec::new();
    collect(root, "", &mut files);
    files.sort();
    let packed = pack_all(root, &files);
    let mut index = String::new();
    let (mut sources, mut codes) = (Vec::new(), Vec::new());
    for (path, (source, code)) in files.iter().zip(packed) {
        index += &format!("{path}\t{}\t{}\t{}\n", source.bytes.len(), source.size, code.len());
        sources.extend(source.bytes);
        codes.extend(code);
    }
    index.push('\n');
    let mut archive = index.into_bytes();
    archive.extend(sources);
    let out = env::var("OUT_DIR").expect("cargo sets it");
    for (name, bytes) in [("library.bin", archive), ("code.bin", codes)] {
        fs::write(Path::new(&out).join(name), bytes).expect("the library can be written");
    }
    println!("cargo::rerun-if-changed=build.rs");
}

/// Compressed bytes, and how many they were.
struct Packed {
    bytes: Vec<u8>,
    size: usize,
}

fn compress(bytes: &[u8]) -> Packed {
    Packed { bytes: lz4_flex::compress(bytes), size: bytes.len() }
}

/// Source and code of each file, on all processors.
fn pack_all(root: &Path, files: &[String]) -> Vec<(Packed, Vec<u8>)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        // ORD: relaxed; only that each number is given once matters.
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = files.get(i) else { return done };
            done.push((i, pack(root, path)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut all: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("packing does not panic")).collect()
    });
    all.sort_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, packed)| packed).collect()
}

fn pack(root: &Path, path: &str) -> (Packed, Vec<u8>) {
    let source = fs::read(root.join(path)).expect("a file of the library can be read");
    let compiled = ungil_compiler::compile_bytes(&source, path, Mode::Exec, &Options::default());
    let code = compiled.map_or_else(|_| Vec::new(), |unit| ungil_bytecode::pack(&unit));
    (compress(&source), code)
}

fn collect(root: &Path, below: &str, files: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(root.join(below)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
        if is_dir && !LEFT_OUT.contains(&name.as_str()) {
            collect(root, &path, files);
        } else if !is_dir && name.ends_with(".py") {
            files.push(path);
        }
    }
}
