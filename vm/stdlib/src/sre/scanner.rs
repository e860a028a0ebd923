//! `_sre.SRE_Scanner`: the matches of a pattern one after the other, also behind `Pattern.finditer`.
//!
//! A scanner is one thread's at a time: a second one that asks meanwhile gets a `ValueError`.

use super::matches::new_match;
use super::pattern::PyPattern;
use super::search::Mode;
use super::subject::{Hunt, Subject, ssize_argument};
use super::{classes, fixed, readonly};
use std::cell::Cell;
use ungil_locks::primitive::{AtomicBool, Ordering};
use ungil_runtime::objects::buffer::{bytes_of, view_of};
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyScanner {
    h: Header,
    pattern: Slot,
    string: Slot,
    /// A view that keeps the memory of a bytes-like object in place while the scanner lives; else `None`.
    view: Slot,
    /// The copy of that memory.
    copy: Option<Box<[u8]>>,
    bounds: (isize, isize),
    /// Set while a thread searches; what follows is that thread's.
    busy: AtomicBool,
    /// Where the next search starts, as a byte offset; `None` once nothing more has been found.
    from: Cell<Option<usize>>,
    must_advance: Cell<bool>,
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a scanner.
    let this = unsafe { &*h.cast::<PyScanner>() };
    for slot in [&this.pattern, &this.string, &this.view] {
        if !slot.is_empty() {
            visit(slot.peek());
        }
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: called once, with a scanner that nobody reaches any more.
    unsafe {
        let this = h.cast::<PyScanner>();
        (*this).pattern.clear(m);
        (*this).string.clear(m);
        (*this).view.clear(m);
        std::ptr::drop_in_place(&raw mut (*this).copy);
    }
}

static SCANNER_OPS: TypeOps = TypeOps {
    name: "_sre.SRE_Scanner",
    size: |_| size_of::<PyScanner>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first; made in `scanner` alone.
unsafe impl Object for PyScanner {
    const OPS: &'static TypeOps = &SCANNER_OPS;
}

impl PyScanner {
    fn pattern(&self) -> &PyPattern {
        // SAFETY: made with a pattern, and never changed.
        unsafe { fixed(&self.pattern).cast_unchecked() }
    }
}

/// `Pattern.scanner(string, pos, endpos)`.
pub fn scanner(cx: &mut Cx, a: Args<'_>) -> R {
    let bounds = (ssize_argument(cx, a.opt(2), 0)?, ssize_argument(cx, a.opt(3), isize::MAX)?);
    let string = a.get(1);
    let subject = Subject::new(cx, string)?;
    let from = {
        let hunt = Hunt::new(cx, a.this::<PyPattern>(), subject, bounds)?;
        let from = hunt.from;
        hunt.finish();
        from
    };
    let in_place = string.downcast::<PyStr>(cx).is_some() || string.downcast::<PyBytes>(cx).is_some();
    let (view, copy) = match in_place {
        true => (cx.none(), None),
        false => (view_of(cx, string)?, Some(bytes_of(cx, string)?.into_owned().into_boxed_slice())),
    };
    let (pattern, string) = (a.get(0).own(cx), string.own(cx));
    cx.alloc_for(classes().scanner, |h| PyScanner {
        h,
        pattern: Slot::new(pattern),
        string: Slot::new(string),
        view: Slot::new(view),
        copy,
        bounds,
        busy: AtomicBool::new(false),
        from: Cell::new(Some(from)),
        must_advance: Cell::new(false),
    })
}

/// `Pattern.finditer(string, pos, endpos)`.
pub fn finditer(cx: &mut Cx, a: Args<'_>) -> R {
    let scanner = scanner(cx, a)?;
    let search = cx.get_attr_str(scanner.r(), "search")?;
    Ok(ungil_runtime::objects::iter::new_callable_iter(cx, search.r(), Ref::immediate(Value::NONE)))
}

fn step(cx: &mut Cx, a: Args<'_>, mode: Mode) -> R {
    let this = a.this::<PyScanner>();
    // ORD: acquire sees what the thread that was here before has left; its partner is the release below.
    if this.busy.swap(true, Ordering::Acquire) {
        return Err(cx.value_error("regular expression scanner already executing"));
    }
    let result = next(cx, this, mode);
    // ORD: release, see above.
    this.busy.store(false, Ordering::Release);
    result
}

fn next(cx: &mut Cx, this: &PyScanner, mode: Mode) -> R {
    let Some(from) = this.from.get() else { return Ok(cx.none()) };
    let string = fixed(&this.string);
    let subject = match &this.copy {
        Some(copy) => Subject::of_copy(string, copy),
        None => Subject::new(cx, string)?,
    };
    let mut hunt = Hunt::new(cx, this.pattern(), subject, this.bounds)?;
    (hunt.from, hunt.must_advance) = (from, this.must_advance.get());
    let found = hunt.find(cx, mode)?;
    let result = match found {
        Some(span) => {
            hunt.advance(span);
            this.from.set(Some(hunt.from));
            this.must_advance.set(hunt.must_advance);
            new_match(cx, &hunt, span)?
        }
        None => {
            this.from.set(None);
            cx.none()
        }
    };
    hunt.finish();
    Ok(result)
}

/// Makes the type.
pub fn init(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyScanner>();
    let mut t = TypeBuilder::native_type(cx, "_sre.SRE_Scanner", &SCANNER_OPS, size, true, flags);
    t.method(cx, "match", "($self, /)", Full(|cx, a| step(cx, a, Mode::Match)))
        .method(cx, "search", "($self, /)", Full(|cx, a| step(cx, a, Mode::Search)))
        .getset(
            cx,
            "pattern",
            Leaf(|cx, a| Ok(ref_of(a.this::<PyScanner>().pattern()).own(cx))),
            Some(Full(readonly)),
        );
    t.class()
}
