//! Native functions and the descriptors that hold them: functions of modules, methods of built-in types, class methods,
//! constructors, computed attributes.

use crate::native::Arity;
use crate::objects::dict::PyDict;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// A native function or method descriptor. The kind is said by the object's class.
#[repr(C)]
pub struct PyNative {
    pub h: Header,
    pub def: &'static NativeDef,
    /// The class that the method belongs to; null for functions of modules.
    pub owner: *const PyType,
    /// What it is bound to: the module's name of a function, the class of a constructor.
    pub this: Slot,
    pub module: Slot,
    /// Whether it is the `__new__` of a built-in type.
    constructs: bool,
}

/// A computed attribute.
#[repr(C)]
pub struct PyGetSet {
    pub h: Header,
    pub name: &'static str,
    /// The class that it belongs to.
    owner: Slot,
    get: NativeFn,
    set: Option<NativeFn>,
}

impl PyGetSet {
    pub fn owner(&self) -> &PyType {
        // SAFETY: the slot holds a class from birth to end.
        unsafe { Ref::from_value(self.owner.peek()).cast_unchecked() }
    }

    /// Reads the attribute of an instance of the owner.
    ///
    /// # Errors
    /// What its getter raises.
    pub fn read(&self, cx: &mut Cx, instance: Ref<'_>) -> R {
        self.get.call(cx, Args::new(&[instance.value()]))
    }
}

unsafe fn getset_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a computed attribute.
    visit(unsafe { (*h.cast::<PyGetSet>()).owner.peek() });
}

unsafe fn getset_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a computed attribute that nobody else reaches.
    unsafe { (*h.cast::<PyGetSet>()).owner.clear(m) };
}

unsafe fn native_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a native.
    unsafe {
        let n = &*h.cast::<PyNative>();
        visit(n.this.peek());
        visit(n.module.peek());
    }
}

unsafe fn native_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a native that nobody else reaches.
    unsafe {
        let n = &*h.cast::<PyNative>();
        n.this.clear(m);
        n.module.clear(m);
    }
}

pub static NATIVE_OPS: TypeOps = TypeOps {
    name: "builtin_function_or_method",
    size: |_| size_of::<PyNative>(),
    trace: Some(native_trace),
    drop_fields: Some(native_drop),
    needs_finalizer: |_| false,
};

pub static GETSET_OPS: TypeOps = TypeOps {
    name: "getset_descriptor",
    size: |_| size_of::<PyGetSet>(),
    trace: Some(getset_trace),
    drop_fields: Some(getset_drop),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyNative {
    const OPS: &'static TypeOps = &NATIVE_OPS;
}

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyGetSet {
    const OPS: &'static TypeOps = &GETSET_OPS;
}

fn new_native(
    cx: &Cx,
    kind: Builtin,
    def: &'static NativeDef,
    owner: Option<&PyType>,
    this: Option<Obj>,
) -> Obj {
    cx.alloc(kind, |h| PyNative {
        h,
        def,
        owner: owner.map_or(std::ptr::null(), |o| o as *const PyType),
        this: this.map_or_else(Slot::empty, Slot::new),
        module: Slot::empty(),
        constructs: owner.is_some() && kind == Builtin::NativeFunction && def.name == "__new__",
    })
}

/// A function; `module` is the name of the module that it belongs to.
pub fn new_function(cx: &Cx, def: &'static NativeDef, module: Option<Obj>) -> Obj {
    let made = new_native(cx, Builtin::NativeFunction, def, None, None);
    if let (Some(module), Some(n)) = (module, made.downcast::<PyNative>(cx)) {
        n.module.set(&n.h, cx, module);
    }
    made
}

/// Special methods that are ordinary methods of built-in types, not wrappers of a slot.
const NO_SLOT: &[&str] = &[
    "__bytes__",
    "__ceil__",
    "__class_getitem__",
    "__complex__",
    "__dir__",
    "__enter__",
    "__exit__",
    "__floor__",
    "__format__",
    "__fspath__",
    "__getstate__",
    "__init_subclass__",
    "__instancecheck__",
    "__length_hint__",
    "__missing__",
    "__mro_entries__",
    "__prepare__",
    "__reduce__",
    "__reduce_ex__",
    "__reversed__",
    "__round__",
    "__sizeof__",
    "__subclasscheck__",
    "__trunc__",
];

/// A method of a built-in type.
pub fn new_method_descriptor(cx: &Cx, class: &PyType, def: &'static NativeDef) -> Obj {
    let is = |which| std::ptr::eq(class, cx.builtin(which));
    let is_method = match def.name {
        "__getitem__" => is(Builtin::List) || is(Builtin::Dict),
        "__contains__" => is(Builtin::Dict) || is(Builtin::Set) || is(Builtin::FrozenSet),
        name => NO_SLOT.contains(&name),
    };
    let dunder =
        !is_method && def.name.starts_with("__") && Special::ALL.iter().any(|s| s.text() == def.name);
    let kind = if dunder { Builtin::WrapperDescriptor } else { Builtin::MethodDescriptor };
    let made = new_native(cx, kind, def, Some(class), None);
    // Built-in types keep their methods for good: callers need not count them.
    if let Some(h) = made.r().header() {
        h.make_immortal();
    }
    made
}

/// `__new__` of a built-in type: bound to the class, checks that its first argument derives from it.
pub fn new_constructor(cx: &Cx, class: &PyType, def: &'static NativeDef) -> Obj {
    new_native(cx, Builtin::NativeFunction, def, Some(class), Some(class.as_ref().own(cx)))
}

/// A class method of a built-in type.
pub fn new_class_method_descriptor(cx: &Cx, class: &PyType, def: &'static NativeDef) -> Obj {
    new_native(cx, Builtin::ClassMethodDescriptor, def, Some(class), None)
}

/// A computed attribute.
pub fn new_getset(cx: &Cx, class: &PyType, name: &'static str, get: NativeFn, set: Option<NativeFn>) -> Obj {
    let owner = Slot::new(class.as_ref().own(cx));
    cx.alloc(Builtin::GetSet, |h| PyGetSet { h, name, owner, get, set })
}

/// Whether a shape id is that of something [`call_positional`] can call.
#[inline(always)]
pub fn is_native(id: u32) -> bool {
    id == Builtin::NativeFunction as u32
        || id == Builtin::MethodDescriptor as u32
        || id == Builtin::WrapperDescriptor as u32
        || id == Builtin::ClassMethodDescriptor as u32
        || id == Builtin::MethodWrapper as u32
}

impl PyNative {
    fn owner(&self) -> Option<&'static PyType> {
        // SAFETY: natives belong to classes written in Rust, which are immortal.
        unsafe { self.owner.as_ref() }
    }

    /// Whether it is the `__new__` of a built-in type.
    #[inline(always)]
    pub fn is_constructor(&self) -> bool {
        self.constructs
    }

    fn is_wrapper(&self) -> bool {
        [Builtin::WrapperDescriptor as u32, Builtin::MethodWrapper as u32].contains(&self.h.shape_id())
    }

    /// What a bound native is called with in front of its arguments.
    #[inline(always)]
    pub fn hidden_receiver(&self) -> Option<Value> {
        let this = self.this.peek();
        // A constructor is bound to its class for its `__self__` only.
        (!this.is_undef() && self.def.takes_self() && !self.is_constructor()).then_some(this)
    }

    /// Whether instances of the class are what this method is for.
    pub fn fits(&self, cx: &Cx, class: &PyType) -> bool {
        self.owner().is_some_and(|owner| class.is_subclass(owner, cx))
    }

    /// As [`PyNative::qualified`], a function of a module but `builtins` with the module in front.
    fn name_in_messages(&self, class: Option<&PyType>) -> String {
        // SAFETY: set for good when the function was made.
        let module = unsafe { Ref::from_value(self.module.peek()) };
        let name = self.qualified(class);
        match module.header() {
            Some(h) if self.owner.is_null() && h.shape_id() == Builtin::Str as u32 => {
                // SAFETY: the shape says so.
                let module = unsafe { module.cast_unchecked::<crate::objects::str::PyStr>() };
                match module.as_bytes() {
                    b"" | b"builtins" => name,
                    _ => format!("{}.{name}", module.to_string_lossy()),
                }
            }
            _ => name,
        }
    }

    /// The class in the name: that of what the native is bound to, or the bound class itself.
    fn named_class(&self, cx: &Cx) -> Option<&'static PyType> {
        if self.this.is_empty() || self.is_constructor() {
            return self.owner();
        }
        // SAFETY: set for good when the native was bound.
        let this = unsafe { Ref::from_value(self.this.peek()) };
        Some(PyType::from_ref(this, cx).unwrap_or_else(|| cx.class_of(this)))
    }

    /// Whether a call with these arguments, `self` included, passes the check of the first one: it is an instance of the method's
    /// class, or for a constructor a class derived from its own. False also if more must be asked to know.
    #[inline]
    pub fn suits(&self, cx: &Cx, args: Args<'_>) -> bool {
        let (Some(owner), true) = (self.owner(), !args.is_empty()) else { return false };
        if self.constructs {
            // Where the nearest built-in type is another one, more is asked.
            let Some(class) = PyType::from_ref(args.get(0), cx) else { return false };
            return !class.has_flag(class_flag::DISALLOW_INSTANTIATION)
                && std::ptr::eq(class.ops, owner.ops)
                && class.mro().iter().find(|c| !c.is_heap()).is_some_and(|c| std::ptr::eq(*c, owner));
        }
        let id = self.h.shape_id();
        (id == Builtin::MethodDescriptor as u32 || id == Builtin::WrapperDescriptor as u32)
            && cx.class_of(args.get(0)).is_subclass(owner, cx)
    }

    /// The name for messages.
    fn qualified(&self, class: Option<&PyType>) -> String {
        match class {
            Some(owner) => format!("{}.{}", owner.name(), self.def.name),
            None => self.def.name.to_string(),
        }
    }
}

/// Calls a native with positional arguments. Nothing is copied or allocated if they are as many as its parameters.
///
/// # Errors
/// `TypeError` for wrong arguments, or what the native raises.
#[inline]
pub fn call_positional(cx: &mut Cx, native: &PyNative, args: Args<'_>) -> R {
    call_native(cx, native, args, None)
}

/// Calls a native; `names` names the last arguments.
///
/// # Errors
/// As [`call_positional`].
pub fn call(cx: &mut Cx, callee: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    // SAFETY: callers check with `is_native`.
    let native = unsafe { callee.cast_unchecked::<PyNative>() };
    call_native(cx, native, args, names)
}

/// Calls a method or slot of a built-in type for an object, the first of the arguments. `None` if there is anything to be said
/// or done about the object or the arguments first ([`call`]).
#[inline]
pub(crate) fn call_as_method(cx: &mut Cx, callee: Ref<'_>, args: &[Value]) -> Option<R> {
    // SAFETY: callers check that it is a descriptor.
    let native = unsafe { callee.cast_unchecked::<PyNative>() };
    let (arity, args) = (native.def.arity(), Args::new(args));
    let fits = arity.admits(args.len())
        && arity.window() == args.len()
        && native.this.is_empty()
        && !native.is_constructor()
        && native.owner().is_some_and(|owner| cx.class_of(args.get(0)).is_subclass(owner, cx));
    if !fits || cx.native_stack_low() {
        return None;
    }
    Some(finish(cx, native, args))
}

fn call_native(cx: &mut Cx, native: &PyNative, args: Args<'_>, names: Option<&PyTuple>) -> R {
    check_receiver(cx, native, args, names)?;
    let this = native.hidden_receiver();
    let given = args.len() + this.is_some() as usize;
    let arity = native.def.arity();
    if names.is_none() && arity.admits(given) {
        if given == arity.window() && this.is_none() {
            return finish(cx, native, args);
        }
        let mut window = [Value::UNDEF; Arity::MAX_WINDOW];
        let start = match this {
            Some(this) => {
                window[0] = this;
                1
            }
            None => 0,
        };
        window[start..given].copy_from_slice(args.values());
        return finish(cx, native, Args::new(&window[..arity.window()]));
    }
    match this {
        Some(this) => prepended(this, args.values(), |all| sort(cx, native, Args::new(all), names)),
        None => sort(cx, native, args, names),
    }
}

/// Calls `f` with `first` in front of `rest`. Nothing is allocated if they are few.
#[inline]
pub(crate) fn prepended<T>(first: Value, rest: &[Value], f: impl FnOnce(&[Value]) -> T) -> T {
    const FEW: usize = 8;
    let n = rest.len() + 1;
    if n > FEW {
        let all: Vec<Value> = std::iter::once(first).chain(rest.iter().copied()).collect();
        return f(&all);
    }
    let mut few = [Value::UNDEF; FEW];
    few[0] = first;
    few[1..n].copy_from_slice(rest);
    f(&few[..n])
}

/// Calls a native that takes positional parameters and `*args`, and `**kwargs` or some by name perhaps, with positional
/// arguments: the surplus ones become a tuple, no dict is made. `None` for other signatures, and for too few arguments.
fn call_with_varargs(cx: &mut Cx, native: &PyNative, args: Args<'_>) -> Option<R> {
    let sig = native.def.sig();
    let n = sig.positional;
    // Where the tuple goes: behind the parameters that are given by name only.
    let at = sig.names.len();
    if !sig.varargs || args.len() < n || at + 2 > Arity::MAX_WINDOW || sig.keyword_required.contains(&true) {
        return None;
    }
    let surplus = crate::objects::tuple::new_tuple_from_borrowed(cx, &args.values()[n..]);
    let mut window = [Value::UNDEF; Arity::MAX_WINDOW];
    window[..n].copy_from_slice(&args.values()[..n]);
    window[at] = surplus.value();
    Some(finish(cx, native, Args::new(&window[..at + 1 + sig.varkw as usize])))
}

/// Calls a native with some arguments by name where they fit its parameters: nothing is allocated but the tuple of surplus
/// positional ones. `None` if there is anything unusual about them.
fn call_with_names(
    cx: &mut Cx,
    native: &PyNative,
    args: Args<'_>,
    positional: usize,
    names: &PyTuple,
) -> Option<R> {
    let sig = native.def.sig();
    let total = sig.names.len();
    let end = total + sig.varargs as usize;
    if sig.varkw || end > Arity::MAX_WINDOW || positional > sig.positional && !sig.varargs {
        return None;
    }
    let values = args.values();
    let by_position = positional.min(sig.positional);
    let mut window = [Value::UNDEF; Arity::MAX_WINDOW];
    window[..by_position].copy_from_slice(&values[..by_position]);
    for (name, &v) in names.items().iter().zip(&values[positional..]) {
        let text = name.downcast::<crate::objects::str::PyStr>(cx)?.as_bytes();
        let i = (sig.positional_only..total).find(|&i| sig.names[i].as_bytes() == text)?;
        if window[i] != Value::UNDEF {
            return None;
        }
        window[i] = v;
    }
    let needed = sig.keyword_required.iter().zip(&window[sig.positional..]);
    if window[..sig.required].contains(&Value::UNDEF) || needed.into_iter().any(|(&n, &v)| n && v.is_undef())
    {
        return None;
    }
    let surplus = sig
        .varargs
        .then(|| crate::objects::tuple::new_tuple_from_borrowed(cx, &values[by_position..positional]));
    if let Some(surplus) = &surplus {
        window[total] = surplus.value();
    }
    Some(finish(cx, native, Args::new(&window[..end])))
}

/// Sorts the arguments of a call by the signature; `names` names the last ones.
fn sort(cx: &mut Cx, native: &PyNative, args: Args<'_>, names: Option<&PyTuple>) -> R {
    if names.is_none()
        && let Some(result) = native.def.f.call_given(cx, args)
    {
        cx.run_pending();
        return result;
    }
    if names.is_none()
        && let Some(result) = call_with_varargs(cx, native, args)
    {
        return result;
    }
    let positional = args.len() - names.map_or(0, |n| n.items().len());
    if let Some(names) = names
        && let Some(result) = call_with_names(cx, native, args, positional, names)
    {
        return result;
    }
    if native.is_wrapper() {
        check_wrapper(cx, native, positional, names)?;
    }
    let class = native.named_class(cx);
    let name = || native.name_in_messages(class);
    let window = crate::bind::bind(cx, native.def.sig(), &name, args, positional, names)?;
    finish(cx, native, Args::of(&window))
}

/// Wrappers of slots have messages of their own for a wrong number of arguments.
fn check_wrapper(cx: &mut Cx, native: &PyNative, positional: usize, names: Option<&PyTuple>) -> R<()> {
    let (sig, name) = (native.def.sig(), native.def.name);
    if !sig.is_plain() || positional == 0 || sig.positional_only < sig.names.len() {
        return Ok(());
    }
    if names.is_some_and(|n| !n.is_empty()) {
        let class = native.owner().filter(|_| name == "__init__");
        return Err(cx.type_error(match class {
            Some(class) => format!("{}() takes no keyword arguments", class.name()),
            None => format!("wrapper {name}() takes no keyword arguments"),
        }));
    }
    let (given, min, max) = (positional - 1, sig.required.max(1) - 1, sig.positional.max(1) - 1);
    let (bound, n) = match given {
        _ if (min..=max).contains(&given) => return Ok(()),
        _ if min == max => ("", min),
        // Powers have a third operand, which may be left out.
        _ if min == 1 && max == 2 => ("1 or ", max),
        _ if given < min => ("at least ", min),
        _ => ("at most ", max),
    };
    let s = if n == 1 { "" } else { "s" };
    let name = if name == "__setattr__" { "__setattr__ " } else { "" };
    Err(cx.type_error(format!("{name}expected {bound}{n} argument{s}, got {given}")))
}

#[inline(always)]
fn finish(cx: &mut Cx, native: &PyNative, args: Args<'_>) -> R {
    let result = native.def.f.call(cx, args);
    cx.run_pending();
    result
}

/// A method's first argument must be an instance of its class, a constructor's a class derived from its own.
#[inline(always)]
fn check_receiver(cx: &mut Cx, native: &PyNative, args: Args<'_>, names: Option<&PyTuple>) -> R<()> {
    let Some(owner) = native.owner() else { return Ok(()) };
    if native.is_constructor() {
        return check_class_argument(cx, owner, args);
    }
    if !native.this.is_empty() {
        return Ok(());
    }
    if native.h.shape_id() == Builtin::ClassMethodDescriptor as u32 {
        return check_class_receiver(cx, native, owner, args);
    }
    let given = args.len() - names.map_or(0, |n| n.items().len());
    let name = native.def.name;
    if given == 0 {
        let class = owner.name();
        let what = if native.h.shape_id() == Builtin::WrapperDescriptor as u32 {
            "descriptor"
        } else {
            "unbound method"
        };
        return Err(cx.type_error(match what {
            "descriptor" => format!("descriptor '{name}' of '{class}' object needs an argument"),
            _ => format!("unbound method {class}.{name}() needs an argument"),
        }));
    }
    let class = cx.class_of(args.get(0));
    if std::ptr::eq(class, owner) || class.is_subclass(owner, cx) {
        return Ok(());
    }
    let (expected, got) = (owner.tp_name(), class.tp_name());
    let verb = if native.h.shape_id() == Builtin::WrapperDescriptor as u32 { "requires a" } else { "for" };
    Err(cx.type_error(match verb {
        "requires a" => format!("descriptor '{name}' requires a '{expected}' object but received a '{got}'"),
        _ => format!("descriptor '{name}' for '{expected}' objects doesn't apply to a '{got}' object"),
    }))
}

/// A class method's first argument is a class derived from its own.
#[inline(always)]
fn check_class_receiver(cx: &mut Cx, native: &PyNative, owner: &'static PyType, args: Args<'_>) -> R<()> {
    match args.opt(0).and_then(|class| PyType::from_ref(class, cx)) {
        Some(class) if std::ptr::eq(class, owner) || class.is_subclass(owner, cx) => Ok(()),
        _ => Err(wrong_class(cx, native, owner, args.opt(0))),
    }
}

#[cold]
fn wrong_class(cx: &mut Cx, native: &PyNative, owner: &'static PyType, given: Option<Ref<'_>>) -> Err {
    let (name, owner) = (native.def.name, owner.tp_name());
    let Some(first) = given else {
        return cx.type_error(format!("descriptor '{name}' of '{owner}' object needs an argument"));
    };
    let what = match PyType::from_ref(first, cx) {
        Some(class) => format!("requires a subtype of '{owner}' but received '{}'", class.tp_name()),
        None => {
            let found = cx.class_of(first).tp_name();
            format!("for type '{owner}' needs a type, not a '{found}' as arg 2")
        }
    };
    cx.type_error(format!("descriptor '{name}' {what}"))
}

fn check_class_argument(cx: &mut Cx, owner: &'static PyType, args: Args<'_>) -> R<()> {
    let Some(first) = args.opt(0) else {
        let name = owner.name();
        return Err(cx.type_error(format!("{name}.__new__(): not enough arguments")));
    };
    let Some(class) = PyType::from_ref(first, cx) else {
        let (name, got) = (owner.name(), cx.type_name(first));
        return Err(cx.type_error(format!("{name}.__new__(X): X is not a type object ({got})")));
    };
    if !class.is_subclass(owner, cx) {
        let (name, got) = (owner.name(), class.name());
        return Err(cx.type_error(format!("{name}.__new__({got}): {got} is not a subtype of {name}")));
    }
    if class.has_flag(class_flag::DISALLOW_INSTANTIATION) {
        let name = class.tp_name();
        return Err(cx.type_error(format!("cannot create '{name}' instances")));
    }
    if !std::ptr::eq(class.ops, owner.ops) {
        let (name, got) = (owner.name(), class.name());
        let safe = class.base_with_layout().name();
        return Err(cx.type_error(format!("{name}.__new__({got}) is not safe, use {safe}.__new__()")));
    }
    check_nearest(cx, owner, class)
}

/// Among the built-in types that the class derives from, the nearest one's constructor must be the one called:
/// `int.__new__(bool)` would make a `bool` that is neither.
fn check_nearest(cx: &mut Cx, owner: &'static PyType, class: &'static PyType) -> R<()> {
    let Some(nearest) = class.mro().iter().copied().find(|c| !c.is_heap()) else { return Ok(()) };
    if std::ptr::eq(nearest, owner) || !nearest.is_subclass(owner, cx) {
        return Ok(());
    }
    let new = cx.vm.names.new.get();
    let constructor = nearest.mro().iter().copied().find(|c| c.dict(cx).get_str(cx, new).is_some());
    if constructor.is_none_or(|found| std::ptr::eq(found, owner)) {
        return Ok(());
    }
    let (name, got, safe) = (owner.name(), class.name(), nearest.name());
    Err(cx.type_error(format!("{name}.__new__({got}) is not safe, use {safe}.__new__()")))
}

/// Calls `f(*args, **kwargs)` with a tuple and a dict.
///
/// # Errors
/// What the call raises.
pub fn spread(cx: &mut Cx, f: Ref<'_>, args: Ref<'_>, kwargs: Option<Ref<'_>>) -> R {
    unpacked(cx, args, kwargs, |cx, args, names| cx.call_values(f, args.values(), names))
}

/// Hands a tuple and a dict of arguments to `f` as a call has them: in a row, the last ones named by a tuple.
///
/// # Errors
/// What `f` raises.
pub(crate) fn unpacked(
    cx: &mut Cx,
    args: Ref<'_>,
    kwargs: Option<Ref<'_>>,
    f: impl FnOnce(&mut Cx, Args<'_>, Option<&PyTuple>) -> R,
) -> R {
    let mut values: Vec<Value> =
        args.downcast::<PyTuple>(cx).map_or_else(Vec::new, |t| t.items().iter().map(|v| v.value()).collect());
    let (keys, named): (Vec<Obj>, Vec<Obj>) = match kwargs.and_then(|k| k.downcast::<PyDict>(cx)) {
        Some(kwargs) => kwargs.items(cx).into_iter().unzip(),
        None => (Vec::new(), Vec::new()),
    };
    values.extend(named.iter().map(|v| v.value()));
    let keys = cx.tuple(keys);
    let names = keys.downcast::<PyTuple>(cx).filter(|t| !t.items().is_empty());
    f(cx, Args::new(&values), names)
}

/// Binds a descriptor to what it was looked up on; `None` for the class itself.
fn bind_to(cx: &Cx, native: &PyNative, this: Obj) -> Obj {
    let kind = match native.h.shape_id() == Builtin::WrapperDescriptor as u32 {
        true => Builtin::MethodWrapper,
        false => Builtin::NativeFunction,
    };
    new_native(cx, kind, native.def, native.owner(), Some(this))
}

/// A function or method found on a class, bound to an instance of it.
pub fn bind_plain(cx: &Cx, method: Obj, this: Ref<'_>) -> Obj {
    match method.downcast::<PyNative>(cx) {
        Some(native) => bind_to(cx, native, this.own(cx)),
        None => crate::objects::method::new_bound_method(cx, method, this.own(cx)),
    }
}

fn descriptor_get(cx: &mut Cx, a: Args<'_>) -> R {
    match a.opt_not_none(1) {
        None => Ok(a.get(0).own(cx)),
        Some(instance) => {
            check_receiver(cx, a.this::<PyNative>(), a.rest(1), None)?;
            Ok(bind_to(cx, a.this::<PyNative>(), instance.own(cx)))
        }
    }
}

fn class_descriptor_get(cx: &mut Cx, a: Args<'_>) -> R {
    let native = a.this::<PyNative>();
    let (name, owner) = (native.def.name, native.owner());
    let class = match (a.opt_not_none(2), a.opt_not_none(1)) {
        (Some(class), _) => class,
        (None, Some(instance)) => cx.class_of(instance).as_ref(),
        (None, None) => {
            let owner = owner.map(PyType::name).unwrap_or_default();
            return Err(cx.type_error(format!(
                "descriptor '{name}' for type '{owner}' needs either an object or a type"
            )));
        }
    };
    match (PyType::from_ref(class, cx), owner) {
        (Some(given), _) if native.fits(cx, given) => Ok(bind_to(cx, native, given.as_ref().own(cx))),
        (_, Some(owner)) => Err(wrong_class(cx, native, owner, Some(class))),
        (_, None) => Err(cx.system_error("a class method of no class")),
    }
}

fn getset_get(cx: &mut Cx, a: Args<'_>) -> R {
    let g = a.this::<PyGetSet>();
    let Some(instance) = a.opt_not_none(1) else {
        // `None` itself has attributes too, such as `None.__class__`.
        let on_none = a.opt(2).is_some_and(|c| c.is(cx.builtin(Builtin::NoneType).as_ref()));
        return if on_none { load(cx, g, Ref::immediate(Value::NONE)) } else { Ok(a.get(0).own(cx)) };
    };
    load(cx, g, instance)
}

fn getset_doc(cx: &Cx, a: Args<'_>) -> R {
    let g = a.this::<PyGetSet>();
    let text = crate::builtins::docs::of_attribute(g.owner(), g.name);
    Ok(text.map_or_else(|| cx.none(), |text| cx.str(text)))
}

fn getset_qualname(cx: &mut Cx, a: Args<'_>) -> R {
    let g = a.this::<PyGetSet>();
    let owner = g.owner();
    let class = cx.get_attr(owner.as_ref(), cx.vm.names.qualname.get())?;
    let (class, name) = (cx.text_of(class.r()), g.name);
    Ok(cx.str(&format!("{class}.{name}")))
}

fn check_instance(cx: &mut Cx, g: &PyGetSet, v: Ref<'_>) -> R<()> {
    let owner = g.owner();
    if cx.class_of(v).is_subclass(owner, cx) {
        return Ok(());
    }
    let (name, class, got) = (g.name, owner.tp_name(), cx.type_name(v));
    Err(cx.type_error(format!("descriptor '{name}' for '{class}' objects doesn't apply to a '{got}' object")))
}

/// Reads a computed attribute.
///
/// # Errors
/// What its getter raises.
pub fn load(cx: &mut Cx, g: &PyGetSet, v: Ref<'_>) -> R {
    check_instance(cx, g, v)?;
    g.get.call(cx, Args::new(&[v.value()]))
}

/// Writes (`UNDEF`: deletes) a computed attribute.
///
/// # Errors
/// `AttributeError` if it is read-only, or what its setter raises.
pub fn store(cx: &mut Cx, g: &PyGetSet, v: Ref<'_>, value: Value) -> R {
    check_instance(cx, g, v)?;
    match g.set {
        Some(set) => set.call(cx, Args::new(&[v.value(), value])),
        None => {
            let class = g.owner().tp_name();
            let name = g.name;
            let key = cx.str(name);
            let message = format!("attribute '{name}' of '{class}' objects is not writable");
            Err(cx.attribute_error(v, key.r(), &message))
        }
    }
}

pub fn declare(cx: &Cx) {
    let size = size_of::<PyNative>();
    for (which, name) in [
        (Builtin::NativeFunction, "builtin_function_or_method"),
        (Builtin::MethodDescriptor, "method_descriptor"),
        (Builtin::WrapperDescriptor, "wrapper_descriptor"),
        (Builtin::ClassMethodDescriptor, "classmethod_descriptor"),
        (Builtin::MethodWrapper, "method-wrapper"),
    ] {
        TypeBuilder::declare(cx, which, name, &NATIVE_OPS, size, true);
    }
    TypeBuilder::declare(cx, Builtin::GetSet, "getset_descriptor", &GETSET_OPS, size_of::<PyGetSet>(), true);
}

fn this<'a>(a: Args<'a>) -> &'a PyNative {
    a.this::<PyNative>()
}

/// What a native is bound to; for a function of a module, the module.
fn get_self(cx: &mut Cx, a: Args<'_>) -> R {
    let n = this(a);
    if let Some(bound) = n.this.get(&n.h, cx) {
        return Ok(bound);
    }
    let module = n.module.get(&n.h, cx).and_then(|name| cx.modules().get_str(cx, name.r()));
    Ok(module.unwrap_or_else(|| cx.none()))
}

fn get_objclass(cx: &Cx, a: Args<'_>) -> R {
    Ok(this(a).owner().map_or_else(|| cx.none(), |o| o.as_ref().own(cx)))
}

/// Functions of modules are pickled by their name, methods as an attribute of what they belong to.
fn native_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let n = this(a);
    let name = cx.str(n.def.name);
    let holder = match (n.this.get(&n.h, cx), n.owner()) {
        (Some(bound), _) => bound,
        (None, Some(owner)) => owner.as_ref().own(cx),
        (None, None) => return Ok(name),
    };
    let getattr = crate::objects::iter::builtin_named(cx, "getattr")?;
    let parts = cx.tuple(vec![holder, name]);
    Ok(cx.tuple(vec![getattr, parts]))
}

fn get_module(cx: &mut Cx, a: Args<'_>) -> R {
    let n = this(a);
    Ok(n.module.get(&n.h, cx).unwrap_or_else(|| cx.none()))
}

fn get_qualname(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(cx.str(&this(a).qualified(this(a).named_class(cx))))
}

/// Documentation: there is some of the functions of `builtins` and of methods of its types.
fn get_doc(cx: &mut Cx, a: Args<'_>) -> R {
    let n = this(a);
    let text = match n.owner() {
        Some(owner) => crate::builtins::docs::of_method(cx, owner, n.def),
        None => crate::builtins::docs::of(n.def).map(str::to_owned),
    };
    Ok(text.map_or_else(|| cx.none(), |text| cx.str(&text)))
}

fn get_text_signature(cx: &mut Cx, a: Args<'_>) -> R {
    let text = this(a).def.signature;
    Ok(if text.contains("<unrepresentable>") { cx.none() } else { cx.str(text) })
}

fn native_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let n = this(a);
    let name = n.def.name;
    let text = match (n.this.get(&n.h, cx), n.h.shape_id()) {
        (Some(bound), id) => {
            let class = cx.type_name(bound.r());
            let what = match id == Builtin::MethodWrapper as u32 {
                true => format!("method-wrapper '{name}'"),
                false => format!("built-in method {name}"),
            };
            format!("<{what} of {class} object at {:#x}>", bound.value().0)
        }
        (None, id) if id == Builtin::NativeFunction as u32 => format!("<built-in function {name}>"),
        (None, id) => {
            let class = n.owner().map(|o| o.name()).unwrap_or_default();
            let what = if id == Builtin::WrapperDescriptor as u32 { "slot wrapper" } else { "method" };
            format!("<{what} '{name}' of '{class}' objects>")
        }
    };
    Ok(cx.str(&text))
}

fn native_eq(cx: &mut Cx, a: Args<'_>, wanted: bool) -> R {
    let Some(other) = a.get(1).downcast::<PyNative>(cx) else { return Ok(cx.not_implemented()) };
    let same = std::ptr::eq(this(a).def, other.def) && this(a).this.peek() == other.this.peek();
    Ok(cx.bool(same == wanted))
}

fn native_hash(cx: &Cx, a: Args<'_>) -> R {
    let n = this(a);
    let hash = (n.def as *const NativeDef as i64 >> 4) ^ (n.this.peek().0 as i64 >> 4);
    Ok(cx.int(hash & 0xffff_ffff_ffff))
}

fn add_common(cx: &mut Cx, t: &mut TypeBuilder) {
    t.getset(cx, "__name__", Full(|cx, a| Ok(cx.str(this(a).def.name))), None)
        .getset(cx, "__qualname__", Full(get_qualname), None)
        .getset(cx, "__doc__", Full(get_doc), None)
        .getset(cx, "__text_signature__", Full(get_text_signature), None)
        .special(cx, Special::Call, Full(|cx, a| spread(cx, a.get(0), a.get(1), a.opt(2))))
        .special(cx, Special::Repr, Full(native_repr))
        .method(cx, "__reduce__", "($self, /)", Full(native_reduce));
}

/// Functions and bound methods.
fn init_bound(cx: &mut Cx) {
    for which in [Builtin::NativeFunction, Builtin::MethodWrapper] {
        let flags = match which {
            Builtin::NativeFunction => class_flag::HAS_WEAKREF | class_flag::DISALLOW_INSTANTIATION,
            _ => class_flag::DISALLOW_INSTANTIATION,
        };
        let mut t = TypeBuilder::new(cx, which, Some(Builtin::Object), flags);
        add_common(cx, &mut t);
        t.getset(cx, "__self__", Full(get_self), None)
            .special(cx, Special::Eq, Full(|cx, a| native_eq(cx, a, true)))
            .special(cx, Special::Ne, Full(|cx, a| native_eq(cx, a, false)))
            .special(cx, Special::Hash, Leaf(native_hash));
        match which {
            Builtin::NativeFunction => t.getset(cx, "__module__", Full(get_module), None),
            _ => t.getset(cx, "__objclass__", Leaf(get_objclass), None),
        };
    }
}

pub fn init(cx: &mut Cx) {
    init_bound(cx);
    let object = Some(Builtin::Object);
    for which in [Builtin::MethodDescriptor, Builtin::WrapperDescriptor, Builtin::ClassMethodDescriptor] {
        let flags = class_flag::METHOD_DESCRIPTOR | class_flag::DISALLOW_INSTANTIATION;
        let mut t = TypeBuilder::new(cx, which, object, flags);
        add_common(cx, &mut t);
        let get = if which == Builtin::ClassMethodDescriptor { class_descriptor_get } else { descriptor_get };
        t.special(cx, Special::Get, Full(get)).getset(cx, "__objclass__", Leaf(get_objclass), None);
    }
    init_getset(cx);
}

/// Computed attributes.
fn init_getset(cx: &mut Cx) {
    let object = Some(Builtin::Object);
    let mut t = TypeBuilder::new(cx, Builtin::GetSet, object, class_flag::DISALLOW_INSTANTIATION);
    t.getset(cx, "__qualname__", Full(getset_qualname), None);
    t.getset(cx, "__doc__", Leaf(getset_doc), None);
    t.special(cx, Special::Get, Full(getset_get))
        .special(
            cx,
            Special::Set,
            Full(|cx, a| store(cx, a.this::<PyGetSet>(), a.get(1), a.get(2).value()).map(|_| cx.none())),
        )
        .special(
            cx,
            Special::Delete,
            Full(|cx, a| store(cx, a.this::<PyGetSet>(), a.get(1), Value::UNDEF).map(|_| cx.none())),
        )
        .getset(cx, "__name__", Full(|cx, a| Ok(cx.str(a.this::<PyGetSet>().name))), None)
        .getset(cx, "__objclass__", Full(|cx, a| Ok(a.this::<PyGetSet>().owner().as_ref().own(cx))), None)
        .special(
            cx,
            Special::Repr,
            Full(|cx, a| {
                let g = a.this::<PyGetSet>();
                let class = g.owner().name();
                Ok(cx.str(&format!("<attribute '{}' of '{class}' objects>", g.name)))
            }),
        );
}

/// Calls `f(*args, **kwargs)` with borrowed arguments and a dict.
///
/// # Errors
/// What the call raises.
pub fn spread_with(cx: &mut Cx, f: Ref<'_>, args: &[Ref<'_>], kwargs: &Obj) -> R {
    let items = args.iter().map(|a| a.own(cx)).collect();
    let tuple = cx.tuple(items);
    spread(cx, f, tuple.r(), Some(kwargs.r()))
}
