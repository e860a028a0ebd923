//! Python callables as C functions: closures of libffi.
//!
//! C code may call one from any thread: from one that is in a foreign call (and detached), from one that is attached (`PyDLL`), or
//! from one that we do not know. The latter gets a context for the time of the call. So what a closure refers to is
//! published when it is made, and threads are told to expect others from then on.

use super::data::{self, is_own_simple};
use super::info::{PyInfo, info_of_type};
use super::{Own, call, class_named, codes, function, keep_class, raw};
use libffi_sys::{ffi_cif, ffi_closure, ffi_type};
use std::sync::OnceLock;
use ungil_runtime::Vm;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::traceback::{sample, unraisable, warn};

/// What all threads share, for threads that we do not know.
static VM: OnceLock<&'static Vm> = OnceLock::new();

/// `CThunkObject`: a closure with what it calls. Its slots are set once.
#[repr(C)]
struct PyThunk {
    h: Header,
    callable: Slot,
    /// A tuple.
    argtypes: Slot,
    restype: Slot,
    /// The letter of the type of results; 0 if there are none.
    code: u8,
    swapped: bool,
    flags: u32,
    closure: *mut ffi_closure,
    /// What libffi refers to.
    frame: *mut Frame,
}

struct Frame {
    cif: ffi_cif,
    types: Vec<*mut ffi_type>,
}

static THUNK_OPS: TypeOps = TypeOps {
    name: "_ctypes.CThunkObject",
    size: |_| size_of::<PyThunk>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a thunk.
        let thunk = unsafe { &*h.cast::<PyThunk>() };
        for slot in [&thunk.callable, &thunk.argtypes, &thunk.restype] {
            if !slot.is_empty() {
                visit(slot.peek());
            }
        }
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: called once, with a thunk that nobody reaches; that C code does not call it any more is the program's matter.
        unsafe {
            let thunk = &*h.cast::<PyThunk>();
            for slot in [&thunk.callable, &thunk.argtypes, &thunk.restype] {
                slot.clear(m);
            }
            libffi_sys::ffi_closure_free(thunk.closure.cast());
            drop(Box::from_raw(thunk.frame));
        }
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyThunk {
    const OPS: &'static TypeOps = &THUNK_OPS;
}

/// A closure that calls `callable` with the arguments and for the result of a type of functions; and its address.
///
/// # Errors
/// `TypeError` for types that callbacks cannot have, `MemoryError`.
pub fn new(cx: &mut Cx, callable: Ref<'_>, info: &PyInfo) -> R<(Obj, usize)> {
    let argtypes = info.argtypes.get(&info.h, cx).unwrap_or_else(|| cx.none());
    let argtypes = cx.collect(argtypes.r())?;
    let mut types = Vec::with_capacity(argtypes.len());
    for class in &argtypes {
        types.push(match info_of_type(cx, class.r()) {
            Some(info) => info.facts().ffi(),
            None => &raw mut libffi_sys::ffi_type_sint32,
        });
    }
    let restype = info.restype.get(&info.h, cx).unwrap_or_else(|| cx.none());
    let of_result = info_of_type(cx, restype.r()).map(|info| info.facts());
    let (code, swapped, rtype) = match of_result {
        None if restype.value().is_none() => (0, false, &raw mut libffi_sys::ffi_type_void),
        Some(facts) if facts.code != 0 => (facts.code, facts.swapped, facts.ffi()),
        _ => return Err(cx.type_error("invalid result type for callback function")),
    };
    let mut frame = Box::new(Frame { cif: ffi_cif::default(), types });
    let mut address = std::ptr::null_mut();
    // SAFETY: asks for memory of that size; the types outlive the closure, which keeps their classes.
    let (closure, status) = unsafe {
        let closure =
            libffi_sys::ffi_closure_alloc(size_of::<ffi_closure>(), &mut address).cast::<ffi_closure>();
        let (n, list) = (frame.types.len() as u32, frame.types.as_mut_ptr());
        let abi = libffi_sys::ffi_abi_FFI_DEFAULT_ABI;
        (closure, libffi_sys::ffi_prep_cif(&mut frame.cif, abi, n, rtype, list))
    };
    if closure.is_null() {
        return Err(cx.memory_error());
    }
    let frame = Box::into_raw(frame);
    let argtypes = cx.tuple(argtypes);
    let (callable, argtypes) = (Slot::new(callable.own(cx)), Slot::new(argtypes));
    let (restype, flags) = (Slot::new(restype), info.facts().flags);
    let made = cx.alloc_for(class_named(Own::Thunk), |h| PyThunk {
        h,
        callable,
        argtypes,
        restype,
        code,
        swapped,
        flags,
        closure,
        frame,
    })?;
    // SAFETY: memory of a closure, and a description and an object that live as long.
    let prepared = unsafe {
        let cif = &raw mut (*frame).cif;
        let thunk = made.value().ptr().cast();
        libffi_sys::ffi_prep_closure_loc(closure, cif, Some(called), thunk, address)
    };
    if status != libffi_sys::ffi_status_FFI_OK || prepared != libffi_sys::ffi_status_FFI_OK {
        return Err(cx.runtime_error("ffi_prep_closure failed"));
    }
    cx.begin_threads();
    cx.publish(made.value());
    Ok((made, address as usize))
}

/// Where closures lead.
unsafe extern "C" fn called(
    _: *mut ffi_cif,
    result: *mut libc::c_void,
    args: *mut *mut libc::c_void,
    thunk: *mut libc::c_void,
) {
    // SAFETY: the closure was made with this object, which lives as long as it may be called.
    let thunk = unsafe { &*thunk.cast::<PyThunk>() };
    if thunk.flags & function::USE_ERRNO != 0 {
        call::swap_errno();
    }
    with_context(|cx| run(cx, thunk, result.cast(), args.cast()));
    if thunk.flags & function::USE_ERRNO != 0 {
        call::swap_errno();
    }
}

/// Runs `f` in the context of this thread, attached; in one of its own if the thread is not known.
pub fn with_context(f: impl FnOnce(&mut Cx)) {
    let here = sample::current_context().cast_mut();
    if here.is_null() {
        if let Some(vm) = VM.get() {
            crate::thread::visit(vm, f);
        }
        return;
    }
    // SAFETY: the thread's context, which whoever has called the C code does not look at before that returns.
    let cx = unsafe { &mut *here };
    if cx.thread.is_attached() {
        return f(cx);
    }
    cx.mutator().attach();
    f(cx);
    cx.run_pending();
    cx.mutator().detach();
}

/// The Python object for an argument.
fn argument(cx: &mut Cx, class: Ref<'_>, at: *mut u8) -> R {
    let Some((class, info)) = PyType::from_ref(class, cx).zip(info_of_type(cx, class)) else {
        return Err(cx.type_error("cannot build parameter"));
    };
    let facts = info.facts();
    match facts.code {
        0 => data::new_copy(cx, class, at),
        _ if is_own_simple(cx, class) => data::new_copy(cx, class, at),
        code => codes::get(cx, code, facts.swapped, at),
    }
}

fn run(cx: &mut Cx, thunk: &PyThunk, result: *mut u8, args: *const *mut u8) {
    // So that nothing ends under the call even if Python lets go of the closure.
    let callable = thunk.callable.get(&thunk.h, cx).unwrap_or_else(|| cx.none());
    let types = thunk.argtypes.get(&thunk.h, cx);
    let types = types.as_ref().and_then(|types| types.downcast::<PyTuple>(cx));
    let types = types.map_or(&[][..], PyTuple::items);
    if thunk.code != 0 {
        let (size, _) = codes::layout(thunk.code).unwrap_or((8, 8));
        (0..size.max(8)).for_each(|i| raw::write(result.wrapping_add(i), 0u8));
    }
    let mut objects = Vec::with_capacity(types.len());
    for (i, class) in types.iter().enumerate() {
        let at: *mut u8 = raw::read(args.wrapping_add(i).cast());
        match argument(cx, *class, at) {
            Ok(object) => objects.push(object),
            Err(err) => {
                let what = "Exception ignored while building the arguments of ctypes callback function";
                return unraisable(cx, err, what, callable.r());
            }
        }
    }
    let objects: Vec<Ref<'_>> = objects.iter().map(Obj::r).collect();
    let value = match cx.call(callable.r(), &objects) {
        Ok(value) => value,
        Err(err) => {
            let what = "Exception ignored while calling ctypes callback function";
            return unraisable(cx, err, what, callable.r());
        }
    };
    if thunk.code == 0 {
        return;
    }
    let mut size_of_value = [0u64; 4];
    match codes::set(cx, thunk.code, thunk.swapped, size_of_value.as_mut_ptr().cast(), value.r()) {
        Ok(kept) => {
            let size = codes::layout(thunk.code).map_or(8, |(size, _)| size);
            raw::copy(size_of_value.as_ptr().cast(), result, size);
            extend(thunk.code, result);
            if thunk.code == b'O' {
                // The caller gets the reference.
                std::mem::forget(kept);
            } else if !kept.value().is_none() && thunk.code != b'z' && thunk.code != b'Z' {
                let _ = warn(cx, Builtin::RuntimeWarning, "memory leak in callback function.");
            } else if !kept.value().is_none() {
                // Nobody knows how long the caller uses it.
                let _ = warn(cx, Builtin::RuntimeWarning, "memory leak in callback function.");
                std::mem::forget(kept);
            }
        }
        Err(err) => {
            let what = "Exception ignored while converting result of ctypes callback function";
            unraisable(cx, err, what, callable.r());
        }
    }
}

/// Makes a small number fill a word, as libffi takes results.
fn extend(code: u8, at: *mut u8) {
    let Some((size @ ..8, _)) = codes::layout(code) else { return };
    if codes::whole(code) == Some(true) {
        let shift = 64 - 8 * size as u32;
        let word = raw::read::<u64>(at);
        raw::write(at, ((word << shift) as i64 >> shift) as u64);
    }
}

pub fn init(cx: &mut Cx) {
    VM.get_or_init(|| cx.vm);
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyThunk>();
    let t = TypeBuilder::native_type(cx, "_ctypes.CThunkObject", &THUNK_OPS, size, true, flags);
    keep_class(Own::Thunk, t.class());
}
