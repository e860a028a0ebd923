//! The watchdog of `dump_traceback_later()`: a thread that waits, and writes where all the others are when the time is up.
//!
//! It must work when the program hangs, so it waits for nobody without an end: a thread that runs Python is asked to write
//! its frames itself at its next safepoint, and if it does not come to one, what it last said is read. One that is in a blocking
//! call stands still.

use super::dump::{self, Out};
use std::sync::{Arc, Condvar, PoisonError};
use std::time::{Duration, Instant};
use ungil_locks::primitive::{AtomicI32, AtomicU64, Mutex, Ordering};
use ungil_runtime::Vm;
use ungil_runtime::traceback::sample::{self, Sample};

/// How long a thread is given to come to a safepoint.
const PATIENCE: Duration = Duration::from_millis(50);

/// What the watchdog is to do.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub after: Duration,
    pub repeat: bool,
    pub exit: bool,
    pub fd: i32,
}

/// Set to end a watchdog.
type Bell = (std::sync::Mutex<bool>, Condvar);

struct Watchdog {
    bell: Arc<Bell>,
    thread: std::thread::JoinHandle<()>,
}

static WATCHDOG: Mutex<Option<Watchdog>> = Mutex::new(None);

/// The thread that is to write its frames at its next safepoint, 0 for none; and where to.
static ASKED: AtomicU64 = AtomicU64::new(0);
static ASKED_FD: AtomicI32 = AtomicI32::new(-1);
/// The thread that is writing them.
static WRITING: AtomicU64 = AtomicU64::new(0);

/// Starts a watchdog; false if there can be no thread. An earlier one has been ended.
pub fn start(vm: &'static Vm, order: Order) -> bool {
    let bell = Arc::new((std::sync::Mutex::new(false), Condvar::new()));
    let its_bell = bell.clone();
    let started = std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
        crate::signal::block_all();
        watch(vm, order, &its_bell);
    });
    let Ok(thread) = started else { return false };
    *WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner) = Some(Watchdog { bell, thread });
    true
}

/// Ends the watchdog, if there is one. It may be waiting for a safepoint of the calling thread, which is to be detached.
pub fn cancel() {
    let watchdog = WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(Watchdog { bell, thread }) = watchdog {
        *bell.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        bell.1.notify_all();
        // It does not panic.
        let _ = thread.join();
    }
}

/// In the child of a fork: the watchdog is the parent's.
pub fn after_fork_child() {
    if let Ok(mut watchdog) = WATCHDOG.try_lock() {
        std::mem::forget(watchdog.take());
    }
    // ORD: relaxed; there is no other thread.
    ASKED.store(0, Ordering::Relaxed);
    WRITING.store(0, Ordering::Relaxed);
}

fn watch(vm: &'static Vm, order: Order, bell: &Bell) {
    let mut next = Instant::now().checked_add(order.after);
    loop {
        let mut cancelled = bell.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*cancelled {
            // A time beyond what the clock counts never comes.
            let left = next.map_or(Duration::MAX, |next| next.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            let waited = bell.1.wait_timeout(cancelled, left.min(Duration::from_secs(1 << 20)));
            cancelled = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if *cancelled {
            return;
        }
        drop(cancelled);
        tell(vm, order);
        if order.exit {
            // SAFETY: the process ends without further ado, as was ordered.
            unsafe { libc::_exit(1) };
        }
        if !order.repeat {
            return;
        }
        next = Instant::now().checked_add(order.after);
    }
}

fn tell(vm: &'static Vm, order: Order) {
    let mut out = Out::new(order.fd);
    let micros = order.after.as_micros() as u64;
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    out.text("Timeout (");
    out.decimal(seconds / 3600, 1);
    out.text(":");
    out.decimal(seconds / 60 % 60, 2);
    out.text(":");
    out.decimal(seconds % 60, 2);
    if micros != 0 {
        out.text(".");
        out.decimal(micros, 6);
    }
    out.text(")!\n");
    dump::all_threads(&mut out, vm, None, true, |out, sample| {
        out.flush();
        if !sample.attached || !ask(vm, sample, order.fd) {
            dump::sampled_frames(out, sample);
        }
    });
}

/// Has a thread write its frames itself; false if it has not begun to in time.
fn ask(vm: &'static Vm, sample: &Sample, fd: i32) -> bool {
    // ORD: relaxed; the swap of `ASKED` publishes it.
    ASKED_FD.store(fd, Ordering::Relaxed);
    // ORD: release, with the acquire in `answer`.
    ASKED.store(sample.ident, Ordering::Release);
    vm.ask_at_safepoint(sample.ident);
    let end = Instant::now() + PATIENCE;
    // ORD: acquire, with the releases of who answers.
    while ASKED.load(Ordering::Acquire) != 0 || WRITING.load(Ordering::Acquire) != 0 {
        let is_late = Instant::now() >= end && WRITING.load(Ordering::Acquire) == 0;
        // ORD: acquire; the one who changes it first has the word.
        if is_late && ASKED.compare_exchange(sample.ident, 0, Ordering::Acquire, Ordering::Acquire).is_ok() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    true
}

/// At a safepoint: writes the calling thread's frames if the watchdog has asked for them.
pub fn answer() {
    let ident = ungil_runtime::cx::current_ident();
    // ORD: relaxed; the swap decides.
    if ASKED.load(Ordering::Relaxed) != ident {
        return;
    }
    // ORD: release, with the acquires in `ask`: seen before `ASKED` is zero.
    WRITING.store(ident, Ordering::Release);
    if ASKED.compare_exchange(ident, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        && let Some(here) = sample::here()
    {
        // ORD: relaxed; published by `ASKED`.
        dump::sampled_frames(&mut Out::new(ASKED_FD.load(Ordering::Relaxed)), &here);
    }
    WRITING.store(0, Ordering::Release);
}
