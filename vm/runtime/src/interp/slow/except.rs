//! Raising, matching and the `with` protocol.

use super::{operand, put, take_temp};
use crate::interp::frame::Frame;
use crate::interp::resume_at;
use crate::interp::unwind;
use crate::objects::exception::{PyException, groups};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use ungil_bytecode::Op;

/// Stands for "what the resumer of this generator handles", which is another exception after each suspension.
const INHERITED: Value = Value::NOT_FOUND;

slow_path! {
    pub fn push_exc_info(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let now = operand(regs, fb!(word)).own(&*cx).into_value();
        let before = Obj::from_owned((*cx).handled.replace(now));
        let inherited = Frame(regs).generator().is_some_and(|g| {
            g.handling.set(g.handling.get() + 1);
            g.handling.get() == 1 && g.outer_handled.get() == before.value()
        });
        match inherited {
            true => put(regs, fa!(word), Obj::immediate(INHERITED), cx),
            false => put(regs, fa!(word), before, cx),
        }
        resume_at(ip.add(1), regs, cx, t)
    }
}

slow_path! {
    pub fn pop_exc_info(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        if let Some(g) = Frame(regs).generator() {
            g.handling.set(g.handling.get().saturating_sub(1));
        }
        let before = match take_temp(regs, fa!(*ip)).map_or(Value::NONE, Obj::into_value) {
            INHERITED => match Frame(regs).generator().map(|g| g.outer_handled.get()) {
                Some(outer) if !outer.is_undef() => Ref::from_value(outer).own(&*cx).into_value(),
                _ => Value::NONE,
            },
            before => before,
        };
        let ended = (*cx).handled.replace(before);
        (*cx).drop_value(ended);
        resume_at(ip.add(1), regs, cx, t)
    }
}

const NOT_EXCEPTION: &str = "catching classes that do not inherit from BaseException is not allowed";

/// Checks what stands behind `except`: an exception class or a tuple of such.
fn check_handler(cx: &mut Cx, kinds: Ref<'_>) -> R<()> {
    let classes = match kinds.downcast::<PyTuple>(cx) {
        Some(tuple) => tuple.items(),
        None => std::slice::from_ref(&kinds),
    };
    let base = cx.builtin(Builtin::BaseException);
    for &class in classes {
        if !PyType::from_ref(class, cx).is_some_and(|c| c.is_subclass(base, cx)) {
            return Err(cx.type_error(NOT_EXCEPTION));
        }
    }
    Ok(())
}

/// Whether an exception is of a class, or of one of a tuple of classes.
pub fn exception_matches(cx: &Cx, exception: Ref<'_>, kinds: Ref<'_>) -> bool {
    let class = cx.class_of(exception);
    match kinds.downcast::<PyTuple>(cx) {
        Some(tuple) => tuple.items().iter().any(|&k| exception_matches(cx, exception, k)),
        None => PyType::from_ref(kinds, cx).is_some_and(|k| class.is_subclass(k, cx)),
    }
}

slow_handler! {
    pub fn match_exc(word, regs, cx) {
        let kinds = operand(regs, fc!(word));
        check_handler(cx, kinds)?;
        Ok(cx.bool(exception_matches(cx, operand(regs, fb!(word)), kinds)))
    }
}

slow_path! {
    pub fn match_exc_star(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let (exception, kinds) = (operand(regs, fb!(word)), operand(regs, fc!(word)));
        let result = check_handler(&mut *cx, kinds).and_then(|()| groups::split_for_star(&mut *cx, exception, kinds));
        match result {
            Err(err) => unwind::raise(ip, regs, cx, t, err),
            Ok((matching, rest)) => {
                crate::interp::slow::consume(word & !0x100, regs, cx);
                put(regs, fa!(word), matching, cx);
                put(regs, fa!(word) + 1, rest, cx);
                resume_at(ip.add(1), regs, cx, t)
            }
        }
    }
}

slow_handler! {
    pub fn prep_reraise_star(word, regs, cx) {
        groups::prepare_reraise(cx, operand(regs, fb!(word)), operand(regs, fc!(word)))
    }
}

/// The exception that `raise value` raises: an instance, or a class called without arguments.
fn instantiate(cx: &mut Cx, v: Ref<'_>) -> R {
    if cx.is_instance_of(v, Builtin::BaseException) {
        return Ok(v.own(cx));
    }
    let base = cx.builtin(Builtin::BaseException);
    if let Some(class) = PyType::from_ref(v, cx).filter(|class| class.is_subclass(base, cx)) {
        if crate::objects::exception::is_plain(cx, class) {
            return crate::objects::exception::new_plain(cx, class, &[]);
        }
        let made = cx.call(v, &[])?;
        if cx.is_instance_of(made.r(), Builtin::BaseException) {
            return Ok(made);
        }
        let (class, got) = (cx.repr_string(v)?, cx.type_name(made.r()));
        return Err(cx.type_error(format!(
            "calling {class} should have returned an instance of BaseException, not <class '{got}'>"
        )));
    }
    Err(cx.type_error("exceptions must derive from BaseException"))
}

fn make_raised(cx: &mut Cx, v: Option<Obj>, cause: Option<Obj>) -> Err {
    let Some(v) = v else { return cx.runtime_error("No active exception to reraise") };
    let exception = match instantiate(cx, v.r()) {
        Ok(exception) => exception,
        Err(err) => return err,
    };
    if let Some(cause) = cause
        && let Err(err) = set_cause(cx, exception.r(), cause)
    {
        return err;
    }
    crate::objects::exception::chain_context(cx, exception.r());
    crate::err::Raised(exception)
}

fn set_cause(cx: &mut Cx, exception: Ref<'_>, cause: Obj) -> R<()> {
    let Some(e) = exception.downcast::<PyException>(cx) else { return Ok(()) };
    if cause.value().is_none() {
        drop(e.cause.take(&e.h, cx));
    } else {
        let base = cx.builtin(Builtin::BaseException);
        let is_class = PyType::from_ref(cause.r(), cx).is_some_and(|class| class.is_subclass(base, cx));
        if !is_class && !cx.is_instance_of(cause.r(), Builtin::BaseException) {
            return Err(cx.type_error("exception causes must derive from BaseException"));
        }
        let cause = instantiate(cx, cause.r())?;
        e.cause.set(&e.h, cx, cause);
    }
    e.suppress_context.set(true);
    Ok(())
}

slow_path! {
    pub fn raise_(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let v = crate::interp::slow::take(word, 0x100, regs, fa!(word), cx);
        let cause = *regs.add(fb!(word));
        let cause = if cause.is_undef() { None } else { Some(crate::interp::slow::take(word, 0x200, regs, fb!(word), cx)) };
        let err = make_raised(&mut *cx, Some(v), cause);
        unwind::raise(ip, regs, cx, t, err)
    }
}

slow_path! {
    pub fn raise_current(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let handled = (*cx).handled.get();
        if handled.is_none() {
            let err = (*cx).runtime_error("No active exception to reraise");
            return unwind::raise(ip, regs, cx, t, err);
        }
        let err = crate::err::Raised(Ref::from_value(handled).own(&*cx));
        unwind::reraise(ip, regs, cx, t, err)
    }
}

slow_path! {
    pub fn reraise(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let err = crate::err::Raised(crate::interp::slow::take(word, 0x100, regs, fa!(word), cx));
        unwind::reraise(ip, regs, cx, t, err)
    }
}

slow_path! {
    pub fn raise_not_implemented(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let err = (*cx).error_bare(Builtin::NotImplementedError);
        unwind::raise(ip, regs, cx, t, err)
    }
}

slow_path! {
    pub fn assert_fail(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let v = *regs.add(fa!(word));
        let err = if v.is_undef() {
            (*cx).error_bare(Builtin::AssertionError)
        } else {
            let argument = crate::interp::slow::take(word, 0x100, regs, fa!(word), cx);
            (*cx).error_with(Builtin::AssertionError, argument)
        };
        unwind::raise(ip, regs, cx, t, err)
    }
}

/// The bound special method of a context manager, or the complaint that it is none.
fn manager_method(cx: &mut Cx, manager: Ref<'_>, which: Special, is_async: bool) -> R {
    let class = cx.class_of(manager);
    if let Some(method) = class.special(cx, which) {
        return cx.bind_special(method, manager);
    }
    let (kind, other) = match is_async {
        false => ("context manager", Special::AEnter),
        true => ("asynchronous context manager", Special::Enter),
    };
    let (missing, name) = (which.text(), cx.type_name(manager));
    let exit = if is_async { Special::Exit } else { Special::AExit };
    // CPython looks for both halves of the other protocol.
    let hint = match class.special(cx, other).is_some() && class.special(cx, exit).is_some() {
        true if is_async => " but it supports the context manager protocol. Did you mean to use 'with'?",
        true => {
            " but it supports the asynchronous context manager protocol. Did you mean to use 'async with'?"
        }
        false => "",
    };
    Err(cx.type_error(format!(
        "'{name}' object does not support the {kind} protocol (missed {missing} method){hint}"
    )))
}

fn enter_manager(cx: &mut Cx, manager: Ref<'_>, is_async: bool) -> R<(Obj, Obj)> {
    let (enter, exit) =
        if is_async { (Special::AEnter, Special::AExit) } else { (Special::Enter, Special::Exit) };
    let exit = manager_method(cx, manager, exit, is_async)?;
    if let Some(method) = cx.class_of(manager).special(cx, enter) {
        let result = cx.call_special(method, manager, &[])?;
        return Ok((exit, result));
    }
    let enter = manager_method(cx, manager, enter, is_async)?;
    let result = cx.call(enter.r(), &[])?;
    Ok((exit, result))
}

slow_path! {
    pub fn with_enter(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let is_async = word as u8 == Op::AsyncWithEnter as u8;
        let result = enter_manager(&mut *cx, operand(regs, fb!(word)), is_async);
        match result {
            Err(err) => unwind::raise(ip, regs, cx, t, err),
            Ok((exit, entered)) => {
                crate::interp::slow::consume(word, regs, cx);
                put(regs, fa!(word), exit, cx);
                put(regs, fa!(word) + 1, entered, cx);
                resume_at(ip.add(1), regs, cx, t)
            }
        }
    }
}

slow_handler! {
    pub fn with_exit(word, regs, cx) {
        let none = Ref::immediate(Value::NONE);
        cx.call(operand(regs, fb!(word)), &[none, none, none])
    }
}

slow_handler! {
    pub fn with_exit_exc(word, regs, cx) {
        let exception = operand(regs, fc!(word));
        let class = cx.class_of(exception).as_ref();
        let traceback = exception.downcast::<PyException>(cx).and_then(|e| e.traceback.get(&e.h, cx));
        let traceback = traceback.unwrap_or_else(|| cx.none());
        cx.call(operand(regs, fb!(word)), &[class, exception, traceback.r()])
    }
}
