//! What an instruction is about to call or to return, looked at without running anything.

use crate::interp::frame::Frame;
use crate::objects::method::PyBoundMethod;
use crate::objects::module::PyModule;
use crate::objects::native::{PyNative, bind_plain};
use crate::prelude::*;
use ungil_bytecode::{Op, WINDOW_HEADER};

/// What `Return`, `ReturnNone` or `Yield` hands out.
///
/// # Safety
/// The instruction and the registers belong together.
pub(super) unsafe fn left_with(op: Op, ip: *const u64, regs: *mut Value) -> Value {
    // SAFETY: as the caller promises.
    unsafe {
        let word = *ip;
        match op {
            Op::Return => *regs.add(fa!(word)),
            Op::Yield => *regs.add(fb!(word)),
            _ => Value::NONE,
        }
    }
}

/// Whether the instruction goes on at one of two places.
pub(super) fn is_branch(op: Op) -> bool {
    op == Op::ForIter || (op as u8 >= Op::JumpIfTrue as u8 && op as u8 <= Op::JumpIsNot as u8)
}

/// What a call instruction calls, with the first argument.
///
/// # Safety
/// The instruction and the registers belong together.
pub(super) unsafe fn callee(
    cx: &mut Cx,
    op: Op,
    ip: *const u64,
    regs: *mut Value,
) -> Option<(Obj, Option<Obj>)> {
    // SAFETY: as the caller promises: the window's registers are valid, the receiver and the arguments are in place.
    unsafe {
        let word = *ip;
        let window = regs.add(fb!(word));
        let own = |v: Value, cx: &Cx| (!v.is_undef()).then(|| Obj::from_borrowed(v, cx));
        match op {
            Op::Call | Op::CallKw => {
                let first = if fc!(word) > 0 { own(*window.add(WINDOW_HEADER), cx) } else { None };
                Some((own(*window.add(2), cx)?, first))
            }
            Op::CallEx | Op::CallSuper => Some((own(*window.add(2), cx)?, None)),
            Op::CallMethod | Op::CallMethodKw => {
                let receiver = own(*window.add(WINDOW_HEADER), cx)?;
                let name = Frame(regs).code().running().names[*ip.add(1) as u32 as usize].get();
                let first = if fc!(word) > 0 { own(*window.add(WINDOW_HEADER + 1), cx) } else { None };
                method(cx, receiver, name, first)
            }
            _ => None,
        }
    }
}

/// The method of a receiver if it can be found without running anything, with what it gets first.
fn method(cx: &mut Cx, receiver: Obj, name: Ref<'_>, first: Option<Obj>) -> Option<(Obj, Option<Obj>)> {
    if let Some(module) = receiver.downcast::<PyModule>(cx) {
        let function = module.dict_ref(cx)?.get_str(cx, name)?;
        return Some((function, first));
    }
    if let Some(class) = PyType::from_ref(receiver.r(), cx) {
        let found = class.lookup(cx, name)?;
        let found = match found.downcast::<PyNative>(cx) {
            // A class method is bound to the class.
            Some(_) if !cx.is_exactly(found.r(), Builtin::MethodDescriptor) => {
                cx.get_attr(receiver.r(), name).ok()?
            }
            _ => found,
        };
        return Some((found, first));
    }
    let found = cx.class_of(receiver.r()).lookup(cx, name)?;
    let binds =
        cx.is_exactly(found.r(), Builtin::MethodDescriptor) || cx.is_exactly(found.r(), Builtin::Function);
    binds.then_some((found, Some(receiver)))
}

/// The native function that profilers are told of, if it is one: a method of a native type bound to its object.
pub(super) fn as_native(cx: &mut Cx, callee: &Obj, first: Option<&Obj>) -> Option<Obj> {
    if cx.is_exactly(callee.r(), Builtin::NativeFunction) {
        return Some(callee.clone());
    }
    if cx.is_exactly(callee.r(), Builtin::MethodDescriptor) {
        let first = first?;
        let native = callee.downcast::<PyNative>(cx)?;
        return native.fits(cx, cx.class_of(first.r())).then(|| bind_plain(cx, callee.clone(), first.r()));
    }
    let bound = callee.downcast::<PyBoundMethod>(cx)?;
    let function = bound.function.get(&bound.h, cx)?;
    cx.is_exactly(function.r(), Builtin::NativeFunction).then_some(function)
}
