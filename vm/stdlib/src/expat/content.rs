//! What stands in elements: text, references, CDATA sections, end tags; comments and instructions, which stand anywhere.

use super::core::{Core, Event, Fail, Open, State, Step, check_chars, code, normalized};
use super::text::{char_at, is_name_char, is_name_start, is_space, name_end, owned};
use std::sync::Arc;

impl Core {
    pub(super) fn comment(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        match text.get(at + 3) {
            None => return Ok(Step::Wait),
            Some(b'-') => {}
            Some(_) => return Err((code::INVALID_TOKEN, Some(at + 3))),
        }
        let body = at + 4;
        let dashes = text[body..].windows(2).position(|w| w == b"--").map(|n| body + n);
        check_chars(text, body, dashes.unwrap_or(text.len()))?;
        let Some(end) = dashes else { return Ok(Step::Wait) };
        match text.get(end + 2) {
            None => return Ok(Step::Wait),
            Some(b'>') => {}
            Some(_) => return Err((code::INVALID_TOKEN, Some(end + 2))),
        }
        self.emit_event(Event::Comment(normalized(&text[body..end])), at, end + 3);
        self.consume(end + 3);
        Ok(Step::Go)
    }

    pub(super) fn instruction(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        let mut end = at + 2;
        while let Some(c) = char_at(text, end).filter(|&c| is_name_char(c)) {
            if end == at + 2 && !is_name_start(c) {
                break;
            }
            end += c.len_utf8();
        }
        if end == text.len() {
            return Ok(Step::Wait);
        }
        let target = &text[at + 2..end];
        if target == b"xml" {
            return Err((code::MISPLACED_XML_PI, Some(at)));
        }
        let next = text[end];
        if target.is_empty() || target.eq_ignore_ascii_case(b"xml") || !(is_space(next) || next == b'?') {
            return Err((code::INVALID_TOKEN, Some(end)));
        }
        let close = text[end..].windows(2).position(|w| w == b"?>").map(|n| end + n);
        check_chars(text, end, close.unwrap_or(text.len()))?;
        let Some(close) = close else { return Ok(Step::Wait) };
        let data = &text[end..close];
        let data = &data[data.iter().take_while(|&&b| is_space(b)).count()..];
        let target = String::from_utf8_lossy(target).into_owned();
        self.emit_event(Event::Instruction(target, normalized(data)), at, close + 2);
        self.consume(close + 2);
        Ok(Step::Go)
    }

    /// What may stand in an element.
    pub(super) fn content(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        let Some(&b) = text.get(at) else { return Ok(Step::Wait) };
        if self.in_cdata {
            return self.cdata(text, at);
        }
        match b {
            b'<' => match text.get(at + 1) {
                None => Ok(Step::Wait),
                Some(b'/') => self.end_tag(text, at),
                Some(b'?') => self.instruction(text, at),
                Some(b'!') => match text.get(at + 2) {
                    None => Ok(Step::Wait),
                    Some(b'-') => self.comment(text, at),
                    Some(_) => self.open_cdata(text, at),
                },
                Some(_) => self.start_tag(text, at),
            },
            b'&' => self.reference(text, at),
            _ => self.characters(text, at, |b| matches!(b, b'<' | b'&'), true),
        }
    }

    fn open_cdata(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        const OPEN: &[u8] = b"<![CDATA[";
        let same = OPEN.iter().zip(&text[at..]).take_while(|(a, b)| a == b).count();
        if same == OPEN.len() {
            self.emit_event(Event::StartCdata, at, at + same);
            self.in_cdata = true;
            self.consume(at + same);
            return Ok(Step::Go);
        }
        match text.get(at + same) {
            None => Ok(Step::Wait),
            Some(_) => Err((code::INVALID_TOKEN, Some(at + same))),
        }
    }

    fn cdata(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        if text[at..].starts_with(b"]]>") {
            self.emit_event(Event::EndCdata, at, at + 3);
            self.in_cdata = false;
            self.consume(at + 3);
            return Ok(Step::Go);
        }
        if text[at] == b']' && text.len() - at < 3 && b"]]>".starts_with(&text[at..]) {
            return Ok(Step::Wait);
        }
        self.characters(text, at, |b| b == b']', false)
    }

    /// A run of text that ends before a byte that `stops` says.
    fn characters(
        &mut self,
        text: &[u8],
        at: usize,
        stops: impl Fn(u8) -> bool,
        brackets: bool,
    ) -> Result<Step, Fail> {
        let whole = self.last && self.pending.is_empty() || !self.entities.is_empty();
        if matches!(text[at], b'\n' | b'\r') && !self.merge {
            let mut end = at + 1;
            if text[at] == b'\r' {
                match text.get(end) {
                    Some(b'\n') => end += 1,
                    None if !whole => return Ok(Step::Wait),
                    _ => {}
                }
            }
            self.emit_event(Event::Text(None), at, end);
            self.consume(end);
            return Ok(Step::Go);
        }
        let mut end = at;
        let mut fail = None;
        while let Some(&b) = text.get(end) {
            if stops(b) && end > at || b < b' ' && b != b'\t' {
                if !matches!(b, b'\n' | b'\r') && !stops(b) {
                    fail = Some(end);
                }
                if !(self.merge && matches!(b, b'\n' | b'\r')) {
                    break;
                }
            } else if brackets && b == b']' {
                match text.get(end + 1..end + 3) {
                    Some(b"]>") => {
                        fail = Some(end + 2);
                        break;
                    }
                    None if !whole && text[end..].iter().all(|&b| b == b']') => break,
                    _ => {}
                }
            } else if b == 0xef && matches!(text.get(end + 1..end + 3), Some([0xbf, 0xbe | 0xbf])) {
                fail = Some(end);
                break;
            }
            end += 1;
        }
        if self.merge && end == text.len() && !whole && text[end - 1] == b'\r' {
            end -= 1;
        }
        if end == at {
            return match fail {
                Some(place) => Err((code::INVALID_TOKEN, Some(place))),
                None => Ok(Step::Wait),
            };
        }
        let run = if self.merge { normalized(&text[at..end]) } else { owned(&text[at..end]) };
        self.emit_event(Event::Text(Some(run)), at, end);
        self.consume(end);
        match fail {
            Some(place) => Err((code::INVALID_TOKEN, Some(place))),
            None => Ok(Step::Go),
        }
    }

    fn end_tag(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        let end = match self.elements.last() {
            // The name that is expected, and nothing more.
            Some(e)
                if text[at + 2..].starts_with(e.raw()) && text.get(at + 2 + e.raw().len()) == Some(&b'>') =>
            {
                at + 2 + e.raw().len()
            }
            _ => name_end(text, at + 2),
        };
        if end == text.len() {
            return Ok(Step::Wait);
        }
        let close = end + text[end..].iter().take_while(|&&b| is_space(b)).count();
        match text.get(close) {
            None => return Ok(Step::Wait),
            Some(b'>') if end > at + 2 => {}
            Some(_) => return Err((code::INVALID_TOKEN, Some(close))),
        }
        let limit = self.entities.last().map_or(self.depth_at_start, |open| open.depth);
        if self.elements.len() <= limit {
            return Err((code::ASYNC_ENTITY, Some(at)));
        }
        if self.elements.last().is_some_and(|e| e.raw() != &text[at + 2..end]) {
            return Err((code::TAG_MISMATCH, Some(at + 2)));
        }
        self.end_element(at, close + 1);
        self.consume(close + 1);
        Ok(Step::Go)
    }

    /// The end of the latest element.
    pub(super) fn end_element(&mut self, start: usize, end: usize) {
        let Some(element) = self.elements.pop() else { return };
        self.emit_event(Event::End(element.name), start, end);
        self.unbind(element.bound, start);
        if self.elements.is_empty() && self.external.is_none() {
            self.state = State::Epilog;
        }
    }

    /// Ends the latest bindings of prefixes.
    pub(super) fn unbind(&mut self, count: usize, at: usize) {
        for _ in 0..count {
            if let Some((prefix, _)) = self.bindings.pop() {
                self.emit_event(Event::EndNs(prefix), at, at);
            }
        }
    }

    /// `&name;` and `&#number;` in content.
    fn reference(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        let Some((end, found)) = super::attrs::reference(text, at)? else { return Ok(Step::Wait) };
        let name = match found {
            Ok(c) => {
                self.emit_event(Event::Text(Some(c.into())), at, end);
                self.consume(end);
                return Ok(Step::Go);
            }
            Err(name) => name,
        };
        let (entity, skip) = {
            let dtd = self.dtd();
            (dtd.general.get(&name).cloned(), dtd.incomplete && !dtd.standalone)
        };
        let Some(entity) = entity else {
            if !skip {
                return Err((code::UNDEFINED_ENTITY, Some(at)));
            }
            self.emit_event(Event::SkippedEntity { name, parameter: false }, at, end);
            self.consume(end);
            return Ok(Step::Go);
        };
        if self.entities.iter().any(|open| open.name == name) {
            return Err((code::RECURSIVE_ENTITY, None));
        }
        if entity.notation.is_some() {
            return Err((code::BINARY_ENTITY, Some(at)));
        }
        match entity.value {
            Some(_) if !self.expand => {
                self.emit_event(Event::SkippedEntity { name, parameter: false }, at, end);
                self.consume(end);
            }
            Some(value) => {
                self.open_entity(name, value, at)?;
                let index = self.entities.len() - 1;
                self.entities[index].resume = end;
            }
            None => {
                let context = Some(self.context(&name));
                let (base, system, public) = (entity.base, entity.system, entity.public);
                self.emit_event(Event::ExternalEntity { context, base, system, public }, at, end);
                self.consume(end);
            }
        }
        Ok(Step::Go)
    }

    /// What an external parser must know of where it is: bound prefixes and open entities.
    fn context(&self, name: &str) -> String {
        let mut parts = Vec::new();
        if self.namespaces.is_some() {
            for (prefix, uri) in &self.bindings {
                parts.push(format!("{}={}", prefix.as_deref().unwrap_or(""), uri.as_deref().unwrap_or("")));
            }
        }
        parts.extend(self.entities.iter().map(|open| open.name.clone()));
        parts.push(name.into());
        parts.join("\u{c}")
    }

    /// Goes on with the text of an entity, which is referred to at `start`; it resumes behind the `;`.
    pub(super) fn open_entity(&mut self, name: String, value: Vec<u8>, start: usize) -> Result<(), Fail> {
        if self.entities.iter().any(|open| open.name == name) {
            return Err((code::RECURSIVE_ENTITY, None));
        }
        self.charge(value.len())?;
        let resume = start + name.len() + 1;
        let depth = self.elements.len();
        self.entities.push(Open { name, text: Arc::new(value), at: 0, resume, depth });
        Ok(())
    }

    /// Counts text of entities.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Fail> {
        self.expanded += bytes;
        let direct = self.position.byte.max(1);
        let (factor, threshold) = self.amplification;
        if self.expanded > threshold && self.expanded / direct > factor {
            return Err((code::AMPLIFICATION, None));
        }
        Ok(())
    }

    pub(super) fn close_entity(&mut self) -> Result<Step, Fail> {
        let Some(open) = self.entities.pop() else { return Ok(Step::Go) };
        if self.elements.len() != open.depth {
            return Err((code::ASYNC_ENTITY, None));
        }
        self.consume(open.resume);
        Ok(Step::Go)
    }
}
