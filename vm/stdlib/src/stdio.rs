//! The standard streams as text streams, until a full `_io` takes their place: buffered writing, reading by lines.

use std::io::{BufRead, Read, Write};
use std::sync::Mutex;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// Bytes kept before they are written.
const BUFFER: usize = 8192;

/// A stream over one of the process's standard files.
#[repr(C)]
pub struct PyStdStream {
    h: Header,
    fd: i32,
    line_buffered: bool,
    buffer: Box<Mutex<Vec<u8>>>,
}

unsafe fn drop_fields(h: *mut Header, _: &Mutator) {
    // SAFETY: called with a stream that nobody else reaches; an empty buffer owns no memory.
    unsafe { (*h.cast::<PyStdStream>()).buffer.lock().unwrap_or_else(|p| p.into_inner()).clear() };
}

static STREAM_OPS: TypeOps = TypeOps {
    name: "TextIOWrapper",
    size: |_| size_of::<PyStdStream>(),
    trace: None,
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyStdStream {
    const OPS: &'static TypeOps = &STREAM_OPS;
}

impl PyStdStream {
    /// Writes out what is buffered; an error of the file as an exception.
    fn flush(&self, cx: &mut Cx) -> R<()> {
        let data = std::mem::take(&mut *self.buffer.lock().unwrap_or_else(|p| p.into_inner()));
        if data.is_empty() {
            return Ok(());
        }
        let fd = self.fd;
        match cx.detached(|| write_all(fd, &data)) {
            Ok(()) => Ok(()),
            Err(error) => Err(os_error(cx, &error)),
        }
    }
}

fn write_all(fd: i32, data: &[u8]) -> std::io::Result<()> {
    match fd {
        1 => std::io::stdout().write_all(data).and_then(|()| std::io::stdout().flush()),
        _ => std::io::stderr().write_all(data),
    }
}

/// An `OSError` for an error of the system.
pub fn os_error(cx: &mut Cx, error: &std::io::Error) -> Err {
    let number = error.raw_os_error().unwrap_or(5);
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text).to_string();
    let class = ungil_runtime::objects::exception::class_for_errno(number as i64);
    let args = vec![cx.int(number as i64), cx.str(&text)];
    ungil_runtime::new_error(cx, class, args)
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(text) = a.get(1).downcast::<PyStr>(cx) else {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("write() argument must be str, not {got}")));
    };
    let stream = a.this::<PyStdStream>();
    if stream.fd == 0 {
        return Err(cx.error(Builtin::OSError, "not writable"));
    }
    let bytes = text.as_bytes();
    let due = {
        let mut buffer = stream.buffer.lock().unwrap_or_else(|p| p.into_inner());
        buffer.extend_from_slice(bytes);
        buffer.len() >= BUFFER || (stream.line_buffered && bytes.contains(&b'\n'))
    };
    if due {
        stream.flush(cx)?;
    }
    Ok(cx.int(text.char_len() as i64))
}

fn read_with(cx: &mut Cx, read: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> R {
    let mut data = Vec::new();
    match cx.detached(|| read(&mut data)) {
        Ok(()) => Ok(cx.str(&String::from_utf8_lossy(&data))),
        Err(error) => Err(os_error(cx, &error)),
    }
}

fn readline(cx: &mut Cx, _: Args<'_>) -> R {
    read_with(cx, |data| std::io::stdin().lock().read_until(b'\n', data).map(drop))
}

fn read(cx: &mut Cx, _: Args<'_>) -> R {
    read_with(cx, |data| std::io::stdin().lock().read_to_end(data).map(drop))
}

fn next(cx: &mut Cx, a: Args<'_>) -> R {
    let line = readline(cx, a)?;
    if cx.len(line.r())? == 0 { Err(cx.stop_iteration()) } else { Ok(line) }
}

fn isatty(cx: &Cx, a: Args<'_>) -> R {
    // SAFETY: the call takes any number.
    Ok(cx.bool(unsafe { libc::isatty(a.this::<PyStdStream>().fd) } == 1))
}

/// Sets `sys.stdin`, `sys.stdout` and `sys.stderr`.
///
/// # Errors
/// What making them raises.
pub fn install(cx: &mut Cx, sys: &Obj) -> R<()> {
    let mut t = TypeBuilder::native_type(
        cx,
        "_io.TextIOWrapper",
        &STREAM_OPS,
        size_of::<PyStdStream>(),
        false,
        class_flag::DISALLOW_INSTANTIATION,
    );
    t.method(cx, "write", "($self, text, /)", Full(write))
        .method(
            cx,
            "flush",
            "($self, /)",
            Full(|cx, a| {
                a.this::<PyStdStream>().flush(cx)?;
                Ok(cx.none())
            }),
        )
        .method(cx, "readline", "($self, size=-1, /)", Full(readline))
        .method(cx, "read", "($self, size=-1, /)", Full(read))
        .method(cx, "isatty", "($self, /)", Leaf(isatty))
        .method(cx, "fileno", "($self, /)", Leaf(|cx, a| Ok(cx.int(a.this::<PyStdStream>().fd as i64))))
        .method(cx, "writable", "($self, /)", Leaf(|cx, a| Ok(cx.bool(a.this::<PyStdStream>().fd != 0))))
        .method(cx, "readable", "($self, /)", Leaf(|cx, a| Ok(cx.bool(a.this::<PyStdStream>().fd == 0))))
        .getset(cx, "encoding", Leaf(|cx, _| Ok(cx.str("utf-8"))), None)
        .getset(
            cx,
            "errors",
            Leaf(|cx, a| {
                Ok(cx.str(if a.this::<PyStdStream>().fd == 2 { "backslashreplace" } else { "strict" }))
            }),
            None,
        )
        .getset(cx, "closed", Leaf(|cx, _| Ok(cx.bool(false))), None)
        .special(cx, Special::Iter, Leaf(|cx, a| Ok(a.get(0).own(cx))))
        .special(cx, Special::Next, Full(next));
    let class = t.class();
    for (fd, name) in [(0, "stdin"), (1, "stdout"), (2, "stderr")] {
        // SAFETY: the call takes any number.
        let terminal = unsafe { libc::isatty(fd) } == 1;
        let stream = cx.alloc_for(class, |h| PyStdStream {
            h,
            fd,
            line_buffered: terminal || fd == 2,
            buffer: Box::default(),
        })?;
        ungil_runtime::objects::module::add(cx, sys, &format!("__{name}__"), stream.clone());
        ungil_runtime::objects::module::add(cx, sys, name, stream);
    }
    Ok(())
}
