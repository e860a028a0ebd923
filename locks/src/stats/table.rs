//! The tables of counters, one for each thread that is running.
//!
//! A table is written by its thread alone, with relaxed loads and stores, and read by whoever makes a report: what that sees
//! of a running thread may be a little old. Its atomics are the standard library's: they must not count themselves.

#![allow(clippy::disallowed_types)]

use super::{Counts, SITES, Site, Stat};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lines of source that a table has room for, of each kind. What comes later is counted in the last place.
const PLACES: usize = 1024;

type Place = (AtomicPtr<Location<'static>>, AtomicU64);

struct Table {
    numbers: [AtomicU64; Stat::ALL.len()],
    sites: [[Place; PLACES]; SITES.len()],
}

impl Table {
    fn new() -> Table {
        let place = || (AtomicPtr::new(ptr::null_mut()), AtomicU64::new(0));
        Table {
            numbers: std::array::from_fn(|_| AtomicU64::new(0)),
            sites: std::array::from_fn(|_| std::array::from_fn(|_| place())),
        }
    }
}

/// All tables, and those of threads that have ended, which the next threads take over.
struct All {
    tables: Vec<&'static Table>,
    unused: Vec<&'static Table>,
}

static ALL: Mutex<All> = Mutex::new(All { tables: Vec::new(), unused: Vec::new() });

thread_local! {
    static MINE: Cell<Option<&'static Table>> = const { Cell::new(None) };
    static END: End = const { End };
}

/// Gives the thread's table back when the thread ends.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        if let Some(table) = MINE.take() {
            all().unused.push(table);
        }
    }
}

fn all() -> MutexGuard<'static, All> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[inline]
fn mine() -> &'static Table {
    MINE.get().unwrap_or_else(first)
}

/// The thread's first time.
#[cold]
fn first() -> &'static Table {
    let mut all = all();
    let table = all.unused.pop().unwrap_or_else(|| {
        let table: &'static Table = Box::leak(Box::new(Table::new()));
        all.tables.push(table);
        table
    });
    drop(all);
    MINE.set(Some(table));
    // While the thread's own values are being dropped, the table stays with it.
    let _ = END.try_with(|_| ());
    table
}

/// Adds to a number that this thread alone writes.
#[inline]
fn bump(cell: &AtomicU64, n: u64) {
    // ORD: relaxed, a number to be shown.
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
}

#[inline]
pub(super) fn add(what: Stat, n: u64) {
    bump(&mine().numbers[what as usize], n);
}

pub(super) fn at_least(what: Stat, n: u64) {
    let cell = &mine().numbers[what as usize];
    // ORD: as in `bump`.
    cell.store(cell.load(Ordering::Relaxed).max(n), Ordering::Relaxed);
}

pub(super) fn site(kind: Site, line: &'static Location<'static>) {
    let places = &mine().sites[kind as usize];
    let wanted = ptr::from_ref(line).cast_mut();
    let first = (wanted.addr() >> 3).wrapping_mul(0x9E37_79B9) >> 7;
    for step in 0..PLACES / 2 {
        let (place, n) = &places[(first + step) % PLACES];
        // ORD: relaxed; a signal handler of this thread may be the only other writer. What is pointed to is constant.
        let found =
            match place.compare_exchange(ptr::null_mut(), wanted, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => wanted,
                Err(there) => there,
            };
        if found == wanted {
            return bump(n, 1);
        }
    }
    bump(&places[PLACES - 1].1, 1);
}

/// The sum of all tables, then each.
pub(super) fn report() -> (Counts, Vec<Counts>) {
    let tables = all().tables.clone();
    (counts(&tables), tables.iter().map(|&table| counts(&[table])).collect())
}

fn counts(tables: &[&Table]) -> Counts {
    let number = |stat: Stat| {
        // ORD: relaxed, a number to be shown.
        let each = tables.iter().map(|table| table.numbers[stat as usize].load(Ordering::Relaxed));
        if stat == Stat::StopNanosMax { each.max().unwrap_or(0) } else { each.sum() }
    };
    // The compiler may have made several copies of one line.
    let mut sites: BTreeMap<(usize, String), u64> = BTreeMap::new();
    for table in tables {
        for (kind, places) in table.sites.iter().enumerate() {
            for (place, n) in places {
                // ORD: as above.
                let (line, n) = (place.load(Ordering::Relaxed), n.load(Ordering::Relaxed));
                if n != 0 {
                    // SAFETY: what is stored there is a reference for the whole process.
                    let line = unsafe { line.as_ref() };
                    let name =
                        line.map_or("others".into(), |line| format!("{}:{}", line.file(), line.line()));
                    *sites.entry((kind, name)).or_default() += n;
                }
            }
        }
    }
    Counts {
        numbers: Stat::ALL.iter().map(|&stat| number(stat)).collect(),
        sites: sites.into_iter().map(|((kind, line), n)| (SITES[kind], line, n)).collect(),
    }
}
