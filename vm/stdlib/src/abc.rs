//! `_abc`: what `abc.ABCMeta` stands on: which classes are registered with an abstract one, and what is known of others.
//!
//! An abstract class keeps an `_abc_data` object: its registered classes, and those that were found to be subclasses and
//! not to be. All of these it knows by the number of the class, which is never given to another one, and refers to weakly.
//! What is known not to be a subclass holds only until any class is registered anywhere, which a counter of the process
//! tells. The object's lock guards it all; nothing is looked up under it that could run Python.

use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicU64, Ordering};
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::add_functions;
use ungil_runtime::objects::set::{new_frozenset, new_set};
use ungil_runtime::objects::str::intern;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::weakref;
use ungil_runtime::prelude::*;

/// Counts registrations in all abstract classes.
static REGISTRATIONS: AtomicU64 = AtomicU64::new(0);

fn registrations() -> u64 {
    // ORD: relaxed; who has registered a class tells others by means that order.
    REGISTRATIONS.load(Ordering::Relaxed)
}

/// Spreads the numbers of classes.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| self.write_u32(b.into()));
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

/// Weak references to classes, by their numbers.
type Classes = HashMap<u32, Slot, BuildHasherDefault<IdHasher>>;

#[derive(Default)]
struct Known {
    registered: Classes,
    subclasses: Classes,
    others: Classes,
    /// The count of registrations for which `others` holds.
    version: u64,
}

#[repr(C)]
struct PyAbcData {
    h: Header,
    known: UnsafeCell<Known>,
}

// SAFETY: `repr(C)`, header first; objects of the type are made with this payload alone.
unsafe impl Object for PyAbcData {
    const OPS: &'static TypeOps = &DATA_OPS;
}

static DATA_OPS: TypeOps = TypeOps {
    name: "_abc._abc_data",
    size: |_| size_of::<PyAbcData>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: nobody changes the object meanwhile.
    let known = unsafe { &*(*h.cast::<PyAbcData>()).known.get() };
    for classes in [&known.registered, &known.subclasses, &known.others] {
        classes.values().for_each(|slot| visit(slot.peek()));
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the object is this thread's alone.
    let known = unsafe { std::mem::take(&mut *(*h.cast::<PyAbcData>()).known.get()) };
    for classes in [known.registered, known.subclasses, known.others] {
        classes.values().for_each(|slot| slot.clear(m));
    }
}

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// One of the three sets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Registered,
    Subclasses,
    Others,
}

impl Known {
    fn set(&mut self, which: Set) -> &mut Classes {
        match which {
            Set::Registered => &mut self.registered,
            Set::Subclasses => &mut self.subclasses,
            Set::Others => &mut self.others,
        }
    }
}

impl PyAbcData {
    /// Runs `f` with what is known, the lock held. `f` runs no Python and drops no object.
    #[inline(always)]
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut Known) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.known.get() }))
    }

    /// What is known about a class.
    #[inline]
    fn answer(&self, cx: &Cx, class: &PyType) -> Option<bool> {
        let now = registrations();
        self.with(cx, |known| {
            if known.subclasses.contains_key(&class.class_id) {
                return Some(true);
            }
            (known.version == now && known.others.contains_key(&class.class_id)).then_some(false)
        })
    }

    /// Adds a class to a set.
    fn add(&self, cx: &mut Cx, which: Set, class: &PyType) -> R<()> {
        let reference = weakref::reference(cx, class.as_ref(), None)?;
        let old = self.with(cx, |known| {
            let slot = known.set(which).entry(class.class_id).or_insert_with(Slot::empty);
            slot.replace_locked(&self.h, reference)
        });
        drop(old);
        Ok(())
    }

    /// Notes that a class is no subclass as far as the first `version` registrations tell.
    fn add_other(&self, cx: &mut Cx, class: &PyType, version: u64) -> R<()> {
        let stale = self.with(cx, |known| match known.version == version {
            true => Classes::default(),
            false => {
                known.version = version;
                std::mem::take(&mut known.others)
            }
        });
        drop_all(stale);
        self.add(cx, Set::Others, class)
    }

    /// The weak references in a set.
    fn references(&self, cx: &Cx, which: Set) -> Vec<Obj> {
        self.with(cx, |known| known.set(which).values().filter_map(|slot| slot.get_locked(cx)).collect())
    }

    fn clear(&self, cx: &Cx, sets: &[Set]) {
        for &which in sets {
            drop_all(self.with(cx, |known| std::mem::take(known.set(which))));
        }
    }
}

fn drop_all(classes: Classes) {
    classes.values().for_each(|slot| drop(slot.take_locked()));
}

/// The `_abc_impl` of an abstract class.
fn data(cx: &mut Cx, class: Ref<'_>) -> R {
    let name = intern(cx, "_abc_impl");
    let data = cx.get_attr(class, name.get())?;
    match data.downcast::<PyAbcData>(cx) {
        Some(_) => Ok(data),
        None => Err(cx.type_error("_abc_impl is set to a wrong type")),
    }
}

/// The payload of what [`data`] gave.
fn payload(data: &Obj) -> &PyAbcData {
    // SAFETY: `data` has checked it.
    unsafe { data.cast_unchecked() }
}

fn is_abstract(cx: &mut Cx, v: Ref<'_>) -> R<bool> {
    match cx.get_attr_opt(v, cx.vm.names.isabstractmethod.get())? {
        Some(flag) => cx.truth(flag.r()),
        None => Ok(false),
    }
}

/// Sets `__abstractmethods__`: the abstract attributes of a class's own, and those of its bases that still are.
fn find_abstract_methods(cx: &mut Cx, class: Ref<'_>) -> R<()> {
    let mut found = Vec::new();
    let namespace = cx.get_attr(class, cx.vm.names.dict.get())?;
    let items = cx.call_method(namespace.r(), "items", &[])?;
    for item in cx.collect(items.r())? {
        if let [name, v] = cx.collect(item.r())?.as_slice()
            && is_abstract(cx, v.r())?
        {
            found.push(name.clone());
        }
    }
    let bases = cx.get_attr(class, cx.vm.names.bases.get())?;
    for base in cx.collect(bases.r())? {
        let Some(names) = cx.get_attr_opt(base.r(), cx.vm.names.abstractmethods.get())? else { continue };
        for name in cx.collect(names.r())? {
            let v = cx.get_attr_opt(class, name.r())?;
            if let Some(v) = v
                && is_abstract(cx, v.r())?
            {
                found.push(name);
            }
        }
    }
    let found = new_frozenset(cx, found)?;
    cx.set_attr(class, cx.vm.names.abstractmethods.get(), found)
}

/// CPython's bits of `__abc_tpflags__`, and the flags of classes that they stand for.
const PATTERN_FLAGS: [(i64, u32); 2] = [(1 << 5, class_flag::SEQUENCE), (1 << 6, class_flag::MAPPING)];

/// Takes `__abc_tpflags__` out of the class and makes what it says flags of the class.
fn take_pattern_flags(cx: &mut Cx, class: &'static PyType) -> R<()> {
    let name = intern(cx, "__abc_tpflags__");
    let own: &PyDict = class.dict(cx);
    let Some(bits) = own.get_str(cx, name.get()).and_then(|v| v.value().as_int()) else { return Ok(()) };
    let wanted: Vec<u32> =
        PATTERN_FLAGS.iter().filter(|(bit, _)| bits & bit != 0).map(|&(_, flag)| flag).collect();
    if wanted.len() > 1 {
        return Err(
            cx.type_error("__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING")
        );
    }
    if let Some(&flag) = wanted.first() {
        set_pattern_flag(class, flag);
    }
    cx.del_attr(class.as_ref(), name.get())
}

/// Gives a class and all below it one of the two flags, and takes the other one. Built-in types keep what they are
/// whatever they are registered as: `str` is a `Sequence`, but no sequence to a pattern.
fn set_pattern_flag(class: &'static PyType, flag: u32) {
    let mut todo = vec![class];
    while let Some(class) = todo.pop() {
        if !class.is_heap() {
            continue;
        }
        class.clear_flag(class_flag::SEQUENCE | class_flag::MAPPING);
        class.set_flag(flag);
        todo.extend(class.direct_subclasses());
    }
}

fn abc_init(cx: &mut Cx, a: Args<'_>) -> R {
    find_abstract_methods(cx, a.get(0))?;
    let Some(&class) = CLASS.get() else { return Err(cx.system_error("_abc is not initialised")) };
    let data = new_data(cx, class)?;
    let name = intern(cx, "_abc_impl");
    cx.set_attr(a.get(0), name.get(), data)?;
    if let Some(class) = PyType::from_ref(a.get(0), cx) {
        take_pattern_flags(cx, class)?;
    }
    Ok(cx.none())
}

fn new_data(cx: &mut Cx, class: &PyType) -> R {
    let known = Known { version: registrations(), ..Known::default() };
    cx.alloc_for::<PyAbcData>(class, |h| PyAbcData { h, known: UnsafeCell::new(known) })
}

/// `issubclass(class, of)`.
fn is_subclass(cx: &mut Cx, class: Ref<'_>, of: Ref<'_>) -> R<bool> {
    let function = ungil_runtime::objects::iter::builtin_named(cx, "issubclass")?;
    let answer = cx.call(function.r(), &[class, of])?;
    cx.truth(answer.r())
}

fn abc_register(cx: &mut Cx, a: Args<'_>) -> R {
    let (this, subclass) = (a.get(0), a.get(1));
    let Some(class) = PyType::from_ref(subclass, cx) else {
        return Err(cx.type_error("Can only register classes"));
    };
    if is_subclass(cx, subclass, this)? {
        return Ok(subclass.own(cx));
    }
    // A cycle of registrations would make every look-up endless.
    if is_subclass(cx, this, subclass)? {
        return Err(cx.runtime_error("Refusing to create an inheritance cycle"));
    }
    let data = data(cx, this)?;
    payload(&data).add(cx, Set::Registered, class)?;
    // ORD: as in `registrations`.
    REGISTRATIONS.fetch_add(1, Ordering::Relaxed);
    if let Some(abstract_class) = PyType::from_ref(this, cx) {
        for (_, flag) in PATTERN_FLAGS {
            if abstract_class.has_flag(flag) {
                set_pattern_flag(class, flag);
            }
        }
    }
    Ok(subclass.own(cx))
}

fn abc_instancecheck(cx: &mut Cx, a: Args<'_>) -> R {
    let (this, instance) = (a.get(0), a.get(1));
    let data = data(cx, this)?;
    let subclass = cx.get_attr(instance, cx.vm.names.class.get())?;
    let class = cx.class_of(instance);
    let is_plain = subclass.r().is(class.as_ref());
    if let Some(named) = PyType::from_ref(subclass.r(), cx) {
        match payload(&data).answer(cx, named) {
            Some(false) if !is_plain => {}
            Some(answer) => return Ok(cx.bool(answer)),
            None => {}
        }
    }
    let answer = cx.call_method(this, "__subclasscheck__", &[subclass.r()])?;
    if is_plain || cx.truth(answer.r())? {
        return Ok(answer);
    }
    cx.call_method(this, "__subclasscheck__", &[class.as_ref()])
}

fn abc_subclasscheck(cx: &mut Cx, a: Args<'_>) -> R {
    let (this, subclass) = (a.get(0), a.get(1));
    let Some(class) = PyType::from_ref(subclass, cx) else {
        return Err(cx.type_error("issubclass() arg 1 must be a class"));
    };
    let data = data(cx, this)?;
    let known = payload(&data);
    if let Some(answer) = known.answer(cx, class) {
        return Ok(cx.bool(answer));
    }
    // Read before anything is asked: what is found out holds for the registrations up to here.
    let version = registrations();
    let answer = find_out(cx, this, subclass, class, known)?;
    match answer {
        true => known.add(cx, Set::Subclasses, class)?,
        false => known.add_other(cx, class, version)?,
    }
    Ok(cx.bool(answer))
}

/// Whether a class is a subclass: as its hook says, as its bases say, or below a registered class or a subclass.
fn find_out(
    cx: &mut Cx,
    this: Ref<'_>,
    subclass: Ref<'_>,
    class: &'static PyType,
    known: &PyAbcData,
) -> R<bool> {
    let hooked = cx.call_method(this, "__subclasshook__", &[subclass])?;
    match hooked.value() {
        Value::TRUE => return Ok(true),
        Value::FALSE => return Ok(false),
        Value::NOT_IMPLEMENTED => {}
        _ => {
            let message = "__subclasshook__ must return either False, True, or NotImplemented";
            return Err(cx.error(Builtin::AssertionError, message));
        }
    }
    if class.mro().iter().any(|c| c.as_ref().is(this)) {
        return Ok(true);
    }
    for reference in known.references(cx, Set::Registered) {
        if let Some(Some(registered)) = weakref::target_of(cx, reference.r())
            && is_subclass(cx, subclass, registered.r())?
        {
            return Ok(true);
        }
    }
    let below = cx.call_method(this, "__subclasses__", &[])?;
    let Some(below) = below.downcast::<PyList>(cx) else {
        return Err(cx.type_error("__subclasses__() must return a list"));
    };
    for one in below.snapshot(cx) {
        if is_subclass(cx, subclass, one.r())? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn get_dump(cx: &mut Cx, a: Args<'_>) -> R {
    let data = data(cx, a.get(0))?;
    let known = payload(&data);
    let mut parts = Vec::with_capacity(4);
    for which in [Set::Registered, Set::Subclasses, Set::Others] {
        let mut references = known.references(cx, which);
        references.retain(|r| matches!(weakref::target_of(cx, r.r()), Some(Some(_))));
        parts.push(new_set(cx, references)?);
    }
    parts.push(cx.int_u64(known.with(cx, |known| known.version)));
    Ok(cx.tuple(parts))
}

/// Forgets some of what an abstract class knows.
fn reset(cx: &mut Cx, a: Args<'_>, sets: &[Set]) -> R {
    let data = data(cx, a.get(0))?;
    payload(&data).clear(cx, sets);
    Ok(cx.none())
}

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("get_cache_token", "($module, /)", Leaf(|cx, _| Ok(cx.int_u64(registrations())))),
    ("_abc_init", "($module, self, /)", Full(abc_init)),
    ("_abc_register", "($module, self, subclass, /)", Full(abc_register)),
    ("_abc_instancecheck", "($module, self, instance, /)", Full(abc_instancecheck)),
    ("_abc_subclasscheck", "($module, self, subclass, /)", Full(abc_subclasscheck)),
    ("_get_dump", "($module, self, /)", Full(get_dump)),
    ("_reset_registry", "($module, self, /)", Full(|cx, a| reset(cx, a, &[Set::Registered]))),
    ("_reset_caches", "($module, self, /)", Full(|cx, a| reset(cx, a, &[Set::Subclasses, Set::Others]))),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let size = size_of::<PyAbcData>();
    let mut b = TypeBuilder::native_type(cx, "_abc._abc_data", &DATA_OPS, size, true, 0);
    b.doc(cx, "What an abstract class knows about other classes.");
    b.constructor(cx, "($type)", Full(|cx, a| new_data(cx, class_argument(cx, a))));
    CLASS.get_or_init(|| b.class());
    Ok(())
}
