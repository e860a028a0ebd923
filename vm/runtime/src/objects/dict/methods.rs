//! The methods of `dict`.

use super::iter::{self, Part, new_dict_iter};
use super::views::{self, new_view};
use super::{DICT_OPS, PyDict};
use crate::objects::construct::{class_argument, comparisons};
use crate::objects::generic_alias::class_getitem;
use crate::objects::set::PySet;
use crate::objects::str::StrBuf;
use crate::objects::sync::locked;
use crate::objects::{repr, tuple::new_tuple_from_array};
use crate::prelude::*;

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    cx.alloc_for::<PyDict>(class, PyDict::empty)
}

/// The work of `dict(...)` and `dict.update(...)`, whose window is `(self, args, kwargs)`.
fn fill(cx: &mut Cx, a: Args<'_>, name: &str) -> R {
    let this: &PyDict = a.this();
    match *a.varargs(cx, 1) {
        [] => {}
        [other] => this.update_from(cx, other)?,
        ref args => {
            let got = args.len();
            return Err(cx.type_error(format!("{name} expected at most 1 argument, got {got}")));
        }
    }
    if let Some(keywords) = a.varkw(cx, 2) {
        this.merge(cx, keywords)?;
    }
    Ok(cx.none())
}

/// `dict.update` with one argument by position.
fn update_given(cx: &mut Cx, a: Args<'_>) -> Option<R> {
    let [_, other] = *a.refs() else { return None };
    Some(a.this::<PyDict>().update_from(cx, other).map(|()| cx.none()))
}

/// `dict(v)` of the exact class.
///
/// # Errors
/// As [`PyDict::update_from`].
pub fn dict_from(cx: &mut Cx, v: Ref<'_>) -> R {
    let new = PyDict::new(cx);
    if let Some(dict) = new.downcast::<PyDict>(cx) {
        dict.update_from(cx, v)?;
    }
    Ok(new)
}

fn dict_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyDict = a.this();
    if this.is_empty() {
        return Ok(cx.str("{}"));
    }
    repr::guarded(cx, a.get(0), "{...}", |cx| {
        let mut text = StrBuf::with_capacity(64);
        text.push_ascii(b"{");
        let mut position = 0;
        while let Some(((key, value), next)) =
            this.next_entry(cx, position, |cx, entry| (entry.key.get_locked(cx), entry.value.get_locked(cx)))
        {
            if position > 0 {
                text.push_ascii(b", ");
            }
            position = next;
            if let (Some(key), Some(value)) = (key, value) {
                repr::push_repr(cx, &mut text, key.r())?;
                text.push_ascii(b": ");
                repr::push_repr(cx, &mut text, value.r())?;
            }
        }
        text.push_ascii(b"}");
        Ok(text.finish(cx))
    })
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let other = a.get(1).downcast::<PyDict>(cx);
    let (Some(other), CompareOp::Eq | CompareOp::Ne) = (other, op) else { return Ok(cx.not_implemented()) };
    let equal = equal(cx, a.this(), other)?;
    Ok(cx.bool(equal == (op == CompareOp::Eq)))
}

fn equal(cx: &mut Cx, a: &PyDict, b: &PyDict) -> R<bool> {
    // Its keys and values are the same objects, whatever other threads change meanwhile.
    if std::ptr::eq(a, b) {
        return Ok(true);
    }
    if a.len() != b.len() {
        return Ok(false);
    }
    let mut position = 0;
    while let Some(((hash, key, value), next)) = a.next_entry(cx, position, |cx, entry| {
        (entry.hash.get(), entry.key.get_locked(cx), entry.value.get_locked(cx))
    }) {
        position = next;
        let (Some(key), Some(value)) = (key, value) else { continue };
        let Some(other) = b.get_known_hash(cx, key.r(), hash)? else { return Ok(false) };
        if !cx.equal(other.r(), value.r())? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(crate) fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyDict = a.this();
    let key = a.get(1);
    if let Some(value) = this.get(cx, key)? {
        return Ok(value);
    }
    if !cx.is_exactly(a.get(0), Builtin::Dict)
        && let Some(value) = cx.try_special(Special::Missing, a.get(0), &[key])?
    {
        return Ok(value);
    }
    Err(cx.key_error(key))
}

pub(crate) fn setitem(cx: &mut Cx, a: Args<'_>) -> R {
    let (key, value) = (a.get(1).own(cx), a.get(2).own(cx));
    a.this::<PyDict>().set(cx, key, value)?;
    Ok(cx.none())
}

pub(crate) fn delitem(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyDict>().remove(cx, a.get(1))? {
        Some(_) => Ok(cx.none()),
        None => Err(cx.key_error(a.get(1))),
    }
}

pub(crate) fn contains(cx: &mut Cx, a: Args<'_>) -> R {
    let found = a.this::<PyDict>().contains(cx, a.get(1))?;
    Ok(cx.bool(found))
}

/// `get` by a key that needs no Python: from a dict of this thread, or what there is in one that others may change.
fn get_quickly(cx: &Cx, a: Args<'_>) -> Value {
    if !(2..=3).contains(&a.count()) {
        return Value::UNDEF;
    }
    let this = a.this::<PyDict>();
    match this.get_quick(cx, a.get(1)) {
        None => this.get_shared(cx, a.get(1)).map_or(Value::UNDEF, Obj::into_value),
        Some(Some(value)) => value.into_value(),
        Some(None) if a.count() == 3 => a.get(2).own(cx).into_value(),
        Some(None) => Value::NONE,
    }
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyDict>();
    let found = match this.get_quick(cx, a.get(1)) {
        Some(found) => found,
        None => this.get(cx, a.get(1))?,
    };
    match found {
        Some(value) => Ok(value),
        None => Ok(a.opt(2).map_or_else(|| cx.none(), |default| default.own(cx))),
    }
}

fn setdefault(cx: &mut Cx, a: Args<'_>) -> R {
    let default = a.opt(2).unwrap_or(Ref::immediate(Value::NONE));
    Ok(a.this::<PyDict>().set_default(cx, a.get(1), default)?.0)
}

fn pop(cx: &mut Cx, a: Args<'_>) -> R {
    match (a.this::<PyDict>().remove(cx, a.get(1))?, a.opt(2)) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.own(cx)),
        (None, None) => Err(cx.key_error(a.get(1))),
    }
}

fn popitem(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyDict>().pop_last(cx) {
        Some((key, value)) => Ok(new_tuple_from_array(cx, [key, value])),
        None => {
            let message = cx.str("popitem(): dictionary is empty");
            Err(cx.key_error(message.r()))
        }
    }
}

fn clear(cx: &Cx, a: Args<'_>) -> R {
    a.this::<PyDict>().clear(cx);
    Ok(cx.none())
}

/// Left and right operand of `|`, both dicts.
fn union(cx: &mut Cx, left: Ref<'_>, right: Ref<'_>) -> R {
    let (Some(left), Some(right)) = (left.downcast::<PyDict>(cx), right.downcast::<PyDict>(cx)) else {
        return Ok(cx.not_implemented());
    };
    let result = left.copy(cx);
    if let Some(dict) = result.downcast::<PyDict>(cx) {
        dict.update_from(cx, ref_of(right))?;
    }
    Ok(result)
}

fn ior(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyDict>().update_from(cx, a.get(1))?;
    Ok(a.get(0).own(cx))
}

fn fromkeys(cx: &mut Cx, a: Args<'_>) -> R {
    let class = a.get(0);
    let value = a.opt(2).unwrap_or(Ref::immediate(Value::NONE));
    let new = cx.call(class, &[])?;
    let dict = match new.downcast::<PyDict>(cx) {
        Some(dict) if cx.is_exactly(new.r(), Builtin::Dict) => Some(dict),
        _ => None,
    };
    if let Some(dict) = dict
        && let Some(keys) = hashed_keys(cx, a.get(1))
    {
        let items = keys.into_iter().map(|(hash, key)| (hash, key, value.own(cx))).collect();
        dict.insert_all(cx, items, None)?;
        return Ok(new);
    }
    let iterator = cx.iter(a.get(1))?;
    while let Some(key) = cx.next(iterator.r())? {
        match dict {
            Some(dict) => dict.set(cx, key, value.own(cx))?,
            None => cx.set_item(new.r(), key.r(), value)?,
        }
        cx.poll()?;
    }
    Ok(new)
}

/// Keys of an exact dict or set with their hashes.
fn hashed_keys(cx: &Cx, v: Ref<'_>) -> Option<Vec<(i64, Obj)>> {
    if cx.is_exactly(v, Builtin::Dict) {
        let items = v.downcast::<PyDict>(cx)?.hashed_items(cx);
        return Some(items.into_iter().map(|(hash, key, _)| (hash, key)).collect());
    }
    if cx.is_exactly(v, Builtin::Set) || cx.is_exactly(v, Builtin::FrozenSet) {
        return Some(v.downcast::<PySet>(cx)?.hashed_items(cx));
    }
    None
}

fn sizeof(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyDict = a.this();
    let table = locked(cx, &this.h, || this.table_bytes());
    Ok(cx.int((size_of::<PyDict>() + table) as i64))
}

/// Declares the type, its views and their iterators.
pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Dict, "dict", &DICT_OPS, size_of::<PyDict>(), true);
    views::declare(cx);
    iter::declare(cx);
}

/// Fills the type, its views and their iterators.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::MAPPING | class_flag::MATCH_SELF;
    let mut b = TypeBuilder::new(cx, Builtin::Dict, Some(Builtin::Object), flags);
    b.doc(
        cx,
        "dict() -> empty dictionary\ndict(mapping) -> its items\ndict(iterable) -> a key and a value from each pair\n\
         dict(**kwargs) -> a string key for each keyword",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.method(cx, "__init__", "($self, /, *args, **kwargs)", Full(|cx, a| fill(cx, a, "dict")));
    b.attr(cx, "__hash__", Obj::immediate(Value::NONE));
    b.specials(cx, &comparisons!(compare));
    b.specials(
        cx,
        &[
            (Special::Repr, Full(dict_repr)),
            (Special::Iter, Leaf(|cx, a| Ok(new_dict_iter(cx, a.this(), Part::Key, false)))),
            (Special::Reversed, Leaf(|cx, a| Ok(new_dict_iter(cx, a.this(), Part::Key, true)))),
            (Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<PyDict>().len() as i64)))),
            (Special::GetItem, Full(getitem)),
            (Special::SetItem, Full(setitem)),
            (Special::DelItem, Full(delitem)),
            (Special::Contains, Full(contains)),
            (Special::Or, Full(|cx, a| union(cx, a.get(0), a.get(1)))),
            (Special::ROr, Full(|cx, a| union(cx, a.get(1), a.get(0)))),
            (Special::IOr, Full(ior)),
            (Special::Sizeof, Leaf(sizeof)),
        ],
    );
    b.methods(
        cx,
        &[
            ("clear", "($self, /)", Leaf(clear)),
            ("copy", "($self, /)", Leaf(|cx, a| Ok(a.this::<PyDict>().copy(cx)))),
            ("get", "($self, key, default=None, /)", Shortcut(get_quickly, get)),
            ("items", "($self, /)", Leaf(|cx, a| Ok(new_view(cx, a.get(0), Part::Item)))),
            ("keys", "($self, /)", Leaf(|cx, a| Ok(new_view(cx, a.get(0), Part::Key)))),
            ("pop", "($self, key, default=<unrepresentable>, /)", Full(pop)),
            ("popitem", "($self, /)", Full(popitem)),
            ("setdefault", "($self, key, default=None, /)", Full(setdefault)),
            ("update", "($self, /, *args, **kwargs)", Varied(update_given, |cx, a| fill(cx, a, "update"))),
            ("values", "($self, /)", Leaf(|cx, a| Ok(new_view(cx, a.get(0), Part::Value)))),
        ],
    );
    b.class_method(cx, "fromkeys", "($type, iterable, value=None, /)", Full(fromkeys));
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    views::init(cx);
    iter::init(cx);
}
