//! Frames of a thread, read without its help: in a signal handler, or by another thread while this one goes on.
//!
//! `faulthandler` is the user. A thread writes down where it is only when it leaves the interpreter's handlers, so that what
//! stands there may be old, and the stack it points to overwritten. Nothing here is trusted, therefore: words are read by
//! a system call that fails instead of faulting, and a frame is shown only if it leads to a code object, which lives for
//! ever, and its instruction is one of that code's. Nothing is allocated, and no lock waited for, except where told.

use crate::cx::{ContextEntry, Vm};
use crate::interp::frame::{CHAINED, KINDS};
use crate::objects::code::PyCode;
use crate::objects::function::{CODE_OFFSET, ENTRY_OFFSET};
use crate::objects::generator::{FUNCTION_OFFSET, IP_OFFSET, WAITING_OFFSET};
use crate::objects::str::PyStr;
use crate::prelude::*;
use std::cell::Cell;
use std::sync::TryLockError;

thread_local! {
    /// The context of the calling thread, null if it has none. Constant and without a destructor: signal handlers may read it.
    static HERE: Cell<*const Cx> = const { Cell::new(std::ptr::null()) };
}

/// The calling thread's context is this one from now on; null: it has none.
pub(crate) fn set_context(cx: *const Cx) {
    HERE.with(|here| here.set(cx));
}

/// The context of the calling thread, null if it has none: for natives that C code calls back.
pub fn current_context() -> *const Cx {
    HERE.with(Cell::get)
}

/// Where a thread is, as far as it has said.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The number by which Python knows the thread.
    pub ident: u64,
    /// Whether it runs Python, or a native that may use objects: then it may be somewhere else already.
    pub attached: bool,
    /// What the system calls the thread, up to a zero.
    pub name: [u8; 16],
    regs: usize,
    ip: usize,
}

/// One frame of a [`Sample`].
#[derive(Clone, Copy)]
pub struct SampledFrame {
    pub code: &'static PyCode,
    /// 0 if the place of the frame is not known.
    pub line: u32,
}

/// In a signal handler the names of other threads are not asked for: the C library needs more stack for that than there may be.
fn sample_of(cx: &Cx, ident: u64, in_handler: bool) -> Sample {
    let (regs, ip) = cx.position();
    let mut name = [0u8; 16];
    // SAFETY: the buffer has the length. A thread whose context is there has not ended.
    unsafe {
        if ident == crate::cx::current_ident() {
            libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr());
        } else if !in_handler {
            libc::pthread_getname_np(ident as libc::pthread_t, name.as_mut_ptr().cast(), name.len());
        }
    }
    Sample { ident, attached: cx.thread.is_attached(), name, regs: regs as usize, ip: ip as usize }
}

/// Where the calling thread is; `None` if it is not one that runs Python. Safe in signal handlers.
pub fn here() -> Option<Sample> {
    // SAFETY: the context of this thread stays until it says that there is none.
    with_context(|cx| sample_of(cx, crate::cx::current_ident(), true))
}

/// Asks the calling thread to call the VM's signal hook at its next safepoint; false if it is not one that runs Python. Safe in
/// signal handlers.
pub fn raise_signal_check() -> bool {
    with_context(|cx| cx.thread.raise_check(ungil_locks::check::SIGNAL)).is_some()
}

fn with_context<T>(f: impl FnOnce(&Cx) -> T) -> Option<T> {
    // SAFETY: the context of this thread stays until it says that there is none.
    unsafe { HERE.with(Cell::get).as_ref() }.map(f)
}

impl Vm {
    /// Where thread number `n` is, counted from the youngest; `None` behind the last. Waits for the list of threads if
    /// told to; in a signal handler it must not, and a list in use counts as empty.
    pub fn sample(&self, n: usize, wait: bool) -> Option<Sample> {
        let contexts = match self.contexts.try_lock() {
            Ok(contexts) => contexts,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if wait => self.contexts.lock().unwrap_or_else(|p| p.into_inner()),
            Err(TryLockError::WouldBlock) => return None,
        };
        let at = contexts.len().checked_sub(n + 1)?;
        Some(context(&contexts[at], |cx, ident| sample_of(cx, ident, !wait)))
    }

    /// Asks a thread to call the VM's signal hook at its next safepoint.
    pub fn ask_at_safepoint(&self, ident: u64) {
        let contexts = self.contexts.lock().unwrap_or_else(|p| p.into_inner());
        if let Some(entry) = contexts.iter().find(|entry| entry.ident == ident) {
            context(entry, |cx, _| cx.thread.raise_check(ungil_locks::check::SIGNAL));
        }
    }
}

/// Looks at the context of an entry of the list, which is locked.
fn context<T>(entry: &ContextEntry, f: impl FnOnce(&Cx, u64) -> T) -> T {
    // SAFETY: the entry is there, so the context is; only what other threads may look at is used, or is one word that is
    // not relied on.
    f(unsafe { &*entry.cx }, entry.ident)
}

impl Sample {
    /// Whether the thread is in no frame.
    pub fn is_empty(&self) -> bool {
        self.regs == 0
    }

    /// Calls `visit` with the frames from the innermost outwards until it says `false`; with `None` at one that cannot be
    /// read, which ends the walk. Safe in signal handlers.
    pub fn frames(&self, mut visit: impl FnMut(Option<SampledFrame>) -> bool) {
        let (mut regs, mut ip) = (self.regs, self.ip);
        while regs != 0 {
            let read = read_frame(regs, ip);
            if !visit(read.map(|(frame, ..)| frame)) {
                return;
            }
            let Some((_, header, call_ip)) = read else { return };
            if header & CHAINED == CHAINED && !waiting(regs, &mut visit) {
                return;
            }
            (regs, ip) = ((header & !KINDS) as usize, call_ip);
        }
    }
}

/// Visits the generators that wait for that of the frame with these registers; whether the walk goes on.
fn waiting(regs: usize, visit: &mut impl FnMut(Option<SampledFrame>) -> bool) -> bool {
    let field = |generator: u64, offset: usize| {
        let [word] = read::<1>((generator as usize).checked_add(offset)?)?;
        Some(word)
    };
    let generator = regs.checked_sub(5 * size_of::<Value>()).and_then(read::<1>);
    let mut next = generator.and_then(|[generator]| field(generator, WAITING_OFFSET));
    while next != Some(0) {
        let frame = next.and_then(|g| sampled(field(g, FUNCTION_OFFSET)?, field(g, IP_OFFSET)? as usize));
        if !visit(frame) || frame.is_none() {
            return false;
        }
        next = next.and_then(|g| field(g, WAITING_OFFSET));
    }
    true
}

/// The frame with these registers at an instruction, its caller's registers with its kind, and where that is.
fn read_frame(regs: usize, ip: usize) -> Option<(SampledFrame, u64, usize)> {
    let [call_ip, caller, function, _] = read::<4>(regs.checked_sub(4 * size_of::<Value>())?)?;
    Some((sampled(function, ip)?, unraw(caller)?, unraw(call_ip)? as usize))
}

/// A frame of the function in a register, at an instruction.
fn sampled(function: u64, ip: usize) -> Option<SampledFrame> {
    let function = Value(function);
    if !function.is_ptr() {
        return None;
    }
    let function = function.0 as usize;
    let [entry] = read::<1>(function.checked_add(ENTRY_OFFSET)?)?;
    let [code] = read::<1>(function.checked_add(CODE_OFFSET)?)?;
    let code = known_code(code as usize, entry)?;
    let words = code.linked_already().map_or(&[][..], |linked| linked.words()).as_ptr_range();
    let within = (words.start as usize..words.end as usize).contains(&ip);
    let line = if within { code.sampled_position(code.offset_of(ip as *const u64)).line } else { 0 };
    Some(SampledFrame { code, line })
}

/// The machine word in a register; `None` if something else is there.
fn unraw(word: u64) -> Option<u64> {
    word.checked_sub(Value::raw(0).0).filter(|word| word >> 48 == 0)
}

/// The code object at an address, if there is one and it begins with the instruction at `entry`, as its function says.
fn known_code(address: usize, entry: u64) -> Option<&'static PyCode> {
    if !address.is_multiple_of(align_of::<PyCode>()) {
        return None;
    }
    let [head] = read::<1>(address)?;
    // The shape stands in the lower half of a header's first word, with the published bit lowest.
    let is_code = head as u32 >> 1 == Builtin::Code as u32;
    let [linked] = read::<1>(address.checked_add(crate::objects::code::ENTRY_OFFSET)?)?;
    let begins = entry == linked || entry == crate::objects::code::unlinked_entry() as u64;
    // SAFETY: what has a code object's header, and the instructions that a function begins with, is one; and those are immortal.
    (is_code && begins).then(|| unsafe { &*(address as *const PyCode) })
}

/// Words of this process at any address; `None` if they are not all readable.
fn read<const N: usize>(address: usize) -> Option<[u64; N]> {
    let mut words = [0u64; N];
    if address == 0 || !address.is_multiple_of(align_of::<u64>()) {
        return None;
    }
    let local = libc::iovec { iov_base: words.as_mut_ptr().cast(), iov_len: size_of_val(&words) };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: size_of_val(&words) };
    // SAFETY: writes to `words` at most; the address is the system's to check.
    let n = unsafe { libc::process_vm_readv(libc::getpid(), &raw const local, 1, &raw const remote, 1, 0) };
    (n == size_of_val(&words) as isize).then_some(words)
}

impl SampledFrame {
    /// The file's name, in generalised UTF-8.
    pub fn filename(&self) -> &'static [u8] {
        text(self.code.filename)
    }

    /// The function's name, in generalised UTF-8.
    pub fn name(&self) -> &'static [u8] {
        text(self.code.name)
    }
}

/// The bytes of an immortal string.
fn text(v: crate::SharedValue) -> &'static [u8] {
    // SAFETY: code objects are made with strings there.
    unsafe { v.get().cast_unchecked::<PyStr>() }.as_bytes()
}
