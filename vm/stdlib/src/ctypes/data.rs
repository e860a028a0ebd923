//! `_CData`: an object that is a piece of memory of a C type.
//!
//! The memory is the object's own, that of another object of which it is a part (its base), or at any address. What an
//! object owns keeps its address as long as the object lives: a part keeps its base alive, and `resize` leaves the old
//! block in place, for parts and exports that refer to it. So no address that we made ourselves dangles, but for one case.
//!
//! Bytes are read and written without a lock: threads that share them race as in C. What keeps other objects alive,
//! `_objects`, is a slot guarded by the object's lock, and a dict. Setting a pointer writes its bytes and enters what they refer
//! to under that lock, as one step: of two threads that set the same pointer at once, one is the last to do both. Values that are
//! read through a pointer are copied under that lock, too.

use super::info::{Facts, Kind, PyInfo, info_of, info_of_object, required};
use super::{codes, raw};
use std::cell::UnsafeCell;
use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicPtr, AtomicUsize, Ordering};
use ungil_runtime::new_error;
use ungil_runtime::objects::buffer::{self, BufferOps, View};
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// Longest memory that is within the object itself.
const INLINE: usize = 16;

/// The front of a block on the heap; the block before it, if the object has been resized, and its length.
#[repr(C)]
struct Block {
    before: *mut Block,
    len: usize,
}

/// See the module's head.
#[repr(C)]
pub struct PyCData {
    pub h: Header,
    start: AtomicPtr<u8>,
    size: AtomicUsize,
    /// Fields or items: whether the object keeps several others alive.
    length: usize,
    /// Which part of its base it is.
    index: usize,
    owns: bool,
    /// The block on the heap that is in use.
    block: AtomicPtr<Block>,
    value: UnsafeCell<[u64; INLINE / 8]>,
    base: Slot,
    objects: Slot,
    /// What a function pointer has besides: `PyDetails` of `function.rs`.
    pub details: Slot,
}

pub static DATA_OPS: TypeOps = TypeOps {
    name: "_ctypes._CData",
    size: |_| size_of::<PyCData>(),
    trace: Some(|h, visit| {
        // SAFETY: called with an object that nobody changes meanwhile.
        let data = unsafe { &*h.cast::<PyCData>() };
        for slot in [&data.base, &data.objects, &data.details] {
            if !slot.is_empty() {
                visit(slot.peek());
            }
        }
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: called once, with an object that nobody reaches any more.
        let data = unsafe { &*h.cast::<PyCData>() };
        // ORD: relaxed; nobody else looks.
        let mut block = data.block.swap(std::ptr::null_mut(), Ordering::Relaxed);
        while !block.is_null() {
            // SAFETY: allocated by `new_block`, and not used again.
            unsafe {
                let before = (*block).before;
                libc::free(block.cast());
                block = before;
            }
        }
        for slot in [&data.base, &data.objects, &data.details] {
            slot.clear(m);
        }
    }),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyCData {
    const OPS: &'static TypeOps = &DATA_OPS;
}

/// `_unpickle`, which `__reduce__` names.
pub static UNPICKLE: OnceLock<ungil_runtime::SharedValue> = OnceLock::new();

impl PyCData {
    /// The memory and its length. They belong together however often the object is resized meanwhile.
    pub fn memory(&self) -> (*mut u8, usize) {
        // ORD: acquire, with the release in `resize`: with a length comes a block that has it.
        let size = self.size.load(Ordering::Acquire);
        // ORD: as above.
        (self.start.load(Ordering::Acquire), size)
    }

    pub fn start(&self) -> *mut u8 {
        self.memory().0
    }

    pub fn length(&self) -> usize {
        self.length
    }

    /// The pointer that the memory holds.
    pub fn pointer(&self) -> *mut u8 {
        raw::read(self.start())
    }
}

/// A block on the heap, filled with zeros; `None` if there is no memory.
fn new_block(len: usize, before: *mut Block) -> Option<*mut Block> {
    // SAFETY: the length is that of an object; the front is within the block.
    unsafe {
        let block = libc::calloc(1, len.checked_add(size_of::<Block>())?).cast::<Block>();
        if block.is_null() {
            return None;
        }
        block.write(Block { before, len });
        Some(block)
    }
}

/// Where the memory of a block begins.
fn memory_of(block: *mut Block) -> *mut u8 {
    block.wrapping_add(1).cast()
}

/// Where a new object's memory is.
enum Place<'a> {
    Own,
    Part { base: Ref<'a>, index: usize, at: *mut u8 },
    At(*mut u8),
}

fn make(cx: &mut Cx, class: &'static PyType, info: &PyInfo, place: Place<'_>) -> R {
    info.set_final(true);
    let facts = info.facts();
    let (size, length) = (facts.size, facts.length);
    let block = match place {
        Place::Own if size > INLINE => match new_block(size, std::ptr::null_mut()) {
            Some(block) => block,
            None => return Err(cx.memory_error()),
        },
        _ => std::ptr::null_mut(),
    };
    let owns = matches!(place, Place::Own);
    let (start, base, index) = match place {
        Place::Own if block.is_null() => (std::ptr::null_mut(), Slot::empty(), 0),
        Place::Own => (memory_of(block), Slot::empty(), 0),
        Place::Part { base, index, at } => (at, Slot::new(base.own(cx)), index),
        Place::At(at) => (at, Slot::empty(), 0),
    };
    let made = cx.alloc_for(class, |h| PyCData {
        h,
        start: AtomicPtr::new(start),
        size: AtomicUsize::new(size),
        length,
        index,
        owns,
        block: AtomicPtr::new(block),
        value: UnsafeCell::new([0; INLINE / 8]),
        base,
        objects: Slot::empty(),
        details: Slot::empty(),
    })?;
    if owns && block.is_null() {
        // SAFETY: just made with this payload, which does not move.
        let data = unsafe { made.cast_unchecked::<PyCData>() };
        // ORD: relaxed; nobody else knows the object.
        data.start.store(data.value.get().cast(), Ordering::Relaxed);
    }
    Ok(made)
}

/// A new object with memory of its own, all zeros.
///
/// # Errors
/// `TypeError` for an abstract class, `MemoryError`.
pub fn new(cx: &mut Cx, class: &'static PyType) -> R {
    let info = required(cx, class)?;
    make(cx, class, info, Place::Own)
}

/// `__new__` of C types: arguments are `__init__`'s.
pub fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Ok(cx.not_implemented()) };
    new(cx, class)
}

/// A new object with a copy of the memory at an address.
///
/// # Errors
/// As [`new`].
pub fn new_copy(cx: &mut Cx, class: &'static PyType, from: *const u8) -> R {
    let made = new(cx, class)?;
    // SAFETY: just made with this payload.
    let (start, size) = unsafe { made.cast_unchecked::<PyCData>() }.memory();
    raw::copy(from, start, size);
    Ok(made)
}

/// A new object that is a part of another one, or of what that points to.
///
/// # Errors
/// As [`new`].
pub fn new_part(cx: &mut Cx, class: &'static PyType, base: Ref<'_>, index: usize, at: *mut u8) -> R {
    let info = required(cx, class)?;
    make(cx, class, info, Place::Part { base, index, at })
}

/// A new object that is the memory at an address.
///
/// # Errors
/// As [`new`].
pub fn new_at(cx: &mut Cx, class: &'static PyType, at: *mut u8) -> R {
    let info = required(cx, class)?;
    make(cx, class, info, Place::At(at))
}

/// The object as memory, if it is a C object.
pub fn data_of<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a PyCData> {
    v.downcast::<PyCData>(cx)
}

/// The object of which it is a part, or the object itself.
fn root(cx: &Cx, v: Ref<'_>) -> Obj {
    let mut at = v.own(cx);
    while let Some(base) = data_of(cx, at.r()).and_then(|data| data.base.get(&data.h, cx)) {
        at = base;
    }
    at
}

/// What an object keeps alive: a dict, or one object; made if there is none yet.
fn kept_slot(cx: &Cx, data: &PyCData) -> Obj {
    if let Some(kept) = data.objects.get(&data.h, cx) {
        return kept;
    }
    let first = if data.length > 0 { PyDict::new(cx) } else { cx.none() };
    locked(cx, &data.h, || match data.objects.get_locked(cx) {
        Some(kept) => kept,
        None => {
            data.objects.replace_locked(&data.h, first.clone());
            first.clone()
        }
    })
}

/// What an object keeps alive.
pub fn kept(cx: &Cx, v: Ref<'_>) -> Obj {
    let root = root(cx, v);
    // SAFETY: C objects are parts of C objects.
    kept_slot(cx, unsafe { root.cast_unchecked::<PyCData>() })
}

/// As [`kept`], surely a dict that can hold more.
pub fn kept_dict(cx: &Cx, v: Ref<'_>) -> Obj {
    let root = root(cx, v);
    // SAFETY: as above.
    let data = unsafe { root.cast_unchecked::<PyCData>() };
    kept_slot(cx, data);
    let dict = PyDict::new(cx);
    locked(cx, &data.h, || match data.objects.get_locked(cx) {
        Some(kept) if !kept.value().is_none() => kept,
        _ => {
            // Nothing but `None` was there, whose end does nothing.
            data.objects.replace_locked(&data.h, dict.clone());
            dict.clone()
        }
    })
}

/// Gives a new object what it keeps alive.
pub fn set_kept(cx: &Cx, v: Ref<'_>, kept: Obj) {
    if let Some(data) = data_of(cx, v) {
        data.objects.set(&data.h, cx, kept);
    }
}

/// The key of a part in the dict of the whole.
fn key(cx: &Cx, v: Ref<'_>, index: i64) -> Obj {
    let mut text = format!("{:x}", index as i32);
    let mut at = v.own(cx);
    while let Some(data) = data_of(cx, at.r()) {
        let Some(base) = data.base.get(&data.h, cx) else { break };
        text += &format!(":{:x}", data.index as i32);
        at = base;
    }
    cx.str(&text)
}

/// Keeps an object alive as long as the memory that refers to it.
///
/// # Errors
/// `ValueError` for a part that is too deep.
pub fn keep(cx: &mut Cx, v: Ref<'_>, index: i64, object: Obj) -> R<()> {
    keep_and(cx, v, index, object, || ())
}

/// As [`keep`], and writes what refers to the object, all as one step.
///
/// # Errors
/// As [`keep`]; nothing is written then.
pub fn keep_and(cx: &mut Cx, v: Ref<'_>, index: i64, object: Obj, write: impl FnOnce()) -> R<()> {
    if object.value().is_none() {
        write();
        return Ok(());
    }
    let root = root(cx, v);
    // SAFETY: C objects are parts of C objects.
    let data = unsafe { root.cast_unchecked::<PyCData>() };
    let known = kept_slot(cx, data);
    let dict = cx.as_dict(known.r()).filter(|_| cx.is_exactly(known.r(), Builtin::Dict));
    let key = key(cx, v, index);
    if dict.is_some() && cx.text_of(key.r()).len() > 240 {
        return Err(cx.value_error("ctypes object structure too deep"));
    }
    let old = locked(cx, &data.h, || {
        write();
        match dict {
            Some(dict) => dict.replace_str(cx, key.r(), object),
            None => data.objects.replace_locked(&data.h, object),
        }
    });
    drop(old);
    Ok(())
}

/// Sets a part of an object: converts a value with `convert`, which writes to where it is told and gives what must be kept alive.
/// Where the type refers to objects, bytes and what they refer to are exchanged as one step. Converting may run Python, so that
/// is done before, to bytes of this function's own.
///
/// # Errors
/// What `convert` raises; as [`keep`].
pub fn set_with(
    cx: &mut Cx,
    (v, index): (Ref<'_>, i64),
    facts: &Facts,
    at: *mut u8,
    convert: impl FnOnce(&mut Cx, *mut u8) -> R,
) -> R<()> {
    if !facts.points() {
        let object = convert(cx, at)?;
        return keep(cx, v, index, object);
    }
    // Bytes that the value does not set stay.
    let mut bytes = raw::bytes(at, facts.size);
    let object = convert(cx, bytes.as_mut_ptr())?;
    keep_and(cx, v, index, object, || raw::copy(bytes.as_ptr(), at, bytes.len()))
}

/// Whether the class is one of C types with a letter, derived from one of ours: then its objects stay objects.
pub fn is_own_simple(cx: &Cx, class: &'static PyType) -> bool {
    let simple = super::class_named(super::Own::Simple);
    info_of(cx, class).is_some_and(|info| info.facts().kind == Kind::Simple)
        && !class.base().is_some_and(|base| std::ptr::eq(base, simple))
}

/// The value of a part: of simple types a Python object, else a C object that shares the memory.
///
/// # Errors
/// `ValueError` for values that no object stands for.
pub fn get(cx: &mut Cx, class: &'static PyType, src: Ref<'_>, index: usize, at: *mut u8) -> R {
    let facts = required(cx, class)?.facts();
    if facts.code != 0 && !is_own_simple(cx, class) {
        return get_simple(cx, src, facts, at);
    }
    new_part(cx, class, src, index, at)
}

/// The value of simple type at a place in an object's memory. What it refers to is not exchanged before it is known.
///
/// # Errors
/// As [`get`].
pub fn get_simple(cx: &mut Cx, v: Ref<'_>, facts: &Facts, at: *const u8) -> R {
    if !facts.points() {
        return codes::get(cx, facts.code, facts.swapped, at);
    }
    let referred = while_kept(cx, v, || codes::refer(cx, facts.code, at));
    codes::get_pointer(cx, referred)
}

/// Calls `look` while nobody exchanges what the object's memory refers to.
pub fn while_kept<T>(cx: &Cx, v: Ref<'_>, look: impl FnOnce() -> T) -> T {
    let root = root(cx, v);
    // SAFETY: C objects are parts of C objects.
    locked(cx, unsafe { &root.cast_unchecked::<PyCData>().h }, look)
}

/// Sets a part of an object, `at` in its memory.
///
/// # Errors
/// `TypeError` for a value of another type.
pub fn set(
    cx: &mut Cx,
    dst: Ref<'_>,
    class: &'static PyType,
    value: Ref<'_>,
    index: usize,
    at: *mut u8,
) -> R<()> {
    let facts = required(cx, class)?.facts();
    set_with(cx, (dst, index as i64), facts, at, |cx, at| store(cx, class, value, at))
}

/// Stores a value of a type at an address; gives what must be kept alive.
pub fn store(cx: &mut Cx, class: &'static PyType, value: Ref<'_>, at: *mut u8) -> R {
    let facts = required(cx, class)?.facts();
    let Some(src) = data_of(cx, value) else {
        if facts.code != 0 {
            return codes::set(cx, facts.code, facts.swapped, at, value);
        }
        if let Some(tuple) = value.downcast::<PyTuple>(cx) {
            return match cx.call(class.as_ref(), tuple.items()) {
                Ok(made) => store(cx, class, made.r(), at),
                Err(err) => Err(extended(cx, err, Builtin::RuntimeError, &format!("({}) ", class.name()))),
            };
        }
        if value.value().is_none() && facts.kind == Kind::Pointer {
            raw::write(at, 0usize);
            return Ok(cx.none());
        }
        let (wanted, got) = (class.name(), cx.type_name(value));
        return Err(cx.type_error(format!("expected {wanted} instance, got {got}")));
    };
    if cx.is_instance(value, class.as_ref())? {
        raw::copy(src.start(), at, facts.size);
        return Ok(kept(cx, value));
    }
    let (wanted, got) = (class.name(), cx.type_name(value));
    let mismatch = format!("incompatible types, {got} instance instead of {wanted} instance");
    if facts.kind == Kind::Pointer
        && let Some(array) = info_of_object(cx, value).filter(|info| info.facts().kind == Kind::Array)
    {
        let own = required(cx, class)?;
        let (a, b) = (array.item.get(&array.h, cx), own.item.get(&own.h, cx));
        if !matches!((&a, &b), (Some(a), Some(b)) if a.r().is(b.r())) {
            return Err(cx.type_error(mismatch));
        }
        raw::write(at, src.start());
        // What the array keeps alive, and the array itself.
        let both = vec![kept(cx, value), value.own(cx)];
        return Ok(cx.tuple(both));
    }
    Err(cx.type_error(mismatch))
}

/// An exception of another class, with a text in front of the old one's.
pub fn extended(cx: &mut Cx, err: Err, class: Builtin, text: &str) -> Err {
    let text = extended_text(cx, &err, text);
    let text = cx.str(&text);
    new_error(cx, class, vec![text])
}

/// The text of [`extended`].
pub fn extended_text(cx: &mut Cx, err: &Err, text: &str) -> String {
    let name = cx.type_name(err.exception());
    let own = cx.str_string(err.exception()).unwrap_or_else(|_| "???".into());
    format!("{text}{name}: {own}")
}

/// `resize(obj, size)`.
pub fn resize(cx: &mut Cx, a: Args<'_>) -> R {
    let Some((data, info)) = data_of(cx, a.get(0)).zip(info_of_object(cx, a.get(0))) else {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("resize() argument 1 must be _ctypes._CData, not {got}")));
    };
    let size = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    let least = info.facts().size;
    let Some(size) = usize::try_from(size).ok().filter(|&size| size >= least) else {
        return Err(cx.value_error(format!("minimum size is {least}")));
    };
    if !data.owns {
        return Err(cx.value_error("Memory cannot be resized because this object doesn't own it"));
    }
    let done = locked(cx, &data.h, || {
        // ORD: relaxed; changed under the lock only.
        let block = data.block.load(Ordering::Relaxed);
        // SAFETY: the block is the object's.
        let room = if block.is_null() { INLINE } else { unsafe { (*block).len } };
        if size > room {
            let Some(larger) = new_block(size, block) else { return false };
            let (start, len) = data.memory();
            raw::copy(start, memory_of(larger), len);
            data.block.store(larger, Ordering::Relaxed);
            // ORD: release, with the acquire in `memory`: before the length.
            data.start.store(memory_of(larger), Ordering::Release);
        }
        // ORD: as above.
        data.size.store(size, Ordering::Release);
        true
    });
    if done { Ok(cx.none()) } else { Err(cx.memory_error()) }
}

static BUFFER: BufferOps = BufferOps { export, release: |_, _| {} };

/// The memory stays where it is as long as the object, so nothing need be counted.
fn export(cx: &mut Cx, v: Ref<'_>) -> R<View> {
    let Some((data, info)) = data_of(cx, v).zip(info_of_object(cx, v)) else {
        return Err(buffer::not_bytes_like(cx, v));
    };
    let (start, len) = data.memory();
    let mut item = info;
    while item.facts().kind == Kind::Array {
        match super::info::class_in(cx, item, &item.item).and_then(|class| info_of(cx, class)) {
            Some(inner) => item = inner,
            None => break,
        }
    }
    let (facts, item_size) = (info.facts(), item.facts().size);
    let mut strides = vec![item_size as isize; facts.shape.len()];
    for i in (0..facts.shape.len().saturating_sub(1)).rev() {
        strides[i] = strides[i + 1] * facts.shape[i + 1] as isize;
    }
    let format = facts.format.clone().unwrap_or_else(|| "B".into());
    let shape = facts.shape.clone();
    Ok(View { start, len, readonly: false, item_size, format: format.into(), shape, strides })
}

fn base(cx: &Cx, a: Args<'_>) -> R {
    let data = a.this::<PyCData>();
    Ok(data.base.get(&data.h, cx).unwrap_or_else(|| cx.none()))
}

fn objects(cx: &Cx, a: Args<'_>) -> R {
    let data = a.this::<PyCData>();
    Ok(data.objects.get(&data.h, cx).unwrap_or_else(|| cx.none()))
}

fn no_hash(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.type_error("unhashable type"))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    if info_of_object(cx, a.get(0)).is_some_and(|info| info.facts().points()) {
        return Err(cx.value_error("ctypes objects containing pointers cannot be pickled"));
    }
    let dict = cx.get_attr_str(a.get(0), "__dict__")?;
    let (start, size) = a.this::<PyCData>().memory();
    let contents = new_bytes(cx, &raw::bytes(start, size));
    let state = cx.tuple(vec![dict, contents]);
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    let args = cx.tuple(vec![class, state]);
    let Some(unpickle) = UNPICKLE.get() else { return Err(cx.system_error("ctypes is not initialized")) };
    Ok(cx.tuple(vec![unpickle.get().own(cx), args]))
}

fn set_state(cx: &mut Cx, a: Args<'_>) -> R {
    let (Some(dict), Some(contents)) = (cx.as_dict(a.get(1)), a.get(2).downcast::<PyBytes>(cx)) else {
        return Err(cx.type_error("__setstate__() takes a dict and bytes"));
    };
    let (start, size) = a.this::<PyCData>().memory();
    raw::copy(contents.as_bytes().as_ptr(), start, size.min(contents.len()));
    let own = cx.get_attr_str(a.get(0), "__dict__")?;
    if own.downcast::<PyDict>(cx).is_none() {
        let (class, got) = (cx.type_name(a.get(0)), cx.type_name(own.r()));
        return Err(cx.type_error(format!("{class}.__dict__ must be a dictionary, not {got}")));
    }
    for (key, value) in dict.items(cx) {
        cx.set_item(own.r(), key.r(), value.r())?;
    }
    Ok(cx.none())
}

/// `_unpickle(type, state)`.
pub fn unpickle(cx: &mut Cx, a: Args<'_>) -> R {
    let made = cx.call_method(a.get(0), "__new__", &[a.get(0)])?;
    let Some(state) = a.get(1).downcast::<PyTuple>(cx) else {
        return Err(cx.type_error("the state must be a tuple"));
    };
    cx.call_method(made.r(), "__setstate__", state.items())?;
    Ok(made)
}

/// Makes the type, with the metaclass of all C types.
pub fn init(cx: &mut Cx, meta: &PyType) -> &'static PyType {
    let flags = class_flag::BASETYPE | class_flag::DISALLOW_INSTANTIATION;
    let layout = (&DATA_OPS, size_of::<PyCData>());
    let mut t = TypeBuilder::native_of(cx, meta, "_ctypes._CData", None, layout, flags);
    t.special(cx, Special::Hash, Full(no_hash))
        .special(cx, Special::Reduce, Full(reduce))
        .method(cx, "__setstate__", "($self, dict, state, /)", Full(set_state))
        .method(cx, "__ctypes_from_outparam__", "($self, /)", Leaf(|cx, a| Ok(a.get(0).own(cx))))
        .special(cx, Special::Buffer, Full(ungil_runtime::objects::memoryview::dunder_buffer))
        .member(cx, "_b_base_", Leaf(base))
        .member(cx, "_b_needsfree_", Leaf(|cx, a| Ok(cx.int(i64::from(a.this::<PyCData>().owns)))))
        .member(cx, "_objects", Leaf(objects));
    buffer::register(&DATA_OPS, &BUFFER);
    t.class()
}
