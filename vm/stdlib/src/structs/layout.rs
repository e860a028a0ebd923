//! Formats: what they say about the bytes. Parsed once and kept; immutable.

use std::sync::Arc;

/// One or more items of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub code: u8,
    /// Bytes of an item; of the text for `s` and `p`.
    pub size: usize,
    /// Where the first item starts.
    pub offset: usize,
    pub repeat: usize,
    pub big_endian: bool,
}

impl Field {
    /// Whether the items are signed numbers.
    pub fn is_signed(self) -> bool {
        matches!(self.code, b'b' | b'h' | b'i' | b'l' | b'q' | b'n')
    }
}

/// A parsed format.
#[derive(Debug)]
pub struct Layout {
    pub format: Box<[u8]>,
    pub fields: Box<[Field]>,
    /// Bytes of all.
    pub size: usize,
    /// Values of all.
    pub count: usize,
}

/// Size and alignment of an item, 0 for unknown letters.
fn measure(code: u8, native: bool) -> (usize, usize) {
    let both = |n| (n, n);
    let (size, align) = match (code, native) {
        (b'x' | b'b' | b'B' | b'c' | b's' | b'p' | b'?', _) => both(1),
        (b'h' | b'H' | b'e', _) => both(2),
        (b'i' | b'I' | b'f', _) | (b'l' | b'L', false) => both(4),
        (b'l' | b'L' | b'n' | b'N' | b'P', true) | (b'q' | b'Q' | b'd', _) => both(8),
        (b'F', _) => (8, 4),
        (b'D', _) => (16, 8),
        _ => both(0),
    };
    (size, if native { align } else { 1 })
}

/// Parses a format.
///
/// # Errors
/// The message for `struct.error`.
pub fn parse(format: &[u8]) -> Result<Arc<Layout>, &'static str> {
    const TOO_LONG: &str = "total struct size too long";
    if format.contains(&0) {
        return Err("embedded null character");
    }
    let (native, big_endian, rest) = match format {
        [b'@', rest @ ..] => (true, cfg!(target_endian = "big"), rest),
        [b'=', rest @ ..] => (false, cfg!(target_endian = "big"), rest),
        [b'<', rest @ ..] => (false, false, rest),
        [b'>' | b'!', rest @ ..] => (false, true, rest),
        rest => (true, cfg!(target_endian = "big"), rest),
    };
    let (mut fields, mut offset, mut count) = (Vec::new(), 0usize, 0usize);
    let mut bytes = rest.iter().copied().peekable();
    while let Some(first) = bytes.next() {
        if matches!(first, b'\t'..=b'\r' | b' ') {
            continue;
        }
        let (mut repeat, mut code) = (1usize, first);
        if first.is_ascii_digit() {
            repeat = (first - b'0') as usize;
            while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
                let more = repeat.checked_mul(10).and_then(|n| n.checked_add((digit - b'0') as usize));
                repeat = more.filter(|&n| n <= isize::MAX as usize).ok_or(TOO_LONG)?;
            }
            code = bytes.next().ok_or("repeat count given without format specifier")?;
        }
        let (size, align) = measure(code, native);
        if size == 0 {
            return Err("bad char in struct format");
        }
        offset = offset.checked_next_multiple_of(align).ok_or(TOO_LONG)?;
        let total = size.checked_mul(repeat).ok_or(TOO_LONG)?;
        let end = offset.checked_add(total).filter(|&n| n <= isize::MAX as usize).ok_or(TOO_LONG)?;
        let field = |size, repeat| Field { code, size, offset, repeat, big_endian };
        match code {
            b'x' => {}
            b's' | b'p' => {
                fields.push(field(repeat, 1));
                count += 1;
            }
            _ if repeat == 0 => {}
            _ => {
                fields.push(field(size, repeat));
                count += repeat;
            }
        }
        offset = end;
    }
    Ok(Arc::new(Layout { format: format.into(), fields: fields.into(), size: offset, count }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn native_items_are_aligned_and_others_are_not() {
        let of = |format: &str| parse(format.as_bytes()).map(|l| (l.size, l.count));
        assert_eq!(of("iq"), Ok((16, 2)));
        assert_eq!(of("<iq"), Ok((12, 2)));
        assert_eq!(of("b0i"), Ok((4, 1)));
        assert_eq!(of("3s2xp 2h"), Ok((10, 4)));
        assert_eq!(of("bF"), Ok((12, 2)));
        assert_eq!(of("bl"), Ok((16, 2)));
        assert_eq!(of("=bl"), Ok((5, 2)));
        assert_eq!(of(""), Ok((0, 0)));
        assert_eq!(of("=n").err(), Some("bad char in struct format"));
        assert_eq!(of("12").err(), Some("repeat count given without format specifier"));
        assert_eq!(of("4611686018427387904i4611686018427387904i").err(), Some("total struct size too long"));
    }
}
