//! `_json`: what the library's `json` stands on for speed.
//!
//! - `text.rs`: strings, read and written; `memo.rs`: the names in objects, each made once
//! - `scanner.rs`: the type `make_scanner`; `read.rs`: values from text
//! - `encoder.rs`: the type `make_encoder`; `write.rs`: values to text
//!
//! Scanners and encoders do not change once made. All state of a run is on the native stack.

mod encoder;
mod memo;
mod read;
mod scanner;
mod text;
mod write;

use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("encode_basestring", "($module, object, /)", Full(|cx, a| text::encode(cx, a, false))),
    ("encode_basestring_ascii", "($module, object, /)", Full(|cx, a| text::encode(cx, a, true))),
    ("scanstring", "($module, string, end, strict=True, /)", Full(read::scanstring)),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let scanner = scanner::init(cx).as_ref().own(cx);
    add(cx, module, "make_scanner", scanner);
    let encoder = encoder::init(cx).as_ref().own(cx);
    add(cx, module, "make_encoder", encoder);
    Ok(())
}
