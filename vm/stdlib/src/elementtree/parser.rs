//! The type `XMLParser`: the parser of `pyexpat` (`expat/core.rs`) that feeds a builder of trees.
//!
//! An exact `TreeBuilder` is called directly, other targets by their methods. The object's lock guards the parser and the
//! names it knows; it is let go before Python runs. A document is parsed by one call at a time.

use super::builder::{self, PyBuilder, REPORTS, Report};
use super::{ClassCell, PARSE_ERROR};
use crate::expat::core::{Core, Event, Queued, code};
use crate::expat::errors;
use crate::expat::text::{Encoding, Position};
use std::cell::UnsafeCell;
use std::collections::HashMap;
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

static CLASS: ClassCell = ClassCell::new();

/// Bytes that are read from a file at a time.
const CHUNK: i64 = 64 * 1024;

/// Methods that a target may have, in the order of [`PyXmlParser::methods`].
#[derive(Clone, Copy, Debug)]
enum Method {
    StartNs,
    EndNs,
    Start,
    Data,
    End,
    Comment,
    Pi,
    Close,
    Doctype,
}

const METHOD_NAMES: [&str; 9] =
    ["start_ns", "end_ns", "start", "data", "end", "comment", "pi", "close", "doctype"];

/// A parser.
#[repr(C)]
struct PyXmlParser {
    h: Header,
    target: Slot,
    entity: Slot,
    methods: [Slot; METHOD_NAMES.len()],
    state: UnsafeCell<State>,
}

/// What the lock guards.
#[derive(Default)]
struct State {
    core: Option<Box<Core>>,
    /// Strings for names of elements and attributes, by how the parser spells them.
    names: HashMap<Box<str>, Slot>,
    parsing: bool,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyXmlParser {
    const OPS: &'static TypeOps = &PARSER_OPS;
}

static PARSER_OPS: TypeOps = TypeOps {
    name: "xml.etree.ElementTree.XMLParser",
    size: |_| size_of::<PyXmlParser>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a parser that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyXmlParser>() };
    [&this.target, &this.entity].into_iter().chain(&this.methods).for_each(|slot| visit(slot.peek()));
    // SAFETY: as above.
    unsafe { &*this.state.get() }.names.values().for_each(|slot| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the parser is this thread's alone.
    let this = unsafe { &*h.cast::<PyXmlParser>() };
    [&this.target, &this.entity].into_iter().chain(&this.methods).for_each(|slot| slot.clear(m));
    // SAFETY: as above.
    let state = std::mem::take(unsafe { &mut *this.state.get() });
    state.names.into_values().for_each(|slot| slot.clear(m));
}

/// The error for what is wrong in a document.
#[cold]
fn parse_error(cx: &mut Cx, number: u8, message: Option<&str>, position: Position) -> Err {
    let text = message.or(errors::text(number.into())).unwrap_or("unknown error");
    let Position { line, column, .. } = position;
    let err = PARSE_ERROR.error(cx, format!("{text}: line {line}, column {column}"));
    let (code, place) = (cx.int(number.into()), [line, column].map(|n| cx.int(n as i64)).to_vec());
    for (name, value) in [("code", code), ("position", cx.tuple(place))] {
        let name = cx.str(name);
        let exception = err.exception().own(cx);
        if let Err(other) = cx.set_attr(exception.r(), name.r(), value) {
            return other;
        }
    }
    err
}

impl PyXmlParser {
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }

    fn method(&self, cx: &Cx, which: Method) -> Option<Obj> {
        self.methods[which as usize].get(&self.h, cx)
    }

    fn position(&self, cx: &Cx) -> Position {
        self.with(cx, |state| state.core.as_ref().map_or(Position::START, |core| core.position()))
    }

    /// Parses a piece of the document.
    fn parse(&self, cx: &mut Cx, data: &[u8], text: bool, last: bool) -> R {
        let target = self.target.get(&self.h, cx).unwrap_or_else(|| cx.none());
        let exact = builder::exact(cx, &target);
        let refused = self.with(cx, |state| {
            let State { core, parsing, .. } = state;
            let core = core.as_mut()?;
            if *parsing {
                return Some(Err(code::UNEXPECTED_STATE));
            }
            if core.is_done() {
                return Some(Err(code::FINISHED));
            }
            if text {
                core.override_encoding();
            }
            core.expand = true;
            core.merge = exact;
            core.feed(data, last);
            *parsing = true;
            Some(Ok(()))
        });
        match refused {
            None => return Err(cx.value_error("XMLParser.__init__() wasn't called")),
            Some(Err(number)) => {
                let position = self.position(cx);
                return Err(parse_error(cx, number, None, position));
            }
            Some(Ok(())) => {}
        }
        let result = self.run(cx, &target, exact);
        self.with(cx, |state| state.parsing = false);
        match result? {
            None => Ok(cx.none()),
            Some(number) => {
                let position = self.position(cx);
                Err(parse_error(cx, number, None, position))
            }
        }
    }

    /// Passes on what there is; the number of the error in the document, if there is one.
    fn run(&self, cx: &mut Cx, target: &Obj, exact: bool) -> R<Option<u8>> {
        loop {
            let next = self.with(cx, |state| match &mut state.core {
                Some(core) => core.next(),
                None => Ok(None),
            });
            let next = match next {
                Ok(Some(next)) => next,
                Ok(None) => return Ok(None),
                Err(number) => return Ok(Some(number)),
            };
            let done = match target.downcast::<PyBuilder>(cx) {
                Some(builder) if exact => self.build(cx, builder, next),
                _ => self.call_target(cx, next),
            };
            if let Err(err) = done.and_then(|()| cx.poll()) {
                self.skip_rest(cx);
                return Err(err);
            }
        }
    }

    /// What comes after something that has raised is parsed, and reported to nobody.
    fn skip_rest(&self, cx: &Cx) {
        let more = || self.with(cx, |state| state.core.as_mut().map_or(Ok(None), |core| core.next()));
        while let Ok(Some(_)) = more() {}
    }

    /// The string for a name: `{uri}name` if it is in a namespace.
    fn name(&self, cx: &Cx, name: &str) -> Obj {
        let known = self.with(cx, |state| state.names.get(name).and_then(|slot| slot.get_locked(cx)));
        if let Some(known) = known {
            return known;
        }
        let made = match name.contains('}') {
            true => cx.str(&format!("{{{name}")),
            false => cx.str(name),
        };
        let kept = made.clone();
        let old = self.with(cx, |state| {
            let slot = super::element::slot_in(&self.h, kept);
            state.names.insert(name.into(), slot)
        });
        drop(old.and_then(|slot| slot.take_locked()));
        made
    }

    fn attributes(&self, cx: &mut Cx, attributes: &[(String, String)]) -> R<Option<Obj>> {
        if attributes.is_empty() {
            return Ok(None);
        }
        let made = PyDict::new(cx);
        if let Some(dict) = made.downcast::<PyDict>(cx) {
            for (name, value) in attributes {
                let (name, value) = (self.name(cx, name), cx.str(value));
                dict.set_str(cx, name.r(), value);
            }
        }
        Ok(Some(made))
    }

    /// Tells a builder of an event.
    fn build(&self, cx: &mut Cx, builder: &PyBuilder, next: Queued) -> R<()> {
        match &next.event {
            Event::Text(run) => {
                builder.text(cx, run.as_deref().unwrap_or("\n"));
                Ok(())
            }
            Event::Start(name, attributes, _) => {
                let (tag, attrib) = (self.name(cx, name), self.attributes(cx, attributes)?);
                builder.start(cx, tag, attrib).map(drop)
            }
            Event::End(_) => builder.end(cx).map(drop),
            Event::StartNs(prefix, uri) if builder.reports(Report::StartNs) => {
                builder.start_ns(cx, prefix.as_deref().unwrap_or(""), uri.as_deref().unwrap_or(""))
            }
            Event::EndNs(_) if builder.reports(Report::EndNs) => builder.end_ns(cx),
            Event::Comment(text) => {
                let text = cx.str(text);
                builder.comment(cx, text).map(drop)
            }
            Event::Instruction(target, data) => {
                let (target, data) = (cx.str(target), cx.str(data));
                builder.pi(cx, target, data).map(drop)
            }
            _ => self.other(cx, &next, Some(builder)),
        }
    }

    /// Calls what a target has for an event.
    fn call_target(&self, cx: &mut Cx, next: Queued) -> R<()> {
        let text = |cx: &Cx, s: &Option<String>| cx.str(s.as_deref().unwrap_or(""));
        let (which, args) = match &next.event {
            Event::Text(run) => (Method::Data, vec![cx.str(run.as_deref().unwrap_or("\n"))]),
            Event::Start(name, attributes, _) => {
                let tag = self.name(cx, name);
                let attrib = self.attributes(cx, attributes)?.unwrap_or_else(|| PyDict::new(cx));
                (Method::Start, vec![tag, attrib])
            }
            Event::End(name) => (Method::End, vec![self.name(cx, name)]),
            Event::StartNs(prefix, uri) => (Method::StartNs, vec![text(cx, prefix), text(cx, uri)]),
            Event::EndNs(prefix) => (Method::EndNs, vec![text(cx, prefix)]),
            Event::Comment(text) => (Method::Comment, vec![cx.str(text)]),
            Event::Instruction(target, data) => (Method::Pi, vec![cx.str(target), cx.str(data)]),
            _ => return self.other(cx, &next, None),
        };
        self.call(cx, which, &args)
    }

    fn call(&self, cx: &mut Cx, which: Method, args: &[Obj]) -> R<()> {
        let Some(f) = self.method(cx, which) else { return Ok(()) };
        let args: Vec<Ref<'_>> = args.iter().map(|arg| arg.r()).collect();
        cx.call(f.r(), &args).map(drop)
    }

    /// Events that mean the same for all targets.
    fn other(&self, cx: &mut Cx, next: &Queued, builder: Option<&PyBuilder>) -> R<()> {
        match &next.event {
            Event::StartDoctype { name, system, public, .. } => {
                self.doctype(cx, name, public.as_deref(), system.as_deref())
            }
            Event::SkippedEntity { name, parameter: false } => self.entity(cx, name, next.position, builder),
            Event::ExternalEntity { context: Some(context), .. } => {
                let name = context.rsplit('\u{c}').next().unwrap_or("").to_string();
                self.entity(cx, &name, next.position, builder)
            }
            Event::UnknownEncoding(name) => {
                let found = crate::expat::find_encoding(cx, name);
                self.use_encoding(cx, found)
            }
            _ => Ok(()),
        }
    }

    fn use_encoding(&self, cx: &mut Cx, found: R<Option<Encoding>>) -> R<()> {
        let (encoding, result) = match found {
            Ok(encoding) => (encoding, Ok(())),
            Err(err) => (None, Err(err)),
        };
        self.with(cx, |state| match (&mut state.core, encoding) {
            (Some(core), Some(encoding)) => core.set_encoding(encoding),
            (Some(core), None) => core.fail(code::UNKNOWN_ENCODING),
            (None, _) => {}
        });
        result
    }

    fn doctype(&self, cx: &mut Cx, name: &str, public: Option<&str>, system: Option<&str>) -> R<()> {
        let text = |cx: &Cx, s: Option<&str>| s.map_or(cx.none(), |s| cx.str(s));
        if self.method(cx, Method::Doctype).is_some() {
            let args = [self.name(cx, name), text(cx, public), text(cx, system)];
            return self.call(cx, Method::Doctype, &args);
        }
        let method = cx.str("doctype");
        if cx.get_attr_opt(ref_of(self), method.r())?.is_some() {
            let message = "The doctype() method of XMLParser is ignored.  Define doctype() method on the TreeBuilder target.";
            ungil_runtime::traceback::warn(cx, Builtin::RuntimeWarning, message)?;
        }
        Ok(())
    }

    /// A reference to an entity that the document does not define.
    fn entity(&self, cx: &mut Cx, name: &str, position: Position, builder: Option<&PyBuilder>) -> R<()> {
        let key = cx.str(name);
        let known = self.entity.get(&self.h, cx);
        let found = match known.as_ref().and_then(|known| known.downcast::<PyDict>(cx)) {
            Some(known) => known.get(cx, key.r())?,
            None => None,
        };
        match (found, builder) {
            (Some(value), Some(builder)) => {
                builder.data(cx, value);
                Ok(())
            }
            (Some(value), None) => self.call(cx, Method::Data, &[value]),
            (None, _) => {
                let message = format!("undefined entity &{name};");
                Err(parse_error(cx, code::UNDEFINED_ENTITY, Some(&message), position))
            }
        }
    }

    /// Whether what is not whole waits for much more.
    fn defer(&self, cx: &Cx, on: bool) {
        self.with(cx, |state| {
            if let Some(core) = &mut state.core {
                core.deferral = on;
            }
        });
    }

    /// Ends the document.
    fn finish(&self, cx: &mut Cx) -> R {
        self.parse(cx, b"", false, true)?;
        let target = self.target.get(&self.h, cx).unwrap_or_else(|| cx.none());
        Ok(match target.downcast::<PyBuilder>(cx) {
            Some(builder) if builder::exact(cx, &target) => builder.finish(cx),
            _ => Obj::immediate(Value::UNDEF),
        })
    }
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    cx.alloc_for::<PyXmlParser>(class, |h| PyXmlParser {
        h,
        target: Slot::empty(),
        entity: Slot::empty(),
        methods: std::array::from_fn(|_| Slot::empty()),
        state: UnsafeCell::default(),
    })
}

fn initialise(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyXmlParser = a.this();
    let encoding = match a.opt_not_none(2) {
        None => None,
        Some(v) if v.downcast::<PyStr>(cx).is_some() => Some(cx.text_of(v)),
        Some(v) => {
            let got = cx.type_name(v);
            return Err(
                cx.type_error(format!("XMLParser() argument 'encoding' must be str or None, not {got}"))
            );
        }
    };
    let target = match a.opt_not_none(1) {
        Some(target) => target.own(cx),
        None => builder::new_builder(cx)?,
    };
    let core = Box::new(Core::new(encoding, Some(Some('}'))));
    let entity = PyDict::new(cx);
    this.entity.set(&this.h, cx, entity);
    for (slot, name) in this.methods.iter().zip(METHOD_NAMES) {
        let name = cx.str(name);
        match cx.get_attr_opt(target.r(), name.r())? {
            Some(method) => slot.set(&this.h, cx, method),
            None => drop(slot.take(&this.h, cx)),
        }
    }
    this.target.set(&this.h, cx, target);
    let old = this.with(cx, |state| state.core.replace(core));
    drop(old);
    Ok(cx.none())
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyXmlParser = a.this();
    let done = this.finish(cx)?;
    if !done.value().is_undef() {
        return Ok(done);
    }
    match this.method(cx, Method::Close) {
        Some(close) => cx.call(close.r(), &[]),
        None => Ok(cx.none()),
    }
}

fn feed(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyXmlParser = a.this();
    if this.with(cx, |state| state.core.is_none()) {
        return Err(cx.value_error("XMLParser.__init__() wasn't called"));
    }
    if let Some(text) = a.get(1).downcast::<PyStr>(cx) {
        if let Some(text) = text.as_str() {
            return this.parse(cx, text.as_bytes(), true, false);
        }
        // Raises.
        let encoded = cx.call_method(a.get(1), "encode", &[])?;
        let bytes = bytes_of(cx, encoded.r())?;
        return this.parse(cx, &bytes, true, false);
    }
    let bytes = bytes_of(cx, a.get(1))?;
    this.parse(cx, &bytes, false, false)
}

/// Parses what waits for more.
fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyXmlParser = a.this();
    this.defer(cx, false);
    let result = this.parse(cx, b"", false, false);
    this.defer(cx, true);
    result
}

fn parse_whole(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyXmlParser = a.this();
    if this.with(cx, |state| state.core.is_none()) {
        return Err(cx.value_error("XMLParser.__init__() wasn't called"));
    }
    let read = cx.get_attr_str(a.get(1), "read")?;
    loop {
        let size = cx.int(CHUNK);
        let got = cx.call(read.r(), &[size.r()])?;
        if cx.is_exactly(got.r(), Builtin::Str)
            && let Some(text) = got.downcast::<PyStr>(cx)
        {
            if text.is_empty() {
                break;
            }
            this.parse(cx, text.as_bytes(), true, false)?;
            continue;
        }
        match got.downcast::<PyBytes>(cx) {
            Some(bytes) if !bytes.is_empty() => this.parse(cx, bytes.as_bytes(), false, false)?,
            _ => break,
        };
    }
    let done = this.finish(cx)?;
    Ok(if done.value().is_undef() { cx.none() } else { done })
}

fn set_events(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyXmlParser = a.this();
    if this.with(cx, |state| state.core.is_none()) {
        return Err(cx.value_error("XMLParser.__init__() wasn't called"));
    }
    let target = this.target.get(&this.h, cx).unwrap_or_else(|| cx.none());
    let builder = target.downcast::<PyBuilder>(cx).filter(|_| builder::exact(cx, &target));
    let Some(builder) = builder else {
        return Err(cx.type_error("event handling only supported for ElementTree.TreeBuilder targets"));
    };
    let append = cx.get_attr_str(a.get(1), "append")?;
    let mut wanted = [false; REPORTS.len()];
    let Some(names) = a.opt_not_none(2) else {
        wanted[Report::End as usize] = true;
        builder.set_reports(cx, append, wanted);
        return Ok(cx.none());
    };
    builder.set_reports(cx, append.clone(), wanted);
    let names = match cx.items_if_sequence(names) {
        Some(names) => names,
        None => {
            let iterator = cx.iter(names);
            match cx.catch(iterator, Builtin::TypeError)? {
                Some(iterator) => cx.collect(iterator.r())?,
                None => return Err(cx.type_error("events must be a sequence")),
            }
        }
    };
    for name in names {
        let bytes = match (name.downcast::<PyStr>(cx), name.downcast::<PyBytes>(cx)) {
            (Some(name), _) => name.as_bytes(),
            (_, Some(name)) => name.as_bytes(),
            _ => return Err(cx.value_error("invalid events sequence")),
        };
        match REPORTS.iter().position(|known| known.as_bytes() == bytes) {
            Some(i) => wanted[i] = true,
            None => {
                let name = String::from_utf8_lossy(bytes).into_owned();
                return Err(cx.value_error(format!("unknown event '{name}'")));
            }
        }
        builder.set_reports(cx, append.clone(), wanted);
    }
    Ok(cx.none())
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__init__", "($self, /, *, target=None, encoding=None)", Full(initialise)),
    ("_parse_whole", "($self, file, /)", Full(parse_whole)),
    ("_setevents", "($self, events_queue, events_to_report=None, /)", Full(set_events)),
    ("close", "($self, /)", Full(close)),
    ("feed", "($self, data, /)", Full(feed)),
    ("flush", "($self, /)", Full(flush)),
];

/// The type.
pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    match CLASS.get() {
        Some(class) => class,
        None => make_class(cx),
    }
}

#[cold]
fn make_class(cx: &mut Cx) -> &'static PyType {
    let name = "xml.etree.ElementTree.XMLParser";
    let (size, flags) = (size_of::<PyXmlParser>(), class_flag::BASETYPE);
    let mut b = TypeBuilder::native_type(cx, name, &PARSER_OPS, size, true, flags);
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.methods(cx, METHODS);
    let entity = Leaf(|cx: &Cx, a: Args<'_>| {
        let this: &PyXmlParser = a.this();
        Ok(this.entity.get(&this.h, cx).unwrap_or_else(|| cx.none()))
    });
    b.member(cx, "entity", entity);
    let target = Leaf(|cx: &Cx, a: Args<'_>| {
        let this: &PyXmlParser = a.this();
        Ok(this.target.get(&this.h, cx).unwrap_or_else(|| cx.none()))
    });
    b.member(cx, "target", target);
    b.getset(cx, "version", Leaf(|cx, _| Ok(cx.str("Expat 2.9.0"))), None);
    CLASS.get_or_init(|| b.class())
}
