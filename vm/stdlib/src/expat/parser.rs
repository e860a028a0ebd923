//! The type `pyexpat.xmlparser`.
//!
//! The object's lock guards the parser and its settings; it is let go before a handler runs. A document is parsed by one
//! call at a time: a flag tells another one, which gets an error.

use super::core::{Core, code};
use super::events::{HANDLERS, Handler};
use super::text::Position;
use std::cell::UnsafeCell;
use std::sync::OnceLock;
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// Bytes that `ParseFile` asks for at a time.
const CHUNK: usize = 2048;
const BUFFER_SIZE: usize = 8192;

/// A parser and its handlers.
#[repr(C)]
pub struct PyParser {
    pub h: Header,
    pub intern: Slot,
    handlers: [Slot; HANDLERS],
    state: UnsafeCell<State>,
}

/// What the object's lock guards.
pub struct State {
    pub core: Core,
    pub buffer: String,
    pub buffer_size: usize,
    flags: u8,
    parsing: bool,
}

/// Settings that are on or off.
pub struct Flags;

impl Flags {
    pub const BUFFER: u8 = 1;
    pub const ORDERED: u8 = 2;
    pub const SPECIFIED: u8 = 4;
    pub const PREFIXES: u8 = 8;
}

// SAFETY: `repr(C)`, header first; objects of the type are made with this payload alone.
unsafe impl Object for PyParser {
    const OPS: &'static TypeOps = &PARSER_OPS;
}

static PARSER_OPS: TypeOps = TypeOps {
    name: "pyexpat.xmlparser",
    size: |_| size_of::<PyParser>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a parser that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyParser>() };
    visit(this.intern.peek());
    this.handlers.iter().for_each(|slot| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the parser is this thread's alone.
    let this = unsafe { &*h.cast::<PyParser>() };
    this.intern.clear(m);
    this.handlers.iter().for_each(|slot| slot.clear(m));
    // SAFETY: as above; the object is not used afterwards, and nothing is left in it that owns memory.
    unsafe { *this.state.get() = State::new(Core::new(None, None)) };
}

impl State {
    fn new(core: Core) -> State {
        State { core, buffer: String::new(), buffer_size: BUFFER_SIZE, flags: 0, parsing: false }
    }
}

impl PyParser {
    /// Runs `f` with the state, the lock held. `f` runs no Python and drops no object.
    pub fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }

    /// What is set for a handler.
    pub fn handler(&self, cx: &Cx, which: Handler) -> Option<Obj> {
        self.handlers[which as usize].get(&self.h, cx)
    }

    pub fn flag(&self, cx: &Cx, bit: u8) -> bool {
        self.with(cx, |state| state.flags & bit != 0)
    }

    /// Reads the document in an encoding that the codecs know.
    ///
    /// # Errors
    /// As [`super::find_encoding`].
    pub fn find_encoding(&self, cx: &mut Cx, name: &str) -> R<()> {
        let found = super::find_encoding(cx, name)?;
        self.with(cx, |state| match found {
            Some(encoding) => state.core.set_encoding(encoding),
            None => state.core.fail(code::UNKNOWN_ENCODING),
        });
        Ok(())
    }

    /// Parses a piece of the document for a method.
    fn parse(&self, cx: &mut Cx, data: &[u8], text: bool, last: bool, method: &str) -> R {
        let may = self.with(cx, |state| !std::mem::replace(&mut state.parsing, true));
        if !may {
            return Err(cx.runtime_error(format!("cannot call {method}() from within a handler")));
        }
        let finished = self.with(cx, |state| {
            let finished = state.core.is_done();
            match finished {
                true => state.core.fail(code::FINISHED),
                false => {
                    if text {
                        state.core.override_encoding();
                    }
                    state.core.feed(data, last);
                }
            }
            finished
        });
        let result = if finished { Ok(Some(code::FINISHED)) } else { self.run(cx) };
        self.with(cx, |state| {
            state.parsing = false;
            if result.is_err() {
                state.core.fail(code::ABORTED);
            }
        });
        match result {
            Ok(None) => Ok(cx.int(1)),
            Ok(Some(number)) => {
                let position = self.with(cx, |state| state.core.position());
                Err(super::error(cx, number, position))
            }
            Err(err) => {
                // Nothing more is reported after a handler has raised.
                self.handlers.iter().for_each(|slot| drop(slot.take(&self.h, cx)));
                Err(err)
            }
        }
    }

    /// Reports what there is; the number of the error in the document, if there is one.
    fn run(&self, cx: &mut Cx) -> R<Option<u8>> {
        loop {
            let set = |which| !self.handlers[which as usize].is_empty();
            let (plain, expand) = (set(Handler::Default), set(Handler::DefaultExpand));
            let next = self.with(cx, |state| {
                let core = &mut state.core;
                core.want_raw = plain || expand;
                core.expand = expand || !plain;
                core.merge = state.flags & Flags::BUFFER != 0 && !core.want_raw;
                core.prefixes = state.flags & Flags::PREFIXES != 0;
                core.next()
            });
            match next {
                Ok(Some(next)) => self.dispatch(cx, &next)?,
                Ok(None) => return self.flush(cx).map(|()| None),
                Err(number) => {
                    self.flush(cx)?;
                    return Ok(Some(number));
                }
            }
            cx.safepoint()?;
        }
    }
}

/// The type.
pub fn class(cx: &mut Cx) -> &'static PyType {
    CLASS.get_or_init(|| make_class(cx))
}

/// `ParserCreate`.
pub fn create(cx: &mut Cx, a: Args<'_>) -> R {
    let encoding = text_argument(cx, a.opt(0), "encoding")?;
    let separator = text_argument(cx, a.opt(1), "namespace_separator")?;
    let namespaces = match separator {
        Some(separator) if separator.chars().count() > 1 => {
            let message = "namespace_separator must be at most one character, omitted, or None";
            return Err(cx.value_error(message));
        }
        Some(separator) => Some(separator.chars().next()),
        None => None,
    };
    let intern = match a.opt(2) {
        Some(given) if given.value().is_none() => None,
        Some(given) if given.downcast::<PyDict>(cx).is_none() => {
            return Err(cx.type_error("intern must be a dictionary"));
        }
        Some(given) => Some(given.own(cx)),
        None => Some(PyDict::new(cx)),
    };
    new_parser(cx, Core::new(encoding, namespaces), intern)
}

fn new_parser(cx: &mut Cx, core: Core, intern: Option<Obj>) -> R {
    let class = class(cx);
    cx.alloc_for::<PyParser>(class, |h| PyParser {
        h,
        intern: intern.map_or_else(Slot::empty, Slot::new),
        handlers: std::array::from_fn(|_| Slot::empty()),
        state: UnsafeCell::new(State::new(core)),
    })
}

fn text_argument(cx: &mut Cx, v: Option<Ref<'_>>, name: &str) -> R<Option<String>> {
    let Some(v) = v.filter(|v| !v.value().is_none()) else { return Ok(None) };
    if v.downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(v);
        let message = format!("ParserCreate() argument '{name}' must be str or None, not {got}");
        return Err(cx.type_error(message));
    }
    Ok(Some(cx.text_of(v)))
}

fn parse(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyParser = a.this();
    let last = a.opt(2).map_or(Ok(false), |v| cx.truth(v))?;
    if a.get(1).downcast::<PyStr>(cx).is_some() {
        let encoded = cx.call_method(a.get(1), "encode", &[])?;
        let bytes = bytes_of(cx, encoded.r())?;
        return this.parse(cx, &bytes, true, last, "Parse");
    }
    let bytes = bytes_of(cx, a.get(1))?;
    this.parse(cx, &bytes, false, last, "Parse")
}

fn parse_file(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyParser = a.this();
    let name = cx.str("read");
    let Some(read) = cx.get_attr_opt(a.get(1), name.r())? else {
        return Err(cx.type_error("argument must have 'read' attribute"));
    };
    loop {
        let size = cx.int(CHUNK as i64);
        let got = cx.call(read.r(), &[size.r()])?;
        let bytes = match got.downcast::<PyBytes>(cx) {
            Some(bytes) => bytes.as_bytes().to_vec(),
            None if cx.is_instance_of(got.r(), Builtin::ByteArray) => bytes_of(cx, got.r())?.into_owned(),
            None => {
                let got = cx.type_name(got.r());
                return Err(cx.type_error(format!("read() did not return a bytes object (type={got})")));
            }
        };
        if bytes.len() > CHUNK {
            let got = bytes.len();
            let message = format!("read() returned too much data: {CHUNK} bytes requested, {got} returned");
            return Err(cx.value_error(message));
        }
        let result = this.parse(cx, &bytes, false, bytes.is_empty(), "ParseFile")?;
        if bytes.is_empty() {
            return Ok(result);
        }
    }
}

fn set_base(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(1).downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("SetBase() argument must be str, not {got}")));
    }
    let base = cx.text_of(a.get(1));
    a.this::<PyParser>().with(cx, |state| state.core.base = Some(base));
    Ok(cx.none())
}

fn get_base(cx: &mut Cx, a: Args<'_>) -> R {
    let base = a.this::<PyParser>().with(cx, |state| state.core.base.clone());
    Ok(base.map_or(cx.none(), |base| cx.str(&base)))
}

fn input_context(cx: &mut Cx, a: Args<'_>) -> R {
    let found = a.this::<PyParser>().with(cx, |state| state.parsing.then(|| state.core.input_context()));
    Ok(found.map_or(cx.none(), |found| new_bytes(cx, &found)))
}

fn external_parser(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyParser = a.this();
    let has_context = !a.get(1).value().is_none();
    if has_context && a.get(1).downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(a.get(1));
        let message = format!("ExternalEntityParserCreate() argument 1 must be str or None, not {got}");
        return Err(cx.type_error(message));
    }
    let encoding = a.opt_not_none(2).map(|v| cx.text_of(v));
    let (core, flags, size) =
        this.with(cx, |state| (state.core.external(has_context, encoding), state.flags, state.buffer_size));
    let intern = this.intern.get(&this.h, cx);
    let made = new_parser(cx, core, intern)?;
    if let Some(parser) = made.downcast::<PyParser>(cx) {
        parser.with(cx, |state| (state.flags, state.buffer_size) = (flags, size));
        for (to, from) in parser.handlers.iter().zip(&this.handlers) {
            if let Some(f) = from.get(&this.h, cx) {
                to.set(&parser.h, cx, f);
            }
        }
    }
    Ok(made)
}

fn set_parameter_entities(cx: &mut Cx, a: Args<'_>) -> R {
    let flag = cx.to_i64(a.get(1))?;
    let set = a.this::<PyParser>().with(cx, |state| {
        let fits = !state.core.has_started() && (0..3).contains(&flag);
        if fits {
            state.core.parameter_entities = flag;
        }
        fits
    });
    Ok(cx.int(set.into()))
}

fn use_foreign_dtd(cx: &mut Cx, a: Args<'_>) -> R {
    let flag = a.opt(1).map_or(Ok(true), |v| cx.truth(v))?;
    let this: &PyParser = a.this();
    let started = this.with(cx, |state| {
        state.core.foreign_dtd = flag;
        state.core.has_started()
    });
    if started {
        let position = this.with(cx, |state| state.core.position());
        return Err(super::error(cx, 26, position));
    }
    Ok(cx.none())
}

fn get_deferral(cx: &mut Cx, a: Args<'_>) -> R {
    let on = a.this::<PyParser>().with(cx, |state| state.core.deferral);
    Ok(cx.bool(on))
}

fn set_deferral(cx: &mut Cx, a: Args<'_>) -> R {
    let on = cx.truth(a.get(1))?;
    a.this::<PyParser>().with(cx, |state| state.core.deferral = on);
    Ok(cx.none())
}

fn set_bit(flags: &mut u8, bit: u8, on: bool) {
    *flags = if on { *flags | bit } else { *flags & !bit };
}

/// Limits of amplification: numbers that are checked, and hold for the text of entities as they are.
fn set_threshold(cx: &mut Cx, a: Args<'_>) -> R {
    let threshold = cx.to_i64(a.get(1))?;
    if threshold < 0 {
        return Err(cx.overflow_error("can't convert negative int to unsigned"));
    }
    a.this::<PyParser>().with(cx, |state| state.core.amplification.1 = threshold as usize);
    Ok(cx.none())
}

fn set_factor(cx: &mut Cx, a: Args<'_>) -> R {
    let factor = cx.to_f64(a.get(1))?;
    if factor.is_nan() || factor < 1.0 {
        let message = cx.str("'max_factor' must be at least 1.0");
        let exception = cx.call(super::ERROR.get(), &[message.r()])?;
        return Err(ungil_runtime::raise_object(exception));
    }
    a.this::<PyParser>().with(cx, |state| state.core.amplification.0 = factor as usize);
    Ok(cx.none())
}

fn get_handler<const I: usize>(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyParser = a.this();
    Ok(this.handlers[I].get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

fn set_handler<const I: usize>(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyParser = a.this();
    let Some(v) = a.opt(1) else { return Err(cx.runtime_error("Cannot delete attribute")) };
    if I == Handler::CharacterData as usize {
        this.flush(cx)?;
    }
    match v.value().is_none() {
        true => drop(this.handlers[I].take(&this.h, cx)),
        false => this.handlers[I].set(&this.h, cx, v.own(cx)),
    }
    Ok(cx.none())
}

fn get_flag<const BIT: u8>(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(cx.bool(a.this::<PyParser>().flag(cx, BIT)))
}

fn set_flag<const BIT: u8>(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyParser = a.this();
    let Some(v) = a.opt(1) else { return Err(cx.runtime_error("Cannot delete attribute")) };
    let on = cx.truth(v)?;
    if BIT == Flags::BUFFER && !on {
        this.flush(cx)?;
    }
    this.with(cx, |state| set_bit(&mut state.flags, BIT, on));
    Ok(cx.none())
}

fn set_buffer_size(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyParser = a.this();
    let Some(v) = a.opt(1) else { return Err(cx.runtime_error("Cannot delete attribute")) };
    if !cx.is_instance_of(v, Builtin::Int) {
        return Err(cx.type_error("buffer_size must be an integer"));
    }
    let size = cx.to_i64(v)?;
    if size <= 0 {
        return Err(cx.value_error("buffer_size must be greater than zero"));
    }
    if size > i64::from(i32::MAX) {
        return Err(cx.value_error(format!("buffer_size must not be greater than {}", i32::MAX)));
    }
    this.flush(cx)?;
    this.with(cx, |state| state.buffer_size = size as usize);
    Ok(cx.none())
}

/// One of the numbers that say where the parser is.
fn place<const PART: u8>(cx: &mut Cx, a: Args<'_>) -> R {
    let (position, started) = a.this::<PyParser>().with(cx, |state| {
        let known = state.core.event_position.is_some() || state.core.has_started() || state.core.is_done();
        (state.core.position(), known)
    });
    let Position { byte, line, column } = position;
    let value = match PART {
        0 => line as i64,
        1 => column as i64,
        _ if started => byte as i64,
        _ => -1,
    };
    Ok(cx.int(value))
}

fn error_code(cx: &mut Cx, a: Args<'_>) -> R {
    let error = a.this::<PyParser>().with(cx, |state| state.core.error());
    Ok(cx.int(error.map_or(0, |(number, _)| number.into())))
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("Parse", "($self, data, isfinal=False, /)", Full(parse)),
    ("ParseFile", "($self, file, /)", Full(parse_file)),
    ("SetBase", "($self, base, /)", Full(set_base)),
    ("GetBase", "($self, /)", Full(get_base)),
    ("GetInputContext", "($self, /)", Full(input_context)),
    ("ExternalEntityParserCreate", "($self, context, encoding=<unrepresentable>, /)", Full(external_parser)),
    ("SetParamEntityParsing", "($self, flag, /)", Full(set_parameter_entities)),
    ("UseForeignDTD", "($self, flag=True, /)", Full(use_foreign_dtd)),
    ("GetReparseDeferralEnabled", "($self, /)", Full(get_deferral)),
    ("SetReparseDeferralEnabled", "($self, enabled, /)", Full(set_deferral)),
    ("SetBillionLaughsAttackProtectionActivationThreshold", "($self, threshold, /)", Full(set_threshold)),
    ("SetBillionLaughsAttackProtectionMaximumAmplification", "($self, max_factor, /)", Full(set_factor)),
];

macro_rules! handlers {
    ($t:ident, $cx:ident, $($which:ident $name:literal),* $(,)?) => {$(
        $t.getset(
            $cx,
            $name,
            Full(get_handler::<{ Handler::$which as usize }>),
            Some(Full(set_handler::<{ Handler::$which as usize }>)),
        );
    )*};
}

fn make_class(cx: &mut Cx) -> &'static PyType {
    let (size, flags) = (size_of::<PyParser>(), class_flag::DISALLOW_INSTANTIATION);
    let mut t = TypeBuilder::native_type(cx, "pyexpat.xmlparser", &PARSER_OPS, size, true, flags);
    t.doc(cx, "A parser of XML that calls handlers.");
    t.methods(cx, METHODS);
    handlers!(
        t, cx,
        StartElement "StartElementHandler",
        EndElement "EndElementHandler",
        ProcessingInstruction "ProcessingInstructionHandler",
        CharacterData "CharacterDataHandler",
        UnparsedEntityDecl "UnparsedEntityDeclHandler",
        NotationDecl "NotationDeclHandler",
        StartNamespaceDecl "StartNamespaceDeclHandler",
        EndNamespaceDecl "EndNamespaceDeclHandler",
        Comment "CommentHandler",
        StartCdataSection "StartCdataSectionHandler",
        EndCdataSection "EndCdataSectionHandler",
        Default "DefaultHandler",
        DefaultExpand "DefaultHandlerExpand",
        NotStandalone "NotStandaloneHandler",
        ExternalEntityRef "ExternalEntityRefHandler",
        StartDoctypeDecl "StartDoctypeDeclHandler",
        EndDoctypeDecl "EndDoctypeDeclHandler",
        EntityDecl "EntityDeclHandler",
        XmlDecl "XmlDeclHandler",
        ElementDecl "ElementDeclHandler",
        AttlistDecl "AttlistDeclHandler",
        SkippedEntity "SkippedEntityHandler",
    );
    for (name, get) in [
        ("CurrentLineNumber", Full(place::<0>)),
        ("CurrentColumnNumber", Full(place::<1>)),
        ("CurrentByteIndex", Full(place::<2>)),
        ("ErrorLineNumber", Full(place::<0>)),
        ("ErrorColumnNumber", Full(place::<1>)),
        ("ErrorByteIndex", Full(place::<2>)),
        ("ErrorCode", Full(error_code)),
    ] {
        t.getset(cx, name, get, None);
    }
    t.getset(
        cx,
        "buffer_text",
        Full(get_flag::<{ Flags::BUFFER }>),
        Some(Full(set_flag::<{ Flags::BUFFER }>)),
    );
    t.getset(
        cx,
        "ordered_attributes",
        Full(get_flag::<{ Flags::ORDERED }>),
        Some(Full(set_flag::<{ Flags::ORDERED }>)),
    );
    t.getset(
        cx,
        "specified_attributes",
        Full(get_flag::<{ Flags::SPECIFIED }>),
        Some(Full(set_flag::<{ Flags::SPECIFIED }>)),
    );
    t.getset(
        cx,
        "namespace_prefixes",
        Full(get_flag::<{ Flags::PREFIXES }>),
        Some(Full(set_flag::<{ Flags::PREFIXES }>)),
    );
    let size = Full(|cx: &mut Cx, a: Args<'_>| {
        let size = a.this::<PyParser>().with(cx, |state| state.buffer_size);
        Ok(cx.int(size as i64))
    });
    t.getset(cx, "buffer_size", size, Some(Full(set_buffer_size)));
    let used = Full(|cx: &mut Cx, a: Args<'_>| {
        let used = a.this::<PyParser>().with(cx, |state| state.buffer.len());
        Ok(cx.int(used as i64))
    });
    t.getset(cx, "buffer_used", used, None);
    let intern = Full(|cx: &mut Cx, a: Args<'_>| {
        let this: &PyParser = a.this();
        Ok(this.intern.get(&this.h, cx).unwrap_or_else(|| cx.none()))
    });
    t.member(cx, "intern", intern);
    t.class()
}
