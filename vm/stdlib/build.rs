//! Packs the Python part of the standard library into files that the binary embeds: an index, where its lines begin, the
//! sources, and their compiled forms.
//!
//! A line of the index, which is sorted: `path\tstart of the source\tcompressed length\toriginal length\tstart of its
//! code\tlength of its code`. The sources are compressed. Code is used in place; the length of what cannot be compiled is 0.
//! Both come in the order of how many others import a file: the system reads a file's pages with those around them, so what
//! most programs need lies together.

mod amend;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};
use ungil_bytecode::{CodeUnit, Instr, Op};
use ungil_compiler::{Mode, Options};

/// Folders that nothing at run time needs.
const LEFT_OUT: &[&str] =
    &["test", "tests", "idlelib", "lib2to3", "ensurepip", "turtledemo", "tkinter", "__pycache__"];

/// What is no module, but runs when `importlib` is imported, and the name it has in the files.
const FINDER: (&str, &str) = ("src/imp/finder.py", "importlib/<finder>");

fn main() {
    let root = Path::new(rustpython_pylib::LIB_PATH);
    let mut files = vec![FINDER.1.to_string()];
    collect(root, "", &mut files);
    files.sort();
    let packed = pack_all(root, &files);
    let importers = importers(&files, &packed);
    let mut files: Vec<_> = files.iter().zip(packed).zip(importers).collect();
    files.sort_by_key(|((path, _), importers)| (Reverse(*importers), *path));
    let mut index = Vec::new();
    let (mut sources, mut codes) = (Vec::new(), Vec::new());
    for ((path, packed), _) in files {
        let (source, code) = (&packed.source, &packed.code);
        let numbers = [sources.len(), source.len(), packed.size, codes.len(), code.len()];
        let numbers: String = numbers.iter().map(|number| format!("\t{number}")).collect();
        index.push((path, numbers + "\n"));
        sources.extend(packed.source);
        codes.extend(packed.code);
    }
    index.sort();
    let (mut text, mut lines) = (String::new(), Vec::new());
    for (path, numbers) in index {
        lines.extend((text.len() as u32).to_le_bytes());
        text += &format!("{path}{numbers}");
    }
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let made = [
        ("index.txt", text.as_bytes()),
        ("lines.bin", &lines),
        ("sources.bin", &sources),
        ("code.bin", &codes),
    ];
    for (name, bytes) in made {
        fs::write(Path::new(&out).join(name), bytes).expect("the library can be written");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=amend.rs");
    println!("cargo::rerun-if-changed={}", FINDER.0);
}

/// A file of the library.
struct Packed {
    /// Compressed.
    source: Vec<u8>,
    /// Bytes of the source.
    size: usize,
    code: Vec<u8>,
    /// Names of the modules that importing it imports; relative ones without the name of the package.
    imports: Vec<String>,
}

/// Source and code of each file, on all processors.
fn pack_all(root: &Path, files: &[String]) -> Vec<Packed> {
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

fn pack(root: &Path, path: &str) -> Packed {
    let file = if path == FINDER.1 { FINDER.0.into() } else { root.join(path) };
    let source = amend::amended(path, fs::read(file).expect("a file of the library can be read"));
    let unit = ungil_compiler::compile_bytes(&source, path, Mode::Exec, &Options::default()).ok();
    let unit = unit.as_deref();
    Packed {
        source: lz4_flex::compress(&source),
        size: source.len(),
        code: unit.map_or_else(Vec::new, ungil_bytecode::pack),
        imports: unit.map_or_else(Vec::new, imports),
    }
}

fn imports(unit: &CodeUnit) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(instr) = unit.code.get(at).and_then(|&word| Instr::decode(word)) {
        if matches!(instr.op, Op::ImportName | Op::ImportFrom) {
            names.extend(unit.names.get(instr.c as usize).cloned());
        }
        at += instr.op.words();
    }
    names
}

/// How many files import each file, themselves or through others.
fn importers(files: &[String], packed: &[Packed]) -> Vec<usize> {
    let by_path: HashMap<&str, usize> =
        files.iter().enumerate().map(|(i, path)| (path.as_str(), i)).collect();
    let find = |name: &String| {
        let path = name.replace('.', "/");
        [format!("{path}.py"), format!("{path}/__init__.py")]
            .iter()
            .find_map(|path| by_path.get(path.as_str()))
    };
    let imported: Vec<HashSet<usize>> = files
        .iter()
        .zip(packed)
        .map(|(path, packed)| {
            let package = path.rsplit_once('/').map_or("", |(package, _)| package);
            let names = packed.imports.iter().flat_map(|name| [name.clone(), format!("{package}/{name}")]);
            names.filter_map(|name| find(&name).copied()).collect()
        })
        .collect();
    let mut importers = vec![0; files.len()];
    for i in 0..files.len() {
        let mut seen = HashSet::from([i]);
        let mut waiting = vec![i];
        while let Some(file) = waiting.pop() {
            waiting.extend(imported[file].iter().filter(|&&other| seen.insert(other)));
        }
        seen.into_iter().for_each(|file| importers[file] += 1);
    }
    importers
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
