//! The default model: every attached thread runs; a thread owns everything while it is the only one (SOLO-1).
//!
//! Nothing to wait for and nothing to hand over: attach, detach and solo are the world's own protocol
//! (`world/attach.rs`), which all models share.

use super::Model;
use crate::{Options, ThreadState, World};

/// See the module's head.
#[derive(Debug)]
pub struct Confined;

impl Model for Confined {
    const NAME: &'static str = "confined";
    const GIL_ENABLED: bool = false;
    const SOLO: bool = true;

    fn new(_options: &Options) -> Self {
        Confined
    }

    #[inline(always)]
    fn exclusive(thread: &ThreadState) -> bool {
        thread.is_solo()
    }

    #[inline(always)]
    fn take_turn(&self, _world: &World, _thread: &ThreadState) {}

    #[inline(always)]
    fn give_turn(&self, _world: &World, _thread: &ThreadState) {}

    unsafe fn reset_after_fork(&self, _thread: &ThreadState) {}
}
