//! Rich comparison, identity-or-equality, hashing.

use super::quick;
use crate::class::Builtin;
use crate::names::Special;
use crate::native::Args;
use crate::objects::{list, tuple};
use crate::{Cx, Obj, R, Ref, Value};

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

impl CompareOp {
    /// The special method.
    pub fn special(self) -> Special {
        match self {
            CompareOp::Lt => Special::Lt,
            CompareOp::Le => Special::Le,
            CompareOp::Eq => Special::Eq,
            CompareOp::Ne => Special::Ne,
            CompareOp::Gt => Special::Gt,
            CompareOp::Ge => Special::Ge,
        }
    }

    /// The operator with its operands swapped.
    pub fn swapped(self) -> CompareOp {
        match self {
            CompareOp::Lt => CompareOp::Gt,
            CompareOp::Le => CompareOp::Ge,
            CompareOp::Gt => CompareOp::Lt,
            CompareOp::Ge => CompareOp::Le,
            same => same,
        }
    }

    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Eq => "==",
            CompareOp::Ne => "!=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }

    /// Whether what may be an ordering satisfies the operator: what is unordered is unequal, and nothing else.
    #[inline]
    pub fn holds_if_any(self, ordering: Option<std::cmp::Ordering>) -> bool {
        ordering.map_or(self == CompareOp::Ne, |ordering| self.holds(ordering))
    }

    /// Whether an ordering satisfies the operator.
    #[inline]
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            CompareOp::Lt => ordering.is_lt(),
            CompareOp::Le => ordering.is_le(),
            CompareOp::Eq => ordering.is_eq(),
            CompareOp::Ne => ordering.is_ne(),
            CompareOp::Gt => ordering.is_gt(),
            CompareOp::Ge => ordering.is_ge(),
        }
    }
}

impl Cx {
    /// `a op b`, the result as the method gives it.
    ///
    /// # Errors
    /// `TypeError` if an order is asked for and neither operand knows it, or what a method raises.
    pub fn compare(&mut self, op: CompareOp, a: Ref<'_>, b: Ref<'_>) -> R {
        if let Some(holds) = quick::compare(self, op, a, b) {
            return Ok(self.bool(holds));
        }
        if quick::are_sequences(a, b) {
            return self.compare_sequences(op, a, b);
        }
        if let Some(hooks) = self.number_hooks(a, b)
            && let Some(result) = (hooks.compare)(self, op, a, b)
        {
            return result.map(|holds| self.bool(holds));
        }
        self.recursing(" in comparison", |cx| cx.compare_slow(op, a, b))
    }

    /// `a op b` of two exact tuples or two exact lists: their classes know a method, and no other one comes first.
    fn compare_sequences(&mut self, op: CompareOp, a: Ref<'_>, b: Ref<'_>) -> R {
        let args = [a.value(), b.value()];
        self.recursing(" in comparison", |cx| match cx.is_exactly(a, Builtin::Tuple) {
            true => tuple::methods::compare(cx, Args::new(&args), op),
            false => list::methods::compare(cx, Args::new(&args), op),
        })
    }

    /// Calls a comparison method. One that cannot be bound to the object counts as one that is not there.
    fn call_comparison(&mut self, method: Ref<'static>, v: Ref<'_>, other: Ref<'_>) -> R {
        if self.is_exactly(method, Builtin::Function) || self.is_exactly(method, Builtin::WrapperDescriptor) {
            return self.call_special(method, v, &[other]);
        }
        match self.bind_special(method, v) {
            Ok(bound) => self.call(bound.r(), &[other]),
            Err(err) if self.is_error(&err, Builtin::AttributeError) => Ok(self.not_implemented()),
            Err(err) => Err(err),
        }
    }

    fn compare_slow(&mut self, op: CompareOp, a: Ref<'_>, b: Ref<'_>) -> R {
        let (class_a, class_b) = (self.class_of(a), self.class_of(b));
        let swapped = op.swapped();
        let mut right = class_b.special(self, swapped.special());
        if !std::ptr::eq(class_a, class_b)
            && let Some(method) = right
            && class_b.is_subclass(class_a, self)
        {
            let result = self.call_comparison(method, b, a)?;
            if result.value() != Value::NOT_IMPLEMENTED {
                return Ok(result);
            }
            right = None;
        }
        if let Some(method) = class_a.special(self, op.special()) {
            let result = self.call_comparison(method, a, b)?;
            if result.value() != Value::NOT_IMPLEMENTED {
                return Ok(result);
            }
        }
        self.compare_right(op, right, a, b)
    }

    /// What `a op b` gives when the left operand, asked first, does not know.
    ///
    /// # Errors
    /// As [`Cx::compare`].
    pub fn comparison_declined(&mut self, op: CompareOp, a: Ref<'_>, b: Ref<'_>) -> R {
        let right = self.class_of(b).special(self, op.swapped().special());
        self.recursing(" in comparison", |cx| cx.compare_right(op, right, a, b))
    }

    /// Asks the right operand, if there is a method, and knows what it means if it does not know either.
    fn compare_right(&mut self, op: CompareOp, right: Option<Ref<'static>>, a: Ref<'_>, b: Ref<'_>) -> R {
        if let Some(method) = right {
            let result = self.call_comparison(method, b, a)?;
            if result.value() != Value::NOT_IMPLEMENTED {
                return Ok(result);
            }
        }
        match op {
            CompareOp::Eq => Ok(self.bool(a.is(b))),
            CompareOp::Ne => Ok(self.bool(!a.is(b))),
            _ => {
                let (ta, tb) = (self.type_name(a), self.type_name(b));
                let symbol = op.symbol();
                Err(self
                    .type_error(format!("'{symbol}' not supported between instances of '{ta}' and '{tb}'")))
            }
        }
    }

    /// Truth of `a op b`.
    ///
    /// # Errors
    /// As [`Cx::compare`].
    pub fn compare_bool(&mut self, op: CompareOp, a: Ref<'_>, b: Ref<'_>) -> R<bool> {
        if let Some(holds) = quick::compare(self, op, a, b) {
            return Ok(holds);
        }
        if quick::are_sequences(a, b) {
            let result = self.compare_sequences(op, a, b)?;
            return self.truth(result.r());
        }
        if let Some(hooks) = self.number_hooks(a, b)
            && let Some(result) = (hooks.compare)(self, op, a, b)
        {
            return result;
        }
        let result = self.recursing(" in comparison", |cx| cx.compare_slow(op, a, b))?;
        self.truth(result.r())
    }

    /// `a is b or a == b`, as containers compare their items.
    ///
    /// # Errors
    /// What `__eq__` raises.
    #[inline]
    pub fn equal(&mut self, a: Ref<'_>, b: Ref<'_>) -> R<bool> {
        if a.is(b) && !a.value().is_float() {
            return Ok(true);
        }
        if a.value().is_int() && b.value().is_int() {
            return Ok(false);
        }
        if let Some(equal) = crate::objects::str::equal_if_both_str(self, a, b) {
            return Ok(equal);
        }
        // A NaN is one object wherever it goes in CPython as long as it is not computed again: identity of the word.
        if a.is(b) {
            return Ok(true);
        }
        self.compare_bool(CompareOp::Eq, a, b)
    }

    /// `hash(v)`.
    ///
    /// # Errors
    /// `TypeError` ("unhashable type: 'list'"), or what `__hash__` raises.
    pub fn hash(&mut self, v: Ref<'_>) -> R<i64> {
        if let Some(hash) = crate::objects::hash::known_hash(self, v) {
            return Ok(hash);
        }
        let class = self.class_of(v);
        match class.special(self, Special::Hash) {
            Some(method) if !method.value().is_none() => {
                let result = self.call_special(method, v, &[])?;
                if let Some(i) = result.value().as_int() {
                    return Ok(if i == -1 { -2 } else { i });
                }
                crate::objects::hash::from_result(self, result)
            }
            _ => {
                let name = self.type_name(v);
                Err(self.type_error(format!("unhashable type: '{name}'")))
            }
        }
    }

    /// Calls a special method found on the class: binds it to `this` as the descriptor protocol says.
    ///
    /// # Errors
    /// What it raises.
    #[inline]
    pub fn call_special(&mut self, method: Ref<'_>, this: Ref<'_>, args: &[Ref<'_>]) -> R {
        match *args {
            [] => self.call_unbound(method, this, &[this.value()]),
            [a] => self.call_unbound(method, this, &[this.value(), a.value()]),
            [a, b] => self.call_unbound(method, this, &[this.value(), a.value(), b.value()]),
            _ => {
                let all: Vec<Value> =
                    std::iter::once(this.value()).chain(args.iter().map(|a| a.value())).collect();
                self.call_unbound(method, this, &all)
            }
        }
    }

    /// Calls a descriptor's `__get__`. It gets the descriptor as its first argument whatever it is, without being bound.
    ///
    /// # Errors
    /// What it raises.
    pub fn call_get(&mut self, get: Ref<'_>, descriptor: Ref<'_>, obj: Ref<'_>, class: Ref<'_>) -> R {
        self.call_values(get, &[descriptor.value(), obj.value(), class.value()], None)
    }

    /// As [`Cx::call_special`] for a special method by number; `None` if the class has none.
    ///
    /// # Errors
    /// What it raises.
    pub fn try_special(&mut self, which: Special, this: Ref<'_>, args: &[Ref<'_>]) -> R<Option<Obj>> {
        match self.class_of(this).special(self, which) {
            Some(method) => self.call_special(method, this, args).map(Some),
            None => Ok(None),
        }
    }
}
