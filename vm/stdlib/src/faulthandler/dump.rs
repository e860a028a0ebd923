//! The text of a dump, written to a file descriptor.
//!
//! Everything here may run in a signal handler: no allocation, no locks, small buffers, system calls only.

use ungil_runtime::Vm;
use ungil_runtime::traceback::sample::{self, Sample, SampledFrame};

/// Frames of a thread that are shown at most.
pub const MOST_FRAMES: usize = 100;
/// Threads that are shown at most.
pub const MOST_THREADS: usize = 100;
/// Characters of a name that are shown at most.
const MOST_CHARACTERS: usize = 500;

/// Text on its way to a file descriptor. What cannot be written is lost: there is nobody to tell.
pub struct Out {
    fd: i32,
    buffer: [u8; 256],
    used: usize,
}

impl Out {
    pub fn new(fd: i32) -> Out {
        Out { fd, buffer: [0; 256], used: 0 }
    }

    fn byte(&mut self, b: u8) {
        if self.used == self.buffer.len() {
            self.flush();
        }
        self.buffer[self.used] = b;
        self.used += 1;
    }

    pub fn text(&mut self, text: &str) {
        text.bytes().for_each(|b| self.byte(b));
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| self.byte(b));
    }

    /// At least so many digits.
    pub fn hex(&mut self, n: u64, width: usize) {
        let digits = (64 - n.leading_zeros() as usize).div_ceil(4).max(width).max(1);
        for i in (0..digits).rev() {
            self.byte(b"0123456789abcdef"[(n.checked_shr(4 * i as u32).unwrap_or(0) & 15) as usize]);
        }
    }

    /// At least so many digits.
    pub fn decimal(&mut self, n: u64, width: usize) {
        let (mut digits, mut at, mut rest) = ([b'0'; 20], 20, n);
        while rest != 0 || at == 20 {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.bytes(&digits[at.min(20 - width.min(20))..]);
    }

    /// Generalised UTF-8 with escapes for what is not ASCII.
    fn ascii(&mut self, text: &[u8]) {
        let mut left = MOST_CHARACTERS;
        let mut rest = text;
        while let Some(&first) = rest.first() {
            if left == 0 {
                self.text("...");
                return;
            }
            left -= 1;
            let (len, bits) = match first {
                0..0x80 => (1, first),
                0x80..0xe0 => (2, first & 0x1f),
                0xe0..0xf0 => (3, first & 0x0f),
                _ => (4, first & 0x07),
            };
            let tail = rest.get(1..len).unwrap_or_default();
            let c = tail.iter().fold(u32::from(bits), |c, &b| c << 6 | u32::from(b & 0x3f));
            rest = rest.get(len..).unwrap_or_default();
            match c {
                0x20..0x7f => self.byte(c as u8),
                0..0x100 => self.escape("\\x", c, 2),
                0x100..0x10000 => self.escape("\\u", c, 4),
                _ => self.escape("\\U", c, 8),
            }
        }
    }

    fn escape(&mut self, start: &str, c: u32, width: usize) {
        self.text(start);
        self.hex(c.into(), width);
    }

    pub fn flush(&mut self) {
        let mut rest = &self.buffer[..self.used];
        while !rest.is_empty() {
            // SAFETY: as many bytes as there are.
            match unsafe { libc::write(self.fd, rest.as_ptr().cast(), rest.len()) } {
                n if n > 0 => rest = rest.get(n as usize..).unwrap_or_default(),
                // SAFETY: the thread's own `errno`.
                -1 if unsafe { *libc::__errno_location() } == libc::EINTR => {}
                _ => break,
            }
        }
        self.used = 0;
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.flush();
    }
}

/// A line about a frame; `None` is one that could not be read.
fn frame_line(out: &mut Out, frame: Option<SampledFrame>) {
    let Some(frame) = frame else {
        out.text("  <a frame that cannot be read now>\n");
        return;
    };
    out.text("  File \"");
    out.ascii(frame.filename());
    out.text("\", line ");
    match frame.line {
        0 => out.text("???"),
        line => out.decimal(line.into(), 1),
    }
    out.text(" in ");
    out.ascii(frame.name());
    out.text("\n");
}

/// The lines about frames, innermost first.
pub fn frames(out: &mut Out, frames: impl Iterator<Item = Option<SampledFrame>>) {
    let mut any = false;
    for frame in frames.take(MOST_FRAMES) {
        frame_line(out, frame);
        any = true;
    }
    if !any {
        out.text("  <no Python frame>\n");
    }
}

/// The lines about a thread's frames, read as they are now.
pub fn sampled_frames(out: &mut Out, sample: &Sample) {
    let mut count = 0;
    sample.frames(|frame| {
        frame_line(out, frame);
        count += 1;
        count < MOST_FRAMES
    });
    if count == 0 {
        out.text("  <no Python frame>\n");
    }
}

/// The heading of a thread among several.
pub fn thread_header(out: &mut Out, sample: &Sample, is_current: bool) {
    out.text(if is_current { "Current thread 0x" } else { "Thread 0x" });
    out.hex(sample.ident, 16);
    let end = sample.name.iter().position(|&b| b == 0).unwrap_or(0);
    if end > 0 {
        out.text(" [");
        out.bytes(&sample.name[..end]);
        out.text("]");
    }
    out.text(" (most recent call first):\n");
}

/// The calling thread's frames under the heading of a single stack.
pub fn own_stack(out: &mut Out) {
    if let Some(here) = sample::here() {
        out.text("Stack (most recent call first):\n");
        sampled_frames(out, &here);
    }
}

/// All threads in a signal handler or for another thread: `write` writes the frames of one. The list is not waited for unless told
/// to.
pub fn all_threads(
    out: &mut Out,
    vm: &Vm,
    current: Option<u64>,
    wait: bool,
    write: impl Fn(&mut Out, &Sample),
) {
    for n in 0..=MOST_THREADS {
        let Some(sample) = vm.sample(n, wait) else { break };
        if n > 0 {
            out.text("\n");
        }
        if n == MOST_THREADS {
            out.text("...\n");
            break;
        }
        thread_header(out, &sample, current == Some(sample.ident));
        write(out, &sample);
    }
}
