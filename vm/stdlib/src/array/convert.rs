//! Arrays from and to bytes, lists, text and files.

use super::new::append_bytes;
use super::object::{PyArray, item_of};
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{PyBytes, try_new_bytes};
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::str::{PyStr, StrBuf};
use ungil_runtime::prelude::*;

/// Appends bytes, which must be whole items.
///
/// # Errors
/// `ValueError`, `BufferError`, `MemoryError`.
pub fn append_whole(cx: &mut Cx, array: &PyArray, bytes: &[u8]) -> R<()> {
    if !bytes.len().is_multiple_of(array.kind.size()) {
        return Err(cx.value_error("bytes length not a multiple of item size"));
    }
    append_bytes(cx, array, bytes)
}

/// Appends the characters of a string.
pub fn append_text(cx: &mut Cx, array: &PyArray, s: &PyStr) -> R<()> {
    let bytes: Vec<u8> = s.code_points().flat_map(u32::to_ne_bytes).collect();
    append_bytes(cx, array, &bytes)
}

pub fn frombytes(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = buffer::bytes_of(cx, a.get(1))?;
    append_whole(cx, a.this::<PyArray>(), &bytes)?;
    Ok(cx.none())
}

pub fn tobytes(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = a.this::<PyArray>().snapshot(cx)?;
    try_new_bytes(cx, &bytes)
}

pub fn fromlist(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let Some(list) = a.get(1).downcast::<PyList>(cx) else {
        return Err(cx.type_error("arg must be list"));
    };
    // All or nothing.
    let size = array.kind.size();
    let mut bytes = Vec::new();
    let values = list.snapshot(cx);
    for v in &values {
        let item = array.kind.item(cx, v.r())?;
        bytes.extend_from_slice(&item[..size]);
    }
    if list.len() != values.len() {
        return Err(cx.runtime_error("list changed size during iteration"));
    }
    append_bytes(cx, array, &bytes)?;
    Ok(cx.none())
}

/// The items as objects.
pub fn objects(cx: &mut Cx, array: &PyArray) -> R<Vec<Obj>> {
    let bytes = array.snapshot(cx)?;
    let size = array.kind.size();
    let mut items = Vec::with_capacity(bytes.len() / size);
    for item in bytes.chunks_exact(size) {
        items.push(array.kind.object(cx, item_of(item))?);
    }
    Ok(items)
}

pub fn tolist(cx: &mut Cx, a: Args<'_>) -> R {
    let items = objects(cx, a.this::<PyArray>())?;
    Ok(cx.list(items))
}

fn expect_text_kind(cx: &mut Cx, array: &PyArray, function: &str) -> R<()> {
    if array.kind.is_text() {
        return Ok(());
    }
    Err(cx.value_error(format!("{function}() may only be called on unicode type arrays ('u' or 'w')")))
}

pub fn fromunicode(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let Some(s) = a.get(1).downcast::<PyStr>(cx) else {
        let name = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("fromunicode() argument must be str, not {name}")));
    };
    expect_text_kind(cx, array, "fromunicode")?;
    append_text(cx, array, s)?;
    Ok(cx.none())
}

pub fn tounicode(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    expect_text_kind(cx, array, "tounicode")?;
    text(cx, array)
}

/// The characters as a string.
fn text(cx: &mut Cx, array: &PyArray) -> R {
    let bytes = array.snapshot(cx)?;
    let mut out = StrBuf::with_capacity(bytes.len() / 4);
    for chunk in bytes.chunks_exact(4) {
        let c = u64::from_ne_bytes(item_of(chunk)) as u32;
        if c > 0x10_ffff {
            // Raises the codec's error.
            let bytes = try_new_bytes(cx, &bytes)?;
            let codec = cx.str(if cfg!(target_endian = "little") { "utf-32-le" } else { "utf-32-be" });
            let errors = cx.str("surrogatepass");
            return cx.call_method(bytes.r(), "decode", &[codec.r(), errors.r()]);
        }
        out.push(c);
    }
    Ok(out.finish(cx))
}

pub fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let (class, code) = (cx.class_of(a.get(0)).name(), array.kind.code() as char);
    if array.len(cx) == 0 {
        return Ok(cx.str(&format!("{class}('{code}')")));
    }
    let items = match array.kind.is_text() {
        true => text(cx, array)?,
        false => {
            let items = objects(cx, array)?;
            cx.list(items)
        }
    };
    let shown = cx.repr(items.r())?;
    let mut out = StrBuf::with_capacity(16);
    out.push_wtf8(format!("{class}('{code}', "));
    if let Some(shown) = shown.downcast::<PyStr>(cx) {
        out.push_str(shown);
    }
    out.push_ascii(b")");
    Ok(out.finish(cx))
}

pub fn buffer_info(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let (address, len) = array.read(cx, |storage| (storage.as_ptr() as u64, storage.len()));
    let info = vec![cx.int_u64(address), cx.int((len / array.kind.size()) as i64)];
    Ok(cx.tuple(info))
}

pub fn fromfile(cx: &mut Cx, a: Args<'_>) -> R {
    let array = a.this::<PyArray>();
    let n = ungil_runtime::objects::str::args::ssize(cx, a.get(2))?;
    let Ok(n) = usize::try_from(n) else { return Err(cx.value_error("negative count")) };
    let Some(wanted) = n.checked_mul(array.kind.size()).filter(|&w| w <= isize::MAX as usize) else {
        return Err(cx.memory_error());
    };
    let count = cx.int(wanted as i64);
    let read = cx.call_method(a.get(1), "read", &[count.r()])?;
    let Some(bytes) = read.downcast::<PyBytes>(cx) else {
        return Err(cx.type_error("read() didn't return bytes"));
    };
    append_whole(cx, array, bytes.as_bytes())?;
    if bytes.len() != wanted {
        return Err(cx.error(Builtin::EOFError, "read() didn't return enough bytes"));
    }
    Ok(cx.none())
}

pub fn tofile(cx: &mut Cx, a: Args<'_>) -> R {
    const BLOCK: usize = 64 * 1024;
    let bytes = a.this::<PyArray>().snapshot(cx)?;
    for block in bytes.chunks(BLOCK) {
        let block = try_new_bytes(cx, block)?;
        cx.call_method(a.get(1), "write", &[block.r()])?;
    }
    Ok(cx.none())
}
