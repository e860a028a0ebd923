//! `re.Match`: what a pattern has found. Immutable.

use super::pattern::PyPattern;
use super::scratch::NOWHERE;
use super::subject::{Hunt, Subject};
use super::{classes, fixed, readonly, sub};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// A match; the byte offsets of its groups follow the fields, those of the whole match first.
#[repr(C)]
pub struct PyMatch {
    h: Header,
    /// What was searched.
    string: Slot,
    pattern: Slot,
    pos: usize,
    endpos: usize,
    /// The last group that has ended, 0 if none has.
    last: usize,
    /// Groups, the whole match included.
    count: usize,
    spans: [(usize, usize); 0],
}

const SPANS_OFFSET: usize = std::mem::offset_of!(PyMatch, spans);

fn payload_size(count: usize) -> usize {
    SPANS_OFFSET + count * size_of::<(usize, usize)>()
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a match.
    let this = unsafe { &*h.cast::<PyMatch>() };
    for slot in [&this.string, &this.pattern] {
        if !slot.is_empty() {
            visit(slot.peek());
        }
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a match that nobody reaches any more.
    let this = unsafe { &*h.cast::<PyMatch>() };
    this.string.clear(m);
    this.pattern.clear(m);
}

static MATCH_OPS: TypeOps = TypeOps {
    name: "re.Match",
    // SAFETY: called with a match.
    size: |h| payload_size(unsafe { (*h.cast::<PyMatch>()).count }),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first; made in `new_match` alone.
unsafe impl Object for PyMatch {
    const OPS: &'static TypeOps = &MATCH_OPS;
}

/// The match that a hunt has found at `span`.
///
/// # Errors
/// `MemoryError`.
pub fn new_match(cx: &mut Cx, hunt: &Hunt<'_>, span: (usize, usize)) -> R {
    let groups = hunt.pattern.groups();
    let string = hunt.subject.object.own(cx);
    let pattern = ref_of(hunt.pattern).own(cx);
    let last = hunt.scratch.slots[2 * groups];
    let fields = |h| PyMatch {
        h,
        string: Slot::new(string),
        pattern: Slot::new(pattern),
        pos: hunt.pos,
        endpos: hunt.endpos,
        last: if last == NOWHERE { 0 } else { last },
        count: groups + 1,
        spans: [],
    };
    let size = payload_size(groups + 1);
    // SAFETY: the payload of a match with so many groups, all written.
    unsafe {
        cx.alloc_sized(classes().matches, size, |h, p| {
            p.cast::<PyMatch>().write(fields(h));
            let spans = p.add(SPANS_OFFSET).cast::<(usize, usize)>();
            spans.write(span);
            for i in 0..groups {
                spans.add(i + 1).write(hunt.scratch.group(i).unwrap_or((NOWHERE, NOWHERE)));
            }
        })
    }
}

impl PyMatch {
    pub fn string(&self) -> Ref<'_> {
        fixed(&self.string)
    }

    pub fn pattern(&self) -> &PyPattern {
        // SAFETY: made with a pattern, and never changed.
        unsafe { fixed(&self.pattern).cast_unchecked() }
    }

    /// Groups, the whole match included.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Byte offsets of a group, if it has matched.
    fn span(&self, group: usize) -> Option<(usize, usize)> {
        debug_assert!(group < self.count);
        // SAFETY: there are `count` of them behind the fields.
        let span = unsafe { *self.spans.as_ptr().add(group) };
        (span.0 != NOWHERE).then_some(span)
    }

    /// Beginning and end of a group as numbers of characters; -1 if it has not matched.
    fn indices(&self, cx: &mut Cx, group: usize) -> R<(i64, i64)> {
        let Some((start, end)) = self.span(group) else { return Ok((-1, -1)) };
        match self.string().downcast::<ungil_runtime::objects::str::PyStr>(cx) {
            Some(s) => Ok((s.char_index(start) as i64, s.char_index(end) as i64)),
            None => Ok((start as i64, end as i64)),
        }
    }

    /// The text of a group, if it has matched.
    ///
    /// # Errors
    /// `MemoryError`; what reading the memory of a bytes-like object raises.
    pub fn group(&self, cx: &mut Cx, group: usize) -> R<Option<Obj>> {
        let Some((start, end)) = self.span(group) else { return Ok(None) };
        let subject = Subject::new(cx, self.string())?;
        subject.slice(cx, start, end).map(Some)
    }

    fn group_or(&self, cx: &mut Cx, group: usize, default: Ref<'_>) -> R {
        match self.group(cx, group)? {
            Some(text) => Ok(text),
            None => Ok(default.own(cx)),
        }
    }

    /// The number of the group that an argument names.
    fn find_group(&self, cx: &mut Cx, v: Ref<'_>) -> R<usize> {
        let number = match v.value().as_int() {
            Some(i) => Some(i),
            None if cx.is_instance_of(v, Builtin::Int)
                || cx.class_of(v).special(cx, Special::Index).is_some() =>
            {
                Some(cx.index_clamped(v)? as i64)
            }
            None => match self.pattern().groupindex().downcast::<PyDict>(cx) {
                Some(names) => names.get(cx, v)?.and_then(|n| n.value().as_int()),
                None => None,
            },
        };
        match number.and_then(|n| usize::try_from(n).ok()).filter(|&n| n < self.count) {
            Some(n) => Ok(n),
            None => Err(cx.index_error("no such group")),
        }
    }
}

fn group(cx: &mut Cx, a: Args<'_>) -> R {
    let (this, wanted) = (a.this::<PyMatch>(), a.varargs(cx, 1));
    let none = Ref::immediate(Value::NONE);
    match wanted {
        [] => this.group_or(cx, 0, none),
        [one] => {
            let i = this.find_group(cx, *one)?;
            this.group_or(cx, i, none)
        }
        several => {
            let mut found = Vec::with_capacity(several.len());
            for &v in several {
                let i = this.find_group(cx, v)?;
                found.push(this.group_or(cx, i, none)?);
            }
            Ok(cx.tuple(found))
        }
    }
}

fn getitem(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyMatch>();
    let i = this.find_group(cx, a.get(1))?;
    this.group_or(cx, i, Ref::immediate(Value::NONE))
}

fn groups(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyMatch>();
    let default = a.opt(1).unwrap_or(Ref::immediate(Value::NONE));
    let found = (1..this.count).map(|i| this.group_or(cx, i, default)).collect::<R<Vec<Obj>>>()?;
    Ok(cx.tuple(found))
}

fn groupdict(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyMatch>();
    let default = a.opt(1).unwrap_or(Ref::immediate(Value::NONE));
    let result = PyDict::new(cx);
    let names = this.pattern().groupindex().downcast::<PyDict>(cx).map(|names| names.keys(cx));
    for name in names.unwrap_or_default() {
        let i = this.find_group(cx, name.r())?;
        let text = this.group_or(cx, i, default)?;
        if let Some(dict) = result.downcast::<PyDict>(cx) {
            dict.set(cx, name, text)?;
        }
    }
    Ok(result)
}

/// Beginning and end of the group that the optional argument names.
fn argument_indices(cx: &mut Cx, a: Args<'_>) -> R<(i64, i64)> {
    let this = a.this::<PyMatch>();
    let i = a.opt(1).map_or(Ok(0), |v| this.find_group(cx, v))?;
    this.indices(cx, i)
}

fn start(cx: &mut Cx, a: Args<'_>) -> R {
    argument_indices(cx, a).map(|(start, _)| cx.int(start))
}

fn end(cx: &mut Cx, a: Args<'_>) -> R {
    argument_indices(cx, a).map(|(_, end)| cx.int(end))
}

fn span(cx: &mut Cx, a: Args<'_>) -> R {
    let (start, end) = argument_indices(cx, a)?;
    Ok(cx.tuple(vec![cx.int(start), cx.int(end)]))
}

fn regs(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyMatch>();
    let mut all = Vec::with_capacity(this.count);
    for i in 0..this.count {
        let (start, end) = this.indices(cx, i)?;
        all.push(cx.tuple(vec![cx.int(start), cx.int(end)]));
    }
    Ok(cx.tuple(all))
}

fn expand(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyMatch>();
    let template = sub::compile_template(cx, this.pattern(), a.get(1))?;
    sub::expand(cx, template.r(), this)
}

fn lastindex(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyMatch>().last {
        0 => Ok(cx.none()),
        i => Ok(cx.int(i as i64)),
    }
}

fn lastgroup(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyMatch>();
    let names = this.pattern().indexgroup().downcast::<PyTuple>(cx);
    match names.and_then(|names| names.items().get(this.last)) {
        Some(name) if this.last > 0 => Ok(name.own(cx)),
        _ => Ok(cx.none()),
    }
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyMatch>();
    let (start, end) = this.indices(cx, 0)?;
    let text = this.group_or(cx, 0, Ref::immediate(Value::NONE))?;
    let shown: String = cx.repr_string(text.r())?.chars().take(50).collect();
    let name = cx.class_of(a.get(0)).tp_name();
    Ok(cx.str(&format!("<{name} object; span=({start}, {end}), match={shown}>")))
}

fn itself(cx: &Cx, a: Args<'_>) -> R {
    Ok(a.get(0).own(cx))
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("group", "($self, /, *args)", Full(group)),
    ("start", "($self, group=0, /)", Full(start)),
    ("end", "($self, group=0, /)", Full(end)),
    ("span", "($self, group=0, /)", Full(span)),
    ("groups", "($self, /, default=None)", Full(groups)),
    ("groupdict", "($self, /, default=None)", Full(groupdict)),
    ("expand", "($self, /, template)", Full(expand)),
    ("__copy__", "($self, /)", Leaf(itself)),
    ("__deepcopy__", "($self, memo, /)", Leaf(itself)),
];

/// Makes the type.
pub fn init(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let mut t = TypeBuilder::native_type(cx, "re.Match", &MATCH_OPS, 0, true, flags);
    t.doc(
        cx,
        "The result of re.match() and re.search().\nMatch objects always have a boolean value of True.",
    )
    .methods(cx, METHODS)
    .special(cx, Special::GetItem, Full(getitem))
    .special(cx, Special::Repr, Full(repr))
    .class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    let members: [(&str, NativeFn); 4] = [
        ("string", Leaf(|cx, a| Ok(a.this::<PyMatch>().string().own(cx)))),
        ("re", Leaf(|cx, a| Ok(ref_of(a.this::<PyMatch>().pattern()).own(cx)))),
        ("pos", Leaf(|cx, a| Ok(cx.int(a.this::<PyMatch>().pos as i64)))),
        ("endpos", Leaf(|cx, a| Ok(cx.int(a.this::<PyMatch>().endpos as i64)))),
    ];
    for (name, get) in members {
        t.getset(cx, name, get, Some(Full(readonly)));
    }
    t.getset(cx, "lastindex", Full(lastindex), None).getset(cx, "lastgroup", Full(lastgroup), None).getset(
        cx,
        "regs",
        Full(regs),
        None,
    );
    t.class()
}
