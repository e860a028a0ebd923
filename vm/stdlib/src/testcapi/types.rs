//! Native types with properties that tests ask for.

use std::sync::OnceLock;
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::sync::slot_ops;
use ungil_runtime::prelude::*;

/// An object that holds another: `ContainerNoGC`, which the cycle collector does not look into, and `awaitType`, which gives what it
/// holds as the iterator to await.
#[repr(C)]
struct PyHolder {
    h: Header,
    held: Slot,
}

slot_ops!(AWAIT_OPS, PyHolder, "_testcapi.awaitType", held);

/// The same, for objects that the collector counts among those without references.
static CONTAINER_OPS: TypeOps = TypeOps { name: "_testcapi.ContainerNoGC", ..AWAIT_OPS };

static AWAIT: OnceLock<&'static PyType> = OnceLock::new();
static CONTAINER: OnceLock<&'static PyType> = OnceLock::new();

fn make(cx: &mut Cx, class: Ref<'_>, held: Ref<'_>) -> R {
    let Some(class) = class.downcast::<PyType>(cx) else { return Err(cx.type_error("no class")) };
    let held = held.own(cx);
    cx.alloc_for(class, |h| PyHolder { h, held: Slot::new(held) })
}

fn held(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyHolder>();
    Ok(this.held.get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

fn await_new(cx: &mut Cx, a: Args<'_>) -> R {
    let given = a.varargs(cx, 1);
    let &[iterator] = given else {
        return Err(cx.type_error(format!("awaitObject expected 1 argument, got {}", given.len())));
    };
    make(cx, a.get(0), iterator)
}

pub(super) fn add_to(cx: &mut Cx, module: &Obj) {
    let class = *AWAIT.get_or_init(|| {
        let mut t = TypeBuilder::native_type(cx, "awaitType", &AWAIT_OPS, size_of::<PyHolder>(), true, 0);
        t.constructor(cx, "($cls, *args)", Full(await_new));
        t.special(cx, Special::Await, Full(held));
        t.class()
    });
    let class = class.as_ref().own(cx);
    add(cx, module, "awaitType", class);
    let class = *CONTAINER.get_or_init(|| {
        let flags = class_flag::BASETYPE;
        let size = size_of::<PyHolder>();
        let mut t =
            TypeBuilder::native_type(cx, "_testcapi.ContainerNoGC", &CONTAINER_OPS, size, false, flags);
        t.constructor(cx, "($cls, value)", Full(|cx, a| make(cx, a.get(0), a.get(1))));
        t.member(cx, "value", Full(held));
        t.class()
    });
    let class = class.as_ref().own(cx);
    add(cx, module, "ContainerNoGC", class);
}

/// A descriptor's `__get__`, which calls the class that it is asked for and gives the descriptor.
pub(super) fn bad_get(cx: &mut Cx, a: Args<'_>) -> R {
    let result = cx.call(a.get(2), &[])?;
    drop(result);
    let this = a.get(0);
    cx.repr(this)
}

static FUNCTION: NativeDef = NativeDef::new("a", "(x, /)", Leaf(|cx, a| Ok(a.get(0).own(cx))));

/// A new native function each time.
pub(super) fn create_function(cx: &mut Cx, _: Args<'_>) -> R {
    Ok(ungil_runtime::objects::native::new_function(cx, &FUNCTION, None))
}

/// Makes `__tp_del__` of a class what C types had before PEP 442 in place of a finalizer.
pub(super) fn with_tp_del(cx: &mut Cx, a: Args<'_>) -> R {
    match PyType::from_ref(a.get(0), cx).filter(|class| class.is_heap()) {
        Some(class) => {
            class.ends_in_the_old_way();
            Ok(a.get(0).own(cx))
        }
        None => {
            let shown = cx.repr_string(a.get(0))?;
            Err(cx.type_error(format!("heap type expected, got {shown}")))
        }
    }
}
