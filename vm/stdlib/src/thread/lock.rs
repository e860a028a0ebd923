//! `_thread.lock`: a lock that any thread may release.

use super::{acquire, acquire_args};
use std::sync::OnceLock;
use ungil_locks::RawLock;
use ungil_runtime::prelude::*;

/// A lock; its state is the raw lock's own.
#[repr(C)]
pub struct PyLock {
    h: Header,
    raw: RawLock,
}

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: called once, with a lock that nobody reaches any more: nobody waits for it.
    unsafe { std::ptr::drop_in_place(&raw mut (*h.cast::<PyLock>()).raw) };
}

static LOCK_OPS: TypeOps = TypeOps {
    name: "lock",
    size: |_| size_of::<PyLock>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyLock {
    const OPS: &'static TypeOps = &LOCK_OPS;
}

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// `allocate_lock()`.
pub(super) fn allocate(cx: &mut Cx, _: Args<'_>) -> R {
    match CLASS.get() {
        Some(class) => new(cx, class),
        None => Err(cx.error(Builtin::SystemError, "_thread is not initialised")),
    }
}

fn new(cx: &mut Cx, class: &PyType) -> R {
    cx.alloc_for(class, |h| PyLock { h, raw: RawLock::new() })
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let given = a.varargs(cx, 1).len();
    if given > 0 {
        return Err(cx.type_error(format!("lock expected 0 arguments, got {given}")));
    }
    if a.varkw(cx, 2).is_some_and(|kw| !kw.is_empty()) {
        return Err(cx.type_error("lock() takes no keyword arguments"));
    }
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the caller of `__new__`");
    new(cx, class)
}

fn lock_acquire(cx: &mut Cx, a: Args<'_>) -> R {
    let wait = acquire_args(cx, a.opt(1), a.opt(2))?;
    let taken = acquire(cx, &a.this::<PyLock>().raw, wait)?;
    // A signal that has come meanwhile is handled where the call is, and not only in what is called next.
    cx.poll()?;
    Ok(cx.bool(taken))
}

fn enter(cx: &mut Cx, a: Args<'_>) -> R {
    acquire(cx, &a.this::<PyLock>().raw, None)?;
    Ok(cx.bool(true))
}

fn release(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyLock>().raw.release() {
        true => Ok(cx.none()),
        false => Err(cx.error(Builtin::RuntimeError, "release unlocked lock")),
    }
}

fn locked(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(a.this::<PyLock>().raw.locked()))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let state = if a.this::<PyLock>().raw.locked() { "locked" } else { "unlocked" };
    let class = cx.class_of(a.get(0)).tp_name();
    let address = a.get(0).value().ptr() as usize;
    Ok(cx.str(&format!("<{state} {class} object at {address:#x}>")))
}

fn at_fork_reinit(cx: &mut Cx, a: Args<'_>) -> R {
    // SAFETY: called by the library in the child of a fork, where no other thread is left.
    unsafe { a.this::<PyLock>().raw.at_fork_reinit() };
    Ok(cx.none())
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("acquire_lock", "($self, /, blocking=True, timeout=-1)", Full(lock_acquire)),
    ("acquire", "($self, /, blocking=True, timeout=-1)", Full(lock_acquire)),
    ("release_lock", "($self, /)", Full(release)),
    ("release", "($self, /)", Full(release)),
    ("locked_lock", "($self, /)", Leaf(locked)),
    ("locked", "($self, /)", Leaf(locked)),
    ("__enter__", "($self, /)", Full(enter)),
    ("__exit__", "($self, /, *exc_info)", Varied(|cx, a| Some(release(cx, a)), release)),
    ("_at_fork_reinit", "($self, /)", Full(at_fork_reinit)),
];

/// Makes the type.
pub(super) fn init(cx: &mut Cx) -> &'static PyType {
    let size = size_of::<PyLock>();
    let mut t = TypeBuilder::native_type(cx, "_thread.lock", &LOCK_OPS, size, false, class_flag::HAS_WEAKREF);
    t.doc(
        cx,
        "A lock object is a synchronization primitive. Methods are:\n\nacquire() -- lock it, waiting while another \
         thread holds it\nrelease() -- unlock it\nlocked() -- whether it is locked",
    )
    .constructor(cx, "($type, *args, **kwargs)", Full(construct))
    .special(cx, Special::Repr, Full(repr))
    .methods(cx, METHODS);
    CLASS.get_or_init(|| t.class())
}
