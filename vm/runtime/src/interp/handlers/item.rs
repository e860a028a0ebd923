//! Items of lists, tuples and dicts.

use super::moves::drop_then;
use crate::class::Builtin;
use crate::interp::{Exit, Table, slow};
use crate::objects::dict::PyDict;
use crate::objects::list::PyList;
use crate::objects::tuple::PyTuple;
use crate::{Cx, Obj, Ref, RefExt, Value};

const LIST: u32 = (Builtin::List as u32) << 1;
const TUPLE: u32 = (Builtin::Tuple as u32) << 1;
const DICT: u32 = (Builtin::Dict as u32) << 1;

/// The item of a list or tuple at an index that may count from the end, borrowed; `UNDEF` if out of range or if the
/// container is something else. The thread is exclusive, or the container is a tuple.
#[inline(always)]
unsafe fn sequence_item(cx: *mut Cx, container: Value, index: i64) -> Value {
    let word = (*container.ptr()).shape_word();
    let container = Ref::from_value(container);
    let (items, len): (*const Value, usize) = if word == LIST && (*cx).is_exclusive() {
        let list = container.cast_unchecked::<PyList>();
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
unsafe fn deliver(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
    container: Value,
) -> Exit {
    let word = *ip;
    if v.is_ptr() {
        (*v.ptr()).increment((*cx).mutator());
    }
    if word & 0x200 != 0 {
        *regs.add(fb!(word)) = Value::UNDEF;
        let slot = regs.add(fa!(word));
        let old = *slot;
        *slot = v;
        if old.is_ptr() {
            return slow::drop_two(ip.add(2), regs, cx, t, old, container);
        }
        return drop_then(ip.add(2), regs, cx, t, container);
    }
    finish!(ip.add(2), regs, cx, t, fa!(word), v)
}

handler! {
    pub fn get_item(ip, regs, cx, t) {
        let word = *ip;
        let (container, key) = (*regs.add(fb!(word)), *regs.add(fc!(word)));
        if !container.is_ptr() {
            return slow::attr::get_item::run(ip, regs, cx, t);
        }
        if key.is_int() {
            let v = sequence_item(cx, container, key.int());
            if !v.is_undef() {
                return deliver(ip, regs, cx, t, v, container);
            }
        }
        if (*container.ptr()).shape_word() == DICT {
            return dict_item(ip, regs, cx, t);
        }
        slow::attr::get_item::run(ip, regs, cx, t)
    }
}

handler! {
    #[inline(never)]
    fn dict_item(ip, regs, cx, t) {
        let word = *ip;
        if word & 0x600 != 0 {
            return slow::attr::get_item::run(ip, regs, cx, t);
        }
        match find_in_dict(cx, *regs.add(fb!(word)), *regs.add(fc!(word))) {
            Value::UNDEF => slow::attr::get_item::run(ip, regs, cx, t),
            v => finish!(ip.add(2), regs, cx, t, fa!(word), v),
        }
    }
}

/// A dict's value for a key whose look-up runs no Python, counted; `UNDEF` if it is not so simple or not there.
#[inline(never)]
unsafe fn find_in_dict(cx: *mut Cx, dict: Value, key: Value) -> Value {
    let dict = Ref::from_value(dict).cast_unchecked::<PyDict>();
    dict.get_simple(&*cx, Ref::from_value(key)).map_or(Value::UNDEF, Obj::into_value)
}

handler! {
    pub fn get_item_imm(ip, regs, cx, t) {
        let word = *ip;
        let container = *regs.add(fb!(word));
        if container.is_ptr() {
            let v = sequence_item(cx, container, fc_signed!(word));
            if !v.is_undef() {
                return deliver(ip, regs, cx, t, v, container);
            }
        }
        slow::attr::get_item_imm::run(ip, regs, cx, t)
    }
}

handler! {
    pub fn set_item(ip, regs, cx, t) {
        let word = *ip;
        let (container, key) = (*regs.add(fa!(word)), *regs.add(fb!(word)));
        if !container.is_ptr() || word & 0x100 != 0 || !(*cx).is_exclusive() {
            return slow::attr::set_item::run(ip, regs, cx, t);
        }
        let shape = (*container.ptr()).shape_word();
        if key.is_int() && shape == LIST {
            let list = Ref::from_value(container).cast_unchecked::<PyList>();
            let len = list.len() as i64;
            let index = if key.int() < 0 { key.int() + len } else { key.int() };
            if (index as u64) < len as u64 {
                let v = take_c(word, regs, cx);
                ungil_gc::model::publish(&list.h, v);
                let slot = list.items_unlocked().cast_mut().add(index as usize);
                let old = *slot;
                *slot = v;
                if old.is_ptr() {
                    return drop_then(ip.add(2), regs, cx, t, old);
                }
                goto!(ip.add(2), regs, cx, t)
            }
        }
        slow::attr::set_item::run(ip, regs, cx, t)
    }
}

/// The value of field `c`, moved out of its register or counted.
#[inline(always)]
unsafe fn take_c(word: u64, regs: *mut Value, cx: *mut Cx) -> Value {
    let source = regs.add(fc!(word));
    let v = *source;
    if v.is_ptr() {
        if word & 0x400 != 0 {
            *source = Value::UNDEF;
        } else {
            (*v.ptr()).increment((*cx).mutator());
        }
    }
    v
}

handler! {
    pub fn list_append(ip, regs, cx, t) {
        let word = *ip;
        let list = Ref::from_value(*regs.add(fa!(word))).cast_unchecked::<PyList>();
        let source = regs.add(fb!(word));
        let v = *source;
        if v.is_ptr() {
            if word & 0x200 != 0 {
                *source = Value::UNDEF;
            } else {
                (*v.ptr()).increment((*cx).mutator());
            }
        }
        list.append(&*cx, Obj::from_owned(v));
        goto!(ip.add(1), regs, cx, t)
    }
}
