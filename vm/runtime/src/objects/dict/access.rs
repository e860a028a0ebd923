//! What the rest of the VM does with dicts: get, set, remove, copy, list.
//!
//! Functions that take a `name` expect an exact string and run no Python; the others hash and compare the key as
//! Python defines it. All may be called by several threads on one dict; each is one step for the others unless the
//! comparison of keys runs Python.

use super::PyDict;
use super::key::{key_hash, str_hash};
use super::table::{Find, Place, Question, Quick};
use crate::objects::sync::{locked, locked_both};
use crate::prelude::*;

/// What a key had before it was given a value; or there is no memory.
type Put = Result<Option<Obj>, ()>;

impl PyDict {
    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.used.get() as usize
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a string key. Runs no Python: keys of other types never match.
    #[inline]
    pub fn get_str(&self, cx: &Cx, name: Ref<'_>) -> Option<Obj> {
        let hash = str_hash(cx, name);
        self.shared_value_of(cx, name, hash).or_else(|| {
            locked(cx, &self.h, || self.entry(self.find_str(cx, name, hash)?).value.get_locked(cx))
        })
    }

    /// What [`PyDict::shared_find`] finds, counted; `None` also if the dict is exclusively the thread's.
    #[inline(always)]
    fn shared_value_of(&self, cx: &Cx, key: Ref<'_>, hash: i64) -> Option<Obj> {
        if cx.is_exclusive(&self.h) {
            return None;
        }
        match self.shared_find(cx, key, hash) {
            Value::UNDEF => None,
            // SAFETY: alive until the thread is quiescent.
            v => Some(unsafe { Obj::from_borrowed(v, cx) }),
        }
    }

    /// As [`PyDict::get_str`], borrowed until the thread is quiescent, without the lock. `UNDEF` also if another thread is
    /// changing the dict.
    #[inline]
    pub(crate) fn shared_get_str(&self, cx: &Cx, name: Ref<'_>) -> Value {
        self.shared_find(cx, name, str_hash(cx, name))
    }

    /// The value of a key that is an immediate, an exact int or an exact string. `None` also if only Python can tell.
    #[inline]
    pub fn get_simple(&self, cx: &Cx, key: Ref<'_>) -> Option<Obj> {
        let hash = crate::objects::hash::known_hash(cx, key)?;
        self.shared_value_of(cx, key, hash).or_else(|| {
            locked(cx, &self.h, || match self.find_quick(cx, key, hash) {
                Quick::Found(index) => self.entry(index).value.get_locked(cx),
                _ => None,
            })
        })
    }

    /// As [`PyDict::get_simple`], borrowed until something runs or the thread is quiescent. `UNDEF` also if another thread is
    /// changing the dict.
    #[inline]
    pub(crate) fn peek_simple(&self, cx: &Cx, key: Ref<'_>) -> Value {
        let Some(hash) = crate::objects::hash::known_hash(cx, key) else { return Value::UNDEF };
        if !cx.is_exclusive(&self.h) {
            return self.shared_find(cx, key, hash);
        }
        match self.find_quick(cx, key, hash) {
            Quick::Found(index) => self.entry(index).value.peek(),
            _ => Value::UNDEF,
        }
    }

    /// What the dict has for a key, if other threads may change it, it has the key, and finding it needs no Python.
    #[inline]
    pub(crate) fn get_shared(&self, cx: &Cx, key: Ref<'_>) -> Option<Obj> {
        self.shared_value_of(cx, key, crate::objects::hash::known_hash(cx, key)?)
    }

    /// What the dict has for a key, if it is exclusively the thread's and the answer needs no Python.
    #[inline]
    pub(crate) fn get_quick(&self, cx: &Cx, key: Ref<'_>) -> Option<Option<Obj>> {
        if !cx.is_exclusive(&self.h) {
            return None;
        }
        let hash = crate::objects::hash::known_hash(cx, key)?;
        match self.find_quick(cx, key, hash) {
            Quick::Found(index) => Some(self.entry(index).value.get_locked(cx)),
            Quick::Missing => Some(None),
            Quick::Unknown => None,
        }
    }

    /// Whether all keys are exact strings, so that looking for one runs no Python.
    #[inline]
    pub fn has_only_str(&self) -> bool {
        self.only_str.get()
    }

    /// As [`PyDict::get_str`], borrowed, for a thread that is exclusive: good until its next safepoint. `UNDEF` if the
    /// key is not there, or if keys of other types make it less simple.
    #[inline]
    pub fn peek_str(&self, cx: &Cx, name: Ref<'_>) -> Value {
        if !self.only_str.get() {
            return Value::UNDEF;
        }
        match self.find_str(cx, name, str_hash(cx, name)) {
            Some(index) => self.entry(index).value.peek(),
            None => Value::UNDEF,
        }
    }

    /// Whether a key of known hash is there, if that needs no Python.
    #[inline]
    pub(crate) fn contains_simple(&self, cx: &Cx, key: Ref<'_>, hash: i64) -> Option<bool> {
        if !cx.is_exclusive(&self.h) && !self.shared_find(cx, key, hash).is_undef() {
            return Some(true);
        }
        match locked(cx, &self.h, || self.find_quick(cx, key, hash)) {
            Quick::Found(_) => Some(true),
            Quick::Missing => Some(false),
            Quick::Unknown => None,
        }
    }

    /// Sets the value of a key that is an immediate, an exact int or an exact string. False if only Python can tell
    /// where, or there is no memory: nothing has been done then.
    #[inline]
    pub(crate) fn set_simple(&self, cx: &Cx, key: Ref<'_>, value: Ref<'_>) -> bool {
        if let Some(hash) = crate::objects::hash::hash_at_hand(key.value()) {
            if !cx.is_exclusive(&self.h) {
                return self.set_shared(cx, key, hash, value);
            }
            match self.place(key.value(), hash) {
                Place::Found(index) => {
                    let old = self.entry(index).value.replace_locked(&self.h, value.own(cx));
                    drop_in(cx, old);
                    return true;
                }
                Place::Vacant(slot) if self.free.get() != 0 && !self.h.is_published() => {
                    self.enter(cx, slot, key.own(cx), hash, value.own(cx));
                    return true;
                }
                _ => (),
            }
        }
        self.set_less_simple(cx, key, value)
    }

    /// As [`PyDict::set_simple`] for keys and dicts of all kinds.
    #[inline(never)]
    fn set_less_simple(&self, cx: &Cx, key: Ref<'_>, value: Ref<'_>) -> bool {
        let Some(hash) = crate::objects::hash::known_hash(cx, key) else { return false };
        if !cx.is_exclusive(&self.h) {
            return self.set_shared(cx, key, hash, value);
        }
        dropped(cx, self.put_locked(cx, key, hash, value))
    }

    /// Sets the value of a key of known hash: what was there, or that there is no memory; `None` if only Python can tell. The
    /// caller holds the lock.
    #[inline(always)]
    fn put_locked(&self, cx: &Cx, key: Ref<'_>, hash: i64, value: Ref<'_>) -> Option<Put> {
        match self.find_quick(cx, key, hash) {
            Quick::Found(index) => Some(Ok(self.entry(index).value.replace_locked(&self.h, value.own(cx)))),
            Quick::Missing => {
                let put = self.insert_new(cx, key.own(cx), hash, value.own(cx));
                Some(put.map(|()| None).map_err(drop))
            }
            Quick::Unknown => None,
        }
    }

    /// As [`PyDict::set_simple`] for a key of known hash where the lock must be taken.
    #[inline(never)]
    fn set_shared(&self, cx: &Cx, key: Ref<'_>, hash: i64, value: Ref<'_>) -> bool {
        let put = locked(cx, &self.h, || match self.place(key.value(), hash) {
            Place::Found(index) => Some(Ok(self.entry(index).value.replace_locked(&self.h, value.own(cx)))),
            _ => self.put_locked(cx, key, hash, value),
        });
        dropped(cx, put)
    }

    /// Sets the value of a string key. Aborts the process if there is no memory.
    #[inline]
    pub fn set_str(&self, cx: &Cx, name: Ref<'_>, value: Obj) {
        let old = self.replace_str(cx, name, value);
        drop_in(cx, old);
    }

    /// As [`PyDict::set_str`]; gives what was there, whose end may run Python.
    pub fn replace_str(&self, cx: &Cx, name: Ref<'_>, value: Obj) -> Option<Obj> {
        let hash = str_hash(cx, name);
        let old = locked(cx, &self.h, || match self.find_str(cx, name, hash) {
            Some(index) => Ok(self.entry(index).value.replace_locked(&self.h, value)),
            None => self.insert_new(cx, name.own(cx), hash, value).map(|()| None),
        });
        old.unwrap_or_else(|_| ungil_gc::fatal("out of memory"))
    }

    /// As [`PyDict::set_str`] with a key to keep.
    #[inline]
    pub(crate) fn put_str(&self, cx: &Cx, key: Obj, value: Obj) {
        let hash = str_hash(cx, key.r());
        let old = locked(cx, &self.h, || match self.find_str(cx, key.r(), hash) {
            Some(index) => Ok((self.entry(index).value.replace_locked(&self.h, value), Some(key))),
            None => self.insert_new(cx, key, hash, value).map(|()| (None, None)),
        });
        match old {
            Ok((value, key)) => {
                drop_in(cx, value);
                drop_in(cx, key);
            }
            Err(_) => ungil_gc::fatal("out of memory"),
        }
    }

    /// As [`PyDict::set_str`] for a key that is not there, of a dict that nobody else knows yet.
    pub(crate) fn add_str(&self, cx: &Cx, name: Ref<'_>, value: Obj) {
        let hash = str_hash(cx, name);
        if locked(cx, &self.h, || self.insert_new(cx, name.own(cx), hash, value)).is_err() {
            ungil_gc::fatal("out of memory");
        }
    }

    /// Removes a string key and gives its value.
    pub fn remove_str(&self, cx: &Cx, name: Ref<'_>) -> Option<Obj> {
        let hash = str_hash(cx, name);
        let (key, value) = locked(cx, &self.h, || Some(self.take_entry(self.find_str(cx, name, hash)?)))?;
        drop(key);
        Some(value)
    }

    /// Looks for a key and calls `then` with the entry's number, the lock being held. `then` must not run Python.
    ///
    /// # Errors
    /// What `__eq__` raises.
    #[inline]
    pub(super) fn with_entry<T>(
        &self,
        cx: &mut Cx,
        key: Ref<'_>,
        hash: i64,
        then: impl FnOnce(&Cx, Option<u32>) -> T,
    ) -> R<T> {
        let mut asked: Option<(Question, bool)> = None;
        loop {
            let exclusive = cx.is_exclusive(&self.h);
            if !exclusive {
                self.h.lock.lock(&cx.world);
            }
            let found = match &asked {
                None => self.find(cx, key, hash),
                Some((question, true)) if self.is_current(question) => Find::Found(question.index),
                Some((_, true)) => self.find(cx, key, hash),
                Some((question, false)) => match self.find_after(cx, key, hash, question) {
                    Some(found) => found,
                    None => self.find(cx, key, hash),
                },
            };
            let question = match found {
                Find::Found(index) => Ok(Some(index)),
                Find::Missing => Ok(None),
                Find::Ask(question) => Err(question),
            };
            let question = match question {
                Ok(index) => {
                    let result = then(cx, index);
                    if !exclusive {
                        self.h.lock.unlock(&cx.world);
                    }
                    return Ok(result);
                }
                Err(question) => question,
            };
            if !exclusive {
                self.h.lock.unlock(&cx.world);
            }
            let equal = cx.compare_bool(CompareOp::Eq, question.stored.r(), key)?;
            asked = Some((question, equal));
        }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// `TypeError` if the key is not hashable, or what `__hash__` or `__eq__` raises.
    #[inline]
    pub fn get(&self, cx: &mut Cx, key: Ref<'_>) -> R<Option<Obj>> {
        let hash = key_hash(cx, key)?;
        self.get_known_hash(cx, key, hash)
    }

    /// As [`PyDict::get`] for a key whose hash is known.
    ///
    /// # Errors
    /// What `__eq__` raises.
    #[inline]
    pub fn get_known_hash(&self, cx: &mut Cx, key: Ref<'_>, hash: i64) -> R<Option<Obj>> {
        match self.shared_value_of(cx, key, hash) {
            Some(value) => Ok(Some(value)),
            None => self.with_entry(cx, key, hash, |cx, index| self.entry(index?).value.get_locked(cx)),
        }
    }

    /// Whether the key is there.
    ///
    /// # Errors
    /// As [`PyDict::get`].
    pub fn contains(&self, cx: &mut Cx, key: Ref<'_>) -> R<bool> {
        let hash = key_hash(cx, key)?;
        if !cx.is_exclusive(&self.h) && !self.shared_find(cx, key, hash).is_undef() {
            return Ok(true);
        }
        self.with_entry(cx, key, hash, |_, index| index.is_some())
    }

    /// `self[key] = value`.
    ///
    /// # Errors
    /// As [`PyDict::get`], or `MemoryError`.
    #[inline]
    pub fn set(&self, cx: &mut Cx, key: Obj, value: Obj) -> R<()> {
        let hash = key_hash(cx, key.r())?;
        self.set_known_hash(cx, key, value, hash)
    }

    /// As [`PyDict::set`] for a key whose hash is known.
    ///
    /// # Errors
    /// What `__eq__` raises, or `MemoryError`.
    #[inline]
    pub fn set_known_hash(&self, cx: &mut Cx, key: Obj, value: Obj, hash: i64) -> R<()> {
        // The key serves the search first and then goes into the table.
        let word = key.value();
        // SAFETY: `key` is kept alive by the closure until it is stored, and by the table from then on.
        let looked_for = unsafe { Ref::from_value(word) };
        let done = self.with_entry(cx, looked_for, hash, move |cx, index| match index {
            Some(index) => Ok((self.entry(index).value.replace_locked(&self.h, value), Some(key))),
            None => self.insert_new(cx, key, hash, value).map(|()| (None, None)),
        })?;
        match done {
            Ok((old, key)) => {
                drop_in(cx, old);
                drop_in(cx, key);
                Ok(())
            }
            Err(operands) => {
                drop(operands);
                Err(cx.memory_error())
            }
        }
    }

    /// The value of the key, which is set to `default` first if it is not there; and whether it was there.
    ///
    /// # Errors
    /// As [`PyDict::set`].
    pub fn set_default(&self, cx: &mut Cx, key: Ref<'_>, default: Ref<'_>) -> R<(Obj, bool)> {
        let hash = key_hash(cx, key)?;
        self.set_default_known_hash(cx, key, default, hash)
    }

    /// As [`PyDict::set_default`] for a key whose hash is known.
    ///
    /// # Errors
    /// What `__eq__` raises, or `MemoryError`.
    pub fn set_default_known_hash(
        &self,
        cx: &mut Cx,
        key: Ref<'_>,
        default: Ref<'_>,
        hash: i64,
    ) -> R<(Obj, bool)> {
        let found = self.with_entry(cx, key, hash, |cx, index| match index {
            Some(index) => Ok(self.entry(index).value.get_locked(cx)),
            None => self.insert_new(cx, key.own(cx), hash, default.own(cx)).map(|()| None),
        })?;
        match found {
            Ok(Some(value)) => Ok((value, true)),
            Ok(None) => Ok((default.own(cx), false)),
            Err(operands) => {
                drop(operands);
                Err(cx.memory_error())
            }
        }
    }

    /// Removes a key and gives its value.
    ///
    /// # Errors
    /// As [`PyDict::get`].
    pub fn remove(&self, cx: &mut Cx, key: Ref<'_>) -> R<Option<Obj>> {
        if self.is_empty() {
            key_hash(cx, key)?;
            return Ok(None);
        }
        let hash = key_hash(cx, key)?;
        let taken = self.with_entry(cx, key, hash, |_, index| Some(self.take_entry(index?)))?;
        Ok(taken.map(|(key, value)| {
            drop(key);
            value
        }))
    }

    /// Removes a key if `wanted` accepts its value, as one step; `wanted` runs no Python and drops no object.
    ///
    /// # Errors
    /// As [`PyDict::get`].
    pub fn remove_if(
        &self,
        cx: &mut Cx,
        key: Ref<'_>,
        wanted: impl FnOnce(&Cx, Ref<'_>) -> bool,
    ) -> R<Option<Obj>> {
        let hash = key_hash(cx, key)?;
        let taken = self.with_entry(cx, key, hash, |cx, index| {
            let index = index?;
            // SAFETY: the entry keeps the value alive while the lock is held.
            let value = unsafe { Ref::from_value(self.entry(index).value.peek()) };
            wanted(cx, value).then(|| self.take_entry(index))
        })?;
        Ok(taken.map(|(key, value)| {
            drop(key);
            value
        }))
    }

    /// Removes and gives the item that was added last.
    pub fn pop_last(&self, cx: &Cx) -> Option<(Obj, Obj)> {
        locked(cx, &self.h, || {
            if self.used.get() == 0 {
                return None;
            }
            let last = (0..self.filled.get()).rev().find(|&i| !self.entry(i).key.is_empty())?;
            let taken = self.take_entry(last);
            if cx.is_exclusive(&self.h) {
                // The holes behind the entry need not be passed again.
                self.filled.set(last);
            } else if (self.filled.get() - self.used.get()) > self.used.get() + 8 {
                // An entry that others may be reading serves no other key: a new table closes the holes. Without memory it stays
                // as it is.
                self.resize(cx, super::table::log2_for_entries(self.used.get() as usize));
            }
            Some(taken)
        })
    }

    /// Removes everything.
    pub fn clear(&self, cx: &Cx) {
        let old = locked(cx, &self.h, || self.take_table());
        old.drop_forward(cx);
    }

    /// A new dict with the same items.
    pub fn copy(&self, cx: &Cx) -> Obj {
        let new = PyDict::new(cx);
        // SAFETY: made as a dict just now.
        let dict: &PyDict = unsafe { new.cast_unchecked() };
        if !locked_both(cx, &self.h, &dict.h, || dict.clone_table(cx, self)) {
            ungil_gc::fatal("out of memory");
        }
        new
    }

    /// The items in order.
    pub fn items(&self, cx: &Cx) -> Vec<(Obj, Obj)> {
        self.collect(cx, |key, value| (key.own(cx), value.own(cx)))
    }

    /// The keys in order.
    pub fn keys(&self, cx: &Cx) -> Vec<Obj> {
        self.collect(cx, |key, _| key.own(cx))
    }

    /// The values in order.
    pub fn values(&self, cx: &Cx) -> Vec<Obj> {
        self.collect(cx, |_, value| value.own(cx))
    }

    /// The items in order with the hashes of their keys.
    pub(crate) fn hashed_items(&self, cx: &Cx) -> Vec<(i64, Obj, Obj)> {
        self.collect_entries(cx, |hash, key, value| (hash, key.own(cx), value.own(cx)))
    }

    fn collect<T>(&self, cx: &Cx, f: impl Fn(Ref<'_>, Ref<'_>) -> T) -> Vec<T> {
        self.collect_entries(cx, |_, key, value| f(key, value))
    }

    /// Calls `f` with each item in order, under the lock: it must not run Python, nor drop anything.
    #[inline]
    pub(crate) fn visit(&self, cx: &Cx, mut f: impl FnMut(Ref<'_>, Ref<'_>)) {
        locked(cx, &self.h, || {
            for i in 0..self.filled.get() {
                let entry = self.entry(i);
                if !entry.key.is_empty() {
                    // SAFETY: the entry keeps both alive while the lock is held.
                    unsafe { f(Ref::from_value(entry.key.peek()), Ref::from_value(entry.value.peek())) };
                }
            }
        });
    }

    fn collect_entries<T>(&self, cx: &Cx, f: impl Fn(i64, Ref<'_>, Ref<'_>) -> T) -> Vec<T> {
        locked(cx, &self.h, || {
            let mut all = Vec::with_capacity(self.len());
            for i in 0..self.filled.get() {
                let entry = self.entry(i);
                if !entry.key.is_empty() {
                    // SAFETY: the entry keeps both alive while the lock is held.
                    let (key, value) =
                        unsafe { (Ref::from_value(entry.key.peek()), Ref::from_value(entry.value.peek())) };
                    all.push(f(entry.hash.get(), key, value));
                }
            }
            all
        })
    }

    /// The first item at entry number `from` or later, with the number after it.
    #[inline]
    pub(super) fn next_entry<T>(
        &self,
        cx: &Cx,
        from: u32,
        f: impl FnOnce(&Cx, &super::Entry) -> T,
    ) -> Option<(T, u32)> {
        locked(cx, &self.h, || self.next_entry_locked(cx, from, f))
    }

    #[inline]
    pub(super) fn next_entry_locked<T>(
        &self,
        cx: &Cx,
        from: u32,
        f: impl FnOnce(&Cx, &super::Entry) -> T,
    ) -> Option<(T, u32)> {
        let mut i = from;
        while i < self.filled.get() {
            let entry = self.entry(i);
            if !entry.key.is_empty() {
                return Some((f(cx, entry), i + 1));
            }
            i += 1;
        }
        None
    }
}

/// Drops what a put has replaced; whether it was done.
#[inline(always)]
fn dropped(cx: &Cx, put: Option<Put>) -> bool {
    match put {
        Some(Ok(old)) => {
            drop_in(cx, old);
            true
        }
        _ => false,
    }
}

/// Drops what may be there, without looking up the thread.
#[inline(always)]
pub(super) fn drop_in(cx: &Cx, v: Option<Obj>) {
    if let Some(v) = v {
        cx.drop_value(v.into_value());
    }
}
