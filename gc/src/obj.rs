//! The typed API: who counts a reference is said by its type.
//!
//! - [`Obj`] owns a reference; not `Send`; dropping it runs no Python.
//! - [`Ref`] borrows one: `Copy`, uncounted, tied to the lifetime of what keeps the object alive.
//! - [`Root`] is an index into the thread's value stack, for values that natives keep there.
//! - [`Shared`] is a reference that may be handed to another thread: made by publishing, and the only one that is `Send`.

use crate::{Header, Mutator, Value, model};
use std::marker::PhantomData;
use std::num::NonZeroU64;

/// An owned value: an immediate, or one counted reference.
#[repr(transparent)]
pub struct Obj(NonZeroU64, PhantomData<*mut ()>);

impl Obj {
    /// Takes over the reference that `v` stands for.
    ///
    /// # Safety
    /// `v` is an immediate, or the caller owns a reference to it and gives it up.
    #[inline(always)]
    pub unsafe fn from_owned(v: Value) -> Obj {
        // SAFETY: no value is zero: null is not a pointer value, and all other words are tagged.
        Obj(unsafe { NonZeroU64::new_unchecked(v.0) }, PhantomData)
    }

    /// An owned copy of a borrowed value.
    ///
    /// # Safety
    /// The object that `v` refers to, if any, is alive.
    #[inline(always)]
    pub unsafe fn from_borrowed(v: Value, m: &Mutator) -> Obj {
        if v.is_ptr() {
            // SAFETY: as the caller promises.
            unsafe { (*v.ptr()).increment(m) };
        }
        // SAFETY: counted just now.
        unsafe { Obj::from_owned(v) }
    }

    /// An immediate: never counted.
    #[inline(always)]
    pub fn immediate(v: Value) -> Obj {
        assert!(!v.is_ptr());
        // SAFETY: not a reference.
        unsafe { Obj::from_owned(v) }
    }

    /// The word, still owned by `self`.
    #[inline(always)]
    pub fn value(&self) -> Value {
        Value(self.0.get())
    }

    /// Gives the reference up to the caller as a bare word.
    #[inline(always)]
    pub fn into_value(self) -> Value {
        let v = self.value();
        std::mem::forget(self);
        v
    }

    /// A borrowed view.
    #[inline(always)]
    pub fn r(&self) -> Ref<'_> {
        Ref(self.value(), PhantomData)
    }
}

impl Clone for Obj {
    #[inline]
    fn clone(&self) -> Obj {
        let v = self.value();
        // SAFETY: `self` keeps the object alive.
        unsafe {
            if v.is_ptr() && !(*v.ptr()).increment_private() {
                if model::SHARED {
                    (*v.ptr()).increment(Mutator::current());
                } else {
                    count_published(v);
                }
            }
            Obj::from_owned(v)
        }
    }
}

/// Adds a reference to an object that others may know.
///
/// # Safety
/// The object is alive.
#[inline(never)]
unsafe fn count_published(v: Value) {
    // SAFETY: as the caller promises.
    unsafe { (*v.ptr()).increment(Mutator::current()) };
}

impl Drop for Obj {
    #[inline]
    fn drop(&mut self) {
        let v = self.value();
        if !v.is_ptr() {
            return;
        }
        // The thread is looked up only where it must be known, and that in a call: this is in every native many times.
        // SAFETY: `self` owned the reference.
        unsafe {
            match (*v.ptr()).decrement_private() {
                Some(false) => {}
                Some(true) => end(v),
                None if model::SHARED => Mutator::current().drop_ptr(v.ptr()),
                None => drop_published(v),
            }
        }
    }
}

/// Ends an object whose last reference has just been taken away.
///
/// # Safety
/// As for [`Mutator::destroy`].
#[inline(never)]
unsafe fn end(v: Value) {
    // SAFETY: as the caller promises.
    unsafe { Mutator::current().destroy(v.ptr()) };
}

/// Drops a reference to an object that others may know.
///
/// # Safety
/// As for [`Mutator::drop_ptr`].
#[inline(never)]
unsafe fn drop_published(v: Value) {
    // SAFETY: as the caller promises.
    unsafe { Mutator::current().drop_ptr(v.ptr()) };
}

impl std::fmt::Debug for Obj {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value().fmt(f)
    }
}

/// A borrowed value: `Copy`, uncounted, alive for `'t`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Ref<'t>(Value, PhantomData<&'t ()>);

impl<'t> Ref<'t> {
    /// A borrowed view of a word.
    ///
    /// # Safety
    /// What `v` refers to stays alive for `'t`.
    #[inline(always)]
    pub unsafe fn from_value(v: Value) -> Ref<'t> {
        Ref(v, PhantomData)
    }

    /// An immediate.
    #[inline(always)]
    pub fn immediate(v: Value) -> Ref<'t> {
        assert!(!v.is_ptr());
        Ref(v, PhantomData)
    }

    /// The bare word.
    #[inline(always)]
    pub fn value(self) -> Value {
        self.0
    }

    /// The header, if the value is an object on the heap.
    #[inline(always)]
    pub fn header(self) -> Option<&'t Header> {
        // SAFETY: alive for `'t` by construction.
        if self.0.is_ptr() { Some(unsafe { &*self.0.ptr() }) } else { None }
    }

    /// An owned copy.
    #[inline(always)]
    pub fn own(self, m: &Mutator) -> Obj {
        // SAFETY: alive by construction.
        unsafe { Obj::from_borrowed(self.0, m) }
    }

    /// An owned copy as an owned word, where counting takes but a few instructions; else `UNDEF`, and nothing is done.
    #[inline(always)]
    pub fn own_quick(self, m: &Mutator) -> Value {
        match self.header() {
            Some(h) if m.owns_everything() => h.increment_solo(m),
            Some(h) if !h.increment_quick(m) => return Value::UNDEF,
            _ => {}
        }
        self.0
    }

    /// Whether both are the same object.
    #[inline(always)]
    pub fn is(self, other: Ref<'_>) -> bool {
        self.0 == other.0
    }
}

impl std::fmt::Debug for Ref<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An index into the thread's value stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root(pub u32);

/// A reference that may cross to another thread. What it refers to has been published.
pub struct Shared(Value);

// SAFETY: made by publishing, so every thread may touch the object, and the count that it carries is taken over by
// whichever thread turns it back into an `Obj`.
unsafe impl Send for Shared {}

impl Shared {
    /// Publishes the object and wraps the reference.
    pub fn publish(obj: Obj) -> Shared {
        Mutator::current().publish(obj.value());
        Shared(obj.into_value())
    }

    /// Unwraps it on the thread that received it, which must be attached.
    pub fn into_obj(self) -> Obj {
        // SAFETY: the reference was given up to `self` in `publish`.
        unsafe { Obj::from_owned(self.0) }
    }
}
