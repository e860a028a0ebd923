//! `Err` (a `Raised`), a Python exception on its way up, and how natives make one.

use crate::class::Builtin;
use crate::{Cx, Obj, Ref};

/// The result of anything that may raise.
pub type R<T = Obj> = Result<T, Err>;

/// An exception being raised: the exception object, with its traceback so far.
#[derive(Debug)]
pub struct Raised(pub Obj);

/// An alias, so that the name of the type does not hide `Result`'s constructor.
pub type Err = Raised;

impl Raised {
    /// The exception object.
    pub fn exception(&self) -> Ref<'_> {
        self.0.r()
    }
}

impl Cx {
    /// A new exception of a built-in class with a message.
    pub fn error(&mut self, class: Builtin, message: &str) -> Err {
        let message = crate::objects::str::new_str(self, message);
        self.error_with(class, message)
    }

    /// A new exception of any class with a message, for the exceptions of native modules.
    pub fn error_of(&mut self, class: Ref<'_>, message: &str) -> Err {
        let message = crate::objects::str::new_str(self, message);
        match self.call(class, &[message.r()]) {
            Ok(exception) => Raised(exception),
            Err(err) => err,
        }
    }

    /// A new exception of a built-in class with one argument.
    pub fn error_with(&mut self, class: Builtin, argument: Obj) -> Err {
        Raised(crate::objects::exception::new_exception(self, class, [argument]))
    }

    /// A new exception of a built-in class without arguments.
    pub fn error_bare(&mut self, class: Builtin) -> Err {
        Raised(crate::objects::exception::new_exception(self, class, []))
    }

    pub fn type_error(&mut self, message: impl AsRef<str>) -> Err {
        self.error(Builtin::TypeError, message.as_ref())
    }

    pub fn value_error(&mut self, message: impl AsRef<str>) -> Err {
        self.error(Builtin::ValueError, message.as_ref())
    }

    pub fn index_error(&mut self, message: impl AsRef<str>) -> Err {
        self.error(Builtin::IndexError, message.as_ref())
    }

    pub fn overflow_error(&mut self, message: impl AsRef<str>) -> Err {
        self.error(Builtin::OverflowError, message.as_ref())
    }

    pub fn runtime_error(&mut self, message: impl AsRef<str>) -> Err {
        self.error(Builtin::RuntimeError, message.as_ref())
    }

    pub fn system_error(&mut self, message: impl AsRef<str>) -> Err {
        self.error(Builtin::SystemError, message.as_ref())
    }

    pub fn zero_division(&mut self, message: impl AsRef<str>) -> Err {
        self.error(Builtin::ZeroDivisionError, message.as_ref())
    }

    pub fn memory_error(&mut self) -> Err {
        self.error_bare(Builtin::MemoryError)
    }

    /// `KeyError(key)`.
    pub fn key_error(&mut self, key: Ref<'_>) -> Err {
        let key = key.own(self);
        self.error_with(Builtin::KeyError, key)
    }

    /// `StopIteration` without a value.
    pub fn stop_iteration(&mut self) -> Err {
        self.error_bare(Builtin::StopIteration)
    }

    /// `AttributeError` with `name` and `obj` set, which tracebacks use for suggestions.
    pub fn attribute_error(&mut self, obj: Ref<'_>, name: Ref<'_>, message: &str) -> Err {
        let err = self.error(Builtin::AttributeError, message);
        crate::objects::exception::set_name_and_obj(self, &err, name, obj);
        err
    }

    /// Whether the exception is an instance of the built-in class.
    pub fn is_error(&self, err: &Err, class: Builtin) -> bool {
        self.is_instance_of(err.exception(), class)
    }

    /// Turns an exception of the class into `None`.
    ///
    /// # Errors
    /// Any other exception.
    pub fn catch<T>(&mut self, result: R<T>, class: Builtin) -> R<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(err) if self.is_error(&err, class) => Ok(None),
            Err(err) => Err(err),
        }
    }
}
