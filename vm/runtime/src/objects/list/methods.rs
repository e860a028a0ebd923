//! The methods of `list` but those of slices and `sort`.

use super::{LIST_OPS, PyList, iter, slices, sort};
use crate::objects::construct::{class_argument, comparisons, has_keywords, positional};
use crate::objects::dict::key::quick_equal;
use crate::objects::generic_alias::class_getitem;
use crate::objects::iter::items_of_builtin;
use crate::objects::repr;
use crate::objects::slice::{PySlice, clip_bound, has_index, index_bounds};
use crate::objects::sync::{locked, locked_both};
use crate::prelude::*;

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    cx.alloc_for::<PyList>(class, PyList::empty)
}

/// `list(iterable)` of the exact class, for callers that have found out that nothing is overridden.
///
/// # Errors
/// What iterating raises.
pub fn list_from(cx: &mut Cx, iterable: Ref<'_>) -> R {
    if let Some(copy) = slices::copy_sequence(cx, iterable) {
        return copy.ok_or_else(|| cx.memory_error());
    }
    let new = cx.list(Vec::new());
    if let Some(list) = new.downcast::<PyList>(cx) {
        extend_from(cx, list, iterable)?;
    }
    Ok(new)
}

fn list_init(cx: &mut Cx, a: Args<'_>) -> R {
    // A subclass with a `__new__` of its own may want them.
    let class = cx.class_of(a.get(0));
    if has_keywords(cx, a) && class.same_special(cx, cx.builtin(Builtin::List), Special::New) {
        return Err(cx.type_error("list() takes no keyword arguments"));
    }
    let args = positional(cx, a, "list", 0, 1)?;
    let this: &PyList = a.this();
    this.clear(cx);
    if let [iterable] = *args {
        extend_from(cx, this, iterable)?;
    }
    Ok(cx.none())
}

/// `list.extend`.
///
/// # Errors
/// `TypeError` if the argument is not iterable, or what iterating raises; what came before has been added.
pub(crate) fn extend_from(cx: &mut Cx, list: &PyList, iterable: Ref<'_>) -> R<()> {
    if let Some(done) = slices::assign_sequence(cx, list, (isize::MAX, isize::MAX, 1), iterable) {
        return if done { Ok(()) } else { Err(cx.memory_error()) };
    }
    if let Some(items) = items_of_builtin(cx, iterable) {
        return if list.extend(cx, items.into_iter()) { Ok(()) } else { Err(cx.memory_error()) };
    }
    let iterator = cx.iter(iterable)?;
    let hint = cx.length_hint(iterable, 8)?;
    locked(cx, &list.h, || {
        let needed = list.len.get().saturating_add(hint.min(1 << 20));
        if list.capacity.get() < needed {
            // A failure shows again when there is something to append.
            list.set_capacity(cx, needed);
        }
    });
    while let Some(item) = cx.next(iterator.r())? {
        if list.try_append(cx, item).is_err() {
            return Err(cx.memory_error());
        }
        cx.poll()?;
    }
    locked(cx, &list.h, || list.shrink(cx));
    Ok(())
}

fn list_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    if this.is_empty() {
        return Ok(cx.str("[]"));
    }
    repr::guarded(cx, a.get(0), "[...]", |cx| repr::sequence(cx, "[", "]", |cx, i| this.get(cx, i)))
}

pub(crate) fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let this: &PyList = a.this();
    let Some(other) = a.get(1).downcast::<PyList>(cx) else { return Ok(cx.not_implemented()) };
    if matches!(op, CompareOp::Eq | CompareOp::Ne) && this.len() != other.len() {
        return Ok(cx.bool(op == CompareOp::Ne));
    }
    match first_difference(cx, this, other)? {
        // The comparison may have emptied the lists.
        Some((i, ..)) if i >= this.len() || i >= other.len() => {
            Ok(cx.bool(op.holds(this.len().cmp(&other.len()))))
        }
        Some((_, x, y)) => match op {
            CompareOp::Eq => Ok(cx.bool(false)),
            CompareOp::Ne => Ok(cx.bool(true)),
            _ => cx.compare(op, x.r(), y.r()),
        },
        None => Ok(cx.bool(op.holds(this.len().cmp(&other.len())))),
    }
}

/// The first place where both have items that are not equal, and these.
fn first_difference(cx: &mut Cx, a: &PyList, b: &PyList) -> R<Option<(usize, Obj, Obj)>> {
    let mut i = 0;
    loop {
        // As far as it goes without running Python.
        let pair = locked_both(cx, &a.h, &b.h, || {
            let (x, y) = (a.slots(), b.slots());
            while i < x.len() && i < y.len() {
                match quick_equal(cx, x[i].peek(), y[i].peek()) {
                    Some(true) => i += 1,
                    known => return Some((x[i].get_locked(cx)?, y[i].get_locked(cx)?, known)),
                }
            }
            None
        });
        let Some((x, y, known)) = pair else { return Ok(None) };
        if known.is_some() || !cx.equal(x.r(), y.r())? {
            return Ok(Some((i, x, y)));
        }
        i += 1;
    }
}

/// The place of the first item equal to `v` from `start` to before `stop`, and the item there.
fn find(cx: &mut Cx, list: &PyList, v: Ref<'_>, start: usize, stop: usize) -> R<Option<(usize, Obj)>> {
    let mut i = start;
    loop {
        let candidate = locked(cx, &list.h, || {
            let slots = list.slots();
            while i < slots.len().min(stop) {
                match quick_equal(cx, slots[i].peek(), v.value()) {
                    Some(false) => i += 1,
                    known => return Some((slots[i].get_locked(cx)?, known)),
                }
            }
            None
        });
        let Some((item, known)) = candidate else { return Ok(None) };
        if known.is_some() || cx.equal(item.r(), v)? {
            return Ok(Some((i, item)));
        }
        i += 1;
    }
}

pub(crate) fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let found = find(cx, a.this(), a.get(1), 0, usize::MAX)?;
    Ok(cx.bool(found.is_some()))
}

fn index(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    let (start, stop) = index_bounds(cx, a, 2)?;
    let (start, stop) = (clip_bound(start, this.len()), clip_bound(stop, this.len()));
    match find(cx, this, a.get(1), start, stop)? {
        Some((i, _)) => Ok(cx.int(i as i64)),
        None => Err(cx.value_error("list.index(x): x not in list")),
    }
}

fn count(cx: &mut Cx, a: Args<'_>) -> R {
    let (mut i, mut n) = (0, 0);
    while let Some((at, _)) = find(cx, a.this(), a.get(1), i, usize::MAX)? {
        n += 1;
        i = at + 1;
    }
    Ok(cx.int(n))
}

fn remove(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    loop {
        let Some((i, item)) = find(cx, this, a.get(1), 0, usize::MAX)? else {
            return Err(cx.value_error("list.remove(x): x not in list"));
        };
        let word = item.value();
        let taken = locked(cx, &this.h, || match this.slots().get(i) {
            Some(slot) if slot.peek() == word => this.remove_locked(cx, i),
            _ => None,
        });
        // Otherwise the list was changed between the comparison and the removal.
        if taken.is_some() {
            return Ok(cx.none());
        }
    }
}

/// `append` to a list that has room, unless it has been published and the item is an object.
fn append_in_place(cx: &Cx, a: Args<'_>) -> Value {
    if a.count() != 2 {
        return Value::UNDEF;
    }
    let this: &PyList = a.this();
    if this.h.is_published() {
        return append_to_published(cx, this, a.get(1).value());
    }
    let len = this.len();
    if len >= this.capacity.get() {
        return Value::UNDEF;
    }
    let item = a.get(1).own_quick(cx);
    if item.is_undef() {
        return Value::UNDEF;
    }
    // SAFETY: the list is the thread's alone, and there is room behind its items.
    unsafe { this.items_unlocked().cast_mut().add(len).write(item) };
    this.len.set(len + 1);
    Value::NONE
}

/// As [`append_in_place`]. What is no object need not be published, nor counted.
#[inline(never)]
fn append_to_published(cx: &Cx, this: &PyList, item: Value) -> Value {
    if item.is_ptr() {
        return Value::UNDEF;
    }
    let done = locked(cx, &this.h, || {
        let len = this.len();
        let fits = len < this.capacity.get();
        if fits {
            // SAFETY: there is room behind the items. The slot is uninitialised, so it is made before it is stored to.
            unsafe {
                let slot = this.items.get().add(len);
                slot.write(Slot::empty());
                (*slot).swap_locked_word(item);
            }
            this.len.set(len + 1);
        }
        fits
    });
    if done { Value::NONE } else { Value::UNDEF }
}

fn append(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    match this.try_append(cx, a.get(1).own(cx)) {
        Ok(()) => Ok(cx.none()),
        Err(_) => Err(cx.memory_error()),
    }
}

fn extend(cx: &mut Cx, a: Args<'_>) -> R {
    extend_from(cx, a.this(), a.get(1))?;
    Ok(cx.none())
}

fn iadd(cx: &mut Cx, a: Args<'_>) -> R {
    extend_from(cx, a.this(), a.get(1))?;
    Ok(a.get(0).own(cx))
}

fn insert(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    let at = cx.index_argument(a.get(1))?;
    let v = a.get(2).own(cx);
    let done = locked(cx, &this.h, || {
        let len = this.len.get();
        this.append_locked(cx, v)?;
        // The new item is at the end: it is moved to its place.
        let at = clip_bound(at, len).min(len);
        let new = this.slots()[len].peek();
        // SAFETY: both stretches lie within the list, which has one more item now.
        unsafe { this.move_items(cx, at, at + 1, len - at) };
        this.slots()[at].swap_locked_word(new);
        Ok::<(), Obj>(())
    });
    match done {
        Ok(()) => Ok(cx.none()),
        Err(_) => Err(cx.memory_error()),
    }
}

/// The last item, or that with an index, of a list that is exclusively this thread's and need not shrink.
fn pop_in_place(cx: &Cx, a: Args<'_>) -> Value {
    if a.count() == 0 {
        return Value::UNDEF;
    }
    let this: &PyList = a.this();
    let (len, capacity) = (this.len(), this.capacity.get());
    // What `shrink` would leave as it is; the last item of all takes the storage along.
    let stays = len > capacity / 2 || len > 1 && capacity <= 8;
    if !stays || !cx.is_exclusive(&this.h) {
        return Value::UNDEF;
    }
    let at = match a.count() {
        1 => len - 1,
        2 => match a.get(1).value().as_int() {
            Some(index) if (index as u64) < len as u64 => index as usize,
            _ => return Value::UNDEF,
        },
        _ => return Value::UNDEF,
    };
    // SAFETY: the first `len` items are there, and nobody else reads the list; the reference moves to the caller.
    unsafe {
        let place = this.items_unlocked().cast_mut().add(at);
        let item = *place;
        if at < len - 1 {
            std::ptr::copy(place.add(1), place, len - 1 - at);
        }
        this.len.set(len - 1);
        item
    }
}

fn pop(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    let Some(index) = a.opt(1) else {
        return match this.pop_last(cx) {
            Some(item) => Ok(item),
            None => Err(cx.index_error("pop from empty list")),
        };
    };
    let index = cx.index_argument(index)?;
    let (was_empty, item) = locked(cx, &this.h, || {
        let len = this.len.get();
        let at = if index < 0 { index.wrapping_add(len as isize) } else { index } as usize;
        (len == 0, if at < len { this.remove_locked(cx, at) } else { None })
    });
    match item {
        Some(item) => Ok(item),
        None if was_empty => Err(cx.index_error("pop from empty list")),
        None => Err(cx.index_error("pop index out of range")),
    }
}

fn reverse(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    locked(cx, &this.h, || {
        if cx.is_exclusive(&this.h) {
            this.words_locked().reverse();
            return;
        }
        // Word by word, for those who read without the lock.
        let slots = this.slots();
        for i in 0..slots.len() / 2 {
            slots[i].swap_locked(&slots[slots.len() - 1 - i]);
        }
    });
    Ok(cx.none())
}

pub(crate) fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    let key = a.get(1);
    if let Some(slice) = slice_key(cx, key) {
        return slices::get(cx, this, slice);
    }
    let i = item_index(cx, key)?;
    let item = locked(cx, &this.h, || {
        let at = if i < 0 { i.wrapping_add(this.len.get() as isize) } else { i };
        this.slots().get(at as usize)?.get_locked(cx)
    });
    item.ok_or_else(|| cx.index_error("list index out of range"))
}

fn slice_key<'a>(cx: &Cx, key: Ref<'a>) -> Option<&'a PySlice> {
    if key.value().is_int() { None } else { key.downcast::<PySlice>(cx) }
}

fn item_index(cx: &mut Cx, key: Ref<'_>) -> R<isize> {
    if let Some(i) = key.value().as_int() {
        return Ok(i as isize);
    }
    if !has_index(cx, key) {
        let name = cx.type_name(key);
        return Err(cx.type_error(format!("list indices must be integers or slices, not {name}")));
    }
    cx.index_isize(key, Builtin::IndexError)
}

pub(crate) fn setitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    if let Some(slice) = slice_key(cx, a.get(1)) {
        slices::assign(cx, this, slice, a.get(2))?;
        return Ok(cx.none());
    }
    let i = item_index(cx, a.get(1))?;
    let v = a.get(2).own(cx);
    let old = locked(cx, &this.h, || {
        let at = if i < 0 { i.wrapping_add(this.len.get() as isize) } else { i };
        this.slots().get(at as usize)?.replace_locked(&this.h, v)
    });
    match old {
        Some(_) => Ok(cx.none()),
        None => Err(cx.index_error("list assignment index out of range")),
    }
}

pub(crate) fn delitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    if let Some(slice) = slice_key(cx, a.get(1)) {
        slices::delete(cx, this, slice)?;
        return Ok(cx.none());
    }
    let i = item_index(cx, a.get(1))?;
    let old = locked(cx, &this.h, || {
        let at = if i < 0 { i.wrapping_add(this.len.get() as isize) } else { i } as usize;
        if at < this.len.get() { this.remove_locked(cx, at) } else { None }
    });
    match old {
        Some(_) => Ok(cx.none()),
        None => Err(cx.index_error("list assignment index out of range")),
    }
}

fn add(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    let Some(other) = a.get(1).downcast::<PyList>(cx) else { return Ok(cx.not_implemented()) };
    let made = locked_both(cx, &this.h, &other.h, || {
        let (first, second) = (this.slots(), other.slots());
        let len = first.len().checked_add(second.len())?;
        // SAFETY: as many owned words are written as there are items.
        unsafe {
            super::build(cx, len, |to| {
                slices::copy_counted(cx, first, to);
                slices::copy_counted(cx, second, to.add(first.len()));
                len
            })
        }
    });
    made.ok_or_else(|| cx.memory_error())
}

/// The factor of a repetition; `None` if the operand is no index.
pub fn repetitions(cx: &mut Cx, v: Ref<'_>) -> R<Option<usize>> {
    if !has_index(cx, v) {
        return Ok(None);
    }
    Ok(Some(cx.index_isize(v, Builtin::OverflowError)?.max(0) as usize))
}

/// The items `n` times over; `None` if there is no memory for so many.
pub fn repeated(cx: &Cx, mut items: Vec<Obj>, n: usize) -> Option<Vec<Obj>> {
    let (len, total) = (items.len(), items.len().checked_mul(n)?);
    if n == 0 {
        return Some(Vec::new());
    }
    items.try_reserve_exact(total - len).ok()?;
    for i in len..total {
        let item = items[i - len].r().own(cx);
        items.push(item);
    }
    Some(items)
}

fn mul(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(n) = repetitions(cx, a.get(1))? else { return Ok(cx.not_implemented()) };
    let this: &PyList = a.this();
    let made = locked(cx, &this.h, || {
        let slots = this.slots();
        let total = slots.len().checked_mul(n)?;
        // SAFETY: as many owned words are written as there are places.
        unsafe {
            super::build(cx, total, |to| {
                if let [slot] = slots {
                    fill(cx, to, total, slot.peek());
                } else {
                    (0..n).for_each(|i| slices::copy_counted(cx, slots, to.add(i * slots.len())));
                }
                total
            })
        }
    });
    made.ok_or_else(|| cx.memory_error())
}

/// Writes a value so many times, counted.
///
/// # Safety
/// There is room for so many words at `to`; the value is alive.
unsafe fn fill(cx: &Cx, to: *mut Value, n: usize, v: Value) {
    for i in 0..n {
        // SAFETY: as the caller promises.
        unsafe {
            if v.is_ptr() {
                (*v.ptr()).increment(cx.mutator());
            }
            to.add(i).write(v);
        }
    }
}

fn imul(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    let Some(n) = repetitions(cx, a.get(1))? else { return Ok(cx.not_implemented()) };
    if n == 0 {
        this.clear(cx);
        return Ok(a.get(0).own(cx));
    }
    let done = locked(cx, &this.h, || {
        let len = this.len.get();
        let Some(total) = len.checked_mul(n) else { return false };
        if total > this.capacity.get() && !this.set_capacity(cx, total) {
            return false;
        }
        for i in len..total {
            let Some(item) = this.slots()[i - len].get_locked(cx) else { return false };
            if this.append_locked(cx, item).is_err() {
                return false;
            }
        }
        true
    });
    if done { Ok(a.get(0).own(cx)) } else { Err(cx.memory_error()) }
}

fn sizeof(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyList = a.this();
    Ok(cx.int((size_of::<PyList>() + this.capacity.get() * size_of::<Slot>()) as i64))
}

impl PyList {
    /// Takes the item at `i`, which is there, out. The caller holds the lock.
    pub(super) fn remove_locked(&self, cx: &Cx, i: usize) -> Option<Obj> {
        let len = self.len.get();
        let item = self.slots().get(i)?.get_out_locked();
        // SAFETY: both stretches lie within the list.
        unsafe { self.move_items(cx, i + 1, i, len - i - 1) };
        self.len.set(len - 1);
        self.shrink(cx);
        item
    }

    /// The items as bare words, to be put in another order. The caller holds the lock.
    #[allow(clippy::mut_from_ref)]
    pub(super) fn words_locked(&self) -> &mut [Value] {
        let len = self.len.get();
        if len == 0 {
            return &mut [];
        }
        // SAFETY: slots are words, and the lock makes the caller their only user.
        unsafe { std::slice::from_raw_parts_mut(self.items.get().cast(), len) }
    }
}

/// Declares the type and its iterators.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::List, "list", &LIST_OPS, size_of::<PyList>(), true);
    iter::declare(cx);
}

/// Fills the type and its iterators.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::SEQUENCE | class_flag::MATCH_SELF;
    let mut b = TypeBuilder::new(cx, Builtin::List, Some(Builtin::Object), flags);
    b.doc(cx, "A sequence that can be changed.\n\nWithout an argument it is empty; otherwise it has the iterable's items.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.method(cx, "__init__", "($self, /, *args, **kwargs)", Full(list_init));
    b.attr(cx, "__hash__", Obj::immediate(Value::NONE));
    b.specials(cx, &comparisons!(compare));
    b.specials(
        cx,
        &[
            (Special::Repr, Full(list_repr)),
            (Special::Iter, Leaf(|cx, a| Ok(iter::new_list_iter(cx, a.get(0))))),
            (Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<PyList>().len() as i64)))),
            (Special::SetItem, Full(setitem)),
            (Special::DelItem, Full(delitem)),
            (Special::Contains, Full(contains)),
            (Special::Add, Full(add)),
            (Special::Mul, Full(mul)),
            (Special::RMul, Full(mul)),
            (Special::IAdd, Full(iadd)),
            (Special::IMul, Full(imul)),
            (Special::Reversed, Leaf(|cx, a| Ok(iter::new_list_reverse_iter(cx, a.this())))),
            (Special::Sizeof, Leaf(sizeof)),
        ],
    );
    b.methods(
        cx,
        &[
            ("__getitem__", "($self, index, /)", Full(getitem)),
            ("append", "($self, object, /)", Shortcut(append_in_place, append)),
            (
                "clear",
                "($self, /)",
                Leaf(|cx, a| {
                    a.this::<PyList>().clear(cx);
                    Ok(cx.none())
                }),
            ),
            ("copy", "($self, /)", Full(|cx, a| slices::copy_range(cx, a.this(), (0, isize::MAX, 1)))),
            ("count", "($self, value, /)", Full(count)),
            ("extend", "($self, iterable, /)", Full(extend)),
            ("index", "($self, value, start=0, stop=sys.maxsize, /)", Full(index)),
            ("insert", "($self, index, object, /)", Full(insert)),
            ("pop", "($self, index=-1, /)", Shortcut(pop_in_place, pop)),
            ("remove", "($self, value, /)", Full(remove)),
            ("reverse", "($self, /)", Leaf(reverse)),
            ("sort", "($self, /, *, key=None, reverse=False)", Full(sort::method)),
        ],
    );
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    iter::init(cx);
}
