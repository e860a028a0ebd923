//! What a pickle does with objects: finds classes, calls them, sets states; and the opcodes of old protocols.

use super::load::Loader;
use super::{attribute, unpickling_error};
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::str::{PyStr, intern_obj};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

impl Loader<'_> {
    /// Opcodes that are not about built-in values.
    pub fn rare(&mut self, cx: &mut Cx, code: u8) -> R<()> {
        let made = match code {
            b'c' => {
                let (owner, name) = (self.input.line(cx)?, self.input.line(cx)?);
                let (owner, name) = (super::load::text(cx, &owner)?, super::load::text(cx, &name)?);
                self.find_class(cx, owner.r(), name.r())?
            }
            0x93 => {
                let (name, owner) = (self.pop(cx)?, self.pop(cx)?);
                if !cx.is_exactly(name.r(), Builtin::Str) || !cx.is_exactly(owner.r(), Builtin::Str) {
                    return Err(unpickling_error(cx, "STACK_GLOBAL requires str"));
                }
                self.find_class(cx, owner.r(), name.r())?
            }
            b'R' => {
                let (args, f) = (self.pop(cx)?, self.pop(cx)?);
                call_with(cx, f.r(), args.r())?
            }
            0x81 => {
                let (args, class) = (self.pop(cx)?, self.pop(cx)?);
                new_object(cx, "NEWOBJ", &class, &args, None)?
            }
            0x92 => {
                let (kwargs, args, class) = (self.pop(cx)?, self.pop(cx)?, self.pop(cx)?);
                new_object(cx, "NEWOBJ_EX", &class, &args, Some(&kwargs))?
            }
            b'b' => return self.build(cx),
            b'Q' => {
                let id = self.pop(cx)?;
                self.persistent_load(cx, id)?
            }
            b'P' => {
                let line = self.input.line(cx)?;
                if !line.is_ascii() {
                    return Err(unpickling_error(cx, "persistent IDs in protocol 0 must be ASCII strings"));
                }
                let id = super::load::text(cx, &line)?;
                self.persistent_load(cx, id)?
            }
            0x82 => {
                let [n] = self.input.array(cx)?;
                self.extension(cx, n.into())?
            }
            0x83 => {
                let n = u16::from_le_bytes(self.input.array(cx)?);
                self.extension(cx, n.into())?
            }
            0x84 => {
                let n = i32::from_le_bytes(self.input.array(cx)?);
                self.extension(cx, n.into())?
            }
            b'i' => {
                let (owner, name) = (self.input.line(cx)?, self.input.line(cx)?);
                let (owner, name) = (super::load::text(cx, &owner)?, super::load::text(cx, &name)?);
                let class = self.find_class(cx, owner.r(), name.r())?;
                let args = self.marked(cx)?;
                instance(cx, &class, args)?
            }
            b'o' => {
                let mut args = self.marked(cx)?;
                if args.is_empty() {
                    return Err(unpickling_error(cx, "unpickling stack underflow"));
                }
                let class = args.remove(0);
                instance(cx, &class, args)?
            }
            0x97 => {
                let Some(buffers) = self.buffers.clone() else {
                    let message =
                        "pickle stream refers to out-of-band data but no *buffers* argument was given";
                    return Err(unpickling_error(cx, message));
                };
                match cx.next(buffers.r())? {
                    Some(buffer) => buffer,
                    None => return Err(unpickling_error(cx, "not enough out-of-band buffers")),
                }
            }
            0x98 => {
                let v = self.pop(cx)?;
                let view = cx.call(cx.builtin(Builtin::MemoryView).as_ref(), &[v.r()])?;
                let readonly = cx.get_attr_str(view.r(), "readonly")?;
                match cx.truth(readonly.r())? {
                    true => v,
                    false => cx.call_method(view.r(), "toreadonly", &[])?,
                }
            }
            _ => self.old(cx, code)?,
        };
        self.stack.push(made);
        Ok(())
    }

    /// Opcodes with text, which protocol 0 and Python 2 write.
    fn old(&mut self, cx: &mut Cx, code: u8) -> R {
        match code {
            b'I' => {
                let line = self.input.line(cx)?;
                match &line[..] {
                    b"00" => return Ok(cx.bool(false)),
                    b"01" => return Ok(cx.bool(true)),
                    _ => {}
                }
                self.number_of(cx, &line, Builtin::Int, "could not convert string to int")
            }
            b'L' => {
                let mut line = self.input.line(cx)?;
                if line.last() == Some(&b'L') {
                    line.pop();
                }
                self.number_of(cx, &line, Builtin::Int, "")
            }
            b'F' => {
                let line = self.input.line(cx)?;
                self.number_of(cx, &line, Builtin::Float, "")
            }
            b'V' => {
                let line = self.input.line(cx)?;
                let (bytes, codec) = (new_bytes(cx, &line), cx.str("raw-unicode-escape"));
                cx.call_method(bytes.r(), "decode", &[codec.r()])
            }
            b'S' => {
                let line = self.input.line(cx)?;
                let line = line.trim_ascii_end();
                let quoted = line.len() >= 2
                    && line.first() == line.last()
                    && matches!(line.first(), Some(b'"' | b'\''));
                if !quoted {
                    return Err(unpickling_error(cx, "the STRING opcode argument must be quoted"));
                }
                let decode = attribute(cx, "_codecs", "escape_decode")?;
                let body = new_bytes(cx, &line[1..line.len() - 1]);
                let pair = cx.call(decode.r(), &[body.r()])?;
                let zero = cx.int(0);
                let bytes = cx.get_item(pair.r(), zero.r())?;
                self.old_text(cx, bytes)
            }
            b'T' | b'U' => {
                let n = match code {
                    b'U' => i64::from(self.input.array::<1>(cx)?[0]),
                    _ => i64::from(i32::from_le_bytes(self.input.array(cx)?)),
                };
                let Ok(n) = usize::try_from(n) else {
                    return Err(unpickling_error(cx, "BINSTRING pickle has negative byte count"));
                };
                let bytes = self.input.take(cx, n)?.to_vec();
                let bytes = new_bytes(cx, &bytes);
                self.old_text(cx, bytes)
            }
            _ => {
                let shown = match code {
                    b' '..=b'~' if !matches!(code, b'\'' | b'\\') => char::from(code).to_string(),
                    b'\'' | b'\\' => format!("\\{}", char::from(code)),
                    _ => format!("\\x{code:02x}"),
                };
                Err(unpickling_error(cx, format!("invalid load key, '{shown}'.")))
            }
        }
    }

    fn number_of(&mut self, cx: &mut Cx, line: &[u8], class: Builtin, message: &str) -> R {
        let text = super::load::text(cx, line)?;
        let made = cx.call(cx.builtin(class).as_ref(), &[text.r()]);
        match made {
            Err(err) if !message.is_empty() && cx.is_error(&err, Builtin::ValueError) => {
                Err(cx.value_error(message))
            }
            Err(err) if class == Builtin::Float && cx.is_error(&err, Builtin::ValueError) => {
                let shown = String::from_utf8_lossy(line).into_owned();
                let shown = cx.str(&format!("{shown}\n"));
                let shown = cx.text_of(shown.r());
                Err(cx.value_error(format!("could not convert string to float: '{shown}'")))
            }
            made => made,
        }
    }

    /// A string of Python 2.
    fn old_text(&mut self, cx: &mut Cx, bytes: Obj) -> R {
        if self.encoding == "bytes" {
            return Ok(bytes);
        }
        let (codec, errors) = (cx.str(&self.encoding), cx.str(&self.errors));
        cx.call_method(bytes.r(), "decode", &[codec.r(), errors.r()])
    }

    fn persistent_load(&mut self, cx: &mut Cx, id: Obj) -> R {
        match self.persistent.clone() {
            Some(hook) => cx.call(hook.r(), &[id.r()]),
            None => Err(unpickling_error(
                cx,
                "A load persistent id instruction was encountered, but no persistent_load function was specified.",
            )),
        }
    }

    fn find_class(&mut self, cx: &mut Cx, owner: Ref<'_>, name: Ref<'_>) -> R {
        match self.finder.clone() {
            Some(finder) => cx.call(finder.r(), &[owner, name]),
            None => find_class(cx, owner, name, self.proto(), self.fix_imports),
        }
    }

    fn extension(&mut self, cx: &mut Cx, code: i64) -> R {
        if code <= 0 {
            return Err(unpickling_error(cx, "EXT specifies code <= 0"));
        }
        let key = cx.int(code);
        let cache = attribute(cx, "copyreg", "_extension_cache")?;
        if let Some(cache) = cache.downcast::<PyDict>(cx)
            && let Some(found) = cache.get(cx, key.r())?
        {
            return Ok(found);
        }
        let registry = attribute(cx, "copyreg", "_inverted_registry")?;
        let found = match registry.downcast::<PyDict>(cx) {
            Some(registry) => registry.get(cx, key.r())?,
            None => None,
        };
        let Some(pair) = found else {
            return Err(cx.value_error(format!("unregistered extension code {code}")));
        };
        let parts = match pair.downcast::<PyTuple>(cx) {
            Some(pair) => pair.snapshot(cx),
            None => Vec::new(),
        };
        let [owner, name] = &parts[..] else {
            let message = format!("_inverted_registry[{code}] isn't a 2-tuple of strings");
            return Err(cx.value_error(message));
        };
        let made = self.find_class(cx, owner.r(), name.r())?;
        if let Some(cache) = cache.downcast::<PyDict>(cx) {
            cache.set(cx, key, made.clone())?;
        }
        Ok(made)
    }

    /// Sets the state of the object below it on the stack.
    fn build(&mut self, cx: &mut Cx) -> R<()> {
        let state = self.pop(cx)?;
        let obj = self.top(cx)?;
        let name = cx.str("__setstate__");
        if let Some(setter) = cx.get_attr_opt(obj.r(), name.r())? {
            return cx.call(setter.r(), &[state.r()]).map(drop);
        }
        let (mut own, mut slots) = (Some(state.clone()), None);
        if let Some(pair) = state.downcast::<PyTuple>(cx)
            && pair.len() == 2
        {
            (own, slots) = (pair.get(cx, 0), pair.get(cx, 1));
        }
        if let Some(own) = own.filter(|own| !own.value().is_none()) {
            let Some(source) = own.downcast::<PyDict>(cx) else {
                return Err(unpickling_error(cx, "state is not a dictionary"));
            };
            let dict = cx.get_attr_str(obj.r(), "__dict__")?;
            for (key, value) in source.items(cx) {
                let key = if key.downcast::<PyStr>(cx).is_some() { intern_obj(cx, key) } else { key };
                cx.set_item(dict.r(), key.r(), value.r())?;
            }
        }
        if let Some(slots) = slots.filter(|slots| !slots.value().is_none()) {
            let Some(source) = slots.downcast::<PyDict>(cx) else {
                return Err(unpickling_error(cx, "slot state is not a dictionary"));
            };
            for (key, value) in source.items(cx) {
                cx.set_attr(obj.r(), key.r(), value)?;
            }
        }
        Ok(())
    }
}

/// `Unpickler.find_class`.
///
/// # Errors
/// What importing and looking up raise.
pub fn find_class(cx: &mut Cx, owner: Ref<'_>, name: Ref<'_>, proto: i64, fix_imports: bool) -> R {
    let (mut owner, mut name) = (owner.own(cx), name.own(cx));
    if proto < 3 && fix_imports {
        let names = attribute(cx, "_compat_pickle", "NAME_MAPPING")?;
        let key = cx.tuple(vec![owner.clone(), name.clone()]);
        let renamed = names.downcast::<PyDict>(cx).map_or(Ok(None), |names| names.get(cx, key.r()))?;
        if let Some(pair) = renamed {
            let (zero, one) = (cx.int(0), cx.int(1));
            (owner, name) = (cx.get_item(pair.r(), zero.r())?, cx.get_item(pair.r(), one.r())?);
        } else {
            let modules = attribute(cx, "_compat_pickle", "IMPORT_MAPPING")?;
            let moved =
                modules.downcast::<PyDict>(cx).map_or(Ok(None), |modules| modules.get(cx, owner.r()))?;
            owner = moved.unwrap_or(owner);
        }
    }
    super::reduce::find(cx, owner.r(), name.r(), proto >= 4)
}

fn call_with(cx: &mut Cx, f: Ref<'_>, args: Ref<'_>) -> R {
    let Some(items) = args.downcast::<PyTuple>(cx) else {
        return Err(cx.type_error("argument list must be a tuple"));
    };
    cx.call(f, items.items())
}

fn new_object(cx: &mut Cx, code: &str, class: &Obj, args: &Obj, kwargs: Option<&Obj>) -> R {
    if !cx.is_instance_of(class.r(), Builtin::Type) {
        let got = cx.type_name(class.r());
        return Err(unpickling_error(cx, format!("{code} class argument must be a type, not {got}")));
    }
    let Some(items) = args.downcast::<PyTuple>(cx) else {
        let got = cx.type_name(args.r());
        return Err(unpickling_error(cx, format!("{code} args argument must be a tuple, not {got}")));
    };
    let new = cx.get_attr_str(class.r(), "__new__")?;
    let mut all = vec![class.r()];
    all.extend_from_slice(items.items());
    let Some(kwargs) = kwargs else { return cx.call(new.r(), &all) };
    let Some(named) = kwargs.downcast::<PyDict>(cx) else {
        let got = cx.type_name(kwargs.r());
        return Err(unpickling_error(cx, format!("{code} kwargs argument must be a dict, not {got}")));
    };
    let named: Vec<(String, Obj)> =
        named.items(cx).into_iter().map(|(name, v)| (cx.text_of(name.r()), v)).collect();
    let named: Vec<(&str, Ref<'_>)> = named.iter().map(|(name, v)| (name.as_str(), v.r())).collect();
    cx.call_kw(new.r(), &all, &named)
}

/// An instance as protocol 0 makes it.
fn instance(cx: &mut Cx, class: &Obj, args: Vec<Obj>) -> R {
    let args: Vec<Ref<'_>> = args.iter().map(|arg| arg.r()).collect();
    if args.is_empty() && cx.is_instance_of(class.r(), Builtin::Type) {
        let name = cx.str("__getinitargs__");
        if cx.get_attr_opt(class.r(), name.r())?.is_none() {
            let new = cx.get_attr_str(class.r(), "__new__")?;
            return cx.call(new.r(), &[class.r()]);
        }
    }
    cx.call(class.r(), &args)
}
