//! Where a thread's native stack is in use, for the collector's search for uncounted references.
//!
//! A thread records its stack pointer and the registers that a callee must preserve whenever it stops touching objects: at
//! a safepoint that may stand still, when it detaches, and when it stops the world itself. What its native functions hold
//! then is in those registers, or on the stack above. Read by the collector, with the world stopped.

use std::cell::Cell;

/// Words of a record: the stack pointer, then the registers.
const WORDS: usize = 12;

/// See the module's head.
#[derive(Default)]
pub(crate) struct StackRecord {
    words: [Cell<usize>; WORDS],
    /// The end of the stack: its highest address. 0 while that is not known.
    end: Cell<usize>,
}

/// Whether stacks can be searched on this processor. Where not, hubs are never freed.
pub(crate) const SEARCHABLE: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

impl StackRecord {
    /// Says where the stack ends.
    pub(crate) fn set_end(&self, end: usize) {
        self.end.set(end);
    }

    /// Records what is in use now.
    #[inline(always)]
    pub(crate) fn record(&self) {
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        // SAFETY: the record has room for the words; only its thread writes it, while others do not read.
        unsafe {
            record(self.words.as_ptr().cast::<usize>().cast_mut())
        };
    }

    /// Whether anything is recorded.
    pub(crate) fn is_set(&self) -> bool {
        self.words[0].get() != 0
    }

    /// Forgets what is recorded.
    pub(crate) fn forget(&self) {
        self.words.iter().for_each(|word| word.set(0));
    }

    /// Calls `visit` with every word that a native function of the thread may hold.
    ///
    /// # Safety
    /// The world is stopped.
    pub(crate) unsafe fn words_stw(&self, visit: &mut dyn FnMut(usize)) {
        self.words.iter().for_each(|word| visit(word.get()));
        let (from, end) = (self.words[0].get(), self.end.get());
        if from == 0 {
            // It has never touched an object.
            return;
        }
        for at in (from..end).step_by(size_of::<usize>()) {
            // SAFETY: between a thread's stack pointer and the end of its stack there is memory; the thread stands still.
            visit(unsafe { std::ptr::with_exposed_provenance::<usize>(at).read_volatile() });
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn record(words: *mut usize) {
    std::arch::naked_asm!(
        "mov [rdi], rsp",
        "mov [rdi + 8], rbx",
        "mov [rdi + 16], rbp",
        "mov [rdi + 24], r12",
        "mov [rdi + 32], r13",
        "mov [rdi + 40], r14",
        "mov [rdi + 48], r15",
        "ret",
    )
}

#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn record(words: *mut usize) {
    std::arch::naked_asm!(
        "mov x9, sp",
        "stp x9, x19, [x0]",
        "stp x20, x21, [x0, #16]",
        "stp x22, x23, [x0, #32]",
        "stp x24, x25, [x0, #48]",
        "stp x26, x27, [x0, #64]",
        "stp x28, x29, [x0, #80]",
        "ret",
    )
}
