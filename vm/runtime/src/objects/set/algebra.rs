//! Union, intersection, difference and subset tests of sets with each other and with any iterable.
//!
//! Another set is read in one step, then its items are compared one by one, so what another thread does to it meanwhile
//! comes before or after the whole operation. Items keep the order that CPython gives them.

use super::PySet;
use super::access::item_hash;
use super::table::Quick;
use crate::objects::dict::PyDict;
use crate::objects::sync::{locked, locked_both};
use crate::prelude::*;

impl PySet {
    /// A new exact set, or frozen set if `like` is one or an instance of a subclass, that is empty.
    pub(super) fn new_like(cx: &Cx, like: Ref<'_>) -> Obj {
        let which =
            if cx.is_instance_of(like, Builtin::FrozenSet) { Builtin::FrozenSet } else { Builtin::Set };
        cx.alloc(which, PySet::empty)
    }

    /// A copy of the base type.
    ///
    /// # Errors
    /// `MemoryError`.
    pub(super) fn copy(&self, cx: &mut Cx) -> R {
        let new = PySet::new_like(cx, ref_of(self));
        // SAFETY: made as a set just now.
        unsafe { new.cast_unchecked::<PySet>() }.merge(cx, self)?;
        Ok(new)
    }

    /// Removes all items of an iterable.
    ///
    /// # Errors
    /// What iterating, hashing or comparing raises.
    pub(crate) fn remove_all(&self, cx: &mut Cx, other: Ref<'_>) -> R<()> {
        if other.is(ref_of(self)) {
            self.clear(cx);
            return Ok(());
        }
        if let Some(items) = hashed_items(cx, other) {
            for (hash, item) in items {
                self.remove_hashed(cx, item.r(), hash)?;
            }
        } else {
            cx.for_each(other, |cx, item| {
                let hash = item_hash(cx, item.r())?;
                self.remove_hashed(cx, item.r(), hash)?;
                Ok(true)
            })?;
        }
        locked(cx, &self.h, || self.tidy(cx));
        Ok(())
    }

    /// Adds what is missing of an iterable's items and removes the others.
    ///
    /// # Errors
    /// As [`PySet::remove_all`].
    pub(crate) fn toggle_all(&self, cx: &mut Cx, other: Ref<'_>) -> R<()> {
        if other.is(ref_of(self)) {
            self.clear(cx);
            return Ok(());
        }
        let items = match hashed_items(cx, other) {
            Some(items) => items,
            None => {
                // Each item counts once, however often the iterable gives it.
                let set = super::set_from(cx, other)?;
                // SAFETY: made as a set just now.
                unsafe { set.cast_unchecked::<PySet>() }.hashed_items(cx)
            }
        };
        for (hash, item) in items {
            if self.remove_hashed(cx, item.r(), hash)?.is_none() {
                self.add_hashed(cx, item, hash)?;
            }
        }
        Ok(())
    }

    /// The items that are in the iterable too, as a new set of the base type.
    ///
    /// # Errors
    /// As [`PySet::remove_all`].
    pub(super) fn intersection(&self, cx: &mut Cx, other: Ref<'_>) -> R {
        if other.is(ref_of(self)) {
            return self.copy(cx);
        }
        let sets = other.downcast::<PySet>(cx).map(|set| {
            // The shorter one is walked.
            if set.len() > self.len() { (self, set) } else { (set, self) }
        });
        if let Some((walked, asked)) = sets
            && let Some(result) = walked.picked_quick(cx, asked, true, ref_of(self))
        {
            return Ok(result);
        }
        let result = PySet::new_like(cx, ref_of(self));
        // SAFETY: made as a set just now.
        let new: &PySet = unsafe { result.cast_unchecked() };
        if let Some((walked, asked)) = sets {
            for (hash, item) in walked.hashed_items(cx) {
                if asked.contains_hashed(cx, item.r(), hash)? {
                    new.add_hashed(cx, item, hash)?;
                }
            }
            return Ok(result);
        }
        cx.for_each(other, |cx, item| {
            let hash = item_hash(cx, item.r())?;
            if self.contains_hashed(cx, item.r(), hash)? {
                new.add_hashed(cx, item, hash)?;
            }
            Ok(true)
        })?;
        Ok(result)
    }

    /// The items that are not in the iterable, as a new set of the base type.
    ///
    /// # Errors
    /// As [`PySet::remove_all`].
    pub(super) fn difference(&self, cx: &mut Cx, other: Ref<'_>) -> R {
        enum Other<'a> {
            Set(&'a PySet),
            Dict(&'a PyDict),
        }
        let other = match (other.downcast::<PySet>(cx), other.downcast::<PyDict>(cx)) {
            (Some(set), _) if self.len() >> 2 <= set.len() => Other::Set(set),
            (_, Some(dict)) if self.len() >> 2 <= dict.len() && cx.is_exactly(other, Builtin::Dict) => {
                Other::Dict(dict)
            }
            _ => {
                let result = self.copy(cx)?;
                // SAFETY: made as a set just now.
                unsafe { result.cast_unchecked::<PySet>() }.remove_all(cx, other)?;
                return Ok(result);
            }
        };
        if let Other::Set(set) = other
            && let Some(result) = self.picked_quick(cx, set, false, ref_of(self))
        {
            return Ok(result);
        }
        let result = PySet::new_like(cx, ref_of(self));
        // SAFETY: made as a set just now.
        let new: &PySet = unsafe { result.cast_unchecked() };
        for (hash, item) in self.hashed_items(cx) {
            let found = match other {
                Other::Set(set) => set.contains_hashed(cx, item.r(), hash)?,
                Other::Dict(dict) => dict.get_known_hash(cx, item.r(), hash)?.is_some(),
            };
            if !found {
                new.add_hashed(cx, item, hash)?;
            }
        }
        Ok(result)
    }

    /// The items that are in exactly one of both, as a new set of the base type.
    ///
    /// # Errors
    /// As [`PySet::remove_all`].
    pub(super) fn symmetric_difference(&self, cx: &mut Cx, other: Ref<'_>) -> R {
        let result = PySet::new_like(cx, ref_of(self));
        // SAFETY: made as a set just now.
        let new: &PySet = unsafe { result.cast_unchecked() };
        new.update_from(cx, other)?;
        new.toggle_all(cx, ref_of(self))?;
        Ok(result)
    }

    /// Whether every item is in the other set.
    ///
    /// # Errors
    /// What comparing raises.
    pub(super) fn is_subset(&self, cx: &mut Cx, other: &PySet) -> R<bool> {
        if std::ptr::eq(self, other) {
            return Ok(true);
        }
        if self.len() > other.len() {
            return Ok(false);
        }
        if let Some(holds) = self.is_subset_quick(cx, other) {
            return Ok(holds);
        }
        for (hash, item) in self.hashed_items(cx) {
            if !other.contains_hashed(cx, item.r(), hash)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The answer of `is_subset` if both sets are exclusively the thread's and no item needs Python to be compared.
    fn is_subset_quick(&self, cx: &Cx, other: &PySet) -> Option<bool> {
        if !cx.is_exclusive(&self.h) || !cx.is_exclusive(&other.h) {
            return None;
        }
        for (hash, item) in self.peek_items() {
            match other.find_quick(cx, item, hash) {
                Quick::Found => {}
                Quick::Missing(_) => return Some(false),
                Quick::Unknown => return None,
            }
        }
        Some(true)
    }

    /// `self op other` under the same conditions.
    pub(crate) fn compare_quick(&self, cx: &Cx, op: CompareOp, other: &PySet) -> Option<bool> {
        let (mine, others) = (self.len(), other.len());
        match op {
            CompareOp::Eq | CompareOp::Ne if mine != others => Some(op == CompareOp::Ne),
            CompareOp::Eq => self.is_subset_quick(cx, other),
            CompareOp::Ne => self.is_subset_quick(cx, other).map(|same| !same),
            CompareOp::Le if mine > others => Some(false),
            CompareOp::Lt if mine >= others => Some(false),
            CompareOp::Le | CompareOp::Lt => self.is_subset_quick(cx, other),
            CompareOp::Ge | CompareOp::Gt => other.compare_quick(cx, op.swapped(), self),
        }
    }

    /// The items that are in the other set, or those that are not, as a new set of the base type of `like`; `None` where that
    /// may need Python or a lock.
    fn picked_quick(&self, cx: &Cx, other: &PySet, wanted: bool, like: Ref<'_>) -> Option<Obj> {
        if !cx.is_exclusive(&self.h) || !cx.is_exclusive(&other.h) {
            return None;
        }
        let result = PySet::new_like(cx, like);
        // SAFETY: made as a set just now.
        let new: &PySet = unsafe { result.cast_unchecked() };
        for (hash, item) in self.peek_items() {
            let found = match other.find_quick(cx, item, hash) {
                Quick::Found => true,
                Quick::Missing(_) => false,
                Quick::Unknown => return None,
            };
            if found == wanted {
                let Quick::Missing(place) = new.find_quick(cx, item, hash) else { return None };
                new.insert_at(cx, place, item.own(cx), hash).ok()?;
            }
        }
        Some(result)
    }

    /// The items with their hashes, borrowed: the thread is exclusive, and nothing changes the set meanwhile.
    fn peek_items(&self) -> impl Iterator<Item = (i64, Ref<'_>)> {
        self.entries().iter().filter(|entry| !entry.key.is_empty()).map(|entry| {
            // SAFETY: the set keeps its items alive.
            (entry.hash.get(), unsafe { Ref::from_value(entry.key.peek()) })
        })
    }

    /// Whether no item is in the iterable.
    ///
    /// # Errors
    /// As [`PySet::remove_all`].
    pub(super) fn is_disjoint(&self, cx: &mut Cx, other: Ref<'_>) -> R<bool> {
        if other.is(ref_of(self)) {
            return Ok(self.is_empty());
        }
        if let Some(set) = other.downcast::<PySet>(cx) {
            let (walked, asked) = if set.len() > self.len() { (self, set) } else { (set, self) };
            for (hash, item) in walked.hashed_items(cx) {
                if asked.contains_hashed(cx, item.r(), hash)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let mut disjoint = true;
        cx.for_each(other, |cx, item| {
            disjoint = !self.contains(cx, item.r())?;
            Ok(disjoint)
        })?;
        Ok(disjoint)
    }

    /// Takes over the items of a set that nobody else knows.
    pub(super) fn become_(&self, cx: &Cx, new: Obj) {
        // SAFETY: callers have made it as a set.
        let other: &PySet = unsafe { new.cast_unchecked() };
        locked_both(cx, &self.h, &other.h, || self.swap_table(other));
        // The old items go with `new`.
        drop(new);
    }
}

/// The items of a set, or the keys of a dict, with their hashes, read in one step.
fn hashed_items(cx: &Cx, v: Ref<'_>) -> Option<Vec<(i64, Obj)>> {
    if let Some(set) = v.downcast::<PySet>(cx) {
        return Some(set.hashed_items(cx));
    }
    if !cx.is_exactly(v, Builtin::Dict) {
        return None;
    }
    let items = v.downcast::<PyDict>(cx)?.hashed_items(cx);
    Some(items.into_iter().map(|(hash, key, _)| (hash, key)).collect())
}
