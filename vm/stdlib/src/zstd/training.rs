//! Making dictionaries from samples.
//!
//! Called by programs through `compression.zstd`; the library works detached on bytes that do not change. No locks.

use super::{is_error, raise};
use crate::os;
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::int;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use zstd_sys as ffi;

/// The bytes of samples and the length of each.
fn samples<'a>(cx: &mut Cx, function: &str, a: Args<'a>, i: usize) -> R<(&'a [u8], Vec<usize>)> {
    let Some(bytes) = a.get(i).downcast::<PyBytes>(cx) else {
        return Err(wrong(cx, function, i + 1, "bytes", a.get(i)));
    };
    let Some(sizes) = a.get(i + 1).downcast::<PyTuple>(cx) else {
        return Err(wrong(cx, function, i + 2, "tuple", a.get(i + 1)));
    };
    let mut made = Vec::with_capacity(sizes.len());
    let mut sum = 0usize;
    for &size in sizes.items() {
        if !cx.is_instance_of(size, Builtin::Int) {
            return Err(cx.type_error("an integer is required"));
        }
        let size = int::to_i64(cx, size).and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        sum = sum.saturating_add(size);
        made.push(size);
    }
    if sum != bytes.len() {
        return Err(cx.value_error("The samples size tuple doesn't match the concatenation's size."));
    }
    Ok((bytes.as_bytes(), made))
}

fn wrong(cx: &mut Cx, function: &str, place: usize, wanted: &str, v: Ref<'_>) -> Err {
    let got = if v.value().is_none() { "None".into() } else { cx.type_name(v) };
    cx.type_error(format!("{function}() argument {place} must be {wanted}, not {got}"))
}

fn dict_size(cx: &mut Cx, v: Ref<'_>) -> R<usize> {
    match os::size(cx, v)? {
        n if n > 0 => Ok(n as usize),
        _ => Err(cx.value_error("dict_size argument should be positive number.")),
    }
}

/// Room for a dictionary of at most so many bytes, of which memory is taken only as far as they are written.
fn room(cx: &mut Cx, size: usize) -> R<Vec<u8>> {
    let mut room = Vec::new();
    match room.try_reserve_exact(size) {
        Ok(()) => Ok(room),
        Err(_) => Err(cx.memory_error()),
    }
}

/// `train_dict(samples, sizes, size)`.
pub(super) fn train_dict(cx: &mut Cx, a: Args<'_>) -> R {
    let (bytes, sizes) = {
        // The size of the dictionary is looked at before the sizes of the samples are.
        if a.get(0).downcast::<PyBytes>(cx).is_some() && a.get(1).downcast::<PyTuple>(cx).is_some() {
            dict_size(cx, a.get(2))?;
        }
        samples(cx, "train_dict", a, 0)?
    };
    let size = dict_size(cx, a.get(2))?;
    let mut made = room(cx, size)?;
    // SAFETY: there is room for `size` bytes, the buffers have these lengths, and the sizes add up to that of the samples.
    let code = cx.detached(|| unsafe {
        ffi::ZDICT_trainFromBuffer(
            made.as_mut_ptr().cast(),
            size,
            bytes.as_ptr().cast(),
            sizes.as_ptr(),
            sizes.len() as u32,
        )
    });
    if is_error(code) {
        return Err(raise(cx, "Unable to train the Zstandard dictionary", code));
    }
    // SAFETY: so many bytes were written.
    unsafe { made.set_len(code) };
    Ok(new_bytes(cx, &made))
}

/// `finalize_dict(custom, samples, sizes, size, level)`.
pub(super) fn finalize_dict(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(custom) = a.get(0).downcast::<PyBytes>(cx) else {
        return Err(wrong(cx, "finalize_dict", 1, "bytes", a.get(0)));
    };
    let level = os::c_int(cx, a.get(4))?;
    let size = dict_size(cx, a.get(3))?;
    let (bytes, sizes) = samples(cx, "finalize_dict", a, 1)?;
    let mut made = room(cx, size)?;
    let custom = custom.as_bytes();
    let parameters = ffi::ZDICT_params_t { compressionLevel: level, notificationLevel: 0, dictID: 0 };
    // SAFETY: there is room for `size` bytes, the buffers have these lengths, and the sizes add up to that of the samples.
    let code = cx.detached(|| unsafe {
        ffi::ZDICT_finalizeDictionary(
            made.as_mut_ptr().cast(),
            size,
            custom.as_ptr().cast(),
            custom.len(),
            bytes.as_ptr().cast(),
            sizes.as_ptr(),
            sizes.len() as u32,
            parameters,
        )
    });
    if is_error(code) {
        return Err(raise(cx, "Unable to finalize the Zstandard dictionary", code));
    }
    // SAFETY: so many bytes were written.
    unsafe { made.set_len(code) };
    Ok(new_bytes(cx, &made))
}
