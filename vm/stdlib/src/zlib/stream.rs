//! A stream that compresses or decompresses, as a safe value over zlib's own struct.

use libz_rs_sys::{self as z, z_stream};
use std::ffi::CStr;
use std::mem::MaybeUninit;

/// Why zlib gave up.
#[derive(Debug)]
pub enum Failure {
    /// Its number, and its text if it has one.
    Zlib(i32, Option<String>),
    /// The stored dictionary does not fit.
    Dictionary(i32, Option<String>),
    Memory,
}

/// Where a step has ended.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Bytes of the input that were used.
    pub used: usize,
    /// Whether the stream is at its end.
    pub ended: bool,
}

/// See the module's head. zlib's state points to the struct: it stays where it is.
pub struct Stream {
    raw: Box<z_stream>,
    deflates: bool,
    /// What the data may ask for.
    dictionary: Vec<u8>,
}

// SAFETY: the state behind the pointers is the stream's own, and zlib keeps nothing by thread.
unsafe impl Send for Stream {}

/// How a compressing stream works.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub level: i32,
    pub method: i32,
    pub wbits: i32,
    pub memory: i32,
    pub strategy: i32,
}

fn fresh() -> Box<z_stream> {
    Box::new(z_stream { next_out: NOWHERE, ..z_stream::default() })
}

/// Where output goes while there is no room for any: copying a stream wants a place to be there.
const NOWHERE: *mut u8 = std::ptr::dangling_mut();

/// Whether a number of window bits is one that zlib knows: it would print its refusal.
fn is_window(wbits: i32) -> bool {
    match wbits {
        ..0 => (-15..=-8).contains(&wbits),
        0..48 => wbits & 15 == 0 || wbits & 15 >= 8,
        _ => false,
    }
}

const SIZE: i32 = size_of::<z_stream>() as i32;

/// The room that output begins with.
const FIRST_ROOM: usize = 16 * 1024;

impl Stream {
    /// One that compresses; the error is zlib's number.
    pub fn deflate(settings: Settings) -> Result<Stream, i32> {
        if !is_window(settings.wbits) {
            return Err(z::Z_STREAM_ERROR);
        }
        let mut raw = fresh();
        let Settings { level, method, wbits, memory, strategy } = settings;
        // SAFETY: a fresh struct, and the version that it is of.
        let code = unsafe {
            let version = z::zlibVersion();
            z::deflateInit2_(&mut *raw, level, method, wbits, memory, strategy, version, SIZE)
        };
        if code == z::Z_OK { Ok(Stream { raw, deflates: true, dictionary: Vec::new() }) } else { Err(code) }
    }

    /// One that decompresses; the error is zlib's number.
    pub fn inflate(wbits: i32, dictionary: Vec<u8>) -> Result<Stream, i32> {
        if !is_window(wbits) {
            return Err(z::Z_STREAM_ERROR);
        }
        let mut raw = fresh();
        // SAFETY: as in `deflate`.
        let code = unsafe { z::inflateInit2_(&mut *raw, wbits, z::zlibVersion(), SIZE) };
        if code != z::Z_OK {
            return Err(code);
        }
        let mut stream = Stream { raw, deflates: false, dictionary };
        // Without a header nothing asks for the dictionary.
        if wbits < 0 && !stream.dictionary.is_empty() && stream.use_dictionary().is_err() {
            return Err(z::Z_DATA_ERROR);
        }
        Ok(stream)
    }

    fn text(&self) -> Option<String> {
        // SAFETY: zlib's texts are its own and end with a zero.
        unsafe { self.raw.msg.as_ref().map(|p| CStr::from_ptr(p).to_string_lossy().into_owned()) }
    }

    /// Gives a compressing stream what its data is likely to look like.
    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> Result<(), i32> {
        let len = dictionary.len().min(u32::MAX as usize) as u32;
        // SAFETY: a stream of its kind, and so many bytes.
        match unsafe { z::deflateSetDictionary(&mut *self.raw, dictionary.as_ptr(), len) } {
            z::Z_OK => Ok(()),
            code => Err(code),
        }
    }

    fn use_dictionary(&mut self) -> Result<(), Failure> {
        let len = self.dictionary.len().min(u32::MAX as usize) as u32;
        // SAFETY: as above.
        match unsafe { z::inflateSetDictionary(&mut *self.raw, self.dictionary.as_ptr(), len) } {
            z::Z_OK => Ok(()),
            code => Err(Failure::Dictionary(code, self.text())),
        }
    }

    /// Another stream in the same state; the error is zlib's number.
    pub fn copy(&self) -> Result<Stream, i32> {
        let mut raw: Box<MaybeUninit<z_stream>> = Box::new(MaybeUninit::zeroed());
        let from = &raw const *self.raw;
        // SAFETY: both structs are there; zlib writes the whole of the new one if it succeeds.
        let code = unsafe {
            match self.deflates {
                true => z::deflateCopy(raw.as_mut_ptr(), from.cast_mut()),
                false => z::inflateCopy(raw.as_mut_ptr(), from),
            }
        };
        if code != z::Z_OK {
            return Err(code);
        }
        // SAFETY: written just now.
        let raw = unsafe { raw.assume_init() };
        Ok(Stream { raw, deflates: self.deflates, dictionary: self.dictionary.clone() })
    }

    /// Runs through the input until it is used up, the output has `limit` bytes, or the stream ends.
    pub fn run(
        &mut self,
        input: &[u8],
        flush: i32,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Step, Failure> {
        let mut used = 0;
        loop {
            if out.len() == out.capacity() && out.len() < limit {
                let more = out.len().max(FIRST_ROOM).min(limit - out.len());
                out.try_reserve_exact(more).map_err(|_| Failure::Memory)?;
            }
            let room = (out.capacity().min(limit) - out.len()).min(u32::MAX as usize);
            let given = (input.len() - used).min(u32::MAX as usize);
            let is_last = used + given == input.len();
            let (code, left) =
                self.call(&input[used..used + given], room, if is_last { flush } else { z::Z_NO_FLUSH }, out);
            used += given - self.raw.avail_in as usize;
            (self.raw.next_in, self.raw.avail_in) = (std::ptr::null_mut(), 0);
            match code {
                z::Z_STREAM_END => return Ok(Step { used, ended: true }),
                z::Z_NEED_DICT if !self.dictionary.is_empty() => {
                    self.use_dictionary()?;
                    continue;
                }
                z::Z_OK | z::Z_BUF_ERROR => {}
                code => return Err(Failure::Zlib(code, self.text())),
            }
            let is_full = left == 0;
            if is_full && out.len() >= limit || !is_full && used == input.len() {
                return Ok(Step { used, ended: false });
            }
            if !is_full && code == z::Z_BUF_ERROR {
                return Err(Failure::Zlib(code, self.text()));
            }
        }
    }

    /// One call of zlib, which writes at most `room` bytes behind the output: its result, and what is left of the room.
    fn call(&mut self, input: &[u8], room: usize, flush: i32, out: &mut Vec<u8>) -> (i32, usize) {
        let raw = &mut *self.raw;
        raw.next_in = input.as_ptr().cast_mut();
        raw.avail_in = input.len() as u32;
        raw.next_out = out.spare_capacity_mut().as_mut_ptr().cast();
        raw.avail_out = room as u32;
        // SAFETY: a stream of its kind, with as much input and room as said.
        let code = unsafe { if self.deflates { z::deflate(raw, flush) } else { z::inflate(raw, flush) } };
        let left = raw.avail_out as usize;
        // SAFETY: so many bytes were written.
        unsafe { out.set_len(out.len() + room - left) };
        (raw.next_out, raw.avail_out) = (NOWHERE, 0);
        (code, left)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: a stream of its kind, ended once.
        unsafe { if self.deflates { z::deflateEnd(&mut *self.raw) } else { z::inflateEnd(&mut *self.raw) } };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_comes_back() {
        let data: Vec<u8> = (0..200_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        let settings = Settings { level: 6, method: 8, wbits: 15, memory: 8, strategy: 0 };
        let (mut packed, mut back) = (Vec::new(), Vec::new());
        let step =
            Stream::deflate(settings).unwrap().run(&data, z::Z_FINISH, usize::MAX, &mut packed).unwrap();
        assert!(step.ended && step.used == data.len());
        let mut stream = Stream::inflate(15, Vec::new()).unwrap();
        let step = stream.run(&packed, z::Z_SYNC_FLUSH, 1000, &mut back).unwrap();
        assert!(!step.ended && back == data[..1000]);
        let step =
            stream.copy().unwrap().run(&packed[step.used..], z::Z_SYNC_FLUSH, usize::MAX, &mut back).unwrap();
        assert!(step.ended && back == data);
    }
}
