//! The mappings `flags` and `traps` of contexts, from the classes of signals to bools.
//!
//! They share the words with their context; when that has ended they are invalid, as in CPython.

use super::signals::{SIGNALS, bits_of};
use super::{num::signal, state};
use std::cell::UnsafeCell;
use std::sync::Arc;
use ungil_locks::primitive::{AtomicBool, AtomicU32, Ordering};
use ungil_runtime::import::import_module;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::prelude::*;

/// Flags and traps of a context.
pub struct Words {
    flags: AtomicU32,
    traps: AtomicU32,
    /// Whether the context is there.
    alive: AtomicBool,
}

impl Words {
    pub fn new(flags: u32, traps: u32) -> Words {
        Words { flags: AtomicU32::new(flags), traps: AtomicU32::new(traps), alive: AtomicBool::new(true) }
    }

    pub fn flags(&self) -> u32 {
        // ORD: relaxed; the bits stand for themselves.
        self.flags.load(Ordering::Relaxed)
    }

    #[inline]
    pub fn traps(&self) -> u32 {
        // ORD: relaxed; as above.
        self.traps.load(Ordering::Relaxed)
    }

    /// Sets flags; those of other threads are not lost.
    #[inline]
    pub fn add_flags(&self, bits: u32) {
        // Mostly they are set already.
        // ORD: relaxed; as above.
        if self.flags.load(Ordering::Relaxed) & bits != bits {
            // ORD: relaxed; as above.
            self.flags.fetch_or(bits, Ordering::Relaxed);
        }
    }

    pub fn set_flags(&self, bits: u32) {
        // ORD: relaxed; as above.
        self.flags.store(bits, Ordering::Relaxed);
    }

    pub fn set_traps(&self, bits: u32) {
        // ORD: relaxed; as above.
        self.traps.store(bits, Ordering::Relaxed);
    }

    /// The context ends.
    pub fn end(&self) {
        // ORD: relaxed; the dicts that look at it only give another error.
        self.alive.store(false, Ordering::Relaxed);
    }
}

/// One of the two mappings.
#[repr(C)]
pub struct PySignalDict {
    h: Header,
    /// Written when the object is made, emptied when it ends. `None` if it was not made by a context.
    words: UnsafeCell<Option<Arc<Words>>>,
    traps: bool,
}

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PySignalDict {
    const OPS: &'static TypeOps = &DICT_OPS;
}

static DICT_OPS: TypeOps = TypeOps {
    name: "decimal.SignalDictMixin",
    size: |_| size_of::<PySignalDict>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: the object is a dict of signals and this thread's alone.
        drop(unsafe { (*(*h.cast::<PySignalDict>()).words.get()).take() });
    }),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

impl PySignalDict {
    fn words(&self, cx: &mut Cx) -> R<&Words> {
        // SAFETY: never written while the object lives.
        let words = unsafe { &*self.words.get() };
        // ORD: relaxed; see `Words::end`.
        match words.as_deref().filter(|words| words.alive.load(Ordering::Relaxed)) {
            Some(words) => Ok(words),
            None => Err(cx.value_error("invalid signal dict")),
        }
    }

    /// The bits that it shows.
    fn bits(&self, cx: &mut Cx) -> R<u32> {
        let traps = self.traps;
        let words = self.words(cx)?;
        Ok(if traps { words.traps() } else { words.flags() })
    }
}

/// A mapping of a context.
pub fn new_dict(cx: &mut Cx, words: Arc<Words>, traps: bool) -> R {
    let class = state().signal_dict;
    cx.alloc_for(class, |h| PySignalDict { h, words: UnsafeCell::new(Some(words)), traps })
}

/// The bits of a mapping of all signals.
pub fn bits_of_dict(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    if let Some(dict) = v.downcast::<PySignalDict>(cx) {
        return dict.bits(cx);
    }
    let Some(dict) = v.downcast::<PyDict>(cx) else {
        return Err(cx.type_error("argument must be a signal dict"));
    };
    let items = dict.items(cx);
    if items.len() != SIGNALS.len() {
        let message = cx.str("invalid signal dict");
        return Err(cx.error_with(Builtin::KeyError, message));
    }
    let mut bits = 0;
    for (class, value) in items {
        let signal = bits_of(cx, class.r())?;
        if cx.truth(value.r())? {
            bits |= signal;
        }
    }
    Ok(bits)
}

fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    let bits = a.this::<PySignalDict>().bits(cx)?;
    let signal = bits_of(cx, a.get(1))?;
    Ok(cx.bool(bits & signal != 0))
}

fn set_item(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PySignalDict>();
    this.bits(cx)?;
    let signal = bits_of(cx, a.get(1))?;
    let on = cx.truth(a.get(2))?;
    let traps = this.traps;
    let words = this.words(cx)?;
    let word = if traps { &words.traps } else { &words.flags };
    // ORD: relaxed; the bits stand for themselves.
    match on {
        true => word.fetch_or(signal, Ordering::Relaxed),
        // ORD: relaxed; as above.
        false => word.fetch_and(!signal, Ordering::Relaxed),
    };
    Ok(cx.none())
}

fn iterate(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PySignalDict>().bits(cx)?;
    let all = super::signals::signal_list(cx, signal::ALL);
    cx.iter(all.r())
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let bits = a.this::<PySignalDict>().bits(cx)?;
    let mut parts = Vec::new();
    for ((_, signal), class) in SIGNALS.iter().zip(&state().signals) {
        let name = cx.repr_string(class.get())?;
        parts.push(format!("{name}:{}", if bits & signal != 0 { "True" } else { "False" }));
    }
    Ok(cx.str(&format!("{{{}}}", parts.join(", "))))
}

fn copy(cx: &mut Cx, a: Args<'_>) -> R {
    let bits = a.this::<PySignalDict>().bits(cx)?;
    let copy = PyDict::new(cx);
    for ((_, signal), class) in SIGNALS.iter().zip(&state().signals) {
        let value = cx.bool(bits & signal != 0);
        cx.set_item(copy.r(), class.get(), value.r())?;
    }
    Ok(copy)
}

fn equal(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let bits = a.this::<PySignalDict>().bits(cx)?;
    let is_mapping =
        a.get(1).downcast::<PySignalDict>(cx).is_some() || a.get(1).downcast::<PyDict>(cx).is_some();
    if !is_mapping {
        return Ok(cx.not_implemented());
    }
    let other = match bits_of_dict(cx, a.get(1)) {
        Ok(other) => other,
        // A dict with other keys is another dict.
        Err(err) if cx.is_error(&err, Builtin::KeyError) => return Ok(cx.bool(op == CompareOp::Ne)),
        Err(err) => return Err(err),
    };
    // Conditions behind one signal are not told apart.
    let shown = |bits: u32| SIGNALS.map(|(_, signal)| bits & signal != 0);
    Ok(cx.bool((shown(bits) == shown(other)) == (op == CompareOp::Eq)))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = ungil_runtime::objects::construct::class_argument(cx, a);
    cx.alloc_for(class, |h| PySignalDict { h, words: UnsafeCell::new(None), traps: false })
}

/// `SignalDict`, a class that has the native type and `MutableMapping` as bases.
pub fn make_class(cx: &mut Cx) -> R<&'static PyType> {
    let (name, size) = ("decimal.SignalDictMixin", size_of::<PySignalDict>());
    let mut t = TypeBuilder::native_type(cx, name, &DICT_OPS, size, false, class_flag::BASETYPE);
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    t.specials(
        cx,
        &[
            (Special::Init, Leaf(|cx, _| Ok(cx.none()))),
            (Special::Repr, Full(repr)),
            (Special::Iter, Full(iterate)),
            (
                Special::Len,
                Full(|cx, a| {
                    a.this::<PySignalDict>().bits(cx)?;
                    Ok(cx.int(SIGNALS.len() as i64))
                }),
            ),
            (Special::GetItem, Full(get_item)),
            (Special::SetItem, Full(set_item)),
            (Special::DelItem, Full(|cx, _| Err(cx.value_error("signal keys cannot be deleted")))),
            (Special::Eq, Full(|cx, a| equal(cx, a, CompareOp::Eq))),
            (Special::Ne, Full(|cx, a| equal(cx, a, CompareOp::Ne))),
        ],
    );
    t.method(cx, "copy", "($self, /)", Full(copy));
    let none = cx.none();
    t.attr(cx, "__hash__", none);
    let collections = import_module(cx, "collections.abc")?;
    let mapping = cx.get_attr_str(collections.r(), "MutableMapping")?;
    let meta = cx.class_of(mapping.r()).as_ref();
    let bases = vec![t.class().as_ref().own(cx), mapping];
    let (name, bases, namespace) = (cx.str("SignalDict"), cx.tuple(bases), PyDict::new(cx));
    let made = cx.call(meta, &[name.r(), bases.r(), namespace.r()])?;
    let lasting = ungil_runtime::SharedValue::new(made);
    match PyType::from_ref(lasting.get(), cx) {
        Some(class) => Ok(class),
        None => Err(cx.system_error("a metaclass made no class")),
    }
}
