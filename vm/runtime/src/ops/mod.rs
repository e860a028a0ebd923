//! What can be done with any object: the abstract operations that the interpreter's slow paths and natives share.
//!
//! All are methods of `Cx` and may run Python, except where they take `&Cx`.

mod attr;
mod call;
mod compare;
mod container;
mod deleted;
mod instance_dict;
pub(crate) mod iterate;
mod number;
pub mod quick;
mod text;

pub use attr::{
    CacheableLoad, CacheableStore, MethodLookup, binds_plainly, cacheable_load, cacheable_method,
    cacheable_store, change_needs_flush, check_name, generic_get_attr, generic_get_attr_opt,
    generic_set_attr, get_attr_with, missing_for_good, missing_of_class, own_attr, set_attr_with,
    set_root_shape,
};
pub use compare::CompareOp;
pub use instance_dict::{dict_slot, has_inline_values, instance_dict, leave_dict, set_instance_dict};
pub use number::{BinaryOp, UnaryOp};
