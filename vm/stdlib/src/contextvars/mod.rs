//! `_contextvars`: context variables (PEP 567).
//!
//! A context is a persistent map (`map.rs`), so copying one is a matter of one reference. Each thread has a current
//! context, made when first needed; `Context.run` makes another one current, and a context is entered by at most one
//! thread at a time, which alone changes it. Others may read and copy it meanwhile.
//!
//! - `var.rs`: `ContextVar` and `Token`; `context.rs`: `Context`

mod context;
mod map;
mod var;

pub use context::{copy_context, run_in};
pub use var::{set_value, value};

use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] =
    &[("copy_context", "($module, /)", Full(|cx, _| copy_context(cx)))];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for (name, class) in
        [("Context", context::class(cx)), ("ContextVar", var::class(cx)), ("Token", var::token_class(cx))]
    {
        add(cx, module, name, class.as_ref().own(cx));
    }
    Ok(())
}
