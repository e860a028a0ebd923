//! Iteration over built-in types without a call: [`next_native`], which `for` loops and natives use, and the iterators that
//! `iter()` makes of sequences with `__getitem__` and of callables.
//!
//! An iterator's position moves under its lock or with one atomic step, so that several threads that share an
//! iterator get each item once.

use crate::objects::sync::{Field, locked, slot_ops};
use crate::objects::{
    bytes, dict, enumerate, filter, list, map, memoryview, range, reversed, set, str, tuple, zip,
};
use crate::prelude::*;
use ungil_locks::primitive::AtomicUsize;

pub use crate::objects::list::iter::PyListIter;
pub use crate::objects::range::iter::PyRangeIter;
pub use crate::objects::tuple::iter::PyTupleIter;

/// An iterator written in Rust.
pub trait NativeIter: Object {
    /// The next item, `None` at the end.
    ///
    /// # Errors
    /// What the iteration raises but `StopIteration`.
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>>;
}

/// The position of an exhausted iterator. Far from the largest number, so that a concurrent step does no harm.
pub(crate) const EXHAUSTED: usize = usize::MAX / 2;

macro_rules! dispatch {
    ($cx:ident, $iterator:ident, $id:expr, $($which:ident => $payload:ty,)*) => {{
        $(const $which: u32 = Builtin::$which as u32;)*
        match $id {
            // SAFETY: exact instances of the type have this payload.
            $($which => Some(unsafe { $iterator.cast_unchecked::<$payload>() }.step($cx)),)*
            _ => {
                let next = $cx.class_of($iterator).next.get()?;
                Some(next($cx, $iterator))
            }
        }
    }};
}

/// The next item of an iterator that is an exact instance of a native type; `None` for other objects.
#[inline]
#[allow(non_upper_case_globals)]
pub fn next_native(cx: &mut Cx, iterator: Ref<'_>) -> Option<R<Option<Obj>>> {
    let id = iterator.header()?.shape_id();
    dispatch!(cx, iterator, id,
        ListIter => list::iter::PyListIter,
        ListReverseIter => list::iter::PyListReverseIter,
        TupleIter => tuple::iter::PyTupleIter,
        RangeIter => range::iter::PyRangeIter,
        LongRangeIter => range::iter::PyLongRangeIter,
        DictKeyIter => dict::iter::PyDictIter,
        DictValueIter => dict::iter::PyDictIter,
        DictItemIter => dict::iter::PyDictIter,
        DictReverseKeyIter => dict::iter::PyDictIter,
        DictReverseValueIter => dict::iter::PyDictIter,
        DictReverseItemIter => dict::iter::PyDictIter,
        SetIter => set::iter::PySetIter,
        Enumerate => enumerate::PyEnumerate,
        Zip => zip::PyZip,
        Map => map::PyMap,
        Filter => filter::PyFilter,
        Reversed => reversed::PyReversed,
        SequenceIter => PySequenceIter,
        CallableIter => PyCallableIter,
        StrIter => str::iter::PyStrIter,
        BytesIter => bytes::iter::PyBytesIter,
        ByteArrayIter => bytes::iter::PyByteArrayIter,
        MemoryIter => memoryview::PyMemoryIter,
    )
}

/// Whether stepping the iterator runs no Python and cannot fail.
#[inline]
fn is_leaf(iterator: Ref<'_>) -> bool {
    const LEAVES: [Builtin; 7] = [
        Builtin::ListIter,
        Builtin::TupleIter,
        Builtin::RangeIter,
        Builtin::ListReverseIter,
        Builtin::StrIter,
        Builtin::BytesIter,
        Builtin::ByteArrayIter,
    ];
    iterator.header().is_some_and(|h| LEAVES.iter().any(|&leaf| h.shape_id() == leaf as u32))
}

/// The next item of an iterator whose items are pairs, taken apart: for loops that unpack it at once. `None` if it is not
/// so simple, and nothing has been done.
#[inline]
pub fn next_pair(cx: &mut Cx, iterator: Ref<'_>) -> Option<R<Option<(Obj, Obj)>>> {
    const ENUMERATE: u32 = Builtin::Enumerate as u32;
    const ZIP: u32 = Builtin::Zip as u32;
    const DICT_ITEMS: u32 = Builtin::DictItemIter as u32;
    // SAFETY: exact instances of the types have these payloads.
    unsafe {
        match iterator.header()?.shape_id() {
            ENUMERATE => {
                let it: &enumerate::PyEnumerate = iterator.cast_unchecked();
                it.pair(cx, is_leaf(it.source()))
            }
            ZIP => {
                let it: &zip::PyZip = iterator.cast_unchecked();
                let sources = it.two()?;
                sources.iter().all(|&source| is_leaf(source)).then(|| zip::pair(cx, sources))
            }
            DICT_ITEMS => Some(iterator.cast_unchecked::<dict::iter::PyDictIter>().pair(cx)),
            _ => None,
        }
    }
}

/// `iter(v)` for exact instances of built-in containers and iterators; `None` for other objects.
#[inline]
pub fn iter_native(cx: &Cx, v: Ref<'_>) -> Option<Obj> {
    const LIST: u32 = Builtin::List as u32;
    const TUPLE: u32 = Builtin::Tuple as u32;
    const DICT: u32 = Builtin::Dict as u32;
    const SET: u32 = Builtin::Set as u32;
    const FROZEN_SET: u32 = Builtin::FrozenSet as u32;
    const RANGE: u32 = Builtin::Range as u32;
    const STR: u32 = Builtin::Str as u32;
    const BYTES: u32 = Builtin::Bytes as u32;
    const DICT_KEYS: u32 = Builtin::DictKeys as u32;
    const DICT_VALUES: u32 = Builtin::DictValues as u32;
    const DICT_ITEMS: u32 = Builtin::DictItems as u32;
    const GENERATOR: u32 = Builtin::Generator as u32;
    const ENUMERATE: u32 = Builtin::Enumerate as u32;
    const ZIP: u32 = Builtin::Zip as u32;
    const MAP: u32 = Builtin::Map as u32;
    const FILTER: u32 = Builtin::Filter as u32;
    let id = v.header()?.shape_id();
    // SAFETY: exact instances of the types have these payloads.
    unsafe {
        match id {
            GENERATOR | ENUMERATE | ZIP | MAP | FILTER => Some(v.own(cx)),
            DICT_KEYS | DICT_VALUES | DICT_ITEMS => {
                Some(v.cast_unchecked::<dict::views::PyDictView>().iterate(cx))
            }
            LIST => Some(list::iter::new_list_iter(cx, v)),
            TUPLE => Some(tuple::iter::new_tuple_iter(cx, v)),
            DICT => Some(dict::iter::new_dict_iter(cx, v.cast_unchecked(), dict::iter::Part::Key, false)),
            SET | FROZEN_SET => Some(set::iter::new_set_iter(cx, v.cast_unchecked())),
            RANGE => Some(range::iter::new_range_iter(cx, v.cast_unchecked())),
            STR => Some(str::new_str_iter(cx, v.cast_unchecked())),
            BYTES => Some(bytes::iter::new_bytes_iter(cx, v.cast_unchecked())),
            _ => None,
        }
    }
}

/// `len(v)` for exact instances of built-in containers; `None` for other objects.
#[inline]
pub fn len_native(v: Ref<'_>) -> Option<usize> {
    const LIST: u32 = Builtin::List as u32;
    const TUPLE: u32 = Builtin::Tuple as u32;
    const DICT: u32 = Builtin::Dict as u32;
    const SET: u32 = Builtin::Set as u32;
    const FROZEN_SET: u32 = Builtin::FrozenSet as u32;
    const STR: u32 = Builtin::Str as u32;
    const BYTES: u32 = Builtin::Bytes as u32;
    let id = v.header()?.shape_id();
    // SAFETY: exact instances of the types have these payloads.
    unsafe {
        match id {
            BYTES => Some(v.cast_unchecked::<bytes::PyBytes>().len()),
            LIST => Some(v.cast_unchecked::<list::PyList>().len()),
            TUPLE => Some(v.cast_unchecked::<tuple::PyTuple>().len()),
            DICT => Some(v.cast_unchecked::<dict::PyDict>().len()),
            SET | FROZEN_SET => Some(v.cast_unchecked::<set::PySet>().len()),
            STR => Some(v.cast_unchecked::<crate::objects::str::PyStr>().char_len()),
            _ => None,
        }
    }
}

/// All items of an exact built-in container, read in one step; `None` for anything else.
pub fn items_of_builtin(cx: &Cx, v: Ref<'_>) -> Option<Vec<Obj>> {
    let h = v.header()?;
    let exact = |which: Builtin| h.shape_id() == which as u32;
    if exact(Builtin::List) || exact(Builtin::Tuple) {
        return cx.items_if_sequence(v);
    }
    if exact(Builtin::Dict) {
        return Some(v.downcast::<dict::PyDict>(cx)?.keys(cx));
    }
    if exact(Builtin::Set) || exact(Builtin::FrozenSet) {
        return Some(v.downcast::<set::PySet>(cx)?.snapshot(cx));
    }
    if exact(Builtin::Range) {
        return v.downcast::<range::PyRange>(cx)?.collect_small(cx);
    }
    if exact(Builtin::DictKeys) || exact(Builtin::DictValues) || exact(Builtin::DictItems) {
        return Some(v.downcast::<dict::views::PyDictView>(cx)?.snapshot(cx));
    }
    None
}

/// The next item of an iterator within an iterator; guards the native stack against long chains.
///
/// # Errors
/// `RecursionError`, or what the iteration raises.
#[inline]
pub fn next_inner(cx: &mut Cx, iterator: Ref<'_>) -> R<Option<Obj>> {
    if cx.native_stack_low() {
        return Err(cx.recursion_error(""));
    }
    cx.next(iterator)
}

/// `__next__` of a native iterator.
pub fn next_method<T: NativeIter>(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<T>().step(cx)? {
        Some(item) => Ok(item),
        None => Err(cx.stop_iteration()),
    }
}

/// `__iter__` of an iterator.
pub fn iter_self(cx: &Cx, a: Args<'_>) -> R {
    Ok(a.get(0).own(cx))
}

/// What a slot that never changes holds. The caller keeps the container alive.
#[inline(always)]
pub fn fixed<'a>(slot: &'a Slot) -> Ref<'a> {
    // SAFETY: the slot is written when the container is made and holds its reference as long as the container lives.
    unsafe { Ref::from_value(slot.peek()) }
}

/// A function or type of the calling code's builtins as it is now; what `__reduce__` refers to.
pub fn builtin_named(cx: &mut Cx, name: &str) -> R {
    let interned = crate::objects::str::intern(cx, name);
    let regs = cx.regs.get();
    let builtins = match regs.is_null() {
        true => ref_of(cx.builtins()).own(cx),
        false => ref_of(crate::interp::frame::Frame(regs).function().builtins_unchecked()).own(cx),
    };
    let found = match builtins.downcast::<crate::objects::dict::PyDict>(cx) {
        Some(dict) => dict.get(cx, interned.get())?,
        None => None,
    };
    match found {
        Some(v) => Ok(v),
        None => Err(cx.error(Builtin::AttributeError, name)),
    }
}

/// `(iter, (sequence,), index)`, or without an index `(iter, (sequence,))`. The function is to be looked up
/// ([`builtin_named`]) before the iterator's state is read: that may run Python, which may move the iterator.
pub fn reduce_to(cx: &Cx, function: Obj, sequence: Obj, index: Option<i64>) -> R {
    let args = cx.tuple(vec![sequence]);
    Ok(match index {
        Some(i) => cx.tuple(vec![function, args, cx.int(i)]),
        None => cx.tuple(vec![function, args]),
    })
}

/// Adds `__iter__` and `__next__`, and `__length_hint__`, `__reduce__`, `__setstate__` where there are any.
pub(crate) fn fill<T: NativeIter>(
    cx: &mut Cx,
    which: Builtin,
    hint: Option<NativeFn>,
    reduce: Option<NativeFn>,
    setstate: Option<NativeFn>,
) {
    let mut b = TypeBuilder::new(cx, which, Some(Builtin::Object), class_flag::DISALLOW_INSTANTIATION);
    b.specials(cx, &[(Special::Iter, Leaf(iter_self)), (Special::Next, Full(next_method::<T>))]);
    if let Some(f) = hint {
        b.special(cx, Special::LengthHint, f);
    }
    if let Some(f) = reduce {
        b.special(cx, Special::Reduce, f);
    }
    if let Some(f) = setstate {
        b.method(cx, "__setstate__", "($self, object, /)", f);
    }
}

/// Iterates over what has `__getitem__` alone.
#[repr(C)]
pub struct PySequenceIter {
    pub h: Header,
    sequence: Slot,
    index: Field<AtomicUsize>,
}

slot_ops!(SEQUENCE_ITER_OPS, PySequenceIter, "iterator", sequence);

/// An iterator that calls `v[0]`, `v[1]`, ... until `IndexError`.
pub fn new_sequence_iter(cx: &Cx, v: Ref<'_>) -> Obj {
    cx.alloc(Builtin::SequenceIter, |h| PySequenceIter {
        h,
        sequence: Slot::new(v.own(cx)),
        index: Field::<AtomicUsize>::new(0),
    })
}

impl NativeIter for PySequenceIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(sequence) = self.sequence.get(&self.h, cx) else { return Ok(None) };
        let index = self.index.get();
        if index >= isize::MAX as usize {
            return Err(cx.overflow_error("iter index too large"));
        }
        let key = cx.int(index as i64);
        match cx.get_item(sequence.r(), key.r()) {
            Ok(item) => {
                self.index.set(index + 1);
                Ok(Some(item))
            }
            Err(err)
                if cx.is_error(&err, Builtin::IndexError) || cx.is_error(&err, Builtin::StopIteration) =>
            {
                drop(self.sequence.take(&self.h, cx));
                Ok(None)
            }
            Err(err) => Err(err),
        }
    }
}

fn sequence_hint(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySequenceIter = a.this();
    let Some(sequence) = this.sequence.get(&this.h, cx) else { return Ok(cx.int(0)) };
    if cx.class_of(sequence.r()).special(cx, Special::Len).is_none() {
        return Ok(cx.not_implemented());
    }
    let len = cx.len(sequence.r())?;
    Ok(cx.int(len.saturating_sub(this.index.get()) as i64))
}

fn sequence_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySequenceIter = a.this();
    let function = builtin_named(cx, "iter")?;
    match this.sequence.get(&this.h, cx) {
        Some(sequence) => reduce_to(cx, function, sequence, Some(this.index.get() as i64)),
        None => {
            let empty = cx.tuple(Vec::new());
            reduce_to(cx, function, empty, None)
        }
    }
}

fn sequence_setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    let this: &PySequenceIter = a.this();
    if !this.sequence.is_empty() {
        this.index.set(index.max(0) as usize);
    }
    Ok(cx.none())
}

/// Calls something until it gives a certain value.
#[repr(C)]
pub struct PyCallableIter {
    pub h: Header,
    callable: Slot,
    sentinel: Slot,
}

slot_ops!(CALLABLE_ITER_OPS, PyCallableIter, "callable_iterator", callable, sentinel);

/// `iter(callable, sentinel)`.
pub fn new_callable_iter(cx: &Cx, callable: Ref<'_>, sentinel: Ref<'_>) -> Obj {
    cx.alloc(Builtin::CallableIter, |h| PyCallableIter {
        h,
        callable: Slot::new(callable.own(cx)),
        sentinel: Slot::new(sentinel.own(cx)),
    })
}

impl PyCallableIter {
    fn parts(&self, cx: &Cx) -> Option<(Obj, Obj)> {
        locked(cx, &self.h, || Some((self.callable.get_locked(cx)?, self.sentinel.get_locked(cx)?)))
    }

    fn finish(&self, cx: &Cx) {
        let parts = locked(cx, &self.h, || (self.callable.take_locked(), self.sentinel.take_locked()));
        drop(parts);
    }
}

impl NativeIter for PyCallableIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some((callable, sentinel)) = self.parts(cx) else { return Ok(None) };
        let item = match cx.call(callable.r(), &[]) {
            Ok(item) => item,
            Err(err) if cx.is_error(&err, Builtin::StopIteration) => {
                self.finish(cx);
                return Ok(None);
            }
            Err(err) => return Err(err),
        };
        // The call may have exhausted the iterator.
        if self.parts(cx).is_none() {
            return Ok(None);
        }
        if cx.equal(sentinel.r(), item.r())? {
            self.finish(cx);
            return Ok(None);
        }
        Ok(Some(item))
    }
}

fn callable_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyCallableIter = a.this();
    let function = builtin_named(cx, "iter")?;
    match this.parts(cx) {
        Some((callable, sentinel)) => {
            let args = cx.tuple(vec![callable, sentinel]);
            Ok(cx.tuple(vec![function, args]))
        }
        None => {
            let empty = cx.tuple(Vec::new());
            reduce_to(cx, function, empty, None)
        }
    }
}

/// Declares the types of this file.
pub fn declare(cx: &Cx) {
    let size = size_of::<PySequenceIter>();
    TypeBuilder::declare(cx, Builtin::SequenceIter, "iterator", &SEQUENCE_ITER_OPS, size, true);
    let size = size_of::<PyCallableIter>();
    TypeBuilder::declare(cx, Builtin::CallableIter, "callable_iterator", &CALLABLE_ITER_OPS, size, true);
}

/// Fills the types of this file.
pub fn init(cx: &mut Cx) {
    fill::<PySequenceIter>(
        cx,
        Builtin::SequenceIter,
        Some(Full(sequence_hint)),
        Some(Full(sequence_reduce)),
        Some(Full(sequence_setstate)),
    );
    fill::<PyCallableIter>(cx, Builtin::CallableIter, None, Some(Full(callable_reduce)), None);
}
