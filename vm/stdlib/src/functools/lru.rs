//! The wrapper that `lru_cache` puts around a function.
//!
//! | maxsize | what is kept |
//! |---|---|
//! | 0 | nothing; calls are counted |
//! | `None` | a dict of the results by key |
//! | n | a dict of tickets by key, and the results in order of use (`lru_list.rs`) |
//!
//! The wrapper's lock guards the results and the counts; the dict has its own, and neither is held while the function or
//! the `__eq__` of a key runs. A result goes into the dict first and into the list then, and is taken out of the list first
//! and out of the dict then: whatever other threads do meanwhile, each ticket in the dict is either good or known to be
//! stale, and its owner removes it.

use super::lru_list::{Results, Ticket};
use super::partial::is_callable;
use std::cell::UnsafeCell;
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::iter::fixed;
use ungil_runtime::objects::method::new_bound_method;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::{PyTuple, new_tuple_from_borrowed};
use ungil_runtime::prelude::*;

#[repr(C)]
struct PyLru {
    h: Header,
    function: Slot,
    /// The class of what `cache_info` gives.
    info: Slot,
    /// Set when the wrapper is made.
    dict: Slot,
    /// `None` for no bound.
    max: Option<usize>,
    typed: bool,
    results: UnsafeCell<Results>,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyLru {
    const OPS: &'static TypeOps = &LRU_OPS;
}

static LRU_OPS: TypeOps = TypeOps {
    name: "functools._lru_cache_wrapper",
    size: |_| size_of::<PyLru>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a wrapper that nobody changes meanwhile.
    let (this, results) = unsafe { (&*h.cast::<PyLru>(), &*(*h.cast::<PyLru>()).results.get()) };
    for slot in [&this.function, &this.info, &this.dict] {
        if !slot.is_empty() {
            visit(slot.peek());
        }
    }
    results.trace(visit);
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the wrapper is this thread's alone.
    let (this, results) = unsafe { (&*h.cast::<PyLru>(), &mut *(*h.cast::<PyLru>()).results.get()) };
    for slot in [&this.function, &this.info, &this.dict] {
        slot.clear(m);
    }
    results.drop_all(m);
}

/// Stands between positional and keyword arguments in a key.
static MARK: OnceLock<SharedValue> = OnceLock::new();

impl PyLru {
    /// Runs `f` with what the lock guards. `f` runs no Python and drops no object.
    #[inline(always)]
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut Results) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.results.get() }))
    }

    fn dict(&self) -> &PyDict {
        // SAFETY: set to a dict when the wrapper is made, and never changed.
        unsafe { fixed(&self.dict).cast_unchecked() }
    }
}

/// `_lru_cache_wrapper(user_function, maxsize, typed, cache_info_type)`.
fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let (function, max) = (a.get(1), a.get(2));
    if !is_callable(cx, function) {
        return Err(cx.type_error("the first argument must be callable"));
    }
    let max = if max.value().is_none() {
        None
    } else if cx.class_of(max).special(cx, Special::Index).is_some() {
        Some(usize::try_from(cx.index_isize(max, Builtin::OverflowError)?).unwrap_or(0))
    } else {
        return Err(cx.type_error("maxsize should be integer or None"));
    };
    let typed = cx.truth(a.get(3))?;
    let (function, info, dict) = (function.own(cx), a.get(4).own(cx), PyDict::new(cx));
    cx.alloc_for::<PyLru>(class_argument(cx, a), |h| PyLru {
        h,
        function: Slot::new(function),
        info: Slot::new(info),
        dict: Slot::new(dict),
        max,
        typed,
        results: UnsafeCell::default(),
    })
}

/// The key of a call: the argument itself if it is a single int or string, else a tuple.
fn make_key(cx: &Cx, args: Args<'_>, names: Option<&PyTuple>, typed: bool) -> Obj {
    let names = names.map_or(&[][..], PyTuple::items);
    if !typed && names.is_empty() {
        return match args.refs() {
            &[only] if cx.is_exactly(only, Builtin::Int) || cx.is_exactly(only, Builtin::Str) => only.own(cx),
            _ => new_tuple_from_borrowed(cx, args.values()),
        };
    }
    let (given, named) = args.refs().split_at(args.len() - names.len());
    let mut parts: Vec<Value> = given.iter().map(|v| v.value()).collect();
    if let (Some(mark), false) = (MARK.get(), names.is_empty()) {
        parts.push(mark.get().value());
        for (name, v) in names.iter().zip(named) {
            parts.extend([name.value(), v.value()]);
        }
    }
    if typed {
        parts.extend(args.iter().map(|v| cx.class_of(v).as_ref().value()));
    }
    new_tuple_from_borrowed(cx, &parts)
}

fn call(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    // SAFETY: called with a wrapper.
    let this: &PyLru = unsafe { this.cast_unchecked() };
    let function = fixed(&this.function);
    match this.max {
        Some(0) => {
            this.with(cx, |results| results.misses += 1);
            cx.call_values(function, args.values(), names)
        }
        None => call_unbounded(cx, this, args, names),
        Some(max) => call_bounded(cx, this, max, args, names),
    }
}

fn call_unbounded(cx: &mut Cx, this: &PyLru, args: Args<'_>, names: Option<&PyTuple>) -> R {
    let key = make_key(cx, args, names, this.typed);
    let hash = cx.hash(key.r())?;
    if let Some(result) = this.dict().get_known_hash(cx, key.r(), hash)? {
        this.with(cx, |results| results.hits += 1);
        return Ok(result);
    }
    this.with(cx, |results| results.misses += 1);
    let result = cx.call_values(fixed(&this.function), args.values(), names)?;
    this.dict().set_known_hash(cx, key, result.clone(), hash)?;
    Ok(result)
}

fn call_bounded(cx: &mut Cx, this: &PyLru, max: usize, args: Args<'_>, names: Option<&PyTuple>) -> R {
    let key = make_key(cx, args, names, this.typed);
    let hash = cx.hash(key.r())?;
    let found = this.dict().get_known_hash(cx, key.r(), hash)?;
    if let Some(ticket) = found.and_then(|v| Ticket::of(v.r()))
        && let Some(result) = this.with(cx, |results| results.hit(cx, ticket))
    {
        return Ok(result);
    }
    this.with(cx, |results| results.misses += 1);
    let result = cx.call_values(fixed(&this.function), args.values(), names)?;
    // The function, or another thread, may have added the key meanwhile.
    if this.dict().get_known_hash(cx, key.r(), hash)?.is_none() {
        while this.with(cx, |results| results.len() >= max) {
            if !evict(cx, this)? {
                break;
            }
        }
        insert(cx, this, max, key, hash, result.clone())?;
    }
    Ok(result)
}

/// Takes the oldest result out; whether there was one.
fn evict(cx: &mut Cx, this: &PyLru) -> R<bool> {
    match this.with(cx, |results| results.take_oldest(cx)) {
        Some((ticket, key)) => give_up(cx, this, ticket, &key).map(|()| true),
        None => Ok(false),
    }
}

/// Gives a result up that has been taken out of the list. It goes back there if that fails.
fn give_up(cx: &mut Cx, this: &PyLru, ticket: Ticket, key: &Obj) -> R<()> {
    match remove_ticket(cx, this, key.r(), ticket) {
        Ok(()) => {
            let taken = this.with(cx, |results| results.remove(ticket));
            drop(taken);
            Ok(())
        }
        Err(err) => {
            this.with(cx, |results| results.link_oldest(ticket));
            Err(err)
        }
    }
}

/// Removes a ticket from the dict, unless another one has taken its place.
fn remove_ticket(cx: &mut Cx, this: &PyLru, key: Ref<'_>, ticket: Ticket) -> R<()> {
    let taken = this.dict().remove_if(cx, key, |_, v| Ticket::of(v) == Some(ticket))?;
    drop(taken);
    Ok(())
}

/// Keeps a new result, unless another thread has kept one for the key.
fn insert(cx: &mut Cx, this: &PyLru, max: usize, key: Obj, hash: i64, result: Obj) -> R<()> {
    let added = this.with(cx, |results| results.add(&this.h, key.clone(), result));
    let ticket = match added {
        Ok(ticket) => ticket,
        Err(refused) => {
            drop(refused);
            return Ok(());
        }
    };
    match this.dict().set_default_known_hash(cx, key.r(), ticket.value().r(), hash) {
        Ok((_, false)) => {
            // Other threads may have filled the place that was made for it.
            let (linked, surplus) = this.with(cx, |results| {
                let linked = results.link(ticket);
                (linked, if results.len() > max { results.take_oldest(cx) } else { None })
            });
            if !linked {
                // The cache has been cleared since: before the ticket came into the dict, or after.
                remove_ticket(cx, this, key.r(), ticket)?;
            }
            match surplus {
                Some((ticket, key)) => give_up(cx, this, ticket, &key),
                None => Ok(()),
            }
        }
        other => {
            let taken = this.with(cx, |results| results.remove(ticket));
            drop(taken);
            other.map(|_| ())
        }
    }
}

/// `cache_info()`.
fn cache_info(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyLru = a.this();
    let (hits, misses, kept) = this.with(cx, |results| (results.hits, results.misses, results.len()));
    let size = if this.max.is_some() { kept } else { this.dict().len() };
    let max = this.max.map_or_else(|| cx.none(), |max| cx.int(max as i64));
    let (hits, misses, size) = (cx.int_u64(hits), cx.int_u64(misses), cx.int(size as i64));
    cx.call(fixed(&this.info), &[hits.r(), misses.r(), max.r(), size.r()])
}

/// `cache_clear()`.
fn cache_clear(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyLru = a.this();
    let taken = this.with(cx, Results::clear);
    this.dict().clear(cx);
    drop(taken);
    Ok(cx.none())
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(instance) = a.opt_not_none(1) {
        return Ok(new_bound_method(cx, a.get(0).own(cx), instance.own(cx)));
    }
    match a.opt_not_none(2) {
        Some(_) => Ok(a.get(0).own(cx)),
        None => Err(cx.type_error("__get__(None, None) is invalid")),
    }
}

/// Pickled by its name.
fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    cx.get_attr(a.get(0), cx.vm.names.qualname.get())
}

/// Makes the type.
///
/// # Errors
/// What making an object raises.
pub(super) fn init(cx: &mut Cx) -> R<&'static PyType> {
    let mark = cx.call(cx.builtin(Builtin::Object).as_ref(), &[])?;
    MARK.get_or_init(|| SharedValue::new(mark));
    let flags =
        class_flag::BASETYPE | class_flag::HAS_DICT | class_flag::HAS_WEAKREF | class_flag::METHOD_DESCRIPTOR;
    let name = "functools._lru_cache_wrapper";
    let mut b = TypeBuilder::native_type(cx, name, &LRU_OPS, size_of::<PyLru>(), true, flags);
    b.doc(cx, "A function whose results are kept by its arguments; the last recently used ones leave first.");
    b.constructor(cx, "($type, user_function, maxsize, typed, cache_info_type)", Full(construct));
    b.callable(cx, call);
    b.special(cx, Special::Get, Full(get));
    b.special(cx, Special::Reduce, Full(reduce));
    b.method(cx, "cache_info", "($self, /)", Full(cache_info));
    b.method(cx, "cache_clear", "($self, /)", Full(cache_clear));
    b.method(cx, "__copy__", "($self, /)", Leaf(|cx, a| Ok(a.get(0).own(cx))));
    b.method(cx, "__deepcopy__", "($self, memo, /)", Leaf(|cx, a| Ok(a.get(0).own(cx))));
    ungil_runtime::objects::object::add_dict(cx, b.class())?;
    Ok(b.class())
}
