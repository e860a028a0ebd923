//! From samples with known ratios to what the page and the tables show; from the command line to its errors.
//!
//! Needs no Python: the records are made up here, and shell scripts stand in for interpreters.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ungil_benches::analysis::{self, Guard, Measure};
use ungil_benches::record::{Record, Sample, Stage, Usage};
use ungil_benches::{cli, compare, html, models, table, timeline};

use super::{measured, record};

fn three_runners() -> Record {
    record(&["default", "gil", "peer"])
}

/// A run of a program that took `seconds`.
fn timed(benchmark: &str, runner: &str, block: u32, seconds: f64) -> Sample {
    let usage =
        Usage { wall: seconds * 1.5, user: seconds * 0.75, system: seconds * 0.25, peak_rss_kib: 30_000 };
    Sample { usage: Some(usage), ..Sample::new(Stage::Single, benchmark, 1, runner, block) }
}

/// `fib` takes as long in both, `slow` 30 % longer, `countdown` (which starts threads) half; the peer takes twice as long.
fn with_times() -> Record {
    let mut record = three_runners();
    for (benchmark, ratio) in [("fib", 1.0), ("slow", 1.3), ("countdown", 0.5)] {
        for block in 0..10 {
            // Both drift alike from block to block.
            let base = 1.0 + 0.1 * f64::from(block);
            let wobble = 1.0 + 0.002 * f64::from(block % 3);
            record.samples.push(timed(benchmark, "gil", block, base));
            record.samples.push(timed(benchmark, "default", block, base * ratio * wobble));
            record.samples.push(timed(benchmark, "peer", block, base * ratio * wobble * 2.0));
        }
    }
    record
}

fn io_sample(runner: &str, block: u32, throughput: f64, p99: u64) -> Sample {
    Sample {
        measured: Some(measured(1.0, throughput, p99)),
        ..Sample::new(Stage::Io, "socket_echo", 16, runner, block)
    }
}

#[test]
fn ratios_guards_and_means_are_those_of_the_samples() {
    let record = with_times();
    let comparison =
        analysis::compare(&record, Stage::Single, Measure::Time, "default", "gil").expect("both ran");
    let row = |name: &str| {
        comparison.rows.iter().find(|row| row.benchmark == name).expect("no benchmark is dropped")
    };
    assert!((row("fib").ratio.expect("it ran").estimate - 1.002).abs() < 0.003);
    assert_eq!(row("fib").guard, Guard::Under);
    assert!((row("slow").ratio.expect("it ran").estimate - 1.3026).abs() < 0.003);
    assert_eq!(row("slow").guard, Guard::Over);
    assert!(!row("countdown").counts);
    let mean = comparison.mean.expect("there are rows");
    assert!((mean.estimate - (1.3f64 * 1.002 * 1.002).sqrt()).abs() < 0.003, "{mean:?}");
    let all = comparison.mean_of_all.expect("one does not count");
    assert!((all.estimate - (1.3f64 * 0.5).cbrt()).abs() < 0.01, "{all:?}");
    assert!(comparison.verdict(1.01, 1.05).contains("1 of 3 over the guard"));
}

#[test]
fn a_failed_benchmark_stays_in_the_list_and_the_verdict_tells() {
    let mut record = with_times();
    let failed = record
        .samples
        .iter_mut()
        .find(|s| s.benchmark == "fib" && s.runner == "default")
        .expect("it is there");
    failed.error = Some("exit status 1: <boom>".to_owned());
    let summary = analysis::summarize(&record);
    let comparison = &summary.comparisons[0];
    assert_eq!((comparison.of.as_str(), comparison.over.as_str()), ("default", "gil"));
    assert_eq!(comparison.rows.len(), 3);
    assert_eq!(comparison.gaps(), 1);
    assert!(comparison.verdict(1.01, 1.05).contains("NOT a result: 1 of 3"));
    assert!(table::render(&record, &summary).contains("ERROR default: exit status 1: <boom>"));
    let page = html::page(&record, &summary);
    assert!(page.contains("&lt;boom&gt;") && !page.contains("<boom>"));
}

#[test]
fn the_page_shows_every_figure_of_the_json() {
    let mut record = with_times();
    for block in 0..5 {
        record.samples.push(io_sample("default", block, 2000.0, 50_000));
        record.samples.push(io_sample("gil", block, 1000.0, 5_000_000));
        for (threads, seconds) in [(1, 2.0), (2, 1.03)] {
            let mut run = io_sample("default", block, 1.0, 1);
            (run.stage, run.benchmark, run.threads) = (Stage::Scaling, "split countdown".to_owned(), threads);
            run.measured.as_mut().expect("it is there").seconds = seconds;
            record.samples.push(run);
        }
    }
    record.summary = Some(analysis::summarize(&record));
    // What is drawn comes from the file, not from memory.
    let text = serde_json::to_string(&record).expect("a record is JSON");
    let read: Record = serde_json::from_str(&text).expect("what was written can be read");
    let written = read.summary.clone().expect("it was written");
    let page = html::page(&read, &analysis::summarize(&read));
    let mut shown = 0;
    for comparison in &written.comparisons {
        for row in &comparison.rows {
            let Some(ratio) = row.ratio else { continue };
            let name = table::benchmark_name(&row.benchmark, row.threads, comparison.stage);
            let figures = table::interval(ratio);
            let about = format!("{} / {}: {figures}", comparison.of, comparison.over);
            assert!(page.contains(&name) && page.contains(&about), "{name} {about}");
            shown += 1;
        }
        assert!(page.contains(&table::interval(comparison.mean.expect("all ran"))));
    }
    // Three programs against two others in time and in memory, and two measures of the I/O case.
    assert_eq!(shown, 3 * 2 * 2 + 2);
    assert!(page.contains("default, 2: 1.942") && page.contains("×2: 1.942"));
    assert!(page.contains("socket_echo ×16"));
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert!(!page.contains("NaN"));
    // Nothing is loaded from elsewhere.
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src="));
}

#[test]
fn the_page_draws_each_thread_of_a_recording() {
    let mut record = three_runners();
    let trace = r#"{"traceEvents": [{"tid": 1, "ts": 0, "dur": 9000, "name": "runs"},
        {"tid": 7, "ts": 0, "dur": 5000, "name": "waits for the GIL"}, {"tid": 7, "ts": 5000, "dur": 4000, "name": "blocks"}]}"#;
    record.timelines.push(timeline::cut("gil <2>", "mixed", trace).expect("well formed"));
    let text = serde_json::to_string(&record).expect("a record is JSON");
    let read: Record = serde_json::from_str(&text).expect("what was written can be read");
    let page = html::page(&read, &analysis::summarize(&read));
    assert!(page.contains("gil &lt;2&gt;, mixed") && page.contains("thread 7"));
    // 5 of 25 milliseconds are a fifth of the 900 units, 4 are 144.
    for (start, width, name) in [(80, 180, "waits for the GIL"), (260, 144, "blocks")] {
        let path = format!("M{start}.00 42h{width}.00v14h-{width}.00z");
        let at = page.find(&path).unwrap_or_else(|| panic!("{path} is not in {page}"));
        assert!(page[at..].split("</path>").next().is_some_and(|path| path.contains(name)));
    }
}

#[test]
fn throughput_and_latency_are_turned_so_that_more_is_worse() {
    let mut record = three_runners();
    for block in 0..5 {
        record.samples.push(io_sample("default", block, 2000.0, 50_000));
        record.samples.push(io_sample("gil", block, 1000.0, 5_000_000));
    }
    let of = |measure| {
        analysis::compare(&record, Stage::Io, measure, "default", "gil").expect("both ran").rows[0].clone()
    };
    assert_eq!(of(Measure::TimePerOperation).ratio.expect("it ran").estimate, 0.5);
    assert!((of(Measure::P99).ratio.expect("it ran").estimate - 0.01).abs() < 1e-9);
    assert!(analysis::compare(&record, Stage::Io, Measure::CpuWork, "default", "gil").is_none());
}

#[test]
fn the_gil_by_ticks_is_compared_where_it_takes_part() {
    let mut record = record(&["default", "gil", models::TICKS]);
    for block in 0..5 {
        for runner in ["default", "gil", models::TICKS] {
            for benchmark in ["mixed", "socket_echo"] {
                if models::takes_part(runner, benchmark) {
                    let run = io_sample(runner, block, 1000.0, 50_000);
                    record.samples.push(Sample { benchmark: benchmark.to_owned(), ..run });
                }
            }
        }
    }
    let rows = |other: &str| {
        let found = analysis::compare(&record, Stage::Io, Measure::P99, "default", other).expect("both ran");
        assert_eq!(found.gaps(), 0, "{found:?}");
        found.rows.iter().map(|row| row.benchmark.clone()).collect::<Vec<_>>()
    };
    assert_eq!(rows("gil"), ["mixed", "socket_echo"]);
    assert_eq!(rows(models::TICKS), ["mixed"]);
}

#[test]
fn one_count_of_instructions_decides() {
    let mut record = three_runners();
    for (benchmark, count) in [("fib", 1_020), ("slow", 1_060)] {
        for (runner, instructions) in [("default", count), ("gil", 1_000)] {
            let run = Sample::new(Stage::Instructions, benchmark, 1, runner, 0);
            record.samples.push(Sample { instructions: Some(instructions), ..run });
        }
    }
    let found = analysis::compare(&record, Stage::Instructions, Measure::Instructions, "default", "gil");
    let guards: Vec<Guard> = found.expect("both ran").rows.iter().map(|row| row.guard).collect();
    assert_eq!(guards, [Guard::Under, Guard::Over]);
}

#[test]
fn two_results_side_by_side() {
    let (a, mut b) = (with_times(), with_times());
    for sample in b.samples.iter_mut().filter(|sample| sample.runner == "default") {
        let usage = sample.usage.as_mut().expect("it ran");
        (usage.user, usage.system) = (usage.user * 2.0, usage.system * 2.0);
    }
    b.machine.cores = 4;
    let result = compare::compare(("a.json", &a), ("b.json", &b));
    let text = compare::render(&result);
    assert!(text.contains("the number of cores differs: 2 and 4"), "{text}");
    let section = |runner: &str| {
        result
            .sections
            .iter()
            .find(|s| s.runner == runner && s.measure == Measure::Time)
            .expect("it is in both")
    };
    assert!((section("default").mean.expect("all ran").estimate - 2.0).abs() < 1e-9);
    assert!((section("gil").mean.expect("all ran").estimate - 1.0).abs() < 1e-9);
    assert!(
        html::compare_page(&result)
            .contains(&table::interval(section("default").rows[0].ratio.expect("it ran")))
    );
}

fn parse(args: &[&str]) -> Result<cli::Command, String> {
    cli::parse(args.iter().map(OsString::from))
}

#[test]
fn the_command_line_tells_what_is_wrong_with_it() {
    for (args, message) in [
        (&["walk"][..], "there is no command"),
        (&["run", "--peer", "cpython"], "NAME=COMMAND"),
        (&["run", "--peer", "gil=python3"], "the name is taken"),
        (&["run", "--peer", "pep703=python3"], "the name is taken"),
        (&["run", "--models", "default,nogil"], "there is no model \"nogil\""),
        (&["run", "--only", "single,twice"], "there is no stage \"twice\""),
        (&["run", "--metric", "moon"], "cpu or wall"),
        (&["run", "--margin", "-1"], "above 0"),
        (&["run", "--minutes", "0"], "above 0"),
        (&["run", "--peer", "gil-ticks=python3"], "the name is taken"),
        (&["run", "--wat"], "--wat"),
        (&["report"], "1 result file(s) are needed, 0 given"),
        (&["compare", "a.json"], "2 result file(s) are needed, 1 given"),
    ] {
        let error = parse(args).expect_err(message);
        assert!(error.contains(message), "{args:?}: {error}");
    }
    let cli::Command::Run(options) =
        parse(&["run", "--quick", "--blocks", "3", "--only", "io"]).expect("well formed")
    else {
        panic!("it is a run")
    };
    assert!(options.settings.quick);
    assert_eq!((options.settings.blocks, options.stages), (Some(3), vec![Stage::Io]));
}

#[test]
fn models_are_the_usual_two_or_those_that_are_named() {
    let models = |args: &[&str]| {
        let cli::Command::Run(options) = parse(args).expect("well formed") else { panic!("it is a run") };
        let shown = |(model, path): &(&models::Model, Option<PathBuf>)| {
            let path = path.as_ref().map_or("built".to_owned(), |path| path.display().to_string());
            format!("{} {path}", model.name)
        };
        options.models.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(models(&["run"]), ["default built", "gil built"]);
    assert_eq!(models(&["run", "--models", "gilectomy,gil"]), ["gilectomy built", "gil built"]);
    // A program that is named takes part, whichever way round the options stand.
    assert_eq!(models(&["run", "--pep703", "/p", "--models", "gil"]), ["gil built", "pep703 /p"]);
    assert_eq!(models(&["run", "--gil", "/g"]), ["default built", "gil /g"]);
}

/// A folder of this test alone.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("ungil-benches-test-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

fn script(folder: &std::path::Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("the folder can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    path.to_string_lossy().into_owned()
}

fn runner_command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_runner"))
}

#[test]
fn a_run_keeps_failures_and_writes_its_files() {
    let folder = folder("run");
    // These stand in for interpreters: they answer the first question and print the same for every program.
    let good = script(&folder, "good", "if [ \"$1\" = -c ]; then echo 3.14; echo 16; else echo 42; fi");
    let other = script(&folder, "other", "if [ \"$1\" = -c ]; then echo 3.14; echo 16; else echo 43; fi");
    let hangs = script(&folder, "hangs", "if [ \"$1\" = -c ]; then echo 3.14; else sleep 60; fi");
    let file = folder.join("result.json");
    let output = runner_command()
        .args([
            "run",
            "--only",
            "single",
            "--filter",
            "fib",
            "--blocks",
            "2",
            "--time-limit",
            "1",
            "--default",
            &good,
        ])
        .args(["--gil", &other, "--pep703", &good, "--peer", &format!("hangs={hangs}"), "-o"])
        .arg(&file)
        .output()
        .expect("the runner runs");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("ERROR gil: line 1 is \"43\", under default \"42\""), "{text}");
    assert!(text.contains("ERROR hangs: killed after 1 s"), "{text}");
    assert!(text.contains("First clause, one thread: CPU time, default / pep703"), "{text}");
    let record = Record::load(&file).expect("the result can be read");
    // What failed in the first block is not tried again.
    let of = |runner: &str| record.samples.iter().filter(|sample| sample.runner == runner).count();
    assert_eq!(["default", "gil", "pep703", "hangs"].map(of), [2, 1, 2, 1]);
    assert!(
        fs::read_to_string(file.with_extension("html"))
            .expect("the page is there")
            .contains("killed after 1 s")
    );
    fs::remove_dir_all(&folder).expect("it is ours");
}

#[test]
fn a_run_ends_in_its_time_and_tells_what_it_left_out() {
    let folder = folder("minutes");
    // All programs under both would take more than ten seconds.
    let slow = script(&folder, "slow", "if [ \"$1\" = -c ]; then echo 3.14; else sleep 0.2; echo 42; fi");
    let file = folder.join("result.json");
    let begun = Instant::now();
    let output = runner_command()
        .args([
            "run",
            "--only",
            "single,startup",
            "--minutes",
            "0.06",
            "--default",
            &slow,
            "--gil",
            &slow,
            "-o",
        ])
        .arg(&file)
        .output()
        .expect("the runner runs");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("benchmarks of block 1") && text.contains("ERROR default: left out"), "{text}");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("at most: single 0:03, startup 0:00"), "{errors}");
    // The stage that comes later had its share all the same.
    let record = Record::load(&file).expect("the result can be read");
    let measured = |stage| record.of_stage(stage).filter(|sample| sample.error.is_none()).count();
    assert!(measured(Stage::Single) > 0 && measured(Stage::Startup) > 0);
    assert!(record.of_stage(Stage::Single).any(|sample| sample.error.is_some()));
    fs::remove_dir_all(&folder).expect("it is ours");
}

/// A folder that looks like the workspace, with its own `python3`, whose `pip install --target DIR` does `text`.
fn workspace_with_pip(name: &str, text: &str) -> PathBuf {
    let root = folder(name);
    fs::create_dir_all(root.join("benches/programs")).expect("it is ours");
    fs::create_dir_all(root.join("bin")).expect("it is ours");
    let find = "while [ \"$1\" != --target ]; do shift; done; DIR=$2";
    script(&root.join("bin"), "python3", &format!("{find}\n{text}"));
    root
}

fn pyperformance_run(root: &std::path::Path, python: &str) -> std::process::Output {
    let path = format!("{}:/usr/bin:/bin", root.join("bin").display());
    let mut command = runner_command();
    command.current_dir(root).env("PATH", path).args(["run", "--only", "pyperformance", "--blocks", "2"]);
    command
        .args(["--default", python, "--gil", python, "-o", "result.json"])
        .output()
        .expect("the runner runs")
}

#[test]
fn pyperformance_is_downloaded_once_and_measures_itself() {
    let once = "[ -e \"$DIR/../ran\" ] && exit 1\nmkdir -p \"$DIR/pyperformance/data-files/benchmarks\"; touch \"$DIR/../ran\"";
    let root = workspace_with_pip("pyperformance", once);
    let answer = r#"{"seconds": 9.0, "cpu_seconds": 2.5, "result": "all"}"#;
    let text = format!("if [ \"$1\" = -c ]; then echo 3.14; else echo '{answer}'; fi");
    let python = script(&root, "python", &text);
    for _ in 0..2 {
        let output = pyperformance_run(&root, &python);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{errors}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("First clause, pyperformance: CPU time, default / gil"), "{text}");
    }
    let record = Record::load(&root.join("result.json")).expect("the result can be read");
    assert_eq!(record.samples.len(), 20 * 2 * 2);
    // What the program says of its measured part, not what the process used.
    let levels = analysis::levels(&record, Stage::Pyperformance, Measure::Time);
    assert_eq!(levels[&("deepcopy".to_owned(), 1)]["gil"], [2.5, 2.5]);
    fs::remove_dir_all(&root).expect("it is ours");
}

#[test]
fn without_network_the_way_out_is_told() {
    let root = workspace_with_pip("offline", "echo 'ERROR: no connection' >&2; echo >&2; exit 1");
    let python = script(&root, "python", "echo 3.14");
    let output = pyperformance_run(&root, &python);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("ERROR: no connection") && error.contains("--only"), "{error}");
    fs::remove_dir_all(&root).expect("it is ours");
}

#[test]
fn what_cannot_be_measured_is_told_before_anything_runs() {
    let folder = folder("errors");
    let good = script(&folder, "good", "echo 3.14");
    let file = folder.join("result.json").to_string_lossy().into_owned();
    for (args, message) in [
        (&["--default", "/no/such", "--gil", &good, "-o", &file][..], "cannot run /no/such"),
        (
            &["--default", &good, "--gil", &good, "--peer", "p=/no/peer", "-o", &file],
            "p: cannot run /no/peer",
        ),
        (&["--default", &good, "--gil", &good, "-o", "/proc/result.json"], "cannot write /proc/result.json"),
    ] {
        let output = runner_command().arg("run").args(args).output().expect("the runner runs");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(message), "{error}");
    }
    fs::remove_dir_all(&folder).expect("it is ours");
}

#[test]
fn an_interrupted_run_keeps_what_it_has() {
    let folder = folder("interrupt");
    // The second program that it runs never ends.
    let (ran, waits) = (folder.join("ran"), folder.join("waits"));
    let text = "if [ \"$1\" = -c ]; then echo 3.14; elif [ -e RAN ]; then touch WAITS; sleep 60; else touch RAN; echo 42; fi";
    let text = text.replace("RAN", &ran.to_string_lossy()).replace("WAITS", &waits.to_string_lossy());
    let stuck = script(&folder, "stuck", &text);
    let good = script(&folder, "good", "if [ \"$1\" = -c ]; then echo 3.14; else echo 42; fi");
    let file = folder.join("result.json");
    let mut run = runner_command()
        .args(["run", "--only", "single", "--quiet", "--default", &good, "--gil", &stuck, "-o"])
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the runner runs");
    while !waits.exists() {
        assert!(run.try_wait().expect("it is ours").is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = run.id().to_string();
    assert!(
        Command::new("/bin/sh").args(["-c", "kill -INT $0", &pid]).status().expect("kill runs").success()
    );
    let mut text = String::new();
    run.stdout.take().expect("it is piped").read_to_string(&mut text).expect("it is text");
    assert_eq!(run.wait().expect("it ends").code(), Some(130), "{text}");
    assert!(text.contains("the run was interrupted"), "{text}");
    let record = Record::load(&file).expect("the result can be read");
    assert!(record.interrupted);
    let count = |runner: &str| record.samples.iter().filter(|sample| sample.runner == runner).count();
    // The one that was under way does not count, what ran before does.
    assert_eq!(count("gil"), 1);
    assert!((1..=2).contains(&count("default")));
    fs::remove_dir_all(&folder).expect("it is ours");
}
