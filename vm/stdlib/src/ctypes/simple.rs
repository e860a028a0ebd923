//! `_SimpleCData`: types with a letter, such as `c_int`.

use super::data::{self, PyCData, is_own_simple};
use super::info::{Facts, Kind, Leaf, info_of_object, required, set_info};
use super::meta::{self, this};
use super::{Own, class_named, codes, keep_class, param};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::objects::type_::new_class;
use ungil_runtime::prelude::*;

fn facts(code: u8, swapped: bool) -> Facts {
    let (size, align) = codes::layout(code).unwrap_or((8, 8));
    Facts {
        code,
        swapped,
        is_pointer: b"zZPO".contains(&code),
        format: Some(codes::format(code, swapped)),
        leaves: leaves(code),
        ..Facts::new(Kind::Simple, size, align)
    }
}

/// Complex numbers are two parts to a structure that has one.
fn leaves(code: u8) -> Vec<Leaf> {
    vec![Leaf { offset: 0, ffi: codes::ffi(code) }]
}

/// The letter that a new class names.
fn letter(cx: &mut Cx, class: &'static PyType) -> R<u8> {
    let Some(given) = meta::class_attr(cx, class, "_type_")? else {
        return Err(cx.error(Builtin::AttributeError, "class must define a '_type_' attribute"));
    };
    let Some(text) = given.downcast::<PyStr>(cx) else {
        return Err(cx.type_error("class must define a '_type_' string attribute"));
    };
    let &[code] = text.as_bytes() else {
        return Err(
            cx.value_error("class must define a '_type_' attribute which must be a string of length 1")
        );
    };
    if codes::layout(code).is_none() {
        let message = format!(
            "class must define a '_type_' attribute which must be\na single character string containing one of \
             the\nsupported types: '{}'.",
            codes::LETTERS
        );
        return Err(cx.error(Builtin::AttributeError, &message));
    }
    Ok(code)
}

fn init_class(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    if !matches!(a.varargs(cx, 1).len(), 1 | 3) {
        return Err(cx.type_error("type.__init__() takes 1 or 3 arguments"));
    }
    let code = letter(cx, class)?;
    set_info(cx, class, facts(code, false), None)?;
    let meta = cx.class_of(class.as_ref());
    if std::ptr::eq(meta, class_named(Own::MetaSimple)) {
        TypeBuilder::extend(class).quick(make);
        if codes::can_swap(code) {
            add_swapped(cx, class, meta, code, a.varargs(cx, 1))?;
        }
    }
    Ok(cx.none())
}

/// `c_int(value)`, as long as the class says nothing else of making instances.
fn make(cx: &mut Cx, class: &'static PyType, args: Args<'_>) -> Option<R> {
    let simple = class_named(Own::Simple);
    let plain = args.len() <= 1
        && class.same_special(cx, simple, Special::New)
        && class.same_special(cx, simple, Special::Init);
    plain.then(|| {
        let made = data::new(cx, class)?;
        if let Some(value) = args.opt(0) {
            set(cx, made.r(), value)?;
        }
        Ok(made)
    })
}

/// Makes the type of the other order of bytes.
fn add_swapped(
    cx: &mut Cx,
    class: &'static PyType,
    meta: &'static PyType,
    code: u8,
    args: &[Ref<'_>],
) -> R<()> {
    let &[name, bases, namespace, ..] = args else { return Ok(()) };
    let name = format!("{}_be", cx.text_of(name));
    let name = cx.str(&name);
    let bases = match bases.downcast::<PyTuple>(cx) {
        Some(_) => bases.own(cx),
        None => cx.tuple(Vec::new()),
    };
    let made = new_class(cx, meta, name.r(), bases.r(), namespace, None)?;
    let Some(swapped) = PyType::from_ref(made.r(), cx) else { return Ok(()) };
    set_info(cx, swapped, facts(code, true), None)?;
    for (on, name, value) in [
        (class, "__ctype_be__", swapped),
        (class, "__ctype_le__", class),
        (swapped, "__ctype_le__", class),
        (swapped, "__ctype_be__", swapped),
    ] {
        let name = ungil_runtime::objects::str::intern(cx, name);
        let value = value.as_ref().own(cx);
        cx.set_attr(on.as_ref(), name.get(), value)?;
    }
    Ok(())
}

fn from_param(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a)?;
    param::convert_simple(cx, class, a.get(1))
}

fn init_instance(cx: &mut Cx, a: Args<'_>) -> R {
    match a.varargs(cx, 1) {
        [] => Ok(cx.none()),
        &[value] => set(cx, a.get(0), value),
        all => {
            let n = all.len();
            Err(cx.type_error(format!("__init__ expected at most 1 argument, got {n}")))
        }
    }
}

fn set(cx: &mut Cx, v: Ref<'_>, value: Ref<'_>) -> R {
    let class = cx.class_of(v);
    let facts = required(cx, class)?.facts();
    // SAFETY: only called with instances of the type.
    let at = unsafe { v.cast_unchecked::<PyCData>() }.start();
    data::set_with(cx, (v, 0), facts, at, |cx, at| codes::set(cx, facts.code, facts.swapped, at, value))?;
    Ok(cx.none())
}

fn set_value(cx: &mut Cx, a: Args<'_>) -> R {
    match a.opt(1) {
        Some(value) => set(cx, a.get(0), value),
        None => Err(cx.type_error("can't delete attribute")),
    }
}

fn get_value(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0));
    let facts = required(cx, class)?.facts();
    data::get_simple(cx, a.get(0), facts, a.this::<PyCData>().start())
}

fn from_outparam(cx: &mut Cx, a: Args<'_>) -> R {
    match is_own_simple(cx, cx.class_of(a.get(0))) {
        true => Ok(a.get(0).own(cx)),
        false => get_value(cx, a),
    }
}

fn truth(cx: &Cx, a: Args<'_>) -> R {
    let size = info_of_object(cx, a.get(0)).map_or(0, |info| info.facts().size);
    let bytes = super::raw::bytes(a.this::<PyCData>().start(), size);
    Ok(cx.bool(bytes.iter().any(|&b| b != 0)))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0));
    let name = class.name();
    if is_own_simple(cx, class) {
        let at = a.get(0).value().0;
        return Ok(cx.str(&format!("<{name} object at {at:#x}>")));
    }
    let value = get_value(cx, a)?;
    let shown = cx.repr_string(value.r())?;
    Ok(cx.str(&format!("{name}({shown})")))
}

pub fn init(cx: &mut Cx, meta: &'static PyType, base: &'static PyType) -> &'static PyType {
    let mut t = meta::new_meta(cx, meta, "_ctypes.PyCSimpleType", Full(init_class));
    t.method(cx, "from_param", "($self, value, /)", Full(from_param));
    let own_meta = t.class();
    keep_class(Own::MetaSimple, own_meta);
    let layout = (base.ops, base.payload_size);
    let flags = class_flag::BASETYPE;
    let mut t = TypeBuilder::native_of(cx, own_meta, "_ctypes._SimpleCData", Some(base), layout, flags);
    t.constructor(cx, "($type, *args, **kwargs)", Full(data::construct))
        .special(cx, Special::Init, Full(init_instance))
        .special(cx, Special::Repr, Full(repr))
        .special(cx, Special::Bool, Leaf(truth))
        .method(cx, "__ctypes_from_outparam__", "($self, /)", Full(from_outparam))
        .getset(cx, "value", Full(get_value), Some(Full(set_value)));
    keep_class(Own::Simple, t.class());
    t.class()
}
