//! `gc`.

use ungil_gc::cycle::{self, GENERATIONS};
use ungil_locks::primitive::{AtomicI64, Ordering};
use ungil_runtime::collection::{self, debug};
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// The first threshold as it is from the start.
const USUAL_THRESHOLD: i64 = 2000;
/// Bytes that a small object takes.
const OBJECT_SIZE: i64 = 48;
/// Bytes that a thread may have taken from the heap without having made objects of them.
const AHEAD: i64 = 128 << 10;
/// What `gc.set_threshold` was told, for `gc.get_threshold`.
static THRESHOLDS: [AtomicI64; 3] = [AtomicI64::new(USUAL_THRESHOLD), AtomicI64::new(10), AtomicI64::new(10)];

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("collect", "($module, generation=2)", NativeFn::Searching(collect)),
    ("enable", "($module, /)", Full(|cx, _| Ok(switch(cx, true)))),
    ("disable", "($module, /)", Full(|cx, _| Ok(switch(cx, false)))),
    ("isenabled", "($module, /)", Full(|cx, _| Ok(cx.bool(cx.space.collector.is_enabled())))),
    ("get_objects", "($module, generation=None)", Full(get_objects)),
    ("get_referrers", "($module, /, *objs)", Full(get_referrers)),
    ("get_referents", "($module, /, *objs)", Full(get_referents)),
    ("is_tracked", "($module, obj, /)", Leaf(is_tracked)),
    ("is_finalized", "($module, obj, /)", Leaf(is_finalized)),
    ("get_threshold", "($module, /)", Full(get_threshold)),
    (
        "set_threshold",
        "($module, threshold0, threshold1=<unrepresentable>, threshold2=<unrepresentable>, /)",
        Full(set_threshold),
    ),
    ("get_count", "($module, /)", Full(get_count)),
    ("get_debug", "($module, /)", Full(get_debug)),
    ("set_debug", "($module, flags, /)", Full(set_debug)),
    ("freeze", "($module, /)", Full(freeze)),
    ("unfreeze", "($module, /)", Full(unfreeze)),
    ("get_freeze_count", "($module, /)", Full(get_freeze_count)),
    ("get_stats", "($module, /)", Full(get_stats)),
];

fn freeze(cx: &mut Cx, _: Args<'_>) -> R {
    cycle::freeze(cx);
    Ok(cx.none())
}

fn unfreeze(cx: &mut Cx, _: Args<'_>) -> R {
    cycle::unfreeze(cx);
    Ok(cx.none())
}

fn get_freeze_count(cx: &mut Cx, _: Args<'_>) -> R {
    let frozen = cycle::census(cx)[GENERATIONS];
    Ok(cx.int(frozen as i64))
}

/// Collections by generation.
fn get_stats(cx: &mut Cx, _: Args<'_>) -> R {
    let stats = (0..GENERATIONS).map(|generation| {
        let numbers = &cx.vm.collections.generations[generation];
        // ORD: relaxed; numbers to be shown.
        let shown = [
            ("collections", numbers.collections.load(Ordering::Relaxed)),
            ("collected", numbers.collected.load(Ordering::Relaxed)),
            ("uncollectable", numbers.uncollectable.load(Ordering::Relaxed)),
        ];
        collection::record(cx, &shown)
    });
    let stats = stats.collect();
    Ok(cx.list(stats))
}

/// New containers, then collections of the generation below.
fn get_count(cx: &mut Cx, _: Args<'_>) -> R {
    let new = cycle::new_containers(cx);
    // ORD: relaxed; numbers to be shown.
    let since = cx.vm.collections.since[1..].iter().map(|n| n.load(Ordering::Relaxed));
    let counts = std::iter::once(new).chain(since).map(|n| cx.int(n as i64)).collect();
    Ok(cx.tuple(counts))
}

fn collect(cx: &mut Cx, a: Args<'_>) -> R {
    ungil_runtime::finalize::clear_stack();
    collect_generation(cx, a)
}

/// In a frame of its own, made after the stack has been cleared: what the frame does not use would keep alive what earlier
/// calls have left there.
#[inline(never)]
fn collect_generation(cx: &mut Cx, a: Args<'_>) -> R {
    let generation = match a.opt(0) {
        Some(generation) => cx.to_i64(generation)?,
        None => i64::from(cycle::OLDEST),
    };
    let Ok(generation @ 0..=cycle::OLDEST) = u8::try_from(generation) else {
        return Err(cx.value_error("invalid generation"));
    };
    let found = collection::run(cx, generation);
    Ok(cx.int(found as i64))
}

fn switch(cx: &mut Cx, on: bool) -> Obj {
    cx.space.collector.set_enabled(on);
    cx.none()
}

fn get_objects(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(generation) = a.opt_not_none(0) {
        if cx.class_of(generation).special(cx, Special::Index).is_none() {
            let got = cx.type_name(generation);
            return Err(cx.type_error(format!("argument should be integer or None, not '{got}'")));
        }
        let generation = cx.to_i64(generation)?;
        if generation >= GENERATIONS as i64 {
            return Err(cx.value_error(format!(
                "generation parameter must be less than the number of available generations ({GENERATIONS})"
            )));
        }
        if generation < 0 {
            return Err(cx.value_error("generation parameter cannot be negative"));
        }
        let found = cycle::tracked_objects(cx, generation as u8..=generation as u8, |_| true);
        return Ok(cx.list(found));
    }
    let found = cycle::tracked_objects(cx, 0..=cycle::OLDEST, |_| true);
    Ok(cx.list(found))
}

fn get_referrers(cx: &mut Cx, a: Args<'_>) -> R {
    let targets: Vec<Value> = a.varargs(cx, 0).iter().map(|v| v.value()).collect();
    let mut found = cycle::referrers(cx, &targets);
    // Not the tuple of the arguments, which is there for this call only.
    found.retain(|v| v.value() != a.values()[0]);
    Ok(cx.list(found))
}

fn get_referents(cx: &mut Cx, a: Args<'_>) -> R {
    let mut found = Vec::new();
    for v in a.varargs(cx, 0) {
        found.extend(numbers_in(cx, *v));
        found.extend(cycle::referents(cx, v.value()));
    }
    Ok(cx.list(found))
}

/// The items of a list or tuple that are no objects on the heap: the collector passes over them.
fn numbers_in(cx: &Cx, v: Ref<'_>) -> Vec<Obj> {
    let mut items = match (v.downcast::<PyList>(cx), v.downcast::<PyTuple>(cx)) {
        (Some(list), _) => list.snapshot(cx),
        (_, Some(tuple)) => tuple.items().iter().map(|item| item.own(cx)).collect(),
        _ => Vec::new(),
    };
    items.retain(|item| item.r().header().is_none());
    items
}

/// What cannot be part of a cycle is not tracked: numbers and texts, classes that live for ever, instances of built-in types
/// without attributes, tuples of all these.
fn is_tracked(cx: &Cx, a: Args<'_>) -> R {
    let tracked = may_refer(cx, a.get(0), 0);
    Ok(cx.bool(tracked))
}

fn may_refer(cx: &Cx, v: Ref<'_>, depth: usize) -> bool {
    /// Tuples within tuples that are looked into.
    const DEEP: usize = 100;
    let Some(h) = v.header() else { return false };
    if let Some(class) = PyType::from_ref(v, cx) {
        return class.is_heap();
    }
    if cx.is_exactly(v, Builtin::Tuple)
        && let Some(tuple) = v.downcast::<PyTuple>(cx)
    {
        return depth > DEEP || tuple.items().iter().any(|&item| may_refer(cx, item, depth + 1));
    }
    if cx.class_of(v).is_heap() {
        return true;
    }
    let shape = cx.shape_of(h);
    let has_attributes = cx.class_of(v).has_flag(class_flag::HAS_DICT) || shape.head.attr_inline > 0;
    // ORD: relaxed; shapes' flags are set when they are made.
    let is_container = shape.head.flags.load(Ordering::Relaxed) & ungil_gc::shape_flag::GC != 0;
    is_container && (has_attributes || shape.head.ops.trace.is_some())
}

fn is_finalized(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(a.get(0).header().is_some_and(|h| h.has_flag(ungil_gc::flag::FINALIZED))))
}

fn get_threshold(cx: &mut Cx, _: Args<'_>) -> R {
    let values = THRESHOLDS.iter().map(|t| cx.int(t.load(Ordering::Relaxed))).collect();
    Ok(cx.tuple(values))
}

fn set_threshold(cx: &mut Cx, a: Args<'_>) -> R {
    for (i, threshold) in THRESHOLDS.iter().enumerate() {
        if let Some(v) = a.opt(i) {
            threshold.store(cx.to_i64(v)?, Ordering::Relaxed);
        }
    }
    // The collector goes by bytes: so many small objects. None at all switches it off.
    let objects = THRESHOLDS[0].load(Ordering::Relaxed);
    cx.space.collector.set_growth(match objects {
        0 => Some(i64::MAX / 2),
        USUAL_THRESHOLD => None,
        n => Some(n.clamp(1, i64::MAX / 4 / OBJECT_SIZE) * OBJECT_SIZE + AHEAD),
    });
    Ok(cx.none())
}

fn set_debug(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = cx.to_i64(a.get(0))?;
    // ORD: relaxed; a setting.
    cx.vm.collections.debug.store(flags, Ordering::Relaxed);
    Ok(cx.none())
}

fn get_debug(cx: &mut Cx, _: Args<'_>) -> R {
    // ORD: as in `set_debug`.
    Ok(cx.int(cx.vm.collections.debug.load(Ordering::Relaxed)))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for (name, n) in [
        ("DEBUG_STATS", debug::STATS),
        ("DEBUG_COLLECTABLE", debug::COLLECTABLE),
        ("DEBUG_UNCOLLECTABLE", debug::UNCOLLECTABLE),
        ("DEBUG_SAVEALL", debug::SAVEALL),
        ("DEBUG_LEAK", debug::COLLECTABLE | debug::UNCOLLECTABLE | debug::SAVEALL),
    ] {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    for name in ["garbage", "callbacks"] {
        let list = cx.list(Vec::new());
        add(cx, module, name, list);
    }
    Ok(())
}
