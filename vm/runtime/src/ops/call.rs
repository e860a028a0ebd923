//! Calling any object from natives.

use crate::class::Builtin;
use crate::interp::run;
use crate::names::Special;
use crate::native::Args;
use crate::objects::method::PyBoundMethod;
use crate::objects::tuple::PyTuple;
use crate::objects::{native, type_};
use crate::{Cx, R, Ref, RefExt, Value};

impl Cx {
    /// `f(*args)`.
    ///
    /// # Errors
    /// `TypeError` ("'x' object is not callable"), or what the call raises.
    pub fn call(&mut self, f: Ref<'_>, args: &[Ref<'_>]) -> R {
        // SAFETY: references are words.
        let values = unsafe { std::slice::from_raw_parts(args.as_ptr().cast::<Value>(), args.len()) };
        self.call_values(f, values, None)
    }

    /// `f(*args, **names)`.
    ///
    /// # Errors
    /// As [`Cx::call`].
    pub fn call_kw(&mut self, f: Ref<'_>, args: &[Ref<'_>], names: &[(&str, Ref<'_>)]) -> R {
        let values: Vec<Value> =
            args.iter().map(|a| a.value()).chain(names.iter().map(|(_, v)| v.value())).collect();
        let keys =
            names.iter().map(|(name, _)| crate::objects::str::intern(self, name).get().own(self)).collect();
        let keys = self.tuple(keys);
        let keys = keys.r().downcast::<PyTuple>(self);
        self.call_values(f, &values, keys)
    }

    /// `obj.name(*args)`.
    ///
    /// # Errors
    /// `AttributeError`, or what the call raises.
    pub fn call_method(&mut self, obj: Ref<'_>, name: &str, args: &[Ref<'_>]) -> R {
        let name = crate::objects::str::intern(self, name);
        match self.lookup_method(obj, name.get())? {
            super::MethodLookup::Unbound(f) => {
                // SAFETY: references are words.
                let rest = unsafe { std::slice::from_raw_parts(args.as_ptr().cast::<Value>(), args.len()) };
                native::prepended(obj.value(), rest, |all| self.call_values(f.r(), all, None))
            }
            super::MethodLookup::Bound(f) => self.call(f.r(), args),
        }
    }

    /// Calls what was found on the class of `this`, binding it as the descriptor protocol says; `args` starts with
    /// `this`. Borrowed values.
    ///
    /// # Errors
    /// What the call raises.
    pub fn call_unbound(&mut self, method: Ref<'_>, this: Ref<'_>, args: &[Value]) -> R {
        match method.header().map_or(0, |h| h.shape_id()) {
            id if id == Builtin::Function as u32 => run::call_sorting(self, method, args, None),
            id if id == Builtin::MethodDescriptor as u32 || id == Builtin::WrapperDescriptor as u32 => {
                match native::call_as_method(self, method, args) {
                    Some(result) => result,
                    None => self.call_values(method, args, None),
                }
            }
            _ => match self.class_of(method).special(self, Special::Get) {
                None => self.call_values(method, &args[1..], None),
                Some(get) => {
                    let class = self.class_of(this).as_ref();
                    let bound = self.call_get(get, method, this, class)?;
                    self.call_values(bound.r(), &args[1..], None)
                }
            },
        }
    }

    /// Calls `f` with borrowed values: positional arguments, then those that `names` names.
    ///
    /// # Errors
    /// As [`Cx::call`].
    pub fn call_values(&mut self, f: Ref<'_>, args: &[Value], names: Option<&PyTuple>) -> R {
        let id = f.header().map_or(0, |h| h.shape_id());
        if id == Builtin::Function as u32 {
            return run::call_sorting(self, f, args, names);
        }
        // Natives that call natives, as proxies of proxies do, have no other guard.
        if self.native_stack_low() {
            return self.refused();
        }
        if native::is_native(id) {
            return native::call(self, f, Args::new(args), names);
        }
        if let Some(bound) = f.downcast::<PyBoundMethod>(self) {
            // SAFETY: both slots are set for good when the method is made, and `f` keeps it alive.
            let (function, this) = (bound.function.peek(), bound.this.peek());
            // SAFETY: as above.
            let function = unsafe { Ref::from_value(function) };
            return native::prepended(this, args, |all| self.call_values(function, all, names));
        }
        self.call_object(f, args, names)
    }

    #[cold]
    #[inline(never)]
    fn refused(&mut self) -> R {
        Err(self.recursion_error(""))
    }

    fn call_object(&mut self, f: Ref<'_>, args: &[Value], names: Option<&PyTuple>) -> R {
        if let Some(class) = crate::class::PyType::from_ref(f, self)
            && std::ptr::eq(self.class_of(f), self.builtin(Builtin::Type))
        {
            if names.is_none()
                && let Some(result) = crate::objects::construct::quick_call(self, class, Args::new(args))
            {
                return result;
            }
            return type_::new_instance(self, class, Args::new(args), names);
        }
        if let Some(call) = self.class_of(f).call.get() {
            self.recursion("")?;
            return call(self, f, Args::new(args), names);
        }
        let Some(method) = self.class_of(f).special(self, Special::Call).filter(|m| !m.value().is_none())
        else {
            let name = self.type_name(f);
            return Err(self.type_error(format!("'{name}' object is not callable")));
        };
        self.recursing("", |cx| match method.header().map(|h| h.shape_id()) {
            // A native function that is no method of a class binds to nothing.
            Some(id)
                if id == Builtin::Function as u32
                    || id == Builtin::MethodDescriptor as u32
                    || id == Builtin::WrapperDescriptor as u32 =>
            {
                native::prepended(f.value(), args, |all| cx.call_values(method, all, names))
            }
            _ => {
                let class = cx.class_of(f).as_ref();
                let bound = match cx.class_of(method).special(cx, Special::Get) {
                    Some(get) => cx.call_get(get, method, f, class)?,
                    None => method.own(cx),
                };
                cx.call_values(bound.r(), args, names)
            }
        })
    }
}
