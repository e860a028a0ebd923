//! `partial` and `Placeholder`.
//!
//! Function, arguments and keywords change only through `__setstate__`; the object's lock guards them together, so that
//! a call never mixes two states.

use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::construct::{class_argument, has_keywords, readonly};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::method::new_bound_method;
use ungil_runtime::objects::repr::{guarded, push_repr};
use ungil_runtime::objects::str::{PyStr, StrBuf};
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::{PyTuple, new_tuple_from_values, new_tuple_with};
use ungil_runtime::ops::{instance_dict, set_instance_dict};
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// The type of `Placeholder`.
#[repr(C)]
struct PyPlaceholder {
    h: Header,
}

slot_ops!(PLACEHOLDER_OPS, PyPlaceholder, "functools._PlaceholderType");

static PLACEHOLDER: OnceLock<SharedValue> = OnceLock::new();

/// Whether the value is `Placeholder`.
#[inline]
fn is_placeholder(v: Ref<'_>) -> bool {
    PLACEHOLDER.get().is_some_and(|p| p.get().is(v))
}

/// `_PlaceholderType()`: the one there is.
fn placeholder(cx: &mut Cx, a: Args<'_>) -> R {
    if !a.varargs(cx, 1).is_empty() || has_keywords(cx, a) {
        return Err(cx.type_error("PlaceholderType takes no arguments"));
    }
    match PLACEHOLDER.get() {
        Some(p) => Ok(p.get().own(cx)),
        None => Err(cx.system_error("functools is not initialised")),
    }
}

/// Makes `Placeholder` and its type.
///
/// # Errors
/// `MemoryError`.
pub(super) fn init_placeholder(cx: &mut Cx) -> R {
    if let Some(made) = PLACEHOLDER.get() {
        return Ok(made.get().own(cx));
    }
    let name = "functools._PlaceholderType";
    let size = size_of::<PyPlaceholder>();
    let mut b = TypeBuilder::native_type(cx, name, &PLACEHOLDER_OPS, size, false, 0);
    b.doc(cx, "The type of the Placeholder singleton.\n\nUsed as a placeholder for partial arguments.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(placeholder));
    b.special(cx, Special::Repr, Leaf(|cx, _| Ok(cx.str("Placeholder"))));
    b.special(cx, Special::Reduce, Leaf(|cx, _| Ok(cx.str("Placeholder"))));
    let made = cx.alloc_for::<PyPlaceholder>(b.class(), |h| PyPlaceholder { h })?;
    Ok(PLACEHOLDER.get_or_init(|| SharedValue::new(made)).get().own(cx))
}

/// A function with some of its arguments.
#[repr(C)]
struct PyPartial {
    h: Header,
    function: Slot,
    /// A tuple.
    args: Slot,
    /// A dict.
    keywords: Slot,
}

slot_ops!(PARTIAL_OPS, PyPartial, "functools.partial", function, args, keywords);

/// What a call needs, owned.
struct State {
    function: Obj,
    args: Obj,
    keywords: Obj,
}

impl PyPartial {
    fn state(&self, cx: &Cx) -> State {
        locked(cx, &self.h, || {
            let get = |slot: &Slot| slot.get_locked(cx).unwrap_or_else(|| cx.none());
            State { function: get(&self.function), args: get(&self.args), keywords: get(&self.keywords) }
        })
    }
}

impl State {
    fn args(&self, cx: &Cx) -> &[Ref<'_>] {
        self.args.downcast::<PyTuple>(cx).map_or(&[], PyTuple::items)
    }

    fn keywords(&self, cx: &Cx) -> Option<&PyDict> {
        self.keywords.downcast::<PyDict>(cx)
    }
}

/// Whether a value has a `__call__`.
pub(super) fn is_callable(cx: &Cx, v: Ref<'_>) -> bool {
    cx.class_of(v).special(cx, Special::Call).is_some_and(|call| !call.value().is_none())
}

/// Arguments with the placeholders among `before` filled from `given`, and what is left of these behind them.
fn merge_args<'a>(before: &[Ref<'a>], given: &[Ref<'a>]) -> Vec<Ref<'a>> {
    let mut given = given.iter().copied();
    let mut all = Vec::with_capacity(before.len() + given.len());
    for &v in before {
        // A placeholder that nothing is given for stays.
        all.push(if is_placeholder(v) { given.next().unwrap_or(v) } else { v });
    }
    all.extend(given);
    all
}

/// Refuses a placeholder at the end of the arguments.
fn check_trailing(cx: &mut Cx, args: &[Ref<'_>]) -> R<()> {
    match args.last() {
        Some(&last) if is_placeholder(last) => Err(cx.type_error("trailing Placeholders are not allowed")),
        _ => Ok(()),
    }
}

/// `partial(func, /, *args, **keywords)`.
fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let [function, given @ ..] = a.varargs(cx, 1) else {
        return Err(cx.type_error("type 'partial' takes at least one argument"));
    };
    if !is_callable(cx, *function) {
        return Err(cx.type_error("the first argument must be callable"));
    }
    let named = a.varkw(cx, 2);
    if named.is_some_and(|kw| kw.values(cx).iter().any(|v| is_placeholder(v.r()))) {
        return Err(cx.type_error("Placeholder cannot be passed as a keyword argument"));
    }
    check_trailing(cx, given)?;
    // A partial of a partial without attributes of its own is one of the function below.
    let inner = match function.downcast::<PyPartial>(cx) {
        Some(inner) if !has_attributes(cx, *function) => Some(inner.state(cx)),
        _ => None,
    };
    let (function, args, keywords) = match &inner {
        None => (function.own(cx), new_tuple_with(cx, given.len(), |i| given[i]), PyDict::new(cx)),
        Some(state) => {
            let args = merge_args(state.args(cx), given);
            let keywords = state.keywords(cx).map_or_else(|| PyDict::new(cx), |kw| kw.copy(cx));
            check_trailing(cx, &args)?;
            (state.function.clone(), new_tuple_with(cx, args.len(), |i| args[i]), keywords)
        }
    };
    if let (Some(named), Some(all)) = (named, keywords.downcast::<PyDict>(cx)) {
        for (key, v) in named.items(cx) {
            all.set(cx, key, v)?;
        }
    }
    let class = class_argument(cx, a);
    cx.alloc_for::<PyPartial>(class, |h| PyPartial {
        h,
        function: Slot::new(function),
        args: Slot::new(args),
        keywords: Slot::new(keywords),
    })
}

/// Whether an instance has a `__dict__` already.
fn has_attributes(cx: &Cx, v: Ref<'_>) -> bool {
    v.header().is_some_and(|h| !std::ptr::eq(cx.shape_of(h), cx.class_of(v).root_shape()))
}

/// Arguments of a call being put together: borrowed words, few of them without an allocation.
struct Words {
    few: [Value; Words::FEW],
    many: Vec<Value>,
    len: usize,
}

impl Words {
    const FEW: usize = 10;

    fn with_capacity(n: usize) -> Words {
        let many = if n > Words::FEW { Vec::with_capacity(n) } else { Vec::new() };
        Words { few: [Value::UNDEF; Words::FEW], many, len: 0 }
    }

    #[inline]
    fn push(&mut self, v: Value) {
        if self.many.capacity() > 0 {
            self.many.push(v);
        } else {
            self.few[self.len] = v;
            self.len += 1;
        }
    }

    fn all(&self) -> &[Value] {
        if self.many.capacity() > 0 { &self.many } else { &self.few[..self.len] }
    }
}

fn call(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    // SAFETY: called with a partial.
    let this: &PyPartial = unsafe { this.cast_unchecked() };
    let state = this.state(cx);
    let named = names.map_or(0, PyTuple::len);
    let (given, by_name) = args.values().split_at(args.len() - named);
    let stored = state.args(cx);
    let keywords = state.keywords(cx).filter(|kw| !kw.is_empty());
    let mut all = Words::with_capacity(stored.len() + args.len() + keywords.map_or(0, PyDict::len));
    let mut rest = given.iter();
    for v in stored {
        if !is_placeholder(*v) {
            all.push(v.value());
        } else if let Some(&v) = rest.next() {
            all.push(v);
        } else {
            let wanted = stored.iter().filter(|&&v| is_placeholder(v)).count();
            let got = given.len();
            return Err(cx.type_error(format!(
                "missing positional arguments in 'partial' call; expected at least {wanted}, got {got}"
            )));
        }
    }
    rest.for_each(|&v| all.push(v));
    match keywords {
        None => {
            by_name.iter().for_each(|&v| all.push(v));
            cx.call_values(state.function.r(), all.all(), names)
        }
        Some(keywords) => call_named(cx, &state.function, all.all(), &keywords.items(cx), by_name, names),
    }
}

/// Calls with the stored keyword arguments, those given now in their places or behind them.
fn call_named(
    cx: &mut Cx,
    function: &Obj,
    positional: &[Value],
    stored: &[(Obj, Obj)],
    given: &[Value],
    names: Option<&PyTuple>,
) -> R {
    let names = names.map_or(&[][..], PyTuple::items);
    let (mut keys, mut values) = (Vec::with_capacity(stored.len() + names.len()), positional.to_vec());
    for (key, value) in stored {
        keys.push(key.clone());
        values.push(value.value());
    }
    for (&name, &value) in names.iter().zip(given) {
        let same = |key: &Obj| match (key.downcast::<PyStr>(cx), name.downcast::<PyStr>(cx)) {
            (Some(key), Some(name)) => key.same_text(name),
            _ => false,
        };
        match stored.iter().position(|(key, _)| same(key)) {
            Some(i) => values[positional.len() + i] = value,
            None => {
                keys.push(name.own(cx));
                values.push(value);
            }
        }
    }
    let keys: Vec<Value> = keys.into_iter().map(Obj::into_value).collect();
    let keys = new_tuple_from_values(cx, &keys);
    cx.call_values(function.r(), &values, keys.downcast::<PyTuple>(cx))
}

/// The class with its module in front.
fn qualified_name(cx: &mut Cx, this: Ref<'_>) -> R<String> {
    let class = cx.class_of(this).as_ref();
    let module = cx.get_attr(class, cx.vm.names.module.get())?;
    let name = cx.get_attr(class, cx.vm.names.qualname.get())?;
    Ok(format!("{}.{}", cx.text_of(module.r()), cx.text_of(name.r())))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let state = a.this::<PyPartial>().state(cx);
    guarded(cx, a.get(0), "...", |cx| {
        let mut text = StrBuf::with_capacity(64);
        text.push_wtf8(qualified_name(cx, a.get(0))?);
        text.push_ascii(b"(");
        push_repr(cx, &mut text, state.function.r())?;
        for &v in state.args(cx) {
            text.push_ascii(b", ");
            push_repr(cx, &mut text, v)?;
        }
        for (key, v) in state.keywords(cx).map(|kw| kw.items(cx)).unwrap_or_default() {
            text.push_ascii(b", ");
            let key = cx.to_str(key.r())?;
            if let Some(key) = key.downcast::<PyStr>(cx) {
                text.push_str(key);
            }
            text.push_ascii(b"=");
            push_repr(cx, &mut text, v.r())?;
        }
        text.push_ascii(b")");
        Ok(text.finish(cx))
    })
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    match a.opt_not_none(1) {
        Some(instance) => Ok(new_bound_method(cx, a.get(0).own(cx), instance.own(cx))),
        None => Ok(a.get(0).own(cx)),
    }
}

/// `(class, (function,), state)`.
fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let state = a.this::<PyPartial>().state(cx);
    let dict = if has_attributes(cx, a.get(0)) { instance_dict(cx, a.get(0))? } else { cx.none() };
    let class = cx.class_of(a.get(0)).as_ref().own(cx);
    let function = cx.tuple(vec![state.function.clone()]);
    let state = cx.tuple(vec![state.function, state.args, state.keywords, dict]);
    Ok(cx.tuple(vec![class, function, state]))
}

/// `__setstate__((function, args, keywords, dict))`.
fn set_state(cx: &mut Cx, a: Args<'_>) -> R {
    let parts = a.get(1).downcast::<PyTuple>(cx).map_or(&[][..], PyTuple::items);
    let &[function, args, keywords, dict] = parts else {
        return Err(cx.type_error("invalid partial state"));
    };
    let fits = |v: Ref<'_>| v.value().is_none() || cx.is_instance_of(v, Builtin::Dict);
    let Some(given) = args.downcast::<PyTuple>(cx) else {
        return Err(cx.type_error("invalid partial state"));
    };
    if !is_callable(cx, function) || !fits(keywords) || !fits(dict) {
        return Err(cx.type_error("invalid partial state"));
    }
    check_trailing(cx, given.items())?;
    let args = match cx.is_exactly(args, Builtin::Tuple) {
        true => args.own(cx),
        false => new_tuple_with(cx, given.len(), |i| given.items()[i]),
    };
    let keywords = match keywords.downcast::<PyDict>(cx) {
        None => PyDict::new(cx),
        Some(kw) if !cx.is_exactly(keywords, Builtin::Dict) => kw.copy(cx),
        Some(_) => keywords.own(cx),
    };
    let this: &PyPartial = a.this();
    let function = function.own(cx);
    let old = locked(cx, &this.h, || {
        let h = &this.h;
        [
            this.function.replace_locked(h, function),
            this.args.replace_locked(h, args),
            this.keywords.replace_locked(h, keywords),
        ]
    });
    drop(old);
    match dict.value().is_none() {
        true if !has_attributes(cx, a.get(0)) => {}
        true => {
            let empty = PyDict::new(cx);
            set_instance_dict(cx, a.get(0), Some(empty.r()))?;
        }
        false => set_instance_dict(cx, a.get(0), Some(dict))?,
    }
    Ok(cx.none())
}

fn set_dict(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(dict) = a.opt(1) else { return Err(cx.type_error("cannot delete __dict__")) };
    set_instance_dict(cx, a.get(0), Some(dict))?;
    Ok(cx.none())
}

/// Makes the type.
pub(super) fn init(cx: &mut Cx) -> &'static PyType {
    let flags = class_flag::BASETYPE | class_flag::HAS_DICT | class_flag::HAS_WEAKREF;
    let size = size_of::<PyPartial>();
    let mut b = TypeBuilder::native_type(cx, "functools.partial", &PARTIAL_OPS, size, true, flags);
    b.text_signature("(func, /, *args, **keywords)");
    b.doc(cx, "A function of which some arguments and keyword arguments are given already.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.callable(cx, call);
    b.specials(
        cx,
        &[(Special::Repr, Full(repr)), (Special::Get, Full(get)), (Special::Reduce, Full(reduce))],
    );
    b.method(cx, "__setstate__", "($self, object, /)", Full(set_state));
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    let parts: [(&str, NativeFn); 3] = [
        ("func", Leaf(|cx, a| Ok(a.this::<PyPartial>().state(cx).function))),
        ("args", Leaf(|cx, a| Ok(a.this::<PyPartial>().state(cx).args))),
        ("keywords", Leaf(|cx, a| Ok(a.this::<PyPartial>().state(cx).keywords))),
    ];
    for (name, get) in parts {
        b.getset(cx, name, get, Some(Full(readonly)));
    }
    let get = Full(|cx: &mut Cx, a: Args<'_>| instance_dict(cx, a.get(0)));
    b.getset(cx, "__dict__", get, Some(Full(set_dict)));
    b.class()
}
