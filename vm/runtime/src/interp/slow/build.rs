//! Making containers, strings, functions; unpacking.

use super::{operand, put, take, take_temp};
use crate::interp::frame::Frame;
use crate::interp::resume_at;
use crate::interp::{slow, unwind};
use crate::objects::dict::PyDict;
use crate::objects::function::{self, PyFunction};
use crate::objects::list::{self, PyList};
use crate::objects::tuple::PyTuple;
use crate::objects::{set, str, template, tuple};
use crate::prelude::*;

/// The words of `n` temporaries. The caller leaves them empty.
unsafe fn temps<'a>(regs: *mut Value, first: usize, n: usize) -> &'a mut [Value] {
    std::slice::from_raw_parts_mut(regs.add(first), n)
}

slow_handler! {
    pub fn build_tuple(word, regs, cx) {
        let items = temps(regs, fb!(word), fc!(word));
        let tuple = tuple::new_tuple_from_values(cx, items);
        items.fill(Value::UNDEF);
        Ok(tuple)
    }
}

slow_path! {
    pub fn build_list(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let items = temps(regs, fb!(word), fc!(word));
        let list = list::new_list_from_values(&*cx, items);
        items.fill(Value::UNDEF);
        slow::consume(word, regs, cx);
        put(regs, fa!(word), list, cx);
        let next = ip.add(slow::words(word));
        // The list may have made a collection due. At once, and not at the end of a loop's body: behind its condition.
        if (*cx).is_wanted() {
            return slow::poll::next(next, regs, cx, t);
        }
        resume_at(next, regs, cx, t)
    }
}

slow_path! {
    pub fn build_set(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let (first, n) = (fb!(*ip), fc!(*ip));
        let result = set_of(&mut *cx, temps(regs, first, n));
        drop_temps(regs, first, n, &*cx);
        done!(ip, regs, cx, t, result)
    }
}

fn set_of(cx: &mut Cx, items: &[Value]) -> R {
    let made = set::PySet::new(cx);
    // SAFETY: made as a set just now.
    let set: &set::PySet = unsafe { made.cast_unchecked() };
    for &item in items {
        // SAFETY: the caller keeps the values alive.
        set.add_ref(cx, unsafe { Ref::from_value(item) })?;
    }
    Ok(made)
}

/// Empties temporaries, the last one first.
unsafe fn drop_temps(regs: *mut Value, first: usize, n: usize, cx: &Cx) {
    for v in temps(regs, first, n).iter_mut().rev() {
        cx.drop_value(std::mem::replace(v, Value::UNDEF));
    }
}

slow_path! {
    pub fn build_map(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let (first, n) = (fb!(*ip), 2 * fc!(*ip));
        let result = dict_of(&mut *cx, temps(regs, first, n));
        if result.is_err() {
            drop_temps(regs, first, n, &*cx);
        }
        done!(ip, regs, cx, t, result)
    }
}

/// A dict of keys and values in turn, which are moved out.
fn dict_of(cx: &mut Cx, items: &mut [Value]) -> R {
    let made = PyDict::new(cx);
    // SAFETY: made as a dict just now.
    let dict: &PyDict = unsafe { made.cast_unchecked() };
    dict.reserve(cx, items.len() / 2);
    for pair in items.chunks_exact_mut(2) {
        let (key, value) = (pair[0], pair[1]);
        pair.fill(Value::UNDEF);
        // SAFETY: the registers owned the values.
        let (key, value) = unsafe { (Obj::from_owned(key), Obj::from_owned(value)) };
        if cx.is_exactly(key.r(), Builtin::Str) {
            dict.put_str(cx, key, value);
        } else {
            dict.set(cx, key, value)?;
        }
    }
    Ok(made)
}

slow_path! {
    pub fn build_string(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let (first, n) = (fb!(*ip), fc!(*ip));
        let parts = temps(regs, first, n);
        // References are words, and the registers keep the strings alive.
        let result = str::concat_all(&mut *cx, std::slice::from_raw_parts(parts.as_ptr().cast(), n));
        drop_temps(regs, first, n, &*cx);
        done!(ip, regs, cx, t, result)
    }
}

slow_unit! {
    pub fn set_add(word, regs, cx) {
        operand(regs, fa!(word)).cast_unchecked::<set::PySet>().add_ref(cx, operand(regs, fb!(word)))
    }
}

slow_unit! {
    pub fn map_add(word, regs, cx) {
        let dict = operand(regs, fa!(word)).cast_unchecked::<PyDict>();
        let (key, value) = (operand(regs, fb!(word)), operand(regs, fc!(word)));
        dict.set(cx, key.own(cx), value.own(cx))
    }
}

slow_unit! {
    pub fn list_extend(word, regs, cx) {
        let source = operand(regs, fb!(word));
        if cx.is_exactly(source, Builtin::Tuple) {
            let list = operand(regs, fa!(word)).cast_unchecked::<PyList>();
            let items = source.cast_unchecked::<PyTuple>().items();
            items.iter().for_each(|item| list.append(cx, item.own(cx)));
            return Ok(());
        }
        let result = cx.collect(source);
        let items = match result {
            Err(err) if cx.is_error(&err, Builtin::TypeError) && !is_iterable(cx, source) => {
                let name = cx.type_name(source);
                return Err(cx.type_error(format!("Value after * must be an iterable, not {name}")));
            }
            result => result?,
        };
        let list = operand(regs, fa!(word)).cast_unchecked::<PyList>();
        items.into_iter().for_each(|item| list.append(cx, item));
        Ok(())
    }
}

fn is_iterable(cx: &Cx, v: Ref<'_>) -> bool {
    let class = cx.class_of(v);
    class.special(cx, Special::Iter).is_some() || class.special(cx, Special::GetItem).is_some()
}

slow_unit! {
    pub fn set_update(word, regs, cx) {
        let set = operand(regs, fa!(word)).cast_unchecked::<set::PySet>();
        set.update_from(cx, operand(regs, fb!(word)))
    }
}

/// The pairs of a mapping; `None` if it is none.
fn mapping_items(cx: &mut Cx, v: Ref<'_>) -> R<Option<Vec<(Obj, Obj)>>> {
    if let Some(dict) = v.downcast::<PyDict>(cx)
        && crate::objects::dict::iterates_as_dict(cx, v)
    {
        return Ok(Some(dict.items(cx)));
    }
    let Some(keys) = cx.get_attr_opt(v, cx.vm.names.keys.get())? else { return Ok(None) };
    let keys = cx.call(keys.r(), &[])?;
    let keys = cx.collect(keys.r())?;
    let mut items = Vec::with_capacity(keys.len());
    for key in keys {
        let value = cx.get_item(v, key.r())?;
        items.push((key, value));
    }
    Ok(Some(items))
}

slow_unit! {
    pub fn dict_update(word, regs, cx) {
        let source = operand(regs, fb!(word));
        let Some(items) = mapping_items(cx, source)? else {
            let name = cx.type_name(source);
            return Err(cx.type_error(format!("'{name}' object is not a mapping")));
        };
        let dict = operand(regs, fa!(word)).cast_unchecked::<PyDict>();
        for (key, value) in items {
            dict.set(cx, key, value)?;
        }
        Ok(())
    }
}

slow_unit! {
    pub fn dict_merge(word, regs, cx) {
        let dict = operand(regs, fa!(word)).cast_unchecked::<PyDict>();
        merge(cx, dict, operand(regs, fb!(word)), operand(regs, fc!(word)))
    }
}

slow_handler! {
    pub fn star_kwargs(word, regs, cx) {
        let source = operand(regs, fb!(word));
        if cx.is_exactly(source, Builtin::Dict) {
            return Ok(source.own(cx));
        }
        let made = PyDict::new(cx);
        merge(cx, made.r().cast_unchecked::<PyDict>(), source, operand(regs, fc!(word)))?;
        Ok(made)
    }
}

/// Adds the items of a mapping to the named arguments of a call of `callee`.
fn merge(cx: &mut Cx, dict: &PyDict, source: Ref<'_>, callee: Ref<'_>) -> R<()> {
    let Some(items) = mapping_items(cx, source)? else {
        let (callee, name) = (crate::interp::slow::call::callable_name(cx, callee), cx.type_name(source));
        return Err(cx.type_error(format!("{callee} argument after ** must be a mapping, not {name}")));
    };
    let first = dict.is_empty();
    for (key, value) in items {
        if !cx.is_instance_of(key.r(), Builtin::Str) {
            return Err(cx.type_error("keywords must be strings"));
        }
        if !first && dict.get(cx, key.r())?.is_some() {
            let (callee, key) = (crate::interp::slow::call::callable_name(cx, callee), cx.text_of(key.r()));
            return Err(cx.type_error(format!("{callee} got multiple values for keyword argument '{key}'")));
        }
        dict.set(cx, key, value)?;
    }
    Ok(())
}

slow_handler! {
    pub fn list_to_tuple(word, regs, cx) {
        Ok(operand(regs, fb!(word)).cast_unchecked::<PyList>().take_tuple(cx))
    }
}

slow_handler! {
    pub fn convert(word, regs, cx) {
        let v = operand(regs, fb!(word));
        match fc!(word) {
            1 => cx.to_str(v),
            2 => cx.repr(v),
            _ => cx.ascii(v),
        }
    }
}

slow_handler! {
    pub fn format_simple(word, regs, cx) {
        let empty = cx.vm.names.empty.get();
        cx.format(operand(regs, fb!(word)), empty)
    }
}

slow_handler! {
    pub fn format_spec(word, regs, cx) {
        cx.format(operand(regs, fb!(word)), operand(regs, fc!(word)))
    }
}

slow_handler! {
    pub fn build_interpolation(word, regs, cx) {
        let first = fb!(word);
        let value = take_temp(regs, first).unwrap_or_else(|| cx.none());
        let text = take_temp(regs, first + 1).unwrap_or_else(|| cx.none());
        let spec = take_temp(regs, first + 2);
        template::new_interpolation(cx, value, text, fc!(word), spec)
    }
}

slow_handler! {
    pub fn build_template(word, regs, cx) {
        let strings = take_temp(regs, fb!(word)).unwrap_or_else(|| cx.none());
        let parts = take_temp(regs, fb!(word) + 1).unwrap_or_else(|| cx.none());
        template::new_template(cx, strings, parts)
    }
}

slow_handler! {
    pub fn make_function(word, regs, cx) {
        let ip = cx.ip.get();
        let code_index = *ip.add(1) as u32 as usize;
        let frame = Frame(regs);
        let code = frame.code().running().consts[code_index].get().cast_unchecked::<crate::objects::code::PyCode>();
        let globals = ref_of(frame.function().globals_unchecked()).own(cx);
        let function = function::new_function(cx, code, globals);
        let f: &PyFunction = function.cast_unchecked();
        let first = fb!(word);
        for (i, slot) in [&f.defaults, &f.kwdefaults, &f.annotate, &f.closure].into_iter().enumerate() {
            // An empty temporary may still hold a stale immediate; what belongs here is always an object.
            if let Some(v) = take_temp(regs, first + i).filter(|v| v.value().is_ptr()) {
                // Nobody else knows the function yet, and it has nothing there.
                let before = slot.swap_exclusive(v.into_value());
                debug_assert!(before.is_undef());
            }
        }
        Ok(function)
    }
}

/// Exactly `n` items of an iterable, or CPython's complaint.
fn unpack_exactly(cx: &mut Cx, source: Ref<'_>, n: usize) -> R<Vec<Obj>> {
    if let Some(items) = cx.items_if_sequence(source) {
        let len = items.len();
        return match len.cmp(&n) {
            std::cmp::Ordering::Equal => Ok(items),
            std::cmp::Ordering::Less => {
                Err(cx.value_error(format!("not enough values to unpack (expected {n}, got {len})")))
            }
            std::cmp::Ordering::Greater => {
                Err(cx.value_error(format!("too many values to unpack (expected {n}, got {len})")))
            }
        };
    }
    let iterator = unpack_iterator(cx, source)?;
    let mut items = Vec::with_capacity(n);
    while items.len() < n {
        match cx.next(iterator.r())? {
            Some(item) => items.push(item),
            None => {
                let got = items.len();
                return Err(cx.value_error(format!("not enough values to unpack (expected {n}, got {got})")));
            }
        }
    }
    if cx.next(iterator.r())?.is_none() {
        return Ok(items);
    }
    let sized =
        [Builtin::Dict, Builtin::Set, Builtin::FrozenSet].iter().any(|&b| cx.is_instance_of(source, b));
    let got = if sized { format!(", got {}", cx.len(source)?) } else { String::new() };
    Err(cx.value_error(format!("too many values to unpack (expected {n}{got})")))
}

fn unpack_iterator(cx: &mut Cx, source: Ref<'_>) -> R {
    match cx.iter(source) {
        Err(err) if cx.is_error(&err, Builtin::TypeError) && !is_iterable(cx, source) => {
            let name = cx.type_name(source);
            Err(cx.type_error(format!("cannot unpack non-iterable {name} object")))
        }
        result => result,
    }
}

slow_path! {
    pub fn unpack_sequence(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let source = take(word, 0x200, regs, fb!(word), cx);
        match unpack_exactly(&mut *cx, source.r(), fc!(word)) {
            Err(err) => {
                drop(source);
                unwind::raise(ip, regs, cx, t, err)
            }
            Ok(items) => {
                drop(source);
                for (i, item) in items.into_iter().enumerate() {
                    put(regs, fa!(word) + i, item, cx);
                }
                resume_at(ip.add(1), regs, cx, t)
            }
        }
    }
}

/// Items before the star, the list for it, items behind it.
fn unpack_starred(cx: &mut Cx, source: Ref<'_>, before: usize, after: usize) -> R<Vec<Obj>> {
    let iterator = unpack_iterator(cx, source)?;
    let mut items = cx.collect(iterator.r())?;
    let got = items.len();
    if got < before + after {
        let n = before + after;
        return Err(cx.value_error(format!("not enough values to unpack (expected at least {n}, got {got})")));
    }
    let tail = items.split_off(got - after);
    let middle = items.split_off(before);
    items.push(cx.list(middle));
    items.extend(tail);
    Ok(items)
}

slow_path! {
    pub fn unpack_ex(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let source = take(word, 0x200, regs, fb!(word), cx);
        match unpack_starred(&mut *cx, source.r(), fc!(word) & 0xff, fc!(word) >> 8) {
            Err(err) => {
                drop(source);
                unwind::raise(ip, regs, cx, t, err)
            }
            Ok(items) => {
                drop(source);
                for (i, item) in items.into_iter().enumerate() {
                    put(regs, fa!(word) + i, item, cx);
                }
                resume_at(ip.add(1), regs, cx, t)
            }
        }
    }
}
