//! Classes and functions, which are written by their names, and objects that say themselves how they are made again.

use super::out::Saver;
use super::save::noted;
use super::{attribute, module, pickling_error, type_text};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// What `__reduce__` gives besides the call.
#[derive(Default)]
struct Rest<'a> {
    state: Option<Ref<'a>>,
    list: Option<Ref<'a>>,
    dict: Option<Ref<'a>>,
    setter: Option<Ref<'a>>,
}

/// The note for an error in a part of an object.
fn in_part(cx: &mut Cx, result: R<()>, obj: Option<Ref<'_>>, part: &str) -> R<()> {
    match (result, obj) {
        (Err(err), Some(obj)) => {
            let note = format!("when serializing {} {part}", type_text(cx, obj));
            Err(noted(cx, err, note))
        }
        (result, _) => result,
    }
}

impl Saver {
    /// Writes an object of no built-in kind.
    pub fn save_other(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        for (value, name) in [(Value::ELLIPSIS, "Ellipsis"), (Value::NOT_IMPLEMENTED, "NotImplemented")] {
            if v.value() == value {
                let name = cx.str(name);
                return self.save_global(cx, v, Some(name.r()));
            }
        }
        if let Some(reducer) = self.reducer.clone() {
            let made = cx.call(reducer.r(), &[v])?;
            if made.value() != Value::NOT_IMPLEMENTED {
                return self.save_reduced(cx, v, made);
            }
        }
        let class = cx.class_of(v);
        if cx.is_exactly(v, Builtin::Type) {
            return self.save_type(cx, v);
        }
        if cx.is_exactly(v, Builtin::Function) {
            return self.save_global(cx, v, None);
        }
        let known = match self.table.clone() {
            Some(table) => {
                let found = cx.get_item(table.r(), class.as_ref());
                cx.catch(found, Builtin::KeyError)?
            }
            None => {
                let table = attribute(cx, "copyreg", "dispatch_table")?;
                match table.downcast::<PyDict>(cx) {
                    Some(table) => table.get(cx, class.as_ref())?,
                    None => None,
                }
            }
        };
        if let Some(reduce) = known {
            let made = cx.call(reduce.r(), &[v])?;
            return self.save_reduced(cx, v, made);
        }
        if cx.is_instance_of(v, Builtin::Type) {
            return self.save_global(cx, v, None);
        }
        let name = cx.str("__reduce_ex__");
        let made = match cx.get_attr_opt(v, name.r())? {
            Some(reduce) => {
                let proto = cx.int(self.proto);
                cx.call(reduce.r(), &[proto.r()])?
            }
            None => {
                let name = cx.str("__reduce__");
                match cx.get_attr_opt(v, name.r())? {
                    Some(reduce) => cx.call(reduce.r(), &[])?,
                    None => {
                        let got = type_text(cx, class.as_ref());
                        return Err(pickling_error(cx, format!("Can't pickle {got} object")));
                    }
                }
            }
        };
        self.save_reduced(cx, v, made)
    }

    /// Writes what `__reduce__` gave.
    fn save_reduced(&mut self, cx: &mut Cx, v: Ref<'_>, made: Obj) -> R<()> {
        if cx.is_instance_of(made.r(), Builtin::Str) {
            return self.save_global(cx, v, Some(made.r()));
        }
        let result = self.save_parts(cx, v, made.r());
        in_part(cx, result, Some(v), "object")
    }

    fn save_parts(&mut self, cx: &mut Cx, v: Ref<'_>, made: Ref<'_>) -> R<()> {
        let Some(tuple) = made.downcast::<PyTuple>(cx) else {
            let got = type_text(cx, made);
            return Err(pickling_error(cx, format!("__reduce__ must return a string or tuple, not {got}")));
        };
        if !(2..=6).contains(&tuple.len()) {
            let message = "tuple returned by __reduce__ must contain 2 through 6 elements";
            return Err(pickling_error(cx, message));
        }
        let items = tuple.items();
        let part = |i: usize| items.get(i).copied().filter(|part| !part.value().is_none());
        let rest = Rest { state: part(2), list: part(3), dict: part(4), setter: part(5) };
        self.save_reduce(cx, items[0], items[1], rest, Some(v))
    }

    /// Writes the call that makes an object.
    pub fn save_call(&mut self, cx: &mut Cx, f: Ref<'_>, args: Ref<'_>, obj: Option<Ref<'_>>) -> R<()> {
        self.save_reduce(cx, f, args, Rest::default(), obj)
    }

    fn save_reduce(
        &mut self,
        cx: &mut Cx,
        f: Ref<'_>,
        args: Ref<'_>,
        rest: Rest<'_>,
        obj: Option<Ref<'_>>,
    ) -> R<()> {
        if cx.class_of(f).special(cx, Special::Call).is_none() {
            let got = type_text(cx, f);
            let message =
                format!("first item of the tuple returned by __reduce__ must be callable, not {got}");
            return Err(pickling_error(cx, message));
        }
        let Some(items) = args.downcast::<PyTuple>(cx) else {
            let got = type_text(cx, args);
            let message =
                format!("second item of the tuple returned by __reduce__ must be a tuple, not {got}");
            return Err(pickling_error(cx, message));
        };
        let name = cx.str("__name__");
        let name = match self.proto >= 2 {
            true => cx.get_attr_opt(f, name.r())?.map(|name| cx.text_of(name.r())),
            false => None,
        };
        match name.as_deref() {
            Some("__newobj_ex__") => self.save_new_ex(cx, items, obj)?,
            Some("__newobj__") => self.save_new(cx, items, obj)?,
            _ => {
                let result = self.save(cx, f, true);
                in_part(cx, result, obj, "reconstructor")?;
                let result = self.save(cx, args, true);
                in_part(cx, result, obj, "reconstructor arguments")?;
                self.put(b"R");
            }
        }
        if let Some(obj) = obj {
            match self.known(obj) {
                // It is a part of itself: what was written is thrown away.
                Some(number) => {
                    self.put(b"0");
                    self.get(number);
                }
                None => self.memoize(cx, obj),
            }
        }
        self.save_rest(cx, rest, obj)
    }

    fn save_rest(&mut self, cx: &mut Cx, rest: Rest<'_>, obj: Option<Ref<'_>>) -> R<()> {
        let owner = obj.unwrap_or(Ref::immediate(Value::NONE));
        if let Some(list) = rest.list {
            let items = cx.collect(list)?;
            self.append_items(cx, owner, &items, false)?;
        }
        if let Some(dict) = rest.dict {
            let mut pairs = Vec::new();
            for pair in cx.collect(dict)? {
                let items = match pair.downcast::<PyTuple>(cx) {
                    Some(pair) => pair.snapshot(cx),
                    None => Vec::new(),
                };
                let Ok([key, value]) = <[Obj; 2]>::try_from(items) else {
                    return Err(cx.type_error("dict items iterator must return 2-tuples"));
                };
                pairs.push((key, value));
            }
            self.set_items(cx, owner, &pairs, false)?;
        }
        let Some(state) = rest.state else { return Ok(()) };
        let Some(setter) = rest.setter else {
            let result = self.save(cx, state, true);
            in_part(cx, result, obj, "state")?;
            self.put(b"b");
            return Ok(());
        };
        let result = self.save(cx, setter, true);
        in_part(cx, result, obj, "state setter")?;
        self.save(cx, owner, true)?;
        let result = self.save(cx, state, true);
        in_part(cx, result, obj, "state")?;
        self.put(b"\x86R0");
        Ok(())
    }

    /// The class that `__newobj__` is to make an instance of: that of the object.
    fn check_class(&mut self, cx: &mut Cx, class: Ref<'_>, obj: Option<Ref<'_>>, what: &str) -> R<()> {
        let name = cx.str("__new__");
        if cx.get_attr_opt(class, name.r())?.is_none() {
            return Err(pickling_error(cx, format!("first argument to {what}() has no __new__")));
        }
        let Some(obj) = obj else { return Ok(()) };
        let own = cx.get_attr_str(obj, "__class__")?;
        if own.r().is(class) {
            return Ok(());
        }
        let (own, got) = (cx.repr_string(own.r())?, cx.repr_string(class)?);
        Err(pickling_error(cx, format!("first argument to {what}() must be {own}, not {got}")))
    }

    fn save_new(&mut self, cx: &mut Cx, items: &PyTuple, obj: Option<Ref<'_>>) -> R<()> {
        let Some(&class) = items.items().first() else {
            return Err(pickling_error(cx, "__newobj__ expected at least 1 argument, got 0"));
        };
        self.check_class(cx, class, obj, "__newobj__")?;
        let result = self.save(cx, class, true);
        in_part(cx, result, obj, "class")?;
        let args = items.items()[1..].iter().map(|item| item.own(cx)).collect();
        let args = cx.tuple(args);
        let result = self.save(cx, args.r(), true);
        in_part(cx, result, obj, "__new__ arguments")?;
        self.put(b"\x81");
        Ok(())
    }

    fn save_new_ex(&mut self, cx: &mut Cx, items: &PyTuple, obj: Option<Ref<'_>>) -> R<()> {
        let &[class, args, kwargs] = items.items() else {
            let got = items.len();
            return Err(pickling_error(cx, format!("__newobj_ex__ expected 3 arguments, got {got}")));
        };
        self.check_class(cx, class, obj, "__newobj_ex__")?;
        if args.downcast::<PyTuple>(cx).is_none() {
            let got = type_text(cx, args);
            let message = format!("second argument to __newobj_ex__() must be a tuple, not {got}");
            return Err(pickling_error(cx, message));
        }
        if kwargs.downcast::<PyDict>(cx).is_none() {
            let got = type_text(cx, kwargs);
            let message = format!("third argument to __newobj_ex__() must be a dict, not {got}");
            return Err(pickling_error(cx, message));
        }
        if self.proto >= 4 {
            let result = self.save(cx, class, true);
            in_part(cx, result, obj, "class")?;
            let result = match self.save(cx, args, true) {
                Ok(()) => self.save(cx, kwargs, true),
                failed => failed,
            };
            in_part(cx, result, obj, "__new__ arguments")?;
            self.put(b"\x92");
            return Ok(());
        }
        let partial = attribute(cx, "functools", "partial")?;
        let new = cx.get_attr_str(class, "__new__")?;
        let mut all = vec![new, class.own(cx)];
        all.extend(cx.collect(args)?);
        let names = cx.call_method(kwargs, "items", &[])?;
        let mut named = Vec::new();
        for pair in cx.collect(names.r())? {
            let (zero, one) = (cx.int(0), cx.int(1));
            let (name, value) = (cx.get_item(pair.r(), zero.r())?, cx.get_item(pair.r(), one.r())?);
            named.push((cx.text_of(name.r()), value));
        }
        let named: Vec<(&str, Ref<'_>)> = named.iter().map(|(name, v)| (name.as_str(), v.r())).collect();
        let all: Vec<Ref<'_>> = all.iter().map(|v| v.r()).collect();
        let f = cx.call_kw(partial.r(), &all, &named)?;
        let result = self.save(cx, f.r(), true);
        in_part(cx, result, obj, "reconstructor")?;
        self.put(if self.bin { b")R" } else { b"(tR" });
        Ok(())
    }

    fn save_type(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        for value in [Value::NONE, Value::NOT_IMPLEMENTED, Value::ELLIPSIS] {
            let single = Ref::immediate(value);
            if cx.class_of(single).as_ref().is(v) {
                let args = cx.tuple(vec![single.own(cx)]);
                return self.save_call(cx, cx.builtin(Builtin::Type).as_ref(), args.r(), Some(v));
            }
        }
        self.save_global(cx, v, None)
    }

    /// Writes the name by which an object can be found.
    fn save_global(&mut self, cx: &mut Cx, v: Ref<'_>, name: Option<Ref<'_>>) -> R<()> {
        let name = match name {
            Some(name) => name.own(cx),
            None => {
                let text = cx.str("__qualname__");
                match cx.get_attr_opt(v, text.r())? {
                    Some(name) => name,
                    None => cx.get_attr_str(v, "__name__")?,
                }
            }
        };
        let owner = self.module_of(cx, v, &name)?;
        if self.proto >= 2 && self.save_extension(cx, &owner, &name)? {
            return Ok(());
        }
        let text = cx.text_of(name.r());
        if self.proto >= 4 {
            self.save(cx, owner.r(), true)?;
            self.save(cx, name.r(), true)?;
            self.put(b"\x93");
        } else {
            let mut path = text.split('.');
            let first = path.next().unwrap_or_default();
            let rest: Vec<&str> = path.collect();
            let getattr = attribute(cx, "builtins", "getattr")?;
            for _ in &rest {
                self.save(cx, getattr.r(), true)?;
                if self.proto < 2 {
                    self.put(b"(");
                }
            }
            self.save_by_name(cx, &owner, first)?;
            for part in rest {
                let part = cx.str(part);
                self.save(cx, part.r(), true)?;
                self.put(if self.proto < 2 { b"tR" } else { b"\x86R" });
            }
        }
        self.memoize(cx, v);
        Ok(())
    }

    /// The module in which the object is found by this name.
    fn module_of(&mut self, cx: &mut Cx, v: Ref<'_>, name: &Obj) -> R {
        let text = cx.text_of(name.r());
        let attr = cx.str("__module__");
        let said = cx.get_attr_opt(v, attr.r())?;
        if let Some(owner) = said.filter(|owner| owner.downcast::<PyStr>(cx).is_some())
            && !text.contains("<locals>")
            && let Some(found) = cx.modules().get(cx, owner.r())?
        {
            let mut at = Some(found);
            for part in text.split('.') {
                let part = cx.str(part);
                at = match at {
                    Some(holder) => cx.get_attr_opt(holder.r(), part.r())?,
                    None => None,
                };
            }
            if at.is_some_and(|at| at.r().is(v)) {
                return Ok(owner);
            }
        }
        // The long way, which also says what is wrong.
        let which = attribute(cx, "pickle", "whichmodule")?;
        match cx.call(which.r(), &[v, name.r()]) {
            Ok(owner) => Ok(owner),
            Err(err) => {
                let class = attribute(cx, "pickle", "PicklingError")?;
                let own = super::ERRORS.get().map(|errors| errors.pickling.get());
                if cx.class_of(err.exception()).as_ref().is(class.r())
                    && own.is_some_and(|own| !own.is(class.r()))
                {
                    let text = cx.str_string(err.exception())?;
                    return Err(pickling_error(cx, text));
                }
                Err(err)
            }
        }
    }

    /// Writes the number of a registered extension; false if the name has none.
    fn save_extension(&mut self, cx: &mut Cx, owner: &Obj, name: &Obj) -> R<bool> {
        let registry = attribute(cx, "copyreg", "_extension_registry")?;
        let Some(registry) = registry.downcast::<PyDict>(cx) else { return Ok(false) };
        let key = cx.tuple(vec![owner.clone(), name.clone()]);
        let Some(code) = registry.get(cx, key.r())? else { return Ok(false) };
        let code = cx.to_i64(code.r())?;
        match code {
            1..=0xff => self.put(&[0x82, code as u8]),
            0x100..=0xffff => self.put(&[0x83, code as u8, (code >> 8) as u8]),
            0x1_0000..=0x7fff_ffff => {
                self.put(b"\x84");
                self.put(&(code as i32).to_le_bytes());
            }
            _ => return Err(cx.runtime_error(format!("extension code {code} is out of range"))),
        }
        Ok(true)
    }

    /// `GLOBAL`, as protocols before 4 write it.
    fn save_by_name(&mut self, cx: &mut Cx, owner: &Obj, name: &str) -> R<()> {
        let (mut owner, mut name) = (owner.clone(), cx.str(name));
        if self.fix_imports {
            let names = attribute(cx, "_compat_pickle", "REVERSE_NAME_MAPPING")?;
            let key = cx.tuple(vec![owner.clone(), name.clone()]);
            let renamed = names.downcast::<PyDict>(cx).map_or(Ok(None), |names| names.get(cx, key.r()))?;
            if let Some(pair) = renamed {
                let (zero, one) = (cx.int(0), cx.int(1));
                (owner, name) = (cx.get_item(pair.r(), zero.r())?, cx.get_item(pair.r(), one.r())?);
            } else {
                let modules = attribute(cx, "_compat_pickle", "REVERSE_IMPORT_MAPPING")?;
                let moved =
                    modules.downcast::<PyDict>(cx).map_or(Ok(None), |modules| modules.get(cx, owner.r()))?;
                owner = moved.unwrap_or(owner);
            }
        }
        self.put(b"c");
        for (part, kind) in [(owner, "module"), (name, "global")] {
            let bytes = part.downcast::<PyStr>(cx).map(|s| s.as_bytes().to_vec()).unwrap_or_default();
            let fits = bytes.is_ascii() || self.proto >= 3 && std::str::from_utf8(&bytes).is_ok();
            if !fits {
                let (text, proto) = (cx.repr_string(part.r())?, self.proto);
                let message = format!("can't pickle {kind} identifier {text} using pickle protocol {proto}");
                return Err(pickling_error(cx, message));
            }
            self.put(&bytes);
            self.put(b"\n");
        }
        Ok(())
    }
}

/// An attribute of a module by a dotted path, as unpickling finds it.
pub fn find(cx: &mut Cx, owner: Ref<'_>, name: Ref<'_>, dotted: bool) -> R {
    let mut found = module(cx, owner)?;
    let text = cx.text_of(name);
    if !dotted || !text.contains('.') {
        return cx.get_attr(found.r(), name);
    }
    for part in text.split('.') {
        let part = cx.str(part);
        found = cx.get_attr(found.r(), part.r())?;
    }
    Ok(found)
}
