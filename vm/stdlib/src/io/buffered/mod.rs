//! `BufferedReader`, `BufferedWriter` and `BufferedRandom`: one layout, three classes.
//!
//! - `mod.rs`: the layout, its lock, opening and closing; `raw.rs`: calls of the raw stream below; `read.rs`, `write.rs`: the two
//!   directions; `place.rs`: positions; `methods.rs`: the classes; `pair.rs`: `BufferedRWPair`
//!
//! Bytes read ahead and bytes not written yet are in two buffers, of which at most one holds anything. They are
//! guarded by the stream's lock, which is held while the raw stream is called; a thread that comes back while it
//! holds the lock (from a signal handler, or from a raw stream written in Python) gets a `RuntimeError`.

mod methods;
mod pair;
mod place;
mod raw;
mod read;
mod write;

pub use methods::make;
pub use pair::make_pair;

use super::lock::{Held, IoLock, NotTaken};
use super::{DEFAULT_BUFFER_SIZE, base, classes, file};
use std::cell::UnsafeCell;
use ungil_locks::primitive::{AtomicBool, AtomicU8, Ordering::Relaxed};
use ungil_runtime::prelude::*;

/// Which class a stream is of, or derives from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Reader,
    Writer,
    Random,
}

impl Kind {
    fn reads(self) -> bool {
        self != Kind::Writer
    }

    fn writes(self) -> bool {
        self != Kind::Reader
    }
}

/// Values of [`PyBuffered::stage`].
mod stage {
    /// `__init__` has not come to its end.
    pub const RAW: u8 = 0;
    pub const READY: u8 = 1;
    pub const DETACHED: u8 = 2;
}

/// A buffered stream.
// ORD: accesses to the atomics are relaxed: each is a word of its own, and `lock` orders what belongs together.
#[repr(C)]
pub struct PyBuffered {
    pub h: Header,
    raw: Slot,
    kind: Kind,
    /// Whether the class is one of the three themselves.
    exact: bool,
    stage: AtomicU8,
    finalizing: AtomicBool,
    /// `close()` has come to its end.
    closed: AtomicBool,
    lock: IoLock,
    buffers: UnsafeCell<Buffers>,
}

/// What the lock guards.
#[derive(Default)]
struct Buffers {
    /// Bytes that a buffer holds.
    size: usize,
    /// Bytes read; those from `pos` to `end` have not been given out.
    ahead: Vec<u8>,
    pos: usize,
    end: usize,
    /// Bytes not written yet.
    pending: Vec<u8>,
    /// Where the raw stream is, if that is known.
    at: Option<i64>,
}

impl Buffers {
    /// How far the raw stream is in front of where the program is.
    fn raw_lead(&self) -> i64 {
        (self.end - self.pos) as i64 - self.pending.len() as i64
    }

    fn forget_ahead(&mut self) {
        (self.pos, self.end) = (0, 0);
    }

    /// Bytes read ahead and not given out.
    fn rest(&self) -> &[u8] {
        &self.ahead[self.pos..self.end]
    }

    /// Gives out at most `n` of the bytes read ahead.
    fn take(&mut self, n: usize) -> &[u8] {
        let from = self.pos;
        self.pos += n.min(self.end - from);
        &self.ahead[from..self.pos]
    }
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a buffered stream that nobody changes meanwhile.
    let raw = unsafe { &(*h.cast::<PyBuffered>()).raw };
    if !raw.is_empty() {
        visit(raw.peek());
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the object is this thread's alone, and is never used again: the collector, which may clear before it
    // frees, finds an empty slot, and buffers and a lock that own no memory.
    unsafe {
        let this = &mut *h.cast::<PyBuffered>();
        this.raw.clear(m);
        drop(std::mem::take(this.buffers.get_mut()));
        drop(std::mem::take(&mut this.lock));
    }
}

unsafe fn needs_finalizer(h: *mut Header) -> bool {
    // SAFETY: the object is a buffered stream, and the thread has a context.
    unsafe {
        let this = &*h.cast::<PyBuffered>();
        ungil_runtime::finalize::has_del(h) && !(this.exact && this.closed.load(Relaxed))
    }
}

static BUFFERED_OPS: TypeOps = TypeOps {
    name: "Buffered",
    size: |_| size_of::<PyBuffered>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyBuffered {
    const OPS: &'static TypeOps = &BUFFERED_OPS;
}

impl PyBuffered {
    fn new(h: Header, kind: Kind, exact: bool) -> PyBuffered {
        PyBuffered {
            h,
            raw: Slot::empty(),
            kind,
            exact,
            stage: AtomicU8::new(stage::RAW),
            finalizing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            lock: IoLock::default(),
            buffers: UnsafeCell::default(),
        }
    }

    /// Takes the lock.
    fn lock(&self, cx: &mut Cx) -> R<Held<'_>> {
        match self.lock.take(cx) {
            Ok(held) => Ok(held),
            Err(NotTaken::Finalizing) => Err(super::lock::at_exit(cx)),
            Err(NotTaken::Reentered) => {
                let shown = cx.repr_string(ref_of(self))?;
                Err(cx.runtime_error(format!("reentrant call inside {shown}")))
            }
        }
    }

    /// Runs `f` with the buffers; it must not run Python.
    fn buffers<T>(&self, _held: &Held<'_>, f: impl FnOnce(&mut Buffers) -> T) -> T {
        // SAFETY: the lock is held, so no other thread is here, and `f` cannot come here again.
        f(unsafe { &mut *self.buffers.get() })
    }

    /// The raw stream.
    fn raw(&self, cx: &mut Cx) -> R {
        let stage = self.stage.load(Relaxed);
        if stage == stage::READY
            && let Some(raw) = self.raw.get(&self.h, cx)
        {
            return Ok(raw);
        }
        Err(cx.value_error(match stage {
            stage::DETACHED => "raw stream has been detached",
            _ => "I/O operation on uninitialized object",
        }))
    }

    /// Takes the lock of a stream that is set up; the raw stream stays what it is meanwhile.
    #[inline]
    fn enter(&self, cx: &mut Cx) -> R<(Held<'_>, Ref<'_>)> {
        if self.stage.load(Relaxed) == stage::READY {
            let held = self.lock(cx)?;
            if self.stage.load(Relaxed) == stage::READY {
                // SAFETY: the slot is filled, and changes only under the lock, which nobody else gets now.
                return Ok((held, unsafe { Ref::from_value(self.raw.peek()) }));
            }
        }
        Err(self.raw(cx).err().unwrap_or_else(|| cx.value_error("raw stream has been detached")))
    }

    /// Whether the raw stream is closed.
    fn raw_is_closed(&self, cx: &mut Cx, raw: Ref<'_>) -> R<bool> {
        match file::exact(cx, raw) {
            Some(file) => Ok(file.is_closed()),
            None => super::is_closed(cx, raw),
        }
    }

    /// Whether the stream can be read from.
    pub fn reads(&self) -> bool {
        self.kind.reads()
    }

    /// Whether the stream can be written to.
    pub fn writes(&self) -> bool {
        self.kind.writes()
    }

    /// `ValueError` if the stream is closed and nothing is left to be read.
    #[inline]
    fn check_open(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>, what: &str) -> R<()> {
        let (usable, left) = self.buffers(held, |b| (b.size > 0, b.end > b.pos));
        if left || (usable && !self.raw_is_closed(cx, raw)?) {
            return Ok(());
        }
        Err(cx.value_error(what))
    }
}

/// Sets a stream up on `raw`: what `__init__` does.
fn set_up(cx: &mut Cx, this: &PyBuffered, raw: Ref<'_>, size: isize) -> R<()> {
    this.stage.store(stage::RAW, Relaxed);
    if this.kind == Kind::Random {
        base::check_seekable(cx, raw)?;
    }
    if this.kind.reads() {
        base::check_readable(cx, raw)?;
    }
    if this.kind.writes() {
        base::check_writable(cx, raw)?;
    }
    if size <= 0 {
        return Err(cx.value_error("buffer size must be strictly positive"));
    }
    let held = this.lock(cx)?;
    let old =
        this.buffers(&held, |b| std::mem::replace(b, Buffers { size: size as usize, ..Buffers::default() }));
    drop(old);
    this.raw.set(&this.h, cx, raw.own(cx));
    this.closed.store(false, Relaxed);
    this.stage.store(stage::READY, Relaxed);
    // A stream that cannot say where it is may still be read and written.
    let _ = this.raw_tell(cx, &held, raw);
    Ok(())
}

/// A new stream of an exact class.
pub fn create(cx: &mut Cx, kind: Kind, raw: Ref<'_>, size: usize) -> R {
    let class = match kind {
        Kind::Reader => classes().reader,
        Kind::Writer => classes().writer,
        Kind::Random => classes().random,
    };
    let made = cx.alloc_for(class, |h| PyBuffered::new(h, kind, true))?;
    // SAFETY: just made.
    set_up(cx, unsafe { made.cast_unchecked() }, raw, size.min(isize::MAX as usize) as isize)?;
    Ok(made)
}

/// The payload of a stream of exactly one of the three classes.
#[inline]
pub fn exact<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a PyBuffered> {
    v.downcast::<PyBuffered>(cx).filter(|this| this.exact)
}

/// The size of a buffer on a raw stream that says what it prefers.
pub fn buffer_size(cx: &mut Cx, raw: Ref<'_>) -> R<usize> {
    const MAX: i64 = 8 << 20;
    let preferred = match file::exact(cx, raw) {
        Some(file) => file.block_size(),
        None => {
            let n = cx.get_attr_str(raw, "_blksize")?;
            cx.to_i64(n.r())?
        }
    };
    Ok(preferred.clamp(0, MAX).max(DEFAULT_BUFFER_SIZE as i64) as usize)
}

/// `close()`.
fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBuffered>();
    let raw = this.raw(cx)?;
    {
        let _held = this.lock(cx)?;
        if this.raw_is_closed(cx, raw.r())? {
            this.closed.store(true, Relaxed);
            return Ok(cx.none());
        }
        if this.finalizing.load(Relaxed) && dealloc_warn(cx, this, a.get(0)).is_err() {
            // As in CPython: the warning is lost, the stream is closed.
        }
    }
    let flushed = match exact(cx, a.get(0)) {
        Some(_) => methods::flush(cx, a),
        None => cx.call_method(a.get(0), "flush", &[]),
    };
    let held = this.lock(cx)?;
    let closed = cx.call_method(raw.r(), "close", &[]);
    this.buffers(&held, |b| {
        b.forget_ahead();
        b.ahead = Vec::new();
        b.pending = Vec::new();
        b.size = 0;
    });
    this.closed.store(closed.is_ok(), Relaxed);
    super::both(cx, flushed.map(drop), closed)
}

/// Tells the raw stream that `source`, which stands on it, was never closed.
fn dealloc_warn(cx: &mut Cx, this: &PyBuffered, source: Ref<'_>) -> R<()> {
    let raw = this.raw(cx)?;
    match file::exact(cx, raw.r()) {
        Some(file) => file.warn_unclosed(cx, source),
        None => cx.call_method(raw.r(), "_dealloc_warn", &[source]).map(drop),
    }
}

/// `_dealloc_warn(source)`; streams that know nothing of it are left alone.
pub fn warn_unclosed(cx: &mut Cx, this: &PyBuffered, source: Ref<'_>) {
    let _ = dealloc_warn(cx, this, source);
}

/// Whether an object is a stream with a buffer for writing that was set up.
pub fn is_writer(cx: &Cx, v: Ref<'_>) -> bool {
    v.downcast::<PyBuffered>(cx).is_some_and(|this| this.writes() && this.stage.load(Relaxed) == stage::READY)
}
