//! `compress`, `dropwhile`, `takewhile`, `filterfalse`, `starmap`.

use super::{named_type, positional_type};
use ungil_locks::primitive::{AtomicBool, Ordering};
use ungil_runtime::objects::construct;
use ungil_runtime::objects::iter::{NativeIter, fixed, next_inner};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// `compress(data, selectors)`.
#[repr(C)]
pub(super) struct PyCompress {
    h: Header,
    data: Slot,
    selectors: Slot,
}

slot_ops!(COMPRESS_OPS, PyCompress, "itertools.compress", data, selectors);

impl NativeIter for PyCompress {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        loop {
            let Some(item) = next_inner(cx, fixed(&self.data))? else { return Ok(None) };
            let Some(selector) = next_inner(cx, fixed(&self.selectors))? else { return Ok(None) };
            if cx.truth(selector.r())? {
                return Ok(Some(item));
            }
            cx.poll()?;
        }
    }
}

fn make_compress(cx: &mut Cx, class: &PyType, a: Args<'_>) -> R {
    let (data, selectors) = (cx.iter(a.get(1))?, cx.iter(a.get(2))?);
    cx.alloc_for::<PyCompress>(class, |h| PyCompress {
        h,
        data: Slot::new(data),
        selectors: Slot::new(selectors),
    })
}

/// The payload of an iterator that asks a function about the items of another.
macro_rules! filtered {
    ($payload:ident, $ops:ident, $name:literal, $make:ident, $doc:literal) => {
        #[doc = $doc]
        #[repr(C)]
        pub(super) struct $payload {
            h: Header,
            function: Slot,
            iterator: Slot,
            /// The function has said no.
            ended: AtomicBool,
        }

        slot_ops!($ops, $payload, $name, function, iterator);

        fn $make(cx: &mut Cx, class: &PyType, args: &[Ref<'_>]) -> R {
            let iterator = cx.iter(args[1])?;
            let function = args[0].own(cx);
            cx.alloc_for::<$payload>(class, |h| $payload {
                h,
                function: Slot::new(function),
                iterator: Slot::new(iterator),
                ended: AtomicBool::new(false),
            })
        }
    };
}

filtered!(
    PyDropWhile,
    DROP_WHILE_OPS,
    "itertools.dropwhile",
    make_drop_while,
    "`dropwhile(predicate, iterable)`."
);
filtered!(
    PyTakeWhile,
    TAKE_WHILE_OPS,
    "itertools.takewhile",
    make_take_while,
    "`takewhile(predicate, iterable)`."
);
filtered!(
    PyFilterFalse,
    FILTER_FALSE_OPS,
    "itertools.filterfalse",
    make_filter_false,
    "`filterfalse(function, iterable)`."
);
filtered!(PyStarMap, STAR_MAP_OPS, "itertools.starmap", make_star_map, "`starmap(function, iterable)`.");

/// Truth of `function(item)`.
fn holds(cx: &mut Cx, function: Ref<'_>, item: &Obj) -> R<bool> {
    let answer = cx.call(function, &[item.r()])?;
    cx.truth(answer.r())
}

impl NativeIter for PyDropWhile {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        loop {
            let Some(item) = next_inner(cx, fixed(&self.iterator))? else { return Ok(None) };
            // ORD: relaxed; a flag that nothing else hangs on.
            if self.ended.load(Ordering::Relaxed) {
                return Ok(Some(item));
            }
            if !holds(cx, fixed(&self.function), &item)? {
                self.ended.store(true, Ordering::Relaxed);
                return Ok(Some(item));
            }
            cx.poll()?;
        }
    }
}

impl NativeIter for PyTakeWhile {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        // ORD: relaxed; a flag that nothing else hangs on.
        if self.ended.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let Some(item) = next_inner(cx, fixed(&self.iterator))? else { return Ok(None) };
        if holds(cx, fixed(&self.function), &item)? {
            return Ok(Some(item));
        }
        self.ended.store(true, Ordering::Relaxed);
        Ok(None)
    }
}

impl NativeIter for PyFilterFalse {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let function = fixed(&self.function);
        let plain = function.value().is_none() || function.is(cx.builtin(Builtin::Bool).as_ref());
        loop {
            let Some(item) = next_inner(cx, fixed(&self.iterator))? else { return Ok(None) };
            let passes = if plain { cx.truth(item.r())? } else { holds(cx, function, &item)? };
            if !passes {
                return Ok(Some(item));
            }
            cx.poll()?;
        }
    }
}

impl NativeIter for PyStarMap {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(args) = next_inner(cx, fixed(&self.iterator))? else { return Ok(None) };
        let function = fixed(&self.function);
        if cx.is_exactly(args.r(), Builtin::Tuple)
            && let Some(args) = args.downcast::<PyTuple>(cx)
        {
            return cx.call(function, args.items()).map(Some);
        }
        let items = cx.collect(args.r())?;
        let items: Vec<Ref<'_>> = items.iter().map(Obj::r).collect();
        cx.call(function, &items).map(Some)
    }
}

pub(super) fn init(cx: &mut Cx) -> Vec<&'static PyType> {
    let compress = named_type!(
        cx,
        PyCompress,
        COMPRESS_OPS,
        "compress",
        "($type, /, data, selectors)",
        2..=2,
        make_compress,
        "The items of data whose selector is true, until either ends."
    );
    let drop_while = positional_type!(
        cx,
        PyDropWhile,
        DROP_WHILE_OPS,
        "dropwhile",
        2..=2,
        make_drop_while,
        "The items from the first one on for which the predicate does not hold."
    );
    let take_while = positional_type!(
        cx,
        PyTakeWhile,
        TAKE_WHILE_OPS,
        "takewhile",
        2..=2,
        make_take_while,
        "The items before the first one for which the predicate does not hold."
    );
    let filter_false = positional_type!(
        cx,
        PyFilterFalse,
        FILTER_FALSE_OPS,
        "filterfalse",
        2..=2,
        make_filter_false,
        "The items for which function(item) is false, or that are false themselves if the function is None."
    );
    let star_map = positional_type!(
        cx,
        PyStarMap,
        STAR_MAP_OPS,
        "starmap",
        2..=2,
        make_star_map,
        "What the function gives for the arguments that each item of the iterable consists of."
    );
    [compress, drop_while, take_while, filter_false, star_map].iter().map(TypeBuilder::class).collect()
}
