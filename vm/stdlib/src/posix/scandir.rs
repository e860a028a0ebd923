//! `posix.scandir()`: its iterator, and `DirEntry`.
//!
//! An entry's name and path never change. What `stat()` says is kept in slots, set once: two threads that ask at once make the
//! call twice, and both answers are right. The iterator's directory is taken out by whoever reads from it, so that two threads
//! never use one at the same time; the second waits its turn detached.

use super::Table;
use super::files::Directory;
use super::stat;
use crate::os::{self, Accept, Path, Place};
use std::ffi::CString;
use std::sync::OnceLock;
use ungil_locks::primitive::Mutex;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::generic_alias;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[("scandir", "($module, /, path=None)", Full(scandir))];

static ITERATOR: OnceLock<SharedValue> = OnceLock::new();
static ENTRY: OnceLock<SharedValue> = OnceLock::new();

/// An iterator over a directory.
#[repr(C)]
struct PyScandir {
    h: Header,
    /// As given, for error messages and to join names to; `UNDEF` if left out.
    path: Slot,
    state: Mutex<Option<Box<State>>>,
}

struct State {
    directory: Directory,
    path: Place,
    is_bytes: bool,
}

// SAFETY: a directory stream may be used by any thread, one at a time; the mutex sees to that.
unsafe impl Send for State {}

/// A name in a directory.
#[repr(C)]
struct PyDirEntry {
    h: Header,
    name: Slot,
    path: Slot,
    /// Results of `stat()` and of `stat(follow_symlinks=False)`.
    followed: Slot,
    own: Slot,
    kind: u8,
    inode: u64,
    /// The directory's file descriptor, -1 if it was given by name.
    dir: i32,
}

static SCANDIR_OPS: TypeOps = TypeOps {
    name: "ScandirIterator",
    size: |_| size_of::<PyScandir>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a directory iterator.
        let this = unsafe { &*h.cast::<PyScandir>() };
        if !this.path.is_empty() {
            visit(this.path.peek());
        }
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: called with a directory iterator that nobody else reaches.
        let this = unsafe { &*h.cast::<PyScandir>() };
        this.path.clear(m);
        drop(this.state.lock().unwrap_or_else(|p| p.into_inner()).take());
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyScandir {
    const OPS: &'static TypeOps = &SCANDIR_OPS;
}

static ENTRY_OPS: TypeOps = TypeOps {
    name: "DirEntry",
    size: |_| size_of::<PyDirEntry>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a directory entry.
        let this = unsafe { &*h.cast::<PyDirEntry>() };
        for slot in [&this.name, &this.path, &this.followed, &this.own] {
            if !slot.is_empty() {
                visit(slot.peek());
            }
        }
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: called with a directory entry that nobody else reaches.
        let this = unsafe { &*h.cast::<PyDirEntry>() };
        for slot in [&this.name, &this.path, &this.followed, &this.own] {
            slot.clear(m);
        }
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyDirEntry {
    const OPS: &'static TypeOps = &ENTRY_OPS;
}

fn scandir(cx: &mut Cx, a: Args<'_>) -> R {
    let path = os::path_arg(cx, a.opt(0), "scandir", "path", Accept::NameFdOrNone)?;
    let directory = match cx.detached(|| Directory::open(&path).map(Shared)) {
        Ok(Shared(directory)) => directory,
        Err(number) if path.fd().is_some() => return Err(os::error(cx, number)),
        Err(number) => return Err(path.error(cx, number)),
    };
    let state = State { directory, path: path.place, is_bytes: path.is_bytes };
    let slot = if path.object.value().is_none() { Slot::empty() } else { Slot::new(path.object) };
    let class = class(cx, &ITERATOR);
    cx.alloc_for(class, |h| PyScandir { h, path: slot, state: Mutex::new(Some(Box::new(state))) })
}

/// What a detached section hands out.
struct Shared(Directory);

fn class(cx: &Cx, which: &'static OnceLock<SharedValue>) -> &'static PyType {
    match which.get().and_then(|v| PyType::from_ref(v.get(), cx)) {
        Some(class) => class,
        None => ungil_gc::fatal("a directory was read before the module was made"),
    }
}

fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyScandir>();
    let read = cx.detached(|| {
        let mut guard = this.state.lock().unwrap_or_else(|p| p.into_inner());
        let Some(state) = guard.as_mut() else { return Ok(None) };
        let entry = state.directory.next();
        match entry {
            Ok(Some(entry)) => {
                let dir = if let Place::Fd(fd) = state.path { fd } else { -1 };
                let mut full = Vec::new();
                if let Place::Name(name) = &state.path
                    && !this.path.is_empty()
                {
                    full.extend_from_slice(name.as_bytes());
                    if full.last().is_some_and(|&b| b != b'/') {
                        full.push(b'/');
                    }
                } else if let Place::Name(_) = &state.path {
                    full.extend_from_slice(b"./");
                }
                full.extend_from_slice(&entry.name);
                Ok(Some((entry, full, dir, state.is_bytes)))
            }
            other => {
                *guard = None;
                other.map(|_| None)
            }
        }
    });
    match read {
        Ok(Some((entry, full, dir, is_bytes))) => {
            let path = Path { place: Place::Fd(dir), object: cx.none(), is_bytes };
            let (name, full) = (path.name_object(cx, &entry.name), path.name_object(cx, &full));
            let class = class(cx, &ENTRY);
            cx.alloc_for(class, |h| PyDirEntry {
                h,
                name: Slot::new(name),
                path: Slot::new(full),
                followed: Slot::empty(),
                own: Slot::empty(),
                kind: entry.kind,
                inode: entry.inode,
                dir,
            })
        }
        Ok(None) => Err(cx.stop_iteration()),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyScandir>();
    cx.detached(|| drop(this.state.lock().unwrap_or_else(|p| p.into_inner()).take()));
    Ok(cx.none())
}

impl PyDirEntry {
    fn path_arg(&self, cx: &mut Cx) -> R<(Path, i32)> {
        let slot = if self.dir >= 0 { &self.name } else { &self.path };
        let object = slot.get(&self.h, cx).unwrap_or_else(|| cx.none());
        let bytes = os::text_bytes(cx, object.r())?;
        let text = CString::new(bytes).map_err(|_| cx.value_error("embedded null byte"))?;
        let is_bytes = object.downcast::<PyBytes>(cx).is_some();
        let dir = if self.dir >= 0 { self.dir } else { libc::AT_FDCWD };
        let object = self.path.get(&self.h, cx).unwrap_or_else(|| cx.none());
        Ok((Path { place: Place::Name(text), object, is_bytes }, dir))
    }

    /// The result of `stat()`, kept after the first time.
    fn stat(&self, cx: &mut Cx, follow: bool) -> R {
        let follow = follow && self.is_link(cx)?;
        let slot = if follow { &self.followed } else { &self.own };
        if let Some(known) = slot.get(&self.h, cx) {
            return Ok(known);
        }
        let (path, dir) = self.path_arg(cx)?;
        match stat::stat_at(cx, dir, &path, follow)? {
            Ok(st) => {
                let result = stat::result_of(cx, &st)?;
                slot.set(&self.h, cx, result.clone());
                Ok(result)
            }
            Err(number) => Err(path.error(cx, number)),
        }
    }

    fn is_link(&self, cx: &mut Cx) -> R<bool> {
        match self.kind {
            libc::DT_UNKNOWN => self.has_mode(cx, false, libc::S_IFLNK),
            kind => Ok(kind == libc::DT_LNK),
        }
    }

    /// Whether the file is of a kind; a file that is gone is of none.
    fn has_mode(&self, cx: &mut Cx, follow: bool, wanted: u32) -> R<bool> {
        let by_kind = match self.kind {
            libc::DT_UNKNOWN => None,
            libc::DT_LNK if follow => None,
            kind => Some(match wanted {
                libc::S_IFDIR => kind == libc::DT_DIR,
                libc::S_IFREG => kind == libc::DT_REG,
                _ => kind == libc::DT_LNK,
            }),
        };
        if let Some(answer) = by_kind {
            return Ok(answer);
        }
        // A kind that is not known must not be asked for again by `stat`.
        let (path, dir) = self.path_arg(cx)?;
        match stat::stat_at(cx, dir, &path, follow)? {
            Ok(st) => Ok(st.st_mode & libc::S_IFMT == wanted),
            Err(libc::ENOENT) => Ok(false),
            Err(number) => Err(path.error(cx, number)),
        }
    }
}

fn entry_is(cx: &mut Cx, a: Args<'_>, wanted: u32) -> R {
    let follow = os::flag_or(cx, a.opt(1), true)?;
    let answer = a.this::<PyDirEntry>().has_mode(cx, follow, wanted)?;
    Ok(cx.bool(answer))
}

fn entry_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyDirEntry>();
    let name = this.name.get(&this.h, cx).unwrap_or_else(|| cx.none());
    let name = cx.repr_string(name.r())?;
    Ok(cx.str(&format!("<DirEntry {name}>")))
}

fn slot_value(cx: &Cx, this: &PyDirEntry, slot: &Slot) -> R {
    Ok(slot.get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

/// Makes the types.
pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyScandir>();
    let mut t = TypeBuilder::native_type(cx, "posix.ScandirIterator", &SCANDIR_OPS, size, true, flags);
    t.special(cx, Special::Iter, Leaf(|cx, a| Ok(a.get(0).own(cx))))
        .special(cx, Special::Next, Full(next))
        .special(cx, Special::Enter, Leaf(|cx, a| Ok(a.get(0).own(cx))))
        .method(cx, "__exit__", "($self, /, *args)", Full(close))
        .method(cx, "close", "($self, /)", Full(close));
    let class = t.class().as_ref().own(cx);
    let _ = ITERATOR.set(SharedValue::new(class));
    let size = size_of::<PyDirEntry>();
    let mut t = TypeBuilder::native_type(cx, "posix.DirEntry", &ENTRY_OPS, size, true, flags);
    t.special(cx, Special::Repr, Full(entry_repr))
        .special(cx, Special::Fspath, Leaf(|cx, a| slot_value(cx, a.this(), &a.this::<PyDirEntry>().path)))
        .method(
            cx,
            "is_dir",
            "($self, /, *, follow_symlinks=True)",
            Full(|cx, a| entry_is(cx, a, libc::S_IFDIR)),
        )
        .method(
            cx,
            "is_file",
            "($self, /, *, follow_symlinks=True)",
            Full(|cx, a| entry_is(cx, a, libc::S_IFREG)),
        )
        .method(
            cx,
            "is_symlink",
            "($self, /)",
            Full(|cx, a| {
                let answer = a.this::<PyDirEntry>().is_link(cx)?;
                Ok(cx.bool(answer))
            }),
        )
        .method(cx, "is_junction", "($self, /)", Leaf(|cx, _| Ok(cx.bool(false))))
        .method(
            cx,
            "stat",
            "($self, /, *, follow_symlinks=True)",
            Full(|cx, a| {
                let follow = os::flag_or(cx, a.opt(1), true)?;
                a.this::<PyDirEntry>().stat(cx, follow)
            }),
        )
        .method(cx, "inode", "($self, /)", Leaf(|cx, a| Ok(cx.int_u64(a.this::<PyDirEntry>().inode))))
        .class_method(cx, "__class_getitem__", "($cls, item, /)", Full(generic_alias::class_getitem))
        .getset(cx, "name", Leaf(|cx, a| slot_value(cx, a.this(), &a.this::<PyDirEntry>().name)), None)
        .getset(cx, "path", Leaf(|cx, a| slot_value(cx, a.this(), &a.this::<PyDirEntry>().path)), None)
        .doc(cx, "A name in a directory, as scandir() gives it, with what is known about the file.");
    let class = t.class().as_ref().own(cx);
    let _ = ENTRY.set(SharedValue::new(class.clone()));
    ungil_runtime::objects::module::add(cx, module, "DirEntry", class);
    Ok(())
}
