//! Prints the bytecode of Python files: `cargo run -p ungil-compiler --example dis -- FILE...`.

use ungil_compiler::{Mode, Options, compile_with_warnings};

fn main() {
    for path in std::env::args().skip(1) {
        let source = std::fs::read_to_string(&path).expect("a readable file");
        match compile_with_warnings(&source, &path, Mode::Exec, &Options::default()) {
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
