//! Values, object headers, counting, the publishing store, the heap, weak references and the cycle collector.
//!
//! Knows nothing of Python: the runtime says through [`TypeOps`] how its objects are walked and dropped.

pub mod attrs;
mod candidates;
pub mod cycle;
pub mod grace;
mod header;
pub mod heap;
mod hub;
mod keys;
pub mod model;
mod mutator;
mod obj;
mod ops;
mod publish;
#[allow(dead_code, reason = "models without tallies and limbo use a part")]
mod retire;
mod slot;
mod stack;
mod stress;
#[allow(dead_code, reason = "models without tallies and limbo use a part")]
mod tally;
mod value;
mod weak;

pub use candidates::{BuildPointerHasher, PointerHasher};
pub use header::{HEADER_SIZE, Header, IMMORTAL, flag};
pub use keys::{
    CacheWord, EMPTY_SLOT, KeysId, PERTURB_SHIFT, entry_number_ordering, fill_three, shared_item,
    shared_table, shared_walk, third_word,
};
pub use mutator::{KEPT_BYTES, Mutator, Pending, Retired, Space};
pub use obj::{Obj, Ref, Root, Shared};
pub use ops::{
    DYNAMIC_OFFSET, FIRST_DYNAMIC_SHAPE, MAX_SHAPES, ShapeHead, ShapeTable, TraceFn, TypeOps, shape_flag,
};
pub use slot::{Slot, lasting};
pub use value::{INT_BASE, INT_MAX, INT_MIN, INT_TAG, Value};
pub use weak::{WeakCell, WeakTable};

/// Reports a defect of the VM itself and ends the process.
#[cold]
pub fn fatal(what: &str) -> ! {
    eprintln!("ungil: internal error: {what}");
    std::process::abort()
}
