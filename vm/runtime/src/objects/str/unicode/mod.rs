//! Properties and case mappings of code points, as `str`'s methods see them.
//!
//! The tables are in `data.rs`, which `generate.py` writes. Pure functions; code points below 128 are answered
//! without a table.

mod data;

use data::*;
use std::sync::OnceLock;

/// A set of the properties in `data.rs`.
#[derive(Clone, Copy, Debug)]
pub struct Properties(u16);

macro_rules! properties {
    ($($name:ident $flag:ident $doc:literal;)*) => {
        impl Properties {
            $(
                #[doc = $doc]
                #[inline]
                pub fn $name(self) -> bool {
                    self.0 & $flag != 0
                }
            )*
        }

        $(
            #[doc = $doc]
            #[inline]
            pub fn $name(c: u32) -> bool {
                properties(c).$name()
            }
        )*
    };
}

properties! {
    is_alpha ALPHA "A letter.";
    is_decimal DECIMAL "A digit of a decimal number.";
    is_digit DIGIT "A digit, superscripts and the like included.";
    is_numeric NUMERIC "Anything that has a numeric value.";
    is_lower LOWER "Lower case.";
    is_upper UPPER "Upper case.";
    is_title TITLE "Title case, as \u{1c5}.";
    is_space SPACE "White space.";
    is_printable PRINTABLE "Shown by `repr` as it is.";
    is_identifier_start XID_START "May start an identifier.";
    is_identifier_part XID_CONTINUE "May be in an identifier.";
    is_cased CASED "Has case and is not ignored around sigma.";
    is_case_ignorable CASE_IGNORABLE "Skipped when a sigma looks for its neighbours.";
}

/// All properties of a code point.
#[inline]
pub fn properties(c: u32) -> Properties {
    match c {
        0..0x80 => Properties(ASCII[c as usize]),
        _ => look_up(c),
    }
}

const fn look_up(c: u32) -> Properties {
    let (mut low, mut high) = (0, RUNS.len());
    while high - low > 1 {
        let middle = (low + high) / 2;
        if RUNS[middle] >> 8 <= c { low = middle } else { high = middle }
    }
    Properties(RECORDS[(RUNS[low] & 0xff) as usize])
}

static ASCII: [u16; 128] = {
    let mut table = [0; 128];
    let mut c = 0;
    while c < 128 {
        table[c] = look_up(c as u32).0;
        c += 1;
    }
    table
};

/// The value of a decimal digit.
#[inline]
pub fn decimal_value(c: u32) -> Option<u32> {
    if c < 0x80 {
        return (c as u8).is_ascii_digit().then(|| c - 0x30);
    }
    let i = ZEROS.partition_point(|&zero| zero <= c).checked_sub(1)?;
    let value = c - ZEROS[i];
    (value < 10).then_some(value)
}

/// A mapping of a code point to up to three.
#[derive(Clone, Copy, Debug)]
pub struct Mapped([u32; 3]);

impl Mapped {
    /// The code points.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = u32> {
        self.0.into_iter().enumerate().take_while(|&(i, c)| i == 0 || c != 0).map(|(_, c)| c)
    }
}

fn find(table: &[(u32, [u32; 3])], c: u32) -> Option<Mapped> {
    let i = table.binary_search_by_key(&c, |entry| entry.0).ok()?;
    Some(Mapped(table[i].1))
}

/// Mappings of the scripts that most texts are in to single code points; 0 where it is more than one.
struct Near(OnceLock<Box<[u16]>>);

/// Code points that [`Near`] knows: Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic.
const NEAR: u32 = 0x700;

impl Near {
    const fn new() -> Near {
        Near(OnceLock::new())
    }

    /// What `c` maps to, by `map` if the table does not say.
    #[inline]
    fn get(&self, c: u32, map: fn(u32) -> Mapped) -> Mapped {
        if c >= NEAR {
            return map(c);
        }
        let table = self.0.get_or_init(|| {
            let single =
                |mapped: Mapped| if mapped.0[1] == 0 { u16::try_from(mapped.0[0]).unwrap_or(0) } else { 0 };
            (0..NEAR).map(|c| single(map(c))).collect()
        });
        match table[c as usize] {
            0 => map(c),
            to => Mapped([to.into(), 0, 0]),
        }
    }
}

fn gather(chars: impl Iterator<Item = char>) -> Mapped {
    let mut to = [0; 3];
    chars.zip(&mut to).for_each(|(c, place)| *place = c as u32);
    Mapped(to)
}

/// Full upper case.
#[inline]
pub fn upper(c: u32) -> Mapped {
    static KNOWN: Near = Near::new();
    KNOWN.get(c, find_upper)
}

fn find_upper(c: u32) -> Mapped {
    match (find(&UPPER_OTHER, c), char::from_u32(c)) {
        (Some(mapped), _) => mapped,
        (None, Some(c)) => gather(c.to_uppercase()),
        (None, None) => Mapped([c, 0, 0]),
    }
}

/// Full lower case, without regard to what is around.
#[inline]
pub fn lower(c: u32) -> Mapped {
    static KNOWN: Near = Near::new();
    KNOWN.get(c, find_lower)
}

fn find_lower(c: u32) -> Mapped {
    match (find(&LOWER_OTHER, c), char::from_u32(c)) {
        (Some(mapped), _) => mapped,
        (None, Some(c)) => gather(c.to_lowercase()),
        (None, None) => Mapped([c, 0, 0]),
    }
}

/// Full title case.
pub fn title(c: u32) -> Mapped {
    find(&TITLE_OTHER, c).unwrap_or_else(|| upper(c))
}

/// Full case folding.
pub fn fold(c: u32) -> Mapped {
    find(&FOLD_OTHER, c).unwrap_or_else(|| lower(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_of_samples() {
        assert!(is_alpha('é' as u32) && !is_alpha('1' as u32) && is_lower('ß' as u32) && is_title(0x1c5));
        assert!(
            is_space(0x3000)
                && is_space(0x1c)
                && !is_space(0x200b)
                && !is_printable(0xa0)
                && is_printable(' ' as u32)
        );
        assert!(is_digit('²' as u32) && !is_decimal('²' as u32) && is_numeric('½' as u32));
        assert_eq!(decimal_value(0x0663), Some(3));
        assert_eq!(decimal_value(0x1fbfa), None);
    }

    #[test]
    fn mappings_of_samples() {
        let all = |m: Mapped| m.iter().collect::<Vec<_>>();
        assert_eq!(all(upper('ß' as u32)), ['S' as u32, 'S' as u32]);
        assert_eq!(all(title(0x1c6)), [0x1c5]);
        assert_eq!(all(fold('ß' as u32)), ['s' as u32, 's' as u32]);
        assert_eq!(all(lower(0x130)), ['i' as u32, 0x307]);
        assert_eq!(all(lower(0xd800)), [0xd800]);
        // Unicode 17 pairs these, the tables' version does not.
        assert_eq!(all(lower(0xa7ce)), [0xa7ce]);
    }
}
