//! Exceptions of the module, what errors of the library become, and constants.

use super::database::Database;
use crate::exceptions::Class;
use libsqlite3_sys as ffi;
use std::ffi::CStr;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

pub(super) static WARNING: Class = Class::new();
pub(super) static ERROR: Class = Class::new();
pub(super) static INTERFACE: Class = Class::new();
pub(super) static DATABASE: Class = Class::new();
pub(super) static DATA: Class = Class::new();
pub(super) static OPERATIONAL: Class = Class::new();
pub(super) static INTEGRITY: Class = Class::new();
pub(super) static INTERNAL: Class = Class::new();
pub(super) static PROGRAMMING: Class = Class::new();
pub(super) static NOT_SUPPORTED: Class = Class::new();

/// Names, classes, bases.
pub(super) static CLASSES: [(&str, &Class, Option<&Class>); 10] = [
    ("Warning", &WARNING, None),
    ("Error", &ERROR, None),
    ("InterfaceError", &INTERFACE, Some(&ERROR)),
    ("DatabaseError", &DATABASE, Some(&ERROR)),
    ("DataError", &DATA, Some(&DATABASE)),
    ("OperationalError", &OPERATIONAL, Some(&DATABASE)),
    ("IntegrityError", &INTEGRITY, Some(&DATABASE)),
    ("InternalError", &INTERNAL, Some(&DATABASE)),
    ("ProgrammingError", &PROGRAMMING, Some(&DATABASE)),
    ("NotSupportedError", &NOT_SUPPORTED, Some(&DATABASE)),
];

/// The error that a call of the library has left in a database.
#[derive(Debug)]
pub(super) struct Failure {
    code: i32,
    extended: i32,
    message: String,
}

impl Failure {
    /// What the latest call says. The caller has the lock of the database.
    pub(super) fn of(db: *mut ffi::sqlite3) -> Failure {
        // SAFETY: open, or null, which the functions know.
        unsafe {
            let text = ffi::sqlite3_errmsg(db);
            let message = if text.is_null() {
                String::new()
            } else {
                CStr::from_ptr(text).to_string_lossy().into_owned()
            };
            Failure {
                code: ffi::sqlite3_errcode(db) & 0xff,
                extended: ffi::sqlite3_extended_errcode(db),
                message,
            }
        }
    }

    /// What a code alone says.
    pub(super) fn of_code(code: i32) -> Failure {
        // SAFETY: gives a constant text for every number.
        let message = unsafe { CStr::from_ptr(ffi::sqlite3_errstr(code)) }.to_string_lossy().into_owned();
        Failure { code: code & 0xff, extended: code, message }
    }

    /// The exception.
    #[cold]
    pub(super) fn raise(self, cx: &mut Cx) -> Err {
        let class = match self.code {
            ffi::SQLITE_NOMEM => return cx.memory_error(),
            ffi::SQLITE_INTERNAL | ffi::SQLITE_NOTFOUND => &INTERNAL,
            ffi::SQLITE_ERROR..=ffi::SQLITE_LOCKED
            | ffi::SQLITE_READONLY..=ffi::SQLITE_IOERR
            | ffi::SQLITE_FULL..=ffi::SQLITE_SCHEMA => &OPERATIONAL,
            ffi::SQLITE_TOOBIG => &DATA,
            ffi::SQLITE_CONSTRAINT | ffi::SQLITE_MISMATCH => &INTEGRITY,
            ffi::SQLITE_MISUSE | ffi::SQLITE_RANGE => &INTERFACE,
            _ => &DATABASE,
        };
        let err = class.error(cx, &self.message);
        let name = CODES.iter().find(|(_, code)| *code == self.extended).map_or("unknown", |(name, _)| name);
        let name = if name == "unknown" { name.into() } else { format!("SQLITE_{name}") };
        let exception = err.exception().own(cx);
        for (attribute, value) in
            [("sqlite_errorcode", cx.int(self.extended.into())), ("sqlite_errorname", cx.str(&name))]
        {
            let attribute = cx.str(attribute);
            if let Err(other) = cx.set_attr(exception.r(), attribute.r(), value) {
                return other;
            }
        }
        err
    }
}

/// The exception for the latest error of a database, whose lock the caller has.
#[cold]
pub(super) fn raise_from(cx: &mut Cx, db: &Database) -> Err {
    Failure::of(db.handle()).raise(cx)
}

/// Codes of errors.
const CODES: &[(&str, i32)] = &[
    ("ABORT", 4),
    ("ABORT_ROLLBACK", 516),
    ("AUTH", 23),
    ("AUTH_USER", 279),
    ("BUSY", 5),
    ("BUSY_RECOVERY", 261),
    ("BUSY_SNAPSHOT", 517),
    ("BUSY_TIMEOUT", 773),
    ("CANTOPEN", 14),
    ("CANTOPEN_CONVPATH", 1038),
    ("CANTOPEN_DIRTYWAL", 1294),
    ("CANTOPEN_FULLPATH", 782),
    ("CANTOPEN_ISDIR", 526),
    ("CANTOPEN_NOTEMPDIR", 270),
    ("CANTOPEN_SYMLINK", 1550),
    ("CONSTRAINT", 19),
    ("CONSTRAINT_CHECK", 275),
    ("CONSTRAINT_COMMITHOOK", 531),
    ("CONSTRAINT_FOREIGNKEY", 787),
    ("CONSTRAINT_FUNCTION", 1043),
    ("CONSTRAINT_NOTNULL", 1299),
    ("CONSTRAINT_PINNED", 2835),
    ("CONSTRAINT_PRIMARYKEY", 1555),
    ("CONSTRAINT_ROWID", 2579),
    ("CONSTRAINT_TRIGGER", 1811),
    ("CONSTRAINT_UNIQUE", 2067),
    ("CONSTRAINT_VTAB", 2323),
    ("CORRUPT", 11),
    ("CORRUPT_INDEX", 779),
    ("CORRUPT_SEQUENCE", 523),
    ("CORRUPT_VTAB", 267),
    ("DONE", 101),
    ("EMPTY", 16),
    ("ERROR", 1),
    ("ERROR_MISSING_COLLSEQ", 257),
    ("ERROR_RETRY", 513),
    ("ERROR_SNAPSHOT", 769),
    ("FORMAT", 24),
    ("FULL", 13),
    ("INTERNAL", 2),
    ("INTERRUPT", 9),
    ("IOERR", 10),
    ("IOERR_ACCESS", 3338),
    ("IOERR_AUTH", 7178),
    ("IOERR_BEGIN_ATOMIC", 7434),
    ("IOERR_BLOCKED", 2826),
    ("IOERR_CHECKRESERVEDLOCK", 3594),
    ("IOERR_CLOSE", 4106),
    ("IOERR_COMMIT_ATOMIC", 7690),
    ("IOERR_CONVPATH", 6666),
    ("IOERR_CORRUPTFS", 8458),
    ("IOERR_DATA", 8202),
    ("IOERR_DELETE", 2570),
    ("IOERR_DELETE_NOENT", 5898),
    ("IOERR_DIR_CLOSE", 4362),
    ("IOERR_DIR_FSYNC", 1290),
    ("IOERR_FSTAT", 1802),
    ("IOERR_FSYNC", 1034),
    ("IOERR_GETTEMPPATH", 6410),
    ("IOERR_LOCK", 3850),
    ("IOERR_MMAP", 6154),
    ("IOERR_NOMEM", 3082),
    ("IOERR_RDLOCK", 2314),
    ("IOERR_READ", 266),
    ("IOERR_ROLLBACK_ATOMIC", 7946),
    ("IOERR_SEEK", 5642),
    ("IOERR_SHMLOCK", 5130),
    ("IOERR_SHMMAP", 5386),
    ("IOERR_SHMOPEN", 4618),
    ("IOERR_SHMSIZE", 4874),
    ("IOERR_SHORT_READ", 522),
    ("IOERR_TRUNCATE", 1546),
    ("IOERR_UNLOCK", 2058),
    ("IOERR_VNODE", 6922),
    ("IOERR_WRITE", 778),
    ("LOCKED", 6),
    ("LOCKED_SHAREDCACHE", 262),
    ("LOCKED_VTAB", 518),
    ("MISMATCH", 20),
    ("MISUSE", 21),
    ("NOLFS", 22),
    ("NOMEM", 7),
    ("NOTADB", 26),
    ("NOTFOUND", 12),
    ("NOTICE", 27),
    ("NOTICE_RECOVER_ROLLBACK", 539),
    ("NOTICE_RECOVER_WAL", 283),
    ("OK", 0),
    ("OK_LOAD_PERMANENTLY", 256),
    ("OK_SYMLINK", 512),
    ("PERM", 3),
    ("PROTOCOL", 15),
    ("RANGE", 25),
    ("READONLY", 8),
    ("READONLY_CANTINIT", 1288),
    ("READONLY_CANTLOCK", 520),
    ("READONLY_DBMOVED", 1032),
    ("READONLY_DIRECTORY", 1544),
    ("READONLY_RECOVERY", 264),
    ("READONLY_ROLLBACK", 776),
    ("ROW", 100),
    ("SCHEMA", 17),
    ("TOOBIG", 18),
    ("WARNING", 28),
    ("WARNING_AUTOINDEX", 284),
];

/// Actions, limits and settings.
const CONSTANTS: &[(&str, i32)] = &[
    ("ALTER_TABLE", 26),
    ("ANALYZE", 28),
    ("ATTACH", 24),
    ("CREATE_INDEX", 1),
    ("CREATE_TABLE", 2),
    ("CREATE_TEMP_INDEX", 3),
    ("CREATE_TEMP_TABLE", 4),
    ("CREATE_TEMP_TRIGGER", 5),
    ("CREATE_TEMP_VIEW", 6),
    ("CREATE_TRIGGER", 7),
    ("CREATE_VIEW", 8),
    ("CREATE_VTABLE", 29),
    ("DBCONFIG_DEFENSIVE", 1010),
    ("DBCONFIG_DQS_DDL", 1014),
    ("DBCONFIG_DQS_DML", 1013),
    ("DBCONFIG_ENABLE_FKEY", 1002),
    ("DBCONFIG_ENABLE_FTS3_TOKENIZER", 1004),
    ("DBCONFIG_ENABLE_LOAD_EXTENSION", 1005),
    ("DBCONFIG_ENABLE_QPSG", 1007),
    ("DBCONFIG_ENABLE_TRIGGER", 1003),
    ("DBCONFIG_ENABLE_VIEW", 1015),
    ("DBCONFIG_LEGACY_ALTER_TABLE", 1012),
    ("DBCONFIG_LEGACY_FILE_FORMAT", 1016),
    ("DBCONFIG_NO_CKPT_ON_CLOSE", 1006),
    ("DBCONFIG_RESET_DATABASE", 1009),
    ("DBCONFIG_TRIGGER_EQP", 1008),
    ("DBCONFIG_TRUSTED_SCHEMA", 1017),
    ("DBCONFIG_WRITABLE_SCHEMA", 1011),
    ("DELETE", 9),
    ("DENY", 1),
    ("DETACH", 25),
    ("DROP_INDEX", 10),
    ("DROP_TABLE", 11),
    ("DROP_TEMP_INDEX", 12),
    ("DROP_TEMP_TABLE", 13),
    ("DROP_TEMP_TRIGGER", 14),
    ("DROP_TEMP_VIEW", 15),
    ("DROP_TRIGGER", 16),
    ("DROP_VIEW", 17),
    ("DROP_VTABLE", 30),
    ("FUNCTION", 31),
    ("IGNORE", 2),
    ("INSERT", 18),
    ("LIMIT_ATTACHED", 7),
    ("LIMIT_COLUMN", 2),
    ("LIMIT_COMPOUND_SELECT", 4),
    ("LIMIT_EXPR_DEPTH", 3),
    ("LIMIT_FUNCTION_ARG", 6),
    ("LIMIT_LENGTH", 0),
    ("LIMIT_LIKE_PATTERN_LENGTH", 8),
    ("LIMIT_SQL_LENGTH", 1),
    ("LIMIT_TRIGGER_DEPTH", 10),
    ("LIMIT_VARIABLE_NUMBER", 9),
    ("LIMIT_VDBE_OP", 5),
    ("LIMIT_WORKER_THREADS", 11),
    ("PRAGMA", 19),
    ("READ", 20),
    ("RECURSIVE", 33),
    ("REINDEX", 27),
    ("SAVEPOINT", 32),
    ("SELECT", 21),
    ("TRANSACTION", 22),
    ("UPDATE", 23),
];

/// Adds the exceptions and the constants.
///
/// # Errors
/// What making a class raises.
pub(super) fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    for (name, class, base) in CLASSES {
        match base {
            None => class.init(cx, module, "sqlite3", name, Builtin::Exception)?,
            Some(base) => class.init_under(cx, module, "sqlite3", name, base.get())?,
        }
    }
    for &(name, value) in CODES.iter().chain(CONSTANTS) {
        let value = cx.int(value.into());
        add(cx, module, &format!("SQLITE_{name}"), value);
    }
    for (name, value) in [
        ("PARSE_DECLTYPES", 1),
        ("PARSE_COLNAMES", 2),
        ("LEGACY_TRANSACTION_CONTROL", -1),
        ("threadsafety", 3),
    ] {
        let value = cx.int(value);
        add(cx, module, name, value);
    }
    // SAFETY: a constant text.
    let version = unsafe { CStr::from_ptr(ffi::sqlite3_libversion()) }.to_string_lossy();
    let version = cx.str(&version);
    add(cx, module, "sqlite_version", version);
    Ok(())
}
