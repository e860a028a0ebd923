//! Compiles every file of the embedded standard library. Debug builds run the verifier and the check of temporaries on
//! each unit, so this is a broad test of the code generator.

use std::path::{Path, PathBuf};
use ungil_compiler::{Mode, Options, compile_bytes};

fn python_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok).collect();
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            // Files there are broken or in odd encodings on purpose.
            if !path.ends_with("tokenizedata") && !path.ends_with("bad_coding") {
                python_files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            found.push(path);
        }
    }
}

#[test]
fn whole_library_compiles() {
    let mut files = Vec::new();
    python_files(Path::new(rustpython_pylib::LIB_PATH), &mut files);
    assert!(files.len() > 500, "only {} files found", files.len());
    let mut failures = Vec::new();
    for file in &files {
        let source = std::fs::read(file).expect("a readable file");
        let name = file.to_string_lossy();
        let result = std::panic::catch_unwind(|| {
            compile_bytes(&source, &name, Mode::Exec, &Options::default()).map(|_| ())
        });
        match result {
            Ok(Ok(())) => {}
            Ok(Err(error)) => failures.push(format!("{name}:{}: {}", error.line, error.message)),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map_or("panic", String::as_str);
                failures.push(format!("{name}: {}", text.lines().next().unwrap_or_default()));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {} failed:\n{}", failures.len(), files.len(), failures.join("\n"));
}
