//! Quoted-printable text (RFC 1521 5.1, and RFC 1522's variant for headers).

const LINE: usize = 76;

/// What is to be quoted.
#[derive(Clone, Copy)]
pub struct Options {
    pub quote_tabs: bool,
    /// Line ends stay line ends.
    pub is_text: bool,
    /// Blanks become underscores.
    pub header: bool,
}

/// The text, line by line.
struct Writer {
    out: Vec<u8>,
    /// Characters in the line so far.
    column: usize,
    crlf: bool,
}

impl Writer {
    fn newline(&mut self) {
        self.out.extend_from_slice(if self.crlf { b"\r\n" } else { b"\n" });
        self.column = 0;
    }

    /// A line end that reading takes away.
    fn soft_break(&mut self) {
        self.out.push(b'=');
        self.newline();
    }

    fn hex(&mut self, b: u8) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.out.extend([b'=', DIGITS[b as usize >> 4], DIGITS[b as usize & 15]]);
    }

    fn quoted(&mut self, b: u8) {
        if self.column + 3 >= LINE {
            self.soft_break();
        }
        self.hex(b);
        self.column += 3;
    }

    /// Ends a line; white space before the end would get lost.
    fn hard_break(&mut self) {
        if let Some(b @ (b' ' | b'\t')) = self.out.last().copied() {
            self.out.pop();
            self.hex(b);
        }
        self.newline();
    }
}

/// The text of bytes.
pub fn encode(bytes: &[u8], options: Options) -> Vec<u8> {
    let first_end = bytes.iter().position(|&b| b == b'\n');
    let crlf = first_end.is_some_and(|i| i > 0 && bytes[i - 1] == b'\r');
    let mut writer = Writer { out: Vec::with_capacity(bytes.len()), column: 0, crlf };
    let mut i = 0;
    while let Some(&b) = bytes.get(i) {
        let next = bytes.get(i + 1).copied();
        if must_quote(b, next, writer.column, options) {
            writer.quoted(b);
        } else if options.is_text && (b == b'\n' || (b == b'\r' && next == Some(b'\n'))) {
            writer.hard_break();
            i += (b == b'\r') as usize;
        } else {
            if next.is_some_and(|next| next != b'\n') && writer.column + 1 >= LINE {
                writer.soft_break();
            }
            writer.column += 1;
            writer.out.push(if options.header && b == b' ' { b'_' } else { b });
        }
        i += 1;
    }
    writer.out
}

fn must_quote(b: u8, next: Option<u8>, column: usize, options: Options) -> bool {
    match b {
        127.. | b'=' => true,
        b'_' => options.header,
        // A line of a single dot ends a message on its way.
        b'.' => column == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0)),
        b'\r' | b'\n' => !options.is_text,
        b'\t' | b' ' => next.is_none() || options.quote_tabs,
        _ => b < 33,
    }
}

/// The bytes of a text.
pub fn decode(text: &[u8], header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    while let Some((&b, after)) = rest.split_first() {
        rest = after;
        if b != b'=' {
            out.push(if header && b == b'_' { b' ' } else { b });
            continue;
        }
        match *after {
            [] => {}
            [b'\n' | b'\r', ..] => {
                // A soft break goes to the line's end.
                let end = after.iter().position(|&b| b == b'\n').map_or(after.len(), |i| i + 1);
                rest = &after[end..];
            }
            [b'=', ..] => {
                out.push(b'=');
                rest = &after[1..];
            }
            [high, low, ..] => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = &after[2..];
                }
                _ => out.push(b'='),
            },
            [_] => out.push(b'='),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for is_text in [false, true] {
            let options = Options { quote_tabs: true, is_text, header: false };
            let text = encode(&bytes, options);
            assert!(text.split(|&b| b == b'\n').all(|line| line.len() <= LINE));
            assert_eq!(decode(&text, false), bytes);
        }
    }
}
