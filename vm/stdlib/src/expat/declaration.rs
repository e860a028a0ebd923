//! How documents begin: what encoding they are in, and the XML declaration.

use super::core::{Core, Event, Fail, State, Step, code};
use super::text::{Encoding, is_space};

impl Core {
    pub(super) fn find_encoding(&mut self) -> Result<Step, Fail> {
        if let Some(name) = self.given.take() {
            return Ok(self.use_encoding(&name));
        }
        let bytes = &self.pending[..];
        if bytes.len() < 4 && !self.last {
            return Ok(Step::Wait);
        }
        let found = match bytes {
            [0xfe, 0xff, ..] | [0, b'<', ..] => Encoding::Utf16 { big: true },
            [0xff, 0xfe, ..] | [b'<', 0, ..] => Encoding::Utf16 { big: false },
            [b'<', b'?', b'x', b'm', ..] => {
                let Some(end) = bytes.windows(2).position(|w| w == b"?>") else {
                    if self.last || self.pending.len() > 4096 {
                        self.set_encoding(Encoding::Utf8);
                        return Ok(Step::Go);
                    }
                    return Ok(Step::Wait);
                };
                let name = declared_encoding(&bytes[..end]);
                return Ok(match name {
                    Some(name) if !name.to_ascii_lowercase().starts_with("utf-16") => {
                        self.use_encoding(&name)
                    }
                    _ => self.use_encoding("utf-8"),
                });
            }
            _ => Encoding::Utf8,
        };
        self.set_encoding(found);
        Ok(Step::Go)
    }

    pub(super) fn use_encoding(&mut self, name: &str) -> Step {
        match Encoding::known(name) {
            Some(mut encoding) => {
                if name.eq_ignore_ascii_case("utf-16") && self.pending.starts_with(&[0xff, 0xfe]) {
                    encoding = Encoding::Utf16 { big: false };
                }
                self.set_encoding(encoding);
            }
            None => self.emit_event(Event::UnknownEncoding(name.into()), 0, 0),
        }
        Step::Go
    }

    /// The beginning of the document: a byte order mark, the XML declaration.
    pub(super) fn start(&mut self, text: &[u8], at: usize) -> Result<Step, Fail> {
        const OPEN: &[u8] = b"<?xml";
        let rest = &text[at..];
        if rest.starts_with("\u{feff}".as_bytes()) && at == 0 {
            self.consume(at + 3);
            return Ok(Step::Go);
        }
        if rest.len() <= OPEN.len() && OPEN.starts_with(rest) && !(self.last && rest.is_empty()) {
            return Ok(if self.last { self.begin() } else { Step::Wait });
        }
        let is_declaration = rest.starts_with(OPEN) && rest.get(OPEN.len()).is_some_and(|&b| is_space(b));
        if !is_declaration {
            return Ok(self.begin());
        }
        let Some(end) = rest.windows(2).position(|w| w == b"?>") else { return Ok(Step::Wait) };
        let body = &rest[OPEN.len()..end];
        let Some((version, encoding, standalone)) = declaration(body, self.external.is_some()) else {
            return Err((code::XML_DECL, Some(at + OPEN.len() + 1)));
        };
        self.dtd().standalone |= standalone == 1;
        if encoding.as_ref().is_some_and(|e| e.to_ascii_lowercase().starts_with("utf-16"))
            && matches!(self.encoding, Some(Encoding::Table(_)))
        {
            return Err((code::INCORRECT_ENCODING, Some(at + 30)));
        }
        self.emit_event(Event::XmlDecl(version, encoding, standalone), at, at + end + 2);
        self.consume(at + end + 2);
        Ok(self.begin())
    }

    pub(super) fn begin(&mut self) -> Step {
        self.state = if self.external == Some(true) { State::Content } else { State::Prolog };
        Step::Go
    }
}

/// The name of the encoding that an XML declaration says.
fn declared_encoding(declaration: &[u8]) -> Option<String> {
    let body = declaration.strip_prefix(b"<?xml")?;
    self::declaration(body, true).and_then(|(_, encoding, _)| encoding)
}

/// Version, encoding, standalone of what stands between `<?xml` and `?>`; a text declaration needs no version.
fn declaration(body: &[u8], text: bool) -> Option<(Option<String>, Option<String>, i64)> {
    let body = std::str::from_utf8(body).ok()?;
    let (mut rest, mut stage) = (body, 0);
    let (mut version, mut encoding, mut standalone) = (None, None, -1);
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if trimmed.is_empty() {
            return (version.is_some() || text && encoding.is_some())
                .then_some((version, encoding, standalone));
        }
        if trimmed.len() == rest.len() {
            return None;
        }
        let (name, value) = trimmed.split_once('=')?;
        let value = value.trim_start_matches([' ', '\t', '\r', '\n']);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = value[1..].split_once(quote)?;
        rest = after;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
        if !value.chars().all(plain) {
            return None;
        }
        match name.trim_ascii_end() {
            "version" if stage == 0 => (version, stage) = (Some(value.to_string()), 1),
            "encoding" if stage == 1 || stage == 0 && text => {
                if !value.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    return None;
                }
                (encoding, stage) = (Some(value.to_string()), 2);
            }
            "standalone" if (1..3).contains(&stage) => {
                standalone = match value {
                    "yes" => 1,
                    "no" => 0,
                    _ => return None,
                };
                stage = 3;
            }
            _ => return None,
        }
    }
}
