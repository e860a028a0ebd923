//! Start tags: attributes, what references in their values mean, and names expanded by namespaces.

use super::core::{Core, Element, Event, Fail, Step, code};
use super::text::{char_at, is_char, is_name_char, is_name_start, is_space, name_end, owned};
use std::collections::HashSet;

/// What the prefix `xml` is bound to.
pub const XML_URI: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS_URI: &str = "http://www.w3.org/2000/xmlns/";

/// Where a reference ends, and the character that it stands for or the entity's name.
type Reference = (usize, Result<char, String>);

/// The reference at `at`: where it ends, and the character that it stands for or the entity's name. `None` if it is not whole.
pub fn reference(text: &[u8], at: usize) -> Result<Option<Reference>, Fail> {
    let invalid = |end: usize| Err((code::INVALID_TOKEN, Some(end)));
    match text.get(at + 1) {
        None => return Ok(None),
        Some(b'#') => {}
        Some(_) => {
            let mut end = at + 1;
            while let Some(c) = char_at(text, end).filter(|&c| is_name_char(c)) {
                if end == at + 1 && !is_name_start(c) {
                    break;
                }
                end += c.len_utf8();
            }
            return match text.get(end) {
                None => Ok(None),
                Some(b';') if end > at + 1 => {
                    let name = String::from_utf8_lossy(&text[at + 1..end]).into_owned();
                    Ok(Some((end + 1, predefined(&name).ok_or(name))))
                }
                Some(_) => invalid(end),
            };
        }
    }
    let (radix, start) = if text.get(at + 2) == Some(&b'x') { (16, at + 3) } else { (10, at + 2) };
    let digits = text[start.min(text.len())..].iter().take_while(|b| char::from(**b).is_digit(radix));
    let (mut value, mut end) = (0u32, start);
    for &digit in digits {
        value = value.saturating_mul(radix).saturating_add(char::from(digit).to_digit(radix).unwrap_or(0));
        end += 1;
    }
    match text.get(end) {
        None => Ok(None),
        Some(b';') if end > start => match char::from_u32(value).filter(|&c| is_char(c)) {
            Some(c) => Ok(Some((end + 1, Ok(c)))),
            None => Err((code::BAD_CHAR_REF, Some(at))),
        },
        Some(_) => invalid(end),
    }
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// Names that have been seen: most tags have few attributes.
#[derive(Default)]
struct Names {
    few: Vec<String>,
    many: HashSet<String>,
}

impl Names {
    const FEW: usize = 8;

    /// Adds a name; false if it was there.
    fn insert(&mut self, name: String) -> bool {
        if self.many.is_empty() {
            if self.few.contains(&name) {
                return false;
            }
            if self.few.len() < Names::FEW {
                self.few.push(name);
                return true;
            }
            self.many.extend(self.few.drain(..));
        }
        self.many.insert(name)
    }
}

/// An attribute of a start tag: where its name and its value are.
struct Found {
    name: (usize, usize),
    value: (usize, usize),
}

/// The attributes from `at` on, and the place of the `>` or the `/`; `None` if the tag is not whole.
fn scan(text: &[u8], mut at: usize) -> Result<Option<(Vec<Found>, usize)>, Fail> {
    let mut found = Vec::new();
    let invalid = |at: usize| Err((code::INVALID_TOKEN, Some(at)));
    loop {
        let spaces = text[at..].iter().take_while(|&&b| is_space(b)).count();
        at += spaces;
        match text.get(at) {
            None => return Ok(None),
            Some(b'>') => return Ok(Some((found, at))),
            Some(b'/') => match text.get(at + 1) {
                None => return Ok(None),
                Some(b'>') => return Ok(Some((found, at))),
                Some(_) => return invalid(at + 1),
            },
            Some(_) if spaces == 0 => return invalid(at),
            Some(_) => {}
        }
        let start = at;
        at = name_end(text, at);
        let end = at;
        at += text[at..].iter().take_while(|&&b| is_space(b)).count();
        match text.get(at) {
            None => return Ok(None),
            Some(b'=') if end > start => {}
            Some(_) => return invalid(at),
        }
        at += 1;
        at += text[at..].iter().take_while(|&&b| is_space(b)).count();
        let Some(&quote) = text.get(at) else { return Ok(None) };
        if !matches!(quote, b'"' | b'\'') {
            return invalid(at);
        }
        let value = at + 1;
        at = value;
        loop {
            match text.get(at) {
                None => return Ok(None),
                Some(&b) if b == quote => break,
                Some(b'<') => return invalid(at),
                Some(&b) if b < b' ' && !is_space(b) => return invalid(at),
                Some(0xef) if matches!(text.get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf])) => {
                    return invalid(at);
                }
                Some(_) => at += 1,
            }
        }
        found.push(Found { name: (start, end), value: (value, at) });
        at += 1;
    }
}

impl Core {
    pub(super) fn start_tag(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        let end = name_end(text, at + 1);
        if end == at + 1 {
            return Err((code::INVALID_TOKEN, Some(end)));
        }
        if end == text.len() {
            return Ok(Step::Wait);
        }
        let Some((found, close)) = scan(text, end)? else { return Ok(Step::Wait) };
        let raw = &text[at + 1..end];
        let name = owned(raw);
        let mut specified = found.len();
        let mut attributes = match found.is_empty() {
            true => Vec::new(),
            false => self.attributes(text, &name, &found)?,
        };
        if self.had_doctype || self.external.is_some() {
            self.add_defaults(&name, &mut attributes);
        }
        let (mut name, mut bound) = (name, 0);
        if self.namespaces.is_some() {
            bound = self.bind(&mut attributes, &mut specified, at)?;
            // But for `xml`, nothing may be bound.
            if self.bindings.len() > 1 || name.contains(':') {
                name = self.expanded(&name, true).ok_or((code::UNBOUND_PREFIX, Some(at)))?;
            }
            if let Err(fail) = self.expand_attributes(&mut attributes) {
                self.unbind(bound, at);
                return Err((fail, Some(at)));
            }
        }
        let empty = text[close] == b'/';
        let stop = if empty { close + 2 } else { close + 1 };
        let raw = if empty || name.as_bytes() == raw { Vec::new() } else { raw.to_vec() };
        self.elements.push(Element { raw, name: name.clone(), bound });
        self.emit_event(Event::Start(name, attributes, specified), at, stop);
        self.consume(stop);
        if empty {
            self.end_element(stop, stop);
        }
        Ok(Step::Go)
    }

    fn attributes(
        &mut self,
        text: &[u8],
        element: &str,
        found: &[Found],
    ) -> Result<Vec<(String, String)>, Fail> {
        let mut made: Vec<(String, String)> = Vec::with_capacity(found.len());
        let mut known = Names::default();
        for f in found {
            let name = String::from_utf8_lossy(&text[f.name.0..f.name.1]).into_owned();
            if !known.insert(name.clone()) {
                return Err((code::DUPLICATE_ATTRIBUTE, Some(f.name.0)));
            }
            let cdata = {
                let dtd = self.dtd();
                let declared = dtd.attributes.get(element);
                declared.and_then(|all| all.get(&name)).is_none_or(|a| a.cdata)
            };
            let value = self.attribute_value(&text[f.value.0..f.value.1], f.value.0, cdata)?;
            made.push((name, value));
        }
        Ok(made)
    }

    fn add_defaults(&self, element: &str, attributes: &mut Vec<(String, String)>) {
        let dtd = self.dtd();
        let Some(declared) = dtd.attributes.get(element) else { return };
        let mut known = Names::default();
        attributes.iter().for_each(|(name, _)| {
            known.insert(name.clone());
        });
        for declared in &declared.all {
            if let Some(default) = &declared.default
                && known.insert(declared.name.clone())
            {
                attributes.push((declared.name.clone(), default.clone()));
            }
        }
    }

    /// The value of an attribute, whose text stands at `place`.
    pub(super) fn attribute_value(&mut self, text: &[u8], place: usize, cdata: bool) -> Result<String, Fail> {
        let plain = !text.iter().any(|&b| b < b' ' || b == b'&');
        let mut made = String::with_capacity(text.len());
        if plain {
            made.push_str(&String::from_utf8_lossy(text));
        } else {
            self.append_value(text, &mut Vec::new(), &mut made)
                .map_err(|(number, at)| (number, at.map(|at| place + at)))?;
        }
        if !cdata {
            made = made.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        }
        Ok(made)
    }

    fn append_value(&mut self, text: &[u8], open: &mut Vec<String>, out: &mut String) -> Result<(), Fail> {
        let mut at = 0;
        while at < text.len() {
            let run = text[at..].iter().take_while(|&&b| b >= b' ' && b != b'&' && b != b'<').count();
            out.push_str(&String::from_utf8_lossy(&text[at..at + run]));
            at += run;
            match text.get(at) {
                None => return Ok(()),
                Some(b'<') => return Err((code::INVALID_TOKEN, Some(at))),
                Some(b'&') => {}
                Some(&b) => {
                    out.push(' ');
                    at += if b == b'\r' && text.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
                    continue;
                }
            }
            let Some((end, found)) = reference(text, at)? else {
                return Err((code::INVALID_TOKEN, Some(text.len())));
            };
            match found {
                Ok(c) => out.push(c),
                Err(name) => {
                    self.append_entity(name, open, out).map_err(|(number, _)| (number, Some(at)))?;
                }
            }
            at = end;
        }
        Ok(())
    }

    fn append_entity(&mut self, name: String, open: &mut Vec<String>, out: &mut String) -> Result<(), Fail> {
        let (entity, skip) = {
            let dtd = self.dtd();
            (dtd.general.get(&name).cloned(), dtd.incomplete && !dtd.standalone)
        };
        let Some(entity) = entity else {
            return if skip { Ok(()) } else { Err((code::UNDEFINED_ENTITY, None)) };
        };
        if open.contains(&name) || open.len() > 500 {
            return Err((code::RECURSIVE_ENTITY, None));
        }
        if entity.notation.is_some() {
            return Err((code::BINARY_ENTITY, None));
        }
        let Some(value) = entity.value else { return Err((code::EXTERNAL_IN_ATTRIBUTE, None)) };
        self.charge(value.len())?;
        open.push(name);
        self.append_value(&value, open, out)?;
        open.pop();
        Ok(())
    }

    /// The text of an entity that is being declared: references to characters are replaced, others stay.
    pub(super) fn entity_value(&mut self, text: &[u8]) -> Result<Vec<u8>, Fail> {
        let mut made = Vec::with_capacity(text.len());
        let mut at = 0;
        while let Some(&b) = text.get(at) {
            if b != b'&' {
                made.push(b);
                at += 1;
                continue;
            }
            let Some((end, found)) = reference(text, at)? else { return Err((code::INVALID_TOKEN, None)) };
            match found {
                Ok(c) if text[at + 1] == b'#' => {
                    made.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => made.extend_from_slice(&text[at..end]),
            }
            at = end;
        }
        Ok(super::core::normalized(&made).into_bytes())
    }

    /// Takes the declarations of namespaces out of the attributes; how many there are.
    fn bind(
        &mut self,
        attributes: &mut Vec<(String, String)>,
        specified: &mut usize,
        at: usize,
    ) -> Result<usize, Fail> {
        let mut bound = Vec::new();
        let (mut index, last) = (0, *specified);
        attributes.retain_mut(|(name, value)| {
            let prefix = match name.as_str() {
                "xmlns" => None,
                _ => match name.strip_prefix("xmlns:") {
                    Some(prefix) => Some(prefix.to_string()),
                    None => {
                        index += 1;
                        return true;
                    }
                },
            };
            *specified -= usize::from(index < last);
            index += 1;
            bound.push((prefix, std::mem::take(value)));
            false
        });
        let count = bound.len();
        for (prefix, uri) in bound {
            let fail = match prefix.as_deref() {
                Some("xmlns") => Some(code::RESERVED_XMLNS),
                Some("xml") if uri != XML_URI => Some(code::RESERVED_XML),
                Some("xml") => None,
                Some(_) if uri.is_empty() => Some(code::UNDECLARING_PREFIX),
                _ if uri == XML_URI || uri == XMLNS_URI => Some(code::RESERVED_URI),
                _ => None,
            };
            if let Some(fail) = fail {
                return Err((fail, Some(at)));
            }
            let uri = (!uri.is_empty()).then_some(uri);
            self.emit_event(Event::StartNs(prefix.clone(), uri.clone()), at, at);
            self.bindings.push((prefix, uri));
        }
        Ok(count)
    }

    /// A name with what its prefix is bound to; the name itself if it has none. `None` if the prefix is not bound.
    fn expanded(&self, name: &str, with_default: bool) -> Option<String> {
        let (prefix, local) = match name.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None if with_default => (None, name),
            None => return Some(name.to_string()),
        };
        let bound = self.bindings.iter().rev().find(|(known, _)| known.as_deref() == prefix);
        let uri = match (bound, prefix) {
            (Some((_, Some(uri))), _) => uri,
            (_, None) => return Some(name.to_string()),
            (_, Some(_)) => return None,
        };
        let separator = self.namespaces.flatten();
        let mut made = String::with_capacity(uri.len() + name.len() + 1);
        made.push_str(uri);
        made.extend(separator);
        made.push_str(local);
        if let (true, Some(separator), Some(prefix)) = (self.prefixes, separator, prefix) {
            made.push(separator);
            made.push_str(prefix);
        }
        Some(made)
    }

    fn expand_attributes(&self, attributes: &mut [(String, String)]) -> Result<(), u8> {
        let mut seen = Names::default();
        for (name, _) in attributes.iter_mut().filter(|(name, _)| name.contains(':')) {
            let Some(expanded) = self.expanded(name, false) else { return Err(code::UNBOUND_PREFIX) };
            let plain = match name.split_once(':') {
                Some((prefix, local)) => {
                    let uri = self.bindings.iter().rev().find(|(p, _)| p.as_deref() == Some(prefix));
                    format!("{}\0{local}", uri.and_then(|(_, uri)| uri.as_deref()).unwrap_or(""))
                }
                None => expanded.clone(),
            };
            if !seen.insert(plain) {
                return Err(code::DUPLICATE_ATTRIBUTE);
            }
            *name = expanded;
        }
        Ok(())
    }
}
