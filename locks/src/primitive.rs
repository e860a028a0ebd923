//! The one shim over `std`, `loom` and `shuttle`.
//!
//! Everything in `locks` and `gc` that synchronises goes through here, so that the model checker sees the code that
//! ships. This is the only file in which `cfg(loom)` appears, and that of shuttle (`scheduled.rs`). No stand-in is stronger than what it stands for:
//! loom's mutex and condition variable are the plain ones, and a timed wait under loom either times out at
//! once (duration zero) or never, both of which are things that a real clock may do.
//!
//! Any thread may use anything here. Nothing here knows about attach, detach or object locks.

#![allow(clippy::disallowed_types)]

use std::time::Duration;

#[cfg(loom)]
#[doc(hidden)]
pub use loom;
#[cfg(loom)]
use loom as imp;
#[cfg(shuttle)]
#[doc(hidden)]
pub use shuttle;
#[cfg(shuttle)]
pub mod scheduled;
#[cfg(shuttle)]
use scheduled as imp;
#[cfg(not(any(loom, shuttle)))]
use std as imp;

/// Where atomics and locks come from: twins that see what is done to them with the feature `stats` and for shuttle.
#[cfg(any(feature = "stats", shuttle))]
use crate::twins as sync;
#[cfg(not(any(feature = "stats", shuttle)))]
use imp::sync;

/// What the twins are twins of.
#[cfg(any(feature = "stats", shuttle))]
pub(crate) use imp::sync as original;

/// Where another thread may run if shuttle wants it.
#[inline(always)]
#[allow(dead_code, reason = "the twins use it")]
pub(crate) fn point() {
    #[cfg(shuttle)]
    scheduled::point();
}

/// Declares a function that is `const` in what ships. loom's atomics have no const constructor.
#[cfg(not(loom))]
#[macro_export]
macro_rules! const_unless_loom {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $body:block) => {
        $(#[$meta])* $vis const fn $name($($arg: $ty),*) -> $ret $body
    };
}

/// Declares a function that is `const` in what ships. loom's atomics have no const constructor.
#[cfg(loom)]
#[macro_export]
macro_rules! const_unless_loom {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $body:block) => {
        $(#[$meta])* $vis fn $name($($arg: $ty),*) -> $ret $body
    };
}

/// Declares a variable of each thread, as `std::thread_local!` with a constant initialiser.
#[cfg(not(any(loom, shuttle)))]
#[macro_export]
macro_rules! thread_local_const {
    ($(#[$meta:meta])* $vis:vis static $name:ident: $ty:ty = $init:expr) => {
        std::thread_local! { $(#[$meta])* $vis static $name: $ty = const { $init } }
    };
}

/// Declares a variable of each thread of the model, as `std::thread_local!` with a constant initialiser.
#[cfg(loom)]
#[macro_export]
macro_rules! thread_local_const {
    ($(#[$meta:meta])* $vis:vis static $name:ident: $ty:ty = $init:expr) => {
        $crate::primitive::loom::thread_local! { $(#[$meta])* $vis static $name: $ty = $init }
    };
}

/// Declares a variable of each thread of a scheduled program, as `std::thread_local!` with a constant initialiser.
#[cfg(shuttle)]
#[macro_export]
macro_rules! thread_local_const {
    ($(#[$meta:meta])* $vis:vis static $name:ident: $ty:ty = $init:expr) => {
        $crate::primitive::shuttle::thread_local! { $(#[$meta])* $vis static $name: $ty = $init }
    };
}

/// Asserts a layout at compile time. loom's atomics are larger than what ships, so nothing is asserted there.
#[macro_export]
macro_rules! assert_layout {
    ($condition:expr) => {
        const _: () = assert!(cfg!(loom) || $condition, stringify!($condition));
    };
}

pub use imp::sync::atomic::{Ordering, fence};
pub use imp::thread;

// Aliases, not re-exports: `clippy.toml` forbids the originals by what a name resolves to, and an alias is a name of
// its own.

/// See [`std::sync::atomic`].
pub type AtomicBool = sync::atomic::AtomicBool;
/// See [`std::sync::atomic`].
pub type AtomicPtr<T> = sync::atomic::AtomicPtr<T>;
/// See [`std::sync::atomic`].
pub type AtomicU8 = sync::atomic::AtomicU8;
/// See [`std::sync::atomic`].
pub type AtomicU16 = sync::atomic::AtomicU16;
/// See [`std::sync::atomic`].
pub type AtomicU32 = sync::atomic::AtomicU32;
/// See [`std::sync::atomic`].
pub type AtomicU64 = sync::atomic::AtomicU64;
/// See [`std::sync::atomic`].
pub type AtomicUsize = sync::atomic::AtomicUsize;
/// See [`std::sync::atomic`].
pub type AtomicI32 = sync::atomic::AtomicI32;
/// See [`std::sync::atomic`].
pub type AtomicI64 = sync::atomic::AtomicI64;
/// See [`std::sync::Mutex`].
pub type Mutex<T> = sync::Mutex<T>;
/// See [`std::sync::MutexGuard`].
pub type MutexGuard<'a, T> = imp::sync::MutexGuard<'a, T>;
/// See [`std::sync::RwLock`].
pub type RwLock<T> = sync::RwLock<T>;
/// See [`std::sync::Condvar`].
pub type Condvar = imp::sync::Condvar;
/// See [`std::sync::OnceLock`]. loom has none; what it guards is not under test.
pub type OnceLock<T> = std::sync::OnceLock<T>;

/// Takes one from a number, where it lies, and says whether nothing is left. Compilers make two instructions of a relaxed
/// load and store more.
///
/// # Safety
/// No other thread touches the number meanwhile.
#[inline(always)]
pub unsafe fn lower(number: &AtomicI64) -> bool {
    #[cfg(loom)]
    {
        let left = number.load(Ordering::Relaxed) - 1;
        number.store(left, Ordering::Relaxed);
        left == 0
    }
    #[cfg(not(loom))]
    {
        let at = number.as_ptr();
        // SAFETY: nobody else touches it.
        unsafe {
            *at -= 1;
            *at == 0
        }
    }
}

use crate::stats;
use crate::weaken::Step;

/// Shared ownership. loom's own `Arc` has no weak references, and the count is not under test.
pub use std::sync::{Arc, Weak};

/// A cell whose contents are reached through raw pointers inside a closure, as loom wants it.
#[derive(Debug)]
#[repr(transparent)]
pub struct UnsafeCell<T>(imp::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    crate::const_unless_loom! {
        /// Wraps `value`.
        pub fn new(value: T) -> Self {
            Self(imp::cell::UnsafeCell::new(value))
        }
    }

    /// Calls `f` with a pointer for reading.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        #[cfg(loom)]
        return self.0.with(f);
        #[cfg(not(loom))]
        f(self.0.get())
    }

    /// Calls `f` with a pointer for writing.
    #[inline]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        #[cfg(loom)]
        return self.0.with_mut(f);
        #[cfg(not(loom))]
        f(self.0.get())
    }
}

/// A mutex without poisoning, which can be made new in the child of a fork.
#[derive(Debug)]
pub struct ForkMutex<T>(std::cell::UnsafeCell<imp::sync::Mutex<T>>);

// SAFETY: the inner mutex is `Sync` for `T: Send`; the cell around it is written only by `reset`, whose caller
// promises that no other thread exists.
unsafe impl<T: Send> Sync for ForkMutex<T> {}

impl<T> ForkMutex<T> {
    /// An unlocked mutex around `value`.
    pub fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(imp::sync::Mutex::new(value)))
    }

    /// Waits until the mutex is free and takes it. A panic of an earlier holder is ignored.
    #[inline]
    #[cfg_attr(feature = "stats", track_caller)]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        stats::site(stats::Site::Mutex);
        // SAFETY: the cell is written only by `reset`, never while another reference to it is in use.
        let inner = unsafe { &*self.0.get() };
        inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Makes the mutex new and unlocked around `value`. The old contents are leaked: a thread that did not survive
    /// the fork may have been changing them.
    ///
    /// # Safety
    /// No other thread exists (the child of a fork), and this thread holds no guard of this mutex.
    pub unsafe fn reset(&self, value: T) {
        // SAFETY: by the contract nobody else looks at the cell. It is overwritten without dropping.
        unsafe { std::ptr::write(self.0.get(), imp::sync::Mutex::new(value)) }
    }
}

/// A condition variable, which can be made new in the child of a fork.
#[derive(Debug)]
pub struct ForkCondvar(std::cell::UnsafeCell<imp::sync::Condvar>);

// SAFETY: the inner condition variable is `Sync`; the cell is written only by `reset`, see there.
unsafe impl Sync for ForkCondvar {}

impl Default for ForkCondvar {
    fn default() -> Self {
        Self::new()
    }
}

impl ForkCondvar {
    /// A condition variable nobody waits for.
    pub fn new() -> Self {
        Self(std::cell::UnsafeCell::new(imp::sync::Condvar::new()))
    }

    fn inner(&self) -> &imp::sync::Condvar {
        // SAFETY: the cell is written only by `reset`, never while another reference to it is in use.
        unsafe { &*self.0.get() }
    }

    /// Waits for a notification. May also return without one.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.inner().wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits for a notification for at most `timeout`; the second result says that the time is up.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        if timeout.is_zero() {
            return (guard, true);
        }
        let (guard, result) =
            self.inner().wait_timeout(guard, timeout).unwrap_or_else(|poisoned| poisoned.into_inner());
        (guard, result.timed_out())
    }

    /// Wakes one waiting thread.
    pub fn notify_one(&self) {
        self.inner().notify_one();
    }

    /// Wakes every waiting thread.
    pub fn notify_all(&self) {
        self.inner().notify_all();
    }

    /// Forgets all waiters.
    ///
    /// # Safety
    /// No other thread exists (the child of a fork).
    pub unsafe fn reset(&self) {
        // SAFETY: by the contract nobody else looks at the cell.
        unsafe { std::ptr::write(self.0.get(), imp::sync::Condvar::new()) }
    }
}

/// What wakes one thread from [`Parker::park`]: a token that `unpark` leaves and `park` takes.
///
/// Under loom a flag under a mutex. loom's own `unpark` also wakes threads that are blocked elsewhere, and makes the
/// target see the caller's writes even if it never parks, which would be stronger than what ships.
#[cfg(not(any(loom, shuttle)))]
#[derive(Clone, Debug)]
pub struct Parker(thread::Thread);

#[cfg(not(any(loom, shuttle)))]
impl Parker {
    /// The parker of the current thread.
    pub fn current() -> Self {
        Self(thread::current())
    }

    /// Waits for the token, for at most `timeout`. May also return for no reason. Only the parker's own thread calls it.
    pub fn park(&self, timeout: Option<Duration>) {
        match timeout {
            Some(timeout) => thread::park_timeout(timeout),
            None => thread::park(),
        }
    }

    /// Leaves the token. On Linux an atomic swap and at most a futex call, so a signal handler may do it.
    pub fn unpark(&self) {
        self.0.unpark();
    }
}

/// What wakes one thread from [`Parker::park`]: a token that `unpark` leaves and `park` takes.
#[cfg(any(loom, shuttle))]
#[derive(Clone, Debug)]
pub struct Parker(Arc<(Mutex<bool>, Condvar)>);

#[cfg(any(loom, shuttle))]
impl Parker {
    /// A new parker, which the current thread alone parks on.
    pub fn current() -> Self {
        Self(Arc::new((Mutex::new(false), Condvar::new())))
    }

    /// Waits for the token. With a timeout of zero it returns at once, with any other it waits as without; but lets shuttle's
    /// other threads run for some steps only.
    pub fn park(&self, timeout: Option<Duration>) {
        #[cfg(shuttle)]
        if timeout.is_some_and(|timeout| !timeout.is_zero()) {
            return self.park_impatiently();
        }
        let mut token = self.0.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        while !*token && timeout.is_none_or(|timeout| !timeout.is_zero()) {
            token = self.0.1.wait(token).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        *token = false;
    }

    #[cfg(shuttle)]
    fn park_impatiently(&self) {
        for _ in 0..scheduled::PATIENCE {
            if std::mem::take(&mut *self.0.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())) {
                return;
            }
            yield_now();
        }
    }

    /// Leaves the token.
    pub fn unpark(&self) {
        *self.0.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = true;
        self.0.1.notify_one();
    }
}

/// Sleeps until the process ends.
pub fn park_for_ever() -> ! {
    loop {
        thread::park();
    }
}

/// Lets another thread run.
pub fn yield_now() {
    thread::yield_now();
}

/// Tells the processor that this is a spin loop.
#[inline]
pub fn spin_loop() {
    imp::hint::spin_loop();
}

/// Scales a number of spins: none under loom and shuttle, where spinning only adds executions.
#[inline]
pub const fn spins(count: u32) -> u32 {
    if cfg!(any(loom, shuttle)) { 0 } else { count }
}

/// The size of a table or a limit. Under loom, where each entry of a table is an object of the model, `modelled`.
#[inline]
pub const fn size(shipped: usize, modelled: usize) -> usize {
    if cfg!(loom) { modelled } else { shipped }
}

/// A type of which a zeroed object is [`Zeroed::zero`].
///
/// # Safety
/// In what ships all bytes of the object may be zero, and are in `zero()`.
pub unsafe trait Zeroed {
    /// The object.
    fn zero() -> Self;
}

// SAFETY: a null pointer is zero.
unsafe impl<T> Zeroed for AtomicPtr<T> {
    fn zero() -> Self {
        AtomicPtr::new(std::ptr::null_mut())
    }
}

// SAFETY: in what ships the cell is transparent, and so is the number zero.
unsafe impl Zeroed for UnsafeCell<i64> {
    fn zero() -> Self {
        UnsafeCell::new(0)
    }
}

/// A range of addresses with room for many elements, zeroed. Memory of such a size comes untouched from the system, not from
/// the program's own allocator: only pages in use are ever backed. Never freed unless [`Reserved::free`] is called.
#[derive(Debug)]
#[repr(transparent)]
pub struct Reserved<T>(*mut T);

#[cfg(not(loom))]
impl<T: Zeroed> Reserved<T> {
    fn layout(count: usize) -> std::alloc::Layout {
        std::alloc::Layout::array::<T>(count).expect("constant")
    }

    /// Room for `count` elements, which is not zero.
    pub fn new(count: usize) -> Self {
        // SAFETY: the size is not zero.
        let base = unsafe { std::alloc::GlobalAlloc::alloc_zeroed(&std::alloc::System, Self::layout(count)) };
        if base.is_null() {
            std::alloc::handle_alloc_error(Self::layout(count));
        }
        Self(base.cast())
    }

    /// Gives the range back.
    ///
    /// # Safety
    /// It is not used any more, and was made for `count` elements.
    pub unsafe fn free(&mut self, count: usize) {
        // SAFETY: allocated with this layout.
        unsafe { std::alloc::GlobalAlloc::dealloc(&std::alloc::System, self.0.cast(), Self::layout(count)) };
    }
}

#[cfg(loom)]
impl<T: Zeroed> Reserved<T> {
    /// Room for `count` elements.
    pub fn new(count: usize) -> Self {
        Self(Box::leak((0..count).map(|_| T::zero()).collect::<Box<[T]>>()).as_mut_ptr())
    }

    /// Gives the range back.
    ///
    /// # Safety
    /// It is not used any more, and was made for `count` elements.
    pub unsafe fn free(&mut self, count: usize) {
        // SAFETY: leaked by `new`.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.0, count)) });
    }
}

impl<T> Reserved<T> {
    /// No room at all.
    pub const fn none() -> Self {
        Self(std::ptr::null_mut())
    }

    /// The first element.
    #[inline(always)]
    pub fn base(&self) -> *mut T {
        self.0
    }
}

/// Replaces the contents of an atomic that no other thread touches any more, or ever again: a plain exchange. Under
/// loom, whoever else touches it without order to this panics.
///
/// # Safety
/// `cell` is valid.
#[inline(always)]
pub unsafe fn exchange_alone(cell: *const AtomicU64, new: u64) -> u64 {
    #[cfg(loom)]
    // SAFETY: as the caller promises; loom's atomic is a number that is not written here.
    return unsafe { (*cell.cast_mut()).with_mut(|value| std::mem::replace(value, new)) };
    #[cfg(not(loom))]
    // SAFETY: as the caller promises.
    unsafe {
        // ORD: relaxed; nobody else touches it.
        let old = (*cell).load(Ordering::Relaxed);
        (*cell).store(new, Ordering::Relaxed);
        old
    }
}

/// Says that the memory of an atomic is about to be given back. Nothing in what ships; under loom, whoever else touches it
/// without order to this panics.
///
/// # Safety
/// `cell` is valid.
#[inline(always)]
pub unsafe fn ends(cell: *const AtomicI64) {
    #[cfg(loom)]
    // SAFETY: as in `exchange_alone`.
    unsafe {
        (*cell.cast_mut()).with_mut(|_| ());
    }
    #[cfg(not(loom))]
    let _ = cell;
}

/// Entries of a table that any number of them serves: few under loom, whose threads have small stacks.
pub const fn entries(count: usize) -> usize {
    if cfg!(loom) { 8 } else { count }
}

/// A clock. It stands still under loom, where time would make executions differ.
#[derive(Clone, Debug)]
#[cfg_attr(shuttle, allow(dead_code))]
pub struct Clock(std::time::Instant);

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self(std::time::Instant::now())
    }

    /// Nanoseconds since the clock was made.
    pub fn nanos(&self) -> u64 {
        #[cfg(shuttle)]
        return scheduled::nanos();
        #[cfg(not(shuttle))]
        if cfg!(loom) { 1 } else { u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX) }
    }
}

/// Which step of the protocols is weakened (see [`crate::weaken`]): none, always, in what ships.
#[cfg(not(any(loom, shuttle)))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Weakened(());

#[cfg(not(any(loom, shuttle)))]
impl Weakened {
    /// Whether `step` is to be left out.
    #[inline(always)]
    pub const fn skips(self, _step: Step) -> bool {
        false
    }

    /// The ordering to use at `step`.
    #[inline(always)]
    pub const fn ordering(self, _step: Step, strong: Ordering) -> Ordering {
        strong
    }

    /// What [`Weakened::install`] has said, for code that knows no world.
    #[inline(always)]
    pub const fn current() -> Self {
        Self(())
    }

    pub(crate) const fn install(self) {}
}

/// Which step of the protocols is weakened (see [`crate::weaken`]).
#[cfg(any(loom, shuttle))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Weakened(pub Option<Step>);

#[cfg(any(loom, shuttle))]
impl Weakened {
    /// Whether `step` is to be left out.
    pub fn skips(self, step: Step) -> bool {
        self.0 == Some(step)
    }

    /// The ordering to use at `step`.
    pub fn ordering(self, step: Step, strong: Ordering) -> Ordering {
        if self.skips(step) { Ordering::Relaxed } else { strong }
    }

    /// What [`Weakened::install`] has said, for code that knows no world.
    pub fn current() -> Self {
        Self(WEAKENED.with(std::cell::Cell::get))
    }

    /// Says for all threads of the model, which share one thread of the system, what [`Weakened::current`] is.
    pub(crate) fn install(self) {
        WEAKENED.with(|current| current.set(self.0));
    }
}

#[cfg(any(loom, shuttle))]
std::thread_local! {
    static WEAKENED: std::cell::Cell<Option<Step>> = const { std::cell::Cell::new(None) };
}
