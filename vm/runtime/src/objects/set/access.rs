//! What the rest of the VM does with sets: make, add, remove, ask, list.

use super::PySet;
use super::table::{Find, Question, Quick};
use crate::objects::dict::PyDict;
use crate::objects::dict::key::hash_for;
use crate::objects::sync::{locked, locked_both};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// A new set of the items.
///
/// # Errors
/// `TypeError` if an item is not hashable, or what comparing raises.
pub fn new_set(cx: &mut Cx, items: Vec<Obj>) -> R {
    filled(cx, PySet::new(cx), items)
}

/// A new frozen set of the items.
///
/// # Errors
/// As [`new_set`].
pub fn new_frozenset(cx: &mut Cx, items: Vec<Obj>) -> R {
    let new = cx.alloc(Builtin::FrozenSet, PySet::empty);
    filled(cx, new, items)
}

fn filled(cx: &mut Cx, new: Obj, items: Vec<Obj>) -> R {
    // SAFETY: callers have just made it as a set.
    let set: &PySet = unsafe { new.cast_unchecked() };
    for item in &items {
        set.add_ref(cx, item.r())?;
    }
    Ok(new)
}

/// `set(iterable)` of the exact class.
///
/// # Errors
/// What iterating raises, or as [`new_set`].
pub fn set_from(cx: &mut Cx, iterable: Ref<'_>) -> R {
    let new = PySet::new(cx);
    // SAFETY: made as a set just now.
    unsafe { new.cast_unchecked::<PySet>() }.update_from(cx, iterable)?;
    Ok(new)
}

/// Adds an item to an object that is a set.
///
/// # Errors
/// As [`new_set`].
pub fn add(cx: &mut Cx, set: Ref<'_>, item: Obj) -> R<()> {
    match set.downcast::<PySet>(cx) {
        Some(set) => set.add(cx, item),
        None => Err(crate::object::unreachable_err(cx, "an item was added to what is no set")),
    }
}

/// The hash of a would-be item.
///
/// # Errors
/// `TypeError` ("cannot use 'x' as a set element (...)").
#[inline]
pub(super) fn item_hash(cx: &mut Cx, item: Ref<'_>) -> R<i64> {
    hash_for(cx, item, "set element")
}

/// How far merging came without Python.
enum Quickly {
    Done,
    /// Only Python can go on.
    Unknown,
    /// With an item to be dropped without a lock.
    NoMemory(#[expect(dead_code, reason = "dropped only")] Option<Obj>),
}

impl PySet {
    /// Looks for an item and calls `then` with what was found, the lock being held. `then` must not run Python, and
    /// never gets a question.
    ///
    /// # Errors
    /// What `__eq__` raises.
    #[inline]
    pub(super) fn with_entry<T>(
        &self,
        cx: &mut Cx,
        key: Ref<'_>,
        hash: i64,
        then: impl FnOnce(&Cx, Find) -> T,
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
                Find::Ask(question) => question,
                found => {
                    let result = then(cx, found);
                    if !exclusive {
                        self.h.lock.unlock(&cx.world);
                    }
                    return Ok(result);
                }
            };
            if !exclusive {
                self.h.lock.unlock(&cx.world);
            }
            let equal = cx.compare_bool(CompareOp::Eq, question.stored.r(), key)?;
            asked = Some((question, equal));
        }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// As [`new_set`], or `MemoryError`.
    #[inline]
    pub fn add(&self, cx: &mut Cx, item: Obj) -> R<()> {
        let hash = item_hash(cx, item.r())?;
        self.add_hashed(cx, item, hash)
    }

    /// As [`PySet::add`] for an item whose hash is known.
    ///
    /// # Errors
    /// What comparing raises, or `MemoryError`.
    #[inline]
    pub(crate) fn add_hashed(&self, cx: &mut Cx, item: Obj, hash: i64) -> R<()> {
        // SAFETY: the closure keeps the item alive until it is stored, and the table from then on.
        let looked_for = unsafe { Ref::from_value(item.value()) };
        let done = self.with_entry(cx, looked_for, hash, move |cx, found| match found {
            Find::Missing(index) => self.insert_at(cx, index, item, hash).map(|()| None),
            // The set has an equal item: this one is dropped after the unlock.
            _ => Ok(Some(item)),
        })?;
        match done {
            Ok(rest) => {
                drop(rest);
                Ok(())
            }
            Err(_) => Err(cx.memory_error()),
        }
    }

    /// Whether the item is there.
    ///
    /// # Errors
    /// As [`new_set`].
    #[inline]
    pub fn contains(&self, cx: &mut Cx, item: Ref<'_>) -> R<bool> {
        let hash = item_hash(cx, item)?;
        self.contains_hashed(cx, item, hash)
    }

    /// As [`PySet::contains`] for an item whose hash is known.
    ///
    /// # Errors
    /// What comparing raises.
    #[inline]
    pub(crate) fn contains_hashed(&self, cx: &mut Cx, item: Ref<'_>, hash: i64) -> R<bool> {
        self.with_entry(cx, item, hash, |_, found| matches!(found, Find::Found(_)))
    }

    /// Whether an item of known hash is there, if that needs no Python.
    #[inline]
    pub(crate) fn contains_simple(&self, cx: &Cx, item: Ref<'_>, hash: i64) -> Option<bool> {
        match locked(cx, &self.h, || self.find_quick(cx, item, hash)) {
            Quick::Found => Some(true),
            Quick::Missing(_) => Some(false),
            Quick::Unknown => None,
        }
    }

    /// Adds an item that is an immediate, an exact int or an exact string. False if only Python can tell whether it is
    /// there, or there is no memory: nothing has been done then.
    #[inline]
    pub(crate) fn add_simple(&self, cx: &Cx, item: Ref<'_>) -> bool {
        let Some(hash) = crate::objects::hash::known_hash(cx, item) else { return false };
        locked(cx, &self.h, || match self.find_quick(cx, item, hash) {
            Quick::Found => true,
            Quick::Missing(index) => self.insert_at(cx, index, item.own(cx), hash).is_ok(),
            Quick::Unknown => false,
        })
    }

    /// Adds an item that the caller keeps.
    ///
    /// # Errors
    /// As [`new_set`], or `MemoryError`.
    #[inline]
    pub(crate) fn add_ref(&self, cx: &mut Cx, item: Ref<'_>) -> R<()> {
        if self.add_simple(cx, item) {
            return Ok(());
        }
        let item = item.own(cx);
        self.add(cx, item)
    }

    /// Removes an item and gives it; `None` if it was not there.
    ///
    /// # Errors
    /// What comparing raises.
    pub(crate) fn remove_hashed(&self, cx: &mut Cx, item: Ref<'_>, hash: i64) -> R<Option<Obj>> {
        self.with_entry(cx, item, hash, |_, found| match found {
            Find::Found(index) => self.take_at(index),
            _ => None,
        })
    }

    /// Removes and gives any item.
    pub(crate) fn pop(&self, cx: &Cx) -> Option<Obj> {
        locked(cx, &self.h, || self.take_any())
    }

    /// Removes everything.
    pub fn clear(&self, cx: &Cx) {
        let old = locked(cx, &self.h, || self.take_table());
        old.drop_items(cx);
    }

    /// The items.
    pub fn snapshot(&self, cx: &Cx) -> Vec<Obj> {
        locked(cx, &self.h, || self.entries().iter().filter_map(|entry| entry.key.get_locked(cx)).collect())
    }

    /// The items with their hashes.
    pub(crate) fn hashed_items(&self, cx: &Cx) -> Vec<(i64, Obj)> {
        locked(cx, &self.h, || {
            let entries = self.entries().iter();
            entries.filter_map(|entry| Some((entry.hash.get(), entry.key.get_locked(cx)?))).collect()
        })
    }

    /// Adds all items of an iterable.
    ///
    /// # Errors
    /// What iterating raises, or as [`new_set`].
    pub fn update_from(&self, cx: &mut Cx, iterable: Ref<'_>) -> R<()> {
        if let Some(set) = iterable.downcast::<PySet>(cx) {
            return self.merge(cx, set);
        }
        if cx.is_exactly(iterable, Builtin::Dict)
            && let Some(dict) = iterable.downcast::<PyDict>(cx)
        {
            let keys = dict.hashed_items(cx).into_iter().map(|(hash, key, _)| (hash, key)).collect();
            return self.add_all_hashed(cx, keys);
        }
        if cx.is_exactly(iterable, Builtin::Tuple)
            && let Some(tuple) = iterable.downcast::<PyTuple>(cx)
        {
            return tuple.items().iter().try_for_each(|&item| self.add_ref(cx, item));
        }
        let iterator = cx.iter(iterable)?;
        while let Some(item) = cx.next(iterator.r())? {
            self.add_ref(cx, item.r())?;
            cx.poll()?;
        }
        Ok(())
    }

    /// Adds all items of another set, which is read in one step.
    ///
    /// # Errors
    /// What comparing raises, or `MemoryError`.
    pub(crate) fn merge(&self, cx: &mut Cx, other: &PySet) -> R<()> {
        if std::ptr::eq(self, other) || other.is_empty() {
            return Ok(());
        }
        let merged = locked_both(cx, &self.h, &other.h, || match self.fill.get() {
            0 if self.fill_clean(cx, other) => Quickly::Done,
            0 => Quickly::NoMemory(None),
            _ => self.merge_quickly(cx, other),
        });
        match merged {
            Quickly::Done => Ok(()),
            Quickly::NoMemory(_) => Err(cx.memory_error()),
            Quickly::Unknown => {
                let items = other.hashed_items(cx);
                self.add_all_hashed(cx, items)
            }
        }
    }

    /// Adds the items of another set as far as that needs no Python. Both locks are held.
    fn merge_quickly(&self, cx: &Cx, other: &PySet) -> Quickly {
        if !self.reserve(cx, other.len()) {
            return Quickly::NoMemory(None);
        }
        for entry in other.entries() {
            let (key, hash) = (entry.key.peek(), entry.hash.get());
            if key.is_undef() {
                continue;
            }
            // SAFETY: the other set holds it while its lock is held.
            let key = unsafe { Ref::from_value(key) };
            match self.find_quick(cx, key, hash) {
                Quick::Found => {}
                Quick::Missing(index) => {
                    if let Err(key) = self.insert_at(cx, index, key.own(cx), hash) {
                        return Quickly::NoMemory(Some(key));
                    }
                }
                Quick::Unknown => return Quickly::Unknown,
            }
        }
        Quickly::Done
    }

    /// Adds items whose hashes are known, in one step unless comparing must run Python.
    ///
    /// # Errors
    /// What comparing raises, or `MemoryError`.
    pub(crate) fn add_all_hashed(&self, cx: &mut Cx, items: Vec<(i64, Obj)>) -> R<()> {
        if !locked(cx, &self.h, || self.reserve(cx, items.len())) {
            return Err(cx.memory_error());
        }
        let mut items = items.into_iter();
        let mut known = Vec::new();
        loop {
            let stopped = locked(cx, &self.h, || {
                for (hash, item) in items.by_ref() {
                    match self.find(cx, item.r(), hash) {
                        Find::Found(_) => known.push(item),
                        Find::Missing(index) => self.insert_at(cx, index, item, hash).map_err(|_| None)?,
                        Find::Ask(_) => return Err(Some((hash, item))),
                    }
                }
                Ok(())
            });
            match stopped {
                Ok(()) => return Ok(()),
                Err(Some((hash, item))) => self.add_hashed(cx, item, hash)?,
                Err(None) => return Err(cx.memory_error()),
            }
        }
    }
}
