//! What a thread does at a safepoint for the VM: signals, asynchronous exceptions, a due collection.

use crate::{Cx, R};
use ungil_locks::check;

use super::tracing;

/// Does what the bits left in the check word ask for, and clears them.
///
/// # Errors
/// What a signal handler, or another thread through an asynchronous exception, raises here.
#[cold]
#[inline(never)]
pub fn handle(cx: &mut Cx, bits: u32) -> R<()> {
    if bits & tracing::CHECK != 0 {
        cx.thread.clear_check(tracing::CHECK);
        tracing::answer(cx);
    }
    if bits & check::COLLECT != 0 {
        cx.thread.clear_check(check::COLLECT);
        crate::collection::run(cx, cx.space.collector.due());
    }
    if bits & check::SIGNAL != 0 {
        cx.thread.clear_check(check::SIGNAL);
        let handler = cx.vm.hooks.signal.get().copied();
        if let Some(handler) = handler {
            handler(cx)?;
        }
    }
    if bits & check::ASYNC_EXC != 0 {
        cx.thread.clear_check(check::ASYNC_EXC);
        if let Some(err) = crate::thread_state::take_async_exception(cx) {
            return Err(err);
        }
    }
    Ok(())
}
