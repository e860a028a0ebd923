//! `_csv`: reading and writing tables as comma-separated text; `csv` stands on it.
//!
//! - `dialect.rs`: how a table is written, and the dialects that have names; `read.rs`, `write.rs`: the two directions
//!
//! Readers and writers keep nothing between rows but what they were made with and a count, so that any thread may ask any of
//! them for a row.

mod dialect;
mod read;
mod write;

use crate::exceptions::Class;
use ungil_locks::primitive::{AtomicI64, Ordering};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

static ERROR: Class = Class::new();
/// The most characters that a field may have.
static FIELD_LIMIT: AtomicI64 = AtomicI64::new(128 * 1024);

/// What is put in quotes when writing, and what is made of what is not when reading.
mod quote {
    pub const MINIMAL: u8 = 0;
    pub const ALL: u8 = 1;
    pub const NONNUMERIC: u8 = 2;
    pub const NONE: u8 = 3;
    pub const STRINGS: u8 = 4;
    pub const NOTNULL: u8 = 5;
}

const QUOTING: [(&str, u8); 6] = [
    ("QUOTE_MINIMAL", quote::MINIMAL),
    ("QUOTE_ALL", quote::ALL),
    ("QUOTE_NONNUMERIC", quote::NONNUMERIC),
    ("QUOTE_NONE", quote::NONE),
    ("QUOTE_STRINGS", quote::STRINGS),
    ("QUOTE_NOTNULL", quote::NOTNULL),
];

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("reader", "($module, /, *args, **kwargs)", Full(read::reader)),
    ("writer", "($module, /, *args, **kwargs)", Full(write::writer)),
    ("list_dialects", "($module, /)", Full(dialect::list)),
    ("register_dialect", "($module, /, *args, **kwargs)", Full(dialect::register)),
    ("unregister_dialect", "($module, /, name)", Full(dialect::unregister)),
    ("get_dialect", "($module, /, name)", Full(dialect::get_by_name)),
    ("field_size_limit", "($module, new_limit=<unrepresentable>, /)", Full(field_size_limit)),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    ERROR.init(cx, module, "_csv", "Error", Builtin::Exception)?;
    for (name, value) in QUOTING {
        let value = cx.int(value.into());
        add(cx, module, name, value);
    }
    let classes =
        [("Dialect", dialect::class(cx)), ("Reader", read::class(cx)), ("Writer", write::class(cx))];
    for (name, class) in classes {
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
    let dialects = dialect::named(cx).own(cx);
    add(cx, module, "_dialects", dialects);
    Ok(())
}

/// The old limit; sets a new one.
fn field_size_limit(cx: &mut Cx, a: Args<'_>) -> R {
    // ORD: relaxed; a setting.
    let old = FIELD_LIMIT.load(Ordering::Relaxed);
    if let Some(new) = a.opt(0) {
        if !cx.is_instance_of(new, Builtin::Int) {
            return Err(cx.type_error("limit must be an integer"));
        }
        let new = cx.to_i64(new)?;
        FIELD_LIMIT.store(new, Ordering::Relaxed);
    }
    Ok(cx.int(old))
}

/// The one or two positional arguments of a function that takes a dialect last, and the keywords.
fn with_dialect<'a>(
    cx: &mut Cx,
    a: Args<'a>,
    name: &str,
) -> R<(Ref<'a>, Option<Ref<'a>>, Option<&'a PyDict>)> {
    let given = a.varargs(cx, 0);
    let keywords = a.varkw(cx, 1);
    match *given {
        [first] => Ok((first, None, keywords)),
        [first, second] => Ok((first, Some(second), keywords)),
        [] => Err(cx.type_error(format!("{name} expected at least 1 argument, got 0"))),
        _ => Err(cx.type_error(format!("{name} expected at most 2 arguments, got {}", given.len()))),
    }
}
