//! Ctrl-C as a flag: the run ends after the process it has, and what was measured is kept.
//!
//! Only `main` installs the handler. Children have process groups of their own, so the terminal's signal does not
//! reach them; `process` ends them.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

extern "C" fn request(_signal: libc::c_int) {
    // ORD: a lone flag that nothing else depends on.
    if REQUESTED.swap(true, Ordering::Relaxed) {
        // SAFETY: `_exit` may be called in a signal handler. The second request means now.
        unsafe { libc::_exit(130) }
    }
}

/// Lets SIGINT and SIGTERM set the flag.
pub fn install() {
    let handler = request as extern "C" fn(libc::c_int);
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the handler touches an atomic only, which a signal handler may.
        unsafe { libc::signal(signal, handler as libc::sighandler_t) };
    }
}

/// Whether somebody asked the run to end.
pub fn requested() -> bool {
    // ORD: a lone flag that nothing else depends on.
    REQUESTED.load(Ordering::Relaxed)
}
