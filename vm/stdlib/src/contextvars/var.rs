//! `ContextVar`, and `Token`, with which a variable is set back.

use super::context;
use super::map::Key;
use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicU64, AtomicUsize, Ordering};
use ungil_runtime::SharedValue;
use ungil_runtime::class::TypeBuilder;
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::object::{OBJECT_OPS, PyObject};
use ungil_runtime::objects::sync::{locked, slot_ops};
use ungil_runtime::prelude::*;

/// A variable.
#[repr(C)]
pub struct PyContextVar {
    pub h: Header,
    name: Slot,
    default: Slot,
    /// Its place in maps; never used again.
    number: u64,
}

slot_ops!(VAR_OPS, PyContextVar, "_contextvars.ContextVar", name, default);

/// What `ContextVar.set` gives.
#[repr(C)]
struct PyToken {
    h: Header,
    context: Slot,
    var: Slot,
    /// The value before; empty if there was none.
    old: Slot,
    /// Whether the variable has been set back: 0 or 1, written under the lock.
    used: AtomicUsize,
}

slot_ops!(TOKEN_OPS, PyToken, "_contextvars.Token", context, var, old);

static CLASS: OnceLock<&'static PyType> = OnceLock::new();
static TOKEN_CLASS: OnceLock<&'static PyType> = OnceLock::new();
static MISSING: OnceLock<SharedValue> = OnceLock::new();
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The number of a variable.
pub fn number_of(cx: &Cx, var: Ref<'_>) -> u64 {
    var.downcast::<PyContextVar>(cx).map_or(u64::MAX, |v| v.number)
}

/// A variable as a key of maps.
pub fn key_of<'a>(cx: &Cx, var: Ref<'a>) -> Key<'a> {
    Key { number: number_of(cx, var), var }
}

/// What a slot that never changes holds.
fn fixed(cx: &Cx, h: &Header, slot: &Slot) -> Obj {
    slot.get(h, cx).unwrap_or_else(|| cx.none())
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 1);
    let keywords = a.varkw(cx, 2);
    let (given, named) = (args.len(), keywords.map_or(0, |kw| kw.len()));
    if given + named > 2 {
        let message = format!("ContextVar() takes at most 2 arguments ({} given)", given + named);
        return Err(cx.type_error(message));
    }
    let &[name] = args else {
        let bound = if given == 0 { "exactly" } else { "at most" };
        let message = format!("ContextVar() takes {bound} 1 positional argument ({given} given)");
        return Err(cx.type_error(message));
    };
    let mut default = None;
    for (key, value) in keywords.map(|kw| kw.items(cx)).unwrap_or_default() {
        let text = cx.text_of(key.r());
        if text != "default" {
            let message = format!("ContextVar() got an unexpected keyword argument '{text}'");
            return Err(cx.type_error(message));
        }
        default = Some(value);
    }
    if !cx.is_instance_of(name, Builtin::Str) {
        return Err(cx.type_error("context variable name must be a str"));
    }
    let (class, name) = (class(cx), name.own(cx));
    cx.alloc_for(class, |h| PyContextVar {
        h,
        name: Slot::new(name),
        default: default.map_or_else(Slot::empty, Slot::new),
        // ORD: relaxed; only uniqueness matters.
        number: NEXT.fetch_add(1, Ordering::Relaxed),
    })
}

fn var_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let var = a.this::<PyContextVar>();
    let name = fixed(cx, &var.h, &var.name);
    let mut text = format!("<ContextVar name={}", cx.repr_string(name.r())?);
    if let Some(default) = var.default.get(&var.h, cx) {
        text += &format!(" default={}", cx.repr_string(default.r())?);
    }
    Ok(cx.str(&format!("{text} at {:#x}>", a.get(0).value().0)))
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    let now = context::current(cx)?;
    let known = context::payload(cx, now.r()).and_then(|context| context.get(cx, a.get(0)));
    if let Some(v) = known.or_else(|| a.opt(1).map(|v| v.own(cx))) {
        return Ok(v);
    }
    let var = a.this::<PyContextVar>();
    match var.default.get(&var.h, cx) {
        Some(v) => Ok(v),
        None => {
            let var = a.get(0).own(cx);
            Err(cx.error_with(Builtin::LookupError, var))
        }
    }
}

/// Sets the variable in the current context (`None`: removes it); gives the context and the value before.
fn replace(cx: &mut Cx, var: Ref<'_>, value: Option<Obj>) -> R<(Obj, Option<Obj>)> {
    let now = context::current(cx)?;
    let old = context::payload(cx, now.r()).and_then(|context| context.replace(cx, var, value));
    Ok((now, old))
}

/// The value of a variable in the current context.
///
/// # Errors
/// `MemoryError`.
pub fn value(cx: &mut Cx, var: Ref<'_>) -> R<Option<Obj>> {
    let now = context::current(cx)?;
    Ok(context::payload(cx, now.r()).and_then(|context| context.get(cx, var)))
}

/// Sets a variable in the current context.
///
/// # Errors
/// `MemoryError`.
pub fn set_value(cx: &mut Cx, var: Ref<'_>, value: Obj) -> R<()> {
    replace(cx, var, Some(value)).map(drop)
}

fn set(cx: &mut Cx, a: Args<'_>) -> R {
    let value = a.get(1).own(cx);
    let (now, old) = replace(cx, a.get(0), Some(value))?;
    let (class, var) = (token_class(cx), a.get(0).own(cx));
    cx.alloc_for(class, |h| PyToken {
        h,
        context: Slot::new(now),
        var: Slot::new(var),
        old: old.map_or_else(Slot::empty, Slot::new),
        used: AtomicUsize::new(0),
    })
}

/// `var.reset(token)`.
fn reset(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(token) = a.get(1).downcast::<PyToken>(cx) else {
        let text = cx.repr_string(a.get(1))?;
        return Err(cx.type_error(format!("expected an instance of Token, got {text}")));
    };
    reset_token(cx, a.get(0), token, a.get(1))
}

fn reset_token(cx: &mut Cx, var: Ref<'_>, token: &PyToken, object: Ref<'_>) -> R {
    // ORD: relaxed; only the thread that resets first goes on, which the lock below decides.
    if token.used.load(Ordering::Relaxed) != 0 {
        return already_used(cx, object);
    }
    if !fixed(cx, &token.h, &token.var).r().is(var) {
        let text = cx.repr_string(object)?;
        return Err(cx.value_error(format!("{text} was created by a different ContextVar")));
    }
    let now = context::current(cx)?;
    if !fixed(cx, &token.h, &token.context).r().is(now.r()) {
        let text = cx.repr_string(object)?;
        return Err(cx.value_error(format!("{text} was created in a different Context")));
    }
    // ORD: relaxed; the object's lock orders.
    if locked(cx, &token.h, || token.used.swap(1, Ordering::Relaxed)) != 0 {
        return already_used(cx, object);
    }
    let old = token.old.get(&token.h, cx);
    replace(cx, var, old)?;
    Ok(cx.none())
}

fn already_used(cx: &mut Cx, token: Ref<'_>) -> R {
    let text = cx.repr_string(token)?;
    Err(cx.runtime_error(format!("{text} has already been used once")))
}

fn token_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let token = a.this::<PyToken>();
    let var = fixed(cx, &token.h, &token.var);
    let var = cx.repr_string(var.r())?;
    // ORD: relaxed; a snapshot.
    let used = if token.used.load(Ordering::Relaxed) != 0 { " used" } else { "" };
    Ok(cx.str(&format!("<Token{used} var={var} at {:#x}>", a.get(0).value().0)))
}

fn token_exit(cx: &mut Cx, a: Args<'_>) -> R {
    let token = a.this::<PyToken>();
    let var = fixed(cx, &token.h, &token.var);
    reset_token(cx, var.r(), token, a.get(0))
}

fn missing(cx: &mut Cx) -> Obj {
    if let Some(known) = MISSING.get() {
        return known.get().own(cx);
    }
    let (size, flags) = (size_of::<PyObject>(), class_flag::DISALLOW_INSTANTIATION);
    let mut t = TypeBuilder::native_type(cx, "Token.MISSING", &OBJECT_OPS, size, false, flags);
    t.special(cx, Special::Repr, Leaf(|cx, _| Ok(cx.str("<Token.MISSING>"))));
    match cx.alloc_for(t.class(), |h| PyObject { h }) {
        Ok(made) => MISSING.get_or_init(|| SharedValue::new(made)).get().own(cx),
        Err(_) => cx.none(),
    }
}

/// The type of tokens.
pub fn token_class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = TOKEN_CLASS.get() {
        return class;
    }
    let (name, size) = ("_contextvars.Token", size_of::<PyToken>());
    let mut t = TypeBuilder::native_type(cx, name, &TOKEN_OPS, size, true, 0);
    t.doc(cx, "Sets a context variable back to what it was.");
    t.constructor(
        cx,
        "($type, *args, **kwargs)",
        Full(|cx, _| Err(cx.runtime_error("Tokens can only be created by ContextVars"))),
    );
    t.special(cx, Special::Repr, Full(token_repr));
    t.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    t.method(cx, "__enter__", "($self, /)", Leaf(|cx, a| Ok(a.get(0).own(cx))));
    t.method(cx, "__exit__", "($self, type, val, tb, /)", Full(token_exit));
    let var: NativeFn = Leaf(|cx, a| {
        let token = a.this::<PyToken>();
        Ok(fixed(cx, &token.h, &token.var))
    });
    let old: NativeFn = Full(|cx, a| {
        let token = a.this::<PyToken>();
        let old = token.old.get(&token.h, cx);
        Ok(old.unwrap_or_else(|| missing(cx)))
    });
    t.getset(cx, "var", var, None).getset(cx, "old_value", old, None);
    let (none, missing) = (cx.none(), missing(cx));
    t.attr(cx, "__hash__", none).attr(cx, "MISSING", missing);
    TOKEN_CLASS.get_or_init(|| t.class())
}

/// The type of variables.
pub fn class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = CLASS.get() {
        return class;
    }
    let (name, size) = ("_contextvars.ContextVar", size_of::<PyContextVar>());
    let mut t = TypeBuilder::native_type(cx, name, &VAR_OPS, size, true, class_flag::HAS_WEAKREF);
    t.doc(cx, "A variable that has another value in each context.");
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    t.special(cx, Special::Repr, Full(var_repr));
    t.method(cx, "get", "($self, default=<unrepresentable>, /)", Full(get))
        .method(cx, "set", "($self, value, /)", Full(set))
        .method(cx, "reset", "($self, token, /)", Full(reset))
        .class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    let name: NativeFn = Leaf(|cx, a| {
        let var = a.this::<PyContextVar>();
        Ok(fixed(cx, &var.h, &var.name))
    });
    t.getset(cx, "name", name, None);
    CLASS.get_or_init(|| t.class())
}
