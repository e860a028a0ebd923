//! The parser of XML, without Python: text goes in by pieces, events come out one at a time.
//!
//! [`Core::feed`] appends, [`Core::next`] gives the next event as far as the text goes. What is not yet whole is looked at
//! again when more has come. The object around it (`parser.rs`) guards it by its lock and calls the handlers between
//! two events, without the lock.

use super::dtd::{Dtd, Entity, Model, tokens};
use super::text::{self, Encoding, Position, char_at, is_char, is_name_char, is_name_start, is_space};
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use ungil_locks::primitive::{Mutex, MutexGuard};

/// Numbers of errors that are named here; `errors.rs` has them all.
pub mod code {
    pub const NO_MEMORY: u8 = 1;
    pub const SYNTAX: u8 = 2;
    pub const NO_ELEMENTS: u8 = 3;
    pub const INVALID_TOKEN: u8 = 4;
    pub const UNCLOSED_TOKEN: u8 = 5;
    pub const PARTIAL_CHAR: u8 = 6;
    pub const TAG_MISMATCH: u8 = 7;
    pub const DUPLICATE_ATTRIBUTE: u8 = 8;
    pub const JUNK: u8 = 9;
    pub const UNDEFINED_ENTITY: u8 = 11;
    pub const RECURSIVE_ENTITY: u8 = 12;
    pub const ASYNC_ENTITY: u8 = 13;
    pub const BAD_CHAR_REF: u8 = 14;
    pub const BINARY_ENTITY: u8 = 15;
    pub const EXTERNAL_IN_ATTRIBUTE: u8 = 16;
    pub const MISPLACED_XML_PI: u8 = 17;
    pub const UNKNOWN_ENCODING: u8 = 18;
    pub const INCORRECT_ENCODING: u8 = 19;
    pub const UNCLOSED_CDATA: u8 = 20;
    pub const EXTERNAL_HANDLING: u8 = 21;
    pub const NOT_STANDALONE: u8 = 22;
    pub const UNEXPECTED_STATE: u8 = 23;
    pub const UNBOUND_PREFIX: u8 = 27;
    pub const UNDECLARING_PREFIX: u8 = 28;
    pub const XML_DECL: u8 = 30;
    pub const PUBLICID: u8 = 32;
    pub const ABORTED: u8 = 35;
    pub const FINISHED: u8 = 36;
    pub const RESERVED_XML: u8 = 38;
    pub const RESERVED_XMLNS: u8 = 39;
    pub const RESERVED_URI: u8 = 40;
    pub const AMPLIFICATION: u8 = 43;
}

/// An error's number, and where in the text it is; without a place where the token began.
pub type Fail = (u8, Option<usize>);

/// Whether more can be done with the text that is there.
pub enum Step {
    Go,
    Wait,
}

/// What happens in a document.
#[derive(Debug)]
pub enum Event {
    /// Text between markup; `None` is a newline.
    Text(Option<String>),
    /// Name, attributes, and how many of these stand in the document.
    Start(String, Vec<(String, String)>, usize),
    End(String),
    StartNs(Option<String>, Option<String>),
    EndNs(Option<String>),
    Instruction(String, String),
    Comment(String),
    StartCdata,
    EndCdata,
    /// Version, encoding, standalone (-1 if it is not said).
    XmlDecl(Option<String>, Option<String>, i64),
    StartDoctype {
        name: String,
        system: Option<String>,
        public: Option<String>,
        internal: bool,
    },
    EndDoctype,
    EntityDecl {
        name: String,
        parameter: bool,
        entity: Entity,
    },
    Notation {
        name: String,
        base: Option<String>,
        system: Option<String>,
        public: Option<String>,
    },
    ElementDecl {
        name: String,
        model: Model,
    },
    Attlist {
        element: String,
        name: String,
        kind: String,
        default: Option<String>,
        required: bool,
    },
    ExternalEntity {
        context: Option<String>,
        base: Option<String>,
        system: Option<String>,
        public: Option<String>,
    },
    SkippedEntity {
        name: String,
        parameter: bool,
    },
    NotStandalone,
    /// Nothing but text for the default handler.
    Raw,
    /// [`Core::set_encoding`] must be called before the next event is asked for.
    UnknownEncoding(String),
}

/// An event, where it is, and, if that is wanted, what the document says there.
#[derive(Debug)]
pub struct Queued {
    pub event: Event,
    pub position: Position,
    pub raw: Option<String>,
}

/// What part of a document comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// At its very beginning.
    Start,
    Prolog,
    Content,
    Epilog,
    Done,
}

/// An entity whose text is being read.
pub(super) struct Open {
    pub name: String,
    pub text: Arc<Vec<u8>>,
    pub at: usize,
    /// Where what refers to it goes on.
    pub resume: usize,
    /// Open elements when it began.
    pub depth: usize,
}

/// An open element: its name in the document and in events, and how many prefixes it has bound.
pub(super) struct Element {
    /// Empty if both names are the same.
    pub raw: Vec<u8>,
    pub name: String,
    pub bound: usize,
}

impl Element {
    /// The name in the document.
    pub fn raw(&self) -> &[u8] {
        if self.raw.is_empty() { self.name.as_bytes() } else { &self.raw }
    }
}

/// See the module's head.
pub struct Core {
    pub(super) encoding: Option<Encoding>,
    /// The encoding that the application has given, before it is known.
    pub(super) given: Option<String>,
    pub(super) pending: Vec<u8>,
    /// What follows the text is no text.
    pub(super) bad: bool,
    pub(super) text: Arc<Vec<u8>>,
    pub(super) at: usize,
    pub(super) position: Position,
    /// A place in the text behind `at` whose position is known: declarations may have many events.
    marked: Cell<Option<(usize, Position)>>,
    /// The byte before the text was a carriage return.
    pub(super) returned: bool,
    pub(super) last: bool,
    pub(super) state: State,
    pub(super) in_subset: bool,
    pub(super) in_cdata: bool,
    pub(super) had_doctype: bool,
    pub(super) entities: Vec<Open>,
    pub(super) elements: Vec<Element>,
    /// Prefixes and what they are bound to, the latest last.
    pub(super) bindings: Vec<(Option<String>, Option<String>)>,
    pub(super) out: VecDeque<Queued>,
    pub(super) dtd: Arc<Mutex<Dtd>>,
    pub(super) external_subset: Option<(String, Option<String>)>,
    pub(super) error: Option<(u8, Position)>,
    /// The position of the event that is being handled.
    pub event_position: Option<Position>,
    pub(super) expanded: usize,
    pub(super) depth_at_start: usize,
    /// A parser for an external entity: content, or declarations.
    pub(super) external: Option<bool>,
    pub base: Option<String>,
    /// Whether raw text of events is wanted.
    pub want_raw: bool,
    /// Whether runs of text may contain newlines.
    pub merge: bool,
    /// Whether references to entities are replaced by their text.
    pub expand: bool,
    /// Whether names are expanded by namespaces, and what stands between their parts.
    pub namespaces: Option<Option<char>>,
    pub prefixes: bool,
    /// `XML_PARAM_ENTITY_PARSING_*`
    pub parameter_entities: i64,
    pub foreign_dtd: bool,
    /// Whether what was not whole is looked at again only when there is much more of it.
    pub deferral: bool,
    /// Bytes that were there when the text last began with something that was not whole.
    pub(super) waiting: usize,
    /// Text of entities may be this many times the document's, once there is more of it than the second number.
    pub amplification: (usize, usize),
}

impl Core {
    pub fn new(given: Option<String>, namespaces: Option<Option<char>>) -> Core {
        Core {
            encoding: None,
            given,
            pending: Vec::new(),
            bad: false,
            text: Arc::default(),
            at: 0,
            position: Position::START,
            marked: Cell::new(None),
            returned: false,
            last: false,
            state: State::Start,
            in_subset: false,
            in_cdata: false,
            had_doctype: false,
            entities: Vec::new(),
            elements: Vec::new(),
            bindings: vec![(Some("xml".into()), Some(super::attrs::XML_URI.into()))],
            out: VecDeque::new(),
            dtd: Arc::default(),
            external_subset: None,
            error: None,
            event_position: None,
            expanded: 0,
            depth_at_start: 0,
            external: None,
            base: None,
            want_raw: false,
            merge: false,
            expand: true,
            namespaces,
            prefixes: false,
            parameter_entities: 0,
            foreign_dtd: false,
            deferral: true,
            waiting: 0,
            amplification: (100, 8 << 20),
        }
    }

    /// A parser for an external entity that this one refers to: for content with a context, for declarations without.
    pub fn external(&self, has_context: bool, given: Option<String>) -> Core {
        let mut made = Core::new(given, self.namespaces);
        made.external = Some(has_context);
        made.bindings.clone_from(&self.bindings);
        made.base.clone_from(&self.base);
        made.prefixes = self.prefixes;
        made.parameter_entities = self.parameter_entities;
        made.deferral = self.deferral;
        match has_context {
            true => made.dtd = Arc::new(Mutex::new(self.dtd().clone())),
            false => made.dtd = Arc::clone(&self.dtd),
        }
        made
    }

    pub(super) fn dtd(&self) -> MutexGuard<'_, Dtd> {
        self.dtd.lock().unwrap_or_else(|p| p.into_inner())
    }

    pub(super) fn reads_parameter_entities(&self) -> bool {
        match self.parameter_entities {
            0 => false,
            1 => !self.dtd().standalone,
            _ => true,
        }
    }

    /// Whether a document is being parsed.
    pub fn has_started(&self) -> bool {
        !self.is_done() && (self.state != State::Start || !self.text.is_empty() || !self.pending.is_empty())
    }

    /// Whether the document has ended, or a handler has raised.
    pub fn is_done(&self) -> bool {
        self.state == State::Done || matches!(self.error, Some((code::ABORTED | code::FINISHED, _)))
    }

    /// Appends bytes of the document; `last` if it ends with them.
    pub fn feed(&mut self, bytes: &[u8], last: bool) {
        self.last |= last;
        let consumed = std::mem::take(&mut self.at);
        self.marked.set(None);
        let text = Arc::make_mut(&mut self.text);
        if let Some(&b) = consumed.checked_sub(1).and_then(|i| text.get(i)) {
            self.returned = b == b'\r';
        }
        text.drain(..consumed);
        // A handler has raised while the text of an entity was being read: what refers to it has moved.
        if let Some(open) = self.entities.first_mut() {
            open.resume = open.resume.saturating_sub(consumed);
        }
        self.pending.extend_from_slice(bytes);
        self.decode();
    }

    pub(super) fn decode(&mut self) {
        if let Some(encoding) = &self.encoding
            && !self.bad
        {
            let text = Arc::make_mut(&mut self.text);
            self.bad = !text::decode(encoding, &mut self.pending, text);
        }
    }

    /// Reads the document as bytes of this encoding.
    pub fn set_encoding(&mut self, encoding: Encoding) {
        self.encoding = Some(encoding);
        self.given = None;
        self.decode();
    }

    /// The document's text is what an application has as a string.
    pub fn override_encoding(&mut self) {
        if self.encoding.is_none() {
            self.given = Some("utf-8".into());
        }
    }

    /// Where the next event would be, or the one that is being handled is.
    pub fn position(&self) -> Position {
        self.event_position.unwrap_or(self.position)
    }

    /// The document from the event that is being handled on, as far as it is there.
    pub fn input_context(&self) -> Vec<u8> {
        let back = self.event_position.map_or(0, |event| self.position.byte.saturating_sub(event.byte));
        self.text[self.at.saturating_sub(back)..].to_vec()
    }

    pub fn error(&self) -> Option<(u8, Position)> {
        self.error
    }

    /// Ends the parsing with an error.
    pub fn fail(&mut self, code: u8) {
        self.error = Some((code, self.position()));
        self.out.clear();
    }

    /// The next event, `None` if there is too little text.
    ///
    /// # Errors
    /// The number of the error that has ended the parsing.
    pub fn next(&mut self) -> Result<Option<Queued>, u8> {
        loop {
            if let Some(next) = self.out.pop_front() {
                self.event_position = Some(next.position);
                return Ok(Some(next));
            }
            if let Some((code, position)) = self.error {
                self.event_position = Some(position);
                return Err(code);
            }
            self.event_position = None;
            let there = self.text.len() - self.at;
            if self.deferral && !self.last && self.at == 0 && there < 2 * self.waiting {
                return Ok(None);
            }
            let step = self.step();
            match step {
                Ok(Step::Go) => {}
                Ok(Step::Wait) => {
                    self.waiting = if self.at == 0 { there } else { 0 };
                    return Ok(None);
                }
                Err((code, at)) => {
                    self.error = Some((code, self.position_of(at.unwrap_or(self.current_at()))))
                }
            }
        }
    }

    fn current(&self) -> Arc<Vec<u8>> {
        Arc::clone(self.entities.last().map_or(&self.text, |open| &open.text))
    }

    fn current_at(&self) -> usize {
        self.entities.last().map_or(self.at, |open| open.at)
    }

    /// Where something at this place of the current text is.
    pub(super) fn position_of(&self, start: usize) -> Position {
        let (true, Some(encoding)) = (self.entities.is_empty(), &self.encoding) else { return self.position };
        let known = self.marked.get().filter(|(place, _)| *place <= start);
        let (from, mut position) = known.unwrap_or((self.at, self.position));
        let before = from.checked_sub(1).map_or(self.returned, |i| self.text[i] == b'\r');
        if let Some(passed) = self.text.get(from..start) {
            position.advance(encoding, passed, before);
            self.marked.set(Some((start, position)));
        }
        position
    }

    /// Adds an event about a range of the current text.
    pub(super) fn emit_event(&mut self, event: Event, start: usize, end: usize) {
        let raw = (self.want_raw && end > start).then(|| {
            let text = self.current();
            String::from_utf8_lossy(text.get(start..end).unwrap_or_default()).into_owned()
        });
        let position = self.position_of(start);
        self.out.push_back(Queued { event, position, raw });
    }

    pub(super) fn emit_raw(&mut self, start: usize, end: usize) {
        if self.want_raw {
            self.emit_event(Event::Raw, start, end);
        }
    }

    /// Moves on to a place of the current text.
    pub(super) fn consume(&mut self, end: usize) {
        if let Some(open) = self.entities.last_mut() {
            open.at = end;
            return;
        }
        self.position = self.position_of(end);
        self.at = end;
        self.marked.set(None);
    }

    fn step(&mut self) -> Result<Step, Fail> {
        let text = self.current();
        if let Some(open) = self.entities.last() {
            if open.at >= text.len() {
                return self.close_entity();
            }
            let at = open.at;
            let step = match open.name.starts_with('%') {
                true => self.subset(&text, at),
                false => self.content(&text, at),
            };
            return match step? {
                Step::Go => Ok(Step::Go),
                Step::Wait => Err((code::UNCLOSED_TOKEN, None)),
            };
        }
        if self.encoding.is_none() {
            return self.find_encoding();
        }
        let at = self.at;
        let step = match self.state {
            State::Start => self.start(&text, at)?,
            State::Prolog if self.in_subset || self.external == Some(false) => self.subset(&text, at)?,
            State::Prolog | State::Epilog => self.around(&text, at)?,
            State::Content => self.content(&text, at)?,
            State::Done => Step::Wait,
        };
        match step {
            Step::Go => Ok(Step::Go),
            Step::Wait => self.out_of_text(&text),
        }
    }

    /// What it means that the text ends here.
    pub(super) fn out_of_text(&mut self, text: &[u8]) -> Result<Step, Fail> {
        if self.bad {
            return Err((code::INVALID_TOKEN, Some(text.len())));
        }
        if !self.last || self.state == State::Done {
            return Ok(Step::Wait);
        }
        if !self.pending.is_empty() {
            return Err((code::PARTIAL_CHAR, None));
        }
        if self.at < text.len() {
            return Err((if self.in_cdata { code::UNCLOSED_CDATA } else { code::UNCLOSED_TOKEN }, None));
        }
        let ended = match self.external {
            Some(true) => self.elements.is_empty() && !self.in_cdata,
            Some(false) => true,
            None => self.state == State::Epilog,
        };
        if !ended {
            return Err(match self.external {
                _ if self.in_cdata => (code::UNCLOSED_CDATA, None),
                Some(_) => (code::ASYNC_ENTITY, None),
                None => (code::NO_ELEMENTS, None),
            });
        }
        self.state = State::Done;
        Ok(Step::Wait)
    }

    /// Comments, instructions and space before and after the document's element, its declaration, and its start.
    fn around(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        let Some(&b) = text.get(at) else { return Ok(Step::Wait) };
        let junk = if self.state == State::Epilog { code::JUNK } else { code::SYNTAX };
        if is_space(b) {
            let end = at + text[at..].iter().take_while(|&&b| is_space(b)).count();
            self.emit_raw(at, end);
            self.consume(end);
            return Ok(Step::Go);
        }
        if b != b'<' {
            let invalid = char_at(text, at).is_some_and(|c| !is_char(c)) || matches!(b, b'&');
            if junk == code::SYNTAX
                && let Some(end) = bad_name_end(text, at)
            {
                return Err((code::INVALID_TOKEN, Some(end)));
            }
            return Err((if invalid && junk == code::SYNTAX { code::INVALID_TOKEN } else { junk }, Some(at)));
        }
        match text.get(at + 1) {
            None => Ok(Step::Wait),
            Some(b'?') => self.instruction(text, at),
            Some(b'!') => match text.get(at + 2) {
                None => Ok(Step::Wait),
                Some(b'-') => self.comment(text, at),
                Some(b'D') if self.state == State::Prolog && !self.had_doctype => {
                    let Some(found) = tokens(text, at)? else { return Ok(Step::Wait) };
                    let (first, last) = (found[0], found[found.len() - 1]);
                    if &text[first.start..first.end] != b"<!DOCTYPE" {
                        return Err((code::SYNTAX, Some(at)));
                    }
                    self.had_doctype = true;
                    self.doctype(text, &found)?;
                    self.consume(last.end);
                    Ok(Step::Go)
                }
                Some(_) => Err((junk, Some(at))),
            },
            Some(_) if self.state == State::Epilog => Err((junk, Some(at))),
            Some(_) => match char_at(text, at + 1) {
                Some(c) if is_name_start(c) => {
                    self.state = State::Content;
                    if self.foreign_dtd && !self.had_doctype && self.reads_parameter_entities() {
                        let event = Event::ExternalEntity {
                            context: None,
                            base: self.base.clone(),
                            system: None,
                            public: None,
                        };
                        self.emit_event(event, at, at);
                    }
                    Ok(Step::Go)
                }
                _ => Err((code::INVALID_TOKEN, Some(at + 1))),
            },
        }
    }

    /// Declarations, in the document or in a parameter entity.
    fn subset(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        let Some(&b) = text.get(at) else { return Ok(Step::Wait) };
        match b {
            b if is_space(b) => {
                let end = at + text[at..].iter().take_while(|&&b| is_space(b)).count();
                self.emit_raw(at, end);
                self.consume(end);
            }
            b']' if self.entities.is_empty() && self.in_subset => return Ok(self.end_subset(text, at)),
            b'%' => {
                let mut end = at + 1;
                while let Some(c) = char_at(text, end).filter(|&c| is_name_char(c)) {
                    end += c.len_utf8();
                }
                match text.get(end) {
                    None => return Ok(Step::Wait),
                    Some(b';') if end > at + 1 => {}
                    Some(_) => return Err((code::INVALID_TOKEN, Some(end))),
                }
                let name = String::from_utf8_lossy(&text[at + 1..end]).into_owned();
                let depth = self.entities.len();
                self.parameter_reference(&name, at, end + 1)?;
                if self.entities.len() == depth {
                    self.consume(end + 1);
                }
            }
            b'<' => match (text.get(at + 1), text.get(at + 2)) {
                (None, _) | (Some(b'!'), None) => return Ok(Step::Wait),
                (Some(b'?'), _) => return self.instruction(text, at),
                (Some(b'!'), Some(b'-')) => return self.comment(text, at),
                (Some(b'!'), Some(b'[')) if self.external == Some(false) => {
                    return self.conditional(text, at);
                }
                (Some(b'!'), _) => {
                    let Some(found) = tokens(text, at)? else { return Ok(Step::Wait) };
                    self.declaration(text, &found)?;
                    self.consume(found[found.len() - 1].end);
                }
                _ => return Err((code::SYNTAX, Some(at))),
            },
            b']' if text[at..].starts_with(b"]]>") && self.external == Some(false) => self.consume(at + 3),
            _ => return Err((code::SYNTAX, Some(at))),
        }
        Ok(Step::Go)
    }

    /// `<![INCLUDE[` and `<![IGNORE[`, in external declarations.
    fn conditional(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        let Some(open) = text[at + 3..].iter().position(|&b| b == b'[') else { return Ok(Step::Wait) };
        let keyword = text[at + 3..at + 3 + open].trim_ascii();
        if keyword == b"INCLUDE" {
            self.consume(at + 4 + open);
            return Ok(Step::Go);
        }
        if keyword != b"IGNORE" {
            return Err((code::SYNTAX, Some(at)));
        }
        let (mut depth, mut end) = (1, at + 4 + open);
        while depth > 0 {
            match text.get(end..end + 3) {
                None => return Ok(Step::Wait),
                Some(b"<![") => (depth, end) = (depth + 1, end + 3),
                Some(b"]]>") => (depth, end) = (depth - 1, end + 3),
                Some(_) => end += 1,
            }
        }
        self.emit_raw(at, end);
        self.consume(end);
        Ok(Step::Go)
    }

    /// `]` and the `>` after it.
    fn end_subset(&mut self, text: &[u8], at: usize) -> Step {
        let close = at + 1 + text[at + 1..].iter().take_while(|&&b| is_space(b)).count();
        match text.get(close) {
            None => return Step::Wait,
            Some(b'>') => {
                self.emit_raw(at, at + 1);
                self.end_doctype(close, close + 1);
                self.in_subset = false;
                self.consume(close + 1);
            }
            Some(_) => self.error = Some((code::SYNTAX, self.position_of(close))),
        }
        Step::Go
    }
}

/// Where a name ends with what cannot follow one, if there is such a name.
fn bad_name_end(text: &[u8], at: usize) -> Option<usize> {
    char_at(text, at).filter(|&c| is_name_start(c))?;
    let mut end = at;
    while let Some(c) = char_at(text, end).filter(|&c| is_name_char(c)) {
        end += c.len_utf8();
    }
    let next = *text.get(end)?;
    (!is_space(next) && !b">),|[%?*+".contains(&next)).then_some(end)
}

pub(super) fn check_chars(text: &[u8], start: usize, end: usize) -> Result<(), Fail> {
    let bad = |i: &usize| {
        let b = text[*i];
        b < b' ' && !is_space(b) || b == 0xef && matches!(text.get(i + 1..i + 3), Some([0xbf, 0xbe | 0xbf]))
    };
    match (start..end).find(bad) {
        Some(place) => Err((code::INVALID_TOKEN, Some(place))),
        None => Ok(()),
    }
}

/// Text with its line ends as newlines.
pub(super) fn normalized(text: &[u8]) -> String {
    let text = text::owned(text);
    if !text.contains('\r') {
        return text;
    }
    text.replace("\r\n", "\n").replace('\r', "\n")
}
