//! What is written for objects of built-in types.

use super::out::Saver;
use super::type_text;
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::int;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// Items that one opcode adds at most.
const BATCH: usize = 1000;

/// An error with a note of where it came from.
#[cold]
pub fn noted(cx: &mut Cx, err: Err, note: String) -> Err {
    let note = cx.str(&note);
    let exception = err.exception().own(cx);
    match cx.call_method(exception.r(), "add_note", &[note.r()]) {
        Ok(_) => err,
        Err(other) => other,
    }
}

impl Saver {
    /// Writes an object.
    ///
    /// # Errors
    /// What cannot be pickled, what hooks and the file raise.
    #[inline]
    pub fn save(&mut self, cx: &mut Cx, v: Ref<'_>, ask: bool) -> R<()> {
        // What is most frequent needs no frame of its own.
        if self.bin
            && self.persistent.is_none()
            && let Some(n @ 0..=0xff) = v.value().as_int()
        {
            self.boundary(cx)?;
            self.put(&[b'K', n as u8]);
            return Ok(());
        }
        self.save_any(cx, v, ask)
    }

    #[inline(never)]
    fn save_any(&mut self, cx: &mut Cx, v: Ref<'_>, ask: bool) -> R<()> {
        self.boundary(cx)?;
        if ask && let Some(hook) = self.persistent.clone() {
            let id = cx.call(hook.r(), &[v])?;
            if !id.value().is_none() {
                return self.save_persistent(cx, id.r());
            }
        }
        if self.save_atom(cx, v)? {
            return Ok(());
        }
        if let Some(number) = self.known(v) {
            self.get(number);
            return Ok(());
        }
        if cx.is_exactly(v, Builtin::Str) {
            return self.save_str(cx, v);
        }
        if cx.is_exactly(v, Builtin::Bytes) {
            return self.save_bytes(cx, v);
        }
        cx.recursing(" while pickling an object", |cx| self.save_compound(cx, v))
    }

    fn save_persistent(&mut self, cx: &mut Cx, id: Ref<'_>) -> R<()> {
        if self.bin {
            self.save(cx, id, false)?;
            self.put(b"Q");
            return Ok(());
        }
        let text = cx.to_str(id)?;
        let text = text.downcast::<PyStr>(cx).map(|s| s.as_bytes().to_vec()).unwrap_or_default();
        if !text.is_ascii() {
            return Err(super::pickling_error(cx, "persistent IDs in protocol 0 must be ASCII strings"));
        }
        self.put(b"P");
        self.put(&text);
        self.put(b"\n");
        Ok(())
    }

    /// Writes what is neither remembered nor has parts; false for anything else.
    #[inline]
    fn save_atom(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<bool> {
        match v.value() {
            Value::NONE => self.put(b"N"),
            Value::TRUE if self.proto >= 2 => self.put(b"\x88"),
            Value::FALSE if self.proto >= 2 => self.put(b"\x89"),
            Value::TRUE => self.put(b"I01\n"),
            Value::FALSE => self.put(b"I00\n"),
            value => {
                if let Some(x) = value.as_float() {
                    self.save_float(cx, v, x)?;
                } else if cx.is_exactly(v, Builtin::Int) {
                    self.save_int(cx, v)?;
                } else {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn save_float(&mut self, cx: &mut Cx, v: Ref<'_>, x: f64) -> R<()> {
        if self.bin {
            self.put(b"G");
            self.put(&x.to_be_bytes());
            return Ok(());
        }
        let text = cx.repr_string(v)?;
        self.put(format!("F{text}\n").as_bytes());
        Ok(())
    }

    fn save_int(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        let small = int::to_i64(cx, v).filter(|&n| i32::try_from(n).is_ok());
        if let Some(n) = small {
            match (self.bin, n) {
                (true, 0..=0xff) => self.put(&[b'K', n as u8]),
                (true, 0..=0xffff) => self.put(&[b'M', n as u8, (n >> 8) as u8]),
                (true, _) => {
                    self.put(b"J");
                    self.put(&(n as i32).to_le_bytes());
                }
                (false, _) => self.put(format!("I{n}\n").as_bytes()),
            }
            return Ok(());
        }
        if self.proto >= 2 {
            let bytes = match int::to_bigint(cx, v) {
                Some(big) => big.to_signed_bytes_le(),
                None => Vec::new(),
            };
            match u8::try_from(bytes.len()) {
                Ok(n) => self.put(&[0x8a, n]),
                Err(_) => {
                    let Ok(n) = i32::try_from(bytes.len()) else {
                        return Err(cx.overflow_error("int too large to pickle"));
                    };
                    self.put(b"\x8b");
                    self.put(&n.to_le_bytes());
                }
            }
            self.put(&bytes);
            return Ok(());
        }
        let text = cx.repr_string(v)?;
        self.put(format!("L{text}L\n").as_bytes());
        Ok(())
    }

    fn save_str(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        if self.bin {
            let Some(s) = v.downcast::<PyStr>(cx) else { return Ok(()) };
            let short = if self.proto >= 4 { 0x8c } else { 0 };
            self.put_sized(cx, [short, b'X', 0x8d], s.as_bytes())?;
        } else {
            let codec = cx.str("raw-unicode-escape");
            let mut text = v.own(cx);
            for (from, to) in [
                ("\\", "\\u005c"),
                ("\0", "\\u0000"),
                ("\n", "\\u000a"),
                ("\r", "\\u000d"),
                ("\u{1a}", "\\u001a"),
            ] {
                let (from, to) = (cx.str(from), cx.str(to));
                text = cx.call_method(text.r(), "replace", &[from.r(), to.r()])?;
            }
            let bytes = cx.call_method(text.r(), "encode", &[codec.r()])?;
            let bytes = bytes_of(cx, bytes.r())?.into_owned();
            self.put(b"V");
            self.put(&bytes);
            self.put(b"\n");
        }
        self.memoize(cx, v);
        Ok(())
    }

    fn save_bytes(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        let Some(bytes) = v.downcast::<PyBytes>(cx) else { return Ok(()) };
        if self.proto < 3 {
            if bytes.as_bytes().is_empty() {
                let (class, args) = (cx.builtin(Builtin::Bytes).as_ref(), cx.tuple(Vec::new()));
                return self.save_call(cx, class, args.r(), Some(v));
            }
            let encode = super::attribute(cx, "_codecs", "encode")?;
            let latin = cx.str("latin1");
            let text = cx.call_method(v, "decode", &[latin.r()])?;
            let args = cx.tuple(vec![text, latin]);
            return self.save_call(cx, encode.r(), args.r(), Some(v));
        }
        self.put_sized(cx, [b'C', b'B', 0x8e], bytes.as_bytes())?;
        self.memoize(cx, v);
        Ok(())
    }

    /// Writes what has parts.
    fn save_compound(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        if cx.is_exactly(v, Builtin::Dict) {
            self.put(if self.bin { b"}" } else { b"(d" });
            self.memoize(cx, v);
            let pairs = v.downcast::<PyDict>(cx).map(|d| d.items(cx)).unwrap_or_default();
            return self.set_items(cx, v, &pairs, true);
        }
        if cx.is_exactly(v, Builtin::List) {
            self.put(if self.bin { b"]" } else { b"(l" });
            self.memoize(cx, v);
            let items = cx.collect(v)?;
            return self.append_items(cx, v, &items, true);
        }
        if cx.is_exactly(v, Builtin::Tuple) {
            return self.save_tuple(cx, v);
        }
        if cx.is_exactly(v, Builtin::Set) && self.proto >= 4 {
            self.put(b"\x8f");
            self.memoize(cx, v);
            let items = cx.collect(v)?;
            for batch in items.chunks(BATCH) {
                self.put(b"(");
                self.save_elements(cx, v, batch)?;
                self.put(b"\x90");
            }
            return Ok(());
        }
        if cx.is_exactly(v, Builtin::FrozenSet) && self.proto >= 4 {
            self.put(b"(");
            let items = cx.collect(v)?;
            self.save_elements(cx, v, &items)?;
            if let Some(number) = self.known(v) {
                self.put(b"1");
                self.get(number);
                return Ok(());
            }
            self.put(b"\x91");
            self.memoize(cx, v);
            return Ok(());
        }
        if cx.is_exactly(v, Builtin::Set) || cx.is_exactly(v, Builtin::FrozenSet) {
            let items = cx.collect(v)?;
            let args = vec![cx.list(items)];
            let args = cx.tuple(args);
            let class = cx.class_of(v).as_ref();
            return self.save_call(cx, class, args.r(), Some(v));
        }
        if cx.is_exactly(v, Builtin::ByteArray) {
            return self.save_bytearray(cx, v);
        }
        self.save_other(cx, v)
    }

    fn save_elements(&mut self, cx: &mut Cx, v: Ref<'_>, items: &[Obj]) -> R<()> {
        for item in items {
            if let Err(err) = self.save(cx, item.r(), true) {
                let note = format!("when serializing {} element", type_text(cx, v));
                return Err(noted(cx, err, note));
            }
        }
        Ok(())
    }

    fn save_bytearray(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        let bytes = bytes_of(cx, v)?.into_owned();
        if self.proto >= 5 {
            let mut header = vec![0x96];
            header.extend((bytes.len() as u64).to_le_bytes());
            self.put_bytes(cx, &header, &bytes)?;
            self.memoize(cx, v);
            return Ok(());
        }
        let args = match bytes.is_empty() {
            true => Vec::new(),
            false => vec![ungil_runtime::objects::bytes::new_bytes(cx, &bytes)],
        };
        let args = cx.tuple(args);
        self.save_call(cx, cx.builtin(Builtin::ByteArray).as_ref(), args.r(), Some(v))
    }

    fn save_tuple(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        let items = cx.collect(v)?;
        if items.is_empty() {
            self.put(if self.bin { b")" } else { b"(t" });
            return Ok(());
        }
        let short = items.len() <= 3 && self.proto >= 2;
        if !short {
            self.put(b"(");
        }
        for (i, item) in items.iter().enumerate() {
            if let Err(err) = self.save(cx, item.r(), true) {
                let note = format!("when serializing {} item {i}", type_text(cx, v));
                return Err(noted(cx, err, note));
            }
        }
        if let Some(number) = self.known(v) {
            // It contains itself: what was written is thrown away.
            match (short, self.bin) {
                (false, true) => self.put(b"1"),
                _ => (0..items.len() + usize::from(!short)).for_each(|_| self.put(b"0")),
            }
            self.get(number);
            return Ok(());
        }
        match (short, items.len()) {
            (true, n) => self.put(&[0x84 + n as u8]),
            _ => self.put(b"t"),
        }
        self.memoize(cx, v);
        Ok(())
    }

    /// Adds items to the list that was written last; `whole` if it is an exact one and they are all of it.
    pub fn append_items(&mut self, cx: &mut Cx, v: Ref<'_>, items: &[Obj], whole: bool) -> R<()> {
        let mut number = 0;
        let mut one = |saver: &mut Saver, cx: &mut Cx, item: &Obj| {
            number += 1;
            match saver.save(cx, item.r(), true) {
                Ok(()) => Ok(()),
                Err(err) => {
                    let note = format!("when serializing {} item {}", type_text(cx, v), number - 1);
                    Err(noted(cx, err, note))
                }
            }
        };
        if !self.bin {
            for item in items {
                one(self, cx, item)?;
                self.put(b"a");
            }
            return Ok(());
        }
        for batch in items.chunks(BATCH) {
            if batch.len() == 1 && !(whole && items.len() > 1) {
                one(self, cx, &batch[0])?;
                self.put(b"a");
                continue;
            }
            self.put(b"(");
            for item in batch {
                one(self, cx, item)?;
            }
            self.put(b"e");
        }
        Ok(())
    }

    /// Sets items of the dict that was written last; `whole` as for lists.
    pub fn set_items(&mut self, cx: &mut Cx, v: Ref<'_>, pairs: &[(Obj, Obj)], whole: bool) -> R<()> {
        let one = |saver: &mut Saver, cx: &mut Cx, (key, value): &(Obj, Obj)| {
            saver.save(cx, key.r(), true)?;
            match saver.save(cx, value.r(), true) {
                Ok(()) => Ok(()),
                Err(err) => {
                    let owner = type_text(cx, v);
                    let key = cx.repr_string(key.r())?;
                    Err(noted(cx, err, format!("when serializing {owner} item {key}")))
                }
            }
        };
        if !self.bin {
            for pair in pairs {
                one(self, cx, pair)?;
                self.put(b"s");
            }
            return Ok(());
        }
        for batch in pairs.chunks(BATCH) {
            if batch.len() == 1 && !(whole && pairs.len() > 1) {
                one(self, cx, &batch[0])?;
                self.put(b"s");
                continue;
            }
            self.put(b"(");
            for pair in batch {
                one(self, cx, pair)?;
            }
            self.put(b"u");
        }
        Ok(())
    }
}
