//! Twins of the atomics and locks that see what is done to them: the feature `stats` counts it by line of source, and
//! shuttle may let another thread run at each access.
//!
//! [`crate::primitive`] names these instead of the originals then. Loads and stores are not counted: they are plain
//! instructions.

#![allow(clippy::disallowed_types)]

use crate::primitive::{original, point};
use crate::stats::{Site, site};
use original::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};
use std::sync::{LockResult, TryLockResult};

/// See the module's head.
pub(crate) mod atomic {
    use super::{Site, point, site};
    use std::sync::atomic::{self, Ordering};

    macro_rules! counted {
        ($name:ident $(<$generic:ident>)?, $plain:ty) => {
            /// See the module's head.
            #[repr(transparent)]
            #[derive(Debug)]
            pub struct $name $(<$generic>)? (atomic::$name $(<$generic>)?);

            #[allow(dead_code, reason = "the twins have what any user may need")]
            impl $(<$generic>)? $name $(<$generic>)? {
                #[inline(always)]
                pub const fn new(v: $plain) -> Self {
                    Self(atomic::$name::new(v))
                }

                #[inline(always)]
                pub fn load(&self, order: Ordering) -> $plain {
                    point();
                    self.0.load(order)
                }

                #[inline(always)]
                pub fn store(&self, v: $plain, order: Ordering) {
                    point();
                    self.0.store(v, order);
                }

                #[inline(always)]
                pub const fn as_ptr(&self) -> *mut $plain {
                    self.0.as_ptr()
                }

                #[inline(always)]
                pub fn get_mut(&mut self) -> &mut $plain {
                    self.0.get_mut()
                }

                #[inline(always)]
                pub fn into_inner(self) -> $plain {
                    self.0.into_inner()
                }

                #[inline]
                #[track_caller]
                pub fn swap(&self, v: $plain, order: Ordering) -> $plain {
                    site(Site::Rmw);
                    point();
                    self.0.swap(v, order)
                }

                #[inline]
                #[track_caller]
                pub fn compare_exchange(
                    &self,
                    from: $plain,
                    to: $plain,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$plain, $plain> {
                    site(Site::Rmw);
                    point();
                    self.0.compare_exchange(from, to, success, failure)
                }

                #[inline]
                #[track_caller]
                pub fn compare_exchange_weak(
                    &self,
                    from: $plain,
                    to: $plain,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$plain, $plain> {
                    site(Site::Rmw);
                    point();
                    self.0.compare_exchange_weak(from, to, success, failure)
                }

                #[inline]
                #[track_caller]
                pub fn fetch_update(
                    &self,
                    success: Ordering,
                    failure: Ordering,
                    f: impl FnMut($plain) -> Option<$plain>,
                ) -> Result<$plain, $plain> {
                    site(Site::Rmw);
                    point();
                    self.0.fetch_update(success, failure, f)
                }
            }
        };
    }

    macro_rules! counted_operations {
        ($name:ident, $plain:ty, $($operation:ident)*) => {
            #[allow(dead_code, reason = "as above")]
            impl $name {
                $(
                    #[inline]
                    #[track_caller]
                    pub fn $operation(&self, v: $plain, order: Ordering) -> $plain {
                        site(Site::Rmw);
                        point();
                        self.0.$operation(v, order)
                    }
                )*
            }

            impl Default for $name {
                fn default() -> Self {
                    Self::new(Default::default())
                }
            }
        };
    }

    macro_rules! counted_numbers {
        ($($name:ident, $plain:ty;)*) => {$(
            counted!($name, $plain);
            counted_operations!($name, $plain, fetch_add fetch_sub fetch_or fetch_and fetch_xor fetch_max fetch_min);
        )*};
    }

    counted_numbers! {
        AtomicU8, u8;
        AtomicU16, u16;
        AtomicU32, u32;
        AtomicU64, u64;
        AtomicUsize, usize;
        AtomicI32, i32;
        AtomicI64, i64;
    }

    counted!(AtomicBool, bool);
    counted_operations!(AtomicBool, bool, fetch_or fetch_and fetch_xor);
    counted!(AtomicPtr<T>, *mut T);

    impl<T> Default for AtomicPtr<T> {
        fn default() -> Self {
            Self::new(std::ptr::null_mut())
        }
    }
}

macro_rules! counted_locks {
    ($($name:ident: $($operation:ident -> $result:ty),*;)*) => {$(
        /// See the module's head.
        #[derive(Debug, Default)]
        pub struct $name<T>(original::$name<T>);

        impl<T> $name<T> {
            #[inline(always)]
            pub const fn new(v: T) -> Self {
                Self(original::$name::new(v))
            }

            $(
                #[inline]
                #[track_caller]
                pub fn $operation(&self) -> $result {
                    site(Site::Mutex);
                    self.0.$operation()
                }
            )*

            #[inline(always)]
            pub fn get_mut(&mut self) -> LockResult<&mut T> {
                self.0.get_mut()
            }

            #[inline(always)]
            pub fn into_inner(self) -> LockResult<T> {
                self.0.into_inner()
            }
        }
    )*};
}

counted_locks! {
    Mutex: lock -> LockResult<MutexGuard<'_, T>>, try_lock -> TryLockResult<MutexGuard<'_, T>>;
    RwLock: read -> LockResult<RwLockReadGuard<'_, T>>, write -> LockResult<RwLockWriteGuard<'_, T>>;
}
