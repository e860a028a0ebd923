//! Shapes: which attribute of an instance is in which slot.
//!
//! A class has a root shape; setting a new attribute moves the instance along a transition to the shape with one
//! more name. Shapes are immutable and live as long as their class; the id of one that was freed is not given to another
//! before all inline caches have been emptied, so an inline cache may keep an id.
//! An instance with more attributes than its area holds, or whose `__dict__` was asked for, goes over to the class's
//! dict shape: all its attributes are then in a real dict in the area's first slot. From there it may come back once
//! (`ops/instance_dict.rs`).

use crate::class::{PyType, class_flag};
use crate::{Cx, Header, Ref, ShapeHead, TypeOps, Value};
use std::collections::HashMap;
use ungil_gc::BuildPointerHasher;
use ungil_gc::{DYNAMIC_OFFSET, shape_flag};
use ungil_locks::primitive::{AtomicPtr, AtomicU32, Mutex, Ordering};

/// Most attributes that a shape describes; an instance with more keeps them in a dict.
pub const MAX_SHAPE_ATTRS: u32 = 30;
/// Attribute slots of the first instances of a class, before it is known how many they need.
pub const FIRST_HINT: u32 = 6;
/// Shapes of a class from which on deleting attributes makes no more of them.
const MANY_SHAPES: usize = 64;

/// See the module's head.
#[repr(C)]
pub struct Shape {
    pub head: ShapeHead,
    pub class: *const PyType,
    /// The instance's attributes are in a dict; the slots of `__slots__` stay in place.
    pub dict_mode: bool,
    /// Names by slot, after the slots that `__slots__` takes: addresses of interned strings.
    pub names: Box<[usize]>,
    /// Index of the first slot that a name may have.
    pub first: u32,
    /// Words from the object's start to the slot of the last name; 0 if there is none or it differs from object to object.
    pub last_word: u32,
    index: Option<HashMap<usize, u32, BuildPointerHasher>>,
    transitions: Mutex<Vec<(usize, *const Shape)>>,
    /// The shape without names that this one comes from; null if it is none itself and comes from none.
    root: *const Shape,
    /// Of a root: the shape of its instances that have gone over to a dict.
    dict_shape: AtomicPtr<Shape>,
}

// SAFETY: immutable but for the guarded transitions.
unsafe impl Send for Shape {}
// SAFETY: as above.
unsafe impl Sync for Shape {}

/// The flag of shapes whose objects are asked whether they need a finalizer whatever their class: those with more to
/// ask than whether it has a `__del__`.
fn asks(ops: &TypeOps) -> u32 {
    let has_del = crate::finalize::has_del as unsafe fn(*mut Header) -> bool;
    if std::ptr::fn_addr_eq(ops.needs_finalizer, has_del) { 0 } else { shape_flag::FINALIZER }
}

impl Shape {
    fn make(
        cx: &Cx,
        head: ShapeHead,
        class: &PyType,
        dict_mode: bool,
        names: Box<[usize]>,
        first: u32,
        root: Option<&'static Shape>,
    ) -> &'static Shape {
        let index = (names.len() > 8)
            .then(|| names.iter().enumerate().map(|(i, &name)| (name, first + i as u32)).collect());
        let id = head.id;
        let last_word = match head.attr_offset {
            DYNAMIC_OFFSET => 0,
            _ if names.is_empty() => 0,
            offset => offset / 8 + first + names.len() as u32,
        };
        let shape: &'static Shape = Box::leak(Box::new(Shape {
            last_word,
            head,
            class,
            dict_mode,
            names,
            first,
            index,
            transitions: Mutex::default(),
            root: root.map_or(std::ptr::null(), std::ptr::from_ref),
            dict_shape: AtomicPtr::default(),
        }));
        class.shapes.lock().unwrap_or_else(|p| p.into_inner()).push(shape);
        cx.space.shapes.set(id, std::ptr::from_ref(shape).cast_mut().cast());
        // A `__del__` that the class is given while the shape is made is seen here or by `ask_finalizers`, which takes the
        // same mutex.
        if class.has_flag(class_flag::HAS_DEL | class_flag::HAS_TP_DEL) {
            shape.ask_finalizer();
        }
        shape
    }

    /// From now on instances are asked whether they must be finalized.
    fn ask_finalizer(&self) {
        // ORD: relaxed; an instance that ends meanwhile may have done so before.
        self.head.flags.fetch_or(shape_flag::FINALIZER, Ordering::Relaxed);
    }

    /// Makes the end of instances of a class that has been given a `__del__` look for it.
    pub(crate) fn ask_finalizers(class: &PyType) {
        let shapes = class.shapes.lock().unwrap_or_else(|p| p.into_inner());
        shapes.iter().for_each(|shape| shape.ask_finalizer());
    }

    /// Frees the shapes of a class.
    ///
    /// # Safety
    /// The class is about to be freed; there are no instances of it, and no thread looks at its shapes.
    pub(crate) unsafe fn free_all(cx: &Cx, class: &PyType) {
        for shape in std::mem::take(&mut *class.shapes.lock().unwrap_or_else(|p| p.into_inner())) {
            // SAFETY: `make` has leaked it, and nobody knows it any more.
            let shape = unsafe { Box::from_raw(std::ptr::from_ref(shape).cast_mut()) };
            cx.space.shapes.retire(shape.head.id);
        }
    }

    fn new_id(cx: &Cx) -> u32 {
        cx.space.shapes.new_id().unwrap_or_else(|| ungil_gc::fatal("out of shapes"))
    }

    /// The shape of the exact instances of a built-in type without attributes of their own. No `__del__` can be added to
    /// such a type.
    pub fn fixed(cx: &Cx, class: &PyType, id: u32, ops: &'static TypeOps, gc: bool) -> &'static Shape {
        let finalizer = asks(ops);
        let flags = AtomicU32::new(if gc { shape_flag::GC | finalizer } else { 0 });
        let head = ShapeHead { ops, id, flags, attr_offset: 0, attr_inline: 0, class: freeable(class) };
        Shape::make(cx, head, class, true, Box::default(), 0, None)
    }

    /// The shape of the instances of a native module's type.
    pub fn native(cx: &Cx, class: &PyType, ops: &'static TypeOps, gc: bool) -> &'static Shape {
        Shape::fixed(cx, class, Shape::new_id(cx), ops, gc)
    }

    /// A root shape for instances of `class` with room for `inline` attributes in all.
    pub fn root(cx: &Cx, class: &PyType, id: Option<u32>, inline: u32) -> &'static Shape {
        let attr_offset = match class.payload_size {
            0 => DYNAMIC_OFFSET,
            size => size.next_multiple_of(8) as u32,
        };
        let head = ShapeHead {
            ops: class.ops,
            id: id.unwrap_or_else(|| Shape::new_id(cx)),
            flags: AtomicU32::new(shape_flag::GC | asks(class.ops)),
            attr_offset,
            attr_inline: inline.max(class.slot_count),
            class: freeable(class),
        };
        Shape::make(
            cx,
            head,
            class,
            !class.has_flag(class_flag::HAS_DICT),
            Box::default(),
            class.slot_count,
            None,
        )
    }

    /// The slot that holds the attribute with this interned name.
    #[inline]
    pub fn slot_of(&self, name: usize) -> Option<u32> {
        if let Some(index) = &self.index {
            return index.get(&name).copied();
        }
        self.names.iter().position(|&n| n == name).map(|i| self.first + i as u32)
    }

    /// Byte offset from the object's start of attribute slot `slot`, unless it differs from object to object.
    #[inline]
    pub fn byte_offset(&self, slot: u32) -> Option<u32> {
        (self.head.attr_offset != DYNAMIC_OFFSET).then(|| self.head.attr_offset + 8 * (1 + slot))
    }

    /// The shape with one more attribute, and its slot; `None` if the area is full.
    pub fn with_name(&'static self, cx: &Cx, name: Ref<'static>) -> Option<(&'static Shape, u32)> {
        let slot = self.first + self.names.len() as u32;
        if slot >= self.head.attr_inline || self.dict_mode {
            return None;
        }
        let name = name.value().0 as usize;
        let mut transitions = self.transitions.lock().unwrap_or_else(|p| p.into_inner());
        if let Some(&(_, next)) = transitions.iter().find(|&&(n, _)| n == name) {
            // SAFETY: shapes live as long as their class.
            return Some((unsafe { &*next }, slot));
        }
        let names = self.names.iter().copied().chain([name]).collect();
        let class = self.class();
        class.note_slot_name(name, false);
        let next =
            Shape::make(cx, self.like(cx, class), class, false, names, self.first, self.without_names());
        transitions.push((name, next));
        Some((next, slot))
    }

    /// The shape for the same area with just these names, addresses of interned strings, which this one has as well; `None` if a
    /// dict serves the class's instances better, since they have had very many shapes.
    pub fn of_names(&'static self, cx: &Cx, names: impl Iterator<Item = usize>) -> Option<&'static Shape> {
        if self.class().shapes.lock().unwrap_or_else(|p| p.into_inner()).len() > MANY_SHAPES {
            return None;
        }
        names.fold(self.without_names(), |shape, name| {
            // SAFETY: names in shapes are interned strings, which are immortal.
            let name = unsafe { Ref::from_value(Value(name as u64)) };
            Some(shape?.with_name(cx, name)?.0)
        })
    }

    /// The shape without names for the same area: the one that this one comes from, or itself.
    pub fn without_names(&'static self) -> Option<&'static Shape> {
        // SAFETY: shapes live as long as their class.
        unsafe { self.root.as_ref() }.or_else(|| (!self.dict_mode).then_some(self))
    }

    /// The shape with the same area whose attributes are in a dict.
    pub fn in_dict_mode(&'static self, cx: &Cx) -> &'static Shape {
        let Some(root) = self.without_names().filter(|_| !self.dict_mode) else { return self };
        // ORD: acquire and release: the shape is complete when seen. A race makes two, both are right.
        let known = root.dict_shape.load(Ordering::Acquire);
        // SAFETY: shapes live as long as their class.
        if let Some(shape) = unsafe { known.as_ref() } {
            return shape;
        }
        let class = self.class();
        let shape =
            Shape::make(cx, self.like(cx, class), class, true, Box::default(), self.first, Some(root));
        root.dict_shape.store(shape as *const Shape as *mut Shape, Ordering::Release);
        shape
    }

    /// The shape of an instance that was given another class of the same layout (`obj.__class__ = C`): in dict mode.
    pub fn for_class(&self, cx: &Cx, class: &PyType) -> &'static Shape {
        let known = class.shapes.lock().unwrap_or_else(|p| p.into_inner());
        let fits = known.iter().copied().find(|shape| {
            shape.dict_mode
                && std::ptr::eq(shape.head.ops, self.head.ops)
                && (shape.head.attr_offset, shape.head.attr_inline, shape.first)
                    == (self.head.attr_offset, self.head.attr_inline, class.slot_count)
        });
        if let Some(shape) = fits {
            return shape;
        }
        drop(known);
        Shape::make(cx, self.like(cx, class), class, true, Box::default(), class.slot_count, None)
    }

    /// The class of the shape's objects.
    pub fn class(&self) -> &'static PyType {
        // SAFETY: a class lives as long as its shapes: whoever has one has an object of it, or the class.
        unsafe { &*self.class }
    }

    fn like(&self, cx: &Cx, class: &PyType) -> ShapeHead {
        ShapeHead {
            class: freeable(class),
            ops: self.head.ops,
            id: Shape::new_id(cx),
            // ORD: relaxed; a snapshot.
            flags: AtomicU32::new(self.head.flags.load(Ordering::Relaxed)),
            attr_offset: self.head.attr_offset,
            attr_inline: self.head.attr_inline,
        }
    }
}

impl PyType {
    /// Attributes of the instance that has had most of them, as far as shapes describe them.
    pub(crate) fn most_attributes(&self) -> u32 {
        let shapes = self.shapes.lock().unwrap_or_else(|p| p.into_inner());
        shapes.iter().map(|shape| shape.names.len() as u32).max().unwrap_or(0)
    }
}

/// The class if it may be freed, for the head of its shapes.
fn freeable(class: &PyType) -> *mut Header {
    if class.h.is_hub() { (&raw const class.h).cast_mut() } else { std::ptr::null_mut() }
}

impl Cx {
    /// The shape of an object.
    #[inline(always)]
    pub fn shape_of(&self, h: &Header) -> &'static Shape {
        // SAFETY: shapes of the runtime are `Shape`s and live as long as their objects.
        unsafe { &*self.mutator().shape(h as *const Header as *mut Header).cast::<Shape>() }
    }
}
