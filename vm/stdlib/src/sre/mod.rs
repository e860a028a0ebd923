//! `_sre`: the engine of the library's `re` package, which compiles patterns to the code that this runs.
//!
//! - `codes.rs`: the numbers of that code; `translate.rs`: from the code to a program (`program.rs`); `analyse.rs`: what is
//!   known about a program in advance
//! - `engine.rs`: the matcher; `text.rs`, `chars.rs`: text and characters as it sees them; `scratch.rs`: its memory;
//!   `search.rs`: the first match in a text
//! - `pattern.rs`, `matches.rs`, `scanner.rs`, `sub.rs`: the types; `subject.rs`: what patterns are applied to
//!
//! Programs and patterns are immutable, so threads share them without locks.

mod analyse;
mod chars;
mod codes;
mod engine;
mod matches;
mod pattern;
mod program;
mod scanner;
mod scratch;
mod search;
mod sub;
mod subject;
mod text;
mod translate;

use chars::{lower_ascii, lower_unicode, upper_unicode};
use pattern::{Parts, new_pattern};
use std::sync::OnceLock;
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// The module's types.
struct Classes {
    pattern: &'static PyType,
    matches: &'static PyType,
    scanner: &'static PyType,
    template: &'static PyType,
}

static CLASSES: OnceLock<Classes> = OnceLock::new();

fn classes() -> &'static Classes {
    CLASSES.get().expect("made before the module's functions can be called")
}

/// What a slot holds that never changes while its object lives.
fn fixed(slot: &Slot) -> Ref<'_> {
    // SAFETY: held by the object that the slot is borrowed from.
    unsafe { Ref::from_value(slot.peek()) }
}

/// The setter of members that cannot be set.
fn readonly(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.error(Builtin::AttributeError, "readonly attribute"))
}

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("getcodesize", "($module, /)", Leaf(|cx, _| Ok(cx.int(codes::CODE_SIZE)))),
    (
        "ascii_iscased",
        "($module, character, /)",
        Full(|cx, a| character(cx, a, |cx, c| cx.bool(matches!(c, 0x41..=0x5a | 0x61..=0x7a)))),
    ),
    (
        "unicode_iscased",
        "($module, character, /)",
        Full(|cx, a| character(cx, a, |cx, c| cx.bool(lower_unicode(c) != c || upper_unicode(c) != c))),
    ),
    (
        "ascii_tolower",
        "($module, character, /)",
        Full(|cx, a| character(cx, a, |cx, c| cx.int(lower_ascii(c) as i64))),
    ),
    (
        "unicode_tolower",
        "($module, character, /)",
        Full(|cx, a| character(cx, a, |cx, c| cx.int(lower_unicode(c) as i64))),
    ),
    ("compile", "($module, /, pattern, flags, code, groups, groupindex, indexgroup)", Full(compile)),
    ("template", "($module, pattern, template, /)", Full(sub::template)),
];

/// Calls `f` with the code point that the argument is the number of.
fn character(cx: &mut Cx, a: Args<'_>, f: fn(&Cx, u32) -> Obj) -> R {
    let c = cx.to_i64(a.get(0))?;
    Ok(f(cx, c as u32))
}

fn wrong(cx: &mut Cx, name: &str, wanted: &str, v: Ref<'_>) -> Err {
    let got = cx.type_name(v);
    cx.type_error(format!("compile() argument '{name}' must be {wanted}, not {got}"))
}

/// The words of code in a list.
fn code_of(cx: &mut Cx, v: Ref<'_>) -> R<Vec<u32>> {
    let Some(list) = v.downcast::<PyList>(cx) else { return Err(wrong(cx, "code", "list", v)) };
    let mut code = Vec::new();
    for word in list.snapshot(cx) {
        if !cx.is_instance_of(word.r(), Builtin::Int) {
            return Err(cx.type_error("an integer is required"));
        }
        match ungil_runtime::objects::int::to_i64(cx, word.r()).map(u32::try_from) {
            Some(Ok(word)) => code.push(word),
            _ => return Err(cx.overflow_error("regular expression code size limit exceeded")),
        }
    }
    Ok(code)
}

/// `_sre.compile`: a pattern from its code.
fn compile(cx: &mut Cx, a: Args<'_>) -> R {
    let (pattern, flags) = (a.get(0), cx.to_i64(a.get(1))? as u32);
    let code = code_of(cx, a.get(2))?;
    let groups = subject::ssize_argument(cx, a.opt(3), 0)?;
    if a.get(4).downcast::<PyDict>(cx).is_none() {
        return Err(wrong(cx, "groupindex", "dict", a.get(4)));
    }
    if a.get(5).downcast::<PyTuple>(cx).is_none() {
        return Err(wrong(cx, "indexgroup", "tuple", a.get(5)));
    }
    let is_text = pattern.downcast::<PyStr>(cx).is_some();
    let is_bytes = pattern.downcast::<PyBytes>(cx).is_some();
    let is_none = pattern.value().is_none();
    if !is_text && !is_bytes && !is_none {
        subject::Subject::new(cx, pattern)?;
    }
    let Some(groups) =
        usize::try_from(groups).ok().filter(|&n| n as i64 <= codes::MAX_GROUPS && n <= code.len())
    else {
        return Err(cx.runtime_error("invalid SRE code"));
    };
    // A pattern without a text serves for both.
    let translated = |wanted, is_text| match wanted {
        true => translate::translate(&code, groups, is_text).map(Some),
        false => Ok(None),
    };
    let (text, bytes) = (translated(is_text || is_none, true), translated(!is_text, false));
    match (text, bytes) {
        (Ok(text), Ok(bytes)) => {
            new_pattern(cx, pattern, flags, groups, (a.get(4), a.get(5)), Parts { code, text, bytes })
        }
        _ => Err(cx.runtime_error("invalid SRE code")),
    }
}

/// Fills the module.
///
/// # Errors
/// None now.
pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    if CLASSES.get().is_none() {
        let made = Classes {
            pattern: pattern::init(cx),
            matches: matches::init(cx),
            scanner: scanner::init(cx),
            template: sub::init(cx),
        };
        // Who was first at the same time has made them for all.
        let _ = CLASSES.set(made);
    }
    add_functions(cx, module, FUNCTIONS);
    for (name, n) in [
        ("MAGIC", codes::MAGIC),
        ("CODESIZE", codes::CODE_SIZE),
        ("MAXREPEAT", codes::MAX_REPEAT as i64),
        ("MAXGROUPS", codes::MAX_GROUPS),
    ] {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    let notice = cx.str(" SRE 2.2.2, a matcher for the code of the library's re package ");
    add(cx, module, "copyright", notice);
    Ok(())
}
