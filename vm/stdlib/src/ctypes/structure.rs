//! `Structure` and `Union`. Where fields lie is computed by the library's `ctypes._layout` when `_fields_` is set.

use super::data;
use super::field::PyField;
use super::info::{Facts, Kind, info_of, required, set_info};
use super::meta::{self, this};
use super::{attr, own_attr};
use ungil_runtime::import::import_module;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::str::{PyStr, intern};
use ungil_runtime::prelude::*;

fn init_class(cx: &mut Cx, a: Args<'_>, kind: Kind) -> R {
    let class = this(cx, a)?;
    if own_attr(cx, class, "_abstract_").is_some() {
        return Ok(cx.none());
    }
    let facts = Facts { format: Some("B".into()), ..Facts::new(kind, 0, 1) };
    let info = set_info(cx, class, facts, None)?;
    if let Some(fields) = own_attr(cx, class, "_fields_") {
        let name = intern(cx, "_fields_");
        cx.set_attr(class.as_ref(), name.get(), fields)?;
        return Ok(cx.none());
    }
    if let Some(base) = class.base().and_then(|base| info_of(cx, base)) {
        info.change(base.facts().copy());
        base.set_final(true);
    }
    Ok(cx.none())
}

fn set_attribute(cx: &mut Cx, a: Args<'_>, kind: Kind) -> R {
    let class = this(cx, a)?;
    if a.get(1).downcast::<PyStr>(cx).is_some_and(|name| name.as_bytes() == b"_fields_") {
        set_fields(cx, class, a.get(2), kind)?;
    }
    let plain = cx.builtin(Builtin::Type).special(cx, Special::SetAttr);
    let Some(plain) = plain else { return Err(cx.system_error("type has no __setattr__")) };
    cx.call_special(plain, a.get(0), &[a.get(1), a.get(2)])
}

/// A number that the layout has, which must not be negative.
fn number(cx: &mut Cx, layout: &Obj, name: &str, what: &str) -> R<usize> {
    let value = cx.get_attr_str(layout.r(), name)?;
    let n = cx.index_isize(value.r(), Builtin::OverflowError)?;
    usize::try_from(n).map_err(|_| cx.value_error(format!("{what} must be a non-negative integer")))
}

/// Gives a structure or union its fields.
fn set_fields(cx: &mut Cx, class: &'static PyType, fields: Ref<'_>, kind: Kind) -> R<()> {
    let Some(info) = info_of(cx, class) else {
        return Err(cx.type_error("ctypes state is not initialized"));
    };
    if info.is_final() {
        return Err(cx.error(Builtin::AttributeError, "_fields_ is final"));
    }
    let base = class.base().filter(|base| info_of(cx, base).is_some());
    let layouts = import_module(cx, "ctypes._layout")?;
    let compute = cx.get_attr_str(layouts.r(), "get_layout")?;
    let is_struct = cx.bool(kind == Kind::Structure);
    let base_object = base.map_or_else(|| cx.none(), |base| base.as_ref().own(cx));
    let named = [("is_struct", is_struct.r()), ("base", base_object.r())];
    let layout = cx.call_kw(compute.r(), &[class.as_ref(), fields], &named)?;
    let align = number(cx, &layout, "align", "alignment")?;
    let size = number(cx, &layout, "size", "size")?;
    let format = cx.get_attr_str(layout.r(), "format_spec")?;
    let format = cx.text_of(format.r());
    let found = cx.get_attr_str(layout.r(), "fields")?;
    let found = cx.collect(found.r())?;
    let mut facts = Facts { format: Some(format), ..Facts::new(kind, size, align) };
    if let Some(base) = base.and_then(|base| info_of(cx, base)) {
        facts.length = base.facts().length;
        facts.has_pointer = base.facts().has_pointer;
        facts.add_leaves(base.facts(), 0);
    }
    facts.length += found.len();
    for (i, field) in found.iter().enumerate() {
        add_field(cx, class, &mut facts, i, field)?;
    }
    // Making the fields may have made an object, if one of them is of this very type.
    if info.is_final() {
        return Err(cx.error(Builtin::AttributeError, "Structure or union cannot contain itself"));
    }
    info.change(facts);
    info.set_final(true);
    add_anonymous(cx, class)
}

fn add_field(cx: &mut Cx, class: &'static PyType, facts: &mut Facts, i: usize, field: &Obj) -> R<()> {
    let Some(payload) = field.downcast::<PyField>(cx) else {
        let got = cx.type_name(field.r());
        return Err(cx.type_error(format!("fields must be of type CField, got {got}")));
    };
    if payload.place.index != i {
        let (shown, got) = (cx.repr_string(field.r())?, payload.place.index);
        return Err(cx.value_error(format!("field {shown} index mismatch (expected {i}, got {got})")));
    }
    let Some(own) = payload.class(cx) else { return Err(cx.type_error("a field without a type")) };
    let inner = required(cx, own)?;
    inner.set_final(true);
    facts.has_pointer |= inner.facts().points();
    facts.add_leaves(inner.facts(), payload.place.offset);
    let name = payload.name(cx);
    let name = intern(cx, &cx.text_of(name.r()));
    cx.set_attr(class.as_ref(), name.get(), field.clone())
}

/// Makes the fields of those named in `_anonymous_` fields of the structure itself.
fn add_anonymous(cx: &mut Cx, class: &'static PyType) -> R<()> {
    let Some(names) = attr(cx, class.as_ref(), "_anonymous_")? else { return Ok(()) };
    let names = match cx.collect(names.r()) {
        Ok(names) => names,
        Err(err) if cx.is_error(&err, Builtin::TypeError) => {
            return Err(cx.type_error("_anonymous_ must be a sequence"));
        }
        Err(err) => return Err(err),
    };
    for name in names {
        let found = cx.get_attr(class.as_ref(), name.r())?;
        let Some(field) = found.downcast::<PyField>(cx) else {
            let name = cx.text_of(name.r());
            let message = format!("'{name}' is specified in _anonymous_ but not in _fields_");
            return Err(cx.error(Builtin::AttributeError, &message));
        };
        field.set_anonymous();
        add_inner_fields(cx, class, field, field.place.index, field.place.offset)?;
    }
    Ok(())
}

fn add_inner_fields(
    cx: &mut Cx,
    class: &'static PyType,
    outer: &PyField,
    index: usize,
    offset: usize,
) -> R<()> {
    let Some(inner) = outer.class(cx) else { return Ok(()) };
    let fields = cx.get_attr_str(inner.as_ref(), "_fields_")?;
    for pair in cx.collect(fields.r())? {
        let zero = cx.int(0);
        let name = cx.get_item(pair.r(), zero.r())?;
        let found = cx.get_attr(inner.as_ref(), name.r())?;
        let Some(field) = found.downcast::<PyField>(cx) else {
            return Err(cx.type_error("unexpected type"));
        };
        if field.is_anonymous() {
            add_inner_fields(cx, class, field, index + field.place.index, offset + field.place.offset)?;
            continue;
        }
        let moved = field.moved(cx, index, offset)?;
        cx.set_attr(class.as_ref(), name.r(), moved)?;
    }
    Ok(())
}

/// Sets the fields of a class and its bases, the bases' first, from positional arguments from `first` on; gives the number
/// of the next one.
fn set_positional(
    cx: &mut Cx,
    v: Ref<'_>,
    class: &'static PyType,
    args: &[Ref<'_>],
    named: Option<&PyDict>,
) -> R<usize> {
    let mut first = 0;
    if let Some(base) = class.base().filter(|base| info_of(cx, base).is_some()) {
        first = set_positional(cx, v, base, args, named)?;
    }
    let Some(info) = info_of(cx, class) else { return Ok(first) };
    let Some(fields) = own_attr(cx, class, "_fields_") else { return Ok(first) };
    let length = info.facts().length;
    for i in first..length.min(args.len()) {
        let (at, zero) = (cx.int((i - first) as i64), cx.int(0));
        let pair = cx.get_item(fields.r(), at.r())?;
        let name = cx.get_item(pair.r(), zero.r())?;
        if let Some(named) = named
            && named.contains(cx, name.r())?
        {
            let shown = cx.repr_string(name.r())?;
            return Err(cx.type_error(format!("duplicate values for field {shown}")));
        }
        cx.set_attr(v, name.r(), args[i].own(cx))?;
    }
    Ok(length)
}

fn init_instance(cx: &mut Cx, a: Args<'_>) -> R {
    let (args, named) = (a.varargs(cx, 1), a.varkw(cx, 2));
    if !args.is_empty() {
        let class = cx.class_of(a.get(0));
        if set_positional(cx, a.get(0), class, args, named)? < args.len() {
            return Err(cx.type_error("too many initializers"));
        }
    }
    for (name, value) in named.map(|named| named.items(cx)).unwrap_or_default() {
        cx.set_attr(a.get(0), name.r(), value)?;
    }
    Ok(cx.none())
}

/// Makes one of the two types.
pub fn init(cx: &mut Cx, meta: &'static PyType, base: &'static PyType, is_union: bool) -> &'static PyType {
    let mut t = match is_union {
        true => {
            let init = Full(|cx, a| init_class(cx, a, Kind::Union));
            let mut t = meta::new_meta(cx, meta, "_ctypes.UnionType", init);
            t.special(cx, Special::SetAttr, Full(|cx, a| set_attribute(cx, a, Kind::Union)));
            t
        }
        false => {
            let init = Full(|cx, a| init_class(cx, a, Kind::Structure));
            let mut t = meta::new_meta(cx, meta, "_ctypes.PyCStructType", init);
            t.special(cx, Special::SetAttr, Full(|cx, a| set_attribute(cx, a, Kind::Structure)));
            t
        }
    };
    let delete = Full(|cx, a| {
        let plain = cx.builtin(Builtin::Type).special(cx, Special::DelAttr);
        let Some(plain) = plain else { return Err(cx.system_error("type has no __delattr__")) };
        cx.call_special(plain, a.get(0), &[a.get(1)])
    });
    t.special(cx, Special::DelAttr, delete);
    let own_meta = t.class();
    let layout = (base.ops, base.payload_size);
    let flags = class_flag::BASETYPE;
    let (name, doc) = match is_union {
        true => ("_ctypes.Union", "Union base class"),
        false => ("_ctypes.Structure", "Structure base class"),
    };
    let mut t = TypeBuilder::native_of(cx, own_meta, name, Some(base), layout, flags);
    t.doc(cx, doc).constructor(cx, "($type, *args, **kwargs)", Full(data::construct)).special(
        cx,
        Special::Init,
        Full(init_instance),
    );
    t.class()
}
