//! Special methods written in Python that instructions run as frames of their own kind, without a native in between.
//!
//! The method is borrowed: its class keeps it. What it returns is the result of the instruction, which consumes its operands
//! then (`handlers/leave.rs`, and here where that is not so simple).

use super::operand;
use crate::class::{Builtin, PyType, class_flag};
use crate::interp::frame::{Frame, OPERATOR};
use crate::interp::{Next, Table, unwind};
use crate::names::Special;
use crate::objects::function::PyFunction;
use crate::{Cx, Obj, Ref, RefExt, Value};
use ungil_bytecode::{Op, WINDOW_HEADER, flags};

/// Pushes the frame of a method that is a Python function of two arguments. `None`: there is none, or it is not so simple.
#[inline(always)]
unsafe fn push(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    method: Ref<'static>,
    a: Ref<'_>,
    b: Ref<'_>,
) -> Option<Next> {
    if !(*cx).is_exactly(method, Builtin::Function) {
        return None;
    }
    let function = method.cast_unchecked::<PyFunction>();
    let window = Frame(regs).top();
    if function.simple_args() != 2
        || function.code().head.flags & (flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR) != 0
        || !(*cx).stack.ensure(window.add(WINDOW_HEADER + function.register_count()))
        || (*cx).recursion_left.get() <= 0
        || (*cx).is_wanted()
    {
        return None;
    }
    *window.add(2) = method.value();
    *window.add(WINDOW_HEADER) = a.own(&*cx).into_value();
    *window.add(WINDOW_HEADER + 1) = b.own(&*cx).into_value();
    let frame = Frame::link(window, ip, regs, OPERATOR, ip.add(super::words(*ip)));
    (*cx).recursion_left.set((*cx).recursion_left.get() - 1);
    for i in 2..function.local_count() {
        *frame.0.add(i) = Value::UNDEF;
    }
    Some(Next::at(function.entry(), frame.0))
}

/// Pushes the left operand's method for an operator whose special methods are given, forward and reflected, unless the right
/// operand may have to be asked first.
#[inline(always)]
pub(super) unsafe fn push_left(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    (forward, reflected): (Special, Special),
    a: Ref<'_>,
    b: Ref<'_>,
) -> Option<Next> {
    let (class, other): (&PyType, &PyType) = ((*cx).class_of(a), (*cx).class_of(b));
    let method = class.special(&*cx, forward)?;
    let right_may_go_first = || other.special(&*cx, reflected).is_some() && other.is_subclass(class, &*cx);
    if !std::ptr::eq(class, other) && right_may_go_first() {
        return None;
    }
    push(ip, regs, cx, method, a, b)
}

/// Pushes the `__getitem__` of a container.
#[inline(always)]
pub(super) unsafe fn push_get_item(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    container: Ref<'_>,
    key: Ref<'_>,
) -> Option<Next> {
    let class = (*cx).class_of(container);
    if !class.has_flag(class_flag::HEAP) {
        return None;
    }
    let method = class.special(&*cx, Special::GetItem)?;
    push(ip, regs, cx, method, container, key)
}

/// Ends such a frame.
pub unsafe fn end(frame: Frame, cx: *mut Cx, t: *const Table, result: Obj) -> Next {
    let (ip, regs) = (frame.call_ip(), frame.caller());
    unwind::pop(&mut *cx, frame, frame.code().local_count());
    enter!(ip, regs, cx);
    let word = *ip;
    let op = word as u8;
    if is_comparing_jump(op) {
        return super::compare::end_jump(ip, regs, cx, t, result);
    }
    let result = match result.value() {
        Value::NOT_IMPLEMENTED if GETS_ITEM.contains(&op) => Ok(result),
        Value::NOT_IMPLEMENTED => {
            let (a, b) = (operand(regs, fb!(word)), operand(regs, fc!(word)));
            match (Op::Lt as u8..=Op::Ge as u8).contains(&op) {
                true => (*cx).comparison_declined(super::compare::comparison(word).0, a, b),
                false => super::arith::declined(&mut *cx, word, a, b),
            }
        }
        _ => Ok(result),
    };
    done!(ip, regs, cx, t, result)
}

/// Instructions whose result is what `__getitem__` gives, whatever that is.
const GETS_ITEM: [u8; 4] =
    [Op::GetItem as u8, Op::GetItemLent as u8, Op::GetItemImm as u8, Op::GetItemImmLent as u8];

/// Whether an opcode is a jump on the comparison of two registers.
#[inline(always)]
pub fn is_comparing_jump(op: u8) -> bool {
    (Op::JumpLt as u8..=Op::JumpNotGe as u8).contains(&op)
}
