//! What a run of pickling writes: opcodes, numbers, frames, and the memo of what has been written.

use std::collections::HashMap;
use ungil_gc::BuildPointerHasher;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::prelude::*;

/// Frames end at the next opcode once they are this long; bytes of this length stand outside of frames.
pub const FRAME_TARGET: usize = 64 * 1024;
const FRAME_MIN: usize = 4;
const FRAME_HEADER: usize = 9;
/// Bytes that are reserved at first for what is written.
const FIRST_BYTES: usize = 1024;
/// Places of the memo that are reserved at first.
const FIRST_PLACES: usize = 24;

/// What has been written, by address, with its number; the objects are kept alive, so that addresses stay theirs.
#[derive(Default)]
pub struct Memo {
    pub numbers: HashMap<u64, u32, BuildPointerHasher>,
    pub kept: Vec<(u32, Obj)>,
}

impl Memo {
    /// A memo that holds what another one held.
    pub fn of(kept: Vec<(u32, Obj)>) -> Memo {
        Memo { numbers: kept.iter().map(|(number, v)| (v.value().0, *number)).collect(), kept }
    }
}

/// One run of pickling.
pub struct Saver {
    pub proto: i64,
    pub bin: bool,
    pub fast: bool,
    pub fix_imports: bool,
    pub out: Vec<u8>,
    framing: bool,
    frame: Option<usize>,
    pub memo: Memo,
    /// `persistent_id`, `reducer_override`, `dispatch_table`, where a pickler has them.
    pub persistent: Option<Obj>,
    pub reducer: Option<Obj>,
    pub table: Option<Obj>,
    /// The `write` of a file.
    pub write: Option<Obj>,
}

impl Saver {
    pub fn new(proto: i64, fix_imports: bool) -> Saver {
        Saver {
            proto,
            bin: proto >= 1,
            fast: false,
            fix_imports: fix_imports && proto < 3,
            out: Vec::with_capacity(FIRST_BYTES),
            framing: false,
            frame: None,
            memo: Memo::default(),
            persistent: None,
            reducer: None,
            table: None,
            write: None,
        }
    }

    /// Writes a whole pickle.
    ///
    /// # Errors
    /// What cannot be pickled, what hooks and the file raise.
    pub fn run(&mut self, cx: &mut Cx, v: Ref<'_>) -> R<()> {
        if self.proto >= 2 {
            self.out.extend([0x80, self.proto as u8]);
            self.framing = self.proto >= 4;
        }
        self.save(cx, v, true)?;
        self.put(b".");
        self.end_frame();
        self.framing = false;
        self.flush(cx)
    }

    fn flush(&mut self, cx: &mut Cx) -> R<()> {
        if let Some(write) = self.write.clone() {
            let bytes = new_bytes(cx, &self.out);
            self.out.clear();
            cx.call(write.r(), &[bytes.r()])?;
        }
        Ok(())
    }

    /// Between two opcodes a frame may end.
    #[inline]
    pub fn boundary(&mut self, cx: &mut Cx) -> R<()> {
        match self.frame {
            Some(start) if self.out.len() - start - FRAME_HEADER >= FRAME_TARGET => {
                self.end_frame();
                self.flush(cx)
            }
            _ => Ok(()),
        }
    }

    fn end_frame(&mut self) {
        let Some(start) = self.frame.take() else { return };
        let len = self.out.len() - start - FRAME_HEADER;
        if len < FRAME_MIN {
            self.out.drain(start..start + FRAME_HEADER);
            return;
        }
        self.out[start] = 0x95;
        self.out[start + 1..start + FRAME_HEADER].copy_from_slice(&(len as u64).to_le_bytes());
    }

    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        if self.framing && self.frame.is_none() {
            self.frame = Some(self.out.len());
            self.out.extend([0; FRAME_HEADER]);
        }
        self.out.extend_from_slice(bytes);
    }

    /// A header and bytes; long ones outside of frames.
    pub fn put_bytes(&mut self, cx: &mut Cx, header: &[u8], bytes: &[u8]) -> R<()> {
        if bytes.len() < FRAME_TARGET {
            self.put(header);
            self.put(bytes);
            return Ok(());
        }
        self.end_frame();
        self.out.extend_from_slice(header);
        if self.out.try_reserve(bytes.len()).is_err() {
            return Err(cx.memory_error());
        }
        if self.write.is_some() {
            self.flush(cx)?;
        }
        self.out.extend_from_slice(bytes);
        self.flush(cx)
    }

    /// An opcode with a length in front of bytes: the shortest of those with one, four and eight bytes that the protocol has.
    pub fn put_sized(&mut self, cx: &mut Cx, codes: [u8; 3], bytes: &[u8]) -> R<()> {
        let n = bytes.len();
        if n <= 0xff && codes[0] != 0 {
            self.put(&[codes[0], n as u8]);
            self.put(bytes);
            return Ok(());
        }
        // The header's room is for the longest one.
        let mut header = [0; FRAME_HEADER];
        header[1..].copy_from_slice(&(n as u64).to_le_bytes());
        let header = if u32::try_from(n).is_ok() {
            header[0] = codes[1];
            &header[..1 + size_of::<u32>()]
        } else if self.proto >= 4 {
            header[0] = codes[2];
            &header[..]
        } else {
            return Err(cx.overflow_error(
                "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher",
            ));
        };
        self.put_bytes(cx, header, bytes)
    }

    /// Remembers what was written last.
    #[inline]
    pub fn memoize(&mut self, cx: &Cx, v: Ref<'_>) {
        if self.fast {
            return;
        }
        // Something that hooks have written as a part of itself gets a second number: whoever reads counts as well.
        let number = self.memo.kept.len() as u32;
        if number == 0 {
            // What remembers anything mostly remembers some more.
            self.memo.numbers.reserve(FIRST_PLACES);
            self.memo.kept.reserve(FIRST_PLACES);
        }
        self.memo.numbers.insert(v.value().0, number);
        self.memo.kept.push((number, v.own(cx)));
        match (self.proto >= 4, self.bin, u8::try_from(number)) {
            (true, ..) => self.put(b"\x94"),
            (_, true, Ok(number)) => self.put(&[b'q', number]),
            (_, true, Err(_)) => {
                self.put(b"r");
                self.put(&number.to_le_bytes());
            }
            (_, false, _) => self.put(format!("p{number}\n").as_bytes()),
        }
    }

    pub fn known(&self, v: Ref<'_>) -> Option<u32> {
        self.memo.numbers.get(&v.value().0).copied()
    }

    /// Gets what has been remembered.
    pub fn get(&mut self, number: u32) {
        match (self.bin, u8::try_from(number)) {
            (true, Ok(number)) => self.put(&[b'h', number]),
            (true, Err(_)) => {
                self.put(b"j");
                self.put(&number.to_le_bytes());
            }
            (false, _) => self.put(format!("g{number}\n").as_bytes()),
        }
    }
}
