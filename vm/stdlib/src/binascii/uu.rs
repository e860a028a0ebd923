//! Lines of uuencoded data.

/// A line for at most 45 bytes.
///
/// # Errors
/// The message for `binascii.Error`.
pub fn encode(bytes: &[u8], backtick: bool) -> Result<Vec<u8>, &'static str> {
    if bytes.len() > 45 {
        return Err("At most 45 bytes at once");
    }
    let digit = |value: u32| match value & 63 {
        0 if backtick => b'`',
        value => b' ' + value as u8,
    };
    let mut line = vec![digit(bytes.len() as u32)];
    for group in bytes.chunks(3) {
        let byte = |i: usize| group.get(i).copied().unwrap_or(0) as u32;
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        line.extend([18, 12, 6, 0].map(|shift| digit(word >> shift)));
    }
    line.push(b'\n');
    Ok(line)
}

/// The bytes of a line, which says how many they are.
///
/// # Errors
/// The message for `binascii.Error`.
pub fn decode(line: &[u8]) -> Result<Vec<u8>, &'static str> {
    let Some((&first, digits)) = line.split_first() else { return Err("Missing length byte") };
    let len = first.wrapping_sub(b' ') as usize & 63;
    let needed = (len * 4).div_ceil(3);
    let mut bytes = Vec::with_capacity(len);
    let (mut left, mut bits) = (0u32, 0);
    for i in 0..needed {
        let value = match digits.get(i) {
            // Blanks at the end of a line are often lost.
            None | Some(b'\n' | b'\r') => 0,
            Some(&c @ b' '..=b'`') => (c - b' ') & 63,
            Some(_) => return Err("Illegal char"),
        };
        left = left << 6 | value as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((left >> bits) as u8);
        }
    }
    bytes.truncate(len);
    let rest = digits.get(needed..).unwrap_or_default();
    match rest.iter().all(|c| matches!(c, b' ' | b'`' | b'\n' | b'\r')) {
        true => Ok(bytes),
        false => Err("Trailing garbage"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let bytes: Vec<u8> = (0..45).map(|i| i * 5).collect();
        for n in 0..=45 {
            for backtick in [false, true] {
                assert_eq!(decode(&encode(&bytes[..n], backtick).unwrap()).unwrap(), &bytes[..n]);
            }
        }
    }
}
