//! `array`: rows of numbers of one C type.
//!
//! - `kind.rs`: type codes and items; `object.rs`: the layout and access to its contents; `new.rs`: the constructor and
//!   `extend`; `items.rs`: items and slices; `change.rs`: methods that change an array, and arithmetic; `search.rs`:
//!   comparison and search; `convert.rs`: bytes, lists, text, files; `pickle.rs`: copies and pickles; `iter.rs`: the iterator
//!
//! The object's lock guards storage and number of exports. Values become items before the lock is taken, and objects are made
//! of copies after it is let go of, so no Python runs under it. What runs Python in between looks at the length again.

mod change;
mod convert;
mod items;
mod iter;
mod kind;
mod new;
mod object;
mod pickle;
mod search;

use object::{ARRAY_OPS, BUFFER_OPS, PyArray};
use std::sync::OnceLock;
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::memoryview::{dunder_buffer, dunder_release_buffer};
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::{buffer, int};
use ungil_runtime::prelude::*;

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("append", "($self, v, /)", Full(change::append)),
    ("buffer_info", "($self, /)", Full(convert::buffer_info)),
    ("byteswap", "($self, /)", Full(change::byteswap)),
    ("clear", "($self, /)", Full(change::clear)),
    ("count", "($self, v, /)", Full(search::count)),
    ("extend", "($self, bb, /)", Full(new::extend)),
    ("frombytes", "($self, buffer, /)", Full(convert::frombytes)),
    ("fromfile", "($self, f, n, /)", Full(convert::fromfile)),
    ("fromlist", "($self, list, /)", Full(convert::fromlist)),
    ("fromunicode", "($self, ustr, /)", Full(convert::fromunicode)),
    ("index", "($self, v, start=0, stop=sys.maxsize, /)", Full(search::index)),
    ("insert", "($self, i, v, /)", Full(change::insert)),
    ("pop", "($self, i=-1, /)", Full(change::pop)),
    ("remove", "($self, v, /)", Full(search::remove)),
    ("reverse", "($self, /)", Full(change::reverse)),
    ("tobytes", "($self, /)", Full(convert::tobytes)),
    ("tofile", "($self, f, /)", Full(convert::tofile)),
    ("tolist", "($self, /)", Full(convert::tolist)),
    ("tounicode", "($self, /)", Full(convert::tounicode)),
    ("__copy__", "($self, /)", Full(pickle::copy)),
    ("__release_buffer__", "($self, buffer, /)", Full(dunder_release_buffer)),
    ("__deepcopy__", "($self, unused, /)", Full(pickle::copy)),
    ("__reduce_ex__", "($self, value, /)", Full(pickle::reduce_ex)),
];

const SPECIALS: &[(Special, NativeFn)] = &[
    (Special::Len, Full(|cx, a| Ok(cx.int(a.this::<PyArray>().len(cx) as i64)))),
    (Special::GetItem, Full(items::get_item)),
    (Special::SetItem, Full(items::set_item)),
    (Special::DelItem, Full(items::del_item)),
    (Special::Contains, Full(search::contains)),
    (Special::Iter, Full(iter::iterate)),
    (Special::Repr, Full(convert::repr)),
    (Special::Add, Full(change::add)),
    (Special::IAdd, Full(change::add_in_place)),
    (Special::Mul, Full(change::mul)),
    (Special::RMul, Full(change::mul)),
    (Special::IMul, Full(change::mul_in_place)),
    (Special::Buffer, Full(dunder_buffer)),
    (Special::Sizeof, Full(sizeof)),
    (Special::Lt, Full(|cx, a| search::compare(cx, a, CompareOp::Lt))),
    (Special::Le, Full(|cx, a| search::compare(cx, a, CompareOp::Le))),
    (Special::Eq, Full(|cx, a| search::compare(cx, a, CompareOp::Eq))),
    (Special::Ne, Full(|cx, a| search::compare(cx, a, CompareOp::Ne))),
    (Special::Gt, Full(|cx, a| search::compare(cx, a, CompareOp::Gt))),
    (Special::Ge, Full(|cx, a| search::compare(cx, a, CompareOp::Ge))),
];

fn sizeof(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let bytes = array.read(cx, |storage| storage.len());
    Ok(cx.int((size_of::<PyArray>() + bytes) as i64))
}

fn typecode(cx: &mut Cx, a: Args<'_>) -> R {
    let code = a.this::<PyArray>().kind.code();
    Ok(ungil_runtime::objects::str::new_ascii_char(cx, code))
}

fn itemsize(cx: &mut Cx, a: Args<'_>) -> R {
    let size = a.this::<PyArray>().kind.size();
    Ok(cx.int(size as i64))
}

fn make_class(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::BASETYPE | class_flag::HAS_WEAKREF | class_flag::SEQUENCE;
    let size = size_of::<PyArray>();
    let mut t = TypeBuilder::native_type(cx, "array.array", &ARRAY_OPS, size, false, flags);
    t.doc(
        cx,
        "array(typecode [, initializer]) -> array\n\nA row of numbers of one C type, which the type code says: b B h H i I \
         l L q Q for ints, f d for floats, w u for characters.",
    )
    .constructor(cx, "($type, *args, **kwargs)", Full(new::construct))
    .specials(cx, SPECIALS)
    .methods(cx, METHODS)
    .class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem))
    .getset(cx, "typecode", Full(typecode), None)
    .getset(cx, "itemsize", Full(itemsize), None);
    let none = cx.none();
    t.attr(cx, "__hash__", none);
    buffer::register(&ARRAY_OPS, &BUFFER_OPS);
    t.class()
}

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[(
    "_array_reconstructor",
    "($module, arraytype, typecode, mformat_code, items, /)",
    Full(pickle::reconstruct),
)];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let class = match CLASS.get() {
        Some(class) => class,
        None => {
            let class = make_class(cx);
            iter::init(cx);
            CLASS.get_or_init(|| class)
        }
    };
    for name in ["array", "ArrayType"] {
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
    let codes = cx.str(kind::CODES);
    add(cx, module, "typecodes", codes);
    let abc = ungil_runtime::import::import_module(cx, "_collections_abc")?;
    let sequence = cx.get_attr_str(abc.r(), "MutableSequence")?;
    cx.call_method(sequence.r(), "register", &[class.as_ref()])?;
    Ok(())
}

/// A whole argument that fits a machine word.
fn to_index(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    cx.index_isize(v, Builtin::IndexError)
}

/// Whether an object can be an index at all.
fn is_index(cx: &Cx, v: Ref<'_>) -> bool {
    int::view(cx, v).is_some() || cx.class_of(v).special(cx, Special::Index).is_some()
}
