//! Runs the grammar over the tokens: alternatives in order, results remembered by rule and place (a packrat parser).
//!
//! An error that an action raises ends the run. `furthest` is the last token that was ever looked at, which is where
//! CPython reports errors that no rule explains.

use super::actions;
use super::notation::{Action, Alternative, Grammar, Item, RuleId};
use super::tokens::{Kind, Token, Tokens};
use crate::errors::Fault;
use std::collections::HashMap;
use std::rc::Rc;

/// A parsed piece: tokens from `start` to before `end`.
#[derive(Debug)]
pub(crate) struct Node {
    pub kind: &'static str,
    pub start: usize,
    pub end: usize,
    pub kids: Vec<Rc<Node>>,
}

/// Nothing, an alternative's node, or an error to report.
pub(crate) type Found = Result<Option<Rc<Node>>, Fault>;

/// A rule, where it was tried, and whether with the rules for errors, if that makes a difference.
type Key = (RuleId, usize, bool);

pub(crate) struct Engine<'a> {
    pub grammar: &'static Grammar,
    pub text: &'a str,
    pub tokens: &'a Tokens,
    pub mark: usize,
    /// Number of tokens that were looked at.
    pub fill: usize,
    /// The rules for errors are on.
    pub explaining: bool,
    memo: HashMap<Key, (Option<Rc<Node>>, usize)>,
}

/// A node of no particular kind.
pub(crate) const PLAIN: &str = "";
pub(crate) const TOKEN: &str = "token";
/// What an absent optional item gives.
pub(crate) const ABSENT: &str = "absent";

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

impl<'a> Engine<'a> {
    pub fn new(grammar: &'static Grammar, text: &'a str, tokens: &'a Tokens) -> Self {
        Self { grammar, text, tokens, mark: 0, fill: 0, explaining: false, memo: HashMap::new() }
    }

    /// Starts over with the rules for errors.
    pub fn explain(&mut self) {
        self.mark = 0;
        self.explaining = true;
        self.memo.clear();
    }

    /// The next token; beyond the last one, the tokenizer's error.
    pub fn token(&mut self) -> Result<Token, Fault> {
        match self.tokens.all.get(self.mark) {
            Some(token) => {
                self.fill = self.fill.max(self.mark + 1);
                Ok(*token)
            }
            None => Err(super::end_fault(self.tokens, self.text)),
        }
    }

    pub fn token_text(&self, token: Token) -> &'a str {
        &self.text[token.start.min(self.text.len())..token.end.min(self.text.len())]
    }

    pub fn rule(&mut self, id: RuleId) -> Found {
        let key = (id, self.mark, self.explaining && !self.grammar.rules[id].kept);
        if let Some((node, end)) = self.memo.get(&key) {
            let node = node.clone();
            self.mark = *end;
            return Ok(node);
        }
        let start = self.mark;
        let node = if self.grammar.rules[id].left_recursive {
            self.grow(id, key)?
        } else {
            stacker::maybe_grow(96 << 10, 1 << 20, || self.alternatives_of(id))?
        };
        if node.is_none() {
            self.mark = start;
        }
        self.memo.insert(key, (node.clone(), self.mark));
        Ok(node)
    }

    /// A rule that starts with itself: begins with failure and parses again as long as it gets further.
    fn grow(&mut self, id: RuleId, key: Key) -> Found {
        let start = self.mark;
        self.memo.insert(key, (None, start));
        let mut best: (Option<Rc<Node>>, usize) = (None, start);
        loop {
            self.mark = start;
            let node = stacker::maybe_grow(96 << 10, 1 << 20, || self.alternatives_of(id))?;
            if node.is_none() || self.mark <= best.1 {
                break;
            }
            best = (node, self.mark);
            self.memo.insert(key, best.clone());
        }
        self.mark = best.1;
        Ok(best.0)
    }

    fn alternatives_of(&mut self, id: RuleId) -> Found {
        let grammar = self.grammar;
        let rule = &grammar.rules[id];
        if rule.is_wrong && !self.explaining {
            return Ok(None);
        }
        let explaining = self.explaining;
        if rule.without_wrong {
            self.explaining = false;
        }
        let result = self.alternatives(&rule.alternatives);
        self.explaining = explaining;
        result
    }

    pub fn alternatives(&mut self, all: &'static [Alternative]) -> Found {
        let start = self.mark;
        for alternative in all {
            self.mark = start;
            let mut cut = false;
            if let Some(kids) = self.items(&alternative.items, &mut cut)?
                && let Some(node) = self.finish(alternative, start, kids)?
            {
                return Ok(Some(node));
            }
            if cut {
                break;
            }
        }
        self.mark = start;
        Ok(None)
    }

    fn items(&mut self, items: &'static [Item], cut: &mut bool) -> Result<Option<Vec<Rc<Node>>>, Fault> {
        let mut kids = Vec::with_capacity(items.len());
        for item in items {
            if matches!(item, Item::Cut) {
                *cut = true;
            }
            match self.item(item)? {
                Some(node) => kids.push(node),
                None => return Ok(None),
            }
        }
        Ok(Some(kids))
    }

    fn finish(&mut self, alternative: &Alternative, start: usize, kids: Vec<Rc<Node>>) -> Found {
        match alternative.action {
            Action::Pass => {
                let consumes = |item: &Item| !matches!(item, Item::Ahead(_) | Item::NotAhead(_) | Item::Cut);
                let mut solid = alternative.items.iter().zip(&kids).filter(|(item, _)| consumes(item));
                if let (Some((_, only)), None) = (solid.next(), solid.next()) {
                    return Ok(Some(only.clone()));
                }
                Ok(Some(self.node(PLAIN, start, kids)))
            }
            action => actions::run(self, action, start, kids),
        }
    }

    pub fn node(&self, kind: &'static str, start: usize, kids: Vec<Rc<Node>>) -> Rc<Node> {
        Rc::new(Node { kind, start, end: self.mark, kids })
    }

    fn item(&mut self, item: &'static Item) -> Found {
        let start = self.mark;
        match item {
            Item::Word(word) => self.word(word),
            Item::Soft(word) => {
                let token = self.token()?;
                Ok((token.kind == Kind::Name && self.token_text(token) == *word).then(|| self.take()))
            }
            Item::SoftKeyword => {
                let token = self.token()?;
                let soft = matches!(self.token_text(token), "_" | "case" | "match" | "type");
                Ok((token.kind == Kind::Name && soft).then(|| self.take()))
            }
            Item::Token(kind) => {
                let token = self.token()?;
                let reserved = *kind == Kind::Name && KEYWORDS.contains(&self.token_text(token));
                Ok((token.kind == *kind && !reserved).then(|| self.take()))
            }
            Item::Rule(id) => self.rule(*id),
            Item::Group(all) => self.alternatives(all),
            Item::Optional(all) => {
                let found = self.alternatives(all)?;
                Ok(Some(found.unwrap_or_else(|| self.node(ABSENT, start, Vec::new()))))
            }
            Item::Star(inner) => self.repeat(inner, start),
            Item::Plus(inner) => {
                let found = self.repeat(inner, start)?;
                Ok(found.filter(|node| !node.kids.is_empty()))
            }
            Item::Separated(separator, inner) => self.separated(separator, inner, start),
            Item::Ahead(inner) => {
                let found = self.item(inner)?;
                self.mark = start;
                Ok(found)
            }
            Item::NotAhead(inner) => {
                let found = self.item(inner)?;
                self.mark = start;
                Ok(if found.is_none() { Some(self.node(ABSENT, start, Vec::new())) } else { None })
            }
            Item::Cut => Ok(Some(self.node(ABSENT, start, Vec::new()))),
            Item::Forced(word) => {
                let found = self.word(word)?;
                if found.is_none() && self.explaining {
                    return Err(actions::expected(self, word));
                }
                Ok(found)
            }
        }
    }

    fn word(&mut self, word: &'static str) -> Found {
        let token = self.token()?;
        let fits = matches!(token.kind, Kind::Op | Kind::Name) && self.token_text(token) == word;
        Ok(fits.then(|| self.take()))
    }

    fn take(&mut self) -> Rc<Node> {
        self.mark += 1;
        Rc::new(Node { kind: TOKEN, start: self.mark - 1, end: self.mark, kids: Vec::new() })
    }

    fn repeat(&mut self, inner: &'static Item, start: usize) -> Found {
        let mut kids = Vec::new();
        loop {
            let before = self.mark;
            match self.item(inner)? {
                Some(node) if self.mark > before => kids.push(node),
                _ => {
                    self.mark = before;
                    return Ok(Some(self.node(PLAIN, start, kids)));
                }
            }
        }
    }

    fn separated(&mut self, separator: &'static str, inner: &'static Item, start: usize) -> Found {
        let Some(first) = self.item(inner)? else {
            self.mark = start;
            return Ok(None);
        };
        let mut kids = vec![first];
        loop {
            let before = self.mark;
            let next = if self.word(separator)?.is_some() { self.item(inner)? } else { None };
            match next {
                Some(node) => kids.push(node),
                None => {
                    self.mark = before;
                    return Ok(Some(self.node(PLAIN, start, kids)));
                }
            }
        }
    }
}
