//! Giving a function other code (`f.__code__ = code`) while frames and generators run the code that it had.
//!
//! They find their code through the function, so they are made to refer to a twin of it first, which keeps the old
//! code. That takes a look at all frames and all generators, with the world stopped; it is rare.

use crate::interp::frame::{Frames, GENERATOR};
use crate::objects::code::PyCode;
use crate::objects::function::PyFunction;
use crate::objects::generator::PyGenerator;
use crate::prelude::*;
use std::ptr;

/// Gives a function other code for calls from now on.
pub fn replace(cx: &mut Cx, f: &PyFunction, code: &'static PyCode) {
    // It stays that of the code which the function was made with.
    let doc = f.doc(cx);
    f.doc.set(&f.h, cx, doc);
    let twin = f.twin(cx);
    if f.h.is_published() {
        cx.publish(twin.value());
    }
    let cx: &Cx = cx;
    // What frames held; let go of when the world runs again.
    let mut held = Vec::new();
    let stopped = cx.mutator().stop_the_world();
    for (regs, ip) in cx.vm.positions_stw() {
        for (frame, _) in Frames::from(regs, ip) {
            if !ptr::eq(frame.function(), f) {
                continue;
            }
            // A generator's frame borrows from the generator, which is dealt with below. Others that borrow do so from the
            // collector, which finds hubs on the stacks.
            let owns = !frame.borrows_function();
            if let Some(h) = twin.r().header().filter(|_| !owns && frame.kind() & GENERATOR == 0) {
                h.make_hub(&cx.space);
            }
            let new = if owns { twin.clone().into_value() } else { twin.value() };
            let old = frame.set_function(new);
            if owns {
                // SAFETY: the frame owned it. A frame of another thread has a published function, whose references
                // belong to nobody in particular.
                held.push(unsafe { Obj::from_owned(old) });
            }
        }
    }
    // SAFETY: the world is stopped.
    for generator in unsafe { generators_of_stw(cx, f) } {
        generator.function.set(&generator.h, cx, twin.clone());
    }
    f.set_code(cx, code);
    drop(stopped);
    drop(held);
}

/// The generators that run a function, or will.
///
/// # Safety
/// The world is stopped, and no object is freed while the result is in use.
unsafe fn generators_of_stw<'a>(cx: &'a Cx, f: &PyFunction) -> Vec<&'a PyGenerator> {
    let wanted = Value::from_ptr(ptr::from_ref(f).cast_mut());
    let kinds = [Builtin::Generator, Builtin::Coroutine, Builtin::AsyncGen].map(|kind| kind as u32);
    let mut found = Vec::new();
    // SAFETY: the world is stopped; a live object of these shapes is a generator.
    unsafe {
        cx.space.pool.walk_stw(|h| {
            if kinds.contains(&(*h).shape_id()) && ((*h).is_immortal() || (*h).ref_count() > 0) {
                let generator = &*h.cast::<PyGenerator>();
                if generator.function.peek() == wanted {
                    found.push(generator);
                }
            }
        });
    }
    found
}
