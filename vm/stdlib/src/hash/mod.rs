//! `_md5`, `_sha1`, `_sha2`, `_sha3`, `_blake2` and `_hashlib`: what `hashlib` takes its algorithms from.
//!
//! A hash is behind a mutex, which is held only while it computes. Long inputs are computed detached; who finds the mutex taken
//! waits detached, so that nobody holds it for longer than another one computes.

mod blake;
mod openssl;
mod state;

use crate::os;
use crate::posix::Table;
use state::{Algorithm, State};
use std::collections::HashMap;
use std::sync::{PoisonError, TryLockError};
use ungil_locks::primitive::{Mutex, MutexGuard, RwLock};
use ungil_runtime::objects::bytes::{new_bytes, try_new_bytes};
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::{buffer, int};
use ungil_runtime::prelude::*;

/// A hash.
#[repr(C)]
struct PyHash {
    h: Header,
    /// Bytes of the digest that a Blake2 was asked for.
    blake_size: usize,
    state: Mutex<Option<State>>,
}

static HASH_OPS: TypeOps = TypeOps {
    name: "hash",
    size: |_| size_of::<PyHash>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called once, with an object that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyHash>() };
        drop(this.state.lock().unwrap_or_else(PoisonError::into_inner).take());
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyHash {
    const OPS: &'static TypeOps = &HASH_OPS;
}

/// Inputs of at least so many bytes are computed detached, as CPython does.
const LONG: usize = 2048;
/// Digests are shorter than this.
const LONGEST_DIGEST: i64 = 1 << 29;

/// The classes, by the names of their algorithms.
static CLASSES: RwLock<Option<HashMap<&'static str, &'static PyType>>> = RwLock::new(None);

fn class_named(name: &str) -> Option<&'static PyType> {
    CLASSES.read().unwrap_or_else(PoisonError::into_inner).as_ref()?.get(name).copied()
}

impl PyHash {
    /// Runs `f` with the state, alone.
    fn with<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut State) -> T) -> R<T> {
        let run = |mut state: MutexGuard<'_, Option<State>>| state.as_mut().map(f);
        let result = match self.state.try_lock() {
            Ok(state) => run(state),
            Err(TryLockError::Poisoned(p)) => run(p.into_inner()),
            Err(TryLockError::WouldBlock) => cx.detached(|| {
                let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                run(state)
            }),
        };
        result.ok_or_else(|| cx.value_error("the hash is gone"))
    }

    fn take_in(&self, cx: &mut Cx, data: &[u8]) -> R<()> {
        if data.len() < LONG {
            return self.with(cx, |state| state.update(data));
        }
        let done = cx.detached(|| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.as_mut().map(|state| state.update(data))
        });
        done.ok_or_else(|| cx.value_error("the hash is gone"))
    }
}

/// A new hash of a class.
fn make(cx: &mut Cx, class: &PyType, state: State, blake_size: usize) -> R {
    cx.alloc_for(class, |h| PyHash { h, blake_size, state: Mutex::new(Some(state)) })
}

/// Refuses what is no row of bytes.
fn check_input(cx: &mut Cx, v: Ref<'_>) -> R<()> {
    if v.downcast::<PyStr>(cx).is_some() {
        return Err(cx.type_error("Strings must be encoded before hashing"));
    }
    if !buffer::is_bytes_like(cx, v) {
        return Err(cx.type_error("object supporting the buffer API required"));
    }
    Ok(())
}

/// Hashes the one of the arguments `data` and `string` that was given.
fn begin(cx: &mut Cx, made: Obj, data: Option<Ref<'_>>, string: Option<Ref<'_>>) -> R {
    let string = string.filter(|s| !s.value().is_none());
    if data.is_some() && string.is_some() {
        return Err(cx.type_error(
            "'data' and 'string' are mutually exclusive and support for 'string' keyword parameter is slated for \
             removal in a future version.",
        ));
    }
    if let Some(input) = data.or(string) {
        check_input(cx, input)?;
        let bytes = buffer::bytes_of(cx, input)?;
        // SAFETY: made with this payload.
        unsafe { made.cast_unchecked::<PyHash>() }.take_in(cx, &bytes)?;
    }
    Ok(made)
}

/// The body of a function that makes hashes of an algorithm: `data`, `usedforsecurity`, `string`.
fn open(cx: &mut Cx, a: Args<'_>, algorithm: Algorithm) -> R {
    let state = algorithm.start();
    let Some(class) = class_named(state.name()) else {
        return Err(cx.system_error("the module is not initialised"));
    };
    let made = make(cx, class, state, 0)?;
    begin(cx, made, a.opt(0), a.opt(2))
}

fn update(cx: &mut Cx, a: Args<'_>) -> R {
    check_input(cx, a.get(1))?;
    let bytes = buffer::bytes_of(cx, a.get(1))?;
    a.this::<PyHash>().take_in(cx, &bytes)?;
    Ok(cx.none())
}

fn copy(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyHash>();
    let state = this.with(cx, |state| state.clone())?;
    let class = cx.class_of(a.get(0));
    make(cx, class, state, this.blake_size)
}

fn digest(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = a.this::<PyHash>().with(cx, |state| state.digest())?;
    Ok(new_bytes(cx, &bytes))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|d| DIGITS[d as usize] as char).collect()
}

fn hexdigest(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = a.this::<PyHash>().with(cx, |state| state.digest())?;
    Ok(cx.str(&hex(&bytes)))
}

/// As many bytes of a digest as the user wants.
fn extended(cx: &mut Cx, a: Args<'_>) -> R<Vec<u8>> {
    let len = cx.index(a.get(1))?;
    if int::is_negative(cx, len.r()) {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    let len = match int::to_i64(cx, len.r()) {
        Some(len) if len < LONGEST_DIGEST => len as usize,
        _ => return Err(cx.value_error("length is too large")),
    };
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(len).is_err() {
        return Err(cx.memory_error());
    }
    bytes.resize(len, 0);
    let state = a.this::<PyHash>().with(cx, |state| state.clone())?;
    cx.detached(|| state.extended_digest(&mut bytes));
    Ok(bytes)
}

fn shake_digest(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = extended(cx, a)?;
    try_new_bytes(cx, &bytes)
}

fn shake_hexdigest(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = extended(cx, a)?;
    Ok(cx.str(&hex(&bytes)))
}

fn name(cx: &mut Cx, a: Args<'_>) -> R {
    let name = a.this::<PyHash>().with(cx, |state| state.name())?;
    Ok(cx.str(name))
}

fn digest_size(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyHash>();
    let size = this.with(cx, |state| state.digest_size(this.blake_size))?;
    Ok(cx.int(size as i64))
}

fn block_size(cx: &mut Cx, a: Args<'_>) -> R {
    let size = a.this::<PyHash>().with(cx, |state| state.block_size())?;
    Ok(cx.int(size as i64))
}

const DIGESTS: Table =
    &[("digest", "($self, /)", Full(digest)), ("hexdigest", "($self, /)", Full(hexdigest))];
const SHAKE_DIGESTS: Table = &[
    ("digest", "($self, /, length)", Full(shake_digest)),
    ("hexdigest", "($self, /, length)", Full(shake_hexdigest)),
];

/// A class of hashes.
fn new_class(cx: &mut Cx, full_name: &str, flags: u32, digests: Table) -> TypeBuilder {
    let mut t = TypeBuilder::native_type(cx, full_name, &HASH_OPS, size_of::<PyHash>(), false, flags);
    t.doc(cx, "A hash, which takes its input piece by piece.")
        .method(cx, "update", "($self, obj, /)", Full(update))
        .method(cx, "copy", "($self, /)", Full(copy))
        .methods(cx, digests)
        .getset(cx, "name", Full(name), None)
        .getset(cx, "digest_size", Full(digest_size), None)
        .getset(cx, "block_size", Full(block_size), None);
    t
}

/// Remembers a class and adds it to its module.
fn register(cx: &mut Cx, module: &Obj, attribute: &str, algorithm: &'static str, class: &'static PyType) {
    let mut classes = CLASSES.write().unwrap_or_else(PoisonError::into_inner);
    classes.get_or_insert_default().insert(algorithm, class);
    drop(classes);
    let class = class.as_ref().own(cx);
    add(cx, module, attribute, class);
}

fn add_limit(cx: &mut Cx, module: &Obj) {
    let limit = cx.int(LONG as i64);
    add(cx, module, "_GIL_MINSIZE", limit);
}

const SIGNATURE: &str = "($module, /, data=b'', *, usedforsecurity=True, string=None)";

/// A module of functions: their tables, and for each class its name, the attribute, and its algorithm.
fn init_plain(cx: &mut Cx, module: &Obj, table: Table, classes: &[(&str, &str, &'static str)]) -> R<()> {
    add_functions(cx, module, table);
    for &(full_name, attribute, algorithm) in classes {
        let class = new_class(cx, full_name, class_flag::DISALLOW_INSTANTIATION, DIGESTS).class();
        register(cx, module, attribute, algorithm, class);
    }
    add_limit(cx, module);
    Ok(())
}

pub fn init_md5(cx: &mut Cx, module: &Obj) -> R<()> {
    let table: Table = &[("md5", SIGNATURE, Full(|cx, a| open(cx, a, Algorithm::Md5)))];
    init_plain(cx, module, table, &[("_md5.md5", "MD5Type", "md5")])
}

pub fn init_sha1(cx: &mut Cx, module: &Obj) -> R<()> {
    let table: Table = &[("sha1", SIGNATURE, Full(|cx, a| open(cx, a, Algorithm::Sha1)))];
    init_plain(cx, module, table, &[("_sha1.sha1", "SHA1Type", "sha1")])
}

pub fn init_sha2(cx: &mut Cx, module: &Obj) -> R<()> {
    let table: Table = &[
        ("sha224", SIGNATURE, Full(|cx, a| open(cx, a, Algorithm::Sha224))),
        ("sha256", SIGNATURE, Full(|cx, a| open(cx, a, Algorithm::Sha256))),
        ("sha384", SIGNATURE, Full(|cx, a| open(cx, a, Algorithm::Sha384))),
        ("sha512", SIGNATURE, Full(|cx, a| open(cx, a, Algorithm::Sha512))),
    ];
    let classes = [
        ("_sha2.SHA224Type", "SHA224Type", "sha224"),
        ("_sha2.SHA256Type", "SHA256Type", "sha256"),
        ("_sha2.SHA384Type", "SHA384Type", "sha384"),
        ("_sha2.SHA512Type", "SHA512Type", "sha512"),
    ];
    init_plain(cx, module, table, &classes)
}

/// `__new__` of the classes of `_sha3`, which are called themselves.
fn new_sha3(cx: &mut Cx, a: Args<'_>, algorithm: Algorithm) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("not a class")) };
    let made = make(cx, class, algorithm.start(), 0)?;
    begin(cx, made, a.opt(1), a.opt(3))
}

/// The bits of the sponge that blocks of so many bytes leave alone.
fn capacity(block: usize) -> i64 {
    1600 - 8 * block as i64
}

fn init_sponge(cx: &mut Cx, module: &Obj, name: &'static str, f: NativeFn, suffix: &[u8]) {
    let digests = if name.starts_with("shake") { SHAKE_DIGESTS } else { DIGESTS };
    let mut t = new_class(cx, &format!("_sha3.{name}"), 0, digests);
    let suffix = new_bytes(cx, suffix);
    t.constructor(cx, "($type, data=b'', *, usedforsecurity=True, string=None)", f)
        .getset(
            cx,
            "_capacity_bits",
            Full(|cx, a| {
                let block = a.this::<PyHash>().with(cx, |state| state.block_size())?;
                Ok(cx.int(capacity(block)))
            }),
            None,
        )
        .getset(
            cx,
            "_rate_bits",
            Full(|cx, a| {
                let block = a.this::<PyHash>().with(cx, |state| state.block_size())?;
                Ok(cx.int(8 * block as i64))
            }),
            None,
        )
        .attr(cx, "_suffix", suffix);
    register(cx, module, name, name, t.class());
}

pub fn init_sha3(cx: &mut Cx, module: &Obj) -> R<()> {
    let classes: [(&'static str, NativeFn, &[u8]); 6] = [
        ("sha3_224", Full(|cx, a| new_sha3(cx, a, Algorithm::Sha3_224)), &[6]),
        ("sha3_256", Full(|cx, a| new_sha3(cx, a, Algorithm::Sha3_256)), &[6]),
        ("sha3_384", Full(|cx, a| new_sha3(cx, a, Algorithm::Sha3_384)), &[6]),
        ("sha3_512", Full(|cx, a| new_sha3(cx, a, Algorithm::Sha3_512)), &[6]),
        ("shake_128", Full(|cx, a| new_sha3(cx, a, Algorithm::Shake128)), &[0x1f]),
        ("shake_256", Full(|cx, a| new_sha3(cx, a, Algorithm::Shake256)), &[0x1f]),
    ];
    for (name, f, suffix) in classes {
        init_sponge(cx, module, name, f, suffix);
    }
    add_limit(cx, module);
    let text = cx.str("RustCrypto");
    add(cx, module, "implementation", text);
    Ok(())
}

pub use blake::init as init_blake2;
pub use openssl::init as init_hashlib;

/// An unsigned argument that may be left out.
fn unsigned(cx: &mut Cx, v: Option<Ref<'_>>, most: u64, too_large: &str) -> R<u64> {
    let Some(v) = v else { return Ok(0) };
    let index = cx.index(v)?;
    if int::is_negative(cx, index.r()) {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    let n = int::to_bigint(cx, index.r()).and_then(|n| u64::try_from(n).ok());
    match n {
        None => Err(cx.overflow_error("Python int too large for C unsigned long long")),
        Some(n) if n > most => Err(cx.overflow_error(too_large)),
        Some(n) => Ok(n),
    }
}

/// A number argument that may be left out and has bounds.
fn bounded(cx: &mut Cx, v: Option<Ref<'_>>, default: i32, bounds: (i32, i32), message: &str) -> R<i32> {
    match os::c_int_or(cx, v, default)? {
        n if n < bounds.0 || n > bounds.1 => Err(cx.value_error(message)),
        n => Ok(n),
    }
}
