//! The methods of `set` and `frozenset`.

use super::access::item_hash;
use super::iter::{self, new_set_iter};
use super::{PySet, SET_OPS, as_set};
use crate::objects::construct::{class_argument, comparisons, has_keywords, no_keywords, positional};
use crate::objects::generic_alias::class_getitem;
use crate::objects::repr;
use crate::objects::sync::locked;
use crate::ops::BinaryOp;
use crate::prelude::*;

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    cx.alloc_for::<PySet>(class, PySet::empty)
}

fn set_init(cx: &mut Cx, a: Args<'_>) -> R {
    if has_keywords(cx, a) {
        return Err(cx.type_error("set() takes no keyword arguments"));
    }
    let args = positional(cx, a, "set", 0, 1)?;
    let this: &PySet = a.this();
    this.clear(cx);
    if let [iterable] = *args {
        this.update_from(cx, iterable)?;
    }
    Ok(cx.none())
}

fn construct_frozen(cx: &mut Cx, a: Args<'_>) -> R {
    no_keywords(cx, a, Builtin::FrozenSet, "frozenset")?;
    let class = class_argument(cx, a);
    let args = positional(cx, a, "frozenset", 0, 1)?;
    let exact = std::ptr::eq(class, cx.builtin(Builtin::FrozenSet));
    if let [iterable] = *args
        && exact
        && cx.is_exactly(iterable, Builtin::FrozenSet)
    {
        return Ok(iterable.own(cx));
    }
    let new = cx.alloc_for::<PySet>(class, PySet::empty)?;
    if let [iterable] = *args {
        // SAFETY: made as a set just now.
        unsafe { new.cast_unchecked::<PySet>() }.update_from(cx, iterable)?;
    }
    Ok(new)
}

fn set_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySet = a.this();
    let class = cx.class_of(a.get(0)).name();
    let items = this.snapshot(cx);
    if items.is_empty() {
        return Ok(cx.str(&format!("{class}()")));
    }
    let (open, close) = match cx.is_exactly(a.get(0), Builtin::Set) {
        true => ("{".to_string(), "}"),
        false => (format!("{class}({{"), "})"),
    };
    let again = format!("{class}(...)");
    repr::guarded(cx, a.get(0), &again, |cx| {
        repr::sequence(cx, &open, close, |cx, i| items.get(i).map(|item| item.r().own(cx)))
    })
}

/// The hash of an operand of `in`, `remove` or `discard`. A set stands for the frozen set of its items.
fn lookup_hash(cx: &mut Cx, item: Ref<'_>) -> R<i64> {
    match as_set(cx, item) {
        Some(set) if cx.class_of(item).special(cx, Special::Hash).is_none_or(|m| m.value().is_none()) => {
            Ok(frozen_hash(cx, set))
        }
        _ => item_hash(cx, item),
    }
}

pub(crate) fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let hash = lookup_hash(cx, a.get(1))?;
    let found = a.this::<PySet>().contains_hashed(cx, a.get(1), hash)?;
    Ok(cx.bool(found))
}

fn add(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PySet>().add_ref(cx, a.get(1))?;
    Ok(cx.none())
}

fn remove(cx: &mut Cx, a: Args<'_>) -> R {
    let hash = lookup_hash(cx, a.get(1))?;
    match a.this::<PySet>().remove_hashed(cx, a.get(1), hash)? {
        Some(_) => Ok(cx.none()),
        None => Err(cx.key_error(a.get(1))),
    }
}

fn discard(cx: &mut Cx, a: Args<'_>) -> R {
    let hash = lookup_hash(cx, a.get(1))?;
    a.this::<PySet>().remove_hashed(cx, a.get(1), hash)?;
    Ok(cx.none())
}

fn pop(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PySet>().pop(cx) {
        Some(item) => Ok(item),
        None => {
            let message = cx.str("pop from an empty set");
            Err(cx.key_error(message.r()))
        }
    }
}

fn clear(cx: &Cx, a: Args<'_>) -> R {
    a.this::<PySet>().clear(cx);
    Ok(cx.none())
}

fn copy(cx: &mut Cx, a: Args<'_>) -> R {
    if cx.is_exactly(a.get(0), Builtin::FrozenSet) {
        return Ok(a.get(0).own(cx));
    }
    a.this::<PySet>().copy(cx)
}

/// The hash of a frozen set, from the hashes of its items whatever their order: CPython's `frozenset_hash`.
fn frozen_hash(cx: &Cx, set: &PySet) -> i64 {
    let (combined, used) = locked(cx, &set.h, || {
        let items = set.entries().iter().filter(|entry| !entry.key.is_empty());
        let combined = items.fold(0, |all, entry| {
            let h = entry.hash.get() as u64;
            all ^ ((h ^ 89_869_747) ^ (h << 16)).wrapping_mul(3_644_798_167)
        });
        (combined, set.len() as u64)
    });
    let mut hash: u64 = combined ^ (used + 1).wrapping_mul(1_927_868_237);
    hash ^= (hash >> 11) ^ (hash >> 25);
    hash = hash.wrapping_mul(69_069).wrapping_add(907_133_923);
    if hash == u64::MAX { 590_923_713 } else { hash as i64 }
}

fn hash(cx: &Cx, a: Args<'_>) -> R {
    let this: &PySet = a.this();
    if this.hash.get() == -1 {
        this.hash.set(frozen_hash(cx, this));
    }
    Ok(cx.int(this.hash.get()))
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let this: &PySet = a.this();
    let Some(other) = as_set(cx, a.get(1)) else { return Ok(cx.not_implemented()) };
    let result = match op {
        CompareOp::Eq => this.len() == other.len() && this.is_subset(cx, other)?,
        CompareOp::Ne => !(this.len() == other.len() && this.is_subset(cx, other)?),
        CompareOp::Le => this.is_subset(cx, other)?,
        CompareOp::Ge => other.is_subset(cx, this)?,
        CompareOp::Lt => this.len() < other.len() && this.is_subset(cx, other)?,
        CompareOp::Gt => this.len() > other.len() && other.is_subset(cx, this)?,
    };
    Ok(cx.bool(result))
}

fn issubset(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySet = a.this();
    let result = match as_set(cx, a.get(1)) {
        Some(other) => this.is_subset(cx, other)?,
        None => {
            let common = this.intersection(cx, a.get(1))?;
            // SAFETY: made as a set.
            unsafe { common.cast_unchecked::<PySet>() }.len() == this.len()
        }
    };
    Ok(cx.bool(result))
}

fn issuperset(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PySet = a.this();
    let result = match as_set(cx, a.get(1)) {
        Some(other) => other.is_subset(cx, this)?,
        None => {
            let mut all = true;
            cx.for_each(a.get(1), |cx, item| {
                all = this.contains(cx, item.r())?;
                Ok(all)
            })?;
            all
        }
    };
    Ok(cx.bool(result))
}

fn isdisjoint(cx: &mut Cx, a: Args<'_>) -> R {
    let result = a.this::<PySet>().is_disjoint(cx, a.get(1))?;
    Ok(cx.bool(result))
}

fn union(cx: &mut Cx, a: Args<'_>) -> R {
    let result = a.this::<PySet>().copy(cx)?;
    // SAFETY: made as a set.
    let set: &PySet = unsafe { result.cast_unchecked() };
    for &other in a.varargs(cx, 1) {
        set.update_from(cx, other)?;
    }
    Ok(result)
}

fn update(cx: &mut Cx, a: Args<'_>) -> R {
    for &other in a.varargs(cx, 1) {
        a.this::<PySet>().update_from(cx, other)?;
    }
    Ok(cx.none())
}

fn intersection(cx: &mut Cx, a: Args<'_>) -> R {
    let [first, rest @ ..] = a.varargs(cx, 1) else { return a.this::<PySet>().copy(cx) };
    let mut result = a.this::<PySet>().intersection(cx, *first)?;
    for &other in rest {
        // SAFETY: made as a set.
        let next = unsafe { result.cast_unchecked::<PySet>() }.intersection(cx, other)?;
        result = next;
    }
    Ok(result)
}

fn intersection_update(cx: &mut Cx, a: Args<'_>) -> R {
    let result = intersection(cx, a)?;
    a.this::<PySet>().become_(cx, result);
    Ok(cx.none())
}

fn difference(cx: &mut Cx, a: Args<'_>) -> R {
    let [first, rest @ ..] = a.varargs(cx, 1) else { return a.this::<PySet>().copy(cx) };
    let result = a.this::<PySet>().difference(cx, *first)?;
    for &other in rest {
        // SAFETY: made as a set.
        unsafe { result.cast_unchecked::<PySet>() }.remove_all(cx, other)?;
    }
    Ok(result)
}

fn difference_update(cx: &mut Cx, a: Args<'_>) -> R {
    for &other in a.varargs(cx, 1) {
        a.this::<PySet>().remove_all(cx, other)?;
    }
    Ok(cx.none())
}

fn symmetric_difference(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PySet>().symmetric_difference(cx, a.get(1))
}

fn symmetric_difference_update(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PySet>().toggle_all(cx, a.get(1))?;
    Ok(cx.none())
}

/// A binary operator: both operands must be sets; `f` gets the left one and the right one.
fn operator(cx: &mut Cx, left: Ref<'_>, right: Ref<'_>, f: fn(&PySet, &mut Cx, Ref<'_>) -> R) -> R {
    match (as_set(cx, left), as_set(cx, right)) {
        (Some(left), Some(_)) => f(left, cx, right),
        _ => Ok(cx.not_implemented()),
    }
}

/// `a op b` of exact sets and frozen sets; `None` for other operands and operators.
pub(crate) fn binary_exact(cx: &mut Cx, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> Option<R> {
    let is_exact = |v: Ref<'_>| {
        let id = v.header().map_or(0, |h| h.shape_id());
        id == Builtin::Set as u32 || id == Builtin::FrozenSet as u32
    };
    if !is_exact(a) || !is_exact(b) {
        return None;
    }
    // SAFETY: both types have this payload.
    let left: &PySet = unsafe { a.cast_unchecked() };
    Some(match op {
        BinaryOp::And => left.intersection(cx, b),
        BinaryOp::Or => or(left, cx, b),
        BinaryOp::Sub => left.difference(cx, b),
        BinaryOp::Xor => left.symmetric_difference(cx, b),
        _ => return None,
    })
}

fn or(left: &PySet, cx: &mut Cx, right: Ref<'_>) -> R {
    let result = left.copy(cx)?;
    // SAFETY: made as a set.
    unsafe { result.cast_unchecked::<PySet>() }.update_from(cx, right)?;
    Ok(result)
}

/// An in-place operator: the other operand must be a set; `f` changes this one.
fn in_place(cx: &mut Cx, a: Args<'_>, f: fn(&PySet, &mut Cx, Ref<'_>) -> R<()>) -> R {
    if as_set(cx, a.get(1)).is_none() {
        return Ok(cx.not_implemented());
    }
    f(a.this(), cx, a.get(1))?;
    Ok(a.get(0).own(cx))
}

/// `(class, ([items],), state)`.
fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let items = cx.list(a.this::<PySet>().snapshot(cx));
    let args = cx.tuple(vec![items]);
    let state = cx.call_method(a.get(0), "__getstate__", &[])?;
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    Ok(cx.tuple(vec![class, args, state]))
}

fn sizeof(cx: &Cx, a: Args<'_>) -> R {
    let this: &PySet = a.this();
    let table = locked(cx, &this.h, || this.table_bytes());
    Ok(cx.int((size_of::<PySet>() + table) as i64))
}

/// Declares both types and the iterator.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Set, "set", &SET_OPS, size_of::<PySet>(), true);
    TypeBuilder::declare(cx, Builtin::FrozenSet, "frozenset", &SET_OPS, size_of::<PySet>(), true);
    iter::declare(cx);
}

/// Adds what both types have.
fn fill_common(cx: &mut Cx, b: &mut TypeBuilder) {
    b.specials(cx, &comparisons!(compare));
    b.specials(
        cx,
        &[
            (Special::Repr, Full(set_repr)),
            (Special::Iter, Leaf(|cx, a| Ok(new_set_iter(cx, a.this())))),
            (Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<PySet>().len() as i64)))),
            (Special::And, Full(|cx, a| operator(cx, a.get(0), a.get(1), PySet::intersection))),
            (Special::RAnd, Full(|cx, a| operator(cx, a.get(1), a.get(0), PySet::intersection))),
            (Special::Or, Full(|cx, a| operator(cx, a.get(0), a.get(1), or))),
            (Special::ROr, Full(|cx, a| operator(cx, a.get(1), a.get(0), or))),
            (Special::Sub, Full(|cx, a| operator(cx, a.get(0), a.get(1), PySet::difference))),
            (Special::RSub, Full(|cx, a| operator(cx, a.get(1), a.get(0), PySet::difference))),
            (Special::Xor, Full(|cx, a| operator(cx, a.get(0), a.get(1), PySet::symmetric_difference))),
            (Special::RXor, Full(|cx, a| operator(cx, a.get(1), a.get(0), PySet::symmetric_difference))),
            (Special::Reduce, Full(reduce)),
            (Special::Sizeof, Leaf(sizeof)),
        ],
    );
    b.methods(
        cx,
        &[
            ("__contains__", "($self, object, /)", Full(contains)),
            ("copy", "($self, /)", Full(copy)),
            ("difference", "($self, /, *others)", Full(difference)),
            ("intersection", "($self, /, *others)", Full(intersection)),
            ("isdisjoint", "($self, other, /)", Full(isdisjoint)),
            ("issubset", "($self, other, /)", Full(issubset)),
            ("issuperset", "($self, other, /)", Full(issuperset)),
            ("symmetric_difference", "($self, other, /)", Full(symmetric_difference)),
            ("union", "($self, /, *others)", Full(union)),
        ],
    );
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
}

/// Fills both types and the iterator.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::MATCH_SELF | class_flag::HAS_WEAKREF;
    let mut b = TypeBuilder::new(cx, Builtin::Set, Some(Builtin::Object), flags);
    b.doc(cx, "Items without order and without duplicates.\n\nWithout an argument it is empty.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.method(cx, "__init__", "($self, /, *args, **kwargs)", Full(set_init));
    b.attr(cx, "__hash__", Obj::immediate(Value::NONE));
    fill_common(cx, &mut b);
    b.specials(
        cx,
        &[
            (
                Special::IAnd,
                Full(|cx, a| {
                    in_place(cx, a, |set, cx, other| {
                        let result = set.intersection(cx, other)?;
                        set.become_(cx, result);
                        Ok(())
                    })
                }),
            ),
            (Special::IOr, Full(|cx, a| in_place(cx, a, PySet::update_from))),
            (Special::ISub, Full(|cx, a| in_place(cx, a, PySet::remove_all))),
            (Special::IXor, Full(|cx, a| in_place(cx, a, PySet::toggle_all))),
        ],
    );
    b.methods(
        cx,
        &[
            ("add", "($self, object, /)", Full(add)),
            ("clear", "($self, /)", Leaf(clear)),
            ("difference_update", "($self, /, *others)", Full(difference_update)),
            ("discard", "($self, object, /)", Full(discard)),
            ("intersection_update", "($self, /, *others)", Full(intersection_update)),
            ("pop", "($self, /)", Full(pop)),
            ("remove", "($self, object, /)", Full(remove)),
            ("symmetric_difference_update", "($self, other, /)", Full(symmetric_difference_update)),
            ("update", "($self, /, *others)", Full(update)),
        ],
    );
    let mut b = TypeBuilder::new(cx, Builtin::FrozenSet, Some(Builtin::Object), flags);
    b.doc(cx, "A set that cannot be changed, and so can be an item of a set or a key of a dict.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct_frozen));
    b.special(cx, Special::Hash, Leaf(hash));
    fill_common(cx, &mut b);
    iter::init(cx);
}
