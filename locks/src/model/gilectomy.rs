//! Larry Hastings' Gilectomy (2016): every attached thread runs, every object has a lock, every access takes it.
//!
//! For the locks this is the same as `pep703`; the models differ in how references are counted, which is the heap's
//! business.

use super::Model;
use crate::{Options, ThreadState, World};

/// See the module's head.
#[derive(Debug)]
pub struct Gilectomy;

impl Model for Gilectomy {
    const NAME: &'static str = "gilectomy";
    const GIL_ENABLED: bool = false;
    const SOLO: bool = false;

    fn new(_options: &Options) -> Self {
        Gilectomy
    }

    #[inline(always)]
    fn exclusive(_thread: &ThreadState) -> bool {
        false
    }

    #[inline(always)]
    fn take_turn(&self, _world: &World, _thread: &ThreadState) {}

    #[inline(always)]
    fn give_turn(&self, _world: &World, _thread: &ThreadState) {}

    unsafe fn reset_after_fork(&self, _thread: &ThreadState) {}
}
