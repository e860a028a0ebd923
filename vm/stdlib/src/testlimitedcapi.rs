//! `_testlimitedcapi`: what of CPython's module for testing its C interface is about objects alone and not about C.
//!
//! CPython's own tests of `bytearray` and of classes cannot be imported without it: they ask whether a container does
//! the same when it is used through the sequence protocol, without the conversion of indices that `x[i]` makes.

use ungil_runtime::class::Builtin;
use ungil_runtime::objects::module::add_functions;
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("_py_getbuiltwithassert", "($module, /)", Leaf(|cx, _| Ok(cx.bool(cfg!(debug_assertions))))),
    ("object_hasattrstring", "($module, object, name, /)", Full(has_attribute)),
    ("sequence_delitem", "($module, sequence, index, /)", Full(delete)),
    ("sequence_getitem", "($module, sequence, index, /)", Full(get)),
    ("sequence_setitem", "($module, sequence, index, value, /)", Full(set)),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    Ok(())
}

/// Whether there is the attribute; every exception of the look-up is swallowed.
fn has_attribute(cx: &mut Cx, a: Args<'_>) -> R {
    let name = ungil_runtime::objects::buffer::with_bytes(cx, a.get(1), |bytes| {
        String::from_utf8_lossy(bytes).into_owned()
    })?;
    let found = cx.get_attr_str(a.get(0), &name).is_ok();
    Ok(cx.int(i64::from(found)))
}

/// The index as the sequence protocol passes it on: the length is added once to a negative one.
fn index(cx: &mut Cx, a: Args<'_>) -> R {
    let given = cx.index_isize(a.get(1), Builtin::OverflowError)? as i64;
    if given < 0 {
        let sum = given + cx.len(a.get(0))? as i64;
        // What is still negative would be taken from the end again.
        return Ok(cx.int(if sum < 0 { given } else { sum }));
    }
    Ok(cx.int(given))
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    let index = index(cx, a)?;
    cx.get_item(a.get(0), index.r())
}

fn set(cx: &mut Cx, a: Args<'_>) -> R {
    let index = index(cx, a)?;
    cx.set_item(a.get(0), index.r(), a.get(2))?;
    Ok(cx.int(0))
}

fn delete(cx: &mut Cx, a: Args<'_>) -> R {
    let index = index(cx, a)?;
    cx.del_item(a.get(0), index.r())?;
    Ok(cx.int(0))
}
