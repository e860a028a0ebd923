//! `for` loops over ranges, lists and tuples.

use super::{count_up, count_up_own, drop_then};
use crate::class::Builtin;
use crate::interp::{Exit, Table, slow};
use crate::objects::dict::iter::PyDictIter;
use crate::objects::enumerate::PyEnumerate;
use crate::objects::iter::{PyListIter, PyRangeIter, PyTupleIter, iter_native};
use crate::objects::list::PyList;
use crate::objects::str::iter::PyStrIter;
use crate::objects::str::new_char;
use crate::objects::tuple::PyTuple;
use crate::{Cx, Obj, Ref, RefExt, Value};

const GENERATOR: u32 = (Builtin::Generator as u32) << 1;
const RANGE_ITER: u32 = (Builtin::RangeIter as u32) << 1;
const LIST_ITER: u32 = (Builtin::ListIter as u32) << 1;
const ENUMERATE: u32 = (Builtin::Enumerate as u32) << 1;
const DICT_KEY_ITER: u32 = (Builtin::DictKeyIter as u32) << 1;
const DICT_VALUE_ITER: u32 = (Builtin::DictValueIter as u32) << 1;
const DICT_ITEM_ITER: u32 = (Builtin::DictItemIter as u32) << 1;
const STR_ITER: u32 = (Builtin::StrIter as u32) << 1;
const TUPLE_ITER: u32 = (Builtin::TupleIter as u32) << 1;

handler! {
    pub fn get_iter(ip, regs, cx, t) {
        let iterated = *regs.add(fb!(*ip));
        let v = iterator_of(cx, iterated);
        if v.is_undef() {
            return slow::iterate::get_iter::run(ip, regs, cx, t);
        }
        let consumed = flags!(*ip) & 0x200 != 0;
        if consumed {
            *regs.add(fb!(*ip)) = Value::UNDEF;
        }
        let slot = regs.add(fa!(*ip));
        let old = *slot;
        *slot = v;
        if old.is_ptr() {
            return slow::drop_two(ip.add(1), regs, cx, t, old, if consumed { iterated } else { Value::UNDEF });
        }
        if consumed {
            return drop_then::<SOLO>(ip.add(1), regs, cx, t, iterated);
        }
        goto!(ip.add(1), regs, cx, t)
    }
}

handler! {
    /// As [`end_loop`] of an iterator that must let go of its container if anybody else has it.
    #[inline(never)]
    fn end_loop_over(ip, regs, cx, t) {
        if !(*(*regs.add(fb!(*ip))).ptr()).is_unique((*cx).mutator()) {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        }
        end_loop::<SOLO>(ip, regs, cx, t)
    }
}

/// The iterator of an exact instance of a built-in type, `UNDEF` for anything else.
#[inline(never)]
unsafe fn iterator_of(cx: *mut Cx, v: Value) -> Value {
    match v.is_ptr() {
        true => iter_native(&*cx, Ref::from_value(v)).map_or(Value::UNDEF, Obj::into_value),
        false => Value::UNDEF,
    }
}

handler! {
    /// The iterator is exhausted: drops it and jumps, forwards.
    #[inline(always)]
    fn end_loop(ip, regs, cx, t) {
        let iterator = *regs.add(fb!(*ip));
        *regs.add(fb!(*ip)) = Value::UNDEF;
        drop_then::<SOLO>(ip.add(2).offset(fc_signed!(*ip) as isize), regs, cx, t, iterator)
    }
}

handler! { pub fn for_iter(ip, regs, cx, t) { next_item::<SOLO>(ip, regs, cx, t) } }

handler! {
    pub fn jump_for(ip, regs, cx, t) {
        let target = ip.add(1).offset(wide!(*ip));
        if (*cx).is_wanted() {
            return slow::poll::run(target, regs, cx, t);
        }
        next_item::<SOLO>(target, regs, cx, t)
    }
}

handler! {
    #[inline(always)]
    fn next_item(ip, regs, cx, t) {
        // The iterator is a temporary that `GetIter` made: an object always.
        let iterator = *regs.add(fb!(*ip));
        if !iterator.is_ptr() || !(SOLO || !(*iterator.ptr()).is_published() || (*cx).owns_everything()) {
            return for_iter_other::<SOLO>(ip, regs, cx, t);
        }
        let shape = (*iterator.ptr()).shape_word();
        let iterator = Ref::from_value(iterator);
        if shape == RANGE_ITER {
            let range = iterator.cast_unchecked::<PyRangeIter>();
            let left = range.remaining.get();
            if left == 0 {
                return end_loop::<SOLO>(ip, regs, cx, t);
            }
            range.remaining.set(left - 1);
            let i = range.next.get();
            range.next.set(i.wrapping_add(range.step));
            let v = Value(ungil_gc::INT_BASE.wrapping_add(i as u64));
            finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
        }
        // Few kinds here and the others apart: a switch over all of them would be an indirect jump more.
        if shape == ENUMERATE {
            return for_iter_enumerate::<SOLO>(ip, regs, cx, t);
        }
        if shape != LIST_ITER {
            return for_iter_other::<SOLO>(ip, regs, cx, t);
        }
        let it = iterator.cast_unchecked::<PyListIter>();
        let list = it.list.peek();
        if !list.is_ptr() {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        }
        if !SOLO && (*list.ptr()).is_published() {
            return for_iter_list(ip, regs, cx, t);
        }
        let index = it.index.get();
        let list = Ref::from_value(list).cast_unchecked::<PyList>();
        if index >= list.len() {
            return end_loop_over::<SOLO>(ip, regs, cx, t);
        }
        let v = *list.items_unlocked().add(index);
        if v.is_ptr() {
            // Counting the others would take a register more, which all loops would have to save.
            if !SOLO && (*v.ptr()).is_published() {
                return for_iter_list(ip, regs, cx, t);
            }
            count_up_own::<SOLO>(v, cx);
        }
        it.index.set(index + 1);
        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
    }
}

/// The next item of a list that other threads may change, or that has an item which others know. The iterator is exclusive, and
/// the loop is not over unless the list is published.
#[inline(never)]
unsafe fn for_iter_list(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Exit {
    const SOLO: bool = false;
    let it = Ref::from_value(*regs.add(fb!(*ip))).cast_unchecked::<PyListIter>();
    let list = Ref::from_value(it.list.peek()).cast_unchecked::<PyList>();
    let index = it.index.get();
    if !list.h.is_published() {
        let v = *list.items_unlocked().add(index);
        count_or_prepare!(v, ip, regs, cx, t);
        it.index.set(index + 1);
        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
    }
    // No list has more items. It need not be asked whether the index counts from the end.
    std::hint::assert_unchecked(index <= isize::MAX as usize);
    let v = list.shared_item(index as i64);
    if v.is_undef() {
        // Either somebody is changing the list, or the loop ends.
        return match index >= list.len() {
            true => end_loop_over::<SOLO>(ip, regs, cx, t),
            false => slow::iterate::for_iter::run(ip, regs, cx, t),
        };
    }
    count_or_prepare!(v, ip, regs, cx, t);
    it.index.set(index + 1);
    finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
}

handler! {
    /// An iterator of another kind than the most frequent ones, or one that others may use.
    #[inline(never)]
    fn for_iter_other(ip, regs, cx, t) {
        let iterator = *regs.add(fb!(*ip));
        if !iterator.is_ptr() {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        }
        let shape = (*iterator.ptr()).shape_word();
        if shape == GENERATOR {
            return super::generate::for_iter_generator::<SOLO>(ip, regs, cx, t);
        }
        if !(SOLO || (*cx).is_exclusive(&*iterator.ptr())) {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        }
        if shape == TUPLE_ITER {
            let it = Ref::from_value(iterator).cast_unchecked::<PyTupleIter>();
            let tuple = it.tuple.peek();
            let index = it.index.get();
            if tuple.is_ptr() {
                let items = Ref::from_value(tuple).cast_unchecked::<PyTuple>().items();
                if index < items.len() {
                    let v = items[index].value();
                    count_or_prepare!(v, ip, regs, cx, t);
                    it.index.set(index + 1);
                    finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
                }
                return end_loop_over::<SOLO>(ip, regs, cx, t);
            }
        }
        if shape == DICT_KEY_ITER || shape == DICT_VALUE_ITER || shape == DICT_ITEM_ITER {
            return for_iter_dict::<SOLO>(ip, regs, cx, t);
        }
        if shape == STR_ITER {
            return for_iter_str::<SOLO>(ip, regs, cx, t);
        }
        slow::iterate::for_iter::run(ip, regs, cx, t)
    }
}

handler! {
    /// `for i, v in enumerate(list)`: the pair is not made. The iterator is exclusive.
    #[inline(never)]
    fn for_iter_enumerate(ip, regs, cx, t) {
        let (word, after) = (*ip, *ip.add(2));
        let enumerate = Ref::from_value(*regs.add(fb!(word))).cast_unchecked::<PyEnumerate>();
        let source = enumerate.source();
        let header = &*source.value().ptr();
        if !slow::iterate::unpacks_pair(word, after)
            || header.shape_word() != LIST_ITER
            || !(SOLO || (*cx).is_exclusive(header))
        {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        }
        let it = source.cast_unchecked::<PyListIter>();
        let (list, index) = (it.list.peek(), it.index.get());
        if !list.is_ptr() {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        }
        let list = Ref::from_value(list).cast_unchecked::<PyList>();
        let count = enumerate.small_count();
        let v = match SOLO || (*cx).is_exclusive(&list.h) {
            false => list.shared_item(index as i64),
            true if index >= list.len() => Value::UNDEF,
            true => *list.items_unlocked().add(index),
        };
        if count.is_undef() || v.is_undef() {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        it.index.set(index + 1);
        enumerate.count_one();
        let first = regs.add(fa!(after));
        let (old_count, old_item) = (*first, *first.add(1));
        *first = count;
        *first.add(1) = v;
        if old_count.is_ptr() || old_item.is_ptr() {
            return slow::drop_two(ip.add(3), regs, cx, t, old_count, old_item);
        }
        goto!(ip.add(3), regs, cx, t)
    }
}

handler! {
    /// Keys, values or items of a dict. The iterator is exclusive.
    #[inline(never)]
    fn for_iter_dict(ip, regs, cx, t) {
        let iterator = *regs.add(fb!(*ip));
        let shape = (*iterator.ptr()).shape_word();
        let it = Ref::from_value(iterator).cast_unchecked::<PyDictIter>();
        let Some(dict) = it.dict() else {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        };
        if !(SOLO || (*cx).is_exclusive(&dict.h)) {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        }
        if shape == DICT_ITEM_ITER {
            let after = *ip.add(2);
            if !slow::iterate::unpacks_pair(*ip, after) {
                return slow::iterate::for_iter::run(ip, regs, cx, t);
            }
            let Some((key, value)) = it.step_exclusive(dict) else {
                return slow::iterate::for_iter::run(ip, regs, cx, t);
            };
            if key.is_ptr() {
                count_up::<SOLO>(key, cx);
            }
            if value.is_ptr() {
                count_up::<SOLO>(value, cx);
            }
            let first = regs.add(fa!(after));
            let (old_key, old_value) = (*first, *first.add(1));
            *first = key;
            *first.add(1) = value;
            if old_key.is_ptr() || old_value.is_ptr() {
                return slow::drop_two(ip.add(3), regs, cx, t, old_key, old_value);
            }
            goto!(ip.add(3), regs, cx, t)
        }
        let Some((key, value)) = it.step_exclusive(dict) else {
            return slow::iterate::for_iter::run(ip, regs, cx, t);
        };
        let v = if shape == DICT_KEY_ITER { key } else { value };
        if v.is_ptr() {
            count_up::<SOLO>(v, cx);
        }
        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    /// The characters of a string. The iterator is exclusive.
    #[inline(never)]
    fn for_iter_str(ip, regs, cx, t) {
        match next_char(cx, *regs.add(fb!(*ip))) {
            Value::UNDEF => slow::iterate::for_iter::run(ip, regs, cx, t),
            v => finish!(ip.add(2), regs, cx, t, fa!(*ip), v),
        }
    }
}

/// The next character, counted; `UNDEF` at the end.
#[inline(never)]
unsafe fn next_char(cx: *mut Cx, iterator: Value) -> Value {
    let it = Ref::from_value(iterator).cast_unchecked::<PyStrIter>();
    match it.next_code_point(&*cx) {
        Some(c) => new_char(&*cx, c).into_value(),
        None => Value::UNDEF,
    }
}
