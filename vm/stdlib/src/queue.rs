//! `_queue`: `SimpleQueue`, an unbounded queue whose `put` never waits.
//!
//! The object's lock guards the items and those who wait, first come first. Who finds the queue empty leaves a lock of its
//! own that it holds, and waits, detached, for it to be released; `put` takes out the first of them together with adding its
//! item, and releases it after the unlock. Whoever waits looks at the queue again whenever it wakes, so an item may go
//! to a faster thread; who leaves without an item although it was woken wakes the next one.

use crate::exceptions::Class;
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ungil_locks::RawLock;
use ungil_runtime::objects::construct::{class_argument, has_keywords};
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

static EMPTY: Class = Class::new();

#[repr(C)]
struct PyQueue {
    h: Header,
    state: UnsafeCell<State>,
}

#[derive(Default)]
struct State {
    items: VecDeque<Slot>,
    waiting: VecDeque<Arc<RawLock>>,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyQueue {
    const OPS: &'static TypeOps = &QUEUE_OPS;
}

static QUEUE_OPS: TypeOps = TypeOps {
    name: "_queue.SimpleQueue",
    size: |_| size_of::<PyQueue>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a queue that nobody changes meanwhile.
    let state = unsafe { &*(*h.cast::<PyQueue>()).state.get() };
    state.items.iter().for_each(|slot| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the queue is this thread's alone.
    let state = unsafe { std::mem::take(&mut *(*h.cast::<PyQueue>()).state.get()) };
    // Destruction by worklist takes the latest first: the first item goes first.
    for slot in state.items.into_iter().rev() {
        slot.clear(m);
    }
}

impl PyQueue {
    /// Runs `f` with the contents, the lock held. `f` runs no Python and drops no object.
    #[inline(always)]
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }

    /// The first item.
    #[inline]
    fn take(&self, cx: &Cx) -> Option<Obj> {
        self.with(cx, |state| state.items.pop_front()?.take_locked())
    }

    /// Waits for an item until `end`, for ever without one. `None` if the time was up.
    fn wait(&self, cx: &mut Cx, end: Option<Instant>) -> R<Option<Obj>> {
        loop {
            let turn = Arc::new(RawLock::new());
            turn.try_acquire();
            let found = self.with(cx, |state| match state.items.pop_front() {
                Some(slot) => slot.take_locked(),
                None => {
                    state.waiting.push_back(Arc::clone(&turn));
                    None
                }
            });
            if found.is_some() {
                return Ok(found);
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let woken = crate::thread::acquire(cx, &turn, left);
            if matches!(woken, Ok(true)) {
                continue;
            }
            // No longer waiting. If `put` has chosen this one meanwhile, its item is for somebody else.
            let (found, next) = self.with(cx, |state| {
                let place = state.waiting.iter().position(|other| Arc::ptr_eq(other, &turn));
                if place.and_then(|i| state.waiting.remove(i)).is_some() {
                    return (None, None);
                }
                if woken.is_ok() {
                    return (state.items.pop_front().and_then(|slot| slot.take_locked()), None);
                }
                (None, if state.items.is_empty() { None } else { state.waiting.pop_front() })
            });
            if let Some(next) = next {
                next.release();
            }
            woken?;
            return Ok(found);
        }
    }
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    let own_init = !class.same_special(cx, cx.builtin(Builtin::Object), Special::Init);
    if !own_init && !a.varargs(cx, 1).is_empty() {
        return Err(cx.type_error("SimpleQueue() takes no positional arguments"));
    }
    if !own_init && has_keywords(cx, a) {
        return Err(cx.type_error("SimpleQueue() takes no keyword arguments"));
    }
    cx.alloc_for::<PyQueue>(class, |h| PyQueue { h, state: UnsafeCell::default() })
}

fn put(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyQueue = a.this();
    let item = a.get(1).own(cx);
    let added = this.with(cx, |state| {
        if state.items.try_reserve(1).is_err() {
            return Err(item);
        }
        let slot = Slot::empty();
        slot.replace_locked(&this.h, item);
        state.items.push_back(slot);
        Ok(state.waiting.pop_front())
    });
    match added {
        Ok(Some(waiting)) => {
            waiting.release();
        }
        Ok(None) => {}
        Err(item) => {
            drop(item);
            return Err(cx.memory_error());
        }
    }
    Ok(cx.none())
}

/// How long to wait, `None` for ever.
fn patience(cx: &mut Cx, block: bool, timeout: Option<Ref<'_>>) -> R<Option<Duration>> {
    if !block {
        return Ok(Some(Duration::ZERO));
    }
    let Some(seconds) = timeout else { return Ok(None) };
    match crate::thread::timeout(cx, Some(seconds))? {
        None => Err(cx.value_error("'timeout' must be a non-negative number")),
        wait => Ok(wait),
    }
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyQueue = a.this();
    let block = a.opt(1).map_or(Ok(true), |v| cx.truth(v))?;
    let wait = patience(cx, block, a.opt_not_none(2))?;
    if let Some(item) = this.take(cx) {
        return Ok(item);
    }
    let item = match wait {
        Some(wait) if wait.is_zero() => None,
        Some(wait) => this.wait(cx, Instant::now().checked_add(wait))?,
        None => this.wait(cx, None)?,
    };
    item.ok_or_else(|| empty(cx))
}

/// The exception `Empty`.
#[cold]
fn empty(cx: &mut Cx) -> Err {
    match cx.call(EMPTY.get(), &[]) {
        Ok(exception) => ungil_runtime::raise_object(exception),
        Err(err) => err,
    }
}

fn get_nowait(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyQueue>().take(cx).ok_or_else(|| empty(cx))
}

fn len(cx: &Cx, a: Args<'_>) -> usize {
    a.this::<PyQueue>().with(cx, |state| state.items.len())
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("put", "($self, /, item, block=True, timeout=None)", Full(put)),
    ("put_nowait", "($self, /, item)", Full(put)),
    ("get", "($self, /, block=True, timeout=None)", Full(get)),
    ("get_nowait", "($self, /)", Full(get_nowait)),
    ("empty", "($self, /)", Leaf(|cx, a| Ok(cx.bool(len(cx, a) == 0)))),
    ("qsize", "($self, /)", Leaf(|cx, a| Ok(cx.int(len(cx, a) as i64)))),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    EMPTY.init(cx, module, "_queue", "Empty", Builtin::Exception)?;
    let flags = class_flag::BASETYPE | class_flag::HAS_WEAKREF;
    let size = size_of::<PyQueue>();
    let mut b = TypeBuilder::native_type(cx, "_queue.SimpleQueue", &QUEUE_OPS, size, true, flags);
    b.doc(cx, "An unbounded queue: first in, first out. Adding to it never waits, so signal handlers may.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.methods(cx, METHODS);
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    let class = b.class().as_ref().own(cx);
    add(cx, module, "SimpleQueue", class);
    Ok(())
}
