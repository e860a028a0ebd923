//! Code points by number in text that is not ASCII.
//!
//! Long text gets, the first time a code point is asked for by number, a table of the byte offset of every 64th code
//! point. Two threads may make it at once; one of them keeps its own. It is freed with the string.

use super::{PyStr, code_points, has_index};
use ungil_locks::primitive::Ordering;

/// Code points between two entries.
pub(super) const STEP: usize = 64;

impl PyStr {
    /// The byte offset of code point `i`, which may be the length.
    #[inline]
    pub fn byte_offset(&self, i: usize) -> usize {
        debug_assert!(i <= self.char_len);
        if self.is_ascii() {
            return i;
        }
        if i == self.char_len {
            return self.byte_len;
        }
        self.byte_offset_slow(i)
    }

    fn byte_offset_slow(&self, i: usize) -> usize {
        if !has_index(self.byte_len, self.char_len) {
            return code_points::advance(self.as_bytes(), 0, i);
        }
        let (block, rest) = (i / STEP, i % STEP);
        let index = self.index();
        // SAFETY: entries for `0..char_len` exist.
        let near = unsafe { *index.add(block) };
        let (next, between) = match (block + 1) * STEP < self.char_len {
            // SAFETY: as above.
            true => (unsafe { *index.add(block + 1) }, STEP),
            false => (self.byte_len, self.char_len - block * STEP),
        };
        // Most stretches of most texts are ASCII: as many bytes as code points.
        if next - near == between {
            return near + rest;
        }
        code_points::advance(self.as_bytes(), near, rest)
    }

    /// The number of code points before the byte offset, which is a boundary.
    pub fn char_index(&self, byte: usize) -> usize {
        if self.is_ascii() {
            return byte;
        }
        if byte == self.byte_len {
            return self.char_len;
        }
        if !has_index(self.byte_len, self.char_len) || byte <= 4 * STEP {
            return code_points::count(&self.as_bytes()[..byte]);
        }
        // SAFETY: the index has this many entries, and lives as long as the string.
        let index = unsafe { std::slice::from_raw_parts(self.index(), entries(self.char_len)) };
        let k = index.partition_point(|&offset| offset <= byte) - 1;
        k * STEP + code_points::count(&self.as_bytes()[index[k]..byte])
    }

    /// The code point with number `i`, which is less than the length.
    #[inline]
    pub fn code_point(&self, i: usize) -> u32 {
        if self.is_ascii() {
            return self.as_bytes()[i] as u32;
        }
        code_points::decode_first(&self.as_bytes()[self.byte_offset(i)..]).0
    }

    /// The table, made if there is none. The string has place for one.
    fn index(&self) -> *const usize {
        // SAFETY: the caller has checked that there is place.
        let place = unsafe { self.index_place() };
        // ORD: acquire: the entries are seen.
        let present = place.load(Ordering::Acquire);
        if !present.is_null() {
            return present;
        }
        let mut offsets = Vec::with_capacity(entries(self.char_len));
        let mut at = 0;
        while at < self.byte_len {
            offsets.push(at);
            at = code_points::advance(self.as_bytes(), at, STEP);
        }
        debug_assert_eq!(offsets.len(), entries(self.char_len));
        let made = Box::into_raw(offsets.into_boxed_slice()).cast::<usize>();
        if !self.h.is_published() {
            // ORD: relaxed; no other thread knows the string.
            place.store(made, Ordering::Relaxed);
            return made;
        }
        // ORD: release publishes the entries; acquire sees those of the thread that was first.
        match place.compare_exchange(std::ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => made,
            Err(first) => {
                // SAFETY: made above with this many entries, and seen by nobody else.
                unsafe { free(made, self.char_len) };
                first
            }
        }
    }

    /// Frees the table, if there is one.
    ///
    /// # Safety
    /// The string has place for one and is the caller's alone.
    pub(super) unsafe fn free_index(&self) {
        // SAFETY: as the caller promises.
        let place = unsafe { self.index_place() };
        // ORD: relaxed; nobody else can reach the string.
        let index = place.load(Ordering::Relaxed);
        place.store(std::ptr::null_mut(), Ordering::Relaxed);
        if !index.is_null() {
            // SAFETY: made by `index` for this length.
            unsafe { free(index, self.char_len) };
        }
    }
}

fn entries(char_len: usize) -> usize {
    char_len.div_ceil(STEP)
}

/// # Safety
/// `first` came from [`PyStr::index`] for a string of this length.
unsafe fn free(first: *mut usize, char_len: usize) {
    // SAFETY: as the caller promises.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(first, entries(char_len))) });
}
