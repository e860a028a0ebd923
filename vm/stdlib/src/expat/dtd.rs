//! What a document type declaration declares, and how its declarations are read, token by token.

use super::core::{Core, Event, Fail, Step, code};
use super::text::{char_at, is_name_char, is_space};
use std::collections::HashMap;

/// A general or a parameter entity.
#[derive(Clone, Debug, Default)]
pub struct Entity {
    /// Its text, of internal ones.
    pub value: Option<Vec<u8>>,
    pub base: Option<String>,
    pub system: Option<String>,
    pub public: Option<String>,
    pub notation: Option<String>,
}

/// A declared attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    pub name: String,
    pub cdata: bool,
    pub default: Option<String>,
}

/// The declared attributes of an element, in their order, and where each is by its name.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    pub all: Vec<Attribute>,
    places: HashMap<String, usize>,
}

impl Attributes {
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.places.get(name).map(|&i| &self.all[i])
    }

    /// Adds one, unless its name is declared already.
    fn add(&mut self, attribute: Attribute) {
        if !self.places.contains_key(&attribute.name) {
            self.places.insert(attribute.name.clone(), self.all.len());
            self.all.push(attribute);
        }
    }
}

/// Everything declared. External parameter entities add to the same one.
#[derive(Clone, Debug, Default)]
pub struct Dtd {
    pub general: HashMap<String, Entity>,
    pub parameter: HashMap<String, Entity>,
    pub attributes: HashMap<String, Attributes>,
    pub standalone: bool,
    /// Something that is not read may declare more.
    pub incomplete: bool,
    /// Declarations count no more, as one that was not read may have changed their meaning.
    pub ignored: bool,
}

/// A content model: type, quantifier, name, parts, as `pyexpat.model` numbers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub kind: u8,
    pub quantifier: u8,
    pub name: Option<String>,
    pub parts: Vec<Model>,
}

/// Tokens within declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `<!NAME`
    Open,
    Space,
    Name,
    Pound,
    Literal,
    Left,
    Right,
    Or,
    Comma,
    Percent,
    PeRef,
    Close,
    Bracket,
}

/// A token: its kind and its place in the text.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// How deep groups of a content model may lie within each other.
const MAX_GROUPS: usize = 1000;

/// The end of a name or name token that begins at `at`.
fn name_end(text: &[u8], mut at: usize) -> usize {
    while let Some(c) = char_at(text, at).filter(|&c| is_name_char(c)) {
        at += c.len_utf8();
    }
    at
}

fn quantified(text: &[u8], at: usize) -> usize {
    at + usize::from(matches!(text.get(at), Some(b'?' | b'*' | b'+')))
}

/// The token at `at`; `None` if it is not whole.
fn token(text: &[u8], at: usize) -> Result<Option<Token>, Fail> {
    let Some(&b) = text.get(at) else { return Ok(None) };
    let (kind, end) = match b {
        b if is_space(b) => (Kind::Space, at + text[at..].iter().take_while(|&&b| is_space(b)).count()),
        b'"' | b'\'' => match text[at + 1..].iter().position(|&c| c == b) {
            Some(n) => (Kind::Literal, at + n + 2),
            None => return Ok(None),
        },
        b'(' => (Kind::Left, at + 1),
        b')' => (Kind::Right, quantified(text, at + 1)),
        b'|' => (Kind::Or, at + 1),
        b',' => (Kind::Comma, at + 1),
        b'>' => (Kind::Close, at + 1),
        b'[' => (Kind::Bracket, at + 1),
        b'%' => match name_end(text, at + 1) {
            end if end == at + 1 => (Kind::Percent, end),
            end if text.get(end) == Some(&b';') => (Kind::PeRef, end + 1),
            end if end == text.len() => return Ok(None),
            end => return Err((code::INVALID_TOKEN, Some(end))),
        },
        b'#' => (Kind::Pound, name_end(text, at + 1)),
        _ => match name_end(text, at) {
            end if end == at => return Err((code::INVALID_TOKEN, Some(at))),
            end => (Kind::Name, quantified(text, end)),
        },
    };
    let open = matches!(kind, Kind::Space | Kind::Name | Kind::Pound | Kind::Right | Kind::Percent);
    Ok((end < text.len() || !open).then_some(Token { kind, start: at, end }))
}

/// The tokens of the declaration at `at`, `<!NAME` first, to its `>` or the `[` of an internal subset; `None` if it is not
/// whole.
pub fn tokens(text: &[u8], at: usize) -> Result<Option<Vec<Token>>, Fail> {
    let end = name_end(text, at + 2);
    if end == text.len() {
        return Ok(None);
    }
    if end == at + 2 {
        return Err((code::INVALID_TOKEN, Some(end)));
    }
    let mut found = vec![Token { kind: Kind::Open, start: at, end }];
    let mut at = end;
    loop {
        let Some(next) = token(text, at)? else { return Ok(None) };
        found.push(next);
        at = next.end;
        if matches!(next.kind, Kind::Close | Kind::Bracket) {
            return Ok(Some(found));
        }
    }
}

/// A system and a public identifier.
type External = (Option<String>, Option<String>);

/// Reads the tokens of one declaration.
struct Declaration<'a> {
    text: &'a [u8],
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Declaration<'a> {
    fn spaces(&mut self) {
        while self.tokens.get(self.at).is_some_and(|t| t.kind == Kind::Space) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Token {
        self.spaces();
        self.tokens.get(self.at).or(self.tokens.last()).copied().unwrap_or(Token {
            kind: Kind::Close,
            start: 0,
            end: 0,
        })
    }

    fn take(&mut self, kind: Kind) -> Result<Token, Fail> {
        let next = self.peek();
        if next.kind != kind {
            return Err((code::SYNTAX, Some(next.start)));
        }
        self.at += 1;
        Ok(next)
    }

    fn try_take(&mut self, kind: Kind) -> Option<Token> {
        self.take(kind).ok()
    }

    fn str(&self, t: Token) -> String {
        String::from_utf8_lossy(&self.text[t.start..t.end]).into_owned()
    }

    fn name(&mut self) -> Result<String, Fail> {
        self.take(Kind::Name).map(|t| self.str(t))
    }

    fn literal(&mut self) -> Result<(Token, &'a [u8]), Fail> {
        let t = self.take(Kind::Literal)?;
        Ok((t, &self.text[t.start + 1..t.end - 1]))
    }

    fn literal_text(&mut self) -> Result<String, Fail> {
        self.literal().map(|(_, text)| String::from_utf8_lossy(text).into_owned())
    }

    /// A public identifier: white space is one space, and few characters may stand in it.
    fn public(&mut self) -> Result<String, Fail> {
        let (t, _) = self.literal()?;
        self.at -= 1;
        let text = self.literal_text()?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || " \r\n-'()+,./:=?;!*#@$_%".contains(c);
        if !text.chars().all(allowed) {
            return Err((code::PUBLICID, Some(t.start)));
        }
        Ok(text.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// `SYSTEM "s"` or `PUBLIC "p" "s"`, if there is one: system, public. The former may be missing after `PUBLIC` if
    /// `optional`.
    fn external(&mut self, optional: bool) -> Result<Option<External>, Fail> {
        let next = self.peek();
        if next.kind != Kind::Name {
            return Ok(None);
        }
        match self.str(next).as_str() {
            "SYSTEM" => {
                self.at += 1;
                Ok(Some((Some(self.literal_text()?), None)))
            }
            "PUBLIC" => {
                self.at += 1;
                let public = self.public()?;
                if optional && self.peek().kind != Kind::Literal {
                    return Ok(Some((None, Some(public))));
                }
                Ok(Some((Some(self.literal_text()?), Some(public))))
            }
            _ => Err((code::SYNTAX, Some(next.start))),
        }
    }
}

fn quantifier(text: &str) -> (u8, &str) {
    match text.as_bytes().last() {
        Some(b'?') => (1, &text[..text.len() - 1]),
        Some(b'*') => (2, &text[..text.len() - 1]),
        Some(b'+') => (3, &text[..text.len() - 1]),
        _ => (0, text),
    }
}

/// The rest of a group whose `(` has been read, and the token that ends it.
fn group(d: &mut Declaration<'_>, depth: usize) -> Result<(Model, Token), Fail> {
    let mut made = Model { kind: 6, quantifier: 0, name: None, parts: Vec::new() };
    if depth > MAX_GROUPS {
        return Err((code::NO_MEMORY, None));
    }
    let mut separator = None;
    loop {
        let next = d.peek();
        d.at += 1;
        match next.kind {
            Kind::Left => made.parts.push(group(d, depth + 1)?.0),
            Kind::Pound if depth == 0 && made.parts.is_empty() && separator.is_none() => made.kind = 3,
            Kind::Name => {
                let text = d.str(next);
                let (quantifier, name) = quantifier(&text);
                made.parts.push(Model { kind: 4, quantifier, name: Some(name.into()), parts: Vec::new() });
            }
            _ => return Err((code::SYNTAX, Some(next.start))),
        }
        let next = d.peek();
        d.at += 1;
        match next.kind {
            Kind::Or | Kind::Comma if separator.is_none_or(|kind| kind == next.kind) => {
                separator = Some(next.kind);
                if next.kind == Kind::Or && made.kind != 3 {
                    made.kind = 5;
                }
            }
            Kind::Right => {
                made.quantifier = quantifier(&d.str(next)).0;
                return Ok((made, next));
            }
            _ => return Err((code::SYNTAX, Some(next.start))),
        }
    }
}

impl Core {
    /// Reports the tokens from `*from` up to token `to` for the default handler.
    fn skip_tokens(&mut self, tokens: &[Token], from: &mut usize, to: usize) {
        if self.want_raw {
            for t in &tokens[(*from).min(to)..to] {
                self.emit_raw(t.start, t.end);
            }
        }
        *from = to.max(*from);
    }

    /// Reports what a token of a declaration made.
    fn declare(&mut self, tokens: &[Token], from: &mut usize, at: Token, event: Event) {
        let to = tokens.iter().position(|t| t.start >= at.start).unwrap_or(tokens.len());
        self.skip_tokens(tokens, from, to);
        self.emit_event(event, at.start, at.end);
        *from = (to + 1).max(*from);
    }

    /// `<!DOCTYPE`, to the `[` or the `>`.
    pub(super) fn doctype(&mut self, text: &[u8], tokens: &[Token]) -> Result<(), Fail> {
        let mut d = Declaration { text, tokens, at: 1 };
        let mut from = 0;
        let name = d.name()?;
        let external = d.external(false)?;
        let last = d.peek();
        let internal = last.kind == Kind::Bracket;
        if !internal && last.kind != Kind::Close {
            return Err((code::SYNTAX, Some(last.start)));
        }
        let (system, public) = external.clone().unwrap_or_default();
        if system.is_some() {
            let mut dtd = self.dtd();
            dtd.incomplete = true;
            let standalone = dtd.standalone;
            drop(dtd);
            if !standalone {
                let index = if public.is_some() { 2 } else { 1 };
                let literals: Vec<&Token> = tokens.iter().filter(|t| t.kind == Kind::Literal).collect();
                let at = literals.get(index - 1).map_or(last, |t| **t);
                self.emit_event(Event::NotStandalone, at.start, at.start);
            }
        }
        let start = Event::StartDoctype { name, system: system.clone(), public: public.clone(), internal };
        self.declare(tokens, &mut from, last, start);
        self.external_subset = system.map(|system| (system, public));
        if internal {
            self.in_subset = true;
        } else {
            self.end_doctype(last.start, last.start);
        }
        Ok(())
    }

    /// The `>` of the document type declaration.
    pub(super) fn end_doctype(&mut self, start: usize, end: usize) {
        if let Some((system, public)) = self.external_subset.take()
            && self.reads_parameter_entities()
        {
            let event = Event::ExternalEntity {
                context: None,
                base: self.base.clone(),
                system: Some(system),
                public,
            };
            self.emit_event(event, start, start);
        }
        self.emit_event(Event::EndDoctype, start, end);
    }

    /// Any other declaration.
    pub(super) fn declaration(&mut self, text: &[u8], tokens: &[Token]) -> Result<(), Fail> {
        let Some(&open) = tokens.first() else { return Ok(()) };
        let mut from = 0;
        match &text[open.start..open.end] {
            b"<!ENTITY" => self.entity(text, tokens, &mut from)?,
            b"<!NOTATION" => self.notation(text, tokens, &mut from)?,
            b"<!ELEMENT" => self.element_type(text, tokens, &mut from)?,
            b"<!ATTLIST" => self.attribute_list(text, tokens, &mut from)?,
            _ => return Err((code::SYNTAX, Some(open.start))),
        }
        self.skip_tokens(tokens, &mut from, tokens.len());
        Ok(())
    }

    fn entity(&mut self, text: &[u8], tokens: &[Token], from: &mut usize) -> Result<(), Fail> {
        let mut d = Declaration { text, tokens, at: 1 };
        let parameter = d.try_take(Kind::Percent).is_some();
        let name = d.name()?;
        let mut entity = Entity { base: self.base.clone(), ..Entity::default() };
        let mut at = d.peek();
        match d.external(false)? {
            Some((system, public)) => {
                (entity.system, entity.public) = (system, public);
                if !parameter && d.peek().kind == Kind::Name {
                    if d.name()? != "NDATA" {
                        return Err((code::SYNTAX, Some(d.peek().start)));
                    }
                    at = d.peek();
                    entity.notation = Some(d.name()?);
                } else {
                    at = d.peek();
                }
            }
            None => {
                let (_, value) = d.literal()?;
                entity.value = Some(self.entity_value(value)?);
                entity.base = None;
            }
        }
        d.take(Kind::Close)?;
        let mut dtd = self.dtd();
        if dtd.ignored {
            return Ok(());
        }
        let table = if parameter { &mut dtd.parameter } else { &mut dtd.general };
        if table.contains_key(&name) {
            return Ok(());
        }
        table.insert(name.clone(), entity.clone());
        drop(dtd);
        self.declare(tokens, from, at, Event::EntityDecl { name, parameter, entity });
        Ok(())
    }

    fn notation(&mut self, text: &[u8], tokens: &[Token], from: &mut usize) -> Result<(), Fail> {
        let mut d = Declaration { text, tokens, at: 1 };
        let name = d.name()?;
        let Some((system, public)) = d.external(true)? else {
            return Err((code::SYNTAX, Some(d.peek().start)));
        };
        let at = tokens[d.at - 1];
        d.take(Kind::Close)?;
        let event = Event::Notation { name, base: self.base.clone(), system, public };
        self.declare(tokens, from, at, event);
        Ok(())
    }

    fn element_type(&mut self, text: &[u8], tokens: &[Token], from: &mut usize) -> Result<(), Fail> {
        let mut d = Declaration { text, tokens, at: 1 };
        let name = d.name()?;
        let next = d.peek();
        d.at += 1;
        let (model, at) = match next.kind {
            Kind::Left => group(&mut d, 0)?,
            Kind::Name => {
                let kind = match d.str(next).as_str() {
                    "EMPTY" => 1,
                    "ANY" => 2,
                    _ => return Err((code::SYNTAX, Some(next.start))),
                };
                (Model { kind, quantifier: 0, name: None, parts: Vec::new() }, next)
            }
            _ => return Err((code::SYNTAX, Some(next.start))),
        };
        d.take(Kind::Close)?;
        self.declare(tokens, from, at, Event::ElementDecl { name, model });
        Ok(())
    }

    fn attribute_list(&mut self, text: &[u8], tokens: &[Token], from: &mut usize) -> Result<(), Fail> {
        let mut d = Declaration { text, tokens, at: 1 };
        let element = d.name()?;
        while d.peek().kind == Kind::Name {
            let name = d.name()?;
            let kind = attribute_type(&mut d)?;
            let next = d.peek();
            let (mut required, mut wants_default) = (false, true);
            if next.kind == Kind::Pound {
                d.at += 1;
                match d.str(next).as_str() {
                    "#REQUIRED" => (required, wants_default) = (true, false),
                    "#IMPLIED" => wants_default = false,
                    "#FIXED" => required = true,
                    _ => return Err((code::SYNTAX, Some(next.start))),
                }
            }
            let cdata = kind == "CDATA";
            let (mut default, mut at) = (None, next);
            if wants_default {
                let (t, value) = d.literal()?;
                default = Some(self.attribute_value(value, t.start + 1, cdata)?);
                at = t;
            }
            let mut dtd = self.dtd();
            if dtd.ignored {
                continue;
            }
            let known = dtd.attributes.entry(element.clone()).or_default();
            known.add(Attribute { name: name.clone(), cdata, default: default.clone() });
            drop(dtd);
            let event = Event::Attlist { element: element.clone(), name, kind, default, required };
            self.declare(tokens, from, at, event);
        }
        d.take(Kind::Close).map(|_| ())
    }

    /// `%name;` between declarations.
    pub(super) fn parameter_reference(&mut self, name: &str, start: usize, end: usize) -> Result<Step, Fail> {
        let found = self.dtd().parameter.get(name).cloned();
        let standalone = self.dtd().standalone;
        let Some(entity) = found else {
            let mut dtd = self.dtd();
            dtd.incomplete = true;
            dtd.ignored = !standalone;
            drop(dtd);
            self.skipped_parameter(start, end, standalone);
            return Ok(Step::Go);
        };
        self.dtd().incomplete = true;
        if !self.reads_parameter_entities() {
            self.dtd().ignored = !standalone;
            self.skipped_parameter(start, end, standalone);
            return Ok(Step::Go);
        }
        match entity.value {
            Some(value) => self.open_entity(format!("%{name}"), value, start)?,
            None => {
                let (base, system, public) = (entity.base, entity.system, entity.public);
                self.emit_event(Event::ExternalEntity { context: None, base, system, public }, start, end);
            }
        }
        Ok(Step::Go)
    }

    fn skipped_parameter(&mut self, start: usize, end: usize, standalone: bool) {
        if !standalone {
            self.emit_event(Event::NotStandalone, start, start);
        }
        self.emit_raw(start, end);
    }
}

/// The type of an attribute, as handlers get it.
fn attribute_type(d: &mut Declaration<'_>) -> Result<String, Fail> {
    const TYPES: [&str; 8] = ["CDATA", "ID", "IDREF", "IDREFS", "ENTITY", "ENTITIES", "NMTOKEN", "NMTOKENS"];
    let next = d.peek();
    let mut kind = String::new();
    if next.kind == Kind::Name {
        d.at += 1;
        kind = d.str(next);
        if TYPES.contains(&kind.as_str()) {
            return Ok(kind);
        }
        if kind != "NOTATION" {
            return Err((code::SYNTAX, Some(next.start)));
        }
    }
    d.take(Kind::Left)?;
    kind.push('(');
    loop {
        kind.push_str(&d.name()?);
        if d.try_take(Kind::Or).is_none() {
            break;
        }
        kind.push('|');
    }
    d.take(Kind::Right)?;
    kind.push(')');
    Ok(kind)
}
