//! A stable merge sort for comparisons that may fail and need not be consistent: Tim Peters' timsort as described in
//! CPython's `listsort.txt`, with the merge order of Munro and Wild's powersort ("Nearly-Optimal Mergesorts", 2018).
//!
//! Sorts plain words that the caller owns, away from any object. Whatever the comparison does, the slice stays a
//! permutation of what it was.

/// Runs shorter than this are extended by insertion.
const MIN_MERGE: usize = 64;
/// Wins in a row after which a merge begins to gallop.
const MIN_GALLOP: usize = 7;

/// Sorts `items`; `less` says whether the first comes before the second.
///
/// # Errors
/// The first error of `less`; the items are then in some order.
pub(super) fn sort<T: Copy, E>(
    items: &mut [T],
    less: impl FnMut(&T, &T) -> Result<bool, E>,
) -> Result<(), E> {
    if items.len() < 2 {
        return Ok(());
    }
    let buffer = Vec::new();
    let mut sorter = Sorter { items, less, buffer, runs: Vec::new(), min_gallop: MIN_GALLOP };
    sorter.sort()
}

struct Run {
    start: usize,
    len: usize,
    /// Depth of the boundary between this run and the next one in the merge tree.
    power: u32,
}

struct Sorter<'a, T, F> {
    items: &'a mut [T],
    less: F,
    buffer: Vec<T>,
    runs: Vec<Run>,
    min_gallop: usize,
}

/// The least length of a run: so that the slice is split into a power of two of nearly equal runs.
fn min_run(mut n: usize) -> usize {
    let mut rest = 0;
    while n >= MIN_MERGE {
        rest |= n & 1;
        n >>= 1;
    }
    n + rest
}

/// The power of the boundary between two adjacent runs in a slice of `n` items.
fn power(start: usize, len1: usize, len2: usize, n: usize) -> u32 {
    let mut a = 2 * start + len1;
    let mut b = a + len1 + len2;
    let mut result = 0;
    loop {
        result += 1;
        if a >= n {
            a -= n;
            b -= n;
        } else if b >= n {
            return result;
        }
        a <<= 1;
        b <<= 1;
    }
}

impl<T: Copy, E, F: FnMut(&T, &T) -> Result<bool, E>> Sorter<'_, T, F> {
    fn sort(&mut self) -> Result<(), E> {
        let n = self.items.len();
        let min_run = min_run(n);
        let mut start = 0;
        while start < n {
            let mut len = self.count_run(start)?;
            if len < min_run {
                let forced = min_run.min(n - start);
                self.insert_sorted(start, len, forced)?;
                len = forced;
            }
            self.push_run(start, len)?;
            start += len;
        }
        while self.runs.len() > 1 {
            self.merge_top()?;
        }
        Ok(())
    }

    /// The length of the run at `start`, ascending when this returns. In a descending run equal items may stand side by
    /// side: they are reversed twice, which keeps their order. Compares what CPython's `count_run` does.
    fn count_run(&mut self, start: usize) -> Result<usize, E> {
        let n = self.items.len();
        let mut end = start + 1;
        while end < n && !(self.less)(&self.items[end], &self.items[end - 1])? {
            end += 1;
        }
        if end == n {
            return Ok(n - start);
        }
        if end - start > 1 {
            if (self.less)(&self.items[start], &self.items[end - 1])? {
                return Ok(end - start);
            }
            // So far all are equal.
            self.items[start..end].reverse();
        }
        end += 1;
        let mut equal = 0;
        while end < n {
            if (self.less)(&self.items[end], &self.items[end - 1])? {
                self.items[end - 1 - equal..end].reverse();
                equal = 0;
            } else if (self.less)(&self.items[end - 1], &self.items[end])? {
                break;
            } else {
                equal += 1;
            }
            end += 1;
        }
        self.items[end - 1 - equal..end].reverse();
        self.items[start..end].reverse();
        while end < n && !(self.less)(&self.items[end], &self.items[end - 1])? {
            end += 1;
        }
        Ok(end - start)
    }

    /// Binary insertion of the items after the first `sorted` ones.
    fn insert_sorted(&mut self, start: usize, sorted: usize, len: usize) -> Result<(), E> {
        for at in start + sorted..start + len {
            let pivot = self.items[at];
            let (mut low, mut high) = (start, at);
            while low < high {
                let middle = low + (high - low) / 2;
                if (self.less)(&pivot, &self.items[middle])? {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            self.items.copy_within(low..at, low + 1);
            self.items[low] = pivot;
        }
        Ok(())
    }

    fn push_run(&mut self, start: usize, len: usize) -> Result<(), E> {
        if let Some(last) = self.runs.last() {
            let power = power(last.start, last.len, len, self.items.len());
            while self.runs.len() > 1 && self.runs[self.runs.len() - 2].power > power {
                self.merge_top()?;
            }
            if let Some(last) = self.runs.last_mut() {
                last.power = power;
            }
        }
        self.runs.push(Run { start, len, power: 0 });
        Ok(())
    }

    /// Merges the two runs on top of the stack.
    fn merge_top(&mut self) -> Result<(), E> {
        let Some(second) = self.runs.pop() else { return Ok(()) };
        let Some(first) = self.runs.last_mut() else { return Ok(()) };
        let (start, len1, len2) = (first.start, first.len, second.len);
        first.len += len2;
        first.power = second.power;
        let middle = start + len1;
        // What of the first run is in place already, and what of the second one.
        let first_of_second = self.items[middle];
        let skip = self.gallop_right(&first_of_second, start, len1, 0)?;
        if skip == len1 {
            return Ok(());
        }
        let last_of_first = self.items[middle - 1];
        let keep = self.gallop_left(&last_of_first, middle, len2, len2 - 1)?;
        if keep == 0 {
            return Ok(());
        }
        let (start, len1) = (start + skip, len1 - skip);
        if len1 <= keep { self.merge_low(start, len1, keep) } else { self.merge_high(start, len1, keep) }
    }

    /// How many items of `items[start..start + len]`, which is sorted, are less than `key`; the search starts at `hint`.
    fn gallop_left(&mut self, key: &T, start: usize, len: usize, hint: usize) -> Result<usize, E> {
        gallop(&mut self.less, key, &self.items[start..start + len], hint, false)
    }

    /// As `gallop_left` for items that are less than or equal to `key`.
    fn gallop_right(&mut self, key: &T, start: usize, len: usize, hint: usize) -> Result<usize, E> {
        gallop(&mut self.less, key, &self.items[start..start + len], hint, true)
    }

    /// Merges adjacent runs from the left, the first one copied away.
    fn merge_low(&mut self, start: usize, len1: usize, len2: usize) -> Result<(), E> {
        self.buffer.clear();
        self.buffer.extend_from_slice(&self.items[start..start + len1]);
        let mut m = LowMerge { left: 0, right: start + len1, to: start, end: start + len1 + len2 };
        let result = self.merge_low_loop(&mut m);
        // What is left of the first run belongs between what is merged and what is left of the second.
        let rest = self.buffer.len() - m.left;
        self.items[m.to..m.to + rest].copy_from_slice(&self.buffer[m.left..]);
        result
    }

    fn merge_low_loop(&mut self, m: &mut LowMerge) -> Result<(), E> {
        let (mut left_wins, mut right_wins) = (0, 0);
        while m.left < self.buffer.len() && m.right < m.end {
            if (self.less)(&self.items[m.right], &self.buffer[m.left])? {
                self.take_right(m, 1);
                (left_wins, right_wins) = (0, right_wins + 1);
            } else {
                self.take_left(m, 1);
                (left_wins, right_wins) = (left_wins + 1, 0);
            }
            if left_wins.max(right_wins) >= self.min_gallop {
                self.gallop_low(m)?;
                (left_wins, right_wins) = (0, 0);
            }
        }
        Ok(())
    }

    /// Takes whole stretches as long as that pays.
    fn gallop_low(&mut self, m: &mut LowMerge) -> Result<(), E> {
        while m.left < self.buffer.len() && m.right < m.end {
            let n = gallop(&mut self.less, &self.items[m.right], &self.buffer[m.left..], 0, true)?;
            self.take_left(m, n);
            if m.left == self.buffer.len() {
                break;
            }
            let k = gallop(&mut self.less, &self.buffer[m.left], &self.items[m.right..m.end], 0, false)?;
            self.take_right(m, k);
            if n < MIN_GALLOP && k < MIN_GALLOP {
                self.min_gallop += 2;
                break;
            }
            self.min_gallop = self.min_gallop.saturating_sub(1).max(1);
        }
        Ok(())
    }

    fn take_left(&mut self, m: &mut LowMerge, n: usize) {
        self.items[m.to..m.to + n].copy_from_slice(&self.buffer[m.left..m.left + n]);
        m.left += n;
        m.to += n;
    }

    fn take_right(&mut self, m: &mut LowMerge, n: usize) {
        self.items.copy_within(m.right..m.right + n, m.to);
        m.right += n;
        m.to += n;
    }

    /// Merges adjacent runs from the right, the second one copied away.
    fn merge_high(&mut self, start: usize, len1: usize, len2: usize) -> Result<(), E> {
        let middle = start + len1;
        self.buffer.clear();
        self.buffer.extend_from_slice(&self.items[middle..middle + len2]);
        let mut m = HighMerge { start, left: middle, right: len2, to: middle + len2 };
        let result = self.merge_high_loop(&mut m);
        // What is left of the second run belongs between what is left of the first and what is merged.
        self.items[m.to - m.right..m.to].copy_from_slice(&self.buffer[..m.right]);
        result
    }

    fn merge_high_loop(&mut self, m: &mut HighMerge) -> Result<(), E> {
        let (mut left_wins, mut right_wins) = (0, 0);
        while m.left > m.start && m.right > 0 {
            if (self.less)(&self.buffer[m.right - 1], &self.items[m.left - 1])? {
                self.give_left(m, 1);
                (left_wins, right_wins) = (left_wins + 1, 0);
            } else {
                self.give_right(m, 1);
                (left_wins, right_wins) = (0, right_wins + 1);
            }
            if left_wins.max(right_wins) >= self.min_gallop {
                self.gallop_high(m)?;
                (left_wins, right_wins) = (0, 0);
            }
        }
        Ok(())
    }

    /// As `gallop_low`, from the right.
    fn gallop_high(&mut self, m: &mut HighMerge) -> Result<(), E> {
        while m.left > m.start && m.right > 0 {
            let left = &self.items[m.start..m.left];
            let n =
                left.len() - gallop(&mut self.less, &self.buffer[m.right - 1], left, left.len() - 1, true)?;
            self.give_left(m, n);
            if m.left == m.start {
                break;
            }
            let right = &self.buffer[..m.right];
            let k =
                right.len() - gallop(&mut self.less, &self.items[m.left - 1], right, right.len() - 1, false)?;
            self.give_right(m, k);
            if n < MIN_GALLOP && k < MIN_GALLOP {
                self.min_gallop += 2;
                break;
            }
            self.min_gallop = self.min_gallop.saturating_sub(1).max(1);
        }
        Ok(())
    }

    fn give_left(&mut self, m: &mut HighMerge, n: usize) {
        self.items.copy_within(m.left - n..m.left, m.to - n);
        m.left -= n;
        m.to -= n;
    }

    fn give_right(&mut self, m: &mut HighMerge, n: usize) {
        self.items[m.to - n..m.to].copy_from_slice(&self.buffer[m.right - n..m.right]);
        m.right -= n;
        m.to -= n;
    }
}

/// Indices of the next items of a merge from the left: in the buffer, in the second run, and where they go.
struct LowMerge {
    left: usize,
    right: usize,
    to: usize,
    end: usize,
}

/// Ends of what is not merged yet in a merge from the right: of the first run, of the buffer, and of where it goes.
struct HighMerge {
    start: usize,
    left: usize,
    right: usize,
    to: usize,
}

/// How many of the sorted `items` come before `key`, those equal to it included if `after_equal`. Looks near `hint`
/// first, in steps that double.
fn gallop<T, E>(
    less: &mut impl FnMut(&T, &T) -> Result<bool, E>,
    key: &T,
    items: &[T],
    hint: usize,
    after_equal: bool,
) -> Result<usize, E> {
    let mut before = |item: &T| if after_equal { Ok(!less(key, item)?) } else { less(item, key) };
    // Invariant: everything below `low` comes before the key, nothing from `high` on does.
    let (mut low, mut high) = (0, items.len());
    let mut step = 1;
    if before(&items[hint])? {
        low = hint + 1;
        while hint + step < high {
            if !before(&items[hint + step])? {
                high = hint + step;
                break;
            }
            low = hint + step + 1;
            step = step * 2 + 1;
        }
    } else {
        high = hint;
        while step <= hint {
            if before(&items[hint - step])? {
                low = hint - step + 1;
                break;
            }
            high = hint - step;
            step = step * 2 + 1;
        }
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if before(&items[middle])? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator, so that a failing case is reproducible.
    struct Random(u64);

    impl Random {
        fn below(&mut self, n: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % n
        }
    }

    fn check(keys: Vec<u64>) {
        let mut items: Vec<(u64, usize)> = keys.into_iter().enumerate().map(|(i, k)| (k, i)).collect();
        let mut expected = items.clone();
        expected.sort_by_key(|item| item.0);
        sort(&mut items, |a, b| Ok::<bool, ()>(a.0 < b.0)).unwrap();
        assert_eq!(items, expected);
    }

    #[test]
    fn sorts_stably_whatever_the_order() {
        let mut random = Random(0x1234_5678_9abc_def1);
        for n in [0, 1, 2, 3, 31, 63, 64, 65, 100, 1000, 5000] {
            for range in [1, 2, 10, 1 << 40] {
                check((0..n).map(|_| random.below(range)).collect());
            }
            check((0..n).collect());
            check((0..n).rev().collect());
            check((0..n).map(|i| i % 97).collect());
            check((0..n).map(|i| if i % 50 == 0 { random.below(n) } else { i }).collect());
            check((0..n / 2).chain(0..n / 2).collect());
            check((n / 2..n).chain(0..n / 2).collect());
        }
    }

    #[test]
    fn sorted_input_takes_one_comparison_an_item() {
        let mut items: Vec<u64> = (0..10_000).collect();
        let mut comparisons = 0;
        sort(&mut items, |a, b| {
            comparisons += 1;
            Ok::<bool, ()>(a < b)
        })
        .unwrap();
        assert_eq!(comparisons, 9_999);
    }

    #[test]
    fn errors_and_nonsense_leave_a_permutation() {
        let mut random = Random(77);
        for limit in [0, 1, 10, 100, 1000, 5000, usize::MAX] {
            let original: Vec<u64> = (0..1000).map(|_| random.below(1 << 30)).collect();
            let mut items = original.clone();
            let mut left = limit;
            let result: Result<(), ()> = sort(&mut items, |_, _| {
                left = left.checked_sub(1).ok_or(())?;
                Ok(random.below(2) == 0)
            });
            assert!(limit > 1000 || result.is_err());
            let (mut a, mut b) = (original, items);
            a.sort();
            b.sort();
            assert_eq!(a, b);
        }
    }
}
