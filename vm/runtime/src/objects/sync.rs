//! How the fields of containers are guarded: one lock hold, and words that may be looked at without the lock.
//!
//! Used by every container. A closure given to [`locked`] must not run Python, meet a safepoint, or drop objects
//! whose end may take long (LOCK-1): what is to be dropped is handed out and dropped after the unlock.

use crate::{Cx, Header};
use ungil_locks::primitive::{AtomicI64, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Runs `f` with the object's lock held, or at once if the object is exclusively this thread's.
#[inline(always)]
pub fn locked<T>(cx: &Cx, h: &Header, f: impl FnOnce() -> T) -> T {
    // One call of `f`, which is inlined then, not one for each way.
    let exclusive = cx.is_exclusive(h);
    if !exclusive {
        h.lock.lock(&cx.world);
    }
    let result = f();
    if !exclusive {
        h.lock.unlock(&cx.world);
    }
    result
}

/// As [`locked`] for two objects, locked in the order of their addresses; they may be the same.
#[inline]
pub fn locked_both<T>(cx: &Cx, a: &Header, b: &Header, f: impl FnOnce() -> T) -> T {
    if std::ptr::eq(a, b) {
        return locked(cx, a, f);
    }
    let (first, second) = if (a as *const Header) < b { (a, b) } else { (b, a) };
    locked(cx, first, || locked(cx, second, f))
}

/// A field that is written under its object's lock and may be read without it, as a snapshot.
#[repr(transparent)]
pub struct Field<A>(A);

impl<A> Field<A> {
    /// The field as such, for what `gc` does with it.
    #[inline(always)]
    pub fn atomic(&self) -> &A {
        &self.0
    }
}

macro_rules! field {
    ($([$($generic:ident)?] $atomic:ty, $plain:ty;)*) => {$(
        impl$(<$generic>)? Field<$atomic> {
            #[inline(always)]
            pub const fn new(v: $plain) -> Self {
                Field(<$atomic>::new(v))
            }

            #[inline(always)]
            pub fn get(&self) -> $plain {
                // ORD: relaxed; the object's lock orders, or the reader wants no more than a snapshot.
                self.0.load(Ordering::Relaxed)
            }

            #[inline(always)]
            pub fn set(&self, v: $plain) {
                // ORD: release, with the acquire of `gc`'s reads without the lock; the lock orders all others.
                self.0.store(v, Ordering::Release);
            }
        }
    )*};
}

field! {
    [] AtomicU8, u8;
    [] AtomicUsize, usize;
    [] AtomicU32, u32;
    [] AtomicU64, u64;
    [] AtomicI64, i64;
    [T] AtomicPtr<T>, *mut T;
}

impl Field<AtomicUsize> {
    /// Adds `n` as one step for all threads; gives what was there before.
    #[inline(always)]
    pub fn add(&self, n: usize) -> usize {
        // ORD: relaxed; only that every thread gets another number matters.
        self.0.fetch_add(n, Ordering::Relaxed)
    }

    /// Counts down by one as one step for all threads, and gives the new number; `None` at zero.
    #[inline]
    pub fn take_one(&self) -> Option<usize> {
        // ORD: as in `add`.
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).ok().map(|n| n - 1)
    }
}

/// The operations of a kind of object of fixed size whose references are the named slots.
#[macro_export]
macro_rules! slot_ops {
    ($ops:ident, $payload:ty, $name:literal $(, $field:ident)*) => {
        // SAFETY: `repr(C)`, header first; objects with these operations are made with this payload.
        unsafe impl $crate::Object for $payload {
            const OPS: &'static $crate::TypeOps = &$ops;
        }

        pub static $ops: $crate::TypeOps = $crate::TypeOps {
            name: $name,
            size: |_| size_of::<$payload>(),
            trace: Some(|h, visit| {
                // SAFETY: the object has this payload, and nobody changes it meanwhile.
                let _payload = unsafe { &*h.cast::<$payload>() };
                let _ = &visit;
                $(if !_payload.$field.is_empty() {
                    visit(_payload.$field.peek());
                })*
            }),
            drop_fields: Some(|h, m| {
                // SAFETY: the object has this payload and is this thread's alone.
                let _payload = unsafe { &*h.cast::<$payload>() };
                let _ = m;
                $(if let Some(v) = _payload.$field.take_locked() {
                    m.drop_value(v.into_value());
                })*
            }),
            needs_finalizer: $crate::finalize::has_del,
        };
    };
}
pub use crate::slot_ops;
