//! `property`.

use crate::prelude::*;
use ungil_locks::primitive::{AtomicBool, Ordering};

/// A property.
#[repr(C)]
pub struct PyProperty {
    pub h: Header,
    get: Slot,
    set: Slot,
    delete: Slot,
    doc: Slot,
    name: Slot,
    /// The documentation is the getter's.
    getter_doc: AtomicBool,
}

impl PyProperty {
    /// The getter, borrowed from whoever reads it exclusively.
    #[inline(always)]
    pub(crate) fn getter(&self) -> Value {
        self.get.peek()
    }

    /// The getter, if there is one.
    pub(crate) fn counted_getter(&self, cx: &Cx) -> Option<Obj> {
        self.get.get(&self.h, cx)
    }

    fn slots(&self) -> [&Slot; 5] {
        [&self.get, &self.set, &self.delete, &self.doc, &self.name]
    }
}

unsafe fn property_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a property.
    unsafe { (*h.cast::<PyProperty>()).slots().iter().for_each(|slot| visit(slot.peek())) }
}

unsafe fn property_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a property that nobody else reaches.
    unsafe { (*h.cast::<PyProperty>()).slots().iter().for_each(|slot| slot.clear(m)) }
}

pub static PROPERTY_OPS: TypeOps = TypeOps {
    name: "property",
    size: |_| size_of::<PyProperty>(),
    trace: Some(property_trace),
    drop_fields: Some(property_drop),
    needs_finalizer: crate::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyProperty {
    const OPS: &'static TypeOps = &PROPERTY_OPS;
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Property, "property", &PROPERTY_OPS, size_of::<PyProperty>(), true);
}

fn this<'a>(a: Args<'a>) -> &'a PyProperty {
    a.this::<PyProperty>()
}

fn held(cx: &Cx, p: &PyProperty, slot: &Slot) -> Obj {
    slot.get(&p.h, cx).unwrap_or_else(|| cx.none())
}

fn property_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    cx.alloc_for(class, |h| PyProperty {
        h,
        get: Slot::empty(),
        set: Slot::empty(),
        delete: Slot::empty(),
        doc: Slot::empty(),
        name: Slot::empty(),
        getter_doc: AtomicBool::new(false),
    })
}

fn property_init(cx: &mut Cx, a: Args<'_>) -> R {
    let p = this(a);
    for (i, slot) in [(1, &p.get), (2, &p.set), (3, &p.delete), (4, &p.doc)] {
        match a.opt_not_none(i) {
            Some(v) => slot.set(&p.h, cx, v.own(cx)),
            None => drop(slot.take(&p.h, cx)),
        }
    }
    // ORD: relaxed; threads that race to initialise the same property get any of their results.
    p.getter_doc.store(false, Ordering::Relaxed);
    if a.opt_not_none(4).is_none()
        && let Some(getter) = a.opt_not_none(1)
        && let Some(doc) = cx.get_attr_opt(getter, cx.vm.names.doc.get())?
    {
        p.doc.set(&p.h, cx, doc);
        // ORD: as above.
        p.getter_doc.store(true, Ordering::Relaxed);
    }
    Ok(cx.none())
}

/// The complaint about a missing accessor.
fn lacks(cx: &mut Cx, p: &PyProperty, v: Ref<'_>, what: &str) -> Err {
    let class = {
        let class = cx.class_of(v).as_ref();
        let qualname = cx.get_attr_opt(class, cx.vm.names.qualname.get()).ok().flatten();
        qualname.map(|q| cx.text_of(q.r())).unwrap_or_default()
    };
    let name = match p.name.get(&p.h, cx) {
        Some(name) => cx.repr_string(name.r()).map(|n| format!(" {n}")).unwrap_or_default(),
        None => String::new(),
    };
    let message = format!("property{name} of '{class}' object has no {what}");
    cx.error(Builtin::AttributeError, &message)
}

fn property_get(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt_not_none(1) else { return Ok(a.get(0).own(cx)) };
    let p = this(a);
    match p.get.get(&p.h, cx) {
        Some(f) => cx.call(f.r(), &[v]),
        None => Err(lacks(cx, p, v, "getter")),
    }
}

fn property_set(cx: &mut Cx, a: Args<'_>) -> R {
    let p = this(a);
    match p.set.get(&p.h, cx) {
        Some(f) => cx.call(f.r(), &[a.get(1), a.get(2)]),
        None => Err(lacks(cx, p, a.get(1), "setter")),
    }
}

fn property_delete(cx: &mut Cx, a: Args<'_>) -> R {
    let p = this(a);
    match p.delete.get(&p.h, cx) {
        Some(f) => cx.call(f.r(), &[a.get(1)]),
        None => Err(lacks(cx, p, a.get(1), "deleter")),
    }
}

/// A copy of the property with one accessor replaced.
fn with(cx: &mut Cx, a: Args<'_>, which: usize) -> R {
    let p = this(a);
    let mut parts = [&p.get, &p.set, &p.delete].map(|slot| held(cx, p, slot));
    parts[which] = a.get(1).own(cx);
    let class = cx.class_of(a.get(0)).as_ref();
    let [get, set, delete] = &parts;
    // What the getter says of itself goes with the getter.
    // What the getter says of itself goes with the getter.
    // ORD: as in `property_init`.
    let from_getter = p.getter_doc.load(Ordering::Relaxed) && !parts[0].value().is_none();
    let doc = if from_getter { cx.none() } else { held(cx, p, &p.doc) };
    let made = cx.call(class, &[get.r(), set.r(), delete.r(), doc.r()])?;
    if let (Some(copy), Some(name)) = (made.downcast::<PyProperty>(cx), p.name.get(&p.h, cx)) {
        copy.name.set(&copy.h, cx, name);
    }
    Ok(made)
}

fn is_abstract(cx: &mut Cx, a: Args<'_>) -> R {
    let p = this(a);
    for slot in [&p.get, &p.set, &p.delete] {
        let f = held(cx, p, slot);
        if let Some(flag) = cx.get_attr_opt(f.r(), cx.vm.names.isabstractmethod.get())?
            && cx.truth(flag.r())?
        {
            return Ok(cx.bool(true));
        }
    }
    Ok(cx.bool(false))
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE;
    let mut t = TypeBuilder::new(cx, Builtin::Property, Some(Builtin::Object), flags);
    t.constructor(cx, "($cls, /, *args, **kwargs)", Full(property_new))
        .method(cx, "__init__", "($self, fget=None, fset=None, fdel=None, doc=None)", Full(property_init))
        .special(cx, Special::Get, Full(property_get))
        .special(cx, Special::Set, Full(property_set))
        .special(cx, Special::Delete, Full(property_delete))
        .special(
            cx,
            Special::SetName,
            Full(|cx, a| {
                this(a).name.set(&this(a).h, cx, a.get(2).own(cx));
                Ok(cx.none())
            }),
        )
        .method(cx, "getter", "($self, object, /)", Full(|cx, a| with(cx, a, 0)))
        .method(cx, "setter", "($self, object, /)", Full(|cx, a| with(cx, a, 1)))
        .method(cx, "deleter", "($self, object, /)", Full(|cx, a| with(cx, a, 2)))
        .member(cx, "fget", Full(|cx, a| Ok(held(cx, this(a), &this(a).get))))
        .member(cx, "fset", Full(|cx, a| Ok(held(cx, this(a), &this(a).set))))
        .member(cx, "fdel", Full(|cx, a| Ok(held(cx, this(a), &this(a).delete))))
        .getset(cx, "__isabstractmethod__", Full(is_abstract), None)
        .getset(
            cx,
            "__name__",
            Full(|cx, a| Ok(held(cx, this(a), &this(a).name))),
            Some(Full(|cx, a| {
                if let Some(v) = a.opt(1) {
                    this(a).name.set(&this(a).h, cx, v.own(cx));
                }
                Ok(cx.none())
            })),
        )
        .getset(
            cx,
            "__doc__",
            Full(|cx, a| Ok(held(cx, this(a), &this(a).doc))),
            Some(Full(|cx, a| {
                if let Some(v) = a.opt(1) {
                    this(a).doc.set(&this(a).h, cx, v.own(cx));
                }
                Ok(cx.none())
            })),
        );
}
