//! What became of a module's cases: reads the file that `runner.py` writes, and judges it against CPython's.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The reason of a case that CPython finds in the module and this interpreter does not.
pub const ABSENT: &str = "not there";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Passed,
    Failed,
    Skipped,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
        }
    }

    fn from_name(name: &str) -> Option<Status> {
        [Status::Passed, Status::Failed, Status::Skipped].into_iter().find(|status| status.name() == name)
    }
}

/// The cases of one module under one interpreter.
#[derive(Default)]
pub struct Results {
    planned: Vec<String>,
    started: Vec<String>,
    ended: HashMap<String, (Status, String)>,
    /// One entry for each process that did not end well.
    pub died: Vec<String>,
}

/// One line of the table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub passed: usize,
    pub skipped: usize,
    /// Each with the reason.
    pub failed: BTreeMap<String, String>,
    pub died: Vec<String>,
}

impl Results {
    pub fn read(path: &Path) -> std::io::Result<Results> {
        Ok(Results::parse(&String::from_utf8_lossy(&std::fs::read(path)?)))
    }

    fn parse(text: &str) -> Results {
        let mut results = Results::default();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                ["plan", name] => results.planned.push(name.to_owned()),
                ["start", name] => results.started.push(name.to_owned()),
                ["end", name, status, reason] => {
                    if let Some(status) = Status::from_name(status) {
                        results.ended.insert(name.to_owned(), (status, reason.to_owned()));
                    }
                }
                ["died", why] => results.died.push(why.to_owned()),
                // A line that is just being written.
                _ => {}
            }
        }
        results
    }

    /// How many cases there are.
    pub fn planned(&self) -> usize {
        self.planned.len()
    }

    pub fn started(&self) -> usize {
        self.started.len()
    }

    /// The case that was started last, if it has not ended.
    pub fn running(&self) -> Option<&str> {
        self.started.last().map(String::as_str).filter(|name| !self.ended.contains_key(*name))
    }

    /// Whether CPython ran the case, as opposed to skipping it, its class or its module.
    fn ran(&self, name: &str) -> bool {
        matches!(self.ended.get(name), Some((Status::Passed | Status::Failed, _)))
    }
}

/// Counts the cases. What CPython ran and this interpreter skipped or does not even have has failed; without CPython
/// to ask, so has every skip.
pub fn judge(ours: &Results, oracle: Option<&Results>) -> Row {
    let ran = |name: &str| oracle.is_none_or(|oracle| oracle.ran(name));
    let mut row = Row { died: ours.died.clone(), ..Row::default() };
    let mut fail = |name: &str, why: &str| row.failed.insert(name.to_owned(), why.to_owned());
    for name in &ours.planned {
        match ours.ended.get(name) {
            Some((Status::Passed, _)) => row.passed += 1,
            Some((Status::Failed, why)) => drop(fail(name, why)),
            Some((Status::Skipped, why)) if ran(name) => drop(fail(name, &format!("skipped: {why}"))),
            None if ran(name) => drop(fail(name, "not run")),
            Some((Status::Skipped, _)) | None => row.skipped += 1,
        }
    }
    let missing =
        oracle.iter().flat_map(|oracle| &oracle.planned).filter(|name| !ours.planned.contains(name));
    for name in missing.filter(|name| ran(name)) {
        fail(name, ABSENT);
    }
    row
}

impl Row {
    /// All cases that count: skips that CPython makes too do not.
    pub fn run(&self) -> usize {
        self.passed + self.failed.len()
    }

    pub fn percent(&self) -> f64 {
        if self.run() == 0 { 0.0 } else { 100.0 * self.passed as f64 / self.run() as f64 }
    }

    /// At least 95 % of the cases pass, and no process died.
    pub fn good(&self) -> bool {
        self.percent() >= 95.0 && self.died.is_empty()
    }
}

/// The judge must see each way to fail, or the table could not show it; run before each table, as this target has no
/// test harness.
pub fn self_check() {
    let oracle = Results::parse(
        "plan\ta\nplan\tb\nplan\tc\nplan\td\nplan\te\nend\ta\tpassed\t\nend\tb\tpassed\t\nend\tc\tskipped\tno\n\
         end\td\tfailed\tx\nend\te\tpassed\t\n",
    );
    let ours = Results::parse(
        "plan\ta\nplan\tb\nplan\tc\nplan\td\nplan\tf\nend\ta\tpassed\t\nend\tb\tskipped\tno\nend\tc\tskipped\tno\n\
         start\td\nend\tf\tfailed\ty\ndied\tsignal\nend\tinco",
    );
    let failed = [("b", "skipped: no"), ("d", "not run"), ("e", ABSENT), ("f", "y")]
        .map(|(n, w)| (n.into(), w.into()));
    let row = Row { passed: 1, skipped: 1, failed: failed.into(), died: vec!["signal".into()] };
    assert_eq!(judge(&ours, Some(&oracle)), row);
    assert_eq!(ours.running(), Some("d"));
    assert!(!row.good());
}
