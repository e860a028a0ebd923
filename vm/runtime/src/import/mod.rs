//! Modules: finding, loading, `import` statements.
//!
//! Finders, in this order: natives registered with the VM, then the entries of `sys.path`, of which the embedded library (or
//! the directory that `UNGIL_STDLIB` names) is one. Two threads that import the same module take turns: the one that comes second
//! waits, detached, until the first is done, unless that would be a circle (CPython's per-module locks).

mod cache;
mod find;
mod importlib;
mod load;
mod names;
mod shadow;

pub use find::{
    EMBEDDED_ROOT, EmbeddedLibrary, Source, embedded, find_library, has_embedded, in_embedded,
    is_before_path, library_entry, set_embedded, was_read,
};
pub use importlib::{Importlib, give_spec, installed};
pub use load::{
    import_interned, import_module, is_initializing, keep_source, kept_source, run_code, run_command,
    run_source,
};
pub use names::{import_from, import_name, import_star, is_standard};
pub use shadow::{Shadowing, is_partial, origin, shadowing};
