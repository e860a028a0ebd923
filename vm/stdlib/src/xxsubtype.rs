//! `xxsubtype`: types derived from built-in ones that have a field more, which CPython ships as an example and its tests use.
//!
//! The field is in the first attribute slot; a class method and a static method give back what they were called with.

use std::sync::OnceLock;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

static CLASSES: OnceLock<[&'static PyType; 2]> = OnceLock::new();

/// The object's header and its slot of `state`.
fn state_slot<'a>(cx: &Cx, v: Ref<'a>) -> Option<(&'a Header, &'a Slot)> {
    let h = v.header()?;
    // SAFETY: alive for `'a`; the area belongs to the object's shape.
    let area: &'a [Slot] = unsafe { cx.shape_of(h).head.attr_area(v.value().ptr()) };
    // The first slot is for the dict of attributes.
    Some((h, area.get(1)?))
}

fn get_state(cx: &Cx, a: Args<'_>) -> R {
    let known = state_slot(cx, a.get(0)).and_then(|(h, slot)| slot.get(h, cx));
    Ok(known.unwrap_or_else(|| cx.int(0)))
}

fn set_state(cx: &mut Cx, a: Args<'_>) -> R {
    let state = crate::os::c_int(cx, a.get(1))?;
    let state = cx.int(state.into());
    if let Some((h, slot)) = state_slot(cx, a.get(0)) {
        slot.set(h, cx, state);
    }
    Ok(cx.none())
}

/// The class (or `None`), the positional arguments, the keywords.
fn give_back(cx: &Cx, a: Args<'_>, class: Obj, first: usize) -> R {
    let keywords = a.opt(first + 1).map_or_else(|| PyDict::new(cx), |kw| kw.own(cx));
    let parts = vec![class, a.get(first).own(cx), keywords];
    Ok(cx.tuple(parts))
}

fn make(cx: &mut Cx, name: &str, base: Builtin) -> TypeBuilder {
    let base = cx.builtin(base);
    let mut t = TypeBuilder::native_subtype(cx, name, base, 1, class_flag::BASETYPE);
    t.method(cx, "getstate", "($self, /)", Leaf(get_state));
    t.method(cx, "setstate", "($self, state, /)", Full(set_state));
    t
}

fn classes(cx: &mut Cx) -> [&'static PyType; 2] {
    if let Some(classes) = CLASSES.get() {
        return *classes;
    }
    let mut list = make(cx, "xxsubtype.spamlist", Builtin::List);
    list.class_method(
        cx,
        "classmeth",
        "($type, /, *args, **kwargs)",
        Full(|cx, a| give_back(cx, a, a.get(0).own(cx), 1)),
    );
    list.static_method(cx, "staticmeth", "(*args, **kwargs)", Full(|cx, a| give_back(cx, a, cx.none(), 0)));
    list.getset(cx, "state", Leaf(get_state), None);
    let mut dict = make(cx, "xxsubtype.spamdict", Builtin::Dict);
    dict.member(cx, "state", Leaf(get_state));
    *CLASSES.get_or_init(|| [list.class(), dict.class()])
}

/// Seconds that it takes to get an attribute so many times.
fn bench(cx: &mut Cx, a: Args<'_>) -> R {
    let count = a.opt(2).map_or(Ok(1000), |n| cx.to_i64(n))?;
    let start = std::time::Instant::now();
    for _ in 0..count {
        drop(cx.get_attr(a.get(0), a.get(1))?);
        cx.poll()?;
    }
    Ok(cx.float(start.elapsed().as_secs_f64()))
}

const FUNCTIONS: &[(&str, &str, NativeFn)] =
    &[("bench", "($module, object, name, count=1000, /)", Full(bench))];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for (name, class) in ["spamlist", "spamdict"].into_iter().zip(classes(cx)) {
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
    Ok(())
}
