//! A word that may have been given a function, or a reference that lasts as long as the program: half of what a `OnceLock` takes,
//! in classes, code and natives, which are many and of which most have none. Any thread reads and sets it.

use std::marker::PhantomData;
use std::mem::{size_of, transmute_copy};
use std::ptr;
use ungil_locks::primitive::{AtomicPtr, Ordering};

/// Perhaps a `T`, which is a function or a reference that lasts as long as the program.
pub(crate) struct Hook<T> {
    /// Null if there is none.
    word: AtomicPtr<()>,
    _of: PhantomData<T>,
}

impl<T: Copy + 'static> Hook<T> {
    /// An optional pointer is a word, null if there is none.
    const IS_POINTER: () = assert!(
        size_of::<T>() == size_of::<*mut ()>() && size_of::<Option<T>>() == size_of::<*mut ()>(),
        "a hook is a function or a reference",
    );

    #[inline(always)]
    pub fn get(&self) -> Option<T> {
        const { Self::IS_POINTER }
        // ORD: acquire; who follows a reference sees what it refers to, see `set`.
        let word = self.word.load(Ordering::Acquire);
        // SAFETY: null, or a `T` that `set` was given; optional pointers are null if there is none.
        unsafe { transmute_copy::<*mut (), Option<T>>(&word) }
    }

    pub fn set(&self, hook: T) {
        const { Self::IS_POINTER }
        // SAFETY: as large, and a pointer.
        let word = unsafe { transmute_copy::<T, *mut ()>(&hook) };
        // ORD: release; see `get`.
        self.word.store(word, Ordering::Release);
    }
}

impl<T: 'static> Hook<&'static T> {
    /// Gives it a value that lasts from now on, unless it has one already; the one that it has.
    pub fn keep_first(&self, new: Box<T>) -> &'static T {
        let new = Box::into_raw(new);
        // ORD: release; as `set`. Acquire; as `get`.
        let found =
            self.word.compare_exchange(ptr::null_mut(), new.cast(), Ordering::AcqRel, Ordering::Acquire);
        // SAFETY: the word has either this one, which nobody frees any more, or an earlier one, and nobody knows this one.
        unsafe {
            match found {
                Ok(_) => &*new,
                Err(first) => {
                    drop(Box::from_raw(new));
                    &*first.cast::<T>()
                }
            }
        }
    }
}

impl<T> Hook<T> {
    /// One without a value.
    pub const fn new() -> Self {
        Hook { word: AtomicPtr::new(ptr::null_mut()), _of: PhantomData }
    }
}

impl<T> Default for Hook<T> {
    fn default() -> Self {
        Hook::new()
    }
}
