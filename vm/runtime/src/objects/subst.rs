//! Type parameters in the arguments of generic aliases and unions: finding them, and putting types in their places.

use crate::objects::list::PyList;
use crate::objects::str::intern;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// An attribute by text, `None` if there is no such attribute.
fn attr(cx: &mut Cx, v: Ref<'_>, name: &str) -> R<Option<Obj>> {
    let name = intern(cx, name);
    cx.get_attr_opt(v, name.get())
}

/// The items of a tuple or list, `None` for anything else.
fn items_of(cx: &Cx, v: Ref<'_>) -> Option<Vec<Obj>> {
    match v.downcast::<PyTuple>(cx).is_some() || v.downcast::<PyList>(cx).is_some() {
        true => cx.items_if_sequence(v),
        false => None,
    }
}

/// The type parameters in a tuple or list of types, each once, in order: a tuple.
///
/// # Errors
/// What looking at the items raises.
pub fn parameters(cx: &mut Cx, args: Ref<'_>) -> R {
    let mut found = Vec::new();
    collect(cx, args, &mut found)?;
    Ok(cx.tuple(found))
}

fn push_new(found: &mut Vec<Obj>, v: Obj) {
    if !found.iter().any(|known| known.r().is(v.r())) {
        found.push(v);
    }
}

fn collect(cx: &mut Cx, args: Ref<'_>, found: &mut Vec<Obj>) -> R<()> {
    for arg in items_of(cx, args).unwrap_or_default() {
        // A class has the attributes for its instances.
        if PyType::from_ref(arg.r(), cx).is_some() {
            continue;
        }
        if items_of(cx, arg.r()).is_some() {
            cx.recursing("", |cx| collect(cx, arg.r(), found))?;
            continue;
        }
        if attr(cx, arg.r(), "__typing_subst__")?.is_some() {
            push_new(found, arg);
            continue;
        }
        let inner = attr(cx, arg.r(), "__parameters__")?;
        for parameter in inner.and_then(|p| items_of(cx, p.r())).unwrap_or_default() {
            push_new(found, parameter);
        }
    }
    Ok(())
}

/// The given arguments, unpacked tuples among them replaced by what they consist of.
fn unpack(cx: &mut Cx, item: Ref<'_>) -> R<Vec<Obj>> {
    let given = match item.downcast::<PyTuple>(cx) {
        Some(tuple) => tuple.snapshot(cx),
        None => vec![item.own(cx)],
    };
    let mut all = Vec::new();
    for v in given {
        let inner = match PyType::from_ref(v.r(), cx) {
            Some(_) => None,
            None => attr(cx, v.r(), "__typing_unpacked_tuple_args__")?,
        };
        let inner = inner.and_then(|t| t.downcast::<PyTuple>(cx).map(|t| t.snapshot(cx)));
        match inner {
            // `*tuple[int, ...]` stays as it is: nobody knows how many it stands for.
            Some(items) if items.last().is_none_or(|last| last.value() != Value::ELLIPSIS) => {
                all.extend(items)
            }
            _ => all.push(v),
        }
    }
    Ok(all)
}

/// What goes into the places of some parameters.
struct Plan<'a> {
    owner: Ref<'a>,
    parameters: Vec<Obj>,
    arguments: Vec<Obj>,
}

impl Plan<'_> {
    /// The argument for a parameter.
    fn argument(&self, parameter: Ref<'_>) -> Option<&Obj> {
        let index = self.parameters.iter().position(|p| p.r().is(parameter))?;
        self.arguments.get(index)
    }
}

/// The tuple of `args` with `parameters` replaced by `item` (a tuple for several); `owner` is for messages.
///
/// # Errors
/// `TypeError` for a wrong number of arguments, or what the parameters' hooks raise.
pub fn substitute(cx: &mut Cx, owner: Ref<'_>, args: Ref<'_>, parameters: Ref<'_>, item: Ref<'_>) -> R {
    let parameters = items_of(cx, parameters).unwrap_or_default();
    if parameters.is_empty() {
        let text = cx.repr_string(owner)?;
        return Err(cx.type_error(format!("{text} is not a generic class")));
    }
    let unpacked = unpack(cx, item)?;
    let mut given = cx.tuple(unpacked);
    for parameter in &parameters {
        let Some(prepare) = attr(cx, parameter.r(), "__typing_prepare_subst__")? else { continue };
        if prepare.value().is_none() {
            continue;
        }
        given = cx.call(prepare.r(), &[owner, given.r()])?;
    }
    let arguments = match given.downcast::<PyTuple>(cx) {
        Some(tuple) => tuple.snapshot(cx),
        None => vec![given],
    };
    if arguments.len() != parameters.len() {
        let (actual, expected) = (arguments.len(), parameters.len());
        let what = if actual > expected { "many" } else { "few" };
        let text = cx.repr_string(owner)?;
        return Err(
            cx.type_error(format!("Too {what} arguments for {text}; actual {actual}, expected {expected}"))
        );
    }
    let plan = Plan { owner, parameters, arguments };
    replace_all(cx, &plan, args)
}

fn replace_all(cx: &mut Cx, plan: &Plan<'_>, args: Ref<'_>) -> R {
    let mut made = Vec::new();
    for arg in items_of(cx, args).unwrap_or_default() {
        if PyType::from_ref(arg.r(), cx).is_some() {
            made.push(arg);
            continue;
        }
        if items_of(cx, arg.r()).is_some() {
            let inner = cx.recursing("", |cx| replace_all(cx, plan, arg.r()))?;
            let is_list = arg.downcast::<PyList>(cx).is_some();
            made.push(if is_list { crate::objects::list::list_from(cx, inner.r())? } else { inner });
            continue;
        }
        let is_unpacked = match attr(cx, arg.r(), "__typing_is_unpacked_typevartuple__")? {
            Some(flag) => cx.truth(flag.r())?,
            None => false,
        };
        let new = replace(cx, plan, arg)?;
        match new.downcast::<PyTuple>(cx) {
            Some(items) if is_unpacked => made.extend(items.snapshot(cx)),
            None if is_unpacked => {
                let (class, got) = (cx.type_name(plan.owner), cx.type_name(new.r()));
                return Err(cx.type_error(format!(
                    "expected __typing_subst__ of {class} objects to return a tuple, not {got}"
                )));
            }
            _ => made.push(new),
        }
    }
    Ok(cx.tuple(made))
}

fn replace(cx: &mut Cx, plan: &Plan<'_>, arg: Obj) -> R {
    if let Some(hook) = attr(cx, arg.r(), "__typing_subst__")? {
        return match plan.argument(arg.r()) {
            Some(argument) => cx.call(hook.r(), &[argument.r()]),
            None => Ok(arg),
        };
    }
    let inner = attr(cx, arg.r(), "__parameters__")?;
    let inner = inner.and_then(|p| p.downcast::<PyTuple>(cx).map(|t| t.snapshot(cx))).unwrap_or_default();
    if inner.is_empty() {
        return Ok(arg);
    }
    let mut arguments = Vec::new();
    for parameter in inner {
        match plan.argument(parameter.r()) {
            None => arguments.push(parameter),
            Some(argument) => {
                let several = cx.class_of(parameter.r()).special(cx, Special::Iter).is_some();
                match argument.downcast::<PyTuple>(cx).filter(|_| several) {
                    // A `TypeVarTuple` takes any number.
                    Some(items) => arguments.extend(items.snapshot(cx)),
                    None => arguments.push(argument.clone()),
                }
            }
        }
    }
    let key = cx.tuple(arguments);
    cx.get_item(arg.r(), key.r())
}
