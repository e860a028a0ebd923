//! Kinds of items: their size, and how they become objects and are made of them.

use ungil_runtime::objects::int::{self, IntRef};
use ungil_runtime::objects::str::{PyStr, new_char};
use ungil_runtime::prelude::*;

/// A type code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(u8);

/// All codes in CPython's order.
pub const CODES: &str = "bBuwhHiIlLqQfd";

/// An item's bytes in native order; the first [`Kind::size`] count.
pub type Item = [u8; 8];

impl Kind {
    /// The kind of a type code.
    pub fn of(code: u32) -> Option<Kind> {
        let code = u8::try_from(code).ok()?;
        CODES.as_bytes().contains(&code).then_some(Kind(code))
    }

    /// All kinds in CPython's order.
    pub fn all() -> impl Iterator<Item = Kind> {
        CODES.bytes().map(Kind)
    }

    pub fn code(self) -> u8 {
        self.0
    }

    /// Bytes of an item.
    #[inline(always)]
    pub fn size(self) -> usize {
        match self.0 {
            b'b' | b'B' => 1,
            b'h' | b'H' => 2,
            b'u' | b'w' | b'i' | b'I' | b'f' => 4,
            _ => 8,
        }
    }

    pub fn is_text(self) -> bool {
        matches!(self.0, b'u' | b'w')
    }

    pub fn is_float(self) -> bool {
        matches!(self.0, b'f' | b'd')
    }

    pub fn is_int(self) -> bool {
        !self.is_text() && !self.is_float()
    }

    pub fn is_signed(self) -> bool {
        matches!(self.0, b'b' | b'h' | b'i' | b'l' | b'q')
    }

    /// The format of a buffer of such items.
    pub fn format(self) -> &'static str {
        match self.0 {
            b'u' | b'w' => "w",
            code => CODES.as_bytes().iter().position(|&c| c == code).map_or("B", |i| &CODES[i..i + 1]),
        }
    }

    /// The object for an item.
    ///
    /// # Errors
    /// `ValueError` for what is no character.
    #[inline]
    pub fn object(self, cx: &mut Cx, item: Item) -> R {
        let word = u64::from_ne_bytes(item);
        match self.0 {
            b'd' => Ok(cx.float(f64::from_bits(word))),
            b'f' => Ok(cx.float(f32::from_ne_bytes([item[0], item[1], item[2], item[3]]) as f64)),
            b'u' | b'w' => character(cx, word as u32),
            _ if self.is_signed() => {
                let shift = 64 - 8 * self.size() as u32;
                Ok(cx.int((word << shift) as i64 >> shift))
            }
            _ => Ok(cx.int_u64(word)),
        }
    }

    /// The item for an object.
    ///
    /// # Errors
    /// `TypeError`, `OverflowError`, or what the object's methods raise.
    #[inline]
    pub fn item(self, cx: &mut Cx, v: Ref<'_>) -> R<Item> {
        match self.0 {
            b'd' => Ok(cx.to_f64(v)?.to_ne_bytes()),
            b'f' => Ok(widen(&(cx.to_f64(v)? as f32).to_ne_bytes())),
            b'u' | b'w' => Ok(widen(&char_of(cx, v)?.to_ne_bytes())),
            _ => self.int_item(cx, v),
        }
    }

    fn int_item(self, cx: &mut Cx, v: Ref<'_>) -> R<Item> {
        if let Some(i) = v.value().as_int() {
            return self.checked(cx, i as i128);
        }
        let index = cx.index(v)?;
        match int::view(cx, index.r()) {
            Some(IntRef::Word(w)) => self.checked(cx, w),
            Some(n) => self.checked(cx, if n.is_negative() { i128::MIN } else { i128::MAX }),
            None => self.checked(cx, 0),
        }
    }

    /// The item for a number that is in range.
    fn checked(self, cx: &mut Cx, i: i128) -> R<Item> {
        for &(min, max, below, above) in self.limits() {
            if i < min {
                return Err(cx.overflow_error(below));
            }
            if i > max {
                return Err(cx.overflow_error(above));
            }
        }
        Ok((i as u64).to_ne_bytes())
    }

    /// The ranges that a number must be in, with the messages of the C types that CPython converts it through.
    fn limits(self) -> &'static [(i128, i128, &'static str, &'static str)] {
        macro_rules! range {
            ($t:ty, $below:literal, $above:literal) => {
                (<$t>::MIN as i128, <$t>::MAX as i128, $below, $above)
            };
        }
        type Limit = (i128, i128, &'static str, &'static str);
        const LONG: Limit = range!(
            i64,
            "Python int too large to convert to C long",
            "Python int too large to convert to C long"
        );
        const ULONG: Limit = range!(
            u64,
            "can't convert negative value to unsigned int",
            "Python int too large to convert to C unsigned long"
        );
        const SHORT: Limit = range!(
            i16,
            "signed short integer is less than minimum",
            "signed short integer is greater than maximum"
        );
        const INT: Limit =
            range!(i32, "signed integer is less than minimum", "signed integer is greater than maximum");
        match self.0 {
            b'b' => &[
                LONG,
                SHORT,
                range!(i8, "signed char is less than minimum", "signed char is greater than maximum"),
            ],
            b'B' => &[
                LONG,
                SHORT,
                range!(
                    u8,
                    "unsigned byte integer is less than minimum",
                    "unsigned byte integer is greater than maximum"
                ),
            ],
            b'h' => &[LONG, SHORT],
            b'H' => &[
                LONG,
                INT,
                range!(u16, "unsigned short is less than minimum", "unsigned short is greater than maximum"),
            ],
            b'i' => &[LONG, INT],
            b'I' => &[
                ULONG,
                range!(u32, "unsigned int is less than minimum", "unsigned int is greater than maximum"),
            ],
            b'l' => &[LONG],
            b'L' => &[ULONG],
            b'q' => &[range!(i64, "int too big to convert", "int too big to convert")],
            _ => &[range!(u64, "can't convert negative int to unsigned", "int too big to convert")],
        }
    }
}

/// Puts short items in front of zeros, which stand for nothing.
#[inline(always)]
fn widen(bytes: &[u8; 4]) -> Item {
    [bytes[0], bytes[1], bytes[2], bytes[3], 0, 0, 0, 0]
}

fn character(cx: &mut Cx, c: u32) -> R {
    if c > 0x10_ffff {
        let message = format!("character U+{c:x} is not in range [U+0000; U+10ffff]");
        return Err(cx.value_error(message));
    }
    Ok(new_char(cx, c))
}

fn char_of(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    let Some(s) = v.downcast::<PyStr>(cx) else {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("array item must be a unicode character, not {name}")));
    };
    match s.char_len() {
        1 => Ok(s.code_point(0)),
        n => {
            let message = format!("array item must be a unicode character, not a string of length {n}");
            Err(cx.type_error(message))
        }
    }
}
