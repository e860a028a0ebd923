//! Functions of the C library that Rust's library does not offer, and taking floats apart.

unsafe extern "C" {
    pub safe fn erf(x: f64) -> f64;
    pub safe fn erfc(x: f64) -> f64;
    pub safe fn remainder(x: f64, y: f64) -> f64;
    pub safe fn nextafter(x: f64, y: f64) -> f64;
    pub safe fn acosh(x: f64) -> f64;
    pub safe fn asinh(x: f64) -> f64;
    pub safe fn atanh(x: f64) -> f64;
    #[link_name = "ldexp"]
    safe fn c_ldexp(x: f64, exponent: i32) -> f64;
}

/// `x * 2 ** exponent`, rounded once.
pub fn ldexp(x: f64, exponent: i64) -> f64 {
    c_ldexp(x, exponent.clamp(i32::MIN as i64 / 2, i32::MAX as i64 / 2) as i32)
}

/// `m` and `e` so that `x == m * 2 ** e` and `0.5 <= abs(m) < 1`; zeros and what is not finite are given back with 0.
pub fn frexp(x: f64) -> (f64, i32) {
    const EXPONENT: u64 = 0x7ff << 52;
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (bits, shifted) = match x.to_bits() & EXPONENT {
        // Subnormal: scale it up first.
        0 => ((x * 2f64.powi(54)).to_bits(), 54),
        _ => (x.to_bits(), 0),
    };
    let exponent = ((bits & EXPONENT) >> 52) as i32 - 1022 - shifted;
    (f64::from_bits(bits & !EXPONENT | 1022 << 52), exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_whole() {
        for x in [1.0, -3.5, 5e-324, f64::MIN_POSITIVE, f64::MAX, 0.1, -1e-310] {
            let (m, e) = frexp(x);
            assert!((0.5..1.0).contains(&m.abs()), "{x}");
            assert_eq!(ldexp(m, e as i64), x);
        }
        assert_eq!(frexp(-0.0), (-0.0, 0));
        assert_eq!(ldexp(1.0, i64::MAX), f64::INFINITY);
        assert_eq!(ldexp(1.0, i64::MIN), 0.0);
    }
}
