//! Base64 (RFC 4648), reading leniently unless told otherwise.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Values of characters; 64 for those outside the alphabet.
const VALUES: [u8; 256] = {
    let mut table = [64; 256];
    let mut i = 0;
    while i < 64 {
        table[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    table
};

/// The two characters for twelve bits: half as many look-ups as one by one.
static PAIRS: [[u8; 2]; 4096] = {
    let mut table = [[0; 2]; 4096];
    let mut i = 0;
    while i < 4096 {
        table[i] = [ALPHABET[i >> 6], ALPHABET[i & 63]];
        i += 1;
    }
    table
};

/// The text of bytes, padded; `None` if there is no memory for it.
pub fn encode(bytes: &[u8], newline: bool) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    text.try_reserve_exact(bytes.len().div_ceil(3).checked_mul(4)?.checked_add(1)?).ok()?;
    let character = |word: u32, i: u32| ALPHABET[(word >> (18 - 6 * i)) as usize & 63];
    let (groups, rest) = bytes.as_chunks::<3>();
    // Written in place: what grows is asked for room at each group.
    text.resize(groups.len() * 4, 0);
    for (&[a, b, c], four) in groups.iter().zip(text.as_chunks_mut::<4>().0) {
        let word = u32::from_be_bytes([0, a, b, c]) as usize;
        let ([a, b], [c, d]) = (PAIRS[word >> 12 & 4095], PAIRS[word & 4095]);
        *four = [a, b, c, d];
    }
    match *rest {
        [a] => {
            let word = u32::from(a) << 16;
            text.extend([character(word, 0), character(word, 1), b'=', b'=']);
        }
        [a, b] => {
            let word = u32::from(a) << 16 | u32::from(b) << 8;
            text.extend([character(word, 0), character(word, 1), character(word, 2), b'=']);
        }
        _ => {}
    }
    if newline {
        text.push(b'\n');
    }
    Some(text)
}

/// What is read so far.
struct Reader {
    bytes: Vec<u8>,
    /// Bits that no byte is made of yet.
    left: u32,
    /// Characters of the group of four under way.
    place: usize,
    /// Characters in all.
    count: usize,
    pads: usize,
    strict: bool,
}

/// The bytes of a text.
///
/// # Errors
/// The message for `binascii.Error`.
pub fn decode(text: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    if strict && text.first() == Some(&b'=') {
        return Err("Leading padding not allowed".into());
    }
    let bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut reader = Reader { bytes, left: 0, place: 0, count: 0, pads: 0, strict };
    let mut left = text;
    while let Some((&c, rest)) = left.split_first() {
        if reader.place == 0 {
            left = reader.groups(left);
            if left.len() != rest.len() + 1 {
                continue;
            }
        }
        left = rest;
        match VALUES[c as usize] {
            64 if c == b'=' => reader.pad()?,
            64 if strict => return Err("Only base64 data is allowed".into()),
            64 => {}
            value => reader.digit(value as u32)?,
        }
    }
    match reader.place {
        0 => Ok(reader.bytes),
        1 => Err(reader.one_too_many()),
        place if place + reader.pads >= 4 => Ok(reader.bytes),
        _ => Err("Incorrect padding".into()),
    }
}

impl Reader {
    fn one_too_many(&self) -> String {
        let n = self.count;
        format!(
            "Invalid base64-encoded string: number of data characters ({n}) cannot be 1 more than a multiple of 4"
        )
    }

    fn pad(&mut self) -> Result<(), String> {
        if self.place >= 2 {
            self.pads += 1;
        }
        if self.strict {
            if self.place == 1 {
                return Err(self.one_too_many());
            }
            if self.place == 0 || self.place + self.pads > 4 {
                return Err("Excess padding not allowed".into());
            }
        }
        Ok(())
    }

    /// Reads whole groups of four digits, at the beginning of a group; what is behind them.
    fn groups<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let (groups, _) = text.as_chunks::<4>();
        let mut read = 0;
        // Written in place, as in `encode`; a few at a time, since a line may end anywhere.
        for some in groups.chunks(32) {
            let start = self.bytes.len();
            self.bytes.resize(start + some.len() * 3, 0);
            let mut whole = 0;
            for (&[a, b, c, d], three) in some.iter().zip(self.bytes[start..].as_chunks_mut::<3>().0) {
                let [a, b, c, d] = [a, b, c, d].map(|c| u32::from(VALUES[c as usize]));
                if (a | b | c | d) & 64 != 0 {
                    break;
                }
                let [_, bytes @ ..] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
                *three = bytes;
                whole += 1;
            }
            read += whole * 4;
            if whole < some.len() {
                self.bytes.truncate(start + whole * 3);
                break;
            }
        }
        self.count += read;
        &text[read..]
    }

    fn digit(&mut self, value: u32) -> Result<(), String> {
        if self.strict && self.pads > 0 {
            return Err(match self.place + self.pads {
                4 => "Excess data after padding".into(),
                _ => "Discontinuous padding not allowed".into(),
            });
        }
        self.pads = 0;
        self.count += 1;
        self.left = self.left << 6 | value;
        if self.place > 0 {
            self.bytes.push((self.left >> (6 - 2 * self.place)) as u8);
        }
        self.place = (self.place + 1) % 4;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let bytes: Vec<u8> = (0..=255).collect();
        for n in 0..20 {
            let text = encode(&bytes[n * 10..n * 10 + n], true).unwrap();
            assert_eq!(decode(&text, false).unwrap(), &bytes[n * 10..n * 10 + n]);
            assert_eq!(decode(&text[..text.len() - 1], true).unwrap(), &bytes[n * 10..n * 10 + n]);
        }
        assert_eq!(encode(b"ab", false).unwrap(), b"YWI=");
        assert_eq!(decode(b"Y W-I=", false).unwrap(), b"ab");
    }

    #[test]
    fn what_is_no_digit_may_stand_anywhere() {
        let bytes: Vec<u8> = (0..30).map(|i| i * 8 + 3).collect();
        for n in 0..bytes.len() {
            let text = encode(&bytes[..n], false).unwrap();
            for at in 0..=text.len() {
                let mut other = text.clone();
                other.insert(at, b'-');
                assert_eq!(decode(&other, false).unwrap(), &bytes[..n], "{n} {at}");
                assert!(decode(&other, true).is_err());
            }
        }
        assert!(decode(b"YWJjY", false).is_err());
        assert!(decode(b"YWJjYQ==YWJj", false).is_err());
    }
}
