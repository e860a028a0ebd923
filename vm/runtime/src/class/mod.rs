//! Classes: `PyType`, its attribute look-up through the MRO, and what inline caches hang on to.
//!
//! Instances, shapes and caches refer to classes without counting them. Those written in Rust are immortal, those made by
//! Python end when the collector finds neither them nor their instances in use (`objects/type_/end.rs`). A class's dict is
//! an ordinary [`PyDict`]; every change to it goes through [`PyType::set_attr`] or [`PyType::delete_attr`], which
//! invalidate the cells (`cells.rs`) and the table of special methods of the class and its subclasses.
//!
//! - `builtin.rs`: numbers of the built-in types
//! - `shape.rs`: layout of instances: which attribute is in which slot
//! - `cells.rs`: resolved class attributes by index, for inline caches
//! - `lookup.rs`: attribute look-up along the MRO, special methods
//! - `build.rs`: making built-in types from tables of natives

mod build;
mod builtin;
mod cells;
mod lookup;
mod shape;

pub use build::TypeBuilder;
pub use builtin::Builtin;
pub use cells::{ABSENT, CellTable};
pub use lookup::{any_has_del, any_has_tp_del};
pub use shape::{MAX_SHAPE_ATTRS, Shape};

use crate::hook::Hook;
use crate::names::Special;
use crate::native::Args;
use crate::objects::dict::PyDict;
use crate::objects::tuple::PyTuple;
use crate::ops::{BinaryOp, CompareOp};
use crate::{Cx, Header, Obj, Object, R, Ref, RefExt, Slot, TypeOps};
use std::collections::HashMap;
use ungil_gc::BuildPointerHasher;
use ungil_locks::primitive::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Mutex, RwLock};

/// Bits of [`PyType::flags`].
pub mod class_flag {
    /// Made by a `class` statement or `type()`: attributes can be set.
    pub const HEAP: u32 = 1;
    /// May be a base.
    pub const BASETYPE: u32 = 2;
    /// Instances have a `__dict__`.
    pub const HAS_DICT: u32 = 4;
    /// Instances can be weakly referenced.
    pub const HAS_WEAKREF: u32 = 8;
    /// Has abstract methods: cannot be instantiated.
    pub const ABSTRACT: u32 = 16;
    /// Instances match sequence patterns.
    pub const SEQUENCE: u32 = 32;
    /// Instances match mapping patterns.
    pub const MAPPING: u32 = 64;
    /// `type()` and pickling must not make instances: `cannot create 'x' instances`.
    pub const DISALLOW_INSTANTIATION: u32 = 128;
    /// Class patterns match the subject itself (`case int(x)`).
    pub const MATCH_SELF: u32 = 256;
    /// Attributes cannot be set though it is a heap type.
    pub const IMMUTABLE: u32 = 512;
    /// A function in the class dict of this type binds (it is a function type): `LOAD_METHOD` may skip the bound method.
    pub const METHOD_DESCRIPTOR: u32 = 1024;
    /// Defines or inherits `__del__`: instances need a finalizer.
    pub const HAS_DEL: u32 = 2048;
    /// Has a `__tp_del__` that takes the place of a finalizer as there were before PEP 442.
    pub const HAS_TP_DEL: u32 = 8192;
    /// Its place in the hierarchy is being decided: a metaclass's `mro()` is looking at it.
    pub const INCOMPLETE: u32 = 4096;
}

/// See [`PyType::next`].
pub type NextFn = fn(&mut Cx, Ref<'_>) -> R<Option<Obj>>;

/// See [`PyType::send`].
pub type SendFn = fn(&mut Cx, Ref<'_>, Obj) -> R<crate::objects::generator::Outcome>;

/// See [`PyType::quick`].
pub type QuickFn = fn(&mut Cx, &'static PyType, Args<'_>) -> Option<R>;

/// See [`PyType::make`]. The last arguments are those that the tuple names.
pub type MakeFn = fn(&mut Cx, &'static PyType, Args<'_>, Option<&PyTuple>) -> Option<R>;

/// See [`PyType::call`]. The last arguments are those that the tuple names.
pub type CallFn = fn(&mut Cx, Ref<'_>, Args<'_>, Option<&PyTuple>) -> R;

/// See [`PyType::number`]. Both are called with an instance of the class on one side at least, and on the other one too or an
/// immediate int; `None` leaves it to the special methods.
pub struct NumberHooks {
    pub binary: fn(&mut Cx, BinaryOp, Ref<'_>, Ref<'_>) -> Option<R>,
    pub compare: fn(&mut Cx, CompareOp, Ref<'_>, Ref<'_>) -> Option<R<bool>>,
}

/// What few classes have any of: a word in each of them instead of three.
type Apart<T> = Option<Box<Vec<T>>>;

/// A class.
#[repr(C)]
pub struct PyType {
    pub h: Header,
    /// `__name__`; for built-in types with the module in front as CPython's `tp_name` has it.
    pub name: RwLock<Box<str>>,
    pub qualname: Slot,
    /// Attributes: a `PyDict` with string keys.
    pub dict: Slot,
    /// Tuple of bases.
    pub bases: Slot,
    /// Tuple of classes, the class itself first; lasts as long as the class.
    pub mro: Slot,
    /// Earlier tuples of bases and MROs: each time a tuple of one and those before.
    pub(crate) replaced: Slot,
    /// What a metaclass written in Rust knows of the class: set once, lasts as long as the class.
    pub(crate) native: Slot,
    /// The best base: the one that decides the layout of instances; null for `object`.
    pub base: AtomicPtr<PyType>,
    pub flags: AtomicU32,
    /// Operations on the payload of instances.
    pub ops: &'static TypeOps,
    /// Bytes of the payload of a new instance; 0 if it varies.
    pub payload_size: usize,
    /// Attribute slots that `__slots__` of this class and its bases take.
    pub slot_count: u32,
    /// The shape that new instances start with.
    pub root_shape: AtomicPtr<Shape>,
    /// Guards caches of attributes of the class object itself; unique.
    pub class_id: u32,
    /// Resolved special methods: a borrowed value, `UNDEF` for "not resolved yet", `None` for "there is none"
    /// (a special method that is really `None` is kept as `Ellipsis`).
    pub(crate) specials: [AtomicU64; Special::COUNT],
    /// The Python function that initialises instances if calling the class means no more than making an instance as
    /// `object` does and running that; kept by [`PyType::keep_plain_init`], else `UNDEF`. A hub, as all of `specials`.
    plain_init: AtomicU64,
    /// Cells of attributes resolved through this class, by address of the interned name.
    pub(crate) cells: Mutex<HashMap<usize, u32, BuildPointerHasher>>,
    /// Cells of what `super` finds behind a class in this class's MRO: the class, the name, the cell. Touched under the
    /// mutex of `cells` only.
    pub(crate) behind: Mutex<Apart<(usize, usize, u32)>>,
    /// Names that caches may know as slots of instances: addresses of interned strings, plus one if the slot is one of
    /// `__slots__`. Touched under the mutex of `cells` only.
    pub(crate) slot_names: Mutex<Vec<usize>>,
    /// Whether [`PyType::note_in_caches`] has nothing more to note.
    in_caches: AtomicBool,
    /// Classes of which this one is a direct base; they are unlinked before they are freed.
    pub(crate) subclasses: Mutex<Vec<&'static PyType>>,
    /// Classes in whose MRO this one is without being a base of theirs, direct or not: their metaclass says so.
    pub(crate) strangers: Mutex<Apart<&'static PyType>>,
    /// All shapes of instances, which end with the class.
    pub(crate) shapes: Mutex<Vec<&'static Shape>>,
    /// Instances whose `__init__` has been watched to learn how many attribute slots they need.
    pub(crate) instances_watched: AtomicU32,
    pub(crate) inline_hint: AtomicU32,
    /// How exact instances give their next item, if they are iterators written in Rust: [`Cx::next`] without a call.
    pub(crate) next: Hook<NextFn>,
    /// How exact instances go on with what is sent to them while they are awaited; does what `__next__` and `send` do.
    pub(crate) send: Hook<SendFn>,
    /// How calling the class with positional arguments makes an instance, for native types whose `__new__` and `__init__`
    /// would say no more; `None` from it leaves the call to them.
    pub(crate) quick: Hook<QuickFn>,
    /// As `quick`, for calls that may name arguments.
    pub(crate) make: Hook<MakeFn>,
    /// How exact instances are called, if they are callables written in Rust: their arguments are neither sorted nor packed.
    pub(crate) call: Hook<CallFn>,
    /// How exact instances of a class of numbers written in Rust calculate and compare, without a search for special methods.
    pub(crate) number: Hook<&'static NumberHooks>,
    /// `__text_signature__`: what calls of the class take, if a native type says so.
    pub(crate) text_signature: Hook<&'static &'static str>,
    /// Native constructor of instances' payload for subclasses of built-in types is found through `__new__`; this is
    /// the number of the built-in type itself, `Builtin::COUNT` for others.
    pub builtin: usize,
}

// Programs have hundreds; what is larger, with what the allocator may need to align it, takes 256 bytes more.
ungil_locks::assert_layout!(size_of::<PyType>() - size_of::<Header>() <= 1248);

// SAFETY: a type object starts with its header and its operations are these.
unsafe impl Object for PyType {
    const OPS: &'static TypeOps = &crate::objects::type_::TYPE_OPS;
}

impl PyType {
    /// The class as an object.
    #[inline(always)]
    pub fn as_ref(&self) -> Ref<'static> {
        // SAFETY: classes that natives know are kept by the collector.
        unsafe { Ref::from_value(crate::Value::from_ptr(self)) }
    }

    /// The class behind an object that is one.
    pub fn from_ref(v: Ref<'_>, cx: &Cx) -> Option<&'static PyType> {
        // SAFETY: classes that natives know are kept by the collector.
        v.downcast::<PyType>(cx).map(|class| unsafe { &*(class as *const PyType) })
    }

    /// `__name__` without a module.
    pub fn name(&self) -> String {
        let full = self.name.read().unwrap_or_else(|p| p.into_inner());
        if self.is_heap() {
            full.to_string()
        } else {
            full.rsplit('.').next().unwrap_or_default().to_string()
        }
    }

    /// The name as CPython's messages show it (`tp_name`: "list", "collections.deque", "C").
    pub fn tp_name(&self) -> String {
        self.name.read().unwrap_or_else(|p| p.into_inner()).to_string()
    }

    #[inline(always)]
    pub fn has_flag(&self, bit: u32) -> bool {
        // ORD: relaxed; flags are set before the class is shared, or seen late without harm.
        self.flags.load(ungil_locks::primitive::Ordering::Relaxed) & bit != 0
    }

    pub fn set_flag(&self, bit: u32) {
        // ORD: as in `has_flag`.
        self.flags.fetch_or(bit, ungil_locks::primitive::Ordering::Relaxed);
    }

    pub fn clear_flag(&self, bit: u32) {
        // ORD: as in `has_flag`.
        self.flags.fetch_and(!bit, ungil_locks::primitive::Ordering::Relaxed);
    }

    #[inline(always)]
    pub fn is_heap(&self) -> bool {
        self.has_flag(class_flag::HEAP)
    }

    /// The class dict. Only to be read; changes go through [`PyType::set_attr`].
    pub fn dict(&self, cx: &Cx) -> &'static PyDict {
        let dict = self.dict.peek();
        // SAFETY: set when the class is made and never replaced; the collector keeps it while natives know it.
        let dict: Ref<'static> = unsafe { Ref::from_value(dict) };
        dict.downcast::<PyDict>(cx).expect("the dict of a class")
    }

    /// The classes of the MRO; empty while the class is being made.
    #[inline]
    pub fn mro(&self) -> &'static [&'static PyType] {
        let mro = self.mro.peek();
        if !mro.is_ptr() {
            return &[];
        }
        // SAFETY: tuples of MROs last as long as their classes, so a reader needs no lock; they hold classes only, and references to
        // these are words as values are.
        unsafe {
            let tuple: Ref<'static> = Ref::from_value(mro);
            let items = tuple.cast_unchecked::<PyTuple>().items();
            std::slice::from_raw_parts(items.as_ptr().cast::<&'static PyType>(), items.len())
        }
    }

    /// The best base.
    pub fn base(&self) -> Option<&'static PyType> {
        // ORD: acquire, the base is complete before it is stored.
        let p = self.base.load(ungil_locks::primitive::Ordering::Acquire);
        // SAFETY: classes that natives know are kept by the collector.
        unsafe { p.as_ref() }
    }

    /// Whether this class is `other` or derives from it (real MRO, no hooks).
    #[inline]
    pub fn is_subclass(&self, other: &PyType, _cx: &Cx) -> bool {
        if std::ptr::eq(self, other) {
            return true;
        }
        self.mro().iter().any(|&c| std::ptr::eq(c, other))
    }

    /// Whether instances have the layout of `T`.
    pub fn has_layout<T: Object>(&self) -> bool {
        std::ptr::eq(self.ops, T::OPS)
    }
}

impl Cx {
    /// The class of a value (`type(v)`, not `__class__`).
    #[inline(always)]
    pub fn class_of(&self, v: Ref<'_>) -> &'static PyType {
        match v.header() {
            // SAFETY: shapes of the runtime are `Shape`s, and classes that natives know are kept by the collector.
            Some(h) => unsafe {
                &*(*self.mutator().shape(h as *const Header as *mut Header).cast::<Shape>()).class
            },
            None => self.builtin(Builtin::of_immediate(v.value())),
        }
    }

    /// Whether the class of `v` is the built-in type or derives from it.
    pub fn is_instance_of(&self, v: Ref<'_>, which: Builtin) -> bool {
        self.class_of(v).is_subclass(self.builtin(which), self)
    }

    /// Whether the class of `v` is exactly the built-in type.
    #[inline]
    pub fn is_exactly(&self, v: Ref<'_>, which: Builtin) -> bool {
        match v.header() {
            Some(h) => h.shape_id() == which as u32,
            None => Builtin::of_immediate(v.value()) as u32 == which as u32,
        }
    }

    /// `type(v).__name__` for messages.
    pub fn type_name(&self, v: Ref<'_>) -> String {
        self.class_of(v).tp_name()
    }
}
