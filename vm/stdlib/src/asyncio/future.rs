//! Futures: their state, how it changes, and who is told of it.

use super::python::{CANCELLED_ERROR, EXTRACT_STACK, GET_DEBUG, INVALID_STATE, call_method, call_soon};
use super::task::TASK_OPS;
use std::cell::UnsafeCell;
use ungil_locks::primitive::AtomicU8;
use ungil_runtime::objects::exception::PyException;
use ungil_runtime::objects::set::PySet;
use ungil_runtime::objects::sync::{Field, locked};
use ungil_runtime::prelude::*;
use ungil_runtime::raise_object;

pub const PENDING: u8 = 0;
pub const CANCELLED: u8 = 1;
pub const FINISHED: u8 = 2;

/// A future. Fields are written under the object's lock.
#[repr(C)]
pub struct PyFuture {
    pub h: Header,
    /// [`PENDING`], [`CANCELLED`] or [`FINISHED`].
    pub state: Field<AtomicU8>,
    /// Somebody awaits it, and its task has not seen that yet.
    pub blocking: Field<AtomicU8>,
    /// Its exception has not been looked at: that is reported at its end.
    pub unseen: Field<AtomicU8>,
    /// `awaited_by` is a set, not one task.
    many_await: Field<AtomicU8>,
    /// Empty until `__init__` has run.
    pub event_loop: Slot,
    /// The first callback and its context, which most have no more of.
    callback: Slot,
    context: Slot,
    result: Slot,
    exception: Slot,
    traceback: Slot,
    pub source_traceback: Slot,
    pub cancel_message: Slot,
    /// What a task was cancelled with, to be raised by whoever asks for the result first.
    cancelled_exception: Slot,
    awaited_by: Slot,
    more: UnsafeCell<Vec<(Slot, Slot)>>,
}

/// A callback and its context.
pub type Callback = (Obj, Obj);

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyFuture {
    const OPS: &'static TypeOps = &FUTURE_OPS;
}

pub static FUTURE_OPS: TypeOps = TypeOps {
    name: "_asyncio.Future",
    size: |_| size_of::<PyFuture>(),
    trace: Some(|h, visit| {
        // SAFETY: the object is a future that nobody changes meanwhile.
        unsafe { &*h.cast::<PyFuture>() }.trace(visit)
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: the future is this thread's alone.
        unsafe { &*h.cast::<PyFuture>() }.drop_fields(m)
    }),
    needs_finalizer: |h| {
        // SAFETY: the object is a future.
        let future = unsafe { &*h.cast::<PyFuture>() };
        future.unseen.get() != 0 || super::future_type::may_have_del(&future.h)
    },
};

impl PyFuture {
    pub fn new(h: Header) -> PyFuture {
        PyFuture {
            h,
            state: Field::<AtomicU8>::new(PENDING),
            blocking: Field::<AtomicU8>::new(0),
            unseen: Field::<AtomicU8>::new(0),
            many_await: Field::<AtomicU8>::new(0),
            event_loop: Slot::empty(),
            callback: Slot::empty(),
            context: Slot::empty(),
            result: Slot::empty(),
            exception: Slot::empty(),
            traceback: Slot::empty(),
            source_traceback: Slot::empty(),
            cancel_message: Slot::empty(),
            cancelled_exception: Slot::empty(),
            awaited_by: Slot::empty(),
            more: UnsafeCell::new(Vec::new()),
        }
    }

    fn slots(&self) -> [&Slot; 10] {
        [
            &self.event_loop,
            &self.callback,
            &self.context,
            &self.result,
            &self.exception,
            &self.traceback,
            &self.source_traceback,
            &self.cancel_message,
            &self.cancelled_exception,
            &self.awaited_by,
        ]
    }

    pub fn trace(&self, visit: &mut dyn FnMut(Value)) {
        self.slots().iter().for_each(|slot| visit(slot.peek()));
        // SAFETY: nobody changes the future meanwhile, as the callers say.
        for (callback, context) in unsafe { &*self.more.get() } {
            visit(callback.peek());
            visit(context.peek());
        }
    }

    pub fn drop_fields(&self, m: &Mutator) {
        self.slots().iter().for_each(|slot| slot.clear(m));
        // SAFETY: the future is this thread's alone, as the callers say.
        let more = unsafe { std::mem::take(&mut *self.more.get()) };
        for (callback, context) in more {
            callback.clear(m);
            context.clear(m);
        }
    }

    /// Runs `f` with the callbacks behind the first one, the lock held. `f` runs no Python and drops no object.
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut Vec<(Slot, Slot)>) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.more.get() }))
    }

    fn me(&self) -> Ref<'_> {
        ref_of(self)
    }

    /// Its loop.
    ///
    /// # Errors
    /// `RuntimeError` if `__init__` has not run.
    pub fn owner(&self, cx: &mut Cx) -> R {
        match self.event_loop.get(&self.h, cx) {
            Some(event_loop) => Ok(event_loop),
            None => Err(cx.runtime_error("Future object is not initialized.")),
        }
    }

    /// Makes it a new one that belongs to a loop.
    ///
    /// # Errors
    /// What finding the loop and asking it whether it debugs raise.
    pub fn init(&self, cx: &mut Cx, event_loop: Option<Ref<'_>>) -> R<()> {
        if !self.event_loop.is_empty() {
            self.reset(cx);
        }
        let event_loop = match event_loop.filter(|v| !v.value().is_none()) {
            Some(event_loop) => event_loop.own(cx),
            None => super::registry::event_loop(cx)?,
        };
        self.event_loop.set(&self.h, cx, event_loop.clone());
        let debug = call_method(cx, event_loop.r(), &GET_DEBUG, &[], None)?;
        if cx.truth(debug.r())? {
            let stack = EXTRACT_STACK.call(cx, &[])?;
            self.source_traceback.set(&self.h, cx, stack);
        }
        Ok(())
    }

    /// Forgets everything: `__init__` is called again.
    #[cold]
    fn reset(&self, cx: &Cx) {
        let old = self.with(cx, |more| {
            [&self.state, &self.blocking, &self.unseen, &self.many_await].iter().for_each(|flag| flag.set(0));
            let mut old: Vec<Option<Obj>> = self.slots().iter().map(|slot| slot.take_locked()).collect();
            for (callback, context) in std::mem::take(more) {
                old.extend([callback.take_locked(), context.take_locked()]);
            }
            old
        });
        drop(old);
    }

    /// Makes it done, once: `f` stores what it is done with, and gives what is to be dropped. False if it was done before.
    fn end(&self, cx: &Cx, state: u8, f: impl FnOnce() -> Option<Obj>) -> bool {
        // What it holds and does not store is dropped after the unlock.
        let mut f = Some(f);
        let (pending, old) = self.with(cx, |_| {
            if self.state.get() != PENDING {
                return (false, None);
            }
            let old = f.take().and_then(|f| f());
            self.state.set(state);
            (true, old)
        });
        drop(old);
        pending
    }

    /// Tells the loop to call the callbacks.
    fn schedule(&self, cx: &mut Cx) -> R<()> {
        let (first, more) = self.with(cx, |more| {
            let first = self.callback.take_locked().zip(self.context.take_locked());
            let more = std::mem::take(more);
            let more: Vec<Option<Callback>> = more
                .into_iter()
                .map(|(callback, context)| callback.take_locked().zip(context.take_locked()))
                .collect();
            (first, more)
        });
        if first.is_none() && more.is_empty() {
            return Ok(());
        }
        let event_loop = self.owner(cx)?;
        for (callback, context) in std::iter::once(first).chain(more).flatten() {
            call_soon(cx, event_loop.r(), callback.r(), Some(self.me()), Some(context.r()))?;
        }
        Ok(())
    }

    /// Gives it its result.
    ///
    /// # Errors
    /// `InvalidStateError` if it is done; what the loop raises.
    pub fn set_result(&self, cx: &mut Cx, result: Obj) -> R<()> {
        if !self.end(cx, FINISHED, || self.result.replace_locked(&self.h, result)) {
            return Err(INVALID_STATE.error(cx, "invalid state"));
        }
        self.schedule(cx)
    }

    /// Gives it an exception.
    ///
    /// # Errors
    /// `InvalidStateError` if it is done, `TypeError` for what is no exception; what the loop raises.
    pub fn set_exception(&self, cx: &mut Cx, exception: Ref<'_>) -> R<()> {
        if self.state.get() != PENDING {
            return Err(INVALID_STATE.error(cx, "invalid state"));
        }
        let base = cx.builtin(Builtin::BaseException);
        let exception = match PyType::from_ref(exception, cx).is_some_and(|class| class.is_subclass(base, cx))
        {
            true => cx.call(exception, &[])?,
            false => exception.own(cx),
        };
        if !cx.is_instance_of(exception.r(), Builtin::BaseException) {
            return Err(cx.type_error("invalid exception object"));
        }
        let exception = match cx.is_instance_of(exception.r(), Builtin::StopIteration) {
            true => no_stop(cx, exception),
            false => exception,
        };
        let traceback = exception.downcast::<PyException>(cx).and_then(|e| e.traceback.get(&e.h, cx));
        let done = self.end(cx, FINISHED, || {
            if let Some(traceback) = traceback {
                // Nothing was there: it was pending.
                drop_nothing(self.traceback.replace_locked(&self.h, traceback));
            }
            self.exception.replace_locked(&self.h, exception)
        });
        if !done {
            return Err(INVALID_STATE.error(cx, "invalid state"));
        }
        self.schedule(cx)?;
        self.unseen.set(1);
        Ok(())
    }

    /// Cancels it; false if it is done.
    ///
    /// # Errors
    /// What the loop raises.
    pub fn cancel(&self, cx: &mut Cx, message: Option<Obj>) -> R<bool> {
        self.unseen.set(0);
        let done = self.end(cx, CANCELLED, || match message {
            Some(message) => self.cancel_message.replace_locked(&self.h, message),
            None => self.cancel_message.take_locked(),
        });
        if done {
            self.schedule(cx)?;
        }
        Ok(done)
    }

    /// Keeps what a task was cancelled with.
    pub fn keep_cancelled(&self, cx: &Cx, exception: Obj) {
        self.cancelled_exception.set(&self.h, cx, exception);
    }

    /// The `CancelledError` that a cancelled one raises.
    ///
    /// # Errors
    /// What making it raises.
    pub fn cancelled_error(&self, cx: &mut Cx) -> R {
        if let Some(kept) = self.cancelled_exception.take(&self.h, cx) {
            return Ok(kept);
        }
        match self.cancel_message.get(&self.h, cx).filter(|message| !message.value().is_none()) {
            Some(message) => CANCELLED_ERROR.call(cx, &[message.r()]),
            None => CANCELLED_ERROR.call(cx, &[]),
        }
    }

    /// The result of a done one.
    ///
    /// # Errors
    /// Its exception, `CancelledError`, or `InvalidStateError` if it is not done.
    pub fn take_result(&self, cx: &mut Cx) -> R {
        match self.state.get() {
            CANCELLED => {
                let err = self.cancelled_error(cx)?;
                return Err(raise_object(err));
            }
            PENDING => {
                return Err(INVALID_STATE.error(cx, "Result is not set."));
            }
            _ => {}
        }
        self.unseen.set(0);
        let Some(exception) = self.exception.get(&self.h, cx) else {
            return Ok(self.result.get(&self.h, cx).unwrap_or_else(|| cx.none()));
        };
        let traceback = self.traceback.take(&self.h, cx);
        if let Some(e) = exception.downcast::<PyException>(cx) {
            match traceback {
                Some(traceback) => e.traceback.set(&e.h, cx, traceback),
                None => drop(e.traceback.take(&e.h, cx)),
            }
        }
        Err(raise_object(exception))
    }

    /// What it is done with, as `_result` and `_exception` show it.
    pub fn shown(&self, cx: &Cx, exception: bool) -> Obj {
        let slot = if exception { &self.exception } else { &self.result };
        slot.get(&self.h, cx).unwrap_or_else(|| cx.none())
    }

    /// Adds a callback; one to a done future is called soon.
    ///
    /// # Errors
    /// What the loop raises.
    pub fn add_callback(&self, cx: &mut Cx, callback: Ref<'_>, context: Ref<'_>) -> R<()> {
        let Some(event_loop) = self.event_loop.get(&self.h, cx) else {
            return Err(cx.runtime_error("uninitialized Future object"));
        };
        let (f, c) = (callback.own(cx), context.own(cx));
        let left = self.with(cx, |more| {
            if self.state.get() != PENDING {
                return Some((f, c));
            }
            if self.callback.is_empty() && more.is_empty() {
                drop_nothing(self.callback.replace_locked(&self.h, f));
                drop_nothing(self.context.replace_locked(&self.h, c));
                return None;
            }
            if more.try_reserve(1).is_err() {
                ungil_gc::fatal("no memory for a callback of a future");
            }
            let slots = (Slot::empty(), Slot::empty());
            slots.0.replace_locked(&self.h, f);
            slots.1.replace_locked(&self.h, c);
            more.push(slots);
            None
        });
        if left.is_some() {
            call_soon(cx, event_loop.r(), callback, Some(self.me()), Some(context))?;
        }
        Ok(())
    }

    /// The callbacks with their contexts.
    pub fn callbacks(&self, cx: &Cx) -> Vec<Callback> {
        self.with(cx, |more| {
            let first = self.callback.get_locked(cx).zip(self.context.get_locked(cx));
            let more = more.iter().filter_map(|(f, context)| f.get_locked(cx).zip(context.get_locked(cx)));
            first.into_iter().chain(more).collect()
        })
    }

    /// Takes callbacks away, which are known by their identity; how many there were.
    pub fn remove_callbacks(&self, cx: &Cx, meant: &[Callback]) -> usize {
        let is_meant =
            |f: &Slot, c: &Slot| meant.iter().any(|(g, d)| (g.value(), d.value()) == (f.peek(), c.peek()));
        let gone = self.with(cx, |more| {
            let mut gone = Vec::new();
            if is_meant(&self.callback, &self.context) {
                gone.extend(self.callback.take_locked().zip(self.context.take_locked()));
            }
            more.retain(|(f, c)| match is_meant(f, c) {
                true => {
                    gone.extend(f.take_locked().zip(c.take_locked()));
                    false
                }
                false => true,
            });
            gone
        });
        gone.len()
    }

    /// Remembers that a task or future waits for this one.
    ///
    /// # Errors
    /// What hashing it raises.
    pub fn add_awaiting(&self, cx: &mut Cx, waiting: Ref<'_>) -> R<()> {
        let one = waiting.own(cx);
        let known = self.with(cx, |_| {
            let known = self.awaited_by.get_locked(cx);
            if known.is_none() {
                drop_nothing(self.awaited_by.replace_locked(&self.h, one));
            }
            known.map(|known| (known, self.many_await.get() != 0))
        });
        let Some((known, many)) = known else { return Ok(()) };
        if many {
            return ungil_runtime::objects::set::add(cx, known.r(), waiting.own(cx));
        }
        let items = vec![known.clone(), waiting.own(cx)];
        let set = ungil_runtime::objects::set::new_set(cx, items)?;
        let old = self.with(cx, |_| {
            let same = self.awaited_by.peek() == known.value() && self.many_await.get() == 0;
            if !same {
                return Err(());
            }
            self.many_await.set(1);
            Ok(self.awaited_by.replace_locked(&self.h, set))
        });
        match old {
            Ok(_) => Ok(()),
            // Somebody was faster.
            Err(()) => self.add_awaiting(cx, waiting),
        }
    }

    /// Forgets that a task or future waits for this one.
    ///
    /// # Errors
    /// What hashing it raises.
    pub fn discard_awaiting(&self, cx: &mut Cx, waiting: Ref<'_>) -> R<()> {
        let (gone, set) = self.with(cx, |_| {
            if self.many_await.get() != 0 {
                return (None, self.awaited_by.get_locked(cx));
            }
            let same = self.awaited_by.peek() == waiting.value();
            (if same { self.awaited_by.take_locked() } else { None }, None)
        });
        drop(gone);
        match set {
            Some(set) => cx.call_method(set.r(), "discard", &[waiting]).map(drop),
            None => Ok(()),
        }
    }

    /// Those who wait for it, `None` if there never were more than one and there is none.
    pub fn awaiting(&self, cx: &Cx) -> Option<Vec<Obj>> {
        let (known, many) = self.with(cx, |_| (self.awaited_by.get_locked(cx), self.many_await.get() != 0));
        match known {
            Some(set) if many => set.downcast::<PySet>(cx).map(|set| set.snapshot(cx)),
            known => known.map(|one| vec![one]),
        }
    }
}

/// What an empty slot gave back when something was stored.
fn drop_nothing(nothing: Option<Obj>) {
    debug_assert!(nothing.is_none());
}

/// What a future gets in place of a `StopIteration`.
#[cold]
fn no_stop(cx: &mut Cx, exception: Obj) -> Obj {
    let err =
        cx.runtime_error("StopIteration interacts badly with generators and cannot be raised into a Future");
    if let Some(e) = err.exception().downcast::<PyException>(cx) {
        e.cause.set(&e.h, cx, exception.clone());
        e.context.set(&e.h, cx, exception);
        e.suppress_context.set(true);
    }
    err.0
}

/// The future that an object is, if it is one of this module's or of a subclass.
#[inline]
pub fn as_future<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a PyFuture> {
    let ops = cx.shape_of(v.header()?).head.ops;
    let known = std::ptr::eq(ops, &FUTURE_OPS) || std::ptr::eq(ops, &TASK_OPS);
    // SAFETY: equal operations mean this layout, and tasks begin with a future.
    known.then(|| unsafe { v.cast_unchecked::<PyFuture>() })
}
