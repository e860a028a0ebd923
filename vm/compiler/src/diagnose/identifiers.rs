//! Characters of names.

use super::tokens::fault_before;
use crate::errors::Fault;

/// Whether a character may begin a name.
pub(crate) fn is_start(c: char) -> bool {
    c == '_' || unicode_ident::is_xid_start(c)
}

fn is_continue(c: char) -> bool {
    unicode_ident::is_xid_continue(c)
}

/// Complains about the first character of a word that no name may hold.
pub(crate) fn check(text: &str, start: usize, end: usize) -> Result<(), Fault> {
    for (at, c) in text[start..end].char_indices() {
        let allowed = if at == 0 { is_start(c) } else { is_continue(c) };
        if allowed {
            continue;
        }
        let what = if is_printable(c) {
            format!("invalid character '{c}' (U+{:04X})", c as u32)
        } else {
            format!("invalid non-printable character U+{:04X}", c as u32)
        };
        return Err(fault_before(text, what, start + at + c.len_utf8()));
    }
    Ok(())
}

/// Roughly `str.isprintable`: no controls, formats, separators or surrogates.
fn is_printable(c: char) -> bool {
    !(c.is_control()
        || matches!(c as u32,
            0xA0 | 0xAD | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x1680 | 0x180E | 0x2000..=0x200F | 0x2028..=0x202F
            | 0x205F..=0x206F | 0x3000 | 0xFEFF | 0xFFF0..=0xFFFB | 0xE000..=0xF8FF | 0xE0000..=0xE0FFF | 0xF0000..))
}
