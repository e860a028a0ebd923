//! Attributes that natives ask for (`getattr`, `hasattr`, protocols of the library), by the cache words that inline caches
//! keep in the thread's table of recent attributes.
//!
//! Called by `ops/attr.rs` before it looks along the MRO, and by the shortcuts of builtins. The table is the thread's own; what
//! its words lead to is read as inline caches read it.

use super::{cache, slow};
use crate::class::{Builtin, PyType};
use crate::ops;
use crate::{Cx, Obj, Ref, Slot, Value};

/// What is known of an attribute without running Python.
pub enum Known {
    Value(Obj),
    /// There is none, and no hook that could make one.
    Missing,
    /// Nothing.
    Nothing,
}

/// The cache word for an attribute; 0 if the thread has not seen it of late.
#[inline(always)]
fn word_for(cx: &Cx, obj: Ref<'_>, name: Ref<'_>) -> u64 {
    // Keys of the table are addresses of interned strings, which nothing else has.
    obj.header().map_or(0, |h| cx.recent_attr(name.value().0 as usize, h.shape_word()))
}

/// What is known of `obj.name`.
#[inline]
pub fn attr(cx: &Cx, obj: Ref<'_>, name: Ref<'_>) -> Known {
    let word = word_for(cx, obj, name);
    match cache::kind(word) {
        0 => of_class(cx, obj, name),
        cache::NO_RULE => Known::Nothing,
        cache::MISSING if cx.vm.cells.is_absent(cache::payload(word)) => Known::Missing,
        _ => other(cx, obj, name, word),
    }
}

/// As [`attr`] for what no word for the object's shape is known of: it may be a class.
#[inline(never)]
fn of_class(cx: &Cx, obj: Ref<'_>, name: Ref<'_>) -> Known {
    let Some(class) = PyType::from_ref(obj, cx) else { return Known::Nothing };
    let word = cx.recent_attr(name.value().0 as usize + cache::OF_CLASS, class.class_id);
    match cache::kind(word) {
        cache::MISSING if cx.vm.cells.is_absent(cache::payload(word)) => Known::Missing,
        cache::CLASS_ATTR => other(cx, obj, name, word),
        _ => Known::Nothing,
    }
}

#[inline(never)]
fn other(cx: &Cx, obj: Ref<'_>, name: Ref<'_>, word: u64) -> Known {
    // SAFETY: the word is for objects of this shape and this name.
    match unsafe { slow::attr::cached_value(cx, obj, name, word) } {
        Some(v) => Known::Value(v),
        None => Known::Nothing,
    }
}

/// As [`attr`] for a thread that need not lock, borrowed: `UNDEF` for nothing known, `missing` if there is none.
#[inline]
pub fn attr_simple(cx: &Cx, obj: Ref<'_>, name: Ref<'_>, missing: Value) -> Value {
    let word = word_for(cx, obj, name);
    if !cx.owns_everything() {
        return Value::UNDEF;
    }
    match cache::kind(word) {
        cache::MISSING if cx.vm.cells.is_absent(cache::payload(word)) => missing,
        // SAFETY: the word is for objects of this shape: they have a slot there, which no other thread can change.
        cache::SLOT => unsafe {
            (*obj.value().ptr().cast::<Slot>().add(cache::payload(word) as usize)).peek()
        },
        _ => Value::UNDEF,
    }
}

/// Notes how `obj.name` resolves for objects like this one, unless the thread knows. [`attr`] has given nothing.
pub fn keep(cx: &Cx, obj: Ref<'_>, name: Ref<'_>) {
    let Some(h) = obj.header() else { return };
    let interned = name.header().is_some_and(|h| h.has_flag(crate::flag::INTERNED));
    if !interned || cx.is_exactly(obj, Builtin::Module) {
        return;
    }
    if let Some(class) = PyType::from_ref(obj, cx) {
        return keep_of_class(cx, class, name);
    }
    let guard = h.shape_word();
    // That an attribute was missing may be out of date.
    if !matches!(cache::kind(word_for(cx, obj, name)), 0 | cache::MISSING) {
        return;
    }
    cx.class_of(obj).note_in_caches();
    let word = match slow::attr::word_for_load(guard, ops::cacheable_load(cx, obj, name)) {
        Some(word) => word,
        None => match ops::missing_for_good(cx, obj, name) {
            Some(cell) => cache::word(guard, cache::MISSING, cell),
            None => cache::word(guard, cache::NO_RULE, 0),
        },
    };
    cache::keep_recent(cx, name, 0, word);
}

/// As [`keep`] for an attribute of a class.
fn keep_of_class(cx: &Cx, class: &PyType, name: Ref<'_>) {
    let known = cx.recent_attr(name.value().0 as usize + cache::OF_CLASS, class.class_id);
    if !matches!(cache::kind(known), 0 | cache::MISSING) {
        return;
    }
    cx.class_of(class.as_ref()).note_in_caches();
    let word = match ops::cacheable_load(cx, class.as_ref(), name) {
        Some(ops::CacheableLoad::OfClass { class_id, cell }) => {
            cache::word(class_id, cache::CLASS_ATTR, cell)
        }
        _ => match ops::missing_of_class(cx, class, name) {
            Some(cell) => cache::word(class.class_id, cache::MISSING, cell),
            None => cache::word(class.class_id, cache::NO_RULE, 0),
        },
    };
    cache::keep_recent(cx, name, cache::OF_CLASS, word);
}
