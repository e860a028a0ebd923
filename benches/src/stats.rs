//! The statistics: medians, bootstrap intervals, one-sided t-tests, Holm's adjustment; and the generator they draw from.
//!
//! Ratios are handled as logarithms, so that a/b and b/a are judged alike. Called by `analysis`; `session` shuffles with
//! the generator. Everything is deterministic for a seed, so a report made anew shows the same figures.

use serde::{Deserialize, Serialize};

/// How often a bootstrap draws; the bounds' own noise is then far below what is shown.
pub const REPLICATES: usize = 4000;

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// A generator for one purpose, independent of those for others.
    pub fn for_purpose(seed: u64, purpose: &str) -> Rng {
        let mut rng = Rng(seed);
        for byte in purpose.bytes() {
            rng.0 = rng.0.wrapping_add(u64::from(byte));
            rng.0 = rng.draw();
        }
        rng
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number under `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.draw()) * limit as u128) >> 64) as usize
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// An estimate with the bounds of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
}

impl Interval {
    fn exp(self) -> Interval {
        Interval { estimate: self.estimate.exp(), low: self.low.exp(), high: self.high.exp() }
    }
}

/// The middle of `values`, the mean of the two middle ones if there is none. Not a number if there are no values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    median_in_place(&mut sorted)
}

fn median_in_place(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// The bounds that leave 2.5 % of the replicates on each side.
fn bounds(replicates: &mut [f64]) -> (f64, f64) {
    replicates.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| replicates[((replicates.len() - 1) as f64 * share).round() as usize];
    (at(0.025), at(0.975))
}

fn resample(values: &[f64], drawn: &mut Vec<f64>, rng: &mut Rng) {
    drawn.clear();
    drawn.extend((0..values.len()).map(|_| values[rng.below(values.len())]));
}

/// The median of positive values with its bootstrap interval; `None` without values.
pub fn median_interval(values: &[f64], rng: &mut Rng) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    let mut drawn = Vec::new();
    let mut replicates: Vec<f64> = (0..REPLICATES)
        .map(|_| {
            resample(values, &mut drawn, rng);
            median_in_place(&mut drawn)
        })
        .collect();
    let (low, high) = bounds(&mut replicates);
    Some(Interval { estimate: median(values), low, high })
}

/// The ratio of two medians with its interval, where the values of the two are not paired.
pub fn ratio_interval(of: &[f64], over: &[f64], rng: &mut Rng) -> Option<Interval> {
    if of.is_empty() || over.is_empty() {
        return None;
    }
    let mut drawn = Vec::new();
    let mut draw = |values: &[f64], rng: &mut Rng| {
        resample(values, &mut drawn, rng);
        median_in_place(&mut drawn)
    };
    let mut replicates: Vec<f64> = (0..REPLICATES).map(|_| draw(of, rng) / draw(over, rng)).collect();
    let (low, high) = bounds(&mut replicates);
    Some(Interval { estimate: median(of) / median(over), low, high })
}

/// The geometric mean over benchmarks of the medians of their blocks' ratios, with the interval of a hierarchical
/// bootstrap: benchmarks are drawn with replacement, and for each one its blocks. `None` without benchmarks.
pub fn geometric_mean(ratios: &[Vec<f64>], rng: &mut Rng) -> Option<Interval> {
    let logs: Vec<Vec<f64>> = ratios
        .iter()
        .filter(|blocks| !blocks.is_empty())
        .map(|blocks| blocks.iter().map(|r| r.ln()).collect())
        .collect();
    if logs.is_empty() {
        return None;
    }
    let mean = |sum: f64| sum / logs.len() as f64;
    let estimate = mean(logs.iter().map(|blocks| median(blocks)).sum());
    let mut drawn = Vec::new();
    let mut replicates: Vec<f64> = (0..REPLICATES)
        .map(|_| {
            let mut sum = 0.0;
            for _ in 0..logs.len() {
                resample(&logs[rng.below(logs.len())], &mut drawn, rng);
                sum += median_in_place(&mut drawn);
            }
            mean(sum)
        })
        .collect();
    let (low, high) = bounds(&mut replicates);
    Some(Interval { estimate, low, high }.exp())
}

/// The p-value of a one-sided t-test on logarithms: how likely are ratios so far above `bound` if the true ratio is
/// at most `bound`? With one ratio nothing can be told, which gives 1.
pub fn p_above(ratios: &[f64], bound: f64) -> f64 {
    t_test(&ratios.iter().map(|r| r.ln() - bound.ln()).collect::<Vec<_>>())
}

/// The other side: how likely are ratios so far below `bound` if the true ratio is at least `bound`?
pub fn p_below(ratios: &[f64], bound: f64) -> f64 {
    t_test(&ratios.iter().map(|r| bound.ln() - r.ln()).collect::<Vec<_>>())
}

fn t_test(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    if values.len() < 2 {
        return 1.0;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    if variance <= f64::EPSILON * f64::EPSILON {
        return if mean > 0.0 { 0.0 } else { 1.0 };
    }
    t_tail(mean / (variance / n).sqrt(), n - 1.0)
}

/// The share of Student's distribution above `t`.
pub fn t_tail(t: f64, degrees: f64) -> f64 {
    let half = incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t)) / 2.0;
    if t >= 0.0 { half } else { 1.0 - half }
}

/// The regularised incomplete beta function, by its continued fraction (NIST DLMF 8.17.22).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges fast on this side only.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp() / a;
    // Evaluated from the far end; by then the terms have long stopped to matter.
    let mut tail = 1.0;
    for m in (1..=200).rev() {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        tail = 1.0 + even / (1.0 + odd / tail);
    }
    let first = -(a + b) * x / (a + 1.0);
    front / (1.0 + first / tail)
}

/// The logarithm of the gamma function: Stirling's series, after the argument is raised to where it is accurate.
fn ln_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 10.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

/// Holm's step-down adjustment: with it, all p-values under 0.05 taken together err with a chance of at most 5 %.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max((p_values[index] * (p_values.len() - rank) as f64).min(1.0));
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64, tolerance: f64) -> bool {
        (a - b).abs() <= tolerance
    }

    #[test]
    fn equal_times_have_the_ratio_one() {
        let mean = geometric_mean(&vec![vec![1.0; 5]; 8], &mut Rng::new(1)).expect("there are benchmarks");
        assert_eq!(mean, Interval { estimate: 1.0, low: 1.0, high: 1.0 });
        assert_eq!(p_above(&[1.0; 5], 1.05), 1.0);
        assert_eq!(p_below(&[1.0; 5], 1.05), 0.0);
        assert!(geometric_mean(&[], &mut Rng::new(1)).is_none());
    }

    #[test]
    fn noise_around_one_covers_one_and_a_slowdown_does_not() {
        let noisy = |centre: f64, seed: u64| -> Vec<Vec<f64>> {
            let mut rng = Rng::new(seed);
            let mut noise = || centre * (0.97 + 0.06 * rng.below(1000) as f64 / 999.0);
            (0..20).map(|_| (0..10).map(|_| noise()).collect()).collect()
        };
        let same = geometric_mean(&noisy(1.0, 3), &mut Rng::new(1)).expect("there are benchmarks");
        assert!(same.low < 1.0 && 1.0 < same.high && same.high - same.low < 0.03, "{same:?}");
        let slower = geometric_mean(&noisy(1.2, 4), &mut Rng::new(1)).expect("there are benchmarks");
        assert!(slower.low > 1.18 && slower.high < 1.22, "{slower:?}");
        let adjusted = holm(&noisy(1.2, 4).iter().map(|blocks| p_above(blocks, 1.05)).collect::<Vec<_>>());
        assert!(adjusted.iter().all(|&p| p < 0.05), "{adjusted:?}");
    }

    #[test]
    fn the_interval_is_wider_when_benchmarks_differ_than_when_blocks_do() {
        let by_benchmark: Vec<Vec<f64>> =
            (0..10).map(|i| vec![if i % 2 == 0 { 0.8 } else { 1.25 }; 10]).collect();
        let by_block: Vec<Vec<f64>> =
            (0..10).map(|_| (0..10).map(|i| if i % 2 == 0 { 0.8 } else { 1.25 }).collect()).collect();
        let width = |data: &[Vec<f64>]| {
            let interval = geometric_mean(data, &mut Rng::new(7)).expect("there are benchmarks");
            assert!(near(interval.estimate, 1.0, 1e-9));
            interval.high - interval.low
        };
        assert!(width(&by_benchmark) > 0.1);
        assert!(width(&by_benchmark) > width(&by_block));
    }

    #[test]
    fn student_tails_are_those_of_the_tables() {
        for (t, degrees, tail) in
            [(2.015, 5.0, 0.05), (6.314, 1.0, 0.05), (2.764, 10.0, 0.01), (1.660, 100.0, 0.05)]
        {
            assert!(near(t_tail(t, degrees), tail, 1e-4), "{t} {degrees} {}", t_tail(t, degrees));
            assert!(near(t_tail(-t, degrees), 1.0 - tail, 1e-4));
        }
        assert!(near(t_tail(0.0, 3.0), 0.5, 1e-9));
    }

    #[test]
    fn holm_multiplies_by_what_is_left_and_never_falls() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (got, want) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!(near(*got, want, 1e-12), "{adjusted:?}");
        }
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
