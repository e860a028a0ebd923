//! Builtins about objects, attributes, classes and iteration.

use crate::interp::{frame::Frame, recent};
use crate::objects::dict::PyDict;
use crate::objects::generator::{self, Outcome};
use crate::objects::str::PyStr;
use crate::prelude::*;

/// Name, signature, body.
pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("len", "($module, obj, /)", Shortcut(len_of_builtin, len)),
    ("repr", "($module, obj, /)", Full(|cx, a| cx.repr(a.get(0)))),
    ("ascii", "($module, obj, /)", Full(|cx, a| cx.ascii(a.get(0)))),
    ("format", "($module, value, format_spec='', /)", Full(format)),
    ("hash", "($module, obj, /)", Full(hash)),
    ("id", "($module, obj, /)", Shortcut(id_of_one, |cx, a| id(cx, a))),
    ("callable", "($module, obj, /)", Leaf(callable)),
    ("isinstance", "($module, obj, class_or_tuple, /)", Shortcut(is_plain_instance, isinstance)),
    ("issubclass", "($module, cls, class_or_tuple, /)", Shortcut(is_plain_subclass, issubclass)),
    ("getattr", "($module, object, name, default=<unrepresentable>, /)", Shortcut(known_attr, getattr)),
    ("setattr", "($module, obj, name, value, /)", Full(setattr)),
    ("delattr", "($module, obj, name, /)", Full(delattr)),
    ("hasattr", "($module, obj, name, /)", Shortcut(has_known_attr, hasattr)),
    ("dir", "($module, object=<unrepresentable>, /)", Full(dir)),
    ("vars", "($module, object=<unrepresentable>, /)", Full(vars)),
    ("globals", "($module, /)", Full(globals)),
    ("locals", "($module, /)", Full(locals)),
    ("iter", "($module, object, sentinel=<unrepresentable>, /)", Full(iter)),
    ("next", "($module, iterator, default=<unrepresentable>, /)", Full(next)),
    ("aiter", "($module, async_iterable, /)", Full(aiter)),
    ("anext", "($module, aiterator, default=<unrepresentable>, /)", Full(anext)),
    ("chr", "($module, i, /)", Full(chr)),
    ("ord", "($module, character, /)", Full(ord)),
    ("breakpoint", "($module, /, *args, **kws)", Full(breakpoint)),
    ("__build_class__", "($module, func, name, /, *bases, **kwds)", Full(build_class)),
    ("__import__", "($module, name, globals=None, locals=None, fromlist=(), level=0)", Full(import)),
];

/// `len` of an exact instance of a built-in container.
fn len_of_builtin(_: &Cx, a: Args<'_>) -> Value {
    match a.values() {
        [_] => match crate::objects::iter::len_native(a.get(0)) {
            Some(n) => Value::from_int_unchecked(n as i64),
            None => Value::UNDEF,
        },
        _ => Value::UNDEF,
    }
}

/// `id` as far as it needs no object.
fn id_of_one(_: &Cx, a: Args<'_>) -> Value {
    match a.values() {
        [v] => Value::from_int(v.0 as i64).unwrap_or(Value::UNDEF),
        _ => Value::UNDEF,
    }
}

/// `getattr` where the thread knows how the attribute resolves.
fn known_attr(cx: &Cx, a: Args<'_>) -> Value {
    let missing = match *a.values() {
        [_, _] => Value::UNDEF,
        [_, _, default] => default,
        _ => return Value::UNDEF,
    };
    match recent::attr_simple(cx, a.get(0), a.get(1), missing) {
        Value::UNDEF if cx.owns_everything() => match recent::attr(cx, a.get(0), a.get(1)) {
            recent::Known::Value(v) => v.into_value(),
            _ => Value::UNDEF,
        },
        Value::UNDEF => Value::UNDEF,
        // SAFETY: what the slot or the argument holds.
        v => unsafe { Ref::from_value(v) }.own(cx).into_value(),
    }
}

/// `hasattr` where the thread knows how the attribute resolves.
fn has_known_attr(cx: &Cx, a: Args<'_>) -> Value {
    if a.count() != 2 {
        return Value::UNDEF;
    }
    match recent::attr_simple(cx, a.get(0), a.get(1), Value::NOT_FOUND) {
        Value::UNDEF => Value::UNDEF,
        v => Value::from_bool(v != Value::NOT_FOUND),
    }
}

/// `isinstance` where no class has a say in it.
fn is_plain_instance(cx: &Cx, a: Args<'_>) -> Value {
    // First what is most frequent, apart: it needs few registers.
    if a.count() == 2 && cx.class_of(a.get(0)).as_ref().is(a.get(1)) {
        return Value::TRUE;
    }
    is_other_instance(cx, a)
}

#[inline(never)]
fn is_other_instance(cx: &Cx, a: Args<'_>) -> Value {
    if a.count() != 2 {
        return Value::UNDEF;
    }
    match cx.is_plain_instance(a.get(0), a.get(1)) {
        Some(is) => Value::from_bool(is),
        None => Value::UNDEF,
    }
}

fn len(cx: &mut Cx, a: Args<'_>) -> R {
    let n = cx.len(a.get(0))?;
    Ok(cx.int(n as i64))
}

fn breakpoint(cx: &mut Cx, a: Args<'_>) -> R {
    let name = crate::objects::str::intern(cx, "breakpointhook");
    match cx.sys_dict().get_str(cx, name.get()) {
        Some(hook) => crate::objects::native::spread(cx, hook.r(), a.get(0), a.opt(1)),
        None => Err(cx.runtime_error("lost sys.breakpointhook")),
    }
}

fn format(cx: &mut Cx, a: Args<'_>) -> R {
    let spec = match a.opt(1) {
        Some(spec) if !cx.is_instance_of(spec, Builtin::Str) => {
            let name = cx.type_name(spec);
            return Err(cx.type_error(format!("format() argument 2 must be str, not {name}")));
        }
        Some(spec) => spec,
        None => cx.vm.names.empty.get(),
    };
    cx.format(a.get(0), spec)
}

fn hash(cx: &mut Cx, a: Args<'_>) -> R {
    let hash = cx.hash(a.get(0))?;
    Ok(cx.int(hash))
}

/// Identity: the word. Immediates have one too, which no object's address can equal.
fn id(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.int_u64(a.get(0).value().0))
}

fn callable(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(cx.class_of(a.get(0)).special(cx, Special::Call).is_some()))
}

fn isinstance(cx: &mut Cx, a: Args<'_>) -> R {
    let is = cx.is_instance(a.get(0), a.get(1))?;
    Ok(cx.bool(is))
}

/// `issubclass` of a class that is an instance of `type` itself.
fn is_plain_subclass(cx: &Cx, a: Args<'_>) -> Value {
    if a.count() != 2 || !cx.is_exactly(a.get(1), Builtin::Type) {
        return Value::UNDEF;
    }
    match (PyType::from_ref(a.get(0), cx), PyType::from_ref(a.get(1), cx)) {
        (Some(class), Some(other)) => Value::from_bool(class.is_subclass(other, cx)),
        _ => Value::UNDEF,
    }
}

fn issubclass(cx: &mut Cx, a: Args<'_>) -> R {
    let is = cx.is_subclass(a.get(0), a.get(1))?;
    Ok(cx.bool(is))
}

/// The name argument of the attribute functions, interned where it can be.
/// An attribute's name: an interned string, unless it is of a subclass of `str`.
#[inline]
fn name_arg<'a>(cx: &mut Cx, v: Ref<'a>) -> R<Ref<'a>> {
    if v.header().is_some_and(|h| h.has_flag(crate::flag::INTERNED)) {
        return Ok(v);
    }
    if !cx.is_instance_of(v, Builtin::Str) {
        let name = cx.type_name(v);
        return Err(cx.type_error(format!("attribute name must be string, not '{name}'")));
    }
    if !cx.is_exactly(v, Builtin::Str) {
        return Ok(v);
    }
    let interned = crate::objects::str::intern_obj(cx, v.own(cx));
    // SAFETY: interned strings are immortal.
    Ok(unsafe { Ref::from_value(interned.value()) })
}

fn getattr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_arg(cx, a.get(1))?;
    match a.opt(2) {
        None => cx.get_attr(a.get(0), name),
        Some(default) => Ok(cx.get_attr_opt(a.get(0), name)?.unwrap_or_else(|| default.own(cx))),
    }
}

fn setattr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_arg(cx, a.get(1))?;
    let value = a.get(2).own(cx);
    cx.set_attr(a.get(0), name, value)?;
    Ok(cx.none())
}

fn delattr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_arg(cx, a.get(1))?;
    cx.del_attr(a.get(0), name)?;
    Ok(cx.none())
}

fn hasattr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_arg(cx, a.get(1))?;
    let found = cx.get_attr_opt(a.get(0), name)?.is_some();
    Ok(cx.bool(found))
}

/// The frame that calls the native.
fn calling_frame(cx: &mut Cx) -> R<Frame> {
    let regs = cx.regs.get();
    if regs.is_null() {
        return Err(cx.system_error("frame does not exist"));
    }
    Ok(Frame(regs))
}

fn dir(cx: &mut Cx, a: Args<'_>) -> R {
    let names = match a.opt(0) {
        Some(v) => match cx.try_special(Special::Dir, v, &[])? {
            Some(names) => names,
            None => {
                let name = cx.type_name(v);
                return Err(cx.type_error(format!("{name} object does not provide __dir__")));
            }
        },
        None => {
            let locals = locals(cx, a)?;
            cx.call_method(locals.r(), "keys", &[])?
        }
    };
    let items = cx.collect(names.r())?;
    let list = cx.list(items);
    cx.call_method(list.r(), "sort", &[])?;
    Ok(list)
}

fn vars(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt(0) else { return locals(cx, a) };
    match cx.get_attr_opt(v, cx.vm.names.dict.get())? {
        Some(dict) => Ok(dict),
        None => Err(cx.type_error("vars() argument must have __dict__ attribute")),
    }
}

fn globals(cx: &mut Cx, _: Args<'_>) -> R {
    let frame = calling_frame(cx)?;
    Ok(ref_of(frame.function().globals_unchecked()).own(cx))
}

fn locals(cx: &mut Cx, _: Args<'_>) -> R {
    let frame = calling_frame(cx)?;
    let object = crate::objects::frame::of(cx, frame);
    let payload = object.downcast::<crate::objects::frame::PyFrame>(cx).expect("a frame object");
    payload.locals_dict(cx)
}

fn iter(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(sentinel) = a.opt(1) else { return cx.iter(a.get(0)) };
    if cx.class_of(a.get(0)).special(cx, Special::Call).is_none() {
        return Err(cx.type_error("iter(v, w): v must be callable"));
    }
    Ok(crate::objects::iter::new_callable_iter(cx, a.get(0), sentinel))
}

fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let iterator = a.get(0);
    if cx.is_exactly(iterator, Builtin::Generator) {
        let none = cx.none();
        return match (generator::send(cx, iterator, none)?, a.opt(1)) {
            (Outcome::Yielded(v), _) => Ok(v),
            (Outcome::Returned(_), Some(default)) => Ok(default.own(cx)),
            (Outcome::Returned(v), None) => Err(crate::objects::exception::stop_iteration_with(cx, v)),
        };
    }
    if let Some(result) = crate::objects::iter::next_native(cx, iterator) {
        return match (result?, a.opt(1)) {
            (Some(item), _) => Ok(item),
            (None, Some(default)) => Ok(default.own(cx)),
            (None, None) => Err(cx.stop_iteration()),
        };
    }
    let Some(method) = cx.class_of(iterator).special(cx, Special::Next) else {
        let name = cx.type_name(iterator);
        return Err(cx.type_error(format!("'{name}' object is not an iterator")));
    };
    match (cx.call_special(method, iterator, &[]), a.opt(1)) {
        (Err(err), Some(default)) if cx.is_error(&err, Builtin::StopIteration) => Ok(default.own(cx)),
        (result, _) => result,
    }
}

fn aiter(cx: &mut Cx, a: Args<'_>) -> R {
    match cx.try_special(Special::AIter, a.get(0), &[])? {
        Some(v) if cx.class_of(v.r()).special(cx, Special::ANext).is_some() => Ok(v),
        Some(v) => {
            let name = cx.type_name(v.r());
            Err(cx.type_error(format!("aiter() returned not an async iterator of type '{name}'")))
        }
        None => {
            let name = cx.type_name(a.get(0));
            Err(cx.type_error(format!("'{name}' object is not an async iterable")))
        }
    }
}

fn anext(cx: &mut Cx, a: Args<'_>) -> R {
    match cx.try_special(Special::ANext, a.get(0), &[])? {
        Some(v) => Ok(match a.opt(1) {
            Some(default) => crate::objects::anext::new_anext(cx, v, default),
            None => v,
        }),
        None => {
            let name = cx.type_name(a.get(0));
            Err(cx.type_error(format!("'{name}' object is not an async iterator")))
        }
    }
}

fn chr(cx: &mut Cx, a: Args<'_>) -> R {
    let i = cx.index_isize(a.get(0), Builtin::OverflowError);
    let i = match i {
        Err(err) if cx.is_error(&err, Builtin::OverflowError) => -1,
        other => other?,
    };
    match u32::try_from(i).ok().filter(|&c| c < 0x11_0000) {
        Some(c) => Ok(crate::objects::str::new_char(cx, c)),
        None => Err(cx.value_error("chr() arg not in range(0x110000)")),
    }
}

fn ord(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(s) = a.get(0).downcast::<PyStr>(cx) {
        return match s.char_len() {
            1 => Ok(cx.int(s.code_points().next().unwrap_or(0) as i64)),
            n => Err(cx.type_error(format!("ord() expected a character, but string of length {n} found"))),
        };
    }
    if cx.is_instance_of(a.get(0), Builtin::Bytes) || cx.is_instance_of(a.get(0), Builtin::ByteArray) {
        let n = cx.len(a.get(0))?;
        if n != 1 {
            return Err(cx.type_error(format!("ord() expected a character, but string of length {n} found")));
        }
        return cx.get_item(a.get(0), Ref::immediate(Value::from_int_unchecked(0)));
    }
    let name = cx.type_name(a.get(0));
    Err(cx.type_error(format!("ord() expected string of length 1, but {name} found")))
}

fn import(cx: &mut Cx, a: Args<'_>) -> R {
    let none = Ref::immediate(Value::NONE);
    let zero = Ref::immediate(Value::from_int_unchecked(0));
    let (globals, from_list, level) =
        (a.opt(1).unwrap_or(none), a.opt(3).unwrap_or(none), a.opt(4).unwrap_or(zero));
    if !cx.is_instance_of(a.get(0), Builtin::Str) {
        return Err(cx.type_error("module name must be a string"));
    }
    crate::import::import_name(cx, a.get(0), globals, from_list, level)
}

/// `__build_class__(func, name, *bases, metaclass=type, **kwds)`.
pub fn build_class(cx: &mut Cx, a: Args<'_>) -> R {
    let kwargs = match a.opt(3).and_then(|k| k.downcast::<PyDict>(cx)) {
        Some(kwargs) => kwargs.copy(cx),
        None => PyDict::new(cx),
    };
    crate::objects::type_::build_class(cx, a.get(0), a.get(1), a.get(2), kwargs)
}
