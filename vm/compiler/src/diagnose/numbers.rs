//! Number literals as the tokenizer reads them, with its complaints.

use super::tokens::fault_before;
use crate::errors::{Fault, FaultEnd};
use ruff_text_size::{TextRange, TextSize};

type Scan = Result<usize, Fault>;

/// End of the number that starts at `start`.
pub(crate) fn scan(text: &str, start: usize) -> Scan {
    Scanner { text, bytes: text.as_bytes(), at: start, start }.number()
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    start: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn error<T>(&self, message: String, at: usize) -> Result<T, Fault> {
        Err(fault_before(self.text, message, at))
    }

    fn number(mut self) -> Scan {
        if self.bytes[self.start] == b'0' {
            self.at += 1;
            let (radix, kind) = match self.peek() {
                b'x' | b'X' => (16, "hexadecimal"),
                b'o' | b'O' => (8, "octal"),
                b'b' | b'B' => (2, "binary"),
                _ => return self.after_zero(),
            };
            self.at += 1;
            self.radix_digits(radix, kind)?;
            return self.verify_end(kind);
        }
        if self.peek() != b'.' {
            self.decimal_digits()?;
        }
        self.fraction()
    }

    fn radix_digits(&mut self, radix: u32, kind: &str) -> Result<(), Fault> {
        loop {
            if self.peek() == b'_' {
                self.at += 1;
            }
            if !char::from(self.peek()).is_digit(radix) {
                if self.peek().is_ascii_digit() {
                    let what = format!("invalid digit '{}' in {kind} literal", char::from(self.peek()));
                    return self.error(what, self.at + 1);
                }
                return self.error(format!("invalid {kind} literal"), self.at);
            }
            while char::from(self.peek()).is_digit(radix) {
                self.at += 1;
            }
            if self.peek() != b'_' {
                break;
            }
        }
        if self.peek().is_ascii_digit() {
            let what = format!("invalid digit '{}' in {kind} literal", char::from(self.peek()));
            return self.error(what, self.at + 1);
        }
        Ok(())
    }

    /// A decimal number that starts with 0: zero itself, or a float.
    fn after_zero(mut self) -> Scan {
        let mut nonzero = false;
        loop {
            if self.peek() == b'_' {
                self.at += 1;
                if !self.peek().is_ascii_digit() {
                    return self.error("invalid decimal literal".into(), self.at);
                }
            }
            if self.peek() != b'0' {
                break;
            }
            self.at += 1;
        }
        let zeros_end = self.at;
        if self.peek().is_ascii_digit() {
            nonzero = true;
            self.decimal_digits()?;
        }
        match self.peek() {
            b'.' | b'e' | b'E' | b'j' | b'J' => self.fraction(),
            _ if nonzero => {
                let what = "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal \
                            integers";
                let range = TextRange::new(TextSize::new(self.start as u32), TextSize::new(zeros_end as u32));
                Err(Fault::syntax(what, range).ending(FaultEnd::Range))
            }
            _ => self.verify_end("decimal"),
        }
    }

    fn decimal_digits(&mut self) -> Result<(), Fault> {
        loop {
            while self.peek().is_ascii_digit() {
                self.at += 1;
            }
            if self.peek() != b'_' {
                return Ok(());
            }
            self.at += 1;
            if !self.peek().is_ascii_digit() {
                return self.error("invalid decimal literal".into(), self.at);
            }
        }
    }

    fn fraction(mut self) -> Scan {
        if self.peek() == b'.' {
            self.at += 1;
            if self.peek().is_ascii_digit() {
                self.decimal_digits()?;
            }
        }
        if matches!(self.peek(), b'e' | b'E') {
            let exponent = self.at;
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
                if !self.peek().is_ascii_digit() {
                    return self.error("invalid decimal literal".into(), self.at);
                }
            } else if !self.peek().is_ascii_digit() {
                self.at = exponent;
                return self.verify_end("decimal");
            }
            self.decimal_digits()?;
        }
        if matches!(self.peek(), b'j' | b'J') {
            self.at += 1;
            return self.verify_end("imaginary");
        }
        self.verify_end("decimal")
    }

    /// A number may be followed by a keyword that can come after an expression, but not by another name.
    fn verify_end(self, kind: &str) -> Scan {
        let rest = &self.text[self.at..];
        let words = ["and", "else", "for", "if", "in", "is", "or", "not"];
        let c = self.peek();
        if words.iter().any(|word| rest.starts_with(word)) || !(c.is_ascii_alphanumeric() || c == b'_') {
            return Ok(self.at);
        }
        self.error(format!("invalid {kind} literal"), self.at)
    }
}
