//! Positions: `tell`, `seek`, `truncate`, and what brings the raw stream to where the program is.

use super::{Held, PyBuffered};
use crate::io::{base, c_int, offset, unsupported};
use ungil_runtime::prelude::*;

impl PyBuffered {
    /// Writes what is pending, and moves the raw stream back over what was read ahead.
    pub(super) fn settle(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>) -> R<()> {
        self.flush_pending(cx, held, raw)?;
        if self.kind.reads() {
            let lead = self.buffers(held, |b| b.raw_lead());
            self.raw_seek(cx, held, raw, -lead, libc::SEEK_CUR)?;
            self.buffers(held, |b| b.forget_ahead());
        }
        Ok(())
    }

    /// `flush()` of a stream that writes.
    pub fn flush(&self, cx: &mut Cx) -> R<()> {
        let (held, raw) = self.enter(cx)?;
        if !self.buffers(&held, |b| b.size > 0) || self.raw_is_closed(cx, raw)? {
            return Err(cx.value_error("flush of closed file"));
        }
        if self.kind.reads() { self.settle(cx, &held, raw) } else { self.flush_pending(cx, &held, raw) }
    }

    /// `tell()`.
    pub fn tell(&self, cx: &mut Cx) -> R<i64> {
        let (held, raw) = self.enter(cx)?;
        let at = self.raw_tell(cx, &held, raw)?;
        // A raw stream may lie about where it is.
        Ok((at - self.buffers(&held, |b| b.raw_lead())).max(0))
    }

    /// Moves within what was read ahead, if the place is there; gives the new position.
    fn seek_within(
        &self,
        cx: &mut Cx,
        held: &Held<'_>,
        raw: Ref<'_>,
        to: i64,
        whence: i32,
    ) -> R<Option<i64>> {
        let here = match self.buffers(held, |b| b.at) {
            Some(at) => at,
            None => self.raw_tell(cx, held, raw)?,
        };
        Ok(self.buffers(held, |b| {
            if b.end == b.pos || !b.pending.is_empty() {
                return None;
            }
            let at = here - b.raw_lead();
            let step = if whence == libc::SEEK_SET { to.checked_sub(at)? } else { to };
            let pos = b.pos as i64 + step;
            let there = (step >= -(b.pos as i64) && step <= (b.end - b.pos) as i64).then_some(pos)?;
            b.pos = there as usize;
            Some(at + step)
        }))
    }

    /// `seek(to, whence)`.
    fn seek(&self, cx: &mut Cx, to: i64, whence: i32) -> R<i64> {
        let (held, raw) = self.enter(cx)?;
        if self.kind.reads()
            && whence != libc::SEEK_END
            && let Some(at) = self.seek_within(cx, &held, raw, to, whence)?
        {
            return Ok(at);
        }
        self.flush_pending(cx, &held, raw)?;
        let mut to = to;
        if whence == libc::SEEK_CUR {
            to -= self.buffers(&held, |b| b.raw_lead());
        }
        let at = self.raw_seek(cx, &held, raw, to, whence)?;
        self.buffers(&held, |b| b.forget_ahead());
        Ok(at)
    }
}

pub(super) fn tell(cx: &mut Cx, a: Args<'_>) -> R {
    let at = a.this::<PyBuffered>().tell(cx)?;
    Ok(cx.int(at))
}

pub(super) fn seek(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBuffered>();
    let raw = this.raw(cx)?;
    let whence = a.opt(2).map_or(Ok(0), |v| c_int(cx, v))?;
    let known = [libc::SEEK_SET, libc::SEEK_CUR, libc::SEEK_END, libc::SEEK_DATA, libc::SEEK_HOLE];
    if !known.contains(&whence) {
        return Err(cx.value_error(format!("whence value {whence} unsupported")));
    }
    {
        let held = this.lock(cx)?;
        this.check_open(cx, &held, raw.r(), "seek of closed file")?;
    }
    base::check_seekable(cx, raw.r())?;
    let to = offset(cx, a.get(1))?;
    let at = this.seek(cx, to, whence)?;
    Ok(cx.int(at))
}

pub(super) fn truncate(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyBuffered>();
    let (held, raw) = this.enter(cx)?;
    this.check_open(cx, &held, raw, "truncate of closed file")?;
    if !this.kind.writes() {
        return Err(unsupported(cx, "truncate"));
    }
    this.settle(cx, &held, raw)?;
    let size = a.opt(1).unwrap_or(Ref::immediate(Value::NONE));
    let result = cx.call_method(raw, "truncate", &[size])?;
    this.raw_tell(cx, &held, raw)?;
    Ok(result)
}
