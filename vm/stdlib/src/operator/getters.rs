//! `itemgetter`, `attrgetter`, `methodcaller`: functions of one object, immutable once made.

use ungil_runtime::objects::construct::{class_argument, has_keywords};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::iter::fixed;
use ungil_runtime::objects::native::spread_with;
use ungil_runtime::objects::str::{PyStr, intern, intern_obj};
use ungil_runtime::objects::tuple::{PyTuple, new_tuple};
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// The one argument of a call.
fn only<'a>(cx: &mut Cx, name: &str, args: Args<'a>, names: Option<&PyTuple>) -> R<Ref<'a>> {
    if names.is_some() {
        return Err(cx.type_error(format!("{name}() takes no keyword arguments")));
    }
    if args.len() != 1 {
        let got = args.len();
        return Err(cx.type_error(format!("{name} expected 1 argument, got {got}")));
    }
    Ok(args.get(0))
}

/// The items of a slot that holds a tuple for good.
fn tuple(slot: &Slot) -> &PyTuple {
    // SAFETY: set to a tuple when the object is made, and never changed.
    unsafe { fixed(slot).cast_unchecked() }
}

/// `operator.NAME(a, b)`, the texts of the items between the brackets.
fn repr_with(cx: &mut Cx, this: Ref<'_>, items: &[(Option<Obj>, Obj)]) -> R {
    let class = cx.class_of(this).tp_name();
    ungil_runtime::objects::repr::guarded(cx, this, &format!("{class}(...)"), |cx| {
        let mut text = ungil_runtime::objects::str::StrBuf::with_capacity(32);
        text.push_wtf8(&class);
        text.push_ascii(b"(");
        for (i, (name, item)) in items.iter().enumerate() {
            if i > 0 {
                text.push_ascii(b", ");
            }
            if let Some(name) = name.as_ref().and_then(|name| name.downcast::<PyStr>(cx)) {
                text.push_str(name);
                text.push_ascii(b"=");
            }
            ungil_runtime::objects::repr::push_repr(cx, &mut text, item.r())?;
        }
        text.push_ascii(b")");
        Ok(text.finish(cx))
    })
}

/// `(class, args)`.
fn reduce_with(cx: &Cx, this: Ref<'_>, args: Ref<'_>) -> Obj {
    cx.tuple(vec![cx.class_of(this).as_ref().own(cx), args.own(cx)])
}

/// The positional arguments of a constructor, at least one.
fn some_arguments<'a>(cx: &mut Cx, a: Args<'a>, name: &str) -> R<&'a [Ref<'a>]> {
    if has_keywords(cx, a) {
        return Err(cx.type_error(format!("{name}() takes no keyword arguments")));
    }
    match a.varargs(cx, 1) {
        [] => Err(cx.type_error(format!("{name} expected 1 argument, got 0"))),
        args => Ok(args),
    }
}

/// `itemgetter(item, *items)`.
#[repr(C)]
struct PyItemGetter {
    h: Header,
    /// A tuple.
    items: Slot,
}

slot_ops!(ITEM_GETTER_OPS, PyItemGetter, "operator.itemgetter", items);

fn new_item_getter(cx: &mut Cx, class: &PyType, items: &[Ref<'_>]) -> R {
    let items = items.iter().map(|v| v.own(cx)).collect();
    let items = new_tuple(cx, items);
    cx.alloc_for::<PyItemGetter>(class, |h| PyItemGetter { h, items: Slot::new(items) })
}

fn construct_item_getter(cx: &mut Cx, a: Args<'_>) -> R {
    let items = some_arguments(cx, a, "itemgetter")?;
    new_item_getter(cx, class_argument(cx, a), items)
}

fn call_item_getter(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    let v = only(cx, "itemgetter", args, names)?;
    // SAFETY: called with an item getter.
    let this: &PyItemGetter = unsafe { this.cast_unchecked() };
    match *tuple(&this.items).items() {
        [key] => item(cx, v, key),
        ref keys => {
            let mut items = Vec::with_capacity(keys.len());
            for &key in keys {
                items.push(item(cx, v, key)?);
            }
            Ok(new_tuple(cx, items))
        }
    }
}

/// `v[key]`, without a call for a tuple and an index from its start.
fn item(cx: &mut Cx, v: Ref<'_>, key: Ref<'_>) -> R {
    if let Some(i) = key.value().as_int()
        && cx.is_exactly(v, Builtin::Tuple)
        && let Some(tuple) = v.downcast::<PyTuple>(cx)
        && let Some(item) = usize::try_from(i).ok().and_then(|i| tuple.get(cx, i))
    {
        return Ok(item);
    }
    cx.get_item(v, key)
}

/// `attrgetter(attr, *attrs)`.
#[repr(C)]
struct PyAttrGetter {
    h: Header,
    /// The names as they were given, dots and all.
    names: Slot,
    /// For each a tuple of the interned names between the dots.
    paths: Slot,
}

slot_ops!(ATTR_GETTER_OPS, PyAttrGetter, "operator.attrgetter", names, paths);

fn construct_attr_getter(cx: &mut Cx, a: Args<'_>) -> R {
    let names = some_arguments(cx, a, "attrgetter")?;
    let mut paths = Vec::with_capacity(names.len());
    for name in names {
        let Some(text) = name.downcast::<PyStr>(cx) else {
            return Err(cx.type_error("attribute name must be a string"));
        };
        let parts = text.as_bytes().split(|&b| b == b'.');
        let parts = parts
            .map(|part| {
                let part = ungil_runtime::objects::str::new_wtf8(cx, part);
                intern_obj(cx, part)
            })
            .collect();
        paths.push(new_tuple(cx, parts));
    }
    let names = names.iter().map(|v| v.own(cx)).collect();
    let (names, paths) = (new_tuple(cx, names), new_tuple(cx, paths));
    let class = class_argument(cx, a);
    cx.alloc_for::<PyAttrGetter>(class, |h| PyAttrGetter {
        h,
        names: Slot::new(names),
        paths: Slot::new(paths),
    })
}

fn call_attr_getter(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    let v = only(cx, "attrgetter", args, names)?;
    // SAFETY: called with an attribute getter.
    let this: &PyAttrGetter = unsafe { this.cast_unchecked() };
    let paths = tuple(&this.paths).items();
    let mut found = Vec::with_capacity(paths.len());
    for path in paths {
        let mut at = v.own(cx);
        for &name in path.downcast::<PyTuple>(cx).map_or(&[][..], PyTuple::items) {
            at = cx.get_attr(at.r(), name)?;
        }
        if paths.len() == 1 {
            return Ok(at);
        }
        found.push(at);
    }
    Ok(new_tuple(cx, found))
}

/// `methodcaller(name, *args, **kwargs)`.
#[repr(C)]
struct PyMethodCaller {
    h: Header,
    name: Slot,
    /// A tuple.
    args: Slot,
    /// A dict, or empty if there are no keyword arguments.
    keywords: Slot,
}

slot_ops!(METHOD_CALLER_OPS, PyMethodCaller, "operator.methodcaller", name, args, keywords);

fn construct_method_caller(cx: &mut Cx, a: Args<'_>) -> R {
    let [name, args @ ..] = a.varargs(cx, 1) else {
        return Err(cx.type_error("methodcaller needs at least one argument, the method name"));
    };
    if name.downcast::<PyStr>(cx).is_none() {
        return Err(cx.type_error("method name must be a string"));
    }
    let name = intern_obj(cx, name.own(cx));
    let args = args.iter().map(|v| v.own(cx)).collect();
    let args = new_tuple(cx, args);
    let keywords =
        a.opt(2).filter(|_| has_keywords(cx, a)).map_or_else(Slot::empty, |kw| Slot::new(kw.own(cx)));
    let class = class_argument(cx, a);
    cx.alloc_for::<PyMethodCaller>(class, |h| PyMethodCaller {
        h,
        name: Slot::new(name),
        args: Slot::new(args),
        keywords,
    })
}

fn call_method_caller(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    let v = only(cx, "methodcaller", args, names)?;
    // SAFETY: called with a method caller.
    let this: &PyMethodCaller = unsafe { this.cast_unchecked() };
    let args = tuple(&this.args).items();
    let (method, bound) = match cx.lookup_method(v, fixed(&this.name))? {
        ungil_runtime::ops::MethodLookup::Unbound(f) => (f, Some(v)),
        ungil_runtime::ops::MethodLookup::Bound(f) => (f, None),
    };
    let args: Vec<Ref<'_>> = bound.into_iter().chain(args.iter().copied()).collect();
    match this.keywords.get_locked(cx) {
        Some(keywords) => spread_with(cx, method.r(), &args, &keywords),
        None => cx.call(method.r(), &args),
    }
}

fn method_caller_parts(cx: &Cx, this: &PyMethodCaller) -> (Vec<Obj>, Option<Obj>) {
    let name = std::iter::once(fixed(&this.name)).chain(tuple(&this.args).items().iter().copied());
    (name.map(|v| v.own(cx)).collect(), this.keywords.get_locked(cx))
}

fn method_caller_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let (args, keywords) = method_caller_parts(cx, a.this());
    let keywords = keywords.as_ref().and_then(|kw| kw.downcast::<PyDict>(cx)).map(|kw| kw.items(cx));
    let named = keywords.unwrap_or_default().into_iter().map(|(name, v)| (Some(name), v));
    let items: Vec<_> = args.into_iter().map(|v| (None, v)).chain(named).collect();
    repr_with(cx, a.get(0), &items)
}

fn method_caller_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyMethodCaller = a.this();
    let (args, keywords) = method_caller_parts(cx, this);
    let Some(keywords) = keywords else {
        let args = cx.tuple(args);
        return Ok(reduce_with(cx, a.get(0), args.r()));
    };
    // Keyword arguments of a constructor come back through `functools.partial`.
    let functools = ungil_runtime::import::import_module(cx, "functools")?;
    let partial = cx.get_attr(functools.r(), intern(cx, "partial").get())?;
    let class = cx.class_of(a.get(0)).as_ref();
    let made = spread_with(cx, partial.r(), &[class, fixed(&this.name)], &keywords)?;
    let args = fixed(&this.args).own(cx);
    Ok(cx.tuple(vec![made, args]))
}

/// The items of a tuple without names, for [`repr_with`].
fn unnamed(cx: &Cx, slot: &Slot) -> Vec<(Option<Obj>, Obj)> {
    tuple(slot).items().iter().map(|v| (None, v.own(cx))).collect()
}

/// Makes the types.
pub(super) fn init(cx: &mut Cx) -> [&'static PyType; 3] {
    let size = size_of::<PyItemGetter>();
    let mut item = TypeBuilder::native_type(cx, "operator.itemgetter", &ITEM_GETTER_OPS, size, true, 0);
    item.getset(cx, "__text_signature__", Leaf(|cx, _| Ok(cx.str("(obj, /)"))), None);
    item.text_signature("(item, /, *items)");
    item.doc(cx, "A function that gives v[item], or a tuple of several items.");
    item.constructor(cx, "($type, *args, **kwargs)", Full(construct_item_getter));
    item.quick(|cx, class, args| (!args.is_empty()).then(|| new_item_getter(cx, class, args.refs())));
    item.callable(cx, call_item_getter);
    item.specials(
        cx,
        &[
            (
                Special::Repr,
                Full(|cx, a| {
                    let items = unnamed(cx, &a.this::<PyItemGetter>().items);
                    repr_with(cx, a.get(0), &items)
                }),
            ),
            (
                Special::Reduce,
                Leaf(|cx, a| Ok(reduce_with(cx, a.get(0), fixed(&a.this::<PyItemGetter>().items)))),
            ),
        ],
    );
    let size = size_of::<PyAttrGetter>();
    let mut attr = TypeBuilder::native_type(cx, "operator.attrgetter", &ATTR_GETTER_OPS, size, true, 0);
    attr.getset(cx, "__text_signature__", Leaf(|cx, _| Ok(cx.str("(obj, /)"))), None);
    attr.text_signature("(attr, /, *attrs)");
    attr.doc(cx, "A function that gives v.attr, or a tuple of several attributes; names may have dots.");
    attr.constructor(cx, "($type, *args, **kwargs)", Full(construct_attr_getter));
    attr.callable(cx, call_attr_getter);
    attr.specials(
        cx,
        &[
            (
                Special::Repr,
                Full(|cx, a| {
                    let items = unnamed(cx, &a.this::<PyAttrGetter>().names);
                    repr_with(cx, a.get(0), &items)
                }),
            ),
            (
                Special::Reduce,
                Leaf(|cx, a| Ok(reduce_with(cx, a.get(0), fixed(&a.this::<PyAttrGetter>().names)))),
            ),
        ],
    );
    let size = size_of::<PyMethodCaller>();
    let mut method = TypeBuilder::native_type(cx, "operator.methodcaller", &METHOD_CALLER_OPS, size, true, 0);
    method.getset(cx, "__text_signature__", Leaf(|cx, _| Ok(cx.str("(obj, /)"))), None);
    method.text_signature("(name, /, *args, **kwargs)");
    method.doc(cx, "A function that calls a method of its argument, with the arguments given here.");
    method.constructor(cx, "($type, *args, **kwargs)", Full(construct_method_caller));
    method.callable(cx, call_method_caller);
    method.special(cx, Special::Repr, Full(method_caller_repr));
    method.special(cx, Special::Reduce, Full(method_caller_reduce));
    [item.class(), attr.class(), method.class()]
}
