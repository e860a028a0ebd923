//! The text of an exception: traceback entries with source lines and carets, message, notes, and the chain of causes
//! and contexts; groups as trees.

use super::{carets, hint, write_stderr};
use crate::objects::code::PyCode;
use crate::objects::exception::PyException;
use crate::objects::traceback::{PyTraceback, entries};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use std::collections::HashMap;
use std::fmt::Write;

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";
/// Equal entries shown before the rest is counted.
const RECURSIVE_CUTOFF: usize = 3;
const MAX_GROUP_WIDTH: usize = 15;
const MAX_GROUP_DEPTH: usize = 10;

/// Prints an uncaught exception to `sys.stderr`.
pub fn print_exception(cx: &mut Cx, err: &Err) {
    display(cx, err.exception());
}

/// Prints an exception, or what stands in for one, to `sys.stderr` as one that nobody has caught: by the module `traceback`,
/// which knows of colours and of names that may have been meant; where that cannot be had, or fails, by the VM's own means.
pub fn display(cx: &mut Cx, exception: Ref<'_>) {
    let shown = crate::import::import_module(cx, "traceback")
        .and_then(|module| cx.call_method(module.r(), "_print_exception_bltin", &[exception]));
    let text = match shown {
        Ok(_) => String::new(),
        Err(_) if cx.is_instance_of(exception, Builtin::BaseException) => {
            let exception = exception.own(cx);
            format_value(cx, exception)
        }
        Err(_) => {
            let found = cx.type_name(exception);
            format!("TypeError: print_exception(): Exception expected for value, {found} found\n")
        }
    };
    // Flushes what the module has written.
    write_stderr(cx, &text);
}

/// The whole text of an exception.
pub fn format_exception(cx: &mut Cx, err: &Err) -> String {
    let mut printer =
        Printer { files: HashMap::new(), seen: Vec::new(), underline: !cx.vm.config.no_debug_ranges };
    let mut out = String::new();
    printer.chain(cx, err.exception(), "", 0, &mut out);
    out
}

/// The whole text of an exception object, or of what stands in for one.
pub fn format_value(cx: &mut Cx, exception: Obj) -> String {
    format_exception(cx, &crate::err::Raised(exception))
}

/// The lines of a source file, none if it cannot be read.
fn lines_of(cx: &mut Cx, file: &str) -> Vec<String> {
    let bytes: Option<Vec<u8>> = match file.strip_prefix("<frozen>/") {
        Some(inner) => crate::import::embedded(inner),
        None if file.starts_with('<') => crate::import::kept_source(file),
        None => std::fs::read(file).ok(),
    };
    let bytes = bytes.unwrap_or_default();
    let foreign = crate::builtins::compile::decode_foreign(cx, &bytes).and_then(Result::ok);
    let text = match (foreign, ungil_compiler::decode(&bytes, file, false)) {
        (Some(text), _) => text.into(),
        (None, Ok(text)) => text,
        (None, Err(_)) => String::from_utf8_lossy(&bytes),
    };
    text.lines().map(str::to_string).collect()
}

/// A line of a source file, by its number from 1.
pub fn source_line(cx: &mut Cx, file: &str, line: i64) -> Option<String> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    lines_of(cx, file).into_iter().nth(index)
}

/// The entries of a traceback with their heading, nothing underlined; empty without a traceback.
pub fn format_entries(cx: &mut Cx, traceback: Option<Obj>) -> String {
    let list = entries(cx, traceback);
    if list.is_empty() {
        return String::new();
    }
    let mut printer = Printer { files: HashMap::new(), seen: Vec::new(), underline: false };
    let mut out = "Traceback (most recent call last):\n".to_string();
    printer.entries(cx, &list, "", &mut out);
    out
}

/// The name of an exception's class as the last line of a traceback has it.
pub fn class_text(cx: &mut Cx, exception: Ref<'_>) -> String {
    let class = cx.class_of(exception);
    let module = cx.get_attr_opt(class.as_ref(), cx.vm.names.module.get()).ok().flatten();
    let module = module.map(|m| cx.text_of(m.r())).unwrap_or_default();
    let qualname = cx.get_attr_opt(class.as_ref(), cx.vm.names.qualname.get()).ok().flatten();
    let qualname = qualname.map(|q| cx.text_of(q.r())).unwrap_or_else(|| class.name());
    match module.as_str() {
        "builtins" | "__main__" | "" => qualname,
        module => format!("{module}.{qualname}"),
    }
}

struct Printer {
    /// Lines of source files that have been read.
    files: HashMap<String, Vec<String>>,
    seen: Vec<Value>,
    /// Whether the place in a line is underlined.
    underline: bool,
}

impl Printer {
    fn chain(&mut self, cx: &mut Cx, exception: Ref<'_>, indent: &str, depth: usize, out: &mut String) {
        let mut links: Vec<(Obj, &str)> = vec![(exception.own(cx), "")];
        self.seen.push(exception.value());
        loop {
            let (last, _) = links.last().expect("not empty");
            let Some(e) = last.downcast::<PyException>(cx) else { break };
            let cause = e.cause.get(&e.h, cx);
            let context = e.context.get(&e.h, cx);
            let (next, joint) = match (cause, context) {
                (Some(cause), _) => (cause, CAUSE),
                (None, Some(context)) if !e.suppress_context.get() => (context, CONTEXT),
                _ => break,
            };
            if self.seen.contains(&next.value()) {
                break;
            }
            self.seen.push(next.value());
            links.push((next, joint));
        }
        for i in (0..links.len()).rev() {
            self.single(cx, &links[i].0, indent, depth, out);
            if i > 0 {
                let joint = links[i - 1 + 1].1;
                for line in joint.split_inclusive('\n') {
                    let line_indent = if line == "\n" { indent.trim_end() } else { indent };
                    let _ = write!(out, "{line_indent}{line}");
                }
            }
        }
    }

    fn single(&mut self, cx: &mut Cx, exception: &Obj, indent: &str, depth: usize, out: &mut String) {
        let group = group_members(cx, exception.r());
        let (indent, header) = match (&group, depth) {
            (Some(_), 0) => (
                "  ".to_string() + indent,
                "  + Exception Group Traceback (most recent call last):\n".to_string(),
            ),
            (Some(_), _) => {
                (indent.to_string(), format!("{indent}Exception Group Traceback (most recent call last):\n"))
            }
            (None, _) => (indent.to_string(), format!("{indent}Traceback (most recent call last):\n")),
        };
        let body = match (&group, depth) {
            (Some(_), 0) => "  | ".to_string(),
            _ => indent,
        };
        let Some(e) = exception.downcast::<PyException>(cx) else { return };
        let list = entries(cx, e.traceback.get(&e.h, cx));
        if !list.is_empty() {
            out.push_str(&header);
            self.entries(cx, &list, &body, out);
        }
        let mut own = String::new();
        self.message(cx, exception.r(), &mut own);
        for line in own.split_inclusive('\n') {
            let _ = write!(out, "{body}{line}");
        }
        if let Some(members) = group {
            self.members(cx, &members, &body, depth, out);
        }
    }

    fn members(&mut self, cx: &mut Cx, members: &[Obj], body: &str, depth: usize, out: &mut String) {
        let outer = body.trim_end().strip_suffix('|').unwrap_or(body).to_string();
        if depth >= MAX_GROUP_DEPTH {
            let _ = writeln!(out, "{outer}... (max_group_depth is {MAX_GROUP_DEPTH})");
            return;
        }
        let shown = members.len().min(MAX_GROUP_WIDTH);
        for (i, member) in members.iter().enumerate().take(shown) {
            let start = if i == 0 { "+-" } else { "  " };
            let label = format!("{start}+---------------- {} ----------------\n", i + 1);
            let _ = write!(out, "{outer}{label}");
            let inner = format!("{outer}  | ");
            self.chain(cx, member.r(), &inner, depth + 1, out);
        }
        if members.len() > shown {
            let more = members.len() - shown;
            let s = if more > 1 { "s" } else { "" };
            let _ = writeln!(out, "{outer}  +---------------- ... ----------------");
            let _ = writeln!(out, "{outer}  | and {more} more exception{s}");
        }
        let last_is_group = members.last().is_some_and(|m| group_members(cx, m.r()).is_some());
        if !last_is_group {
            let _ = writeln!(out, "{outer}  +------------------------------------");
        }
    }

    fn entries(&mut self, cx: &mut Cx, list: &[Obj], indent: &str, out: &mut String) {
        let mut last: Option<(String, u32, String)> = None;
        let mut count = 0;
        for entry in list {
            let Some(t) = entry.downcast::<PyTraceback>(cx) else { continue };
            let code = t.frame().code();
            let key = (code.file().to_owned(), t.line.get(), code.head.name.to_owned());
            if last.as_ref() == Some(&key) {
                count += 1;
            } else {
                repeated(count, indent, out);
                last = Some(key);
                count = 1;
            }
            if count <= RECURSIVE_CUTOFF {
                self.entry(cx, code, (t.last.get(), t.line.get()), indent, out);
            }
        }
        repeated(count, indent, out);
    }

    fn entry(
        &mut self,
        cx: &mut Cx,
        code: &'static PyCode,
        (at, line): (usize, u32),
        indent: &str,
        out: &mut String,
    ) {
        let (file, name) = (code.file(), code.head.name);
        let _ = writeln!(out, "{indent}  File \"{file}\", line {line}, in {name}");
        let position = code.position(at);
        let mut text = String::new();
        if self.underline && position.line == line && position.end_line >= position.line {
            self.source(cx, file, position, &mut text);
        } else if let Some(source) = self.line(cx, file, line) {
            let _ = writeln!(text, "    {}", source.trim());
        }
        for line in text.split_inclusive('\n') {
            let _ = write!(out, "{indent}{line}");
        }
    }

    /// The source lines of a position with what is to be underlined.
    fn source(&mut self, cx: &mut Cx, file: &str, p: ungil_bytecode::Position, out: &mut String) {
        let lines: Vec<String> = (p.line..=p.end_line).map_while(|n| self.line(cx, file, n)).collect();
        if lines.len() != (p.end_line - p.line + 1) as usize || lines.is_empty() {
            return;
        }
        let dedent =
            lines.iter().filter(|l| !l.trim().is_empty()).map(|l| l.len() - l.trim_start().len()).min();
        let dedent = dedent.unwrap_or(0);
        let cut = |line: &str, byte: u32| char_count(line, byte as usize);
        let first_start = cut(&lines[0], p.column);
        let last_end = cut(lines.last().expect("not empty"), p.end_column);
        if carets::are_hidden(&lines, dedent, p.column, p.end_column) {
            return without_marks(&lines, dedent, out);
        }
        if lines.len() > 1 {
            self.several_lines(&lines, dedent, first_start, last_end, out);
            return;
        }
        let line = &lines[0];
        let _ = writeln!(out, "    {}", line.trim());
        let chars: Vec<char> = line.chars().collect();
        let (start, end) = (first_start, last_end.min(chars.len()));
        if start >= end {
            return;
        }
        let segment: String = chars[start..end].iter().collect();
        let whole = line.trim() == segment.trim();
        let anchors = carets::anchors(&segment);
        if whole && anchors.is_none() {
            return;
        }
        let mut marks = String::new();
        for (i, c) in segment.chars().enumerate() {
            let mark = match anchors {
                Some((from, to)) if i >= from && i < to => '^',
                Some(_) => '~',
                None => '^',
            };
            (0..width(c)).for_each(|_| marks.push(mark));
        }
        let pad: usize = chars[dedent.min(start)..start].iter().map(|&c| width(c)).sum();
        let _ = writeln!(out, "    {}{marks}", " ".repeat(pad));
    }

    /// A position over several lines: all are shown, with the marked part underlined in each (at most the first two and the
    /// last two if there are many).
    fn several_lines(&mut self, lines: &[String], dedent: usize, start: usize, end: usize, out: &mut String) {
        let joined = {
            let first: String = lines[0].chars().skip(start).collect();
            let last: String = lines[lines.len() - 1].chars().take(end).collect();
            let mut parts = vec![first];
            parts.extend(lines[1..lines.len() - 1].iter().cloned());
            parts.push(last);
            parts.join("\n")
        };
        let anchors = carets::anchors(&joined);
        let whole = lines[0].chars().take(start).all(char::is_whitespace)
            && lines[lines.len() - 1].chars().skip(end).all(char::is_whitespace);
        let mut offset = 0;
        for (i, line) in lines.iter().enumerate() {
            let skip = lines.len() > 4 && i >= 2 && i < lines.len() - 2;
            let chars: Vec<char> = line.chars().collect();
            let from = if i == 0 { start } else { 0 };
            let to = if i == lines.len() - 1 { end.min(chars.len()) } else { chars.len() };
            if skip {
                if i == 2 {
                    let _ = writeln!(out, "    ...<{} lines>...", lines.len() - 4);
                }
            } else {
                let shown: String = chars[dedent.min(chars.len())..].iter().collect();
                let _ = writeln!(out, "    {}", shown.trim_end());
                if !(whole && anchors.is_none()) {
                    let _ = writeln!(
                        out,
                        "    {}",
                        line_marks(&chars, dedent, from, to, offset, anchors).trim_end()
                    );
                }
            }
            offset += to.saturating_sub(from) + 1;
        }
    }

    fn line(&mut self, cx: &mut Cx, file: &str, number: u32) -> Option<String> {
        let lines = self.files.entry(file.to_string()).or_insert_with(|| lines_of(cx, file));
        lines.get((number as usize).checked_sub(1)?).cloned()
    }

    fn message(&mut self, cx: &mut Cx, exception: Ref<'_>, out: &mut String) {
        let name = class_text(cx, exception);
        if cx.is_instance_of(exception, Builtin::SyntaxError) && self.syntax_error(cx, exception, &name, out)
        {
            self.notes(cx, exception, out);
            return;
        }
        let text = cx.str_string(exception).unwrap_or_else(|_| "<exception str() failed>".into());
        let hint = hint(cx, exception);
        let _ = match text.is_empty() && hint.is_empty() {
            true => writeln!(out, "{name}"),
            false => writeln!(out, "{name}: {text}{hint}"),
        };
        self.notes(cx, exception, out);
    }

    fn notes(&mut self, cx: &mut Cx, exception: Ref<'_>, out: &mut String) {
        let Ok(Some(notes)) = cx.get_attr_opt(exception, cx.vm.names.notes.get()) else { return };
        let Ok(items) = cx.collect(notes.r()) else { return };
        for item in items {
            let text = cx.str_string(item.r()).unwrap_or_else(|_| "<note str() failed>".into());
            for line in text.split('\n') {
                let _ = writeln!(out, "{line}");
            }
        }
    }

    /// A syntax error shows its place in the source. False if it has none.
    fn syntax_error(&mut self, cx: &mut Cx, exception: Ref<'_>, name: &str, out: &mut String) -> bool {
        if let Some(text) = with_keyword(cx, exception) {
            out.push_str(&text);
            return true;
        }
        let Some(e) = exception.downcast::<PyException>(cx) else { return false };
        let field = |cx: &Cx, i: usize| e.fields[i].get(&e.h, cx).filter(|v| !v.value().is_none());
        let Some(line) = field(cx, 2).and_then(|l| l.value().as_int()) else { return false };
        let file = field(cx, 1).map_or("<string>".to_string(), |f| cx.text_of(f.r()));
        let _ = writeln!(out, "  File \"{file}\", line {line}");
        let message = match field(cx, 0) {
            Some(m) => cx.str_string(m.r()).unwrap_or_default(),
            None => "<no detail available>".into(),
        };
        if let Some(text) = field(cx, 4) {
            let text = cx.text_of(text.r());
            let offset = field(cx, 3).and_then(|o| o.value().as_int());
            let details = field(cx, 5);
            let items = details.as_ref().and_then(|d| d.downcast::<PyTuple>(cx)).map(|t| t.items());
            let number = |i: usize| items.and_then(|t| t.get(i)).and_then(|v| v.value().as_int());
            show_syntax_line(&text, line, offset, number(0), number(1), out);
        }
        let _ = writeln!(out, "{name}: {message}");
        true
    }
}

/// A plain "invalid syntax" as the module `traceback` shows it, which looks for misspelled keywords.
fn with_keyword(cx: &mut Cx, exception: Ref<'_>) -> Option<String> {
    let metadata = crate::objects::str::intern(cx, "_metadata");
    cx.get_attr_opt(exception, metadata.get()).ok()??;
    let lines = keyword_lines(cx, exception).ok()?;
    Some(lines.iter().map(|line| cx.text_of(line.r())).collect())
}

fn keyword_lines(cx: &mut Cx, exception: Ref<'_>) -> R<Vec<Obj>> {
    let traceback = crate::import::import_module(cx, "traceback")?;
    let class = cx.class_of(exception).as_ref();
    let shown = cx.call_method(
        traceback.r(),
        "TracebackException",
        &[class, exception, Ref::immediate(Value::NONE)],
    )?;
    let name = cx.get_attr_str(shown.r(), "exc_type_str")?;
    let lines = cx.call_method(shown.r(), "_format_syntax_error", &[name.r()])?;
    cx.collect(lines.r())
}

/// Source lines with nothing underlined, the middle ones of many left out.
fn without_marks(lines: &[String], dedent: usize, out: &mut String) {
    for (i, line) in lines.iter().enumerate() {
        if lines.len() > 4 && i >= 2 && i < lines.len() - 2 {
            if i == 2 {
                let _ = writeln!(out, "    ...<{} lines>...", lines.len() - 4);
            }
            continue;
        }
        let _ = writeln!(out, "    {}", line.get(dedent..).unwrap_or_default().trim_end());
    }
}

fn show_syntax_line(
    text: &str,
    line: i64,
    offset: Option<i64>,
    end_line: Option<i64>,
    end: Option<i64>,
    out: &mut String,
) {
    let text = text.trim_end_matches('\n');
    let shown = text.trim_start_matches([' ', '\n', '\x0c']);
    let spaces = (text.chars().count() - shown.chars().count()) as i64;
    let _ = writeln!(out, "    {}", shown.trim_end());
    let Some(offset) = offset.filter(|&o| o >= 1) else { return };
    let length = text.chars().count() as i64;
    let end = match (end_line, end) {
        (Some(end_line), _) if end_line != line => length + 1,
        (_, Some(end)) if end > 0 => end,
        _ => offset,
    };
    let end = if end == offset || end == -1 { offset + 1 } else { end };
    let start = offset - 1 - spaces;
    let stop = end - 1 - spaces;
    if start < 0 {
        return;
    }
    let pad: String =
        shown.chars().take(start as usize).map(|c| if c.is_whitespace() { c } else { ' ' }).collect();
    let pad = format!("{pad:<width$}", width = start as usize);
    let _ = writeln!(out, "    {pad}{}", "^".repeat((stop - start).max(1) as usize));
}

fn line_marks(
    chars: &[char],
    dedent: usize,
    from: usize,
    to: usize,
    offset: usize,
    anchors: Option<(usize, usize)>,
) -> String {
    let first = chars.iter().position(|c| !c.is_whitespace()).unwrap_or(0);
    let mut marks = String::new();
    for (column, &c) in chars.iter().enumerate().skip(dedent) {
        let at = offset + column.saturating_sub(from);
        let mark = match anchors {
            _ if column < from.max(first) || column >= to => ' ',
            Some((a, b)) if at >= a && at < b => '^',
            Some(_) => '~',
            None => '^',
        };
        (0..width(c)).for_each(|_| marks.push(mark));
    }
    marks
}

fn repeated(count: usize, indent: &str, out: &mut String) {
    if count > RECURSIVE_CUTOFF {
        let more = count - RECURSIVE_CUTOFF;
        let s = if more > 1 { "s" } else { "" };
        let _ = writeln!(out, "{indent}  [Previous line repeated {more} more time{s}]");
    }
}

fn char_count(line: &str, byte: usize) -> usize {
    line.char_indices().take_while(|&(i, _)| i < byte).count()
}

/// Columns that a character takes on a terminal.
fn width(c: char) -> usize {
    match c as u32 {
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The exceptions of a group; `None` if it is none.
fn group_members(cx: &Cx, exception: Ref<'_>) -> Option<Vec<Obj>> {
    if !cx.is_instance_of(exception, Builtin::BaseExceptionGroup) {
        return None;
    }
    let e = exception.downcast::<PyException>(cx)?;
    let tuple = e.fields[1].get(&e.h, cx)?;
    let items = tuple.downcast::<PyTuple>(cx)?.items().iter().map(|v| v.own(cx)).collect();
    Some(items)
}
