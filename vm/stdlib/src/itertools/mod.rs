//! `itertools`.
//!
//! Every iterator gives its next item through [`NativeIter::step`], which `for` loops and other natives call without making
//! arguments. No lock is held while an inner iterator or a function runs: what a step has read before is read again
//! after, so two threads (or a function that advances the iterator that calls it) may get items in any order, but each
//! counter moves in one step and nothing is freed while it is used.
//!
//! - `endless.rs`: count, cycle, repeat; `select.rs`: compress, dropwhile, takewhile, filterfalse, starmap
//! - `chained.rs`: chain, zip_longest; `stretch.rs`: islice, pairwise, batched, accumulate; `group.rs`: groupby; `tee.rs`
//! - `product.rs`: product; `arrange.rs`: permutations, combinations, combinations_with_replacement

mod arrange;
mod chained;
mod endless;
mod group;
mod product;
mod select;
mod stretch;
mod tee;

use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::{int, iter};
use ungil_runtime::prelude::*;

/// A C `Py_ssize_t` argument.
///
/// # Errors
/// `TypeError`, or `OverflowError` ("Python int too large to convert to C ssize_t").
fn ssize(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(i) => Ok(i as isize),
        None => Err(cx.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// The next item of what a slot holds, if it holds an iterator, which is given up at its end or when it fails.
fn next_in(cx: &mut Cx, h: &Header, slot: &Slot) -> R<Option<Obj>> {
    let Some(iterator) = slot.get(h, cx) else { return Ok(None) };
    let item = iter::next_inner(cx, iterator.r());
    if !matches!(item, Ok(Some(_))) {
        drop(slot.take(h, cx));
    }
    item
}

/// Makes a type whose constructor takes between `min` and `max` positional arguments and no keywords.
macro_rules! positional_type {
    ($cx:ident, $payload:ty, $ops:ident, $name:literal, $min:literal..=$max:expr, $make:path, $doc:literal) => {{
        const FULL: &str = concat!("itertools.", $name);
        let flags = class_flag::BASETYPE;
        let mut b = TypeBuilder::native_type($cx, FULL, &$ops, size_of::<$payload>(), true, flags);
        b.doc($cx, $doc);
        b.constructor(
            $cx,
            "($type, *args, **kwargs)",
            Full(|cx, a| {
                let args = construct::positional_only(cx, a, $name, $min, $max)?;
                $make(cx, construct::class_argument(cx, a), args)
            }),
        );
        b.quick(|cx, class, args| {
            (($min..=$max).contains(&args.len())).then(|| $make(cx, class, args.refs()))
        });
        b.iterator::<$payload>($cx);
        b
    }};
}

/// Makes a type whose constructor has named parameters: the signature's, of which at least `min` and at most `max` (at most
/// `WINDOW - 1`) may be given by position.
macro_rules! named_type {
    ($cx:ident, $payload:ty, $ops:ident, $name:literal, $signature:literal, $min:literal..=$max:literal, $make:path,
     $doc:literal) => {{
        const FULL: &str = concat!("itertools.", $name);
        let flags = class_flag::BASETYPE;
        let mut b = TypeBuilder::native_type($cx, FULL, &$ops, size_of::<$payload>(), true, flags);
        b.doc($cx, $doc);
        b.constructor($cx, $signature, Full(|cx, a| $make(cx, construct::class_argument(cx, a), a)));
        b.quick(|cx, class, args| {
            (($min..=$max).contains(&args.len())).then(|| {
                // The class and at most three parameters.
                let mut window = [Value::UNDEF; 4];
                window[0] = class.as_ref().value();
                window[1..=args.len()].copy_from_slice(args.values());
                $make(cx, class, Args::new(&window))
            })
        });
        b.iterator::<$payload>($cx);
        b
    }};
}

use {named_type, positional_type};

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, &[("tee", "($module, iterable, n=2, /)", Full(tee::tee))]);
    let all = [endless::init, select::init, chained::init, stretch::init, group::init, product::init];
    for init in all.into_iter().chain([arrange::init, tee::init]) {
        for class in init(cx) {
            let name = class.name();
            add(cx, module, &name, class.as_ref().own(cx));
        }
    }
    Ok(())
}
