//! `_suggestions`: what a misspelled name may have been meant to be, for `traceback`.
//!
//! Natives that run no Python; the list is read as it is.

use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::add_functions;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] =
    &[("_generate_suggestions", "($module, candidates, item, /)", Full(generate_suggestions))];

fn generate_suggestions(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(item) = a.get(1).downcast::<PyStr>(cx) else {
        let found = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("_generate_suggestions() argument 2 must be str, not {found}")));
    };
    let list = a.get(0).downcast::<PyList>(cx);
    let Some(list) = list else { return Err(cx.type_error("candidates must be a list")) };
    let mut candidates = Vec::new();
    for candidate in list.snapshot(cx) {
        match candidate.downcast::<PyStr>(cx) {
            Some(text) => candidates.push(text.to_string_lossy()),
            None => return Err(cx.type_error("all elements in 'candidates' must be strings")),
        }
    }
    let found = ungil_runtime::traceback::suggestion(&item.to_string_lossy(), &candidates);
    Ok(found.map_or_else(|| cx.none(), |found| cx.str(&found)))
}

/// Makes the module.
///
/// # Errors
/// None now.
pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    Ok(())
}
