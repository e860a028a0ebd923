//! What can be done with any object: the abstract operations that the interpreter's slow paths and natives share.
//!
//! All are methods of `Cx` and may run Python, except where they take `&Cx`.

mod attr;
mod call;
mod compare;
mod container;
mod iterate;
mod number;
mod text;

pub use attr::MethodLookup;
pub use compare::CompareOp;
pub use number::{BinaryOp, UnaryOp};
