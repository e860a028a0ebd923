//! `complex`.
//!
//! Complex numbers never change once they are made, so nothing here takes a lock.

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
    needs_finalizer: |_| false,
};

/// Real and imaginary part.
pub type Parts = (f64, f64);

/// A new complex number.
pub fn new_complex(cx: &Cx, real: f64, imag: f64) -> Obj {
    cx.alloc(Builtin::Complex, |h| PyComplex { h, real, imag })
}

/// `a ** b` as complex numbers.
///
/// # Errors
/// `ZeroDivisionError`, `OverflowError`.
pub fn pow_parts(cx: &mut Cx, a: Parts, b: Parts) -> R {
    match power(a, b) {
        None => Err(cx.zero_division("zero to a negative or complex power")),
        Some((x, y)) if x.is_infinite() || y.is_infinite() => {
            Err(cx.overflow_error("complex exponentiation"))
        }
        Some((x, y)) => Ok(new_complex(cx, x, y)),
    }
}

/// `None` for zero to a negative or complex power.
fn power(a: Parts, b: Parts) -> Option<Parts> {
    if b == (0.0, 0.0) {
        return Some((1.0, 0.0));
    }
    if a == (0.0, 0.0) {
        return (b.1 == 0.0 && b.0 >= 0.0).then_some((0.0, 0.0));
    }
    let distance = a.0.hypot(a.1);
    let mut length = distance.powf(b.0);
    let angle = a.1.atan2(a.0);
    let mut phase = angle * b.0;
    if b.1 != 0.0 {
        length *= (-angle * b.1).exp();
        phase += b.1 * distance.ln();
    }
    Some((length * phase.cos(), length * phase.sin()))
}
