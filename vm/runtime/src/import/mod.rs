//! Modules: finding, loading, `import` statements.
//!
//! Finders, in this order: natives registered with the VM, the embedded library (or the directory that `UNGIL_STDLIB`
//! names), then the entries of `sys.path`. Two threads that import the same module take turns: the one that comes second
//! waits, detached, until the first is done, unless that would be a circle (CPython's per-module locks).

mod cache;
mod importlib;
mod load;
mod names;

pub use importlib::{Importlib, add_main_spec, installed};
pub use load::{
    EmbeddedLibrary, Source, embedded, find_library, find_spec_source, has_embedded, import_interned,
    import_module, is_initializing, keep_source, kept_source, run_code, run_source, set_embedded,
};
pub use names::{import_from, import_name, import_star, is_standard};
