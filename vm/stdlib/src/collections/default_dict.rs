//! `collections.defaultdict`: a dict that makes missing values with a function. That is in the first attribute slot.

use std::sync::OnceLock;
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::repr;
use ungil_runtime::objects::str::{PyStr, StrBuf};
use ungil_runtime::prelude::*;

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// The object's header and its slot of `default_factory`.
fn factory_slot<'a>(cx: &Cx, v: Ref<'a>) -> Option<(&'a Header, &'a Slot)> {
    let h = v.header()?;
    // SAFETY: alive for `'a`; the area belongs to the object's shape.
    let area: &'a [Slot] = unsafe { cx.shape_of(h).head.attr_area(v.value().ptr()) };
    // The first slot is for the dict of attributes.
    Some((h, area.get(1)?))
}

fn factory(cx: &Cx, v: Ref<'_>) -> Option<Obj> {
    let (h, slot) = factory_slot(cx, v)?;
    slot.get(h, cx).filter(|f| !f.value().is_none())
}

fn set_factory(cx: &Cx, v: Ref<'_>, factory: Obj) {
    if let Some((h, slot)) = factory_slot(cx, v) {
        slot.set(h, cx, factory);
    }
}

fn initialise(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 1);
    let (function, rest) = match *args {
        [function, ref rest @ ..] => (function.own(cx), rest),
        [] => (cx.none(), args),
    };
    let callable =
        function.value().is_none() || cx.class_of(function.r()).special(cx, Special::Call).is_some();
    if !callable {
        return Err(cx.type_error("first argument must be callable or None"));
    }
    set_factory(cx, a.get(0), function);
    let this: &PyDict = a.this();
    match *rest {
        [] => {}
        [other] => this.update_from(cx, other)?,
        _ => {
            let got = rest.len();
            return Err(cx.type_error(format!("dict expected at most 1 argument, got {got}")));
        }
    }
    if let Some(keywords) = a.varkw(cx, 2) {
        this.update_from(cx, ref_of(keywords))?;
    }
    Ok(cx.none())
}

fn missing(cx: &mut Cx, a: Args<'_>) -> R {
    let (this, key) = (a.get(0), a.get(1));
    let Some(function) = factory(cx, this) else { return Err(cx.key_error(key)) };
    let value = cx.call(function.r(), &[])?;
    let class = cx.class_of(this);
    let plain = class.same_special(cx, cx.builtin(Builtin::Dict), Special::SetItem);
    // With a factory that runs no Python, looking up and setting are one step for other threads.
    let is_native = PyType::from_ref(function.r(), cx).is_some_and(|class| !class.is_heap());
    if plain && is_native {
        return Ok(a.this::<PyDict>().set_default(cx, key, value.r())?.0);
    }
    cx.set_item(this, key, value.r())?;
    Ok(value)
}

fn default_dict_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let dict = match cx.builtin(Builtin::Dict).special(cx, Special::Repr) {
        Some(method) => cx.call_special(method, a.get(0), &[])?,
        None => cx.str(""),
    };
    let function = match factory(cx, a.get(0)) {
        Some(function) => repr::guarded(cx, function.r(), "...", |cx| cx.repr(function.r()))?,
        None => cx.str("None"),
    };
    let mut text = StrBuf::with_capacity(64);
    text.push_wtf8(cx.class_of(a.get(0)).name());
    text.push_ascii(b"(");
    for (part, end) in [(function, &b", "[..]), (dict, b")")] {
        if let Some(part) = part.downcast::<PyStr>(cx) {
            text.push_str(part);
        }
        text.push_ascii(end);
    }
    Ok(text.finish(cx))
}

/// `type(this)(this.default_factory, contents)`.
fn like(cx: &mut Cx, this: Ref<'_>, contents: Ref<'_>) -> R {
    let function = factory(cx, this).unwrap_or_else(|| cx.none());
    let class = cx.class_of(this).as_ref();
    cx.call(class, &[function.r(), contents])
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let args = factory(cx, a.get(0)).into_iter().collect();
    let items = cx.call_method(a.get(0), "items", &[])?;
    let items = cx.iter(items.r())?;
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    let parts = vec![class, cx.tuple(args), cx.none(), cx.none(), items];
    Ok(cx.tuple(parts))
}

fn union(cx: &mut Cx, left: Ref<'_>, right: Ref<'_>) -> R {
    let is_own = |v: Ref<'_>| CLASS.get().is_some_and(|class| cx.class_of(v).is_subclass(class, cx));
    let (this, other) = if is_own(left) { (left, right) } else { (right, left) };
    if other.downcast::<PyDict>(cx).is_none() {
        return Ok(cx.not_implemented());
    }
    let new = like(cx, this, left)?;
    if let Some(dict) = new.downcast::<PyDict>(cx) {
        dict.update_from(cx, right)?;
    }
    Ok(new)
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    PyDict::new_of(cx, class_argument(cx, a))
}

fn set_default_factory(cx: &mut Cx, a: Args<'_>) -> R {
    let function = a.opt(1).map_or_else(|| cx.none(), |v| v.own(cx));
    set_factory(cx, a.get(0), function);
    Ok(cx.none())
}

/// Makes the type.
pub(super) fn init(cx: &mut Cx) -> &'static PyType {
    let base = cx.builtin(Builtin::Dict);
    let mut b = TypeBuilder::native_subtype(cx, "collections.defaultdict", base, 1, class_flag::BASETYPE);
    b.doc(
        cx,
        "A dict that calls default_factory, without arguments, for the value of a key that is not there.\n\nThe other \
         arguments are those of dict.",
    );
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.method(cx, "__init__", "($self, /, *args, **kwargs)", Full(initialise));
    b.method(cx, "__missing__", "($self, object, /)", Full(missing));
    b.method(cx, "copy", "($self, /)", Full(|cx, a| like(cx, a.get(0), a.get(0))));
    b.method(cx, "__copy__", "($self, /)", Full(|cx, a| like(cx, a.get(0), a.get(0))));
    b.specials(
        cx,
        &[
            (Special::Repr, Full(default_dict_repr)),
            (Special::Reduce, Full(reduce)),
            (Special::Or, Full(|cx, a| union(cx, a.get(0), a.get(1)))),
            (Special::ROr, Full(|cx, a| union(cx, a.get(1), a.get(0)))),
        ],
    );
    b.getset(
        cx,
        "default_factory",
        Leaf(|cx, a| Ok(factory(cx, a.get(0)).unwrap_or_else(|| cx.none()))),
        Some(Full(set_default_factory)),
    );
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    CLASS.get_or_init(|| b.class())
}
