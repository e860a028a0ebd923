//! The methods of `tuple`.

use super::{
    ITEMS_OFFSET, PyTuple, TUPLE_OPS, iter, new_tuple, new_tuple_of, new_tuple_of_refs, new_tuple_of_two,
};
use crate::objects::construct::{class_argument, comparisons, no_keywords, positional};
use crate::objects::dict::key::quick_equal;
use crate::objects::generic_alias::class_getitem;
use crate::objects::list::PyList;
use crate::objects::list::methods::{repeated, repetitions};
use crate::objects::repr;
use crate::objects::slice::{PySlice, SliceRange, clip_bound, has_index, index_bounds};
use crate::objects::sync::locked;
use crate::prelude::*;

/// The hash of a sequence of hashes: xxHash's round as in CPython's `tuplehash`.
pub(crate) struct ItemHash(u64);

const PRIME_1: u64 = 11_400_714_785_074_694_791;
const PRIME_2: u64 = 14_029_467_366_897_019_727;
const PRIME_5: u64 = 2_870_177_450_012_600_261;

impl Default for ItemHash {
    fn default() -> Self {
        ItemHash(PRIME_5)
    }
}

impl ItemHash {
    #[inline]
    pub(crate) fn add(&mut self, hash: i64) {
        self.0 =
            self.0.wrapping_add((hash as u64).wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1);
    }

    /// The hash of a tuple of `len` items.
    #[inline]
    pub(crate) fn finish(self, len: usize) -> i64 {
        ItemHash(self.0.wrapping_add(len as u64 ^ (PRIME_5 ^ 3_527_539))).finish_unsized()
    }

    /// The hash of something whose number of items is fixed.
    #[inline]
    pub(crate) fn finish_unsized(self) -> i64 {
        if self.0 == u64::MAX { 1_546_275_796 } else { self.0 as i64 }
    }
}

pub(super) fn compute_hash(cx: &mut Cx, tuple: &PyTuple) -> R<i64> {
    let mut state = ItemHash::default();
    if cx.native_stack_low() {
        return Err(cx.recursion_error(" while hashing a tuple"));
    }
    for &item in tuple.items() {
        let hash = match crate::objects::hash::known_hash(cx, item) {
            Some(hash) => hash,
            None => cx.hash(item)?,
        };
        state.add(hash);
    }
    let hash = state.finish(tuple.len());
    tuple.hash.set(hash);
    Ok(hash)
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    no_keywords(cx, a, Builtin::Tuple, "tuple")?;
    let class = class_argument(cx, a);
    let exact = std::ptr::eq(class, cx.builtin(Builtin::Tuple));
    match *positional(cx, a, "tuple", 0, 1)? {
        [iterable] if exact => tuple_from(cx, iterable),
        [iterable] => {
            let items = cx.collect(iterable)?;
            new_tuple_of(cx, class, items)
        }
        _ => new_tuple_of(cx, class, Vec::new()),
    }
}

/// `tuple(iterable)`.
///
/// # Errors
/// What iterating raises.
pub fn tuple_from(cx: &mut Cx, iterable: Ref<'_>) -> R {
    if cx.is_exactly(iterable, Builtin::Tuple) {
        return Ok(iterable.own(cx));
    }
    if cx.is_exactly(iterable, Builtin::List)
        && let Some(list) = iterable.downcast::<PyList>(cx)
    {
        // SAFETY: slots and references are words alike; the list keeps its items alive while it is locked.
        return Ok(locked(cx, &list.h, || unsafe {
            let slots = list.slots();
            new_tuple_of_refs(cx, std::slice::from_raw_parts(slots.as_ptr().cast(), slots.len()))
        }));
    }
    let items = cx.collect(iterable)?;
    Ok(new_tuple(cx, items))
}

fn tuple_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyTuple = a.this();
    if this.is_empty() {
        return Ok(cx.str("()"));
    }
    let close = if this.len() == 1 { ",)" } else { ")" };
    repr::guarded(cx, a.get(0), "(...)", |cx| repr::sequence(cx, "(", close, |cx, i| this.get(cx, i)))
}

pub(crate) fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let Some(other) = a.get(1).downcast::<PyTuple>(cx) else { return Ok(cx.not_implemented()) };
    let (x, y) = (a.this::<PyTuple>().items(), other.items());
    for (&left, &right) in x.iter().zip(y) {
        let equal = match quick_equal(cx, left.value(), right.value()) {
            Some(equal) => equal,
            None => cx.equal(left, right)?,
        };
        if !equal {
            return match op {
                CompareOp::Eq => Ok(cx.bool(false)),
                CompareOp::Ne => Ok(cx.bool(true)),
                _ => cx.compare(op, left, right),
            };
        }
    }
    Ok(cx.bool(op.holds(x.len().cmp(&y.len()))))
}

/// The place of the first item equal to `v` from `start` on.
fn find(cx: &mut Cx, items: &[Ref<'_>], v: Ref<'_>, start: usize) -> R<Option<usize>> {
    for (i, &item) in items.iter().enumerate().skip(start) {
        if cx.equal(item, v)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

pub(crate) fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let found = find(cx, a.this::<PyTuple>().items(), a.get(1), 0)?;
    Ok(cx.bool(found.is_some()))
}

fn index(cx: &mut Cx, a: Args<'_>) -> R {
    let items = a.this::<PyTuple>().items();
    let (start, stop) = index_bounds(cx, a, 2)?;
    let stop = clip_bound(stop, items.len()).min(items.len());
    match find(cx, &items[..stop], a.get(1), clip_bound(start, items.len()))? {
        Some(i) => Ok(cx.int(i as i64)),
        None => Err(cx.value_error("tuple.index(x): x not in tuple")),
    }
}

fn count(cx: &mut Cx, a: Args<'_>) -> R {
    let mut n = 0;
    for &item in a.this::<PyTuple>().items() {
        n += cx.equal(item, a.get(1))? as i64;
    }
    Ok(cx.int(n))
}

pub(crate) fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyTuple = a.this();
    let key = a.get(1);
    let index = match key.value().as_int() {
        Some(i) => i as isize,
        None => {
            if let Some(slice) = key.downcast::<PySlice>(cx) {
                return get_slice(cx, a.get(0), slice);
            }
            if !has_index(cx, key) {
                let name = cx.type_name(key);
                return Err(cx.type_error(format!("tuple indices must be integers or slices, not {name}")));
            }
            cx.index_isize(key, Builtin::IndexError)?
        }
    };
    let at = if index < 0 { index.wrapping_add(this.len() as isize) } else { index };
    match this.get(cx, at as usize) {
        Some(item) => Ok(item),
        None => Err(cx.index_error("tuple index out of range")),
    }
}

fn get_slice(cx: &mut Cx, tuple: Ref<'_>, slice: &PySlice) -> R {
    // SAFETY: the caller has a tuple.
    let items = unsafe { tuple.cast_unchecked::<PyTuple>() }.items();
    let range = slice.range_in(cx, items.len())?;
    Ok(range_of(cx, tuple, range))
}

/// The items of a tuple at the places of a range that was clipped to it.
pub(crate) fn range_of(cx: &Cx, tuple: Ref<'_>, range: SliceRange) -> Obj {
    // SAFETY: the caller has a tuple.
    let items = unsafe { tuple.cast_unchecked::<PyTuple>() }.items();
    if range.count == items.len() && range.step == 1 && cx.is_exactly(tuple, Builtin::Tuple) {
        return tuple.own(cx);
    }
    if range.step == 1 {
        let start = range.start as usize;
        return new_tuple_of_refs(cx, &items[start..start + range.count]);
    }
    new_tuple(cx, range.indices().map(|i| items[i].own(cx)).collect())
}

fn add(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = (a.get(0), a.get(1));
    let Some(other) = y.downcast::<PyTuple>(cx) else { return Ok(cx.not_implemented()) };
    let this: &PyTuple = a.this();
    if other.is_empty() && cx.is_exactly(x, Builtin::Tuple) {
        return Ok(x.own(cx));
    }
    if this.is_empty() && cx.is_exactly(y, Builtin::Tuple) {
        return Ok(y.own(cx));
    }
    Ok(new_tuple_of_two(cx, this.items(), other.items()))
}

fn mul(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(n) = repetitions(cx, a.get(1))? else { return Ok(cx.not_implemented()) };
    let this: &PyTuple = a.this();
    if (n == 1 || this.is_empty()) && cx.is_exactly(a.get(0), Builtin::Tuple) {
        return Ok(a.get(0).own(cx));
    }
    match repeated(cx, this.snapshot(cx), n) {
        Some(items) => Ok(new_tuple(cx, items)),
        None => Err(cx.memory_error()),
    }
}

fn getnewargs(cx: &Cx, a: Args<'_>) -> R {
    let copy = new_tuple(cx, a.this::<PyTuple>().snapshot(cx));
    Ok(cx.tuple(vec![copy]))
}

fn sizeof(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.int((ITEMS_OFFSET + a.this::<PyTuple>().len() * size_of::<Slot>()) as i64))
}

/// Declares the type and its iterator.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Tuple, "tuple", &TUPLE_OPS, 0, true);
    iter::declare(cx);
}

/// Fills the type and its iterator.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::SEQUENCE | class_flag::MATCH_SELF;
    let mut b = TypeBuilder::new(cx, Builtin::Tuple, Some(Builtin::Object), flags);
    b.doc(
        cx,
        "A sequence that cannot be changed.\n\nWithout an argument it is empty; otherwise it has the iterable's items. \
         A tuple is given back as it is.",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(cx, &comparisons!(compare));
    b.specials(
        cx,
        &[
            (Special::Repr, Full(tuple_repr)),
            (
                Special::Hash,
                Full(|cx, a| {
                    let hash = a.this::<PyTuple>().hash(cx)?;
                    Ok(cx.int(hash))
                }),
            ),
            (Special::Iter, Leaf(|cx, a| Ok(iter::new_tuple_iter(cx, a.get(0))))),
            (Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<PyTuple>().len() as i64)))),
            (Special::GetItem, Full(getitem)),
            (Special::Contains, Full(contains)),
            (Special::Add, Full(add)),
            (Special::Mul, Full(mul)),
            (Special::RMul, Full(mul)),
            (Special::Sizeof, Leaf(sizeof)),
        ],
    );
    b.methods(
        cx,
        &[
            ("__getnewargs__", "($self, /)", Leaf(getnewargs)),
            ("count", "($self, value, /)", Full(count)),
            ("index", "($self, value, start=0, stop=sys.maxsize, /)", Full(index)),
        ],
    );
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    iter::init(cx);
}
