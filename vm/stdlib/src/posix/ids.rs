//! `posix`: ids of processes, users and groups, sessions, priorities, scheduling.

use super::{Table, class_of};
use crate::os::{self, quick, syscall};
use std::ffi::CStr;
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::namespace::{Record, record_of};
use ungil_runtime::objects::{int, set};
use ungil_runtime::prelude::*;

/// A native that gives what a C function without arguments gives.
macro_rules! id {
    ($name:ident) => {
        (
            stringify!($name),
            "($module, /)",
            // SAFETY: takes nothing and cannot fail.
            Leaf(|cx, _| Ok(cx.int(unsafe { libc::$name() } as i64))),
        )
    };
}

pub const FUNCTIONS: Table = &[
    id!(getpid),
    id!(getppid),
    id!(getuid),
    id!(geteuid),
    id!(getgid),
    id!(getegid),
    id!(getpgrp),
    ("getpgid", "($module, /, pid)", Full(getpgid)),
    ("getsid", "($module, pid, /)", Full(getsid)),
    ("setsid", "($module, /)", Full(|cx, _| os::done(cx, quick!(libc::setsid())))),
    ("setpgid", "($module, pid, pgrp, /)", Full(setpgid)),
    ("setpgrp", "($module, /)", Full(|cx, _| os::done(cx, quick!(libc::setpgid(0, 0))))),
    ("setuid", "($module, uid, /)", Full(setuid)),
    ("seteuid", "($module, euid, /)", Full(seteuid)),
    ("setgid", "($module, gid, /)", Full(setgid)),
    ("setegid", "($module, egid, /)", Full(setegid)),
    ("setreuid", "($module, ruid, euid, /)", Full(setreuid)),
    ("setregid", "($module, rgid, egid, /)", Full(setregid)),
    ("setresuid", "($module, ruid, euid, suid, /)", Full(setresuid)),
    ("setresgid", "($module, rgid, egid, sgid, /)", Full(setresgid)),
    ("getresuid", "($module, /)", Full(getresuid)),
    ("getresgid", "($module, /)", Full(getresgid)),
    ("getgroups", "($module, /)", Full(getgroups)),
    ("setgroups", "($module, groups, /)", Full(setgroups)),
    ("getgrouplist", "($module, user, group, /)", Full(getgrouplist)),
    ("initgroups", "($module, username, gid, /)", Full(initgroups)),
    ("getlogin", "($module, /)", Full(getlogin)),
    ("nice", "($module, increment, /)", Full(nice)),
    ("getpriority", "($module, /, which, who)", Full(getpriority)),
    ("setpriority", "($module, /, which, who, priority)", Full(setpriority)),
    ("sched_get_priority_max", "($module, /, policy)", Full(sched_get_priority_max)),
    ("sched_get_priority_min", "($module, /, policy)", Full(sched_get_priority_min)),
    ("sched_getaffinity", "($module, pid, /)", Full(sched_getaffinity)),
    ("sched_setaffinity", "($module, pid, mask, /)", Full(sched_setaffinity)),
    ("sched_getparam", "($module, pid, /)", Full(sched_getparam)),
    ("sched_setparam", "($module, pid, param, /)", Full(sched_setparam)),
    ("sched_getscheduler", "($module, pid, /)", Full(sched_getscheduler)),
    ("sched_setscheduler", "($module, pid, policy, param, /)", Full(sched_setscheduler)),
    ("sched_rr_get_interval", "($module, pid, /)", Full(sched_rr_get_interval)),
    ("sched_yield", "($module, /)", Full(sched_yield)),
];

static SCHED_PARAM: OnceLock<SharedValue> = OnceLock::new();

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let record = Record::new(
        "posix.sched_param",
        "Currently has only one field: sched_priority",
        &[("sched_priority", "the scheduling priority")],
    );
    super::add_class(cx, module, "sched_param", record, &SCHED_PARAM)?;
    // Made with the priority itself, not with a sequence.
    let class = class_of(cx, &SCHED_PARAM);
    if let Some(class) = PyType::from_ref(class.r(), cx) {
        TypeBuilder::extend(class)
            .constructor(cx, "($cls, /, sched_priority)", Full(sched_param_new))
            .special(
                cx,
                Special::Reduce,
                Full(|cx, a| {
                    let item = cx.get_item(a.get(0), Ref::immediate(Value::from_int_unchecked(0)))?;
                    let class = cx.class_of(a.get(0)).as_ref().own(cx);
                    let arguments = cx.tuple(vec![item]);
                    Ok(cx.tuple(vec![class, arguments]))
                }),
            );
    }
    Ok(())
}

fn sched_param_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_of(cx, &SCHED_PARAM);
    record_of(cx, &class, vec![a.get(1).own(cx)])
}

pub fn pid_arg(cx: &mut Cx, v: Ref<'_>) -> R<i32> {
    os::c_int(cx, v)
}

fn getpgid(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = pid_arg(cx, a.get(0))?;
    os::int_result(cx, quick!(libc::getpgid(pid)))
}

fn getsid(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = pid_arg(cx, a.get(0))?;
    os::int_result(cx, quick!(libc::getsid(pid)))
}

fn setpgid(cx: &mut Cx, a: Args<'_>) -> R {
    let (pid, group) = (pid_arg(cx, a.get(0))?, pid_arg(cx, a.get(1))?);
    os::done(cx, quick!(libc::setpgid(pid, group)))
}

fn setuid(cx: &mut Cx, a: Args<'_>) -> R {
    let id = os::user_or_group(cx, a.get(0), "uid")?;
    os::done(cx, quick!(libc::setuid(id)))
}

fn seteuid(cx: &mut Cx, a: Args<'_>) -> R {
    let id = os::user_or_group(cx, a.get(0), "uid")?;
    os::done(cx, quick!(libc::seteuid(id)))
}

fn setgid(cx: &mut Cx, a: Args<'_>) -> R {
    let id = os::user_or_group(cx, a.get(0), "gid")?;
    os::done(cx, quick!(libc::setgid(id)))
}

fn setegid(cx: &mut Cx, a: Args<'_>) -> R {
    let id = os::user_or_group(cx, a.get(0), "gid")?;
    os::done(cx, quick!(libc::setegid(id)))
}

/// Several ids.
fn all_ids<const N: usize>(cx: &mut Cx, a: Args<'_>, what: &str) -> R<[u32; N]> {
    let mut ids = [0; N];
    for (i, id) in ids.iter_mut().enumerate() {
        *id = os::user_or_group(cx, a.get(i), what)?;
    }
    Ok(ids)
}

fn setreuid(cx: &mut Cx, a: Args<'_>) -> R {
    let [real, effective] = all_ids(cx, a, "uid")?;
    os::done(cx, quick!(libc::setreuid(real, effective)))
}

fn setregid(cx: &mut Cx, a: Args<'_>) -> R {
    let [real, effective] = all_ids(cx, a, "gid")?;
    os::done(cx, quick!(libc::setregid(real, effective)))
}

fn setresuid(cx: &mut Cx, a: Args<'_>) -> R {
    let [real, effective, saved] = all_ids(cx, a, "uid")?;
    os::done(cx, quick!(libc::setresuid(real, effective, saved)))
}

fn setresgid(cx: &mut Cx, a: Args<'_>) -> R {
    let [real, effective, saved] = all_ids(cx, a, "gid")?;
    os::done(cx, quick!(libc::setresgid(real, effective, saved)))
}

fn getresuid(cx: &mut Cx, _: Args<'_>) -> R {
    let [mut a, mut b, mut c] = [0; 3];
    os::done(cx, quick!(libc::getresuid(&mut a, &mut b, &mut c)))?;
    Ok(cx.tuple([a, b, c].iter().map(|&id| cx.int(id as i64)).collect()))
}

fn getresgid(cx: &mut Cx, _: Args<'_>) -> R {
    let [mut a, mut b, mut c] = [0; 3];
    os::done(cx, quick!(libc::getresgid(&mut a, &mut b, &mut c)))?;
    Ok(cx.tuple([a, b, c].iter().map(|&id| cx.int(id as i64)).collect()))
}

fn getgroups(cx: &mut Cx, _: Args<'_>) -> R {
    let n = os::number(cx, quick!(libc::getgroups(0, std::ptr::null_mut())))?;
    let mut groups = vec![0; n as usize];
    let n = os::number(cx, quick!(libc::getgroups(n as i32, groups.as_mut_ptr())))?;
    Ok(cx.list(groups[..n as usize].iter().map(|&g| cx.int(g as i64)).collect()))
}

fn setgroups(cx: &mut Cx, a: Args<'_>) -> R {
    if cx.class_of(a.get(0)).special(cx, Special::GetItem).is_none() {
        return Err(cx.type_error("setgroups argument must be a sequence"));
    }
    let items = cx.collect(a.get(0))?;
    let mut groups = Vec::with_capacity(items.len());
    for item in &items {
        if !cx.is_instance_of(item.r(), Builtin::Int) {
            return Err(cx.type_error("groups must be integers"));
        }
        groups.push(os::user_or_group(cx, item.r(), "gid")?);
    }
    os::done(cx, quick!(libc::setgroups(groups.len(), groups.as_ptr())))
}

fn getgrouplist(cx: &mut Cx, a: Args<'_>) -> R {
    let user = os::fs_text(cx, a.get(0))?;
    let group = os::user_or_group(cx, a.get(1), "gid")?;
    let mut groups = vec![0; 1024];
    loop {
        let mut n = groups.len() as i32;
        // SAFETY: a C text, and room for as many as said.
        let result = unsafe { libc::getgrouplist(user.as_ptr(), group, groups.as_mut_ptr(), &mut n) };
        if result >= 0 {
            return Ok(cx.list(groups[..n as usize].iter().map(|&g| cx.int(g as i64)).collect()));
        }
        let more = (n as usize).max(groups.len() * 2);
        groups.resize(more, 0);
    }
}

fn initgroups(cx: &mut Cx, a: Args<'_>) -> R {
    let user = os::fs_text(cx, a.get(0))?;
    let group = os::user_or_group(cx, a.get(1), "gid")?;
    os::done(cx, quick!(libc::initgroups(user.as_ptr(), group)))
}

unsafe extern "C" {
    fn getlogin_r(name: *mut libc::c_char, size: usize) -> i32;
}

fn getlogin(cx: &mut Cx, _: Args<'_>) -> R {
    let mut buffer = [0u8; 256];
    // SAFETY: the buffer is ours.
    match unsafe { getlogin_r(buffer.as_mut_ptr().cast(), buffer.len() - 1) } {
        0 => {
            let name = CStr::from_bytes_until_nul(&buffer).map(CStr::to_bytes).unwrap_or_default();
            Ok(os::fs_decode(cx, name))
        }
        number => Err(os::error(cx, number)),
    }
}

fn nice(cx: &mut Cx, a: Args<'_>) -> R {
    let increment = os::c_int(cx, a.get(0))?;
    // SAFETY: a number; `errno` tells an error from a niceness of -1.
    let result = unsafe {
        *libc::__errno_location() = 0;
        libc::nice(increment)
    };
    match os::errno() {
        number if result == -1 && number != 0 => Err(os::error(cx, number)),
        _ => Ok(cx.int(result as i64)),
    }
}

fn getpriority(cx: &mut Cx, a: Args<'_>) -> R {
    let (which, who) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    // SAFETY: numbers; `errno` tells an error from a priority of -1.
    let result = unsafe {
        *libc::__errno_location() = 0;
        libc::getpriority(which as _, who as libc::id_t)
    };
    match os::errno() {
        0 => Ok(cx.int(result as i64)),
        number => Err(os::error(cx, number)),
    }
}

fn setpriority(cx: &mut Cx, a: Args<'_>) -> R {
    let (which, who) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let priority = os::c_int(cx, a.get(2))?;
    os::done(cx, quick!(libc::setpriority(which as _, who as libc::id_t, priority)))
}

fn sched_get_priority_max(cx: &mut Cx, a: Args<'_>) -> R {
    let policy = os::c_int(cx, a.get(0))?;
    os::int_result(cx, quick!(libc::sched_get_priority_max(policy)))
}

fn sched_get_priority_min(cx: &mut Cx, a: Args<'_>) -> R {
    let policy = os::c_int(cx, a.get(0))?;
    os::int_result(cx, quick!(libc::sched_get_priority_min(policy)))
}

/// Processors that an affinity mask has room for.
const MOST_CPUS: usize = 1 << 16;

fn sched_getaffinity(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = pid_arg(cx, a.get(0))?;
    let mut mask = vec![0u64; 16];
    loop {
        let bytes = mask.len() * 8;
        match quick!(libc::sched_getaffinity(pid, bytes, mask.as_mut_ptr().cast())) {
            Ok(_) => break,
            Err(libc::EINVAL) if bytes * 8 < MOST_CPUS => mask.resize(mask.len() * 2, 0),
            Err(number) => return Err(os::error(cx, number)),
        }
    }
    let cpus = (0..mask.len() * 64).filter(|i| mask[i / 64] >> (i % 64) & 1 == 1);
    let cpus: Vec<Obj> = cpus.map(|i| cx.int(i as i64)).collect();
    let made = set::PySet::new(cx);
    for cpu in cpus {
        cx.call_method(made.r(), "add", &[cpu.r()])?;
    }
    Ok(made)
}

fn sched_setaffinity(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = pid_arg(cx, a.get(0))?;
    let mut mask = vec![0u64; 16];
    for item in cx.collect(a.get(1))? {
        if !cx.is_instance_of(item.r(), Builtin::Int) {
            let class = cx.class_of(item.r()).as_ref();
            let class = cx.repr_string(class)?;
            return Err(cx.type_error(format!("expected an iterator of ints, but iterator yielded {class}")));
        }
        let cpu = match int::to_i64(cx, item.r()) {
            Some(cpu) if cpu < 0 => return Err(cx.value_error("negative CPU number")),
            Some(cpu) if (cpu as usize) < MOST_CPUS => cpu as usize,
            Some(cpu) if cpu > i32::MAX as i64 - 1 => {
                return Err(cx.overflow_error("CPU number too large"));
            }
            Some(_) => return Err(os::error(cx, libc::EINVAL)),
            None if int::is_negative(cx, item.r()) => return Err(cx.value_error("negative CPU number")),
            None => return Err(cx.overflow_error("CPU number too large")),
        };
        if mask.len() <= cpu / 64 {
            mask.resize(cpu / 64 + 1, 0);
        }
        mask[cpu / 64] |= 1 << (cpu % 64);
    }
    os::done(cx, quick!(libc::sched_setaffinity(pid, mask.len() * 8, mask.as_ptr().cast())))
}

/// A `sched_param` as the system takes it.
pub fn param_arg(cx: &mut Cx, v: Ref<'_>) -> R<libc::sched_param> {
    let class = class_of(cx, &SCHED_PARAM);
    if !cx.class_of(v).as_ref().is(class.r()) {
        return Err(cx.type_error("must have a sched_param object"));
    }
    let priority = cx.get_item(v, Ref::immediate(Value::from_int_unchecked(0)))?;
    let sched_priority = match cx.to_i64(priority.r()).map(i32::try_from)? {
        Ok(n) => n,
        Err(_) => return Err(cx.overflow_error("sched_priority out of range")),
    };
    Ok(libc::sched_param { sched_priority })
}

fn sched_getparam(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = pid_arg(cx, a.get(0))?;
    let mut param = libc::sched_param { sched_priority: 0 };
    os::done(cx, quick!(libc::sched_getparam(pid, &mut param)))?;
    let class = class_of(cx, &SCHED_PARAM);
    let priority = cx.int(param.sched_priority as i64);
    record_of(cx, &class, vec![priority])
}

fn sched_setparam(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = pid_arg(cx, a.get(0))?;
    let param = param_arg(cx, a.get(1))?;
    os::done(cx, quick!(libc::sched_setparam(pid, &param)))
}

fn sched_getscheduler(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = pid_arg(cx, a.get(0))?;
    os::int_result(cx, quick!(libc::sched_getscheduler(pid)))
}

fn sched_setscheduler(cx: &mut Cx, a: Args<'_>) -> R {
    let (pid, policy) = (pid_arg(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let param = param_arg(cx, a.get(2))?;
    os::done(cx, quick!(libc::sched_setscheduler(pid, policy, &param)))
}

fn sched_rr_get_interval(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = pid_arg(cx, a.get(0))?;
    let mut interval = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    os::done(cx, quick!(libc::sched_rr_get_interval(pid, &mut interval)))?;
    Ok(cx.float(interval.tv_sec as f64 + 1e-9 * interval.tv_nsec as f64))
}

fn sched_yield(cx: &mut Cx, _: Args<'_>) -> R {
    let result = syscall!(cx, libc::sched_yield());
    os::done(cx, result)
}
