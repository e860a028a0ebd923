//! `time`: dates in the calendar, their texts, and the local time zone. The C library does the work.

use crate::os;
use crate::posix::{Table, add_class, class_of};
use std::ffi::{CStr, CString};
use std::sync::OnceLock;
use ungil_runtime::objects::int;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::namespace::{Record, record_of};
use ungil_runtime::objects::str::{PyStr, new_wtf8};
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::{SharedValue, import};

const FUNCTIONS: Table = &[
    ("gmtime", "($module, seconds=None, /)", Full(gmtime)),
    ("localtime", "($module, seconds=None, /)", Full(localtime)),
    ("asctime", "($module, tuple=<unrepresentable>, /)", Full(asctime)),
    ("ctime", "($module, seconds=None, /)", Full(ctime)),
    ("mktime", "($module, object, /)", Full(mktime)),
    ("strftime", "($module, format, tuple=<unrepresentable>, /)", Full(strftime)),
    ("strptime", "($module, /, *args)", Full(strptime)),
    ("tzset", "($module, /)", Full(tzset)),
];

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Seconds of a mean year.
const YEAR: i64 = (365 * 24 + 6) * 3600;

static STRUCT_TIME: OnceLock<SharedValue> = OnceLock::new();
/// The module itself, whose attributes `tzset()` sets.
static MODULE: OnceLock<SharedValue> = OnceLock::new();

/// A date as the C library has it, with the zone's name kept alive.
struct Date {
    tm: libc::tm,
    _zone: Option<CString>,
}

fn empty_tm() -> libc::tm {
    // SAFETY: numbers, and a pointer that may be null.
    unsafe { std::mem::zeroed() }
}

/// The time given in seconds, now if there is none, as whole seconds.
fn seconds_arg(cx: &mut Cx, v: Option<Ref<'_>>) -> R<i64> {
    let Some(v) = v.filter(|v| !v.value().is_none()) else {
        // SAFETY: the place for the result may be null.
        return Ok(unsafe { libc::time(std::ptr::null_mut()) });
    };
    if cx.is_instance_of(v, Builtin::Float) {
        let x = cx.to_f64(v)?;
        if x.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        let x = x.floor();
        if !(-9223372036854775808.0..9223372036854775808.0).contains(&x) {
            return Err(cx.overflow_error("timestamp out of range for platform time_t"));
        }
        return Ok(x as i64);
    }
    let index = cx.index(v)?;
    match int::to_i64(cx, index.r()) {
        Some(n) => Ok(n),
        None => Err(cx.overflow_error("timestamp out of range for platform time_t")),
    }
}

fn split(cx: &mut Cx, seconds: i64, local: bool) -> R<libc::tm> {
    let mut tm = empty_tm();
    // SAFETY: both places are ours.
    let p = unsafe {
        match local {
            true => libc::localtime_r(&seconds, &mut tm),
            false => libc::gmtime_r(&seconds, &mut tm),
        }
    };
    if p.is_null() {
        let number = os::errno();
        return Err(os::error(cx, if number == 0 { libc::EINVAL } else { number }));
    }
    Ok(tm)
}

fn zone_name(cx: &Cx, tm: &libc::tm) -> Obj {
    if tm.tm_zone.is_null() {
        return cx.none();
    }
    // SAFETY: a text of the C library, which keeps zone names for ever.
    os::fs_decode(cx, unsafe { CStr::from_ptr(tm.tm_zone) }.to_bytes())
}

fn record(cx: &mut Cx, tm: &libc::tm) -> R {
    let numbers = [
        tm.tm_year as i64 + 1900,
        tm.tm_mon as i64 + 1,
        tm.tm_mday as i64,
        tm.tm_hour as i64,
        tm.tm_min as i64,
        tm.tm_sec as i64,
        (tm.tm_wday as i64 + 6) % 7,
        tm.tm_yday as i64 + 1,
        tm.tm_isdst as i64,
    ];
    let mut values: Vec<Obj> = numbers.iter().map(|&n| cx.int(n)).collect();
    values.push(zone_name(cx, tm));
    values.push(cx.int(tm.tm_gmtoff));
    let class = class_of(cx, &STRUCT_TIME);
    record_of(cx, &class, values)
}

fn gmtime(cx: &mut Cx, a: Args<'_>) -> R {
    let seconds = seconds_arg(cx, a.opt(0))?;
    let tm = split(cx, seconds, false)?;
    record(cx, &tm)
}

fn localtime(cx: &mut Cx, a: Args<'_>) -> R {
    let seconds = seconds_arg(cx, a.opt(0))?;
    let tm = split(cx, seconds, true)?;
    record(cx, &tm)
}

/// A C `int` as format codes of argument parsing take it.
fn int_field(cx: &mut Cx, v: Ref<'_>) -> R<i32> {
    let n = cx.to_i64(v)?;
    match i32::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) if n < 0 => Err(cx.overflow_error("signed integer is less than minimum")),
        Err(_) => Err(cx.overflow_error("signed integer is greater than maximum")),
    }
}

/// The date that a tuple of nine numbers stands for.
fn date_arg(cx: &mut Cx, v: Ref<'_>, function: &str) -> R<Date> {
    let Some(tuple) = v.downcast::<PyTuple>(cx) else {
        return Err(cx.type_error("Tuple or struct_time argument required"));
    };
    let items = tuple.snapshot(cx);
    if items.len() != 9 {
        return Err(cx.type_error(format!("{function}(): illegal time tuple argument")));
    }
    let mut n = [0; 9];
    for (to, item) in n.iter_mut().zip(&items) {
        *to = int_field(cx, item.r())?;
    }
    let Some(year) = n[0].checked_sub(1900) else { return Err(cx.overflow_error("year out of range")) };
    let mut tm = empty_tm();
    (tm.tm_year, tm.tm_mon, tm.tm_mday) = (year, n[1].wrapping_sub(1), n[2]);
    (tm.tm_hour, tm.tm_min, tm.tm_sec) = (n[3], n[4], n[5]);
    (tm.tm_wday, tm.tm_yday, tm.tm_isdst) = (n[6].wrapping_add(1) % 7, n[7].wrapping_sub(1), n[8]);
    let mut zone = None;
    let class = class_of(cx, &STRUCT_TIME);
    if cx.class_of(v).as_ref().is(class.r()) {
        let name = cx.get_attr_str(v, "tm_zone")?;
        if let Some(name) = name.downcast::<PyStr>(cx) {
            zone = CString::new(name.as_bytes()).ok();
        }
        let offset = cx.get_attr_str(v, "tm_gmtoff")?;
        if !offset.value().is_none() {
            tm.tm_gmtoff = cx.to_i64(offset.r())?;
        }
    }
    tm.tm_zone = zone.as_ref().map_or(std::ptr::null(), |z| z.as_ptr());
    Ok(Date { tm, _zone: zone })
}

/// Makes fields that are zero the first of their kind, and refuses what the C library would read wild memory for.
fn check(cx: &mut Cx, date: &mut Date) -> R<()> {
    let tm = &mut date.tm;
    if tm.tm_mon == -1 {
        tm.tm_mon = 0;
    }
    if tm.tm_mday == 0 {
        tm.tm_mday = 1;
    }
    if tm.tm_yday == -1 {
        tm.tm_yday = 0;
    }
    let problem = match () {
        () if !(0..12).contains(&tm.tm_mon) => "month out of range",
        () if !(1..32).contains(&tm.tm_mday) => "day of month out of range",
        () if !(0..24).contains(&tm.tm_hour) => "hour out of range",
        () if !(0..60).contains(&tm.tm_min) => "minute out of range",
        () if !(0..62).contains(&tm.tm_sec) => "seconds out of range",
        () if tm.tm_wday < 0 => "day of week out of range",
        () if !(0..366).contains(&tm.tm_yday) => "day of year out of range",
        () => return Ok(()),
    };
    Err(cx.value_error(problem))
}

/// The date given, or now.
fn date_or_now(cx: &mut Cx, v: Option<Ref<'_>>, function: &str) -> R<Date> {
    let mut date = match v {
        Some(v) => date_arg(cx, v, function)?,
        None => {
            let now = seconds_arg(cx, None)?;
            Date { tm: split(cx, now, true)?, _zone: None }
        }
    };
    check(cx, &mut date)?;
    Ok(date)
}

fn text_of(cx: &Cx, tm: &libc::tm) -> Obj {
    cx.str(&format!(
        "{} {}{:3} {:02}:{:02}:{:02} {}",
        DAYS[tm.tm_wday as usize % 7],
        MONTHS[tm.tm_mon as usize % 12],
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        tm.tm_year as i64 + 1900
    ))
}

fn asctime(cx: &mut Cx, a: Args<'_>) -> R {
    let date = date_or_now(cx, a.opt(0), "asctime")?;
    Ok(text_of(cx, &date.tm))
}

fn ctime(cx: &mut Cx, a: Args<'_>) -> R {
    let seconds = seconds_arg(cx, a.opt(0))?;
    let tm = split(cx, seconds, true)?;
    Ok(text_of(cx, &tm))
}

fn mktime(cx: &mut Cx, a: Args<'_>) -> R {
    let mut date = date_arg(cx, a.get(0), "mktime")?;
    date.tm.tm_wday = -1;
    // SAFETY: a struct of ours.
    let t = unsafe { libc::mktime(&mut date.tm) };
    if t == -1 && date.tm.tm_wday == -1 {
        return Err(cx.overflow_error("mktime argument out of range"));
    }
    Ok(cx.float(t as f64))
}

fn strftime(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(format) = a.get(0).downcast::<PyStr>(cx) else {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("strftime() argument 1 must be str, not {got}")));
    };
    let date = date_or_now(cx, a.opt(1), "strftime")?;
    let mut tm = date.tm;
    tm.tm_isdst = tm.tm_isdst.clamp(-1, 1);
    let mut out = Vec::new();
    // The C library's text ends at a zero; ours may go on behind it.
    for (i, part) in format.as_bytes().split(|&b| b == 0).enumerate() {
        if i > 0 {
            out.push(0);
        }
        append_formatted(cx, &mut out, part, &tm)?;
    }
    // The format goes through unchanged, but a locale may add what is no Unicode.
    Ok(match std::str::from_utf8(&out).is_ok() || format.as_str().is_none() {
        true => new_wtf8(cx, &out),
        false => os::fs_decode(cx, &out),
    })
}

fn append_formatted(cx: &mut Cx, out: &mut Vec<u8>, format: &[u8], tm: &libc::tm) -> R<()> {
    if format.is_empty() {
        return Ok(());
    }
    let text = CString::new(format).unwrap_or_default();
    let mut buffer = Vec::new();
    let mut size = 1024;
    loop {
        if buffer.try_reserve_exact(size).is_err() {
            return Err(cx.memory_error());
        }
        buffer.resize(size, 0u8);
        // SAFETY: a buffer with this room, a C text, and a struct whose zone lives on.
        let n = unsafe { libc::strftime(buffer.as_mut_ptr().cast(), size, text.as_ptr(), tm) };
        // Nothing is the result of a format like "%p" in some locales, too: what may be too long is tried again.
        if n > 0 || size >= 256 * format.len().max(4) {
            out.extend_from_slice(&buffer[..n]);
            return Ok(());
        }
        size *= 2;
    }
}

fn strptime(cx: &mut Cx, a: Args<'_>) -> R {
    let module = import::import_module(cx, "_strptime")?;
    let args = a.varargs(cx, 0);
    cx.call_method(module.r(), "_strptime_time", args)
}

/// Offset west of Greenwich and name of the local zone at a time.
fn zone_at(seconds: i64) -> (i64, Vec<u8>) {
    let mut tm = empty_tm();
    // SAFETY: both places are ours; zone names live for ever.
    unsafe {
        if libc::localtime_r(&seconds, &mut tm).is_null() || tm.tm_zone.is_null() {
            return (0, b"UTC".to_vec());
        }
        (-tm.tm_gmtoff, CStr::from_ptr(tm.tm_zone).to_bytes().to_vec())
    }
}

mod c {
    unsafe extern "C" {
        pub fn tzset();
    }
}

/// Reads the zone from the environment and sets the module's attributes.
fn set_zone(cx: &mut Cx, module: &Obj) {
    // SAFETY: the C library guards its own state.
    let now = unsafe {
        c::tzset();
        libc::time(std::ptr::null_mut())
    };
    let start = now.div_euclid(YEAR) * YEAR;
    let (january, july) = (zone_at(start), zone_at(start + YEAR / 2));
    let daylight = january.0 != july.0;
    // In the southern half of the world the summer is in January.
    let (standard, summer) = if january.0 < july.0 { (july, january) } else { (january, july) };
    for (name, n) in [("timezone", standard.0), ("altzone", summer.0), ("daylight", daylight as i64)] {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    let names = cx.tuple(vec![os::fs_decode(cx, &standard.1), os::fs_decode(cx, &summer.1)]);
    add(cx, module, "tzname", names);
}

fn tzset(cx: &mut Cx, _: Args<'_>) -> R {
    let module = class_of(cx, &MODULE);
    set_zone(cx, &module);
    Ok(cx.none())
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let _ = MODULE.set(SharedValue::new(module.clone()));
    set_zone(cx, module);
    let record = Record::new(
        "time.struct_time",
        "A date as gmtime(), localtime() and strptime() give it, and as asctime(), mktime() and\nstrftime() take it: also a tuple of nine integers.",
        &[
            ("tm_year", "year, for example, 1993"),
            ("tm_mon", "month of year, range [1, 12]"),
            ("tm_mday", "day of month, range [1, 31]"),
            ("tm_hour", "hours, range [0, 23]"),
            ("tm_min", "minutes, range [0, 59]"),
            ("tm_sec", "seconds, range [0, 61])"),
            ("tm_wday", "day of week, range [0, 6], Monday is 0"),
            ("tm_yday", "day of year, range [1, 366]"),
            ("tm_isdst", "1 if summer time is in effect, 0 if not, and -1 if unknown"),
            ("tm_zone", "abbreviation of timezone name"),
            ("tm_gmtoff", "offset from UTC in seconds"),
        ],
    );
    add_class(cx, module, "struct_time", record.with_sequence(9), &STRUCT_TIME)
}
