//! Descriptors of the attributes that `__slots__` names, and of those that built-in types show of themselves.

use crate::class::Shape;
use crate::prelude::*;

/// A slot attribute.
#[repr(C)]
pub struct PyMember {
    pub h: Header,
    pub name: Slot,
    /// The class whose `__slots__` it is of.
    owner: Slot,
    pub index: u32,
    /// What reads the attribute of a built-in type, which nothing can set; slots have none.
    native: Option<NativeFn>,
}

impl PyMember {
    pub fn owner(&self) -> &PyType {
        // SAFETY: the slot holds a class from birth to end.
        unsafe { Ref::from_value(self.owner.peek()).cast_unchecked() }
    }
}

unsafe fn member_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a member descriptor.
    let m = unsafe { &*h.cast::<PyMember>() };
    visit(m.name.peek());
    visit(m.owner.peek());
}

unsafe fn member_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a member descriptor that nobody else reaches.
    let member = unsafe { &*h.cast::<PyMember>() };
    member.name.clear(m);
    member.owner.clear(m);
}

pub static MEMBER_OPS: TypeOps = TypeOps {
    name: "member_descriptor",
    size: |_| size_of::<PyMember>(),
    trace: Some(member_trace),
    drop_fields: Some(member_drop),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyMember {
    const OPS: &'static TypeOps = &MEMBER_OPS;
}

pub fn new_member(cx: &Cx, owner: &PyType, name: Obj, index: u32) -> Obj {
    let owner = Slot::new(owner.as_ref().own(cx));
    cx.alloc(Builtin::MemberDescriptor, |h| PyMember { h, name: Slot::new(name), owner, index, native: None })
}

/// A descriptor of what a built-in type shows and nothing can set.
pub fn new_native_member(cx: &Cx, owner: &PyType, name: Obj, get: NativeFn) -> Obj {
    let owner = Slot::new(owner.as_ref().own(cx));
    cx.alloc(Builtin::MemberDescriptor, |h| PyMember {
        h,
        name: Slot::new(name),
        owner,
        index: 0,
        native: Some(get),
    })
}

impl PyMember {
    /// Whether it is one of `__slots__`.
    pub fn is_slot(&self) -> bool {
        self.native.is_none()
    }
}

/// The byte offset of a slot attribute in objects of a shape, if the descriptor is one of such.
pub fn member_offset(cx: &Cx, descriptor: Ref<'_>, shape: &Shape) -> Option<u32> {
    let m = descriptor.downcast::<PyMember>(cx).filter(|m| m.is_slot())?;
    shape.byte_offset(m.index)
}

/// Refuses objects that are no instances of the class.
fn check_owner(cx: &mut Cx, m: &PyMember, v: Ref<'_>) -> R<()> {
    let owner = m.owner();
    if !cx.class_of(v).is_subclass(owner, cx) {
        let name = m.name.get(&m.h, cx).map(|n| cx.text_of(n.r())).unwrap_or_default();
        let (class, got) = (owner.name(), cx.type_name(v));
        return Err(cx.type_error(format!(
            "descriptor '{name}' for '{class}' objects doesn't apply to a '{got}' object"
        )));
    }
    Ok(())
}

/// The slot in an instance.
fn slot_of<'t>(cx: &mut Cx, m: &PyMember, v: Ref<'t>) -> R<(&'t Slot, &'t Header)> {
    check_owner(cx, m, v)?;
    let Some(h) = v.header().filter(|_| m.is_slot()) else {
        return Err(cx.error(Builtin::AttributeError, "readonly attribute"));
    };
    // SAFETY: the object is alive for `'t`; instances of the class have the slot.
    let area: &'t [Slot] = unsafe { cx.shape_of(h).head.attr_area(v.value().ptr()) };
    Ok((&area[1 + m.index as usize], h))
}

fn member_get(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt_not_none(1) else { return Ok(a.get(0).own(cx)) };
    let m = a.this::<PyMember>();
    if let Some(get) = m.native {
        check_owner(cx, m, v)?;
        return get.call(cx, Args::new(&[v.value()]));
    }
    let (slot, h) = slot_of(cx, m, v)?;
    match slot.get(h, cx) {
        Some(found) => Ok(found),
        None => Err(unset(cx, m, v)),
    }
}

fn unset(cx: &mut Cx, m: &PyMember, v: Ref<'_>) -> Err {
    let name = m.name.get(&m.h, cx).unwrap_or_else(|| cx.none());
    let (text, class) = (cx.text_of(name.r()), super::full_name(cx, cx.class_of(v)));
    cx.attribute_error(v, name.r(), &format!("'{class}' object has no attribute '{text}'"))
}

fn member_set(cx: &mut Cx, a: Args<'_>) -> R {
    let (slot, h) = slot_of(cx, a.this::<PyMember>(), a.get(1))?;
    slot.set(h, cx, a.get(2).own(cx));
    Ok(cx.none())
}

fn member_delete(cx: &mut Cx, a: Args<'_>) -> R {
    let m = a.this::<PyMember>();
    let (slot, h) = slot_of(cx, m, a.get(1))?;
    match slot.take(h, cx) {
        Some(old) => drop(old),
        None => {
            let name = m.name.get(&m.h, cx).map(|n| cx.text_of(n.r())).unwrap_or_default();
            return Err(cx.error(Builtin::AttributeError, &name));
        }
    }
    Ok(cx.none())
}

fn member_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let m = a.this::<PyMember>();
    let name = m.name.get(&m.h, cx).map(|n| cx.text_of(n.r())).unwrap_or_default();
    let class = m.owner().name();
    Ok(cx.str(&format!("<member '{name}' of '{class}' objects>")))
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(
        cx,
        Builtin::MemberDescriptor,
        "member_descriptor",
        &MEMBER_OPS,
        size_of::<PyMember>(),
        true,
    );
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::MemberDescriptor, Some(Builtin::Object), 0);
    let doc = |cx: &Cx, a: Args<'_>| {
        let m = a.this::<PyMember>();
        let name = m.name.get(&m.h, cx).map(|n| cx.text_of(n.r())).unwrap_or_default();
        let text = crate::builtins::docs::of_attribute(m.owner(), &name);
        Ok(text.map_or_else(|| cx.none(), |text| cx.str(text)))
    };
    t.getset(cx, "__doc__", Leaf(doc), None);
    t.special(cx, Special::Get, Full(member_get))
        .special(cx, Special::Set, Full(member_set))
        .special(cx, Special::Delete, Full(member_delete))
        .special(cx, Special::Repr, Full(member_repr))
        .getset(
            cx,
            "__name__",
            Full(|cx, a| {
                Ok(a.this::<PyMember>().name.get(&a.this::<PyMember>().h, cx).unwrap_or_else(|| cx.none()))
            }),
            None,
        )
        .getset(
            cx,
            "__qualname__",
            Full(|cx, a| {
                let m = a.this::<PyMember>();
                let class = cx.get_attr(m.owner().as_ref(), cx.vm.names.qualname.get())?;
                let name = m.name.get(&m.h, cx).map(|n| cx.text_of(n.r())).unwrap_or_default();
                let class = cx.text_of(class.r());
                Ok(cx.str(&format!("{class}.{name}")))
            }),
            None,
        )
        .getset(cx, "__objclass__", Full(|cx, a| Ok(a.this::<PyMember>().owner().as_ref().own(cx))), None);
}
