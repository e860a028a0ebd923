//! f-strings and t-strings: literal text that meets is one constant.

use super::{Field, Maker, between};
use crate::errors::Res;
use ruff_python_ast::{
    ConversionFlag, ExprFString, ExprTString, FStringPart, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringElements, StringLiteralValue,
};
use ruff_text_size::{Ranged, TextRange};
use ungil_bytecode::Const;

/// The values of a `JoinedStr` or `TemplateStr` while they are gathered.
struct Values {
    values: Vec<Field>,
    /// Text not yet among them.
    text: Vec<u8>,
    place: Option<TextRange>,
}

impl Values {
    fn new() -> Values {
        Values { values: Vec::new(), text: Vec::new(), place: None }
    }

    fn add_text(&mut self, text: &[u8], place: TextRange) {
        self.text.extend_from_slice(text);
        self.place = Some(self.place.map_or(place, |before| before.cover(place)));
    }

    fn end_text(&mut self, maker: &Maker<'_>) {
        if let Some(place) = self.place.take()
            && !self.text.is_empty()
        {
            let value = Field::Constant(Const::Str(std::mem::take(&mut self.text)));
            let fields = vec![("value", value), ("kind", Field::Nothing)];
            self.values.push(maker.node("Constant", place, fields));
        }
        self.text.clear();
    }

    fn finish(mut self, maker: &Maker<'_>) -> Field {
        self.end_text(maker);
        Field::List(self.values)
    }
}

impl Maker<'_> {
    pub(super) fn fstring(&self, node: &ExprFString) -> Res<Field> {
        let mut values = Values::new();
        for part in node.value.iter() {
            match part {
                FStringPart::Literal(literal) => {
                    let value = StringLiteralValue::single(literal.clone());
                    if let Const::Str(text) = self.source.string(&value) {
                        values.add_text(&text, literal.range);
                    }
                }
                FStringPart::FString(part) => {
                    self.elements(&part.elements, part.flags.prefix().is_raw(), false, &mut values)?;
                }
            }
        }
        Ok(self.node("JoinedStr", node, vec![("values", values.finish(self))]))
    }

    pub(super) fn tstring(&self, node: &ExprTString) -> Res<Field> {
        let mut values = Values::new();
        for part in node.value.iter() {
            self.elements(&part.elements, part.flags.prefix().is_raw(), true, &mut values)?;
        }
        Ok(self.node("TemplateStr", node, vec![("values", values.finish(self))]))
    }

    fn elements(
        &self,
        elements: &InterpolatedStringElements,
        raw: bool,
        template: bool,
        values: &mut Values,
    ) -> Res {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => {
                    values.add_text(&self.source.interpolated_text(literal, raw), literal.range);
                }
                InterpolatedStringElement::Interpolation(element) => {
                    if let Some(shown) = &element.debug_text {
                        let start = element.range.start().to_usize() + 1;
                        let place = between(start, start + shown.as_str().len());
                        let shown = crate::fstring::without_comments(shown.as_str());
                        values.add_text(shown.as_bytes(), place);
                    }
                    values.end_text(self);
                    let value = self.interpolation(element, raw, template)?;
                    values.values.push(value);
                }
            }
        }
        Ok(())
    }

    fn interpolation(&self, node: &InterpolatedElement, raw: bool, template: bool) -> Res<Field> {
        let conversion = match (node.conversion, &node.debug_text, &node.format_spec) {
            (ConversionFlag::Str, ..) => i64::from(b's'),
            (ConversionFlag::Repr, ..) => i64::from(b'r'),
            (ConversionFlag::Ascii, ..) => i64::from(b'a'),
            (ConversionFlag::None, Some(_), None) => i64::from(b'r'),
            (ConversionFlag::None, ..) => -1,
        };
        let spec = match &node.format_spec {
            None => Field::Nothing,
            Some(spec) => {
                let mut values = Values::new();
                // What is interpolated into a format is always formatted.
                self.elements(&spec.elements, raw, false, &mut values)?;
                // The colon belongs to it.
                let place = between(spec.range.start().to_usize() - 1, spec.range.end().to_usize());
                self.node("JoinedStr", place, vec![("values", values.finish(self))])
            }
        };
        let mut fields = vec![("value", self.expr(&node.expression)?)];
        if template {
            let text = self.source.interpolation_text(node);
            fields.push(("str", Field::Constant(crate::constant::text(&text))));
        }
        fields.extend([("conversion", Field::Int(conversion)), ("format_spec", spec)]);
        Ok(self.node(if template { "Interpolation" } else { "FormattedValue" }, node.range(), fields))
    }
}
