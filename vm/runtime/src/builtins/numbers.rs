//! Builtins that compute: arithmetic, extremes, sums, truth of many.

use crate::objects::complex::PyComplex;
use crate::ops::iterate::plain_words;
use crate::ops::{BinaryOp, UnaryOp};
use crate::prelude::*;

/// Name, signature, body.
pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("abs", "($module, number, /)", Full(abs)),
    ("divmod", "($module, x, y, /)", Full(divmod)),
    ("pow", "($module, base, exp, mod=None)", Full(pow)),
    ("round", "($module, number, ndigits=None)", Full(round)),
    ("sum", "($module, iterable, /, start=0)", Full(sum)),
    (
        "min",
        "($module, /, *args, key=None, default=<unrepresentable>)",
        Varied(|cx, a| extreme_of(cx, a, CompareOp::Lt), |cx, a| extreme(cx, a, "min", CompareOp::Lt)),
    ),
    (
        "max",
        "($module, /, *args, key=None, default=<unrepresentable>)",
        Varied(|cx, a| extreme_of(cx, a, CompareOp::Gt), |cx, a| extreme(cx, a, "max", CompareOp::Gt)),
    ),
    ("any", "($module, iterable, /)", Full(any)),
    ("all", "($module, iterable, /)", Full(all)),
    ("sorted", "($module, iterable, /, *, key=None, reverse=False)", Full(sorted)),
    ("bin", "($module, number, /)", Full(|cx, a| in_base(cx, a, "#b"))),
    ("oct", "($module, number, /)", Full(|cx, a| in_base(cx, a, "#o"))),
    ("hex", "($module, number, /)", Full(|cx, a| in_base(cx, a, "#x"))),
];

fn abs(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(0).value();
    match (v.as_int(), v.as_float()) {
        (Some(i), _) => Ok(cx.int(i.abs())),
        (_, Some(x)) => Ok(cx.float(x.abs())),
        _ => cx.unary(UnaryOp::Abs, a.get(0)),
    }
}

fn pow(cx: &mut Cx, a: Args<'_>) -> R {
    match a.opt_not_none(2) {
        None => cx.binary(BinaryOp::Pow, a.get(0), a.get(1)),
        Some(modulus) => {
            let mut order = [(Special::Pow, a.get(0), a.get(1)), (Special::RPow, a.get(1), a.get(0))];
            let (left, right) = (cx.class_of(a.get(0)), cx.class_of(a.get(1)));
            if !std::ptr::eq(left, right)
                && right.is_subclass(left, cx)
                && !right.same_special(cx, left, Special::RPow)
            {
                order.swap(0, 1);
            }
            for (special, this, other) in order {
                if let Some(result) = cx.try_special(special, this, &[other, modulus])?
                    && result.value() != Value::NOT_IMPLEMENTED
                {
                    return Ok(result);
                }
            }
            let by_modulus = cx.vm.hooks.power_by_modulus.get();
            if let Some(f) = by_modulus
                && let Some(result) = f(cx, a.get(0), a.get(1), modulus)?
            {
                return Ok(result);
            }
            let of = |which| [a.get(0), a.get(1), modulus].iter().any(|v| cx.is_instance_of(*v, which));
            if of(Builtin::Float) {
                let message = "pow() 3rd argument not allowed unless all arguments are integers";
                return Err(cx.type_error(message));
            }
            if of(Builtin::Complex) {
                return Err(cx.value_error("complex modulo"));
            }
            let names = [a.get(0), a.get(1), modulus].map(|v| cx.type_name(v));
            let [x, y, z] = names;
            Err(cx.type_error(format!("unsupported operand type(s) for ** or pow(): '{x}', '{y}', '{z}'")))
        }
    }
}

fn divmod(cx: &mut Cx, a: Args<'_>) -> R {
    if let (Some(x), Some(y)) = (a.get(0).value().as_int(), a.get(1).value().as_int())
        && y > 0
    {
        let (quotient, rest) = (x.div_euclid(y), x.rem_euclid(y));
        let pair = [cx.int(quotient), cx.int(rest)];
        return Ok(crate::objects::tuple::new_tuple_from_array(cx, pair));
    }
    cx.binary(BinaryOp::DivMod, a.get(0), a.get(1))
}

fn round(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(method) = cx.class_of(a.get(0)).special(cx, Special::Round) else {
        let name = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("type {name} doesn't define __round__ method")));
    };
    match a.opt_not_none(1) {
        Some(digits) => cx.call_special(method, a.get(0), &[digits]),
        None => cx.call_special(method, a.get(0), &[]),
    }
}

/// Sum with compensation for floats as CPython has it since 3.12 (Neumaier).
fn sum(cx: &mut Cx, a: Args<'_>) -> R {
    let mut total = match a.opt(1) {
        None => cx.int(0),
        Some(start) => {
            for (class, name, hint) in [
                (Builtin::Str, "strings", "''.join(seq)"),
                (Builtin::Bytes, "bytes", "b''.join(seq)"),
                (Builtin::ByteArray, "bytearray", "b''.join(seq)"),
            ] {
                if cx.is_instance_of(start, class) {
                    return Err(cx.type_error(format!("sum() can't sum {name} [use {hint} instead]")));
                }
            }
            start.own(cx)
        }
    };
    let small = sum_of_small(cx, a.get(0), &mut total)?;
    // Holds the total as long as only floats, ints and complex numbers were added to a float or complex number.
    let mut exact = Compensated::of(cx, total.r());
    cx.for_each_after(a.get(0), small, |cx, item| {
        if let (Some(x), Some(y)) = (total.value().as_int(), item.value().as_int()) {
            total = cx.int(x + y);
            return Ok(true);
        }
        if let Some(sum) = &mut exact {
            if sum.add(cx, item.r()) {
                return Ok(true);
            }
            total = sum.total(cx);
            exact = None;
        }
        total = cx.binary(BinaryOp::Add, total.r(), item.r())?;
        exact = Compensated::of(cx, total.r());
        Ok(true)
    })?;
    Ok(exact.map_or(total, |sum| sum.total(cx)))
}

/// Adds the small ints that a list or tuple begins with to a total that is one: how many there are.
fn sum_of_small(cx: &mut Cx, items: Ref<'_>, total: &mut Obj) -> R<usize> {
    /// So few that their sum is an `i64`, and that a signal need not wait.
    const AT_ONCE: usize = 4096;
    let mut done = 0;
    while let Some(before) = total.value().as_int() {
        let (mut sum, mut count) = (before, 0);
        let words = plain_words(cx, items).get(done..).unwrap_or_default();
        for word in words.iter().take(AT_ONCE) {
            let Some(n) = word.as_int() else { break };
            sum += n;
            count += 1;
        }
        *total = cx.int(sum);
        done += count;
        if count < AT_ONCE {
            break;
        }
        cx.poll()?;
    }
    Ok(done)
}

/// A sum of floats with what rounding has lost (Neumaier).
#[derive(Clone, Copy, Default)]
struct Part {
    sum: f64,
    lost: f64,
}

impl Part {
    fn add(&mut self, x: f64) {
        let next = self.sum + x;
        self.lost += if self.sum.abs() >= x.abs() { (self.sum - next) + x } else { (x - next) + self.sum };
        self.sum = next;
    }

    fn value(self) -> f64 {
        if self.lost != 0.0 && self.lost.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// A total that is a float, or a complex number if there is an imaginary part.
struct Compensated {
    real: Part,
    imaginary: Option<Part>,
}

impl Compensated {
    /// The beginning of a sum, if it is with a float or a complex number.
    fn of(cx: &Cx, v: Ref<'_>) -> Option<Compensated> {
        if let Some(x) = v.value().as_float() {
            return Some(Compensated { real: Part { sum: x, lost: 0.0 }, imaginary: None });
        }
        let z = v.downcast::<PyComplex>(cx).filter(|_| cx.is_exactly(v, Builtin::Complex))?;
        let part = |x| Part { sum: x, lost: 0.0 };
        Some(Compensated { real: part(z.real), imaginary: Some(part(z.imag)) })
    }

    /// Adds a number, if it is of a kind that this can add.
    fn add(&mut self, cx: &Cx, v: Ref<'_>) -> bool {
        match v.value() {
            x if x.is_float() => self.real.add(x.float()),
            n if n.is_int() => self.real.add(n.int() as f64),
            _ => {
                let z = v.downcast::<PyComplex>(cx).filter(|_| cx.is_exactly(v, Builtin::Complex));
                let (Some(imaginary), Some(z)) = (&mut self.imaginary, z) else { return false };
                self.real.add(z.real);
                imaginary.add(z.imag);
            }
        }
        true
    }

    fn total(&self, cx: &mut Cx) -> Obj {
        match self.imaginary {
            None => cx.float(self.real.value()),
            Some(imaginary) => crate::objects::complex::new_complex(cx, self.real.value(), imaginary.value()),
        }
    }
}

/// The best of several arguments.
fn extreme_of(cx: &mut Cx, a: Args<'_>, better: CompareOp) -> Option<R> {
    let (&first, rest) = a.refs().split_first().filter(|(_, rest)| !rest.is_empty())?;
    let mut best = first;
    for &item in rest {
        match cx.compare_bool(better, item, best) {
            Ok(true) => best = item,
            Ok(false) => {}
            Err(err) => return Some(Err(err)),
        }
    }
    Some(Ok(best.own(cx)))
}

fn extreme(cx: &mut Cx, a: Args<'_>, name: &str, better: CompareOp) -> R {
    // Window: key, default, then the tuple of positional arguments.
    let args = a.varargs(cx, 2);
    let (key, default) = (a.opt_not_none(0), a.opt(1));
    let mut best = Best { key, better, found: None };
    match args {
        [] => return Err(cx.type_error(format!("{name} expected at least 1 argument, got 0"))),
        [iterable] => {
            cx.for_each(*iterable, |cx, item| {
                best.consider(cx, item)?;
                Ok(true)
            })?;
        }
        many => {
            if default.is_some() {
                return Err(cx.type_error(format!(
                    "Cannot specify a default for {name}() with multiple positional arguments"
                )));
            }
            for item in many {
                best.consider(cx, item.own(cx))?;
                cx.poll()?;
            }
        }
    }
    match (best.found, default) {
        (Some((item, _)), _) => Ok(item),
        (None, Some(default)) => Ok(default.own(cx)),
        (None, None) => Err(cx.value_error(format!("{name}() iterable argument is empty"))),
    }
}

/// The best item so far.
struct Best<'a> {
    key: Option<Ref<'a>>,
    better: CompareOp,
    /// The item, and its rank if there is a key function.
    found: Option<(Obj, Option<Obj>)>,
}

impl Best<'_> {
    #[inline]
    fn consider(&mut self, cx: &mut Cx, item: Obj) -> R<()> {
        let rank = match self.key {
            Some(key) => Some(cx.call(key, &[item.r()])?),
            None => None,
        };
        let wins = match &self.found {
            None => true,
            Some((best, best_rank)) => {
                let (new, old) = (rank.as_ref().unwrap_or(&item).r(), best_rank.as_ref().unwrap_or(best).r());
                match (new.value().as_int(), old.value().as_int()) {
                    (Some(new), Some(old)) => self.better.holds(new.cmp(&old)),
                    _ => cx.compare_bool(self.better, new, old)?,
                }
            }
        };
        if wins {
            self.found = Some((item, rank));
        }
        Ok(())
    }
}

fn any(cx: &mut Cx, a: Args<'_>) -> R {
    let mut found = false;
    cx.for_each(a.get(0), |cx, item| {
        found = cx.truth(item.r())?;
        Ok(!found)
    })?;
    Ok(cx.bool(found))
}

fn all(cx: &mut Cx, a: Args<'_>) -> R {
    let mut holds = true;
    cx.for_each(a.get(0), |cx, item| {
        holds = cx.truth(item.r())?;
        Ok(holds)
    })?;
    Ok(cx.bool(holds))
}

fn sorted(cx: &mut Cx, a: Args<'_>) -> R {
    let items = cx.collect(a.get(0))?;
    let list = cx.list(items);
    let reverse = match a.opt(2) {
        Some(v) => cx.truth(v)?,
        None => false,
    };
    // SAFETY: made as a list just now.
    let payload = unsafe { list.cast_unchecked() };
    crate::objects::list::sort::sort(cx, payload, a.opt_not_none(1), reverse)?;
    Ok(list)
}

fn in_base(cx: &mut Cx, a: Args<'_>, spec: &str) -> R {
    let index = cx.index(a.get(0))?;
    let plain = crate::objects::int::to_exact(cx, index);
    let spec = cx.str(spec);
    cx.format(plain.r(), spec.r())
}
