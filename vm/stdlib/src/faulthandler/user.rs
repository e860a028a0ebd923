//! Signals that the program has asked to be told of by a dump (`register()`).
//!
//! A thread that runs Python writes its frames at its next safepoint, since only there it is known where it is; one in
//! a blocking call writes them at once, in the signal handler, which uses atomics and `dump.rs` only.

use super::dump::{self, Out};
use ungil_locks::primitive::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, Ordering};
use ungil_runtime::Vm;
use ungil_runtime::prelude::*;
use ungil_runtime::traceback::sample;

/// One more than the highest signal.
pub const NSIG: usize = 65;

/// What is registered for a signal.
struct Entry {
    fd: AtomicI32,
    all_threads: AtomicBool,
    chain: AtomicBool,
    /// What the signal did before, as the system says it; null if nothing is registered. Leaked.
    previous: AtomicPtr<libc::sigaction>,
    /// The thread that is to write its frames at its next safepoint; 0 for none.
    due: AtomicU64,
}

static ENTRIES: [Entry; NSIG] = [const {
    Entry {
        fd: AtomicI32::new(-1),
        all_threads: AtomicBool::new(true),
        chain: AtomicBool::new(false),
        previous: AtomicPtr::new(std::ptr::null_mut()),
        due: AtomicU64::new(0),
    }
}; NSIG];
static VM: AtomicPtr<Vm> = AtomicPtr::new(std::ptr::null_mut());
/// Whether any thread has frames to write.
static ANY_DUE: AtomicBool = AtomicBool::new(false);

/// What is registered.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub fd: i32,
    pub all_threads: bool,
    pub chain: bool,
}

/// Registers a signal; the number of the error if the system refuses.
pub fn register(vm: &'static Vm, signal: usize, wish: Wish) -> Result<(), i32> {
    let e = &ENTRIES[signal];
    // ORD: relaxed for all of these; installing the handler comes after, or they are settings of one that is there.
    VM.store(std::ptr::from_ref(vm).cast_mut(), Ordering::Relaxed);
    e.fd.store(wish.fd, Ordering::Relaxed);
    e.all_threads.store(wish.all_threads, Ordering::Relaxed);
    e.chain.store(wish.chain, Ordering::Relaxed);
    if !e.previous.load(Ordering::Relaxed).is_null() {
        return Ok(());
    }
    let previous = install(signal, wish.chain)?;
    // ORD: release, with the acquires of who reads what is behind it.
    e.previous.store(Box::into_raw(Box::new(previous)), Ordering::Release);
    Ok(())
}

fn install(signal: usize, chain: bool) -> Result<libc::sigaction, i32> {
    // A signal that is passed on arrives within its own handler.
    let flags = if chain { libc::SA_NODEFER } else { libc::SA_RESTART };
    crate::signal::exchange(signal as i32, on_signal as *const () as libc::sighandler_t, flags)
}

/// Takes a registration back; false if there is none.
pub fn unregister(signal: usize) -> bool {
    let e = &ENTRIES[signal];
    // ORD: acquire, with the release in `register`.
    let previous = e.previous.swap(std::ptr::null_mut(), Ordering::Acquire);
    // SAFETY: leaked when it was stored.
    let Some(previous) = (unsafe { previous.as_ref() }) else { return false };
    // SAFETY: what the system said before.
    unsafe { libc::sigaction(signal as i32, previous, std::ptr::null_mut()) };
    // ORD: relaxed; nobody is to write any more.
    e.due.store(0, Ordering::Relaxed);
    true
}

extern "C" fn on_signal(signal: libc::c_int) {
    let e = &ENTRIES[signal as usize];
    // SAFETY: the thread's own `errno`.
    let saved = unsafe { *libc::__errno_location() };
    // ORD: relaxed for all of these: the handler runs in a thread that has seen them set, or finds older settings.
    match sample::here() {
        Some(here) if here.attached => {
            e.due.store(here.ident, Ordering::Relaxed);
            ANY_DUE.store(true, Ordering::Relaxed);
            sample::raise_signal_check();
        }
        here => {
            let mut out = Out::new(e.fd.load(Ordering::Relaxed));
            // SAFETY: lives for ever.
            let vm = unsafe { VM.load(Ordering::Relaxed).as_ref() };
            match vm {
                Some(vm) if e.all_threads.load(Ordering::Relaxed) => {
                    dump::all_threads(&mut out, vm, here.map(|here| here.ident), false, dump::sampled_frames);
                }
                _ => dump::own_stack(&mut out),
            }
        }
    }
    if e.chain.load(Ordering::Relaxed) {
        pass_on(signal, e);
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = saved };
}

/// Lets the signal do what it did before.
fn pass_on(signal: libc::c_int, e: &Entry) {
    // ORD: acquire, with the release in `register`.
    // SAFETY: leaked when it was stored.
    let Some(previous) = (unsafe { e.previous.load(Ordering::Acquire).as_ref() }) else { return };
    // SAFETY: what the system said before; the signal is not blocked in its handler.
    unsafe {
        libc::sigaction(signal, previous, std::ptr::null_mut());
        libc::raise(signal);
    }
    let _ = install(signal as usize, true);
}

/// At a safepoint: writes the frames that signals have asked the calling thread for.
pub fn answer(cx: &mut Cx) {
    // ORD: relaxed; the check word orders.
    if !ANY_DUE.load(Ordering::Relaxed) {
        return;
    }
    let ident = ungil_runtime::cx::current_ident();
    ANY_DUE.store(false, Ordering::Relaxed);
    let mut others = false;
    for e in &ENTRIES {
        // ORD: acquire and relaxed; the thread itself has stored it.
        if e.due.compare_exchange(ident, 0, Ordering::Acquire, Ordering::Relaxed).is_ok() {
            super::dump_now(cx, e.fd.load(Ordering::Relaxed), e.all_threads.load(Ordering::Relaxed));
        }
        others |= e.due.load(Ordering::Relaxed) != 0;
    }
    if others {
        ANY_DUE.store(true, Ordering::Relaxed);
    }
}
