//! What a pattern is applied to: text or bytes, with places in it by number of characters and by byte offset.
//!
//! A `str` and a `bytes` are read in place; the memory of other bytes-like objects is copied, since it may change while
//! the match runs. Slices of the subject are taken from it directly, so ASCII text costs no counting.

use super::pattern::PyPattern;
use super::program::Program;
use super::scratch::Scratch;
use super::search::{Mode, Task, execute};
use std::borrow::Cow;
use ungil_runtime::objects::buffer::{bytes_of, is_bytes_like};
use ungil_runtime::objects::bytes::{PyBytes, try_new_bytes};
use ungil_runtime::objects::str::{PyStr, StrBuf, substring};
use ungil_runtime::prelude::*;

/// See the module's head.
pub struct Subject<'a> {
    pub object: Ref<'a>,
    data: Data<'a>,
}

enum Data<'a> {
    Text(&'a PyStr),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Subject<'a> {
    /// # Errors
    /// `TypeError` ("expected string or bytes-like object, got 'int'").
    pub fn new(cx: &mut Cx, object: Ref<'a>) -> R<Subject<'a>> {
        let data = match object.downcast::<PyStr>(cx) {
            Some(s) => Data::Text(s),
            None if is_bytes_like(cx, object) => Data::Bytes(bytes_of(cx, object)?),
            None => {
                let name = cx.type_name(object);
                return Err(cx.type_error(format!("expected string or bytes-like object, got '{name}'")));
            }
        };
        Ok(Subject { object, data })
    }

    /// Bytes that have been copied from the object.
    pub fn of_copy(object: Ref<'a>, copy: &'a [u8]) -> Subject<'a> {
        Subject { object, data: Data::Bytes(Cow::Borrowed(copy)) }
    }

    pub fn is_text(&self) -> bool {
        matches!(self.data, Data::Text(_))
    }

    /// Whether characters may take several bytes.
    pub fn is_wide(&self) -> bool {
        matches!(self.data, Data::Text(s) if !s.is_ascii())
    }

    pub fn bytes(&self) -> &[u8] {
        match &self.data {
            Data::Text(s) => s.as_bytes(),
            Data::Bytes(bytes) => bytes,
        }
    }

    /// The number of characters.
    pub fn len(&self) -> usize {
        match &self.data {
            Data::Text(s) => s.char_len(),
            Data::Bytes(bytes) => bytes.len(),
        }
    }

    /// The byte offset of a character.
    pub fn offset(&self, index: usize) -> usize {
        match &self.data {
            Data::Text(s) => s.byte_offset(index),
            Data::Bytes(_) => index,
        }
    }

    /// A part of it, between byte offsets; of bytes, as far as there are any.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn slice(&self, cx: &mut Cx, from: usize, to: usize) -> R {
        match &self.data {
            Data::Text(s) => Ok(substring(cx, s, from, to)),
            Data::Bytes(bytes) => {
                if from == 0 && to == bytes.len() && cx.is_exactly(self.object, Builtin::Bytes) {
                    return Ok(self.object.own(cx));
                }
                let to = to.min(bytes.len());
                try_new_bytes(cx, &bytes[from.min(to)..to])
            }
        }
    }
}

/// A `Py_ssize_t` argument, `default` if it is not given.
///
/// # Errors
/// `TypeError`, `OverflowError`.
pub fn ssize_argument(cx: &mut Cx, v: Option<Ref<'_>>, default: isize) -> R<isize> {
    let Some(v) = v else { return Ok(default) };
    let index = cx.index(v)?;
    match ungil_runtime::objects::int::to_i64(cx, index.r()) {
        Some(i) => Ok(i as isize),
        None => Err(cx.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// A search of a subject, match by match.
pub struct Hunt<'a> {
    pub pattern: &'a PyPattern,
    pub subject: Subject<'a>,
    program: &'a Program,
    /// The bounds as characters, and the byte offset of the end.
    pub pos: usize,
    pub endpos: usize,
    pub end: usize,
    /// Where the next search starts.
    pub from: usize,
    pub must_advance: bool,
    pub scratch: Box<Scratch>,
}

impl<'a> Hunt<'a> {
    /// # Errors
    /// `TypeError` if the pattern is not for such a subject.
    pub fn new(
        cx: &mut Cx,
        pattern: &'a PyPattern,
        subject: Subject<'a>,
        (pos, endpos): (isize, isize),
    ) -> R<Hunt<'a>> {
        let Some(program) = pattern.program(subject.is_text()) else {
            let message = match subject.is_text() {
                true => "cannot use a bytes pattern on a string-like object",
                false => "cannot use a string pattern on a bytes-like object",
            };
            return Err(cx.type_error(message));
        };
        let len = subject.len();
        let clip = |i: isize| usize::try_from(i).unwrap_or(0).min(len);
        let (pos, endpos) = (clip(pos), clip(endpos));
        let (from, end) = (subject.offset(pos), subject.offset(endpos));
        let scratch = Scratch::take();
        Ok(Hunt { pattern, subject, program, pos, endpos, end, from, must_advance: false, scratch })
    }

    /// A hunt for the arguments `string`, `pos` and `endpos` of a method of patterns.
    ///
    /// # Errors
    /// As [`Hunt::new`] and [`Subject::new`].
    pub fn of_arguments(cx: &mut Cx, a: Args<'a>) -> R<Hunt<'a>> {
        let pos = ssize_argument(cx, a.opt(2), 0)?;
        let endpos = ssize_argument(cx, a.opt(3), isize::MAX)?;
        let subject = Subject::new(cx, a.get(1))?;
        Hunt::new(cx, a.this::<PyPattern>(), subject, (pos, endpos))
    }

    /// The next match as byte offsets.
    ///
    /// # Errors
    /// `MemoryError`, or what a signal handler raises.
    pub fn find(&mut self, cx: &mut Cx, mode: Mode) -> R<Option<(usize, usize)>> {
        let text = &self.subject.bytes()[..self.end];
        let task = Task { mode, from: self.from, must_advance: self.must_advance };
        execute(cx, self.program, text, self.subject.is_wide(), task, &mut self.scratch)
    }

    /// Makes the next search start where a match has ended.
    pub fn advance(&mut self, (start, end): (usize, usize)) {
        self.must_advance = start == end;
        self.from = end;
    }

    /// Ends the hunt: what it needed serves the next one.
    pub fn finish(self) {
        self.scratch.give_back();
    }

    /// The text of a group, or `None` if it has not matched.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn group(&self, cx: &mut Cx, group: usize) -> R<Option<Obj>> {
        match self.scratch.group(group) {
            Some((start, end)) => self.subject.slice(cx, start, end).map(Some),
            None => Ok(None),
        }
    }
}

/// Text or bytes being put together from parts, as `join` does.
pub struct Joiner {
    out: Parts,
    /// Parts so far.
    count: usize,
    /// The first part that did not fit: its number and its type's name.
    misfit: Option<(usize, String)>,
}

enum Parts {
    Text(StrBuf),
    Bytes(Vec<u8>),
}

impl Joiner {
    pub fn new(is_text: bool) -> Joiner {
        let out = if is_text { Parts::Text(StrBuf::default()) } else { Parts::Bytes(Vec::new()) };
        Joiner { out, count: 0, misfit: None }
    }

    /// Appends a part of the subject.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn push_slice(&mut self, cx: &mut Cx, subject: &Subject<'_>, from: usize, to: usize) -> R<()> {
        self.count += 1;
        let part = &subject.bytes()[from..to];
        let room = match &mut self.out {
            Parts::Text(out) => out.reserve(part.len()),
            Parts::Bytes(out) => out.try_reserve(part.len()).is_ok(),
        };
        match &mut self.out {
            _ if !room => return Err(cx.memory_error()),
            Parts::Text(out) if subject.is_wide() => out.push_wtf8(part),
            Parts::Text(out) => out.push_ascii(part),
            Parts::Bytes(out) => out.extend_from_slice(part),
        }
        Ok(())
    }

    /// Appends an object, which must be of the right kind by the time of the end.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn push(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        let number = self.count;
        self.count += 1;
        let done = match &mut self.out {
            Parts::Text(out) => match v.downcast::<PyStr>(cx) {
                Some(s) if !out.reserve(s.byte_len()) => return Err(cx.memory_error()),
                Some(s) => {
                    out.push_str(s);
                    true
                }
                None => false,
            },
            Parts::Bytes(out) => match v.downcast::<PyBytes>(cx).is_some() || is_bytes_like(cx, v) {
                true => {
                    let part = bytes_of(cx, v)?;
                    if out.try_reserve(part.len()).is_err() {
                        return Err(cx.memory_error());
                    }
                    out.extend_from_slice(&part);
                    true
                }
                false => false,
            },
        };
        if !done && self.misfit.is_none() {
            self.misfit = Some((number, cx.type_name(v).to_string()));
        }
        Ok(())
    }

    /// The whole.
    ///
    /// # Errors
    /// `TypeError` ("sequence item 1: expected str instance, int found"), `MemoryError`.
    pub fn finish(self, cx: &mut Cx) -> R {
        if let Some((number, name)) = self.misfit {
            let wanted = match self.out {
                Parts::Text(_) => "str instance",
                Parts::Bytes(_) => "a bytes-like object",
            };
            return Err(cx.type_error(format!("sequence item {number}: expected {wanted}, {name} found")));
        }
        match self.out {
            Parts::Text(out) => Ok(out.finish(cx)),
            Parts::Bytes(out) => try_new_bytes(cx, &out),
        }
    }
}
