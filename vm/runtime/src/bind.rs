//! Sorting the arguments of a call into the parameters of a native, with CPython's messages (`Python/getargs.c`).

use crate::native::Signature;
use crate::objects::dict::PyDict;
use crate::objects::str::PyStr;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// Gives the qualified name for messages.
pub type Name<'a> = &'a dyn Fn() -> String;

/// The window for the native: parameters in order, then keyword-only ones, then the tuple of `*args`, then the dict of
/// `**kwargs`.
///
/// # Errors
/// `TypeError`.
pub fn bind(
    cx: &mut Cx,
    sig: &Signature,
    qualified: Name<'_>,
    args: Args<'_>,
    positional: usize,
    names: Option<&PyTuple>,
) -> R<Vec<Obj>> {
    let hidden = sig.has_self as usize;
    let named = args.len() - positional;
    let accepts_names = sig.varkw || sig.positional_only < sig.names.len();
    if named > 0 && !accepts_names {
        return Err(cx.type_error(format!("{}() takes no keyword arguments", shown(qualified))));
    }
    let given = args.len().saturating_sub(hidden);
    if named > 0 && !sig.varargs && !sig.varkw && given > sig.names.len() - hidden {
        return Err(too_many(cx, sig, qualified, given, positional <= hidden));
    }
    if positional > sig.positional && !sig.varargs {
        return Err(wrong_count(cx, sig, qualified, positional - hidden));
    }
    let mut slots: Vec<Option<Obj>> = (0..sig.names.len())
        .map(|i| (i < positional.min(sig.positional)).then(|| args.get(i).own(cx)))
        .collect();
    let extra: Vec<Obj> = (sig.positional.min(positional)..positional).map(|i| args.get(i).own(cx)).collect();
    let kwargs = sig.varkw.then(|| PyDict::new(cx));
    for (i, name) in names.map_or(&[][..], |n| n.items()).iter().enumerate() {
        let value = args.get(positional + i).own(cx);
        place(cx, sig, qualified, &mut slots, kwargs.as_ref(), *name, value)?;
    }
    let missing = (0..sig.required).find(|&i| slots[i].is_none());
    if let Some(i) = missing {
        if i < sig.positional_only {
            return Err(wrong_count(cx, sig, qualified, positional.saturating_sub(hidden)));
        }
        let (name, at) = (&sig.names[i], i + 1 - hidden);
        return Err(
            cx.type_error(format!("{}() missing required argument '{name}' (pos {at})", short(qualified)))
        );
    }
    for (i, &required) in sig.keyword_required.iter().enumerate() {
        if required && slots[sig.positional + i].is_none() {
            let (name, at) = (&sig.names[sig.positional + i], sig.positional + i + 1 - hidden);
            let message = format!("{}() missing required argument '{name}' (pos {at})", short(qualified));
            return Err(cx.type_error(message));
        }
    }
    let mut window: Vec<Obj> =
        slots.into_iter().map(|s| s.unwrap_or_else(|| Obj::immediate(Value::UNDEF))).collect();
    if sig.varargs {
        window.push(cx.tuple(extra));
    }
    window.extend(kwargs);
    Ok(window)
}

/// The name in messages: what makes an instance shows its class alone.
fn shown(qualified: Name<'_>) -> String {
    let name = qualified();
    let class = name.strip_suffix(".__new__").or_else(|| name.strip_suffix(".__init__"));
    class.unwrap_or(&name).to_string()
}

/// The name without its class, as most messages have it.
fn short(qualified: Name<'_>) -> String {
    let name = shown(qualified);
    name.rsplit('.').next().unwrap_or(&name).to_string()
}

fn place(
    cx: &mut Cx,
    sig: &Signature,
    qualified: Name<'_>,
    slots: &mut [Option<Obj>],
    kwargs: Option<&Obj>,
    name: Ref<'_>,
    value: Obj,
) -> R<()> {
    let bytes = name.downcast::<PyStr>(cx).map_or(&[][..], |s| s.as_bytes());
    let found = (sig.positional_only..sig.names.len()).find(|&i| sig.names[i].as_bytes() == bytes);
    match found {
        Some(i) if slots[i].is_none() => {
            slots[i] = Some(value);
            Ok(())
        }
        Some(i) => {
            let at = i + 1 - sig.has_self as usize;
            let text = cx.text_of(name);
            Err(cx.type_error(format!(
                "argument for {}() given by name ('{text}') and position ({at})",
                short(qualified)
            )))
        }
        None => match kwargs.and_then(|k| k.downcast::<PyDict>(cx)) {
            Some(kwargs) => {
                let key = name.own(cx);
                kwargs.set(cx, key, value)
            }
            None => {
                let text = cx.text_of(name);
                let name = match short(qualified) {
                    name if name == "sorted" => "sort".to_string(),
                    name => name,
                };
                Err(cx.type_error(format!("{name}() got an unexpected keyword argument '{text}'")))
            }
        },
    }
}

/// More arguments than parameters, some of them given by name.
fn too_many(cx: &mut Cx, sig: &Signature, qualified: Name<'_>, given: usize, only_names: bool) -> Err {
    let total = sig.names.len() - sig.has_self as usize;
    let bound = if sig.required - sig.has_self as usize == total { "exactly" } else { "at most" };
    let keyword = if only_names { "keyword " } else { "" };
    let s = if total == 1 { "" } else { "s" };
    let name = short(qualified);
    cx.type_error(format!("{name}() takes {bound} {total} {keyword}argument{s} ({given} given)"))
}

fn wrong_count(cx: &mut Cx, sig: &Signature, qualified: Name<'_>, given: usize) -> Err {
    let hidden = sig.has_self as usize;
    let (min, max) = (sig.required - hidden.min(sig.required), sig.positional - hidden);
    let name = shown(qualified);
    let short = short(qualified);
    // Its keyword arguments are those of `list.sort`, which complains about them itself.
    let forwards = name == "sorted";
    if sig.positional_only == sig.positional && (sig.keyword_required.is_empty() || forwards) && !sig.varkw {
        if max == 0 {
            return cx.type_error(format!("{name}() takes no arguments ({given} given)"));
        }
        if min == 1 && max == 1 && !forwards {
            return cx.type_error(format!("{name}() takes exactly one argument ({given} given)"));
        }
        let (bound, n) = match (min == max, given < min) {
            (true, _) => ("", min),
            (_, true) => ("at least ", min),
            _ => ("at most ", max),
        };
        let s = if n == 1 { "" } else { "s" };
        return cx.type_error(format!("{short} expected {bound}{n} argument{s}, got {given}"));
    }
    // More than there are parameters of any kind is not a matter of position.
    let total = sig.names.len() - hidden;
    if given > total && !sig.varkw && total > 0 {
        let s = if total == 1 { "" } else { "s" };
        return cx.type_error(format!("{short}() takes at most {total} argument{s} ({given} given)"));
    }
    let positional = match sig.names.len() > sig.positional || sig.positional_only > hidden {
        true => " positional",
        false => "",
    };
    let (bound, n) = match (min == max, given < min) {
        (true, _) => ("exactly", min),
        (_, true) => ("at least", min),
        _ => ("at most", max),
    };
    let s = if n == 1 { "" } else { "s" };
    if n == 0 {
        return cx.type_error(format!("{short}() takes no positional arguments"));
    }
    cx.type_error(format!("{short}() takes {bound} {n}{positional} argument{s} ({given} given)"))
}
