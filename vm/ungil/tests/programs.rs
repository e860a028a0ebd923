//! Runs the `ungil` program over the Python programs in `tests/python` and `benches/programs`, and compares what
//! they print, what they write to stderr and how they end with what CPython 3.14 does (`tests/python/README.md`).
//!
//! There is one test per folder. A test runs all of its programs, then lists every one that failed with an excerpt
//! of the difference. `UNGIL_TEST_ONLY=TEXT` selects the programs whose path contains TEXT, and
//! `UNGIL_TEST_PROGRAM=PATH` runs another interpreter, such as CPython to check the expectations themselves.
//!
//! Processes are started from several test threads; at most `PROCESSES` run at a time, each for at most `TIME_LIMIT`.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many programs run at a time.
const PROCESSES: usize = 2;
/// After this long a program is killed and counts as failed.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// How many differing lines of each side a failure shows.
const EXCERPT: usize = 8;

#[test]
fn lang() {
    run_folder("lang");
}

#[test]
fn classes() {
    run_folder("classes");
}

#[test]
fn types() {
    run_folder("types");
}

#[test]
fn any_arguments() {
    run_folder("any_arguments");
}

#[test]
fn numbers() {
    run_folder("numbers");
}

#[test]
fn errors() {
    run_folder("errors");
}

#[test]
fn threads() {
    run_folder("threads");
}

#[test]
fn weakref_gc() {
    run_folder("weakref_gc");
}

#[test]
fn foreign() {
    run_folder("foreign");
}

#[test]
fn io() {
    run_folder("io");
}

/// Many threads on one object; each program checks itself.
#[test]
fn hammer() {
    let cases = python_files(&tests_folder().join("hammer"))
        .into_iter()
        .map(|path| Case {
            arguments: vec!["1".into()],
            stdout: "ok\n".into(),
            stderr: String::new(),
            status: 0,
            path,
        })
        .collect();
    run_all(cases);
}

/// The programs to measure, at the small sizes in `expected/sizes.txt`.
#[test]
fn benches() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/programs");
    let sizes = read(&folder.join("expected/sizes.txt"));
    let cases = sizes
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split_whitespace().map(String::from);
            let name = words.next().expect("sizes.txt has a name in each line");
            Case {
                path: folder.join(format!("{name}.py")),
                arguments: words.collect(),
                stdout: read(&folder.join(format!("expected/{name}.out"))),
                stderr: String::new(),
                status: 0,
            }
        })
        .collect::<Vec<_>>();
    let missing: Vec<_> = python_files(&folder)
        .into_iter()
        .filter(|path| cases.iter().all(|case| case.path.file_name() != path.file_name()))
        .collect();
    assert!(missing.is_empty(), "not in sizes.txt: {missing:?}");
    run_all(cases);
}

/// The bytecode does not depend on the concurrency model: this build prints the listings that the compiler's tests record.
#[test]
fn bytecode_is_the_same_in_every_model() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../compiler/tests/golden");
    let program = std::env::var_os("UNGIL_TEST_PROGRAM").unwrap_or(env!("CARGO_BIN_EXE_ungil").into());
    let sources = python_files(&folder);
    assert!(sources.len() >= 10, "golden files are missing");
    for source in sources {
        let name = source.file_name().expect("a program has a name");
        let output = Command::new(&program).arg("--dis").arg(name).current_dir(&folder).output();
        let output = output.expect("the program can be started");
        let listing = String::from_utf8_lossy(&output.stdout);
        let differs = difference("listing", &read(&source.with_extension("dis")), &listing);
        assert!(differs.is_empty(), "{}: {differs}", short(&source));
    }
}

/// One program with what it should do.
struct Case {
    path: PathBuf,
    arguments: Vec<String>,
    stdout: String,
    stderr: String,
    status: i32,
}

/// What a program did.
struct Outcome {
    stdout: String,
    stderr: String,
    /// `None`: it was killed because it took too long.
    status: Option<ExitStatus>,
}

fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The programs directly in `folder`, in order; what starts with `_` is imported by others.
fn python_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a folder of tests can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .filter(|path| !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"_")))
        .collect();
    files.sort();
    files
}

fn run_folder(name: &str) {
    let cases = python_files(&tests_folder().join(name)).into_iter().map(expected_beside).collect();
    run_all(cases);
}

/// Reads `NAME.out`, `NAME.err` and the `# exit: N` line of a program.
fn expected_beside(path: PathBuf) -> Case {
    let errors = path.with_extension("err");
    let source = read(&path);
    let status = source.lines().next().and_then(|line| line.strip_prefix("# exit: "));
    Case {
        arguments: Vec::new(),
        stdout: read(&path.with_extension("out")),
        stderr: if errors.exists() { read(&errors) } else { String::new() },
        status: status.map_or(0, |number| number.trim().parse().expect("`# exit:` is followed by a number")),
        path,
    }
}

/// Runs the cases and panics with a list of all that failed.
fn run_all(mut cases: Vec<Case>) {
    if let Ok(only) = std::env::var("UNGIL_TEST_ONLY") {
        cases.retain(|case| case.path.to_string_lossy().contains(&only));
    }
    let total = cases.len();
    let waiting = Mutex::new(VecDeque::from(cases));
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..PROCESSES {
            scope.spawn(|| {
                loop {
                    let Some(case) = lock(&waiting).pop_front() else { break };
                    if let Err(why) = check(&case) {
                        lock(&failures).push((case.path, why));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() {
        return;
    }
    failures.sort();
    let list: String = failures.iter().map(|(path, why)| format!("\n=== {}\n{why}", short(path))).collect();
    panic!("{} of {total} programs failed:{list}", failures.len());
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The folder and name of a program.
fn short(path: &Path) -> String {
    let names: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy().into_owned()).collect();
    names.into_iter().rev().collect::<Vec<_>>().join("/")
}

/// `Err`: what differs from the expectation.
fn check(case: &Case) -> Result<(), String> {
    let outcome = run(case);
    let mut why = String::new();
    match outcome.status {
        None => why += &format!("killed after {} s\n", TIME_LIMIT.as_secs()),
        Some(status) if status.code() == Some(case.status) => {}
        Some(status) => why += &format!("ended with {status}, expected {}\n", case.status),
    }
    why += &difference("stdout", &case.stdout, &outcome.stdout);
    why += &difference("stderr", &case.stderr, &outcome.stderr);
    if why.is_empty() { Ok(()) } else { Err(why) }
}

/// Runs a program in its folder with its outputs going to files, so that nothing it leaves running can block the test.
fn run(case: &Case) -> Outcome {
    let _slot = Slot::take();
    let folder = case.path.parent().expect("a program is in a folder");
    let folder = folder.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = case.path.file_name().expect("a program has a name");
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join(short(&case.path).replace('/', "-"));
    let (out, err) = (scratch.with_extension("out"), scratch.with_extension("err"));
    let create =
        |path: &Path| File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let program = std::env::var_os("UNGIL_TEST_PROGRAM").unwrap_or(env!("CARGO_BIN_EXE_ungil").into());
    let mut child = Command::new(program)
        .arg(name)
        .args(&case.arguments)
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(create(&out))
        .stderr(create(&err))
        .spawn()
        .expect("the program can be started");
    let deadline = Instant::now() + TIME_LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break Some(status);
        }
        if Instant::now() > deadline {
            // It may have ended in this moment; either way it took too long.
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let text = |path: &Path| {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // A script is named by its absolute path, which the expected output leaves out.
        String::from_utf8_lossy(&bytes).replace(&format!("{}/", folder.display()), "")
    };
    Outcome { stdout: text(&out), stderr: text(&err), status }
}

/// The lines that differ once equal ones at the start and the end are left out; empty when the texts are equal.
fn difference(what: &str, expected: &str, actual: &str) -> String {
    if expected == actual {
        return String::new();
    }
    let (expected, actual): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let start = expected.iter().zip(&actual).take_while(|(a, b)| a == b).count();
    let (expected_rest, actual_rest) = (&expected[start..], &actual[start..]);
    let end = expected_rest.iter().rev().zip(actual_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let mut text = format!("{what} differs from line {}:\n", start + 1);
    for (sign, rest) in [('-', expected_rest), ('+', actual_rest)] {
        let lines = &rest[..rest.len() - end];
        for line in lines.iter().take(EXCERPT) {
            text += &format!("  {sign} {}\n", line.chars().take(200).collect::<String>());
        }
        if lines.len() > EXCERPT {
            text += &format!("  {sign} ... {} lines more\n", lines.len() - EXCERPT);
        }
    }
    text
}

/// One of the `PROCESSES` places for a running program; given back when dropped.
struct Slot;

static FREE_SLOTS: Mutex<usize> = Mutex::new(PROCESSES);
static SLOT_FREED: Condvar = Condvar::new();

impl Slot {
    fn take() -> Slot {
        let free = SLOT_FREED.wait_while(lock(&FREE_SLOTS), |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Slot
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *lock(&FREE_SLOTS) += 1;
        SLOT_FREED.notify_one();
    }
}

/// The comparison must see every kind of difference, or the tests above could not fail.
#[test]
fn difference_shows_what_differs() {
    assert_eq!(difference("stdout", "a\nb\n", "a\nb\n"), "");
    let shown = difference("stdout", "a\nb\nc\n", "a\nx\nc\n");
    assert_eq!(shown, "stdout differs from line 2:\n  - b\n  + x\n");
    let shorter = difference("stderr", "a\nb\n", "a\n");
    assert_eq!(shorter, "stderr differs from line 2:\n  - b\n");
    assert_ne!(difference("stdout", "a\n", "a"), "");
}
