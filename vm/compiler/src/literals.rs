//! Literals as constants: numbers, strings with lone surrogates, bytes, docstrings.

use crate::compiler::Compiler;
use crate::constant::int;
use crate::errors::{Fault, Res};
use crate::source::Source;
use num_bigint::BigInt;
use ruff_python_ast::{BytesLiteralValue, Expr, ExprNumberLiteral, Number, StringLiteralValue};
use ruff_text_size::TextRange;
use ungil_bytecode::Const;

impl Source {
    pub fn number(&self, node: &ExprNumberLiteral) -> Res<Const> {
        if let Some(known) = self.places.as_ref().and_then(|places| places.constant(node.range)) {
            return Ok(known.clone());
        }
        Ok(match &node.value {
            Number::Float(value) => Const::Float(*value),
            Number::Complex { real, imag } => Const::Complex { real: *real, imag: *imag },
            Number::Int(value) => match value.as_i64() {
                Some(small) => Const::Int(small),
                None => self.big_number(&value.to_string(), node.range)?,
            },
        })
    }

    fn big_number(&self, digits: &str, range: TextRange) -> Res<Const> {
        let digits: String = digits.chars().filter(|c| *c != '_').collect();
        let (radix, digits) = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("0x") => (16, &digits[2..]),
            Some("0o") => (8, &digits[2..]),
            Some("0b") => (2, &digits[2..]),
            _ => (10, &digits[..]),
        };
        let limit = 4300;
        if radix == 10 && digits.len() > limit {
            let what = format!(
                "Exceeds the limit ({limit} digits) for integer string conversion: value has {} digits; use \
                 sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals \
                 to avoid decimal conversion limits.",
                digits.len()
            );
            return Err(Fault::syntax(what, range));
        }
        match BigInt::parse_bytes(digits.as_bytes(), radix) {
            Some(value) => Ok(int(&value)),
            None => Err(Fault::syntax("invalid syntax", range)),
        }
    }

    /// A string literal, its implicitly concatenated parts joined.
    pub fn string(&self, value: &StringLiteralValue) -> Const {
        let mut out = Vec::new();
        for part in value {
            // The parser has no way to keep a lone surrogate and leaves U+FFFD in its place.
            if part.flags.prefix().is_raw() || !part.value.contains('\u{FFFD}') {
                out.extend_from_slice(part.value.as_bytes());
            } else {
                unescape(&self.text[part.content_range()], &part.value, false, &mut out);
            }
        }
        Const::Str(out)
    }

    /// The literal text inside an f-string or t-string.
    pub fn interpolated_text(
        &self,
        element: &ruff_python_ast::InterpolatedStringLiteralElement,
        raw: bool,
    ) -> Vec<u8> {
        if raw || !element.value.contains('\u{FFFD}') {
            return element.value.as_bytes().to_vec();
        }
        let mut out = Vec::new();
        unescape(&self.text[element.range], &element.value, true, &mut out);
        out
    }
}

impl Compiler<'_> {
    pub fn number(&self, node: &ExprNumberLiteral) -> Res<Const> {
        self.source.number(node)
    }

    pub fn string(&self, value: &StringLiteralValue) -> Const {
        self.source.string(value)
    }

    pub fn bytes(&self, value: &BytesLiteralValue) -> Const {
        Const::Bytes(value.bytes().collect())
    }

    /// The docstring that a body starts with.
    pub fn docstring(&self, body: &[ruff_python_ast::Stmt]) -> Option<Const> {
        let ruff_python_ast::Stmt::Expr(first) = body.first()? else { return None };
        let Expr::StringLiteral(literal) = &*first.value else { return None };
        let Const::Str(text) = self.string(&literal.value) else { return None };
        Some(Const::Str(clean_docstring(&text)))
    }
}

/// Decodes a literal again, with its surrogates as WTF-8. `decoded` is what the parser made of it: the characters that
/// come from escapes other than surrogates are taken from there.
fn unescape(raw: &str, decoded: &str, doubled_braces: bool, out: &mut Vec<u8>) {
    let mut decoded = decoded.chars();
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        let mut code = None;
        if c == '\\' {
            match chars.peek().copied() {
                Some('\n') => {
                    chars.next();
                    continue;
                }
                Some(kind @ ('u' | 'U' | 'x')) => {
                    chars.next();
                    let digits = match kind {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let hex: String = (0..digits).filter_map(|_| chars.next()).collect();
                    code = u32::from_str_radix(&hex, 16).ok();
                }
                Some('N') => while chars.next().is_some_and(|c| c != '}') {},
                Some('0'..='7') => {
                    for _ in 0..3 {
                        if matches!(chars.peek(), Some('0'..='7')) {
                            chars.next();
                        } else {
                            break;
                        }
                    }
                }
                Some('\\' | '\'' | '"' | 'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v') => {
                    chars.next();
                }
                _ => {}
            }
        } else if doubled_braces && (c == '{' || c == '}') && chars.peek() == Some(&c) {
            chars.next();
        }
        let shown = decoded.next().unwrap_or('\u{FFFD}');
        let code = code.filter(|code| (0xD800..0xE000).contains(code)).unwrap_or(shown as u32);
        push_wtf8(code, out);
    }
}

/// Appends a code point; a surrogate as three bytes (CPython does not join pairs either).
fn push_wtf8(code: u32, out: &mut Vec<u8>) {
    match char::from_u32(code) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend([
            0xE0 | (code >> 12) as u8,
            0x80 | (code >> 6 & 0x3F) as u8,
            0x80 | (code & 0x3F) as u8,
        ]),
    }
}

/// Removes the common indentation, as CPython 3.13's compiler does: leading spaces of the first line, then what all
/// other lines that are not blank have in common; tabs count up to the next multiple of eight.
fn clean_docstring(text: &[u8]) -> Vec<u8> {
    let expanded = expand_tabs(text);
    let mut lines = expanded.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let rest: Vec<&[u8]> = lines.collect();
    let indent = |line: &[u8]| line.iter().take_while(|byte| **byte == b' ').count();
    let margin =
        rest.iter().filter(|line| indent(line) < line.len()).map(|line| indent(line)).min().unwrap_or(0);
    let mut out = first[indent(first)..].to_vec();
    for line in rest {
        out.push(b'\n');
        if indent(line) < line.len() {
            out.extend_from_slice(&line[margin..]);
        } else {
            out.extend_from_slice(&line[margin.min(line.len())..]);
        }
    }
    out
}

fn expand_tabs(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut column = 0;
    for &byte in text {
        match byte {
            b'\t' => {
                let width = 8 - column % 8;
                out.resize(out.len() + width, b' ');
                column += width;
            }
            b'\n' | b'\r' => {
                out.push(byte);
                column = 0;
            }
            _ => {
                out.push(byte);
                column += 1;
            }
        }
    }
    out
}
