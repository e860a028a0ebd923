//! `_bisect`: binary search in sorted sequences.
//!
//! Items of lists are compared in place, under the list's lock, as long as that needs no Python.

use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::ops::quick;
use ungil_runtime::prelude::*;

/// On which side of equal items the place is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    /// Whether the place of `x` is behind an item, if that needs no Python.
    #[inline(always)]
    fn quick(self, cx: &Cx, item: Ref<'_>, x: Ref<'_>) -> Option<bool> {
        match self {
            Side::Left => quick::compare(cx, CompareOp::Lt, item, x),
            Side::Right => quick::compare(cx, CompareOp::Lt, x, item).map(|less| !less),
        }
    }

    fn is_behind(self, cx: &mut Cx, item: Ref<'_>, x: Ref<'_>) -> R<bool> {
        match self {
            Side::Left => cx.compare_bool(CompareOp::Lt, item, x),
            Side::Right => cx.compare_bool(CompareOp::Lt, x, item).map(|less| !less),
        }
    }
}

/// The item at a place.
fn item_at(cx: &mut Cx, a: Ref<'_>, i: usize) -> R {
    if cx.class_of(a).special(cx, Special::GetItem).is_none() {
        let got = cx.type_name(a);
        return Err(cx.type_error(format!("'{got}' object does not support indexing")));
    }
    let i = cx.int(i as i64);
    cx.get_item(a, i.r())
}

/// What looking at an item of a list gives.
enum Look {
    Behind(bool),
    Item(Obj),
    Nothing,
}

/// The place of `x` in `a`, between the bounds in the arguments 2 and 3; argument 4 is the key function.
fn search(cx: &mut Cx, args: Args<'_>, x: Ref<'_>, side: Side) -> R<usize> {
    let a = args.get(0);
    let low = args.opt(2).map_or(Ok(0), |v| cx.index_isize(v, Builtin::OverflowError))?;
    let high = args.opt_not_none(3).map_or(Ok(-1), |v| cx.index_isize(v, Builtin::OverflowError))?;
    let Ok(mut low) = usize::try_from(low) else {
        return Err(cx.value_error("lo must be non-negative"));
    };
    let mut high = if high == -1 { cx.len(a)? } else { usize::try_from(high).unwrap_or(0) };
    let key = args.opt_not_none(4);
    let list = match cx.is_exactly(a, Builtin::List) {
        true if key.is_none() => a.downcast::<PyList>(cx),
        _ => None,
    };
    while low < high {
        let middle = low + (high - low) / 2;
        let look = match list {
            None => Look::Nothing,
            Some(list) => list.edit(cx, |edit| {
                let Some(slot) = edit.slots().get(middle) else { return Look::Nothing };
                // SAFETY: the list keeps its items alive while its lock is held.
                let item = unsafe { Ref::from_value(slot.peek()) };
                side.quick(cx, item, x).map_or_else(|| Look::Item(item.own(cx)), Look::Behind)
            }),
        };
        let behind = match look {
            Look::Behind(behind) => behind,
            Look::Item(item) => side.is_behind(cx, item.r(), x)?,
            Look::Nothing => {
                let mut item = item_at(cx, a, middle)?;
                if let Some(key) = key {
                    item = cx.call_values(key, &[item.value()], None)?;
                }
                side.is_behind(cx, item.r(), x)?
            }
        };
        (low, high) = if behind { (middle + 1, high) } else { (low, middle) };
    }
    Ok(low)
}

fn bisect(cx: &mut Cx, a: Args<'_>, side: Side) -> R {
    let place = search(cx, a, a.get(1), side)?;
    Ok(cx.int(place as i64))
}

fn insort(cx: &mut Cx, a: Args<'_>, side: Side) -> R {
    let (into, x) = (a.get(0), a.get(1));
    let key = match a.opt_not_none(4) {
        Some(f) => Some(cx.call_values(f, &[x.value()], None)?),
        None => None,
    };
    let place = search(cx, a, key.as_ref().map_or(x, |key| key.r()), side)?;
    let place = cx.int(place as i64);
    cx.call_method(into, "insert", &[place.r(), x])?;
    Ok(cx.none())
}

const SIGNATURE: &str = "($module, /, a, x, lo=0, hi=None, *, key=None)";

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("bisect_left", SIGNATURE, Full(|cx, a| bisect(cx, a, Side::Left))),
    ("bisect_right", SIGNATURE, Full(|cx, a| bisect(cx, a, Side::Right))),
    ("insort_left", SIGNATURE, Full(|cx, a| insort(cx, a, Side::Left))),
    ("insort_right", SIGNATURE, Full(|cx, a| insort(cx, a, Side::Right))),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let doc = cx.str("Places in sorted lists, found by bisection.");
    add(cx, module, "__doc__", doc);
    Ok(())
}
