//! `_decimal`: decimal numbers and their contexts, the native part of `decimal`.
//!
//! Numbers never change once they are made, so nothing here locks one. A context's settings are atomics, each read and written
//! alone: threads that share one see each other's changes and lose no flag. Operations on long numbers run detached, since they
//! touch nothing but numbers that the caller's registers keep alive.
//!
//! - `num/`: the arithmetic, without objects
//! - `number.rs`: `Decimal`; `construct.rs`: from other objects; `convert.rs`: to other objects
//! - `operators.rs`: special methods; `methods.rs`: the other methods; `formatting.rs`: `__format__`
//! - `context.rs`: `Context`; `context_ops.rs`: its operations; `current.rs`: the current one of a thread
//! - `signal_dict.rs`: `flags` and `traps`; `signals.rs`: the exceptions, and how they are raised

mod construct;
mod context;
mod context_ops;
mod convert;
mod current;
mod formatting;
mod methods;
pub mod num;
mod number;
mod operators;
mod signal_dict;
mod signals;

use num::ctx;
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::import::import_module;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::intern;
use ungil_runtime::prelude::*;

/// What the module keeps for ever.
struct State {
    /// The signals and conditions, in the order of [`signals::SIGNALS`] and [`signals::CONDITIONS`].
    signals: Vec<SharedValue>,
    conditions: Vec<SharedValue>,
    /// The names of the ways of rounding, in the order of [`num::Round::ALL`].
    roundings: Vec<SharedValue>,
    decimal_tuple: SharedValue,
    signal_dict: &'static PyType,
    /// `numbers.Rational`.
    rational: SharedValue,
    /// The context variable.
    variable: SharedValue,
    /// `DefaultContext`, `BasicContext`, `ExtendedContext`.
    templates: [SharedValue; 3],
}

static STATE: OnceLock<State> = OnceLock::new();

/// See [`State`].
#[inline(always)]
fn state() -> &'static State {
    match STATE.get() {
        Some(state) => state,
        None => ungil_gc::fatal("_decimal is used before it is initialised"),
    }
}

const INTEGERS: &[(&str, i64)] = &[
    ("MAX_PREC", ctx::MAX_PREC),
    ("MAX_EMAX", ctx::MAX_EMAX),
    ("MIN_EMIN", ctx::MIN_EMIN),
    ("MIN_ETINY", ctx::MIN_ETINY),
    ("IEEE_CONTEXT_MAX_BITS", context::IEEE_MAX_BITS),
];

/// `DecimalTuple`, registered with the abstract classes that it has part in.
fn make_tuple_class(cx: &mut Cx) -> R {
    let collections = import_module(cx, "collections")?;
    let make = cx.get_attr_str(collections.r(), "namedtuple")?;
    let (name, fields, module) = (cx.str("DecimalTuple"), cx.str("sign digits exponent"), cx.str("decimal"));
    cx.call_kw(make.r(), &[name.r(), fields.r()], &[("module", module.r())])
}

/// Says to an abstract class that the class belongs to it.
fn register(cx: &mut Cx, abstract_class: &Obj, class: Ref<'_>) -> R<()> {
    cx.call_method(abstract_class.r(), "register", &[class]).map(drop)
}

fn make_state(cx: &mut Cx) -> R<State> {
    let numbers = import_module(cx, "numbers")?;
    let number = cx.get_attr_str(numbers.r(), "Number")?;
    let rational = cx.get_attr_str(numbers.r(), "Rational")?;
    let class = number::class(cx).as_ref();
    register(cx, &number, class)?;
    let contextvars = import_module(cx, "_contextvars")?;
    let variable_class = cx.get_attr_str(contextvars.r(), "ContextVar")?;
    let name = cx.str("decimal_context");
    let variable = cx.call(variable_class.r(), &[name.r()])?;
    let (signals, conditions) = signals::make_classes(cx)?;
    let mut templates = Vec::new();
    for settings in context::TEMPLATES {
        templates.push(SharedValue::new(context::new_context(cx, &settings)?));
    }
    let [default, basic, extended] = templates[..] else {
        return Err(cx.system_error("three contexts"));
    };
    Ok(State {
        signals,
        conditions,
        roundings: num::Round::NAMES.iter().map(|name| intern(cx, name)).collect(),
        decimal_tuple: SharedValue::new(make_tuple_class(cx)?),
        signal_dict: signal_dict::make_class(cx)?,
        rational: SharedValue::new(rational),
        variable: SharedValue::new(variable),
        templates: [default, basic, extended],
    })
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    if STATE.get().is_none() {
        let made = make_state(cx)?;
        // Another thread may have been faster.
        let _ = STATE.set(made);
    }
    let _ = cx.vm.hooks.power_by_modulus.set(operators::pow_by_modulus);
    let state = state();
    add_functions(cx, module, current::FUNCTIONS);
    add_functions(cx, module, context::FUNCTIONS);
    for class in [number::class(cx), context::class(cx)] {
        add(cx, module, &class.name(), class.as_ref().own(cx));
    }
    add(cx, module, "DecimalTuple", state.decimal_tuple.get().own(cx));
    signals::add_classes(cx, module);
    for (name, template) in ["DefaultContext", "BasicContext", "ExtendedContext"].iter().zip(state.templates)
    {
        add(cx, module, name, template.get().own(cx));
    }
    for (name, text) in num::Round::NAMES.iter().zip(&state.roundings) {
        add(cx, module, name, text.get().own(cx));
    }
    for &(name, value) in INTEGERS {
        let value = cx.int(value);
        add(cx, module, name, value);
    }
    for name in ["HAVE_CONTEXTVAR", "HAVE_THREADS"] {
        add(cx, module, name, cx.bool(true));
    }
    for (name, text) in [
        ("__version__", "1.70"),
        ("__libmpdec_version__", "2.5.1"),
        ("__doc__", "C decimal arithmetic module"),
    ] {
        let text = cx.str(text);
        add(cx, module, name, text);
    }
    Ok(())
}
