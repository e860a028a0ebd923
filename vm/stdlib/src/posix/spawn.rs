//! `posix.posix_spawn()`, and timers as file descriptors.

use super::{Table, ids};
use crate::os::{self, Accept, quick, syscall};
use crate::posix::process::{Texts, argument_list, environment};
use std::ffi::CString;
use std::mem::MaybeUninit;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[
    (
        "posix_spawn",
        "($module, path, argv, env, /, *, file_actions=(), setpgroup=None, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=None)",
        Full(|cx, a| spawn(cx, a, "posix_spawn")),
    ),
    (
        "posix_spawnp",
        "($module, path, argv, env, /, *, file_actions=(), setpgroup=None, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=None)",
        Full(|cx, a| spawn(cx, a, "posix_spawnp")),
    ),
    ("timerfd_create", "($module, clockid, /, *, flags=0)", Full(timerfd_create)),
    (
        "timerfd_settime",
        "($module, fd, /, *, flags=0, initial=0.0, interval=0.0)",
        Full(|cx, a| timerfd_settime(cx, a, false)),
    ),
    (
        "timerfd_settime_ns",
        "($module, fd, /, *, flags=0, initial=0, interval=0)",
        Full(|cx, a| timerfd_settime(cx, a, true)),
    ),
    ("timerfd_gettime", "($module, fd, /)", Full(|cx, a| timerfd_gettime(cx, a, false))),
    ("timerfd_gettime_ns", "($module, fd, /)", Full(|cx, a| timerfd_gettime(cx, a, true))),
];

/// File actions for a new process; destroyed when dropped.
struct Actions {
    raw: libc::posix_spawn_file_actions_t,
    /// Names that the actions refer to.
    names: Vec<CString>,
}

impl Actions {
    fn new() -> Actions {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: initialises it.
        unsafe {
            libc::posix_spawn_file_actions_init(raw.as_mut_ptr());
            Actions { raw: raw.assume_init(), names: Vec::new() }
        }
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`.
        unsafe { libc::posix_spawn_file_actions_destroy(&mut self.raw) };
    }
}

/// Attributes of a new process; destroyed when dropped.
struct Attributes(libc::posix_spawnattr_t);

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised when made.
        unsafe { libc::posix_spawnattr_destroy(&mut self.0) };
    }
}

/// The error that a call gives itself.
fn fine(cx: &mut Cx, number: i32) -> R<()> {
    if number == 0 { Ok(()) } else { Err(os::error(cx, number)) }
}

fn sequence(cx: &mut Cx, v: Ref<'_>, message: &str) -> R<Vec<Obj>> {
    if v.downcast::<PyList>(cx).is_none()
        && v.downcast::<PyTuple>(cx).is_none()
        && cx.class_of(v).special(cx, Special::GetItem).is_none()
    {
        return Err(cx.type_error(message));
    }
    cx.collect(v)
}

fn file_actions(cx: &mut Cx, v: Ref<'_>) -> R<Actions> {
    let mut actions = Actions::new();
    for action in sequence(cx, v, "file_actions must be a sequence or None")? {
        let items = action.downcast::<PyTuple>(cx).map(|t| t.snapshot(cx)).unwrap_or_default();
        let Some(kind) = items.first() else {
            return Err(cx.type_error("Each file_actions element must be a non-empty tuple"));
        };
        let kind = cx.to_i64(kind.r())?;
        let (name, wanted) = match kind {
            0 => ("open", 5),
            1 => ("close", 2),
            2 => ("dup2", 3),
            3 => ("closefrom", 2),
            _ => return Err(cx.type_error("Unknown file_actions identifier")),
        };
        if items.len() != wanted {
            return Err(cx.type_error(format!("A {name} file_action tuple must have {wanted} elements")));
        }
        add_action(cx, &mut actions, kind, &items)?;
    }
    Ok(actions)
}

fn add_action(cx: &mut Cx, actions: &mut Actions, kind: i64, items: &[Obj]) -> R<()> {
    let fd = os::c_int(cx, items[1].r())?;
    let raw = &raw mut actions.raw;
    let number = match kind {
        0 => {
            let name = os::fs_text(cx, items[2].r())?;
            let flags = os::c_int(cx, items[3].r())?;
            let mode = cx.to_i64(items[4].r())? as libc::mode_t;
            let p = name.as_ptr();
            actions.names.push(name);
            // SAFETY: initialised; the name lives as long as the actions.
            unsafe { libc::posix_spawn_file_actions_addopen(raw, fd, p, flags, mode) }
        }
        // SAFETY: initialised, numbers.
        1 => unsafe { libc::posix_spawn_file_actions_addclose(raw, fd) },
        2 => {
            let to = os::c_int(cx, items[2].r())?;
            // SAFETY: as above.
            unsafe { libc::posix_spawn_file_actions_adddup2(raw, fd, to) }
        }
        // SAFETY: as above.
        _ => unsafe { posix_spawn_file_actions_addclosefrom_np(raw, fd) },
    };
    fine(cx, number)
}

unsafe extern "C" {
    fn posix_spawn_file_actions_addclosefrom_np(
        actions: *mut libc::posix_spawn_file_actions_t,
        from: i32,
    ) -> i32;
}

fn attributes(cx: &mut Cx, a: Args<'_>, function: &str) -> R<Attributes> {
    let mut raw = MaybeUninit::uninit();
    // SAFETY: initialises it.
    let mut attributes = unsafe {
        libc::posix_spawnattr_init(raw.as_mut_ptr());
        Attributes(raw.assume_init())
    };
    let p = &raw mut attributes.0;
    let mut flags = 0;
    if let Some(group) = a.opt_not_none(4) {
        let group = ids::pid_arg(cx, group)?;
        // SAFETY: initialised above.
        fine(cx, unsafe { libc::posix_spawnattr_setpgroup(p, group) })?;
        flags |= libc::POSIX_SPAWN_SETPGROUP;
    }
    if os::flag_or(cx, a.opt(5), false)? {
        flags |= libc::POSIX_SPAWN_RESETIDS;
    }
    if os::flag_or(cx, a.opt(6), false)? {
        flags |= 0x80;
    }
    if let Some(signals) = a.opt(7) {
        let set = crate::signal::signal_set(cx, signals)?;
        // SAFETY: initialised above.
        fine(cx, unsafe { libc::posix_spawnattr_setsigmask(p, &set) })?;
        flags |= libc::POSIX_SPAWN_SETSIGMASK;
    }
    if let Some(signals) = a.opt(8) {
        let set = crate::signal::signal_set(cx, signals)?;
        // SAFETY: initialised above.
        fine(cx, unsafe { libc::posix_spawnattr_setsigdefault(p, &set) })?;
        flags |= libc::POSIX_SPAWN_SETSIGDEF;
    }
    if let Some(scheduler) = a.opt_not_none(9) {
        let items = scheduler.downcast::<PyTuple>(cx).map(|t| t.snapshot(cx)).unwrap_or_default();
        let [policy, param] = items.as_slice() else {
            return Err(cx.type_error("A scheduler tuple must have two elements"));
        };
        if !policy.value().is_none() {
            let policy = os::c_int(cx, policy.r())?;
            // SAFETY: initialised above.
            fine(cx, unsafe { libc::posix_spawnattr_setschedpolicy(p, policy) })?;
            flags |= libc::POSIX_SPAWN_SETSCHEDULER;
        }
        let param = ids::param_arg(cx, param.r())?;
        // SAFETY: initialised above.
        fine(cx, unsafe { libc::posix_spawnattr_setschedparam(p, &param) })?;
        flags |= libc::POSIX_SPAWN_SETSCHEDPARAM;
    }
    let _ = function;
    // SAFETY: initialised above.
    fine(cx, unsafe { libc::posix_spawnattr_setflags(p, flags as libc::c_short) })?;
    Ok(attributes)
}

fn spawn(cx: &mut Cx, a: Args<'_>, function: &str) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), function, "path", Accept::Name)?;
    let arguments = spawn_arguments(cx, a.get(1), function)?;
    // `None` stands for the environment as it is.
    let variables = match a.get(2) {
        env if env.value().is_none() => {
            use std::os::unix::ffi::OsStringExt;
            let pairs = std::env::vars_os().map(|(n, v)| [n.into_vec(), v.into_vec()].join(&b'='));
            Texts::new(pairs.filter_map(|p| CString::new(p).ok()).collect())
        }
        env => {
            let name = cx.str("keys");
            let name = ungil_runtime::objects::str::intern_obj(cx, name);
            if cx.get_attr_opt(env, name.r())?.is_none() {
                return Err(
                    cx.type_error(format!("{function}: environment must be a mapping object or None"))
                );
            }
            environment(cx, env)?
        }
    };
    let actions = match a.opt_not_none(3) {
        Some(v) => Some(file_actions(cx, v)?),
        None => None,
    };
    let attributes = attributes(cx, a, function)?;
    let actions_ptr = actions.as_ref().map_or(std::ptr::null(), |x| &raw const x.raw);
    let call = if function == "posix_spawn" { libc::posix_spawn } else { libc::posix_spawnp };
    let mut pid = 0;
    // SAFETY: C texts, pointer arrays that end with null, and initialised structs, all of which live through the call.
    let number = cx.detached(|| unsafe {
        call(
            &mut pid,
            path.ptr(),
            actions_ptr,
            &attributes.0,
            arguments.pointers.as_ptr(),
            variables.pointers.as_ptr(),
        )
    });
    match number {
        0 => Ok(cx.int(pid as i64)),
        number => Err(path.error(cx, number)),
    }
}

fn spawn_arguments(cx: &mut Cx, v: Ref<'_>, function: &str) -> R<Texts> {
    let arguments = argument_list(cx, v, function, ": argv")?;
    match arguments.texts.first() {
        None => Err(cx.value_error(format!("{function}: argv must not be empty"))),
        Some(first) if first.is_empty() => {
            Err(cx.value_error(format!("{function}: argv first element cannot be empty")))
        }
        Some(_) => Ok(arguments),
    }
}

fn timerfd_create(cx: &mut Cx, a: Args<'_>) -> R {
    let clock = os::c_int(cx, a.get(0))?;
    let flags = os::c_int_or(cx, a.opt(1), 0)? | libc::TFD_CLOEXEC;
    os::int_result(cx, quick!(libc::timerfd_create(clock, flags)))
}

fn span(cx: &mut Cx, v: Option<Ref<'_>>, nanos: bool) -> R<libc::timespec> {
    let n = match v {
        None => 0,
        Some(v) if nanos => cx.to_i64(v)?,
        Some(v) => os::nanoseconds(cx, v)?,
    };
    Ok(libc::timespec { tv_sec: n.div_euclid(1_000_000_000), tv_nsec: n.rem_euclid(1_000_000_000) })
}

fn seconds(t: libc::timespec) -> f64 {
    t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64
}

fn pair(cx: &Cx, t: &libc::itimerspec, nanos: bool) -> Obj {
    let one = |t: libc::timespec| match nanos {
        true => cx.int(t.tv_sec * 1_000_000_000 + t.tv_nsec),
        false => cx.float(seconds(t)),
    };
    cx.tuple(vec![one(t.it_value), one(t.it_interval)])
}

fn timerfd_settime(cx: &mut Cx, a: Args<'_>, nanos: bool) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let flags = os::c_int_or(cx, a.opt(1), 0)?;
    let new =
        libc::itimerspec { it_value: span(cx, a.opt(2), nanos)?, it_interval: span(cx, a.opt(3), nanos)? };
    let mut old = new;
    let result = syscall!(cx, libc::timerfd_settime(fd, flags, &new, &mut old));
    os::done(cx, result)?;
    Ok(pair(cx, &old, nanos))
}

fn timerfd_gettime(cx: &mut Cx, a: Args<'_>, nanos: bool) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    // SAFETY: plain numbers.
    let mut now: libc::itimerspec = unsafe { std::mem::zeroed() };
    let result = syscall!(cx, libc::timerfd_gettime(fd, &mut now));
    os::done(cx, result)?;
    Ok(pair(cx, &now, nanos))
}
