//! Case of ASCII letters, and what bytes consist of, for both types.

use super::sequence::ByteSeq;
use super::split::is_space;
use crate::prelude::*;

/// The methods of this file.
pub(super) fn methods<T: ByteSeq>() -> [(&'static str, &'static str, NativeFn); 13] {
    [
        ("upper", "($self, /)", Full(|cx, a| map::<T>(cx, a, |b, _| b.to_ascii_uppercase()))),
        ("lower", "($self, /)", Full(|cx, a| map::<T>(cx, a, |b, _| b.to_ascii_lowercase()))),
        ("swapcase", "($self, /)", Full(|cx, a| map::<T>(cx, a, |b, _| swapped(b)))),
        ("title", "($self, /)", Full(|cx, a| map::<T>(cx, a, titled))),
        ("capitalize", "($self, /)", Full(|cx, a| map::<T>(cx, a, capitalized))),
        ("isalpha", "($self, /)", Leaf(|cx, a| all::<T>(cx, a, |b| b.is_ascii_alphabetic()))),
        ("isalnum", "($self, /)", Leaf(|cx, a| all::<T>(cx, a, |b| b.is_ascii_alphanumeric()))),
        ("isdigit", "($self, /)", Leaf(|cx, a| all::<T>(cx, a, |b| b.is_ascii_digit()))),
        ("isspace", "($self, /)", Leaf(|cx, a| all::<T>(cx, a, is_space))),
        ("isascii", "($self, /)", Leaf(|cx, a| Ok(cx.bool(a.this::<T>().contents(cx, <[u8]>::is_ascii))))),
        ("islower", "($self, /)", Leaf(|cx, a| one_case::<T>(cx, a, |b| b.is_ascii_lowercase()))),
        ("isupper", "($self, /)", Leaf(|cx, a| one_case::<T>(cx, a, |b| b.is_ascii_uppercase()))),
        ("istitle", "($self, /)", Leaf(is_title::<T>)),
    ]
}

/// A new object with each byte mapped; the function also gets the byte in front, if there is one.
fn map<T: ByteSeq>(cx: &mut Cx, a: Args<'_>, f: fn(u8, Option<u8>) -> u8) -> R {
    let mapped = a.this::<T>().contents(cx, |all| {
        let mut out = Vec::new();
        out.try_reserve_exact(all.len()).ok()?;
        let mut before = None;
        for &b in all {
            out.push(f(b, before));
            before = Some(b);
        }
        Some(out)
    });
    match mapped {
        Some(out) => T::make(cx, out),
        None => Err(cx.memory_error()),
    }
}

fn swapped(b: u8) -> u8 {
    if b.is_ascii_alphabetic() { b ^ 0x20 } else { b }
}

fn titled(b: u8, before: Option<u8>) -> u8 {
    match before.is_some_and(|b| b.is_ascii_alphabetic()) {
        true => b.to_ascii_lowercase(),
        false => b.to_ascii_uppercase(),
    }
}

fn capitalized(b: u8, before: Option<u8>) -> u8 {
    if before.is_some() { b.to_ascii_lowercase() } else { b.to_ascii_uppercase() }
}

fn all<T: ByteSeq>(cx: &Cx, a: Args<'_>, f: fn(u8) -> bool) -> R {
    Ok(cx.bool(a.this::<T>().contents(cx, |all| !all.is_empty() && all.iter().all(|&b| f(b)))))
}

/// Whether there are letters, and all satisfy `f`.
fn one_case<T: ByteSeq>(cx: &Cx, a: Args<'_>, f: fn(u8) -> bool) -> R {
    let holds = a.this::<T>().contents(cx, |all| {
        let mut letters = all.iter().filter(|b| b.is_ascii_alphabetic()).peekable();
        letters.peek().is_some() && letters.all(|&b| f(b))
    });
    Ok(cx.bool(holds))
}

fn is_title<T: ByteSeq>(cx: &Cx, a: Args<'_>) -> R {
    let holds = a.this::<T>().contents(cx, |all| {
        let (mut found, mut in_word) = (false, false);
        for &b in all {
            let letter = b.is_ascii_alphabetic();
            if letter && b.is_ascii_uppercase() == in_word {
                return false;
            }
            in_word = letter;
            found |= letter;
        }
        found
    });
    Ok(cx.bool(holds))
}
