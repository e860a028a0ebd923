//! `dict.keys()`, `dict.values()`, `dict.items()`. What keys and items share with sets is in `view_sets.rs`.

use super::PyDict;
use super::iter::{Part, new_dict_iter};
use super::view_sets;
use crate::objects::iter::fixed;
use crate::objects::str::StrBuf;
use crate::objects::sync::slot_ops;
use crate::objects::tuple::{PyTuple, new_tuple_from_array};
use crate::objects::{mapping_proxy, repr};
use crate::prelude::*;

/// A view of a dict, one struct for three types. Immutable.
#[repr(C)]
pub struct PyDictView {
    pub h: Header,
    dict: Slot,
    pub(super) part: Part,
}

slot_ops!(DICT_VIEW_OPS, PyDictView, "dict_view", dict);

const TYPES: [(Builtin, &str, Part); 3] = [
    (Builtin::DictKeys, "dict_keys", Part::Key),
    (Builtin::DictValues, "dict_values", Part::Value),
    (Builtin::DictItems, "dict_items", Part::Item),
];

/// A view of a dict or of an instance of a subclass.
pub(crate) fn new_view(cx: &Cx, dict: Ref<'_>, part: Part) -> Obj {
    let which = match part {
        Part::Key => Builtin::DictKeys,
        Part::Value => Builtin::DictValues,
        Part::Item => Builtin::DictItems,
    };
    cx.alloc(which, |h| PyDictView { h, dict: Slot::new(dict.own(cx)), part })
}

impl PyDictView {
    pub(crate) fn dict(&self) -> &PyDict {
        // SAFETY: made with a dict, and never changed.
        unsafe { fixed(&self.dict).cast_unchecked() }
    }

    /// Whether it is a view of keys or items, which behaves like a set.
    pub(crate) fn is_set_like(&self) -> bool {
        self.part != Part::Value
    }

    /// `iter(self)`.
    #[inline]
    pub(crate) fn iterate(&self, cx: &Cx) -> Obj {
        new_dict_iter(cx, self.dict(), self.part, false)
    }

    /// Everything in the view, read in one step.
    pub(crate) fn snapshot(&self, cx: &Cx) -> Vec<Obj> {
        match self.part {
            Part::Key => self.dict().keys(cx),
            Part::Value => self.dict().values(cx),
            Part::Item => {
                let items = self.dict().items(cx);
                items.into_iter().map(|(key, value)| new_tuple_from_array(cx, [key, value])).collect()
            }
        }
    }

    /// `v in self`, for keys and items.
    ///
    /// # Errors
    /// What hashing or comparing raises.
    pub(super) fn contains(&self, cx: &mut Cx, v: Ref<'_>) -> R<bool> {
        if self.part == Part::Key {
            return self.dict().contains(cx, v);
        }
        let Some(&[key, value]) = v.downcast::<PyTuple>(cx).map(PyTuple::items) else { return Ok(false) };
        match self.dict().get(cx, key)? {
            Some(found) => cx.equal(found.r(), value),
            None => Ok(false),
        }
    }
}

fn view_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyDictView = a.this();
    repr::guarded(cx, a.get(0), "...", |cx| {
        let mut text = StrBuf::with_capacity(64);
        text.push_wtf8(cx.type_name(a.get(0)));
        text.push_ascii(b"(");
        let list = cx.list(this.snapshot(cx));
        repr::push_repr(cx, &mut text, list.r())?;
        text.push_ascii(b")");
        Ok(text.finish(cx))
    })
}

fn iter(cx: &Cx, a: Args<'_>) -> R {
    Ok(a.this::<PyDictView>().iterate(cx))
}

fn reversed(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyDictView = a.this();
    Ok(new_dict_iter(cx, this.dict(), this.part, true))
}

fn mapping(cx: &Cx, a: Args<'_>) -> R {
    Ok(mapping_proxy::new_proxy(cx, fixed(&a.this::<PyDictView>().dict)))
}

pub(super) fn declare(cx: &Cx) {
    for (which, name, _) in TYPES {
        TypeBuilder::declare(cx, which, name, &DICT_VIEW_OPS, size_of::<PyDictView>(), true);
    }
}

pub(super) fn init(cx: &mut Cx) {
    for (which, _, part) in TYPES {
        let mut b = TypeBuilder::new(cx, which, Some(Builtin::Object), class_flag::DISALLOW_INSTANTIATION);
        b.specials(
            cx,
            &[
                (Special::Repr, Full(view_repr)),
                (Special::Len, Leaf(|cx, a| Ok(cx.int(a.this::<PyDictView>().dict().len() as i64)))),
                (Special::Iter, Leaf(iter)),
                (Special::Reversed, Leaf(reversed)),
            ],
        );
        b.getset(cx, "mapping", Leaf(mapping), None);
        if part != Part::Value {
            view_sets::fill(cx, &mut b);
        }
    }
}
