//! Attributes: the default look-up over shapes and dicts, `__getattribute__` and its kin, and what inline caches may keep.

use super::deleted::{close_hole, take_inline};
use super::instance_dict::{dict_in, dict_slot, keeps_dict, to_dict_mode};
use crate::class::{Builtin, MAX_SHAPE_ATTRS, PyType, Shape, class_flag};
use crate::interp::recent::{self, Known};
use crate::names::Special;
use crate::objects::dict::PyDict;
use crate::objects::module::PyModule;
use crate::objects::native::{PyGetSet, PyNative};
use crate::objects::str::PyStr;
use crate::objects::type_::stop_learning;
use crate::{Cx, Obj, ObjExt, R, Ref, RefExt, Slot, Value, flag};
use ungil_gc::DYNAMIC_OFFSET;
use ungil_locks::primitive::Ordering;

/// A method looked up for a call.
pub enum MethodLookup {
    /// Found on the class: call with the object as first argument.
    Unbound(Obj),
    /// Call as it is.
    Bound(Obj),
}

/// How an attribute resolves for all instances of a shape.
#[derive(Clone, Copy, Debug)]
pub enum CacheableLoad {
    /// In the instance.
    Slot { byte_offset: u32 },
    /// A function of the class, which binds.
    Method { cell: u32 },
    /// A value of the class, which does not bind, or a static or class method.
    ClassValue { cell: u32 },
    /// A property of the class.
    Property { cell: u32 },
    /// A computed attribute of a built-in type, or another descriptor written in Rust that goes before what instances have.
    Computed { cell: u32 },
    /// In the instance's dict if it is there, else a value or method of the class, if there is a cell.
    InDict { cell: Option<u32> },
    /// The receiver is a class: the value found through it, which does not bind, or a static or class method.
    OfClass { class_id: u32, cell: u32 },
}

/// How a store resolves for all instances of a shape.
#[derive(Clone, Copy, Debug)]
pub enum CacheableStore {
    Existing { byte_offset: u32 },
    Transition { new_shape_id: u32, byte_offset: u32 },
    InDict,
}

impl Cx {
    /// `obj.name`.
    ///
    /// # Errors
    /// `AttributeError`, or what descriptors and hooks raise.
    pub fn get_attr(&mut self, obj: Ref<'_>, name: Ref<'_>) -> R {
        if let Known::Value(v) = recent::attr(self, obj, name) {
            return Ok(v);
        }
        if let Some(of) = plain_class(self, obj) {
            recent::keep(self, obj, name);
            return match attr_of_class(self, of, name)? {
                Some(v) => Ok(v),
                None => Err(missing(self, obj, name)),
            };
        }
        let class = self.class_of(obj);
        if uses_default_getattribute(self, class) {
            let result = generic_get_attr_opt(self, obj, name);
            let hook = class.special(self, Special::GetAttr);
            return match (result, hook) {
                (Ok(Some(v)), _) => Ok(v),
                (Ok(None), Some(hook)) => self.call_special(hook, obj, &[name]),
                // A property that raises it counts as an attribute that is not there.
                (Err(err), Some(hook)) if self.is_error(&err, Builtin::AttributeError) => {
                    self.call_special(hook, obj, &[name])
                }
                (Err(err), _) => Err(err),
                (Ok(None), None) => Err(missing(self, obj, name)),
            };
        }
        let Some(method) = class.special(self, Special::GetAttribute) else {
            return Err(missing(self, obj, name));
        };
        match self.call_special(method, obj, &[name]) {
            Err(err) if self.is_error(&err, Builtin::AttributeError) => {
                match class.special(self, Special::GetAttr) {
                    Some(hook) => self.call_special(hook, obj, &[name]),
                    None => Err(err),
                }
            }
            result => result,
        }
    }

    /// `obj.name`, or `None` if there is no such attribute.
    ///
    /// # Errors
    /// Anything raised but `AttributeError`.
    pub fn get_attr_opt(&mut self, obj: Ref<'_>, name: Ref<'_>) -> R<Option<Obj>> {
        match recent::attr(self, obj, name) {
            Known::Value(v) => return Ok(Some(v)),
            Known::Missing => return Ok(None),
            Known::Nothing => recent::keep(self, obj, name),
        }
        let class = self.class_of(obj);
        if uses_default_getattribute(self, class) && class.special(self, Special::GetAttr).is_none() {
            let result = generic_get_attr_opt(self, obj, name);
            return match result {
                Err(err) if self.is_error(&err, Builtin::AttributeError) => Ok(None),
                other => other,
            };
        }
        if let Some(of) = plain_class(self, obj) {
            return match attr_of_class(self, of, name) {
                Err(err) if self.is_error(&err, Builtin::AttributeError) => Ok(None),
                other => other,
            };
        }
        let result = self.get_attr(obj, name);
        self.catch(result, Builtin::AttributeError)
    }

    /// `obj.name` by text.
    ///
    /// # Errors
    /// As [`Cx::get_attr`].
    pub fn get_attr_str(&mut self, obj: Ref<'_>, name: &str) -> R {
        let name = crate::objects::str::intern(self, name);
        self.get_attr(obj, name.get())
    }

    /// `obj.name = value`.
    ///
    /// # Errors
    /// `AttributeError`, `TypeError`, or what descriptors and hooks raise.
    pub fn set_attr(&mut self, obj: Ref<'_>, name: Ref<'_>, value: Obj) -> R<()> {
        let class = self.class_of(obj);
        if class.same_special(self, self.builtin(Builtin::Object), Special::SetAttr) {
            return generic_set_attr(self, obj, name, Some(value));
        }
        match class.special(self, Special::SetAttr) {
            Some(method) => self.call_special(method, obj, &[name, value.r()]).map(drop),
            None => generic_set_attr(self, obj, name, Some(value)),
        }
    }

    /// `del obj.name`.
    ///
    /// # Errors
    /// As [`Cx::set_attr`].
    pub fn del_attr(&mut self, obj: Ref<'_>, name: Ref<'_>) -> R<()> {
        match self.class_of(obj).special(self, Special::DelAttr) {
            Some(method) => self.call_special(method, obj, &[name]).map(drop),
            None => generic_set_attr(self, obj, name, None),
        }
    }

    /// What `obj.name(...)` calls, without making a bound method where that can be avoided.
    ///
    /// # Errors
    /// As [`Cx::get_attr`].
    pub fn lookup_method(&mut self, obj: Ref<'_>, name: Ref<'_>) -> R<MethodLookup> {
        let class = self.class_of(obj);
        if uses_default_getattribute(self, class)
            && let Some(found) = class.lookup(self, name)
            && binds_plainly(self, found.r())
            && own_attr(self, obj, name)?.is_none()
        {
            return Ok(MethodLookup::Unbound(found));
        }
        self.get_attr(obj, name).map(MethodLookup::Bound)
    }

    /// A special method bound to its object.
    ///
    /// # Errors
    /// What its descriptor raises.
    pub fn bind_special(&mut self, method: Ref<'_>, this: Ref<'_>) -> R {
        let fits = |native: &PyNative| native.fits(self, self.class_of(this));
        if binds_plainly(self, method) && method.downcast::<PyNative>(self).is_none_or(fits) {
            return Ok(crate::objects::native::bind_plain(self, method.own(self), this));
        }
        match self.class_of(method).special(self, Special::Get) {
            Some(get) => {
                let class = self.class_of(this).as_ref();
                self.call_get(get, method, this, class)
            }
            None => Ok(method.own(self)),
        }
    }

    /// `mapping[key]`, or `None` on `KeyError`.
    ///
    /// # Errors
    /// Anything else raised.
    pub fn get_item_opt(&mut self, mapping: Ref<'_>, key: Ref<'_>) -> R<Option<Obj>> {
        if self.is_exactly(mapping, Builtin::Dict)
            && let Some(dict) = mapping.downcast::<PyDict>(self)
        {
            return dict.get(self, key);
        }
        let result = self.get_item(mapping, key);
        self.catch(result, Builtin::KeyError)
    }
}

fn uses_default_getattribute(cx: &Cx, class: &PyType) -> bool {
    class.same_special(cx, cx.builtin(Builtin::Object), Special::GetAttribute)
}

/// The class that an object is, if its attributes are found as `type` finds them and no hook makes others.
fn plain_class(cx: &Cx, obj: Ref<'_>) -> Option<&'static PyType> {
    let class = PyType::from_ref(obj, cx)?;
    let meta = cx.class_of(obj);
    let plain = meta.same_special(cx, cx.builtin(Builtin::Type), Special::GetAttribute)
        && meta.special(cx, Special::GetAttr).is_none();
    plain.then_some(class)
}

fn attr_of_class(cx: &mut Cx, class: &'static PyType, name: Ref<'_>) -> R<Option<Obj>> {
    check_name(cx, name)?;
    let name = interned(cx, name);
    crate::objects::type_::class_attr(cx, class, name)
}

/// Whether a value found on a class binds to an instance as functions do.
pub fn binds_plainly(cx: &Cx, v: Ref<'_>) -> bool {
    if !cx.class_of(v).has_flag(class_flag::METHOD_DESCRIPTOR) {
        return false;
    }
    v.downcast::<PyNative>(cx).is_none() || !cx.is_exactly(v, Builtin::ClassMethodDescriptor)
}

/// The `AttributeError` for an attribute that is not there.
pub(super) fn missing(cx: &mut Cx, obj: Ref<'_>, name: Ref<'_>) -> crate::Err {
    if obj.downcast::<PyModule>(cx).is_some() {
        return crate::objects::module::missing(cx, obj, name);
    }
    let text = cx.text_of(name);
    let message = match PyType::from_ref(obj, cx) {
        Some(class) => format!("type object '{}' has no attribute '{text}'", class.name()),
        None => format!("'{}' object has no attribute '{text}'", cx.type_name(obj)),
    };
    cx.attribute_error(obj, name, &message)
}

/// The slot of an attribute that an instance's shape describes.
fn shape_slot<'t>(cx: &Cx, obj: Ref<'t>, name: Ref<'_>) -> Option<&'t Slot> {
    let shape = cx.shape_of(obj.header()?);
    let index = shape.slot_of(name.value().0 as usize)?;
    // SAFETY: as in `dict_slot`.
    let area: &'t [Slot] = unsafe { shape.head.attr_area(obj.value().ptr()) };
    area.get(1 + index as usize)
}

/// An interned copy of a name: shapes know names by address.
fn interned(cx: &Cx, name: Ref<'_>) -> Ref<'static> {
    if name.header().is_some_and(|h| h.has_flag(crate::flag::INTERNED)) {
        // SAFETY: interned strings are immortal.
        return unsafe { Ref::from_value(name.value()) };
    }
    let own = match name.downcast::<PyStr>(cx) {
        // An instance of a subclass stands for its text.
        Some(text) if !cx.is_exactly(name, Builtin::Str) => {
            crate::objects::str::new_wtf8(cx, text.as_bytes())
        }
        _ => name.own(cx),
    };
    let interned = crate::objects::str::intern_obj(cx, own);
    // SAFETY: interned strings are immortal.
    unsafe { Ref::from_value(interned.value()) }
}

/// An attribute in the instance itself.
pub fn own_attr(cx: &mut Cx, obj: Ref<'_>, name: Ref<'_>) -> R<Option<Obj>> {
    let Some(h) = obj.header() else { return Ok(None) };
    let shape = cx.shape_of(h);
    if !shape.names.is_empty() {
        let name = interned(cx, name);
        if !cx.is_exclusive(h) {
            h.lock.lock(&cx.world);
            let found = shape_slot(cx, obj, name).and_then(|slot| slot.get_locked(cx));
            h.lock.unlock(&cx.world);
            if found.is_some() {
                return Ok(found);
            }
        } else if let Some(found) = shape_slot(cx, obj, name).and_then(|slot| slot.get_locked(cx)) {
            return Ok(Some(found));
        }
    }
    let Some(slot) = dict_slot(cx, obj) else { return Ok(None) };
    let Some(dict) = slot.get(h, cx) else { return Ok(None) };
    match dict.downcast::<PyDict>(cx) {
        Some(dict) => dict.get(cx, name),
        None => Ok(None),
    }
}

/// `object.__getattribute__`; `None` if there is no such attribute.
///
/// # Errors
/// What descriptors raise.
pub fn generic_get_attr_opt(cx: &mut Cx, obj: Ref<'_>, name: Ref<'_>) -> R<Option<Obj>> {
    get_attr_with(cx, obj, name, own_attr)
}

/// Whether this can be an attribute's name.
///
/// # Errors
/// `TypeError`.
#[inline]
pub fn check_name(cx: &mut Cx, name: Ref<'_>) -> R<()> {
    if cx.is_instance_of(name, Builtin::Str) { Ok(()) } else { Err(bad_name(cx, name)) }
}

#[cold]
fn bad_name(cx: &mut Cx, name: Ref<'_>) -> crate::Err {
    let got = cx.type_name(name);
    cx.type_error(format!("attribute name must be string, not '{got}'"))
}

/// As [`generic_get_attr_opt`] for an object whose own attributes are what `own` says.
///
/// # Errors
/// What descriptors and `own` raise.
pub fn get_attr_with(
    cx: &mut Cx,
    obj: Ref<'_>,
    name: Ref<'_>,
    own: impl FnOnce(&mut Cx, Ref<'_>, Ref<'_>) -> R<Option<Obj>>,
) -> R<Option<Obj>> {
    check_name(cx, name)?;
    let class = cx.class_of(obj);
    let name = interned(cx, name);
    let found = class.lookup(cx, name);
    let get = match &found {
        Some(v) => cx.class_of(v.r()).special(cx, Special::Get),
        None => None,
    };
    if let (Some(descriptor), Some(get)) = (&found, get) {
        let kind = cx.class_of(descriptor.r());
        if kind.special(cx, Special::Set).is_some() || kind.special(cx, Special::Delete).is_some() {
            return cx.call_get(get, descriptor.r(), obj, class.as_ref()).map(Some);
        }
    }
    if let Some(own) = own(cx, obj, name)? {
        return Ok(Some(own));
    }
    match (found, get) {
        (Some(descriptor), Some(get)) => {
            if cx.is_exactly(descriptor.r(), Builtin::Function) {
                return Ok(Some(crate::objects::method::new_bound_method(cx, descriptor, obj.own(cx))));
            }
            cx.call_get(get, descriptor.r(), obj, class.as_ref()).map(Some)
        }
        (found, _) => Ok(found),
    }
}

/// `object.__getattribute__`.
///
/// # Errors
/// `AttributeError`, or what descriptors raise.
pub fn generic_get_attr(cx: &mut Cx, obj: Ref<'_>, name: Ref<'_>) -> R {
    match generic_get_attr_opt(cx, obj, name)? {
        Some(v) => Ok(v),
        None => Err(missing(cx, obj, name)),
    }
}

/// `object.__setattr__` and `object.__delattr__` (`None`).
///
/// # Errors
/// `AttributeError`, or what descriptors raise.
pub fn generic_set_attr(cx: &mut Cx, obj: Ref<'_>, name: Ref<'_>, value: Option<Obj>) -> R<()> {
    set_attr_with(cx, obj, name, value, |cx, obj, name, value, on_class| {
        let class = cx.class_of(obj);
        match value {
            Some(value) => store_own(cx, obj, class, name, value, on_class),
            None => delete_own(cx, obj, class, name, on_class),
        }
    })
}

/// As [`generic_set_attr`] for an object whose own attributes `own` sets and deletes (`None`); its last argument says
/// whether the class has an attribute of that name.
///
/// # Errors
/// What descriptors and `own` raise.
pub fn set_attr_with(
    cx: &mut Cx,
    obj: Ref<'_>,
    name: Ref<'_>,
    value: Option<Obj>,
    own: impl FnOnce(&mut Cx, Ref<'_>, Ref<'static>, Option<Obj>, bool) -> R<()>,
) -> R<()> {
    check_name(cx, name)?;
    let name = interned(cx, name);
    let class = cx.class_of(obj);
    let found = class.lookup(cx, name);
    if let Some(descriptor) = &found {
        if let Some(computed) = descriptor.downcast::<PyGetSet>(cx) {
            let value = value.as_ref().map_or(Value::UNDEF, |v| v.value());
            return crate::objects::native::store(cx, computed, obj, value).map(drop);
        }
        let kind = cx.class_of(descriptor.r());
        let hook = if value.is_some() { Special::Set } else { Special::Delete };
        if let Some(method) = kind.special(cx, hook) {
            return match &value {
                Some(v) => cx.call_special(method, descriptor.r(), &[obj, v.r()]).map(drop),
                None => cx.call_special(method, descriptor.r(), &[obj]).map(drop),
            };
        }
        if kind.special(cx, Special::Set).is_some() || kind.special(cx, Special::Delete).is_some() {
            let message = if value.is_some() { "__set__" } else { "__delete__" };
            return Err(cx.attribute_error(obj, name, message));
        }
    }
    own(cx, obj, name, value, found.is_some())
}

fn cannot_store(cx: &mut Cx, obj: Ref<'_>, class: &PyType, name: Ref<'_>, on_class: bool) -> crate::Err {
    let (class, text) = (class.tp_name(), cx.text_of(name));
    let message = if on_class {
        format!("'{class}' object attribute '{text}' is read-only")
    } else {
        format!("'{class}' object has no attribute '{text}' and no __dict__ for setting new attributes")
    };
    cx.attribute_error(obj, name, &message)
}

fn store_own(
    cx: &mut Cx,
    obj: Ref<'_>,
    class: &'static PyType,
    name: Ref<'static>,
    value: Obj,
    on_class: bool,
) -> R<()> {
    if obj.header().is_none() {
        return Err(cannot_store(cx, obj, class, name, on_class));
    }
    let keeps_dict = keeps_dict(cx, obj);
    if !keeps_dict && !class.has_flag(class_flag::HAS_DICT) {
        return Err(cannot_store(cx, obj, class, name, on_class));
    }
    if keeps_dict {
        return store_in_dict(cx, obj, name, value);
    }
    match store_in_shape(cx, obj, class, name, value)? {
        Some(left) => store_in_dict(cx, obj, name, left),
        None => Ok(()),
    }
}

/// Stores into the slot that the shape gives the name, adding it if there is room. Gives the value back if the
/// instance keeps its attributes in a dict (now).
fn store_in_shape(
    cx: &mut Cx,
    obj: Ref<'_>,
    class: &'static PyType,
    name: Ref<'static>,
    value: Obj,
) -> R<Option<Obj>> {
    let Some(h) = obj.header() else { return Ok(Some(value)) };
    loop {
        let shape = cx.shape_of(h);
        if shape.dict_mode {
            return Ok(Some(value));
        }
        let (next, index) = match shape.slot_of(name.value().0 as usize) {
            Some(index) => (shape, index),
            None if h.has_flag(flag::HOLE) => {
                close_hole(cx, obj, h);
                continue;
            }
            None => match shape.with_name(cx, name) {
                Some((next, index)) => (next, index),
                None => {
                    learn_more_slots(cx, class, shape);
                    to_dict_mode(cx, obj, true);
                    continue;
                }
            },
        };
        let exclusive = cx.is_exclusive(h);
        if !exclusive {
            h.lock.lock(&cx.world);
        }
        // Another thread may have deleted the last attribute meanwhile.
        let adds = next.head.id != shape.head.id;
        let same = h.shape_id() == shape.head.id && !(adds && h.has_flag(flag::HOLE));
        let mut old = None;
        let mut left = Some(value);
        if same && let Some(v) = left.take() {
            // SAFETY: the shape describes the object, whose lock is held.
            let area = unsafe { shape.head.attr_area(obj.value().ptr()) };
            old = area[1 + index as usize].replace_locked(h, v);
            h.set_shape_id(next.head.id);
        }
        if !exclusive {
            h.lock.unlock(&cx.world);
        }
        drop(old);
        match left {
            None => return Ok(None),
            Some(v) => return store_in_shape(cx, obj, class, name, v),
        }
    }
}

/// Instances of the class need more slots than they get: future ones get them.
fn learn_more_slots(cx: &Cx, class: &PyType, shape: &Shape) {
    let wanted = (shape.names.len() as u32 + 1).next_power_of_two().min(MAX_SHAPE_ATTRS);
    // ORD: relaxed; a hint.
    if wanted > class.inline_hint.load(Ordering::Relaxed) {
        class.inline_hint.store(wanted, Ordering::Relaxed);
        stop_learning(class);
        set_root_shape(cx, class, wanted);
    }
}

/// Gives future instances of the class room for `attrs` attributes.
pub fn set_root_shape(cx: &Cx, class: &PyType, attrs: u32) {
    let shape = Shape::root(cx, class, None, class.slot_count + attrs);
    // ORD: release; the shape is complete.
    class.root_shape.store(shape as *const Shape as *mut Shape, Ordering::Release);
}

fn store_in_dict(cx: &mut Cx, obj: Ref<'_>, name: Ref<'static>, value: Obj) -> R<()> {
    let dict = dict_slot(cx, obj).and_then(|slot| dict_in(cx, obj, slot));
    match dict.as_ref().and_then(|d| d.downcast::<PyDict>(cx)) {
        Some(dict) => dict.set(cx, name.own(cx), value),
        None => {
            let class = cx.class_of(obj);
            Err(cannot_store(cx, obj, class, name, false))
        }
    }
}

fn delete_own(
    cx: &mut Cx,
    obj: Ref<'_>,
    class: &'static PyType,
    name: Ref<'static>,
    on_class: bool,
) -> R<()> {
    let removed = match obj.header() {
        None => None,
        Some(h) => match take_inline(cx, obj, h, name) {
            Some(old) => Some(old),
            None => {
                let dict = dict_slot(cx, obj).and_then(|slot| slot.get(h, cx));
                match dict.as_ref().and_then(|d| d.downcast::<PyDict>(cx)) {
                    Some(dict) => dict.remove(cx, name)?,
                    None => None,
                }
            }
        },
    };
    match removed {
        Some(old) => {
            drop(old);
            Ok(())
        }
        None if on_class && !class.has_flag(class_flag::HAS_DICT) => {
            Err(cannot_store(cx, obj, class, name, true))
        }
        // As in CPython, only an instance with a dict of its own says which name it was.
        None if obj.header().is_some_and(|h| class.is_heap() && !cx.shape_of(h).dict_mode) => {
            let (class, text) = (class.tp_name(), cx.text_of(name));
            let message = format!("'{class}' object has no attribute '{text}'");
            Err(cx.error(Builtin::AttributeError, &message))
        }
        None => Err(missing(cx, obj, name)),
    }
}

/// How `obj.name` resolves for all objects of the receiver's shape as long as the class cells stay filled.
pub fn cacheable_load(cx: &Cx, obj: Ref<'_>, name: Ref<'_>) -> Option<CacheableLoad> {
    let h = obj.header()?;
    let class = cx.class_of(obj);
    if let Some(receiver) = PyType::from_ref(obj, cx) {
        return cacheable_of_class(cx, receiver, name);
    }
    if !uses_default_getattribute(cx, class) {
        return None;
    }
    let shape = cx.shape_of(h);
    let found = class.lookup(cx, name);
    if let Some(v) = &found {
        let kind = cx.class_of(v.r());
        if kind.special(cx, Special::Set).is_some() || kind.special(cx, Special::Delete).is_some() {
            if cx.is_exactly(v.r(), Builtin::Property) {
                return class.cell(cx, name).map(|cell| CacheableLoad::Property { cell });
            }
            if let Some(computed) = v.r().downcast::<PyGetSet>(cx) {
                let fits = class.is_subclass(computed.owner(), cx);
                return class.cell(cx, name).filter(|_| fits).map(|cell| CacheableLoad::Computed { cell });
            }
            if let Some(byte_offset) = member_offset(cx, class, v.r(), shape, name) {
                return Some(CacheableLoad::Slot { byte_offset });
            }
            // Nobody can change what such a descriptor does.
            let fixed = !kind.is_heap() && kind.special(cx, Special::Get).is_some();
            return class.cell(cx, name).filter(|_| fixed).map(|cell| CacheableLoad::Computed { cell });
        }
    }
    if let Some(slot) = shape.slot_of(name.value().0 as usize) {
        return shape.byte_offset(slot).map(|byte_offset| CacheableLoad::Slot { byte_offset });
    }
    // An object with a dict may have the attribute there.
    if keeps_dict(cx, obj) {
        return None;
    }
    if shape.dict_mode && class.has_flag(class_flag::HAS_DICT) {
        if !stays_in_dict(cx, class, name) {
            return None;
        }
        let cell = if found.is_some() { Some(class.cell(cx, name)?) } else { None };
        return (shape.head.attr_offset != DYNAMIC_OFFSET).then_some(CacheableLoad::InDict { cell });
    }
    let found = found?;
    let cell = class.cell(cx, name)?;
    if binds_plainly(cx, found.r()) {
        // A native that was put into a class that is not its own checks its receiver at every call.
        let fits = found.r().downcast::<PyNative>(cx).is_none_or(|n| n.fits(cx, class));
        return fits.then_some(CacheableLoad::Method { cell });
    }
    is_plain_value(cx, found.r()).then_some(CacheableLoad::ClassValue { cell })
}

/// The cell which says that the class of an object has no attribute of a name, if no object of the same shape has one as long
/// as that is so.
pub fn missing_for_good(cx: &Cx, obj: Ref<'_>, name: Ref<'_>) -> Option<u32> {
    let class = cx.class_of(obj);
    let shape = cx.shape_of(obj.header()?);
    let fixed = uses_default_getattribute(cx, class)
        && class.special(cx, Special::GetAttr).is_none()
        && !keeps_dict(cx, obj)
        && !(shape.dict_mode && class.has_flag(class_flag::HAS_DICT))
        && shape.slot_of(name.value().0 as usize).is_none()
        && class.lookup(cx, name).is_none();
    if fixed { class.cell(cx, name) } else { None }
}

/// As [`missing_for_good`] for an attribute of a class itself. Only what metaclass `type` has is sure to stay as it is.
pub fn missing_of_class(cx: &Cx, class: &PyType, name: Ref<'_>) -> Option<u32> {
    let meta = cx.class_of(class.as_ref());
    let missing = std::ptr::eq(meta, cx.builtin(Builtin::Type))
        && meta.lookup(cx, name).is_none()
        && class.lookup(cx, name).is_none();
    if missing { class.cell(cx, name) } else { None }
}

/// As [`cacheable_load`] for the methods that the class of an immediate has: the cell.
pub fn cacheable_method(cx: &Cx, immediate: Ref<'_>, name: Ref<'_>) -> Option<u32> {
    let class = cx.class_of(immediate);
    let found = class.lookup(cx, name)?;
    let fits = found.r().downcast::<PyNative>(cx).is_some_and(|n| n.fits(cx, class));
    if fits && binds_plainly(cx, found.r()) { class.cell(cx, name) } else { None }
}

/// Whether a value found on a class is given as it is, or is a static or class method, which caches know to take apart.
fn is_plain_value(cx: &Cx, v: Ref<'_>) -> bool {
    cx.class_of(v).special(cx, Special::Get).is_none()
        || cx.is_exactly(v, Builtin::StaticMethod)
        || cx.is_exactly(v, Builtin::ClassMethod)
}

fn cacheable_of_class(cx: &Cx, class: &PyType, name: Ref<'_>) -> Option<CacheableLoad> {
    let meta = cx.class_of(class.as_ref());
    if !meta.same_special(cx, cx.builtin(Builtin::Type), Special::GetAttribute) {
        return None;
    }
    if let Some(v) = meta.lookup(cx, name)
        && cx.class_of(v.r()).special(cx, Special::Set).is_some()
    {
        // `__dict__`, `__mro__` and the like, whatever the class has of that name.
        let computed = v.r().downcast::<PyGetSet>(cx).is_some_and(|g| meta.is_subclass(g.owner(), cx));
        return meta.cell(cx, name).filter(|_| computed).map(|cell| CacheableLoad::Computed { cell });
    }
    let found = class.lookup(cx, name)?;
    // What binds to instances is given as it is to who asks the class.
    let plain = binds_plainly(cx, found.r()) || is_plain_value(cx, found.r());
    let cell = class.cell(cx, name)?;
    if meta.is_heap() && !stays_in_dict(cx, meta, name) {
        return None;
    }
    plain.then_some(CacheableLoad::OfClass { class_id: class.class_id, cell })
}

/// How `obj.name = ...` resolves for all objects of the receiver's shape.
pub fn cacheable_store(cx: &Cx, obj: Ref<'_>, name: Ref<'_>) -> Option<CacheableStore> {
    let h = obj.header()?;
    let class = cx.class_of(obj);
    if !class.same_special(cx, cx.builtin(Builtin::Object), Special::SetAttr) {
        return None;
    }
    let shape = cx.shape_of(h);
    if let Some(v) = class.lookup(cx, name) {
        let kind = cx.class_of(v.r());
        if kind.special(cx, Special::Set).is_some() || kind.special(cx, Special::Delete).is_some() {
            let byte_offset = member_offset(cx, class, v.r(), shape, name)?;
            return Some(CacheableStore::Existing { byte_offset });
        }
    }
    if shape.dict_mode {
        let in_dict = class.has_flag(class_flag::HAS_DICT)
            && shape.head.attr_offset != DYNAMIC_OFFSET
            && !keeps_dict(cx, obj)
            && stays_in_dict(cx, class, name);
        return in_dict.then_some(CacheableStore::InDict);
    }
    if let Some(slot) = shape.slot_of(name.value().0 as usize) {
        return shape.byte_offset(slot).map(|byte_offset| CacheableStore::Existing { byte_offset });
    }
    let name = interned(cx, name);
    let (next, slot) = shape.with_name(cx, name)?;
    // Whoever gives the class a data descriptor of the name from now on knows that the name is in use.
    if class.lookup_again(cx, name).is_some_and(|v| is_data_descriptor(cx, v.r())) {
        return None;
    }
    let byte_offset = next.byte_offset(slot)?;
    Some(CacheableStore::Transition { new_shape_id: next.head.id, byte_offset })
}

/// Whether a change to a class can make cached answers wrong although the shapes of instances stay the same.
pub fn change_needs_flush(cx: &Cx, class: &PyType, name: Ref<'_>) -> bool {
    let hooks = [Special::GetAttribute, Special::SetAttr, Special::GetAttr, Special::DelAttr];
    if hooks.iter().any(|&s| cx.special_name(s).is(name)) {
        // Builtin types are filled before any code runs. Nor does anything have to be emptied while a class is being made.
        return class.is_heap() && class.is_in_caches();
    }
    let key = name.value().0 as usize;
    class.is_heap()
        && (class.has_slot_name(key, true)
            || class.dict(cx).get_str(cx, name).is_some_and(|v| is_data_descriptor(cx, v.r()))
                && class.has_slot_name(key, false))
}

/// The byte offset of a slot of `__slots__` whose descriptor was found, unless the class has changed meanwhile.
fn member_offset(cx: &Cx, class: &PyType, found: Ref<'_>, shape: &Shape, name: Ref<'_>) -> Option<u32> {
    let byte_offset = crate::objects::type_::member_offset(cx, found, shape)?;
    class.note_slot_name(interned(cx, name).value().0 as usize, true);
    class.lookup_again(cx, name).is_some_and(|v| v.r().is(found)).then_some(byte_offset)
}

/// Makes the class remember that caches look for the name in the dicts of instances, so that a data descriptor of that
/// name empties them; false if it has been given one meanwhile.
fn stays_in_dict(cx: &Cx, class: &PyType, name: Ref<'_>) -> bool {
    let name = interned(cx, name);
    class.note_slot_name(name.value().0 as usize, false);
    class.lookup_again(cx, name).is_none_or(|v| !is_data_descriptor(cx, v.r()))
}

fn is_data_descriptor(cx: &Cx, v: Ref<'_>) -> bool {
    let kind = cx.class_of(v);
    kind.special(cx, Special::Set).is_some() || kind.special(cx, Special::Delete).is_some()
}
