//! `posix`: what `os` and `posixpath` take from the system. Every call that may block runs detached.
//!
//! - `stat.rs`: what the system knows about files; `files.rs`: files by name; `scandir.rs`: directories as iterators
//! - `fds.rs`: file descriptors; `paths.rs`: path texts
//! - `process.rs`, `spawn.rs`: processes; `ids.rs`: users, groups, priorities, scheduling
//! - `system.rs`: environment, machine, terminals, configuration; `names.rs`: tables of constants

mod fds;
mod files;
mod ids;
mod names;
mod paths;
pub mod process;
mod scandir;
mod spawn;
mod stat;
pub mod system;

use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::namespace::{self, Record};
use ungil_runtime::prelude::*;

/// Name, signature and body of natives.
pub type Table = &'static [(&'static str, &'static str, NativeFn)];

/// A class of records that a module has made.
pub fn class_of(cx: &Cx, which: &OnceLock<SharedValue>) -> Obj {
    match which.get() {
        Some(class) => class.get().own(cx),
        None => cx.none(),
    }
}

/// Makes a class of records and adds it to a module.
pub fn add_class(
    cx: &mut Cx,
    module: &Obj,
    name: &str,
    record: Record,
    place: &OnceLock<SharedValue>,
) -> R<()> {
    let class = namespace::new_class(cx, record)?;
    let _ = place.set(SharedValue::new(class.clone()));
    add(cx, module, name, class);
    Ok(())
}

/// What waits for input for a C library: there is none.
const INPUT_HOOK: Table = &[
    ("_is_inputhook_installed", "($module, /)", Leaf(|cx, _| Ok(cx.bool(false)))),
    ("_inputhook", "($module, /)", Leaf(|cx, _| Ok(cx.none()))),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, INPUT_HOOK);
    for table in [
        stat::FUNCTIONS,
        files::FUNCTIONS,
        scandir::FUNCTIONS,
        fds::FUNCTIONS,
        paths::FUNCTIONS,
        process::FUNCTIONS,
        ids::FUNCTIONS,
        spawn::FUNCTIONS,
        system::FUNCTIONS,
    ] {
        add_functions(cx, module, table);
    }
    for init in [stat::init, scandir::init, process::init, ids::init, system::init] {
        init(cx, module)?;
    }
    for (name, n) in names::CONSTANTS {
        let n = cx.int(*n);
        add(cx, module, name, n);
    }
    let have = names::HAVE.iter().map(|name| cx.str(name)).collect();
    let have = cx.list(have);
    add(cx, module, "_have_functions", have);
    let error = cx.builtin(Builtin::OSError).as_ref().own(cx);
    add(cx, module, "error", error);
    Ok(())
}
