//! Functions.
//!
//! What a call reads (entry point, counts, globals) stands at the front and is written when the function is made or its
//! `__code__` is set; the rest is in slots.

use crate::objects::cell::PyCell;
use crate::objects::code::PyCode;
use crate::objects::dict::PyDict;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use std::cell::Cell;
use ungil_locks::primitive::{AtomicPtr, Ordering};

/// See the module's head.
#[repr(C)]
pub struct PyFunction {
    pub h: Header,
    entry: AtomicPtr<u64>,
    simple_args: Cell<u32>,
    local_count: Cell<u32>,
    register_count: Cell<u32>,
    code: Cell<*const PyCode>,
    pub globals: Slot,
    pub builtins: Slot,
    pub closure: Slot,
    pub defaults: Slot,
    pub kwdefaults: Slot,
    /// `__name__` and `__qualname__` if they are not the code's.
    pub name: Slot,
    pub qualname: Slot,
    pub module: Slot,
    /// `__doc__` if it has been set; else it is the code's.
    pub doc: Slot,
    /// `__dict__`, made when asked for.
    pub dict: Slot,
    pub annotations: Slot,
    pub annotate: Slot,
    pub type_params: Slot,
}

/// Where in a function the address of its code object is, and that of the first instruction.
pub(crate) const CODE_OFFSET: usize = std::mem::offset_of!(PyFunction, code);
pub(crate) const ENTRY_OFFSET: usize = std::mem::offset_of!(PyFunction, entry);

impl PyFunction {
    fn slots(&self) -> [&Slot; 13] {
        [
            &self.globals,
            &self.builtins,
            &self.closure,
            &self.defaults,
            &self.kwdefaults,
            &self.name,
            &self.qualname,
            &self.module,
            &self.doc,
            &self.dict,
            &self.annotations,
            &self.annotate,
            &self.type_params,
        ]
    }
}

unsafe fn function_size(_: *mut Header) -> usize {
    size_of::<PyFunction>()
}

unsafe fn function_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a function.
    unsafe { (*h.cast::<PyFunction>()).slots().iter().for_each(|slot| visit(slot.peek())) }
}

unsafe fn function_drop(h: *mut Header, m: &Mutator) {
    // SAFETY: called with a function that nobody else reaches.
    unsafe { m.clear_slots((*h.cast::<PyFunction>()).slots()) }
}

pub static FUNCTION_OPS: TypeOps = TypeOps {
    name: "function",
    size: function_size,
    trace: Some(function_trace),
    drop_fields: Some(function_drop),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyFunction {
    const OPS: &'static TypeOps = &FUNCTION_OPS;
}

/// A function over `code` with these globals, everything else empty.
pub fn new_function(cx: &Cx, code: &'static PyCode, globals: Obj) -> Obj {
    let (module, builtins) = surroundings(cx, globals.r());
    let builtins = builtins_of(cx, builtins);
    cx.alloc(Builtin::Function, |h| PyFunction {
        h,
        entry: AtomicPtr::new(code.entry().cast_mut()),
        simple_args: Cell::new(u32::try_from(code.simple_args()).unwrap_or(u32::MAX)),
        local_count: Cell::new(code.local_count() as u32),
        register_count: Cell::new(code.register_count() as u32),
        code: Cell::new(code),
        globals: Slot::new(globals),
        builtins: Slot::new(builtins),
        closure: Slot::empty(),
        defaults: Slot::empty(),
        kwdefaults: Slot::empty(),
        name: Slot::empty(),
        qualname: Slot::empty(),
        module: module.map_or_else(Slot::empty, Slot::new),
        doc: Slot::empty(),
        dict: Slot::empty(),
        annotations: Slot::empty(),
        annotate: Slot::empty(),
        type_params: Slot::empty(),
    })
}

/// `__name__` and `__builtins__` of the globals. Where they are is kept for the next function with the same globals.
fn surroundings(cx: &Cx, globals: Ref<'_>) -> (Option<Obj>, Option<Obj>) {
    const NOWHERE: u32 = u32::MAX;
    let Some(dict) = globals.downcast::<PyDict>(cx) else { return (None, None) };
    let names = [cx.vm.names.name.get(), cx.vm.names.builtins.get()];
    let id = dict.keys_id();
    if id == 0 {
        let [name, builtins] = names.map(|name| dict.get_str(cx, name));
        return (name, builtins);
    }
    let (known, places) = cx.global_places.get();
    let places = match known == id {
        true => places,
        false => {
            let places = names.map(|name| dict.entry_index_str(cx, name).unwrap_or(NOWHERE));
            cx.global_places.set((id, places));
            places
        }
    };
    if cx.is_exclusive(&dict.h) {
        let [name, builtins] = places.map(|i| if i == NOWHERE { None } else { dict.value_at(cx, i) });
        return (name, builtins);
    }
    let [name, builtins] = [0, 1].map(|which| {
        let (name, place) = (names[which], places[which]);
        if place == NOWHERE {
            return if dict.keys_id() == id { None } else { dict.get_str(cx, name) };
        }
        match dict.shared_value(id, place) {
            // The dict has other keys by now.
            Value::UNDEF => dict.get_str(cx, name),
            // SAFETY: alive until the thread is quiescent.
            found => Some(unsafe { Obj::from_borrowed(found, cx) }),
        }
    });
    (name, builtins)
}

/// The builtins that code sees whose globals have this as `__builtins__` (a module, a dict or a read-only view of one): those
/// or the standard ones.
fn builtins_of(cx: &Cx, own: Option<Obj>) -> Obj {
    if let Some(own) = own {
        if own.downcast::<PyDict>(cx).is_some() {
            return own;
        }
        if let Some(proxy) = own.downcast::<crate::objects::mapping_proxy::PyMappingProxy>(cx)
            && let Some(dict) = proxy.dict(cx)
        {
            return dict;
        }
        if let Some(module) = own.downcast::<crate::objects::module::PyModule>(cx)
            && let Some(dict) = module.dict_ref(cx)
        {
            return ref_of(dict).own(cx);
        }
    }
    ref_of(cx.builtins()).own(cx)
}

impl PyFunction {
    #[inline(always)]
    pub fn code(&self) -> &'static PyCode {
        // SAFETY: code objects are immortal.
        unsafe { &*self.code.get() }
    }

    #[inline(always)]
    pub fn entry(&self) -> *const u64 {
        // ORD: acquire; as for `PyCode::entry`.
        self.entry.load(Ordering::Acquire)
    }

    /// Its code has been linked: calls from now on begin with the first real instruction.
    pub(crate) fn entered(&self) {
        // ORD: release; as for `PyCode::entry`.
        self.entry.store(self.code().entry().cast_mut(), Ordering::Release);
    }

    /// `__doc__`.
    pub fn doc(&self, cx: &mut Cx) -> Obj {
        match self.doc.get(&self.h, cx) {
            Some(doc) => doc,
            None if self.code().has_flag(ungil_bytecode::flags::HAS_DOCSTRING) => {
                self.code().linked(cx).consts[0].get().own(cx)
            }
            None => cx.none(),
        }
    }

    /// Arguments of a call that can be taken as they stand; none if calls need sorting.
    #[inline(always)]
    pub fn simple_args(&self) -> usize {
        self.simple_args.get() as usize
    }

    #[inline(always)]
    pub fn local_count(&self) -> usize {
        self.local_count.get() as usize
    }

    #[inline(always)]
    pub fn register_count(&self) -> usize {
        self.register_count.get() as usize
    }

    /// The globals, which are always a dict (or of a subclass of it).
    #[inline(always)]
    pub fn globals_unchecked(&self) -> &PyDict {
        // SAFETY: checked when the function was made; never replaced.
        unsafe { Ref::from_value(self.globals.peek()).cast_unchecked::<PyDict>() }
    }

    #[inline(always)]
    pub fn builtins_unchecked(&self) -> &PyDict {
        // SAFETY: as for the globals.
        unsafe { Ref::from_value(self.builtins.peek()).cast_unchecked::<PyDict>() }
    }

    /// The cell of a free variable.
    #[inline(always)]
    pub fn free_cell(&self, index: usize) -> &PyCell {
        // SAFETY: a function whose code has free variables has a closure of that many cells, never replaced.
        unsafe {
            let closure = Ref::from_value(self.closure.peek()).cast_unchecked::<PyTuple>();
            closure.items()[index].cast_unchecked::<PyCell>()
        }
    }

    /// `__name__`.
    pub fn name(&self, cx: &Cx) -> Obj {
        self.name.get(&self.h, cx).unwrap_or_else(|| self.code().name.get().own(cx))
    }

    /// `__qualname__`.
    pub fn qualname(&self, cx: &Cx) -> Obj {
        self.qualname.get(&self.h, cx).unwrap_or_else(|| self.code().qualname.get().own(cx))
    }

    /// Another function with the same code and the same surroundings, for frames that run it.
    pub(super) fn twin(&self, cx: &Cx) -> Obj {
        let same = |slot: &Slot| slot.get(&self.h, cx).map_or_else(Slot::empty, Slot::new);
        cx.alloc(Builtin::Function, |h| PyFunction {
            h,
            entry: AtomicPtr::new(self.entry().cast_mut()),
            simple_args: self.simple_args.clone(),
            local_count: self.local_count.clone(),
            register_count: self.register_count.clone(),
            code: self.code.clone(),
            globals: same(&self.globals),
            builtins: same(&self.builtins),
            closure: same(&self.closure),
            defaults: same(&self.defaults),
            kwdefaults: same(&self.kwdefaults),
            name: same(&self.name),
            qualname: same(&self.qualname),
            module: same(&self.module),
            doc: same(&self.doc),
            dict: Slot::empty(),
            annotations: Slot::empty(),
            annotate: Slot::empty(),
            type_params: same(&self.type_params),
        })
    }

    /// Gives the function other code. Frames that run keep theirs through the code object's immortality. Its names stay.
    pub fn set_code(&self, cx: &Cx, code: &'static PyCode) {
        self.name.set(&self.h, cx, self.name(cx));
        self.qualname.set(&self.h, cx, self.qualname(cx));
        self.simple_args.set(u32::MAX);
        self.code.set(code);
        self.entered();
        self.local_count.set(code.local_count() as u32);
        self.register_count.set(code.register_count() as u32);
        self.simple_args.set(u32::try_from(code.simple_args()).unwrap_or(u32::MAX));
    }
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Function, "function", &FUNCTION_OPS, size_of::<PyFunction>(), true);
}
