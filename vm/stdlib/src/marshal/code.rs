//! Code objects as bytes and back: the VM's own form, so other implementations cannot read it, nor another version of this one.
//!
//! After the type code come the file name, the constants as a tuple, and the unit without its constants: its size, which
//! compiler made it, a checksum, the packed bytes. Instructions trust their unit, so bytes that were damaged are refused,
//! and the verifier looks at the rest.

use std::collections::HashSet;
use ungil_bytecode::{CodeUnit, Const, pack, unpack, verify};
use ungil_runtime::SharedValue;
use ungil_runtime::objects::code::{PyCode, link_with};
use ungil_runtime::objects::str::intern_obj;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// Bytes in front of the packed unit: compiler and checksum.
const HEADER: usize = 12;

fn header(packed: &[u8]) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&ungil_compiler::ID.to_le_bytes());
    header[8..].copy_from_slice(&crc32fast::hash(packed).to_le_bytes());
    header
}

/// The unit of a code object; its constants are written by themselves.
pub fn to_bytes(code: &PyCode) -> Vec<u8> {
    let packed = pack(&code.unit());
    [&header(&packed)[..], &packed].concat()
}

/// The code object of a unit and its constants; `None` for bytes that [`to_bytes`] did not give.
pub fn from_bytes(cx: &mut Cx, bytes: &[u8], filename: &str, consts: &PyTuple) -> Option<Obj> {
    let (found, packed) = bytes.split_at_checked(HEADER)?;
    if found != header(packed) {
        return None;
    }
    let mut unit: CodeUnit = unpack(packed, filename)?;
    unit.consts = vec![Const::None; consts.items().len()];
    verify(&unit).ok()?;
    unit.consts.clear();
    let mut seen = HashSet::new();
    let consts = consts.items().iter().map(|item| share(cx, *item, &mut seen)).collect();
    Some(link_with(cx, unit, consts).as_obj())
}

/// A constant as the code of the compiler has it: immortal with its parts, texts interned. What is in `seen` is so already;
/// references make tuples that are deeper within each other, and have more parts, than the bytes.
fn share(cx: &mut Cx, constant: Ref<'_>, seen: &mut HashSet<u64>) -> SharedValue {
    let shared = |cx: &mut Cx, v: Ref<'_>| {
        let own = v.own(cx);
        SharedValue::new(if cx.is_exactly(v, Builtin::Str) { intern_obj(cx, own) } else { own })
    };
    let mut waiting = vec![constant];
    while let Some(v) = waiting.pop() {
        if let Some(tuple) = v.downcast::<PyTuple>(cx)
            && seen.insert(v.value().0)
        {
            waiting.extend_from_slice(tuple.items());
        }
        shared(cx, v);
    }
    shared(cx, constant)
}
