//! Prints the bytecode of Python files: `cargo run -p ungil-compiler --example dis -- FILE...`.

use ungil_compiler::{Mode, Options, compile_with_warnings, decode};

fn main() {
    for path in std::env::args().skip(1) {
        let source = std::fs::read(&path).expect("a readable file");
        let compiled = decode(&source, &path, true)
            .and_then(|text| compile_with_warnings(&text, &path, Mode::Exec, &Options::default()));
        match compiled {
            Ok(compiled) => {
                for warning in compiled.warnings {
                    println!("{path}:{}: {:?}: {}", warning.line, warning.kind, warning.message);
                }
                print!("{}", ungil_bytecode::disassemble(&compiled.code));
            }
            Err(error) => println!("{error:?}"),
        }
    }
}
