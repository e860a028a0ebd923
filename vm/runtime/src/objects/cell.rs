//! Cells: variables shared between a function and those nested in it.

use crate::prelude::*;

/// A cell.
#[repr(C)]
pub struct PyCell {
    pub h: Header,
    contents: Slot,
}

unsafe fn cell_size(_: *mut Header) -> usize {
    size_of::<PyCell>()
}

unsafe fn cell_trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: called with a cell.
    visit(unsafe { (*h.cast::<PyCell>()).contents.peek() });
}

unsafe fn cell_drop(h: *mut Header, _: &Mutator) {
    // SAFETY: called with a cell that nobody else reaches.
    drop(unsafe { (*h.cast::<PyCell>()).contents.take_locked() });
}

pub static CELL_OPS: TypeOps = TypeOps {
    name: "cell",
    size: cell_size,
    trace: Some(cell_trace),
    drop_fields: Some(cell_drop),
    needs_finalizer: |_| false,
};

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyCell {
    const OPS: &'static TypeOps = &CELL_OPS;
}

/// A cell that holds `contents`, or nothing.
pub fn new_cell(cx: &Cx, contents: Option<Obj>) -> Obj {
    let contents = contents.map_or_else(Slot::empty, Slot::new);
    cx.alloc(Builtin::Cell, |h| PyCell { h, contents })
}

impl PyCell {
    /// The contents, counted; `UNDEF` if empty.
    #[inline(always)]
    pub fn get_value(&self, cx: &Cx) -> Value {
        match self.contents.get(&self.h, cx) {
            Some(v) => v.into_value(),
            None => Value::UNDEF,
        }
    }

    pub fn get(&self, cx: &Cx) -> Option<Obj> {
        self.contents.get(&self.h, cx)
    }

    /// What is in the cell, borrowed until the thread is quiescent.
    #[inline(always)]
    pub(crate) fn peek(&self) -> Value {
        self.contents.peek_shared()
    }

    /// As [`PyCell::swap_value`] where [`Slot::swap_exclusive`] may be used.
    #[inline(always)]
    pub(crate) fn swap_exclusive(&self, v: Value) -> Value {
        self.contents.swap_exclusive(v)
    }

    /// Stores an owned value (or `UNDEF`) and gives back the owned old one.
    #[inline(always)]
    pub fn swap_value(&self, cx: &Cx, v: Value) -> Value {
        let exclusive = cx.is_exclusive(&self.h);
        if !exclusive {
            self.h.lock.lock(&cx.world);
        }
        let old = match v {
            Value::UNDEF => self.contents.take_locked(),
            v => {
                // SAFETY: the caller gives up its reference.
                let v = unsafe { Obj::from_owned(v) };
                self.contents.replace_locked(&self.h, v)
            }
        };
        if !exclusive {
            self.h.lock.unlock(&cx.world);
        }
        old.map_or(Value::UNDEF, Obj::into_value)
    }

    pub fn set(&self, cx: &Cx, v: Option<Obj>) {
        let old = self.swap_value(cx, v.map_or(Value::UNDEF, Obj::into_value));
        cx.drop_value(old);
    }
}

pub fn declare(cx: &Cx) {
    TypeBuilder::declare(cx, Builtin::Cell, "cell", &CELL_OPS, size_of::<PyCell>(), true);
}

fn cell_new(cx: &mut Cx, a: Args<'_>) -> R {
    let contents = a.opt(1).map(|v| v.own(cx));
    Ok(new_cell(cx, contents))
}

fn get_contents(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PyCell>().get(cx) {
        Some(v) => Ok(v),
        None => Err(cx.value_error("Cell is empty")),
    }
}

fn set_contents(cx: &mut Cx, a: Args<'_>) -> R {
    let v = a.opt(1).map(|v| v.own(cx));
    a.this::<PyCell>().set(cx, v);
    Ok(cx.none())
}

fn cell_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let cell = a.this::<PyCell>();
    let at = a.get(0).value().0;
    let what = match cell.get(cx) {
        None => "empty".to_string(),
        Some(v) => format!("{} object at {:#x}", cx.type_name(v.r()), v.value().0),
    };
    Ok(cx.str(&format!("<cell at {at:#x}: {what}>")))
}

fn cell_compare(cx: &mut Cx, a: Args<'_>, op: CompareOp) -> R {
    let Some(other) = a.get(1).downcast::<PyCell>(cx) else { return Ok(cx.not_implemented()) };
    match (a.this::<PyCell>().get(cx), other.get(cx)) {
        (Some(x), Some(y)) => cx.compare(op, x.r(), y.r()),
        (x, y) => Ok(cx.bool(op.holds(x.is_some().cmp(&y.is_some())))),
    }
}

pub fn init(cx: &mut Cx) {
    let mut t = TypeBuilder::new(cx, Builtin::Cell, Some(Builtin::Object), 0);
    t.doc(cx, "A variable shared between nested functions.")
        .constructor(cx, "($cls, contents=<unrepresentable>, /)", Full(cell_new))
        .getset(cx, "cell_contents", Full(get_contents), Some(Full(set_contents)))
        .specials(
            cx,
            &[
                (Special::Repr, Full(cell_repr)),
                (Special::Eq, Full(|cx, a| cell_compare(cx, a, CompareOp::Eq))),
                (Special::Ne, Full(|cx, a| cell_compare(cx, a, CompareOp::Ne))),
                (Special::Lt, Full(|cx, a| cell_compare(cx, a, CompareOp::Lt))),
                (Special::Le, Full(|cx, a| cell_compare(cx, a, CompareOp::Le))),
                (Special::Gt, Full(|cx, a| cell_compare(cx, a, CompareOp::Gt))),
                (Special::Ge, Full(|cx, a| cell_compare(cx, a, CompareOp::Ge))),
            ],
        );
    let none = cx.none();
    t.attr(cx, "__hash__", none);
}
