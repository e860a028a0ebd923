//! `typing.Union` (also `types.UnionType`): `int | str`.
//!
//! Immutable once made but for `__parameters__`, which is computed when first asked for; threads that race for it
//! compute the same.

use crate::objects::generic_alias::{call_typing, type_text};
use crate::objects::iter::fixed;
use crate::objects::set::{PySet, new_frozenset};
use crate::objects::str::PyStr;
use crate::objects::subst;
use crate::objects::sync::slot_ops;
use crate::objects::tuple::PyTuple;
use crate::objects::typevar::PyTypeAlias;
use crate::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyUnion {
    pub h: Header,
    /// Tuple of the members in order.
    args: Slot,
    /// Frozenset of those that can be hashed.
    hashable: Slot,
    /// Tuple of the others.
    unhashable: Slot,
    parameters: Slot,
}

slot_ops!(UNION_OPS, PyUnion, "typing.Union", args, hashable, unhashable, parameters);

/// The members of a union that is being made, duplicates removed.
struct Members {
    args: Vec<Obj>,
    hashable: Obj,
    unhashable: Vec<Obj>,
}

impl Members {
    fn new(cx: &Cx) -> Members {
        Members { args: Vec::new(), hashable: PySet::new(cx), unhashable: Vec::new() }
    }

    /// Adds a member, or those of a union. `check` wants it to be something that can stand for a type.
    fn add(&mut self, cx: &mut Cx, v: Ref<'_>, check: bool) -> R<()> {
        if v.value().is_none() {
            return self.add_single(cx, cx.builtin(Builtin::NoneType).as_ref());
        }
        if let Some(union) = v.downcast::<PyUnion>(cx) {
            for &member in union.members(cx) {
                self.add_single(cx, member)?;
            }
            return Ok(());
        }
        if !check {
            return self.add_single(cx, v);
        }
        let checked = check_type(cx, v, "Union[arg, ...]: each arg must be a type.")?;
        self.add_single(cx, checked.r())
    }

    fn add_single(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        if cx.hash(v).is_ok() {
            let set: &PySet = self.hashable.downcast(cx).expect("a set");
            if set.contains(cx, v)? {
                return Ok(());
            }
            set.add(cx, v.own(cx))?;
        } else {
            if contains(cx, &self.unhashable, v)? {
                return Ok(());
            }
            self.unhashable.push(v.own(cx));
        }
        self.args.push(v.own(cx));
        Ok(())
    }

    fn finish(mut self, cx: &mut Cx) -> R {
        match self.args.len() {
            0 => return Err(cx.type_error("Cannot take a Union of no types.")),
            1 => return Ok(self.args.remove(0)),
            _ => {}
        }
        let known = self.hashable.downcast::<PySet>(cx).map(|s| s.snapshot(cx)).unwrap_or_default();
        let hashable = Slot::new(new_frozenset(cx, known)?);
        let (args, unhashable) = (Slot::new(cx.tuple(self.args)), Slot::new(cx.tuple(self.unhashable)));
        let parameters = Slot::empty();
        Ok(cx.alloc(Builtin::UnionType, |h| PyUnion { h, args, hashable, unhashable, parameters }))
    }
}

fn contains(cx: &mut Cx, items: &[Obj], v: Ref<'_>) -> R<bool> {
    for item in items {
        if cx.equal(item.r(), v)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What `typing` takes for a type (strings become forward references).
///
/// # Errors
/// `TypeError` beginning with `message`.
pub fn check_type(cx: &mut Cx, v: Ref<'_>, message: &str) -> R {
    if v.value().is_none() {
        return Ok(cx.builtin(Builtin::NoneType).as_ref().own(cx));
    }
    let message = cx.str(message);
    call_typing(cx, "_type_check", &[v, message.r()])
}

impl PyUnion {
    /// What the union is of.
    pub fn members(&self, cx: &Cx) -> &[Ref<'_>] {
        fixed(&self.args).downcast::<PyTuple>(cx).map(PyTuple::items).unwrap_or_default()
    }

    fn unhashable(&self, cx: &Cx) -> &[Ref<'_>] {
        fixed(&self.unhashable).downcast::<PyTuple>(cx).map(PyTuple::items).unwrap_or_default()
    }
}

fn is_unionable(cx: &Cx, v: Ref<'_>) -> bool {
    v.value().is_none()
        || PyType::from_ref(v, cx).is_some()
        || v.downcast::<crate::objects::generic_alias::PyGenericAlias>(cx).is_some()
        || v.downcast::<PyUnion>(cx).is_some()
        || v.downcast::<PyTypeAlias>(cx).is_some()
}

fn union_of(cx: &mut Cx, items: &[Ref<'_>], check: bool) -> R {
    let mut members = Members::new(cx);
    for &item in items {
        members.add(cx, item, check)?;
    }
    members.finish(cx)
}

/// `a | b` of types; `NotImplemented` if one of them is no type.
///
/// # Errors
/// What comparing the members raises.
pub fn type_or(cx: &mut Cx, a: Ref<'_>, b: Ref<'_>) -> R {
    if !is_unionable(cx, a) || !is_unionable(cx, b) {
        return Ok(cx.not_implemented());
    }
    union_of(cx, &[a, b], false)
}

/// `Union[a, b]` as type parameters do it: strings are forward references.
///
/// # Errors
/// `TypeError` for what cannot stand for a type.
pub fn checked_or(cx: &mut Cx, a: Ref<'_>, b: Ref<'_>) -> R {
    union_of(cx, &[a, b], true)
}

/// `__or__` of what [`type_or`] knows.
pub(crate) fn or(cx: &mut Cx, a: Args<'_>) -> R {
    type_or(cx, a.get(0), a.get(1))
}

/// `__ror__` of what [`type_or`] knows.
pub(crate) fn ror(cx: &mut Cx, a: Args<'_>) -> R {
    type_or(cx, a.get(1), a.get(0))
}

fn class_getitem(cx: &mut Cx, a: Args<'_>) -> R {
    match a.get(1).downcast::<PyTuple>(cx) {
        Some(items) => union_of(cx, items.items(), true),
        None => union_of(cx, &[a.get(1)], true),
    }
}

fn parameters(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyUnion>();
    if let Some(known) = this.parameters.get(&this.h, cx) {
        return Ok(known);
    }
    let made = subst::parameters(cx, fixed(&this.args))?;
    this.parameters.set(&this.h, cx, made.clone());
    Ok(made)
}

fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let parameters = parameters(cx, a)?;
    let args = fixed(&a.this::<PyUnion>().args);
    let substituted = subst::substitute(cx, a.get(0), args, parameters.r(), a.get(1))?;
    let items = substituted.downcast::<PyTuple>(cx).map(PyTuple::items).unwrap_or_default();
    union_of(cx, items, true)
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let mut parts = Vec::new();
    for &member in a.this::<PyUnion>().members(cx) {
        parts.push(type_text(cx, member)?);
    }
    Ok(cx.str(&parts.join(" | ")))
}

fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyUnion>();
    let unhashable = this.unhashable(cx);
    for &v in unhashable {
        cx.hash(v)?;
    }
    if !unhashable.is_empty() {
        // They can be hashed by now; the union still cannot, since others may equal it.
        let n = unhashable.len();
        return Err(cx.type_error(format!("union contains {n} unhashable elements")));
    }
    let hash = cx.hash(fixed(&this.hashable))?;
    Ok(cx.int(hash))
}

/// Whether all of `a` are in `b`.
fn all_in(cx: &mut Cx, a: &[Ref<'_>], b: &[Ref<'_>]) -> R<bool> {
    for &x in a {
        let mut found = false;
        for &y in b {
            found = found || cx.equal(x, y)?;
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let this = a.this::<PyUnion>();
    let Some(other) = a.get(1).downcast::<PyUnion>(cx) else { return Ok(cx.not_implemented()) };
    let (x, y) = (this.unhashable(cx), other.unhashable(cx));
    let same = cx.equal(fixed(&this.hashable), fixed(&other.hashable))?
        && x.len() == y.len()
        && all_in(cx, x, y)?
        && all_in(cx, y, x)?;
    Ok(cx.bool(same == (op == CompareOp::Eq)))
}

fn getattribute(cx: &mut Cx, a: Args<'_>) -> R {
    let is_module = a.get(1).downcast::<PyStr>(cx).is_some_and(|s| s.as_bytes() == b"__module__");
    match is_module {
        // Not the class's own descriptor for it, which is that of `type`.
        true => cx.get_attr(cx.builtin(Builtin::UnionType).as_ref(), a.get(1)),
        false => crate::ops::generic_get_attr(cx, a.get(0), a.get(1)),
    }
}

fn mro_entries(cx: &mut Cx, a: Args<'_>) -> R {
    let text = cx.repr_string(a.get(0))?;
    Err(cx.type_error(format!("Cannot subclass {text}")))
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::UnionType, "typing.Union", &UNION_OPS, size_of::<PyUnion>(), true);
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION | class_flag::HAS_WEAKREF;
    let mut t = TypeBuilder::new(cx, Builtin::UnionType, Some(Builtin::Object), flags);
    t.doc(cx, "A type that is any of several types, as int | str is.");
    t.specials(
        cx,
        &[
            (Special::Repr, Full(repr)),
            (Special::Hash, Full(hash)),
            (Special::GetAttribute, Full(getattribute)),
            (Special::Eq, Full(|cx, a| equal(cx, a, CompareOp::Eq))),
            (Special::Ne, Full(|cx, a| equal(cx, a, CompareOp::Ne))),
            (Special::Or, Full(or)),
            (Special::ROr, Full(ror)),
            (Special::GetItem, Full(getitem)),
        ],
    );
    t.method(cx, "__mro_entries__", "($self, object, /)", Full(mro_entries));
    t.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    t.getset(cx, "__args__", Leaf(|cx, a| Ok(fixed(&a.this::<PyUnion>().args).own(cx))), None);
    t.getset(cx, "__name__", Leaf(|cx, _| Ok(cx.str("Union"))), None);
    t.getset(cx, "__qualname__", Leaf(|cx, _| Ok(cx.str("Union"))), None);
    let origin: NativeFn = Leaf(|cx, _| Ok(cx.builtin(Builtin::UnionType).as_ref().own(cx)));
    t.getset(cx, "__origin__", origin, None);
    t.getset(cx, "__parameters__", Full(parameters), None);
}
