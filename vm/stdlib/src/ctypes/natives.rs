//! Functions that Python calls through C function pointers: `string_at`, `wstring_at`, `memoryview_at`, `cast`. They give a new
//! reference as a word, or zero and an exception that waits for the end of the foreign call.
//!
//! Of the C interface of Python there are the few functions that programs reach for through `pythonapi` and that mean
//! something here.

use super::callback::with_context;
use super::{Own, class_named, codes, keep_class, pointer, raw};
use std::cell::RefCell;
use std::ffi::{c_int, c_ulong, c_void};
use ungil_runtime::objects::buffer::{self, BufferOps, View};
use ungil_runtime::objects::bytes::try_new_bytes;
use ungil_runtime::prelude::*;
use ungil_runtime::thread_state::send_async_exception;

thread_local! {
    /// What a function below has raised.
    static RAISED: RefCell<Option<Err>> = const { RefCell::new(None) };
}

/// Raises what the last foreign call has left.
///
/// # Errors
/// That.
pub fn take_error() -> R<()> {
    RAISED.take().map_or(Ok(()), Err)
}

/// Runs `f` attached; its result as a word.
fn answer(f: impl FnOnce(&mut Cx) -> R) -> u64 {
    let mut word = 0;
    with_context(|cx| match f(cx) {
        Ok(object) => word = object.into_value().0,
        Err(err) => drop(RAISED.replace(Some(err))),
    });
    word
}

/// The object that a word refers to.
fn object<'a>(cx: &mut Cx, word: u64) -> R<Ref<'a>> {
    match word {
        0 => Err(cx.value_error("PyObject is NULL")),
        // SAFETY: the caller gives a reference that it holds during the call.
        word => Ok(unsafe { Ref::from_value(Value(word)) }),
    }
}

fn count(cx: &mut Cx, n: isize) -> R<usize> {
    usize::try_from(n).map_err(|_| cx.system_error("Negative size passed"))
}

extern "C" fn string_at(at: *const u8, n: c_int) -> u64 {
    answer(|cx| {
        let n = if n == -1 { raw::length(at, usize::MAX) } else { count(cx, n as isize)? };
        let all = raw::bytes(at, n);
        try_new_bytes(cx, &all)
    })
}

extern "C" fn wstring_at(at: *const u8, n: c_int) -> u64 {
    answer(|cx| {
        let n = if n == -1 { raw::wide_length(at, usize::MAX) } else { count(cx, n as isize)? };
        codes::text_of_wide(cx, &raw::wide(at, n))
    })
}

extern "C" fn cast(at: *mut u8, src: u64, class: u64) -> u64 {
    answer(|cx| {
        let (src, class) = (object(cx, src)?, object(cx, class)?);
        pointer::cast(cx, at, src, class)
    })
}

extern "C" fn memoryview_at(start: *mut u8, n: isize, readonly: c_int) -> u64 {
    answer(|cx| {
        let Ok(len) = usize::try_from(n) else {
            let message = format!("memoryview_at: size is negative (or overflowed): {n}");
            return Err(cx.value_error(message));
        };
        let readonly = readonly != 0;
        let made = cx.alloc_for(class_named(Own::Memory), |h| PyMemory { h, start, len, readonly })?;
        buffer::view_of(cx, made.r())
    })
}

/// Memory that is the program's, for a view of it.
#[repr(C)]
struct PyMemory {
    h: Header,
    start: *mut u8,
    len: usize,
    readonly: bool,
}

ungil_runtime::slot_ops!(MEMORY_OPS, PyMemory, "_ctypes.memory");

fn export(_: &mut Cx, v: Ref<'_>) -> R<View> {
    // SAFETY: registered for this layout alone.
    let memory = unsafe { v.cast_unchecked::<PyMemory>() };
    Ok(View::of_bytes(memory.start, memory.len, memory.readonly))
}

static BUFFER: BufferOps = BufferOps { export, release: |_, _| {} };

pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyMemory>();
    let t = TypeBuilder::native_type(cx, "_ctypes.memory", &MEMORY_OPS, size, false, flags);
    keep_class(Own::Memory, t.class());
    buffer::register(&MEMORY_OPS, &BUFFER);
}

/// The addresses by the names that `ctypes` knows.
pub fn addresses() -> [(&'static str, i64); 6] {
    let address = |f: *const c_void| f as i64;
    [
        ("_memmove_addr", address(libc::memmove as *const c_void)),
        ("_memset_addr", address(libc::memset as *const c_void)),
        ("_string_at_addr", address(string_at as *const c_void)),
        ("_wstring_at_addr", address(wstring_at as *const c_void)),
        ("_cast_addr", address(cast as *const c_void)),
        ("_memoryview_at_addr", address(memoryview_at as *const c_void)),
    ]
}

/// `PyThreadState_SetAsyncExc(id, exc)`: how many threads are concerned.
extern "C" fn set_async_exception(ident: c_ulong, exception: u64) -> c_int {
    let mut concerned = false;
    with_context(|cx| {
        let exception = object(cx, exception).ok().map(|exception| exception.own(cx));
        concerned = send_async_exception(cx, ident, exception);
    });
    c_int::from(concerned)
}

extern "C" fn increment(word: u64) {
    with_context(|cx| {
        if let Ok(object) = object(cx, word) {
            std::mem::forget(object.own(cx));
        }
    });
}

extern "C" fn decrement(word: u64) {
    with_context(|_| {
        if word != 0 {
            // SAFETY: the program gives up a reference that it has taken, as in C.
            drop(unsafe { Obj::from_owned(Value(word)) });
        }
    });
}

/// The address of a function of Python's C interface, if there is one of the name.
pub fn of_api(name: &[u8]) -> Option<*mut u8> {
    let f = match name {
        b"PyThreadState_SetAsyncExc" => set_async_exception as *const c_void,
        b"Py_IncRef" => increment as *const c_void,
        b"Py_DecRef" => decrement as *const c_void,
        _ => return None,
    };
    Some(f.cast_mut().cast())
}
