//! The text of containers: a guard against containers that contain themselves, and joining the texts of items.

use crate::objects::str::{PyStr, StrBuf};
use crate::prelude::*;

/// Makes the text of `v` with `f`, or gives `again` if that is being done already further up on this thread.
///
/// # Errors
/// What `f` raises.
pub fn guarded(cx: &mut Cx, v: Ref<'_>, again: &str, f: impl FnOnce(&mut Cx) -> R) -> R {
    let word = v.value().0;
    if cx.thread_state.repr_stack.borrow().contains(&word) {
        return Ok(cx.str(again));
    }
    cx.thread_state.repr_stack.borrow_mut().push(word);
    let result = f(cx);
    cx.thread_state.repr_stack.borrow_mut().pop();
    result
}

/// Appends `repr(v)`.
///
/// # Errors
/// What `__repr__` raises.
pub fn push_repr(cx: &mut Cx, to: &mut StrBuf, v: Ref<'_>) -> R<()> {
    let text = cx.repr(v)?;
    if let Some(text) = text.downcast::<PyStr>(cx) {
        to.push_str(text);
    }
    Ok(())
}

/// `open`, the texts of what `next(i)` gives for 0, 1, ... with commas between, `close`.
///
/// # Errors
/// What `__repr__` of an item raises.
pub fn sequence(cx: &mut Cx, open: &str, close: &str, mut next: impl FnMut(&Cx, usize) -> Option<Obj>) -> R {
    let mut text = StrBuf::with_capacity(64);
    text.push_wtf8(open);
    let mut i = 0;
    while let Some(item) = next(cx, i) {
        if i > 0 {
            text.push_ascii(b", ");
        }
        push_repr(cx, &mut text, item.r())?;
        i += 1;
    }
    text.push_wtf8(close);
    Ok(text.finish(cx))
}
