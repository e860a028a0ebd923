//! Case: `upper`, `lower`, `title`, `casefold`, ...; and what text consists of: `isalpha`, `isdigit`, ...

use super::code_points::CodePoints;
use super::new::exact;
use super::unicode::{self, Mapped, Properties};
use super::{PyStr, StrBuf, new_ascii};
use crate::prelude::*;

pub(super) const METHODS: &[(&str, &str, NativeFn)] = &[
    ("upper", "($self, /)", Full(upper)),
    ("lower", "($self, /)", Full(lower)),
    ("casefold", "($self, /)", Full(casefold)),
    ("swapcase", "($self, /)", Full(swapcase)),
    ("title", "($self, /)", Full(title)),
    ("capitalize", "($self, /)", Full(capitalize)),
    ("isalpha", "($self, /)", Leaf(|cx, a| all(cx, a, |p| p.is_alpha()))),
    ("isalnum", "($self, /)", Leaf(|cx, a| all(cx, a, |p| p.is_alpha() || p.is_numeric() || p.is_digit()))),
    ("isdecimal", "($self, /)", Leaf(|cx, a| all(cx, a, |p| p.is_decimal()))),
    ("isdigit", "($self, /)", Leaf(|cx, a| all(cx, a, |p| p.is_digit()))),
    ("isnumeric", "($self, /)", Leaf(|cx, a| all(cx, a, |p| p.is_numeric()))),
    ("isspace", "($self, /)", Leaf(|cx, a| all(cx, a, |p| p.is_space()))),
    ("isprintable", "($self, /)", Leaf(is_printable)),
    ("isidentifier", "($self, /)", Leaf(|cx, a| Ok(cx.bool(is_identifier(a.this::<PyStr>().as_bytes()))))),
    ("isascii", "($self, /)", Leaf(|cx, a| Ok(cx.bool(a.this::<PyStr>().is_ascii())))),
    (
        "islower",
        "($self, /)",
        Leaf(|cx, a| one_case(cx, a, |p| p.is_lower(), |p| p.is_upper() || p.is_title())),
    ),
    (
        "isupper",
        "($self, /)",
        Leaf(|cx, a| one_case(cx, a, |p| p.is_upper(), |p| p.is_lower() || p.is_title())),
    ),
    ("istitle", "($self, /)", Leaf(is_title)),
];

/// ASCII text with each byte mapped.
fn map_ascii(cx: &mut Cx, s: &PyStr, f: impl Fn(u8) -> u8) -> R {
    let mut bytes = s.as_bytes().to_vec();
    bytes.iter_mut().for_each(|b| *b = f(*b));
    Ok(new_ascii(cx, &bytes))
}

/// Any text with each code point mapped; `f` gets the text in front as well.
fn map_all(cx: &Cx, s: &PyStr, mut f: impl FnMut(&mut StrBuf, u32, usize, &[u8])) -> R {
    let mut out = StrBuf::with_capacity(s.byte_len);
    let mut rest = s.code_points();
    let mut at = 0;
    while let Some(c) = rest.next() {
        f(&mut out, c, at, rest.rest());
        at = s.byte_len - rest.rest().len();
    }
    Ok(out.finish(cx))
}

fn push_all(out: &mut StrBuf, mapped: Mapped) {
    mapped.iter().for_each(|c| out.push(c));
}

const SIGMA: u32 = 0x3a3;

/// Lower case of `c` between two texts: a capital sigma at the end of a word has a form of its own.
fn push_lower(out: &mut StrBuf, c: u32, before: &[u8], after: &[u8]) {
    if c != SIGMA {
        return push_all(out, unicode::lower(c));
    }
    let cased = |mut chars: &mut dyn Iterator<Item = u32>| {
        (&mut chars).find(|&c| !unicode::is_case_ignorable(c)).is_some_and(unicode::is_cased)
    };
    let last = cased(&mut CodePoints::new(before).rev()) && !cased(&mut CodePoints::new(after));
    out.push(if last { 0x3c2 } else { 0x3c3 });
}

fn upper(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    match s.is_ascii() {
        true => map_ascii(cx, s, |b| b.to_ascii_uppercase()),
        false => map_all(cx, s, |out, c, _, _| push_all(out, unicode::upper(c))),
    }
}

fn lower(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    match s.is_ascii() {
        true => map_ascii(cx, s, |b| b.to_ascii_lowercase()),
        false => map_all(cx, s, |out, c, at, after| push_lower(out, c, &s.as_bytes()[..at], after)),
    }
}

fn casefold(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    match s.is_ascii() {
        true => map_ascii(cx, s, |b| b.to_ascii_lowercase()),
        false => map_all(cx, s, |out, c, _, _| push_all(out, unicode::fold(c))),
    }
}

fn swapcase(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    map_all(cx, s, |out, c, at, after| {
        let p = unicode::properties(c);
        if p.is_upper() {
            push_lower(out, c, &s.as_bytes()[..at], after);
        } else if p.is_lower() {
            push_all(out, unicode::upper(c));
        } else {
            out.push(c);
        }
    })
}

fn title(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    let mut in_word = false;
    map_all(cx, s, |out, c, at, after| {
        match in_word {
            true => push_lower(out, c, &s.as_bytes()[..at], after),
            false => push_all(out, unicode::title(c)),
        }
        in_word = has_case(c);
    })
}

/// Whether `title` takes the code point as part of a word.
fn has_case(c: u32) -> bool {
    let p = unicode::properties(c);
    p.is_lower() || p.is_upper() || p.is_title()
}

fn capitalize(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PyStr>();
    if s.is_empty() {
        return exact(cx, s);
    }
    map_all(cx, s, |out, c, at, after| match at {
        0 => push_all(out, unicode::title(c)),
        _ => push_lower(out, c, &s.as_bytes()[..at], after),
    })
}

fn all(cx: &Cx, a: Args<'_>, f: impl Fn(Properties) -> bool) -> R {
    let s = a.this::<PyStr>();
    Ok(cx.bool(!s.is_empty() && s.code_points().all(|c| f(unicode::properties(c)))))
}

fn is_printable(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(a.this::<PyStr>().code_points().all(unicode::is_printable)))
}

/// Whether the text is an identifier (keywords are).
pub fn is_identifier(text: &[u8]) -> bool {
    let mut chars = CodePoints::new(text);
    chars.next().is_some_and(unicode::is_identifier_start) && chars.all(unicode::is_identifier_part)
}

/// Whether there is a code point of the wanted case and none of another.
fn one_case(
    cx: &Cx,
    a: Args<'_>,
    wanted: impl Fn(Properties) -> bool,
    other: impl Fn(Properties) -> bool,
) -> R {
    let mut found = false;
    for c in a.this::<PyStr>().code_points() {
        let p = unicode::properties(c);
        if other(p) {
            return Ok(cx.bool(false));
        }
        found |= wanted(p);
    }
    Ok(cx.bool(found))
}

fn is_title(cx: &Cx, a: Args<'_>) -> R {
    let (mut found, mut in_word) = (false, false);
    for c in a.this::<PyStr>().code_points() {
        let p = unicode::properties(c);
        let capital = p.is_upper() || p.is_title();
        if capital && in_word || p.is_lower() && !in_word {
            return Ok(cx.bool(false));
        }
        in_word = capital || p.is_lower();
        found |= in_word;
    }
    Ok(cx.bool(found))
}
