//! Compiled statements: how they are made and kept, the parameters that they get, and the rows that they give.

use super::adapt::{adapted, needs_adapter, protocol};
use super::database::{Database, Death, outside};
use super::errors::{DATA, Failure, OPERATIONAL, PROGRAMMING, raise_from};
use libsqlite3_sys as ffi;
use std::ffi::{CStr, CString, c_int};
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use ungil_runtime::objects::buffer::{bytes_of, is_bytes_like};
use ungil_runtime::objects::bytes::{new_bytearray, new_bytes};
use ungil_runtime::objects::int;
use ungil_runtime::objects::str::{PyStr, new_str};
use ungil_runtime::prelude::*;

/// A statement. Whoever has claimed it uses it, with the lock of its database.
pub(super) struct Statement {
    pub ptr: *mut ffi::sqlite3_stmt,
    pub db: Arc<Database>,
    claimed: AtomicBool,
    /// It changes rows.
    pub is_dml: bool,
}

// SAFETY: used by who has claimed it, with the lock of the database.
unsafe impl Send for Statement {}
// SAFETY: as above.
unsafe impl Sync for Statement {}

impl Statement {
    /// Claims the statement, unless somebody else has.
    pub(super) fn claim(&self) -> bool {
        // ORD: acquire, with the release below: the statement was reset.
        !self.claimed.swap(true, Ordering::Acquire)
    }

    /// Gives the statement back after use.
    pub(super) fn unclaim(&self) {
        // ORD: release, as above.
        self.claimed.store(false, Ordering::Release);
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        if !self.ptr.is_null() {
            self.db.end(Death::Finalize(self.ptr));
        }
    }
}

/// A text for the library, which ends with zero.
///
/// # Errors
/// `TypeError`, `ValueError` for a zero in it, `UnicodeEncodeError`.
pub(super) fn c_text(cx: &mut Cx, v: Ref<'_>, what: &str) -> R<CString> {
    let text = ungil_runtime::objects::str::args::expect_str(cx, v, what)?;
    let Some(text) = text.as_str() else {
        cx.call_method(v, "encode", &[])?;
        return Err(cx.value_error("surrogates not allowed"));
    };
    CString::new(text).map_err(|_| cx.value_error("embedded null character"))
}

/// The words that a statement begins with, without comments and space.
fn first_word(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, rest)| rest).trim_start();
        } else {
            return rest;
        }
    }
}

/// Compiles a statement, which is claimed then.
///
/// # Errors
/// What is wrong with it.
pub(super) fn compile(cx: &mut Cx, db: &Arc<Database>, sql: Ref<'_>) -> R<Statement> {
    let text = match sql.downcast::<PyStr>(cx).and_then(|s| s.as_str()) {
        Some(text) => text.to_string(),
        None => return c_text(cx, sql, "execute() argument 1").map(|_| unreachable_statement(db)),
    };
    let held = db.lock(cx);
    // SAFETY: open, and the lock is held. A negative value only asks.
    let limit = unsafe { ffi::sqlite3_limit(db.handle(), ffi::SQLITE_LIMIT_SQL_LENGTH, -1) };
    if text.len() > limit as usize {
        return Err(DATA.error(cx, "query string is too large"));
    }
    let Ok(c) = CString::new(text.as_str()) else {
        return Err(PROGRAMMING.error(cx, "the query contains a null character"));
    };
    let (code, ptr, more) = outside(cx, || {
        let (mut ptr, mut tail) = (null_mut(), std::ptr::null());
        // SAFETY: the text has this length and ends with zero; the places are there.
        unsafe {
            let code = ffi::sqlite3_prepare_v2(
                db.handle(),
                c.as_ptr(),
                c.as_bytes().len() as c_int + 1,
                &mut ptr,
                &mut tail,
            );
            let more = match code {
                ffi::SQLITE_OK => CStr::from_ptr(tail).to_string_lossy().into_owned(),
                _ => String::new(),
            };
            (code, ptr, more)
        }
    });
    if code != ffi::SQLITE_OK {
        return Err(raise_from(cx, db));
    }
    // SAFETY: compiled just now, or null, which the function knows.
    let reads = unsafe { ffi::sqlite3_stmt_readonly(ptr) } != 0;
    drop(held);
    let word = first_word(&text).as_bytes();
    let is = |name: &[u8]| word.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name));
    let is_dml = !reads && [&b"insert"[..], b"update", b"delete", b"replace"].iter().any(|name| is(name));
    let made = Statement { ptr, db: Arc::clone(db), claimed: AtomicBool::new(true), is_dml };
    if !first_word(&more).is_empty() {
        return Err(PROGRAMMING.error(cx, "You can only execute one statement at a time."));
    }
    Ok(made)
}

/// Never used: texts that are no texts have raised.
fn unreachable_statement(db: &Arc<Database>) -> Statement {
    Statement { ptr: null_mut(), db: Arc::clone(db), claimed: AtomicBool::new(true), is_dml: false }
}

/// A value that the library takes.
pub(super) enum Param {
    Null,
    Int(i64),
    Float(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// How many parameters a statement takes, and their names.
fn names(cx: &mut Cx, statement: &Statement) -> Vec<Option<String>> {
    let _held = statement.db.lock(cx);
    // SAFETY: the statement is claimed and the lock is held.
    unsafe {
        let count = ffi::sqlite3_bind_parameter_count(statement.ptr);
        let name = |i| {
            let name = ffi::sqlite3_bind_parameter_name(statement.ptr, i);
            (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
        };
        (1..=count).map(name).collect()
    }
}

/// What the library gets for a value; `place` names the parameter in messages.
fn param(cx: &mut Cx, v: Ref<'_>, place: impl Fn() -> String) -> R<Param> {
    let made = if needs_adapter(cx, v) {
        let protocol = protocol(cx);
        adapted(cx, v, protocol.as_ref())?
    } else {
        None
    };
    let v = made.as_ref().map_or(v, |made| made.r());
    if v.value().is_none() {
        return Ok(Param::Null);
    }
    if cx.is_instance_of(v, Builtin::Int) {
        return match int::to_i64(cx, v) {
            Some(i) => Ok(Param::Int(i)),
            None => Err(cx.overflow_error("Python int too large to convert to SQLite INTEGER")),
        };
    }
    if cx.is_instance_of(v, Builtin::Float) {
        return cx.to_f64(v).map(Param::Float);
    }
    if let Some(text) = v.downcast::<PyStr>(cx) {
        let Some(text) = text.as_str() else {
            cx.call_method(v, "encode", &[])?;
            return Err(cx.value_error("surrogates not allowed"));
        };
        return Ok(Param::Text(text.as_bytes().to_vec()));
    }
    if is_bytes_like(cx, v) {
        return bytes_of(cx, v).map(|bytes| Param::Blob(bytes.into_owned()));
    }
    let got = cx.type_name(v);
    Err(PROGRAMMING.error(cx, format!("Error binding parameter {}: type '{got}' is not supported", place())))
}

/// The values for a statement's parameters.
///
/// # Errors
/// `ProgrammingError` if they do not fit, or what looking at them raises.
pub(super) fn params(cx: &mut Cx, statement: &Statement, given: Ref<'_>) -> R<Vec<Param>> {
    let names = names(cx, statement);
    let exact = cx.is_exactly(given, Builtin::Tuple) || cx.is_exactly(given, Builtin::List);
    let has_items = cx.class_of(given).special(cx, Special::GetItem).is_some();
    let is_mapping = [Builtin::Dict, Builtin::MappingProxy].iter().any(|&b| cx.is_instance_of(given, b));
    if !has_items {
        return Err(PROGRAMMING.error(cx, "parameters are of unsupported type"));
    }
    if !is_mapping {
        return sequence_params(cx, &names, given, exact);
    }
    let mut made = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let Some(name) = name else {
            let message = format!(
                "Binding {} has no name, but you supplied a dictionary (which has only names).",
                i + 1
            );
            return Err(PROGRAMMING.error(cx, message));
        };
        let name = &name[1..];
        let key = cx.str(name);
        let found = cx.get_item(given, key.r());
        let value = match cx.catch(found, Builtin::LookupError)? {
            Some(value) => value,
            None => {
                let message = format!("You did not supply a value for binding parameter :{name}.");
                return Err(PROGRAMMING.error(cx, message));
            }
        };
        made.push(param(cx, value.r(), || format!("':{name}'"))?);
    }
    Ok(made)
}

fn sequence_params(cx: &mut Cx, names: &[Option<String>], given: Ref<'_>, exact: bool) -> R<Vec<Param>> {
    // A list may change while its items are adapted.
    let items =
        if exact && cx.is_exactly(given, Builtin::Tuple) { cx.items_if_sequence(given) } else { None };
    let count = match &items {
        Some(items) => items.len(),
        None => cx.len(given)?,
    };
    if count != names.len() {
        let needed = names.len();
        return Err(PROGRAMMING.error(
            cx,
            format!(
                "Incorrect number of bindings supplied. The current statement uses {needed}, and there are {count} supplied."
            ),
        ));
    }
    let mut made = Vec::with_capacity(count);
    for (i, name) in names.iter().enumerate() {
        if let Some(name) = name.as_ref().filter(|name| !name.starts_with('?')) {
            let message = format!(
                "Binding {} ('{name}') is a named parameter, but you supplied a sequence which requires nameless (qmark) placeholders.",
                i + 1
            );
            return Err(PROGRAMMING.error(cx, message));
        }
        let value = match &items {
            Some(items) => items[i].clone(),
            None => {
                let at = cx.int(i as i64);
                cx.get_item(given, at.r())?
            }
        };
        made.push(param(cx, value.r(), || (i + 1).to_string())?);
    }
    Ok(made)
}

/// Binds values. The caller has claimed the statement and has the lock.
pub(super) fn bind(statement: &Statement, params: &[Param]) -> Result<(), Failure> {
    for (i, param) in (1..).zip(params) {
        let ptr = statement.ptr;
        // SAFETY: as the caller promises; the library copies texts and blobs.
        let code = unsafe {
            match param {
                Param::Null => ffi::sqlite3_bind_null(ptr, i),
                Param::Int(n) => ffi::sqlite3_bind_int64(ptr, i, *n),
                Param::Float(x) => ffi::sqlite3_bind_double(ptr, i, *x),
                Param::Text(text) => ffi::sqlite3_bind_text64(
                    ptr,
                    i,
                    text.as_ptr().cast(),
                    text.len() as u64,
                    ffi::SQLITE_TRANSIENT(),
                    ffi::SQLITE_UTF8 as u8,
                ),
                // An empty blob is no null.
                Param::Blob(bytes) if bytes.is_empty() => ffi::sqlite3_bind_zeroblob(ptr, i, 0),
                Param::Blob(bytes) => ffi::sqlite3_bind_blob64(
                    ptr,
                    i,
                    bytes.as_ptr().cast(),
                    bytes.len() as u64,
                    ffi::SQLITE_TRANSIENT(),
                ),
            }
        };
        if code != ffi::SQLITE_OK {
            return Err(Failure::of(statement.db.handle()));
        }
    }
    Ok(())
}

/// What texts become.
pub(super) enum TextKind {
    Str,
    Bytes,
    ByteArray,
    Call(Obj),
}

/// A value of the row, before converters and factories, which are Python, have seen it.
pub(super) enum Cell {
    Done(Obj),
    /// A text that is to be given to the text factory.
    Text(Obj),
    /// Bytes for the converter of the column.
    Convert(Obj),
}

/// The values of the row that the statement is at. The caller has claimed it and has the lock.
pub(super) fn read_row(
    cx: &mut Cx,
    statement: &Statement,
    kind: &TextKind,
    converts: &[bool],
) -> R<Vec<Cell>> {
    let ptr = statement.ptr;
    // SAFETY: as the caller promises.
    let count = unsafe { ffi::sqlite3_data_count(ptr) };
    let mut row = Vec::with_capacity(count as usize);
    for i in 0..count {
        // SAFETY: there is such a column. Its bytes are copied before the library is called again.
        let cell = unsafe {
            let bytes = |p: *const u8| {
                let len = ffi::sqlite3_column_bytes(ptr, i) as usize;
                if p.is_null() { &[][..] } else { std::slice::from_raw_parts(p, len) }
            };
            let column_type = ffi::sqlite3_column_type(ptr, i);
            if converts.get(i as usize).is_some_and(|&converts| converts) && column_type != ffi::SQLITE_NULL {
                // Nothing at all is no text to convert, not even an empty one.
                let p: *const u8 = ffi::sqlite3_column_blob(ptr, i).cast();
                if p.is_null() { Cell::Done(cx.none()) } else { Cell::Convert(new_bytes(cx, bytes(p))) }
            } else {
                match column_type {
                    ffi::SQLITE_NULL => Cell::Done(cx.none()),
                    ffi::SQLITE_INTEGER => Cell::Done(cx.int(ffi::sqlite3_column_int64(ptr, i))),
                    ffi::SQLITE_FLOAT => Cell::Done(cx.float(ffi::sqlite3_column_double(ptr, i))),
                    ffi::SQLITE_TEXT => {
                        let p = ffi::sqlite3_column_text(ptr, i);
                        if p.is_null() {
                            return Err(cx.memory_error());
                        }
                        let text = bytes(p);
                        match kind {
                            TextKind::Str => match std::str::from_utf8(text) {
                                Ok(text) => Cell::Done(new_str(cx, text)),
                                Err(_) => {
                                    let name = CStr::from_ptr(ffi::sqlite3_column_name(ptr, i))
                                        .to_string_lossy()
                                        .into_owned();
                                    let text = String::from_utf8_lossy(text).into_owned();
                                    let message = format!(
                                        "Could not decode to UTF-8 column '{name}' with text '{text}'"
                                    );
                                    return Err(OPERATIONAL.error(cx, message));
                                }
                            },
                            TextKind::Bytes => Cell::Done(new_bytes(cx, text)),
                            TextKind::ByteArray => Cell::Done(new_bytearray(cx, text.to_vec())),
                            TextKind::Call(_) => Cell::Text(new_bytes(cx, text)),
                        }
                    }
                    _ => {
                        let p = ffi::sqlite3_column_blob(ptr, i).cast();
                        Cell::Done(new_bytes(cx, bytes(p)))
                    }
                }
            }
        };
        row.push(cell);
    }
    Ok(row)
}

/// Steps once, detached. The caller has claimed the statement and has the lock.
pub(super) fn step(cx: &mut Cx, statement: &Statement) -> c_int {
    let ptr = Pointer(statement.ptr);
    // SAFETY: as the caller promises. Null, an empty statement, has nothing to do.
    outside(cx, || unsafe {
        if ptr.get().is_null() { ffi::SQLITE_DONE } else { ffi::sqlite3_step(ptr.get()) }
    })
}

/// A pointer that a detached section uses.
struct Pointer(*mut ffi::sqlite3_stmt);

impl Pointer {
    fn get(&self) -> *mut ffi::sqlite3_stmt {
        self.0
    }
}

/// Resets a statement, detached. The caller has claimed it and has the lock.
pub(super) fn reset(cx: &mut Cx, statement: &Statement) -> c_int {
    let ptr = Pointer(statement.ptr);
    // SAFETY: as the caller promises. Null is known to the function.
    outside(cx, || unsafe { ffi::sqlite3_reset(ptr.get()) })
}

/// Names of the columns with the types that were declared for them.
pub(super) fn columns(cx: &mut Cx, statement: &Statement) -> Vec<(String, Option<String>)> {
    let _held = statement.db.lock(cx);
    let text = |p: *const std::ffi::c_char| {
        // SAFETY: a text of the library that lasts until it is called again.
        (!p.is_null()).then(|| unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned())
    };
    // SAFETY: the statement is claimed and the lock is held; there are so many columns.
    unsafe {
        let count = ffi::sqlite3_column_count(statement.ptr);
        (0..count)
            .map(|i| {
                let name = text(ffi::sqlite3_column_name(statement.ptr, i)).unwrap_or_default();
                (name, text(ffi::sqlite3_column_decltype(statement.ptr, i)))
            })
            .collect()
    }
}

static CLASS: super::ClassCell = super::ClassCell::new();

/// What calling a connection gives: nothing that could be used.
#[repr(C)]
struct PyStatement {
    h: Header,
}

ungil_runtime::slot_ops!(STATEMENT_OPS, PyStatement, "sqlite3.Statement");

/// An object that stands for a statement.
///
/// # Errors
/// `MemoryError`.
pub(super) fn object(cx: &mut Cx) -> R {
    let class = match CLASS.get() {
        Some(class) => class,
        None => {
            let flags = class_flag::DISALLOW_INSTANTIATION;
            let size = size_of::<PyStatement>();
            let b = TypeBuilder::native_type(cx, "sqlite3.Statement", &STATEMENT_OPS, size, false, flags);
            CLASS.get_or_init(|| b.class())
        }
    };
    cx.alloc_for::<PyStatement>(class, |h| PyStatement { h })
}
