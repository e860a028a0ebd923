//! Decimal arithmetic as the General Decimal Arithmetic Specification (Cowlishaw) has it, with the signals and results of
//! libmpdec: plain Rust that knows nothing of Python objects, threads or locks.
//!
//! - `limbs.rs`, `mul.rs`, `ntt.rs`, `div.rs`: magnitudes, base 10^19
//! - `dec.rs`: `Dec`, a number; `ctx.rs`: `Ctx`, how results are rounded, and the signals; `round.rs`: rounding
//! - `basic.rs`: sums, products, quotients; `quantum.rs`: exponents; `compare.rs`; `logic.rs`: digit by digit
//! - `fixed.rs`: fixed-point numbers for `exp_log.rs` and `power.rs`
//! - `text.rs`: from and to text; `format.rs`: format specifications
//!
//! Operations take what signals they raise as `&mut u32` and go on; the caller decides what is an error. Where there is no
//! memory for a result it is NaN, and the signal is `MALLOC_ERROR`.

pub mod basic;
pub mod compare;
pub mod ctx;
pub mod dec;
pub mod div;
pub mod exp_log;
pub mod fixed;
pub mod format;
pub mod limbs;
pub mod logic;
pub mod mul;
pub mod ntt;
pub mod power;
pub mod quantum;
pub mod round;
pub mod text;

pub use ctx::{Ctx, Round, signal};
pub use dec::{Dec, Kind};
