//! Where a pickle comes from: bytes in memory, or a file, which is asked for no more than belongs to the pickle.

use super::unpickling_error;
use std::borrow::Cow;
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::prelude::*;

/// Bytes asked of a file at a time: a length in a pickle may be a lie.
const PIECE: usize = 1 << 20;

/// What is being read.
pub struct Input<'a> {
    buf: Cow<'a, [u8]>,
    at: usize,
    /// `read` and `readline` of a file.
    file: Option<(Obj, Obj)>,
}

impl<'a> Input<'a> {
    pub fn bytes(buf: Cow<'a, [u8]>) -> Input<'a> {
        Input { buf, at: 0, file: None }
    }

    pub fn file(read: Obj, readline: Obj) -> Input<'static> {
        Input { buf: Cow::Borrowed(&[]), at: 0, file: Some((read, readline)) }
    }

    #[inline]
    pub fn opcode(&mut self, cx: &mut Cx) -> R<u8> {
        if let Some(&b) = self.buf.get(self.at) {
            self.at += 1;
            return Ok(b);
        }
        if self.file.is_some() && self.fill(cx, 1, false)? {
            self.at = 1;
            return Ok(self.buf[0]);
        }
        Err(cx.error(Builtin::EOFError, "Ran out of input"))
    }

    /// The next `n` bytes.
    #[inline]
    pub fn take(&mut self, cx: &mut Cx, n: usize) -> R<&[u8]> {
        if self.buf.len() - self.at < n {
            self.more(cx, n)?;
        }
        let start = self.at;
        self.at += n;
        Ok(&self.buf[start..start + n])
    }

    pub fn array<const N: usize>(&mut self, cx: &mut Cx) -> R<[u8; N]> {
        let mut made = [0; N];
        made.copy_from_slice(self.take(cx, N)?);
        Ok(made)
    }

    /// A length in 8 bytes.
    pub fn length(&mut self, cx: &mut Cx) -> R<usize> {
        let n = u64::from_le_bytes(self.array(cx)?);
        usize::try_from(n)
            .ok()
            .filter(|&n| n <= isize::MAX as usize)
            .ok_or_else(|| cx.overflow_error("the length in a pickle exceeds system's maximum size of bytes"))
    }

    #[cold]
    fn more(&mut self, cx: &mut Cx, n: usize) -> R<()> {
        if self.file.is_none() || self.at < self.buf.len() || !self.fill(cx, n, true)? {
            return Err(unpickling_error(cx, "pickle data was truncated"));
        }
        Ok(())
    }

    /// Reads `n` bytes from the file, to replace what has been used up; false if it has fewer.
    fn fill(&mut self, cx: &mut Cx, n: usize, all: bool) -> R<bool> {
        let Some((read, _)) = self.file.clone() else { return Ok(false) };
        let mut made = Vec::new();
        while made.len() < n {
            let size = cx.int((n - made.len()).min(PIECE) as i64);
            let got = cx.call(read.r(), &[size.r()])?;
            let got = bytes_of(cx, got.r())?;
            if got.is_empty() {
                break;
            }
            made.extend_from_slice(&got);
            if !all {
                break;
            }
        }
        let enough = made.len() >= n;
        (self.buf, self.at) = (Cow::Owned(made), 0);
        Ok(enough)
    }

    /// A frame begins: its bytes are there, or are read at once.
    pub fn frame(&mut self, cx: &mut Cx, n: usize) -> R<()> {
        if self.buf.len() - self.at < n {
            self.more(cx, n)?;
        }
        Ok(())
    }

    /// A line without its end.
    pub fn line(&mut self, cx: &mut Cx) -> R<Vec<u8>> {
        let rest = &self.buf[self.at..];
        if let Some(n) = rest.iter().position(|&b| b == b'\n') {
            let line = rest[..n].to_vec();
            self.at += n + 1;
            return Ok(line);
        }
        if let (Some((_, readline)), true) = (self.file.clone(), rest.is_empty()) {
            let got = cx.call(readline.r(), &[])?;
            let mut line = bytes_of(cx, got.r())?.into_owned();
            if line.pop() == Some(b'\n') {
                return Ok(line);
            }
        }
        Err(unpickling_error(cx, "pickle data was truncated"))
    }
}
