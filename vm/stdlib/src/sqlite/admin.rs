//! Methods of connections that look after the database as a whole: limits, settings, copies, dumps, extensions.

use super::connection::{PyConnection, argument};
use super::database::outside;
use super::errors::{Failure, OPERATIONAL, PROGRAMMING, raise_from};
use super::statement::c_text;
use crate::os;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, CString, c_int};
use std::ptr::null_mut;
use ungil_runtime::import::import_module;
use ungil_runtime::objects::buffer::bytes_of;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::prelude::*;

/// The name of a database of a connection, `main` unless one is given.
pub(super) fn database_name(cx: &mut Cx, v: Option<Ref<'_>>, what: &str) -> R<CString> {
    match v {
        Some(v) => c_text(cx, v, what),
        None => Ok(c"main".into()),
    }
}

fn interrupt(cx: &mut Cx, a: Args<'_>) -> R {
    let db = a.this::<PyConnection>().database(cx)?;
    db.interrupt();
    Ok(cx.none())
}

fn iterdump(cx: &mut Cx, a: Args<'_>) -> R {
    a.this::<PyConnection>().database(cx)?;
    let module = import_module(cx, "sqlite3.dump")?;
    let name = cx.str("_iterdump");
    let Some(dump) = cx.get_attr_opt(module.r(), name.r())? else {
        return Err(OPERATIONAL.error(cx, "Failed to obtain _iterdump() reference"));
    };
    let filter = a.opt(1).map_or(cx.none(), |v| v.own(cx));
    cx.call_kw(dump.r(), &[a.get(0)], &[("filter", filter.r())])
}

fn limit(cx: &mut Cx, a: Args<'_>, new: c_int) -> R {
    let db = a.this::<PyConnection>().usable(cx)?;
    let category = os::c_int(cx, a.get(1))?;
    let _held = db.lock(cx);
    // SAFETY: open, and the lock is held.
    match unsafe { ffi::sqlite3_limit(db.handle(), category, new) } {
        -1 => Err(PROGRAMMING.error(cx, "'category' is out of bounds")),
        old => Ok(cx.int(old.into())),
    }
}

fn set_limit(cx: &mut Cx, a: Args<'_>) -> R {
    let new = os::c_int(cx, a.get(2))?;
    limit(cx, a, new)
}

/// Whether a number names a setting that is on or off.
fn is_setting(op: c_int) -> bool {
    (1002..=1017).contains(&op) && op != 1000
}

fn config(cx: &mut Cx, a: Args<'_>, new: c_int) -> R<c_int> {
    let db = a.this::<PyConnection>().usable(cx)?;
    let op = os::c_int(cx, a.get(1))?;
    if !is_setting(op) {
        return Err(cx.value_error(format!("unknown config 'op': {op}")));
    }
    let held = db.lock(cx);
    let mut now: c_int = 0;
    // SAFETY: open, and the lock is held; these settings take an int and a place for one.
    let code = unsafe { ffi::sqlite3_db_config(db.handle(), op, new, &raw mut now) };
    if code != ffi::SQLITE_OK {
        return Err(raise_from(cx, &db));
    }
    drop(held);
    Ok(now)
}

fn get_config(cx: &mut Cx, a: Args<'_>) -> R {
    let now = config(cx, a, -1)?;
    Ok(cx.bool(now != 0))
}

fn set_config(cx: &mut Cx, a: Args<'_>) -> R {
    let on = a.opt(2).map_or(Ok(true), |v| cx.truth(v))?;
    let now = config(cx, a, on.into())?;
    if (now != 0) != on {
        return Err(OPERATIONAL.error(cx, "Unable to set config"));
    }
    Ok(cx.none())
}

fn enable_load_extension(cx: &mut Cx, a: Args<'_>) -> R {
    let on = cx.truth(a.get(1))?;
    let db = a.this::<PyConnection>().usable(cx)?;
    let _held = db.lock(cx);
    // SAFETY: open, and the lock is held.
    match unsafe { ffi::sqlite3_enable_load_extension(db.handle(), on.into()) } {
        ffi::SQLITE_OK => Ok(cx.none()),
        _ => Err(OPERATIONAL.error(cx, "Error enabling load extension")),
    }
}

fn load_extension(cx: &mut Cx, a: Args<'_>) -> R {
    let name = c_text(cx, a.get(1), "load_extension() argument 1")?;
    let entry = match a.opt_not_none(2) {
        Some(v) => Some(c_text(cx, v, "load_extension() argument 'entrypoint'")?),
        None => None,
    };
    let db = a.this::<PyConnection>().usable(cx)?;
    let _held = db.lock(cx);
    let failed = outside(cx, || {
        let mut message = null_mut();
        let entry = entry.as_ref().map_or(std::ptr::null(), |entry| entry.as_ptr());
        // SAFETY: open, and the lock is held; the texts end with zero, and the message is freed as the library asks for.
        unsafe {
            if ffi::sqlite3_load_extension(db.handle(), name.as_ptr(), entry, &mut message) == ffi::SQLITE_OK
            {
                return None;
            }
            let text = match message.is_null() {
                true => String::from("Error loading extension"),
                false => CStr::from_ptr(message).to_string_lossy().into_owned(),
            };
            ffi::sqlite3_free(message.cast());
            Some(text)
        }
    });
    match failed {
        None => Ok(cx.none()),
        Some(text) => Err(OPERATIONAL.error(cx, &text)),
    }
}

fn serialize(cx: &mut Cx, a: Args<'_>) -> R {
    let name = database_name(cx, a.opt(1), "serialize() argument 'name'")?;
    let db = a.this::<PyConnection>().usable(cx)?;
    let _held = db.lock(cx);
    let copied = outside(cx, || {
        let mut size = 0i64;
        // SAFETY: open, and the lock is held; the copy is freed as the library asks for.
        unsafe {
            let data = ffi::sqlite3_serialize(db.handle(), name.as_ptr(), &mut size, 0);
            if data.is_null() {
                return None;
            }
            let copy = std::slice::from_raw_parts(data, size as usize).to_vec();
            ffi::sqlite3_free(data.cast());
            Some(copy)
        }
    });
    match copied {
        Some(copy) => Ok(new_bytes(cx, &copy)),
        None => {
            let name = name.to_string_lossy().into_owned();
            Err(OPERATIONAL.error(cx, format!("unable to serialize '{name}'")))
        }
    }
}

fn deserialize(cx: &mut Cx, a: Args<'_>) -> R {
    let data = match a.get(1).downcast::<ungil_runtime::objects::str::PyStr>(cx) {
        Some(text) => text.as_bytes().to_vec(),
        None => bytes_of(cx, a.get(1))?.into_owned(),
    };
    let name = database_name(cx, a.opt(2), "deserialize() argument 'name'")?;
    let db = a.this::<PyConnection>().usable(cx)?;
    let _held = db.lock(cx);
    // SAFETY: open, and the lock is held. The memory is the library's from then on, which may make it grow.
    let code = outside(cx, || unsafe {
        let room = ffi::sqlite3_malloc64(data.len().max(1) as u64).cast::<u8>();
        if room.is_null() {
            return ffi::SQLITE_NOMEM;
        }
        room.copy_from_nonoverlapping(data.as_ptr(), data.len());
        let flags = ffi::SQLITE_DESERIALIZE_FREEONCLOSE | ffi::SQLITE_DESERIALIZE_RESIZEABLE;
        let size = data.len() as i64;
        ffi::sqlite3_deserialize(db.handle(), name.as_ptr(), room, size, size, flags as _)
    });
    match code {
        ffi::SQLITE_OK => Ok(cx.none()),
        ffi::SQLITE_NOMEM => Err(cx.memory_error()),
        _ => Err(raise_from(cx, &db)),
    }
}

/// The end of a copy between databases.
struct Backup(*mut ffi::sqlite3_backup);

impl Drop for Backup {
    fn drop(&mut self) {
        // SAFETY: begun, and not ended before. Whoever drops it has both locks.
        unsafe { ffi::sqlite3_backup_finish(self.0) };
    }
}

fn backup(cx: &mut Cx, a: Args<'_>) -> R {
    let this: &PyConnection = a.this();
    let target = argument(cx, a.get(1), "backup() argument 'target'")?;
    let pages = os::c_int_or(cx, a.opt(2), -1)?;
    let progress = a.opt_not_none(3).map(|v| v.own(cx));
    let name = database_name(cx, a.opt(4), "backup() argument 'name'")?;
    let sleep = a.opt(5).map_or(Ok(0.25), |v| cx.to_f64(v))?;
    let from = this.usable(cx)?;
    if std::ptr::eq(this, target) {
        return Err(cx.value_error("target cannot be the same connection instance"));
    }
    let to = target.usable(cx)?;
    if let Some(progress) = &progress
        && cx.class_of(progress.r()).special(cx, Special::Call).is_none()
    {
        return Err(cx.type_error("progress argument must be a callable"));
    }
    // Each step takes both locks in the order of the addresses, so that two copies do not wait for each other.
    let begun = {
        let _held = both(cx, &from, &to);
        // SAFETY: both are open, and the locks are held.
        outside(cx, || unsafe {
            ffi::sqlite3_backup_init(to.handle(), c"main".as_ptr(), from.handle(), name.as_ptr())
        })
    };
    if begun.is_null() {
        return Err(raise_from(cx, &to));
    }
    let mut running = Some(Backup(begun));
    let result = copy_steps(cx, &from, &to, begun, pages.max(-1), progress.as_ref(), sleep);
    {
        let _held = both(cx, &from, &to);
        running.take();
    }
    match result? {
        ffi::SQLITE_OK | ffi::SQLITE_DONE => Ok(cx.none()),
        code => Err(Failure::of_code(code).raise(cx)),
    }
}

type Db = super::database::Database;

fn both<'a>(cx: &mut Cx, a: &'a Db, b: &'a Db) -> [super::database::Held<'a>; 2] {
    let (first, second) = if std::ptr::from_ref(a) < std::ptr::from_ref(b) { (a, b) } else { (b, a) };
    [first.lock(cx), second.lock(cx)]
}

/// Copies until all is done; the code of the last step.
fn copy_steps(
    cx: &mut Cx,
    from: &Db,
    to: &Db,
    backup: *mut ffi::sqlite3_backup,
    pages: c_int,
    progress: Option<&Obj>,
    sleep: f64,
) -> R<c_int> {
    let pages = if pages == 0 { -1 } else { pages };
    loop {
        let (code, left, all) = {
            let _held = both(cx, from, to);
            // SAFETY: begun, and the locks are held. A connection that was closed meanwhile stays there until this ends.
            outside(cx, || unsafe {
                let code = ffi::sqlite3_backup_step(backup, pages);
                (code, ffi::sqlite3_backup_remaining(backup), ffi::sqlite3_backup_pagecount(backup))
            })
        };
        if let Some(progress) = progress {
            let args = [code, left, all].map(|n| cx.int(n.into()));
            cx.call(progress.r(), &[args[0].r(), args[1].r(), args[2].r()])?;
        }
        match code {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => {
                let wait = std::time::Duration::try_from_secs_f64(sleep).unwrap_or_default();
                cx.detached(|| std::thread::sleep(wait));
            }
            ffi::SQLITE_OK => {}
            code => return Ok(code),
        }
        cx.safepoint()?;
    }
}

pub(super) const METHODS: &[(&str, &str, NativeFn)] = &[
    ("backup", "($self, /, target, *, pages=-1, progress=None, name='main', sleep=0.25)", Full(backup)),
    ("deserialize", "($self, data, /, *, name='main')", Full(deserialize)),
    ("enable_load_extension", "($self, enable, /)", Full(enable_load_extension)),
    ("getconfig", "($self, op, /)", Full(get_config)),
    ("getlimit", "($self, category, /)", Full(|cx, a| limit(cx, a, -1))),
    ("interrupt", "($self, /)", Full(interrupt)),
    ("iterdump", "($self, /, *, filter=None)", Full(iterdump)),
    ("load_extension", "($self, name, /, *, entrypoint=None)", Full(load_extension)),
    ("serialize", "($self, /, *, name='main')", Full(serialize)),
    ("setconfig", "($self, op, enable=True, /)", Full(set_config)),
    ("setlimit", "($self, category, limit, /)", Full(set_limit)),
];
