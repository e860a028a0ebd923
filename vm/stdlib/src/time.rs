//! `time`: clocks and sleeping.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("time", "($module, /)", Leaf(|cx, _| Ok(cx.float(since_epoch().as_secs_f64())))),
    ("time_ns", "($module, /)", Leaf(|cx, _| Ok(cx.int(since_epoch().as_nanos() as i64)))),
    ("monotonic", "($module, /)", Leaf(|cx, _| Ok(cx.float(since_start().as_secs_f64())))),
    ("monotonic_ns", "($module, /)", Leaf(|cx, _| Ok(cx.int(since_start().as_nanos() as i64)))),
    ("perf_counter", "($module, /)", Leaf(|cx, _| Ok(cx.float(since_start().as_secs_f64())))),
    ("perf_counter_ns", "($module, /)", Leaf(|cx, _| Ok(cx.int(since_start().as_nanos() as i64)))),
    (
        "process_time",
        "($module, /)",
        Leaf(|cx, _| Ok(cx.float(cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID).as_secs_f64()))),
    ),
    (
        "process_time_ns",
        "($module, /)",
        Leaf(|cx, _| Ok(cx.int(cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID).as_nanos() as i64))),
    ),
    (
        "thread_time",
        "($module, /)",
        Leaf(|cx, _| Ok(cx.float(cpu_time(libc::CLOCK_THREAD_CPUTIME_ID).as_secs_f64()))),
    ),
    (
        "thread_time_ns",
        "($module, /)",
        Leaf(|cx, _| Ok(cx.int(cpu_time(libc::CLOCK_THREAD_CPUTIME_ID).as_nanos() as i64))),
    ),
    ("sleep", "($module, seconds, /)", Full(sleep)),
];

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Time on a clock that never goes back; its zero is some time before the program's start, as CPython's is.
fn since_start() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    const BEFORE: Duration = Duration::from_secs(1000);
    START.get_or_init(Instant::now).elapsed() + BEFORE
}

fn cpu_time(clock: libc::clockid_t) -> Duration {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the struct is ours; a clock that does not exist leaves it zero.
    unsafe { libc::clock_gettime(clock, &mut t) };
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

fn sleep(cx: &mut Cx, a: Args<'_>) -> R {
    let seconds = cx.to_f64(a.get(0))?;
    if seconds.is_nan() {
        return Err(cx.value_error("Invalid value NaN (not a number)"));
    }
    if seconds < 0.0 {
        return Err(cx.value_error("sleep length must be non-negative"));
    }
    if seconds > 9e9 {
        return Err(cx.overflow_error("timestamp too large to convert to C PyTime_t"));
    }
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let thread = cx.thread.clone();
        let done = cx.detached(|| thread.sleep_interruptible(left));
        cx.safepoint()?;
        if done || Instant::now() >= end {
            return Ok(cx.none());
        }
    }
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for (name, n) in [("timezone", 0), ("altzone", 0), ("daylight", 0)] {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    Ok(())
}
