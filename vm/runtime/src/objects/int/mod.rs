//! `int`: whole numbers of any size, and `bool`.
//!
//! Most ints are immediates. On the heap is an int that does not fit one, or an instance of a subclass, whatever its
//! value. Ints never change once they are made, so nothing here takes a lock.
//!
//! - `num.rs`: the arithmetic, without objects; `small.rs`: operators on immediates, for the interpreter's slow paths
//! - `binary.rs`: operators as methods; `new.rs`: the constructor; `text.rs`: digits; `pylong.rs`: huge ones; `bytes.rs`, `methods.rs`: the other methods
//! - `boolean.rs`: the class `bool`

mod binary;
mod boolean;
mod bytes;
mod methods;
pub(crate) mod new;
pub mod num;
mod pylong;
mod small;
pub mod text;

pub use methods::{declare, init};
pub use new::{from_float, int_of};
pub use num::{Int, IntRef, Trouble};
pub use small::{
    binary_exact, binary_float, binary_small, binary_with_float, compare_exact, compare_small, float_mod,
    trouble,
};

use crate::prelude::*;
use num_bigint::BigInt;
use std::borrow::Cow;

/// An int on the heap.
#[repr(C)]
pub struct PyInt {
    pub h: Header,
    n: Int,
}

// SAFETY: `repr(C)`, header first; ints of all classes are made here with this payload.
unsafe impl Object for PyInt {
    const OPS: &'static TypeOps = &INT_OPS;
}

pub static INT_OPS: TypeOps = TypeOps {
    name: "int",
    size: |_| size_of::<PyInt>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer: crate::finalize::has_del,
};

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: the object is an int and this thread's alone.
    unsafe { (*h.cast::<PyInt>()).n = Int::Word(0) };
}

impl PyInt {
    #[inline(always)]
    pub fn value(&self) -> IntRef<'_> {
        self.n.r()
    }

    /// The value as a `BigInt`.
    pub fn big(&self) -> Cow<'_, BigInt> {
        match &self.n {
            Int::Word(w) => Cow::Owned(BigInt::from(*w)),
            Int::Big(b) => Cow::Borrowed(b),
        }
    }
}

/// A new exact int.
#[inline]
pub fn new_int(cx: &Cx, n: Int) -> Obj {
    if let Int::Word(w) = n {
        return new_word(cx, w);
    }
    cx.alloc(Builtin::Int, |h| PyInt { h, n })
}

/// A new exact int from a machine word.
#[inline]
pub fn new_word(cx: &Cx, w: i128) -> Obj {
    if let Ok(i) = i64::try_from(w)
        && let Some(v) = Value::from_int(i)
    {
        return Obj::immediate(v);
    }
    cx.alloc(Builtin::Int, |h| PyInt { h, n: Int::Word(w) })
}

/// A new exact int from a `BigInt`; the immediate if it fits.
pub fn new_big(cx: &Cx, big: BigInt) -> Obj {
    new_int(cx, big.into())
}

/// An instance of `int` or of a class that derives from it.
///
/// # Errors
/// `MemoryError`.
pub fn new_int_of(cx: &mut Cx, class: &PyType, n: Int) -> R {
    if std::ptr::eq(class, cx.builtin(Builtin::Int)) {
        return Ok(new_int(cx, n));
    }
    cx.alloc_for::<PyInt>(class, |h| PyInt { h, n })
}

/// The value of an int of any class, a bool included; `None` if the object is no int.
#[inline]
pub fn view<'a>(cx: &Cx, v: Ref<'a>) -> Option<IntRef<'a>> {
    match v.value() {
        w if w.is_int() => Some(IntRef::Word(w.int() as i128)),
        Value::TRUE => Some(IntRef::Word(1)),
        Value::FALSE => Some(IntRef::Word(0)),
        _ => v.downcast::<PyInt>(cx).map(PyInt::value),
    }
}

/// As [`view`] for ints of exactly the class `int`.
#[inline]
pub fn view_exact<'a>(v: Ref<'a>) -> Option<IntRef<'a>> {
    match v.header() {
        None => v.value().as_int().map(|i| IntRef::Word(i as i128)),
        Some(h) if h.shape_id() == Builtin::Int as u32 => {
            // SAFETY: an exact int on the heap.
            Some(unsafe { v.cast_unchecked::<PyInt>() }.value())
        }
        _ => None,
    }
}

/// The value as a machine word; `None` if it does not fit or is no int.
#[inline]
pub fn to_i64(cx: &Cx, v: Ref<'_>) -> Option<i64> {
    match v.value().as_int() {
        Some(i) => Some(i),
        None => view(cx, v)?.to_i64(),
    }
}

/// The value as a `BigInt`; `None` if it is no int.
pub fn to_bigint(cx: &Cx, v: Ref<'_>) -> Option<BigInt> {
    view(cx, v).map(IntRef::to_big)
}

/// Whether it is an int below zero.
pub fn is_negative(cx: &Cx, v: Ref<'_>) -> bool {
    view(cx, v).is_some_and(IntRef::is_negative)
}

/// The object itself if it is of exactly the class `int`, else one with its value. Anything but an int is given back.
#[inline]
pub fn to_exact(cx: &Cx, v: Obj) -> Obj {
    if cx.is_exactly(v.r(), Builtin::Int) {
        return v;
    }
    match view(cx, v.r()).map(IntRef::to_int) {
        Some(n) => new_int(cx, n),
        None => v,
    }
}

/// The decimal digits of an int, without the limit on their number; empty for anything else.
pub fn repr_string(cx: &Cx, v: Ref<'_>) -> String {
    match view(cx, v) {
        Some(IntRef::Word(w)) => match i64::try_from(w) {
            Ok(i) => i.to_string(),
            Err(_) => w.to_string(),
        },
        Some(IntRef::Big(b)) => b.to_string(),
        None => String::new(),
    }
}
