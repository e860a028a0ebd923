//! `_testinternalcapi`: what of CPython's module for testing its insides has a counterpart here.
//!
//! CPython's own tests of classes cannot be imported without it, and others ask it how long to wait for what specialises.

use ungil_runtime::interp::frame::Frames;
use ungil_runtime::names::Special;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("get_recursion_depth", "($module, /)", Full(recursion_depth)),
    (
        "get_long_lived_total",
        "($module, /)",
        Leaf(|cx, _| Ok(cx.int(cx.space.collector.long_lived() as i64))),
    ),
    ("get_tracked_heap_size", "($module, /)", Full(tracked_heap_size)),
    ("get_static_builtin_types", "($module, /)", Full(built_in_types)),
    ("has_inline_values", "($module, obj, /)", Full(has_inline_values)),
    ("identify_type_slot_wrappers", "($module, /)", Full(special_names)),
];

/// Runs after which an instruction that can be specialised has been.
const SPECIALIZATION_THRESHOLD: i64 = 2;
/// Bytes in front of objects that the cycle collector alone needs.
const COLLECTOR_HEAD: i64 = 0;

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for (name, n) in
        [("SPECIALIZATION_THRESHOLD", SPECIALIZATION_THRESHOLD), ("SIZEOF_PYGC_HEAD", COLLECTOR_HEAD)]
    {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    Ok(())
}

fn recursion_depth(cx: &mut Cx, _: Args<'_>) -> R {
    let (regs, ip) = cx.position();
    let depth = Frames::from(regs, ip).count();
    Ok(cx.int(depth as i64))
}

/// How many objects the collector of cycles knows.
fn tracked_heap_size(cx: &mut Cx, _: Args<'_>) -> R {
    let total: usize = ungil_gc::cycle::census(cx).iter().sum();
    Ok(cx.int(total as i64))
}

/// The types that no program made.
fn built_in_types(cx: &mut Cx, _: Args<'_>) -> R {
    let mut found = vec![cx.builtin(Builtin::Object)];
    let mut next = 0;
    while next < found.len() {
        for class in found[next].direct_subclasses() {
            if !class.is_heap() && !found.iter().any(|known| std::ptr::eq(*known, class)) {
                found.push(class);
            }
        }
        next += 1;
    }
    let types = found.iter().map(|class| class.as_ref().own(cx)).collect();
    Ok(cx.list(types))
}

/// Whether an object keeps its attributes in itself, not in a dict.
fn has_inline_values(cx: &mut Cx, a: Args<'_>) -> R {
    let has = ungil_runtime::ops::has_inline_values(cx, a.get(0));
    Ok(cx.bool(has))
}

fn special_names(cx: &mut Cx, _: Args<'_>) -> R {
    let names = Special::ALL.iter().map(|special| cx.str(special.text())).collect();
    Ok(cx.list(names))
}
