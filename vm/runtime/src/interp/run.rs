//! Entering the interpreter from natives.

use super::FAILED;
use super::frame::{ENTRY, Frame, GENERATOR};
use crate::bind_python;
use crate::objects::function::PyFunction;
use crate::objects::tuple::PyTuple;
use crate::{Cx, Err, Obj, R, Ref, RefExt, Value};
use ungil_bytecode::WINDOW_HEADER;

/// Where the innermost frame ends: natives push above it.
pub fn stack_top(cx: &Cx) -> *mut Value {
    let regs = cx.regs.get();
    if regs.is_null() { cx.stack.base() } else { Frame(regs).top() }
}

/// Calls a Python function with arguments already sorted into its parameters: `args` owned values, one a parameter
/// slot (positional, keyword-only, `*args`, `**kwargs`).
///
/// # Errors
/// What the function raises; `RecursionError`.
pub fn call_function(cx: &mut Cx, function: Ref<'_>, args: impl ExactSizeIterator<Item = Obj>) -> R {
    // SAFETY: callers pass functions.
    let f = unsafe { function.cast_unchecked::<PyFunction>() };
    let window = stack_top(cx);
    let count = args.len();
    enter_check(cx, window, f)?;
    // SAFETY: `enter_check` has made room; the header and all locals are written before the frame is entered.
    unsafe {
        *window.add(2) = function.own(cx).into_value();
        let frame = Frame::link(window, cx.ip.get(), cx.regs.get(), ENTRY, std::ptr::null());
        for (i, arg) in args.enumerate() {
            *frame.0.add(i) = arg.into_value();
        }
        for i in count..f.local_count() {
            *frame.0.add(i) = Value::UNDEF;
        }
        execute(cx, f.entry(), frame)
    }
}

/// Calls a Python function with borrowed values: positional arguments, then those that `names` names.
///
/// # Errors
/// `TypeError` for wrong arguments; as [`call_function`].
pub fn call_sorting(cx: &mut Cx, function: Ref<'_>, args: &[Value], names: Option<&PyTuple>) -> R {
    // SAFETY: callers pass functions.
    let f = unsafe { function.cast_unchecked::<PyFunction>() };
    let window = stack_top(cx);
    // SAFETY: address arithmetic within the stack's reservation or just beyond; compared, not followed.
    let room = cx.stack.ensure(unsafe { window.add(WINDOW_HEADER + args.len()) });
    enter_check(cx, window, f)?;
    if !room {
        return Err(cx.recursion_error(""));
    }
    // SAFETY: there is room for the header, the arguments and all registers; the arguments are alive, and all locals
    // are written before the frame is entered.
    unsafe {
        let first = window.add(WINDOW_HEADER);
        for (i, &v) in args.iter().enumerate() {
            *first.add(i) = Obj::from_borrowed(v, cx).into_value();
        }
        let plain = names.is_none() && f.simple_args() == args.len();
        if !plain && !bind_python::sort_in_place(cx, f, first, args.len(), names) {
            for i in 0..args.len() {
                cx.drop_value(std::mem::replace(&mut *first.add(i), Value::UNDEF));
            }
            let sorted = bind_python::bind(cx, f, args, names)?;
            return call_function(cx, function, sorted.into_iter());
        }
        *window.add(2) = function.own(cx).into_value();
        let frame = Frame::link(window, cx.ip.get(), cx.regs.get(), ENTRY, std::ptr::null());
        let filled = if plain { args.len() } else { f.code().parameter_count() };
        for i in filled..f.local_count() {
            *frame.0.add(i) = Value::UNDEF;
        }
        execute(cx, f.entry(), frame)
    }
}

fn enter_check(cx: &mut Cx, window: *mut Value, f: &PyFunction) -> R<()> {
    // SAFETY: address arithmetic within the stack's reservation or just beyond; compared, not followed.
    let top = unsafe { window.add(WINDOW_HEADER + f.register_count()) };
    if cx.recursion_left.get() <= 0 || cx.native_stack_low() || !cx.stack.ensure(top) {
        return Err(cx.recursion_error(""));
    }
    Ok(())
}

/// Runs the frame until it returns, raises or (a generator's) suspends.
///
/// # Safety
/// The frame is complete, of kind ENTRY, and linked to the frame that `cx` is in.
pub unsafe fn execute(cx: &mut Cx, entry: *const u64, frame: Frame) -> R {
    let (regs, ip) = (cx.regs.get(), cx.ip.get());
    cx.recursion_left.set(cx.recursion_left.get() - 1);
    // SAFETY: the handlers' contract holds as the caller promises.
    let exit = unsafe {
        let table = super::handlers::table(cx);
        ((*table).0[(*entry & 0xff) as usize])(entry, frame.0, cx, table)
    };
    cx.regs.set(regs);
    cx.ip.set(ip);
    if exit == FAILED {
        return Err(take_raised(cx));
    }
    // SAFETY: the handlers return an owned value.
    Ok(unsafe { Obj::from_owned(Value(exit)) })
}

/// Enters the loop where a slow path says.
///
/// # Safety
/// The handlers' contract.
pub unsafe fn go_on(next: super::Next, cx: *mut Cx) -> super::Exit {
    if next.ip.is_null() {
        return next.regs as super::Exit;
    }
    // SAFETY: as the caller promises.
    unsafe {
        let table = super::handlers::table(&*cx);
        ((*table).0[(*next.ip & 0xff) as usize])(next.ip, next.regs, cx, table)
    }
}

/// The exception that has left the interpreter loop.
pub fn take_raised(cx: &mut Cx) -> Err {
    let raised = cx.raised.replace(Value::UNDEF);
    if raised.is_undef() {
        ungil_gc::fatal("the interpreter failed without an exception");
    }
    // SAFETY: `raised` owned it.
    crate::err::Raised(unsafe { Obj::from_owned(raised) })
}

/// Kinds of frames that end the loop when they are done.
pub const LEAVES: u64 = ENTRY;
/// Kinds of frames whose registers belong to a generator.
pub const SUSPENDS: u64 = GENERATOR;
