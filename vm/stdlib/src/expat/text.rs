//! Characters of XML, the decoding of documents, and positions in them. Plain functions and values, without locks.

/// How a document's bytes are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16 {
        big: bool,
    },
    /// One byte a character: what each means, U+FFFF for bytes that mean nothing.
    Table(Box<[u16; 256]>),
}

impl Encoding {
    /// The encoding of a name that needs no table from outside.
    pub fn known(name: &str) -> Option<Encoding> {
        let table = |limit: u16| {
            let mut table = [0xffff; 256];
            (0..limit).for_each(|i| table[usize::from(i)] = i);
            Encoding::Table(Box::new(table))
        };
        Some(match name.to_ascii_lowercase().as_str() {
            "utf-8" => Encoding::Utf8,
            "utf-16" | "utf-16be" => Encoding::Utf16 { big: true },
            "utf-16le" => Encoding::Utf16 { big: false },
            "iso-8859-1" => table(256),
            "us-ascii" => table(128),
            _ => return None,
        })
    }

    /// Bytes that a piece of decoded text took in the document.
    pub fn source_len(&self, text: &[u8]) -> usize {
        match self {
            Encoding::Utf8 => text.len(),
            // Characters outside the basic plane, which begin with 0xf0 or more, take two units.
            Encoding::Utf16 { .. } => 2 * (chars(text) + text.iter().filter(|&&b| b >= 0xf0).count()),
            Encoding::Table(_) => chars(text),
        }
    }
}

/// Characters in UTF-8.
pub fn chars(text: &[u8]) -> usize {
    text.iter().filter(|&&b| b & 0xc0 != 0x80).count()
}

/// Decodes what is whole at the front of `bytes`: appends it as UTF-8 and removes it. False if what follows is no text.
pub fn decode(encoding: &Encoding, bytes: &mut Vec<u8>, out: &mut Vec<u8>) -> bool {
    let mut put = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    match encoding {
        Encoding::Utf8 => match std::str::from_utf8(bytes) {
            Ok(_) => {
                out.append(bytes);
                true
            }
            Err(error) => {
                out.extend(bytes.drain(..error.valid_up_to()));
                error.error_len().is_none()
            }
        },
        Encoding::Table(table) => {
            let known = bytes.iter().take_while(|&&b| table[usize::from(b)] != 0xffff).count();
            let whole = known == bytes.len();
            for b in bytes.drain(..known) {
                put(char::from_u32(table[usize::from(b)].into()).unwrap_or('\u{fffd}'));
            }
            whole
        }
        Encoding::Utf16 { big } => {
            let unit = |pair: &[u8]| match big {
                true => u16::from_be_bytes([pair[0], pair[1]]),
                false => u16::from_le_bytes([pair[0], pair[1]]),
            };
            let mut at = 0;
            while let Some(pair) = bytes.get(at..at + 2) {
                let first = unit(pair);
                let second = match first & 0xfc00 {
                    0xd800 => match bytes.get(at + 2..at + 4) {
                        Some(pair) => Some(unit(pair)),
                        None => break,
                    },
                    _ => None,
                };
                let units = [first, second.unwrap_or(0)];
                let units = &units[..1 + usize::from(second.is_some())];
                let Some(Ok(c)) = char::decode_utf16(units.iter().copied()).next() else {
                    bytes.drain(..at);
                    return false;
                };
                put(c);
                at += 2 * units.len();
            }
            bytes.drain(..at);
            true
        }
    }
}

/// The character at `at`; `None` at the end.
pub fn char_at(text: &[u8], at: usize) -> Option<char> {
    let rest = text.get(at..)?;
    match *rest.first()? {
        b if b < 0x80 => Some(b.into()),
        b => {
            let len = if b >= 0xf0 {
                4
            } else if b >= 0xe0 {
                3
            } else {
                2
            };
            std::str::from_utf8(rest.get(..len)?).ok()?.chars().next()
        }
    }
}

pub fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether the character may stand in a document.
pub fn is_char(c: char) -> bool {
    c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}') || matches!(c, '\t' | '\n' | '\r')
}

pub fn is_name_start(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '_' | ':' => true,
        _ => c >= '\u{c0}' && c.is_alphabetic() && c <= '\u{ffff}',
    }
}

pub fn is_name_char(c: char) -> bool {
    match c {
        '0'..='9' | '-' | '.' | '\u{b7}' => true,
        '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}' => true,
        _ => is_name_start(c) || c > '\u{7f}' && c.is_numeric() && c <= '\u{ffff}',
    }
}

/// Bytes of ASCII that names may contain.
const NAME_BYTES: [bool; 128] = {
    let mut table = [false; 128];
    let mut b = 0;
    while b < 128 {
        let c = b as u8;
        table[b] = c.is_ascii_alphanumeric() || matches!(c, b'_' | b':' | b'-' | b'.');
        b += 1;
    }
    table
};

/// Where the name that begins at `at` ends; `at` itself if none does.
#[inline]
pub fn name_end(text: &[u8], at: usize) -> usize {
    if !char_at(text, at).is_some_and(is_name_start) {
        return at;
    }
    let mut end = at;
    loop {
        match text.get(end) {
            Some(&b) if b < 0x80 => {
                if !NAME_BYTES[usize::from(b)] {
                    return end;
                }
                end += 1;
            }
            _ => match char_at(text, end).filter(|&c| is_name_char(c)) {
                Some(c) => end += c.len_utf8(),
                None => return end,
            },
        }
    }
}

/// A piece of a document, which is text, as a string.
#[inline]
pub fn owned(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(text).into_owned(),
    }
}

/// Where something is: byte of the document from 0, line from 1, column from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub byte: usize,
    pub line: usize,
    pub column: usize,
}

impl Position {
    pub const START: Position = Position { byte: 0, line: 1, column: 0 };

    /// Moves over text; `after_return` says that the byte before it was a carriage return.
    pub fn advance(&mut self, encoding: &Encoding, text: &[u8], after_return: bool) {
        self.byte += encoding.source_len(text);
        if memchr::memchr2(b'\n', b'\r', text).is_none() {
            self.column += chars(text);
            return;
        }
        let mut returned = after_return;
        for &b in text {
            match b {
                b'\n' if returned => {}
                b'\n' | b'\r' => (self.line, self.column) = (self.line + 1, 0),
                _ => self.column += usize::from(b & 0xc0 != 0x80),
            }
            returned = b == b'\r';
        }
    }
}
