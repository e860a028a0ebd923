//! Names that no source could have, as programs give them to trees: a stand-in takes the place of each in the text.

use super::Writer;
use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::transformer::{self, Transformer};
use ruff_python_ast::{
    Alias, ExceptHandler, Expr, Identifier, Keyword, Mod, Parameter, Pattern, Stmt, TypeParam,
};
use std::collections::HashMap;

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];
/// Words that are keywords in some places.
const SOFT_KEYWORDS: [&str; 4] = ["_", "case", "match", "type"];
/// A letter that stand-ins start with. Names with letters outside of ASCII always have a stand-in, so none is like one.
const MARK: char = '\u{a66e}';

impl Writer {
    pub(super) fn name(&mut self, name: &str) {
        let mut chars = name.chars();
        let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !KEYWORDS.contains(&name);
        match plain {
            true => self.put(name),
            false => self.stand_in(name),
        }
    }

    /// A name where a soft keyword would be taken for one.
    pub(super) fn first_name(&mut self, name: &str) {
        match SOFT_KEYWORDS.contains(&name) {
            true => self.stand_in(name),
            false => self.name(name),
        }
    }

    /// A name with dots.
    pub(super) fn dotted_name(&mut self, name: &str) {
        match name {
            "*" => self.put("*"),
            name => self.separated(name.split('.'), ".", |w, part| w.name(part)),
        }
    }

    fn stand_in(&mut self, name: &str) {
        let next = self.stand_ins.len();
        let stand_in =
            self.stand_ins.entry(name.to_owned()).or_insert_with(|| format!("{MARK}{next}")).clone();
        self.put(&stand_in);
        self.names.insert(stand_in, name.to_owned());
    }
}

/// Puts the names that stand-ins stand for in their places.
pub(crate) fn rename(tree: &mut Mod, names: &HashMap<String, String>) {
    if names.is_empty() {
        return;
    }
    let renamer = Renamer { names };
    match tree {
        Mod::Module(module) => renamer.visit_body(&mut module.body),
        Mod::Expression(module) => renamer.visit_expr(&mut module.body),
    }
}

struct Renamer<'a> {
    names: &'a HashMap<String, String>,
}

impl Renamer<'_> {
    fn name(&self, name: &mut Name) {
        if name.contains(MARK) {
            let parts = name.split('.').map(|part| self.names.get(part).map_or(part, String::as_str));
            *name = Name::new(parts.collect::<Vec<_>>().join("."));
        }
    }

    fn identifier(&self, identifier: &mut Identifier) {
        self.name(&mut identifier.id);
    }

    fn optional(&self, identifier: &mut Option<Identifier>) {
        if let Some(identifier) = identifier {
            self.identifier(identifier);
        }
    }
}

impl Transformer for Renamer<'_> {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        match stmt {
            Stmt::FunctionDef(node) => self.identifier(&mut node.name),
            Stmt::ClassDef(node) => self.identifier(&mut node.name),
            Stmt::Global(node) => node.names.iter_mut().for_each(|name| self.identifier(name)),
            Stmt::Nonlocal(node) => node.names.iter_mut().for_each(|name| self.identifier(name)),
            Stmt::ImportFrom(node) => self.optional(&mut node.module),
            _ => {}
        }
        transformer::walk_stmt(self, stmt);
    }

    fn visit_expr(&self, expr: &mut Expr) {
        match expr {
            Expr::Name(node) => self.name(&mut node.id),
            Expr::Attribute(node) => self.identifier(&mut node.attr),
            _ => {}
        }
        transformer::walk_expr(self, expr);
    }

    fn visit_alias(&self, alias: &mut Alias) {
        self.identifier(&mut alias.name);
        self.optional(&mut alias.asname);
    }

    fn visit_keyword(&self, keyword: &mut Keyword) {
        self.optional(&mut keyword.arg);
        transformer::walk_keyword(self, keyword);
    }

    fn visit_parameter(&self, parameter: &mut Parameter) {
        self.identifier(&mut parameter.name);
        transformer::walk_parameter(self, parameter);
    }

    fn visit_except_handler(&self, handler: &mut ExceptHandler) {
        let ExceptHandler::ExceptHandler(node) = handler;
        self.optional(&mut node.name);
        transformer::walk_except_handler(self, handler);
    }

    fn visit_pattern(&self, pattern: &mut Pattern) {
        match pattern {
            Pattern::MatchStar(node) => self.optional(&mut node.name),
            Pattern::MatchAs(node) => self.optional(&mut node.name),
            Pattern::MatchMapping(node) => self.optional(&mut node.rest),
            Pattern::MatchClass(node) => {
                node.arguments.keywords.iter_mut().for_each(|keyword| self.identifier(&mut keyword.attr));
            }
            _ => {}
        }
        transformer::walk_pattern(self, pattern);
    }

    fn visit_type_param(&self, param: &mut TypeParam) {
        match param {
            TypeParam::TypeVar(node) => self.identifier(&mut node.name),
            TypeParam::ParamSpec(node) => self.identifier(&mut node.name),
            TypeParam::TypeVarTuple(node) => self.identifier(&mut node.name),
        }
        transformer::walk_type_param(self, param);
    }
}
