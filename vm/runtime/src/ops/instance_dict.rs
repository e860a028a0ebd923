//! Instances whose attributes are in a dict: what `obj.__dict__` gives.

use super::attr::missing;
use crate::class::class_flag;
use crate::objects::dict::PyDict;
use crate::objects::function::PyFunction;
use crate::objects::method::PyMethodWrapper;
use crate::objects::module::PyModule;
use crate::{Cx, Obj, ObjExt, R, Ref, RefExt, Slot, Value};

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
        for (i, &name) in shape.names.iter().enumerate() {
            if let Some(v) = area[1 + shape.first as usize + i].take_locked() {
                // SAFETY: names in shapes are interned strings, which are immortal.
                payload.add_str(cx, unsafe { Ref::from_value(Value(name as u64)) }, v);
            }
        }
        drop(area[0].replace_locked(h, dict.clone()));
        h.set_shape_id(shape.in_dict_mode(cx).head.id);
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

/// Whether an object of a class without a layout of its own keeps its attributes in itself, not in a dict.
pub fn has_inline_values(cx: &Cx, obj: Ref<'_>) -> bool {
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
    }
    Ok(())
}
