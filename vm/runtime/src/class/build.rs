//! Making built-in types: `TypeBuilder` fills a class from a table of natives.
//!
//! Each `objects/<type>.rs` (or folder) has a function `init(cx)` that describes its type to a builder; `bootstrap.rs`
//! calls them in order at start-up, before any other thread runs.

use crate::class::shape::FIRST_HINT;
use crate::class::{
    Builtin, CallFn, MakeFn, NextFn, NumberHooks, PyType, QuickFn, SendFn, Shape, class_flag,
};
use crate::names::Special;
use crate::native::{Args, NativeDef, NativeFn};
use crate::objects::dict::PyDict;
use crate::objects::iter::{self, NativeIter};
use crate::{Cx, Header, Obj, R, RefExt, Slot, TypeOps, Value};
use ungil_locks::primitive::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Mutex, Ordering, RwLock};

/// Unique ids of classes, for caches of attributes of the class object itself.
static NEXT_CLASS_ID: AtomicU32 = AtomicU32::new(1);

impl PyType {
    /// A new class object, incomplete: dict, bases, MRO and root shape are the caller's to set. Immortal.
    pub(crate) fn allocate(
        metaclass_shape: u32,
        name: String,
        ops: &'static TypeOps,
        payload_size: usize,
        flags: u32,
        builtin: usize,
    ) -> &'static PyType {
        let header = Header::new(metaclass_shape);
        header.make_global();
        Box::leak(Box::new(PyType::blank(header, name, ops, payload_size, flags, builtin)))
    }

    /// A new class object under `best`, incomplete as that of [`PyType::allocate`], on the heap: the collector frees it when
    /// it and its instances are unreachable. The caller gets the reference that its count begins with.
    pub(crate) fn allocate_freeable(
        cx: &Cx,
        meta: &PyType,
        name: String,
        best: &PyType,
        flags: u32,
        slot_count: u32,
    ) -> (&'static PyType, Obj) {
        let p = cx.mutator().allocate(size_of::<PyType>()).cast::<PyType>();
        if p.is_null() {
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<PyType>());
        }
        let header = Header::new(meta.root_shape().head.id);
        let mut class = PyType::blank(header, name, best.ops, best.payload_size, flags, Builtin::COUNT);
        class.slot_count = slot_count;
        // SAFETY: fresh memory of the right size, aligned to 16.
        unsafe {
            p.write(class);
            (*p).h.make_class(&cx.space);
            (&*p, Obj::from_owned(Value::from_ptr(p)))
        }
    }

    fn blank(
        h: Header,
        name: String,
        ops: &'static TypeOps,
        payload_size: usize,
        flags: u32,
        builtin: usize,
    ) -> PyType {
        PyType {
            h,
            name: RwLock::new(name.into()),
            qualname: Slot::empty(),
            dict: Slot::empty(),
            bases: Slot::empty(),
            mro: Slot::empty(),
            replaced: Slot::empty(),
            native: Slot::empty(),
            base: AtomicPtr::default(),
            flags: AtomicU32::new(flags),
            ops,
            payload_size,
            slot_count: 0,
            root_shape: AtomicPtr::default(),
            // ORD: relaxed; only uniqueness matters.
            class_id: NEXT_CLASS_ID.fetch_add(1, Ordering::Relaxed),
            specials: std::array::from_fn(|_| AtomicU64::new(Value::UNDEF.0)),
            plain_init: AtomicU64::new(Value::UNDEF.0),
            cells: Mutex::default(),
            behind: Mutex::default(),
            slot_names: Mutex::default(),
            in_caches: AtomicBool::new(false),
            subclasses: Mutex::default(),
            strangers: Mutex::default(),
            instances_watched: AtomicU32::new(0),
            inline_hint: AtomicU32::new(FIRST_HINT),
            next: Default::default(),
            send: Default::default(),
            quick: Default::default(),
            make: Default::default(),
            call: Default::default(),
            number: Default::default(),
            text_signature: Default::default(),
            shapes: Mutex::default(),
            builtin,
        }
    }
}

/// See the module's head.
pub struct TypeBuilder {
    which: Builtin,
    class: &'static PyType,
}

impl TypeBuilder {
    /// The class object of a built-in type, bare. `tp_name` as CPython has it ("list", "collections.deque").
    /// `payload_size` is the size of an instance (0 if it varies), `gc` whether instances may be part of cycles.
    pub(crate) fn declare(
        cx: &Cx,
        which: Builtin,
        tp_name: &str,
        ops: &'static TypeOps,
        payload_size: usize,
        gc: bool,
    ) {
        let class =
            PyType::allocate(Builtin::Type as u32, tp_name.into(), ops, payload_size, 0, which as usize);
        // ORD: relaxed; no other thread runs yet.
        cx.vm.types[which as usize].store(class as *const PyType as *mut PyType, Ordering::Relaxed);
        let shape = Shape::fixed(cx, class, which as u32, ops, gc);
        class.root_shape.store(shape as *const Shape as *mut Shape, Ordering::Relaxed);
    }

    /// As [`TypeBuilder::declare`] for a type whose exact instances have a `__dict__`: their root shape has an attribute
    /// area.
    pub(crate) fn declare_with_dict(
        cx: &Cx,
        which: Builtin,
        tp_name: &str,
        ops: &'static TypeOps,
        payload_size: usize,
    ) {
        let flags = class_flag::HAS_DICT;
        let class =
            PyType::allocate(Builtin::Type as u32, tp_name.into(), ops, payload_size, flags, which as usize);
        // ORD: relaxed; no other thread runs yet.
        cx.vm.types[which as usize].store(class as *const PyType as *mut PyType, Ordering::Relaxed);
        let shape = Shape::root(cx, class, Some(which as u32), 0);
        class.root_shape.store(shape as *const Shape as *mut Shape, Ordering::Relaxed);
    }

    /// A type of a native module, with a layout of its own: `full_name` as CPython's `tp_name` has it. Instances are made
    /// with `cx.alloc_for`; with the flag `HAS_DICT` they have room for attributes.
    pub fn native_type(
        cx: &mut Cx,
        full_name: &str,
        ops: &'static TypeOps,
        payload_size: usize,
        gc: bool,
        flags: u32,
    ) -> TypeBuilder {
        let class = PyType::allocate(
            Builtin::Type as u32,
            full_name.into(),
            ops,
            payload_size,
            flags,
            Builtin::COUNT,
        );
        let shape = match flags & class_flag::HAS_DICT {
            0 => Shape::native(cx, class, ops, gc),
            _ => Shape::root(cx, class, None, 0),
        };
        // ORD: relaxed; the class is not shared yet.
        class.root_shape.store(shape as *const Shape as *mut Shape, Ordering::Relaxed);
        let dict = PyDict::new(cx);
        crate::objects::type_::link(cx, class, &[cx.builtin(Builtin::Object)], dict);
        TypeBuilder { which: Builtin::Object, class }
    }

    /// A type of a native module that derives from a native type and shares its payload. Instances have `slots`
    /// attribute slots more, for the type's own use.
    pub fn native_subtype(
        cx: &mut Cx,
        full_name: &str,
        base: &'static PyType,
        slots: u32,
        flags: u32,
    ) -> TypeBuilder {
        let class = PyType::allocate(
            Builtin::Type as u32,
            full_name.into(),
            base.ops,
            base.payload_size,
            flags,
            Builtin::COUNT,
        );
        // SAFETY: nobody else knows the class yet.
        unsafe { (*(class as *const PyType as *mut PyType)).slot_count = base.slot_count + slots };
        let dict = PyDict::new(cx);
        crate::objects::type_::link(cx, class, &[base], dict);
        TypeBuilder { which: Builtin::Object, class }
    }

    /// A type of a native module under another native type, with a layout of its own that extends its base's.
    pub fn native_derived(
        cx: &mut Cx,
        full_name: &str,
        base: &'static PyType,
        ops: &'static TypeOps,
        payload_size: usize,
        flags: u32,
    ) -> TypeBuilder {
        let class = PyType::allocate(
            Builtin::Type as u32,
            full_name.into(),
            ops,
            payload_size,
            flags,
            Builtin::COUNT,
        );
        let dict = PyDict::new(cx);
        crate::objects::type_::link(cx, class, &[base], dict);
        TypeBuilder { which: Builtin::Object, class }
    }

    /// A type of a native module whose class is a metaclass of that module: with a layout of its own under `object`, or with
    /// the layout of a native base.
    pub fn native_of(
        cx: &mut Cx,
        meta: &PyType,
        full_name: &str,
        base: Option<&'static PyType>,
        (ops, payload_size): (&'static TypeOps, usize),
        flags: u32,
    ) -> TypeBuilder {
        let meta = meta.root_shape().head.id;
        let class = PyType::allocate(meta, full_name.into(), ops, payload_size, flags, Builtin::COUNT);
        let dict = PyDict::new(cx);
        let base = base.unwrap_or_else(|| cx.builtin(Builtin::Object));
        crate::objects::type_::link(cx, class, &[base], dict);
        TypeBuilder { which: Builtin::Object, class }
    }

    /// Begins to fill a declared type; gives it a dict and its place under `base`.
    pub(crate) fn new(cx: &mut Cx, which: Builtin, base: Option<Builtin>, flags: u32) -> TypeBuilder {
        let class = cx.builtin(which);
        class.set_flag(flags);
        let dict = PyDict::new(cx);
        crate::objects::type_::link(cx, class, base.map(|b| cx.builtin(b)).as_slice(), dict);
        TypeBuilder { which, class }
    }

    /// Goes on filling a type.
    pub(crate) fn reopen(cx: &Cx, which: Builtin) -> TypeBuilder {
        TypeBuilder { which, class: cx.builtin(which) }
    }

    /// Goes on filling a type of a native module.
    pub fn extend(class: &'static PyType) -> TypeBuilder {
        TypeBuilder { which: Builtin::Object, class }
    }

    pub fn class(&self) -> &'static PyType {
        self.class
    }

    pub fn which(&self) -> Builtin {
        self.which
    }

    /// Sets an attribute of the class.
    pub fn attr(&mut self, cx: &mut Cx, name: &str, value: Obj) -> &mut Self {
        let name = crate::objects::str::intern(cx, name);
        if self.class.set_attr(cx, name.get(), value).is_err() {
            ungil_gc::fatal("a built-in type cannot be filled");
        }
        self
    }

    /// `__doc__`.
    pub fn doc(&mut self, cx: &mut Cx, text: &str) -> &mut Self {
        let text = crate::objects::str::new_str(cx, text);
        self.attr(cx, "__doc__", text)
    }

    /// A method; `signature` is CPython's text signature ("($self, object, /)"), from which arguments are checked.
    pub fn method(
        &mut self,
        cx: &mut Cx,
        name: &'static str,
        signature: &'static str,
        f: NativeFn,
    ) -> &mut Self {
        let native = NativeDef::leak(name, signature, f);
        let descriptor = crate::objects::native::new_method_descriptor(cx, self.class, native);
        self.attr(cx, name, descriptor)
    }

    /// Several methods at once.
    pub fn methods(&mut self, cx: &mut Cx, table: &[(&'static str, &'static str, NativeFn)]) -> &mut Self {
        for &(name, signature, f) in table {
            self.method(cx, name, signature, f);
        }
        self
    }

    /// A special method with the usual signature of its kind.
    pub fn special(&mut self, cx: &mut Cx, which: Special, f: NativeFn) -> &mut Self {
        self.method(cx, which.text(), which.signature(), f)
    }

    /// Several special methods at once.
    pub fn specials(&mut self, cx: &mut Cx, table: &[(Special, NativeFn)]) -> &mut Self {
        for &(which, f) in table {
            self.special(cx, which, f);
        }
        self
    }

    /// `__new__`: a static method whose first argument is the class. `signature` as "($cls, x=0, /)".
    pub fn constructor(&mut self, cx: &mut Cx, signature: &'static str, f: NativeFn) -> &mut Self {
        let native = NativeDef::leak("__new__", signature, f);
        let function = crate::objects::native::new_constructor(cx, self.class, native);
        self.attr(cx, "__new__", function)
    }

    /// A class method.
    pub fn class_method(
        &mut self,
        cx: &mut Cx,
        name: &'static str,
        signature: &'static str,
        f: NativeFn,
    ) -> &mut Self {
        let native = NativeDef::leak(name, signature, f);
        let descriptor = crate::objects::native::new_class_method_descriptor(cx, self.class, native);
        self.attr(cx, name, descriptor)
    }

    /// A static method.
    pub fn static_method(
        &mut self,
        cx: &mut Cx,
        name: &'static str,
        signature: &'static str,
        f: NativeFn,
    ) -> &mut Self {
        let native = NativeDef::leak(name, signature, f);
        let function = crate::objects::native::new_function(cx, native, None);
        let function = crate::objects::method::new_static_method(cx, function);
        self.attr(cx, name, function)
    }

    /// `__iter__`, which gives the object itself, and `__next__`: the type is an iterator with payload `T`.
    pub fn iterator<T: NativeIter>(&mut self, cx: &mut Cx) -> &mut Self {
        self.next_hook(|cx, v| {
            // SAFETY: called with exact instances of the type, whose payload is `T`.
            unsafe { v.cast_unchecked::<T>() }.step(cx)
        });
        self.special(cx, Special::Iter, NativeFn::Leaf(iter::iter_self));
        self.special(cx, Special::Next, NativeFn::Full(iter::next_method::<T>))
    }

    /// How calling exactly this class with positional arguments makes an instance, the short way: without a tuple of
    /// arguments and calls of `__new__` and `__init__`. Gives `None` for what is not so simple.
    pub fn quick(&mut self, f: QuickFn) -> &mut Self {
        self.class.quick.set(f);
        self
    }

    /// As [`TypeBuilder::quick`], for calls that may name arguments.
    pub fn make(&mut self, f: MakeFn) -> &mut Self {
        self.class.make.set(f);
        self
    }

    /// `__call__`, whose body gets the arguments as they were given; calls of exact instances go there directly.
    pub fn callable(&mut self, cx: &mut Cx, f: CallFn) -> &mut Self {
        self.class.call.set(f);
        self.special(cx, Special::Call, NativeFn::Full(call_packed))
    }

    /// How exact instances calculate and compare; must do what their special methods do. The class has no in-place operators.
    pub fn number(&mut self, hooks: &'static NumberHooks) -> &mut Self {
        self.class.number.set(hooks);
        self
    }

    /// `__text_signature__` of the class: what calls of it take ("(func, /, *args, **keywords)").
    pub fn text_signature(&mut self, text: &'static str) -> &mut Self {
        self.class.text_signature.set(Box::leak(Box::new(text)));
        self
    }

    /// How exact instances give their next item; must do what `__next__` does.
    pub fn next_hook(&mut self, f: NextFn) -> &mut Self {
        self.class.next.set(f);
        self
    }

    /// How exact instances go on with what is sent to them; must do what `__next__` and `send` do.
    pub fn send_hook(&mut self, f: SendFn) -> &mut Self {
        self.class.send.set(f);
        self
    }

    /// An attribute that nothing can set, which CPython reads from a field of the object.
    pub fn member(&mut self, cx: &mut Cx, name: &'static str, get: NativeFn) -> &mut Self {
        let text = crate::objects::str::intern(cx, name).get().own(cx);
        let descriptor = crate::objects::type_::new_native_member(cx, self.class, text, get);
        self.attr(cx, name, descriptor)
    }

    /// A computed attribute. The getter is called with the object, the setter with object and value (`UNDEF`: delete).
    pub fn getset(
        &mut self,
        cx: &mut Cx,
        name: &'static str,
        get: NativeFn,
        set: Option<NativeFn>,
    ) -> &mut Self {
        let descriptor = crate::objects::native::new_getset(cx, self.class, name, get, set);
        self.attr(cx, name, descriptor)
    }
}

/// `__call__` of types made with [`TypeBuilder::callable`].
fn call_packed(cx: &mut Cx, a: Args<'_>) -> R {
    let mut class = Some(cx.class_of(a.get(0)));
    while let Some(c) = class {
        if let Some(call) = c.call.get() {
            return crate::objects::native::unpacked(cx, a.get(1), a.opt(2), |cx, args, names| {
                call(cx, a.get(0), args, names)
            });
        }
        class = c.base();
    }
    Err(crate::object::unreachable_err(cx, "__call__ of a type that is not callable"))
}
