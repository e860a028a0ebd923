//! `_elementtree`: what `xml.etree.ElementTree` is made of, in Rust.
//!
//! - `element.rs`: the type `Element`; `methods.rs`: its methods; `items.rs`: its children as a sequence; `search.rs`: finding
//!   some of them; `state.rs`: copies and pickling; `iter.rs`: walks through a tree
//! - `builder.rs`: `TreeBuilder`; `parser.rs`: `XMLParser`, on the parser of `pyexpat` (`expat/core.rs`)
//!
//! Every object's fields are guarded by its own lock, which is let go before Python runs: a tree may change while it is
//! looked at, by callbacks or by other threads.

mod builder;
mod element;
mod items;
mod iter;
mod methods;
mod parser;
mod search;
mod state;

use crate::exceptions::Class;
use std::sync::{Mutex, OnceLock};
use ungil_runtime::SharedValue;
use ungil_runtime::import::import_module;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

static PARSE_ERROR: Class = Class::new();

/// What makes comments and instructions, if anything does.
static FACTORIES: Mutex<[Option<SharedValue>; 2]> = Mutex::new([None, None]);

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("SubElement", "($module, /, *args, **kwargs)", Varied(element::sub_element_quick, element::sub_element)),
    ("_set_factories", "($module, comment_factory, pi_factory, /)", Full(set_factories)),
];

fn set_factories(cx: &mut Cx, a: Args<'_>) -> R {
    for (v, what) in [(a.get(0), "Comment"), (a.get(1), "PI")] {
        if !v.value().is_none() && cx.class_of(v).special(cx, Special::Call).is_none() {
            let got = cx.type_name(v);
            return Err(cx.type_error(format!("{what} factory must be callable, not {got}")));
        }
    }
    let new = [a.get(0), a.get(1)].map(|v| (!v.value().is_none()).then(|| SharedValue::new(v.own(cx))));
    let old = std::mem::replace(&mut *FACTORIES.lock().unwrap_or_else(|p| p.into_inner()), new);
    let old = old.map(|v| v.map_or(cx.none(), |v| v.get().own(cx))).into();
    Ok(cx.tuple(old))
}

/// What makes comments (0) or instructions (1) unless a builder is told otherwise.
fn factory(cx: &Cx, which: usize) -> Option<Obj> {
    let known = FACTORIES.lock().unwrap_or_else(|p| p.into_inner())[which];
    known.map(|v| v.get().own(cx))
}

/// A class of this module, made once.
type ClassCell = OnceLock<&'static PyType>;

/// Calls a function of another module.
fn call_in(cx: &mut Cx, module: &str, function: &str, args: &[Ref<'_>]) -> R {
    let module = import_module(cx, module)?;
    cx.call_method(module.r(), function, args)
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    PARSE_ERROR.init(cx, module, "xml.etree.ElementTree", "ParseError", Builtin::SyntaxError)?;
    iter::class(cx);
    for (name, class) in [
        ("Element", element::class(cx)),
        ("TreeBuilder", builder::class(cx)),
        ("XMLParser", parser::class(cx)),
    ] {
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
    Ok(())
}
