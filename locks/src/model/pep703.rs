//! PEP 703 as CPython's free-threaded build has it: every attached thread runs, nothing is ever exclusively a thread's own,
//! so every write takes the object's lock even while there is only one thread.
//!
//! For the locks that is all. The counts that go with it are the heap's business.

use super::Model;
use crate::{Options, ThreadState, World};

/// See the module's head.
#[derive(Debug)]
pub struct Pep703;

impl Model for Pep703 {
    const NAME: &'static str = "pep703";
    const GIL_ENABLED: bool = false;
    const SOLO: bool = false;

    fn new(_options: &Options) -> Self {
        Pep703
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
