//! `type`: making classes, calling them, instance and subclass checks.
//!
//! - `link.rs`: MRO, layout, flags; `create.rs`: `type.__new__` and `__build_class__`; `call.rs`: calling a class
//! - `bases.rs`: other bases for a class that exists; `mro()` of metaclasses
//! - `end.rs`: how a class ends
//! - `attrs.rs`: what Python sees of a class; `member.rs`: descriptors of `__slots__`

mod attrs;
mod bases;
mod call;
mod create;
mod end;
mod link;
mod member;

pub(crate) use attrs::class_attr;
pub use attrs::{declare, full_name, init};
pub(crate) use bases::has_base;
pub use bases::{change_class, same_layout};
pub(crate) use call::stop_learning;
pub use call::{
    call_class, keep_plain_init, knows_layout, learn_layout, new_instance, plain_call, plain_init,
    plain_instance, quick_instance,
};
pub use create::{build_class, new_class};
pub(crate) use end::{extents, forget_stw, release};
pub use link::{link, native_part, set_native_part};
pub use member::{member_offset, new_native_member};

use crate::objects::native::PyGetSet;
use crate::objects::tuple::PyTuple;
use crate::objects::union::PyUnion;
use crate::prelude::*;

pub static TYPE_OPS: TypeOps = TypeOps {
    name: "type",
    size: |_| size_of::<PyType>(),
    trace: Some(end::trace),
    drop_fields: Some(end::drop_fields),
    needs_finalizer: crate::finalize::has_del,
};

/// `v[key]` where the class of `v` has no `__getitem__`: a class's `__class_getitem__`, or the complaint.
///
/// # Errors
/// `TypeError`, or what the hook raises.
pub fn class_get_item(cx: &mut Cx, v: Ref<'_>, key: Ref<'_>) -> R {
    if let Some(class) = PyType::from_ref(v, cx) {
        let name = cx.special_name(Special::ClassGetItem);
        if class.is_subclass(cx.builtin(Builtin::Type), cx) && std::ptr::eq(class, cx.builtin(Builtin::Type))
        {
            return Ok(crate::objects::generic_alias::new_generic_alias(cx, v, key));
        }
        if let Some(hook) = cx.get_attr_opt(v, name)? {
            return cx.call(hook.r(), &[key]);
        }
        let name = class.name();
        return Err(cx.type_error(format!("type '{name}' is not subscriptable")));
    }
    let name = cx.type_name(v);
    Err(cx.type_error(format!("'{name}' object is not subscriptable")))
}

/// The classes of a tuple or a union; `None` for anything else.
fn alternatives<'a>(cx: &Cx, class: Ref<'a>) -> Option<&'a [Ref<'a>]> {
    match class.downcast::<PyTuple>(cx) {
        Some(tuple) => Some(tuple.items()),
        None => class.downcast::<PyUnion>(cx).map(|u| u.members(cx)),
    }
}

impl Cx {
    /// `isinstance(v, class)`, hooks included.
    ///
    /// # Errors
    /// `TypeError`, or what `__instancecheck__` raises.
    pub fn is_instance(&mut self, v: Ref<'_>, class: Ref<'_>) -> R<bool> {
        if self.class_of(v).as_ref().is(class) {
            return Ok(true);
        }
        if let Some(items) = alternatives(self, class) {
            let own = self.class_of(v);
            let mut plain = items.iter().map_while(|&item| self.plain_class(item));
            if plain.any(|class| own.is_subclass(class, self)) {
                return Ok(true);
            }
            for &item in items {
                let found = match self.plain_class(item) {
                    Some(class) => self.real_instance(v, class)?,
                    None => self.recursing(" in __instancecheck__", |cx| cx.is_instance(v, item))?,
                };
                if found {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if let Some(class) = self.plain_class(class) {
            return self.real_instance(v, class);
        }
        if let Some(result) = self.try_special(Special::InstanceCheck, class, &[v])? {
            return self.truth(result.r());
        }
        Err(self.type_error("isinstance() arg 2 must be a type, a tuple of types, or a union"))
    }

    /// `isinstance(v, class)` as far as it takes no more than a look at the classes.
    #[inline]
    pub fn is_plain_instance(&self, v: Ref<'_>, class: Ref<'_>) -> Option<bool> {
        let own = self.class_of(v);
        if own.as_ref().is(class) {
            return Some(true);
        }
        let header = class.header()?;
        if header.shape_id() == Builtin::Type as u32 {
            // SAFETY: an instance of `type` itself is a class.
            let is = own.is_subclass(unsafe { class.cast_unchecked::<PyType>() }, self);
            return (is || self.claims_no_class(own)).then_some(is);
        }
        if header.shape_id() != Builtin::Tuple as u32 {
            return None;
        }
        // SAFETY: the shape is that of an exact tuple.
        for item in unsafe { class.cast_unchecked::<PyTuple>() }.items() {
            if item.header().is_none_or(|h| h.shape_id() != Builtin::Type as u32) {
                return None;
            }
            // SAFETY: as above.
            if own.is_subclass(unsafe { item.cast_unchecked::<PyType>() }, self) {
                return Some(true);
            }
        }
        self.claims_no_class(own).then_some(false)
    }

    /// Whether instances of the class surely say nothing else of their `__class__`.
    fn claims_no_class(&self, own: &PyType) -> bool {
        let object = self.builtin(Builtin::Object);
        let inherits = |v: Obj| v.downcast::<PyGetSet>(self).is_some_and(|g| std::ptr::eq(g.owner(), object));
        own.same_special(self, object, Special::GetAttribute)
            && (!own.is_heap() || own.lookup(self, self.vm.names.class.get()).is_some_and(inherits))
    }

    /// The class, if the object is one whose metaclass has no `__instancecheck__` of its own.
    #[inline]
    fn plain_class(&self, class: Ref<'_>) -> Option<&'static PyType> {
        let payload = PyType::from_ref(class, self)?;
        let plain = payload.h.shape_id() == Builtin::Type as u32
            || self.class_of(class).same_special(self, self.builtin(Builtin::Type), Special::InstanceCheck);
        plain.then_some(payload)
    }

    /// Without hooks: by class, then by `__class__`.
    pub(crate) fn real_instance(&mut self, v: Ref<'_>, class: &PyType) -> R<bool> {
        let own = self.class_of(v);
        if own.is_subclass(class, self) {
            return Ok(true);
        }
        if self.claims_no_class(own) {
            return Ok(false);
        }
        match self.get_attr_opt(v, self.vm.names.class.get())? {
            Some(claimed) => {
                Ok(PyType::from_ref(claimed.r(), self).is_some_and(|c| c.is_subclass(class, self)))
            }
            None => Ok(false),
        }
    }

    /// `issubclass(derived, class)`, hooks included.
    ///
    /// # Errors
    /// `TypeError`, or what `__subclasscheck__` raises.
    pub fn is_subclass(&mut self, derived: Ref<'_>, class: Ref<'_>) -> R<bool> {
        if let Some(items) = alternatives(self, class) {
            for &item in items {
                if self.recursing(" in __subclasscheck__", |cx| cx.is_subclass(derived, item))? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if let Some(result) = self.try_special(Special::SubclassCheck, class, &[derived])? {
            return self.truth(result.r());
        }
        Err(self.type_error("issubclass() arg 2 must be a class, a tuple of classes, or a union"))
    }

    /// Without hooks.
    pub(crate) fn real_subclass(&mut self, derived: Ref<'_>, class: &PyType) -> R<bool> {
        match PyType::from_ref(derived, self) {
            Some(derived) => Ok(derived.is_subclass(class, self)),
            None => Err(self.type_error("issubclass() arg 1 must be a class")),
        }
    }
}
