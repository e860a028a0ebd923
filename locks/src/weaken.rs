//! Named steps of the protocols that the model checker may weaken.
//!
//! A test of a protocol proves something only if it fails when the protocol is broken. Each entry of [`Step`] names
//! one memory ordering or one action; a [`Weakened`](crate::primitive::Weakened) value in the world's options says which of them, if any, is
//! broken. In what ships the value is zero-sized, every question is answered by a constant, and nothing remains.

/// One breakable step. The comment says which test fails without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `Release` on an object lock's fast unlock: the next holder would not see what was written.
    ObjLockRelease,
    /// The parked bit is kept when more waiters remain: the second waiter would sleep for ever.
    ObjLockKeepsParked,
    /// A waiter validates the byte under the bucket's mutex before it sleeps: a lost wake-up.
    ObjLockValidates,
    /// Two objects are locked in address order: two threads would wait for each other.
    LockTwoOrders,
    /// Releasing the GIL notifies a waiter: a lost wake-up.
    GilNotifies,
    /// Having been asked, the holder waits until another has taken the GIL.
    GilForcesSwitch,
    /// A stop waits until only the stopper is attached.
    StopWaits,
    /// Of several threads that want to stop the world one at a time does: they would wait for each other.
    StopTakesTurns,
    /// `Release` when a thread leaves the attached ones: the stopper would not see what it wrote.
    LeaveRelease,
    /// A leaving thread wakes those who wait for it.
    LeaveNotifies,
    /// Raising the check word of the threads that must stop.
    StopRaises,
    /// An attaching thread waits for the solo thread's acknowledgement.
    SoloWaits,
    /// `Release` in the acknowledgement: the attaching thread would not see what the solo thread wrote.
    SoloAckRelease,
    /// The acknowledging thread wakes those who wait to attach.
    SoloAckNotifies,
}
