//! Codecs and error handlers that Python code registers (`codecs.register`, `codecs.register_error`).
//!
//! Kept in a list and dicts that live as long as the VM; these have their own locks. The search function of the
//! `encodings` package comes first: the package is imported when a codec is asked for that is not written in Rust.

use super::handler::{Handler, call_from_python};
use crate::SharedValue;
use crate::objects::bytes::PyBytes;
use crate::objects::dict::PyDict;
use crate::objects::list::PyList;
use crate::objects::str::PyStr;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// A container of the VM's, made when it is first asked for.
fn state(cx: &Cx, key: &'static str, make: impl FnOnce(&Cx) -> Obj) -> Ref<'static> {
    let mut all = cx.vm.module_state.lock().unwrap_or_else(|p| p.into_inner());
    all.entry(key).or_insert_with(|| SharedValue::new(make(cx))).get()
}

fn state_dict(cx: &Cx, key: &'static str) -> &'static PyDict {
    let dict = state(cx, key, PyDict::new);
    // SAFETY: made as a dict and never replaced.
    unsafe { dict.cast_unchecked() }
}

fn searchers(cx: &Cx) -> &'static PyList {
    let list = state(cx, "codecs.searchers", |cx| cx.list(Vec::new()));
    // SAFETY: made as a list and never replaced.
    unsafe { list.cast_unchecked() }
}

/// `codecs.register(search)`.
///
/// # Errors
/// `TypeError` if it is not callable.
pub fn register(cx: &mut Cx, search: Ref<'_>) -> R<()> {
    if cx.class_of(search).special(cx, Special::Call).is_none() {
        return Err(cx.type_error("argument must be callable"));
    }
    searchers(cx).append(cx, search.own(cx));
    Ok(())
}

/// `codecs.unregister(search)`: forgets the search function and every codec found so far.
///
/// # Errors
/// None now.
pub fn unregister(cx: &mut Cx, search: Ref<'_>) -> R<()> {
    let list = searchers(cx);
    let kept: Vec<Obj> = list.snapshot(cx).into_iter().filter(|v| !v.r().is(search)).collect();
    if kept.len() < list.len() {
        list.clear(cx);
        kept.into_iter().for_each(|v| list.append(cx, v));
        state_dict(cx, "codecs.cache").clear(cx);
    }
    Ok(())
}

/// `codecs.lookup(encoding)`: the `CodecInfo`.
///
/// # Errors
/// `LookupError` ("unknown encoding: x"), or what a search function raises.
pub fn lookup(cx: &mut Cx, encoding: &str) -> R {
    let normal: String =
        encoding.chars().map(|c| if c == ' ' || c == '-' { '_' } else { c.to_ascii_lowercase() }).collect();
    let name = cx.str(&normal);
    let cache = state_dict(cx, "codecs.cache");
    if let Some(found) = cache.get(cx, name.r())? {
        return Ok(found);
    }
    if searchers(cx).is_empty() {
        crate::import::import_module(cx, "encodings")?;
    }
    for search in searchers(cx).snapshot(cx) {
        let found = cx.call(search.r(), &[name.r()])?;
        if found.value().is_none() {
            continue;
        }
        if found.downcast::<PyTuple>(cx).is_none_or(|t| t.len() != 4) {
            return Err(cx.type_error("codec search functions must return 4-tuples"));
        }
        cache.set(cx, name, found.clone())?;
        return Ok(found);
    }
    Err(cx.error(Builtin::LookupError, &format!("unknown encoding: {encoding}")))
}

/// Calls one function of a codec: what it makes of the object.
fn run(cx: &mut Cx, codec: &Obj, which: usize, what: &str, v: Ref<'_>, errors: &str) -> R {
    let parts = codec.downcast::<PyTuple>(cx).map(|t| t.items()[which].own(cx));
    let Some(function) = parts else {
        return Err(cx.type_error("codec search functions must return 4-tuples"));
    };
    let errors = cx.str(errors);
    let result = cx.call(function.r(), &[v, errors.r()])?;
    match result.downcast::<PyTuple>(cx).map(PyTuple::items) {
        Some(&[object, _]) => Ok(object.own(cx)),
        _ => Err(cx.type_error(format!("{what} must return a tuple (object, integer)"))),
    }
}

/// `codecs.encode(obj, encoding, errors)`: any codec, any object.
///
/// # Errors
/// `LookupError`, or what the codec raises.
pub fn encode_any(cx: &mut Cx, v: Ref<'_>, encoding: &str, errors: &str) -> R {
    let codec = lookup(cx, encoding)?;
    run(cx, &codec, 0, "encoder", v, errors)
}

/// `codecs.decode(obj, encoding, errors)`: any codec, any object.
///
/// # Errors
/// `LookupError`, or what the codec raises.
pub fn decode_any(cx: &mut Cx, v: Ref<'_>, encoding: &str, errors: &str) -> R {
    let codec = lookup(cx, encoding)?;
    run(cx, &codec, 1, "decoder", v, errors)
}

/// The codec of a name, which must be one between text and bytes.
fn lookup_text(cx: &mut Cx, encoding: &str, instead: &str) -> R {
    let codec = lookup(cx, encoding)?;
    if !cx.is_exactly(codec.r(), Builtin::Tuple) {
        let result = cx.get_attr_str(codec.r(), "_is_text_encoding");
        let is_text = match cx.catch(result, Builtin::AttributeError)? {
            Some(v) => cx.truth(v.r())?,
            None => true,
        };
        if !is_text {
            let message =
                format!("'{encoding}' is not a text encoding; use {instead} to handle arbitrary codecs");
            return Err(cx.error(Builtin::LookupError, &message));
        }
    }
    Ok(codec)
}

pub(super) fn encode_text(cx: &mut Cx, v: Ref<'_>, encoding: &str, errors: &str) -> R {
    let codec = lookup_text(cx, encoding, "codecs.encode()")?;
    let result = run(cx, &codec, 0, "encoder", v, errors)?;
    if result.downcast::<PyBytes>(cx).is_some() {
        return Ok(result);
    }
    let name = cx.type_name(result.r());
    Err(cx.type_error(format!(
        "'{encoding}' encoder returned '{name}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types"
    )))
}

pub(super) fn decode_text(cx: &mut Cx, v: Ref<'_>, encoding: &str, errors: &str) -> R {
    let codec = lookup_text(cx, encoding, "codecs.decode()")?;
    let result = run(cx, &codec, 1, "decoder", v, errors)?;
    if result.downcast::<PyStr>(cx).is_some() {
        return Ok(result);
    }
    let name = cx.type_name(result.r());
    Err(cx.type_error(format!(
        "'{encoding}' decoder returned '{name}' instead of 'str'; use codecs.decode() to decode to arbitrary types"
    )))
}

macro_rules! native_handlers {
    ($($name:literal $function:literal $handler:ident;)*) => {
        /// The handlers written in Rust as functions that Python can call.
        static NATIVE_HANDLERS: [(&str, NativeDef); 8] = [
            $(($name, NativeDef::new(
                $function,
                "($module, exc, /)",
                Full(|cx, a| call_from_python(cx, &Handler::$handler, a.get(0))),
            )),)*
        ];
    };
}

native_handlers! {
    "strict" "strict_errors" Strict;
    "ignore" "ignore_errors" Ignore;
    "replace" "replace_errors" Replace;
    "backslashreplace" "backslashreplace_errors" BackslashReplace;
    "xmlcharrefreplace" "xmlcharrefreplace_errors" XmlCharRefReplace;
    "namereplace" "namereplace_errors" NameReplace;
    "surrogateescape" "surrogateescape" SurrogateEscape;
    "surrogatepass" "surrogatepass" SurrogatePass;
}

/// The function for a handler written in Rust, one object for each.
fn native_handler(cx: &mut Cx, name: &str) -> R<Option<Obj>> {
    let Some((_, native)) = NATIVE_HANDLERS.iter().find(|(n, _)| *n == name) else { return Ok(None) };
    let (made, key) = (state_dict(cx, "codecs.native_errors"), cx.str(name));
    if let Some(function) = made.get(cx, key.r())? {
        return Ok(Some(function));
    }
    let function = crate::objects::native::new_function(cx, native, None);
    made.set_default(cx, key.r(), function.r()).map(|(function, _)| Some(function))
}

/// `codecs.register_error(name, handler)`.
///
/// # Errors
/// `TypeError` ("handler must be callable").
pub fn register_error(cx: &mut Cx, name: &str, handler: Ref<'_>) -> R<()> {
    if cx.class_of(handler).special(cx, Special::Call).is_none() {
        return Err(cx.type_error("handler must be callable"));
    }
    let key = cx.str(name);
    state_dict(cx, "codecs.errors").set(cx, key, handler.own(cx))
}

/// `codecs._unregister_error(name)`: whether there was one.
///
/// # Errors
/// `ValueError` for the built-in ones.
pub fn unregister_error(cx: &mut Cx, name: &str) -> R<bool> {
    if NATIVE_HANDLERS.iter().any(|(n, _)| *n == name) {
        return Err(cx.value_error(format!("cannot un-register built-in error handler '{name}'")));
    }
    let key = cx.str(name);
    Ok(state_dict(cx, "codecs.errors").remove(cx, key.r())?.is_some())
}

/// `codecs.lookup_error(name)`: the function.
///
/// # Errors
/// `LookupError` ("unknown error handler name 'x'").
pub fn lookup_error(cx: &mut Cx, name: &str) -> R {
    let key = cx.str(name);
    if let Some(found) = state_dict(cx, "codecs.errors").get(cx, key.r())? {
        return Ok(found);
    }
    match native_handler(cx, name)? {
        Some(function) => Ok(function),
        None => Err(cx.error(Builtin::LookupError, &format!("unknown error handler name '{name}'"))),
    }
}

/// The function that Python code has registered under the name, unless it is the one written in Rust.
pub(super) fn replaced_handler(cx: &mut Cx, name: &str) -> Option<Obj> {
    let key = cx.str(name);
    let found = state_dict(cx, "codecs.errors").get_str(cx, key.r())?;
    match native_handler(cx, name) {
        Ok(Some(native)) if native.r().is(found.r()) => None,
        _ => Some(found),
    }
}
