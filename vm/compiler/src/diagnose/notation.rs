//! Reads `grammar.txt`: rules, alternatives, items and what is done when an alternative has matched.
//!
//! `name: items | items` is a rule; `@name` marks one that starts with itself. Items: `'word'` a keyword or operator,
//! `"word"` a name that is a keyword only here, `UPPER` a kind of token, `lower` a rule, `[...]` optional, `(...)` a
//! group, `x*` `x+` repeated, `','.x+` separated, `&x` `!x` look ahead, `~` no other alternative from here, `&&'x'` must
//! follow. `{...}` at the end says what to do: see `Action`.

use super::tokens::Kind;
use std::collections::HashMap;
use std::sync::OnceLock;

pub(crate) type RuleId = usize;

#[derive(Debug)]
pub(crate) struct Grammar {
    pub rules: Vec<Rule>,
    by_name: HashMap<&'static str, RuleId>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub left_recursive: bool,
    /// What it gave at a place holds with and without the rules for errors, as for CPython's `(memo)` rules.
    pub kept: bool,
    /// Tried only in the second pass.
    pub is_wrong: bool,
    /// Rules for errors are off inside.
    pub without_wrong: bool,
    pub alternatives: Vec<Alternative>,
}

#[derive(Debug)]
pub(crate) struct Alternative {
    pub items: Vec<Item>,
    pub action: Action,
}

#[derive(Debug)]
pub(crate) enum Item {
    /// Operator or keyword.
    Word(&'static str),
    Soft(&'static str),
    Token(Kind),
    SoftKeyword,
    Rule(RuleId),
    Optional(Vec<Alternative>),
    Group(Vec<Alternative>),
    Star(Box<Item>),
    Plus(Box<Item>),
    Separated(&'static str, Box<Item>),
    Ahead(Box<Item>),
    NotAhead(Box<Item>),
    Cut,
    Forced(&'static str),
}

/// What an alternative that has matched means. Numbers count its items from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The node of the only item, or a nameless node.
    Pass,
    /// A node of this kind, or a function of `actions.rs`.
    Named(&'static str),
    /// An error from one item to another.
    Error(usize, usize, &'static str),
    /// An error from an item to where the tokenizer is.
    From(usize, &'static str),
    /// An error at the last token that was looked at.
    Last(&'static str),
    /// An error at the next token.
    Next(&'static str),
    /// A missing block; the item's line is part of the message.
    Indent(usize, &'static str),
}

/// The grammar, read once.
pub(crate) fn grammar() -> &'static Grammar {
    static GRAMMAR: OnceLock<Grammar> = OnceLock::new();
    GRAMMAR.get_or_init(|| read(include_str!("grammar.txt")))
}

impl Grammar {
    pub fn rule(&self, name: &str) -> RuleId {
        self.by_name[name]
    }
}

/// See [`Rule::kept`].
const KEPT: [&str; 14] = [
    "simple_stmt",
    "block",
    "star_expression",
    "expression",
    "disjunction",
    "conjunction",
    "inversion",
    "factor",
    "await_primary",
    "strings",
    "arguments",
    "star_target",
    "target_with_star_atom",
    "del_target",
];

fn read(text: &'static str) -> Grammar {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let split = |line: &'static str| line.split_once(": ").expect("a rule has a colon");
    let heads: Vec<(&str, &str)> = lines.map(split).collect();
    let name_of = |head: &'static str| head.trim_start_matches('@');
    let by_name: HashMap<&'static str, RuleId> =
        heads.iter().enumerate().map(|(id, (head, _))| (name_of(head), id)).collect();
    let rules = heads
        .iter()
        .map(|(head, body)| {
            let without_wrong = body.starts_with("{without_wrong}");
            let body = body.trim_start_matches("{without_wrong}");
            let mut reader = Reader { rest: body, by_name: &by_name };
            Rule {
                left_recursive: head.starts_with('@'),
                kept: head.starts_with('@') || KEPT.contains(head),
                is_wrong: head.starts_with("wrong_"),
                without_wrong,
                alternatives: reader.alternatives(),
            }
        })
        .collect();
    Grammar { rules, by_name }
}

struct Reader<'a> {
    rest: &'static str,
    by_name: &'a HashMap<&'static str, RuleId>,
}

impl Reader<'_> {
    fn eat(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn alternatives(&mut self) -> Vec<Alternative> {
        let mut all = vec![self.alternative()];
        while self.eat("|") {
            all.push(self.alternative());
        }
        all
    }

    fn alternative(&mut self) -> Alternative {
        let mut items = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() || self.rest.starts_with(['|', ')', ']', '{']) {
                break;
            }
            items.push(self.repeated());
        }
        let action = if self.eat("{") { self.action() } else { Action::Pass };
        Alternative { items, action }
    }

    fn repeated(&mut self) -> Item {
        let item = self.item();
        if self.rest.starts_with('.') {
            self.rest = &self.rest[1..];
            let Item::Word(separator) = item else { panic!("a separator is a word") };
            let inner = self.item();
            assert!(self.eat("+"), "separated items repeat");
            return Item::Separated(separator, Box::new(inner));
        }
        match self.rest.as_bytes().first() {
            Some(b'*') => {
                self.rest = &self.rest[1..];
                Item::Star(Box::new(item))
            }
            Some(b'+') => {
                self.rest = &self.rest[1..];
                Item::Plus(Box::new(item))
            }
            _ => item,
        }
    }

    fn item(&mut self) -> Item {
        if self.eat("&&") {
            return Item::Forced(self.quoted('\''));
        }
        if self.eat("&") {
            return Item::Ahead(Box::new(self.item()));
        }
        if self.eat("!") {
            return Item::NotAhead(Box::new(self.item()));
        }
        if self.eat("~") {
            return Item::Cut;
        }
        if self.eat("(") {
            let group = self.alternatives();
            assert!(self.eat(")"), "unclosed group");
            return Item::Group(group);
        }
        if self.eat("[") {
            let group = self.alternatives();
            assert!(self.eat("]"), "unclosed option");
            return Item::Optional(group);
        }
        if self.rest.starts_with('\'') {
            return Item::Word(self.quoted('\''));
        }
        if self.rest.starts_with('"') {
            return Item::Soft(self.quoted('"'));
        }
        let end =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        match name {
            "NAME" => Item::Token(Kind::Name),
            "NUMBER" => Item::Token(Kind::Number),
            "STRING" => Item::Token(Kind::String),
            "NEWLINE" => Item::Token(Kind::Newline),
            "INDENT" => Item::Token(Kind::Indent),
            "DEDENT" => Item::Token(Kind::Dedent),
            "ENDMARKER" => Item::Token(Kind::End),
            "FSTRING_START" => Item::Token(Kind::FStringStart),
            "FSTRING_MIDDLE" => Item::Token(Kind::FStringMiddle),
            "FSTRING_END" => Item::Token(Kind::FStringEnd),
            "TSTRING_START" => Item::Token(Kind::TStringStart),
            "TSTRING_MIDDLE" => Item::Token(Kind::TStringMiddle),
            "TSTRING_END" => Item::Token(Kind::TStringEnd),
            "SOFT_KEYWORD" => Item::SoftKeyword,
            _ => Item::Rule(*self.by_name.get(name).unwrap_or_else(|| panic!("no rule {name}"))),
        }
    }

    fn quoted(&mut self, quote: char) -> &'static str {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(quote).expect("a quote");
        let end = rest.find(quote).expect("a closing quote");
        self.rest = &rest[end + 1..];
        &rest[..end]
    }

    fn action(&mut self) -> Action {
        let (inside, rest) = split_action(self.rest);
        self.rest = rest;
        let (word, tail) = inside.split_once(' ').unwrap_or((inside, ""));
        let message = || {
            let text = tail.split_once('"').expect("a message").1;
            leak_unescaped(&text[..text.len() - 1])
        };
        let number = |text: &str| {
            text.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok())
        };
        match word {
            "error" => {
                let (first, last) = tail.split_once('-').expect("two numbers");
                Action::Error(number(first).expect("a number"), number(last).expect("a number"), message())
            }
            "from" => Action::From(number(tail).expect("a number"), message()),
            "last" => Action::Last(message()),
            "next" => Action::Next(message()),
            "indent" => Action::Indent(number(tail).unwrap_or(0), message()),
            _ => Action::Named(inside),
        }
    }
}

/// The text of an action up to its closing brace (messages may hold braces), and what follows.
fn split_action(text: &'static str) -> (&'static str, &'static str) {
    let mut in_message = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_message = !in_message,
            '}' if !in_message => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    panic!("unclosed action");
}

/// Messages with an escaped quote are few and live as long as the grammar.
fn leak_unescaped(text: &'static str) -> &'static str {
    if text.contains('\\') { Box::leak(text.replace("\\\"", "\"").into_boxed_str()) } else { text }
}
