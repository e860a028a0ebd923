//! f-strings (PEP 701) and t-strings (PEP 750).

use crate::compiler::Compiler;
use crate::constant::text;
use crate::errors::{Fault, FaultEnd, Res};
use crate::unit::{Reg, Val};
use ruff_python_ast::{
    ConversionFlag, ExprFString, ExprTString, FStringPart, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringElements,
};
use ruff_text_size::{Ranged, TextRange, TextSize};
use ungil_bytecode::{Const, Op};

/// Format specs within each other in which there may be fields.
const MAX_SPEC_DEPTH: usize = 2;
/// How many pieces are joined at once.
const MAX_PIECES: usize = 60;

/// A piece of an f-string.
enum Piece<'a> {
    Text(Vec<u8>),
    Value(&'a InterpolatedElement),
}

impl<'a> Compiler<'a> {
    pub fn fstring(&mut self, node: &'a ExprFString, dst: Reg) -> Res {
        let mut pieces = Vec::new();
        for part in node.value.iter() {
            match part {
                FStringPart::Literal(literal) => {
                    let value = ruff_python_ast::StringLiteralValue::single(literal.clone());
                    if let Const::Str(bytes) = self.string(&value) {
                        add_text(&mut pieces, bytes);
                    }
                }
                FStringPart::FString(part) => {
                    self.pieces(&part.elements, part.flags.prefix().is_raw(), &mut pieces);
                }
            }
        }
        self.join(pieces, node.range, dst)
    }

    fn pieces(&self, elements: &'a InterpolatedStringElements, raw: bool, pieces: &mut Vec<Piece<'a>>) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => {
                    add_text(pieces, self.source.interpolated_text(literal, raw))
                }
                InterpolatedStringElement::Interpolation(value) => {
                    if let Some(shown) = &value.debug_text {
                        add_text(pieces, self.debug_text(shown.as_str()));
                    }
                    pieces.push(Piece::Value(value));
                }
            }
        }
    }

    /// The text that `=` shows is the source as it stands, without comments.
    fn debug_text(&self, shown: &str) -> Vec<u8> {
        without_comments(shown).into_bytes()
    }

    /// `dst` = the pieces as one string.
    fn join(&mut self, pieces: Vec<Piece<'a>>, range: TextRange, dst: Reg) -> Res {
        self.at(range);
        match &pieces[..] {
            [] => {
                self.load_const(dst, Const::Str(Vec::new()));
                return Ok(());
            }
            [Piece::Text(only)] => {
                self.load_const(dst, Const::Str(only.clone()));
                return Ok(());
            }
            [Piece::Value(only)] => return self.formatted(only, dst),
            _ => {}
        }
        let base = self.u.next_temp;
        let mut count = 0;
        for piece in pieces {
            if count == MAX_PIECES {
                self.at(range);
                let joined = self.u.push();
                self.u.emit(Op::BuildString, joined, base, count as u16);
                self.u.move_to(base, Val::temp(joined));
                self.u.next_temp = base + 1;
                count = 1;
            }
            let reg = self.u.push();
            match piece {
                Piece::Text(bytes) => {
                    self.at(range);
                    self.load_const(reg, Const::Str(bytes));
                }
                Piece::Value(value) => self.formatted(value, reg)?,
            }
            count += 1;
        }
        self.at(range);
        self.u.emit(Op::BuildString, dst, base, count as u16);
        self.u.next_temp = base;
        Ok(())
    }

    /// `{value!conversion:spec}` as a string.
    fn formatted(&mut self, node: &'a InterpolatedElement, dst: Reg) -> Res {
        let mark = self.u.next_temp;
        let mut value = match &node.format_spec {
            None => self.val(&node.expression)?,
            Some(spec) => {
                let later: Vec<_> = spec.elements.interpolations().map(|inner| &*inner.expression).collect();
                self.val_before(&node.expression, &later)?
            }
        };
        self.at(node.range);
        // `{x=}` shows the repr unless a format spec says otherwise.
        let default = match (&node.debug_text, &node.format_spec) {
            (Some(_), None) => 2,
            _ => 0,
        };
        let conversion = conversion_number(node.conversion, default);
        if conversion != 0 {
            let converted = self.u.push();
            self.u.emit_b(Op::Convert, converted, value, conversion);
            value = Val::temp(converted);
        }
        match &node.format_spec {
            None => self.u.emit_b(Op::FormatSimple, dst, value, 0),
            Some(spec) => {
                let reg = self.u.push();
                self.format_spec(&spec.elements, spec.range, reg)?;
                self.at(node.range);
                self.u.emit_bc(Op::FormatSpec, dst, value, Val::temp(reg));
            }
        }
        self.u.next_temp = mark;
        Ok(())
    }

    fn format_spec(&mut self, elements: &'a InterpolatedStringElements, range: TextRange, dst: Reg) -> Res {
        let mut pieces = Vec::new();
        self.pieces(elements, false, &mut pieces);
        let too_deep = self.spec_depth == MAX_SPEC_DEPTH;
        if let Some(Piece::Value(value)) =
            pieces.iter().find(|piece| matches!(piece, Piece::Value(_)) && too_deep)
        {
            let place = TextRange::empty(value.range.start() - TextSize::new(1));
            let fault =
                Fault::syntax("f-string: expressions nested too deeply", place).ending(FaultEnd::Start);
            return Err(Fault { in_bytes: false, ..fault });
        }
        self.spec_depth += 1;
        let result = self.join(pieces, range, dst);
        self.spec_depth -= 1;
        result
    }

    /// A tuple of strings and a tuple of interpolations; there is a string before, between and behind all of these.
    pub fn tstring(&mut self, node: &'a ExprTString, dst: Reg) -> Res {
        let mut pieces = Vec::new();
        for part in node.value.iter() {
            self.pieces(&part.elements, part.flags.prefix().is_raw(), &mut pieces);
        }
        let mut strings = vec![Vec::new()];
        let mut values = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(bytes) => strings.last_mut().expect("never empty").extend(bytes),
                Piece::Value(value) => {
                    values.push(value);
                    strings.push(Vec::new());
                }
            }
        }
        self.at(node);
        let parts = self.u.push_many(2);
        self.load_const(parts, Const::Tuple(strings.into_iter().map(Const::Str).collect()));
        let list = self.u.push();
        self.u.emit(Op::BuildList, list, self.u.next_temp, 0);
        for value in values {
            let interpolation = self.u.push();
            self.interpolation(value, interpolation)?;
            self.u.emit_ab(Op::ListAppend, Val::keep(list), Val::temp(interpolation), 0);
            self.u.next_temp = interpolation;
        }
        self.at(node);
        self.u.emit_b(Op::ListToTuple, parts + 1, Val::temp(list), 0);
        self.u.emit(Op::BuildTemplate, dst, parts, 0);
        Ok(())
    }

    fn interpolation(&mut self, node: &'a InterpolatedElement, dst: Reg) -> Res {
        let parts = self.push(&node.expression)?;
        let shown = self.u.push();
        let spec = self.u.push();
        self.at(node.range);
        let source = self.source.interpolation_text(node);
        self.load_const(shown, text(&source));
        let mut default = 0;
        match &node.format_spec {
            Some(elements) => self.format_spec(&elements.elements, elements.range, spec)?,
            None => {
                self.u.drop_reg(spec);
                default = if node.debug_text.is_some() { 2 } else { 0 };
            }
        }
        self.at(node.range);
        let conversion = conversion_number(node.conversion, default);
        self.u.emit(Op::BuildInterpolation, dst, parts, conversion);
        self.u.next_temp = parts;
        Ok(())
    }
}

impl crate::source::Source {
    /// The text of the expression as it stands between the braces, without what is around it.
    pub fn interpolation_text(&self, node: &InterpolatedElement) -> String {
        if let Some(known) = self.places.as_ref().and_then(|places| places.interpolation(node.range)) {
            return known.clone();
        }
        let start = node.range.start().to_usize() + 1;
        let end = node.expression.range().end().to_usize();
        let text = &self.text;
        // Closing parentheses around the expression belong to it, and so do blanks in front of the debug form's equals sign.
        let tail = without_comments(&text[end..node.range.end().to_usize()]);
        let between = tail.find(['=', '!', ':', '}']).map_or("", |at| &tail[..at]);
        without_comments(&text[start..end]) + between
    }
}

/// The source of an expression without its comments; what looks like one in a string is none.
pub(crate) fn without_comments(text: &str) -> String {
    if !text.contains('#') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '#' => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            '\'' | '"' => string_length(rest, c),
            c => c.len_utf8(),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// How long the string literal is that a text starts with.
fn string_length(text: &str, quote: char) -> usize {
    let triple = quote.to_string().repeat(3);
    let end = if text.starts_with(&triple) { triple } else { quote.to_string() };
    let mut at = end.len();
    while at < text.len() {
        if text[at..].starts_with(&end) {
            return at + end.len();
        }
        let c = text[at..].chars().next().map_or(1, char::len_utf8);
        let skipped = if text[at..].starts_with('\\') {
            text[at + 1..].chars().next().map_or(0, char::len_utf8)
        } else {
            0
        };
        at += c + skipped;
    }
    text.len()
}

fn conversion_number(flag: ConversionFlag, default: u16) -> u16 {
    match flag {
        ConversionFlag::None => default,
        ConversionFlag::Str => 1,
        ConversionFlag::Repr => 2,
        ConversionFlag::Ascii => 3,
    }
}

fn add_text(pieces: &mut Vec<Piece<'_>>, bytes: Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.extend(bytes),
        _ => pieces.push(Piece::Text(bytes)),
    }
}
