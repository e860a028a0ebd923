//! Text of any object: `repr`, `str`, `format`, `ascii`.

use crate::class::Builtin;
use crate::names::Special;
use crate::objects::str::{PyStr, decimal, new_ascii};
use crate::{Cx, Obj, ObjExt, R, Ref, RefExt};

impl Cx {
    /// `repr(v)`.
    ///
    /// # Errors
    /// What `__repr__` raises; `TypeError` if it does not give a string.
    pub fn repr(&mut self, v: Ref<'_>) -> R {
        if let Some(i) = v.value().as_int() {
            return Ok(new_ascii(self, decimal(i, &mut [0; 20])));
        }
        let Some(method) = self.class_of(v).special(self, Special::Repr) else {
            return Err(crate::object::unreachable_err(self, "object without __repr__"));
        };
        let result =
            self.recursing(" while getting the repr of an object", |cx| cx.call_special(method, v, &[]))?;
        self.expect_str(result, "__repr__")
    }

    /// `str(v)`.
    ///
    /// # Errors
    /// What `__str__` raises; `TypeError` if it does not give a string.
    pub fn to_str(&mut self, v: Ref<'_>) -> R {
        if self.is_exactly(v, Builtin::Str) {
            return Ok(v.own(self));
        }
        if let Some(i) = v.value().as_int() {
            return Ok(new_ascii(self, decimal(i, &mut [0; 20])));
        }
        let Some(method) = self.class_of(v).special(self, Special::Str) else { return self.repr(v) };
        let result =
            self.recursing(" while getting the str of an object", |cx| cx.call_special(method, v, &[]))?;
        self.expect_str(result, "__str__")
    }

    fn expect_str(&mut self, result: Obj, method: &str) -> R {
        if result.downcast::<PyStr>(self).is_some() {
            return Ok(result);
        }
        let name = self.type_name(result.r());
        Err(self.type_error(format!("{method} returned non-string (type {name})")))
    }

    /// `ascii(v)`.
    ///
    /// # Errors
    /// As [`Cx::repr`].
    pub fn ascii(&mut self, v: Ref<'_>) -> R {
        let text = self.repr(v)?;
        Ok(crate::objects::str::to_ascii(self, text))
    }

    /// `format(v, spec)`.
    ///
    /// # Errors
    /// What `__format__` raises.
    pub fn format(&mut self, v: Ref<'_>, spec: Ref<'_>) -> R {
        let empty = spec.downcast::<PyStr>(self).is_some_and(|s| s.byte_len() == 0);
        if empty && (self.is_exactly(v, Builtin::Str) || self.is_exactly(v, Builtin::Int)) {
            return self.to_str(v);
        }
        let Some(method) = self.class_of(v).special(self, Special::Format) else {
            let name = self.type_name(v);
            return Err(self.type_error(format!("Type {name} doesn't define __format__")));
        };
        let result = self.call_special(method, v, &[spec])?;
        if result.downcast::<PyStr>(self).is_some() {
            return Ok(result);
        }
        let name = self.type_name(result.r());
        Err(self.type_error(format!("__format__ must return a str, not {name}")))
    }

    /// `repr(v)` as Rust text, lone surrogates replaced.
    ///
    /// # Errors
    /// As [`Cx::repr`].
    pub fn repr_string(&mut self, v: Ref<'_>) -> R<String> {
        let text = self.repr(v)?;
        Ok(self.text_of(text.r()))
    }

    /// `str(v)` as Rust text, lone surrogates replaced.
    ///
    /// # Errors
    /// As [`Cx::to_str`].
    pub fn str_string(&mut self, v: Ref<'_>) -> R<String> {
        let text = self.to_str(v)?;
        Ok(self.text_of(text.r()))
    }

    /// The contents of a string object as Rust text, lone surrogates replaced; empty for anything else.
    pub fn text_of(&self, v: Ref<'_>) -> String {
        v.downcast::<PyStr>(self).map(|s| s.to_string_lossy()).unwrap_or_default()
    }
}
