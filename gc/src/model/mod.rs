//! How a reference is counted, one backend a concurrency model, with identical names.
//!
//! Each backend has these functions:
//! - `increment(&Header, &Mutator)`: adds a reference.
//! - `decrement(&Header, &Mutator) -> bool`: takes one away; whether it was the last. Never true for an immortal object.
//! - `increment_quick(&Header, &Mutator) -> bool`, `decrement_quick(&Header, &Mutator) -> bool`: as these where that takes but
//!   a few instructions and ends nothing; whether it was done. After `prepare_increment(&Header, &Mutator)` the former succeeds.
//! - `try_increment(&Header, &Mutator) -> bool`: adds one unless none is left.
//! - `PUBLISHES`: whether there are confined and published objects.
//! - `publish(&Header, Value)`: called before a value is stored into a slot of the container with that header.
//! - `enter(&Header, &Mutator, i64)`: enters in the header what a thread has counted for itself.
//! - `end_limbo(&Header, i64) -> bool`: whether a grace period has ended the object.

#[cfg(not(feature = "gil"))]
mod confined;
#[cfg(feature = "gil")]
mod gil;

#[cfg(not(feature = "gil"))]
pub use confined::*;
#[cfg(feature = "gil")]
pub use gil::*;
