//! Natives: functions written in Rust, their signatures, and how their arguments reach them.
//!
//! A native is described by CPython's text signature. The binder checks and sorts the arguments by it, with CPython's
//! messages, and passes a flat window of exactly one value per parameter (`UNDEF` where an optional one is
//! missing), `*args` as a tuple and `**kwargs` as a dict in their places. Simple positional calls are not copied:
//! the window is the caller's registers.

use crate::hook::Hook;
use crate::objects::dict::PyDict;
use crate::objects::tuple::PyTuple;
use crate::{Cx, Obj, Object, R, Ref, RefExt, Value};
use std::marker::PhantomData;
use ungil_locks::primitive::{AtomicU32, Ordering};

/// A native's body. A leaf runs no Python and meets no safepoint, so it takes `&Cx`.
#[derive(Clone, Copy)]
pub enum NativeFn {
    Leaf(fn(&Cx, Args<'_>) -> R),
    Full(fn(&mut Cx, Args<'_>) -> R),
    /// For signatures with `*args`: the first body takes positional arguments as they were given, without a tuple, and gives
    /// `None` to leave the call to the second.
    Varied(fn(&mut Cx, Args<'_>) -> Option<R>, fn(&mut Cx, Args<'_>) -> R),
    /// For natives that are called all the time: the first body takes positional arguments as they were given, however many, and
    /// gives `UNDEF`, having done nothing, to leave the call to the second. It runs no Python, meets no safepoint, waits for
    /// nobody and drops nothing; the position of the call is not known to it.
    Shortcut(fn(&Cx, Args<'_>) -> Value, fn(&mut Cx, Args<'_>) -> R),
    /// For natives that search the native stack: what earlier calls have left there is overwritten before frames lie on it that
    /// would contain it without using it.
    Searching(fn(&mut Cx, Args<'_>) -> R),
}

impl NativeFn {
    /// Runs the body.
    #[inline(always)]
    pub fn call(self, cx: &mut Cx, args: Args<'_>) -> R {
        match self {
            NativeFn::Leaf(f) => f(cx, args),
            NativeFn::Full(f)
            | NativeFn::Varied(_, f)
            | NativeFn::Shortcut(_, f)
            | NativeFn::Searching(f) => f(cx, args),
        }
    }

    /// Calls the body that takes positional arguments as they were given, if there is one and it knows what to do.
    #[inline]
    pub fn call_given(self, cx: &mut Cx, args: Args<'_>) -> Option<R> {
        match self {
            NativeFn::Varied(f, _) => f(cx, args),
            _ => None,
        }
    }
}

/// Name, signature and body of a native.
pub struct NativeDef {
    pub name: &'static str,
    pub signature: &'static str,
    pub f: NativeFn,
    parsed: Hook<&'static Signature>,
    arity: AtomicU32,
}

/// How many positional arguments a native takes as they stand: at least `min`, at most `max`, padded to `window` with
/// `UNDEF`. If its arguments need sorting always, `min` is more than `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arity(u32);

impl Arity {
    /// Of a native that has not been called yet.
    const UNKNOWN: Arity = Arity(0);
    /// Marks a known one.
    const KNOWN: u32 = 1 << 31;
    /// Marks one whose first parameter is the receiver.
    const SELF: u32 = 1 << 30;
    const NEVER: u32 = 0xff;
    /// The longest window.
    pub const MAX_WINDOW: usize = 12;

    fn of(sig: &Signature) -> Arity {
        let window = sig.window_len();
        let flags = Arity::KNOWN | if sig.has_self { Arity::SELF } else { 0 };
        if !sig.is_plain() || window > Arity::MAX_WINDOW || sig.keyword_required.contains(&true) {
            return Arity(Arity::NEVER | flags);
        }
        let (min, max) = (sig.required as u32, sig.positional as u32);
        Arity(flags | min | max << 8 | (window as u32) << 16)
    }

    /// Whether `given` positional arguments need no sorting.
    #[inline(always)]
    pub fn admits(self, given: usize) -> bool {
        let (min, max) = (self.0 as u8 as usize, (self.0 >> 8) as u8 as usize);
        given >= min && given <= max
    }

    /// Values in the native's window.
    #[inline(always)]
    pub fn window(self) -> usize {
        (self.0 >> 16) as u8 as usize
    }
}

impl NativeDef {
    pub const fn new(name: &'static str, signature: &'static str, f: NativeFn) -> NativeDef {
        NativeDef { name, signature, f, parsed: Hook::new(), arity: AtomicU32::new(0) }
    }

    /// See [`Arity`].
    #[inline(always)]
    pub fn arity(&self) -> Arity {
        // ORD: relaxed; computed from the signature, whoever does it.
        match Arity(self.arity.load(Ordering::Relaxed)) {
            Arity::UNKNOWN => self.find_arity(),
            arity => arity,
        }
    }

    /// Whether its first parameter is the object or class that it was called on.
    #[inline(always)]
    pub fn takes_self(&self) -> bool {
        self.arity().0 & Arity::SELF != 0
    }

    #[cold]
    #[inline(never)]
    fn find_arity(&self) -> Arity {
        let arity = Arity::of(self.sig());
        // ORD: as in `arity`.
        self.arity.store(arity.0, Ordering::Relaxed);
        arity
    }

    /// One that lives for ever.
    pub fn leak(name: &'static str, signature: &'static str, f: NativeFn) -> &'static NativeDef {
        Box::leak(Box::new(NativeDef::new(name, signature, f)))
    }

    /// The parsed signature.
    #[inline]
    pub fn sig(&self) -> &Signature {
        match self.parsed.get() {
            Some(signature) => signature,
            None => self.parsed.keep_first(Box::new(Signature::parse(self.signature))),
        }
    }
}

/// A parsed text signature. `self` (written `$self`, `$cls`, `$module`) counts as a parameter except `$module`.
#[derive(Debug, Default)]
pub struct Signature {
    /// Names of all parameters in order: positional, then keyword-only; without `*args` and `**kwargs`.
    pub names: Vec<String>,
    /// How many may be given by position.
    pub positional: usize,
    /// How many of these may not be given by name.
    pub positional_only: usize,
    /// How many positional ones must be given.
    pub required: usize,
    /// For each keyword-only parameter, whether it must be given.
    pub keyword_required: Vec<bool>,
    pub varargs: bool,
    pub varkw: bool,
    /// The first parameter is the object or class that a method was called on.
    pub has_self: bool,
}

impl Signature {
    /// Parses "($self, a, b=1, /, c=None, *args, d, e=2, **kwargs)". `[x]`-style optional groups are not known:
    /// give such parameters the default `<unrepresentable>`.
    pub fn parse(text: &str) -> Signature {
        let mut s = Signature::default();
        let mut keyword_only = false;
        for part in split_parameters(text) {
            match part {
                "/" => s.positional_only = s.positional,
                "*" => keyword_only = true,
                "$module" => {}
                _ if part.starts_with("**") => s.varkw = true,
                _ if part.starts_with('*') => (s.varargs, keyword_only) = (true, true),
                _ => {
                    let (name, default) = part.split_once('=').map_or((part, None), |(n, d)| (n, Some(d)));
                    let name = name.trim();
                    s.has_self |= name.starts_with('$');
                    s.names.push(name.trim_start_matches('$').to_string());
                    if keyword_only {
                        s.keyword_required.push(default.is_none());
                    } else {
                        s.positional += 1;
                        s.required += default.is_none() as usize;
                    }
                }
            }
        }
        if s.has_self && s.positional_only == 0 {
            s.positional_only = 1;
        }
        s
    }

    /// Whether a call with positional arguments alone needs no sorting.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        !self.varargs && !self.varkw
    }

    /// Slots in the window that the native gets.
    pub fn window_len(&self) -> usize {
        self.names.len() + self.varargs as usize + self.varkw as usize
    }
}

/// Splits at commas outside brackets and quotes, without the outer parentheses.
fn split_parameters(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.trim().strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text);
    let (mut depth, mut quote) = (0, None);
    inner
        .split(move |c: char| {
            match (quote, c) {
                (Some(q), _) if c == q => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, '(' | '[' | '{') => depth += 1,
                (None, ')' | ']' | '}') => depth -= 1,
                (None, ',') if depth == 0 => return true,
                _ => {}
            }
            false
        })
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// A native's arguments: one value per parameter of its signature. The caller's registers keep them alive for `'a`,
/// also while the native runs Python.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    first: *const Value,
    len: usize,
    life: PhantomData<&'a Value>,
}

impl<'a> Args<'a> {
    /// A view of values that stay alive and in place for `'a`.
    #[inline(always)]
    pub fn new(values: &'a [Value]) -> Args<'a> {
        Args { first: values.as_ptr(), len: values.len(), life: PhantomData }
    }

    /// A view of owned values.
    pub fn of(values: &'a [Obj]) -> Args<'a> {
        // `Obj` is a transparent word.
        Args { first: values.as_ptr().cast(), len: values.len(), life: PhantomData }
    }

    /// A view of a window of registers.
    ///
    /// # Safety
    /// `len` registers from `first` hold valid values for `'a`.
    #[inline(always)]
    pub unsafe fn from_raw(first: *const Value, len: usize) -> Args<'a> {
        Args { first, len, life: PhantomData }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bare words.
    #[inline(always)]
    pub fn values(&self) -> &'a [Value] {
        // SAFETY: as promised when the view was made.
        unsafe { std::slice::from_raw_parts(self.first, self.len) }
    }

    /// All as references.
    #[inline(always)]
    pub fn refs(&self) -> &'a [Ref<'a>] {
        // SAFETY: references are words, alive for `'a`.
        unsafe { std::slice::from_raw_parts(self.first.cast(), self.len) }
    }

    /// How many there are.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.len
    }

    /// The argument for parameter `i`, which is required.
    #[inline(always)]
    pub fn get(&self, i: usize) -> Ref<'a> {
        // SAFETY: alive for `'a`.
        unsafe { Ref::from_value(self.values()[i]) }
    }

    /// The argument for parameter `i`, `None` if it was not given.
    #[inline(always)]
    pub fn opt(&self, i: usize) -> Option<Ref<'a>> {
        match self.values().get(i) {
            None | Some(&Value::UNDEF) => None,
            // SAFETY: alive for `'a`.
            Some(&v) => Some(unsafe { Ref::from_value(v) }),
        }
    }

    /// The argument for parameter `i`, `None` if it was not given or is `None`.
    #[inline]
    pub fn opt_not_none(&self, i: usize) -> Option<Ref<'a>> {
        self.opt(i).filter(|v| !v.value().is_none())
    }

    /// The object that a method was called on. The descriptor has checked its type.
    #[inline(always)]
    pub fn this<T: Object>(&self) -> &'a T {
        let v = self.values()[0];
        // SAFETY: method descriptors call with an instance of their class, whose layout is `T`; alive for `'a`.
        unsafe { &*v.ptr().cast::<T>() }
    }

    /// All from parameter `i` on.
    pub fn rest(&self, i: usize) -> Args<'a> {
        Args::new(&self.values()[i.min(self.len)..])
    }

    /// The items of the `*args` parameter at place `i`.
    pub fn varargs(&self, cx: &Cx, i: usize) -> &'a [Ref<'a>] {
        match self.get(i).downcast::<PyTuple>(cx) {
            Some(tuple) => tuple.items(),
            None => &[],
        }
    }

    /// The `**kwargs` parameter at place `i`.
    pub fn varkw(&self, cx: &Cx, i: usize) -> Option<&'a PyDict> {
        self.opt(i)?.downcast::<PyDict>(cx)
    }

    pub fn iter(&self) -> impl Iterator<Item = Ref<'a>> + use<'a> {
        // SAFETY: alive for `'a`.
        self.values().iter().map(|&v| unsafe { Ref::from_value(v) })
    }
}
