//! Keeps small what is in memory of the embedded library's code.
//!
//! It is read in place, a few hundred bytes here and there, but the system brings 16 pages at a time: a program that imports
//! 90 modules would have 2 MB of it in memory, nearly none of which is read again. So when enough has come, it is given back;
//! the first time with all that cannot change of the program's file, as relocations and much text are for the start alone.
//! What is touched afterwards comes back from the system's cache, at a fault for each 16 pages. A debugger's breakpoints in the
//! program's text are gone then.
//!
//! Any thread; relaxed atomics, for only how much comes and goes depends on them.

use ungil_locks::primitive::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// What the system brings at a time.
const WINDOW: usize = 64 << 10;
/// So many windows are too many.
const MOST: u32 = 8;

/// Which windows of the code have been read since it was last given back: a bit for each, of which several may share one.
static SEEN: AtomicU64 = AtomicU64::new(0);
/// How many bits were set.
static COUNT: AtomicU32 = AtomicU32::new(0);
/// Whether what the start used was given back.
static AFTER_START: AtomicBool = AtomicBool::new(false);

/// Notes that a part of the code has been read.
pub fn was_read(code: &'static [u8], part: &'static [u8]) {
    let first = part.as_ptr() as usize;
    let windows = first / WINDOW..=(first + part.len()) / WINDOW;
    let bits = windows.fold(0, |bits, window| bits | 1 << (window % 64));
    // ORD: relaxed; see the head.
    let new = bits & !SEEN.fetch_or(bits, Ordering::Relaxed);
    if new == 0 {
        return;
    }
    // ORD: relaxed; as above.
    if COUNT.fetch_add(new.count_ones(), Ordering::Relaxed) + new.count_ones() >= MOST {
        SEEN.store(0, Ordering::Relaxed);
        COUNT.store(0, Ordering::Relaxed);
        give_back(code);
    }
}

/// What to give back.
#[cfg(target_os = "linux")]
struct Wanted {
    /// In a read-only segment of the program's file.
    code: &'static [u8],
    /// Whether it is all of the file that cannot change.
    all: bool,
}

/// Gives back the memory of the code.
#[cfg(target_os = "linux")]
fn give_back(code: &'static [u8]) {
    // ORD: relaxed; see the head.
    let mut wanted = Wanted { code, all: !AFTER_START.swap(true, Ordering::Relaxed) };
    // SAFETY: the function is called with what it asks for, now.
    unsafe { libc::dl_iterate_phdr(Some(give_back_of), (&raw mut wanted).cast()) };
}

/// Called with each object that is loaded, the program first; stops at the first.
///
/// # Safety
/// `info` describes an object, `wanted` points to a [`Wanted`].
#[cfg(target_os = "linux")]
unsafe extern "C" fn give_back_of(
    info: *mut libc::dl_phdr_info,
    _: libc::size_t,
    wanted: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: as the caller promises; an object has as many headers as it says.
    let (base, headers, wanted) = unsafe {
        let headers = std::slice::from_raw_parts((*info).dlpi_phdr, (*info).dlpi_phnum.into());
        ((*info).dlpi_addr as usize, headers, &*wanted.cast::<Wanted>())
    };
    // SAFETY: sysconf has no preconditions.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) }.max(1) as usize;
    let code = wanted.code.as_ptr();
    let segments = headers.iter().filter(|header| header.p_type == libc::PT_LOAD).map(|header| {
        let start = base + header.p_vaddr as usize;
        (header.p_flags, start, start + header.p_memsz as usize)
    });
    let (first, last) = (code.addr(), code.addr() + wanted.code.len());
    let is_read_only = |(flags, start, end)| flags == libc::PF_R && start <= first && last <= end;
    if !segments.clone().any(is_read_only) {
        return 1;
    }
    let fixed = segments.filter(|(flags, ..)| wanted.all && flags & libc::PF_W == 0);
    for (start, end) in fixed.map(|(_, start, end)| (start, end)).chain([(first, last)]) {
        // Whole pages, so that no other segment's are touched.
        let (start, end) = (start.next_multiple_of(page), end / page * page);
        if start < end {
            // SAFETY: pages of a file that nothing can have written to: the file's contents come back.
            unsafe {
                libc::madvise(code.with_addr(start).cast_mut().cast(), end - start, libc::MADV_DONTNEED)
            };
        }
    }
    1
}

/// Elsewhere the system's advice means other things.
#[cfg(not(target_os = "linux"))]
fn give_back(_: &'static [u8]) {}
