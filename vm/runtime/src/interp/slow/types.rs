//! Type parameters, type aliases, annotations.

use super::{operand, take, take_temp};
use crate::objects::function::PyFunction;
use crate::objects::typevar;
use crate::prelude::*;

slow_handler! {
    pub fn type_var(word, regs, cx) {
        typevar::new_parameter(cx, operand(regs, fb!(word)), fc!(word))
    }
}

slow_handler! {
    pub fn type_var_bound(word, regs, cx) {
        let name = take_temp(regs, fb!(word)).unwrap_or_else(|| cx.none());
        let compute = take_temp(regs, fb!(word) + 1).unwrap_or_else(|| cx.none());
        typevar::new_bounded(cx, name.r(), compute, fc!(word) == 2)
    }
}

slow_unit! {
    pub fn type_param_default(word, regs, cx) {
        let compute = take(word, 0x200, regs, fb!(word), cx);
        typevar::set_default(cx, operand(regs, fa!(word)), compute)
    }
}

slow_handler! {
    pub fn type_alias(word, regs, cx) {
        let base = fb!(word);
        let parts = [base, base + 1, base + 2].map(|i| take_temp(regs, i).unwrap_or_else(|| cx.none()));
        let [name, params, compute] = parts;
        typevar::new_alias(cx, name, params, compute)
    }
}

slow_handler! {
    pub fn subscript_generic(word, regs, cx) {
        typevar::subscript_generic(cx, operand(regs, fb!(word)))
    }
}

slow_unit! {
    pub fn set_type_params(word, regs, cx) {
        let f = operand(regs, fa!(word)).cast_unchecked::<PyFunction>();
        let v = take(word, 0x200, regs, fb!(word), cx);
        f.type_params.set(&f.h, cx, v);
        Ok(())
    }
}
