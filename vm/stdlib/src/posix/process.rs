//! `posix`: processes: forking, running other programs, waiting, signals, ends.
//!
//! A fork happens with the world stopped, so no thread of the VM is between two states; the child has only the thread
//! that forked.

use super::{Table, class_of, ids};
use crate::os::{self, Accept, quick, syscall};
use std::ffi::CString;
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::namespace::{Record, record_of};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::traceback;

pub const FUNCTIONS: Table = &[
    ("fork", "($module, /)", Full(fork)),
    ("forkpty", "($module, /)", Full(forkpty)),
    (
        "register_at_fork",
        "($module, /, *, before=<unrepresentable>, after_in_child=<unrepresentable>, after_in_parent=<unrepresentable>)",
        Full(register_at_fork),
    ),
    ("execv", "($module, path, argv, /)", Full(execv)),
    ("execve", "($module, /, path, argv, env)", Full(execve)),
    ("_exit", "($module, /, status)", Full(exit_now)),
    // SAFETY: ends the process.
    ("abort", "($module, /)", Full(|_, _| unsafe { libc::abort() })),
    ("system", "($module, /, command)", Full(system)),
    ("kill", "($module, pid, signal, /)", Full(kill)),
    ("killpg", "($module, pgid, signal, /)", Full(killpg)),
    ("wait", "($module, /)", Full(|cx, _| wait_for(cx, -1, 0))),
    ("waitpid", "($module, pid, options, /)", Full(waitpid)),
    ("wait3", "($module, /, options)", Full(wait3)),
    ("wait4", "($module, /, pid, options)", Full(wait4)),
    ("waitid", "($module, idtype, id, options, /)", Full(waitid)),
    ("waitstatus_to_exitcode", "($module, /, status)", Full(waitstatus_to_exitcode)),
    ("WCOREDUMP", "($module, status, /)", Full(|cx, a| ask(cx, a, |s| libc::WCOREDUMP(s)))),
    ("WIFCONTINUED", "($module, /, status)", Full(|cx, a| ask(cx, a, |s| libc::WIFCONTINUED(s)))),
    ("WIFSTOPPED", "($module, /, status)", Full(|cx, a| ask(cx, a, |s| libc::WIFSTOPPED(s)))),
    ("WIFSIGNALED", "($module, /, status)", Full(|cx, a| ask(cx, a, |s| libc::WIFSIGNALED(s)))),
    ("WIFEXITED", "($module, /, status)", Full(|cx, a| ask(cx, a, |s| libc::WIFEXITED(s)))),
    ("WEXITSTATUS", "($module, /, status)", Full(|cx, a| tell(cx, a, |s| libc::WEXITSTATUS(s)))),
    ("WTERMSIG", "($module, /, status)", Full(|cx, a| tell(cx, a, |s| libc::WTERMSIG(s)))),
    ("WSTOPSIG", "($module, /, status)", Full(|cx, a| tell(cx, a, |s| libc::WSTOPSIG(s)))),
    ("pidfd_open", "($module, /, pid, flags=0)", Full(pidfd_open)),
    ("unshare", "($module, /, flags)", Full(unshare)),
    ("setns", "($module, /, fd, nstype=0)", Full(setns)),
];

static WAITID_RESULT: OnceLock<SharedValue> = OnceLock::new();

/// Lists of what `register_at_fork` was given, in the order `before`, `after_in_child`, `after_in_parent`.
static AT_FORK: OnceLock<[SharedValue; 3]> = OnceLock::new();

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let _ = AT_FORK.set(std::array::from_fn(|_| SharedValue::new(cx.list(Vec::new()))));
    let record = Record::new(
        "posix.waitid_result",
        "What waitid() tells about a child: also a tuple of its five parts.",
        &[("si_pid", ""), ("si_uid", ""), ("si_signo", ""), ("si_status", ""), ("si_code", "")],
    );
    super::add_class(cx, module, "waitid_result", record, &WAITID_RESULT)
}

fn register_at_fork(cx: &mut Cx, a: Args<'_>) -> R {
    let names = ["before", "after_in_child", "after_in_parent"];
    if (0..3).all(|i| a.opt(i).is_none()) {
        return Err(cx.type_error("At least one argument is required."));
    }
    for (i, name) in names.iter().enumerate() {
        if let Some(f) = a.opt(i)
            && cx.class_of(f).special(cx, Special::Call).is_none()
        {
            let got = cx.type_name(f);
            return Err(cx.type_error(format!("'{name}' must be callable, not {got}")));
        }
    }
    for (i, list) in AT_FORK.get().into_iter().flatten().enumerate() {
        if let (Some(f), Some(list)) = (a.opt(i), list.get().downcast::<PyList>(cx)) {
            list.append(cx, f.own(cx));
        }
    }
    Ok(cx.none())
}

/// Runs the functions registered for one of the moments; what they raise is reported.
fn run_hooks(cx: &mut Cx, moment: usize) {
    let Some(lists) = AT_FORK.get() else { return };
    let mut hooks = match lists[moment].get().downcast::<PyList>(cx) {
        Some(list) => list.snapshot(cx),
        None => return,
    };
    if moment == 0 {
        hooks.reverse();
    }
    for hook in hooks {
        if let Err(err) = cx.call(hook.r(), &[]) {
            traceback::unraisable(cx, err, "Exception ignored in", hook.r());
        }
    }
}

/// What is to be done before a fork that runs Python in the child.
pub fn before_fork(cx: &mut Cx) {
    run_hooks(cx, 0);
}

/// What is to be done after such a fork, in the child (`pid` 0) and in the parent.
pub fn after_fork(cx: &mut Cx, pid: i32) {
    if pid == 0 {
        crate::signal::after_fork_child(cx);
        run_hooks(cx, 1);
    } else {
        run_hooks(cx, 2);
    }
}

/// Forks with the world stopped by `call`; in the child the VM forgets all other threads. Gives the process id.
pub fn fork_stopped(cx: &mut Cx, call: impl FnOnce() -> i32) -> Result<i32, i32> {
    let thread = cx.thread.clone();
    let guard = cx.mutator().stop_the_world();
    let pid = call();
    let result = if pid < 0 { Err(os::errno()) } else { Ok(pid) };
    if pid == 0 {
        // SAFETY: the child of a fork, in which this is the only thread.
        unsafe { cx.world.after_fork_child(&thread) };
        // SAFETY: as above.
        unsafe { crate::thread::after_fork_child() };
        cx.vm.forget_other_contexts(cx);
    }
    drop(guard);
    result
}

fn fork(cx: &mut Cx, _: Args<'_>) -> R {
    let threads = cx.world.registered_count();
    before_fork(cx);
    // SAFETY: the world is stopped, and the child goes on with what `after_fork_child` leaves.
    let result = fork_stopped(cx, || unsafe { libc::fork() });
    let pid = *result.as_ref().unwrap_or(&-1);
    after_fork(cx, pid);
    if pid != 0 {
        warn_of_threads(cx, threads, "fork")?;
    }
    match result {
        Ok(pid) => Ok(cx.int(pid as i64)),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn warn_of_threads(cx: &mut Cx, threads: usize, function: &str) -> R<()> {
    if threads <= 1 {
        return Ok(());
    }
    let pid = std::process::id();
    let text = format!(
        "This process (pid={pid}) is multi-threaded, use of {function}() may lead to deadlocks in the child."
    );
    traceback::warn(cx, Builtin::DeprecationWarning, &text)
}

fn forkpty(cx: &mut Cx, _: Args<'_>) -> R {
    let threads = cx.world.registered_count();
    let mut main = -1;
    before_fork(cx);
    let null = std::ptr::null_mut();
    // SAFETY: as in `fork`; the file descriptor's place is ours.
    let result =
        fork_stopped(cx, || unsafe { libc::forkpty(&mut main, null, std::ptr::null(), std::ptr::null()) });
    let pid = *result.as_ref().unwrap_or(&-1);
    after_fork(cx, pid);
    if pid != 0 {
        warn_of_threads(cx, threads, "forkpty")?;
    }
    match result {
        Ok(pid) => Ok(cx.tuple(vec![cx.int(pid as i64), cx.int(main as i64)])),
        Err(number) => Err(os::error(cx, number)),
    }
}

/// Texts and the array of pointers to them that `exec` wants.
pub struct Texts {
    pub texts: Vec<CString>,
    pub pointers: Vec<*mut libc::c_char>,
}

impl Texts {
    pub fn new(texts: Vec<CString>) -> Texts {
        let mut pointers: Vec<_> = texts.iter().map(|t| t.as_ptr().cast_mut()).collect();
        pointers.push(std::ptr::null_mut());
        Texts { texts, pointers }
    }
}

/// A list or tuple of arguments for a program.
pub fn argument_list(cx: &mut Cx, v: Ref<'_>, function: &str, which: &str) -> R<Texts> {
    let items = match (v.downcast::<PyList>(cx), v.downcast::<PyTuple>(cx)) {
        (Some(list), _) => list.snapshot(cx),
        (_, Some(tuple)) => tuple.snapshot(cx),
        _ => return Err(cx.type_error(format!("{function}{which} must be a tuple or list"))),
    };
    let mut texts = Vec::with_capacity(items.len());
    for item in &items {
        texts.push(os::fs_text(cx, item.r())?);
    }
    Ok(Texts::new(texts))
}

/// As [`argument_list`], where the first argument must not be empty.
fn exec_arguments(cx: &mut Cx, v: Ref<'_>, function: &str) -> R<Texts> {
    let length = match (v.downcast::<PyList>(cx), v.downcast::<PyTuple>(cx)) {
        (Some(list), _) => Some(list.len()),
        (_, Some(tuple)) => Some(tuple.len()),
        _ => None,
    };
    let text = if function == "execve" { "execve: argv" } else { "execv() arg 2" };
    if length == Some(0) {
        return Err(cx.value_error(format!("{text} must not be empty")));
    }
    let arguments = argument_list(cx, v, text, "")?;
    if arguments.texts[0].is_empty() {
        return Err(cx.value_error(format!("{text} first element cannot be empty")));
    }
    Ok(arguments)
}

/// A mapping of variables as "name=value" texts.
pub fn environment(cx: &mut Cx, v: Ref<'_>) -> R<Texts> {
    let keys = cx.call_method(v, "keys", &[])?;
    let keys = cx.collect(keys.r())?;
    let values = cx.call_method(v, "values", &[])?;
    let values = cx.collect(values.r())?;
    let mut texts = Vec::with_capacity(keys.len());
    for (key, value) in keys.iter().zip(&values) {
        let (key, value) = (os::fs_text(cx, key.r())?, os::fs_text(cx, value.r())?);
        let name = key.as_bytes();
        if name.is_empty() || name[1..].contains(&b'=') || name == b"=" {
            return Err(cx.value_error("illegal environment variable name"));
        }
        let text = [name, b"=", value.as_bytes()].concat();
        texts.push(CString::new(text).map_err(|_| cx.value_error("embedded null byte"))?);
    }
    Ok(Texts::new(texts))
}

fn execv(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "execv", "path", Accept::Name)?;
    let arguments = exec_arguments(cx, a.get(1), "execv")?;
    let argv = arguments.pointers.as_ptr().cast();
    // SAFETY: C texts and a pointer array that ends with null.
    unsafe { libc::execv(path.ptr(), argv) };
    let number = os::errno();
    Err(path.error(cx, number))
}

fn execve(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, Some(a.get(0)), "execve", "path", Accept::NameOrFd)?;
    let arguments = exec_arguments(cx, a.get(1), "execve")?;
    let name = cx.str("keys");
    let name = ungil_runtime::objects::str::intern_obj(cx, name);
    if cx.class_of(a.get(2)).special(cx, Special::GetItem).is_none()
        || cx.get_attr_opt(a.get(2), name.r())?.is_none()
    {
        return Err(cx.type_error("execve: environment must be a mapping object"));
    }
    let variables = environment(cx, a.get(2))?;
    let (argv, envp) = (arguments.pointers.as_ptr().cast(), variables.pointers.as_ptr().cast());
    // SAFETY: C texts and pointer arrays that end with null.
    unsafe {
        match path.fd() {
            Some(fd) => libc::fexecve(fd, argv, envp),
            None => libc::execve(path.ptr(), argv, envp),
        }
    };
    let number = os::errno();
    Err(path.error(cx, number))
}

fn exit_now(cx: &mut Cx, a: Args<'_>) -> R {
    let status = os::c_int(cx, a.get(0))?;
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

fn system(cx: &mut Cx, a: Args<'_>) -> R {
    let command = os::fs_text(cx, a.get(0))?;
    // SAFETY: a C text.
    let status = cx.detached(|| unsafe { libc::system(command.as_ptr()) });
    Ok(cx.int(status as i64))
}

fn kill(cx: &mut Cx, a: Args<'_>) -> R {
    let (pid, signal) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    os::done(cx, quick!(libc::kill(pid, signal)))?;
    crate::signal::check_own(cx)?;
    Ok(cx.none())
}

fn killpg(cx: &mut Cx, a: Args<'_>) -> R {
    let (group, signal) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    os::done(cx, quick!(libc::killpg(group, signal)))?;
    crate::signal::check_own(cx)?;
    Ok(cx.none())
}

fn wait_for(cx: &mut Cx, pid: i32, options: i32) -> R {
    let mut status = 0;
    let result = syscall!(cx, libc::waitpid(pid, &mut status, options));
    let pid = os::number(cx, result)?;
    Ok(cx.tuple(vec![cx.int(pid), cx.int(status as i64)]))
}

fn waitpid(cx: &mut Cx, a: Args<'_>) -> R {
    let (pid, options) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    wait_for(cx, pid, options)
}

/// Process id, status and what the child has used.
fn wait_with_usage(cx: &mut Cx, pid: i32, options: i32) -> R {
    let mut status = 0;
    // SAFETY: plain numbers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let result = syscall!(cx, libc::wait4(pid, &mut status, options, &mut usage));
    let pid = os::number(cx, result)?;
    let usage = crate::resource::usage_record(cx, &usage)?;
    Ok(cx.tuple(vec![cx.int(pid), cx.int(status as i64), usage]))
}

fn wait3(cx: &mut Cx, a: Args<'_>) -> R {
    let options = os::c_int(cx, a.get(0))?;
    wait_with_usage(cx, -1, options)
}

fn wait4(cx: &mut Cx, a: Args<'_>) -> R {
    let (pid, options) = (os::c_int(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    wait_with_usage(cx, pid, options)
}

fn waitid(cx: &mut Cx, a: Args<'_>) -> R {
    let kind = os::c_int(cx, a.get(0))?;
    let id = cx.to_i64(a.get(1))?;
    let options = os::c_int(cx, a.get(2))?;
    // SAFETY: plain numbers.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let result = syscall!(cx, libc::waitid(kind as libc::idtype_t, id as libc::id_t, &mut info, options));
    os::done(cx, result)?;
    // SAFETY: filled in for a child, or all zero.
    let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
    if pid == 0 {
        return Ok(cx.none());
    }
    let numbers = [pid as i64, uid as i64, info.si_signo as i64, status as i64, info.si_code as i64];
    let values = numbers.iter().map(|&n| cx.int(n)).collect();
    let class = class_of(cx, &WAITID_RESULT);
    record_of(cx, &class, values)
}

fn waitstatus_to_exitcode(cx: &mut Cx, a: Args<'_>) -> R {
    let status = os::c_int(cx, a.get(0))?;
    let code = match status {
        s if libc::WIFEXITED(s) => libc::WEXITSTATUS(s),
        s if libc::WIFSIGNALED(s) => -libc::WTERMSIG(s),
        s if libc::WIFSTOPPED(s) => {
            let signal = libc::WSTOPSIG(s);
            return Err(cx.value_error(format!("process stopped by delivery of signal {signal}")));
        }
        _ => return Err(cx.value_error(format!("invalid wait status: {status}"))),
    };
    Ok(cx.int(code as i64))
}

fn ask(cx: &mut Cx, a: Args<'_>, f: fn(i32) -> bool) -> R {
    let status = os::c_int(cx, a.get(0))?;
    Ok(cx.bool(f(status)))
}

fn tell(cx: &mut Cx, a: Args<'_>, f: fn(i32) -> i32) -> R {
    let status = os::c_int(cx, a.get(0))?;
    Ok(cx.int(f(status) as i64))
}

fn pidfd_open(cx: &mut Cx, a: Args<'_>) -> R {
    let pid = ids::pid_arg(cx, a.get(0))?;
    let flags = os::c_int_or(cx, a.opt(1), 0)?;
    os::int_result(cx, quick!(libc::syscall(libc::SYS_pidfd_open, pid, flags)))
}

fn unshare(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = os::c_int(cx, a.get(0))?;
    let result = syscall!(cx, libc::unshare(flags));
    os::done(cx, result)
}

fn setns(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let kind = os::c_int_or(cx, a.opt(1), 0)?;
    let result = syscall!(cx, libc::setns(fd, kind));
    os::done(cx, result)
}
