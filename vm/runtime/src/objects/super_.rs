//! `super`.

use crate::objects::cell::PyCell;
use crate::prelude::*;
use ungil_bytecode::Op;

/// A `super` object: looks attributes up behind `class` in the MRO of what `this` is.
#[repr(C)]
pub struct PySuper {
    pub h: Header,
    class: Slot,
    this: Slot,
    /// The class whose MRO is searched.
    of: Slot,
}

impl PySuper {
    fn slots(&self) -> [&Slot; 3] {
        [&self.class, &self.this, &self.of]
    }
}

unsafe fn super_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a super object.
    unsafe { (*h.cast::<PySuper>()).slots().iter().for_each(|slot| visit(slot.peek())) }
}

unsafe fn super_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a super object that nobody else reaches.
    unsafe { (*h.cast::<PySuper>()).slots().iter().for_each(|slot| slot.clear(m)) }
}

pub static SUPER_OPS: TypeOps = TypeOps {
    name: "super",
    size: |_| size_of::<PySuper>(),
    trace: Some(super_trace),
    drop_fields: Some(super_drop),
    needs_finalizer: crate::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PySuper {
    const OPS: &'static TypeOps = &SUPER_OPS;
}

/// The class whose MRO `super(class, this)` searches.
fn start(cx: &mut Cx, class: &'static PyType, this: Ref<'_>) -> R<&'static PyType> {
    if let Some(own) = PyType::from_ref(this, cx).filter(|c| c.is_subclass(class, cx)) {
        return Ok(own);
    }
    let own = cx.class_of(this);
    if own.is_subclass(class, cx) {
        return Ok(own);
    }
    if let Some(claimed) = cx.get_attr_opt(this, cx.vm.names.class.get())?
        && let Some(claimed) = PyType::from_ref(claimed.r(), cx).filter(|c| c.is_subclass(class, cx))
    {
        return Ok(claimed);
    }
    let (what, name) = match PyType::from_ref(this, cx) {
        Some(own) => ("type", own.name()),
        None => ("instance of", cx.type_name(this)),
    };
    let class = class.name();
    Err(cx.type_error(format!(
        "super(type, obj): obj ({what} {name}) is not an instance or subtype of type ({class})."
    )))
}

/// The attribute behind `class` in the MRO of `of`, bound to `this`; `None` if there is none.
fn find(
    cx: &mut Cx,
    class: &'static PyType,
    this: Ref<'_>,
    of: &'static PyType,
    name: Ref<'_>,
) -> R<Option<Obj>> {
    if of.has_flag(class_flag::INCOMPLETE) {
        return Ok(None);
    }
    let mro = of.mro();
    let behind = mro.iter().position(|c| std::ptr::eq(*c, class)).map_or(0, |i| i + 1);
    for candidate in &mro[behind..] {
        let Some(found) = candidate.dict(cx).get_str(cx, name) else { continue };
        let Some(get) = cx.class_of(found.r()).special(cx, Special::Get) else { return Ok(Some(found)) };
        let instance = if this.is(of.as_ref()) { Ref::immediate(Value::NONE) } else { this };
        return cx.call_get(get, found.r(), instance, of.as_ref()).map(Some);
    }
    Ok(None)
}

/// `super(class, this).name` without making the super object, if `global` is the builtin.
///
/// # Errors
/// `AttributeError`, `TypeError`, or what descriptors raise.
pub fn load_attr(cx: &mut Cx, global: Ref<'_>, class: Ref<'_>, this: Ref<'_>, name: Ref<'_>) -> R {
    if global.is(cx.builtin(Builtin::Super).as_ref())
        && let Some(class) = PyType::from_ref(class, cx)
        && !name.is(cx.vm.names.class.get())
    {
        let of = start(cx, class, this)?;
        if let Some(found) = find(cx, class, this, of, name)? {
            return Ok(found);
        }
    }
    // Another `super`: it gets the arguments that the source gives it.
    let object = match !global.is(cx.builtin(Builtin::Super).as_ref()) && is_bare(cx) {
        true => cx.call(global, &[])?,
        false => cx.call(global, &[class, this])?,
    };
    cx.get_attr(object.r(), name)
}

/// Whether the instruction that the thread is at stands for `super()` without arguments: the class then comes from the
/// variable `__class__`.
fn is_bare(cx: &Cx) -> bool {
    let (regs, ip) = (cx.regs.get(), cx.ip.get());
    if regs.is_null() {
        return false;
    }
    let code = crate::interp::frame::Frame(regs).code();
    let (end, mut at) = (code.offset_of(ip), 0);
    let Some(class) = code.running().compiled(end).map(|i| i.b + 1) else {
        return false;
    };
    let mut from_variable = false;
    while at < end {
        let Some(instr) = code.running().compiled(at) else { return false };
        if instr.a == class {
            let name = code.head.free_names.iter().nth(instr.b as usize);
            from_variable = instr.op == Op::LoadFree && name == Some("__class__");
        }
        at += instr.op.words();
    }
    from_variable
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Super, "super", &SUPER_OPS, size_of::<PySuper>(), true);
}

fn super_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    cx.alloc_for(class, |h| PySuper { h, class: Slot::empty(), this: Slot::empty(), of: Slot::empty() })
}

/// `__class__` and the first argument of the calling method, for `super()`.
fn implicit(cx: &mut Cx) -> R<(Obj, Obj)> {
    let regs = cx.regs.get();
    if regs.is_null() {
        return Err(cx.runtime_error("super(): no current frame"));
    }
    let frame = crate::interp::frame::Frame(regs);
    let code = frame.code();
    if code.head.arg_count == 0 {
        return Err(cx.runtime_error("super(): no arguments"));
    }
    // SAFETY: the first local of a running frame.
    let first = unsafe { Obj::from_borrowed(*regs, cx) };
    let first = match first.downcast::<PyCell>(cx) {
        Some(cell) if code.running().cell_registers.contains(&0) => cell.get(cx),
        _ => Some(first).filter(|v| !v.value().is_undef()),
    };
    let Some(first) = first else { return Err(cx.runtime_error("super(): arg[0] deleted")) };
    let Some(i) = code.head.free_names.iter().position(|n| n == "__class__") else {
        return Err(cx.runtime_error("super(): __class__ cell not found"));
    };
    match frame.function().free_cell(i).get(cx) {
        Some(class) => Ok((class, first)),
        None => Err(cx.runtime_error("super(): empty __class__ cell")),
    }
}

fn super_init(cx: &mut Cx, a: Args<'_>) -> R {
    let (class, this) = match (a.opt(1), a.opt_not_none(2)) {
        (None, _) => {
            let (class, this) = implicit(cx)?;
            (class, Some(this))
        }
        (Some(class), this) => (class.own(cx), this.map(|t| t.own(cx))),
    };
    let Some(payload) = PyType::from_ref(class.r(), cx) else {
        let got = cx.type_name(class.r());
        return Err(cx.type_error(format!("super() argument 1 must be a type, not {got}")));
    };
    let s = a.this::<PySuper>();
    if let Some(this) = this {
        let of = start(cx, payload, this.r())?;
        s.of.set(&s.h, cx, of.as_ref().own(cx));
        s.this.set(&s.h, cx, this);
    }
    s.class.set(&s.h, cx, class);
    Ok(cx.none())
}

fn super_getattribute(cx: &mut Cx, a: Args<'_>) -> R {
    crate::ops::check_name(cx, a.get(1))?;
    let s = a.this::<PySuper>();
    let (class, this, of) = (s.class.get(&s.h, cx), s.this.get(&s.h, cx), s.of.get(&s.h, cx));
    if let (Some(class), Some(this), Some(of)) = (class, this, of)
        && !a.get(1).is(cx.vm.names.class.get())
        && let (Some(class), Some(of)) = (PyType::from_ref(class.r(), cx), PyType::from_ref(of.r(), cx))
    {
        let name = crate::objects::str::intern_obj(cx, a.get(1).own(cx));
        if let Some(found) = find(cx, class, this.r(), of, name.r())? {
            return Ok(found);
        }
    }
    crate::ops::generic_get_attr(cx, a.get(0), a.get(1))
}

fn super_get(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PySuper>();
    match (a.opt_not_none(1), s.this.get(&s.h, cx), s.class.get(&s.h, cx)) {
        (Some(v), None, Some(class)) => {
            let kind = cx.class_of(a.get(0)).as_ref();
            cx.call(kind, &[class.r(), v])
        }
        _ => Ok(a.get(0).own(cx)),
    }
}

fn super_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PySuper>();
    let name = |v: Option<Obj>| v.and_then(|v| PyType::from_ref(v.r(), cx)).map(|c| c.name());
    let class = name(s.class.get(&s.h, cx)).unwrap_or_else(|| "NULL".into());
    Ok(match name(s.of.get(&s.h, cx)) {
        Some(of) => cx.str(&format!("<super: <class '{class}'>, <{of} object>>")),
        None => cx.str(&format!("<super: <class '{class}'>, NULL>")),
    })
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::Super, Some(Builtin::Object), class_flag::BASETYPE);
    t.constructor(cx, "($cls, /, *args, **kwargs)", Full(super_new))
        .method(
            cx,
            "__init__",
            "($self, type=<unrepresentable>, object=<unrepresentable>, /)",
            Full(super_init),
        )
        .special(cx, Special::GetAttribute, Full(super_getattribute))
        .special(cx, Special::Get, Full(super_get))
        .special(cx, Special::Repr, Full(super_repr))
        .getset(
            cx,
            "__thisclass__",
            Full(|cx, a| {
                Ok(a.this::<PySuper>().class.get(&a.this::<PySuper>().h, cx).unwrap_or_else(|| cx.none()))
            }),
            None,
        )
        .getset(
            cx,
            "__self__",
            Full(|cx, a| {
                Ok(a.this::<PySuper>().this.get(&a.this::<PySuper>().h, cx).unwrap_or_else(|| cx.none()))
            }),
            None,
        )
        .getset(
            cx,
            "__self_class__",
            Full(|cx, a| {
                Ok(a.this::<PySuper>().of.get(&a.this::<PySuper>().h, cx).unwrap_or_else(|| cx.none()))
            }),
            None,
        );
}
