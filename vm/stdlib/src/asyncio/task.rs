//! Tasks: futures that drive a coroutine.

use super::future::{PENDING, PyFuture};
use super::python::{IS_COROUTINE, IS_RUNNING, call_method};
use super::registry::{self, TaskList};
use super::step;
use std::cell::Cell;
use ungil_locks::primitive::{AtomicI64, AtomicPtr, AtomicU8, AtomicU64, Ordering};
use ungil_runtime::objects::sync::{Field, locked};
use ungil_runtime::prelude::*;

/// A task. Fields are written under the object's lock.
#[repr(C)]
pub struct PyTask {
    pub future: PyFuture,
    pub coroutine: Slot,
    pub context: Slot,
    /// A text; or the number from which it is made when it is asked for.
    name: Slot,
    /// The future that it waits for.
    pub waits_for: Slot,
    pub cancels: Field<AtomicI64>,
    pub must_cancel: Field<AtomicU8>,
    /// Its end while it is pending is reported.
    pub reports_end: Field<AtomicU8>,
    /// The list that it is in, and where (`registry.rs`).
    pub list: Field<AtomicPtr<TaskList>>,
    pub place: Cell<usize>,
}

// SAFETY: `repr(C)`, header first (that of the future); objects of the type and its subclasses are made with this payload.
unsafe impl Object for PyTask {
    const OPS: &'static TypeOps = &TASK_OPS;
}

pub static TASK_OPS: TypeOps = TypeOps {
    name: "_asyncio.Task",
    size: |_| size_of::<PyTask>(),
    trace: Some(|h, visit| {
        // SAFETY: the object is a task that nobody changes meanwhile.
        let this = unsafe { &*h.cast::<PyTask>() };
        this.future.trace(visit);
        this.slots().iter().for_each(|slot| visit(slot.peek()));
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: the task is this thread's alone.
        let this = unsafe { &*h.cast::<PyTask>() };
        registry::unlist(this);
        this.future.drop_fields(m);
        this.slots().iter().for_each(|slot| slot.clear(m));
    }),
    needs_finalizer: |h| {
        // SAFETY: the object is a task.
        let this = unsafe { &*h.cast::<PyTask>() };
        let future = &this.future;
        let lost = future.state.get() == PENDING && this.reports_end.get() != 0;
        lost || future.unseen.get() != 0 || super::task_type::may_have_del(&future.h)
    },
};

impl PyTask {
    pub fn new(h: Header) -> PyTask {
        PyTask {
            future: PyFuture::new(h),
            coroutine: Slot::empty(),
            context: Slot::empty(),
            name: Slot::empty(),
            waits_for: Slot::empty(),
            cancels: Field::<AtomicI64>::new(0),
            must_cancel: Field::<AtomicU8>::new(0),
            reports_end: Field::<AtomicU8>::new(0),
            list: Field::<AtomicPtr<TaskList>>::new(std::ptr::null_mut()),
            place: Cell::new(0),
        }
    }

    fn slots(&self) -> [&Slot; 4] {
        [&self.coroutine, &self.context, &self.name, &self.waits_for]
    }

    pub fn h(&self) -> &Header {
        &self.future.h
    }

    pub fn me(&self) -> Ref<'_> {
        ref_of(self)
    }

    /// What one of its slots holds.
    pub fn held(&self, cx: &Cx, slot: &Slot) -> Option<Obj> {
        slot.get(&self.future.h, cx)
    }

    /// `Task(coroutine, loop=..., name=..., context=..., eager_start=...)`.
    ///
    /// # Errors
    /// `TypeError` for what is no coroutine; what the loop raises.
    pub fn init(&self, cx: &mut Cx, a: Args<'_>) -> R<()> {
        registry::unlist(self);
        self.future.init(cx, a.opt(2))?;
        if !is_coroutine(cx, a.get(1))? {
            self.reports_end.set(0);
            let text = cx.repr_string(a.get(1))?;
            return Err(cx.type_error(format!("a coroutine was expected, got {text}")));
        }
        let context = match a.opt_not_none(4) {
            Some(context) => context.own(cx),
            None => crate::contextvars::copy_context(cx)?,
        };
        self.context.set(self.h(), cx, context);
        drop(self.waits_for.take(self.h(), cx));
        self.must_cancel.set(0);
        self.reports_end.set(1);
        self.cancels.set(0);
        self.coroutine.set(self.h(), cx, a.get(1).own(cx));
        match a.opt_not_none(3) {
            Some(name) => self.set_name(cx, name)?,
            None => {
                let number = cx.int(next_number());
                self.name.set(self.h(), cx, number);
            }
        }
        if a.opt(5).map_or(Ok(false), |v| cx.truth(v))? {
            let event_loop = self.future.owner(cx)?;
            let running = call_method(cx, event_loop.r(), &IS_RUNNING, &[], None)?;
            if cx.truth(running.r())? {
                return step::start_eagerly(cx, self);
            }
        }
        step::step_soon(cx, self, None)?;
        registry::list(self);
        Ok(())
    }

    /// Its name.
    pub fn name(&self, cx: &mut Cx) -> Obj {
        let Some(name) = self.held(cx, &self.name) else { return cx.none() };
        let Some(number) = name.value().as_int() else { return name };
        let text = cx.str(&format!("Task-{number}"));
        self.name.set(self.h(), cx, text.clone());
        text
    }

    /// # Errors
    /// What `str()` raises.
    pub fn set_name(&self, cx: &mut Cx, name: Ref<'_>) -> R<()> {
        let name = match cx.is_exactly(name, Builtin::Str) {
            true => name.own(cx),
            false => cx.to_str(name)?,
        };
        self.name.set(self.h(), cx, name);
        Ok(())
    }

    /// Asks it to cancel itself; false if it is done.
    ///
    /// # Errors
    /// What cancelling the future that it waits for raises.
    pub fn cancel(&self, cx: &mut Cx, message: Option<Ref<'_>>) -> R<bool> {
        self.future.unseen.set(0);
        if self.future.state.get() != PENDING {
            return Ok(false);
        }
        locked(cx, self.h(), || self.cancels.set(self.cancels.get() + 1));
        if let Some(waits_for) = self.held(cx, &self.waits_for)
            && cancel_any(cx, waits_for.r(), message)?
        {
            // It stays: it may be a task that goes on in spite of this and has to be cancelled again.
            return Ok(true);
        }
        self.must_cancel.set(1);
        match message {
            Some(message) => self.future.cancel_message.set(self.h(), cx, message.own(cx)),
            None => drop(self.future.cancel_message.take(self.h(), cx)),
        }
        Ok(true)
    }

    /// Takes one request to cancel back; how many are left.
    pub fn uncancel(&self, cx: &Cx) -> i64 {
        locked(cx, self.h(), || {
            let left = (self.cancels.get() - 1).max(0);
            if self.cancels.get() > 0 && left == 0 {
                self.must_cancel.set(0);
            }
            self.cancels.set(left);
            left
        })
    }
}

/// `future.cancel(msg=message)` of anything that is like a future.
///
/// # Errors
/// What it raises.
pub fn cancel_any(cx: &mut Cx, future: Ref<'_>, message: Option<Ref<'_>>) -> R<bool> {
    let none = cx.none();
    let message = message.unwrap_or(none.r());
    let names = Some(&super::python::MESSAGE);
    let done = call_method(cx, future, &super::python::CANCEL, &[message], names)?;
    cx.truth(done.r())
}

fn next_number() -> i64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // ORD: relaxed; only that every task gets another number matters.
    NEXT.fetch_add(1, Ordering::Relaxed) as i64
}

fn is_coroutine(cx: &mut Cx, v: Ref<'_>) -> R<bool> {
    if cx.is_exactly(v, Builtin::Coroutine) {
        return Ok(true);
    }
    let answer = IS_COROUTINE.call(cx, &[v])?;
    cx.truth(answer.r())
}

/// The task that an object is, if it is one of this module's or of a subclass.
pub fn as_task<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a PyTask> {
    v.downcast::<PyTask>(cx)
}
