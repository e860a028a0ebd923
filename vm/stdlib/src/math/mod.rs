//! `math`: functions of real numbers and of ints.
//!
//! - `real.rs`: functions of floats; `gamma.rs`: the gamma function and its logarithm; `log.rs`: logarithms, of ints of any
//!   size too; `libm.rs`: the C library's functions that Rust's library has not
//! - `ints.rs`: whole numbers: rounding, `gcd`, `lcm`, `isqrt`, `factorial`; `choose.rs`: `comb` and `perm`; `gcd.rs`: Lehmer's algorithm
//! - `sums.rs`: `fsum`, `prod`, `sumprod`; `norm.rs`: `hypot` and `dist`; `exact.rs`: sums and products without rounding errors
//!
//! Stateless: no locks. Arguments are immutable, or are iterated as any code would.

mod choose;
mod exact;
mod gamma;
mod gcd;
mod ints;
mod libm;
mod log;
mod norm;
mod real;
mod sums;

use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    for table in
        [real::FUNCTIONS, real::OTHERS, log::FUNCTIONS, ints::FUNCTIONS, sums::FUNCTIONS, norm::FUNCTIONS]
    {
        add_functions(cx, module, table);
    }
    use std::f64::consts;
    for (name, x) in [
        ("pi", consts::PI),
        ("e", consts::E),
        ("tau", consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ] {
        let x = cx.float(x);
        add(cx, module, name, x);
    }
    Ok(())
}
