//! The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), seeded as its authors' `init_by_array` does. Without
//! objects or locks: the caller guards it.

pub const WORDS: usize = 624;
const MIDDLE: usize = 397;
const UPPER: u32 = 0x8000_0000;

/// The state: words, and the place of the next; at [`WORDS`] all are used up.
pub struct Twister {
    pub words: [u32; WORDS],
    pub next: usize,
}

impl Twister {
    /// All zeros: gives zeros until it is seeded.
    pub const fn zero() -> Twister {
        Twister { words: [0; WORDS], next: 0 }
    }

    /// The state that a key leads to, which has one word at least.
    pub fn from_key(key: &[u32]) -> Twister {
        let mut mt = Twister::from_word(19650218);
        let mut i = 1;
        let mut step = |words: &mut [u32; WORDS], f: &dyn Fn(u32, u32, usize) -> u32| {
            let before = words[i - 1];
            words[i] = f(words[i], before ^ (before >> 30), i);
            i += 1;
            if i == WORDS {
                words[0] = words[WORDS - 1];
                i = 1;
            }
        };
        for n in 0..WORDS.max(key.len()) {
            let j = n % key.len();
            step(&mut mt.words, &|word, mixed, _| {
                (word ^ mixed.wrapping_mul(1664525)).wrapping_add(key[j]).wrapping_add(j as u32)
            });
        }
        for _ in 1..WORDS {
            step(&mut mt.words, &|word, mixed, i| {
                (word ^ mixed.wrapping_mul(1566083941)).wrapping_sub(i as u32)
            });
        }
        mt.words[0] = UPPER;
        mt
    }

    fn from_word(seed: u32) -> Twister {
        let mut words = [seed; WORDS];
        for i in 1..WORDS {
            let before = words[i - 1];
            words[i] = (before ^ (before >> 30)).wrapping_mul(1812433253).wrapping_add(i as u32);
        }
        Twister { words, next: WORDS }
    }

    #[cold]
    fn renew(&mut self) {
        for i in 0..WORDS {
            let joined = self.words[i] & UPPER | self.words[(i + 1) % WORDS] & !UPPER;
            let twisted = (joined >> 1) ^ if joined & 1 != 0 { 0x9908_b0df } else { 0 };
            self.words[i] = self.words[(i + MIDDLE) % WORDS] ^ twisted;
        }
        self.next = 0;
    }

    /// 32 random bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.next >= WORDS {
            self.renew();
        }
        let mut y = self.words[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// A float in 0..1 with 53 random bits.
    #[inline]
    pub fn next_f64(&mut self) -> f64 {
        let (high, low) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (high as f64 * 67108864.0 + low as f64) * (1.0 / 9007199254740992.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_numbers_of_the_authors() {
        // From `mt19937ar.out`.
        let mut mt = Twister::from_key(&[0x123, 0x234, 0x345, 0x456]);
        let first: Vec<u32> = (0..5).map(|_| mt.next_u32()).collect();
        assert_eq!(first, [1067595299, 955945823, 477289528, 4107218783, 4228976476]);
        let last = (5..1000).map(|_| mt.next_u32()).last();
        assert_eq!(last, Some(3460025646));
    }
}
