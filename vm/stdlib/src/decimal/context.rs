//! `Context`: how results are rounded, which signals have been raised and which are errors.
//!
//! Each setting is an atomic of its own: a thread that shares a context sees each change of another, and no flag is lost. What is
//! read as a whole for an operation may be of before and after a change that goes on, as in CPython without its lock.

use super::num::ctx::{MAX_EMAX, MAX_PREC, MIN_EMIN};
use super::num::{Ctx, Round, signal};
use super::number;
use super::signal_dict::{self, Words};
use super::{context_ops, state};
use std::cell::UnsafeCell;
use std::sync::{Arc, OnceLock};
use ungil_locks::primitive::{AtomicI64, AtomicU32, Ordering};
use ungil_runtime::objects::int;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

/// See the module's head.
#[repr(C)]
pub struct PyContext {
    h: Header,
    prec: AtomicI64,
    emax: AtomicI64,
    emin: AtomicI64,
    /// The way of rounding, `clamp` and `capitals` in a byte each.
    modes: AtomicU32,
    pub words: Shared,
    /// The objects `flags` and `traps`, made when first asked for.
    flags: Slot,
    traps: Slot,
}

/// The flags and traps, which the dicts that show them share with the context. Written when the object is made, emptied when it
/// ends.
pub struct Shared(UnsafeCell<Option<Arc<Words>>>);

impl std::ops::Deref for Shared {
    type Target = Arc<Words>;

    #[inline(always)]
    fn deref(&self) -> &Arc<Words> {
        // SAFETY: never written while the object lives.
        match unsafe { &*self.0.get() } {
            Some(words) => words,
            None => ungil_gc::fatal("a context is used after its end"),
        }
    }
}

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyContext {
    const OPS: &'static TypeOps = &CONTEXT_OPS;
}

static CONTEXT_OPS: TypeOps = TypeOps {
    name: "decimal.Context",
    size: |_| size_of::<PyContext>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a context.
        let this = unsafe { &*h.cast::<PyContext>() };
        [&this.flags, &this.traps].into_iter().filter(|slot| !slot.is_empty()).for_each(|s| visit(s.peek()));
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: the object is a context and this thread's alone.
        let this = unsafe { &*h.cast::<PyContext>() };
        this.flags.clear(m);
        this.traps.clear(m);
        // SAFETY: as above.
        if let Some(words) = unsafe { (*this.words.0.get()).take() } {
            words.end();
        }
    }),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// Everything that a context is made from.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub c: Ctx,
    pub capitals: bool,
    pub flags: u32,
    pub traps: u32,
}

const USUAL_TRAPS: u32 = signal::INVALID | signal::DIVISION_BY_ZERO | signal::OVERFLOW;

/// The contexts of the module: default, basic, extended.
pub const TEMPLATES: [Settings; 3] = [
    template(28, Round::HalfEven, USUAL_TRAPS),
    template(9, Round::HalfUp, USUAL_TRAPS | signal::UNDERFLOW | signal::CLAMPED),
    template(9, Round::HalfEven, 0),
];

const fn template(prec: i64, round: Round, traps: u32) -> Settings {
    let c = Ctx { prec, emax: 999_999, emin: -999_999, round, clamp: false };
    Settings { c, capitals: true, flags: 0, traps }
}

/// Widest of the formats of IEEE 754.
pub const IEEE_MAX_BITS: i64 = 512;

fn modes(round: Round, clamp: bool, capitals: bool) -> u32 {
    round as u32 | (clamp as u32) << 8 | (capitals as u32) << 16
}

impl PyContext {
    /// The settings of an operation.
    #[inline(always)]
    pub fn settings(&self) -> Ctx {
        // ORD: relaxed; each setting stands for itself.
        let modes = self.modes.load(Ordering::Relaxed);
        Ctx {
            // ORD: as above.
            prec: self.prec.load(Ordering::Relaxed),
            // ORD: as above.
            emax: self.emax.load(Ordering::Relaxed),
            // ORD: as above.
            emin: self.emin.load(Ordering::Relaxed),
            round: Round::ALL[(modes & 7) as usize],
            clamp: modes & 0x100 != 0,
        }
    }

    /// Whether exponents are written with a capital E.
    pub fn capitals(&self) -> bool {
        // ORD: relaxed; stands for itself.
        self.modes.load(Ordering::Relaxed) & 0x10000 != 0
    }

    pub fn all(&self) -> Settings {
        Settings {
            c: self.settings(),
            capitals: self.capitals(),
            flags: self.words.flags(),
            traps: self.words.traps(),
        }
    }

    /// Changes one of the modes.
    fn set_mode(&self, mask: u32, bits: u32) {
        // ORD: relaxed; stands for itself.
        let _ = self.modes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| Some(old & !mask | bits));
    }

    /// The dict of flags or traps.
    fn signal_dict(&self, cx: &mut Cx, traps: bool) -> R {
        let slot = if traps { &self.traps } else { &self.flags };
        if let Some(known) = slot.get(&self.h, cx) {
            return Ok(known);
        }
        let made = signal_dict::new_dict(cx, self.words.clone(), traps)?;
        // Another thread may have been faster.
        let (dict, spare) = locked(cx, &self.h, || match slot.get_locked(cx) {
            Some(known) => (known, Some(made)),
            None => {
                let copy = made.r().own(cx);
                slot.replace_locked(&self.h, made);
                (copy, None)
            }
        });
        drop(spare);
        Ok(dict)
    }
}

fn payload(h: Header, s: &Settings) -> PyContext {
    PyContext {
        h,
        prec: AtomicI64::new(s.c.prec),
        emax: AtomicI64::new(s.c.emax),
        emin: AtomicI64::new(s.c.emin),
        modes: AtomicU32::new(modes(s.c.round, s.c.clamp, s.capitals)),
        words: Shared(UnsafeCell::new(Some(Arc::new(Words::new(s.flags, s.traps))))),
        flags: Slot::empty(),
        traps: Slot::empty(),
    }
}

/// A context.
pub fn new_context(cx: &mut Cx, settings: &Settings) -> R {
    let class = class(cx);
    cx.alloc_for(class, |h| payload(h, settings))
}

/// `Context.__new__`: as `DefaultContext` is now.
fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = ungil_runtime::objects::construct::class_argument(cx, a);
    let default = state().templates[0].get();
    let all = default.downcast::<PyContext>(cx).map_or(TEMPLATES[0], PyContext::all);
    let settings = Settings { capitals: true, flags: 0, ..all };
    cx.alloc_for(class, |h| payload(h, &settings))
}

/// An attribute as a number.
fn number_of(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    match int::view(cx, v) {
        None => Err(cx.type_error("an integer is required")),
        Some(n) => match n.to_i64() {
            Some(n) => Ok(n),
            None => Err(cx.overflow_error("Python int too large to convert to C ssize_t")),
        },
    }
}

/// The way of rounding that a text names.
pub fn round_of(cx: &mut Cx, v: Ref<'_>) -> R<Round> {
    let found = state().roundings.iter().position(|name| name.get().is(v)).or_else(|| {
        let text = v.downcast::<PyStr>(cx)?.as_str()?;
        Round::NAMES.iter().position(|name| *name == text)
    });
    match found {
        Some(i) => Ok(Round::ALL[i]),
        None => Err(cx.type_error(
            "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, ROUND_DOWN,\n   ROUND_HALF_UP, \
             ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   ROUND_05UP]",
        )),
    }
}

/// Sets an attribute; the name is one of those that contexts have.
fn set_attribute(cx: &mut Cx, this: &PyContext, name: &str, v: Ref<'_>) -> R<()> {
    let in_range = |cx: &mut Cx, least: i64, most: i64, text: &str| {
        let n = number_of(cx, v)?;
        if (least..=most).contains(&n) { Ok(n) } else { Err(cx.value_error(text)) }
    };
    // ORD: relaxed; each setting stands for itself.
    let relaxed = Ordering::Relaxed;
    match name {
        "prec" => {
            let n = in_range(cx, 1, MAX_PREC, "valid range for prec is [1, MAX_PREC]")?;
            this.prec.store(n, relaxed);
        }
        "Emin" => {
            let n = in_range(cx, MIN_EMIN, 0, "valid range for Emin is [MIN_EMIN, 0]")?;
            this.emin.store(n, relaxed);
        }
        "Emax" => {
            let n = in_range(cx, 0, MAX_EMAX, "valid range for Emax is [0, MAX_EMAX]")?;
            this.emax.store(n, relaxed);
        }
        "rounding" => {
            let round = round_of(cx, v)?;
            this.set_mode(0xff, round as u32);
        }
        "capitals" => {
            let n = in_range(cx, 0, 1, "valid values for capitals are 0 or 1")?;
            this.set_mode(0x10000, (n as u32) << 16);
        }
        "clamp" => {
            let n = in_range(cx, 0, 1, "valid values for clamp are 0 or 1")?;
            this.set_mode(0x100, (n as u32) << 8);
        }
        "flags" => {
            let bits = signal_dict::bits_of_dict(cx, v)?;
            this.words.set_flags(bits);
        }
        _ => {
            let bits = signal_dict::bits_of_dict(cx, v)?;
            this.words.set_traps(bits);
        }
    }
    Ok(())
}

/// The names of the attributes, in the order of the constructor's parameters.
pub const NAMES: [&str; 8] = ["prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps"];

/// Sets all attributes that are given, in their order; flags and traps may be lists.
pub fn set_attributes(cx: &mut Cx, this: &PyContext, values: &[Option<Ref<'_>>]) -> R<()> {
    for (name, value) in NAMES.iter().zip(values) {
        let Some(v) = *value else { continue };
        if v.downcast::<PyList>(cx).is_none() || !matches!(*name, "flags" | "traps") {
            set_attribute(cx, this, name, v)?;
            continue;
        }
        let mut bits = 0;
        for item in cx.collect(v)? {
            bits |= super::signals::bits_of(cx, item.r())?;
        }
        match *name {
            "flags" => this.words.set_flags(bits),
            _ => this.words.set_traps(bits),
        }
    }
    Ok(())
}

fn initialise(cx: &mut Cx, a: Args<'_>) -> R {
    let values: Vec<Option<Ref<'_>>> = (1..=NAMES.len()).map(|i| a.opt_not_none(i)).collect();
    set_attributes(cx, a.this::<PyContext>(), &values)?;
    Ok(cx.none())
}

/// The names of the signals among the bits, as `repr` shows them.
fn signal_names(bits: u32) -> String {
    let mut names = Vec::new();
    for bit in (0..15).map(|i| 1 << i).filter(|bit| bits & bit != 0) {
        let found = super::signals::SIGNALS.iter().find(|(_, all)| all & bit != 0);
        if let Some((name, _)) = found
            && !names.contains(name)
        {
            names.push(*name);
        }
    }
    format!("[{}]", names.join(", "))
}

fn repr(cx: &Cx, a: Args<'_>) -> R {
    let Settings { c, capitals, flags, traps } = a.this::<PyContext>().all();
    Ok(cx.str(&format!(
        "Context(prec={}, rounding={}, Emin={}, Emax={}, capitals={}, clamp={}, flags={}, traps={})",
        c.prec,
        Round::NAMES[c.round as usize],
        c.emin,
        c.emax,
        capitals as u8,
        c.clamp as u8,
        signal_names(flags),
        signal_names(traps),
    )))
}

fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let Settings { c, capitals, flags, traps } = a.this::<PyContext>().all();
    let args = vec![
        cx.int(c.prec),
        state().roundings[c.round as usize].get().own(cx),
        cx.int(c.emin),
        cx.int(c.emax),
        cx.int(capitals as i64),
        cx.int(c.clamp as i64),
        super::signals::signal_list(cx, flags),
        super::signals::signal_list(cx, traps),
    ];
    let args = cx.tuple(args);
    Ok(cx.tuple(vec![cx.class_of(a.get(0)).as_ref().own(cx), args]))
}

fn copy(cx: &mut Cx, a: Args<'_>) -> R {
    let settings = a.this::<PyContext>().all();
    new_context(cx, &settings)
}

/// A setter of an attribute.
fn setter(cx: &mut Cx, a: Args<'_>, name: &str) -> R {
    match a.opt(1) {
        Some(v) => set_attribute(cx, a.this(), name, v)?,
        None => return Err(cx.error(Builtin::AttributeError, "context attributes cannot be deleted")),
    }
    Ok(cx.none())
}

/// `IEEEContext(bits)`.
fn ieee_context(cx: &mut Cx, a: Args<'_>) -> R {
    let bits = number_of(cx, a.get(0))?;
    if bits <= 0 || bits > IEEE_MAX_BITS || bits % 32 != 0 {
        return Err(cx.value_error("argument must be a multiple of 32, with a maximum of 512"));
    }
    let emax = 3 * (1 << (bits / 16 + 3));
    let c = Ctx { prec: 9 * (bits / 32) - 2, emax, emin: 1 - emax, round: Round::HalfEven, clamp: true };
    new_context(cx, &Settings { c, capitals: true, flags: 0, traps: 0 })
}

pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[("IEEEContext", "($module, bits, /)", Full(ieee_context))];

/// A getter and a setter of an attribute.
macro_rules! attribute {
    ($t:ident, $cx:ident, $name:literal, $get:expr) => {
        $t.getset($cx, $name, $get, Some(Full(|cx, a| setter(cx, a, $name))))
    };
}

/// The class.
pub fn class(cx: &mut Cx) -> &'static PyType {
    if let Some(class) = CLASS.get() {
        return class;
    }
    let (name, size) = ("decimal.Context", size_of::<PyContext>());
    let flags = class_flag::BASETYPE | class_flag::IMMUTABLE;
    let mut t = TypeBuilder::native_type(cx, name, &CONTEXT_OPS, size, true, flags);
    t.doc(
        cx,
        "How decimal results are rounded, and which signals are errors.\n\nWhat is not given is as in DefaultContext, \
         but no flag is set.",
    );
    t.text_signature(
        "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
    );
    t.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    t.method(
        cx,
        "__init__",
        "($self, prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
        Full(initialise),
    );
    attribute!(t, cx, "prec", Leaf(|cx, a| Ok(cx.int(a.this::<PyContext>().settings().prec))));
    attribute!(t, cx, "Emin", Leaf(|cx, a| Ok(cx.int(a.this::<PyContext>().settings().emin))));
    attribute!(t, cx, "Emax", Leaf(|cx, a| Ok(cx.int(a.this::<PyContext>().settings().emax))));
    let rounding: NativeFn = Leaf(|cx, a| {
        let round = a.this::<PyContext>().settings().round;
        Ok(state().roundings[round as usize].get().own(cx))
    });
    attribute!(t, cx, "rounding", rounding);
    attribute!(t, cx, "capitals", Leaf(|cx, a| Ok(cx.int(a.this::<PyContext>().capitals() as i64))));
    attribute!(t, cx, "clamp", Leaf(|cx, a| Ok(cx.int(a.this::<PyContext>().settings().clamp as i64))));
    attribute!(t, cx, "flags", Full(|cx, a| a.this::<PyContext>().signal_dict(cx, false)));
    attribute!(t, cx, "traps", Full(|cx, a| a.this::<PyContext>().signal_dict(cx, true)));
    t.special(cx, Special::Repr, Leaf(repr));
    t.special(cx, Special::Reduce, Full(reduce));
    t.method(cx, "copy", "($self, /)", Full(copy));
    t.method(cx, "__copy__", "($self, /)", Full(copy));
    t.method(
        cx,
        "clear_flags",
        "($self, /)",
        Leaf(|cx, a| {
            a.this::<PyContext>().words.set_flags(0);
            Ok(cx.none())
        }),
    );
    t.method(
        cx,
        "clear_traps",
        "($self, /)",
        Leaf(|cx, a| {
            a.this::<PyContext>().words.set_traps(0);
            Ok(cx.none())
        }),
    );
    t.method(cx, "Etiny", "($self, /)", Leaf(|cx, a| Ok(cx.int(a.this::<PyContext>().settings().etiny()))));
    t.method(cx, "Etop", "($self, /)", Leaf(|cx, a| Ok(cx.int(a.this::<PyContext>().settings().etop()))));
    let radix: NativeFn = Full(|cx, _| number::new_decimal(cx, super::num::Dec::short(false, 10, 0)));
    t.method(cx, "radix", "($self, /)", radix);
    context_ops::add_to(cx, &mut t);
    CLASS.get_or_init(|| t.class())
}
