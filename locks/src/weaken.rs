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
    /// Who clears an offer to be solo because others are attached looks again whether they are.
    SoloLooksAgain,
    /// What is stored into a published container is published first (PUB-1).
    PublishesFirst,
    /// `Release` in the store into a slot: a reader without the lock would not see the object's contents.
    SlotRelease,
    /// `Release` in raising a bit of the check word: the owner would not see why it was raised.
    CheckRaiseReleases,
    /// `Acquire` in clearing one: likewise.
    CheckClearAcquires,
    /// Raising one of the VM's bits wakes a thread that waits interruptibly: a lost wake-up.
    CheckWakes,
    /// `Release` in the release of a raw lock: the next holder would not see what was written.
    RawLockRelease,
    /// Releasing a raw lock wakes one of its queue: a lost wake-up.
    RawLockWakes,
    /// A thread that gives up waiting for a raw lock, but was woken for it, tries it once more: a lost wake-up.
    RawLockTriesAgain,
    /// A count becomes that of a hub by one step: references counted meanwhile would be lost.
    HubOneStep,
    /// Weak references do not count what has ended: it would end twice.
    WeakUnlessDead,
    /// An object is marked as finalized before its finalizer runs: it would run twice.
    FinalizedOnce,
    /// `Release` in giving a table an id: a reader would not see what another thread has entered in it.
    KeysGivenRelease,
    /// The fence behind taking an id away: a reader would take what comes later for what the id stands for.
    KeysForgottenFirst,
    /// A reader compares the id after what it has read: likewise.
    KeysComparedAgain,
    /// `Release` in filling an inline cache: a reader would not find the shape that it names.
    CacheRelease,
    /// A reader of three words of an inline cache compares the first one again: it would take some of one and some of another filling.
    WordsComparedAgain,
    /// A reader of a list compares the length again: storage that was sorted meanwhile has come back with another one.
    LengthComparedAgain,
    /// A reader of a list compares the storage again: it would look past the end of what the list had before it grew.
    StorageComparedAgain,
    /// `Release` in storing an entry's number in a dict's index: a reader would see what was in that memory before.
    EntryNumberRelease,
    /// An entry of a published dict serves one key only (what does the writer's steps asks): a reader that has found the key
    /// would take another one's value.
    EntryServesOneKey,
    /// A reader of a dict compares the table again: it would take another table's size for its own.
    TableComparedAgain,
    /// A slot of an instance that others may be reading serves one name only: a reader would take another one's value.
    SlotServesOneName,
    /// A thread that is quiescent or detaches enters its tallies: what it still refers to would end.
    TalliesEntered,
    /// What has been taken out of limbo since does not end with the grace period that it waited for.
    LimboCompared,
    /// A batch of garbage waits until all threads have been quiescent.
    GraceWaits,
    /// A thread that comes online looks at what is ripe if an epoch has begun meanwhile: a batch would wait for ever.
    GraceOnlineLooks,
    /// A thread that goes offline looks whether others wait for it: a batch that was left to it would wait for ever.
    GraceOfflineLooks,
    /// The fence of a thread that comes online: a batch would not wait for it.
    GraceOnlineFence,
    /// Of the two words of a biased count, one thread makes one: the owner that lets go of the object, or who finds that it has no
    /// owner. Both would end it.
    MergedByOneThread,
}
