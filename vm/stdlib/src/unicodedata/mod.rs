//! `unicodedata`: what Unicode says of characters, in its versions 16.0 (the module) and 3.2 (`ucd_3_2_0`).
//!
//! The module's functions are bound methods of an object of its own class, as in CPython. Names are the compiler's; of the old
//! version those that had been given by then.

mod tables;

use std::sync::OnceLock;
use tables::{Form, Tables};
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::str::{PyStr, code_points, new_wtf8};
use ungil_runtime::prelude::*;

/// A database.
#[repr(C)]
struct PyUcd {
    h: Header,
    old: bool,
}

static UCD_OPS: TypeOps = TypeOps {
    name: "UCD",
    size: |_| size_of::<PyUcd>(),
    trace: None,
    drop_fields: None,
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyUcd {
    const OPS: &'static TypeOps = &UCD_OPS;
}

static NEW: OnceLock<Tables> = OnceLock::new();
static OLD: OnceLock<Tables> = OnceLock::new();

impl PyUcd {
    fn tables(&self) -> &'static Tables {
        let newest = NEW.get_or_init(|| Tables::new(include_bytes!("new.bin"), None));
        if self.old {
            OLD.get_or_init(|| Tables::new(include_bytes!("old.bin"), Some(newest)))
        } else {
            newest
        }
    }
}

fn tables(a: Args<'_>) -> &'static Tables {
    a.this::<PyUcd>().tables()
}

/// The character argument of a method; `place` is " 1" where there are more arguments.
fn char_arg(cx: &mut Cx, v: Ref<'_>, function: &str, place: &str) -> R<u32> {
    let Some(text) = v.downcast::<PyStr>(cx) else {
        let got = cx.type_name(v);
        let message = format!("{function}() argument{place} must be a unicode character, not {got}");
        return Err(cx.type_error(message));
    };
    let mut points = text.code_points();
    match (points.next(), points.next()) {
        (Some(point), None) => Ok(point),
        _ => {
            let len = text.code_points().count();
            let message = format!(
                "{function}(): argument{place} must be a unicode character, not a string of length {len}"
            );
            Err(cx.type_error(message))
        }
    }
}

/// What a method gives where there is nothing: the default, or an error.
fn otherwise(cx: &mut Cx, a: Args<'_>, message: &str) -> R {
    match a.opt(2) {
        Some(default) => Ok(default.own(cx)),
        None => Err(cx.value_error(message)),
    }
}

fn decimal(cx: &mut Cx, a: Args<'_>) -> R {
    let point = char_arg(cx, a.get(1), "decimal", " 1")?;
    match tables(a).number(point) {
        Some(n) if n.decimal >= 0 => Ok(cx.int(n.decimal.into())),
        _ => otherwise(cx, a, "not a decimal"),
    }
}

fn digit(cx: &mut Cx, a: Args<'_>) -> R {
    let point = char_arg(cx, a.get(1), "digit", " 1")?;
    match tables(a).number(point) {
        Some(n) if n.digit >= 0 => Ok(cx.int(n.digit.into())),
        _ => otherwise(cx, a, "not a digit"),
    }
}

fn numeric(cx: &mut Cx, a: Args<'_>) -> R {
    let point = char_arg(cx, a.get(1), "numeric", " 1")?;
    match tables(a).number(point) {
        Some(n) if !n.value.is_nan() => Ok(cx.float(n.value)),
        _ => otherwise(cx, a, "not a numeric character"),
    }
}

/// The name of a character, as the database knows it.
fn name_of(a: Args<'_>, point: u32) -> Option<String> {
    let known = !a.this::<PyUcd>().old || tables(a).record(point).category != "Cn";
    let name = char::from_u32(point).filter(|_| known).and_then(unicode_names2::name)?;
    Some(name.to_string())
}

fn name(cx: &mut Cx, a: Args<'_>) -> R {
    let point = char_arg(cx, a.get(1), "name", " 1")?;
    match name_of(a, point) {
        Some(name) => Ok(cx.str(&name)),
        None => otherwise(cx, a, "no such name"),
    }
}

fn lookup(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(text) = a.get(1).downcast::<PyStr>(cx).map(|s| s.to_string_lossy()) else {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("a bytes-like object is required, not '{got}'")));
    };
    let found = unicode_names2::character(&text);
    match found.filter(|&c| !a.this::<PyUcd>().old || tables(a).record(c as u32).category != "Cn") {
        Some(c) => Ok(cx.str(c.encode_utf8(&mut [0; 4]))),
        None => {
            let message = cx.str(&format!("undefined character name '{text}'"));
            Err(cx.key_error(message.r()))
        }
    }
}

/// Form and text of a call, and the text's normal form.
fn normal_form<'a>(cx: &mut Cx, a: Args<'a>, function: &str) -> R<(&'a PyStr, Vec<u32>)> {
    let mut texts = [None, None];
    for (i, text) in texts.iter_mut().enumerate() {
        *text = a.get(i + 1).downcast::<PyStr>(cx);
        if text.is_none() {
            let got = cx.type_name(a.get(i + 1));
            let message = format!("{function}() argument {} must be str, not {got}", i + 1);
            return Err(cx.type_error(message));
        }
    }
    let [Some(form), Some(text)] = texts else { return Err(cx.system_error("checked above")) };
    let form = form.as_str().and_then(Form::named);
    let Some(form) = form else { return Err(cx.value_error("invalid normalization form")) };
    if text.as_bytes().is_ascii() {
        return Ok((text, Vec::new()));
    }
    Ok((text, tables(a).normalize(text.code_points(), form)))
}

fn normalize(cx: &mut Cx, a: Args<'_>) -> R {
    let (text, normal) = normal_form(cx, a, "normalize")?;
    if text.as_bytes().is_ascii() {
        return Ok(a.get(2).own(cx));
    }
    let mut out = Vec::with_capacity(text.as_bytes().len());
    normal.iter().for_each(|&point| code_points::push(&mut out, point));
    Ok(new_wtf8(cx, &out))
}

fn is_normalized(cx: &mut Cx, a: Args<'_>) -> R {
    let (text, normal) = normal_form(cx, a, "is_normalized")?;
    Ok(cx.bool(text.as_bytes().is_ascii() || text.code_points().eq(normal)))
}

/// The methods about one character.
macro_rules! of_char {
    ($name:literal, |$cx:ident, $tables:ident, $point:ident| $body:expr) => {
        (
            $name,
            "($self, chr, /)",
            Full(|$cx, a| {
                let $point = char_arg($cx, a.get(1), $name, "")?;
                let $tables = tables(a);
                Ok($body)
            }),
        )
    };
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    of_char!("category", |cx, t, p| cx.str(t.record(p).category)),
    of_char!("bidirectional", |cx, t, p| cx.str(t.record(p).bidirectional)),
    of_char!("combining", |cx, t, p| cx.int(t.record(p).combining.into())),
    of_char!("mirrored", |cx, t, p| cx.int(t.record(p).mirrored.into())),
    of_char!("east_asian_width", |cx, t, p| cx.str(t.record(p).width)),
    of_char!("decomposition", |cx, t, p| cx.str(&t.decomposition(p))),
    ("decimal", "($self, chr, default=<unrepresentable>, /)", Full(decimal)),
    ("digit", "($self, chr, default=<unrepresentable>, /)", Full(digit)),
    ("numeric", "($self, chr, default=<unrepresentable>, /)", Full(numeric)),
    ("name", "($self, chr, default=<unrepresentable>, /)", Full(name)),
    ("lookup", "($self, name, /)", Full(lookup)),
    ("normalize", "($self, form, unistr, /)", Full(normalize)),
    ("is_normalized", "($self, form, unistr, /)", Full(is_normalized)),
];

fn version(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.str(if a.this::<PyUcd>().old { "3.2.0" } else { "16.0.0" }))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyUcd>();
    let mut t = TypeBuilder::native_type(cx, "unicodedata.UCD", &UCD_OPS, size, false, flags);
    t.methods(cx, METHODS).getset(cx, "unidata_version", Leaf(version), None);
    let class = t.class();
    let new = cx.alloc_for(class, |h| PyUcd { h, old: false })?;
    let old = cx.alloc_for(class, |h| PyUcd { h, old: true })?;
    for (name, ..) in METHODS {
        let method = cx.get_attr_str(new.r(), name)?;
        add(cx, module, name, method);
    }
    let version = cx.str("16.0.0");
    add(cx, module, "unidata_version", version);
    let class = class.as_ref().own(cx);
    add(cx, module, "UCD", class);
    add(cx, module, "ucd_3_2_0", old);
    Ok(())
}
