//! Arithmetic of complex numbers as pairs of floats, with the rules of C's Annex G for infinities. Pure functions.

/// Real and imaginary part.
pub type Parts = (f64, f64);

pub fn add(a: Parts, b: Parts) -> Parts {
    (a.0 + b.0, a.1 + b.1)
}

pub fn sub(a: Parts, b: Parts) -> Parts {
    (a.0 - b.0, a.1 - b.1)
}

/// 1 for an infinity, else 0, with its sign.
fn boxed(x: f64) -> f64 {
    (x.is_infinite() as u8 as f64).copysign(x)
}

fn boxed_parts(a: Parts) -> Parts {
    (boxed(a.0), boxed(a.1))
}

/// Parts that are not numbers become zeros.
fn without_nan(a: Parts) -> Parts {
    let clean = |x: f64| if x.is_nan() { 0f64.copysign(x) } else { x };
    (clean(a.0), clean(a.1))
}

fn is_infinite(a: Parts) -> bool {
    a.0.is_infinite() || a.1.is_infinite()
}

fn is_finite(a: Parts) -> bool {
    a.0.is_finite() && a.1.is_finite()
}

fn is_nan(a: Parts) -> bool {
    a.0.is_nan() && a.1.is_nan()
}

/// The product. An infinite operand gives an infinite result though the plain formula may give no number.
pub fn mul(a: Parts, b: Parts) -> Parts {
    let plain = |a: Parts, b: Parts| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
    let result = plain(a, b);
    if !is_nan(result) {
        return result;
    }
    let (mut x, mut y) = (a, b);
    let mut again = false;
    if is_infinite(x) {
        (x, y, again) = (boxed_parts(x), without_nan(y), true);
    }
    if is_infinite(y) {
        (x, y, again) = (without_nan(x), boxed_parts(y), true);
    }
    if !again && [a.0 * b.0, a.1 * b.1, a.0 * b.1, a.1 * b.0].iter().any(|p| p.is_infinite()) {
        (x, y, again) = (without_nan(x), without_nan(y), true);
    }
    if !again {
        return result;
    }
    let (real, imag) = plain(x, y);
    (f64::INFINITY * real, f64::INFINITY * imag)
}

/// The quotient by Smith's method; `None` if the divisor is zero.
pub fn div(a: Parts, b: Parts) -> Option<Parts> {
    let result = if b.0.abs() >= b.1.abs() {
        if b.0 == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let by = b.0 + b.1 * ratio;
        ((a.0 + a.1 * ratio) / by, (a.1 - a.0 * ratio) / by)
    } else if b.1.abs() >= b.0.abs() {
        let ratio = b.0 / b.1;
        let by = b.0 * ratio + b.1;
        ((a.0 * ratio + a.1) / by, (a.1 * ratio - a.0) / by)
    } else {
        (f64::NAN, f64::NAN)
    };
    if !is_nan(result) {
        return Some(result);
    }
    let cross = |a: Parts, b: Parts| (a.0 * b.0 + a.1 * b.1, a.1 * b.0 - a.0 * b.1);
    Some(if is_infinite(a) && is_finite(b) {
        let (real, imag) = cross(boxed_parts(a), b);
        (f64::INFINITY * real, f64::INFINITY * imag)
    } else if is_infinite(b) && is_finite(a) {
        let (real, imag) = cross(a, boxed_parts(b));
        (0.0 * real, 0.0 * imag)
    } else {
        result
    })
}

/// A real number divided by a complex one; `None` if that is zero.
pub fn div_real(a: f64, b: Parts) -> Option<Parts> {
    let result = if b.0.abs() >= b.1.abs() {
        if b.0 == 0.0 {
            return None;
        }
        let ratio = b.1 / b.0;
        let by = b.0 + b.1 * ratio;
        (a / by, (-a * ratio) / by)
    } else if b.1.abs() >= b.0.abs() {
        let ratio = b.0 / b.1;
        let by = b.0 * ratio + b.1;
        ((a * ratio) / by, -a / by)
    } else {
        (f64::NAN, f64::NAN)
    };
    if is_nan(result) && a.is_finite() && is_infinite(b) {
        let (x, y) = boxed_parts(b);
        return Some((0.0 * (a * x), 0.0 * (-a * y)));
    }
    Some(result)
}

/// `a ** b`; `None` for zero to a negative or complex power.
pub fn power(a: Parts, b: Parts) -> Option<Parts> {
    // Small whole exponents by multiplication, which keeps exact results exact.
    const MOST: f64 = 100.0;
    if b.1 == 0.0 && b.0.floor() == b.0 && b.0.abs() <= MOST {
        let result = whole_power(a, b.0.abs() as u32);
        return if b.0 >= 0.0 { Some(result) } else { div((1.0, 0.0), result) };
    }
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

fn whole_power(a: Parts, n: u32) -> Parts {
    let (mut result, mut square, mut left) = ((1.0, 0.0), a, n);
    while left > 0 {
        if left & 1 != 0 {
            result = mul(result, square);
        }
        left >>= 1;
        if left > 0 {
            square = mul(square, square);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn infinite_operands_give_infinite_products() {
        assert_eq!(mul((1.0, 2.0), (3.0, 4.0)), (-5.0, 10.0));
        assert_eq!(mul((INF, INF), (INF, INF)).1, INF);
        let (real, imag) = mul((INF, f64::NAN), (f64::NAN, INF));
        assert!(real.is_infinite() || imag.is_infinite());
    }

    #[test]
    fn quotients_are_cpythons() {
        assert_eq!(div((1.0, 2.0), (3.0, 4.0)), Some((0.44, 0.08)));
        assert_eq!(div((1.0, 1.0), (0.0, 0.0)), None);
        assert_eq!(div((INF, 2.0), (1.0, 1.0)), Some((INF, -INF)));
        assert_eq!(div((1.0, 1.0), (INF, INF)), Some((0.0, 0.0)));
        let (real, imag) = div_real(1.0, (INF, 1.0)).unwrap();
        assert!(real == 0.0 && imag == 0.0 && imag.is_sign_negative());
    }

    #[test]
    fn powers_are_cpythons() {
        assert_eq!(power((1.0, 2.0), (2.0, 0.0)), Some((-3.0, 4.0)));
        assert_eq!(power((1.0, 2.0), (-2.0, 0.0)), Some((-0.12, -0.16)));
        assert_eq!(power((1.0, 2.0), (100.0, 0.0)), Some((-6.443164690985892e+34, -6.113241307762508e+34)));
        assert_eq!(power((0.0, 0.0), (-1.0, 0.0)), None);
        assert_eq!(power((0.0, 0.0), (0.0, 1.0)), None);
    }
}
