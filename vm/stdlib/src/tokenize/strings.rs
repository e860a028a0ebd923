//! String literals and f-strings (and t-strings) for the lexer.

use super::lexer::{Lexed, Lexer, Problem, ReadLine, Token};
use super::token;
use ungil_runtime::prelude::*;

/// An f-string or t-string whose end has not been seen.
#[derive(Debug)]
pub struct Nested {
    quote: char,
    /// One or three.
    quotes: usize,
    is_raw: bool,
    /// `f` or `t`.
    pub letter: char,
    /// Where its prefix is.
    start: usize,
    /// What follows is literal text; else an expression.
    pub in_text: bool,
    in_format_spec: bool,
    /// Brackets that are open.
    pub depth: usize,
    /// For each open expression, the brackets that were open before it.
    expressions: Vec<usize>,
}

impl Lexer {
    /// The number of quotes that begin a string at the place: one or three.
    fn opening(&self) -> (char, usize) {
        let quote = self.text[self.pos];
        let three = self.peek(1) == Some(quote) && self.peek(2) == Some(quote);
        (quote, if three { 3 } else { 1 })
    }

    /// A string literal; its prefix has been taken.
    pub fn string(&mut self, cx: &mut Cx, read: &mut ReadLine<'_>) -> Lexed<Token> {
        let (quote, quotes) = self.opening();
        self.pos += quotes;
        let mut closing = 0;
        while closing < quotes {
            if quotes == 1 && self.peek_newline() > 0 || !self.more(cx, read)? {
                return self.unterminated(quote, quotes);
            }
            let c = self.text[self.pos];
            self.pos += 1;
            closing = if c == quote { closing + 1 } else { 0 };
            if c == '\\' {
                if !self.more(cx, read)? {
                    return self.unterminated(quote, quotes);
                }
                // A newline may be two characters.
                self.pos += self.peek_newline().max(1);
            }
        }
        Ok(self.token(token::STRING))
    }

    fn unterminated(&self, quote: char, quotes: usize) -> Lexed<Token> {
        if let Some(around) = self.nested.last()
            && (around.quote, around.quotes) == (quote, quotes)
        {
            return self.error_at(self.start, format!("{}-string: expecting '}}'", around.letter));
        }
        let kind = if quotes == 3 { "triple-quoted string" } else { "string" };
        self.unterminated_at(self.start, kind)
    }

    fn unterminated_at<T>(&self, start: usize, kind: &str) -> Lexed<T> {
        let here = if self.pos < self.text.len() { self.pos } else { self.text.len().saturating_sub(1) };
        let line = self.position(here).0;
        self.error_at(start, format!("unterminated {kind} literal (detected at line {line})"))
    }

    /// The beginning of an f-string; its prefix has been taken.
    pub fn nested_start(&mut self, _: &mut Cx, _: &mut ReadLine<'_>, prefix: &str) -> Lexed<Token> {
        if self.nested.len() >= 149 {
            return self.error("too many nested f-strings or t-strings");
        }
        let (quote, quotes) = self.opening();
        self.pos += quotes;
        let letter = if prefix.contains('t') { 't' } else { 'f' };
        self.nested.push(Nested {
            quote,
            quotes,
            is_raw: prefix.contains('r'),
            letter,
            start: self.start,
            in_text: true,
            in_format_spec: false,
            depth: 0,
            expressions: Vec::new(),
        });
        Ok(self.token(if letter == 't' { token::TSTRING_START } else { token::FSTRING_START }))
    }

    /// Whether a colon ends an expression of an f-string; then what follows is its format specification.
    pub fn begins_format_spec(&mut self, c: char) -> bool {
        let Some(nested) = self.nested.last_mut().filter(|_| c == ':') else { return false };
        let here = nested.depth.wrapping_sub(1);
        let begins = nested.expressions.last() == Some(&here);
        if begins {
            (nested.in_text, nested.in_format_spec) = (true, true);
        }
        begins
    }

    /// Goes back to text if a closing bracket ends an expression of an f-string.
    pub fn end_expression(&mut self, c: char) {
        let Some(nested) = self.nested.last_mut() else { return };
        nested.depth -= 1;
        if c == '}' && nested.expressions.last() == Some(&nested.depth) {
            nested.expressions.pop();
            (nested.in_text, nested.in_format_spec) = (true, false);
        }
    }

    /// A token of the text of an f-string; `None` if an expression begins.
    pub fn nested_text(&mut self, cx: &mut Cx, read: &mut ReadLine<'_>) -> Lexed<Option<Token>> {
        self.start = self.pos;
        self.more(cx, read)?;
        if self.peek(0) == Some('{') && (self.peek(1) != Some('{') || self.in_spec()) {
            self.begin_expression();
            return Ok(None);
        }
        let Some((quote, quotes, letter)) = self.nested.last().map(|n| (n.quote, n.quotes, n.letter)) else {
            return Ok(None);
        };
        let (middle, end) =
            if letter == 't' { (token::TSTRING_START + 1, token::TSTRING_START + 2) } else { (60, 61) };
        if (0..quotes).all(|i| self.peek(i) == Some(quote)) {
            self.pos += quotes;
            self.nested.pop();
            return Ok(Some(self.token(end)));
        }
        let stop = self.nested_middle(cx, read, quote, quotes)?;
        Ok(Some(Token { kind: middle, start: self.start, end: stop }))
    }

    fn in_spec(&self) -> bool {
        self.nested.last().is_some_and(|n| n.in_format_spec && !n.expressions.is_empty())
    }

    fn begin_expression(&mut self) {
        if let Some(nested) = self.nested.last_mut() {
            nested.expressions.push(nested.depth);
            (nested.in_text, nested.in_format_spec) = (false, false);
        }
    }

    fn leave_text(&mut self) {
        if let Some(nested) = self.nested.last_mut() {
            nested.in_text = false;
        }
    }

    /// Takes literal text up to an expression, the end of the string, or a doubled brace; gives where the token ends.
    fn nested_middle(
        &mut self,
        cx: &mut Cx,
        read: &mut ReadLine<'_>,
        quote: char,
        quotes: usize,
    ) -> Lexed<usize> {
        let mut named = false;
        loop {
            if quotes == 1 && self.peek_newline() > 0 || !self.more(cx, read)? {
                return self.nested_unterminated(quotes);
            }
            if (0..quotes).all(|i| self.peek(i) == Some(quote)) {
                return Ok(self.pos);
            }
            let c = self.text[self.pos];
            match c {
                '{' if self.peek(1) == Some('{') && !self.in_spec() => {
                    self.pos += 2;
                    return Ok(self.pos - 1);
                }
                '{' => {
                    self.begin_expression();
                    return Ok(self.pos);
                }
                '}' if named => {
                    self.pos += 1;
                    return Ok(self.pos);
                }
                '}' => {
                    let open = self.nested.last().map_or(0, |n| n.depth);
                    if self.peek(1) == Some('}') && !self.in_spec() && open == 0 {
                        self.pos += 2;
                        return Ok(self.pos - 1);
                    }
                    self.leave_text();
                    return Ok(self.pos);
                }
                '\\' => named = self.nested_escape(),
                _ => self.pos += 1,
            }
        }
    }

    /// Takes a backslash and what belongs to it; true for the beginning of a character's name.
    fn nested_escape(&mut self) -> bool {
        self.pos += 1;
        if matches!(self.peek(0), Some('{' | '}') | None) || self.nested.last().is_some_and(|n| n.is_raw) {
            // In a raw string the backslash still keeps a quote from ending it.
            if matches!(self.peek(0), Some('"' | '\'' | '\\')) {
                self.pos += 1;
            }
            return false;
        }
        let named = self.peek(0) == Some('N') && self.peek(1) == Some('{');
        self.pos += if named { 2 } else { self.peek_newline().max(1) };
        named
    }

    fn nested_unterminated<T>(&self, quotes: usize) -> Lexed<T> {
        let Some(nested) = self.nested.last() else { return Err(Problem::End { column: 0 }) };
        let kind = if quotes == 3 { "triple-quoted " } else { "" };
        self.unterminated_at(nested.start, &format!("{kind}{}-string", nested.letter))
    }
}
