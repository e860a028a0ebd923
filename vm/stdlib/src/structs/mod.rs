//! `_struct`: values packed into bytes by a format.
//!
//! - `layout.rs`: formats; `items.rs`: values and bytes; `class.rs`: `Struct` and the iterator; here: the functions
//!
//! Layouts are immutable and shared. What bytes-like objects hold is copied out or in under their own locks; values are
//! converted before anything is written, so that no Python runs in between.

mod class;
mod items;
mod layout;

use crate::exceptions::Class;
use layout::Layout;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

static ERROR: Class = Class::new();

#[cold]
fn raise(cx: &mut Cx, message: impl AsRef<str>) -> Err {
    ERROR.error(cx, message)
}

type Layouts = HashMap<Box<[u8]>, Arc<Layout>, BuildHasherDefault<ShortHash>>;

thread_local! {
    /// Layouts of formats used of late by this thread.
    static CACHE: RefCell<Layouts> = RefCell::default();
}

/// A quick hash of short texts (FNV-1a).
#[derive(Default)]
struct ShortHash(u64);

impl Hasher for ShortHash {
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn write_usize(&mut self, n: usize) {
        self.0 ^= n as u64;
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// How many layouts are kept, as in CPython.
const CACHE_SIZE: usize = 100;

/// The layout of a format: a string or bytes.
fn layout_of(cx: &mut Cx, v: Ref<'_>) -> R<Arc<Layout>> {
    let encoded;
    let format = match (v.downcast::<PyStr>(cx), v.downcast::<PyBytes>(cx)) {
        (Some(s), _) if s.is_ascii() => s.as_bytes(),
        (_, Some(bytes)) => bytes.as_bytes(),
        (Some(_), None) => {
            // Raises CPython's error for what is not ASCII.
            let ascii = cx.str("ascii");
            encoded = cx.call_method(v, "encode", &[ascii.r()])?;
            encoded.downcast::<PyBytes>(cx).map(PyBytes::as_bytes).unwrap_or_default()
        }
        _ => {
            let name = cx.type_name(v);
            let message = format!("Struct() argument 1 must be a str or bytes object, not {name}");
            return Err(cx.type_error(message));
        }
    };
    if let Some(known) = CACHE.with_borrow(|cache| cache.get(format).cloned()) {
        return Ok(known);
    }
    match layout::parse(format) {
        Ok(layout) => {
            CACHE.with_borrow_mut(|cache| {
                if cache.len() >= CACHE_SIZE {
                    cache.clear();
                }
                cache.insert(format.into(), layout.clone());
            });
            Ok(layout)
        }
        Err(message) => Err(raise(cx, message)),
    }
}

/// `pack(...)` of a layout and the values that are left, for the function named `what`.
fn packed(cx: &mut Cx, layout: &Layout, values: &[Ref<'_>], what: &str) -> R<Vec<u8>> {
    let (expected, got) = (layout.count, values.len());
    if expected != got {
        return Err(raise(cx, format!("{what} expected {expected} items for packing (got {got})")));
    }
    items::pack(cx, layout, values)
}

fn pack(cx: &mut Cx, a: Args<'_>) -> R {
    pack_all(cx, a.varargs(cx, 0))
}

fn pack_all(cx: &mut Cx, args: &[Ref<'_>]) -> R {
    match args {
        [] => Err(cx.type_error("missing format argument")),
        [format, values @ ..] => {
            let layout = layout_of(cx, *format)?;
            let bytes = packed(cx, &layout, values, "pack")?;
            Ok(new_bytes(cx, &bytes))
        }
    }
}

fn pack_into(cx: &mut Cx, a: Args<'_>) -> R {
    match a.varargs(cx, 0) {
        [] => Err(cx.type_error("missing format argument")),
        [format, rest @ ..] => {
            let layout = layout_of(cx, *format)?;
            packed_into(cx, &layout, rest)
        }
    }
}

/// `pack_into` with a layout: `rest` has buffer, offset and values.
fn packed_into(cx: &mut Cx, layout: &Layout, rest: &[Ref<'_>]) -> R {
    let (to, offset, values) = match rest {
        [] => return Err(raise(cx, "pack_into expected buffer argument")),
        [_] => return Err(raise(cx, "pack_into expected offset argument")),
        [to, offset, values @ ..] => (*to, *offset, values),
    };
    if layout.count != values.len() {
        packed(cx, layout, values, "pack_into")?;
    }
    let len = match buffer::writable_len(cx, to) {
        Ok(len) => len,
        Err(err) if cx.is_error(&err, Builtin::TypeError) || cx.is_error(&err, Builtin::BufferError) => {
            let name = cx.type_name(to);
            let message = format!("argument must be read-write bytes-like object, not {name}");
            return Err(cx.type_error(message));
        }
        Err(err) => return Err(err),
    };
    let offset = cx.index_isize(offset, Builtin::IndexError)?;
    let start = place(cx, layout, offset, len, true)?;
    let bytes = packed(cx, layout, values, "pack_into")?;
    // Converting the values may have run Python, which may have shortened the buffer.
    let copied = buffer::copy_into(cx, to, start, &bytes)?;
    if copied < bytes.len() {
        let len = buffer::writable_len(cx, to)?;
        place(cx, layout, start as isize, len, true)?;
    }
    Ok(cx.none())
}

/// Where the bytes at an offset, which counts from the end if it is negative, start in a buffer of `len` bytes.
fn place(cx: &mut Cx, layout: &Layout, offset: isize, len: usize, packing: bool) -> R<usize> {
    let (size, given) = (layout.size, offset);
    let mut offset = offset;
    if offset < 0 {
        // No view of a real object is longer than `isize::MAX`.
        if offset + size as isize > 0 {
            let what = if packing { "no space to pack" } else { "not enough data to unpack" };
            return Err(raise(cx, format!("{what} {size} bytes at offset {given}")));
        }
        offset += len as isize;
        if offset < 0 {
            return Err(raise(cx, format!("offset {given} out of range for {len}-byte buffer")));
        }
    }
    let start = offset as usize;
    if len < start || len - start < size {
        let (name, verb) = if packing { ("pack_into", "packing") } else { ("unpack_from", "unpacking") };
        let least = start + size;
        return Err(raise(
            cx,
            format!(
                "{name} requires a buffer of at least {least} bytes for {verb} {size} bytes at offset {start} \
                 (actual buffer size is {len})"
            ),
        ));
    }
    Ok(start)
}

fn unpack(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = layout_of(cx, a.get(0))?;
    unpacked(cx, &layout, a.get(1))
}

/// The values of a buffer of just the right length.
fn unpacked(cx: &mut Cx, layout: &Layout, v: Ref<'_>) -> R {
    let size = layout.size;
    if let Some(bytes) = v.downcast::<PyBytes>(cx)
        && bytes.len() == size
    {
        return Ok(items::unpack(cx, layout, bytes.as_bytes()));
    }
    let copy = buffer::peek_bytes(cx, v, |bytes| (bytes.len() == size).then(|| bytes.to_vec()))?;
    match copy {
        Some(bytes) => Ok(items::unpack(cx, layout, &bytes)),
        None => Err(raise(cx, format!("unpack requires a buffer of {size} bytes"))),
    }
}

fn unpack_from(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = layout_of(cx, a.get(0))?;
    unpacked_from(cx, &layout, a.get(1), a.opt(2))
}

/// The values at an offset in a buffer.
fn unpacked_from(cx: &mut Cx, layout: &Layout, v: Ref<'_>, offset: Option<Ref<'_>>) -> R {
    let len = buffer::peek_bytes(cx, v, <[u8]>::len)?;
    let offset = match offset {
        Some(offset) => ssize(cx, offset)?,
        None => 0,
    };
    let start = place(cx, layout, offset, len, false)?;
    if let Some(bytes) = v.downcast::<PyBytes>(cx) {
        return Ok(items::unpack(cx, layout, &bytes.as_bytes()[start..start + layout.size]));
    }
    let copy = buffer::peek_bytes(cx, v, |bytes| bytes.get(start..start + layout.size).map(<[u8]>::to_vec))?;
    match copy {
        Some(bytes) => Ok(items::unpack(cx, layout, &bytes)),
        // Shortened by another thread.
        None => {
            let len = buffer::peek_bytes(cx, v, <[u8]>::len)?;
            place(cx, layout, start as isize, len, false)?;
            Err(raise(cx, "the buffer changed its length"))
        }
    }
}

/// A `Py_ssize_t` argument.
fn ssize(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    ungil_runtime::objects::str::args::ssize(cx, v)
}

fn calcsize(cx: &mut Cx, a: Args<'_>) -> R {
    let layout = layout_of(cx, a.get(0))?;
    Ok(cx.int(layout.size as i64))
}

fn clear_cache(cx: &Cx, _: Args<'_>) -> R {
    CACHE.with_borrow_mut(HashMap::clear);
    Ok(cx.none())
}

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("_clearcache", "($module, /)", Leaf(clear_cache)),
    ("calcsize", "($module, format, /)", Full(calcsize)),
    ("iter_unpack", "($module, format, buffer, /)", Full(class::iter_unpack)),
    ("pack", "($module, /, *values)", Varied(|cx, a| Some(pack_all(cx, a.refs())), pack)),
    ("pack_into", "($module, /, *values)", Full(pack_into)),
    ("unpack", "($module, format, buffer, /)", Full(unpack)),
    ("unpack_from", "($module, format, /, buffer, offset=0)", Full(unpack_from)),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    ERROR.init(cx, module, "struct", "error", Builtin::Exception)?;
    let class = class::init(cx).as_ref().own(cx);
    add(cx, module, "Struct", class);
    Ok(())
}
