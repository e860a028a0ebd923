//! `Value`, the 64-bit word that every register and slot holds.
//!
//! | word | meaning |
//! |---|---|
//! | `0x0000_pppp_pppp_pppp` | pointer to an object's header (bit 0 is kept free for borrowed registers) |
//! | `0x0001_0000_0000_00nn` | `None`, `True`, ... and the marker of an empty register |
//! | `0x0001_rrrr_rrrr_rrrr` | a raw machine word in a frame header: never a reference; or a pointer that is lent to the next instruction |
//! | `0x0002_...` to `0xfffa_...` | float: its bits plus `0x0002_0000_0000_0000` |
//! | `0xfffc_...` to `0xffff_...` | int in -2^49..2^49, biased: `0xfffe_0000_0000_0000 + i` |
//!
//! The bias makes "the tag survived" the overflow check of `+` and `-`, and the order of words the order of ints.

use crate::Header;

/// Smallest int that is immediate.
pub const INT_MIN: i64 = -(1 << 49);
/// Largest int that is immediate.
pub const INT_MAX: i64 = (1 << 49) - 1;
/// The word of the int 0.
pub const INT_BASE: u64 = 0xfffe_0000_0000_0000;
/// The smallest word of an int.
pub const INT_TAG: u64 = 0xfffc_0000_0000_0000;
const FLOAT_OFFSET: u64 = 0x0002_0000_0000_0000;
const IMMEDIATE: u64 = 0x0001_0000_0000_0000;
/// No object lies below this address.
const LOWEST: u64 = 4096;
const NAN: u64 = 0x7ff8_0000_0000_0000;
const SIGN: u64 = 1 << 63;

/// A word that holds an immediate or a reference, without saying who counts it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Value(pub u64);

impl Value {
    /// An empty register, slot or optional argument.
    pub const UNDEF: Value = Value(IMMEDIATE);
    pub const NONE: Value = Value(IMMEDIATE + 1);
    pub const FALSE: Value = Value(IMMEDIATE + 2);
    pub const TRUE: Value = Value(IMMEDIATE + 3);
    pub const ELLIPSIS: Value = Value(IMMEDIATE + 4);
    pub const NOT_IMPLEMENTED: Value = Value(IMMEDIATE + 5);
    /// A look-up's answer that there is nothing; never a value of Python.
    pub const NOT_FOUND: Value = Value(IMMEDIATE + 6);

    /// Whether the word refers to an object on the heap.
    #[inline(always)]
    pub fn is_ptr(self) -> bool {
        self.0 >> 48 == 0
    }

    /// The header of the object that the word refers to; meaningless unless [`Value::is_ptr`].
    #[inline(always)]
    pub fn ptr(self) -> *mut Header {
        self.0 as *mut Header
    }

    /// The word for an object.
    #[inline(always)]
    pub fn from_ptr<T>(ptr: *const T) -> Value {
        debug_assert!(!ptr.is_null() && (ptr as u64) >> 48 == 0);
        Value(ptr as u64)
    }

    /// A machine word (47 bits) that no collector will take for a reference.
    #[inline(always)]
    pub fn raw(word: u64) -> Value {
        Value(IMMEDIATE + word)
    }

    /// The machine word in a [`Value::raw`].
    #[inline(always)]
    pub fn as_raw(self) -> u64 {
        self.0 - IMMEDIATE
    }

    /// The word for a reference that is not counted, since it serves the next instruction alone: no owner drops it, and no
    /// collector takes it for a reference. Anything but a pointer stands for itself.
    #[inline(always)]
    pub fn lend(self) -> Value {
        if self.is_ptr() { Value::raw(self.0) } else { self }
    }

    /// Whether the word was made by [`Value::lend`] of a pointer.
    #[inline(always)]
    pub fn is_lent(self) -> bool {
        // Below are the constants; no object lies there.
        self.0.wrapping_sub(IMMEDIATE + LOWEST) < IMMEDIATE - LOWEST
    }

    /// The pointer that was lent; meaningless unless [`Value::is_lent`].
    #[inline(always)]
    pub fn lent(self) -> Value {
        Value(self.as_raw())
    }

    #[inline(always)]
    pub fn is_int(self) -> bool {
        self.0 >= INT_TAG
    }

    /// The int in the word; meaningless unless [`Value::is_int`].
    #[inline(always)]
    pub fn int(self) -> i64 {
        self.0.wrapping_sub(INT_BASE) as i64
    }

    /// The int, if the word is one.
    #[inline(always)]
    pub fn as_int(self) -> Option<i64> {
        if self.is_int() { Some(self.int()) } else { None }
    }

    /// The word for an int that is known to be within [`INT_MIN`]..=[`INT_MAX`].
    #[inline(always)]
    pub fn from_int_unchecked(i: i64) -> Value {
        debug_assert!((INT_MIN..=INT_MAX).contains(&i));
        Value(INT_BASE.wrapping_add(i as u64))
    }

    /// The word for an int, if it fits.
    #[inline(always)]
    pub fn from_int(i: i64) -> Option<Value> {
        let word = INT_BASE.wrapping_add(i as u64);
        if (INT_MIN..=INT_MAX).contains(&i) { Some(Value(word)) } else { None }
    }

    #[inline(always)]
    pub fn is_float(self) -> bool {
        self.0.wrapping_sub(FLOAT_OFFSET) < INT_TAG - FLOAT_OFFSET
    }

    /// The float in the word; meaningless unless [`Value::is_float`].
    #[inline(always)]
    pub fn float(self) -> f64 {
        f64::from_bits(self.0.wrapping_sub(FLOAT_OFFSET))
    }

    /// The float in the word; a NaN if the word is none, since those of pointers, constants and ints lie among the
    /// NaNs that are not canonical.
    #[inline(always)]
    pub fn float_or_nan(self) -> f64 {
        self.float()
    }

    /// The float, if the word is one.
    #[inline(always)]
    pub fn as_float(self) -> Option<f64> {
        if self.is_float() { Some(self.float()) } else { None }
    }

    /// The word for a float. Payloads of NaNs are not kept, their sign is.
    #[inline(always)]
    pub fn from_float(x: f64) -> Value {
        let bits = if x.is_nan() { NAN | (x.to_bits() & SIGN) } else { x.to_bits() };
        Value(bits + FLOAT_OFFSET)
    }

    /// As [`Value::from_float`] for a float that the caller knows not to be a NaN.
    #[inline(always)]
    pub fn from_number(x: f64) -> Value {
        debug_assert!(!x.is_nan());
        Value(x.to_bits() + FLOAT_OFFSET)
    }

    #[inline(always)]
    pub fn from_bool(b: bool) -> Value {
        Value(Value::FALSE.0 + b as u64)
    }

    /// `Some` for `True` and `False` alone.
    #[inline(always)]
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Value::TRUE => Some(true),
            Value::FALSE => Some(false),
            _ => None,
        }
    }

    #[inline(always)]
    pub fn is_none(self) -> bool {
        self == Value::NONE
    }

    #[inline(always)]
    pub fn is_undef(self) -> bool {
        self == Value::UNDEF
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Value::UNDEF => f.write_str("undef"),
            Value::NONE => f.write_str("None"),
            Value::FALSE => f.write_str("False"),
            Value::TRUE => f.write_str("True"),
            v if v.is_int() => write!(f, "{}", v.int()),
            v if v.is_float() => write!(f, "{:?}", v.float()),
            v => write!(f, "{:#x}", v.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_round_trip_and_keep_their_order() {
        let samples = [INT_MIN, -1, 0, 1, 7, INT_MAX];
        for pair in samples.windows(2) {
            let (a, b) = (Value::from_int(pair[0]).unwrap(), Value::from_int(pair[1]).unwrap());
            assert!(a.is_int() && !a.is_float() && !a.is_ptr());
            assert_eq!(a.int(), pair[0]);
            assert!(a.0 < b.0);
        }
        assert_eq!(Value::from_int(INT_MAX + 1), None);
        assert_eq!(Value::from_int(INT_MIN - 1), None);
        assert_eq!(Value::from_int(i64::MIN), None);
    }

    #[test]
    fn words_that_are_no_floats_read_as_nans() {
        let words = [0, 8, 1 << 47, INT_TAG, INT_BASE, u64::MAX];
        let constants =
            [Value::UNDEF, Value::NONE, Value::TRUE, Value::FALSE, Value::ELLIPSIS, Value::NOT_IMPLEMENTED];
        for v in words.map(Value).into_iter().chain(constants) {
            assert!(!v.is_float() && v.float_or_nan().is_nan(), "{:#x}", v.0);
        }
    }

    #[test]
    fn floats_round_trip_with_their_signs() {
        for x in [0.0, -0.0, 1.5, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY] {
            let v = Value::from_float(x);
            assert!(v.is_float() && !v.is_int() && !v.is_ptr());
            assert_eq!(v.float().to_bits(), x.to_bits());
        }
        let nan = Value::from_float(-f64::NAN);
        assert!(nan.is_float() && nan.float().is_nan() && nan.float().is_sign_negative());
    }
}
