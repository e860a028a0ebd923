//! One thread of a virtual machine, as the locks see it.
//!
//! Each thread that runs bytecode has one, made by [`World::register`]. `attach`, `detach` and `safepoint` are called
//! by the thread itself; `raise_check`, `clear_check` and the readers by anybody, `raise_check` also by a signal
//! handler.
//!
//! | state | may touch objects | a stop of the world waits for it | left by |
//! |---|---|---|---|
//! | detached | no | no | `attach` |
//! | attached | yes, published ones with their locks | yes | `detach`; a safepoint that stands still |
//! | attached and solo | yes, without locks (SOLO-1) | yes | the same; a safepoint that acknowledges an attach |

use crate::check::{CheckWord, VM_BITS, WAITING, WORLD_BITS};
use crate::primitive::{Arc, AtomicBool, AtomicU32, AtomicU64, OnceLock, Ordering, Parker, Weak};
use crate::timeline::Track;
use crate::weaken::Step;
use crate::{World, assert_layout};

/// See the module's head.
#[derive(Debug)]
#[repr(C)]
pub struct ThreadState {
    /// Non-zero if the thread has something to do at its next safepoint. The first field: the interpreter tests it
    /// at every back-edge and call.
    pub check: CheckWord,
    /// Written by the thread itself alone, in attach, safepoint and detach.
    pub(crate) solo: AtomicBool,
    /// Written by the thread itself alone.
    pub(crate) attached: AtomicBool,
    /// This thread has stopped the world. Written by the thread itself alone.
    pub(crate) stopping: AtomicBool,
    /// Safepoints that pass before the thread looks again whether it may become solo. The thread's own.
    pub(crate) polls: AtomicU32,
    /// Safepoints until the thread gives the GIL up in the mode that counts them. The thread's own.
    pub(crate) ticks: AtomicU32,
    /// When the thread became solo, on the world's clock; 0 if that was not noted. The thread's own.
    pub(crate) solo_since: AtomicU64,
    /// Place in the world's registry, counted from 1.
    pub(crate) key: u32,
    id: u64,
    parker: OnceLock<Parker>,
    /// What the thread did and when; `None` if that is not recorded.
    pub(crate) track: Option<Arc<Track>>,
    world: Arc<World>,
    this: Weak<ThreadState>,
}

assert_layout!(std::mem::offset_of!(ThreadState, check) == 0);

impl ThreadState {
    pub(crate) fn new(world: Arc<World>, key: u32, id: u64) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            check: CheckWord::new(),
            solo: AtomicBool::new(false),
            attached: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            polls: AtomicU32::new(0),
            ticks: AtomicU32::new(0),
            solo_since: AtomicU64::new(0),
            key,
            id,
            parker: OnceLock::new(),
            track: world.new_track(id),
            world,
            this: this.clone(),
        })
    }

    /// A number that no other thread of this world has had or will have. Never 0.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// A number from 1 on that no other thread of this world has now. It is given out again when the thread is forgotten.
    pub fn key(&self) -> u32 {
        self.key
    }

    /// The world this thread belongs to.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// A counted reference to this state; `None` while it is being dropped.
    pub fn to_arc(&self) -> Option<Arc<ThreadState>> {
        self.this.upgrade()
    }

    /// Whether the thread is attached. Old news by the time it is read, unless the thread itself asks.
    #[inline]
    pub fn is_attached(&self) -> bool {
        // ORD: relaxed, written by the thread itself; a hint to others.
        self.attached.load(Ordering::Relaxed)
    }

    /// Whether this thread, which is the caller, owns every object and lock (SOLO-1). Changes only in `attach`,
    /// `safepoint` and `detach` of the thread itself, so that the answer holds until the next of them.
    #[inline(always)]
    pub fn is_solo(&self) -> bool {
        // ORD: relaxed, written by the thread itself.
        self.solo.load(Ordering::Relaxed)
    }

    /// Raises bits of the check word. Any thread may, and a signal handler: nothing here allocates or locks.
    pub fn raise_check(&self, bits: u32) {
        let before = self.check.raise(bits);
        let wakes = before & WAITING != 0 && bits & VM_BITS != 0;
        if wakes && !self.world.weakened.skips(Step::CheckWakes) {
            // The thread sleeps, or is about to, and has set its handle before the bit. An unpark is an atomic swap and
            // a futex call.
            if let Some(parker) = self.parker.get() {
                parker.unpark();
            }
        }
    }

    /// Clears bits of the check word. For the VM's bits; what the world raises it clears itself.
    pub fn clear_check(&self, bits: u32) {
        self.check.clear(bits);
    }

    /// Waits until the thread may touch objects: until no stop is under way, a solo thread has acknowledged, and with
    /// a GIL until this thread holds it. Never returns once another thread has begun to finalize the world.
    #[inline]
    pub fn attach(&self) {
        self.world.attach(self);
    }

    /// The thread touches no objects from here on; others need not wait for it. Never blocks on objects, but with a
    /// GIL that another thread has asked for it waits until that thread has it.
    #[inline]
    pub fn detach(&self) {
        self.world.detach(self);
    }

    /// A point at which the thread borrows nothing and holds no object lock. Services what other threads ask of it:
    /// stands still while the world is stopped, hands over the GIL, lets a thread attach, becomes solo. The bits that
    /// are the VM's business are returned and stay raised.
    #[inline]
    pub fn safepoint(&self) -> u32 {
        self.service(self.check.get())
    }

    /// As [`ThreadState::safepoint`], but services these bits of the check word alone: what is raised meanwhile waits.
    #[inline]
    pub fn service(&self, bits: u32) -> u32 {
        if bits & WORLD_BITS == 0 {
            return bits & VM_BITS;
        }
        self.world.safepoint(self, bits);
        self.check.get() & VM_BITS
    }

    /// Whether a thread that was asked nothing but whether it can be solo ([`SOLO_OFFER`](crate::check::SOLO_OFFER)) need not call
    /// [`ThreadState::service`] this time.
    pub fn puts_solo_off(&self) -> bool {
        self.world.puts_solo_off(self)
    }

    /// What wakes this thread. The first call comes from the thread itself.
    pub(crate) fn parker(&self) -> &Parker {
        self.parker.get_or_init(Parker::current)
    }

    pub(crate) fn set_solo(&self, solo: bool) {
        // ORD: relaxed, only this thread reads it for more than a hint.
        self.solo.store(solo, Ordering::Relaxed);
    }

    pub(crate) fn set_attached(&self, attached: bool) {
        // ORD: relaxed, only this thread reads it for more than a hint.
        self.attached.store(attached, Ordering::Relaxed);
    }

    pub fn is_stopping(&self) -> bool {
        // ORD: relaxed, written by the thread itself.
        self.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn set_stopping(&self, stopping: bool) {
        // ORD: relaxed, only this thread reads it.
        self.stopping.store(stopping, Ordering::Relaxed);
    }
}
