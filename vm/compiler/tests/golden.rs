//! Compares the bytecode of small programs with recorded listings: `tests/golden/NAME.py` and `NAME.dis`.
//!
//! `UNGIL_RENEW_GOLDEN=1 cargo test -p ungil-compiler --test golden` writes the listings anew; look at the difference
//! before it is committed.

use std::path::PathBuf;
use ungil_compiler::{Mode, Options, compile};

#[test]
fn listings_are_as_recorded() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let renew = std::env::var_os("UNGIL_RENEW_GOLDEN").is_some();
    let mut programs: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of golden files")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    programs.sort();
    assert!(programs.len() >= 10, "golden files are missing");
    let mut wrong = Vec::new();
    for program in programs {
        let source = std::fs::read_to_string(&program).expect("a readable program");
        let name = program.file_name().expect("a name").to_string_lossy().into_owned();
        let code = compile(&source, &name, Mode::Exec, &Options::default())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let listing = ungil_bytecode::disassemble(&code);
        let recorded = program.with_extension("dis");
        if renew {
            std::fs::write(&recorded, listing).expect("a writable listing");
        } else if std::fs::read_to_string(&recorded).ok().as_deref() != Some(&listing) {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "listings differ from what is recorded: {}", wrong.join(", "));
}
