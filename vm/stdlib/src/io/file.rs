//! `FileIO`: a file descriptor as a stream of bytes without a buffer.
//!
//! All fields are atomics: what a thread does with a file that another one closes meanwhile ends in an error of the
//! system or of the stream, as in CPython.

use super::{
    DEFAULT_BUFFER_SIZE, STREAM_FLAGS, cannot_pickle, classes, fd, flag_arg, offset, size_arg, unsupported,
    writable_len,
};
use ungil_locks::primitive::{AtomicBool, AtomicI32, AtomicI64, AtomicU8, Ordering::Relaxed};
use ungil_runtime::objects::buffer::{bytes_of, copy_into};
use ungil_runtime::objects::bytes::{PyBytes, empty_bytes, try_new_bytes};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// A `FileIO`.
// ORD: every access to its fields is relaxed: each is a word of its own, set up before the stream is shared.
#[repr(C)]
pub struct PyFile {
    pub h: Header,
    /// -1 if there is none.
    fd: AtomicI32,
    /// Bits of [`ability`].
    abilities: AtomicU8,
    closefd: AtomicBool,
    finalizing: AtomicBool,
    /// Whether the class is `FileIO` itself.
    exact: bool,
    /// 0: not known; 1: yes; 2: no.
    seekable: AtomicU8,
    block_size: AtomicI64,
}

/// What a file was opened for.
mod ability {
    pub const CREATED: u8 = 1;
    pub const READABLE: u8 = 2;
    pub const WRITABLE: u8 = 4;
    pub const APPENDING: u8 = 8;
    /// Was a character device when it was opened: only those can be terminals.
    pub const CHARACTER_DEVICE: u8 = 16;
}

unsafe fn needs_finalizer(h: *mut Header) -> bool {
    // SAFETY: the object is a file, and the thread has a context.
    unsafe {
        let file = &*h.cast::<PyFile>();
        ungil_runtime::finalize::has_del(h) && !(file.exact && file.is_closed())
    }
}

static FILE_OPS: TypeOps = TypeOps {
    name: "FileIO",
    size: |_| size_of::<PyFile>(),
    trace: None,
    drop_fields: None,
    needs_finalizer,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyFile {
    const OPS: &'static TypeOps = &FILE_OPS;
}

/// How a file is opened.
#[derive(Clone, Copy)]
struct Mode {
    abilities: u8,
    flags: i32,
}

fn parse_mode(cx: &mut Cx, mode: &str) -> R<Mode> {
    let (mut abilities, mut flags, mut kinds, mut plus) = (0, 0, 0, false);
    for c in mode.chars() {
        match c {
            'x' => {
                (abilities, flags) =
                    (abilities | ability::CREATED | ability::WRITABLE, flags | libc::O_EXCL | libc::O_CREAT)
            }
            'r' => abilities |= ability::READABLE,
            'w' => {
                (abilities, flags) = (abilities | ability::WRITABLE, flags | libc::O_CREAT | libc::O_TRUNC)
            }
            'a' => {
                abilities |= ability::APPENDING | ability::WRITABLE;
                flags |= libc::O_APPEND | libc::O_CREAT;
            }
            'b' => continue,
            '+' if !plus => {
                plus = true;
                continue;
            }
            '+' => return Err(bad_mode(cx)),
            _ => return Err(cx.value_error(format!("invalid mode: {mode}"))),
        }
        kinds += 1;
        if kinds > 1 {
            return Err(bad_mode(cx));
        }
    }
    if kinds == 0 {
        return Err(bad_mode(cx));
    }
    if plus {
        abilities |= ability::READABLE | ability::WRITABLE;
    }
    flags |= match (abilities & ability::READABLE != 0, abilities & ability::WRITABLE != 0) {
        (true, true) => libc::O_RDWR,
        (true, false) => libc::O_RDONLY,
        _ => libc::O_WRONLY,
    };
    Ok(Mode { abilities, flags: flags | libc::O_CLOEXEC })
}

fn bad_mode(cx: &mut Cx) -> Err {
    cx.value_error("Must have exactly one of create/read/write/append mode and at most one plus")
}

/// A path as the system takes it, without its final zero.
///
/// # Errors
/// `TypeError`, `ValueError` for a zero inside, or what `__fspath__` raises.
pub fn path_bytes(cx: &mut Cx, v: Ref<'_>) -> R<std::ffi::CString> {
    let path = super::open::fspath(cx, v)?;
    let bytes = match path.downcast::<PyBytes>(cx) {
        Some(bytes) => bytes.as_bytes().to_vec(),
        None => {
            let encoded = ungil_runtime::objects::codec::encode(cx, path.r(), "utf-8", "surrogateescape")?;
            encoded.downcast::<PyBytes>(cx).map_or_else(Vec::new, |b| b.as_bytes().to_vec())
        }
    };
    std::ffi::CString::new(bytes).map_err(|_| cx.value_error("embedded null byte"))
}

/// The number of an argument that stands for a descriptor; `None` if it is a path.
fn descriptor(cx: &mut Cx, v: Ref<'_>) -> R<Option<i32>> {
    if v.value().as_bool().is_some() {
        let message = "bool is used as a file descriptor";
        ungil_runtime::traceback::warn(cx, Builtin::RuntimeWarning, message)?;
    }
    if cx.class_of(v).special(cx, Special::Index).is_none() {
        return Ok(None);
    }
    match super::c_int(cx, v)? {
        n if n < 0 => Err(cx.value_error("negative file descriptor")),
        n => Ok(Some(n)),
    }
}

impl PyFile {
    fn new(h: Header, exact: bool) -> PyFile {
        PyFile {
            h,
            fd: AtomicI32::new(-1),
            abilities: AtomicU8::new(0),
            closefd: AtomicBool::new(true),
            finalizing: AtomicBool::new(false),
            exact,
            seekable: AtomicU8::new(0),
            block_size: AtomicI64::new(0),
        }
    }

    fn can(&self, what: u8) -> bool {
        self.abilities.load(Relaxed) & what != 0
    }

    /// Whether the stream has no descriptor any more.
    pub fn is_closed(&self) -> bool {
        self.fd.load(Relaxed) < 0
    }

    /// The system's preferred number of bytes for transfers, 0 if it is not known.
    pub fn block_size(&self) -> i64 {
        self.block_size.load(Relaxed)
    }

    fn open_fd(&self, cx: &mut Cx) -> R<i32> {
        match self.fd.load(Relaxed) {
            fd if fd < 0 => Err(cx.value_error("I/O operation on closed file")),
            fd => Ok(fd),
        }
    }

    fn fd_for(&self, cx: &mut Cx, what: u8, verb: &str) -> R<i32> {
        let fd = self.open_fd(cx)?;
        if !self.can(what) {
            return Err(unsupported(cx, &format!("File not open for {verb}")));
        }
        Ok(fd)
    }

    /// Reads once: the number of bytes, `None` if there is nothing yet.
    pub fn read_into(&self, cx: &mut Cx, into: &mut [u8]) -> R<Option<usize>> {
        let fd = self.fd_for(cx, ability::READABLE, "reading")?;
        fd::read(cx, fd, into)
    }

    /// Writes once: the number of bytes, `None` if there is no room yet.
    pub fn write(&self, cx: &mut Cx, data: &[u8]) -> R<Option<usize>> {
        let fd = self.fd_for(cx, ability::WRITABLE, "writing")?;
        fd::write(cx, fd, data)
    }

    /// Moves to a place, and says where that is.
    pub fn seek(&self, cx: &mut Cx, to: i64, whence: i32) -> R<i64> {
        let fd = self.open_fd(cx)?;
        fd::seek(cx, fd, to, whence).map_err(|error| fd::os_error(cx, &error))
    }

    /// Whether the system can move in the file.
    pub fn is_seekable(&self, cx: &mut Cx) -> R<bool> {
        let fd = self.open_fd(cx)?;
        if self.seekable.load(Relaxed) == 0 {
            let can = fd::seek(cx, fd, 0, libc::SEEK_CUR).is_ok();
            self.seekable.store(if can { 1 } else { 2 }, Relaxed);
        }
        Ok(self.seekable.load(Relaxed) == 1)
    }

    /// Whether the file is a terminal; what was no character device when it was opened is not asked again.
    pub fn is_terminal_unchanged(&self, cx: &mut Cx) -> R<bool> {
        let fd = self.open_fd(cx)?;
        Ok(self.can(ability::CHARACTER_DEVICE) && fd::is_terminal(cx, fd))
    }

    /// All bytes from here to the end; `None` if there is nothing yet.
    pub fn read_all(&self, cx: &mut Cx) -> R<Option<Vec<u8>>> {
        let fd = self.fd_for(cx, ability::READABLE, "reading")?;
        let mut expected = 0;
        if let Ok(stat) = fd::stat(cx, fd)
            && stat.st_size > 0
            && let Ok(at) = fd::seek(cx, fd, 0, libc::SEEK_CUR)
        {
            // One more than there is, so that the end shows itself without another round.
            expected = usize::try_from(stat.st_size - at).map_or(0, |n| n + 1);
        }
        let mut data: Vec<u8> = Vec::new();
        let mut used = 0;
        loop {
            if used == data.len() {
                let more = if used == 0 && expected > 0 { expected } else { used.max(8192) };
                if data.try_reserve_exact(more).is_err() {
                    return Err(cx.memory_error());
                }
                data.resize(used + more, 0);
            }
            match fd::read(cx, fd, &mut data[used..])? {
                Some(0) => break,
                Some(n) => used += n,
                None if used > 0 => break,
                None => return Ok(None),
            }
        }
        data.truncate(used);
        Ok(Some(data))
    }

    /// Gives the descriptor back to the system if it is the stream's own.
    fn close_fd(&self, cx: &mut Cx) -> R<()> {
        let fd = self.fd.swap(-1, Relaxed);
        if fd < 0 {
            return Ok(());
        }
        // SAFETY: the descriptor was the stream's. After an interruption it is closed all the same.
        let (result, error) = cx.detached(|| (unsafe { libc::close(fd) }, std::io::Error::last_os_error()));
        match result {
            0 => Ok(()),
            _ if error.raw_os_error() == Some(libc::EINTR) => Ok(()),
            _ => Err(fd::os_error(cx, &error)),
        }
    }

    /// Closes the file, if the descriptor is the stream's own.
    pub fn close(&self, cx: &mut Cx) -> R<()> {
        if !self.closefd.load(Relaxed) {
            self.fd.store(-1, Relaxed);
            return Ok(());
        }
        if self.finalizing.load(Relaxed) {
            self.warn_unclosed(cx, ref_of(self))?;
        }
        self.close_fd(cx)
    }

    /// Warns that nobody closed `source`, a stream that stands on this one.
    pub fn warn_unclosed(&self, cx: &mut Cx, source: Ref<'_>) -> R<()> {
        if !self.is_closed() && self.closefd.load(Relaxed) {
            super::warn_unclosed(cx, source)?;
        }
        Ok(())
    }

    fn mode(&self) -> &'static str {
        let plus = self.can(ability::READABLE) && self.can(ability::WRITABLE);
        match (self.can(ability::CREATED), self.can(ability::APPENDING), self.can(ability::READABLE)) {
            (true, _, _) if plus => "xb+",
            (true, _, _) => "xb",
            (_, true, _) if plus => "ab+",
            (_, true, _) => "ab",
            _ if plus => "rb+",
            (_, _, true) => "rb",
            _ => "wb",
        }
    }
}

/// Opens a file by name, or asks the opener to.
fn open_named(cx: &mut Cx, name: Ref<'_>, flags: i32, opener: Option<Ref<'_>>) -> R<i32> {
    let Some(opener) = opener else {
        let path = path_bytes(cx, name)?;
        // SAFETY: the path ends with a zero.
        let opened = fd::retry(cx, || unsafe { libc::open(path.as_ptr(), flags, 0o666) } as isize)?;
        return match opened {
            Ok(fd) => Ok(fd as i32),
            Err(error) => Err(fd::os_error_about(cx, &error, Some(name))),
        };
    };
    let number = cx.int(flags as i64);
    let result = cx.call(opener, &[name, number.r()])?;
    if !cx.is_instance_of(result.r(), Builtin::Int) {
        return Err(cx.type_error("expected integer from opener"));
    }
    let fd = super::c_int(cx, result.r())?;
    if fd < 0 {
        return Err(cx.value_error(format!("opener returned {fd}")));
    }
    // SAFETY: the calls take any number.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(fd::last_error(cx));
    }
    Ok(fd)
}

/// What the system says about the file that was opened; directories are refused.
fn examine(cx: &mut Cx, file: &PyFile, fd: i32, name: Ref<'_>) -> R<()> {
    match fd::stat(cx, fd) {
        Ok(stat) => {
            let kind = stat.st_mode & libc::S_IFMT;
            if kind == libc::S_IFDIR {
                let error = std::io::Error::from_raw_os_error(libc::EISDIR);
                return Err(fd::os_error_about(cx, &error, Some(name)));
            }
            if kind == libc::S_IFCHR {
                file.abilities.fetch_or(ability::CHARACTER_DEVICE, Relaxed);
            }
            file.block_size.store(if stat.st_blksize > 1 { stat.st_blksize } else { 0 }, Relaxed);
            Ok(())
        }
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => Err(fd::os_error(cx, &error)),
        Err(_) => Ok(()),
    }
}

/// Opens `name`, a path or a descriptor, in `this`, which may be open already.
pub fn open_in(
    cx: &mut Cx,
    this: Ref<'_>,
    name: Ref<'_>,
    mode: &str,
    closefd: bool,
    opener: Option<Ref<'_>>,
) -> R<()> {
    // SAFETY: callers pass a `FileIO`.
    let file = unsafe { this.cast_unchecked::<PyFile>() };
    if file.closefd.load(Relaxed) {
        file.close_fd(cx)?;
    }
    file.fd.store(-1, Relaxed);
    let given = descriptor(cx, name)?;
    let mode = parse_mode(cx, mode)?;
    file.abilities.store(mode.abilities, Relaxed);
    file.seekable.store(0, Relaxed);
    file.closefd.store(closefd, Relaxed);
    let fd = match given {
        Some(fd) => fd,
        None if !closefd => return Err(cx.value_error("Cannot use closefd=False with file name")),
        None => open_named(cx, name, mode.flags, opener)?,
    };
    let prepared = examine(cx, file, fd, name).and_then(|()| {
        file.fd.store(fd, Relaxed);
        let key = cx.vm.names.plain_name.get();
        cx.set_attr(this, key, name.own(cx))?;
        if mode.abilities & ability::APPENDING != 0
            && let Err(error) = fd::seek(cx, fd, 0, libc::SEEK_END)
            && error.raw_os_error() != Some(libc::ESPIPE)
        {
            return Err(fd::os_error(cx, &error));
        }
        Ok(())
    });
    let Err(err) = prepared else { return Ok(()) };
    match given {
        Some(_) => file.fd.store(-1, Relaxed),
        None => {
            file.fd.store(fd, Relaxed);
            // The first error is the one to tell.
            let _ = file.close_fd(cx);
        }
    }
    Err(err)
}

/// A new exact `FileIO`.
pub fn create(cx: &mut Cx, name: Ref<'_>, mode: &str, closefd: bool, opener: Option<Ref<'_>>) -> R {
    let made = cx.alloc_for(classes().file, |h| PyFile::new(h, true))?;
    open_in(cx, made.r(), name, mode, closefd, opener)?;
    Ok(made)
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let exact = std::ptr::eq(class, classes().file);
    cx.alloc_for(class, |h| PyFile::new(h, exact))
}

fn init(cx: &mut Cx, a: Args<'_>) -> R {
    let mode = match a.opt(2) {
        None => "r".to_string(),
        Some(mode) if mode.downcast::<PyStr>(cx).is_some() => cx.text_of(mode),
        Some(mode) => {
            let got = cx.type_name(mode);
            return Err(cx.type_error(format!("FileIO() argument 'mode' must be str, not {got}")));
        }
    };
    let closefd = flag_arg(cx, a, 3, true)?;
    open_in(cx, a.get(0), a.get(1), &mode, closefd, a.opt_not_none(4))?;
    Ok(cx.none())
}

fn bytes_or_none(cx: &mut Cx, data: Option<Vec<u8>>) -> R {
    match data {
        None => Ok(cx.none()),
        Some(data) if data.is_empty() => Ok(empty_bytes(cx)),
        Some(data) => try_new_bytes(cx, &data),
    }
}

fn read(cx: &mut Cx, a: Args<'_>) -> R {
    let file = a.this::<PyFile>();
    file.fd_for(cx, ability::READABLE, "reading")?;
    let Some(n) = size_arg(cx, a, 1)? else { return readall(cx, a) };
    let mut data = Vec::new();
    let n = n.min(i32::MAX as usize);
    if data.try_reserve_exact(n).is_err() {
        return Err(cx.memory_error());
    }
    data.resize(n, 0);
    let got = file.read_into(cx, &mut data)?;
    bytes_or_none(
        cx,
        got.map(|n| {
            data.truncate(n);
            data
        }),
    )
}

fn readall(cx: &mut Cx, a: Args<'_>) -> R {
    let data = a.this::<PyFile>().read_all(cx)?;
    bytes_or_none(cx, data)
}

fn readinto(cx: &mut Cx, a: Args<'_>) -> R {
    let len = writable_len(cx, a.get(1), "readinto")?.min(i32::MAX as usize);
    let mut data = Vec::new();
    if data.try_reserve_exact(len).is_err() {
        return Err(cx.memory_error());
    }
    data.resize(len, 0);
    match a.this::<PyFile>().read_into(cx, &mut data)? {
        None => Ok(cx.none()),
        Some(n) => {
            copy_into(cx, a.get(1), 0, &data[..n])?;
            Ok(cx.int(n as i64))
        }
    }
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let data = bytes_of(cx, a.get(1))?;
    Ok(match a.this::<PyFile>().write(cx, &data)? {
        Some(n) => cx.int(n as i64),
        None => cx.none(),
    })
}

fn seek(cx: &mut Cx, a: Args<'_>) -> R {
    let file = a.this::<PyFile>();
    file.open_fd(cx)?;
    let whence = a.opt(2).map_or(Ok(0), |v| super::c_int(cx, v))?;
    let to = offset(cx, a.get(1))?;
    let at = file.seek(cx, to, whence)?;
    file.seekable.store(1, Relaxed);
    Ok(cx.int(at))
}

fn tell(cx: &mut Cx, a: Args<'_>) -> R {
    let at = a.this::<PyFile>().seek(cx, 0, libc::SEEK_CUR)?;
    Ok(cx.int(at))
}

fn truncate(cx: &mut Cx, a: Args<'_>) -> R {
    let file = a.this::<PyFile>();
    let fd = file.fd_for(cx, ability::WRITABLE, "writing")?;
    let size = match a.opt_not_none(1) {
        Some(size) => size.own(cx),
        None => tell(cx, a)?,
    };
    let n = offset(cx, size.r())?;
    // SAFETY: the call takes any numbers.
    match fd::retry(cx, || unsafe { libc::ftruncate(fd, n) } as isize)? {
        Ok(_) => Ok(size),
        Err(error) => Err(fd::os_error(cx, &error)),
    }
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let file = a.this::<PyFile>();
    let flushed = if file.exact {
        // There is nothing to flush: what is left of the class above is the mark.
        super::base::mark_closed(cx, a.get(0))
    } else {
        let close = cx.get_attr_str(classes().raw_base.as_ref(), "close")?;
        cx.call(close.r(), &[a.get(0)]).map(drop)
    };
    let closed = file.close(cx);
    super::both(cx, flushed, closed)?;
    Ok(cx.none())
}

fn isatty(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = a.this::<PyFile>().open_fd(cx)?;
    let is = fd::is_terminal(cx, fd);
    Ok(cx.bool(is))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let file = a.this::<PyFile>();
    let class = cx.type_name(a.get(0));
    let fd = file.fd.load(Relaxed);
    if fd < 0 {
        return Ok(cx.str(&format!("<{class} [closed]>")));
    }
    let closefd = if file.closefd.load(Relaxed) { "True" } else { "False" };
    let rest = format!(" mode='{}' closefd={closefd}", file.mode());
    let key = cx.vm.names.plain_name.get();
    match cx.get_attr_opt(a.get(0), key)? {
        None => Ok(cx.str(&format!("<{class} fd={fd}{rest}>"))),
        Some(_) => super::repr_with_name(cx, a.get(0), &rest),
    }
}

fn ability_of(cx: &mut Cx, a: Args<'_>, what: u8) -> R {
    let file = a.this::<PyFile>();
    file.open_fd(cx)?;
    Ok(cx.bool(file.can(what)))
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__init__", "($self, file, mode='r', closefd=True, opener=None)", Full(init)),
    ("read", "($self, size=-1, /)", Full(read)),
    ("readall", "($self, /)", Full(readall)),
    ("readinto", "($self, buffer, /)", Full(readinto)),
    ("write", "($self, b, /)", Full(write)),
    ("seek", "($self, pos, whence=0, /)", Full(seek)),
    ("tell", "($self, /)", Full(tell)),
    ("truncate", "($self, size=None, /)", Full(truncate)),
    ("close", "($self, /)", Full(close)),
    (
        "seekable",
        "($self, /)",
        Full(|cx, a| {
            let can = a.this::<PyFile>().is_seekable(cx)?;
            Ok(cx.bool(can))
        }),
    ),
    ("readable", "($self, /)", Full(|cx, a| ability_of(cx, a, ability::READABLE))),
    ("writable", "($self, /)", Full(|cx, a| ability_of(cx, a, ability::WRITABLE))),
    (
        "fileno",
        "($self, /)",
        Full(|cx, a| {
            let fd = a.this::<PyFile>().open_fd(cx)?;
            Ok(cx.int(fd as i64))
        }),
    ),
    ("isatty", "($self, /)", Full(isatty)),
    (
        "_isatty_open_only",
        "($self, /)",
        Full(|cx, a| {
            let is = a.this::<PyFile>().is_terminal_unchanged(cx)?;
            Ok(cx.bool(is))
        }),
    ),
    (
        "_dealloc_warn",
        "($self, source, /)",
        Full(|cx, a| {
            a.this::<PyFile>().warn_unclosed(cx, a.get(1))?;
            Ok(cx.none())
        }),
    ),
    ("__getstate__", "($self, /)", Full(cannot_pickle)),
];

/// Makes the class.
pub fn make(cx: &mut Cx, above: &'static PyType) -> &'static PyType {
    let size = size_of::<PyFile>();
    let mut t = TypeBuilder::native_derived(cx, "_io.FileIO", above, &FILE_OPS, size, STREAM_FLAGS);
    t.doc(cx, "A file, by its name or its descriptor, as a stream of bytes without a buffer.")
        .constructor(cx, "($type, *args, **kwargs)", Full(new))
        .methods(cx, METHODS)
        .special(cx, Special::Repr, Full(repr))
        .getset(cx, "closed", Leaf(|cx, a| Ok(cx.bool(a.this::<PyFile>().is_closed()))), None)
        .getset(cx, "closefd", Leaf(|cx, a| Ok(cx.bool(a.this::<PyFile>().closefd.load(Relaxed)))), None)
        .getset(cx, "mode", Leaf(|cx, a| Ok(cx.str(a.this::<PyFile>().mode()))), None)
        .getset(cx, "_blksize", Leaf(block_size), None)
        .getset(
            cx,
            "_finalizing",
            Leaf(|cx, a| Ok(cx.bool(a.this::<PyFile>().finalizing.load(Relaxed)))),
            Some(Full(|cx, a| {
                let on = flag_arg(cx, a, 1, false)?;
                a.this::<PyFile>().finalizing.store(on, Relaxed);
                Ok(cx.none())
            })),
        );
    t.class()
}

fn block_size(cx: &Cx, a: Args<'_>) -> R {
    let n = a.this::<PyFile>().block_size();
    Ok(cx.int(if n > 1 { n } else { DEFAULT_BUFFER_SIZE as i64 }))
}

/// The payload of an exact `FileIO`.
#[inline]
pub fn exact<'a>(cx: &Cx, v: Ref<'a>) -> Option<&'a PyFile> {
    v.downcast::<PyFile>(cx).filter(|file| file.exact)
}
