//! `typing.ParamSpec`, and `P.args` and `P.kwargs` of one.

use super::Lazy;
use crate::objects::construct::readonly;
use crate::objects::generic_alias::call_typing;
use crate::objects::iter::fixed;
use crate::objects::sync::slot_ops;
use crate::objects::union::{check_type, checked_or};
use crate::prelude::*;

/// A list of parameters that is to be filled in.
#[repr(C)]
pub struct PyParamSpec {
    pub h: Header,
    name: Slot,
    bound: Slot,
    default: Slot,
    evaluate_default: Slot,
    /// Covariant, contravariant, inferred.
    variance: [bool; 3],
}

slot_ops!(SPEC_OPS, PyParamSpec, "typing.ParamSpec", name, bound, default, evaluate_default);

/// `P.args` or `P.kwargs`.
#[repr(C)]
pub struct PySpecPart {
    pub h: Header,
    origin: Slot,
}

slot_ops!(PART_OPS, PySpecPart, "typing.ParamSpecArgs", origin);

fn make(cx: &mut Cx, name: Obj, bound: Option<Obj>, default: Option<Obj>, variance: [bool; 3]) -> R {
    let class = cx.builtin(Builtin::ParamSpec);
    cx.alloc_for(class, |h| PyParamSpec {
        h,
        name: Slot::new(name),
        bound: super::slot_of(bound),
        default: super::slot_of(default),
        evaluate_default: Slot::empty(),
        variance,
    })
}

/// The specification of a type parameter list.
///
/// # Errors
/// `MemoryError`.
pub(super) fn new_inferred(cx: &mut Cx, name: Obj) -> R {
    make(cx, name, None, None, [false, false, true])
}

static ARGUMENTS: NativeDef = super::signature(
    "paramspec",
    "($type, /, name, *, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)",
);

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let window = super::rebind(cx, a, &ARGUMENTS)?;
    let a = Args::of(&window);
    let name = super::name_argument(cx, &window[1], "paramspec")?;
    let variance = super::variance(cx, [a.opt(4), a.opt(5), a.opt(6)])?;
    let bound = match a.opt_not_none(2) {
        Some(bound) => Some(check_type(cx, bound, "Bound must be a type.")?),
        None => None,
    };
    let default = a.opt(3).map(|v| v.own(cx));
    let made = make(cx, name, bound, default, variance)?;
    super::set_module(cx, &made)?;
    Ok(made)
}

impl PyParamSpec {
    pub(super) fn default(&self) -> Lazy<'_> {
        Lazy { header: &self.h, value: &self.default, evaluate: &self.evaluate_default }
    }
}

fn new_part(cx: &Cx, which: Builtin, origin: Ref<'_>) -> Obj {
    let origin = Slot::new(origin.own(cx));
    cx.alloc(which, |h| PySpecPart { h, origin })
}

static PART_ARGUMENTS: [NativeDef; 2] = [
    super::signature("paramspecargs", "($type, /, origin)"),
    super::signature("paramspeckwargs", "($type, /, origin)"),
];

fn construct_part(cx: &mut Cx, a: Args<'_>, which: Builtin) -> R {
    let def = &PART_ARGUMENTS[(which == Builtin::ParamSpecKwargs) as usize];
    let window = super::rebind(cx, a, def)?;
    Ok(new_part(cx, which, window[1].r()))
}

fn part_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let origin = fixed(&a.this::<PySpecPart>().origin);
    let word = if cx.is_exactly(a.get(0), Builtin::ParamSpecArgs) { "args" } else { "kwargs" };
    let text = match origin.downcast::<PyParamSpec>(cx) {
        Some(spec) => cx.text_of(fixed(&spec.name)),
        None => cx.repr_string(origin)?,
    };
    Ok(cx.str(&format!("{text}.{word}")))
}

fn part_equal(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let (x, y) = (a.get(0), a.get(1));
    let same_class = std::ptr::eq(cx.class_of(x), cx.class_of(y));
    let (Some(x), Some(y), true) = (x.downcast::<PySpecPart>(cx), y.downcast::<PySpecPart>(cx), same_class)
    else {
        return Ok(cx.not_implemented());
    };
    cx.compare(op, fixed(&x.origin), fixed(&y.origin))
}

fn init_part(cx: &mut Cx, which: Builtin) {
    let mut t = TypeBuilder::new(cx, which, Some(Builtin::Object), class_flag::HAS_WEAKREF);
    let new: NativeFn = match which {
        Builtin::ParamSpecArgs => Full(|cx, a| construct_part(cx, a, Builtin::ParamSpecArgs)),
        _ => Full(|cx, a| construct_part(cx, a, Builtin::ParamSpecKwargs)),
    };
    t.doc(cx, "The positional arguments, or those by name, of a ParamSpec.");
    t.constructor(cx, "($type, *args, **kwargs)", new);
    t.special(cx, Special::Repr, Full(part_repr));
    t.special(cx, Special::Eq, Full(|cx, a| part_equal(cx, a, CompareOp::Eq)));
    t.special(cx, Special::Ne, Full(|cx, a| part_equal(cx, a, CompareOp::Ne)));
    t.method(cx, "__mro_entries__", "($self, object, /)", Full(super::no_base));
    let origin: NativeFn = Leaf(|cx, a| Ok(fixed(&a.this::<PySpecPart>().origin).own(cx)));
    t.getset(cx, "__origin__", origin, Some(Full(readonly)));
    let (none, module) = (cx.none(), cx.str("typing"));
    t.attr(cx, "__hash__", none);
    t.attr(cx, "__module__", module);
}

fn init_fields(cx: &mut Cx, t: &mut TypeBuilder) {
    let fields: [(&str, NativeFn); 5] = [
        ("__name__", Leaf(|cx, a| Ok(fixed(&a.this::<PyParamSpec>().name).own(cx)))),
        (
            "__bound__",
            Leaf(|cx, a| {
                let this = a.this::<PyParamSpec>();
                Ok(this.bound.get(&this.h, cx).unwrap_or_else(|| cx.none()))
            }),
        ),
        ("__covariant__", Leaf(|cx, a| Ok(cx.bool(a.this::<PyParamSpec>().variance[0])))),
        ("__contravariant__", Leaf(|cx, a| Ok(cx.bool(a.this::<PyParamSpec>().variance[1])))),
        ("__infer_variance__", Leaf(|cx, a| Ok(cx.bool(a.this::<PyParamSpec>().variance[2])))),
    ];
    for (name, get) in fields {
        t.getset(cx, name, get, Some(Full(readonly)));
    }
    t.getset(cx, "args", Leaf(|cx, a| Ok(new_part(cx, Builtin::ParamSpecArgs, a.get(0)))), None);
    t.getset(cx, "kwargs", Leaf(|cx, a| Ok(new_part(cx, Builtin::ParamSpecKwargs, a.get(0)))), None);
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyParamSpec>();
    TypeBuilder::declare_with_dict(cx, Builtin::ParamSpec, "typing.ParamSpec", &SPEC_OPS, size);
    let size = size_of::<PySpecPart>();
    TypeBuilder::declare(cx, Builtin::ParamSpecArgs, "typing.ParamSpecArgs", &PART_OPS, size, true);
    TypeBuilder::declare(cx, Builtin::ParamSpecKwargs, "typing.ParamSpecKwargs", &PART_OPS, size, true);
}

pub(super) fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::ParamSpec, Some(Builtin::Object), class_flag::HAS_WEAKREF);
    t.doc(cx, "The parameters of a function, to be filled in.");
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    t.specials(
        cx,
        &[
            (
                Special::Repr,
                Leaf(|cx, a| {
                    let this = a.this::<PyParamSpec>();
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
        Full(|cx, a| call_typing(cx, "_paramspec_subst", &[a.get(0), a.get(1)])),
    );
    t.method(
        cx,
        "__typing_prepare_subst__",
        "($self, alias, args, /)",
        Full(|cx, a| call_typing(cx, "_paramspec_prepare_subst", &[a.get(0), a.get(1), a.get(2)])),
    );
    let reduce: NativeFn = Leaf(|cx, a| Ok(fixed(&a.this::<PyParamSpec>().name).own(cx)));
    t.method(cx, "__reduce__", "($self, /)", reduce);
    init_fields(cx, &mut t);
    super::init_common(cx, &mut t);
    init_part(cx, Builtin::ParamSpecArgs);
    init_part(cx, Builtin::ParamSpecKwargs);
}
