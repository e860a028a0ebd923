//! `Context`: the values of context variables, and which context is a thread's current one.

use super::map;
use super::var::{key_of, number_of};
use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicUsize, Ordering};
use ungil_runtime::class::TypeBuilder;
use ungil_runtime::objects::native::spread;
use ungil_runtime::objects::sync::{locked, slot_ops};
use ungil_runtime::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyContext {
    pub h: Header,
    /// The map; empty if no variable is set.
    root: Slot,
    /// Whether a thread runs in it: 0 or 1, written under the lock.
    entered: AtomicUsize,
}

slot_ops!(CONTEXT_OPS, PyContext, "_contextvars.Context", root);

/// Iterates over a snapshot of a context.
#[repr(C)]
struct PyContextIter {
    h: Header,
    /// An iterator over a tuple.
    inner: Slot,
}

slot_ops!(ITER_OPS, PyContextIter, "keys", inner);

static CLASS: OnceLock<&'static PyType> = OnceLock::new();
/// The iterators of `keys()`, `values()` and `items()`.
static ITERATORS: [OnceLock<&'static PyType>; 3] = [const { OnceLock::new() }; 3];

/// A context with a map.
pub fn new_context(cx: &mut Cx, root: Option<Obj>) -> R {
    let class = class(cx);
    cx.alloc_for(class, |h| PyContext {
        h,
        root: root.map_or_else(Slot::empty, Slot::new),
        entered: AtomicUsize::new(0),
    })
}

/// Notes that the thread's variables have changed, for those who keep the value of one.
fn changed(cx: &Cx) {
    let version = &cx.thread_state.context_version;
    version.set(version.get() + 1);
}

/// The context behind an object that is one.
pub fn payload<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a PyContext> {
    v.downcast::<PyContext>(cx)
}

/// The calling thread's context, made if there is none yet.
///
/// # Errors
/// `MemoryError`.
pub fn current(cx: &mut Cx) -> R {
    if let Some(known) = &*cx.thread_state.context.borrow() {
        return Ok(known.clone());
    }
    let made = new_context(cx, None)?;
    *cx.thread_state.context.borrow_mut() = Some(made.clone());
    Ok(made)
}

/// `copy_context()`.
///
/// # Errors
/// `MemoryError`.
pub fn copy_context(cx: &mut Cx) -> R {
    let now = current(cx)?;
    let root = payload(cx, now.r()).and_then(|context| context.root(cx));
    new_context(cx, root)
}

/// Runs `f` while a context is the current one.
///
/// # Errors
/// `RuntimeError` if a thread is in the context already, `TypeError` for what is none; what `f` gives.
pub fn run_in<T>(cx: &mut Cx, context: Ref<'_>, f: impl FnOnce(&mut Cx) -> R<T>) -> R<T> {
    let Some(entered) = payload(cx, context) else {
        return Err(cx.type_error("an instance of Context was expected"));
    };
    if !entered.enter(cx) {
        let text = cx.repr_string(context)?;
        return Err(cx.runtime_error(format!("cannot enter context: {text} is already entered")));
    }
    let before = cx.thread_state.context.replace(Some(context.own(cx)));
    changed(cx);
    let result = f(cx);
    let after = cx.thread_state.context.replace(before);
    changed(cx);
    entered.leave(cx);
    drop(after);
    result
}

impl PyContext {
    /// The map as it is now.
    pub fn root(&self, cx: &Cx) -> Option<Obj> {
        self.root.get(&self.h, cx)
    }

    /// The value of a variable.
    pub fn get(&self, cx: &Cx, var: Ref<'_>) -> Option<Obj> {
        map::find(cx, &self.root(cx)?, key_of(cx, var))
    }

    /// Sets a variable (`None`: removes it) in a context that the calling thread is in; gives the value it had.
    pub fn replace(&self, cx: &Cx, var: Ref<'_>, value: Option<Obj>) -> Option<Obj> {
        let (key, root) = (key_of(cx, var), self.root(cx));
        let old = root.as_ref().and_then(|root| map::find(cx, root, key));
        let new = match value {
            Some(value) => Some(map::with(cx, root.as_ref(), key, value, number_of)),
            None => root.as_ref().and_then(|root| map::without(cx, root, key)),
        };
        match new {
            Some(new) => self.root.set(&self.h, cx, new),
            None => drop(self.root.take(&self.h, cx)),
        }
        changed(cx);
        old
    }

    fn pairs(&self, cx: &Cx) -> Vec<(Obj, Obj)> {
        map::pairs(cx, self.root(cx).as_ref())
    }

    /// Takes the context for this thread; `false` if some thread is in it.
    fn enter(&self, cx: &Cx) -> bool {
        // ORD: relaxed; the object's lock orders.
        locked(cx, &self.h, || self.entered.swap(1, Ordering::Relaxed) == 0)
    }

    fn leave(&self, cx: &Cx) {
        // ORD: relaxed; the object's lock orders.
        locked(cx, &self.h, || self.entered.store(0, Ordering::Relaxed));
    }
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    if !a.varargs(cx, 1).is_empty() || a.varkw(cx, 2).is_some_and(|kw| !kw.is_empty()) {
        return Err(cx.type_error("Context() does not accept any arguments"));
    }
    new_context(cx, None)
}

/// A key must be a variable.
fn var_argument<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Ref<'a>> {
    if v.downcast::<super::var::PyContextVar>(cx).is_some() {
        return Ok(v);
    }
    let text = cx.repr_string(v)?;
    Err(cx.type_error(format!("a ContextVar key was expected, got {text}")))
}

fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let var = var_argument(cx, a.get(1))?;
    match a.this::<PyContext>().get(cx, var) {
        Some(v) => Ok(v),
        None => Err(cx.key_error(var)),
    }
}

fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let var = var_argument(cx, a.get(1))?;
    let found = a.this::<PyContext>().get(cx, var).is_some();
    Ok(cx.bool(found))
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    let var = var_argument(cx, a.get(1))?;
    let found = a.this::<PyContext>().get(cx, var);
    Ok(found.or_else(|| a.opt(2).map(|v| v.own(cx))).unwrap_or_else(|| cx.none()))
}

fn equal(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let Some(other) = payload(cx, a.get(1)) else { return Ok(cx.not_implemented()) };
    let own = a.this::<PyContext>().pairs(cx);
    let mut same = own.len() == other.pairs(cx).len();
    for (var, value) in own {
        same = same
            && match other.get(cx, var.r()) {
                Some(theirs) => cx.equal(value.r(), theirs.r())?,
                None => false,
            };
    }
    Ok(cx.bool(same == (op == CompareOp::Eq)))
}

/// `run(callable, *args, **kwargs)`.
fn run(cx: &mut Cx, a: Args<'_>) -> R {
    let Some((&callable, args)) = a.varargs(cx, 1).split_first() else {
        return Err(cx.type_error("run() missing 1 required positional argument"));
    };
    run_in(cx, a.get(0), |cx| {
        let args = args.iter().map(|v| v.own(cx)).collect();
        let args = cx.tuple(args);
        spread(cx, callable, args.r(), a.opt(2))
    })
}

/// As [`run`], for positional arguments alone.
fn run_given(cx: &mut Cx, a: Args<'_>) -> Option<R> {
    if a.len() < 2 {
        return None;
    }
    Some(run_in(cx, a.get(0), |cx| cx.call_values(a.get(1), &a.values()[2..], None)))
}

fn iterator(cx: &mut Cx, kind: usize, items: Vec<Obj>) -> R {
    let class = iterator_class(cx, kind);
    let items = cx.tuple(items);
    let inner = Slot::new(cx.iter(items.r())?);
    cx.alloc_for(class, |h| PyContextIter { h, inner })
}

fn keys(cx: &mut Cx, a: Args<'_>) -> R {
    let items = a.this::<PyContext>().pairs(cx).into_iter().map(|(var, _)| var).collect();
    iterator(cx, 0, items)
}

fn values(cx: &mut Cx, a: Args<'_>) -> R {
    let items = a.this::<PyContext>().pairs(cx).into_iter().map(|(_, value)| value).collect();
    iterator(cx, 1, items)
}

fn items(cx: &mut Cx, a: Args<'_>) -> R {
    let pairs = a.this::<PyContext>().pairs(cx);
    let items = pairs.into_iter().map(|(var, value)| cx.tuple(vec![var, value])).collect();
    iterator(cx, 2, items)
}

fn iterator_next(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyContextIter>();
    let inner = this.inner.get(&this.h, cx).unwrap_or_else(|| cx.none());
    match cx.next(inner.r())? {
        Some(v) => Ok(v),
        None => Err(cx.stop_iteration()),
    }
}

fn iterator_class(cx: &mut Cx, kind: usize) -> &'static PyType {
    if let Some(class) = ITERATORS[kind].get() {
        return class;
    }
    let (name, flags) = (["keys", "values", "items"][kind], class_flag::DISALLOW_INSTANTIATION);
    let size = size_of::<PyContextIter>();
    let mut t = TypeBuilder::native_type(cx, name, &ITER_OPS, size, true, flags);
    t.special(cx, Special::Iter, Leaf(|cx, a| Ok(a.get(0).own(cx))));
    t.special(cx, Special::Next, Full(iterator_next));
    ITERATORS[kind].get_or_init(|| t.class())
}

/// The type.
pub fn class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = CLASS.get() {
        return class;
    }
    let (name, size) = ("_contextvars.Context", size_of::<PyContext>());
    let mut t = TypeBuilder::native_type(cx, name, &CONTEXT_OPS, size, true, class_flag::HAS_WEAKREF);
    t.doc(cx, "The values of context variables; empty when made.");
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    t.specials(
        cx,
        &[
            (Special::Eq, Full(|cx, a| equal(cx, a, CompareOp::Eq))),
            (Special::Ne, Full(|cx, a| equal(cx, a, CompareOp::Ne))),
            (Special::Iter, Full(keys)),
            (Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<PyContext>().pairs(cx).len() as i64)))),
            (Special::GetItem, Full(getitem)),
            (Special::Contains, Full(contains)),
        ],
    );
    t.method(cx, "get", "($self, key, default=None, /)", Full(get))
        .method(cx, "items", "($self, /)", Full(items))
        .method(cx, "keys", "($self, /)", Full(keys))
        .method(cx, "values", "($self, /)", Full(values))
        .method(
            cx,
            "copy",
            "($self, /)",
            Full(|cx, a| {
                let root = a.this::<PyContext>().root(cx);
                new_context(cx, root)
            }),
        )
        .method(cx, "run", "($self, /, *args, **kwargs)", Varied(run_given, run));
    let none = cx.none();
    t.attr(cx, "__hash__", none);
    CLASS.get_or_init(|| t.class())
}
