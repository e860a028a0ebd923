//! `config_get()`: how the interpreter was configured at its start.

use ungil_runtime::Config;
use ungil_runtime::objects::set::new_frozenset;
use ungil_runtime::prelude::*;

type Reader = fn(&mut Cx, &Config) -> R;

fn flag(cx: &mut Cx, on: bool) -> R {
    Ok(cx.bool(on))
}

fn number(cx: &mut Cx, n: u8) -> R {
    Ok(cx.int(n.into()))
}

fn texts(cx: &mut Cx, list: &[String]) -> R {
    let list = list.iter().map(|text| cx.str(text)).collect();
    Ok(cx.list(list))
}

/// What is known of the options that CPython has.
const OPTIONS: &[(&str, Reader)] = &[
    ("argv", |cx, config| texts(cx, &config.argv)),
    ("buffered_stdio", |cx, config| flag(cx, !config.unbuffered)),
    ("bytes_warning", |cx, config| number(cx, config.bytes_warning)),
    ("code_debug_ranges", |cx, config| flag(cx, !config.no_debug_ranges)),
    ("cpu_count", |cx, _| {
        let count = crate::sys::cpu_count_config(cx).unwrap_or(-1);
        Ok(cx.int(count))
    }),
    ("dev_mode", |cx, config| flag(cx, config.dev_mode)),
    ("executable", |cx, config| Ok(cx.str(&config.executable))),
    ("filesystem_encoding", |cx, _| Ok(cx.str("utf-8"))),
    ("filesystem_errors", |cx, _| Ok(cx.str("surrogateescape"))),
    ("inspect", |cx, config| flag(cx, config.inspect)),
    ("int_max_str_digits", |cx, _| {
        // ORD: relaxed; a setting.
        let digits = cx.vm.int_max_str_digits.load(ungil_locks::primitive::Ordering::Relaxed);
        Ok(cx.int(digits as i64))
    }),
    ("interactive", |cx, config| flag(cx, config.interactive)),
    ("isolated", |cx, config| flag(cx, config.isolated)),
    ("module_search_paths", |cx, config| texts(cx, &config.path)),
    ("optimization_level", |cx, config| number(cx, config.optimize)),
    ("orig_argv", |cx, config| texts(cx, &config.orig_argv)),
    ("quiet", |cx, config| flag(cx, config.quiet)),
    ("safe_path", |cx, config| flag(cx, config.safe_path)),
    ("site_import", |cx, config| flag(cx, !config.no_site)),
    ("use_environment", |cx, config| flag(cx, !config.ignore_environment)),
    ("user_site_directory", |cx, config| flag(cx, !config.no_user_site)),
    ("utf8_mode", |cx, config| flag(cx, config.utf8_mode)),
    ("verbose", |cx, config| number(cx, config.verbose)),
    ("warnoptions", |cx, config| texts(cx, &config.warn_options)),
    ("write_bytecode", |cx, config| flag(cx, !config.dont_write_bytecode)),
];

pub(super) fn get(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.text_of(a.get(0));
    match OPTIONS.iter().find(|(known, _)| *known == name) {
        Some((_, read)) => read(cx, &cx.vm.config),
        None => Err(cx.value_error(format!("unknown config option name: {name}"))),
    }
}

pub(super) fn names(cx: &mut Cx, _: Args<'_>) -> R {
    let names = OPTIONS.iter().map(|(name, _)| cx.str(name)).collect();
    new_frozenset(cx, names)
}
