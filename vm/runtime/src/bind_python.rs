//! Sorting the arguments of a call into the parameters of a Python function, with CPython's messages
//! (`initialize_locals` in CPython's `Python/ceval.c`).

use crate::objects::dict::PyDict;
use crate::objects::function::PyFunction;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use ungil_bytecode::flags;

/// The values of all parameters in register order: positional, keyword-only, `*args`, `**kwargs`. `args` are borrowed:
/// positional arguments, then those that `names` names.
///
/// # Errors
/// `TypeError`.
pub fn bind(cx: &mut Cx, f: &PyFunction, args: &[Value], names: Option<&PyTuple>) -> R<Vec<Obj>> {
    let code = f.code();
    let unit = &code.unit;
    let named = names.map_or(0, |n| n.items().len());
    let given = args.len() - named;
    let (positional, keyword_only) = (unit.arg_count as usize, unit.keyword_only_count as usize);
    let total = positional + keyword_only;
    let mut slots: Vec<Option<Obj>> = Vec::with_capacity(total + 2);
    // SAFETY: the caller keeps the arguments alive.
    let own = |cx: &Cx, v: Value| unsafe { Obj::from_borrowed(v, cx) };
    slots.extend(args[..given.min(positional)].iter().map(|&v| Some(own(cx, v))));
    slots.resize_with(total, || None);
    let varargs = unit.flags & flags::VARARGS != 0;
    let extra: Vec<Obj> = match varargs {
        true => args[given.min(positional)..given].iter().map(|&v| own(cx, v)).collect(),
        false => Vec::new(),
    };
    let kwargs = (unit.flags & flags::VARKEYWORDS != 0).then(|| PyDict::new(cx));
    if let Some(names) = names {
        for (i, &name) in names.items().iter().enumerate() {
            let value = own(cx, args[given + i]);
            place_named(cx, f, &mut slots, kwargs.as_ref(), name, value)?;
        }
    }
    if given > positional && !varargs {
        return Err(too_many(cx, f, given, &slots));
    }
    fill_defaults(cx, f, &mut slots)?;
    let mut sorted: Vec<Obj> = slots.into_iter().flatten().collect();
    if varargs {
        sorted.push(cx.tuple(extra));
    }
    sorted.extend(kwargs);
    Ok(sorted)
}

fn qualname(cx: &Cx, f: &PyFunction) -> String {
    f.qualname.get(&f.h, cx).map(|q| cx.text_of(q.r())).unwrap_or_default()
}

fn place_named(
    cx: &mut Cx,
    f: &PyFunction,
    slots: &mut [Option<Obj>],
    kwargs: Option<&Obj>,
    name: Ref<'_>,
    value: Obj,
) -> R<()> {
    let code = f.code();
    let first = code.unit.positional_only_count as usize;
    if !cx.is_instance_of(name, Builtin::Str) {
        let q = qualname(cx, f);
        return Err(cx.type_error(format!("{q}() keywords must be strings")));
    }
    let params = &code.local_names[first..slots.len()];
    let found = params.iter().position(|p| p.get().is(name)).or_else(|| {
        let text = |v: Ref<'_>| crate::objects::str::equal_if_both_str(cx, v, name) == Some(true);
        params.iter().position(|p| text(p.get()))
    });
    if let Some(i) = found {
        let slot = &mut slots[first + i];
        if slot.is_some() {
            let (q, n) = (qualname(cx, f), cx.text_of(name));
            return Err(cx.type_error(format!("{q}() got multiple values for argument '{n}'")));
        }
        *slot = Some(value);
        return Ok(());
    }
    if let Some(kwargs) = kwargs.and_then(|k| k.downcast::<PyDict>(cx)) {
        let key = name.own(cx);
        return kwargs.set(cx, key, value);
    }
    Err(unexpected(cx, f, name))
}

fn unexpected(cx: &mut Cx, f: &PyFunction, name: Ref<'_>) -> Err {
    let code = f.code();
    let (q, n) = (qualname(cx, f), cx.text_of(name));
    let only = &code.unit.local_names[..code.unit.positional_only_count as usize];
    if only.contains(&n) {
        return cx.type_error(format!(
            "{q}() got some positional-only arguments passed as keyword arguments: '{n}'"
        ));
    }
    let total = (code.unit.arg_count + code.unit.keyword_only_count) as usize;
    let candidates = code.unit.local_names[only.len()..total].to_vec();
    let hint = crate::traceback::suggestion(&n, &candidates);
    let hint = hint.map(|s| format!(". Did you mean '{s}'?")).unwrap_or_default();
    cx.type_error(format!("{q}() got an unexpected keyword argument '{n}'{hint}"))
}

fn too_many(cx: &mut Cx, f: &PyFunction, given: usize, slots: &[Option<Obj>]) -> Err {
    let unit = &f.code().unit;
    let positional = unit.arg_count as usize;
    let defaults = defaults_of(cx, f).len();
    let given_keyword_only = slots[positional..].iter().filter(|s| s.is_some()).count();
    let (takes, plural) = match defaults {
        0 => (positional.to_string(), positional != 1),
        n => (format!("from {} to {positional}", positional - n), true),
    };
    let (q, s) = (qualname(cx, f), if plural { "s" } else { "" });
    let (was, extra) = if given_keyword_only > 0 {
        let (p, k) = (if given == 1 { "" } else { "s" }, if given_keyword_only == 1 { "" } else { "s" });
        let extra = format!(" positional argument{p} (and {given_keyword_only} keyword-only argument{k})");
        ("were", extra)
    } else {
        (if given == 1 { "was" } else { "were" }, String::new())
    };
    cx.type_error(format!("{q}() takes {takes} positional argument{s} but {given}{extra} {was} given"))
}

fn defaults_of(cx: &Cx, f: &PyFunction) -> Vec<Obj> {
    let defaults = f.defaults.get(&f.h, cx);
    let items = defaults.as_ref().and_then(|d| d.downcast::<PyTuple>(cx));
    items.map(|t| t.items().iter().map(|v| v.own(cx)).collect()).unwrap_or_default()
}

fn fill_defaults(cx: &mut Cx, f: &PyFunction, slots: &mut [Option<Obj>]) -> R<()> {
    let unit = &f.code().unit;
    let positional = unit.arg_count as usize;
    if slots.iter().all(Option::is_some) {
        return Ok(());
    }
    let defaults = defaults_of(cx, f);
    let first = positional.saturating_sub(defaults.len());
    let names =
        |missing: &[usize]| -> Vec<String> { missing.iter().map(|&i| unit.local_names[i].clone()).collect() };
    let missing: Vec<usize> = (0..first).filter(|&i| slots[i].is_none()).collect();
    if !missing.is_empty() {
        return Err(missing_error(cx, f, "positional", &names(&missing)));
    }
    for (slot, default) in
        slots[first..positional].iter_mut().zip(defaults.into_iter().rev().take(positional - first).rev())
    {
        if slot.is_none() {
            *slot = Some(default);
        }
    }
    let kwdefaults = f.kwdefaults.get(&f.h, cx);
    let mut missing = Vec::new();
    for (i, slot) in slots.iter_mut().enumerate().skip(positional) {
        if slot.is_some() {
            continue;
        }
        let dict = kwdefaults.as_ref().and_then(|d| d.downcast::<PyDict>(cx));
        match dict.and_then(|d| d.get_str(cx, f.code().local_names[i].get())) {
            Some(default) => *slot = Some(default),
            None => missing.push(i),
        }
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(missing_error(cx, f, "keyword-only", &names(&missing))),
    }
}

fn missing_error(cx: &mut Cx, f: &PyFunction, kind: &str, names: &[String]) -> Err {
    let quoted: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
    let list = match quoted.as_slice() {
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [head @ .., last] => format!("{}, and {last}", head.join(", ")),
        [] => String::new(),
    };
    let (q, n, s) = (qualname(cx, f), names.len(), if names.len() == 1 { "" } else { "s" });
    cx.type_error(format!("{q}() missing {n} required {kind} argument{s}: {list}"))
}
