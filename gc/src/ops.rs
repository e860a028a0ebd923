//! What the collector must know about a kind of object, and the table that leads from a shape id to it.
//!
//! Every shape of the runtime begins with a [`ShapeHead`]. The table is one reserved range of addresses, so that
//! finding a shape is one load from a constant base; entries are written once and never change.

use crate::{Header, Mutator, Slot, Value};
use ungil_locks::primitive::{AtomicPtr, AtomicU32, Mutex, Ordering, Reserved, size};

/// Calls the visitor for every counted reference that an object holds.
pub type TraceFn = unsafe fn(*mut Header, &mut dyn FnMut(Value));

/// Operations on a kind of object. All take the object's header.
pub struct TypeOps {
    /// For diagnostics.
    pub name: &'static str,
    /// Bytes of the object (its block, not what the block points to).
    pub size: unsafe fn(*mut Header) -> usize,
    /// Calls the visitor for every counted reference that the object holds. `None`: it never holds any.
    pub trace: Option<TraceFn>,
    /// Drops every reference and frees memory outside the block; the block itself is freed by the caller. Runs no
    /// Python. Leaves the object in a state in which it could be dropped again (the collector clears before freeing).
    pub drop_fields: Option<unsafe fn(*mut Header, &Mutator)>,
    /// Whether this object must be finalized before it is freed (asked only if its shape may have a finalizer).
    pub needs_finalizer: unsafe fn(*mut Header) -> bool,
}

/// Bits of [`ShapeHead::flags`].
pub mod shape_flag {
    /// Objects of the shape may need a finalizer: ask [`super::TypeOps::needs_finalizer`].
    pub const FINALIZER: u32 = 1;
    /// Objects of the shape are containers that the cycle collector tracks.
    pub const GC: u32 = 2;
}

/// The beginning of every shape.
///
/// An object is its payload (`ops.size` bytes), then, if the shape has attributes, an attribute area of
/// `1 + attr_inline` slots: the first holds the dict of an instance that has one, the others attributes by index.
/// The collector walks the area itself, so a subclass of a built-in type shares its base's operations.
#[repr(C)]
pub struct ShapeHead {
    pub ops: &'static TypeOps,
    pub id: u32,
    pub flags: AtomicU32,
    /// Byte offset of the attribute area; 0: there is none; [`DYNAMIC_OFFSET`]: behind the payload, whose size varies.
    pub attr_offset: u32,
    /// Attribute slots behind the dict slot.
    pub attr_inline: u32,
    /// The class of the shape's objects if it may be freed, else null: they refer to it without counting it.
    pub class: *mut Header,
}

/// See [`ShapeHead::attr_offset`].
pub const DYNAMIC_OFFSET: u32 = u32::MAX;

impl ShapeHead {
    /// The attribute area of an object of this shape, empty if it has none.
    ///
    /// # Safety
    /// `h` is a live object of this shape, and stays so for `'a`.
    #[inline(always)]
    pub unsafe fn attr_area<'a>(&self, h: *mut Header) -> &'a [Slot] {
        if self.attr_offset == 0 {
            return &[];
        }
        // SAFETY: objects of the shape were allocated with this area (`object_size`).
        unsafe {
            let offset = match self.attr_offset {
                DYNAMIC_OFFSET => (self.ops.size)(h).next_multiple_of(8),
                offset => offset as usize,
            };
            let first = h.cast::<u8>().add(offset).cast::<Slot>();
            std::slice::from_raw_parts(first, 1 + self.attr_inline as usize)
        }
    }

    /// Bytes that an object of this shape takes.
    ///
    /// # Safety
    /// `h` is a live object of this shape.
    #[inline(always)]
    pub unsafe fn size_of(&self, h: *mut Header) -> usize {
        match self.attr_offset {
            0 | DYNAMIC_OFFSET => {
                // SAFETY: as the caller promises.
                self.object_size(unsafe { (self.ops.size)(h) })
            }
            // The area begins where the payload ends.
            offset => offset as usize + 8 * (1 + self.attr_inline as usize),
        }
    }

    /// Bytes that an object takes whose payload has `payload` bytes.
    #[inline(always)]
    pub fn object_size(&self, payload: usize) -> usize {
        match self.attr_offset {
            0 => payload,
            _ => payload.next_multiple_of(8) + 8 * (1 + self.attr_inline as usize),
        }
    }
}

/// Shapes by id.
pub struct ShapeTable {
    entries: Reserved<AtomicPtr<ShapeHead>>,
    next: AtomicU32,
    unused: Mutex<Unused>,
}

/// Ids of shapes that were freed.
#[derive(Default)]
struct Unused {
    /// May be given out again.
    free: Vec<u32>,
    /// Freed before all inline caches were emptied last: a thread may have been about to fill one with such an id.
    old: Vec<u32>,
    /// Freed since.
    new: Vec<u32>,
}

/// So many ids of shapes that were freed make it worth to empty all inline caches.
const MANY_UNUSED: usize = if cfg!(feature = "stress") { 4 } else { 1 << 16 };

// SAFETY: entries are atomics, the base is constant.
unsafe impl Send for ShapeTable {}
// SAFETY: as above.
unsafe impl Sync for ShapeTable {}

/// Most shapes that there can be.
pub const MAX_SHAPES: usize = size(1 << 22, 8);
/// Ids below this one are given out by the runtime to its built-in types.
pub const FIRST_DYNAMIC_SHAPE: u32 = size(512, 4) as u32;

impl Default for ShapeTable {
    fn default() -> Self {
        ShapeTable {
            entries: Reserved::new(MAX_SHAPES),
            next: AtomicU32::new(FIRST_DYNAMIC_SHAPE),
            unused: Mutex::default(),
        }
    }
}

impl ShapeTable {
    /// The constant base address, for generated or hot code.
    #[inline(always)]
    pub fn base(&self) -> *mut AtomicPtr<ShapeHead> {
        self.entries.base()
    }

    /// A new id, or `None` if all are used up.
    pub fn new_id(&self) -> Option<u32> {
        if let Some(id) = self.unused().free.pop() {
            return Some(id);
        }
        // ORD: relaxed; only uniqueness matters.
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        if (id as usize) < MAX_SHAPES { Some(id) } else { None }
    }

    fn unused(&self) -> impl std::ops::DerefMut<Target = Unused> + '_ {
        self.unused.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes back the id of a shape that has been freed.
    pub fn retire(&self, id: u32) {
        self.set(id, std::ptr::null_mut());
        self.unused().new.push(id);
    }

    /// Whether to empty all inline caches, so that retired ids can be given out again.
    pub fn has_many_unused(&self) -> bool {
        self.unused().new.len() >= MANY_UNUSED
    }

    /// All inline caches have just been emptied: what was retired before the last time is free.
    pub fn caches_are_empty(&self) {
        let mut unused = self.unused();
        let ripe = std::mem::take(&mut unused.old);
        unused.free.extend(ripe);
        unused.old = std::mem::take(&mut unused.new);
    }

    /// Enters a shape. It must not move.
    pub fn set(&self, id: u32, shape: *mut ShapeHead) {
        assert!((id as usize) < MAX_SHAPES);
        // SAFETY: in range by the assertion.
        // ORD: release: whoever reads the entry sees the shape's contents.
        unsafe { (*self.base().add(id as usize)).store(shape, Ordering::Release) };
    }

    /// The shape with this id.
    #[inline(always)]
    pub fn get(&self, id: u32) -> *mut ShapeHead {
        debug_assert!((id as usize) < MAX_SHAPES);
        // SAFETY: ids come from headers, which hold only entered ones.
        // ORD: acquire on paper, free on x86: pairs with the release in `set`.
        unsafe { (*self.base().add(id as usize)).load(Ordering::Acquire) }
    }
}
