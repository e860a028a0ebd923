//! `_hashlib`: the functions that CPython takes from OpenSSL. The algorithms are those of the other modules.
//!
//! A hash is the payload of those modules' classes, under a class of its own; a keyed hash (RFC 2104) is two of their states.

use super::state::{Algorithm, State};
use super::{DIGESTS, PyHash, SHAKE_DIGESTS, add_limit, begin, check_input, hex, make, new_class};
use crate::exceptions::Class;
use crate::os;
use crate::posix::Table;
use std::sync::{OnceLock, PoisonError};
use ungil_locks::primitive::Mutex;
use ungil_runtime::objects::bytes::{new_bytes, try_new_bytes};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::mapping_proxy::new_proxy;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::native::PyNative;
use ungil_runtime::objects::set::new_frozenset;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::{buffer, int};
use ungil_runtime::prelude::*;

static UNSUPPORTED: Class = Class::new();
static HASH: OnceLock<&'static PyType> = OnceLock::new();
static HASH_XOF: OnceLock<&'static PyType> = OnceLock::new();
static HMAC: OnceLock<&'static PyType> = OnceLock::new();

/// What OpenSSL says of an algorithm that it has not.
const NOT_KNOWN: &str = "[digital envelope routines] unsupported";
const MAX_INT: i64 = i32::MAX as i64;

/// A keyed hash.
#[repr(C)]
struct PyMac {
    h: Header,
    state: Mutex<Option<Mac>>,
}

static MAC_OPS: TypeOps = TypeOps {
    name: "HMAC",
    size: |_| size_of::<PyMac>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called once, with an object that nobody reaches any more.
        let this = unsafe { &*h.cast::<PyMac>() };
        drop(this.state.lock().unwrap_or_else(PoisonError::into_inner).take());
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyMac {
    const OPS: &'static TypeOps = &MAC_OPS;
}

/// The two hashes of RFC 2104, each of which has taken in its form of the key.
#[derive(Clone)]
struct Mac {
    inner: State,
    outer: State,
}

impl Mac {
    fn new(algorithm: Algorithm, key: &[u8]) -> Mac {
        let mut states = [algorithm.start(), algorithm.start()];
        let mut block = vec![0; states[0].block_size()];
        match block.get_mut(..key.len()) {
            Some(place) => place.copy_from_slice(key),
            None => {
                let mut hashed = algorithm.start();
                hashed.update(key);
                let digest = hashed.digest();
                block[..digest.len()].copy_from_slice(&digest);
            }
        }
        for (state, pad) in states.iter_mut().zip([0x36, 0x5c]) {
            state.update(&block.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>());
        }
        let [inner, outer] = states;
        Mac { inner, outer }
    }

    fn digest(&self) -> Vec<u8> {
        let mut outer = self.outer.clone();
        outer.update(&self.inner.digest());
        outer.digest()
    }
}

impl PyMac {
    /// Runs `f` with the state, detached: another thread may have it.
    fn with<T>(&self, cx: &mut Cx, f: impl FnOnce(&mut Mac) -> T) -> R<T> {
        let run = || self.state.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(f);
        let result = cx.detached(run);
        result.ok_or_else(|| cx.value_error("the hash is gone"))
    }
}

fn is_extendable(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::Shake128 | Algorithm::Shake256)
}

/// The algorithm of a name.
fn named(cx: &mut Cx, name: &str) -> R<Algorithm> {
    Algorithm::named(&name.to_ascii_lowercase()).ok_or_else(|| UNSUPPORTED.error(cx, NOT_KNOWN))
}

/// The algorithm that `digestmod` means: a name, or a function of this module.
fn digestmod(cx: &mut Cx, v: Option<Ref<'_>>) -> R<Algorithm> {
    let Some(v) = v else { return Err(cx.type_error("Missing required parameter 'digestmod'.")) };
    if v.downcast::<PyStr>(cx).is_some() {
        let name = cx.text_of(v);
        return named(cx, &name);
    }
    if v.downcast::<PyNative>(cx).is_some() {
        let name = cx.get_attr_str(v, "__name__")?;
        let name = cx.text_of(name.r());
        if let Some(algorithm) = name.strip_prefix("openssl_").and_then(Algorithm::named) {
            return Ok(algorithm);
        }
    }
    let shown = cx.repr_string(v)?;
    Err(UNSUPPORTED.error(cx, format!("Unsupported digestmod {shown}")))
}

/// A hash of an algorithm, which takes in the one of `data` and `string` that is given.
fn open(cx: &mut Cx, algorithm: Algorithm, data: Option<Ref<'_>>, string: Option<Ref<'_>>) -> R {
    let class = if is_extendable(algorithm) { &HASH_XOF } else { &HASH };
    let Some(class) = class.get() else { return Err(cx.system_error("the module is not initialised")) };
    let made = make(cx, class, algorithm.start(), 0)?;
    begin(cx, made, data, string)
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(0).downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("new() argument 'name' must be str, not {got}")));
    }
    let name = cx.text_of(a.get(0));
    let algorithm = named(cx, &name)?;
    open(cx, algorithm, a.opt(1), a.opt(3))
}

fn bytes_argument(cx: &mut Cx, v: Ref<'_>) -> R<Vec<u8>> {
    if !buffer::is_bytes_like(cx, v) {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("a bytes-like object is required, not '{got}'")));
    }
    Ok(buffer::bytes_of(cx, v)?.into_owned())
}

/// Room for a key of so many bytes.
fn room(cx: &mut Cx, len: usize) -> R<Vec<u8>> {
    let mut key = Vec::new();
    if key.try_reserve_exact(len).is_err() {
        return Err(cx.memory_error());
    }
    key.resize(len, 0);
    Ok(key)
}

fn pbkdf2_hmac(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(0).downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("pbkdf2_hmac() argument 'hash_name' must be str, not {got}")));
    }
    let name = cx.text_of(a.get(0));
    let (password, salt) = (bytes_argument(cx, a.get(1))?, bytes_argument(cx, a.get(2))?);
    let rounds = os::c_long(cx, a.get(3))?;
    let algorithm = named(cx, &name)?;
    if rounds < 1 {
        return Err(cx.value_error("iteration value must be greater than 0."));
    }
    let Ok(rounds) = i32::try_from(rounds) else {
        return Err(cx.overflow_error("iteration value is too great."));
    };
    let len = match a.opt(4).filter(|len| !len.value().is_none()) {
        Some(len) => os::c_long(cx, len)?,
        None => algorithm.start().digest_size(0) as i64,
    };
    if len < 1 {
        return Err(cx.value_error("key length must be greater than 0."));
    }
    if len > MAX_INT {
        return Err(cx.overflow_error("key length is too great."));
    }
    let mut key = room(cx, len as usize)?;
    if !cx.detached(|| algorithm.derive_key(&password, &salt, rounds as u32, &mut key)) {
        return Err(UNSUPPORTED.error(cx, NOT_KNOWN));
    }
    try_new_bytes(cx, &key)
}

/// A parameter of scrypt, which must not be negative.
fn unsigned(cx: &mut Cx, v: Ref<'_>) -> R<u64> {
    let index = cx.index(v)?;
    if int::is_negative(cx, index.r()) {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    match int::to_i64(cx, index.r()) {
        Some(n) => Ok(n as u64),
        None => Err(cx.overflow_error("Python int too large to convert to C unsigned long")),
    }
}

/// RFC 7914, with OpenSSL's bound of the memory that it may take.
fn scrypt(cx: &mut Cx, a: Args<'_>) -> R {
    const DEFAULT_MEMORY: u64 = 32 << 20;
    let (password, salt) = (bytes_argument(cx, a.get(0))?, bytes_argument(cx, a.get(1))?);
    let (n, r, p) = (unsigned(cx, a.get(2))?, unsigned(cx, a.get(3))?, unsigned(cx, a.get(4))?);
    let most = a.opt(5).map_or(Ok(0), |v| os::c_long(cx, v))?;
    let len = a.opt(6).map_or(Ok(64), |v| os::c_long(cx, v))?;
    if n < 2 || !n.is_power_of_two() {
        return Err(cx.value_error("n must be a power of 2."));
    }
    if !(0..=MAX_INT).contains(&most) {
        return Err(cx.value_error("maxmem must be positive and smaller than 2147483647"));
    }
    if !(1..=MAX_INT).contains(&len) {
        return Err(cx.value_error("dklen must be greater than 0 and smaller than 2147483647"));
    }
    let invalid = "Invalid parameter combination for n, r, p, maxmem.";
    let most = if most == 0 { DEFAULT_MEMORY } else { most as u64 };
    let needed = n.checked_add(p).and_then(|blocks| blocks.checked_add(2)?.checked_mul(128)?.checked_mul(r));
    if needed.is_none_or(|needed| needed > most) && r > 0 && p > 0 {
        return Err(cx.value_error("[digital envelope routines] memory limit exceeded"));
    }
    let (Ok(r), Ok(p)) = (u32::try_from(r), u32::try_from(p)) else { return Err(cx.value_error(invalid)) };
    // The length is only recorded in parameters; the one that counts is that of the key.
    let Ok(parameters) = ::scrypt::Params::new(n.ilog2() as u8, r, p, ::scrypt::Params::RECOMMENDED_LEN)
    else {
        return Err(cx.value_error(invalid));
    };
    let mut key = room(cx, len as usize)?;
    match cx.detached(|| ::scrypt::scrypt(&password, &salt, &parameters, &mut key)) {
        Ok(()) => try_new_bytes(cx, &key),
        Err(_) => Err(cx.value_error(invalid)),
    }
}

/// A keyed hash of an algorithm that can be one.
fn keyed(cx: &mut Cx, key: Ref<'_>, algorithm: Algorithm) -> R<Mac> {
    let key = bytes_argument(cx, key)?;
    if is_extendable(algorithm) {
        return Err(cx.value_error("no reason supplied"));
    }
    Ok(Mac::new(algorithm, &key))
}

fn hmac_new(cx: &mut Cx, a: Args<'_>) -> R {
    let algorithm = digestmod(cx, a.opt(2))?;
    let mut mac = keyed(cx, a.get(0), algorithm)?;
    if let Some(message) = a.opt(1).filter(|v| !v.value().is_none()) {
        check_input(cx, message)?;
        let bytes = buffer::bytes_of(cx, message)?.into_owned();
        cx.detached(|| mac.inner.update(&bytes));
    }
    new_mac(cx, mac)
}

fn new_mac(cx: &mut Cx, mac: Mac) -> R {
    let Some(class) = HMAC.get() else { return Err(cx.system_error("the module is not initialised")) };
    cx.alloc_for(class, |h| PyMac { h, state: Mutex::new(Some(mac)) })
}

fn hmac_digest(cx: &mut Cx, a: Args<'_>) -> R {
    let algorithm = digestmod(cx, a.opt(2))?;
    let mut mac = keyed(cx, a.get(0), algorithm)?;
    let message = bytes_argument(cx, a.get(1))?;
    let digest = cx.detached(|| {
        mac.inner.update(&message);
        mac.digest()
    });
    Ok(new_bytes(cx, &digest))
}

fn mac_update(cx: &mut Cx, a: Args<'_>) -> R {
    check_input(cx, a.get(1))?;
    let bytes = buffer::bytes_of(cx, a.get(1))?.into_owned();
    a.this::<PyMac>().with(cx, |mac| mac.inner.update(&bytes))?;
    Ok(cx.none())
}

fn mac_copy(cx: &mut Cx, a: Args<'_>) -> R {
    let mac = a.this::<PyMac>().with(cx, |mac| mac.clone())?;
    new_mac(cx, mac)
}

fn mac_digest(cx: &mut Cx, a: Args<'_>) -> R {
    let digest = a.this::<PyMac>().with(cx, |mac| mac.digest())?;
    Ok(new_bytes(cx, &digest))
}

fn mac_hexdigest(cx: &mut Cx, a: Args<'_>) -> R {
    let digest = a.this::<PyMac>().with(cx, |mac| mac.digest())?;
    Ok(cx.str(&hex(&digest)))
}

fn mac_name(cx: &mut Cx, a: Args<'_>) -> R<&'static str> {
    a.this::<PyMac>().with(cx, |mac| mac.inner.name())
}

fn mac_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = mac_name(cx, a)?;
    let place = a.get(0).value().0;
    Ok(cx.str(&format!("<{name} HMAC object @ {place:#x}>")))
}

fn hash_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = a.this::<PyHash>().with(cx, |state| state.name())?;
    let (class, place) = (cx.class_of(a.get(0)).name(), a.get(0).value().0);
    Ok(cx.str(&format!("<{name} _hashlib.{class} object @ {place:#x}>")))
}

const MAC_METHODS: Table = &[
    ("update", "($self, /, msg)", Full(mac_update)),
    ("copy", "($self, /)", Full(mac_copy)),
    ("digest", "($self, /)", Full(mac_digest)),
    ("hexdigest", "($self, /)", Full(mac_hexdigest)),
];

const FUNCTIONS: Table = &[
    ("new", "($module, /, name, data=b'', *, usedforsecurity=True, string=None)", Full(new)),
    ("pbkdf2_hmac", "($module, /, hash_name, password, salt, iterations, dklen=None)", Full(pbkdf2_hmac)),
    ("scrypt", "($module, /, password, *, salt, n, r, p, maxmem=0, dklen=64)", Full(scrypt)),
    ("hmac_new", "($module, /, key, msg=b'', digestmod=None)", Full(hmac_new)),
    ("hmac_digest", "($module, /, key, msg, digest)", Full(hmac_digest)),
    ("compare_digest", "($module, a, b, /)", Full(crate::operator::compare_digest)),
    ("get_fips_mode", "($module, /)", Leaf(|cx, _| Ok(cx.int(0)))),
];

/// Functions that open a hash, by their algorithms.
macro_rules! openers {
    ($($name:literal $variant:ident),*) => {
        &[$((
            concat!("openssl_", $name),
            "($module, /, data=b'', *, usedforsecurity=True, string=None)",
            Full(|cx, a| open(cx, Algorithm::$variant, a.opt(0), a.opt(2))),
        )),*]
    };
}

const OPENERS: Table = openers!(
    "md5" Md5, "sha1" Sha1, "sha224" Sha224, "sha256" Sha256, "sha384" Sha384, "sha512" Sha512,
    "sha3_224" Sha3_224, "sha3_256" Sha3_256, "sha3_384" Sha3_384, "sha3_512" Sha3_512,
    "shake_128" Shake128, "shake_256" Shake256
);

fn init_classes(cx: &mut Cx, module: &Obj) {
    let mut t = new_class(cx, "_hashlib.HASH", class_flag::DISALLOW_INSTANTIATION, DIGESTS);
    t.special(cx, Special::Repr, Full(hash_repr));
    let hash = *HASH.get_or_init(|| t.class());
    let mut t =
        TypeBuilder::native_subtype(cx, "_hashlib.HASHXOF", hash, 0, class_flag::DISALLOW_INSTANTIATION);
    t.methods(cx, SHAKE_DIGESTS);
    let extendable = *HASH_XOF.get_or_init(|| t.class());
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let mut t = TypeBuilder::native_type(cx, "_hashlib.HMAC", &MAC_OPS, size_of::<PyMac>(), false, flags);
    t.doc(cx, "A keyed hash, which takes its input piece by piece.")
        .methods(cx, MAC_METHODS)
        .special(cx, Special::Repr, Full(mac_repr))
        .getset(
            cx,
            "name",
            Full(|cx, a| {
                let name = mac_name(cx, a)?;
                Ok(cx.str(&format!("hmac-{name}")))
            }),
            None,
        )
        .getset(
            cx,
            "digest_size",
            Full(|cx, a| {
                let size = a.this::<PyMac>().with(cx, |mac| mac.inner.digest_size(0))?;
                Ok(cx.int(size as i64))
            }),
            None,
        )
        .getset(
            cx,
            "block_size",
            Full(|cx, a| {
                let size = a.this::<PyMac>().with(cx, |mac| mac.inner.block_size())?;
                Ok(cx.int(size as i64))
            }),
            None,
        );
    let mac = *HMAC.get_or_init(|| t.class());
    for (name, class) in [("HASH", hash), ("HASHXOF", extendable), ("HMAC", mac)] {
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
}

/// `_constructors`: the name of the algorithm that each function opens.
fn add_constructors(cx: &mut Cx, module: &Obj) -> R<()> {
    let constructors = PyDict::new(cx);
    for entry in OPENERS {
        let function = cx.get_attr_str(module.r(), entry.0)?;
        let name = cx.str(entry.0.trim_start_matches("openssl_"));
        cx.set_item(constructors.r(), function.r(), name.r())?;
    }
    let proxy = new_proxy(cx, constructors.r());
    add(cx, module, "_constructors", proxy);
    Ok(())
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    UNSUPPORTED.init(cx, module, "_hashlib", "UnsupportedDigestmodError", Builtin::ValueError)?;
    init_classes(cx, module);
    add_functions(cx, module, FUNCTIONS);
    add_functions(cx, module, OPENERS);
    add_constructors(cx, module)?;
    let names = OPENERS.iter().map(|entry| cx.str(entry.0.trim_start_matches("openssl_"))).collect();
    let names = new_frozenset(cx, names)?;
    add(cx, module, "openssl_md_meth_names", names);
    add_limit(cx, module);
    Ok(())
}
