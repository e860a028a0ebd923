//! Exceptions: raised, matched and printed as the interpreter itself does it.

use std::sync::OnceLock;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::traceback::PyTraceback;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::{SharedValue, raise_object, traceback};

/// `exception_print(exc)`: prints it as one that nobody has caught.
pub(super) fn print_exception(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(legacy) = a.opt(1) {
        cx.to_i64(legacy)?;
    }
    traceback::display(cx, a.get(0));
    Ok(cx.none())
}

/// `traceback_print(traceback, file)`: without underlining.
pub(super) fn print_traceback(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(0).downcast::<PyTraceback>(cx).is_none() {
        return Err(cx.system_error("bad argument to internal function"));
    }
    let own = a.get(0).own(cx);
    let text = traceback::format_entries(cx, Some(own));
    let text = cx.str(&text);
    cx.call_method(a.get(1), "write", &[text.r()])?;
    Ok(cx.none())
}

/// `raise_exception(class, n)`: raises the class with the numbers below `n` as arguments.
pub(super) fn raise(cx: &mut Cx, a: Args<'_>) -> R {
    let count = cx.to_i64(a.get(1))?;
    if !(0..=1 << 20).contains(&count) {
        return Err(cx.system_error("bad argument to internal function"));
    }
    if !is_exception_class(cx, a.get(0)) {
        let shown = cx.repr_string(a.get(0))?;
        let message = format!("_PyErr_SetObject: exception {shown} is not a BaseException subclass");
        return Err(cx.system_error(message));
    }
    let numbers: Vec<Obj> = (0..count).map(|n| cx.int(n)).collect();
    let numbers: Vec<Ref<'_>> = numbers.iter().map(|n| n.r()).collect();
    let exception = cx.call(a.get(0), &numbers)?;
    Err(raise_object(exception))
}

fn is_exception_class(cx: &Cx, v: Ref<'_>) -> bool {
    v.downcast::<PyType>(cx).is_some_and(|class| class.is_subclass(cx.builtin(Builtin::BaseException), cx))
}

/// How deep nested tuples of classes are searched.
const MOST_NESTED: usize = 10_000;

/// `err_givenexceptionmatches(exc, given)`: whether the exception, or its class, is of the class or of one in the tuple, whose
/// own tuples are searched too.
pub(super) fn matches(cx: &mut Cx, a: Args<'_>) -> R {
    let class = match cx.is_instance_of(a.get(0), Builtin::BaseException) {
        true => cx.class_of(a.get(0)).as_ref(),
        false => a.get(0),
    };
    let mut waiting = vec![(a.get(1), 0)];
    while let Some((given, depth)) = waiting.pop() {
        if let Some(tuple) = given.downcast::<PyTuple>(cx) {
            if depth > MOST_NESTED {
                let err = cx.recursion_error(" in _PyErr_GivenExceptionMatches");
                traceback::unraisable(cx, err, "Exception ignored in", given);
                return Ok(cx.bool(false));
            }
            waiting.extend(tuple.items().iter().rev().map(|&item| (item, depth + 1)));
            continue;
        }
        let found = match (class.downcast::<PyType>(cx), given.downcast::<PyType>(cx)) {
            (Some(class), Some(given)) if is_exception_class(cx, class.as_ref()) => {
                class.is_subclass(given, cx)
            }
            _ => class.is(given),
        };
        if found {
            return Ok(cx.bool(true));
        }
    }
    Ok(cx.bool(false))
}

/// `make_exception_with_doc(name, doc, base, dict)`: a new class of exceptions; `name` says the module too.
pub(super) fn make_class(cx: &mut Cx, a: Args<'_>) -> R {
    for (i, name) in [(0, "name"), (1, "doc")] {
        if let Some(given) = a.opt(i)
            && !cx.is_instance_of(given, Builtin::Str)
        {
            let got = if given.value().is_none() { "None".to_string() } else { cx.type_name(given) };
            return Err(
                cx.type_error(format!("make_exception_with_doc() argument '{name}' must be str, not {got}"))
            );
        }
    }
    let name = cx.text_of(a.get(0));
    let Some((module, name)) = name.rsplit_once('.') else {
        return Err(cx.system_error("PyErr_NewException: name must be module.class"));
    };
    let namespace = PyDict::new(cx);
    if let Some(given) = a.opt(3) {
        cx.call_method(namespace.r(), "update", &[given])?;
    }
    let module = cx.str(module);
    let texts = [("__module__", Some(module)), ("__doc__", a.opt(1).map(|doc| doc.own(cx)))];
    for (key, text) in texts {
        if let Some(text) = text {
            let key = cx.str(key);
            cx.set_item(namespace.r(), key.r(), text.r())?;
        }
    }
    let bases = match a.opt(2) {
        Some(base) if cx.is_instance_of(base, Builtin::Tuple) => base.own(cx),
        Some(base) => {
            let base = base.own(cx);
            cx.tuple(vec![base])
        }
        None => cx.tuple(vec![cx.builtin(Builtin::Exception).as_ref().own(cx)]),
    };
    let name = cx.str(name);
    cx.call(cx.builtin(Builtin::Type).as_ref(), &[name.r(), bases.r(), namespace.r()])
}

/// `raise_SIGINT_then_send_None(gen)`: the signal arrives before the generator is resumed, and is noticed in it.
pub(super) fn interrupt_and_send(cx: &mut Cx, a: Args<'_>) -> R {
    // SAFETY: sends a signal to the process itself, whose handler only takes a note.
    unsafe { libc::raise(libc::SIGINT) };
    let none = cx.none();
    cx.call_method(a.get(0), "send", &[none.r()])
}

static ENDLESS: OnceLock<SharedValue> = OnceLock::new();

/// `RecursingInfinitelyError`: making an instance makes another one.
pub(super) fn add_to(cx: &mut Cx, module: &Obj) -> R<()> {
    let class = match ENDLESS.get() {
        Some(class) => class.get().own(cx),
        None => {
            let base = cx.builtin(Builtin::Exception);
            let mut t = TypeBuilder::native_subtype(cx, "RecursingInfinitelyError", base, 0, 0);
            t.special(cx, Special::Init, Full(init_endlessly));
            let class = t.class().as_ref().own(cx);
            ENDLESS.get_or_init(|| SharedValue::new(class)).get().own(cx)
        }
    };
    add(cx, module, "RecursingInfinitelyError", class);
    Ok(())
}

fn init_endlessly(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0)).as_ref();
    cx.recursing(" while calling a Python object", |cx| cx.call(class, &[]))?;
    Ok(cx.none())
}
