//! `_locale`: the C library's notion of the user's language and formats.
//!
//! The locale belongs to the process, and the C library forbids changing it while another thread asks about it: one mutex
//! guards all of this module. Nothing else in the program depends on it: numbers and dates are formatted here without it.

use std::ffi::{CStr, CString};
use std::os::raw::c_char;
use ungil_locks::primitive::Mutex;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::objects::str::intern;
use ungil_runtime::objects::type_::new_class;
use ungil_runtime::prelude::*;

static LOCK: Mutex<()> = Mutex::new(());

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("setlocale", "($module, category, locale=None, /)", Full(setlocale)),
    ("localeconv", "($module, /)", Full(localeconv)),
    ("strcoll", "($module, os1, os2, /)", Full(strcoll)),
    ("strxfrm", "($module, string, /)", Full(strxfrm)),
    ("nl_langinfo", "($module, key, /)", Full(nl_langinfo)),
    ("getencoding", "($module, /)", Full(|cx, _| Ok(cx.str("UTF-8")))),
];

const CATEGORIES: &[(&str, i32)] = &[
    ("LC_CTYPE", libc::LC_CTYPE),
    ("LC_NUMERIC", libc::LC_NUMERIC),
    ("LC_TIME", libc::LC_TIME),
    ("LC_COLLATE", libc::LC_COLLATE),
    ("LC_MONETARY", libc::LC_MONETARY),
    ("LC_MESSAGES", libc::LC_MESSAGES),
    ("LC_ALL", libc::LC_ALL),
];

/// What `nl_langinfo` knows, by name and number.
const ITEMS: &[(&str, i32)] = &[
    ("CODESET", libc::CODESET),
    ("RADIXCHAR", libc::RADIXCHAR),
    ("THOUSEP", libc::THOUSEP),
    ("CRNCYSTR", libc::CRNCYSTR),
    ("D_T_FMT", libc::D_T_FMT),
    ("D_FMT", libc::D_FMT),
    ("T_FMT", libc::T_FMT),
    ("T_FMT_AMPM", libc::T_FMT_AMPM),
    ("AM_STR", libc::AM_STR),
    ("PM_STR", libc::PM_STR),
    ("YESEXPR", libc::YESEXPR),
    ("NOEXPR", libc::NOEXPR),
    ("ERA", libc::ERA),
    ("ERA_D_FMT", libc::ERA_D_FMT),
    ("ERA_D_T_FMT", libc::ERA_D_T_FMT),
    ("ERA_T_FMT", libc::ERA_T_FMT),
    ("ALT_DIGITS", libc::ALT_DIGITS),
];

/// Names of rows of items: the first number and how many there are.
const ROWS: &[(&str, i32, i32)] = &[
    ("DAY_", libc::DAY_1, 7),
    ("ABDAY_", libc::ABDAY_1, 7),
    ("MON_", libc::MON_1, 12),
    ("ABMON_", libc::ABMON_1, 12),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in CATEGORIES.iter().chain(ITEMS) {
        let n = cx.int(n.into());
        add(cx, module, name, n);
    }
    for &(prefix, first, count) in ROWS {
        for i in 0..count {
            let n = cx.int((first + i).into());
            add(cx, module, &format!("{prefix}{}", i + 1), n);
        }
    }
    let limit = cx.int(i8::MAX.into());
    add(cx, module, "CHAR_MAX", limit);
    let error = error_class(cx)?;
    add(cx, module, "Error", error);
    Ok(())
}

/// `locale.Error`.
fn error_class(cx: &mut Cx) -> R {
    let namespace = PyDict::new(cx);
    let key = intern(cx, "__module__");
    let module = cx.str("locale");
    cx.set_item(namespace.r(), key.get(), module.r())?;
    let (name, base) = (cx.str("Error"), cx.builtin(Builtin::Exception).as_ref().own(cx));
    let bases = cx.tuple(vec![base]);
    let meta = cx.builtin(Builtin::Type);
    new_class(cx, meta, name.r(), bases.r(), namespace.r(), None)
}

fn error(cx: &mut Cx, text: &str) -> Err {
    let made = ungil_runtime::import::import_module(cx, "_locale").and_then(|module| {
        let class = cx.get_attr_str(module.r(), "Error")?;
        let text = cx.str(text);
        cx.call(class.r(), &[text.r()])
    });
    match made {
        Ok(exception) => ungil_runtime::Raised(exception),
        Err(err) => err,
    }
}

fn c_text(cx: &mut Cx, v: Ref<'_>) -> R<CString> {
    let text = cx.str_string(v)?;
    CString::new(text).map_err(|_| cx.value_error("embedded null character"))
}

/// A text of the C library.
///
/// # Safety
/// It is null or a C string, which nobody changes: the caller holds the mutex.
unsafe fn text_of(cx: &Cx, text: *const c_char) -> Obj {
    if text.is_null() {
        return cx.str("");
    }
    // SAFETY: as the caller promises.
    cx.str(&unsafe { CStr::from_ptr(text) }.to_string_lossy())
}

fn setlocale(cx: &mut Cx, a: Args<'_>) -> R {
    let category = cx.to_i64(a.get(0))?;
    let locale = match a.opt_not_none(1) {
        Some(v) => Some(c_text(cx, v)?),
        None => None,
    };
    let known = i32::try_from(category).ok().filter(|c| CATEGORIES.iter().any(|(_, known)| known == c));
    if let Some(category) = known {
        let _guard = LOCK.lock().unwrap_or_else(|p| p.into_inner());
        let wanted = locale.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
        // SAFETY: a category and a C string or null, as the function wants them; only the holder of the mutex calls it.
        let set = unsafe { libc::setlocale(category, wanted) };
        if !set.is_null() {
            // SAFETY: a C string, valid until the next call.
            return Ok(unsafe { text_of(cx, set) });
        }
    }
    let text = if locale.is_some() { "unsupported locale setting" } else { "locale query failed" };
    Err(error(cx, text))
}

/// The sizes of groups of digits; the last stands for all further ones.
///
/// # Safety
/// As for [`text_of`].
unsafe fn groups(cx: &Cx, text: *const c_char) -> Obj {
    let mut sizes = Vec::new();
    if !text.is_null() {
        // SAFETY: as the caller promises.
        let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
        sizes
            .extend(bytes.iter().take_while(|&&size| size != i8::MAX as u8).map(|&size| cx.int(size.into())));
        if !sizes.is_empty() {
            let ended = bytes.len() > sizes.len();
            sizes.push(cx.int(if ended { i8::MAX.into() } else { 0 }));
        }
    }
    cx.list(sizes)
}

fn localeconv(cx: &mut Cx, _: Args<'_>) -> R {
    let _guard = LOCK.lock().unwrap_or_else(|p| p.into_inner());
    // SAFETY: only the holder of the mutex calls it; the record and its texts stay until the next call.
    let entries = unsafe {
        let conv = &*libc::localeconv();
        let number = |n: c_char| cx.int(n.into());
        [
            ("decimal_point", text_of(cx, conv.decimal_point)),
            ("thousands_sep", text_of(cx, conv.thousands_sep)),
            ("grouping", groups(cx, conv.grouping)),
            ("int_curr_symbol", text_of(cx, conv.int_curr_symbol)),
            ("currency_symbol", text_of(cx, conv.currency_symbol)),
            ("mon_decimal_point", text_of(cx, conv.mon_decimal_point)),
            ("mon_thousands_sep", text_of(cx, conv.mon_thousands_sep)),
            ("mon_grouping", groups(cx, conv.mon_grouping)),
            ("positive_sign", text_of(cx, conv.positive_sign)),
            ("negative_sign", text_of(cx, conv.negative_sign)),
            ("int_frac_digits", number(conv.int_frac_digits)),
            ("frac_digits", number(conv.frac_digits)),
            ("p_cs_precedes", number(conv.p_cs_precedes)),
            ("p_sep_by_space", number(conv.p_sep_by_space)),
            ("n_cs_precedes", number(conv.n_cs_precedes)),
            ("n_sep_by_space", number(conv.n_sep_by_space)),
            ("p_sign_posn", number(conv.p_sign_posn)),
            ("n_sign_posn", number(conv.n_sign_posn)),
        ]
    };
    let made = PyDict::new(cx);
    if let Some(dict) = made.downcast::<PyDict>(cx) {
        for (name, value) in entries {
            dict.set_str(cx, intern(cx, name).get(), value);
        }
    }
    Ok(made)
}

fn strcoll(cx: &mut Cx, a: Args<'_>) -> R {
    let (x, y) = (c_text(cx, a.get(0))?, c_text(cx, a.get(1))?);
    let _guard = LOCK.lock().unwrap_or_else(|p| p.into_inner());
    // SAFETY: two C strings.
    let order = unsafe { libc::strcoll(x.as_ptr(), y.as_ptr()) };
    Ok(cx.int(order.into()))
}

fn strxfrm(cx: &mut Cx, a: Args<'_>) -> R {
    let text = c_text(cx, a.get(0))?;
    let mut out: Vec<u8> = Vec::new();
    {
        let _guard = LOCK.lock().unwrap_or_else(|p| p.into_inner());
        // SAFETY: with room for nothing it only says how much room it needs.
        let needed = unsafe { libc::strxfrm(std::ptr::null_mut(), text.as_ptr(), 0) };
        if out.try_reserve_exact(needed + 1).is_err() {
            return Err(cx.memory_error());
        }
        out.resize(needed + 1, 0);
        // SAFETY: as much room as is said.
        unsafe { libc::strxfrm(out.as_mut_ptr().cast(), text.as_ptr(), out.len()) };
        out.truncate(needed);
    }
    Ok(cx.str(&String::from_utf8_lossy(&out)))
}

fn nl_langinfo(cx: &mut Cx, a: Args<'_>) -> R {
    let key = cx.to_i64(a.get(0))?;
    let in_row =
        |(_, first, count): &&(&str, i32, i32)| (*first as i64..(*first + *count) as i64).contains(&key);
    let is_known =
        ITEMS.iter().any(|(_, item)| i64::from(*item) == key) || ROWS.iter().any(|row| in_row(&row));
    if !is_known {
        return Err(cx.value_error("unsupported langinfo constant"));
    }
    if key == i64::from(libc::CODESET) {
        return Ok(cx.str("UTF-8"));
    }
    let _guard = LOCK.lock().unwrap_or_else(|p| p.into_inner());
    // SAFETY: an item that the library knows; the text stays until the next call.
    Ok(unsafe { text_of(cx, libc::nl_langinfo(key as libc::nl_item)) })
}
