//! Binary and unary operators, truth, conversion to an index.

use crate::class::{Builtin, NumberHooks};
use crate::names::Special;
use crate::{Cx, Obj, R, Ref, Value};

macro_rules! binary_ops {
    ($($name:ident $forward:ident $reflected:ident $inplace:ident $symbol:literal,)*) => {
        /// A binary operator.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum BinaryOp { $($name,)* }

        impl BinaryOp {
            /// The special methods: forward, reflected, in-place.
            pub fn specials(self) -> (Special, Special, Special) {
                match self { $(BinaryOp::$name => (Special::$forward, Special::$reflected, Special::$inplace),)* }
            }

            /// As messages show it.
            pub fn symbol(self) -> &'static str {
                match self { $(BinaryOp::$name => $symbol,)* }
            }
        }
    };
}

binary_ops! {
    Add Add RAdd IAdd "+", Sub Sub RSub ISub "-", Mul Mul RMul IMul "*", TrueDiv TrueDiv RTrueDiv ITrueDiv "/",
    FloorDiv FloorDiv RFloorDiv IFloorDiv "//", Mod Mod RMod IMod "%", Pow Pow RPow IPow "** or pow()",
    MatMul MatMul RMatMul IMatMul "@", Shl Shl RShl IShl "<<", Shr Shr RShr IShr ">>", And And RAnd IAnd "&",
    Or Or ROr IOr "|", Xor Xor RXor IXor "^", DivMod DivMod RDivMod DivMod "divmod()",
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Neg,
    Pos,
    Invert,
    Abs,
}

impl Cx {
    /// `a op b`.
    ///
    /// # Errors
    /// `TypeError` if neither operand knows the operation, or what it raises.
    pub fn binary(&mut self, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> R {
        match self.try_binary(op, a, b)? {
            Some(result) => Ok(result),
            None => Err(self.unsupported(op.symbol(), a, b)),
        }
    }

    /// `a op= b`: the result to be bound.
    ///
    /// # Errors
    /// As [`Cx::binary`].
    pub fn binary_in_place(&mut self, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> R {
        let (_, _, in_place) = op.specials();
        if op != BinaryOp::DivMod
            && let Some(method) = self.class_of(a).special(self, in_place)
        {
            let result = self.call_special(method, a, &[b])?;
            if result.value() != Value::NOT_IMPLEMENTED {
                return Ok(result);
            }
        }
        match self.try_binary(op, a, b)? {
            Some(result) => Ok(result),
            None => Err(self.unsupported_in_place(op, a, b)),
        }
    }

    /// What a class of numbers has for these operands: two of its instances, or one and an immediate int.
    #[inline]
    pub(crate) fn number_hooks(&self, a: Ref<'_>, b: Ref<'_>) -> Option<&'static NumberHooks> {
        let (left, right) = (self.class_of(a), self.class_of(b));
        let class = if a.value().is_int() { right } else { left };
        let hooks = class.number.get()?;
        (std::ptr::eq(left, right) || a.value().is_int() || b.value().is_int()).then_some(hooks)
    }

    /// `a op b`, or `a op= b`, where the left operand went first and has declined.
    ///
    /// # Errors
    /// As [`Cx::binary`].
    pub fn binary_declined(&mut self, op: BinaryOp, in_place: bool, a: Ref<'_>, b: Ref<'_>) -> R {
        let (_, reflected, _) = op.specials();
        let (class_a, class_b) = (self.class_of(a), self.class_of(b));
        if !std::ptr::eq(class_a, class_b)
            && let Some(method) = class_b.special(self, reflected)
        {
            let result = self.call_special(method, b, &[a])?;
            if result.value() != Value::NOT_IMPLEMENTED {
                return Ok(result);
            }
        }
        match in_place {
            true => Err(self.unsupported_in_place(op, a, b)),
            false => Err(self.unsupported(op.symbol(), a, b)),
        }
    }

    fn unsupported_in_place(&mut self, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> crate::Err {
        let symbol = if op == BinaryOp::Pow { "**" } else { op.symbol() };
        self.unsupported(&format!("{symbol}="), a, b)
    }

    /// `None` if neither operand knows the operation.
    fn try_binary(&mut self, op: BinaryOp, a: Ref<'_>, b: Ref<'_>) -> R<Option<Obj>> {
        let (forward, reflected, _) = op.specials();
        let (class_a, class_b) = (self.class_of(a), self.class_of(b));
        let mut right = match std::ptr::eq(class_a, class_b) {
            true => None,
            false => class_b.special(self, reflected),
        };
        // The right operand goes first if its class derives from the left one's and overrides the method.
        if let Some(method) = right
            && class_b.is_subclass(class_a, self)
            && !class_a.special(self, reflected).is_some_and(|m| m.is(method))
        {
            let result = self.call_special(method, b, &[a])?;
            if result.value() != Value::NOT_IMPLEMENTED {
                return Ok(Some(result));
            }
            right = None;
        }
        for (method, left, other) in [(class_a.special(self, forward), a, b), (right, b, a)] {
            let Some(method) = method else { continue };
            let result = self.call_special(method, left, &[other])?;
            if result.value() != Value::NOT_IMPLEMENTED {
                return Ok(Some(result));
            }
        }
        // Sequences concatenate and repeat without numeric methods in CPython; here `__add__` and `__mul__` do it,
        // and `__rmul__` of the sequence serves `n * sequence`.
        Ok(None)
    }

    fn unsupported(&mut self, symbol: &str, a: Ref<'_>, b: Ref<'_>) -> crate::Err {
        let (ta, tb) = (self.type_name(a), self.type_name(b));
        if symbol == "+" || symbol == "+=" {
            for (class, noun) in [(Builtin::Str, "str"), (Builtin::List, "list"), (Builtin::Tuple, "tuple")] {
                if self.is_instance_of(a, class) {
                    return self.type_error(format!("can only concatenate {noun} (not \"{tb}\") to {noun}"));
                }
            }
            if self.is_instance_of(a, Builtin::Bytes) || self.is_instance_of(a, Builtin::ByteArray) {
                return self.type_error(format!("can't concat {tb} to {ta}"));
            }
        }
        if symbol == "*" || symbol == "*=" {
            let is_sequence = |cx: &Cx, v| {
                [Builtin::Str, Builtin::List, Builtin::Tuple, Builtin::Bytes, Builtin::ByteArray]
                    .iter()
                    .any(|&c| cx.is_instance_of(v, c))
            };
            let other = if is_sequence(self, a) { Some(&tb) } else { is_sequence(self, b).then_some(&ta) };
            if let Some(other) = other {
                return self.type_error(format!("can't multiply sequence by non-int of type '{other}'"));
            }
        }
        self.type_error(format!("unsupported operand type(s) for {symbol}: '{ta}' and '{tb}'"))
    }

    /// `-a`, `+a`, `~a`, `abs(a)`.
    ///
    /// # Errors
    /// `TypeError`, or what the method raises.
    pub fn unary(&mut self, op: UnaryOp, a: Ref<'_>) -> R {
        let (special, what) = match op {
            UnaryOp::Neg => (Special::Neg, "unary -"),
            UnaryOp::Pos => (Special::Pos, "unary +"),
            UnaryOp::Invert => (Special::Invert, "unary ~"),
            UnaryOp::Abs => (Special::Abs, "abs()"),
        };
        match self.class_of(a).special(self, special) {
            Some(method) => self.call_special(method, a, &[]),
            None => {
                let name = self.type_name(a);
                Err(self.type_error(format!("bad operand type for {what}: '{name}'")))
            }
        }
    }

    /// `bool(v)`.
    ///
    /// # Errors
    /// What `__bool__` or `__len__` raises.
    #[inline]
    pub fn truth(&mut self, v: Ref<'_>) -> R<bool> {
        match v.value() {
            Value::TRUE => Ok(true),
            Value::FALSE | Value::NONE => Ok(false),
            w if w.is_int() => Ok(w.int() != 0),
            _ => self.truth_slow(v),
        }
    }

    fn truth_slow(&mut self, v: Ref<'_>) -> R<bool> {
        if let Some(x) = v.value().as_float() {
            return Ok(x != 0.0);
        }
        if let Some(len) = crate::objects::iter::len_native(v) {
            return Ok(len != 0);
        }
        let class = self.class_of(v);
        if let Some(method) = class.special(self, Special::Bool) {
            let result = self.call_special(method, v, &[])?;
            return match result.value().as_bool() {
                Some(b) => Ok(b),
                None => {
                    let name = self.type_name(result.r());
                    Err(self.type_error(format!("__bool__ should return bool, returned {name}")))
                }
            };
        }
        match class.special(self, Special::Len) {
            Some(_) => Ok(self.len(v)? != 0),
            None => Ok(v.value() != Value::UNDEF),
        }
    }

    /// `operator.index(v)`: an int object (of exact or derived type as given).
    ///
    /// # Errors
    /// `TypeError` ("'x' object cannot be interpreted as an integer").
    pub fn index(&mut self, v: Ref<'_>) -> R {
        if v.value().is_int() || self.is_instance_of(v, Builtin::Int) {
            return Ok(v.own(self));
        }
        match self.class_of(v).special(self, Special::Index) {
            Some(method) => {
                let result = self.call_special(method, v, &[])?;
                if self.is_exactly(result.r(), Builtin::Int) {
                    return Ok(result);
                }
                let name = self.type_name(result.r());
                if self.is_instance_of(result.r(), Builtin::Int) {
                    let message = format!(
                        "__index__ returned non-int (type {name}).  The ability to return an instance of a strict \
                         subclass of int is deprecated, and may not be supported in a future version of Python."
                    );
                    crate::traceback::warn(self, Builtin::DeprecationWarning, &message)?;
                    return Ok(result);
                }
                Err(self.type_error(format!("__index__ returned non-int (type {name})")))
            }
            None => {
                let name = self.type_name(v);
                Err(self.type_error(format!("'{name}' object cannot be interpreted as an integer")))
            }
        }
    }

    /// An index as a machine word.
    ///
    /// # Errors
    /// `TypeError`, or an exception of class `overflow` ("cannot fit 'x' into an index-sized integer").
    pub fn index_isize(&mut self, v: Ref<'_>, overflow: Builtin) -> R<isize> {
        if let Some(i) = v.value().as_int() {
            return Ok(i as isize);
        }
        let index = self.index(v)?;
        match crate::objects::int::to_i64(self, index.r()) {
            Some(i) => Ok(i as isize),
            None => {
                let name = self.type_name(v);
                Err(self.error(overflow, &format!("cannot fit '{name}' into an index-sized integer")))
            }
        }
    }

    /// An index that is an argument of a method.
    ///
    /// # Errors
    /// `TypeError`, or `OverflowError` for one beyond a machine word.
    pub fn index_argument(&mut self, v: Ref<'_>) -> R<isize> {
        if let Some(i) = v.value().as_int() {
            return Ok(i as isize);
        }
        let index = self.index(v)?;
        match crate::objects::int::to_i64(self, index.r()) {
            Some(i) => Ok(i as isize),
            None => Err(self.overflow_error("Python int too large to convert to C ssize_t")),
        }
    }

    /// An index as a machine word, clamped to its range (for slices).
    ///
    /// # Errors
    /// `TypeError`.
    pub fn index_clamped(&mut self, v: Ref<'_>) -> R<isize> {
        if let Some(i) = v.value().as_int() {
            return Ok(i as isize);
        }
        let index = self.index(v)?;
        Ok(match crate::objects::int::to_i64(self, index.r()) {
            Some(i) => i as isize,
            None if crate::objects::int::is_negative(self, index.r()) => isize::MIN,
            None => isize::MAX,
        })
    }

    /// A C `int` or `Py_ssize_t` argument.
    ///
    /// # Errors
    /// `TypeError` or `OverflowError` ("Python int too large to convert to C long").
    pub fn to_i64(&mut self, v: Ref<'_>) -> R<i64> {
        let index = self.index(v)?;
        match crate::objects::int::to_i64(self, index.r()) {
            Some(i) => Ok(i),
            None => Err(self.overflow_error("Python int too large to convert to C long")),
        }
    }

    /// A C `double` argument (`__float__`, then `__index__`).
    ///
    /// # Errors
    /// `TypeError` ("must be real number, not x").
    pub fn to_f64(&mut self, v: Ref<'_>) -> R<f64> {
        match v.value() {
            w if w.is_float() => Ok(w.float()),
            w if w.is_int() => Ok(w.int() as f64),
            _ => crate::objects::float::as_f64(self, v),
        }
    }
}
