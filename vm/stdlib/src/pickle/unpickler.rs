//! `Unpickler`, `load` and `loads`; and what `memo` of both types gives.

use super::build::find_class;
use super::input::Input;
use super::load::{Loader, Memo};
use super::pickler::{self, PyPickler};
use super::unpickling_error;
use std::borrow::Cow;
use std::cell::UnsafeCell;
use std::sync::{Arc, OnceLock};
use ungil_locks::primitive::{AtomicI64, Ordering};
use ungil_runtime::SharedValue;
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::native::new_function;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

static CLASS: OnceLock<&'static PyType> = OnceLock::new();
static PROXY: OnceLock<&'static PyType> = OnceLock::new();
/// What `persistent_load` is where nobody has given one.
static NO_LOAD: OnceLock<SharedValue> = OnceLock::new();

#[repr(C)]
struct PyUnpickler {
    h: Header,
    read: Slot,
    readline: Slot,
    buffers: Slot,
    loader: Slot,
    state: UnsafeCell<State>,
}

/// What the object's lock guards.
#[derive(Default)]
struct State {
    fix_imports: bool,
    encoding: String,
    errors: String,
    proto: Arc<AtomicI64>,
    ready: bool,
    running: bool,
    memo: Vec<(usize, Slot)>,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyUnpickler {
    const OPS: &'static TypeOps = &UNPICKLER_OPS;
}

static UNPICKLER_OPS: TypeOps = TypeOps {
    name: "_pickle.Unpickler",
    size: |_| size_of::<PyUnpickler>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is an unpickler that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyUnpickler>() };
    [&this.read, &this.readline, &this.buffers, &this.loader].iter().for_each(|slot| visit(slot.peek()));
    // SAFETY: as above.
    unsafe { &*this.state.get() }.memo.iter().for_each(|(_, slot)| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the unpickler is this thread's alone.
    let this = unsafe { &*h.cast::<PyUnpickler>() };
    [&this.read, &this.readline, &this.buffers, &this.loader].iter().for_each(|slot| slot.clear(m));
    // SAFETY: as above.
    let state = unsafe { std::mem::take(&mut *this.state.get()) };
    state.memo.iter().for_each(|(_, slot)| slot.clear(m));
}

impl PyUnpickler {
    /// Runs `f` with the state, the lock held. `f` runs no Python and drops no object.
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }

    fn take_memo(&self, cx: &Cx) -> Vec<(usize, Obj)> {
        let taken: Vec<(usize, Option<Obj>)> = self.with(cx, |state| {
            let slots = std::mem::take(&mut state.memo);
            slots.iter().map(|(i, slot)| (*i, slot.take_locked())).collect()
        });
        taken.into_iter().filter_map(|(i, v)| Some((i, v?))).collect()
    }

    fn put_memo(&self, cx: &Cx, pairs: Vec<(usize, Obj)>) {
        self.with(cx, |state| {
            for (i, v) in pairs {
                let slot = Slot::empty();
                slot.replace_locked(&self.h, v);
                state.memo.push((i, slot));
            }
        });
    }
}

/// Settings that all ways to unpickle have.
struct Settings {
    fix_imports: bool,
    encoding: String,
    errors: String,
    buffers: Option<Obj>,
}

fn settings(cx: &mut Cx, a: Args<'_>, first: usize) -> R<Settings> {
    let fix_imports = a.opt(first).map_or(Ok(true), |v| cx.truth(v))?;
    let mut text = |v: Option<Ref<'_>>, default: &str, name: &str| match v {
        None => Ok(default.to_string()),
        Some(v) if cx.is_instance_of(v, Builtin::Str) => Ok(cx.text_of(v)),
        Some(v) => {
            let got = cx.type_name(v);
            Err(cx.type_error(format!("argument '{name}' must be str, not {got}")))
        }
    };
    let encoding = text(a.opt(first + 1), "ASCII", "encoding")?;
    let errors = text(a.opt(first + 2), "strict", "errors")?;
    let buffers = match a.opt_not_none(first + 3) {
        Some(buffers) => Some(cx.iter(buffers)?),
        None => None,
    };
    Ok(Settings { fix_imports, encoding, errors, buffers })
}

fn file_of(cx: &mut Cx, file: Ref<'_>) -> R<(Obj, Obj)> {
    let (read, readline) = (cx.str("read"), cx.str("readline"));
    let read = cx.get_attr_opt(file, read.r())?;
    let readline = cx.get_attr_opt(file, readline.r())?;
    match (read, readline) {
        (Some(read), Some(readline)) => Ok((read, readline)),
        _ => Err(cx.type_error("file must have 'read' and 'readline' attributes")),
    }
}

fn loader<'a>(input: Input<'a>, settings: Settings) -> Loader<'a> {
    let mut made = Loader::new(input);
    made.fix_imports = settings.fix_imports;
    (made.encoding, made.errors) = (settings.encoding, settings.errors);
    made.buffers = settings.buffers;
    made
}

/// `loads`.
pub fn loads(cx: &mut Cx, a: Args<'_>) -> R {
    let settings = settings(cx, a, 1)?;
    let bytes: Cow<'_, [u8]> = bytes_of(cx, a.get(0))?;
    loader(Input::bytes(bytes), settings).run(cx)
}

/// `load`.
pub fn load(cx: &mut Cx, a: Args<'_>) -> R {
    let settings = settings(cx, a, 1)?;
    let (read, readline) = file_of(cx, a.get(0))?;
    loader(Input::file(read, readline), settings).run(cx)
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("expected a type")) };
    cx.alloc_for::<PyUnpickler>(class, |h| PyUnpickler {
        h,
        read: Slot::empty(),
        readline: Slot::empty(),
        buffers: Slot::empty(),
        loader: Slot::empty(),
        state: UnsafeCell::default(),
    })
}

fn init_object(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyUnpickler = a.this();
    if this.with(cx, |state| state.running) {
        return Err(cx.runtime_error("Unpickler object is already used"));
    }
    let settings = settings(cx, a, 2)?;
    let (read, readline) = file_of(cx, a.get(1))?;
    this.read.set(&this.h, cx, read);
    this.readline.set(&this.h, cx, readline);
    match settings.buffers {
        Some(buffers) => this.buffers.set(&this.h, cx, buffers),
        None => drop(this.buffers.take(&this.h, cx)),
    }
    drop(this.take_memo(cx));
    this.with(cx, |state| {
        state.fix_imports = settings.fix_imports;
        (state.encoding, state.errors) = (settings.encoding, settings.errors);
        (state.proto, state.ready) = (Arc::default(), true);
    });
    Ok(cx.none())
}

fn method_load(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyUnpickler = a.this();
    let started = this.with(cx, |state| {
        let may = state.ready && !state.running;
        state.running |= may;
        (state.ready, may)
    });
    match started {
        (false, _) => {
            let name = super::type_text(cx, a.get(0));
            let message = format!("Unpickler.__init__() was not called by {name}.__init__()");
            return Err(unpickling_error(cx, message));
        }
        (_, false) => return Err(cx.runtime_error("Unpickler object is already used")),
        _ => {}
    }
    let result = run(cx, this, a.get(0));
    this.with(cx, |state| state.running = false);
    result
}

fn run(cx: &mut Cx, this: &PyUnpickler, me: Ref<'_>) -> R {
    let (read, readline) = (this.read.get(&this.h, cx), this.readline.get(&this.h, cx));
    let (Some(read), Some(readline)) = (read, readline) else {
        return Err(unpickling_error(cx, "the unpickler has no file"));
    };
    let settings = this.with(cx, |state| Settings {
        fix_imports: state.fix_imports,
        encoding: state.encoding.clone(),
        errors: state.errors.clone(),
        buffers: None,
    });
    let mut loader = loader(Input::file(read, readline), settings);
    loader.buffers = this.buffers.get(&this.h, cx);
    loader.proto = this.with(cx, |state| Arc::clone(&state.proto));
    loader.memo = Memo::of(this.take_memo(cx));
    let plain = NO_LOAD.get().map(|plain| plain.get());
    let name = cx.str("persistent_load");
    let hook = cx.get_attr_opt(me, name.r())?;
    loader.persistent = hook.filter(|f| plain.is_none_or(|plain| !f.r().is(plain)));
    if CLASS.get().is_none_or(|class| !cx.class_of(me).as_ref().is(class.as_ref())) {
        loader.finder = Some(cx.get_attr_str(me, "find_class")?);
    }
    let result = loader.run(cx);
    this.put_memo(cx, loader.memo.pairs());
    result
}

fn method_find_class(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyUnpickler = a.this();
    let (proto, fix_imports) = this.with(cx, |state| (Arc::clone(&state.proto), state.fix_imports));
    // ORD: relaxed; the thread that reads the pickle asks.
    let proto = proto.load(Ordering::Relaxed);
    find_class(cx, a.get(1), a.get(2), proto, fix_imports)
}

fn get_load(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyUnpickler = a.this();
    match this.loader.get(&this.h, cx) {
        Some(f) => Ok(f),
        None => Ok(NO_LOAD.get().map_or(cx.none(), |plain| plain.get().own(cx))),
    }
}

fn set_load(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyUnpickler = a.this();
    match a.opt(1) {
        Some(v) => this.loader.set(&this.h, cx, v.own(cx)),
        None => drop(this.loader.take(&this.h, cx)),
    }
    Ok(cx.none())
}

fn no_load(cx: &mut Cx, _: Args<'_>) -> R {
    let message =
        "A load persistent id instruction was encountered, but no persistent_load function was specified.";
    Err(unpickling_error(cx, message))
}

/// `memo` of a pickler or an unpickler.
#[repr(C)]
struct PyProxy {
    h: Header,
    owner: Slot,
}

// SAFETY: `repr(C)`, header first; objects of the type are made with this payload alone.
unsafe impl Object for PyProxy {
    const OPS: &'static TypeOps = &PROXY_OPS;
}

static PROXY_OPS: TypeOps = TypeOps {
    name: "_pickle.PicklerMemoProxy",
    size: |_| size_of::<PyProxy>(),
    // SAFETY: the object is a proxy that nobody changes meanwhile.
    trace: Some(|h, visit| visit(unsafe { &*h.cast::<PyProxy>() }.owner.peek())),
    // SAFETY: the proxy is this thread's alone.
    drop_fields: Some(|h, m| unsafe { &*h.cast::<PyProxy>() }.owner.clear(m)),
    needs_finalizer: |_| false,
};

/// What `memo` gives.
///
/// # Errors
/// `MemoryError`.
pub fn new_proxy(cx: &mut Cx, owner: Ref<'_>) -> R {
    let class = *PROXY.get_or_init(|| {
        let (size, flags) = (size_of::<PyProxy>(), class_flag::DISALLOW_INSTANTIATION);
        let mut t = TypeBuilder::native_type(cx, "_pickle.PicklerMemoProxy", &PROXY_OPS, size, true, flags);
        t.method(cx, "clear", "($self, /)", Full(proxy_clear))
            .method(cx, "copy", "($self, /)", Full(proxy_copy))
            .method(cx, "__reduce__", "($self, /)", Full(proxy_reduce));
        t.class()
    });
    let owner = owner.own(cx);
    cx.alloc_for::<PyProxy>(class, |h| PyProxy { h, owner: Slot::new(owner) })
}

fn proxy_copy(cx: &mut Cx, a: Args<'_>) -> R {
    memo_of(cx, a.get(0))
}

fn proxy_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let copy = memo_of(cx, a.get(0))?;
    let args = cx.tuple(vec![copy]);
    let class = cx.builtin(Builtin::Dict).as_ref().own(cx);
    Ok(cx.tuple(vec![class, args]))
}

fn proxy_clear(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyProxy = a.this();
    let owner = this.owner.get(&this.h, cx);
    if let Some(owner) = owner {
        if let Some(p) = owner.downcast::<PyPickler>(cx) {
            pickler::forget(cx, p);
        } else if let Some(u) = owner.downcast::<PyUnpickler>(cx) {
            drop(u.take_memo(cx));
        }
    }
    Ok(cx.none())
}

/// The memo that a dict or a proxy stands for, as a dict.
///
/// # Errors
/// `TypeError` for anything else.
pub fn memo_of(cx: &mut Cx, v: Ref<'_>) -> R {
    if let Some(proxy) = v.downcast::<PyProxy>(cx) {
        let owner = proxy.owner.get(&proxy.h, cx);
        let Some(owner) = owner else { return Ok(PyDict::new(cx)) };
        if let Some(p) = owner.downcast::<PyPickler>(cx) {
            return pickler::memo_dict(cx, p);
        }
        let made = PyDict::new(cx);
        if let Some(u) = owner.downcast::<PyUnpickler>(cx) {
            let pairs = u.with(cx, |state| {
                state.memo.iter().map(|(i, slot)| (*i, slot.get_locked(cx))).collect::<Vec<_>>()
            });
            for (i, v) in pairs {
                let (key, v) = (cx.int(i as i64), v.unwrap_or_else(|| cx.none()));
                cx.set_item(made.r(), key.r(), v.r())?;
            }
        }
        return Ok(made);
    }
    if v.downcast::<PyDict>(cx).is_some() {
        return Ok(v.own(cx));
    }
    let got = cx.type_name(v);
    Err(cx.type_error(format!("'memo' attribute must be a PicklerMemoProxy object or dict, not {got}")))
}

fn get_memo(cx: &mut Cx, a: Args<'_>) -> R {
    new_proxy(cx, a.get(0))
}

fn set_memo(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyUnpickler = a.this();
    let Some(given) = a.opt(1) else { return Err(cx.type_error("attribute deletion is not supported")) };
    let dict = memo_of(cx, given)?;
    let mut pairs = Vec::new();
    for (key, v) in dict.downcast::<PyDict>(cx).map(|dict| dict.items(cx)).unwrap_or_default() {
        if !cx.is_instance_of(key.r(), Builtin::Int) {
            return Err(cx.type_error("memo key must be integers"));
        }
        let Ok(number) = usize::try_from(cx.to_i64(key.r())?) else {
            return Err(cx.value_error("memo key must be positive integers."));
        };
        pairs.push((number, v));
    }
    drop(this.take_memo(cx));
    this.put_memo(cx, pairs);
    Ok(cx.none())
}

/// The type.
pub fn class(cx: &mut Cx) -> &'static PyType {
    CLASS.get_or_init(|| {
        let def = NativeDef::leak("persistent_load", "($module, pid, /)", Full(no_load));
        NO_LOAD.get_or_init(|| SharedValue::new(new_function(cx, def, None)));
        let (size, flags) = (size_of::<PyUnpickler>(), class_flag::BASETYPE);
        let mut t = TypeBuilder::native_type(cx, "_pickle.Unpickler", &UNPICKLER_OPS, size, true, flags);
        t.doc(cx, "Reads pickles from a file.")
            .constructor(cx, "($type, *args, **kwargs)", Full(construct))
            .method(
                cx,
                "__init__",
                "($self, file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())",
                Full(init_object),
            )
            .method(cx, "load", "($self, /)", Full(method_load))
            .method(cx, "find_class", "($self, module_name, global_name, /)", Full(method_find_class))
            .getset(cx, "memo", Full(get_memo), Some(Full(set_memo)))
            .getset(cx, "persistent_load", Full(get_load), Some(Full(set_load)));
        t.class()
    })
}
