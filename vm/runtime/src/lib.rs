//! The interpreter, the objects and the builtins of ungil.
//!
//! - `cx.rs`: a thread's context and what all threads share; `object.rs`: values as Rust structs; `class/`: classes, shapes,
//!   inline-cache cells; `native.rs`, `bind.rs`: natives and their arguments; `ops/`: operations on any object
//! - `objects/`: the built-in types, a file or folder each, with `init(cx)` that fills the type
//! - `builtins/`: the functions of the `builtins` module; `import/`: modules
//! - `interp/`: frames, handlers, calls, exceptions, generators

mod bind;
mod bind_python;
pub mod bootstrap;
pub mod builtins;
pub mod class;
pub mod collection;
pub mod cx;
mod err;
pub mod exit;
pub mod finalize;
mod hook;
pub mod import;
pub mod interp;
pub mod names;
pub mod native;
pub mod object;
pub mod objects;
pub mod ops;
pub mod prelude;
pub mod thread_state;
pub mod traceback;

pub use cx::{Config, Cx, SharedValue, Vm};
pub use err::{Err, R, Raised};
pub use object::{ObjExt, Object, RefExt};
pub use ungil_gc::{Header, Mutator, Obj, Ref, ShapeHead, Slot, TypeOps, Value, flag};

/// Raises an exception object.
pub fn raise_object(exception: Obj) -> Err {
    err::Raised(exception)
}

/// A new exception of a built-in class with several arguments, for native modules.
pub fn new_error(cx: &mut Cx, class: class::Builtin, args: Vec<Obj>) -> Err {
    let args = cx.tuple(args);
    err::Raised(objects::exception::new_exception_with(cx, class, args))
}
