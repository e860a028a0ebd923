//! Replacing matches: `Pattern.sub`, and the templates that replacement texts with group references become.

use super::matches::{PyMatch, new_match};
use super::pattern::PyPattern;
use super::search::Mode;
use super::subject::{Hunt, Joiner, Subject, ssize_argument};
use super::{classes, fixed};
use ungil_runtime::objects::buffer::{bytes_of, is_bytes_like};
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// A replacement text taken apart: literals and numbers of groups in turn, a literal at both ends. Immutable.
#[repr(C)]
pub struct PyTemplate {
    h: Header,
    /// A tuple of them.
    parts: Slot,
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a template.
    let this = unsafe { &*h.cast::<PyTemplate>() };
    if !this.parts.is_empty() {
        visit(this.parts.peek());
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a template that nobody reaches any more.
    unsafe { &*h.cast::<PyTemplate>() }.parts.clear(m);
}

static TEMPLATE_OPS: TypeOps = TypeOps {
    name: "_sre.SRE_Template",
    size: |_| size_of::<PyTemplate>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first; made in `template` alone.
unsafe impl Object for PyTemplate {
    const OPS: &'static TypeOps = &TEMPLATE_OPS;
}

impl PyTemplate {
    fn parts<'t>(&'t self, cx: &Cx) -> &'t [Ref<'t>] {
        fixed(&self.parts).downcast::<PyTuple>(cx).map(PyTuple::items).unwrap_or_default()
    }
}

/// Makes the type.
pub fn init(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyTemplate>();
    TypeBuilder::native_type(cx, "_sre.SRE_Template", &TEMPLATE_OPS, size, true, flags).class()
}

/// `_sre.template(pattern, template)`.
pub fn template(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(list) = a.get(1).downcast::<PyList>(cx) else {
        let name = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("template() argument 2 must be list, not {name}")));
    };
    let parts = list.snapshot(cx);
    let mut fits = parts.len() % 2 == 1;
    for number in parts.iter().skip(1).step_by(2) {
        if !cx.is_instance_of(number.r(), Builtin::Int) {
            return Err(cx.type_error("an integer is required"));
        }
        fits &= number.value().as_int().is_some_and(|n| n >= 0);
    }
    if !fits {
        return Err(cx.type_error("invalid template"));
    }
    let parts = cx.tuple(parts);
    cx.alloc_for(classes().template, |h| PyTemplate { h, parts: Slot::new(parts) })
}

/// The template for a replacement text: the library's parser makes it.
///
/// # Errors
/// What the parser raises, for example `re.PatternError`.
pub fn compile_template(cx: &mut Cx, pattern: &PyPattern, text: Ref<'_>) -> R {
    let module = ungil_runtime::import::import_module(cx, "re")?;
    let compile = cx.get_attr_str(module.r(), "_compile_template")?;
    let result = match cx.call(compile.r(), &[ref_of(pattern), text]) {
        // What the parser keeps has to be hashable.
        Err(err) if cx.is_error(&err, Builtin::TypeError) && is_bytes_like(cx, text) => {
            let copy = bytes_of(cx, text)?.into_owned();
            let copy = ungil_runtime::objects::bytes::try_new_bytes(cx, &copy)?;
            cx.call(compile.r(), &[ref_of(pattern), copy.r()])?
        }
        result => result?,
    };
    if result.downcast::<PyTemplate>(cx).is_some() {
        return Ok(result);
    }
    let name = cx.type_name(result.r());
    Err(cx.type_error(format!("the result of compiling a replacement string is {name}, not Template")))
}

/// The text that a template stands for after a match.
///
/// # Errors
/// `IndexError` ("no such group"), `TypeError` if text and bytes meet.
pub fn expand(cx: &mut Cx, template: Ref<'_>, found: &PyMatch) -> R {
    let Some(template) = template.downcast::<PyTemplate>(cx) else {
        return Err(cx.type_error("invalid template"));
    };
    let parts = template.parts(cx);
    let Some(&literal) = parts.first() else { return Err(cx.type_error("invalid template")) };
    if parts.len() == 1 {
        return Ok(literal.own(cx));
    }
    let mut joiner = Joiner::new(literal.downcast::<PyStr>(cx).is_some());
    joiner.push(cx, literal)?;
    for pair in parts[1..].chunks(2) {
        let group = pair[0].value().as_int().and_then(|n| usize::try_from(n).ok());
        let Some(group) = group.filter(|&n| n < found.count()) else {
            return Err(cx.index_error("no such group"));
        };
        if let Some(text) = found.group(cx, group)? {
            joiner.push(cx, text.r())?;
        }
        if !is_empty(cx, pair[1]) {
            joiner.push(cx, pair[1])?;
        }
    }
    joiner.finish(cx)
}

fn is_empty(cx: &Cx, v: Ref<'_>) -> bool {
    v.downcast::<PyStr>(cx).is_some_and(PyStr::is_empty)
        || v.downcast::<PyBytes>(cx).is_some_and(PyBytes::is_empty)
}

/// What takes the place of a match.
enum Replacement<'a> {
    /// This.
    Literal(Obj),
    /// What the template stands for; its parts.
    Template(Obj),
    /// What the function gives.
    Function(Ref<'a>),
}

impl<'a> Replacement<'a> {
    fn of_argument(cx: &mut Cx, pattern: &PyPattern, v: Ref<'a>) -> R<Replacement<'a>> {
        if cx.class_of(v).special(cx, Special::Call).is_some() {
            return Ok(Replacement::Function(v));
        }
        let is_literal = match v.downcast::<PyStr>(cx) {
            Some(s) => memchr::memchr(b'\\', s.as_bytes()).is_none(),
            None if is_bytes_like(cx, v) => memchr::memchr(b'\\', &bytes_of(cx, v)?).is_none(),
            None => false,
        };
        if is_literal {
            return Ok(Replacement::Literal(v.own(cx)));
        }
        let template = compile_template(cx, pattern, v)?;
        let parts = template.downcast::<PyTemplate>(cx).map(|t| t.parts(cx)).unwrap_or_default();
        match parts {
            [literal] => Ok(Replacement::Literal(literal.own(cx))),
            _ => Ok(Replacement::Template(template)),
        }
    }

    /// Appends what takes the place of the match that the hunt has found.
    fn push(&self, cx: &mut Cx, hunt: &Hunt<'_>, span: (usize, usize), joiner: &mut Joiner) -> R<()> {
        match self {
            Replacement::Literal(literal) => joiner.push(cx, literal.r()),
            Replacement::Function(function) => {
                let found = new_match(cx, hunt, span)?;
                let text = cx.call(*function, &[found.r()])?;
                if text.value().is_none() { Ok(()) } else { joiner.push(cx, text.r()) }
            }
            Replacement::Template(template) => {
                let found = new_match(cx, hunt, span)?;
                match found.downcast::<PyMatch>(cx) {
                    Some(found) => {
                        let text = expand(cx, template.r(), found)?;
                        joiner.push(cx, text.r())
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

/// The new text and the number of replacements.
fn replace(cx: &mut Cx, a: Args<'_>) -> R<(Obj, usize)> {
    let pattern = a.this::<PyPattern>();
    let most = ssize_argument(cx, a.opt(3), 0)?;
    let replacement = Replacement::of_argument(cx, pattern, a.get(1))?;
    let subject = Subject::new(cx, a.get(2))?;
    let mut hunt = Hunt::new(cx, pattern, subject, (0, isize::MAX))?;
    let mut joiner = Joiner::new(hunt.subject.is_text());
    let (mut last, mut n) = (0, 0);
    while most == 0 || (n as isize) < most {
        let Some(span) = hunt.find(cx, Mode::Search)? else { break };
        if last < span.0 {
            joiner.push_slice(cx, &hunt.subject, last, span.0)?;
        }
        replacement.push(cx, &hunt, span, &mut joiner)?;
        hunt.advance(span);
        last = span.1;
        n += 1;
    }
    let result = if n == 0 {
        hunt.subject.slice(cx, 0, hunt.end)?
    } else {
        if last < hunt.end {
            joiner.push_slice(cx, &hunt.subject, last, hunt.end)?;
        }
        joiner.finish(cx)?
    };
    hunt.finish();
    Ok((result, n))
}

pub fn sub(cx: &mut Cx, a: Args<'_>) -> R {
    replace(cx, a).map(|(text, _)| text)
}

pub fn subn(cx: &mut Cx, a: Args<'_>) -> R {
    let (text, n) = replace(cx, a)?;
    Ok(cx.tuple(vec![text, cx.int(n as i64)]))
}
