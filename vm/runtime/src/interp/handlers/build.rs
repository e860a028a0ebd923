//! Taking tuples and lists apart.

use super::moves::resume_at;
use super::{count_up, drop_value};
use crate::class::Builtin;
use crate::interp::slow;
use crate::objects::list::PyList;
use crate::objects::slice::new_slice;
use crate::objects::tuple::{self, PyTuple};
use crate::{Cx, Obj, Ref, RefExt, Value};

const LIST: u32 = (Builtin::List as u32) << 1;
const TUPLE: u32 = (Builtin::Tuple as u32) << 1;

handler! {
    pub fn unpack_sequence(ip, regs, cx, t) {
        if !unpack::<SOLO>(ip, regs, cx) {
            return slow::build::unpack_sequence::run(ip, regs, cx, t);
        }
        resume_at(ip.add(1), regs, cx, t)
    }
}

/// Unpacks a tuple, or a list that nobody else can change meanwhile, of the length wanted; whether it was one.
#[inline(never)]
unsafe fn unpack<const SOLO: bool>(ip: *const u64, regs: *mut Value, cx: *mut Cx) -> bool {
    let source = *regs.add(fb!(*ip));
    if !source.is_ptr() {
        return false;
    }
    let shape = (*source.ptr()).shape_word();
    let container = Ref::from_value(source);
    let (items, len): (*const Value, usize) = if shape == TUPLE {
        let items = container.cast_unchecked::<PyTuple>().items();
        (items.as_ptr().cast(), items.len())
    } else if shape == LIST && (SOLO || (*cx).is_exclusive(&*source.ptr())) {
        let list = container.cast_unchecked::<PyList>();
        (list.items_unlocked(), list.len())
    } else {
        return false;
    };
    let first = fa!(*ip);
    if len != fc!(*ip) || (first..first + len).contains(&fb!(*ip)) {
        return false;
    }
    let targets = regs.add(first);
    if flags!(*ip) & 0x200 == 0 {
        copy_items::<SOLO>(cx, items, len, targets);
        return true;
    }
    *regs.add(fb!(*ip)) = Value::UNDEF;
    if shape == TUPLE && len != 0 && (*source.ptr()).is_unique((*cx).mutator()) {
        // Nobody else knows the tuple: its items move.
        for i in 0..len {
            let old = std::mem::replace(&mut *targets.add(i), *items.add(i));
            drop_value::<SOLO>(old, cx);
        }
        (*cx).mutator().free_emptied(source.ptr(), tuple::bytes_for(len));
        return true;
    }
    copy_items::<SOLO>(cx, items, len, targets);
    drop_value::<SOLO>(source, cx);
    true
}

/// Puts counted copies of the items into registers.
#[inline(always)]
unsafe fn copy_items<const SOLO: bool>(cx: *mut Cx, items: *const Value, len: usize, targets: *mut Value) {
    for i in 0..len {
        let v = *items.add(i);
        if v.is_ptr() {
            count_up::<SOLO>(v, cx);
        }
        let old = std::mem::replace(&mut *targets.add(i), v);
        drop_value::<SOLO>(old, cx);
    }
}

handler! {
    pub fn build_slice(ip, regs, cx, t) {
        let made = make_slice(cx, regs.add(fb!(*ip)), fc!(*ip));
        finish!(ip.add(1), regs, cx, t, fa!(*ip), made)
    }
}

/// A slice of `count` temporaries from `first` on, which are moved into it.
#[inline(never)]
unsafe fn make_slice(cx: *mut Cx, first: *mut Value, count: usize) -> Value {
    let part = |i: usize| {
        let v = std::mem::replace(&mut *first.add(i), Value::UNDEF);
        Obj::from_owned(if v.is_undef() { Value::NONE } else { v })
    };
    let (start, stop) = (part(0), part(1));
    let step = if count == 3 { part(2) } else { (*cx).none() };
    new_slice(&*cx, start, stop, step).into_value()
}
