//! Compiles the Python sources of a file of JSON-like records and prints what was wrong with each, to compare with
//! another implementation. Records are separated by a NUL byte: the mode, a newline, the source.

use std::io::Read;
use ungil_compiler::{Mode, Options, compile};

fn main() {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input).expect("input");
    for record in input.split(|byte| *byte == 0) {
        let text = String::from_utf8_lossy(record);
        let Some((mode, source)) = text.split_once('\n') else { continue };
        let mode = match mode {
            "eval" => Mode::Eval,
            "single" => Mode::Single,
            _ => Mode::Exec,
        };
        match compile(source, "<t>", mode, &Options::default()) {
            Ok(_) => println!("ok"),
            Err(e) => println!(
                "{:?}\t{}\t{}\t{}\t{}\t{}",
                e.kind,
                e.message.replace('\\', "\\\\").replace('\n', "\\n"),
                e.line,
                e.offset,
                e.end_line,
                e.end_offset
            ),
        }
    }
}
