//! Attributes of streams of text, and `reconfigure`.

use super::codec::Codec;
use super::{PyText, newline_arg, shared_errors, stage};
use crate::io::{flag_arg, ssize, text_arg, unsupported};
use ungil_locks::primitive::Ordering::Relaxed;
use ungil_runtime::prelude::*;

/// An attribute of the stream below.
pub(super) fn of_buffer(cx: &mut Cx, a: Args<'_>, name: &str) -> R {
    let buffer = a.this::<PyText>().buffer(cx)?;
    cx.get_attr_str(buffer.r(), name)
}

fn buffer(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyText>().buffer(cx)
}

fn encoding(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    Ok(this.encoding.get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

fn errors(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    check_set_up(cx, this)?;
    Ok(this.errors.get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

fn check_set_up(cx: &mut Cx, this: &PyText) -> R<()> {
    match this.stage.load(Relaxed) {
        stage::RAW => Err(cx.value_error("I/O operation on uninitialized object")),
        _ => Ok(()),
    }
}

fn newlines(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    this.buffer(cx)?;
    let held = this.lock.take_nested(cx)?;
    let translator = this.state(&held, |s| if s.can_decode { s.translator } else { None });
    Ok(translator.map_or_else(|| cx.none(), |t| t.newlines(cx)))
}

fn flag(cx: &mut Cx, a: Args<'_>, f: fn(&mut super::State) -> bool) -> R {
    let this = a.this::<PyText>();
    let held = this.lock.take_nested(cx)?;
    let on = this.state(&held, f);
    Ok(cx.bool(on))
}

fn chunk_size(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    this.buffer(cx)?;
    let held = this.lock.take_nested(cx)?;
    let n = this.state(&held, |s| s.chunk);
    Ok(cx.int(n as i64))
}

fn set_chunk_size(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    this.buffer(cx)?;
    let Some(v) = a.opt(1) else {
        return Err(cx.error(Builtin::AttributeError, "cannot delete attribute"));
    };
    let n = ssize(cx, v)?;
    if n <= 0 {
        return Err(cx.value_error("a strictly positive integer is required"));
    }
    let held = this.lock.take_nested(cx)?;
    this.state(&held, |s| s.chunk = n as usize);
    Ok(cx.none())
}

/// A keyword that is a truth value or `None`.
fn optional_flag(cx: &mut Cx, a: Args<'_>, i: usize, name: &str) -> R<Option<bool>> {
    match a.opt_not_none(i) {
        None => Ok(None),
        Some(v) if v.value().as_bool().is_some() || cx.is_instance_of(v, Builtin::Int) => {
            Ok(Some(cx.to_i64(v)? != 0))
        }
        Some(v) => {
            let _ = name;
            cx.to_i64(v).map(|n| Some(n != 0))
        }
    }
}

/// `reconfigure(*, encoding, errors, newline, line_buffering, write_through)`.
pub(super) fn reconfigure(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    let buffer = this.buffer(cx)?;
    text_arg(cx, a.opt(1), "reconfigure() argument 'encoding'")?;
    text_arg(cx, a.opt(2), "reconfigure() argument 'errors'")?;
    let (encoding, errors) = (a.opt_not_none(1), a.opt_not_none(2));
    let newline = match a.opt(3) {
        Some(v) if v.value() != Value::ELLIPSIS => {
            Some(newline_arg(cx, Some(v), "reconfigure() argument 'newline'")?)
        }
        _ => None,
    };
    let line_buffering = optional_flag(cx, a, 4, "line_buffering")?;
    let write_through = optional_flag(cx, a, 5, "write_through")?;
    let held = this.lock.take_nested(cx)?;
    let coding = encoding.is_some() || errors.is_some();
    if (coding || newline.is_some()) && this.state(&held, |s| s.has_decoded) {
        return Err(unsupported(
            cx,
            "It is not possible to set the encoding or newline of stream after the first read",
        ));
    }
    cx.call_method(a.get(0), "flush", &[])?;
    if let Some(newline) = newline {
        this.state(&held, |s| s.set_newline(newline));
    }
    if coding || newline.is_some() {
        recode(cx, this, encoding, errors)?;
    }
    this.state(&held, |s| {
        s.line_buffering = line_buffering.unwrap_or(s.line_buffering);
        s.write_through = write_through.unwrap_or(s.write_through);
    });
    drop(buffer);
    Ok(cx.none())
}

/// Gives a stream another encoding, another error handler, or both.
fn recode(cx: &mut Cx, this: &PyText, encoding: Option<Ref<'_>>, errors: Option<Ref<'_>>) -> R<()> {
    let own = |cx: &mut Cx, slot: &Slot| slot.get(&this.h, cx).unwrap_or_else(|| cx.none());
    let errors = match errors {
        Some(errors) => errors.own(cx),
        // Another encoding begins with the default.
        None if encoding.is_some() => cx.str("strict"),
        None => own(cx, &this.errors),
    };
    let encoding = match encoding {
        Some(v) if cx.text_of(v) == "locale" => cx.str(&cx.vm.config.locale_encoding),
        Some(v) => v.own(cx),
        None => own(cx, &this.encoding),
    };
    let found = Codec::find(cx, &encoding)?;
    let held = this.lock.take_nested(cx)?;
    let (can_encode, can_decode) = this.state(&held, |s| (s.can_encode, s.can_decode));
    let coders = found.coders(cx, &errors, can_encode, can_decode)?;
    let shared = shared_errors(cx, &errors);
    this.set_coders(cx, coders);
    this.encoding.set(&this.h, cx, encoding);
    this.errors.set(&this.h, cx, errors);
    let in_the_middle = this.state(&held, |s| {
        (s.codec, s.errors) = (found.codec, shared);
        s.held_back.clear();
        s.seekable && s.can_encode
    });
    if in_the_middle {
        let buffer = this.buffer(cx)?;
        let at = cx.call_method(buffer.r(), "tell", &[])?;
        if cx.truth(at.r())? {
            this.reset_encoder(cx, false)?;
        }
    }
    Ok(())
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyText>();
    check_set_up(cx, this)?;
    let encoding = encoding(cx, a)?;
    let mut rest = String::new();
    let name = ungil_runtime::objects::str::intern(cx, "mode");
    if let Some(mode) = cx.get_attr_opt(a.get(0), name.get())? {
        rest = format!(" mode={}", cx.repr_string(mode.r())?);
    }
    rest += &format!(" encoding={}", cx.repr_string(encoding.r())?);
    crate::io::repr_with_name(cx, a.get(0), &rest)
}

fn finalizing(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.bool(a.this::<PyText>().finalizing.load(Relaxed)))
}

fn set_finalizing(cx: &mut Cx, a: Args<'_>) -> R {
    let on = flag_arg(cx, a, 1, false)?;
    a.this::<PyText>().finalizing.store(on, Relaxed);
    Ok(cx.none())
}

/// Adds all attributes to the class.
pub(super) fn add(cx: &mut Cx, t: &mut TypeBuilder) {
    t.special(cx, Special::Repr, Full(repr))
        .getset(cx, "buffer", Full(buffer), None)
        .getset(cx, "encoding", Full(encoding), None)
        .getset(cx, "errors", Full(errors), None)
        .getset(cx, "newlines", Full(newlines), None)
        .getset(cx, "name", Full(|cx, a| of_buffer(cx, a, "name")), None)
        .getset(cx, "closed", Full(|cx, a| of_buffer(cx, a, "closed")), None)
        .getset(cx, "line_buffering", Full(|cx, a| flag(cx, a, |s| s.line_buffering)), None)
        .getset(cx, "write_through", Full(|cx, a| flag(cx, a, |s| s.write_through)), None)
        .getset(cx, "_CHUNK_SIZE", Full(chunk_size), Some(Full(set_chunk_size)))
        .getset(cx, "_finalizing", Leaf(finalizing), Some(Full(set_finalizing)));
}
