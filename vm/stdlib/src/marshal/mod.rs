//! `marshal`: values of built-in types as bytes.
//!
//! `write.rs` and `read.rs` do the work on byte vectors, `code.rs` is about code objects; files are read and written through
//! their methods.

mod code;
mod read;
mod write;

use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// The newest version of the format.
const VERSION: i64 = 5;
/// Objects within each other at most.
const MAX_DEPTH: usize = 2000;
/// On a type code: later references may mean this object.
const FLAG_REF: u8 = 0x80;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("dumps", "($module, value, version=version, /, *, allow_code=True)", Full(dumps)),
    ("loads", "($module, bytes, /, *, allow_code=True)", Full(loads)),
    ("dump", "($module, value, file, version=version, /, *, allow_code=True)", Full(dump)),
    ("load", "($module, file, /, *, allow_code=True)", Full(load)),
];

fn version(cx: &mut Cx, v: Option<Ref<'_>>) -> R<i64> {
    v.map_or(Ok(VERSION), |v| cx.to_i64(v))
}

fn allows_code(cx: &mut Cx, v: Option<Ref<'_>>) -> R<bool> {
    v.map_or(Ok(true), |v| cx.truth(v))
}

fn dumps(cx: &mut Cx, a: Args<'_>) -> R {
    let version = version(cx, a.opt(1))?;
    let allow_code = allows_code(cx, a.opt(2))?;
    let bytes = write::dump(cx, a.get(0), version, allow_code)?;
    Ok(new_bytes(cx, &bytes))
}

fn loads(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = bytes_of(cx, a.get(0))?.into_owned();
    let allow_code = allows_code(cx, a.opt(1))?;
    read::load(cx, read::Input::Bytes(bytes), allow_code)
}

fn dump(cx: &mut Cx, a: Args<'_>) -> R {
    let version = version(cx, a.opt(2))?;
    let allow_code = allows_code(cx, a.opt(3))?;
    let bytes = write::dump(cx, a.get(0), version, allow_code)?;
    let bytes = new_bytes(cx, &bytes);
    cx.call_method(a.get(1), "write", &[bytes.r()])
}

fn load(cx: &mut Cx, a: Args<'_>) -> R {
    let file = a.get(0).own(cx);
    let allow_code = allows_code(cx, a.opt(1))?;
    read::load(cx, read::Input::File(file), allow_code)
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let version = cx.int(VERSION);
    add(cx, module, "version", version);
    Ok(())
}
