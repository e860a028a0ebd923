//! Copies of elements, and their state for pickling.

use super::call_in;
use super::element::{PyElement, dict_argument, is_exact, new_element, not_an_element};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

const FIELDS: [&str; 5] = ["tag", "_children", "attrib", "text", "tail"];

fn copy(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyElement = a.this();
    let (tag, attrib) = (this.field(cx, &this.tag), this.attrib_opt(cx));
    let made = new_element(cx, tag, attrib)?;
    if let Some(copy) = made.downcast::<PyElement>(cx) {
        copy.text.set(&copy.h, cx, this.field(cx, &this.text));
        copy.tail.set(&copy.h, cx, this.field(cx, &this.tail));
        drop(copy.replace_children(cx, this.snapshot(cx)));
    }
    Ok(made)
}

fn deep_copy(cx: &mut Cx, a: Args<'_>) -> R {
    dict_argument(cx, a.get(1), "__deepcopy__() argument")?;
    deep_copy_of(cx, a.get(0), a.get(1))
}

/// A deep copy of an element, one level of recursion deeper.
fn deep_copy_of(cx: &mut Cx, element: Ref<'_>, memo: Ref<'_>) -> R {
    cx.recursing(" while calling a Python object", |cx| deep_copy_inner(cx, element, memo))
}

fn deep_copy_inner(cx: &mut Cx, element: Ref<'_>, memo: Ref<'_>) -> R {
    let Some(this) = element.downcast::<PyElement>(cx) else { return Err(not_an_element(cx, element)) };
    let tag = this.field(cx, &this.tag);
    let tag = deep(cx, tag, memo)?;
    let attrib = match this.attrib_opt(cx) {
        Some(attrib) => Some(deep(cx, attrib, memo)?),
        None => None,
    };
    let attrib = attrib.filter(|attrib| cx.as_dict(attrib.r()).is_some());
    let made = new_element(cx, tag, attrib)?;
    let Some(copy) = made.downcast::<PyElement>(cx) else { return Ok(made) };
    let text = this.field(cx, &this.text);
    let text = deep(cx, text, memo)?;
    copy.text.set(&copy.h, cx, text);
    let tail = this.field(cx, &this.tail);
    let tail = deep(cx, tail, memo)?;
    copy.tail.set(&copy.h, cx, tail);
    let mut i = 0;
    while let Some(child) = this.child(cx, i) {
        let child = deep(cx, child, memo)?;
        if child.downcast::<PyElement>(cx).is_none() {
            return Err(not_an_element(cx, child.r()));
        }
        copy.push(cx, child)?;
        i += 1;
    }
    if let Some(memo) = cx.as_dict(memo) {
        // The number that `id()` gives.
        let id = cx.int(element.value().0 as i64);
        memo.set(cx, id, made.clone())?;
    }
    Ok(made)
}

/// A deep copy of anything; what cannot change is its own.
fn deep(cx: &mut Cx, v: Obj, memo: Ref<'_>) -> R {
    if v.value().is_none() || cx.is_exactly(v.r(), Builtin::Str) {
        return Ok(v);
    }
    if cx.is_exactly(v.r(), Builtin::Dict)
        && let Some(dict) = cx.as_dict(v.r())
    {
        let simple = |v: &Obj| cx.is_exactly(v.r(), Builtin::Str);
        if dict.items(cx).iter().all(|(key, value)| simple(key) && simple(value)) {
            return Ok(dict.copy(cx));
        }
    }
    if is_exact(cx, v.r()) {
        let known = match cx.as_dict(memo) {
            Some(memo) => memo.get(cx, cx.int(v.value().0 as i64).r())?,
            None => None,
        };
        return match known {
            Some(known) => Ok(known),
            None => deep_copy_of(cx, v.r(), memo),
        };
    }
    call_in(cx, "copy", "deepcopy", &[v.r(), memo])
}

fn get_state(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyElement = a.this();
    let children = this.snapshot(cx);
    let attrib = this.attrib_opt(cx).unwrap_or_else(|| PyDict::new(cx));
    let values = [
        this.field(cx, &this.tag),
        cx.list(children),
        attrib,
        this.field(cx, &this.text),
        this.field(cx, &this.tail),
    ];
    let made = PyDict::new(cx);
    if let Some(state) = made.downcast::<PyDict>(cx) {
        for (name, value) in FIELDS.iter().zip(values) {
            let name = cx.str(name);
            state.set(cx, name, value)?;
        }
    }
    Ok(made)
}

/// A list's items joined: the text of an element in a state may be in pieces.
fn joined(cx: &mut Cx, v: Option<Obj>) -> R {
    let Some(v) = v else { return Ok(cx.none()) };
    match v.downcast::<PyList>(cx) {
        Some(list) if cx.is_exactly(v.r(), Builtin::List) => {
            let items = list.snapshot(cx);
            let items: Vec<Ref<'_>> = items.iter().map(|item| item.r()).collect();
            ungil_runtime::objects::str::concat_all(cx, &items)
        }
        _ => Ok(v),
    }
}

fn set_state(cx: &mut Cx, a: Args<'_>) -> R {
    let (this, given): (&PyElement, _) = (a.this(), a.get(1));
    let Some(state) = cx.as_dict(given).filter(|_| cx.is_exactly(given, Builtin::Dict)) else {
        let text = cx.repr_string(given)?;
        return Err(cx.type_error(format!("Don't know how to unpickle \"{text:.200}\" as an Element")));
    };
    let mut found: [Option<Obj>; 5] = Default::default();
    for (name, value) in state.items(cx) {
        let Some(name) = name.downcast::<PyStr>(cx) else {
            return Err(cx.type_error("keywords must be strings"));
        };
        match FIELDS.iter().position(|known| known.as_bytes() == name.as_bytes()) {
            Some(i) => found[i] = Some(value),
            None => {
                let name = name.to_string_lossy();
                let message = format!("this function got an unexpected keyword argument '{name}'");
                return Err(cx.type_error(message));
            }
        }
    }
    let [tag, children, attrib, text, tail] = found;
    let Some(tag) = tag else { return Err(cx.type_error("tag may not be NULL")) };
    this.tag.set(&this.h, cx, tag);
    let text = joined(cx, text)?;
    this.text.set(&this.h, cx, text);
    let tail = joined(cx, tail)?;
    this.tail.set(&this.h, cx, tail);
    if let Some(children) = children {
        let Some(children) = children.downcast::<PyList>(cx) else {
            return Err(cx.type_error("'_children' is not a list"));
        };
        let children = children.snapshot(cx);
        if let Some(other) = children.iter().find(|child| child.downcast::<PyElement>(cx).is_none()) {
            let other = other.clone();
            return Err(not_an_element(cx, other.r()));
        }
        drop(this.replace_children(cx, children));
    }
    // Whatever it is; only what uses it looks.
    if attrib.is_some() {
        this.set_attrib(cx, attrib);
    }
    Ok(cx.none())
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__copy__", "($self, /)", Full(copy)),
    ("__deepcopy__", "($self, memo, /)", Full(deep_copy)),
    ("__getstate__", "($self, /)", Full(get_state)),
    ("__setstate__", "($self, state, /)", Full(set_state)),
];

/// Adds them to the type.
pub(super) fn add(cx: &mut Cx, b: &mut TypeBuilder) {
    b.methods(cx, METHODS);
}
