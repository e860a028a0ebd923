//! `_thread._local`: an object whose attributes are another set in each thread.
//!
//! Each thread has a dict of its own for the object, which the object keeps, so that the cycle collector sees it. The
//! end of a thread takes its dict away from every such object. A thread finds its dict in a table of its own, without
//! a lock; the number of an object is never used again, so an entry that outlives its object is never found.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};
use ungil_locks::primitive::{AtomicU64, Mutex, MutexGuard, Ordering};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::ops::{get_attr_with, set_attr_with};
use ungil_runtime::prelude::*;

/// The dicts of an object, by thread id. The mutex is a leaf: nothing is dropped under it.
#[derive(Default)]
struct Dicts(Mutex<HashMap<u64, Slot>>);

// SAFETY: the slots are read and written under the mutex, and what they hold has been published.
unsafe impl Send for Dicts {}
// SAFETY: as above.
unsafe impl Sync for Dicts {}

impl Dicts {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The object; `args` and `kwargs` are what `__init__` is called with in each new thread.
#[repr(C)]
struct PyLocal {
    h: Header,
    number: u64,
    dicts: Arc<Dicts>,
    args: Slot,
    kwargs: Slot,
}

static LOCAL_OPS: TypeOps = TypeOps {
    name: "_local",
    size: |_| size_of::<PyLocal>(),
    trace: Some(|h, visit| {
        // SAFETY: the object has this payload, and no thread changes it meanwhile.
        let local = unsafe { &*h.cast::<PyLocal>() };
        for slot in local.dicts.lock().values().chain([&local.args, &local.kwargs]) {
            if !slot.is_empty() {
                visit(slot.peek());
            }
        }
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: called once, with an object that no thread reaches any more.
        let local = unsafe { &*h.cast::<PyLocal>() };
        let dicts = std::mem::take(&mut *local.dicts.lock());
        for slot in dicts.values().chain([&local.args, &local.kwargs]) {
            if let Some(v) = slot.take_locked() {
                m.drop_value(v.into_value());
            }
        }
        // SAFETY: as above; the field is not used again.
        unsafe { std::ptr::drop_in_place(&raw mut (*h.cast::<PyLocal>()).dicts) };
    }),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyLocal {
    const OPS: &'static TypeOps = &LOCAL_OPS;
}

/// Where a thread finds its dict of an object: the value is kept alive by the object's own table.
type Found = HashMap<u64, (Weak<Dicts>, Value)>;

thread_local! {
    static FOUND: RefCell<Found> = RefCell::new(HashMap::new());
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Takes this thread's dicts away from all objects that have one.
pub(super) fn end_of_thread(cx: &Cx) {
    let found = FOUND.with(|found| std::mem::take(&mut *found.borrow_mut()));
    let id = cx.thread.id();
    for (dicts, _) in found.into_values() {
        let Some(dicts) = dicts.upgrade() else { continue };
        let slot = dicts.lock().remove(&id);
        if let Some(dict) = slot.and_then(|slot| slot.take_locked()) {
            drop(dict);
        }
    }
}

/// This thread's dict, and whether it is new.
fn dict_here(cx: &mut Cx, local: &PyLocal) -> (Obj, bool) {
    let known = FOUND.with(|found| found.borrow().get(&local.number).map(|(_, dict)| *dict));
    if let Some(dict) = known {
        // SAFETY: the object is alive, and keeps this thread's dict until the thread ends.
        return (unsafe { Obj::from_borrowed(dict, cx.mutator()) }, false);
    }
    let dict = PyDict::new(cx);
    // Whichever thread drops the object last drops the dicts of all.
    cx.publish(dict.value());
    local.dicts.lock().insert(cx.thread.id(), Slot::new(dict.clone()));
    FOUND.with(|found| {
        let mut found = found.borrow_mut();
        if found.len() == found.capacity() {
            found.retain(|_, (dicts, _)| dicts.strong_count() > 0);
        }
        found.insert(local.number, (Arc::downgrade(&local.dicts), dict.value()));
    });
    (dict, true)
}

/// This thread's dict; in a thread that comes for the first time `__init__` runs.
fn dict_of(cx: &mut Cx, object: Ref<'_>) -> R {
    // SAFETY: the methods below are called with instances only.
    let local = unsafe { object.cast_unchecked::<PyLocal>() };
    let (dict, is_new) = dict_here(cx, local);
    let class = cx.class_of(object);
    let has_init = !class.same_special(cx, cx.builtin(Builtin::Object), Special::Init);
    if is_new
        && has_init
        && let Err(err) = init_here(cx, object, class, local)
    {
        FOUND.with(|found| found.borrow_mut().remove(&local.number));
        let slot = local.dicts.lock().remove(&cx.thread.id());
        drop(slot.and_then(|slot| slot.take_locked()));
        return Err(err);
    }
    Ok(dict)
}

fn init_here(cx: &mut Cx, object: Ref<'_>, class: &'static PyType, local: &PyLocal) -> R<()> {
    let Some(init) = class.special(cx, Special::Init) else { return Ok(()) };
    let args = local.args.get(&local.h, cx);
    let kwargs = local.kwargs.get(&local.h, cx);
    let mut positional = vec![object];
    if let Some(args) = args.as_ref().and_then(|a| a.r().downcast::<PyTuple>(cx)) {
        positional.extend_from_slice(args.items());
    }
    let pairs = match kwargs.as_ref().and_then(|kw| kw.r().downcast::<PyDict>(cx)) {
        Some(kw) => kw.items(cx),
        None => Vec::new(),
    };
    let named: Vec<(String, Obj)> = pairs.into_iter().map(|(k, v)| (cx.text_of(k.r()), v)).collect();
    let named: Vec<(&str, Ref<'_>)> = named.iter().map(|(k, v)| (k.as_str(), v.r())).collect();
    cx.call_kw(init, &positional, &named).map(drop)
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the caller of `__new__`");
    let given = !a.varargs(cx, 1).is_empty() || a.varkw(cx, 2).is_some_and(|kw| !kw.is_empty());
    if given && class.same_special(cx, cx.builtin(Builtin::Object), Special::Init) {
        return Err(cx.type_error("Initialization arguments are not supported"));
    }
    let args = Slot::new(a.get(1).own(cx));
    let kwargs = match a.opt(2) {
        Some(kwargs) => Slot::new(kwargs.own(cx)),
        None => Slot::empty(),
    };
    // ORD: relaxed; only that every object gets another number matters.
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let made = cx.alloc_for(class, |h| PyLocal { h, number, dicts: Arc::default(), args, kwargs })?;
    // The creating thread's `__init__` is called by the class, as for every object.
    // SAFETY: just made.
    let local = unsafe { made.r().cast_unchecked::<PyLocal>() };
    dict_here(cx, local);
    Ok(made)
}

fn get_attribute(cx: &mut Cx, a: Args<'_>) -> R {
    let (object, name) = (a.get(0), a.get(1));
    let dict = dict_of(cx, object)?;
    if cx.is_instance_of(name, Builtin::Str) && cx.text_of(name) == "__dict__" {
        return Ok(dict);
    }
    let found = get_attr_with(cx, object, name, |cx: &mut Cx, _, name| match dict.downcast::<PyDict>(cx) {
        Some(dict) => dict.get(cx, name),
        None => Ok(None),
    })?;
    found.map_or_else(|| Err(missing(cx, object, name)), Ok)
}

fn missing(cx: &mut Cx, object: Ref<'_>, name: Ref<'_>) -> Err {
    let message =
        format!("'{}' object has no attribute '{}'", cx.class_of(object).tp_name(), cx.text_of(name));
    cx.attribute_error(object, name, &message)
}

fn change(cx: &mut Cx, object: Ref<'_>, name: Ref<'_>, value: Option<Obj>) -> R {
    let dict = dict_of(cx, object)?;
    if cx.is_instance_of(name, Builtin::Str) && cx.text_of(name) == "__dict__" {
        let class = cx.class_of(object).tp_name();
        let message = format!("'{class}' object attribute '__dict__' is read-only");
        return Err(cx.attribute_error(object, name, &message));
    }
    set_attr_with(cx, object, name, value, |cx: &mut Cx, object, name, value, _| {
        let Some(dict) = dict.downcast::<PyDict>(cx) else { return Ok(()) };
        match value {
            Some(value) => {
                let name = name.own(cx);
                dict.set(cx, name, value)
            }
            None => match dict.remove(cx, name)? {
                Some(_) => Ok(()),
                None => Err(missing(cx, object, name)),
            },
        }
    })?;
    Ok(cx.none())
}

/// Makes the type.
pub(super) fn init(cx: &mut Cx) -> &'static PyType {
    let size = size_of::<PyLocal>();
    let flags = class_flag::BASETYPE | class_flag::HAS_WEAKREF;
    let mut t = TypeBuilder::native_type(cx, "_thread._local", &LOCAL_OPS, size, true, flags);
    t.doc(cx, "Thread-local data: each thread sees attributes of its own.")
        .constructor(cx, "($type, *args, **kwargs)", Full(construct))
        .special(cx, Special::GetAttribute, Full(get_attribute))
        .special(
            cx,
            Special::SetAttr,
            Full(|cx, a| {
                let value = a.get(2).own(cx);
                change(cx, a.get(0), a.get(1), Some(value))
            }),
        )
        .special(cx, Special::DelAttr, Full(|cx, a| change(cx, a.get(0), a.get(1), None)));
    t.class()
}
