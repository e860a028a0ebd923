//! Weak references: a table from objects to the weak references that watch them.
//!
//! Sharded by address. A weak reference keeps the bare address of its target; reading it takes the shard's lock and
//! adds a reference unless none is left, and an object's end takes the same lock before its memory is reused, so a
//! dead address is never followed. Callbacks are queued as pending work, never run here.
//!
//! A weak reference whose own count has reached zero stays in the table until [`WeakTable::remove`] has had the lock;
//! whoever meets it there before must not count it again (`try_increment` tells), and must not touch it after its
//! target field has been cleared: that store is what lets its owner free it without the lock.

use crate::candidates::BuildPointerHasher;
use crate::mutator::Pending;
use crate::{Header, Mutator, Obj, Value, flag};
use std::collections::HashMap;
use ungil_locks::primitive::{AtomicPtr, Mutex, MutexGuard, Ordering, size};

const SHARDS: usize = size(64, 1);

/// The part of a weak reference object that the table knows.
#[repr(C)]
pub struct WeakCell {
    pub header: Header,
    /// The watched object; null once it is dead.
    pub target: AtomicPtr<Header>,
    /// Called with the weak reference when the target dies; empty if there is none.
    pub callback: crate::Slot,
}

type Shard = HashMap<usize, Vec<*mut WeakCell>, BuildPointerHasher>;

/// See the module's head.
pub struct WeakTable {
    shards: [Mutex<Shard>; SHARDS],
}

// SAFETY: the pointers are only followed under the shard's lock, and a weak reference leaves the table under that
// lock before it is freed.
unsafe impl Send for WeakTable {}
// SAFETY: as above.
unsafe impl Sync for WeakTable {}

/// # Safety
/// `cell` is a live weak reference object to `target`, to which the caller holds a reference.
unsafe fn enter(shard: &mut Shard, cell: *mut WeakCell, target: *mut Header) -> &mut Vec<*mut WeakCell> {
    // SAFETY: as the caller promises.
    unsafe {
        (*target).set_flag(flag::WEAKLY_REFERENCED);
        (*cell).header.set_flag(flag::WEAK_CELL);
    }
    let cells = shard.entry(target as usize).or_default();
    cells.push(cell);
    cells
}

fn find_in(
    shard: &Shard,
    m: &Mutator,
    target: *const Header,
    want: impl Fn(&WeakCell) -> bool,
) -> Option<Obj> {
    shard.get(&(target as usize))?.iter().find_map(|&cell| {
        // SAFETY: cells in the table are live or waiting for this lock to leave it; `try_increment` tells.
        unsafe {
            if want(&*cell) && (*cell).header.try_increment(m) {
                return Some(Obj::from_owned(Value::from_ptr(cell)));
            }
        }
        None
    })
}

impl Default for WeakTable {
    fn default() -> Self {
        WeakTable { shards: std::array::from_fn(|_| Mutex::new(HashMap::default())) }
    }
}

impl WeakTable {
    fn shard(&self, h: *const Header) -> MutexGuard<'_, Shard> {
        let index = (h as usize >> 4).wrapping_mul(0x9e37_79b9) >> 16;
        self.shards[index % SHARDS].lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Registers a weak reference whose `target` field is set. Other threads find it here if they reach the target: if
    /// that is published, the weak reference must be.
    ///
    /// # Safety
    /// The caller holds a reference to the target; `cell` is a live weak reference object.
    pub unsafe fn add(&self, cell: *mut WeakCell) {
        // SAFETY: as the caller promises.
        unsafe {
            // ORD: relaxed; nobody else knows the weak reference yet.
            let target = (*cell).target.load(Ordering::Relaxed);
            let mut shard = self.shard(target);
            enter(&mut shard, cell, target);
        }
    }

    /// As [`WeakTable::add`] for a weak reference that may be shared (`want` knows such): gives the one that is there
    /// already, in place of which `cell` is not registered.
    ///
    /// # Safety
    /// As for [`WeakTable::add`].
    pub unsafe fn add_unless(
        &self,
        m: &Mutator,
        cell: *mut WeakCell,
        want: impl Fn(&WeakCell) -> bool,
    ) -> Option<Obj> {
        // SAFETY: as the caller promises.
        unsafe {
            // ORD: relaxed; nobody else knows the weak reference yet.
            let target = (*cell).target.load(Ordering::Relaxed);
            let mut shard = self.shard(target);
            let known = find_in(&shard, m, target, want);
            if known.is_none() {
                // In front: whoever asks for it next need not look through those that have callbacks.
                enter(&mut shard, cell, target).rotate_right(1);
            }
            known
        }
    }

    /// An existing weak reference to `target` that satisfies `want` (a plain one without callback, to be shared).
    pub fn find(&self, m: &Mutator, target: &Header, want: impl Fn(&WeakCell) -> bool) -> Option<Obj> {
        if !target.has_flag(flag::WEAKLY_REFERENCED) {
            return None;
        }
        find_in(&self.shard(target), m, target, want)
    }

    /// All live weak references to `target`, oldest first.
    pub fn all(&self, m: &Mutator, target: &Header) -> Vec<Obj> {
        if !target.has_flag(flag::WEAKLY_REFERENCED) {
            return Vec::new();
        }
        let shard = self.shard(target);
        let cells = shard.get(&(target as *const Header as usize));
        // SAFETY: as in `find`.
        let live = cells.into_iter().flatten().filter(|&&cell| unsafe { (*cell).header.try_increment(m) });
        // SAFETY: counted just now.
        live.map(|&cell| unsafe { Obj::from_owned(Value::from_ptr(cell)) }).collect()
    }

    /// The target, unless it is dead.
    pub fn upgrade(&self, m: &Mutator, cell: &WeakCell) -> Option<Obj> {
        // ORD: relaxed; the value is checked again under the lock.
        let target = cell.target.load(Ordering::Relaxed);
        if target.is_null() {
            return None;
        }
        if m.owns_everything() {
            // SAFETY: no other thread runs, so the target's end has not begun, or it would have cleared the field.
            return unsafe { (*target).try_increment(m).then(|| Obj::from_owned(Value::from_ptr(target))) };
        }
        let _shard = self.shard(target);
        // ORD: relaxed; under the shard's lock nobody clears it.
        if cell.target.load(Ordering::Relaxed).is_null() {
            return None;
        }
        // SAFETY: the field is not null, so the target's end has not taken this lock yet: its memory is intact.
        unsafe { (*target).try_increment(m).then(|| Obj::from_owned(Value::from_ptr(target))) }
    }

    /// Calls `visit` with the target, unless it is dead.
    ///
    /// # Safety
    /// `cell` is a live weak reference object.
    pub(crate) unsafe fn with_target(&self, cell: *mut WeakCell, visit: impl FnOnce(*mut Header)) {
        // SAFETY: as the caller promises.
        // ORD: relaxed; checked again under the lock.
        let target = unsafe { (*cell).target.load(Ordering::Relaxed) };
        if target.is_null() {
            return;
        }
        let _shard = self.shard(target);
        // SAFETY: as above.
        // ORD: relaxed; under the shard's lock nobody clears it.
        if unsafe { !(*cell).target.load(Ordering::Relaxed).is_null() } {
            visit(target);
        }
    }

    /// Calls `visit` with every weak reference to `target`.
    pub(crate) fn for_each_cell(&self, target: *mut Header, visit: impl FnMut(*mut WeakCell)) {
        let shard = self.shard(target);
        shard.get(&(target as usize)).into_iter().flatten().copied().for_each(visit);
    }

    /// Whether the target is dead, without counting it.
    pub fn is_dead(&self, cell: &WeakCell) -> bool {
        // ORD: relaxed; checked again under the lock.
        let target = cell.target.load(Ordering::Relaxed);
        if target.is_null() {
            return true;
        }
        let _shard = self.shard(target);
        // ORD: relaxed; the lock orders.
        // SAFETY: as in `upgrade`.
        cell.target.load(Ordering::Relaxed).is_null() || unsafe { (*target).is_dead() }
    }

    /// Marks all weak references to `h` dead and queues the callbacks of those that `wanted` accepts.
    ///
    /// # Safety
    /// `h` has no references left, or the collector has found it unreachable.
    pub unsafe fn clear(&self, m: &Mutator, h: *mut Header, wanted: impl Fn(*mut Header) -> bool) {
        let mut live = Vec::new();
        {
            let mut shard = self.shard(h);
            for cell in shard.remove(&(h as usize)).unwrap_or_default() {
                // SAFETY: a weak reference that dies takes this lock to leave before it is freed.
                unsafe {
                    let calls = !(*cell).callback.is_empty() && wanted(cell.cast());
                    if calls && (*cell).header.try_increment(m) {
                        live.push(Obj::from_owned(Value::from_ptr(cell)));
                    }
                    // ORD: release, the last access unless the weak reference was counted: who sees it in `remove`
                    // frees the weak reference without taking the lock.
                    (*cell).target.store(std::ptr::null_mut(), Ordering::Release);
                }
            }
        }
        for cell in live.into_iter().rev() {
            m.push_pending(Pending::WeakCallback(cell));
        }
    }

    /// Takes a dying weak reference out of the table.
    ///
    /// # Safety
    /// `cell` is a weak reference object whose count has reached zero, or that the collector has found unreachable.
    pub unsafe fn remove(&self, cell: *mut WeakCell) {
        // SAFETY: as the caller promises.
        // ORD: acquire; pairs with the release in `clear`, after which nobody else looks at the weak reference.
        let target = unsafe { (*cell).target.load(Ordering::Acquire) };
        if target.is_null() {
            return;
        }
        let mut shard = self.shard(target);
        // The collector takes weak references out that others may have found in the table just before.
        // SAFETY: as the caller promises.
        // ORD: relaxed; the shard's lock orders.
        unsafe { (*cell).target.store(std::ptr::null_mut(), Ordering::Relaxed) };
        if let Some(cells) = shard.get_mut(&(target as usize)) {
            cells.retain(|&other| other != cell);
            if cells.is_empty() {
                shard.remove(&(target as usize));
            }
        }
    }
}
