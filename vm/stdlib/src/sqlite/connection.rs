//! The type `Connection`: how databases are opened and closed, and the settings of connections.

use super::ClassCell;
use super::cursor::{self, PyCursor};
use super::database::{Database, outside};
use super::errors::{CLASSES, Failure, PROGRAMMING};
use super::functions::{Callbacks, Callee};
use super::statement::{self, Statement, TextKind};
use super::{admin, blob, functions, hooks, transaction};
use crate::os;
use libsqlite3_sys as ffi;
use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_int};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

static CLASS: ClassCell = ClassCell::new();

const DETECT_TYPES: i64 = 1;
const DETECT_NAMES: i64 = 2;

/// A connection.
#[repr(C)]
pub(super) struct PyConnection {
    pub h: Header,
    row_factory: Slot,
    text_factory: Slot,
    autocommit: AtomicI64,
    detects: AtomicI64,
    thread: AtomicU64,
    checks_thread: AtomicBool,
    initialised: AtomicBool,
    /// Boxed, so that the object stays small; taken when it ends.
    inner: UnsafeCell<Option<Box<Inner>>>,
    /// What the library calls back.
    callbacks: UnsafeCell<Callbacks>,
}

/// What has locks of its own.
#[derive(Default)]
struct Inner {
    db: Mutex<Option<Arc<Database>>>,
    isolation: Mutex<Option<&'static CStr>>,
    cache: Mutex<Cache>,
    blobs: Mutex<Vec<std::sync::Weak<blob::Open>>>,
    hooks: Mutex<[Option<Box<Callee>>; 3]>,
}

/// Compiled statements by their texts.
#[derive(Default)]
struct Cache {
    known: HashMap<Box<str>, (Arc<Statement>, u64)>,
    uses: u64,
    limit: usize,
}

/// Who begins and ends transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Autocommit {
    Legacy = -1,
    Disabled = 0,
    Enabled = 1,
}

/// The statements that begin transactions, by what they are called.
const LEVELS: [(&str, &CStr); 4] = [
    ("", c"BEGIN "),
    ("DEFERRED", c"BEGIN DEFERRED"),
    ("IMMEDIATE", c"BEGIN IMMEDIATE"),
    ("EXCLUSIVE", c"BEGIN EXCLUSIVE"),
];

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyConnection {
    const OPS: &'static TypeOps = &CONNECTION_OPS;
}

static CONNECTION_OPS: TypeOps = TypeOps {
    name: "sqlite3.Connection",
    size: |_| size_of::<PyConnection>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a connection that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyConnection>() };
    visit(this.row_factory.peek());
    visit(this.text_factory.peek());
    // SAFETY: as above.
    unsafe { &*this.callbacks.get() }.known.values().for_each(|slot| visit(slot.peek()));
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the connection is this thread's alone.
    let this = unsafe { &*h.cast::<PyConnection>() };
    // SAFETY: as above.
    if let Some(inner) = unsafe { (*this.inner.get()).take() } {
        inner.close();
    }
    // SAFETY: as above.
    let callbacks = std::mem::take(unsafe { &mut *this.callbacks.get() });
    callbacks.known.into_values().for_each(|slot| slot.clear(m));
    this.row_factory.clear(m);
    this.text_factory.clear(m);
}

fn plain<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// Closes the database, if nobody else has it, else as soon as nobody has.
    fn close(&self) {
        let known = std::mem::take(&mut plain(&self.cache).known);
        drop(known);
        let db = plain(&self.db).take();
        for open in plain(&self.blobs).drain(..).filter_map(|blob| blob.upgrade()) {
            open.close();
        }
        if let Some(db) = db {
            // Callbacks must not find the connection any more.
            db.close();
        }
        plain(&self.hooks).iter_mut().for_each(|hook| *hook = None);
    }
}

impl PyConnection {
    fn inner(&self) -> &Inner {
        // SAFETY: there from the object's making to its end.
        match unsafe { &*self.inner.get() } {
            Some(inner) => inner,
            None => ungil_gc::fatal("a connection was used after its end"),
        }
    }

    /// Runs `f` with the callbacks, the lock held. `f` runs no Python and drops no object.
    pub(super) fn with_callbacks<T>(&self, cx: &Cx, f: impl FnOnce(&mut Callbacks) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.callbacks.get() }))
    }

    /// Keeps what a hook calls; gives what it called before, which the library must not know any more.
    pub(super) fn keep_hook(&self, which: usize, hook: Option<Box<Callee>>) -> Option<Box<Callee>> {
        std::mem::replace(&mut plain(&self.inner().hooks)[which], hook)
    }

    /// Remembers a blob, which is closed with the connection.
    pub(super) fn keep_blob(&self, blob: &Arc<blob::Open>) {
        let mut blobs = plain(&self.inner().blobs);
        blobs.retain(|blob| blob.strong_count() > 0);
        blobs.push(Arc::downgrade(blob));
    }

    /// Checks that this thread may use the connection.
    ///
    /// # Errors
    /// `ProgrammingError`.
    pub(super) fn check_thread(&self, cx: &mut Cx) -> R<()> {
        // ORD: relaxed; set when the connection is made.
        if !self.initialised.load(Ordering::Relaxed) {
            return Err(PROGRAMMING.error(cx, "Base Connection.__init__ not called."));
        }
        let (owner, me) = (self.thread.load(Ordering::Relaxed), ungil_runtime::cx::current_ident());
        if self.checks_thread.load(Ordering::Relaxed) && owner != me {
            return Err(PROGRAMMING.error(
                cx,
                format!(
                    "SQLite objects created in a thread can only be used in that same thread. The object was created in \
                     thread id {owner} and this is thread id {me}."
                ),
            ));
        }
        Ok(())
    }

    /// The open database.
    ///
    /// # Errors
    /// `ProgrammingError` if it is closed.
    pub(super) fn database(&self, cx: &mut Cx) -> R<Arc<Database>> {
        // ORD: relaxed; see `check_thread`.
        if !self.initialised.load(Ordering::Relaxed) {
            return Err(PROGRAMMING.error(cx, "Base Connection.__init__ not called."));
        }
        let db = plain(&self.inner().db).clone();
        let Some(db) = db else {
            return Err(PROGRAMMING.error(cx, "Cannot operate on a closed database."));
        };
        functions::forget_gone(cx, self, &db);
        Ok(db)
    }

    /// As [`PyConnection::database`], for this thread.
    ///
    /// # Errors
    /// `ProgrammingError`.
    pub(super) fn usable(&self, cx: &mut Cx) -> R<Arc<Database>> {
        self.check_thread(cx)?;
        self.database(cx)
    }

    pub(super) fn detects_names(&self) -> bool {
        // ORD: relaxed; set when the connection is made.
        self.detects.load(Ordering::Relaxed) & DETECT_NAMES != 0
    }

    pub(super) fn detects_types(&self) -> bool {
        // ORD: as above.
        self.detects.load(Ordering::Relaxed) & DETECT_TYPES != 0
    }

    pub(super) fn autocommit(&self) -> Autocommit {
        // ORD: relaxed; a setting.
        match self.autocommit.load(Ordering::Relaxed) {
            0 => Autocommit::Disabled,
            1 => Autocommit::Enabled,
            _ => Autocommit::Legacy,
        }
    }

    /// The statement that begins transactions without being asked to.
    pub(super) fn isolation(&self) -> Option<&'static CStr> {
        *plain(&self.inner().isolation)
    }

    /// What texts become.
    pub(super) fn text_kind(&self, cx: &Cx) -> TextKind {
        let Some(factory) = self.text_factory.get(&self.h, cx) else { return TextKind::Str };
        let is = |b: Builtin| factory.r().is(cx.builtin(b).as_ref());
        match () {
            () if is(Builtin::Str) => TextKind::Str,
            () if is(Builtin::Bytes) => TextKind::Bytes,
            () if is(Builtin::ByteArray) => TextKind::ByteArray,
            () => TextKind::Call(factory),
        }
    }

    /// A statement that nobody else uses: a kept one, or a new one.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub(super) fn statement(&self, cx: &mut Cx, sql: Ref<'_>) -> R<Arc<Statement>> {
        let db = self.database(cx)?;
        let text = sql.downcast::<PyStr>(cx).and_then(|s| s.as_str()).unwrap_or("");
        {
            let mut cache = plain(&self.inner().cache);
            cache.uses += 1;
            let now = cache.uses;
            if let Some((statement, used)) = cache.known.get_mut(text) {
                *used = now;
                if statement.claim() {
                    return Ok(Arc::clone(statement));
                }
            }
        }
        let made = Arc::new(statement::compile(cx, &db, sql)?);
        let mut cache = plain(&self.inner().cache);
        let now = cache.uses;
        let mut out = None;
        if cache.limit > 0 && !cache.known.contains_key(text) {
            if cache.known.len() >= cache.limit {
                let oldest = cache.known.iter().min_by_key(|(_, (_, used))| *used);
                let oldest = oldest.map(|(text, _)| text.clone());
                out = oldest.and_then(|oldest| cache.known.remove(&oldest));
            }
            cache.known.insert(text.into(), (Arc::clone(&made), now));
        }
        drop(cache);
        drop(out);
        Ok(made)
    }

    /// Closes the database.
    fn close(&self, cx: &mut Cx) -> R<()> {
        let Some(db) = plain(&self.inner().db).clone() else { return Ok(()) };
        let held = db.lock(cx);
        self.forget_statements();
        if self.autocommit() == Autocommit::Disabled && transaction::is_open(cx, &db) {
            transaction::execute(cx, &db, c"ROLLBACK")?;
        }
        outside(cx, || self.inner().close());
        drop(held);
        Ok(())
    }

    fn forget_statements(&self) {
        let known = std::mem::take(&mut plain(&self.inner().cache).known);
        drop(known);
    }
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    let text_factory = cx.builtin(Builtin::Str).as_ref().own(cx);
    cx.alloc_for::<PyConnection>(class, |h| PyConnection {
        h,
        row_factory: Slot::new(Obj::immediate(Value::NONE)),
        text_factory: Slot::new(text_factory),
        autocommit: AtomicI64::new(-1),
        detects: AtomicI64::new(0),
        thread: AtomicU64::new(0),
        checks_thread: AtomicBool::new(true),
        initialised: AtomicBool::new(false),
        inner: UnsafeCell::new(Some(Box::default())),
        callbacks: UnsafeCell::default(),
    })
}

/// The level of isolation that an argument names.
fn level(cx: &mut Cx, v: Ref<'_>) -> R<Option<&'static CStr>> {
    if v.value().is_none() {
        return Ok(None);
    }
    let Some(text) = v.downcast::<PyStr>(cx) else {
        return Err(cx.type_error("isolation_level must be str or None"));
    };
    if text.as_bytes().contains(&0) {
        return Err(cx.value_error("embedded null character"));
    }
    let found = LEVELS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(text.as_bytes()));
    match found {
        Some((_, begin)) => Ok(Some(begin)),
        None => {
            Err(cx.value_error("isolation_level string must be '', 'DEFERRED', 'IMMEDIATE', or 'EXCLUSIVE'"))
        }
    }
}

fn autocommit_argument(cx: &mut Cx, v: Ref<'_>) -> R<Autocommit> {
    match v.value() {
        Value::TRUE => return Ok(Autocommit::Enabled),
        Value::FALSE => return Ok(Autocommit::Disabled),
        v if v.as_int() == Some(-1) => return Ok(Autocommit::Legacy),
        _ => {}
    }
    Err(cx.value_error("autocommit must be True, False, or sqlite3.LEGACY_TRANSACTION_CONTROL"))
}

/// The name of the database as the library takes it.
fn file_name(cx: &mut Cx, v: Ref<'_>) -> R<CString> {
    let path = os::fspath(cx, v)?;
    let bytes = match path.downcast::<PyStr>(cx) {
        Some(text) => os::fs_encode(cx, text)?,
        None => ungil_runtime::objects::buffer::bytes_of(cx, path.r())?.into_owned(),
    };
    CString::new(bytes).map_err(|_| cx.value_error("embedded null byte"))
}

/// Opens a database.
fn open(cx: &mut Cx, name: &CStr, timeout: f64, uri: bool) -> R<Arc<Database>> {
    let flags =
        ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE | if uri { ffi::SQLITE_OPEN_URI } else { 0 };
    let made = outside(cx, || {
        let mut handle = std::ptr::null_mut();
        // SAFETY: the name ends with zero, the place is there.
        unsafe {
            let code = ffi::sqlite3_open_v2(name.as_ptr(), &mut handle, flags, std::ptr::null());
            if code == ffi::SQLITE_OK {
                ffi::sqlite3_extended_result_codes(handle, 1);
                ffi::sqlite3_busy_timeout(handle, (timeout * 1000.0) as c_int);
                // As the library is by default, however it was built.
                ffi::sqlite3_db_config(
                    handle,
                    ffi::SQLITE_DBCONFIG_ENABLE_FKEY,
                    0 as c_int,
                    std::ptr::null_mut::<c_int>(),
                );
            }
            (code, Database::new(handle))
        }
    });
    match made {
        (ffi::SQLITE_OK, db) => Ok(db),
        (code, db) if db.handle().is_null() => Err(Failure::of_code(code).raise(cx)),
        (_, db) => Err(Failure::of(db.handle()).raise(cx)),
    }
}

/// Names of the parameters of `connect` that may be given by position.
fn warn_of_positions(cx: &mut Cx, function: &str) -> R<()> {
    let message = format!(
        "Passing more than 1 positional argument to {function}() is deprecated. Parameters 'timeout', 'detect_types', \
         'isolation_level', 'check_same_thread', 'factory', 'cached_statements' and 'uri' will become keyword-only \
         parameters in Python 3.15."
    );
    ungil_runtime::traceback::warn(cx, Builtin::DeprecationWarning, &message)
}

/// `sqlite3.connect`: calls the factory.
pub(super) fn connect(cx: &mut Cx, a: Args<'_>) -> R {
    let args = a.varargs(cx, 0);
    if args.len() > 1 && args.len() <= 8 {
        warn_of_positions(cx, "sqlite3.connect")?;
    }
    let keywords = a.varkw(cx, 1);
    let name = cx.str("factory");
    let named = keywords.and_then(|kw| kw.get_str(cx, name.r()));
    let factory = match (args.get(5), named) {
        (Some(factory), _) => factory.own(cx),
        (None, Some(factory)) => factory,
        (None, None) => class(cx).as_ref().own(cx),
    };
    let items = keywords.map(|kw| kw.items(cx)).unwrap_or_default();
    let texts: Vec<(String, &Obj)> =
        items.iter().map(|(name, value)| (cx.text_of(name.r()), value)).collect();
    let named: Vec<(&str, Ref<'_>)> = texts.iter().map(|(name, value)| (name.as_str(), value.r())).collect();
    cx.call_kw(factory.r(), args, &named)
}

fn initialise(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    let name = file_name(cx, a.get(1))?;
    let timeout = a.opt(2).map_or(Ok(5.0), |v| cx.to_f64(v))?;
    let detects = i64::from(os::c_int_or(cx, a.opt(3), 0)?);
    let isolation = match a.opt(4) {
        Some(v) => level(cx, v)?,
        None => Some(LEVELS[0].1),
    };
    let checks = a.opt(5).map_or(Ok(true), |v| cx.truth(v))?;
    let cached = i64::from(os::c_int_or(cx, a.opt(7), 128)?);
    let uri = a.opt(8).map_or(Ok(false), |v| cx.truth(v))?;
    let autocommit = match a.opt(9) {
        Some(v) => autocommit_argument(cx, v)?,
        None => Autocommit::Legacy,
    };
    // ORD: relaxed; whoever gets the connection gets them with it.
    if this.initialised.swap(false, Ordering::Relaxed) {
        this.close(cx)?;
    }
    let db = open(cx, &name, timeout, uri)?;
    let text_factory = cx.builtin(Builtin::Str).as_ref().own(cx);
    this.text_factory.set(&this.h, cx, text_factory);
    this.row_factory.set(&this.h, cx, cx.none());
    *plain(&this.inner().isolation) = isolation;
    plain(&this.inner().cache).limit = cached.max(0) as usize;
    *plain(&this.inner().db) = Some(Arc::clone(&db));
    this.detects.store(detects, Ordering::Relaxed);
    this.checks_thread.store(checks, Ordering::Relaxed);
    this.thread.store(ungil_runtime::cx::current_ident(), Ordering::Relaxed);
    this.autocommit.store(autocommit as i64, Ordering::Relaxed);
    this.initialised.store(true, Ordering::Relaxed);
    if autocommit == Autocommit::Disabled {
        transaction::execute(cx, &db, c"BEGIN")?;
    }
    Ok(cx.none())
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    this.check_thread(cx)?;
    this.close(cx)?;
    Ok(cx.none())
}

/// `__del__`: a connection that nobody has closed.
fn finalize(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    if plain(&this.inner().db).is_some() {
        let text = format!("unclosed database in {}", cx.repr_string(a.get(0))?);
        crate::io::warn_resource(cx, &text, a.get(0))?;
        this.close(cx)?;
    }
    Ok(cx.none())
}

fn new_cursor(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    this.usable(cx)?;
    let factory = match a.opt(1) {
        Some(factory) => factory.own(cx),
        None => cursor::class(cx).as_ref().own(cx),
    };
    let made = cx.call(factory.r(), &[a.get(0)])?;
    let Some(cursor) = made.downcast::<PyCursor>(cx) else {
        let got = cx.type_name(made.r());
        return Err(cx.type_error(format!("factory must return a cursor, not {got}")));
    };
    let factory = this.row_factory.get(&this.h, cx).filter(|factory| !factory.value().is_none());
    if let Some(factory) = factory {
        cursor::set_row_factory(cx, cursor, factory);
    }
    Ok(made)
}

/// Calls a method of a new cursor.
fn on_cursor(cx: &mut Cx, a: Args<'_>, method: &str) -> R {
    let cursor = cx.call_method(a.get(0), "cursor", &[])?;
    let args: Vec<Ref<'_>> = (1..a.len()).filter_map(|i| a.opt(i)).collect();
    cx.call_method(cursor.r(), method, &args)
}

/// `__call__`: a compiled statement, which is of no use but to be made.
fn call(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    if a.varkw(cx, 2).is_some_and(|kw| !kw.is_empty()) {
        let name = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("{name}() takes no keyword arguments")));
    }
    let db = this.usable(cx)?;
    let args = a.varargs(cx, 1);
    let [sql] = *args else {
        let got = args.len();
        return Err(cx.type_error(format!("function takes exactly 1 argument ({got} given)")));
    };
    ungil_runtime::objects::str::args::expect_str(cx, sql, "argument 1")?;
    drop(statement::compile(cx, &db, sql)?);
    statement::object(cx)
}

fn set_isolation(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    let Some(v) = a.opt(1) else { return Err(cx.error(Builtin::AttributeError, "cannot delete attribute")) };
    if v.value().is_none() {
        *plain(&this.inner().isolation) = None;
        // As it was before: a transaction that is open ends.
        let db = this.database(cx)?;
        if transaction::is_open(cx, &db) {
            transaction::commit(cx, this)?;
        }
        return Ok(cx.none());
    }
    let found = level(cx, v)?;
    *plain(&this.inner().isolation) = found;
    Ok(cx.none())
}

fn get_isolation(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    this.database(cx)?;
    let begin = this.isolation();
    let name = begin.and_then(|begin| LEVELS.iter().find(|(_, known)| *known == begin));
    Ok(name.map_or(cx.none(), |(name, _)| cx.str(name)))
}

fn get_autocommit(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    this.usable(cx)?;
    Ok(match this.autocommit() {
        Autocommit::Legacy => cx.int(-1),
        Autocommit::Disabled => cx.bool(false),
        Autocommit::Enabled => cx.bool(true),
    })
}

fn set_autocommit(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    let db = this.usable(cx)?;
    let Some(v) = a.opt(1) else {
        return Err(cx.error(Builtin::AttributeError, "cannot delete autocommit attribute"));
    };
    let new = autocommit_argument(cx, v)?;
    match new {
        Autocommit::Enabled if transaction::is_open(cx, &db) => transaction::execute(cx, &db, c"COMMIT")?,
        Autocommit::Disabled if !transaction::is_open(cx, &db) => transaction::execute(cx, &db, c"BEGIN")?,
        _ => {}
    }
    // ORD: relaxed; a setting.
    this.autocommit.store(new as i64, Ordering::Relaxed);
    Ok(cx.none())
}

fn in_transaction(cx: &mut Cx, a: Args<'_>) -> R {
    let db = a.this::<PyConnection>().database(cx)?;
    let open = transaction::is_open(cx, &db);
    Ok(cx.bool(open))
}

fn total_changes(cx: &mut Cx, a: Args<'_>) -> R {
    let db = a.this::<PyConnection>().database(cx)?;
    let _held = db.lock(cx);
    // SAFETY: open or null, which the function knows; the lock is held.
    Ok(cx.int(unsafe { ffi::sqlite3_total_changes64(db.handle()) }))
}

macro_rules! factory {
    ($b:ident, $cx:ident, $field:ident) => {
        $b.getset(
            $cx,
            stringify!($field),
            Leaf(|cx, a| {
                let this: &PyConnection = a.this();
                Ok(this.$field.get(&this.h, cx).unwrap_or_else(|| cx.none()))
            }),
            Some(Full(|cx, a| {
                let this: &PyConnection = a.this();
                let Some(new) = a.opt(1) else {
                    let message = concat!("cannot delete ", stringify!($field), " attribute");
                    return Err(cx.error(Builtin::AttributeError, message));
                };
                let new = new.own(cx);
                this.$field.set(&this.h, cx, new);
                Ok(cx.none())
            })),
        );
    };
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    (
        "__init__",
        "($self, /, database, timeout=5.0, detect_types=0, isolation_level='', check_same_thread=True, \
         factory=ConnectionType, cached_statements=128, uri=False, *, autocommit=sqlite3.LEGACY_TRANSACTION_CONTROL)",
        Full(initialise),
    ),
    ("__call__", "($self, /, *args, **kwargs)", Full(call)),
    ("__del__", "($self, /)", Full(finalize)),
    (
        "__enter__",
        "($self, /)",
        Full(|cx, a| {
            a.this::<PyConnection>().usable(cx)?;
            Ok(a.get(0).own(cx))
        }),
    ),
    ("__exit__", "($self, type, value, traceback, /)", Full(transaction::exit)),
    ("close", "($self, /)", Full(close)),
    ("commit", "($self, /)", Full(transaction::commit_method)),
    ("cursor", "($self, /, factory=<unrepresentable>)", Full(new_cursor)),
    ("execute", "($self, sql, parameters=<unrepresentable>, /)", Full(|cx, a| on_cursor(cx, a, "execute"))),
    ("executemany", "($self, sql, parameters, /)", Full(|cx, a| on_cursor(cx, a, "executemany"))),
    ("executescript", "($self, sql_script, /)", Full(|cx, a| on_cursor(cx, a, "executescript"))),
    ("rollback", "($self, /)", Full(transaction::rollback_method)),
];

/// The type.
pub(super) fn class(cx: &mut Cx) -> &'static PyType {
    match CLASS.get() {
        Some(class) => class,
        None => make_class(cx),
    }
}

#[cold]
fn make_class(cx: &mut Cx) -> &'static PyType {
    let (size, flags) = (size_of::<PyConnection>(), class_flag::BASETYPE);
    let mut b = TypeBuilder::native_type(cx, "sqlite3.Connection", &CONNECTION_OPS, size, true, flags);
    b.doc(cx, "SQLite database connection object.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.methods(cx, METHODS);
    b.methods(cx, functions::METHODS);
    b.methods(cx, hooks::METHODS);
    b.methods(cx, admin::METHODS);
    b.method(
        cx,
        "blobopen",
        "($self, table, column, rowid, /, *, readonly=False, name='main')",
        Full(blob::open),
    );
    for (name, which, _) in CLASSES {
        let which = which.get().own(cx);
        b.attr(cx, name, which);
    }
    factory!(b, cx, row_factory);
    factory!(b, cx, text_factory);
    b.getset(cx, "autocommit", Full(get_autocommit), Some(Full(set_autocommit)));
    b.getset(cx, "isolation_level", Full(get_isolation), Some(Full(set_isolation)));
    b.getset(cx, "in_transaction", Full(in_transaction), None);
    b.getset(cx, "total_changes", Full(total_changes), None);
    CLASS.get_or_init(|| b.class())
}

/// The connection that an object is.
pub(super) fn argument<'a>(cx: &mut Cx, v: Ref<'a>, what: &str) -> R<&'a PyConnection> {
    match v.downcast::<PyConnection>(cx) {
        Some(connection) => Ok(connection),
        None => {
            let got = if v.value().is_none() { "None".into() } else { cx.type_name(v) };
            Err(cx.type_error(format!("{what} must be sqlite3.Connection, not {got}")))
        }
    }
}
