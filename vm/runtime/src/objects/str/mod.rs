//! `str`: immutable text, kept as generalised UTF-8 ("WTF-8": lone surrogates take three bytes, and a pair of them stays two).
//!
//! The order of bytes is the order of code points, so comparison is `memcmp` and search is a search of bytes. Code
//! points are found by index at once in ASCII text and through an index (`index.rs`) in other text.
//!
//! - `new.rs`: making strings; `intern.rs`: the table of interned ones; `index.rs`: code points by number
//! - `concat.rs`: `+`, growth in place, `join`, repetition; `code_points.rs`: walking generalised UTF-8; `siphash.rs`: the hash
//! - `methods.rs`: the type; `search.rs`, `split.rs`, `case.rs`, `pad.rs`, `slice.rs`, `translate.rs`, `repr.rs`: its methods by
//!   subject; `args.rs`: their arguments; `iter.rs`: the iterator; `unicode/`: properties of code points
//! - `format.rs`: `str.format`; `spec.rs`: format specifications; `percent.rs`: `%`; `float_text.rs`: floats for it
//!
//! A string never changes once a second reference to it exists, so reading takes no lock. The hash and the index are
//! made on demand and stored by single atomic stores. Only `concat_in_place` writes to a string, and only to one that has
//! a single reference, which it was given.

pub mod args;
mod case;
pub mod code_points;
mod concat;
pub(crate) mod float_text;
pub mod format;
pub mod formatter;
mod index;
mod intern;
pub(crate) mod iter;
pub(crate) mod methods;
mod new;
mod pad;
pub(crate) mod percent;
pub(crate) mod repr;
mod search;
mod siphash;
mod slice;
pub mod spec;
mod split;
mod translate;
pub mod unicode;

pub use case::is_identifier;
pub use concat::{concat, concat_all, concat_in_place, join, repeat};
pub use intern::{InternTable, intern, intern_obj};
pub use iter::new_str_iter;
pub(crate) use methods::decode_plainly;
pub use methods::{declare, init};
pub use new::{
    StrBuf, decimal, empty_str, exact, new_ascii, new_ascii_char, new_char, new_str, new_str_of, new_wtf8,
    new_wtf8_with_len, substring, to_ascii, try_new_wtf8,
};
pub use repr::repr as repr_of;
pub use siphash::hash_bytes;
pub(crate) use slice::{contains, get_item};
pub use slice::{contains_str, item, slice_of};

use crate::objects::sync::Field;
use crate::prelude::*;
use ungil_locks::primitive::{AtomicI64, AtomicPtr};

/// Flag of the header: the string was made by growing, and its block's size is the next power of two.
const GROWN: u16 = crate::flag::TYPE_1;

/// A string; its bytes follow the fields, then, in long text that is not ASCII, a pointer to the index.
#[repr(C)]
pub struct PyStr {
    pub h: Header,
    /// The hash, or -1 if it is not known.
    pub(crate) hash: Field<AtomicI64>,
    pub(crate) byte_len: usize,
    pub(crate) char_len: usize,
    data: [u8; 0],
}

/// Bytes in front of the text.
pub(crate) const DATA_OFFSET: usize = std::mem::offset_of!(PyStr, data);

// SAFETY: `repr(C)`, header first; strings of all classes are made in `new.rs` with this payload.
unsafe impl Object for PyStr {
    const OPS: &'static TypeOps = &STR_OPS;
}

pub static STR_OPS: TypeOps = TypeOps {
    name: "str",
    size: payload_size,
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer: crate::finalize::has_del,
};

unsafe fn payload_size(h: *mut Header) -> usize {
    // SAFETY: the object is a string.
    let s = unsafe { &*h.cast::<PyStr>() };
    s.block_size()
}

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: the string is this thread's alone.
    let s = unsafe { &*h.cast::<PyStr>() };
    if has_index(s.byte_len, s.char_len) {
        // SAFETY: as above.
        unsafe { s.free_index() };
    }
}

/// Whether strings of this size have room for a pointer to an index.
#[inline(always)]
const fn has_index(byte_len: usize, char_len: usize) -> bool {
    byte_len != char_len && char_len > index::STEP
}

/// Bytes of the payload, without slack.
#[inline(always)]
const fn payload_for(byte_len: usize, char_len: usize) -> usize {
    match has_index(byte_len, char_len) {
        false => DATA_OFFSET + byte_len,
        true => (DATA_OFFSET + byte_len).next_multiple_of(8) + size_of::<usize>(),
    }
}

impl PyStr {
    /// The text as generalised UTF-8.
    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: `byte_len` bytes follow the fields.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.byte_len) }
    }

    #[inline(always)]
    pub fn byte_len(&self) -> usize {
        self.byte_len
    }

    /// The number of code points: `len(s)`.
    #[inline(always)]
    pub fn char_len(&self) -> usize {
        self.char_len
    }

    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.byte_len == self.char_len
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.byte_len == 0
    }

    /// The text, `None` if it has lone surrogates.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        if self.is_ascii() {
            // SAFETY: ASCII is UTF-8.
            return Some(unsafe { std::str::from_utf8_unchecked(self.as_bytes()) });
        }
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// The text, with U+FFFD for each lone surrogate.
    pub fn to_string_lossy(&self) -> String {
        match self.as_str() {
            Some(text) => text.to_string(),
            None => self.code_points().map(|c| char::from_u32(c).unwrap_or('\u{fffd}')).collect(),
        }
    }

    /// The code points.
    #[inline]
    pub fn code_points(&self) -> code_points::CodePoints<'_> {
        code_points::CodePoints::new(self.as_bytes())
    }

    /// `hash(s)`, kept after the first time.
    #[inline(always)]
    pub fn hash(&self, cx: &Cx) -> i64 {
        match self.hash.get() {
            -1 => self.compute_hash(cx),
            hash => hash,
        }
    }

    /// The hash if it was asked for before.
    #[inline(always)]
    pub fn hash_if_known(&self) -> Option<i64> {
        let hash = self.hash.get();
        (hash != -1).then_some(hash)
    }

    #[inline(never)]
    fn compute_hash(&self, cx: &Cx) -> i64 {
        let hash = siphash::hash_bytes(cx.vm.hash_seed, self.as_bytes());
        self.hash.set(hash);
        hash
    }

    /// Whether both have the same text.
    #[inline(always)]
    pub fn same_text(&self, other: &PyStr) -> bool {
        std::ptr::eq(self, other) || self.same_text_slow(other)
    }

    #[inline]
    fn same_text_slow(&self, other: &PyStr) -> bool {
        if self.byte_len != other.byte_len {
            return false;
        }
        let (a, b) = (self.hash.get(), other.hash.get());
        if a != b && a != -1 && b != -1 {
            return false;
        }
        self.as_bytes() == other.as_bytes()
    }

    /// Bytes of the block's payload.
    #[inline]
    fn block_size(&self) -> usize {
        let size = payload_for(self.byte_len, self.char_len);
        match self.h.has_flag(GROWN) {
            true => size.next_power_of_two(),
            false => size,
        }
    }

    /// Where the pointer to the index is.
    ///
    /// # Safety
    /// The string has one: [`has_index`].
    #[inline]
    unsafe fn index_place(&self) -> &AtomicPtr<usize> {
        debug_assert!(has_index(self.byte_len, self.char_len));
        // SAFETY: the last word of the payload is the pointer, and aligned, as `payload_for` says.
        unsafe {
            &*(&raw const *self)
                .cast::<u8>()
                .add(self.block_size() - size_of::<usize>())
                .cast::<AtomicPtr<usize>>()
        }
    }
}

/// Whether both are exact strings (no instances of subclasses) of the same text; `None` if they are not both strings.
#[inline(always)]
pub fn equal_if_both_str(_: &Cx, a: Ref<'_>, b: Ref<'_>) -> Option<bool> {
    let (x, y) = (a.header()?, b.header()?);
    const STR: u32 = Builtin::Str as u32;
    if x.shape_id() != STR || y.shape_id() != STR {
        return None;
    }
    // SAFETY: exact strings.
    let (a, b) = unsafe { (a.cast_unchecked::<PyStr>(), b.cast_unchecked::<PyStr>()) };
    Some(a.same_text(b))
}

/// The order of two strings, by code points.
#[inline]
pub fn compare(a: &PyStr, b: &PyStr) -> std::cmp::Ordering {
    a.as_bytes().cmp(b.as_bytes())
}
