//! The type `Element`: its fields, and how elements are made.
//!
//! The object's lock guards all fields. What leaves an element is dropped after the unlock; trees of any depth are freed by
//! the worklist of destruction.

use super::{ClassCell, items, methods, search, state};
use std::cell::UnsafeCell;
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

static CLASS: ClassCell = ClassCell::new();

/// An element of a document.
#[repr(C)]
pub(super) struct PyElement {
    pub h: Header,
    pub tag: Slot,
    pub text: Slot,
    pub tail: Slot,
    /// The attributes; empty until somebody wants them.
    attrib: Slot,
    children: UnsafeCell<Vec<Slot>>,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyElement {
    const OPS: &'static TypeOps = &ELEMENT_OPS;
}

static ELEMENT_OPS: TypeOps = TypeOps {
    name: "xml.etree.ElementTree.Element",
    size: |_| size_of::<PyElement>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

impl PyElement {
    fn slots(&self) -> [&Slot; 4] {
        [&self.tag, &self.text, &self.tail, &self.attrib]
    }
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is an element that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyElement>() };
    this.slots().iter().for_each(|slot| visit(slot.peek()));
    // SAFETY: as above.
    unsafe { &*this.children.get() }.iter().for_each(|slot| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the element is this thread's alone.
    let this = unsafe { &*h.cast::<PyElement>() };
    this.slots().iter().for_each(|slot| slot.clear(m));
    // SAFETY: as above.
    let children = std::mem::take(unsafe { &mut *this.children.get() });
    // Destruction by worklist takes the latest first.
    children.into_iter().rev().for_each(|slot| slot.clear(m));
}

/// A slot that an object which nobody else knows yet, or whose lock is held, gets.
pub(super) fn slot_in(h: &Header, v: Obj) -> Slot {
    let slot = Slot::empty();
    slot.replace_locked(h, v);
    slot
}

impl PyElement {
    fn blank(h: Header, tag: Obj, attrib: Option<Obj>) -> PyElement {
        let none = || Slot::new(Obj::immediate(Value::NONE));
        PyElement {
            h,
            tag: Slot::new(tag),
            text: none(),
            tail: none(),
            attrib: attrib.map_or_else(Slot::empty, Slot::new),
            children: UnsafeCell::new(Vec::new()),
        }
    }

    /// Runs `f` with the children, the lock held. `f` runs no Python and drops no object.
    #[inline(always)]
    pub(super) fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut Vec<Slot>) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.children.get() }))
    }

    pub(super) fn len(&self, cx: &Cx) -> usize {
        self.with(cx, |children| children.len())
    }

    /// A child.
    #[inline]
    pub(super) fn child(&self, cx: &Cx, i: usize) -> Option<Obj> {
        self.with(cx, |children| children.get(i)?.get_locked(cx))
    }

    /// All children.
    pub(super) fn snapshot(&self, cx: &Cx) -> Vec<Obj> {
        self.with(cx, |children| children.iter().filter_map(|slot| slot.get_locked(cx)).collect())
    }

    /// Adds a child at the end.
    ///
    /// # Errors
    /// `MemoryError`.
    #[inline]
    pub(super) fn push(&self, cx: &mut Cx, child: Obj) -> R<()> {
        self.insert(cx, usize::MAX, child)
    }

    /// Adds a child in front of another, or at the end.
    ///
    /// # Errors
    /// `MemoryError`.
    #[inline]
    pub(super) fn insert(&self, cx: &mut Cx, at: usize, child: Obj) -> R<()> {
        let refused = self.with(cx, |children| {
            let capacity = children.capacity();
            if children.len() == capacity {
                // Most elements have few children.
                let more = if capacity == 0 { 4 } else { capacity };
                if children.try_reserve(more).is_err() {
                    return Some(child);
                }
                cx.add_debt((children.capacity() - capacity) * size_of::<Slot>());
            }
            let slot = slot_in(&self.h, child);
            match at.min(children.len()) {
                at if at == children.len() => children.push(slot),
                at => children.insert(at, slot),
            }
            None
        });
        match refused {
            None => Ok(()),
            Some(child) => {
                drop(child);
                Err(cx.memory_error())
            }
        }
    }

    /// Replaces all children; gives the old ones, which are to be dropped.
    pub(super) fn replace_children(&self, cx: &Cx, new: Vec<Obj>) -> Vec<Obj> {
        let new = new.into_iter().map(|child| slot_in(&self.h, child)).collect();
        let old = self.with(cx, |children| std::mem::replace(children, new));
        old.into_iter().filter_map(|slot| slot.take_locked()).collect()
    }

    /// What a field holds.
    #[inline]
    pub(super) fn field(&self, cx: &Cx, slot: &Slot) -> Obj {
        slot.get(&self.h, cx).unwrap_or_else(|| cx.none())
    }

    /// The attributes, if there are any or somebody has asked for them.
    pub(super) fn attrib_opt(&self, cx: &Cx) -> Option<Obj> {
        self.attrib.get(&self.h, cx)
    }

    /// The attributes.
    pub(super) fn attrib(&self, cx: &Cx) -> Obj {
        if let Some(attrib) = self.attrib_opt(cx) {
            return attrib;
        }
        let new = PyDict::new(cx);
        locked(cx, &self.h, || match self.attrib.get_locked(cx) {
            Some(attrib) => (attrib, Some(new)),
            None => {
                self.attrib.replace_locked(&self.h, new.clone());
                (new, None)
            }
        })
        .0
    }

    pub(super) fn set_attrib(&self, cx: &Cx, attrib: Option<Obj>) {
        match attrib {
            Some(attrib) => self.attrib.set(&self.h, cx, attrib),
            None => drop(self.attrib.take(&self.h, cx)),
        }
    }
}

/// An exact element.
///
/// # Errors
/// `MemoryError`.
#[inline]
pub(super) fn new_element(cx: &mut Cx, tag: Obj, attrib: Option<Obj>) -> R {
    let class = class(cx);
    cx.alloc_for::<PyElement>(class, |h| PyElement::blank(h, tag, attrib))
}

/// Whether the object is an element and of no subclass.
#[inline]
pub(super) fn is_exact(cx: &Cx, v: Ref<'_>) -> bool {
    CLASS.get().is_some_and(|class| std::ptr::eq(cx.class_of(v), *class))
}

/// The error for a child that is no element.
#[cold]
pub(super) fn not_an_element(cx: &mut Cx, v: Ref<'_>) -> Err {
    let got = cx.type_name(v);
    cx.type_error(format!("expected an Element, not \"{got}\""))
}

/// An argument that must be an element, for `what` as messages have it ("append() argument 1").
///
/// # Errors
/// `TypeError`.
pub(super) fn element_argument<'a>(cx: &mut Cx, v: Ref<'a>, what: &str) -> R<&'a PyElement> {
    match v.downcast::<PyElement>(cx) {
        Some(element) => Ok(element),
        None => Err(wrong_argument(cx, v, what, "xml.etree.ElementTree.Element")),
    }
}

#[cold]
pub(super) fn wrong_argument(cx: &mut Cx, v: Ref<'_>, what: &str, wanted: &str) -> Err {
    let got = if v.value().is_none() { "None".into() } else { cx.type_name(v) };
    cx.type_error(format!("{what} must be {wanted}, not {got}"))
}

/// An argument that must be a dict.
///
/// # Errors
/// `TypeError`.
pub(super) fn dict_argument<'a>(cx: &mut Cx, v: Ref<'a>, what: &str) -> R<&'a PyDict> {
    match cx.as_dict(v) {
        Some(dict) => Ok(dict),
        None => Err(wrong_argument(cx, v, what, "dict")),
    }
}

/// The attributes that a call names: a dict, keywords, or both. None if there are none.
fn attributes(cx: &mut Cx, given: Option<&PyDict>, keywords: Option<&PyDict>) -> R<Option<Obj>> {
    let keywords = keywords.filter(|kw| !kw.is_empty());
    let made = match (given, keywords) {
        (None, None) => return Ok(None),
        (Some(given), _) => given.copy(cx),
        (None, Some(keywords)) => {
            let name = cx.str("attrib");
            match keywords.get_str(cx, name.r()) {
                None => PyDict::new(cx),
                Some(attrib) => match cx.as_dict(attrib.r()) {
                    Some(attrib) => attrib.copy(cx),
                    None => {
                        let got = cx.type_name(attrib.r());
                        return Err(cx.type_error(format!("attrib must be dict, not {got}")));
                    }
                },
            }
        }
    };
    if let (Some(keywords), Some(to)) = (keywords, made.downcast::<PyDict>(cx)) {
        for (name, value) in keywords.items(cx) {
            let is_attrib = name.downcast::<ungil_runtime::objects::str::PyStr>(cx);
            if given.is_none() && is_attrib.is_some_and(|name| name.as_bytes() == b"attrib") {
                continue;
            }
            to.set(cx, name, value)?;
        }
    }
    Ok(Some(made))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    cx.alloc_for::<PyElement>(class, |h| PyElement::blank(h, Obj::immediate(Value::NONE), None))
}

fn count_error(cx: &mut Cx, name: &str, min: usize, max: usize, given: usize) -> Err {
    let (bound, word) = if given < min { (min, "least") } else { (max, "most") };
    let plural = if bound == 1 { "" } else { "s" };
    cx.type_error(format!("{name}() takes at {word} {bound} argument{plural} ({given} given)"))
}

fn initialise(cx: &mut Cx, a: Args<'_>) -> R {
    let (tag, given) = match *a.varargs(cx, 1) {
        [tag] => (tag, None),
        [tag, attrib] => (tag, Some(dict_argument(cx, attrib, "Element() argument 2")?)),
        ref other => return Err(count_error(cx, "Element", 1, 2, other.len())),
    };
    let attrib = attributes(cx, given, a.varkw(cx, 2))?;
    let this: &PyElement = a.this();
    this.set_attrib(cx, attrib);
    this.tag.set(&this.h, cx, tag.own(cx));
    this.text.set(&this.h, cx, cx.none());
    this.tail.set(&this.h, cx, cx.none());
    drop(this.replace_children(cx, Vec::new()));
    Ok(cx.none())
}

/// `Element(tag)` and `Element(tag, attrib)`.
fn quick(cx: &mut Cx, class: &'static PyType, args: Args<'_>) -> Option<R> {
    let attrib = match args.refs() {
        [_] => None,
        [_, attrib] => Some(cx.as_dict(*attrib)?.copy(cx)),
        _ => return None,
    };
    let tag = args.get(0).own(cx);
    Some(cx.alloc_for::<PyElement>(class, |h| PyElement::blank(h, tag, attrib)))
}

/// `SubElement` as it is nearly always called.
pub(super) fn sub_element_quick(cx: &mut Cx, args: Args<'_>) -> Option<R> {
    let attrib = match args.refs() {
        [_, _] => None,
        [_, _, attrib] => Some(cx.as_dict(*attrib)?.copy(cx)),
        _ => return None,
    };
    let parent = args.get(0).downcast::<PyElement>(cx)?;
    let tag = args.get(1).own(cx);
    Some(new_element(cx, tag, attrib).and_then(|made| parent.push(cx, made.clone()).map(|()| made)))
}

pub(super) fn sub_element(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 0);
    if !(2..=3).contains(&args.len()) {
        return Err(count_error(cx, "SubElement", 2, 3, args.len()));
    }
    let parent = element_argument(cx, args[0], "SubElement() argument 1")?;
    let given = match args.get(2) {
        Some(&attrib) => Some(dict_argument(cx, attrib, "SubElement() argument 3")?),
        None => None,
    };
    let attrib = attributes(cx, given, a.varkw(cx, 1))?;
    let tag = args[1].own(cx);
    let made = new_element(cx, tag, attrib)?;
    parent.push(cx, made.clone())?;
    Ok(made)
}

/// The type.
pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    match CLASS.get() {
        Some(class) => class,
        None => make_class(cx),
    }
}

#[cold]
fn make_class(cx: &mut Cx) -> &'static PyType {
    let (size, flags) = (size_of::<PyElement>(), class_flag::BASETYPE | class_flag::HAS_WEAKREF);
    let name = "xml.etree.ElementTree.Element";
    let mut b = TypeBuilder::native_type(cx, name, &ELEMENT_OPS, size, true, flags);
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.method(cx, "__init__", "($self, /, *args, **kwargs)", Full(initialise));
    b.quick(quick);
    items::add(cx, &mut b);
    methods::add(cx, &mut b);
    search::add(cx, &mut b);
    state::add(cx, &mut b);
    CLASS.get_or_init(|| b.class())
}
