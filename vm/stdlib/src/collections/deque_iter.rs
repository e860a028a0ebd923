//! Iterators over deques, forward and backward.

use super::deque::PyDeque;
use std::cell::Cell;
use std::sync::OnceLock;
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::iter::{NativeIter, fixed};
use ungil_runtime::objects::sync::locked_both;
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// `iter(deque)` and `reversed(deque)`. The fields are guarded by the iterator's lock.
#[repr(C)]
pub(super) struct PyDequeIter {
    h: Header,
    deque: Slot,
    backward: bool,
    /// Items that are left.
    left: Cell<usize>,
    /// Items passed already, or skipped.
    index: Cell<usize>,
    state: u64,
}

slot_ops!(DEQUE_ITER_OPS, PyDequeIter, "collections._deque_iterator", deque);

static FORWARD: OnceLock<&'static PyType> = OnceLock::new();
static BACKWARD: OnceLock<&'static PyType> = OnceLock::new();

/// An iterator over the deque.
///
/// # Errors
/// `MemoryError`.
pub(super) fn new(cx: &mut Cx, deque: Ref<'_>, backward: bool) -> R {
    let class = if backward { BACKWARD.get() } else { FORWARD.get() };
    match class {
        Some(class) => make(cx, class, deque, backward),
        None => Err(cx.system_error("_collections is not initialised")),
    }
}

fn make(cx: &mut Cx, class: &PyType, v: Ref<'_>, backward: bool) -> R {
    let Some(deque) = v.downcast::<PyDeque>(cx) else {
        return Err(cx.type_error("not a deque"));
    };
    let (len, state) = deque.with(cx, |ring| (ring.len(), ring.state));
    let deque = v.own(cx);
    cx.alloc_for::<PyDequeIter>(class, |h| PyDequeIter {
        h,
        deque: Slot::new(deque),
        backward,
        left: Cell::new(len),
        index: Cell::new(0),
        state,
    })
}

impl PyDequeIter {
    fn deque(&self) -> &PyDeque {
        // SAFETY: the slot is set to a deque when the iterator is made.
        unsafe { fixed(&self.deque).cast_unchecked() }
    }
}

impl NativeIter for PyDequeIter {
    #[inline]
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let deque = self.deque();
        let item = locked_both(cx, &self.h, &deque.h, || {
            // SAFETY: the deque's lock is held.
            let ring = unsafe { deque.ring_locked() };
            if ring.state != self.state {
                self.left.set(0);
                return Err(());
            }
            let left = self.left.get();
            if left == 0 {
                return Ok(None);
            }
            let index = self.index.get();
            self.left.set(left - 1);
            self.index.set(index + 1);
            Ok(ring.get(cx, if self.backward { ring.len() - 1 - index } else { index }))
        });
        item.map_err(|()| cx.runtime_error("deque mutated during iteration"))
    }
}

fn construct(cx: &mut Cx, a: Args<'_>, backward: bool) -> R {
    let given = match *a.varargs(cx, 1) {
        [] => 0,
        ref args @ ([deque] | [deque, _]) => {
            let class = if backward { BACKWARD.get() } else { FORWARD.get() };
            let class = class.copied().unwrap_or_else(|| class_argument(cx, a));
            if deque.downcast::<PyDeque>(cx).is_none() {
                let got = cx.type_name(deque);
                return Err(cx.type_error(format!("argument 1 must be collections.deque, not {got}")));
            }
            let skip = match args.get(1) {
                Some(&n) => super::deque_methods::ssize(cx, n)?,
                None => 0,
            };
            let made = make(cx, class, deque, backward)?;
            let this = made.downcast::<PyDequeIter>(cx);
            if let Some(this) = this.filter(|_| skip > 0) {
                let skipped = this.left.get().min(skip as usize);
                this.left.set(this.left.get() - skipped);
                this.index.set(skipped);
            }
            return Ok(made);
        }
        ref args => args.len(),
    };
    let bound = if given == 0 { "at least 1 argument" } else { "at most 2 arguments" };
    Err(cx.type_error(format!("function takes {bound} ({given} given)")))
}

fn reduce(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyDequeIter = a.this();
    let index = ungil_runtime::objects::sync::locked(cx, &this.h, || this.index.get());
    let args = cx.tuple(vec![fixed(&this.deque).own(cx), cx.int(index as i64)]);
    Ok(cx.tuple(vec![cx.class_of(a.get(0)).as_ref().own(cx), args]))
}

fn hint(cx: &Cx, a: Args<'_>) -> R {
    let this: &PyDequeIter = a.this();
    Ok(cx.int(ungil_runtime::objects::sync::locked(cx, &this.h, || this.left.get()) as i64))
}

/// Makes the types.
pub(super) fn init(cx: &mut Cx) -> [&'static PyType; 2] {
    let size = size_of::<PyDequeIter>();
    let forward: NativeFn = Full(|cx, a| construct(cx, a, false));
    let backward: NativeFn = Full(|cx, a| construct(cx, a, true));
    [
        ("collections._deque_iterator", forward, &FORWARD),
        ("collections._deque_reverse_iterator", backward, &BACKWARD),
    ]
    .map(|(name, constructor, class)| {
        let mut b = TypeBuilder::native_type(cx, name, &DEQUE_ITER_OPS, size, true, 0);
        b.constructor(cx, "($type, *args, **kwargs)", constructor);
        b.iterator::<PyDequeIter>(cx);
        b.specials(cx, &[(Special::LengthHint, Leaf(hint)), (Special::Reduce, Leaf(reduce))]);
        *class.get_or_init(|| b.class())
    })
}
