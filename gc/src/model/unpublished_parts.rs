//! What the models have in common in which nothing is published, so that headers count every reference.

use super::increment;
use crate::{Header, Mutator, Value};

/// See `increment`, which never needs a call.
#[inline(always)]
#[must_use]
pub fn increment_quick(h: &Header, m: &Mutator) -> bool {
    increment(h, m);
    true
}

/// See `increment_quick`.
pub fn prepare_increment(_h: &Header, _m: &Mutator) {}

/// See `PUBLISHES`.
#[inline(always)]
#[must_use]
pub fn count_down_noted(_h: &Header, _m: &Mutator) -> bool {
    false
}

/// See `PUBLISHES`.
#[inline(always)]
pub fn publish(_container: &Header, _value: Value) {}

/// Nobody's references are missing in a header.
pub(crate) fn enter(_h: &Header, _m: &Mutator, _extra: i64) {}

/// Nothing is ever in limbo.
pub(crate) fn end_limbo(_h: &Header, _limbo: i64) -> bool {
    false
}
