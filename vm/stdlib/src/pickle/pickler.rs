//! `Pickler`, `dump` and `dumps`.

use super::out::{Memo, Saver};
use super::{HIGHEST, pickling_error};
use std::cell::UnsafeCell;
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::native::new_function;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

static CLASS: OnceLock<&'static PyType> = OnceLock::new();
/// What `persistent_id` is where nobody has given one.
static NO_ID: OnceLock<SharedValue> = OnceLock::new();

#[repr(C)]
pub struct PyPickler {
    h: Header,
    write: Slot,
    table: Slot,
    id: Slot,
    state: UnsafeCell<State>,
}

/// What the object's lock guards.
#[derive(Default)]
struct State {
    proto: i64,
    bin: bool,
    fast: bool,
    fix_imports: bool,
    ready: bool,
    running: bool,
    /// What has been written, with its numbers.
    memo: Vec<(u32, Slot)>,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyPickler {
    const OPS: &'static TypeOps = &PICKLER_OPS;
}

static PICKLER_OPS: TypeOps = TypeOps {
    name: "_pickle.Pickler",
    size: |_| size_of::<PyPickler>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a pickler that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyPickler>() };
    [&this.write, &this.table, &this.id].iter().for_each(|slot| visit(slot.peek()));
    // SAFETY: as above.
    unsafe { &*this.state.get() }.memo.iter().for_each(|(_, slot)| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the pickler is this thread's alone.
    let this = unsafe { &*h.cast::<PyPickler>() };
    [&this.write, &this.table, &this.id].iter().for_each(|slot| slot.clear(m));
    // SAFETY: as above.
    let state = unsafe { std::mem::take(&mut *this.state.get()) };
    state.memo.iter().for_each(|(_, slot)| slot.clear(m));
}

impl PyPickler {
    /// Runs `f` with the state, the lock held. `f` runs no Python and drops no object.
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }

    /// Takes out what has been written.
    fn take_memo(&self, cx: &Cx) -> Vec<(u32, Obj)> {
        self.with(cx, |state| {
            let slots = std::mem::take(&mut state.memo);
            slots.iter().filter_map(|(number, slot)| Some((*number, slot.take_locked()?))).collect()
        })
    }

    fn put_memo(&self, cx: &Cx, kept: Vec<(u32, Obj)>) {
        self.with(cx, |state| {
            for (number, v) in kept {
                let slot = Slot::empty();
                slot.replace_locked(&self.h, v);
                state.memo.push((number, slot));
            }
        });
    }

    fn shown_memo(&self, cx: &Cx) -> Vec<(u32, Obj)> {
        self.with(cx, |state| {
            let entries = state.memo.iter();
            entries.filter_map(|(number, slot)| Some((*number, slot.get_locked(cx)?))).collect()
        })
    }
}

/// A protocol that was asked for.
fn protocol(cx: &mut Cx, v: Option<Ref<'_>>) -> R<i64> {
    let Some(v) = v.filter(|v| !v.value().is_none()) else { return Ok(super::DEFAULT) };
    let proto = cx.to_i64(v)?;
    if proto > HIGHEST {
        return Err(cx.value_error(format!("pickle protocol must be <= {HIGHEST}")));
    }
    Ok(if proto < 0 { HIGHEST } else { proto })
}

/// The `write` of a file.
fn write_of(cx: &mut Cx, file: Ref<'_>) -> R {
    let name = cx.str("write");
    match cx.get_attr_opt(file, name.r())? {
        Some(write) => Ok(write),
        None => Err(cx.type_error("file must have a 'write' attribute")),
    }
}

fn check_callback(cx: &mut Cx, callback: Option<Ref<'_>>, proto: i64) -> R<()> {
    if callback.is_some_and(|v| !v.value().is_none()) && proto < 5 {
        return Err(cx.value_error("buffer_callback needs protocol >= 5"));
    }
    Ok(())
}

fn truth_or(cx: &mut Cx, v: Option<Ref<'_>>, default: bool) -> R<bool> {
    v.map_or(Ok(default), |v| cx.truth(v))
}

/// `dumps`.
pub fn dumps(cx: &mut Cx, a: Args<'_>) -> R {
    let proto = protocol(cx, a.opt(1))?;
    let fix_imports = truth_or(cx, a.opt(2), true)?;
    check_callback(cx, a.opt(3), proto)?;
    let mut saver = Saver::new(proto, fix_imports);
    saver.run(cx, a.get(0))?;
    Ok(new_bytes(cx, &saver.out))
}

/// `dump`.
pub fn dump(cx: &mut Cx, a: Args<'_>) -> R {
    let proto = protocol(cx, a.opt(2))?;
    let fix_imports = truth_or(cx, a.opt(3), true)?;
    let write = write_of(cx, a.get(1))?;
    check_callback(cx, a.opt(4), proto)?;
    let mut saver = Saver::new(proto, fix_imports);
    saver.write = Some(write);
    saver.run(cx, a.get(0))?;
    Ok(cx.none())
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("expected a type")) };
    cx.alloc_for::<PyPickler>(class, |h| PyPickler {
        h,
        write: Slot::empty(),
        table: Slot::empty(),
        id: Slot::empty(),
        state: UnsafeCell::default(),
    })
}

fn init_object(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyPickler = a.this();
    if this.with(cx, |state| state.running) {
        return Err(cx.runtime_error("Pickler object is already used"));
    }
    let proto = protocol(cx, a.opt(2))?;
    let fix_imports = truth_or(cx, a.opt(3), true)?;
    check_callback(cx, a.opt(4), proto)?;
    let write = write_of(cx, a.get(1))?;
    this.write.set(&this.h, cx, write);
    drop(this.take_memo(cx));
    this.with(cx, |state| {
        (state.proto, state.bin, state.fix_imports) = (proto, proto > 0, fix_imports);
        (state.fast, state.ready) = (false, true);
    });
    Ok(cx.none())
}

/// A hook of a pickler, if it has one.
fn hook(cx: &mut Cx, this: Ref<'_>, name: &str) -> R<Option<Obj>> {
    let name = cx.str(name);
    cx.get_attr_opt(this, name.r())
}

fn method_dump(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyPickler = a.this();
    let started = this.with(cx, |state| {
        let may = state.ready && !state.running;
        state.running |= may;
        (state.ready, may)
    });
    match started {
        (false, _) => {
            let name = type_name(cx, a.get(0));
            let message = format!("Pickler.__init__() was not called by {name}.__init__()");
            return Err(pickling_error(cx, message));
        }
        (_, false) => return Err(cx.runtime_error("Pickler object is already used")),
        _ => {}
    }
    let kept = this.take_memo(cx);
    let (proto, bin, fast, fix) =
        this.with(cx, |state| (state.proto, state.bin, state.fast, state.fix_imports));
    let mut saver = Saver::new(proto, fix);
    (saver.bin, saver.fast) = (bin, fast);
    saver.memo = Memo::of(kept);
    saver.write = this.write.get(&this.h, cx);
    let result = run(cx, this, a.get(0), &mut saver, a.get(1));
    this.put_memo(cx, std::mem::take(&mut saver.memo.kept));
    this.with(cx, |state| state.running = false);
    result?;
    Ok(cx.none())
}

fn run(cx: &mut Cx, this: &PyPickler, me: Ref<'_>, saver: &mut Saver, v: Ref<'_>) -> R<()> {
    let plain = NO_ID.get().map(|plain| plain.get());
    saver.persistent = hook(cx, me, "persistent_id")?.filter(|f| plain.is_none_or(|plain| !f.r().is(plain)));
    let subclass = CLASS.get().is_none_or(|class| !cx.class_of(me).as_ref().is(class.as_ref()));
    if subclass {
        saver.reducer = hook(cx, me, "reducer_override")?;
    }
    saver.table = match this.table.get(&this.h, cx) {
        Some(table) => Some(table),
        None if subclass => hook(cx, me, "dispatch_table")?,
        None => None,
    };
    saver.run(cx, v)
}

fn type_name(cx: &mut Cx, v: Ref<'_>) -> String {
    super::type_text(cx, v)
}

fn clear_memo(cx: &mut Cx, a: Args<'_>) -> R {
    drop(a.this::<PyPickler>().take_memo(cx));
    Ok(cx.none())
}

/// `Pickler.memo`: numbers and objects by identity, as a dict of its own.
fn get_memo(cx: &mut Cx, a: Args<'_>) -> R {
    super::unpickler::new_proxy(cx, a.get(0))
}

/// A dict of what is in a pickler's memo.
pub fn memo_dict(cx: &mut Cx, this: &PyPickler) -> R {
    let made = PyDict::new(cx);
    for (number, v) in this.shown_memo(cx) {
        let key = cx.int_u64(v.value().0);
        let entry = cx.tuple(vec![cx.int(number.into()), v]);
        cx.set_item(made.r(), key.r(), entry.r())?;
    }
    Ok(made)
}

/// Empties a pickler's memo.
pub fn forget(cx: &Cx, this: &PyPickler) {
    drop(this.take_memo(cx));
}

fn set_memo(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyPickler = a.this();
    let Some(given) = a.opt(1) else { return Err(cx.type_error("attribute deletion is not supported")) };
    let dict = super::unpickler::memo_of(cx, given)?;
    let mut entries = Vec::new();
    for (_, entry) in dict.downcast::<PyDict>(cx).map(|dict| dict.items(cx)).unwrap_or_default() {
        let parts = match entry.downcast::<PyTuple>(cx) {
            Some(entry) => entry.snapshot(cx),
            None => Vec::new(),
        };
        let [number, v] = &parts[..] else {
            return Err(cx.type_error("'memo' values must be 2-item tuples"));
        };
        let Ok(number) = u32::try_from(cx.to_i64(number.r())?) else {
            return Err(cx.value_error("memo indices must be non-negative numbers of 32 bits"));
        };
        entries.push((number, v.clone()));
    }
    drop(this.take_memo(cx));
    this.put_memo(cx, entries);
    Ok(cx.none())
}

fn get_id(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyPickler = a.this();
    match this.id.get(&this.h, cx) {
        Some(id) => Ok(id),
        None => Ok(NO_ID.get().map_or(cx.none(), |plain| plain.get().own(cx))),
    }
}

fn set_id(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyPickler = a.this();
    match a.opt(1) {
        Some(v) => this.id.set(&this.h, cx, v.own(cx)),
        None => drop(this.id.take(&this.h, cx)),
    }
    Ok(cx.none())
}

fn get_table(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyPickler = a.this();
    match this.table.get(&this.h, cx) {
        Some(table) => Ok(table),
        None => {
            let name = cx.str("dispatch_table");
            let message = format!("'{}' object has no attribute 'dispatch_table'", cx.type_name(a.get(0)));
            Err(cx.attribute_error(a.get(0), name.r(), &message))
        }
    }
}

fn set_table(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyPickler = a.this();
    match a.opt(1) {
        Some(v) => this.table.set(&this.h, cx, v.own(cx)),
        None => drop(this.table.take(&this.h, cx)),
    }
    Ok(cx.none())
}

fn get_bin(cx: &mut Cx, a: Args<'_>) -> R {
    let bin = a.this::<PyPickler>().with(cx, |state| state.bin);
    Ok(cx.int(bin.into()))
}

fn set_bin(cx: &mut Cx, a: Args<'_>) -> R {
    let on = truth_or(cx, a.opt(1), false)?;
    a.this::<PyPickler>().with(cx, |state| state.bin = on);
    Ok(cx.none())
}

fn get_fast(cx: &mut Cx, a: Args<'_>) -> R {
    let fast = a.this::<PyPickler>().with(cx, |state| state.fast);
    Ok(cx.int(fast.into()))
}

fn set_fast(cx: &mut Cx, a: Args<'_>) -> R {
    let on = truth_or(cx, a.opt(1), false)?;
    a.this::<PyPickler>().with(cx, |state| state.fast = on);
    Ok(cx.none())
}

/// The type.
pub fn class(cx: &mut Cx) -> &'static PyType {
    CLASS.get_or_init(|| {
        let def = NativeDef::leak("persistent_id", "($module, obj, /)", Full(|cx, _| Ok(cx.none())));
        NO_ID.get_or_init(|| SharedValue::new(new_function(cx, def, None)));
        let (size, flags) = (size_of::<PyPickler>(), class_flag::BASETYPE);
        let mut t = TypeBuilder::native_type(cx, "_pickle.Pickler", &PICKLER_OPS, size, true, flags);
        t.doc(cx, "Writes objects to a file as pickles.")
            .constructor(cx, "($type, *args, **kwargs)", Full(construct))
            .method(
                cx,
                "__init__",
                "($self, file, protocol=None, fix_imports=True, buffer_callback=None)",
                Full(init_object),
            )
            .method(cx, "dump", "($self, obj, /)", Full(method_dump))
            .method(cx, "clear_memo", "($self, /)", Full(clear_memo))
            .getset(cx, "memo", Full(get_memo), Some(Full(set_memo)))
            .getset(cx, "persistent_id", Full(get_id), Some(Full(set_id)))
            .getset(cx, "dispatch_table", Full(get_table), Some(Full(set_table)))
            .getset(cx, "bin", Full(get_bin), Some(Full(set_bin)))
            .getset(cx, "fast", Full(get_fast), Some(Full(set_fast)));
        t.class()
    })
}
