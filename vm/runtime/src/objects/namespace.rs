//! Records with named fields, which CPython calls struct sequences: tuples as `sys.version_info` and `os.stat_result`.
//!
//! A record is a tuple of its sequence fields; hidden fields, which only names reach, are in the slots behind the tuple,
//! where `__slots__` of other classes are. Both are set when the record is made and never change, so that reading takes
//! no lock. The last of the sequence fields may be without a name (`os.stat_result` has whole seconds there).
//!
//! Modules describe a class with [`Record`] and make instances with [`record_of`].

use crate::objects::dict::PyDict;
use crate::objects::tuple::{PyTuple, new_tuple_of};
use crate::prelude::*;
use std::collections::HashMap;
use ungil_locks::primitive::RwLock;

/// Descriptor of a field.
#[repr(C)]
pub struct PyRecordField {
    pub h: Header,
    class: *const PyType,
    /// Place among the named fields.
    named: usize,
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

/// What a class of records looks like.
#[derive(Clone, Debug)]
pub struct Record {
    /// With the module in front: "os.stat_result".
    pub full_name: String,
    pub doc: String,
    /// Names and descriptions of the named fields: those of the sequence first, then the hidden ones.
    pub fields: Vec<(String, String)>,
    /// Length of the sequence.
    pub sequence: usize,
    /// How many fields at the end of the sequence have no name.
    pub unnamed: usize,
    /// Whether Python may make instances.
    pub callable: bool,
}

impl Record {
    /// A record whose fields are all named and in the sequence.
    pub fn new(full_name: &str, doc: &str, fields: &[(&str, &str)]) -> Record {
        let fields: Vec<_> = fields.iter().map(|(name, doc)| (name.to_string(), doc.to_string())).collect();
        Record {
            full_name: full_name.into(),
            doc: doc.into(),
            sequence: fields.len(),
            fields,
            unnamed: 0,
            callable: true,
        }
    }

    /// As [`Record::new`] with only `n` fields in the sequence, the others hidden.
    pub fn with_sequence(mut self, n: usize) -> Record {
        self.sequence = n;
        self
    }

    /// Sequence fields without names stand between the named ones of the sequence and the hidden ones.
    pub fn with_unnamed(mut self, n: usize) -> Record {
        self.unnamed = n;
        self
    }

    /// Python cannot make instances.
    pub fn not_callable(mut self) -> Record {
        self.callable = false;
        self
    }

    /// All fields, named or not.
    fn total(&self) -> usize {
        self.fields.len() + self.unnamed
    }

    fn hidden(&self) -> usize {
        self.total() - self.sequence
    }

    /// The named field at a place among all fields.
    fn name_at(&self, place: usize) -> Option<&str> {
        let visible = self.sequence - self.unnamed;
        let named = match place {
            p if p < visible => p,
            p if p >= self.sequence => p - self.unnamed,
            _ => return None,
        };
        self.fields.get(named).map(|f| f.0.as_str())
    }

    /// The place among all fields of a named one.
    fn place_of(&self, named: usize) -> usize {
        if named < self.sequence - self.unnamed { named } else { named + self.unnamed }
    }
}

/// The description of each class of records, by address.
static RECORDS: RwLock<Option<HashMap<usize, &'static Record>>> = RwLock::new(None);

fn record_of_class(class: &PyType) -> Option<&'static Record> {
    let known = RECORDS.read().unwrap_or_else(|p| p.into_inner());
    known.as_ref()?.get(&(class as *const PyType as usize)).copied()
}

/// The description of the class of a record.
fn description(cx: &mut Cx, v: Ref<'_>) -> R<&'static Record> {
    match record_of_class(cx.class_of(v)) {
        Some(record) => Ok(record),
        None => Err(crate::object::unreachable_err(cx, "a record of an unknown class")),
    }
}

/// The value of the field at a place among all fields.
fn value_at(cx: &Cx, v: Ref<'_>, record: &Record, place: usize) -> Option<Obj> {
    if place < record.sequence {
        return v.downcast::<PyTuple>(cx)?.get(cx, place);
    }
    // SAFETY: the record is alive; instances of its class have the slots.
    let area = unsafe { cx.shape_of(v.header()?).head.attr_area(v.value().ptr()) };
    area.get(1 + place - record.sequence)?.get_locked(cx)
}

pub fn declare(cx: &Cx) {
    let size = size_of::<PyRecordField>();
    TypeBuilder::declare(cx, Builtin::StructSequence, "member_descriptor", &FIELD_OPS, size, false);
}

impl PyRecordField {
    fn class(&self) -> &'static PyType {
        // SAFETY: classes that natives know are kept by the collector.
        unsafe { &*self.class }
    }

    fn field(&self) -> (&'static str, &'static str) {
        let field = record_of_class(self.class()).and_then(|r| r.fields.get(self.named));
        field.map_or(("", ""), |(name, doc)| (name.as_str(), doc.as_str()))
    }
}

fn field_get(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt_not_none(1) else { return Ok(a.get(0).own(cx)) };
    let this = a.this::<PyRecordField>();
    let record = match record_of_class(this.class()) {
        Some(record) if std::ptr::eq(cx.class_of(v), this.class()) => record,
        _ => return Err(does_not_apply(cx, this, v)),
    };
    Ok(value_at(cx, v, record, record.place_of(this.named)).unwrap_or_else(|| cx.none()))
}

fn does_not_apply(cx: &mut Cx, this: &PyRecordField, v: Ref<'_>) -> Err {
    let (name, class, got) = (this.field().0, this.class().tp_name(), cx.type_name(v));
    cx.type_error(format!("descriptor '{name}' for '{class}' objects doesn't apply to a '{got}' object"))
}

fn field_set(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.error(Builtin::AttributeError, "readonly attribute"))
}

fn field_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyRecordField>();
    Ok(cx.str(&format!("<member '{}' of '{}' objects>", this.field().0, this.class().tp_name())))
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(
        cx,
        Builtin::StructSequence,
        Some(Builtin::Object),
        class_flag::DISALLOW_INSTANTIATION,
    );
    t.special(cx, Special::Get, Full(field_get))
        .special(cx, Special::Set, Full(field_set))
        .special(cx, Special::Delete, Full(field_set))
        .special(cx, Special::Repr, Full(field_repr))
        .getset(cx, "__name__", Leaf(|cx, a| Ok(cx.str(a.this::<PyRecordField>().field().0))), None)
        .getset(cx, "__doc__", Leaf(|cx, a| Ok(cx.str(a.this::<PyRecordField>().field().1))), None)
        .getset(
            cx,
            "__objclass__",
            Leaf(|cx, a| Ok(a.this::<PyRecordField>().class().as_ref().own(cx))),
            None,
        );
}

fn record_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let record = description(cx, a.get(0))?;
    let items = cx.collect(a.get(0))?;
    let mut parts = Vec::new();
    for (field, item) in record.fields.iter().zip(&items) {
        parts.push(format!("{}={}", field.0, cx.repr_string(item.r())?));
    }
    Ok(cx.str(&format!("{}({})", record.full_name, parts.join(", "))))
}

fn record_new(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else {
        return Err(crate::object::unreachable_err(cx, "a constructor without a class"));
    };
    let Some(record) = record_of_class(class) else {
        return Err(crate::object::unreachable_err(cx, "a record of an unknown class"));
    };
    let items = cx.collect(a.get(1));
    let Some(items) = cx.catch(items, Builtin::TypeError)? else {
        return Err(cx.type_error("constructor requires a sequence"));
    };
    let named = match a.opt(2) {
        None => None,
        Some(v) => match v.downcast::<PyDict>(cx) {
            Some(dict) => Some(dict),
            None => {
                let name = &record.full_name;
                return Err(cx.type_error(format!("{name}() takes a dict as second arg, if any")));
            }
        },
    };
    let (min, max, got) = (record.sequence, record.total(), items.len());
    if got < min || got > max {
        let (bound, n) = match (min == max, got < min) {
            (true, _) => ("", min),
            (_, true) => ("an at least ", min),
            _ => ("an at most ", max),
        };
        let article = if min == max { "a " } else { "" };
        let name = &record.full_name;
        return Err(
            cx.type_error(format!("{name}() takes {article}{bound}{n}-sequence ({got}-sequence given)"))
        );
    }
    let items = match named {
        Some(named) => add_named(cx, record, items, named)?,
        None => items,
    };
    build(cx, class, record, items)
}

/// Adds the hidden fields that a dict names.
fn add_named(cx: &mut Cx, record: &Record, mut items: Vec<Obj>, named: &PyDict) -> R<Vec<Obj>> {
    let mut used = 0;
    for place in items.len()..record.total() {
        let key = cx.str(record.name_at(place).unwrap_or_default());
        let value = named.get(cx, key.r())?;
        used += value.is_some() as usize;
        items.push(value.unwrap_or_else(|| Obj::immediate(Value::UNDEF)));
    }
    if named.len() > used {
        let name = &record.full_name;
        return Err(cx.type_error(format!("{name}() got duplicate or unexpected field name(s)")));
    }
    Ok(items)
}

/// A record of the values of all fields in order; missing hidden ones are `None`, or what a whole-second field that
/// stands for the same time has.
fn build(cx: &mut Cx, class: &PyType, record: &Record, mut items: Vec<Obj>) -> R {
    let mut hidden = items.split_off(record.sequence.min(items.len()));
    hidden.resize_with(record.hidden(), || Obj::immediate(Value::UNDEF));
    for (i, value) in hidden.iter_mut().enumerate() {
        if value.value() == Value::UNDEF {
            let whole = record.sequence - record.unnamed + i;
            *value = match i < record.unnamed {
                true => items[whole].clone(),
                false => cx.none(),
            };
        }
    }
    let made = new_tuple_of(cx, class, items)?;
    if let Some(h) = made.r().header() {
        // SAFETY: just made; instances of the class have the slots.
        let area = unsafe { cx.shape_of(h).head.attr_area(made.value().ptr()) };
        for (slot, value) in area.iter().skip(1).zip(hidden) {
            slot.set(h, cx, value);
        }
    }
    Ok(made)
}

fn record_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let record = description(cx, a.get(0))?;
    let items = cx.collect(a.get(0))?;
    let items = cx.tuple(items);
    let hidden = PyDict::new(cx);
    for place in record.sequence..record.total() {
        let value = value_at(cx, a.get(0), record, place).unwrap_or_else(|| cx.none());
        let name = cx.str(record.name_at(place).unwrap_or_default());
        if let Some(dict) = hidden.downcast::<PyDict>(cx) {
            dict.set_str(cx, name.r(), value);
        }
    }
    let arguments = cx.tuple(vec![items, hidden]);
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    Ok(cx.tuple(vec![class, arguments]))
}

fn record_replace(cx: &mut Cx, a: Args<'_>) -> R {
    let record = description(cx, a.get(0))?;
    if !a.varargs(cx, 1).is_empty() {
        return Err(cx.type_error("__replace__() takes no positional arguments"));
    }
    if record.unnamed > 0 {
        let name = &record.full_name;
        return Err(cx.type_error(format!(
            "__replace__() is not supported for {name} because it has unnamed field(s)"
        )));
    }
    let changes = a.opt(2).and_then(|v| v.downcast::<PyDict>(cx)).map(|d| d.copy(cx));
    let changes = changes.as_ref().and_then(|c| c.downcast::<PyDict>(cx));
    let mut items = Vec::with_capacity(record.total());
    for place in 0..record.total() {
        let name = cx.str(record.name_at(place).unwrap_or_default());
        let changed = changes.and_then(|c| c.remove_str(cx, name.r()));
        items.push(changed.or_else(|| value_at(cx, a.get(0), record, place)).unwrap_or_else(|| cx.none()));
    }
    let left = changes.map(|c| c.keys(cx)).unwrap_or_default();
    if !left.is_empty() {
        let names = cx.list(left);
        let names = cx.repr_string(names.r())?;
        return Err(cx.type_error(format!("Got unexpected field name(s): {names}")));
    }
    let class = cx.class_of(a.get(0));
    build(cx, class, record, items)
}

/// Makes the class that is described.
///
/// # Errors
/// What making a class raises.
pub fn new_class(cx: &mut Cx, record: Record) -> R {
    let flags = if record.callable { 0 } else { class_flag::DISALLOW_INSTANTIATION };
    let tuple = cx.builtin(Builtin::Tuple);
    let mut t = TypeBuilder::native_subtype(cx, &record.full_name, tuple, record.hidden() as u32, flags);
    let class = t.class();
    for (named, (name, _)) in record.fields.iter().enumerate() {
        let field = cx.alloc(Builtin::StructSequence, |h| PyRecordField { h, class, named });
        t.attr(cx, name, field);
    }
    if record.callable {
        t.constructor(cx, "($cls, sequence, dict={})", Full(record_new));
    }
    t.special(cx, Special::Repr, Full(record_repr)).special(cx, Special::Reduce, Full(record_reduce)).method(
        cx,
        "__replace__",
        "($self, /, *args, **changes)",
        Full(record_replace),
    );
    let visible = record.fields.iter().take(record.sequence - record.unnamed);
    let names = visible.map(|f| cx.str(&f.0)).collect();
    let names = cx.tuple(names);
    t.attr(cx, "__match_args__", names);
    for (name, n) in [
        ("n_fields", record.total()),
        ("n_sequence_fields", record.sequence),
        ("n_unnamed_fields", record.unnamed),
    ] {
        let n = cx.int(n as i64);
        t.attr(cx, name, n);
    }
    if !record.doc.is_empty() {
        t.doc(cx, &record.doc);
    }
    let mut known = RECORDS.write().unwrap_or_else(|p| p.into_inner());
    known.get_or_insert_default().insert(class as *const PyType as usize, Box::leak(Box::new(record)));
    drop(known);
    Ok(class.as_ref().own(cx))
}

/// A class of records that only natives make, all of whose fields are in the sequence.
///
/// # Errors
/// What making a class raises.
pub fn new_record_class(cx: &mut Cx, full_name: &str, names: &[&str]) -> R {
    let fields: Vec<_> = names.iter().map(|&n| (n, "")).collect();
    new_class(cx, Record::new(full_name, "", &fields).not_callable())
}

/// A single record of a class of its own.
///
/// # Errors
/// What making the class raises.
pub fn new_record(cx: &mut Cx, full_name: &str, names: &[&str], values: Vec<Obj>) -> R {
    let class = new_record_class(cx, full_name, names)?;
    record_of(cx, &class, values)
}

/// A record of a class made by [`new_class`] or [`new_record_class`]: the values of all its fields, named or not, in order.
///
/// # Errors
/// `MemoryError`; `SystemError` if there are too few values or the class is none of records.
pub fn record_of(cx: &mut Cx, class: &Obj, values: Vec<Obj>) -> R {
    let class = PyType::from_ref(class.r(), cx);
    match class.and_then(|c| Some((c, record_of_class(c)?))) {
        Some((class, record)) if values.len() >= record.sequence => build(cx, class, record, values),
        _ => Err(crate::object::unreachable_err(cx, "a record with too few values")),
    }
}
