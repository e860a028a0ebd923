//! Inline caches: one 64-bit word each, in the instruction stream.
//!
//! ```text
//! kind 8 | payload 24 | guard 32
//! ```
//! A word is loaded and stored whole, so guard, kind and payload always belong together, whichever thread wrote it.
//! Guards (shape words, dict key ids, class ids) are never reused while a cache may hold them. Zero is an empty cache. A site that sees several
//! shapes finds the others' words in its thread's table of recent attributes ([`applicable`]).

use crate::class::{Builtin, PyType};
use crate::objects::dict::PyDict;
use crate::objects::function::PyFunction;
use crate::{Cx, Ref, RefExt, Slot, Value};
use ungil_gc::{CacheWord, fill_three, third_word};
use ungil_locks::primitive::Ordering;

/// An attribute in the instance: payload is its byte offset divided by eight.
pub const SLOT: u8 = 1;
/// A function of the class that binds: payload is the cell.
pub const METHOD: u8 = 2;
/// A value of the class that does not bind, or a static or class method: payload is the cell.
pub const CLASS_VALUE: u8 = 3;
/// The guard is the key id of a module's dict, the payload the entry.
pub const MODULE: u8 = 4;
/// The guard is the id of the class that is the receiver itself, the payload the cell.
pub const CLASS_ATTR: u8 = 5;
/// A store that adds an attribute: payload is the id of the next shape.
pub const TRANSITION: u8 = 6;
/// A global of the function's globals: guard is its key id, payload the entry.
pub const GLOBAL: u8 = 7;
/// Added to a kind of global: the third word is the address of the entry's value.
pub const AT: u8 = 16;
pub const GLOBAL_AT: u8 = GLOBAL | AT;
/// A builtin: guard is the key id of the globals, that of the builtins is in the second word.
pub const BUILTIN_AT: u8 = 8 | AT;
/// The instance keeps its attributes in a dict; payload is the cell of the class's attribute of that name, or
/// [`NO_CELL`]. A store of this kind goes to the dict.
pub const IN_DICT: u8 = 9;

/// A property of the class: payload is the cell.
pub const PROPERTY: u8 = 10;

/// A computed attribute of a built-in type: payload is the cell.
pub const COMPUTED: u8 = 11;

/// Natives only: objects of the shape have no such attribute as long as the cell, the payload, says that their class has none.
pub const MISSING: u8 = 12;

/// Natives only: there is no rule for objects of the shape.
pub const NO_RULE: u8 = 13;

/// A payload that names no cell.
pub const NO_CELL: u32 = (1 << 24) - 1;

/// A cache word.
#[inline(always)]
pub fn word(guard: u32, kind: u8, payload: u32) -> u64 {
    debug_assert!(payload < 1 << 24);
    guard as u64 | (payload as u64) << 32 | (kind as u64) << 56
}

/// The second word of a `LoadSuperMethod`: which class the search began behind, and the cell of the first word. A cell is for one
/// name of one class behind one other, so two words with the same one belong together, whoever wrote them.
#[inline(always)]
pub fn behind(class_id: u32, cell: u32) -> u64 {
    class_id as u64 | (cell as u64) << 32
}

/// Loads a cache.
///
/// # Safety
/// `at` is a cache word of linked code.
#[inline(always)]
pub unsafe fn load(at: *const u64) -> u64 {
    // SAFETY: as the caller promises; code is never freed.
    unsafe { (*at.cast::<CacheWord>()).load() }
}

/// Fills a cache.
///
/// # Safety
/// As for [`load`].
pub unsafe fn store(at: *const u64, word: u64) {
    // SAFETY: as the caller promises.
    unsafe { (*at.cast::<CacheWord>()).store(word) }
}

/// The payload of a word of this kind with this guard. Two comparisons with nothing to keep in registers.
#[inline(always)]
pub fn payload_for(word: u64, guard: u32, kind: u8) -> Option<u32> {
    let rest = ((word >> 32) as u32).wrapping_sub((kind as u32) << 24);
    if word as u32 == guard && rest < 1 << 24 { Some(rest) } else { None }
}

#[inline(always)]
pub fn kind(word: u64) -> u8 {
    (word >> 56) as u8
}

#[inline(always)]
pub fn payload(word: u64) -> u32 {
    (word >> 32) as u32 & 0xff_ffff
}

/// What stands for the shape word in the guard of a method of an immediate: that of the objects of its class; 0 for those
/// that have no methods to speak of.
#[inline(always)]
pub fn immediate_shape(v: Value) -> u32 {
    match v {
        v if v.is_int() => (Builtin::Int as u32) << 1,
        v if v.is_float() => (Builtin::Float as u32) << 1,
        _ => 0,
    }
}

/// What is added to a name's address to make the key of a store in the table of recent attributes.
pub const STORE: usize = 1;

/// What is added to a name's address to make the key of a load from a class, whose guard is the id of that class.
pub const OF_CLASS: usize = 2;

/// The cache word that applies to a receiver of this shape: the site's own, or one from the thread's table of recent
/// attributes; 0 if neither does.
///
/// # Safety
/// As for [`load`].
#[inline(always)]
pub unsafe fn applicable(cx: &Cx, at: *const u64, name: Ref<'_>, access: usize, shape_word: u32) -> u64 {
    // SAFETY: as the caller promises.
    let own = unsafe { load(at) };
    if own as u32 == shape_word {
        return own;
    }
    cx.recent_attr(name.value().0 as usize + access, shape_word)
}

/// Keeps a cache word: in the site if it is still empty or its shape is out of use, and in the thread's table.
///
/// # Safety
/// As for [`load`].
pub unsafe fn keep(cx: &Cx, at: *const u64, name: Ref<'_>, access: usize, new: u64) {
    // SAFETY: as the caller promises.
    unsafe { store(at, new) };
    keep_recent(cx, name, access, new);
}

/// Keeps a cache word in the thread's table.
pub fn keep_recent(cx: &Cx, name: Ref<'_>, access: usize, new: u64) {
    let key = name.value().0 as usize + access;
    cx.keep_recent_attr(key, new);
}

/// The global or builtin that a `LoadGlobal` at `ip` has cached, borrowed, for a thread that is solo; `UNDEF` on a miss, or if
/// the cache does not say where the value is.
///
/// # Safety
/// `ip` is a `LoadGlobal` (or `LoadName`) of the frame at `regs`.
#[inline(always)]
pub unsafe fn global_at(ip: *const u64, regs: *mut Value) -> Value {
    // SAFETY: the function of a running frame has dicts as globals and builtins. A dict's entries are where they were as long
    // as its keys id is the same, and nobody else writes the cache.
    unsafe {
        let function: &PyFunction = super::frame::Frame(regs).function();
        let cached = load(ip.add(1));
        if cached as u32 != function.globals_unchecked().keys_id() {
            return Value::UNDEF;
        }
        if kind(cached) != GLOBAL_AT {
            if kind(cached) != BUILTIN_AT {
                return Value::UNDEF;
            }
            if load(ip.add(2)) as u32 != function.builtins_unchecked().keys_id() {
                return Value::UNDEF;
            }
        }
        (*(load(ip.add(3)) as *const Slot)).peek()
    }
}

/// As [`global_at`] for threads that are not alone: a global whose address is known, which they may use without counting it.
///
/// # Safety
/// As for [`global_at`].
#[inline(always)]
pub unsafe fn shared_global_at(ip: *const u64, regs: *mut Value) -> Value {
    // SAFETY: as the caller promises. The third word goes with every first one that speaks of it: see `fill_global`.
    unsafe {
        let cached = load(ip.add(1));
        if kind(cached) != GLOBAL_AT {
            return Value::UNDEF;
        }
        let function: &PyFunction = super::frame::Frame(regs).function();
        function.globals_unchecked().shared_value_at(cached as u32, || load(ip.add(3)) as *const Slot)
    }
}

/// As [`shared_global_at`], a builtin.
///
/// # Safety
/// As for [`global_at`].
#[inline(always)]
pub unsafe fn shared_builtin_at(ip: *const u64, regs: *mut Value) -> Value {
    // SAFETY: as the caller promises. The three words belong together: see `fill_with_builtin`.
    unsafe {
        let words = words_of(ip);
        let cached = words[0].load();
        if kind(cached) != BUILTIN_AT {
            return Value::UNDEF;
        }
        let function: &PyFunction = super::frame::Frame(regs).function();
        let builtins = function.builtins_unchecked();
        let id = builtins.keys_id();
        let Some(address) = third_word(words, cached, |second| second as u32 == id) else {
            return Value::UNDEF;
        };
        let v = builtins.shared_value_at(id, || address as *const Slot);
        // Looked at last: a global of that name may have come meanwhile.
        if cached as u32 == function.globals_unchecked().keys_id() { v } else { Value::UNDEF }
    }
}

/// As [`shared_global_at`], a global whose address is not known.
///
/// # Safety
/// As for [`global_at`].
#[inline(always)]
pub unsafe fn shared_global(ip: *const u64, regs: *mut Value) -> Value {
    // SAFETY: as the caller promises.
    unsafe {
        let cached = load(ip.add(1));
        let function: &PyFunction = super::frame::Frame(regs).function();
        match kind(cached) & !AT {
            GLOBAL => function.globals_unchecked().shared_value(cached as u32, payload(cached)),
            _ => Value::UNDEF,
        }
    }
}

/// The words behind a `LoadGlobal`.
///
/// # Safety
/// As for [`global_at`].
#[inline(always)]
unsafe fn words_of<'a>(ip: *const u64) -> &'a [CacheWord; 3] {
    // SAFETY: three cache words follow the instruction; code is never freed.
    unsafe { &*ip.add(1).cast() }
}

/// Makes a function or a module that a global names a hub once there are threads: all of them use it all the time, so
/// its count would be what they wait for.
pub fn keep_hub(cx: &Cx, v: Ref<'_>) {
    if cx.space.makes_hubs()
        && let Some(h) = v.header()
        && h.is_published()
        && HUBS.contains(&h.shape_id())
        && !h.is_lasting()
    {
        h.make_hub(&cx.space);
    }
}

/// Shapes of what every thread of a program uses.
const HUBS: [u32; 3] = [Builtin::Function as u32, Builtin::NativeFunction as u32, Builtin::Module as u32];

/// Fills the cache of a `LoadGlobal` whose name was found in one of the two dicts.
///
/// # Safety
/// As for [`global_at`].
pub unsafe fn fill_global(cx: &Cx, ip: *const u64, globals: &PyDict, builtins: &PyDict, name: Ref<'_>) {
    // SAFETY: as the caller promises.
    unsafe {
        let (globals_id, builtins_id) = (globals.ensure_keys_id(cx), builtins.ensure_keys_id(cx));
        if globals_id == 0 || builtins_id == 0 {
            // Any dict that has none would do.
            return;
        }
        let at = |dict: &PyDict, index| dict.value_slot_unlocked(index) as *const Slot as u64;
        let of = |dict: &PyDict| dict.entry_index_str(cx, name).filter(|&i| i < 1 << 24);
        let words = words_of(ip);
        if let Some(index) = of(globals) {
            fill_with_global(cx, words, word(globals_id, GLOBAL, index), at(globals, index));
        } else if let Some(index) = of(builtins) {
            fill_with_builtin(cx, words, [globals_id, builtins_id], at(builtins, index));
        }
    }
}

/// Fills the words of a `LoadGlobal`: `global` says where the value is, `address` where in memory. While others run the address
/// in the third word is never replaced by that of another global, as readers compare nothing but the first word.
fn fill_with_global(cx: &Cx, words: &[CacheWord; 3], global: u64, address: u64) {
    let _filling = cx.vm.filling.lock().unwrap_or_else(|p| p.into_inner());
    let there = words[2].load();
    // The second word says that the third one is of a builtin.
    let kept = cx.owns_everything() || words[1].load() == 0 && (there == 0 || there == address);
    if kept {
        words[1].store(0);
        words[2].store(address);
    }
    words[0].store(global | if kept { (AT as u64) << 56 } else { 0 });
}

/// As [`fill_with_global`] for a builtin, by the ids of both dicts. A site that has met a global while others run keeps to globals.
/// The first two words have the number of the filling as their payload.
fn fill_with_builtin(cx: &Cx, words: &[CacheWord; 3], [globals_id, builtins_id]: [u32; 2], address: u64) {
    let _filling = cx.vm.filling.lock().unwrap_or_else(|p| p.into_inner());
    let (second, third) = (words[1].load(), words[2].load());
    let filled = payload(second);
    if second as u32 == builtins_id && third == address {
        return words[0].store(word(globals_id, BUILTIN_AT, filled));
    }
    if !cx.owns_everything() && (second == 0 && third != 0 || filled == NO_CELL) {
        return;
    }
    let filled = if filled == NO_CELL { 0 } else { filled + 1 };
    fill_three(words, [word(globals_id, BUILTIN_AT, filled), word(builtins_id, 0, filled), address]);
}

/// A class attribute has changed: where caches by shape could have become wrong, all are emptied.
pub fn class_changed(cx: &Cx, class: &PyType, name: Ref<'_>) {
    if crate::ops::change_needs_flush(cx, class, name) {
        flush_all(cx);
    }
}

/// Empties all inline caches of all code, with the world stopped.
pub fn flush_all(cx: &Cx) {
    let stopped = cx.mutator().stop_the_world();
    flush_all_stw(cx);
    drop(stopped);
}

/// As [`flush_all`]; the caller has stopped the world.
pub(crate) fn flush_all_stw(cx: &Cx) {
    crate::objects::code::for_each(|code| code.clear_caches());
    // ORD: relaxed; the world is stopped.
    cx.vm.cache_flushes.fetch_add(1, Ordering::Relaxed);
    cx.space.shapes.caches_are_empty();
}

/// The attribute that a `LoadAttr` of a module has cached, counted.
///
/// # Safety
/// `cached` is of kind MODULE and the receiver is a module.
pub unsafe fn module_value(cx: &Cx, receiver: Ref<'_>, cached: u64) -> Value {
    // SAFETY: as the caller promises.
    let module = unsafe { receiver.cast_unchecked::<crate::objects::module::PyModule>() };
    let Some(dict) = module.dict_ref(cx) else { return Value::UNDEF };
    if dict.keys_id() != cached as u32 {
        return Value::UNDEF;
    }
    match dict.value_at(cx, payload(cached)) {
        // Without exclusivity the entry may have moved between check and read: the id tells.
        Some(v) if dict.keys_id() == cached as u32 => v.into_value(),
        _ => Value::UNDEF,
    }
}
