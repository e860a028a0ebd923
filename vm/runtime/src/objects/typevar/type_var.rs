//! `typing.TypeVar`.

use super::Lazy;
use crate::objects::construct::readonly;
use crate::objects::generic_alias::call_typing;
use crate::objects::iter::fixed;
use crate::objects::sync::slot_ops;
use crate::objects::tuple::{PyTuple, empty_tuple};
use crate::objects::union::{check_type, checked_or};
use crate::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyTypeVar {
    pub h: Header,
    name: Slot,
    bound: Slot,
    evaluate_bound: Slot,
    constraints: Slot,
    evaluate_constraints: Slot,
    default: Slot,
    evaluate_default: Slot,
    /// Covariant, contravariant, inferred.
    variance: [bool; 3],
}

slot_ops!(
    TYPE_VAR_OPS,
    PyTypeVar,
    "typing.TypeVar",
    name,
    bound,
    evaluate_bound,
    constraints,
    evaluate_constraints,
    default,
    evaluate_default
);

/// What a new variable has besides its name.
#[derive(Default)]
struct Parts {
    bound: Option<Obj>,
    evaluate_bound: Option<Obj>,
    constraints: Option<Obj>,
    evaluate_constraints: Option<Obj>,
    default: Option<Obj>,
    variance: [bool; 3],
}

fn make(cx: &mut Cx, name: Obj, parts: Parts) -> R {
    let class = cx.builtin(Builtin::TypeVar);
    cx.alloc_for(class, |h| PyTypeVar {
        h,
        name: Slot::new(name),
        bound: super::slot_of(parts.bound),
        evaluate_bound: super::slot_of(parts.evaluate_bound),
        constraints: super::slot_of(parts.constraints),
        evaluate_constraints: super::slot_of(parts.evaluate_constraints),
        default: super::slot_of(parts.default),
        evaluate_default: Slot::empty(),
        variance: parts.variance,
    })
}

/// The variable of a type parameter list.
///
/// # Errors
/// `MemoryError`.
pub(super) fn new_inferred(cx: &mut Cx, name: Obj) -> R {
    make(cx, name, Parts { variance: [false, false, true], ..Parts::default() })
}

/// A variable of a type parameter list with a lazy bound or lazy constraints.
///
/// # Errors
/// `MemoryError`.
pub fn new_bounded(cx: &mut Cx, name: Ref<'_>, compute: Obj, constraints: bool) -> R {
    let mut parts = Parts { variance: [false, false, true], ..Parts::default() };
    match constraints {
        true => parts.evaluate_constraints = Some(compute),
        false => parts.evaluate_bound = Some(compute),
    }
    let name = name.own(cx);
    make(cx, name, parts)
}

static ARGUMENTS: NativeDef = super::signature(
    "typevar",
    "($type, /, name, *constraints, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)",
);

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let window = super::rebind(cx, a, &ARGUMENTS)?;
    let a = Args::of(&window);
    let name = super::name_argument(cx, &window[1], "typevar")?;
    let variance = super::variance(cx, [a.opt(4), a.opt(5), a.opt(6)])?;
    let bound = match a.opt_not_none(2) {
        Some(bound) => Some(check_type(cx, bound, "Bound must be a type.")?),
        None => None,
    };
    let constraints = a.get(7).downcast::<PyTuple>(cx).map_or(0, PyTuple::len);
    if constraints == 1 {
        return Err(cx.type_error("A single constraint is not allowed"));
    }
    if constraints > 1 && bound.is_some() {
        return Err(cx.type_error("Constraints cannot be combined with bound=..."));
    }
    let constraints = (constraints > 0).then(|| window[7].clone());
    let default = a.opt(3).map(|v| v.own(cx));
    let made = make(cx, name, Parts { bound, constraints, default, variance, ..Parts::default() })?;
    super::set_module(cx, &made)?;
    Ok(made)
}

impl PyTypeVar {
    fn bound(&self) -> Lazy<'_> {
        Lazy { header: &self.h, value: &self.bound, evaluate: &self.evaluate_bound }
    }

    fn constraints(&self) -> Lazy<'_> {
        Lazy { header: &self.h, value: &self.constraints, evaluate: &self.evaluate_constraints }
    }

    pub(super) fn default(&self) -> Lazy<'_> {
        Lazy { header: &self.h, value: &self.default, evaluate: &self.evaluate_default }
    }
}

fn get_bound(cx: &mut Cx, a: Args<'_>) -> R {
    let bound = a.this::<PyTypeVar>().bound().get(cx)?;
    Ok(bound.unwrap_or_else(|| cx.none()))
}

fn get_constraints(cx: &mut Cx, a: Args<'_>) -> R {
    let constraints = a.this::<PyTypeVar>().constraints().get(cx)?;
    Ok(constraints.unwrap_or_else(|| empty_tuple(cx)))
}

/// `__typing_prepare_subst__`: the arguments, with the default if this variable's is missing.
fn prepare_subst(cx: &mut Cx, a: Args<'_>) -> R {
    let (alias, args) = (a.get(1), a.get(2));
    let parameters = cx.get_attr_str(alias, "__parameters__")?;
    let parameters = cx.collect(parameters.r())?;
    let given = cx.len(args)?;
    let Some(index) = parameters.iter().position(|p| p.r().is(a.get(0))) else {
        return Err(cx.value_error("tuple.index(x): x not in tuple"));
    };
    if index < given {
        return Ok(args.own(cx));
    }
    let default = super::get_default(cx, a)?;
    if index > given || default.r().is(super::no_default(cx).r()) {
        let text = cx.str_string(alias)?;
        let least = required(cx, &parameters)?;
        return Err(
            cx.type_error(format!("Too few arguments for {text}; actual {given}, expected at least {least}"))
        );
    }
    let mut all = cx.collect(args)?;
    all.push(default);
    Ok(cx.tuple(all))
}

/// How many of the parameters have no default.
fn required(cx: &mut Cx, parameters: &[Obj]) -> R<usize> {
    let mut n = 0;
    for parameter in parameters {
        let Some(lazy) = super::default_of(cx, parameter.r()) else {
            n += 1;
            continue;
        };
        let default = lazy.get(cx)?;
        n += default.is_none_or(|d| d.r().is(super::no_default(cx).r())) as usize;
    }
    Ok(n)
}

fn init_fields(cx: &mut Cx, t: &mut TypeBuilder) {
    let fields: [(&str, NativeFn); 4] = [
        ("__name__", Leaf(|cx, a| Ok(fixed(&a.this::<PyTypeVar>().name).own(cx)))),
        ("__covariant__", Leaf(|cx, a| Ok(cx.bool(a.this::<PyTypeVar>().variance[0])))),
        ("__contravariant__", Leaf(|cx, a| Ok(cx.bool(a.this::<PyTypeVar>().variance[1])))),
        ("__infer_variance__", Leaf(|cx, a| Ok(cx.bool(a.this::<PyTypeVar>().variance[2])))),
    ];
    for (name, get) in fields {
        t.getset(cx, name, get, Some(Full(readonly)));
    }
    t.getset(cx, "__bound__", Full(get_bound), None);
    t.getset(cx, "__constraints__", Full(get_constraints), None);
    let evaluate: NativeFn = Full(|cx, a| Ok(a.this::<PyTypeVar>().bound().evaluator(cx)));
    t.getset(cx, "evaluate_bound", evaluate, None);
    let evaluate: NativeFn = Full(|cx, a| Ok(a.this::<PyTypeVar>().constraints().evaluator(cx)));
    t.getset(cx, "evaluate_constraints", evaluate, None);
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyTypeVar>();
    TypeBuilder::declare_with_dict(cx, Builtin::TypeVar, "typing.TypeVar", &TYPE_VAR_OPS, size);
}

pub(super) fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::TypeVar, Some(Builtin::Object), class_flag::HAS_WEAKREF);
    t.doc(cx, "A type that is to be filled in, perhaps one of several, perhaps with a bound.");
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    t.specials(
        cx,
        &[
            (
                Special::Repr,
                Leaf(|cx, a| {
                    let this = a.this::<PyTypeVar>();
                    Ok(super::variance_text(cx, fixed(&this.name), this.variance))
                }),
            ),
            (Special::Or, Full(|cx, a| checked_or(cx, a.get(0), a.get(1)))),
            (Special::ROr, Full(|cx, a| checked_or(cx, a.get(1), a.get(0)))),
        ],
    );
    t.method(
        cx,
        "__typing_subst__",
        "($self, arg, /)",
        Full(|cx, a| call_typing(cx, "_typevar_subst", &[a.get(0), a.get(1)])),
    );
    t.method(cx, "__typing_prepare_subst__", "($self, alias, args, /)", Full(prepare_subst));
    let reduce: NativeFn = Leaf(|cx, a| Ok(fixed(&a.this::<PyTypeVar>().name).own(cx)));
    t.method(cx, "__reduce__", "($self, /)", reduce);
    init_fields(cx, &mut t);
    super::init_common(cx, &mut t);
}
