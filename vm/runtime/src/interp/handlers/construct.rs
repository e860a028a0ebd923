//! Calls of classes whose instances are made as `object` makes them and initialised by a Python function.

use super::call::{empty_from, end_native_call, may_push, result_word};
use super::moves::drop_then;
use super::{count_down, drop_class};
use crate::class::{Builtin, PyType};
use crate::interp::frame::{Frame, INIT};
use crate::interp::{Exit, Table, slow};
use crate::native::Args;
use crate::objects::function::PyFunction;
use crate::objects::range::iter::new_iter_of;
use crate::objects::type_;
use crate::{Cx, Obj, Ref, RefExt, Value};
use ungil_bytecode::{Op, WINDOW_HEADER};

handler! {
    /// The callee is a class whose metaclass is `type`.
    #[inline(never)]
    pub(super) fn call_class(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let class = Ref::from_value(*window.add(2)).cast_unchecked::<PyType>();
        if class.builtin == Builtin::Type as usize && fc!(*ip) == 1 {
            return type_of::<SOLO>(ip, regs, cx, t);
        }
        if class.plain_init().is_ptr() {
            return construct::<SOLO>(ip, regs, cx, t);
        }
        if class.is_heap() || (*cx).is_wanted() {
            return slow::call::call::run(ip, regs, cx, t);
        }
        if class.builtin == Builtin::Range as usize && is_iterated(ip) && !(*cx).tracing.is_reporting() {
            return iterate_range::<SOLO>(ip, regs, cx, t);
        }
        call_builtin_class::<SOLO>(ip, regs, cx, t)
    }
}

/// Whether the next instruction does nothing else but ask the result of this call for its iterator.
#[inline(always)]
unsafe fn is_iterated(ip: *const u64) -> bool {
    let next = ip.add(2);
    *ip as u8 == Op::Call as u8
        && *next as u8 == Op::GetIter as u8
        && fb!(*next) == fa!(*ip)
        && flags!(*next) & 0x200 != 0
}

handler! {
    /// `iter(range(...))`, of which the range is seen by nobody: it is not made.
    #[inline(never)]
    fn iterate_range(ip, regs, cx, t) {
        let v = range_iterator(cx, regs.add(fb!(*ip) + WINDOW_HEADER), fc!(*ip));
        if v.is_undef() {
            return call_builtin_class::<SOLO>(ip, regs, cx, t);
        }
        // The arguments are no references.
        let callee = std::mem::replace(&mut *regs.add(fb!(*ip) + 2), Value::UNDEF);
        drop_class::<SOLO>(callee, cx);
        let next = ip.add(2);
        finish!(next.add(1), regs, cx, t, fa!(*next), v)
    }
}

/// The iterator of the range with these arguments; `UNDEF` if they are not that simple.
#[inline(never)]
unsafe fn range_iterator(cx: *mut Cx, args: *const Value, count: usize) -> Value {
    let (zero, one) = (Value::from_int_unchecked(0), Value::from_int_unchecked(1));
    let made = match count {
        1 => new_iter_of(&*cx, zero, *args, one),
        2 => new_iter_of(&*cx, *args, *args.add(1), one),
        3 => new_iter_of(&*cx, *args, *args.add(1), *args.add(2)),
        _ => None,
    };
    made.map_or(Value::UNDEF, Obj::into_value)
}

handler! {
    /// Makes an instance of a class that has a plain `__init__`, and pushes the frame of that.
    #[inline(never)]
    fn construct(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let class = Ref::from_value(*window.add(2)).cast_unchecked::<PyType>();
        let init = class.plain_init();
        if !init.is_ptr() {
            return slow::call::call::run(ip, regs, cx, t);
        }
        let function = Ref::from_value(init).cast_unchecked::<PyFunction>();
        let args = fc!(*ip);
        if function.simple_args() != args + 1 || !may_push::<SOLO>(function, window.add(1), cx) {
            return slow::call::call::run(ip, regs, cx, t);
        }
        let instance = type_::quick_instance(&*cx, class);
        if instance.is_null() {
            return slow::call::call::run(ip, regs, cx, t);
        }
        // The window moves up by one: its first word keeps the instance, which is the call's result. The arguments move by
        // two: `self` goes in front of them. The frame borrows the function.
        drop_class::<SOLO>(*window.add(2), cx);
        let inner = window.add(1);
        let first = inner.add(WINDOW_HEADER);
        let mut i = args;
        while i > 0 {
            // One by one: calls have few arguments, a copy by vectors would take longer to set up.
            *first.add(i) = first.add(i).sub(2).read_volatile();
            i -= 1;
        }
        *window = Value::from_ptr(instance);
        *first = Value::from_ptr(instance);
        *inner.add(2) = init;
        Frame::link(inner, ip, regs, INIT, ip.add(2));
        (*cx).recursion_left.set((*cx).recursion_left.get() - 1);
        empty_from(first, args + 1, function.local_count());
        goto!(function.entry(), first, cx, t)
    }
}

handler! {
    /// `type(v)`.
    #[inline(always)]
    fn type_of(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let v = *window.add(WINDOW_HEADER);
        let class = (*cx).class_of(Ref::from_value(v)).as_ref().value();
        count_or_prepare!(class, ip, regs, cx, t);
        let callee = std::mem::replace(&mut *window.add(2), Value::UNDEF);
        drop_class::<SOLO>(callee, cx);
        *window.add(WINDOW_HEADER) = Value::UNDEF;
        let slot = regs.add(fa!(*ip));
        let old = *slot;
        *slot = class;
        if old.is_ptr() {
            return slow::drop_two(ip.add(2), regs, cx, t, old, v);
        }
        if v.is_ptr() {
            return drop_then::<SOLO>(ip.add(2), regs, cx, t, v);
        }
        goto!(ip.add(2), regs, cx, t)
    }
}

handler! {
    /// The callee is a class written in Rust, whose metaclass is `type`.
    #[inline(never)]
    fn call_builtin_class(ip, regs, cx, _t) {
        let window = regs.add(fb!(*ip));
        let class = Ref::from_value(*window.add(2)).cast_unchecked::<PyType>();
        (*cx).regs.set(regs);
        (*cx).ip.set(ip);
        let args = std::slice::from_raw_parts(window.add(WINDOW_HEADER), fc!(*ip));
        let result = if class.builtin == Builtin::Type as usize && args.len() == 1 {
            Ok((*cx).class_of(Ref::from_value(args[0])).as_ref().own(&*cx))
        } else {
            type_::call_class(&mut *cx, class, Args::new(args), None)
        };
        end_native_call(ip, regs, cx, result_word(cx, result))
    }
}

/// Ends a frame of `__init__` that has given `None`: drops the locals and delivers the instance.
#[inline(always)]
pub(super) unsafe fn leave_init<const SOLO: bool>(regs: *mut Value, cx: *mut Cx, t: *const Table) -> Exit {
    let frame = Frame(regs);
    let callee = *regs.sub(2);
    let instance = *regs.sub(5);
    if !type_::knows_layout(&*(*cx).shape_of(&*instance.ptr()).class) {
        return slow::call::leave(regs, cx, t, Value::NONE);
    }
    let mut at = regs.add(Ref::from_value(callee).cast_unchecked::<PyFunction>().local_count());
    while at > regs {
        at = at.sub(1);
        let local = *at;
        if local.is_ptr() {
            *at = Value::UNDEF;
            if count_down::<SOLO>(local, cx) {
                return slow::call::leave_destroying::<SOLO>(regs, cx, t, Value::NONE, local);
            }
        }
    }
    let (_, call_ip, caller) = frame.header_unchecked();
    let next = (*regs.sub(1)).as_raw() as *const u64;
    *regs.sub(2) = Value::UNDEF;
    *regs.sub(5) = Value::UNDEF;
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    let slot = caller.add(fa!(*call_ip));
    let old = *slot;
    *slot = instance;
    // The function was borrowed.
    if old.is_ptr() {
        return drop_then::<SOLO>(next, caller, cx, t, old);
    }
    goto!(next, caller, cx, t)
}
