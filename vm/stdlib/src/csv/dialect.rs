//! Dialects: which characters separate, quote and escape, and what is quoted.

use super::{ERROR, quote};
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::str::{PyStr, code_points, new_wtf8};
use ungil_runtime::objects::sync::slot_ops;
use ungil_runtime::prelude::*;

/// Nothing changes after the object was made.
#[repr(C)]
pub(super) struct PyDialect {
    pub h: Header,
    pub delimiter: u32,
    pub quote: Option<u32>,
    pub escape: Option<u32>,
    pub quoting: u8,
    pub double_quote: bool,
    pub skip_space: bool,
    pub strict: bool,
    /// A string.
    terminator: Slot,
}

slot_ops!(DIALECT_OPS, PyDialect, "_csv.Dialect", terminator);

/// The parameters of a dialect, in the order of the constructor.
const PARAMETERS: [&str; 8] = [
    "delimiter",
    "doublequote",
    "escapechar",
    "lineterminator",
    "quotechar",
    "quoting",
    "skipinitialspace",
    "strict",
];

static CLASS: OnceLock<&'static PyType> = OnceLock::new();
static NAMED: OnceLock<SharedValue> = OnceLock::new();

/// The dialects that have names: a dict.
pub(super) fn named(cx: &Cx) -> Ref<'static> {
    NAMED.get_or_init(|| SharedValue::new(PyDict::new(cx))).get()
}

impl PyDialect {
    pub fn terminator(&self) -> &PyStr {
        // SAFETY: set to a string when the object is made, and never again.
        unsafe { Ref::from_value(self.terminator.peek()).cast_unchecked() }
    }
}

/// A character out of an argument, `None` where there is to be none.
fn character(cx: &mut Cx, name: &str, v: Ref<'_>, optional: bool) -> R<Option<u32>> {
    if optional && v.value().is_none() {
        return Ok(None);
    }
    let or_none = if optional { " or None" } else { "" };
    let Some(text) = v.downcast::<PyStr>(cx) else {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("\"{name}\" must be a unicode character{or_none}, not {got}")));
    };
    if text.char_len() != 1 {
        let n = text.char_len();
        let message = format!("\"{name}\" must be a unicode character{or_none}, not a string of length {n}");
        return Err(cx.type_error(message));
    }
    Ok(Some(code_points::decode_first(text.as_bytes()).0))
}

/// The values of the parameters: as given, else as the base has them.
struct Given([Option<Obj>; PARAMETERS.len()]);

impl Given {
    fn truth(&self, cx: &mut Cx, i: usize, default: bool) -> R<bool> {
        self.0[i].as_ref().map_or(Ok(default), |v| cx.truth(v.r()))
    }

    fn character(&self, cx: &mut Cx, i: usize, default: Option<u32>) -> R<Option<u32>> {
        match &self.0[i] {
            Some(v) => character(cx, PARAMETERS[i], v.r(), i != 0),
            None => Ok(default),
        }
    }

    fn quoting(&self, cx: &mut Cx) -> R<u8> {
        let Some(v) = &self.0[5] else { return Ok(quote::MINIMAL) };
        if !cx.is_exactly(v.r(), Builtin::Int) {
            let got = cx.type_name(v.r());
            return Err(cx.type_error(format!("\"quoting\" must be an integer, not {got}")));
        }
        let n = crate::os::c_int(cx, v.r())?;
        match u8::try_from(n) {
            Ok(n @ 0..=quote::NOTNULL) => Ok(n),
            _ => Err(cx.type_error("bad \"quoting\" value")),
        }
    }

    fn terminator(&self, cx: &mut Cx) -> R {
        match &self.0[3] {
            None => Ok(cx.str("\r\n")),
            Some(v) if cx.is_instance_of(v.r(), Builtin::Str) => Ok(v.clone()),
            Some(v) => {
                let got = cx.type_name(v.r());
                Err(cx.type_error(format!("\"lineterminator\" must be a string, not {got}")))
            }
        }
    }
}

fn check_one(cx: &mut Cx, name: &str, c: Option<u32>, terminator: &PyStr, space: bool) -> R<()> {
    let Some(c) = c else { return Ok(()) };
    if c == 13 || c == 10 || (c == 32 && !space) {
        return Err(cx.value_error(format!("bad {name} value")));
    }
    if terminator.code_points().any(|t| t == c) {
        return Err(cx.value_error(format!("bad {name} or lineterminator value")));
    }
    Ok(())
}

/// A dialect made of a base (the name of one, or an object with such attributes) and keywords.
pub(super) fn make(cx: &mut Cx, class: &PyType, base: Option<Ref<'_>>, keywords: Option<&PyDict>) -> R {
    let base = match base {
        Some(name) if cx.is_instance_of(name, Builtin::Str) => Some(find(cx, name)?),
        Some(base) if base.value().is_none() => None,
        base => base.map(|base| base.own(cx)),
    };
    let mut given = Given(Default::default());
    for (key, value) in keywords.map(|kw| kw.items(cx)).unwrap_or_default() {
        let name = cx.text_of(key.r());
        match PARAMETERS.iter().position(|known| *known == name) {
            Some(i) => given.0[i] = Some(value),
            None => {
                let message = format!("this function got an unexpected keyword argument '{name}'");
                return Err(cx.type_error(message));
            }
        }
    }
    if let Some(base) = base {
        let as_it_is = given.0.iter().all(Option::is_none);
        if as_it_is && base.downcast::<PyDialect>(cx).is_some() {
            return Ok(base);
        }
        for (i, name) in PARAMETERS.iter().enumerate() {
            if given.0[i].is_none() {
                let found = cx.get_attr_str(base.r(), name);
                given.0[i] = cx.catch(found, Builtin::AttributeError)?;
            }
        }
    }
    build(cx, class, &given)
}

fn build(cx: &mut Cx, class: &PyType, given: &Given) -> R {
    let delimiter = given.character(cx, 0, Some(b','.into()))?.unwrap_or(b','.into());
    let double_quote = given.truth(cx, 1, true)?;
    let escape = given.character(cx, 2, None)?;
    let terminator = given.terminator(cx)?;
    let quote_char = given.character(cx, 4, Some(b'"'.into()))?;
    let mut quoting = given.quoting(cx)?;
    let skip_space = given.truth(cx, 6, false)?;
    let strict = given.truth(cx, 7, false)?;
    if quote_char.is_none() && given.0[5].is_none() {
        quoting = quote::NONE;
    }
    if quoting != quote::NONE && quote_char.is_none() {
        return Err(cx.type_error("quotechar must be set if quoting enabled"));
    }
    let Some(text) = terminator.downcast::<PyStr>(cx) else {
        return Err(cx.type_error("lineterminator must be set"));
    };
    check_one(cx, "delimiter", Some(delimiter), text, true)?;
    check_one(cx, "escapechar", escape, text, !skip_space)?;
    check_one(cx, "quotechar", quote_char, text, !skip_space)?;
    let all = [("delimiter", Some(delimiter)), ("escapechar", escape), ("quotechar", quote_char)];
    for (i, j) in [(0, 1), (0, 2), (1, 2)] {
        if all[i].1.is_some() && all[i].1 == all[j].1 {
            return Err(cx.value_error(format!("bad {} or {} value", all[i].0, all[j].0)));
        }
    }
    cx.alloc_for(class, |h| PyDialect {
        h,
        delimiter,
        quote: quote_char,
        escape,
        quoting,
        double_quote,
        skip_space,
        strict,
        terminator: Slot::new(terminator),
    })
}

/// As [`make`], of the class itself.
pub(super) fn of(cx: &mut Cx, base: Option<Ref<'_>>, keywords: Option<&PyDict>) -> R {
    let class = class(cx);
    make(cx, class, base, keywords)
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("no class")) };
    let given = a.varargs(cx, 1);
    // A dialect, then the parameters in their order.
    if given.len() > 1 + PARAMETERS.len() {
        let message =
            format!("function takes at most {} arguments ({} given)", 1 + PARAMETERS.len(), given.len());
        return Err(cx.type_error(message));
    }
    let all = PyDict::new(cx);
    let mut base = given.first().map(|base| base.own(cx));
    for (name, value) in PARAMETERS.iter().zip(given.iter().skip(1)) {
        let name = cx.str(name);
        cx.set_item(all.r(), name.r(), *value)?;
    }
    for (key, value) in a.varkw(cx, 2).map(|kw| kw.items(cx)).unwrap_or_default() {
        if cx.text_of(key.r()) == "dialect" && base.is_none() {
            base = Some(value);
        } else {
            cx.set_item(all.r(), key.r(), value.r())?;
        }
    }
    make(cx, class, base.as_ref().map(|base| base.r()), all.downcast::<PyDict>(cx))
}

/// The dialect with a name.
fn find(cx: &mut Cx, name: Ref<'_>) -> R {
    match cx.get_item_opt(named(cx), name)? {
        Some(dialect) => Ok(dialect),
        None => Err(ERROR.error(cx, "unknown dialect")),
    }
}

pub(super) fn get_by_name(cx: &mut Cx, a: Args<'_>) -> R {
    find(cx, a.get(0))
}

pub(super) fn list(cx: &mut Cx, _: Args<'_>) -> R {
    let names = cx.collect(named(cx))?;
    Ok(cx.list(names))
}

pub(super) fn register(cx: &mut Cx, a: Args<'_>) -> R {
    let (name, base, keywords) = super::with_dialect(cx, a, "register_dialect")?;
    if !cx.is_instance_of(name, Builtin::Str) {
        return Err(cx.type_error("dialect name must be a string"));
    }
    let dialect = of(cx, base, keywords)?;
    cx.set_item(named(cx), name, dialect.r())?;
    Ok(cx.none())
}

pub(super) fn unregister(cx: &mut Cx, a: Args<'_>) -> R {
    let gone = cx.del_item(named(cx), a.get(0));
    match cx.catch(gone, Builtin::KeyError)? {
        Some(()) => Ok(cx.none()),
        None => Err(ERROR.error(cx, "unknown dialect")),
    }
}

fn shown(cx: &Cx, c: Option<u32>) -> Obj {
    match c {
        Some(c) => new_wtf8(cx, code_points::encode(c, &mut [0; 4])),
        None => cx.none(),
    }
}

fn no_pickle(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.class_of(a.get(0)).name();
    Err(cx.type_error(format!("cannot pickle '{name}' instances")))
}

pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = CLASS.get() {
        return class;
    }
    let flags = class_flag::BASETYPE;
    let mut t =
        TypeBuilder::native_type(cx, "_csv.Dialect", &DIALECT_OPS, size_of::<PyDialect>(), true, flags);
    t.doc(cx, "How a table is written as text: what separates, quotes and escapes its fields.")
        .constructor(cx, "($cls, /, *args, **kwargs)", Full(construct))
        .method(cx, "__reduce__", "($self, /)", Full(no_pickle))
        .method(cx, "__reduce_ex__", "($self, protocol, /)", Full(no_pickle))
        .getset(cx, "delimiter", Leaf(|cx, a| Ok(shown(cx, Some(a.this::<PyDialect>().delimiter)))), None)
        .getset(cx, "escapechar", Leaf(|cx, a| Ok(shown(cx, a.this::<PyDialect>().escape))), None)
        .getset(cx, "quotechar", Leaf(|cx, a| Ok(shown(cx, a.this::<PyDialect>().quote))), None)
        .getset(cx, "quoting", Leaf(|cx, a| Ok(cx.int(a.this::<PyDialect>().quoting.into()))), None)
        .getset(
            cx,
            "lineterminator",
            Leaf(|cx, a| Ok(ref_of(a.this::<PyDialect>().terminator()).own(cx))),
            None,
        )
        .member(cx, "doublequote", Leaf(|cx, a| Ok(cx.bool(a.this::<PyDialect>().double_quote))))
        .member(cx, "skipinitialspace", Leaf(|cx, a| Ok(cx.bool(a.this::<PyDialect>().skip_space))))
        .member(cx, "strict", Leaf(|cx, a| Ok(cx.bool(a.this::<PyDialect>().strict))));
    CLASS.get_or_init(|| t.class())
}
