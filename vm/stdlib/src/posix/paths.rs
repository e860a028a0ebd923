//! `posix`: functions on path texts that `posixpath` takes from here.

use super::Table;
use crate::os;
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::str::{PyStr, new_wtf8};
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[
    ("fspath", "($module, /, path)", Full(|cx, a| os::fspath(cx, a.get(0)))),
    ("_path_normpath", "($module, /, path)", Full(normpath)),
    ("_path_splitroot_ex", "($module, /, p)", Full(splitroot)),
];

/// The text of a path: WTF-8 of a string, or bytes.
fn text(cx: &mut Cx, v: Ref<'_>, function: &str, name: &str) -> R<(Vec<u8>, bool)> {
    match os::fspath_opt(cx, v)? {
        Some(path) => Ok(match (path.downcast::<PyStr>(cx), path.downcast::<PyBytes>(cx)) {
            (Some(s), _) => (s.as_bytes().to_vec(), false),
            (_, Some(b)) => (b.as_bytes().to_vec(), true),
            _ => (Vec::new(), false),
        }),
        None => {
            let got = cx.type_name(v);
            Err(cx
                .type_error(format!("{function}: {name} should be string, bytes or os.PathLike, not {got}")))
        }
    }
}

fn object(cx: &Cx, text: &[u8], is_bytes: bool) -> Obj {
    if is_bytes { new_bytes(cx, text) } else { new_wtf8(cx, text) }
}

/// How many slashes at the beginning are the root: exactly two are kept, as POSIX allows them a meaning of their own.
fn root_len(path: &[u8]) -> usize {
    match path.iter().take_while(|&&b| b == b'/').count() {
        0 => 0,
        2 => 2,
        _ => 1,
    }
}

fn normpath(cx: &mut Cx, a: Args<'_>) -> R {
    let (path, is_bytes) = text(cx, a.get(0), "_path_normpath", "path")?;
    let root = &path[..root_len(&path)];
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&b| b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(&last) if last != b".." => drop(parts.pop()),
                None if !root.is_empty() => {}
                _ => parts.push(part),
            },
            _ => parts.push(part),
        }
    }
    let mut out = root.to_vec();
    out.extend_from_slice(&parts.join(&b'/'));
    if out.is_empty() {
        out.push(b'.');
    }
    Ok(object(cx, &out, is_bytes))
}

fn splitroot(cx: &mut Cx, a: Args<'_>) -> R {
    let (path, is_bytes) = text(cx, a.get(0), "_path_splitroot_ex", "p")?;
    let slashes = path.iter().take_while(|&&b| b == b'/').count();
    let (root, rest) = path.split_at(if slashes == 0 { 0 } else { root_len(&path) });
    Ok(cx.tuple(vec![object(cx, b"", is_bytes), object(cx, root, is_bytes), object(cx, rest, is_bytes)]))
}
