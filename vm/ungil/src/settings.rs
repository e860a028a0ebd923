//! The settings of a run: what the options and the environment's variables say, and the path.

use crate::options::Action;
use std::path::{Component, Path};
use ungil_runtime::{Config, import};

/// Reads what variables say, and checks options that have a value.
///
/// # Errors
/// The message for a value that is none.
pub fn complete(config: &mut Config) -> Result<(), String> {
    read_variables(config);
    for choose in [choose_gil, choose_digits, choose_timeline] {
        choose(config)?;
    }
    ungil_stdlib::io::settle_encodings(config);
    config.executable = std::env::current_exe().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(())
}

/// Ticks after which the GIL is given up with `-X gil=ticks`: CPython's `sys.getcheckinterval()` before 3.2.
const GIL_TICKS: u32 = 100;

/// Reads `-X gil` and `PYTHON_GIL`. Whether there is a GIL is decided when the program is built.
fn choose_gil(config: &mut Config) -> Result<(), String> {
    let enabled = ungil_stdlib::gil_enabled();
    let option = config.x_options.iter().rev().find(|(name, _)| name == "gil");
    let variable = std::env::var("PYTHON_GIL").ok().filter(|v| !v.is_empty() && !config.ignore_environment);
    let value = match (option, variable) {
        (Some((_, value)), _) => value.clone().unwrap_or_default(),
        (None, Some(value)) => value,
        (None, None) => return Ok(()),
    };
    let problem = match value.as_str() {
        "0" if !enabled => return Ok(()),
        "1" if enabled => return Ok(()),
        "ticks" if enabled => {
            config.gil_ticks = Some(GIL_TICKS);
            return Ok(());
        }
        "0" => "Disabling the GIL is not supported by this build",
        "1" | "ticks" => "Enabling the GIL is not supported by this build",
        _ => "PYTHON_GIL / -X gil must be \"0\" or \"1\"",
    };
    Err(format!("Fatal Python error: config_read_gil: {problem}\nPython runtime state: preinitialized\n\n"))
}

/// Reads `-X int_max_str_digits` and `PYTHONINTMAXSTRDIGITS`.
fn choose_digits(config: &mut Config) -> Result<(), String> {
    const LEAST: usize = 640;
    let option = config.x_options.iter().rev().find(|(name, _)| name == "int_max_str_digits");
    let variable = std::env::var("PYTHONINTMAXSTRDIGITS").ok();
    let variable = variable.filter(|value| !value.is_empty() && !config.ignore_environment);
    let (value, what) = match (option, variable) {
        // What is left empty stands for any number of digits.
        (Some((_, Some(value))), _) if value.is_empty() => ("0".to_string(), "-X int_max_str_digits"),
        (Some((_, value)), _) => (value.clone().unwrap_or_default(), "-X int_max_str_digits"),
        (None, Some(value)) => (value, "PYTHONINTMAXSTRDIGITS"),
        (None, None) => return Ok(()),
    };
    match value.parse() {
        Ok(digits) if digits == 0 || digits >= LEAST => {
            config.int_max_str_digits = Some(digits);
            Ok(())
        }
        _ => Err(format!(
            "Fatal Python error: config_init_int_max_str_digits: {what}: invalid limit; must be >= {LEAST} or 0 for unlimited.\nPython runtime state: preinitialized\n\n"
        )),
    }
}

/// Reads `-X timeline=FILE`. A file that cannot be written is told now, not after the program's run.
fn choose_timeline(config: &mut Config) -> Result<(), String> {
    let Some((_, value)) = config.x_options.iter().rev().find(|(name, _)| name == "timeline") else {
        return Ok(());
    };
    let file =
        value.clone().filter(|file| !file.is_empty()).ok_or("ungil: -X timeline=FILE needs a file\n")?;
    // Absolute: the program may change its directory.
    let path = std::fs::write(&file, "").and_then(|()| std::path::absolute(&file));
    let path = path.map_err(|error| format!("ungil: -X timeline: {file}: {error}\n"))?;
    config.timeline = Some(path.to_string_lossy().into_owned());
    Ok(())
}

/// Reads what the environment's variables say, and the options that stand for them.
fn read_variables(config: &mut Config) {
    config.stdlib_dir = std::env::var("UNGIL_STDLIB").unwrap_or_default();
    config.dev_mode = config.x_options.iter().any(|(name, _)| name == "dev");
    config.no_debug_ranges = config.x_options.iter().any(|(name, _)| name == "no_debug_ranges");
    if !config.ignore_environment {
        read_python_variables(config);
    }
    if config.dev_mode {
        config.warn_options.insert(0, "default".to_string());
    }
}

/// A path from the root, without its detours (`os.path.abspath`).
fn absolute(path: &str) -> String {
    let mut whole = std::env::current_dir().unwrap_or_else(|_| "/".into());
    for part in Path::new(path).components() {
        match part {
            Component::RootDir => whole = "/".into(),
            Component::ParentDir => drop(whole.pop()),
            Component::Normal(part) => whole.push(part),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    whole.to_string_lossy().into_owned()
}

fn read_python_variables(config: &mut Config) {
    let set = |name: &str| std::env::var(name).is_ok_and(|v| !v.is_empty());
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse().ok());
    if let Some(path) = std::env::var("PYTHONPATH").ok().filter(|path| !path.is_empty()) {
        for entry in path.split(':').map(absolute) {
            if !config.path.contains(&entry) {
                config.path.push(entry);
            }
        }
    }
    let seed = std::env::var("PYTHONHASHSEED").ok().filter(|_| !config.random_hashes);
    config.hash_seed = seed.and_then(|seed| seed.parse().ok());
    config.unbuffered |= set("PYTHONUNBUFFERED");
    config.dont_write_bytecode |= set("PYTHONDONTWRITEBYTECODE");
    config.dev_mode |= set("PYTHONDEVMODE");
    config.no_debug_ranges |= set("PYTHONNODEBUGRANGES");
    config.safe_path |= set("PYTHONSAFEPATH");
    config.no_user_site |= set("PYTHONNOUSERSITE");
    config.inspect |= set("PYTHONINSPECT");
    // A variable without a number counts as one.
    for (name, level) in [
        ("PYTHONDEBUG", &mut config.debug),
        ("PYTHONOPTIMIZE", &mut config.optimize),
        ("PYTHONVERBOSE", &mut config.verbose),
    ] {
        if set(name) {
            *level = (*level).max(number(name).unwrap_or(1));
        }
    }
    if let Ok(filters) = std::env::var("PYTHONWARNINGS") {
        let filters = filters.split(',').filter(|filter| !filter.is_empty()).map(str::to_string);
        config.warn_options.splice(0..0, filters);
    }
}

/// Whether a file is an archive that `zipimport` can read: its directory ends the file, but for a comment.
fn is_archive(source: &[u8]) -> bool {
    const END_OF_DIRECTORY: &[u8] = b"PK\x05\x06";
    const MAX_DISTANCE: usize = 22 + 0xffff;
    let tail = &source[source.len().saturating_sub(MAX_DISTANCE)..];
    tail.windows(END_OF_DIRECTORY.len()).any(|bytes| bytes == END_OF_DIRECTORY)
}

/// A folder or an archive as the program: its `__main__` is run, and its other modules are found in it first.
pub fn into_main(config: &mut Config, action: Action, source: &[u8]) -> Action {
    match action {
        Action::File(file) if Path::new(&file).is_dir() || is_archive(source) => {
            config.path.insert(0, absolute(&file));
            Action::Main
        }
        other => other,
    }
}

/// The library's place on the path, and `sys.path[0]`: the script's folder, or the working directory.
pub fn set_path(config: &mut Config, action: &Action) {
    config.path.push(import::library_entry(&config.stdlib_dir));
    if config.safe_path || matches!(action, Action::Main) {
        return;
    }
    let first = match action {
        Action::File(file) => {
            let real = std::fs::canonicalize(file).unwrap_or_else(|_| Path::new(file).to_path_buf());
            real.parent().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default()
        }
        Action::Module(_) => {
            std::env::current_dir().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default()
        }
        _ => String::new(),
    };
    config.path.insert(0, first);
}
