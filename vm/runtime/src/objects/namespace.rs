//! Records with named fields: tuples as `sys.version_info` and `os.stat_result` are.

use crate::objects::dict::PyDict;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// Descriptor of a field: gives the item with its index.
#[repr(C)]
pub struct PyRecordField {
    pub h: Header,
    index: usize,
}

pub static FIELD_OPS: TypeOps = TypeOps {
    name: "member_descriptor",
    size: |_| size_of::<PyRecordField>(),
    trace: None,
    drop_fields: None,
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyRecordField {
    const OPS: &'static TypeOps = &FIELD_OPS;
}

pub fn declare(cx: &Cx) {
    let size = size_of::<PyRecordField>();
    TypeBuilder::declare(cx, Builtin::StructSequence, "member_descriptor", &FIELD_OPS, size, false);
}

fn field_get(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(record) = a.opt_not_none(1) else { return Ok(a.get(0).own(cx)) };
    let items = record.downcast::<PyTuple>(cx).map_or(&[][..], |t| t.items());
    match items.get(a.this::<PyRecordField>().index) {
        Some(v) => Ok(v.own(cx)),
        None => Err(cx.index_error("tuple index out of range")),
    }
}

fn field_set(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.error(Builtin::AttributeError, "readonly attribute"))
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(
        cx,
        Builtin::StructSequence,
        Some(Builtin::Object),
        class_flag::DISALLOW_INSTANTIATION,
    );
    t.special(cx, Special::Get, Full(field_get)).special(cx, Special::Set, Full(field_set));
}

fn record_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0));
    let names = class.dict(cx).get_str(cx, cx.vm.names.match_args.get());
    let names = names.map_or(Ok(Vec::new()), |n| cx.collect(n.r()))?;
    let items = cx.collect(a.get(0))?;
    let mut parts = Vec::new();
    for (name, item) in names.iter().zip(&items) {
        parts.push(format!("{}={}", cx.text_of(name.r()), cx.repr_string(item.r())?));
    }
    let module = class.dict(cx).get_str(cx, cx.vm.names.module.get());
    let module = module.map(|m| cx.text_of(m.r())).unwrap_or_default();
    Ok(cx.str(&format!("{module}.{}({})", class.name(), parts.join(", "))))
}

/// A class of records: `module.Name`, and the names of its fields.
///
/// # Errors
/// What making a class raises.
pub fn new_record_class(cx: &mut Cx, full_name: &str, names: &[&str]) -> R {
    let (module, name) = full_name.rsplit_once('.').unwrap_or(("builtins", full_name));
    let namespace = PyDict::new(cx);
    let dict: &PyDict = namespace.downcast(cx).expect("just made");
    for (index, field) in names.iter().enumerate() {
        let descriptor = cx.alloc(Builtin::StructSequence, |h| PyRecordField { h, index });
        dict.set_str(cx, crate::objects::str::intern(cx, field).get(), descriptor);
    }
    let fields = names.iter().map(|n| cx.str(n)).collect();
    let match_args = cx.tuple(fields);
    let count = cx.int(names.len() as i64);
    let module = cx.str(module);
    let no_slots = cx.tuple(Vec::new());
    for (key, value) in [
        ("__match_args__", match_args),
        ("__module__", module),
        ("n_fields", count.clone()),
        ("n_sequence_fields", count),
        ("__slots__", no_slots),
    ] {
        dict.set_str(cx, crate::objects::str::intern(cx, key).get(), value);
    }
    let (name, base) = (cx.str(name), cx.builtin(Builtin::Tuple).as_ref().own(cx));
    let bases = cx.tuple(vec![base]);
    let meta = cx.builtin(Builtin::Type);
    let class = crate::objects::type_::new_class(cx, meta, name.r(), bases.r(), namespace.r(), None)?;
    let payload = PyType::from_ref(class.r(), cx).expect("a class");
    let def = NativeDef::leak("__repr__", "($self, /)", Full(record_repr));
    let repr = crate::objects::native::new_method_descriptor(cx, payload, def);
    payload.set_attr(cx, cx.special_name(Special::Repr), repr)?;
    Ok(class)
}

/// A single record of a class of its own.
///
/// # Errors
/// What making the class raises.
pub fn new_record(cx: &mut Cx, full_name: &str, names: &[&str], values: Vec<Obj>) -> R {
    let class = new_record_class(cx, full_name, names)?;
    record_of(cx, &class, values)
}

/// A record of a class made by [`new_record_class`].
///
/// # Errors
/// What making it raises.
pub fn record_of(cx: &mut Cx, class: &Obj, values: Vec<Obj>) -> R {
    let items = cx.tuple(values);
    cx.call(class.r(), &[items.r()])
}
