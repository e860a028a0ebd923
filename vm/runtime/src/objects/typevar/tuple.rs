//! `typing.TypeVarTuple`.

use super::Lazy;
use crate::objects::construct::readonly;
use crate::objects::generic_alias::call_typing;
use crate::objects::iter::fixed;
use crate::objects::sync::slot_ops;
use crate::prelude::*;

/// Any number of types, to be filled in.
#[repr(C)]
pub struct PyTypeVarTuple {
    pub h: Header,
    name: Slot,
    default: Slot,
    evaluate_default: Slot,
}

slot_ops!(OPS, PyTypeVarTuple, "typing.TypeVarTuple", name, default, evaluate_default);

/// A new one.
///
/// # Errors
/// `MemoryError`.
pub(super) fn new_type_var_tuple(cx: &mut Cx, name: Obj, default: Option<Obj>) -> R {
    let class = cx.builtin(Builtin::TypeVarTuple);
    cx.alloc_for(class, |h| PyTypeVarTuple {
        h,
        name: Slot::new(name),
        default: super::slot_of(default),
        evaluate_default: Slot::empty(),
    })
}

static ARGUMENTS: NativeDef =
    super::signature("typevartuple", "($type, /, name, *, default=typing.NoDefault)");

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let window = super::rebind(cx, a, &ARGUMENTS)?;
    let name = super::name_argument(cx, &window[1], "typevartuple")?;
    let default = Args::of(&window).opt(2).map(|v| v.own(cx));
    let made = new_type_var_tuple(cx, name, default)?;
    super::set_module(cx, &made)?;
    Ok(made)
}

impl PyTypeVarTuple {
    pub(super) fn default(&self) -> Lazy<'_> {
        Lazy { header: &self.h, value: &self.default, evaluate: &self.evaluate_default }
    }
}

fn iterate(cx: &mut Cx, a: Args<'_>) -> R {
    let unpacked = super::unpack(cx, a.get(0))?;
    let one = cx.tuple(vec![unpacked]);
    cx.iter(one.r())
}

pub(super) fn declare(cx: &Cx) {
    let size = size_of::<PyTypeVarTuple>();
    TypeBuilder::declare_with_dict(cx, Builtin::TypeVarTuple, "typing.TypeVarTuple", &OPS, size);
}

pub(super) fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::TypeVarTuple, Some(Builtin::Object), class_flag::HAS_WEAKREF);
    t.doc(cx, "Any number of types, to be filled in.");
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    let name: NativeFn = Leaf(|cx, a| Ok(fixed(&a.this::<PyTypeVarTuple>().name).own(cx)));
    t.special(cx, Special::Repr, name);
    t.special(cx, Special::Iter, Full(iterate));
    t.method(
        cx,
        "__typing_subst__",
        "($self, arg, /)",
        Full(|cx, _| Err(cx.type_error("Substitution of bare TypeVarTuple is not supported"))),
    );
    t.method(
        cx,
        "__typing_prepare_subst__",
        "($self, alias, args, /)",
        Full(|cx, a| call_typing(cx, "_typevartuple_prepare_subst", &[a.get(0), a.get(1), a.get(2)])),
    );
    t.method(cx, "__reduce__", "($self, /)", name);
    t.getset(cx, "__name__", name, Some(Full(readonly)));
    super::init_common(cx, &mut t);
}
