//! What Python sees of a class.

use super::{TYPE_OPS, create, member};
use crate::objects::dict::PyDict;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Type, "type", &TYPE_OPS, size_of::<PyType>(), true);
    member::declare(cx);
}

fn this(cx: &Cx, a: Args<'_>) -> &'static PyType {
    PyType::from_ref(a.get(0), cx).expect("checked by the descriptor")
}

fn type_new(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 1);
    let meta = this(cx, a);
    if let [one] = args
        && std::ptr::eq(meta, cx.builtin(Builtin::Type))
    {
        return Ok(cx.class_of(*one).as_ref().own(cx));
    }
    let [name, bases, namespace] = args else {
        let given = args.len();
        return Err(cx.type_error(match std::ptr::eq(meta, cx.builtin(Builtin::Type)) {
            true => "type() takes 1 or 3 arguments".to_owned(),
            false => format!("type.__new__() takes exactly 3 arguments ({given} given)"),
        }));
    };
    if let Some(bases) = bases.downcast::<PyTuple>(cx) {
        for &base in bases.items() {
            let hook = cx.special_name(Special::MroEntries);
            if PyType::from_ref(base, cx).is_none() && cx.get_attr_opt(base, hook)?.is_some() {
                return Err(
                    cx.type_error("type() doesn't support MRO entry resolution; use types.new_class()")
                );
            }
        }
    }
    for (v, class, at, what) in [
        (name, Builtin::Str, 1, "str"),
        (bases, Builtin::Tuple, 2, "tuple"),
        (namespace, Builtin::Dict, 3, "dict"),
    ] {
        if !cx.is_instance_of(*v, class) {
            let got = cx.type_name(*v);
            return Err(cx.type_error(format!("type.__new__() argument {at} must be {what}, not {got}")));
        }
    }
    let kwargs = a.opt(2).map(|k| k.own(cx));
    let items = bases.downcast::<PyTuple>(cx).map(PyTuple::items).unwrap_or_default();
    let winner = create::winner(cx, meta, items)?;
    if !std::ptr::eq(winner, meta) && !winner.same_special(cx, cx.builtin(Builtin::Type), Special::New) {
        // The metaclass of a base makes the class.
        let new = cx.get_attr(winner.as_ref(), cx.vm.names.new.get())?;
        let keywords = kwargs.unwrap_or_else(|| PyDict::new(cx));
        let args = [winner.as_ref(), *name, *bases, *namespace];
        return crate::objects::native::spread_with(cx, new.r(), &args, &keywords);
    }
    create::new_class(cx, meta, *name, *bases, *namespace, kwargs.as_ref())
}

fn type_init(cx: &mut Cx, a: Args<'_>) -> R {
    let n = a.varargs(cx, 1).len();
    if n != 1 && n != 3 {
        return Err(cx.type_error("type.__init__() takes 1 or 3 arguments"));
    }
    Ok(cx.none())
}

fn type_call(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    let mut values: Vec<Value> = a.varargs(cx, 1).iter().map(|v| v.value()).collect();
    let (keys, named): (Vec<Obj>, Vec<Obj>) = match a.varkw(cx, 2) {
        Some(kwargs) => kwargs.items(cx).into_iter().unzip(),
        None => (Vec::new(), Vec::new()),
    };
    values.extend(named.iter().map(|v| v.value()));
    let keys = cx.tuple(keys);
    let names = keys.downcast::<PyTuple>(cx).filter(|t| !t.items().is_empty());
    super::new_instance(cx, class, Args::new(&values), names)
}

fn type_getattribute(cx: &mut Cx, a: Args<'_>) -> R {
    let (class, name) = (this(cx, a), a.get(1));
    crate::ops::check_name(cx, name)?;
    let name = crate::objects::str::intern_obj(cx, name.own(cx));
    if let Some(found) = class_attr(cx, class, name.r())? {
        return Ok(found);
    }
    let (owner, text) = (class.name(), cx.text_of(name.r()));
    let message = format!("type object '{owner}' has no attribute '{text}'");
    Err(cx.attribute_error(class.as_ref(), name.r(), &message))
}

/// Attribute of a class: data descriptors of the metaclass, then the MRO, then the metaclass. The name is interned.
///
/// # Errors
/// What descriptors raise.
pub(crate) fn class_attr(cx: &mut Cx, class: &'static PyType, name: Ref<'_>) -> R<Option<Obj>> {
    let meta = cx.class_of(class.as_ref());
    let on_meta = meta.lookup(cx, name);
    let meta_get = match &on_meta {
        Some(v) => cx.class_of(v.r()).special(cx, Special::Get),
        None => None,
    };
    if let (Some(descriptor), Some(get)) = (&on_meta, meta_get)
        && cx.class_of(descriptor.r()).special(cx, Special::Set).is_some()
    {
        return cx.call_get(get, descriptor.r(), class.as_ref(), meta.as_ref()).map(Some);
    }
    if let Some(found) = class.lookup(cx, name) {
        return match cx.class_of(found.r()).special(cx, Special::Get) {
            Some(get) => cx.call_get(get, found.r(), Ref::immediate(Value::NONE), class.as_ref()).map(Some),
            None => Ok(Some(found)),
        };
    }
    match (on_meta, meta_get) {
        (Some(descriptor), Some(get)) => {
            cx.call_get(get, descriptor.r(), class.as_ref(), meta.as_ref()).map(Some)
        }
        (on_meta, _) => Ok(on_meta),
    }
}

fn set(cx: &mut Cx, a: Args<'_>, value: Option<Ref<'_>>) -> R {
    let class = this(cx, a);
    crate::ops::check_name(cx, a.get(1))?;
    let name = crate::objects::str::intern_obj(cx, a.get(1).own(cx));
    let name = name.r();
    let text = cx.text_of(name);
    if !class.is_heap() || class.has_flag(class_flag::IMMUTABLE) {
        let owner = class.tp_name();
        return Err(cx.type_error(format!("cannot set '{text}' attribute of immutable type '{owner}'")));
    }
    let meta = cx.class_of(class.as_ref());
    if let Some(descriptor) = meta.lookup(cx, name) {
        let hook = if value.is_some() { Special::Set } else { Special::Delete };
        if let Some(method) = cx.class_of(descriptor.r()).special(cx, hook) {
            return match value {
                Some(v) => cx.call_special(method, descriptor.r(), &[class.as_ref(), v]),
                None => cx.call_special(method, descriptor.r(), &[class.as_ref()]),
            };
        }
    }
    match value {
        Some(v) => class.set_attr(cx, name, v.own(cx))?,
        None => {
            if !class.delete_attr(cx, name)? {
                let owner = class.name();
                let message = format!("type object '{owner}' has no attribute '{text}'");
                return Err(cx.attribute_error(class.as_ref(), name, &message));
            }
        }
    }
    Ok(cx.none())
}

fn type_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    let module = module_of(cx, class);
    let qualname = qualname_of(cx, class);
    Ok(cx.str(&match module.as_deref() {
        None | Some("builtins") => format!("<class '{qualname}'>"),
        Some(module) => format!("<class '{module}.{qualname}'>"),
    }))
}

/// The qualified name behind the module's, if that is neither `builtins` nor `__main__` (`%T` in CPython's messages).
pub fn full_name(cx: &Cx, class: &PyType) -> String {
    let qualname = qualname_of(cx, class);
    match module_of(cx, class).as_deref() {
        None | Some("builtins" | "__main__") => qualname,
        Some(module) => format!("{module}.{qualname}"),
    }
}

fn module_of(cx: &Cx, class: &PyType) -> Option<String> {
    if !class.is_heap() {
        let full = class.tp_name();
        return Some(full.rsplit_once('.').map_or_else(|| "builtins".to_string(), |(m, _)| m.to_string()));
    }
    let module = class.dict(cx).get_str(cx, cx.vm.names.module.get())?;
    cx.is_instance_of(module.r(), Builtin::Str).then(|| cx.text_of(module.r()))
}

fn qualname_of(cx: &Cx, class: &PyType) -> String {
    match class.qualname.get(&class.h, cx) {
        Some(q) => cx.text_of(q.r()),
        None => class.name(),
    }
}

fn get_module(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    if class.is_heap() {
        let name = cx.vm.names.module.get();
        return match class.dict(cx).get_str(cx, name) {
            Some(v) => Ok(v),
            None => Err(cx.attribute_error(class.as_ref(), name, "__module__")),
        };
    }
    let module = module_of(cx, class).unwrap_or_default();
    Ok(cx.str(&module))
}

fn set_in_dict(cx: &mut Cx, a: Args<'_>, name: Ref<'_>) -> R {
    let class = this(cx, a);
    let text = cx.text_of(name);
    if !class.is_heap() {
        let owner = class.tp_name();
        return Err(cx.type_error(format!("cannot set '{text}' attribute of immutable type '{owner}'")));
    }
    match a.opt(1) {
        Some(v) => class.set_attr(cx, name, v.own(cx))?,
        None => drop(class.delete_attr(cx, name)?),
    }
    Ok(cx.none())
}

/// The value for an attribute that classes made by programs let themselves be given.
fn settable<'a>(cx: &mut Cx, a: Args<'a>, name: &str) -> R<Ref<'a>> {
    let class = this(cx, a);
    let owner = class.tp_name();
    if !class.is_heap() || class.has_flag(class_flag::IMMUTABLE) {
        return Err(cx.type_error(format!("cannot set '{name}' attribute of immutable type '{owner}'")));
    }
    match a.opt(1) {
        Some(v) => Ok(v),
        None => Err(cx.type_error(format!("cannot delete '{name}' attribute of immutable type '{owner}'"))),
    }
}

fn text_for<'a>(cx: &mut Cx, a: Args<'a>, name: &str) -> R<Ref<'a>> {
    let v = settable(cx, a, name)?;
    if cx.is_instance_of(v, Builtin::Str) {
        return Ok(v);
    }
    let (owner, got) = (this(cx, a).name(), cx.type_name(v));
    Err(cx.type_error(format!("can only assign string to {owner}.{name}, not '{got}'")))
}

/// Refuses texts with lone surrogates.
pub(super) fn check_encodable(cx: &mut Cx, text: Ref<'_>) -> R<()> {
    let (utf8, strict) = (cx.str("utf-8"), cx.str("strict"));
    cx.call_method(text, "encode", &[utf8.r(), strict.r()]).map(drop)
}

/// The text of a name for a class.
pub(super) fn checked_name(cx: &mut Cx, name: Ref<'_>) -> R<String> {
    check_encodable(cx, name)?;
    let text = cx.text_of(name);
    match text.contains('\0') {
        true => Err(cx.value_error("type name must not contain null characters")),
        false => Ok(text),
    }
}

fn set_name(cx: &mut Cx, a: Args<'_>) -> R {
    let v = text_for(cx, a, "__name__")?;
    let text = checked_name(cx, v)?;
    *this(cx, a).name.write().unwrap_or_else(|p| p.into_inner()) = text.into();
    Ok(cx.none())
}

fn set_bases(cx: &mut Cx, a: Args<'_>) -> R {
    let v = settable(cx, a, "__bases__")?;
    super::bases::set_bases(cx, this(cx, a), v)?;
    Ok(cx.none())
}

fn get_qualname(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    let text = qualname_of(cx, class);
    Ok(class.qualname.get(&class.h, cx).unwrap_or_else(|| cx.str(&text)))
}

fn set_qualname(cx: &mut Cx, a: Args<'_>) -> R {
    let v = text_for(cx, a, "__qualname__")?;
    let class = this(cx, a);
    class.qualname.set(&class.h, cx, v.own(cx));
    Ok(cx.none())
}

/// What built-in types are for whose instances have a `__doc__` of their own.
const DESCRIBED: [(Builtin, &str); 3] = [
    (Builtin::Function, "Create a function object."),
    (Builtin::BoundMethod, "Create a bound instance method object."),
    (Builtin::Property, "Property attribute."),
];

fn get_doc(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    let name = cx.vm.names.doc.get();
    match class.dict(cx).get_str(cx, name) {
        // The descriptor is for the instances.
        Some(v) if !class.is_heap() && cx.is_exactly(v.r(), Builtin::GetSet) => Ok(DESCRIBED
            .iter()
            .find(|(which, _)| std::ptr::eq(cx.builtin(*which), class))
            .map_or_else(|| cx.none(), |(_, text)| cx.str(text))),
        Some(v) => match cx.class_of(v.r()).special(cx, Special::Get) {
            Some(get) => cx.call_get(get, v.r(), Ref::immediate(Value::NONE), class.as_ref()),
            None => Ok(v),
        },
        None => Ok(cx.none()),
    }
}

fn get_abstract(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    let name = cx.vm.names.abstractmethods.get();
    // What `type` itself has under that name is this attribute.
    match class.dict(cx).get_str(cx, name).filter(|_| !std::ptr::eq(class, cx.builtin(Builtin::Type))) {
        Some(v) => Ok(v),
        None => Err(cx.attribute_error(class.as_ref(), name, "__abstractmethods__")),
    }
}

fn set_abstract(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    let on = match a.opt(1) {
        Some(v) => cx.truth(v)?,
        None => false,
    };
    let name = cx.vm.names.abstractmethods.get();
    if a.opt(1).is_none() && class.dict(cx).get_str(cx, name).is_none() {
        return Err(cx.attribute_error(class.as_ref(), name, "__abstractmethods__"));
    }
    set_in_dict(cx, a, name)?;
    if on {
        class.set_flag(class_flag::ABSTRACT);
        class.forget_plain_init();
    } else {
        class.clear_flag(class_flag::ABSTRACT);
    }
    Ok(cx.none())
}

/// `__annotations__` of a class, computed by its annotate function when first asked for.
fn get_annotations(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    let name = cx.vm.names.annotations.get();
    let cache = crate::objects::str::intern(cx, "__annotations_cache__");
    for key in [name, cache.get()] {
        if let Some(known) = class.dict(cx).get_str(cx, key) {
            return Ok(known);
        }
    }
    let annotate = class.dict(cx).get_str(cx, cx.vm.names.annotate_func.get());
    let made = match annotate.filter(|f| !f.value().is_none()) {
        Some(annotate) => cx.call(annotate.r(), &[Ref::immediate(Value::from_int_unchecked(1))])?,
        None => PyDict::new(cx),
    };
    if class.is_heap() {
        class.set_attr(cx, cache.get(), made.clone())?;
    }
    Ok(made)
}

fn get_annotate(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    Ok(class.dict(cx).get_str(cx, cx.vm.names.annotate_func.get()).unwrap_or_else(|| cx.none()))
}

fn subclasses(cx: &mut Cx, a: Args<'_>) -> R {
    let items = this(cx, a).direct_subclasses().iter().map(|c| c.as_ref().own(cx)).collect();
    Ok(cx.list(items))
}

fn mro(cx: &mut Cx, a: Args<'_>) -> R {
    let class = this(cx, a);
    let bases = super::bases::of(cx, class);
    let order = super::bases::usual(cx, class, &bases)?;
    let items = order.iter().map(|c| c.as_ref().own(cx)).collect();
    Ok(cx.list(items))
}

fn type_dir(cx: &mut Cx, a: Args<'_>) -> R {
    let names = PyDict::new(cx);
    let payload: &PyDict = names.downcast(cx).expect("just made");
    for class in this(cx, a).mro() {
        for key in class.dict(cx).keys(cx) {
            payload.set(cx, key, Obj::immediate(Value::NONE))?;
        }
    }
    Ok(cx.list(payload.keys(cx)))
}

fn slot(cx: &Cx, class: &PyType, slot: &Slot) -> R {
    Ok(slot.get(&class.h, cx).unwrap_or_else(|| cx.none()))
}

/// The bits of `tp_flags` that programs look at.
fn get_flags(cx: &Cx, a: Args<'_>) -> R {
    const BITS: [(u32, u32); 6] = [
        (class_flag::SEQUENCE, 5),
        (class_flag::MAPPING, 6),
        (class_flag::DISALLOW_INSTANTIATION, 7),
        (class_flag::HEAP, 9),
        (class_flag::BASETYPE, 10),
        (class_flag::ABSTRACT, 20),
    ];
    const KINDS: [(Builtin, u32); 8] = [
        (Builtin::Int, 24),
        (Builtin::List, 25),
        (Builtin::Tuple, 26),
        (Builtin::Bytes, 27),
        (Builtin::Str, 28),
        (Builtin::Dict, 29),
        (Builtin::BaseException, 30),
        (Builtin::Type, 31),
    ];
    let class = this(cx, a);
    let mut bits: i64 = 1 << 12;
    bits |= i64::from(!class.is_heap() || class.has_flag(class_flag::IMMUTABLE)) << 8;
    for (flag, bit) in BITS {
        bits |= i64::from(class.has_flag(flag)) << bit;
    }
    // As CPython says of instances that keep their attributes in themselves, and of those whose dict it makes when needed.
    if class.is_heap() && class.has_flag(class_flag::HAS_DICT) {
        let inline = class.has_layout::<crate::objects::object::PyObject>();
        bits |= i64::from(inline) << 2 | 1 << 4;
    }
    for (kind, bit) in KINDS {
        bits |= i64::from(class.is_subclass(cx.builtin(kind), cx)) << bit;
    }
    Ok(cx.int(bits))
}

/// The size of an instance without items. That of ints is as CPython has it, like what `__sizeof__` says of them.
fn basic_size(cx: &Cx, a: Args<'_>) -> R {
    const INT: i64 = 24;
    let class = this(cx, a);
    let is_int = class.is_subclass(cx.builtin(Builtin::Int), cx);
    Ok(cx.int(if is_int { INT } else { class.payload_size.max(size_of::<Header>()) as i64 }))
}

/// The size of an item of objects that vary in size, as CPython lays them out.
fn item_size(cx: &Cx, a: Args<'_>) -> R {
    const SIZES: [(Builtin, i64); 5] = [
        (Builtin::Int, 4),
        (Builtin::Tuple, 8),
        (Builtin::Bytes, 1),
        (Builtin::Type, 40),
        (Builtin::MemoryView, 8),
    ];
    let class = this(cx, a);
    let size = SIZES.iter().find(|(which, _)| class.is_subclass(cx.builtin(*which), cx)).map_or(0, |s| s.1);
    Ok(cx.int(size))
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::HAS_WEAKREF;
    let mut t = TypeBuilder::new(cx, Builtin::Type, Some(Builtin::Object), flags);
    t.constructor(cx, "($cls, /, *args, **kwargs)", Full(type_new))
        .special(cx, Special::Init, Full(type_init))
        .special(cx, Special::Call, Full(type_call))
        .special(cx, Special::GetAttribute, Full(type_getattribute))
        .special(cx, Special::SetAttr, Full(|cx, a| set(cx, a, Some(a.get(2)))))
        .special(cx, Special::DelAttr, Full(|cx, a| set(cx, a, None)))
        .special(cx, Special::Repr, Full(type_repr))
        .special(cx, Special::Dir, Full(type_dir))
        .special(cx, Special::Or, Full(crate::objects::union::or))
        .special(cx, Special::ROr, Full(crate::objects::union::ror))
        .method(cx, "mro", "($self, /)", Full(mro))
        .method(cx, "__subclasses__", "($self, /)", Full(subclasses))
        .method(
            cx,
            "__instancecheck__",
            "($self, instance, /)",
            Full(|cx, a| {
                let class = this(cx, a);
                let is = cx.real_instance(a.get(1), class)?;
                Ok(cx.bool(is))
            }),
        )
        .method(
            cx,
            "__subclasscheck__",
            "($self, subclass, /)",
            Full(|cx, a| {
                let class = this(cx, a);
                let is = cx.real_subclass(a.get(1), class)?;
                Ok(cx.bool(is))
            }),
        )
        .class_method(cx, "__prepare__", "($cls, /, *args, **kwargs)", Full(|cx, _| Ok(PyDict::new(cx))))
        .getset(
            cx,
            "__name__",
            Full(|cx, a| {
                let n = this(cx, a).name();
                Ok(cx.str(&n))
            }),
            Some(Full(set_name)),
        )
        .getset(cx, "__qualname__", Full(get_qualname), Some(Full(set_qualname)))
        .getset(
            cx,
            "__module__",
            Full(get_module),
            Some(Full(|cx, a| {
                settable(cx, a, "__module__")?;
                this(cx, a).delete_attr(cx, cx.vm.names.firstlineno.get())?;
                set_in_dict(cx, a, cx.vm.names.module.get())
            })),
        )
        .getset(
            cx,
            "__doc__",
            Full(get_doc),
            Some(Full(|cx, a| {
                settable(cx, a, "__doc__")?;
                set_in_dict(cx, a, cx.vm.names.doc.get())
            })),
        )
        .getset(
            cx,
            "__mro__",
            Full(|cx, a| {
                let c = this(cx, a);
                match c.has_flag(class_flag::INCOMPLETE) {
                    true => Ok(cx.none()),
                    false => slot(cx, c, &c.mro),
                }
            }),
            None,
        )
        .getset(
            cx,
            "__bases__",
            Full(|cx, a| {
                let c = this(cx, a);
                slot(cx, c, &c.bases)
            }),
            Some(Full(set_bases)),
        )
        .getset(
            cx,
            "__base__",
            Full(|cx, a| Ok(this(cx, a).base().map_or_else(|| cx.none(), |b| b.as_ref().own(cx)))),
            None,
        )
        .getset(
            cx,
            "__dict__",
            Full(|cx, a| {
                let c = this(cx, a);
                Ok(crate::objects::mapping_proxy::new_proxy(cx, ref_of(c.dict(cx))))
            }),
            None,
        )
        .getset(cx, "__abstractmethods__", Full(get_abstract), Some(Full(set_abstract)))
        .getset(
            cx,
            "__annotations__",
            Full(get_annotations),
            Some(Full(|cx, a| set_in_dict(cx, a, cx.vm.names.annotations.get()))),
        )
        .getset(
            cx,
            "__annotate__",
            Full(get_annotate),
            Some(Full(|cx, a| set_in_dict(cx, a, cx.vm.names.annotate_func.get()))),
        )
        .getset(
            cx,
            "__text_signature__",
            Full(|cx, a| Ok(this(cx, a).text_signature.get().map_or_else(|| cx.none(), |text| cx.str(text)))),
            None,
        )
        .getset(
            cx,
            "__type_params__",
            Full(|cx, a| {
                let key = cx.vm.names.type_params.get();
                // What `type` itself has under that name is this attribute.
                let own = this(cx, a).dict(cx).get_str(cx, key).filter(|_| this(cx, a).is_heap());
                Ok(own.unwrap_or_else(|| cx.tuple(Vec::new())))
            }),
            Some(Full(|cx, a| {
                settable(cx, a, "__type_params__")?;
                set_in_dict(cx, a, cx.vm.names.type_params.get())
            })),
        )
        .getset(
            cx,
            "__weakrefoffset__",
            // Not a place in the object: only whether it is zero means something.
            Full(|cx, a| Ok(cx.int(if this(cx, a).has_flag(class_flag::HAS_WEAKREF) { 8 } else { 0 }))),
            None,
        )
        .getset(cx, "__flags__", Leaf(get_flags), None)
        .getset(cx, "__itemsize__", Leaf(item_size), None)
        .getset(
            cx,
            "__dictoffset__",
            // As CPython has it for dicts that it keeps in front of the object.
            Leaf(|cx, a| Ok(cx.int(if this(cx, a).has_flag(class_flag::HAS_DICT) { -1 } else { 0 }))),
            None,
        )
        .getset(cx, "__basicsize__", Leaf(basic_size), None);
    member::init(cx);
}
