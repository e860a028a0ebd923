//! The `ungil` program: reads the command line, runs what it names, and ends with CPython's exit codes.

use std::io::Write;

mod options;
mod run;

/// Small requests are many and come from every thread: each has its own heap in this allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Native stack of the main thread (address space; only what is used is backed by memory).
const STACK: usize = 512 << 20;

/// Tells the system's allocator, which serves strings and large buffers, how threads come and go here. By default it
/// gives each thread an arena of its own, eight for each core, and raises the size from which blocks are mapped
/// singly: what threads leave behind then stays, in ever more arenas.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn tune_allocator() {
    let cores = std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 64));
    // SAFETY: no other thread exists yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, cores as libc::c_int);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 16 << 20);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn tune_allocator() {}

fn main() {
    tune_allocator();
    let body = || {
        ungil_runtime::interp::stack::set_native_stack_size(STACK);
        std::process::exit(run::main())
    };
    let started = std::thread::Builder::new().stack_size(STACK).name("MainThread".into()).spawn(body);
    match started {
        Ok(thread) => {
            // Signals are for the threads that run Python.
            ungil_stdlib::signal::block_all();
            drop(thread.join());
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "ungil: cannot start: {error}");
            std::process::exit(1);
        }
    }
}
