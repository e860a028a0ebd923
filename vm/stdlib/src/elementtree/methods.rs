//! Methods and attributes of `Element` that change it or tell of it.

use super::element::{PyElement, dict_argument, element_argument, new_element, not_an_element};
use super::iter;
use ungil_runtime::objects::slice::clip_bound;
use ungil_runtime::prelude::*;

const TRUTH: &str = "Testing an element's truth value will always return True in future versions.  Use specific \
                     'len(elem)' or 'elem is not None' test instead.";

fn append(cx: &mut Cx, a: Args<'_>) -> R {
    element_argument(cx, a.get(1), "append() argument 1")?;
    let child = a.get(1).own(cx);
    a.this::<PyElement>().push(cx, child)?;
    Ok(cx.none())
}

fn extend(cx: &mut Cx, a: Args<'_>) -> R {
    let items = match cx.items_if_sequence(a.get(1)) {
        Some(items) => items,
        None => {
            let iterator = cx.iter(a.get(1));
            match cx.catch(iterator, Builtin::TypeError)? {
                Some(iterator) => cx.collect(iterator.r())?,
                None => return Err(cx.type_error("'elements' must be an iterable")),
            }
        }
    };
    for item in items {
        if item.downcast::<PyElement>(cx).is_none() {
            return Err(not_an_element(cx, item.r()));
        }
        a.this::<PyElement>().push(cx, item)?;
    }
    Ok(cx.none())
}

fn insert(cx: &mut Cx, a: Args<'_>) -> R {
    let index = cx.index_isize(a.get(1), Builtin::OverflowError)?;
    element_argument(cx, a.get(2), "insert() argument 2")?;
    let this: &PyElement = a.this();
    let at = clip_bound(index, this.len(cx));
    let child = a.get(2).own(cx);
    this.insert(cx, at, child)?;
    Ok(cx.none())
}

fn remove(cx: &mut Cx, a: Args<'_>) -> R {
    element_argument(cx, a.get(1), "remove() argument")?;
    let this: &PyElement = a.this();
    let mut i = 0;
    while let Some(child) = this.child(cx, i) {
        if child.r().is(a.get(1)) || cx.equal(child.r(), a.get(1))? {
            // The comparison may have changed the children: then nothing is left to be removed.
            let taken = this.with(cx, |children| match children.get(i) {
                Some(slot) if slot.peek() == child.value() => children.remove(i).take_locked(),
                _ => None,
            });
            drop(taken);
            return Ok(cx.none());
        }
        i += 1;
    }
    Err(cx.value_error("Element.remove(x): element not found"))
}

fn clear(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyElement = a.this();
    this.set_attrib(cx, None);
    drop(this.replace_children(cx, Vec::new()));
    this.text.set(&this.h, cx, cx.none());
    this.tail.set(&this.h, cx, cx.none());
    Ok(cx.none())
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    let attrib = a.this::<PyElement>().attrib_opt(cx);
    if let Some(dict) = attrib.as_ref().and_then(|attrib| cx.as_dict(attrib.r()))
        && let Some(found) = dict.get(cx, a.get(1))?
    {
        return Ok(found);
    }
    Ok(a.opt(2).map_or(cx.none(), |default| default.own(cx)))
}

fn set(cx: &mut Cx, a: Args<'_>) -> R {
    let attrib = a.this::<PyElement>().attrib(cx);
    let (key, value) = (a.get(1).own(cx), a.get(2).own(cx));
    if let Some(dict) = cx.as_dict(attrib.r()) {
        dict.set(cx, key, value)?;
    }
    Ok(cx.none())
}

fn keys(cx: &Cx, a: Args<'_>) -> R {
    let attrib = a.this::<PyElement>().attrib_opt(cx);
    let dict = attrib.as_ref().and_then(|attrib| cx.as_dict(attrib.r()));
    Ok(cx.list(dict.map_or(Vec::new(), |dict| dict.keys(cx))))
}

fn items(cx: &Cx, a: Args<'_>) -> R {
    let attrib = a.this::<PyElement>().attrib_opt(cx);
    let dict = attrib.as_ref().and_then(|attrib| cx.as_dict(attrib.r()));
    let items = dict.map_or(Vec::new(), |dict| dict.items(cx));
    Ok(cx.list(items.into_iter().map(|(key, value)| cx.tuple(vec![key, value])).collect()))
}

fn make_element(cx: &mut Cx, a: Args<'_>) -> R {
    let attrib = dict_argument(cx, a.get(2), "makeelement() argument 2")?.copy(cx);
    let tag = a.get(1).own(cx);
    new_element(cx, tag, Some(attrib))
}

fn element_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.get(0);
    let word = this.value().0;
    if cx.thread_state.repr_stack.borrow().contains(&word) {
        let name = cx.type_name(this);
        return Err(cx.runtime_error(format!("reentrant call inside {name}.__repr__")));
    }
    cx.thread_state.repr_stack.borrow_mut().push(word);
    let tag = a.this::<PyElement>().field(cx, &a.this::<PyElement>().tag);
    let text = cx.repr_string(tag.r());
    cx.thread_state.repr_stack.borrow_mut().pop();
    Ok(cx.str(&format!("<Element {} at {:#x}>", text?, word)))
}

fn truth(cx: &mut Cx, a: Args<'_>) -> R {
    ungil_runtime::traceback::warn(cx, Builtin::DeprecationWarning, TRUTH)?;
    Ok(cx.bool(a.this::<PyElement>().len(cx) > 0))
}

fn sizeof(cx: &Cx, a: Args<'_>) -> R {
    let places = a.this::<PyElement>().with(cx, |children| children.capacity());
    Ok(cx.int((size_of::<PyElement>() + places * size_of::<Slot>()) as i64))
}

/// The value that an attribute is set to.
fn new_value(cx: &mut Cx, a: Args<'_>) -> R {
    match a.opt(1) {
        Some(v) => Ok(v.own(cx)),
        None => Err(cx.error(Builtin::AttributeError, "can't delete element attribute")),
    }
}

fn set_attrib(cx: &mut Cx, a: Args<'_>) -> R {
    let new = new_value(cx, a)?;
    if cx.as_dict(new.r()).is_none() {
        let got = cx.type_name(new.r());
        return Err(cx.type_error(format!("attrib must be dict, not {got}")));
    }
    a.this::<PyElement>().set_attrib(cx, Some(new));
    Ok(cx.none())
}

macro_rules! fields {
    ($b:ident, $cx:ident, $($field:ident),*) => {$(
        $b.getset(
            $cx,
            stringify!($field),
            Leaf(|cx, a| {
                let this: &PyElement = a.this();
                Ok(this.field(cx, &this.$field))
            }),
            Some(Full(|cx, a| {
                let new = new_value(cx, a)?;
                let this: &PyElement = a.this();
                this.$field.set(&this.h, cx, new);
                Ok(cx.none())
            })),
        );
    )*};
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("append", "($self, subelement, /)", Full(append)),
    ("clear", "($self, /)", Leaf(clear)),
    ("extend", "($self, elements, /)", Full(extend)),
    ("get", "($self, /, key, default=None)", Full(get)),
    ("insert", "($self, index, subelement, /)", Full(insert)),
    ("items", "($self, /)", Leaf(items)),
    ("iter", "($self, /, tag=None)", Full(iter::iterate)),
    ("itertext", "($self, /)", Full(iter::iterate_text)),
    ("keys", "($self, /)", Leaf(keys)),
    ("makeelement", "($self, tag, attrib, /)", Full(make_element)),
    ("remove", "($self, subelement, /)", Full(remove)),
    ("set", "($self, key, value, /)", Full(set)),
];

/// Adds them to the type.
pub(super) fn add(cx: &mut Cx, b: &mut TypeBuilder) {
    b.methods(cx, METHODS);
    b.special(cx, Special::Repr, Full(element_repr));
    b.special(cx, Special::Bool, Full(truth));
    b.special(cx, Special::Sizeof, Leaf(sizeof));
    fields!(b, cx, tag, text, tail);
    let attrib = Leaf(|cx: &Cx, a: Args<'_>| Ok(a.this::<PyElement>().attrib(cx)));
    b.getset(cx, "attrib", attrib, Some(Full(set_attrib)));
}
