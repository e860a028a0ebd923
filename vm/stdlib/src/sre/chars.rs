//! Characters as regular expressions see them: their case, their categories, and sets of them.
//!
//! Pure functions, but for those of the locale, which ask the C library.

use super::codes::Category;
use std::sync::OnceLock;
use ungil_runtime::objects::str::unicode;

/// How case is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Not at all.
    Exact,
    Ascii,
    Unicode,
    Locale,
}

impl Fold {
    /// The lower case of a character.
    #[inline]
    pub fn lower(self, c: u32) -> u32 {
        match self {
            Fold::Exact => c,
            Fold::Ascii => lower_ascii(c),
            Fold::Unicode => lower_unicode(c),
            Fold::Locale => lower_locale(c),
        }
    }
}

/// The lower cases of the characters below 256, which are below 256 as well; not by locale.
fn lower_case(fold: Fold) -> &'static [u8; 256] {
    static ASCII: OnceLock<[u8; 256]> = OnceLock::new();
    static UNICODE: OnceLock<[u8; 256]> = OnceLock::new();
    let table = if fold == Fold::Unicode { &UNICODE } else { &ASCII };
    table.get_or_init(|| std::array::from_fn(|c| fold.lower(c as u32) as u8))
}

#[inline]
pub fn lower_ascii(c: u32) -> u32 {
    if matches!(c, 0x41..=0x5a) { c + 32 } else { c }
}

/// The first character of the lower case.
#[inline]
pub fn lower_unicode(c: u32) -> u32 {
    match c {
        0..0x80 => lower_ascii(c),
        _ => unicode::lower(c).iter().next().unwrap_or(c),
    }
}

/// The first character of the upper case.
#[inline]
pub fn upper_unicode(c: u32) -> u32 {
    match c {
        0x61..=0x7a => c - 32,
        0..0x80 => c,
        _ => unicode::upper(c).iter().next().unwrap_or(c),
    }
}

fn lower_locale(c: u32) -> u32 {
    // SAFETY: the argument is that of an unsigned char.
    if c < 256 { unsafe { libc::tolower(c as i32) as u32 } } else { c }
}

fn upper_locale(c: u32) -> u32 {
    // SAFETY: as above.
    if c < 256 { unsafe { libc::toupper(c as i32) as u32 } } else { c }
}

fn is_word_ascii(c: u32) -> bool {
    matches!(c, 0x30..=0x39 | 0x41..=0x5a | 0x5f | 0x61..=0x7a)
}

fn is_word_locale(c: u32) -> bool {
    // SAFETY: the argument is that of an unsigned char.
    c == 0x5f || c < 256 && unsafe { libc::isalnum(c as i32) != 0 }
}

fn is_word_unicode(c: u32) -> bool {
    if c < 0x80 {
        return is_word_ascii(c);
    }
    let p = unicode::properties(c);
    p.is_alpha() || p.is_decimal() || p.is_digit() || p.is_numeric()
}

/// Whether the character is one of words, for `\b`.
#[inline]
pub fn is_word(fold: Fold, c: u32) -> bool {
    match fold {
        Fold::Locale => is_word_locale(c),
        Fold::Unicode => is_word_unicode(c),
        _ => is_word_ascii(c),
    }
}

fn is_space_ascii(c: u32) -> bool {
    matches!(c, 9..=13 | 32)
}

fn is_line_break(c: u32) -> bool {
    matches!(c, 10..=13 | 0x1c..=0x1e | 0x85 | 0x2028 | 0x2029)
}

impl Category {
    fn contains(self, c: u32) -> bool {
        use Category::*;
        match self {
            Digit => matches!(c, 0x30..=0x39),
            NotDigit => !matches!(c, 0x30..=0x39),
            Space => is_space_ascii(c),
            NotSpace => !is_space_ascii(c),
            Word => is_word_ascii(c),
            NotWord => !is_word_ascii(c),
            LineBreak => c == 10,
            NotLineBreak => c != 10,
            LocWord => is_word_locale(c),
            LocNotWord => !is_word_locale(c),
            UniDigit => unicode::is_decimal(c),
            UniNotDigit => !unicode::is_decimal(c),
            UniSpace => unicode::is_space(c),
            UniNotSpace => !unicode::is_space(c),
            UniWord => is_word_unicode(c),
            UniNotWord => !is_word_unicode(c),
            UniLineBreak => is_line_break(c),
            UniNotLineBreak => !is_line_break(c),
        }
    }

    /// Its characters below 256; not of those that depend on the locale.
    fn low(self) -> ByteSet {
        const COUNT: usize = 32;
        static KNOWN: [OnceLock<ByteSet>; COUNT] = [const { OnceLock::new() }; COUNT];
        *KNOWN[self as usize % COUNT].get_or_init(|| {
            let mut set = ByteSet::default();
            (0..=255).filter(|&c| self.contains(c as u32)).for_each(|c| set.add(c));
            set
        })
    }

    /// Whether it depends on the locale.
    fn is_local(self) -> bool {
        matches!(self, Category::LocWord | Category::LocNotWord)
    }

    /// Whether no character from 256 on belongs to it.
    fn is_low(self) -> bool {
        use Category::*;
        matches!(self, Digit | Space | Word | LineBreak | LocWord)
    }
}

/// A part of a set.
#[derive(Clone, Debug)]
pub enum Item {
    Char(u32),
    Range(u32, u32),
    /// As `Range`, or the upper case is in it.
    RangeIgnore(u32, u32),
    /// Bits of the characters below 256.
    Bits(Box<[u32; 8]>),
    /// Bits of the characters below 65536: which block of bits each run of 256 has, and the blocks.
    BigBits(Box<[u8; 256]>, Box<[u32]>),
    Category(Category),
    /// What follows is what does not belong to the set.
    Negate,
}

fn has_bit(bits: &[u32], i: usize) -> bool {
    bits.get(i / 32).is_some_and(|word| word >> (i % 32) & 1 != 0)
}

/// Which characters from 256 on belong to a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum High {
    None,
    All,
    /// Whatever the items say.
    Ask,
}

/// A set of characters, made for looking at.
#[derive(Clone, Debug)]
pub struct Set {
    /// Bits of the characters below 256.
    low: ByteSet,
    high: High,
    /// Whether the locale decides: then only the items say what belongs to the set.
    is_local: bool,
    fold: Fold,
    items: Vec<Item>,
}

impl Set {
    pub fn new(items: Vec<Item>, fold: Fold) -> Set {
        let is_local = fold == Fold::Locale
            || items.iter().any(|item| matches!(item, Item::Category(category) if category.is_local()));
        let high = high_part(&items, fold);
        let mut set = Set { low: ByteSet::default(), high, is_local, fold, items };
        if !is_local {
            set.low = set.low_part();
        }
        set
    }

    /// The bits of the characters below 256.
    fn low_part(&self) -> ByteSet {
        let mut low = ByteSet::default();
        match self.low_exact() {
            Some(exact) if self.fold == Fold::Exact => return exact,
            Some(exact) => {
                let lower = lower_case(self.fold);
                (0..=255).filter(|&c| exact.has(lower[c as usize])).for_each(|c| low.add(c));
            }
            None => (0..=255).filter(|&c| self.ask(c as u32)).for_each(|c| low.add(c)),
        }
        low
    }

    /// As [`Set::low_part`] without regard to case, from the items as a whole; `None` for unusual ones.
    fn low_exact(&self) -> Option<ByteSet> {
        let (negated, items) = match &self.items[..] {
            [Item::Negate, rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let mut set = ByteSet::default();
        for item in items {
            match item {
                &Item::Char(c) => (c..c + 1).take_while(|&c| c < 256).for_each(|c| set.add(c as u8)),
                &Item::Range(low, high) => (low..=high.min(255)).for_each(|c| set.add(c as u8)),
                Item::Bits(bits) => {
                    for (to, from) in set.0.iter_mut().zip(bits.chunks_exact(2)) {
                        *to |= from[0] as u64 | (from[1] as u64) << 32;
                    }
                }
                Item::Category(category) => {
                    let bits = category.low();
                    set.0.iter_mut().zip(bits.0).for_each(|(to, from)| *to |= from);
                }
                Item::RangeIgnore(..) | Item::BigBits(..) | Item::Negate => return None,
            }
        }
        if negated {
            set.0.iter_mut().for_each(|word| *word = !*word);
        }
        Some(set)
    }

    pub fn is_local(&self) -> bool {
        self.is_local
    }

    /// The bits of the characters below 256; not for sets that depend on the locale.
    #[inline(always)]
    pub fn low(&self) -> &ByteSet {
        &self.low
    }

    /// Whether a character from 128 on may belong to the set.
    pub fn has_beyond_ascii(&self) -> bool {
        self.is_local || self.high != High::None || self.low.0[2] | self.low.0[3] != 0
    }

    #[inline(always)]
    pub fn contains(&self, c: u32) -> bool {
        if c < 256 && !self.is_local { self.low.has(c as u8) } else { self.contains_slow(c) }
    }

    fn contains_slow(&self, c: u32) -> bool {
        match self.high {
            High::None if !self.is_local => false,
            High::All if !self.is_local => true,
            _ => self.ask(c),
        }
    }

    fn ask(&self, c: u32) -> bool {
        let lower = self.fold.lower(c);
        if self.fold != Fold::Locale || self.ask_exact(lower) {
            return self.ask_exact(lower);
        }
        let upper = upper_locale(c);
        upper != lower && self.ask_exact(upper)
    }

    fn ask_exact(&self, c: u32) -> bool {
        let mut yes = true;
        for item in &self.items {
            let found = match item {
                Item::Negate => {
                    yes = !yes;
                    false
                }
                &Item::Char(x) => c == x,
                &Item::Range(low, high) => low <= c && c <= high,
                &Item::RangeIgnore(low, high) => {
                    let upper = upper_unicode(c);
                    low <= c && c <= high || low <= upper && upper <= high
                }
                Item::Bits(bits) => c < 256 && has_bit(&bits[..], c as usize),
                Item::BigBits(blocks, bits) => {
                    c < 0x1_0000 && has_bit(bits, blocks[c as usize >> 8] as usize * 256 + (c & 255) as usize)
                }
                Item::Category(category) => category.contains(c),
            };
            if found {
                return yes;
            }
        }
        !yes
    }
}

fn high_part(items: &[Item], fold: Fold) -> High {
    let (negated, rest) = match items {
        [Item::Negate, rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let is_low = |item: &Item| match item {
        Item::Char(c) => *c < 256,
        Item::Range(_, high) => *high < 256,
        Item::Bits(_) => true,
        Item::Category(category) => category.is_low(),
        Item::RangeIgnore(..) | Item::BigBits(..) | Item::Negate => false,
    };
    match rest.iter().all(is_low) {
        // Letters beyond Latin-1 have lower cases within it.
        true if fold == Fold::Unicode && !rest.is_empty() => High::Ask,
        true if negated => High::All,
        true => High::None,
        false => High::Ask,
    }
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    pub const ALL: ByteSet = ByteSet([u64::MAX; 4]);

    pub fn of(b: u8) -> ByteSet {
        let mut set = ByteSet::default();
        set.add(b);
        set
    }

    #[inline(always)]
    pub fn has(&self, b: u8) -> bool {
        self.0[b as usize >> 6] >> (b & 63) & 1 != 0
    }

    pub fn add(&mut self, b: u8) {
        self.0[b as usize >> 6] |= 1 << (b & 63);
    }

    pub fn remove(&mut self, b: u8) {
        self.0[b as usize >> 6] &= !(1 << (b & 63));
    }

    pub fn union(mut self, other: &ByteSet) -> ByteSet {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
        self
    }

    pub fn meets(&self, other: &ByteSet) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    pub fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..=255).filter(move |&b| self.has(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_set_agree() {
        let items = vec![Item::Negate, Item::Range(0x61, 0x63), Item::Char(0xe9)];
        let set = Set::new(items, Fold::Exact);
        for (c, inside) in [(0x61, false), (0x64, true), (0xe9, false), (0xea, true), (0x4e00, true)] {
            assert_eq!(set.contains(c), inside, "{c:#x}");
            assert_eq!(set.ask(c), inside, "{c:#x}");
        }
        assert_eq!(set.high, High::All);
    }

    #[test]
    fn letters_beyond_latin_1_fold_into_it() {
        let set = Set::new(vec![Item::Char(0x6b)], Fold::Unicode);
        assert!(set.contains(0x212a) && set.contains(0x4b) && !set.contains(0x4c));
        assert!(!Set::new(vec![Item::Char(0x6b)], Fold::Ascii).contains(0x212a));
    }
}
