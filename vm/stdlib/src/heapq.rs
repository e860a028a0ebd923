//! `_heapq`: heaps in lists, with the smallest item in front, or (`..._max`) the largest.
//!
//! A change of the list and the moves that restore the heap are one step for other threads as long as comparing needs no
//! Python: they are done under the list's lock. When a comparison does, the lock is let go of for it and the moves go on
//! afterwards where they were; if the length has changed meanwhile, that is an error, as in CPython. Items are moved by
//! exchanging them, so that a heap that is left half done still has all its items.

use ungil_runtime::objects::list::{Edit, PyList};
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::ops::quick;
use ungil_runtime::prelude::*;

/// Which item is in front.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Min,
    Max,
}

impl Order {
    /// Whether `a` belongs in front of `b`, if that needs no Python.
    #[inline(always)]
    fn quick(self, cx: &Cx, a: Ref<'_>, b: Ref<'_>) -> Option<bool> {
        match self {
            Order::Min => quick::compare(cx, CompareOp::Lt, a, b),
            Order::Max => quick::compare(cx, CompareOp::Lt, b, a),
        }
    }

    fn is_before(self, cx: &mut Cx, a: Ref<'_>, b: Ref<'_>) -> R<bool> {
        match self {
            Order::Min => cx.compare_bool(CompareOp::Lt, a, b),
            Order::Max => cx.compare_bool(CompareOp::Lt, b, a),
        }
    }
}

/// An item on its way to its place.
struct Sift {
    order: Order,
    /// The highest place that it may go to.
    top: usize,
    at: usize,
    /// First down, past the better of its children each time, to the bottom; then up from there. So a large item, which
    /// usually belongs to the bottom, takes few comparisons.
    down: bool,
    len: usize,
}

/// What comes after some moves.
enum Step {
    Done,
    /// The list has another length than it had.
    Changed,
    /// Whether the first belongs in front of the second must be known.
    Ask(Obj, Obj),
}

impl Sift {
    fn up(order: Order, at: usize, len: usize) -> Sift {
        Sift { order, top: 0, at, down: false, len }
    }

    fn down(order: Order, at: usize, len: usize) -> Sift {
        Sift { order, top: at, at, down: true, len }
    }

    /// The two places whose items are to be compared next, the answer moving the item or ending it all.
    #[inline(always)]
    fn next_places(&self) -> Option<(usize, usize)> {
        match self.down {
            true => Some((2 * self.at + 1, 2 * self.at + 2)),
            false if self.at > self.top => Some((self.at, (self.at - 1) >> 1)),
            false => None,
        }
    }

    /// Moves as far as it goes without Python. `answer` is that to the last question.
    #[inline]
    fn advance(&mut self, cx: &Cx, slots: &[Slot], mut answer: Option<bool>) -> Step {
        if slots.len() != self.len {
            return Step::Changed;
        }
        while let Some((a, b)) = self.next_places() {
            if self.down && b >= self.len {
                // The bottom, perhaps with an only child.
                if a < self.len {
                    slots[a].swap_locked(&slots[self.at]);
                    self.at = a;
                }
                self.down = false;
                continue;
            }
            // SAFETY: the list keeps its items alive while its lock is held.
            let (x, y) = unsafe { (Ref::from_value(slots[a].peek()), Ref::from_value(slots[b].peek())) };
            let Some(first) = answer.take().or_else(|| self.order.quick(cx, x, y)) else {
                return Step::Ask(x.own(cx), y.own(cx));
            };
            let to = match self.down {
                true if first => a,
                true => b,
                false if first => b,
                false => return Step::Done,
            };
            slots[to].swap_locked(&slots[self.at]);
            self.at = to;
        }
        Step::Done
    }

    /// Goes on until the item is at its place.
    fn finish(&mut self, cx: &mut Cx, list: &PyList, mut step: Step) -> R<()> {
        loop {
            let answer = match step {
                Step::Done => return Ok(()),
                Step::Changed => {
                    return Err(cx.runtime_error("list changed size during iteration"));
                }
                Step::Ask(a, b) => self.order.is_before(cx, a.r(), b.r())?,
            };
            step = list.edit(cx, |edit| self.advance(cx, edit.slots(), Some(answer)));
        }
    }
}

/// The first argument.
#[inline]
fn heap<'a>(cx: &mut Cx, a: Args<'a>, name: &str) -> R<&'a PyList> {
    match a.get(0).downcast::<PyList>(cx) {
        Some(list) => Ok(list),
        None => {
            let got = cx.type_name(a.get(0));
            let which = if a.len() > 1 { "argument 1" } else { "argument" };
            Err(cx.type_error(format!("{name}() {which} must be list, not {got}")))
        }
    }
}

fn out_of_range(cx: &mut Cx) -> Err {
    cx.index_error("index out of range")
}

fn push(cx: &mut Cx, a: Args<'_>, name: &str, order: Order) -> R {
    let list = heap(cx, a, name)?;
    let item = a.get(1).own(cx);
    let begun = list.edit(cx, |edit| {
        let at = edit.slots().len();
        edit.append(item)?;
        let mut sift = Sift::up(order, at, at + 1);
        let step = sift.advance(cx, edit.slots(), None);
        Ok((sift, step))
    });
    match begun {
        Ok((mut sift, step)) => sift.finish(cx, list, step)?,
        Err(item) => {
            drop::<Obj>(item);
            return Err(cx.memory_error());
        }
    }
    Ok(cx.none())
}

/// Puts an item to the front in exchange for what is there, and begins to move it down.
fn exchange(cx: &Cx, edit: &Edit<'_>, item: Obj, order: Order) -> (Option<Obj>, Sift, Step) {
    let front = edit.replace(0, item);
    let mut sift = Sift::down(order, 0, edit.slots().len());
    let step = sift.advance(cx, edit.slots(), None);
    (front, sift, step)
}

fn pop(cx: &mut Cx, a: Args<'_>, name: &str, order: Order) -> R {
    let list = heap(cx, a, name)?;
    let begun = list.edit(cx, |edit| {
        let last = edit.pop_last()?;
        Some(match edit.slots().is_empty() {
            true => (Some(last), Sift::down(order, 0, 0), Step::Done),
            false => exchange(cx, edit, last, order),
        })
    });
    finish_exchange(cx, list, begun)
}

fn finish_exchange(cx: &mut Cx, list: &PyList, begun: Option<(Option<Obj>, Sift, Step)>) -> R {
    match begun {
        Some((Some(front), mut sift, step)) => {
            sift.finish(cx, list, step)?;
            Ok(front)
        }
        _ => Err(out_of_range(cx)),
    }
}

fn replace(cx: &mut Cx, a: Args<'_>, name: &str, order: Order) -> R {
    let list = heap(cx, a, name)?;
    let item = a.get(1);
    let begun =
        list.edit(cx, |edit| (!edit.slots().is_empty()).then(|| exchange(cx, edit, item.own(cx), order)));
    finish_exchange(cx, list, begun)
}

/// What `push_pop` does with the item.
enum PushPop {
    /// It would come out again at once.
    Keep,
    Exchange(Option<Obj>, Sift, Step),
    Ask(Obj),
}

fn push_pop(cx: &mut Cx, a: Args<'_>, name: &str, order: Order) -> R {
    let list = heap(cx, a, name)?;
    let item = a.get(1);
    let mut answer = None;
    loop {
        let what = list.edit(cx, |edit| {
            let Some(front) = edit.slots().first() else { return PushPop::Keep };
            // SAFETY: the list keeps its items alive while its lock is held.
            let front = unsafe { Ref::from_value(front.peek()) };
            match answer.or_else(|| order.quick(cx, front, item)) {
                None => PushPop::Ask(front.own(cx)),
                Some(false) => PushPop::Keep,
                Some(true) => {
                    let (front, sift, step) = exchange(cx, edit, item.own(cx), order);
                    PushPop::Exchange(front, sift, step)
                }
            }
        });
        match what {
            PushPop::Keep if answer == Some(true) => return Err(out_of_range(cx)),
            PushPop::Keep => return Ok(item.own(cx)),
            PushPop::Exchange(front, sift, step) => {
                return finish_exchange(cx, list, Some((front, sift, step)));
            }
            PushPop::Ask(front) => answer = Some(order.is_before(cx, front.r(), item)?),
        }
    }
}

fn heapify(cx: &mut Cx, a: Args<'_>, name: &str, order: Order) -> R {
    let list = heap(cx, a, name)?;
    let len = list.len();
    for at in (0..len / 2).rev() {
        let mut sift = Sift::down(order, at, len);
        let step = list.edit(cx, |edit| sift.advance(cx, edit.slots(), None));
        sift.finish(cx, list, step)?;
        cx.poll()?;
    }
    Ok(cx.none())
}

/// A function in both orders.
macro_rules! both {
    ($($f:ident $signature:literal $min:literal $max:literal,)*) => {
        &[$(
            ($min, $signature, Full(|cx, a| $f(cx, a, $min, Order::Min))),
            ($max, $signature, Full(|cx, a| $f(cx, a, $max, Order::Max))),
        )*]
    };
}

const FUNCTIONS: &[(&str, &str, NativeFn)] = both! {
    push "($module, heap, item, /)" "heappush" "heappush_max",
    push_pop "($module, heap, item, /)" "heappushpop" "heappushpop_max",
    pop "($module, heap, /)" "heappop" "heappop_max",
    replace "($module, heap, item, /)" "heapreplace" "heapreplace_max",
    heapify "($module, heap, /)" "heapify" "heapify_max",
};

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let about = cx.str(
        "A heap is a list in which a[k] <= a[2*k+1] and a[k] <= a[2*k+2] for all k, so that a[0] is its smallest item.",
    );
    add(cx, module, "__about__", about);
    Ok(())
}
