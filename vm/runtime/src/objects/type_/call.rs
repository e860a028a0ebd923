//! Calling a class.

use crate::class::MAX_SHAPE_ATTRS;
use crate::native::Args;
use crate::objects::exception::{self, PyException};
use crate::objects::native::prepended;
use crate::objects::object::PyObject;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use ungil_locks::primitive::Ordering;

/// Instances whose `__init__` is watched to learn how many attribute slots the class's instances need. They have a few to
/// spare, as V8's slack tracking gives the first objects of a constructor.
const WATCHED: u32 = 4;

/// `__init__`, if calling the class means no more than making an instance as `object` or `BaseException` does, and
/// running that Python function.
#[inline]
pub fn plain_init(cx: &Cx, class: &'static PyType) -> Option<Ref<'static>> {
    if class.h.shape_id() != Builtin::Type as u32 || class.has_flag(class_flag::ABSTRACT) {
        return None;
    }
    let maker = if class.has_layout::<PyObject>() {
        Builtin::Object
    } else if class.has_layout::<PyException>() {
        Builtin::BaseException
    } else {
        return None;
    };
    if !class.same_special(cx, cx.builtin(maker), Special::New) {
        return None;
    }
    let init = class.special(cx, Special::Init)?;
    cx.is_exactly(init, Builtin::Function).then_some(init)
}

/// Makes later calls of a class for which [`plain_init`] gave `init` quick, once its layout has been learnt.
#[inline]
pub fn keep_plain_init(cx: &Cx, class: &'static PyType, init: Ref<'_>) {
    if class.plain_init().is_undef()
        && knows_layout(class)
        && class.has_layout::<PyObject>()
        && let Some(new) = class.special(cx, Special::New)
    {
        class.keep_plain_init(new, init);
    }
}

/// A new instance with two references of a class that has a [`PyType::plain_init`], or null if that takes more than a few
/// instructions.
#[inline(always)]
pub fn quick_instance(cx: &Cx, class: &PyType) -> *mut Header {
    let shape = class.root_shape();
    let block = cx.mutator().allocate_quick(shape.head.object_size(size_of::<PyObject>()));
    if block.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: the block has room for header and attribute area; slots are words.
    unsafe {
        block.cast::<Header>().write(Header::with_two_references(shape.head.id));
        if shape.head.attr_offset != 0 {
            let mut slot = block.add(size_of::<PyObject>()).cast::<Value>();
            let last = slot.add(shape.head.attr_inline as usize);
            while slot <= last {
                slot.write(Value::UNDEF);
                slot = slot.add(1);
            }
        }
    }
    block.cast()
}

/// Whether [`learn_layout`] has nothing to do for instances of the class.
#[inline(always)]
pub fn knows_layout(class: &PyType) -> bool {
    // ORD: relaxed; a hint.
    class.instances_watched.load(Ordering::Relaxed) >= WATCHED
}

/// `class(*args)` where that is no more than telling the class of an object, or making an instance as `object` does.
///
/// # Errors
/// `MemoryError`.
#[inline]
pub fn plain_call(cx: &mut Cx, class: &'static PyType, args: &[Value]) -> R<Option<Obj>> {
    if class.builtin == Builtin::Type as usize && args.len() == 1 {
        // SAFETY: the caller keeps the arguments alive.
        return Ok(Some(cx.class_of(unsafe { Ref::from_value(args[0]) }).as_ref().own(cx)));
    }
    let object = cx.builtin(Builtin::Object);
    let plain = args.is_empty()
        && class.h.shape_id() == Builtin::Type as u32
        && !class.has_flag(class_flag::ABSTRACT)
        && class.has_layout::<PyObject>()
        && class.same_special(cx, object, Special::New)
        && class.same_special(cx, object, Special::Init);
    if !plain {
        return Ok(None);
    }
    cx.alloc_for(class, |h| PyObject { h }).map(Some)
}

/// A new instance of a class for which [`plain_init`] gave an answer, not initialised; `args` are the positional
/// arguments of the call.
///
/// # Errors
/// `MemoryError`.
#[inline]
pub fn plain_instance(cx: &mut Cx, class: &'static PyType, args: &[Value]) -> R {
    if class.has_layout::<PyException>() {
        let args = crate::objects::tuple::new_tuple_from_borrowed(cx, args);
        return exception::allocate(cx, class, args);
    }
    cx.alloc_for(class, |h| PyObject { h })
}

/// Watches the first instances of a class to give later ones as many attribute slots as they use.
#[inline]
pub fn learn_layout(cx: &Cx, instance: &Obj) {
    let class = cx.class_of(instance.r());
    if !knows_layout(class) {
        learn_slow(cx, class);
    }
}

#[cold]
#[inline(never)]
fn learn_slow(cx: &Cx, class: &PyType) {
    // ORD: relaxed; a hint, lost updates do no harm.
    let seen = class.instances_watched.load(Ordering::Relaxed).wrapping_add(1);
    class.instances_watched.store(seen, Ordering::Relaxed);
    // Exact objects of built-in types are known by their shape.
    if seen != WATCHED || !class.is_heap() || class.root_shape().dict_mode {
        return;
    }
    let room = room_for(class.most_attributes());
    // ORD: as above.
    if room < class.inline_hint.load(Ordering::Relaxed) {
        class.inline_hint.store(room, Ordering::Relaxed);
        crate::ops::set_root_shape(cx, class, room);
    }
}

/// The class's instances are known to need other room than was thought: what is learnt from the first ones would be wrong.
pub(crate) fn stop_learning(class: &PyType) {
    // ORD: as in `learn_slow`.
    class.instances_watched.store(WATCHED, Ordering::Relaxed);
}

/// Slots for instances that have `attributes`. Large instances get room for one that is set from outside: for want of it they
/// would keep all their attributes in a dict.
pub(super) fn room_for(attributes: u32) -> u32 {
    match attributes.max(1) {
        n @ ..6 => n,
        n => ((n + 1) | 1).min(MAX_SHAPE_ATTRS),
    }
}

/// Calls a class as its metaclass says.
///
/// # Errors
/// What the call raises.
pub fn call_class(cx: &mut Cx, class: &'static PyType, args: Args<'_>, names: Option<&PyTuple>) -> R {
    if names.is_none()
        && let Some(result) = crate::objects::construct::quick_call(cx, class, args)
    {
        return result;
    }
    if names.is_none() && exception::is_plain(cx, class) {
        return exception::new_plain(cx, class, args.values());
    }
    let meta = cx.class_of(class.as_ref());
    if meta.same_special(cx, cx.builtin(Builtin::Type), Special::Call) {
        return new_instance(cx, class, args, names);
    }
    cx.call_values(class.as_ref(), args.values(), names)
}

/// `type.__call__`: `__new__`, then `__init__` if that gave an instance.
///
/// # Errors
/// What they raise.
pub fn new_instance(cx: &mut Cx, class: &'static PyType, args: Args<'_>, names: Option<&PyTuple>) -> R {
    let is_type = std::ptr::eq(class, cx.builtin(Builtin::Type));
    if is_type && names.is_none() && args.len() == 1 {
        return Ok(cx.class_of(args.get(0)).as_ref().own(cx));
    }
    if let Some(make) = class.make.get()
        && let Some(result) = make(cx, class, args, names)
    {
        result.iter().for_each(|instance| learn_layout(cx, instance));
        return result;
    }
    let Some(new) =
        class.special(cx, Special::New).filter(|_| !class.has_flag(class_flag::DISALLOW_INSTANTIATION))
    else {
        let name = class.tp_name();
        return Err(cx.type_error(format!("cannot create '{name}' instances")));
    };
    let new = if cx.is_exactly(new, Builtin::StaticMethod) {
        crate::objects::method::wrapped(cx, new)
    } else if cx.is_exactly(new, Builtin::ClassMethod) {
        cx.get_attr(class.as_ref(), cx.vm.names.new.get())?
    } else {
        new.own(cx)
    };
    let instance = prepended(class.as_ref().value(), args.values(), |all| {
        cx.recursing("", |cx| cx.call_values(new.r(), all, names))
    })?;
    let made = cx.class_of(instance.r());
    if !made.is_subclass(class, cx) {
        return Ok(instance);
    }
    if let Some(init) = made.special(cx, Special::Init) {
        if cx.is_exactly(init, Builtin::WrapperDescriptor)
            && made.same_special(cx, cx.builtin(Builtin::Object), Special::Init)
        {
            check_excess(cx, made, args)?;
            return Ok(instance);
        }
        let result = cx.recursing("", |cx| {
            match cx.is_exactly(init, Builtin::Function) || init_is_native(cx, init) {
                true => prepended(instance.value(), args.values(), |all| cx.call_values(init, all, names)),
                false => {
                    let bound = cx.bind_special(init, instance.r())?;
                    cx.call_values(bound.r(), args.values(), names)
                }
            }
        })?;
        if !result.value().is_none() {
            let got = cx.type_name(result.r());
            return Err(cx.type_error(format!("__init__() should return None, not '{got}'")));
        }
        learn_layout(cx, &instance);
    }
    Ok(instance)
}

fn init_is_native(cx: &Cx, init: Ref<'_>) -> bool {
    cx.is_exactly(init, Builtin::WrapperDescriptor) || cx.is_exactly(init, Builtin::MethodDescriptor)
}

/// `object.__init__` takes no arguments unless `__new__` is overridden.
fn check_excess(cx: &mut Cx, class: &PyType, args: Args<'_>) -> R<()> {
    let own_new = !class.same_special(cx, cx.builtin(Builtin::Object), Special::New);
    if args.is_empty() || own_new {
        return Ok(());
    }
    let name = class.name();
    Err(cx.type_error(format!("{name}() takes no arguments")))
}
