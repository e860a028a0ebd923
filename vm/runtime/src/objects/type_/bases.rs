//! `__bases__` of a class that exists, the order that a metaclass's `mro()` gives, and which layouts are the same.
//!
//! A class and its subclasses change one after another without a lock over all: another thread may see some of them with
//! their old order meanwhile, as it may in CPython. The old tuples stay alive, so whoever walks one may go on.

use super::link::{best_base, lasting, linearise};
use super::member::PyMember;
use crate::class::Shape;
use crate::objects::tuple::{PyTuple, new_tuple};
use crate::prelude::*;
use ungil_locks::primitive::{Mutex, Ordering};

/// The order in which attributes of a class with these bases are looked for; none while there is no such order.
///
/// # Errors
/// `TypeError`, or what the metaclass's `mro()` raises.
pub fn order(cx: &mut Cx, class: &'static PyType, bases: &[&'static PyType]) -> R<Vec<&'static PyType>> {
    let meta = cx.class_of(class.as_ref());
    let name = crate::objects::str::intern(cx, "mro");
    let hook = match std::ptr::eq(meta, cx.builtin(Builtin::Type)) {
        true => None,
        false => meta.lookup(cx, name.get()),
    };
    let own = cx.builtin(Builtin::Type).lookup(cx, name.get());
    match hook {
        Some(hook) if own.is_none_or(|own| own.value() != hook.value()) => {
            // The hook looks at the class, and usually asks `type.mro()` for the usual order.
            if class.mro().is_empty() {
                let provisional = linearise(class, bases).unwrap_or_else(|| vec![class]);
                set_tuple(cx, class, &class.mro, &provisional);
                set_tuple(cx, class, &class.bases, bases);
                class.set_flag(class_flag::INCOMPLETE);
            }
            let bound = cx.bind_special(hook.r(), class.as_ref())?;
            let result = cx.call(bound.r(), &[])?;
            checked(cx, class, result)
        }
        _ => usual(cx, class, bases),
    }
}

/// What `type.mro()` says.
///
/// # Errors
/// `TypeError` if the bases' orders contradict each other.
pub fn usual(cx: &mut Cx, class: &'static PyType, bases: &[&'static PyType]) -> R<Vec<&'static PyType>> {
    if let Some(order) = linearise(class, bases) {
        return Ok(order);
    }
    let names: Vec<String> = bases.iter().map(|c| c.name()).collect();
    Err(cx.type_error(format!(
        "Cannot create a consistent method resolution order (MRO) for bases {}",
        names.join(", ")
    )))
}

/// The classes that a hook has given.
fn checked(cx: &mut Cx, class: &'static PyType, result: Obj) -> R<Vec<&'static PyType>> {
    let mut order = Vec::new();
    for item in cx.collect(result.r())? {
        let Some(item_class) = PyType::from_ref(item.r(), cx) else {
            let got = cx.type_name(item.r());
            return Err(cx.type_error(format!("mro() returned a non-class ('{got}')")));
        };
        let solid = class.base_with_layout();
        if !solid.is_subclass(item_class.base_with_layout(), cx) && !std::ptr::eq(item_class, class) {
            let got = item_class.name();
            return Err(cx.type_error(format!("mro() returned base with unsuitable layout ('{got}')")));
        }
        order.push(item_class);
    }
    Ok(order)
}

/// The bases of a class, as classes.
pub fn of(cx: &Cx, class: &PyType) -> Vec<&'static PyType> {
    let Some(bases) = class.bases.get(&class.h, cx) else { return Vec::new() };
    let items = bases.downcast::<PyTuple>(cx).map_or(&[][..], PyTuple::items);
    items.iter().filter_map(|&base| PyType::from_ref(base, cx)).collect()
}

fn set_tuple(cx: &Cx, class: &PyType, slot: &Slot, classes: &[&'static PyType]) {
    let tuple = new_tuple(cx, classes.iter().map(|c| c.as_ref().own(cx)).collect());
    if let Some(old) = slot.get(&class.h, cx) {
        // A native may be in the middle of it.
        let older = class.replaced.get(&class.h, cx).unwrap_or_else(|| cx.none());
        class.replaced.set(&class.h, cx, cx.tuple(vec![old, older]));
    }
    slot.set(&class.h, cx, lasting(cx, class, tuple));
}

/// `class.__bases__ = value`.
///
/// # Errors
/// `TypeError`, or what a metaclass's `mro()` raises; then everything is as it was.
pub fn set_bases(cx: &mut Cx, class: &'static PyType, value: Ref<'_>) -> R<()> {
    let name = class.name();
    let Some(tuple) = value.downcast::<PyTuple>(cx) else {
        let got = cx.type_name(value);
        return Err(cx.type_error(format!("can only assign tuple to {name}.__bases__, not {got}")));
    };
    if tuple.items().is_empty() {
        return Err(cx.type_error(format!("can only assign non-empty tuple to {name}.__bases__, not ()")));
    }
    let mut bases = Vec::new();
    for &item in tuple.items() {
        let Some(base) = PyType::from_ref(item, cx) else {
            let got = cx.type_name(item);
            return Err(cx.type_error(format!("{name}.__bases__ must be tuple of classes, not '{got}'")));
        };
        // While a class is being placed, its order may not mention itself.
        if base.is_subclass(class, cx) || of(cx, base).iter().any(|b| std::ptr::eq(*b, class)) {
            return Err(cx.type_error("a __bases__ item causes an inheritance cycle"));
        }
        bases.push(base);
    }
    for &base in &bases {
        if !base.has_flag(class_flag::BASETYPE) {
            let base = base.tp_name();
            return Err(cx.type_error(format!("type '{base}' is not an acceptable base type")));
        }
    }
    let best = best_base(cx, &bases)?;
    let old_best = class.base().unwrap_or_else(|| cx.builtin(Builtin::Object));
    if !same_layout(cx, old_best, best) {
        let (new, old) = (best.name(), old_best.name());
        return Err(
            cx.type_error(format!("__bases__ assignment: '{new}' object layout differs from '{old}'"))
        );
    }
    place(cx, class, &bases, best)
}

/// Puts a class under other bases and orders its subclasses anew.
fn place(cx: &mut Cx, class: &'static PyType, bases: &[&'static PyType], best: &'static PyType) -> R<()> {
    let old_bases = of(cx, class);
    let old_best = class.base();
    set_tuple(cx, class, &class.bases, bases);
    // ORD: release; pairs with `PyType::base`.
    class.base.store(best as *const PyType as *mut PyType, Ordering::Release);
    let own = class.bases.peek();
    let mut changed = Vec::new();
    let mut result = reorder(cx, class, &mut changed);
    if result.is_ok() && class.bases.peek() != own {
        // A metaclass's `mro()` has given the class other bases meanwhile: those count.
        return Ok(());
    }
    // From the check to the links no other class may be placed, or the two together could make a circle.
    let linking = LINKING.lock().unwrap_or_else(|p| p.into_inner());
    if result.is_ok() && derives(cx, bases, class, &mut Vec::new()) {
        result = Err(cx.type_error("a __bases__ item causes an inheritance cycle"));
    }
    if let Err(err) = result {
        drop(linking);
        for (class, order) in changed.into_iter().rev() {
            set_tuple(cx, class, &class.mro, &order);
        }
        set_tuple(cx, class, &class.bases, &old_bases);
        let old_best = old_best.map_or(std::ptr::null_mut(), |base| base as *const PyType as *mut PyType);
        class.base.store(old_best, Ordering::Release);
        refresh(cx, class);
        return Err(err);
    }
    for base in &old_bases {
        let mut known = base.subclasses.lock().unwrap_or_else(|p| p.into_inner());
        if let Some(at) = known.iter().position(|c| std::ptr::eq(*c, class)) {
            known.remove(at);
        }
    }
    for base in bases {
        base.subclasses.lock().unwrap_or_else(|p| p.into_inner()).push(class);
    }
    drop(linking);
    refresh(cx, class);
    Ok(())
}

/// Held while classes are linked to new bases.
static LINKING: Mutex<()> = Mutex::new(());

/// Whether `class` is one of the classes that the class derives from.
pub(crate) fn has_base(cx: &Cx, derived: &'static PyType, class: &'static PyType) -> bool {
    derives(cx, &of(cx, derived), class, &mut Vec::new())
}

/// Whether a class is among these or their bases.
fn derives(
    cx: &Cx,
    bases: &[&'static PyType],
    class: &'static PyType,
    seen: &mut Vec<&'static PyType>,
) -> bool {
    bases.iter().any(|&base| {
        if std::ptr::eq(base, class) {
            return true;
        }
        if seen.iter().any(|known| std::ptr::eq(*known, base)) {
            return false;
        }
        seen.push(base);
        derives(cx, &of(cx, base), class, seen)
    })
}

/// Orders a class and its subclasses anew; notes the old orders.
fn reorder(
    cx: &mut Cx,
    class: &'static PyType,
    changed: &mut Vec<(&'static PyType, Vec<&'static PyType>)>,
) -> R<()> {
    let bases = of(cx, class);
    let order = order(cx, class, &bases)?;
    changed.push((class, class.mro().to_vec()));
    set_tuple(cx, class, &class.mro, &order);
    for subclass in class.direct_subclasses() {
        reorder(cx, subclass, changed)?;
    }
    Ok(())
}

fn refresh(cx: &Cx, class: &'static PyType) {
    class.forget_everything(cx);
    class.refresh_has_del(cx);
    crate::interp::cache::flush_all(cx);
}

/// The slots that a class and its bases declare, with their places.
fn slots(cx: &Cx, class: &PyType) -> Vec<(u32, Value)> {
    let mut found = Vec::new();
    for class in class.mro() {
        for (_, v) in class.dict(cx).items(cx) {
            if let Some(member) = v.downcast::<PyMember>(cx)
                && member.is_slot()
                && std::ptr::eq(member.owner(), *class)
            {
                found.push((member.index, member.name.peek()));
            }
        }
    }
    found.sort_unstable_by_key(|(index, _)| *index);
    found
}

/// Whether instances of one class may become instances of the other.
pub fn same_layout(cx: &Cx, a: &PyType, b: &PyType) -> bool {
    let flags = [class_flag::HAS_DICT, class_flag::HAS_WEAKREF];
    std::ptr::eq(a.ops, b.ops)
        && a.slot_count == b.slot_count
        && flags.iter().all(|&flag| a.has_flag(flag) == b.has_flag(flag))
        && (a.slot_count == 0 || slots(cx, a) == slots(cx, b))
}

/// Gives an object another class of the same layout.
pub fn change_class(cx: &Cx, h: &Header, class: &PyType) {
    let shape: &Shape = cx.shape_of(h);
    h.set_shape_id(shape.for_class(cx, class).head.id);
}
