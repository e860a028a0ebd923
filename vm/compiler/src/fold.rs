//! Constant folding: what CPython's AST optimizer computes at compile time, with the same limits on size.

use crate::compiler::Compiler;
use crate::constant::{big, int, truth};
use crate::scope::address;
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};
use ruff_python_ast::{Expr, ExprBinOp, Operator, UnaryOp};
use ungil_bytecode::Const;

/// Folded ints have at most this many bits, where a fold could make them large.
const MAX_INT_BITS: u64 = 128;
const MAX_STR_SIZE: usize = 4096;
const MAX_COLLECTION_SIZE: usize = 256;

impl Compiler<'_> {
    /// The value of an expression that is known now.
    pub fn constant(&mut self, expr: &Expr) -> Option<Const> {
        match expr {
            Expr::NoneLiteral(_) => Some(Const::None),
            Expr::BooleanLiteral(node) => Some(if node.value { Const::True } else { Const::False }),
            Expr::EllipsisLiteral(_) => Some(Const::Ellipsis),
            Expr::NumberLiteral(node) => self.number(node).ok(),
            Expr::StringLiteral(node) => Some(self.string(&node.value)),
            Expr::BytesLiteral(node) => Some(self.bytes(&node.value)),
            Expr::Name(node) if node.id == "__debug__" && node.ctx.is_load() => {
                Some(if self.options.optimize > 0 { Const::False } else { Const::True })
            }
            Expr::Tuple(_) | Expr::UnaryOp(_) | Expr::BinOp(_) => self.compound_constant(expr),
            _ => None,
        }
    }

    fn compound_constant(&mut self, expr: &Expr) -> Option<Const> {
        let key = if let Expr::BinOp(node) = expr { node_address(node) } else { address(expr) };
        if self.not_constant.contains(&key) {
            return None;
        }
        let value = match expr {
            Expr::Tuple(node) if node.ctx.is_load() => {
                node.elts.iter().map(|item| self.constant(item)).collect::<Option<Vec<_>>>().map(Const::Tuple)
            }
            Expr::UnaryOp(node) => self.constant(&node.operand).and_then(|operand| unary(node.op, &operand)),
            Expr::BinOp(node) => self.binary_constant(node),
            _ => None,
        };
        if value.is_none() {
            self.not_constant.insert(key);
        }
        value
    }

    /// Walks down the left spine without recursion: long sums are common in generated code.
    fn binary_constant(&mut self, node: &ExprBinOp) -> Option<Const> {
        let mut spine = vec![node];
        let mut leftmost = &*node.left;
        while let Expr::BinOp(inner) = leftmost {
            if self.not_constant.contains(&node_address(inner)) {
                self.not_constant.extend(spine.iter().map(|outer| node_address(outer)));
                return None;
            }
            spine.push(inner);
            leftmost = &inner.left;
        }
        let mut value = self.constant(leftmost);
        while let Some(node) = spine.pop() {
            let right = self.constant(&node.right);
            value = value.zip(right).and_then(|(left, right)| binary(node.op, &left, &right));
            if value.is_none() {
                // Nothing further out is constant either.
                self.not_constant.insert(node_address(node));
                self.not_constant.extend(spine.iter().map(|outer| node_address(outer)));
                return None;
            }
        }
        value
    }
}

/// The key of the expression that a binary operation is the inside of.
fn node_address(node: &ExprBinOp) -> usize {
    address(node)
}

fn unary(op: UnaryOp, operand: &Const) -> Option<Const> {
    Some(match (op, operand) {
        (UnaryOp::Not, value) => {
            if truth(value) {
                Const::False
            } else {
                Const::True
            }
        }
        (UnaryOp::USub, Const::Float(x)) => Const::Float(-x),
        (UnaryOp::USub, Const::Complex { real, imag }) => Const::Complex { real: -real, imag: -imag },
        (UnaryOp::UAdd, Const::Float(_) | Const::Complex { .. }) => operand.clone(),
        (UnaryOp::USub, value) => int(&-big(value)?),
        (UnaryOp::UAdd, value) => int(&big(value)?),
        (UnaryOp::Invert, value) => int(&!big(value)?),
    })
}

fn binary(op: Operator, left: &Const, right: &Const) -> Option<Const> {
    if let (Some(left), Some(right)) = (big(left), big(right)) {
        return ints(op, &left, &right);
    }
    match (left, right) {
        (Const::Complex { .. }, _) | (_, Const::Complex { .. }) => complex(op, left, right),
        (Const::Float(_) | Const::Int(_), Const::Float(_) | Const::Int(_)) => {
            floats(op, float(left)?, float(right)?)
        }
        _ => sequences(op, left, right),
    }
}

fn ints(op: Operator, left: &BigInt, right: &BigInt) -> Option<Const> {
    Some(int(&match op {
        Operator::Add => left + right,
        Operator::Sub => left - right,
        Operator::Mult if left.bits() + right.bits() <= MAX_INT_BITS => left * right,
        Operator::BitAnd => left & right,
        Operator::BitOr => left | right,
        Operator::BitXor => left ^ right,
        Operator::FloorDiv if !right.is_zero() => floor_div(left, right).0,
        Operator::Mod if !right.is_zero() => floor_div(left, right).1,
        Operator::Div => {
            let (left, right) = (exact(left)?, exact(right)?);
            return (right != 0.0).then(|| Const::Float(left / right));
        }
        Operator::LShift => {
            let count = right.to_u64().filter(|count| left.bits() + count <= MAX_INT_BITS)?;
            left << count
        }
        Operator::RShift => left >> right.to_u64()?,
        Operator::Pow => {
            let exponent = right.to_u32()?;
            if exponent != 0 && left.bits() > MAX_INT_BITS / u64::from(exponent) {
                return None;
            }
            left.pow(exponent)
        }
        _ => return None,
    }))
}

/// Quotient and remainder rounded towards minus infinity.
fn floor_div(left: &BigInt, right: &BigInt) -> (BigInt, BigInt) {
    let (quotient, remainder) = (left / right, left % right);
    if !remainder.is_zero() && remainder.is_negative() != right.is_negative() {
        (quotient - 1, remainder + right)
    } else {
        (quotient, remainder)
    }
}

/// An int as a float, if that loses nothing.
fn exact(value: &BigInt) -> Option<f64> {
    (value.bits() <= 53).then(|| value.to_f64()).flatten()
}

fn float(value: &Const) -> Option<f64> {
    match value {
        Const::Float(x) => Some(*x),
        _ => exact(&big(value)?),
    }
}

fn floats(op: Operator, left: f64, right: f64) -> Option<Const> {
    let value = match op {
        Operator::Add => left + right,
        Operator::Sub => left - right,
        Operator::Mult => left * right,
        Operator::Div if right != 0.0 => left / right,
        _ => return None,
    };
    Some(Const::Float(value))
}

/// Sums and differences only: what complex literals are written with.
fn complex(op: Operator, left: &Const, right: &Const) -> Option<Const> {
    let sign = match op {
        Operator::Add => 1.0,
        Operator::Sub => -1.0,
        _ => return None,
    };
    Some(match (left, right) {
        (Const::Complex { real: a, imag: b }, Const::Complex { real: c, imag: d }) => {
            Const::Complex { real: a + sign * c, imag: b + sign * d }
        }
        (Const::Complex { real, imag }, other) => {
            Const::Complex { real: real + sign * float(other)?, imag: *imag }
        }
        (other, Const::Complex { real, imag }) => {
            Const::Complex { real: float(other)? + sign * real, imag: sign * imag }
        }
        _ => return None,
    })
}

fn sequences(op: Operator, left: &Const, right: &Const) -> Option<Const> {
    match (op, left, right) {
        (Operator::Add, Const::Str(a), Const::Str(b)) => Some(Const::Str([&a[..], b].concat())),
        (Operator::Add, Const::Bytes(a), Const::Bytes(b)) => Some(Const::Bytes([&a[..], b].concat())),
        (Operator::Add, Const::Tuple(a), Const::Tuple(b)) => Some(Const::Tuple([&a[..], b].concat())),
        (Operator::Mult, Const::Int(count), other) | (Operator::Mult, other, Const::Int(count)) => {
            let count = usize::try_from(*count).ok()?;
            let fits =
                |size: usize, limit: usize| size.checked_mul(count).is_some_and(|total| total <= limit);
            match other {
                Const::Str(text) if fits(text.len(), MAX_STR_SIZE) => Some(Const::Str(text.repeat(count))),
                Const::Bytes(bytes) if fits(bytes.len(), MAX_STR_SIZE) => {
                    Some(Const::Bytes(bytes.repeat(count)))
                }
                Const::Tuple(items) if fits(items.len(), MAX_COLLECTION_SIZE) => {
                    Some(Const::Tuple(items.iter().cycle().take(items.len() * count).cloned().collect()))
                }
                _ => None,
            }
        }
        _ => None,
    }
}
