//! The heap of objects: pages of equal blocks, walkable, with free lists owned by threads.
//!
//! Allocation pops the head of the mutator's free list for the size class, freeing pushes: a few plain instructions and
//! no thread-local look-up. A page belongs to nobody, so a block that another thread frees simply changes lists. Surplus
//! blocks go to the common pool in chunks of about [`CHUNK`] bytes, each from one part of a page as far as may be, of which
//! a thread that runs out takes one, so that what many threads left serves many threads again, and neighbours one thread:
//! all of them at a collection ([`FreeLists::donate`]), and before a thread blocks those of sizes that others lacked
//! meanwhile ([`FreeLists::share`]), as where one thread makes what another one ends. Fresh pages are cut into blocks piece
//! by piece, at first in small ones: most size classes of most programs need few blocks, and what nobody writes to takes no
//! memory. Blocks above [`MAX_SMALL`] bytes come from the system allocator and are registered, so that the collector can
//! walk every object. Touched by: each thread its own lists; pool and registry under mutexes.
//!
//! Buffers (items of lists, tables of dicts and sets) come from pages of their own, which the collector does not walk,
//! through size classes behind those of objects; larger ones from the global allocator, and very large ones from the system,
//! which grows them by moving pages instead of bytes.
//!
//! Under the model checker there are no pages, as a free block would not be an object of the model: all blocks are large.

use crate::Header;
use std::alloc::Layout;
use std::cell::Cell;
use std::collections::HashSet;
use std::ops::{Deref, DerefMut};
use std::ptr;

use ungil_locks::primitive::{AtomicUsize, Mutex, MutexGuard, Ordering, UnsafeCell, size};

/// Bytes of a page, and its alignment.
pub const PAGE: usize = 64 * 1024;
/// Objects up to this many bytes live in pages.
pub const MAX_SMALL: usize = size(512, 0);
const GRANULE: usize = 16;
/// Number of size classes of objects.
const OBJECT_CLASSES: usize = MAX_SMALL / GRANULE;
/// Buffers up to this many bytes live in pages.
pub const MAX_BUFFER: usize = size(1024, 0);
/// Number of all size classes.
pub const CLASSES: usize = OBJECT_CLASSES + MAX_BUFFER / GRANULE;
const PAGES_PER_ARENA: usize = 64;
/// Bytes of the blocks that a thread takes from the common pool at a time.
const CHUNK: usize = if cfg!(feature = "stress") { MAX_BUFFER } else { 16 * 1024 };
/// Bytes of the first piece of a class, from which pieces double up to [`CHUNK`].
const FIRST_PIECE: usize = 2 * 1024;
const PAGE_HEAD: usize = 64;
/// As many parts of a page are told apart when free blocks go to the common pool.
const PARTS: usize = PAGE / (16 * 1024);
/// Pieces have a multiple of so many blocks, which fill whole cache lines: a line that two threads write to is one that both wait for.
const LINE_BLOCKS: usize = 64 / GRANULE;

/// A free block: a shape word of zero, then the link.
#[repr(C)]
pub struct FreeBlock {
    zero: u64,
    next: *mut FreeBlock,
}

#[repr(C)]
struct PageHead {
    block_size: usize,
    /// The number of the page's first block, see [`Pool::number_blocks_stw`].
    first: Cell<usize>,
    /// What to multiply by instead of dividing by the size of a block, see [`block_number`].
    reciprocal: u64,
    /// While [`Parts`] sorts blocks: those of each part of the page, and the page that was met before this one.
    parts: Cell<[*mut FreeBlock; PARTS]>,
    met_before: Cell<*const PageHead>,
}

const _: () = assert!(size_of::<PageHead>() <= PAGE_HEAD);

/// Free blocks by the part of the page where they lie, so that neighbours go to the same thread: objects of two threads in one
/// cache line would make both wait whenever one is written to. With the right to the pool's inside.
struct Parts {
    /// The page that was met last.
    met: *const PageHead,
}

impl Parts {
    /// What the first page that is met has met before it.
    const NONE: *const PageHead = ptr::dangling();

    /// Sorts a list of free blocks.
    ///
    /// # Safety
    /// They are free blocks of the pool's pages, and the caller's.
    unsafe fn sort(mut first: *mut FreeBlock) -> Self {
        let mut met = Self::NONE;
        while !first.is_null() {
            let block = first;
            // SAFETY: as the caller promises; pages are never unmapped.
            unsafe {
                first = (*block).next;
                let page = &*block.map_addr(|at| at & !(PAGE - 1)).cast::<PageHead>();
                if page.met_before.get().is_null() {
                    page.met_before.set(met);
                    met = page;
                }
                let mut parts = page.parts.get();
                let part = &mut parts[block.addr() % PAGE / (PAGE / PARTS)];
                (*block).next = *part;
                *part = block;
                page.parts.set(parts);
            }
        }
        Parts { met }
    }

    /// Takes the lists of the blocks of each part out.
    fn take(self) -> impl Iterator<Item = *mut FreeBlock> {
        let mut met = self.met;
        std::iter::from_fn(move || {
            if ptr::eq(met, Self::NONE) {
                return None;
            }
            // SAFETY: pages are never unmapped.
            let page = unsafe { &*met };
            met = page.met_before.replace(ptr::null());
            Some(page.parts.replace([ptr::null_mut(); PARTS]))
        })
        .flatten()
        .filter(|list| !list.is_null())
    }
}

/// The number of the block of an object of at most [`MAX_SMALL`] bytes.
///
/// # Safety
/// The object lies in a page of the pool, and [`Pool::number_blocks_stw`] was called since the world was stopped.
#[inline(always)]
pub(crate) unsafe fn block_number(h: *mut Header) -> usize {
    let page = h.map_addr(|at| at & !(PAGE - 1)).cast::<PageHead>();
    let granule = (h.addr() % PAGE - PAGE_HEAD) / GRANULE;
    // SAFETY: as the caller promises. The product is exact enough: a page has less than 2^12 granules, and no block more
    // than 2^5.
    unsafe { (*page).first.get() + ((granule as u64 * (*page).reciprocal) >> RECIPROCAL_BITS) as usize }
}

const RECIPROCAL_BITS: u32 = 20;

/// The size class of an object of `size` bytes (at most [`MAX_SMALL`]).
#[inline(always)]
pub const fn size_class(size: usize) -> usize {
    size.div_ceil(GRANULE) - 1
}

/// The size class of a buffer of `size` bytes (at most [`MAX_BUFFER`]).
#[inline(always)]
pub const fn buffer_class(size: usize) -> usize {
    OBJECT_CLASSES + size_class(size)
}

/// Whether blocks of the class are for objects, not for buffers.
#[inline(always)]
pub(crate) const fn is_for_objects(class: usize) -> bool {
    class < OBJECT_CLASSES
}

/// Bytes of a block of the class.
const fn block_size(class: usize) -> usize {
    match class < OBJECT_CLASSES {
        true => (class + 1) * GRANULE,
        false => (class - OBJECT_CLASSES + 1) * GRANULE,
    }
}

/// Blocks in a chunk of the class.
const fn chunk_blocks(class: usize) -> usize {
    CHUNK / block_size(class)
}

/// What all threads share of the heap. A thread that owns everything needs no mutex: those that are detached leave the
/// pool alone (SOLO-1).
pub struct Pool {
    inner: UnsafeCell<PoolInner>,
    mutex: Mutex<()>,
    lacks: Lacks,
}

/// The size classes of which the pool had no chunk lately.
#[derive(Default)]
struct Lacks {
    /// How often that was so.
    count: AtomicUsize,
    /// The class of lack `n` at `n % RECENT`. Whoever reads it late gives blocks of another size: nothing depends on it.
    recent: [AtomicUsize; RECENT],
}

const RECENT: usize = 8;

impl Lacks {
    /// With the right to the pool's inside.
    fn note(&self, class: usize) {
        // ORD: relaxed throughout, here and in `FreeLists::share`: a hint.
        let count = self.count.load(Ordering::Relaxed);
        self.recent[count % RECENT].store(class, Ordering::Relaxed);
        self.count.store(count.wrapping_add(1), Ordering::Relaxed);
    }
}

// SAFETY: what is inside is reached with the mutex, or by the only thread that may.
unsafe impl Sync for Pool {}

/// The right to what is inside the pool.
struct Inside<'a> {
    inner: *mut PoolInner,
    _locked: Option<MutexGuard<'a, ()>>,
}

impl Deref for Inside<'_> {
    type Target = PoolInner;

    fn deref(&self) -> &PoolInner {
        // SAFETY: the mutex is held, or nobody else may come in.
        unsafe { &*self.inner }
    }
}

impl DerefMut for Inside<'_> {
    fn deref_mut(&mut self) -> &mut PoolInner {
        // SAFETY: as above.
        unsafe { &mut *self.inner }
    }
}

struct PoolInner {
    /// Pages of objects.
    pages: Vec<*mut u8>,
    spare_pages: Vec<*mut u8>,
    /// Chunks of free blocks by class, and how many blocks each has.
    chunks: [Vec<(*mut FreeBlock, usize)>; CLASSES],
    /// What pages have left, by class.
    uncut: [Uncut; CLASSES],
    large: HashSet<*mut Header>,
}

/// What the last page of a class has left that is no block yet.
struct Uncut {
    at: *mut u8,
    blocks: usize,
    /// Bytes of the next piece to be cut into blocks.
    piece: usize,
}

// SAFETY: the pointers are to blocks that belong to the pool until handed out under the mutex.
unsafe impl Send for PoolInner {}

impl PoolInner {
    /// A page for blocks of this class.
    fn fresh_page(&mut self, class: usize) -> *mut u8 {
        if self.spare_pages.is_empty() {
            let arena = mapping::arena(PAGE * PAGES_PER_ARENA, PAGE);
            // SAFETY: the arena has this many pages.
            self.spare_pages.extend((0..PAGES_PER_ARENA).rev().map(|i| unsafe { arena.add(i * PAGE) }));
        }
        let page = self.spare_pages.pop().expect("filled above");
        if is_for_objects(class) {
            self.pages.push(page);
        }
        let block_size = block_size(class);
        let reciprocal = (1 << RECIPROCAL_BITS) / (block_size / GRANULE) as u64 + 1;
        // SAFETY: the page is unused and longer than its head.
        unsafe {
            page.cast::<PageHead>().write(PageHead {
                block_size,
                first: Cell::new(0),
                reciprocal,
                parts: Cell::new([ptr::null_mut(); PARTS]),
                met_before: Cell::new(ptr::null()),
            });
        }
        page
    }
}

impl Uncut {
    /// The next blocks to be linked, and how many they are: at least one. There is one left.
    fn take(&mut self, block_size: usize) -> (*mut u8, usize) {
        let count = (self.piece / block_size).max(1).next_multiple_of(LINE_BLOCKS);
        let (first, count) = (self.at, count.min(self.blocks));
        // SAFETY: the page goes as far as its blocks, or to its end behind the last one.
        self.at = unsafe { first.add(count * block_size) };
        self.blocks -= count;
        self.piece = (2 * self.piece).min(CHUNK);
        (first, count)
    }
}

impl Default for Pool {
    fn default() -> Self {
        let inner = PoolInner {
            pages: Vec::new(),
            spare_pages: Vec::new(),
            chunks: std::array::from_fn(|_| Vec::new()),
            uncut: std::array::from_fn(|_| Uncut {
                at: ptr::null_mut(),
                blocks: 0,
                piece: CHUNK.min(FIRST_PIECE),
            }),
            large: HashSet::new(),
        };
        Pool { inner: UnsafeCell::new(inner), mutex: Mutex::new(()), lacks: Lacks::default() }
    }
}

impl Pool {
    /// The inside, for a thread that is `alone` in that no other one is attached, or for any.
    fn inside(&self, alone: bool) -> Inside<'_> {
        let locked = (!alone).then(|| self.mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        Inside { inner: self.inner.with_mut(|inner| inner), _locked: locked }
    }

    /// A list of free blocks of the class, and their size in bytes.
    fn refill(&self, class: usize, alone: bool) -> (*mut FreeBlock, usize) {
        let mut inner = self.inside(alone);
        if let Some((list, count)) = inner.chunks[class].pop() {
            return (list, count * block_size(class));
        }
        if inner.uncut[class].blocks == 0 {
            self.lacks.note(class);
            let page = inner.fresh_page(class);
            // SAFETY: a page is longer than its head.
            inner.uncut[class].at = unsafe { page.add(PAGE_HEAD) };
            inner.uncut[class].blocks = (PAGE - PAGE_HEAD) / block_size(class);
        }
        let (list, count) = inner.uncut[class].take(block_size(class));
        drop(inner);
        // SAFETY: taken just now, so nobody else's.
        unsafe { link(list, block_size(class), count) };
        (list.cast(), count * block_size(class))
    }

    /// Takes a list of free blocks of the class, cut into chunks: each has all that there are in some parts of pages. Gives their
    /// size in bytes.
    fn give(&self, class: usize, first: *mut FreeBlock) -> usize {
        let mut inner = self.inside(false);
        let (mut chunk, mut count, mut blocks) = (ptr::null_mut(), 0, 0);
        // SAFETY: the caller hands over the whole list.
        for list in unsafe { Parts::sort(first) }.take() {
            let mut last: *mut FreeBlock = list;
            // SAFETY: as above.
            unsafe {
                count += 1;
                while !(*last).next.is_null() {
                    last = (*last).next;
                    count += 1;
                }
                (*last).next = chunk;
            }
            chunk = list;
            if count >= chunk_blocks(class) {
                inner.chunks[class].push((chunk, count));
                blocks += count;
                (chunk, count) = (ptr::null_mut(), 0);
            }
        }
        if count != 0 {
            inner.chunks[class].push((chunk, count));
        }
        (blocks + count) * block_size(class)
    }

    /// Calls `visit` for every object on the heap.
    ///
    /// # Safety
    /// The world is stopped, and `visit` neither allocates nor frees objects.
    pub unsafe fn walk_stw(&self, mut visit: impl FnMut(*mut Header)) {
        let inner = self.inside(false);
        for &page in &inner.pages {
            // SAFETY: pages are never unmapped and their heads are constant.
            let size = unsafe { (*page.cast::<PageHead>()).block_size };
            for at in (PAGE_HEAD..=PAGE - size).step_by(size) {
                // SAFETY: within the page; a block is free exactly if its shape word is zero.
                let header = unsafe { page.add(at) }.cast::<Header>();
                // SAFETY: the block is at least a header long and zeroed or initialised.
                if unsafe { (*header).shape_word() } != 0 {
                    visit(header);
                }
            }
        }
        for &header in &inner.large {
            // SAFETY: registered objects are there; one that has been retired has no shape.
            if unsafe { (*header).shape_word() } != 0 {
                visit(header);
            }
        }
    }

    /// Numbers the blocks of all pages of objects, for side tables; how many there are.
    ///
    /// # Safety
    /// The world is stopped. The numbers hold until it runs again.
    pub unsafe fn number_blocks_stw(&self) -> usize {
        let inner = self.inside(false);
        let mut count = 0;
        for &page in &inner.pages {
            // SAFETY: pages are never unmapped, and nobody else looks at these fields.
            let head = unsafe { &*page.cast::<PageHead>() };
            head.first.set(count);
            count += (PAGE - PAGE_HEAD) / head.block_size;
        }
        count
    }

    /// The objects that lie in no page.
    pub fn large_objects(&self) -> Vec<*mut Header> {
        self.inside(false).large.iter().copied().collect()
    }
}

/// Links so many blocks, one behind the other, into a list.
///
/// # Safety
/// They are zeroed, and nobody else's.
unsafe fn link(first: *mut u8, size: usize, count: usize) {
    let mut next: *mut FreeBlock = ptr::null_mut();
    for i in (0..count).rev() {
        // SAFETY: as the caller promises.
        unsafe {
            let block = first.add(i * size).cast::<FreeBlock>();
            (*block).next = next;
            next = block;
        }
    }
}

/// A thread's free lists.
#[repr(C)]
pub struct FreeLists {
    heads: [Cell<*mut FreeBlock>; CLASSES],
    /// As many lacks of the pool this thread has answered.
    answered: Cell<usize>,
}

impl Default for FreeLists {
    fn default() -> Self {
        FreeLists { heads: std::array::from_fn(|_| Cell::new(ptr::null_mut())), answered: Cell::new(0) }
    }
}

impl FreeLists {
    /// A block of the class, its contents undefined; null if the list is empty.
    #[inline(always)]
    pub fn pop(&self, class: usize) -> *mut u8 {
        let head = self.heads[class].get();
        if !head.is_null() {
            // SAFETY: blocks on the list are free blocks of this thread.
            self.heads[class].set(unsafe { (*head).next });
        }
        head.cast()
    }

    /// As [`FreeLists::pop`], refilling an empty list. The number says how many bytes were taken for it.
    #[cold]
    #[inline(never)]
    pub fn pop_slow(&self, pool: &Pool, class: usize, alone: bool) -> (*mut u8, usize) {
        let (list, bytes) = pool.refill(class, alone);
        self.heads[class].set(list);
        (self.pop(class), bytes)
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// The block is of this class and nothing refers to it.
    #[inline(always)]
    pub unsafe fn push(&self, class: usize, block: *mut u8) {
        let block = block.cast::<FreeBlock>();
        // SAFETY: as the caller promises.
        unsafe {
            (*block).zero = 0;
            (*block).next = self.heads[class].get();
        }
        self.heads[class].set(block);
    }

    /// Hands all but the first blocks of each list to the pool: `keep` bytes stay. Gives the size of the others in bytes.
    pub fn donate(&self, pool: &Pool, keep: usize) -> usize {
        (0..CLASSES).map(|class| self.donate_class(pool, class, keep)).sum()
    }

    /// As [`FreeLists::donate`], of the sizes that the pool has lacked since this was called last.
    #[inline(always)]
    pub fn share(&self, pool: &Pool, keep: usize) -> usize {
        let lacks = pool.lacks.count.load(Ordering::Relaxed);
        if lacks == self.answered.get() { 0 } else { self.share_lacking(pool, keep, lacks) }
    }

    #[cold]
    #[inline(never)]
    fn share_lacking(&self, pool: &Pool, keep: usize, lacks: usize) -> usize {
        let news = lacks.wrapping_sub(self.answered.replace(lacks)).min(RECENT);
        let recent = (1..=news)
            .map(|back| pool.lacks.recent[lacks.wrapping_sub(back) % RECENT].load(Ordering::Relaxed));
        recent.map(|class| self.donate_class(pool, class, keep)).sum()
    }

    /// As [`FreeLists::donate`], of one size.
    fn donate_class(&self, pool: &Pool, class: usize, keep: usize) -> usize {
        let mut last_kept: *mut FreeBlock = ptr::null_mut();
        let mut at = self.heads[class].get();
        for _ in 0..keep / block_size(class) {
            if at.is_null() {
                return 0;
            }
            last_kept = at;
            // SAFETY: blocks on the list are free blocks of this thread.
            at = unsafe { (*at).next };
        }
        if at.is_null() {
            return 0;
        }
        if last_kept.is_null() {
            self.heads[class].set(ptr::null_mut());
        } else {
            // SAFETY: as above.
            unsafe { (*last_kept).next = ptr::null_mut() };
        }
        pool.give(class, at)
    }
}

/// Allocates an object above [`MAX_SMALL`] bytes, undefined but for a header that says that there is no object yet; null if
/// there is no memory. Zeroing all of it took as long as filling it.
pub fn allocate_large(pool: &Pool, size: usize, alone: bool) -> *mut u8 {
    let Ok(layout) = Layout::from_size_align(size, 16) else { return ptr::null_mut() };
    // SAFETY: the size is not zero.
    let p = unsafe { std::alloc::alloc(layout) };
    if !p.is_null() {
        // SAFETY: the object is larger than a header.
        unsafe { p.write_bytes(0, size_of::<Header>()) };
        pool.inside(alone).large.insert(p.cast());
    }
    p
}

/// Frees what [`allocate_large`] gave.
///
/// # Safety
/// `p` came from `allocate_large` with the same size, and nothing refers to it.
pub unsafe fn free_large(pool: &Pool, p: *mut u8, size: usize, alone: bool) {
    pool.inside(alone).large.remove(&p.cast());
    // SAFETY: as the caller promises; the object has ended.
    unsafe { (*p.cast::<Header>()).end() };
    // SAFETY: as the caller promises.
    unsafe { std::alloc::dealloc(p, Layout::from_size_align(size, 16).expect("was valid")) };
}

/// From how many bytes on buffers are mappings of their own, as glibc's allocator has it at most: the pages of each mapping are
/// made anew, which takes longer than copying what is smaller. (Filling `[0] * 200_000` again and again takes five times as long
/// with mappings from 1 MB on.)
const MAPPED: usize = 32 << 20;

/// Whether a buffer of this size is a mapping.
const fn is_mapped(size: usize) -> bool {
    cfg!(all(target_os = "linux", not(loom))) && size >= MAPPED
}

fn buffer_layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size, align_of::<u64>()).ok()
}

/// A buffer above [`MAX_BUFFER`] bytes; null if there is no memory.
pub fn allocate_buffer(size: usize) -> *mut u8 {
    if is_mapped(size) {
        return mapping::make(size);
    }
    // SAFETY: the size is not zero.
    let buffer = buffer_layout(size).map_or(ptr::null_mut(), |layout| unsafe { std::alloc::alloc(layout) });
    mapping::prefer_huge_pages(buffer, size);
    buffer
}

/// Frees what [`allocate_buffer`] gave.
///
/// # Safety
/// It has this size and is not used any more.
pub unsafe fn free_buffer(buffer: *mut u8, size: usize) {
    if is_mapped(size) {
        // SAFETY: as the caller promises.
        unsafe { mapping::end(buffer, size) };
    } else if let Some(layout) = buffer_layout(size) {
        // SAFETY: as the caller promises.
        unsafe { std::alloc::dealloc(buffer, layout) };
    }
}

/// Changes the size of what [`allocate_buffer`] gave; null if there is no memory, and then it is as before.
///
/// # Safety
/// As for [`free_buffer`]; both sizes are above [`MAX_BUFFER`].
pub unsafe fn resize_buffer(buffer: *mut u8, size: usize, new_size: usize) -> *mut u8 {
    if !is_mapped(size) && !is_mapped(new_size) {
        return match (buffer_layout(size), buffer_layout(new_size)) {
            (Some(old), Some(_)) => {
                // SAFETY: as the caller promises.
                let new = unsafe { std::alloc::realloc(buffer, old, new_size) };
                if new != buffer {
                    mapping::prefer_huge_pages(new, new_size);
                }
                new
            }
            _ => ptr::null_mut(),
        };
    }
    if is_mapped(size) && is_mapped(new_size) {
        // SAFETY: as the caller promises.
        let new = unsafe { mapping::resize(buffer, size, new_size) };
        if !new.is_null() {
            return new;
        }
    }
    let new = allocate_buffer(new_size);
    if !new.is_null() {
        // SAFETY: both are as long as the smaller one; the old one is the caller's to give up.
        unsafe {
            buffer.copy_to_nonoverlapping(new, size.min(new_size));
            free_buffer(buffer, size);
        }
    }
    new
}

/// Arenas and very large buffers, as mappings that nobody else shares.
#[cfg(all(target_os = "linux", not(loom)))]
mod mapping {
    use std::alloc::{Layout, handle_alloc_error};
    use std::ptr;

    fn map(size: usize) -> *mut libc::c_void {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: the system chooses where, so nothing that is there is replaced.
        unsafe { libc::mmap(ptr::null_mut(), size, access, kind, -1, 0) }
    }

    /// An arena of so many zeroed bytes, for good. From the system: it zeroes what is first touched, where the allocator might
    /// clear, and thereby touch, all of it at once.
    pub fn arena(size: usize, align: usize) -> *mut u8 {
        let base = map(size + align);
        if base == libc::MAP_FAILED {
            handle_alloc_error(Layout::from_size_align(size, align).expect("constant"));
        }
        base.map_addr(|at| at.next_multiple_of(align)).cast()
    }

    /// A mapping of so many bytes; null if there is no memory.
    pub fn make(size: usize) -> *mut u8 {
        // SAFETY: a new mapping of this size.
        unsafe { whole(map(size), size) }
    }

    /// Ends a mapping.
    ///
    /// # Safety
    /// [`make`] or [`resize`] has given it with this size, and it is not used any more.
    pub unsafe fn end(buffer: *mut u8, size: usize) {
        // SAFETY: as the caller promises.
        unsafe { libc::munmap(buffer.cast(), size) };
    }

    /// The mapping with another size, perhaps elsewhere; null if the system refuses, and then it is as before.
    ///
    /// # Safety
    /// As for [`end`].
    pub unsafe fn resize(buffer: *mut u8, size: usize, new_size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { whole(libc::mremap(buffer.cast(), size, new_size, libc::MREMAP_MAYMOVE), new_size) }
    }

    /// What the system gave, with huge pages as [`prefer_huge_pages`] wants them.
    ///
    /// # Safety
    /// It is a mapping of this size, or a failure.
    unsafe fn whole(mapping: *mut libc::c_void, size: usize) -> *mut u8 {
        if mapping == libc::MAP_FAILED {
            return ptr::null_mut();
        }
        // All of it, as the system resizes no mapping whose parts differ.
        // SAFETY: the range is the mapping, and the advice changes no contents.
        unsafe { libc::madvise(mapping, size, libc::MADV_HUGEPAGE) };
        mapping.cast()
    }

    /// Asks the system to back a large buffer of the allocator with huge pages: a walk with a large step through a list of
    /// millions otherwise spends most of its time on misses of the address translation. A wish only: failure changes nothing.
    pub fn prefer_huge_pages(buffer: *mut u8, size: usize) {
        /// From how many bytes on a buffer asks for huge pages.
        const HUGE_BUFFER: usize = 8 << 20;
        const HUGE_PAGE: usize = 2 << 20;
        if buffer.is_null() || size < HUGE_BUFFER {
            return;
        }
        let first = buffer.addr().next_multiple_of(HUGE_PAGE);
        let end = (buffer.addr() + size) & !(HUGE_PAGE - 1);
        // SAFETY: the range lies within the buffer, and the advice changes no contents.
        unsafe { libc::madvise(buffer.with_addr(first).cast(), end - first, libc::MADV_HUGEPAGE) };
    }
}

/// Elsewhere all memory is the allocator's.
#[cfg(not(all(target_os = "linux", not(loom))))]
mod mapping {
    use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};

    pub fn arena(size: usize, align: usize) -> *mut u8 {
        let layout = Layout::from_size_align(size, align).expect("constant");
        // SAFETY: the size is not zero.
        let base = unsafe { alloc_zeroed(layout) };
        if base.is_null() {
            handle_alloc_error(layout);
        }
        base
    }

    pub fn make(_: usize) -> *mut u8 {
        unreachable!("no buffer is a mapping")
    }

    pub unsafe fn end(_: *mut u8, _: usize) {
        unreachable!("no buffer is a mapping")
    }

    pub unsafe fn resize(_: *mut u8, _: usize, _: usize) -> *mut u8 {
        unreachable!("no buffer is a mapping")
    }

    pub fn prefer_huge_pages(_: *mut u8, _: usize) {}
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{
        FreeLists, MAPPED, MAX_BUFFER, MAX_SMALL, PAGE, PARTS, Pool, allocate_buffer, free_buffer,
        resize_buffer, size_class,
    };

    /// A thread gives blocks up in an order that is not that of addresses. Two others that take them have hardly any cache line in
    /// common.
    #[test]
    fn blocks_that_were_given_up_share_no_lines() {
        if MAX_SMALL == 0 {
            return;
        }
        let size = 48;
        let class = size_class(size);
        let pool = Pool::default();
        let pop = |lists: &FreeLists| match lists.pop(class) {
            block if block.is_null() => lists.pop_slow(&pool, class, false).0,
            block => block,
        };
        let total = 3 * PAGE / size;
        let owner = FreeLists::default();
        let blocks: Vec<_> = (0..total).map(|_| pop(&owner)).collect();
        // What its last piece had besides is given up first.
        owner.donate(&pool, 0);
        for i in 0..total {
            // SAFETY: nothing refers to it.
            unsafe { owner.push(class, blocks[i * 7919 % total]) };
        }
        assert_eq!(owner.donate(&pool, 0), total * size);
        // As many as there were, taken by turns.
        let takers = [FreeLists::default(), FreeLists::default()];
        let mut lines = std::collections::HashMap::new();
        let mut seen = std::collections::HashSet::new();
        let mut shared = 0;
        for i in 0..total {
            let block = pop(&takers[i % 2]).addr();
            assert!(seen.insert(block), "a block is there twice");
            for line in block / 64..=(block + size - 1) / 64 {
                shared += usize::from(*lines.entry(line).or_insert(i % 2) != i % 2);
            }
        }
        // Where two parts of a page meet.
        assert!(shared <= 4 * PARTS, "{shared} lines of two threads");
    }

    #[test]
    fn buffers_keep_their_bytes_at_every_size() {
        let sizes = [
            MAX_BUFFER + 1,
            MAPPED - 1,
            MAPPED,
            2 * MAPPED + 5,
            3 * MAPPED,
            MAPPED + 1,
            MAPPED - 8,
            2 * MAPPED,
            MAX_BUFFER + 9,
        ];
        let byte = |at: usize| (at / 4096 + at) as u8;
        let mut buffer = allocate_buffer(sizes[0]);
        let mut kept = 0;
        for pair in sizes.windows(2) {
            // SAFETY: the buffer has this many bytes, of which the first `kept` are written.
            unsafe {
                (kept..pair[0]).for_each(|at| buffer.add(at).write(byte(at)));
                buffer = resize_buffer(buffer, pair[0], pair[1]);
                assert!(!buffer.is_null());
                kept = pair[0].min(pair[1]);
                assert!((0..kept).all(|at| buffer.add(at).read() == byte(at)), "{pair:?}");
            }
        }
        let last = sizes[sizes.len() - 1];
        // SAFETY: nobody uses it any more.
        unsafe {
            assert!(resize_buffer(buffer, last, usize::MAX >> 1).is_null());
            assert_eq!(buffer.read(), byte(0), "what cannot grow is as before");
            free_buffer(buffer, last);
        }
    }
}
