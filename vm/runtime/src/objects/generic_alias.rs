//! `types.GenericAlias`: `list[int]`.
//!
//! Immutable once made but for `__parameters__`, which is computed when first asked for.

use crate::objects::iter::{self, NativeIter, fixed};
use crate::objects::list::PyList;
use crate::objects::str::intern;
use crate::objects::sync::slot_ops;
use crate::objects::tuple::PyTuple;
use crate::objects::{construct, subst, union};
use crate::prelude::*;

/// A parametrised class.
#[repr(C)]
pub struct PyGenericAlias {
    pub h: Header,
    origin: Slot,
    args: Slot,
    parameters: Slot,
    /// `*tuple[int]`: stands for its arguments.
    starred: bool,
}

slot_ops!(ALIAS_OPS, PyGenericAlias, "types.GenericAlias", origin, args, parameters);

/// Gives the starred form of an alias, once.
#[repr(C)]
pub struct PyAliasIter {
    pub h: Header,
    alias: Slot,
}

slot_ops!(ALIAS_ITER_OPS, PyAliasIter, "generic_alias_iterator", alias);

/// `origin[args]`; one argument that is no tuple stands for itself.
pub fn new_generic_alias(cx: &mut Cx, origin: Ref<'_>, args: Ref<'_>) -> Obj {
    make(cx, origin, args, false)
}

fn args_tuple(cx: &Cx, args: Ref<'_>) -> Obj {
    match args.downcast::<PyTuple>(cx) {
        Some(_) => args.own(cx),
        None => cx.tuple(vec![args.own(cx)]),
    }
}

fn make(cx: &Cx, origin: Ref<'_>, args: Ref<'_>, starred: bool) -> Obj {
    let (origin, args) = (Slot::new(origin.own(cx)), Slot::new(args_tuple(cx, args)));
    let parameters = Slot::empty();
    cx.alloc(Builtin::GenericAlias, |h| PyGenericAlias { h, origin, args, parameters, starred })
}

fn construct_alias(cx: &mut Cx, a: Args<'_>) -> R {
    if construct::has_keywords(cx, a) {
        return Err(cx.type_error("GenericAlias() takes no keyword arguments"));
    }
    let class = construct::class_argument(cx, a);
    let &[origin, args] = construct::positional(cx, a, "GenericAlias", 2, 2)? else {
        return Err(crate::object::unreachable_err(cx, "argument count"));
    };
    let (origin, args) = (Slot::new(origin.own(cx)), Slot::new(args_tuple(cx, args)));
    cx.alloc_for(class, |h| PyGenericAlias { h, origin, args, parameters: Slot::empty(), starred: false })
}

/// The `__class_getitem__` of built-in generic types.
pub fn class_getitem(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(new_generic_alias(cx, a.get(0), a.get(1)))
}

/// Calls a function of the module `typing`.
///
/// # Errors
/// What importing it or the call raises.
pub fn call_typing(cx: &mut Cx, name: &str, args: &[Ref<'_>]) -> R {
    let module = crate::import::import_module(cx, "typing")?;
    let function = cx.get_attr_str(module.r(), name)?;
    cx.call(function.r(), args)
}

pub fn declare(cx: &Cx) {
    let size = size_of::<PyGenericAlias>();
    TypeBuilder::declare(cx, Builtin::GenericAlias, "types.GenericAlias", &ALIAS_OPS, size, true);
    let (size, name) = (size_of::<PyAliasIter>(), "generic_alias_iterator");
    TypeBuilder::declare(cx, Builtin::GenericAliasIter, name, &ALIAS_ITER_OPS, size, true);
}

/// A type as it stands in a list of types: without `builtins.`, `...` for `Ellipsis`.
///
/// # Errors
/// What looking at its attributes or `repr` raises.
pub fn type_text(cx: &mut Cx, v: Ref<'_>) -> R<String> {
    if v.value() == Value::ELLIPSIS {
        return Ok("...".into());
    }
    if v.is(cx.builtin(Builtin::NoneType).as_ref()) {
        return Ok("None".into());
    }
    let mut attr = |name: &str| {
        let name = intern(cx, name);
        cx.get_attr_opt(v, name.get())
    };
    if attr("__origin__")?.is_some() && attr("__args__")?.is_some() {
        return cx.repr_string(v);
    }
    let (Some(qualname), Some(module)) = (attr("__qualname__")?, attr("__module__")?) else {
        return cx.repr_string(v);
    };
    if module.value().is_none() {
        return cx.repr_string(v);
    }
    let qualname = cx.str_string(qualname.r())?;
    Ok(match cx.str_string(module.r())?.as_str() {
        "builtins" => qualname,
        module => format!("{module}.{qualname}"),
    })
}

fn arg_text(cx: &mut Cx, v: Ref<'_>) -> R<String> {
    if !cx.is_exactly(v, Builtin::List) || v.downcast::<PyList>(cx).is_none() {
        return type_text(cx, v);
    }
    let mut parts = Vec::new();
    for item in cx.collect(v)? {
        parts.push(cx.recursing("", |cx| arg_text(cx, item.r()))?);
    }
    Ok(format!("[{}]", parts.join(", ")))
}

impl PyGenericAlias {
    fn arguments(&self, cx: &Cx) -> &[Ref<'_>] {
        fixed(&self.args).downcast::<PyTuple>(cx).map(PyTuple::items).unwrap_or_default()
    }
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyGenericAlias>();
    let mut parts = Vec::new();
    for &arg in this.arguments(cx) {
        parts.push(arg_text(cx, arg)?);
    }
    let list = if parts.is_empty() { "()".to_string() } else { parts.join(", ") };
    let star = if this.starred { "*" } else { "" };
    let text = format!("{star}{}[{list}]", type_text(cx, fixed(&this.origin))?);
    Ok(cx.str(&text))
}

/// Attributes that the alias has itself; all others are its origin's.
const OWN: &[&str] = &[
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
];
/// Attributes that it does not have though its origin may.
const HIDDEN: &[&str] = &["__bases__", "__copy__", "__deepcopy__"];

fn getattribute(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.text_of(a.get(1));
    if OWN.contains(&name.as_str()) || HIDDEN.contains(&name.as_str()) {
        return crate::ops::generic_get_attr(cx, a.get(0), a.get(1));
    }
    cx.get_attr(fixed(&a.this::<PyGenericAlias>().origin), a.get(1))
}

fn dir(cx: &mut Cx, a: Args<'_>) -> R {
    let origin = fixed(&a.this::<PyGenericAlias>().origin);
    let dir = iter::builtin_named(cx, "dir")?;
    let listed = cx.call(dir.r(), &[origin])?;
    let mut names = cx.collect(listed.r())?;
    let known: Vec<String> = names.iter().map(|n| cx.text_of(n.r())).collect();
    names.extend(OWN.iter().filter(|n| !known.iter().any(|k| k == *n)).map(|n| cx.str(n)));
    Ok(cx.list(names))
}

fn equal(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let this = a.this::<PyGenericAlias>();
    let Some(other) = a.get(1).downcast::<PyGenericAlias>(cx) else { return Ok(cx.not_implemented()) };
    let same = this.starred == other.starred
        && cx.equal(fixed(&this.origin), fixed(&other.origin))?
        && cx.equal(fixed(&this.args), fixed(&other.args))?;
    Ok(cx.bool(same == (op == CompareOp::Eq)))
}

fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyGenericAlias>();
    let hash = cx.hash(fixed(&this.origin))? ^ cx.hash(fixed(&this.args))?;
    Ok(cx.int(hash))
}

fn call(cx: &mut Cx, a: Args<'_>) -> R {
    let origin = fixed(&a.this::<PyGenericAlias>().origin);
    let made = crate::objects::native::spread(cx, origin, a.get(1), a.opt(2))?;
    let name = intern(cx, "__orig_class__");
    match cx.set_attr(made.r(), name.get(), a.get(0).own(cx)) {
        Err(err) if !cx.is_error(&err, Builtin::AttributeError) && !cx.is_error(&err, Builtin::TypeError) => {
            Err(err)
        }
        _ => Ok(made),
    }
}

fn parameters(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyGenericAlias>();
    if let Some(known) = this.parameters.get(&this.h, cx) {
        return Ok(known);
    }
    let made = subst::parameters(cx, fixed(&this.args))?;
    this.parameters.set(&this.h, cx, made.clone());
    Ok(made)
}

fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let parameters = parameters(cx, a)?;
    let this = a.this::<PyGenericAlias>();
    let args = subst::substitute(cx, a.get(0), fixed(&this.args), parameters.r(), a.get(1))?;
    Ok(make(cx, fixed(&this.origin), args.r(), this.starred))
}

fn unpacked_args(cx: &Cx, a: Args<'_>) -> R {
    let this = a.this::<PyGenericAlias>();
    let is_tuple = fixed(&this.origin).is(cx.builtin(Builtin::Tuple).as_ref());
    Ok(if this.starred && is_tuple { fixed(&this.args).own(cx) } else { cx.none() })
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyGenericAlias>();
    if this.starred {
        let plain = make(cx, fixed(&this.origin), fixed(&this.args), false);
        let next = iter::builtin_named(cx, "next")?;
        let iterator = new_iter(cx, plain);
        let args = cx.tuple(vec![iterator]);
        return Ok(cx.tuple(vec![next, args]));
    }
    let class = cx.builtin(Builtin::GenericAlias).as_ref().own(cx);
    let parts = cx.tuple(vec![fixed(&this.origin).own(cx), fixed(&this.args).own(cx)]);
    Ok(cx.tuple(vec![class, parts]))
}

fn new_iter(cx: &Cx, alias: Obj) -> Obj {
    let alias = Slot::new(alias);
    cx.alloc(Builtin::GenericAliasIter, |h| PyAliasIter { h, alias })
}

impl NativeIter for PyAliasIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(alias) = self.alias.take(&self.h, cx) else { return Ok(None) };
        let alias = alias.downcast::<PyGenericAlias>(cx);
        Ok(alias.map(|alias| make(cx, fixed(&alias.origin), fixed(&alias.args), true)))
    }
}

fn iter_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyAliasIter>();
    let function = iter::builtin_named(cx, "iter")?;
    let rest = this.alias.get(&this.h, cx).unwrap_or_else(|| cx.tuple(Vec::new()));
    iter::reduce_to(cx, function, rest, None)
}

fn init_methods(cx: &mut Cx, t: &mut TypeBuilder) {
    t.method(
        cx,
        "__mro_entries__",
        "($self, object, /)",
        Leaf(|cx, a| Ok(cx.tuple(vec![fixed(&a.this::<PyGenericAlias>().origin).own(cx)]))),
    )
    .method(
        cx,
        "__instancecheck__",
        "($self, object, /)",
        Full(|cx, _| Err(cx.type_error("isinstance() argument 2 cannot be a parameterized generic"))),
    )
    .method(
        cx,
        "__subclasscheck__",
        "($self, object, /)",
        Full(|cx, _| Err(cx.type_error("issubclass() argument 2 cannot be a parameterized generic"))),
    )
    .method(cx, "__reduce__", "($self, /)", Full(reduce))
    .method(cx, "__dir__", "($self, /)", Full(dir));
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::BASETYPE | class_flag::HAS_WEAKREF;
    let mut t = TypeBuilder::new(cx, Builtin::GenericAlias, Some(Builtin::Object), flags);
    t.doc(cx, "A generic class with its arguments, as list[int] is.");
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct_alias));
    t.specials(
        cx,
        &[
            (Special::Repr, Full(repr)),
            (Special::Hash, Full(hash)),
            (Special::Call, Full(call)),
            (Special::GetAttribute, Full(getattribute)),
            (Special::Eq, Full(|cx, a| equal(cx, a, CompareOp::Eq))),
            (Special::Ne, Full(|cx, a| equal(cx, a, CompareOp::Ne))),
            (Special::Iter, Leaf(|cx, a| Ok(new_iter(cx, a.get(0).own(cx))))),
            (Special::Or, Full(union::or)),
            (Special::ROr, Full(union::ror)),
            (Special::GetItem, Full(getitem)),
        ],
    );
    init_methods(cx, &mut t);
    let fields: [(&str, NativeFn); 3] = [
        ("__origin__", Leaf(|cx, a| Ok(fixed(&a.this::<PyGenericAlias>().origin).own(cx)))),
        ("__args__", Leaf(|cx, a| Ok(fixed(&a.this::<PyGenericAlias>().args).own(cx)))),
        ("__unpacked__", Leaf(|cx, a| Ok(cx.bool(a.this::<PyGenericAlias>().starred)))),
    ];
    for (name, get) in fields {
        t.getset(cx, name, get, Some(Full(construct::readonly)));
    }
    t.getset(cx, "__parameters__", Full(parameters), None);
    t.getset(cx, "__typing_unpacked_tuple_args__", Leaf(unpacked_args), None);
    iter::fill::<PyAliasIter>(cx, Builtin::GenericAliasIter, None, Some(Full(iter_reduce)), None);
}
