//! `_random`: the class that `random.Random` derives from.
//!
//! The generator's state is guarded by the object's lock; no call under it runs Python. `twister.rs`: the generator.

mod twister;

use std::cell::UnsafeCell;
use std::time::{SystemTime, UNIX_EPOCH};
use twister::{Twister, WORDS};
use ungil_runtime::objects::int::{self, IntRef};
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// A generator.
#[repr(C)]
pub struct PyRandom {
    h: Header,
    /// Guarded by the object's lock.
    state: UnsafeCell<Twister>,
}

static RANDOM_OPS: TypeOps = TypeOps {
    name: "_random.Random",
    size: |_| size_of::<PyRandom>(),
    trace: None,
    drop_fields: None,
    needs_finalizer: ungil_runtime::finalize::has_del,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyRandom {
    const OPS: &'static TypeOps = &RANDOM_OPS;
}

impl PyRandom {
    /// Runs `f` on the state, which no other thread touches meanwhile.
    #[inline(always)]
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut Twister) -> T) -> T {
        // SAFETY: all access is here, under the lock, and `f` does not come back.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Ok(cx.not_implemented()) };
    cx.alloc_for(class, |h| PyRandom { h, state: UnsafeCell::new(Twister::zero()) })
}

/// `__init__(self, *args, **kwargs)` takes a seed.
fn init_object(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 1);
    if a.varkw(cx, 2).is_some_and(|names| !names.is_empty()) {
        return Err(cx.type_error("Random() takes no keyword arguments"));
    }
    if args.len() > 1 {
        let given = args.len();
        return Err(cx.type_error(format!("Random expected at most 1 argument, got {given}")));
    }
    seed_with(cx, a.this::<PyRandom>(), args.first().copied())
}

fn seed(cx: &mut Cx, a: Args<'_>) -> R {
    seed_with(cx, a.this::<PyRandom>(), a.opt(1))
}

fn seed_with(cx: &mut Cx, this: &PyRandom, seed: Option<Ref<'_>>) -> R {
    let key = match seed.filter(|v| !v.value().is_none()) {
        None => entropy(),
        Some(v) => match int::view(cx, v) {
            Some(n) => words_of(n),
            None => {
                let hash = cx.hash(v)? as u64;
                words_of(IntRef::Word(hash as i128))
            }
        },
    };
    let state = Twister::from_key(&key);
    this.with(cx, |mt| *mt = state);
    Ok(cx.none())
}

/// The magnitude in words, lowest first; at least one.
fn words_of(n: IntRef<'_>) -> Vec<u32> {
    let mut words = n.to_big().magnitude().to_u32_digits();
    if words.is_empty() {
        words.push(0);
    }
    words
}

/// A key from the system, or from time and process should that fail.
fn entropy() -> Vec<u32> {
    let mut words = vec![0u32; WORDS];
    let size = words.len() * 4;
    // SAFETY: the buffer is ours and has that many bytes.
    if unsafe { libc::getrandom(words.as_mut_ptr().cast(), size, libc::GRND_NONBLOCK) } == size as isize {
        return words;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    vec![now as u32, (now >> 32) as u32, std::process::id()]
}

fn random(cx: &Cx, a: Args<'_>) -> R {
    let x = a.this::<PyRandom>().with(cx, Twister::next_f64);
    Ok(cx.float(x))
}

fn getrandbits(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyRandom>();
    let bits = match a.get(1).value().as_int() {
        Some(bits @ 1..=32) => {
            let word = this.with(cx, Twister::next_u32);
            return Ok(cx.int((word >> (32 - bits)) as i64));
        }
        Some(bits) if bits >= 0 => bits as u64,
        _ => bit_count(cx, a.get(1))?,
    };
    match bits {
        0 => Ok(cx.int(0)),
        1..=64 => {
            let (low, high) = this.with(cx, |mt| (mt.next_u32(), mt.next_u32()));
            Ok(cx.int_u64(low as u64 | (high as u64 >> (64 - bits)) << 32))
        }
        _ => many_bits(cx, this, bits),
    }
}

fn bit_count(cx: &mut Cx, v: Ref<'_>) -> R<u64> {
    let index = cx.index(v)?;
    match int::view(cx, index.r()) {
        Some(n) if n.is_negative() => Err(cx.value_error("Cannot convert negative int")),
        Some(IntRef::Word(w)) if u64::try_from(w).is_ok() => Ok(w as u64),
        _ => Err(cx.overflow_error("Python int too large for C uint64_t")),
    }
}

fn many_bits(cx: &mut Cx, this: &PyRandom, bits: u64) -> R {
    let count = bits.div_ceil(32);
    let mut words = Vec::new();
    let Ok(room) = usize::try_from(count) else { return Err(cx.memory_error()) };
    // The number is made of a copy.
    if room > isize::MAX as usize / 16 || words.try_reserve_exact(room * 2).is_err() {
        return Err(cx.memory_error());
    }
    // The lock is let go of now and then, so that nobody waits long.
    const AT_ONCE: usize = 1 << 12;
    while words.len() < room {
        let n = AT_ONCE.min(room - words.len());
        this.with(cx, |mt| words.extend((0..n).map(|_| mt.next_u32())));
        cx.poll()?;
    }
    if let Some(last) = words.last_mut()
        && !bits.is_multiple_of(32)
    {
        *last >>= 32 - bits % 32;
    }
    Ok(int::new_big(cx, num_bigint::BigUint::new(words).into()))
}

fn getstate(cx: &mut Cx, a: Args<'_>) -> R {
    let (words, next) = a.this::<PyRandom>().with(cx, |mt| (mt.words, mt.next));
    let items = words.iter().map(|&w| w as i64).chain([next as i64]).map(|i| cx.int(i)).collect();
    Ok(cx.tuple(items))
}

/// An item of a state as a C `unsigned long`.
fn word(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    let Some(n) = int::view(cx, v) else { return Err(cx.type_error("an integer is required")) };
    if n.is_negative() {
        return Err(cx.overflow_error("can't convert negative value to unsigned int"));
    }
    match n {
        // As in C, what is above 32 bits is lost.
        IntRef::Word(w) if u64::try_from(w).is_ok() => Ok(w as u32),
        _ => Err(cx.overflow_error("Python int too large to convert to C unsigned long")),
    }
}

fn setstate(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(tuple) = a.get(1).downcast::<PyTuple>(cx) else {
        return Err(cx.type_error("state vector must be a tuple"));
    };
    let items = tuple.items();
    if items.len() != WORDS + 1 {
        return Err(cx.value_error("state vector is the wrong size"));
    }
    let mut state = Twister::zero();
    for (to, item) in state.words.iter_mut().zip(items) {
        *to = word(cx, *item)?;
    }
    let next = cx.to_i64(items[WORDS])?;
    match usize::try_from(next) {
        Ok(next) if next <= WORDS => state.next = next,
        _ => return Err(cx.value_error("invalid state")),
    }
    a.this::<PyRandom>().with(cx, |mt| *mt = state);
    Ok(cx.none())
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("seed", "($self, n=None, /)", Full(seed)),
    ("getstate", "($self, /)", Full(getstate)),
    ("setstate", "($self, state, /)", Full(setstate)),
    ("random", "($self, /)", Leaf(random)),
    ("getrandbits", "($self, k, /)", Full(getrandbits)),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let size = size_of::<PyRandom>();
    let mut t =
        TypeBuilder::native_type(cx, "_random.Random", &RANDOM_OPS, size, false, class_flag::BASETYPE);
    t.doc(cx, "A generator of random numbers, the Mersenne Twister.")
        .constructor(cx, "($type, *args, **kwargs)", Full(construct))
        .special(cx, Special::Init, Full(init_object))
        .methods(cx, METHODS);
    let class = t.class().as_ref().own(cx);
    add(cx, module, "Random", class);
    Ok(())
}
