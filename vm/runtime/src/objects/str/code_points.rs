//! Walking generalised UTF-8: code points forward and backward, their number, their boundaries.
//!
//! Used by every algorithm on strings. The input is always valid generalised UTF-8 (surrogates as three bytes); whoever
//! makes strings sees to that. Pure functions.

/// Whether the byte starts a code point.
#[inline(always)]
pub fn is_start(b: u8) -> bool {
    b as i8 >= -0x40
}

/// Bytes of the code point that starts with `first`.
#[inline(always)]
pub fn width_of_first(first: u8) -> usize {
    match first {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}

/// Bytes that the code point takes.
#[inline(always)]
pub fn width(c: u32) -> usize {
    match c {
        0..0x80 => 1,
        0x80..0x800 => 2,
        0x800..0x1_0000 => 3,
        _ => 4,
    }
}

/// Whether the code point is a surrogate.
#[inline(always)]
pub fn is_surrogate(c: u32) -> bool {
    (0xd800..0xe000).contains(&c)
}

/// The number of code points.
#[inline]
pub fn count(bytes: &[u8]) -> usize {
    // Most texts are ASCII, which is seen many bytes at a time.
    if bytes.is_ascii() {
        return bytes.len();
    }
    bytes.iter().filter(|&&b| is_start(b)).count()
}

/// The code point at the front, and its width. The text is not empty.
#[inline(always)]
pub fn decode_first(bytes: &[u8]) -> (u32, usize) {
    let low = |i: usize| (bytes[i] & 0x3f) as u32;
    let first = bytes[0] as u32;
    match bytes[0] {
        0..0x80 => (first, 1),
        0x80..0xe0 => ((first & 0x1f) << 6 | low(1), 2),
        0xe0..0xf0 => ((first & 0x0f) << 12 | low(1) << 6 | low(2), 3),
        _ => ((first & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4),
    }
}

/// Writes the code point in `buffer` and gives the bytes used.
#[inline(always)]
pub fn encode(c: u32, buffer: &mut [u8; 4]) -> &[u8] {
    let tail = |shift: u32| (c >> shift & 0x3f) as u8 | 0x80;
    let n = width(c);
    match n {
        1 => buffer[0] = c as u8,
        2 => (buffer[0], buffer[1]) = ((c >> 6) as u8 | 0xc0, tail(0)),
        3 => (buffer[0], buffer[1], buffer[2]) = ((c >> 12) as u8 | 0xe0, tail(6), tail(0)),
        _ => *buffer = [(c >> 18) as u8 | 0xf0, tail(12), tail(6), tail(0)],
    }
    &buffer[..n]
}

/// Appends the code point.
#[inline]
pub fn push(to: &mut Vec<u8>, c: u32) {
    match c {
        0..0x80 => to.push(c as u8),
        _ => to.extend_from_slice(encode(c, &mut [0; 4])),
    }
}

/// The byte offset of the code point that is `n` code points after byte `from`; the length if there are fewer.
#[inline]
pub fn advance(bytes: &[u8], from: usize, n: usize) -> usize {
    let (mut at, mut left) = (from, n);
    // Eight bytes at a time: one by one, each step waits for the one before.
    while left > 0
        && let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>)
    {
        let starts = starts_in(u64::from_le_bytes(*eight));
        if starts > left {
            break;
        }
        left -= starts;
        at += 8;
    }
    while let Some(&b) = bytes.get(at) {
        if is_start(b) {
            if left == 0 {
                break;
            }
            left -= 1;
        }
        at += 1;
    }
    at
}

/// How many of eight bytes start a code point.
#[inline(always)]
fn starts_in(eight: u64) -> usize {
    // Bytes that continue one are those with the upper bit and without the next.
    let inside = eight & !(eight << 1) & 0x8080_8080_8080_8080;
    8 - inside.count_ones() as usize
}

/// Whether the text has lone surrogates.
pub fn has_surrogates(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|w| w[0] == 0xed && w[1] >= 0xa0)
}

/// Iterates over code points, from both ends.
#[derive(Clone, Debug)]
pub struct CodePoints<'a> {
    rest: &'a [u8],
}

impl<'a> CodePoints<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        CodePoints { rest: bytes }
    }

    /// What has not been walked yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.rest.is_empty() {
            return None;
        }
        let (c, n) = decode_first(self.rest);
        self.rest = &self.rest[n..];
        Some(c)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rest.len() / 4, Some(self.rest.len()))
    }
}

impl DoubleEndedIterator for CodePoints<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<u32> {
        let start = self.rest.iter().rposition(|&b| is_start(b))?;
        let (c, _) = decode_first(&self.rest[start..]);
        self.rest = &self.rest[..start];
        Some(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_of_every_width_round_trip() {
        let samples = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd800, 0xdfff, 0xffff, 0x1_0000, 0x10_ffff];
        let mut bytes = Vec::new();
        samples.iter().for_each(|&c| push(&mut bytes, c));
        assert_eq!(CodePoints::new(&bytes).collect::<Vec<_>>(), samples);
        let mut backward: Vec<_> = CodePoints::new(&bytes).rev().collect();
        backward.reverse();
        assert_eq!(backward, samples);
        assert_eq!(count(&bytes), samples.len());
        assert!(has_surrogates(&bytes));
        assert_eq!(advance(&bytes, 0, 3), 4);
        let starts: Vec<_> = (0..bytes.len()).filter(|&i| is_start(bytes[i])).chain([bytes.len()]).collect();
        for (from, &at) in starts.iter().enumerate() {
            for (to, &there) in starts.iter().enumerate().skip(from) {
                assert_eq!(advance(&bytes, at, to - from), there);
            }
            assert_eq!(advance(&bytes, at, starts.len()), bytes.len());
        }
    }
}
