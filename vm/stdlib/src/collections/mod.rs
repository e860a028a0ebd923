//! `_collections`: deque, defaultdict, OrderedDict, and helpers of `collections/__init__.py`.

mod count;
mod default_dict;
mod deque;
mod deque_iter;
mod deque_methods;
mod tuple_getter;

use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] =
    &[("_count_elements", "($module, mapping, iterable, /)", Full(count::count_elements))];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let [forward, backward] = deque_iter::init(cx);
    for (name, class) in [
        ("deque", deque_methods::init(cx)),
        ("_deque_iterator", forward),
        ("_deque_reverse_iterator", backward),
        ("defaultdict", default_dict::init(cx)),
        ("_tuplegetter", tuple_getter::init(cx)),
    ] {
        add(cx, module, name, class.as_ref().own(cx));
    }
    Ok(())
}
