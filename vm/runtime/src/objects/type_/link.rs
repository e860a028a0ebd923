//! Placing a class under its bases: MRO (C3), best base, inherited flags, layout of instances.

use crate::class::{MAX_SHAPE_ATTRS, Shape};
use crate::objects::tuple::{PyTuple, new_tuple};
use crate::prelude::*;
use ungil_locks::primitive::Ordering;

/// The C3 linearisation of a class with these bases; `None` if there is none.
pub fn linearise(class: &'static PyType, bases: &[&'static PyType]) -> Option<Vec<&'static PyType>> {
    let mut lists: Vec<Vec<&'static PyType>> = bases.iter().map(|b| b.mro().to_vec()).collect();
    lists.push(bases.to_vec());
    let mut mro = vec![class];
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return Some(mro);
        }
        let next = lists
            .iter()
            .map(|list| list[0])
            .find(|&head| lists.iter().all(|list| !list[1..].iter().any(|&c| std::ptr::eq(c, head))))?;
        mro.push(next);
        for list in &mut lists {
            if std::ptr::eq(list[0], next) {
                list.remove(0);
            }
        }
    }
}

/// The base that decides the layout: the one whose instances carry most, later ones only if they extend it.
///
/// # Errors
/// `TypeError` for a lay-out conflict.
pub fn best_base(cx: &mut Cx, bases: &[&'static PyType]) -> R<&'static PyType> {
    let mut best = bases[0];
    for &base in &bases[1..] {
        let (a, b) = (best.base_with_layout(), base.base_with_layout());
        if a.is_subclass(b, cx) {
            continue;
        }
        if b.is_subclass(a, cx) {
            best = base;
        } else {
            return Err(cx.type_error("multiple bases have instance lay-out conflict"));
        }
    }
    Ok(best)
}

impl PyType {
    /// The nearest class of the line of best bases that determines the payload or adds slots.
    pub fn base_with_layout(&'static self) -> &'static PyType {
        match self.base() {
            Some(base) if std::ptr::eq(base.ops, self.ops) && base.slot_count == self.slot_count => {
                base.base_with_layout()
            }
            _ => self,
        }
    }
}

/// Attribute slots that the first instances have for what is set from outside.
const SPARE: u32 = 2;

/// How many attributes the first instances will have: as many as the methods of the classes of the MRO set on `self`
/// (`__static_attributes__`) and a few that are set from outside, or a guess if they set none.
fn expected_attributes(cx: &Cx, class: &PyType, mro: &[&'static PyType]) -> u32 {
    let key = cx.vm.names.static_attributes.get();
    let mut names: Vec<Value> = Vec::new();
    for base in mro.iter().filter(|c| c.is_heap()) {
        let attributes = base.dict(cx).get_str(cx, key);
        if let Some(tuple) = attributes.as_ref().and_then(|t| t.r().downcast::<PyTuple>(cx)) {
            names.extend(tuple.items().iter().map(|name| name.value()));
        }
    }
    // Names in code are interned: equal ones are the same object.
    names.sort_unstable_by_key(|name| name.0);
    names.dedup();
    match names.len() as u32 {
        // ORD: relaxed; the class is not shared yet.
        0 => class.inline_hint.load(Ordering::Relaxed),
        n => super::call::room_for(n).max(n + SPARE).min(MAX_SHAPE_ATTRS),
    }
}

/// Gives a class its dict, bases and MRO, and what it inherits. Built-in bases never conflict.
pub fn link(cx: &Cx, class: &'static PyType, bases: &[&'static PyType], dict: Obj) {
    let Some(mro) = linearise(class, bases) else { ungil_gc::fatal("built-in classes without an MRO") };
    set_place(cx, class, bases, bases.first().copied(), mro, dict);
}

/// Makes what belongs to a class last as long as whoever may be looking at it without counting it: for ever if the class
/// does.
pub fn lasting(cx: &Cx, class: &PyType, v: Obj) -> Obj {
    match v.r().header() {
        Some(h) if class.h.is_hub() => h.make_hub(&cx.space),
        Some(h) => h.make_immortal(),
        None => {}
    }
    v
}

/// As [`link`], with everything decided.
pub fn set_place(
    cx: &Cx,
    class: &'static PyType,
    bases: &[&'static PyType],
    best: Option<&'static PyType>,
    mro: Vec<&'static PyType>,
    dict: Obj,
) {
    let tuple =
        |classes: &[&'static PyType]| new_tuple(cx, classes.iter().map(|c| c.as_ref().own(cx)).collect());
    class.dict.set(&class.h, cx, lasting(cx, class, dict));
    class.bases.set(&class.h, cx, lasting(cx, class, tuple(bases)));
    class.mro.set(&class.h, cx, lasting(cx, class, tuple(&mro)));
    if let Some(best) = best {
        // ORD: release; pairs with `PyType::base`.
        class.base.store(best as *const PyType as *mut PyType, Ordering::Release);
    }
    let dict = if class.has_layout::<PyType>() { 0 } else { class_flag::HAS_DICT };
    let inherited = dict | class_flag::HAS_WEAKREF | class_flag::MATCH_SELF | class_flag::HAS_DEL;
    for base in bases {
        // ORD: relaxed; the class is not shared yet.
        class.set_flag(base.flags.load(Ordering::Relaxed) & inherited);
        base.subclasses.lock().unwrap_or_else(|p| p.into_inner()).push(class);
    }
    // What it is to a pattern, the nearest class says that is anything at all.
    // ORD: relaxed; the flags of other classes say nothing about other memory.
    let kinds = class_flag::SEQUENCE | class_flag::MAPPING;
    let inherited = mro.iter().map(|c| c.flags.load(Ordering::Relaxed) & kinds).find(|&kind| kind != 0);
    class.set_flag(inherited.unwrap_or(0));
    if class.root_shape.load(Ordering::Relaxed).is_null() {
        let attrs =
            if class.has_flag(class_flag::HAS_DICT) { expected_attributes(cx, class, &mro) } else { 0 };
        // ORD: relaxed; the class is not shared yet.
        class.inline_hint.store(attrs, Ordering::Relaxed);
        let shape = match class.has_layout::<PyType>() {
            // Classes keep their attributes in their own dict.
            true => Shape::native(cx, class, class.ops, true),
            false => Shape::root(cx, class, None, class.slot_count + attrs),
        };
        class.root_shape.store(shape as *const Shape as *mut Shape, Ordering::Release);
    }
}

/// Gives a class what its metaclass, written in Rust, knows of it. Once.
pub fn set_native_part(cx: &Cx, class: &PyType, part: Obj) {
    class.native.set(&class.h, cx, lasting(cx, class, part));
}

/// What [`set_native_part`] has given the class.
#[inline]
pub fn native_part<T: Object>(cx: &Cx, class: &'static PyType) -> Option<&'static T> {
    let part = class.native.peek();
    if part.is_undef() {
        return None;
    }
    // SAFETY: set once and kept as long as the class.
    let part: Ref<'static> = unsafe { Ref::from_value(part) };
    part.downcast::<T>(cx)
}
