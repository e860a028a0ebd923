//! Items and slices of anything.

use super::{attempt, operand, operator};
use crate::objects::items;
use crate::prelude::*;

slow_path! {
    pub fn get_item(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let (container, key) = (operand(regs, fb!(word)), operand(regs, fc!(word)));
        if container.value().is_ptr() && let Some(next) = operator::push_get_item(ip, regs, cx, container, key) {
            return next;
        }
        let result = (*cx).get_item(container, key);
        done!(ip, regs, cx, t, result)
    }
}

slow_path! {
    pub fn get_item_imm(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let container = operand(regs, fb!(word));
        let key = Ref::immediate(Value::from_int_unchecked(fc_signed!(word)));
        if container.value().is_ptr() && let Some(next) = operator::push_get_item(ip, regs, cx, container, key) {
            return next;
        }
        let result = (*cx).get_item(container, key);
        done!(ip, regs, cx, t, result)
    }
}

slow_unit! {
    pub fn set_item(word, regs, cx) {
        cx.set_item(operand(regs, fa!(word)), operand(regs, fb!(word)), operand(regs, fc!(word)))
    }
}

slow_path! {
    pub fn set_item_const(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let (word, v) = (*ip, Value(*ip.add(1)));
        let result = attempt(|| -> R<()> {
            (*cx).set_item(operand(regs, fa!(word)), operand(regs, fb!(word)), Ref::immediate(v))
        });
        done_unit!(ip, regs, cx, t, result)
    }
}

slow_unit! {
    pub fn del_item(word, regs, cx) {
        cx.del_item(operand(regs, fa!(word)), operand(regs, fb!(word)))
    }
}

/// The temporaries of a slice: the object, and the two bounds.
unsafe fn slice_operands<'a>(regs: *mut Value, first: usize) -> [Ref<'a>; 3] {
    [operand(regs, first), operand(regs, first + 1), operand(regs, first + 2)]
}

/// Drops the temporaries of a slice.
unsafe fn drop_operands(regs: *mut Value, first: usize, cx: &Cx) {
    for i in first..first + 3 {
        let v = std::mem::replace(&mut *regs.add(i), Value::UNDEF);
        cx.drop_value(v);
    }
}

slow_path! {
    pub fn get_slice(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let base = fb!(*ip);
        let [v, start, stop] = slice_operands(regs, base);
        let result = items::get_slice(&mut *cx, v, start, stop);
        drop_operands(regs, base, &*cx);
        done!(ip, regs, cx, t, result)
    }
}

slow_path! {
    pub fn set_slice(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let base = fa!(word);
        let [v, start, stop] = slice_operands(regs, base);
        let result = items::set_slice(&mut *cx, v, start, stop, operand(regs, fb!(word)));
        drop_operands(regs, base, &*cx);
        done_unit!(ip, regs, cx, t, result)
    }
}
