//! Comparisons and conditional jumps on anything.

use super::{consume, operand, operator, put};
use crate::class::class_flag;
use crate::interp::resume_at;
use crate::interp::{Next, Table, unwind};
use crate::ops::CompareOp;
use crate::{Cx, Obj, R, Ref, Value};
use ungil_bytecode::Op;

/// The comparison of an opcode, and whether a jump on it is negated.
pub fn comparison(word: u64) -> (CompareOp, bool) {
    use Op::*;
    let op = Op::from_u8(word as u8).unwrap_or(Nop);
    let compare = match op {
        Lt | JumpLt | JumpNotLt | JumpLtImm | JumpNotLtImm => CompareOp::Lt,
        Le | JumpLe | JumpNotLe | JumpLeImm | JumpNotLeImm => CompareOp::Le,
        Eq | JumpEq | JumpNotEq | JumpEqImm | JumpNotEqImm => CompareOp::Eq,
        Ne | JumpNe | JumpNotNe | JumpNeImm | JumpNotNeImm => CompareOp::Ne,
        Gt | JumpGt | JumpNotGt | JumpGtImm | JumpNotGtImm => CompareOp::Gt,
        _ => CompareOp::Ge,
    };
    let negated = matches!(
        op,
        JumpNotLt
            | JumpNotLe
            | JumpNotEq
            | JumpNotNe
            | JumpNotGt
            | JumpNotGe
            | JumpNotLtImm
            | JumpNotLeImm
            | JumpNotEqImm
            | JumpNotNeImm
            | JumpNotGtImm
            | JumpNotGeImm
    );
    (compare, negated)
}

slow_path! {
    pub fn compare(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let (op, _) = comparison(word);
        let (a, b) = (operand(regs, fb!(word)), operand(regs, fc!(word)));
        if let Some(next) = push_method(ip, regs, cx, op, a, b) {
            return next;
        }
        let result = (*cx).compare(op, a, b);
        done!(ip, regs, cx, t, result)
    }
}

/// Where the left operand's class says first how it compares, by a Python function: pushes its frame.
#[inline(always)]
unsafe fn push_method(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    op: CompareOp,
    a: Ref<'_>,
    b: Ref<'_>,
) -> Option<Next> {
    if !a.value().is_ptr() || !(*cx).class_of(a).has_flag(class_flag::HEAP) {
        return None;
    }
    operator::push_left(ip, regs, cx, (op.special(), op.swapped().special()), a, b)
}

/// Ends a jump on a comparison whose method gave `result`.
pub(super) unsafe fn end_jump(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    result: Obj,
) -> Next {
    let word = *ip;
    let (op, negated) = comparison(word);
    let result = match result.value() {
        Value::NOT_IMPLEMENTED => {
            drop(result);
            (*cx).comparison_declined(op, operand(regs, fa!(word)), operand(regs, fb!(word)))
        }
        _ => Ok(result),
    };
    let taken = result.and_then(|v| Ok((*cx).truth(v.r())? != negated));
    decide(ip, regs, cx, t, taken, fc_signed!(word) as isize)
}

/// Takes or leaves a jump of `offset` words from behind the instruction, after consuming its operands.
unsafe fn decide(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    taken: R<bool>,
    offset: isize,
) -> Next {
    match taken {
        Err(err) => unwind::raise(ip, regs, cx, t, err),
        Ok(taken) => {
            consume(*ip, regs, cx);
            let next = ip.add(1);
            if !taken {
                return resume_at(next, regs, cx, t);
            }
            let target = next.offset(offset);
            if offset < 0 && (*cx).is_wanted() {
                return super::poll::next(target, regs, cx, t);
            }
            resume_at(target, regs, cx, t)
        }
    }
}

unsafe fn jump_on(cx: *mut Cx, word: u64, a: Ref<'_>, b: Ref<'_>) -> R<bool> {
    let (op, negated) = comparison(word);
    Ok((*cx).compare_bool(op, a, b)? != negated)
}

slow_path! {
    pub fn jump(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let (a, b) = (operand(regs, fa!(word)), operand(regs, fb!(word)));
        if let Some(next) = push_method(ip, regs, cx, comparison(word).0, a, b) {
            return next;
        }
        let taken = jump_on(cx, word, a, b);
        decide(ip, regs, cx, t, taken, fc_signed!(word) as isize)
    }
}

slow_path! {
    pub fn jump_imm(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let b = Ref::immediate(Value::from_int_unchecked(fb!(word) as i16 as i64));
        let taken = jump_on(cx, word, operand(regs, fa!(word)), b);
        // Field b is no register here: only field a may be consumed.
        match taken {
            Ok(taken) => decide_one(ip, regs, cx, t, taken, fc_signed!(word) as isize),
            Err(err) => unwind::raise(ip, regs, cx, t, err),
        }
    }
}

/// As `decide` for instructions whose only register is field `a`.
unsafe fn decide_one(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    taken: bool,
    offset: isize,
) -> Next {
    let word = *ip;
    if word & 0x100 != 0 {
        let v = std::mem::replace(&mut *regs.add(fa!(word)), Value::UNDEF);
        (*cx).drop_value(v);
    }
    let next = ip.add(1);
    if !taken {
        return resume_at(next, regs, cx, t);
    }
    let target = next.offset(offset);
    if offset < 0 && (*cx).is_wanted() {
        return super::poll::next(target, regs, cx, t);
    }
    resume_at(target, regs, cx, t)
}

slow_path! {
    pub fn jump_truth(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let wanted = word as u8 == Op::JumpIfTrue as u8;
        match (*cx).truth(operand(regs, fa!(word))) {
            Ok(b) => decide_one(ip, regs, cx, t, b == wanted, wide!(word)),
            Err(err) => unwind::raise(ip, regs, cx, t, err),
        }
    }
}

slow_path! {
    pub fn jump_none(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let wanted = word as u8 == Op::JumpIfNone as u8;
        let taken = (*regs.add(fa!(word))).is_none() == wanted;
        decide_one(ip, regs, cx, t, taken, wide!(word))
    }
}

slow_path! {
    pub fn jump_identity(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let same = *regs.add(fa!(word)) == *regs.add(fb!(word));
        let taken = same == (word as u8 == Op::JumpIs as u8);
        decide(ip, regs, cx, t, Ok(taken), fc_signed!(word) as isize)
    }
}

slow_path! {
    pub fn identity(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let same = *regs.add(fb!(word)) == *regs.add(fc!(word));
        consume(word, regs, cx);
        put(regs, fa!(word), (*cx).bool(same == (word as u8 == Op::Is as u8)), cx);
        resume_at(ip.add(1), regs, cx, t)
    }
}

slow_handler! {
    pub fn contains(word, regs, cx) {
        let found = cx.contains(operand(regs, fc!(word)), operand(regs, fb!(word)))?;
        Ok(cx.bool(found == (word as u8 == Op::In as u8)))
    }
}
