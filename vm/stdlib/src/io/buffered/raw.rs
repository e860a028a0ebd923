//! Calls of the raw stream: the short way for exact files, methods of Python for everything else.

use super::{Held, PyBuffered};
use crate::io::base::call_again;
use crate::io::file;
use ungil_runtime::objects::buffer::{bytes_of, view_of};
use ungil_runtime::objects::bytes::{new_bytearray, try_new_bytes};
use ungil_runtime::objects::int::to_i64;
use ungil_runtime::prelude::*;

/// The number that `readinto` or `write` has given, which is at most `len`.
fn length(cx: &mut Cx, result: &Obj, method: &str, len: usize) -> R<Option<usize>> {
    if result.value().is_none() {
        return Ok(None);
    }
    let n = match cx.index(result.r()) {
        Ok(n) => to_i64(cx, n.r()).unwrap_or(-1),
        // As in CPython, what `write` gives is not looked at closely.
        Err(_) if method == "write" => -1,
        Err(err) => {
            let failed = cx.error(Builtin::OSError, &format!("raw {method}() failed"));
            if let Some(e) = failed.exception().downcast::<ungil_runtime::objects::exception::PyException>(cx)
            {
                let cause = err.exception().own(cx);
                e.context.set(&e.h, cx, cause.clone());
                e.cause.set(&e.h, cx, cause);
                e.suppress_context.set(true);
            }
            return Err(failed);
        }
    };
    match usize::try_from(n) {
        Ok(n) if n <= len => Ok(Some(n)),
        _ => {
            let message =
                format!("raw {method}() returned invalid length {n} (should have been between 0 and {len})");
            Err(cx.error(Builtin::OSError, &message))
        }
    }
}

/// Reads once into `into`, by `readinto` on a buffer of Python.
fn read_by_method(cx: &mut Cx, raw: Ref<'_>, into: &mut [u8]) -> R<Option<usize>> {
    let mut storage = Vec::new();
    if storage.try_reserve_exact(into.len()).is_err() {
        return Err(cx.memory_error());
    }
    storage.resize(into.len(), 0);
    let array = new_bytearray(cx, storage);
    let view = view_of(cx, array.r())?;
    let result = call_again(cx, raw, "readinto", &[view.r()])?;
    let Some(n) = length(cx, &result, "readinto", into.len())? else { return Ok(None) };
    let data = bytes_of(cx, array.r())?;
    let n = n.min(data.len());
    into[..n].copy_from_slice(&data[..n]);
    Ok(Some(n))
}

fn write_by_method(cx: &mut Cx, raw: Ref<'_>, data: &[u8]) -> R<Option<usize>> {
    let bytes = try_new_bytes(cx, data)?;
    let view = view_of(cx, bytes.r())?;
    let result = call_again(cx, raw, "write", &[view.r()])?;
    length(cx, &result, "write", data.len())
}

/// The position that `tell` or `seek` has given.
fn position(cx: &mut Cx, result: &Obj) -> R<i64> {
    let at = crate::io::offset(cx, result.r())?;
    if at < 0 {
        let message = format!("Raw stream returned invalid position {at}");
        return Err(cx.error(Builtin::OSError, &message));
    }
    Ok(at)
}

impl PyBuffered {
    /// Reads once; `None` if there is nothing yet.
    pub(super) fn raw_read(
        &self,
        cx: &mut Cx,
        held: &Held<'_>,
        raw: Ref<'_>,
        into: &mut [u8],
    ) -> R<Option<usize>> {
        let got = match file::exact(cx, raw) {
            Some(file) => file.read_into(cx, into)?,
            None => read_by_method(cx, raw, into)?,
        };
        if let Some(n) = got {
            self.buffers(held, |b| b.at = b.at.map(|at| at + n as i64));
        }
        Ok(got)
    }

    /// Writes once; `None` if there is no room yet.
    pub(super) fn raw_write(
        &self,
        cx: &mut Cx,
        held: &Held<'_>,
        raw: Ref<'_>,
        data: &[u8],
    ) -> R<Option<usize>> {
        let done = match file::exact(cx, raw) {
            Some(file) => file.write(cx, data)?,
            None => write_by_method(cx, raw, data)?,
        };
        if let Some(n) = done {
            self.buffers(held, |b| b.at = b.at.map(|at| at + n as i64));
        }
        Ok(done)
    }

    /// Asks where the raw stream is.
    pub(super) fn raw_tell(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>) -> R<i64> {
        let at = match file::exact(cx, raw) {
            Some(file) => file.seek(cx, 0, libc::SEEK_CUR)?,
            None => {
                let result = cx.call_method(raw, "tell", &[])?;
                position(cx, &result)?
            }
        };
        self.buffers(held, |b| b.at = Some(at));
        Ok(at)
    }

    /// Moves the raw stream.
    pub(super) fn raw_seek(
        &self,
        cx: &mut Cx,
        held: &Held<'_>,
        raw: Ref<'_>,
        to: i64,
        whence: i32,
    ) -> R<i64> {
        let at = match file::exact(cx, raw) {
            Some(file) => file.seek(cx, to, whence)?,
            None => {
                let (to, whence) = (cx.int(to), cx.int(whence as i64));
                let result = cx.call_method(raw, "seek", &[to.r(), whence.r()])?;
                position(cx, &result)?
            }
        };
        self.buffers(held, |b| b.at = Some(at));
        Ok(at)
    }
}
