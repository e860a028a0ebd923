//! Arithmetic on anything.

use super::{operand, operator};
use crate::class::class_flag;
use crate::interp::Next;
use crate::objects::bytes::{self, PyBytes};
use crate::objects::int;
use crate::objects::set;
use crate::objects::str::{self, PyStr};
use crate::ops::{BinaryOp, UnaryOp};
use crate::{Cx, Obj, R, Ref, RefExt, Value};
use ungil_bytecode::Op;

/// The operator of an opcode, and whether it is the in-place form.
#[inline(always)]
fn operator(word: u64) -> (BinaryOp, bool) {
    let op = Op::from_u8(word as u8).unwrap_or(Op::Nop);
    macro_rules! table {
        ($($plain:ident $in_place:ident $operator:ident,)*) => {
            match op {
                $(Op::$plain => (BinaryOp::$operator, false), Op::$in_place => (BinaryOp::$operator, true),)*
                Op::AddImm => (BinaryOp::Add, false),
                Op::SubImm => (BinaryOp::Sub, false),
                Op::MulImm => (BinaryOp::Mul, false),
                Op::FloorDivImm => (BinaryOp::FloorDiv, false),
                Op::ModImm => (BinaryOp::Mod, false),
                Op::ShlImm => (BinaryOp::Shl, false),
                Op::ShrImm => (BinaryOp::Shr, false),
                Op::AndImm => (BinaryOp::And, false),
                Op::IAddImm => (BinaryOp::Add, true),
                _ => (BinaryOp::Sub, true),
            }
        };
    }
    table! {
        Add IAdd Add, Sub ISub Sub, Mul IMul Mul, TrueDiv ITrueDiv TrueDiv, FloorDiv IFloorDiv FloorDiv, Mod IMod Mod,
        Pow IPow Pow, MatMul IMatMul MatMul, Shl IShl Shl, Shr IShr Shr, And IAnd And, Or IOr Or, Xor IXor Xor,
    }
}

/// Any binary operation.
fn compute(cx: &mut Cx, op: BinaryOp, in_place: bool, a: Ref<'_>, b: Ref<'_>) -> R {
    let immediate = !a.value().is_ptr() && !b.value().is_ptr();
    let known = match immediate {
        true => int::binary_small(cx, op, a.value(), b.value()),
        false => int::binary_exact(cx, op, a, b),
    };
    if let Some(result) = known {
        return result;
    }
    if !immediate && let Some(v) = int::binary_with_float(cx, op, a, b) {
        return Ok(v);
    }
    if !immediate
        && let Some(hooks) = cx.number_hooks(a, b)
        && let Some(result) = (hooks.binary)(cx, op, a, b)
    {
        return result;
    }
    if op == BinaryOp::Add
        && cx.is_exactly(a, crate::class::Builtin::Str)
        && cx.is_exactly(b, crate::class::Builtin::Str)
        && let (Some(x), Some(y)) = (a.downcast::<PyStr>(cx), b.downcast::<PyStr>(cx))
    {
        return str::concat(cx, x, y);
    }
    if op == BinaryOp::Add
        && cx.is_exactly(a, crate::class::Builtin::Bytes)
        && cx.is_exactly(b, crate::class::Builtin::Bytes)
        && let (Some(x), Some(y)) = (a.downcast::<PyBytes>(cx), b.downcast::<PyBytes>(cx))
        && !x.is_empty()
        && !y.is_empty()
    {
        return bytes::concat(cx, x, y);
    }
    if !immediate
        && !in_place
        && let Some(result) = set::binary_exact(cx, op, a, b)
    {
        return result;
    }
    if op == BinaryOp::Mod
        && cx.is_exactly(a, crate::class::Builtin::Str)
        && (cx.is_exactly(b, crate::class::Builtin::Str) || !cx.is_instance_of(b, crate::class::Builtin::Str))
        && let Some(template) = a.downcast::<PyStr>(cx)
    {
        // Only a class derived from `str` would be asked before it.
        return str::percent::format(cx, template, b);
    }
    if in_place { cx.binary_in_place(op, a, b) } else { cx.binary(op, a, b) }
}

slow_path! {
    pub fn binary(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let (op, in_place) = operator(word);
        if op == BinaryOp::Add && let Some(result) = append_to_str(word, regs, cx) {
            return done!(ip, regs, cx, t, result);
        }
        let (a, b) = (operand(regs, fb!(word)), operand(regs, fc!(word)));
        if a.value().is_ptr() && let Some(next) = push_method(ip, regs, cx, a, b) {
            return next;
        }
        let result = compute(&mut *cx, op, in_place, a, b);
        done!(ip, regs, cx, t, result)
    }
}

/// Where the left operand's class says first what the operator means, by a Python function: pushes its frame.
#[inline(always)]
unsafe fn push_method(ip: *const u64, regs: *mut Value, cx: *mut Cx, a: Ref<'_>, b: Ref<'_>) -> Option<Next> {
    let class = (*cx).class_of(a);
    if !class.has_flag(class_flag::HEAP) {
        return None;
    }
    let (op, in_place) = operator(*ip);
    let (forward, reflected, in_place_method) = op.specials();
    if in_place && class.special(&*cx, in_place_method).is_some() {
        return None;
    }
    operator::push_left(ip, regs, cx, (forward, reflected), a, b)
}

/// The result of an instruction whose left operand does not know what the operator means.
pub fn declined(cx: &mut Cx, word: u64, a: Ref<'_>, b: Ref<'_>) -> R {
    let (op, in_place) = operator(word);
    cx.binary_declined(op, in_place, a, b)
}

/// `s = s + x` and `s += x` where the register holds the only reference to the string: it grows in place.
unsafe fn append_to_str(word: u64, regs: *mut Value, cx: *mut Cx) -> Option<R> {
    let (a, b) = (operand(regs, fb!(word)), operand(regs, fc!(word)));
    let overwritten = fa!(word) == fb!(word) || word & 0x200 != 0;
    if !overwritten || fb!(word) == fc!(word) {
        return None;
    }
    let string = crate::class::Builtin::Str;
    if !(*cx).is_exactly(a, string) || !(*cx).is_exactly(b, string) || !a.header()?.is_unique((*cx).mutator())
    {
        return None;
    }
    let suffix = b.downcast::<PyStr>(&*cx)?;
    let owned = Obj::from_owned(std::mem::replace(&mut *regs.add(fb!(word)), Value::UNDEF));
    Some(str::concat_in_place(&mut *cx, owned, suffix))
}

slow_handler! {
    pub fn binary_imm(word, regs, cx) {
        let (op, in_place) = operator(word);
        let b = Value::from_int_unchecked(fc_signed!(word));
        compute(cx, op, in_place, operand(regs, fb!(word)), Ref::immediate(b))
    }
}

slow_handler! {
    pub fn unary(word, regs, cx) {
        let v = operand(regs, fb!(word));
        match Op::from_u8(word as u8) {
            Some(Op::Neg) => cx.unary(UnaryOp::Neg, v),
            Some(Op::Pos) => cx.unary(UnaryOp::Pos, v),
            Some(Op::Invert) => cx.unary(UnaryOp::Invert, v),
            Some(Op::Not) => cx.truth(v).map(|b| cx.bool(!b)),
            _ => cx.truth(v).map(|b| cx.bool(b)),
        }
    }
}
