//! Expressions back to text, as `from __future__ import annotations` keeps them (CPython's `ast_unparse.c`).

use crate::compiler::Compiler;
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

impl Compiler<'_> {
    /// The expression's text.
    pub fn unparse(&self, expr: &Expr) -> String {
        self.source.text[expr.range()].to_owned()
    }
}
