//! Calls of `super().name(...)`.

use super::call::{may_push, push_simple};
use super::count_up;
use crate::class::{Builtin, PyType};
use crate::interp::{cache, slow};
use crate::objects::function::PyFunction;
use crate::{Cx, Ref, RefExt, Value};
use ungil_bytecode::WINDOW_HEADER;

const FUNCTION: u32 = (Builtin::Function as u32) << 1;
const TYPE: u32 = (Builtin::Type as u32) << 1;

/// The function that the caches of a `LoadSuperMethod` lead to, borrowed; `UNDEF` on a miss.
#[inline(always)]
unsafe fn cached_function<const SOLO: bool>(ip: *const u64, temps: *mut Value, cx: *mut Cx) -> Value {
    let (global, class, this) = (*temps, *temps.add(1), *temps.add(2));
    let cached = cache::load(ip.add(1));
    if !(SOLO || (*cx).owns_everything())
        || global != (*cx).builtin(Builtin::Super).as_ref().value()
        || !class.is_ptr()
        || (*class.ptr()).shape_word() != TYPE
        || !this.is_ptr()
        || (*this.ptr()).shape_word() != cached as u32
        || cache::kind(cached) != cache::METHOD
        || Ref::from_value(class).cast_unchecked::<PyType>().class_id as u64 != cache::load(ip.add(2))
    {
        return Value::UNDEF;
    }
    (*cx).vm.cells.peek(cache::payload(cached))
}

handler! {
    pub fn load_super_method(ip, regs, cx, t) {
        let temps = regs.add(fb!(*ip));
        let found = cached_function::<SOLO>(ip, temps, cx);
        if !found.is_ptr() {
            return slow::super_::load_super_method::run(ip, regs, cx, t);
        }
        count_up::<SOLO>(found, cx);
        // Dropping a class does not end it, and the first temporary is the built-in one.
        let _ = (*(*temps.add(1)).ptr()).decrement((*cx).mutator());
        *temps = *temps.add(2);
        *temps.add(1) = Value::UNDEF;
        *temps.add(2) = Value::UNDEF;
        *regs.add(fa!(*ip)) = found;
        goto!(ip.add(3), regs, cx, t)
    }
}

handler! {
    pub fn call_super(ip, regs, cx, t) {
        let window = regs.add(fb!(*ip));
        let callee = *window.add(2);
        if callee.is_ptr() && (*callee.ptr()).shape_word() == FUNCTION {
            let function = Ref::from_value(callee).cast_unchecked::<PyFunction>();
            let args = fc!(*ip) + 1;
            if function.simple_args() == args
                && !(*window.add(WINDOW_HEADER)).is_undef()
                && may_push::<SOLO>(function, window, cx)
            {
                return push_simple::<SOLO>(ip, ip.add(2), regs, window, function, args, cx, t);
            }
        }
        slow::call::call_super::run(ip, regs, cx, t)
    }
}
