//! `gc`.

use ungil_gc::cycle;
use ungil_locks::primitive::{AtomicI64, Ordering};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::intern;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// The first threshold as it is from the start.
const USUAL_THRESHOLD: i64 = 2000;
/// Bytes that a small object takes.
const OBJECT_SIZE: i64 = 48;
/// What `gc.set_threshold` was told, for `gc.get_threshold`.
static THRESHOLDS: [AtomicI64; 3] = [AtomicI64::new(USUAL_THRESHOLD), AtomicI64::new(10), AtomicI64::new(0)];
static DEBUG: AtomicI64 = AtomicI64::new(0);

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("collect", "($module, generation=2)", Full(collect)),
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
    ("get_debug", "($module, /)", Full(|cx, _| Ok(cx.int(DEBUG.load(Ordering::Relaxed))))),
    ("set_debug", "($module, flags, /)", Full(set_debug)),
    ("freeze", "($module, /)", Full(freeze)),
    ("unfreeze", "($module, /)", Full(unfreeze)),
    ("get_freeze_count", "($module, /)", Full(|cx, _| Ok(cx.int(FROZEN.load(Ordering::Relaxed))))),
    ("get_stats", "($module, /)", Full(get_stats)),
];

/// Objects that `gc.freeze` has set apart. The collector looks at them all the same, which only costs time.
static FROZEN: AtomicI64 = AtomicI64::new(0);
/// Generations that programs may ask for; every collection is of everything.
const GENERATIONS: usize = 3;
/// By generation: collections that were asked for, and the objects that they found unreachable.
static COLLECTIONS: [AtomicI64; GENERATIONS] = [const { AtomicI64::new(0) }; GENERATIONS];
static COLLECTED: [AtomicI64; GENERATIONS] = [const { AtomicI64::new(0) }; GENERATIONS];
/// Collections of the generation below since the last one of each: what `gc.get_count` shows behind the number of new
/// objects, which is not counted.
static SINCE: [AtomicI64; GENERATIONS] = [const { AtomicI64::new(0) }; GENERATIONS];

fn freeze(cx: &mut Cx, _: Args<'_>) -> R {
    // ORD: relaxed; a number to be shown.
    FROZEN.store(cycle::tracked_objects(cx).len() as i64, Ordering::Relaxed);
    Ok(cx.none())
}

fn unfreeze(cx: &mut Cx, _: Args<'_>) -> R {
    // ORD: as in `freeze`.
    FROZEN.store(0, Ordering::Relaxed);
    Ok(cx.none())
}

fn record(cx: &mut Cx, entries: &[(&str, i64)]) -> Obj {
    let made = PyDict::new(cx);
    if let Some(dict) = made.downcast::<PyDict>(cx) {
        for &(name, n) in entries {
            dict.set_str(cx, intern(cx, name).get(), cx.int(n));
        }
    }
    made
}

/// Collections by generation; those that nobody asked for count to the youngest one.
fn get_stats(cx: &mut Cx, _: Args<'_>) -> R {
    // ORD: relaxed; numbers to be shown.
    let mut collections = COLLECTIONS.each_ref().map(|n| n.load(Ordering::Relaxed));
    let asked: i64 = collections.iter().sum();
    collections[0] += cx.vm.collections.load(Ordering::Relaxed) as i64 - asked;
    let stats = (0..GENERATIONS).map(|generation| {
        let collected = COLLECTED[generation].load(Ordering::Relaxed);
        let n = collections[generation];
        record(cx, &[("collections", n), ("collected", collected), ("uncollectable", 0)])
    });
    let stats = stats.collect();
    Ok(cx.list(stats))
}

fn get_count(cx: &mut Cx, _: Args<'_>) -> R {
    // ORD: relaxed; numbers to be shown.
    let counts = SINCE.iter().map(|n| cx.int(n.load(Ordering::Relaxed))).collect();
    Ok(cx.tuple(counts))
}

/// Counts a collection of a generation.
fn count(generation: usize, found: i64) {
    // ORD: relaxed; numbers to be shown.
    COLLECTIONS[generation].fetch_add(1, Ordering::Relaxed);
    COLLECTED[generation].fetch_add(found, Ordering::Relaxed);
    SINCE[..=generation].iter().for_each(|n| n.store(0, Ordering::Relaxed));
    if let Some(above) = SINCE.get(generation + 1) {
        above.fetch_add(1, Ordering::Relaxed);
    }
}

/// Calls what is in `gc.callbacks`; what they raise is reported.
fn call_callbacks(cx: &mut Cx, phase: &str, generation: i64, collected: i64) -> R<()> {
    let gc = ungil_runtime::import::import_module(cx, "gc")?;
    let callbacks = cx.get_attr_str(gc.r(), "callbacks")?;
    let Some(callbacks) = callbacks.downcast::<PyList>(cx) else { return Ok(()) };
    for callback in callbacks.snapshot(cx) {
        let info = record(cx, &[("generation", generation), ("collected", collected), ("uncollectable", 0)]);
        let phase = cx.str(phase);
        if let Err(err) = cx.call(callback.r(), &[phase.r(), info.r()]) {
            let what = "Exception ignored while calling GC callback";
            ungil_runtime::traceback::unraisable(cx, err, what, callback.r());
        }
    }
    Ok(())
}

fn collect(cx: &mut Cx, a: Args<'_>) -> R {
    ungil_runtime::finalize::clear_stack();
    collect_generation(cx, a)
}

/// In a frame of its own, made after the stack has been cleared.
#[inline(never)]
fn collect_generation(cx: &mut Cx, a: Args<'_>) -> R {
    let generation = match a.opt(0) {
        Some(generation) => cx.to_i64(generation)?,
        None => 2,
    };
    if !(0..=2).contains(&generation) {
        return Err(cx.value_error("invalid generation"));
    }
    call_callbacks(cx, "start", generation, 0)?;
    let found = ungil_runtime::finalize::collect(cx) as i64;
    count(generation as usize, found);
    call_callbacks(cx, "stop", generation, found)?;
    Ok(cx.int(found))
}

fn switch(cx: &mut Cx, on: bool) -> Obj {
    cx.space.collector.set_enabled(on);
    cx.none()
}

/// All are of the oldest generation, so to speak.
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
        if generation < GENERATIONS as i64 - 1 {
            return Ok(cx.list(Vec::new()));
        }
    }
    let found = cycle::tracked_objects(cx);
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
    let found = a.varargs(cx, 0).iter().flat_map(|v| cycle::referents(cx, v.value())).collect();
    Ok(cx.list(found))
}

/// What cannot be part of a cycle is not tracked: numbers and texts, classes that live for ever, instances without
/// attributes, tuples of all these.
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
        n => Some(n.clamp(1, i64::MAX / 2 / OBJECT_SIZE) * OBJECT_SIZE),
    });
    Ok(cx.none())
}

fn set_debug(cx: &mut Cx, a: Args<'_>) -> R {
    DEBUG.store(cx.to_i64(a.get(0))?, Ordering::Relaxed);
    Ok(cx.none())
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for (name, n) in [
        ("DEBUG_STATS", 1),
        ("DEBUG_COLLECTABLE", 2),
        ("DEBUG_UNCOLLECTABLE", 4),
        ("DEBUG_SAVEALL", 32),
        ("DEBUG_LEAK", 38),
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
