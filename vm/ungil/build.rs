//! Has the linker place the functions that most programs run side by side, as `layout.txt` lists them. The system brings code into
//! memory by groups of 16 pages: when they lay scattered, 2 MB of functions that ran took 7 MB of memory, and as many page faults.

use std::path::PathBuf;
use std::{env, fs};

const LIST: &str = "layout.txt";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={LIST}");
    for name in ["RUSTC_LINKER", "CARGO_ENCODED_RUSTFLAGS"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    if !is_wanted(&out) {
        return;
    }
    let list = fs::read_to_string(LIST).expect("the list can be read");
    let mut script = "SECTIONS\n{\n  .text.often :\n  {\n".to_string();
    for name in list.lines().filter(|line| !line.starts_with('#')) {
        script += &format!("    *(.text.{name} .text.unlikely.{name})\n");
    }
    // The rest of the layout is the linker's own.
    script += "  }\n}\nINSERT BEFORE .text;\n";
    let path = out.join("layout.ld");
    fs::write(&path, script).expect("the script can be written");
    println!("cargo::rustc-link-arg-bins=-T");
    println!("cargo::rustc-link-arg-bins={}", path.display());
}

/// Linking takes seconds longer, so only releases are laid out, and only where the linker is the usual one: others may not know
/// such scripts.
fn is_wanted(out: &std::path::Path) -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let has_own_linker = env::var("RUSTC_LINKER").is_ok_and(|linker| linker != "cc")
        || env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    // OUT_DIR is target/PROFILE/build/PACKAGE/out.
    let is_release = out.ancestors().nth(3).is_some_and(|folder| folder.ends_with("release"));
    is_release
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && !has_own_linker
}
