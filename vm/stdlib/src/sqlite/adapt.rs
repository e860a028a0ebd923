//! Values that SQLite does not know: adapters make values that it knows of them, converters do the reverse.

use super::ClassCell;
use super::errors::PROGRAMMING;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use ungil_runtime::SharedValue;
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

static PROTOCOL: ClassCell = ClassCell::new();
static ADAPTERS: OnceLock<SharedValue> = OnceLock::new();
static CONVERTERS: OnceLock<SharedValue> = OnceLock::new();
/// Whether there is an adapter for a type that SQLite knows.
static BASE_ADAPTED: AtomicBool = AtomicBool::new(false);

/// Nothing but its class, which names what values are to be adapted for.
#[repr(C)]
struct PyProtocol {
    h: Header,
}

slot_ops!(PROTOCOL_OPS, PyProtocol, "sqlite3.PrepareProtocol");

/// The class `PrepareProtocol`.
pub(super) fn protocol(cx: &mut Cx) -> &'static PyType {
    match PROTOCOL.get() {
        Some(class) => class,
        None => {
            let (size, flags) = (size_of::<PyProtocol>(), class_flag::BASETYPE);
            let mut b =
                TypeBuilder::native_type(cx, "sqlite3.PrepareProtocol", &PROTOCOL_OPS, size, false, flags);
            b.doc(cx, "What values are adapted for: the parameters of statements.");
            b.constructor(
                cx,
                "($type, *args, **kwargs)",
                Full(|cx, a| {
                    let class = class_argument(cx, a);
                    cx.alloc_for::<PyProtocol>(class, |h| PyProtocol { h })
                }),
            );
            b.method(cx, "__init__", "($self, /, *args, **kwargs)", Leaf(|cx, _| Ok(cx.none())));
            PROTOCOL.get_or_init(|| b.class())
        }
    }
}

fn known<'a>(cx: &'a Cx, which: &OnceLock<SharedValue>) -> Option<&'a PyDict> {
    which.get()?.get().downcast::<PyDict>(cx)
}

/// Makes the tables of adapters and converters.
pub(super) fn init(cx: &mut Cx, module: &Obj) {
    for (name, which) in [("adapters", &ADAPTERS), ("converters", &CONVERTERS)] {
        if which.get().is_none() {
            let dict = PyDict::new(cx);
            which.get_or_init(|| SharedValue::new(dict));
        }
        if let Some(dict) = which.get() {
            let dict = dict.get().own(cx);
            add(cx, module, name, dict);
        }
    }
}

pub(super) fn register_adapter(cx: &mut Cx, a: Args<'_>) -> R {
    let class = a.get(0);
    let base =
        [Builtin::Int, Builtin::Float, Builtin::Str, Builtin::ByteArray, Builtin::Bytes, Builtin::NoneType];
    if base.iter().any(|&b| class.is(cx.builtin(b).as_ref())) {
        // ORD: release, with the acquire in `needs_adapter`; the table is locked besides.
        BASE_ADAPTED.store(true, Ordering::Release);
    }
    let protocol = protocol(cx).as_ref().own(cx);
    let key = cx.tuple(vec![class.own(cx), protocol]);
    let adapter = a.get(1).own(cx);
    if let Some(adapters) = ADAPTERS.get().map(|v| v.get())
        && let Some(adapters) = adapters.downcast::<PyDict>(cx)
    {
        adapters.set(cx, key, adapter)?;
    }
    Ok(cx.none())
}

pub(super) fn register_converter(cx: &mut Cx, a: Args<'_>) -> R {
    ungil_runtime::objects::str::args::expect_str(cx, a.get(0), "register_converter() argument 1")?;
    let name = cx.call_method(a.get(0), "upper", &[])?;
    let converter = a.get(1).own(cx);
    if let Some(converters) = CONVERTERS.get().map(|v| v.get())
        && let Some(converters) = converters.downcast::<PyDict>(cx)
    {
        converters.set(cx, name, converter)?;
    }
    Ok(cx.none())
}

/// The converter for a name of a type.
pub(super) fn converter(cx: &mut Cx, name: &str) -> R<Option<Obj>> {
    let empty = known(cx, &CONVERTERS).is_none_or(PyDict::is_empty);
    if empty {
        return Ok(None);
    }
    let name = cx.str(name);
    let name = cx.call_method(name.r(), "upper", &[])?;
    match CONVERTERS.get().map(|v| v.get()).and_then(|v| v.downcast::<PyDict>(cx)) {
        Some(converters) => converters.get(cx, name.r()),
        None => Ok(None),
    }
}

/// Whether a value must be adapted before SQLite gets it.
#[inline]
pub(super) fn needs_adapter(cx: &Cx, v: Ref<'_>) -> bool {
    // ORD: acquire, with the release in `register_adapter`.
    if BASE_ADAPTED.load(Ordering::Acquire) {
        return true;
    }
    let base = [Builtin::Int, Builtin::Str, Builtin::Float, Builtin::Bytes, Builtin::ByteArray];
    !v.value().is_none() && !base.iter().any(|&b| cx.is_exactly(v, b))
}

/// A value as an adapter makes it; none if there is no adapter.
pub(super) fn adapted(cx: &mut Cx, v: Ref<'_>, protocol: Ref<'_>) -> R<Option<Obj>> {
    let class = cx.class_of(v).as_ref().own(cx);
    let key = cx.tuple(vec![class, protocol.own(cx)]);
    let adapters = ADAPTERS.get().map(|v| v.get()).and_then(|v| v.downcast::<PyDict>(cx));
    if let Some(adapters) = adapters
        && let Some(adapter) = adapters.get(cx, key.r())?
    {
        return cx.call(adapter.r(), &[v]).map(Some);
    }
    for (owner, name, argument) in [(protocol, "__adapt__", v), (v, "__conform__", protocol)] {
        let name = cx.str(name);
        let Some(method) = cx.get_attr_opt(owner, name.r())? else { continue };
        let made = cx.call(method.r(), &[argument]);
        match cx.catch(made, Builtin::TypeError)? {
            Some(made) if !made.value().is_none() => return Ok(Some(made)),
            _ => {}
        }
    }
    Ok(None)
}

pub(super) fn adapt(cx: &mut Cx, a: Args<'_>) -> R {
    let standard = protocol(cx);
    let protocol = a.opt(1).unwrap_or(standard.as_ref());
    match (adapted(cx, a.get(0), protocol)?, a.opt(2)) {
        (Some(made), _) => Ok(made),
        (None, Some(other)) => Ok(other.own(cx)),
        (None, None) => Err(PROGRAMMING.error(cx, "can't adapt")),
    }
}
