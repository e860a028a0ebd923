//! The type `Blob`: a value of a table that is read and written piece by piece.

use super::ClassCell;
use super::admin::database_name;
use super::connection::PyConnection;
use super::database::{Database, Death, outside};
use super::errors::{PROGRAMMING, raise_from};
use super::statement::c_text;
use crate::os;
use libsqlite3_sys as ffi;
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, PoisonError};
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::int;
use ungil_runtime::objects::iter::fixed;
use ungil_runtime::objects::slice::{PySlice, adjust, has_index};
use ungil_runtime::prelude::*;

static CLASS: ClassCell = ClassCell::new();

/// An open blob. Used with the lock of its database.
pub(super) struct Open {
    db: Arc<Database>,
    /// Null once it is closed.
    handle: Mutex<*mut ffi::sqlite3_blob>,
    position: Mutex<i32>,
}

// SAFETY: the handle is used by who has the database's lock.
unsafe impl Send for Open {}
// SAFETY: as above.
unsafe impl Sync for Open {}

impl Open {
    fn handle(&self) -> *mut ffi::sqlite3_blob {
        *self.handle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes it, now or as soon as nobody is in the library.
    pub(super) fn close(&self) {
        let handle =
            std::mem::replace(&mut *self.handle.lock().unwrap_or_else(PoisonError::into_inner), null_mut());
        if !handle.is_null() {
            self.db.end(Death::Close(handle));
        }
    }

    fn position(&self) -> i32 {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_position(&self, to: i32) {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.close();
    }
}

/// A blob of Python.
#[repr(C)]
struct PyBlob {
    h: Header,
    connection: Slot,
    open: Mutex<Option<Arc<Open>>>,
}

// SAFETY: `repr(C)`, header first; objects of the type are made with this payload alone.
unsafe impl Object for PyBlob {
    const OPS: &'static TypeOps = &BLOB_OPS;
}

static BLOB_OPS: TypeOps = TypeOps {
    name: "sqlite3.Blob",
    size: |_| size_of::<PyBlob>(),
    trace: Some(|h, visit| {
        // SAFETY: the object is a blob that nobody changes meanwhile.
        visit(unsafe { &*h.cast::<PyBlob>() }.connection.peek());
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: the blob is this thread's alone.
        let this = unsafe { &*h.cast::<PyBlob>() };
        drop(this.open.lock().unwrap_or_else(PoisonError::into_inner).take());
        this.connection.clear(m);
    }),
    needs_finalizer: |_| false,
};

impl PyBlob {
    fn connection(&self) -> &PyConnection {
        // SAFETY: set to a connection when the blob is made.
        unsafe { fixed(&self.connection).cast_unchecked() }
    }

    /// The open blob, for this thread.
    fn open(&self, cx: &mut Cx) -> R<Arc<Open>> {
        self.connection().usable(cx)?;
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match open.filter(|open| !open.handle().is_null()) {
            Some(open) => Ok(open),
            None => Err(PROGRAMMING.error(cx, "Cannot operate on a closed blob.")),
        }
    }
}

/// Bytes of a blob.
fn len(cx: &mut Cx, open: &Open) -> i32 {
    let _held = open.db.lock(cx);
    // SAFETY: open or null, which the function knows; the lock is held.
    unsafe { ffi::sqlite3_blob_bytes(open.handle()) }
}

fn read_at(cx: &mut Cx, open: &Open, at: i32, count: i32) -> R<Vec<u8>> {
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(count as usize).is_err() {
        return Err(cx.memory_error());
    }
    bytes.resize(count as usize, 0u8);
    let _held = open.db.lock(cx);
    // SAFETY: the lock is held; there is room for so many bytes.
    let code = outside(cx, || unsafe {
        ffi::sqlite3_blob_read(open.handle(), bytes.as_mut_ptr().cast(), count, at)
    });
    match code {
        ffi::SQLITE_OK => Ok(bytes),
        ffi::SQLITE_ABORT => Err(super::errors::OPERATIONAL.error(cx, "Cannot operate on modified blob")),
        _ => Err(raise_from(cx, &open.db)),
    }
}

fn write_at(cx: &mut Cx, open: &Open, at: i32, bytes: &[u8]) -> R<()> {
    let room = i64::from(len(cx, open)) - i64::from(at);
    if bytes.len() as i64 > room {
        return Err(cx.value_error("data longer than blob length"));
    }
    let _held = open.db.lock(cx);
    // SAFETY: the lock is held; there are so many bytes.
    let code = outside(cx, || unsafe {
        ffi::sqlite3_blob_write(open.handle(), bytes.as_ptr().cast(), bytes.len() as i32, at)
    });
    match code {
        ffi::SQLITE_OK => Ok(()),
        _ => Err(raise_from(cx, &open.db)),
    }
}

/// `Connection.blobopen`.
pub(super) fn open(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    let table = c_text(cx, a.get(1), "blobopen() argument 1")?;
    let column = c_text(cx, a.get(2), "blobopen() argument 2")?;
    let row = cx.index(a.get(3))?;
    let Some(row) = int::to_i64(cx, row.r()) else {
        return Err(cx.overflow_error("Python int too large to convert to SQLite INTEGER"));
    };
    let readonly = a.opt(4).map_or(Ok(false), |v| cx.truth(v))?;
    let name = database_name(cx, a.opt(5), "blobopen() argument 'name'")?;
    let db = this.usable(cx)?;
    let handle = {
        let _held = db.lock(cx);
        let done = outside(cx, || {
            let mut handle = null_mut();
            // SAFETY: open, and the lock is held; the texts end with zero.
            let code = unsafe {
                ffi::sqlite3_blob_open(
                    db.handle(),
                    name.as_ptr(),
                    table.as_ptr(),
                    column.as_ptr(),
                    row,
                    (!readonly).into(),
                    &mut handle,
                )
            };
            (code, handle)
        });
        if done.0 != ffi::SQLITE_OK {
            return Err(raise_from(cx, &db));
        }
        done.1
    };
    let open = Arc::new(Open { db, handle: Mutex::new(handle), position: Mutex::new(0) });
    this.keep_blob(&open);
    let (class, connection) = (class(cx), a.get(0).own(cx));
    cx.alloc_for::<PyBlob>(class, |h| PyBlob {
        h,
        connection: Slot::new(connection),
        open: Mutex::new(Some(open)),
    })
}

fn read(cx: &mut Cx, a: Args<'_>) -> R {
    let count = os::c_int_or(cx, a.opt(1), -1)?;
    let open = a.this::<PyBlob>().open(cx)?;
    let at = open.position();
    let left = len(cx, &open).saturating_sub(at).max(0);
    let count = if count < 0 { left } else { count.min(left) };
    if count == 0 {
        return Ok(new_bytes(cx, b""));
    }
    let bytes = read_at(cx, &open, at, count)?;
    open.set_position(at + count);
    Ok(new_bytes(cx, &bytes))
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = bytes_of(cx, a.get(1))?;
    let open = a.this::<PyBlob>().open(cx)?;
    let at = open.position();
    write_at(cx, &open, at, &bytes)?;
    open.set_position(at + bytes.len() as i32);
    Ok(cx.none())
}

fn seek(cx: &mut Cx, a: Args<'_>) -> R {
    let offset = os::c_int(cx, a.get(1))?;
    let origin = os::c_int_or(cx, a.opt(2), 0)?;
    let open = a.this::<PyBlob>().open(cx)?;
    let all = len(cx, &open);
    let base = match origin {
        0 => 0,
        1 => open.position(),
        2 => all,
        _ => {
            return Err(cx.value_error("'origin' should be os.SEEK_SET, os.SEEK_CUR, or os.SEEK_END"));
        }
    };
    let Some(to) = base.checked_add(offset) else {
        return Err(cx.overflow_error("seek offset results in overflow"));
    };
    if to < 0 || to > all {
        return Err(cx.value_error("offset out of blob range"));
    }
    open.set_position(to);
    Ok(cx.none())
}

fn tell(cx: &mut Cx, a: Args<'_>) -> R {
    let open = a.this::<PyBlob>().open(cx)?;
    Ok(cx.int(open.position().into()))
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyBlob = a.this();
    this.connection().usable(cx)?;
    let open = this.open.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(open) = open {
        let held = open.db.lock(cx);
        open.close();
        drop(held);
    }
    Ok(cx.none())
}

fn exit(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyBlob>().open(cx)?;
    close(cx, a)?;
    Ok(cx.bool(false))
}

/// The place that an index stands for.
fn place(cx: &mut Cx, key: Ref<'_>, all: i32) -> R<i32> {
    let i = cx.index_isize(key, Builtin::IndexError)?;
    let i = if i < 0 { i.saturating_add(all as isize) } else { i };
    if i < 0 || i >= all as isize {
        return Err(cx.index_error("Blob index out of range"));
    }
    Ok(i as i32)
}

fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let open = a.this::<PyBlob>().open(cx)?;
    let (all, key) = (len(cx, &open), a.get(1));
    if has_index(cx, key) {
        let at = place(cx, key, all)?;
        let byte = read_at(cx, &open, at, 1)?;
        return Ok(cx.int(byte[0].into()));
    }
    let Some(slice) = key.downcast::<PySlice>(cx) else {
        return Err(cx.type_error("Blob indices must be integers"));
    };
    let range = adjust(all as usize, slice.unpack(cx)?);
    if range.count == 0 {
        return Ok(new_bytes(cx, b""));
    }
    check_step(cx, range.step)?;
    let (low, high) = ends(range);
    let bytes = read_at(cx, &open, low as i32, (high - low + 1) as i32)?;
    let picked: Vec<u8> = range.indices().map(|i| bytes[i - low]).collect();
    Ok(new_bytes(cx, &picked))
}

fn check_step(cx: &mut Cx, step: isize) -> R<()> {
    if step < 0 {
        return Err(cx.value_error("Blob doesn't support slices with a negative step"));
    }
    Ok(())
}

/// The first and the last place of a range that is not empty.
fn ends(range: ungil_runtime::objects::slice::SliceRange) -> (usize, usize) {
    let (first, last) = (range.start, range.start + (range.count as isize - 1) * range.step);
    (first.min(last) as usize, first.max(last) as usize)
}

fn setitem(cx: &mut Cx, a: Args<'_>) -> R {
    let open = a.this::<PyBlob>().open(cx)?;
    let (all, key, v) = (len(cx, &open), a.get(1), a.get(2));
    if has_index(cx, key) {
        let at = place(cx, key, all)?;
        if !cx.is_instance_of(v, Builtin::Int) {
            let got = cx.type_name(v);
            return Err(cx.type_error(format!("'{got}' object cannot be interpreted as an integer")));
        }
        let byte = int::to_i64(cx, v).and_then(|n| u8::try_from(n).ok());
        let Some(byte) = byte else { return Err(cx.value_error("byte must be in range(0, 256)")) };
        write_at(cx, &open, at, &[byte])?;
        return Ok(cx.none());
    }
    let Some(slice) = key.downcast::<PySlice>(cx) else {
        return Err(cx.type_error("Blob indices must be integers"));
    };
    let range = adjust(all as usize, slice.unpack(cx)?);
    let new = bytes_of(cx, v)?;
    if new.len() != range.count {
        return Err(cx.index_error("Blob slice assignment is wrong size"));
    }
    if range.count == 0 {
        return Ok(cx.none());
    }
    check_step(cx, range.step)?;
    let (low, high) = ends(range);
    let mut bytes = read_at(cx, &open, low as i32, (high - low + 1) as i32)?;
    range.indices().zip(new.iter()).for_each(|(i, &b)| bytes[i - low] = b);
    write_at(cx, &open, low as i32, &bytes)?;
    Ok(cx.none())
}

fn delitem(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyBlob>().open(cx)?;
    Err(match a.get(1).downcast::<PySlice>(cx) {
        Some(_) => cx.type_error("Blob doesn't support slice deletion"),
        None => cx.type_error("Blob doesn't support item deletion"),
    })
}

fn length(cx: &mut Cx, a: Args<'_>) -> R {
    let open = a.this::<PyBlob>().open(cx)?;
    let all = len(cx, &open);
    Ok(cx.int(all.into()))
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    (
        "__enter__",
        "($self, /)",
        Full(|cx, a| {
            a.this::<PyBlob>().open(cx)?;
            Ok(a.get(0).own(cx))
        }),
    ),
    ("__exit__", "($self, type, val, tb, /)", Full(exit)),
    ("close", "($self, /)", Full(close)),
    ("read", "($self, length=-1, /)", Full(read)),
    ("seek", "($self, offset, origin=0, /)", Full(seek)),
    ("tell", "($self, /)", Full(tell)),
    ("write", "($self, data, /)", Full(write)),
];

const SPECIALS: &[(Special, NativeFn)] = &[
    (Special::Len, Full(length)),
    (Special::GetItem, Full(getitem)),
    (Special::SetItem, Full(setitem)),
    (Special::DelItem, Full(delitem)),
];

/// The type.
pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    match CLASS.get() {
        Some(class) => class,
        None => make_class(cx),
    }
}

#[cold]
fn make_class(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::DISALLOW_INSTANTIATION | class_flag::HAS_WEAKREF;
    let mut b = TypeBuilder::native_type(cx, "sqlite3.Blob", &BLOB_OPS, size_of::<PyBlob>(), true, flags);
    b.methods(cx, METHODS);
    b.specials(cx, SPECIALS);
    // Having items alone does not make it a sequence.
    b.attr(cx, "__iter__", Obj::immediate(Value::NONE));
    CLASS.get_or_init(|| b.class())
}
