//! The concurrency models, as far as locks are concerned: who may run, and whether everything is exclusively a
//! thread's own.
//!
//! Each model is a file with one type that implements [`Model`]; `Chosen` below is the one place where a cargo feature
//! picks it. The rest of the crate, `gc` and `vm` use the names re-exported here and name no model. A new model is a
//! file, a feature and a line each in the lists here.
//!
//! | model | feature | who may run | exclusive |
//! |---|---|---|---|
//! | [`confined`] | none | every attached thread | while solo |
//! | [`gil`] | `gil` | the thread that holds the GIL | always |
//! | [`pep703`] | `pep703` | every attached thread | never |
//! | [`gilectomy`] | `gilectomy` | every attached thread | never |

pub mod confined;
pub mod gil;
pub mod gilectomy;
pub mod pep703;

use crate::{Options, ThreadState, World};

/// What differs between the models.
pub trait Model: std::fmt::Debug + Send + Sync {
    /// The name shown in the version text and in rows of benchmarks.
    const NAME: &'static str;
    /// Whether at most one thread is attached at a time.
    const GIL_ENABLED: bool;
    /// Whether a thread that is alone becomes solo (SOLO-1).
    const SOLO: bool;

    /// The model of a world with these options.
    fn new(options: &Options) -> Self;

    /// Bits of the check word that are raised in every thread all the time.
    fn standing_bits(&self) -> u32 {
        0
    }

    /// Called at each safepoint of `thread`, which is the caller, if `GIL_TICK` is one of those bits; whether it is to let
    /// another thread run now.
    fn tick(&self, _thread: &ThreadState) -> bool {
        false
    }

    /// Whether `thread`, which is the caller, owns every object until its next safepoint or detach (LOCK-2).
    fn exclusive(thread: &ThreadState) -> bool;

    /// Waits until `thread`, which is the caller and about to attach, may run.
    fn take_turn(&self, world: &World, thread: &ThreadState);

    /// `thread`, which is the caller and has left the attached threads, lets another one run.
    fn give_turn(&self, world: &World, thread: &ThreadState);

    /// Forgets all threads but `thread`, which is attached.
    ///
    /// # Safety
    /// No other thread exists.
    unsafe fn reset_after_fork(&self, thread: &ThreadState);
}

#[cfg(any(
    all(feature = "gil", feature = "pep703"),
    all(feature = "gil", feature = "gilectomy"),
    all(feature = "pep703", feature = "gilectomy"),
))]
compile_error!(
    "at most one of the features `gil`, `pep703` and `gilectomy` may be on: each is a concurrency model"
);

/// The model of this build.
#[cfg(not(any(feature = "gil", feature = "pep703", feature = "gilectomy")))]
pub type Chosen = confined::Confined;
/// The model of this build.
#[cfg(feature = "gil")]
pub type Chosen = gil::Gil;
/// The model of this build.
#[cfg(feature = "pep703")]
pub type Chosen = pep703::Pep703;
/// The model of this build.
#[cfg(feature = "gilectomy")]
pub type Chosen = gilectomy::Gilectomy;

/// The chosen model's name.
pub const NAME: &str = <Chosen as Model>::NAME;

/// Whether the chosen model has a global interpreter lock.
pub const GIL_ENABLED: bool = <Chosen as Model>::GIL_ENABLED;

/// Whether a thread of the chosen model ever owns all objects without a lock: being solo, or by a GIL.
pub const EVER_EXCLUSIVE: bool = GIL_ENABLED || <Chosen as Model>::SOLO;

/// Whether `thread`, which is the caller, owns every object until its next safepoint or detach (LOCK-2).
#[inline(always)]
pub fn exclusive(thread: &ThreadState) -> bool {
    <Chosen as Model>::exclusive(thread)
}
