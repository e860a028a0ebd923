//! The hash of text and bytes: SipHash-1-3 with the VM's key (PEP 456), so that `hash("a") == hash(b"a")` for ASCII.

use siphasher::sip::SipHasher13;

/// The hash of bytes; never -1. The hash of nothing is 0.
#[inline]
pub fn hash_bytes(seed: (u64, u64), bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    match SipHasher13::new_with_keys(seed.0, seed.1).hash(bytes) as i64 {
        -1 => -2,
        hash => hash,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_cpython_under_seed_0() {
        // `PYTHONHASHSEED=0 python3.14 -c 'print(hash("abc"), hash(b"a" * 20))'`
        assert_eq!(super::hash_bytes((0, 0), b"abc"), -4594863902769663758);
        assert_eq!(super::hash_bytes((0, 0), &[b'a'; 20]), 3291541819775287794);
    }
}
