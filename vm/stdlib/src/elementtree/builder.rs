//! The type `TreeBuilder`: makes a tree of elements from the events of a parser.
//!
//! The object's lock guards its fields; it is let go before Python runs. Each event is several steps: two threads that feed
//! one builder get some tree, and none of them crashes.

use super::element::{PyElement, dict_argument, is_exact, new_element, slot_in};
use super::{ClassCell, PARSE_ERROR, factory};
use std::cell::{Cell, UnsafeCell};
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::str::{PyStr, concat_all, new_wtf8};
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

static CLASS: ClassCell = ClassCell::new();

/// What can be reported, in the order of [`PyBuilder::events`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    Start,
    End,
    StartNs,
    EndNs,
    Comment,
    Pi,
}

/// Their names.
pub(super) const REPORTS: [&str; 6] = ["start", "end", "start-ns", "end-ns", "comment", "pi"];

/// What makes elements, comments and instructions.
const FACTORIES: usize = 3;

/// A builder.
#[repr(C)]
pub(super) struct PyBuilder {
    h: Header,
    root: Slot,
    /// The element that is open; empty before the first and after the last one.
    this: Slot,
    /// The latest element that was opened or closed.
    last: Slot,
    /// What text would be the tail of; empty if it would be that of `last`.
    tail_of: Slot,
    factories: [Slot; FACTORIES],
    /// Takes what is reported.
    append: Slot,
    /// Names of what is reported.
    events: [Slot; REPORTS.len()],
    insert_comments: Cell<bool>,
    insert_pis: Cell<bool>,
    parts: UnsafeCell<Parts>,
}

/// What the lock guards besides the slots.
#[derive(Default)]
struct Parts {
    /// Elements around the open one; empty slots stand for none.
    stack: Vec<Slot>,
    /// Text that has come since the last tag: what `data` was given, then what a parser has found.
    data: Vec<Slot>,
    text: Vec<u8>,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyBuilder {
    const OPS: &'static TypeOps = &BUILDER_OPS;
}

static BUILDER_OPS: TypeOps = TypeOps {
    name: "xml.etree.ElementTree.TreeBuilder",
    size: |_| size_of::<PyBuilder>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

impl PyBuilder {
    fn slots(&self) -> impl Iterator<Item = &Slot> {
        let single = [&self.root, &self.this, &self.last, &self.tail_of, &self.append];
        single.into_iter().chain(&self.factories).chain(&self.events)
    }
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a builder that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyBuilder>() };
    this.slots().for_each(|slot| visit(slot.peek()));
    // SAFETY: as above.
    let parts = unsafe { &*this.parts.get() };
    parts.stack.iter().chain(&parts.data).for_each(|slot| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the builder is this thread's alone.
    let this = unsafe { &*h.cast::<PyBuilder>() };
    this.slots().for_each(|slot| slot.clear(m));
    // SAFETY: as above.
    let parts = std::mem::take(unsafe { &mut *this.parts.get() });
    parts.stack.into_iter().chain(parts.data).for_each(|slot| slot.clear(m));
}

impl PyBuilder {
    fn blank(h: Header) -> PyBuilder {
        PyBuilder {
            h,
            root: Slot::empty(),
            this: Slot::empty(),
            last: Slot::empty(),
            tail_of: Slot::empty(),
            factories: std::array::from_fn(|_| Slot::empty()),
            append: Slot::empty(),
            events: std::array::from_fn(|_| Slot::empty()),
            insert_comments: Cell::new(false),
            insert_pis: Cell::new(false),
            parts: UnsafeCell::default(),
        }
    }

    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut Parts) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.parts.get() }))
    }

    fn take(&self, cx: &Cx, slot: &Slot) -> Option<Obj> {
        slot.take(&self.h, cx)
    }

    /// Whether something is reported.
    pub(super) fn reports(&self, which: Report) -> bool {
        !self.events[which as usize].is_empty()
    }

    /// Where reports go, and which.
    pub(super) fn set_reports(&self, cx: &mut Cx, append: Obj, names: [bool; REPORTS.len()]) {
        self.append.set(&self.h, cx, append);
        for ((slot, name), wanted) in self.events.iter().zip(REPORTS).zip(names) {
            if wanted {
                slot.set(&self.h, cx, ungil_runtime::objects::str::intern(cx, name).get().own(cx));
            } else {
                drop(self.take(cx, slot));
            }
        }
    }

    fn report(&self, cx: &mut Cx, which: Report, what: impl FnOnce(&Cx) -> Obj) -> R<()> {
        let slot = &self.events[which as usize];
        if slot.is_empty() {
            return Ok(());
        }
        let (name, append) = (slot.get(&self.h, cx), self.append.get(&self.h, cx));
        let (Some(name), Some(append)) = (name, append) else { return Ok(()) };
        let event = cx.tuple(vec![name, what(cx)]);
        cx.call(append.r(), &[event.r()]).map(drop)
    }

    /// Gives the text that has come to the element that it belongs to.
    fn flush(&self, cx: &mut Cx) -> R<()> {
        let (data, text) =
            self.with(cx, |parts| (std::mem::take(&mut parts.data), std::mem::take(&mut parts.text)));
        if data.is_empty() && text.is_empty() {
            return Ok(());
        }
        let mut items: Vec<Obj> = data.into_iter().filter_map(|slot| slot.take_locked()).collect();
        if !text.is_empty() {
            items.push(new_wtf8(cx, &text));
            // The room is used again.
            let mut text = text;
            text.clear();
            self.with(cx, |parts| {
                if parts.text.is_empty() {
                    parts.text = text;
                }
            });
        }
        let data = match items.len() {
            1 => items.remove(0),
            _ => {
                let items: Vec<Ref<'_>> = items.iter().map(|item| item.r()).collect();
                concat_all(cx, &items)?
            }
        };
        let (name, element) = match self.tail_of.get(&self.h, cx) {
            Some(element) => ("tail", Some(element)),
            None => ("text", self.last.get(&self.h, cx)),
        };
        match element {
            Some(element) => add_text(cx, element.r(), name, data),
            None => Ok(()),
        }
    }

    /// Opens an element.
    ///
    /// # Errors
    /// What the factory, or `append` of the element around, raises; `ParseError` for a second root.
    pub(super) fn start(&self, cx: &mut Cx, tag: Obj, attrib: Option<Obj>) -> R {
        self.flush(cx)?;
        let node = match self.factories[0].get(&self.h, cx) {
            None => new_element(cx, tag, attrib)?,
            Some(factory) => {
                let attrib = attrib.unwrap_or_else(|| PyDict::new(cx));
                cx.call(factory.r(), &[tag.r(), attrib.r()])?
            }
        };
        drop(self.take(cx, &self.tail_of));
        let this = self.this.get(&self.h, cx);
        match &this {
            Some(this) => add_child(cx, this.r(), &node)?,
            None if !self.root.is_empty() => {
                return Err(PARSE_ERROR.error(cx, "multiple elements on top level"));
            }
            None => self.root.set(&self.h, cx, node.clone()),
        }
        self.with(cx, |parts| {
            parts.stack.push(this.map_or_else(Slot::empty, |this| slot_in(&self.h, this)));
        });
        self.this.set(&self.h, cx, node.clone());
        self.last.set(&self.h, cx, node.clone());
        self.report(cx, Report::Start, |_| node.clone())?;
        Ok(node)
    }

    /// Adds text that a parser has found.
    pub(super) fn text(&self, cx: &Cx, text: &str) {
        if self.last.is_empty() {
            return;
        }
        self.with(cx, |parts| parts.text.extend_from_slice(text.as_bytes()));
    }

    /// Adds text, or what stands for it.
    pub(super) fn data(&self, cx: &Cx, data: Obj) {
        if self.last.is_empty() {
            return;
        }
        let text = self.with(cx, |parts| std::mem::take(&mut parts.text));
        let text = (!text.is_empty()).then(|| new_wtf8(cx, &text));
        self.with(cx, |parts| {
            let new = text.into_iter().chain([data]);
            parts.data.extend(new.map(|v| slot_in(&self.h, v)));
        });
    }

    /// Closes the open element.
    ///
    /// # Errors
    /// `IndexError` if none is open.
    pub(super) fn end(&self, cx: &mut Cx) -> R {
        self.flush(cx)?;
        let Some(outer) = self.with(cx, |parts| parts.stack.pop()) else {
            return Err(cx.index_error("pop from empty stack"));
        };
        let closed = match outer.take_locked() {
            Some(outer) => locked(cx, &self.h, || self.this.replace_locked(&self.h, outer)),
            None => self.take(cx, &self.this),
        };
        let Some(closed) = closed else { return Ok(cx.none()) };
        self.last.set(&self.h, cx, closed.clone());
        self.tail_of.set(&self.h, cx, closed.clone());
        self.report(cx, Report::End, |_| closed.clone())?;
        Ok(closed)
    }

    /// Puts a comment or an instruction into the tree if it belongs there.
    fn insert(&self, cx: &mut Cx, made: &Obj, wanted: bool) -> R<()> {
        if !wanted {
            return Ok(());
        }
        let Some(this) = self.this.get(&self.h, cx) else { return Ok(()) };
        add_child(cx, this.r(), made)?;
        self.tail_of.set(&self.h, cx, made.clone());
        Ok(())
    }

    /// A comment.
    ///
    /// # Errors
    /// What the factory raises.
    pub(super) fn comment(&self, cx: &mut Cx, text: Obj) -> R {
        self.flush(cx)?;
        let made = match self.factories[1].get(&self.h, cx) {
            Some(factory) => {
                let made = cx.call(factory.r(), &[text.r()])?;
                self.insert(cx, &made, self.insert_comments.get())?;
                made
            }
            None => text,
        };
        self.report(cx, Report::Comment, |_| made.clone())?;
        Ok(made)
    }

    /// A processing instruction.
    ///
    /// # Errors
    /// What the factory raises.
    pub(super) fn pi(&self, cx: &mut Cx, target: Obj, text: Obj) -> R {
        self.flush(cx)?;
        let made = match self.factories[2].get(&self.h, cx) {
            Some(factory) => {
                let made = cx.call(factory.r(), &[target.r(), text.r()])?;
                self.insert(cx, &made, self.insert_pis.get())?;
                made
            }
            None => cx.tuple(vec![target, text]),
        };
        self.report(cx, Report::Pi, |_| made.clone())?;
        Ok(made)
    }

    /// A prefix of a namespace begins to hold.
    ///
    /// # Errors
    /// What the taker of reports raises.
    pub(super) fn start_ns(&self, cx: &mut Cx, prefix: &str, uri: &str) -> R<()> {
        self.report(cx, Report::StartNs, |cx| cx.tuple(vec![cx.str(prefix), cx.str(uri)]))
    }

    /// It ends.
    ///
    /// # Errors
    /// What the taker of reports raises.
    pub(super) fn end_ns(&self, cx: &mut Cx) -> R<()> {
        self.report(cx, Report::EndNs, |cx| cx.none())
    }

    /// The tree.
    pub(super) fn finish(&self, cx: &Cx) -> Obj {
        self.root.get(&self.h, cx).unwrap_or_else(|| cx.none())
    }
}

fn add_child(cx: &mut Cx, parent: Ref<'_>, child: &Obj) -> R<()> {
    if is_exact(cx, parent)
        && let Some(element) = parent.downcast::<PyElement>(cx)
    {
        if child.downcast::<PyElement>(cx).is_none() {
            return Err(super::element::not_an_element(cx, child.r()));
        }
        return element.push(cx, child.clone());
    }
    cx.call_method(parent, "append", &[child.r()]).map(drop)
}

/// Adds to the text or the tail of an element.
fn add_text(cx: &mut Cx, element: Ref<'_>, name: &str, data: Obj) -> R<()> {
    if is_exact(cx, element)
        && let Some(this) = element.downcast::<PyElement>(cx)
    {
        let slot = if name == "text" { &this.text } else { &this.tail };
        if slot.peek().is_none() {
            slot.set(&this.h, cx, data);
            return Ok(());
        }
    }
    let name = cx.str(name);
    let known = cx.get_attr(element, name.r())?;
    let data = if known.value().is_none() { data } else { cx.binary(BinaryOp::Add, known.r(), data.r())? };
    cx.set_attr(element, name.r(), data)
}

/// Whether the object is a builder and of no subclass.
pub(super) fn exact(cx: &Cx, v: &Obj) -> bool {
    CLASS.get().is_some_and(|class| std::ptr::eq(cx.class_of(v.r()), *class))
}

/// A builder with nothing set, not even what makes comments.
///
/// # Errors
/// `MemoryError`.
pub(super) fn new_builder(cx: &mut Cx) -> R {
    let class = class(cx);
    cx.alloc_for::<PyBuilder>(class, PyBuilder::blank)
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    cx.alloc_for::<PyBuilder>(class, PyBuilder::blank)
}

fn initialise(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyBuilder = a.this();
    let flag = |cx: &mut Cx, i: usize| a.opt(i).map_or(Ok(false), |v| cx.truth(v));
    let (comments, pis) = (flag(cx, 4)?, flag(cx, 5)?);
    let makers = [
        a.opt_not_none(1).map(|v| v.own(cx)),
        a.opt_not_none(2).map(|v| v.own(cx)).or_else(|| factory(cx, 0)),
        a.opt_not_none(3).map(|v| v.own(cx)).or_else(|| factory(cx, 1)),
    ];
    this.insert_comments.set(comments && makers[1].is_some());
    this.insert_pis.set(pis && makers[2].is_some());
    for (slot, maker) in this.factories.iter().zip(makers) {
        match maker {
            Some(maker) => slot.set(&this.h, cx, maker),
            None => drop(this.take(cx, slot)),
        }
    }
    Ok(cx.none())
}

fn start(cx: &mut Cx, a: Args<'_>) -> R {
    dict_argument(cx, a.get(2), "start() argument 2")?;
    let (tag, attrib) = (a.get(1).own(cx), a.get(2).own(cx));
    a.this::<PyBuilder>().start(cx, tag, Some(attrib))
}

fn data(cx: &mut Cx, a: Args<'_>) -> R {
    let data = a.get(1).own(cx);
    let this: &PyBuilder = a.this();
    match data.downcast::<PyStr>(cx).and_then(|text| text.as_str()) {
        Some("") => {}
        _ => this.data(cx, data),
    }
    Ok(cx.none())
}

fn pi(cx: &mut Cx, a: Args<'_>) -> R {
    let (target, text) = (a.get(1).own(cx), a.opt(2).map_or(cx.none(), |v| v.own(cx)));
    a.this::<PyBuilder>().pi(cx, target, text)
}

fn comment(cx: &mut Cx, a: Args<'_>) -> R {
    let text = a.get(1).own(cx);
    a.this::<PyBuilder>().comment(cx, text)
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    (
        "__init__",
        "($self, /, element_factory=None, *, comment_factory=None, pi_factory=None, insert_comments=False, \
         insert_pis=False)",
        Full(initialise),
    ),
    ("close", "($self, /)", Full(|cx, a| Ok(a.this::<PyBuilder>().finish(cx)))),
    ("comment", "($self, text, /)", Full(comment)),
    ("data", "($self, data, /)", Full(data)),
    ("end", "($self, tag, /)", Full(|cx, a| a.this::<PyBuilder>().end(cx))),
    ("pi", "($self, target, text=None, /)", Full(pi)),
    ("start", "($self, tag, attrs, /)", Full(start)),
];

/// The type.
pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    match CLASS.get() {
        Some(class) => class,
        None => make_class(cx),
    }
}

#[cold]
fn make_class(cx: &mut Cx) -> &'static PyType {
    let name = "xml.etree.ElementTree.TreeBuilder";
    let (size, flags) = (size_of::<PyBuilder>(), class_flag::BASETYPE);
    let mut b = TypeBuilder::native_type(cx, name, &BUILDER_OPS, size, true, flags);
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.methods(cx, METHODS);
    CLASS.get_or_init(|| b.class())
}
