//! The command line: options, help, and what each command does.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use lexopt::{Arg, Parser, ValueExt};

use crate::models::{self, Model};
use crate::process;
use crate::progress::Progress;
use crate::record::{Metric, Record, Settings, Stage};
use crate::session::Session;
use crate::{Failure, analysis, compare, html, interrupt, machine, pyperformance, stages, table};

pub const HELP: &str = "\
Compares ungil without a GIL, ungil with one, its other models, and other Python interpreters.

usage: runner run [OPTION ...]         measure; table on the terminal, JSON and HTML in files
       runner report FILE.json         make the table and the HTML page of a result anew
       runner compare A.json B.json    two results side by side

run:
  --quick               small sizes, few blocks
  --minutes N           the run ends within this once the models are built (40, or 5 with --quick); stages share it,
                        and what no time was left for is told
  --models NAME,...     of default (no GIL), gil, pep703, gilectomy; each is built into target/bench-NAME, the
                        first is compared with the others (default,gil; more share the same time)
  --default PATH, --gil PATH, --pep703 PATH, --gilectomy PATH
                        a build of the model that is there already; it takes part even if --models does not name it
  --peer NAME=COMMAND   another interpreter; may be given again
  -o, --output FILE     where the JSON goes; the page goes beside it, as .html
                        (else target/bench-results/TIME.json)
  --only STAGE,...      of noise, single, pyperformance, io, timeline, scaling, startup, instructions
  --filter TEXT         only benchmarks whose name contains TEXT
  --blocks N            blocks of each stage, if its share of the time allows
  --margin RATIO        `not worse` is claimed if the mean's upper bound is under this (1.01)
  --guard RATIO         no single benchmark may be over this (1.05)
  --metric cpu|wall     the time that is compared (cpu: user and system)
  --seed N              what orders and bootstraps are drawn from (1)
  --time-limit SECONDS  a run that takes longer is killed and counts as failed (60)
  --pin CORE|none       where programs with one thread run (the last core)
  --quiet               no progress

report, compare:
  -o, --output FILE     where the page goes (else beside the first JSON; `compare` makes one only if asked)

  -h, --help

Exit status: 0 all measured, 1 an error or a benchmark that failed or was left out, 2 wrong usage, 130 interrupted (what was
measured is kept).
";

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    Help,
    Run(Box<RunOptions>),
    Report { input: PathBuf, output: Option<PathBuf> },
    Compare { a: PathBuf, b: PathBuf, output: Option<PathBuf> },
}

#[derive(Debug)]
pub struct RunOptions {
    pub settings: Settings,
    /// The models that take part, each with its program if that is built already.
    pub models: Vec<(&'static Model, Option<PathBuf>)>,
    pub peers: Vec<(String, Vec<String>)>,
    pub output: Option<PathBuf>,
    pub stages: Vec<Stage>,
    pub filter: Option<String>,
    pub quiet: bool,
}

/// Reads the command line without the program's name.
///
/// # Errors
/// The text tells what is wrong with it.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Failure> {
    let mut parser = Parser::from_args(args);
    parse_command(&mut parser).map_err(|error| error.to_string())
}

fn parse_command(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => Ok(Command::Help),
        Some(Arg::Value(name)) => match name.to_str() {
            Some("run") => parse_run(parser),
            Some("report") => parse_files(parser, 1).map(|found| match found {
                None => Command::Help,
                Some((mut files, output)) => Command::Report { input: files.remove(0), output },
            }),
            Some("compare") => parse_files(parser, 2).map(|found| match found {
                None => Command::Help,
                Some((mut files, output)) => {
                    Command::Compare { a: files.remove(0), b: files.remove(0), output }
                }
            }),
            _ => Err(format!("there is no command {name:?}; --help lists them").into()),
        },
        Some(other) => Err(other.unexpected()),
    }
}

/// The files of `report` and `compare`; `None` if help is asked for.
#[allow(clippy::type_complexity)]
fn parse_files(
    parser: &mut Parser,
    count: usize,
) -> Result<Option<(Vec<PathBuf>, Option<PathBuf>)>, lexopt::Error> {
    let (mut files, mut output) = (Vec::new(), None);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            Arg::Short('o') | Arg::Long("output") => output = Some(parser.value()?.into()),
            Arg::Value(file) => files.push(file.into()),
            other => return Err(other.unexpected()),
        }
    }
    if files.len() != count {
        return Err(format!("{count} result file(s) are needed, {} given", files.len()).into());
    }
    Ok(Some((files, output)))
}

fn parse_run(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut options = RunOptions::usual();
    let (mut chosen, mut built) = (None, HashMap::new());
    while let Some(arg) = parser.next()? {
        let settings = &mut options.settings;
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Long("quick") => settings.quick = true,
            Arg::Long("models") => chosen = Some(models::parse_models(&parser.value()?.string()?)?),
            Arg::Long("peer") => options.peers.push(models::parse_peer(&parser.value()?.string()?)?),
            Arg::Short('o') | Arg::Long("output") => options.output = Some(parser.value()?.into()),
            Arg::Long("only") => options.stages = parse_stages(&parser.value()?.string()?)?,
            Arg::Long("filter") => options.filter = Some(parser.value()?.string()?),
            Arg::Long("minutes") => settings.minutes = Some(parse_minutes(parser)?),
            Arg::Long("blocks") => settings.blocks = Some(parser.value()?.parse::<u32>()?.max(1)),
            Arg::Long("margin") => settings.margin = parse_ratio(parser)?,
            Arg::Long("guard") => settings.guard = parse_ratio(parser)?,
            Arg::Long("metric") => {
                settings.metric = match parser.value()?.string()?.as_str() {
                    "cpu" => Metric::Cpu,
                    "wall" => Metric::Wall,
                    other => return Err(format!("--metric is cpu or wall, not {other:?}").into()),
                };
            }
            Arg::Long("seed") => settings.seed = parser.value()?.parse()?,
            Arg::Long("time-limit") => settings.time_limit = parser.value()?.parse::<u64>()?.max(1),
            Arg::Long("pin") => settings.pinned = parse_core(&parser.value()?.string()?)?,
            Arg::Long("quiet") => options.quiet = true,
            Arg::Long(name) if models::model(name).is_some() => {
                let name = name.to_owned();
                built.insert(name, PathBuf::from(parser.value()?));
            }
            other => return Err(other.unexpected()),
        }
    }
    options.models = choose_models(chosen, built);
    check_names(&options)?;
    Ok(Command::Run(Box::new(options)))
}

/// The models of `--models`, or the usual ones, and after them those of which only a program is named.
fn choose_models(
    chosen: Option<Vec<&'static Model>>,
    mut built: HashMap<String, PathBuf>,
) -> Vec<(&'static Model, Option<PathBuf>)> {
    let mut models =
        chosen.unwrap_or_else(|| models::USUAL.iter().filter_map(|name| models::model(name)).collect());
    let named_by_path = |model: &&Model| built.contains_key(model.name);
    let added: Vec<&'static Model> = models::MODELS
        .iter()
        .filter(named_by_path)
        .filter(|model| !models.iter().any(|known| known.name == model.name))
        .collect();
    models.extend(added);
    models.into_iter().map(|model| (model, built.remove(model.name))).collect()
}

impl RunOptions {
    fn usual() -> RunOptions {
        let pinned = process::allowed_cores().last().copied();
        RunOptions {
            settings: Settings { pinned, ..Settings::usual() },
            models: Vec::new(),
            peers: Vec::new(),
            output: None,
            stages: stages::STAGES.iter().map(|(_, stage)| *stage).collect(),
            filter: None,
            quiet: false,
        }
    }
}

fn parse_minutes(parser: &mut Parser) -> Result<f64, lexopt::Error> {
    let minutes: f64 = parser.value()?.parse()?;
    // A day is more than any machine needs.
    if minutes > 0.0 && minutes <= 1440.0 {
        Ok(minutes)
    } else {
        Err("--minutes is a number from above 0 to 1440".into())
    }
}

fn parse_ratio(parser: &mut Parser) -> Result<f64, lexopt::Error> {
    let ratio: f64 = parser.value()?.parse()?;
    if ratio.is_finite() && ratio > 0.0 { Ok(ratio) } else { Err("a ratio is a number above 0".into()) }
}

fn parse_stages(text: &str) -> Result<Vec<Stage>, Failure> {
    let find = |name: &str| {
        let known = stages::STAGES.iter().find(|(stage, _)| *stage == name.trim()).map(|(_, stage)| *stage);
        known.ok_or_else(|| {
            let names: Vec<&str> = stages::STAGES.iter().map(|(name, _)| *name).collect();
            format!("there is no stage {name:?}; there are {}", names.join(", "))
        })
    };
    text.split(',').map(find).collect()
}

fn parse_core(text: &str) -> Result<Option<usize>, Failure> {
    if text == "none" {
        return Ok(None);
    }
    let core = text.parse().map_err(|_| format!("--pin takes the number of a core or none, not {text:?}"))?;
    if !process::allowed_cores().contains(&core) {
        return Err(format!("--pin {core}: the core may be one of {:?}", process::allowed_cores()));
    }
    Ok(Some(core))
}

/// Two runners of one name could not be told apart.
fn check_names(options: &RunOptions) -> Result<(), Failure> {
    let mut seen: HashSet<&str> = models::MODELS.iter().map(|model| model.name).collect();
    seen.extend([analysis::AGAIN, models::TICKS]);
    match options.peers.iter().find(|(name, _)| !seen.insert(name)) {
        Some((name, _)) => Err(format!("--peer {name}: the name is taken")),
        None => Ok(()),
    }
}

/// Does what the command line asks for; gives the exit status.
///
/// # Errors
/// What cannot be done, for the person at the terminal.
pub fn execute(command: Command) -> Result<i32, Failure> {
    match command {
        Command::Help => {
            show(HELP);
            Ok(0)
        }
        Command::Run(options) => run(*options),
        Command::Report { input, output } => {
            let record = Record::load(&input)?;
            let page = output.unwrap_or_else(|| input.with_extension("html"));
            finish(&record, &page)?;
            Ok(0)
        }
        Command::Compare { a, b, output } => {
            let (a, b) =
                ((a.display().to_string(), Record::load(&a)?), (b.display().to_string(), Record::load(&b)?));
            let result = compare::compare((&a.0, &a.1), (&b.0, &b.1));
            show(&compare::render(&result));
            if let Some(page) = output {
                crate::record::write_whole(&page, &html::compare_page(&result))?;
                eprintln!("page: {}", page.display());
            }
            Ok(0)
        }
    }
}

/// Writes to the terminal. Whoever has closed it (`| head`) wants no more; the files are written all the same.
fn show(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints the table and writes the page.
fn finish(record: &Record, page: &Path) -> Result<(), Failure> {
    let summary = analysis::summarize(record);
    show(&table::render(record, &summary));
    crate::record::write_whole(page, &html::page(record, &summary))?;
    eprintln!("page: {}", page.display());
    Ok(())
}

fn run(options: RunOptions) -> Result<i32, Failure> {
    interrupt::install();
    let root = models::workspace_root();
    let started = machine::now();
    let file = options.output.clone().unwrap_or_else(|| {
        let name = started.replace([':', '-'], "").replace(' ', "-");
        root.join("target/bench-results").join(format!("{name}.json"))
    });
    let mut record = Record::new(started, machine::describe(&root), options.settings.clone());
    // An output that cannot be written is better known before an hour of work.
    record.save(&file)?;
    find_runners(&root, &options, &mut record)?;
    // What needs the network is better known to be there before an hour of work.
    if options.stages.contains(&Stage::Pyperformance) {
        pyperformance::fetch(&root)?;
    }
    let progress = Progress::new(options.quiet, options.settings.limit());
    let mut session = Session::new(record, file, progress);
    stages::run(&mut session, &root, &options.stages, options.filter.as_deref())?;
    session.record.interrupted = interrupt::requested();
    session.record.summary = Some(analysis::summarize(&session.record));
    session.save()?;
    finish(&session.record, &session.file.with_extension("html"))?;
    eprintln!("samples: {}", session.file.display());
    let failed = session.record.samples.iter().any(|sample| sample.error.is_some());
    Ok(if session.record.interrupted { 130 } else { i32::from(failed) })
}

/// Fills in the models and the peers, each asked who it is.
fn find_runners(root: &Path, options: &RunOptions, record: &mut Record) -> Result<(), Failure> {
    for (model, path) in &options.models {
        let path = match path {
            Some(path) => path.clone(),
            None => models::build(root, model)?,
        };
        let command = vec![path.to_string_lossy().into_owned()];
        record.runners.push(models::probe(model.name, command.clone())?);
        let shows_ticks = [Stage::Io, Stage::Timeline].iter().any(|stage| options.stages.contains(stage));
        if model.name == "gil" && shows_ticks {
            let option = ["-X", "gil=ticks"].map(str::to_owned);
            match models::probe(models::TICKS, command.into_iter().chain(option).collect()) {
                Ok(runner) => record.runners.push(runner),
                Err(error) => record.notes.push(error),
            }
        }
    }
    for (name, command) in &options.peers {
        record.runners.push(models::probe(name, command.clone())?);
    }
    Ok(())
}
