//! What matched alternatives mean: kinds of nodes, and the errors of the rules that explain wrong sources.

use super::engine::{Engine, Found, Node, PLAIN};
use super::notation::Action;
use super::tokens::{Kind, Token};
use crate::errors::{ErrorKind, Fault, FaultEnd};
use ruff_text_size::{TextRange, TextSize};
use std::rc::Rc;

/// Runs the action of an alternative that has matched.
pub(crate) fn run(engine: &mut Engine<'_>, action: Action, start: usize, kids: Vec<Rc<Node>>) -> Found {
    match action {
        Action::Error(first, last, message) => Err(engine.fault(message, &kids[first - 1], &kids[last - 1])),
        Action::From(first, message) => {
            let from = engine.tokens.all[kids[first - 1].start].start;
            Err(fault(message, from, engine.cursor()))
        }
        Action::Last(message) => Err(last_token(engine, message)),
        Action::Next(message) => {
            let token = engine.token()?;
            Err(at_token(token, message))
        }
        Action::Indent(number, message) => {
            let mut text = message.to_owned();
            if number > 0 {
                let at = engine.tokens.all[kids[number - 1].start].start;
                let line = engine.text[..at].matches('\n').count() + 1;
                text = text.replace("%d", &line.to_string());
            }
            Err(Fault { kind: ErrorKind::IndentationError, ..last_token(engine, &text) })
        }
        Action::Pass => Ok(Some(engine.node(PLAIN, start, kids))),
        Action::Named(name) => named(engine, name, start, kids),
    }
}

/// A token that a forced item asked for is missing.
pub(crate) fn expected(engine: &Engine<'_>, word: &str) -> Fault {
    let token = engine.tokens.all[engine.mark.min(engine.tokens.all.len() - 1)];
    at_token(token, &format!("expected '{word}'"))
}

/// An error at the last token that was looked at, wherever that is. Tokens without an extent of their own are placed by
/// where the tokenizer stands.
pub(crate) fn last_token(engine: &Engine<'_>, message: &str) -> Fault {
    last_token_at(engine, engine.fill, message)
}

/// As `last_token` when `fill` tokens had been looked at.
pub(crate) fn last_token_at(engine: &Engine<'_>, fill: usize, message: &str) -> Fault {
    let token = engine.tokens.all[fill - 1];
    let newline = engine.text.len() - 1;
    match token.kind {
        Kind::End | Kind::Dedent if token.end > newline && !engine.tokens.unended => {
            fault(message, newline, newline).ending(FaultEnd::Minus)
        }
        Kind::End | Kind::Dedent if token.end > newline => {
            fault(message, newline, newline).ending(FaultEnd::Raw)
        }
        Kind::Indent | Kind::Dedent => fault(message, token.end, token.end).ending(FaultEnd::Raw),
        _ if token.is_virtual && !engine.tokens.unended => {
            fault(message, newline, newline).ending(FaultEnd::Minus)
        }
        _ if token.is_virtual => fault(message, token.start, token.start).ending(FaultEnd::Raw),
        _ => at_token(token, message),
    }
}

/// An error at a token that is known.
pub(crate) fn at_token(token: Token, message: &str) -> Fault {
    match token.kind {
        Kind::End => fault(message, token.start, token.start).ending(FaultEnd::Unplaced),
        _ if token.is_virtual => fault(message, token.start, token.start).ending(FaultEnd::Unplaced),
        // These have no extent of their own.
        Kind::Indent | Kind::Dedent => fault(message, token.end, token.end).ending(FaultEnd::Raw),
        _ => fault(message, token.start, token.end),
    }
}

fn fault(message: &str, from: usize, to: usize) -> Fault {
    Fault::syntax(message, TextRange::new(TextSize::new(from as u32), TextSize::new(to.max(from) as u32)))
}

impl Engine<'_> {
    /// Where the tokenizer stands, as CPython puts it into the end of some errors: the last character it has read.
    fn cursor(&self) -> usize {
        self.tokens.all[self.fill - 1].end.saturating_sub(1)
    }

    /// An error from one node to another.
    fn fault(&self, message: &str, first: &Node, last: &Node) -> Fault {
        let (from, _) = self.span(first);
        let (_, to) = self.span(last);
        fault(message, from, to)
    }

    fn span(&self, node: &Node) -> (usize, usize) {
        let all = &self.tokens.all;
        let start = all[node.start.min(all.len() - 1)].start;
        let end = if node.end > node.start { all[node.end - 1].end } else { start };
        (start, end)
    }

    fn at(&self, message: &str, node: &Node) -> Found {
        Err(self.fault(message, node, node))
    }

    fn node_text(&self, node: &Node) -> &str {
        let (start, end) = self.span(node);
        &self.text[start..end]
    }
}

fn named(engine: &mut Engine<'_>, name: &'static str, start: usize, kids: Vec<Rc<Node>>) -> Found {
    match name {
        // `(x)` is `x`, with the place of `x`.
        "inner" => {
            let inner = kids.iter().find(|kid| kid.kind != super::engine::TOKEN);
            let node = inner.cloned();
            Ok(Some(node.unwrap_or_else(|| engine.node(PLAIN, start, kids))))
        }
        "strings" => {
            let formatted = kids[0].kids.iter().any(|part| part.kind == "JoinedStr");
            let kind = if formatted { "JoinedStr" } else { "Constant" };
            strings(engine, &kids[0])?;
            Ok(Some(engine.node(kind, start, kids)))
        }
        "conversion" => conversion(engine, start, kids),
        "complex_pattern" => complex_pattern(engine, start, kids),
        "nonparen_genexp" => nonparen_genexp(engine, &kids),
        "genexp_argument" => {
            Err(engine.fault("Generator expression must be parenthesized", &kids[2], last_clause(&kids[3])))
        }
        "argument_order" => argument_order(engine, &kids[0]),
        "assign_to_keyword" => {
            let what = format!("cannot assign to {}", engine.node_text(&kids[0]));
            Err(engine.fault(&what, &kids[0], &kids[1]))
        }
        "forgot_comma" => forgot_comma(engine, &kids),
        "statement_before_if" => {
            engine.at("expected expression before 'if', but statement is given", &kids[0])
        }
        "legacy_statement" => legacy_statement(engine, &kids),
        "walrus_target" => {
            let what = format!("cannot use assignment expressions with {}", expression_name(&kids[0]));
            engine.at(&what, &kids[0])
        }
        "assign_in_expression" => {
            let what = format!(
                "cannot assign to {} here. Maybe you meant '==' instead of '='?",
                expression_name(&kids[1])
            );
            engine.at(&what, &kids[1])
        }
        "annotated_sequence" => {
            let mut target = &kids[0];
            while target.kind == PLAIN {
                let Some(inner) = target.kids.get(1) else { break };
                target = inner;
            }
            let what = format!("only single target (not {}) can be annotated", expression_name(target));
            engine.at(&what, target)
        }
        "assign_target" => invalid_target(engine, &kids[1], Targets::Star, "cannot assign to"),
        "for_target" => invalid_target(engine, &kids[2], Targets::For, "cannot assign to"),
        "with_target" => invalid_target(engine, &kids[2], Targets::Star, "cannot assign to"),
        "delete_target" => invalid_target(engine, &kids[1], Targets::Delete, "cannot delete"),
        "augmented_target" => {
            let what =
                format!("'{}' is an illegal expression for augmented assignment", expression_name(&kids[0]));
            engine.at(&what, &kids[0])
        }
        "import_target" => {
            let what = format!("cannot use {} as import target", expression_name(&kids[3]));
            engine.at(&what, &kids[3])
        }
        "except_target" => {
            let what = format!("cannot use except statement with {}", expression_name(&kids[3]));
            engine.at(&what, &kids[3])
        }
        "except_star_target" => {
            let what = format!("cannot use except* statement with {}", expression_name(&kids[4]));
            engine.at(&what, &kids[4])
        }
        "pattern_target" => {
            let what = format!("cannot use {} as pattern target", expression_name(&kids[2]));
            engine.at(&what, &kids[2])
        }
        "mixed_except" => mixed_except(engine, &kids[3]),
        "after_key" => {
            let (_, end) = engine.span(&kids[0]);
            let place = TextRange::empty(TextSize::new(end as u32 - 1));
            Err(Fault::syntax("':' expected after dictionary key", place).ending(FaultEnd::Zero))
        }
        "type_param_bound" => type_param_bound(engine, &kids),
        "first" => Ok(kids.first().cloned()),
        "JoinedStr" | "TemplateStr" => {
            super::escapes::check_formatted(engine, &kids)?;
            Ok(Some(engine.node(name, start, kids)))
        }
        "last_kid" => Ok(kids.last().cloned()),
        kind => Ok(Some(engine.node(kind, start, kids))),
    }
}

/// Errors inside string literals are found when these are put together.
fn strings(engine: &Engine<'_>, parts: &Node) -> Result<(), Fault> {
    let texts = parts.kids.iter().filter(|part| part.kind == super::engine::TOKEN);
    let is_bytes = |node: &Rc<Node>| {
        let text = engine.node_text(node);
        let prefix = text.find(['\'', '"']).map_or("", |quote| &text[..quote]);
        prefix.contains(['b', 'B'])
    };
    for part in texts {
        if is_bytes(part) && !engine.node_text(part).is_ascii() {
            return engine.at("bytes can only contain ASCII literal characters", part).map(|_| ());
        }
    }
    let mut kinds = parts.kids.iter().map(|part| part.kind == super::engine::TOKEN && is_bytes(part));
    let first = kinds.next().unwrap_or(false);
    if kinds.any(|kind| kind != first) {
        return Err(last_token(engine, "cannot mix bytes and nonbytes literals"));
    }
    super::escapes::check(engine, parts)
}

fn conversion(engine: &Engine<'_>, start: usize, kids: Vec<Rc<Node>>) -> Found {
    let (bang, name) = (engine.span(&kids[0]), engine.span(&kids[1]));
    let letter = if engine.in_template(start) { 't' } else { 'f' };
    if bang.1 != name.0 {
        let what = format!("{letter}-string: conversion type must come right after the exclamation mark");
        return Err(engine.fault(&what, &kids[0], &kids[1]));
    }
    let text = engine.node_text(&kids[1]);
    if !matches!(text, "s" | "r" | "a") {
        let what =
            format!("{letter}-string: invalid conversion character '{text}': expected 's', 'r', or 'a'");
        return engine.at(&what, &kids[1]);
    }
    Ok(Some(engine.node(PLAIN, start, kids)))
}

impl Engine<'_> {
    /// Whether the innermost string around a token is a t-string.
    fn in_template(&self, at: usize) -> bool {
        let mut depth = 0;
        for token in self.tokens.all[..at].iter().rev() {
            match token.kind {
                Kind::FStringEnd | Kind::TStringEnd => depth += 1,
                Kind::FStringStart | Kind::TStringStart if depth > 0 => depth -= 1,
                Kind::FStringStart => return false,
                Kind::TStringStart => return true,
                _ => {}
            }
        }
        false
    }
}

/// `1 + 2j` in a pattern: a real number, then an imaginary one.
fn complex_pattern(engine: &Engine<'_>, start: usize, kids: Vec<Rc<Node>>) -> Found {
    let imaginary = |node: &Rc<Node>| engine.node_text(node).ends_with(['j', 'J']);
    if imaginary(&kids[0]) {
        return engine.at("real number required in complex literal", &kids[0]);
    }
    if !imaginary(&kids[2]) {
        return engine.at("imaginary number required in complex literal", &kids[2]);
    }
    Ok(Some(engine.node(PLAIN, start, kids)))
}

/// The end of the last of a comprehension's clauses.
fn last_clause(clauses: &Rc<Node>) -> &Node {
    clauses.kids.last().map_or(clauses, |clause| clause)
}

/// Items of an argument list: positional ones and keywords.
fn arguments(node: &Node) -> Vec<Rc<Node>> {
    let mut all = Vec::new();
    for kid in &node.kids {
        if kid.kind == PLAIN && !is_keyword(kid) {
            all.extend(arguments(kid));
        } else if kid.kind != super::engine::ABSENT && kid.kind != super::engine::TOKEN {
            all.push(kid.clone());
        }
    }
    all
}

/// `name = value`.
fn is_keyword(node: &Node) -> bool {
    node.kind == PLAIN
        && node.kids.len() == 3
        && node.kids[0].kind == super::engine::TOKEN
        && node.kids[0].end == node.kids[1].start
        && node.kids[1].kind == super::engine::TOKEN
        && node.kids[2].kind != super::engine::TOKEN
}

/// `f(a, x for x in y)`: the last positional argument is the element.
fn nonparen_genexp(engine: &Engine<'_>, kids: &[Rc<Node>]) -> Found {
    let all = arguments(&kids[0]);
    let Some(last) = all.iter().rev().find(|node| !is_keyword(node) && node.kind != "DoubleStarred") else {
        return Ok(None);
    };
    if all.len() <= 1 {
        return Ok(None);
    }
    Err(engine.fault("Generator expression must be parenthesized", last, last_clause(&kids[1])))
}

fn argument_order(engine: &Engine<'_>, args: &Node) -> Found {
    let unpacked = arguments(args).iter().any(|node| node.kind == "DoubleStarred");
    let what = if unpacked {
        "positional argument follows keyword argument unpacking"
    } else {
        "positional argument follows keyword argument"
    };
    Err(last_token(engine, what))
}

fn is_legacy(engine: &Engine<'_>, node: &Node) -> bool {
    matches!(node.kind, "Name" | super::engine::TOKEN) && matches!(engine.node_text(node), "print" | "exec")
}

fn forgot_comma(engine: &Engine<'_>, kids: &[Rc<Node>]) -> Found {
    let before = engine.tokens.all[engine.mark - 1];
    if is_legacy(engine, &kids[1]) || before.level == 0 {
        return Ok(None);
    }
    Err(engine.fault("invalid syntax. Perhaps you forgot a comma?", &kids[1], &kids[2]))
}

fn legacy_statement(engine: &Engine<'_>, kids: &[Rc<Node>]) -> Found {
    if !is_legacy(engine, &kids[0]) {
        return Ok(None);
    }
    let name = engine.node_text(&kids[0]);
    let what = format!("Missing parentheses in call to '{name}'. Did you mean {name}(...)?");
    Err(engine.fault(&what, &kids[0], &kids[2]))
}

fn mixed_except(engine: &Engine<'_>, group: &Node) -> Found {
    let what = "cannot have both 'except' and 'except*' on the same 'try'";
    let mut words = group.kids.iter().filter(|kid| kid.kind == super::engine::TOKEN);
    match (words.next(), words.next()) {
        (Some(except), Some(star)) => Err(engine.fault(what, except, star)),
        (Some(except), None) => engine.at(what, except),
        _ => engine.at(what, group),
    }
}

fn type_param_bound(engine: &Engine<'_>, kids: &[Rc<Node>]) -> Found {
    let kind = if engine.node_text(&kids[0]) == "*" { "TypeVarTuple" } else { "ParamSpec" };
    let what = if kids[3].kind == "Tuple" { "constraints" } else { "bound" };
    let colon = engine.span(&kids[2]).0;
    let to = engine.cursor();
    Err(fault(&format!("cannot use {what} with {kind}"), colon, to))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Targets {
    Star,
    For,
    Delete,
}

fn invalid_target(engine: &Engine<'_>, node: &Rc<Node>, targets: Targets, verb: &str) -> Found {
    match find_invalid(engine, node, targets) {
        Some(wrong) => {
            let what = format!("{verb} {}", expression_name(&wrong));
            engine.at(&what, &wrong)
        }
        None => Ok(None),
    }
}

/// The innermost part of a target that cannot be one.
fn find_invalid(engine: &Engine<'_>, node: &Rc<Node>, targets: Targets) -> Option<Rc<Node>> {
    match node.kind {
        "Name" | "Attribute" | "Subscript" => None,
        "List" | "Tuple" => elements(node).iter().find_map(|item| find_invalid(engine, item, targets)),
        "Starred" if targets == Targets::Delete => Some(node.clone()),
        "Starred" => find_invalid(engine, node.kids.last()?, targets),
        "Compare" if targets == Targets::For => {
            let first = &node.kids.get(1)?.kids.first()?;
            if engine.node_text(first).starts_with("in") && first.kids.len() == 2 {
                return find_invalid(engine, &node.kids[0], targets);
            }
            None
        }
        _ => Some(node.clone()),
    }
}

/// Items of a list or tuple display.
fn elements(node: &Node) -> Vec<Rc<Node>> {
    let mut all = Vec::new();
    for kid in &node.kids {
        match kid.kind {
            PLAIN => all.extend(elements(kid)),
            super::engine::TOKEN | super::engine::ABSENT => {}
            _ => all.push(kid.clone()),
        }
    }
    all
}

/// What CPython calls an expression in messages.
fn expression_name(node: &Node) -> &'static str {
    match node.kind {
        "Attribute" => "attribute",
        "Subscript" => "subscript",
        "Starred" => "starred",
        "Name" => "name",
        "List" => "list",
        "Tuple" => "tuple",
        "Lambda" => "lambda",
        "Call" => "function call",
        "BoolOp" | "BinOp" | "UnaryOp" => "expression",
        "GeneratorExp" => "generator expression",
        "Yield" => "yield expression",
        "Await" => "await expression",
        "ListComp" => "list comprehension",
        "SetComp" => "set comprehension",
        "DictComp" => "dict comprehension",
        "Dict" => "dict literal",
        "Set" => "set display",
        "JoinedStr" => "f-string expression",
        "TemplateStr" => "t-string expression",
        "Constant" => "literal",
        "True" => "True",
        "False" => "False",
        "None" => "None",
        "Ellipsis" => "ellipsis",
        "Compare" => "comparison",
        "IfExp" => "conditional expression",
        "NamedExpr" => "named expression",
        _ => "expression",
    }
}
