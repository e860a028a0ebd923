//! `from __future__ import ...`: which features are on, and where such imports may stand.

use crate::errors::{Fault, Res};
use crate::scope::address;
use ruff_python_ast::{Stmt, StmtImportFrom};
use std::collections::HashSet;

const KNOWN: [&str; 10] = [
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "barry_as_FLUFL",
    "generator_stop",
    "annotations",
];

/// What the future imports at the start of a module say.
#[derive(Default)]
pub(crate) struct Future {
    pub annotations: bool,
    /// Addresses of the imports that stand where they may.
    pub early: HashSet<usize>,
}

/// Reads the imports at the start of a module: only the docstring may come before them.
pub(crate) fn scan(body: &[Stmt]) -> Res<Future> {
    let mut future = Future::default();
    let mut docstring_allowed = true;
    for stmt in body {
        match stmt {
            Stmt::ImportFrom(node) if is_future(node) => {
                check_names(node)?;
                future.early.insert(address(node));
                future.annotations |= node.names.iter().any(|alias| alias.name.as_str() == "annotations");
                docstring_allowed = false;
            }
            Stmt::Expr(node) if docstring_allowed && node.value.is_string_literal_expr() => {
                docstring_allowed = false
            }
            _ => break,
        }
    }
    Ok(future)
}

fn is_future(node: &StmtImportFrom) -> bool {
    node.level == 0 && node.module.as_ref().is_some_and(|module| module.as_str() == "__future__")
}

/// Refuses features that there are not.
pub(crate) fn check_names(node: &StmtImportFrom) -> Res {
    for alias in &node.names {
        let name = alias.name.as_str();
        if name == "braces" {
            return Err(Fault::syntax("not a chance", alias.range));
        }
        if !KNOWN.contains(&name) {
            return Err(Fault::syntax(format!("future feature {name} is not defined"), alias.range));
        }
    }
    Ok(())
}
