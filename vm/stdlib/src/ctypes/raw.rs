//! Memory at addresses that programs name: what C does with a pointer.
//!
//! Whether an address is that of memory is the program's own matter, as in C; memory of our own objects reaches these
//! functions only with an address and a length that belong together (`data.rs`). Nothing here assumes alignment, and
//! threads that write to the same place race as they do in C.

/// The value at an address.
pub fn read<T: Copy>(at: *const u8) -> T {
    // SAFETY: the caller's address is that of a value, as the module's head says.
    unsafe { at.cast::<T>().read_unaligned() }
}

/// Stores a value at an address.
pub fn write<T>(at: *mut u8, v: T) {
    // SAFETY: as in `read`.
    unsafe { at.cast::<T>().write_unaligned(v) }
}

/// Copies bytes, which may overlap.
pub fn copy(from: *const u8, to: *mut u8, n: usize) {
    if n > 0 {
        // SAFETY: as in `read`, for both.
        unsafe { std::ptr::copy(from, to, n) }
    }
}

/// A copy of the bytes from an address on.
pub fn bytes(at: *const u8, n: usize) -> Vec<u8> {
    let mut all = vec![0; n];
    copy(at, all.as_mut_ptr(), n);
    all
}

/// Bytes before the first zero, at most `most`.
pub fn length(at: *const u8, most: usize) -> usize {
    (0..most).find(|&i| read::<u8>(at.wrapping_add(i)) == 0).unwrap_or(most)
}

/// Wide characters before the first zero, at most `most`.
pub fn wide_length(at: *const u8, most: usize) -> usize {
    (0..most).find(|&i| read::<u32>(at.wrapping_add(4 * i)) == 0).unwrap_or(most)
}

/// The wide characters from an address on.
pub fn wide(at: *const u8, n: usize) -> Vec<u32> {
    (0..n).map(|i| read(at.wrapping_add(4 * i))).collect()
}
