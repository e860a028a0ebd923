//! What nearly every file of the crate uses.

pub use crate::class::{Builtin, PyType, TypeBuilder, class_flag};
pub use crate::err::{Err, R};
pub use crate::names::Special;
pub use crate::native::NativeFn::{Full, Leaf, Shortcut, Varied};
pub use crate::native::{Args, NativeDef, NativeFn};
pub use crate::object::{ObjExt, Object, RefExt, ref_of};
pub use crate::ops::{BinaryOp, CompareOp, UnaryOp};
pub use crate::{Cx, Header, Mutator, Obj, Ref, Slot, TypeOps, Value};
