//! Handlers of the signals that end a process: who crashes says where.
//!
//! They run on the crashing thread, on a stack of their own, whatever it was doing; so they use atomics and `dump.rs` only.
//! Of other threads nothing is said where several run at once. Then the signal takes the way that it had before.

use super::dump::{self, Out};
use std::ffi::CStr;
use ungil_locks::primitive::{AtomicBool, AtomicI32, AtomicPtr, Ordering};
use ungil_runtime::Vm;
use ungil_runtime::traceback::sample;

/// The signals and their names in the message.
const SIGNALS: [(i32, &str); 5] = [
    (libc::SIGBUS, "Bus error"),
    (libc::SIGILL, "Illegal instruction"),
    (libc::SIGFPE, "Floating-point exception"),
    (libc::SIGABRT, "Aborted"),
    (libc::SIGSEGV, "Segmentation fault"),
];

/// Calls of C functions that are shown at most.
const MOST_C_FRAMES: usize = 32;
/// Size of the stack that handlers of a thread which calls `enable()` run on.
const STACK: usize = 64 << 10;

/// What the handlers read.
struct Settings {
    enabled: AtomicBool,
    fd: AtomicI32,
    all_threads: AtomicBool,
    vm: AtomicPtr<Vm>,
    /// What each signal did before, as the system says it: leaked.
    previous: [AtomicPtr<libc::sigaction>; SIGNALS.len()],
}

static SETTINGS: Settings = Settings {
    enabled: AtomicBool::new(false),
    fd: AtomicI32::new(-1),
    all_threads: AtomicBool::new(true),
    vm: AtomicPtr::new(std::ptr::null_mut()),
    previous: [const { AtomicPtr::new(std::ptr::null_mut()) }; SIGNALS.len()],
};

/// Whether a signal is one of those that have handlers here.
pub fn handles(signal: i32) -> bool {
    SIGNALS.iter().any(|&(known, _)| known == signal)
}

pub fn is_enabled() -> bool {
    // ORD: acquire, with the release in `enable`.
    SETTINGS.enabled.load(Ordering::Acquire)
}

/// Installs the handlers; the number of the error if the system refuses.
pub fn enable(vm: &'static Vm, fd: i32, all_threads: bool) -> Result<(), i32> {
    let s = &SETTINGS;
    // ORD: relaxed; `enabled` publishes them.
    s.fd.store(fd, Ordering::Relaxed);
    s.all_threads.store(all_threads, Ordering::Relaxed);
    s.vm.store(std::ptr::from_ref(vm).cast_mut(), Ordering::Relaxed);
    // ORD: release, with the acquires of whoever finds it set.
    if s.enabled.swap(true, Ordering::AcqRel) {
        return Ok(());
    }
    give_stack();
    // The first call of `backtrace` may load a library.
    c_frames(&mut [std::ptr::null_mut(); 2]);
    for (i, (signal, _)) in SIGNALS.iter().enumerate() {
        let previous =
            crate::signal::exchange(*signal, on_fatal as *const () as libc::sighandler_t, libc::SA_NODEFER)?;
        // ORD: release, with the swap in `restore`. A handler that is not restored never frees it.
        s.previous[i].store(Box::into_raw(Box::new(previous)), Ordering::Release);
    }
    Ok(())
}

/// Takes the handlers out; false if there were none.
pub fn disable() -> bool {
    // ORD: acquire and release, as in `enable`.
    let was = SETTINGS.enabled.swap(false, Ordering::AcqRel);
    (0..SIGNALS.len()).for_each(restore);
    was
}

/// Lets a signal do what it did before the handler was installed. Safe in signal handlers; what was kept of it is leaked.
fn restore(i: usize) {
    // ORD: acquire, with the release in `enable`.
    let previous = SETTINGS.previous[i].swap(std::ptr::null_mut(), Ordering::Acquire);
    // SAFETY: what the system said before.
    if let Some(previous) = unsafe { previous.as_ref() } {
        // SAFETY: as above.
        unsafe { libc::sigaction(SIGNALS[i].0, previous, std::ptr::null_mut()) };
    }
}

/// The handlers of the calling thread run on a stack that has room for them, also when its own has none left.
fn give_stack() {
    // SAFETY: the system's record of the thread; the new stack is never freed.
    unsafe {
        let mut stack: libc::stack_t = std::mem::zeroed();
        if libc::sigaltstack(std::ptr::null(), &mut stack) == 0
            && stack.ss_flags == 0
            && stack.ss_size >= STACK
        {
            return;
        }
        let memory = Box::leak(vec![0u8; STACK].into_boxed_slice());
        let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: STACK };
        libc::sigaltstack(&stack, std::ptr::null_mut());
    }
}

extern "C" fn on_fatal(signal: libc::c_int) {
    let Some(i) = SIGNALS.iter().position(|&(known, _)| known == signal) else { return };
    // SAFETY: the thread's own `errno`.
    let saved = unsafe { *libc::__errno_location() };
    // A crash in here must not lead here again.
    restore(i);
    // ORD: relaxed; set before the handler was installed.
    let mut out = Out::new(SETTINGS.fd.load(Ordering::Relaxed));
    out.text("Fatal Python error: ");
    out.text(SIGNALS[i].1);
    out.text("\n\n");
    out.flush();
    own_traceback(&mut out);
    out.text("\n");
    out.flush();
    c_stack(&mut out);
    out.flush();
    // SAFETY: as above. The runtime's own handler of some of these signals, if that is what was there, lets the first one pass
    // and makes the next one deadly.
    unsafe {
        *libc::__errno_location() = saved;
        libc::raise(signal);
        libc::raise(signal);
    }
}

/// The Python frames of the crashing thread, or of all if only one of them runs at a time.
fn own_traceback(out: &mut Out) {
    // ORD: relaxed; set before the handler was installed.
    let all = SETTINGS.all_threads.load(Ordering::Relaxed);
    // SAFETY: lives for ever.
    let vm = unsafe { SETTINGS.vm.load(Ordering::Relaxed).as_ref() };
    match vm {
        Some(vm) if all && ungil_locks::model::GIL_ENABLED => {
            let current = sample::here().map(|here| here.ident);
            dump::all_threads(out, vm, current, false, dump::sampled_frames);
        }
        _ => {
            if all {
                out.text("<Cannot show all threads while the GIL is disabled>\n");
            }
            dump::own_stack(out);
        }
    }
}

unsafe extern "C" {
    /// Addresses that the calls of this thread return to, innermost first; how many.
    #[link_name = "backtrace"]
    fn libc_backtrace(buffer: *mut *mut libc::c_void, size: libc::c_int) -> libc::c_int;
}

fn c_frames(buffer: &mut [*mut libc::c_void]) -> usize {
    // SAFETY: at most as many addresses as there is room for.
    let n = unsafe { libc_backtrace(buffer.as_mut_ptr(), buffer.len() as i32) };
    n.max(0) as usize
}

/// The calls of C functions that the calling thread is in.
pub fn c_stack(out: &mut Out) {
    out.text("Current thread's C stack trace (most recent call first):\n");
    let mut addresses = [std::ptr::null_mut(); MOST_C_FRAMES];
    let n = c_frames(&mut addresses);
    for &address in &addresses[..n.min(MOST_C_FRAMES)] {
        c_frame(out, address);
    }
    match n {
        0 => out.text("  <cannot get C stack on this system>\n"),
        MOST_C_FRAMES.. => out.text("  <truncated rest of calls>\n"),
        _ => {}
    }
}

fn c_frame(out: &mut Out, address: *mut libc::c_void) {
    // SAFETY: zeroes are a valid record; it is filled if the call says so, with texts that stay.
    let info = unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        if libc::dladdr(address, &mut info) == 0 || info.dli_fname.is_null() {
            out.text("  <unknown>");
            None
        } else {
            Some((CStr::from_ptr(info.dli_fname), info))
        }
    };
    if let Some((file, info)) = info {
        out.text("  Binary file \"");
        out.bytes(file.to_bytes());
        out.text("\"");
        if !info.dli_sname.is_null() {
            // SAFETY: a text of the loaded file.
            let name = unsafe { CStr::from_ptr(info.dli_sname) };
            out.text(", at ");
            out.bytes(name.to_bytes());
            out.text("+0x");
            out.hex((address as u64).saturating_sub(info.dli_saddr as u64), 1);
        }
    }
    out.text(" [0x");
    out.hex(address as u64, 1);
    out.text("]\n");
}
