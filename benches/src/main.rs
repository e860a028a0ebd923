//! The program `runner`: compares models and peers. `cli` says what it can do.

use std::process::exit;

use ungil_benches::cli;

fn main() {
    let command = cli::parse(std::env::args_os().skip(1)).unwrap_or_else(|error| {
        eprintln!("runner: {error}");
        exit(2)
    });
    match cli::execute(command) {
        Ok(status) => exit(status),
        Err(error) => {
            eprintln!("runner: {error}");
            exit(1)
        }
    }
}
