//! `print` and `input`.

use crate::prelude::*;

/// Name, signature, body.
pub const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("print", "($module, /, *args, sep=' ', end='\\n', file=None, flush=False)", Full(print)),
    ("input", "($module, prompt='', /)", Full(input)),
];

fn text_option(cx: &mut Cx, v: Option<Ref<'_>>, name: &str, default: &str) -> R {
    match v {
        None => Ok(cx.str(default)),
        Some(v) if v.value().is_none() => Ok(cx.str(default)),
        Some(v) if cx.is_instance_of(v, Builtin::Str) => Ok(v.own(cx)),
        Some(v) => {
            let got = cx.type_name(v);
            Err(cx.type_error(format!("{name} must be None or a string, not {got}")))
        }
    }
}

/// A stream of `sys` by name; `None` if it is missing or `None`.
fn stream(cx: &Cx, name: Ref<'_>) -> Option<Obj> {
    cx.sys_dict().get_str(cx, name).filter(|s| !s.value().is_none())
}

fn print(cx: &mut Cx, a: Args<'_>) -> R {
    // Window: sep, end, file, flush, then the tuple of values.
    let sep = text_option(cx, a.opt(0), "sep", " ")?;
    let end = text_option(cx, a.opt(1), "end", "\n")?;
    let file = match a.opt_not_none(2) {
        Some(file) => file.own(cx),
        None => match stream(cx, cx.vm.names.stdout.get()) {
            Some(file) => file,
            None => return Ok(cx.none()),
        },
    };
    let write = cx.get_attr(file.r(), cx.vm.names.write.get())?;
    for (i, v) in a.varargs(cx, 4).iter().enumerate() {
        if i > 0 {
            cx.call(write.r(), &[sep.r()])?;
        }
        let text = cx.to_str(*v)?;
        cx.call(write.r(), &[text.r()])?;
    }
    cx.call(write.r(), &[end.r()])?;
    if let Some(flush) = a.opt(3)
        && cx.truth(flush)?
    {
        cx.call_method(file.r(), "flush", &[])?;
    }
    Ok(cx.none())
}

fn input(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(stdin) = stream(cx, cx.vm.names.stdin.get()) else {
        return Err(cx.runtime_error("input(): lost sys.stdin"));
    };
    let Some(stdout) = stream(cx, cx.vm.names.stdout.get()) else {
        return Err(cx.runtime_error("input(): lost sys.stdout"));
    };
    if let Some(prompt) = a.opt(0) {
        let text = cx.to_str(prompt)?;
        cx.call_method(stdout.r(), "write", &[text.r()])?;
    }
    cx.call_method(stdout.r(), "flush", &[])?;
    let line = cx.call_method(stdin.r(), "readline", &[])?;
    let text = cx.text_of(line.r());
    if text.is_empty() {
        return Err(cx.error(Builtin::EOFError, "EOF when reading a line"));
    }
    Ok(cx.str(text.strip_suffix('\n').unwrap_or(&text)))
}
