//! `_posixsubprocess.fork_exec()`: a new process that runs another program.
//!
//! Everything the child needs is made before. Without `preexec_fn` and changes of user or group the child shares the memory of
//! this process until it runs its program (`vfork`), on a stack of its own and with all signals blocked, and makes
//! only system calls. Else the process is forked; for `preexec_fn` with the world stopped, since the child runs Python.

use crate::os;
use crate::posix::Table;
use crate::posix::process::{self, Texts};
use std::ffi::CString;
use ungil_runtime::objects::module::add_functions;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

const FUNCTIONS: Table = &[(
    "fork_exec",
    "($module, args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read, errpipe_write, restore_signals, call_setsid, pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn, /)",
    Full(fork_exec),
)];

/// Stack of a child that shares memory.
const STACK: usize = 128 << 10;

/// Everything that the child does, without Python objects.
struct Plan {
    programs: Vec<CString>,
    arguments: Texts,
    environment: Option<Texts>,
    close_fds: bool,
    keep: Vec<i32>,
    cwd: Option<CString>,
    p2cread: i32,
    p2cwrite: i32,
    c2pread: i32,
    c2pwrite: i32,
    errread: i32,
    errwrite: i32,
    errpipe_write: i32,
    restore_signals: bool,
    setsid: bool,
    pgid: i32,
    gid: Option<u32>,
    groups: Option<Vec<u32>>,
    uid: Option<u32>,
    umask: i32,
    /// The mask to restore before the program runs.
    mask: Option<libc::sigset_t>,
}

/// What has gone wrong: the error number, and how far the child had come.
struct Failure(i32, &'static str);

const BEFORE_EXEC: &str = "noexec";

fn check(result: i32) -> Result<(), Failure> {
    if result == -1 { Err(Failure(os::errno(), BEFORE_EXEC)) } else { Ok(()) }
}

impl Plan {
    /// Makes a file descriptor survive into the program.
    unsafe fn keep_open(fd: i32) -> Result<(), Failure> {
        // SAFETY: numbers.
        unsafe {
            let flags = libc::fcntl(fd, libc::F_GETFD);
            check(flags)?;
            check(libc::fcntl(fd, libc::F_SETFD, flags & !libc::FD_CLOEXEC))
        }
    }

    /// Puts a pipe's end in the place of a standard stream.
    unsafe fn place(from: i32, to: i32) -> Result<(), Failure> {
        // SAFETY: numbers.
        unsafe {
            match from {
                -1 => Ok(()),
                fd if fd == to => Plan::keep_open(fd),
                fd => check(libc::dup2(fd, to)),
            }
        }
    }

    /// Standard streams, directory, ids: what comes before `preexec_fn`. Only system calls.
    ///
    /// # Safety
    /// This is the child.
    unsafe fn prepare(&self) -> Result<(), Failure> {
        // SAFETY: numbers and C texts.
        unsafe {
            for &fd in self.keep.iter().filter(|&&fd| fd != self.errpipe_write) {
                Plan::keep_open(fd)?;
            }
            for fd in [self.p2cwrite, self.c2pread, self.errread].into_iter().filter(|&fd| fd != -1) {
                check(libc::close(fd))?;
            }
            let (mut out, mut err) = (self.c2pwrite, self.errwrite);
            // A standard place that the other streams will take must not be lost.
            if out == 0 {
                out = libc::dup(out);
                check(out)?;
            }
            while err == 0 || err == 1 {
                err = libc::dup(err);
                check(err)?;
            }
            Plan::place(self.p2cread, 0)?;
            Plan::place(out, 1)?;
            Plan::place(err, 2)?;
            if let Some(cwd) = &self.cwd
                && libc::chdir(cwd.as_ptr()) == -1
            {
                return Err(Failure(os::errno(), "noexec:chdir"));
            }
            if self.umask >= 0 {
                libc::umask(self.umask as libc::mode_t);
            }
            if self.restore_signals {
                for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
            if let Some(mask) = &self.mask {
                forget_handlers();
                libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut());
            }
            if self.setsid {
                check(libc::setsid())?;
            }
            if self.pgid >= 0 {
                check(libc::setpgid(0, self.pgid as libc::pid_t))?;
            }
            if let Some(groups) = &self.groups {
                check(libc::setgroups(groups.len(), groups.as_ptr()))?;
            }
            if let Some(gid) = self.gid {
                check(libc::setregid(gid, gid))?;
            }
            if let Some(uid) = self.uid {
                check(libc::setreuid(uid, uid))?;
            }
            Ok(())
        }
    }

    /// Closes what the program must not have, and runs it. Returns only if that fails.
    ///
    /// # Safety
    /// This is the child.
    unsafe fn execute(&self) -> Failure {
        if self.close_fds {
            let mut from = 3;
            for &fd in self.keep.iter().filter(|&&fd| fd >= 3) {
                close_range(from, fd - 1);
                from = fd + 1;
            }
            close_range(from, i32::MAX);
        }
        let argv = self.arguments.pointers.as_ptr().cast();
        let mut first = 0;
        for program in &self.programs {
            // SAFETY: C texts and pointer arrays that end with null.
            unsafe {
                match &self.environment {
                    Some(env) => libc::execve(program.as_ptr(), argv, env.pointers.as_ptr().cast()),
                    None => libc::execv(program.as_ptr(), argv),
                };
            }
            let number = os::errno();
            if number != libc::ENOENT && number != libc::ENOTDIR && first == 0 {
                first = number;
            }
        }
        Failure(if first != 0 { first } else { os::errno() }, "")
    }

    /// Tells the parent what has gone wrong, in a form that `subprocess` reads. Only system calls.
    fn report(&self, failure: &Failure) {
        let write = |text: &[u8]| {
            // SAFETY: bytes that live through the call.
            unsafe { libc::write(self.errpipe_write, text.as_ptr().cast(), text.len()) };
        };
        if failure.0 == 0 {
            write(b"SubprocessError:0:");
        } else {
            write(b"OSError:");
            let mut digits = [0u8; 8];
            let (mut n, mut at) = (failure.0 as u32, digits.len());
            while n != 0 && at > 0 {
                at -= 1;
                digits[at] = b"0123456789abcdef"[(n % 16) as usize];
                n /= 16;
            }
            write(&digits[at..]);
            write(b":");
        }
        write(failure.1.as_bytes());
    }

    /// Everything, for a child without Python.
    unsafe fn run(&self) -> ! {
        // SAFETY: this is the child.
        let failure = unsafe {
            match self.prepare() {
                Ok(()) => self.execute(),
                Err(failure) => failure,
            }
        };
        self.report(&failure);
        // SAFETY: ends the child.
        unsafe { libc::_exit(255) }
    }
}

/// Signals of the child run no handler of this process.
unsafe fn forget_handlers() {
    for signal in 1..65 {
        // SAFETY: asks, and sets the default; numbers that do not exist are refused.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(signal, std::ptr::null(), &mut action) == 0
                && action.sa_sigaction != libc::SIG_DFL
                && action.sa_sigaction != libc::SIG_IGN
            {
                action.sa_sigaction = libc::SIG_DFL;
                action.sa_flags = 0;
                libc::sigaction(signal, &action, std::ptr::null_mut());
            }
        }
    }
}

/// Closes the file descriptors of a range, both ends included. Only system calls.
fn close_range(low: i32, high: i32) {
    if high < low {
        return;
    }
    // SAFETY: numbers.
    unsafe {
        if libc::syscall(libc::SYS_close_range, low as u32, high as u32, 0) == 0 {
            return;
        }
        let most = libc::sysconf(libc::_SC_OPEN_MAX).clamp(0, 1 << 20) as i32;
        for fd in low..=high.min(most) {
            libc::close(fd);
        }
    }
}

extern "C" fn child_main(plan: *mut libc::c_void) -> libc::c_int {
    // SAFETY: the parent waits until the child has left its memory, so the plan is alive.
    unsafe { (*plan.cast::<Plan>()).run() }
}

/// Starts a child that shares this process's memory until it runs its program.
fn start_sharing(plan: &mut Plan) -> Result<i32, i32> {
    let mut stack = vec![0u128; STACK / 16];
    // SAFETY: all signals are blocked meanwhile, so no handler runs in the child; it has its own stack, and this thread
    // waits until it has left.
    unsafe {
        let mut all = std::mem::zeroed();
        let mut old = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &all, &mut old);
        plan.mask = Some(old);
        let top = stack.as_mut_ptr().add(stack.len()).cast();
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let pid = libc::clone(child_main, top, flags, (&raw mut *plan).cast());
        let number = os::errno();
        libc::pthread_sigmask(libc::SIG_SETMASK, &old, std::ptr::null_mut());
        if pid < 0 { Err(number) } else { Ok(pid) }
    }
}

/// Starts a child that runs `preexec_fn`.
fn start_with_python(cx: &mut Cx, plan: &Plan, function: Ref<'_>) -> Result<i32, i32> {
    process::before_fork(cx);
    // SAFETY: the world is stopped.
    let result = process::fork_stopped(cx, || unsafe { libc::fork() });
    if let Ok(0) = result {
        // SAFETY: this is the child.
        let prepared = unsafe { plan.prepare() };
        let failure = match prepared {
            Ok(()) => {
                process::after_fork(cx, 0);
                match cx.call(function, &[]) {
                    // SAFETY: as above.
                    Ok(_) => unsafe { plan.execute() },
                    Err(_) => Failure(0, "Exception occurred in preexec_fn."),
                }
            }
            Err(failure) => failure,
        };
        plan.report(&failure);
        // SAFETY: ends the child.
        unsafe { libc::_exit(255) };
    }
    process::after_fork(cx, *result.as_ref().unwrap_or(&-1));
    result
}

/// A tuple of file descriptors in rising order.
fn fds_arg(cx: &mut Cx, v: Ref<'_>) -> R<Vec<i32>> {
    let items = v.downcast::<PyTuple>(cx).map(|t| t.snapshot(cx)).unwrap_or_default();
    let mut fds: Vec<i32> = Vec::with_capacity(items.len());
    for item in &items {
        let fd = if cx.is_instance_of(item.r(), Builtin::Int) { os::c_int(cx, item.r()).ok() } else { None };
        match fd.filter(|&fd| fd >= 0 && fds.last().is_none_or(|&last| last < fd)) {
            Some(fd) => fds.push(fd),
            None => return Err(cx.value_error("bad value(s) in fds_to_keep")),
        }
    }
    Ok(fds)
}

/// A sequence of texts; `None` for `None`.
fn texts_arg(cx: &mut Cx, v: Ref<'_>) -> R<Option<Vec<CString>>> {
    if v.value().is_none() {
        return Ok(None);
    }
    let mut texts = Vec::new();
    for item in cx.collect(v)? {
        texts.push(os::fs_text(cx, item.r())?);
    }
    Ok(Some(texts))
}

fn id_or_none(cx: &mut Cx, v: Ref<'_>, what: &str) -> R<Option<u32>> {
    if v.value().is_none() { Ok(None) } else { os::user_or_group(cx, v, what).map(Some) }
}

fn groups_arg(cx: &mut Cx, v: Ref<'_>) -> R<Option<Vec<u32>>> {
    if v.value().is_none() {
        return Ok(None);
    }
    let mut groups = Vec::new();
    for item in cx.collect(v)? {
        if !cx.is_instance_of(item.r(), Builtin::Int) {
            return Err(cx.type_error("groups must be integers"));
        }
        match os::user_or_group(cx, item.r(), "gid") {
            Ok(id) => groups.push(id),
            Err(_) => return Err(cx.value_error("invalid group id")),
        }
    }
    Ok(Some(groups))
}

fn plan_of(cx: &mut Cx, a: Args<'_>) -> R<Plan> {
    let close_fds = cx.truth(a.get(2))?;
    let keep = fds_arg(cx, a.get(3))?;
    let fd = |cx: &mut Cx, i: usize| os::c_int(cx, a.get(i));
    let errpipe_write = fd(cx, 13)?;
    if close_fds && errpipe_write < 3 {
        return Err(cx.value_error("errpipe_write must be >= 3"));
    }
    let cwd = if a.get(4).value().is_none() { None } else { Some(os::fs_text(cx, a.get(4))?) };
    Ok(Plan {
        arguments: Texts::new(texts_arg(cx, a.get(0))?.unwrap_or_default()),
        programs: texts_arg(cx, a.get(1))?.unwrap_or_default(),
        environment: texts_arg(cx, a.get(5))?.map(Texts::new),
        close_fds,
        keep,
        cwd,
        p2cread: fd(cx, 6)?,
        p2cwrite: fd(cx, 7)?,
        c2pread: fd(cx, 8)?,
        c2pwrite: fd(cx, 9)?,
        errread: fd(cx, 10)?,
        errwrite: fd(cx, 11)?,
        errpipe_write,
        restore_signals: cx.truth(a.get(14))?,
        setsid: cx.truth(a.get(15))?,
        pgid: os::c_int(cx, a.get(16))?,
        gid: id_or_none(cx, a.get(17), "gid")?,
        groups: groups_arg(cx, a.get(18))?,
        uid: id_or_none(cx, a.get(19), "uid")?,
        umask: os::c_int(cx, a.get(20))?,
        mask: None,
    })
}

fn fork_exec(cx: &mut Cx, a: Args<'_>) -> R {
    let mut plan = plan_of(cx, a)?;
    let function = a.get(21);
    let result = if !function.value().is_none() {
        start_with_python(cx, &plan, function)
    } else if plan.uid.is_some() || plan.gid.is_some() || plan.groups.is_some() {
        // SAFETY: the child makes only system calls.
        cx.detached(|| unsafe {
            match libc::fork() {
                0 => plan.run(),
                -1 => Err(os::errno()),
                pid => Ok(pid),
            }
        })
    } else {
        cx.detached(|| start_sharing(&mut plan))
    };
    match result {
        Ok(pid) => Ok(cx.int(pid as i64)),
        Err(number) => Err(os::error(cx, number)),
    }
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    Ok(())
}
