//! `_signal`: handlers of signals in Python, masks, waiting for signals, timers.
//!
//! The C handler only notes that a signal has arrived, in atomics, and raises the check word of the main thread, which runs the
//! Python handler at its next safepoint. Signals may be delivered to any thread; if the main thread is in a system call at that
//! time, the signal is sent on to it, so that the call is interrupted. In the child of a fork the forking thread is the main one.

use crate::os::{self, quick};
use crate::posix::{add_class, class_of};
use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Mutex, Ordering};
use ungil_locks::{ThreadState, check};
use ungil_runtime::interp::frame::Frame;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::namespace::{Record, record_of};
use ungil_runtime::objects::{frame, native, set};
use ungil_runtime::prelude::*;
use ungil_runtime::{SharedValue, traceback};

/// One more than the highest signal.
const NSIG: usize = 65;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("signal", "($module, signalnum, handler, /)", Full(signal)),
    ("getsignal", "($module, signalnum, /)", Full(getsignal)),
    ("raise_signal", "($module, signalnum, /)", Full(raise_signal)),
    ("strsignal", "($module, signalnum, /)", Full(strsignal)),
    ("siginterrupt", "($module, signalnum, flag, /)", Full(siginterrupt)),
    ("set_wakeup_fd", "($module, fd, /, *, warn_on_full_buffer=True)", Full(set_wakeup_fd)),
    ("alarm", "($module, seconds, /)", Full(alarm)),
    ("pause", "($module, /)", Full(pause)),
    ("setitimer", "($module, which, seconds, interval=0.0, /)", Full(setitimer)),
    ("getitimer", "($module, which, /)", Full(getitimer)),
    ("pthread_kill", "($module, thread_id, signalnum, /)", Full(pthread_kill)),
    ("pthread_sigmask", "($module, how, mask, /)", Full(pthread_sigmask)),
    ("sigpending", "($module, /)", Full(sigpending)),
    ("sigwait", "($module, sigset, /)", Full(sigwait)),
    ("sigwaitinfo", "($module, sigset, /)", Full(sigwaitinfo)),
    ("sigtimedwait", "($module, sigset, timeout, /)", Full(sigtimedwait)),
    ("valid_signals", "($module, /)", Full(valid_signals)),
    ("pidfd_send_signal", "($module, pidfd, signalnum, siginfo=None, flags=0, /)", Full(pidfd_send_signal)),
];

const CONSTANTS: &[(&str, i64)] = &[
    ("ITIMER_PROF", 2),
    ("ITIMER_REAL", 0),
    ("ITIMER_VIRTUAL", 1),
    ("NSIG", NSIG as i64),
    ("SIG_BLOCK", libc::SIG_BLOCK as i64),
    ("SIG_DFL", 0),
    ("SIG_IGN", 1),
    ("SIG_SETMASK", libc::SIG_SETMASK as i64),
    ("SIG_UNBLOCK", libc::SIG_UNBLOCK as i64),
    ("SIGABRT", libc::SIGABRT as i64),
    ("SIGALRM", libc::SIGALRM as i64),
    ("SIGBUS", libc::SIGBUS as i64),
    ("SIGCHLD", libc::SIGCHLD as i64),
    ("SIGCLD", libc::SIGCHLD as i64),
    ("SIGCONT", libc::SIGCONT as i64),
    ("SIGFPE", libc::SIGFPE as i64),
    ("SIGHUP", libc::SIGHUP as i64),
    ("SIGILL", libc::SIGILL as i64),
    ("SIGINT", libc::SIGINT as i64),
    ("SIGIO", libc::SIGIO as i64),
    ("SIGIOT", libc::SIGABRT as i64),
    ("SIGKILL", libc::SIGKILL as i64),
    ("SIGPIPE", libc::SIGPIPE as i64),
    ("SIGPOLL", libc::SIGPOLL as i64),
    ("SIGPROF", libc::SIGPROF as i64),
    ("SIGPWR", libc::SIGPWR as i64),
    ("SIGQUIT", libc::SIGQUIT as i64),
    ("SIGRTMAX", 64),
    ("SIGRTMIN", 34),
    ("SIGSEGV", libc::SIGSEGV as i64),
    ("SIGSTKFLT", libc::SIGSTKFLT as i64),
    ("SIGSTOP", libc::SIGSTOP as i64),
    ("SIGSYS", libc::SIGSYS as i64),
    ("SIGTERM", libc::SIGTERM as i64),
    ("SIGTRAP", libc::SIGTRAP as i64),
    ("SIGTSTP", libc::SIGTSTP as i64),
    ("SIGTTIN", libc::SIGTTIN as i64),
    ("SIGTTOU", libc::SIGTTOU as i64),
    ("SIGURG", libc::SIGURG as i64),
    ("SIGUSR1", libc::SIGUSR1 as i64),
    ("SIGUSR2", libc::SIGUSR2 as i64),
    ("SIGVTALRM", libc::SIGVTALRM as i64),
    ("SIGWINCH", libc::SIGWINCH as i64),
    ("SIGXCPU", libc::SIGXCPU as i64),
    ("SIGXFSZ", libc::SIGXFSZ as i64),
];

/// What the C handler leaves for the main thread.
struct Arrivals {
    /// Signals that have arrived and whose Python handler has not been called.
    pending: [AtomicBool; NSIG],
    /// Signals sent on to the main thread only to interrupt its system call.
    forwarded: [AtomicU32; NSIG],
    main: AtomicPtr<ThreadState>,
    main_ident: AtomicU64,
    wakeup_fd: AtomicI32,
    warn_on_full_buffer: AtomicBool,
    /// What the last failed write to the wake-up file ended with.
    wakeup_error: AtomicI32,
}

static ARRIVALS: Arrivals = Arrivals {
    pending: [const { AtomicBool::new(false) }; NSIG],
    forwarded: [const { AtomicU32::new(0) }; NSIG],
    main: AtomicPtr::new(std::ptr::null_mut()),
    main_ident: AtomicU64::new(0),
    wakeup_fd: AtomicI32::new(-1),
    warn_on_full_buffer: AtomicBool::new(true),
    wakeup_error: AtomicI32::new(0),
};

/// A list of the Python handlers by signal: `None` for one that somebody else has installed.
static HANDLERS: OnceLock<SharedValue> = OnceLock::new();
static ITIMER_ERROR: OnceLock<SharedValue> = OnceLock::new();
static SIGINFO: OnceLock<SharedValue> = OnceLock::new();
/// `default_int_handler`, which is the handler of SIGINT from the start.
static INT_HANDLER: OnceLock<SharedValue> = OnceLock::new();

/// Threads that signals can be sent to by ident. A thread takes itself out before it ends.
static THREADS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn own_ident() -> u64 {
    // SAFETY: no preconditions.
    unsafe { libc::pthread_self() as u64 }
}

/// The calling thread can be sent signals until the guard is dropped.
pub struct Addressee(u64);

impl Addressee {
    pub fn here() -> Addressee {
        let ident = own_ident();
        THREADS.lock().unwrap_or_else(|p| p.into_inner()).push(ident);
        Addressee(ident)
    }
}

impl Drop for Addressee {
    fn drop(&mut self) {
        let mut threads = THREADS.lock().unwrap_or_else(|p| p.into_inner());
        if let Some(i) = threads.iter().position(|&t| t == self.0) {
            threads.swap_remove(i);
        }
    }
}

/// Calls a C function for a thread that cannot end meanwhile; `ESRCH` if there is none with this ident.
pub fn with_thread(ident: Option<u64>, f: impl FnOnce(libc::pthread_t) -> i32) -> i32 {
    let threads = THREADS.lock().unwrap_or_else(|p| p.into_inner());
    match ident.filter(|ident| threads.contains(ident)) {
        Some(ident) => f(ident as libc::pthread_t),
        None => libc::ESRCH,
    }
}

/// The C handler. Only atomics and calls that are safe in signal handlers.
extern "C" fn on_signal(signal: libc::c_int) {
    // SAFETY: the thread's own `errno`, which must be as before when the interrupted code goes on.
    let saved = unsafe { *libc::__errno_location() };
    let a = &ARRIVALS;
    let here = own_ident();
    // ORD: relaxed for all of these: the handler runs in a thread that has seen them set, and the check word orders what
    // the main thread reads.
    let main_ident = a.main_ident.load(Ordering::Relaxed);
    let forwarded = here == main_ident
        && a.forwarded[signal as usize]
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
            .is_ok();
    if !forwarded {
        note(signal);
        // SAFETY: leaked when it was stored.
        let main = unsafe { a.main.load(Ordering::Acquire).as_ref() };
        if here != main_ident && main.is_some_and(|main| !main.is_attached()) {
            a.forwarded[signal as usize].fetch_add(1, Ordering::Relaxed);
            // SAFETY: the main thread lives as long as the process.
            unsafe { libc::pthread_kill(main_ident as libc::pthread_t, signal) };
        }
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = saved };
}

/// Notes a signal for the main thread and writes to the wake-up file. Called by the C handler, too.
fn note(signal: libc::c_int) {
    let a = &ARRIVALS;
    // ORD: relaxed; raising the check word releases it to the main thread.
    a.pending[signal as usize].store(true, Ordering::Relaxed);
    // SAFETY: leaked when it was stored.
    if let Some(main) = unsafe { a.main.load(Ordering::Acquire).as_ref() } {
        main.raise_check(check::SIGNAL);
    }
    let fd = a.wakeup_fd.load(Ordering::Relaxed);
    if fd >= 0 {
        let byte = signal as u8;
        // SAFETY: one byte of ours. `send` keeps a closed socket from raising a signal of its own.
        let sent = unsafe {
            match libc::send(fd, (&raw const byte).cast(), 1, libc::MSG_NOSIGNAL) {
                -1 if *libc::__errno_location() == libc::ENOTSOCK => {
                    libc::write(fd, (&raw const byte).cast(), 1)
                }
                n => n,
            }
        };
        if sent < 0 {
            // SAFETY: the thread's own `errno`.
            a.wakeup_error.store(unsafe { *libc::__errno_location() }, Ordering::Relaxed);
        }
    }
}

/// Makes the calling thread the one that runs handlers.
fn become_main(cx: &Cx) {
    // ORD: release, with the acquires in the C handler.
    ARRIVALS.main.store(std::sync::Arc::into_raw(cx.thread.clone()).cast_mut(), Ordering::Release);
    ARRIVALS.main_ident.store(own_ident(), Ordering::Relaxed);
}

fn is_main() -> bool {
    // ORD: relaxed; a thread asks about itself.
    ARRIVALS.main_ident.load(Ordering::Relaxed) == own_ident()
}

/// At the start of the program, by the main thread: SIGINT raises `KeyboardInterrupt`, SIGPIPE and SIGXFSZ are ignored.
pub fn start(cx: &mut Cx) {
    become_main(cx);
    std::mem::forget(Addressee::here());
    let _ = cx.vm.hooks.signal.set(run_handlers);
    let def =
        NativeDef::leak("default_int_handler", "($module, signalnum, frame, /)", Full(default_int_handler));
    let module = cx.str("_signal");
    let int_handler = native::new_function(cx, def, Some(module));
    let _ = INT_HANDLER.set(SharedValue::new(int_handler.clone()));
    for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
        // SAFETY: ignoring a signal runs no code.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let mut handlers = Vec::with_capacity(NSIG);
    for signal in 0..NSIG as i32 {
        handlers.push(match disposition(signal) {
            libc::SIG_DFL if signal == libc::SIGINT => {
                install(signal, on_signal as *const () as libc::sighandler_t);
                int_handler.clone()
            }
            known @ (libc::SIG_DFL | libc::SIG_IGN) => cx.int(known as i64),
            _ => cx.none(),
        });
    }
    let _ = HANDLERS.set(SharedValue::new(cx.list(handlers)));
}

/// The calling thread is left alone by signals: others of the process get them.
pub fn block_all() {
    // SAFETY: a set that is filled before it is used.
    unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &all, std::ptr::null_mut());
    }
}

/// Ends the process as SIGINT does when nobody handles it, so that its parent sees why.
pub fn end_by_interrupt() {
    install(libc::SIGINT, libc::SIG_DFL);
    // SAFETY: numbers.
    unsafe { libc::kill(libc::getpid(), libc::SIGINT) };
}

/// What the system does with a signal now.
fn disposition(signal: i32) -> libc::sighandler_t {
    // SAFETY: only asks; an invalid number leaves zero, the default.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action);
        action.sa_sigaction
    }
}

/// Installs a C handler that runs on the thread's signal stack; what the signal did before, or the number of the error.
pub fn exchange(signal: i32, handler: libc::sighandler_t, flags: i32) -> Result<libc::sigaction, i32> {
    // SAFETY: the handlers given here only do what is safe in one; the structs are complete.
    unsafe {
        let (mut action, mut before): (libc::sigaction, libc::sigaction) = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_ONSTACK | flags;
        libc::sigemptyset(&mut action.sa_mask);
        match libc::sigaction(signal, &action, &mut before) {
            0 => Ok(before),
            _ => Err(os::errno()),
        }
    }
}

/// Tells the system what to do with a signal; handlers interrupt system calls.
fn install(signal: i32, handler: libc::sighandler_t) -> bool {
    // SAFETY: the handler is ours or one of the system's two constants; the struct is complete.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_ONSTACK;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(signal, &action, std::ptr::null_mut()) == 0
    }
}

/// In the child of a fork: this thread is the main one; what had arrived was for the parent.
pub fn after_fork_child(cx: &mut Cx) {
    become_main(cx);
    crate::faulthandler::after_fork_child();
    if let Ok(mut threads) = THREADS.try_lock() {
        threads.clear();
        threads.push(own_ident());
    }
    for (pending, forwarded) in ARRIVALS.pending.iter().zip(&ARRIVALS.forwarded) {
        // ORD: relaxed; there is no other thread.
        pending.store(false, Ordering::Relaxed);
        forwarded.store(0, Ordering::Relaxed);
    }
}

/// Runs the handlers of signals that this process has sent to itself, before the native that sent them returns.
///
/// # Errors
/// What a handler raises.
pub fn check_own(cx: &mut Cx) -> R<()> {
    if is_main() { cx.safepoint() } else { Ok(()) }
}

/// `_thread.interrupt_main(signum)`: as if the signal had arrived, if Python has a handler for it.
///
/// # Errors
/// `TypeError`, `ValueError`.
pub fn interrupt_main(cx: &mut Cx, a: Args<'_>) -> R {
    let signal = os::c_int_or(cx, a.opt(0), libc::SIGINT)?;
    if !(1..NSIG as i32).contains(&signal) {
        return Err(cx.value_error("signal number out of range"));
    }
    let handler = handler_of(cx, signal as usize);
    if !handler.value().is_none() && !matches!(handler.value().as_int(), Some(0 | 1)) {
        note(signal);
    }
    check_own(cx)?;
    Ok(cx.none())
}

/// Calls the Python handlers of what has arrived; the main thread's safepoint does so.
fn run_handlers(cx: &mut Cx) -> R<()> {
    crate::faulthandler::answer(cx);
    if !is_main() {
        return Ok(());
    }
    report_wakeup_error(cx);
    for signal in 1..NSIG {
        // ORD: acquire, with the release of the check word.
        if !ARRIVALS.pending[signal].swap(false, Ordering::Acquire) {
            continue;
        }
        let handler = handler_of(cx, signal);
        let code = handler.value().as_int();
        if handler.value().is_none() || matches!(code, Some(0 | 1)) {
            continue;
        }
        let (regs, ip) = cx.position();
        let _ = ip;
        let frame = if regs.is_null() { cx.none() } else { frame::of(cx, Frame(regs)) };
        let number = cx.int(signal as i64);
        if let Err(err) = cx.call(handler.r(), &[number.r(), frame.r()]) {
            // The others' turn comes at the next safepoint.
            if ARRIVALS.pending.iter().any(|p| p.load(Ordering::Relaxed)) {
                cx.thread.raise_check(check::SIGNAL);
            }
            return Err(err);
        }
    }
    Ok(())
}

fn report_wakeup_error(cx: &mut Cx) {
    // ORD: relaxed; a number.
    let number = ARRIVALS.wakeup_error.swap(0, Ordering::Relaxed);
    let full = number == libc::EAGAIN || number == libc::EWOULDBLOCK;
    if number == 0 || (full && !ARRIVALS.warn_on_full_buffer.load(Ordering::Relaxed)) {
        return;
    }
    let err = os::error(cx, number);
    let text = traceback::format_exception(cx, &err);
    let message = format!("Exception ignored while trying to write to the signal wakeup fd:\n{text}");
    traceback::write_stderr(cx, &message);
}

fn handlers<'a>(cx: &Cx) -> Option<&'a PyList> {
    HANDLERS.get()?.get().downcast::<PyList>(cx)
}

fn handler_of(cx: &Cx, signal: usize) -> Obj {
    handlers(cx).and_then(|list| list.get(cx, signal)).unwrap_or_else(|| cx.none())
}

fn default_int_handler(cx: &mut Cx, a: Args<'_>) -> R {
    os::c_int(cx, a.get(0))?;
    Err(cx.error_bare(Builtin::KeyboardInterrupt))
}

/// A signal number in range.
fn signal_arg(cx: &mut Cx, v: Ref<'_>) -> R<i32> {
    let signal = os::c_int(cx, v)?;
    match signal {
        1..65 => Ok(signal),
        _ => Err(cx.value_error("signal number out of range")),
    }
}

fn signal(cx: &mut Cx, a: Args<'_>) -> R {
    let number = os::c_int(cx, a.get(0))?;
    if !is_main() {
        return Err(cx.value_error("signal only works in main thread of the main interpreter"));
    }
    let number = signal_arg(cx, Ref::immediate(Value::from_int_unchecked(number as i64)))?;
    let handler = a.get(1);
    let constant = match cx.is_instance_of(handler, Builtin::Int) {
        true => ungil_runtime::objects::int::to_i64(cx, handler),
        false => None,
    };
    let action = match constant {
        Some(0) => libc::SIG_DFL,
        Some(1) => libc::SIG_IGN,
        _ if cx.class_of(handler).special(cx, Special::Call).is_some() => {
            on_signal as *const () as libc::sighandler_t
        }
        _ => {
            return Err(
                cx.type_error("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
            );
        }
    };
    // What has arrived so far is for the old handler.
    cx.safepoint()?;
    if !install(number, action) {
        let error = os::errno();
        return Err(os::error(cx, error));
    }
    let old = handler_of(cx, number as usize);
    if let Some(list) = handlers(cx) {
        let new = match constant {
            Some(n) => cx.int(n),
            None => handler.own(cx),
        };
        let _ = list.set(cx, number as usize, new);
    }
    Ok(old)
}

fn getsignal(cx: &mut Cx, a: Args<'_>) -> R {
    let number = signal_arg(cx, a.get(0))?;
    Ok(handler_of(cx, number as usize))
}

fn raise_signal(cx: &mut Cx, a: Args<'_>) -> R {
    let number = os::c_int(cx, a.get(0))?;
    // SAFETY: a number; the call refuses wrong ones.
    if unsafe { libc::raise(number) } != 0 {
        let error = os::errno();
        return Err(os::error(cx, error));
    }
    check_own(cx)?;
    Ok(cx.none())
}

mod c {
    unsafe extern "C" {
        pub fn strsignal(signal: libc::c_int) -> *const libc::c_char;
    }
}

fn strsignal(cx: &mut Cx, a: Args<'_>) -> R {
    let number = signal_arg(cx, a.get(0))?;
    // SAFETY: gives a static text, or one of this thread that lives until its next call.
    let text = unsafe {
        let p = c::strsignal(number);
        if p.is_null() { None } else { Some(std::ffi::CStr::from_ptr(p).to_string_lossy().into_owned()) }
    };
    match text {
        Some(text) if !text.starts_with("Unknown signal") => Ok(cx.str(&text)),
        _ => Ok(cx.none()),
    }
}

fn siginterrupt(cx: &mut Cx, a: Args<'_>) -> R {
    let number = signal_arg(cx, a.get(0))?;
    let flag = os::c_int(cx, a.get(1))?;
    // SAFETY: reads the action and writes it back with one flag changed.
    let result = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(number, std::ptr::null(), &mut action);
        match flag {
            0 => action.sa_flags |= libc::SA_RESTART,
            _ => action.sa_flags &= !libc::SA_RESTART,
        }
        os::checked(libc::sigaction(number, &action, std::ptr::null_mut()))
    };
    os::done(cx, result)
}

fn set_wakeup_fd(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let warn = os::flag_or(cx, a.opt(1), true)?;
    if !is_main() {
        return Err(cx.value_error("set_wakeup_fd only works in main thread of the main interpreter"));
    }
    if fd != -1 {
        let flags = os::number(cx, quick!(libc::fcntl(fd, libc::F_GETFL)))? as i32;
        if flags & libc::O_NONBLOCK == 0 {
            return Err(cx.value_error(format!("the fd {fd} must be in non-blocking mode")));
        }
    }
    // ORD: relaxed; numbers that handlers read.
    ARRIVALS.warn_on_full_buffer.store(warn, Ordering::Relaxed);
    let old = ARRIVALS.wakeup_fd.swap(fd, Ordering::Relaxed);
    Ok(cx.int(old as i64))
}

fn alarm(cx: &mut Cx, a: Args<'_>) -> R {
    let seconds = os::c_int(cx, a.get(0))?;
    // SAFETY: a number.
    let left = unsafe { libc::alarm(seconds as u32) };
    Ok(cx.int(left as i64))
}

fn pause(cx: &mut Cx, _: Args<'_>) -> R {
    // SAFETY: takes nothing.
    cx.detached(|| unsafe { libc::pause() });
    cx.safepoint()?;
    Ok(cx.none())
}

fn interval(cx: &mut Cx, v: Ref<'_>) -> R<libc::timeval> {
    let nanos = os::nanoseconds(cx, v)?;
    let micros = nanos.div_euclid(1000) + (nanos.rem_euclid(1000) != 0) as i64;
    Ok(libc::timeval { tv_sec: micros.div_euclid(1_000_000), tv_usec: micros.rem_euclid(1_000_000) })
}

fn timer_result(cx: &mut Cx, result: Result<i64, i32>, value: &libc::itimerval) -> R {
    if let Err(number) = result {
        let args = [cx.int(number as i64), cx.str(&os::strerror(number))];
        let class = class_of(cx, &ITIMER_ERROR);
        let made = cx.call(class.r(), &[args[0].r(), args[1].r()])?;
        return Err(ungil_runtime::Raised(made));
    }
    let seconds = |cx: &Cx, t: libc::timeval| cx.float(t.tv_sec as f64 + t.tv_usec as f64 * 1e-6);
    Ok(cx.tuple(vec![seconds(cx, value.it_value), seconds(cx, value.it_interval)]))
}

fn setitimer(cx: &mut Cx, a: Args<'_>) -> R {
    let which = os::c_int(cx, a.get(0))?;
    let it_value = interval(cx, a.get(1))?;
    let it_interval = match a.opt(2) {
        Some(v) => interval(cx, v)?,
        None => libc::timeval { tv_sec: 0, tv_usec: 0 },
    };
    let new = libc::itimerval { it_value, it_interval };
    let mut old = new;
    let result = quick!(libc::setitimer(which as _, &new, &mut old));
    timer_result(cx, result, &old)
}

fn getitimer(cx: &mut Cx, a: Args<'_>) -> R {
    let which = os::c_int(cx, a.get(0))?;
    // SAFETY: plain numbers.
    let mut now: libc::itimerval = unsafe { std::mem::zeroed() };
    let result = quick!(libc::getitimer(which as _, &mut now));
    timer_result(cx, result, &now)
}

fn pthread_kill(cx: &mut Cx, a: Args<'_>) -> R {
    let ident = cx.index(a.get(0))?;
    let ident = ungil_runtime::objects::int::to_bigint(cx, ident.r()).and_then(|n| u64::try_from(n).ok());
    let number = os::c_int(cx, a.get(1))?;
    // SAFETY: the thread cannot end meanwhile.
    let result = with_thread(ident, |thread| unsafe { libc::pthread_kill(thread, number) });
    if result != 0 {
        return Err(os::error(cx, result));
    }
    check_own(cx)?;
    Ok(cx.none())
}

/// A set of signals from an iterable of numbers.
///
/// # Errors
/// `TypeError`, `ValueError` ("signal number 99 out of range [1; 64]").
pub fn signal_set(cx: &mut Cx, v: Ref<'_>) -> R<libc::sigset_t> {
    // SAFETY: the call initialises it.
    let mut signals = unsafe {
        let mut s = std::mem::zeroed();
        libc::sigemptyset(&mut s);
        s
    };
    for item in cx.collect(v)? {
        let number = cx.index(item.r())?;
        match ungil_runtime::objects::int::to_i64(cx, number.r()) {
            // SAFETY: initialised above; numbers that the C library keeps to itself are refused without harm.
            Some(n) if (1..NSIG as i64).contains(&n) => unsafe {
                libc::sigaddset(&mut signals, n as i32);
            },
            _ => {
                let n = cx.repr_string(number.r())?;
                return Err(cx.value_error(format!("signal number {n} out of range [1; {}]", NSIG - 1)));
            }
        }
    }
    Ok(signals)
}

/// A Python set of the numbers in a set of signals.
fn numbers_of(cx: &mut Cx, signals: &libc::sigset_t) -> R {
    let made = set::PySet::new(cx);
    for n in 1..NSIG as i32 {
        // SAFETY: an initialised set.
        if unsafe { libc::sigismember(signals, n) } == 1 {
            let n = cx.int(n as i64);
            cx.call_method(made.r(), "add", &[n.r()])?;
        }
    }
    Ok(made)
}

fn pthread_sigmask(cx: &mut Cx, a: Args<'_>) -> R {
    let how = os::c_int(cx, a.get(0))?;
    let mask = signal_set(cx, a.get(1))?;
    let mut old = mask;
    // SAFETY: initialised sets.
    let number = unsafe { libc::pthread_sigmask(how, &mask, &mut old) };
    if number != 0 {
        return Err(os::error(cx, number));
    }
    // Signals that were blocked may have arrived just now.
    check_own(cx)?;
    numbers_of(cx, &old)
}

fn sigpending(cx: &mut Cx, _: Args<'_>) -> R {
    // SAFETY: filled in by the call.
    let mut pending: libc::sigset_t = unsafe { std::mem::zeroed() };
    os::done(cx, quick!(libc::sigpending(&mut pending)))?;
    numbers_of(cx, &pending)
}

fn sigwait(cx: &mut Cx, a: Args<'_>) -> R {
    let wanted = signal_set(cx, a.get(0))?;
    let mut number = 0;
    let result = os::retry(cx, || {
        // SAFETY: initialised set, a place of ours.
        match unsafe { libc::sigwait(&wanted, &mut number) } {
            0 => Ok(0),
            error => Err(error),
        }
    })?;
    os::done(cx, result)?;
    Ok(cx.int(number as i64))
}

fn siginfo(cx: &mut Cx, info: &libc::siginfo_t) -> R {
    // SAFETY: the fields overlap others; whatever is there is a number.
    let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
    let numbers = [
        info.si_signo as i64,
        info.si_code as i64,
        info.si_errno as i64,
        pid as i64,
        uid as i64,
        status as i64,
        0,
    ];
    let values = numbers.iter().map(|&n| cx.int(n)).collect();
    let class = class_of(cx, &SIGINFO);
    record_of(cx, &class, values)
}

fn sigwaitinfo(cx: &mut Cx, a: Args<'_>) -> R {
    let wanted = signal_set(cx, a.get(0))?;
    // SAFETY: plain numbers.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let result = os::syscall!(cx, libc::sigwaitinfo(&wanted, &mut info));
    os::done(cx, result)?;
    siginfo(cx, &info)
}

fn sigtimedwait(cx: &mut Cx, a: Args<'_>) -> R {
    let wanted = signal_set(cx, a.get(0))?;
    let nanos = os::nanoseconds(cx, a.get(1))?;
    if nanos < 0 {
        return Err(cx.value_error("timeout must be non-negative"));
    }
    let deadline = os::Deadline::after(nanos);
    // SAFETY: plain numbers.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let result = os::retry(cx, || {
        let left = deadline.timespec().unwrap_or(libc::timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        // SAFETY: initialised set and time, a place of ours.
        os::checked(unsafe { libc::sigtimedwait(&wanted, &mut info, &left) })
    })?;
    match result {
        Ok(_) => siginfo(cx, &info),
        Err(libc::EAGAIN) => Ok(cx.none()),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn valid_signals(cx: &mut Cx, _: Args<'_>) -> R {
    // SAFETY: the call initialises it.
    let all = unsafe {
        let mut s = std::mem::zeroed();
        libc::sigfillset(&mut s);
        s
    };
    numbers_of(cx, &all)
}

fn pidfd_send_signal(cx: &mut Cx, a: Args<'_>) -> R {
    let (fd, number) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let flags = os::c_int_or(cx, a.opt(3), 0)?;
    if a.opt_not_none(2).is_some() {
        return Err(cx.type_error("siginfo must be None"));
    }
    let info: *const libc::siginfo_t = std::ptr::null();
    os::done(cx, quick!(libc::syscall(libc::SYS_pidfd_send_signal, fd, number, info, flags)))?;
    check_own(cx)?;
    Ok(cx.none())
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in CONSTANTS {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    let int_handler = class_of(cx, &INT_HANDLER);
    add(cx, module, "default_int_handler", int_handler);
    let base = cx.builtin(Builtin::OSError);
    let error = os::new_exception_class(cx, "signal.ItimerError", base)?;
    let _ = ITIMER_ERROR.set(SharedValue::new(error.clone()));
    add(cx, module, "ItimerError", error);
    let record = Record::new(
        "signal.struct_siginfo",
        "What sigwaitinfo() and sigtimedwait() tell about a signal: also a tuple of its parts.",
        &[
            ("si_signo", "signal number"),
            ("si_code", "signal code"),
            ("si_errno", "errno associated with this signal"),
            ("si_pid", "sending process ID"),
            ("si_uid", "real user ID of sending process"),
            ("si_status", "exit value or signal"),
            ("si_band", "band event for SIGPOLL"),
        ],
    );
    add_class(cx, module, "struct_siginfo", record, &SIGINFO)
}
