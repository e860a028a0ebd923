//! Generators and coroutines.

use super::call::refuse_init_result;
use super::{operand, put, take};
use crate::interp::frame::{ENTRY, Frame, INIT};
use crate::interp::resume_at;
use crate::interp::unwind;
use crate::objects::code::PyCode;
use crate::objects::exception::PyException;
use crate::objects::generator::{self, Outcome, PyGenerator};
use crate::objects::traceback;
use crate::prelude::*;
use ungil_bytecode::flags;

slow_path! {
    pub fn return_generator(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let frame = Frame(regs);
        let (kind, call_ip, caller) = (frame.kind(), frame.call_ip(), frame.caller());
        let object = match generator::from_frame(&mut *cx, frame, ip.add(1)) {
            Ok(object) => object,
            Err(err) => return unwind::raise(ip, regs, cx, t, err),
        };
        (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
        if let Some(frame_object) = frame.object() {
            frame.set_object(Value::UNDEF);
            (*cx).drop_value(frame_object);
        }
        if kind & ENTRY != 0 {
            return crate::interp::Next::exit(object.into_value().0);
        }
        if kind & INIT != 0 {
            let instance = Obj::from_owned(std::mem::replace(&mut *regs.sub(5), Value::UNDEF));
            return refuse_init_result(call_ip, caller, cx, t, instance, object);
        }
        put(caller, fa!(*call_ip), object, cx);
        resume_at(call_ip.add(crate::interp::slow::words(*call_ip)), caller, cx, t)
    }
}

slow_path! {
    pub fn yield_(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let v = take(*ip, 0x200, regs, fb!(*ip), cx);
        generator::suspend(ip, regs, cx, t, v.into_value())
    }
}

slow_handler! {
    pub fn get_yield_from_iter(word, regs, cx) {
        let v = operand(regs, fb!(word));
        if cx.is_exactly(v, Builtin::Generator) {
            return Ok(v.own(cx));
        }
        if cx.is_exactly(v, Builtin::Coroutine) {
            let code = Frame(regs).code();
            if code.head.flags & (flags::COROUTINE | flags::ITERABLE_COROUTINE) == 0 {
                return Err(cx.type_error("cannot 'yield from' a coroutine object in a non-coroutine generator"));
            }
            return Ok(v.own(cx));
        }
        cx.iter(v)
    }
}

/// The iterator that `await v` runs (`_PyCoro_GetAwaitableIter`).
pub fn awaitable_iter(cx: &mut Cx, v: Ref<'_>) -> R<Option<Obj>> {
    if cx.is_exactly(v, Builtin::Coroutine) {
        return Ok(Some(v.own(cx)));
    }
    if cx.is_exactly(v, Builtin::Generator) {
        let g = v.downcast::<PyGenerator>(cx);
        if g.is_some_and(|g| g.code().has_flag(flags::ITERABLE_COROUTINE)) {
            return Ok(Some(v.own(cx)));
        }
    }
    let Some(method) = cx.class_of(v).special(cx, Special::Await) else { return Ok(None) };
    let iterator = cx.call_special(method, v, &[])?;
    if cx.is_exactly(iterator.r(), Builtin::Coroutine) {
        return Err(cx.type_error("__await__() returned a coroutine"));
    }
    if cx.class_of(iterator.r()).special(cx, Special::Next).is_none() {
        let name = cx.type_name(iterator.r());
        return Err(cx.type_error(format!("__await__() returned non-iterator of type '{name}'")));
    }
    Ok(Some(iterator))
}

slow_handler! {
    pub fn get_awaitable(word, regs, cx) {
        let v = operand(regs, fb!(word));
        let Some(iterator) = awaitable_iter(cx, v)? else {
            let name = cx.type_name(v);
            return Err(cx.type_error(match fc!(word) {
                1 => format!("'async with' received an object from __aenter__ that does not implement __await__: {name}"),
                2 => format!("'async with' received an object from __aexit__ that does not implement __await__: {name}"),
                _ => format!("'{name}' object can't be awaited"),
            }));
        };
        if let Some(g) = iterator.downcast::<PyGenerator>(cx)
            && cx.is_exactly(iterator.r(), Builtin::Coroutine)
            && g.delegating_to(cx).is_some()
        {
            return Err(cx.runtime_error("coroutine is being awaited already"));
        }
        Ok(iterator)
    }
}

slow_path! {
    pub fn send(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let iterator = operand(regs, fa!(word) + 1);
        let native = (*cx).is_exactly(iterator, Builtin::Generator) || (*cx).is_exactly(iterator, Builtin::Coroutine);
        if native {
            let g = iterator.cast_unchecked::<PyGenerator>();
            let started = g.state() == generator::state::SUSPENDED;
            let v = *regs.add(fb!(word));
            if generator::may_resume_inline(&*cx, g) && (started || v.is_none()) {
                let v = take(word, 0x200, regs, fb!(word), cx).into_value();
                return generator::resume_inline(ip, ip.add(1), regs, cx, t, iterator, v);
            }
        }
        let v = take(word, 0x200, regs, fb!(word), cx);
        match generator::delegate(&mut *cx, iterator, v) {
            Err(err) => unwind::raise(ip, regs, cx, t, err),
            Ok(Outcome::Yielded(v)) => {
                put(regs, fa!(word), v, cx);
                resume_at(ip.add(1), regs, cx, t)
            }
            Ok(Outcome::Returned(v)) => generator::end_send(ip, regs, cx, t, v),
        }
    }
}

slow_handler! {
    pub fn async_gen_wrap(word, regs, cx) {
        let v = take(word, 0x200, regs, fb!(word), cx);
        Ok(crate::objects::async_gen::wrap(cx, v))
    }
}

slow_handler! {
    pub fn get_aiter(word, regs, cx) {
        let v = operand(regs, fb!(word));
        let Some(method) = cx.class_of(v).special(cx, Special::AIter) else {
            let name = cx.type_name(v);
            return Err(cx.type_error(format!("'async for' requires an object with __aiter__ method, got {name}")));
        };
        let iterator = cx.call_special(method, v, &[])?;
        if cx.class_of(iterator.r()).special(cx, Special::ANext).is_none() {
            let name = cx.type_name(iterator.r());
            return Err(cx.type_error(format!(
                "'async for' received an object from __aiter__ that does not implement __anext__: {name}"
            )));
        }
        Ok(iterator)
    }
}

slow_handler! {
    pub fn get_anext(word, regs, cx) {
        let v = operand(regs, fb!(word));
        if cx.is_exactly(v, Builtin::AsyncGen) {
            return crate::objects::async_gen::next_step(cx, v);
        }
        let Some(method) = cx.class_of(v).special(cx, Special::ANext) else {
            let name = cx.type_name(v);
            return Err(cx.type_error(format!("'async for' requires an iterator with __anext__ method, got {name}")));
        };
        let awaitable = cx.call_special(method, v, &[])?;
        let result = awaitable_iter(cx, awaitable.r());
        match result {
            Ok(Some(iterator)) => Ok(iterator),
            _ => {
                let name = cx.type_name(awaitable.r());
                let err = cx.type_error(format!("'async for' received an invalid object from __anext__: {name}"));
                if let (Err(cause), Some(e)) = (result, err.exception().downcast::<PyException>(cx)) {
                    e.cause.set(&e.h, cx, cause.0);
                }
                Err(err)
            }
        }
    }
}

slow_path! {
    pub fn end_async_for(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let ended = (*cx).is_instance_of(operand(regs, fa!(word)), Builtin::StopAsyncIteration);
        if !ended {
            let err = crate::err::Raised(take(word, 0x100, regs, fa!(word), cx));
            return unwind::reraise(ip, regs, cx, t, err);
        }
        crate::interp::slow::consume(word, regs, cx);
        resume_at(ip.add(1).offset(fc_signed!(word) as isize), regs, cx, t)
    }
}

slow_path! {
    pub fn stop_iteration_error(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let exception = take(word, 0x100, regs, fa!(word), cx);
        let err = convert_stop(&mut *cx, exception, Frame(regs).code().head.flags);
        unwind::reraise(ip, regs, cx, t, err)
    }
}

slow_path! {
    pub fn generator_error(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let exception = take(word, 0x100, regs, fa!(word), cx);
        let frame = Frame(regs);
        let code = frame.code().running().consts[(word >> 32) as usize].get().cast_unchecked::<PyCode>();
        let stops = (*cx).is_instance_of(exception.r(), Builtin::StopIteration);
        traceback::put_generator(&mut *cx, &exception, frame, code, stops);
        let err = convert_stop(&mut *cx, exception, code.head.flags);
        if stops {
            return unwind::raise(ip, regs, cx, t, err);
        }
        unwind::reraise(ip, regs, cx, t, err)
    }
}

/// A `StopIteration` that leaves a generator becomes a `RuntimeError` (PEP 479).
fn convert_stop(cx: &mut Cx, exception: Obj, code_flags: u32) -> Err {
    let kind = match code_flags {
        f if f & flags::ASYNC_GENERATOR != 0 => "async generator",
        f if f & flags::COROUTINE != 0 => "coroutine",
        _ => "generator",
    };
    let which = if cx.is_instance_of(exception.r(), Builtin::StopIteration) {
        "StopIteration"
    } else if code_flags & flags::ASYNC_GENERATOR != 0
        && cx.is_instance_of(exception.r(), Builtin::StopAsyncIteration)
    {
        "StopAsyncIteration"
    } else {
        return crate::err::Raised(exception);
    };
    let err = cx.runtime_error(format!("{kind} raised {which}"));
    if let Some(e) = err.exception().downcast::<PyException>(cx) {
        e.cause.set(&e.h, cx, exception.clone());
        e.context.set(&e.h, cx, exception);
        e.suppress_context.set(true);
    }
    err
}
