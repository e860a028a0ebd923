//! `faulthandler`: where the threads are, told on request, after a time, on a signal, or when the process crashes.
//!
//! - `dump.rs`: the text; `fatal.rs`: signals that end the process; `later.rs`: the watchdog; `user.rs`: other signals
//!
//! A dump that a thread asks for itself stops the world, so that it is exact.

mod crash;
mod dump;
mod fatal;
mod later;
mod user;

use crate::os;
use dump::Out;
use std::sync::PoisonError;
use std::time::Duration;
use ungil_gc::Shared;
use ungil_locks::primitive::Mutex;
use ungil_runtime::objects::module::add_functions;
use ungil_runtime::prelude::*;
use ungil_runtime::traceback::{self, sample};

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("enable", "($module, /, file=sys.stderr, all_threads=True)", Full(enable)),
    ("disable", "($module, /)", Full(disable)),
    ("is_enabled", "($module, /)", Leaf(|cx, _| Ok(cx.bool(fatal::is_enabled())))),
    ("dump_traceback", "($module, /, file=sys.stderr, all_threads=True)", Full(dump_traceback)),
    ("dump_c_stack", "($module, /, file=sys.stderr)", Full(dump_c_stack)),
    (
        "dump_traceback_later",
        "($module, /, timeout, repeat=False, file=sys.stderr, exit=False)",
        Full(dump_traceback_later),
    ),
    ("cancel_dump_traceback_later", "($module, /)", Full(cancel_dump_traceback_later)),
    ("register", "($module, /, signum, file=sys.stderr, all_threads=True, chain=False)", Full(register)),
    ("unregister", "($module, signum, /)", Full(unregister)),
];

/// Where the handlers of fatal signals write to, in [`KEPT`]; below are the signals.
const FATAL: usize = user::NSIG;
/// Where the watchdog writes to.
const LATER: usize = FATAL + 1;

/// The files that are written to: they must not be closed meanwhile.
static KEPT: Mutex<[Option<Shared>; LATER + 1]> = Mutex::new([const { None }; LATER + 1]);

/// Keeps a file for a purpose, and lets go of what was kept before.
fn keep(purpose: usize, file: Option<Obj>) {
    let file = file.map(Shared::publish);
    let old = std::mem::replace(&mut KEPT.lock().unwrap_or_else(PoisonError::into_inner)[purpose], file);
    drop(old.map(Shared::into_obj));
}

/// The descriptor of a file argument, and the file if it is an object.
fn file_arg(cx: &mut Cx, file: Option<Ref<'_>>) -> R<(i32, Option<Obj>)> {
    let file = match file.filter(|file| !file.value().is_none()) {
        Some(file) => file.own(cx),
        None => match cx.sys_dict().get_str(cx, cx.vm.names.stderr.get()) {
            None => return Err(cx.runtime_error("lost sys.stderr")),
            Some(stderr) if stderr.value().is_none() => return Err(cx.runtime_error("sys.stderr is None")),
            Some(stderr) => stderr,
        },
    };
    if cx.is_instance_of(file.r(), Builtin::Int) {
        if file.value().as_bool().is_some() {
            traceback::warn(cx, Builtin::RuntimeWarning, "bool is used as a file descriptor")?;
        }
        let fd = os::c_int(cx, file.r())?;
        if fd < 0 {
            return Err(cx.value_error("file is not a valid file descriptor"));
        }
        return Ok((fd, None));
    }
    let fd = cx.call_method(file.r(), "fileno", &[])?;
    let fd = match cx.is_instance_of(fd.r(), Builtin::Int) {
        true => os::c_int(cx, fd.r())?,
        false => -1,
    };
    if fd < 0 {
        return Err(cx.runtime_error("file.fileno() is not a valid file descriptor"));
    }
    // What cannot be flushed shall not keep anybody from the dump.
    let _ = cx.call_method(file.r(), "flush", &[]);
    Ok((fd, Some(file)))
}

fn enable(cx: &mut Cx, a: Args<'_>) -> R {
    let all_threads = os::flag_or(cx, a.opt(1), true)?;
    let (fd, file) = file_arg(cx, a.opt(0))?;
    keep(FATAL, file);
    match fatal::enable(cx.vm, fd, all_threads) {
        Ok(()) => Ok(cx.none()),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn disable(cx: &mut Cx, _: Args<'_>) -> R {
    let was = fatal::disable();
    keep(FATAL, None);
    Ok(cx.bool(was))
}

/// At the start of the program: handles fatal signals if an option or the environment says so.
pub fn start(cx: &Cx) {
    let config = &cx.vm.config;
    let variable = std::env::var_os("PYTHONFAULTHANDLER").is_some_and(|value| !value.is_empty());
    let given = config.x_options.iter().any(|(name, _)| name == "faulthandler");
    if config.dev_mode || given || (variable && !config.ignore_environment) {
        // Without handlers the program runs, too.
        let _ = fatal::enable(cx.vm, libc::STDERR_FILENO, true);
    }
}

/// Writes where the calling thread is, or all threads are, with the world stopped while they are looked at.
fn dump_now(cx: &mut Cx, fd: i32, all_threads: bool) {
    if !all_threads {
        return cx.detached(|| dump::own_stack(&mut Out::new(fd)));
    }
    let mut threads = Vec::new();
    let stopped = cx.mutator().stop_the_world();
    while let Some(sample) = cx.vm.sample(threads.len(), true) {
        let mut frames = Vec::new();
        sample.frames(|frame| {
            frames.push(frame);
            frames.len() < dump::MOST_FRAMES
        });
        threads.push((sample, frames));
    }
    drop(stopped);
    let current = sample::here().map(|here| here.ident);
    // Who reads what is written may be another thread.
    cx.detached(|| {
        let mut out = Out::new(fd);
        for (i, (sample, frames)) in threads.into_iter().enumerate() {
            if i > 0 {
                out.text("\n");
            }
            if i == dump::MOST_THREADS {
                out.text("...\n");
                break;
            }
            dump::thread_header(&mut out, &sample, current == Some(sample.ident));
            dump::frames(&mut out, frames.into_iter());
        }
    });
}

fn dump_traceback(cx: &mut Cx, a: Args<'_>) -> R {
    let all_threads = os::flag_or(cx, a.opt(1), true)?;
    let (fd, _file) = file_arg(cx, a.opt(0))?;
    dump_now(cx, fd, all_threads);
    cx.safepoint()?;
    Ok(cx.none())
}

fn dump_c_stack(cx: &mut Cx, a: Args<'_>) -> R {
    let (fd, _file) = file_arg(cx, a.opt(0))?;
    cx.detached(|| fatal::c_stack(&mut Out::new(fd)));
    Ok(cx.none())
}

fn dump_traceback_later(cx: &mut Cx, a: Args<'_>) -> R {
    let nanos = os::nanoseconds(cx, a.get(0))?;
    let repeat = os::flag_or(cx, a.opt(1), false)?;
    let exit = os::flag_or(cx, a.opt(3), false)?;
    let Some(nanos) = u64::try_from(nanos).ok().filter(|&n| n > 0) else {
        return Err(cx.value_error("timeout must be greater than 0"));
    };
    let (fd, file) = file_arg(cx, a.opt(2))?;
    let order = later::Order { after: Duration::from_micros(nanos.div_ceil(1000)), repeat, exit, fd };
    let vm = cx.vm;
    cx.detached(later::cancel);
    keep(LATER, file);
    match cx.detached(|| later::start(vm, order)) {
        true => Ok(cx.none()),
        false => Err(cx.runtime_error("unable to start watchdog thread")),
    }
}

fn cancel_dump_traceback_later(cx: &mut Cx, _: Args<'_>) -> R {
    cx.detached(later::cancel);
    keep(LATER, None);
    Ok(cx.none())
}

fn signal_arg(cx: &mut Cx, v: Ref<'_>) -> R<usize> {
    let signal = os::c_int(cx, v)?;
    if fatal::handles(signal) {
        let message = format!("signal {signal} cannot be registered, use enable() instead");
        return Err(cx.runtime_error(message));
    }
    match usize::try_from(signal) {
        Ok(signal) if (1..user::NSIG).contains(&signal) => Ok(signal),
        _ => Err(cx.value_error("signal number out of range")),
    }
}

fn register(cx: &mut Cx, a: Args<'_>) -> R {
    let signal = signal_arg(cx, a.get(0))?;
    let all_threads = os::flag_or(cx, a.opt(2), true)?;
    let chain = os::flag_or(cx, a.opt(3), false)?;
    let (fd, file) = file_arg(cx, a.opt(1))?;
    match user::register(cx.vm, signal, user::Wish { fd, all_threads, chain }) {
        Ok(()) => {
            keep(signal, file);
            Ok(cx.none())
        }
        Err(number) => Err(os::error(cx, number)),
    }
}

fn unregister(cx: &mut Cx, a: Args<'_>) -> R {
    let signal = signal_arg(cx, a.get(0))?;
    let was = user::unregister(signal);
    keep(signal, None);
    Ok(cx.bool(was))
}

/// At a safepoint: writes what others have asked the calling thread for.
pub fn answer(cx: &mut Cx) {
    later::answer();
    user::answer(cx);
}

pub use later::after_fork_child;

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    add_functions(cx, module, crash::FUNCTIONS);
    Ok(())
}
