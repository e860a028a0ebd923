//! The bridge between values and Rust structs: the layout trait, checked views, allocation.

use crate::class::{Builtin, PyType, Shape};
use crate::{Cx, Err, Header, Obj, R, Ref, TypeOps, Value};
use ungil_locks::primitive::Ordering;

/// A struct that is the payload of objects: `repr(C)`, its header first.
///
/// # Safety
/// The type starts with a [`Header`], is `repr(C)`, and every object whose shape has `OPS` has this payload.
pub unsafe trait Object: Sized {
    const OPS: &'static TypeOps;
}

/// Views of references as structs.
pub trait RefExt<'t> {
    /// The payload, if the object's layout is `T` (its class is the built-in type or derives from it).
    fn downcast<T: Object>(self, cx: &Cx) -> Option<&'t T>;

    /// The payload of an object that is known to be of layout `T`.
    ///
    /// # Safety
    /// The object's layout is `T`.
    unsafe fn cast_unchecked<T: Object>(self) -> &'t T;
}

impl<'t> RefExt<'t> for Ref<'t> {
    #[inline(always)]
    fn downcast<T: Object>(self, cx: &Cx) -> Option<&'t T> {
        let h = self.header()?;
        // SAFETY: equal operations mean this layout, as `Object` promises.
        std::ptr::eq(cx.shape_of(h).head.ops, T::OPS).then(|| unsafe { self.cast_unchecked() })
    }

    #[inline(always)]
    unsafe fn cast_unchecked<T: Object>(self) -> &'t T {
        // SAFETY: as the caller promises.
        unsafe { &*self.value().ptr().cast::<T>() }
    }
}

/// Views of owned values.
pub trait ObjExt {
    /// As [`RefExt::downcast`], for as long as the owner is borrowed.
    fn downcast<T: Object>(&self, cx: &Cx) -> Option<&T>;

    /// The payload of an object that was made as one.
    ///
    /// # Safety
    /// The object's layout is `T`.
    unsafe fn cast_unchecked<T: Object>(&self) -> &T;
}

impl ObjExt for Obj {
    #[inline(always)]
    fn downcast<T: Object>(&self, cx: &Cx) -> Option<&T> {
        self.r().downcast(cx)
    }

    #[inline(always)]
    unsafe fn cast_unchecked<T: Object>(&self) -> &T {
        // SAFETY: as the caller promises.
        unsafe { self.r().cast_unchecked() }
    }
}

/// The object that a payload belongs to.
pub fn ref_of<T: Object>(payload: &T) -> Ref<'_> {
    // SAFETY: borrowed from a live object.
    unsafe { Ref::from_value(Value::from_ptr(payload)) }
}

impl Cx {
    /// A new instance of a built-in type (exactly), its payload made by `make` from the header. Aborts the process if
    /// there is no memory for a small object, as CPython practically does.
    #[inline(always)]
    pub fn alloc<T: Object>(&self, which: Builtin, make: impl FnOnce(Header) -> T) -> Obj {
        let p = self.mutator().allocate(size_of::<T>()).cast::<T>();
        if p.is_null() {
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<T>());
        }
        // SAFETY: fresh memory of the right size, aligned to 16.
        unsafe {
            p.write(make(Header::new(which as u32)));
            Obj::from_owned(Value::from_ptr(p))
        }
    }

    /// A new instance of `class`, whose layout must be `T`: subclasses of built-in types included. The attribute
    /// area is empty.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn alloc_for<T: Object>(&mut self, class: &PyType, make: impl FnOnce(Header) -> T) -> R {
        // SAFETY: writes the whole payload.
        unsafe { self.alloc_sized(class, size_of::<T>(), |header, p| p.cast::<T>().write(make(header))) }
    }

    /// As [`Cx::alloc_for`], for a payload of `payload` bytes that `fill` writes.
    ///
    /// # Errors
    /// `MemoryError`.
    ///
    /// # Safety
    /// `fill` initialises the payload (header included) with a layout that belongs to the class, and allocates nothing.
    pub unsafe fn alloc_sized(
        &mut self,
        class: &PyType,
        payload: usize,
        fill: impl FnOnce(Header, *mut u8),
    ) -> R {
        let shape = class.root_shape();
        let p = self.mutator().allocate(shape.head.object_size(payload));
        if p.is_null() {
            return Err(self.memory_error());
        }
        // SAFETY: the block has room for payload and attribute area; slots are words.
        unsafe {
            fill(Header::new(shape.head.id), p);
            if shape.head.attr_offset != 0 {
                let area = p.add(payload.next_multiple_of(8)).cast::<Value>();
                for i in 0..=shape.head.attr_inline as usize {
                    area.add(i).write(Value::UNDEF);
                }
            }
            Ok(Obj::from_owned(Value::from_ptr(p)))
        }
    }

    /// An int.
    #[inline]
    pub fn int(&self, i: i64) -> Obj {
        match Value::from_int(i) {
            Some(v) => Obj::immediate(v),
            None => crate::objects::int::new_big(self, i.into()),
        }
    }

    /// An unsigned int.
    pub fn int_u64(&self, i: u64) -> Obj {
        match i64::try_from(i) {
            Ok(i) => self.int(i),
            Err(_) => crate::objects::int::new_big(self, i.into()),
        }
    }

    #[inline]
    pub fn float(&self, x: f64) -> Obj {
        Obj::immediate(Value::from_float(x))
    }

    #[inline]
    pub fn bool(&self, b: bool) -> Obj {
        Obj::immediate(Value::from_bool(b))
    }

    #[inline]
    pub fn none(&self) -> Obj {
        Obj::immediate(Value::NONE)
    }

    #[inline]
    pub fn not_implemented(&self) -> Obj {
        Obj::immediate(Value::NOT_IMPLEMENTED)
    }

    /// A string.
    pub fn str(&self, text: &str) -> Obj {
        crate::objects::str::new_str(self, text)
    }

    /// A tuple.
    pub fn tuple(&self, items: Vec<Obj>) -> Obj {
        crate::objects::tuple::new_tuple(self, items)
    }

    /// A list.
    pub fn list(&self, items: Vec<Obj>) -> Obj {
        crate::objects::list::new_list(self, items)
    }
}

impl PyType {
    /// The shape that new instances start with.
    #[inline(always)]
    pub fn root_shape(&self) -> &'static Shape {
        // ORD: acquire: the shape is complete when seen.
        // SAFETY: set before the class is used; shapes are never freed.
        unsafe { &*self.root_shape.load(Ordering::Acquire) }
    }
}

/// `Err` for natives that a caller should not have reached.
pub fn unreachable_err(cx: &mut Cx, what: &str) -> Err {
    cx.system_error(format!("unreachable: {what}"))
}
