//! Writing.

use super::{Held, PyBuffered};
use crate::io::file;
use ungil_runtime::prelude::*;

/// `BlockingIOError` after so many bytes; with a number only if the system has given one.
fn would_block(cx: &mut Cx, raw: Ref<'_>, written: usize) -> Err {
    let number = if file::exact(cx, raw).is_some() { libc::EAGAIN } else { 0 };
    let args = vec![
        cx.int(number as i64),
        cx.str("write could not complete without blocking"),
        cx.int(written as i64),
    ];
    ungil_runtime::new_error(cx, Builtin::BlockingIOError, args)
}

impl PyBuffered {
    /// Writes what is pending.
    ///
    /// # Errors
    /// `BlockingIOError`, or what the raw stream raises; what was not written stays pending.
    pub(super) fn flush_pending(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>) -> R<()> {
        let mut pending = self.buffers(held, |b| std::mem::take(&mut b.pending));
        let mut done = 0;
        let mut result = Ok(());
        while done < pending.len() && result.is_ok() {
            match self.raw_write(cx, held, raw, &pending[done..]) {
                Ok(Some(n)) => {
                    done += n;
                    // A signal may have cut the write short: its handler runs before the next one blocks.
                    if done < pending.len() {
                        result = cx.safepoint();
                    }
                }
                Ok(None) => result = Err(would_block(cx, raw, 0)),
                Err(err) => result = Err(err),
            }
        }
        pending.drain(..done);
        self.buffers(held, |b| b.pending = pending);
        result
    }

    /// Before writing: bytes read ahead are forgotten, and the raw stream goes back to where the program is.
    fn before_writing(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>) -> R<()> {
        if !self.kind.reads() {
            return Ok(());
        }
        let lead = self.buffers(held, |b| (b.end - b.pos) as i64);
        if lead > 0 {
            self.raw_seek(cx, held, raw, -lead, libc::SEEK_CUR)?;
        }
        self.buffers(held, |b| b.forget_ahead());
        Ok(())
    }

    /// Makes `data` pending if there is room.
    fn keep(&self, cx: &mut Cx, held: &Held<'_>, data: &[u8]) -> R<bool> {
        self.buffers(held, |b| {
            let fits = data.len() <= b.size - b.pending.len().min(b.size);
            if fits && b.pending.try_reserve(data.len()).is_ok() {
                b.pending.extend_from_slice(data);
                return Ok(true);
            }
            Err(fits)
        })
        .or_else(|no_memory| if no_memory { Err(cx.memory_error()) } else { Ok(false) })
    }

    /// `write(data)`.
    pub fn write(&self, cx: &mut Cx, data: &[u8]) -> R<usize> {
        let (held, raw) = self.enter(cx)?;
        if !self.buffers(&held, |b| b.size > 0) || self.raw_is_closed(cx, raw)? {
            return Err(cx.value_error("write to closed file"));
        }
        self.before_writing(cx, &held, raw)?;
        if self.keep(cx, &held, data)? {
            return Ok(data.len());
        }
        match self.flush_pending(cx, &held, raw) {
            Err(err) if cx.is_error(&err, Builtin::BlockingIOError) => {
                // What is pending stays so; as much as fits goes behind it.
                let room = self.buffers(&held, |b| b.size - b.pending.len().min(b.size));
                let fits = data.len().min(room);
                self.keep(cx, &held, &data[..fits])?;
                return if fits == data.len() { Ok(fits) } else { Err(would_block(cx, raw, fits)) };
            }
            result => result?,
        }
        self.write_past(cx, &held, raw, data)
    }

    /// Writes all but the last part past the empty buffer.
    fn write_past(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>, data: &[u8]) -> R<usize> {
        let size = self.buffers(held, |b| b.size);
        let mut done = 0;
        while data.len() - done > size {
            match self.raw_write(cx, held, raw, &data[done..])? {
                Some(n) => done += n,
                None => {
                    let kept = size.min(data.len() - done);
                    self.keep(cx, held, &data[done..done + kept])?;
                    return Err(would_block(cx, raw, done + kept));
                }
            }
            cx.safepoint()?;
        }
        self.keep(cx, held, &data[done..])?;
        Ok(data.len())
    }
}
