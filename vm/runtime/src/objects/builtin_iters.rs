//! The iterator types that are names of `builtins`, declared and filled together at start-up.

use crate::Cx;
use crate::objects::{enumerate, filter, map, reversed, zip};

/// Declares `enumerate`, `zip`, `map`, `filter` and `reversed`.
pub fn declare(cx: &Cx) {
    enumerate::declare(cx);
    zip::declare(cx);
    map::declare(cx);
    filter::declare(cx);
    reversed::declare(cx);
}

/// Fills them.
pub fn init(cx: &mut Cx) {
    enumerate::init(cx);
    zip::init(cx);
    map::init(cx);
    filter::init(cx);
    reversed::init(cx);
}
