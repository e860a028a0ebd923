//! Sums and products of floats without rounding errors, as pairs and triples of floats (Dekker 1971; Ogita, Rump and
//! Oishi, "Accurate sum and dot product", 2005). Pure functions.

/// A sum of two floats, the second below the last bit of the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    pub high: f64,
    pub low: f64,
}

/// `a + b` exactly, if `abs(a) >= abs(b)`.
#[inline(always)]
pub fn sum_ordered(a: f64, b: f64) -> Pair {
    let high = a + b;
    Pair { high, low: b - (high - a) }
}

/// `a + b` exactly.
#[inline(always)]
pub fn sum(a: f64, b: f64) -> Pair {
    let high = a + b;
    let from_b = high - a;
    let from_a = high - from_b;
    Pair { high, low: (a - from_a) + (b - from_b) }
}

/// `a * b` exactly, unless it is close to the range's end.
#[inline(always)]
pub fn product(a: f64, b: f64) -> Pair {
    let high = a * b;
    Pair { high, low: a.mul_add(b, -high) }
}

/// A sum of three floats of falling size: a running dot product of about 160 bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Triple {
    high: f64,
    low: f64,
    tiny: f64,
}

impl Triple {
    /// `self + a * b`.
    #[inline]
    pub fn add_product(self, a: f64, b: f64) -> Triple {
        let p = product(a, b);
        let s = sum(self.high, p.high);
        let r1 = sum(self.low, p.low);
        let r2 = sum(r1.high, s.low);
        Triple { high: s.high, low: r2.high, tiny: self.tiny + r1.low + r2.low }
    }

    pub fn is_finite(self) -> bool {
        self.high.is_finite()
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        let last = sum(self.low, self.tiny);
        let total = sum(self.high, last.high);
        total.high + (total.low + last.low)
    }
}

/// Floats that do not overlap, smallest first, whose sum is exactly that of all floats added (Shewchuk 1997).
#[derive(Default)]
pub struct Partials(Vec<f64>);

impl Partials {
    /// Adds a float; gives what it became if that is not finite, and has not been added then.
    pub fn add(&mut self, mut x: f64) -> Option<f64> {
        let mut kept = 0;
        for i in 0..self.0.len() {
            let mut y = self.0[i];
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let s = sum_ordered(x, y);
            if s.low != 0.0 {
                self.0[kept] = s.low;
                kept += 1;
            }
            x = s.high;
        }
        self.0.truncate(kept);
        if x != 0.0 {
            if !x.is_finite() {
                return Some(x);
            }
            self.0.push(x);
        }
        None
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The float nearest to the sum, half to even.
    pub fn total(&self) -> f64 {
        let mut rest = self.0.iter().rev().copied();
        let Some(mut high) = rest.next() else { return 0.0 };
        let mut low = 0.0;
        for next in rest.by_ref() {
            let s = sum_ordered(high, next);
            (high, low) = (s.high, s.low);
            if low != 0.0 {
                break;
            }
        }
        // Exactly between two floats, what is left tells the side.
        if let Some(next) = rest.next()
            && low != 0.0
            && (low < 0.0) == (next < 0.0)
        {
            let doubled = low * 2.0;
            let beyond = high + doubled;
            if doubled == beyond - high {
                high = beyond;
            }
        }
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(values: &[f64]) -> f64 {
        let mut partials = Partials::default();
        for &x in values {
            assert_eq!(partials.add(x), None);
        }
        partials.total()
    }

    #[test]
    fn sums_are_rounded_once() {
        assert_eq!(total(&[1e100, 1.0, -1e100, 1e-100, 1e50, -1.0, -1e50]), 1e-100);
        assert_eq!(total(&[0.1; 10]), 1.0);
        // Half a unit above 1, and a little more.
        assert_eq!(total(&[1.0, f64::EPSILON / 2.0]), 1.0);
        assert_eq!(total(&[1.0, f64::EPSILON / 2.0, 1e-300]), 1.0 + f64::EPSILON);
        assert_eq!(total(&[]), 0.0);
        assert_eq!(Partials(vec![f64::MAX]).add(f64::MAX), Some(f64::INFINITY));
    }

    #[test]
    fn dot_products_keep_what_cancels() {
        let t = [(1e20, 1.0), (1.0, 0.1), (-1e20, 1.0)]
            .iter()
            .fold(Triple::default(), |t, &(a, b)| t.add_product(a, b));
        assert_eq!(t.to_f64(), 0.1);
    }
}
