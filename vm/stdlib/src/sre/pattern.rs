//! `re.Pattern`: a compiled regular expression.
//!
//! Immutable; any number of threads match with it at once.

use super::codes::{FLAG_ASCII, FLAG_LOCALE, FLAG_NAMES, FLAG_UNICODE};
use super::matches::new_match;
use super::program::Program;
use super::search::Mode;
use super::subject::{Hunt, Subject, ssize_argument};
use super::{classes, fixed, readonly, scanner, sub};
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::str::{PyStr, hash_bytes};
use ungil_runtime::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyPattern {
    h: Header,
    /// The text it was made from, or `None`.
    pattern: Slot,
    /// A dict of the groups' names.
    groupindex: Slot,
    /// A tuple of their names by number.
    indexgroup: Slot,
    flags: u32,
    groups: usize,
    parts: Box<Parts>,
}

/// What a pattern has outside the heap of objects.
pub struct Parts {
    pub code: Vec<u32>,
    /// For text; patterns made from bytes have none.
    pub text: Option<Program>,
    /// For bytes; patterns made from text have none.
    pub bytes: Option<Program>,
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a pattern.
    let pattern = unsafe { &*h.cast::<PyPattern>() };
    for slot in [&pattern.pattern, &pattern.groupindex, &pattern.indexgroup] {
        if !slot.is_empty() {
            visit(slot.peek());
        }
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: called once, with a pattern that nobody reaches any more.
    unsafe {
        let pattern = h.cast::<PyPattern>();
        (*pattern).pattern.clear(m);
        (*pattern).groupindex.clear(m);
        (*pattern).indexgroup.clear(m);
        std::ptr::drop_in_place(&raw mut (*pattern).parts);
    }
}

static PATTERN_OPS: TypeOps = TypeOps {
    name: "re.Pattern",
    size: |_| size_of::<PyPattern>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first; made in `new_pattern` alone.
unsafe impl Object for PyPattern {
    const OPS: &'static TypeOps = &PATTERN_OPS;
}

/// # Errors
/// `MemoryError`.
pub fn new_pattern(
    cx: &mut Cx,
    pattern: Ref<'_>,
    flags: u32,
    groups: usize,
    (groupindex, indexgroup): (Ref<'_>, Ref<'_>),
    parts: Parts,
) -> R {
    let (pattern, groupindex, indexgroup) = (pattern.own(cx), groupindex.own(cx), indexgroup.own(cx));
    cx.alloc_for(classes().pattern, |h| PyPattern {
        h,
        pattern: Slot::new(pattern),
        groupindex: Slot::new(groupindex),
        indexgroup: Slot::new(indexgroup),
        flags,
        groups,
        parts: Box::new(parts),
    })
}

impl PyPattern {
    /// The program for text or for bytes.
    pub fn program(&self, is_text: bool) -> Option<&Program> {
        if is_text { self.parts.text.as_ref() } else { self.parts.bytes.as_ref() }
    }

    pub fn pattern(&self) -> Ref<'_> {
        fixed(&self.pattern)
    }

    pub fn groupindex(&self) -> Ref<'_> {
        fixed(&self.groupindex)
    }

    pub fn indexgroup(&self) -> Ref<'_> {
        fixed(&self.indexgroup)
    }

    pub fn groups(&self) -> usize {
        self.groups
    }
}

fn matching(cx: &mut Cx, a: Args<'_>, mode: Mode) -> R {
    let mut hunt = Hunt::of_arguments(cx, a)?;
    let found = hunt.find(cx, mode)?;
    let result = match found {
        Some(span) => new_match(cx, &hunt, span)?,
        None => cx.none(),
    };
    hunt.finish();
    Ok(result)
}

fn findall(cx: &mut Cx, a: Args<'_>) -> R {
    let mut hunt = Hunt::of_arguments(cx, a)?;
    let mut found = Vec::new();
    while let Some(span) = hunt.find(cx, Mode::Search)? {
        let item = match hunt.pattern.groups {
            0 => hunt.subject.slice(cx, span.0, span.1)?,
            1 => group_or_empty(cx, &hunt, 0)?,
            n => {
                let groups = (0..n).map(|i| group_or_empty(cx, &hunt, i)).collect::<R<Vec<Obj>>>()?;
                cx.tuple(groups)
            }
        };
        if found.len() == found.capacity() && found.try_reserve(found.len().max(4)).is_err() {
            return Err(cx.memory_error());
        }
        found.push(item);
        hunt.advance(span);
    }
    hunt.finish();
    Ok(cx.list(found))
}

fn group_or_empty(cx: &mut Cx, hunt: &Hunt<'_>, group: usize) -> R {
    match hunt.group(cx, group)? {
        Some(text) => Ok(text),
        None => hunt.subject.slice(cx, 0, 0),
    }
}

fn split(cx: &mut Cx, a: Args<'_>) -> R {
    let most = ssize_argument(cx, a.opt(2), 0)?;
    let subject = Subject::new(cx, a.get(1))?;
    let mut hunt = Hunt::new(cx, a.this::<PyPattern>(), subject, (0, isize::MAX))?;
    let (mut parts, mut last, mut n) = (Vec::new(), 0, 0);
    while most == 0 || n < most {
        let Some(span) = hunt.find(cx, Mode::Search)? else { break };
        parts.push(hunt.subject.slice(cx, last, span.0)?);
        for i in 0..hunt.pattern.groups {
            let group = hunt.group(cx, i)?;
            parts.push(group.unwrap_or_else(|| cx.none()));
        }
        hunt.advance(span);
        last = span.1;
        n += 1;
    }
    parts.push(hunt.subject.slice(cx, last, hunt.end)?);
    hunt.finish();
    Ok(cx.list(parts))
}

fn is_text(cx: &Cx, pattern: &PyPattern) -> Option<bool> {
    let v = pattern.pattern();
    if v.value().is_none() { None } else { Some(v.downcast::<PyStr>(cx).is_some()) }
}

fn eq(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyPattern>();
    let Some(other) = a.get(1).downcast::<PyPattern>(cx) else { return Ok(cx.not_implemented()) };
    if std::ptr::eq(this, other) {
        return Ok(cx.bool(true));
    }
    // The same text can have other code, depending on the locale in which it was compiled.
    let same = this.flags == other.flags
        && is_text(cx, this) == is_text(cx, other)
        && this.parts.code == other.parts.code
        && cx.equal(this.pattern(), other.pattern())?;
    Ok(cx.bool(same))
}

fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyPattern>();
    let code: Vec<u8> = this.parts.code.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let hash = hash_bytes(cx.vm.hash_seed, &code) ^ cx.hash(this.pattern())? ^ this.flags as i64;
    Ok(cx.int(if hash == -1 { -2 } else { hash }))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyPattern>();
    let text = cx.repr_string(this.pattern())?;
    let mut flags = this.flags;
    let kinds = FLAG_LOCALE | FLAG_UNICODE | FLAG_ASCII;
    if this.pattern().downcast::<PyBytes>(cx).is_none() && flags & kinds == FLAG_UNICODE {
        flags &= !FLAG_UNICODE;
    }
    let mut names = Vec::new();
    for (flag, name) in FLAG_NAMES {
        if flags & flag != 0 {
            names.push(name.to_string());
            flags &= !flag;
        }
    }
    if flags != 0 {
        names.push(format!("{flags:#x}"));
    }
    let shown: String = text.chars().take(200).collect();
    let comma = if names.is_empty() { "" } else { ", " };
    Ok(cx.str(&format!("re.compile({shown}{comma}{})", names.join("|"))))
}

fn itself(cx: &Cx, a: Args<'_>) -> R {
    Ok(a.get(0).own(cx))
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("match", "($self, /, string, pos=0, endpos=sys.maxsize)", Full(|cx, a| matching(cx, a, Mode::Match))),
    (
        "fullmatch",
        "($self, /, string, pos=0, endpos=sys.maxsize)",
        Full(|cx, a| matching(cx, a, Mode::FullMatch)),
    ),
    ("search", "($self, /, string, pos=0, endpos=sys.maxsize)", Full(|cx, a| matching(cx, a, Mode::Search))),
    ("sub", "($self, /, repl, string, count=0)", Full(sub::sub)),
    ("subn", "($self, /, repl, string, count=0)", Full(sub::subn)),
    ("findall", "($self, /, string, pos=0, endpos=sys.maxsize)", Full(findall)),
    ("split", "($self, /, string, maxsplit=0)", Full(split)),
    ("finditer", "($self, /, string, pos=0, endpos=sys.maxsize)", Full(scanner::finditer)),
    ("scanner", "($self, /, string, pos=0, endpos=sys.maxsize)", Full(scanner::scanner)),
    ("__copy__", "($self, /)", Leaf(itself)),
    ("__deepcopy__", "($self, memo, /)", Leaf(itself)),
];

/// Makes the type.
pub fn init(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::DISALLOW_INSTANTIATION | class_flag::HAS_WEAKREF;
    let mut t = TypeBuilder::native_type(cx, "re.Pattern", &PATTERN_OPS, size_of::<PyPattern>(), true, flags);
    t.doc(cx, "Compiled regular expression object.")
        .methods(cx, METHODS)
        .special(cx, Special::Eq, Full(eq))
        .special(cx, Special::Hash, Full(hash))
        .special(cx, Special::Repr, Full(repr))
        .class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    let getters: [(&str, NativeFn); 4] = [
        ("pattern", Leaf(|cx, a| Ok(a.this::<PyPattern>().pattern().own(cx)))),
        ("flags", Leaf(|cx, a| Ok(cx.int(a.this::<PyPattern>().flags as i64)))),
        ("groups", Leaf(|cx, a| Ok(cx.int(a.this::<PyPattern>().groups as i64)))),
        (
            "groupindex",
            Leaf(|cx, a| {
                let names = a.this::<PyPattern>().groupindex();
                Ok(ungil_runtime::objects::mapping_proxy::new_proxy(cx, names))
            }),
        ),
    ];
    for (name, get) in getters {
        let set = (name != "groupindex").then_some(Full(readonly));
        t.getset(cx, name, get, set);
    }
    t.class()
}
