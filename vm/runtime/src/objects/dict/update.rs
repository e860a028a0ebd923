//! Filling dicts from other mappings and from sequences of pairs.

use super::PyDict;
use super::access::drop_in;
use super::table::{Find, Quick};
use crate::objects::iter::next_pair;
use crate::objects::sync::{locked, locked_both};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

impl PyDict {
    /// `self.update(other)`: `other` is a dict, something with `keys()`, or an iterable of pairs.
    ///
    /// # Errors
    /// What reading `other` or comparing keys raises.
    pub fn update_from(&self, cx: &mut Cx, other: Ref<'_>) -> R<()> {
        if let Some(dict) = other.downcast::<PyDict>(cx)
            && iterates_as_dict(cx, other)
        {
            return self.merge(cx, dict);
        }
        let keys = cx.vm.names.keys.get();
        match cx.get_attr_opt(other, keys)? {
            Some(method) => self.merge_mapping(cx, other, method),
            None => self.merge_pairs(cx, other),
        }
    }

    /// Adds all items of another dict, which is read in one step.
    ///
    /// # Errors
    /// What comparing keys raises.
    pub fn merge(&self, cx: &mut Cx, other: &PyDict) -> R<()> {
        if std::ptr::eq(self, other) || other.is_empty() {
            return Ok(());
        }
        match locked_both(cx, &self.h, &other.h, || self.merge_simply(cx, other)) {
            Some(true) => return Ok(()),
            Some(false) => {}
            None => return Err(cx.memory_error()),
        }
        let items = other.hashed_items(cx);
        self.insert_all(cx, items, Some(other))
    }

    /// Adds the items of another dict to one that is empty, or to one that is exclusively the thread's as far as that needs
    /// no Python; whether all are in. `None` if there is no memory. Both are locked.
    fn merge_simply(&self, cx: &Cx, other: &PyDict) -> Option<bool> {
        if self.is_empty() && self.filled.get() == 0 && self.entries.get().is_null() {
            return self.clone_table(cx, other).then_some(true);
        }
        if !cx.is_exclusive(&self.h) {
            return Some(false);
        }
        for i in 0..other.filled.get() {
            let entry = other.entry(i);
            let (Some(key), Some(value)) = (entry.key.get_locked(cx), entry.value.get_locked(cx)) else {
                continue;
            };
            match self.find_quick(cx, key.r(), entry.hash.get()) {
                Quick::Found(index) => {
                    drop_in(cx, self.entry(index).value.replace_locked(&self.h, value));
                    drop_in(cx, Some(key));
                }
                Quick::Missing => self.insert_new(cx, key, entry.hash.get(), value).ok()?,
                Quick::Unknown => {
                    drop_in(cx, Some(key));
                    drop_in(cx, Some(value));
                    return Some(false);
                }
            }
        }
        Some(true)
    }

    /// Sets items whose hashes are known: in one step, unless comparing keys must run Python. The comparisons must not
    /// change the keys of `source`.
    ///
    /// # Errors
    /// What comparing keys raises, `RuntimeError` ("dict mutated during update"), or `MemoryError`.
    pub(crate) fn insert_all(
        &self,
        cx: &mut Cx,
        items: Vec<(i64, Obj, Obj)>,
        source: Option<&PyDict>,
    ) -> R<()> {
        let filled = source.map(|source| source.filled.get());
        let mut items = items.into_iter();
        let mut replaced = Vec::new();
        loop {
            let stopped = locked(cx, &self.h, || {
                for (hash, key, value) in items.by_ref() {
                    match self.find(cx, key.r(), hash) {
                        Find::Found(index) => {
                            replaced.extend(self.entry(index).value.replace_locked(&self.h, value));
                            replaced.push(key);
                        }
                        Find::Missing => self.insert_new(cx, key, hash, value).map_err(|_| None)?,
                        Find::Ask(_) => return Err(Some((hash, key, value))),
                    }
                }
                Ok(())
            });
            match stopped {
                Ok(()) => break,
                Err(Some((hash, key, value))) => {
                    self.set_known_hash(cx, key, value, hash)?;
                    if source.map(|source| source.filled.get()) != filled {
                        return Err(cx.runtime_error("dict mutated during update"));
                    }
                }
                Err(None) => return Err(cx.memory_error()),
            }
        }
        replaced.into_iter().for_each(|v| drop_in(cx, Some(v)));
        Ok(())
    }

    fn merge_mapping(&self, cx: &mut Cx, other: Ref<'_>, keys: Obj) -> R<()> {
        let keys = cx.call(keys.r(), &[])?;
        let iterator = cx.iter(keys.r())?;
        while let Some(key) = cx.next(iterator.r())? {
            let value = cx.get_item(other, key.r())?;
            self.set(cx, key, value)?;
            cx.poll()?;
        }
        Ok(())
    }

    fn merge_pairs(&self, cx: &mut Cx, pairs: Ref<'_>) -> R<()> {
        let iterator = cx.iter(pairs)?;
        let mut i = 0;
        loop {
            // Where items are pairs that would only be taken apart, they are not made.
            match next_pair(cx, iterator.r()) {
                Some(Ok(Some((key, value)))) => {
                    self.set_ref(cx, key.r(), value.r())?;
                    i += 1;
                    cx.poll()?;
                    continue;
                }
                Some(Ok(None)) => return Ok(()),
                Some(Err(err)) => return Err(err),
                None => {}
            }
            let Some(pair) = cx.next(iterator.r())? else { return Ok(()) };
            if cx.is_exactly(pair.r(), Builtin::Tuple)
                && let Some(&[key, value]) = pair.downcast::<PyTuple>(cx).map(PyTuple::items)
            {
                self.set_ref(cx, key, value)?;
                i += 1;
                cx.poll()?;
                continue;
            }
            let items = pair_items(cx, pair.r(), i)?;
            let len = items.len();
            let Ok([key, value]) = <[Obj; 2]>::try_from(items) else {
                return Err(cx.value_error(format!(
                    "dictionary update sequence element #{i} has length {len}; 2 is required"
                )));
            };
            self.set(cx, key, value)?;
            i += 1;
            cx.poll()?;
        }
    }

    /// `self[key] = value` of values that the caller keeps.
    fn set_ref(&self, cx: &mut Cx, key: Ref<'_>, value: Ref<'_>) -> R<()> {
        if self.set_simple(cx, key, value) {
            return Ok(());
        }
        self.set(cx, key.own(cx), value.own(cx))
    }
}

/// The items of a would-be pair.
fn pair_items(cx: &mut Cx, pair: Ref<'_>, i: usize) -> R<Vec<Obj>> {
    let err = match cx.collect(pair) {
        Ok(items) => return Ok(items),
        Err(err) => err,
    };
    if !cx.is_error(&err, Builtin::TypeError) {
        return Err(err);
    }
    let class = cx.class_of(pair);
    let iterable =
        class.special(cx, Special::Iter).is_some() || class.special(cx, Special::GetItem).is_some();
    let err = if iterable { err } else { cx.type_error("object is not iterable") };
    let note = cx.str(&format!("Cannot convert dictionary update sequence element #{i} to a sequence"));
    cx.call_method(err.exception(), "add_note", &[note.r()])?;
    Err(err)
}

/// Whether an instance of dict or of a subclass iterates as dicts do, so that its table may be read directly.
pub(crate) fn iterates_as_dict(cx: &Cx, v: Ref<'_>) -> bool {
    cx.is_exactly(v, Builtin::Dict)
        || cx.class_of(v).same_special(cx, cx.builtin(Builtin::Dict), Special::Iter)
}
