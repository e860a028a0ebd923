//! Keeps small what is in memory of the embedded library's code.
//!
//! It is read in place, a few hundred bytes here and there, but the system brings 16 pages at a time: a program that imports
//! 90 modules would have 2 MB of it in memory, nearly none of which is read again. So when enough has come, the whole
//! read-only part of the program's file is given back, which also holds the relocations that only the start reads; the first
//! time the program's text as well, much of which only the start runs. What is touched afterwards comes back from the
//! system's cache, at a fault for each 16 pages.
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
/// Whether the text was given back.
static WITHOUT_TEXT: AtomicBool = AtomicBool::new(false);

/// Notes that a part of the code has been read.
pub fn was_read(part: &'static [u8]) {
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
        give_back(part);
    }
}

/// What to give back.
#[cfg(target_os = "linux")]
struct Wanted {
    /// In the read-only segment of the program's file.
    part: &'static [u8],
    /// Whether the text is given back as well.
    text: bool,
}

/// Gives back the memory of the read-only segment that holds these bytes.
#[cfg(target_os = "linux")]
fn give_back(part: &'static [u8]) {
    // ORD: relaxed; see the head.
    let mut wanted = Wanted { part, text: !WITHOUT_TEXT.swap(true, Ordering::Relaxed) };
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
    let at = wanted.part.as_ptr();
    let segments = headers.iter().filter(|header| header.p_type == libc::PT_LOAD).map(|header| {
        let start = base + header.p_vaddr as usize;
        (header.p_flags, start, start + header.p_memsz as usize)
    });
    let is_mine = |start, end| start <= at.addr() && at.addr() + wanted.part.len() <= end;
    if !segments.clone().any(|(flags, start, end)| flags == libc::PF_R && is_mine(start, end)) {
        return 1;
    }
    for (flags, start, end) in segments {
        let is_wanted = match flags {
            libc::PF_R => is_mine(start, end),
            _ => wanted.text && flags == libc::PF_R | libc::PF_X,
        };
        // Whole pages, so that no other segment's are touched.
        let (start, end) = (start.next_multiple_of(page), end / page * page);
        if is_wanted && start < end {
            // SAFETY: pages of a file that nothing can have written to: the file's contents come back.
            unsafe { libc::madvise(at.with_addr(start).cast_mut().cast(), end - start, libc::MADV_DONTNEED) };
        }
    }
    1
}

/// Elsewhere the system's advice means other things.
#[cfg(not(target_os = "linux"))]
fn give_back(_: &'static [u8]) {}
