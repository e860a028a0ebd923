//! Products of magnitudes: by columns for short ones, Karatsuba's for middling ones, number-theoretic transforms (`ntt.rs`) for
//! long ones.

use super::limbs::{BASE, Res, add_assign, div_base, normalize, sub_assign, trim, zeros};
use super::ntt;

/// Shortest factor, in limbs, for which three products of halves are quicker than four.
const KARATSUBA: usize = 40;
/// Shortest factor for which transforms are quicker.
const TRANSFORM: usize = 300;

/// The product, normal.
pub fn mul(a: &[u64], b: &[u64]) -> Res<Vec<u64>> {
    let (a, b) = (trim(a), trim(b));
    if a.is_empty() || b.is_empty() {
        return Ok(Vec::new());
    }
    let mut out = zeros(a.len().checked_add(b.len()).ok_or(super::limbs::NoMemory)?)?;
    mul_into(&mut out, a, b)?;
    normalize(&mut out);
    Ok(out)
}

/// `out = a * b`; `out` has just the room for it.
fn mul_into(out: &mut [u64], a: &[u64], b: &[u64]) -> Res<()> {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    if short.len() < KARATSUBA {
        columns(out, long, short);
        return Ok(());
    }
    if short.len() >= TRANSFORM && long.len() < 4 * short.len() {
        return ntt::mul_into(out, long, short);
    }
    // The upper halves of both must not be empty.
    if long.len() + 1 < 2 * short.len() {
        return karatsuba(out, long, short);
    }
    // Pieces of the long one that are as long as the short one.
    out.fill(0);
    let mut piece = zeros(2 * short.len())?;
    for (i, part) in long.chunks(short.len()).enumerate() {
        let piece = &mut piece[..part.len() + short.len()];
        mul_into(piece, part, short)?;
        add_assign(&mut out[i * short.len()..], piece);
    }
    Ok(())
}

/// An accumulator of products: 192 bits, as many as any sum of a column needs.
#[derive(Clone, Copy, Default)]
struct Column {
    low: u128,
    high: u64,
}

impl Column {
    #[inline(always)]
    fn add(&mut self, x: u128) {
        let (sum, over) = self.low.overflowing_add(x);
        self.low = sum;
        self.high += over as u64;
    }

    /// The limb of this column; what is carried to the next one remains.
    #[inline(always)]
    fn take(&mut self) -> u64 {
        let (q1, rest) = div_base((self.high as u128) << 64 | self.low >> 64);
        let (q0, limb) = div_base((rest as u128) << 64 | self.low as u64 as u128);
        *self = Column { low: (q1 as u128) << 64 | q0 as u128, high: 0 };
        limb
    }
}

/// The product, one limb of it after the other.
#[inline]
pub fn columns(out: &mut [u64], long: &[u64], short: &[u64]) {
    let (n, m) = (long.len(), short.len());
    if m == 1 {
        let mut carry = 0;
        for (to, &limb) in out.iter_mut().zip(long) {
            (carry, *to) = div_base(limb as u128 * short[0] as u128 + carry as u128);
        }
        out[n] = carry;
        return;
    }
    let mut column = Column::default();
    for (k, to) in out[..n + m - 1].iter_mut().enumerate() {
        let first = k.saturating_sub(n - 1);
        let last = k.min(m - 1);
        // `short` from `first` to `last` against `long` from `k - first` down.
        let upper = &long[k - last..=k - first];
        for (&x, &y) in short[first..=last].iter().zip(upper.iter().rev()) {
            column.add(x as u128 * y as u128);
        }
        *to = column.take();
    }
    out[n + m - 1] = column.low as u64;
    debug_assert!(column.low < BASE as u128);
}

/// `|a - b|` of equally long magnitudes, `b` perhaps shorter; gives whether it is negative.
fn difference(out: &mut [u64], a: &[u64], b: &[u64]) -> bool {
    let b = trim(b);
    let less = super::limbs::compare(trim(a), b).is_lt();
    out.fill(0);
    if less {
        out[..b.len()].copy_from_slice(b);
        sub_assign(out, trim(a));
    } else {
        out[..a.len()].copy_from_slice(a);
        sub_assign(out, b);
    }
    less
}

fn karatsuba(out: &mut [u64], a: &[u64], b: &[u64]) -> Res<()> {
    let half = a.len().div_ceil(2);
    let (a0, a1) = a.split_at(half);
    let (b0, b1) = b.split_at(half);
    let mut store = zeros(4 * half)?;
    let (differences, middle) = store.split_at_mut(2 * half);
    let (da, db) = differences.split_at_mut(half);
    let negative = difference(da, a0, a1) != difference(db, b0, b1);
    mul_into(middle, da, db)?;
    let (low, high) = out.split_at_mut(2 * half);
    mul_into(low, a0, b0)?;
    mul_into(high, a1, b1)?;
    // a0 b1 + a1 b0 = a0 b0 + a1 b1 - (a0 - a1) (b0 - b1)
    let mut sum = zeros(2 * half + 1)?;
    sum[..2 * half].copy_from_slice(low);
    add_assign(&mut sum, high);
    if negative {
        add_assign(&mut sum, middle);
    } else {
        sub_assign(&mut sum, middle);
    }
    add_assign(&mut out[half..], trim(&sum));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_agree_with_columns() {
        let mut seed = 3u64;
        let mut next = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            // Many limbs at the edges.
            [0, BASE - 1, 1, seed % BASE][(seed >> 61) as usize / 2]
        };
        let half = KARATSUBA;
        for (n, m) in [
            (half, half),
            (2 * half - 1, half),
            (2 * half, half),
            (2 * half - 2, half),
            (200, 77),
            (401, 301),
            (1300, 310),
            (301, 300),
        ] {
            let a: Vec<u64> = (0..n).map(|_| next()).chain([7]).collect();
            let b: Vec<u64> = (0..m).map(|_| next()).chain([9]).collect();
            let mut wanted = vec![0; n + m + 2];
            columns(&mut wanted, &a, &b);
            normalize(&mut wanted);
            assert!(mul(&a, &b).expect("memory") == wanted, "{n} by {m} limbs");
            assert!(mul(&b, &a).expect("memory") == wanted, "{m} by {n} limbs");
        }
    }
}
