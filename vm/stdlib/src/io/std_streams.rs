//! `sys.stdin`, `sys.stdout` and `sys.stderr`: what encoding they have, making them, and what is flushed when the
//! program ends. Called by the program, on its first thread.

use super::open::{Request, open_request};
use super::text::codec_name;
use super::{file, text};
use std::ffi::CStr;
use ungil_gc::cycle;
use ungil_locks::primitive::{AtomicU8, Ordering};
use ungil_runtime::Config;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

/// Locales whose standard streams let everything through: what the C locale is taken for.
const LENIENT_LOCALES: [&str; 5] = ["C", "POSIX", "C.UTF-8", "C.utf8", "UTF-8"];

/// Finds out what the locale, the environment and the options say about text. Before any thread is started.
pub fn settle_encodings(config: &mut Config) {
    let (locale, encoding) = read_locale();
    let variable = |name: &str| match config.ignore_environment {
        true => None,
        false => std::env::var(name).ok().filter(|v| !v.is_empty()),
    };
    let option = config.x_options.iter().rev().find(|(name, _)| name == "utf8");
    config.utf8_mode = match (option, variable("PYTHONUTF8").as_deref()) {
        (Some((_, value)), _) => value.as_deref() != Some("0"),
        (None, Some("1")) => true,
        (None, Some("0")) => false,
        _ => locale == "C" || locale == "POSIX",
    };
    config.lenient_streams = config.utf8_mode || LENIENT_LOCALES.contains(&locale.as_str());
    config.locale_encoding = encoding;
    if let Some(both) = variable("PYTHONIOENCODING") {
        let (encoding, errors) = both.split_once(':').unwrap_or((&both, ""));
        let given = |text: &str| (!text.is_empty()).then(|| text.to_string());
        (config.stream_encoding, config.stream_errors) = (given(encoding), given(errors));
    }
}

/// The locale's name and its encoding.
fn read_locale() -> (String, String) {
    let text = |p: *const libc::c_char| {
        // SAFETY: the C library's texts end with a zero and stay until the locale is set again.
        (!p.is_null()).then(|| unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned())
    };
    // SAFETY: no other thread runs that could look at the locale.
    let (locale, encoding) = unsafe {
        let locale = text(libc::setlocale(libc::LC_CTYPE, c"".as_ptr()))
            .or_else(|| text(libc::setlocale(libc::LC_CTYPE, std::ptr::null())));
        (locale, text(libc::nl_langinfo(libc::CODESET)))
    };
    (
        locale.unwrap_or_else(|| "C".into()),
        encoding.filter(|e| !e.is_empty()).unwrap_or_else(|| "UTF-8".into()),
    )
}

/// One of the standard streams.
struct Standard {
    fd: i32,
    name: &'static str,
    writes: bool,
}

const STREAMS: [Standard; 3] = [
    Standard { fd: 0, name: "stdin", writes: false },
    Standard { fd: 1, name: "stdout", writes: true },
    Standard { fd: 2, name: "stderr", writes: true },
];

/// Makes `_io` and `builtins.open`, and sets `sys.stdin`, `sys.stdout` and `sys.stderr`.
///
/// # Errors
/// `LookupError` for an unknown encoding in `PYTHONIOENCODING`, or what opening raises.
pub fn install(cx: &mut Cx, sys: &Obj) -> R<()> {
    let module = ungil_runtime::import::import_module(cx, "_io")?;
    let open = cx.get_attr_str(module.r(), "open")?;
    let name = ungil_runtime::objects::str::intern(cx, "open");
    cx.builtins().set_str(cx, name.get(), open);
    // Set once: this is the only module that has a kind of stream of its own.
    let _ = cx.vm.hooks.write_text.set(text::write_text);
    for standard in &STREAMS {
        let stream = make(cx, standard)?;
        add(cx, sys, &format!("__{}__", standard.name), stream.clone());
        add(cx, sys, standard.name, stream);
    }
    Ok(())
}

/// Which of the descriptors 0, 1 and 2 were closed when the process was started, a bit for each.
static MISSING: AtomicU8 = AtomicU8::new(0);

/// Runs before `main`: Rust's runtime opens what is missing on `/dev/null`, after which it cannot be told any more.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = {
    extern "C" fn look() {
        for fd in 0..3 {
            // SAFETY: the call takes any number.
            if unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
                // ORD: relaxed; no other thread runs yet.
                MISSING.fetch_or(1 << fd, Ordering::Relaxed);
            }
        }
    }
    look
};

/// A standard stream; `None` if the program was started without it.
fn make(cx: &mut Cx, standard: &Standard) -> R {
    // ORD: relaxed; written before there were threads.
    if MISSING.load(Ordering::Relaxed) & 1 << standard.fd != 0 {
        return Ok(cx.none());
    }
    let config = &cx.vm.config;
    let buffered = !(config.unbuffered && standard.writes);
    let fd = cx.int(standard.fd as i64);
    let request = Request {
        file: fd.r(),
        mode: if standard.writes { "wb" } else { "rb" },
        buffering: if buffered { -1 } else { 0 },
        encoding: None,
        errors: None,
        newline: None,
        closefd: false,
        opener: None,
    };
    let buffer = open_request(cx, &request)?;
    let raw = if buffered { cx.get_attr_str(buffer.r(), "raw")? } else { buffer.clone() };
    let shown = cx.str(&format!("<{}>", standard.name));
    let key = cx.vm.names.plain_name.get();
    cx.set_attr(raw.r(), key, shown)?;
    let terminal =
        file::exact(cx, raw.r()).is_some_and(|file| file.is_terminal_unchanged(cx).unwrap_or(false));
    let encoding = match &config.stream_encoding {
        Some(name) => codec_name(cx, name)?,
        None if config.utf8_mode => cx.str("utf-8"),
        None => codec_name(cx, &config.locale_encoding)?,
    };
    let errors = cx.str(match &config.stream_errors {
        _ if standard.fd == 2 => "backslashreplace",
        Some(errors) => errors,
        // An encoding that was asked for is taken at its word.
        None if config.stream_encoding.is_some() => "strict",
        None if config.lenient_streams => "surrogateescape",
        None => "strict",
    });
    let options = text::Options {
        encoding: Some(encoding.r()),
        errors: Some(errors.r()),
        newline: super::newline::Newline::Lf,
        line_buffering: buffered && (terminal || standard.fd == 2),
        write_through: !buffered,
    };
    let stream = text::create(cx, &buffer, &options)?;
    let (key, mode) = (ungil_runtime::objects::str::intern(cx, "mode"), cx.str(&request.mode[..1]));
    cx.set_attr(stream.r(), key.get(), mode)?;
    Ok(stream)
}

/// Flushes what the program has left open when it ends; false if `sys.stdout` or `sys.stderr` could not be.
pub fn finish(cx: &mut Cx) -> bool {
    let flushed = flush_standard(cx);
    flush_others(cx);
    flushed
}

fn flush_standard(cx: &mut Cx) -> bool {
    let mut good = true;
    for name in [cx.vm.names.stdout, cx.vm.names.stderr] {
        let Some(stream) = cx.sys_dict().get_str(cx, name.get()).filter(|s| !s.value().is_none()) else {
            continue;
        };
        if super::is_closed(cx, stream.r()).unwrap_or(false) {
            continue;
        }
        if let Err(err) = cx.call_method(stream.r(), "flush", &[]) {
            good = false;
            // What is wrong with standard error cannot be told there.
            if name.get().is(cx.vm.names.stdout.get()) {
                let what = "Exception ignored while flushing sys.stdout";
                ungil_runtime::traceback::unraisable_without_object(cx, err, what);
            }
        }
    }
    good
}

/// Flushes streams that nobody has closed, text before buffers: their finalizers will not run.
fn flush_others(cx: &mut Cx) {
    let (mut texts, mut buffers) = (Vec::new(), Vec::new());
    let known: &Cx = cx;
    let is_ours = |v: Ref<'_>| text::is_stream(known, v) || super::buffered::is_writer(known, v);
    for object in cycle::tracked_objects(known, 0..=cycle::FROZEN, is_ours) {
        match text::is_stream(known, object.r()) {
            true => texts.push(object),
            false => buffers.push(object),
        }
    }
    for stream in texts.into_iter().chain(buffers) {
        if !super::is_closed(cx, stream.r()).unwrap_or(true) {
            // As in a finalizer at the end of the program: nobody is left to be told.
            let _ = cx.call_method(stream.r(), "flush", &[]);
        }
    }
}
