//! `chain`, `zip_longest`.

use super::positional_type;
use ungil_locks::primitive::{AtomicBool, AtomicUsize, Ordering};
use ungil_runtime::objects::construct;
use ungil_runtime::objects::generic_alias::class_getitem;
use ungil_runtime::objects::iter::{NativeIter, fixed, next_inner};
use ungil_runtime::objects::str::intern;
use ungil_runtime::objects::tuple::{PyTuple, new_tuple};
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// `chain(*iterables)`.
#[repr(C)]
pub(super) struct PyChain {
    h: Header,
    /// An iterator over the iterables; empty at the end.
    source: Slot,
    /// The iterator over the present iterable.
    active: Slot,
}

slot_ops!(CHAIN_OPS, PyChain, "itertools.chain", source, active);

impl PyChain {
    /// Goes over to the next iterable; `None` at the end.
    fn advance(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(iterable) = super::next_in(cx, &self.h, &self.source)? else { return Ok(None) };
        match cx.iter(iterable.r()) {
            Ok(iterator) => {
                self.active.set(&self.h, cx, iterator.clone());
                Ok(Some(iterator))
            }
            Err(err) => {
                drop(self.source.take(&self.h, cx));
                Err(err)
            }
        }
    }

    /// Gives up an iterator that has ended, unless another one has taken its place.
    fn give_up(&self, cx: &Cx, ended: &Obj) {
        let old = ungil_runtime::objects::sync::locked(cx, &self.h, || {
            if self.active.peek() == ended.value() { self.active.take_locked() } else { None }
        });
        drop(old);
    }
}

impl NativeIter for PyChain {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let mut active = self.active.get(&self.h, cx);
        loop {
            let iterator = match active {
                Some(iterator) => iterator,
                None => match self.advance(cx)? {
                    Some(iterator) => iterator,
                    None => return Ok(None),
                },
            };
            if let Some(item) = next_inner(cx, iterator.r())? {
                return Ok(Some(item));
            }
            self.give_up(cx, &iterator);
            cx.poll()?;
            active = self.active.get(&self.h, cx);
        }
    }
}

fn new_chain(cx: &mut Cx, class: &PyType, source: Obj) -> R {
    cx.alloc_for::<PyChain>(class, |h| PyChain { h, source: Slot::new(source), active: Slot::empty() })
}

fn make_chain(cx: &mut Cx, class: &PyType, args: &[Ref<'_>]) -> R {
    let iterables = args.iter().map(|v| v.own(cx)).collect();
    let iterables = new_tuple(cx, iterables);
    let source = cx.iter(iterables.r())?;
    new_chain(cx, class, source)
}

fn from_iterable(cx: &mut Cx, a: Args<'_>) -> R {
    let source = cx.iter(a.get(1))?;
    new_chain(cx, construct::class_argument(cx, a), source)
}

/// `zip_longest(*iterables, fillvalue=None)`.
#[repr(C)]
pub(super) struct PyZipLongest {
    h: Header,
    /// A tuple.
    iterators: Slot,
    fill: Slot,
    /// Which iterators have ended.
    ended: Box<[AtomicBool]>,
    /// How many have not.
    left: AtomicUsize,
}

// SAFETY: `repr(C)`, header first; objects with these operations are made with this payload.
unsafe impl Object for PyZipLongest {
    const OPS: &'static TypeOps = &ZIP_LONGEST_OPS;
}

static ZIP_LONGEST_OPS: TypeOps = TypeOps {
    name: "itertools.zip_longest",
    size: |_| size_of::<PyZipLongest>(),
    trace: Some(|h, visit| {
        // SAFETY: called with a `zip_longest`.
        let this = unsafe { &*h.cast::<PyZipLongest>() };
        [&this.iterators, &this.fill].into_iter().for_each(|slot| visit(slot.peek()));
    }),
    drop_fields: Some(|h, m| {
        // SAFETY: the object is this thread's alone.
        let this = unsafe { &mut *h.cast::<PyZipLongest>() };
        this.iterators.clear(m);
        this.fill.clear(m);
        drop(std::mem::take(&mut this.ended));
    }),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

impl NativeIter for PyZipLongest {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        // ORD: relaxed, here and below; counts and flags that nothing else hangs on.
        if self.left.load(Ordering::Relaxed) == 0 {
            return Ok(None);
        }
        // SAFETY: set to a tuple when the object is made.
        let iterators: &PyTuple = unsafe { fixed(&self.iterators).cast_unchecked() };
        let mut items = Vec::with_capacity(iterators.len());
        for (&iterator, ended) in iterators.items().iter().zip(&self.ended) {
            let item = match ended.load(Ordering::Relaxed) {
                true => None,
                false => match next_inner(cx, iterator) {
                    Ok(item) => item,
                    Err(err) => {
                        self.left.store(0, Ordering::Relaxed);
                        return Err(err);
                    }
                },
            };
            // Nothing is given when the last iterator ends.
            if item.is_none() && !ended.swap(true, Ordering::Relaxed) {
                let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
                if left.is_ok_and(|before| before == 1) {
                    return Ok(None);
                }
            }
            items.push(item.unwrap_or_else(|| fixed(&self.fill).own(cx)));
        }
        Ok(Some(new_tuple(cx, items)))
    }
}

fn make_zip_longest(cx: &mut Cx, class: &PyType, args: &[Ref<'_>], fill: Obj) -> R {
    let mut iterators = Vec::with_capacity(args.len());
    for &v in args {
        iterators.push(cx.iter(v)?);
    }
    let iterators = new_tuple(cx, iterators);
    let ended = args.iter().map(|_| AtomicBool::new(false)).collect();
    cx.alloc_for::<PyZipLongest>(class, |h| PyZipLongest {
        h,
        iterators: Slot::new(iterators),
        fill: Slot::new(fill),
        ended,
        left: AtomicUsize::new(args.len()),
    })
}

fn construct_zip_longest(cx: &mut Cx, a: Args<'_>) -> R {
    let mut fill = cx.none();
    if let Some(keywords) = a.varkw(cx, 2).filter(|kw| !kw.is_empty()) {
        match keywords.get_str(cx, intern(cx, "fillvalue").get()) {
            Some(v) if keywords.len() == 1 => fill = v,
            _ => return Err(cx.type_error("zip_longest() got an unexpected keyword argument")),
        }
    }
    make_zip_longest(cx, construct::class_argument(cx, a), a.varargs(cx, 1), fill)
}

pub(super) fn init(cx: &mut Cx) -> Vec<&'static PyType> {
    let mut chain = positional_type!(
        cx,
        PyChain,
        CHAIN_OPS,
        "chain",
        0..=usize::MAX,
        make_chain,
        "The items of the first iterable, then those of the next one, until all have ended."
    );
    chain.class_method(cx, "from_iterable", "($type, iterable, /)", Full(from_iterable));
    chain.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    let size = size_of::<PyZipLongest>();
    let flags = class_flag::BASETYPE;
    let mut zip_longest =
        TypeBuilder::native_type(cx, "itertools.zip_longest", &ZIP_LONGEST_OPS, size, true, flags);
    zip_longest.doc(
        cx,
        "Tuples of one item of each iterable until the longest one ends; fillvalue stands for what is missing.",
    );
    zip_longest.constructor(cx, "($type, *args, **kwargs)", Full(construct_zip_longest));
    zip_longest.quick(|cx, class, args| {
        let fill = cx.none();
        Some(make_zip_longest(cx, class, args.refs(), fill))
    });
    zip_longest.iterator::<PyZipLongest>(cx);
    vec![chain.class(), zip_longest.class()]
}
