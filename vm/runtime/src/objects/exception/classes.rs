//! The tree of built-in exception classes, their construction and their attributes.
//!
//! Attributes of particular classes live in the payload's `fields`, by the indices in [`FIELD_NAMES`].

use super::{EXCEPTION_OPS, PyException, allocate, args_of};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// Classes in an order in which bases come first: name, base.
const TREE: &[(Builtin, &str, Option<Builtin>)] = {
    use Builtin::*;
    &[
        (BaseException, "BaseException", None),
        (BaseExceptionGroup, "BaseExceptionGroup", Some(BaseException)),
        (GeneratorExit, "GeneratorExit", Some(BaseException)),
        (KeyboardInterrupt, "KeyboardInterrupt", Some(BaseException)),
        (SystemExit, "SystemExit", Some(BaseException)),
        (Exception, "Exception", Some(BaseException)),
        (ArithmeticError, "ArithmeticError", Some(Exception)),
        (FloatingPointError, "FloatingPointError", Some(ArithmeticError)),
        (OverflowError, "OverflowError", Some(ArithmeticError)),
        (ZeroDivisionError, "ZeroDivisionError", Some(ArithmeticError)),
        (AssertionError, "AssertionError", Some(Exception)),
        (AttributeError, "AttributeError", Some(Exception)),
        (BufferError, "BufferError", Some(Exception)),
        (EOFError, "EOFError", Some(Exception)),
        (ImportError, "ImportError", Some(Exception)),
        (ModuleNotFoundError, "ModuleNotFoundError", Some(ImportError)),
        (LookupError, "LookupError", Some(Exception)),
        (IndexError, "IndexError", Some(LookupError)),
        (KeyError, "KeyError", Some(LookupError)),
        (MemoryError, "MemoryError", Some(Exception)),
        (NameError, "NameError", Some(Exception)),
        (UnboundLocalError, "UnboundLocalError", Some(NameError)),
        (OSError, "OSError", Some(Exception)),
        (BlockingIOError, "BlockingIOError", Some(OSError)),
        (ChildProcessError, "ChildProcessError", Some(OSError)),
        (ConnectionError, "ConnectionError", Some(OSError)),
        (BrokenPipeError, "BrokenPipeError", Some(ConnectionError)),
        (ConnectionAbortedError, "ConnectionAbortedError", Some(ConnectionError)),
        (ConnectionRefusedError, "ConnectionRefusedError", Some(ConnectionError)),
        (ConnectionResetError, "ConnectionResetError", Some(ConnectionError)),
        (FileExistsError, "FileExistsError", Some(OSError)),
        (FileNotFoundError, "FileNotFoundError", Some(OSError)),
        (InterruptedError, "InterruptedError", Some(OSError)),
        (IsADirectoryError, "IsADirectoryError", Some(OSError)),
        (NotADirectoryError, "NotADirectoryError", Some(OSError)),
        (PermissionError, "PermissionError", Some(OSError)),
        (ProcessLookupError, "ProcessLookupError", Some(OSError)),
        (TimeoutError, "TimeoutError", Some(OSError)),
        (ReferenceError, "ReferenceError", Some(Exception)),
        (RuntimeError, "RuntimeError", Some(Exception)),
        (NotImplementedError, "NotImplementedError", Some(RuntimeError)),
        (PythonFinalizationError, "PythonFinalizationError", Some(RuntimeError)),
        (RecursionError, "RecursionError", Some(RuntimeError)),
        (StopAsyncIteration, "StopAsyncIteration", Some(Exception)),
        (StopIteration, "StopIteration", Some(Exception)),
        (SyntaxError, "SyntaxError", Some(Exception)),
        (IndentationError, "IndentationError", Some(SyntaxError)),
        (TabError, "TabError", Some(IndentationError)),
        (IncompleteInputError, "_IncompleteInputError", Some(SyntaxError)),
        (SystemError, "SystemError", Some(Exception)),
        (TypeError, "TypeError", Some(Exception)),
        (ValueError, "ValueError", Some(Exception)),
        (UnicodeError, "UnicodeError", Some(ValueError)),
        (UnicodeDecodeError, "UnicodeDecodeError", Some(UnicodeError)),
        (UnicodeEncodeError, "UnicodeEncodeError", Some(UnicodeError)),
        (UnicodeTranslateError, "UnicodeTranslateError", Some(UnicodeError)),
        (Warning, "Warning", Some(Exception)),
        (BytesWarning, "BytesWarning", Some(Warning)),
        (DeprecationWarning, "DeprecationWarning", Some(Warning)),
        (EncodingWarning, "EncodingWarning", Some(Warning)),
        (FutureWarning, "FutureWarning", Some(Warning)),
        (ImportWarning, "ImportWarning", Some(Warning)),
        (PendingDeprecationWarning, "PendingDeprecationWarning", Some(Warning)),
        (ResourceWarning, "ResourceWarning", Some(Warning)),
        (RuntimeWarning, "RuntimeWarning", Some(Warning)),
        (SyntaxWarning, "SyntaxWarning", Some(Warning)),
        (UnicodeWarning, "UnicodeWarning", Some(Warning)),
        (UserWarning, "UserWarning", Some(Warning)),
    ]
};

/// Attributes kept in fields, by index, for the class that introduces them.
const FIELD_NAMES: &[(Builtin, &[&str])] = {
    use Builtin::*;
    &[
        (AttributeError, &["name", "obj"]),
        (NameError, &["name"]),
        (ImportError, &["name", "path", "msg", "name_from"]),
        (StopIteration, &["value"]),
        (SystemExit, &["code"]),
        (OSError, &["errno", "strerror", "filename", "filename2", "characters_written"]),
        (SyntaxError, &["msg", "filename", "lineno", "offset", "text", "details"]),
        (UnicodeDecodeError, &["encoding", "object", "start", "end", "reason"]),
        (UnicodeEncodeError, &["encoding", "object", "start", "end", "reason"]),
        (UnicodeTranslateError, &["encoding", "object", "start", "end", "reason"]),
        (BaseExceptionGroup, &["message", "exceptions"]),
    ]
};

pub fn declare(cx: &Cx) {
    for &(which, name, _) in TREE {
        TypeBuilder::declare_with_dict(cx, which, name, &EXCEPTION_OPS, size_of::<PyException>());
    }
    let size = size_of::<PyException>();
    TypeBuilder::declare_with_dict(cx, Builtin::ExceptionGroup, "ExceptionGroup", &EXCEPTION_OPS, size);
}

fn exception_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let args = a.get(1).own(cx);
    allocate(cx, class, args)
}

fn set_field(cx: &Cx, e: &PyException, index: usize, v: Ref<'_>) {
    e.fields[index].set(&e.h, cx, v.own(cx));
}

/// What a class takes from its arguments besides keeping them.
fn takes_fields(class: Builtin) -> bool {
    use Builtin::*;
    // The classes between `OSError` and `TimeoutError` derive from `OSError`.
    (OSError as u32..=TimeoutError as u32).contains(&(class as u32))
        || matches!(class, StopIteration | SystemExit | ImportError | ModuleNotFoundError | SyntaxError)
        || matches!(class, IndentationError | TabError | IncompleteInputError | BaseExceptionGroup)
        || matches!(class, ExceptionGroup | UnicodeDecodeError | UnicodeEncodeError | UnicodeTranslateError)
}

/// Fills the fields that a class takes from its arguments, which are in place. For classes made by natives and by
/// `__init__`.
#[inline]
pub fn fill_fields(cx: &mut Cx, exception: Ref<'_>, class: Builtin) -> R<()> {
    if !takes_fields(class) {
        return Ok(());
    }
    let Some(e) = exception.downcast::<PyException>(cx) else { return Ok(()) };
    let Some(args) = e.args.get(&e.h, cx) else { return Ok(()) };
    fill_fields_from(cx, e, class, args.r())
}

fn fill_fields_from(cx: &mut Cx, e: &PyException, class: Builtin, args: Ref<'_>) -> R<()> {
    let items: &[Ref<'_>] = args.downcast::<PyTuple>(cx).map_or(&[], |t| t.items());
    let base = cx.builtin(class);
    let is = |cx: &Cx, other: Builtin| base.is_subclass(cx.builtin(other), cx);
    if is(cx, Builtin::StopIteration) {
        let value = items.first().copied().unwrap_or(Ref::immediate(Value::NONE));
        set_field(cx, e, 0, value);
    } else if is(cx, Builtin::SystemExit) {
        match items {
            [] => {}
            [one] => set_field(cx, e, 0, *one),
            _ => set_field(cx, e, 0, args),
        }
    } else if is(cx, Builtin::ImportError) {
        match items {
            [message] => set_field(cx, e, 2, *message),
            _ => drop(e.fields[2].take(&e.h, cx)),
        }
    } else if is(cx, Builtin::OSError) {
        fill_os_error(cx, e, cx.class_of(ref_of(e)), items)?;
    } else if is(cx, Builtin::SyntaxError) {
        if let Some(&message) = items.first() {
            set_field(cx, e, 0, message);
        }
        if let [_, details] = items {
            let details_items = cx.collect(*details)?;
            let n = details_items.len();
            if !(4..=7).contains(&n) {
                let (bound, limit) = if n < 4 { ("least", 4) } else { ("most", 7) };
                return Err(cx.type_error(format!("function takes at {bound} {limit} arguments ({n} given)")));
            }
            if n == 5 {
                return Err(cx.type_error("end_offset must be provided when end_lineno is provided"));
            }
            for (i, v) in details_items.iter().take(4).enumerate() {
                set_field(cx, e, i + 1, v.r());
            }
            let rest = cx.tuple(details_items.into_iter().skip(4).collect());
            set_field(cx, e, 5, rest.r());
        }
    } else if is(cx, Builtin::UnicodeDecodeError) || is(cx, Builtin::UnicodeEncodeError) {
        if items.len() != 5 {
            let n = items.len();
            return Err(cx.type_error(format!("function takes exactly 5 arguments ({n} given)")));
        }
        check_unicode_args(cx, items, "soiis", is(cx, Builtin::UnicodeEncodeError))?;
        items.iter().enumerate().for_each(|(i, v)| set_field(cx, e, i, *v));
        if is(cx, Builtin::UnicodeDecodeError) && !cx.is_instance_of(items[1], Builtin::Bytes) {
            let bytes = crate::objects::buffer::bytes_of(cx, items[1])?.into_owned();
            let bytes = crate::objects::bytes::try_new_bytes(cx, &bytes)?;
            set_field(cx, e, 1, bytes.r());
        }
    } else if is(cx, Builtin::UnicodeTranslateError) {
        if items.len() != 4 {
            let n = items.len();
            return Err(cx.type_error(format!("function takes exactly 4 arguments ({n} given)")));
        }
        check_unicode_args(cx, items, "siis", false)?;
        items.iter().enumerate().for_each(|(i, v)| set_field(cx, e, i + 1, *v));
    } else if is(cx, Builtin::BaseExceptionGroup) && items.len() == 2 {
        set_field(cx, e, 0, items[0]);
        let exceptions = cx.collect(items[1])?;
        let exceptions = cx.tuple(exceptions);
        set_field(cx, e, 1, exceptions.r());
    }
    Ok(())
}

/// Checks the arguments of a `UnicodeError`, by letters: text, number, any object; `text_object` says that the object is text.
fn check_unicode_args(cx: &mut Cx, items: &[Ref<'_>], kinds: &str, text_object: bool) -> R<()> {
    for (i, (&v, kind)) in items.iter().zip(kinds.chars()).enumerate() {
        if kind == 'i' {
            cx.index(v)?;
        } else if (kind == 's' || text_object) && !cx.is_instance_of(v, Builtin::Str) {
            let got = cx.type_name(v);
            return Err(cx.type_error(format!("argument {} must be str, not {got}", i + 1)));
        }
    }
    Ok(())
}

/// The built-in class that an exception's class derives its construction from.
pub fn built_in_base(class: &PyType) -> Builtin {
    let found = class.mro().iter().find(|class| class.builtin < Builtin::COUNT);
    found.map_or(Builtin::BaseException, |class| Builtin::ALL[class.builtin - 1])
}

fn exception_init(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyException>();
    this.args.set(&this.h, cx, a.get(1).own(cx));
    let class = built_in_base(cx.class_of(a.get(0)));
    if cx.builtin(class).is_subclass(cx.builtin(Builtin::ImportError), cx) {
        for field in [0, 1, 3] {
            drop(this.fields[field].take(&this.h, cx));
        }
    }
    fill_keywords(cx, a, class)?;
    fill_fields(cx, a.get(0), class)?;
    Ok(cx.none())
}

/// Keyword arguments that some classes take.
fn fill_keywords(cx: &mut Cx, a: Args<'_>, class: Builtin) -> R<()> {
    let Some(kwargs) = a.varkw(cx, 2).filter(|k| !k.is_empty()) else { return Ok(()) };
    let this = a.this::<PyException>();
    let base = cx.builtin(class);
    let is = |cx: &Cx, other: Builtin| base.is_subclass(cx.builtin(other), cx);
    let allowed: &[&str] = if is(cx, Builtin::AttributeError) {
        &["name", "obj"]
    } else if is(cx, Builtin::NameError) {
        &["name"]
    } else if is(cx, Builtin::ImportError) {
        &["name", "path", "", "name_from"]
    } else {
        &[]
    };
    for (key, value) in kwargs.items(cx) {
        let key = cx.text_of(key.r());
        match allowed.iter().position(|&n| n == key) {
            Some(i) => this.fields[i].set(&this.h, cx, value),
            None => {
                let name = base.name();
                return Err(cx.type_error(if allowed.is_empty() {
                    format!("{name}() takes no keyword arguments")
                } else {
                    format!("{name}() got an unexpected keyword argument '{key}'")
                }));
            }
        }
    }
    Ok(())
}

fn exception_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.class_of(a.get(0)).name();
    let args = args_of(cx, a.get(0));
    let mut parts = Vec::with_capacity(args.len());
    for arg in &args {
        parts.push(cx.repr_string(arg.r())?);
    }
    Ok(cx.str(&format!("{name}({})", parts.join(", "))))
}

fn exception_str(cx: &mut Cx, a: Args<'_>) -> R {
    let args = args_of(cx, a.get(0));
    match args.as_slice() {
        [] => Ok(cx.str("")),
        [one] => cx.to_str(one.r()),
        _ => {
            let args = cx.tuple(args);
            cx.repr(args.r())
        }
    }
}

fn key_error_str(cx: &mut Cx, a: Args<'_>) -> R {
    match args_of(cx, a.get(0)).as_slice() {
        [one] => cx.repr(one.r()),
        _ => exception_str(cx, a),
    }
}

fn field(cx: &Cx, v: Ref<'_>, index: usize) -> Option<Obj> {
    let e = v.downcast::<PyException>(cx)?;
    e.fields[index].get(&e.h, cx).filter(|v| !v.value().is_none())
}

fn import_error_str(cx: &mut Cx, a: Args<'_>) -> R {
    match field(cx, a.get(0), 2) {
        Some(message) if cx.is_exactly(message.r(), Builtin::Str) => Ok(message),
        _ => exception_str(cx, a),
    }
}

fn os_error_str(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(0);
    let (Some(errno), Some(text)) = (field(cx, v, 0), field(cx, v, 1)) else { return exception_str(cx, a) };
    let (errno, text) = (cx.str_string(errno.r())?, cx.str_string(text.r())?);
    let mut out = format!("[Errno {errno}] {text}");
    if let Some(filename) = field(cx, v, 2) {
        out += &format!(": {}", cx.repr_string(filename.r())?);
        if let Some(second) = field(cx, v, 3) {
            out += &format!(" -> {}", cx.repr_string(second.r())?);
        }
    }
    Ok(cx.str(&out))
}

fn syntax_error_str(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(0);
    let message = field(cx, v, 0).unwrap_or_else(|| cx.none());
    let message = cx.str_string(message.r())?;
    let file = field(cx, v, 1).filter(|f| cx.is_exactly(f.r(), Builtin::Str)).map(|f| cx.text_of(f.r()));
    let file = file.map(|f| f.rsplit('/').next().unwrap_or_default().to_string());
    let line = field(cx, v, 2).and_then(|l| l.value().as_int());
    let text = match (file, line) {
        (Some(file), Some(line)) => format!("{message} ({file}, line {line})"),
        (Some(file), None) => format!("{message} ({file})"),
        (None, Some(line)) => format!("{message} (line {line})"),
        (None, None) => message,
    };
    Ok(cx.str(&text))
}

fn unicode_error_str(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.get(0);
    let number = |cx: &Cx, i| field(cx, v, i).and_then(|n| n.value().as_int()).unwrap_or(0);
    let text = |cx: &mut Cx, i| field(cx, v, i).map_or(Ok(String::new()), |t| cx.str_string(t.r()));
    let (start, end) = (number(cx, 2), number(cx, 3));
    let payload = v.downcast::<PyException>(cx).expect("checked by the descriptor");
    if payload.fields[1].get(&payload.h, cx).is_none() {
        return Ok(cx.str(""));
    }
    let (encoding, reason) = (text(cx, 0)?, text(cx, 4)?);
    // What the texts' `__str__` has left of it.
    let Some(object) = payload.fields[1].get(&payload.h, cx) else {
        return Err(cx.type_error("UnicodeError 'object' attribute is not set"));
    };
    let (wanted, name) = match cx.is_instance_of(v, Builtin::UnicodeDecodeError) {
        true => (Builtin::Bytes, "bytes"),
        false => (Builtin::Str, "string"),
    };
    if !cx.is_instance_of(object.r(), wanted) {
        return Err(cx.type_error(format!("UnicodeError 'object' attribute must be a {name}")));
    }
    let decode = cx.is_instance_of(v, Builtin::UnicodeDecodeError);
    let translate = cx.is_instance_of(v, Builtin::UnicodeTranslateError);
    let (verb, unit) = match (decode, translate) {
        (true, _) => (format!("'{encoding}' codec can't decode "), "byte"),
        (_, true) => ("can't translate ".to_string(), "character"),
        _ => (format!("'{encoding}' codec can't encode "), "character"),
    };
    let what = if end != start + 1 {
        format!("{unit}s in position {start}-{}", end - 1)
    } else {
        let at = Ref::immediate(Value::from_int_unchecked(start));
        let item = cx.get_item(object.r(), at);
        let item = cx.catch(item, Builtin::IndexError)?;
        let shown = match item {
            Some(b) if decode => format!(" {:#04x}", b.value().as_int().unwrap_or(0)),
            Some(c) => {
                let s = c.downcast::<crate::objects::str::PyStr>(cx);
                let code = s.and_then(|s| s.code_points().next()).unwrap_or(0);
                match code {
                    0..=0xff => format!(" '\\x{code:02x}'"),
                    0x100..=0xffff => format!(" '\\u{code:04x}'"),
                    _ => format!(" '\\U{code:08x}'"),
                }
            }
            None => String::new(),
        };
        format!("{unit}{shown} in position {start}")
    };
    Ok(cx.str(&format!("{verb}{what}: {reason}")))
}

fn get_args(cx: &mut Cx, a: Args<'_>) -> R {
    let e = a.this::<PyException>();
    Ok(e.args.get(&e.h, cx).unwrap_or_else(|| cx.none()))
}

fn set_args(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt(1) else { return Err(cx.type_error("args may not be deleted")) };
    let items = cx.collect(v)?;
    let e = a.this::<PyException>();
    let items = cx.tuple(items);
    e.args.set(&e.h, cx, items);
    Ok(cx.none())
}

fn set_chain(cx: &mut Cx, a: Args<'_>, slot: &Slot, what: &str, class: Builtin, noun: &str) -> R {
    let e = a.this::<PyException>();
    match a.opt(1) {
        None => return Err(cx.type_error(format!("{what} may not be deleted"))),
        Some(v) if v.value().is_none() => drop(slot.take(&e.h, cx)),
        Some(v) if cx.is_instance_of(v, class) => slot.set(&e.h, cx, v.own(cx)),
        Some(_) => return Err(cx.type_error(noun)),
    }
    Ok(cx.none())
}

fn get_slot(cx: &Cx, e: &PyException, slot: &Slot) -> R {
    Ok(slot.get(&e.h, cx).unwrap_or_else(|| cx.none()))
}

fn set_traceback(cx: &mut Cx, a: Args<'_>) -> R {
    let e = a.this::<PyException>();
    set_chain(
        cx,
        a,
        &e.traceback,
        "__traceback__",
        Builtin::Traceback,
        "__traceback__ must be a traceback or None",
    )
}

fn set_context(cx: &mut Cx, a: Args<'_>) -> R {
    let e = a.this::<PyException>();
    let noun = "exception context must be None or derive from BaseException";
    set_chain(cx, a, &e.context, "__context__", Builtin::BaseException, noun)
}

fn set_cause(cx: &mut Cx, a: Args<'_>) -> R {
    let e = a.this::<PyException>();
    e.suppress_context.set(true);
    let noun = "exception cause must be None or derive from BaseException";
    set_chain(cx, a, &e.cause, "__cause__", Builtin::BaseException, noun)
}

fn set_suppress(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt(1) else { return Err(cx.type_error("can't delete numeric/char attribute")) };
    let Some(b) = v.value().as_bool() else { return Err(cx.type_error("attribute value type must be bool")) };
    a.this::<PyException>().suppress_context.set(b);
    Ok(cx.none())
}

fn with_traceback(cx: &mut Cx, a: Args<'_>) -> R {
    set_traceback(cx, a)?;
    Ok(a.get(0).own(cx))
}

fn add_note(cx: &mut Cx, a: Args<'_>) -> R {
    if !cx.is_instance_of(a.get(1), Builtin::Str) {
        let name = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("add_note() argument must be str, not {name}")));
    }
    let name = cx.vm.names.notes.get();
    let notes = match cx.get_attr_opt(a.get(0), name)? {
        Some(notes) => notes,
        None => {
            let notes = cx.list(Vec::new());
            cx.set_attr(a.get(0), name, notes.clone())?;
            notes
        }
    };
    let Some(list) = notes.downcast::<crate::objects::list::PyList>(cx) else {
        return Err(cx.type_error("Cannot add note: __notes__ is not a list"));
    };
    list.append(cx, a.get(1).own(cx));
    Ok(cx.none())
}

fn get_dict(cx: &mut Cx, a: Args<'_>) -> R {
    crate::ops::instance_dict(cx, a.get(0))
}

fn set_dict(cx: &mut Cx, a: Args<'_>) -> R {
    if a.opt(1).is_none() {
        return Err(cx.type_error("cannot delete __dict__"));
    }
    crate::ops::set_instance_dict(cx, a.get(0), a.opt(1)).map(|()| Obj::immediate(Value::NONE))
}

/// Fields that pickling keeps beside the arguments, by name.
fn kept_fields(cx: &Cx, class: &PyType) -> &'static [(&'static str, usize)] {
    if class.is_subclass(cx.builtin(Builtin::ImportError), cx) {
        &[("name", 0), ("path", 1), ("name_from", 3)]
    } else if class.is_subclass(cx.builtin(Builtin::AttributeError), cx) {
        &[("name", 0)]
    } else {
        &[]
    }
}

/// The arguments from which an equal exception is made.
fn args_to_pickle(cx: &Cx, exception: Ref<'_>) -> Vec<Obj> {
    let mut args = args_of(cx, exception);
    if args.len() == 2
        && cx.is_instance_of(exception, Builtin::OSError)
        && let Some(filename) = field(cx, exception, 2)
    {
        args.push(filename);
        if let Some(second) = field(cx, exception, 3) {
            args.push(cx.none());
            args.push(second);
        }
    }
    args
}

fn exception_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let own = cx.class_of(a.get(0));
    let class = own.as_ref().own(cx);
    let args = args_to_pickle(cx, a.get(0));
    let args = cx.tuple(args);
    let mut dict = crate::ops::instance_dict(cx, a.get(0))?;
    let kept = kept_fields(cx, own);
    if !kept.is_empty()
        && let Some(own_dict) = dict.downcast::<crate::objects::dict::PyDict>(cx)
    {
        dict = own_dict.copy(cx);
        for &(name, index) in kept {
            if let Some(v) = field(cx, a.get(0), index) {
                let name = cx.str(name);
                cx.set_item(dict.r(), name.r(), v.r())?;
            }
        }
        if own.is_subclass(cx.builtin(Builtin::AttributeError), cx) {
            let name = cx.str("args");
            cx.set_item(dict.r(), name.r(), args.r())?;
        }
    }
    let parts = match dict.downcast::<crate::objects::dict::PyDict>(cx) {
        Some(d) if !d.is_empty() => vec![class, args, dict],
        _ => vec![class, args],
    };
    Ok(cx.tuple(parts))
}

fn exception_setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(state) = a.get(1).downcast::<crate::objects::dict::PyDict>(cx) else {
        return if a.get(1).value().is_none() {
            Ok(cx.none())
        } else {
            Err(cx.type_error("state is not a dictionary"))
        };
    };
    for (key, value) in state.items(cx) {
        cx.set_attr(a.get(0), key.r(), value)?;
    }
    Ok(cx.none())
}

/// A getter and a setter for field `I`.
fn field_getset<const I: usize>(t: &mut TypeBuilder, cx: &mut Cx, name: &'static str) {
    fn get<const I: usize>(cx: &mut Cx, a: Args<'_>) -> R {
        let e = a.this::<PyException>();
        get_slot(cx, e, &e.fields[I])
    }
    fn set<const I: usize>(cx: &mut Cx, a: Args<'_>) -> R {
        let e = a.this::<PyException>();
        match a.opt(1) {
            Some(v) => e.fields[I].set(&e.h, cx, v.own(cx)),
            None => drop(e.fields[I].take(&e.h, cx)),
        }
        Ok(cx.none())
    }
    t.getset(cx, name, Full(get::<I>), Some(Full(set::<I>)));
}

fn add_fields(t: &mut TypeBuilder, cx: &mut Cx, which: Builtin) {
    let Some((_, names)) = FIELD_NAMES.iter().find(|(class, _)| *class == which) else { return };
    let adders = [
        field_getset::<0>,
        field_getset::<1>,
        field_getset::<2>,
        field_getset::<3>,
        field_getset::<4>,
        field_getset::<5>,
    ];
    for (name, add) in names.iter().zip(adders) {
        match *name {
            "details" => syntax_details(t, cx),
            "characters_written" => characters_written(t, cx),
            name => add(t, cx, name),
        }
    }
}

/// `end_lineno`, `end_offset`, `_metadata` and `print_file_and_line` of a `SyntaxError`.
fn syntax_details(t: &mut TypeBuilder, cx: &mut Cx) {
    fn item<const I: usize>(cx: &mut Cx, a: Args<'_>) -> R {
        let details = field(cx, a.get(0), 5);
        let items = details.as_ref().and_then(|d| d.downcast::<PyTuple>(cx));
        Ok(items.and_then(|t| t.items().get(I).copied()).map_or_else(|| cx.none(), |v| v.own(cx)))
    }
    fn set_item<const I: usize>(cx: &mut Cx, a: Args<'_>) -> R {
        let e = a.this::<PyException>();
        let details = field(cx, a.get(0), 5);
        let items = details.as_ref().and_then(|d| d.downcast::<PyTuple>(cx)).map(|t| t.items().to_vec());
        let mut items: Vec<Obj> = items.unwrap_or_default().iter().map(|v| v.own(cx)).collect();
        while items.len() <= I {
            items.push(cx.none());
        }
        items[I] = a.opt(1).map_or_else(|| cx.none(), |v| v.own(cx));
        let details = cx.tuple(items);
        e.fields[5].set(&e.h, cx, details);
        Ok(cx.none())
    }
    t.getset(cx, "end_lineno", Full(item::<0>), Some(Full(set_item::<0>)))
        .getset(cx, "end_offset", Full(item::<1>), Some(Full(set_item::<1>)))
        .getset(cx, "_metadata", Full(item::<2>), Some(Full(set_item::<2>)))
        .getset(cx, "print_file_and_line", Full(item::<3>), Some(Full(set_item::<3>)));
}

fn init_base(cx: &mut Cx, t: &mut TypeBuilder) {
    t.constructor(cx, "($cls, /, *args, **kwargs)", Full(exception_new))
        .special(cx, Special::Init, Full(exception_init))
        .special(cx, Special::Repr, Full(exception_repr))
        .special(cx, Special::Str, Full(exception_str))
        .getset(cx, "args", Full(get_args), Some(Full(set_args)))
        .getset(cx, "__dict__", Full(get_dict), Some(Full(set_dict)))
        .getset(
            cx,
            "__traceback__",
            Full(|cx, a| get_slot(cx, a.this(), &a.this::<PyException>().traceback)),
            Some(Full(set_traceback)),
        )
        .getset(
            cx,
            "__context__",
            Full(|cx, a| get_slot(cx, a.this(), &a.this::<PyException>().context)),
            Some(Full(set_context)),
        )
        .getset(
            cx,
            "__cause__",
            Full(|cx, a| get_slot(cx, a.this(), &a.this::<PyException>().cause)),
            Some(Full(set_cause)),
        )
        .getset(
            cx,
            "__suppress_context__",
            Full(|cx, a| Ok(cx.bool(a.this::<PyException>().suppress_context.get()))),
            Some(Full(set_suppress)),
        )
        .method(cx, "with_traceback", "($self, object, /)", Full(with_traceback))
        .method(cx, "add_note", "($self, object, /)", Full(add_note))
        .method(cx, "__reduce__", "($self, /)", Full(exception_reduce))
        .method(cx, "__setstate__", "($self, object, /)", Full(exception_setstate));
}

/// Adds what stands between a class and its base.
fn init_own(cx: &mut Cx, t: &mut TypeBuilder, which: Builtin) {
    add_fields(t, cx, which);
    let to_str: Option<fn(&mut Cx, Args<'_>) -> R> = match which {
        Builtin::KeyError => Some(key_error_str),
        Builtin::ImportError => Some(import_error_str),
        Builtin::OSError => Some(os_error_str),
        Builtin::SyntaxError => Some(syntax_error_str),
        Builtin::UnicodeDecodeError | Builtin::UnicodeEncodeError | Builtin::UnicodeTranslateError => {
            Some(unicode_error_str)
        }
        _ => None,
    };
    if let Some(f) = to_str {
        t.special(cx, Special::Str, Full(f));
    }
    if which == Builtin::OSError {
        t.constructor(cx, "($cls, /, *args, **kwargs)", Full(os_error_new));
    }
}

/// `OSError(errno, ...)` gives the subclass for the number.
fn os_error_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let items = a.varargs(cx, 1);
    let errno = items.first().and_then(|v| v.value().as_int());
    let specific = match errno {
        Some(errno) if items.len() >= 2 && std::ptr::eq(class, cx.builtin(Builtin::OSError)) => {
            cx.builtin(class_for_errno(errno))
        }
        _ => class,
    };
    let made = allocate(cx, specific, a.get(1).own(cx))?;
    fill_fields(cx, made.r(), Builtin::OSError)?;
    Ok(made)
}

/// The fields of an `OSError`. A `BlockingIOError` takes a third argument that is a number for what has been written.
fn fill_os_error(cx: &mut Cx, e: &PyException, class: &PyType, items: &[Ref<'_>]) -> R<()> {
    if !(2..=5).contains(&items.len()) {
        return Ok(());
    }
    set_field(cx, e, 0, items[0]);
    set_field(cx, e, 1, items[1]);
    let Some(&third) = items.get(2).filter(|v| !v.value().is_none()) else { return Ok(()) };
    if std::ptr::eq(class, cx.builtin(Builtin::BlockingIOError))
        && (third.value().as_float().is_some() || cx.class_of(third).special(cx, Special::Index).is_some())
    {
        let written = cx.index_isize(third, Builtin::ValueError)?;
        let written = cx.int(written as i64);
        set_field(cx, e, CHARACTERS_WRITTEN, written.r());
        return Ok(());
    }
    set_field(cx, e, 2, third);
    if let Some(&second) = items.get(4).filter(|v| !v.value().is_none()) {
        set_field(cx, e, 3, second);
    }
    let short = cx.tuple(vec![items[0].own(cx), items[1].own(cx)]);
    e.args.set(&e.h, cx, short);
    Ok(())
}

/// The field of [`characters_written`].
const CHARACTERS_WRITTEN: usize = 4;

/// `characters_written` of an `OSError`: there only if it was given or set.
fn characters_written(t: &mut TypeBuilder, cx: &mut Cx) {
    fn missing(cx: &mut Cx) -> Err {
        cx.error(Builtin::AttributeError, "characters_written")
    }
    fn get(cx: &mut Cx, a: Args<'_>) -> R {
        let e = a.this::<PyException>();
        e.fields[CHARACTERS_WRITTEN].get(&e.h, cx).ok_or_else(|| missing(cx))
    }
    fn set(cx: &mut Cx, a: Args<'_>) -> R {
        let e = a.this::<PyException>();
        match a.opt(1) {
            Some(v) => {
                let n = cx.index_isize(v, Builtin::ValueError)?;
                let n = cx.int(n as i64);
                set_field(cx, e, CHARACTERS_WRITTEN, n.r());
            }
            None if e.fields[CHARACTERS_WRITTEN].take(&e.h, cx).is_none() => return Err(missing(cx)),
            None => {}
        }
        Ok(cx.none())
    }
    t.getset(cx, "characters_written", Full(get), Some(Full(set)));
}

/// The subclass of `OSError` for an error number of Linux.
pub fn class_for_errno(errno: i64) -> Builtin {
    match errno {
        11 | 114 | 115 => Builtin::BlockingIOError,
        10 => Builtin::ChildProcessError,
        32 | 108 => Builtin::BrokenPipeError,
        103 => Builtin::ConnectionAbortedError,
        111 => Builtin::ConnectionRefusedError,
        104 => Builtin::ConnectionResetError,
        17 => Builtin::FileExistsError,
        2 => Builtin::FileNotFoundError,
        4 => Builtin::InterruptedError,
        21 => Builtin::IsADirectoryError,
        20 => Builtin::NotADirectoryError,
        1 | 13 => Builtin::PermissionError,
        3 => Builtin::ProcessLookupError,
        110 => Builtin::TimeoutError,
        _ => Builtin::OSError,
    }
}

pub fn init(cx: &mut Cx) {
    for &(which, _, base) in TREE {
        let flags = class_flag::BASETYPE | class_flag::HAS_DICT;
        let mut t = TypeBuilder::new(cx, which, Some(base.unwrap_or(Builtin::Object)), flags);
        if which == Builtin::BaseException {
            init_base(cx, &mut t);
        }
        init_own(cx, &mut t, which);
        if which == Builtin::BaseExceptionGroup {
            super::groups::init(cx, &mut t);
        }
    }
    super::groups::init_exception_group(cx);
}
