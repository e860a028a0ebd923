//! The type `Row`: a row whose fields have names.

use super::ClassCell;
use super::cursor::{self, PyCursor};
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::iter::fixed;
use ungil_runtime::objects::slice::has_index;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

static CLASS: ClassCell = ClassCell::new();

/// A row: its values, and the description of the cursor. Neither changes.
#[repr(C)]
pub(super) struct PyRow {
    h: Header,
    data: Slot,
    description: Slot,
}

slot_ops!(ROW_OPS, PyRow, "sqlite3.Row", data, description);

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 1);
    let [given, data] = *args else {
        let got = args.len();
        return Err(cx.type_error(format!("Row expected 2 arguments, got {got}")));
    };
    if a.varkw(cx, 2).is_some_and(|kw| !kw.is_empty()) {
        return Err(cx.type_error("Row() takes no keyword arguments"));
    }
    let Some(cursor) = given.downcast::<PyCursor>(cx) else {
        let got = if given.value().is_none() { "None".into() } else { cx.type_name(given) };
        return Err(cx.type_error(format!("Row() argument 1 must be sqlite3.Cursor, not {got}")));
    };
    if data.downcast::<PyTuple>(cx).is_none() {
        let got = if data.value().is_none() { "None".into() } else { cx.type_name(data) };
        return Err(cx.type_error(format!("Row() argument 2 must be tuple, not {got}")));
    }
    let description = cursor::description(cx, cursor);
    let (class, data) = (class_argument(cx, a), data.own(cx));
    cx.alloc_for::<PyRow>(class, |h| PyRow { h, data: Slot::new(data), description: Slot::new(description) })
}

/// The place of a field, by its name.
fn place(cx: &Cx, this: &PyRow, name: &PyStr) -> Option<usize> {
    let columns = fixed(&this.description).downcast::<PyTuple>(cx)?;
    columns.items().iter().position(|column| {
        let column = column.downcast::<PyTuple>(cx).and_then(|column| column.items().first());
        column
            .and_then(|column| column.downcast::<PyStr>(cx))
            .is_some_and(|column| column.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
    })
}

fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let (this, key): (&PyRow, _) = (a.this(), a.get(1));
    if let Some(name) = key.downcast::<PyStr>(cx) {
        return match place(cx, this, name) {
            Some(i) => {
                let item = fixed(&this.data).downcast::<PyTuple>(cx).and_then(|data| data.get(cx, i));
                item.ok_or_else(|| cx.index_error("No item with that key"))
            }
            None if fixed(&this.description).value().is_none() => {
                let key = cx.repr_string(key)?;
                Err(cx.index_error(format!("No item with key {key}")))
            }
            None => Err(cx.index_error("No item with that key")),
        };
    }
    if has_index(cx, key) || key.downcast::<ungil_runtime::objects::slice::PySlice>(cx).is_some() {
        return cx.get_item(fixed(&this.data), key);
    }
    Err(cx.index_error("Index must be int or string"))
}

fn keys(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyRow = a.this();
    let mut names = Vec::new();
    if let Some(columns) = fixed(&this.description).downcast::<PyTuple>(cx) {
        for column in columns.items() {
            let zero = cx.int(0);
            names.push(cx.get_item(*column, zero.r())?);
        }
    }
    Ok(cx.list(names))
}

fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyRow = a.this();
    let (description, data) = (cx.hash(fixed(&this.description))?, cx.hash(fixed(&this.data))?);
    Ok(cx.int(description ^ data))
}

fn compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return Ok(cx.not_implemented());
    }
    let this: &PyRow = a.this();
    let Some(other) = a.get(1).downcast::<PyRow>(cx) else { return Ok(cx.not_implemented()) };
    if cx.equal(fixed(&this.description), fixed(&other.description))? {
        return cx.compare(op, fixed(&this.data), fixed(&other.data));
    }
    Ok(cx.bool(op == CompareOp::Ne))
}

const SPECIALS: &[(Special, NativeFn)] = &[
    (Special::GetItem, Full(getitem)),
    (Special::Hash, Full(hash)),
    (Special::Iter, Full(|cx, a| cx.iter(fixed(&a.this::<PyRow>().data)))),
    (
        Special::Len,
        Full(|cx, a| {
            let len = cx.len(fixed(&a.this::<PyRow>().data))?;
            Ok(cx.int(len as i64))
        }),
    ),
];

/// The type.
pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    match CLASS.get() {
        Some(class) => class,
        None => make_class(cx),
    }
}

#[cold]
fn make_class(cx: &mut Cx) -> &'static PyType {
    use ungil_runtime::objects::construct::comparisons;
    let flags = class_flag::BASETYPE | class_flag::SEQUENCE;
    let mut b = TypeBuilder::native_type(cx, "sqlite3.Row", &ROW_OPS, size_of::<PyRow>(), true, flags);
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.specials(cx, &comparisons!(compare));
    b.specials(cx, SPECIALS);
    b.method(cx, "keys", "($self, /)", Full(keys));
    CLASS.get_or_init(|| b.class())
}
