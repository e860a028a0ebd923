//! From events of the parser to calls of handlers. Runs Python, so the object's lock is not held here.

use super::core::{Event, Queued, code};
use super::dtd::Model;
use super::parser::{Flags, PyParser};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::prelude::*;

/// The handlers, in the order of [`PyParser`]'s slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    StartElement,
    EndElement,
    ProcessingInstruction,
    CharacterData,
    UnparsedEntityDecl,
    NotationDecl,
    StartNamespaceDecl,
    EndNamespaceDecl,
    Comment,
    StartCdataSection,
    EndCdataSection,
    Default,
    DefaultExpand,
    NotStandalone,
    ExternalEntityRef,
    StartDoctypeDecl,
    EndDoctypeDecl,
    EntityDecl,
    XmlDecl,
    ElementDecl,
    AttlistDecl,
    SkippedEntity,
}

/// How many there are.
pub const HANDLERS: usize = Handler::SkippedEntity as usize + 1;

fn text(cx: &Cx, s: Option<&str>) -> Obj {
    s.map_or(cx.none(), |s| cx.str(s))
}

fn model(cx: &Cx, m: &Model) -> Obj {
    let parts = m.parts.iter().map(|part| model(cx, part)).collect();
    let items = vec![
        cx.int(m.kind.into()),
        cx.int(m.quantifier.into()),
        text(cx, m.name.as_deref()),
        cx.tuple(parts),
    ];
    cx.tuple(items)
}

impl PyParser {
    /// The one string for a name.
    fn name(&self, cx: &mut Cx, name: &str) -> R {
        let made = cx.str(name);
        let intern = self.intern.get(&self.h, cx);
        match intern.as_ref().and_then(|intern| intern.downcast::<PyDict>(cx)) {
            Some(intern) => Ok(intern.set_default(cx, made.r(), made.r())?.0),
            None => Ok(made),
        }
    }

    fn opt_name(&self, cx: &mut Cx, name: Option<&str>) -> R {
        name.map_or(Ok(cx.none()), |name| self.name(cx, name))
    }

    fn attributes(&self, cx: &mut Cx, attributes: &[(String, String)], specified: usize) -> R {
        let ordered = self.flag(cx, Flags::ORDERED);
        let count = if self.flag(cx, Flags::SPECIFIED) { specified } else { attributes.len() };
        let (made, mut items) = (PyDict::new(cx), Vec::new());
        for (name, value) in &attributes[..count] {
            let (name, value) = (self.name(cx, name)?, cx.str(value));
            match made.downcast::<PyDict>(cx) {
                Some(dict) if !ordered => dict.set(cx, name, value)?,
                _ => items.extend([name, value]),
            }
        }
        Ok(if ordered { cx.list(items) } else { made })
    }

    /// Calls what the application has set for an event, or the default handler.
    ///
    /// # Errors
    /// What it raises.
    pub fn dispatch(&self, cx: &mut Cx, next: &Queued) -> R<()> {
        let handler = match &next.event {
            Event::Text(run) => return self.characters(cx, run.as_deref(), next.raw.as_deref()),
            Event::Start(..) => Handler::StartElement,
            Event::End(_) => Handler::EndElement,
            Event::StartNs(..) => Handler::StartNamespaceDecl,
            Event::EndNs(_) => Handler::EndNamespaceDecl,
            Event::Instruction(..) => Handler::ProcessingInstruction,
            Event::Comment(_) => Handler::Comment,
            Event::StartCdata => Handler::StartCdataSection,
            Event::EndCdata => Handler::EndCdataSection,
            Event::XmlDecl(..) => Handler::XmlDecl,
            Event::StartDoctype { .. } => Handler::StartDoctypeDecl,
            Event::EndDoctype => Handler::EndDoctypeDecl,
            Event::EntityDecl { entity, .. } => match entity.notation {
                Some(_) if self.handler(cx, Handler::UnparsedEntityDecl).is_some() => {
                    Handler::UnparsedEntityDecl
                }
                _ => Handler::EntityDecl,
            },
            Event::Notation { .. } => Handler::NotationDecl,
            Event::ElementDecl { .. } => Handler::ElementDecl,
            Event::Attlist { .. } => Handler::AttlistDecl,
            Event::ExternalEntity { .. } => Handler::ExternalEntityRef,
            Event::SkippedEntity { .. } => Handler::SkippedEntity,
            Event::NotStandalone => Handler::NotStandalone,
            Event::Raw => Handler::Default,
            Event::UnknownEncoding(name) => return self.find_encoding(cx, name),
        };
        let set = match handler {
            Handler::Default => None,
            handler => self.handler(cx, handler),
        };
        if set.is_none() {
            return self.default(cx, next.raw.as_deref());
        }
        self.flush(cx)?;
        let Some(f) = self.handler(cx, handler) else { return Ok(()) };
        let args = self.arguments(cx, handler, &next.event)?;
        let args: Vec<Ref<'_>> = args.iter().map(|arg| arg.r()).collect();
        let result = cx.call(f.r(), &args)?;
        let refused = match handler {
            Handler::NotStandalone => code::NOT_STANDALONE,
            Handler::ExternalEntityRef => code::EXTERNAL_HANDLING,
            _ => return Ok(()),
        };
        if cx.to_i64(result.r())? == 0 {
            self.with(cx, |state| state.core.fail(refused));
        }
        Ok(())
    }

    fn default(&self, cx: &mut Cx, raw: Option<&str>) -> R<()> {
        let Some(raw) = raw else { return Ok(()) };
        let which = match self.handler(cx, Handler::DefaultExpand) {
            Some(f) => Some(f),
            None => self.handler(cx, Handler::Default),
        };
        let Some(f) = which else { return Ok(()) };
        self.flush(cx)?;
        let raw = cx.str(raw);
        cx.call(f.r(), &[raw.r()]).map(drop)
    }

    fn characters(&self, cx: &mut Cx, run: Option<&str>, raw: Option<&str>) -> R<()> {
        let run = run.unwrap_or("\n");
        if self.handler(cx, Handler::CharacterData).is_none() {
            return self.default(cx, raw);
        }
        if self.flag(cx, Flags::BUFFER) {
            let fits = self.with(cx, |state| state.buffer.len() + run.len() <= state.buffer_size);
            if !fits {
                self.flush(cx)?;
            }
            let kept = self.with(cx, |state| {
                let fits = run.len() <= state.buffer_size;
                if fits {
                    state.buffer.push_str(run);
                }
                fits
            });
            if kept {
                return Ok(());
            }
        }
        self.call_characters(cx, run)
    }

    fn call_characters(&self, cx: &mut Cx, run: &str) -> R<()> {
        let Some(f) = self.handler(cx, Handler::CharacterData) else { return Ok(()) };
        let run = cx.str(run);
        cx.call(f.r(), &[run.r()]).map(drop)
    }

    /// Passes on text that was kept.
    ///
    /// # Errors
    /// What the handler raises.
    pub fn flush(&self, cx: &mut Cx) -> R<()> {
        let run = self.with(cx, |state| std::mem::take(&mut state.buffer));
        if run.is_empty() { Ok(()) } else { self.call_characters(cx, &run) }
    }

    fn arguments(&self, cx: &mut Cx, handler: Handler, event: &Event) -> R<Vec<Obj>> {
        Ok(match event {
            Event::Start(name, attributes, specified) => {
                vec![self.name(cx, name)?, self.attributes(cx, attributes, *specified)?]
            }
            Event::End(name) => vec![self.name(cx, name)?],
            Event::StartNs(prefix, uri) => {
                vec![self.opt_name(cx, prefix.as_deref())?, self.opt_name(cx, uri.as_deref())?]
            }
            Event::EndNs(prefix) => vec![self.opt_name(cx, prefix.as_deref())?],
            Event::Instruction(target, data) => vec![self.name(cx, target)?, cx.str(data)],
            Event::Comment(body) => vec![cx.str(body)],
            Event::XmlDecl(version, encoding, standalone) => {
                vec![text(cx, version.as_deref()), text(cx, encoding.as_deref()), cx.int(*standalone)]
            }
            Event::StartDoctype { name, system, public, internal } => vec![
                self.name(cx, name)?,
                self.opt_name(cx, system.as_deref())?,
                self.opt_name(cx, public.as_deref())?,
                cx.int((*internal).into()),
            ],
            Event::EntityDecl { name, parameter, entity } => {
                let base = self.opt_name(cx, entity.base.as_deref())?;
                let system = self.opt_name(cx, entity.system.as_deref())?;
                let public = self.opt_name(cx, entity.public.as_deref())?;
                let notation = self.opt_name(cx, entity.notation.as_deref())?;
                let name = self.name(cx, name)?;
                if handler == Handler::UnparsedEntityDecl {
                    return Ok(vec![name, base, system, public, notation]);
                }
                let value = entity.value.as_ref().map(|value| String::from_utf8_lossy(value));
                let value = text(cx, value.as_deref());
                vec![name, cx.int((*parameter).into()), value, base, system, public, notation]
            }
            Event::Notation { name, base, system, public } => vec![
                self.name(cx, name)?,
                self.opt_name(cx, base.as_deref())?,
                self.opt_name(cx, system.as_deref())?,
                self.opt_name(cx, public.as_deref())?,
            ],
            Event::ElementDecl { name, model: content } => {
                vec![self.name(cx, name)?, model(cx, content)]
            }
            Event::Attlist { element, name, kind, default, required } => vec![
                self.name(cx, element)?,
                self.name(cx, name)?,
                cx.str(kind),
                text(cx, default.as_deref()),
                cx.int((*required).into()),
            ],
            Event::ExternalEntity { context, base, system, public } => vec![
                text(cx, context.as_deref()),
                self.opt_name(cx, base.as_deref())?,
                self.opt_name(cx, system.as_deref())?,
                self.opt_name(cx, public.as_deref())?,
            ],
            Event::SkippedEntity { name, parameter } => {
                vec![self.name(cx, name)?, cx.int((*parameter).into())]
            }
            _ => Vec::new(),
        })
    }
}
