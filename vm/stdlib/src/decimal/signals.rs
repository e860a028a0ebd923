//! The exceptions of decimal arithmetic, and how the signals of an operation become flags of a context or one of them.

use super::context::PyContext;
use super::num::signal;
use super::state;
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

/// A signal or condition: name, bits.
type Named = (&'static str, u32);

/// What contexts have flags and traps for, in the order in which they are shown and raised.
pub const SIGNALS: [Named; 9] = [
    ("InvalidOperation", signal::INVALID),
    ("FloatOperation", signal::FLOAT_OPERATION),
    ("DivisionByZero", signal::DIVISION_BY_ZERO),
    ("Overflow", signal::OVERFLOW),
    ("Underflow", signal::UNDERFLOW),
    ("Subnormal", signal::SUBNORMAL),
    ("Inexact", signal::INEXACT),
    ("Rounded", signal::ROUNDED),
    ("Clamped", signal::CLAMPED),
];

/// What may be behind `InvalidOperation`.
pub const CONDITIONS: [Named; 5] = [
    ("InvalidOperation", signal::INVALID_OPERATION),
    ("ConversionSyntax", signal::CONVERSION_SYNTAX),
    ("DivisionImpossible", signal::DIVISION_IMPOSSIBLE),
    ("DivisionUndefined", signal::DIVISION_UNDEFINED),
    ("InvalidContext", signal::INVALID_CONTEXT),
];

/// The root of the exceptions.
static ROOT: OnceLock<SharedValue> = OnceLock::new();

fn make_class(cx: &mut Cx, name: &str, bases: Vec<Obj>) -> R<SharedValue> {
    let namespace = PyDict::new(cx);
    let module = cx.str("decimal");
    if let Some(dict) = namespace.downcast::<PyDict>(cx) {
        dict.set_str(cx, cx.vm.names.module.get(), module);
    }
    let (bases, name) = (cx.tuple(bases), cx.str(name));
    let made = cx.call(cx.builtin(Builtin::Type).as_ref(), &[name.r(), bases.r(), namespace.r()])?;
    Ok(SharedValue::new(made))
}

/// The classes of signals and of conditions.
pub fn make_classes(cx: &mut Cx) -> R<(Vec<SharedValue>, Vec<SharedValue>)> {
    let arithmetic = cx.builtin(Builtin::ArithmeticError).as_ref().own(cx);
    let root = make_class(cx, "DecimalException", vec![arithmetic])?;
    let root = *ROOT.get_or_init(|| root);
    let mut signals: Vec<Option<SharedValue>> = vec![None; SIGNALS.len()];
    // Those that others derive from come first.
    let by_name = |name: &str| SIGNALS.iter().position(|s| s.0 == name).unwrap_or(0);
    for name in [
        "InvalidOperation",
        "FloatOperation",
        "DivisionByZero",
        "Inexact",
        "Rounded",
        "Subnormal",
        "Clamped",
        "Overflow",
        "Underflow",
    ] {
        let built_in = |which: Builtin| cx.builtin(which).as_ref().own(cx);
        let known =
            |name: &str| signals[by_name(name)].map_or_else(|| cx.none(), |class| class.get().own(cx));
        let bases = match name {
            "FloatOperation" => vec![root.get().own(cx), built_in(Builtin::TypeError)],
            "DivisionByZero" => vec![root.get().own(cx), built_in(Builtin::ZeroDivisionError)],
            "Overflow" => vec![known("Inexact"), known("Rounded")],
            "Underflow" => vec![known("Inexact"), known("Rounded"), known("Subnormal")],
            _ => vec![root.get().own(cx)],
        };
        signals[by_name(name)] = Some(make_class(cx, name, bases)?);
    }
    let signals: Vec<SharedValue> = signals.into_iter().flatten().collect();
    let mut conditions = vec![signals[0]];
    for (name, _) in &CONDITIONS[1..] {
        let mut bases = vec![signals[0].get().own(cx)];
        if *name == "DivisionUndefined" {
            bases.push(cx.builtin(Builtin::ZeroDivisionError).as_ref().own(cx));
        }
        conditions.push(make_class(cx, name, bases)?);
    }
    Ok((signals, conditions))
}

/// Adds the classes to the module.
pub fn add_classes(cx: &mut Cx, module: &Obj) {
    if let Some(root) = ROOT.get() {
        add(cx, module, "DecimalException", root.get().own(cx));
    }
    let all = SIGNALS.iter().zip(&state().signals).chain(CONDITIONS.iter().zip(&state().conditions));
    for ((name, _), class) in all {
        add(cx, module, name, class.get().own(cx));
    }
}

/// The list of the signals that are among the bits.
pub fn signal_list(cx: &Cx, bits: u32) -> Obj {
    let found = SIGNALS.iter().zip(&state().signals).filter(|((_, bit), _)| bits & bit != 0);
    cx.list(found.map(|(_, class)| class.get().own(cx)).collect())
}

/// The exception for signals that are trapped: the first one's, its argument the list of all, conditions instead of
/// `InvalidOperation`.
#[cold]
fn exception(cx: &mut Cx, bits: u32) -> Err {
    let state = state();
    let Some(class) = SIGNALS
        .iter()
        .zip(&state.signals)
        .find(|((_, bit), _)| bits & bit != 0)
        .map(|(_, class)| class.get())
    else {
        return cx.runtime_error("internal error in flags_as_exception");
    };
    let conditions = CONDITIONS.iter().zip(&state.conditions);
    let signals = SIGNALS.iter().zip(&state.signals).skip(1);
    let all = conditions.chain(signals).filter(|((_, bit), _)| bits & bit != 0);
    let list = all.map(|(_, class)| class.get().own(cx)).collect();
    let list = cx.list(list);
    match cx.call(class, &[list.r()]) {
        Ok(exception) => ungil_runtime::Raised(exception),
        Err(err) => err,
    }
}

impl PyContext {
    /// Notes signals; raises if one of them is trapped.
    #[inline(always)]
    pub fn signal(&self, cx: &mut Cx, status: u32) -> R<()> {
        if status == 0 { Ok(()) } else { self.signal_slow(cx, status) }
    }

    #[inline(never)]
    fn signal_slow(&self, cx: &mut Cx, status: u32) -> R<()> {
        self.words.add_flags(status);
        if status & signal::MALLOC_ERROR != 0 {
            return Err(cx.memory_error());
        }
        let trapped = status & self.words.traps();
        if trapped != 0 { Err(exception(cx, trapped)) } else { Ok(()) }
    }
}

/// The bits of a signal's class.
pub fn bits_of(cx: &mut Cx, class: Ref<'_>) -> R<u32> {
    match SIGNALS.iter().zip(&state().signals).find(|(_, known)| known.get().is(class)) {
        Some(((_, bits), _)) => Ok(*bits),
        None => {
            let message = cx.str(
                "valid values for signals are:\n  [InvalidOperation, FloatOperation, DivisionByZero,\n   Overflow, \
                 Underflow, Subnormal, Inexact, Rounded,\n   Clamped]",
            );
            Err(cx.error_with(Builtin::KeyError, message))
        }
    }
}
