//! Calls by the flags of parameters: named arguments, defaults, and results that functions store where they are told to.

use super::codes;
use super::info::{Kind, info_of_type};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

const IN: u64 = 1;
const OUT: u64 = 2;
const LCID: u64 = 4;

/// What a function is called with.
pub struct Built {
    pub args: Vec<Obj>,
    /// The arguments that are results, and whether their values are.
    results: Vec<(usize, bool)>,
}

/// What was given, as far as it has been used.
struct Given<'a> {
    positional: &'a [Ref<'a>],
    named: Option<&'a PyDict>,
    used: usize,
}

impl Given<'_> {
    fn take(&mut self, cx: &mut Cx, name: Option<Ref<'_>>, default: Option<Ref<'_>>) -> R {
        if let Some(v) = self.positional.get(self.used) {
            self.used += 1;
            return Ok(v.own(cx));
        }
        if let Some((named, name)) = self.named.zip(name)
            && let Some(v) = named.get(cx, name)?
        {
            self.used += 1;
            return Ok(v);
        }
        match (default, name) {
            (Some(default), _) => Ok(default.own(cx)),
            (None, Some(name)) => {
                let name = cx.str_string(name)?;
                Err(cx.type_error(format!("required argument '{name}' missing")))
            }
            (None, None) => Err(cx.type_error("not enough arguments")),
        }
    }
}

/// The arguments of a call.
///
/// # Errors
/// `TypeError`, `ValueError`, or what making objects for results raises.
pub fn build(
    cx: &mut Cx,
    flags: &[Ref<'_>],
    types: &[Obj],
    positional: &[Ref<'_>],
    named: Option<&PyDict>,
) -> R<Built> {
    let mut given = Given { positional, named, used: 0 };
    let mut built = Built { args: Vec::with_capacity(types.len()), results: Vec::new() };
    for (i, (class, item)) in types.iter().zip(flags).enumerate() {
        let parts = item.downcast::<PyTuple>(cx).map_or(&[][..], PyTuple::items);
        let flag = parts.first().and_then(|flag| codes::address(cx, *flag)).unwrap_or(0);
        let (name, default) = (parts.get(1).copied(), parts.get(2).copied());
        let arg = match flag & (IN | OUT | LCID) {
            0b101 => default.map_or_else(|| cx.int(0), |default| default.own(cx)),
            0b011 => {
                built.results.push((i, false));
                given.take(cx, name, default)?
            }
            0 | IN => given.take(cx, name, default)?,
            OUT => {
                built.results.push((i, true));
                match default {
                    Some(default) => default.own(cx),
                    None => room(cx, class.r())?,
                }
            }
            _ => return Err(cx.value_error(format!("paramflag {flag} not yet implemented"))),
        };
        built.args.push(arg);
    }
    let (used, actual) = (given.used, positional.len() + named.map_or(0, PyDict::len));
    if used != actual {
        return Err(cx.type_error(format!("call takes exactly {used} arguments ({actual} given)")));
    }
    Ok(built)
}

/// An object where a function can store what the type of a parameter points to.
fn room(cx: &mut Cx, class: Ref<'_>) -> R {
    let Some(info) = info_of_type(cx, class) else {
        return Err(cx.runtime_error("NULL stginfo unexpected"));
    };
    match (info.facts().kind, info.item.get(&info.h, cx)) {
        (Kind::Array, _) => cx.call(class, &[]),
        (_, Some(item)) => cx.call(item.r(), &[]),
        (_, None) => {
            let name = PyType::from_ref(class, cx).map_or_else(String::new, PyType::name);
            Err(cx.type_error(format!("{name} 'out' parameter must be passed as default value")))
        }
    }
}

/// What the call gives: the results among the arguments, if there are any.
///
/// # Errors
/// What `__ctypes_from_outparam__` raises.
pub fn result(cx: &mut Cx, built: Built, result: Obj) -> R {
    let mut found = Vec::with_capacity(built.results.len());
    for &(i, by_value) in &built.results {
        let arg = &built.args[i];
        found.push(match by_value {
            true => cx.call_method(arg.r(), "__ctypes_from_outparam__", &[])?,
            false => arg.clone(),
        });
    }
    Ok(match found.len() {
        0 => result,
        1 => found.remove(0),
        _ => cx.tuple(found),
    })
}
