//! Ways to crash, for tests of the handlers.

use super::dump::{self, Out};
use crate::os;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("_read_null", "($module, /)", Full(|_, _| read_unreadable())),
    ("_sigsegv", "($module, release_gil=False, /)", Full(sigsegv)),
    ("_sigabrt", "($module, /)", Full(|_, _| std::process::abort())),
    ("_sigfpe", "($module, /)", Full(|_, _| die_of(libc::SIGFPE))),
    ("_fatal_error_c_thread", "($module, /)", Full(fatal_error_c_thread)),
    ("_stack_overflow", "($module, /)", Full(stack_overflow)),
];

/// Sends the calling thread a signal until it is deadly.
fn die_of(signal: i32) -> ! {
    loop {
        // SAFETY: a number.
        unsafe { libc::raise(signal) };
    }
}

fn sigsegv(cx: &mut Cx, a: Args<'_>) -> R {
    if os::flag_or(cx, a.opt(0), false)? {
        cx.detached(|| die_of(libc::SIGSEGV));
    }
    die_of(libc::SIGSEGV)
}

/// Reads where nothing may be read.
fn read_unreadable() -> ! {
    // SAFETY: the page is there and aligned; reading it faults, which is what is wanted.
    unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let page = libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_NONE, flags, -1, 0);
        if page != libc::MAP_FAILED {
            std::ptr::read_volatile(page.cast::<u64>());
        }
    }
    die_of(libc::SIGSEGV)
}

/// Needs native stack without end.
fn descend(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 512]);
    match std::hint::black_box(depth) {
        u64::MAX => room[0],
        _ => descend(depth + 1).wrapping_add(std::hint::black_box(room)[1]),
    }
}

fn stack_overflow(cx: &mut Cx, _: Args<'_>) -> R {
    let depth = descend(0);
    Err(cx.runtime_error(format!("unable to raise a stack overflow (depth {depth})")))
}

fn fatal_error_c_thread(cx: &mut Cx, _: Args<'_>) -> R {
    let vm = cx.vm;
    let started = std::thread::Builder::new().spawn(move || {
        let mut out = Out::new(libc::STDERR_FILENO);
        out.text("Fatal Python error: faulthandler_fatal_error_thread: in new thread\n");
        out.text("Python runtime state: initialized\n\n");
        dump::all_threads(&mut out, vm, None, true, dump::sampled_frames);
        drop(out);
        std::process::abort();
    });
    match started {
        Ok(thread) => {
            let _ = cx.detached(|| thread.join());
            Ok(cx.none())
        }
        Err(_) => Err(cx.runtime_error("unable to start the thread")),
    }
}
