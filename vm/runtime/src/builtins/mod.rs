//! The functions of the `builtins` module.
//!
//! - `core.rs`: objects, attributes, classes, iteration; `numbers.rs`: arithmetic and aggregation
//! - `compile.rs`: `compile`, `eval`, `exec`; `print.rs`: `print` and `input`

pub mod compile;
mod core;
pub mod docs;
mod numbers;
mod print;

use crate::prelude::*;

/// Adds all functions and constants to the dict of `builtins`.
pub fn fill(cx: &mut Cx, module: &Obj) {
    crate::objects::module::add_functions(cx, module, core::FUNCTIONS);
    crate::objects::module::add_functions(cx, module, numbers::FUNCTIONS);
    crate::objects::module::add_functions(cx, module, compile::FUNCTIONS);
    crate::objects::module::add_functions(cx, module, print::FUNCTIONS);
}
