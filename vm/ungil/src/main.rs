//! The `ungil` program.
fn main() {}
