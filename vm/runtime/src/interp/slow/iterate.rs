//! Iteration over anything.

use super::{operand, put};
use crate::interp::resume_at;
use crate::interp::unwind;
use crate::objects::generator::{self, PyGenerator};
use crate::objects::iter::next_pair;
use crate::{RefExt, Value};
use ungil_bytecode::Op;

slow_handler! {
    pub fn get_iter(word, regs, cx) {
        cx.iter(operand(regs, fb!(word)))
    }
}

/// Whether the instruction `after` a `ForIter` takes the item apart at once, into two registers: the tuple need not be made.
#[inline(always)]
pub fn unpacks_pair(for_iter: u64, after: u64) -> bool {
    after as u8 == Op::UnpackSequence as u8
        && after & 0x200 != 0
        && fb!(after) == fa!(for_iter)
        && fc!(after) == 2
        && fa!(after) != fa!(for_iter)
        && fa!(after) + 1 != fa!(for_iter)
}

slow_path! {
    /// The iterator is a generator: if it can simply go on, it does so in this loop, without recursion.
    pub fn for_iter_generator(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let iterator = operand(regs, fb!(*ip));
        if generator::may_resume_inline(&*cx, iterator.cast_unchecked::<PyGenerator>()) {
            return generator::resume_inline(ip, ip.add(2), regs, cx, t, iterator, Value::NONE);
        }
        for_iter::next(ip, regs, cx, t)
    }
}

slow_path! {
    pub fn for_iter(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let iterator = operand(regs, fb!(word));
        let after = *ip.add(2);
        if unpacks_pair(word, after)
            && let Some(result) = next_pair(&mut *cx, iterator)
        {
            return match result {
                Ok(Some((first, second))) => {
                    put(regs, fa!(after), first, cx);
                    put(regs, fa!(after) + 1, second, cx);
                    resume_at(ip.add(3), regs, cx, t)
                }
                Ok(None) => for_iter_end::next(ip, regs, cx, t),
                Err(err) => unwind::raise(ip, regs, cx, t, err),
            };
        }
        match (*cx).next(iterator) {
            Ok(Some(v)) => {
                put(regs, fa!(word), v, cx);
                resume_at(ip.add(2), regs, cx, t)
            }
            Ok(None) => for_iter_end::next(ip, regs, cx, t),
            Err(err) => unwind::raise(ip, regs, cx, t, err),
        }
    }
}

slow_path! {
    /// The iterator is exhausted: drops it and jumps.
    pub fn for_iter_end(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let iterator = std::mem::replace(&mut *regs.add(fb!(word)), Value::UNDEF);
        (*cx).drop_value(iterator);
        resume_at(ip.add(2).offset(fc_signed!(word) as isize), regs, cx, t)
    }
}
