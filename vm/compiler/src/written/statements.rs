//! Statements as text. Each starts with the newline before it, so that it ends where its last part does.

use super::Writer;
use crate::tree::{Field, Node};

impl Writer {
    pub(super) fn statement(&mut self, stmt: &Field) {
        let Some(node) = stmt.node() else { return };
        for decorator in node.field("decorator_list").items() {
            self.new_line();
            let start = self.offset();
            self.put("@");
            self.expr(decorator);
            if let Some(place) = decorator.node().and_then(|node| node.place) {
                self.places.starts.insert(start, (place.line, place.column.saturating_sub(1)));
            }
        }
        self.new_line();
        self.placed(node, |w| w.statement_text(node));
    }

    fn new_line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', self.depth));
    }

    /// An indented block.
    pub(super) fn block(&mut self, body: &Field) {
        self.put(":");
        self.depth += 1;
        body.items().iter().for_each(|stmt| self.statement(stmt));
        self.depth -= 1;
    }

    fn optional_block(&mut self, head: &str, body: &Field) {
        if !body.items().is_empty() {
            self.new_line();
            self.put(head);
            self.block(body);
        }
    }

    fn with_value(&mut self, head: &str, value: &Field) {
        self.put(head);
        if !value.is_nothing() {
            self.put(" ");
            self.expr(value);
        }
    }

    fn identifier(&mut self, field: &Field) {
        self.name(field.text().unwrap_or_default());
    }

    fn statement_text(&mut self, node: &Node) {
        match node.class {
            "FunctionDef" => self.function(node, "def "),
            "AsyncFunctionDef" => self.function(node, "async def "),
            "ClassDef" => self.class(node),
            "For" => self.for_loop(node, "for "),
            "AsyncFor" => self.for_loop(node, "async for "),
            "While" => {
                self.put("while ");
                self.expr(node.field("test"));
                self.block(node.field("body"));
                self.optional_block("else", node.field("orelse"));
            }
            "If" => {
                self.put("if ");
                self.expr(node.field("test"));
                self.block(node.field("body"));
                self.optional_block("else", node.field("orelse"));
            }
            "With" => self.with(node, "with "),
            "AsyncWith" => self.with(node, "async with "),
            "Match" => self.match_statement(node),
            "Try" | "TryStar" => self.try_statement(node),
            _ => self.simple(node),
        }
    }

    fn simple(&mut self, node: &Node) {
        match node.class {
            "Return" => self.with_value("return", node.field("value")),
            "Delete" => {
                self.put("del ");
                self.separated(node.field("targets").items(), ", ", Self::expr);
            }
            "Assign" => {
                for target in node.field("targets").items() {
                    self.expr(target);
                    self.put(" = ");
                }
                self.expr(node.field("value"));
            }
            "TypeAlias" => {
                self.put("type ");
                if let Some(name) = node.field("name").node() {
                    self.bare(name);
                }
                self.type_params(node);
                self.put(" = ");
                self.expr(node.field("value"));
            }
            "AugAssign" => {
                self.expr(node.field("target"));
                self.put(super::expressions::operator(node.field("op").class()).trim_end());
                self.put("= ");
                self.expr(node.field("value"));
            }
            "AnnAssign" => self.annotated(node),
            "Raise" => {
                self.with_value("raise", node.field("exc"));
                if !node.field("cause").is_nothing() {
                    self.with_value(" from", node.field("cause"));
                }
            }
            "Assert" => {
                self.with_value("assert", node.field("test"));
                if !node.field("msg").is_nothing() {
                    self.with_value(",", node.field("msg"));
                }
            }
            "Import" => {
                self.put("import ");
                self.aliases(node);
            }
            "ImportFrom" => {
                self.put("from ");
                let level = usize::try_from(node.field("level").int()).unwrap_or_default();
                self.text.extend(std::iter::repeat_n('.', level));
                if let Some(module) = node.field("module").text() {
                    self.dotted_name(module);
                }
                self.put(" import ");
                self.aliases(node);
            }
            "Global" | "Nonlocal" => {
                self.put(if node.class == "Global" { "global " } else { "nonlocal " });
                self.separated(node.field("names").items(), ", ", Self::identifier);
            }
            "Expr" => self.expr(node.field("value")),
            "Break" => self.put("break"),
            "Continue" => self.put("continue"),
            _ => self.put("pass"),
        }
    }

    fn annotated(&mut self, node: &Node) {
        match node.field("target").node() {
            Some(name) if name.class == "Name" && node.field("simple").int() != 0 => {
                self.placed(name, |w| w.first_name(name.field("id").text().unwrap_or_default()));
            }
            _ => self.expr(node.field("target")),
        }
        self.put(": ");
        self.expr(node.field("annotation"));
        if !node.field("value").is_nothing() {
            self.with_value(" =", node.field("value"));
        }
    }

    fn aliases(&mut self, node: &Node) {
        self.separated(node.field("names").items().iter().filter_map(Field::node), ", ", |w, alias| {
            w.placed(alias, |w| {
                w.dotted_name(alias.field("name").text().unwrap_or_default());
                if let Some(name) = alias.field("asname").text() {
                    w.put(" as ");
                    w.name(name);
                }
            });
        });
    }

    fn function(&mut self, node: &Node, head: &str) {
        self.put(head);
        self.identifier(node.field("name"));
        self.type_params(node);
        self.put("(");
        self.parameters(node.field("args"));
        self.put(")");
        if !node.field("returns").is_nothing() {
            self.with_value(" ->", node.field("returns"));
        }
        self.block(node.field("body"));
    }

    fn class(&mut self, node: &Node) {
        self.put("class ");
        self.identifier(node.field("name"));
        self.type_params(node);
        self.arguments(node.field("bases").items(), node.field("keywords").items());
        self.block(node.field("body"));
    }

    fn type_params(&mut self, node: &Node) {
        let params = node.field("type_params").items();
        if params.is_empty() {
            return;
        }
        self.put("[");
        self.separated(params.iter().filter_map(Field::node), ", ", |w, param| {
            w.placed(param, |w| {
                w.put(match param.class {
                    "TypeVar" => "",
                    "ParamSpec" => "**",
                    _ => "*",
                });
                w.identifier(param.field("name"));
                if !param.field("bound").is_nothing() {
                    w.with_value(":", param.field("bound"));
                }
                if !param.field("default_value").is_nothing() {
                    w.with_value(" =", param.field("default_value"));
                }
            });
        });
        self.put("]");
    }

    fn for_loop(&mut self, node: &Node, head: &str) {
        self.put(head);
        self.expr(node.field("target"));
        self.put(" in ");
        self.expr(node.field("iter"));
        self.block(node.field("body"));
        self.optional_block("else", node.field("orelse"));
    }

    fn with(&mut self, node: &Node, head: &str) {
        self.put(head);
        self.separated(node.field("items").items().iter().filter_map(Field::node), ", ", |w, item| {
            w.expr(item.field("context_expr"));
            if !item.field("optional_vars").is_nothing() {
                w.with_value(" as", item.field("optional_vars"));
            }
        });
        self.block(node.field("body"));
    }

    fn try_statement(&mut self, node: &Node) {
        self.put("try");
        self.block(node.field("body"));
        for handler in node.field("handlers").items().iter().filter_map(Field::node) {
            self.new_line();
            self.placed(handler, |w| {
                w.with_value(
                    if node.class == "TryStar" { "except*" } else { "except" },
                    handler.field("type"),
                );
                if let Some(name) = handler.field("name").text() {
                    w.put(" as ");
                    w.name(name);
                }
                w.block(handler.field("body"));
            });
        }
        self.optional_block("else", node.field("orelse"));
        self.optional_block("finally", node.field("finalbody"));
    }

    fn match_statement(&mut self, node: &Node) {
        self.put("match ");
        self.expr(node.field("subject"));
        self.put(":");
        self.depth += 1;
        for case in node.field("cases").items().iter().filter_map(Field::node) {
            self.new_line();
            self.put("case ");
            self.pattern(case.field("pattern"));
            if !case.field("guard").is_nothing() {
                self.with_value(" if", case.field("guard"));
            }
            self.block(case.field("body"));
        }
        self.depth -= 1;
    }
}
