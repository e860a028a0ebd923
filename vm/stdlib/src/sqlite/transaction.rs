//! Transactions: when they begin and how they end.

use super::connection::{Autocommit, PyConnection};
use super::database::{Database, outside};
use super::errors::raise_from;
use libsqlite3_sys as ffi;
use std::ffi::CStr;
use std::ptr::null_mut;
use ungil_runtime::prelude::*;

/// Whether a transaction is open.
pub(super) fn is_open(cx: &mut Cx, db: &Database) -> bool {
    let _held = db.lock(cx);
    let handle = db.handle();
    // SAFETY: open, and the lock is held.
    !handle.is_null() && unsafe { ffi::sqlite3_get_autocommit(handle) } == 0
}

/// Executes a statement without parameters or rows.
///
/// # Errors
/// What the library says.
pub(super) fn execute(cx: &mut Cx, db: &Database, sql: &CStr) -> R<()> {
    let _held = db.lock(cx);
    let code = outside(cx, || {
        let mut ptr = null_mut();
        // SAFETY: the lock is held; a closed database, which is null, is known to the functions.
        unsafe {
            let code = ffi::sqlite3_prepare_v2(db.handle(), sql.as_ptr(), -1, &mut ptr, null_mut());
            if code != ffi::SQLITE_OK {
                return code;
            }
            ffi::sqlite3_step(ptr);
            ffi::sqlite3_finalize(ptr)
        }
    });
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(raise_from(cx, db)) }
}

/// Begins a transaction before a statement that changes rows, if the connection does that by itself.
///
/// # Errors
/// What the library says.
pub(super) fn begin_for(cx: &mut Cx, connection: &PyConnection, is_dml: bool) -> R<()> {
    if !is_dml || connection.autocommit() != Autocommit::Legacy {
        return Ok(());
    }
    let Some(begin) = connection.isolation() else { return Ok(()) };
    let db = connection.database(cx)?;
    if is_open(cx, &db) { Ok(()) } else { execute(cx, &db, begin) }
}

/// Ends a transaction by a statement, and begins another one if there must always be one.
fn end(cx: &mut Cx, connection: &PyConnection, sql: &CStr) -> R<()> {
    let db = connection.usable(cx)?;
    match connection.autocommit() {
        Autocommit::Legacy if is_open(cx, &db) => execute(cx, &db, sql),
        Autocommit::Disabled => {
            execute(cx, &db, sql)?;
            execute(cx, &db, c"BEGIN")
        }
        _ => Ok(()),
    }
}

/// Commits what is open.
///
/// # Errors
/// What the library says.
pub(super) fn commit(cx: &mut Cx, connection: &PyConnection) -> R<()> {
    end(cx, connection, c"COMMIT")
}

pub(super) fn commit_method(cx: &mut Cx, a: Args<'_>) -> R {
    commit(cx, a.this())?;
    Ok(cx.none())
}

pub(super) fn rollback_method(cx: &mut Cx, a: Args<'_>) -> R {
    end(cx, a.this(), c"ROLLBACK")?;
    Ok(cx.none())
}

/// `__exit__`: commits, or rolls back after an exception, or if committing fails.
pub(super) fn exit(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    this.usable(cx)?;
    if this.autocommit() == Autocommit::Enabled {
        return Ok(cx.bool(false));
    }
    let clean = (1..4).all(|i| a.get(i).value().is_none());
    if !clean {
        end(cx, this, c"ROLLBACK")?;
        return Ok(cx.bool(false));
    }
    match end(cx, this, c"COMMIT") {
        Ok(()) => Ok(cx.bool(false)),
        Err(err) => {
            // The database is not to stay locked.
            end(cx, this, c"ROLLBACK")?;
            Err(err)
        }
    }
}
