//! The value stack of a thread, and how much native stack is left.
//!
//! The stack is one reserved range; frames follow each other without gaps. Above the innermost frame every word is
//! an immediate, so that a new frame's temporaries need no initialisation: pages are filled with the empty marker
//! when the stack first grows into them, and whoever pops a frame leaves no reference behind.

use crate::Value;
use std::alloc::{GlobalAlloc, System};
use std::cell::Cell;

/// Words of a thread's value stack (address space; only what is used is backed by memory).
const WORDS: usize = 16 << 20;
/// Words filled at a time.
const STEP: usize = 8 << 10;
/// See [`Stack::words`].
const ABOVE_TOP: usize = 64;

/// See the module's head.
pub struct Stack {
    base: *mut Value,
    /// First word that has not been filled yet: calls compare with it.
    filled: Cell<*mut Value>,
    end: *mut Value,
}

impl Default for Stack {
    fn default() -> Self {
        Stack::new()
    }
}

impl Stack {
    /// A stack, reserved and empty.
    pub fn new() -> Stack {
        let layout = std::alloc::Layout::array::<Value>(WORDS).expect("constant");
        // Zeroed memory of this size comes untouched from the system, not from the program's own allocator.
        // SAFETY: the size is not zero.
        let base = unsafe { System.alloc_zeroed(layout) }.cast::<Value>();
        if base.is_null() {
            std::alloc::handle_alloc_error(layout);
        }
        // SAFETY: within the allocation.
        let end = unsafe { base.add(WORDS) };
        Stack { base, filled: Cell::new(base), end }
    }

    pub fn base(&self) -> *mut Value {
        self.base
    }

    /// Whether a frame that ends before `top` fits into what is filled.
    #[inline(always)]
    pub fn fits(&self, top: *mut Value) -> bool {
        top <= self.filled.get()
    }

    /// Fills further words so that a frame may end at `top`; false if the stack is used up.
    #[cold]
    #[inline(never)]
    pub fn grow(&self, top: *mut Value) -> bool {
        if top >= self.end {
            return false;
        }
        // SAFETY: up to `end`, all within the allocation.
        unsafe {
            while self.filled.get() < top {
                let from = self.filled.get();
                let n = STEP.min(self.end.offset_from(from) as usize);
                for i in 0..n {
                    from.add(i).write(Value::UNDEF);
                }
                self.filled.set(from.add(n));
            }
        }
        true
    }

    /// Calls `visit` with every word below `top`, and some that a native may just have written above.
    ///
    /// # Safety
    /// The stack's thread stands still; `top` is within the stack.
    pub unsafe fn words(&self, top: *mut Value, visit: &mut dyn FnMut(usize)) {
        let end = top.wrapping_add(ABOVE_TOP).min(self.filled.get());
        let mut at = self.base;
        while at < end {
            // SAFETY: what is filled holds words.
            visit(unsafe { (*at).0 } as usize);
            at = at.wrapping_add(1);
        }
    }

    /// Makes room for a frame that ends before `top`.
    #[inline(always)]
    pub fn ensure(&self, top: *mut Value) -> bool {
        self.fits(top) || self.grow(top)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let layout = std::alloc::Layout::array::<Value>(WORDS).expect("constant");
        // SAFETY: allocated with this layout.
        unsafe { System.dealloc(self.base.cast(), layout) };
    }
}

thread_local! {
    /// How much of its native stack the thread may use before natives stop recursing; 0 if nobody has said.
    static NATIVE_USE: Cell<usize> = const { Cell::new(0) };
}

/// Says how large the current OS thread's native stack is; to be called first thing on it.
pub fn set_native_stack_size(bytes: usize) {
    // A quarter in reserve: the deepest Rust frames between two checks, and what raising an error needs.
    set_native_stack_use(bytes - bytes / 4);
}

/// As [`set_native_stack_size`] for a stack that has its reserve beyond these bytes.
pub fn set_native_stack_use(bytes: usize) {
    NATIVE_USE.with(|most| most.set(bytes));
}

/// The highest address of this thread's native stack.
pub fn native_end() -> usize {
    // SAFETY: zeroes are valid attributes to be filled in; what was filled in is destroyed.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            ungil_gc::fatal("the system does not say where a thread's stack is");
        }
        let (mut start, mut size) = (std::ptr::null_mut(), 0);
        libc::pthread_attr_getstack(&raw const attributes, &raw mut start, &raw mut size);
        libc::pthread_attr_destroy(&raw mut attributes);
        start.addr() + size
    }
}

/// The lowest address that the native stack of this thread may reach: natives that recurse stop above it.
pub fn native_limit() -> usize {
    let here = 0u8;
    let most = match NATIVE_USE.with(Cell::get) {
        0 => 3 << 19,
        most => most,
    };
    (&raw const here as usize).saturating_sub(most)
}
