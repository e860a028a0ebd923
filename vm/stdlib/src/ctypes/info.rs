//! What is known of a C type: size, alignment, kind, and how it is passed to functions. CPython calls it `StgInfo`.
//!
//! Every class of a C type that can have instances has one, made by its metaclass. The facts change only while a
//! structure has no fields yet: then a new version takes the place of the old one, which stays until the class ends,
//! so that readers need no lock. References to other objects are slots, guarded by the lock of the information.

use libffi_sys::ffi_type;
use std::sync::{OnceLock, PoisonError};
use ungil_locks::primitive::{AtomicBool, AtomicPtr, Mutex, Ordering};
use ungil_runtime::objects::type_::{native_part, set_native_part};
use ungil_runtime::prelude::*;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Simple,
    Structure,
    Union,
    Pointer,
    Array,
    Function,
}

/// A number or pointer in an object of the type, by its offset.
#[derive(Clone, Copy)]
pub struct Leaf {
    pub offset: usize,
    pub ffi: *mut ffi_type,
}

/// Longest type whose parts matter to how it is passed.
const MAX_IN_REGISTERS: usize = 64;

pub struct Facts {
    pub kind: Kind,
    pub size: usize,
    pub align: usize,
    /// Fields, those of bases included, or items.
    pub length: usize,
    /// The letter of a simple type, else 0.
    pub code: u8,
    /// In the order of bytes that is not the machine's.
    pub swapped: bool,
    pub is_pointer: bool,
    pub has_pointer: bool,
    /// `_flags_` of a type of functions.
    pub flags: u32,
    pub format: Option<String>,
    pub shape: Vec<usize>,
    /// What the type consists of; empty if it is long.
    pub leaves: Vec<Leaf>,
    /// How it is passed by value, made when it first is.
    pub passed: OnceLock<Passed>,
}

/// A type of libffi with what it points to.
pub struct Passed {
    ffi: Box<ffi_type>,
    /// Keeps the list in place.
    _elements: Vec<*mut ffi_type>,
}

// SAFETY: what is pointed to does not change once it is made.
unsafe impl Send for Facts {}
// SAFETY: as above.
unsafe impl Sync for Facts {}

impl Facts {
    pub fn new(kind: Kind, size: usize, align: usize) -> Facts {
        Facts {
            kind,
            size,
            align,
            length: 0,
            code: 0,
            swapped: false,
            is_pointer: false,
            has_pointer: false,
            flags: 0,
            format: None,
            shape: Vec::new(),
            leaves: Vec::new(),
            passed: OnceLock::new(),
        }
    }

    /// A type that is a pointer.
    pub fn pointer(kind: Kind) -> Facts {
        let leaf = Leaf { offset: 0, ffi: &raw mut libffi_sys::ffi_type_pointer };
        Facts { length: 1, is_pointer: true, leaves: vec![leaf], ..Facts::new(kind, 8, 8) }
    }

    /// The same as another type, for a subclass of it.
    pub fn copy(&self) -> Facts {
        Facts {
            length: self.length,
            code: self.code,
            swapped: self.swapped,
            is_pointer: self.is_pointer,
            has_pointer: self.has_pointer,
            flags: self.flags,
            format: self.format.clone(),
            shape: self.shape.clone(),
            leaves: self.leaves.clone(),
            ..Facts::new(self.kind, self.size, self.align)
        }
    }

    /// Whether its memory holds addresses, so that it means nothing to another process.
    pub fn points(&self) -> bool {
        self.is_pointer || self.has_pointer
    }

    /// Adds the leaves of a part at an offset.
    pub fn add_leaves(&mut self, part: &Facts, offset: usize) {
        if self.size <= MAX_IN_REGISTERS {
            self.leaves.extend(part.leaves.iter().map(|leaf| Leaf { offset: leaf.offset + offset, ..*leaf }));
        }
    }

    /// libffi's type, for a value of the type. It lives as long as the facts.
    pub fn ffi(&self) -> *mut ffi_type {
        match self.kind {
            Kind::Structure | Kind::Union => {}
            Kind::Array => return &raw mut libffi_sys::ffi_type_pointer,
            _ => return self.leaves[0].ffi,
        }
        let passed = self.passed.get_or_init(|| {
            let mut elements = elements(self);
            elements.push(std::ptr::null_mut());
            let ffi = ffi_type {
                size: self.size,
                alignment: self.align as u16,
                type_: libffi_sys::ffi_type_enum_STRUCT,
                elements: elements.as_mut_ptr(),
            };
            Passed { ffi: Box::new(ffi), _elements: elements }
        });
        (&raw const *passed.ffi).cast_mut()
    }
}

fn size_and_align(ffi: *mut ffi_type) -> (usize, usize) {
    // SAFETY: leaves are types of libffi, which do not change.
    unsafe { ((*ffi).size, (*ffi).alignment as usize) }
}

/// What libffi is told a structure consists of. It computes offsets itself; where these would be others than ours, as in
/// unions and packed structures, it is told of words of the same class instead.
fn elements(facts: &Facts) -> Vec<*mut ffi_type> {
    let mut end = 0;
    let in_order = facts.leaves.iter().all(|leaf| {
        let (size, align) = size_and_align(leaf.ffi);
        let fits = leaf.offset == usize::next_multiple_of(end, align.max(1));
        end = leaf.offset + size;
        fits
    });
    if in_order && !facts.leaves.is_empty() && end + facts.align > facts.size {
        return facts.leaves.iter().map(|leaf| leaf.ffi).collect();
    }
    let mut elements = Vec::new();
    for start in (0..facts.size.min(MAX_IN_REGISTERS)).step_by(8) {
        let left = (facts.size - start).min(8);
        let inside =
            |leaf: &&Leaf| leaf.offset < start + 8 && leaf.offset + size_and_align(leaf.ffi).0 > start;
        let mut parts = facts.leaves.iter().filter(inside).peekable();
        let float = &raw mut libffi_sys::ffi_type_float;
        let double = &raw mut libffi_sys::ffi_type_double;
        let is_float = parts.peek().is_some() && parts.all(|leaf| leaf.ffi == float || leaf.ffi == double);
        match (is_float, left) {
            (true, 8) => elements.push(double),
            (true, 4) => elements.push(float),
            (_, 8) => elements.push(&raw mut libffi_sys::ffi_type_sint64),
            (_, n) => elements.extend(std::iter::repeat_n(&raw mut libffi_sys::ffi_type_uint8, n)),
        }
    }
    elements
}

/// See the module's head.
#[repr(C)]
pub struct PyInfo {
    pub h: Header,
    facts: AtomicPtr<Facts>,
    /// All versions, the current one last.
    versions: Mutex<Vec<*mut Facts>>,
    is_final: AtomicBool,
    /// What a pointer points to, or the type of an array's items.
    pub item: Slot,
    pub argtypes: Slot,
    pub converters: Slot,
    pub restype: Slot,
    pub checker: Slot,
    /// The type of pointers to this one.
    pub pointer_type: Slot,
    /// Weak references to the types of arrays of this one, by their lengths.
    pub arrays: Slot,
}

impl PyInfo {
    fn slots(&self) -> [&Slot; 7] {
        [
            &self.item,
            &self.argtypes,
            &self.converters,
            &self.restype,
            &self.checker,
            &self.pointer_type,
            &self.arrays,
        ]
    }

    pub fn facts(&self) -> &Facts {
        // ORD: acquire, with the release in `change`: the facts are complete.
        // SAFETY: versions stay until the information ends.
        unsafe { &*self.facts.load(Ordering::Acquire) }
    }

    /// Puts other facts in the place of those so far.
    pub fn change(&self, facts: Facts) {
        let facts = Box::into_raw(Box::new(facts));
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).push(facts);
        // ORD: release, with the acquire in `facts`.
        self.facts.store(facts, Ordering::Release);
    }

    /// Whether there are objects or types that depend on the facts.
    pub fn is_final(&self) -> bool {
        // ORD: relaxed; the fields of a class are set by the thread that makes it.
        self.is_final.load(Ordering::Relaxed)
    }

    pub fn set_final(&self, is_final: bool) {
        // ORD: as above; not written to without need, as all threads read it.
        if self.is_final() != is_final {
            self.is_final.store(is_final, Ordering::Relaxed);
        }
    }
}

static INFO_OPS: TypeOps = TypeOps {
    name: "_ctypes.info",
    size: |_| size_of::<PyInfo>(),
    trace: Some(|h, visit| {
        // SAFETY: called with an information that nobody changes meanwhile.
        let info = unsafe { &*h.cast::<PyInfo>() };
        info.slots().into_iter().filter(|slot| !slot.is_empty()).for_each(|slot| visit(slot.peek()));
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: called once, with an information that nobody reaches.
        let info = unsafe { &*h.cast::<PyInfo>() };
        info.slots().into_iter().for_each(|slot| slot.clear(m));
        let versions = std::mem::take(&mut *info.versions.lock().unwrap_or_else(PoisonError::into_inner));
        for facts in versions {
            // SAFETY: made by `change`, and not used again.
            drop(unsafe { Box::from_raw(facts) });
        }
    }),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyInfo {
    const OPS: &'static TypeOps = &INFO_OPS;
}

static CLASS: OnceLock<&'static PyType> = OnceLock::new();

/// Makes the type.
pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyInfo>();
    CLASS.get_or_init(|| TypeBuilder::native_type(cx, "_ctypes.info", &INFO_OPS, size, true, flags).class());
}

/// Gives a class its information; it has none so far.
pub fn set_info(cx: &mut Cx, class: &'static PyType, facts: Facts, item: Option<Obj>) -> R<&'static PyInfo> {
    if info_of(cx, class).is_some() {
        let name = class.name();
        return Err(cx.system_error(format!("class '{name}' already initialized")));
    }
    let Some(own) = CLASS.get() else { return Err(cx.system_error("ctypes is not initialized")) };
    let item = item.map_or_else(Slot::empty, Slot::new);
    let made = cx.alloc_for(own, |h| PyInfo {
        h,
        facts: AtomicPtr::default(),
        versions: Mutex::default(),
        is_final: AtomicBool::new(false),
        item,
        argtypes: Slot::empty(),
        converters: Slot::empty(),
        restype: Slot::empty(),
        checker: Slot::empty(),
        pointer_type: Slot::empty(),
        arrays: Slot::empty(),
    })?;
    if let Some(info) = made.downcast::<PyInfo>(cx) {
        info.change(facts);
    }
    set_native_part(cx, class, made);
    match info_of(cx, class) {
        Some(info) => Ok(info),
        None => Err(cx.system_error("a class without information")),
    }
}

/// The information of a class, if it is a C type that can have instances.
#[inline]
pub fn info_of(cx: &Cx, class: &'static PyType) -> Option<&'static PyInfo> {
    native_part::<PyInfo>(cx, class)
}

/// As [`info_of`], for an object that may be a class.
pub fn info_of_type(cx: &Cx, v: Ref<'_>) -> Option<&'static PyInfo> {
    info_of(cx, PyType::from_ref(v, cx)?)
}

/// The information of an object's class.
pub fn info_of_object(cx: &Cx, v: Ref<'_>) -> Option<&'static PyInfo> {
    info_of(cx, cx.class_of(v))
}

/// As [`info_of`].
///
/// # Errors
/// `TypeError` for an abstract class.
pub fn required(cx: &mut Cx, class: &'static PyType) -> R<&'static PyInfo> {
    info_of(cx, class).ok_or_else(|| cx.type_error("abstract class"))
}

/// The class that a slot of an information names.
pub fn class_in(cx: &Cx, info: &PyInfo, slot: &Slot) -> Option<&'static PyType> {
    let class = slot.get(&info.h, cx)?;
    PyType::from_ref(class.r(), cx)
}
