//! `time`: clocks and sleeping; `calendar.rs` has dates and their texts.

mod calendar;

use crate::os::{self, quick};
use crate::posix::Table;
use std::time::{Duration, Instant};
use ungil_runtime::objects::int;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

const REALTIME: libc::clockid_t = libc::CLOCK_REALTIME;
const MONOTONIC: libc::clockid_t = libc::CLOCK_MONOTONIC;
const PROCESS: libc::clockid_t = libc::CLOCK_PROCESS_CPUTIME_ID;
const THREAD: libc::clockid_t = libc::CLOCK_THREAD_CPUTIME_ID;

const FUNCTIONS: Table = &[
    ("time", "($module, /)", Leaf(|cx, _| Ok(cx.float(seconds(REALTIME))))),
    ("time_ns", "($module, /)", Leaf(|cx, _| Ok(cx.int(nanos(REALTIME))))),
    ("monotonic", "($module, /)", Leaf(|cx, _| Ok(cx.float(seconds(MONOTONIC))))),
    ("monotonic_ns", "($module, /)", Leaf(|cx, _| Ok(cx.int(nanos(MONOTONIC))))),
    ("perf_counter", "($module, /)", Leaf(|cx, _| Ok(cx.float(seconds(MONOTONIC))))),
    ("perf_counter_ns", "($module, /)", Leaf(|cx, _| Ok(cx.int(nanos(MONOTONIC))))),
    ("process_time", "($module, /)", Leaf(|cx, _| Ok(cx.float(seconds(PROCESS))))),
    ("process_time_ns", "($module, /)", Leaf(|cx, _| Ok(cx.int(nanos(PROCESS))))),
    ("thread_time", "($module, /)", Leaf(|cx, _| Ok(cx.float(seconds(THREAD))))),
    ("thread_time_ns", "($module, /)", Leaf(|cx, _| Ok(cx.int(nanos(THREAD))))),
    ("sleep", "($module, object, /)", Full(sleep)),
    ("clock_gettime", "($module, clk_id, /)", Full(clock_gettime)),
    ("clock_gettime_ns", "($module, clk_id, /)", Full(clock_gettime_ns)),
    ("clock_getres", "($module, clk_id, /)", Full(clock_getres)),
    ("clock_settime", "($module, clk_id, time, /)", Full(clock_settime)),
    ("clock_settime_ns", "($module, clk_id, time, /)", Full(clock_settime_ns)),
    ("get_clock_info", "($module, name, /)", Full(get_clock_info)),
    ("pthread_getcpuclockid", "($module, thread_id, /)", Full(pthread_getcpuclockid)),
];

const CONSTANTS: &[(&str, i64)] = &[
    ("CLOCK_BOOTTIME", libc::CLOCK_BOOTTIME as i64),
    ("CLOCK_MONOTONIC", libc::CLOCK_MONOTONIC as i64),
    ("CLOCK_MONOTONIC_RAW", libc::CLOCK_MONOTONIC_RAW as i64),
    ("CLOCK_PROCESS_CPUTIME_ID", libc::CLOCK_PROCESS_CPUTIME_ID as i64),
    ("CLOCK_REALTIME", libc::CLOCK_REALTIME as i64),
    ("CLOCK_TAI", libc::CLOCK_TAI as i64),
    ("CLOCK_THREAD_CPUTIME_ID", libc::CLOCK_THREAD_CPUTIME_ID as i64),
    ("_STRUCT_TM_ITEMS", 11),
];

fn read(clock: libc::clockid_t) -> Result<libc::timespec, i32> {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    quick!(libc::clock_gettime(clock, &mut t)).map(|_| t)
}

/// The time on a clock that exists.
fn nanos(clock: libc::clockid_t) -> i64 {
    read(clock).map_or(0, |t| t.tv_sec * 1_000_000_000 + t.tv_nsec)
}

fn seconds(clock: libc::clockid_t) -> f64 {
    as_seconds(nanos(clock))
}

/// Nanoseconds as seconds: exact for whole ones.
fn as_seconds(nanos: i64) -> f64 {
    if nanos % 1_000_000_000 == 0 { (nanos / 1_000_000_000) as f64 } else { nanos as f64 / 1e9 }
}

fn sleep(cx: &mut Cx, a: Args<'_>) -> R {
    let nanos = os::nanoseconds(cx, a.get(0))?;
    if nanos < 0 {
        return Err(cx.value_error("sleep length must be non-negative"));
    }
    let Some(end) = Instant::now().checked_add(Duration::from_nanos(nanos as u64)) else {
        return Err(cx.overflow_error("timestamp out of range for C PyTime_t"));
    };
    cx.rest();
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

fn clock_arg(cx: &mut Cx, v: Ref<'_>) -> R<libc::clockid_t> {
    if !cx.is_instance_of(v, Builtin::Int) && cx.class_of(v).special(cx, Special::Index).is_none() {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("clk_id should be integer, not {got}")));
    }
    os::c_int(cx, v)
}

fn clock_gettime_ns(cx: &mut Cx, a: Args<'_>) -> R {
    let clock = clock_arg(cx, a.get(0))?;
    match read(clock) {
        Ok(t) => Ok(int::new_word(cx, t.tv_sec as i128 * 1_000_000_000 + t.tv_nsec as i128)),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn clock_gettime(cx: &mut Cx, a: Args<'_>) -> R {
    let clock = clock_arg(cx, a.get(0))?;
    match read(clock) {
        Ok(t) => Ok(cx.float(t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9)),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn resolution(clock: libc::clockid_t) -> Result<f64, i32> {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let result = quick!(libc::clock_getres(clock, &mut t));
    result.map(|_| t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9)
}

fn clock_getres(cx: &mut Cx, a: Args<'_>) -> R {
    let clock = clock_arg(cx, a.get(0))?;
    match resolution(clock) {
        Ok(x) => Ok(cx.float(x)),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn set_clock(cx: &mut Cx, clock: libc::clockid_t, nanos: i64) -> R {
    let t =
        libc::timespec { tv_sec: nanos.div_euclid(1_000_000_000), tv_nsec: nanos.rem_euclid(1_000_000_000) };
    os::done(cx, quick!(libc::clock_settime(clock, &t)))
}

fn clock_settime(cx: &mut Cx, a: Args<'_>) -> R {
    let clock = clock_arg(cx, a.get(0))?;
    let nanos = os::nanoseconds(cx, a.get(1))?;
    set_clock(cx, clock, nanos)
}

fn clock_settime_ns(cx: &mut Cx, a: Args<'_>) -> R {
    let clock = clock_arg(cx, a.get(0))?;
    if !cx.is_instance_of(a.get(1), Builtin::Int) {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("expect int, got {got}")));
    }
    let Some(nanos) = int::to_i64(cx, a.get(1)) else {
        return Err(cx.overflow_error("timestamp too large to convert to C PyTime_t"));
    };
    set_clock(cx, clock, nanos)
}

fn get_clock_info(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(name) = a.get(0).downcast::<PyStr>(cx) else {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("get_clock_info() argument 1 must be str, not {got}")));
    };
    let (clock, implementation, monotonic) = match name.as_bytes() {
        b"time" => (REALTIME, "clock_gettime(CLOCK_REALTIME)", false),
        b"monotonic" | b"perf_counter" => (MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)", true),
        b"process_time" => (PROCESS, "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", true),
        b"thread_time" => (THREAD, "clock_gettime(CLOCK_THREAD_CPUTIME_ID)", true),
        _ => return Err(cx.value_error("unknown clock")),
    };
    let resolution = resolution(clock).unwrap_or(1e-9);
    let values = [cx.str(implementation), cx.bool(monotonic), cx.bool(!monotonic), cx.float(resolution)];
    let class = cx.builtin(Builtin::SimpleNamespace).as_ref();
    cx.call_kw(
        class,
        &[],
        &[
            ("implementation", values[0].r()),
            ("monotonic", values[1].r()),
            ("adjustable", values[2].r()),
            ("resolution", values[3].r()),
        ],
    )
}

fn pthread_getcpuclockid(cx: &mut Cx, a: Args<'_>) -> R {
    if !cx.is_instance_of(a.get(0), Builtin::Int) {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("pthread_getcpuclockid() argument 1 must be int, not {got}")));
    }
    let ident = int::to_bigint(cx, a.get(0)).and_then(|n| u64::try_from(n).ok());
    let mut clock = 0;
    // SAFETY: the thread cannot end meanwhile.
    let number = crate::signal::with_thread(ident, |thread| unsafe {
        libc::pthread_getcpuclockid(thread, &mut clock)
    });
    match number {
        0 => Ok(cx.int(clock as i64)),
        number => Err(os::error(cx, number)),
    }
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in CONSTANTS {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    calendar::init(cx, module)
}
