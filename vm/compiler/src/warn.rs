//! Warnings about code that is legal and almost surely wrong.

use crate::compiler::Compiler;
use ruff_python_ast::{Expr, ExprCall, ExprSubscript, Number};
use ruff_text_size::Ranged;

impl Compiler<'_> {
    /// A literal that is called: a comma is missing.
    pub fn warn_callee(&mut self, node: &ExprCall) {
        if matches!(&*node.func, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_)) {
            return;
        }
        let kind = match &*node.func {
            Expr::FString(_) | Expr::TString(_) => type_of(&node.func),
            Expr::Lambda(_) => None,
            other => type_of(other),
        };
        if let Some(kind) = kind {
            self.warn(
                format!("'{kind}' object is not callable; perhaps you missed a comma?"),
                node.func.range(),
            );
        }
    }

    /// A literal that cannot be indexed, or not so.
    pub fn warn_subscript(&mut self, node: &ExprSubscript) {
        match &*node.value {
            Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::Set(_)
            | Expr::SetComp(_)
            | Expr::Generator(_)
            | Expr::TString(_)
            | Expr::Lambda(_) => {
                if let Some(kind) = type_of(&node.value) {
                    let what = format!("'{kind}' object is not subscriptable; perhaps you missed a comma?");
                    self.warn(what, node.value.range());
                }
            }
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::FString(_)
            | Expr::Tuple(_)
            | Expr::List(_)
            | Expr::ListComp(_) => self.warn_index(node),
            _ => {}
        }
    }

    fn warn_index(&mut self, node: &ExprSubscript) {
        let (Some(kind), Some(index)) = (type_of(&node.value), type_of(&node.slice)) else { return };
        if matches!(index, "int" | "bool") || node.slice.is_slice_expr() {
            return;
        }
        let what =
            format!("{kind} indices must be integers or slices, not {index}; perhaps you missed a comma?");
        self.warn(what, node.value.range());
    }
}

/// The type that a display or literal surely has.
fn type_of(expr: &Expr) -> Option<&'static str> {
    Some(match expr {
        Expr::Tuple(_) => "tuple",
        Expr::List(_) | Expr::ListComp(_) => "list",
        Expr::Dict(_) | Expr::DictComp(_) => "dict",
        Expr::Set(_) | Expr::SetComp(_) => "set",
        Expr::Generator(_) => "generator",
        Expr::Lambda(_) => "function",
        Expr::TString(_) => "string.templatelib.Template",
        Expr::FString(_) | Expr::StringLiteral(_) => "str",
        Expr::BytesLiteral(_) => "bytes",
        Expr::BooleanLiteral(_) => "bool",
        Expr::NoneLiteral(_) => "NoneType",
        Expr::EllipsisLiteral(_) => "ellipsis",
        Expr::NumberLiteral(node) => match node.value {
            Number::Int(_) => "int",
            Number::Float(_) => "float",
            Number::Complex { .. } => "complex",
        },
        _ => return None,
    })
}
