//! Instances whose attributes are in a dict: what `obj.__dict__` gives.

use super::attr::missing;
use crate::class::{Shape, class_flag};
use crate::objects::dict::PyDict;
use crate::objects::function::PyFunction;
use crate::objects::method::PyMethodWrapper;
use crate::objects::module::PyModule;
use crate::{Cx, Obj, ObjExt, R, Ref, RefExt, Slot, Value};
use ungil_gc::attrs::{go_over, may_rearrange};

/// Whether objects of this layout have a field for their dict.
pub(super) fn keeps_dict(cx: &Cx, obj: Ref<'_>) -> bool {
    obj.downcast::<PyModule>(cx).is_some()
        || obj.downcast::<PyFunction>(cx).is_some()
        || obj.downcast::<PyMethodWrapper>(cx).is_some()
}

/// The dict that an object has besides its shape: a module's, a function's, or that of an instance in dict mode.
pub fn dict_slot<'t>(cx: &Cx, obj: Ref<'t>) -> Option<&'t Slot> {
    let h = obj.header()?;
    if let Some(module) = obj.downcast::<PyModule>(cx) {
        return Some(&module.dict);
    }
    if let Some(f) = obj.downcast::<PyFunction>(cx) {
        return Some(&f.dict);
    }
    if let Some(wrapper) = obj.downcast::<PyMethodWrapper>(cx) {
        return Some(&wrapper.dict);
    }
    let shape = cx.shape_of(h);
    // SAFETY: the object is alive for `'t`, and its shape's area does not move.
    let area: &'t [Slot] = unsafe { shape.head.attr_area(obj.value().ptr()) };
    let has_dict = !area.is_empty() && cx.class_of(obj).has_flag(class_flag::HAS_DICT);
    (has_dict && shape.dict_mode).then(|| &area[0])
}

/// The dict in a slot, made if there is none.
pub(super) fn dict_in(cx: &Cx, obj: Ref<'_>, slot: &Slot) -> Option<Obj> {
    let h = obj.header()?;
    if let Some(dict) = slot.get(h, cx) {
        return Some(dict);
    }
    let made = PyDict::new(cx);
    let exclusive = cx.is_exclusive(h);
    if !exclusive {
        h.lock.lock(&cx.world);
    }
    if slot.is_empty() {
        drop(slot.replace_locked(h, made));
    }
    let dict = slot.get_locked(cx);
    if !exclusive {
        h.lock.unlock(&cx.world);
    }
    dict
}

/// Moves an instance's attributes into a dict.
/// `hidden`: nobody has asked for the dict, so it counts as a part of the instance.
pub(super) fn to_dict_mode(cx: &Cx, obj: Ref<'_>, hidden: bool) {
    let Some(h) = obj.header() else { return };
    let dict = PyDict::new(cx);
    if hidden && let Some(header) = dict.r().header() {
        header.set_flag(crate::flag::PART);
    }
    let payload: &PyDict = dict.downcast(cx).expect("just made");
    let exclusive = cx.is_exclusive(h);
    if !exclusive {
        h.lock.lock(&cx.world);
    }
    let shape = cx.shape_of(h);
    if !shape.dict_mode {
        payload.reserve(cx, shape.names.len());
        // SAFETY: the shape describes the object, whose lock is held.
        let area = unsafe { shape.head.attr_area(obj.value().ptr()) };
        let put = |i: usize, v| {
            // SAFETY: names in shapes are interned strings, which are immortal.
            payload.add_str(cx, unsafe { Ref::from_value(Value(shape.names[i] as u64)) }, v);
        };
        let slots = &area[1 + shape.first as usize..][..shape.names.len()];
        go_over(h, slots, put, (&area[0], dict.clone()), shape.in_dict_mode(cx).head.id);
        if h.has_flag(crate::flag::HOLE) {
            h.clear_flag(crate::flag::HOLE);
        }
    }
    if !exclusive {
        h.lock.unlock(&cx.world);
    }
}

/// `obj.__dict__`: the instance goes over to dict mode.
///
/// # Errors
/// `AttributeError` if instances of the class have none.
pub fn instance_dict(cx: &mut Cx, obj: Ref<'_>) -> R {
    if obj.header().is_some_and(|h| !cx.shape_of(h).dict_mode) {
        to_dict_mode(cx, obj, false);
    }
    match dict_slot(cx, obj).and_then(|slot| dict_in(cx, obj, slot)) {
        Some(dict) => {
            if let Some(header) = dict.r().header().filter(|h| h.has_flag(crate::flag::PART)) {
                header.clear_flag(crate::flag::PART);
            }
            Ok(dict)
        }
        None => {
            let name = cx.vm.names.dict.get();
            Err(missing(cx, obj, name))
        }
    }
}

/// Most attributes with which an instance comes back from its dict.
const FEW: usize = 8;

/// Lets an instance keep its attributes in itself again if they are in a dict only because somebody has asked for it, and
/// nobody holds that any more (`obj.__dict__.update(...)`): attributes in the object are found quicker, and take less
/// memory. Each instance comes back once, so that one whose dict is asked for time and again does not go to and fro; and only
/// with few attributes, which takes no longer than the look-ups that it saves (log records have many, and soon end).
pub fn leave_dict(cx: &Cx, obj: Ref<'_>) {
    let Some(h) = obj.header() else { return };
    let shape = cx.shape_of(h);
    let Some(root) = shape.without_names().filter(|_| shape.dict_mode) else { return };
    if h.has_flag(crate::flag::STAYS_IN_DICT) || !may_rearrange(cx.mutator(), h) {
        return;
    }
    // SAFETY: the shape describes the object, which is exclusively the thread's.
    let area = unsafe { shape.head.attr_area(obj.value().ptr()) };
    let dict = area[0].peek();
    if !dict.is_ptr() {
        return;
    }
    // SAFETY: the instance keeps the dict alive, and is not changed before it has been emptied.
    let dict = unsafe { Ref::from_value(dict) };
    let asked_for =
        dict.header().is_some_and(|h| !h.has_flag(crate::flag::PART) && h.is_unique(cx.mutator()));
    let Some(items) = dict.downcast::<PyDict>(cx).filter(|_| asked_for) else { return };
    let Some(back) = shape_for(cx, root, items) else { return };
    h.set_flag(crate::flag::STAYS_IN_DICT);
    let mut slots = area[1 + root.first as usize..].iter();
    items.visit(cx, |_, value| {
        if let Some(slot) = slots.next() {
            // What was there was moved into the dict when it was made.
            let old = slot.replace_locked(h, value.own(cx));
            debug_assert!(old.is_none());
        }
    });
    h.set_shape_id(back.head.id);
    drop(area[0].take_locked());
}

/// The shape, with the area of `root`, of an instance with these attributes: `None` if there is no room for them, or if one of
/// them has a name that shapes do not know.
fn shape_for(cx: &Cx, root: &'static Shape, items: &PyDict) -> Option<&'static Shape> {
    if items.len() > FEW.min((root.head.attr_inline - root.first) as usize) || !items.has_only_str() {
        return None;
    }
    let mut shape = Some(root);
    items.visit(cx, |key, _| {
        let known = key.header().is_some_and(|h| h.has_flag(crate::flag::INTERNED));
        // SAFETY: interned strings are immortal.
        let name: Ref<'static> = unsafe { Ref::from_value(key.value()) };
        shape = shape.filter(|_| known).and_then(|shape| Some(shape.with_name(cx, name)?.0));
    });
    shape
}

/// Whether an object of a class without a layout of its own keeps its attributes in itself, not in a dict, or will when the
/// next attribute is looked for.
pub fn has_inline_values(cx: &Cx, obj: Ref<'_>) -> bool {
    leave_dict(cx, obj);
    let class = cx.class_of(obj);
    class.has_flag(class_flag::HAS_DICT)
        && class.has_layout::<crate::objects::object::PyObject>()
        && obj.header().is_some_and(|h| !cx.shape_of(h).dict_mode)
}

/// `obj.__dict__ = value`.
///
/// # Errors
/// `TypeError` if it is no dict.
pub fn set_instance_dict(cx: &mut Cx, obj: Ref<'_>, value: Option<Ref<'_>>) -> R<()> {
    let value = match value {
        Some(v) if v.downcast::<PyDict>(cx).is_some() => v.own(cx),
        Some(v) => {
            let got = cx.type_name(v);
            return Err(cx.type_error(format!("__dict__ must be set to a dictionary, not a '{got}'")));
        }
        None => PyDict::new(cx),
    };
    drop(instance_dict(cx, obj)?);
    if let (Some(slot), Some(h)) = (dict_slot(cx, obj), obj.header()) {
        slot.set(h, cx, value);
        h.set_flag(crate::flag::STAYS_IN_DICT);
    }
    Ok(())
}
