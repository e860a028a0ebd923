//! Putting strings together: `+`, growth in place, `join`, repetition.

use super::new::{MAX_LEN, build, build_grown, exact};
use super::{DATA_OFFSET, GROWN, PyStr, has_index, payload_for};
use crate::prelude::*;

/// Copies texts one behind the other.
///
/// # Safety
/// There is room for them at `to`.
unsafe fn copy_all<'a>(mut to: *mut u8, parts: impl Iterator<Item = &'a [u8]>) {
    for part in parts {
        // SAFETY: as the caller promises.
        unsafe {
            to.copy_from_nonoverlapping(part.as_ptr(), part.len());
            to = to.add(part.len());
        }
    }
}

/// `a + b`.
///
/// # Errors
/// `MemoryError`.
#[inline]
pub fn concat(cx: &mut Cx, a: &PyStr, b: &PyStr) -> R {
    if b.is_empty() {
        return exact(cx, a);
    }
    if a.is_empty() {
        return exact(cx, b);
    }
    let (bytes, chars) = (a.byte_len + b.byte_len, a.char_len + b.char_len);
    // SAFETY: both texts are as long as the result.
    let made =
        unsafe { build(cx, bytes, chars, |to| copy_all(to, [a.as_bytes(), b.as_bytes()].into_iter())) };
    made.ok_or_else(|| cx.memory_error())
}

/// `a + b` where `a` is given up, as `s += x` does: if nobody else knows `a`, it grows where it is, with room to spare,
/// so that a loop of `+=` takes linear time. `a` is of the exact class.
///
/// The caller has no other, uncounted reference to `a` (a register that borrows it).
///
/// # Errors
/// `MemoryError`.
#[inline]
pub fn concat_in_place(cx: &mut Cx, a: Obj, b: &PyStr) -> R {
    debug_assert!(cx.is_exactly(a.r(), Builtin::Str));
    // SAFETY: as the caller promises.
    let s = unsafe { a.cast_unchecked::<PyStr>() };
    // Short results are made anew: their block would hardly be larger, and most are not added to again.
    if !s.h.is_unique(cx) || std::ptr::eq(s, b) || b.is_empty() || s.byte_len + b.byte_len < 24 {
        return concat(cx, s, b);
    }
    if s.h.has_flag(GROWN) && grow_within_block(a.value().ptr().cast(), b) {
        return Ok(a);
    }
    let (bytes, chars) = (s.byte_len + b.byte_len, s.char_len + b.char_len);
    // SAFETY: both texts are as long as the result.
    let made =
        unsafe { build_grown(cx, bytes, chars, |to| copy_all(to, [s.as_bytes(), b.as_bytes()].into_iter())) };
    cx.drop_value(a.into_value());
    made.ok_or_else(|| cx.memory_error())
}

/// Appends `b` to a string that nobody else knows if its block has room; whether it has.
#[inline]
fn grow_within_block(p: *mut PyStr, b: &PyStr) -> bool {
    // SAFETY: the caller owns the only reference, so nobody reads the string meanwhile; `b` is another object, since
    // it is referred to as well. Writes stay within the block, whose size is checked.
    unsafe {
        let (bytes, chars) = ((*p).byte_len + b.byte_len, (*p).char_len + b.char_len);
        let block = (*p).block_size();
        if bytes > MAX_LEN || payload_for(bytes, chars) > block {
            return false;
        }
        if has_index((*p).byte_len, (*p).char_len) {
            (*p).free_index();
        }
        let end = p.cast::<u8>().add(DATA_OFFSET + (*p).byte_len);
        end.copy_from_nonoverlapping(b.as_bytes().as_ptr(), b.byte_len);
        (*p).hash.set(-1);
        (*p).byte_len = bytes;
        (*p).char_len = chars;
        if has_index(bytes, chars) {
            p.cast::<u8>().add(block - size_of::<usize>()).cast::<*mut usize>().write(std::ptr::null_mut());
        }
        true
    }
}

/// `sep.join(items)`.
///
/// # Errors
/// `TypeError` ("sequence item 0: expected str instance, int found"), `MemoryError`.
pub fn join(cx: &mut Cx, sep: &PyStr, items: &[Ref<'_>]) -> R {
    match items {
        [] => return Ok(super::empty_str(cx)),
        [one] if cx.is_exactly(*one, Builtin::Str) => return Ok(one.own(cx)),
        _ => {}
    }
    let gaps = items.len() - 1;
    let mut bytes = sep.byte_len.checked_mul(gaps);
    let mut chars = sep.char_len.wrapping_mul(gaps);
    for (i, item) in items.iter().enumerate() {
        let Some(s) = item.downcast::<PyStr>(cx) else {
            let name = cx.type_name(*item);
            return Err(cx.type_error(format!("sequence item {i}: expected str instance, {name} found")));
        };
        bytes = bytes.and_then(|n| n.checked_add(s.byte_len));
        chars = chars.wrapping_add(s.char_len);
    }
    let Some(bytes) = bytes else {
        return Err(cx.overflow_error("join() result is too long for a Python string"));
    };
    // SAFETY: all items were found to be strings.
    let parts = || items.iter().map(|item| unsafe { item.cast_unchecked::<PyStr>() }.as_bytes());
    let sep = sep.as_bytes();
    if bytes <= 2 {
        // Short texts exist once.
        let mut text = [0; 2];
        // SAFETY: there is room for so many bytes.
        unsafe { join_to(text.as_mut_ptr(), sep, parts()) };
        return Ok(super::new_wtf8(cx, &text[..bytes]));
    }
    // SAFETY: all parts and the glue are written, whose lengths were added up.
    let made = unsafe { build(cx, bytes, chars, |to| join_to(to, sep, parts())) };
    made.ok_or_else(|| cx.memory_error())
}

/// Writes texts one behind the other with `glue` between them.
///
/// # Safety
/// There is room for all at `to`.
#[inline]
unsafe fn join_to<'a>(to: *mut u8, glue: &[u8], parts: impl Iterator<Item = &'a [u8]>) {
    let mut at = to;
    for (i, part) in parts.enumerate() {
        let glue = if i == 0 { &[][..] } else { glue };
        // SAFETY: as the caller promises.
        unsafe {
            copy_all(at, [glue, part].into_iter());
            at = at.add(glue.len() + part.len());
        }
    }
}

/// The strings one behind the other.
///
/// # Errors
/// `MemoryError`.
pub fn concat_all(cx: &mut Cx, items: &[Ref<'_>]) -> R {
    let empty = cx.vm.names.empty.get();
    // SAFETY: the empty string.
    join(cx, unsafe { empty.cast_unchecked() }, items)
}

/// `s * n`.
///
/// # Errors
/// `OverflowError` ("repeated string is too long"), `MemoryError`.
pub fn repeat(cx: &mut Cx, s: &PyStr, n: usize) -> R {
    if n == 0 || s.is_empty() {
        return Ok(super::empty_str(cx));
    }
    if n == 1 {
        return exact(cx, s);
    }
    let Some(bytes) = s.byte_len.checked_mul(n).filter(|&n| n <= isize::MAX as usize) else {
        return Err(cx.overflow_error("repeated string is too long"));
    };
    let text = s.as_bytes();
    // SAFETY: the bytes repeated are as many as asked for.
    let made = unsafe { build(cx, bytes, s.char_len * n, |to| fill_repeated(to, text, bytes)) };
    made.ok_or_else(|| cx.memory_error())
}

/// Writes the text over and over until `len` bytes are full, doubling what is there.
///
/// # Safety
/// There is room for `len` bytes at `to`, a multiple of the text's length; neither is 0.
pub(crate) unsafe fn fill_repeated(to: *mut u8, text: &[u8], len: usize) {
    // SAFETY: as the caller promises; source and target do not overlap.
    unsafe {
        if let [byte] = text {
            to.write_bytes(*byte, len);
            return;
        }
        to.copy_from_nonoverlapping(text.as_ptr(), text.len());
        let mut done = text.len();
        while done < len {
            let step = done.min(len - done);
            to.add(done).copy_from_nonoverlapping(to, step);
            done += step;
        }
    }
}
