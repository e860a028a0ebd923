//! Reading.

use super::{Held, PyBuffered};
use crate::io::file;
use ungil_runtime::objects::buffer::copy_into;
use ungil_runtime::objects::bytes::{PyBytes, empty_bytes, new_bytes, try_new_bytes};
use ungil_runtime::prelude::*;

/// Makes room for `n` more bytes and fills it with zeros.
fn grow(cx: &mut Cx, data: &mut Vec<u8>, n: usize) -> R<()> {
    if data.try_reserve(n).is_err() {
        return Err(cx.memory_error());
    }
    data.resize(data.len() + n, 0);
    Ok(())
}

impl PyBuffered {
    /// Reads once into the free part of the buffer; `None` if there is nothing yet.
    fn fill(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>) -> R<Option<usize>> {
        let (mut ahead, end, size) = self.buffers(held, |b| {
            if b.pos == b.end {
                b.forget_ahead();
            }
            (std::mem::take(&mut b.ahead), b.end, b.size)
        });
        if ahead.len() < size {
            let n = size - ahead.len();
            grow(cx, &mut ahead, n)?;
        }
        let result = self.raw_read(cx, held, raw, &mut ahead[end..size]);
        self.buffers(held, |b| {
            b.ahead = ahead;
            if let Ok(Some(n)) = result {
                b.end = end + n;
            }
        });
        result
    }

    /// Before reading: what is pending is written.
    fn before_reading(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>) -> R<()> {
        if self.kind.writes() && !self.buffers(held, |b| b.pending.is_empty()) {
            self.flush_pending(cx, held, raw)?;
        }
        Ok(())
    }

    /// At most `n` bytes; `None` if there is nothing yet.
    pub(super) fn read_some(
        &self,
        cx: &mut Cx,
        held: &Held<'_>,
        raw: Ref<'_>,
        n: usize,
    ) -> R<Option<Vec<u8>>> {
        let (mut data, size) = self.buffers(held, |b| (b.take(n).to_vec(), b.size));
        if data.len() == n {
            return Ok(Some(data));
        }
        self.before_reading(cx, held, raw)?;
        // Whole buffers are read past the buffer.
        while n - data.len() >= size {
            let (have, whole) = (data.len(), (n - data.len()) / size * size);
            grow(cx, &mut data, whole)?;
            let got = self.raw_read(cx, held, raw, &mut data[have..])?;
            data.truncate(have + got.unwrap_or(0));
            match got {
                Some(1..) => {}
                None if have == 0 => return Ok(None),
                _ => return Ok(Some(data)),
            }
        }
        while data.len() < n {
            match self.fill(cx, held, raw)? {
                Some(1..) => self.buffers(held, |b| data.extend_from_slice(b.take(n - data.len()))),
                None if data.is_empty() => return Ok(None),
                _ => break,
            }
        }
        Ok(Some(data))
    }

    /// Everything to the end, by the raw stream's `readall` or `read`; `None` if there is nothing yet.
    pub(super) fn read_all(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>) -> R<Option<Vec<u8>>> {
        let mut data = self.buffers(held, |b| {
            let rest = b.rest().to_vec();
            b.forget_ahead();
            rest
        });
        self.before_reading(cx, held, raw)?;
        let rest = if let Some(file) = file::exact(cx, raw) {
            let rest = file.read_all(cx)?;
            self.buffers(held, |b| b.at = None);
            rest
        } else {
            self.read_all_by_methods(cx, raw)?
        };
        match rest {
            None if data.is_empty() => Ok(None),
            None => Ok(Some(data)),
            Some(rest) if data.is_empty() => Ok(Some(rest)),
            Some(rest) => {
                data.extend_from_slice(&rest);
                Ok(Some(data))
            }
        }
    }

    fn read_all_by_methods(&self, cx: &mut Cx, raw: Ref<'_>) -> R<Option<Vec<u8>>> {
        let name = ungil_runtime::objects::str::intern(cx, "readall");
        if let Some(readall) = cx.get_attr_opt(raw, name.get())? {
            let result = cx.call(readall.r(), &[])?;
            return match result.downcast::<PyBytes>(cx) {
                Some(bytes) => Ok(Some(bytes.as_bytes().to_vec())),
                None if result.value().is_none() => Ok(None),
                None => Err(cx.type_error("readall() should return bytes")),
            };
        }
        let mut data = Vec::new();
        loop {
            let chunk = cx.call_method(raw, "read", &[])?;
            match chunk.downcast::<PyBytes>(cx) {
                Some(bytes) if bytes.is_empty() => return Ok(Some(data)),
                Some(bytes) => data.extend_from_slice(bytes.as_bytes()),
                None if !chunk.value().is_none() => {
                    return Err(cx.type_error("read() should return bytes"));
                }
                None if data.is_empty() => return Ok(None),
                None => return Ok(Some(data)),
            }
        }
    }

    /// `read(n)`; all to the end for `None`.
    pub fn read(&self, cx: &mut Cx, n: Option<usize>) -> R<Option<Vec<u8>>> {
        let (held, raw) = self.enter(cx)?;
        self.check_open(cx, &held, raw, "read of closed file")?;
        match n {
            Some(n) => self.read_some(cx, &held, raw, n),
            None => self.read_all(cx, &held, raw),
        }
    }

    /// `read1(n)`: what is there, or what one call of the raw stream gives.
    pub fn read1(&self, cx: &mut Cx, n: Option<usize>) -> R<Vec<u8>> {
        let (held, raw) = self.enter(cx)?;
        self.check_open(cx, &held, raw, "read of closed file")?;
        let (ahead, size) = self.buffers(&held, |b| (b.end - b.pos, b.size));
        let n = n.unwrap_or(size);
        if ahead > 0 || n == 0 {
            return Ok(self.buffers(&held, |b| b.take(n).to_vec()));
        }
        self.before_reading(cx, &held, raw)?;
        let mut data = Vec::new();
        grow(cx, &mut data, n)?;
        let got = self.raw_read(cx, &held, raw, &mut data)?;
        data.truncate(got.unwrap_or(0));
        Ok(data)
    }

    /// `peek()`: bytes ahead, at least one unless the end is near; nothing is given out.
    pub(super) fn peek(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>) -> R<Vec<u8>> {
        if self.buffers(held, |b| b.pos == b.end) {
            self.before_reading(cx, held, raw)?;
            self.fill(cx, held, raw)?;
        }
        Ok(self.buffers(held, |b| b.rest().to_vec()))
    }

    /// `readinto` and, with `once`, `readinto1`.
    pub(super) fn read_into(
        &self,
        cx: &mut Cx,
        held: &Held<'_>,
        raw: Ref<'_>,
        to: Ref<'_>,
        len: usize,
        once: bool,
    ) -> R<Option<usize>> {
        let data = self.buffers(held, |b| b.take(len).to_vec());
        let mut written = copy_into(cx, to, 0, &data)?;
        if written == len {
            return Ok(Some(written));
        }
        self.before_reading(cx, held, raw)?;
        let size = self.buffers(held, |b| b.size);
        while written < len {
            let left = len - written;
            let (got, data) = if left > size {
                let mut data = Vec::new();
                grow(cx, &mut data, left)?;
                let got = self.raw_read(cx, held, raw, &mut data)?;
                data.truncate(got.unwrap_or(0));
                (got, data)
            } else if !(once && written > 0) {
                let got = self.fill(cx, held, raw)?;
                (got, self.buffers(held, |b| b.take(left).to_vec()))
            } else {
                (Some(0), Vec::new())
            };
            match got {
                Some(1..) => written += copy_into(cx, to, written, &data)?,
                None if written == 0 => return Ok(None),
                _ => break,
            }
            if once {
                break;
            }
        }
        Ok(Some(written))
    }

    /// A line with its end, cut after `limit` bytes.
    pub fn read_line(&self, cx: &mut Cx, limit: usize) -> R {
        let (held, raw) = self.enter(cx)?;
        self.check_open(cx, &held, raw, "readline of closed file")?;
        let whole = self.buffers(&held, |b| {
            let rest = &b.rest()[..b.rest().len().min(limit)];
            let end = memchr::memchr(b'\n', rest).map(|at| at + 1);
            // The usual case: the line lies in the buffer as a whole.
            let n = end.or((rest.len() == limit).then_some(limit))?;
            Some(new_bytes(cx, b.take(n)))
        });
        match whole {
            Some(line) => Ok(line),
            None => {
                let line = self.read_long_line(cx, &held, raw, limit)?;
                if line.is_empty() { Ok(empty_bytes(cx)) } else { try_new_bytes(cx, &line) }
            }
        }
    }

    /// The rest of a line of which the buffer holds at most the beginning.
    fn read_long_line(&self, cx: &mut Cx, held: &Held<'_>, raw: Ref<'_>, limit: usize) -> R<Vec<u8>> {
        let mut line = Vec::new();
        let mut fresh = true;
        loop {
            let done = self.buffers(held, |b| {
                let room = limit - line.len();
                let rest = &b.rest()[..b.rest().len().min(room)];
                let end = memchr::memchr(b'\n', rest);
                let n = end.map_or(rest.len(), |at| at + 1);
                line.extend_from_slice(b.take(n));
                end.is_some() || line.len() == limit
            });
            if done {
                return Ok(line);
            }
            if std::mem::take(&mut fresh) {
                self.before_reading(cx, held, raw)?;
            }
            match self.fill(cx, held, raw)? {
                Some(1..) => {}
                _ => return Ok(line),
            }
        }
    }
}
