//! Calls of `super().name(...)`.

use super::call::method::{count_method, may_borrow_method};
use super::call::{call_native_function, call_super_native, may_push, push_simple};
use super::drop_class;
use crate::class::{Builtin, PyType};
use crate::interp::{cache, slow};
use crate::objects::function::PyFunction;
use crate::objects::method::PyMethodWrapper;
use crate::{Cx, Ref, RefExt, Value};
use ungil_bytecode::WINDOW_HEADER;

const FUNCTION: u32 = (Builtin::Function as u32) << 1;
const NATIVE_FUNCTION: u32 = (Builtin::NativeFunction as u32) << 1;
const STATIC_METHOD: u32 = (Builtin::StaticMethod as u32) << 1;

/// The id of a class, whatever its metaclass; 0, which no class has, if it is something else.
#[inline(always)]
unsafe fn class_id(class: Value, cx: *mut Cx) -> u32 {
    PyType::from_ref(Ref::from_value(class), &*cx).map_or(0, |class| class.class_id)
}

/// The function that the caches of a `LoadSuperMethod` lead to, borrowed; `UNDEF` on a miss.
#[inline(always)]
unsafe fn cached_function<const SOLO: bool>(ip: *const u64, temps: *mut Value, cx: *mut Cx) -> Value {
    let (global, class, this) = (*temps, *temps.add(1), *temps.add(2));
    let cached = cache::load(ip.add(1));
    if global != (*cx).builtin(Builtin::Super).as_ref().value()
        || !this.is_ptr()
        || (*this.ptr()).shape_word() != cached as u32
        || cache::kind(cached) != cache::METHOD
        || cache::behind(class_id(class, cx), cache::payload(cached)) != cache::load(ip.add(2))
    {
        return Value::UNDEF;
    }
    let found = (*cx).vm.cells.peek(cache::payload(cached));
    if found.is_ptr() && may_borrow_method::<SOLO>(found) { found } else { Value::UNDEF }
}

handler! {
    pub fn load_super_method(ip, regs, cx, t) {
        let temps = regs.add(fb!(*ip));
        let found = cached_function::<SOLO>(ip, temps, cx);
        if !found.is_ptr() {
            return load_super_of_class::<SOLO>(ip, regs, cx, t);
        }
        let _ = count_method::<SOLO>(found, cx);
        // The first temporary is a built-in class.
        drop_class::<SOLO>(*temps.add(1), cx);
        *temps = *temps.add(2);
        *temps.add(1) = Value::UNDEF;
        *temps.add(2) = Value::UNDEF;
        *regs.add(fa!(*ip)) = found;
        goto!(ip.add(3), regs, cx, t)
    }
}

handler! {
    /// As `load_super_method` where a class takes the place of the object (`super().__new__(cls)`): what is found needs no binding.
    #[inline(never)]
    fn load_super_of_class(ip, regs, cx, t) {
        let temps = regs.add(fb!(*ip));
        let (global, class, this) = (*temps, *temps.add(1), *temps.add(2));
        let cached = cache::load(ip.add(1));
        if cache::kind(cached) != cache::CLASS_ATTR
            || global != (*cx).builtin(Builtin::Super).as_ref().value()
            || cache::behind(class_id(class, cx), cache::payload(cached)) != cache::load(ip.add(2))
            || class_id(this, cx) != cached as u32
        {
            return slow::super_::load_super_method::run(ip, regs, cx, t);
        }
        let found = unbound((*cx).vm.cells.peek(cache::payload(cached)));
        if found.is_undef() || !may_borrow_method::<SOLO>(found) {
            return slow::super_::load_super_method::run(ip, regs, cx, t);
        }
        let _ = count_method::<SOLO>(found, cx);
        drop_class::<SOLO>(class, cx);
        drop_class::<SOLO>(this, cx);
        *temps = Value::UNDEF;
        *temps.add(1) = Value::UNDEF;
        *temps.add(2) = Value::UNDEF;
        *regs.add(fa!(*ip)) = found;
        goto!(ip.add(3), regs, cx, t)
    }
}

/// What `super` gives for something found on a class if a class takes the place of the object; `UNDEF` if it is to be bound or
/// is no function.
#[inline(always)]
pub(in crate::interp) unsafe fn unbound(found: Value) -> Value {
    if !found.is_ptr() {
        return Value::UNDEF;
    }
    match (*found.ptr()).shape_word() {
        FUNCTION | NATIVE_FUNCTION => found,
        STATIC_METHOD => Ref::from_value(found).cast_unchecked::<PyMethodWrapper>().callable.peek(),
        _ => Value::UNDEF,
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
        if callee.is_ptr() && !(*window.add(WINDOW_HEADER)).is_undef() {
            return call_super_native::<SOLO>(ip, regs, cx, t);
        }
        if callee.is_ptr() && (*callee.ptr()).shape_word() == NATIVE_FUNCTION {
            // The empty place of an object becomes part of the window's header, which slides.
            let slid = window.add(1);
            *window.add(2) = Value::UNDEF;
            *slid.add(2) = callee;
            return call_native_function::<SOLO>(ip, regs, cx, t, slid);
        }
        slow::call::call_super::run(ip, regs, cx, t)
    }
}
