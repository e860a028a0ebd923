//! The type `Cursor`: executes statements and gives their rows.
//!
//! A cursor is used by one thread at a time: a flag tells another one, as it tells a callback that comes back to its cursor.

use super::ClassCell;
use super::adapt::converter;
use super::connection::{Autocommit, PyConnection};
use super::database::Death;
use super::errors::{Failure, PROGRAMMING, raise_from};
use super::statement::{self, Cell as Field, Statement, TextKind};
use super::transaction;
use libsqlite3_sys as ffi;
use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use ungil_runtime::objects::construct::class_argument;
use ungil_runtime::objects::iter::NativeIter;
use ungil_runtime::objects::sync::locked;
use ungil_runtime::prelude::*;

static CLASS: ClassCell = ClassCell::new();

/// A cursor.
#[repr(C)]
pub(super) struct PyCursor {
    pub h: Header,
    connection: Slot,
    description: Slot,
    row_factory: Slot,
    lastrowid: Slot,
    rowcount: AtomicI64,
    arraysize: AtomicI64,
    closed: AtomicBool,
    /// Somebody uses it.
    busy: AtomicBool,
    state: UnsafeCell<State>,
}

/// What the object's lock guards.
#[derive(Default)]
struct State {
    /// The statement whose rows are being given, with the converters of its columns.
    active: Option<Active>,
}

struct Active {
    statement: Arc<Statement>,
    /// Converters by column; empty slots where there is none, nothing at all if there are none.
    converters: Arc<Vec<Slot>>,
}

// SAFETY: `repr(C)`, header first; objects of the type and its subclasses are made with this payload alone.
unsafe impl Object for PyCursor {
    const OPS: &'static TypeOps = &CURSOR_OPS;
}

static CURSOR_OPS: TypeOps = TypeOps {
    name: "sqlite3.Cursor",
    size: |_| size_of::<PyCursor>(),
    trace: Some(trace),
    drop_fields: Some(drop_fields),
    needs_finalizer: ungil_runtime::finalize::has_del,
};

impl PyCursor {
    fn slots(&self) -> [&Slot; 4] {
        [&self.connection, &self.description, &self.row_factory, &self.lastrowid]
    }
}

unsafe fn trace(h: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: the object is a cursor that nobody changes meanwhile.
    let this = unsafe { &*h.cast::<PyCursor>() };
    this.slots().iter().for_each(|slot| visit(slot.peek()));
    // SAFETY: as above.
    if let Some(active) = unsafe { &(*this.state.get()).active } {
        active.converters.iter().for_each(|slot| visit(slot.peek()));
    }
}

unsafe fn drop_fields(h: *mut Header, m: &Mutator) {
    // SAFETY: the cursor is this thread's alone.
    let this = unsafe { &*h.cast::<PyCursor>() };
    // SAFETY: as above.
    if let Some(active) = unsafe { (*this.state.get()).active.take() } {
        active.converters.iter().for_each(|slot| slot.clear(m));
        give_back(&active.statement);
    }
    this.slots().iter().for_each(|slot| slot.clear(m));
}

/// Gives a statement back that may be in the middle of its rows, without waiting.
fn give_back(statement: &Statement) {
    // Reset before anybody else can claim it: deaths are seen to before the next use of the library.
    statement.db.end(Death::Reset(statement.ptr));
    statement.unclaim();
}

/// A cursor in use by this thread.
struct Use<'a> {
    cursor: &'a PyCursor,
    connection: Obj,
}

impl Drop for Use<'_> {
    fn drop(&mut self) {
        // ORD: release, with the acquire in `enter`.
        self.cursor.busy.store(false, Ordering::Release);
    }
}

impl Use<'_> {
    fn connection(&self) -> &PyConnection {
        // SAFETY: set to a connection when the cursor is initialised.
        unsafe { self.connection.cast_unchecked() }
    }
}

impl PyCursor {
    fn with<T>(&self, cx: &Cx, f: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: the lock is held, or everything is exclusively this thread's; `f` cannot get here again.
        locked(cx, &self.h, || f(unsafe { &mut *self.state.get() }))
    }

    /// Begins to use the cursor.
    fn enter(&self, cx: &mut Cx) -> R<Use<'_>> {
        let Some(connection) = self.connection.get(&self.h, cx) else {
            return Err(PROGRAMMING.error(cx, "Base Cursor.__init__ not called."));
        };
        // ORD: relaxed; closing orders nothing.
        if self.closed.load(Ordering::Relaxed) {
            return Err(PROGRAMMING.error(cx, "Cannot operate on a closed cursor."));
        }
        // ORD: acquire, with the release of `Use`.
        if self.busy.swap(true, Ordering::Acquire) {
            return Err(PROGRAMMING.error(cx, "Recursive use of cursors not allowed."));
        }
        let me = Use { cursor: self, connection };
        me.connection().check_thread(cx)?;
        me.connection().database(cx)?;
        Ok(me)
    }

    /// Ends the statement whose rows were being given.
    fn finish(&self, cx: &mut Cx) {
        let Some(active) = self.with(cx, |state| state.active.take()) else { return };
        {
            let _held = active.statement.db.lock(cx);
            statement::reset(cx, &active.statement);
        }
        active.statement.unclaim();
        active.converters.iter().for_each(|slot| drop(slot.take_locked()));
    }

    fn set_rowcount(&self, n: i64) {
        // ORD: relaxed; a number for who uses the cursor.
        self.rowcount.store(n, Ordering::Relaxed);
    }

    fn rowcount(&self) -> i64 {
        // ORD: as above.
        self.rowcount.load(Ordering::Relaxed)
    }
}

/// Executes a statement with each of the parameters that `next` gives.
fn run(
    cx: &mut Cx,
    me: &Use<'_>,
    sql: Ref<'_>,
    multiple: bool,
    mut next: impl FnMut(&mut Cx) -> R<Option<Obj>>,
) -> R<()> {
    let (this, connection) = (me.cursor, me.connection());
    this.description.set(&this.h, cx, cx.none());
    this.finish(cx);
    let statement = connection.statement(cx, sql)?;
    let result = run_claimed(cx, me, &statement, multiple, &mut next);
    let has_row = match &result {
        Ok(has_row) => *has_row,
        Err(_) => {
            this.set_rowcount(-1);
            false
        }
    };
    if !has_row {
        {
            let _held = statement.db.lock(cx);
            statement::reset(cx, &statement);
        }
        statement.unclaim();
    }
    result.map(drop)
}

/// As [`run`], with the statement; whether it has a row to give, which makes it the cursor's.
fn run_claimed(
    cx: &mut Cx,
    me: &Use<'_>,
    statement: &Arc<Statement>,
    multiple: bool,
    next: &mut dyn FnMut(&mut Cx) -> R<Option<Obj>>,
) -> R<bool> {
    let (this, connection) = (me.cursor, me.connection());
    if multiple && !statement.is_dml {
        return Err(PROGRAMMING.error(cx, "executemany() can only execute DML statements."));
    }
    this.set_rowcount(if statement.is_dml { 0 } else { -1 });
    transaction::begin_for(cx, connection, statement.is_dml)?;
    let (mut has_row, mut described) = (false, false);
    while let Some(given) = next(cx)? {
        if has_row {
            // A row that nobody will ask for.
            let _held = statement.db.lock(cx);
            statement::reset(cx, statement);
        }
        let params = statement::params(cx, statement, given.r())?;
        connection.database(cx)?;
        let code = {
            let _held = statement.db.lock(cx);
            // SAFETY: claimed, and the lock is held; the statement is not running.
            unsafe {
                if !statement.ptr.is_null() {
                    ffi::sqlite3_clear_bindings(statement.ptr);
                }
            }
            if let Err(failure) = statement::bind(statement, &params) {
                return Err(failure.raise(cx));
            }
            let code = statement::step(cx, statement);
            if code != ffi::SQLITE_DONE && code != ffi::SQLITE_ROW {
                return Err(raise_from(cx, &statement.db));
            }
            if code == ffi::SQLITE_DONE {
                if statement.is_dml {
                    // SAFETY: open, and the lock is held.
                    this.set_rowcount(
                        this.rowcount() + unsafe { ffi::sqlite3_changes64(statement.db.handle()) },
                    );
                }
                statement::reset(cx, statement);
            }
            code
        };
        has_row = code == ffi::SQLITE_ROW;
        if !described && !statement.ptr.is_null() {
            described = true;
            describe(cx, this, connection, statement)?;
        }
        cx.poll()?;
    }
    if !multiple {
        let _held = statement.db.lock(cx);
        // SAFETY: open or null, which the function knows; the lock is held.
        let id = unsafe { ffi::sqlite3_last_insert_rowid(statement.db.handle()) };
        let id = cx.int(id);
        this.lastrowid.set(&this.h, cx, id);
    }
    if has_row {
        let converters = converters(cx, this, connection, statement)?;
        let active = Active { statement: Arc::clone(statement), converters: Arc::new(converters) };
        let old = this.with(cx, |state| state.active.replace(active));
        drop(old);
    }
    Ok(has_row)
}

/// A column's name without the type that may stand behind it.
fn plain_name(name: &str) -> &str {
    match name.find('[') {
        Some(at) => name[..at].strip_suffix(' ').unwrap_or(&name[..at]),
        None => name,
    }
}

fn describe(cx: &mut Cx, this: &PyCursor, connection: &PyConnection, statement: &Statement) -> R<()> {
    let columns = statement::columns(cx, statement);
    if columns.is_empty() {
        return Ok(());
    }
    let by_name = connection.detects_names();
    let mut made = Vec::with_capacity(columns.len());
    for (name, _) in &columns {
        let mut parts = vec![cx.str(if by_name { plain_name(name) } else { name })];
        parts.resize_with(7, || Obj::immediate(Value::NONE));
        made.push(cx.tuple(parts));
    }
    let made = cx.tuple(made);
    this.description.set(&this.h, cx, made);
    Ok(())
}

/// The converters of a statement's columns.
fn converters(
    cx: &mut Cx,
    this: &PyCursor,
    connection: &PyConnection,
    statement: &Statement,
) -> R<Vec<Slot>> {
    let (by_name, by_type) = (connection.detects_names(), connection.detects_types());
    if !by_name && !by_type {
        return Ok(Vec::new());
    }
    let mut made = Vec::new();
    for (name, declared) in statement::columns(cx, statement) {
        let mut found = None;
        if by_name
            && let Some((_, rest)) = name.split_once('[')
            && let Some((name, _)) = rest.split_once(']')
        {
            found = converter(cx, name)?;
        }
        if found.is_none()
            && by_type
            && let Some(declared) = declared
        {
            let end = declared.find([' ', '(']).unwrap_or(declared.len());
            found = converter(cx, &declared[..end])?;
        }
        made.push(found);
    }
    Ok(made
        .into_iter()
        .map(|found| {
            let slot = Slot::empty();
            if let Some(found) = found {
                slot.replace_locked(&this.h, found);
            }
            slot
        })
        .collect())
}

fn execute(cx: &mut Cx, a: Args<'_>) -> R {
    let sql = a.get(1);
    ungil_runtime::objects::str::args::expect_str(cx, sql, "execute() argument 1")?;
    let me = a.this::<PyCursor>().enter(cx)?;
    let given = a.opt(2).map_or_else(|| cx.tuple(Vec::new()), |given| given.own(cx));
    let mut given = Some(given);
    run(cx, &me, sql, false, |_| Ok(given.take()))?;
    Ok(a.get(0).own(cx))
}

fn execute_many(cx: &mut Cx, a: Args<'_>) -> R {
    let sql = a.get(1);
    ungil_runtime::objects::str::args::expect_str(cx, sql, "executemany() argument 1")?;
    let me = a.this::<PyCursor>().enter(cx)?;
    let iterator = cx.iter(a.get(2))?;
    run(cx, &me, sql, true, |cx| cx.next(iterator.r()))?;
    Ok(a.get(0).own(cx))
}

fn execute_script(cx: &mut Cx, a: Args<'_>) -> R {
    let script = statement::c_text(cx, a.get(1), "executescript() argument")?;
    let me = a.this::<PyCursor>().enter(cx)?;
    let connection = me.connection();
    let db = connection.database(cx)?;
    {
        let held = db.lock(cx);
        // SAFETY: open, and the lock is held. A negative value only asks.
        let limit = unsafe { ffi::sqlite3_limit(db.handle(), ffi::SQLITE_LIMIT_SQL_LENGTH, -1) };
        drop(held);
        if script.as_bytes().len() > limit as usize {
            return Err(super::errors::DATA.error(cx, "query string is too large"));
        }
    }
    if connection.autocommit() == Autocommit::Legacy && transaction::is_open(cx, &db) {
        transaction::execute(cx, &db, c"COMMIT")?;
    }
    let held = db.lock(cx);
    let mut rest = script.as_ptr();
    loop {
        let code = super::database::outside(cx, || {
            let mut ptr = std::ptr::null_mut();
            // SAFETY: open, the lock is held, and the text ends with zero.
            unsafe {
                let code = ffi::sqlite3_prepare_v2(db.handle(), rest, -1, &mut ptr, &mut rest);
                if code != ffi::SQLITE_OK {
                    return code;
                }
                while !ptr.is_null() && ffi::sqlite3_step(ptr) == ffi::SQLITE_ROW {}
                ffi::sqlite3_finalize(ptr)
            }
        });
        if code != ffi::SQLITE_OK {
            return Err(raise_from(cx, &db));
        }
        // SAFETY: within the text, or at the zero.
        if unsafe { *rest } == 0 {
            break;
        }
        cx.poll()?;
    }
    drop(held);
    drop(me);
    Ok(a.get(0).own(cx))
}

/// The next row; none at the end.
fn next_row(cx: &mut Cx, this: &PyCursor) -> R<Option<Obj>> {
    let me = this.enter(cx)?;
    let active = this.with(cx, |state| {
        let active = state.active.as_ref()?;
        Some((Arc::clone(&active.statement), Arc::clone(&active.converters)))
    });
    let Some((statement, converters)) = active else { return Ok(None) };
    let connection = me.connection();
    let kind = connection.text_kind(cx);
    let converts: Vec<bool> = converters.iter().map(|slot| !slot.is_empty()).collect();
    let fields = {
        let _held = statement.db.lock(cx);
        statement::read_row(cx, &statement, &kind, &converts)?
    };
    // Converters see a statement that has not gone on, as in CPython.
    let mut row = Vec::with_capacity(fields.len());
    for (i, field) in fields.into_iter().enumerate() {
        row.push(match field {
            Field::Done(v) => v,
            Field::Text(bytes) => match &kind {
                TextKind::Call(factory) => cx.call(factory.r(), &[bytes.r()])?,
                _ => bytes,
            },
            Field::Convert(bytes) => match converters.get(i).and_then(|slot| slot.get_locked(cx)) {
                Some(converter) => cx.call(converter.r(), &[bytes.r()])?,
                None => bytes,
            },
        });
    }
    connection.database(cx)?;
    let failure = {
        let _held = statement.db.lock(cx);
        let code = statement::step(cx, &statement);
        if code == ffi::SQLITE_DONE && statement.is_dml {
            // SAFETY: open, and the lock is held.
            this.set_rowcount(unsafe { ffi::sqlite3_changes64(statement.db.handle()) });
        }
        match code {
            ffi::SQLITE_ROW => None,
            ffi::SQLITE_DONE => Some(None),
            _ => Some(Some(Failure::of(statement.db.handle()))),
        }
    };
    if let Some(failure) = failure {
        this.finish(cx);
        if let Some(failure) = failure {
            return Err(failure.raise(cx));
        }
    }
    drop(me);
    let row = cx.tuple(row);
    match this.row_factory.get(&this.h, cx).filter(|factory| !factory.value().is_none()) {
        Some(factory) => cx.call(factory.r(), &[ref_of(this), row.r()]).map(Some),
        None => Ok(Some(row)),
    }
}

impl NativeIter for PyCursor {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        next_row(cx, self)
    }
}

fn fetch(cx: &mut Cx, this: &PyCursor, most: usize) -> R {
    let mut rows = Vec::new();
    while rows.len() < most {
        let Some(row) = next_row(cx, this)? else { break };
        rows.push(row);
        cx.poll()?;
    }
    Ok(cx.list(rows))
}

fn fetch_one(cx: &mut Cx, a: Args<'_>) -> R {
    Ok(next_row(cx, a.this())?.unwrap_or_else(|| cx.none()))
}

fn fetch_many(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyCursor = a.this();
    let size = match a.opt(1) {
        Some(size) => uint32(cx, size)?,
        // ORD: relaxed; a setting.
        None => this.arraysize.load(Ordering::Relaxed),
    };
    fetch(cx, this, size as usize)
}

/// A number that C's `uint32_t` holds.
fn uint32(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    let index = cx.index(v)?;
    match ungil_runtime::objects::int::to_i64(cx, index.r()) {
        Some(n @ 0..=0xffff_ffff) => Ok(n),
        Some(..0) => Err(cx.value_error("Cannot convert negative int")),
        None if ungil_runtime::objects::int::is_negative(cx, index.r()) => {
            Err(cx.value_error("Cannot convert negative int"))
        }
        _ => Err(cx.overflow_error("Python int too large to convert to C uint32_t")),
    }
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyCursor = a.this();
    // ORD: acquire; see `enter`.
    if this.busy.load(Ordering::Acquire) {
        return Err(PROGRAMMING.error(cx, "Recursive use of cursors not allowed."));
    }
    let Some(connection) = this.connection.get(&this.h, cx) else {
        return Err(PROGRAMMING.error(cx, "Base Cursor.__init__ not called."));
    };
    // SAFETY: set to a connection when the cursor is initialised.
    let connection: &PyConnection = unsafe { connection.cast_unchecked() };
    connection.check_thread(cx)?;
    connection.database(cx)?;
    this.finish(cx);
    // ORD: relaxed; see `enter`.
    this.closed.store(true, Ordering::Relaxed);
    Ok(cx.none())
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let class = class_argument(cx, a);
    cx.alloc_for::<PyCursor>(class, |h| PyCursor {
        h,
        connection: Slot::empty(),
        description: Slot::new(Obj::immediate(Value::NONE)),
        row_factory: Slot::new(Obj::immediate(Value::NONE)),
        lastrowid: Slot::new(Obj::immediate(Value::NONE)),
        rowcount: AtomicI64::new(-1),
        arraysize: AtomicI64::new(1),
        closed: AtomicBool::new(false),
        busy: AtomicBool::new(false),
        state: UnsafeCell::default(),
    })
}

fn initialise(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyCursor = a.this();
    let Some(connection) = a.get(1).downcast::<PyConnection>(cx) else {
        let got = if a.get(1).value().is_none() { "None".into() } else { cx.type_name(a.get(1)) };
        return Err(cx.type_error(format!("Cursor() argument 1 must be sqlite3.Connection, not {got}")));
    };
    // ORD: acquire; see `enter`.
    if this.busy.load(Ordering::Acquire) {
        return Err(PROGRAMMING.error(cx, "Recursive use of cursors not allowed."));
    }
    connection.check_thread(cx)?;
    this.finish(cx);
    let own = a.get(1).own(cx);
    this.connection.set(&this.h, cx, own);
    this.description.set(&this.h, cx, cx.none());
    this.row_factory.set(&this.h, cx, cx.none());
    this.lastrowid.set(&this.h, cx, cx.none());
    this.set_rowcount(-1);
    // ORD: relaxed; settings.
    this.arraysize.store(1, Ordering::Relaxed);
    this.closed.store(false, Ordering::Relaxed);
    connection.database(cx)?;
    Ok(cx.none())
}

/// Gives a cursor the row factory of its connection.
pub(super) fn set_row_factory(cx: &Cx, cursor: &PyCursor, factory: Obj) {
    cursor.row_factory.set(&cursor.h, cx, factory);
}

fn set_arraysize(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(v) = a.opt(1) else {
        let message = "attribute 'arraysize' of 'sqlite3.Cursor' objects cannot be deleted";
        return Err(cx.error(Builtin::AttributeError, message));
    };
    let size = uint32(cx, v)?;
    // ORD: relaxed; a setting.
    a.this::<PyCursor>().arraysize.store(size, Ordering::Relaxed);
    Ok(cx.none())
}

macro_rules! field {
    ($field:ident) => {
        Leaf(|cx: &Cx, a: Args<'_>| {
            let this: &PyCursor = a.this();
            Ok(this.$field.get(&this.h, cx).unwrap_or_else(|| cx.none()))
        })
    };
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__init__", "($self, connection, /)", Full(initialise)),
    ("close", "($self, /)", Full(close)),
    ("execute", "($self, sql, parameters=(), /)", Full(execute)),
    ("executemany", "($self, sql, seq_of_parameters, /)", Full(execute_many)),
    ("executescript", "($self, sql_script, /)", Full(execute_script)),
    ("fetchall", "($self, /)", Full(|cx, a| fetch(cx, a.this(), usize::MAX))),
    ("fetchmany", "($self, /, size=1)", Full(fetch_many)),
    ("fetchone", "($self, /)", Full(fetch_one)),
    ("setinputsizes", "($self, sizes, /)", Leaf(|cx, _| Ok(cx.none()))),
    ("setoutputsize", "($self, size, column=None, /)", Leaf(|cx, _| Ok(cx.none()))),
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
    let (size, flags) = (size_of::<PyCursor>(), class_flag::BASETYPE | class_flag::HAS_WEAKREF);
    let mut b = TypeBuilder::native_type(cx, "sqlite3.Cursor", &CURSOR_OPS, size, true, flags);
    b.doc(cx, "SQLite database cursor class.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct));
    b.iterator::<PyCursor>(cx);
    b.methods(cx, METHODS);
    b.member(cx, "connection", field!(connection));
    b.member(cx, "description", field!(description));
    b.member(cx, "lastrowid", field!(lastrowid));
    b.member(cx, "rowcount", Leaf(|cx, a| Ok(cx.int(a.this::<PyCursor>().rowcount()))));
    // ORD: relaxed; a setting.
    let arraysize =
        Leaf(|cx: &Cx, a: Args<'_>| Ok(cx.int(a.this::<PyCursor>().arraysize.load(Ordering::Relaxed))));
    b.getset(cx, "arraysize", arraysize, Some(Full(set_arraysize)));
    let set = Full(|cx: &mut Cx, a: Args<'_>| {
        let this: &PyCursor = a.this();
        let Some(factory) = a.opt(1) else {
            return Err(cx.error(Builtin::AttributeError, "cannot delete row_factory attribute"));
        };
        let factory = factory.own(cx);
        this.row_factory.set(&this.h, cx, factory);
        Ok(cx.none())
    });
    b.getset(cx, "row_factory", field!(row_factory), Some(set));
    CLASS.get_or_init(|| b.class())
}

/// What a cursor tells of its columns.
pub(super) fn description(cx: &Cx, cursor: &PyCursor) -> Obj {
    cursor.description.get(&cursor.h, cx).unwrap_or_else(|| cx.none())
}
