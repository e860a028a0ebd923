//! Iteration over anything.

use super::{operand, put};
use crate::class::Builtin;
use crate::interp::resume_at;
use crate::interp::unwind;
use crate::objects::generator;
use crate::{RefExt, Value};

slow_handler! {
    pub fn get_iter(word, regs, cx) {
        cx.iter(operand(regs, fb!(word)))
    }
}

slow_path! {
    pub fn for_iter(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let iterator = operand(regs, fb!(word));
        if (*cx).is_exactly(iterator, Builtin::Generator) {
            let gen_ = iterator.cast_unchecked::<generator::PyGenerator>();
            // A generator that can simply go on does so in this loop, without recursion.
            if generator::may_resume_inline(&*cx, gen_) {
                return generator::resume_inline(ip, ip.add(2), regs, cx, t, iterator, Value::NONE);
            }
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
