//! Expressions back to text: what `from __future__ import annotations` keeps, with the spacing and parentheses of CPython's
//! `ast_unparse.c`.

use crate::compiler::Compiler;
use crate::constant::big;
use ruff_python_ast::{
    BoolOp, Comprehension, ConversionFlag, Expr, ExprCall, ExprDict, FStringPart, InterpolatedStringElement,
    InterpolatedStringElements, Operator, Parameters, UnaryOp,
};
use ungil_bytecode::Const;

/// How tightly a place binds: what binds less is put in parentheses.
const TUPLE: u8 = 0;
const TEST: u8 = 1;
const OR: u8 = 2;
const AND: u8 = 3;
const NOT: u8 = 4;
const CMP: u8 = 5;
const EXPR: u8 = 6;
const FACTOR: u8 = 12;
const POWER: u8 = 13;
const AWAIT: u8 = 14;
const ATOM: u8 = 15;

impl Compiler<'_> {
    /// The expression's text.
    pub fn unparse(&mut self, expr: &Expr) -> String {
        let mut out = String::new();
        self.show(expr, TEST, &mut out);
        out
    }

    fn show(&mut self, expr: &Expr, level: u8, out: &mut String) {
        stacker::maybe_grow(96 << 10, 1 << 20, || self.show_inner(expr, level, out));
    }

    fn show_inner(&mut self, expr: &Expr, level: u8, out: &mut String) {
        match expr {
            Expr::BoolOp(node) => {
                let (own, word) = if node.op == BoolOp::And { (AND, " and ") } else { (OR, " or ") };
                parenthesized(level > own, out, |out| self.separated(&node.values, word, own + 1, out));
            }
            Expr::Named(node) => parenthesized(level > TUPLE, out, |out| {
                self.show(&node.target, ATOM, out);
                out.push_str(" := ");
                self.show(&node.value, ATOM, out);
            }),
            Expr::BinOp(node) => {
                let (own, word) = operator(node.op);
                let right_first = u8::from(node.op == Operator::Pow);
                parenthesized(level > own, out, |out| {
                    self.show(&node.left, own + right_first, out);
                    out.push_str(word);
                    self.show(&node.right, own + 1 - right_first, out);
                });
            }
            Expr::UnaryOp(node) => {
                let (own, word) = match node.op {
                    UnaryOp::Not => (NOT, "not "),
                    UnaryOp::Invert => (FACTOR, "~"),
                    UnaryOp::UAdd => (FACTOR, "+"),
                    UnaryOp::USub => (FACTOR, "-"),
                };
                parenthesized(level > own, out, |out| {
                    out.push_str(word);
                    self.show(&node.operand, own, out);
                });
            }
            Expr::Lambda(node) => parenthesized(level > TEST, out, |out| {
                out.push_str("lambda");
                if let Some(parameters) =
                    node.parameters.as_deref().filter(|parameters| !parameters.is_empty())
                {
                    out.push(' ');
                    self.parameters(parameters, out);
                }
                out.push_str(": ");
                self.show(&node.body, TEST, out);
            }),
            Expr::If(node) => parenthesized(level > TEST, out, |out| {
                self.show(&node.body, TEST + 1, out);
                out.push_str(" if ");
                self.show(&node.test, TEST + 1, out);
                out.push_str(" else ");
                self.show(&node.orelse, TEST, out);
            }),
            Expr::Dict(node) => self.show_dict(node, out),
            Expr::Set(node) => bracketed("{", "}", out, |out| self.separated(&node.elts, ", ", TEST, out)),
            Expr::List(node) => bracketed("[", "]", out, |out| self.separated(&node.elts, ", ", TEST, out)),
            Expr::Tuple(node) => parenthesized(level > TUPLE || node.elts.is_empty(), out, |out| {
                self.separated(&node.elts, ", ", TEST, out);
                if node.elts.len() == 1 {
                    out.push(',');
                }
            }),
            Expr::ListComp(node) => self.show_comprehension("[", None, &node.elt, &node.generators, "]", out),
            Expr::SetComp(node) => self.show_comprehension("{", None, &node.elt, &node.generators, "}", out),
            Expr::Generator(node) => {
                self.show_comprehension("(", None, &node.elt, &node.generators, ")", out)
            }
            Expr::DictComp(node) => {
                self.show_comprehension("{", node.key.as_deref(), &node.value, &node.generators, "}", out);
            }
            Expr::Await(node) => parenthesized(level > AWAIT, out, |out| {
                out.push_str("await ");
                self.show(&node.value, ATOM, out);
            }),
            Expr::Yield(node) => bracketed("(yield", ")", out, |out| {
                if let Some(value) = &node.value {
                    out.push(' ');
                    self.show(value, TEST, out);
                }
            }),
            Expr::YieldFrom(node) => {
                bracketed("(yield from ", ")", out, |out| self.show(&node.value, TEST, out))
            }
            Expr::Compare(node) => parenthesized(level > CMP, out, |out| {
                self.show(&node.left, CMP + 1, out);
                for (op, right) in node.ops.iter().zip(&node.comparators) {
                    out.push(' ');
                    out.push_str(op.as_str());
                    out.push(' ');
                    self.show(right, CMP + 1, out);
                }
            }),
            Expr::Call(node) => self.show_call(node, out),
            Expr::FString(node) => {
                let mut text = String::new();
                for part in node.value.iter() {
                    match part {
                        FStringPart::Literal(literal) => text.push_str(&doubled(&literal.value)),
                        FStringPart::FString(part) => self.show_elements(&part.elements, &mut text),
                    }
                }
                out.push('f');
                out.push_str(&text_repr(&text));
            }
            Expr::TString(node) => {
                let mut text = String::new();
                node.value.iter().for_each(|part| self.show_elements(&part.elements, &mut text));
                out.push('t');
                out.push_str(&text_repr(&text));
            }
            Expr::Attribute(node) => {
                self.show(&node.value, ATOM, out);
                // `1.real` would be a float.
                if matches!(&*node.value, Expr::NumberLiteral(number) if number.value.is_int()) {
                    out.push(' ');
                }
                out.push('.');
                out.push_str(&node.attr.id);
            }
            Expr::Subscript(node) => {
                self.show(&node.value, ATOM, out);
                bracketed("[", "]", out, |out| self.show(&node.slice, TUPLE, out));
            }
            Expr::Starred(node) => {
                out.push('*');
                self.show(&node.value, EXPR, out);
            }
            Expr::Name(node) => out.push_str(&node.id),
            Expr::Slice(node) => {
                if let Some(lower) = &node.lower {
                    self.show(lower, TEST, out);
                }
                out.push(':');
                if let Some(upper) = &node.upper {
                    self.show(upper, TEST, out);
                }
                if let Some(step) = &node.step {
                    out.push(':');
                    self.show(step, TEST, out);
                }
            }
            _ => {
                if let Some(constant) = self.constant(expr) {
                    out.push_str(&constant_repr(&constant));
                }
            }
        }
    }

    fn separated(&mut self, items: &[Expr], separator: &str, level: u8, out: &mut String) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push_str(separator);
            }
            self.show(item, level, out);
        }
    }

    fn show_dict(&mut self, node: &ExprDict, out: &mut String) {
        bracketed("{", "}", out, |out| {
            for (at, item) in node.items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                match &item.key {
                    Some(key) => {
                        self.show(key, TEST, out);
                        out.push_str(": ");
                        self.show(&item.value, TEST, out);
                    }
                    None => {
                        out.push_str("**");
                        self.show(&item.value, EXPR, out);
                    }
                }
            }
        });
    }

    fn show_comprehension(
        &mut self,
        open: &str,
        key: Option<&Expr>,
        value: &Expr,
        generators: &[Comprehension],
        close: &str,
        out: &mut String,
    ) {
        out.push_str(open);
        if let Some(key) = key {
            self.show(key, TEST, out);
            out.push_str(": ");
        }
        self.show(value, TEST, out);
        for generator in generators {
            out.push_str(if generator.is_async { " async for " } else { " for " });
            self.show(&generator.target, TUPLE, out);
            out.push_str(" in ");
            self.show(&generator.iter, TEST + 1, out);
            for condition in &generator.ifs {
                out.push_str(" if ");
                self.show(condition, TEST + 1, out);
            }
        }
        out.push_str(close);
    }

    fn show_call(&mut self, node: &ExprCall, out: &mut String) {
        self.show(&node.func, ATOM, out);
        let (args, keywords) = (&node.arguments.args, &node.arguments.keywords);
        if let [only @ Expr::Generator(_)] = &args[..]
            && keywords.is_empty()
        {
            return self.show(only, TEST, out);
        }
        bracketed("(", ")", out, |out| {
            self.separated(args, ", ", TEST, out);
            for (at, keyword) in keywords.iter().enumerate() {
                if at > 0 || !args.is_empty() {
                    out.push_str(", ");
                }
                match &keyword.arg {
                    Some(name) => {
                        out.push_str(&name.id);
                        out.push('=');
                    }
                    None => out.push_str("**"),
                }
                self.show(&keyword.value, TEST, out);
            }
        });
    }

    fn parameters(&mut self, parameters: &Parameters, out: &mut String) {
        let mut first = true;
        let mut comma = |out: &mut String| {
            if !std::mem::take(&mut first) {
                out.push_str(", ");
            }
        };
        let positional = parameters.posonlyargs.len();
        for (at, param) in parameters.posonlyargs.iter().chain(&parameters.args).enumerate() {
            comma(out);
            out.push_str(&param.parameter.name.id);
            if let Some(default) = &param.default {
                out.push('=');
                self.show(default, TEST, out);
            }
            if at + 1 == positional {
                out.push_str(", /");
            }
        }
        if parameters.vararg.is_some() || !parameters.kwonlyargs.is_empty() {
            comma(out);
            out.push('*');
            if let Some(vararg) = &parameters.vararg {
                out.push_str(&vararg.name.id);
            }
        }
        for param in &parameters.kwonlyargs {
            comma(out);
            out.push_str(&param.parameter.name.id);
            if let Some(default) = &param.default {
                out.push('=');
                self.show(default, TEST, out);
            }
        }
        if let Some(kwarg) = &parameters.kwarg {
            comma(out);
            out.push_str("**");
            out.push_str(&kwarg.name.id);
        }
    }

    fn show_elements(&mut self, elements: &InterpolatedStringElements, out: &mut String) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => out.push_str(&doubled(&literal.value)),
                InterpolatedStringElement::Interpolation(node) => {
                    if let Some(shown) = &node.debug_text {
                        out.push_str(shown.as_str());
                    }
                    let mut value = String::new();
                    self.show(&node.expression, TEST + 1, &mut value);
                    out.push('{');
                    if value.starts_with('{') {
                        out.push(' ');
                    }
                    out.push_str(&value);
                    let conversion = match (node.conversion, &node.debug_text, &node.format_spec) {
                        (ConversionFlag::None, Some(_), None) => Some('r'),
                        (flag, _, _) => flag.to_char(),
                    };
                    if let Some(conversion) = conversion {
                        out.push('!');
                        out.push(conversion);
                    }
                    if let Some(spec) = &node.format_spec {
                        out.push(':');
                        self.show_elements(&spec.elements, out);
                    }
                    out.push('}');
                }
            }
        }
    }
}

fn bracketed(open: &str, close: &str, out: &mut String, inside: impl FnOnce(&mut String)) {
    out.push_str(open);
    inside(out);
    out.push_str(close);
}

fn parenthesized(needed: bool, out: &mut String, inside: impl FnOnce(&mut String)) {
    if needed { bracketed("(", ")", out, inside) } else { inside(out) }
}

fn doubled(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

fn operator(op: Operator) -> (u8, &'static str) {
    match op {
        Operator::BitOr => (EXPR, " | "),
        Operator::BitXor => (7, " ^ "),
        Operator::BitAnd => (8, " & "),
        Operator::LShift => (9, " << "),
        Operator::RShift => (9, " >> "),
        Operator::Add => (10, " + "),
        Operator::Sub => (10, " - "),
        Operator::Mult => (11, " * "),
        Operator::MatMult => (11, " @ "),
        Operator::Div => (11, " / "),
        Operator::Mod => (11, " % "),
        Operator::FloorDiv => (11, " // "),
        Operator::Pow => (POWER, " ** "),
    }
}

/// `repr()` of a constant.
pub(crate) fn constant_repr(constant: &Const) -> String {
    match constant {
        Const::None => "None".into(),
        Const::True => "True".into(),
        Const::False => "False".into(),
        Const::Ellipsis => "...".into(),
        Const::Int(_) | Const::BigInt { .. } => {
            big(constant).map(|value| value.to_string()).unwrap_or_default()
        }
        // An infinity can only be written as a literal that overflows.
        Const::Float(value) => float_repr(*value).replace("inf", "1e309"),
        Const::Complex { imag, .. } => {
            let shown = float_repr(*imag).replace("inf", "1e309");
            format!("{}j", shown.strip_suffix(".0").unwrap_or(&shown))
        }
        Const::Str(bytes) => text_repr(&String::from_utf8_lossy(bytes)),
        Const::Bytes(bytes) => bytes_repr(bytes),
        Const::Tuple(items) => {
            let shown: Vec<String> = items.iter().map(constant_repr).collect();
            format!("({}{})", shown.join(", "), if items.len() == 1 { "," } else { "" })
        }
        Const::FrozenSet(_) | Const::Slice(_) | Const::Code(_) => String::new(),
    }
}

/// `repr()` of a float.
fn float_repr(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// The quote that `repr()` uses: single ones unless only these occur inside.
fn quote_for(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

fn text_repr(text: &str) -> String {
    let quote = quote_for(text.contains('\''), text.contains('"'));
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c == quote => {
                out.push('\\');
                out.push(c);
            }
            _ if (c as u32) < 0x20 || (0x7F..0xA1).contains(&(c as u32)) || c == '\u{AD}' => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            _ => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn bytes_repr(bytes: &[u8]) -> String {
    let quote = quote_for(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut out = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..0x7F => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}
