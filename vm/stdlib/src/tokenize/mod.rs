//! `_tokenize`: the tokenizer behind the library's `tokenize`.
//!
//! - `lexer.rs`: lines to tokens; `strings.rs`, `numbers.rs`: their literals; `token.rs`: kinds of tokens

mod lexer;
mod numbers;
mod strings;
mod token;

use lexer::{Lexer, Problem, Token};
use std::sync::{OnceLock, PoisonError};
use token::{DEDENT, ENDMARKER, INDENT, NEWLINE, NL};
use ungil_locks::primitive::Mutex;
use ungil_runtime::Raised;
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// An iterator over the tokens of a source that `readline` gives line by line.
#[repr(C)]
struct PyTokenizerIter {
    h: Header,
    readline: Slot,
    /// The encoding of lines that are bytes, or `None`.
    encoding: Slot,
    /// Taken out while a thread is at work, so that `readline` may do what it likes.
    lexer: Mutex<Option<Box<Lexer>>>,
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with such an iterator.
    let this = unsafe { &*h.cast::<PyTokenizerIter>() };
    for slot in [&this.readline, &this.encoding] {
        if !slot.is_empty() {
            visit(slot.peek());
        }
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: called once, with an iterator that nobody reaches any more.
    unsafe {
        let this = h.cast::<PyTokenizerIter>();
        (*this).readline.clear(m);
        (*this).encoding.clear(m);
        std::ptr::drop_in_place(&raw mut (*this).lexer);
    }
}

static OPS: TypeOps = TypeOps {
    name: "_tokenize.TokenizerIter",
    size: |_| size_of::<PyTokenizerIter>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first; made in `construct` alone.
unsafe impl Object for PyTokenizerIter {
    const OPS: &'static TypeOps = &OPS;
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let given = a.varargs(cx, 3).len();
    let Some(&readline) = a.varargs(cx, 3).first().filter(|_| given == 1) else {
        let message = format!("tokenizeriter() takes exactly 1 positional argument ({given} given)");
        return Err(cx.type_error(message));
    };
    let Some(extra) = a.opt(1) else {
        return Err(cx.type_error("tokenizeriter() missing required argument 'extra_tokens' (pos 2)"));
    };
    let extra = cx.truth(extra)?;
    if let Some(encoding) = a.opt(2)
        && encoding.downcast::<PyStr>(cx).is_none()
    {
        let name = cx.type_name(encoding);
        return Err(cx.type_error(format!("tokenizeriter() argument 'encoding' must be str, not {name}")));
    }
    let (readline, encoding) = (readline.own(cx), a.opt(2).map_or_else(|| cx.none(), |v| v.own(cx)));
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the caller of `__new__`");
    cx.alloc_for(class, |h| PyTokenizerIter {
        h,
        readline: Slot::new(readline),
        encoding: Slot::new(encoding),
        lexer: Mutex::new(Some(Box::new(Lexer::new(extra)))),
    })
}

/// What a slot holds that never changes while its object lives.
fn fixed(slot: &Slot) -> Ref<'_> {
    // SAFETY: held by the object that the slot is borrowed from.
    unsafe { Ref::from_value(slot.peek()) }
}

/// The next line of the source, `None` at its end.
fn read_line(cx: &mut Cx, readline: Ref<'_>, encoding: Ref<'_>) -> R<Option<String>> {
    let result = cx.call(readline, &[]);
    let Some(line) = cx.catch(result, Builtin::StopIteration)? else { return Ok(None) };
    if encoding.value().is_none() {
        return match line.downcast::<PyStr>(cx) {
            Some(s) => Ok(Some(s.to_string_lossy())),
            None => Err(cx.type_error("readline() returned a non-string object")),
        };
    }
    if !cx.is_instance_of(line.r(), Builtin::Bytes) {
        return Err(cx.type_error("readline() returned a non-bytes object"));
    }
    let errors = cx.str("replace");
    let text = cx.call_method(line.r(), "decode", &[encoding, errors.r()])?;
    Ok(Some(cx.text_of(text.r())))
}

fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyTokenizerIter>();
    let taken = this.lexer.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut lexer) = taken else {
        return Err(cx.value_error("tokenizer already executing"));
    };
    let result = step(cx, &mut lexer, fixed(&this.readline), fixed(&this.encoding));
    *this.lexer.lock().unwrap_or_else(PoisonError::into_inner) = Some(lexer);
    result
}

fn step(cx: &mut Cx, lexer: &mut Lexer, readline: Ref<'_>, encoding: Ref<'_>) -> R {
    if lexer.finished {
        return Err(cx.stop_iteration());
    }
    let token = lexer.next(cx, &mut |cx| read_line(cx, readline, encoding));
    match token {
        Ok(token) => Ok(show(cx, lexer, token)),
        Err(problem) => Err(raise(cx, lexer, problem)),
    }
}

/// A token as `(kind, text, start, end, line)`.
fn show(cx: &mut Cx, lexer: &Lexer, token: Token) -> Obj {
    let Token { kind, start, end } = token;
    let (mut from, mut to) = (lexer.position(start), lexer.position(end));
    let mut text: String = lexer.text[start..end].iter().collect();
    // A newline belongs to the line that it ends.
    if end > start && lexer.text[end - 1] == '\n' && matches!(kind, NEWLINE | NL) {
        to = (from.0, from.1 + end - start);
        if lexer.newline_added && end == lexer.text.len() {
            text.clear();
        }
    }
    let last = lexer.lines.len();
    let at_end = start >= lexer.text.len();
    // The end of other tokens is where the next one may be.
    let past = if matches!(kind, NEWLINE | NL) { end.saturating_sub(1) } else { end };
    let mut line = if at_end && lexer.extra { String::new() } else { lines(lexer, start, past) };
    let mut columns = (from.1 as i64, to.1 as i64);
    if at_end {
        let number = if lexer.extra && last > 0 { last + 1 } else { last.max(1) };
        (from.0, to.0, columns) = (number, number, (0, 0));
    }
    if !lexer.extra {
        if kind == NEWLINE {
            text.pop();
            columns.1 -= (!lexer.newline_added || end != lexer.text.len()) as i64;
            columns.1 = columns.0 + text.chars().count() as i64;
        }
        if matches!(kind, INDENT | DEDENT | ENDMARKER) {
            text.clear();
            columns = (-1, -1);
            if at_end && kind == ENDMARKER && last == 0 {
                line.clear();
            }
        }
    }
    let place = |line: usize, column: i64| cx.tuple(vec![cx.int(line as i64), cx.int(column)]);
    let (from, to) = (place(from.0, columns.0), place(to.0, columns.1));
    cx.tuple(vec![cx.int(kind), cx.str(&text), from, to, cx.str(&line)])
}

/// The text of the lines from that with one place to that with another.
fn lines(lexer: &Lexer, start: usize, end: usize) -> String {
    let last = lexer.text.len().saturating_sub(1);
    let from = lexer.position(start.min(last)).0 - 1;
    let to = lexer.position(end.min(last)).0;
    let first = lexer.lines.get(from).copied().unwrap_or(0);
    let past = lexer.lines.get(to).copied().unwrap_or(lexer.text.len());
    let mut text: String = lexer.text[first..past].iter().collect();
    if lexer.newline_added && past == lexer.text.len() {
        text.pop();
    }
    text
}

/// The exception for a problem.
fn raise(cx: &mut Cx, lexer: &mut Lexer, problem: Problem) -> Err {
    let line_text = |line: usize| -> String {
        let start = lexer.lines.get(line - 1).copied().unwrap_or(0);
        lexer.text[start.min(lexer.text.len())..].iter().take_while(|&&c| c != '\n').collect()
    };
    let (class, message, details) = match problem {
        Problem::Raised(err) => return err,
        Problem::Syntax { message, line, column, end } => {
            let text = line_text(line);
            (
                Builtin::SyntaxError,
                message,
                vec![(line, column), (line, end)].into_iter().zip([Some(text), None]),
            )
        }
        Problem::Line { class, message, line } => {
            let text = line_text(line);
            let column = text.chars().count() + 1;
            (class, message.to_string(), vec![(line, column), (0, 0)].into_iter().zip([Some(text), None]))
        }
        Problem::End { column } => return end_error(cx, lexer, column),
    };
    let mut fields = vec![cx.str("<string>")];
    for ((line, column), text) in details {
        for n in [line, column] {
            // A line error has no end.
            fields.push(if line == 0 { cx.none() } else { cx.int(n as i64) });
        }
        fields.extend(text.map(|text| cx.str(&text)));
    }
    let (message, details) = (cx.str(&message), cx.tuple(fields));
    make(cx, class, &[message.r(), details.r()])
}

fn make(cx: &mut Cx, class: Builtin, arguments: &[Ref<'_>]) -> Err {
    let class = cx.builtin(class).as_ref();
    match cx.call(class, arguments) {
        Ok(exception) => Raised(exception),
        Err(err) => err,
    }
}

fn end_error(cx: &mut Cx, lexer: &Lexer, column: usize) -> Err {
    let message = cx.str("unexpected EOF in multi-line statement");
    let err = make(cx, Builtin::SyntaxError, &[message.r()]);
    let fields = [
        ("lineno", cx.int(lexer.lines.len() as i64)),
        ("offset", cx.int(column as i64)),
        ("filename", cx.str("<string>")),
    ];
    for (name, value) in fields {
        let name = cx.str(name);
        if let Err(err) = cx.set_attr(err.exception(), name.r(), value) {
            return err;
        }
    }
    err
}

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// Fills the module.
///
/// # Errors
/// None now.
pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let class = match CLASS.get() {
        Some(class) => class,
        None => {
            let size = size_of::<PyTokenizerIter>();
            let mut t = TypeBuilder::native_type(
                cx,
                "_tokenize.TokenizerIter",
                &OPS,
                size,
                true,
                class_flag::BASETYPE,
            );
            t.constructor(
                cx,
                "($type, /, *readline, extra_tokens=<unrepresentable>, encoding=<unrepresentable>)",
                Full(construct),
            )
            .special(cx, Special::Iter, Leaf(|cx, a| Ok(a.get(0).own(cx))))
            .special(cx, Special::Next, Full(next));
            CLASS.get_or_init(|| t.class())
        }
    };
    let class = class.as_ref().own(cx);
    add(cx, module, "TokenizerIter", class);
    Ok(())
}
