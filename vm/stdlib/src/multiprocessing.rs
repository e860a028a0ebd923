//! `_multiprocessing`: `SemLock`, the named POSIX semaphores under the locks of `multiprocessing`; `_posixshmem`: memory that
//! processes share by name.
//!
//! The semaphore itself is the kernel's and shared by processes. What a recursive lock knows beside it (whose it is, how
//! often) are atomics: only the owner changes them while it holds the semaphore. Waiting is done detached.

use crate::os;
use std::ffi::CString;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ungil_locks::primitive::{AtomicI64, AtomicU64, Ordering};
use ungil_runtime::cx::current_ident;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

const RECURSIVE: i64 = 0;
const SEMAPHORE: i64 = 1;

#[repr(C)]
struct PySemLock {
    h: Header,
    handle: *mut libc::sem_t,
    kind: i64,
    max: i64,
    name: Option<Box<str>>,
    /// How often this process has acquired it.
    count: AtomicI64,
    /// The thread that did so last.
    owner: AtomicU64,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PySemLock {
    const OPS: &'static TypeOps = &SEM_LOCK_OPS;
}

static SEM_LOCK_OPS: TypeOps = TypeOps {
    name: "_multiprocessing.SemLock",
    size: |_| size_of::<PySemLock>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: called once, with an object that nobody reaches any more; the handle came from `sem_open`.
    unsafe {
        let this = &mut *h.cast::<PySemLock>();
        if !this.handle.is_null() {
            libc::sem_close(this.handle);
            this.handle = std::ptr::null_mut();
        }
        this.name = None;
    }
}

impl PySemLock {
    fn is_mine(&self) -> bool {
        // ORD: relaxed; a thread asks about what it has written itself.
        self.count.load(Ordering::Relaxed) > 0 && self.owner.load(Ordering::Relaxed) == current_ident()
    }

    fn acquired(&self) {
        // ORD: relaxed; the semaphore orders owners.
        self.count.fetch_add(1, Ordering::Relaxed);
        self.owner.store(current_ident(), Ordering::Relaxed);
    }

    fn value(&self, cx: &mut Cx) -> R<i64> {
        let mut value: libc::c_int = 0;
        // SAFETY: the semaphore is open.
        match os::checked(unsafe { libc::sem_getvalue(self.handle, &mut value) }) {
            Ok(_) => Ok(i64::from(value.max(0))),
            Err(number) => Err(os::error(cx, number)),
        }
    }
}

fn c_name(cx: &mut Cx, v: Ref<'_>) -> R<CString> {
    if v.downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("argument must be str, not {got}")));
    }
    let text = cx.text_of(v);
    CString::new(text).map_err(|_| cx.value_error("embedded null character"))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("expected a type")) };
    let (kind, value, max) = (cx.to_i64(a.get(1))?, cx.to_i64(a.get(2))?, cx.to_i64(a.get(3))?);
    if !matches!(kind, RECURSIVE | SEMAPHORE) {
        return Err(cx.value_error("unrecognized kind"));
    }
    let name = c_name(cx, a.get(4))?;
    let unlink = cx.truth(a.get(5))?;
    let Ok(initial) = u32::try_from(value) else {
        return Err(os::error(cx, libc::EINVAL));
    };
    let flags = libc::O_CREAT | libc::O_EXCL;
    // SAFETY: a C string, and the arguments that these flags ask for.
    let handle = unsafe { libc::sem_open(name.as_ptr(), flags, 0o600 as libc::c_uint, initial) };
    if handle == libc::SEM_FAILED {
        let number = os::errno();
        return Err(os::error(cx, number));
    }
    if unlink {
        // SAFETY: a C string.
        if unsafe { libc::sem_unlink(name.as_ptr()) } < 0 {
            let number = os::errno();
            // SAFETY: opened just now.
            unsafe { libc::sem_close(handle) };
            return Err(os::error(cx, number));
        }
    }
    let name = (!unlink).then(|| name.to_string_lossy().into_owned().into_boxed_str());
    new(cx, class, handle, kind, max, name)
}

fn new(
    cx: &mut Cx,
    class: &PyType,
    handle: *mut libc::sem_t,
    kind: i64,
    max: i64,
    name: Option<Box<str>>,
) -> R {
    let (count, owner) = (AtomicI64::new(0), AtomicU64::new(0));
    cx.alloc_for::<PySemLock>(class, |h| PySemLock { h, handle, kind, max, name, count, owner })
}

/// The same semaphore by its name, in another process.
fn rebuild(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("expected a type")) };
    let (kind, max) = (cx.to_i64(a.get(2))?, cx.to_i64(a.get(3))?);
    let name = c_name(cx, a.get(4))?;
    // SAFETY: a C string.
    let handle = unsafe { libc::sem_open(name.as_ptr(), 0) };
    if handle == libc::SEM_FAILED {
        let number = os::errno();
        return Err(os::error(cx, number));
    }
    let name = name.to_string_lossy().into_owned().into_boxed_str();
    new(cx, class, handle, kind, max, Some(name))
}

/// A moment from now, on the clock that semaphores go by.
fn moment(after: Duration) -> libc::timespec {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let end = now.saturating_add(after);
    let seconds = libc::time_t::try_from(end.as_secs()).unwrap_or(libc::time_t::MAX);
    libc::timespec { tv_sec: seconds, tv_nsec: end.subsec_nanos().into() }
}

fn acquire(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySemLock = a.this();
    let block = a.opt(1).map_or(Ok(true), |v| cx.truth(v))?;
    let wait = match a.opt_not_none(2) {
        Some(seconds) => {
            let seconds = cx.to_f64(seconds)?.max(0.0);
            Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
        }
        None => None,
    };
    if this.kind == RECURSIVE && this.is_mine() {
        // ORD: relaxed; the owner's own count.
        this.count.fetch_add(1, Ordering::Relaxed);
        return Ok(cx.bool(true));
    }
    let handle = this.handle as usize;
    // SAFETY: the semaphore is open as long as the object lives, which the caller holds.
    let tried = unsafe { libc::sem_trywait(this.handle) };
    let mut result = os::checked(tried);
    let end = wait.map(moment);
    while block && matches!(result, Err(libc::EAGAIN | libc::EINTR)) {
        result = cx.detached(|| {
            let handle = handle as *mut libc::sem_t;
            // SAFETY: as above.
            os::checked(unsafe {
                match &end {
                    Some(end) => libc::sem_timedwait(handle, end),
                    None => libc::sem_wait(handle),
                }
            })
        });
        cx.safepoint()?;
    }
    match result {
        Ok(_) => {
            this.acquired();
            Ok(cx.bool(true))
        }
        Err(libc::EAGAIN | libc::ETIMEDOUT) => Ok(cx.bool(false)),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn enter(cx: &mut Cx, a: Args<'_>) -> R {
    let method = cx.str("acquire");
    let method = cx.get_attr(a.get(0), method.r())?;
    cx.call(method.r(), &[])
}

fn release(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySemLock = a.this();
    if this.kind == RECURSIVE {
        if !this.is_mine() {
            let message = "attempt to release recursive lock not owned by thread";
            return Err(cx.error(Builtin::AssertionError, message));
        }
        // ORD: relaxed; the owner's own count.
        if this.count.load(Ordering::Relaxed) > 1 {
            this.count.fetch_sub(1, Ordering::Relaxed);
            return Ok(cx.none());
        }
    } else if this.value(cx)? >= this.max {
        return Err(cx.value_error("semaphore or lock released too many times"));
    }
    // ORD: relaxed; before the release, so that the next owner counts from what it finds.
    this.count.fetch_sub(1, Ordering::Relaxed);
    // SAFETY: the semaphore is open.
    match os::checked(unsafe { libc::sem_post(this.handle) }) {
        Ok(_) => Ok(cx.none()),
        Err(number) => {
            // ORD: as above; nothing was released.
            this.count.fetch_add(1, Ordering::Relaxed);
            Err(os::error(cx, number))
        }
    }
}

fn get_value(cx: &mut Cx, a: Args<'_>) -> R {
    let value = a.this::<PySemLock>().value(cx)?;
    Ok(cx.int(value))
}

fn is_zero(cx: &mut Cx, a: Args<'_>) -> R {
    let value = a.this::<PySemLock>().value(cx)?;
    Ok(cx.bool(value == 0))
}

fn after_fork(cx: &mut Cx, a: Args<'_>) -> R {
    // ORD: relaxed; a forked child has one thread.
    a.this::<PySemLock>().count.store(0, Ordering::Relaxed);
    Ok(cx.none())
}

fn count(cx: &mut Cx, a: Args<'_>) -> R {
    // ORD: relaxed; a snapshot.
    let count = a.this::<PySemLock>().count.load(Ordering::Relaxed);
    Ok(cx.int(count))
}

fn sem_unlink(cx: &mut Cx, a: Args<'_>) -> R {
    let name = c_name(cx, a.get(0))?;
    // SAFETY: a C string.
    let result = os::checked(unsafe { libc::sem_unlink(name.as_ptr()) });
    os::done(cx, result)
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("acquire", "($self, /, block=True, timeout=None)", Full(acquire)),
    ("release", "($self, /)", Full(release)),
    ("_count", "($self, /)", Full(count)),
    ("_is_mine", "($self, /)", Full(|cx, a| Ok(cx.bool(a.this::<PySemLock>().is_mine())))),
    ("_get_value", "($self, /)", Full(get_value)),
    ("_is_zero", "($self, /)", Full(is_zero)),
    ("_after_fork", "($self, /)", Full(after_fork)),
    ("__enter__", "($self, /)", Full(enter)),
    ("__exit__", "($self, exc_type=None, exc_value=None, exc_tb=None, /)", Full(release)),
];

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[("sem_unlink", "($module, name, /)", Full(sem_unlink))];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let class = *CLASS.get_or_init(|| make_class(cx));
    let class = class.as_ref().own(cx);
    add(cx, module, "SemLock", class);
    let flags = PyDict::new(cx);
    for name in ["HAVE_SEM_OPEN", "HAVE_SEM_TIMEDWAIT"] {
        let (key, one) = (cx.str(name), cx.int(1));
        cx.set_item(flags.r(), key.r(), one.r())?;
    }
    add(cx, module, "flags", flags);
    Ok(())
}

/// `_posixshmem.shm_open`: a descriptor of shared memory with a name.
fn shm_open(cx: &mut Cx, a: Args<'_>) -> R {
    let name = c_name(cx, a.get(0))?;
    let flags = os::c_int(cx, a.get(1))? | libc::O_CLOEXEC;
    let mode = os::c_int_or(cx, a.opt(2), 0o777)? as libc::mode_t;
    let opened = os::syscall!(cx, libc::shm_open(name.as_ptr(), flags, mode));
    match opened {
        Ok(fd) => Ok(cx.int(fd)),
        Err(number) => Err(os::error_for(cx, number, a.get(0))),
    }
}

fn shm_unlink(cx: &mut Cx, a: Args<'_>) -> R {
    let name = c_name(cx, a.get(0))?;
    let result = os::syscall!(cx, libc::shm_unlink(name.as_ptr()));
    match result {
        Ok(_) => Ok(cx.none()),
        Err(number) => Err(os::error_for(cx, number, a.get(0))),
    }
}

/// Fills `_posixshmem`.
pub fn init_shared_memory(cx: &mut Cx, module: &Obj) -> R<()> {
    let functions: &[(&str, &str, NativeFn)] = &[
        ("shm_open", "($module, /, path, flags, mode=511)", Full(shm_open)),
        ("shm_unlink", "($module, /, path)", Full(shm_unlink)),
    ];
    add_functions(cx, module, functions);
    Ok(())
}

fn make_class(cx: &mut Cx) -> &'static PyType {
    let size = size_of::<PySemLock>();
    let flags = class_flag::BASETYPE;
    let mut t = TypeBuilder::native_type(cx, "_multiprocessing.SemLock", &SEM_LOCK_OPS, size, false, flags);
    t.doc(cx, "A semaphore or a recursive lock that processes share.");
    t.constructor(cx, "($type, kind, value, maxvalue, name, unlink)", Full(construct));
    t.methods(cx, METHODS);
    t.class_method(cx, "_rebuild", "($type, handle, kind, maxvalue, name, /)", Full(rebuild));
    t.member(cx, "handle", Full(|cx, a| Ok(cx.int_u64(a.this::<PySemLock>().handle as u64))));
    t.member(cx, "kind", Full(|cx, a| Ok(cx.int(a.this::<PySemLock>().kind))));
    t.member(cx, "maxvalue", Full(|cx, a| Ok(cx.int(a.this::<PySemLock>().max))));
    let name = |cx: &mut Cx, a: Args<'_>| {
        Ok(a.this::<PySemLock>().name.as_deref().map_or(cx.none(), |name| cx.str(name)))
    };
    t.member(cx, "name", Full(name));
    let max = cx.int(i64::from(i32::MAX));
    t.attr(cx, "SEM_VALUE_MAX", max);
    t.class()
}
