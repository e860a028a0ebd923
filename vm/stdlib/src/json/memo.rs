//! The names in the objects of one document: equal names are one string.

use ungil_runtime::objects::str::{PyStr, new_wtf8};
use ungil_runtime::prelude::*;

/// A hash table of strings, open, at most half full.
#[derive(Default)]
pub struct Memo {
    names: Vec<Option<Obj>>,
    used: usize,
}

fn hash(text: &[u8]) -> usize {
    let mut h = text.len() as u64;
    for part in text.chunks(8) {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        h = (h ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    (h ^ h >> 32) as usize
}

impl Memo {
    /// The string with this text.
    pub fn name(&mut self, cx: &Cx, text: &[u8]) -> Obj {
        if self.used * 2 >= self.names.len() {
            self.grow();
        }
        let place = self.place(text);
        if let Some(known) = &self.names[place] {
            return known.clone();
        }
        let name = new_wtf8(cx, text);
        self.names[place] = Some(name.clone());
        self.used += 1;
        name
    }

    /// Where the text is, or may be put.
    fn place(&self, text: &[u8]) -> usize {
        let mask = self.names.len() - 1;
        let mut i = hash(text) & mask;
        while let Some(name) = &self.names[i] {
            if bytes(name) == text {
                break;
            }
            i = (i + 1) & mask;
        }
        i
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.names);
        self.names.resize((old.len() * 2).max(64), None);
        for name in old.into_iter().flatten() {
            let place = self.place(bytes(&name));
            self.names[place] = Some(name);
        }
    }
}

fn bytes(name: &Obj) -> &[u8] {
    // SAFETY: made as a string in `name`.
    unsafe { name.cast_unchecked::<PyStr>() }.as_bytes()
}
