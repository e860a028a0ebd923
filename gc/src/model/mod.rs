//! How a reference is counted, one backend a concurrency model, with identical names.
//!
//! Each backend has:
//! - `PUBLISHES`: whether there are confined and published objects.
//! - `SHARED`: whether every thread may reach every object from its birth. With neither, one thread runs at a time.
//! - `HUBS`: whether threads count hubs for themselves (`hub.rs`), and functions and modules become such.
//! - `BORROWS`: whether what a published container held is there until its readers are quiescent; `LOCKS_READS`: whether
//!   all reads take the lock (`Slot::peek_shared`).
//! - `increment(&Header, &Mutator)`: adds a reference.
//! - `decrement(&Header, &Mutator) -> bool`: takes one away; whether it was the last. Never true for an immortal object.
//! - `is_private(&Header) -> bool`: whether `decrement_private(&Header) -> bool` does the same, for which nobody need know the
//!   thread.
//! - `increment_quick(&Header, &Mutator) -> bool`: as `increment` where that takes but a few instructions; whether it was done.
//!   After `prepare_increment(&Header, &Mutator)` it succeeds.
//! - `count_down(&Header, &Mutator) -> bool`: as `decrement` where that takes but a few instructions; whether there is more to
//!   do, and then `has_taken_last(&Header)` says whether it has taken the last reference away or none.
//! - `count_down_noted(&Header, &Mutator) -> bool`: takes a reference to a published object away if the thread has counted it for
//!   itself; whether it was done.
//! - `count_lasting(&Header, &Mutator, i64) -> bool`: counts references to a hub or an immortal object; whether it is one.
//! - `try_increment(&Header, &Mutator) -> bool`: adds one unless none is left.
//! - `publish(&Header, Value)`: called before a value is stored into a slot of the container with that header.
//! - `enter(&Header, &Mutator, i64)`: enters in the header what a thread has counted for itself.
//! - `end_limbo(&Header, i64) -> bool`: whether a grace period has ended the object.
//! - what the header keeps (`birth`, `references`, `UNIT`, `Extra`) and what threads share for it (`Shared`), see
//!   `plain_parts.rs`, which is all that models need whose header has one number. `unpublished_parts.rs` has what those
//!   need that publish nothing.

#[cfg(not(any(feature = "gil", feature = "pep703", feature = "gilectomy")))]
mod confined;
#[cfg(feature = "gil")]
mod gil;
#[cfg(feature = "gilectomy")]
mod gilectomy;
#[cfg(feature = "pep703")]
mod pep703;
#[cfg(not(feature = "pep703"))]
mod plain_parts;
#[cfg(any(feature = "gil", feature = "pep703", feature = "gilectomy"))]
mod unpublished_parts;

#[cfg(not(any(feature = "gil", feature = "pep703", feature = "gilectomy")))]
pub use confined::*;
#[cfg(feature = "gil")]
pub use gil::*;
#[cfg(feature = "gilectomy")]
pub use gilectomy::*;
#[cfg(feature = "pep703")]
pub use pep703::*;
