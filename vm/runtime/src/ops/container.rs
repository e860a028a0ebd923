//! Length, items, membership.

use crate::class::Builtin;
use crate::names::Special;
use crate::native::Args;
use crate::objects::{dict::PyDict, items, list::PyList, tuple::PyTuple};
use crate::{Cx, Obj, R, Ref, RefExt, Value};

impl Cx {
    /// `len(v)`.
    ///
    /// # Errors
    /// `TypeError` ("object of type 'x' has no len()"), or what `__len__` raises.
    pub fn len(&mut self, v: Ref<'_>) -> R<usize> {
        if let Some(n) = crate::objects::iter::len_native(v) {
            return Ok(n);
        }
        let Some(method) = self.class_of(v).special(self, Special::Len) else {
            let name = self.type_name(v);
            return Err(self.type_error(format!("object of type '{name}' has no len()")));
        };
        let result = self.call_special(method, v, &[])?;
        if let Some(n) = result.value().as_int()
            && let Ok(n) = usize::try_from(n)
        {
            return Ok(n);
        }
        let index = self.index(result.r())?;
        match self.index_isize(index.r(), Builtin::OverflowError) {
            Ok(n) => usize::try_from(n).map_err(|_| self.value_error("__len__() should return >= 0")),
            Err(err) => {
                let zero = Ref::immediate(crate::Value::from_int_unchecked(0));
                match self.compare_bool(crate::ops::CompareOp::Lt, index.r(), zero)? {
                    true => Err(self.value_error("__len__() should return >= 0")),
                    false => Err(err),
                }
            }
        }
    }

    /// `operator.length_hint(v, default)`.
    ///
    /// # Errors
    /// What the methods raise but `TypeError`.
    pub fn length_hint(&mut self, v: Ref<'_>, default: usize) -> R<usize> {
        if self.class_of(v).special(self, Special::Len).is_some() {
            let result = self.len(v);
            if let Some(n) = self.catch(result, Builtin::TypeError)? {
                return Ok(n);
            }
        }
        let result = self.try_special(Special::LengthHint, v, &[]);
        let Some(Some(hint)) = self.catch(result, Builtin::TypeError)? else { return Ok(default) };
        if hint.value() == crate::Value::NOT_IMPLEMENTED {
            return Ok(default);
        }
        if !self.is_instance_of(hint.r(), Builtin::Int) {
            let name = self.type_name(hint.r());
            return Err(self.type_error(format!("__length_hint__ must be an integer, not {name}")));
        }
        let n = self.index_isize(hint.r(), Builtin::OverflowError)?;
        usize::try_from(n).map_err(|_| self.value_error("__length_hint__() should return >= 0"))
    }

    /// `v[key]`.
    ///
    /// # Errors
    /// `TypeError` ("'x' object is not subscriptable"), or what `__getitem__` raises.
    pub fn get_item(&mut self, v: Ref<'_>, key: Ref<'_>) -> R {
        if let Some(method) = items::getter(v) {
            return method(self, Args::new(&[v.value(), key.value()]));
        }
        match self.class_of(v).special(self, Special::GetItem) {
            Some(method) => self.call_special(method, v, &[key]),
            None => crate::objects::type_::class_get_item(self, v, key),
        }
    }

    /// `v[key] = item`.
    ///
    /// # Errors
    /// `TypeError` ("'x' object does not support item assignment"), or what `__setitem__` raises.
    pub fn set_item(&mut self, v: Ref<'_>, key: Ref<'_>, item: Ref<'_>) -> R<()> {
        if let Some(method) = items::setter(v) {
            return method(self, Args::new(&[v.value(), key.value(), item.value()])).map(drop);
        }
        match self.class_of(v).special(self, Special::SetItem) {
            Some(method) => self.call_special(method, v, &[key, item]).map(drop),
            None => {
                let name = self.type_name(v);
                Err(self.type_error(format!("'{name}' object does not support item assignment")))
            }
        }
    }

    /// `del v[key]`.
    ///
    /// # Errors
    /// `TypeError` ("'x' object does not support item deletion"), or what `__delitem__` raises.
    pub fn del_item(&mut self, v: Ref<'_>, key: Ref<'_>) -> R<()> {
        if let Some(method) = items::deleter(v) {
            return method(self, Args::new(&[v.value(), key.value()])).map(drop);
        }
        match self.class_of(v).special(self, Special::DelItem) {
            Some(method) => self.call_special(method, v, &[key]).map(drop),
            None => Err(self.no_item_deletion(v, key)),
        }
    }

    /// The complaint of a class without `__delitem__`: sequences have another wording for indices.
    fn no_item_deletion(&mut self, v: Ref<'_>, key: Ref<'_>) -> crate::Err {
        let class = self.class_of(v);
        let is_sequence = class.is_heap()
            || [Special::GetItem, Special::Contains, Special::Len]
                .iter()
                .any(|&special| class.special(self, special).is_some());
        let is_index = self.class_of(key).special(self, Special::Index).is_some();
        let verb = if is_sequence && is_index { "doesn't" } else { "does not" };
        let name = class.tp_name();
        self.type_error(format!("'{name}' object {verb} support item deletion"))
    }

    /// `item in v`.
    ///
    /// # Errors
    /// `TypeError` ("argument of type 'x' is not a container or iterable"), or what a method raises.
    pub fn contains(&mut self, v: Ref<'_>, item: Ref<'_>) -> R<bool> {
        if let Some(method) = items::membership(v) {
            let result = method(self, Args::new(&[v.value(), item.value()]))?;
            return Ok(result.value() == Value::TRUE);
        }
        match self.class_of(v).special(self, Special::Contains) {
            Some(method) if !method.value().is_none() => {
                let result = self.call_special(method, v, &[item])?;
                self.truth(result.r())
            }
            Some(_) => {
                let name = self.type_name(v);
                Err(self.type_error(format!("'{name}' object is not a container")))
            }
            None => self.contains_by_iteration(v, item),
        }
    }

    fn contains_by_iteration(&mut self, v: Ref<'_>, item: Ref<'_>) -> R<bool> {
        let iterator = match self.iter(v) {
            Ok(iterator) => iterator,
            Err(err) if self.is_error(&err, Builtin::TypeError) => {
                let name = self.type_name(v);
                return Err(
                    self.type_error(format!("argument of type '{name}' is not a container or iterable"))
                );
            }
            Err(err) => return Err(err),
        };
        while let Some(candidate) = self.next(iterator.r())? {
            if self.equal(candidate.r(), item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The items of an exact list or tuple, owned; `None` for anything else.
    pub fn items_if_sequence(&self, v: Ref<'_>) -> Option<Vec<Obj>> {
        if self.is_exactly(v, Builtin::Tuple) {
            let tuple = v.downcast::<PyTuple>(self)?;
            return Some(tuple.items().iter().map(|item| item.own(self)).collect());
        }
        if self.is_exactly(v, Builtin::List) {
            return Some(v.downcast::<PyList>(self)?.snapshot(self));
        }
        None
    }

    /// The payload of a dict or of an instance of a subclass.
    pub fn as_dict<'t>(&self, v: Ref<'t>) -> Option<&'t PyDict> {
        v.downcast::<PyDict>(self)
    }
}
