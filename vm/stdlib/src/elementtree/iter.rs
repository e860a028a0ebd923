//! `Element.iter` and `Element.itertext`: a walk through a tree in the order of the document.
//!
//! The iterator's lock guards the way down to where it is: elements, and which of their children comes next. Several threads
//! that share it each get another element. The tree may change meanwhile: the next child is what is then at its place.

use super::ClassCell;
use super::element::PyElement;
use super::search::same;
use std::cell::UnsafeCell;
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::iter::{NativeIter, fixed};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

static CLASS: ClassCell = ClassCell::new();

#[repr(C)]
struct PyElementIter {
    h: Header,
    /// The tag that elements must have, `None` for all.
    tag: Slot,
    /// Texts and tails are wanted, not elements.
    text: bool,
    walk: UnsafeCell<Walk>,
}

/// What the lock guards.
struct Walk {
    /// Where the walk begins, until it has.
    root: Slot,
    path: Vec<(Slot, usize)>,
}

// SAFETY: `repr(C)`, header first; objects of the type are made with this payload alone.
unsafe impl Object for PyElementIter {
    const OPS: &'static TypeOps = &ITER_OPS;
}

static ITER_OPS: TypeOps = TypeOps {
    name: "_elementtree._element_iterator",
    size: |_| size_of::<PyElementIter>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: |_| false,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is an iterator that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyElementIter>() };
    visit(this.tag.peek());
    // SAFETY: as above.
    let walk = unsafe { &*this.walk.get() };
    visit(walk.root.peek());
    walk.path.iter().for_each(|(slot, _)| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the iterator is this thread's alone.
    let this = unsafe { &*h.cast::<PyElementIter>() };
    this.tag.clear(m);
    // SAFETY: as above.
    let walk = unsafe { &mut *this.walk.get() };
    walk.root.clear(m);
    std::mem::take(&mut walk.path).into_iter().for_each(|(slot, _)| slot.clear(m));
}

/// Where a step of the walk led.
enum Met {
    Element(Obj),
    /// All below this element has been visited.
    Left(Obj),
    End,
}

impl PyElementIter {
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut Walk) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.walk.get() }))
    }

    /// Goes one step on.
    fn advance(&self, cx: &mut Cx) -> R<Met> {
        // The next child is taken while nothing of this iterator is locked: two objects are locked in order only.
        let top = self.with(cx, |walk| match walk.path.last_mut() {
            Some((slot, index)) => {
                let parent = slot.get_locked(cx);
                *index += 1;
                Ok(parent.map(|parent| (parent, *index - 1)))
            }
            None => Err(walk.root.take_locked()),
        });
        let next = match top {
            Err(None) | Ok(None) => return Ok(Met::End),
            Err(Some(root)) => root,
            Ok(Some((parent, index))) => {
                // SAFETY: only elements are on the path.
                match unsafe { parent.cast_unchecked::<PyElement>() }.child(cx, index) {
                    Some(child) => child,
                    None => return Ok(self.leave(cx, parent)),
                }
            }
        };
        // An element has no children but elements.
        let pushed = self.with(cx, |walk| {
            let room = walk.path.try_reserve(1).is_ok();
            if room {
                let slot = super::element::slot_in(&self.h, next.clone());
                walk.path.push((slot, 0));
            }
            room
        });
        if pushed { Ok(Met::Element(next)) } else { Err(cx.memory_error()) }
    }

    /// Goes back from an element that has no more children, if the walk is still there.
    fn leave(&self, cx: &Cx, parent: Obj) -> Met {
        let gone = self.with(cx, |walk| match walk.path.last() {
            Some((slot, _)) if slot.peek() == parent.value() => {
                let gone = walk.path.pop().and_then(|(slot, _)| slot.take_locked());
                Some((gone, walk.path.is_empty()))
            }
            _ => None,
        });
        match gone {
            Some((gone, at_end)) => {
                drop(gone);
                if at_end { Met::End } else { Met::Left(parent) }
            }
            None => Met::Left(parent),
        }
    }
}

impl NativeIter for PyElementIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        loop {
            let (met, entered) = match self.advance(cx)? {
                Met::End => return Ok(None),
                Met::Element(element) => (element, true),
                Met::Left(element) => (element, false),
            };
            // SAFETY: only elements are met.
            let element = unsafe { met.cast_unchecked::<PyElement>() };
            if !self.text {
                if !entered {
                    continue;
                }
                let wanted = fixed(&self.tag);
                if wanted.value().is_none() {
                    return Ok(Some(met));
                }
                let tag = element.field(cx, &element.tag);
                if same(cx, tag.r(), wanted)? {
                    return Ok(Some(met));
                }
            } else if let Some(text) = text_of(cx, element, entered)? {
                return Ok(Some(text));
            }
            cx.poll()?;
        }
    }
}

/// The text of an element, or its tail, unless it is empty. Comments and instructions have none.
fn text_of(cx: &mut Cx, element: &PyElement, entered: bool) -> R<Option<Obj>> {
    let text = if entered {
        let tag = element.field(cx, &element.tag);
        if !tag.value().is_none() && tag.downcast::<PyStr>(cx).is_none() {
            return Ok(None);
        }
        element.field(cx, &element.text)
    } else {
        element.field(cx, &element.tail)
    };
    if text.value().is_none() || !cx.truth(text.r())? { Ok(None) } else { Ok(Some(text)) }
}

fn new(cx: &mut Cx, root: Ref<'_>, tag: Obj, text: bool) -> R {
    let class = class(cx);
    let root = root.own(cx);
    cx.alloc_for::<PyElementIter>(class, |h| PyElementIter {
        h,
        tag: Slot::new(tag),
        text,
        walk: UnsafeCell::new(Walk { root: Slot::new(root), path: Vec::new() }),
    })
}

/// `Element.iter`.
pub(super) fn iterate(cx: &mut Cx, a: Args<'_>) -> R {
    let tag = a.opt(1).map_or(cx.none(), |tag| tag.own(cx));
    let star = tag.downcast::<PyStr>(cx).is_some_and(|s| s.as_bytes() == b"*")
        || tag.downcast::<PyBytes>(cx).is_some_and(|s| s.as_bytes() == b"*");
    let tag = if star { cx.none() } else { tag };
    new(cx, a.get(0), tag, false)
}

/// `Element.itertext`.
pub(super) fn iterate_text(cx: &mut Cx, a: Args<'_>) -> R {
    let none = cx.none();
    new(cx, a.get(0), none, true)
}

/// The type.
pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    match CLASS.get() {
        Some(class) => class,
        None => make_class(cx),
    }
}

#[cold]
fn make_class(cx: &mut Cx) -> &'static PyType {
    let (size, flags) = (size_of::<PyElementIter>(), class_flag::DISALLOW_INSTANTIATION);
    let name = "_elementtree._element_iterator";
    let mut b = TypeBuilder::native_type(cx, name, &ITER_OPS, size, true, flags);
    b.iterator::<PyElementIter>(cx);
    CLASS.get_or_init(|| b.class())
}
