//! `_sysconfigdata__linux_...`: what `sysconfig` says about how the program was built.
//!
//! There is no configure script, no header and no C compiler behind the program, so this holds what the library asks
//! for. No thread and no lock is involved.

use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

/// The machine and system as `sys.implementation._multiarch` names them.
pub const MULTIARCH: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-linux-gnu" } else { "x86_64-linux-gnu" };

/// The module's name, which `sysconfig` makes from `sys.abiflags`, `sys.platform` and `MULTIARCH`.
pub const NAME: &str = if cfg!(target_arch = "aarch64") {
    "_sysconfigdata__linux_aarch64-linux-gnu"
} else {
    "_sysconfigdata__linux_x86_64-linux-gnu"
};

const TEXTS: &[(&str, &str)] = &[
    ("prefix", "/usr"),
    ("exec_prefix", "/usr"),
    ("VERSION", "3.14"),
    ("LDVERSION", "3.14"),
    ("ABIFLAGS", ""),
    ("MACHDEP", "linux"),
    ("MULTIARCH", MULTIARCH),
    ("EXE", ""),
    ("SHLIB_SUFFIX", ".so"),
    ("LIBDEST", "/usr/lib/python3.14"),
    ("LIBDIR", "/usr/lib"),
    ("PLATLIBDIR", "lib"),
    ("CONFIG_ARGS", ""),
    ("EXT_SUFFIX", ".ungil-314-x86_64-linux.so"),
    ("SOABI", "ungil-314-x86_64-linux"),
    ("SHELL", "/bin/sh -e"),
    ("WHEEL_PKG_DIR", ""),
    ("CC", ""),
    ("CFLAGS", ""),
    ("PY_CFLAGS", ""),
    ("PY_CFLAGS_NODIST", ""),
    ("TZPATH", "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo"),
];

const NUMBERS: &[(&str, i64)] = &[
    ("Py_DEBUG", 0),
    ("Py_ENABLE_SHARED", 0),
    ("Py_GIL_DISABLED", !ungil_locks::model::GIL_ENABLED as i64),
    ("WITH_DOC_STRINGS", 1),
    ("HAVE_FORK", 1),
    ("HAVE_VFORK", 1),
    ("HAVE_GETENTROPY", 1),
    ("HAVE_GETRANDOM", 1),
    ("HAVE_GETRANDOM_SYSCALL", 1),
    ("PY_COERCE_C_LOCALE", 1),
    ("SIZEOF_VOID_P", 8),
    ("SIZEOF_LONG", 8),
    ("SIZEOF_SIZE_T", 8),
    ("SIZEOF_TIME_T", 8),
];

/// Fills the module.
///
/// # Errors
/// What storing in the dict raises.
pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let variables = PyDict::new(cx);
    for &(name, text) in TEXTS {
        let (name, text) = (cx.str(name), cx.str(text));
        cx.set_item(variables.r(), name.r(), text.r())?;
    }
    for &(name, number) in NUMBERS {
        let (name, number) = (cx.str(name), cx.int(number));
        cx.set_item(variables.r(), name.r(), number.r())?;
    }
    add(cx, module, "build_time_vars", variables);
    Ok(())
}
