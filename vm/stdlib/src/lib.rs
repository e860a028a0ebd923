//! Native modules of the standard library and its embedded Python part.
//!
//! A native module is a file with `init(cx, module)`; `register` tells the VM of all of them.

mod gc;
pub mod library;
pub mod stdio;
pub mod sys;

mod time;

use ungil_runtime::Vm;

/// Makes the modules known to the VM.
pub fn register(vm: &'static Vm) {
    ungil_runtime::import::set_embedded(library::embedded);
    let mut modules = vm.native_modules.lock().unwrap_or_else(|p| p.into_inner());
    modules.push(("time", time::init));
    modules.push(("gc", gc::init));
}

/// The name of the concurrency model that the program was built with.
pub fn model_name() -> &'static str {
    ungil_locks::model::NAME
}
