//! The source that is run: a file's, standard input's, or that of `-c`.

use crate::interactive::is_interactive;
use crate::options::Action;
use crate::run::to_stderr;
use std::io::Read;
use ungil_runtime::Config;

/// The source text and the file name that tracebacks show; nothing for a module.
pub fn read(args: &[String], config: &Config, action: &Action) -> Result<(Vec<u8>, String), i32> {
    let program = args.first().map_or("ungil", String::as_str);
    match action {
        Action::Code(code) => Ok((dedent(code).into_bytes(), "<string>".into())),
        Action::File(file) => {
            let (source, path) = read_file(program, file)?;
            Ok((if config.skip_first_line { without_first_line(source) } else { source }, path))
        }
        Action::Stdin if is_interactive(config) => Ok((Vec::new(), "<stdin>".into())),
        Action::Stdin => {
            let mut source = Vec::new();
            match std::io::stdin().lock().read_to_end(&mut source) {
                Ok(_) => Ok((source, "<stdin>".into())),
                Err(error) => {
                    to_stderr(&format!("{program}: can't read standard input: {error}\n"));
                    Err(1)
                }
            }
        }
        _ => Ok((Vec::new(), String::new())),
    }
}

/// The source with nothing in its first line, so that the numbers of the others stay.
fn without_first_line(source: Vec<u8>) -> Vec<u8> {
    let end = source.iter().position(|&byte| byte == b'\n').unwrap_or(source.len());
    source[end..].to_vec()
}

/// Takes the indentation that all lines have in common, blank ones excepted, from each.
fn dedent(code: &str) -> String {
    let indentation = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let is_blank = |line: &str| line.trim().is_empty();
    let mut lines = code.lines().filter(|line| !is_blank(line));
    let Some(first) = lines.next() else { return code.to_owned() };
    let common = lines.fold(&first[..indentation(first)], |common, line| {
        let shared = common.bytes().zip(line.bytes()).take_while(|(a, b)| a == b).count();
        &common[..shared]
    });
    if common.is_empty() {
        return code.to_owned();
    }
    let lines = code.split_inclusive('\n');
    lines
        .map(|line| if is_blank(line) { line.trim_start_matches([' ', '\t']) } else { &line[common.len()..] })
        .collect()
}

fn read_file(program: &str, file: &str) -> Result<(Vec<u8>, String), i32> {
    let path = std::path::absolute(file).unwrap_or_else(|_| file.into());
    if path.is_dir() {
        return Ok((Vec::new(), String::new()));
    }
    match std::fs::read(&path) {
        Ok(source) => Ok((source, path.to_string_lossy().into_owned())),
        Err(error) => {
            let number = error.raw_os_error().unwrap_or(2);
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            to_stderr(&format!("{program}: can't open file '{}': [Errno {number}] {text}\n", path.display()));
            Err(2)
        }
    }
}
