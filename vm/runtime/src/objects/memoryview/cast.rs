//! `memoryview.cast`: the same memory as items of another format or in another shape.

use super::{PyMemoryView, item};
use crate::objects::buffer::View;
use crate::objects::list::PyList;
use crate::objects::str::args::expect_str;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use std::borrow::Cow;

const NATIVE: &str = "format must be a native single character format prefixed with an optional '@'";

fn is_byte(code: u8) -> bool {
    matches!(code, b'b' | b'B' | b'c')
}

/// The strides of items that lie in C order.
fn strides_of(shape: &[usize], item_size: usize) -> Vec<isize> {
    let mut stride = item_size as isize;
    let mut strides: Vec<isize> = shape
        .iter()
        .rev()
        .map(|&n| {
            let own = stride;
            stride = own.wrapping_mul(n as isize);
            own
        })
        .collect();
    strides.reverse();
    strides
}

/// The argument `shape`.
fn shape_argument(cx: &mut Cx, v: Ref<'_>) -> R<Vec<usize>> {
    if v.downcast::<PyList>(cx).is_none() && v.downcast::<PyTuple>(cx).is_none() {
        return Err(cx.type_error("shape must be a list or a tuple"));
    }
    let mut shape = Vec::new();
    for n in cx.collect(v)? {
        if !cx.is_instance_of(n.r(), Builtin::Int) {
            return Err(cx.type_error("memoryview.cast(): elements of shape must be integers"));
        }
        match cx.index_isize(n.r(), Builtin::OverflowError)? {
            n @ 1.. => shape.push(n as usize),
            _ => return Err(cx.value_error("memoryview.cast(): elements of shape must be integers > 0")),
        }
    }
    Ok(shape)
}

pub(super) fn cast(cx: &mut Cx, a: Args<'_>) -> R {
    let view = a.this::<PyMemoryView>();
    let (old_code, contiguous, ndim, len, has_zero) = view.with(cx, |s| {
        let v = &s.view;
        (s.code, v.is_c_contiguous(), v.shape.len(), v.len, v.shape.contains(&0))
    })?;
    let format = expect_str(cx, a.get(1), "cast() argument 'format'")?.to_string_lossy();
    let shape = a.opt_not_none(2).map(|v| shape_argument(cx, v)).transpose()?;
    if !contiguous {
        return Err(cx.type_error("memoryview: casts are restricted to C-contiguous views"));
    }
    if (shape.is_some() || ndim != 1) && has_zero {
        return Err(cx.type_error("memoryview: cannot cast view with zeros in shape or strides"));
    }
    if shape.as_ref().is_some_and(|shape| shape.len() != 1) && ndim != 1 {
        return Err(cx.type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
    }
    let code = item::code_of(&format);
    if code == 0 {
        return Err(cx.value_error(format!("memoryview: destination {NATIVE}")));
    }
    if !is_byte(code) && !is_byte(old_code) {
        return Err(cx.type_error("memoryview: cannot cast between two non-byte formats"));
    }
    let item_size = item::size(code);
    if len % item_size != 0 {
        return Err(cx.type_error("memoryview: length is not a multiple of itemsize"));
    }
    let shape = shape.unwrap_or_else(|| vec![len / item_size]);
    let product = shape.iter().try_fold(item_size, |product, &n| product.checked_mul(n));
    if product != Some(len) {
        return Err(cx.type_error("memoryview: product(shape) * itemsize != buffer size"));
    }
    let strides = strides_of(&shape, item_size);
    view.derive(cx, None, |old| View { item_size, format: Cow::Owned(format), shape, strides, ..old })
}

#[cfg(test)]
mod tests {
    #[test]
    fn strides_are_those_of_c() {
        assert_eq!(super::strides_of(&[2, 3, 4], 8), [96, 32, 8]);
        assert_eq!(super::strides_of(&[], 8), []);
    }
}
