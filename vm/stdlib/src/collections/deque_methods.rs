//! The methods of `deque`.

use super::deque::{DEQUE_OPS, End, PyDeque};
use super::deque_iter;
use ungil_runtime::objects::construct::{class_argument, comparisons};
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::int;
use ungil_runtime::objects::iter::items_of_builtin;
use ungil_runtime::objects::repr;
use ungil_runtime::objects::slice::{clip_bound, has_index, index_bounds};
use ungil_runtime::prelude::*;

const MUTATED: &str = "deque mutated during iteration";

/// A C `Py_ssize_t` argument.
///
/// # Errors
/// `TypeError`, or `OverflowError` ("Python int too large to convert to C ssize_t").
pub(super) fn ssize(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(i) => Ok(i as isize),
        None => Err(cx.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    cx.alloc_for::<PyDeque>(class, PyDeque::empty)
}

/// The arguments `iterable` and `maxlen`, each by position or by name.
fn arguments(cx: &mut Cx, a: Args<'_>) -> R<(Option<Obj>, Option<Obj>)> {
    let positional = a.varargs(cx, 1);
    let named = a.varkw(cx, 2).map(|kw| kw.items(cx)).unwrap_or_default();
    let given = positional.len() + named.len();
    if given > 2 {
        return Err(cx.type_error(format!("deque() takes at most 2 arguments ({given} given)")));
    }
    let mut found = [0, 1].map(|i| positional.get(i).map(|v| v.own(cx)));
    for (name, value) in named {
        let name = cx.text_of(name.r());
        match ["iterable", "maxlen"].iter().position(|&known| known == name) {
            Some(i) if found[i].is_none() => found[i] = Some(value),
            Some(i) => {
                return Err(cx.type_error(format!(
                    "argument for deque() given by name ('{name}') and position ({})",
                    i + 1
                )));
            }
            None => {
                return Err(cx.type_error(format!("deque() got an unexpected keyword argument '{name}'")));
            }
        }
    }
    let [iterable, max_len] = found;
    Ok((iterable, max_len))
}

fn bound(cx: &mut Cx, v: Option<Obj>) -> R<Option<usize>> {
    let Some(v) = v.filter(|v| !v.value().is_none()) else { return Ok(None) };
    if !cx.is_instance_of(v.r(), Builtin::Int) {
        return Err(cx.type_error("an integer is required"));
    }
    match usize::try_from(ssize(cx, v.r())?) {
        Ok(n) => Ok(Some(n)),
        Err(_) => Err(cx.value_error("maxlen must be non-negative")),
    }
}

fn initialise(cx: &mut Cx, a: Args<'_>) -> R {
    let (iterable, max_len) = arguments(cx, a)?;
    let max_len = bound(cx, max_len)?;
    let this: &PyDeque = a.this();
    this.with(cx, |ring| ring.max_len = max_len);
    this.replace_all(cx, Vec::new());
    if let Some(iterable) = iterable {
        extend_from(cx, this, iterable.r(), End::Right)?;
    }
    Ok(cx.none())
}

/// Adds all items of an iterable at one end.
fn extend_from(cx: &mut Cx, this: &PyDeque, iterable: Ref<'_>, end: End) -> R<()> {
    if iterable.is(ref_of(this)) {
        for v in this.snapshot(cx) {
            this.push(cx, end, v)?;
        }
        return Ok(());
    }
    if let Some(items) = items_of_builtin(cx, iterable) {
        for v in items {
            this.push(cx, end, v)?;
        }
        return Ok(());
    }
    let iterator = cx.iter(iterable)?;
    while let Some(v) = cx.next(iterator.r())? {
        this.push(cx, end, v)?;
        cx.poll()?;
    }
    Ok(())
}

fn take(cx: &mut Cx, a: Args<'_>, end: End) -> R {
    match a.this::<PyDeque>().with(cx, |ring| ring.take(end)) {
        Some(item) => Ok(item),
        None => Err(cx.index_error("pop from an empty deque")),
    }
}

fn push(cx: &mut Cx, a: Args<'_>, end: End) -> R {
    let v = a.get(1).own(cx);
    a.this::<PyDeque>().push(cx, end, v)?;
    Ok(cx.none())
}

fn extend(cx: &mut Cx, a: Args<'_>, end: End) -> R {
    extend_from(cx, a.this(), a.get(1), end)?;
    Ok(cx.none())
}

/// A deque like this one, of the same class and with the same bound.
fn copy(cx: &mut Cx, this: Ref<'_>) -> R {
    let Some(deque) = this.downcast::<PyDeque>(cx) else { return Err(cx.type_error("not a deque")) };
    let (class, max_len) = (cx.class_of(this), deque.max_len(cx));
    if !class.is_heap() {
        let new = cx.alloc_for::<PyDeque>(class, PyDeque::empty)?;
        if let Some(copy) = new.downcast::<PyDeque>(cx) {
            copy.with(cx, |ring| ring.max_len = max_len);
            copy.replace_all(cx, deque.snapshot(cx));
        }
        return Ok(new);
    }
    let new = match max_len {
        Some(n) => {
            let n = cx.int(n as i64);
            cx.call(class.as_ref(), &[this, n.r()])?
        }
        None => cx.call(class.as_ref(), &[this])?,
    };
    if new.downcast::<PyDeque>(cx).is_none() {
        let (class, got) = (class.name(), cx.type_name(new.r()));
        return Err(cx.type_error(format!("{class}() must return a deque, not {got}")));
    }
    Ok(new)
}

fn clear(cx: &Cx, a: Args<'_>) -> R {
    a.this::<PyDeque>().replace_all(cx, Vec::new());
    Ok(cx.none())
}

fn rotate(cx: &mut Cx, a: Args<'_>) -> R {
    let n = match a.opt(1) {
        Some(n) => ssize(cx, n)?,
        None => 1,
    };
    a.this::<PyDeque>().with(cx, |ring| ring.rotate(n));
    Ok(cx.none())
}

fn reverse(cx: &Cx, a: Args<'_>) -> R {
    a.this::<PyDeque>().with(cx, |ring| ring.reverse());
    Ok(cx.none())
}

fn insert(cx: &mut Cx, a: Args<'_>) -> R {
    let index = ssize(cx, a.get(1))?;
    let this: &PyDeque = a.this();
    let v = a.get(2).own(cx);
    let done = this.with(cx, |ring| {
        let len = ring.len();
        if ring.max_len.is_some_and(|max| len >= max) {
            return Err((v, true));
        }
        let at = clip_bound(index, len).min(len);
        ring.insert(cx, &this.h, at, v).map_err(|v| (v, false))
    });
    match done {
        Ok(()) => Ok(cx.none()),
        Err((_, true)) => Err(cx.index_error("deque already at its maximum size")),
        Err(_) => Err(cx.memory_error()),
    }
}

/// Where a search found its item.
struct Found {
    index: usize,
    state: u64,
}

/// The first item equal to `v` from `start` to before `stop`.
///
/// # Errors
/// What `__eq__` raises; an exception of class `error` with `message` if that changes the deque.
fn find(
    cx: &mut Cx,
    this: &PyDeque,
    v: Ref<'_>,
    (start, stop): (usize, usize),
    (error, message): (Builtin, &str),
) -> R<Option<Found>> {
    let (mut index, mut state) = (start, None);
    while index < stop {
        let next = this.with(cx, |ring| {
            let expected = *state.get_or_insert(ring.state);
            if ring.state == expected { Ok(ring.get(cx, index)) } else { Err(()) }
        });
        let item = match next {
            Ok(Some(item)) => item,
            Ok(None) => return Ok(None),
            Err(()) => return Err(cx.error(error, message)),
        };
        if cx.equal(item.r(), v)? {
            let now = this.with(cx, |ring| ring.state);
            if Some(now) != state {
                return Err(cx.error(error, message));
            }
            return Ok(Some(Found { index, state: now }));
        }
        index += 1;
    }
    // The last comparison may have changed the deque too.
    if state.is_some_and(|state| this.with(cx, |ring| ring.state) != state) {
        return Err(cx.error(error, message));
    }
    Ok(None)
}

fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let found = find(cx, a.this(), a.get(1), (0, usize::MAX), (Builtin::RuntimeError, MUTATED))?;
    Ok(cx.bool(found.is_some()))
}

fn count(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyDeque = a.this();
    let (mut n, mut start, mut state) = (0, 0, None);
    while let Some(found) = find(cx, this, a.get(1), (start, usize::MAX), (Builtin::RuntimeError, MUTATED))? {
        if *state.get_or_insert(found.state) != found.state {
            return Err(cx.runtime_error(MUTATED));
        }
        n += 1;
        start = found.index + 1;
    }
    Ok(cx.int(n))
}

fn index(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyDeque = a.this();
    let (start, stop) = index_bounds(cx, a, 2)?;
    let len = this.len(cx);
    let range = (clip_bound(start, len), clip_bound(stop, len).min(len));
    match find(cx, this, a.get(1), range, (Builtin::RuntimeError, MUTATED))? {
        Some(found) => Ok(cx.int(found.index as i64)),
        None => Err(cx.value_error("deque.index(x): x not in deque")),
    }
}

fn remove(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyDeque = a.this();
    let mutated = (Builtin::IndexError, "deque mutated during remove().");
    let found = find(cx, this, a.get(1), (0, usize::MAX), mutated)?;
    let Some(found) = found else { return Err(cx.value_error("deque.remove(x): x not in deque")) };
    let taken = this.with(cx, |ring| if ring.state == found.state { ring.remove(found.index) } else { None });
    match taken {
        Some(_) => Ok(cx.none()),
        None => Err(cx.error(mutated.0, mutated.1)),
    }
}

/// The key of an item as it may be negative.
fn item_index(cx: &mut Cx, key: Ref<'_>) -> R<isize> {
    if !has_index(cx, key) {
        let got = cx.type_name(key);
        return Err(cx.type_error(format!("sequence index must be integer, not '{got}'")));
    }
    cx.index_isize(key, Builtin::IndexError)
}

/// The place that an index stands for, if there is an item.
fn place(i: isize, len: usize) -> Option<usize> {
    let at = if i < 0 { i.wrapping_add(len as isize) } else { i };
    usize::try_from(at).ok().filter(|&at| at < len)
}

fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let i = item_index(cx, a.get(1))?;
    let item = a.this::<PyDeque>().with(cx, |ring| ring.get(cx, place(i, ring.len())?));
    item.ok_or_else(|| cx.index_error("deque index out of range"))
}

fn setitem(cx: &mut Cx, a: Args<'_>) -> R {
    let i = item_index(cx, a.get(1))?;
    let this: &PyDeque = a.this();
    let v = a.get(2).own(cx);
    let old = this.with(cx, |ring| match place(i, ring.len()) {
        Some(at) => Ok(ring.set(&this.h, at, v)),
        None => Err(v),
    });
    match old {
        Ok(_) => Ok(cx.none()),
        Err(_) => Err(cx.index_error("deque index out of range")),
    }
}

fn delitem(cx: &mut Cx, a: Args<'_>) -> R {
    let i = item_index(cx, a.get(1))?;
    let taken = a.this::<PyDeque>().with(cx, |ring| ring.remove(place(i, ring.len())?));
    match taken {
        Some(_) => Ok(cx.none()),
        None => Err(cx.index_error("deque index out of range")),
    }
}

fn add(cx: &mut Cx, a: Args<'_>) -> R {
    let other = a.get(1);
    if other.downcast::<PyDeque>(cx).is_none() {
        if cx.class_of(other).special(cx, Special::RAdd).is_some() {
            return Ok(cx.not_implemented());
        }
        let got = cx.type_name(other);
        return Err(cx.type_error(format!("can only concatenate deque (not \"{got}\") to deque")));
    }
    let new = copy(cx, a.get(0))?;
    if let Some(deque) = new.downcast::<PyDeque>(cx) {
        extend_from(cx, deque, other, End::Right)?;
    }
    Ok(new)
}

fn iadd(cx: &mut Cx, a: Args<'_>) -> R {
    extend_from(cx, a.this(), a.get(1), End::Right)?;
    Ok(a.get(0).own(cx))
}

/// The factor of a repetition, `None` if the other operand is to be asked.
fn factor(cx: &mut Cx, v: Ref<'_>) -> R<Option<usize>> {
    if has_index(cx, v) {
        return Ok(Some(cx.index_isize(v, Builtin::OverflowError)?.max(0) as usize));
    }
    let sequences = [Builtin::Str, Builtin::Bytes, Builtin::ByteArray, Builtin::List, Builtin::Tuple];
    let is_sequence =
        sequences.iter().any(|&b| cx.is_instance_of(v, b)) || v.downcast::<PyDeque>(cx).is_some();
    if !is_sequence && cx.class_of(v).special(cx, Special::RMul).is_some() {
        return Ok(None);
    }
    let got = cx.type_name(v);
    Err(cx.type_error(format!("can't multiply sequence by non-int of type '{got}'")))
}

fn repeat(cx: &mut Cx, v: Ref<'_>, n: usize) -> R<()> {
    let Some(this) = v.downcast::<PyDeque>(cx) else { return Ok(()) };
    if n == 0 {
        this.replace_all(cx, Vec::new());
        return Ok(());
    }
    match this.with(cx, |ring| ring.repeat(cx, &this.h, n)) {
        true => Ok(()),
        false => Err(cx.memory_error()),
    }
}

fn mul(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(n) = factor(cx, a.get(1))? else { return Ok(cx.not_implemented()) };
    let new = copy(cx, a.get(0))?;
    repeat(cx, new.r(), n)?;
    Ok(new)
}

fn imul(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(n) = factor(cx, a.get(1))? else { return Ok(cx.not_implemented()) };
    repeat(cx, a.get(0), n)?;
    Ok(a.get(0).own(cx))
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let this: &PyDeque = a.this();
    let Some(other) = a.get(1).downcast::<PyDeque>(cx) else { return Ok(cx.not_implemented()) };
    if matches!(op, CompareOp::Eq | CompareOp::Ne) {
        if std::ptr::eq(this, other) {
            return Ok(cx.bool(op == CompareOp::Eq));
        }
        if this.len(cx) != other.len(cx) {
            return Ok(cx.bool(op == CompareOp::Ne));
        }
    }
    let (left, right) = (deque_iter::new(cx, a.get(0), false)?, deque_iter::new(cx, a.get(1), false)?);
    loop {
        let pair = (cx.next(left.r())?, cx.next(right.r())?);
        let (Some(x), Some(y)) = pair else {
            return Ok(cx.bool(op.holds(pair.0.is_some().cmp(&pair.1.is_some()))));
        };
        if !cx.equal(x.r(), y.r())? {
            return match op {
                CompareOp::Eq => Ok(cx.bool(false)),
                CompareOp::Ne => Ok(cx.bool(true)),
                _ => cx.compare_bool(op, x.r(), y.r()).map(|holds| cx.bool(holds)),
            };
        }
    }
}

fn deque_repr(cx: &mut Cx, a: Args<'_>) -> R {
    repr::guarded(cx, a.get(0), "[...]", |cx| {
        let this: &PyDeque = a.this();
        let name = cx.class_of(a.get(0)).name();
        let close = match this.max_len(cx) {
            Some(max) => format!("], maxlen={max})"),
            None => "])".to_string(),
        };
        let items = this.snapshot(cx);
        repr::sequence(cx, &format!("{name}(["), &close, |cx, i| items.get(i).map(|v| v.r().own(cx)))
    })
}

fn max_len(cx: &Cx, a: Args<'_>) -> R {
    Ok(a.this::<PyDeque>().max_len(cx).map_or_else(|| cx.none(), |n| cx.int(n as i64)))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let state = cx.call_method(a.get(0), "__getstate__", &[])?;
    let iterator = cx.iter(a.get(0))?;
    let args = match a.this::<PyDeque>().max_len(cx) {
        Some(max) => vec![cx.tuple(Vec::new()), cx.int(max as i64)],
        None => Vec::new(),
    };
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    Ok(cx.tuple(vec![class, cx.tuple(args), state, iterator]))
}

fn sizeof(cx: &Cx, a: Args<'_>) -> R {
    let capacity = a.this::<PyDeque>().with(cx, |ring| ring.capacity());
    Ok(cx.int((size_of::<PyDeque>() + capacity * size_of::<Slot>()) as i64))
}

const SPECIALS: &[(Special, NativeFn)] = &[
    (Special::Repr, Full(deque_repr)),
    (Special::Iter, Full(|cx, a| deque_iter::new(cx, a.get(0), false))),
    (Special::Reversed, Full(|cx, a| deque_iter::new(cx, a.get(0), true))),
    (Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<PyDeque>().len(cx) as i64)))),
    (Special::GetItem, Full(getitem)),
    (Special::SetItem, Full(setitem)),
    (Special::DelItem, Full(delitem)),
    (Special::Contains, Full(contains)),
    (Special::Add, Full(add)),
    (Special::Mul, Full(mul)),
    (Special::RMul, Full(mul)),
    (Special::IAdd, Full(iadd)),
    (Special::IMul, Full(imul)),
    (Special::Reduce, Full(reduce)),
    (Special::Sizeof, Leaf(sizeof)),
];

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__init__", "($self, /, *args, **kwargs)", Full(initialise)),
    ("append", "($self, item, /)", Full(|cx, a| push(cx, a, End::Right))),
    ("appendleft", "($self, item, /)", Full(|cx, a| push(cx, a, End::Left))),
    ("clear", "($self, /)", Leaf(clear)),
    ("__copy__", "($self, /)", Full(|cx, a| copy(cx, a.get(0)))),
    ("copy", "($self, /)", Full(|cx, a| copy(cx, a.get(0)))),
    ("count", "($self, value, /)", Full(count)),
    ("extend", "($self, iterable, /)", Full(|cx, a| extend(cx, a, End::Right))),
    ("extendleft", "($self, iterable, /)", Full(|cx, a| extend(cx, a, End::Left))),
    ("index", "($self, value, start=0, stop=sys.maxsize, /)", Full(index)),
    ("insert", "($self, index, value, /)", Full(insert)),
    ("pop", "($self, /)", Full(|cx, a| take(cx, a, End::Right))),
    ("popleft", "($self, /)", Full(|cx, a| take(cx, a, End::Left))),
    ("remove", "($self, value, /)", Full(remove)),
    ("reverse", "($self, /)", Leaf(reverse)),
    ("rotate", "($self, n=1, /)", Full(rotate)),
];

/// Makes the type.
pub(super) fn init(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::BASETYPE | class_flag::SEQUENCE | class_flag::HAS_WEAKREF;
    let size = size_of::<PyDeque>();
    let mut b = TypeBuilder::native_type(cx, "collections.deque", &DEQUE_OPS, size, true, flags);
    b.doc(
        cx,
        "A sequence that grows and shrinks fast at both ends.\n\nWith maxlen it holds at most so many items: adding one \
         more takes one away at the other end.",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.attr(cx, "__hash__", Obj::immediate(Value::NONE));
    b.specials(cx, &comparisons!(compare));
    b.specials(cx, SPECIALS);
    b.methods(cx, METHODS);
    b.getset(cx, "maxlen", Leaf(max_len), None);
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    b.class()
}
