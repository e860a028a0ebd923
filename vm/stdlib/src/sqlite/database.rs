//! The handle of an open database, and how threads get into the library and out of it.
//!
//! One thread at a time is in the library with a handle: it holds the handle's lock, which it may take again, since a
//! callback may use its own connection. Waiting for the lock and calling the library are done detached. A callback attaches
//! its thread again ([`with_python`]), which finds its context in a thread-local.
//!
//! Statements and blobs that die are ended by the library at once if nobody has the lock, otherwise by who has it: dropping
//! an object must not wait.

use libsqlite3_sys as ffi;
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};
use ungil_runtime::prelude::*;

unsafe extern "C" {
    /// Closes a database once its statements have ended. The crate's bindings leave it out.
    fn sqlite3_close_v2(db: *mut ffi::sqlite3) -> std::ffi::c_int;
}

thread_local! {
    /// The context of a thread that is in the library.
    static CURRENT: Cell<*mut Cx> = const { Cell::new(null_mut()) };
}

/// What the library is to be told once nobody else is in it.
pub(super) enum Death {
    Finalize(*mut ffi::sqlite3_stmt),
    Reset(*mut ffi::sqlite3_stmt),
    Close(*mut ffi::sqlite3_blob),
}

#[derive(Default)]
struct Owner {
    thread: u64,
    depth: u32,
    /// Threads that wait for the lock: telling them is a system call, which nobody needs if there are none.
    waiting: u32,
}

/// An open database.
pub(super) struct Database {
    owner: Mutex<Owner>,
    free: Condvar,
    /// Null once it is closed. Changed by the owner of the lock only.
    handle: Mutex<*mut ffi::sqlite3>,
    deaths: Mutex<Vec<Death>>,
    /// Callbacks that the library has given up, by their numbers.
    gone: Mutex<Vec<u64>>,
}

// SAFETY: the library's objects are used by the owner of the lock, or by who has the last reference.
unsafe impl Send for Database {}
// SAFETY: as above.
unsafe impl Sync for Database {}

fn plain<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Settings of the library that must be made before it is used: names are URIs only where that is said.
pub(super) fn prepare_library() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: nobody has used the library yet; the option takes one int.
        unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_URI, 0) };
    });
}

/// Runs `f`, which calls the library, detached.
pub(super) fn outside<T>(cx: &mut Cx, f: impl FnOnce() -> T) -> T {
    let me: *mut Cx = cx;
    let before = CURRENT.replace(me);
    // SAFETY: the context is this thread's, and nobody uses it but a callback, through the same pointer.
    unsafe { (*me).mutator().detach() };
    let result = f();
    // SAFETY: as above.
    unsafe { (*me).mutator().attach() };
    CURRENT.set(before);
    result
}

/// Runs `f` in a callback of the library. None if the thread has not come through [`outside`]: objects must not be touched
/// then.
pub(super) fn with_python<T>(f: impl FnOnce(&mut Cx) -> T) -> Option<T> {
    let me = CURRENT.replace(null_mut());
    if me.is_null() {
        return None;
    }
    // SAFETY: set by `outside`, which waits for the library with the context untouched.
    let cx = unsafe { &mut *me };
    cx.mutator().attach();
    let result = f(cx);
    cx.mutator().detach();
    CURRENT.set(me);
    Some(result)
}

/// The lock of a database, held.
pub(super) struct Held<'a>(&'a Database);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl Database {
    pub(super) fn new(handle: *mut ffi::sqlite3) -> Arc<Database> {
        Arc::new(Database {
            owner: Mutex::default(),
            free: Condvar::new(),
            handle: Mutex::new(handle),
            deaths: Mutex::default(),
            gone: Mutex::default(),
        })
    }

    /// The library's handle, null if the database is closed. Used by the owner of the lock.
    pub(super) fn handle(&self) -> *mut ffi::sqlite3 {
        *plain(&self.handle)
    }

    fn try_lock(&self) -> bool {
        let me = ungil_runtime::cx::current_ident();
        let mut owner = plain(&self.owner);
        let free = owner.depth == 0 || owner.thread == me;
        if free {
            owner.thread = me;
            owner.depth += 1;
        }
        free
    }

    /// Takes the lock, detached while another thread has it.
    pub(super) fn lock(&self, cx: &mut Cx) -> Held<'_> {
        while !self.try_lock() {
            cx.detached(|| {
                let mut owner = plain(&self.owner);
                owner.waiting += 1;
                while owner.depth > 0 {
                    owner = self.free.wait(owner).unwrap_or_else(PoisonError::into_inner);
                }
                owner.waiting -= 1;
            });
        }
        Held(self)
    }

    fn release(&self) {
        loop {
            // What has died meanwhile, unless this thread goes on with the library.
            if plain(&self.owner).depth == 1 {
                self.bury();
            }
            let mut owner = plain(&self.owner);
            if owner.depth > 1 || plain(&self.deaths).is_empty() {
                owner.depth -= 1;
                let waited_for = owner.waiting > 0;
                drop(owner);
                if waited_for {
                    self.free.notify_one();
                }
                return;
            }
        }
    }

    /// Ends what has died. The caller has the lock, or the last reference.
    fn bury(&self) {
        let deaths = std::mem::take(&mut *plain(&self.deaths));
        for death in deaths {
            // SAFETY: nobody uses what has died, and nobody else is in the library.
            unsafe {
                match death {
                    Death::Finalize(statement) => ffi::sqlite3_finalize(statement),
                    Death::Reset(statement) => ffi::sqlite3_reset(statement),
                    Death::Close(blob) => ffi::sqlite3_blob_close(blob),
                }
            };
        }
    }

    /// Ends something as soon as nobody is in the library. Waits for nobody.
    pub(super) fn end(&self, death: Death) {
        plain(&self.deaths).push(death);
        if self.try_lock() {
            self.release();
        }
    }

    /// Notes that the library has given up a callback.
    pub(super) fn give_up(&self, callback: u64) {
        plain(&self.gone).push(callback);
    }

    /// The callbacks that the library has given up since the last time.
    pub(super) fn take_gone(&self) -> Vec<u64> {
        std::mem::take(&mut *plain(&self.gone))
    }

    /// Interrupts what another thread does.
    pub(super) fn interrupt(&self) {
        let handle = plain(&self.handle);
        if !handle.is_null() {
            // SAFETY: open, and not closed while the mutex is held. The function is made for any thread.
            unsafe { ffi::sqlite3_interrupt(*handle) };
        }
    }

    /// Closes the database; statements that are still there keep what they need. The caller has the lock or the last reference.
    pub(super) fn close(&self) {
        self.bury();
        let handle = std::mem::replace(&mut *plain(&self.handle), null_mut());
        if !handle.is_null() {
            // SAFETY: open until now, and nobody can get at it any more.
            unsafe { sqlite3_close_v2(handle) };
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.close();
    }
}
