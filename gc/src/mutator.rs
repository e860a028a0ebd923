//! A thread's side of the heap: allocation, freeing by worklist, and the queue of objects that await their finalizer.
//!
//! Owned by one thread, which alone touches it. Dropping a reference never runs Python (RC-5): objects with
//! finalizers are parked on `dying` and the interpreter drains the queue at the end of the instruction or native call.

use crate::heap::{self, FreeLists, MAX_BUFFER, MAX_SMALL, Pool, buffer_class, size_class};
use crate::ops::{ShapeHead, ShapeTable, shape_flag};
use crate::weak::WeakTable;
use crate::{Header, Obj, Slot, Value, flag};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use ungil_locks::primitive::{Ordering, UnsafeCell};
use ungil_locks::{StopGuard, ThreadState, World, check};

/// Bytes of free blocks of each size that a thread keeps when it hands surplus ones to the others.
pub const KEPT_BYTES: usize = if cfg!(feature = "stress") { 128 } else { 16 * 1024 };

/// What all threads of a runtime share of the heap.
#[derive(Default)]
pub struct Space {
    pub pool: Pool,
    pub shapes: ShapeTable,
    pub weak: WeakTable,
    pub collector: crate::cycle::CollectorState,
    pub publishing: crate::publish::Publishing,
    pub mutators: crate::hub::Mutators,
    pub hubs: crate::hub::HubNumbers,
    pub grace: crate::grace::Grace<Retired>,
    pub(crate) orphans: crate::retire::Orphans,
    /// What the model's counting needs.
    pub model: crate::model::Shared,
}

/// What waits for a grace period.
pub enum Retired {
    /// An object in limbo, and which limbo.
    Object(*mut Header, i64),
    /// A buffer and its size.
    Buffer(*mut u8, usize),
    /// The block of an object of more than [`MAX_SMALL`] bytes, which has ended, and its size.
    Block(*mut Header, usize),
}

/// Something to do before the next instruction.
pub enum Pending {
    /// Run the finalizer of this object, whose only reference this is unless it is resurrected.
    Finalize(Obj),
    /// Call the callback of a weak reference that has died: the weak reference object.
    WeakCallback(Obj),
}

/// See the module's head.
#[repr(C)]
pub struct Mutator {
    solo: Cell<bool>,
    /// See [`Mutator::dispatch`].
    dispatch: Cell<usize>,
    choices: Cell<[usize; 2]>,
    draining: Cell<bool>,
    pending: Cell<bool>,
    lists: FreeLists,
    pub thread: Arc<ThreadState>,
    pub world: Arc<World>,
    pub space: Arc<Space>,
    /// Objects whose end waits for that of the one that is being ended.
    dead: UnsafeCell<Vec<*mut Header>>,
    dying: RefCell<VecDeque<Pending>>,
    /// Bytes taken from the common pool and the system, less those given back, not yet told to the collector.
    debt: Cell<i64>,
    pub(crate) hubs: crate::hub::HubCounts,
    pub(crate) retiring: crate::retire::Retiring,
    pub(crate) stack: crate::stack::StackRecord,
    /// As of when a collection began, if this thread is collecting.
    pub(crate) collecting: crate::stack::StackRecord,
    pub(crate) tallies: crate::tally::Tallies,
}

ungil_locks::thread_local_const! {
    static CURRENT: Cell<*const Mutator> = Cell::new(std::ptr::null())
}

impl Mutator {
    /// The mutator of a thread that is registered with the world but not attached yet.
    pub fn new(world: Arc<World>, space: Arc<Space>, thread: Arc<ThreadState>) -> Mutator {
        Mutator {
            solo: Cell::new(false),
            dispatch: Cell::new(0),
            choices: Cell::new([0; 2]),
            draining: Cell::new(false),
            pending: Cell::new(false),
            lists: FreeLists::default(),
            retiring: crate::retire::Retiring::new(&thread),
            thread,
            world,
            space,
            dead: UnsafeCell::new(Vec::new()),
            dying: RefCell::default(),
            debt: Cell::new(0),
            hubs: Default::default(),
            stack: Default::default(),
            collecting: Default::default(),
            tallies: Default::default(),
        }
    }

    /// Makes this the mutator that handles ([`Obj`]) of the current OS thread use when they are dropped. `stack_end` is the
    /// highest address of the thread's native stack.
    ///
    /// # Safety
    /// The mutator does not move until it is dropped.
    pub unsafe fn enter(&self, stack_end: usize) {
        self.stack.set_end(stack_end);
        self.collecting.set_end(stack_end);
        self.space.mutators.add(self);
        self.space.grace.join(&self.retiring.member);
        crate::model::thread_begins(self);
        CURRENT.with(|current| current.set(self));
    }

    /// Ends what [`Mutator::enter`] began.
    pub fn leave(&self) {
        crate::model::thread_ends(self);
        CURRENT.with(|current| current.set(std::ptr::null()));
    }

    /// The mutator of the current OS thread. Aborts if there is none: an object outlived its thread's context.
    #[inline]
    pub fn current<'a>() -> &'a Mutator {
        let p = CURRENT.with(Cell::get);
        if p.is_null() {
            crate::fatal("an object was dropped outside any attached thread");
        }
        // SAFETY: `enter` promised that the mutator stays.
        unsafe { &*p }
    }

    /// Whether this thread owns every object just now (SOLO-1).
    #[inline(always)]
    pub fn is_solo(&self) -> bool {
        self.solo.get()
    }

    /// Whether the object is exclusively this thread's: no lock is needed until the next safepoint, or until the object
    /// is published (LOCK-2).
    #[inline(always)]
    pub fn is_exclusive(&self, h: &Header) -> bool {
        self.owns_everything() || !h.is_published()
    }

    /// Feature `checks`: the thread owns every object, as the caller takes for granted.
    #[inline(always)]
    pub(crate) fn check_solo(&self) {
        if cfg!(feature = "checks") && !self.owns_everything() {
            crate::fatal("a thread that is not solo counts as if it were (SOLO-1)");
        }
    }

    /// Whether every object is exclusively this thread's until the next safepoint.
    #[inline(always)]
    pub fn owns_everything(&self) -> bool {
        use ungil_locks::model::{EVER_EXCLUSIVE, GIL_ENABLED};
        GIL_ENABLED || EVER_EXCLUSIVE && self.solo.get()
    }

    /// One of two words that the interpreter has given: which one depends on whether the thread owns every object.
    #[inline(always)]
    pub fn dispatch(&self) -> usize {
        self.dispatch.get()
    }

    /// Sets the word for a thread that owns some objects only, and that for one that owns all.
    pub fn set_dispatch(&self, choices: [usize; 2]) {
        self.choices.set(choices);
        self.dispatch.set(choices[self.owns_everything() as usize]);
    }

    fn set_solo(&self, solo: bool) {
        self.solo.set(solo);
        self.dispatch.set(self.choices.get()[self.owns_everything() as usize]);
    }

    /// Attaches the thread: it may touch objects from now on.
    pub fn attach(&self) {
        self.thread.attach();
        self.look_whether_solo();
    }

    /// Detaches the thread: others need not wait for it.
    pub fn detach(&self) {
        self.stack.record();
        self.go_offline();
        self.hand_over_pending();
        let shared = self.lists.share(&self.space.pool, KEPT_BYTES);
        if shared != 0 {
            self.forgive(shared);
        }
        self.thread.detach();
        self.set_solo(false);
    }

    /// Answers requests of other threads; what is left in the check word is the VM's.
    pub fn safepoint(&self) -> u32 {
        self.stack.record();
        self.quiesce();
        // Looked at once: a request that comes now must not find tallies that have not been entered.
        let bits = self.thread.check.get();
        let asked = bits & check::WORLD_BITS;
        if asked == 0 || asked == check::SOLO_OFFER && self.thread.puts_solo_off() {
            return crate::model::safepoint(self, bits & check::VM_BITS & !check::QUIESCE);
        }
        self.enter_tallies();
        if bits & check::STOP != 0 && !self.thread.is_stopping() {
            self.go_offline();
        }
        let left = self.thread.service(bits);
        self.look_whether_solo();
        crate::stress::at_safepoint(self, crate::model::safepoint(self, left & !check::QUIESCE))
    }

    /// Stops all other threads until the guard is dropped. Like a safepoint it may end solo, so it goes through here.
    pub fn stop_the_world(&self) -> StopGuard<'_> {
        self.stack.record();
        self.go_offline();
        let guard = self.world.stop_the_world(&self.thread);
        self.look_whether_solo();
        guard
    }

    /// After whatever may make the thread solo, or end that.
    fn look_whether_solo(&self) {
        let solo = self.thread.is_solo();
        self.set_solo(solo);
        self.go_online(solo);
    }

    /// Memory for an object of `size` bytes, undefined; null if there is none to be had.
    #[inline(always)]
    pub fn allocate(&self, size: usize) -> *mut u8 {
        if size <= MAX_SMALL {
            let class = size_class(size);
            let block = self.lists.pop(class);
            if !block.is_null() {
                return block;
            }
        }
        self.allocate_slow(size)
    }

    /// As [`Mutator::allocate`] where that takes but a few instructions, else null.
    #[inline(always)]
    pub fn allocate_quick(&self, size: usize) -> *mut u8 {
        if size <= MAX_SMALL { self.lists.pop(size_class(size)) } else { std::ptr::null_mut() }
    }

    #[cold]
    #[inline(never)]
    fn allocate_slow(&self, size: usize) -> *mut u8 {
        if size > MAX_SMALL {
            self.add_debt(size);
            return heap::allocate_large(&self.space.pool, size, self.owns_everything());
        }
        self.refill(size_class(size))
    }

    fn refill(&self, class: usize) -> *mut u8 {
        let (block, bytes) = self.lists.pop_slow(&self.space.pool, class, self.owns_everything());
        match heap::is_for_objects(class) {
            true => self.add_debt(bytes),
            false => self.add_debt_of_buffer(bytes),
        }
        block
    }

    /// Memory for a buffer of `size` bytes, aligned to 8, undefined; null if there is none to be had. Buffers above
    /// [`MAX_BUFFER`] bytes are the global allocator's, with that alignment.
    #[inline(always)]
    pub fn allocate_buffer(&self, size: usize) -> *mut u8 {
        if size <= MAX_BUFFER && size != 0 {
            let block = self.lists.pop(buffer_class(size));
            if !block.is_null() {
                return block;
            }
        }
        self.allocate_buffer_slow(size)
    }

    #[cold]
    #[inline(never)]
    fn allocate_buffer_slow(&self, size: usize) -> *mut u8 {
        let size = size.max(1);
        if size <= MAX_BUFFER {
            return self.refill(buffer_class(size));
        }
        let buffer = heap::allocate_buffer(size);
        if !buffer.is_null() {
            self.add_debt_of_buffer(size);
        }
        buffer
    }

    /// Gives the memory of a buffer back.
    ///
    /// # Safety
    /// `buffer` came from this function's sisters with the same size, on whatever thread, and is not used any more.
    #[inline(always)]
    pub unsafe fn free_buffer(&self, buffer: *mut u8, size: usize) {
        if size <= MAX_BUFFER {
            if cfg!(feature = "checks") {
                // SAFETY: the buffer is the caller's.
                unsafe { std::ptr::write_bytes(buffer, 0xdd, size) };
            }
            // SAFETY: as the caller promises.
            unsafe { self.lists.push(buffer_class(size.max(1)), buffer) };
        } else {
            // SAFETY: as above.
            unsafe { heap::free_buffer(buffer, size) };
            self.forgive(size);
        }
    }

    /// Makes a buffer larger or smaller, moving it if need be. Null if there is no memory: the buffer stays as it was.
    ///
    /// # Safety
    /// As for [`Mutator::free_buffer`]; the size is not zero.
    pub unsafe fn resize_buffer(&self, buffer: *mut u8, size: usize, new_size: usize) -> *mut u8 {
        if size > MAX_BUFFER && new_size > MAX_BUFFER {
            // SAFETY: as the caller promises.
            let new = unsafe { heap::resize_buffer(buffer, size, new_size) };
            if !new.is_null() {
                self.forgive(size);
                self.add_debt_of_buffer(new_size);
            }
            return new;
        }
        if size <= MAX_BUFFER && new_size <= MAX_BUFFER && buffer_class(size) == buffer_class(new_size) {
            return buffer;
        }
        let new = self.allocate_buffer(new_size);
        if !new.is_null() {
            // SAFETY: both have this many bytes, and they are different blocks.
            unsafe {
                new.copy_from_nonoverlapping(buffer, size.min(new_size));
                self.free_buffer(buffer, size);
            }
        }
        new
    }

    /// Counts bytes towards the next automatic collection and asks for one when it is due.
    pub fn add_debt(&self, bytes: usize) {
        let debt = self.debt.get() + bytes as i64;
        if debt < heap::PAGE as i64 {
            self.debt.set(debt);
            return;
        }
        self.debt.set(0);
        if self.space.collector.charge(debt, self.owns_everything()) {
            self.thread.raise_check(check::COLLECT);
        }
    }

    /// As [`Mutator::add_debt`]. What is not large does not ask for a collection: that is left to the next object, so that a
    /// list which grows is not what makes one due.
    fn add_debt_of_buffer(&self, bytes: usize) {
        if bytes > heap::PAGE {
            return self.add_debt(bytes);
        }
        self.debt.set(self.debt.get() + bytes as i64);
    }

    /// Takes back what [`Mutator::add_debt`] was told: as many bytes were freed.
    pub fn forgive(&self, bytes: usize) {
        let debt = self.debt.get() - bytes as i64;
        if debt > -(heap::PAGE as i64) {
            self.debt.set(debt);
            return;
        }
        self.debt.set(0);
        // What is due is asked for when memory is taken.
        let _ = self.space.collector.charge(debt, self.owns_everything());
    }

    /// All references to a hub, wherever they have been counted; to any other object those that its header says.
    pub fn all_references(&self, h: &Header) -> i64 {
        let stopped = self.stop_the_world();
        // SAFETY: the world is stopped.
        unsafe { self.space.mutators.enter_counts_stw(&self.space.hubs) };
        let references = if h.is_hub() { h.hub_count() } else { h.ref_count() };
        drop(stopped);
        references
    }

    /// Hands all free blocks but `keep` bytes of each size to the other threads.
    pub fn donate(&self, keep: usize) {
        self.forgive(self.lists.donate(&self.space.pool, keep));
    }

    /// Gives all memory back before the thread, which is detached, ends. Nothing may be allocated or freed afterwards.
    pub fn give_up(&self) {
        // A thread that is alone needs no mutex for the pool; attached, this one is seen.
        self.thread.attach();
        self.donate(0);
        self.thread.detach();
    }

    /// The shape of an object.
    ///
    /// # Safety
    /// `h` is an object.
    #[inline(always)]
    pub unsafe fn shape(&self, h: *mut Header) -> *mut ShapeHead {
        // SAFETY: as the caller promises.
        self.space.shapes.get(unsafe { (*h).shape_id() })
    }

    /// Bytes of an object's block.
    ///
    /// # Safety
    /// `h` is an object.
    #[inline(always)]
    pub(crate) unsafe fn size_of(&self, h: *mut Header) -> usize {
        // SAFETY: as the caller promises.
        unsafe {
            let shape = self.shape(h);
            (*shape).size_of(h)
        }
    }

    /// Drops one reference that a value stands for.
    #[inline(always)]
    pub fn drop_value(&self, v: Value) {
        if v.is_ptr() {
            // SAFETY: the caller owned a reference.
            unsafe { self.drop_ptr(v.ptr()) };
        }
    }

    /// As [`Mutator::drop_value`] on a thread that owns everything: for where many are dropped after one question.
    #[inline(always)]
    pub fn drop_value_solo(&self, v: Value) {
        // SAFETY: the caller owned a reference.
        unsafe {
            if v.is_ptr() && (*v.ptr()).decrement_solo(self) {
                self.destroy(v.ptr());
            }
        }
    }

    /// As [`Mutator::drop_value`] on a thread that is not solo, likewise.
    #[inline(always)]
    fn drop_counting_down(&self, v: Value) {
        // SAFETY: the caller owned a reference.
        unsafe {
            if v.is_ptr() && (*v.ptr()).count_down(self) {
                self.end_drop(v.ptr());
            }
        }
    }

    /// Empties slots of an object that is being ended, in this order, and drops what they held. Nobody else reaches it.
    #[inline(always)]
    pub fn clear_slots<'s>(&self, slots: impl IntoIterator<Item = &'s Slot>) {
        // The end of an object meets no safepoint, so the answer holds for all of them.
        match self.owns_everything() {
            true => slots.into_iter().for_each(|slot| self.drop_value_solo(slot.take_value())),
            false => slots.into_iter().for_each(|slot| self.drop_counting_down(slot.take_value())),
        }
    }

    /// Drops one reference to an object.
    ///
    /// # Safety
    /// The caller owns that reference.
    #[inline(always)]
    pub unsafe fn drop_ptr(&self, h: *mut Header) {
        // SAFETY: as the caller promises.
        if unsafe { (*h).decrement(self) } {
            // SAFETY: the count has just reached zero: the object is this thread's alone.
            unsafe { self.destroy(h) };
        }
    }

    /// Goes on dropping a reference after [`Header::count_down`] has said that more is to be done.
    ///
    /// # Safety
    /// The caller owned that reference.
    #[inline(never)]
    pub unsafe fn end_drop(&self, h: *mut Header) {
        // SAFETY: the reference either has been the last one, and the object is this thread's alone, or is there still.
        unsafe { if crate::model::has_taken_last(&*h) { self.destroy(h) } else { self.drop_ptr(h) } }
    }

    /// Ends an object whose count has reached zero: at once, or after its finalizer has run. By worklist, so that
    /// long chains do not overflow the stack.
    ///
    /// # Safety
    /// The count of `h` is zero and the caller took the last reference away.
    #[inline(never)]
    pub unsafe fn destroy(&self, h: *mut Header) {
        if self.draining.get() {
            // SAFETY: as in `pop_dead`.
            self.dead.with_mut(|dead| unsafe { (*dead).push(h) });
            return;
        }
        self.draining.set(true);
        let solo = self.solo.get();
        // SAFETY: every object on the worklist has a count of zero.
        unsafe {
            self.destroy_one(h);
            while let Some(h) = self.pop_dead() {
                self.destroy_one(h);
            }
        }
        if cfg!(feature = "checks") && solo != self.solo.get() {
            // Handlers go on after an object's end as what they were before.
            crate::fatal("the end of an object met a safepoint");
        }
        self.draining.set(false);
    }

    #[inline(always)]
    fn pop_dead(&self) -> Option<*mut Header> {
        // SAFETY: the list is used here and in `destroy` only, for one step at a time, by this thread.
        self.dead.with_mut(|dead| unsafe { (*dead).pop() })
    }

    #[inline(always)]
    unsafe fn destroy_one(&self, h: *mut Header) {
        // SAFETY: the object is this thread's alone.
        unsafe {
            let shape = self.shape(h);
            // ORD: relaxed, as in `destroy_rarer`.
            let finalized = (*shape).flags.load(Ordering::Relaxed) & shape_flag::FINALIZER != 0;
            if finalized || (*h).has_flag(flag::WEAKLY_REFERENCED | flag::DYING) {
                return self.destroy_rarer(h, shape);
            }
            let size = (*shape).size_of(h);
            self.drop_fields(h, shape);
            self.free_emptied(h, size);
        }
    }

    /// As [`Mutator::destroy_one`] for an object that may have a finalizer or weak references, or is being torn down by the
    /// collector.
    #[inline(never)]
    unsafe fn destroy_rarer(&self, h: *mut Header, shape: *mut ShapeHead) {
        // SAFETY: the object is this thread's alone.
        unsafe {
            // ORD: relaxed; the flag is set before instances of the shape exist, or by a mutation of the class
            // whose lock the maker of the instance took later.
            if (*shape).flags.load(Ordering::Relaxed) & shape_flag::FINALIZER != 0
                && (!(*h).has_flag(flag::FINALIZED)
                    || ungil_locks::primitive::Weakened::current()
                        .skips(ungil_locks::weaken::Step::FinalizedOnce))
                && ((*shape).ops.needs_finalizer)(h)
            {
                (*h).revive();
                (*h).set_flag(flag::FINALIZED);
                self.push_pending(Pending::Finalize(Obj::from_owned(Value::from_ptr(h))));
                return;
            }
            if (*h).has_flag(flag::WEAKLY_REFERENCED) {
                self.space.weak.clear(self, h, |_| true);
            }
            self.free(h, shape);
        }
    }

    /// Gives back the block of an object that has been emptied: it holds no reference any more.
    ///
    /// # Safety
    /// The caller owns the only reference to `h`, whose block has `size` bytes; it needs no finalizer, and there are no
    /// weak references to it.
    #[inline(always)]
    pub unsafe fn free_emptied(&self, h: *mut Header, size: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            if size <= MAX_SMALL {
                if cfg!(feature = "checks") {
                    let used = crate::HEADER_SIZE;
                    std::ptr::write_bytes(h.cast::<u8>().add(used), 0xdd, size.max(used) - used);
                }
                self.lists.push(size_class(size), h.cast());
            } else if (*h).is_published() && !self.owns_everything() {
                self.retire_block(h, size);
            } else {
                heap::free_large(&self.space.pool, h.cast(), size, self.owns_everything());
                self.forgive(size);
            }
        }
    }

    /// Drops the fields and gives the block back.
    unsafe fn free(&self, h: *mut Header, shape: *mut ShapeHead) {
        // SAFETY: nothing refers to the object any more.
        unsafe {
            let size = (*shape).size_of(h);
            if !(*h).has_flag(flag::DYING) {
                self.drop_fields(h, shape);
            }
            self.free_emptied(h, size);
        }
    }

    /// Drops everything that an object refers to.
    ///
    /// # Safety
    /// Nobody else can reach the object, or the collector has found it unreachable.
    #[inline(always)]
    pub(crate) unsafe fn drop_fields(&self, h: *mut Header, shape: *mut ShapeHead) {
        // SAFETY: as the caller promises.
        unsafe {
            for slot in (*shape).attr_area(h) {
                self.drop_value(slot.take_value());
            }
            if let Some(drop_fields) = (*shape).ops.drop_fields {
                drop_fields(h, self);
            }
        }
    }

    /// Queues something that must run Python.
    pub fn push_pending(&self, what: Pending) {
        self.dying.borrow_mut().push_back(what);
        self.pending.set(true);
    }

    /// Whether something waits that must run Python.
    #[inline(always)]
    pub fn has_pending(&self) -> bool {
        self.pending.get()
    }

    /// Takes back what [`Mutator::take_pending`] gave, or takes over what another thread has left.
    pub(crate) fn append_pending(&self, what: &mut VecDeque<Pending>) {
        self.dying.borrow_mut().append(what);
        self.pending.set(!self.dying.borrow().is_empty());
    }

    /// All that waits, oldest first. What comes up while these are run waits in a queue of its own, so that it is run
    /// at its place and not in the middle of the next one.
    pub fn take_pending(&self) -> VecDeque<Pending> {
        self.pending.set(false);
        self.dying.take()
    }
}

impl Drop for Mutator {
    fn drop(&mut self) {
        self.space.grace.part(&self.retiring.member);
        self.space.mutators.remove(self);
        let _ = self.space.collector.charge(self.debt.take(), false);
    }
}
