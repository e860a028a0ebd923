//! `long double` of x86: 80 bits, of which 64 are the significand with its first bit written out.
//!
//! Where the C type is another one it is taken for a double.

/// Bytes of the type.
pub const SIZE: usize = if cfg!(any(target_arch = "x86_64", target_arch = "x86")) { 16 } else { 8 };
/// Exponents are biased by this.
const BIAS: i32 = 16383;

/// The bytes of a number.
pub fn to_bytes(x: f64) -> [u8; 16] {
    let mut all = [0; 16];
    if SIZE == 8 {
        all[..8].copy_from_slice(&x.to_le_bytes());
        return all;
    }
    let bits = x.to_bits();
    let (sign, exponent, fraction) = (bits >> 63, (bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    let (exponent, significand) = match exponent {
        0 if fraction == 0 => (0, 0),
        // Subnormal: there is room for it to be none.
        0 => {
            let shift = fraction.leading_zeros();
            (BIAS - 1022 - (shift as i32 - 11), fraction << shift)
        }
        0x7ff => (0x7fff, 1 << 63 | fraction << 11),
        _ => (exponent - 1023 + BIAS, 1 << 63 | fraction << 11),
    };
    all[..8].copy_from_slice(&significand.to_le_bytes());
    all[8..10].copy_from_slice(&((sign << 15) as u16 | exponent as u16).to_le_bytes());
    all
}

/// The number that the bytes are, rounded to the nearest double.
pub fn from_bytes(all: &[u8; 16]) -> f64 {
    let mut word = [0; 8];
    word.copy_from_slice(&all[..8]);
    if SIZE == 8 {
        return f64::from_le_bytes(word);
    }
    let significand = u64::from_le_bytes(word);
    let head = u16::from_le_bytes([all[8], all[9]]);
    let exponent = i32::from(head & 0x7fff);
    let magnitude = match exponent {
        0x7fff if significand << 1 == 0 => f64::INFINITY,
        0x7fff => f64::NAN,
        _ => scaled(significand, exponent - BIAS - 63),
    };
    if head >> 15 == 1 { -magnitude } else { magnitude }
}

/// `significand * 2 ** exponent`, rounded once.
fn scaled(significand: u64, exponent: i32) -> f64 {
    if significand == 0 {
        return 0.0;
    }
    // Below the normal numbers fewer bits are left, so that rounding happens at their place.
    let top = exponent + 63 - significand.leading_zeros() as i32;
    if top > 1023 {
        return f64::INFINITY;
    }
    let dropped = if top < -1022 { -1074 - exponent } else { 0 };
    match dropped {
        ..=0 => {
            let (half, rest) = (exponent / 2, exponent - exponent / 2);
            significand as f64 * 2f64.powi(half) * 2f64.powi(rest)
        }
        1..=64 => {
            let wide = u128::from(significand);
            let (kept, lost) = (wide >> dropped, wide & ((1 << dropped) - 1));
            let half = 1u128 << (dropped - 1);
            let up = lost > half || (lost == half && kept & 1 == 1);
            f64::from_bits(kept as u64 + u64::from(up))
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_survive() {
        let smallest = f64::from_bits(1);
        for x in [0.0, 1.0, -1.5, 0.1, f64::MAX, f64::MIN_POSITIVE, smallest, 3.0 * smallest, f64::INFINITY] {
            assert_eq!(from_bytes(&to_bytes(x)).to_bits(), x.to_bits(), "{x}");
            assert_eq!(from_bytes(&to_bytes(-x)).to_bits(), (-x).to_bits(), "-{x}");
        }
        assert!(from_bytes(&to_bytes(f64::NAN)).is_nan());
    }
}
