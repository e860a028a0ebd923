//! The table of interned strings: one immortal object for each text.
//!
//! Sharded by hash, a mutex per shard; the strings themselves need no lock. Interned strings are never freed, so addresses
//! of names can be keys of caches. The table also holds the shared strings of one code point and the empty string.

use super::{PyStr, code_points, new};
use crate::cx::SharedValue;
use crate::prelude::*;
use hashbrown::HashTable;
use ungil_locks::primitive::Mutex;

const SHARDS: usize = 16;

/// Exact, immortal strings, by their hashes of the VM: each says its own.
type Shard = HashTable<SharedValue>;

/// See the module's head.
pub struct InternTable {
    seed: (u64, u64),
    shards: [Mutex<Shard>; SHARDS],
    empty: SharedValue,
    chars: [SharedValue; 256],
}

impl InternTable {
    /// A table for a VM with this hash seed. Needs no context: strings made by it live outside the heap.
    pub fn new(seed: (u64, u64)) -> InternTable {
        let none = SharedValue::new(Obj::immediate(Value::NONE));
        let shards = std::array::from_fn(|_| Mutex::default());
        let mut table = InternTable { seed, shards, empty: none, chars: [none; 256] };
        table.empty = table.intern_text(b"");
        for c in 0..=255 {
            table.chars[c as usize] = table.intern_text(code_points::encode(c, &mut [0; 4]));
        }
        table
    }

    #[inline(always)]
    pub(super) fn empty(&self) -> Ref<'static> {
        self.empty.get()
    }

    /// The string of one code point below 256.
    #[inline(always)]
    pub(super) fn char(&self, c: u8) -> Ref<'static> {
        self.chars[c as usize].get()
    }

    fn shard(&self, hash: i64) -> ungil_locks::primitive::MutexGuard<'_, Shard> {
        // By bits that the shard's own table does not go by: it takes the lowest ones and the highest.
        self.shards[(hash >> 40) as usize & (SHARDS - 1)].lock().unwrap_or_else(|p| p.into_inner())
    }

    /// The interned string of Rust text.
    pub fn intern_str(&self, text: &str) -> SharedValue {
        self.intern_text(text.as_bytes())
    }

    fn intern_text(&self, text: &[u8]) -> SharedValue {
        let hash = super::hash_bytes(self.seed, text);
        let mut shard = self.shard(hash);
        if let Some(found) = find(&shard, hash, text) {
            return found;
        }
        let made = new::new_immortal(text, hash);
        // SAFETY: an immortal object.
        let value = SharedValue::new(unsafe { Obj::from_owned(Value::from_ptr(made)) });
        insert(&mut shard, hash, value);
        value
    }

    /// The interned string with the text of `s`, which becomes it if there is none. `s` is of the exact class.
    fn intern_object(&self, hash: i64, s: Obj) -> Obj {
        let mut shard = self.shard(hash);
        // SAFETY: the caller gives an exact string.
        let text = unsafe { s.cast_unchecked::<PyStr>() }.as_bytes();
        if let Some(found) = find(&shard, hash, text) {
            drop(shard);
            drop(s);
            // SAFETY: immortal: never counted.
            return unsafe { Obj::from_owned(found.get().value()) };
        }
        if let Some(h) = s.r().header() {
            h.set_flag(crate::flag::INTERNED);
        }
        let value = SharedValue::new(s);
        insert(&mut shard, hash, value);
        // SAFETY: immortal: never counted.
        unsafe { Obj::from_owned(value.get().value()) }
    }

    /// Calls `f` with each interned string.
    pub fn for_each(&self, mut f: impl FnMut(Ref<'static>)) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(|p| p.into_inner()).iter().for_each(|v| f(v.get()));
        }
    }
}

fn string(entry: &SharedValue) -> &'static PyStr {
    // SAFETY: nothing else is put into a table.
    unsafe { entry.get().cast_unchecked::<PyStr>() }
}

fn find(shard: &Shard, hash: i64, text: &[u8]) -> Option<SharedValue> {
    let is_it = |entry: &SharedValue| {
        let string = string(entry);
        string.hash.get() == hash && string.as_bytes() == text
    };
    shard.find(hash as u64, is_it).copied()
}

/// Adds a string that knows its hash.
fn insert(shard: &mut Shard, hash: i64, value: SharedValue) {
    shard.insert_unique(hash as u64, value, |entry| string(entry).hash.get() as u64);
}

/// The interned string of Rust text.
pub fn intern(cx: &Cx, text: &str) -> SharedValue {
    cx.vm.interned.intern_str(text)
}

/// `sys.intern`: the interned string with this text. Anything but an exact string is given back as it is.
#[inline]
pub fn intern_obj(cx: &Cx, s: Obj) -> Obj {
    if s.r().header().is_some_and(|h| h.has_flag(crate::flag::INTERNED))
        || !cx.is_exactly(s.r(), Builtin::Str)
    {
        return s;
    }
    // SAFETY: checked just now.
    let hash = unsafe { s.cast_unchecked::<PyStr>() }.hash(cx);
    cx.vm.interned.intern_object(hash, s)
}
