//! `_thread.RLock`: a lock that its owner may take again.

use super::{acquire, acquire_args, ident};
use std::time::Duration;
use ungil_locks::RawLock;
use ungil_locks::primitive::{AtomicU64, Ordering};
use ungil_runtime::prelude::*;

/// A recursive lock. `owner` is the ident of the thread that holds `raw`, 0 if none does; `depth` is the owner's.
#[repr(C)]
pub struct PyRLock {
    h: Header,
    raw: RawLock,
    owner: AtomicU64,
    depth: AtomicU64,
}

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: called once, with a lock that nobody reaches any more: nobody waits for it.
    unsafe { std::ptr::drop_in_place(&raw mut (*h.cast::<PyRLock>()).raw) };
}

static RLOCK_OPS: TypeOps = TypeOps {
    name: "RLock",
    size: |_| size_of::<PyRLock>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyRLock {
    const OPS: &'static TypeOps = &RLOCK_OPS;
}

impl PyRLock {
    fn is_mine(&self) -> bool {
        // ORD: relaxed; only this thread writes its own ident here, and it takes it away itself.
        self.owner.load(Ordering::Relaxed) == ident()
    }

    fn depth(&self) -> u64 {
        // ORD: relaxed; the owner's own, or a hint.
        self.depth.load(Ordering::Relaxed)
    }

    /// Notes that the calling thread, which holds the raw lock, owns it `depth` times.
    fn own(&self, depth: u64) {
        // ORD: relaxed; `raw` orders from one owner to the next.
        self.depth.store(depth, Ordering::Relaxed);
        self.owner.store(ident(), Ordering::Relaxed);
    }

    /// Gives the lock up, whatever its depth.
    fn disown(&self) {
        // ORD: relaxed; as in `own`.
        self.depth.store(0, Ordering::Relaxed);
        self.owner.store(0, Ordering::Relaxed);
        self.raw.release();
    }
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the caller of `__new__`");
    cx.alloc_for(class, |h| PyRLock {
        h,
        raw: RawLock::new(),
        owner: AtomicU64::new(0),
        depth: AtomicU64::new(0),
    })
}

fn take(cx: &mut Cx, lock: &PyRLock, wait: Option<Duration>) -> R<bool> {
    if lock.is_mine() {
        // ORD: relaxed; the owner's own.
        lock.depth.store(lock.depth() + 1, Ordering::Relaxed);
        return Ok(true);
    }
    let taken = acquire(cx, &lock.raw, wait)?;
    if taken {
        lock.own(1);
    }
    Ok(taken)
}

fn rlock_acquire(cx: &mut Cx, a: Args<'_>) -> R {
    let wait = acquire_args(cx, a.opt(1), a.opt(2))?;
    let taken = take(cx, a.this::<PyRLock>(), wait)?;
    Ok(cx.bool(taken))
}

fn enter(cx: &mut Cx, a: Args<'_>) -> R {
    take(cx, a.this::<PyRLock>(), None)?;
    Ok(cx.bool(true))
}

fn not_owned(cx: &mut Cx) -> Err {
    cx.error(Builtin::RuntimeError, "cannot release un-acquired lock")
}

fn release(cx: &mut Cx, a: Args<'_>) -> R {
    let lock = a.this::<PyRLock>();
    if !lock.is_mine() {
        return Err(not_owned(cx));
    }
    match lock.depth() {
        0 | 1 => lock.disown(),
        // ORD: relaxed; the owner's own.
        n => lock.depth.store(n - 1, Ordering::Relaxed),
    }
    Ok(cx.none())
}

fn release_save(cx: &mut Cx, a: Args<'_>) -> R {
    let lock = a.this::<PyRLock>();
    if !lock.is_mine() {
        return Err(not_owned(cx));
    }
    let state = vec![cx.int(lock.depth() as i64), cx.int(ident() as i64)];
    lock.disown();
    Ok(cx.tuple(state))
}

fn acquire_restore(cx: &mut Cx, a: Args<'_>) -> R {
    let state = cx.collect(a.get(1))?;
    let [depth, _owner] = &state[..] else {
        let n = state.len();
        return Err(
            cx.type_error(format!("_acquire_restore() argument 1 must be tuple of length 2, not {n}"))
        );
    };
    let depth = cx.to_i64(depth.r())?.max(1) as u64;
    let lock = a.this::<PyRLock>();
    acquire(cx, &lock.raw, None)?;
    lock.own(depth);
    Ok(cx.none())
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let lock = a.this::<PyRLock>();
    // ORD: relaxed; a hint.
    let (owner, depth) = (lock.owner.load(Ordering::Relaxed), lock.depth());
    let state = if depth > 0 { "locked" } else { "unlocked" };
    let class = cx.class_of(a.get(0)).tp_name();
    let address = a.get(0).value().ptr() as usize;
    Ok(cx.str(&format!("<{state} {class} object owner={owner} count={depth} at {address:#x}>")))
}

fn at_fork_reinit(cx: &mut Cx, a: Args<'_>) -> R {
    let lock = a.this::<PyRLock>();
    // SAFETY: called by the library in the child of a fork, where no other thread is left.
    unsafe { lock.raw.at_fork_reinit() };
    // ORD: relaxed; no other thread is left.
    lock.owner.store(0, Ordering::Relaxed);
    lock.depth.store(0, Ordering::Relaxed);
    Ok(cx.none())
}

fn recursion_count(cx: &Cx, a: Args<'_>) -> R {
    let lock = a.this::<PyRLock>();
    Ok(cx.int(if lock.is_mine() { lock.depth() as i64 } else { 0 }))
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("acquire", "($self, /, blocking=True, timeout=-1)", Full(rlock_acquire)),
    ("release", "($self, /)", Full(release)),
    ("locked", "($self, /)", Leaf(|cx, a| Ok(cx.bool(a.this::<PyRLock>().raw.locked())))),
    ("_is_owned", "($self, /)", Leaf(|cx, a| Ok(cx.bool(a.this::<PyRLock>().is_mine())))),
    ("_acquire_restore", "($self, state, /)", Full(acquire_restore)),
    ("_release_save", "($self, /)", Full(release_save)),
    ("_recursion_count", "($self, /)", Leaf(recursion_count)),
    ("__enter__", "($self, /)", Full(enter)),
    ("__exit__", "($self, /, *exc_info)", Varied(|cx, a| Some(release(cx, a)), release)),
    ("_at_fork_reinit", "($self, /)", Full(at_fork_reinit)),
];

/// Makes the type.
pub(super) fn init(cx: &mut Cx) -> &'static PyType {
    let size = size_of::<PyRLock>();
    let mut t = TypeBuilder::native_type(
        cx,
        "_thread.RLock",
        &RLOCK_OPS,
        size,
        false,
        class_flag::BASETYPE | class_flag::HAS_WEAKREF,
    );
    t.constructor(cx, "($type, *args, **kwargs)", Full(new))
        .special(cx, Special::Repr, Full(repr))
        .methods(cx, METHODS);
    t.class()
}
