//! `mmap`: files and anonymous memory mapped into the address space.
//!
//! - `mod.rs`: the object, its construction, the module
//! - `access.rs`: the methods and the sequence protocol
//!
//! An object's mapping is behind a mutex. Nobody runs Python or meets a safepoint while holding it, so waiting for it
//! is short. While a buffer is exported the mapping stays where it is.

mod access;

use crate::os;
use std::sync::PoisonError;
use ungil_locks::primitive::{Mutex, MutexGuard};
use ungil_runtime::objects::buffer::{self, BufferOps, View};
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

/// What may be done with the memory, by Python's numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Default = 0,
    Read = 1,
    Write = 2,
    Copy = 3,
}

/// The mapping. `start` is null once it is closed.
struct Mapping {
    pub start: *mut u8,
    pub len: usize,
    pub position: usize,
    pub offset: i64,
    /// A duplicate of the file's descriptor; -1: there is no file.
    pub fd: i32,
    pub anonymous: bool,
    pub shared: bool,
    pub access: Access,
    pub exports: usize,
}

// SAFETY: the memory belongs to the mapping, which is used under its mutex.
unsafe impl Send for Mapping {}

#[repr(C)]
struct PyMmap {
    h: Header,
    mapping: Mutex<Mapping>,
}

static MMAP_OPS: TypeOps = TypeOps {
    name: "mmap.mmap",
    size: |_| size_of::<PyMmap>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called with an object that nobody reaches any more.
        unsafe { &*h.cast::<PyMmap>() }.mapping().close();
    }),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyMmap {
    const OPS: &'static TypeOps = &MMAP_OPS;
}

static BUFFER_OPS: BufferOps = BufferOps { export, release };

impl PyMmap {
    fn mapping(&self) -> MutexGuard<'_, Mapping> {
        self.mapping.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mapping {
    /// Gives back memory and file.
    fn close(&mut self) {
        if self.start.is_null() {
            return;
        }
        // SAFETY: mapped by us, and nobody has a pointer into it.
        unsafe {
            libc::munmap(self.start.cast(), self.len);
            if self.fd >= 0 {
                libc::close(self.fd);
            }
        }
        (self.start, self.len, self.fd) = (std::ptr::null_mut(), 0, -1);
    }

    pub fn bytes(&self) -> &[u8] {
        match self.start.is_null() {
            true => &[],
            // SAFETY: mapped, and readable unless it was asked for otherwise, which then ends as in C.
            false => unsafe { std::slice::from_raw_parts(self.start, self.len) },
        }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        match self.start.is_null() {
            true => &mut [],
            // SAFETY: as above; callers have asked for the access.
            false => unsafe { std::slice::from_raw_parts_mut(self.start, self.len) },
        }
    }
}

fn closed_error(cx: &mut Cx) -> Err {
    cx.value_error("mmap closed or invalid")
}

fn export(cx: &mut Cx, v: Ref<'_>) -> R<View> {
    // SAFETY: registered for this layout alone.
    let mut mapping = unsafe { v.cast_unchecked::<PyMmap>() }.mapping();
    if mapping.start.is_null() {
        drop(mapping);
        return Err(closed_error(cx));
    }
    mapping.exports += 1;
    Ok(View::of_bytes(mapping.start, mapping.len, mapping.access == Access::Read))
}

fn release(_: &Mutator, v: Ref<'_>) {
    // SAFETY: as in `export`.
    unsafe { v.cast_unchecked::<PyMmap>() }.mapping().exports -= 1;
}

/// What is to be mapped.
struct Wish {
    fd: i32,
    len: usize,
    flags: i32,
    protection: i32,
    access: Access,
    offset: i64,
    track_fd: bool,
}

fn wish(cx: &mut Cx, a: Args<'_>) -> R<Wish> {
    const BOTH: i32 = libc::PROT_READ | libc::PROT_WRITE;
    let fd = os::c_int(cx, a.get(1))?;
    let len = os::size(cx, a.get(2))?;
    let (mut flags, mut protection) =
        (os::c_int_or(cx, a.opt(3), libc::MAP_SHARED)?, os::c_int_or(cx, a.opt(4), BOTH)?);
    let access = os::c_int_or(cx, a.opt(5), 0)?;
    let offset = a.opt(6).map_or(Ok(0), |v| os::size(cx, v))? as i64;
    let track_fd = os::flag_or(cx, a.opt(7), true)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(cx.overflow_error("memory mapped length must be positive"));
    };
    if offset < 0 {
        return Err(cx.overflow_error("memory mapped offset must be positive"));
    }
    if access != 0 && (flags != libc::MAP_SHARED || protection != BOTH) {
        return Err(cx.value_error("mmap can't specify both access and flags, prot."));
    }
    let access = match access {
        0 if protection & BOTH == BOTH => Access::Default,
        0 if protection & libc::PROT_WRITE != 0 => Access::Write,
        0 => Access::Read,
        1 => Access::Read,
        2 => Access::Write,
        3 => Access::Copy,
        _ => return Err(cx.value_error("mmap invalid access parameter.")),
    };
    if a.opt(5).is_some() {
        match access {
            Access::Read => protection = libc::PROT_READ,
            Access::Copy => flags = libc::MAP_PRIVATE,
            Access::Default | Access::Write => {}
        }
    }
    Ok(Wish { fd, len, flags, protection, access, offset, track_fd })
}

/// The length to map of a regular file, or why not.
fn length_of_file(wish: &Wish) -> Result<usize, &'static str> {
    // SAFETY: the status is written before it is read.
    let status = unsafe {
        let mut status = std::mem::zeroed::<libc::stat>();
        (libc::fstat(wish.fd, &mut status) == 0).then_some(status)
    };
    let Some(status) = status.filter(|s| s.st_mode & libc::S_IFMT == libc::S_IFREG) else {
        return Ok(wish.len);
    };
    let size = status.st_size;
    if wish.len == 0 {
        return match size {
            0 => Err("cannot mmap an empty file"),
            _ if wish.offset >= size => Err("mmap offset is greater than file size"),
            _ => Ok((size - wish.offset) as usize),
        };
    }
    match wish.offset > size || (size - wish.offset) < wish.len as i64 {
        true => Err("mmap length is greater than file size"),
        false => Ok(wish.len),
    }
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let mut wish = wish(cx, a)?;
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("not a class")) };
    let mut fd = -1;
    if wish.fd == -1 {
        wish.flags |= libc::MAP_ANONYMOUS;
    } else {
        wish.len = length_of_file(&wish).map_err(|why| cx.value_error(why))?;
        if wish.track_fd {
            // SAFETY: a call with numbers.
            fd = unsafe { libc::fcntl(wish.fd, libc::F_DUPFD_CLOEXEC, 0) };
            if fd < 0 {
                return Err(os::error(cx, os::errno()));
            }
        }
    }
    // SAFETY: the system chooses the place, so nothing that is mapped already is touched.
    let start = unsafe {
        libc::mmap(std::ptr::null_mut(), wish.len, wish.protection, wish.flags, wish.fd, wish.offset)
    };
    if start == libc::MAP_FAILED {
        let number = os::errno();
        if fd >= 0 {
            // SAFETY: opened above.
            unsafe { libc::close(fd) };
        }
        return Err(os::error(cx, number));
    }
    let (len, access, offset) = (wish.len, wish.access, wish.offset);
    let (anonymous, shared) = (wish.fd == -1, wish.flags & libc::MAP_SHARED != 0);
    let start = start.cast();
    let mapping = Mapping { start, len, position: 0, offset, fd, anonymous, shared, access, exports: 0 };
    cx.alloc_for(class, |h| PyMmap { h, mapping: Mutex::new(mapping) })
}

const CONSTANTS: &[(&str, i32)] = &[
    ("ACCESS_COPY", 3),
    ("ACCESS_DEFAULT", 0),
    ("ACCESS_READ", 1),
    ("ACCESS_WRITE", 2),
    ("MADV_DODUMP", libc::MADV_DODUMP),
    ("MADV_DOFORK", libc::MADV_DOFORK),
    ("MADV_DONTDUMP", libc::MADV_DONTDUMP),
    ("MADV_DONTFORK", libc::MADV_DONTFORK),
    ("MADV_DONTNEED", libc::MADV_DONTNEED),
    ("MADV_FREE", libc::MADV_FREE),
    ("MADV_HUGEPAGE", libc::MADV_HUGEPAGE),
    ("MADV_HWPOISON", libc::MADV_HWPOISON),
    ("MADV_MERGEABLE", libc::MADV_MERGEABLE),
    ("MADV_NOHUGEPAGE", libc::MADV_NOHUGEPAGE),
    ("MADV_NORMAL", libc::MADV_NORMAL),
    ("MADV_RANDOM", libc::MADV_RANDOM),
    ("MADV_REMOVE", libc::MADV_REMOVE),
    ("MADV_SEQUENTIAL", libc::MADV_SEQUENTIAL),
    ("MADV_UNMERGEABLE", libc::MADV_UNMERGEABLE),
    ("MADV_WILLNEED", libc::MADV_WILLNEED),
    ("MAP_ANON", libc::MAP_ANON),
    ("MAP_ANONYMOUS", libc::MAP_ANONYMOUS),
    ("MAP_DENYWRITE", libc::MAP_DENYWRITE),
    ("MAP_EXECUTABLE", libc::MAP_EXECUTABLE),
    ("MAP_NORESERVE", libc::MAP_NORESERVE),
    ("MAP_POPULATE", libc::MAP_POPULATE),
    ("MAP_PRIVATE", libc::MAP_PRIVATE),
    ("MAP_SHARED", libc::MAP_SHARED),
    ("MAP_STACK", libc::MAP_STACK),
    ("PROT_EXEC", libc::PROT_EXEC),
    ("PROT_READ", libc::PROT_READ),
    ("PROT_WRITE", libc::PROT_WRITE),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    for &(name, n) in CONSTANTS {
        let n = cx.int(i64::from(n));
        add(cx, module, name, n);
    }
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    for name in ["PAGESIZE", "ALLOCATIONGRANULARITY"] {
        let n = cx.int(page);
        add(cx, module, name, n);
    }
    let error = cx.builtin(Builtin::OSError).as_ref().own(cx);
    add(cx, module, "error", error);
    let flags = class_flag::BASETYPE | class_flag::HAS_WEAKREF;
    let mut t = TypeBuilder::native_type(cx, "mmap.mmap", &MMAP_OPS, size_of::<PyMmap>(), false, flags);
    t.doc(cx, "Maps a file, or fresh memory for descriptor -1, and behaves like a file and a bytearray.")
        .constructor(
            cx,
            "($type, fileno, length, flags=1, prot=3, access=0, offset=0, *, trackfd=True)",
            Full(new),
        );
    access::add_methods(&mut t, cx);
    buffer::register(&MMAP_OPS, &BUFFER_OPS);
    let class = t.class().as_ref().own(cx);
    add(cx, module, "mmap", class);
    Ok(())
}
