//! Values to JSON text.
//!
//! Lists are read an item at a time, dicts as a snapshot: functions of the program that run in between may change them.

use super::encoder::{PyEncoder, Quoting};
use super::text::push_quoted;
use std::collections::HashSet;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::float::{text as float_text, value_of};
use ungil_runtime::objects::int;
use ungil_runtime::objects::iter::fixed;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::str::{PyStr, StrBuf};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// Writing one object with all that it contains.
pub struct Writer<'a> {
    to: StrBuf,
    settings: &'a PyEncoder,
    /// The separators' texts.
    key_separator: &'a PyStr,
    item_separator: &'a PyStr,
    indent: Option<&'a PyStr>,
    /// What this is inside of, if cycles are looked for.
    around: Option<Around>,
}

/// Containers, and objects given to `default`, within each other.
#[derive(Default)]
struct Around {
    /// The outermost ones, as many as are looked through quickly.
    few: Vec<Value>,
    /// Those within them.
    many: HashSet<u64>,
}

impl Around {
    const FEW: usize = 32;

    /// Adds one; whether it is new.
    fn enter(&mut self, v: Value) -> bool {
        if self.few.contains(&v) || self.many.contains(&v.0) {
            return false;
        }
        match self.few.len() < Around::FEW {
            true => self.few.push(v),
            false => drop(self.many.insert(v.0)),
        }
        true
    }

    /// Takes away the one that was added last.
    fn leave(&mut self, v: Value) {
        if !self.many.remove(&v.0) {
            self.few.pop();
        }
    }
}

/// The items of a list or tuple as it is when each is asked for.
enum Items<'a> {
    List(&'a PyList),
    Tuple(&'a PyTuple),
}

impl Items<'_> {
    fn get(&self, cx: &Cx, i: usize) -> Option<Obj> {
        match self {
            Items::List(list) => list.get(cx, i),
            Items::Tuple(tuple) => tuple.get(cx, i),
        }
    }
}

impl<'a> Writer<'a> {
    pub fn new(cx: &Cx, settings: &'a PyEncoder) -> Writer<'a> {
        // SAFETY: the constructor has checked that both are strings.
        let text = |slot: &'a Slot| unsafe { fixed(slot).cast_unchecked::<PyStr>() };
        Writer {
            to: StrBuf::with_capacity(256),
            settings,
            key_separator: text(&settings.key_separator),
            item_separator: text(&settings.item_separator),
            indent: fixed(&settings.indent).downcast::<PyStr>(cx),
            around: (!fixed(&settings.markers).value().is_none()).then(Around::default),
        }
    }

    /// The text of an object that stands `level` containers deep.
    ///
    /// # Errors
    /// `TypeError`, `ValueError`, or what a function of the program raises.
    pub fn text_of(mut self, cx: &mut Cx, v: Ref<'_>, level: usize) -> R {
        self.value(cx, v, level)?;
        Ok(self.to.finish(cx))
    }

    fn value(&mut self, cx: &mut Cx, v: Ref<'_>, level: usize) -> R<()> {
        match v.value() {
            Value::NONE => self.to.push_ascii(b"null"),
            Value::TRUE => self.to.push_ascii(b"true"),
            Value::FALSE => self.to.push_ascii(b"false"),
            _ => {
                if let Some(s) = v.downcast::<PyStr>(cx) {
                    return self.string(cx, s);
                }
                if cx.is_instance_of(v, Builtin::Int) {
                    return self.int(cx, v);
                }
                if let Some(x) = value_of(cx, v) {
                    return self.float(cx, v, x);
                }
                return self.nested(cx, v, level);
            }
        }
        Ok(())
    }

    fn string(&mut self, cx: &mut Cx, s: &PyStr) -> R<()> {
        if !self.to.reserve(s.byte_len() + 2) {
            return Err(cx.memory_error());
        }
        if self.settings.quoting != Quoting::Custom {
            push_quoted(&mut self.to, s, self.settings.quoting == Quoting::Ascii);
            return Ok(());
        }
        let text = cx.call(fixed(&self.settings.encoder), &[ref_of(s)])?;
        match text.downcast::<PyStr>(cx) {
            Some(text) => self.to.push_str(text),
            None => {
                let got = cx.type_name(text.r());
                return Err(cx.type_error(format!("encoder() must return a string, not {got}")));
            }
        }
        Ok(())
    }

    /// The digits of an int, whatever the `__repr__` of its class says.
    fn int(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        if let Some(i) = v.value().as_int() {
            self.to.push_int(i);
        } else if let Some(n) = int::view(cx, v) {
            let text = int::text::decimal(cx, n)?;
            self.to.push_ascii(text.as_bytes());
        }
        Ok(())
    }

    fn float(&mut self, cx: &mut Cx, v: Ref<'_>, x: f64) -> R<()> {
        let text = self.float_text(cx, v, x)?;
        self.to.push_ascii(text.as_bytes());
        Ok(())
    }

    fn float_text(&self, cx: &mut Cx, v: Ref<'_>, x: f64) -> R<String> {
        if x.is_finite() {
            return Ok(float_text::repr(x));
        }
        if !self.settings.allow_nan {
            let text = cx.repr_string(v)?;
            return Err(cx.value_error(format!("Out of range float values are not JSON compliant: {text}")));
        }
        let text = if x.is_nan() {
            "NaN"
        } else if x > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        Ok(text.into())
    }

    /// A container, or an object that the program's function turns into something else.
    fn nested(&mut self, cx: &mut Cx, v: Ref<'_>, level: usize) -> R<()> {
        /// Containers within each other that are still written: each exception on the way back gets a note.
        const DEEPEST: usize = 100_000;
        if cx.native_stack_low() || level > DEEPEST {
            return Err(cx.recursion_error(" while encoding a JSON object"));
        }
        let list = v.downcast::<PyList>(cx).map(Items::List);
        let items = list.or_else(|| v.downcast::<PyTuple>(cx).map(Items::Tuple));
        let is_empty = match (&items, v.downcast::<PyDict>(cx)) {
            (Some(items), _) => items.get(cx, 0).is_none(),
            (None, Some(dict)) => dict.is_empty(),
            _ => false,
        };
        if is_empty {
            self.to.push_ascii(if items.is_some() { b"[]" } else { b"{}" });
            return Ok(());
        }
        if let Some(around) = &mut self.around
            && !around.enter(v.value())
        {
            return Err(cx.value_error("Circular reference detected"));
        }
        match (items, v.downcast::<PyDict>(cx)) {
            (Some(items), _) => self.array(cx, v, items, level)?,
            (None, Some(dict)) => self.object(cx, v, dict, level)?,
            _ => self.other(cx, v, level)?,
        }
        if let Some(around) = &mut self.around {
            around.leave(v.value());
        }
        cx.poll()
    }

    fn other(&mut self, cx: &mut Cx, v: Ref<'_>, level: usize) -> R<()> {
        let instead = cx.call(fixed(&self.settings.default), &[v])?;
        match self.value(cx, instead.r(), level) {
            Ok(()) => Ok(()),
            Err(err) => {
                let class = cx.type_name(v);
                Err(with_note(cx, err, &format!("when serializing {class} object")))
            }
        }
    }

    /// A line break and the indentation of a level.
    fn new_line(&mut self, level: usize) {
        if let Some(indent) = self.indent {
            self.to.push_ascii(b"\n");
            (0..level).for_each(|_| self.to.push_str(indent));
        }
    }

    fn array(&mut self, cx: &mut Cx, v: Ref<'_>, items: Items<'_>, level: usize) -> R<()> {
        self.to.push_ascii(b"[");
        let mut i = 0;
        while let Some(item) = items.get(cx, i) {
            if i > 0 {
                self.to.push_str(self.item_separator);
            }
            self.new_line(level + 1);
            if let Err(err) = self.value(cx, item.r(), level + 1) {
                let class = cx.type_name(v);
                return Err(with_note(cx, err, &format!("when serializing {class} item {i}")));
            }
            i += 1;
        }
        self.new_line(level);
        self.to.push_ascii(b"]");
        Ok(())
    }

    /// The items of a dict: in the order of the keys if that is asked for, as its class gives them if it is no plain dict.
    fn pairs(&self, cx: &mut Cx, v: Ref<'_>, dict: &PyDict) -> R<Vec<(Obj, Obj)>> {
        let is_plain = cx.is_exactly(v, Builtin::Dict);
        if is_plain && !self.settings.sort_keys {
            return Ok(dict.items(cx));
        }
        let items = cx.call_method(v, "items", &[])?;
        let items = cx.collect(items.r())?;
        let list = cx.list(items);
        if self.settings.sort_keys {
            cx.call_method(list.r(), "sort", &[])?;
        }
        let items = list.downcast::<PyList>(cx).map(|list| list.snapshot(cx)).unwrap_or_default();
        let mut pairs = Vec::with_capacity(items.len());
        for item in items {
            match item.downcast::<PyTuple>(cx).map(PyTuple::items) {
                Some(&[key, value]) => pairs.push((key.own(cx), value.own(cx))),
                _ => return Err(cx.value_error("items must return 2-tuples")),
            }
        }
        Ok(pairs)
    }

    fn object(&mut self, cx: &mut Cx, v: Ref<'_>, dict: &PyDict, level: usize) -> R<()> {
        let pairs = self.pairs(cx, v, dict)?;
        self.to.push_ascii(b"{");
        let mut is_first = true;
        for (key, value) in pairs {
            let mark = self.to.mark();
            if !is_first {
                self.to.push_str(self.item_separator);
            }
            self.new_line(level + 1);
            if !self.key(cx, key.r())? {
                self.to.truncate(mark);
                continue;
            }
            is_first = false;
            self.to.push_str(self.key_separator);
            if let Err(err) = self.value(cx, value.r(), level + 1) {
                let (class, key) = (cx.type_name(v), cx.repr_string(key.r())?);
                return Err(with_note(cx, err, &format!("when serializing {class} item {key}")));
            }
        }
        if !is_first {
            self.new_line(level);
        }
        self.to.push_ascii(b"}");
        Ok(())
    }

    /// Writes a key as a string; false if it is to be left out.
    fn key(&mut self, cx: &mut Cx, key: Ref<'_>) -> R<bool> {
        let text = match key.value() {
            Value::NONE => cx.str("null"),
            Value::TRUE => cx.str("true"),
            Value::FALSE => cx.str("false"),
            _ => {
                if let Some(s) = key.downcast::<PyStr>(cx) {
                    self.string(cx, s)?;
                    return Ok(true);
                }
                if let Some(x) = value_of(cx, key) {
                    let text = self.float_text(cx, key, x)?;
                    cx.str(&text)
                } else if let Some(n) = int::view(cx, key) {
                    let text = int::text::decimal(cx, n)?;
                    cx.str(&text)
                } else if self.settings.skip_keys {
                    return Ok(false);
                } else {
                    let got = cx.type_name(key);
                    return Err(
                        cx.type_error(format!("keys must be str, int, float, bool or None, not {got}"))
                    );
                }
            }
        };
        match text.downcast::<PyStr>(cx) {
            Some(text) => self.string(cx, text).map(|()| true),
            None => Ok(true),
        }
    }
}

/// The exception with one more note.
#[cold]
fn with_note(cx: &mut Cx, err: Err, note: &str) -> Err {
    let note = cx.str(note);
    match cx.call_method(err.exception(), "add_note", &[note.r()]) {
        Ok(_) => err,
        Err(other) => other,
    }
}
