//! Type parameters (PEP 484, 612, 646, 695, 696), type aliases and `typing.Generic`.
//!
//! Bounds, constraints, defaults and values of aliases may be lazy: a function that is called when they are first asked
//! for. Threads that race for one may both call it; the last answer stays. Everything else is fixed once made.
//!
//! - `type_var.rs`: `TypeVar`; `param_spec.rs`: `ParamSpec` with its `args` and `kwargs`; `tuple.rs`: `TypeVarTuple`
//! - `alias.rs`: `TypeAliasType`; `generic.rs`: `Generic`, `NoDefault`, evaluators of constants

mod alias;
mod generic;
mod param_spec;
mod tuple;
mod type_var;

pub use alias::{PyTypeAlias, new_alias};
pub use generic::{no_default, subscript_generic};
pub use param_spec::PyParamSpec;
pub use tuple::PyTypeVarTuple;
pub use type_var::{PyTypeVar, new_bounded};

use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// The format `VALUE` of annotations.
const VALUE: Value = Value(ungil_gc::INT_BASE + 1);

/// A value that may be computed by a function when first asked for.
pub(crate) struct Lazy<'a> {
    header: &'a Header,
    value: &'a Slot,
    evaluate: &'a Slot,
}

impl Lazy<'_> {
    /// The value; `None` if there is neither a value nor a function.
    fn get(&self, cx: &mut Cx) -> R<Option<Obj>> {
        if let Some(known) = self.value.get(self.header, cx) {
            return Ok(Some(known));
        }
        let Some(evaluate) = self.evaluate.get(self.header, cx) else { return Ok(None) };
        let made = cx.call(evaluate.r(), &[Ref::immediate(VALUE)])?;
        self.value.set(self.header, cx, made.clone());
        Ok(Some(made))
    }

    /// The function that computes the value in any annotation format, `None` if there is no value.
    fn evaluator(&self, cx: &mut Cx) -> Obj {
        if let Some(function) = self.evaluate.get(self.header, cx) {
            return function;
        }
        match self.value.get(self.header, cx) {
            Some(value) => generic::new_evaluator(cx, value),
            None => cx.none(),
        }
    }
}

/// A slot for an optional value.
fn slot_of(v: Option<Obj>) -> Slot {
    v.map_or_else(Slot::empty, Slot::new)
}

/// `TypeVar`, `ParamSpec` or `TypeVarTuple` (kind 0, 1, 2) of a type parameter list.
///
/// # Errors
/// `MemoryError`.
pub fn new_parameter(cx: &mut Cx, name: Ref<'_>, kind: usize) -> R {
    let name = name.own(cx);
    match kind {
        0 => type_var::new_inferred(cx, name),
        1 => param_spec::new_inferred(cx, name),
        _ => tuple::new_type_var_tuple(cx, name, None),
    }
}

/// Sets the lazy default of a new type parameter.
///
/// # Errors
/// `TypeError` if it is no type parameter.
pub fn set_default(cx: &mut Cx, parameter: Ref<'_>, compute: Obj) -> R<()> {
    match default_of(cx, parameter) {
        Some(lazy) => {
            lazy.evaluate.set(lazy.header, cx, compute);
            Ok(())
        }
        None => Err(cx.type_error("not a type parameter")),
    }
}

/// The default of a type parameter; `None` for other objects.
pub(crate) fn default_of<'a>(cx: &Cx, parameter: Ref<'a>) -> Option<Lazy<'a>> {
    if let Some(v) = parameter.downcast::<PyTypeVar>(cx) {
        return Some(v.default());
    }
    if let Some(v) = parameter.downcast::<PyParamSpec>(cx) {
        return Some(v.default());
    }
    parameter.downcast::<PyTypeVarTuple>(cx).map(|v| v.default())
}

/// Binds the arguments of a constructor declared as `($type, *args, **kwargs)` by the signature of `def`.
fn rebind(cx: &mut Cx, a: Args<'_>, def: &'static NativeDef) -> R<Vec<Obj>> {
    let mut values = vec![a.get(0).value()];
    values.extend(a.varargs(cx, 1).iter().map(|v| v.value()));
    let (keys, named): (Vec<Obj>, Vec<Obj>) = match a.varkw(cx, 2) {
        Some(kwargs) => kwargs.items(cx).into_iter().unzip(),
        None => (Vec::new(), Vec::new()),
    };
    values.extend(named.iter().map(|v| v.value()));
    let keys = cx.tuple(keys);
    let names = keys.downcast::<PyTuple>(cx).filter(|t| !t.is_empty());
    let named = names.map_or(0, |n| n.items().len());
    let positional = values.len() - named;
    crate::bind::bind(cx, def.sig(), &|| def.name.to_string(), Args::new(&values), positional, names)
}

/// A description of arguments alone, for [`rebind`].
const fn signature(name: &'static str, text: &'static str) -> NativeDef {
    NativeDef::new(name, text, Leaf(|cx, _| Ok(cx.none())))
}

/// The `name` argument of a constructor.
fn name_argument(cx: &mut Cx, v: &Obj, function: &str) -> R {
    if cx.is_instance_of(v.r(), Builtin::Str) {
        return Ok(v.clone());
    }
    let got = cx.type_name(v.r());
    Err(cx.type_error(format!("{function}() argument 'name' must be str, not {got}")))
}

/// The flags `covariant`, `contravariant` and `infer_variance`.
fn variance(cx: &mut Cx, flags: [Option<Ref<'_>>; 3]) -> R<[bool; 3]> {
    let mut set = [false; 3];
    for (flag, given) in set.iter_mut().zip(flags) {
        if let Some(given) = given {
            *flag = cx.truth(given)?;
        }
    }
    let [covariant, contravariant, infer] = set;
    if covariant && contravariant {
        return Err(cx.value_error("Bivariant types are not supported."));
    }
    if infer && (covariant || contravariant) {
        return Err(cx.value_error("Variance cannot be specified with infer_variance."));
    }
    Ok(set)
}

/// How a parameter with a variance is shown.
fn variance_text(cx: &Cx, name: Ref<'_>, [covariant, contravariant, infer]: [bool; 3]) -> Obj {
    let sign = match (infer, covariant, contravariant) {
        (true, ..) => "",
        (_, true, _) => "+",
        (_, _, true) => "-",
        _ => "~",
    };
    let name = cx.text_of(name);
    cx.str(&format!("{sign}{name}"))
}

/// `__module__` of the Python function that called this native.
fn calling_module(cx: &Cx) -> Option<Obj> {
    let regs = cx.regs.get();
    if regs.is_null() {
        return None;
    }
    let function = crate::interp::frame::Frame(regs).function();
    function.module.get(&function.h, cx)
}

/// Gives a new parameter the module that it was made in.
fn set_module(cx: &mut Cx, made: &Obj) -> R<()> {
    match calling_module(cx) {
        Some(module) => cx.set_attr(made.r(), cx.vm.names.module.get(), module),
        None => Ok(()),
    }
}

/// `__mro_entries__` of what cannot be a base.
fn no_base(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0)).name();
    Err(cx.type_error(format!("Cannot subclass an instance of {class}")))
}

/// `typing.Unpack[v]`.
fn unpack(cx: &mut Cx, v: Ref<'_>) -> R {
    let module = crate::import::import_module(cx, "typing")?;
    let form = cx.get_attr_str(module.r(), "Unpack")?;
    cx.get_item(form.r(), v)
}

/// Type parameters with the `TypeVarTuple`s among them unpacked.
fn unpacked(cx: &mut Cx, params: Ref<'_>) -> R {
    let mut all = Vec::new();
    for param in cx.collect(params)? {
        let several = param.downcast::<PyTypeVarTuple>(cx).is_some();
        all.push(if several { unpack(cx, param.r())? } else { param });
    }
    Ok(cx.tuple(all))
}

/// `__default__`.
fn get_default(cx: &mut Cx, a: Args<'_>) -> R {
    let lazy = default_of(cx, a.get(0));
    let known = lazy.map_or(Ok(None), |lazy| lazy.get(cx))?;
    Ok(known.unwrap_or_else(|| no_default(cx)))
}

/// `has_default()`, without computing it.
fn has_default(cx: &Cx, a: Args<'_>) -> R {
    let lazy = default_of(cx, a.get(0));
    let has = lazy.is_some_and(|l| {
        !l.evaluate.is_empty() || l.value.get(l.header, cx).is_some_and(|v| !v.r().is(no_default(cx).r()))
    });
    Ok(cx.bool(has))
}

/// `evaluate_default`.
fn evaluate_default(cx: &mut Cx, a: Args<'_>) -> R {
    if !has_default(cx, a)?.value().as_bool().unwrap_or_default() {
        return Ok(cx.none());
    }
    Ok(default_of(cx, a.get(0)).map_or_else(|| Obj::immediate(Value::NONE), |lazy| lazy.evaluator(cx)))
}

/// What all kinds of type parameters have.
fn init_common(cx: &mut Cx, t: &mut TypeBuilder) {
    t.method(cx, "has_default", "($self, /)", Leaf(has_default))
        .method(cx, "__mro_entries__", "($self, object, /)", Full(no_base))
        .getset(cx, "__default__", Full(get_default), None)
        .getset(cx, "evaluate_default", Full(evaluate_default), None);
    let module = cx.str("typing");
    t.attr(cx, "__module__", module);
}

pub fn declare(cx: &Cx) {
    type_var::declare(cx);
    param_spec::declare(cx);
    tuple::declare(cx);
    alias::declare(cx);
    generic::declare(cx);
}

pub fn init(cx: &mut Cx) {
    type_var::init(cx);
    param_spec::init(cx);
    tuple::init(cx);
    alias::init(cx);
    generic::init(cx);
}
