//! Gives the compiler a number that changes with its sources and those of the bytecode, so that modules compiled by another
//! version are not taken for this one's.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut hasher = DefaultHasher::new();
    for folder in [here.join("src"), here.join("../bytecode/src")] {
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        collect(&folder, &mut files);
        files.sort();
        for file in files {
            hasher.write(&fs::read(&file).expect("a source file can be read"));
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=UNGIL_COMPILER_ID={}", hasher.finish());
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}
