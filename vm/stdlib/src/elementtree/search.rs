//! `find`, `findall`, `findtext` and `iterfind`: children by their tag here, paths by `xml.etree.ElementPath`.

use super::call_in;
use super::element::PyElement;
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

const PATHS: &str = "xml.etree.ElementPath";

/// Whether what is looked for may be more than a tag.
fn is_path(cx: &Cx, v: Ref<'_>) -> bool {
    let text = match (v.downcast::<PyStr>(cx), v.downcast::<PyBytes>(cx)) {
        (Some(text), _) => text.as_bytes(),
        (_, Some(bytes)) => bytes.as_bytes(),
        _ => return true,
    };
    if text.starts_with(b"{}") || text.starts_with(b"{*}") {
        return true;
    }
    let mut outside = true;
    text.iter().any(|b| {
        match b {
            b'{' => outside = false,
            b'}' => outside = true,
            b'/' | b'*' | b'[' | b'@' | b'.' => return outside,
            _ => {}
        }
        false
    })
}

/// The next child with the tag, from a place on; its place.
pub(super) fn next_child(
    cx: &mut Cx,
    this: &PyElement,
    tag: Ref<'_>,
    from: usize,
) -> R<Option<(usize, Obj)>> {
    let mut i = from;
    while let Some(child) = this.child(cx, i) {
        if let Some(element) = child.downcast::<PyElement>(cx) {
            let own = element.field(cx, &element.tag);
            if same(cx, own.r(), tag)? {
                return Ok(Some((i, child)));
            }
        }
        i += 1;
    }
    Ok(None)
}

/// Whether two tags are the same.
#[inline]
pub(super) fn same(cx: &mut Cx, a: Ref<'_>, b: Ref<'_>) -> R<bool> {
    match ungil_runtime::objects::str::equal_if_both_str(cx, a, b) {
        Some(same) => Ok(same),
        None => Ok(a.is(b) || cx.equal(a, b)?),
    }
}

fn namespaces(cx: &Cx, a: Args<'_>, i: usize) -> Obj {
    a.opt(i).map_or(cx.none(), |v| v.own(cx))
}

fn find(cx: &mut Cx, a: Args<'_>) -> R {
    let namespaces = namespaces(cx, a, 2);
    if is_path(cx, a.get(1)) || !namespaces.value().is_none() {
        return call_in(cx, PATHS, "find", &[a.get(0), a.get(1), namespaces.r()]);
    }
    let found = next_child(cx, a.this(), a.get(1), 0)?;
    Ok(found.map_or(cx.none(), |(_, child)| child))
}

fn find_all(cx: &mut Cx, a: Args<'_>) -> R {
    let namespaces = namespaces(cx, a, 2);
    if is_path(cx, a.get(1)) || !namespaces.value().is_none() {
        return call_in(cx, PATHS, "findall", &[a.get(0), a.get(1), namespaces.r()]);
    }
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some((i, child)) = next_child(cx, a.this(), a.get(1), from)? {
        found.push(child);
        from = i + 1;
    }
    Ok(cx.list(found))
}

fn find_text(cx: &mut Cx, a: Args<'_>) -> R {
    let namespaces = namespaces(cx, a, 3);
    let default = a.opt(2).map_or(cx.none(), |v| v.own(cx));
    if is_path(cx, a.get(1)) || !namespaces.value().is_none() {
        return call_in(cx, PATHS, "findtext", &[a.get(0), a.get(1), default.r(), namespaces.r()]);
    }
    let Some((_, child)) = next_child(cx, a.this(), a.get(1), 0)? else { return Ok(default) };
    let Some(element) = child.downcast::<PyElement>(cx) else { return Ok(default) };
    let text = element.field(cx, &element.text);
    Ok(if text.value().is_none() { cx.str("") } else { text })
}

fn iter_find(cx: &mut Cx, a: Args<'_>) -> R {
    let namespaces = namespaces(cx, a, 2);
    call_in(cx, PATHS, "iterfind", &[a.get(0), a.get(1), namespaces.r()])
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("find", "($self, /, path, namespaces=None)", Full(find)),
    ("findall", "($self, /, path, namespaces=None)", Full(find_all)),
    ("findtext", "($self, /, path, default=None, namespaces=None)", Full(find_text)),
    ("iterfind", "($self, /, path, namespaces=None)", Full(iter_find)),
];

/// Adds them to the type.
pub(super) fn add(cx: &mut Cx, b: &mut TypeBuilder) {
    b.methods(cx, METHODS);
}
