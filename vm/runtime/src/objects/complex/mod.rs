//! `complex`.
//!
//! Complex numbers never change once they are made, so nothing here takes a lock.
//!
//! - `arith.rs`: arithmetic on pairs of floats; `text.rs`: texts; `new.rs`: the constructor; `methods.rs`: the class

pub mod arith;
mod methods;
mod new;
mod text;

pub use arith::Parts;
pub use methods::{declare, init};
pub use new::as_parts;

use crate::prelude::*;

/// A complex number.
#[repr(C)]
pub struct PyComplex {
    pub h: Header,
    pub real: f64,
    pub imag: f64,
}

// SAFETY: `repr(C)`, header first; complex numbers of all classes are made here with this payload.
unsafe impl Object for PyComplex {
    const OPS: &'static TypeOps = &COMPLEX_OPS;
}

pub static COMPLEX_OPS: TypeOps = TypeOps {
    name: "complex",
    size: |_| size_of::<PyComplex>(),
    trace: None,
    drop_fields: None,
    needs_finalizer: crate::finalize::has_del,
};

/// A new complex number.
pub fn new_complex(cx: &Cx, real: f64, imag: f64) -> Obj {
    cx.alloc(Builtin::Complex, |h| PyComplex { h, real, imag })
}

/// An instance of `complex` or of a class that derives from it.
fn new_complex_of(cx: &mut Cx, class: &PyType, (real, imag): Parts) -> R {
    if std::ptr::eq(class, cx.builtin(Builtin::Complex)) {
        return Ok(new_complex(cx, real, imag));
    }
    cx.alloc_for::<PyComplex>(class, |h| PyComplex { h, real, imag })
}

/// `a ** b` as complex numbers.
///
/// # Errors
/// `ZeroDivisionError`, `OverflowError`.
pub fn pow_parts(cx: &mut Cx, a: Parts, b: Parts) -> R {
    match arith::power(a, b) {
        None => Err(cx.zero_division("zero to a negative or complex power")),
        Some((x, y)) if x.is_infinite() || y.is_infinite() => {
            Err(cx.overflow_error("complex exponentiation"))
        }
        Some((x, y)) => Ok(new_complex(cx, x, y)),
    }
}
