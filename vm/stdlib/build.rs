//! Packs the Python part of the standard library into one archive that the binary embeds.
//!
//! Format: for each file a line `path\tcompressed length\toriginal length`, an empty line, then the files' compressed
//! contents one after the other.

use std::path::Path;
use std::{env, fs};

/// Folders that nothing at run time needs.
const LEFT_OUT: &[&str] =
    &["test", "tests", "idlelib", "lib2to3", "ensurepip", "turtledemo", "tkinter", "__pycache__"];

fn main() {
    let root = Path::new(rustpython_pylib::LIB_PATH);
    let mut files = Vec::new();
    collect(root, "", &mut files);
    files.sort();
    let mut index = String::new();
    let mut data = Vec::new();
    for path in files {
        let contents = fs::read(root.join(&path)).expect("a file of the library can be read");
        let packed = lz4_flex::compress(&contents);
        index += &format!("{path}\t{}\t{}\n", packed.len(), contents.len());
        data.extend(packed);
    }
    index.push('\n');
    let mut archive = index.into_bytes();
    archive.extend(data);
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("library.bin"), archive).expect("the archive can be written");
    println!("cargo::rerun-if-changed=build.rs");
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
