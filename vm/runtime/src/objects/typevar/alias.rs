//! `typing.TypeAliasType`: what `type X = ...` makes.

use super::Lazy;
use crate::objects::construct::readonly;
use crate::objects::function::PyFunction;
use crate::objects::generic_alias::new_generic_alias;
use crate::objects::iter::fixed;
use crate::objects::sync::slot_ops;
use crate::objects::tuple::{PyTuple, empty_tuple};
use crate::objects::union;
use crate::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyTypeAlias {
    pub h: Header,
    name: Slot,
    /// Tuple of type parameters; empty if there are none.
    type_params: Slot,
    compute_value: Slot,
    value: Slot,
    module: Slot,
}

slot_ops!(ALIAS_OPS, PyTypeAlias, "typing.TypeAliasType", name, type_params, compute_value, value, module);

fn make(cx: &Cx, name: Obj, params: Obj, compute: Option<Obj>, value: Option<Obj>) -> Obj {
    let params = params.downcast::<PyTuple>(cx).filter(|t| !t.is_empty()).map(|t| ref_of(t).own(cx));
    let module = if compute.is_none() { super::calling_module(cx) } else { None };
    cx.alloc(Builtin::TypeAliasType, |h| PyTypeAlias {
        h,
        name: Slot::new(name),
        type_params: super::slot_of(params),
        compute_value: super::slot_of(compute),
        value: super::slot_of(value),
        module: super::slot_of(module),
    })
}

/// The alias of a `type` statement: `params` is a tuple or `None`.
///
/// # Errors
/// None now.
pub fn new_alias(cx: &mut Cx, name: Obj, params: Obj, compute: Obj) -> R {
    Ok(make(cx, name, params, Some(compute), None))
}

static ARGUMENTS: NativeDef = super::signature("typealias", "($type, /, name, value, *, type_params=())");

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let window = super::rebind(cx, a, &ARGUMENTS)?;
    let name = super::name_argument(cx, &window[1], "typealias")?;
    let params = match Args::of(&window).opt(3) {
        None => empty_tuple(cx),
        Some(params) if cx.is_instance_of(params, Builtin::Tuple) => params.own(cx),
        Some(_) => return Err(cx.type_error("type_params must be a tuple")),
    };
    check_params(cx, &params)?;
    Ok(make(cx, name, params, None, Some(window[2].clone())))
}

/// Type parameters must be some, and those with defaults come last.
fn check_params(cx: &mut Cx, params: &Obj) -> R<()> {
    let mut seen_default = false;
    for param in cx.collect(params.r())? {
        let Some(lazy) = super::default_of(cx, param.r()) else {
            let text = cx.repr_string(param.r())?;
            return Err(cx.type_error(format!("Expected a type param, got {text}")));
        };
        let default = lazy.get(cx)?;
        let has_default = default.is_some_and(|d| !d.r().is(super::no_default(cx).r()));
        if seen_default && !has_default {
            let text = cx.repr_string(param.r())?;
            let message = format!("non-default type parameter '{text}' follows default type parameter");
            return Err(cx.type_error(message));
        }
        seen_default |= has_default;
    }
    Ok(())
}

impl PyTypeAlias {
    fn lazy(&self) -> Lazy<'_> {
        Lazy { header: &self.h, value: &self.value, evaluate: &self.compute_value }
    }

    fn params(&self, cx: &Cx) -> Obj {
        self.type_params.get(&self.h, cx).unwrap_or_else(|| empty_tuple(cx))
    }
}

fn get_value(cx: &mut Cx, a: Args<'_>) -> R {
    let value = a.this::<PyTypeAlias>().lazy().get(cx)?;
    Ok(value.unwrap_or_else(|| cx.none()))
}

fn get_module(cx: &Cx, a: Args<'_>) -> R {
    let this = a.this::<PyTypeAlias>();
    if let Some(module) = this.module.get(&this.h, cx) {
        return Ok(module);
    }
    let compute = this.compute_value.get(&this.h, cx);
    let function = compute.as_ref().and_then(|f| f.downcast::<PyFunction>(cx));
    Ok(function.and_then(|f| f.module.get(&f.h, cx)).unwrap_or_else(|| cx.none()))
}

fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    if a.this::<PyTypeAlias>().type_params.is_empty() {
        return Err(cx.type_error("Only generic type aliases are subscriptable"));
    }
    Ok(new_generic_alias(cx, a.get(0), a.get(1)))
}

fn iterate(cx: &mut Cx, a: Args<'_>) -> R {
    let unpacked = super::unpack(cx, a.get(0))?;
    let one = cx.tuple(vec![unpacked]);
    cx.iter(one.r())
}

fn parameters(cx: &mut Cx, a: Args<'_>) -> R {
    let params = a.this::<PyTypeAlias>().params(cx);
    super::unpacked(cx, params.r())
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyTypeAlias>();
    TypeBuilder::declare(cx, Builtin::TypeAliasType, "typing.TypeAliasType", &ALIAS_OPS, size, true);
}

pub(super) fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::TypeAliasType, Some(Builtin::Object), class_flag::HAS_WEAKREF);
    t.doc(cx, "Another name for a type, perhaps with parameters.");
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    let name: NativeFn = Leaf(|cx, a| Ok(fixed(&a.this::<PyTypeAlias>().name).own(cx)));
    t.specials(
        cx,
        &[
            (Special::Repr, name),
            (Special::Iter, Full(iterate)),
            (Special::Or, Full(union::or)),
            (Special::ROr, Full(union::ror)),
            (Special::GetItem, Full(getitem)),
        ],
    );
    t.method(cx, "__reduce__", "($self, /)", name);
    t.getset(cx, "__name__", name, Some(Full(readonly)));
    t.getset(cx, "__parameters__", Full(parameters), None);
    let params: NativeFn = Leaf(|cx, a| Ok(a.this::<PyTypeAlias>().params(cx)));
    t.getset(cx, "__type_params__", params, None);
    t.getset(cx, "__value__", Full(get_value), None);
    let evaluate: NativeFn = Full(|cx, a| Ok(a.this::<PyTypeAlias>().lazy().evaluator(cx)));
    t.getset(cx, "evaluate_value", evaluate, None);
    t.getset(cx, "__module__", Leaf(get_module), None);
}
