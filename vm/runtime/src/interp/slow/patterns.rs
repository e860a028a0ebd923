//! `match`.

use super::{operand, take_temp};
use crate::objects::dict::PyDict;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

slow_handler! {
    pub fn match_mapping(word, regs, cx) {
        Ok(cx.bool(cx.class_of(operand(regs, fb!(word))).has_flag(class_flag::MAPPING)))
    }
}

slow_handler! {
    pub fn match_sequence(word, regs, cx) {
        Ok(cx.bool(cx.class_of(operand(regs, fb!(word))).has_flag(class_flag::SEQUENCE)))
    }
}

slow_handler! {
    pub fn get_len(word, regs, cx) {
        let n = cx.len(operand(regs, fb!(word)))?;
        Ok(cx.int(n as i64))
    }
}

fn tuple_items<'a>(cx: &Cx, v: Ref<'a>) -> &'a [Ref<'a>] {
    v.downcast::<PyTuple>(cx).map_or(&[], |t| t.items())
}

slow_handler! {
    pub fn match_keys(word, regs, cx) {
        let subject = operand(regs, fb!(word));
        let keys = tuple_items(cx, operand(regs, fc!(word)));
        let get = cx.get_attr_str(subject, "get")?;
        let sentinel = PyDict::new(cx);
        let seen = PyDict::new(cx);
        let mut values = Vec::with_capacity(keys.len());
        for &key in keys {
            let seen: &PyDict = seen.cast_unchecked();
            if seen.get(cx, key)?.is_some() {
                let key = cx.repr_string(key)?;
                return Err(cx.value_error(format!("mapping pattern checks duplicate key ({key})")));
            }
            seen.set(cx, key.own(cx), cx.none())?;
            let value = cx.call(get.r(), &[key, sentinel.r()])?;
            if value.r().is(sentinel.r()) {
                return Ok(cx.none());
            }
            values.push(value);
        }
        Ok(cx.tuple(values))
    }
}

slow_handler! {
    pub fn match_rest(word, regs, cx) {
        let rest = PyDict::new(cx);
        let payload: &PyDict = rest.cast_unchecked();
        payload.update_from(cx, operand(regs, fb!(word)))?;
        for &key in tuple_items(cx, operand(regs, fc!(word))) {
            payload.remove(cx, key)?;
        }
        Ok(rest)
    }
}

slow_handler! {
    pub fn match_class(word, regs, cx) {
        let subject = operand(regs, fb!(word));
        let base = fc!(word);
        let parts = (take_temp(regs, base), take_temp(regs, base + 1), take_temp(regs, base + 2));
        let (Some(class), Some(names), Some(count)) = parts else { return Ok(cx.none()) };
        let positional = count.value().as_int().unwrap_or(0) as usize;
        class_pattern(cx, subject, class.r(), tuple_items(cx, names.r()), positional)
    }
}

fn class_pattern(cx: &mut Cx, subject: Ref<'_>, class: Ref<'_>, names: &[Ref<'_>], positional: usize) -> R {
    let Some(payload) = PyType::from_ref(class, cx) else {
        return Err(cx.type_error("called match pattern must be a class"));
    };
    if !cx.is_instance(subject, class)? {
        return Ok(cx.none());
    }
    let mut values = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    if positional > 0 {
        let match_args = cx.get_attr_opt(class, cx.vm.names.match_args.get())?;
        let class_name = payload.name();
        let allowed = match &match_args {
            Some(args) => match args.downcast::<PyTuple>(cx) {
                Some(tuple) => tuple.items().len(),
                None => {
                    let got = cx.type_name(args.r());
                    return Err(
                        cx.type_error(format!("{class_name}.__match_args__ must be a tuple (got {got})"))
                    );
                }
            },
            None => payload.has_flag(class_flag::MATCH_SELF) as usize,
        };
        if allowed < positional {
            let s = if allowed == 1 { "" } else { "s" };
            return Err(cx.type_error(format!(
                "{class_name}() accepts {allowed} positional sub-pattern{s} ({positional} given)"
            )));
        }
        match &match_args {
            None => values.push(subject.own(cx)),
            Some(args) => {
                for &name in &tuple_items(cx, args.r())[..positional] {
                    if !cx.is_instance_of(name, Builtin::Str) {
                        let got = cx.type_name(name);
                        return Err(
                            cx.type_error(format!("__match_args__ elements must be strings (got {got})"))
                        );
                    }
                    if !match_attribute(cx, subject, &class_name, name, &mut seen, &mut values)? {
                        return Ok(cx.none());
                    }
                }
            }
        }
    }
    let class_name = payload.name();
    for &name in names {
        if !match_attribute(cx, subject, &class_name, name, &mut seen, &mut values)? {
            return Ok(cx.none());
        }
    }
    Ok(cx.tuple(values))
}

/// Adds the attribute of a sub-pattern; false if there is none.
fn match_attribute(
    cx: &mut Cx,
    subject: Ref<'_>,
    class_name: &str,
    name: Ref<'_>,
    seen: &mut Vec<String>,
    values: &mut Vec<Obj>,
) -> R<bool> {
    let text = cx.text_of(name);
    if seen.contains(&text) {
        return Err(cx.type_error(format!("{class_name}() got multiple sub-patterns for attribute '{text}'")));
    }
    seen.push(text);
    match cx.get_attr_opt(subject, name)? {
        Some(v) => {
            values.push(v);
            Ok(true)
        }
        None => Ok(false),
    }
}
