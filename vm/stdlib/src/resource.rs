//! `resource`: limits and usage of the system's resources.

use crate::os::{self, quick};
use crate::posix::{add_class, class_of};
use std::sync::{Once, OnceLock};
use ungil_runtime::SharedValue;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::namespace::{self, Record, record_of};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("getrusage", "($module, who, /)", Full(getrusage)),
    ("getrlimit", "($module, resource, /)", Full(getrlimit)),
    ("setrlimit", "($module, resource, limits, /)", Full(setrlimit)),
    ("prlimit", "($module, pid, resource, limits=None, /)", Full(prlimit)),
    ("getpagesize", "($module, /)", Leaf(|cx, _| Ok(cx.int(page_size())))),
];

const CONSTANTS: &[(&str, i64)] = &[
    ("RLIMIT_AS", libc::RLIMIT_AS as i64),
    ("RLIMIT_CORE", libc::RLIMIT_CORE as i64),
    ("RLIMIT_CPU", libc::RLIMIT_CPU as i64),
    ("RLIMIT_DATA", libc::RLIMIT_DATA as i64),
    ("RLIMIT_FSIZE", libc::RLIMIT_FSIZE as i64),
    ("RLIMIT_MEMLOCK", libc::RLIMIT_MEMLOCK as i64),
    ("RLIMIT_MSGQUEUE", libc::RLIMIT_MSGQUEUE as i64),
    ("RLIMIT_NICE", libc::RLIMIT_NICE as i64),
    ("RLIMIT_NOFILE", libc::RLIMIT_NOFILE as i64),
    ("RLIMIT_NPROC", libc::RLIMIT_NPROC as i64),
    ("RLIMIT_OFILE", libc::RLIMIT_NOFILE as i64),
    ("RLIMIT_RSS", libc::RLIMIT_RSS as i64),
    ("RLIMIT_RTPRIO", libc::RLIMIT_RTPRIO as i64),
    ("RLIMIT_RTTIME", libc::RLIMIT_RTTIME as i64),
    ("RLIMIT_SIGPENDING", libc::RLIMIT_SIGPENDING as i64),
    ("RLIMIT_STACK", libc::RLIMIT_STACK as i64),
    ("RLIM_INFINITY", -1),
    ("RUSAGE_CHILDREN", libc::RUSAGE_CHILDREN as i64),
    ("RUSAGE_SELF", libc::RUSAGE_SELF as i64),
    ("RUSAGE_THREAD", libc::RUSAGE_THREAD as i64),
];

/// The number of kinds of limits.
const LIMITS: i32 = 16;

static RUSAGE: OnceLock<SharedValue> = OnceLock::new();
static MADE: Once = Once::new();

fn page_size() -> i64 {
    // SAFETY: takes a number.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
}

fn rusage_class() -> Record {
    Record::new(
        "resource.struct_rusage",
        "What getrusage() tells: also a tuple of its parts.",
        &[
            ("ru_utime", "user time used"),
            ("ru_stime", "system time used"),
            ("ru_maxrss", "max. resident set size"),
            ("ru_ixrss", "shared memory size"),
            ("ru_idrss", "unshared data size"),
            ("ru_isrss", "unshared stack size"),
            ("ru_minflt", "page faults not requiring I/O"),
            ("ru_majflt", "page faults requiring I/O"),
            ("ru_nswap", "number of swap outs"),
            ("ru_inblock", "block input operations"),
            ("ru_oublock", "block output operations"),
            ("ru_msgsnd", "IPC messages sent"),
            ("ru_msgrcv", "IPC messages received"),
            ("ru_nsignals", "signals received"),
            ("ru_nvcsw", "voluntary context switches"),
            ("ru_nivcsw", "involuntary context switches"),
        ],
    )
}

/// A `struct_rusage`; `os.wait4()` gives one, too.
///
/// # Errors
/// What making it raises.
pub fn usage_record(cx: &mut Cx, usage: &libc::rusage) -> R {
    MADE.call_once(|| {
        if RUSAGE.get().is_none()
            && let Ok(class) = namespace::new_class(cx, rusage_class())
        {
            let _ = RUSAGE.set(SharedValue::new(class));
        }
    });
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    let mut values = vec![cx.float(seconds(usage.ru_utime)), cx.float(seconds(usage.ru_stime))];
    let numbers = [
        usage.ru_maxrss,
        usage.ru_ixrss,
        usage.ru_idrss,
        usage.ru_isrss,
        usage.ru_minflt,
        usage.ru_majflt,
        usage.ru_nswap,
        usage.ru_inblock,
        usage.ru_oublock,
        usage.ru_msgsnd,
        usage.ru_msgrcv,
        usage.ru_nsignals,
        usage.ru_nvcsw,
        usage.ru_nivcsw,
    ];
    values.extend(numbers.iter().map(|&n| cx.int(n)));
    let class = class_of(cx, &RUSAGE);
    record_of(cx, &class, values)
}

fn getrusage(cx: &mut Cx, a: Args<'_>) -> R {
    let who = os::c_int(cx, a.get(0))?;
    // SAFETY: plain numbers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    match quick!(libc::getrusage(who, &mut usage)) {
        Ok(_) => usage_record(cx, &usage),
        Err(libc::EINVAL) => Err(cx.value_error("invalid who parameter")),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn kind_arg(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    let kind = os::c_int(cx, v)?;
    if !(0..LIMITS).contains(&kind) {
        return Err(cx.value_error("invalid resource specified"));
    }
    Ok(kind as u32)
}

fn pair(cx: &Cx, limits: &libc::rlimit) -> Obj {
    cx.tuple(vec![cx.int(limits.rlim_cur as i64), cx.int(limits.rlim_max as i64)])
}

fn limits_arg(cx: &mut Cx, v: Ref<'_>) -> R<libc::rlimit> {
    let items = cx.collect(v)?;
    let [soft, hard] = items.as_slice() else {
        return Err(cx.value_error("expected a tuple of 2 integers"));
    };
    let one = |cx: &mut Cx, v: &Obj| -> R<u64> {
        let index = cx.index(v.r())?;
        let big = ungil_runtime::objects::int::to_bigint(cx, index.r());
        match big.as_ref().and_then(|n| u64::try_from(n).ok()) {
            Some(n) => Ok(n),
            None if ungil_runtime::objects::int::to_i64(cx, index.r()) == Some(-1) => Ok(u64::MAX),
            None if ungil_runtime::objects::int::is_negative(cx, index.r()) => {
                Err(cx.value_error("Cannot convert negative int"))
            }
            None => Err(cx.overflow_error("int too big to convert")),
        }
    };
    Ok(libc::rlimit { rlim_cur: one(cx, soft)?, rlim_max: one(cx, hard)? })
}

fn limit_error(cx: &mut Cx, number: i32) -> Err {
    match number {
        libc::EINVAL => cx.value_error("current limit exceeds maximum limit"),
        libc::EPERM => cx.value_error("not allowed to raise maximum limit"),
        number => os::error(cx, number),
    }
}

fn getrlimit(cx: &mut Cx, a: Args<'_>) -> R {
    let kind = kind_arg(cx, a.get(0))?;
    let mut limits = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    os::done(cx, quick!(libc::getrlimit(kind, &mut limits)))?;
    Ok(pair(cx, &limits))
}

fn setrlimit(cx: &mut Cx, a: Args<'_>) -> R {
    let kind = kind_arg(cx, a.get(0))?;
    let limits = limits_arg(cx, a.get(1))?;
    match quick!(libc::setrlimit(kind, &limits)) {
        Ok(_) => Ok(cx.none()),
        Err(number) => Err(limit_error(cx, number)),
    }
}

fn prlimit(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = os::c_int(cx, a.get(0))?;
    let kind = kind_arg(cx, a.get(1))?;
    let new = match a.opt_not_none(2) {
        Some(limits) => Some(limits_arg(cx, limits)?),
        None => None,
    };
    let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let new = new.as_ref().map_or(std::ptr::null(), |l| l as *const libc::rlimit);
    match quick!(libc::prlimit(pid, kind, new, &mut old)) {
        Ok(_) => Ok(pair(cx, &old)),
        Err(libc::EINVAL) => Err(cx.value_error("current limit exceeds maximum limit")),
        Err(number) => Err(os::error(cx, number)),
    }
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in CONSTANTS {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    let error = cx.builtin(Builtin::OSError).as_ref().own(cx);
    add(cx, module, "error", error);
    match RUSAGE.get() {
        Some(class) => {
            let class = class.get().own(cx);
            add(cx, module, "struct_rusage", class);
            Ok(())
        }
        None => add_class(cx, module, "struct_rusage", rusage_class(), &RUSAGE),
    }
}
