//! Sorting the arguments of a call into the parameters of a Python function, with CPython's messages
//! (`initialize_locals` in CPython's `Python/ceval.c`).

use crate::objects::dict::PyDict;
use crate::objects::function::PyFunction;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use std::mem::MaybeUninit;
use ungil_bytecode::{Head, flags};

/// Parameters that [`sort_in_place`] can deal with.
const MOST: usize = 31;
/// Place of a named argument that goes to `**kwargs`.
const TO_KWARGS: u8 = u8::MAX;

/// What the sorting of arguments must know about the parameters of a code object.
#[derive(Clone, Copy)]
pub struct Parameters {
    positional: u8,
    positional_only: u8,
    /// Positional and keyword-only ones.
    total: u8,
    varargs: bool,
    varkw: bool,
    /// There are not too many, and the code is not that of a module ([`bind`] says what its namespace is).
    sortable: bool,
}

impl Parameters {
    pub fn of(head: &Head<'_>) -> Parameters {
        let total = head.arg_count as usize + head.keyword_only_count as usize;
        Parameters {
            positional: head.arg_count as u8,
            positional_only: head.positional_only_count as u8,
            total: total as u8,
            varargs: head.flags & flags::VARARGS != 0,
            varkw: head.flags & flags::VARKEYWORDS != 0,
            sortable: total <= MOST && !head.has_namespace,
        }
    }

    /// Parameters of all kinds, of which [`sort_in_place`] sets each.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.total as usize + self.varargs as usize + self.varkw as usize
    }
}

/// Sorts the arguments of a call where they stand, without allocating but for `*args` and `**kwargs`: `args` are owned
/// values, the last of them named by `names`; they become the values of all parameters in register order, with nothing
/// left behind them. False if there is anything unusual about them, and nothing has been done: [`bind`] tells.
///
/// # Safety
/// There are `given` owned values at `args`, and room for all of the function's registers.
#[inline]
pub unsafe fn sort_in_place(
    cx: &Cx,
    f: &PyFunction,
    args: *mut Value,
    given: usize,
    names: Option<&PyTuple>,
) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        match names {
            None => sort_positional(cx, f, args, given),
            Some(names) => sort_named(cx, f, args, given, names.items()),
        }
    }
}

/// As [`sort_in_place`] for a call without names.
///
/// # Safety
/// As there.
#[inline(never)]
pub unsafe fn sort_positional(cx: &Cx, f: &PyFunction, args: *mut Value, given: usize) -> bool {
    let p = f.code().parameters;
    let positional = p.positional as usize;
    if p.total != p.positional {
        // SAFETY: as the caller promises.
        return unsafe { sort_named(cx, f, args, given, &[]) };
    }
    if !p.sortable || given > positional && !p.varargs {
        return false;
    }
    // SAFETY: as the caller promises: registers of the function, or arguments.
    unsafe {
        if given < positional && !fill_behind(cx, f, args, given, positional) {
            return false;
        }
        let extra = given.saturating_sub(positional);
        let end = collect_rest(cx, p, args, positional, extra);
        for i in end..given {
            *args.add(i) = Value::UNDEF;
        }
    }
    true
}

/// Sets positional parameters from `given` on to their defaults, if all have one.
unsafe fn fill_behind(cx: &Cx, f: &PyFunction, args: *mut Value, given: usize, positional: usize) -> bool {
    with_defaults(cx, f, |defaults| {
        let missing = positional - given;
        let enough = missing <= defaults.len();
        if enough {
            for (i, default) in defaults[defaults.len() - missing..].iter().enumerate() {
                // SAFETY: a register of the function.
                unsafe { *args.add(given + i) = default.own(cx).into_value() };
            }
        }
        enough
    })
}

/// Sets `*args`, to the `extra` arguments from `positional` on, and `**kwargs`, to an empty dict, behind the other
/// parameters; how many there are then.
#[inline(always)]
unsafe fn collect_rest(cx: &Cx, p: Parameters, args: *mut Value, positional: usize, extra: usize) -> usize {
    let mut end = p.total as usize;
    // SAFETY: as the caller of `sort_in_place` promises.
    unsafe {
        // Where the tuple goes may be where its last items are.
        let rest = p.varargs.then(|| {
            let extra = std::slice::from_raw_parts(args.add(positional), extra);
            crate::objects::tuple::new_tuple_from_values(cx, extra)
        });
        if let Some(rest) = rest {
            *args.add(end) = rest.into_value();
            end += 1;
        }
        if p.varkw {
            *args.add(end) = PyDict::new(cx).into_value();
            end += 1;
        }
    }
    end
}

/// Calls `look` with the defaults of positional parameters. It must not run Python.
#[inline(always)]
fn with_defaults<T>(cx: &Cx, f: &PyFunction, look: impl FnOnce(&[Ref<'_>]) -> T) -> T {
    /// What the setter of `__defaults__` admits: a tuple or nothing.
    #[inline(always)]
    unsafe fn items<'a>(v: Value) -> &'a [Ref<'a>] {
        // SAFETY: as said; the caller keeps it alive.
        if v.is_ptr() { unsafe { Ref::from_value(v).cast_unchecked::<PyTuple>().items() } } else { &[] }
    }
    // SAFETY: an exclusive thread alone can replace the defaults; others hold them.
    unsafe {
        if cx.is_exclusive(&f.h) {
            return look(items(f.defaults.peek()));
        }
        match f.defaults.get(&f.h, cx) {
            Some(defaults) => look(items(defaults.value())),
            None => look(&[]),
        }
    }
}

/// Values of parameters, in order: there for those whose bit is set.
struct Slots {
    filled: u32,
    values: [MaybeUninit<Value>; MOST],
}

/// As [`sort_in_place`] with the names of the last arguments.
///
/// # Safety
/// As there.
#[inline(never)]
pub unsafe fn sort_named(cx: &Cx, f: &PyFunction, args: *mut Value, given: usize, names: &[Ref<'_>]) -> bool {
    let p = f.code().parameters;
    let positional = p.positional as usize;
    let by_position = given - names.len();
    if !p.sortable || names.len() > MOST || by_position > positional && !p.varargs {
        return false;
    }
    let direct = by_position.min(positional);
    let mut slots = Slots { filled: (1 << direct) - 1, values: [const { MaybeUninit::uninit() }; MOST] };
    let mut places = [const { MaybeUninit::uninit() }; MOST];
    if !place_names(cx, f, p, by_position, names, &mut slots.filled, &mut places)
        || !fill_missing(cx, f, p, &mut slots)
    {
        return false;
    }
    // SAFETY: as the caller promises. Nothing fails from here on: all values move to their places. All places of names were
    // written, and all parameters but the direct ones get a value here or have got a default.
    unsafe {
        let named = args.add(by_position);
        let mut kwargs = None;
        if p.varkw {
            let dict = PyDict::new(cx);
            let into = dict.r().cast_unchecked::<PyDict>();
            for (i, name) in names.iter().enumerate() {
                if places[i].assume_init() == TO_KWARGS {
                    into.set_str(cx, *name, Obj::from_owned(*named.add(i)));
                }
            }
            kwargs = Some(dict);
        }
        for (i, place) in places[..names.len()].iter().enumerate() {
            let place = place.assume_init();
            if place != TO_KWARGS {
                slots.values[place as usize].write(*named.add(i));
            }
        }
        let extra = p.varargs.then(|| {
            let extra = std::slice::from_raw_parts(args.add(direct), by_position - direct);
            crate::objects::tuple::new_tuple_from_values(cx, extra)
        });
        for i in direct..p.total as usize {
            *args.add(i) = slots.values[i].assume_init();
        }
        let mut end = p.total as usize;
        if let Some(extra) = extra {
            *args.add(end) = extra.into_value();
            end += 1;
        }
        if let Some(kwargs) = kwargs {
            *args.add(end) = kwargs.into_value();
            end += 1;
        }
        for i in end..given {
            *args.add(i) = Value::UNDEF;
        }
    }
    true
}

/// Finds the parameters that the names mean. False if that takes a closer look.
#[inline(always)]
fn place_names(
    cx: &Cx,
    f: &PyFunction,
    p: Parameters,
    by_position: usize,
    names: &[Ref<'_>],
    filled: &mut u32,
    places: &mut [MaybeUninit<u8>; MOST],
) -> bool {
    let parameters = &f.code().local_names(cx)[..p.total as usize];
    let first = p.positional_only as usize;
    for (i, name) in names.iter().enumerate() {
        // Named arguments mostly stand in the order of the parameters, and names of parameters are interned.
        let likely = by_position + i;
        let found = match parameters.get(likely) {
            Some(parameter) if parameter.get().is(*name) && likely >= first => Some(likely),
            _ => parameters.iter().position(|parameter| parameter.get().is(*name)),
        };
        match found {
            // Given twice, or by name where that is not admitted.
            Some(at) if *filled & 1 << at != 0 || at < first => return false,
            Some(at) => {
                *filled |= 1 << at;
                places[i].write(at as u8);
            }
            None if !p.varkw || !is_interned(*name) => return false,
            None => {
                places[i].write(TO_KWARGS);
            }
        }
    }
    true
}

/// Whether a name that is not the same object as another interned one is another name.
fn is_interned(name: Ref<'_>) -> bool {
    name.header().is_some_and(|h| h.shape_id() == Builtin::Str as u32 && h.has_flag(crate::flag::INTERNED))
}

/// Fills the parameters that are not given, with owned values. False, and nothing is filled, if one has no default.
#[inline(always)]
fn fill_missing(cx: &Cx, f: &PyFunction, p: Parameters, slots: &mut Slots) -> bool {
    let all = (1u32 << p.total) - 1;
    slots.filled == all || fill_defaults_of(cx, f, p, all, slots)
}

#[inline(never)]
fn fill_defaults_of(cx: &Cx, f: &PyFunction, p: Parameters, all: u32, slots: &mut Slots) -> bool {
    let given = slots.filled;
    let positional = p.positional as usize;
    let low = |n: usize| (1u32 << n) - 1;
    with_defaults(cx, f, |defaults| {
        let first = positional.saturating_sub(defaults.len());
        if given & low(first) != low(first) {
            return false;
        }
        let keyword_only = all & !low(positional);
        if given & keyword_only != keyword_only && !fill_keyword_only(cx, f, p, slots) {
            return false;
        }
        let mut missing = low(positional) & !given;
        while missing != 0 {
            let i = missing.trailing_zeros() as usize;
            slots.values[i].write(defaults[i + defaults.len() - positional].own(cx).into_value());
            missing &= missing - 1;
        }
        true
    })
}

fn fill_keyword_only(cx: &Cx, f: &PyFunction, p: Parameters, slots: &mut Slots) -> bool {
    let kwdefaults = f.kwdefaults.get(&f.h, cx);
    let dict = kwdefaults.as_ref().and_then(|d| d.downcast::<PyDict>(cx));
    let missing = |slots: &Slots, i: usize| slots.filled & 1 << i == 0;
    let first = p.positional as usize;
    for i in first..p.total as usize {
        if !missing(slots, i) {
            continue;
        }
        match dict.and_then(|d| d.get_str(cx, f.code().local_names(cx)[i].get())) {
            Some(v) => {
                slots.values[i].write(v.into_value());
            }
            None => {
                for i in (first..i).filter(|&i| missing(slots, i)) {
                    // SAFETY: written by an earlier turn of this loop.
                    cx.drop_value(unsafe { slots.values[i].assume_init() });
                }
                return false;
            }
        }
    }
    true
}

/// The values of all parameters in register order: positional, keyword-only, `*args`, `**kwargs`. `args` are borrowed:
/// positional arguments, then those that `names` names.
///
/// # Errors
/// `TypeError`.
pub fn bind(cx: &mut Cx, f: &PyFunction, args: &[Value], names: Option<&PyTuple>) -> R<Vec<Obj>> {
    let code = f.code();
    let unit = &code.head;
    if unit.has_namespace && args.is_empty() {
        // Its globals themselves.
        return Ok(vec![cx.none()]);
    }
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
            if !place_named(cx, f, &mut slots, kwargs.as_ref(), name, value)? {
                return Err(unexpected(cx, f, name, names));
            }
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
    cx.text_of(f.qualname(cx).r())
}

/// Gives a parameter its value; false if there is none of the name.
fn place_named(
    cx: &mut Cx,
    f: &PyFunction,
    slots: &mut [Option<Obj>],
    kwargs: Option<&Obj>,
    name: Ref<'_>,
    value: Obj,
) -> R<bool> {
    let code = f.code();
    let first = code.head.positional_only_count as usize;
    if !cx.is_instance_of(name, Builtin::Str) {
        return Err(cx.type_error("keywords must be strings"));
    }
    let params = &code.local_names(cx)[first..slots.len()];
    let mut found = params.iter().position(|p| p.get().is(name));
    for (i, param) in params.iter().enumerate() {
        if found.is_none() && cx.equal(param.get(), name)? {
            found = Some(i);
        }
    }
    if let Some(i) = found {
        let slot = &mut slots[first + i];
        if slot.is_some() {
            let (q, n) = (qualname(cx, f), cx.text_of(name));
            return Err(cx.type_error(format!("{q}() got multiple values for argument '{n}'")));
        }
        *slot = Some(value);
        return Ok(true);
    }
    if let Some(kwargs) = kwargs.and_then(|k| k.downcast::<PyDict>(cx)) {
        let key = name.own(cx);
        return kwargs.set(cx, key, value).map(|()| true);
    }
    Ok(false)
}

/// The complaint about a name that is no parameter's, or one that may be given by position only.
fn unexpected(cx: &mut Cx, f: &PyFunction, name: Ref<'_>, names: &PyTuple) -> Err {
    let code = f.code();
    let (q, n) = (qualname(cx, f), cx.text_of(name));
    let known: Vec<&str> = code.head.local_names.iter().collect();
    let (only, others) = known.split_at(code.head.positional_only_count as usize);
    let given: Vec<String> = names.items().iter().map(|n| cx.text_of(*n)).collect();
    let wrong: Vec<&str> = only.iter().copied().filter(|n| given.iter().any(|g| g == n)).collect();
    if !wrong.is_empty() {
        let list = wrong.join(", ");
        return cx.type_error(format!(
            "{q}() got some positional-only arguments passed as keyword arguments: '{list}'"
        ));
    }
    let total = (code.head.arg_count + code.head.keyword_only_count) as usize;
    let candidates: Vec<String> = others[..total - only.len()].iter().map(|&n| n.to_owned()).collect();
    let hint = crate::traceback::suggestion(&n, &candidates);
    let hint = hint.map(|s| format!(". Did you mean '{s}'?")).unwrap_or_default();
    cx.type_error(format!("{q}() got an unexpected keyword argument '{n}'{hint}"))
}

fn too_many(cx: &mut Cx, f: &PyFunction, given: usize, slots: &[Option<Obj>]) -> Err {
    let unit = &f.code().head;
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
    let unit = &f.code().head;
    let positional = unit.arg_count as usize;
    if slots.iter().all(Option::is_some) {
        return Ok(());
    }
    let defaults = defaults_of(cx, f);
    let first = positional.saturating_sub(defaults.len());
    let names = |missing: &[usize]| -> Vec<String> {
        let known: Vec<&str> = unit.local_names.iter().collect();
        missing.iter().map(|&i| known[i].to_owned()).collect()
    };
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
        match dict.and_then(|d| d.get_str(cx, f.code().local_names(cx)[i].get())) {
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
