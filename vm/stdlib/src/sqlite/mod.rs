//! `_sqlite3`: databases of SQLite, whose C source is part of the program.
//!
//! - `database.rs`: the handle of a database: who may call the library, and how its callbacks get back to Python
//! - `statement.rs`: compiled statements, their parameters and rows; `adapt.rs`: values that SQLite does not know
//! - `connection.rs`: the type `Connection`; `transaction.rs`: transactions; `admin.rs`: limits, copies, dumps
//! - `functions.rs`: functions, aggregates and orders written in Python; `hooks.rs`: what a connection reports
//! - `cursor.rs`, `row.rs`, `blob.rs`: the types of these names
//! - `errors.rs`: exceptions and constants

mod adapt;
mod admin;
mod blob;
mod connection;
mod cursor;
mod database;
mod errors;
mod functions;
mod hooks;
mod row;
mod statement;
mod transaction;

use std::sync::OnceLock;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// A class of this module, made once.
type ClassCell = OnceLock<&'static PyType>;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("adapt", "($module, obj, proto=PrepareProtocolType, alt=<unrepresentable>, /)", Full(adapt::adapt)),
    ("complete_statement", "($module, /, statement)", Full(complete_statement)),
    ("connect", "($module, /, *args, **kwargs)", Full(connection::connect)),
    ("enable_callback_tracebacks", "($module, enable, /)", Full(functions::enable_tracebacks)),
    ("register_adapter", "($module, type, adapter, /)", Full(adapt::register_adapter)),
    ("register_converter", "($module, typename, converter, /)", Full(adapt::register_converter)),
];

fn complete_statement(cx: &mut Cx, a: Args<'_>) -> R {
    let text = statement::c_text(cx, a.get(0), "complete_statement() argument 'statement'")?;
    // SAFETY: a text that ends with zero.
    let complete = unsafe { libsqlite3_sys::sqlite3_complete(text.as_ptr()) };
    Ok(cx.bool(complete != 0))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    database::prepare_library();
    add_functions(cx, module, FUNCTIONS);
    errors::init(cx, module)?;
    adapt::init(cx, module);
    for (name, class) in [
        ("Connection", connection::class(cx)),
        ("Cursor", cursor::class(cx)),
        ("Row", row::class(cx)),
        ("Blob", blob::class(cx)),
        ("PrepareProtocol", adapt::protocol(cx)),
    ] {
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
    Ok(())
}
