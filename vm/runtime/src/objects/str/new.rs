//! Making strings.
//!
//! `new_...` takes any context and ends the process if there is no memory for the string, as for small objects of any type;
//! `try_...` and what may make huge strings raise `MemoryError`. Strings of one code point below 256, and the empty
//! string, exist once.

use super::{DATA_OFFSET, GROWN, PyStr, code_points, has_index, payload_for};
use crate::objects::sync::Field;
use crate::prelude::*;
use ungil_locks::primitive::{AtomicI64, AtomicPtr};

/// Longest text; sizes of blocks computed from it do not overflow.
pub(super) const MAX_LEN: usize = isize::MAX as usize / 4;

/// The fields of a new string, and an empty place for the index.
///
/// # Safety
/// `p` points to memory with room for a payload of this size, `size` bytes with slack.
#[inline(always)]
unsafe fn write_fields(p: *mut u8, h: Header, byte_len: usize, char_len: usize, size: usize) {
    let s = PyStr { h, hash: Field::<AtomicI64>::new(-1), byte_len, char_len, data: [] };
    // SAFETY: as the caller promises; the place for the index is the last word.
    unsafe {
        p.cast::<PyStr>().write(s);
        if has_index(byte_len, char_len) {
            p.add(size - size_of::<usize>()).cast::<AtomicPtr<usize>>().write(AtomicPtr::default());
        }
    }
}

/// A new exact string whose bytes `fill` writes; `None` if there is no memory.
///
/// # Safety
/// `fill` writes `byte_len` bytes of generalised UTF-8 with `char_len` code points.
#[inline(always)]
pub(super) unsafe fn build(
    cx: &Cx,
    byte_len: usize,
    char_len: usize,
    fill: impl FnOnce(*mut u8),
) -> Option<Obj> {
    if byte_len > MAX_LEN {
        return None;
    }
    let size = payload_for(byte_len, char_len);
    let p = cx.mutator().allocate(size);
    if p.is_null() {
        return None;
    }
    // SAFETY: fresh memory of the payload's size.
    unsafe {
        write_fields(p, Header::new(Builtin::Str as u32), byte_len, char_len, size);
        fill(p.add(DATA_OFFSET));
        Some(Obj::from_owned(Value::from_ptr(p)))
    }
}

/// As [`build`], with room to grow: the block is as large as the next power of two.
///
/// # Safety
/// As [`build`].
pub(super) unsafe fn build_grown(
    cx: &Cx,
    byte_len: usize,
    char_len: usize,
    fill: impl FnOnce(*mut u8),
) -> Option<Obj> {
    if byte_len > MAX_LEN {
        return None;
    }
    let size = payload_for(byte_len, char_len).next_power_of_two();
    let p = cx.mutator().allocate(size);
    if p.is_null() {
        return None;
    }
    let h = Header::new(Builtin::Str as u32);
    h.set_flag(GROWN);
    // SAFETY: fresh memory of at least the payload's size.
    unsafe {
        write_fields(p, h, byte_len, char_len, size);
        fill(p.add(DATA_OFFSET));
        Some(Obj::from_owned(Value::from_ptr(p)))
    }
}

/// A string outside the heap that lives for ever: for the table of interned strings.
pub(super) fn new_immortal(bytes: &[u8], hash: i64) -> *mut PyStr {
    let char_len = code_points::count(bytes);
    let size = payload_for(bytes.len(), char_len);
    let layout = std::alloc::Layout::from_size_align(size, 16).expect("short text");
    let h = Header::new(Builtin::Str as u32);
    h.make_global();
    h.set_flag(crate::flag::INTERNED);
    // SAFETY: the size is not zero; fresh memory of the payload's size.
    unsafe {
        let p = std::alloc::alloc(layout);
        if p.is_null() {
            std::alloc::handle_alloc_error(layout);
        }
        write_fields(p, h, bytes.len(), char_len, size);
        p.add(DATA_OFFSET).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        (*p.cast::<PyStr>()).hash.set(hash);
        p.cast()
    }
}

/// A string.
#[inline]
pub fn new_str(cx: &Cx, text: &str) -> Obj {
    new_wtf8(cx, text.as_bytes())
}

/// A string from generalised UTF-8.
#[inline]
pub fn new_wtf8(cx: &Cx, bytes: &[u8]) -> Obj {
    match bytes.len() {
        0 => return empty_str(cx),
        1 => return new_ascii_char(cx, bytes[0]),
        _ => {}
    }
    new_wtf8_with_len(cx, bytes, code_points::count(bytes))
}

/// A string from generalised UTF-8 with `char_len` code points.
#[inline]
pub fn new_wtf8_with_len(cx: &Cx, bytes: &[u8], char_len: usize) -> Obj {
    debug_assert_eq!(code_points::count(bytes), char_len);
    match short(cx, bytes, char_len) {
        Some(shared) => shared,
        // SAFETY: `bytes` is all that is asked for.
        None => match unsafe {
            build(cx, bytes.len(), char_len, |to| to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()))
        } {
            Some(s) => s,
            None => ungil_gc::fatal("out of memory"),
        },
    }
}

/// A string from generalised UTF-8 of any length.
///
/// # Errors
/// `MemoryError`.
pub fn try_new_wtf8(cx: &mut Cx, bytes: &[u8]) -> R {
    let char_len = code_points::count(bytes);
    if let Some(shared) = short(cx, bytes, char_len) {
        return Ok(shared);
    }
    // SAFETY: `bytes` is all that is asked for.
    let made = unsafe {
        build(cx, bytes.len(), char_len, |to| to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()))
    };
    made.ok_or_else(|| cx.memory_error())
}

/// The shared string for texts that exist once.
#[inline(always)]
fn short(cx: &Cx, bytes: &[u8], char_len: usize) -> Option<Obj> {
    match char_len {
        0 => Some(empty_str(cx)),
        1 if bytes.len() <= 2 => {
            let c = code_points::decode_first(bytes).0;
            (c < 256).then(|| new_ascii_char(cx, c as u8))
        }
        _ => None,
    }
}

/// A string from bytes that are all ASCII.
#[inline]
pub fn new_ascii(cx: &Cx, bytes: &[u8]) -> Obj {
    debug_assert!(bytes.is_ascii());
    new_wtf8_with_len(cx, bytes, bytes.len())
}

/// The empty string.
#[inline(always)]
pub fn empty_str(cx: &Cx) -> Obj {
    // SAFETY: immortal: never counted.
    unsafe { Obj::from_owned(cx.vm.interned.empty().value()) }
}

/// The shared string of one code point below 256.
#[inline(always)]
pub fn new_ascii_char(cx: &Cx, c: u8) -> Obj {
    // SAFETY: immortal: never counted.
    unsafe { Obj::from_owned(cx.vm.interned.char(c).value()) }
}

/// A string of one code point, which may be a surrogate.
#[inline]
pub fn new_char(cx: &Cx, c: u32) -> Obj {
    match u8::try_from(c) {
        Ok(c) => new_ascii_char(cx, c),
        Err(_) => new_wtf8_with_len(cx, code_points::encode(c, &mut [0; 4]), 1),
    }
}

/// A string of a subclass, with the text of `s`.
///
/// # Errors
/// `MemoryError`.
pub fn new_str_of(cx: &mut Cx, class: &PyType, s: &PyStr) -> R {
    if std::ptr::eq(class, cx.builtin(Builtin::Str)) {
        return exact(cx, s);
    }
    let (byte_len, char_len) = (s.byte_len, s.char_len);
    let size = payload_for(byte_len, char_len);
    // SAFETY: the payload is a string of this size, all written; the class derives from str.
    unsafe {
        cx.alloc_sized(class, size, |h, p| {
            write_fields(p, h, byte_len, char_len, size);
            p.add(DATA_OFFSET).copy_from_nonoverlapping(s.as_bytes().as_ptr(), byte_len);
        })
    }
}

/// The part of a string between two byte offsets, which are boundaries.
#[inline]
pub fn substring(cx: &Cx, s: &PyStr, from: usize, to: usize) -> Obj {
    let part = &s.as_bytes()[from..to];
    if s.is_ascii() {
        return new_wtf8_with_len(cx, part, part.len());
    }
    if part.len() == s.byte_len && cx.is_exactly(ref_of(s), Builtin::Str) {
        return ref_of(s).own(cx);
    }
    new_wtf8_with_len(cx, part, code_points::count(part))
}

/// The string itself if it is of the exact class, else an exact copy.
///
/// # Errors
/// `MemoryError`.
#[inline]
pub fn exact(cx: &mut Cx, s: &PyStr) -> R {
    match cx.is_exactly(ref_of(s), Builtin::Str) {
        true => Ok(ref_of(s).own(cx)),
        false => try_new_wtf8(cx, s.as_bytes()),
    }
}

/// Text with `\x`, `\u` and `\U` escapes for what is not ASCII, as `ascii()` shows it.
pub fn to_ascii(cx: &Cx, text: Obj) -> Obj {
    use std::fmt::Write;
    let Some(s) = text.downcast::<PyStr>(cx) else { return text };
    if s.is_ascii() {
        return text;
    }
    let mut out = String::with_capacity(s.byte_len * 2);
    for c in s.code_points() {
        // Writing to a `String` does not fail.
        let _ = match c {
            0..0x80 => out.write_char(c as u8 as char),
            0x80..0x100 => write!(out, "\\x{c:02x}"),
            0x100..0x1_0000 => write!(out, "\\u{c:04x}"),
            _ => write!(out, "\\U{c:08x}"),
        };
    }
    new_ascii(cx, out.as_bytes())
}

/// Text being put together: bytes and the number of code points.
#[derive(Debug, Default)]
pub struct StrBuf {
    pub bytes: Vec<u8>,
    chars: usize,
}

/// The decimal text of an int, written into the end of `text`.
pub fn decimal(i: i64, text: &mut [u8; 20]) -> &[u8] {
    let mut at = text.len();
    let mut left = i.unsigned_abs();
    loop {
        at -= 1;
        text[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if i < 0 {
        at -= 1;
        text[at] = b'-';
    }
    &text[at..]
}

impl StrBuf {
    pub fn with_capacity(bytes: usize) -> StrBuf {
        StrBuf { bytes: Vec::with_capacity(bytes), chars: 0 }
    }

    /// The number of code points so far.
    pub fn char_len(&self) -> usize {
        self.chars
    }

    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub fn push(&mut self, c: u32) {
        code_points::push(&mut self.bytes, c);
        self.chars += 1;
    }

    #[inline]
    pub fn push_ascii(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.chars += text.len();
    }

    /// Appends Rust text or any generalised UTF-8.
    #[inline]
    pub fn push_wtf8(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        self.bytes.extend_from_slice(text);
        self.chars += code_points::count(text);
    }

    #[inline]
    pub fn push_str(&mut self, s: &PyStr) {
        self.bytes.extend_from_slice(s.as_bytes());
        self.chars += s.char_len;
    }

    /// Appends an int in decimal.
    pub fn push_int(&mut self, i: i64) {
        self.push_ascii(decimal(i, &mut [0; 20]));
    }

    /// Appends `c` `n` times.
    pub fn push_repeated(&mut self, c: u32, n: usize) {
        if c < 0x80 {
            self.bytes.resize(self.bytes.len() + n, c as u8);
            self.chars += n;
        } else {
            (0..n).for_each(|_| self.push(c));
        }
    }

    /// The present end, for [`StrBuf::truncate`].
    pub fn mark(&self) -> (usize, usize) {
        (self.bytes.len(), self.chars)
    }

    /// Takes back what has been appended since the mark was asked for.
    pub fn truncate(&mut self, mark: (usize, usize)) {
        self.bytes.truncate(mark.0);
        self.chars = mark.1;
    }

    /// Makes room for `n` more bytes; false if there is no memory.
    #[must_use]
    pub fn reserve(&mut self, n: usize) -> bool {
        n < MAX_LEN && self.bytes.try_reserve(n).is_ok()
    }

    pub fn finish(self, cx: &Cx) -> Obj {
        new_wtf8_with_len(cx, &self.bytes, self.chars)
    }
}
