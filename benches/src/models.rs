//! Finds or builds the programs that a run compares, and asks each one who it is before anything is measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::process::{self, Outcome};
use crate::programs::MIXED;
use crate::record::Runner;

/// A concurrency model of ungil: a build from the same sources with the same flags but for its feature.
#[derive(Debug)]
pub struct Model {
    /// Its name in every result and for `--models`; `--NAME PATH` names a build of it.
    pub name: &'static str,
    /// What cargo builds it with.
    pub features: &'static [&'static str],
}

/// Every model, in the order in which results list them.
pub const MODELS: &[Model] = &[
    Model { name: "default", features: &[] },
    Model { name: "gil", features: &["gil"] },
    Model { name: "pep703", features: &["pep703"] },
    Model { name: "gilectomy", features: &["gilectomy"] },
];

/// The models that a run compares if nothing else is asked for.
pub const USUAL: &[&str] = &["default", "gil"];

/// The model `gil` with its GIL given up by ticks, as before CPython 3.2: it takes part where that made it infamous.
pub const TICKS: &str = "gil-ticks";

/// Whether a runner takes part in a benchmark: the GIL by ticks does where a thread that computes is beside others.
pub fn takes_part(runner: &str, benchmark: &str) -> bool {
    runner != TICKS || benchmark == MIXED
}

/// Finds a model by its name.
pub fn model(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}

/// Reads the list of `--models`: at least one name, none twice.
///
/// # Errors
/// A name is no model's, or is there twice.
pub fn parse_models(text: &str) -> Result<Vec<&'static Model>, Failure> {
    let mut found: Vec<&'static Model> = Vec::new();
    for name in text.split(',').map(str::trim) {
        let known = model(name).ok_or_else(|| {
            let names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
            format!("there is no model {name:?}; there are {}", names.join(", "))
        })?;
        if found.iter().any(|model| model.name == name) {
            return Err(format!("--models names {name} twice"));
        }
        found.push(known);
    }
    Ok(found)
}

/// The folder of the workspace: the current folder or one above it, else where this program was built.
pub fn workspace_root() -> PathBuf {
    let holds_programs = |folder: &&Path| folder.join("benches/programs").is_dir();
    let current = std::env::current_dir().unwrap_or_default();
    match current.ancestors().find(holds_programs) {
        Some(folder) => folder.to_owned(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
    }
}

/// Builds a model by cargo, optimised, into a target folder of its own.
///
/// # Errors
/// cargo cannot be started, or fails; it has then said why.
pub fn build(root: &Path, model: &Model) -> Result<PathBuf, Failure> {
    let target = root.join("target").join(format!("bench-{}", model.name));
    eprintln!("building the model {} into {}", model.name, target.display());
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["build", "--release", "--package", "ungil", "--target-dir"]).arg(&target);
    for feature in model.features {
        cargo.args(["--features", feature]);
    }
    let status = cargo.stdin(Stdio::null()).status().map_err(|e| format!("cannot start cargo: {e}"))?;
    if !status.success() {
        return Err(format!("the model {} does not build", model.name));
    }
    Ok(target.join("release").join("ungil"))
}

/// Asks a program for its version and its header's size.
///
/// # Errors
/// It cannot be started, or runs no Python.
pub fn probe(name: &str, command: Vec<String>) -> Result<Runner, Failure> {
    let code = "import sys\nprint(' '.join(sys.version.split()))\nprint(sys.getsizeof(object()))";
    let arguments = ["-c".to_owned(), code.to_owned()];
    let shown = command.join(" ");
    let ended = match process::run(&command, &arguments, None, Duration::from_secs(60)) {
        Ok(Outcome::Ended(ended)) => ended,
        Ok(Outcome::TimedOut) => return Err(format!("{name}: {shown} does not answer")),
        Ok(Outcome::Interrupted) => return Err("interrupted".to_owned()),
        Err(error) => return Err(format!("{name}: cannot run {shown}: {error}")),
    };
    let mut lines = ended.stdout.lines();
    let version = lines.next().unwrap_or_default().to_owned();
    if version.is_empty() {
        let reason = ended.failure().unwrap_or_else(|| "it printed nothing".to_owned());
        return Err(format!("{name}: {shown} is no Python interpreter: {reason}"));
    }
    let header_bytes = lines.next().and_then(|line| line.parse().ok());
    Ok(Runner { name: name.to_owned(), command, version, header_bytes })
}

/// Takes `NAME=COMMAND` apart; the command's words are separated by blanks, quotes keep blanks.
///
/// # Errors
/// It has another form, or an unclosed quote.
pub fn parse_peer(text: &str) -> Result<(String, Vec<String>), Failure> {
    let Some((name, command)) = text.split_once('=') else {
        return Err(format!("--peer takes NAME=COMMAND, not {text:?}"));
    };
    let words = split_words(command).ok_or_else(|| format!("--peer {name}: a quote is not closed"))?;
    if name.trim().is_empty() || words.is_empty() {
        return Err(format!("--peer takes NAME=COMMAND, not {text:?}"));
    }
    Ok((name.trim().to_owned(), words))
}

fn split_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_a_name_and_a_command() {
        let (name, command) =
            parse_peer("jit=env PYTHON_JIT=1 '/opt/my python/bin/python3'").expect("well formed");
        assert_eq!(name, "jit");
        assert_eq!(command, ["env", "PYTHON_JIT=1", "/opt/my python/bin/python3"]);
        for wrong in ["python3", "=python3", "name=", "name= ", "name='python3"] {
            assert!(parse_peer(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_of_models_is_names_without_repetition() {
        let names = |text| parse_models(text).map(|m| m.iter().map(|m| m.name).collect::<Vec<_>>());
        assert_eq!(names("default,gil, pep703,gilectomy"), Ok(vec!["default", "gil", "pep703", "gilectomy"]));
        assert_eq!(names("gil"), Ok(vec!["gil"]));
        assert!(names("default,nogil").is_err_and(|e| e.contains("\"nogil\"") && e.contains("gilectomy")));
        assert!(names("gil,gil").is_err_and(|e| e.contains("twice")));
        assert!(names("").is_err());
    }

    #[test]
    fn what_runs_no_python_is_told() {
        let error = probe("peer", vec!["/bin/true".to_owned()]).expect_err("true prints nothing");
        assert!(error.contains("no Python interpreter"), "{error}");
        let error = probe("peer", vec!["/no/such".to_owned()]).expect_err("there is no such program");
        assert!(error.contains("cannot run /no/such"), "{error}");
    }
}
