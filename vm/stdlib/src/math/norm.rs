//! `hypot` and `dist`: the length of a vector, accurate to less than a unit in the last place.
//!
//! Coordinates are scaled by a power of two, squares and their sum are exact pairs, and the root is corrected by one step of
//! Newton's method on what the pairs say is missing (Borges, "An improved algorithm for hypot(a, b)", 2019).

use super::exact::{product, sum_ordered};
use super::libm::{frexp, ldexp};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

pub const FUNCTIONS: &[(&str, &str, NativeFn)] =
    &[("hypot", "($module, /, *coordinates)", Full(hypot)), ("dist", "($module, p, q, /)", Full(dist))];

fn hypot(cx: &mut Cx, a: Args<'_>) -> R {
    let items = a.varargs(cx, 0);
    let mut room = [0.0; 8];
    let mut many;
    let coordinates = match items.len() {
        n @ 0..=8 => &mut room[..n],
        n => {
            many = vec![0.0; n];
            &mut many[..]
        }
    };
    for (x, v) in coordinates.iter_mut().zip(items) {
        *x = cx.to_f64(*v)?.abs();
    }
    let length = length(coordinates);
    Ok(cx.float(length))
}

/// The items of a point: a tuple, or anything that can be iterated.
fn point(cx: &mut Cx, v: Ref<'_>) -> R<Obj> {
    if v.downcast::<PyTuple>(cx).is_some() {
        return Ok(v.own(cx));
    }
    let items = cx.collect(v)?;
    Ok(cx.tuple(items))
}

fn dist(cx: &mut Cx, a: Args<'_>) -> R {
    let (p, q) = (point(cx, a.get(0))?, point(cx, a.get(1))?);
    let (Some(p), Some(q)) = (p.downcast::<PyTuple>(cx), q.downcast::<PyTuple>(cx)) else {
        return Ok(cx.not_implemented());
    };
    if p.len() != q.len() {
        return Err(cx.value_error("both points must have the same number of dimensions"));
    }
    let mut differences = Vec::with_capacity(p.len());
    for (x, y) in p.items().iter().zip(q.items()) {
        let (x, y) = (cx.to_f64(*x)?, cx.to_f64(*y)?);
        differences.push((x - y).abs());
    }
    let length = length(&mut differences);
    Ok(cx.float(length))
}

/// The length of a vector of coordinates that are not negative.
fn length(coordinates: &mut [f64]) -> f64 {
    let (mut largest, mut nan) = (0.0f64, false);
    for &x in coordinates.iter() {
        nan |= x.is_nan();
        largest = largest.max(x);
    }
    if largest.is_infinite() {
        return largest;
    }
    if nan {
        return f64::NAN;
    }
    if largest == 0.0 || coordinates.len() < 2 {
        return largest;
    }
    let exponent = frexp(largest).1;
    if exponent < -1023 {
        // The power of two to scale by would be infinite.
        coordinates.iter_mut().for_each(|x| *x /= f64::MIN_POSITIVE);
        return f64::MIN_POSITIVE * length(coordinates);
    }
    scaled_length(coordinates, ldexp(1.0, -exponent as i64))
}

/// As [`length`], with the power of two that brings the largest coordinate below 1.
fn scaled_length(coordinates: &[f64], scale: f64) -> f64 {
    // Starting at 1, no square is larger than the sum, whose low parts are then exact.
    let (mut total, mut low_of_squares, mut low_of_sums) = (1.0, 0.0, 0.0);
    let mut add_product = |a: f64, b: f64| {
        let p = product(a, b);
        let s = sum_ordered(total, p.high);
        total = s.high;
        low_of_squares += p.low;
        low_of_sums += s.low;
        total - 1.0 + (low_of_squares + low_of_sums)
    };
    let mut squares = 0.0;
    for &x in coordinates {
        let x = x * scale;
        squares = add_product(x, x);
    }
    let root = squares.sqrt();
    let missing = add_product(-root, root);
    (root + missing / (2.0 * root)) / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_accurate_in_the_whole_range() {
        assert_eq!(length(&mut [3.0, 4.0]), 5.0);
        assert_eq!(length(&mut [3e300, 4e300]), 5e300);
        assert_eq!(length(&mut [5e-324 * 3.0, 5e-324 * 4.0]), 5e-324 * 5.0);
        assert_eq!(length(&mut [0.0, f64::INFINITY, f64::NAN]), f64::INFINITY);
        assert!(length(&mut [0.0, f64::NAN]).is_nan());
        assert_eq!(length(&mut [1.0; 16]), 4.0);
        assert_eq!(length(&mut [f64::MAX, f64::MAX]), f64::INFINITY);
    }
}
