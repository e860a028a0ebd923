//! `_functools`: what the library's `functools` stands on for speed.
//!
//! - `partial.rs`: `partial` and its `Placeholder`
//! - `lru.rs`: the wrapper that `lru_cache` makes; `lru_list.rs`: the results in order of use
//! - `cmp_key.rs`: `cmp_to_key`; `reduce` is here
//!
//! Each type says in its file what its lock guards.

mod cmp_key;
mod lru;
mod lru_list;
mod partial;

use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("cmp_to_key", "($module, /, mycmp)", Full(cmp_key::cmp_to_key)),
    ("reduce", "($module, function, iterable, /, initial=<unrepresentable>)", Full(reduce)),
];

/// `reduce(function, iterable[, initial])`.
fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let (function, iterable) = (a.get(0), a.get(1));
    let iterator = match cx.iter(iterable) {
        Ok(iterator) => iterator,
        Err(err) if cx.is_error(&err, Builtin::TypeError) => {
            return Err(cx.type_error("reduce() arg 2 must support iteration"));
        }
        Err(err) => return Err(err),
    };
    let mut so_far = a.opt(2).map(|v| v.own(cx));
    while let Some(item) = cx.next(iterator.r())? {
        so_far = Some(match so_far {
            None => item,
            Some(left) => cx.call_values(function, &[left.value(), item.value()], None)?,
        });
        cx.poll()?;
    }
    so_far.ok_or_else(|| cx.type_error("reduce() of empty iterable with no initial value"))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    cmp_key::init(cx);
    let placeholder = partial::init_placeholder(cx)?;
    let class = cx.class_of(placeholder.r()).as_ref().own(cx);
    add(cx, module, "_PlaceholderType", class);
    add(cx, module, "Placeholder", placeholder);
    let partial = partial::init(cx).as_ref().own(cx);
    add(cx, module, "partial", partial);
    let lru = lru::init(cx)?.as_ref().own(cx);
    add(cx, module, "_lru_cache_wrapper", lru);
    Ok(())
}
