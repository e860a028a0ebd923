//! `atexit`: functions that are called when the program ends, the last one registered first.
//!
//! They are kept in a list of tuples (function, arguments, named arguments); the program's end calls [`run`].

use crate::posix::Table;
use std::sync::OnceLock;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::add_functions;
use ungil_runtime::objects::native::spread_with;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::{SharedValue, traceback};

const FUNCTIONS: Table = &[
    ("register", "($module, func, /, *args, **kwargs)", Full(register)),
    ("unregister", "($module, func, /)", Full(unregister)),
    ("_clear", "($module, /)", Full(clear)),
    ("_ncallbacks", "($module, /)", Leaf(|cx, _| Ok(cx.int(callbacks(cx).map_or(0, |l| l.len()) as i64)))),
    ("_run_exitfuncs", "($module, /)", Full(run_now)),
];

static CALLBACKS: OnceLock<SharedValue> = OnceLock::new();

fn callbacks<'a>(cx: &Cx) -> Option<&'a PyList> {
    CALLBACKS.get()?.get().downcast::<PyList>(cx)
}

fn register(cx: &mut Cx, a: Args<'_>) -> R {
    let function = a.get(0);
    if cx.class_of(function).special(cx, Special::Call).is_none() {
        return Err(cx.type_error("the first argument must be callable"));
    }
    let entry = cx.tuple(vec![function.own(cx), a.get(1).own(cx), a.get(2).own(cx)]);
    if let Some(list) = callbacks(cx) {
        list.append(cx, entry);
    }
    Ok(function.own(cx))
}

fn unregister(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(list) = callbacks(cx) else { return Ok(cx.none()) };
    for entry in list.snapshot(cx).into_iter().rev() {
        let function = entry.downcast::<PyTuple>(cx).and_then(|t| t.get(cx, 0));
        let Some(function) = function else { continue };
        if !cx.equal(function.r(), a.get(0))? {
            continue;
        }
        // The comparison may have changed the list: the entry's place is looked for now.
        let place = list.snapshot(cx).iter().position(|e| e.r().is(entry.r()));
        if let (Some(place), Some(list)) = (place, CALLBACKS.get()) {
            let place = cx.int(place as i64);
            cx.del_item(list.get(), place.r())?;
        }
    }
    Ok(cx.none())
}

fn clear(cx: &mut Cx, _: Args<'_>) -> R {
    if let Some(list) = callbacks(cx) {
        list.clear(cx);
    }
    Ok(cx.none())
}

fn run_now(cx: &mut Cx, _: Args<'_>) -> R {
    run(cx);
    Ok(cx.none())
}

/// Calls what is registered, also what is registered meanwhile; exceptions are reported.
pub fn run(cx: &mut Cx) {
    while let Some(entry) = callbacks(cx).and_then(|list| list.pop_last(cx)) {
        let Some([function, args, kwargs]) = entry.downcast::<PyTuple>(cx).map(|t| t.items()) else {
            continue;
        };
        let args = args.downcast::<PyTuple>(cx).map_or(&[][..], |t| t.items());
        let kwargs = kwargs.own(cx);
        if let Err(err) = spread_with(cx, *function, args, &kwargs) {
            traceback::unraisable(cx, err, "Exception ignored in atexit callback", *function);
        }
        cx.run_pending();
    }
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let _ = CALLBACKS.set(SharedValue::new(cx.list(Vec::new())));
    Ok(())
}
