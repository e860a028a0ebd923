//! Native modules of the standard library and its embedded Python part.
//!
//! A native module is a file or folder with `init(cx, module)`; `register` tells the VM of all of them.

mod abc;
mod accounts;
mod array;
mod ast;
mod asyncio;
pub mod atexit;
mod binascii;
mod bisect;
mod bz2;
mod cmath;
mod collections;
mod contextvars;
mod csv;
mod ctypes;
mod datetime;
mod decimal;
mod elementtree;
mod errno;
mod exceptions;
mod expat;
pub mod faulthandler;
mod fcntl;
mod functools;
mod gc;
mod hash;
mod heapq;
mod imp;
pub mod io;
mod itertools;
mod json;
pub mod library;
mod locale;
mod lzma;
mod marshal;
mod math;
mod mmap;
mod multiprocessing;
mod opcode;
mod operator;
mod os;
mod pickle;
mod posix;
mod queue;
mod random;
mod resident;
mod resource;
mod select;
pub mod signal;
pub mod site;
mod socket;
mod sqlite;
mod sre;
mod stat_module;
mod statistics;
mod structs;
mod subprocess;
mod suggestions;
pub mod sys;
mod sysconfigdata;
mod syslog;
mod termios;
mod testcapi;
mod testinternal;
mod testlimitedcapi;
pub mod thread;
mod time;
mod tokenize;
mod types;
mod typing;
pub mod ungil;
mod unicodedata;
mod uuid;
mod warnings;
mod weakref;
mod xxsubtype;
mod zlib;
mod zstd;

use ungil_runtime::{Cx, Obj, R, Vm};

/// Fills a new module.
type Init = fn(&mut Cx, &Obj) -> R<()>;

/// The native modules by name, in alphabetical order.
const MODULES: &[(&str, Init)] = &[
    ("_abc", abc::init),
    ("_ast", ast::init),
    ("_asyncio", asyncio::init),
    ("_blake2", hash::init_blake2),
    ("_bisect", bisect::init),
    ("_bz2", bz2::init),
    ("_collections", collections::init),
    ("_contextvars", contextvars::init),
    ("_csv", csv::init),
    ("_ctypes", ctypes::init),
    ("_datetime", datetime::init),
    ("_decimal", decimal::init),
    ("_elementtree", elementtree::init),
    ("_frozen_importlib", imp::init_bootstrap),
    ("_frozen_importlib_external", imp::init_external),
    ("_functools", functools::init),
    ("_hashlib", hash::init_hashlib),
    ("_heapq", heapq::init),
    ("_imp", imp::init),
    ("_io", io::init),
    ("_json", json::init),
    ("_locale", locale::init),
    ("_lzma", lzma::init),
    ("_md5", hash::init_md5),
    ("_multiprocessing", multiprocessing::init),
    ("_opcode", opcode::init),
    ("_operator", operator::init),
    ("_pickle", pickle::init),
    ("_posixshmem", multiprocessing::init_shared_memory),
    ("_posixsubprocess", subprocess::init),
    ("_queue", queue::init),
    ("_random", random::init),
    ("_sha1", hash::init_sha1),
    ("_sha2", hash::init_sha2),
    ("_sha3", hash::init_sha3),
    ("_signal", signal::init),
    ("_socket", socket::init),
    ("_sqlite3", sqlite::init),
    ("_sre", sre::init),
    ("_stat", stat_module::init),
    ("_statistics", statistics::init),
    ("_struct", structs::init),
    (sysconfigdata::NAME, sysconfigdata::init),
    ("_testcapi", testcapi::init),
    ("_testinternalcapi", testinternal::init),
    ("_testlimitedcapi", testlimitedcapi::init),
    ("_thread", thread::init),
    ("_suggestions", suggestions::init),
    ("_tokenize", tokenize::init),
    ("_types", types::init),
    ("_typing", typing::init),
    ("_ungil", ungil::init),
    ("_uuid", uuid::init),
    ("_warnings", warnings::init),
    ("_weakref", weakref::init),
    ("_zstd", zstd::init),
    ("array", array::init),
    ("atexit", atexit::init),
    ("binascii", binascii::init),
    ("cmath", cmath::init),
    ("errno", errno::init),
    ("faulthandler", faulthandler::init),
    ("fcntl", fcntl::init),
    ("gc", gc::init),
    ("grp", accounts::init_grp),
    ("itertools", itertools::init),
    ("marshal", marshal::init),
    ("math", math::init),
    ("mmap", mmap::init),
    ("posix", posix::init),
    ("pwd", accounts::init_pwd),
    ("pyexpat", expat::init),
    ("resource", resource::init),
    ("select", select::init),
    ("syslog", syslog::init),
    ("termios", termios::init),
    ("time", time::init),
    ("unicodedata", unicodedata::init),
    ("xxsubtype", xxsubtype::init),
    ("zlib", zlib::init),
];

/// Makes the modules known to the VM.
pub fn register(vm: &'static Vm) {
    ungil_runtime::import::set_embedded(library::LIBRARY);
    let mut modules = vm.native_modules.lock().unwrap_or_else(|p| p.into_inner());
    modules.extend(MODULES);
}

/// Whether at most one thread runs Python at a time.
pub fn gil_enabled() -> bool {
    ungil_locks::model::GIL_ENABLED
}

/// The name of the concurrency model that the program was built with.
pub fn model_name() -> &'static str {
    ungil_locks::model::NAME
}
