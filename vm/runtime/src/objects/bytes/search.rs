//! Search in bytes, for `bytes`, `bytearray` and (generalised UTF-8 being self-synchronising) `str`.
//!
//! Pure functions over memchr's algorithms, which take linear time. An empty needle is the caller's business, except in
//! [`find`] and [`rfind`], which find it at the start and at the end.

use memchr::{memchr, memchr_iter, memmem, memrchr};

/// Where the needle is first.
#[inline]
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [] => Some(0),
        [byte] => memchr(*byte, hay),
        _ if needle.len() > hay.len() => None,
        _ if hay.len() <= SHORT => find_in_short(hay, needle),
        _ => memmem::find(hay, needle),
    }
}

/// Up to this length looking for the first byte is quicker than getting ready for a search that is better in the worst case.
const SHORT: usize = 512;

/// As [`find`] for a needle of at least two bytes that is no longer than the text.
fn find_in_short(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, last) = (needle[0], hay.len() - needle.len());
    let mut at = 0;
    loop {
        at += memchr(first, &hay[at..=last])?;
        if hay[at + 1] == needle[1] && hay[at..at + needle.len()] == *needle {
            return Some(at);
        }
        at += 1;
        if at > last {
            return None;
        }
    }
}

/// Where the needle is last.
#[inline]
pub(crate) fn rfind(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [] => Some(hay.len()),
        [byte] => memrchr(*byte, hay),
        _ if needle.len() > hay.len() => None,
        _ => memmem::rfind(hay, needle),
    }
}

/// How often the needle, which is not empty, occurs without overlap, counting at most `limit`.
#[inline]
pub(crate) fn count(hay: &[u8], needle: &[u8], limit: usize) -> usize {
    match needle {
        [byte] if limit >= hay.len() => memchr_iter(*byte, hay).count(),
        [byte] => memchr_iter(*byte, hay).take(limit).count(),
        _ => memmem::find_iter(hay, needle).take(limit).count(),
    }
}

/// Calls `f` with the start of each occurrence of the needle, which is not empty, from the left, without overlap.
#[inline]
pub(crate) fn for_each(hay: &[u8], needle: &[u8], limit: usize, mut f: impl FnMut(usize)) {
    match needle {
        [byte] => memchr_iter(*byte, hay).take(limit).for_each(f),
        _ => memmem::find_iter(hay, needle).take(limit).for_each(&mut f),
    }
}

/// `hay` with up to `limit` occurrences of `old`, which is not empty, replaced; `None` if there are none. The second
/// result is the number of them. `Err` if the result would be too long for memory.
pub(crate) fn replace(
    hay: &[u8],
    old: &[u8],
    new: &[u8],
    limit: usize,
) -> Result<Option<(Vec<u8>, usize)>, TooLong> {
    if let ([from], [to], true) = (old, new, limit >= hay.len()) {
        return Ok(replace_byte(hay, *from, *to));
    }
    let n = count(hay, old, limit);
    if n == 0 {
        return Ok(None);
    }
    let removed = hay.len() - n * old.len();
    let len = new.len().checked_mul(n).and_then(|added| added.checked_add(removed)).ok_or(TooLong)?;
    let mut out = Vec::new();
    if len > isize::MAX as usize || out.try_reserve_exact(len).is_err() {
        return Err(TooLong);
    }
    let mut done = 0;
    for_each(hay, old, n, |at| {
        out.extend_from_slice(&hay[done..at]);
        out.extend_from_slice(new);
        done = at + old.len();
    });
    out.extend_from_slice(&hay[done..]);
    Ok(Some((out, n)))
}

/// The result does not fit in memory.
#[derive(Debug)]
pub(crate) struct TooLong;

fn replace_byte(hay: &[u8], from: u8, to: u8) -> Option<(Vec<u8>, usize)> {
    let first = memchr(from, hay)?;
    let mut out = hay.to_vec();
    let mut n = 0;
    for b in &mut out[first..] {
        if *b == from {
            *b = to;
            n += 1;
        }
    }
    Some((out, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn occurrences_do_not_overlap() {
        assert_eq!(count(b"aaaa", b"aa", usize::MAX), 2);
        assert_eq!(count(b"aaaa", b"a", 3), 3);
        assert_eq!((find(b"abcabc", b"bc"), rfind(b"abcabc", b"bc")), (Some(1), Some(4)));
        assert_eq!((find(b"", b""), rfind(b"ab", b"")), (Some(0), Some(2)));
        let replaced = replace(b"aaaa", b"aa", b"b", 1).unwrap();
        assert_eq!(replaced, Some((b"baa".to_vec(), 1)));
        assert_eq!(replace(b"abab", b"a", b"c", 9).unwrap(), Some((b"cbcb".to_vec(), 2)));
        assert_eq!(replace(b"x", b"a", b"c", 9).unwrap(), None);
    }
}
