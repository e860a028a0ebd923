//! Items of built-in containers.

use super::moves::{conclude, conclude_unit, drop_then};
use super::{drop_value, prepare_then, take_register};
use crate::class::Builtin;
use crate::interp::{Exit, Table, slow};
use crate::objects::dict::PyDict;
use crate::objects::hash::hash_at_hand;
use crate::objects::items;
use crate::objects::list::PyList;
use crate::objects::set::PySet;
use crate::objects::slice::PySlice;
use crate::objects::tuple::PyTuple;
use crate::{Cx, Obj, Ref, RefExt, Value};
use ungil_bytecode::Op;

const DICT: u32 = (Builtin::Dict as u32) << 1;
const LIST: u32 = (Builtin::List as u32) << 1;
const TUPLE: u32 = (Builtin::Tuple as u32) << 1;
const SLICE: u32 = (Builtin::Slice as u32) << 1;
const SET: u32 = (Builtin::Set as u32) << 1;
const FROZEN_SET: u32 = (Builtin::FrozenSet as u32) << 1;

/// The item of a list or tuple at an index that may count from the end, borrowed; `UNDEF` if out of range or if the
/// container is something else.
#[inline(always)]
unsafe fn sequence_item<const SOLO: bool>(cx: *mut Cx, container: Value, index: i64) -> Value {
    let h = &*container.ptr();
    let word = h.shape_word();
    let container = Ref::from_value(container);
    let (items, len): (*const Value, usize) = if word == LIST {
        let list = container.cast_unchecked::<PyList>();
        if !(SOLO || (*cx).is_exclusive(h)) {
            return list.shared_item(index);
        }
        (list.items_unlocked(), list.len())
    } else if word == TUPLE {
        let items = container.cast_unchecked::<PyTuple>().items();
        (items.as_ptr().cast(), items.len())
    } else {
        return Value::UNDEF;
    };
    let index = if index < 0 { index.wrapping_add(len as i64) } else { index };
    if (index as u64) < len as u64 { *items.add(index as usize) } else { Value::UNDEF }
}

/// Writes a counted item, dropping the container if it is moved out.
#[inline(always)]
unsafe fn deliver<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
    container: Value,
) -> Exit {
    count_or_prepare!(v, ip, regs, cx, t);
    if flags!(*ip) & 0x200 != 0 {
        *regs.add(fb!(*ip)) = Value::UNDEF;
        let slot = regs.add(fa!(*ip));
        let old = *slot;
        *slot = v;
        if old.is_ptr() {
            return slow::drop_two(ip.add(2), regs, cx, t, old, container);
        }
        return drop_then::<SOLO>(ip.add(2), regs, cx, t, container);
    }
    finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
}

handler! {
    pub fn get_item(ip, regs, cx, t) {
        let (container, key) = (*regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
        if key.is_int() && container.is_ptr() {
            let v = sequence_item::<SOLO>(cx, container, key.int());
            if !v.is_undef() {
                return deliver::<SOLO>(ip, regs, cx, t, v, container);
            }
        }
        if container.is_lent() {
            return get_item_of_lent::<SOLO>(ip, regs, cx, t);
        }
        more_items::<SOLO>(ip, regs, cx, t)
    }
}

handler! {
    /// The container is lent.
    #[inline(never)]
    fn get_item_of_lent(ip, regs, cx, t) {
        let (source, key) = (regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
        let container = (*source).lent();
        if key.is_int() {
            let v = sequence_item::<SOLO>(cx, container, key.int());
            if !v.is_undef() {
                count_or_prepare!(v, ip, regs, cx, t);
                *source = Value::UNDEF;
                finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
            }
        }
        more_items_of_lent::<SOLO>(ip, regs, cx, t)
    }
}

handler! {
    /// As [`more_items`] of a container that is lent.
    #[inline(never)]
    fn more_items_of_lent(ip, regs, cx, t) {
        let source = regs.add(fb!(*ip));
        match item_of_lent(cx, (*source).lent(), *regs.add(fc!(*ip))) {
            Value::UNDEF => own_container::<SOLO>(ip, regs, cx, t),
            v => {
                *source = Value::UNDEF;
                conclude::<SOLO>(ip.add(2), regs, cx, t, *ip & !0x200, v)
            }
        }
    }
}

handler! {
    /// As [`get_item_of_lent`] with an immediate index.
    #[inline(never)]
    fn get_item_imm_of_lent(ip, regs, cx, t) {
        let source = regs.add(fb!(*ip));
        let v = sequence_item::<SOLO>(cx, (*source).lent(), fc_signed!(*ip));
        if v.is_undef() {
            return own_container::<SOLO>(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        *source = Value::UNDEF;
        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    /// Counts a container that was lent and is not to be looked at so simply: it is like any other from here on.
    #[inline(never)]
    fn own_container(ip, regs, cx, t) {
        let source = regs.add(fb!(*ip));
        let container = (*source).lent();
        count_or_prepare!(container, ip, regs, cx, t);
        *source = container;
        goto!(ip, regs, cx, t)
    }
}

/// An item that can be had simply, counted, of a container that is lent; or `UNDEF`.
#[inline(never)]
unsafe fn item_of_lent(cx: *mut Cx, container: Value, key: Value) -> Value {
    items::simple_item(&*cx, Ref::from_value(container), Ref::from_value(key))
}

handler! {
    pub fn get_item_lent(ip, regs, cx, t) {
        let (container, key) = (*regs.add(fb!(*ip)), *regs.add(fc!(*ip)));
        // What ends with the instruction may end what it holds.
        if !container.is_ptr() || flags!(*ip) & 0x200 != 0 {
            return get_item::<SOLO>(ip, regs, cx, t);
        }
        if !key.is_int() {
            return lend_value::<SOLO>(ip, regs, cx, t);
        }
        let v = sequence_item::<SOLO>(cx, container, key.int());
        if v.is_undef() {
            return lend_value::<SOLO>(ip, regs, cx, t);
        }
        finish_temp!(ip.add(2), regs, cx, t, fa!(*ip), v.lend())
    }
}

handler! {
    /// The value of a dict, by a key that need not be dropped.
    #[inline(never)]
    fn lend_value(ip, regs, cx, t) {
        let key = regs.add(fc!(*ip));
        let ends = flags!(*ip) & 0x400 != 0 && (*key).is_ptr();
        if ends && !(*(*key).ptr()).is_immortal() {
            return get_item::<SOLO>(ip, regs, cx, t);
        }
        let v = value_in_dict(cx, *regs.add(fb!(*ip)), *key);
        if v.is_undef() {
            return get_item::<SOLO>(ip, regs, cx, t);
        }
        if ends {
            *key = Value::UNDEF;
        }
        finish_temp!(ip.add(2), regs, cx, t, fa!(*ip), v.lend())
    }
}

/// The value of a key in an exact dict, borrowed; `UNDEF` if that is not so simple.
#[inline(never)]
unsafe fn value_in_dict(cx: *mut Cx, container: Value, key: Value) -> Value {
    if (*container.ptr()).shape_word() != DICT {
        return Value::UNDEF;
    }
    let dict = Ref::from_value(container).cast_unchecked::<PyDict>();
    dict.peek_simple(&*cx, Ref::from_value(key))
}

handler! {
    /// Dicts, strings, bytes, and lists that other threads may change.
    #[inline(never)]
    fn more_items(ip, regs, cx, t) {
        match find_item(cx, *regs.add(fb!(*ip)), *regs.add(fc!(*ip))) {
            Value::UNDEF => slow::item::get_item::run(ip, regs, cx, t),
            v if flags!(*ip) & 0x600 != 0 => conclude::<SOLO>(ip.add(2), regs, cx, t, *ip, v),
            v => finish!(ip.add(2), regs, cx, t, fa!(*ip), v),
        }
    }
}

/// An item or a slice that can be had simply, counted; or `UNDEF`.
#[inline(never)]
unsafe fn find_item(cx: *mut Cx, container: Value, key: Value) -> Value {
    if key.is_ptr() && (*key.ptr()).shape_word() == SLICE {
        let parts = Ref::from_value(key).cast_unchecked::<PySlice>().values();
        return items::simple_slice(&mut *cx, Ref::from_value(container), parts);
    }
    items::simple_item(&*cx, Ref::from_value(container), Ref::from_value(key))
}

handler! {
    pub fn get_item_imm(ip, regs, cx, t) {
        let container = *regs.add(fb!(*ip));
        if container.is_ptr() {
            let v = sequence_item::<SOLO>(cx, container, fc_signed!(*ip));
            if !v.is_undef() {
                return deliver::<SOLO>(ip, regs, cx, t, v, container);
            }
        }
        if container.is_lent() {
            return get_item_imm_of_lent::<SOLO>(ip, regs, cx, t);
        }
        more_items_imm::<SOLO>(ip, regs, cx, t)
    }
}

handler! {
    pub fn get_item_imm_lent(ip, regs, cx, t) {
        let container = *regs.add(fb!(*ip));
        // As in `get_item_lent`.
        if !container.is_ptr() || flags!(*ip) & 0x200 != 0 {
            return get_item_imm::<SOLO>(ip, regs, cx, t);
        }
        let v = sequence_item::<SOLO>(cx, container, fc_signed!(*ip));
        if v.is_undef() {
            return get_item_imm::<SOLO>(ip, regs, cx, t);
        }
        finish_temp!(ip.add(2), regs, cx, t, fa!(*ip), v.lend())
    }
}

handler! {
    #[inline(never)]
    fn more_items_imm(ip, regs, cx, t) {
        match find_item(cx, *regs.add(fb!(*ip)), Value::from_int_unchecked(fc_signed!(*ip))) {
            Value::UNDEF => slow::item::get_item_imm::run(ip, regs, cx, t),
            v if flags!(*ip) & 0x200 != 0 => conclude::<SOLO>(ip.add(2), regs, cx, t, *ip & !0x400, v),
            v => finish!(ip.add(2), regs, cx, t, fa!(*ip), v),
        }
    }
}

/// The slice `base[0][base[1]:base[2]]` if it can be had simply, or `UNDEF`.
#[inline(never)]
unsafe fn find_slice(cx: *mut Cx, base: *const Value) -> Value {
    items::simple_slice(&mut *cx, Ref::from_value(*base), [*base.add(1), *base.add(2), Value::NONE])
}

handler! {
    pub fn get_slice(ip, regs, cx, t) {
        let base = regs.add(fb!(*ip));
        let v = find_slice(cx, base);
        if v.is_undef() {
            return slow::item::get_slice::run(ip, regs, cx, t);
        }
        // The bounds are no references.
        let container = std::mem::replace(&mut *base, Value::UNDEF);
        let old = std::mem::replace(&mut *regs.add(fa!(*ip)), v);
        if old.is_ptr() {
            return slow::drop_two(ip.add(1), regs, cx, t, old, container);
        }
        drop_then::<SOLO>(ip.add(1), regs, cx, t, container)
    }
}

/// Does `base[0][base[1]:base[2]] = items` if that is simple; whether it was.
#[inline(never)]
unsafe fn store_slice(cx: *mut Cx, base: *const Value, items: Value) -> bool {
    let parts = [*base.add(1), *base.add(2), Value::NONE];
    items::set_slice_simple(&*cx, Ref::from_value(*base), parts, Ref::from_value(items))
}

handler! {
    pub fn set_slice(ip, regs, cx, t) {
        let base = regs.add(fa!(*ip));
        if !store_slice(cx, base, *regs.add(fb!(*ip))) {
            return slow::item::set_slice::run(ip, regs, cx, t);
        }
        let container = std::mem::replace(&mut *base, Value::UNDEF);
        drop_value::<SOLO>(container, cx);
        conclude_unit::<SOLO>(ip.add(1), regs, cx, t, *ip)
    }
}

/// Where a list's item is that a store replaces; `None` if the container is no list, or one that is published where that
/// matters, or is a temporary, or has no such item.
#[inline(always)]
unsafe fn list_slot(ip: *const u64, regs: *mut Value, published_too: bool) -> Option<*mut Value> {
    let (container, key) = (*regs.add(fa!(*ip)), *regs.add(fb!(*ip)));
    if !container.is_ptr() || flags!(*ip) & 0x100 != 0 || !key.is_int() {
        return None;
    }
    let list = Ref::from_value(container).cast_unchecked::<PyList>();
    if list.h.shape_word() != LIST || (!published_too && list.h.is_published()) {
        return None;
    }
    let (len, mut index) = (list.len(), key.int() as usize);
    if index >= len {
        index = index.wrapping_add(len);
        if index >= len {
            return None;
        }
    }
    Some(list.items_unlocked().cast_mut().add(index))
}

handler! {
    pub fn set_item(ip, regs, cx, t) {
        let Some(slot) = list_slot(ip, regs, false) else {
            return set_more::<SOLO>(ip, regs, cx, t);
        };
        let Some(v) = take_c::<SOLO>(ip, regs, cx) else {
            return prepare_then(ip, regs, cx, t, *regs.add(fc!(*ip)));
        };
        let old = *slot;
        *slot = v;
        if old.is_ptr() {
            return drop_then::<SOLO>(ip.add(2), regs, cx, t, old);
        }
        goto!(ip.add(2), regs, cx, t)
    }
}

handler! {
    pub fn set_item_const(ip, regs, cx, t) {
        // What is no object need not be published, and a thread that is solo needs no lock.
        let Some(slot) = list_slot(ip, regs, SOLO) else {
            return set_more_const::<SOLO>(ip, regs, cx, t);
        };
        let old = *slot;
        *slot = Value(*ip.add(1));
        if old.is_ptr() {
            return drop_then::<SOLO>(ip.add(2), regs, cx, t, old);
        }
        goto!(ip.add(2), regs, cx, t)
    }
}

handler! {
    /// Dicts, bytearrays, and lists that have been published.
    #[inline(never)]
    fn set_more(ip, regs, cx, t) {
        if !store_item(cx, *regs.add(fa!(*ip)), *regs.add(fb!(*ip)), *regs.add(fc!(*ip))) {
            return slow::item::set_item::run(ip, regs, cx, t);
        }
        conclude_unit::<SOLO>(ip.add(2), regs, cx, t, *ip)
    }
}

handler! {
    /// As [`set_more`].
    #[inline(never)]
    fn set_more_const(ip, regs, cx, t) {
        if !store_item(cx, *regs.add(fa!(*ip)), *regs.add(fb!(*ip)), Value(*ip.add(1))) {
            return slow::item::set_item_const::run(ip, regs, cx, t);
        }
        conclude_unit::<SOLO>(ip.add(2), regs, cx, t, *ip)
    }
}

/// Stores an item if that can be done simply; whether it was.
#[inline(never)]
unsafe fn store_item(cx: *mut Cx, container: Value, key: Value, v: Value) -> bool {
    items::set_simple(&*cx, Ref::from_value(container), Ref::from_value(key), Ref::from_value(v))
}

handler! {
    pub fn map_add(ip, regs, cx, t) {
        if !store_item(cx, *regs.add(fa!(*ip)), *regs.add(fb!(*ip)), *regs.add(fc!(*ip))) {
            return slow::build::map_add::run(ip, regs, cx, t);
        }
        conclude_unit::<SOLO>(ip.add(1), regs, cx, t, *ip)
    }
}

handler! {
    pub fn set_add(ip, regs, cx, t) {
        if !add_item(cx, *regs.add(fa!(*ip)), *regs.add(fb!(*ip))) {
            return slow::build::set_add::run(ip, regs, cx, t);
        }
        conclude_unit::<SOLO>(ip.add(1), regs, cx, t, *ip)
    }
}

/// Adds an item to a set if that can be done simply; whether it was.
#[inline(never)]
unsafe fn add_item(cx: *mut Cx, set: Value, v: Value) -> bool {
    Ref::from_value(set).cast_unchecked::<PySet>().add_simple(&*cx, Ref::from_value(v))
}

handler! {
    pub fn contains(ip, regs, cx, t) {
        let v = in_set_quickly::<SOLO>(cx, *regs.add(fc!(*ip)), *regs.add(fb!(*ip)));
        if v.is_undef() {
            return contains_more::<SOLO>(ip, regs, cx, t);
        }
        let found = Value::from_bool((v == Value::TRUE) == (*ip as u8 == Op::In as u8));
        if flags!(*ip) & 0x600 != 0 {
            return conclude::<SOLO>(ip.add(1), regs, cx, t, *ip, found);
        }
        finish!(ip.add(1), regs, cx, t, fa!(*ip), found)
    }
}

handler! {
    /// Other containers and items.
    #[inline(never)]
    fn contains_more(ip, regs, cx, t) {
        let v = is_member(cx, *regs.add(fc!(*ip)), *regs.add(fb!(*ip)));
        if v.is_undef() {
            return slow::compare::contains::run(ip, regs, cx, t);
        }
        let found = Value::from_bool((v == Value::TRUE) == (*ip as u8 == Op::In as u8));
        if flags!(*ip) & 0x600 != 0 {
            return conclude::<SOLO>(ip.add(1), regs, cx, t, *ip, found);
        }
        finish!(ip.add(1), regs, cx, t, fa!(*ip), found)
    }
}

/// Whether an item is in a set, if hash and place are at hand; else `UNDEF`.
#[inline(always)]
unsafe fn in_set_quickly<const SOLO: bool>(cx: *mut Cx, container: Value, item: Value) -> Value {
    if !container.is_ptr() {
        return Value::UNDEF;
    }
    let h = &*container.ptr();
    // Nobody changes a frozen set.
    if h.shape_word() != FROZEN_SET && (h.shape_word() != SET || !(SOLO || (*cx).is_exclusive(h))) {
        return Value::UNDEF;
    }
    let set = Ref::from_value(container).cast_unchecked::<PySet>();
    match hash_at_hand(item) {
        Some(hash) => set.first_place(item, hash).map_or(Value::UNDEF, Value::from_bool),
        None => Value::UNDEF,
    }
}

/// `True`, `False`, or `UNDEF` if that is not so simple.
#[inline(never)]
unsafe fn is_member(cx: *mut Cx, container: Value, item: Value) -> Value {
    match items::contains_simple(&*cx, Ref::from_value(container), Ref::from_value(item)) {
        Some(found) => Value::from_bool(found),
        None => Value::UNDEF,
    }
}

/// The value of field `c`, as [`take_register`] gives it.
#[inline(always)]
unsafe fn take_c<const SOLO: bool>(ip: *const u64, regs: *mut Value, cx: *mut Cx) -> Option<Value> {
    take_register::<SOLO>(regs.add(fc!(*ip)), flags!(*ip) & 0x400 != 0, cx)
}

handler! {
    pub fn list_append(ip, regs, cx, t) {
        let list = Ref::from_value(*regs.add(fa!(*ip))).cast_unchecked::<PyList>();
        let len = list.len();
        if len >= list.capacity.get() || list.h.is_published() {
            return append_more::<SOLO>(ip, regs, cx, t);
        }
        let source = regs.add(fb!(*ip));
        let v = *source;
        if v.is_ptr() {
            if flags!(*ip) & 0x200 != 0 {
                *source = Value::UNDEF;
            } else {
                count_or_prepare!(v, ip, regs, cx, t);
            }
        }
        *list.items_unlocked().cast_mut().add(len) = v;
        list.len.set(len + 1);
        goto!(ip.add(1), regs, cx, t)
    }
}

handler! {
    /// A list that must grow.
    #[inline(never)]
    fn append_more(ip, regs, cx, t) {
        let list = Ref::from_value(*regs.add(fa!(*ip))).cast_unchecked::<PyList>();
        let source = regs.add(fb!(*ip));
        let v = *source;
        if v.is_ptr() {
            if flags!(*ip) & 0x200 != 0 {
                *source = Value::UNDEF;
            } else {
                count_or_prepare!(v, ip, regs, cx, t);
            }
        }
        append_item(cx, list, v);
        goto!(ip.add(1), regs, cx, t)
    }
}

/// Appends an owned value.
#[inline(never)]
unsafe fn append_item(cx: *mut Cx, list: &PyList, v: Value) {
    list.append(&*cx, Obj::from_owned(v));
}
