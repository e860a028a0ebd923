//! Iteration.

use crate::class::Builtin;
use crate::names::Special;
use crate::objects::bytes::{PyByteArray, PyBytes};
use crate::objects::list::PyList;
use crate::objects::range::{PyRange, Small};
use crate::objects::tuple::PyTuple;
use crate::{Cx, Obj, R, Ref, RefExt, Value};

const LIST: u32 = (Builtin::List as u32) << 1;
const TUPLE: u32 = (Builtin::Tuple as u32) << 1;
const BYTES: u32 = (Builtin::Bytes as u32) << 1;
const BYTE_ARRAY: u32 = (Builtin::ByteArray as u32) << 1;
const RANGE: u32 = (Builtin::Range as u32) << 1;

impl Cx {
    /// `iter(v)`.
    ///
    /// # Errors
    /// `TypeError` ("'x' object is not iterable"), or what `__iter__` raises.
    pub fn iter(&mut self, v: Ref<'_>) -> R {
        if let Some(iterator) = crate::objects::iter::iter_native(self, v) {
            return Ok(iterator);
        }
        let class = self.class_of(v);
        match class.special(self, Special::Iter) {
            Some(method) if !method.value().is_none() => {
                let iterator = self.call_special(method, v, &[])?;
                if self.class_of(iterator.r()).special(self, Special::Next).is_none() {
                    let name = self.type_name(iterator.r());
                    return Err(self.type_error(format!("iter() returned non-iterator of type '{name}'")));
                }
                Ok(iterator)
            }
            None if class.special(self, Special::GetItem).is_some()
                && !self.is_instance_of(v, Builtin::Dict) =>
            {
                Ok(crate::objects::iter::new_sequence_iter(self, v))
            }
            _ => {
                let name = self.type_name(v);
                Err(self.type_error(format!("'{name}' object is not iterable")))
            }
        }
    }

    /// The next item, `None` at the end.
    ///
    /// # Errors
    /// `TypeError` ("'x' object is not an iterator"), or what `__next__` raises but `StopIteration`.
    #[inline]
    pub fn next(&mut self, iterator: Ref<'_>) -> R<Option<Obj>> {
        if self.is_exactly(iterator, Builtin::Generator) {
            return crate::objects::generator::next_of(self, iterator);
        }
        if let Some(result) = crate::objects::iter::next_native(self, iterator) {
            return result;
        }
        self.next_slow(iterator)
    }

    fn next_slow(&mut self, iterator: Ref<'_>) -> R<Option<Obj>> {
        let Some(method) = self.class_of(iterator).special(self, Special::Next) else {
            let name = self.type_name(iterator);
            return Err(self.type_error(format!("'{name}' object is not an iterator")));
        };
        match self.call_special(method, iterator, &[]) {
            Ok(item) => Ok(Some(item)),
            Err(err) if self.is_error(&err, Builtin::StopIteration) => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// All items of an iterable.
    ///
    /// # Errors
    /// What iterating raises.
    pub fn collect(&mut self, iterable: Ref<'_>) -> R<Vec<Obj>> {
        if let Some(items) = crate::objects::iter::items_of_builtin(self, iterable) {
            return Ok(items);
        }
        let iterator = self.iter(iterable)?;
        let hint = self.length_hint(iterable, 0)?;
        let mut items = Vec::with_capacity(hint.min(1 << 20));
        while let Some(item) = self.next(iterator.r())? {
            items.push(item);
            self.poll()?;
        }
        Ok(items)
    }

    /// Calls `f` with each item of an iterable until it says to stop.
    ///
    /// # Errors
    /// What iterating or `f` raises.
    #[inline]
    pub fn for_each(&mut self, iterable: Ref<'_>, f: impl FnMut(&mut Cx, Obj) -> R<bool>) -> R<()> {
        self.for_each_after(iterable, 0, f)
    }

    /// As [`Cx::for_each`] without the first items, which a look at [`plain_words`] has dealt with.
    #[inline(always)]
    pub(crate) fn for_each_after(
        &mut self,
        iterable: Ref<'_>,
        skipped: usize,
        mut f: impl FnMut(&mut Cx, Obj) -> R<bool>,
    ) -> R<()> {
        if let Some(plain) = Plain::of(iterable) {
            // It stays alive, whatever `f` does to the caller's reference.
            let _held = iterable.own(self);
            let mut at = skipped;
            while let Some(item) = plain.item(self, at) {
                at += 1;
                if !f(self, item)? {
                    break;
                }
                self.poll()?;
            }
            return Ok(());
        }
        let iterator = self.iter(iterable)?;
        while let Some(item) = self.next(iterator.r())? {
            if !f(self, item)? {
                break;
            }
            self.poll()?;
        }
        Ok(())
    }
}

/// The items of a list that is exclusively the thread's, or of a tuple; nothing of what is neither. The caller runs no Python
/// and meets no safepoint while it looks at them.
pub(crate) fn plain_words<'a>(cx: &Cx, v: Ref<'a>) -> &'a [Value] {
    match Plain::of(v) {
        // SAFETY: the first `len` items are initialised; nobody changes them as long as the caller keeps to its promise.
        Some(Plain::List(list)) if cx.is_exclusive(&list.h) && !list.is_empty() => unsafe {
            std::slice::from_raw_parts(list.items_unlocked(), list.len())
        },
        // SAFETY: references are words, and the tuple never changes.
        Some(Plain::Tuple(tuple)) => unsafe {
            std::slice::from_raw_parts(tuple.items().as_ptr().cast(), tuple.items().len())
        },
        _ => &[],
    }
}

/// An object of a built-in type whose items have indices: no iterator is needed.
enum Plain<'a> {
    List(&'a PyList),
    Tuple(&'a PyTuple),
    Bytes(&'a PyBytes),
    ByteArray(&'a PyByteArray),
    Range(Small),
}

impl<'a> Plain<'a> {
    fn of(v: Ref<'a>) -> Option<Plain<'a>> {
        if !v.value().is_ptr() {
            return None;
        }
        // SAFETY: the header says which type it is.
        unsafe {
            match (*v.value().ptr()).shape_word() {
                LIST => Some(Plain::List(v.cast_unchecked())),
                TUPLE => Some(Plain::Tuple(v.cast_unchecked())),
                BYTES => Some(Plain::Bytes(v.cast_unchecked())),
                BYTE_ARRAY => Some(Plain::ByteArray(v.cast_unchecked())),
                RANGE => v.cast_unchecked::<PyRange>().small().map(Plain::Range),
                _ => None,
            }
        }
    }

    /// The item at an index, `None` past the end.
    #[inline(always)]
    fn item(&self, cx: &Cx, at: usize) -> Option<Obj> {
        match self {
            Plain::List(list) => list.get(cx, at),
            Plain::Tuple(tuple) => tuple.items().get(at).map(|item| item.own(cx)),
            Plain::Bytes(bytes) => bytes.byte_at(cx, at).map(|byte| cx.int(byte.into())),
            Plain::ByteArray(bytes) => bytes.byte_at(cx, at).map(|byte| cx.int(byte.into())),
            Plain::Range(range) => range.item(at).map(|item| cx.int(item)),
        }
    }
}
