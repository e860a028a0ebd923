//! Patterns as text.

use super::Writer;
use crate::tree::{Field, Node};

impl Writer {
    pub(super) fn pattern(&mut self, pattern: &Field) {
        let Some(node) = pattern.node() else { return };
        // Alternatives and `as` need parentheses nearly everywhere.
        let parentheses =
            node.class == "MatchOr" || (node.class == "MatchAs" && !node.field("pattern").is_nothing());
        if parentheses {
            self.put("(");
        }
        self.placed(node, |w| w.pattern_text(node));
        if parentheses {
            self.put(")");
        }
    }

    fn patterns(&mut self, patterns: &[Field]) {
        self.separated(patterns, ", ", Self::pattern);
    }

    /// A name that is bound, or the wildcard.
    fn captured(&mut self, name: &Field) {
        match name.text() {
            Some(name) => self.name(name),
            None => self.put("_"),
        }
    }

    fn pattern_text(&mut self, node: &Node) {
        match node.class {
            "MatchValue" => self.pattern_value(node.field("value")),
            "MatchSingleton" => self.constant(node.field("value")),
            "MatchSequence" => {
                self.put("[");
                self.patterns(node.field("patterns").items());
                self.put("]");
            }
            "MatchMapping" => {
                let items = node.field("keys").items().iter().zip(node.field("patterns").items());
                self.put("{");
                self.separated(items, ", ", |w, (key, pattern)| {
                    w.pattern_value(key);
                    w.put(": ");
                    w.pattern(pattern);
                });
                if let Some(rest) = node.field("rest").text() {
                    self.put(if node.field("keys").items().is_empty() { "**" } else { ", **" });
                    self.name(rest);
                }
                self.put("}");
            }
            "MatchClass" => {
                self.pattern_value(node.field("cls"));
                self.put("(");
                self.patterns(node.field("patterns").items());
                let named = node.field("kwd_attrs").items().iter().zip(node.field("kwd_patterns").items());
                if !node.field("patterns").items().is_empty() && named.len() > 0 {
                    self.put(", ");
                }
                self.separated(named, ", ", |w, (name, pattern)| {
                    w.name(name.text().unwrap_or_default());
                    w.put("=");
                    w.pattern(pattern);
                });
                self.put(")");
            }
            "MatchStar" => {
                self.put("*");
                self.captured(node.field("name"));
            }
            "MatchAs" => match node.field("pattern") {
                Field::Nothing => self.captured(node.field("name")),
                pattern => {
                    self.pattern(pattern);
                    self.put(" as ");
                    self.captured(node.field("name"));
                }
            },
            _ => self.separated(node.field("patterns").items(), " | ", Self::pattern),
        }
    }

    /// The value in a pattern: a literal, or names with dots; without parentheses.
    fn pattern_value(&mut self, value: &Field) {
        let Some(node) = value.node() else { return };
        self.placed(node, |w| match node.class {
            "Attribute" => {
                w.pattern_value(node.field("value"));
                w.put(".");
                w.name(node.field("attr").text().unwrap_or_default());
            }
            "UnaryOp" => {
                w.put("-");
                w.pattern_value(node.field("operand"));
            }
            "BinOp" => {
                w.pattern_value(node.field("left"));
                w.put(super::expressions::operator(node.field("op").class()));
                w.pattern_value(node.field("right"));
            }
            _ => w.pattern_contents(node),
        });
    }

    fn pattern_contents(&mut self, node: &Node) {
        match node.class {
            "Constant" => self.constant(node.field("value")),
            _ => self.name(node.field("id").text().unwrap_or_default()),
        }
    }
}
