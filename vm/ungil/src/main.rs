//! The `ungil` program: reads the command line, runs what it names, and ends with CPython's exit codes.

use std::io::Write;

mod interactive;
mod options;
mod run;
mod settings;
mod source;

/// Small requests are many and come from every thread: each has its own heap in this allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Native stack of the main thread (address space; only what is used is backed by memory).
const STACK: usize = 512 << 20;

fn main() {
    let body = || {
        ungil_runtime::interp::stack::set_native_stack_size(STACK);
        std::process::exit(run::main())
    };
    let started = std::thread::Builder::new().stack_size(STACK).name("MainThread".into()).spawn(body);
    match started {
        Ok(thread) => {
            // Signals are for the threads that run Python.
            ungil_stdlib::signal::block_all();
            // It ends the process itself, unless a defect made it panic where panics unwind.
            if thread.join().is_err() {
                std::process::exit(101);
            }
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "ungil: cannot start: {error}");
            std::process::exit(1);
        }
    }
}
