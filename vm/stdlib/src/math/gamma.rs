//! The gamma function and its logarithm by Lanczos's approximation.
//!
//! The rational function is the one that Boost's `lanczos13m53` publishes (N = 13, g = 6.0246...): errors below 1e-16, so
//! that what is left are rounding errors of a few units. Pure functions.

use std::f64::consts::PI;

const G: f64 = 6.024_680_040_776_73;
const G_MINUS_HALF: f64 = 5.524_680_040_776_73;

/// Coefficients of the numerator, lowest power first.
#[allow(clippy::excessive_precision)]
const NUMERATOR: [f64; 13] = [
    23531376880.410759688572007674451636754734846804940,
    42919803642.649098768957899047001988850926355848959,
    35711959237.355668049440185451547166705960488635843,
    17921034426.037209699919755754458931112671403265390,
    6039542586.3520280050642916443072979210699388420708,
    1439720407.3117216736632230727949123939715485786372,
    248874557.86205415651146038641322942321632125127801,
    31426415.585400194380614231628318205362874684987640,
    2876370.6289353724412254090516208496135991145378768,
    186056.26539522349504029498971604569928220784236328,
    8071.6720023658162106380029022722506138218516325024,
    210.82427775157934587250973392071336271166969580291,
    2.5066282746310002701649081771338373386264310793408,
];

/// Coefficients of `x * (x + 1) * ... * (x + 11)`.
const DENOMINATOR: [f64; 13] = [
    0.0,
    39916800.0,
    120543840.0,
    150917976.0,
    105258076.0,
    45995730.0,
    13339535.0,
    2637558.0,
    357423.0,
    32670.0,
    1925.0,
    66.0,
    1.0,
];

/// `n!` for `n` from 0 to 22: all that are exact.
const FACTORIALS: [f64; 23] = {
    let mut table = [1.0; 23];
    let mut n = 1;
    while n < 23 {
        table[n] = table[n - 1] * n as f64;
        n += 1;
    }
    table
};

/// Lanczos's rational function, `x` positive.
fn lanczos_sum(x: f64) -> f64 {
    let (mut above, mut below) = (0.0, 0.0);
    if x < 5.0 {
        for (n, d) in NUMERATOR.iter().zip(&DENOMINATOR).rev() {
            above = above * x + n;
            below = below * x + d;
        }
    } else {
        // In powers of 1 / x, which do not overflow.
        for (n, d) in NUMERATOR.iter().zip(&DENOMINATOR) {
            above = above / x + n;
            below = below / x + d;
        }
    }
    above / below
}

/// `sin(pi * x)`, exact where the argument of the sine is.
fn sin_pi(x: f64) -> f64 {
    let y = x.abs() % 2.0;
    let r = match (2.0 * y).round() as i32 {
        0 => (PI * y).sin(),
        1 => (PI * (y - 0.5)).cos(),
        // Not the negative sine of what is above 1: at 1.0 the zero is positive.
        2 => (PI * (1.0 - y)).sin(),
        3 => -(PI * (y - 1.5)).cos(),
        _ => (PI * (y - 2.0)).sin(),
    };
    r * 1f64.copysign(x)
}

/// `gamma(x)`: not a number at the poles, infinite if it is too large.
pub fn gamma(x: f64) -> f64 {
    if !x.is_finite() {
        return if x == f64::NEG_INFINITY { f64::NAN } else { x };
    }
    if x == x.floor() {
        if x <= 0.0 {
            return f64::NAN;
        }
        if x <= FACTORIALS.len() as f64 {
            return FACTORIALS[x as usize - 1];
        }
    }
    let size = x.abs();
    if size < 1e-20 {
        return 1.0 / x;
    }
    // Beyond this all are infinite or zero.
    if size > 200.0 {
        return if x < 0.0 { 0.0 / sin_pi(x) } else { f64::INFINITY };
    }
    // What rounding loses in `size + g - 0.5`; it matters to the power.
    let y = size + G_MINUS_HALF;
    let lost = match size > G_MINUS_HALF {
        true => y - size - G_MINUS_HALF,
        false => y - G_MINUS_HALF - size,
    };
    let z = lost * G / y;
    if x < 0.0 {
        let r = -PI / sin_pi(size) / size * y.exp() / lanczos_sum(size);
        let r = r - z * r;
        return if size < 140.0 {
            r / y.powf(size - 0.5)
        } else {
            let root = y.powf(size / 2.0 - 0.25);
            r / root / root
        };
    }
    let r = lanczos_sum(size) / y.exp();
    let r = r + z * r;
    if size < 140.0 {
        r * y.powf(size - 0.5)
    } else {
        let root = y.powf(size / 2.0 - 0.25);
        r * root * root
    }
}

/// `log(abs(gamma(x)))`: not a number at the poles.
pub fn lgamma(x: f64) -> f64 {
    if !x.is_finite() {
        return x.abs();
    }
    if x == x.floor() && x <= 2.0 {
        return if x <= 0.0 { f64::NAN } else { 0.0 };
    }
    let size = x.abs();
    if size < 1e-20 {
        return -size.ln();
    }
    let r = lanczos_sum(size).ln() - G + (size - 0.5) * ((size + G - 0.5).ln() - 1.0);
    if x < 0.0 {
        // By reflection.
        return PI.ln() - sin_pi(size).abs().ln() - size.ln() - r;
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorials_and_halves() {
        assert_eq!(gamma(5.0), 24.0);
        assert_eq!(gamma(23.0), 1124000727777607680000.0);
        assert!((gamma(0.5) - PI.sqrt()).abs() < 1e-15);
        assert!((gamma(-1.5) - 2.363271801207355).abs() < 1e-14);
        assert_eq!(gamma(171.7), f64::INFINITY);
        assert!(gamma(-3.0).is_nan());
        assert_eq!(gamma(-200.5).abs(), 0.0);
        assert_eq!(lgamma(1.0), 0.0);
        assert!((lgamma(100.0) - 359.1342053695754).abs() < 1e-12);
        assert!((lgamma(-0.5) - 1.2655121234846454).abs() < 1e-15);
        assert!(lgamma(-4.0).is_nan() && lgamma(0.0).is_nan());
    }

    #[test]
    fn the_sine_of_multiples_of_pi_is_exact() {
        for (x, sine) in [(1.0, 0.0), (0.5, 1.0), (1.5, -1.0), (-0.5, -1.0), (2.5, 1.0), (1e15 + 0.5, 1.0)] {
            assert_eq!(sin_pi(x), sine, "{x}");
        }
    }
}
