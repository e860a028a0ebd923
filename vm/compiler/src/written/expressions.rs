//! Expressions as text.

use super::Writer;
use crate::tree::{Field, Node};
use std::fmt::Write;
use ungil_bytecode::{Const, Position};

impl Writer {
    /// An expression in parentheses.
    pub(super) fn expr(&mut self, expr: &Field) {
        let Some(node) = expr.node() else { return };
        if node.class == "Starred" {
            return self.bare(node);
        }
        self.put("(");
        self.bare(node);
        self.put(")");
    }

    fn exprs(&mut self, exprs: &[Field]) {
        self.separated(exprs, ", ", Self::expr);
    }

    fn optional(&mut self, before: &str, expr: &Field) {
        if !expr.is_nothing() {
            self.put(before);
            self.expr(expr);
        }
    }

    /// An expression without parentheses around it.
    pub(super) fn bare(&mut self, node: &Node) {
        match node.class {
            // The value of a conversion alone is an f-string.
            "FormattedValue" => {
                self.put("f'");
                self.placed(node, |w| w.interpolation(node));
                self.put("'");
            }
            "Interpolation" => {
                self.put("t'");
                self.placed(node, |w| w.interpolation(node));
                self.put("'");
            }
            _ => self.placed(node, |w| w.contents(node)),
        }
    }

    fn contents(&mut self, node: &Node) {
        match node.class {
            "BoolOp" => {
                let op = if node.field("op").class() == "And" { " and " } else { " or " };
                self.separated(node.field("values").items(), op, Self::expr);
            }
            "NamedExpr" => {
                if let Some(target) = node.field("target").node() {
                    self.bare(target);
                }
                self.optional(" := ", node.field("value"));
            }
            "BinOp" => {
                self.expr(node.field("left"));
                self.put(operator(node.field("op").class()));
                self.expr(node.field("right"));
            }
            "UnaryOp" => {
                self.put(unary_operator(node.field("op").class()));
                self.expr(node.field("operand"));
            }
            "Lambda" => {
                self.put("lambda ");
                self.parameters(node.field("args"));
                self.optional(": ", node.field("body"));
            }
            "IfExp" => {
                self.expr(node.field("body"));
                self.optional(" if ", node.field("test"));
                self.optional(" else ", node.field("orelse"));
            }
            "Await" => self.optional("await ", node.field("value")),
            "YieldFrom" => self.optional("yield from ", node.field("value")),
            "Yield" => {
                self.put("yield");
                self.optional(" ", node.field("value"));
            }
            "Compare" => {
                self.expr(node.field("left"));
                for (op, right) in node.field("ops").items().iter().zip(node.field("comparators").items()) {
                    self.put(comparison(op.class()));
                    self.expr(right);
                }
            }
            "Call" => self.call(node),
            "JoinedStr" => self.joined(node, "f"),
            "TemplateStr" => self.joined(node, "t"),
            "Constant" => self.constant(node.field("value")),
            "Attribute" => {
                self.expr(node.field("value"));
                self.put(".");
                self.attribute_name(node);
            }
            "Subscript" => {
                self.expr(node.field("value"));
                self.put("[");
                self.index(node.field("slice"));
                self.put("]");
            }
            "Starred" => self.optional("*", node.field("value")),
            "Name" => self.name(node.field("id").text().unwrap_or_default()),
            "Slice" => self.slice(node),
            _ => self.display(node),
        }
    }

    /// The name behind the dot: it ends where the attribute does.
    fn attribute_name(&mut self, node: &Node) {
        let name = node.field("attr").text().unwrap_or_default();
        let start = self.offset();
        self.name(name);
        if let Some(place) = node.place {
            let column = place.end_column.saturating_sub(name.len() as u32);
            let end = self.offset();
            self.places.add((start, end), Position { line: place.end_line, column, ..place });
        }
    }

    fn display(&mut self, node: &Node) {
        match node.class {
            "List" => {
                self.put("[");
                self.exprs(node.field("elts").items());
                self.put("]");
            }
            "Tuple" => {
                self.put("(");
                self.exprs(node.field("elts").items());
                self.put(if node.field("elts").items().len() == 1 { ",)" } else { ")" });
            }
            "Set" if node.field("elts").items().is_empty() => self.put("{*()}"),
            "Set" => {
                self.put("{");
                self.exprs(node.field("elts").items());
                self.put("}");
            }
            "Dict" => {
                let items = node.field("keys").items().iter().zip(node.field("values").items());
                self.put("{");
                self.separated(items, ", ", |w, (key, value)| match key {
                    Field::Nothing => w.optional("**", value),
                    key => {
                        w.expr(key);
                        w.optional(": ", value);
                    }
                });
                self.put("}");
            }
            "DictComp" => {
                self.put("{");
                self.expr(node.field("key"));
                self.optional(": ", node.field("value"));
                self.generators(node);
                self.put("}");
            }
            class => {
                let (open, close) = match class {
                    "ListComp" => ("[", "]"),
                    "SetComp" => ("{", "}"),
                    _ => ("(", ")"),
                };
                self.put(open);
                self.expr(node.field("elt"));
                self.generators(node);
                self.put(close);
            }
        }
    }

    fn generators(&mut self, node: &Node) {
        for generator in node.field("generators").items() {
            let Some(generator) = generator.node() else { continue };
            self.put(if generator.field("is_async").int() != 0 { " async for " } else { " for " });
            self.expr(generator.field("target"));
            self.optional(" in ", generator.field("iter"));
            for condition in generator.field("ifs").items() {
                self.optional(" if ", condition);
            }
        }
    }

    fn call(&mut self, node: &Node) {
        self.expr(node.field("func"));
        self.arguments(node.field("args").items(), node.field("keywords").items());
    }

    /// Arguments of a call or bases of a class, in parentheses.
    pub(super) fn arguments(&mut self, args: &[Field], keywords: &[Field]) {
        self.put("(");
        self.exprs(args);
        if !args.is_empty() && !keywords.is_empty() {
            self.put(", ");
        }
        self.separated(keywords.iter().filter_map(Field::node), ", ", |w, keyword| {
            w.placed(keyword, |w| {
                match keyword.field("arg").text() {
                    Some(name) => {
                        w.name(name);
                        w.put("=");
                    }
                    None => w.put("**"),
                }
                w.expr(keyword.field("value"));
            });
        });
        self.put(")");
    }

    fn slice(&mut self, node: &Node) {
        self.expr(node.field("lower"));
        self.put(":");
        self.expr(node.field("upper"));
        self.optional(":", node.field("step"));
    }

    /// What stands in the brackets of a subscript: slices are possible only there, and in a tuple without parentheses.
    fn index(&mut self, index: &Field) {
        let Some(node) = index.node() else { return };
        let items = node.field("elts").items();
        match node.class {
            "Slice" => self.bare(node),
            "Tuple" if items.iter().any(|item| item.class() == "Slice") => self.placed(node, |w| {
                w.separated(items, ", ", |w, item| match item.node() {
                    Some(slice) if slice.class == "Slice" => w.bare(slice),
                    _ => w.expr(item),
                });
                if items.len() == 1 {
                    w.put(",");
                }
            }),
            _ => self.expr(index),
        }
    }

    /// Parameters of a function.
    pub(super) fn parameters(&mut self, arguments: &Field) {
        let Some(node) = arguments.node() else { return };
        let (only, both) = (node.field("posonlyargs").items(), node.field("args").items());
        let defaults = node.field("defaults").items();
        let without = (only.len() + both.len()).saturating_sub(defaults.len());
        let mut first = true;
        let mut comma = |w: &mut Self| {
            if !std::mem::replace(&mut first, false) {
                w.put(", ");
            }
        };
        for (i, arg) in only.iter().chain(both).enumerate() {
            comma(self);
            self.parameter(arg);
            if i >= without {
                self.optional("=", &defaults[i - without]);
            }
            if i + 1 == only.len() {
                comma(self);
                self.put("/");
            }
        }
        let named = node.field("kwonlyargs").items();
        if !node.field("vararg").is_nothing() || !named.is_empty() {
            comma(self);
            self.put("*");
            self.parameter(node.field("vararg"));
        }
        for (arg, default) in named.iter().zip(node.field("kw_defaults").items()) {
            comma(self);
            self.parameter(arg);
            self.optional("=", default);
        }
        if !node.field("kwarg").is_nothing() {
            comma(self);
            self.put("**");
            self.parameter(node.field("kwarg"));
        }
    }

    fn parameter(&mut self, arg: &Field) {
        let Some(node) = arg.node() else { return };
        self.placed(node, |w| {
            w.name(node.field("arg").text().unwrap_or_default());
            w.optional(": ", node.field("annotation"));
        });
    }

    pub(super) fn constant(&mut self, value: &Field) {
        let Field::Constant(value) = value else { return };
        match value {
            Const::None => self.put("None"),
            Const::True => self.put("True"),
            Const::False => self.put("False"),
            Const::Ellipsis => self.put("..."),
            Const::Str(text) => {
                self.put("'");
                self.escaped(text);
                self.put("'");
            }
            Const::Bytes(bytes) => {
                self.put("b'");
                bytes.iter().for_each(|byte| self.escape('x', 2, u32::from(*byte)));
                self.put("'");
            }
            other => {
                let at = self.offset();
                self.places.constants.insert(at, other.clone());
                self.put(if matches!(other, Const::Complex { .. }) { "0j" } else { "0" });
            }
        }
    }

    fn escape(&mut self, kind: char, width: usize, code: u32) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "\\{kind}{code:0width$x}");
    }

    /// The characters of a text (WTF-8) as they may stand in any literal.
    fn escaped(&mut self, text: &[u8]) {
        let mut rest = text;
        while let [first, after @ ..] = rest {
            let length = match first.leading_ones() {
                0 => 1,
                ones => ones as usize,
            };
            let tail = &after[..(length - 1).min(after.len())];
            let head = if length == 1 { u32::from(*first) } else { u32::from(first & (0x7f >> length)) };
            let code = tail.iter().fold(head, |code, byte| code << 6 | u32::from(byte & 0x3f));
            if first.is_ascii_alphanumeric() || *first == b' ' {
                self.text.push(char::from(*first));
            } else if code < 0x100 {
                self.escape('x', 2, code);
            } else if code < 0x1_0000 {
                self.escape('u', 4, code);
            } else {
                self.escape('U', 8, code);
            }
            rest = &after[tail.len()..];
        }
    }

    fn joined(&mut self, node: &Node, prefix: &str) {
        self.put(prefix);
        self.put("'");
        self.pieces(node.field("values").items());
        self.put("'");
    }

    fn pieces(&mut self, values: &[Field]) {
        for value in values.iter().filter_map(Field::node) {
            match value.class {
                "Constant" => {
                    if let Field::Constant(Const::Str(text)) = value.field("value") {
                        self.placed(value, |w| w.escaped(text));
                    }
                }
                "JoinedStr" => self.pieces(value.field("values").items()),
                "FormattedValue" | "Interpolation" => self.placed(value, |w| w.interpolation(value)),
                _ => {}
            }
        }
    }

    fn interpolation(&mut self, node: &Node) {
        if let Field::Constant(Const::Str(text)) = node.field("str") {
            let at = self.offset();
            self.places.interpolations.insert(at, String::from_utf8_lossy(text).into_owned());
        }
        self.put("{");
        self.expr(node.field("value"));
        if let Some(conversion) =
            u8::try_from(node.field("conversion").int()).ok().filter(|c| c.is_ascii_lowercase())
        {
            self.put("!");
            self.text.push(char::from(conversion));
        }
        match node.field("format_spec").node() {
            Some(spec) if spec.class == "JoinedStr" => {
                self.put(":");
                self.placed(spec, |w| w.pieces(spec.field("values").items()));
            }
            // Any other expression gives the whole format.
            Some(_) => {
                self.put(":{");
                self.expr(node.field("format_spec"));
                self.put("}");
            }
            None => {}
        }
        self.put("}");
    }
}

pub(super) fn operator(class: &str) -> &'static str {
    match class {
        "Add" => " + ",
        "Sub" => " - ",
        "Mult" => " * ",
        "MatMult" => " @ ",
        "Div" => " / ",
        "Mod" => " % ",
        "Pow" => " ** ",
        "LShift" => " << ",
        "RShift" => " >> ",
        "BitOr" => " | ",
        "BitXor" => " ^ ",
        "BitAnd" => " & ",
        _ => " // ",
    }
}

fn unary_operator(class: &str) -> &'static str {
    match class {
        "Invert" => "~",
        "Not" => "not ",
        "UAdd" => "+",
        _ => "-",
    }
}

fn comparison(class: &str) -> &'static str {
    match class {
        "Eq" => " == ",
        "NotEq" => " != ",
        "Lt" => " < ",
        "LtE" => " <= ",
        "Gt" => " > ",
        "GtE" => " >= ",
        "Is" => " is ",
        "IsNot" => " is not ",
        "In" => " in ",
        _ => " not in ",
    }
}
