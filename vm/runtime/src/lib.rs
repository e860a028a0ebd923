//! The interpreter, the objects and the builtins of ungil.
