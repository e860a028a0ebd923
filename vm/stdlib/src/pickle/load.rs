//! The machine that reads a pickle: a stack of objects with marks in it, and a memo.

use super::input::Input;
use super::unpickling_error;
use num_bigint::BigInt;
use std::collections::HashMap;
use std::sync::Arc;
use ungil_locks::primitive::{AtomicI64, Ordering};
use ungil_runtime::objects::bytes::{new_bytearray, new_bytes};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::int::new_big;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::set::{PySet, new_frozenset};
use ungil_runtime::objects::str::new_ascii;
use ungil_runtime::objects::tuple::new_tuple_of_tail;
use ungil_runtime::prelude::*;

/// Places of the memo that are reserved for each object in it, and for none: numbers may be lies.
const PLACES: usize = 4;
const FIRST_PLACES: usize = 64;

/// One run of unpickling.
pub struct Loader<'a> {
    pub input: Input<'a>,
    pub stack: Vec<Obj>,
    marks: Vec<usize>,
    pub memo: Memo,
    /// What the pickle says; a subclass's `find_class` asks for it, too.
    pub proto: Arc<AtomicI64>,
    pub fix_imports: bool,
    pub encoding: String,
    pub errors: String,
    /// An iterator over buffers that are not in the pickle.
    pub buffers: Option<Obj>,
    /// `find_class` and `persistent_load` of a subclass.
    pub finder: Option<Obj>,
    pub persistent: Option<Obj>,
}

/// What the pickle has remembered.
#[derive(Default)]
pub struct Memo {
    dense: Vec<Option<Obj>>,
    sparse: HashMap<usize, Obj>,
    count: usize,
}

impl Memo {
    fn set(&mut self, number: usize, v: Obj) {
        if number >= self.dense.len() {
            if number > PLACES * self.count + FIRST_PLACES {
                self.count += usize::from(self.sparse.insert(number, v).is_none());
                return;
            }
            if number == self.dense.len() && self.sparse.is_empty() {
                // As whoever pickles counts.
                if number == 0 {
                    self.dense.reserve(FIRST_PLACES);
                }
                self.dense.push(Some(v));
                self.count += 1;
                return;
            }
            self.dense.resize(number + 1, None);
        }
        let known = self.dense[number].replace(v).is_some()
            || !self.sparse.is_empty() && self.sparse.remove(&number).is_some();
        self.count += usize::from(!known);
    }

    fn get(&self, number: usize) -> Option<Obj> {
        self.dense.get(number).cloned().flatten().or_else(|| self.sparse.get(&number).cloned())
    }

    /// Every number with its object.
    pub fn pairs(&self) -> Vec<(usize, Obj)> {
        let dense = self.dense.iter().enumerate().filter_map(|(i, v)| v.clone().map(|v| (i, v)));
        dense.chain(self.sparse.iter().map(|(&i, v)| (i, v.clone()))).collect()
    }

    pub fn of(pairs: Vec<(usize, Obj)>) -> Memo {
        let mut made = Memo::default();
        pairs.into_iter().for_each(|(number, v)| made.set(number, v));
        made
    }
}

impl<'a> Loader<'a> {
    pub fn new(input: Input<'a>) -> Loader<'a> {
        Loader {
            input,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Memo::default(),
            proto: Arc::new(AtomicI64::new(0)),
            fix_imports: true,
            encoding: "ASCII".into(),
            errors: "strict".into(),
            buffers: None,
            finder: None,
            persistent: None,
        }
    }

    /// How deep the stack may be emptied: to the latest mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    #[cold]
    fn underflow(&self, cx: &mut Cx) -> Err {
        let marked = !self.marks.is_empty() && self.stack.len() == self.floor();
        unpickling_error(cx, if marked { "unexpected MARK found" } else { "unpickling stack underflow" })
    }

    #[inline]
    pub fn pop(&mut self, cx: &mut Cx) -> R {
        if self.stack.len() > self.floor()
            && let Some(v) = self.stack.pop()
        {
            return Ok(v);
        }
        Err(self.underflow(cx))
    }

    #[inline]
    pub fn top(&self, cx: &mut Cx) -> R {
        match self.stack.last() {
            Some(v) if self.stack.len() > self.floor() => Ok(v.clone()),
            _ => Err(self.underflow(cx)),
        }
    }

    /// What is above the latest mark, which goes away.
    pub fn marked(&mut self, cx: &mut Cx) -> R<Vec<Obj>> {
        let mark = self.unmark(cx)?;
        Ok(self.stack.split_off(mark))
    }

    /// Where on the stack the latest mark was, which goes away.
    fn unmark(&mut self, cx: &mut Cx) -> R<usize> {
        match self.marks.pop() {
            Some(mark) if mark <= self.stack.len() => Ok(mark),
            _ => Err(unpickling_error(cx, "could not find MARK")),
        }
    }

    /// What lies below `at`, which is to take in what lies from there on.
    fn below(&mut self, cx: &mut Cx, at: usize) -> R {
        if at <= self.floor() {
            self.stack.truncate(at);
            return Err(self.underflow(cx));
        }
        Ok(self.stack[at - 1].clone())
    }

    /// Where the last `n` objects begin; there is one more below them, or it is an error.
    fn last(&mut self, cx: &mut Cx, n: usize) -> R<usize> {
        if self.stack.len() <= self.floor() + n {
            self.stack.truncate(self.floor());
            return Err(self.underflow(cx));
        }
        Ok(self.stack.len() - n)
    }

    /// The object of the pickle.
    ///
    /// # Errors
    /// What is wrong with the pickle, what hooks, the file and the objects' own code raise.
    pub fn run(&mut self, cx: &mut Cx) -> R {
        loop {
            let code = self.input.opcode(cx)?;
            if code == b'.' {
                return self.pop(cx);
            }
            self.simple(cx, code)?;
        }
    }

    fn simple(&mut self, cx: &mut Cx, code: u8) -> R<()> {
        let made = match code {
            b'(' => {
                self.marks.push(self.stack.len());
                return Ok(());
            }
            b'N' => cx.none(),
            0x88 => cx.bool(true),
            0x89 => cx.bool(false),
            b'K' => {
                let [b] = self.input.array(cx)?;
                cx.int(b.into())
            }
            b'M' => {
                let bytes = self.input.array(cx)?;
                cx.int(u16::from_le_bytes(bytes).into())
            }
            b'J' => {
                let bytes = self.input.array(cx)?;
                cx.int(i32::from_le_bytes(bytes).into())
            }
            b'G' => {
                let bytes = self.input.array(cx)?;
                cx.float(f64::from_be_bytes(bytes))
            }
            0x8a => {
                let [n] = self.input.array(cx)?;
                self.long(cx, n.into())?
            }
            0x8b => {
                let n = i32::from_le_bytes(self.input.array(cx)?);
                let Ok(n) = usize::try_from(n) else {
                    return Err(unpickling_error(cx, "LONG pickle has negative byte count"));
                };
                self.long(cx, n)?
            }
            0x8c | b'X' | 0x8d => {
                let n = self.size(cx, code, [0x8c, b'X'])?;
                let bytes = self.input.take(cx, n)?;
                text(cx, bytes)?
            }
            b'C' | b'B' | 0x8e => {
                let n = self.size(cx, code, [b'C', b'B'])?;
                let bytes = self.input.take(cx, n)?;
                new_bytes(cx, bytes)
            }
            0x96 => {
                let n = self.input.length(cx)?;
                let bytes = self.input.take(cx, n)?.to_vec();
                new_bytearray(cx, bytes)
            }
            b']' => cx.list(Vec::new()),
            b'}' => PyDict::new(cx),
            b')' => cx.tuple(Vec::new()),
            0x8f => PySet::new(cx),
            _ => return self.with_stack(cx, code),
        };
        self.stack.push(made);
        Ok(())
    }

    /// The length of a string: in one, four or eight bytes.
    fn size(&mut self, cx: &mut Cx, code: u8, [short, usual]: [u8; 2]) -> R<usize> {
        if code == short {
            let [n] = self.input.array(cx)?;
            return Ok(n.into());
        }
        match code == usual {
            true => Ok(u32::from_le_bytes(self.input.array(cx)?) as usize),
            false => self.input.length(cx),
        }
    }

    fn long(&mut self, cx: &mut Cx, n: usize) -> R {
        let bytes = self.input.take(cx, n)?;
        let big = BigInt::from_signed_bytes_le(bytes);
        Ok(new_big(cx, big))
    }

    fn with_stack(&mut self, cx: &mut Cx, code: u8) -> R<()> {
        match code {
            0x94 => {
                let v = self.top(cx)?;
                self.memo.set(self.memo.count, v);
            }
            b'q' | b'r' | b'p' => {
                let number = self.number(cx, code, [b'q', b'r'])?;
                let v = self.top(cx)?;
                self.memo.set(number, v);
            }
            b'h' | b'j' | b'g' => {
                let number = self.number(cx, code, [b'h', b'j'])?;
                let Some(v) = self.memo.get(number) else {
                    return Err(unpickling_error(cx, format!("Memo value not found at index {number}")));
                };
                self.stack.push(v);
            }
            0x85..=0x87 => {
                let n = usize::from(code - 0x84);
                if self.stack.len() < self.floor() + n {
                    return Err(self.underflow(cx));
                }
                let at = self.stack.len() - n;
                self.tuple(cx, at);
            }
            b't' => {
                let mark = self.unmark(cx)?;
                self.tuple(cx, mark);
            }
            b'l' => {
                let items = self.marked(cx)?;
                self.stack.push(cx.list(items));
            }
            b'd' => {
                let mark = self.unmark(cx)?;
                let dict = PyDict::new(cx);
                self.set_items(cx, &dict, mark)?;
                self.stack.push(dict);
            }
            0x91 => {
                let items = self.marked(cx)?;
                let set = new_frozenset(cx, items)?;
                self.stack.push(set);
            }
            b'a' => {
                let at = self.last(cx, 1)?;
                self.append_items(cx, at)?;
            }
            b'e' => {
                let mark = self.unmark(cx)?;
                self.append_items(cx, mark)?;
            }
            b's' => {
                let at = self.last(cx, 2)?;
                let dict = self.below(cx, at)?;
                self.set_items(cx, &dict, at)?;
            }
            b'u' => {
                let mark = self.unmark(cx)?;
                let dict = self.below(cx, mark)?;
                self.set_items(cx, &dict, mark)?;
            }
            0x90 => {
                let items = self.marked(cx)?;
                let set = self.top(cx)?;
                self.add_items(cx, &set, items)?;
            }
            b'0' => match self.marks.last() {
                Some(&mark) if mark == self.stack.len() => drop(self.marks.pop()),
                _ => drop(self.pop(cx)?),
            },
            b'1' => drop(self.marked(cx)?),
            b'2' => {
                let v = self.top(cx)?;
                self.stack.push(v);
            }
            0x95 => {
                let n = self.input.length(cx)?;
                self.input.frame(cx, n)?;
            }
            0x80 => {
                let [proto] = self.input.array(cx)?;
                if i64::from(proto) > super::HIGHEST {
                    return Err(cx.value_error(format!("unsupported pickle protocol: {proto}")));
                }
                // ORD: relaxed; the thread that reads the pickle asks.
                self.proto.store(proto.into(), Ordering::Relaxed);
            }
            _ => return self.rare(cx, code),
        }
        Ok(())
    }

    /// The number of something in the memo: one byte, four, or a line.
    fn number(&mut self, cx: &mut Cx, code: u8, [short, usual]: [u8; 2]) -> R<usize> {
        if code == short {
            let [n] = self.input.array(cx)?;
            return Ok(n.into());
        }
        if code == usual {
            return Ok(u32::from_le_bytes(self.input.array(cx)?) as usize);
        }
        let line = self.input.line(cx)?;
        let n = std::str::from_utf8(&line).ok().and_then(|line| line.trim().parse::<i64>().ok());
        match n {
            Some(n) if n >= 0 => Ok(n as usize),
            Some(_) => Err(cx.value_error("negative PUT argument")),
            None => {
                let shown = String::from_utf8_lossy(&line).into_owned();
                Err(cx.value_error(format!("invalid literal for int() with base 10: '{shown}'")))
            }
        }
    }

    /// Makes a tuple of what lies from `at` on.
    fn tuple(&mut self, cx: &mut Cx, at: usize) {
        let tuple = new_tuple_of_tail(cx, &mut self.stack, at);
        self.stack.push(tuple);
    }

    /// Adds what lies from `at` on to the list below it.
    fn append_items(&mut self, cx: &mut Cx, at: usize) -> R<()> {
        let list = self.below(cx, at)?;
        if cx.is_exactly(list.r(), Builtin::List)
            && let Some(list) = list.downcast::<PyList>(cx)
        {
            return match list.extend(cx, self.stack.drain(at..)) {
                true => Ok(()),
                false => Err(cx.memory_error()),
            };
        }
        let items = self.stack.split_off(at);
        let name = cx.str("extend");
        if items.len() != 1
            && let Some(extend) = cx.get_attr_opt(list.r(), name.r())?
        {
            let items = cx.list(items);
            return cx.call(extend.r(), &[items.r()]).map(drop);
        }
        let append = cx.get_attr_str(list.r(), "append")?;
        items.iter().try_for_each(|item| cx.call(append.r(), &[item.r()]).map(drop))
    }

    /// Sets the keys and values that lie from `at` on.
    fn set_items(&mut self, cx: &mut Cx, dict: &Obj, at: usize) -> R<()> {
        let mut items = self.stack.drain(at..);
        if !items.len().is_multiple_of(2) {
            return Err(unpickling_error(cx, "odd number of items for SETITEMS"));
        }
        if cx.is_exactly(dict.r(), Builtin::Dict)
            && let Some(dict) = dict.downcast::<PyDict>(cx)
        {
            dict.reserve(cx, items.len() / 2);
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                dict.set(cx, key, value)?;
            }
            return Ok(());
        }
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            cx.set_item(dict.r(), key.r(), value.r())?;
        }
        Ok(())
    }

    fn add_items(&mut self, cx: &mut Cx, set: &Obj, items: Vec<Obj>) -> R<()> {
        if cx.is_exactly(set.r(), Builtin::Set) {
            for item in items {
                if let Some(set) = set.downcast::<PySet>(cx) {
                    set.add(cx, item)?;
                }
            }
            return Ok(());
        }
        let add = cx.get_attr_str(set.r(), "add")?;
        items.iter().try_for_each(|item| cx.call(add.r(), &[item.r()]).map(drop))
    }

    pub fn proto(&self) -> i64 {
        // ORD: as where it is stored.
        self.proto.load(Ordering::Relaxed)
    }
}

/// The text of UTF-8, in which lone surrogates may be.
pub fn text(cx: &mut Cx, bytes: &[u8]) -> R {
    if bytes.is_ascii() {
        return Ok(new_ascii(cx, bytes));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(cx.str(text));
    }
    let (bytes, codec, errors) = (new_bytes(cx, bytes), cx.str("utf-8"), cx.str("surrogatepass"));
    cx.call_method(bytes.r(), "decode", &[codec.r(), errors.r()])
}
